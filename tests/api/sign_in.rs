//! `POST /v1/tokens`: number and PIN become a token; guessing is locked out, and tells nothing.

use crate::support::bodies::{back, hearts};
use crate::support::caller::{Answer, Caller};
use crate::support::shop::Shop;
use crate::support::{TestDb, on_each_database};
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

/// A stranger who guesses at the public door locks out the stranger, not the manager at a register.
#[test]
fn a_stranger_locks_nobody_out_elsewhere_and_fills_no_log() {
    on_each_database(|db| {
        let shop = Shop::open_with(db, |config| config.sign_in.attempts = 2);
        hire(&shop, "2001", &["manager"], &["0042"]);
        let sale = hearts(&shop);
        shop.sell(&sale);
        shop.move_days(41);
        sign_in(&shop, "2001", "0000", "0042").expect_problem(401, "sign_in_failed");
        sign_in(&shop, "2001", "0001", "0042").expect_problem(401, "sign_in_failed");
        for second in 0..12 {
            sign_in(&shop, "2001", "493817", "0042").expect_problem(429, "locked_out");
            shop.move_clock(SignedDuration::from_secs(10));
            if second == 5 {
                let asked = json!({"approver": {"operator": "2001", "pin": "493817"},
                    "return": back(&sale, 1, 1), "reason": "goodwill"});
                shop.cashier().post("/v1/overrides", &asked).expect(201);
            }
        }
        let failed = shop.logged("sign_in.failed");
        assert_eq!(failed.len(), 4, "two wrong PINs, and two minutes of lock-out: {failed:?}");
        let told = json!({"failures": 2, "locked_until": "2026-04-21T15:15:00Z", "source": "address:unknown"});
        assert_eq!(failed[3]["data"], told);
    });
}

#[test]
fn an_address_has_so_many_sign_ins_a_minute_and_no_work_is_done_beyond() {
    let db = TestDb::sqlite();
    let shop = Shop::open_with(&db, |config| {
        config.sign_in.per_minute = 2;
        config.sign_in.address_header = "x-forwarded-for".to_owned();
    });
    hire(&shop, "1042", &["cashier"], &["0042"]);
    let from = |address: &str| {
        let header = [("x-forwarded-for", address)];
        shop.nobody().post_with("/v1/tokens", &header, &login("1042", "493817", "0042"))
    };
    from("192.0.2.1").expect(200);
    // What stands before the proxy's own word is the caller's, and counts for nothing.
    from("198.51.100.7, 192.0.2.1").expect(200);
    let over = from("203.0.113.9,192.0.2.1").expect_problem(429, "too_many_requests");
    assert_eq!(over.header("retry-after"), Some("60"));
    from("192.0.2.2").expect(200);
    from("2001:db8::1").expect(200);
    from("2001:db8::2").expect(200);
    from("2001:db8::3").expect_problem(429, "too_many_requests");
    shop.move_clock(SignedDuration::from_secs(60));
    from("192.0.2.1").expect(200);
    assert_eq!(shop.logged("sign_in.succeeded").len(), 6);
}

#[test]
fn more_sign_ins_at_once_than_there_are_places_are_told_to_wait() {
    let db = TestDb::sqlite();
    let shop = Shop::open_with(&db, |config| {
        (config.sign_in.parallel, config.sign_in.waiting) = (1, 1);
    });
    hire(&shop, "1042", &["cashier"], &["0042"]);
    hire(&shop, "2001", &["manager"], &["0042"]);
    let sale = hearts(&shop);
    shop.sell(&sale);
    shop.move_days(41);
    let one = || {
        let request = shop.nobody().request(actix_web::http::Method::POST, "/v1/tokens");
        shop.asking(request.set_json(login("1042", "493817", "0042")))
    };
    // Strangers who take all their places keep no manager from approving at a register.
    let approval = || {
        let request = shop.cashier().request(actix_web::http::Method::POST, "/v1/overrides");
        shop.asking(request.set_json(json!({"approver": {"operator": "2001", "pin": "493817"},
            "return": back(&sale, 1, 1), "reason": "goodwill"})))
    };
    let strangers = futures_util::future::join_all([one(), one(), one(), one()]);
    let (answers, approved) = shop.wait(futures_util::future::join(strangers, approval()));
    approved.expect(201);
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 503, 503]);
    let full = answers.into_iter().find(|answer| answer.status == 503).unwrap();
    assert_eq!(full.header("retry-after"), Some("1"));
    assert_eq!(shop.logged("sign_in.failed").len(), 0, "nobody's attempt is counted");
    sign_in(&shop, "1042", "493817", "0042").expect(200);
}

#[test]
fn refused_checks_of_one_caller_do_not_fill_the_log() {
    let db = TestDb::sqlite();
    let shop = Shop::open_with(&db, |config| config.limits.refused_checks_per_minute = 2);
    let sale = hearts(&shop);
    shop.sell(&sale);
    let check = |units| shop.cashier().post("/v1/returns/check", &back(&sale, 1, units));
    check(3).expect(200);
    check(1).expect(200);
    check(3).expect(200);
    let over = check(3).expect_problem(429, "too_many_requests");
    assert_eq!(over.header("retry-after"), Some("60"));
    let other = shop.caller("1043", returndesk::domain::caller::Role::Cashier);
    other.post("/v1/returns/check", &back(&sale, 1, 1)).expect(200);
    shop.move_clock(SignedDuration::from_secs(60));
    check(3).expect(200);
    assert_eq!(shop.logged("check.refused").len(), 3);
}
