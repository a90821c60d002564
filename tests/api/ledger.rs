//! The ledger and day ends over HTTP: whole bodies.

use crate::support::bodies::{back, hearts, plain};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use serde_json::{Value, json};

fn amounts(pairs: &[(&str, &str)]) -> Value {
    pairs.iter().map(|(account, amount)| json!({"account": account, "amount": amount})).collect()
}

/// A sale at register 3 and a return of half of it at register 7, on the day the shop opens.
fn one_sale_half_back(shop: &Shop) {
    let sale = hearts(shop);
    shop.sell(&sale);
    shop.bring_back(&back(&sale, 1, 1));
}

#[test]
fn movements_are_read_in_order_and_the_accounts_come_to_nought() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        one_sale_half_back(&shop);
        let sold = json!({"store": "0042", "seq": 2, "at": "2026-03-11T15:00:00Z", "business_date": "2026-03-11",
            "register": "3", "currency": "USD", "event": "sale.recorded", "subject_id": "<id>",
            "amounts": amounts(&[("cash", "4.50"), ("credit_card", "20.00"), ("sales", "-22.50"), ("tax", "-2.00")])});
        let returned = json!({"store": "0042", "seq": 3, "at": "2026-03-11T15:00:00Z", "business_date": "2026-03-11",
            "register": "7", "currency": "USD", "event": "return.recorded", "subject_id": "<id>",
            "amounts": amounts(&[("refunds_payable", "-12.25"), ("returns", "11.25"), ("tax_returned", "1.00")])});
        let all = shop.manager().get("/v1/ledger?store=0042").expect(200);
        assert_eq!(all.masked(), json!({"items": [sold, returned], "next_cursor": null}));

        // Page by page, by account, by day.
        let first = shop.auditor().get("/v1/ledger?store=0042&limit=1").expect(200);
        assert_eq!(first.masked()["items"], json!([sold]));
        let cursor = first.body["next_cursor"].as_str().unwrap().to_owned();
        let second = shop
            .auditor()
            .get(&format!("/v1/ledger?store=0042&limit=1&cursor={cursor}"))
            .expect(200);
        assert_eq!(second.masked(), json!({"items": [returned], "next_cursor": null}));
        let of = |query: &str| {
            shop.manager().get(&format!("/v1/ledger?store=0042&{query}")).expect(200).masked()["items"].clone()
        };
        assert_eq!(of("account=refunds_payable"), json!([returned]));
        assert_eq!(of("account=voucher"), json!([]));
        assert_eq!(of("from=2026-03-12"), json!([]));
        assert_eq!(of("from=2026-03-11&to=2026-03-11&account=cash"), json!([sold]));

        let balance = |account: &str, debit: &str, credit: &str| json!({"account": account, "debit": debit, "credit": credit});
        let balances = shop.manager().get("/v1/ledger/balances?store=0042").expect(200).body;
        let expected = json!({"store": "0042", "currency": "USD", "accounts": [
            balance("cash", "4.50", "0.00"), balance("credit_card", "20.00", "0.00"),
            balance("refunds_payable", "0.00", "12.25"), balance("sales", "0.00", "22.50"), balance("tax", "0.00", "2.00"),
            balance("returns", "11.25", "0.00"), balance("tax_returned", "1.00", "0.00")],
            "debits": "36.75", "credits": "36.75"});
        assert_eq!(balances, expected);
        let before =
            shop.manager().get("/v1/ledger/balances?store=0042&to=2026-03-10").expect(200).body;
        assert_eq!(
            before,
            json!({"store": "0042", "currency": "USD", "accounts": [], "debits": "0.00", "credits": "0.00"})
        );
    });
}

#[test]
fn what_cannot_be_asked_is_explained() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        for (path, status, code) in [
            ("/v1/ledger", 400, "invalid_parameter"),
            ("/v1/ledger?store=0042&account=piggy_bank", 400, "invalid_parameter"),
            ("/v1/ledger?store=0042&from=yesterday", 400, "invalid_parameter"),
            ("/v1/ledger?store=0042&cursor=xyz", 400, "invalid_cursor"),
            ("/v1/ledger?store=0043", 404, "unknown_store"),
            ("/v1/ledger?store=9999", 404, "unknown_store"),
            ("/v1/ledger/balances?store=0043", 404, "unknown_store"),
            ("/v1/day-ends?store=0043", 404, "unknown_store"),
            ("/v1/day-ends/0190d3a0-0000-7000-8000-000000000001", 404, "not_found"),
        ] {
            let answer = shop.manager().get(path);
            assert_eq!((answer.status, answer.code()), (status, code), "{path}: {answer}");
        }
    });
}

#[test]
fn a_day_is_closed_once_and_says_all_there_is_to_say() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        one_sale_half_back(&shop);
        let body = json!({"store": "0042", "register": "3", "business_date": "2026-03-11", "opening_cash": "100.00",
            "counted_cash": "104.00"});
        let closed = shop.supervisor().post_keyed("/v1/day-ends", "k1", &body).expect(201);
        let expected = json!({
            "id": "<id>", "store": "0042", "register": "3", "number": 1, "business_date": "2026-03-11", "shift": 1,
            "currency": "USD", "closed_at": "2026-03-11T15:00:00Z", "operator": "1500", "from_seq": 1, "to_seq": 4, "movements": 1,
            "cash": {"opening": "100.00", "moved": "4.50", "expected": "104.50", "counted": "104.00", "difference": "-0.50"},
            "totals": {"sales": "24.50", "returns": "0.00", "voided_sales": "0.00", "voided_returns": "0.00", "net": "24.50",
                       "taxes": "2.00", "fees": "0.00", "rounding": "0.00"},
            "acts": [{"event": "sale.recorded", "movements": 1, "accounts": amounts(&[
                ("cash", "4.50"), ("credit_card", "20.00"), ("sales", "-22.50"), ("tax", "-2.00")])}],
            "perpetual": {"sales": "24.50", "returns": "0.00", "voided_sales": "0.00", "voided_returns": "0.00", "net": "24.50"}
        });
        assert_eq!(closed.masked(), expected);
        let path = format!("/v1/day-ends/{}", closed.body["id"].as_str().unwrap());
        assert_eq!(closed.header("location"), Some(path.as_str()));
        assert_eq!(shop.auditor().get(&path).expect(200).body, closed.body);
        shop.stranger().get(&path).expect_problem(404, "not_found");

        // The same key: the same answer. The same shift under another: closed already.
        let again = shop.supervisor().post_keyed("/v1/day-ends", "k1", &body).expect(201);
        assert_eq!(
            (again.bytes.clone(), again.header("idempotent-replayed")),
            (closed.bytes.clone(), Some("true"))
        );
        let mut first_shift = body.clone();
        first_shift["shift"] = json!(1);
        let refused = shop
            .supervisor()
            .post_keyed("/v1/day-ends", "k2", &first_shift)
            .expect_problem(409, "day_closed");
        assert_eq!(
            refused.body["detail"],
            "Shift 1 of 2026-03-11 of register 3 is closed already, as number 1."
        );

        // The store's day needs register 7's; then it has both.
        let own = json!({"store": "0042", "business_date": "2026-03-11"});
        let refused =
            shop.manager().post_keyed("/v1/day-ends", "k3", &own).expect_problem(409, "day_open");
        let why = "Register 7 has movements of 2026-03-11 that are not closed: close its 2026-03-11 first.";
        assert_eq!(refused.body["detail"], why);
        let seven = json!({"store": "0042", "register": "7", "business_date": "2026-03-11"});
        shop.manager().post_keyed("/v1/day-ends", "k4", &seven).expect(201);
        let of_store = shop.manager().post_keyed("/v1/day-ends", "k5", &own).expect(201).body;
        assert_eq!(
            (
                &of_store["register"],
                &of_store["movements"],
                &of_store["number"],
                &of_store["shift"]
            ),
            (&Value::Null, &json!(2), &json!(1), &Value::Null)
        );
        let totals = json!({"sales": "24.50", "returns": "12.25", "voided_sales": "0.00", "voided_returns": "0.00",
            "net": "12.25", "taxes": "1.00", "fees": "0.00", "rounding": "0.00"});
        assert_eq!(of_store["totals"], totals);

        // Newest first, by register, by day, page by page.
        let list = |query: &str| {
            shop.manager().get(&format!("/v1/day-ends?store=0042{query}")).expect(200).body
        };
        let registers = |list: &Value| {
            list["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["register"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(registers(&list("")), [Value::Null, json!("7"), json!("3")]);
        assert_eq!(list("&register=3")["items"], json!([closed.body]));
        assert_eq!(registers(&list("&from=2026-03-12")), Vec::<Value>::new());
        let first = list("&limit=2");
        assert_eq!(registers(&first), [Value::Null, json!("7")]);
        let cursor = first["next_cursor"].as_str().unwrap();
        assert_eq!(registers(&list(&format!("&limit=2&cursor={cursor}"))), [json!("3")]);

        // Both tell the log, and the whole is verified.
        assert_eq!(shop.logged("day_end.closed").len(), 3);
        assert_eq!(shop.logged("day_end.refused").len(), 2);
    });
}

#[test]
fn a_day_end_that_cannot_be_meant_is_refused_with_all_faults() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        shop.sell(&plain(&shop, "0042", 1, 5, "cash"));
        let post =
            |body: Value| shop.supervisor().post_keyed("/v1/day-ends", &shop.receipt(), &body);
        let bad = json!({"store": "0042", "business_date": "2026-02-30", "opening_cash": "1.001", "counted_cash": "1.00"});
        let faults = post(bad).expect(422).faults();
        let at = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
        assert_eq!(faults, [at("/business_date", "invalid_value")]);
        let shift_of_a_store = json!({"store": "0042", "business_date": "2026-03-11", "shift": 2});
        let faults = post(shift_of_a_store).expect(422).body["errors"].clone();
        let detail = "Registers have shifts. Close the store's own day without one, once all its \
                      registers are closed.";
        let fault = json!([{"pointer": "/shift", "code": "invalid_value", "detail": detail}]);
        assert_eq!(faults, fault);
        for shift in [json!(0), json!(1000), json!(1.5), json!("1")] {
            let body = json!({"store": "0042", "register": "3", "business_date": "2026-03-11",
                "shift": shift});
            assert_eq!(post(body).expect(422).body["errors"][0]["pointer"], "/shift");
        }
        let cash_of_a_store =
            json!({"store": "0042", "business_date": "2026-03-11", "counted_cash": "-1.00"});
        assert_eq!(
            post(cash_of_a_store).expect(422).faults(),
            [at("/counted_cash", "invalid_amount"), at("/counted_cash", "invalid_value")]
        );
        let tomorrow = json!({"store": "0042", "register": "3", "business_date": "2026-03-12"});
        post(tomorrow).expect_problem(422, "day_in_future");
        let nowhere = json!({"store": "0042", "register": "99", "business_date": "2026-03-11"});
        assert_eq!(post(nowhere).expect(422).faults(), [at("/register", "invalid_value")]);
        post(json!({"store": "0043", "register": "3", "business_date": "2026-03-11"}))
            .expect_problem(404, "unknown_store");
        let no_key = json!({"store": "0042", "register": "3", "business_date": "2026-03-11"});
        shop.supervisor()
            .post("/v1/day-ends", &no_key)
            .expect_problem(400, "idempotency_key_missing");
        shop.cashier()
            .post_keyed("/v1/day-ends", "k", &no_key)
            .expect_problem(403, "insufficient_scope");
    });
}
