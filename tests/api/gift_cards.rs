//! Gift cards and store credit over HTTP: whole bodies, refusals, codes that are shown once.

mod of_returns;
mod secrets;

use crate::support::caller::{Answer, Caller};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use returndesk::domain::caller::Role;
use serde_json::{Value, json};

/// A card of this many dollars, issued by a supervisor of store 0042.
pub fn issue(shop: &Shop, amount: &str) -> Value {
    let body = json!({"kind": "gift_card", "amount": amount, "currency": "USD", "store": "0042"});
    shop.supervisor().post_keyed("/v1/gift-cards", &shop.receipt(), &body).expect(201).body
}

pub fn id(card: &Value) -> String {
    card["id"].as_str().unwrap().to_owned()
}

/// Does something with a card, under a key of its own.
pub fn with(shop: &Shop, caller: &Caller<'_>, card: &Value, what: &str, body: Value) -> Answer {
    caller.post_keyed(&format!("/v1/gift-cards/{}/{what}", id(card)), &shop.receipt(), &body)
}

fn look_up(caller: &Caller<'_>, code: &str, pin: Option<&str>) -> Answer {
    caller.post("/v1/gift-cards/lookup", &json!({"code": code, "pin": pin}))
}

fn balance(shop: &Shop, card: &Value) -> String {
    let shown = shop.cashier().get(&format!("/v1/gift-cards/{}", id(card))).expect(200).body;
    shown["balance"].as_str().unwrap().to_owned()
}

#[test]
fn a_card_is_issued_looked_up_and_redeemed() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let body =
            json!({"kind": "gift_card", "amount": "50.00", "currency": "USD", "store": "0042"});
        let first = shop.supervisor().post_keyed("/v1/gift-cards", "k1", &body).expect(201);
        let code = first.body["code"].as_str().unwrap().to_owned();
        assert_eq!((code.len(), &code[..1]), (19, "G"), "{code}");
        let mut expected = json!({"id": "<id>", "code": code, "last4": code[15..], "kind": "gift_card", "status": "active",
            "currency": "USD", "balance": "50.00", "expires_on": null, "pin_required": false, "store": "0042",
            "issued_at": "2026-03-11T15:00:00Z"});
        assert_eq!(first.masked(), expected);
        let location = format!("/v1/gift-cards/{}", id(&first.body));
        assert_eq!(first.header("location"), Some(location.as_str()));

        // Whoever missed the answer gets it again, code and all; and nobody else does.
        let again = shop.supervisor().post_keyed("/v1/gift-cards", "k1", &body).expect(201);
        assert_eq!(
            (again.header("idempotent-replayed"), &again.bytes),
            (Some("true"), &first.bytes)
        );
        let other = shop.manager().post_keyed("/v1/gift-cards", "k1", &body).expect(201);
        assert_ne!(other.body["code"], first.body["code"]);

        expected.as_object_mut().unwrap().remove("code");
        for typed in [code.clone(), code.to_lowercase(), code.replace('-', " ")] {
            assert_eq!(
                look_up(&shop.cashier(), &typed, None).expect(200).masked(),
                expected,
                "{typed}"
            );
        }
        assert_eq!(shop.cashier().get(&location).expect(200).masked(), expected);

        let sale = json!({"amount": "12.25", "sale": "R-1", "register": "3"});
        let redeemed = with(&shop, &shop.cashier(), &first.body, "redemptions", sale).expect(201);
        expected["balance"] = json!("37.75");
        expected["amount"] = json!("12.25");
        expected["remaining"] = json!("0.00");
        expected["entry"] = json!({"entry": 2, "at": "2026-03-11T15:00:00Z", "kind": "redeem", "amount": "-12.25",
            "balance": "37.75", "reference": "R-1", "store": "0042", "register": "3", "operator": "1042"});
        assert_eq!(redeemed.masked(), expected);

        let refused =
            with(&shop, &shop.cashier(), &first.body, "redemptions", json!({"amount": "37.76"}));
        let told = refused.expect_problem(409, "insufficient_balance");
        assert_eq!(told.body["detail"], "37.76 is asked for, 37.75 is on the card.");
        assert_eq!(told.body["balance"], "37.75");
        let part = with(
            &shop,
            &shop.cashier(),
            &first.body,
            "redemptions",
            json!({"amount": "40", "partial": true}),
        );
        let part = part.expect(201).body;
        assert_eq!(
            (&part["amount"], &part["remaining"], &part["balance"]),
            (&json!("37.75"), &json!("2.25"), &json!("0.00"))
        );
        let none = with(
            &shop,
            &shop.cashier(),
            &first.body,
            "redemptions",
            json!({"amount": "1", "partial": true}),
        );
        none.expect_problem(409, "insufficient_balance");

        let entries = shop.auditor().get(&format!("{location}/entries?limit=2")).expect(200);
        let kinds: Vec<&str> = entries.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["kind"].as_str().unwrap())
            .collect();
        assert_eq!(kinds, ["issue", "redeem"]);
        let cursor = entries.body["next_cursor"].as_str().unwrap();
        let rest = shop
            .auditor()
            .get(&format!("{location}/entries?limit=2&cursor={cursor}"))
            .expect(200)
            .body;
        assert_eq!(
            (rest["items"].as_array().unwrap().len(), &rest["next_cursor"]),
            (1, &Value::Null)
        );
        assert_eq!(rest["items"][0]["entry"], 3);
    });
}

#[test]
fn money_moves_on_and_between_cards() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let (one, other) = (issue(&shop, "0"), issue(&shop, "5.00"));
        assert_eq!((&one["status"], &one["balance"]), (&json!("inactive"), &json!("0.00")));
        let unsold = with(&shop, &shop.cashier(), &one, "redemptions", json!({"amount": "1"}));
        let told = unsold.expect_problem(409, "insufficient_balance");
        assert_eq!(told.body["detail"], "The card has not been sold yet; nothing is on it.");
        let loaded = with(&shop, &shop.cashier(), &one, "loads", json!({"amount": "20.00"}))
            .expect(201)
            .body;
        assert_eq!(
            (&loaded["status"], &loaded["entry"]["kind"]),
            (&json!("active"), &json!("activate"))
        );
        let loaded =
            with(&shop, &shop.cashier(), &one, "loads", json!({"amount": "1.50"})).expect(201).body;
        assert_eq!(
            (&loaded["balance"], &loaded["entry"]["kind"]),
            (&json!("21.50"), &json!("load"))
        );

        let moved = with(
            &shop,
            &shop.supervisor(),
            &one,
            "transfers",
            json!({"to": other["id"], "amount": "1.50"}),
        );
        assert_eq!(moved.expect(201).body["balance"], "20.00");
        let moved = with(&shop, &shop.supervisor(), &one, "transfers", json!({"to": other["id"]}))
            .expect(201)
            .body;
        assert_eq!((&moved["balance"], balance(&shop, &other).as_str()), (&json!("0.00"), "26.50"));
        with(&shop, &shop.supervisor(), &one, "transfers", json!({"to": other["id"]}))
            .expect_problem(409, "insufficient_balance");
        with(&shop, &shop.supervisor(), &other, "transfers", json!({"to": other["id"]}))
            .expect_problem(422, "invalid_value");

        let frozen = with(&shop, &shop.supervisor(), &other, "freeze", json!({"reason": "stolen"}))
            .expect(200)
            .body;
        assert_eq!(frozen["status"], "frozen");
        for (what, body) in [
            ("redemptions", json!({"amount": "1"})),
            ("loads", json!({"amount": "1"})),
            ("transfers", json!({"to": one["id"]})),
            ("cash-out", json!({})),
        ] {
            with(&shop, &shop.manager(), &other, what, body).expect_problem(409, "card_frozen");
        }
        assert_eq!(
            with(&shop, &shop.supervisor(), &other, "unfreeze", json!({})).expect(200).body["status"],
            "active"
        );
        with(&shop, &shop.supervisor(), &one, "void", json!({})).expect_problem(409, "card_spent");
        let unspent = issue(&shop, "9.00");
        let void = with(&shop, &shop.supervisor(), &unspent, "void", json!({})).expect(200).body;
        assert_eq!((&void["status"], &void["balance"]), (&json!("void"), &json!("0.00")));
        with(&shop, &shop.cashier(), &unspent, "loads", json!({"amount": "1"}))
            .expect_problem(409, "card_void");
        with(&shop, &shop.supervisor(), &unspent, "freeze", json!({}))
            .expect_problem(409, "card_void");
    });
}

#[test]
fn a_lost_card_is_replaced() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let lost = issue(&shop, "30.00");
        with(&shop, &shop.supervisor(), &lost, "freeze", json!({})).expect(200);
        let path = format!("/v1/gift-cards/{}/replace", id(&lost));
        let new = shop.supervisor().post_keyed(&path, "r", &json!({"reason": "lost"})).expect(201);
        let again =
            shop.supervisor().post_keyed(&path, "r", &json!({"reason": "lost"})).expect(201);
        assert_eq!(new.bytes, again.bytes);
        let new = new.body;
        assert_eq!(
            (&new["balance"], &new["status"], &new["replaces"]),
            (&json!("30.00"), &json!("active"), &lost["id"])
        );
        assert_ne!(new["code"], lost["code"]);
        let found = look_up(&shop.cashier(), new["code"].as_str().unwrap(), None).expect(200).body;
        assert_eq!(found["balance"], "30.00");
        let old = look_up(&shop.cashier(), lost["code"].as_str().unwrap(), None).expect(200).body;
        assert_eq!((&old["status"], &old["balance"]), (&json!("replaced"), &json!("0.00")));
        with(&shop, &shop.cashier(), &lost, "redemptions", json!({"amount": "1"}))
            .expect_problem(409, "card_void");
        with(&shop, &shop.supervisor(), &lost, "replace", json!({}))
            .expect_problem(409, "card_void");
    });
}

#[test]
fn cash_is_paid_out_where_the_law_asks_for_it() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let store = json!({"name": "LA", "time_zone": "America/Los_Angeles", "currency": "USD", "region": "US-CA"});
        shop.admin().put("/v1/stores/0045", &store).expect(201);
        let cashier = Caller::new(&shop, "1", &[Role::Cashier], &["0045"]);
        let (ten, card) = (issue(&shop, "10.00"), issue(&shop, "9.99"));
        with(&shop, &shop.cashier(), &card, "cash-out", json!({}))
            .expect_problem(409, "cash_out_not_allowed");
        let told = with(&shop, &cashier, &ten, "cash-out", json!({}))
            .expect_problem(409, "cash_out_not_allowed");
        assert_eq!(
            told.body["detail"],
            "Here a balance below 10.00 is paid out in cash; 10.00 is on the card."
        );
        let paid =
            with(&shop, &cashier, &card, "cash-out", json!({"register": "1"})).expect(200).body;
        assert_eq!((&paid["amount"], &paid["balance"]), (&json!("9.99"), &json!("0.00")));
        with(&shop, &cashier, &card, "cash-out", json!({}))
            .expect_problem(409, "insufficient_balance");
        shop.move_days(21);
        assert_eq!(
            with(&shop, &cashier, &ten, "cash-out", json!({})).expect(200).body["amount"],
            "10.00"
        );
    });
}

#[test]
fn currencies_stores_and_days_have_their_say() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card = issue(&shop, "30.00");
        let london = Caller::new(&shop, "1", &[Role::Cashier], &["0044"]);
        // Nobody without a store of its currency sees it; who has both is told.
        with(&shop, &london, &card, "redemptions", json!({"amount": "1"}))
            .expect_problem(404, "card_not_found");
        let both = Caller::new(&shop, "1", &[Role::Cashier], &["0043", "0044"]);
        with(&shop, &both, &card, "redemptions", json!({"amount": "1", "store": "0044"}))
            .expect_problem(422, "wrong_currency");
        with(&shop, &both, &card, "redemptions", json!({"amount": "1"}))
            .expect_problem(422, "missing_field");
        with(&shop, &both, &card, "redemptions", json!({"amount": "1", "store": "0042"}))
            .expect_problem(404, "unknown_store");
        let chicago = Caller::new(&shop, "1", &[Role::Cashier], &["0043"]);
        let told =
            with(&shop, &chicago, &card, "redemptions", json!({"amount": "1"})).expect(201).body;
        assert_eq!((&told["entry"]["store"], &told["balance"]), (&json!("0043"), &json!("29.00")));

        let mut body =
            json!({"kind": "gift_card", "amount": "5", "currency": "EUR", "store": "0042"});
        shop.supervisor()
            .post_keyed("/v1/gift-cards", "a", &body)
            .expect_problem(422, "currency_mismatch");
        body["currency"] = json!("USD");
        body["expires_on"] = json!("2031-03-10");
        let told = shop
            .supervisor()
            .post_keyed("/v1/gift-cards", "b", &body)
            .expect_problem(422, "invalid_value");
        assert_eq!(
            told.body["detail"],
            "A card is good until 2031-03-11 at least, or does not expire."
        );
        body["expires_on"] = json!("2031-03-11");
        let expiring = shop.supervisor().post_keyed("/v1/gift-cards", "c", &body).expect(201).body;
        shop.move_days(30);
        with(&shop, &shop.cashier(), &expiring, "loads", json!({"amount": "1"})).expect(201);
        let shown =
            shop.cashier().get(&format!("/v1/gift-cards/{}", id(&expiring))).expect(200).body;
        assert_eq!(shown["expires_on"], "2031-04-10", "a load puts the expiry off");
        shop.move_days(365 * 5 + 2);
        with(&shop, &shop.cashier(), &expiring, "redemptions", json!({"amount": "1"}))
            .expect_problem(409, "card_expired");
        body["store"] = json!("0043");
        shop.supervisor()
            .post_keyed("/v1/gift-cards", "d", &body)
            .expect_problem(404, "unknown_store");
    });
}

#[test]
fn printed_codes_are_taken_as_given() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sgcn = "(255)95012345678903000001";
        let body = json!({"kind": "gift_card", "amount": "0", "currency": "USD", "store": "0042", "code": sgcn});
        let card = shop.supervisor().post_keyed("/v1/gift-cards", "a", &body).expect(201).body;
        assert_eq!((&card["code"], &card["last4"]), (&json!(sgcn), &json!("0001")));
        let found = look_up(&shop.cashier(), sgcn, None).expect(200).body;
        assert_eq!(found["id"], card["id"]);
        let taken = shop
            .supervisor()
            .post_keyed("/v1/gift-cards", "b", &body)
            .expect_problem(422, "invalid_value");
        assert_eq!(taken.faults(), [("/code".into(), "invalid_value".into())]);
        for bad in ["(255)1234", "GAAA-AAAA-AAAA-AAAA", "with spaces: no!"] {
            let body = json!({"kind": "gift_card", "amount": "0", "currency": "USD", "store": "0042", "code": bad});
            let told = shop.supervisor().post_keyed("/v1/gift-cards", "c", &body);
            assert_eq!(told.expect_problem(422, "invalid_value").faults()[0].0, "/code", "{bad}");
        }
    });
}

#[test]
fn many_are_issued_as_a_stream_and_the_same_again() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let body = json!({"kind": "gift_card", "amount": "0", "currency": "USD", "store": "0042", "count": 150});
        let first = shop.supervisor().post_keyed("/v1/gift-cards/bulk", "bulk", &body).expect(200);
        let cards: Vec<Value> =
            first.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let codes: std::collections::BTreeSet<&str> =
            cards.iter().map(|card| card["code"].as_str().unwrap()).collect();
        assert_eq!((cards.len(), codes.len()), (150, 150));
        let again = shop.supervisor().post_keyed("/v1/gift-cards/bulk", "bulk", &body).expect(200);
        assert_eq!(first.bytes, again.bytes);
        assert_eq!(shop.logged("gift_card.issued").len(), 150);
        let found =
            look_up(&shop.cashier(), cards[149]["code"].as_str().unwrap(), None).expect(200).body;
        assert_eq!((&found["id"], &found["status"]), (&cards[149]["id"], &json!("inactive")));

        let lines = [
            json!({"kind": "gift_card", "amount": "5.00", "currency": "USD", "store": "0042", "code": "PRINTED-0001"}),
            json!({"kind": "gift_card", "amount": "5.0x", "currency": "USD", "store": "0042"}),
            json!({"kind": "store_credit", "amount": "7.00", "currency": "USD", "store": "0042"}),
        ];
        let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let headers = [("Content-Type", "application/x-ndjson"), ("Idempotency-Key", "lines")];
        let request =
            shop.supervisor().request(actix_web::http::Method::POST, "/v1/gift-cards/bulk");
        let request =
            headers.iter().fold(request, |request, header| request.insert_header(*header));
        let told = shop.ask(request.set_payload(text)).expect(200).text();
        let told: Vec<Value> =
            told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(told.len(), 3);
        assert_eq!(
            (&told[0]["code"], &told[0]["balance"]),
            (&json!("PRINTED-0001"), &json!("5.00"))
        );
        assert_eq!(told[1]["code"], "invalid_amount");
        assert_eq!(
            (&told[2]["kind"], &told[2]["balance"]),
            (&json!("store_credit"), &json!("7.00"))
        );
    });
}
