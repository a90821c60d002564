//! Whatever changes anything is in the log: each such operation once as it should be, and once
//! refused.

use super::operations;
use crate::support::bodies::{back, hearts};
use crate::support::caller::Caller;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use returndesk::domain::caller::Role;
use serde_json::{Value, json};

/// Operations that decide or compute, and change nothing.
const CHANGES_NOTHING: [(&str, &str); 2] =
    [("POST", "/v1/policies/lint"), ("POST", "/v1/gift-cards/lookup")];

/// A request: method, path, body.
type Request = (String, String, Value);

fn request(method: &str, path: impl Into<String>, body: Value) -> Request {
    (method.to_owned(), path.into(), body)
}

/// A shop with a sale, two returns of it, a draft policy and an operator; then every mutation that
/// it will take.
pub(super) fn everything(shop: &Shop) -> Vec<Request> {
    let (sale, late) = (hearts(shop), hearts(shop));
    let sold = shop.sell(&sale)["id"].as_str().unwrap().to_owned();
    shop.sell(&late);
    let first = shop.bring_back(&back(&sale, 1, 1))["id"].as_str().unwrap().to_owned();
    let operator =
        json!({"name": "Ana Ruiz", "roles": ["cashier"], "stores": ["0042"], "pin": "493817"});
    shop.admin().put("/v1/operators/1042", &operator).expect(201);
    let standard =
        shop.author().get("/v1/policies/standard/versions/1").expect(200).body["document"].clone();
    shop.author().post("/v1/policies/standard/versions", &standard).expect(201);
    shop.move_days(41);
    let mistaken = shop.sell(&hearts(shop))["id"].as_str().unwrap().to_owned();
    let mut new_sale = hearts(shop);
    new_sale["receipt"] = json!("NEW");
    let mut refused = back(&sale, 1, 9);
    refused["register"] = json!("8");
    let card = |amount: &str| json!({"kind": "gift_card", "amount": amount, "currency": "USD", "store": "0042"});
    let issue = |amount: &str| {
        let card = shop
            .supervisor()
            .post_keyed("/v1/gift-cards", &shop.receipt(), &card(amount))
            .expect(201)
            .body;
        card["id"].as_str().unwrap().to_owned()
    };
    let (gift, to, lost, unspent) = (issue("9.00"), issue("9.00"), issue("9.00"), issue("9.00"));
    let rest = json!({"name": "LA", "time_zone": "UTC", "currency": "USD", "region": "US-CA"});
    shop.admin().put("/v1/stores/0045", &rest).expect(201);
    let mut many = card("0");
    many["count"] = json!(2);
    let on = |card: &str, what: &str| format!("/v1/gift-cards/{card}/{what}");
    let store = json!({"name": "New", "time_zone": "UTC", "currency": "USD", "region": "US"});
    vec![
        request(
            "POST",
            "/v1/tokens",
            json!({"operator": "1042", "pin": "493817", "store": "0042"}),
        ),
        request("POST", "/v1/sales", hearts(shop)),
        request("POST", "/v1/sales/import", new_sale),
        request("POST", "/v1/returns/check", refused.clone()),
        request("POST", "/v1/returns", refused),
        request(
            "POST",
            format!("/v1/returns/{first}/refunds/1/settlement"),
            json!({"outcome": "failed"}),
        ),
        request("POST", format!("/v1/returns/{first}/void"), json!({"reason": "mistake"})),
        request("POST", format!("/v1/sales/{mistaken}/void"), json!({"reason": "mistake"})),
        request("POST", format!("/v1/sales/{sold}/tenders/1/chargeback"), json!({"open": true})),
        request(
            "POST",
            "/v1/overrides",
            json!({"return": back(&late, 1, 1), "reason": "goodwill"}),
        ),
        request("POST", "/v1/gift-cards", card("5.00")),
        request("POST", "/v1/gift-cards/bulk", many),
        request("POST", on(&gift, "redemptions"), json!({"amount": "1.00"})),
        // The card's first entry is its issue.
        request("POST", on(&gift, "redemptions/2/reverse"), json!({})),
        request("POST", on(&gift, "loads"), json!({"amount": "1.00"})),
        request("POST", on(&gift, "transfers"), json!({"to": to, "amount": "1.00"})),
        request("POST", on(&gift, "cash-out"), json!({"store": "0045"})),
        request("POST", on(&lost, "freeze"), json!({})),
        request("POST", on(&lost, "unfreeze"), json!({})),
        request("POST", on(&lost, "replace"), json!({})),
        request("POST", on(&unspent, "void"), json!({})),
        request("POST", "/v1/policies/standard/versions", standard),
        request("POST", "/v1/policies/standard/versions/2/publish", json!({})),
        request("PUT", "/v1/stores/0077", store),
        // Of a store where nothing is sold: a store with a list takes no other register.
        request("PUT", "/v1/stores/0044/registers/9", json!({})),
        request("PUT", "/v1/operators/1043", operator),
        request(
            "POST",
            "/v1/day-ends",
            json!({"store": "0042", "register": "3", "business_date": "2026-03-11"}),
        ),
        request("POST", "/v1/audit/verify", json!({})),
    ]
}

/// Requests about one store, 0042, whose things exist.
pub fn of_one_store(shop: &Shop) -> Vec<Request> {
    let sale = hearts(shop);
    let sold = shop.sell(&sale)["id"].as_str().unwrap().to_owned();
    let back_once = shop.bring_back(&back(&sale, 1, 1))["id"].as_str().unwrap().to_owned();
    let operator =
        json!({"name": "Ana Ruiz", "roles": ["cashier"], "stores": ["0042"], "pin": "493817"});
    shop.admin().put("/v1/operators/1042", &operator).expect(201);
    for register in ["3", "7"] {
        let path = format!("/v1/stores/0042/registers/{register}");
        shop.admin().put(&path, &json!({})).expect(201);
    }
    let card = json!({"kind": "gift_card", "amount": "5.00", "currency": "USD", "store": "0042"});
    let issued =
        shop.supervisor().post_keyed("/v1/gift-cards", &shop.receipt(), &card).expect(201).body;
    let on_card = |what: &str| format!("/v1/gift-cards/{}/{what}", issued["id"].as_str().unwrap());
    let store = json!({"name": "Mine", "time_zone": "UTC", "currency": "USD", "region": "US"});
    vec![
        request("POST", "/v1/sales", hearts(shop)),
        request("GET", format!("/v1/sales/{sold}"), json!(null)),
        request("POST", format!("/v1/sales/{sold}/tenders/1/chargeback"), json!({"open": false})),
        request("POST", format!("/v1/sales/{sold}/void"), json!({"reason": "mistake"})),
        request("POST", "/v1/returns/check", back(&sale, 1, 1)),
        request("POST", "/v1/returns", back(&sale, 1, 1)),
        request("GET", format!("/v1/returns/{back_once}"), json!(null)),
        request(
            "POST",
            format!("/v1/returns/{back_once}/refunds/1/settlement"),
            json!({"outcome": "settled"}),
        ),
        request("POST", format!("/v1/returns/{back_once}/void"), json!({"reason": "mistake"})),
        request(
            "POST",
            "/v1/overrides",
            json!({"return": back(&sale, 1, 1), "reason": "goodwill"}),
        ),
        request("POST", "/v1/gift-cards", card),
        request("POST", on_card("redemptions"), json!({"amount": "1.00", "store": "0042"})),
        request("POST", on_card("redemptions/2/reverse"), json!({"store": "0042"})),
        request("POST", on_card("loads"), json!({"amount": "1.00", "store": "0042"})),
        request("POST", on_card("freeze"), json!({"store": "0042"})),
        request(
            "POST",
            "/v1/day-ends",
            json!({"store": "0042", "register": "3", "business_date": "2026-03-11"}),
        ),
        request("GET", "/v1/day-ends?store=0042", json!(null)),
        request("GET", "/v1/ledger?store=0042", json!(null)),
        request("GET", "/v1/ledger/balances?store=0042", json!(null)),
        request("GET", "/v1/stores/0042", json!(null)),
        request("PUT", "/v1/stores/0042", store),
        request("GET", "/v1/stores/0042/registers", json!(null)),
        request("GET", "/v1/stores/0042/registers/3", json!(null)),
        request("PUT", "/v1/stores/0042/registers/3", json!({})),
        request("GET", "/v1/operators/1042", json!(null)),
        request("PUT", "/v1/operators/1042", operator),
    ]
}

#[test]
fn whatever_changes_anything_is_in_the_log() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let requests = everything(&shop);
        let walked = requests.iter().map(|(method, path, _)| {
            let operation = shop.contract.operation(method, path).unwrap();
            (operation.method.clone(), operation.path.clone())
        });
        let mut walked: std::collections::BTreeSet<_> = walked.collect();
        walked.extend(CHANGES_NOTHING.map(|(method, path)| (method.to_owned(), path.to_owned())));
        let mutating = operations(&shop.contract).into_iter().filter(|(method, _)| method != "GET");
        assert_eq!(walked, mutating.collect(), "a mutating operation is not walked, or is none");
        // The second person: the drafts are the author's.
        let everyone = Caller::new(&shop, "8888", &Role::ALL, &["*"]);
        for (place, (method, path, body)) in requests.iter().enumerate() {
            let before = shop.log().len();
            let kind =
                if path.ends_with("/import") { "application/x-ndjson" } else { "application/json" };
            let asked =
                everyone.request(method.parse().unwrap(), path).set_payload(body.to_string());
            let asked = asked
                .insert_header(("Content-Type", kind))
                .insert_header(("Idempotency-Key", place.to_string()));
            let answer = shop.ask(asked);
            let expected = if path == "/v1/returns" { 422 } else { 200 };
            assert!(
                answer.status == expected || (expected == 200 && answer.status == 201),
                "{method} {path}: {answer}"
            );
            assert!(shop.log().len() > before, "{method} {path} left no entry");
        }
    });
}
