//! Sales and returns for tests that go through the desk, in dollars and whole units.
#![allow(dead_code)] // each test binary uses a part of this

use super::instances::Instances;
use jiff::SignedDuration;
use returndesk::domain::draft::{Asked, Draft, DraftLine, SaleRef};
use returndesk::domain::perform::{Command, Done};
use returndesk::domain::quantity::Quantity;
use returndesk::domain::returns::RecordReturn;
use returndesk::domain::sales::RecordSale;
use returndesk::domain::words::{Condition, Reason, RefundTo};
use returndesk::wire::sale::NewSale;
use serde_json::{Value, json};
use uuid::Uuid;

/// The body of a sale whose lines are units of a dollar and a quarter each, by card, taxes of eight
/// percent on top.
pub fn sale_body(receipt: &str, units: &[i64], customer: Option<&str>) -> Value {
    let cents = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
    let line = |(units, number): (&i64, u32)| {
        json!({ "line": number, "sku": format!("SKU-{number}"), "quantity": units.to_string(), "unit_price": "1.25",
                "net": cents(units * 125), "taxes": [{ "code": "T", "rate": "0.08", "amount": cents(units * 10) }] })
    };
    let lines: Vec<Value> = units.iter().zip(1..).map(line).collect();
    let total = cents(units.iter().sum::<i64>() * 135);
    let mut body = json!({
        "store": "S1", "register": "3", "receipt": receipt, "business_date": "2026-03-01",
        "sold_at": "2026-03-01T12:00:00Z", "operator": "1001", "channel": "store", "currency": "USD",
        "prices_include_tax": false, "lines": lines, "total": total,
        "tenders": [{ "tender": 1, "type": "credit_card", "amount": total, "reference": "tok" }],
    });
    if let Some(customer) = customer {
        body["customer"] = json!(customer);
    }
    body
}

pub fn sale(receipt: &str, units: &[i64], customer: Option<&str>) -> RecordSale {
    read(sale_body(receipt, units, customer))
}

/// One unit of `SKU-1` at a price in cents, without tax.
pub fn priced_body(receipt: &str, cents: i64, store: &str) -> Value {
    let amount = format!("{}.{:02}", cents / 100, cents % 100);
    let mut body = sale_body(receipt, &[1], None);
    body["store"] = json!(store);
    body["lines"] =
        json!([{"line": 1, "sku": "SKU-1", "quantity": "1", "unit_price": amount, "net": amount}]);
    body["tenders"][0]["amount"] = json!(amount);
    body["total"] = json!(amount);
    body
}

pub fn read(body: Value) -> RecordSale {
    let sale: NewSale = serde_json::from_value(body).unwrap();
    sale.read("2026-11-22T12:00:00Z".parse().unwrap(), SignedDuration::from_hours(1)).unwrap()
}

impl Instances<'_> {
    /// Records a sale with so many units on each of its lines.
    pub fn sell(&self, receipt: &str, units: &[i64]) -> Uuid {
        self.sell_to(receipt, units, None)
    }

    pub fn sell_to(&self, receipt: &str, units: &[i64], customer: Option<&str>) -> Uuid {
        match self.done(Command::RecordSale(Box::new(sale(receipt, units, customer)))) {
            Done::SaleRecorded { sale, .. } => sale,
            other => panic!("{other:?}"),
        }
    }
}

/// So many units of a line.
pub fn units(line: u32, units: i64) -> DraftLine {
    DraftLine {
        sale: None,
        sale_line: Some(line),
        sku: None,
        unit_price: None,
        asked: Asked::Units(Quantity::units(units)),
        reason: Reason::parse("changed_mind").unwrap(),
        condition: Condition::Unopened,
        disposition: None,
        serial_number: None,
        note: None,
    }
}

/// A line of a sale of its own.
pub fn of(sale: Uuid, line: DraftLine) -> DraftLine {
    DraftLine { sale: Some(SaleRef::Id(sale)), ..line }
}

pub fn draft(lines: Vec<DraftLine>) -> Draft {
    Draft {
        store: "S1".to_owned(),
        register: "7".to_owned(),
        operator: "1042".to_owned(),
        sale: None,
        lines,
        charges: Vec::new(),
        customer: None,
        id_hash: None,
        refund_to: RefundTo::Original,
        refund_card: None,
        original_asked: false,
        unavailable_tenders: Vec::new(),
        currency: None,
        business_date: None,
        training: false,
        exchange: None,
    }
}

pub fn back(lines: Vec<DraftLine>) -> Command {
    record(draft(lines))
}

pub fn record(draft: Draft) -> Command {
    Command::RecordReturn(Box::new(RecordReturn {
        draft,
        grants: Vec::new(),
        bad_grant: None,
        quoted: None,
        digest: [0; 32],
        expected_refund: None,
        codes: Vec::new(),
    }))
}
