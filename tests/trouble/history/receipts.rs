//! Receipt numbers that several sales bear: many registers count from 1 each, every day anew.

use super::faults_of_the_books;
use crate::support::bodies::{back, hearts, plain};
use crate::support::caller::masked;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// A mug for `price` with the receipt number 17.
fn seventeenth(shop: &Shop, store: &str, register: &str, day: &str, price: u32) -> Value {
    let mut sale = plain(shop, store, 1, price, "cash");
    sale["receipt"] = json!("17");
    sale["register"] = json!(register);
    sale["business_date"] = json!(day);
    sale
}

fn named(reference: Value) -> Value {
    let mut body = back(&json!({}), 1, 1);
    body["sale"] = reference;
    body
}

const AMBIGUOUS: &str = "Several sales have this receipt number. Choose the sale by the register and date on the receipt.";

#[test]
fn registers_that_count_from_one_each_are_told_apart() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sell = |register: &str, day: &str, price| {
            shop.move_clock(SignedDuration::from_secs(1));
            let sale = seventeenth(&shop, "0042", register, day, price);
            shop.sell(&sale)["id"].clone()
        };
        let third = sell("3", "2026-03-11", 10);
        let fourth = sell("4", "2026-03-11", 20);
        let before = sell("3", "2026-03-10", 30);
        let elsewhere = shop.sell(&seventeenth(&shop, "0043", "3", "2026-03-11", 40));

        let candidate = |id: &Value, register: &str, day: &str, total: &str| {
            json!({"id": id, "store": "0042", "register": register, "business_date": day,
                "total": total, "currency": "USD"})
        };
        let of_third = candidate(&third, "3", "2026-03-11", "10.00");
        let of_fourth = candidate(&fourth, "4", "2026-03-11", "20.00");
        let of_before = candidate(&before, "3", "2026-03-10", "30.00");
        let refused = |reference: Value, expected: Value| {
            let body = named(reference);
            let checked = shop.cashier().post("/v1/returns/check", &body);
            let checked = checked.expect_problem(409, "receipt_ambiguous").body;
            let errors = json!([
                {"pointer": "/sale", "code": "receipt_ambiguous", "detail": AMBIGUOUS}]);
            let told = (&checked["detail"], &checked["errors"], &checked["sales"]);
            assert_eq!(told, (&json!(AMBIGUOUS), &errors, &expected));
            let recorded = shop.cashier().post_keyed("/v1/returns", &shop.receipt(), &body);
            assert_eq!(recorded.expect_problem(409, "receipt_ambiguous").body["sales"], expected);
        };
        refused(json!({"receipt": "17"}), json!([of_fourth, of_third, of_before]));
        refused(json!({"receipt": "17", "register": "3"}), json!([of_third, of_before]));
        let day = json!({"receipt": "17", "store": "0042", "business_date": "2026-03-11"});
        refused(day, json!([of_fourth, of_third]));

        let found = |reference: Value, sale: &Value| {
            let checked = shop.cashier().post("/v1/returns/check", &named(reference));
            assert_eq!(checked.expect(200).body["lines"][0]["sale"], *sale);
        };
        found(json!({"receipt": "17", "register": "4"}), &fourth);
        found(json!({"receipt": "17", "business_date": "2026-03-10"}), &before);
        let exactly = json!({"receipt": "17", "register": "3", "business_date": "2026-03-11"});
        found(exactly, &third);
        found(json!({"receipt": "17", "store": "0043"}), &elsewhere["id"]);
        found(json!({"id": before}), &before);
        // A register that this store does not have: the other stores are asked.
        let checked = shop
            .cashier()
            .post("/v1/returns/check", &named(json!({"receipt": "17", "register": "9"})));
        let finding = &checked.expect(200).body["lines"][0]["findings"][0];
        assert_eq!(finding["code"], "receipt_not_found");

        let body = named(json!({"receipt": "17", "register": "4"}));
        let returned = shop.bring_back(&body);
        assert_eq!(returned["totals"]["refund"], "20.00");
        let left = |id: &Value| {
            let path = format!("/v1/sales/{}", id.as_str().unwrap());
            shop.cashier().get(&path).expect(200).body["lines"][0]["returnable_quantity"].clone()
        };
        assert_eq!([left(&third), left(&fourth), left(&before)], ["1", "0", "1"]);
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

#[test]
fn the_same_register_and_day_bear_a_number_once() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = seventeenth(&shop, "0042", "3", "2026-03-11", 10);
        let first = shop.sell(&sale);
        let again = shop.till().post("/v1/sales", &sale).expect(200).body;
        assert_eq!(again["id"], first["id"]);
        let other = seventeenth(&shop, "0042", "3", "2026-03-11", 20);
        let refused = shop.till().post("/v1/sales", &other).expect_problem(409, "receipt_exists");
        assert_eq!(refused.body["sale"], first["id"]);
        assert_eq!(
            refused.body["detail"],
            "Another sale of this register and day has this receipt number, with other content. Correct the receipt number."
        );
    });
}

#[test]
fn lookups_list_all_sales_of_a_number_and_one_register_s_alone() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let third = shop.sell(&seventeenth(&shop, "0042", "3", "2026-03-11", 10));
        shop.move_clock(SignedDuration::from_secs(1));
        let fourth = shop.sell(&seventeenth(&shop, "0042", "4", "2026-03-11", 10));
        let ids = |query: &str| {
            let listed = shop.cashier().get(&format!("/v1/sales?{query}")).expect(200).body;
            let items = listed["items"].as_array().unwrap().clone();
            items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(ids("receipt=17"), [fourth["id"].clone(), third["id"].clone()]);
        assert_eq!(ids("receipt=17&register=3"), [third["id"].clone()]);
        assert_eq!(ids("store=0042&register=4"), [fourth["id"].clone()]);
        assert_eq!(ids("receipt=17&register=5"), Vec::<Value>::new());
    });
}

#[test]
fn every_line_and_charge_that_names_an_ambiguous_receipt_is_told() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        shop.sell(&seventeenth(&shop, "0042", "3", "2026-03-11", 10));
        shop.sell(&seventeenth(&shop, "0042", "4", "2026-03-11", 10));
        let sale = hearts(&shop);
        shop.sell(&sale);
        let mut body = back(&sale, 1, 1);
        let mug = json!({"sale": {"receipt": "17"}, "sale_line": 1, "quantity": "1"});
        body["lines"].as_array_mut().unwrap().push(mug);
        body["charges"] = json!([{"charge": 1, "sale": {"receipt": "17"}}]);
        let refused = shop.cashier().post("/v1/returns/check", &body);
        let refused = refused.expect_problem(409, "receipt_ambiguous").masked();
        let pointers: Vec<&str> = refused["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(pointers, ["/lines/1/sale", "/charges/0/sale"]);
        // Both sales once, however often they are asked for.
        assert_eq!(refused["sales"].as_array().unwrap().len(), 2);
        let of_draft = named(json!({"receipt": "17"}));
        let mut twice = of_draft.clone();
        twice["lines"].as_array_mut().unwrap().push(of_draft["lines"][0].clone());
        let refused = shop.cashier().post("/v1/returns/check", &twice);
        assert_eq!(refused.expect(409).body["errors"].as_array().unwrap().len(), 1);
        // With another fault, the body as a whole is at fault.
        body["charges"] = json!([{"charge": 7}]);
        let refused = shop.cashier().post("/v1/returns/check", &body);
        let refused = refused.expect_problem(422, "invalid_body").body;
        assert_eq!(masked(&refused["sales"]).as_array().unwrap().len(), 2);
    });
}

#[test]
fn an_exchange_s_receipt_is_free_if_only_other_registers_bear_it() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        shop.sell(&seventeenth(&shop, "0042", "3", "2026-03-11", 10));
        let sale = plain(&shop, "0042", 2, 10, "cash");
        shop.sell(&sale);
        let exchange = json!({"receipt": "17", "lines": [
            {"sku": "MUG-2", "quantity": "1", "unit_price": "10.00", "net": "10.00"}]});
        let mut body = back(&sale, 1, 1);
        body["exchange"] = exchange;
        assert_eq!(shop.bring_back(&body)["exchange"]["receipt"], "17");
        // Register 7 has used it up now.
        let again = shop.cashier().post_keyed("/v1/returns", &shop.receipt(), &body);
        again.expect_problem(409, "receipt_exists");
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}
