//! `POST /v1/tokens`: number and PIN become a token; guessing is locked out, and tells nothing.

use crate::support::caller::{Answer, Caller};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use jiff::SignedDuration;
use serde_json::{Value, json};

fn hire(shop: &Shop, operator: &str, roles: &[&str], stores: &[&str]) {
    let body = json!({"name": "Ana Ruiz", "roles": roles, "stores": stores, "pin": "493817"});
    shop.admin().put(&format!("/v1/operators/{operator}"), &body).expect(201);
}

fn login(operator: &str, pin: &str, store: &str) -> Value {
    json!({"operator": operator, "pin": pin, "store": store, "register": "3"})
}

fn sign_in(shop: &Shop, operator: &str, pin: &str, store: &str) -> Answer {
    shop.nobody().post("/v1/tokens", &login(operator, pin, store))
}

#[test]
fn number_and_pin_give_a_token_good_for_that_store() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        hire(&shop, "1042", &["cashier", "register"], &["0042", "0043"]);
        let answer = sign_in(&shop, "1042", "493817", "0042").expect(200);
        assert_eq!(
            answer.masked(),
            json!({"access_token": "<token>", "token_type": "Bearer", "expires_in": 28800})
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let ana = Caller::bearing(&shop, answer.body["access_token"].as_str().unwrap());
        assert_eq!(ana.get("/v1/stores").expect(200).body["items"][0]["store"], "0042");
        assert_eq!(ana.get("/v1/stores").body["items"].as_array().map(Vec::len), Some(1));
        ana.get("/v1/stores/0043").expect_problem(404, "not_found");
        let entry = &shop.logged("sign_in.succeeded")[0];
        assert_eq!((&entry["store"], &entry["subject_id"]), (&json!("0042"), &json!("1042")));
        assert!(
            !shop.log().iter().any(|entry| entry.to_string().contains("493817")),
            "the log has no PIN"
        );
    });
}

#[test]
fn whatever_is_wrong_is_answered_the_same() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        hire(&shop, "1042", &["cashier"], &["0042"]);
        let body = json!({"name": "Gone", "roles": ["cashier"], "stores": ["0042"], "pin": "493817", "active": false});
        shop.admin().put("/v1/operators/1043", &body).expect(201);
        let body = json!({"name": "Without PIN", "roles": ["cashier"], "stores": ["0042"]});
        shop.admin().put("/v1/operators/1044", &body).expect(201);
        let wrong = sign_in(&shop, "1042", "000000", "0042").expect_problem(401, "sign_in_failed");
        for (operator, pin, store) in [
            ("9999", "493817", "0042"),
            ("1042", "493817", "0043"),
            ("1042", "493817", "none"),
            ("1042", "no PIN at all", "0042"),
            ("1043", "493817", "0042"),
            ("1044", "493817", "0042"),
        ] {
            let answer = sign_in(&shop, operator, pin, store).expect(401);
            assert_eq!(answer.body, wrong.body, "{operator} {pin} {store}");
        }
    });
}

#[test]
fn guessing_is_locked_out_also_for_numbers_that_do_not_exist() {
    on_each_database(|db| {
        let shop = Shop::open_with(db, |config| config.sign_in.attempts = 2);
        hire(&shop, "1042", &["cashier"], &["0042"]);
        for operator in ["1042", "9999"] {
            sign_in(&shop, operator, "0000", "0042").expect_problem(401, "sign_in_failed");
            sign_in(&shop, operator, "0001", "0042").expect_problem(401, "sign_in_failed");
            let locked =
                sign_in(&shop, operator, "493817", "0042").expect_problem(429, "locked_out");
            assert_eq!(locked.header("retry-after"), Some("900"), "{operator}");
        }
        shop.move_clock(SignedDuration::from_mins(15));
        sign_in(&shop, "1042", "493817", "0042").expect(200);
        sign_in(&shop, "9999", "493817", "0042").expect_problem(401, "sign_in_failed");
        let locked = shop.logged("operator.locked");
        assert!(locked.iter().any(|entry| entry["subject_id"] == "1042"), "{locked:?}");
    });
}

#[test]
fn a_new_pin_opens_a_lock_and_closes_the_old_one() {
    on_each_database(|db| {
        let shop = Shop::open_with(db, |config| config.sign_in.attempts = 1);
        hire(&shop, "1042", &["cashier"], &["0042"]);
        sign_in(&shop, "1042", "0000", "0042").expect(401);
        sign_in(&shop, "1042", "493817", "0042").expect_problem(429, "locked_out");
        let body =
            json!({"name": "Ana Ruiz", "roles": ["cashier"], "stores": ["0042"], "pin": "112233"});
        shop.admin().put_with("/v1/operators/1042", &[("If-Match", "*")], &body).expect(200);
        sign_in(&shop, "1042", "112233", "0042").expect(200);
        sign_in(&shop, "1042", "493817", "0042").expect_problem(401, "sign_in_failed");
    });
}
