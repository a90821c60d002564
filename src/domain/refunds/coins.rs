//! Cash in coins: all the cash of one return is rounded once, and what earlier returns of the same
//! sales were rounded by is made up for.

use super::super::book::Book;
use super::super::money::Minor;
use super::super::rounding::CashRounding;
use super::super::tender::TenderType;
use super::{Plan, closes, own_share};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Cash that is planned but not rounded yet.
pub(super) struct Pending {
    /// The sale, and the place of its tender; none for goods without a receipt.
    of: Option<(Uuid, usize)>,
    into: Into,
    /// The exact amount, less what the tender's refunds so far were rounded by.
    due: i64,
}

/// Where the coins go: a refund or a transfer of the plan, by its place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Into {
    Refund(usize),
    Carried(usize),
}

impl Plan {
    /// Notes cash for `exact` of a tender, before it is entered in the book.
    pub(super) fn note_cash(&mut self, book: &Book, place: usize, exact: Minor, into: Into) {
        let own = if closes(book, place, exact) { own_share(book, place) } else { 0 };
        let of = Some((book.sale.id, place));
        match self.pending.iter_mut().find(|cash| cash.of == of && cash.into == into) {
            Some(cash) => cash.due += exact.0 + own,
            None => {
                let noted = self.pending.iter().any(|cash| cash.of == of);
                let before = if noted { 0 } else { book.tenders[place].rounding.0 };
                self.pending.push(Pending { of, into, due: exact.0 + own - before });
            }
        }
    }

    /// Notes cash for goods without a receipt.
    pub(super) fn note_cash_without_sale(&mut self, exact: Minor, into: Into) {
        match self.pending.iter_mut().find(|cash| cash.of.is_none() && cash.into == into) {
            Some(cash) => cash.due += exact.0,
            None => self.pending.push(Pending { of: None, into, due: exact.0 }),
        }
    }

    /// Rounds all the cash of the plan as one amount. Each part is the rounded sum up to it, less
    /// the parts before it; the first part makes up for what other tenders of the sales were
    /// rounded by.
    pub fn in_coins(&mut self, books: &mut BTreeMap<Uuid, Book>, rounding: Option<CashRounding>) {
        let Some(rounding) = rounding else { return };
        let pending = std::mem::take(&mut self.pending);
        let is_noted = |sale, place| pending.iter().any(|cash| cash.of == Some((sale, place)));
        let of_cash =
            |sale: &Uuid| pending.iter().any(|cash| cash.of.is_some_and(|of| of.0 == *sale));
        let mut ahead: i64 = (books.iter())
            .filter(|(sale, _)| of_cash(sale))
            .map(|(sale, book)| ahead(book, rounding.step, |place| !is_noted(*sale, place)))
            .sum();
        for cash in pending {
            let amount = coins(cash.due - ahead, rounding);
            ahead += amount - cash.due;
            self.enter_coins(&cash, amount, books);
        }
    }

    /// Enters what coins differ by from the exact amount that was entered before.
    fn enter_coins(&mut self, cash: &Pending, amount: i64, books: &mut BTreeMap<Uuid, Book>) {
        let (planned, rounding) = match cash.into {
            Into::Refund(place) => {
                let refund = &mut self.refunds[place];
                (&mut refund.amount, &mut refund.rounding)
            }
            Into::Carried(place) => {
                let carry = &mut self.carried[place];
                (&mut carry.amount, &mut carry.rounding)
            }
        };
        let more = amount - planned.0;
        planned.0 += more;
        rounding.0 += more;
        let book = cash.of.and_then(|(sale, place)| Some((books.get_mut(&sale)?, place)));
        if let Some((book, place)) = book {
            book.tenders[place].refunded.0 += more;
            book.tenders[place].rounding.0 += more;
        }
    }
}

/// Returns the coins for `exact` of one tender that is paid by itself, such as for a refund that
/// failed.
pub(super) fn alone(book: &Book, place: usize, exact: Minor, rounding: CashRounding) -> Minor {
    if in_smaller_coins(book, place, rounding.step) {
        return small_change(book, place, exact, rounding);
    }
    let own = if closes(book, place, exact) { own_share(book, place) } else { 0 };
    let ahead = ahead(book, rounding.step, |_| true);
    Minor(coins(exact.0 + own - ahead, rounding))
}

/// Returns what is paid for `exact` of a cash tender that was no multiple of today's coin: it is
/// rounded by itself, and at the end is whatever is left of it.
pub(super) fn small_change(
    book: &Book,
    place: usize,
    exact: Minor,
    rounding: CashRounding,
) -> Minor {
    let rest = book.tenders[place].refundable().0;
    if closes(book, place, exact) {
        return Minor(rest);
    }
    let due = exact.0 - book.tenders[place].rounding.0;
    Minor(coins(due, rounding).min(rest - rest % rounding.step))
}

/// Returns the nearest amount in coins, never less than nothing.
pub(super) fn coins(due: i64, rounding: CashRounding) -> i64 {
    rounding.round(Minor(due)).0.max(0)
}

/// Returns by how much the money that left tenders of a sale is ahead of the exact amounts
/// (negative: behind). Tenders that were paid in smaller coins are rounded by themselves.
fn ahead(book: &Book, step: i64, counts: impl Fn(usize) -> bool) -> i64 {
    (0..book.tenders.len())
        .filter(|place| counts(*place) && !in_smaller_coins(book, *place, step))
        .map(|place| of_tender(book, place))
        .sum()
}

/// Returns the largest rounding that a sale has on its own account: of the tenders that are rounded
/// together, or of one that was paid in smaller coins.
pub fn off_by(book: &Book, step: i64) -> i64 {
    let apart = (0..book.tenders.len())
        .filter(|place| in_smaller_coins(book, *place, step))
        .map(|place| of_tender(book, place).abs());
    apart.chain([ahead(book, step, |_| true).abs()]).max().unwrap_or(0)
}

/// The sale's own rounding is no debt once all that was paid is back.
fn of_tender(book: &Book, place: usize) -> i64 {
    let own = if closes(book, place, Minor::ZERO) { own_share(book, place) } else { 0 };
    book.tenders[place].rounding.0 - own
}

/// Returns true if the customer's own cash was no multiple of today's coin.
pub(super) fn in_smaller_coins(book: &Book, place: usize, step: i64) -> bool {
    let paid_with = &book.sale.tenders[place];
    let in_cash = paid_with.kind == TenderType::Cash && !paid_with.is_in_kind();
    in_cash && book.tenders[place].paid.0 % step != 0
}
