//! A line of each sale exchanged for a line of the next one.

use crate::counter::{Counter, draft, tender, units, with};
use crate::shop::{Chance, STORE, made_up, open, rules, sales, say, taxes, worth};
use returndesk::domain::book::Book;
use returndesk::domain::draft::{Draft, ExchangeDraft, ExchangeLine, SaleRef};
use returndesk::domain::sale::{Sale, SaleLine};
use returndesk::domain::state::State;
use returndesk::domain::tender::TenderType;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

/// One exchange, and what it comes to, worked out apart from the domain.
struct Pair {
    draft: Draft,
    returned: i64,
    taken: i64,
}

#[test]
fn the_net_of_an_exchange_is_the_new_goods_less_those_returned_taxes_included() {
    let Some(sales) = sales("exchanging goods") else { return };
    let started = Instant::now();
    let (mut out, mut due, mut even) = (0, 0, 0);
    let mut counter = open(&rules(r#""first""#));
    for (place, real) in sales.iter().enumerate() {
        let included = place % 2 == 0;
        let sale = made_up(real, included);
        let pair = pair(&sale, &sales[(place + 1) % sales.len()], included);
        counter.state = State::new(counter.state.shared_settings(), counter.state.ids().clone());
        match exchange(&mut counter, sale, pair) {
            0 => even += 1,
            net if net > 0 => due += 1,
            _ => out += 1,
        }
    }
    say(&format!(
        "{} pairs of real lines exchanged: {due} with money due, {out} with money out, {even} even ({:.1?})",
        sales.len(),
        started.elapsed()
    ));
}

fn pair(sale: &Sale, next: &Sale, included: bool) -> Pair {
    let mut chance = Chance::of(sale, 5);
    let place = chance.below(sale.lines.len() as i64) as usize;
    let (line, off) = (&sale.lines[place], sale.discount_shares());
    let off: i64 = off.iter().map(|of_lines| of_lines[place].0).sum();
    let sold = line.quantity.0 / 1_000;
    let back = 1 + chance.below(sold);
    let tax: i64 = line.taxes.iter().map(|tax| worth(tax.amount.0, back, sold)).sum();
    let returned = worth(line.net.0 - off, back, sold) + if included { 0 } else { tax };
    let new = &next.lines[chance.below(next.lines.len() as i64) as usize];
    let new = SaleLine { line: 1, taxes: taxes(new.net.0, included), ..new.clone() };
    let taken =
        new.net.0 + if included { 0 } else { new.taxes.iter().map(|tax| tax.amount.0).sum() };
    let due = taken - returned;
    let tenders = (due > 0).then(|| tender(1, TenderType::Cash, due + 7, 7));
    let goods =
        ExchangeLine { line: new, attributes: BTreeMap::new(), exchanged_for: None, priced: true };
    let goods = ExchangeDraft {
        lines: vec![goods],
        discounts: Vec::new(),
        taxes: Vec::new(),
        charges: Vec::new(),
        tenders: tenders.into_iter().collect(),
        receipt: None,
        prices_include_tax: Some(included),
        cash_rounding: None,
    };
    let draft = with(draft(vec![units(line.line, back)]), |draft| {
        (draft.store, draft.sale, draft.exchange) =
            (STORE.to_owned(), Some(SaleRef::Id(sale.id)), Some(goods));
    });
    Pair { draft, returned, taken }
}

/// Records it, and answers the net: new less returned.
fn exchange(counter: &mut Counter, sale: Sale, pair: Pair) -> i64 {
    let receipt = sale.receipt.clone();
    counter.state.load_book(Book::new(Arc::new(sale)));
    let totals = counter.check(&pair.draft).unwrap().totals;
    let told =
        [totals.returned, totals.exchanged, totals.due, totals.refund].map(|amount| amount.0);
    let net = pair.taken - pair.returned;
    assert_eq!(told, [pair.returned, pair.taken, net.max(0), (-net).max(0)], "{receipt}");
    let recorded = counter.record(pair.draft).unwrap();
    let out: i64 = recorded.refunds.iter().map(|refund| refund.plan.amount.0).sum();
    assert_eq!(out, (-net).max(0), "{receipt}");
    let exchange = recorded.exchange.unwrap();
    let carried: i64 = exchange.carried.iter().map(|part| part.amount.0).sum();
    assert_eq!(carried, pair.taken.min(pair.returned), "{receipt}");
    let new = &counter.state.book(exchange.sale).unwrap().sale;
    assert_eq!((new.total.0, new.misfits()), (pair.taken, vec![]), "{receipt}");
    for movement in &counter.state.changes.movements {
        assert_eq!(movement.posting.amounts.imbalance(), 0, "{receipt}");
    }
    net
}
