//! What the log says of goods without a receipt, and of gift receipts.

use super::super::canonical::Json;
use super::super::decision::Decision;
use super::super::money::Currency;
use super::super::returns::{Return, Unreceipted};
use super::money;

/// Members of a recorded return's entry: only where there is something to tell.
pub fn members(the_return: &Return, decided: &Decision) -> Vec<(&'static str, Json)> {
    let mut members = Vec::new();
    if !the_return.without_receipt.is_empty() {
        let lines = the_return.without_receipt.iter().map(|l| line(l, the_return.currency));
        members.push(("without_receipt", Json::List(lines.collect())));
        // That a document was shown, not whose: the hash stays with the return.
        members.push(("identified", the_return.id_hash.is_some().into()));
    }
    if !decided.gifts.is_empty() {
        let sales = decided.gifts.iter().map(|sale| sale.to_string().into());
        members.push(("gift_receipts", Json::List(sales.collect())));
    }
    members
}

fn line(line: &Unreceipted, currency: Currency) -> Json {
    Json::object([
        ("line", line.line.into()),
        ("sku", line.sku.as_str().into()),
        ("quantity", line.quantity.to_string().into()),
        ("gross", money(line.gross, currency)),
        ("fee", money(line.fee, currency)),
        ("refund", money(line.refund, currency)),
        ("price_sale", line.price_of.0.to_string().into()),
        ("price_sale_line", line.price_of.1.into()),
    ])
}
