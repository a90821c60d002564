//! Names that look like another's, that end a line of the log, or that mean something to a path
//! (T108, T110, T111, I36, I38, I40, Y05 of the attacks).

use crate::support::TestDb;
use crate::support::bodies::{back, hearts};
use crate::support::caller::Caller;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use actix_web::http::Method;
use returndesk::desk::{Reply, Request};
use returndesk::domain::caller::{Role, Stores};
use returndesk::domain::perform::Command;
use returndesk::wire::sale::NewSale;
use serde_json::{Value, json};
use std::sync::Arc;

/// Names that are nobody's: unseen characters, other digits, line ends, and names with a meaning.
const NOT_NAMES: [&str; 13] = [
    "2001\u{200b}",
    "2001 ",
    "２００１",
    "3\u{202e}",
    "3\u{85}",
    "3\r\n",
    "a|b",
    "a/b",
    "*",
    ".",
    "..",
    "-",
    "service",
];

#[test]
fn a_token_of_a_name_that_nobody_can_have_is_none() {
    let db = TestDb::sqlite();
    let shop = Shop::open(&db);
    for name in NOT_NAMES {
        let tokens = [
            Caller::new(&shop, name, &[Role::Manager], &["0042"]),
            Caller::at(&shop, "2001", Role::Manager, "0042", name),
            Caller::new(&shop, "2001", &[Role::Manager], &["0042", name]),
        ];
        for (claim, token) in ["sub", "register", "stores"].into_iter().zip(tokens) {
            let answer = token.get("/v1/sales?receipt=R-1");
            // `*` among the stores is all of them.
            match (claim, name) {
                ("stores", "*") => answer.expect(200),
                _ => answer.expect_problem(401, "invalid_token"),
            };
        }
    }
}

#[test]
fn no_body_brings_in_a_name_that_nobody_can_have() {
    let db = TestDb::sqlite();
    let shop = Shop::open(&db);
    let (sale, till, cashier) = (hearts(&shop), shop.till(), shop.cashier());
    let mut sold = sale.clone();
    sold["receipt"] = json!("R-9");
    shop.sell(&sold);
    let returned = back(&sold, 1, 1);
    let with = |body: &Value, member: &str, name: &str| {
        let mut body = body.clone();
        body[member] = json!(name);
        body
    };
    let day = json!({"store": "0042", "register": "3", "business_date": "2026-03-11"});
    let card = json!({"kind": "gift_card", "amount": "0", "currency": "USD", "store": "0042"});
    let login = json!({"operator": "1042", "pin": "493817", "store": "0042", "register": "3"});
    let (manager, nobody) = (shop.manager(), shop.nobody());
    let rows: [(&Caller<'_>, &str, &Value, &[&str]); 6] = [
        (&till, "/v1/sales", &sale, &["store", "register", "operator"]),
        (&cashier, "/v1/returns", &returned, &["store", "register"]),
        (&cashier, "/v1/returns/check", &returned, &["store", "register"]),
        (&manager, "/v1/day-ends", &day, &["store", "register"]),
        (&manager, "/v1/gift-cards", &card, &["store", "register"]),
        (&nobody, "/v1/tokens", &login, &["store", "register", "operator"]),
    ];
    let before = shop.log().len();
    for (caller, path, body, members) in rows {
        for (member, name) in members.iter().flat_map(|m| NOT_NAMES.map(|name| (m, name))) {
            let answer = caller.post_keyed(path, &shop.receipt(), &with(body, member, name));
            let answer = answer.expect_problem(422, "invalid_value");
            let fault = (format!("/{member}"), "invalid_value".to_owned());
            assert_eq!(answer.faults(), [fault], "{path} {member} {name:?}");
        }
    }
    let approver = json!({"approver": {"operator": "2001\u{200b}", "pin": "493817"},
        "return": returned, "codes": [], "reason": "goodwill"});
    let answer = cashier.post("/v1/overrides", &approver).expect_problem(422, "invalid_value");
    let fault = &answer.body["errors"][0];
    assert_eq!(
        *fault,
        json!({"pointer": "/approver/operator", "code": "invalid_value",
            "detail": "`operator` must have 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'."})
    );
    let alone = json!({"operator": "1042 ", "return": returned, "codes": [], "reason": "goodwill"});
    let answer = manager.post("/v1/overrides", &alone).expect_problem(422, "invalid_value");
    assert_eq!(answer.faults(), [("/operator".to_owned(), "invalid_value".to_owned())]);
    assert_eq!(shop.log().len(), before, "the log heard of none of them");
}

#[test]
fn no_address_brings_in_a_name_that_nobody_can_have() {
    let db = TestDb::sqlite();
    let shop = Shop::open(&db);
    let store = json!({"name": "x", "time_zone": "UTC", "currency": "USD", "region": "US"});
    let operator = json!({"name": "x", "roles": ["cashier"], "stores": ["0042"], "pin": "493817"});
    let rows = [
        ("/v1/stores/", store),
        ("/v1/stores/0042/registers/", json!({})),
        ("/v1/operators/", operator),
    ];
    let before = shop.log().len();
    for (folder, body) in rows {
        for name in NOT_NAMES {
            let path = format!("{folder}{}", escaped(name));
            let answer = shop.ask(shop.admin().request(Method::PUT, &path).set_json(&body));
            let wanted = if answer.status == 404 { "not_found" } else { "invalid_value" };
            assert!([404, 422].contains(&answer.status), "{path}: {answer}");
            assert_eq!(answer.code(), wanted, "{path}: {answer}");
        }
    }
    let document = json!({"currency": "USD", "governed_by": "sale", "rules": []});
    for name in ["service", "-", "%2e%2e"] {
        let path = format!("/v1/policies/{name}/versions");
        let answer = shop.author().post(&path, &document);
        assert!([404, 422].contains(&answer.status), "{name}: {answer}");
    }
    let mut named = json!({"name": "x", "time_zone": "UTC", "currency": "USD", "region": "US"});
    named["policy"] = json!("standard\u{200b}");
    let answer = shop.admin().put("/v1/stores/0099", &named).expect_problem(422, "invalid_value");
    assert_eq!(answer.faults(), [("/policy".to_owned(), "invalid_value".to_owned())]);
    assert_eq!(shop.log().len(), before);
}

fn escaped(name: &str) -> String {
    name.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// A sale of a register whose name is no longer given: found by it, brought back, exported.
#[test]
fn what_was_recorded_under_another_name_keeps_readable() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut sale = hearts(&shop);
        sale["register"] = json!("Kasse 3");
        sale["operator"] = json!("Ana Ruiz");
        let refused = shop.till().post("/v1/sales", &sale).expect_problem(422, "invalid_value");
        assert_eq!(refused.faults().len(), 2);
        // As an older version recorded it.
        let body: NewSale = serde_json::from_value(sale.clone()).unwrap();
        let record = body.read(shop.now(), shop.service().future()).unwrap();
        let request = Request {
            command: Command::RecordSale(Box::new(record)),
            caller: Arc::new(returndesk::domain::caller::Caller {
                subject: "returndesk|till".into(),
                operator: "till".into(),
                client_id: "tests".into(),
                roles: vec![Role::Register],
                stores: Stores::All,
                register: None,
            }),
            key: None,
            request_id: None,
            path: "/v1/sales".into(),
        };
        let reply = shop.service().desk.submit_blocking(request);
        assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
        let path =
            format!("/v1/sales?receipt={}&register=Kasse%203", sale["receipt"].as_str().unwrap());
        let found = shop.cashier().get(&path).expect(200).body;
        let shown = &found["items"][0];
        assert_eq!(
            (&shown["register"], &shown["operator"]),
            (&json!("Kasse 3"), &json!("Ana Ruiz"))
        );
        let mut body = back(&sale, 1, 1);
        body["sale"]["register"] = json!("Kasse 3");
        shop.bring_back(&body);
        let verified = shop.auditor().post("/v1/audit/verify", &json!({})).expect(200).body;
        assert_eq!(verified["verified"], json!(true));
    });
}
