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

/// Case E04: a shift change, or a first cash-up that was wrong.
#[test]
fn a_register_is_cashed_up_twice_on_one_day() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = plain(&shop, "0042", 4, 10, "cash");
        shop.sell(&sale);
        shop.bring_back(&back(&sale, 1, 1));
        let cash_up = |shift: Option<u64>, opening: &str, counted: &str| {
            let mut body = json!({"store": "0042", "register": "7", "business_date": "2026-03-11",
                "opening_cash": opening, "counted_cash": counted});
            if let Some(shift) = shift {
                body["shift"] = json!(shift);
            }
            shop.supervisor().post_keyed("/v1/day-ends", &shop.receipt(), &body)
        };
        let of = |end: &Value| {
            ["number", "shift", "business_date", "movements", "cash", "perpetual"]
                .map(|member| end[member].clone())
        };
        let totals = |returns: &str, net: &str| {
            json!({"sales": "0.00", "returns": returns, "voided_sales": "0.00",
                "voided_returns": "0.00", "net": net})
        };
        let drawer = |[opening, moved, expected, counted, difference]: [&str; 5]| {
            json!({"opening": opening, "moved": moved, "expected": expected, "counted": counted,
                "difference": difference})
        };
        let first = cash_up(None, "100.00", "90.00").expect(201).body;
        assert_eq!(
            of(&first),
            [
                json!(1),
                json!(1),
                json!("2026-03-11"),
                json!(1),
                drawer(["100.00", "-10.00", "90.00", "90.00", "0.00"]),
                totals("10.00", "-10.00")
            ]
        );
        // After the shift change a return may still name the day, and belongs to the next shift.
        shop.bring_back(&on(&sale, "2026-03-11"));
        shop.bring_back(&back(&sale, 1, 1));
        let wrong = cash_up(Some(3), "90.00", "70.00").expect_problem(409, "day_open");
        let detail = "The next shift of 2026-03-11 of register 7 is 2: close it first.";
        assert_eq!(wrong.body["detail"], detail);
        close(&shop, "3", "2026-03-11");
        let own = json!({"store": "0042", "business_date": "2026-03-11"});
        let early = shop.supervisor().post_keyed("/v1/day-ends", "own-1", &own);
        let detail = "Register 7 has movements of 2026-03-11 that are not closed: close shift 2 \
                      of its 2026-03-11 first.";
        assert_eq!(early.expect_problem(409, "day_open").body["detail"], detail);
        let second = cash_up(Some(2), "90.00", "69.00").expect(201).body;
        assert_eq!(
            of(&second),
            [
                json!(2),
                json!(2),
                json!("2026-03-11"),
                json!(2),
                drawer(["90.00", "-20.00", "70.00", "69.00", "-1.00"]),
                totals("30.00", "-30.00")
            ]
        );
        let again = cash_up(Some(2), "90.00", "69.00").expect_problem(409, "day_closed");
        let detail = "Shift 2 of 2026-03-11 of register 7 is closed already, as number 2.";
        assert_eq!(again.body["detail"], detail);
        // The store's own has both, and is the last word on the day.
        let of_store = shop.supervisor().post_keyed("/v1/day-ends", "own-2", &own).expect(201).body;
        assert_eq!(
            (&of_store["movements"], &of_store["cash"]["moved"]),
            (&json!(4), &json!("10.00"))
        );
        let over = cash_up(None, "70.00", "70.00").expect_problem(409, "day_closed");
        let detail = "Store 0042 is closed up to 2026-03-11, and with it 2026-03-11 of register 7; \
                      what comes in for it falls into the next day end.";
        assert_eq!(over.body["detail"], detail);
        let listed = shop.manager().get("/v1/day-ends?store=0042&register=7").expect(200).body;
        assert_eq!(listed["items"], json!([second, first]));
        let told = &shop.logged("day_end.closed")[2]["data"];
        assert_eq!((&told["register"], &told["shift"]), (&json!("7"), &json!(2)));
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
