//! The document that the domain writes of an exchange's sale is one like the others.

use super::{NewSale, read_document};
use crate::domain::canonical::{Json, Members};
use crate::domain::draft::{Asked, Draft, DraftLine, ExchangeDraft, ExchangeLine, SaleRef};
use crate::domain::exchanges::document;
use crate::domain::money::{Currency, Minor};
use crate::domain::quantity::Quantity;
use crate::domain::sale::{Card, Discount, LineKind, Sale, SaleLine, Scope, Tax, Tender};
use crate::domain::tender::TenderType;
use crate::domain::tie::{Carried, Even, Since, Tie};
use crate::domain::unit_price::UnitPrice;
use crate::domain::words::{Condition, Reason, RefundTo};
use crate::wire::sale::samples;
use jiff::civil::date;
use serde_json::json;
use uuid::Uuid;

fn line() -> SaleLine {
    SaleLine {
        line: 1,
        kind: LineKind::Goods,
        sku: Some("85123B".into()),
        gtin: Some("05012345678900".into()),
        description: Some("Hanging \"heart\", rot \u{1F496} \u{7f}\t".into()),
        category: vec!["gifts".into(), "décor".into()],
        brand: Some("Acme".into()),
        quantity: Quantity(1_500),
        unit_price: UnitPrice::parse("8.005", Currency::parse("USD").unwrap()),
        amount: Some(Minor(1200)),
        discounts: vec![Discount {
            amount: Minor(100),
            promotion: Some("P".into()),
            description: None,
            of: Scope::default(),
        }],
        net: Minor(1100),
        taxes: vec![Tax {
            code: "NY".into(),
            rate: Some("0.08875".into()),
            amount: Minor(98),
            included: Some(false),
        }],
        serial_numbers: vec!["SN-1".into()],
        flags: vec!["final_sale".into()],
        parent_line: None,
        delivered_on: None,
        gift_card: None,
    }
}

fn sale(first: &Sale) -> Sale {
    let id = Uuid::from_u128;
    let since = Since { bought_on: date(2026, 3, 1), delivered_on: Some(date(2026, 3, 4)) };
    let card = Card { brand: Some("visa".into()), last4: None, fingerprint: Some("fp_1".into()) };
    let tender = |tender, kind, amount, change| Tender {
        tender,
        kind,
        amount: Minor(amount),
        change: Minor(change),
        reference: Some("tok_9f".into()),
        card: Some(card.clone()),
    };
    let carried = |tender, origin, rounding| Carried {
        tender,
        origin,
        paid_on: date(2026, 3, 1),
        rounding: Minor(rounding),
    };
    Sale {
        id: id(7),
        receipt: "X-1".into(),
        lines: vec![line()],
        discounts: vec![Discount {
            amount: Minor(1),
            promotion: None,
            description: Some("odd".into()),
            of: Scope { lines: [1].into(), charges: [].into() },
        }],
        charges: vec![],
        tenders: vec![
            tender(2, TenderType::CreditCard, 1000, 0),
            tender(3, TenderType::StoreCredit, 100, 0),
            tender(1, TenderType::Cash, 200, 100),
        ],
        cash_rounding: Minor(3),
        total: Minor(1197),
        exchange_of: Some(Tie {
            the_return: id(8),
            return_number: "0042-260411-7KQ2M0XZ".into(),
            first_sale: Some(id(1)),
            since,
            even: vec![Even { line: 1, since: Since { delivered_on: None, ..since } }],
            exchange_only: vec![1],
            carried: vec![carried(2, Some((id(1), 1)), -2), carried(3, None, 0)],
        }),
        ..first.clone()
    }
}

fn draft(attributes: Members) -> Draft {
    let line = ExchangeLine { line: line(), attributes, exchanged_for: Some(0), priced: true };
    Draft {
        store: "0042".into(),
        register: "7".into(),
        operator: "1042".into(),
        sale: Some(SaleRef::Id(Uuid::from_u128(1))),
        lines: vec![DraftLine {
            sale: None,
            sale_line: Some(1),
            sku: None,
            unit_price: None,
            asked: Asked::Units(Quantity::ONE),
            reason: Reason::parse("other").unwrap(),
            condition: Condition::Opened,
            disposition: None,
            serial_number: None,
            note: None,
        }],
        charges: vec![],
        customer: None,
        id_hash: None,
        refund_to: RefundTo::Original,
        refund_card: None,
        original_asked: false,
        unavailable_tenders: vec![],
        currency: None,
        business_date: None,
        training: false,
        exchange: Some(ExchangeDraft {
            lines: vec![line],
            discounts: vec![],
            taxes: Vec::new(),
            charges: Vec::new(),
            tenders: vec![],
            receipt: None,
            prices_include_tax: None,
            cash_rounding: None,
        }),
    }
}

#[test]
fn the_document_of_an_exchange_reads_back_as_its_sale() {
    let first: NewSale = serde_json::from_value(samples::hearts()).unwrap();
    let first = read_document(&serde_json::to_string(&first).unwrap(), Uuid::from_u128(1)).unwrap();
    let attributes = Members::from([
        ("final_sale".into(), Json::Bool(true)),
        ("colour".into(), Json::from("röt")),
        ("size".into(), Json::from(3_u32)),
    ]);
    let sold = sale(&first);
    let written = document(&sold, &draft(attributes));
    assert_eq!(read_document(&written, sold.id).unwrap(), sold);
    // Written as `wire` writes the sales that registers send.
    let read: NewSale = serde_json::from_str(&written).unwrap();
    let mut sorted = serde_json::to_value(read).unwrap();
    sorted.sort_all_objects();
    assert_eq!(sorted.to_string(), written);
}

#[test]
fn a_register_that_ties_a_sale_itself_is_told_to_leave_that_out() {
    let mut body = samples::hearts();
    body["exchange_of"] =
        json!({"return": Uuid::nil().to_string(), "return_number": "R", "bought_on": "2026-03-01"});
    body["tenders"][1]["carried_from"] = json!({"paid_on": "2026-03-01", "rounding": "0"});
    let sale: NewSale = serde_json::from_value(body).unwrap();
    let faults =
        sale.read("2026-03-02T00:00:00Z".parse().unwrap(), jiff::SignedDuration::ZERO).unwrap_err();
    let told: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
    assert_eq!(
        told,
        [("/exchange_of", "unknown_field"), ("/tenders/1/carried_from", "unknown_field")]
    );
}
