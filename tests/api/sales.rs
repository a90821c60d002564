//! Sales: kept as sent, once, and only if they add up.

use crate::support::bodies::{back, hearts, plain};
use crate::support::caller::{Caller, masked};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use jiff::SignedDuration;
use returndesk::domain::caller::Role;
use serde_json::{Value, json};

/// The sale as it is shown once recorded: as sent, with defaults filled in.
fn recorded(sale: &Value) -> Value {
    let mut shown = sale.clone();
    let more = json!({"id": "<id>", "recorded_at": "2026-03-11T15:00:00Z", "channel": "store", "prices_include_tax": false,
        "discounts": [], "charges": [], "cash_rounding": "0.00"});
    shown.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    shown["tenders"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .for_each(|tender| tender["change"] = json!("0.00"));
    shown
}

#[test]
fn a_sale_is_recorded_once_and_shown_with_what_came_back() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        let first = shop.till().post("/v1/sales", &sale).expect(201);
        assert_eq!(first.masked(), recorded(&sale));
        let path = format!("/v1/sales/{}", first.body["id"].as_str().unwrap());
        assert_eq!(first.header("location"), Some(path.as_str()));
        let again = shop.till().post("/v1/sales", &sale).expect(200);
        let mut known = first.body.clone();
        known.as_object_mut().unwrap().remove("recorded_at");
        assert_eq!((&again.body, again.header("location")), (&known, None));
        assert_eq!(shop.logged("sale.recorded").len(), 1);
        shop.bring_back(&back(&sale, 1, 1));
        let mut shown = recorded(&sale);
        shown["lines"][0]["returned_quantity"] = json!("1");
        shown["lines"][0]["returnable_quantity"] = json!("1");
        shown["tenders"][0]["refunded"] = json!("12.25");
        shown["tenders"][1]["refunded"] = json!("0.00");
        let read = shop.cashier().get(&path).expect(200);
        assert_eq!(masked(&read.body), shown);
        shop.cashier()
            .get_with(&path, &[("If-None-Match", read.header("etag").unwrap())])
            .expect(304);
        shop.stranger().get(&path).expect_problem(404, "not_found");
    });
}

#[test]
fn a_receipt_says_one_thing_only() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        let id = shop.sell(&sale)["id"].clone();
        let mut other = sale.clone();
        other["customer"] = json!("C-78");
        let refused = shop.till().post("/v1/sales", &other).expect_problem(409, "receipt_exists");
        assert_eq!(refused.body["sale"], id);
        // The same number in another store, or on another day, is another receipt.
        let mut elsewhere = plain(&shop, "0043", 1, 5, "cash");
        elsewhere["receipt"] = sale["receipt"].clone();
        shop.sell(&elsewhere);
        shop.move_days(1);
        let mut later = plain(&shop, "0042", 1, 5, "cash");
        later["receipt"] = sale["receipt"].clone();
        shop.sell(&later);
        let mut spelled = sale.clone();
        spelled["lines"][0]["quantity"] = json!(2);
        spelled["lines"][0]["net"] = json!("22.5");
        spelled["cash_rounding"] = json!("0");
        assert_eq!(
            shop.till().post("/v1/sales", &spelled).expect(200).body["id"],
            id,
            "the same sale, spelled otherwise"
        );
    });
}

#[test]
fn a_sale_that_does_not_add_up_is_told_which_sum() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let table = [
            ("/lines/0/net", "/lines/0/net", "comes to 22.50; sent was 22.49"),
            ("/total", "/total", "comes to 24.50; sent was 22.49"),
            ("/tenders/0/amount", "/tenders", "comes to 24.50; sent was 26.99"),
        ];
        for (changed, pointer, told) in table {
            let mut sale = hearts(&shop);
            *sale.pointer_mut(changed).unwrap() = json!("22.49");
            let refused =
                shop.till().post("/v1/sales", &sale).expect_problem(422, "does_not_add_up");
            let faults = refused.body["errors"].as_array().unwrap();
            let fault = faults
                .iter()
                .find(|fault| fault["pointer"] == pointer)
                .unwrap_or_else(|| panic!("{refused}"));
            assert!(fault["detail"].as_str().unwrap().contains(told), "{fault}");
        }
        assert_eq!(shop.logged("sale.recorded"), [] as [Value; 0]);
    });
}

#[test]
fn amounts_are_strings_with_the_digits_of_their_currency() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        for bad in [
            json!("12.3456789"),
            json!("1e1"),
            json!(12.5),
            json!(12),
            json!("NaN"),
            json!("-1"),
            json!(""),
        ] {
            let mut sale = hearts(&shop);
            sale["lines"][0]["unit_price"] = bad.clone();
            let refused = shop.till().post("/v1/sales", &sale).expect(422);
            assert!(
                refused.faults().contains(&("/lines/0/unit_price".into(), "invalid_amount".into())),
                "{bad}: {refused}"
            );
        }
        for (store, zone, currency, region, amount, finer) in [
            ("J1", "Asia/Tokyo", "JPY", "JP", "1200", "1200.5"),
            ("K1", "Asia/Kuwait", "KWD", "KW", "1.250", "1.2505"),
        ] {
            let body =
                json!({"name": "x", "time_zone": zone, "currency": currency, "region": region});
            shop.admin().put(&format!("/v1/stores/{store}"), &body).expect(201);
            let sale = |amount: &str| {
                json!({"store": store, "register": "1", "receipt": "1", "business_date": "2026-03-12",
                    "sold_at": "2026-03-11T14:00:00Z", "currency": currency,
                    "lines": [{"line": 1, "sku": "A", "quantity": 1, "unit_price": amount, "net": amount}],
                    "tenders": [{"tender": 1, "type": "cash", "amount": amount}], "total": amount})
            };
            let till = Caller::new(&shop, "t", &[Role::Register], &[store]);
            till.post("/v1/sales", &sale(finer)).expect_problem(422, "invalid_amount");
            let recorded = till.post("/v1/sales", &sale(amount)).expect(201);
            assert_eq!(
                (&recorded.body["total"], &recorded.body["lines"][0]["net"]),
                (&json!(amount), &json!(amount))
            );
        }
    });
}

#[test]
fn what_cannot_be_a_sale_of_this_store_is_refused() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let refuse = |change: &dyn Fn(&mut Value), status: u16, code: &str, pointer: &str| {
            let mut sale = hearts(&shop);
            change(&mut sale);
            let refused = shop.till().post("/v1/sales", &sale).expect_problem(status, code);
            assert_eq!(
                refused.faults().first().map_or("", |(pointer, _)| pointer.as_str()),
                pointer,
                "{refused}"
            );
        };
        refuse(
            &|s| s["sold_at"] = json!("2026-03-11T15:10:00Z"),
            422,
            "time_in_future",
            "/sold_at",
        );
        refuse(&|s| s["sold_at"] = json!("2026-03-11 11:00"), 422, "invalid_value", "/sold_at");
        refuse(
            &|s| s["business_date"] = json!("2026-03-31"),
            422,
            "invalid_value",
            "/business_date",
        );
        refuse(&|s| s["currency"] = json!("EUR"), 422, "currency_mismatch", "/currency");
        refuse(&|s| s["store"] = json!("0043"), 404, "unknown_store", "");
        refuse(&|s| s["store"] = json!("none"), 404, "unknown_store", "");
        refuse(&|s| s["status"] = json!("done"), 422, "unknown_field", "/status");
        refuse(
            &|s| drop(s.as_object_mut().unwrap().remove("lines")),
            422,
            "missing_field",
            "/lines",
        );
        refuse(
            &|s| s["lines"][0]["description"] = json!("card 4111 1111 1111 1111"),
            422,
            "card_number_refused",
            "/lines/0/description",
        );
        refuse(
            &|s| s["lines"][0]["quantity"] = json!("0"),
            422,
            "invalid_quantity",
            "/lines/0/quantity",
        );
        refuse(
            &|s| s["lines"][0]["quantity"] = json!("1.0001"),
            422,
            "invalid_quantity",
            "/lines/0/quantity",
        );
        refuse(
            &|s| s["tenders"][0]["type"] = json!("shells"),
            422,
            "invalid_value",
            "/tenders/0/type",
        );
        refuse(&|s| s["receipt"] = json!("x".repeat(65)), 422, "too_long", "/receipt");
    });
}

#[test]
fn sales_are_found_by_what_the_customer_has_at_hand() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut drill = plain(&shop, "0042", 1, 80, "cash");
        drill["lines"][0]["serial_numbers"] = json!(["SN-100200"]);
        let drill = shop.sell(&drill);
        shop.move_clock(SignedDuration::from_secs(1));
        let heart = shop.sell(&hearts(&shop));
        let abroad = shop.sell(&plain(&shop, "0043", 1, 5, "cash"));
        let found = |query: &str| -> Vec<Value> {
            let page = shop.cashier().get(&format!("/v1/sales?{query}")).expect(200).body;
            page["items"].as_array().unwrap().iter().map(|sale| sale["id"].clone()).collect()
        };
        let receipt = |sale: &Value| format!("receipt={}", sale["receipt"].as_str().unwrap());
        let table = [
            (receipt(&heart), vec![&heart]),
            ("customer=C-77".into(), vec![&heart]),
            ("card_fingerprint=fp_1".into(), vec![&heart]),
            ("sku=85123A".into(), vec![&heart]),
            ("serial_number=SN-100200".into(), vec![&drill]),
            ("from=2026-03-11&to=2026-03-11".into(), vec![&heart, &drill]),
            ("from=2026-03-12".into(), vec![]),
            ("store=0042&sku=MUG-1".into(), vec![&drill]),
            ("store=0043".into(), vec![]),
            // A receipt that is presented is found whatever store it is of.
            (receipt(&abroad), vec![&abroad]),
            (format!("{}&store=0042", receipt(&abroad)), vec![]),
        ];
        for (query, sales) in table {
            let ids: Vec<Value> = sales.iter().map(|sale| sale["id"].clone()).collect();
            assert_eq!(found(&query), ids, "{query}");
        }
    });
}
