//! Returns that name their trading day: a bar is open until 02:30, and what is paid out after
//! midnight belongs to last night's drawer.

use crate::support::bodies::{back, plain};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// A shop after midnight: in New York it is 2026-03-12, 00:30. Ten mugs were sold the evening
/// before.
fn after_midnight(shop: &Shop) -> Value {
    let sale = plain(shop, "0042", 10, 10, "cash");
    shop.sell(&sale);
    shop.move_clock(SignedDuration::from_mins(13 * 60 + 30));
    sale
}

fn on(sale: &Value, day: &str) -> Value {
    let mut body = back(sale, 1, 1);
    body["business_date"] = json!(day);
    body
}

fn close(shop: &Shop, register: &str, day: &str) -> Value {
    let body = json!({"store": "0042", "register": register, "business_date": day});
    shop.supervisor().post_keyed("/v1/day-ends", &shop.receipt(), &body).expect(201).body
}

/// Case E07.
#[test]
fn a_return_after_midnight_belongs_to_last_night() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = after_midnight(&shop);
        shop.cashier().post("/v1/returns/check", &on(&sale, "2026-03-11")).expect(200);
        let last_night = shop.bring_back(&on(&sale, "2026-03-11"));
        assert_eq!(last_night["business_date"], "2026-03-11");
        let number = last_night["return_number"].as_str().unwrap();
        assert!(number.starts_with("0042-260311-"), "{number}");
        let today = shop.bring_back(&back(&sale, 1, 1));
        assert_eq!(today["business_date"], "2026-03-12");
        let tomorrow = shop.bring_back(&on(&sale, "2026-03-13"));
        assert_eq!(tomorrow["business_date"], "2026-03-13");

        let days: Vec<Value> = shop
            .logged("return.recorded")
            .iter()
            .map(|entry| entry["data"]["ledger"]["business_date"].clone())
            .collect();
        assert_eq!(days, ["2026-03-11", "2026-03-12", "2026-03-13"]);
        let listed = shop
            .manager()
            .get("/v1/returns?store=0042&from=2026-03-11&to=2026-03-11")
            .expect(200)
            .body;
        assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
        assert_eq!(listed["items"][0]["id"], last_night["id"]);
        let end = close(&shop, "7", "2026-03-11");
        assert_eq!((&end["movements"], &end["cash"]["moved"]), (&json!(1), &json!("-10.00")));
    });
}

#[test]
fn a_trading_day_is_within_a_day_of_the_stores_date() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = after_midnight(&shop);
        for (day, told) in [("2026-03-10", "2026-03-10"), ("2026-03-14", "2026-03-14")] {
            let detail = format!(
                "The business date {told} is more than a day from the store's date 2026-03-12. \
                 Check the register's date."
            );
            let fault = json!([{"pointer": "/business_date", "code": "invalid_value",
                "detail": detail}]);
            let check = shop.cashier().post("/v1/returns/check", &on(&sale, day));
            assert_eq!(check.expect_problem(422, "invalid_value").body["errors"], fault);
            let record = shop.cashier().post_keyed("/v1/returns", &shop.receipt(), &on(&sale, day));
            assert_eq!(record.expect_problem(422, "invalid_value").body["errors"], fault);
        }
        let check = shop.cashier().post("/v1/returns/check", &on(&sale, "2026-02-30"));
        let problem = check.expect_problem(422, "invalid_value");
        assert_eq!(problem.body["errors"][0]["pointer"], "/business_date");
    });
}

#[test]
fn a_closed_day_takes_no_return_any_more() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = after_midnight(&shop);
        shop.bring_back(&on(&sale, "2026-03-11"));
        close(&shop, "7", "2026-03-11");
        close(&shop, "3", "2026-03-11");
        let body = json!({"store": "0042", "business_date": "2026-03-11"});
        shop.supervisor().post_keyed("/v1/day-ends", "own", &body).expect(201);
        let detail = "2026-03-11 is closed at register 7. Record the return without a business \
                      date: it then belongs to the next day end.";
        let check = shop.cashier().post("/v1/returns/check", &on(&sale, "2026-03-11"));
        assert_eq!(check.expect_problem(409, "day_closed").body["detail"], detail);
        let key = shop.receipt();
        let record = shop.cashier().post_keyed("/v1/returns", &key, &on(&sale, "2026-03-11"));
        assert_eq!(record.expect_problem(409, "day_closed").body["detail"], detail);
        assert_eq!(shop.logged("return.refused").last().unwrap()["data"]["code"], "day_closed");
        let without = shop.bring_back(&back(&sale, 1, 1));
        assert_eq!(without["business_date"], "2026-03-12");
    });
}

#[test]
fn an_exchange_and_its_cards_are_booked_on_the_day_that_it_names() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = after_midnight(&shop);
        let mut body = on(&sale, "2026-03-11");
        body["exchange"] = json!({"lines": [{"sku": "MUG-2", "description": "Cup",
            "quantity": "1", "unit_price": "4.00", "net": "4.00"}]});
        let exchanged = shop.bring_back(&body);
        let new = exchanged["exchange"]["sale"].as_str().unwrap();
        let new = shop.manager().get(&format!("/v1/sales/{new}")).expect(200).body;
        assert_eq!(new["business_date"], "2026-03-11");
        let mut onto_card = on(&sale, "2026-03-11");
        onto_card["refund_to"] = json!("store_credit");
        shop.bring_back(&onto_card);
        let moved = shop.manager().get("/v1/ledger?store=0042&from=2026-03-12").expect(200).body;
        assert_eq!(moved["items"], json!([]));
        let end = close(&shop, "7", "2026-03-11");
        // The exchange, the return, and the entry of its card.
        assert_eq!((&end["movements"], &end["cash"]["moved"]), (&json!(3), &json!("-6.00")));
    });
}
