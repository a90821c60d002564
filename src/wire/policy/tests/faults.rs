//! One row for each way a document can be at fault.

use serde_json::{Value, json};

use super::{document, example_with};
use crate::domain::policy::Policy;
use crate::wire::policy::PolicyDocument;

/// Pointer and code of every fault.
fn faults(json: &Value) -> Vec<(String, &'static str)> {
    let faults = Policy::try_from(&document(json)).map(drop).unwrap_err();
    faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

#[test]
fn each_fault_is_named_at_its_place() {
    let long = "x".repeat(129);
    let many: Vec<String> = (0..101).map(|n| n.to_string()).collect();
    let default = "/rules/4/set";
    let table = [
        ("/currency", json!("XYZ"), "/currency", "invalid_currency"),
        ("/governed_by", json!("buyer"), "/governed_by", "unknown_value"),
        ("/reasons", json!(["Smells"]), "/reasons/0", "invalid_reason"),
        ("/reasons", json!(["late"]), "/reasons/0", "duplicate"),
        ("/rules/1/id", json!("final-sale"), "/rules/1/id", "duplicate"),
        ("/rules/1/id", json!(""), "/rules/1/id", "invalid_text"),
        ("/rules/1/id", json!("x".repeat(65)), "/rules/1/id", "invalid_text"),
        ("/rules/1/id", json!("a\nb"), "/rules/1/id", "invalid_text"),
        ("/rules/1/id", json!("built-in"), "/rules/1/id", "reserved"),
        ("/rules/4/when", json!({ "sku": ["a"] }), "/rules", "default_rule_missing"),
        ("/rules/4/statutory", json!(true), "/rules", "default_rule_missing"),
        ("/rules/0/when/sku", json!([]), "/rules/0/when/sku", "empty_list"),
        ("/rules/0/when/sku", json!(many), "/rules/0/when/sku", "too_many"),
        ("/rules/0/when/sku", json!([long]), "/rules/0/when/sku/0", "invalid_text"),
        ("/rules/0/when/sku", json!(["a", "a"]), "/rules/0/when/sku/1", "duplicate"),
        ("/rules/0/when/tender", json!(["bitcoin"]), "/rules/0/when/tender/0", "unknown_value"),
        ("/rules/0/when/reason", json!(["smells"]), "/rules/0/when/reason/0", "unknown_reason"),
        ("/rules/0/when/condition", json!(["new"]), "/rules/0/when/condition/0", "unknown_value"),
        ("/rules/0/when/price", json!({}), "/rules/0/when/price", "range_without_ends"),
        ("/rules/0/when/price", json!({ "min": 10 }), "/rules/0/when/price/min", "invalid_amount"),
        (
            "/rules/0/when/price",
            json!({ "max": "1.234" }),
            "/rules/0/when/price/max",
            "invalid_amount",
        ),
        (
            "/rules/0/when/price",
            json!({ "max": "-1.00" }),
            "/rules/0/when/price/max",
            "invalid_amount",
        ),
        (
            "/rules/0/when/bought",
            json!({ "from": "2026-02-29" }),
            "/rules/0/when/bought/from",
            "invalid_date",
        ),
        (
            "/rules/0/when/bought",
            json!({ "to": "20260228" }),
            "/rules/0/when/bought/to",
            "invalid_date",
        ),
        ("/rules/0/set/outcome", json!("maybe"), "/rules/0/set/outcome", "unknown_value"),
        (
            "/rules/0/set/approval_role",
            json!("manager"),
            "/rules/0/set/approval_role",
            "approval_role_unused",
        ),
        ("/rules/1/set/window/days", json!(-1), "/rules/1/set/window/days", "out_of_range"),
        ("/rules/1/set/window/from", json!("birth"), "/rules/1/set/window/from", "unknown_value"),
        ("/rules/1/set/window/after", json!("shrug"), "/rules/1/set/window/after", "unknown_value"),
        (
            "/rules/1/set/window/approval_role",
            json!("cashier"),
            "/rules/1/set/window/approval_role",
            "unknown_value",
        ),
        ("/rules/1/set/fee/percent", json!("101"), "/rules/1/set/fee/percent", "invalid_percent"),
        ("/rules/1/set/fee/percent", json!("1e1"), "/rules/1/set/fee/percent", "invalid_percent"),
        ("/rules/1/set/fee/percent", json!(15), "/rules/1/set/fee/percent", "invalid_percent"),
        ("/rules/1/set/fee/fixed", json!("1.00"), "/rules/1/set/fee", "percent_or_fixed"),
        (
            "/rules/2/set/extension/until",
            json!("soon"),
            "/rules/2/set/extension/until",
            "invalid_date",
        ),
        (
            "/rules/3/set/price_basis/lowest_in_days",
            json!(0),
            "/rules/3/set/price_basis/lowest_in_days",
            "out_of_range",
        ),
        (
            "/rules/3/set/velocity/0",
            json!({ "days": 1, "outcome": "refuse" }),
            "/rules/3/set/velocity/0",
            "count_or_amount",
        ),
        ("/rules/4/set/refund_to", json!({}), "/rules/4/set/refund_to", "empty_list"),
        (
            "/rules/4/set/refund_to",
            json!({ "a/b": ["cash"] }),
            "/rules/4/set/refund_to/a~1b",
            "unknown_value",
        ),
        (
            "/rules/4/set/refund_to",
            json!({ "*": ["gold"] }),
            "/rules/4/set/refund_to/*/0",
            "unknown_value",
        ),
        (
            "/rules/4/set/tender_order",
            json!("random"),
            "/rules/4/set/tender_order",
            "unknown_value",
        ),
        (
            "/rules/4/set/cash_limit/beyond",
            json!("cash"),
            "/rules/4/set/cash_limit/beyond",
            "unknown_value",
        ),
        (
            "/rules/4/set/approval/0/role",
            json!("admin"),
            "/rules/4/set/approval/0/role",
            "unknown_value",
        ),
        (
            "/rules/4/set/approval/2/approvers",
            json!(0),
            "/rules/4/set/approval/2/approvers",
            "out_of_range",
        ),
        (
            "/rules/4/set/exchange_window",
            json!("x"),
            "/rules/4/set/exchange_window",
            "unknown_value",
        ),
        ("/rules/4/set/promotion", json!("x"), "/rules/4/set/promotion", "unknown_value"),
    ];
    assert!(table.iter().any(|(at, ..)| at.starts_with(default)));
    for (at, value, pointer, code) in table {
        assert_eq!(
            faults(&example_with(at, value.clone())),
            [(pointer.to_owned(), code)],
            "{at} = {value}"
        );
    }
}

#[test]
fn a_window_that_refuses_takes_no_second_limit() {
    let json = example_with("/rules/4/set/window", json!({ "days": 30, "refuse_after_days": 60 }));
    assert_eq!(
        faults(&json),
        [("/rules/4/set/window/refuse_after_days".to_owned(), "refuse_after_days_unused")]
    );
}

#[test]
fn all_faults_come_at_once() {
    let mut json = example_with("/rules/1/set/window/days", json!(99_999));
    json["rules"][3]["set"]["velocity"][0]["amount"] = json!(150);
    json["rules"][4]["set"]["conditions"] = json!([]);
    let pointers: Vec<String> = faults(&json).into_iter().map(|(pointer, _)| pointer).collect();
    let expected =
        ["/rules/1/set/window/days", "/rules/3/set/velocity/0/amount", "/rules/4/set/conditions"];
    assert_eq!(pointers, expected);
}

#[test]
fn too_many_rules_and_unknown_fields_are_refused() {
    let rule = |n: usize| json!({ "id": n.to_string(), "when": {}, "set": {} });
    let of =
        |count| json!({ "currency": "USD", "rules": (0..count).map(rule).collect::<Vec<_>>() });
    assert!(Policy::try_from(&document(&of(1000))).is_ok());
    assert_eq!(faults(&of(1001)), [("/rules".to_owned(), "too_many")]);
    assert_eq!(faults(&of(0)), [("/rules".to_owned(), "default_rule_missing")]);
    let unknown = example_with("/rules/0/when/colour", json!(["red"]));
    let message = serde_json::from_value::<PolicyDocument>(unknown).unwrap_err().to_string();
    assert!(message.starts_with("unknown field `colour`"), "{message}");
}
