//! Sales of which something had come back before the service knew them, and what other systems call
//! them.

use super::faults_of_the_books;
use crate::support::bodies::{back, hearts, plain};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use serde_json::{Value, json};

fn returned(mut sale: Value, before: Value) -> Value {
    sale["returned"] = before;
    sale
}

fn shown(shop: &Shop, sale: &Value) -> Value {
    shop.cashier().get(&format!("/v1/sales/{}", sale["id"].as_str().unwrap())).expect(200).body
}

fn check(shop: &Shop, body: &Value) -> Value {
    shop.cashier().post("/v1/returns/check", body).expect(200).body
}

#[test]
fn units_that_came_back_before_cannot_come_back_again() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let before = json!([{"at": "2026-03-11T10:30:00-04:00", "lines": [{"line": 1, "quantity": "1"}],
            "tenders": [{"tender": 1, "amount": "12.25"}]}]);
        let sent = returned(hearts(&shop), before.clone());
        let sale = shop.sell(&sent);
        let seen = shown(&shop, &sale);
        assert_eq!(seen["returned"], before);
        assert_eq!(seen["lines"][0]["returned_quantity"], "1");
        assert_eq!(seen["lines"][0]["returnable_quantity"], "1");
        assert_eq!(
            [&seen["tenders"][0]["refunded"], &seen["tenders"][1]["refunded"]],
            ["12.25", "0.00"]
        );
        let two = check(&shop, &back(&sent, 1, 2));
        assert_eq!(two["decision"], "refused");
        assert_eq!(two["lines"][0]["findings"][0]["code"], "quantity_exceeded");
        assert_eq!(two["lines"][0]["returnable_quantity"], "1");
        let one = shop.bring_back(&back(&sent, 1, 1));
        assert_eq!(one["totals"]["refund"], "12.25");
        // Of 20.00 by card 12.25 had gone back.
        let refunds: Vec<(&Value, &Value)> = one["refunds"]
            .as_array()
            .unwrap()
            .iter()
            .map(|refund| (&refund["sale_tender"], &refund["amount"]))
            .collect();
        assert_eq!(refunds, [(&json!(1), &json!("7.75")), (&json!(2), &json!("4.50"))]);
        let none = check(&shop, &back(&sent, 1, 1));
        assert_eq!(none["lines"][0]["findings"][0]["code"], "already_returned");
        // Uploaded again it is the same sale; without its past it is another.
        let again = shop.till().post("/v1/sales", &sent).expect(200).body;
        assert_eq!(again["id"], sale["id"]);
        let mut other = sent.clone();
        other.as_object_mut().unwrap().remove("returned");
        shop.till().post("/v1/sales", &other).expect_problem(409, "receipt_exists");
        let entry = &shop.logged("sale.recorded")[0];
        assert_eq!(
            entry["data"]["returned_before"],
            json!([{"at": "2026-03-11T14:30:00Z", "amount": null,
                "tenders": [{"tender": 1, "amount": "12.25"}]}])
        );
        // The other system paid it out: the ledger has the whole sale, and no refund but ours.
        assert_eq!(entry["data"]["ledger"]["amounts"]["credit_card"], "20.00");
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

#[test]
fn a_return_is_voided_down_to_what_was_back_before() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let before =
            json!([{"at": "2026-03-11T10:30:00-04:00", "lines": [{"line": 1, "quantity": "1"}]}]);
        let sent = returned(plain(&shop, "0042", 3, 10, "cash"), before);
        let sale = shop.sell(&sent);
        let made = shop.bring_back(&back(&sent, 1, 2));
        assert_eq!(made["totals"]["refund"], "20.00");
        let path = format!("/v1/returns/{}/void", made["id"].as_str().unwrap());
        shop.supervisor().post_keyed(&path, "v", &json!({"reason": "mistake"})).expect(200);
        assert_eq!(shown(&shop, &sale)["lines"][0]["returnable_quantity"], "2");
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
        // What came back elsewhere cannot be put back here.
        let path = format!("/v1/sales/{}/void", sale["id"].as_str().unwrap());
        shop.supervisor().post_keyed(&path, "s", &json!({"reason": "mistake"})).expect(409);
    });
}

/// 24.50 in all, of two lines of 16.33 and 8.17; 5.00 had gone back.
#[test]
fn an_amount_alone_lowers_what_is_left_and_later_returns_share_the_rest() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let two = |before: Value| {
            let mut sale = plain(&shop, "0042", 1, 10, "cash");
            sale["lines"] = json!([
                {"line": 1, "sku": "A", "quantity": "2", "unit_price": "10.00", "net": "20.00"},
                {"line": 2, "sku": "B", "quantity": "1", "unit_price": "10.00", "net": "10.00"}]);
            sale["tenders"][0]["amount"] = json!("30.00");
            sale["total"] = json!("30.00");
            returned(sale, before)
        };
        let sent = two(json!([{"at": "2026-03-11T10:30:00-04:00", "amount": "5.00"}]));
        let sale = shop.sell(&sent);
        let bring =
            |line, units| shop.bring_back(&back(&sent, line, units))["totals"]["refund"].clone();
        // Of 20.00 3.33 are gone, of 10.00 1.67.
        assert_eq!([bring(1, 1), bring(2, 1), bring(1, 1)], ["8.34", "8.33", "8.33"]);
        assert_eq!(shown(&shop, &sale)["tenders"][0]["refunded"], "25.00");
        // With its tender told, that has less to give, too.
        let sent = two(json!([{"at": "2026-03-11T10:30:00-04:00", "amount": "30.00",
            "tenders": [{"tender": 1, "amount": "30.00"}]}]));
        let sale = shop.sell(&sent);
        let seen = shown(&shop, &sale);
        assert_eq!(seen["tenders"][0]["refunded"], "30.00");
        assert_eq!(check(&shop, &back(&sent, 1, 2))["totals"]["refund"], "0.00");
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

#[test]
fn what_is_more_than_the_goods_was_the_charges() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut sent = plain(&shop, "0042", 1, 10, "cash");
        sent["charges"] =
            json!([{"charge": 1, "type": "shipping", "amount": "4.00", "refundable": true}]);
        sent["tenders"][0]["amount"] = json!("14.00");
        sent["total"] = json!("14.00");
        let some =
            returned(sent.clone(), json!([{"at": "2026-03-11T10:30:00-04:00", "amount": "12.00"}]));
        let sale = shop.sell(&some);
        let seen = shown(&shop, &sale);
        let charge = &seen["charges"][0];
        assert_eq!(
            (&charge["refunded"], &charge["refunded_amount"]),
            (&json!(false), &json!("2.00"))
        );
        let mut body = back(&some, 1, 1);
        body["charges"] = json!([{"charge": 1}]);
        let checked = check(&shop, &body);
        assert_eq!(checked["totals"]["refund"], "2.00", "of 14.00 that were paid");
        assert_eq!(checked["decision"], "allowed");
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

#[test]
fn the_parts_of_a_kit_came_back_with_it() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut sent = plain(&shop, "0042", 1, 10, "cash");
        sent["lines"] = json!([
            {"line": 1, "sku": "KIT", "quantity": "2", "unit_price": "0.00", "net": "0.00"},
            {"line": 2, "sku": "PART", "quantity": "4", "unit_price": "2.50", "net": "10.00", "parent_line": 1}]);
        let before =
            json!([{"at": "2026-03-11T10:30:00-04:00", "lines": [{"line": 1, "quantity": "1"}]}]);
        let sent = returned(sent, before);
        let sale = shop.sell(&sent);
        assert_eq!(shown(&shop, &sale)["lines"][1]["returned_quantity"], "2");
        assert_eq!(shop.bring_back(&back(&sent, 1, 1))["totals"]["refund"], "5.00");
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

#[test]
fn what_does_not_fit_is_refused() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let at = "2026-03-11T10:30:00-04:00";
        let units = |line: u32, quantity: &str| json!({"at": at, "lines": [{"line": line, "quantity": quantity}]});
        let paid = |amount: &str, tender: u32, to: &str| json!({"at": at, "amount": amount, "tenders": [{"tender": tender, "amount": to}]});
        let cases = [
            (
                json!([units(1, "3")]),
                "/returned/0/lines/0/quantity",
                "Only 2 of 2 can still be returned on line 1.",
            ),
            (
                json!([units(1, "2"), units(1, "1")]),
                "/returned/1/lines/0/quantity",
                "Only 0 of 2 can still be returned on line 1.",
            ),
            (json!([units(7, "1")]), "/returned/0/lines/0/line", "The sale has no line 7."),
            (
                json!([paid("24.51", 1, "24.51")]),
                "/returned/0/amount",
                "24.51 came back, but only 24.50 of the sale can be refunded.",
            ),
            (
                json!([paid("5.00", 3, "5.00")]),
                "/returned/0/tenders/0/tender",
                "The sale has no tender 3.",
            ),
            (
                json!([paid("5.00", 2, "5.00")]),
                "/returned/0/tenders/0/amount",
                "5.00 went back to tender 2, but only 4.50 of it is left.",
            ),
            (
                json!([paid("5.00", 1, "4.00")]),
                "/returned/0/tenders",
                "Tenders add up to 4.00, but 5.00 came back.",
            ),
            (
                json!([{"at": "2026-03-10T10:30:00-04:00", "amount": "1.00"}]),
                "/returned/0/at",
                "This came back before the sale of 2026-03-11. Correct the date.",
            ),
            (
                json!([{"at": "2026-03-12T10:30:00-04:00", "amount": "1.00"}]),
                "/returned/0/at",
                "This came back in the future. Correct the date.",
            ),
            (json!([{"at": "yesterday", "amount": "1.00"}]), "/returned/0/at", ""),
            (
                json!([{"at": at}]),
                "/returned/0",
                "Send what came back in `lines`, or, where only the money is known, in `amount`.",
            ),
            (
                json!([{"at": at, "amount": "1.00", "lines": [{"line": 1, "quantity": 1}]}]),
                "/returned/0",
                "Send what came back in `lines`, or, where only the money is known, in `amount`.",
            ),
            (json!([{"at": at, "amount": "0.00"}]), "/returned/0/amount", ""),
        ];
        for (before, pointer, detail) in cases {
            let refused =
                shop.till().post("/v1/sales", &returned(hearts(&shop), before.clone())).expect(422);
            let found = refused.body["errors"].as_array().unwrap();
            assert!(
                found.iter().any(|fault| fault["pointer"] == pointer
                    && (detail.is_empty() || fault["detail"] == detail)),
                "{before}: {refused}"
            );
        }
        let mut on_card = plain(&shop, "0042", 1, 50, "cash");
        let card =
            json!({"kind": "gift_card", "amount": "0.00", "currency": "USD", "store": "0042"});
        let card = shop.supervisor().post_keyed("/v1/gift-cards", "g", &card).expect(201).body;
        on_card["lines"][0]["gift_card"] = json!({"id": card["id"]});
        let refused = shop.till().post("/v1/sales", &returned(on_card, json!([units(1, "1")])));
        assert_eq!(refused.expect(422).faults()[0].0, "/returned/0/lines/0/line");
    });
}

#[test]
fn other_systems_identifiers_are_shown_as_sent_and_found() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut sent = hearts(&shop);
        sent["external_id"] = json!("SO-100417");
        sent["lines"][0]["external_id"] = json!("SO-100417-1");
        let sale = shop.sell(&sent);
        assert_eq!(sale["external_id"], "SO-100417");
        shop.sell(&hearts(&shop));
        let listed = shop.cashier().get("/v1/sales?external_id=SO-100417").expect(200).body;
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
        assert_eq!(listed["items"][0], shown(&shop, &sale));
        assert_eq!(listed["items"][0]["lines"][0]["external_id"], "SO-100417-1");
        let none = shop.cashier().get("/v1/sales?external_id=SO-1").expect(200).body;
        assert_eq!(none["items"], json!([]));
        let foreign = shop.stranger().get("/v1/sales?external_id=SO-100417").expect(200).body;
        assert_eq!(foreign["items"], json!([]));
        for bad in [json!(""), json!("x".repeat(65)), json!("a\u{7}b"), json!(7)] {
            let mut wrong = hearts(&shop);
            wrong["external_id"] = bad.clone();
            let refused = shop.till().post("/v1/sales", &wrong).expect(422);
            assert_eq!(refused.faults()[0].0, "/external_id", "{bad}");
        }
    });
}
