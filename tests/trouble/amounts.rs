//! Receipts as tills print them: the amount on the line is the fact, bottles come back on them,
//! other systems leave things out, and coins are what the place has.

mod coins;
mod given_back;

use crate::support::bodies::plain;
use crate::support::caller::Answer;
use crate::support::on_each_database;
use crate::support::shop::Shop;
use returndesk::export::reconcile::reconcile;
use serde_json::{Value, json};

/// A sale of store 0042 with these lines, paid like this.
fn receipt(shop: &Shop, lines: Value, tenders: Value, total: &str) -> Value {
    let mut sale = plain(shop, "0042", 1, 1, "cash");
    (sale["lines"], sale["tenders"], sale["total"]) = (lines, tenders, json!(total));
    sale
}

fn by_card(amount: &str) -> Value {
    json!([{"tender": 1, "type": "debit_card", "amount": amount, "reference": "tok_1"}])
}

/// Everything of these lines comes back.
fn back(sale: &Value, lines: &[(u32, &str)]) -> Value {
    let lines: Vec<Value> = (lines.iter())
        .map(|(line, quantity)| {
            json!({"sale_line": line, "quantity": quantity, "reason": "changed_mind",
                "condition": "unopened"})
        })
        .collect();
    json!({"store": "0042", "register": "3", "sale": {"receipt": sale["receipt"]}, "lines": lines})
}

/// What goes back: means, the sale's tender, amount.
fn refunds(of: &Value) -> Vec<(String, Option<u64>, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = of["refunds"].as_array().unwrap().iter();
    all.map(|r| (text(&r["type"]), r["sale_tender"].as_u64(), text(&r["amount"]))).collect()
}

fn refund(means: &str, tender: Option<u64>, amount: &str) -> (String, Option<u64>, String) {
    (means.to_owned(), tender, amount.to_owned())
}

/// Books, ledger and log agree, and so does the day end of the till.
fn holds(shop: &Shop) {
    let found = shop
        .wait(shop.app.service.desk.readers().read(|read, _| {
            let mut told = Vec::new();
            reconcile(read, |finding| told.push(finding.to_string()))?;
            Ok(told)
        }))
        .unwrap();
    assert_eq!(found, [] as [String; 0]);
}

/// The accounts of store 0042 that are not at nought: debits, and credits with a minus.
fn balances(shop: &Shop) -> Value {
    let told = shop.auditor().get("/v1/ledger/balances?store=0042").expect(200).body;
    let of_account = |account: &Value| {
        let (debit, credit) = (&account["debit"], account["credit"].as_str().unwrap());
        let net = if debit == "0.00" { json!(format!("-{credit}")) } else { debit.clone() };
        (account["account"].as_str().unwrap().to_owned(), net)
    };
    Value::Object(told["accounts"].as_array().unwrap().iter().map(of_account).collect())
}

fn detail(answer: &Answer) -> String {
    answer.body["errors"][0]["detail"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_price_on_a_label_is_the_fact() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        // Cheese at 59.90 a kilogram, 12.31 on its label: no weight in grams comes to that.
        for weight in ["0.205", "0.206"] {
            let line = |amount: Value| {
                json!([{"line": 1, "sku": "CHEESE", "quantity": weight, "unit_price": "59.90",
                    "amount": amount, "net": "12.31"}])
            };
            let unsaid = receipt(&shop, line(json!(null)), by_card("12.31"), "12.31");
            shop.till().post("/v1/sales", &unsaid).expect_problem(422, "does_not_add_up");
            let sale = receipt(&shop, line(json!("12.31")), by_card("12.31"), "12.31");
            let recorded = shop.sell(&sale);
            let kept = &recorded["lines"][0];
            assert_eq!(
                (&kept["unit_price"], &kept["amount"]),
                (&json!("59.90"), &json!("12.31")),
                "both are kept as sent"
            );
            let half = shop.bring_back(&back(&sale, &[(1, "0.1")]));
            let rest = weight.parse::<f64>().unwrap() - 0.1;
            let other = shop.bring_back(&back(&sale, &[(1, &format!("{rest:.3}"))]));
            let paid = |of: &Value| of["totals"]["refund"].as_str().unwrap().replace('.', "");
            let paid = [half, other].map(|of| paid(&of).parse::<i64>().unwrap());
            assert_eq!(paid.iter().sum::<i64>(), 1231);
        }
        holds(&shop);
    });
}

#[test]
fn an_amount_counts_where_it_is_stated_and_is_found_where_it_is_not() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        // Quantity, unit price, amount, discount, net; the fault, or nothing.
        let table = [
            // Three for 25.00; a price marked down; a weight that the scale rounds its own way.
            ("3", Some("9.00"), Some("25.00"), None, "25.00", None),
            ("1", Some("6.00"), Some("3.00"), None, "3.00", None),
            ("14", Some("14.79"), Some("12.94"), None, "12.94", None),
            ("0.56", Some("10.99"), Some("6.48"), None, "6.48", None),
            ("3", Some("9.00"), Some("25.00"), Some("2.50"), "22.50", None),
            // The amount alone.
            ("1", None, Some("7.49"), None, "7.49", None),
            ("0.350", None, Some("7.49"), None, "7.49", None),
            ("1", None, Some("0.00"), None, "0.00", None),
            // Without an amount: half up, from all decimals of the price.
            ("3", Some("6.65833"), None, None, "19.97", None),
            ("1", Some("0.005"), None, None, "0.01", None),
            ("1", Some("0.004999"), None, None, "0.00", None),
            ("1000", Some("0.001"), None, None, "1.00", None),
            ("1.250", Some("7.99"), None, None, "9.99", None),
            ("1.250", Some("7.99"), None, None, "9.98", None),
            ("1.250", Some("7.99"), None, None, "9.97", Some("/lines/0/net")),
            ("2", Some("7.99"), None, None, "15.99", Some("/lines/0/net")),
            // A stated amount leaves no cent to guess.
            ("1.250", Some("7.99"), Some("9.99"), None, "9.98", Some("/lines/0/net")),
            ("3", Some("9.00"), Some("25.00"), None, "27.00", Some("/lines/0/net")),
            ("3", Some("9.00"), Some("25.00"), Some("2.50"), "24.50", Some("/lines/0/net")),
            ("1", Some("1.1234567"), None, None, "1.12", Some("/lines/0/unit_price")),
            ("1", None, None, None, "1.00", Some("/lines/0/unit_price")),
        ];
        for (quantity, unit_price, amount, discount, net, fault) in table {
            let mut line = json!({"line": 1, "sku": "A", "quantity": quantity, "net": net,
                "unit_price": unit_price, "amount": amount});
            if let Some(off) = discount {
                line["discounts"] = json!([{"amount": off}]);
            }
            let tenders = if net == "0.00" { json!([]) } else { by_card(net) };
            let sale = receipt(&shop, json!([line]), tenders, net);
            let told = format!("{line}");
            let Some(pointer) = fault else {
                let recorded = shop.sell(&sale);
                let kept = &recorded["lines"][0];
                assert_eq!(kept["unit_price"], json!(unit_price), "{told}");
                assert_eq!(kept["amount"], json!(amount), "{told}");
                let all = shop.bring_back(&back(&sale, &[(1, quantity)]));
                assert_eq!(all["totals"]["refund"], net, "{told}");
                continue;
            };
            let refused = shop.till().post("/v1/sales", &sale).expect(422);
            assert_eq!(refused.faults()[0].0, pointer, "{told}: {refused}");
        }
        holds(&shop);
    });
}

#[test]
fn rules_see_the_price_that_was_paid_for_one_unit() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let rules = json!({"currency": "USD", "rules": [
            {"id": "dear", "when": {"price": {"min": "5.00"}}, "set": {"outcome": "refuse"}},
            {"id": "all", "when": {}, "set": {"window": {"days": 30}}}]});
        let number = shop.publish("dear-stays", &rules);
        assert_eq!(number, 1);
        let store = json!({"name": "Store 0042", "time_zone": "America/New_York", "currency": "USD",
            "region": "US-NY", "policy": "dear-stays"});
        let known = shop.admin().get("/v1/stores/0042").expect(200);
        let etag = known.header("etag").unwrap().to_owned();
        shop.admin().put_with("/v1/stores/0042", &[("If-Match", &etag)], &store).expect(200);
        // Two for 9.00, of 6.00 each; labels and finer prices go by what they come to.
        let table = [
            ("2", json!("6.00"), json!(null), "12.00", "refused"),
            ("2", json!("6.00"), json!("9.00"), "9.00", "allowed"),
            ("2", json!("4.00"), json!("10.00"), "10.00", "refused"),
            ("2", json!(null), json!("9.98"), "9.98", "allowed"),
            ("2", json!(null), json!("10.00"), "10.00", "refused"),
            ("1", json!("4.9949"), json!(null), "4.99", "allowed"),
            ("1", json!("4.995"), json!(null), "5.00", "refused"),
            ("0.003", json!("7.99"), json!(null), "0.02", "refused"),
        ];
        for (quantity, unit_price, amount, net, verdict) in table {
            let line = json!([{"line": 1, "sku": "A", "quantity": quantity, "net": net,
                "unit_price": unit_price, "amount": amount}]);
            let sale = receipt(&shop, line.clone(), by_card(net), net);
            shop.sell(&sale);
            let checked = shop.cashier().post("/v1/returns/check", &back(&sale, &[(1, quantity)]));
            assert_eq!(checked.expect(200).body["decision"], verdict, "{line}");
        }
    });
}

#[test]
fn lines_without_an_article_number_are_told_by_their_description() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let line = |sku: Value, description: Value| json!([{"line": 1, "sku": sku, "description": description, "quantity": "1", "amount": "5.00", "net": "5.00"}]);
        let sale =
            receipt(&shop, line(json!(null), json!("Custom amount")), by_card("5.00"), "5.00");
        let recorded = shop.sell(&sale);
        assert_eq!(recorded["lines"][0].get("sku"), None);
        let other = receipt(&shop, line(json!(null), json!("Another")), by_card("5.00"), "5.00");
        shop.sell(&other);
        for nothing in [json!(null), json!("")] {
            let sale = receipt(&shop, line(json!(null), nothing), by_card("5.00"), "5.00");
            let refused = shop.till().post("/v1/sales", &sale).expect_problem(422, "missing_field");
            assert_eq!(refused.faults(), [("/lines/0/sku".into(), "missing_field".into())]);
            assert_eq!(
                detail(&refused),
                "State the `sku`, or a `description` where there is none."
            );
        }
        let all = shop.bring_back(&back(&sale, &[(1, "1")]));
        assert_eq!(all["lines"][0]["sku"], json!(null));
        // No two of them are one article.
        let bare = json!({"store": "0042", "register": "3", "customer": {"id": "C-1"},
            "lines": [{"sku": "Custom amount", "quantity": "1", "reason": "changed_mind", "condition": "unopened"}]});
        let checked = shop.cashier().post("/v1/returns/check", &bare).expect(200).body;
        assert_eq!(checked["decision"], "refused");
        holds(&shop);
    });
}

#[test]
fn zeros_behind_a_quantity_say_nothing() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = |quantity: &str, net: &str| {
            let line = json!([{"line": 1, "sku": "A", "quantity": quantity, "unit_price": "10.00", "amount": net, "net": net}]);
            receipt(&shop, line, by_card(net), net)
        };
        for (sent, kept) in
            [("1.70000", "1.7"), ("2.000000", "2"), ("0.1230", "0.123"), ("1.0", "1")]
        {
            assert_eq!(shop.sell(&sale(sent, "17.00"))["lines"][0]["quantity"], kept);
        }
        let more = "`quantity` has more than three decimals. Round it to three, and state the line's `amount`.";
        for (sent, told) in [("1.23456", more), ("0.0004", more), ("1.70001", more)] {
            let refused = shop.till().post("/v1/sales", &sale(sent, "1.00"));
            let refused = refused.expect_problem(422, "invalid_quantity");
            assert_eq!(detail(&refused), told, "{sent}");
        }
        for sent in ["0.0000", "1.", "1.7000x"] {
            let refused = shop.till().post("/v1/sales", &sale(sent, "1.00"));
            assert!(detail(&refused.expect(422)).contains("must be a number of units above zero"));
        }
    });
}
