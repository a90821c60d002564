//! Safe retry: the first answer again, to the byte; nothing twice, and nothing of anybody else's.

use crate::support::bodies::{back, plain};
use crate::support::caller::Answer;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use actix_web::http::Method;
use serde_json::{Value, json};

fn replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

/// What makes an answer what it is: status, body, and the headers that are not about the request.
fn essence(answer: &Answer) -> (u16, Vec<u8>, Vec<(String, String)>) {
    let of_the_request = ["x-request-id", "idempotent-replayed"];
    let kept = answer.headers.iter().filter(|(name, _)| !of_the_request.contains(&name.as_str()));
    (answer.status, answer.bytes.clone(), kept.cloned().collect())
}

#[test]
fn the_first_answer_comes_again() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = plain(&shop, "0042", 3, 10, "cash");
        shop.sell(&sale);
        let body = back(&sale, 1, 1);
        let first = shop.cashier().post_keyed("/v1/returns", "k1", &body).expect(201);
        assert!(!replayed(&first));
        shop.move_days(20);
        // Written otherwise, quoted, from another instance: the same key and the same body all the
        // same.
        let text = format!(" {} ", serde_json::to_string_pretty(&body).unwrap());
        for again in [
            shop.cashier().post_keyed("/v1/returns", "k1", &body),
            shop.cashier().post_keyed("/v1/returns", "\"k1\"", &body),
            shop.cashier().post_text("/v1/returns", &[("Idempotency-Key", "k1")], &text),
            shop.another().cashier().post_keyed("/v1/returns", "k1", &body),
        ] {
            assert_eq!((essence(&again), replayed(&again)), (essence(&first), true));
        }
        assert_eq!(shop.logged("return.recorded").len(), 1);
    });
}

#[test]
fn a_key_belongs_to_its_body_its_route_and_its_caller() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = plain(&shop, "0042", 5, 10, "cash");
        shop.sell(&sale);
        let body = back(&sale, 1, 1);
        let mine = shop.cashier().post_keyed("/v1/returns", "k1", &body).expect(201);
        shop.cashier()
            .post_keyed("/v1/returns", "k1", &back(&sale, 1, 2))
            .expect_problem(422, "idempotency_key_reused");
        let theirs = shop.supervisor().post_keyed("/v1/returns", "k1", &body).expect(201);
        assert!(!replayed(&theirs) && theirs.body["id"] != mine.body["id"]);
        let void = format!("/v1/returns/{}/void", mine.body["id"].as_str().unwrap());
        let voided =
            shop.supervisor().post_keyed(&void, "k1", &json!({"reason": "mistake"})).expect(200);
        assert!(!replayed(&voided));
        let keyed = shop
            .till()
            .post_keyed("/v1/sales", "k1", &plain(&shop, "0042", 1, 1, "cash"))
            .expect(201);
        assert!(!replayed(&keyed));
    });
}

#[test]
fn keys_are_asked_for_where_money_moves_and_read_strictly() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = plain(&shop, "0042", 1, 10, "cash");
        shop.sell(&sale);
        let body = back(&sale, 1, 1);
        shop.cashier().post("/v1/returns", &body).expect_problem(400, "idempotency_key_missing");
        for bad in ["", "\"\"", "\"open", "k\u{e4}y", &"k".repeat(256)] {
            shop.cashier()
                .post_keyed("/v1/returns", bad, &body)
                .expect_problem(400, "idempotency_key_invalid");
        }
        let twice = shop.cashier().request(Method::POST, "/v1/returns").set_json(&body);
        let twice =
            twice.append_header(("Idempotency-Key", "a")).append_header(("Idempotency-Key", "a"));
        shop.ask(twice).expect_problem(400, "idempotency_key_invalid");
        assert_eq!(shop.logged("return.recorded"), [] as [Value; 0]);
        shop.cashier().post_keyed("/v1/returns", &"k".repeat(255), &body).expect(201);
    });
}

#[test]
fn refusals_are_kept_but_not_who_may_not() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = plain(&shop, "0042", 1, 10, "cash");
        shop.sell(&sale);
        let body = back(&sale, 1, 1);
        let the_return = shop.bring_back(&body);
        let first = shop
            .cashier()
            .post_keyed("/v1/returns", "k1", &body)
            .expect_problem(422, "return_refused");
        let void = format!("/v1/returns/{}/void", the_return["id"].as_str().unwrap());
        shop.manager().post_keyed(&void, "v", &json!({"reason": "mistake"})).expect(200);
        // It could be recorded now; the key still stands for the answer that was given.
        let again = shop.cashier().post_keyed("/v1/returns", "k1", &body);
        assert_eq!((essence(&again), replayed(&again)), (essence(&first), true));
        shop.cashier()
            .post_keyed(&void, "k2", &json!({"reason": "mistake"}))
            .expect_problem(403, "insufficient_scope");
        shop.nobody().post_keyed("/v1/returns", "k3", &body).expect_problem(401, "invalid_token");
        let fresh = shop.cashier().post_keyed("/v1/returns", "k3", &body).expect(201);
        assert!(!replayed(&fresh));
    });
}

#[test]
fn keys_are_forgotten_after_their_days() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut sale = plain(&shop, "0042", 1, 10, "cash");
        sale["lines"][0]["attributes"] = json!({"final_sale": true});
        shop.sell(&sale);
        let body = back(&sale, 1, 1);
        shop.cashier().post_keyed("/v1/returns", "k1", &body).expect(422);
        shop.move_days(29);
        assert!(replayed(&shop.cashier().post_keyed("/v1/returns", "k1", &body).expect(422)));
    });
}

#[test]
fn one_key_at_once_is_one_return() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = plain(&shop, "0042", 10, 10, "cash");
        shop.sell(&sale);
        let asking = (0..10).map(|_| {
            let request =
                shop.cashier().request(Method::POST, "/v1/returns").set_json(back(&sale, 1, 1));
            shop.asking(request.insert_header(("Idempotency-Key", "k1")))
        });
        let answers = shop.wait(futures_util::future::join_all(asking.collect::<Vec<_>>()));
        assert_eq!(
            answers.iter().filter(|answer| answer.status == 201 && !replayed(answer)).count(),
            1
        );
        for answer in answers.into_iter().filter(|answer| answer.status != 201) {
            let answer = answer.expect_problem(409, "idempotency_key_in_use");
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
        assert_eq!(shop.logged("return.recorded").len(), 1);
    });
}
