//! The ledger of all sales and of returns of them, against sums worked out apart from it.

use crate::counter::{Counter, draft, record_of, units, with};
use crate::shop::{Chance, STORE, made_up, open, rules, sales, say, worth};
use returndesk::domain::draft::SaleRef;
use returndesk::domain::ledger::{Account, Amounts};
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::sale::Sale;
use returndesk::domain::sales::RecordSale;
use returndesk::domain::state::State;
use returndesk::domain::tender::TenderType;
use std::collections::BTreeMap;
use std::time::Instant;
use uuid::Uuid;

/// Returns of each sale, and the most lines in one.
const RETURNS: usize = 2;
const LINES: usize = 4;

#[test]
fn every_movement_balances_and_the_accounts_come_to_the_sums_of_sales_and_returns() {
    let Some(sales) = sales("the ledger") else { return };
    let started = Instant::now();
    let mut books =
        Books { counter: open(&rules(r#""first""#)), booked: Amounts::default(), movements: 0 };
    let mut expected: BTreeMap<&str, i64> = BTreeMap::new();
    let mut returns = 0;
    for (place, real) in sales.iter().enumerate() {
        let sale = made_up(real, place % 2 == 0);
        let id = books.sell(&sale, &mut expected);
        returns += books.bring_back(&sale, id, &mut expected);
    }
    let booked: BTreeMap<&str, i64> =
        books.booked.iter().map(|(account, sum)| (account.as_str(), sum.0)).collect();
    expected.retain(|_, sum| *sum != 0);
    assert_eq!(booked, expected);
    say(&format!(
        "{} real sales and {returns} returns booked in {} movements ({:.1?}): {booked:?}",
        sales.len(),
        books.movements,
        started.elapsed()
    ));
}

struct Books {
    counter: Counter,
    /// All movements added up.
    booked: Amounts,
    movements: usize,
}

impl Books {
    fn perform(&mut self, command: &Command) -> (Done, Amounts) {
        let outcome = self.counter.perform(command);
        let Outcome::Done(done) = outcome else { panic!("{outcome:?}") };
        let changes = std::mem::take(&mut self.counter.state.changes);
        let mut moved = Amounts::default();
        for movement in &changes.movements {
            assert_eq!(movement.posting.amounts.imbalance(), 0, "{movement:?}");
            moved.add(&movement.posting.amounts);
        }
        self.movements += changes.movements.len();
        self.booked.add(&moved);
        (*done, moved)
    }

    fn sell(&mut self, sale: &Sale, expected: &mut BTreeMap<&str, i64>) -> Uuid {
        // A state is for one batch: what it remembers of the returns before is searched through for
        // each.
        let state = &self.counter.state;
        self.counter.state = State::new(state.shared_settings(), state.ids().clone());
        let mut digest = [0; 32];
        digest[..16].copy_from_slice(sale.id.as_bytes());
        let command = RecordSale { sale: sale.clone(), document: String::new(), digest };
        let (done, moved) = self.perform(&Command::RecordSale(Box::new(command)));
        assert_eq!(moved.turnover_sold(), sale.total, "{}", sale.receipt);
        let tax: i64 = sale.lines.iter().flat_map(|line| &line.taxes).map(|tax| tax.amount.0).sum();
        *expected.entry(Account::Tax.as_str()).or_default() -= tax;
        *expected.entry(Account::Sales.as_str()).or_default() -= sale.total.0 - tax;
        for tender in &sale.tenders {
            *expected.entry(Account::of_tender(tender.kind).as_str()).or_default() +=
                tender.amount.0 - tender.change.0;
        }
        match done {
            Done::SaleRecorded { sale, known_before: false, .. } => sale,
            other => panic!("{other:?}"),
        }
    }

    /// Some units of some lines, and again; answers how many returns there were.
    fn bring_back(&mut self, sale: &Sale, id: Uuid, expected: &mut BTreeMap<&str, i64>) -> usize {
        let mut chance = Chance::of(sale, 6);
        let off = coupon_shares(sale);
        let mut back = vec![0; sale.lines.len()];
        let (mut returns, mut so_far) = (0, 0);
        for _ in 0..RETURNS {
            let mut wanted = BTreeMap::new();
            for _ in 0..LINES {
                let place = chance.below(sale.lines.len() as i64) as usize;
                let left = sale.lines[place].quantity.0 / 1_000 - back[place];
                if left > 0 {
                    wanted.insert(place, 1 + chance.below(left));
                }
            }
            if wanted.is_empty() {
                continue;
            }
            let (net, tax) = wanted.iter().fold((0, 0), |(net, tax), (place, units)| {
                let (from, to) = (back[*place], back[*place] + units);
                back[*place] = to;
                let of_line = step(sale, *place, off[*place], from, to);
                (net + of_line.0, tax + of_line.1)
            });
            let lines =
                wanted.iter().map(|(place, back)| units(sale.lines[*place].line, *back)).collect();
            let draft = with(draft(lines), |draft| {
                (draft.store, draft.sale) = (STORE.to_owned(), Some(SaleRef::Id(id)));
            });
            let (_, moved) = self.perform(&Command::RecordReturn(Box::new(record_of(draft))));
            assert_eq!(moved.turnover_returned().0, net + tax, "{}", sale.receipt);
            *expected.entry(Account::Returns.as_str()).or_default() += net;
            *expected.entry(Account::TaxReturned.as_str()).or_default() += tax;
            pay(sale, so_far, so_far + net + tax, expected);
            (returns, so_far) = (returns + 1, so_far + net + tax);
        }
        returns
    }
}

/// What each line bears of the coupon.
fn coupon_shares(sale: &Sale) -> Vec<i64> {
    let shares = sale.discount_shares();
    (0..sale.lines.len())
        .map(|place| shares.iter().map(|of_lines| of_lines[place].0).sum())
        .collect()
}

/// Net without its taxes, and taxes, of the units of a line after `from` up to `to`.
fn step(sale: &Sale, place: usize, off: i64, from: i64, to: i64) -> (i64, i64) {
    let line = &sale.lines[place];
    let of = line.quantity.0 / 1_000;
    let step = |value: i64| worth(value, to, of) - worth(value, from, of);
    let taxes: i64 = line.taxes.iter().map(|tax| step(tax.amount.0)).sum();
    let net = step(line.net.0 - off);
    (if sale.prices_include_tax { net - taxes } else { net }, taxes)
}

/// The sale's first tender first; cash is gone at once, a card is owed until the terminal has
/// spoken.
fn pay(sale: &Sale, from: i64, to: i64, expected: &mut BTreeMap<&str, i64>) {
    let mut before = 0;
    for tender in &sale.tenders {
        let paid = tender.amount.0 - tender.change.0;
        let filled = |upto: i64| (upto - before).clamp(0, paid);
        let account =
            if tender.kind == TenderType::Cash { Account::Cash } else { Account::RefundsPayable };
        *expected.entry(account.as_str()).or_default() -= filled(to) - filled(from);
        before += paid;
    }
}
