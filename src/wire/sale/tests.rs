//! Bodies of sales, with and without faults; documents read back.

use super::samples::hearts;
use super::*;
use crate::domain::book::Book;
use crate::domain::money::{Currency, Minor};
use crate::domain::quantity::Quantity;
use crate::domain::refusal::Fault;
use crate::domain::sale::{Card, Discount, LineKind, Sale, SaleLine as Line, Scope, Tax, Tender};
use crate::domain::sales::RecordSale;
use crate::domain::tender::TenderType;
use crate::wire::strict::Shape;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

fn now() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

fn read(body: Value) -> Result<RecordSale, Vec<Fault>> {
    let sale: NewSale = serde_json::from_value(body).unwrap();
    sale.read(now(), SignedDuration::from_mins(5))
}

fn faults(body: Value) -> Vec<(String, &'static str)> {
    read(body).err().into_iter().flatten().map(|fault| (fault.pointer, fault.code)).collect()
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut body = hearts();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match body.pointer_mut(parent).unwrap() {
            Value::Array(list) => list.push(value.clone()),
            object => object[key] = value.clone(),
        }
    }
    body
}

#[test]
fn the_sale_of_the_contract_is_read_as_it_stands() {
    assert_eq!(Shape::of::<NewSale>().check(&hearts()), []);
    let read = read(hearts()).unwrap();
    let tender = |tender, kind, amount| Tender {
        tender,
        kind,
        amount: Minor(amount),
        change: Minor::ZERO,
        reference: None,
        card: None,
    };
    let expected = Sale {
        id: Uuid::nil(),
        store: "0042".into(),
        register: "3".into(),
        receipt: "0042-3-20260301-4711".into(),
        business_date: "2026-03-01".parse().unwrap(),
        sold_at: "2026-03-01T19:05:09Z".parse().unwrap(),
        sold_at_as_sent: "2026-03-01T14:05:09-05:00".into(),
        operator: Some("1042".into()),
        channel: "store".into(),
        currency: Currency::parse("USD").unwrap(),
        customer: Some("C-77".into()),
        customer_class: None,
        prices_include_tax: false,
        lines: vec![Line {
            line: 1,
            kind: LineKind::Goods,
            sku: Some("85123A".into()),
            gtin: Some("05012345678900".into()),
            description: Some("Hanging heart".into()),
            category: vec!["gifts".into(), "decor".into()],
            brand: None,
            quantity: Quantity::units(2),
            unit_price: Some(Minor(1250).into()),
            amount: None,
            discounts: vec![Discount {
                amount: Minor(250),
                promotion: Some("SPRING".into()),
                description: Some("10 % off".into()),
                of: Scope::default(),
            }],
            net: Minor(2250),
            taxes: vec![Tax {
                code: "NY".into(),
                rate: Some("0.08875".into()),
                amount: Minor(200),
                included: None,
            }],
            serial_numbers: vec![],
            flags: vec![],
            parent_line: None,
            delivered_on: None,
            gift_card: None,
        }],
        discounts: vec![],
        taxes: vec![],
        charges: vec![],
        tenders: vec![
            Tender {
                reference: Some("tok_9f".into()),
                card: Some(Card {
                    brand: Some("visa".into()),
                    last4: Some("4242".into()),
                    fingerprint: Some("fp_1".into()),
                }),
                ..tender(1, TenderType::CreditCard, 2000)
            },
            tender(2, TenderType::Cash, 450),
        ],
        cash_rounding: Minor::ZERO,
        total: Minor(2450),
        returned: vec![],
        external_id: None,
        converted: None,
        exchange_of: None,
        shares_promotions: true,
    };
    assert_eq!(read.sale, expected);
    let id = Uuid::from_u128(7);
    assert_eq!(read_document(&read.document, id).unwrap(), Sale { id, ..expected });
}

#[test]
fn everything_optional_is_read() {
    let body = with(&[
        ("/customer_class", json!("member")),
        ("/cash_rounding", json!("-0.02")),
        ("/discounts", json!([{"amount": "2", "promotion": "SPRING"}])),
        (
            "/charges",
            json!([{"charge": 1, "type": "shipping", "amount": "4.90", "taxes": [{"code": "NY", "amount": "0.43"}], "refundable": true}]),
        ),
        (
            "/lines/0/attributes",
            json!({"final_sale": true, "size": "M", "watts": 5, "gift_receipt": false}),
        ),
        ("/lines/0/serial_numbers", json!(["490154203237518", "B"])),
        ("/lines/0/delivered_on", json!("2026-03-04")),
        ("/lines/0/brand", json!("Acme")),
        (
            "/lines/-",
            json!({"line": 2, "sku": "G", "quantity": 1, "unit_price": "50", "net": "50", "parent_line": 1,
            "gift_card": {"last4": "7Q2M", "amount": "50"}}),
        ),
        ("/tenders/1/amount", json!("100.00")),
        ("/tenders/1/change", json!("42.19")),
        ("/total", json!("77.83")),
    ]);
    assert_eq!(Shape::of::<NewSale>().check(&body), []);
    let sale = read(body).unwrap().sale;
    assert_eq!(sale.lines[0].flags, ["final_sale"]);
    assert_eq!(sale.lines[0].serial_numbers, ["490154203237518", "B"]);
    assert_eq!(sale.lines[0].delivered_on, Some("2026-03-04".parse().unwrap()));
    assert_eq!(sale.lines[1].parent_line, Some(1));
    assert_eq!(sale.lines[1].flags, ["gift_card"], "a line that sold a card says so to the rules");
    assert_eq!(sale.charges[0].gross(), Minor(533));
    assert_eq!(
        (sale.tenders[1].change, sale.cash_rounding, sale.total),
        (Minor(4219), Minor(-2), Minor(7783))
    );
    assert_eq!(sale.discounts[0].amount, Minor(200));
}

#[test]
fn the_same_content_is_the_same_document_however_it_is_written() {
    let known = read(hearts()).unwrap();
    let other = with(&[
        ("/lines/0/quantity", json!(2)),
        ("/lines/0/unit_price", json!("12.5")),
        ("/lines/0/brand", json!(null)),
        ("/sold_at", json!("2026-03-01t14:05:09-05:00")),
        ("/discounts", json!([])),
        ("/cash_rounding", json!("0.0")),
        ("/tenders/1/change", json!("0.00")),
    ]);
    let again = read(other).unwrap();
    assert_eq!((&again.document, again.digest), (&known.document, known.digest));
    assert!(known.document.starts_with(
        r#"{"business_date":"2026-03-01","cash_rounding":"0.00","channel":"store","charges":[]"#
    ));
    let changed = read(with(&[("/operator", json!("1043"))])).unwrap();
    assert_ne!(changed.digest, known.digest);
}

#[test]
fn a_body_full_of_faults_reports_every_one_where_it_is() {
    let body = with(&[
        ("/store", json!("-042")),
        ("/sold_at", json!("2026-03-09T14:05:09-05:00")),
        ("/lines/0/net", json!("22.505")),
        ("/lines/0/taxes/0/rate", json!("8 %")),
        ("/lines/0/taxes/0/amount", json!("-2.00")),
        ("/lines/0/serial_numbers", json!(["A", "B", "A"])),
        ("/lines/0/delivered_on", json!("2026-02-30")),
        ("/lines/0/parent_line", json!(1)),
        ("/lines/0/attributes/a~1b", json!(4_242_424_242_424_242_u64)),
        (
            "/lines/-",
            json!({"line": 1, "sku": "B", "quantity": 1, "unit_price": "1.00", "net": "1.00"}),
        ),
        ("/tenders/1/tender", json!(0)),
        ("/total", json!("1e3")),
    ]);
    let mut found = faults(body);
    found.sort();
    let expected = [
        ("/lines/0/attributes/a~01b", "card_number_refused"),
        ("/lines/0/delivered_on", "invalid_value"),
        ("/lines/0/net", "invalid_amount"),
        ("/lines/0/parent_line", "invalid_value"),
        ("/lines/0/serial_numbers", "invalid_value"),
        ("/lines/0/serial_numbers/2", "invalid_value"),
        ("/lines/0/taxes/0/amount", "invalid_amount"),
        ("/lines/0/taxes/0/rate", "invalid_value"),
        ("/lines/1/line", "invalid_value"),
        ("/sold_at", "time_in_future"),
        ("/store", "invalid_value"),
        ("/tenders/1/tender", "invalid_value"),
        ("/total", "invalid_amount"),
    ];
    assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
}

#[test]
fn sums_that_do_not_hold_are_named_with_both_amounts() {
    let body = with(&[
        ("/lines/0/net", json!("22.00")),
        ("/tenders/1/change", json!("5")),
        ("/total", json!("25.00")),
    ]);
    let found: Vec<_> = read(body)
        .unwrap_err()
        .into_iter()
        .map(|fault| (fault.pointer, fault.code, fault.detail))
        .collect();
    let fault =
        |pointer: &str, detail: &str| (pointer.to_owned(), "does_not_add_up", detail.to_owned());
    assert_eq!(
        found,
        [
            fault(
                "/lines/0/net",
                "Unit price times quantity less the line's discounts comes to 22.50; sent was 22.00."
            ),
            fault(
                "/total",
                "Lines less discounts plus taxes and charges comes to 24.00; sent was 25.00."
            ),
            fault(
                "/tenders/1/change",
                "The amount given, which the change cannot exceed, comes to 4.50; sent was 5.00."
            ),
            fault(
                "/tenders",
                "Total plus cash rounding, which tenders less change must equal, comes to 25.00; sent was 19.50."
            ),
        ]
    );
}

#[test]
fn a_foreign_currency_and_amounts_beyond_measure_are_faults_not_sums() {
    assert_eq!(
        faults(with(&[("/currency", json!("XXX"))])),
        [("/currency".into(), "invalid_value")]
    );
    let huge = with(&[
        ("/lines/0/unit_price", json!("9999999999999")),
        ("/lines/0/quantity", json!("1000000000")),
    ]);
    assert_eq!(faults(huge), [("/lines/0/unit_price".into(), "invalid_amount")]);
    let tax = json!({"code": "T", "amount": "9999999999999.00"});
    let many = with(&[("/lines/0/taxes", Value::from(vec![tax; 200]))]);
    assert_eq!(faults(many), [("/total".into(), "invalid_amount")]);
}

#[test]
fn unknown_fields_are_refused_at_every_depth() {
    let body = with(&[
        ("/tip", json!(1)),
        ("/lines/0/colour", json!("red")),
        ("/tenders/0/card/number", json!("x")),
    ]);
    let found: Vec<_> =
        Shape::of::<NewSale>().check(&body).into_iter().map(|f| (f.pointer, f.code)).collect();
    let unknown = |pointer: &str| (pointer.to_owned(), "unknown_field".to_owned());
    assert_eq!(
        found,
        [unknown("/lines/0/colour"), unknown("/tenders/0/card/number"), unknown("/tip")]
    );
    assert!(serde_json::from_value::<NewSale>(body).is_err());
}

#[test]
fn a_sale_is_shown_as_sent_with_what_came_back() {
    let recorded_sale = read(hearts()).unwrap();
    let id = Uuid::from_u128(0x0190_d3a0_0000_7000_8000_0000_0000_0001);
    let mut book = Book::new(Arc::new(read_document(&recorded_sale.document, id).unwrap()));
    book.lines[0].take(Quantity::ONE).unwrap();
    book.tenders[1].refunded = Minor(450);
    let shown = serde_json::to_value(SaleView::new(&recorded_sale.document, &book, now()).unwrap())
        .unwrap();
    let mut expected = hearts();
    expected["id"] = json!("0190d3a0-0000-7000-8000-000000000001");
    expected["recorded_at"] = json!("2026-03-02T00:00:00Z");
    expected["discounts"] = json!([]);
    expected["charges"] = json!([]);
    expected["cash_rounding"] = json!("0.00");
    expected["lines"][0]["returned_quantity"] = json!("1");
    expected["lines"][0]["returnable_quantity"] = json!("1");
    expected["tenders"][0]["refunded"] = json!("0.00");
    expected["tenders"][0]["change"] = json!("0.00");
    expected["tenders"][1]["refunded"] = json!("4.50");
    expected["tenders"][1]["change"] = json!("0.00");
    assert_eq!(shown, expected);
    assert_eq!(Shape::of::<SaleView>().check(&shown), []);

    let answer: Value = serde_json::from_str(&recorded(id, &recorded_sale.document, None)).unwrap();
    assert_eq!(answer["id"], expected["id"]);
    assert_eq!(answer["total"], json!("24.50"));
    assert_eq!(answer.get("recorded_at"), None);
    assert_eq!(Shape::of::<RecordedSale>().check(&answer), []);
}

proptest! {
    /// Whatever was taken in reads back as the same sale, and reading its document as a body
    /// changes nothing.
    #[test]
    fn documents_round_trip(
        lines in prop::collection::vec((1i64..5_000, 0i64..100_000, any::<bool>(), 0i64..900), 1..6),
        off in 0i64..50, code in prop::sample::select(vec!["USD", "JPY", "KWD"]), included: bool,
    ) {
        let currency = Currency::parse(code).unwrap();
        let text = |minor: i64| Minor(minor).format(currency);
        let mut total = 0;
        let sent: Vec<Value> = lines.iter().enumerate().map(|(index, (units, price, flag, tax))| {
            let net = units * price;
            let tax = *tax.min(&net);
            total += net + if included { 0 } else { tax };
            json!({"line": index + 1, "sku": format!("S{index}"), "quantity": units, "unit_price": text(*price),
                "net": text(net), "taxes": [{"code": "T", "amount": text(tax)}], "attributes": {"final_sale": flag}})
        }).collect();
        let off = off.min(lines.iter().map(|(units, price, ..)| units * price).sum());
        total -= off;
        let mut body = hearts();
        body["currency"] = json!(code);
        body["prices_include_tax"] = json!(included);
        body["lines"] = Value::from(sent);
        body["discounts"] = json!([{"amount": text(off)}]);
        body["tenders"] = json!([{"tender": 1, "type": "cash", "amount": text(total + 7), "change": text(7)}]);
        body["total"] = json!(text(total));
        let first = read(body).unwrap();
        prop_assert_eq!(&read_document(&first.document, Uuid::nil()).unwrap(), &first.sale);
        let again = read(serde_json::from_str(&first.document).unwrap()).unwrap();
        prop_assert_eq!((again.document, again.digest), (first.document, first.digest));
    }
}
