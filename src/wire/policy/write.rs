//! Back from the domain to the document, in normal form.

use super::document::{
    PolicyAmountLimit, PolicyApproval, PolicyCashLimit, PolicyDateRange, PolicyDocument,
    PolicyExtension, PolicyFee, PolicyPriceBasis, PolicyPriceRange, PolicyRefundStep,
    PolicyRefundTo, PolicyRule, PolicySettings, PolicyTenderOrder, PolicyVelocity, PolicyWhen,
    PolicyWindow,
};
use crate::domain::money::{Currency, Minor};
use crate::domain::policy::{
    Consequence, DateRange, Fee, FeeAmount, Outcome, Policy, PriceRange, RefundMeans, RefundRoutes,
    Rule, Settings, TenderOrder, VelocityLimit, When, Window,
};
use crate::domain::words::{Condition, Reason};
use crate::wire::fault::Written;

impl From<&Policy> for PolicyDocument {
    fn from(policy: &Policy) -> PolicyDocument {
        let write = Writer { currency: policy.currency };
        PolicyDocument {
            currency: policy.currency.code().to_owned(),
            governed_by: Some(policy.governed_by.as_str().to_owned()),
            reasons: some_words(&policy.reasons, Reason::as_str),
            rules: policy.rules.iter().map(|rule| write.rule(rule)).collect(),
        }
    }
}

struct Writer {
    currency: Currency,
}

/// The words of a list; nothing for an empty one, which means the same.
fn some_words<T>(list: &[T], word: impl Fn(&T) -> &str) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| words(list, word))
}

fn words<T>(list: &[T], word: impl Fn(&T) -> &str) -> Vec<String> {
    list.iter().map(|member| word(member).to_owned()).collect()
}

fn condition(condition: &Condition) -> &str {
    condition.as_str()
}

fn consequence(consequence: Consequence) -> (String, Option<String>) {
    match consequence {
        Consequence::Refuse => ("refuse".to_owned(), None),
        Consequence::NeedsApproval(role) => {
            ("needs_approval".to_owned(), Some(role.as_str().to_owned()))
        }
    }
}

fn outcome(outcome: Outcome) -> (String, Option<String>) {
    match outcome {
        Outcome::Allow => ("allow".to_owned(), None),
        Outcome::ExchangeOnly => ("exchange_only".to_owned(), None),
        Outcome::Refuse => consequence(Consequence::Refuse),
        Outcome::NeedsApproval(role) => consequence(Consequence::NeedsApproval(role)),
    }
}

impl Writer {
    fn amount(&self, amount: Minor) -> Written {
        amount.format(self.currency).into()
    }

    fn rule(&self, rule: &Rule) -> PolicyRule {
        PolicyRule {
            id: rule.id.clone(),
            statutory: rule.statutory.then_some(true),
            when: self.when(&rule.when),
            set: self.settings(&rule.set),
        }
    }

    fn when(&self, when: &When) -> PolicyWhen {
        PolicyWhen {
            category: some_words(&when.category, String::as_str),
            sku: some_words(&when.sku, String::as_str),
            brand: some_words(&when.brand, String::as_str),
            store: some_words(&when.store, String::as_str),
            region: some_words(&when.region, String::as_str),
            channel: some_words(&when.channel, String::as_str),
            customer_class: some_words(&when.customer_class, String::as_str),
            tender: some_words(&when.tender, |tender| tender.as_str()),
            reason: some_words(&when.reason, Reason::as_str),
            condition: some_words(&when.condition, condition),
            promotion: some_words(&when.promotion, String::as_str),
            flags: some_words(&when.flags, String::as_str),
            receipt: when.receipt,
            gift_receipt: when.gift_receipt,
            serialised: when.serialised,
            price: when.price.map(|PriceRange { min, max }| PolicyPriceRange {
                min: min.map(|min| self.amount(min)),
                max: max.map(|max| self.amount(max)),
            }),
            bought: when.bought.map(|DateRange { from, to }| PolicyDateRange {
                from: from.map(|from| from.to_string()),
                to: to.map(|to| to.to_string()),
            }),
        }
    }

    fn settings(&self, set: &Settings) -> PolicySettings {
        let (outcome, approval_role) = set.outcome.map(outcome).unzip();
        PolicySettings {
            outcome,
            approval_role: approval_role.flatten(),
            window: set.window.map(window),
            extension: set.extension.map(|until| PolicyExtension { until: until.to_string() }),
            conditions: set.conditions.as_ref().map(|list| words(list, condition)),
            reasons: set.reasons.as_ref().map(|list| words(list, Reason::as_str)),
            receipt_required: set.receipt_required,
            id_required: set.id_required,
            refund_to: set.refund_to.as_ref().map(refund_to),
            tender_order: set.tender_order.as_ref().map(order),
            cash_limit: set.cash_limit.map(|limit| PolicyCashLimit {
                amount: self.amount(limit.amount),
                beyond: limit.beyond.as_str().to_owned(),
            }),
            amount_limit: set.amount_limit.map(|limit| {
                let (outcome, approval_role) = consequence(limit.outcome);
                PolicyAmountLimit { amount: self.amount(limit.amount), outcome, approval_role }
            }),
            fee: set.fee.as_ref().map(|fee| self.fee(fee)),
            check_clears_days: set.check_clears_days.map(i64::from),
            approval: set.approval.as_ref().map(|tiers| {
                let tier = |tier: &crate::domain::policy::ApprovalTier| PolicyApproval {
                    over: self.amount(tier.over),
                    role: tier.role.as_str().to_owned(),
                    approvers: Some(tier.approvers.into()),
                };
                tiers.iter().map(tier).collect()
            }),
            velocity: set
                .velocity
                .as_ref()
                .map(|limits| limits.iter().map(|limit| self.velocity(limit)).collect()),
            price_basis: set
                .lowest_in_days
                .map(|days| PolicyPriceBasis { lowest_in_days: days.into() }),
            exchange_window: set.exchange_window.map(|word| word.as_str().to_owned()),
            promotion: set.promotion.map(|word| word.as_str().to_owned()),
            quote_required: set.quote_required,
        }
    }

    fn fee(&self, fee: &Fee) -> PolicyFee {
        let (percent, fixed) = match fee.amount {
            FeeAmount::Percent(percent) => (Some(percent.to_string().into()), None),
            FeeAmount::Fixed(amount) => (None, Some(self.amount(amount))),
        };
        let conditions = some_words(&fee.conditions, condition);
        PolicyFee {
            percent,
            fixed,
            conditions,
            except_reasons: some_words(&fee.except_reasons, Reason::as_str),
        }
    }

    fn velocity(&self, limit: &VelocityLimit) -> PolicyVelocity {
        let (outcome, approval_role) = consequence(limit.outcome);
        let amount = limit.amount.map(|amount| self.amount(amount));
        PolicyVelocity {
            days: limit.days.into(),
            count: limit.count.map(i64::from),
            amount,
            outcome,
            approval_role,
        }
    }
}

fn window(window: Window) -> PolicyWindow {
    let (after, approval_role) = consequence(window.after);
    PolicyWindow {
        days: window.days.into(),
        from: Some(window.from.as_str().to_owned()),
        after: Some(after),
        approval_role,
        refuse_after_days: window.refuse_after_days.map(i64::from),
    }
}

fn refund_to(routes: &RefundRoutes) -> PolicyRefundTo {
    if routes.younger.is_empty() && routes.within_days.is_none() {
        return PolicyRefundTo::Always(self::routes(routes));
    }
    let step = |step: &RefundRoutes| PolicyRefundStep {
        within_days: step.within_days.map(i64::from),
        to: self::routes(step),
    };
    PolicyRefundTo::ByAge(routes.steps().map(step).collect())
}

fn routes(routes: &RefundRoutes) -> std::collections::BTreeMap<String, Vec<String>> {
    let named = routes.by_tender.iter().map(|(tender, means)| (tender.as_str(), means));
    let otherwise = routes.otherwise.iter().map(|means| ("*", means));
    let means = |means: &RefundMeans| match means {
        RefundMeans::Original => "original".to_owned(),
        RefundMeans::Tender(tender) => tender.as_str().to_owned(),
    };
    named
        .chain(otherwise)
        .map(|(paid_with, list)| (paid_with.to_owned(), list.iter().map(means).collect()))
        .collect()
}

fn order(order: &TenderOrder) -> PolicyTenderOrder {
    match order {
        TenderOrder::First => PolicyTenderOrder::Named("first".to_owned()),
        TenderOrder::Last => PolicyTenderOrder::Named("last".to_owned()),
        TenderOrder::Proportional => PolicyTenderOrder::Named("proportional".to_owned()),
        TenderOrder::Listed(list) => {
            PolicyTenderOrder::Listed(words(list, |tender| tender.as_str()))
        }
    }
}
