//! The contract's example, every fault of a document, and the way back.

use jiff::civil::date;
use proptest::prelude::*;
use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::*;
use crate::domain::caller::Role;
use crate::domain::money::{Currency, Minor};
use crate::domain::policy::{
    Attribute, CompiledPolicy, Consequence, Facts, Outcome, Policy, Severity, TenderOrder,
    WindowState, lint, window_state,
};
use crate::domain::tender::TenderType;
use crate::domain::words::{Condition, Reason};

mod faults;

/// The example of the contract.
fn example() -> Value {
    json!({ "currency": "USD", "governed_by": "sale", "rules": [
      { "id": "final-sale",  "when": { "flags": ["final_sale"] }, "set": { "outcome": "refuse" } },
      { "id": "electronics", "when": { "category": ["electronics"] },
        "set": { "window": { "days": 15, "from": "sale", "after": "needs_approval", "approval_role": "manager", "refuse_after_days": 60 },
                 "fee": { "percent": "15", "conditions": ["opened"], "except_reasons": ["defective"] } } },
      { "id": "holidays",    "when": { "bought": { "from": "2026-11-01", "to": "2026-12-24" } }, "set": { "extension": { "until": "2027-01-31" } } },
      { "id": "no-receipt",  "when": { "receipt": false },
        "set": { "id_required": true, "price_basis": { "lowest_in_days": 90 }, "refund_to": { "*": ["store_credit"] },
                 "velocity": [ { "days": 90, "count": 3, "amount": "150.00", "outcome": "needs_approval", "approval_role": "manager" } ] } },
      { "id": "default",     "when": {},
        "set": { "window": { "days": 30, "after": "refuse" }, "conditions": ["unopened", "opened", "damaged"],
                 "refund_to": { "cash": ["cash", "store_credit"], "check": ["check", "store_credit"], "*": ["original", "store_credit"] },
                 "tender_order": ["gift_card", "store_credit", "credit_card", "debit_card", "check", "cash"],
                 "cash_limit": { "amount": "100.00", "beyond": "store_credit" }, "check_clears_days": 10,
                 "approval": [ { "over": "200.00", "role": "supervisor" }, { "over": "1000.00", "role": "manager" }, { "over": "5000.00", "role": "district_manager", "approvers": 2 } ],
                 "exchange_window": "inherit", "promotion": "prorate", "quote_required": false } } ] })
}

fn document(json: &Value) -> PolicyDocument {
    serde_json::from_value(json.clone()).unwrap()
}

fn policy(json: &Value) -> Policy {
    Policy::try_from(&document(json)).unwrap()
}

/// The example with one value replaced or added.
fn example_with(pointer: &str, value: Value) -> Value {
    let mut json = example();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    match json.pointer_mut(parent).unwrap() {
        Value::Array(list) => list[member.parse::<usize>().unwrap()] = value,
        Value::Object(map) => drop(map.insert(member.to_owned(), value)),
        other => panic!("{other} has no members"),
    }
    json
}

#[test]
fn the_contracts_example_is_taken_and_behaves_as_read() {
    let compiled = CompiledPolicy::new(policy(&example()));
    let resolve = |facts: Facts<'static>| compiled.resolve(&facts);
    let sale = Facts { receipt: true, bought: Some(date(2026, 3, 1)), ..Facts::default() };

    let plain = resolve(sale);
    assert_eq!(
        (plain.window.value.days, plain.window.value.after, plain.window.rule),
        (30, Consequence::Refuse, "default")
    );
    assert_eq!(
        plain.conditions.value,
        &[Condition::Unopened, Condition::Opened, Condition::Damaged]
    );
    assert_eq!((*plain.outcome.value, plain.outcome.rule), (Outcome::Allow, "built-in"));
    assert_eq!((plain.fee, plain.extension, plain.lowest_in_days), (None, None, None));
    assert_eq!((*plain.receipt_required.value, *plain.id_required.value), (true, false));
    let back = |paid| plain.refund_to.value.allowed(paid).collect::<Vec<_>>();
    assert_eq!(back(TenderType::Cash), [TenderType::Cash, TenderType::StoreCredit]);
    assert_eq!(back(TenderType::DebitCard), [TenderType::DebitCard, TenderType::StoreCredit]);
    assert!(
        matches!(plain.tender_order.value, TenderOrder::Listed(list) if list[0] == TenderType::GiftCard)
    );
    assert_eq!(plain.cash_limit.unwrap().value.amount, Minor(10_000));
    let tiers: Vec<_> =
        plain.approval.value.iter().map(|tier| (tier.over.0, tier.role, tier.approvers)).collect();
    let expected = [
        (20_000, Role::Supervisor, 1),
        (100_000, Role::Manager, 1),
        (500_000, Role::DistrictManager, 2),
    ];
    assert_eq!(tiers, expected);

    assert_eq!(resolve(Facts { flags: &["final_sale"], ..sale }).outcome.value, &Outcome::Refuse);

    let electronics = resolve(Facts { category: &["electronics", "phones"], ..sale });
    let asks = WindowState::NeedsApproval {
        closes: date(2026, 3, 16),
        role: Role::Manager,
        refused_after: Some(date(2026, 4, 30)),
    };
    let window = electronics.window.value;
    assert_eq!(window_state(date(2026, 3, 17), date(2026, 3, 1), None, window, None), asks);
    let fee = electronics.fee.unwrap();
    let defective = Reason::parse("defective").unwrap();
    assert!(fee.value.applies(Some(Condition::Opened), None));
    assert!(!fee.value.applies(Some(Condition::Unopened), None));
    assert!(!fee.value.applies(Some(Condition::Opened), Some(&defective)));

    let bought =
        |day| resolve(Facts { bought: Some(day), ..sale }).extension.map(|until| *until.value);
    let until = Some(date(2027, 1, 31));
    let edges = [date(2026, 10, 31), date(2026, 11, 1), date(2026, 12, 24), date(2026, 12, 25)];
    assert_eq!(edges.map(bought), [None, until, until, None]);

    let without = resolve(Facts::default());
    assert_eq!((*without.receipt_required.value, *without.id_required.value), (false, true));
    assert_eq!(without.lowest_in_days.map(|days| *days.value), Some(90));
    assert_eq!(
        without.refund_to.value.allowed(TenderType::Cash).collect::<Vec<_>>(),
        [TenderType::StoreCredit]
    );
    assert_eq!((without.velocity.value[0].count, without.velocity.rule), (Some(3), "no-receipt"));
    assert_eq!(without.window.rule, "default");
}

#[test]
fn the_example_leaves_tenders_out_of_its_order_and_reads_back_in_normal_form() {
    let policy = policy(&example());
    let told: Vec<_> = lint(&policy).into_iter().map(|f| (f.code, f.pointer, f.severity)).collect();
    let order = "/rules/4/set/tender_order".to_owned();
    assert_eq!(told, [("tenders_not_ordered", order, Severity::Warning)]);
    assert_eq!(serde_json::to_value(document(&example())).unwrap(), example());
    let mut normal = example_with("/rules/4/set/window/from", json!("sale"));
    for tier in [0, 1] {
        normal["rules"][4]["set"]["approval"][tier]["approvers"] = json!(1);
    }
    assert_eq!(serde_json::to_value(PolicyDocument::from(&policy)).unwrap(), normal);
}

#[test]
fn every_attribute_and_key_survives_the_way_there_and_back() {
    let json = json!({ "currency": "KWD", "governed_by": "better", "reasons": ["smells"], "rules": [
        { "id": "all", "statutory": true,
          "when": { "category": ["a"], "sku": ["b"], "brand": ["c"], "store": ["0042"], "region": ["KW"], "channel": ["online"],
                    "customer_class": ["gold"], "tender": ["check", "cash"], "reason": ["smells"], "condition": ["used"],
                    "promotion": ["SPRING"], "flags": ["x"], "receipt": true, "gift_receipt": false, "serialised": true,
                    "price": { "min": "1.000", "max": "2.500" }, "bought": { "from": "2024-02-29" } },
          "set": { "outcome": "needs_approval", "approval_role": "supervisor",
                   "window": { "days": 0, "from": "delivery", "after": "refuse" }, "extension": { "until": "2027-01-31" },
                   "conditions": ["used"], "reasons": ["smells", "late"], "receipt_required": true, "id_required": false,
                   "refund_to": { "cash": ["original", "gift_card"] }, "tender_order": "proportional",
                   "cash_limit": { "amount": "0.500", "beyond": "check" },
                   "amount_limit": { "amount": "9.999", "outcome": "needs_approval", "approval_role": "district_manager" },
                   "fee": { "fixed": "0.250", "conditions": ["used"], "except_reasons": ["defective"] }, "check_clears_days": 7,
                   "approval": [], "velocity": [{ "days": 1, "count": 2, "outcome": "refuse" }],
                   "price_basis": { "lowest_in_days": 30 }, "exchange_window": "restart", "promotion": "reprice",
                   "quote_required": true } },
        { "id": "default", "when": {}, "set": { "outcome": "exchange_only", "fee": { "percent": "12.5" } } } ] });
    let policy = policy(&json);
    assert_eq!(serde_json::to_value(PolicyDocument::from(&policy)).unwrap(), json);
    assert!(
        Attribute::ALL.iter().all(|attribute| policy.rules[0].set.sets(*attribute)),
        "the test leaves none out"
    );
}

proptest! {
    #[test]
    fn any_policy_survives_the_way_there_and_back(mut policy in crate::domain::policy::samples::policies(12)) {
        policy.rules.push(crate::domain::policy::samples::rule("default"));
        // The contract has no range without ends and no negative price.
        for rule in &mut policy.rules {
            rule.when.bought = rule.when.bought.filter(|range| range.from.is_some() || range.to.is_some());
            rule.when.price = rule.when.price.filter(|range| [range.min, range.max].iter().flatten().any(|end| end.0 >= 0)
                && [range.min, range.max].iter().flatten().all(|end| end.0 >= 0));
        }
        let text = serde_json::to_string(&PolicyDocument::from(&policy)).unwrap();
        let back: PolicyDocument = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(Policy::try_from(&back), Ok(policy));
    }
}

#[test]
fn a_statutory_rule_lifts_final_sale_window_packaging_and_fee() {
    let compiled = CompiledPolicy::new(policy(
        &serde_json::to_value(standard(Currency::parse("EUR").unwrap())).unwrap(),
    ));
    let defective = Reason::parse("defective").unwrap();
    let line = Facts {
        category: &["electronics"],
        flags: &["final_sale"],
        region: Some("DE-BY"),
        reason: Some(&defective),
        receipt: true,
        ..Facts::default()
    };
    let protected = compiled.resolve(&line);
    assert_eq!(
        (*protected.outcome.value, protected.outcome.rule),
        (Outcome::Allow, "eu-defective")
    );
    assert_eq!((protected.window.value.days, protected.conditions.value.len()), (730, 5));
    assert_eq!(protected.fee.map(|fee| fee.rule), Some("eu-defective"));
    let elsewhere = compiled.resolve(&Facts { region: Some("US-NY"), ..line });
    assert_eq!((*elsewhere.outcome.value, elsewhere.window.rule), (Outcome::Refuse, "electronics"));
}

#[test]
fn the_description_names_formats_words_and_limits() {
    let describe =
        |schema| serde_json::to_value::<RefOr<Schema>>(schema).unwrap()["properties"].clone();
    let limit = describe(PolicyCashLimit::schema());
    assert_eq!(
        (&limit["amount"]["type"], &limit["amount"]["format"]),
        (&json!("string"), &json!("amount"))
    );
    assert_eq!(limit["beyond"]["$ref"], json!("#/components/schemas/TenderTypeWord"));
    let tender = &describe(PolicyWhen::schema())["tender"];
    assert_eq!((&tender["minItems"], &tender["maxItems"]), (&json!(1), &json!(limits::MEMBERS)));
    let rules = &describe(PolicyDocument::schema())["rules"];
    assert_eq!((&rules["minItems"], &rules["maxItems"]), (&json!(1), &json!(limits::RULES)));
    let days = &describe(PolicyWindow::schema())["days"];
    assert_eq!(
        (days["minimum"].as_f64(), days["maximum"].as_f64()),
        (Some(0.0), Some(limits::DAYS as f64))
    );
}

#[test]
fn every_field_is_described() {
    let mut schemas = Vec::new();
    PolicyDocument::schemas(&mut schemas);
    schemas.push(("PolicyDocument".to_owned(), PolicyDocument::schema()));
    for (name, schema) in schemas {
        let schema = serde_json::to_value(schema).unwrap();
        for (field, of) in schema["properties"].as_object().into_iter().flatten() {
            let described = of.get("description").or_else(|| of["oneOf"][0].get("description"));
            assert!(described.is_some(), "{name}.{field}: {of}");
        }
    }
}
