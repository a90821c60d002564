//! The decision (API §4): a check answers it, a recorded return contains it.

mod exchange;
mod shown;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use super::gift_cards::RefundCardView;
pub use exchange::{ExchangeView, ExchangedLineView};

use super::texts::{Id, Label};
use super::words::{
    ConditionWord, DispositionWord, FindingCode, RefundStatusWord, RefundToWord, RoleWord,
    TenderWord, VerdictWord,
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// The answer to "may this come back, and for how much?". Amounts are in `currency`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Decision)]
pub struct DecisionView {
    /// The worst of all findings.
    pub decision: VerdictWord,
    /// The version of the policy that governs the first line.
    pub policy: PolicyView,
    /// When it was decided, RFC 3339.
    #[schema(value_type = String, format = "date-time")]
    pub evaluated_at: Timestamp,
    /// ISO 4217.
    #[schema(example = "USD")]
    pub currency: String,
    /// One for each line asked for, in its order; a kit brings its parts along.
    pub lines: Vec<LineView>,
    /// Charges that go back.
    pub charges: Vec<ChargeView>,
    /// Findings about the whole.
    pub findings: Vec<FindingView>,
    /// Sums.
    pub totals: TotalsView,
    /// Where the money goes.
    pub refunds: Vec<RefundView>,
    /// What the customer takes instead; left out where it is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ExchangeView>,
    /// Approvals still missing.
    pub approvals_needed: Vec<ApprovalNeededView>,
    /// What the answer would be if the money went elsewhere, where that is better; and under the
    /// other version of the policy, where that gives more after approval.
    pub alternatives: Vec<AlternativeView>,
    /// What comes back of sales in a currency that `currency` has replaced, such as BGN: both
    /// amounts and the fixed rate. Left out where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conversions: Vec<ConversionView>,
    /// Something comes back by a gift receipt.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub gift_receipt: bool,
    /// What is printed for the customer shows no prices: whoever holds a gift receipt is not told
    /// what the gift cost.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub price_hidden: bool,
}

/// What comes back of a sale that was rung up in a currency since replaced, in both currencies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Conversion)]
pub struct ConversionView {
    pub sale: Id,
    /// The currency of the sale, ISO 4217.
    #[schema(example = "BGN")]
    pub currency: String,
    /// Units of it for one unit of the decision's currency, as fixed by law.
    #[schema(example = "1.95583")]
    pub rate: String,
    /// Worth of what comes back in the currency of the sale, taxes included, before fees.
    #[schema(format = "amount", example = "10.00")]
    pub as_sold: String,
    /// The same in the decision's currency: its part of `totals.returned`.
    #[schema(format = "amount", example = "5.11")]
    pub converted: String,
}

/// A decision as a check answers it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = CheckedDecision)]
pub struct CheckView {
    #[serde(flatten)]
    pub decision: DecisionView,
    /// Signed; send it with the return to be told if anything changed in between. Absent where
    /// nothing can be recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "jwt")]
    pub quote: Option<String>,
}

/// A version of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PolicyRef)]
pub struct PolicyView {
    #[schema(example = "standard")]
    pub name: String,
    #[schema(example = 7)]
    pub version: u32,
}

/// What is decided of one line.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = LineDecision)]
pub struct LineView {
    /// The line of the request, counted from 0.
    #[schema(example = 0)]
    pub index: usize,
    /// The sale it was bought with; null without a receipt.
    pub sale: Option<Id>,
    /// The line of that sale.
    pub sale_line: Option<u32>,
    /// It comes back by a gift receipt.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub gift_receipt: bool,
    /// Its price is not for print.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub price_hidden: bool,
    #[schema(format = "sku")]
    pub sku: Option<String>,
    /// Units that come back; 0 for money or taxes back while the goods stay, and where what an earlier
    /// return withheld is paid.
    #[schema(example = "1")]
    pub quantity: String,
    /// Units that could still come back, before this return.
    #[schema(example = "2")]
    pub returnable_quantity: String,
    pub reason: Label,
    pub condition: ConditionWord,
    pub disposition: DispositionWord,
    #[schema(format = "serial")]
    pub serial_number: Option<String>,
    /// For people, as sent. Absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Left hinge broken.")]
    pub note: Option<String>,
    /// The version of the policy that governs this line.
    #[schema(example = 7)]
    pub policy_version: u32,
    /// The worst of the line's findings, once approvals are counted.
    pub decision: VerdictWord,
    /// What was paid for it, after all discounts.
    #[schema(format = "amount", example = "11.25")]
    pub net: String,
    /// Taxes that go back, as charged then.
    pub taxes: Vec<TaxView>,
    /// What is withheld of the net, which is already less it, while other items of a promotion are
    /// kept; below nothing where it is paid after all. Absent where that is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "amount", example = "5.00")]
    pub withheld: Option<String>,
    /// What is not given back of the net, which is already less it, since a lower `unit_price` was
    /// asked. Nobody gets it later. Absent where that is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "amount", example = "4.00")]
    pub forgone: Option<String>,
    /// Codes of the taxes that alone go back while the goods stay. Absent where goods or money do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tax_only: Vec<Label>,
    /// What the shop keeps. With `prices_include_tax` it contains its tax.
    #[schema(format = "amount", example = "0.00")]
    pub fee: String,
    /// Of each tax, what is kept with the fee, by the law of the place of sale. Absent where that
    /// is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fee_taxes: Vec<TaxView>,
    /// What the customer gets for it: net and taxes less fee and its taxes; with
    /// `prices_include_tax` net less fee.
    #[schema(format = "amount", example = "12.25")]
    pub refund: String,
    pub findings: Vec<FindingView>,
}

/// A tax that goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TaxBack)]
pub struct TaxView {
    #[schema(example = "NY")]
    pub code: String,
    #[schema(format = "amount", example = "1.00")]
    pub amount: String,
}

/// A charge that goes back, such as shipping.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ChargeDecision)]
pub struct ChargeView {
    pub sale: Id,
    /// The charge's number in that sale.
    pub charge: u32,
    /// Before taxes.
    #[schema(format = "amount", example = "4.90")]
    pub amount: String,
    pub taxes: Vec<TaxView>,
    /// Amount and taxes.
    #[schema(format = "amount", example = "5.33")]
    pub refund: String,
    pub findings: Vec<FindingView>,
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FindingView {
    pub code: FindingCode,
    /// The rule of the policy, or `service:…` for a rule of the service itself.
    #[schema(example = "gifts-30-days")]
    pub rule: String,
    /// What the rule says, approvals not counted.
    pub outcome: VerdictWord,
    /// The lowest role that may approve it; there where it can be approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_role: Option<RoleWord>,
    /// How many different people have to approve it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1)]
    pub approvals: Option<u32>,
    /// The overrides that cover it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approved_by: Vec<Id>,
    /// For the person at the register.
    #[schema(
        example = "Bought 41 days ago on 2026-03-01; the window of 30 days closed on 2026-03-31."
    )]
    pub detail: String,
}

/// The sums of a return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Totals)]
pub struct TotalsView {
    /// Worth of all that comes back, taxes included.
    #[schema(format = "amount", example = "12.25")]
    pub returned: String,
    /// What the shop keeps.
    #[schema(format = "amount", example = "0.00")]
    pub fees: String,
    /// Taxes kept with the fees, where the fees do not contain them. Absent where that is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "amount", example = "0.09")]
    pub fee_taxes: Option<String>,
    /// Worth of what the customer takes instead.
    #[schema(format = "amount", example = "0.00")]
    pub exchanged: String,
    /// What the customer gets, before cash rounding.
    #[schema(format = "amount", example = "12.25")]
    pub refund: String,
    /// What the customer owes.
    #[schema(format = "amount", example = "0.00")]
    pub due: String,
}

/// Money on its way to one tender.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Refund)]
pub struct RefundView {
    /// Counted from 1 within the return.
    #[schema(example = 1)]
    pub refund: u32,
    #[serde(rename = "type")]
    pub kind: TenderWord,
    /// The sale that was paid with the tender.
    pub sale: Option<Id>,
    /// The tender of that sale whose refundable rest it lowers.
    pub sale_tender: Option<u32>,
    /// What to pay back with: the tender's reference.
    #[schema(example = "tok_9f")]
    pub reference: Option<String>,
    /// What is paid out.
    #[schema(format = "amount", example = "12.25")]
    pub amount: String,
    /// What cash rounding added to the exact amount; negative: took off.
    #[schema(format = "amount", example = "0.00")]
    pub rounding: String,
    pub status: RefundStatusWord,
    /// Other means that the policy allows should this one fail.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Vec<TenderWord>,
    /// When it was settled or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub settled_at: Option<Timestamp>,
    /// What the payment terminal called it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlement_reference: Option<String>,
    /// The failed refund that this one stands in for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands_in_for: Option<u32>,
    /// The gift card or store credit that it went to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<RefundCardView>,
}

/// An approval that is missing.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ApprovalNeeded)]
pub struct ApprovalNeededView {
    /// The lowest role that will do.
    pub role: RoleWord,
    /// The findings it is needed for.
    pub codes: Vec<FindingCode>,
    /// How many more people.
    #[schema(example = 1)]
    pub count: u32,
}

/// Another way to give the money back, or the outcome under the other version of the policy.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Alternative)]
pub struct AlternativeView {
    pub refund_to: RefundToWord,
    pub decision: VerdictWord,
    #[schema(format = "amount", example = "12.25")]
    pub refund: String,
    /// The other version, where `governed_by` is `better` and that one gives more after approval:
    /// an override for this return then approves that. Absent where only the destination differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyView>,
}
