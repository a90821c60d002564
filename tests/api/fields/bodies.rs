//! Bodies whose fields have values of their own.

use super::Walk;
use crate::support::bodies::{back, hearts, plain};
use crate::support::shop::Shop;
use serde_json::{Value, json};

/// Every operation that takes a body, but for policies.
pub(super) fn all(walk: &mut Walk<'_>) {
    directory(walk);
    cards(walk);
    sales(walk);
    returns(walk);
    exchanges(walk);
    after_the_window(walk);
    the_day(walk);
}

fn directory(walk: &mut Walk<'_>) {
    let store = json!({"name": "Los Angeles", "time_zone": "America/Los_Angeles",
        "currency": "USD", "region": "US-CA", "policy": "of-fields", "cash_rounding": "0.05"});
    walk.send("PUT", "/v1/stores/0045", &store, &["/v1/stores/{store}"]);
    let register = json!({"name": "Behind the door", "active": false});
    let shown = "/v1/stores/0044/registers/{register}";
    walk.send("PUT", "/v1/stores/0044/registers/9", &register, &[shown]);
    let operator = json!({"name": "Ana Ruiz", "roles": ["loss_prevention"], "stores": ["0043"],
        "pin": "493817", "customer": "C-of-Ana", "active": false});
    walk.send("PUT", "/v1/operators/1055", &operator, &["/v1/operators/{operator}"]);
    let cashier = json!({"name": "Bo", "roles": ["manager"], "stores": ["0042"], "pin": "493818"});
    walk.send("PUT", "/v1/operators/1056", &cashier, &[]);
    let sign_in =
        json!({"operator": "1056", "pin": "493818", "store": "0042", "register": "till-7"});
    walk.send("POST", "/v1/tokens", &sign_in, &[]);
}

fn id(shown: &Value) -> &str {
    shown["id"].as_str().unwrap()
}

fn card(amount: &str) -> Value {
    json!({"kind": "gift_card", "amount": amount, "currency": "USD", "store": "0042"})
}

fn cards(walk: &mut Walk<'_>) {
    let issue = |number: u32| {
        json!({"kind": "store_credit", "amount": "41.30", "currency": "USD", "store": "0042",
            "register": format!("till-{number}"), "code": format!("(255)9501234567890300{number}"),
            "pin": "4711", "expires_on": "2035-07-09"})
    };
    walk.send("POST", "/v1/gift-cards", &issue(1001), &["/v1/gift-cards/{id}"]);
    let mut many = card("7.35");
    many["count"] = json!(2);
    many["kind"] = json!("store_credit");
    many["expires_on"] = json!("2035-07-10");
    walk.send("POST", "/v1/gift-cards/bulk", &many, &[]);
    let (everyone, kind) = (walk.everyone.clone(), "application/x-ndjson");
    walk.send_as(&everyone, "POST", "/v1/gift-cards/bulk", kind, &issue(1002), &[]);

    let one = walk.send("POST", "/v1/gift-cards", &card("9.00"), &[]);
    let look_up = json!({"code": one["code"], "pin": "4711"});
    walk.send("POST", "/v1/gift-cards/lookup", &look_up, &[]);
    let on = |card: &Value, what: &str| format!("/v1/gift-cards/{}/{what}", id(card));
    let entries = on(&one, "entries");
    let at = json!({"store": "0043", "register": "till-11"});
    let with = |members: Value| {
        let mut body = at.clone();
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        body
    };
    let loaded = with(json!({"amount": "3.21", "sale": "R-of-load"}));
    walk.send("POST", &on(&one, "loads"), &loaded, &[&entries]);
    let redeemed = with(json!({"amount": "4.32", "sale": "R-of-use", "partial": true}));
    let redeemed = walk.send("POST", &on(&one, "redemptions"), &redeemed, &[&entries]);
    let reversed = on(&one, &format!("redemptions/{}/reverse", redeemed["entry"]["entry"]));
    walk.send("POST", &reversed, &at, &[&entries]);
    let other = walk.send("POST", "/v1/gift-cards", &card("1.00"), &[]);
    let moved = with(json!({"to": other["id"], "amount": "2.34"}));
    walk.send("POST", &on(&one, "transfers"), &moved, &[&entries]);
    for what in ["freeze", "unfreeze"] {
        let reason = with(json!({"reason": format!("found and {what}")}));
        walk.send("POST", &on(&one, what), &reason, &[]);
    }
    let replaced = with(json!({"reason": "left on a bus", "pin": "4712",
        "code": "(255)95012345678903009999"}));
    let new = walk.send("POST", &on(&one, "replace"), &replaced, &["/v1/gift-cards/{id}"]);
    let in_cash = json!({"store": "0045", "register": "till-12"});
    walk.send("POST", &on(&other, "cash-out"), &in_cash, &[]);
    assert_ne!(new["id"], one["id"]);
    let unused = walk.send("POST", "/v1/gift-cards", &card("5.00"), &[]);
    walk.send("POST", &on(&unused, "void"), &with(json!({"reason": "never handed over"})), &[]);
}

/// A sale of the shop's moment, without lines.
fn head(shop: &Shop) -> Value {
    let mut sale = plain(shop, "0042", 1, 1, "cash");
    for member in ["lines", "tenders", "total"] {
        sale.as_object_mut().unwrap().remove(member);
    }
    sale
}

fn sales(walk: &mut Walk<'_>) {
    let (everyone, kind) = (walk.everyone.clone(), "application/x-ndjson");
    let mut sold = Vec::new();
    for _ in 0..2 {
        let mut unsold = card("0");
        unsold["store"] = json!("0042");
        let card = walk.send("POST", "/v1/gift-cards", &unsold, &[]);
        sold.extend([whole(walk.shop, &card), by_receipt(walk.shop), known_late(walk.shop)]);
    }
    let shown = &["/v1/sales/{id}"];
    for (place, sale) in sold.iter().enumerate() {
        if place < 3 {
            walk.send("POST", "/v1/sales", sale, shown);
        } else {
            walk.send_as(&everyone, "POST", "/v1/sales/import", kind, sale, shown);
        }
    }
    let mistaken = walk.send("POST", "/v1/sales", &hearts(walk.shop), &[]);
    let why = json!({"reason": "rung twice", "note": "The line was long."});
    walk.send("POST", &format!("/v1/sales/{}/void", id(&mistaken)), &why, &[]);
    let disputed = walk.send("POST", "/v1/sales", &hearts(walk.shop), &[]);
    let dispute = json!({"open": true, "reference": "CB-4711", "note": "Never arrived.",
        "amount": "18.20", "fee": "15.10"});
    let path = format!("/v1/sales/{}/tenders/1/chargeback", id(&disputed));
    walk.send("POST", &path, &dispute, &[]);
    walk.send("POST", &path, &json!({"open": false, "outcome": "lost"}), &[]);
}

/// A sale with all that a sale can have, taxes by line.
fn whole(shop: &Shop, card: &Value) -> Value {
    let receipt = shop.receipt();
    let mut sale = head(shop);
    let more = json!({"receipt": receipt, "register": "till-21", "operator": "operator-21",
        "channel": "kiosk", "customer": "C-whole", "customer_class": "member",
        "external_id": format!("SO-{receipt}"), "cash_rounding": "0.01", "total": "64.64",
        "lines": [
            {"line": 1, "sku": "VASE-1", "gtin": "GTIN-05012345678900", "description": "Vase, blue",
             "category": ["for the table", "of glass"], "brand": "Acme", "quantity": "3",
             "unit_price": "12.50", "amount": "36.00", "net": "33.50",
             "discounts": [{"amount": "2.50", "promotion": "OF-LINE", "description": "Off one line"}],
             "taxes": [{"code": "NY-LINE", "rate": "0.08875", "amount": "2.97"},
                       {"code": "NY-ECO", "rate": "0.0093", "amount": "0.31", "included": true}],
             "serial_numbers": ["SN-whole-1"], "attributes": {"colour": "the bluest"},
             "delivered_on": "2026-03-13", "external_id": format!("SO-{receipt}-1")},
            {"line": 2, "kind": "deposit_return", "description": "Bottle", "quantity": "1",
             "unit_price": "0.25", "amount": "-0.25", "net": "-0.25"},
            {"line": 3, "parent_line": 1, "sku": "STAND-1", "quantity": "2", "unit_price": "2.05",
             "net": "4.10"},
            {"line": 4, "sku": "CARD-1", "quantity": "1", "unit_price": "20.00", "net": "20.00",
             "gift_card": {"id": card["id"], "movement": "activate", "last4": card["last4"],
                "amount": "20.00"}}],
        "discounts": [
            {"amount": "1.11", "promotion": "OF-SALE", "description": "Off what is named", "lines": [1]},
            {"amount": "0.77", "promotion": "FREESHIP", "charges": [1]}],
        "charges": [{"charge": 1, "type": "courier", "amount": "5.77", "refundable": true,
            "taxes": [{"code": "NY-COURIER", "rate": "0.0745", "amount": "0.43"},
                      {"code": "NY-ROAD", "rate": "0.0191", "amount": "0.11", "included": true}]}],
        "tenders": [
            {"tender": 1, "type": "debit_card", "amount": "60.00", "reference": "tok_whole",
             "card": {"brand": "maestro", "last4": "9876", "fingerprint": "fp_whole"}},
            {"tender": 2, "type": "cash", "amount": "5.00", "change": "0.35"}]});
    sale.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    sale
}

/// A sale whose taxes are of the receipt, and contained in its prices.
fn by_receipt(shop: &Shop) -> Value {
    let mut sale = head(shop);
    let more = json!({"prices_include_tax": true, "total": "14.76",
        "lines": [{"line": 1, "sku": "MUG-1", "quantity": "1", "unit_price": "10.00", "net": "10.00"}],
        "charges": [{"charge": 1, "type": "shipping", "amount": "4.00", "refundable": true}],
        "taxes": [{"code": "VAT-R", "rate": "0.19", "amount": "1.60", "lines": [1], "included": true},
                  {"code": "VAT-S", "amount": "0.76", "charges": [1], "included": false}],
        "tenders": [{"tender": 1, "type": "cash", "amount": "14.76"}]});
    sale.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    sale
}

/// A sale of which something came back before the service knew it.
fn known_late(shop: &Shop) -> Value {
    let mut sale = plain(shop, "0042", 4, 5, "cash");
    let at = sale["sold_at"].clone();
    sale["returned"] = json!([
        {"at": at, "lines": [{"line": 1, "quantity": "2"}], "tenders": [{"tender": 1, "amount": "10.00"}]},
        {"at": at, "amount": "2.25"}]);
    sale
}

fn returns(walk: &mut Walk<'_>) {
    let shop = walk.shop;
    let credit = walk.send("POST", "/v1/gift-cards", &card("1.00"), &[]);
    let shown = &["/v1/returns/{id}"][..];
    let sold = |walk: &mut Walk<'_>| {
        let mut sale = plain(shop, "0042", 4, 5, "cash");
        let lamp = json!({"line": 2, "sku": "LAMP-1", "quantity": "1", "unit_price": "1.00",
            "net": "1.00", "serial_numbers": ["SN-back-1"]});
        sale["lines"].as_array_mut().unwrap().push(lamp);
        sale["charges"] =
            json!([{"charge": 1, "type": "courier", "amount": "6.00", "refundable": true}]);
        sale["total"] = json!("27.00");
        sale["tenders"][0]["amount"] = json!("27.00");
        let id = walk.send("POST", "/v1/sales", &sale, &[])["id"].clone();
        (sale, id)
    };
    let (sale, of) = sold(walk);
    let named = json!({"receipt": sale["receipt"], "store": "0042", "register": sale["register"],
        "business_date": sale["business_date"]});
    let mut body = back(&sale, 1, 1);
    let more = json!({"register": "till-31", "sale": named, "currency": "USD",
        "business_date": "2026-03-10", "customer": {"id": "C-back", "identification": "D-123"},
        "lines": [{"sale_line": 1, "quantity": "2", "reason": "wrong_size", "condition": "damaged",
            "disposition": "repair", "note": "The handle came off."},
            {"sale_line": 2, "quantity": "1", "serial_number": "SN-back-1"}],
        "charges": [{"charge": 1, "amount": "2.10"}], "expected_refund": "13.10"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    walk.send("POST", "/v1/returns", &body, shown);
    // The sales of lines and charges, by their ids and by receipt.
    let (other, id_of_other) = sold(walk);
    let by_line = json!({"store": "0042", "register": "7", "training": true,
        "lines": [{"sale": {"id": of}, "sale_line": 1, "amount": "3.33", "reason": "price_adjustment"}],
        "charges": [{"sale": {"id": id_of_other}, "charge": 1}]});
    walk.send("POST", "/v1/returns", &by_line, shown);
    let mut whole = back(&other, 1, 1);
    whole["sale"] = json!({"id": id_of_other});
    whole["refund_to"] = json!("store_credit");
    whole["refund_card"] = credit["id"].clone();
    walk.send("POST", "/v1/returns", &whole, shown);
    let by_gift_receipt = |sale: &Value| {
        let mut named = named.clone();
        named["receipt"] = sale["receipt"].clone();
        named["gift_receipt"] = json!(true);
        named
    };
    let mut gift = back(&other, 1, 1);
    gift["sale"] = by_gift_receipt(&other);
    walk.send("POST", "/v1/returns", &gift, shown);
    let (third, _) = sold(walk);
    let by_gifts = json!({"store": "0042", "register": "7",
            "lines": [{"sale": by_gift_receipt(&third), "sale_line": 1, "quantity": "1"}],
    });
    walk.send("POST", "/v1/returns", &by_gifts, shown);
    let delivery = json!({"store": "0042", "register": "7",
        "charges": [{"sale": by_gift_receipt(&third), "charge": 1}]});
    walk.send("POST", "/v1/returns", &delivery, shown);
    let without = json!({"store": "0042", "register": "7", "customer": {"identification": "D-124"},
        "refund_to": "store_credit",
        "lines": [{"sku": "MUG-1", "unit_price": "0.83", "quantity": "1", "reason": "gift",
            "condition": "unopened"}]});
    walk.send("POST", "/v1/returns", &without, shown);

    let mut taxed = plain(shop, "0042", 1, 5, "cash");
    taxed["lines"][0]["taxes"] = json!([{"code": "NY-EXEMPT", "amount": "0.40"}]);
    (taxed["total"], taxed["tenders"][0]["amount"]) = (json!("5.40"), json!("5.40"));
    walk.send("POST", "/v1/sales", &taxed, &[]);
    let exempt = json!({"store": "0042", "register": "7", "sale": {"receipt": taxed["receipt"]},
        "lines": [{"sale_line": 1, "tax_only": ["NY-EXEMPT"]}]});
    walk.send("POST", "/v1/returns", &exempt, shown);

    let paid = hearts(shop);
    walk.send("POST", "/v1/sales", &paid, &[]);
    let due = walk.send("POST", "/v1/returns", &back(&paid, 1, 1), shown);
    let settled = json!({"outcome": "settled", "reference": "terminal-31"});
    let path = format!("/v1/returns/{}/refunds/1/settlement", id(&due));
    walk.send("POST", &path, &settled, &[]);
    let due = walk.send("POST", "/v1/returns", &back(&paid, 1, 1), shown);
    let failed = json!({"outcome": "failed", "fallback": "store_credit"});
    let path = format!("/v1/returns/{}/refunds/1/settlement", id(&due));
    walk.send("POST", &path, &failed, &[]);
    let why = json!({"reason": "other_item", "note": "It was the other one."});
    walk.send("POST", &format!("/v1/returns/{}/void", id(&due)), &why, &[]);
}

fn exchanges(walk: &mut Walk<'_>) {
    let shop = walk.shop;
    let sale = plain(shop, "0042", 5, 5, "credit_card");
    walk.send("POST", "/v1/sales", &sale, &[]);
    let mut body = back(&sale, 1, 1);
    // Where cash is rounded.
    body["store"] = json!("0045");
    let mut other = body["lines"][0].clone();
    other["reason"] = json!("changed_mind");
    body["lines"].as_array_mut().unwrap().push(other);
    body["exchange"] = json!({"receipt": "X-of-fields", "cash_rounding": "-0.02",
        "prices_include_tax": true,
        "lines": [
            {"sku": "JUG-1", "gtin": "GTIN-05012345678901", "description": "Jug, green",
             "category": ["for water"], "brand": "Acme", "quantity": "2", "unit_price": "9.00",
             "amount": "17.00", "net": "15.50", "serial_numbers": ["SN-jug-1"],
             "attributes": {"colour": "the greenest"},
             "discounts": [{"amount": "1.50", "promotion": "OF-JUG", "description": "Off the jug"}],
             "taxes": [{"code": "NY-JUG", "rate": "0.0888", "amount": "1.26", "included": false},
                       {"code": "NY-CLAY", "amount": "0.09", "included": true}]}],
        "discounts": [
            {"amount": "0.44", "promotion": "OF-SWAP", "description": "Off the swap", "lines": [1]},
            {"amount": "0.33", "promotion": "SWAPSHIP", "charges": [1]}],
        "charges": [{"charge": 1, "type": "by bike", "amount": "3.66", "refundable": true,
            "taxes": [{"code": "NY-BIKE", "rate": "0.0601", "amount": "0.22"},
                      {"code": "NY-PATH", "amount": "0.03", "included": true}]}],
        "tenders": [
            {"tender": 1, "type": "debit_card", "amount": "5.00", "reference": "tok_swap",
             "card": {"brand": "maestro", "last4": "9877", "fingerprint": "fp_swap"}},
            {"tender": 2, "type": "cash", "amount": "5.00", "change": "0.15"}]});
    // 15.50 + 1.26 - 0.77 + 3.66 + 0.22 - 10.00 = 9.87 due.
    let shown = &["/v1/returns/{id}", "/v1/sales/{exchange/sale}"];
    walk.send("POST", "/v1/returns", &body, shown);
    let mut even = back(&sale, 1, 1);
    even["lines"]
        .as_array_mut()
        .unwrap()
        .extend(back(&sale, 1, 1)["lines"].as_array().cloned().unwrap());
    even["exchange"] = json!({"lines": [
        {"sku": "MUG-2", "description": "Mug, red", "quantity": "1", "exchanged_for": 1}]});
    walk.send("POST", "/v1/returns", &even, shown);
    let mut taxed = back(&sale, 1, 1);
    taxed["exchange"] = json!({
        "lines": [{"sku": "MUG-3", "quantity": "1", "unit_price": "4.00", "net": "4.00"}],
        "charges": [{"charge": 1, "type": "by foot", "amount": "1.00", "refundable": true}],
        "taxes": [{"code": "NY-SWAP", "rate": "0.0725", "amount": "0.29", "lines": [1], "included": true},
                  {"code": "NY-STEP", "amount": "0.07", "charges": [1]}],
        "tenders": [{"tender": 1, "type": "cash", "amount": "0.07"}]});
    walk.send("POST", "/v1/returns", &taxed, shown);
}

/// An override, and the return with it.
fn after_the_window(walk: &mut Walk<'_>) {
    let shop = walk.shop;
    let sale = plain(shop, "0042", 2, 5, "cash");
    walk.send("POST", "/v1/sales", &sale, &[]);
    shop.move_days(41);
    let mut body = back(&sale, 1, 1);
    let asked = json!({"approver": {"operator": "1056", "pin": "493818"}, "return": body,
        "codes": ["window_expired"], "reason": "goodwill", "note": "Comes here often."});
    let token = walk.send("POST", "/v1/overrides", &asked, &[])["token"].clone();
    // An approver alone names the person at the register.
    let alone = json!({"return": body, "reason": "goodwill", "operator": "at-counter-7"});
    let (manager, kind) = (shop.manager(), "application/json");
    walk.send_as(&manager, "POST", "/v1/overrides", kind, &alone, &[]);
    body["approvals"] = json!([token]);
    walk.send("POST", "/v1/returns", &body, &[]);
}

fn the_day(walk: &mut Walk<'_>) {
    let day = json!({"store": "0042", "register": "till-21", "business_date": "2026-03-11", "shift": 1,
        "opening_cash": "101.10", "counted_cash": "105.74"});
    walk.send("POST", "/v1/day-ends", &day, &["/v1/day-ends/{id}"]);
    walk.send("POST", "/v1/audit/verify", &json!({}), &[]);
}
