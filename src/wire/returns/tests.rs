//! Bodies of returns, with and without faults.

use super::samples::{one_heart_back, recorded, recorded_json};
use super::*;
use crate::domain::draft::{Asked, Draft, DraftCharge, DraftLine, SaleRef};
use crate::domain::money::{Currency, Minor};
use crate::domain::quantity::Quantity;
use crate::domain::refusal::Fault;
use crate::domain::returns::{RefundStatus, ReturnStatus};
use crate::domain::words::RefundTo;
use crate::domain::words::{Disposition, Reason};
use crate::wire::strict::Shape;
use serde_json::{Value, json};
use uuid::Uuid;

fn usd() -> Option<Currency> {
    Currency::parse("USD")
}

fn read(body: Value) -> Result<ReadReturn, Vec<Fault>> {
    let request: ReturnRequest = serde_json::from_value(body).unwrap();
    request.read(usd(), "1042", &|number| [u8::try_from(number.len()).unwrap(); 32])
}

fn faults(body: Value) -> Vec<(String, &'static str)> {
    read(body).err().into_iter().flatten().map(|fault| (fault.pointer, fault.code)).collect()
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut body = one_heart_back();
    for (member, value) in changes {
        body[*member] = value.clone();
    }
    body
}

#[test]
fn the_body_of_the_contract_is_read_as_it_stands() {
    assert_eq!(Shape::of::<ReturnRequest>().check(&one_heart_back()), []);
    let read = read(one_heart_back()).unwrap();
    let draft = Draft {
        store: "0042".into(),
        register: "7".into(),
        operator: "1042".into(),
        sale: Some(SaleRef::Receipt {
            receipt: "0042-3-20260301-4711".into(),
            store: None,
            register: None,
            business_date: None,
        }),
        lines: vec![DraftLine {
            sale: None,
            sale_line: Some(1),
            sku: None,
            unit_price: None,
            asked: Asked::Units(Quantity::ONE),
            reason: Reason::parse("defective").unwrap(),
            condition: Condition::Opened,
            disposition: Some(Disposition::ReturnToSupplier),
            serial_number: None,
            note: None,
        }],
        charges: vec![],
        customer: Some("C-77".into()),
        id_hash: None,
        refund_to: RefundTo::Original,
        refund_card: None,
        original_asked: true,
        unavailable_tenders: vec![1],
        currency: usd(),
        business_date: None,
        training: false,
        exchange: None,
    };
    let digest = read.digest;
    let approvals = vec!["eyJh.e30.c2ln".to_owned()];
    assert_eq!(
        read,
        ReadReturn { draft, approvals, quote: None, expected_refund: Some(Minor::ZERO), digest }
    );
}

#[test]
fn the_other_forms_are_read_too() {
    let id = "0190d3a0-0000-7000-8000-000000000001";
    let of_day =
        json!({"receipt": "R", "store": "0007", "register": "3", "business_date": "2026-03-01"});
    let body = json!({
        "store": "0042", "register": "7", "customer": {"identification": "D1234"}, "refund_to": "cash",
        "lines": [
            {"sale": {"id": id}, "sale_line": 2, "amount": "5"},
            {"sale": of_day, "sale_line": 1, "quantity": 2},
            {"sku": "85123A", "unit_price": "12.5", "quantity": "0.5", "condition": "used", "reason": "changed_mind"}
        ],
        "charges": [{"charge": 1, "sale": {"id": id}}]
    });
    assert_eq!(Shape::of::<ReturnRequest>().check(&body), []);
    let draft = read(body).unwrap().draft;
    let (id, day) = (Uuid::try_parse(id).unwrap(), "2026-03-01".parse().ok());
    assert_eq!(draft.id_hash, Some([5; 32]));
    assert_eq!(draft.lines[0].sale, Some(SaleRef::Id(id)));
    assert_eq!(draft.lines[0].asked, Asked::Money(Minor(500)));
    assert_eq!(
        (draft.lines[0].reason.as_str(), draft.lines[0].condition),
        ("other", Condition::Opened)
    );
    let by_day = SaleRef::Receipt {
        receipt: "R".into(),
        store: Some("0007".into()),
        register: Some("3".into()),
        business_date: day,
    };
    assert_eq!(draft.lines[1].sale, Some(by_day));
    assert_eq!(
        (draft.lines[2].sku.as_deref(), draft.lines[2].unit_price),
        (Some("85123A"), Some(Minor(1250).into()))
    );
    assert_eq!(
        draft.charges,
        [DraftCharge { sale: Some(SaleRef::Id(id)), charge: 1, amount: None }]
    );
}

#[test]
fn a_body_full_of_faults_reports_every_one_where_it_is() {
    let body = json!({
        "store": "no store", "register": "7", "currency": "EUR", "expected_refund": "-1", "on_approval_needed": "request",
        "lines": [
            {"sale_line": 1, "quantity": "1", "amount": "1.00"},
            {"sku": "A"},
            {"quantity": 1, "reason": "Späť"},
            {"sale": {"id": "0190d3a0-0000-7000-8000-000000000001", "receipt": "R"}, "sale_line": 1, "amount": "0"},
            {"sale": {"store": "-", "business_date": "2026-02-30"}, "sku": "A", "amount": "1.001"}
        ],
        "charges": [{"charge": 1, "sale": {}}],
        "exchange": {"lines": [{"sku": "B", "quantity": 1, "unit_price": "x", "net": "1"}]}
    });
    let mut found = faults(body);
    found.sort();
    let expected = [
        ("/charges/0/sale", "invalid_value"),
        ("/currency", "currency_mismatch"),
        ("/exchange/lines/0/unit_price", "invalid_amount"),
        ("/expected_refund", "invalid_amount"),
        ("/lines/0/amount", "invalid_value"),
        ("/lines/0/sale", "missing_field"),
        ("/lines/1/quantity", "missing_field"),
        ("/lines/2/reason", "invalid_value"),
        ("/lines/2/sale_line", "missing_field"),
        ("/lines/3/amount", "invalid_amount"),
        ("/lines/3/sale", "invalid_value"),
        ("/lines/4/amount", "invalid_amount"),
        ("/lines/4/amount", "invalid_value"),
        ("/lines/4/sale/business_date", "invalid_value"),
        ("/on_approval_needed", "invalid_value"),
        ("/store", "invalid_value"),
    ];
    assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
    let nothing = with(&[("lines", json!([]))]);
    assert_eq!(faults(nothing), [("/lines".to_owned(), "invalid_value")]);
}

#[test]
fn a_store_that_is_not_known_is_told_with_the_rest() {
    let request: ReturnRequest =
        serde_json::from_value(with(&[("lines", json!([{"sale_line": 1}]))])).unwrap();
    let found = request.read(None, "1042", &|_| [0; 32]).unwrap_err();
    let codes: Vec<_> = found.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
    assert_eq!(codes, [("/store", "unknown_store"), ("/lines/0/quantity", "missing_field")]);
}

#[test]
fn the_digest_is_of_the_draft_and_not_of_what_comes_with_it() {
    let digest = |body| read(body).unwrap().digest;
    let checked = digest(one_heart_back());
    let record = with(&[
        ("quote", json!("q.q.q")),
        ("approvals", json!([])),
        ("expected_refund", json!("12.25")),
        (
            "lines",
            json!([{"disposition": "return_to_supplier", "condition": "opened", "reason": "defective",
            "quantity": 1, "sale_line": 1, "note": ""}]),
        ),
    ]);
    assert_eq!(digest(record), checked);
    assert_ne!(digest(with(&[("refund_to", json!("cash"))])), checked);
    assert_ne!(
        digest(with(&[("customer", json!({"id": "C-77", "identification": "X"}))])),
        checked
    );
}

#[test]
fn unknown_fields_are_refused_at_every_depth() {
    let body = with(&[("tip", json!(1)), ("sale", json!({"receipt": "R", "till": 1}))]);
    let found: Vec<_> = Shape::of::<ReturnRequest>()
        .check(&body)
        .into_iter()
        .map(|f| (f.pointer, f.code))
        .collect();
    let unknown = |pointer: &str| (pointer.to_owned(), "unknown_field".to_owned());
    assert_eq!(found, [unknown("/sale/till"), unknown("/tip")]);
}

#[test]
fn a_recorded_return_contains_its_decision() {
    let view = serde_json::to_value(ReturnView::from(&recorded())).unwrap();
    assert_eq!(view, recorded_json());
    assert_eq!(Shape::of::<ReturnView>().check(&view), []);
}

#[test]
fn a_return_is_shown_as_it_stands_today() {
    let recorded = recorded();
    let document = serde_json::to_string(&ReturnView::from(&recorded)).unwrap();
    assert_eq!(current(&document, &recorded.the_return).unwrap(), recorded_json());
    let mut later = recorded.the_return.clone();
    later.status = ReturnStatus::Voided;
    later.refunds[0].status = RefundStatus::Failed;
    later.refunds[0].settled_at = "2026-04-12T08:00:00Z".parse().ok();
    later.refunds[0].settlement_reference = Some("T-9".into());
    let mut stand_in = recorded.the_return.refunds[0].clone();
    stand_in.plan.refund = 2;
    stand_in.stands_in_for = Some(1);
    later.refunds.push(stand_in);
    let shown = current(&document, &later).unwrap();
    assert_eq!(shown["status"], json!("voided"));
    let mut expected =
        [recorded_json()["refunds"][0].clone(), recorded_json()["refunds"][0].clone()];
    expected[0]["status"] = json!("failed");
    expected[0]["settled_at"] = json!("2026-04-12T08:00:00Z");
    expected[0]["settlement_reference"] = json!("T-9");
    expected[1]["refund"] = json!(2);
    expected[1]["stands_in_for"] = json!(1);
    assert_eq!(shown["refunds"], json!(expected));
    let state = serde_json::to_value(ReturnStateView::from(&later)).unwrap();
    assert_eq!(
        (&state["refunds"], &state["status"], &state["currency"]),
        (&json!(expected), &json!("voided"), &json!("USD"))
    );
}

#[test]
fn a_quote_is_for_the_new_goods_and_not_for_how_they_are_paid() {
    let goods = |unit_price: &str, more: Value| {
        let line =
            json!({"sku": "85123B", "quantity": "1", "unit_price": unit_price, "net": unit_price});
        let mut exchange = json!({"lines": [line]});
        exchange.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        read(with(&[("exchange", exchange)])).unwrap().digest
    };
    let paid = json!({"tenders": [{"tender": 1, "type": "cash", "amount": "1.00"}], "receipt": "X-1", "cash_rounding": "0.00"});
    assert_eq!(goods("12.50", json!({})), goods("12.5", paid));
    assert_ne!(goods("12.50", json!({})), goods("12.51", json!({})));
    assert_ne!(goods("12.50", json!({})), read(one_heart_back()).unwrap().digest);
}
