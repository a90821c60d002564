//! Quotes and expected amounts: the register is told when what it showed the customer is no longer
//! so.

use crate::support::bodies::{back, hearts};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use jiff::SignedDuration;
use serde_json::{Value, json};

/// The return of one heart with the quote of a check.
fn quoted(shop: &Shop, sale: &Value) -> Value {
    let mut body = back(sale, 1, 1);
    body["quote"] =
        shop.cashier().post("/v1/returns/check", &body).expect(200).body["quote"].clone();
    body
}

#[test]
fn a_quote_that_still_holds_is_recorded_and_one_that_drifted_says_what_changed() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let (first, second) = (quoted(&shop, &sale), quoted(&shop, &sale));
        shop.cashier().post_keyed("/v1/returns", "k1", &first).expect(201);
        let drifted = shop
            .cashier()
            .post_keyed("/v1/returns", "k2", &second)
            .expect_problem(409, "quote_drifted");
        assert_eq!(
            drifted.body["differences"],
            json!([{"what": "returnable_quantity", "quoted": "2", "now": "1"}])
        );
        let mut other = second.clone();
        other["lines"][0]["condition"] = json!("opened");
        let drifted = shop
            .cashier()
            .post_keyed("/v1/returns", "k3", &other)
            .expect_problem(409, "quote_drifted");
        assert_eq!(drifted.body["differences"][0]["what"], "return");
        for bad in ["x", "eyJ9.e30", ""] {
            other["quote"] = json!(format!("{bad}{}", if bad.is_empty() { " " } else { "" }));
            shop.cashier()
                .post_keyed("/v1/returns", "k4", &other)
                .expect_problem(422, "quote_invalid");
        }
    });
}

#[test]
fn a_quote_is_good_for_minutes_and_its_retry_for_as_long_as_the_key() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let (used, late) = (quoted(&shop, &sale), quoted(&shop, &sale));
        let first = shop.cashier().post_keyed("/v1/returns", "k1", &used).expect(201);
        shop.move_clock(SignedDuration::from_mins(11));
        shop.cashier().post_keyed("/v1/returns", "k2", &late).expect_problem(422, "quote_invalid");
        let again = shop.cashier().post_keyed("/v1/returns", "k1", &used).expect(201);
        assert_eq!(
            (again.header("idempotent-replayed"), again.bytes.clone()),
            (Some("true"), first.bytes)
        );
    });
}

#[test]
fn a_new_policy_version_is_a_drift() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let body = quoted(&shop, &sale);
        shop.move_clock(SignedDuration::from_secs(1));
        shop.publish("standard", &json!({"currency": "USD", "governed_by": "return", "rules": [{"id": "all", "when": {},
            "set": {"fee": {"percent": "10", "except_reasons": ["defective"]}, "conditions": ["unopened"], "refund_to": {"*": ["original"]}}}]}));
        let drifted = shop
            .cashier()
            .post_keyed("/v1/returns", "k1", &body)
            .expect_problem(409, "quote_drifted");
        let what: Vec<_> = drifted.body["differences"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| d["what"].clone())
            .collect();
        assert_eq!(what, ["refund", "policy"], "{drifted}");
        let mut expected = back(&sale, 1, 1);
        expected["expected_refund"] = json!("12.25");
        let changed = shop
            .cashier()
            .post_keyed("/v1/returns", "k2", &expected)
            .expect_problem(409, "amount_changed");
        let now = changed.body["decision"]["totals"]["refund"].clone();
        assert_ne!(now, "12.25");
        expected["expected_refund"] = now.clone();
        assert_eq!(shop.bring_back(&expected)["totals"]["refund"], now);
    });
}
