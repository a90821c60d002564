//! Bodies and returns for tests.

use crate::domain::money::Minor;
use crate::domain::returns::{Recorded, Refund, RefundStatus, Return, ReturnStatus};
use crate::wire::decision::samples::{decision, decision_json};
use serde_json::{Value, json};
use uuid::Uuid;

/// The body of API §4, word for word but for its exchange.
pub fn one_heart_back() -> Value {
    json!({
        "store": "0042", "register": "7", "sale": {"receipt": "0042-3-20260301-4711"},
        "lines": [{"sale_line": 1, "quantity": "1", "reason": "defective", "condition": "opened",
                   "disposition": "return_to_supplier", "serial_number": null, "note": ""}],
        "exchange": {"lines": [], "tenders": []},
        "customer": {"id": "C-77"}, "refund_to": "original", "unavailable_tenders": [1],
        "charges": [], "approvals": ["eyJh.e30.c2ln"], "quote": null, "on_approval_needed": "refuse",
        "expected_refund": "0.00", "training": false
    })
}

pub fn recorded() -> Recorded {
    let decision = decision();
    let refunds = decision.refunds.iter().map(|plan| Refund {
        plan: plan.clone(),
        status: RefundStatus::Due,
        settled_at: None,
        settlement_reference: None,
        stands_in_for: None,
        card: None,
    });
    let the_return = Return {
        id: Uuid::try_parse("0190d3a0-0000-7000-8000-000000000002").unwrap(),
        store: "0042".into(),
        register: "7".into(),
        operator: "1042".into(),
        customer: Some("C-77".into()),
        id_hash: None,
        status: ReturnStatus::Completed,
        currency: decision.currency,
        business_date: "2026-04-11".parse().unwrap(),
        recorded_at: "2026-04-11T15:00:00Z".parse().unwrap(),
        refund: Minor(1225),
        training: false,
        lines: vec![],
        without_receipt: vec![],
        buyers: vec![],
        charges: vec![],
        refunds: refunds.collect(),
        exchange: None,
    };
    Recorded { the_return, decision: Box::new(decision) }
}

pub fn recorded_json() -> Value {
    let mut expected = decision_json();
    let head = json!({
        "id": "0190d3a0-0000-7000-8000-000000000002", "return_number": "0042-260411-00000002", "status": "completed",
        "store": "0042", "register": "7", "operator": "1042", "customer": {"id": "C-77"},
        "business_date": "2026-04-11", "recorded_at": "2026-04-11T15:00:00Z", "training": false
    });
    expected.as_object_mut().unwrap().extend(head.as_object().unwrap().clone());
    expected
}
