//! One row for each thing lint has to say.

use jiff::civil::date;
use rust_decimal::Decimal;

use super::super::samples::{policy, rule};
use super::super::*;
use super::*;
use crate::domain::caller::Role;
use crate::domain::money::{Currency, Minor};
use crate::domain::tender::TenderType;
use crate::domain::words::{Condition, Reason};

/// A default rule with nothing missing.
fn default() -> Rule {
    let mut default = rule("default");
    let or = built_in();
    default.set.window = Some(or.window);
    default.set.conditions = Some(or.conditions.clone());
    default.set.refund_to = Some(or.refund_to.clone());
    default.set.tender_order = Some(or.tender_order.clone());
    default
}

/// Rules before that default, made by changing blank ones called `rule-0`, `rule-1`, ….
fn with(changes: &[&dyn Fn(&mut Rule)]) -> Policy {
    let mut rules: Vec<Rule> = (0..changes.len()).map(|n| rule(&format!("rule-{n}"))).collect();
    rules.iter_mut().zip(changes).for_each(|(rule, change)| change(rule));
    rules.push(default());
    policy(rules)
}

fn said(policy: &Policy) -> Vec<(Severity, String, &'static str)> {
    lint(policy)
        .into_iter()
        .map(|finding| (finding.severity, finding.pointer, finding.code))
        .collect()
}

fn fault(pointer: &str, code: &'static str) -> (Severity, String, &'static str) {
    (Severity::Fault, pointer.to_owned(), code)
}

fn warning(pointer: &str, code: &'static str) -> (Severity, String, &'static str) {
    (Severity::Warning, pointer.to_owned(), code)
}

fn window(days: u32) -> Option<Window> {
    Some(Window { days, ..built_in().window })
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| word.to_string()).collect()
}

#[test]
fn a_sound_policy_has_nothing_against_it() {
    assert_eq!(
        said(&with(&[&|rule| {
            rule.when.category = words(&["shoes"]);
            rule.set.window = window(60);
        }])),
        []
    );
}

#[test]
fn rules_that_never_apply() {
    let shoes = |rule: &mut Rule| {
        rule.when.category = words(&["shoes", "hats"]);
        rule.set.window = window(60);
    };
    let narrower = |rule: &mut Rule| {
        rule.when.category = words(&["hats"]);
        rule.when.store = words(&["0042"]);
        rule.set.window = window(90);
    };
    let narrower_with_more = |rule: &mut Rule| {
        narrower(rule);
        rule.set.id_required = Some(true);
    };
    let statutory = |rule: &mut Rule| {
        shoes(rule);
        rule.statutory = true;
    };
    assert_eq!(said(&with(&[&shoes, &narrower])), [fault("/rules/1/when", "never_applies")]);
    assert_eq!(said(&with(&[&narrower, &shoes])), []);
    assert_eq!(said(&with(&[&narrower, &statutory])), [fault("/rules/0/when", "never_applies")]);
    assert_eq!(
        said(&with(&[&shoes, &narrower_with_more])),
        [warning("/rules/1/set/window", "shadowed")]
    );
    assert_eq!(
        said(&with(&[&|rule| rule.when.sku = words(&["a"])])),
        [warning("/rules/0/set", "sets_nothing")]
    );
    let finding = &lint(&with(&[&shoes, &narrower]))[0];
    let detail = "Wherever this rule holds, what it sets is decided already by rule-0.";
    assert_eq!((finding.rule.as_str(), finding.detail.as_str()), ("rule-1", detail));
}

#[test]
fn empty_ranges_and_keys_that_exclude_each_other() {
    let price = |rule: &mut Rule| {
        rule.when.price = Some(PriceRange { min: Some(Minor(2)), max: Some(Minor(1)) });
        rule.set.id_required = Some(true);
    };
    let bought = |rule: &mut Rule| {
        rule.when.bought =
            Some(DateRange { from: Some(date(2026, 2, 1)), to: Some(date(2026, 1, 1)) });
        rule.set.id_required = Some(true);
    };
    let receipt = |rule: &mut Rule| {
        rule.when.receipt = Some(false);
        rule.when.tender = vec![TenderType::Check];
        rule.set.id_required = Some(true);
    };
    assert_eq!(said(&with(&[&price])), [fault("/rules/0/when/price", "empty_range")]);
    assert_eq!(said(&with(&[&bought])), [fault("/rules/0/when/bought", "empty_range")]);
    assert_eq!(said(&with(&[&receipt])), [fault("/rules/0/when/tender", "impossible_combination")]);
}

#[test]
fn contradictions() {
    let refused_early = |rule: &mut Rule| {
        rule.when.sku = words(&["a"]);
        rule.set.window = window(30).map(|window| Window { refuse_after_days: Some(29), ..window });
    };
    let extension = |rule: &mut Rule| {
        rule.when.bought = Some(DateRange { from: None, to: Some(date(2026, 12, 24)) });
        rule.set.extension = Some(date(2026, 12, 23));
    };
    let tiers = |tiers: &'static [(i64, Role, u32)]| {
        move |rule: &mut Rule| {
            rule.when.sku = words(&["a"]);
            let tier = |(over, role, approvers): &(i64, Role, u32)| ApprovalTier {
                over: Minor(*over),
                role: *role,
                approvers: *approvers,
            };
            rule.set.approval = Some(tiers.iter().map(tier).collect());
        }
    };
    let cash = |rule: &mut Rule| {
        rule.when.sku = words(&["a"]);
        rule.set.cash_limit =
            Some(CashLimit { amount: Minor(100), beyond: TenderType::StoreCredit });
    };
    use Role::{DistrictManager, Manager, Supervisor};
    let refused = fault("/rules/0/set/window/refuse_after_days", "refused_within_window");
    assert_eq!(said(&with(&[&refused_early])), [refused]);
    assert_eq!(
        said(&with(&[&extension])),
        [fault("/rules/0/set/extension/until", "extension_before_purchase")]
    );
    assert_eq!(
        said(&with(&[&tiers(&[(200, Supervisor, 1), (200, Manager, 1)])])),
        [fault("/rules/0/set/approval/1/over", "tiers_not_ascending")]
    );
    assert_eq!(
        said(&with(&[&tiers(&[(200, DistrictManager, 1), (300, Manager, 1)])])),
        [fault("/rules/0/set/approval/1/role", "role_not_rising")]
    );
    assert_eq!(
        said(&with(&[&tiers(&[(200, Manager, 2), (300, Manager, 2)])])),
        [warning("/rules/0/set/approval/1", "tier_adds_nothing")]
    );
    assert_eq!(said(&with(&[&tiers(&[(200, Manager, 1), (300, Manager, 2)])])), []);
    assert_eq!(
        said(&with(&[&cash])),
        [fault("/rules/0/set/cash_limit/beyond", "beyond_not_allowed")]
    );
}

#[test]
fn gaps() {
    let mut bare = policy(vec![rule("default")]);
    assert_eq!(said(&bare), vec![warning("/rules/0/set", "default_incomplete"); 4]);
    bare.rules[0].statutory = true;
    assert_eq!(said(&bare), [fault("/rules", "no_default_rule")]);
    assert_eq!(said(&policy(Vec::new())), [fault("/rules", "no_default_rule")]);
}

#[test]
fn limits_below_law() {
    let online = |days: u32, from: WindowFrom, regions: &'static [&'static str]| {
        move |rule: &mut Rule| {
            rule.when.channel = words(&["online"]);
            rule.when.region = words(regions);
            rule.set.window = window(days).map(|window| Window { from, ..window });
        }
    };
    use WindowFrom::{Delivery, Sale};
    let below = fault("/rules/0/set/window/days", "window_below_law");
    assert_eq!(said(&with(&[&online(13, Delivery, &["DE-BY"])])), [below]);
    assert_eq!(said(&with(&[&online(14, Delivery, &["DE-BY"])])), []);
    assert_eq!(
        said(&with(&[&online(14, Sale, &["EU"])])),
        [warning("/rules/0/set/window", "window_not_from_delivery")]
    );
    assert_eq!(said(&with(&[&online(7, Sale, &["US"])])), []);
    assert_eq!(said(&with(&[&online(7, Sale, &[])])), []);

    // In euros the same rule may well reach into the EU, unless a statutory one grants the period
    // before it.
    let mut euros = with(&[&online(7, Sale, &[])]);
    euros.currency = Currency::parse("EUR").unwrap();
    assert_eq!(said(&euros), [warning("/rules/0/set/window/days", "window_below_law")]);
    let mut law = rule("law");
    online(14, Delivery, &["EU"])(&mut law);
    law.statutory = true;
    euros.rules.insert(1, law);
    assert_eq!(said(&euros), []);

    let fee = |except: &'static [&'static str]| {
        move |rule: &mut Rule| {
            rule.when.category = words(&["electronics"]);
            rule.set.fee = Some(Fee {
                amount: FeeAmount::Percent(Decimal::TEN),
                conditions: vec![Condition::Opened],
                except_reasons: except.iter().filter_map(|reason| Reason::parse(reason)).collect(),
            });
        }
    };
    assert_eq!(
        said(&with(&[&fee(&["late"])])),
        [warning("/rules/0/set/fee/except_reasons", "fee_on_defective")]
    );
    assert_eq!(said(&with(&[&fee(&["defective"])])), []);
}
