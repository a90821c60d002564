//! After recording: what the terminal said of the refund, and returns that are taken back.

use crate::support::bodies::{back, hearts, plain};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use serde_json::{Value, json};

/// A heart brought back, and the address of its refund.
fn heart_back(shop: &Shop) -> (Value, Value, String) {
    let sale = hearts(shop);
    let sold = shop.sell(&sale);
    let recorded = shop.bring_back(&back(&sale, 1, 1));
    let path = format!("/v1/returns/{}", recorded["id"].as_str().unwrap());
    (sold, recorded, path)
}

fn refunded(shop: &Shop, sold: &Value) -> Vec<Value> {
    let shown =
        shop.cashier().get(&format!("/v1/sales/{}", sold["id"].as_str().unwrap())).expect(200).body;
    let state =
        [shown["lines"][0]["returned_quantity"].clone(), shown["tenders"][0]["refunded"].clone()];
    state.to_vec()
}

#[test]
fn the_terminal_says_that_a_refund_is_settled() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let (_, recorded, path) = heart_back(&shop);
        let settlement = format!("{path}/refunds/1/settlement");
        let body = json!({"outcome": "settled", "reference": "T-100200"});
        shop.till().post(&settlement, &body).expect_problem(400, "idempotency_key_missing");
        let settled = shop.till().post_keyed(&settlement, "s1", &body).expect(200).body;
        let mut refund = recorded["refunds"][0].clone();
        refund["status"] = json!("settled");
        refund["settled_at"] = json!("2026-03-11T15:00:00Z");
        refund["settlement_reference"] = json!("T-100200");
        let mut expected = json!({"currency": "USD", "refunds": [refund]});
        for name in [
            "id",
            "return_number",
            "status",
            "store",
            "register",
            "operator",
            "customer",
            "business_date",
            "recorded_at",
            "training",
        ] {
            expected[name] = recorded[name].clone();
        }
        assert_eq!(settled, expected);
        assert_eq!(shop.cashier().get(&path).expect(200).body["refunds"], expected["refunds"]);
        shop.till().post_keyed(&settlement, "s2", &body).expect_problem(409, "refund_not_due");
        shop.till()
            .post_keyed(&format!("{path}/refunds/2/settlement"), "s3", &body)
            .expect_problem(404, "not_found");
        shop.till()
            .post_keyed(&format!("{path}/refunds/x/settlement"), "s4", &body)
            .expect_problem(404, "not_found");
        shop.stranger().post_keyed(&settlement, "s5", &body).expect_problem(404, "not_found");
        let refused =
            shop.manager().post_keyed(&format!("{path}/void"), "v", &json!({"reason": "mistake"}));
        assert!(
            refused.expect_problem(409, "return_not_voidable").body["detail"]
                .as_str()
                .unwrap()
                .contains("12.25")
        );
        assert_eq!(shop.logged("refund.settled").len(), 1);
    });
}

#[test]
fn a_refund_that_failed_goes_another_way() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let (sold, _, path) = heart_back(&shop);
        let settlement = format!("{path}/refunds/1/settlement");
        let cash = json!({"outcome": "failed", "fallback": "cash"});
        let refused = shop
            .till()
            .post_keyed(&settlement, "s1", &cash)
            .expect_problem(422, "tender_not_allowed");
        assert_eq!(refused.faults(), [("/fallback".to_owned(), "tender_not_allowed".to_owned())]);
        let failed = shop
            .till()
            .post_keyed(&settlement, "s2", &json!({"outcome": "failed", "reference": "E51"}))
            .expect(200);
        assert_eq!(
            (&failed.body["refunds"][0]["status"], refunded(&shop, &sold)),
            (&json!("failed"), vec![json!("1"), json!("0.00")])
        );
        let credit = json!({"outcome": "failed", "fallback": "store_credit"});
        let paid = shop.till().post_keyed(&settlement, "s3", &credit).expect(200).body;
        let second = &paid["refunds"][1];
        let told = ["type", "amount", "status", "stands_in_for"].map(|name| second[name].clone());
        assert_eq!(told, [json!("store_credit"), json!("12.25"), json!("settled"), json!(1)]);
        assert_eq!(refunded(&shop, &sold), [json!("1"), json!("12.25")]);
        shop.till().post_keyed(&settlement, "s4", &credit).expect_problem(409, "refund_not_due");
        assert_eq!(shop.logged("refund.failed").len(), 2);
    });
}

#[test]
fn a_void_puts_everything_back_once() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let (sold, recorded, path) = heart_back(&shop);
        assert_eq!(refunded(&shop, &sold), [json!("1"), json!("12.25")]);
        let body = json!({"reason": "mistake", "note": "Wrong receipt."});
        let void = format!("{path}/void");
        shop.supervisor().post(&void, &body).expect_problem(400, "idempotency_key_missing");
        shop.stranger().post_keyed(&void, "v0", &body).expect_problem(404, "not_found");
        let voided = shop.supervisor().post_keyed(&void, "v1", &body).expect(200);
        assert_eq!(
            (&voided.body["status"], &voided.body["refunds"][0]["status"]),
            (&json!("voided"), &json!("voided"))
        );
        assert_eq!(refunded(&shop, &sold), [json!("0"), json!("0.00")]);
        let again = shop.supervisor().post_keyed(&void, "v1", &body).expect(200);
        assert_eq!(
            (again.header("idempotent-replayed"), &again.bytes),
            (Some("true"), &voided.bytes)
        );
        shop.supervisor().post_keyed(&void, "v2", &body).expect_problem(409, "return_not_voidable");
        let shown = shop.cashier().get(&path).expect(200).body;
        assert_eq!(
            (&shown["status"], &shown["lines"]),
            (&json!("voided"), &recorded["lines"]),
            "the return itself stays"
        );
        let settlement = json!({"outcome": "settled"});
        shop.till()
            .post_keyed(&format!("{path}/refunds/1/settlement"), "s", &settlement)
            .expect_problem(409, "refund_not_due");
        assert_eq!(shop.logged("return.voided")[0]["data"]["reason"], "mistake");
    });
}

#[test]
fn cash_is_settled_as_it_is_recorded_and_can_still_be_taken_back() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = plain(&shop, "0042", 1, 10, "cash");
        shop.sell(&sale);
        let recorded = shop.bring_back(&back(&sale, 1, 1));
        assert_eq!(
            (&recorded["refunds"][0]["status"], &recorded["refunds"][0]["settled_at"]),
            (&json!("settled"), &json!("2026-03-11T15:00:00Z"))
        );
        let void = format!("/v1/returns/{}/void", recorded["id"].as_str().unwrap());
        shop.manager().post_keyed(&void, "v", &json!({"reason": "mistake"})).expect(200);
        shop.bring_back(&back(&sale, 1, 1));
    });
}
