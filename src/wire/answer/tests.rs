//! Every outcome's status, headers and body.

use super::*;
use crate::domain::caller::Stores;
use crate::domain::money::Currency;
use crate::domain::policies::PolicyStatus;
use crate::domain::refusal::{Drift, Fault, OverrideFault, Refusal};
use crate::domain::settings::{Operator, Register, Store};
use crate::wire::decision::samples::{decision, decision_json};
use crate::wire::returns::samples::{recorded, recorded_json};
use crate::wire::{overrides, policies};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

struct Tokens(Option<&'static str>);

impl MintOverride for Tokens {
    fn mint(&self, _: &Override) -> Option<String> {
        self.0.map(str::to_owned)
    }
}

fn rendered(outcome: impl Into<Outcome>) -> Answer {
    answer(&outcome.into(), "/v1/x", &Tokens(Some("a.b.c")))
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

fn header_of<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

#[test]
fn a_recorded_return_is_created_with_its_decision() {
    let answer = rendered(Done::Returned(recorded()));
    assert_eq!((answer.status, json_of(&answer)), (201, recorded_json()));
    assert_eq!(
        header_of(&answer, "location"),
        Some("/v1/returns/0190d3a0-0000-7000-8000-000000000002")
    );
    assert_eq!(header_of(&answer, "content-type"), Some("application/json"));
}

#[test]
fn a_sale_is_created_once() {
    let recorded = |known_before| {
        let (sale, document) = (Uuid::from_u128(1), r#"{"total":"1.00"}"#.to_owned());
        let recorded_at = "2026-03-02T00:00:00Z".parse().unwrap();
        rendered(Done::SaleRecorded { sale, document, recorded_at, known_before })
    };
    let id = "00000000-0000-0000-0000-000000000001";
    let first = recorded(false);
    let expected = json!({"id": id, "recorded_at": "2026-03-02T00:00:00Z", "total": "1.00"});
    assert_eq!((first.status, json_of(&first)), (201, expected));
    assert_eq!(header_of(&first, "location"), Some(format!("/v1/sales/{id}").as_str()));
    let again = recorded(true);
    assert_eq!((again.status, json_of(&again)), (200, json!({"id": id, "total": "1.00"})));
    assert_eq!(header_of(&again, "location"), None);
}

#[test]
fn what_becomes_of_a_return_is_told_without_its_decision() {
    let answer = rendered(Done::ReturnVoided(recorded().the_return));
    let expected = recorded_json();
    let members = [
        "id",
        "return_number",
        "status",
        "store",
        "register",
        "operator",
        "customer",
        "business_date",
        "recorded_at",
        "training",
        "currency",
        "refunds",
    ];
    let expected: Value =
        members.iter().map(|name| ((*name).to_owned(), expected[*name].clone())).collect();
    assert_eq!((answer.status, json_of(&answer)), (200, expected));
}

#[test]
fn an_override_is_signed_or_unavailable() {
    let issued = || Done::OverrideIssued(overrides::tests::issued());
    let answer = rendered(issued());
    assert_eq!((answer.status, &json_of(&answer)["token"]), (201, &json!("a.b.c")));
    let unsigned = super::answer(&issued().into(), "/v1/overrides", &Tokens(None));
    assert_eq!((unsigned.status, &json_of(&unsigned)["code"]), (503, &json!("unavailable")));
}

#[test]
fn the_directory_answers_with_tags() {
    let store = Store {
        store: "0042".into(),
        name: "Fifth Avenue".into(),
        time_zone: jiff::tz::TimeZone::get("America/New_York").unwrap(),
        currency: Currency::parse("USD").unwrap(),
        region: "US-NY".into(),
        policy: "standard".into(),
        cash_rounding: None,
    };
    let register =
        Register { store: "0042".into(), register: "3".into(), name: None, active: true };
    let operator = Operator {
        operator: "1042".into(),
        name: "Ana Ruiz".into(),
        roles: vec![],
        stores: Stores::All,
        pin_hash: Some("secret".into()),
        customer: None,
        active: true,
    };
    let tags = [etag(&store), etag(&register), etag(&operator)];
    let answers = [
        rendered(Done::StoreSaved { store: Arc::new(store), created: true }),
        rendered(Done::RegisterSaved { register, created: true }),
        rendered(Done::OperatorSaved { operator: Arc::new(operator), created: false }),
    ];
    let locations = [Some("/v1/stores/0042"), Some("/v1/stores/0042/registers/3"), None];
    for ((answer, tag), location) in answers.iter().zip(&tags).zip(locations) {
        assert_eq!(header_of(answer, "etag"), Some(tag.as_str()));
        assert_eq!(header_of(answer, "location"), location);
        assert_eq!(tag.len(), 66);
        assert!(!answer.body.contains("secret"));
    }
    assert_eq!(answers.map(|answer| answer.status), [201, 201, 200]);
}

#[test]
fn policy_versions_are_created_and_published() {
    let drafted = rendered(Done::PolicyDrafted(policies::tests::record(PolicyStatus::Draft)));
    assert_eq!(
        (drafted.status, header_of(&drafted, "location")),
        (201, Some("/v1/policies/standard/versions/7"))
    );
    assert_eq!(json_of(&drafted)["status"], json!("draft"));
    let published = rendered(Done::PolicyPublished(policies::tests::record(PolicyStatus::Draft)));
    assert_eq!((published.status, header_of(&published, "location")), (200, None));
}

#[test]
fn refusals_have_the_status_and_code_of_the_contract() {
    let boxed = || Box::new(decision());
    let over = |why| Refusal::Override { id: Uuid::nil(), why };
    let table = [
        (Refusal::NotFound { what: "return" }, 404, "not_found"),
        (Refusal::ReceiptExists { sale: Uuid::from_u128(1) }, 409, "receipt_exists"),
        (over(OverrideFault::Invalid), 422, "override_invalid"),
        (over(OverrideFault::Expired), 422, "override_expired"),
        (over(OverrideFault::Used), 409, "override_used"),
        (over(OverrideFault::Mismatch), 422, "override_mismatch"),
        (over(OverrideFault::ApproverIsOperator), 403, "approver_is_operator"),
        (over(OverrideFault::ApproverLacksRole), 403, "approver_lacks_role"),
        (over(OverrideFault::ApproverOwnPurchase), 403, "approver_own_purchase"),
        (Refusal::QuoteDrifted(vec![]), 409, "quote_drifted"),
        (
            Refusal::AmountChanged { expected: "1.00".into(), decision: boxed() },
            409,
            "amount_changed",
        ),
        (Refusal::ReturnRefused(boxed()), 422, "return_refused"),
        (Refusal::ApprovalRequired(boxed()), 403, "approval_required"),
        (Refusal::NotVoidable { detail: "It is voided.".into() }, 409, "return_not_voidable"),
        (Refusal::SaleNotVoidable { detail: "It is voided.".into() }, 409, "sale_not_voidable"),
        (Refusal::RefundNotDue { status: "settled" }, 409, "refund_not_due"),
        (Refusal::Stale, 412, "precondition_failed"),
        (Refusal::MustMatch, 428, "precondition_required"),
        (
            Refusal::Policy { code: "publisher_is_author", detail: "No.".into() },
            403,
            "publisher_is_author",
        ),
        (Refusal::Invalid(vec![Fault::unknown_store("9")]), 404, "unknown_store"),
        (
            Refusal::Invalid(vec![Fault::new("/fallback", "tender_not_allowed", "No.")]),
            422,
            "tender_not_allowed",
        ),
    ];
    for (refusal, status, code) in table {
        let answer = rendered(refusal);
        let problem = json_of(&answer);
        assert_eq!(
            (answer.status, &problem["code"], &problem["instance"]),
            (status, &json!(code), &json!("/v1/x"))
        );
        assert_eq!(header_of(&answer, "content-type"), Some("application/problem+json"));
    }
    let quote = json_of(&rendered(Refusal::QuoteRequired { rule: "default".into() }));
    assert_eq!(quote["status"], json!(422));
}

#[test]
fn a_missing_approval_says_who_to_ask_and_brings_the_decision() {
    let problem = json_of(&rendered(Refusal::ApprovalRequired(Box::new(decision()))));
    let detail = "Bought 41 days ago on 2026-03-01; the window of 30 days closed on 2026-03-31. Ask a manager.";
    let expected = json!({
        "type": "https://returndesk.dev/problems/approval_required", "title": "Approval required", "status": 403,
        "detail": detail, "instance": "/v1/x", "code": "approval_required", "errors": [], "decision": decision_json()
    });
    assert_eq!(problem, expected);
}

#[test]
fn a_drifted_quote_lists_the_differences() {
    let drift =
        |what, quoted: &str, now: &str| Drift { what, quoted: quoted.into(), now: now.into() };
    let drifts = vec![drift("refund", "12.25", "11.25"), drift("returnable_quantity", "2", "1")];
    let problem = json_of(&rendered(Refusal::QuoteDrifted(drifts)));
    let expected = json!([{"what": "refund", "quoted": "12.25", "now": "11.25"},
        {"what": "returnable_quantity", "quoted": "2", "now": "1"}]);
    assert_eq!(problem["differences"], expected);
    let detail = "Since the check this changed: refund from 12.25 to 11.25; returnable quantity from 2 to 1. Check again.";
    assert_eq!(problem["detail"], json!(detail));
}
