//! Cards on sales and returns: sold, brought back, paid with, refunded to.

use super::{balance, id, issue, look_up, with};
use crate::support::bodies::{back, hearts, plain};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use serde_json::{Value, json};

/// A sale of one card of 50 dollars for `price`, paid in cash.
fn card_sale(shop: &Shop, card: &Value, price: &str) -> Value {
    let mut sale = plain(shop, "0042", 1, 50, "cash");
    let off = 5_000 - price.replace('.', "").parse::<i64>().unwrap();
    if off > 0 {
        sale["lines"][0]["discounts"] =
            json!([{"amount": format!("{}.{:02}", off / 100, off % 100)}]);
    }
    sale["lines"][0]["net"] = json!(price);
    sale["lines"][0]["gift_card"] = json!({"id": card["id"], "last4": card["last4"]});
    sale["tenders"][0]["amount"] = json!(price);
    sale["total"] = json!(price);
    sale
}

fn spend(shop: &Shop, card: &Value, amount: &str) {
    with(shop, &shop.cashier(), card, "redemptions", json!({"amount": amount})).expect(201);
}

fn status(shop: &Shop, card: &Value) -> String {
    let shown = shop.cashier().get(&format!("/v1/gift-cards/{}", id(card))).expect(200).body;
    format!("{} {}", shown["status"].as_str().unwrap(), shown["balance"].as_str().unwrap())
}

#[test]
fn a_sale_puts_the_money_on_the_card() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card = issue(&shop, "0");
        let mut sale = card_sale(&shop, &card, "50.00");
        sale["lines"][0]["gift_card"]["movement"] = json!("load");
        let sell = |sale: &Value| shop.till().post("/v1/sales", sale);
        let told = sell(&sale).expect_problem(422, "invalid_value");
        assert_eq!(told.faults(), [("/lines/0/gift_card/id".into(), "invalid_value".into())]);
        sale["lines"][0]["gift_card"]["movement"] = json!("activate");
        let sold = sell(&sale).expect(201).body;
        assert_eq!(
            sell(&sale).expect(200).body["id"],
            sold["id"],
            "the same sale again loads nothing"
        );
        assert_eq!(status(&shop, &card), "active 50.00");
        let entries =
            shop.auditor().get(&format!("/v1/gift-cards/{}/entries", id(&card))).expect(200).body;
        assert_eq!(
            entries["items"],
            json!([{"entry": 1, "at": "2026-03-11T15:00:00Z", "kind": "activate", "amount": "50.00", "balance": "50.00",
                "reference": sold["id"], "store": "0042", "register": "3", "operator": "1001"}])
        );
        // Sold again by another sale: meant as a load it is fine, as an activation it is not.
        let mut again = card_sale(&shop, &card, "50.00");
        again["lines"][0]["gift_card"]["movement"] = json!("activate");
        let told = sell(&again).expect_problem(422, "invalid_value");
        assert_eq!(
            told.body["detail"],
            "The card is active already; it can be loaded, not sold again."
        );
        again["lines"][0]["gift_card"] =
            json!({"id": card["id"], "amount": "20.00", "movement": "load"});
        sell(&again).expect(201);
        assert_eq!(status(&shop, &card), "active 70.00");
        with(&shop, &shop.supervisor(), &card, "freeze", json!({})).expect(200);
        sell(&card_sale(&shop, &card, "50.00")).expect_problem(409, "card_frozen");
        let unknown = json!({"id": "0190d3a0-0000-7000-8000-00000000dead"});
        sell(&card_sale(&shop, &unknown, "50.00")).expect_problem(404, "card_not_found");
    });
}

#[test]
fn a_bought_card_comes_back_for_what_is_unspent_and_never_for_more_than_was_paid() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        // Paid, spent, what goes back, what the card is then.
        let table = [
            ("50.00", "0", Some("50.00"), "void 0.00"),
            ("50.00", "20.00", Some("30.00"), "void 0.00"),
            ("40.00", "0", Some("40.00"), "void 0.00"),
            ("40.00", "10.00", Some("30.00"), "void 0.00"),
            ("40.00", "39.99", Some("0.01"), "void 0.00"),
            ("40.00", "40.00", None, "active 10.00"),
            ("50.00", "50.00", None, "active 0.00"),
        ];
        for (paid, spent, goes_back, after) in table {
            let card = issue(&shop, "0");
            let sale = card_sale(&shop, &card, paid);
            shop.sell(&sale);
            if spent != "0" {
                spend(&shop, &card, spent);
            }
            let body = back(&sale, 1, 1);
            let checked = shop.cashier().post("/v1/returns/check", &body).expect(200).body;
            let finding = &checked["lines"][0]["findings"][0];
            match goes_back {
                Some(amount) => {
                    assert_eq!(checked["totals"]["refund"], amount, "{paid} {spent}: {checked:#}");
                    let noted = spent != "0";
                    assert_eq!(finding["code"] == "not_returnable", noted, "{paid} {spent}");
                    let returned = shop.bring_back(&body);
                    assert_eq!(returned["refunds"][0]["amount"], amount);
                    // The void puts it all back as it was.
                    let path = format!("/v1/returns/{}/void", id(&returned));
                    shop.manager()
                        .post_keyed(&path, &shop.receipt(), &json!({"reason": "mistake"}))
                        .expect(200);
                    let unspent = 5_000 - spent.replace('.', "").parse::<i64>().unwrap();
                    assert_eq!(
                        status(&shop, &card),
                        format!("active {}.{:02}", unspent / 100, unspent % 100)
                    );
                    shop.bring_back(&body);
                    shop.cashier()
                        .post_keyed("/v1/returns", &shop.receipt(), &body)
                        .expect_problem(422, "return_refused");
                }
                None => {
                    assert_eq!(
                        (&finding["code"], &checked["decision"]),
                        (&json!("not_returnable"), &json!("refused"))
                    );
                    let left = after.split(' ').next_back().unwrap();
                    let detail = finding["detail"].as_str().unwrap();
                    assert!(
                        detail.contains(&format!("unspent balance of the card is {left}")),
                        "{detail}"
                    );
                }
            }
            assert_eq!(status(&shop, &card), after, "{paid} {spent}");
        }
        // Money back while the card stays would be money twice.
        let card = issue(&shop, "0");
        let sale = card_sale(&shop, &card, "50.00");
        shop.sell(&sale);
        let mut body = back(&sale, 1, 1);
        body["lines"][0] = json!({"sale_line": 1, "amount": "5.00", "reason": "price_adjustment"});
        let checked = shop.cashier().post("/v1/returns/check", &body).expect(200).body;
        assert_eq!(checked["lines"][0]["findings"][0]["code"], "not_returnable");
        with(&shop, &shop.supervisor(), &card, "freeze", json!({})).expect(200);
        let checked = shop.cashier().post("/v1/returns/check", &back(&sale, 1, 1)).expect(200).body;
        assert_eq!(checked["decision"], "refused", "a frozen card is not paid out");
    });
}

#[test]
fn a_refund_to_store_credit_issues_a_card_whose_code_is_shown_once() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = plain(&shop, "0042", 3, 10, "cash");
        shop.sell(&sale);
        let mut body = back(&sale, 1, 1);
        body["refund_to"] = json!("store_credit");
        let checked = shop.cashier().post("/v1/returns/check", &body).expect(200).body;
        assert_eq!(checked["refunds"][0].get("card"), None, "a check issues nothing");
        let first = shop.cashier().post_keyed("/v1/returns", "k", &body).expect(201);
        let card = first.body["refunds"][0]["card"].clone();
        let code = card["code"].as_str().unwrap().to_owned();
        assert_eq!(
            card,
            json!({"id": card["id"], "code": code, "last4": code[15..], "balance": "10.00"})
        );
        let again = shop.cashier().post_keyed("/v1/returns", "k", &body).expect(201);
        assert_eq!(
            (again.header("idempotent-replayed"), &again.bytes),
            (Some("true"), &first.bytes)
        );
        let path = format!("/v1/returns/{}", id(&first.body));
        let shown = shop.cashier().get(&path).expect(200).body;
        assert_eq!(shown["refunds"][0]["card"], json!({"id": card["id"], "last4": card["last4"]}));
        assert!(!shown.to_string().contains("gift-card-code"));
        let listed = shop.cashier().get("/v1/returns").expect(200);
        assert!(!listed.text().contains("gift-card-code") && !listed.text().contains(&code));
        let found = look_up(&shop.cashier(), &code, None).expect(200).body;
        assert_eq!((&found["kind"], &found["balance"]), (&json!("store_credit"), &json!("10.00")));

        // The next one goes onto the same card if asked so.
        body["refund_card"] = card["id"].clone();
        let onto = shop.bring_back(&body);
        let onto = &onto["refunds"][0]["card"];
        assert_eq!(*onto, json!({"id": card["id"], "last4": card["last4"], "balance": "20.00"}));
        with(&shop, &shop.supervisor(), &card, "freeze", json!({})).expect(200);
        let told =
            shop.cashier().post_keyed("/v1/returns", "f", &body).expect_problem(409, "card_frozen");
        assert_eq!(told.faults(), [("/refund_card".into(), "card_frozen".into())]);
        with(&shop, &shop.supervisor(), &card, "unfreeze", json!({})).expect(200);

        // What has been spent of it cannot be called back.
        spend(&shop, &card, "12.00");
        let path = format!("/v1/returns/{}/void", id(&first.body));
        let void = |key: &str| shop.manager().post_keyed(&path, key, &json!({"reason": "mistake"}));
        let told = void("v1").expect_problem(409, "return_not_voidable");
        let detail = told.body["detail"].as_str().unwrap();
        assert!(detail.contains("2.00 of it has been used since"), "{detail}");
        with(&shop, &shop.cashier(), &card, "loads", json!({"amount": "2.00"})).expect(201);
        void("v2").expect(200);
        assert_eq!(status(&shop, &card), "void 0.00", "issued for the return, and empty");

        body.as_object_mut().unwrap().remove("refund_card");
        body["training"] = json!(true);
        let practice = shop.bring_back(&body);
        assert_eq!(practice["refunds"][0].get("card"), None, "practice issues nothing");
    });
}

#[test]
fn what_was_paid_with_a_card_goes_back_onto_it() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card = issue(&shop, "50.00");
        let mut sale = plain(&shop, "0042", 3, 10, "gift_card");
        sale["tenders"][0]["reference"] = card["id"].clone();
        let sold = shop.sell(&sale);
        with(
            &shop,
            &shop.cashier(),
            &card,
            "redemptions",
            json!({"amount": "30.00", "sale": sold["id"]}),
        )
        .expect(201);
        let returned = shop.bring_back(&back(&sale, 1, 1));
        assert_eq!(
            returned["refunds"][0]["card"],
            json!({"id": card["id"], "last4": card["last4"], "balance": "30.00"})
        );
        with(&shop, &shop.supervisor(), &card, "freeze", json!({})).expect(200);
        shop.bring_back(&back(&sale, 1, 1));
        assert_eq!(status(&shop, &card), "frozen 40.00", "freezing would be for nothing");
        with(&shop, &shop.supervisor(), &card, "replace", json!({})).expect(201);
        let last = shop.bring_back(&back(&sale, 1, 1));
        let new = &last["refunds"][0]["card"];
        assert_ne!(new["id"], card["id"]);
        assert_eq!((&new["balance"], new["code"].is_string()), (&json!("10.00"), true));
        // A reference that somebody made up reverses nothing of a return.
        let other = issue(&shop, "9.00");
        with(
            &shop,
            &shop.cashier(),
            &other,
            "redemptions",
            json!({"amount": "4.00", "sale": last["id"]}),
        )
        .expect(201);
        let path = format!("/v1/returns/{}/void", id(&last));
        shop.manager().post_keyed(&path, "v", &json!({"reason": "mistake"})).expect(200);
        assert_eq!(
            (balance(&shop, &other).as_str(), status(&shop, new).as_str()),
            ("5.00", "void 0.00")
        );
    });
}

#[test]
fn a_failed_refund_falls_back_to_a_new_card() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = hearts(&shop);
        shop.sell(&sale);
        let returned = shop.bring_back(&back(&sale, 1, 2));
        let path = format!("/v1/returns/{}", id(&returned));
        let failed = json!({"outcome": "failed", "fallback": "store_credit"});
        let settle = || {
            shop.cashier()
                .post_keyed(&format!("{path}/refunds/1/settlement"), "s", &failed)
                .expect(200)
        };
        let first = settle();
        let card = first.body["refunds"].as_array().unwrap().last().unwrap()["card"].clone();
        let code = card["code"].as_str().unwrap();
        assert_eq!(
            card,
            json!({"id": card["id"], "code": code, "last4": code[15..], "balance": "20.00"})
        );
        assert_eq!(settle().bytes, first.bytes);
        assert_eq!(look_up(&shop.cashier(), code, None).expect(200).body["id"], card["id"]);
        assert!(!shop.cashier().get(&path).expect(200).text().contains(code));
        let void =
            shop.manager().post_keyed(&format!("{path}/void"), "v", &json!({"reason": "mistake"}));
        void.expect(200);
        assert_eq!(status(&shop, &card), "void 0.00");
    });
}
