//! An example's shop, policy and sale: from its tables to the counter.

use super::counter::{Counter, policy_in, settings, store};
use super::page::{Example, Row};
use jiff::SignedDuration;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::wire::sale::NewSale;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What an example's shop is called.
pub const SHOP: &str = "E1";

/// Thirty days; money goes back where it came from, cards before cash.
const RULES: &str = r#"[{ "id": "default", "when": {}, "set": {
    "window": { "days": 30, "after": "refuse" },
    "refund_to": { "*": ["original", "store_credit"] },
    "tender_order": ["gift_card", "store_credit", "credit_card", "debit_card", "check", "cash"] } }]"#;

/// Columns of the table of lines that are no taxes.
const LINE_COLUMNS: [&str; 7] =
    ["line", "item", "kind", "quantity", "unit price", "discount", "net"];

/// A counter with the example's shop and its sale, rung up on 2026-03-01.
pub fn open(example: &Example) -> Counter {
    let place = example.rows("place").next().expect("a table that says where");
    let (region, code) = (place.get("place"), place.get("currency"));
    let mut settings = settings(policy_in(code, "sale", example.rules.as_deref().unwrap_or(RULES)));
    settings.stores.insert(SHOP.to_owned(), Arc::new(store(SHOP, code, region, "UTC")));
    let mut counter = Counter::with_settings(settings, Vec::new());
    let body: NewSale = serde_json::from_value(sale(example, place)).unwrap();
    let read = body
        .read(counter.now, SignedDuration::ZERO)
        .unwrap_or_else(|faults| panic!("{}: {faults:?}", example.title));
    match counter.perform(&Command::RecordSale(Box::new(read))) {
        Outcome::Done(done) if matches!(*done, Done::SaleRecorded { .. }) => counter,
        other => panic!("{}: {other:?}", example.title),
    }
}

fn sale(example: &Example, place: &Row) -> Value {
    let included = match place.get("prices") {
        "tax included" => true,
        "tax added" => false,
        other => {
            panic!("{}: prices are with tax included or tax added, not {other}", example.title)
        }
    };
    let tenders: Vec<&Row> = example.rows("tender").collect();
    let rounding =
        tenders.iter().map(|row| row.get("rounding")).find(|cell| !cell.is_empty()).unwrap_or("0");
    let tenders: Vec<Value> =
        tenders.iter().zip(1..).map(|(row, number)| tender(row, number)).collect();
    let coupons: Vec<Value> = example
        .rows("coupon")
        .map(|row| json!({ "amount": row.get("amount"), "promotion": row.get("coupon") }))
        .collect();
    let taxes: Vec<Value> = example
        .rows("tax of the receipt")
        .map(|row| json!({ "code": row.get("tax of the receipt"), "amount": row.get("amount") }))
        .collect();
    // Rung up before the shop's currency replaced another.
    let (code, day) = match place.get("rung up in") {
        "" => (place.get("currency"), "2026-03-01"),
        code => (code, "2025-12-20"),
    };
    json!({ "store": SHOP, "register": "3", "receipt": "R-1", "business_date": day,
            "sold_at": format!("{day}T12:00:00Z"), "operator": "1001", "channel": "store", "currency": code,
            "prices_include_tax": included, "lines": example.rows("line").map(line).collect::<Vec<_>>(),
            "discounts": coupons, "taxes": taxes, "tenders": tenders, "cash_rounding": rounding, "total": total(example, included) })
}

pub fn line(row: &Row) -> Value {
    let mut line = goods(row, &LINE_COLUMNS);
    if !row.get("kind").is_empty() {
        line.insert("kind".to_owned(), json!(row.get("kind").replace(' ', "_")));
    }
    line.insert("line".to_owned(), json!(row.get("line").parse::<u32>().unwrap()));
    Value::Object(line)
}

/// What a row says of goods sold; every column that is not among `known` is a tax.
pub fn goods(row: &Row, known: &[&str]) -> Map<String, Value> {
    let taxes: Vec<Value> = row
        .cells()
        .filter(|(column, cell)| !known.contains(column) && !cell.is_empty())
        .map(|(code, amount)| json!({ "code": code, "amount": amount }))
        .collect();
    let discounts: Vec<Value> = match row.get("discount").split_once(' ') {
        Some((amount, promotion)) => vec![json!({ "amount": amount, "promotion": promotion })],
        None if row.get("discount").is_empty() => Vec::new(),
        None => vec![json!({ "amount": row.get("discount") })],
    };
    let Value::Object(goods) = json!({ "sku": row.get("item"), "quantity": row.get("quantity"), "net": row.get("net").replace('−', "-"),
        "unit_price": row.get("unit price"), "discounts": discounts, "taxes": taxes })
    else {
        unreachable!("an object")
    };
    goods
}

/// A means of payment as it was used.
pub fn tender(row: &Row, number: u32) -> Value {
    let change = if row.get("change").is_empty() { "0" } else { row.get("change") };
    json!({ "tender": number, "type": row.get("tender").replace(' ', "_"), "amount": row.get("given"), "change": change,
            "reference": format!("ref-{number}") })
}

fn total(example: &Example, included: bool) -> String {
    let mut total = Sum::default();
    for row in example.rows("line") {
        let taxes =
            row.cells().filter(|(column, _)| !LINE_COLUMNS.contains(column)).map(|(_, cell)| cell);
        total.add(row.get("net"));
        taxes.filter(|_| !included).for_each(|tax| total.add(tax));
    }
    example
        .rows("tax of the receipt")
        .filter(|_| !included)
        .for_each(|row| total.add(row.get("amount")));
    example.rows("coupon").for_each(|row| total.add(&format!("-{}", row.get("amount"))));
    total.to_string()
}

/// A sum of cells, in the digits they are written with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    units: i64,
    digits: usize,
}

impl Sum {
    /// Adds a cell; an empty one is nothing.
    pub fn add(&mut self, cell: &str) {
        let plain = cell.replace('−', "-");
        if plain.is_empty() {
            return;
        }
        self.digits =
            self.digits.max(plain.split_once('.').map_or(0, |(_, decimals)| decimals.len()));
        let negative = plain.starts_with('-');
        let (whole, decimals) = plain
            .trim_start_matches('-')
            .split_once('.')
            .unwrap_or((plain.trim_start_matches('-'), ""));
        let units: i64 = format!("{whole}{decimals:0<4}")
            .parse()
            .unwrap_or_else(|_| panic!("{cell} is no amount"));
        self.units += if negative { -units } else { units };
    }

    /// The same amount, however many zeros it is written with.
    pub fn same(self, other: Sum) -> bool {
        self.units == other.units
    }
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{:05}", self.units.unsigned_abs());
        let (whole, decimals) = text.split_at(text.len() - 4);
        let sign = if self.units < 0 { "-" } else { "" };
        match self.digits {
            0 => write!(f, "{sign}{whole}"),
            digits => write!(f, "{sign}{whole}.{}", &decimals[..digits]),
        }
    }
}
