//! What may come back, for how much, and who has to agree.

use crate::support::bodies::{back, plain};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use serde_json::{Value, json};

/// One line, paid by card.
fn numbered(shop: &Shop, quantity: u32, numbers: &[&str]) -> Value {
    let mut sale = plain(shop, "0042", quantity, 12, "credit_card");
    sale["lines"][0]["serial_numbers"] = json!(numbers);
    sale
}

fn line(sale_line: u32, quantity: u32, number: Option<&str>) -> Value {
    json!({"sale_line": sale_line, "quantity": quantity.to_string(), "reason": "changed_mind",
        "condition": "unopened", "serial_number": number})
}

fn several(sale: &Value, lines: &[Value]) -> Value {
    let mut body = back(sale, 1, 1);
    body["lines"] = json!(lines);
    body
}

fn verdict(shop: &Shop, body: &Value) -> (Value, Value) {
    let answer = shop.cashier().post("/v1/returns/check", body).expect(200).body;
    (answer["decision"].clone(), answer["totals"]["refund"].clone())
}

fn refused(shop: &Shop, body: &Value) -> Value {
    let key = shop.receipt();
    let answer =
        shop.cashier().post_keyed("/v1/returns", &key, body).expect_problem(422, "return_refused");
    let decision = &answer.body["decision"];
    let of_lines = decision["lines"].as_array().unwrap().iter();
    let all = of_lines.flat_map(|line| line["findings"].as_array().unwrap());
    let mut all = all.chain(decision["findings"].as_array().unwrap());
    all.find(|finding| finding["outcome"] == "refused").unwrap().clone()
}

/// Case C07: one number on a line of five is a lot's.
#[test]
fn units_of_a_lot_come_back_with_its_number_and_without() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = numbered(&shop, 5, &["L-77"]);
        shop.sell(&sale);
        let three = several(&sale, &[line(1, 3, Some("L-77"))]);
        assert_eq!(verdict(&shop, &three), (json!("allowed"), json!("36.00")));
        let without = several(&sale, &[line(1, 3, None)]);
        assert_eq!(verdict(&shop, &without), (json!("allowed"), json!("36.00")));
        let first = shop.bring_back(&three);
        shop.bring_back(&several(&sale, &[line(1, 1, Some("L-77"))]));
        // The number of the second return stays when the first is taken back.
        let path = format!("/v1/returns/{}/void", first["id"].as_str().unwrap());
        shop.supervisor().post_keyed(&path, "v1", &json!({"reason": "mistake"})).expect(200);
        let rest = several(&sale, &[line(1, 4, None)]);
        assert_eq!(shop.bring_back(&rest)["totals"]["refund"], "48.00");
    });
}

/// Case M04: ten units, six of them scanned.
#[test]
fn units_sold_without_a_number_come_back_without_one() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let numbers = ["SP0", "SP1", "SP2", "SP3", "SP4", "SP5"];
        let sale = numbered(&shop, 10, &numbers);
        shop.sell(&sale);
        let five = refused(&shop, &several(&sale, &[line(1, 5, None)]));
        assert_eq!(
            five["detail"],
            "Only 4 of these can be returned without a serial number. Scan the numbers of the others, a line for each."
        );
        let six: Vec<Value> = numbers.iter().map(|number| line(1, 1, Some(number))).collect();
        shop.bring_back(&several(&sale, &six));
        let again = refused(&shop, &several(&sale, &[line(1, 1, Some("SP3"))]));
        assert_eq!(again["code"], "already_returned");
        let four = several(&sale, &[line(1, 4, None)]);
        assert_eq!(verdict(&shop, &four), (json!("allowed"), json!("48.00")));
        assert_eq!(shop.bring_back(&four)["totals"]["refund"], "48.00");
    });
}

/// Someone who brings another phone must not learn which number would do.
#[test]
fn a_wrong_serial_number_is_refused_without_the_right_one() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = numbered(&shop, 2, &["SN-AAA", "SN-BBB"]);
        shop.sell(&sale);
        let body = several(&sale, &[line(1, 1, Some("SN-XXX"))]);
        let told = refused(&shop, &body);
        assert_eq!(told["code"], "serial_mismatch");
        let key = shop.receipt();
        let answer = shop.cashier().post_keyed("/v1/returns", &key, &body).expect(422);
        let text = answer.body.to_string();
        assert!(!text.contains("AAA") && !text.contains("BBB"), "{text}");
    });
}

/// Prices without tax, paid by card: line 1 is the kit of all others.
fn kit(shop: &Shop, prices: &[&str], total: &str) -> Value {
    let mut sale = plain(shop, "0042", 1, 1, "credit_card");
    let lines = prices.iter().zip(1..).map(|(price, number)| {
        let mut line = json!({"line": number, "sku": format!("K-{number}"), "description": "Part",
            "quantity": "1", "unit_price": price, "net": price});
        if number > 1 {
            line["parent_line"] = json!(1);
        }
        line
    });
    sale["lines"] = lines.collect();
    sale["tenders"][0]["amount"] = json!(total);
    sale["total"] = json!(total);
    sale
}

/// Case C03.
#[test]
fn a_kit_whose_parts_are_all_back_was_returned() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = kit(&shop, &["0.00", "3.34", "3.33", "3.33"], "10.00");
        shop.sell(&sale);
        for (part, worth) in [(4, "3.33"), (2, "3.34"), (3, "3.33")] {
            assert_eq!(shop.bring_back(&back(&sale, part, 1))["totals"]["refund"], worth);
        }
        assert_eq!(refused(&shop, &back(&sale, 1, 1))["code"], "already_returned");
        let on_kit = kit(&shop, &["10.00", "0.00", "0.00"], "10.00");
        shop.sell(&on_kit);
        assert_eq!(shop.bring_back(&back(&on_kit, 2, 1))["totals"]["refund"], "0.00");
        assert_eq!(shop.bring_back(&back(&on_kit, 1, 1))["totals"]["refund"], "10.00");
    });
}

/// Case C04.
#[test]
fn money_back_on_a_kit_is_spread_over_its_parts() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let less = |sale: &Value, amount: &str| {
            let mut body = back(sale, 1, 1);
            body["lines"][0] =
                json!({"sale_line": 1, "amount": amount, "reason": "price_adjustment"});
            body
        };
        for prices in [["50.00", "0.00", "0.00"], ["0.00", "30.00", "20.00"]] {
            let sale = kit(&shop, &prices, "50.00");
            shop.sell(&sale);
            assert_eq!(verdict(&shop, &less(&sale, "10.00")), (json!("allowed"), json!("10.00")));
            shop.bring_back(&less(&sale, "10.00"));
            assert_eq!(refused(&shop, &less(&sale, "40.01"))["code"], "price_above_paid");
            assert_eq!(shop.bring_back(&back(&sale, 1, 1))["totals"]["refund"], "40.00");
        }
    });
}

fn limited() -> Value {
    json!({"currency": "USD", "governed_by": "return", "rules": [{"id": "default", "when": {}, "set": {
        "window": {"days": 300, "after": "refuse"},
        "refund_to": {"*": ["original", "cash", "store_credit"]},
        "cash_limit": {"amount": "100.00", "beyond": "store_credit"},
        "approval": [{"over": "200.00", "role": "supervisor"}]}}]})
}

fn cash_of(recorded: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let refunds = recorded["refunds"].as_array().unwrap().iter();
    refunds.map(|refund| (text(&refund["type"]), text(&refund["amount"]))).collect()
}

fn paid(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(kind, amount)| ((*kind).to_owned(), (*amount).to_owned())).collect()
}

/// Case M10: what a sale gives back in all is limited, however many returns.
#[test]
fn splitting_a_return_passes_no_limit() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        shop.publish("standard", &limited());
        let sale = plain(&shop, "0042", 4, 75, "cash");
        shop.sell(&sale);
        let one = back(&sale, 1, 1);
        let first = shop.bring_back(&one);
        assert_eq!(cash_of(&first), paid(&[("cash", "75.00")]));
        let second = shop.bring_back(&one);
        assert_eq!(cash_of(&second), paid(&[("store_credit", "50.00"), ("cash", "25.00")]));
        let key = shop.receipt();
        let asks = shop
            .cashier()
            .post_keyed("/v1/returns", &key, &one)
            .expect_problem(403, "approval_required");
        assert_eq!(
            asks.body["decision"]["findings"][0]["detail"],
            "75.00 goes back now and 150.00 before, 225.00 for this sale; above 200.00 it takes a supervisor."
        );
        assert_eq!(
            asks.body["decision"]["approvals_needed"],
            json!([{"role": "supervisor", "codes": ["amount_over_limit"], "count": 1}])
        );
        // What is taken back counts no more.
        let path = format!("/v1/returns/{}/void", first["id"].as_str().unwrap());
        shop.supervisor().post_keyed(&path, "v1", &json!({"reason": "mistake"})).expect(200);
        assert_eq!(cash_of(&shop.bring_back(&one)), paid(&[("cash", "75.00")]));
    });
}

/// A card said to have failed is no way around the limit: returns made since then count.
#[test]
fn cash_for_a_card_that_failed_counts_as_cash_of_the_sale() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        shop.publish("standard", &limited());
        let sale = plain(&shop, "0042", 2, 60, "credit_card");
        shop.sell(&sale);
        let first = shop.bring_back(&back(&sale, 1, 1));
        let mut in_cash = back(&sale, 1, 1);
        in_cash["refund_to"] = json!("cash");
        assert_eq!(cash_of(&shop.bring_back(&in_cash)), paid(&[("cash", "60.00")]));
        let path = format!("/v1/returns/{}/refunds/1/settlement", first["id"].as_str().unwrap());
        let failed = |fallback: &str| json!({"outcome": "failed", "fallback": fallback});
        let refused = shop
            .till()
            .post_keyed(&path, "s1", &failed("cash"))
            .expect_problem(422, "tender_not_allowed");
        assert_eq!(
            refused.body["errors"][0]["detail"],
            "At most 100.00 can be given in cash for one sale. Choose another means."
        );
        shop.till().post_keyed(&path, "s2", &failed("store_credit")).expect(200);
    });
}

fn exchange_only() -> Value {
    json!({"currency": "USD", "governed_by": "return", "rules": [
        {"id": "law", "statutory": true, "when": {"reason": ["recall"]}, "set": {"outcome": "allow"}},
        {"id": "clearance", "when": {"sku": ["MUG-1"]}, "set": {"outcome": "exchange_only"}},
        {"id": "default", "when": {}, "set": {"window": {"days": 30, "after": "refuse"},
            "refund_to": {"*": ["original"]}}}]})
}

/// `lines` come back for one lamp of 50.00.
fn for_a_lamp(sale: &Value, lines: &[Value]) -> Value {
    let mut body = several(sale, lines);
    body["exchange"] = json!({"lines": [{"sku": "LAMP", "description": "Lamp", "quantity": "1",
        "unit_price": "50.00", "net": "50.00"}]});
    body
}

/// Attack F45: exchange for anything, then return that for cash.
#[test]
fn goods_taken_for_exchange_only_goods_can_only_be_exchanged() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        shop.publish("standard", &exchange_only());
        let sale = plain(&shop, "0042", 1, 50, "cash");
        shop.sell(&sale);
        assert_eq!(refused(&shop, &back(&sale, 1, 1))["code"], "exchange_only");
        let taken = shop.bring_back(&for_a_lamp(&sale, &[line(1, 1, None)]));
        let path = |recorded: &Value| {
            format!("/v1/sales/{}", recorded["exchange"]["sale"].as_str().unwrap())
        };
        let lamp = shop.cashier().get(&path(&taken)).expect(200).body;
        assert_eq!(lamp["exchange_of"]["exchange_only_lines"], json!([1]));
        let told = refused(&shop, &back(&lamp, 1, 1));
        assert_eq!(
            (&told["code"], &told["rule"]),
            (&json!("exchange_only"), &json!("service:exchange-only"))
        );
        // The restriction goes down the chain, and the law stands above it.
        let again = shop.bring_back(&for_a_lamp(&lamp, &[line(1, 1, None)]));
        let second = shop.cashier().get(&path(&again)).expect(200).body;
        assert_eq!(refused(&shop, &back(&second, 1, 1))["code"], "exchange_only");
        let mut recalled = back(&second, 1, 1);
        recalled["lines"][0]["reason"] = json!("recall");
        assert_eq!(shop.bring_back(&recalled)["totals"]["refund"], "50.00");
    });
}

#[test]
fn new_goods_have_their_own_purchase_date_and_even_ones_keep_the_old() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let policy = |window: &str| {
            json!({"currency": "USD", "governed_by": "return", "rules": [{"id": "default", "when": {},
                "set": {"window": {"days": 30, "after": "refuse"}, "exchange_window": window,
                        "refund_to": {"*": ["original"]}}}]})
        };
        shop.publish("standard", &policy("inherit"));
        let sale = plain(&shop, "0042", 2, 50, "cash");
        shop.sell(&sale);
        shop.move_days(20);
        let other = shop.bring_back(&for_a_lamp(&sale, &[line(1, 1, None)]));
        let mut even = for_a_lamp(&sale, &[line(1, 1, None)]);
        even["exchange"]["lines"] = json!([{"sku": "MUG-2", "quantity": "1", "exchanged_for": 0}]);
        let even = shop.bring_back(&even);
        let id = |recorded: &Value| json!({"sale": {"id": recorded["exchange"]["sale"]}});
        let body = |recorded: &Value| {
            let mut body = back(&sale, 1, 1);
            body["sale"] = id(recorded)["sale"].clone();
            body
        };
        shop.move_days(15);
        assert_eq!(verdict(&shop, &body(&other)).0, "allowed");
        assert_eq!(verdict(&shop, &body(&even)).0, "refused");
        shop.publish("standard", &policy("inherit_all"));
        assert_eq!(verdict(&shop, &body(&other)).0, "refused");
        shop.publish("standard", &policy("restart"));
        assert_eq!(verdict(&shop, &body(&even)).0, "allowed");
    });
}

/// Case O04: allowed at once for less, or after approval for more.
#[test]
fn the_better_version_is_the_one_that_needs_nobody() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let policy = |more: Value| {
            let mut set = json!({"window": {"days": 30, "after": "refuse"}, "refund_to": {"*": ["original"]}});
            set.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"currency": "USD", "governed_by": "better", "rules": [{"id": "default", "when": {}, "set": set}]})
        };
        let then = shop.publish("standard", &policy(json!({"fee": {"percent": "15"}})));
        let sale = plain(&shop, "0042", 1, 100, "credit_card");
        shop.sell(&sale);
        shop.move_days(1);
        let now = shop.publish(
            "standard",
            &policy(json!({"approval": [{"over": "50.00", "role": "manager"}]})),
        );
        let body = back(&sale, 1, 1);
        let checked = shop.cashier().post("/v1/returns/check", &body).expect(200).body;
        assert_eq!(
            (&checked["decision"], &checked["totals"]["refund"]),
            (&json!("allowed"), &json!("85.00"))
        );
        assert_eq!(checked["policy"], json!({"name": "standard", "version": then}));
        assert_eq!(
            checked["alternatives"],
            json!([{"refund_to": "original", "decision": "needs_approval", "refund": "100.00",
                "policy": {"name": "standard", "version": now}}])
        );
        // A manager who is asked approves the one that is worth more.
        let asked = json!({"return": body, "reason": "goodwill"});
        let given = shop.manager().post("/v1/overrides", &asked).expect(201).body;
        assert_eq!(
            (&given["codes"], &given["max_refund"]),
            (&json!(["amount_over_limit"]), &json!("100.00"))
        );
        let mut approved = body.clone();
        approved["approvals"] = json!([given["token"]]);
        let recorded = shop.bring_back(&approved);
        assert_eq!(
            (&recorded["totals"]["refund"], &recorded["alternatives"]),
            (&json!("100.00"), &json!([]))
        );
    });
}

/// A register that opens late on a trading day of yesterday: the window starts with the calendar
/// day, and with the trading day where that is the later one.
#[test]
fn the_window_starts_on_the_later_of_trading_day_and_calendar_day() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let closes = |days_off: i64| {
            let mut sale = plain(&shop, "0042", 1, 10, "cash");
            let day: jiff::civil::Date = sale["business_date"].as_str().unwrap().parse().unwrap();
            sale["business_date"] =
                json!(day.saturating_add(jiff::Span::new().days(days_off)).to_string());
            shop.sell(&sale);
            sale
        };
        shop.publish(
            "standard",
            &json!({"currency": "USD", "governed_by": "return", "rules": [
            {"id": "default", "when": {}, "set": {"window": {"days": 10, "after": "refuse"},
             "refund_to": {"*": ["original"]}}}]}),
        );
        let (yesterday, today) = (closes(-1), closes(0));
        shop.move_days(10);
        for sale in [&yesterday, &today] {
            assert_eq!(verdict(&shop, &back(sale, 1, 1)).0, "allowed");
        }
        shop.move_days(1);
        for sale in [&yesterday, &today] {
            assert_eq!(verdict(&shop, &back(sale, 1, 1)).0, "refused");
        }
    });
}

/// Case M17.
#[test]
fn the_linter_tells_of_tenders_that_the_order_leaves_out() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let lint = |order: Value| {
            let policy = json!({"currency": "USD", "governed_by": "return", "rules": [{"id": "default", "when": {}, "set": {
                "window": {"days": 30, "after": "refuse"}, "conditions": ["unopened"],
                "refund_to": {"*": ["original", "store_credit"]}, "tender_order": order}}]});
            shop.author().post("/v1/policies/lint", &policy).expect(200).body
        };
        let short = lint(json!([
            "gift_card",
            "store_credit",
            "credit_card",
            "debit_card",
            "check",
            "cash"
        ]));
        let told: Vec<&Value> = short["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["code"] == "tenders_not_ordered")
            .collect();
        assert_eq!(told.len(), 1, "{short}");
        assert_eq!(
            told[0]["detail"],
            "The list leaves out voucher, store_account, ebt, bnpl, mobile_wallet, loyalty, other: they are paid back \
             after all others, cash included. Name them; store_account, bnpl and ebt before cash."
        );
        assert!(!lint(json!("first")).to_string().contains("tenders_not_ordered"));
    });
}

/// Case M17 under the standard policy: a debt is paid back before cash is handed out.
#[test]
fn the_standard_policy_pays_a_debt_back_before_cash() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        for debt in ["store_account", "bnpl", "ebt"] {
            let mut sale = plain(&shop, "0042", 2, 90, "cash");
            sale["tenders"] = json!([{"tender": 1, "type": "cash", "amount": "90.00"},
                {"tender": 2, "type": debt, "amount": "90.00"}]);
            shop.sell(&sale);
            let recorded = shop.bring_back(&back(&sale, 1, 1));
            assert_eq!(cash_of(&recorded), paid(&[(debt, "90.00")]));
        }
    });
}

fn by_age() -> Value {
    json!({"currency": "USD", "governed_by": "return", "rules": [{"id": "default", "when": {}, "set": {
        "window": {"days": 90, "after": "refuse"},
        "refund_to": [
            {"within_days": 14, "to": {"*": ["original"]}},
            {"within_days": 30, "to": {"credit_card": ["store_credit", "original"], "*": ["store_credit"]}},
            {"to": {"*": ["store_credit"]}}]}}]})
}

#[test]
fn where_the_money_goes_may_depend_on_the_age_of_the_sale() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        shop.publish("standard", &by_age());
        let sale = plain(&shop, "0042", 4, 10, "credit_card");
        shop.sell(&sale);
        shop.move_days(14);
        assert_eq!(
            cash_of(&shop.bring_back(&back(&sale, 1, 1))),
            paid(&[("credit_card", "10.00")])
        );
        shop.move_days(1);
        assert_eq!(
            cash_of(&shop.bring_back(&back(&sale, 1, 1))),
            paid(&[("store_credit", "10.00")])
        );
        // Asked for, the card is allowed as long as the policy names it.
        let mut card = back(&sale, 1, 1);
        card["refund_to"] = json!("original");
        shop.move_days(15);
        assert_eq!(cash_of(&shop.bring_back(&card)), paid(&[("store_credit", "10.00")]));
        shop.move_days(1);
        let key = shop.receipt();
        let asks = shop
            .cashier()
            .post_keyed("/v1/returns", &key, &card)
            .expect_problem(403, "approval_required");
        let decision = &asks.body["decision"];
        assert_eq!(
            decision["findings"][0]["detail"],
            "Paid by credit card; the policy refunds that to store credit. A manager may allow credit card."
        );
        assert_eq!(
            decision["approvals_needed"],
            json!([{"role": "manager", "codes": ["tender_not_allowed"], "count": 1}])
        );
        assert_eq!(
            decision["alternatives"],
            json!([{"refund_to": "store_credit", "decision": "allowed", "refund": "10.00"}])
        );
        let given = shop
            .manager()
            .post("/v1/overrides", &json!({"return": card, "reason": "goodwill"}))
            .expect(201)
            .body;
        card["approvals"] = json!([given["token"]]);
        assert_eq!(cash_of(&shop.bring_back(&card)), paid(&[("credit_card", "10.00")]));
    });
}

#[test]
fn steps_of_ages_are_read_from_young_to_old() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let with_steps = |steps: Value| {
            let mut policy = by_age();
            policy["rules"][0]["set"]["refund_to"] = steps;
            shop.author().post("/v1/policies/standard/versions", &policy)
        };
        let to = json!({"*": ["original"]});
        let faults = [
            (
                json!([{"within_days": 30, "to": to}, {"within_days": 30, "to": to}]),
                "1/within_days",
            ),
            (json!([{"to": to}, {"within_days": 30, "to": to}]), "0/within_days"),
        ];
        for (steps, place) in faults {
            let told = with_steps(steps).expect(422).body;
            let pointer = json!(format!("/rules/0/set/refund_to/{place}"));
            assert_eq!(told["errors"][0]["pointer"], pointer, "{told}");
        }
        let kept = with_steps(by_age()["rules"][0]["set"]["refund_to"].clone()).expect(201).body;
        let shown = &kept["document"]["rules"][0]["set"]["refund_to"];
        assert_eq!(*shown, by_age()["rules"][0]["set"]["refund_to"], "{kept}");
    });
}
