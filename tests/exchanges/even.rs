//! Even exchanges: another size or colour at the price paid, and nothing is left to settle.

use crate::counter::{Counter, discount, line, sale, tax, tender, units, with};
use crate::exchange::{
    RULES, adds_up, evenly, exchange, fault, goods, new_sale, paid, taken, told, trimmed,
};
use returndesk::domain::money::Minor;
use returndesk::domain::quantity::Quantity;
use returndesk::domain::sale::Sale;
use returndesk::domain::tender::TenderType::CreditCard;

/// Three shirts for 10.00 with two taxes, of which 0.01 is off all.
fn shirts() -> Sale {
    let shirts = with(line(1, 3, 334), |line| {
        line.discounts = vec![discount(2, None)];
        (line.net, line.taxes) = (Minor(1000), vec![tax("NY", 89), tax("CITY", 45)]);
    });
    let mut sold = sale(vec![shirts], vec![]);
    sold.discounts = vec![discount(1, Some("ODD"))];
    crate::counter::totalled(&mut sold);
    sold.tenders = vec![tender(1, CreditCard, sold.total.0, 0)];
    sold
}

#[test]
fn an_even_exchange_keeps_what_was_paid_tax_by_tax_and_leaves_nothing() {
    let mut counter = Counter::open(RULES, vec![shirts()]);
    for (net, taxes) in [(333, [30, 15]), (333, [29, 15]), (333, [30, 15])] {
        let draft = exchange(vec![units(1, 1)], evenly(0, 1));
        let decision = counter.check(&draft).unwrap();
        let totals = decision.totals;
        assert_eq!(
            (totals.refund, totals.due, totals.exchanged),
            (Minor(0), Minor(0), totals.returned)
        );
        let recorded = counter.record(draft).unwrap();
        let new = new_sale(&counter, &recorded).sale.clone();
        adds_up(&new);
        let kept: Vec<(&str, i64)> =
            new.lines[0].taxes.iter().map(|tax| (tax.code.as_str(), tax.amount.0)).collect();
        assert_eq!((new.lines[0].net.0, kept), (net, vec![("NY", taxes[0]), ("CITY", taxes[1])]));
        assert_eq!(new.total, totals.returned);
    }
}

#[test]
fn two_units_of_an_odd_price_are_kept_with_a_price_that_multiplies() {
    let mut counter = Counter::open(RULES, vec![shirts()]);
    let recorded = counter.record(exchange(vec![units(1, 2)], evenly(0, 2))).unwrap();
    let new = new_sale(&counter, &recorded).sale.clone();
    adds_up(&new);
    let line = &new.lines[0];
    assert_eq!(
        (line.price(), line.net, line.quantity),
        (Minor(333), Minor(666), Quantity::units(2))
    );
    let weighed = with(line_of_cheese(), |line| line.quantity = Quantity(1_250));
    let cheese = sale(vec![weighed], vec![tender(1, CreditCard, 999, 0)]);
    let mut counter = Counter::open(RULES, vec![cheese]);
    let other = with(evenly(0, 1), |goods| goods.lines[0].line.quantity = Quantity(500));
    let recorded = counter.record(exchange(vec![crate::counter::weighed(1, 500)], other)).unwrap();
    let new = new_sale(&counter, &recorded).sale.clone();
    adds_up(&new);
    assert_eq!((new.lines[0].net, new.lines[0].price()), (Minor(400), Minor(800)));
}

fn line_of_cheese() -> returndesk::domain::sale::SaleLine {
    with(line(1, 1, 799), |line| line.net = Minor(999))
}

#[test]
fn no_fee_is_kept_of_what_is_exchanged_evenly_and_other_goods_are_paid_for() {
    let fee = r#"[{"id": "default", "when": {}, "set": {"window": {"days": 30, "after": "refuse"},
        "refund_to": {"*": ["original"]}, "fee": {"percent": "10"}}}]"#;
    let sold = sale(vec![line(1, 1, 2000), line(2, 1, 1000)], vec![tender(1, CreditCard, 3000, 0)]);
    let counter = Counter::open(fee, vec![sold]);
    let mut both = evenly(1, 1);
    both.lines.extend(goods(vec![taken(1, 1900)]).lines);
    both.lines[1].line.line = 2;
    let draft = exchange(
        vec![units(2, 1), units(1, 1)],
        paid(both.clone(), vec![tender(1, CreditCard, 0, 0)]),
    );
    // The fee is kept of line 2, the first that comes back; line 1 is exchanged evenly.
    assert_eq!(
        told(&counter, &draft),
        trimmed(
            "allowed: 30.00 back, 1.00 kept, 39.00 taken: 0.00 out, 10.00 due
             allowed fee_applied: A restocking fee of 1.00 (10 %) is kept.
             paid: 29.00 credit_card from tender 1 of 1
             paid: 0.00 credit_card"
        )
    );
}

#[test]
fn what_is_no_even_exchange_is_told() {
    let mut counter = Counter::open(RULES, vec![shirts()]);
    let mut ask = |change: &dyn Fn(&mut returndesk::domain::draft::ExchangeDraft)| {
        let mut goods = evenly(0, 1);
        change(&mut goods);
        fault(counter.record(exchange(vec![units(1, 1), crate::counter::money(1, 10)], goods)))
    };
    let at = "/exchange/lines/0";
    assert_eq!(
        ask(&|goods| goods.lines[0].line.quantity = Quantity::units(2)),
        format!(
            "invalid_value {at}/quantity: Exchanged evenly, as much is taken as comes back: 1."
        )
    );
    assert_eq!(
        ask(&|goods| goods.lines[0].exchanged_for = Some(7)),
        format!(
            "invalid_value {at}/exchanged_for: No such line comes back; lines are counted from 0."
        )
    );
    assert_eq!(
        ask(&|goods| goods.lines[0].exchanged_for = Some(1)),
        format!("invalid_value {at}/exchanged_for: Of that line only money comes back, no goods.")
    );
    let twice =
        ask(&|goods| goods.lines.push(with(goods.lines[0].clone(), |line| line.line.line = 2)));
    assert!(
        twice.contains(
            "/exchange/lines/1/exchanged_for: Each line that comes back is exchanged for one line."
        ),
        "{twice}"
    );
    assert_eq!(
        ask(&|goods| goods.lines[0].priced = true),
        format!(
            "does_not_add_up {at}/net: Exchanged evenly, the price paid stays: a net of 3.33, taxes NY 0.30, CITY 0.15. \
             Leave the amounts out, or send these."
        )
    );
    let priced = |net: i64, taxes: [i64; 2]| {
        move |goods: &mut returndesk::domain::draft::ExchangeDraft| {
            let line = &mut goods.lines[0];
            line.priced = true;
            (line.line.unit_price, line.line.net) = (Some(Minor(net).into()), Minor(net));
            line.line.taxes = vec![tax("NY", taxes[0]), tax("CITY", taxes[1])];
        }
    };
    for (net, taxes) in [(333, [31, 15]), (333, [30, 16]), (334, [30, 15])] {
        assert_eq!(
            ask(&priced(net, taxes)),
            format!(
                "does_not_add_up {at}/net: Exchanged evenly, the price paid stays: a net of 3.33, taxes NY 0.30, CITY \
                 0.15. Leave the amounts out, or send these."
            )
        );
    }
    assert_eq!(
        ask(&|goods| goods.discounts = vec![discount(0, None)]),
        "invalid_value /exchange/discounts: A discount of all would change the price of goods exchanged evenly; give it to \
         the other lines."
    );
}

#[test]
fn an_even_exchange_between_prices_with_and_without_tax_keeps_what_was_paid() {
    let mut counter = Counter::open(RULES, vec![shirts()]);
    let included = with(evenly(0, 3), |goods| goods.prices_include_tax = Some(true));
    let recorded = counter.record(exchange(vec![units(1, 3)], included)).unwrap();
    let new = new_sale(&counter, &recorded).sale.clone();
    adds_up(&new);
    assert_eq!(
        (new.lines[0].net, new.total, new.prices_include_tax),
        (Minor(1133), Minor(1133), true)
    );
    let back = with(evenly(0, 3), |goods| goods.prices_include_tax = Some(false));
    let again =
        counter.record(crate::exchange::of(new.id, exchange(vec![units(1, 3)], back))).unwrap();
    let last = new_sale(&counter, &again).sale.clone();
    adds_up(&last);
    assert_eq!((last.lines[0].net, last.total), (Minor(999), Minor(1133)));
}

#[test]
fn an_even_exchange_breaks_no_promotion() {
    for treatment in ["refuse", "reprice"] {
        let rules = format!(
            r#"[{{"id": "default", "when": {{}}, "set": {{"window": {{"days": 30, "after": "refuse"}},
                "refund_to": {{"*": ["original"]}}, "promotion": "{treatment}"}}}}]"#
        );
        let pair = |number| {
            with(line(number, 1, 1000), |line| {
                (line.discounts, line.net) = (vec![discount(250, Some("PAIR"))], Minor(750))
            })
        };
        let sold = sale(vec![pair(1), pair(2)], vec![tender(1, CreditCard, 1500, 0)]);
        let counter = Counter::open(&rules, vec![sold]);
        assert_eq!(
            told(&counter, &exchange(vec![units(1, 1)], evenly(0, 1))),
            trimmed(
                "allowed: 7.50 back, 0.00 kept, 7.50 taken: 0.00 out, 0.00 due
                 paid: 7.50 credit_card from tender 1 of 1"
            ),
            "{treatment}"
        );
        assert!(
            !told(&counter, &exchange(vec![units(1, 1)], goods(vec![taken(1, 750)])))
                .starts_with("allowed: 7.50"),
            "{treatment}"
        );
    }
}

#[test]
fn a_kit_is_exchanged_evenly_with_all_its_parts() {
    let part = with(line(2, 2, 500), |line| {
        (line.parent_line, line.taxes) = (Some(1), vec![tax("NY", 80)])
    });
    let sold = sale(vec![line(1, 1, 0), part], vec![tender(1, CreditCard, 1080, 0)]);
    let mut counter = Counter::open(RULES, vec![sold]);
    let recorded = counter.record(exchange(vec![units(1, 1)], evenly(0, 1))).unwrap();
    let new = new_sale(&counter, &recorded).sale.clone();
    adds_up(&new);
    assert_eq!(
        (new.lines[0].net, new.total, recorded.refund),
        (Minor(1000), Minor(1080), Minor(0))
    );
}
