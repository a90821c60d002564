//! `POST /v1/sales/import`: a stream of lines, each with a result of its own.

use crate::support::bodies::plain;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use actix_web::http::Method;
use serde_json::{Value, json};

fn import(shop: &Shop, text: &str) -> Vec<Value> {
    let request = shop.till().request(Method::POST, "/v1/sales/import");
    let request = request
        .insert_header(("Content-Type", "application/x-ndjson"))
        .set_payload(text.to_owned());
    let answer = shop.ask(request).expect(200);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Line, status and the problem's code.
fn told(results: &[Value]) -> Vec<(u64, &str, &str)> {
    let each = results.iter().map(|result| {
        let code = result["problem"]["code"].as_str().unwrap_or_default();
        (result["line"].as_u64().unwrap(), result["status"].as_str().unwrap(), code)
    });
    each.collect()
}

#[test]
fn bad_lines_are_reported_and_the_rest_goes_on() {
    on_each_database(|db| {
        let shop = Shop::open_with(db, |config| config.limits.import_line_bytes = 2_000);
        let good = || plain(&shop, "0042", 2, 10, "cash");
        let (first, last) = (good(), good());
        let mut off = good();
        off["total"] = json!("19.99");
        let mut other = first.clone();
        other["operator"] = json!("1002");
        let abroad = plain(&shop, "0043", 1, 10, "cash");
        let long = format!("\"{}\"", "x".repeat(3_000));
        let text = format!(
            "{first}\n\n{{\"a\": 1, \"a\": 2}}\n{off}\n{first}\r\n{other}\n{abroad}\n{long}\nno JSON\n{last}"
        );
        let results = import(&shop, &text);
        let expected = [
            (1, "recorded", ""),
            (2, "refused", "duplicate_json_key"),
            (3, "refused", "does_not_add_up"),
            (4, "known", ""),
            (5, "refused", "receipt_exists"),
            (6, "refused", "unknown_store"),
            (7, "refused", "body_too_large"),
            (8, "refused", "malformed_json"),
            (9, "recorded", ""),
        ];
        assert_eq!(told(&results), expected);
        assert_eq!(results[0]["id"], results[3]["id"]);
        let before = shop.logged("sale.recorded").len();
        let again = import(&shop, &text);
        assert_eq!((told(&again)[0], told(&again)[8]), ((1, "known", ""), (9, "known", "")));
        assert_eq!(
            (before, shop.logged("sale.recorded").len()),
            (2, 2),
            "sending the file again changes nothing"
        );
    });
}

#[test]
fn many_lines_come_back_in_their_order() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sales: Vec<Value> = (0..300).map(|_| plain(&shop, "0042", 1, 10, "cash")).collect();
        let text: String = sales.iter().map(|sale| format!("{sale}\n")).collect();
        let results = import(&shop, &text);
        assert!(told(&results).into_iter().eq((1..=300).map(|line| (line, "recorded", ""))));
        for place in [0, 150, 299] {
            let shown = shop
                .cashier()
                .get(&format!("/v1/sales/{}", results[place]["id"].as_str().unwrap()))
                .expect(200);
            assert_eq!(shown.body["receipt"], sales[place]["receipt"]);
        }
    });
}

#[test]
fn of_two_lines_with_one_receipt_the_first_counts() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut sales: Vec<Value> = Vec::new();
        for number in 0..200 {
            let first = plain(&shop, "0042", 1, 10, "cash");
            let mut second = first.clone();
            second["operator"] = json!("1002");
            // Side by side, and with others in between.
            let place = sales.len() - number % 7 % (sales.len() + 1);
            sales.insert(place, first);
            sales.push(second);
        }
        let text: String = sales.iter().map(|sale| format!("{sale}\n")).collect();
        let results = import(&shop, &text);
        for (sale, (line, status, code)) in sales.iter().zip(told(&results)) {
            let expected = if sale["operator"] == json!("1002") {
                ("refused", "receipt_exists")
            } else {
                ("recorded", "")
            };
            assert_eq!((status, code), expected, "line {line}");
        }
    });
}

#[test]
fn only_lines_of_json_are_taken() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        shop.till()
            .post("/v1/sales/import", &json!({}))
            .expect_problem(415, "unsupported_media_type");
        assert_eq!(import(&shop, ""), [] as [Value; 0]);
    });
}
