//! What is sold and comes back: bodies as a register sends them. Amounts are whole dollars and
//! cents, spelled out.

use super::shop::Shop;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// The sale of the contract, sold now: two hearts of 12.50 less 2.50, 2.00 of tax, 20.00 by card
/// and 4.50 in cash.
pub fn hearts(shop: &Shop) -> Value {
    let mut sale = head(shop, "0042");
    sale["customer"] = json!("C-77");
    sale["lines"] = json!([{
        "line": 1, "sku": "85123A", "gtin": "05012345678900", "description": "Hanging heart", "category": ["gifts", "decor"],
        "quantity": "2", "unit_price": "12.50",
        "discounts": [{"amount": "2.50", "promotion": "SPRING", "description": "10 % off"}],
        "net": "22.50", "taxes": [{"code": "NY", "rate": "0.08875", "amount": "2.00"}],
        "serial_numbers": [], "attributes": {"final_sale": false}
    }]);
    sale["tenders"] = json!([
        {"tender": 1, "type": "credit_card", "amount": "20.00", "reference": "tok_9f",
         "card": {"brand": "visa", "last4": "4242", "fingerprint": "fp_1"}},
        {"tender": 2, "type": "cash", "amount": "4.50"}
    ]);
    sale["total"] = json!("24.50");
    sale
}

/// `quantity` units of one article at `price` whole main units each, without tax, paid by `tender`.
pub fn plain(shop: &Shop, store: &str, quantity: u32, price: u32, tender: &str) -> Value {
    let mut sale = head(shop, store);
    let sum = format!("{}.00", quantity * price);
    sale["lines"] = json!([{"line": 1, "sku": "MUG-1", "description": "Mug", "quantity": quantity.to_string(),
        "unit_price": format!("{price}.00"), "net": sum}]);
    sale["tenders"] = json!([{"tender": 1, "type": tender, "amount": sum}]);
    sale["total"] = json!(sum);
    sale
}

/// A sale without lines, of this moment, with a receipt of its own.
fn head(shop: &Shop, store: &str) -> Value {
    let zone = match store {
        "0043" => "America/Chicago",
        "0044" => "Europe/London",
        _ => "America/New_York",
    };
    let local = shop.now().to_zoned(TimeZone::get(zone).unwrap());
    let currency = if store == "0044" { "GBP" } else { "USD" };
    json!({"store": store, "register": "3", "receipt": shop.receipt(), "business_date": local.date().to_string(),
        "sold_at": local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(), "operator": "1001", "currency": currency})
}

/// Some units of one line of a sale come back to store 0042, unopened.
pub fn back(sale: &Value, line: u32, quantity: u32) -> Value {
    json!({"store": "0042", "register": "7", "sale": {"receipt": sale["receipt"]},
        "lines": [{"sale_line": line, "quantity": quantity.to_string(), "reason": "changed_mind", "condition": "unopened"}]})
}
