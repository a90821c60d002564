//! One net: refund, payment or nothing, and whose money pays for the new goods.

use crate::counter::{Counter, approver, line, money, record_of, sale, tax, tender, units, with};
use crate::exchange::{
    RULES, adds_up, exchange, goods, new_sale, paid, taken, tenders, told, trimmed,
};
use returndesk::domain::draft::Draft;
use returndesk::domain::money::Minor;
use returndesk::domain::refusal::{OverrideFault, Refusal};
use returndesk::domain::returns::RecordReturn;
use returndesk::domain::sale::Sale;
use returndesk::domain::tender::TenderType::{Cash, CreditCard, GiftCard};

/// Two lamps at 40.00 with two taxes, 3.55 and 0.45 each: 88.00, of it 50.00 by card, 30.00 in
/// cash, 8.00 by gift card.
fn lamps() -> Sale {
    let lamps = with(line(1, 2, 4000), |line| line.taxes = vec![tax("NY", 710), tax("CITY", 90)]);
    let tenders = vec![
        tender(1, CreditCard, 5000, 0),
        tender(2, Cash, 4000, 1000),
        tender(3, GiftCard, 800, 0),
    ];
    sale(vec![lamps], tenders)
}

struct Row {
    name: &'static str,
    rules: &'static str,
    draft: Draft,
    told: &'static str,
}

fn row(name: &'static str, rules: &'static str, draft: Draft, told: &'static str) -> Row {
    Row { name, rules, draft, told }
}

const FEE: &str = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 30, "after": "refuse"},
    "refund_to": {"*": ["original"]}, "fee": {"percent": "10"}}}]"#;
const CASH_FIRST: &str = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 30, "after": "refuse"},
    "refund_to": {"*": ["original"]}, "tender_order": ["cash", "credit_card"]}}]"#;
const ONLY: &str = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 30, "after": "refuse"},
    "refund_to": {"*": ["original"]}, "outcome": "exchange_only"}}]"#;
const TIERS: &str = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 30, "after": "refuse"},
    "refund_to": {"*": ["original"]}, "approval": [{"over": "20.00", "role": "manager"}]}}]"#;

/// A shade at 25.00 with tax of another rate, 27.50.
fn shade() -> returndesk::domain::sale::SaleLine {
    with(taken(1, 2500), |line| line.taxes = vec![tax("NY8", 250)])
}

#[rustfmt::skip] // a row is read as one
fn rows() -> Vec<Row> {
    let one = || vec![units(1, 1)];
    let both = || vec![units(1, 2)];
    let by_card = |amount: i64| vec![tender(1, CreditCard, amount, 0)];
    vec![
        row("cheaper goods: the rest goes out, by policy, and what stays is carried after it", RULES,
            exchange(one(), goods(vec![shade()])), "
            allowed: 44.00 back, 0.00 kept, 27.50 taken: 16.50 out, 0.00 due
            out: 8.00 gift_card of tender 3
            out: 8.50 credit_card of tender 1
            paid: 27.50 credit_card from tender 1 of 1"),
        row("dearer goods: a payment is due, and all money is carried", RULES,
            exchange(both(), paid(goods(vec![taken(1, 10000)]), by_card(1200))), "
            allowed: 88.00 back, 0.00 kept, 100.00 taken: 0.00 out, 12.00 due
            paid: 8.00 gift_card from tender 3 of 1
            paid: 50.00 credit_card from tender 1 of 1
            paid: 30.00 cash from tender 2 of 1
            paid: 12.00 credit_card"),
        row("goods of the same worth: nothing moves", RULES,
            exchange(both(), goods(vec![taken(1, 8800)])), "
            allowed: 88.00 back, 0.00 kept, 88.00 taken: 0.00 out, 0.00 due
            paid: 8.00 gift_card from tender 3 of 1
            paid: 50.00 credit_card from tender 1 of 1
            paid: 30.00 cash from tender 2 of 1"),
        row("the policy's order of tenders holds for both", CASH_FIRST,
            exchange(both(), goods(vec![taken(1, 5000)])), "
            allowed: 88.00 back, 0.00 kept, 50.00 taken: 38.00 out, 0.00 due
            out: 30.00 cash of tender 2
            out: 8.00 credit_card of tender 1
            paid: 42.00 credit_card from tender 1 of 1
            paid: 8.00 gift_card from tender 3 of 1"),
        row("a fee is kept before anything pays for new goods", FEE,
            exchange(one(), paid(goods(vec![taken(1, 4400)]), by_card(441))), "
            allowed: 44.00 back, 4.00 kept, 44.00 taken: 0.00 out, 4.41 due
            allowed fee_applied: A restocking fee of 4.00 (10 %) and 0.41 tax on it are kept.
            paid: 8.00 gift_card from tender 3 of 1
            paid: 31.59 credit_card from tender 1 of 1
            paid: 4.41 credit_card"),
        row("free goods are taken along", RULES,
            exchange(one(), goods(vec![taken(1, 0)])), "
            allowed: 44.00 back, 0.00 kept, 0.00 taken: 44.00 out, 0.00 due
            out: 8.00 gift_card of tender 3
            out: 36.00 credit_card of tender 1"),
        row("money back while the goods stay pays, too", RULES,
            exchange(vec![money(1, 1000)], paid(goods(vec![taken(1, 1500)]), by_card(500))), "
            allowed: 10.00 back, 0.00 kept, 15.00 taken: 0.00 out, 5.00 due
            paid: 8.00 gift_card from tender 3 of 1
            paid: 2.00 credit_card from tender 1 of 1
            paid: 5.00 credit_card"),
        row("exchange only: allowed where no money goes out", ONLY,
            exchange(one(), goods(vec![taken(1, 4400)])), "
            allowed: 44.00 back, 0.00 kept, 44.00 taken: 0.00 out, 0.00 due
            allowed exchange_only: This item can be exchanged, but not refunded; nothing is paid out.
            paid: 8.00 gift_card from tender 3 of 1
            paid: 36.00 credit_card from tender 1 of 1"),
        row("exchange only: refused where money would go out", ONLY,
            exchange(one(), goods(vec![taken(1, 4399)])), "
            refused: 44.00 back, 0.00 kept, 43.99 taken: 0.01 out, 0.00 due
            refused exchange_only: This item can be exchanged, but not refunded, and 0.01 would be paid out; take goods for that, too.
            out: 0.01 gift_card of tender 3
            paid: 7.99 gift_card from tender 3 of 1
            paid: 36.00 credit_card from tender 1 of 1"),
        row("approval is asked for by what goes out, not by what comes back", TIERS,
            exchange(both(), goods(vec![taken(1, 7000)])), "
            allowed: 88.00 back, 0.00 kept, 70.00 taken: 18.00 out, 0.00 due
            out: 8.00 gift_card of tender 3
            out: 10.00 credit_card of tender 1
            paid: 40.00 credit_card from tender 1 of 1
            paid: 30.00 cash from tender 2 of 1"),
    ]
}

#[test]
fn an_approval_of_an_exchange_is_for_what_comes_back_and_for_no_more() {
    let expired = r#"[{"id": "default", "when": {}, "set": {"refund_to": {"*": ["original"]},
        "window": {"days": 1, "after": "needs_approval", "approval_role": "manager"}}}]"#;
    let mut counter = Counter::open(expired, vec![lamps()]);
    let of = |units_back, price| exchange(vec![units(1, units_back)], goods(vec![taken(1, price)]));
    let grant = counter.approve(of(1, 4400), approver("2001", 2)).unwrap();
    assert_eq!(grant.max_refund, Minor(4400), "nothing is paid out, and yet this much is approved");
    let with_it = |draft| RecordReturn { grants: vec![grant.clone()], ..record_of(draft) };
    let dearer = counter.record_with(with_it(of(2, 8800)));
    assert!(
        matches!(dearer, Err(Refusal::Override { why: OverrideFault::Mismatch, .. })),
        "{dearer:?}"
    );
    counter.record_with(with_it(of(1, 4400))).unwrap();
}

#[test]
fn the_table_of_nets_is_answered_and_recorded_as_written() {
    for row in rows() {
        let mut counter = Counter::open(row.rules, vec![lamps()]);
        assert_eq!(told(&counter, &row.draft), trimmed(row.told), "{}", row.name);
        let Ok(recorded) = counter.record(row.draft) else { continue };
        let new = new_sale(&counter, &recorded).sale.clone();
        adds_up(&new);
        let out: i64 = recorded.refunds.iter().map(|refund| refund.plan.amount.0).sum();
        let carried: i64 =
            recorded.exchange.unwrap().carried.iter().map(|part| part.amount.0).sum();
        let gone: i64 = tenders(counter.book(1)).iter().map(|(_, refunded)| refunded).sum();
        assert_eq!(
            out + carried,
            gone,
            "{}: what left the old tenders went out or was carried",
            row.name
        );
    }
}
