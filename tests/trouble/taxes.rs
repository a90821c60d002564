//! Taxes of a whole receipt, and discounts that name what they are off.

use crate::support::on_each_database;
use crate::support::shop::Shop;
use returndesk::export::ledger;
use returndesk::export::reconcile::reconcile;
use serde_json::{Value, json};

/// A line of whole units at a price each, without taxes.
fn line(number: u32, units: u32, unit_price: &str, net: &str) -> Value {
    json!({"line": number, "sku": format!("SKU{number}"), "quantity": units.to_string(),
        "unit_price": unit_price, "net": net})
}

fn with(of: Value, more: Value) -> Value {
    let mut of = of;
    of.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    of
}

/// A sale of this moment, paid by card, but for what is in `more`.
fn sale(shop: &Shop, lines: Value, total: &str, more: Value) -> Value {
    let head = json!({"store": "0042", "register": "3", "receipt": shop.receipt(), "business_date": "2026-03-11",
        "sold_at": "2026-03-11T11:00:00-04:00", "currency": "USD", "lines": lines, "total": total,
        "tenders": [{"tender": 1, "type": "credit_card", "amount": total, "reference": "tok_1"}]});
    with(head, more)
}

/// Some units of lines of a sale, by number.
fn back(sale: &Value, lines: &[(u32, &str)]) -> Value {
    let line = |(number, quantity): &(u32, &str)| json!({"sale_line": number, "quantity": quantity, "reason": "changed_mind", "condition": "unopened"});
    json!({"store": "0042", "register": "7", "sale": {"receipt": sale["receipt"]},
        "lines": lines.iter().map(line).collect::<Vec<_>>()})
}

fn record(shop: &Shop, body: &Value) -> Value {
    let key = shop.receipt();
    shop.cashier().post_keyed("/v1/returns", &key, body).expect(201).body
}

/// Net, taxes and refund of each line of an answer.
fn told(answer: &Value) -> Vec<(String, Vec<String>, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let taxes = |line: &Value| {
        let all = line["taxes"].as_array().unwrap().iter();
        all.map(|tax| format!("{} {}", text(&tax["code"]), text(&tax["amount"]))).collect()
    };
    let lines = answer["lines"].as_array().unwrap().iter();
    lines.map(|line| (text(&line["net"]), taxes(line), text(&line["refund"]))).collect()
}

fn row(net: &str, taxes: &[&str], refund: &str) -> (String, Vec<String>, String) {
    (net.to_owned(), taxes.iter().map(|tax| (*tax).to_owned()).collect(), refund.to_owned())
}

/// What the log, the books and the ledger have against each other.
fn proved(shop: &Shop) {
    let found = shop.wait(shop.app.service.desk.readers().read(|read, _| {
        let mut told = Vec::new();
        reconcile(read, |finding| told.push(finding.to_string()))?;
        ledger::check(read, |fault| told.push(fault.detail))?;
        Ok(told)
    }));
    assert_eq!(found.unwrap(), Vec::<String>::new());
}

/// A05: 9.37 and 1.97 of tax; line by line the register's own rounding comes to 1.96.
fn receipt_of_four(shop: &Shop) -> Value {
    let lines = json!([
        line(1, 4, "1.48", "5.92"),
        line(2, 1, "1.52", "1.52"),
        line(3, 1, "1.54", "1.54"),
        line(4, 1, "0.39", "0.39")
    ]);
    sale(shop, lines, "11.34", json!({"taxes": [{"code": "T", "rate": "0.21", "amount": "1.97"}]}))
}

#[test]
fn a_tax_computed_once_for_the_receipt_is_shared_and_comes_back_to_the_cent() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let sale = receipt_of_four(&shop);
        let id = shop.sell(&sale)["id"].as_str().unwrap().to_owned();
        // 1.2447, 0.3196, 0.3238 and 0.0820: the cents left over go to the second and third line.
        let shown = shop.cashier().get(&format!("/v1/sales/{id}")).expect(200).body;
        let shares: Vec<Value> =
            shown["lines"].as_array().unwrap().iter().map(|l| l["tax_shares"].clone()).collect();
        let share = |amount: &str| json!([{"code": "T", "rate": "0.21", "amount": amount, "included": false}]);
        assert_eq!(shares, [share("1.25"), share("0.32"), share("0.32"), share("0.08")]);
        assert_eq!(shown["taxes"], sale["taxes"], "as sent");
        assert_eq!(shown["lines"][0]["taxes"], json!([]), "as sent");

        let mut sum = 0;
        let mut pay = |lines: &[(u32, &str)], rows: &[(String, Vec<String>, String)]| {
            let answer = record(&shop, &back(&sale, lines));
            assert_eq!(told(&answer), rows);
            let refund = answer["totals"]["refund"].as_str().unwrap().replace('.', "");
            sum += refund.parse::<i64>().unwrap();
        };
        pay(
            &[(1, "1"), (3, "1")],
            &[row("1.48", &["T 0.31"], "1.79"), row("1.54", &["T 0.32"], "1.86")],
        );
        pay(&[(1, "1")], &[row("1.48", &["T 0.32"], "1.80")]);
        pay(
            &[(4, "1"), (1, "2")],
            &[row("0.39", &["T 0.08"], "0.47"), row("2.96", &["T 0.62"], "3.58")],
        );
        pay(&[(2, "1")], &[row("1.52", &["T 0.32"], "1.84")]);
        assert_eq!(sum, 1134, "all that was paid, and not a cent more");
        proved(&shop);
    });
}

fn refused(shop: &Shop, sale: &Value) -> Vec<(String, String)> {
    let told = shop.till().post("/v1/sales", sale).expect(422).body;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = told["errors"].as_array().unwrap().iter();
    errors.map(|error| (text(&error["pointer"]), text(&error["detail"]))).collect()
}

fn fault(pointer: &str, detail: &str) -> (String, String) {
    (pointer.to_owned(), detail.to_owned())
}

#[test]
fn a_receipts_tax_in_the_prices_is_told_and_not_paid_on_top() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let lines = json!([
            line(1, 3, "3.97", "11.90"),
            line(2, 1, "5.95", "5.95"),
            line(3, 1, "0.00", "0.00")
        ]);
        // 17.85 with 2.85 of VAT on the goods, none on the third line.
        let more = json!({"prices_include_tax": true, "lines": with_price(lines),
            "taxes": [{"code": "VAT", "rate": "0.19", "amount": "2.85", "lines": [1, 2]}]});
        let sale = sale(&shop, json!([]), "17.85", more);
        shop.sell(&sale);
        let answer = record(&shop, &back(&sale, &[(1, "1"), (2, "1"), (3, "1")]));
        let rows = [
            row("3.97", &["VAT 0.63"], "3.97"),
            row("5.95", &["VAT 0.95"], "5.95"),
            row("0.00", &[], "0.00"),
        ];
        assert_eq!(told(&answer), rows);
        let rest = record(&shop, &back(&sale, &[(1, "2")]));
        assert_eq!(told(&rest), [row("7.93", &["VAT 1.27"], "7.93")]);
        proved(&shop);
    });
}

/// 3 at 3.97 and a discount of a cent: 11.90.
fn with_price(lines: Value) -> Value {
    let mut lines = lines;
    lines[0]["discounts"] = json!([{"amount": "0.01"}]);
    lines
}

#[test]
fn included_and_added_taxes_stand_in_one_sale() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        // As Square has them: VAT is in the price, a levy is on top; shipping with both.
        let mut goods = line(1, 2, "12.00", "24.00");
        goods["taxes"] = json!([
            {"code": "VAT", "rate": "0.2", "amount": "4.00", "included": true},
            {"code": "LEVY", "amount": "0.51"}]);
        let shipping = json!({"charge": 1, "type": "shipping", "amount": "6.00", "refundable": true, "taxes": [
            {"code": "VAT", "rate": "0.2", "amount": "1.00", "included": true}, {"code": "LEVY", "amount": "0.30"}]});
        let sale = sale(&shop, json!([goods]), "30.81", json!({"charges": [shipping]}));
        shop.sell(&sale);
        let sold = shop.logged("sale.recorded")[0]["data"]["ledger"]["amounts"].clone();
        assert_eq!(
            sold,
            json!({"credit_card": "30.81", "sales": "-20.00", "charges": "-5.00", "tax": "-5.81"})
        );
        let half = record(&shop, &back(&sale, &[(1, "1")]));
        assert_eq!(told(&half), [row("12.00", &["VAT 2.00", "LEVY 0.26"], "12.26")]);
        let adjusted = with(
            back(&sale, &[]),
            json!({"lines": [{"sale_line": 1, "amount": "1.00", "reason": "price_adjustment"}]}),
        );
        let adjusted = record(&shop, &adjusted);
        assert_eq!(told(&adjusted), [row("0.98", &["VAT 0.16", "LEVY 0.02"], "1.00")]);
        let rest =
            record(&shop, &with(back(&sale, &[(1, "1")]), json!({"charges": [{"charge": 1}]})));
        assert_eq!(told(&rest), [row("11.02", &["VAT 1.84", "LEVY 0.23"], "11.25")]);
        assert_eq!(rest["charges"][0]["refund"], "6.30");
        assert_eq!(rest["totals"]["refund"], "17.55");
        proved(&shop);
    });
}

#[test]
fn a_receipts_tax_can_be_on_charges_too() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let goods = json!([line(1, 1, "20.00", "20.00"), line(2, 1, "9.99", "9.99")]);
        let charges =
            json!([{"charge": 1, "type": "shipping", "amount": "5.00", "refundable": true}]);
        let taxes = json!([{"code": "T", "amount": "2.80", "lines": [1, 2], "charges": [1]}]);
        let sale = sale(&shop, goods, "37.79", json!({"charges": charges, "taxes": taxes}));
        let id = shop.sell(&sale)["id"].as_str().unwrap().to_owned();
        let shown = shop.cashier().get(&format!("/v1/sales/{id}")).expect(200).body;
        assert_eq!(
            shown["charges"][0]["tax_shares"],
            json!([{"code": "T", "amount": "0.40", "included": false}])
        );
        let all = record(
            &shop,
            &with(back(&sale, &[(1, "1"), (2, "1")]), json!({"charges": [{"charge": 1}]})),
        );
        assert_eq!(
            told(&all),
            [row("20.00", &["T 1.60"], "21.60"), row("9.99", &["T 0.80"], "10.79")]
        );
        let charge = &all["charges"][0];
        assert_eq!(
            (&charge["refund"], &charge["taxes"]),
            (&json!("5.40"), &json!([{"code": "T", "amount": "0.40"}]))
        );
        assert_eq!(all["totals"]["refund"], "37.79");
        proved(&shop);
    });
}

#[test]
fn a_tax_on_what_a_coupon_paid_for_goes_by_list_price() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        // A maker's coupon takes off all of the price; the tax on it stays due.
        let lines = json!([line(1, 1, "6.00", "6.00"), line(2, 2, "1.50", "3.00")]);
        let more = json!({"discounts": [{"amount": "9.00", "promotion": "COUPON"}], "taxes": [{"code": "T", "amount": "0.72"}]});
        let sale = sale(&shop, lines, "0.72", more);
        shop.sell(&sale);
        let answer = record(&shop, &back(&sale, &[(1, "1"), (2, "1")]));
        assert_eq!(
            told(&answer),
            [row("0.00", &["T 0.48"], "0.48"), row("0.00", &["T 0.12"], "0.12")]
        );
        proved(&shop);
    });
}

#[test]
fn taxes_and_discounts_that_cannot_be_meant_are_refused_where_they_stand() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let two = || json!([line(1, 1, "5.00", "5.00"), line(2, 1, "0.00", "0.00")]);
        let tax = |more: Value| with(json!({"code": "T", "amount": "1.00"}), more);
        let taxed = |taxes: Value, total: &str| sale(&shop, two(), total, json!({"taxes": taxes}));

        let unknown = taxed(json!([tax(json!({"lines": [1, 3, 1], "charges": [1]}))]), "6.00");
        assert_eq!(
            refused(&shop, &unknown)[..3],
            [
                fault("/taxes/0/lines/1", "The sale has no line 3."),
                fault("/taxes/0/lines/2", "The line 1 is named twice."),
                fault("/taxes/0/charges/0", "The sale has no charge 1."),
            ]
        );
        let nowhere = taxed(json!([tax(json!({"lines": []}))]), "6.00");
        assert_eq!(refused(&shop, &nowhere)[0].0, "/taxes/0/lines");
        let nothing = taxed(json!([tax(json!({"lines": [2]}))]), "6.00");
        assert_eq!(
            refused(&shop, &nothing),
            [fault(
                "/taxes/0/amount",
                "The largest tax possible on what this one names comes to 0.00; sent was 1.00."
            )]
        );
        let negative = taxed(json!([{"code": "T", "amount": "-1.00"}]), "4.00");
        assert_eq!(refused(&shop, &negative)[0].0, "/taxes/0/amount");
        let twice = taxed(json!([tax(json!({})), tax(json!({"lines": [1]}))]), "7.00");
        let detail =
            "Tax T is on line 1 already; give each tax once, for the line or for the receipt.";
        assert_eq!(refused(&shop, &twice), [fault("/taxes/1/code", detail)]);
        let mut both = taxed(json!([tax(json!({}))]), "7.00");
        both["lines"][0]["taxes"] = json!([{"code": "T", "amount": "1.00"}]);
        assert_eq!(refused(&shop, &both), [fault("/taxes/0/code", detail)]);
        let mut other = taxed(json!([tax(json!({"lines": [2]}))]), "6.00");
        other["lines"][0]["taxes"] = json!([{"code": "T", "amount": "1.00"}]);
        other["taxes"][0]["amount"] = json!("0.00");
        shop.sell(&other);

        let off = |discount: Value, total: &str| {
            let charges =
                json!([{"charge": 1, "type": "shipping", "amount": "2.00", "refundable": true}]);
            sale(&shop, two(), total, json!({"charges": charges, "discounts": [discount]}))
        };
        let much = off(json!({"amount": "2.01", "charges": [1]}), "4.99");
        assert_eq!(
            refused(&shop, &much),
            [fault(
                "/discounts/0/amount",
                "What there is to discount, which no discount can exceed, comes to 2.00; sent was 2.01."
            )]
        );
        let free = off(json!({"amount": "0.01", "lines": [2]}), "6.99");
        assert_eq!(refused(&shop, &free)[0].0, "/discounts/0/amount");
        let unknown = off(json!({"amount": "1.00", "lines": [7], "charges": [2]}), "6.00");
        assert_eq!(
            refused(&shop, &unknown)[..2],
            [
                fault("/discounts/0/lines/0", "The sale has no line 7."),
                fault("/discounts/0/charges/0", "The sale has no charge 2."),
            ]
        );
        let mut own = sale(&shop, two(), "4.00", json!({}));
        own["lines"][0] = with(
            line(1, 1, "5.00", "4.00"),
            json!({"discounts": [{"amount": "1.00", "lines": [1]}]}),
        );
        assert_eq!(
            refused(&shop, &own)[0].0,
            "/lines/0/discounts/0/lines",
            "a line's own is off that line"
        );
    });
}

#[test]
fn no_price_contains_more_tax_than_it_is_after_all_discounts() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let taxed = |amount: &str, own: bool| {
            let tax = json!([{"code": "T", "rate": "0.07", "amount": amount}]);
            let mut goods = line(1, 1, "104.00", "104.00");
            if own {
                goods["taxes"] = tax.clone()
            }
            let taxes = if own { json!([]) } else { tax };
            sale(
                &shop,
                json!([goods]),
                "0.00",
                json!({"prices_include_tax": true, "discounts": [{"amount": "104.00"}],
                "tenders": [], "taxes": taxes}),
            )
        };
        let detail = |most: &str, sent: &str| {
            format!(
                "What was paid for the line after all discounts, which contains its taxes, comes to {most}; sent was {sent}."
            )
        };
        for own in [true, false] {
            let told = refused(&shop, &taxed("6.80", own));
            assert_eq!(told, [fault("/lines/0/taxes", &detail("0.00", "6.80"))]);
            let told = refused(&shop, &taxed("0.01", own));
            assert_eq!(told, [fault("/lines/0/taxes", &detail("0.00", "0.01"))]);
            let right = taxed("0.00", own);
            shop.sell(&right);
            let answer = record(&shop, &back(&right, &[(1, "1")]));
            assert_eq!(told_refund(&answer), "0.00");
        }
        // Off one line alone, the other's price still holds its tax; its own does not.
        let two = |named: u32| {
            let mut lines = json!([line(1, 1, "10.70", "10.70"), line(2, 1, "10.70", "10.70")]);
            lines[1]["taxes"] = json!([{"code": "T", "amount": "0.70"}]);
            sale(
                &shop,
                lines,
                "11.10",
                json!({"prices_include_tax": true,
                "discounts": [{"amount": "10.30", "lines": [named]}]}),
            )
        };
        shop.sell(&two(1));
        assert_eq!(refused(&shop, &two(2)), [fault("/lines/1/taxes", &detail("0.40", "0.70"))]);
        // A charge is a price like any other.
        let charge = |off: &str, total: &str| {
            let shipping = json!([{"charge": 1, "type": "shipping", "amount": "5.35", "refundable": true,
                "taxes": [{"code": "T", "amount": "0.35", "included": true}]}]);
            sale(
                &shop,
                json!([line(1, 1, "1.00", "1.00")]),
                total,
                json!({"charges": shipping, "discounts": [{"amount": off, "charges": [1]}]}),
            )
        };
        shop.sell(&charge("5.00", "1.35"));
        let told = refused(&shop, &charge("5.35", "1.00"));
        assert_eq!(
            told,
            [fault(
                "/charges/0/taxes",
                "What was paid for the charge after all discounts, which contains its taxes, comes to 0.00; sent was 0.35."
            )]
        );
    });
}

fn told_refund(answer: &Value) -> &str {
    answer["totals"]["refund"].as_str().unwrap()
}

#[test]
fn free_shipping_is_off_the_shipping() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let charges =
            json!([{"charge": 1, "type": "shipping", "amount": "9.95", "refundable": true}]);
        let off = json!([{"amount": "9.95", "promotion": "FREESHIP", "charges": [1]}]);
        let sale = sale(
            &shop,
            json!([line(1, 1, "50.00", "50.00")]),
            "50.00",
            json!({"charges": charges, "discounts": off}),
        );
        shop.sell(&sale);
        let sold = shop.logged("sale.recorded")[0]["data"]["ledger"]["amounts"].clone();
        assert_eq!(sold, json!({"credit_card": "50.00", "sales": "-50.00"}));
        let goods = record(&shop, &back(&sale, &[(1, "1")]));
        assert_eq!(told(&goods), [row("50.00", &[], "50.00")]);
        let shipping = record(&shop, &with(back(&sale, &[]), json!({"charges": [{"charge": 1}]})));
        let charge = &shipping["charges"][0];
        assert_eq!((&charge["amount"], &charge["refund"]), (&json!("0.00"), &json!("0.00")));
        assert_eq!(told_refund(&shipping), "0.00");
        proved(&shop);
    });
}

#[test]
fn a_discount_is_spread_over_the_lines_and_charges_that_it_names() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        // C12: the fourth beer free, as the register prints it under the four.
        let beers = json!([line(1, 4, "3.00", "12.00"), line(2, 1, "8.00", "8.00")]);
        let off = json!([{"amount": "3.00", "promotion": "FOURTH", "lines": [1]}]);
        let beers = sale(&shop, beers, "17.00", json!({"discounts": off}));
        shop.sell(&beers);
        let answer = record(&shop, &back(&beers, &[(1, "1"), (2, "1")]));
        assert_eq!(told(&answer), [row("2.25", &[], "2.25"), row("8.00", &[], "8.00")]);

        // 10.00 off lines 1 and 3 and the shipping; then 5.00 off what is left of all lines.
        let lines = json!([
            line(1, 1, "20.00", "20.00"),
            line(2, 1, "10.00", "10.00"),
            line(3, 1, "5.00", "5.00")
        ]);
        let charges =
            json!([{"charge": 1, "type": "shipping", "amount": "5.00", "refundable": true}]);
        let off = json!([{"amount": "10.00", "lines": [1, 3], "charges": [1]}, {"amount": "5.00"}]);
        let mixed = sale(&shop, lines, "25.00", json!({"charges": charges, "discounts": off}));
        shop.sell(&mixed);
        // 6.67, 0.00, 1.67 and 1.66: of equal remainders the earlier first. Left are 13.33, 10.00 and 3.33.
        let all = record(
            &shop,
            &with(
                back(&mixed, &[(1, "1"), (2, "1"), (3, "1")]),
                json!({"charges": [{"charge": 1}]}),
            ),
        );
        let rows = [row("10.83", &[], "10.83"), row("8.12", &[], "8.12"), row("2.71", &[], "2.71")];
        assert_eq!(told(&all), rows);
        assert_eq!(all["charges"][0]["refund"], "3.34");
        assert_eq!(told_refund(&all), "25.00");
        proved(&shop);
    });
}

/// A line of mugs at 10.00 less a discount of the promotion; nothing: marked.
fn mugs(number: u32, units: u32, off: &str, net: &str, tax: &str) -> Value {
    with(
        line(number, units, "10.00", net),
        json!({"discounts": [{"amount": off, "promotion": "3FOR2"}], "taxes": [{"code": "T", "amount": tax}]}),
    )
}

#[test]
fn a_unit_of_three_for_two_is_worth_the_same_however_it_was_rung_up() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let one = json!([mugs(1, 3, "10.00", "20.00", "1.60")]);
        let two = json!([mugs(1, 2, "0.00", "20.00", "1.60"), mugs(2, 1, "10.00", "0.00", "0.00")]);
        let mut three = json!([
            mugs(1, 1, "0.00", "10.00", "0.80"),
            mugs(2, 1, "0.00", "10.00", "0.80"),
            mugs(3, 1, "10.00", "0.00", "0.00")
        ]);
        // What was free often names no tax at all.
        three[2]["taxes"] = json!([]);
        let dear = |cents: &str| (cents.to_owned(), vec!["T 0.53".to_owned()]);
        for (lines, order, paid) in [
            (one, vec![1, 1, 1], ["6.67", "6.66", "6.67"]),
            (two.clone(), vec![2, 1, 1], ["6.67", "6.67", "6.66"]),
            (two, vec![1, 2, 1], ["6.67", "6.67", "6.66"]),
            (three.clone(), vec![3, 2, 1], ["6.67", "6.67", "6.66"]),
            (three, vec![1, 2, 3], ["6.66", "6.67", "6.67"]),
        ] {
            let sale = sale(&shop, lines, "21.60", json!({}));
            shop.sell(&sale);
            let (mut cents, mut taxes) = (0, 0);
            for (number, net) in order.iter().zip(paid) {
                let answer = record(&shop, &back(&sale, &[(*number, "1")]));
                let (told, tax, refund) = told(&answer).remove(0);
                assert_eq!(told, net, "{order:?}");
                let tax: i64 = tax[0].replace("T 0.", "").parse().unwrap();
                assert!((53..=54).contains(&tax), "{order:?} {:?}", dear(&told));
                taxes += tax;
                cents += refund.replace('.', "").parse::<i64>().unwrap();
            }
            assert_eq!((cents, taxes), (2160, 160), "{order:?}");
        }
        proved(&shop);
    });
}

#[test]
fn a_marked_promotion_bears_money_for_goods_that_stay_and_voids() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let lines =
            json!([mugs(1, 2, "0.00", "20.00", "1.60"), mugs(2, 1, "10.00", "0.00", "0.00")]);
        // 3.00 off the whole receipt goes by what the lines are worth: 2.00 and 1.00.
        let more = json!({"discounts": [{"amount": "3.00"}]});
        let sale = sale(&shop, lines, "18.60", more);
        shop.sell(&sale);
        let free = record(&shop, &back(&sale, &[(2, "1")]));
        assert_eq!(told(&free), [row("5.67", &["T 0.53"], "6.20")]);
        let path = format!("/v1/returns/{}/void", free["id"].as_str().unwrap());
        shop.supervisor().post_keyed(&path, "void", &json!({"reason": "mistake"})).expect(200);
        let adjusted = with(
            back(&sale, &[]),
            json!({"lines": [{"sale_line": 2, "amount": "1.20", "reason": "price_adjustment"}]}),
        );
        assert_eq!(told_refund(&record(&shop, &adjusted)), "1.20");
        let all = record(&shop, &back(&sale, &[(1, "2"), (2, "1")]));
        assert_eq!(told_refund(&all), "17.40", "18.60 in all");
        let nothing = shop.cashier().post_keyed("/v1/returns", "more", &back(&sale, &[(2, "1")]));
        nothing.expect_problem(422, "return_refused");
        proved(&shop);
    });
}

#[test]
fn a_tax_over_goods_and_bottles_sums_to_what_was_printed() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let bottle = |net: &str| {
            with(
                line(2, 1, net, &format!("-{net}")),
                json!({"kind": "deposit_return", "amount": format!("-{net}")}),
            )
        };
        let taxed = |net: &str, total: &str, tax: &str| {
            sale(
                &shop,
                json!([line(1, 1, "6.29", "6.29"), bottle(net)]),
                total,
                json!({"taxes": [{"code": "T", "amount": tax}]}),
            )
        };
        // 0.34 on 4.29: 0.4985 and −0.1585.
        let mixed = taxed("2.00", "4.63", "0.34");
        let id = shop.sell(&mixed)["id"].as_str().unwrap().to_owned();
        let shown = shop.cashier().get(&format!("/v1/sales/{id}")).expect(200).body;
        let shares: Vec<&Value> =
            (0..2).map(|line| &shown["lines"][line]["tax_shares"][0]["amount"]).collect();
        assert_eq!(shares, [&json!("0.50"), &json!("-0.16")]);
        let answer = record(&shop, &back(&mixed, &[(1, "1")]));
        assert_eq!(told(&answer), [row("6.29", &["T 0.50"], "6.79")]);
        proved(&shop);
        // Next to nothing was paid: a cent of tax would be shared as pounds.
        let even = taxed("6.28", "0.03", "0.02");
        assert_eq!(
            refused(&shop, &even),
            [fault(
                "/taxes/0/amount",
                "The largest tax possible on what this one names comes to 0.01; sent was 0.02."
            )]
        );
    });
}
