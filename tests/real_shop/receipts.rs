//! The receipts of a real till, recorded as printed, then brought back: in full, and unit by unit.

use crate::counter::{Counter, compiled_for, draft, settings, store, weighed, with};
use crate::oracle;
use crate::shop::{rules, say};
use jiff::SignedDuration;
use returndesk::domain::draft::SaleRef;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::returns::Return;
use returndesk::domain::sale::{Sale, Tender};
use returndesk::wire::sale::NewSale;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use uuid::Uuid;

const STORE: &str = "9";
const FILES: [&str; 4] = ["transactions.csv", "lines.csv", "tenders.csv", "taxes.csv"];
/// The row of bottles that were given back.
const BOTTLES: &str = "BOTTLE REFUND";

type Row = HashMap<String, String>;

/// The rows of one file.
fn rows(file: &str) -> Option<Vec<Row>> {
    let file = oracle::open_plain(&format!("pos_sample/{file}"))?;
    Some(csv::Reader::from_reader(file).into_deserialize().map(Result::unwrap).collect())
}

fn number(row: &Row, column: &str) -> Decimal {
    row[column].parse().unwrap()
}

/// The lines that were not taken off again: a row of a voided line cancels the one before it of the
/// same article and quantity.
fn printed<'r>(rows: &[&'r Row]) -> Vec<&'r Row> {
    let mut lines: Vec<&Row> = Vec::new();
    for row in rows {
        if row["void"] != "true" {
            lines.push(row);
            continue;
        }
        let cancelled = |line: &&Row| {
            line["gtin"] == row["gtin"] && number(line, "quantity") == -number(row, "quantity")
        };
        lines.remove(lines.iter().rposition(cancelled).unwrap());
    }
    lines
}

fn line(row: &Row, number_of: usize) -> Value {
    let kind = if row["description"] == BOTTLES { "deposit_return" } else { "goods" };
    json!({"line": number_of, "kind": kind, "sku": row["gtin"], "description": row["description"],
        "quantity": row["quantity"], "unit_price": row["unit_price"],
        "amount": row["extended_amount"], "net": row["extended_amount"]})
}

/// Cash below zero is change, and cash that a card paid for, of the tender before it.
fn tenders(rows: &[&Row]) -> Vec<Value> {
    let mut tenders: Vec<Value> = Vec::new();
    for row in rows {
        if number(row, "amount") < Decimal::ZERO {
            tenders.last_mut().unwrap()["change"] = json!((-number(row, "amount")).to_string());
            continue;
        }
        let kind = match (row["tender_type"].as_str(), row["card_type"].as_str()) {
            ("Cash", _) => "cash",
            (_, "Debit") => "debit_card",
            _ => "credit_card",
        };
        tenders.push(json!({"tender": tenders.len() + 1, "type": kind, "amount": row["amount"]}));
    }
    tenders
}

/// One receipt as a body, its tax once and its loyalty discount as they are printed.
fn body(head: &Row, files: &[Vec<Row>]) -> Value {
    let key = |row: &Row| (row["workstation"].clone(), row["sequence"].clone());
    let of = |file: usize| -> Vec<&Row> {
        files[file].iter().filter(|row| key(row) == key(head)).collect()
    };
    let lines = printed(&of(1));
    let sum = |rows: &[&Row], column: &str| rows.iter().map(|r| number(r, column)).sum::<Decimal>();
    let taxes: Vec<Value> = (of(3).iter())
        .map(|tax| {
            let rate = (number(tax, "percent") / Decimal::ONE_HUNDRED).to_string();
            json!({"code": tax["tax_id"], "rate": rate, "amount": tax["amount"]})
        })
        .collect();
    let total = number(head, "total_TransactionGrandAmount");
    let off = sum(&lines, "extended_amount") + sum(&of(3), "amount") - total;
    let discounts = match off.is_zero() {
        true => json!([]),
        false => json!([{"amount": off.to_string(), "promotion": "LOYALTY"}]),
    };
    let lines: Vec<Value> = lines.iter().zip(1..).map(|(row, place)| line(row, place)).collect();
    json!({"store": STORE, "register": head["workstation"], "receipt": head["sequence"],
        "business_date": head["business_day"], "sold_at": format!("{}Z", head["end_time"]),
        "operator": head["operator"], "currency": "USD", "lines": lines, "taxes": taxes,
        "discounts": discounts, "tenders": tenders(&of(2)), "total": total.to_string()})
}

fn receipts() -> Option<Vec<Value>> {
    let files: Vec<Vec<Row>> = FILES.iter().map(|file| rows(file)).collect::<Option<_>>()?;
    Some(files[0].iter().map(|head| body(head, &files)).collect())
}

/// The real store, which takes everything back whenever it comes.
fn counter() -> Counter {
    let order = r#"["credit_card", "debit_card", "cash"]"#;
    let mut settings = settings(compiled_for(&["USD"], &rules(order)));
    let till = store(STORE, "USD", "US-WA", "America/Los_Angeles");
    settings.stores.insert(STORE.to_owned(), Arc::new(till));
    Counter::with_settings(settings, Vec::new())
}

fn recorded(counter: &mut Counter, body: &Value) -> Sale {
    let sale: NewSale = serde_json::from_value(body.clone()).unwrap();
    let read = sale.read(counter.now, SignedDuration::ZERO);
    let read = read.unwrap_or_else(|faults| panic!("{}: {faults:?}", body["receipt"]));
    let id = match counter.perform(&Command::RecordSale(Box::new(read))) {
        Outcome::Done(done) => match *done {
            Done::SaleRecorded { sale, .. } => sale,
            other => panic!("{other:?}"),
        },
        Outcome::Refused(refusal) => panic!("{}: {refusal:?}", body["receipt"]),
    };
    (*counter.state.book(id).unwrap().sale).clone()
}

fn bring_back(counter: &mut Counter, sale: Uuid, parts: &[(u32, i64)]) -> Return {
    let lines = parts.iter().map(|(line, thousandths)| weighed(*line, *thousandths)).collect();
    let asked = with(draft(lines), |draft| {
        (draft.store, draft.sale) = (STORE.to_owned(), Some(SaleRef::Id(sale)));
    });
    counter.record(asked).unwrap_or_else(|refusal| panic!("{sale} {parts:?}: {refusal:?}"))
}

/// What returns paid to each tender of the sale.
fn paid(returns: &[Return]) -> BTreeMap<u32, i64> {
    let mut paid = BTreeMap::new();
    for refund in returns.iter().flat_map(|one| &one.refunds) {
        *paid.entry(refund.plan.sale_tender.unwrap()).or_default() += refund.plan.amount.0;
    }
    paid
}

/// The steps of one line: unit by unit, and what is weighed in three parts.
fn steps(line: u32, quantity: i64) -> Vec<(u32, i64)> {
    if quantity % 1_000 == 0 {
        return (0..quantity / 1_000).map(|_| (line, 1_000)).collect();
    }
    let third = quantity / 3;
    vec![(line, third), (line, third), (line, quantity - 2 * third)]
}

#[test]
fn the_receipts_of_a_real_till_are_recorded_as_printed_and_come_back_to_the_cent() {
    let Some(receipts) = receipts() else {
        return say("\n*** REAL DATA NOT FOUND: no receipt of a real till was tried. ***\n");
    };
    assert_eq!(receipts.len(), 42);
    let (mut lines, mut steps_taken, mut in_kind) = (0, 0, 0);
    for body in &receipts {
        // What the goods cost, and what each tender paid of it.
        let mut whole = counter();
        let sale = recorded(&mut whole, body);
        let owed: BTreeMap<u32, i64> =
            sale.tenders.iter().map(|tender| (tender.tender, tender.paid().0)).collect();
        let bottles = owed.get(&Tender::IN_KIND).copied().unwrap_or_default();
        let goods: Vec<(u32, i64)> = (sale.lines.iter())
            .filter(|line| line.is_goods())
            .map(|line| (line.line, line.quantity.0))
            .collect();
        let all = bring_back(&mut whole, sale.id, &goods);
        assert_eq!(all.refund.0, sale.total.0 + bottles, "{}", sale.receipt);
        assert_eq!(paid(&[all]), owed, "{} in full", sale.receipt);
        let mut pieces = counter();
        let again = recorded(&mut pieces, body);
        let returns: Vec<Return> = (goods.iter())
            .flat_map(|(line, quantity)| steps(*line, *quantity))
            .map(|step| bring_back(&mut pieces, again.id, &[step]))
            .collect();
        assert_eq!(paid(&returns), owed, "{} unit by unit", sale.receipt);
        let book = pieces.state.book(again.id).unwrap();
        assert!(book.lines.iter().all(|line| line.refunded() == line.value()));
        (lines, steps_taken) = (lines + goods.len(), steps_taken + returns.len());
        in_kind += bottles;
    }
    assert_eq!(in_kind, 200, "one milk bottle");
    say(&format!(
        "42 real receipts, {lines} lines, brought back in full and in {steps_taken} steps"
    ));
}
