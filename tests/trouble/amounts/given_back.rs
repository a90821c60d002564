//! Bottles and goods given back on a receipt: what they take off it, and what they paid of its goods.

use super::coins::store_with_coin;
use super::{back, balances, by_card, detail, holds, receipt, refund, refunds};
use crate::support::caller::Caller;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use returndesk::domain::caller::Role;
use serde_json::{Value, json};

/// Members of a line, and what they are instead.
type Changes = Vec<(&'static str, Value)>;

/// The milk bottle of a real till: 2.00 back, cream, the deposit of a new bottle, sorbet.
fn bottle_receipt(shop: &Shop) -> Value {
    let lines = json!([
        {"line": 1, "kind": "deposit_return", "sku": "54409", "description": "BOTTLE REFUND",
            "quantity": "1", "unit_price": "2.00", "net": "-2.00"},
        {"line": 2, "sku": "897605001071", "quantity": "1", "unit_price": "6.29", "net": "6.29"},
        {"line": 3, "sku": "1052", "quantity": "1", "unit_price": "2.00", "net": "2.00"},
        {"line": 4, "sku": "22852665428", "quantity": "1", "unit_price": "5.59", "net": "5.59"}]);
    receipt(shop, lines, by_card("11.88"), "11.88")
}

#[test]
fn a_bottle_given_back_stands_on_the_receipt_and_never_comes_back() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = bottle_receipt(&shop);
        let recorded = shop.sell(&sale);
        assert_eq!(recorded["lines"][0]["kind"], "deposit_return");
        assert_eq!(recorded["lines"][1].get("kind"), None, "goods say nothing");
        let path = format!("/v1/sales/{}", recorded["id"].as_str().unwrap());
        let shown = shop.cashier().get(&path).expect(200).body;
        assert_eq!(shown["lines"][0]["returnable_quantity"], "0");
        assert_eq!(shown["tenders"].as_array().unwrap().len(), 1);
        for asked in [json!({"quantity": "1"}), json!({"amount": "1.00"})] {
            let mut body = back(&sale, &[(1, "1")]);
            body["lines"][0].as_object_mut().unwrap().remove("quantity");
            body["lines"][0].as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
            let checked = shop.cashier().post("/v1/returns/check", &body).expect(200).body;
            let finding = &checked["lines"][0]["findings"][0];
            assert_eq!(checked["decision"], "refused");
            assert_eq!(
                (&finding["code"], &finding["outcome"], &finding["detail"]),
                (
                    &json!("not_returnable"),
                    &json!("refused"),
                    &json!(
                        "Line 1 of the receipt is a deposit that was paid out; it cannot come back."
                    )
                )
            );
            assert_eq!(checked["approvals_needed"], json!([]), "nobody may approve it");
        }
        assert_eq!(
            balances(&shop),
            json!({"debit_card": "11.88", "sales": "-13.88", "returns": "2.00"})
        );
        holds(&shop);
    });
}

#[test]
fn the_part_that_a_bottle_paid_goes_back_in_cash_after_all_else() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = bottle_receipt(&shop);
        shop.sell(&sale);
        // One by one: the card gives what it paid, the bottle the rest.
        let sorbet = shop.bring_back(&back(&sale, &[(4, "1")]));
        assert_eq!(refunds(&sorbet), [refund("debit_card", Some(1), "5.59")]);
        let cream = shop.bring_back(&back(&sale, &[(2, "1")]));
        assert_eq!(refunds(&cream), [refund("debit_card", Some(1), "6.29")]);
        let bottle = shop.bring_back(&back(&sale, &[(3, "1")]));
        assert_eq!(refunds(&bottle), [refund("cash", None, "2.00")]);
        holds(&shop);
        // All at once; then taken back, and once more.
        let sale = bottle_receipt(&shop);
        shop.sell(&sale);
        let all = back(&sale, &[(2, "1"), (3, "1"), (4, "1")]);
        let split = [refund("debit_card", Some(1), "11.88"), refund("cash", None, "2.00")];
        let first = shop.bring_back(&all);
        assert_eq!(
            (refunds(&first), &first["totals"]["refund"]),
            (split.to_vec(), &json!("13.88"))
        );
        let path = format!("/v1/returns/{}/void", first["id"].as_str().unwrap());
        shop.manager().post_keyed(&path, "v1", &json!({"reason": "mistake"})).expect(200);
        assert_eq!(refunds(&shop.bring_back(&all)), split);
        let over = shop.cashier().post("/v1/returns/check", &all).expect(200).body;
        assert_eq!(over["decision"], "refused", "nothing is left of it");
        holds(&shop);
        // A limit on cash holds for it like for any other, and the customer may ask for credit.
        let sale = bottle_receipt(&shop);
        shop.sell(&sale);
        let mut credit = back(&sale, &[(2, "1"), (3, "1"), (4, "1")]);
        credit["refund_to"] = json!("store_credit");
        let paid = shop.bring_back(&credit);
        assert_eq!(
            refunds(&paid),
            [refund("store_credit", Some(1), "11.88"), refund("store_credit", None, "2.00")]
        );
        holds(&shop);
    });
}

#[test]
fn goods_given_back_on_a_mixed_receipt_are_credit_and_no_goods() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        // A lamp of 30.00 given back with 2.66 of tax, one of 44.00 taken with 3.91: 10 % off it.
        let lines = json!([
            {"line": 1, "kind": "unlinked_return", "sku": "LAMP", "quantity": "1",
                "unit_price": "30.00", "amount": "-30.00", "net": "-30.00",
                "taxes": [{"code": "NY", "amount": "-2.66"}], "serial_numbers": ["L-1"]},
            {"line": 2, "sku": "LAMP-2", "quantity": "1", "unit_price": "44.00", "net": "44.00",
                "taxes": [{"code": "NY", "amount": "3.51"}], "serial_numbers": ["L-2"]}]);
        let mut sale = receipt(&shop, lines, by_card("10.45"), "10.45");
        sale["discounts"] = json!([{"amount": "4.40"}]);
        shop.sell(&sale);
        assert_eq!(
            balances(&shop),
            json!({"debit_card": "10.45", "sales": "-39.60", "tax": "-3.51", "returns": "30.00",
                "tax_returned": "2.66"})
        );
        let checked =
            shop.cashier().post("/v1/returns/check", &back(&sale, &[(1, "1")])).expect(200).body;
        assert_eq!(
            checked["lines"][0]["findings"][0]["detail"],
            "Line 1 of the receipt is goods that were given back; it cannot come back."
        );
        let lamp = shop.bring_back(&json!({"store": "0042", "register": "3",
            "sale": {"receipt": sale["receipt"]},
            "lines": [{"sale_line": 2, "quantity": "1", "reason": "changed_mind",
                "condition": "unopened", "serial_number": "L-2"}]}));
        // The whole discount is the new lamp's: 39.60 and 3.51, of which the card paid 10.45.
        assert_eq!(
            refunds(&lamp),
            [refund("debit_card", Some(1), "10.45"), refund("store_credit", None, "32.66")]
        );
        let found = |serial: &str| {
            let path = format!("/v1/sales?serial_number={serial}");
            shop.cashier().get(&path).expect(200).body["items"].as_array().unwrap().len()
        };
        assert_eq!((found("L-1"), found("L-2")), (0, 1), "a unit given back was not sold here");
        holds(&shop);
    });
}

#[test]
fn a_receipt_of_bottles_alone_is_paid_out() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let bottles = |units: &str, net: &str| {
            json!({"line": 1, "kind": "deposit_return", "description": "Bottles", "quantity": units,
                "unit_price": "0.25", "net": net})
        };
        let milk =
            json!({"line": 2, "sku": "MILK", "quantity": "1", "unit_price": "1.50", "net": "1.50"});
        let out = |kind: &str, amount: &str| json!({"tender": 1, "type": kind, "amount": amount});
        // Lines, tenders, total; what the milk's return pays.
        let table = [
            (json!([bottles("8", "-2.00")]), json!([out("cash", "-2.00")]), "-2.00", vec![]),
            (json!([bottles("8", "-2.00")]), json!([out("debit_card", "-2.00")]), "-2.00", vec![]),
            (
                json!([bottles("6", "-1.50"), milk]),
                json!([]),
                "0.00",
                vec![refund("cash", None, "1.50")],
            ),
            (
                json!([bottles("8", "-2.00"), milk]),
                json!([out("cash", "-0.50")]),
                "-0.50",
                vec![refund("cash", None, "1.50")],
            ),
            (
                json!([bottles("4", "-1.00"), milk]),
                json!([{"tender": 1, "type": "cash", "amount": "20.00", "change": "19.50"}]),
                "0.50",
                // Cash of both, each by itself.
                vec![refund("cash", Some(1), "0.50"), refund("cash", None, "1.00")],
            ),
        ];
        for (lines, tenders, total, paid) in table {
            let sale = receipt(&shop, lines, tenders.clone(), total);
            let recorded = shop.sell(&sale);
            assert_eq!(recorded["total"], total);
            if !paid.is_empty() {
                let milk = shop.bring_back(&back(&sale, &[(2, "1")]));
                assert_eq!(refunds(&milk), paid, "{tenders}");
            }
            holds(&shop);
        }
        // 2.00 and 0.50 out, 0.50 in, 4.50 out for the milk.
        assert_eq!(
            balances(&shop),
            json!({"cash": "-6.50", "debit_card": "-2.00", "sales": "-4.50", "returns": "13.00"})
        );
        let day = json!({"store": "0042", "register": "3", "business_date": "2026-03-11",
            "opening_cash": "100.00", "counted_cash": "93.50"});
        let day_end = shop.manager().post_keyed("/v1/day-ends", "d1", &day).expect(201).body;
        assert_eq!(
            (
                &day_end["cash"]["difference"],
                &day_end["totals"]["sales"],
                &day_end["totals"]["returns"]
            ),
            (&json!("0.00"), &json!("4.50"), &json!("13.00")),
            "{day_end:#}"
        );
        holds(&shop);
    });
}

#[test]
fn a_line_below_zero_is_written_in_one_way_and_every_other_way_is_told() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let good = json!({"line": 2, "kind": "deposit_return", "sku": "B", "quantity": "1",
            "unit_price": "2.00", "net": "-2.00"});
        let beer =
            json!({"line": 1, "sku": "A", "quantity": "4", "unit_price": "3.00", "net": "12.00"});
        let sell = |changes: &[(&str, Value)]| {
            let mut line = good.clone();
            for (member, value) in changes {
                line[*member] = value.clone();
            }
            let sale = receipt(&shop, json!([beer, line]), by_card("10.00"), "10.00");
            shop.till().post("/v1/sales", &sale)
        };
        for changes in [
            vec![],
            vec![("amount", json!("-2.00"))],
            vec![("amount", json!("-2.00")), ("unit_price", json!(null))],
            vec![("quantity", json!("8")), ("unit_price", json!("0.25"))],
            // The till's own price of the bottles, whatever it is for one.
            vec![("quantity", json!("8")), ("amount", json!("-2.00"))],
            vec![("kind", json!("unlinked_return"))],
        ] {
            sell(&changes).expect(201);
        }
        let below = "For bottles or goods given back, send the line's `kind`: deposit_return or unlinked_return. For money off, send a discount.";
        let table: Vec<(Changes, &str, String)> = vec![
            (
                vec![("kind", json!("goods"))],
                "/lines/1/net",
                format!("-2.00 is below zero. {below}"),
            ),
            (
                vec![("quantity", json!("-1"))],
                "/lines/1/quantity",
                "`quantity` must be above zero. For what is given back on a sale, send the quantity above zero and the line's `kind`.".into(),
            ),
            (
                vec![("quantity", json!(-1))],
                "/lines/1/quantity",
                "`quantity` must be above zero. For what is given back on a sale, send the quantity above zero and the line's `kind`.".into(),
            ),
            (
                vec![("unit_price", json!("-2.00"))],
                "/lines/1/unit_price",
                "A unit price is never negative. On a sale, send `amount` and `net` below zero for what is given back.".into(),
            ),
            (
                vec![("net", json!("2.00"))],
                "/lines/1/net",
                "2.00 is above zero. A line of kind deposit_return takes money off: send its amounts below zero.".into(),
            ),
            (
                vec![("amount", json!("2.00"))],
                "/lines/1/amount",
                "2.00 is above zero. A line of kind deposit_return takes money off: send its amounts below zero.".into(),
            ),
            (
                vec![("taxes", json!([{"code": "T", "amount": "0.16"}]))],
                "/lines/1/taxes/0/amount",
                "The amount 0.16 must not be above zero here.".into(),
            ),
            (
                vec![("discounts", json!([{"amount": "0.00"}]))],
                "/lines/1/discounts",
                "Not possible on a line of kind deposit_return. Send what was paid out in `amount`.".into(),
            ),
            (
                vec![("parent_line", json!(1))],
                "/lines/1/parent_line",
                "Not possible on a line of kind deposit_return. Leave the kit out.".into(),
            ),
            (
                vec![("gift_card", json!({}))],
                "/lines/1/gift_card",
                "Not possible on a line of kind deposit_return. Record the card by its own routes.".into(),
            ),
        ];
        for (changes, pointer, told) in table {
            let refused = sell(&changes).expect(422);
            assert_eq!((refused.faults()[0].0.as_str(), detail(&refused)), (pointer, told));
        }
        // Money is paid out for what was given back, and for nothing else.
        let out = json!([{"tender": 1, "type": "debit_card", "amount": "15.00"},
            {"tender": 2, "type": "cash", "amount": "-5.00"}]);
        let sale = receipt(&shop, json!([beer, good]), out, "10.00");
        let refused = shop.till().post("/v1/sales", &sale).expect_problem(422, "does_not_add_up");
        assert_eq!(
            detail(&refused),
            "What was given back with the receipt, which is the most that can be paid out, comes to 2.00; sent was 5.00."
        );
        let negative = json!([{"tender": 1, "type": "cash", "amount": "-1.00", "change": "1.00"}]);
        let sale = receipt(&shop, json!([good]), negative, "-2.00");
        let refused = shop.till().post("/v1/sales", &sale).expect_problem(422, "does_not_add_up");
        assert_eq!(refused.faults()[0].0, "/tenders/0/change");
    });
}

#[test]
fn what_was_given_back_is_no_base_for_anything() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        // The same article given back at 1.00 and sold at 10.00 is worth 10.00 without a receipt.
        let lines = json!([
            {"line": 1, "kind": "unlinked_return", "sku": "MUG-1", "quantity": "1", "unit_price": "1.00", "net": "-1.00"},
            {"line": 2, "sku": "MUG-1", "quantity": "2", "unit_price": "10.00", "net": "20.00",
                "discounts": []},
            {"line": 3, "sku": "MUG-2", "quantity": "1", "unit_price": "6.00", "net": "6.00"}]);
        let mut sale = receipt(&shop, lines, by_card("22.40"), "22.40");
        sale["discounts"] = json!([{"amount": "2.60", "promotion": "TEN"}]);
        shop.sell(&sale);
        let bare = json!({"store": "0042", "register": "3", "customer": {"id": "C-1"},
            "lines": [{"sku": "MUG-1", "quantity": "1", "reason": "changed_mind", "condition": "unopened"}]});
        let checked = shop.cashier().post("/v1/returns/check", &bare).expect(200).body;
        assert_eq!(checked["lines"][0]["net"], "9.00", "{checked:#}");
        // Ten percent off: all of it is of the goods.
        let both = shop.bring_back(&back(&sale, &[(2, "2"), (3, "1")]));
        let nets: Vec<&Value> =
            both["lines"].as_array().unwrap().iter().map(|l| &l["net"]).collect();
        assert_eq!(nets, ["18.00", "5.40"]);
        holds(&shop);
    });
}

#[test]
fn bottles_paid_out_in_coins_round_what_was_paid_out() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        store_with_coin(&shop, "NO", "NOK", "NO", None);
        let sell_for = |milk: &str, total: &str, tenders: Value, rounding: &str| {
            let sale = json!({"store": "NO", "register": "1", "receipt": shop.receipt(),
                "business_date": "2026-03-11", "sold_at": "2026-03-11T14:00:00Z", "currency": "NOK",
                "lines": [
                    {"line": 1, "kind": "deposit_return", "description": "Pant", "quantity": "2", "amount": "-5.30", "net": "-5.30"},
                    {"line": 2, "sku": "MILK", "quantity": "1", "unit_price": milk, "net": milk}],
                "tenders": tenders, "cash_rounding": rounding, "total": total});
            Caller::new(&shop, "t", &[Role::Register], &["*"]).post("/v1/sales", &sale).expect(201);
            let body = json!({"store": "NO", "register": "1", "sale": {"receipt": sale["receipt"]},
                "lines": [{"sale_line": 2, "quantity": "1", "reason": "changed_mind", "condition": "unopened"}]});
            let caller = Caller::new(&shop, "2001", &[Role::Cashier], &["*"]);
            refunds(&caller.post_keyed("/v1/returns", &shop.receipt(), &body).expect(201).body)
        };
        let sell = |milk: &str, total: &str, paid: &str, rounding: &str| {
            let cash = json!([{"tender": 1, "type": "cash", "amount": paid}]);
            sell_for(milk, total, cash, rounding)
        };
        // 3.30 out of the drawer was 3.00; the milk is worth 2.00, all of it paid with bottles.
        assert_eq!(sell("2.00", "-3.30", "-3.00", "0.30"), [refund("cash", None, "2.00")]);
        // Rounded up: 3.60 was 4.00, and 1.70 of milk is rounded to the nearest coin as all cash is.
        assert_eq!(sell("1.70", "-3.60", "-4.00", "-0.40"), [refund("cash", None, "2.00")]);
        // A card paid 1.00 of the milk, to the cent; what is rounded is what left the drawer.
        let both = json!([{"tender": 1, "type": "debit_card", "amount": "1.00"},
            {"tender": 2, "type": "cash", "amount": "-4.00"}]);
        assert_eq!(
            sell_for("2.00", "-3.30", both, "0.30"),
            [refund("debit_card", Some(1), "1.00"), refund("cash", None, "1.00")]
        );
        // Taken in: 4.70 was 5.00, of milk for 10.00.
        assert_eq!(
            sell("10.00", "4.70", "5.00", "0.30"),
            [refund("cash", Some(1), "5.00"), refund("cash", None, "5.00")]
        );
        holds(&shop);
    });
}

#[test]
fn a_mixed_receipt_is_exchanged_and_the_bottles_part_is_carried_on() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = bottle_receipt(&shop);
        shop.sell(&sale);
        let mut body = back(&sale, &[(2, "1"), (3, "1"), (4, "1")]);
        body["exchange"] = json!({"lines": [{"description": "Basket", "quantity": "1",
            "unit_price": "13.875", "amount": "13.88", "net": "13.88"}]});
        let recorded = shop.bring_back(&body);
        assert_eq!(recorded["refunds"], json!([]));
        let exchange = &recorded["exchange"];
        let line = &exchange["lines"][0];
        assert_eq!(
            (&line["unit_price"], &line["amount"], line.get("sku")),
            (&json!("13.875"), &json!("13.88"), None)
        );
        let carried: Vec<Value> = (exchange["tenders"].as_array().unwrap().iter())
            .map(|t| json!([t["type"], t["amount"], t["carried_from"]["tender"]]))
            .collect();
        assert_eq!(carried, [json!(["debit_card", "11.88", 1]), json!(["cash", "2.00", 0])]);
        holds(&shop);
        let new = json!({"receipt": recorded["return_number"]});
        let basket = shop.bring_back(&back(&new, &[(1, "1")]));
        assert_eq!(
            refunds(&basket),
            [refund("debit_card", Some(1), "11.88"), refund("cash", Some(2), "2.00")]
        );
        holds(&shop);
    });
}

#[test]
fn a_sale_with_a_bottle_is_the_same_sale_when_it_is_sent_again() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = bottle_receipt(&shop);
        let first = shop.sell(&sale);
        let mut again = sale.clone();
        again["lines"][1]["kind"] = json!("goods");
        again["lines"][2]["unit_price"] = json!("2.000000");
        let again = shop.till().post("/v1/sales", &again).expect(200).body;
        assert_eq!(again["id"], first["id"]);
        let mut other = sale;
        other["lines"][0]["kind"] = json!("unlinked_return");
        shop.till().post("/v1/sales", &other).expect_problem(409, "receipt_exists");
    });
}
