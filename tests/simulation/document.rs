//! A sale as a register sends it: what a database keeps of it.

use jiff::SignedDuration;
use returndesk::domain::money::{Currency, Minor};
use returndesk::domain::quantity::Quantity;
use returndesk::domain::sale::{
    CameBack, Discount, ReceiptTax, ReturnedBefore, Sale, SaleLine, Tax,
};
use returndesk::domain::sales::RecordSale;
use returndesk::wire::sale::NewSale;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The body of a sale, read the way the service reads it.
pub fn command(sale: &Sale) -> RecordSale {
    let body: NewSale = serde_json::from_value(body(sale)).unwrap();
    let command = body.read(sale.sold_at, SignedDuration::from_hours(1)).unwrap();
    assert_eq!(
        command.sale,
        Sale { id: Uuid::nil(), sold_at_as_sent: sale.sold_at.to_string(), ..sale.clone() },
        "a sale is read as it was sent"
    );
    command
}

fn body(sale: &Sale) -> Value {
    let money = |amount: Minor| amount.format(sale.currency);
    let tenders: Vec<Value> = sale
        .payments()
        .map(|tender| {
            json!({
                "tender": tender.tender, "type": tender.kind.as_str(), "amount": money(tender.amount),
                "change": money(tender.change), "reference": tender.reference
            })
        })
        .collect();
    let charges: Vec<Value> = sale
        .charges
        .iter()
        .map(|charge| {
            json!({
                "charge": charge.charge, "type": charge.kind, "amount": money(charge.amount),
                "taxes": taxes(&charge.taxes, sale.currency), "refundable": charge.refundable
            })
        })
        .collect();
    let mut body = json!({
        "store": sale.store, "register": sale.register, "receipt": sale.receipt,
        "business_date": sale.business_date.to_string(), "sold_at": sale.sold_at.to_string(),
        "operator": sale.operator, "channel": sale.channel, "currency": sale.currency.code(),
        "customer": sale.customer, "prices_include_tax": sale.prices_include_tax,
        "lines": sale.lines.iter().map(|of| line(of, sale.currency)).collect::<Vec<Value>>(),
        "discounts": discounts(&sale.discounts, sale.currency), "charges": charges, "tenders": tenders,
        "cash_rounding": money(sale.cash_rounding), "total": money(sale.total)
    });
    let named = |discount: &Discount, sent: &mut Value| {
        numbers(sent, &discount.of.lines, &discount.of.charges);
    };
    let sent = body["discounts"].as_array_mut().unwrap();
    sale.discounts.iter().zip(sent).for_each(|(discount, sent)| named(discount, sent));
    if !sale.returned.is_empty() {
        body["returned"] =
            sale.returned.iter().map(|before| returned(before, sale.currency)).collect();
    }
    body["taxes"] = sale.taxes.iter().map(|tax| receipt_tax(tax, sale.currency)).collect();
    body
}

fn returned(before: &ReturnedBefore, currency: Currency) -> Value {
    let mut sent = json!({ "at": before.at.to_string() });
    match &before.what {
        CameBack::Money(amount) => sent["amount"] = json!(amount.format(currency)),
        CameBack::Units(lines) => {
            let line = |(number, units): &(u32, Quantity)| json!({ "line": number, "quantity": units.to_string() });
            sent["lines"] = lines.iter().map(line).collect();
        }
    }
    let tender = |(number, amount): &(u32, Minor)| json!({ "tender": number, "amount": amount.format(currency) });
    sent["tenders"] = before.tenders.iter().map(tender).collect();
    sent
}

fn receipt_tax(tax: &ReceiptTax, currency: Currency) -> Value {
    let mut sent = json!({ "code": tax.tax.code, "amount": tax.tax.amount.format(currency) });
    numbers(&mut sent, &tax.of.lines, &tax.of.charges);
    sent
}

/// What a discount or tax of the sale names; nothing where it names nothing.
fn numbers(sent: &mut Value, lines: &BTreeSet<u32>, charges: &BTreeSet<u32>) {
    for (list, numbers) in [("lines", lines), ("charges", charges)] {
        if !numbers.is_empty() {
            sent[list] = json!(numbers);
        }
    }
}

fn line(line: &SaleLine, currency: Currency) -> Value {
    let money = |amount: Minor| amount.format(currency);
    let flags: Map<String, Value> =
        line.flags.iter().map(|flag| (flag.clone(), true.into())).collect();
    json!({
        "line": line.line, "kind": line.kind.as_str(), "sku": line.sku, "quantity": line.quantity.to_string(),
        "unit_price": line.unit_price.map(|price| price.format(currency)),
        "amount": line.amount.map(money), "net": line.net.format(currency),
        "discounts": discounts(&line.discounts, currency), "taxes": taxes(&line.taxes, currency),
        "gift_card": line.gift_card.map(|sold| {
            json!({ "id": sold.id.to_string(), "amount": sold.amount.map(|amount| amount.format(currency)) })
        }),
        "category": line.category, "serial_numbers": line.serial_numbers, "parent_line": line.parent_line,
        "attributes": flags, "delivered_on": line.delivered_on.map(|on| on.to_string())
    })
}

fn taxes(all: &[Tax], currency: Currency) -> Vec<Value> {
    all.iter()
        .map(|tax| json!({ "code": tax.code, "amount": tax.amount.format(currency) }))
        .collect()
}

fn discounts(all: &[Discount], currency: Currency) -> Vec<Value> {
    let discount =
        |of: &Discount| json!({ "amount": of.amount.format(currency), "promotion": of.promotion });
    all.iter().map(discount).collect()
}
