//! Registers that act as another, that were taken out of service, or that nobody knows (T113, X20,
//! X21 of the attacks).

use crate::support::bodies::{back, hearts};
use crate::support::caller::Caller;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use returndesk::domain::caller::Role;
use serde_json::{Value, json};

/// The problem, its sentence, and what the log heard of it.
fn refused(shop: &Shop, answer: crate::support::caller::Answer, code: &str, detail: &str) {
    let answer = answer.expect_problem(403, code);
    assert_eq!(answer.body["detail"], detail, "{answer}");
    let last = shop.logged("register.refused").pop().unwrap_or_default();
    assert_eq!(last["data"]["code"], code, "{last}");
    assert_eq!(last["data"]["register"], last["subject_id"], "{last}");
}

const NOT_YOURS: &str = "You are signed in at register 1, not at 9. Sign in at register 9.";
const OUT: &str = "Register 9 is out of service. Use another register, or ask an administrator.";
const UNKNOWN: &str = "Store 0042 has no register 8. Check the register's number, or ask an \
     administrator to add it.";

#[test]
fn a_token_of_one_register_acts_as_no_other() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let at = |operator, role, register| Caller::at(&shop, operator, role, "0042", register);
        let sale = hearts(&shop);
        let recorded = shop.sell(&sale);
        let mut sold = hearts(&shop);
        sold["register"] = json!("9");
        let (till, own) = (at("till-1", Role::Register, "1"), at("till-9", Role::Register, "9"));
        refused(&shop, till.post("/v1/sales", &sold), "wrong_register", NOT_YOURS);
        own.post("/v1/sales", &sold).expect(201);
        let mut body = back(&sale, 1, 1);
        body["register"] = json!("9");
        let cashier = at("1042", Role::Cashier, "1");
        let returned = cashier.post_keyed("/v1/returns", "a", &body);
        refused(&shop, returned, "wrong_register", NOT_YOURS);
        let checked = cashier.post("/v1/returns/check", &body);
        assert_eq!(checked.expect_problem(403, "wrong_register").body["detail"], NOT_YOURS);
        let asked = json!({"return": body, "codes": [], "reason": "goodwill"});
        let asked = at("2001", Role::Manager, "1").post("/v1/overrides", &asked);
        refused(&shop, asked, "wrong_register", NOT_YOURS);
        let card = json!({"kind": "gift_card", "amount": "5.00", "currency": "USD",
            "store": "0042", "register": "9"});
        let issued = at("1500", Role::Supervisor, "1").post_keyed("/v1/gift-cards", "b", &card);
        refused(&shop, issued, "wrong_register", NOT_YOURS);
        // The refusal is not kept under the key; a token without a register may name any.
        let at_nine = at("1042", Role::Cashier, "9");
        at_nine.post_keyed("/v1/returns", "a", &body).expect(201);
        shop.cashier().post_keyed("/v1/returns", "c", &back(&sale, 1, 1)).expect(201);
        let shown = shop.cashier().get(&format!("/v1/sales/{}", text(&recorded["id"]))).expect(200);
        assert_eq!(shown.body["lines"][0]["returned_quantity"], json!("2"));
        assert_eq!(shop.logged("register.refused").len(), 4);
        assert_eq!(shop.logged("gift_card.issued").len(), 0);
    });
}

#[test]
fn a_register_out_of_service_neither_sells_nor_takes_back() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let pin = json!({"name": "Ana", "roles": ["cashier"], "stores": ["0042"], "pin": "493817"});
        shop.admin().put("/v1/operators/1042", &pin).expect(201);
        let login = |register: &str| {
            let body = json!({"operator": "1042", "pin": "493817", "store": "0042",
                "register": register});
            shop.nobody().post("/v1/tokens", &body)
        };
        let sold = |register: &str| {
            let mut sale = hearts(&shop);
            sale["register"] = json!(register);
            sale
        };
        let mut body = back(&sale, 1, 1);
        // A store that keeps no list takes any register; another store's list is its own.
        shop.admin().put("/v1/stores/0043/registers/1", &json!({})).expect(201);
        login("8").expect(200);
        shop.till().post("/v1/sales", &sold("8")).expect(201);
        let path = "/v1/stores/0042/registers/9";
        shop.admin().put(path, &json!({})).expect(201);
        shop.till().post("/v1/sales", &sold("9")).expect(201);
        let beside = shop.another();
        let stolen = json!({"active": false});
        shop.admin().put_with(path, &[("If-Match", "*")], &stolen).expect(200);
        for (register, code, detail) in
            [("9", "register_inactive", OUT), ("8", "unknown_register", UNKNOWN)]
        {
            let key = format!("k-{register}");
            body["register"] = json!(register);
            let tokens = [None, Some(register)];
            for token in tokens {
                // Another instance hears of it with the next request.
                for shop in [&shop, &beside] {
                    let as_role = |operator, role| match token {
                        Some(own) => Caller::at(shop, operator, role, "0042", own),
                        None => shop.caller(operator, role),
                    };
                    let (till, cashier) =
                        (as_role("till", Role::Register), as_role("1042", Role::Cashier));
                    refused(shop, till.post("/v1/sales", &sold(register)), code, detail);
                    let returned = cashier.post_keyed("/v1/returns", &key, &body);
                    refused(shop, returned, code, detail);
                    let checked = cashier.post("/v1/returns/check", &body);
                    assert_eq!(checked.expect_problem(403, code).body["detail"], detail);
                }
            }
            assert_eq!(login(register).expect_problem(403, code).body["detail"], detail);
        }
        // Sales of the past are brought in by an admin.
        shop.admin().post("/v1/sales", &sold("8")).expect(201);
        let lines = [sold("9"), sold("8")].map(|sale| sale.to_string()).join("\n");
        let ndjson = ("Content-Type", "application/x-ndjson");
        let imported = shop.till().post_text("/v1/sales/import", &[ndjson], &lines).expect(200);
        let codes: Vec<String> = (imported.text().lines())
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|line| text(&line["problem"]["code"]))
            .collect();
        assert_eq!(codes, ["register_inactive", "unknown_register"], "{}", imported.text());
        // Back in service, the same key does it.
        shop.admin().put_with(path, &[("If-Match", "*")], &json!({})).expect(200);
        body["register"] = json!("9");
        shop.cashier().post_keyed("/v1/returns", "k-9", &body).expect(201);
        login("9").expect(200);
    });
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
