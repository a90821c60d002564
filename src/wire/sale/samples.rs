//! Bodies for tests.

use serde_json::{Value, json};

/// The sale of API §3, word for word.
pub fn hearts() -> Value {
    json!({
        "store": "0042", "register": "3", "receipt": "0042-3-20260301-4711", "business_date": "2026-03-01",
        "sold_at": "2026-03-01T14:05:09-05:00", "operator": "1042", "channel": "store", "currency": "USD",
        "customer": "C-77", "prices_include_tax": false,
        "lines": [{
            "line": 1, "sku": "85123A", "gtin": "05012345678900", "description": "Hanging heart",
            "category": ["gifts", "decor"], "quantity": "2", "unit_price": "12.50",
            "discounts": [{"amount": "2.50", "promotion": "SPRING", "description": "10 % off"}],
            "net": "22.50", "taxes": [{"code": "NY", "rate": "0.08875", "amount": "2.00"}],
            "serial_numbers": [], "attributes": {"final_sale": false}
        }],
        "tenders": [
            {"tender": 1, "type": "credit_card", "amount": "20.00", "reference": "tok_9f",
             "card": {"brand": "visa", "last4": "4242", "fingerprint": "fp_1"}},
            {"tender": 2, "type": "cash", "amount": "4.50"}
        ],
        "total": "24.50"
    })
}
