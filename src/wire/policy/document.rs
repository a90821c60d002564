//! The shapes of the policy document. Words are kept as text here and read in `read`, so that every
//! unknown word of a document is reported, and not only the first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::vocabulary::{
    ApproverWord, ConditionWord, ConsequenceWord, ExchangeWindowWord, GovernedByWord, OutcomeWord,
    PromotionWord, TenderOrderForm, TenderTypeWord, WindowFromWord,
};
use crate::wire::fault::Written;

/// One version of a policy: for each attribute, the first rule that matches and sets it decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyDocument {
    /// ISO 4217 code of every amount in the document.
    #[schema(example = "USD", min_length = 3, max_length = 3)]
    pub currency: String,
    /// Which version governs: the one in force at the `sale` (default), at the `return`, or the
    /// `better` one for the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<GovernedByWord>)]
    pub governed_by: Option<String>,
    /// Reasons added to the standard ones, `a-z 0-9 _`, at most 40 characters each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100)]
    pub reasons: Option<Vec<String>>,
    /// In order of precedence, statutory rules before all others; the last is the default, with an
    /// empty `when`.
    #[schema(min_items = 1, max_items = 1000)]
    pub rules: Vec<PolicyRule>,
}

/// When all of `when` holds, the attributes in `set` apply, unless an earlier rule set them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyRule {
    /// Unique in the policy; findings name it.
    #[schema(min_length = 1, max_length = 64, example = "electronics")]
    pub id: String,
    /// Puts the rule above every rule that is not statutory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statutory: Option<bool>,
    /// What must hold for the rule to match.
    pub when: PolicyWhen,
    /// What the rule decides where it matches.
    pub set: PolicySettings,
}

/// All keys given must hold; a list holds if any member does. Empty: always.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyWhen {
    /// Any category of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub category: Option<Vec<String>>,
    /// Stock-keeping units, as the register sent them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub sku: Option<Vec<String>>,
    /// Brands of the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub brand: Option<Vec<String>>,
    /// Stores by their numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub store: Option<Vec<String>>,
    /// ISO 3166 codes of the store's region; `US` holds for `US-NY` too, `EU` for every member
    /// state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub region: Option<Vec<String>>,
    /// How it was sold, such as `store` or `online`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub channel: Option<Vec<String>>,
    /// Classes of the customer, such as `loyalty` or `staff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub customer_class: Option<Vec<String>>,
    /// Any tender of the sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<TenderTypeWord>>, min_items = 1, max_items = 100)]
    pub tender: Option<Vec<String>>,
    /// Why it comes back: a standard reason or one that the policy adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub reason: Option<Vec<String>>,
    /// The state in which it comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<ConditionWord>>, min_items = 1, max_items = 100)]
    pub condition: Option<Vec<String>>,
    /// Any promotion of the line or of the whole sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub promotion: Option<Vec<String>>,
    /// Any attribute of the line that is true, such as `final_sale`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub flags: Option<Vec<String>>,
    /// Whether the sale is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<bool>,
    /// Whether a gift receipt is presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift_receipt: Option<bool>,
    /// Whether the line was sold with serial numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serialised: Option<bool>,
    /// The unit price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<PolicyPriceRange>,
    /// The day of sale in the store's calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bought: Option<PolicyDateRange>,
}

/// Both ends included; at least one of them is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyPriceRange {
    /// The lowest price, included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "amount", example = "10.00")]
    pub min: Option<Written>,
    /// The highest price, included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "amount", example = "99.99")]
    pub max: Option<Written>,
}

/// Both days included; at least one of them is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyDateRange {
    /// The first day, included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "date", example = "2026-11-01")]
    pub from: Option<String>,
    /// The last day, included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "date", example = "2026-12-24")]
    pub to: Option<String>,
}

/// What a rule sets. An attribute that is left out is left to later rules, and at last to a
/// built-in default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicySettings {
    /// `allow` is how a statutory rule lifts a final sale. Default: `allow`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<OutcomeWord>)]
    pub outcome: Option<String>,
    /// Who approves an `outcome` of `needs_approval`; `manager` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ApproverWord>)]
    pub approval_role: Option<String>,
    /// Default: 30 days from the sale, then a manager's approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<PolicyWindow>,
    /// A later last day than the window gives, as over holidays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<PolicyExtension>,
    /// Conditions accepted. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<ConditionWord>>, min_items = 1, max_items = 100)]
    pub conditions: Option<Vec<String>>,
    /// Reasons accepted. Default: all that the policy knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub reasons: Option<Vec<String>>,
    /// Default: true, unless a price basis for returns without receipt is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_required: Option<bool>,
    /// Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_required: Option<bool>,
    /// From the type of the tender paid with (`*`: any other) to the means of refund, best first;
    /// `original` is the tender itself. A tender covered by no key goes back to itself. By the age
    /// of the sale: a list of `{"within_days", "to"}`, young sales first. Default:
    /// `{"*": ["original"]}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_to: Option<PolicyRefundTo>,
    /// Default: gift card, store credit and cards first, cash last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<TenderOrderForm>)]
    pub tender_order: Option<PolicyTenderOrder>,
    /// How much is paid in cash. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cash_limit: Option<PolicyCashLimit>,
    /// How much is paid back at all. Default: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_limit: Option<PolicyAmountLimit>,
    /// A restocking fee. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<PolicyFee>,
    /// Calendar days after the sale before money paid by check is given back. Default: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 36500)]
    pub check_clears_days: Option<i64>,
    /// The highest tier that the refund is over decides. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100)]
    pub approval: Option<Vec<PolicyApproval>>,
    /// Limits per customer. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100)]
    pub velocity: Option<Vec<PolicyVelocity>>,
    /// What an item without receipt is worth. Default: none, so that a receipt is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_basis: Option<PolicyPriceBasis>,
    /// Whether an exchanged item's window is counted from the first sale or from the exchange.
    /// Default: `inherit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ExchangeWindowWord>)]
    pub exchange_window: Option<String>,
    /// What a partial return does to a promotion over several items. Default: `prorate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PromotionWord>)]
    pub promotion: Option<String>,
    /// Whether recording needs the quote of a check. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_required: Option<bool>,
}

/// Calendar days in the store's zone, the last one included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyWindow {
    /// Calendar days after the day counted from; 0 is that day alone.
    #[schema(minimum = 0, maximum = 36500, example = 30)]
    pub days: i64,
    /// The day counted from; `sale` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<WindowFromWord>)]
    pub from: Option<String>,
    /// What follows the last day; `refuse` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ConsequenceWord>)]
    pub after: Option<String>,
    /// With `needs_approval`; `manager` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ApproverWord>)]
    pub approval_role: Option<String>,
    /// With `needs_approval`: days, counted from the same day, after which approval no longer
    /// helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 36500)]
    pub refuse_after_days: Option<i64>,
}

/// Returnable until this day at least, however short the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyExtension {
    /// The last day, in the store's calendar.
    #[schema(format = "date", example = "2027-01-31")]
    pub until: String,
}

/// Where the money may go: the same for every sale, or by the age of the sale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum PolicyRefundTo {
    Always(BTreeMap<String, Vec<String>>),
    ByAge(Vec<PolicyRefundStep>),
}

/// Where the money of sales up to an age may go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyRefundStep {
    /// Calendar days since the purchase, the last one included. Only the last step may leave it
    /// out; sales older than all steps go by the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 36500, example = 30)]
    pub within_days: Option<i64>,
    /// From the type of the tender paid with (`*`: any other) to the means of refund, best first.
    pub to: BTreeMap<String, Vec<String>>,
}

/// `first`, `last` (as the sale listed its tenders) or `proportional`; or tender types, those not
/// listed coming last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PolicyTenderOrder {
    Listed(Vec<String>),
    Named(String),
}

/// The most that one return pays in cash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyCashLimit {
    /// The most that is paid, included.
    #[schema(value_type = String, format = "amount", example = "100.00")]
    pub amount: Written,
    /// What pays the rest; any tender but cash.
    #[schema(value_type = TenderTypeWord)]
    pub beyond: String,
}

/// The most that one return pays back in all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyAmountLimit {
    /// The most that is paid, included.
    #[schema(value_type = String, format = "amount", example = "500.00")]
    pub amount: Written,
    /// What follows beyond the limit.
    #[schema(value_type = ConsequenceWord)]
    pub outcome: String,
    /// With `needs_approval`; `manager` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ApproverWord>)]
    pub approval_role: Option<String>,
}

/// A restocking fee: either `percent` or `fixed`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyFee {
    /// Percent of the line's refund before tax: decimal text, 0 to 100, up to four decimals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "percent", example = "12.5")]
    pub percent: Option<Written>,
    /// For each unit that comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "amount", example = "5.00")]
    pub fixed: Option<Written>,
    /// Only goods in these conditions; all where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<ConditionWord>>, min_items = 1, max_items = 100)]
    pub conditions: Option<Vec<String>>,
    /// No fee for goods that come back for these reasons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 100)]
    pub except_reasons: Option<Vec<String>>,
}

/// A refund over this amount needs approval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyApproval {
    /// Refunds of more than this.
    #[schema(value_type = String, format = "amount", example = "200.00")]
    pub over: Written,
    /// The lowest role that may approve.
    #[schema(value_type = ApproverWord)]
    pub role: String,
    /// How many different people must approve; 1 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 5)]
    pub approvers: Option<i64>,
}

/// The most returns of one customer, or the most money back, within a number of days.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyVelocity {
    /// Calendar days up to and with the day of the return.
    #[schema(minimum = 1, maximum = 36500, example = 90)]
    pub days: i64,
    /// Returns, the present one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1000000)]
    pub count: Option<i64>,
    /// Money back, the present return included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "amount", example = "150.00")]
    pub amount: Option<Written>,
    /// What follows beyond the limit.
    #[schema(value_type = ConsequenceWord)]
    pub outcome: String,
    /// With `needs_approval`; `manager` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ApproverWord>)]
    pub approval_role: Option<String>,
}

/// What an item without receipt is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyPriceBasis {
    /// The lowest price it was sold for in this many calendar days before the return.
    #[schema(minimum = 1, maximum = 36500, example = 90)]
    pub lowest_in_days: i64,
}
