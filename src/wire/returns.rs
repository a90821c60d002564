//! A return as a register asks for it (API §4), and as it is shown once recorded.

mod exchange;
mod later;
mod read;
mod view;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub use exchange::{Exchange, ExchangeLine};
pub use later::{ReturnFilterParams, SettlementOutcome, SettlementRequest, VoidRequest};
pub use read::ReadReturn;
pub use view::{ReturnCustomerView, ReturnHead, ReturnStateView, ReturnView, current};

use super::quantity::WireQuantity;
use super::texts::{Id, Label, Token};
use super::words::{ConditionWord, DispositionWord, RefundToWord};
use crate::domain::words::Condition;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What comes back over the counter. A check and a record take the same body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "store": "0042", "register": "7", "sale": {"receipt": "0042-3-20260301-4711"},
    "lines": [{"sale_line": 1, "quantity": "1", "reason": "defective", "condition": "opened",
               "disposition": "return_to_supplier"}],
    "customer": {"id": "C-77"}, "refund_to": "original"
}))]
pub struct ReturnRequest {
    /// The store where it comes back.
    #[schema(format = "store", min_length = 1, max_length = 32, example = "0042")]
    pub store: String,
    /// The register where it comes back.
    #[schema(format = "name", min_length = 1, max_length = 64, example = "7")]
    pub register: String,
    /// The sale of all lines and charges that name none. Left out: a return without receipt.
    #[serde(default)]
    pub sale: Option<SaleReference>,
    /// What comes back. Empty only where charges are given back.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub lines: Vec<ReturnLine>,
    /// What the customer takes instead.
    #[serde(default)]
    pub exchange: Option<Exchange>,
    /// Who brings it back.
    #[serde(default)]
    pub customer: Option<ReturnCustomer>,
    /// Where the customer would like the money; left out, where the policy sends it. `original`
    /// asks for the tender that paid: where the policy sends that elsewhere, a manager may allow it
    /// (`tender_not_allowed`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_to: Option<RefundToWord>,
    /// The id of the customer's gift card or store credit that refunds to cards go to; left out,
    /// the card that was paid with, or a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_card: Option<Id>,
    /// Tenders of the sale that cannot be paid back to, such as a card that was closed.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub unavailable_tenders: Vec<u32>,
    /// Charges of the sale to give back, such as shipping.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub charges: Vec<ReturnCharge>,
    /// The trading day it belongs to, at most one day from the store's date: a cash return after
    /// midnight belongs to last night's drawer. Left out, the store's date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "date", example = "2026-03-01")]
    pub business_date: Option<String>,
    /// The currency of the amounts here; left out, the store's.
    #[serde(default)]
    #[schema(min_length = 3, max_length = 3, example = "USD")]
    pub currency: Option<String>,
    /// Override tokens. Recording only; a check passes over them.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub approvals: Vec<Token>,
    /// The quote of a check, to be told if anything changed since.
    #[serde(default)]
    #[schema(format = "jwt", max_length = 65536)]
    pub quote: Option<String>,
    /// What to do where an approval is missing.
    #[serde(default)]
    pub on_approval_needed: OnApprovalNeeded,
    /// What the register expects to pay out, before cash rounding; any other amount is answered
    /// with 409.
    #[serde(default)]
    #[schema(format = "amount", example = "12.25")]
    pub expected_refund: Option<String>,
    /// Decided and recorded, but nothing is taken out of the sale and no money moves.
    #[serde(default)]
    pub training: bool,
}

/// Where an approval is missing: refuse, or ask for it and hold the goods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnApprovalNeeded {
    /// Answer 403 with the decision.
    #[default]
    Refuse,
    /// Ask for the approval. Not in this version.
    Request,
}

/// How a sale is named: `{"id"}`, or `{"receipt"}` with store, register and business date where the
/// receipt alone may not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"receipt": "0042-3-20260301-4711"}))]
pub struct SaleReference {
    /// The sale's id; then nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Id>,
    /// The number on the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "receipt",
        min_length = 1,
        max_length = 64,
        example = "0042-3-20260301-4711"
    )]
    pub receipt: Option<String>,
    /// The store that sold; left out, the store of the return is looked in first, then all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 32, example = "0042")]
    pub store: Option<String>,
    /// The register that sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 64, example = "3")]
    pub register: Option<String>,
    /// The trading day on the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "date", example = "2026-03-01")]
    pub business_date: Option<String>,
    /// Presented by its gift receipt: the money goes to store credit or a gift card, and prices are
    /// not shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub gift_receipt: bool,
}

/// One line of what comes back: `quantity`, `amount`, or `tax_only`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnLine {
    /// The sale of this line, if it is not that of the whole return.
    #[serde(default)]
    pub sale: Option<SaleReference>,
    /// The line's number in its sale. Left out: a return without receipt, by `sku`.
    #[serde(default)]
    #[schema(minimum = 1, example = 1)]
    pub sale_line: Option<u32>,
    /// What it is, where there is no receipt.
    #[serde(default)]
    #[schema(format = "sku", min_length = 1, max_length = 64, example = "85123A")]
    pub sku: Option<String>,
    /// What to give back for each unit, as the unit price of a sale: with the taxes that prices
    /// contain, without those on top; up to six decimals. Lower than what was paid, it is given
    /// instead, and the rest is forgone. Higher is refused.
    #[serde(default)]
    #[schema(format = "amount", example = "12.50")]
    pub unit_price: Option<String>,
    /// Units that come back; with `tax_only`, units whose taxes go back.
    #[serde(default)]
    pub quantity: Option<WireQuantity>,
    /// Money back while the goods stay, taxes included: a price adjustment or goodwill.
    #[serde(default)]
    #[schema(format = "amount", example = "5.00")]
    pub amount: Option<String>,
    /// Codes of the line's taxes that go back while the goods stay: the customer is exempt, and shows
    /// it after the sale. Of `quantity` units; left out, of all that have not come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 20)]
    pub tax_only: Option<Vec<Label>>,
    /// Why:
    /// `defective damaged wrong_item not_as_described changed_mind wrong_size gift duplicate late recall price_adjustment other`,
    /// or a reason that the policy adds. `other` if left out.
    #[serde(default = "other")]
    #[schema(min_length = 1, max_length = 40, example = "defective", default = "other")]
    pub reason: String,
    /// The state of the goods. `opened` if left out: what says nothing is not taken for new.
    #[serde(default = "opened")]
    #[schema(default = "opened")]
    pub condition: ConditionWord,
    /// What happens to the goods; `undecided` if left out.
    #[serde(default)]
    pub disposition: Option<DispositionWord>,
    /// The serial number of the unit.
    #[serde(default)]
    #[schema(format = "serial", max_length = 64, example = "SN-100200")]
    pub serial_number: Option<String>,
    /// For people.
    #[serde(default)]
    #[schema(max_length = 500, example = "Left hinge broken.")]
    pub note: Option<String>,
}

/// A charge of the sale to give back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnCharge {
    /// The charge's number in its sale.
    #[schema(minimum = 1, example = 1)]
    pub charge: u32,
    /// The sale, if it is not that of the whole return.
    #[serde(default)]
    pub sale: Option<SaleReference>,
    /// So much of it, taxes included; left out, all that is left of the charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "amount", example = "4.50")]
    pub amount: Option<String>,
}

/// Who brings something back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnCustomer {
    /// The customer number.
    #[serde(default)]
    #[schema(format = "customer", min_length = 1, max_length = 64, example = "C-77")]
    pub id: Option<String>,
    /// The identity document shown, as its number is written. Only a keyed hash of it is kept, to
    /// count by.
    #[serde(default)]
    #[schema(format = "identity", min_length = 1, max_length = 64, example = "D123-4567-8901")]
    pub identification: Option<String>,
}

fn opened() -> ConditionWord {
    ConditionWord(Condition::Opened)
}

fn other() -> String {
    "other".into()
}
