//! Resolving by index and by scan, held against each other.

use jiff::civil::date;

use super::super::samples::{policy, rule};
use super::super::*;
use crate::domain::money::Minor;
use crate::domain::tender::TenderType;
use crate::domain::words::{Condition, Reason};

/// Whether a rule with this `when` decides for these facts, by rules and by index alike.
fn decides(change: impl Fn(&mut When), facts: Facts<'_>) -> bool {
    let mut asked = rule("asked");
    change(&mut asked.when);
    asked.set.check_clears_days = Some(1);
    let policy = policy(vec![asked, rule("default")]);
    let decided = policy.resolve(&facts).check_clears_days.rule == "asked";
    assert_eq!(
        CompiledPolicy::new(policy).resolve(&facts).check_clears_days.rule == "asked",
        decided
    );
    decided
}

fn list(members: &[&str]) -> Vec<String> {
    members.iter().map(|member| (*member).to_owned()).collect()
}

#[test]
fn a_list_holds_if_any_member_does_and_what_is_not_known_satisfies_none() {
    type Key = fn(&mut When) -> &mut Vec<String>;
    type Fact = fn(&'static [&'static str]) -> Facts<'static>;
    let table: [(&str, Key, Fact); 9] = [
        ("category", |w| &mut w.category, |t| Facts { category: t, ..Facts::default() }),
        ("sku", |w| &mut w.sku, |t| Facts { sku: t.last().copied(), ..Facts::default() }),
        ("brand", |w| &mut w.brand, |t| Facts { brand: t.last().copied(), ..Facts::default() }),
        ("store", |w| &mut w.store, |t| Facts { store: t.last().copied(), ..Facts::default() }),
        ("region", |w| &mut w.region, |t| Facts { region: t.last().copied(), ..Facts::default() }),
        (
            "channel",
            |w| &mut w.channel,
            |t| Facts { channel: t.last().copied(), ..Facts::default() },
        ),
        (
            "class",
            |w| &mut w.customer_class,
            |t| Facts { customer_class: t.last().copied(), ..Facts::default() },
        ),
        ("promotion", |w| &mut w.promotion, |t| Facts { promotions: t, ..Facts::default() }),
        ("flags", |w| &mut w.flags, |t| Facts { flags: t, ..Facts::default() }),
    ];
    for (name, key, fact) in table {
        let asks = |when: &mut When| *key(when) = list(&["A", "B"]);
        assert!(decides(asks, fact(&["x", "B"])), "{name}");
        assert!(!decides(asks, fact(&["x"])), "{name}");
        assert!(!decides(asks, fact(&["b"])), "{name} is told apart by case");
        assert!(!decides(asks, fact(&[])), "{name} unknown");
    }
}

#[test]
fn closed_words_flags_and_ranges() {
    let late = Reason::parse("late").unwrap();
    let with = Facts::default();
    let tender = |when: &mut When| when.tender = vec![TenderType::Check, TenderType::Cash];
    assert!(decides(tender, Facts { tenders: &[TenderType::GiftCard, TenderType::Cash], ..with }));
    assert!(!decides(tender, Facts { tenders: &[TenderType::GiftCard], ..with }));
    assert!(decides(
        |when| when.reason = vec![late.clone()],
        Facts { reason: Some(&late), ..with }
    ));
    assert!(!decides(|when| when.reason = vec![late.clone()], with));
    let used = |when: &mut When| when.condition = vec![Condition::Used];
    assert!(decides(used, Facts { condition: Some(Condition::Used), ..with }));
    assert!(!decides(used, Facts { condition: Some(Condition::Opened), ..with }));
    assert!(decides(|when| when.receipt = Some(false), with));
    assert!(!decides(|when| when.gift_receipt = Some(true), with));
    assert!(decides(|when| when.serialised = Some(true), Facts { serialised: true, ..with }));
    let price = |when: &mut When| {
        when.price = Some(PriceRange { min: Some(Minor(10)), max: Some(Minor(20)) })
    };
    let at = |minor| decides(price, Facts { price: Some(Minor(minor)), ..with });
    assert_eq!([9, 10, 20, 21].map(at), [false, true, true, false]);
    assert!(!decides(price, with));
    let leap = Some(date(2024, 2, 29));
    let bought = |when: &mut When| when.bought = Some(DateRange { from: leap, to: leap });
    let on = |day| decides(bought, Facts { bought: Some(day), ..with });
    assert_eq!(
        [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)].map(on),
        [false, true, false]
    );
    assert!(!decides(bought, with));
}

#[test]
fn a_region_holds_for_what_lies_in_it() {
    let table =
        [("US", "US-NY", true), ("US-NY", "US", false), ("EU", "DE-BY", true), ("EU", "GB", false)];
    for (asked, fact, holds) in table {
        let facts = Facts { region: Some(fact), ..Facts::default() };
        assert_eq!(
            decides(|when| when.region = list(&[asked]), facts),
            holds,
            "{asked} for {fact}"
        );
    }
}

#[test]
fn statutory_rules_first_then_the_first_that_sets_each_attribute() {
    let mut first = rule("first");
    first.set.id_required = Some(true);
    let mut second = rule("second");
    second.set.id_required = Some(false);
    second.set.check_clears_days = Some(5);
    let mut law = rule("law");
    law.statutory = true;
    law.set.check_clears_days = Some(7);
    let mut late_law = law.clone();
    late_law.id = "late-law".to_owned();
    late_law.set.quote_required = Some(true);
    let policy = policy(vec![first, second, law, late_law, rule("default")]);
    let resolved = policy.resolve(&Facts::default());
    assert_eq!(resolved.id_required, Set { value: &true, rule: "first" });
    assert_eq!(resolved.check_clears_days, Set { value: &7, rule: "law" });
    assert_eq!(resolved.quote_required, Set { value: &true, rule: "late-law" });
    assert_eq!(resolved.window, Set { value: &built_in().window, rule: BUILT_IN });
}

#[test]
fn a_receipt_is_required_unless_a_price_without_one_is_settled_or_a_rule_speaks() {
    let required = |lowest_in_days, receipt_required| {
        let mut default = rule("default");
        default.set.lowest_in_days = lowest_in_days;
        default.set.receipt_required = receipt_required;
        *policy(vec![default]).resolve(&Facts::default()).receipt_required.value
    };
    assert!(required(None, None));
    assert!(!required(Some(90), None));
    assert!(required(Some(90), Some(true)));
    assert!(!required(None, Some(false)));
}
