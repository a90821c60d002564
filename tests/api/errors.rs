//! What is not a request that any route takes: always a problem, and nothing half-done.

use crate::support::bodies::hearts;
use crate::support::caller::Answer;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use actix_web::http::Method;
use serde_json::{Value, json};

fn send(shop: &Shop, kind: &str, body: impl Into<actix_web::web::Bytes>) -> Answer {
    let request =
        shop.till().request(Method::POST, "/v1/sales").insert_header(("Content-Type", kind));
    shop.ask(request.set_payload(body))
}

#[test]
fn bodies_that_are_no_json_are_told_so() {
    on_each_database(|db| {
        let shop = Shop::open_with(db, |config| config.limits.body_bytes = 10_000);
        let json = "application/json";
        send(&shop, json, "").expect_problem(400, "malformed_json");
        send(&shop, json, "{\"store\": }").expect_problem(400, "malformed_json");
        send(&shop, json, &b"{\"store\": \"\xff\"}"[..]).expect_problem(400, "malformed_json");
        send(&shop, json, "{\"store\": \"1\", \"store\": \"2\"}")
            .expect_problem(400, "duplicate_json_key");
        send(&shop, json, "[".repeat(5_000)).expect_problem(400, "malformed_json");
        send(&shop, json, "null").expect_problem(422, "invalid_value");
        send(&shop, json, "[]").expect_problem(422, "invalid_value");
        send(&shop, json, format!("\"{}\"", "x".repeat(10_000)))
            .expect_problem(413, "body_too_large");
        send(&shop, "text/plain", "{}").expect_problem(415, "unsupported_media_type");
        send(&shop, "application/json; charset=latin1", "{}")
            .expect_problem(415, "unsupported_media_type");
        send(&shop, "application/json; charset=UTF-8", "{}").expect_problem(422, "missing_field");
        let packed = shop
            .till()
            .request(Method::POST, "/v1/sales")
            .set_json(json!({}))
            .insert_header(("Content-Encoding", "gzip"));
        shop.ask(packed).expect_problem(415, "unsupported_media_type");
        assert_eq!(shop.logged("sale.recorded"), [] as [Value; 0]);
    });
}

#[test]
fn all_faults_of_a_body_come_in_one_answer() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut sale = hearts(&shop);
        sale["colour"] = json!("red");
        sale["receipt"] = json!(4711);
        sale["lines"][0]["net"] = json!("22.500");
        sale["lines"][0]["taxes"][0]["code"] = json!("");
        sale["tenders"][1]["type"] = json!("shells");
        let refused = shop.till().post("/v1/sales", &sale).expect_problem(422, "invalid_body");
        let mut named: Vec<_> = refused.faults().into_iter().map(|(pointer, _)| pointer).collect();
        named.sort();
        // Digits depend on the currency, which is only looked at once every field is there and of
        // its kind.
        assert_eq!(named, ["/colour", "/lines/0/taxes/0/code", "/receipt", "/tenders/1/type"]);
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.starts_with("The request has 4 faults."), "{detail}");
    });
}

#[test]
fn nothing_of_the_inside_is_told() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let answer = shop.admin().get("/v1/sales/not-an-id").expect_problem(404, "not_found");
        let mut expected = json!({"type": "https://returndesk.dev/problems/not_found", "title": "Not found", "status": 404,
            "instance": "/v1/sales/not-an-id", "code": "not_found", "errors": []});
        expected["detail"] = answer.body["detail"].clone();
        assert_eq!(answer.body, expected);
        let unknown = shop
            .admin()
            .get("/v1/sales/00000000-0000-7000-8000-000000000000")
            .expect_problem(404, "not_found");
        for told in [answer.text(), unknown.text()] {
            assert!(
                !told.contains("src/") && !told.contains("SELECT") && !told.contains("uuid"),
                "{told}"
            );
        }
        let check = shop.admin().get("/v1/returns/check").expect_problem(405, "method_not_allowed");
        assert_eq!(check.header("allow"), Some("POST"));
    });
}

#[test]
fn characters_that_no_text_has_are_refused() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        for forged in ["a\u{0}b", "a\u{8}b", "a\u{1b}[2Jb"] {
            let mut sale = hearts(&shop);
            sale["lines"][0]["description"] = json!(forged);
            let refused = shop.till().post("/v1/sales", &sale).expect_problem(422, "invalid_value");
            assert_eq!(refused.faults()[0].0, "/lines/0/description");
        }
    });
}
