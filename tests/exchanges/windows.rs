//! Since when exchanged goods count as bought.

use crate::counter::{Counter, day, id, line, noon, sale, tender, units, with};
use crate::exchange::{evenly, exchange, goods, new_sale, of, taken};
use returndesk::domain::decision::{Code, Verdict};
use returndesk::domain::draft::{DraftCharge, SaleRef};
use returndesk::domain::money::Minor;
use returndesk::domain::sale::{Charge, Sale};
use returndesk::domain::tender::TenderType::CreditCard;

fn rules(window: &str) -> String {
    format!(
        r#"[{{"id": "holidays", "when": {{"bought": {{"from": "2026-03-01", "to": "2026-03-01"}}, "sku": ["SKU-2"]}},
            "set": {{"extension": {{"until": "2026-06-30"}}}}}},
           {{"id": "default", "when": {{}}, "set": {{"window": {{"days": 30, "after": "refuse"}},
            "exchange_window": "{window}", "refund_to": {{"*": ["original"]}}}}}}]"#
    )
}

/// Sold on 2026-03-01 and on 2026-03-20.
fn two_sales() -> Vec<Sale> {
    let first =
        sale(vec![line(1, 2, 1000), line(2, 1, 1000)], vec![tender(1, CreditCard, 3000, 0)]);
    let second = with(sale(vec![line(1, 2, 1000)], vec![tender(1, CreditCard, 2000, 0)]), |sale| {
        (sale.id, sale.receipt, sale.business_date) = (id(2), "R-2".to_owned(), day("2026-03-20"));
        sale.sold_at = noon("2026-03-20");
    });
    vec![first, second]
}

/// The last day on which line `number` of the new sale is taken.
fn closes(window: &str, draft: returndesk::domain::draft::Draft, number: u32) -> String {
    let mut counter = Counter::open(&rules(window), two_sales());
    counter.now = noon("2026-03-25");
    let recorded = counter.record(draft).unwrap();
    let new = new_sale(&counter, &recorded).sale.id;
    let back = of(new, crate::counter::draft(vec![units(number, 1)]));
    let open = |counter: &Counter| counter.check(&back).unwrap().verdict == Verdict::Allowed;
    let mut last = None;
    for days in 0..120 {
        counter.now = noon("2026-03-25") + jiff::SignedDuration::from_hours(24 * days);
        if open(&counter) {
            last = Some(counter.now);
        }
    }
    let decision = counter.check(&back).unwrap();
    assert_eq!(decision.lines[0].findings[0].code, Code::WindowExpired);
    last.unwrap().to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

fn of_both() -> returndesk::domain::draft::Draft {
    let second = with(units(1, 1), |line| line.sale = Some(SaleRef::Id(id(2))));
    let mut goods = evenly(0, 1);
    goods.lines.extend(crate::exchange::goods(vec![taken(1, 1000)]).lines);
    goods.lines[1].line.line = 2;
    exchange(vec![units(1, 1), second], goods)
}

#[test]
fn even_exchanges_keep_the_day_of_the_first_sale_and_other_goods_have_their_own() {
    let one = || exchange(vec![units(1, 1)], goods(vec![taken(1, 1000)]));
    let even = || exchange(vec![units(1, 1)], evenly(0, 1));
    assert_eq!(closes("inherit", one(), 1), "2026-04-24", "new goods are bought today");
    assert_eq!(closes("inherit", even(), 1), "2026-03-31");
    assert_eq!(closes("inherit_all", one(), 1), "2026-03-31");
    assert_eq!(closes("inherit_all", even(), 1), "2026-03-31");
    assert_eq!(closes("restart", one(), 1), "2026-04-24");
    assert_eq!(closes("restart", even(), 1), "2026-04-24");
    for window in ["inherit", "inherit_all"] {
        let told = closes(window, of_both(), 1);
        assert_eq!(told, "2026-03-31", "{window}: an even exchange has its own counterpart's");
    }
    assert_eq!(closes("inherit", of_both(), 2), "2026-04-24");
    assert_eq!(closes("inherit_all", of_both(), 2), "2026-04-19", "other goods have the latest");
    assert_eq!(closes("restart", of_both(), 1), "2026-04-24");
}

/// First for other goods, then evenly: under `inherit` the first exchange counts, under
/// `inherit_all` the first sale.
#[test]
fn a_chain_keeps_the_day_of_its_last_uneven_exchange() {
    for (window, last) in [("inherit", "2026-04-09"), ("inherit_all", "2026-03-31")] {
        let mut counter = Counter::open(&rules(window), two_sales());
        counter.now = noon("2026-03-10");
        let other = exchange(vec![units(1, 1)], goods(vec![taken(1, 1000)]));
        let first = counter.record(of(id(1), other)).unwrap();
        let first = new_sale(&counter, &first).sale.id;
        counter.now = noon("2026-03-20");
        let even = exchange(vec![units(1, 1)], evenly(0, 1));
        let second = counter.record(of(first, even)).unwrap();
        let second = new_sale(&counter, &second).sale.id;
        let back = of(second, crate::counter::draft(vec![units(1, 1)]));
        let on = |counter: &mut Counter, day: &str| {
            counter.now = noon(day);
            counter.check(&back).unwrap().verdict
        };
        assert_eq!(on(&mut counter, last), Verdict::Allowed, "{window}");
        let after = day(last).tomorrow().unwrap().to_string();
        assert_eq!(on(&mut counter, &after), Verdict::Refused, "{window}");
    }
}

/// Exchanged after midnight on the trading day of the first sale: goods that inherit its day gain no
/// day by the clock.
#[test]
fn an_inherited_day_is_not_mistaken_for_the_trading_day_of_the_exchange() {
    for (window, last) in
        [("inherit", "2026-03-31"), ("inherit_all", "2026-03-31"), ("restart", "2026-04-01")]
    {
        let mut counter = Counter::open(&rules(window), two_sales());
        counter.now = noon("2026-03-02") - jiff::SignedDuration::from_hours(11);
        let even = with(exchange(vec![units(1, 1)], evenly(0, 1)), |draft| {
            draft.business_date = Some(day("2026-03-01"));
        });
        let recorded = counter.record(of(id(1), even)).unwrap();
        let new = new_sale(&counter, &recorded).sale.clone();
        assert_eq!(new.business_date, day("2026-03-01"));
        let back = of(new.id, crate::counter::draft(vec![units(1, 1)]));
        let verdict = |counter: &mut Counter, day: &str| {
            counter.now = noon(day);
            counter.check(&back).unwrap().verdict
        };
        assert_eq!(verdict(&mut counter, last), Verdict::Allowed, "{window}");
        let after = day(last).tomorrow().unwrap().to_string();
        assert_eq!(verdict(&mut counter, &after), Verdict::Refused, "{window}");
    }
}

/// The shipping of an exchange goes by the day of the first of its new goods: past the window of the
/// first sale and within that of the exchange.
#[test]
fn a_charge_alone_of_an_exchange_goes_by_its_first_item() {
    let shipping = || Charge {
        charge: 1,
        kind: "shipping".to_owned(),
        amount: Minor(500),
        taxes: vec![],
        refundable: true,
    };
    for (window, even, allowed) in [
        ("inherit", true, false),
        ("inherit", false, true),
        ("inherit_all", true, false),
        ("inherit_all", false, false),
        ("restart", true, true),
        ("restart", false, true),
    ] {
        let mut counter = Counter::open(&rules(window), two_sales());
        counter.now = noon("2026-03-25");
        let new = if even { evenly(0, 1) } else { goods(vec![taken(1, 1000)]) };
        let paid = with(new, |goods| {
            goods.charges = vec![shipping()];
            goods.tenders = vec![tender(1, CreditCard, 500, 0)];
        });
        let recorded = counter.record(exchange(vec![units(1, 1)], paid)).unwrap();
        let new = new_sale(&counter, &recorded).sale.id;
        counter.now = noon("2026-04-01");
        let alone = with(of(new, crate::counter::draft(vec![])), |draft| {
            draft.charges = vec![DraftCharge { sale: None, charge: 1, amount: None }];
        });
        let decision = counter.check(&alone).unwrap();
        let told: Vec<&str> =
            decision.charges[0].findings.iter().map(|f| f.detail.as_str()).collect();
        let expired =
            "Bought 31 days ago on 2026-03-01; the window of 30 days closed on 2026-03-31.";
        assert_eq!(told, if allowed { vec![] } else { vec![expired] }, "{window}, even {even}");
    }
}

#[test]
fn what_was_bought_for_the_holidays_stays_so() {
    let lamp = || {
        exchange(
            vec![units(2, 1)],
            with(evenly(0, 1), |goods| goods.lines[0].line.sku = Some("SKU-2".to_owned())),
        )
    };
    assert_eq!(closes("inherit", lamp(), 1), "2026-06-30");
    assert_eq!(
        closes("restart", lamp(), 1),
        "2026-04-24",
        "counted anew, it was bought on the day of the exchange"
    );
}

#[test]
fn a_chain_of_exchanges_inherits_from_the_very_first() {
    let mut counter = Counter::open(&rules("inherit_all"), two_sales());
    let mut sold = id(1);
    for exchanged_on in ["2026-03-10", "2026-03-20", "2026-03-30"] {
        counter.now = noon(exchanged_on);
        let draft = of(sold, exchange(vec![units(1, 1)], goods(vec![taken(1, 1000)])));
        let recorded = counter.record(draft).unwrap();
        let new = new_sale(&counter, &recorded).sale.clone();
        let tie = new.exchange_of.as_ref().unwrap();
        assert_eq!((tie.first_sale, tie.since.bought_on), (Some(id(1)), day("2026-03-01")));
        sold = new.id;
    }
    counter.now = noon("2026-04-01");
    let refused = counter.check(&of(sold, crate::counter::draft(vec![units(1, 1)]))).unwrap();
    assert_eq!(
        refused.lines[0].findings[0].detail,
        "Bought 31 days ago on 2026-03-01; the window of 30 days closed on 2026-03-31."
    );
}
