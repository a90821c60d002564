//! How each kind of act is booked: whole rows, as an accountant reads them. Debits positive,
//! credits negative.

use super::{RULES, booked, sell, settle, total, void};
use crate::counter::{
    Counter, bare, draft, id, line, money, sale, tax, tender, totalled, units, with,
};
use returndesk::domain::draft::{Draft, DraftCharge, ExchangeDraft, ExchangeLine, SaleRef};
use returndesk::domain::money::Minor;
use returndesk::domain::returns::Return;
use returndesk::domain::sale::{Charge, Sale};
use returndesk::domain::tender::TenderType::{Cash, Check, CreditCard, StoreCredit};
use returndesk::domain::words::RefundTo;
use std::collections::BTreeMap;

/// Two units of 10.00 and 0.80 of tax, five dollars of shipping with 0.40 of tax; 17.00 by card, 10.00
/// in cash.
fn both() -> Sale {
    let goods = with(line(1, 2, 1_000), |line| line.taxes = vec![tax("NY", 160)]);
    with(
        sale(vec![goods], vec![tender(1, CreditCard, 1_700, 0), tender(2, Cash, 1_000, 0)]),
        |sale| {
            let taxes = vec![tax("NY", 40)];
            sale.charges = vec![Charge {
                charge: 1,
                kind: "shipping".into(),
                amount: Minor(500),
                taxes,
                refundable: true,
            }];
            totalled(sale);
        },
    )
}

#[test]
fn a_sale_is_tenders_against_revenue_charges_and_taxes() {
    let included = with(
        sale(vec![with(line(1, 1, 1_190), |l| l.taxes = vec![tax("DE", 190)])], vec![]),
        |sale| {
            sale.prices_include_tax = true;
            sale.discounts = vec![crate::counter::discount(90, None)];
            sale.tenders = vec![tender(1, Cash, 1_100, 0)];
            totalled(sale);
        },
    );
    let rounded = with(sale(vec![line(1, 1, 1_002)], vec![tender(1, Cash, 1_000, 0)]), |sale| {
        sale.cash_rounding = Minor(-2);
    });
    // A check of 50.00 for 40.00: ten leave the drawer.
    let change = sale(vec![line(1, 1, 4_000)], vec![tender(1, Check, 5_000, 1_000)]);
    let free = sale(vec![line(1, 1, 0)], vec![]);
    for (what, rung, expected) in [
        (
            "two tenders, a charge",
            both(),
            vec![
                "sale.recorded 3 2026-03-01: cash 10.00, credit_card 17.00, sales -20.00, charges -5.00, tax -2.00",
            ],
        ),
        (
            "tax included, discount of the whole",
            included,
            vec!["sale.recorded 3 2026-03-01: cash 11.00, sales -9.10, tax -1.90"],
        ),
        (
            "cash rounded down",
            rounded,
            vec!["sale.recorded 3 2026-03-01: cash 10.00, sales -10.02, rounding 0.02"],
        ),
        (
            "change of a check",
            change,
            vec!["sale.recorded 3 2026-03-01: cash -10.00, bank_check 50.00, sales -40.00"],
        ),
        ("nothing to pay moves nothing", free, vec![]),
    ] {
        let mut counter = Counter::open(RULES, vec![]);
        sell(&mut counter, rung.clone());
        assert_eq!(booked(&counter, 0), expected, "{what}");
        // The same sale again is known, and not booked twice.
        sell(&mut counter, rung);
        assert_eq!(booked(&counter, 0), expected, "{what}");
    }
}

struct Act {
    what: &'static str,
    rules: &'static str,
    sale: Sale,
    draft: Draft,
    expected: &'static str,
}

fn acts() -> Vec<Act> {
    let of = |lines| draft(lines);
    let to = |lines, refund_to| with(draft(lines), |d| d.refund_to = refund_to);
    let fee = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 30, "after": "refuse"},
        "refund_to": {"*": ["original"]}, "fee": {"percent": "10"}}}]"#;
    let bare_with_fee = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 30, "after": "refuse"},
        "price_basis": {"lowest_in_days": 30}, "refund_to": {"*": ["store_credit"]},
        "fee": {"percent": "10"}}}]"#;
    let in_canada = with(sale(vec![line(1, 2, 101)], vec![tender(1, Cash, 200, 0)]), |sale| {
        sale.store = "0050".into();
        sale.currency = crate::counter::currency("CAD");
        sale.cash_rounding = Minor(-2);
    });
    vec![
        Act {
            what: "the card's refund is owed until the terminal's word",
            rules: RULES,
            sale: both(),
            draft: of(vec![units(1, 1)]),
            expected: "return.recorded 7 2026-03-10: refunds_payable -10.80, returns 10.00, tax_returned 0.80",
        },
        Act {
            what: "card and cash, with the shipping",
            rules: RULES,
            sale: both(),
            draft: with(of(vec![units(1, 2)]), |d| {
                d.charges = vec![DraftCharge { sale: None, charge: 1, amount: None }]
            }),
            expected: "return.recorded 7 2026-03-10: cash -10.00, refunds_payable -17.00, returns 20.00, \
                         charges_returned 5.00, tax_returned 2.00",
        },
        Act {
            what: "store credit is owed on",
            rules: RULES,
            sale: both(),
            draft: to(vec![units(1, 1)], RefundTo::StoreCredit),
            expected: "return.recorded 7 2026-03-10: store_credit -10.80, returns 10.00, tax_returned 0.80\n\
                gift_card.moved 7 2026-03-10: store_credit 10.80, store_credit_liability -10.80",
        },
        Act {
            what: "and so is a gift card",
            rules: RULES,
            sale: both(),
            draft: to(vec![units(1, 1)], RefundTo::GiftCard),
            expected: "return.recorded 7 2026-03-10: gift_card -10.80, returns 10.00, tax_returned 0.80\n\
                gift_card.moved 7 2026-03-10: gift_card 10.80, gift_card_liability -10.80",
        },
        Act {
            what: "the goods stay: goodwill",
            rules: RULES,
            sale: both(),
            draft: of(vec![money(1, 270)]),
            expected: "return.recorded 7 2026-03-10: refunds_payable -2.70, tax_returned 0.20, goodwill 2.50",
        },
        Act {
            what: "a fee is kept, and by New York's law the tax on it",
            rules: fee,
            sale: both(),
            draft: of(vec![units(1, 2)]),
            expected: "return.recorded 7 2026-03-10: cash -2.44, refunds_payable -17.00, returns 20.00, \
                         tax_returned 1.44, fees -2.00",
        },
        Act {
            what: "and so it is of goods without a receipt",
            rules: bare_with_fee,
            sale: both(),
            draft: of(vec![bare("SKU-1", 1)]),
            expected: "return.recorded 7 2026-03-10: store_credit -9.72, returns 10.00, tax_returned 0.72, fees -1.00\n\
                gift_card.moved 7 2026-03-10: store_credit 9.72, store_credit_liability -9.72",
        },
        Act {
            what: "cash is rounded",
            rules: RULES,
            sale: in_canada,
            draft: with(of(vec![units(1, 1)]), |d| d.store = "0050".into()),
            expected: "return.recorded 7 2026-03-10: cash -1.00, returns 1.01, rounding -0.01",
        },
        Act {
            what: "practice is never booked",
            rules: RULES,
            sale: both(),
            draft: with(of(vec![units(1, 1)]), |d| d.training = true),
            expected: "",
        },
    ]
}

#[test]
fn a_return_is_goods_against_what_is_paid_and_owed() {
    for Act { what, rules, sale, draft, expected } in acts() {
        let (mut counter, the_return) = returned(rules, sale, draft);
        assert_eq!(booked(&counter, 0).join("\n"), expected, "{what}");
        // Taken back: the exact reverse, all accounts nought again.
        let voided = void(&mut counter, &the_return);
        assert!(
            matches!(voided, returndesk::domain::perform::Outcome::Done(_)),
            "{what}: {voided:?}"
        );
        assert_eq!(total(&counter), Default::default(), "{what}");
        let rows = booked(&counter, 0);
        assert_eq!(rows.len(), 2 * expected.lines().count(), "{what}");
        assert!(
            rows.last().is_none_or(|row| row.starts_with("return.voided 7 2026-03-10: ")),
            "{what}: {rows:?}"
        );
    }
}

/// The sale is known from before, not booked here.
fn returned(rules: &str, sale: Sale, draft: Draft) -> (Counter, Return) {
    let mut counter = Counter::open(rules, vec![sale]);
    let draft = with(draft, |d| d.sale = Some(SaleRef::Id(id(1))));
    let the_return = counter.record(draft).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    (counter, the_return)
}

#[test]
fn a_settlement_pays_what_was_owed() {
    let one = || returned(RULES, both(), draft(vec![units(1, 1)]));
    let (mut counter, the_return) = one();
    counter.now = crate::counter::noon("2026-03-12");
    counter.caller.register = Some("9".to_owned());
    settle(&mut counter, &the_return, 1, true, None);
    assert_eq!(
        booked(&counter, 1),
        ["refund.settled 9 2026-03-12: credit_card -10.80, refunds_payable 10.80"]
    );

    // Failed: owed on. Paid in cash then, out of the drawer of whoever pays.
    let (mut counter, the_return) = one();
    settle(&mut counter, &the_return, 1, false, None);
    assert_eq!(booked(&counter, 1), Vec::<String>::new());
    counter.caller.register = None;
    settle(&mut counter, &the_return, 1, false, Some(Cash));
    assert_eq!(
        booked(&counter, 1),
        ["refund.failed 7 2026-03-10: cash -10.80, refunds_payable 10.80"]
    );

    // A check instead is owed as the card was, until it is mailed.
    let (mut counter, the_return) = one();
    settle(&mut counter, &the_return, 1, false, Some(Check));
    assert_eq!(booked(&counter, 1), Vec::<String>::new());
    settle(&mut counter, &the_return, 2, true, None);
    assert_eq!(
        booked(&counter, 1),
        ["refund.settled 7 2026-03-10: bank_check -10.80, refunds_payable 10.80"]
    );

    // Store credit instead, and then all of it taken back.
    let (mut counter, the_return) = one();
    settle(&mut counter, &the_return, 1, false, Some(StoreCredit));
    assert_eq!(
        booked(&counter, 1),
        [
            "gift_card.moved 7 2026-03-10: store_credit 10.80, store_credit_liability -10.80",
            "refund.failed 7 2026-03-10: store_credit -10.80, refunds_payable 10.80"
        ]
    );
    void(&mut counter, &the_return);
    assert_eq!(
        booked(&counter, 3),
        [
            "gift_card.moved 7 2026-03-10: store_credit -10.80, store_credit_liability 10.80",
            "return.voided 7 2026-03-10: store_credit 10.80, returns -10.00, tax_returned -0.80"
        ]
    );
    assert_eq!(total(&counter), Default::default());

    // Failed, and taken back: nothing is owed any more.
    let (mut counter, the_return) = one();
    settle(&mut counter, &the_return, 1, false, None);
    void(&mut counter, &the_return);
    assert_eq!(total(&counter), Default::default());
}

/// A promotion of which a part came back withholds money; paying it later is for goods that did
/// come back, no goodwill.
#[test]
fn what_repricing_withheld_is_paid_as_returned_goods() {
    let rules = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 30, "after": "refuse"},
        "refund_to": {"*": ["original"]}, "promotion": "reprice"}}]"#;
    let bowl = |number: u32, off: i64, net: i64| {
        with(line(number, 1, 1_000), |l| {
            l.discounts = vec![crate::counter::discount(off, Some("BOGO"))];
            l.net = Minor(net);
            l.taxes = vec![tax("NY", net * 8 / 100)];
        })
    };
    let bogo = sale(vec![bowl(1, 0, 1_000), bowl(2, 1_000, 0)], vec![tender(1, Cash, 1_080, 0)]);
    let mut counter = Counter::open(rules, vec![bogo]);
    counter.record(draft(vec![units(1, 1)])).unwrap();
    assert_eq!(booked(&counter, 0), Vec::<String>::new());
    counter.record(draft(vec![units(2, 1)])).unwrap();
    assert_eq!(
        booked(&counter, 0),
        ["return.recorded 7 2026-03-10: cash -10.80, returns 10.00, tax_returned 0.80"]
    );
}

/// The log proves the ledger: each entry says how its act was booked.
#[test]
fn the_entry_of_an_act_says_how_it_was_booked() {
    let (counter, _) = returned(RULES, both(), draft(vec![units(1, 1)]));
    let entry = &counter.state.changes.entries[counter.state.changes.movements[0].entry];
    let told = entry.data.get("ledger").map(returndesk::domain::canonical::Json::write);
    let expected = r#"{"amounts":{"refunds_payable":"-10.80","returns":"10.00","tax_returned":"0.80"},"business_date":"2026-03-10","currency":"USD","register":"7"}"#;
    assert_eq!(told.as_deref(), Some(expected));
}

/// An exchange is one movement: what came back and what was taken, each with its taxes, and the net
/// of the money.
#[test]
fn an_exchange_is_both_sides_and_one_net() {
    let new = |price: i64, taxes: i64| {
        with(line(1, 1, price), |line| line.taxes = vec![tax("NY", taxes)])
    };
    let taken = |line: returndesk::domain::sale::SaleLine, tenders| ExchangeDraft {
        lines: vec![ExchangeLine {
            line,
            attributes: BTreeMap::new(),
            exchanged_for: None,
            priced: true,
        }],
        discounts: Vec::new(),
        taxes: Vec::new(),
        charges: Vec::new(),
        tenders,
        receipt: None,
        prices_include_tax: None,
        cash_rounding: None,
    };
    for (what, goods, expected) in [
        (
            "dearer: paid in cash",
            taken(new(1_500, 120), vec![tender(1, Cash, 540, 0)]),
            "exchange.recorded 7 2026-03-10: cash 5.40, sales -15.00, tax -1.20, returns 10.00, tax_returned 0.80",
        ),
        (
            "cheaper: the card is owed the rest",
            taken(new(500, 40), vec![]),
            "exchange.recorded 7 2026-03-10: refunds_payable -5.40, sales -5.00, tax -0.40, returns 10.00, tax_returned 0.80",
        ),
        (
            "even: no money",
            taken(new(1_000, 80), vec![]),
            "exchange.recorded 7 2026-03-10: sales -10.00, tax -0.80, returns 10.00, tax_returned 0.80",
        ),
    ] {
        let draft = with(draft(vec![units(1, 1)]), |d| d.exchange = Some(goods));
        let (mut counter, the_return) = returned(RULES, both(), draft);
        assert_eq!(booked(&counter, 0), [expected], "{what}");
        void(&mut counter, &the_return);
        assert_eq!(total(&counter), Default::default(), "{what}");
        assert_eq!(booked(&counter, 0).len(), 2, "{what}");
    }
}
