//! Decisions as the contract shows them.

use super::samples::{SALE, decision, decision_json};
use super::*;
use crate::domain::decision::{ChargeDecision, Code, Finding};
use crate::domain::money::{Currency, Minor};
use crate::wire::strict::Shape;
use serde_json::{Value, json};
use uuid::Uuid;

fn shown(decision: &crate::domain::decision::Decision) -> Value {
    let value = serde_json::to_value(DecisionView::from(decision)).unwrap();
    assert_eq!(Shape::of::<DecisionView>().check(&value), []);
    value
}

#[test]
fn a_decision_has_the_shape_of_the_contract() {
    assert_eq!(shown(&decision()), decision_json());
}

#[test]
fn approvals_charges_and_digits_of_the_currency_are_told() {
    let mut decided = decision();
    let approver = Uuid::from_u128(9);
    decided.currency = Currency::parse("KWD").unwrap();
    decided.lines[0].findings[0].approved_by.push(approver);
    decided.charges = vec![ChargeDecision {
        sale: Uuid::try_parse(SALE).unwrap(),
        charge: 1,
        amount: Minor(490),
        taxes: vec![("NY".into(), Minor(43))],
        refund: Minor(533),
        findings: vec![Finding::noted(Code::FeeApplied, "service:charge", "Kept.".into())],
    }];
    decided.weigh();
    let shown = shown(&decided);
    assert_eq!(shown["decision"], json!("allowed"));
    assert_eq!(shown["lines"][0]["findings"][0]["approved_by"], json!([approver.to_string()]));
    assert_eq!(shown["approvals_needed"], json!([]));
    assert_eq!(
        shown["charges"],
        json!([{"sale": SALE, "charge": 1, "amount": "0.490", "taxes": [{"code": "NY", "amount": "0.043"}],
            "refund": "0.533",
            "findings": [{"code": "fee_applied", "rule": "service:charge", "outcome": "allowed", "detail": "Kept."}]}])
    );
}

#[test]
fn a_check_adds_its_quote() {
    let view = CheckView { decision: (&decision()).into(), quote: Some("a.b.c".into()) };
    let mut expected = decision_json();
    expected["quote"] = json!("a.b.c");
    assert_eq!(serde_json::to_value(view).unwrap(), expected);
}
