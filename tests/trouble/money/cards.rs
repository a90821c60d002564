//! Gift cards that a sale names: no more goes back than was redeemed.

use super::{body, in_order, record, refunds, sale, units};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use serde_json::{Value, json};

/// A card of ours with so much on it.
fn gift_card(shop: &Shop, amount: &str) -> Value {
    let body = json!({"kind": "gift_card", "amount": amount, "currency": "USD", "store": "0042"});
    shop.manager().post_keyed("/v1/gift-cards", &shop.receipt(), &body).expect(201).body
}

fn redeem(shop: &Shop, card: &Value, amount: &str, sale: Option<&Value>) {
    let mut body = json!({"amount": amount, "store": "0042"});
    sale.into_iter().for_each(|sale| body["sale"] = sale.clone());
    let path = format!("/v1/gift-cards/{}/redemptions", card["id"].as_str().unwrap());
    shop.cashier().post_keyed(&path, &shop.receipt(), &body).expect(201);
}

fn on_card(shop: &Shop, card: &Value) -> String {
    let path = format!("/v1/gift-cards/{}", card["id"].as_str().unwrap());
    shop.manager().get(&path).expect(200).body["balance"].as_str().unwrap().to_owned()
}

/// 40.00 of goods that the sale says this reference paid for.
fn paid_with(shop: &Shop, reference: &Value) -> Value {
    let paid =
        json!([{"tender": 1, "type": "gift_card", "amount": "40.00", "reference": reference}]);
    let mut made = sale(shop, ("0042", "USD"), &[(4, "40.00")], paid);
    (made["lines"][0]["unit_price"], made["total"]) = (json!("10.00"), json!("40.00"));
    shop.sell(&made)
}

/// Cases M01 and M02: the sale names a card that nothing was taken off.
#[test]
fn a_card_is_credited_at_most_what_was_redeemed_for_the_sale() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        for held in ["50.00", "10.00"] {
            let card = gift_card(&shop, held);
            let sold = paid_with(&shop, &card["id"]);
            let all = body("0042", &sold, json!([units(1, 4)]));
            let refused = record(&shop, &all).expect_problem(422, "return_refused").body;
            let finding = &refused["decision"]["findings"][0];
            assert_eq!(
                (&finding["code"], &finding["outcome"]),
                (&json!("tender_exhausted"), &json!("refused"))
            );
            assert_eq!(
                finding["detail"],
                "40.00 of 40.00 was never taken off the gift card that the \
                receipt names. Redeem it for this receipt first, or check the receipt."
            );
            assert_eq!(on_card(&shop, &card), held);
            // Nor by another way.
            for other in ["cash", "store_credit"] {
                let mut elsewhere = all.clone();
                elsewhere["refund_to"] = json!(other);
                record(&shop, &elsewhere).expect_problem(422, "return_refused");
            }
        }
        in_order(&shop);
    });
}

/// What was redeemed, by the sale's id or its receipt, before the sale was recorded or after.
#[test]
fn what_was_redeemed_for_the_sale_goes_back_onto_the_card() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card = gift_card(&shop, "90.00");
        let sold = paid_with(&shop, &card["id"]);
        // For another sale, so that it is nothing of this one.
        redeem(&shop, &card, "40.00", Some(&json!("R-99999")));
        let one = body("0042", &sold, json!([units(1, 1)]));
        record(&shop, &one).expect_problem(422, "return_refused");
        redeem(&shop, &card, "15.00", Some(&sold["receipt"]));
        record(&shop, &one).expect(201);
        assert_eq!(on_card(&shop, &card), "45.00");
        record(&shop, &one).expect_problem(422, "return_refused");
        redeem(&shop, &card, "25.00", Some(&sold["id"]));
        let rest = record(&shop, &body("0042", &sold, json!([units(1, 3)]))).expect(201).body;
        assert_eq!(
            (on_card(&shop, &card).as_str(), &rest["totals"]["refund"]),
            ("50.00", &json!("30.00"))
        );
        in_order(&shop);
        // Redeemed first and without a word what for: it counts on the day.
        redeem(&shop, &card, "40.00", None);
        let sold = paid_with(&shop, &card["id"]);
        record(&shop, &body("0042", &sold, json!([units(1, 4)]))).expect(201);
        assert_eq!(on_card(&shop, &card), "50.00");
        in_order(&shop);
    });
}

/// Cards of others are known by their sale alone.
#[test]
fn a_card_of_another_system_is_taken_at_the_word_of_the_sale() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        for reference in [json!("GC-778"), json!("01a2202f-94fe-7001-9d32-7bc2f124ca0e")] {
            let sold = paid_with(&shop, &reference);
            let back = record(&shop, &body("0042", &sold, json!([units(1, 4)]))).expect(201).body;
            assert_eq!(refunds(&back), json!([["gift_card", "40.00", "0.00"]]));
        }
    });
}

/// One card named twice pays no more than once.
#[test]
fn two_tenders_of_one_card_share_what_was_redeemed() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card = gift_card(&shop, "60.00");
        let tender = |number: u32, amount: &str| {
            json!({"tender": number, "type": "gift_card",
            "amount": amount, "reference": card["id"]})
        };
        let paid = json!([tender(1, "10.00"), tender(2, "30.00")]);
        let mut made = sale(&shop, ("0042", "USD"), &[(4, "40.00")], paid);
        (made["lines"][0]["unit_price"], made["total"]) = (json!("10.00"), json!("40.00"));
        let sold = shop.sell(&made);
        redeem(&shop, &card, "20.00", Some(&sold["id"]));
        record(&shop, &body("0042", &sold, json!([units(1, 3)])))
            .expect_problem(422, "return_refused");
        record(&shop, &body("0042", &sold, json!([units(1, 2)]))).expect(201);
        assert_eq!(on_card(&shop, &card), "60.00");
        record(&shop, &body("0042", &sold, json!([units(1, 1)])))
            .expect_problem(422, "return_refused");
        in_order(&shop);
    });
}
