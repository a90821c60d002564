//! Redemptions taken back: once, and no more than refunds have left of them.

use crate::history::faults_of_the_books;
use crate::support::bodies::{back, plain};
use crate::support::caller::{Answer, Caller};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use returndesk::domain::caller::Role;
use serde_json::{Value, json};

fn issue(shop: &Shop, amount: &str) -> String {
    let body = json!({"kind": "gift_card", "amount": amount, "currency": "USD", "store": "0042"});
    let card = shop.supervisor().post_keyed("/v1/gift-cards", &shop.receipt(), &body);
    card.expect(201).body["id"].as_str().unwrap().to_owned()
}

fn redeem(shop: &Shop, card: &str, amount: &str, sale: Option<&Value>) -> u64 {
    let mut body = json!({"amount": amount, "store": "0042", "register": "3"});
    if let Some(sale) = sale {
        body["sale"] = sale["receipt"].clone();
    }
    let path = format!("/v1/gift-cards/{card}/redemptions");
    let moved = shop.cashier().post_keyed(&path, &shop.receipt(), &body).expect(201).body;
    moved["entry"]["entry"].as_u64().unwrap()
}

fn reverse_as(shop: &Shop, key: &str, card: &str, entry: u64) -> Answer {
    let path = format!("/v1/gift-cards/{card}/redemptions/{entry}/reverse");
    shop.supervisor().post_keyed(&path, key, &json!({"register": "3"}))
}

fn reverse(shop: &Shop, card: &str, entry: u64) -> Answer {
    reverse_as(shop, &shop.receipt(), card, entry)
}

fn balance(shop: &Shop, card: &str) -> Value {
    let shown = shop.cashier().get(&format!("/v1/gift-cards/{card}")).expect(200);
    shown.body["balance"].clone()
}

/// Two mugs of 10.00, paid with the card.
fn sold(shop: &Shop, card: &str) -> Value {
    let mut sale = plain(shop, "0042", 2, 10, "gift_card");
    sale["tenders"][0]["reference"] = json!(card);
    sale
}

#[test]
fn a_redemption_is_put_back_once() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card = issue(&shop, "50.00");
        let entry = redeem(&shop, &card, "12.25", None);
        let first = reverse_as(&shop, "key", &card, entry).expect(201);
        assert_eq!(
            (&first.body["balance"], &first.body["amount"]),
            (&json!("50.00"), &json!("12.25"))
        );
        let told = &first.body["entry"];
        assert_eq!(
            (&told["entry"], &told["kind"], &told["reverses"], &told["amount"]),
            (&json!(3), &json!("reversal"), &json!(2), &json!("12.25"))
        );
        assert_eq!(reverse_as(&shop, "key", &card, entry).expect(201).bytes, first.bytes);
        let detail = "This redemption is reversed already. Its amount is on the card.";
        let again = reverse(&shop, &card, entry).expect_problem(409, "redemption_not_reversible");
        assert_eq!(again.body["detail"], detail);
        assert_eq!(balance(&shop, &card), "50.00");

        // The posting is the redemption's, the other way round; the log names both.
        let moved = shop.logged("gift_card.moved");
        let [redeemed, reversed] = &moved[moved.len() - 2..] else { panic!("{moved:?}") };
        assert_eq!(reversed["data"]["reverses"], 2);
        let amounts = |entry: &Value, account: &str| {
            entry["data"]["ledger"]["amounts"][account].as_str().unwrap().to_owned()
        };
        for account in ["gift_card", "gift_card_liability"] {
            let (there, back) = (amounts(redeemed, account), amounts(reversed, account));
            assert_eq!(there.trim_start_matches('-'), back.trim_start_matches('-'));
            assert_ne!(there.starts_with('-'), back.starts_with('-'));
        }
        let refused = shop.logged("gift_card.refused");
        assert_eq!(refused.last().unwrap()["data"]["attempt"], "reverse");
    });
}

#[test]
fn only_redemptions_are_reversed_and_only_by_a_supervisor() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card = issue(&shop, "50.00");
        let entry = redeem(&shop, &card, "10.00", None);
        let path = format!("/v1/gift-cards/{card}/redemptions/{entry}/reverse");
        for caller in [shop.cashier(), shop.till(), shop.auditor()] {
            caller
                .post_keyed(&path, &shop.receipt(), &json!({}))
                .expect_problem(403, "insufficient_scope");
        }
        shop.supervisor().post(&path, &json!({})).expect_problem(400, "idempotency_key_missing");
        // The issue, nothing at all, and a reversal.
        for other in [1, 9, 0] {
            reverse(&shop, &card, other).expect_problem(404, "not_found");
        }
        reverse(&shop, &card, entry).expect(201);
        reverse(&shop, &card, entry + 1).expect_problem(404, "not_found");
        assert_eq!(balance(&shop, &card), "50.00");
    });
}

#[test]
fn what_returns_gave_back_is_not_put_back_again() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card = issue(&shop, "50.00");
        let sale = sold(&shop, &card);
        shop.sell(&sale);
        let entry = redeem(&shop, &card, "20.00", Some(&sale));
        shop.bring_back(&back(&sale, 1, 1));
        assert_eq!(balance(&shop, &card), "40.00");
        let rest = reverse(&shop, &card, entry).expect(201).body;
        assert_eq!(
            (&rest["balance"], &rest["amount"], &rest["remaining"]),
            (&json!("50.00"), &json!("10.00"), &json!("10.00"))
        );

        // All of it went back already.
        let second = sold(&shop, &card);
        shop.sell(&second);
        let entry = redeem(&shop, &card, "20.00", Some(&second));
        shop.bring_back(&back(&second, 1, 2));
        reverse(&shop, &card, entry).expect_problem(409, "redemption_not_reversible");
        assert_eq!(balance(&shop, &card), "50.00");
    });
}

fn redeem_for(shop: &Shop, card: &str, amount: &str, named: &str) -> u64 {
    redeem(shop, card, amount, Some(&json!({ "receipt": named })))
}

/// However the receipt was typed for the redemption, what its returns gave back counts.
#[test]
fn a_receipt_is_the_same_sale_however_it_was_typed() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let spellings: [fn(&str) -> String; 3] = [
            str::to_lowercase,
            |receipt| format!("  {receipt}  "),
            |receipt| receipt.replace('-', "\u{ff0d}").replace('4', "\u{ff14}"),
        ];
        for spelled in spellings {
            let card = issue(&shop, "50.00");
            let mut sale = sold(&shop, &card);
            sale["receipt"] = json!(format!("A-{}", sale["receipt"].as_str().unwrap()));
            shop.sell(&sale);
            let receipt = sale["receipt"].as_str().unwrap();
            // One payment by the printed number, one by another spelling: 20.00 for one sale.
            let printed = redeem_for(&shop, &card, "8.00", receipt);
            let typed = redeem_for(&shop, &card, "12.00", &spelled(receipt));
            shop.bring_back(&back(&sale, 1, 1));
            assert_eq!(balance(&shop, &card), "40.00");
            let rest = reverse(&shop, &card, typed).expect(201).body;
            assert_eq!((&rest["amount"], &rest["balance"]), (&json!("10.00"), &json!("50.00")));
            let none =
                reverse(&shop, &card, printed).expect_problem(409, "redemption_not_reversible");
            assert_eq!(
                none.body["detail"],
                "Returns of this sale have given the amount back already. Nothing is left to reverse."
            );
            assert_eq!(balance(&shop, &card), "50.00");
        }
    });
}

/// Two payments for one sale: what was put back in another store is of the sale all the same.
#[test]
fn a_reversal_in_another_store_counts_for_the_sale_that_was_paid() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card = issue(&shop, "50.00");
        let sale = sold(&shop, &card);
        shop.sell(&sale);
        let first = redeem(&shop, &card, "8.00", Some(&sale));
        let second = redeem(&shop, &card, "12.00", Some(&sale));
        shop.bring_back(&back(&sale, 1, 1));
        assert_eq!(balance(&shop, &card), "40.00");
        let supervisor = Caller::new(&shop, "1500", &[Role::Supervisor], &["0042", "0043"]);
        let path = format!("/v1/gift-cards/{card}/redemptions/{first}/reverse");
        let elsewhere = json!({"register": "3", "store": "0043"});
        let put_back = supervisor.post_keyed(&path, "elsewhere", &elsewhere).expect(201).body;
        assert_eq!(put_back["amount"], "8.00");
        let rest = reverse(&shop, &card, second).expect(201).body;
        assert_eq!((&rest["amount"], &rest["balance"]), (&json!("2.00"), &json!("50.00")));
    });
}

/// The new goods of an exchange have a receipt of their own. A payment that names the number of the
/// return is for them, and what they gave back counts.
#[test]
fn a_redemption_that_names_an_exchange_by_its_number_is_of_the_new_goods() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card = issue(&shop, "50.00");
        let first = plain(&shop, "0042", 2, 10, "cash");
        shop.sell(&first);
        let mut swap = back(&first, 1, 1);
        swap["exchange"] = json!({"receipt": shop.receipt(),
            "lines": [{"sku": "B", "quantity": "2", "unit_price": "10.00", "net": "20.00"}],
            "tenders": [{"tender": 1, "type": "gift_card", "amount": "10.00", "reference": card}]});
        let swapped = shop.bring_back(&swap);
        let number = swapped["return_number"].as_str().unwrap();
        assert_ne!(swap["exchange"]["receipt"], number);
        let paid = redeem_for(&shop, &card, "10.00", number);
        shop.bring_back(&back(&swap["exchange"], 1, 1));
        assert_eq!(balance(&shop, &card), "50.00");
        reverse(&shop, &card, paid).expect_problem(409, "redemption_not_reversible");
        assert_eq!(balance(&shop, &card), "50.00");
    });
}

fn void(shop: &Shop, the_return: &Value) {
    let path = format!("/v1/returns/{}/void", the_return["id"].as_str().unwrap());
    let reason = json!({"reason": "mistake"});
    shop.supervisor().post_keyed(&path, &shop.receipt(), &reason).expect(200);
}

/// A redemption that names no sale is lessened by what returns put on the card since, whatever else
/// was taken off the card meanwhile.
#[test]
fn voids_of_other_acts_make_no_room_for_a_second_payment() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card = issue(&shop, "30.00");
        let before = sold(&shop, &card);
        shop.sell(&before);
        redeem(&shop, &card, "20.00", Some(&before));
        let first = shop.bring_back(&back(&before, 1, 2));
        // 30.00 again. Another sale of 20.00 is paid with the card, and the payment names nothing.
        let sale = sold(&shop, &card);
        shop.sell(&sale);
        let unnamed = redeem(&shop, &card, "20.00", None);
        let second = shop.bring_back(&back(&sale, 1, 2));
        assert_eq!(balance(&shop, &card), "30.00");
        // The return of before the payment is voided: that takes back what it gave, no more.
        void(&shop, &first);
        assert_eq!(balance(&shop, &card), "10.00");
        reverse(&shop, &card, unnamed).expect_problem(409, "redemption_not_reversible");
        assert_eq!(balance(&shop, &card), "10.00");

        // Once the later return is voided too, nothing was given back for the payment: with money on
        // the card for the void, the payment can be put back, whole.
        let load = json!({"amount": "10.00", "store": "0042"});
        let path = format!("/v1/gift-cards/{card}/loads");
        shop.supervisor().post_keyed(&path, &shop.receipt(), &load).expect(201);
        void(&shop, &second);
        assert_eq!(balance(&shop, &card), "0.00");
        let whole = reverse(&shop, &card, unnamed).expect(201).body;
        assert_eq!((&whole["amount"], &whole["balance"]), (&json!("20.00"), &json!("20.00")));
    });
}

/// The other way round: the card has its money already, so the return must not pay it again.
#[test]
fn a_return_after_a_reversal_does_not_pay_the_card_again() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card = issue(&shop, "50.00");
        let sale = sold(&shop, &card);
        shop.sell(&sale);
        let entry = redeem(&shop, &card, "20.00", Some(&sale));
        reverse(&shop, &card, entry).expect(201);
        assert_eq!(balance(&shop, &card), "50.00");
        let again = shop.cashier().post_keyed("/v1/returns", "again", &back(&sale, 1, 2));
        let refused = again.expect_problem(422, "return_refused").body;
        let found = &refused["decision"]["findings"][0];
        assert_eq!(
            (&found["code"], &found["rule"]),
            (&json!("tender_exhausted"), &json!("service:redeemed"))
        );
        assert_eq!(balance(&shop, &card), "50.00");
    });
}

#[test]
fn a_redemption_that_names_no_sale_is_lessened_by_whatever_came_back_onto_the_card() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card = issue(&shop, "50.00");
        let entry = redeem(&shop, &card, "20.00", None);
        let sale = sold(&shop, &card);
        shop.sell(&sale);
        shop.bring_back(&back(&sale, 1, 1));
        let rest = reverse(&shop, &card, entry).expect(201).body;
        assert_eq!((&rest["balance"], &rest["amount"]), (&json!("50.00"), &json!("10.00")));
    });
}

#[test]
fn a_frozen_card_takes_its_money_back_and_a_dead_one_does_not() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let act = |card: &str, what: &str| {
            let path = format!("/v1/gift-cards/{card}/{what}");
            shop.supervisor().post_keyed(&path, &shop.receipt(), &json!({}))
        };
        let frozen = issue(&shop, "50.00");
        let entry = redeem(&shop, &frozen, "20.00", None);
        act(&frozen, "freeze").expect(200);
        let put_back = reverse(&shop, &frozen, entry).expect(201).body;
        assert_eq!(
            (&put_back["balance"], &put_back["status"]),
            (&json!("50.00"), &json!("frozen"))
        );
        let lost = issue(&shop, "50.00");
        let entry = redeem(&shop, &lost, "20.00", None);
        act(&lost, "replace").expect(201);
        reverse(&shop, &lost, entry).expect_problem(409, "card_void");
        assert_eq!(balance(&shop, &lost), "0.00");
    });
}

fn void_sale(shop: &Shop, sale: &Value) -> Answer {
    let path = format!("/v1/sales/{}/void", sale["id"].as_str().unwrap());
    shop.supervisor().post_keyed(&path, &shop.receipt(), &json!({"reason": "mistake"}))
}

#[test]
fn the_void_of_a_sale_puts_what_a_card_paid_for_it_back() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card = issue(&shop, "50.00");
        let sent = sold(&shop, &card);
        let entry = redeem(&shop, &card, "15.00", Some(&sent));
        redeem(&shop, &card, "5.00", Some(&sent));
        // Of another sale: it stays off the card.
        redeem(&shop, &card, "1.00", Some(&sold(&shop, &card)));
        let sale = shop.sell(&sent);
        let voided = void_sale(&shop, &sale).expect(200).body;
        assert_eq!(
            voided,
            json!({"id": sale["id"], "store": "0042", "register": "3", "receipt": sent["receipt"],
                "business_date": "2026-03-11", "total": "20.00", "currency": "USD",
                "voided_at": "2026-03-11T15:00:00Z", "reversed": [
                    {"card": card, "entry": 5, "reverses": 2, "amount": "15.00", "balance": "44.00"},
                    {"card": card, "entry": 6, "reverses": 3, "amount": "5.00", "balance": "49.00"}]})
        );
        assert_eq!(balance(&shop, &card), "49.00");
        reverse(&shop, &card, entry).expect_problem(409, "redemption_not_reversible");
        // The sale is rung up again under the same number, and the card pays again.
        let mut again = sold(&shop, &card);
        again["receipt"] = sent["receipt"].clone();
        again["operator"] = json!("1009");
        redeem(&shop, &card, "20.00", Some(&again));
        let second = shop.sell(&again);
        assert_ne!(second["id"], sale["id"]);
        let returned = shop.bring_back(&back(&again, 1, 2));
        assert_eq!(returned["totals"]["refund"], "20.00");
        assert_eq!(balance(&shop, &card), "49.00");
        let moved = shop.logged("gift_card.moved");
        assert_eq!(moved[4]["data"]["reverses"], 2);
        assert_eq!(
            moved[4]["data"]["ledger"],
            json!({"register": "3", "business_date": "2026-03-11", "currency": "USD",
                "amounts": {"gift_card": "15.00", "gift_card_liability": "-15.00"}})
        );
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

#[test]
fn a_redemption_that_names_nothing_is_put_back_if_it_can_only_be_the_sales() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card = issue(&shop, "90.00");
        redeem(&shop, &card, "7.00", None);
        redeem(&shop, &card, "20.00", None);
        let sale = shop.sell(&sold(&shop, &card));
        let voided = void_sale(&shop, &sale).expect(200).body;
        assert_eq!(voided["reversed"][0]["reverses"], 3);
        assert_eq!(balance(&shop, &card), "83.00");

        // Two of the same amount: a person has to say which.
        let first = redeem(&shop, &card, "20.00", None);
        redeem(&shop, &card, "20.00", None);
        let sale = shop.sell(&sold(&shop, &card));
        let refused = void_sale(&shop, &sale).expect_problem(409, "sale_not_voidable").body;
        let shown = shop.cashier().get(&format!("/v1/gift-cards/{card}")).expect(200).body;
        assert_eq!(
            refused["detail"],
            format!(
                "More than one redemption of gift card …{} may have paid for this sale. Reverse the right one first, then void the sale.",
                shown["last4"].as_str().unwrap()
            )
        );
        reverse(&shop, &card, first).expect(201);
        // Reversed by hand, it is not put back a second time, nor is the other one.
        let voided = void_sale(&shop, &sale).expect(200).body;
        assert_eq!(voided.get("reversed"), None);
        assert_eq!(balance(&shop, &card), "63.00");
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}

#[test]
fn a_card_that_was_replaced_takes_nothing_back_and_its_sale_stands() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let card = issue(&shop, "50.00");
        let sent = sold(&shop, &card);
        redeem(&shop, &card, "20.00", Some(&sent));
        let sale = shop.sell(&sent);
        let shown = shop.cashier().get(&format!("/v1/gift-cards/{card}")).expect(200).body;
        let path = format!("/v1/gift-cards/{card}/replace");
        shop.supervisor().post_keyed(&path, &shop.receipt(), &json!({})).expect(201);
        let refused = void_sale(&shop, &sale).expect_problem(409, "sale_not_voidable").body;
        assert_eq!(
            refused["detail"],
            format!(
                "Gift card …{} paid for this sale and takes no money back. Take the goods back as a return instead.",
                shown["last4"].as_str().unwrap()
            )
        );
        assert_eq!(faults_of_the_books(&shop), Vec::<String>::new());
    });
}
