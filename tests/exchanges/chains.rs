//! Goods exchanged again and again: in the end the first tenders have back exactly what they paid.

use crate::counter::{Counter, currency, draft, id, line, sale, tender, units, with};
use crate::exchange::{
    RULES, adds_up, evenly, exchange, goods, new_sale, of, paid, taken, tenders,
};
use returndesk::domain::draft::Draft;
use returndesk::domain::money::Minor;
use returndesk::domain::returns::Return;
use returndesk::domain::tender::TenderType::{self, Cash, CreditCard, GiftCard};

/// What went out: kind, reference and amount.
fn out(recorded: &Return) -> Vec<(TenderType, Option<&str>, i64)> {
    recorded
        .refunds
        .iter()
        .map(|r| (r.plan.kind, r.plan.reference.as_deref(), r.plan.amount.0))
        .collect()
}

#[test]
fn after_three_exchanges_all_goes_back_to_the_first_tenders() {
    let first = sale(
        vec![line(1, 1, 5000), line(2, 1, 3000)],
        vec![tender(1, CreditCard, 4500, 0), tender(2, Cash, 3000, 0), tender(3, GiftCard, 500, 0)],
    );
    let mut counter = Counter::open(RULES, vec![first]);
    // 50.00 for 60.00: 10.00 by another card.
    let own = vec![tender(9, CreditCard, 1000, 0)];
    let one = counter
        .record(exchange(vec![units(1, 1)], paid(goods(vec![taken(2, 3000)]), own)))
        .unwrap();
    let one = new_sale(&counter, &one).sale.clone();
    // Half of it for 25.00: 5.00 go out, and 25.00 of what is left stay.
    let two = counter
        .record(of(one.id, exchange(vec![units(1, 1)], goods(vec![taken(1, 2500)]))))
        .unwrap();
    assert_eq!(out(&two), [(GiftCard, Some("ref-3"), 500)]);
    let two = new_sale(&counter, &two).sale.clone();
    // The 25.00 and the other half for 50.00: 5.00 go out.
    let mut both =
        of(two.id, exchange(vec![units(1, 1), units(1, 1)], goods(vec![taken(1, 5000)])));
    both.lines[1].sale = Some(returndesk::domain::draft::SaleRef::Id(one.id));
    let three = counter.record(both).unwrap();
    assert_eq!(out(&three), [(CreditCard, Some("ref-1"), 500)]);
    let three = new_sale(&counter, &three).sale.clone();
    for sale in [&one, &two, &three] {
        adds_up(sale);
        assert_eq!(sale.exchange_of.as_ref().unwrap().first_sale, Some(id(1)));
    }
    let last = counter.record(of(three.id, draft(vec![units(1, 1)]))).unwrap();
    assert_eq!(out(&last).iter().map(|(_, _, amount)| amount).sum::<i64>(), 5000);
    let rest = counter.record(draft(vec![units(2, 1)])).unwrap();
    let mut by_reference = std::collections::BTreeMap::new();
    for (_, reference, amount) in [
        vec![(GiftCard, Some("ref-3"), 500), (CreditCard, Some("ref-1"), 500)],
        out(&last),
        out(&rest),
    ]
    .concat()
    {
        *by_reference.entry(reference.unwrap_or("cash")).or_insert(0) += amount;
    }
    assert_eq!(
        by_reference.into_iter().collect::<Vec<_>>(),
        [("cash", 3000), ("ref-1", 4500), ("ref-3", 500), ("ref-9", 1000)]
    );
    assert_eq!(tenders(counter.book(1)), [(4500, 4500), (3000, 3000), (500, 500)]);
}

#[test]
fn cash_is_carried_and_left_in_coins_that_there_are() {
    let mut sold = sale(vec![line(1, 4, 102)], vec![tender(1, Cash, 410, 0)]);
    (sold.store, sold.currency, sold.cash_rounding) =
        ("0050".to_owned(), currency("CAD"), Minor(2));
    let mut counter = Counter::open(RULES, vec![sold]);
    let in_toronto = |draft| with(draft, |draft: &mut Draft| draft.store = "0050".to_owned());
    let even = counter.record(in_toronto(exchange(vec![units(1, 2)], evenly(0, 2)))).unwrap();
    let new = new_sale(&counter, &even).sale.clone();
    adds_up(&new);
    assert_eq!(
        (new.total, new.cash_rounding, new.tenders[0].amount),
        (Minor(204), Minor(1), Minor(205))
    );
    let rest = counter.record(in_toronto(draft(vec![units(1, 2)]))).unwrap();
    assert_eq!(out(&rest), [(Cash, None, 205)]);
    // One by one the new ones pay 1.00 and 1.05.
    for pays in [100, 105] {
        let one = counter.record(in_toronto(of(new.id, draft(vec![units(1, 1)])))).unwrap();
        assert_eq!(out(&one), [(Cash, None, pays)]);
    }
}
