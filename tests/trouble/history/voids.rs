//! Sales that were recorded by mistake and taken back on their business day.

use super::faults_of_the_books;
use crate::support::bodies::{back, hearts, plain};
use crate::support::caller::Answer;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use serde_json::{Value, json};

fn void(shop: &Shop, sale: &Value) -> Answer {
    let path = format!("/v1/sales/{}/void", sale["id"].as_str().unwrap());
    shop.supervisor().post_keyed(&path, &shop.receipt(), &json!({"reason": "mistake"}))
}

fn refused(shop: &Shop, sale: &Value, why: &str) {
    let problem = void(shop, sale).expect_problem(409, "sale_not_voidable");
    assert_eq!(problem.body["detail"], why);
    let path = format!("/v1/sales/{}", sale["id"].as_str().unwrap());
    assert_eq!(shop.cashier().get(&path).expect(200).body["voided_at"], Value::Null);
}

#[test]
fn a_voided_sale_is_as_if_it_had_never_been_and_says_so() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sent = hearts(&shop);
        let sale = shop.sell(&sent);
        let path = format!("/v1/sales/{}/void", sale["id"].as_str().unwrap());
        let body = json!({"reason": "mistake", "note": "Rung up twice."});
        let voided = shop.supervisor().post_keyed(&path, "void-1", &body).expect(200);
        assert_eq!(
            voided.body,
            json!({"id": sale["id"], "store": "0042", "register": "3", "receipt": sent["receipt"],
                "business_date": "2026-03-11", "total": "24.50", "currency": "USD",
                "voided_at": "2026-03-11T15:00:00Z"})
        );
        let again = shop.supervisor().post_keyed(&path, "void-1", &body).expect(200);
        assert_eq!(again.body, voided.body);
        let twice = void(&shop, &sale).expect_problem(409, "sale_not_voidable");
        assert_eq!(twice.body["detail"], "The sale was already voided on 2026-03-11.");

        let listed =
            shop.cashier().get(&format!("/v1/sales?receipt={}", sent["receipt"].as_str().unwrap()));
        let listed = &listed.expect(200).body["items"][0];
        assert_eq!(listed["voided_at"], "2026-03-11T15:00:00Z");
        assert_eq!(listed["lines"][0]["returnable_quantity"], "0");
        let checked = shop.cashier().post("/v1/returns/check", &back(&sent, 1, 1)).expect(200);
        let finding = &checked.body["lines"][0]["findings"][0];
        assert_eq!(checked.body["decision"], "refused");
        let receipt = sent["receipt"].as_str().unwrap();
        let detail =
            format!("Receipt {receipt} was voided on 2026-03-11; nothing of it can come back.");
        assert_eq!(
            (&finding["code"], &finding["detail"]),
            (&json!("not_returnable"), &json!(detail))
        );

        let entry = &shop.logged("sale.voided")[0];
        assert_eq!(entry["subject_id"], sale["id"]);
        assert_eq!(entry["data"]["reason"], "mistake");
        assert_eq!(entry["data"]["ledger"]["amounts"]["credit_card"], "-20.00");
        assert_eq!(entry["data"]["ledger"]["amounts"]["cash"], "-4.50");
        assert_eq!(shop.logged("sale.void_refused").len(), 1);
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

#[test]
fn its_number_is_free_for_other_content_and_the_same_is_still_the_same() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let wrong = plain(&shop, "0042", 2, 10, "cash");
        let first = shop.sell(&wrong);
        void(&shop, &first).expect(200);
        // A till that sends its backlog again.
        let again = shop.till().post("/v1/sales", &wrong).expect(200).body;
        assert_eq!(again["id"], first["id"]);
        let mut right = plain(&shop, "0042", 1, 10, "cash");
        right["receipt"] = wrong["receipt"].clone();
        let second = shop.sell(&right);
        assert_ne!(second["id"], first["id"]);
        let other = {
            let mut other = plain(&shop, "0042", 3, 10, "cash");
            other["receipt"] = wrong["receipt"].clone();
            other
        };
        let taken = shop.till().post("/v1/sales", &other).expect_problem(409, "receipt_exists");
        assert_eq!(taken.body["sale"], second["id"]);
        // The number means the sale that stands.
        let returned = shop.bring_back(&back(&right, 1, 1));
        assert_eq!(returned["lines"][0]["sale"], second["id"]);
        let rung = format!("/v1/sales?receipt={}", wrong["receipt"].as_str().unwrap());
        assert_eq!(
            shop.cashier().get(&rung).expect(200).body["items"].as_array().unwrap().len(),
            2
        );
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

#[test]
fn what_has_come_back_stands_in_the_way() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sent = hearts(&shop);
        let sale = shop.sell(&sent);
        let returned = shop.bring_back(&back(&sent, 1, 1));
        let why = "Part of this sale was already returned. Void its returns first.";
        refused(&shop, &sale, why);
        let path = format!("/v1/returns/{}/void", returned["id"].as_str().unwrap());
        shop.supervisor().post_keyed(&path, "v", &json!({"reason": "mistake"})).expect(200);
        void(&shop, &sale).expect(200);

        // Money back while the goods stay.
        let sent = plain(&shop, "0042", 1, 10, "cash");
        let sale = shop.sell(&sent);
        let mut adjusted = back(&sent, 1, 1);
        adjusted["lines"][0] =
            json!({"sale_line": 1, "amount": "1.00", "reason": "price_adjustment"});
        shop.bring_back(&adjusted);
        refused(&shop, &sale, why);

        // The goods of an exchange, and the sale that they were taken for.
        let sent = plain(&shop, "0042", 1, 10, "cash");
        let sale = shop.sell(&sent);
        let mut body = back(&sent, 1, 1);
        body["exchange"] = json!({"lines": [
            {"sku": "MUG-2", "quantity": "1", "unit_price": "10.00", "net": "10.00"}]});
        let exchange = shop.bring_back(&body);
        refused(&shop, &sale, why);
        let number = exchange["return_number"].as_str().unwrap();
        let why =
            format!("The sale is the new goods of return {number}. Void that return instead.");
        refused(&shop, &json!({"id": exchange["exchange"]["sale"]}), &why);
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

#[test]
fn only_on_its_business_day_by_a_supervisor_of_its_store() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = shop.sell(&plain(&shop, "0042", 1, 10, "cash"));
        let path = format!("/v1/sales/{}/void", sale["id"].as_str().unwrap());
        let body = json!({"reason": "mistake"});
        shop.cashier().post_keyed(&path, "1", &body).expect_problem(403, "insufficient_scope");
        shop.till().post_keyed(&path, "1", &body).expect_problem(403, "insufficient_scope");
        shop.stranger().post_keyed(&path, "1", &body).expect_problem(404, "not_found");
        shop.supervisor().post(&path, &body).expect_problem(400, "idempotency_key_missing");
        let nothing = "/v1/sales/00000000-0000-7000-8000-000000000000/void";
        shop.supervisor().post_keyed(nothing, "1", &body).expect_problem(404, "not_found");
        shop.supervisor().post_keyed(&path, "1", &json!({})).expect_problem(422, "missing_field");
        // 23:59 of the store's day, 03:59 in UTC of the next.
        shop.move_clock(jiff::SignedDuration::from_mins(12 * 60 + 59));
        let late = shop.sell(&plain(&shop, "0042", 1, 10, "cash"));
        void(&shop, &late).expect(200);
        shop.move_clock(jiff::SignedDuration::from_mins(1));
        refused(
            &shop,
            &sale,
            "A sale can be voided only on its business day, 2026-03-11; today is 2026-03-12. Take the goods back as a return.",
        );
    });
}

#[test]
fn a_disputed_payment_stands_in_the_way() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = shop.sell(&hearts(&shop));
        let path = format!("/v1/sales/{}/tenders/1/chargeback", sale["id"].as_str().unwrap());
        shop.supervisor().post_keyed(&path, "c", &json!({"open": true})).expect(200);
        refused(&shop, &sale, "The bank disputes a payment of this sale. Close the dispute first.");
    });
}

#[test]
fn cards_that_it_sold_are_taken_back_while_unspent() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card =
            json!({"kind": "gift_card", "amount": "0.00", "currency": "USD", "store": "0042"});
        let card = shop.supervisor().post_keyed("/v1/gift-cards", "g", &card).expect(201).body;
        let with_card = || {
            let mut sale = plain(&shop, "0042", 1, 50, "cash");
            sale["lines"][0]["gift_card"] = json!({"id": card["id"]});
            sale
        };
        let shown = || {
            let path = format!("/v1/gift-cards/{}", card["id"].as_str().unwrap());
            let body = shop.supervisor().get(&path).expect(200).body;
            (body["balance"].clone(), body["status"].clone())
        };
        let sale = shop.sell(&with_card());
        assert_eq!(shown(), (json!("50.00"), json!("active")));
        void(&shop, &sale).expect(200);
        assert_eq!(shown(), (json!("0.00"), json!("inactive")));
        // It is sold again, and loaded; only the load is taken back.
        shop.sell(&with_card());
        let load = shop.sell(&with_card());
        void(&shop, &load).expect(200);
        assert_eq!(shown(), (json!("50.00"), json!("active")));
        let load = shop.sell(&with_card());
        let path = format!("/v1/gift-cards/{}/redemptions", card["id"].as_str().unwrap());
        let paid = json!({"amount": "60.00"});
        let paid = shop.cashier().post_keyed(&path, "r", &paid);
        paid.expect(201);
        let last4 = card["last4"].as_str().unwrap();
        let why = format!(
            "The gift card …{last4} got 50.00 with this sale, and 10.00 of it has been used since."
        );
        refused(&shop, &load, &why);
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

#[test]
fn the_day_end_counts_it_and_its_drawer_is_empty() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = shop.sell(&plain(&shop, "0042", 2, 10, "cash"));
        shop.sell(&plain(&shop, "0042", 1, 7, "cash"));
        void(&shop, &sale).expect(200);
        let body = json!({"store": "0042", "register": "3", "business_date": "2026-03-11"});
        let closed = shop.supervisor().post_keyed("/v1/day-ends", "d", &body).expect(201).body;
        let turnover = &closed["totals"];
        assert_eq!(
            (&turnover["sales"], &turnover["voided_sales"]),
            (&json!("27.00"), &json!("20.00"))
        );
        assert_eq!(closed["cash"]["expected"], "7.00");
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

/// Goods without a receipt are worth the lowest price paid: not one that was voided.
#[test]
fn its_prices_count_no_longer() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let worth = || {
            let body = json!({"store": "0042", "register": "7", "refund_to": "store_credit",
                "customer": {"id": "C-1", "identification": "D1234567"},
                "lines": [{"sku": "MUG-1", "quantity": "1", "condition": "unopened"}]});
            shop.cashier().post("/v1/returns/check", &body).expect(200).body["lines"][0]["net"]
                .clone()
        };
        shop.sell(&plain(&shop, "0042", 1, 9, "cash"));
        let dear = plain(&shop, "0042", 1, 12, "cash");
        let cheap = shop.sell(&plain(&shop, "0042", 1, 5, "cash"));
        shop.sell(&dear);
        assert_eq!(worth(), "5.00");
        void(&shop, &cheap).expect(200);
        assert_eq!(worth(), "9.00");
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}
