//! The policy document: its rules, and what a rule matches on.

use jiff::civil::Date;

use super::settings::Settings;
use crate::domain::money::{Currency, Minor};
use crate::domain::tender::TenderType;
use crate::domain::words::{Condition, Reason, vocabulary};

vocabulary! {
    /// Which version of a policy governs a return.
    GovernedBy {
        /// The one in force when the item was sold.
        Sale = "sale",
        /// The one in force when the item comes back.
        Return = "return",
        /// Whichever of the two is better for the customer.
        Better = "better",
    }
}

/// One version of a policy. Amounts are minor units of its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub currency: Currency,
    pub governed_by: GovernedBy,
    /// Reasons this policy adds to [`Reason::STANDARD`].
    pub reasons: Vec<Reason>,
    /// In the order of the document; the last is the default.
    pub rules: Vec<Rule>,
}

impl Policy {
    /// Rule numbers (their places in the document) in the order they are asked: statutory rules
    /// first.
    pub fn precedence(&self) -> Vec<usize> {
        let statutory = |number: &usize| self.rules[*number].statutory;
        let (first, then): (Vec<usize>, Vec<usize>) = (0..self.rules.len()).partition(statutory);
        first.into_iter().chain(then).collect()
    }

    /// Whether a register may give this reason under this policy.
    pub fn knows(&self, reason: &Reason) -> bool {
        reason.is_standard() || self.reasons.contains(reason)
    }
}

/// When all of `when` holds, `set` is a candidate for each attribute it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Unique within the policy; findings name it.
    pub id: String,
    /// Stands above every rule of the shop.
    pub statutory: bool,
    pub when: When,
    pub set: Settings,
}

/// What must hold for a rule to match: every key given, and of a list any one member. An empty list
/// is a key not given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct When {
    pub category: Vec<String>,
    pub sku: Vec<String>,
    pub brand: Vec<String>,
    pub store: Vec<String>,
    /// ISO 3166 codes; `US` holds for `US-NY` as well, and `EU` for every member state.
    pub region: Vec<String>,
    /// How it was sold: `store`, `online`, …
    pub channel: Vec<String>,
    pub customer_class: Vec<String>,
    /// Any tender of the sale.
    pub tender: Vec<TenderType>,
    pub reason: Vec<Reason>,
    pub condition: Vec<Condition>,
    /// A promotion that the line, or the sale as a whole, had.
    pub promotion: Vec<String>,
    /// Names of the line's attributes that are true, such as `final_sale`.
    pub flags: Vec<String>,
    pub receipt: Option<bool>,
    pub gift_receipt: Option<bool>,
    pub serialised: Option<bool>,
    /// The unit price.
    pub price: Option<PriceRange>,
    /// The store-local calendar date of the sale.
    pub bought: Option<DateRange>,
}

impl When {
    /// Whether this holds for everything, as the default rule's must.
    pub fn is_always(&self) -> bool {
        *self == When::default()
    }
}

/// Minor units, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceRange {
    pub min: Option<Minor>,
    pub max: Option<Minor>,
}

/// Calendar dates, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    pub from: Option<Date>,
    pub to: Option<Date>,
}
