//! Money to the cent: cash for cards, adjustments and their voids, parts of charges, tax only.

mod cards;
mod charges;
mod lower;
mod taxes;

use crate::support::caller::{Answer, Caller};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use jiff::SignedDuration;
use returndesk::domain::caller::Role;
use returndesk::export::{ledger, reconcile};
use serde_json::{Value, json};

/// A store abroad whose policy pays cards back in cash if that is asked for, and everything else to
/// where it came from.
fn abroad(shop: &Shop, store: &str, (currency, region, zone): (&str, &str, &str)) {
    let policy = format!("cash-{}", currency.to_lowercase());
    let rules = json!([{"id": "default", "when": {}, "set": {"window": {"days": 90, "after": "refuse"},
        "refund_to": {"*": ["original", "cash", "store_credit"]}, "tender_order": "first"}}]);
    shop.publish(&policy, &json!({"currency": currency, "rules": rules}));
    let body = json!({"name": store, "time_zone": zone, "currency": currency, "region": region, "policy": policy});
    shop.admin().put(&format!("/v1/stores/{store}"), &body).expect(201);
}

const CANADA: (&str, &str, &str) = ("CAD", "CA-ON", "America/Toronto");

fn cashier<'s>(shop: &'s Shop, store: &str) -> Caller<'s> {
    Caller::new(shop, "1042", &[Role::Cashier], &[store])
}

/// A sale of lines (quantity, net) without tax, paid by these tenders.
fn sale(shop: &Shop, (store, currency): (&str, &str), lines: &[(u32, &str)], paid: Value) -> Value {
    let lines: Vec<Value> = lines.iter().zip(1..).map(|((quantity, net), number)| json!({"line": number,
        "sku": format!("SKU-{number}"), "quantity": quantity.to_string(), "unit_price": net, "net": net})).collect();
    json!({"store": store, "register": "3", "receipt": shop.receipt(), "business_date": "2026-03-11",
        "sold_at": "2026-03-11T15:00:00Z", "operator": "1001", "currency": currency, "lines": lines, "tenders": paid})
}

fn card(number: u32, amount: &str) -> Value {
    json!({"tender": number, "type": "credit_card", "amount": amount, "reference": format!("tok_{number}")})
}

/// One line for one card.
fn by_card(shop: &Shop, store: &str, currency: &str, amount: &str) -> Value {
    let mut made = sale(shop, (store, currency), &[(1, amount)], json!([card(1, amount)]));
    made["total"] = json!(amount);
    shop.sell(&made)
}

fn units(line: u32, quantity: u32) -> Value {
    json!({"sale_line": line, "quantity": quantity.to_string(), "reason": "changed_mind", "condition": "unopened"})
}

fn body(store: &str, sale: &Value, lines: Value) -> Value {
    json!({"store": store, "register": "7", "sale": {"id": sale["id"]}, "lines": lines})
}

fn in_cash(mut body: Value) -> Value {
    body["refund_to"] = json!("cash");
    body
}

fn record(shop: &Shop, body: &Value) -> Answer {
    let store = body["store"].as_str().unwrap();
    cashier(shop, store).post_keyed("/v1/returns", &shop.receipt(), body)
}

/// Each refund: its means, what is paid out and what rounding added.
fn refunds(recorded: &Value) -> Value {
    let of = |refund: &Value| json!([refund["type"], refund["amount"], refund["rounding"]]);
    recorded["refunds"].as_array().unwrap().iter().map(of).collect()
}

fn void(shop: &Shop, recorded: &Value) -> Answer {
    let path = format!("/v1/returns/{}/void", recorded["id"].as_str().unwrap());
    let manager = Caller::new(shop, "2001", &[Role::Manager], &["*"]);
    manager.post_keyed(&path, &shop.receipt(), &json!({"reason": "mistake"}))
}

fn settle(shop: &Shop, recorded: &Value, refund: u32, outcome: &Value) -> Answer {
    let path =
        format!("/v1/returns/{}/refunds/{refund}/settlement", recorded["id"].as_str().unwrap());
    let till = Caller::new(shop, "till-3", &[Role::Register], &["*"]);
    till.post_keyed(&path, &shop.receipt(), outcome)
}

/// Sales, returns, log and ledger agree.
fn in_order(shop: &Shop) {
    let found = shop.wait(shop.app.service.desk.readers().read(|read, _| {
        let mut told = Vec::new();
        reconcile::reconcile(read, |finding| told.push(finding.to_string()))?;
        ledger::check(read, |fault| told.push(fault.to_string()))?;
        Ok(told)
    }));
    assert_eq!(found.unwrap(), Vec::<String>::new());
}

/// Cash that stands in for a card is rounded to the nearest coin, as other cash is.
#[test]
fn cash_for_a_card_is_rounded_to_the_nearest_coin() {
    let cases = [
        (CANADA, "10.03", "10.05", "0.02"),
        (CANADA, "10.02", "10.00", "-0.02"),
        (CANADA, "10.05", "10.05", "0.00"),
        (("NOK", "NO", "Europe/Oslo"), "0.99", "1.00", "0.01"),
        (("NOK", "NO", "Europe/Oslo"), "0.49", "0.00", "-0.49"),
        (("HUF", "HU", "Europe/Budapest"), "1004.00", "1005.00", "1.00"),
        (("HUF", "HU", "Europe/Budapest"), "1002.00", "1000.00", "-2.00"),
        (("CLP", "CL", "America/Santiago"), "765", "760", "-5"),
    ];
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut open: Vec<&str> = Vec::new();
        for (place, amount, paid, rounding) in cases {
            let store = place.0;
            if !open.contains(&store) {
                abroad(&shop, store, place);
                open.push(store);
            }
            let sold = by_card(&shop, store, store, amount);
            let back = in_cash(body(store, &sold, json!([units(1, 1)])));
            let recorded = record(&shop, &back).expect(201).body;
            assert_eq!(refunds(&recorded), json!([["cash", paid, rounding]]), "{store} {amount}");
            assert_eq!(recorded["totals"]["refund"], amount, "{store}");
            let shown = shop.auditor().get(&format!("/v1/sales/{}", sold["id"].as_str().unwrap()));
            assert_eq!(shown.expect(200).body["tenders"][0]["refunded"], paid, "{store} {amount}");
            let path =
                format!("/v1/sales?receipt={}&view=summary", sold["receipt"].as_str().unwrap());
            let short = shop.auditor().get(&path).expect(200).body["items"][0].take();
            assert_eq!((&short["id"], &short["refunded"]), (&sold["id"], &json!(paid)), "{store}");
        }
        in_order(&shop);
    });
}

/// 15.07 by two cards is 15.05 in cash, not 10.05 and 5.05.
#[test]
fn all_cash_of_a_return_is_rounded_once() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        abroad(&shop, "CAD", CANADA);
        let cards = json!([card(1, "10.03"), card(2, "5.04")]);
        let mut made = sale(&shop, ("CAD", "CAD"), &[(1, "15.07")], cards);
        made["total"] = json!("15.07");
        let sold = shop.sell(&made);
        let all = in_cash(body("CAD", &sold, json!([units(1, 1)])));
        let recorded = record(&shop, &all).expect(201).body;
        let expected = json!([["cash", "10.05", "0.02"], ["cash", "5.00", "-0.04"]]);
        assert_eq!(refunds(&recorded), expected);
        // Of two sales in one return as well: 1.02 and 1.02 are 2.05.
        let two = [(); 2].map(|()| by_card(&shop, "CAD", "CAD", "1.02"));
        let mut both = in_cash(body("CAD", &two[0], json!([units(1, 1), units(1, 1)])));
        both["lines"][1]["sale"] = json!({"id": two[1]["id"]});
        let recorded = record(&shop, &both).expect(201).body;
        assert_eq!(
            refunds(&recorded),
            json!([["cash", "1.00", "-0.02"], ["cash", "1.05", "0.03"]])
        );
        in_order(&shop);
    });
}

/// However it is split, cash is never more than half a coin from the exact amount; a part that went
/// to the card is exact.
#[test]
fn parts_in_cash_make_up_for_each_other() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        abroad(&shop, "CAD", CANADA);
        let mut made = sale(&shop, ("CAD", "CAD"), &[(4, "4.12")], json!([card(1, "4.12")]));
        made["lines"][0]["unit_price"] = json!("1.03");
        made["total"] = json!("4.12");
        let sold = shop.sell(&made);
        let one = body("CAD", &sold, json!([units(1, 1)]));
        let mut told = Vec::new();
        for back in [in_cash(one.clone()), in_cash(one.clone()), one.clone(), in_cash(one)] {
            told.extend(
                refunds(&record(&shop, &back).expect(201).body).as_array().unwrap().clone(),
            );
        }
        // 1.03 and 2.06 exactly in cash so far, then 3.09 in all.
        let expected = json!([
            ["cash", "1.05", "0.02"],
            ["cash", "1.00", "-0.03"],
            ["credit_card", "1.03", "0.00"],
            ["cash", "1.05", "0.02"]
        ]);
        assert_eq!(json!(told), expected);
        in_order(&shop);
    });
}

/// A full return pays each cash tender what it paid in cash, next to cash that stands in.
#[test]
fn a_cash_tender_gets_what_it_paid_beside_a_card_paid_in_cash() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        abroad(&shop, "CAD", CANADA);
        let cash = json!({"tender": 2, "type": "cash", "amount": "5.00"});
        let lines = [(1, "10.03"), (1, "5.02")];
        let mut made = sale(&shop, ("CAD", "CAD"), &lines, json!([card(1, "10.03"), cash]));
        (made["total"], made["cash_rounding"]) = (json!("15.05"), json!("-0.02"));
        let sold = shop.sell(&made);
        let all = in_cash(body("CAD", &sold, json!([units(1, 1), units(2, 1)])));
        let checked = cashier(&shop, "CAD").post("/v1/returns/check", &all).expect(200).body;
        let expected = json!([["cash", "10.05", "0.02"], ["cash", "5.00", "-0.02"]]);
        assert_eq!(refunds(&checked), expected);
        // One after the other too: what the card's cash was ahead by is nothing of the other's.
        for (line, paid) in [(1, ["cash", "10.05", "0.02"]), (2, ["cash", "5.00", "-0.02"])] {
            let back = in_cash(body("CAD", &sold, json!([units(line, 1)])));
            assert_eq!(refunds(&record(&shop, &back).expect(201).body), json!([paid]));
        }
        in_order(&shop);
    });
}

/// A card that fails is paid in cash by the same rule.
#[test]
fn a_failed_card_is_paid_in_cash_by_the_same_rule() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        abroad(&shop, "CAD", CANADA);
        let failed = json!({"outcome": "failed", "fallback": "cash"});
        let sold = by_card(&shop, "CAD", "CAD", "10.03");
        let recorded = record(&shop, &body("CAD", &sold, json!([units(1, 1)]))).expect(201).body;
        let settled = settle(&shop, &recorded, 1, &failed).expect(200).body;
        let expected = json!([["credit_card", "10.03", "0.00"], ["cash", "10.05", "0.02"]]);
        assert_eq!(refunds(&settled), expected);
        // A sale with two cards that both fail: 15.07 in all.
        let cards = json!([card(1, "10.03"), card(2, "5.04")]);
        let mut made = sale(&shop, ("CAD", "CAD"), &[(1, "15.07")], cards);
        made["total"] = json!("15.07");
        let sold = shop.sell(&made);
        let recorded = record(&shop, &body("CAD", &sold, json!([units(1, 1)]))).expect(201).body;
        settle(&shop, &recorded, 1, &failed).expect(200);
        let settled = settle(&shop, &recorded, 2, &failed).expect(200).body;
        let cash = refunds(&settled).as_array().unwrap()[2..].to_vec();
        assert_eq!(json!(cash), json!([["cash", "10.05", "0.02"], ["cash", "5.00", "-0.04"]]));
        in_order(&shop);
        void(&shop, &settled).expect(200);
        let shown = shop.auditor().get(&format!("/v1/sales/{}", sold["id"].as_str().unwrap()));
        assert_eq!(shown.expect(200).body["tenders"][0]["refunded"], "0.00");
        in_order(&shop);
    });
}

/// Voids cannot keep what was rounded up: 20 returns of 0.03, each second one rounded up.
#[test]
fn voids_do_not_farm_cash_for_a_card() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        abroad(&shop, "CAD", CANADA);
        let mut made = sale(&shop, ("CAD", "CAD"), &[(20, "0.60")], json!([card(1, "0.60")]));
        made["lines"][0]["unit_price"] = json!("0.03");
        made["total"] = json!("0.60");
        let sold = shop.sell(&made);
        let one = in_cash(body("CAD", &sold, json!([units(1, 1)])));
        let all: Vec<Value> = (0..6).map(|_| record(&shop, &one).expect(201).body).collect();
        let paid: Vec<Value> = all.iter().map(|one| one["refunds"][0]["amount"].clone()).collect();
        assert_eq!(json!(paid), json!(["0.05", "0.00", "0.05", "0.00", "0.05", "0.05"]));
        let down: Vec<&Value> =
            all.iter().filter(|one| one["refunds"][0]["amount"] == "0.00").collect();
        void(&shop, down[0]).expect(200);
        let refused = void(&shop, down[1]).expect_problem(409, "return_not_voidable");
        assert_eq!(
            refused.body["detail"],
            "Without this return, the cash of other returns of this \
            sale would be rounded by more than one coin. Void the later returns of the sale first."
        );
        in_order(&shop);
    });
}

fn money_back(line: u32, amount: &str) -> Value {
    json!({"sale_line": line, "amount": amount, "reason": "price_adjustment"})
}

/// Three units of 10.00, by card.
fn three(shop: &Shop) -> Value {
    let mut made = sale(shop, ("0042", "USD"), &[(3, "30.00")], json!([card(1, "30.00")]));
    (made["lines"][0]["unit_price"], made["total"]) = (json!("10.00"), json!("30.00"));
    shop.sell(&made)
}

/// Units that came back after a price adjustment were paid for less than their price. Without the
/// adjustment that was too little, so the later return is voided first.
#[test]
fn an_adjustment_is_voided_after_the_returns_that_share_it() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sold = three(&shop);
        let adjusted = record(&shop, &body("0042", &sold, json!([money_back(1, "6.00")])));
        let adjusted = adjusted.expect(201).body;
        shop.move_clock(SignedDuration::from_secs(1));
        let back = record(&shop, &body("0042", &sold, json!([units(1, 1)]))).expect(201).body;
        assert_eq!(back["totals"]["refund"], "8.00");
        let refused = void(&shop, &adjusted).expect_problem(409, "return_not_voidable");
        let number = back["return_number"].as_str().unwrap();
        assert_eq!(
            refused.body["detail"],
            format!(
                "Items of return {number} were paid for a price that counts on this return. Void return {number} first."
            )
        );
        void(&shop, &back).expect(200);
        void(&shop, &adjusted).expect(200);
        let all = record(&shop, &body("0042", &sold, json!([units(1, 3)]))).expect(201).body;
        assert_eq!(all["totals"]["refund"], "30.00");
        in_order(&shop);
    });
}

/// Two instances, one with a clock that is a minute behind: the order is that in which the sale was
/// claimed, not that of the times.
#[test]
fn clocks_that_disagree_do_not_turn_the_order_of_returns_round() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sold = three(&shop);
        let bring =
            |line: Value| record(&shop, &body("0042", &sold, json!([line]))).expect(201).body;
        let adjusted = bring(money_back(1, "6.00"));
        shop.move_clock(SignedDuration::from_secs(-60));
        let back = bring(units(1, 1));
        assert_eq!(back["totals"]["refund"], "8.00");
        let refused = void(&shop, &adjusted).expect_problem(409, "return_not_voidable");
        let number = back["return_number"].as_str().unwrap();
        assert_eq!(
            refused.body["detail"],
            format!(
                "Items of return {number} were paid for a price that counts on this return. Void return {number} first."
            )
        );
        void(&shop, &back).expect(200);
        void(&shop, &adjusted).expect(200);
        // A number that was given is never given again.
        shop.move_clock(SignedDuration::from_secs(-60));
        let adjusted = bring(money_back(1, "6.00"));
        shop.move_clock(SignedDuration::from_secs(-60));
        let back = bring(units(1, 1));
        void(&shop, &adjusted).expect_problem(409, "return_not_voidable");
        void(&shop, &back).expect(200);
        void(&shop, &adjusted).expect(200);
        in_order(&shop);
    });
}

/// Units before an adjustment bear nothing of it; voiding them would spread it over more units than
/// the later return was paid for.
#[test]
fn units_before_an_adjustment_are_voided_after_the_units_behind_it() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sold = three(&shop);
        let bring = |line: Value| {
            shop.move_clock(SignedDuration::from_secs(1));
            record(&shop, &body("0042", &sold, json!([line]))).expect(201).body
        };
        let first = bring(units(1, 1));
        let adjusted = bring(money_back(1, "6.00"));
        let second = bring(units(1, 1));
        let paid = [&first, &adjusted, &second].map(|one| one["totals"]["refund"].clone());
        assert_eq!(json!(paid), json!(["10.00", "6.00", "7.00"]));
        void(&shop, &first).expect_problem(409, "return_not_voidable");
        void(&shop, &second).expect(200);
        // With nothing behind it the adjustment may stand, and be shared by all three.
        void(&shop, &first).expect(200);
        assert_eq!(bring(units(1, 1))["totals"]["refund"], "8.00");
        in_order(&shop);
    });
}
