//! A manager's override at the register: bound to what it approves, for minutes, once, and never by
//! oneself.

use crate::support::bodies::{back, hearts, plain};
use crate::support::caller::{Answer, Caller};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use jiff::SignedDuration;
use returndesk::domain::caller::Role;
use serde_json::{Value, json};

/// A sale whose window has closed.
fn late(shop: &Shop) -> Value {
    let sale = hearts(shop);
    shop.sell(&sale);
    shop.move_days(41);
    sale
}

fn asked(of: &Value) -> Value {
    json!({"return": of, "codes": ["window_expired"], "reason": "goodwill", "note": "Good customer."})
}

fn approved(of: &Value, issued: &Value) -> Value {
    let mut body = of.clone();
    body["approvals"] = json!([issued["token"]]);
    body
}

fn record(shop: &Shop, key: &str, body: &Value) -> Answer {
    shop.cashier().post_keyed("/v1/returns", key, body)
}

#[test]
fn a_managers_token_approves_one_return_once() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let body = back(&late(&shop), 1, 1);
        let answer = shop.manager().post("/v1/overrides", &asked(&body)).expect(201);
        let issued = &answer.body;
        let expected = json!({"token": "<token>", "id": "<id>", "codes": ["window_expired"], "max_refund": "12.25",
            "currency": "USD", "expires_at": "2026-04-21T15:05:00Z"});
        assert_eq!(answer.masked(), expected);
        let recorded = record(&shop, "k1", &approved(&body, issued)).expect(201).body;
        let finding = &recorded["lines"][0]["findings"][0];
        assert_eq!(
            (&finding["code"], &finding["approved_by"]),
            (&json!("window_expired"), &json!([issued["id"]]))
        );
        assert_eq!(
            (&recorded["decision"], &recorded["approvals_needed"]),
            (&json!("allowed"), &json!([]))
        );
        let used =
            record(&shop, "k2", &approved(&body, issued)).expect_problem(409, "override_used");
        assert_eq!(used.body["override"], issued["id"]);
        let counted = ["override.issued", "override.used", "override.refused"]
            .map(|event| shop.logged(event).len());
        assert_eq!(counted, [1, 1, 1]);
        let text: String = shop.log().iter().map(Value::to_string).collect();
        assert!(!text.contains(issued["token"].as_str().unwrap()), "the log has no token");
    });
}

#[test]
fn a_manager_may_type_a_pin_at_the_register() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let body = back(&late(&shop), 1, 1);
        let hire = |number: &str, role: &str, customer: Value| {
            let body = json!({"name": "M", "roles": [role], "stores": ["0042"], "pin": "493817", "customer": customer});
            shop.admin().put(&format!("/v1/operators/{number}"), &body).expect(201);
        };
        hire("2001", "manager", json!(null));
        hire("1500", "supervisor", json!(null));
        hire("1042", "manager", json!(null));
        hire("2077", "manager", json!("C-77"));
        let by = |number: &str, pin: &str| {
            let mut asked = asked(&body);
            asked["approver"] = json!({"operator": number, "pin": pin});
            shop.cashier().post("/v1/overrides", &asked)
        };
        by("2001", "000000").expect_problem(401, "sign_in_failed");
        by("9999", "493817").expect_problem(401, "sign_in_failed");
        by("1500", "493817").expect_problem(403, "approver_lacks_role");
        by("1042", "493817").expect_problem(403, "approver_is_operator");
        by("2077", "493817").expect_problem(403, "approver_own_purchase");
        let issued = by("2001", "493817").expect(201).body;
        record(&shop, "k1", &approved(&body, &issued)).expect(201);
        assert_eq!(shop.logged("override.refused").len(), 3, "every refusal is an entry");
        assert_eq!(shop.logged("sign_in.failed").len(), 2);
    });
}

#[test]
fn what_the_override_is_not_for_it_does_not_cover() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let (sale, other) = (hearts(&shop), hearts(&shop));
        shop.sell(&sale);
        shop.sell(&other);
        shop.move_days(41);
        let issued =
            shop.manager().post("/v1/overrides", &asked(&back(&sale, 1, 1))).expect(201).body;
        let mismatch = |body: &Value| {
            record(&shop, &shop.receipt(), &approved(body, &issued))
                .expect_problem(422, "override_mismatch");
        };
        mismatch(&back(&other, 1, 1));
        mismatch(&back(&sale, 1, 2));
        let no_token = json!({"token": "x.y.z"});
        record(&shop, "bad", &approved(&back(&sale, 1, 1), &no_token))
            .expect_problem(422, "override_invalid");
        let access = shop.manager().token().unwrap();
        record(&shop, "access", &approved(&back(&sale, 1, 1), &json!({"token": access})))
            .expect_problem(422, "override_invalid");
        Caller::bearing(&shop, issued["token"].as_str().unwrap())
            .get("/v1/stores")
            .expect_problem(401, "invalid_token");
        record(&shop, "good", &approved(&back(&sale, 1, 1), &issued)).expect(201);
    });
}

#[test]
fn an_override_is_good_for_five_minutes_and_its_retry_for_as_long_as_the_key() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let body = back(&late(&shop), 1, 1);
        let issue = || shop.manager().post("/v1/overrides", &asked(&body)).expect(201).body;
        let (used, unused) = (approved(&body, &issue()), approved(&body, &issue()));
        let first = record(&shop, "k1", &used).expect(201);
        shop.move_clock(SignedDuration::from_secs(299));
        shop.move_clock(SignedDuration::from_secs(61));
        record(&shop, "k2", &unused).expect_problem(422, "override_expired");
        let again = record(&shop, "k1", &used).expect(201);
        assert_eq!(
            (again.header("idempotent-replayed"), again.bytes.clone()),
            (Some("true"), first.bytes)
        );
    });
}

#[test]
fn nobody_approves_their_own_return() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let body = back(&late(&shop), 1, 1);
        let issued = shop.manager().post("/v1/overrides", &asked(&body)).expect(201).body;
        let own = shop.manager().post_keyed("/v1/returns", "k1", &approved(&body, &issued));
        own.expect_problem(403, "approver_is_operator");
        shop.supervisor()
            .post("/v1/overrides", &asked(&body))
            .expect_problem(403, "approver_lacks_role");
        shop.cashier()
            .post("/v1/overrides", &asked(&body))
            .expect_problem(403, "approver_lacks_role");
        shop.till().post("/v1/overrides", &asked(&body)).expect(403);
        let operator =
            json!({"name": "M", "roles": ["manager"], "stores": ["0042"], "customer": "C-77"});
        shop.admin().put("/v1/operators/2077", &operator).expect(201);
        let buyer = shop.caller("2077", Role::Manager);
        buyer.post("/v1/overrides", &asked(&body)).expect_problem(403, "approver_own_purchase");
    });
}

#[test]
fn what_needs_no_approval_or_can_have_none_is_not_approved() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = plain(&shop, "0042", 2, 10, "cash");
        shop.sell(&sale);
        let fine = shop
            .manager()
            .post("/v1/overrides", &asked(&back(&sale, 1, 1)))
            .expect_problem(422, "invalid_value");
        let faults = [("/codes/0", "invalid_value"), ("/return", "invalid_value")]
            .map(|(p, c)| (p.to_owned(), c.to_owned()));
        assert_eq!(fine.faults(), faults);
        let never = shop.manager().post("/v1/overrides", &asked(&back(&sale, 1, 3)));
        assert_eq!(
            never.expect_problem(422, "return_refused").body["decision"]["decision"],
            "refused"
        );
        let mut foreign = back(&sale, 1, 1);
        foreign["store"] = json!("0043");
        shop.manager().post("/v1/overrides", &asked(&foreign)).expect_problem(404, "unknown_store");
    });
}

#[test]
fn an_override_asked_for_twice_under_one_key_is_one() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let body = asked(&back(&late(&shop), 1, 1));
        let first = shop.manager().post_keyed("/v1/overrides", "o1", &body).expect(201);
        let again = shop.manager().post_keyed("/v1/overrides", "o1", &body).expect(201);
        assert_eq!(
            (again.header("idempotent-replayed"), &again.bytes),
            (Some("true"), &first.bytes)
        );
        assert_eq!(shop.logged("override.issued").len(), 1);
    });
}
