//! Taxes back while the goods stay: an exemption is shown after the sale.

use super::{body, card, cashier, in_order, money_back, record, sale, units, void};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use jiff::SignedDuration;
use serde_json::{Value, json};

pub const STORE: &str = "0060";

fn tax_only(line: u32, codes: &[&str]) -> Value {
    json!({"sale_line": line, "tax_only": codes, "reason": "tax_exemption"})
}

fn of_units(mut line: Value, quantity: &str) -> Value {
    line["quantity"] = json!(quantity);
    line
}

/// A policy that knows why taxes go back, and takes everything back.
pub fn exemptions(shop: &Shop) {
    let rules = json!([{"id": "default", "when": {}, "set": {"window": {"days": 90, "after": "refuse"},
        "refund_to": {"*": ["original"]}, "tender_order": "first"}}]);
    let policy = json!({"currency": "USD", "rules": rules, "reasons": ["tax_exemption"]});
    shop.publish("exemptions", &policy);
    let store = json!({"name": "Exempt", "time_zone": "America/New_York", "currency": "USD",
        "region": "US-NY", "policy": "exemptions"});
    shop.admin().put(&format!("/v1/stores/{STORE}"), &store).expect(201);
}

/// One line of so many units; taxes by code.
pub fn taxed(
    shop: &Shop,
    (quantity, net): (u32, &str),
    taxes: Value,
    included: bool,
    total: &str,
) -> Value {
    let mut made = sale(shop, (STORE, "USD"), &[(quantity, net)], json!([card(1, total)]));
    (made["lines"][0]["taxes"], made["total"]) = (taxes, json!(total));
    made["lines"][0].as_object_mut().unwrap().remove("unit_price");
    (made["lines"][0]["amount"], made["prices_include_tax"]) = (json!(net), json!(included));
    shop.sell(&made)
}

/// A return of these lines, recorded a second after the one before.
pub fn back(shop: &Shop, sold: &Value, lines: Value) -> Value {
    shop.move_clock(SignedDuration::from_secs(1));
    record(shop, &body(STORE, sold, lines)).expect(201).body
}

/// Of each line: net, taxes, refund.
pub fn given(answer: &Value) -> Value {
    let of = |line: &Value| {
        let taxes = line["taxes"].as_array().unwrap().iter().map(|tax| &tax["amount"]);
        json!([line["net"], taxes.collect::<Vec<_>>(), line["refund"]])
    };
    answer["lines"].as_array().unwrap().iter().map(of).collect()
}

/// Codes and details of the first line's findings.
pub fn findings(answer: &Value) -> Value {
    let of = |finding: &Value| json!([finding["code"], finding["detail"]]);
    answer["lines"][0]["findings"].as_array().unwrap().iter().map(of).collect()
}

/// Case J09: 8.25 of 108.25 goes back while the goods stay; later the goods give 100.00.
#[test]
fn an_exemption_shown_later_gives_the_tax_back_alone() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        exemptions(&shop);
        let sold = taxed(
            &shop,
            (1, "100.00"),
            json!([{"code": "T", "rate": "0.0825", "amount": "8.25"}]),
            false,
            "108.25",
        );
        let asked = body(STORE, &sold, json!([tax_only(1, &["T"])]));
        let checked = cashier(&shop, STORE).post("/v1/returns/check", &asked).expect(200).body;
        let line = json!({"index": 0, "sale": sold["id"], "sale_line": 1, "sku": "SKU-1", "quantity": "0",
            "returnable_quantity": "1", "reason": "tax_exemption", "condition": "opened",
            "disposition": "undecided", "serial_number": null, "policy_version": 1, "decision": "allowed",
            "net": "0.00", "taxes": [{"code": "T", "amount": "8.25"}], "tax_only": ["T"], "fee": "0.00",
            "refund": "8.25", "findings": []});
        assert_eq!(checked["lines"], json!([line]));
        let first = back(&shop, &sold, json!([tax_only(1, &["T"])]));
        assert_eq!(first["lines"], json!([line]));
        assert_eq!(
            first["totals"],
            json!({"returned": "8.25", "fees": "0.00", "exchanged": "0.00", "refund": "8.25", "due": "0.00"})
        );
        let paid = &first["refunds"][0];
        assert_eq!(
            json!([paid["type"], paid["amount"], paid["status"]]),
            json!(["credit_card", "8.25", "due"])
        );
        let entry = shop.logged("return.recorded")[0]["data"].clone();
        let told = &entry["decision"]["lines"][0];
        assert_eq!(
            json!([told["quantity"], told["net"], told["taxes"], told["tax_only"], told["reason"]]),
            json!(["0", "0.00", [{"code": "T", "amount": "8.25"}], ["T"], "tax_exemption"])
        );
        assert_eq!(
            entry["ledger"]["amounts"],
            json!({"tax_returned": "8.25", "refunds_payable": "-8.25"})
        );
        // Nothing of the tax is left; the goods are still worth their price.
        let again = cashier(&shop, STORE).post("/v1/returns/check", &asked).expect(200).body;
        assert_eq!(
            findings(&again),
            json!([["already_returned", "No tax T is left to give back on this line."]])
        );
        let goods = back(&shop, &sold, json!([units(1, 1)]));
        assert_eq!(given(&goods), json!([["100.00", ["0.00"], "100.00"]]));
        assert_eq!(goods["lines"][0].get("tax_only"), None);
        let none = cashier(&shop, STORE).post("/v1/returns/check", &asked).expect(200).body;
        assert_eq!(
            findings(&none),
            json!([["already_returned", "The one unit of this line has come back already."]])
        );
        in_order(&shop);
    });
}

/// Each row: what was sold, and steps with what each gives (net, taxes, refund).
#[test]
fn taxes_given_back_and_the_goods_come_to_what_was_paid() {
    let two = json!([{"code": "STATE", "amount": "0.89"}, {"code": "CITY", "amount": "0.45"}]);
    let vat = json!([{"code": "VAT", "amount": "19.00"}]);
    let mixed = json!([{"code": "VAT", "amount": "4.00", "included": true},
        {"code": "LEVY", "amount": "0.51", "included": false}]);
    let rows = [
        // One of several taxes; the other goes back with the goods.
        (
            (3, "10.00", two.clone(), false, "11.34"),
            vec![
                (tax_only(1, &["STATE"]), json!([["0.00", ["0.89", "0.00"], "0.89"]])),
                (units(1, 1), json!([["3.33", ["0.00", "0.15"], "3.48"]])),
                (units(1, 2), json!([["6.67", ["0.00", "0.30"], "6.97"]])),
            ],
        ),
        // A unit at a time: each has its own tax, the rest keeps its; goods share what is left.
        (
            (3, "10.00", two.clone(), false, "11.34"),
            vec![
                (
                    of_units(tax_only(1, &["CITY", "STATE"]), "1"),
                    json!([["0.00", ["0.30", "0.15"], "0.45"]]),
                ),
                (
                    of_units(tax_only(1, &["STATE"]), "1"),
                    json!([["0.00", ["0.30", "0.00"], "0.30"]]),
                ),
                (units(1, 1), json!([["3.33", ["0.10", "0.10"], "3.53"]])),
                (
                    of_units(tax_only(1, &["STATE"]), "1"),
                    json!([["0.00", ["0.19", "0.00"], "0.19"]]),
                ),
                (units(1, 2), json!([["6.67", ["0.00", "0.20"], "6.87"]])),
            ],
        ),
        // After a unit came back, and after a price adjustment.
        (
            (3, "30.00", json!([{"code": "T", "amount": "2.66"}]), false, "32.66"),
            vec![
                (units(1, 1), json!([["10.00", ["0.89"], "10.89"]])),
                (money_back(1, "5.00"), json!([["4.59", ["0.41"], "5.00"]])),
                (of_units(tax_only(1, &["T"]), "1"), json!([["0.00", ["0.68"], "0.68"]])),
                (tax_only(1, &["T"]), json!([["0.00", ["0.68"], "0.68"]])),
                (money_back(1, "1.00"), json!([["1.00", ["0.00"], "1.00"]])),
                (units(1, 2), json!([["14.41", ["0.00"], "14.41"]])),
            ],
        ),
        // Prices with the tax in them: the price goes down by it.
        (
            (3, "119.00", vat, true, "119.00"),
            vec![
                (of_units(tax_only(1, &["VAT"]), "1"), json!([["6.33", ["6.33"], "6.33"]])),
                (units(1, 1), json!([["37.56", ["4.22"], "37.56"]])),
                (tax_only(1, &["VAT"]), json!([["8.45", ["8.45"], "8.45"]])),
                (units(1, 2), json!([["66.66", ["0.00"], "66.66"]])),
            ],
        ),
        // One tax in the price and one on top.
        (
            (2, "24.00", mixed, true, "24.51"),
            vec![
                (tax_only(1, &["LEVY", "VAT"]), json!([["4.00", ["4.00", "0.51"], "4.51"]])),
                (units(1, 1), json!([["10.00", ["0.00", "0.00"], "10.00"]])),
                (units(1, 1), json!([["10.00", ["0.00", "0.00"], "10.00"]])),
            ],
        ),
    ];
    on_each_database(|db| {
        let shop = Shop::open(db);
        exemptions(&shop);
        for ((quantity, net, taxes, included, total), steps) in rows.clone() {
            let sold = taxed(&shop, (quantity, net), taxes, included, total);
            let mut made = Vec::new();
            for (line, expected) in steps {
                let recorded = back(&shop, &sold, json!([line]));
                assert_eq!(given(&recorded), expected, "{line} of {sold}");
                made.push(recorded);
            }
            let refunded = |shop: &Shop| {
                let path = format!("/v1/sales/{}", sold["id"].as_str().unwrap());
                shop.auditor().get(&path).expect(200).body["tenders"][0]["refunded"].clone()
            };
            assert_eq!(refunded(&shop), total, "never more, never less");
            // The newest first, everything can be taken back.
            made.iter().rev().for_each(|recorded| drop(void(&shop, recorded).expect(200)));
            assert_eq!(refunded(&shop), "0.00");
            let whole = back(&shop, &sold, json!([units(1, quantity)]));
            assert_eq!(whole["totals"]["refund"], total);
        }
        in_order(&shop);
    });
}

/// Units that came back after a return of taxes bear none; without it they were paid too little.
#[test]
fn a_return_of_taxes_is_voided_after_the_units_that_share_it() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        exemptions(&shop);
        let taxes = json!([{"code": "T", "amount": "2.66"}]);
        let sold = taxed(&shop, (3, "30.00"), taxes, false, "32.66");
        let relieved = back(&shop, &sold, json!([tax_only(1, &["T"])]));
        let goods = back(&shop, &sold, json!([units(1, 1)]));
        let refused = void(&shop, &relieved).expect_problem(409, "return_not_voidable");
        let number = goods["return_number"].as_str().unwrap();
        assert_eq!(
            refused.body["detail"],
            format!(
                "Items of return {number} were paid for a price that counts on this return. Void return {number} first."
            )
        );
        void(&shop, &goods).expect(200);
        void(&shop, &relieved).expect(200);
        let whole = back(&shop, &sold, json!([units(1, 3)]));
        assert_eq!(given(&whole), json!([["30.00", ["2.66"], "32.66"]]));
        in_order(&shop);
    });
}

/// The shares of a receipt's tax, and the taxes of a kit's parts.
#[test]
fn taxes_of_the_receipt_and_of_a_kit_go_back_alone() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        exemptions(&shop);
        let mut made =
            sale(&shop, (STORE, "USD"), &[(1, "5.92"), (1, "3.45")], json!([card(1, "11.34")]));
        made["taxes"] = json!([{"code": "T", "amount": "1.97"}]);
        made["total"] = json!("11.34");
        let sold = shop.sell(&made);
        let both = back(&shop, &sold, json!([tax_only(2, &["T"]), units(1, 1)]));
        assert_eq!(given(&both), json!([["0.00", ["0.73"], "0.73"], ["5.92", ["1.24"], "7.16"]]));
        let mut made = sale(
            &shop,
            (STORE, "USD"),
            &[(2, "0.00"), (2, "20.00"), (4, "10.00")],
            json!([card(1, "33.00")]),
        );
        for (place, tax) in [(1, "1.60"), (2, "1.40")] {
            made["lines"][place]["parent_line"] = json!(1);
            made["lines"][place]["taxes"] = json!([{"code": "T", "amount": tax}]);
            made["lines"][place]["amount"] = made["lines"][place]["net"].clone();
        }
        made["lines"][2]["taxes"][0]["code"] = json!("U");
        made["total"] = json!("33.00");
        let kit = shop.sell(&made);
        let one = back(&shop, &kit, json!([tax_only(1, &["U"])]));
        assert_eq!(
            json!([one["lines"][0]["sale_line"], given(&one)]),
            json!([3, [["0.00", ["1.40"], "1.40"]]])
        );
        let rest = back(&shop, &kit, json!([tax_only(1, &["T", "U"])]));
        assert_eq!(given(&rest), json!([["0.00", ["1.60"], "1.60"]]));
        let goods = back(&shop, &kit, json!([units(1, 2)]));
        assert_eq!(goods["totals"]["refund"], "30.00");
        in_order(&shop);
    });
}

/// Requests that cannot be meant are refused, and say why.
#[test]
fn what_is_not_a_return_of_taxes_is_refused() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        exemptions(&shop);
        let taxes = json!([{"code": "T", "amount": "2.66"}, {"code": "V", "amount": "0.30"}]);
        let sold = taxed(&shop, (3, "30.00"), taxes, false, "32.96");
        let mut kit =
            sale(&shop, (STORE, "USD"), &[(2, "0.00"), (2, "20.00")], json!([card(1, "21.60")]));
        kit["lines"][1]["parent_line"] = json!(1);
        kit["lines"][1]["taxes"] = json!([{"code": "T", "amount": "1.60"}]);
        kit["lines"][1]["amount"] = json!("20.00");
        kit["total"] = json!("21.60");
        let kit = shop.sell(&kit);
        let with = |member: &str, value: Value| {
            let mut line = tax_only(1, &["T"]);
            line[member] = value;
            line
        };
        let two_units = of_units(tax_only(1, &["T"]), "2");
        for (sold, line, pointer, detail) in [
            (
                &sold,
                tax_only(1, &["T", "X"]),
                "/lines/0/tax_only/1",
                "Line 1 has no tax X. Its taxes are: T, V.",
            ),
            (&sold, tax_only(1, &["T", "T"]), "/lines/0/tax_only/1", "The tax T is there twice."),
            (
                &sold,
                tax_only(1, &[]),
                "/lines/0/tax_only",
                "`tax_only` must have at least 1 entry.",
            ),
            (
                &sold,
                with("amount", json!("1.00")),
                "/lines/0/amount",
                "With `tax_only` the taxes alone go back. Leave `amount` out.",
            ),
            (
                &sold,
                with("unit_price", json!("1.00")),
                "/lines/0/unit_price",
                "With `tax_only` the taxes alone go back. Leave `unit_price` out.",
            ),
            (
                &sold,
                with("serial_number", json!("S1")),
                "/lines/0/serial_number",
                "No unit comes back with `tax_only`. Leave `serial_number` out.",
            ),
            (
                &kit,
                two_units.clone(),
                "/lines/0/quantity",
                "The parts of this kit are taxed by themselves. Leave `quantity` out, or name the parts as lines of \
                 their own.",
            ),
        ] {
            let asked = body(STORE, sold, json!([line]));
            let told = cashier(&shop, STORE).post("/v1/returns/check", &asked).expect(422).body;
            assert_eq!(told["errors"][0]["pointer"], pointer, "{told}");
            assert_eq!(told["errors"][0]["detail"], detail, "{told}");
        }
        let too_many = body(STORE, &sold, json!([of_units(tax_only(1, &["T"]), "4")]));
        let told = cashier(&shop, STORE).post("/v1/returns/check", &too_many).expect(200).body;
        assert_eq!(
            json!([told["decision"], findings(&told)]),
            json!([
                "refused",
                [["quantity_exceeded", "4 are to come back, but only 3 were sold."]]
            ])
        );
        // No goods are there to be exchanged.
        let mut even = body(STORE, &sold, json!([two_units]));
        even["exchange"] = json!({"lines": [{"sku": "B", "quantity": "2", "exchanged_for": 0}]});
        let told = cashier(&shop, STORE).post("/v1/returns/check", &even).expect(422).body;
        assert_eq!(
            told["errors"][0],
            json!({"pointer": "/exchange/lines/0/exchanged_for", "code": "invalid_value",
                "detail": "Of that line only money comes back, no goods."})
        );
        // The window is that of any money back.
        shop.move_days(91);
        let late = body(STORE, &sold, json!([tax_only(1, &["T"])]));
        let told = cashier(&shop, STORE).post("/v1/returns/check", &late).expect(200).body;
        assert_eq!(told["lines"][0]["findings"][0]["code"], "window_expired");
    });
}
