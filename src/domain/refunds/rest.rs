//! What may still go back of a tender: never more than it paid, and of a sale no more than it paid,
//! whatever a bank took besides.

use super::super::book::Book;
use super::super::money::Minor;
use super::{Redeemed, exact_ceiling};

/// What may still be planned, exactly, for one tender; nothing while the bank disputes it, and of a
/// card of ours no more than was redeemed.
pub(super) fn capacity(book: &Book, place: usize, redeemed: &Redeemed) -> Minor {
    if book.tenders[place].disputed() {
        return Minor::ZERO;
    }
    rest(book, place, redeemed).min(room(book, redeemed))
}

/// What a tender has left.
fn rest(book: &Book, place: usize, redeemed: &Redeemed) -> Minor {
    let tender = &book.tenders[place];
    let most = redeemed.get(&(book.sale.id, book.sale.tenders[place].tender));
    let most = most.map_or(i64::MAX, |redeemed| redeemed.0).min(exact_ceiling(book, place).0);
    Minor((most - tender.exact_out().0).max(0))
}

/// What a sale has left. A bank that took what had been refunded before has given the customer
/// money twice: the other tenders give so much less.
fn room(book: &Book, redeemed: &Redeemed) -> Minor {
    let twice: i64 = book.tenders.iter().map(|tender| tender.twice().0).sum();
    if twice == 0 {
        return Minor::MAX;
    }
    let gives = |place: &usize| !book.tenders[*place].origin_charged_back;
    let rests = (0..book.tenders.len()).filter(gives).map(|place| rest(book, place, redeemed).0);
    Minor((rests.sum::<i64>() - twice).max(0))
}
