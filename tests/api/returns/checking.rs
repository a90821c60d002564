//! A check decides and changes nothing; a record decides the same again.

use crate::support::bodies::{back, hearts, plain};
use crate::support::caller::masked;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use serde_json::{Value, json};

/// One heart of the contract's sale.
fn decision() -> Value {
    json!({"decision": "allowed", "policy": {"name": "standard", "version": 1}, "evaluated_at": "2026-03-11T15:00:00Z",
        "currency": "USD", "charges": [], "findings": [], "approvals_needed": [], "alternatives": [],
        "lines": [{"index": 0, "sale": "<id>", "sale_line": 1, "sku": "85123A", "quantity": "1", "returnable_quantity": "2",
            "reason": "changed_mind", "condition": "unopened", "disposition": "undecided", "serial_number": null,
            "policy_version": 1, "decision": "allowed", "net": "11.25", "taxes": [{"code": "NY", "amount": "1.00"}],
            "fee": "0.00", "refund": "12.25", "findings": []}],
        "totals": {"returned": "12.25", "fees": "0.00", "exchanged": "0.00", "refund": "12.25", "due": "0.00"},
        "refunds": [{"refund": 1, "type": "credit_card", "sale": "<id>", "sale_tender": 1, "reference": "tok_9f",
            "amount": "12.25", "rounding": "0.00", "status": "due", "fallbacks": ["store_credit"]}]})
}

#[test]
fn a_record_is_the_check_with_a_number() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let before = shop.log().len();
        let checked = shop.cashier().post("/v1/returns/check", &back(&sale, 1, 1)).expect(200);
        let mut expected = decision();
        expected["quote"] = json!("<token>");
        assert_eq!((checked.masked(), shop.log().len()), (expected, before), "and nothing changed");
        let recorded =
            shop.cashier().post_keyed("/v1/returns", "k1", &back(&sale, 1, 1)).expect(201);
        let number = recorded.body["return_number"].as_str().unwrap();
        assert!(number.starts_with("0042-260311-") && number.len() == 20, "{number}");
        let mut expected = decision();
        let head = json!({"id": "<id>", "return_number": number, "status": "completed", "store": "0042", "register": "7",
            "operator": "1042", "customer": null, "business_date": "2026-03-11", "recorded_at": "2026-03-11T15:00:00Z",
            "training": false});
        expected.as_object_mut().unwrap().extend(head.as_object().unwrap().clone());
        assert_eq!(recorded.masked(), expected);
        let path = format!("/v1/returns/{}", recorded.body["id"].as_str().unwrap());
        assert_eq!(recorded.header("location"), Some(path.as_str()));
        let read = shop.cashier().get(&path).expect(200);
        assert_eq!(read.body, recorded.body);
        shop.cashier()
            .get_with(&path, &[("If-None-Match", read.header("etag").unwrap())])
            .expect(304);
        shop.stranger().get(&path).expect_problem(404, "not_found");
        let listed = shop.cashier().get("/v1/returns?status=completed").expect(200).body;
        assert_eq!(listed, json!({"items": [recorded.body], "next_cursor": null}));
    });
}

#[test]
fn what_is_refused_says_why_and_is_in_the_log() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut sale = hearts(&shop);
        sale["lines"][0]["attributes"]["final_sale"] = json!(true);
        shop.sell(&sale);
        let checked = shop.cashier().post("/v1/returns/check", &back(&sale, 1, 1)).expect(200).body;
        assert_eq!((&checked["decision"], checked.get("quote")), (&json!("refused"), None));
        let finding = &checked["lines"][0]["findings"][0];
        assert_eq!(
            (&finding["code"], &finding["rule"]),
            (&json!("final_sale"), &json!("final-sale"))
        );
        let refused = shop.cashier().post_keyed("/v1/returns", "k1", &back(&sale, 1, 1));
        let refused = refused.expect_problem(422, "return_refused");
        assert_eq!(refused.body["decision"]["lines"], checked["lines"]);
        assert_eq!(refused.body["detail"], finding["detail"]);
        let entry = &shop.logged("return.refused")[0];
        assert_eq!(
            (&entry["store"], &entry["actor"]["operator"]),
            (&json!("0042"), &json!("1042"))
        );
        assert_eq!(shop.logged("check.refused").len(), 1);
        let again = shop.cashier().post_keyed("/v1/returns", "k1", &back(&sale, 1, 1)).expect(422);
        assert_eq!(
            (again.bytes, again.headers.contains(&("idempotent-replayed".into(), "true".into()))),
            (refused.bytes, true)
        );
        assert_eq!(
            shop.logged("return.refused").len(),
            1,
            "a replayed refusal is no second attempt"
        );
    });
}

#[test]
fn more_than_there_is_can_never_come_back() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let codes = |quantity: u32| -> Vec<Value> {
            let refused = shop.cashier().post_keyed(
                "/v1/returns",
                &shop.receipt(),
                &back(&sale, 1, quantity),
            );
            let refused = refused.expect_problem(422, "return_refused");
            refused.body["decision"]["lines"][0]["findings"]
                .as_array()
                .unwrap()
                .iter()
                .map(|f| f["code"].clone())
                .collect()
        };
        assert_eq!(codes(3), ["quantity_exceeded"]);
        shop.bring_back(&back(&sale, 1, 2));
        assert_eq!(codes(1), ["already_returned"]);
    });
}

#[test]
fn approval_missing_is_told_and_not_kept_under_the_key() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        shop.move_days(41);
        let missing = shop.cashier().post_keyed("/v1/returns", "k1", &back(&sale, 1, 1));
        let missing = missing.expect_problem(403, "approval_required");
        let needed = json!([{"role": "manager", "codes": ["window_expired"], "count": 1}]);
        assert_eq!(missing.body["decision"]["approvals_needed"], needed);
        assert_eq!(
            missing.header("www-authenticate"),
            None,
            "the token is good; it is the return that needs more"
        );
        let told = missing.body["detail"].as_str().unwrap();
        assert!(told.contains("41 days ago") && told.ends_with("Ask a manager."), "{told}");
        let body =
            json!({"return": back(&sale, 1, 1), "codes": ["window_expired"], "reason": "goodwill"});
        let token = shop.manager().post("/v1/overrides", &body).expect(201).body["token"].clone();
        let mut approved = back(&sale, 1, 1);
        approved["approvals"] = json!([token]);
        shop.cashier().post_keyed("/v1/returns", "k1", &approved).expect(201);
    });
}

#[test]
fn receipts_of_other_stores_and_several_sales_come_back_in_one_return() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let (here, abroad) =
            (plain(&shop, "0042", 2, 10, "cash"), plain(&shop, "0043", 2, 7, "credit_card"));
        let (here_id, abroad_id) =
            (shop.sell(&here)["id"].clone(), shop.sell(&abroad)["id"].clone());
        let mut body = back(&here, 1, 1);
        body["lines"]
            .as_array_mut()
            .unwrap()
            .push(json!({"sale": {"receipt": abroad["receipt"], "store": "0043"},
            "sale_line": 1, "quantity": 2, "condition": "unopened"}));
        let recorded = shop.bring_back(&body);
        let lines: Vec<_> = recorded["lines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| (l["sale"].clone(), l["refund"].clone()))
            .collect();
        assert_eq!(lines, [(here_id, json!("10.00")), (abroad_id.clone(), json!("14.00"))]);
        let refunds: Vec<_> = recorded["refunds"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| (r["type"].clone(), r["amount"].clone()))
            .collect();
        assert_eq!(
            refunds,
            [(json!("cash"), json!("10.00")), (json!("credit_card"), json!("14.00"))]
        );
        // Store 0043 sees what came back of its sale, but not the return of another store.
        let shown = shop
            .stranger()
            .get(&format!("/v1/sales/{}", abroad_id.as_str().unwrap()))
            .expect(200)
            .body;
        assert_eq!(shown["lines"][0]["returned_quantity"], "2");
        shop.stranger()
            .get(&format!("/v1/returns/{}", recorded["id"].as_str().unwrap()))
            .expect(404);
        // Of a store of another currency nothing can be taken back here.
        let pounds = plain(&shop, "0044", 1, 9, "cash");
        shop.sell(&pounds);
        shop.cashier()
            .post("/v1/returns/check", &back(&pounds, 1, 1))
            .expect_problem(422, "currency_mismatch");
    });
}

#[test]
fn practice_takes_nothing_out_of_the_sale() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = plain(&shop, "0042", 1, 10, "cash");
        let id = shop.sell(&sale)["id"].clone();
        let mut practice = back(&sale, 1, 1);
        practice["training"] = json!(true);
        let recorded = shop.bring_back(&practice);
        assert_eq!(recorded["training"], true);
        let shown =
            shop.cashier().get(&format!("/v1/sales/{}", id.as_str().unwrap())).expect(200).body;
        assert_eq!(
            (&shown["lines"][0]["returnable_quantity"], &shown["tenders"][0]["refunded"]),
            (&json!("1"), &json!("0.00"))
        );
        let real = shop.bring_back(&back(&sale, 1, 1));
        assert_eq!(masked(&real["refunds"][0]["amount"]), "10.00");
    });
}

#[test]
fn a_return_that_cannot_be_understood_is_told_why() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let refuse = |change: &dyn Fn(&mut Value), status: u16, code: &str, pointer: &str| {
            let mut body = back(&sale, 1, 1);
            change(&mut body);
            for answer in [
                shop.cashier().post("/v1/returns/check", &body),
                shop.cashier().post_keyed("/v1/returns", "bad", &body),
            ] {
                let refused = answer.expect_problem(status, code);
                assert_eq!(
                    refused.faults().first().map_or("", |(pointer, _)| pointer.as_str()),
                    pointer,
                    "{refused}"
                );
            }
        };
        refuse(&|b| b["store"] = json!("0043"), 404, "unknown_store", "");
        refuse(&|b| b["store"] = json!("none"), 404, "unknown_store", "");
        refuse(&|b| b["lines"] = json!([]), 422, "invalid_value", "/lines");
        refuse(
            &|b| b["lines"][0]["approved_by"] = json!("me"),
            422,
            "unknown_field",
            "/lines/0/approved_by",
        );
        refuse(&|b| b["totals"] = json!({}), 422, "unknown_field", "/totals");
        refuse(&|b| b["currency"] = json!("EUR"), 422, "currency_mismatch", "/currency");
        refuse(
            &|b| b["lines"][0]["note"] = json!("4111111111111111"),
            422,
            "card_number_refused",
            "/lines/0/note",
        );
        refuse(
            &|b| b["lines"][0]["quantity"] = json!(-1),
            422,
            "invalid_quantity",
            "/lines/0/quantity",
        );
        refuse(
            &|b| b["expected_refund"] = json!("12.250"),
            422,
            "invalid_amount",
            "/expected_refund",
        );
        refuse(
            &|b| b["on_approval_needed"] = json!("request"),
            422,
            "invalid_value",
            "/on_approval_needed",
        );
    });
}

/// An amount has an end; a return of several sales that would go beyond it is refused before
/// anything is changed.
#[test]
fn a_return_is_not_of_more_money_than_an_amount_can_hold() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let most = "9999999999999.00";
        let sales: Vec<Value> = (0..2)
            .map(|_| {
                let mut sale = plain(&shop, "0042", 1, 1, "cash");
                let amounts =
                    ["/lines/0/unit_price", "/lines/0/net", "/tenders/0/amount", "/total"];
                amounts.iter().for_each(|amount| *sale.pointer_mut(amount).unwrap() = json!(most));
                shop.sell(&sale);
                sale
            })
            .collect();
        let mut body = back(&sales[0], 1, 1);
        let mut other = body["lines"][0].clone();
        other["sale"] = json!({"receipt": sales[1]["receipt"]});
        body["lines"].as_array_mut().unwrap().push(other);
        body["refund_to"] = json!("store_credit");
        let before = shop.log().len();
        for answer in [
            shop.cashier().post("/v1/returns/check", &body),
            shop.cashier().post_keyed("/v1/returns", "both", &body),
        ] {
            let refused = answer.expect_problem(422, "invalid_amount");
            assert_eq!(
                refused.faults(),
                [("/lines".to_owned(), "invalid_amount".to_owned())],
                "{refused}"
            );
        }
        assert_eq!(shop.log().len(), before);
    });
}
