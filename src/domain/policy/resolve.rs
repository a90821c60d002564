//! From rules and facts to what holds: for each attribute, the first rule that matches and sets it.

use std::fmt;

use jiff::civil::Date;

use super::defaults::{BUILT_IN, built_in};
use super::matching::Facts;
use super::rule::{Policy, Rule};
use super::settings::{
    AmountLimit, ApprovalTier, Attribute, CashLimit, ExchangeWindow, Fee, Outcome,
    PromotionTreatment, RefundRoutes, Settings, TenderOrder, VelocityLimit, Window,
};
use crate::domain::words::{Condition, Reason};

/// A value and the rule that set it ([`BUILT_IN`] where none did).
pub struct Set<'p, T> {
    pub value: &'p T,
    pub rule: &'p str,
}

impl<T> Clone for Set<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Set<'_, T> {}

impl<T: fmt::Debug> fmt::Debug for Set<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} by {}", self.value, self.rule)
    }
}

impl<T: PartialEq> PartialEq for Set<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value && self.rule == other.rule
    }
}

/// What a policy says of one line. Attributes without a built-in default are there only if a rule
/// sets them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resolved<'p> {
    pub outcome: Set<'p, Outcome>,
    pub window: Set<'p, Window>,
    /// Returnable until this date at least.
    pub extension: Option<Set<'p, Date>>,
    pub conditions: Set<'p, Vec<Condition>>,
    /// None: every reason the policy knows.
    pub reasons: Option<Set<'p, Vec<Reason>>>,
    pub receipt_required: Set<'p, bool>,
    pub id_required: Set<'p, bool>,
    pub refund_to: Set<'p, RefundRoutes>,
    pub tender_order: Set<'p, TenderOrder>,
    pub cash_limit: Option<Set<'p, CashLimit>>,
    pub amount_limit: Option<Set<'p, AmountLimit>>,
    pub fee: Option<Set<'p, Fee>>,
    /// Calendar days.
    pub check_clears_days: Set<'p, u32>,
    pub approval: Set<'p, Vec<ApprovalTier>>,
    pub velocity: Set<'p, Vec<VelocityLimit>>,
    /// Without receipt: the lowest price in this many days.
    pub lowest_in_days: Option<Set<'p, u32>>,
    pub exchange_window: Set<'p, ExchangeWindow>,
    pub promotion: Set<'p, PromotionTreatment>,
    pub quote_required: Set<'p, bool>,
}

impl Policy {
    /// Resolves rule by rule. The definition, and quick enough for once; decisions ask a
    /// [`super::CompiledPolicy`].
    pub fn resolve(&self, facts: &Facts<'_>) -> Resolved<'_> {
        let holding: Vec<&Rule> = self
            .precedence()
            .into_iter()
            .map(|n| &self.rules[n])
            .filter(|rule| rule.when.holds(facts))
            .collect();
        assemble(|attribute| holding.iter().find(|rule| rule.set.sets(attribute)).copied())
    }
}

/// Puts the answer together from the rule that decides each attribute.
pub(super) fn assemble<'p>(decides: impl Fn(Attribute) -> Option<&'p Rule>) -> Resolved<'p> {
    let by = |attribute| decides(attribute).map(|rule| (&rule.set, rule.id.as_str()));
    let otherwise = built_in();
    let lowest_in_days = set_by(by(Attribute::PriceBasis), |set| set.lowest_in_days.as_ref());
    // A receipt is needed unless the policy says what an item without one is worth.
    let receipt_otherwise = if lowest_in_days.is_some() { &false } else { &true };
    Resolved {
        outcome: set_by(by(Attribute::Outcome), |set| set.outcome.as_ref())
            .unwrap_or(unset(&otherwise.outcome)),
        window: set_by(by(Attribute::Window), |set| set.window.as_ref())
            .unwrap_or(unset(&otherwise.window)),
        extension: set_by(by(Attribute::Extension), |set| set.extension.as_ref()),
        conditions: set_by(by(Attribute::Conditions), |set| set.conditions.as_ref())
            .unwrap_or(unset(&otherwise.conditions)),
        reasons: set_by(by(Attribute::Reasons), |set| set.reasons.as_ref()),
        receipt_required: set_by(by(Attribute::ReceiptRequired), |set| {
            set.receipt_required.as_ref()
        })
        .unwrap_or(unset(receipt_otherwise)),
        id_required: set_by(by(Attribute::IdRequired), |set| set.id_required.as_ref())
            .unwrap_or(unset(&otherwise.id_required)),
        refund_to: set_by(by(Attribute::RefundTo), |set| set.refund_to.as_ref())
            .unwrap_or(unset(&otherwise.refund_to)),
        tender_order: set_by(by(Attribute::TenderOrder), |set| set.tender_order.as_ref())
            .unwrap_or(unset(&otherwise.tender_order)),
        cash_limit: set_by(by(Attribute::CashLimit), |set| set.cash_limit.as_ref()),
        amount_limit: set_by(by(Attribute::AmountLimit), |set| set.amount_limit.as_ref()),
        fee: set_by(by(Attribute::Fee), |set| set.fee.as_ref()),
        check_clears_days: set_by(by(Attribute::CheckClearsDays), |set| {
            set.check_clears_days.as_ref()
        })
        .unwrap_or(unset(&otherwise.check_clears_days)),
        approval: set_by(by(Attribute::Approval), |set| set.approval.as_ref())
            .unwrap_or(unset(&otherwise.approval)),
        velocity: set_by(by(Attribute::Velocity), |set| set.velocity.as_ref())
            .unwrap_or(unset(&otherwise.velocity)),
        lowest_in_days,
        exchange_window: set_by(by(Attribute::ExchangeWindow), |set| set.exchange_window.as_ref())
            .unwrap_or(unset(&otherwise.exchange_window)),
        promotion: set_by(by(Attribute::Promotion), |set| set.promotion.as_ref())
            .unwrap_or(unset(&otherwise.promotion)),
        quote_required: set_by(by(Attribute::QuoteRequired), |set| set.quote_required.as_ref())
            .unwrap_or(unset(&otherwise.quote_required)),
    }
}

fn set_by<'p, T>(
    rule: Option<(&'p Settings, &'p str)>,
    value: impl Fn(&'p Settings) -> Option<&'p T>,
) -> Option<Set<'p, T>> {
    let (settings, rule) = rule?;
    value(settings).map(|value| Set { value, rule })
}

fn unset<T>(value: &T) -> Set<'_, T> {
    Set { value, rule: BUILT_IN }
}

#[cfg(test)]
mod tests;
