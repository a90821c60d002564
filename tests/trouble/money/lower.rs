//! Units that come back for less than was paid: the customer agreed to a lower price.

use super::taxes::{STORE, back, exemptions, findings, given, taxed};
use super::{body, card, cashier, in_order, money_back, sale, units, void};
use crate::support::caller::Caller;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use returndesk::domain::caller::Role;
use serde_json::{Value, json};

fn at(mut line: Value, price: &str) -> Value {
    line["unit_price"] = json!(price);
    line
}

fn check(shop: &Shop, sold: &Value, line: Value) -> Value {
    let asked = body(STORE, sold, json!([line]));
    cashier(shop, STORE).post("/v1/returns/check", &asked).expect(200).body
}

/// A scratched box: 6.00 instead of 10.00. Nobody gets the other 4.00, unless it is voided.
#[test]
fn a_lower_price_is_given_and_the_rest_is_forgone() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        exemptions(&shop);
        let taxes = json!([{"code": "T", "amount": "2.66"}]);
        let sold = taxed(&shop, (3, "30.00"), taxes, false, "32.66");
        let line = json!({"index": 0, "sale": sold["id"], "sale_line": 1, "sku": "SKU-1", "quantity": "1",
            "returnable_quantity": "3", "reason": "changed_mind", "condition": "unopened",
            "disposition": "undecided", "serial_number": null, "policy_version": 1, "decision": "allowed",
            "net": "6.00", "taxes": [{"code": "T", "amount": "0.53"}], "forgone": "4.00", "fee": "0.00",
            "refund": "6.53", "findings": []});
        assert_eq!(check(&shop, &sold, at(units(1, 1), "6.00"))["lines"], json!([line]));
        let lower = back(&shop, &sold, json!([at(units(1, 1), "6.00")]));
        assert_eq!(lower["lines"], json!([line]));
        assert_eq!(
            lower["totals"],
            json!({"returned": "6.53", "fees": "0.00", "exchanged": "0.00", "refund": "6.53", "due": "0.00"})
        );
        let entry = &shop.logged("return.recorded")[0]["data"];
        assert_eq!(entry["decision"]["lines"][0]["forgone"], "4.00");
        assert_eq!(
            entry["ledger"]["amounts"],
            json!({"returns": "6.00", "tax_returned": "0.53", "refunds_payable": "-6.53"})
        );
        // Neither money for goods that stay nor another unit brings it up.
        let refused = check(&shop, &sold, money_back(1, "21.78"));
        assert_eq!(
            findings(&refused),
            json!([[
                "price_above_paid",
                "21.78 is asked back on this line, but only 21.77 of it is left."
            ]])
        );
        let whole = back(&shop, &sold, json!([units(1, 1)]));
        assert_eq!(given(&whole), json!([["10.00", ["0.88"], "10.88"]]));
        assert_eq!(whole["lines"][0].get("forgone"), None);
        in_order(&shop);
        void(&shop, &lower).expect(200);
        let rest = back(&shop, &sold, json!([units(1, 2)]));
        assert_eq!(given(&rest), json!([["20.00", ["1.78"], "21.78"]]));
        in_order(&shop);
    });
}

/// Each row: units and price asked, and what is given; all of one sale.
#[test]
fn a_price_is_lower_if_it_is_below_what_was_paid_in_whole_cents() {
    let none = || json!([]);
    let rows = [
        // The price of three for 10.00 is 3.33, and no cent is lost for that.
        ((3, "10.00", none(), false, "10.00"), vec![(3, "3.33", "10.00", None)]),
        (
            (3, "10.00", none(), false, "10.00"),
            vec![
                (1, "3.33", "3.33", None),
                (1, "3.333333", "3.34", None),
                (1, "3.34", "3.33", None),
            ],
        ),
        ((3, "10.00", none(), false, "10.00"), vec![(3, "3.32", "9.96", Some("0.04"))]),
        ((3, "10.00", none(), false, "10.00"), vec![(3, "3.328333", "9.98", Some("0.02"))]),
        (
            (3, "10.00", none(), false, "10.00"),
            vec![(2, "0.00", "0.00", Some("6.67")), (1, "3.32", "3.32", Some("0.01"))],
        ),
        // With the tax in the price, the price asked has it, too.
        (
            (2, "119.00", json!([{"code": "VAT", "amount": "19.00"}]), true, "119.00"),
            vec![(1, "50.00", "50.00", Some("9.50")), (1, "59.50", "59.50", None)],
        ),
    ];
    on_each_database(|db| {
        let shop = Shop::open(db);
        exemptions(&shop);
        for ((quantity, net, taxes, included, total), steps) in rows.clone() {
            let sold = taxed(&shop, (quantity, net), taxes, included, total);
            let mut made = Vec::new();
            for (count, price, refund, forgone) in steps {
                let recorded = back(&shop, &sold, json!([at(units(1, count), price)]));
                let line = &recorded["lines"][0];
                let told = (line["refund"].as_str(), line.get("forgone").and_then(Value::as_str));
                assert_eq!(told, (Some(refund), forgone), "{count} at {price} of {sold}");
                made.push(recorded);
            }
            made.iter().rev().for_each(|recorded| drop(void(&shop, recorded).expect(200)));
            let whole = back(&shop, &sold, json!([units(1, quantity)]));
            assert_eq!(whole["totals"]["refund"], total, "as new after the voids");
        }
        in_order(&shop);
    });
}

/// Requests in which a price cannot be honoured are refused, and say why.
#[test]
fn a_price_that_cannot_be_given_is_refused() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        exemptions(&shop);
        let sold = taxed(&shop, (3, "10.00"), json!([]), false, "10.00");
        let higher = check(&shop, &sold, at(units(1, 3), "3.35"));
        assert_eq!(
            findings(&higher),
            json!([["price_above_paid", "10.05 is asked for 3, but 10.00 was paid."]])
        );
        let mut gift_card = sale(&shop, (STORE, "USD"), &[(1, "50.00")], json!([card(1, "50.00")]));
        let issued = json!({"kind": "gift_card", "amount": "0", "currency": "USD", "store": STORE});
        let issuer = Caller::new(&shop, "2001", &[Role::Manager], &["*"]).post_keyed(
            "/v1/gift-cards",
            &shop.receipt(),
            &issued,
        );
        gift_card["lines"][0]["gift_card"] = json!({"id": issuer.expect(201).body["id"]});
        gift_card["total"] = json!("50.00");
        let gift_card = shop.sell(&gift_card);
        let lower = check(&shop, &gift_card, at(units(1, 1), "40.00"));
        assert_eq!(
            findings(&lower),
            json!([[
                "not_returnable",
                "A gift card comes back for what is left of it. Leave the price out."
            ]])
        );
        let same = check(&shop, &gift_card, at(units(1, 1), "50.00"));
        assert_eq!(
            (&same["decision"], &same["totals"]["refund"]),
            (&json!("allowed"), &json!("50.00"))
        );
        let mut even = body(STORE, &sold, json!([at(units(1, 1), "2.00")]));
        even["exchange"] = json!({"lines": [{"sku": "B", "quantity": "1", "exchanged_for": 0}]});
        let finer = body(STORE, &sold, json!([at(units(1, 1), "2.0000001")]));
        for (asked, code, detail) in [
            (
                even,
                "invalid_value",
                "An even exchange keeps the price paid. Leave `unit_price` out.",
            ),
            (
                finer,
                "invalid_amount",
                "\"2.0000001\" is not a price: plain decimals, at most 6 of them.",
            ),
        ] {
            let told = cashier(&shop, STORE).post("/v1/returns/check", &asked).expect(422).body;
            assert_eq!(
                told["errors"],
                json!([{"pointer": "/lines/0/unit_price", "code": code, "detail": detail}])
            );
        }
    });
}
