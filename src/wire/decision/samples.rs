//! A decision for tests: that of API §4, without its exchange.

use crate::domain::caller::Role;
use crate::domain::decision::{
    Alternative, Code, Decision, Finding, LineDecision, PolicyRef, RefundPlan, Totals, Verdict,
};
use crate::domain::money::{Currency, Minor};
use crate::domain::quantity::Quantity;
use crate::domain::tender::TenderType;
use crate::domain::words::{Condition, Disposition, Reason, RefundTo};
use serde_json::{Value, json};
use uuid::Uuid;

pub const SALE: &str = "0190d3a0-0000-7000-8000-000000000001";

pub fn decision() -> Decision {
    let sale = Uuid::try_parse(SALE).unwrap();
    let detail = "Bought 41 days ago on 2026-03-01; the window of 30 days closed on 2026-03-31.";
    let line = LineDecision {
        index: 0,
        sale: Some(sale),
        sale_line: Some(1),
        sku: Some("85123A".into()),
        returnable: Quantity::units(2),
        quantity: Quantity::ONE,
        reason: Reason::parse("defective").unwrap(),
        condition: Condition::Opened,
        disposition: Disposition::ReturnToSupplier,
        serial_number: None,
        note: None,
        policy_version: 7,
        verdict: Verdict::NeedsApproval,
        net: Minor(1125),
        taxes: vec![("NY".into(), Minor(100))],
        discount_shares: vec![],
        gross: Minor(1225),
        withheld: Minor::ZERO,
        forgone: Minor::ZERO,
        tax_only: vec![],
        fee: Minor::ZERO,
        fee_taxes: vec![],
        refund: Minor(1225),
        findings: vec![Finding::needs(
            Code::WindowExpired,
            "gifts-30-days",
            Role::Manager,
            1,
            detail.into(),
        )],
    };
    Decision {
        verdict: Verdict::NeedsApproval,
        policy: PolicyRef { name: "standard".into(), version: 7 },
        evaluated_at: "2026-04-11T15:00:00Z".parse().unwrap(),
        currency: Currency::parse("USD").unwrap(),
        lines: vec![line],
        charges: vec![],
        findings: vec![],
        totals: Totals { returned: Minor(1225), refund: Minor(1225), ..Totals::default() },
        refunds: vec![RefundPlan {
            refund: 1,
            kind: TenderType::CreditCard,
            sale: Some(sale),
            sale_tender: Some(1),
            reference: Some("tok_9f".into()),
            amount: Minor(1225),
            rounding: Minor::ZERO,
            fallbacks: vec![TenderType::StoreCredit],
        }],
        gifts: vec![],
        conversions: vec![],
        exchange: None,
        alternatives: vec![Alternative {
            refund_to: RefundTo::StoreCredit,
            verdict: Verdict::Allowed,
            refund: Minor(1225),
            policy: None,
        }],
    }
}

/// What the decision has to look like.
pub fn decision_json() -> Value {
    json!({
        "decision": "needs_approval", "policy": {"name": "standard", "version": 7},
        "evaluated_at": "2026-04-11T15:00:00Z", "currency": "USD",
        "lines": [{
            "index": 0, "sale": SALE, "sale_line": 1, "sku": "85123A", "quantity": "1", "returnable_quantity": "2",
            "reason": "defective", "condition": "opened", "disposition": "return_to_supplier", "serial_number": null,
            "policy_version": 7, "decision": "needs_approval",
            "net": "11.25", "taxes": [{"code": "NY", "amount": "1.00"}], "fee": "0.00", "refund": "12.25",
            "findings": [{
                "code": "window_expired", "rule": "gifts-30-days", "outcome": "needs_approval",
                "approval_role": "manager", "approvals": 1,
                "detail": "Bought 41 days ago on 2026-03-01; the window of 30 days closed on 2026-03-31."
            }]
        }],
        "charges": [], "findings": [],
        "totals": {"returned": "12.25", "fees": "0.00", "exchanged": "0.00", "refund": "12.25", "due": "0.00"},
        "refunds": [{
            "refund": 1, "type": "credit_card", "sale": SALE, "sale_tender": 1, "reference": "tok_9f",
            "amount": "12.25", "rounding": "0.00", "status": "due", "fallbacks": ["store_credit"]
        }],
        "approvals_needed": [{"role": "manager", "codes": ["window_expired"], "count": 1}],
        "alternatives": [{"refund_to": "store_credit", "decision": "allowed", "refund": "12.25"}]
    })
}
