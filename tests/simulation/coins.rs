//! The model's cash in coins, written from docs/money.md, section 9: all cash of one return is
//! rounded as one amount, and each sale remembers what it is ahead or behind.

use crate::exchanges::Carried;
use crate::ledger::{Books, Paid, nearest};
use crate::tenders::{Planned, Purse};
use returndesk::domain::tender::TenderType;
use std::collections::BTreeMap;

/// Cash of a return that is not in coins yet.
#[derive(Clone, Debug)]
pub struct Waiting {
    sale: usize,
    place: usize,
    /// Whether it goes into new goods.
    carried: bool,
    due: i64,
}

impl Books {
    /// Takes an exact amount from a tender, and says what leaves it for now: cash that is to be
    /// rounded later waits.
    pub fn take(
        &mut self,
        (sale, place): (usize, usize),
        exact: i64,
        (means, carried): (TenderType, bool),
        coin: i64,
        waiting: &mut Vec<Waiting>,
    ) -> i64 {
        let tender = &mut self.tenders[place];
        let due = tender.due(exact);
        let amount = if means != TenderType::Cash || coin == 1 {
            due.max(0)
        } else if tender.is_small_change(coin) {
            tender.small_change(exact, coin)
        } else {
            let known = waiting.iter().any(|cash| (cash.sale, cash.place) == (sale, place));
            let before = if known { 0 } else { tender.rounding };
            waiting.push(Waiting { sale, place, carried, due: due - before });
            exact
        };
        match carried {
            true => tender.move_over(amount, amount - exact),
            false => tender.give(means, amount, amount - exact),
        }
        amount
    }

    /// What is handed out in coins for one tender by itself.
    pub fn alone(&self, place: usize, exact: i64, coin: i64) -> i64 {
        let tender = &self.tenders[place];
        match tender.is_small_change(coin) {
            true => tender.small_change(exact, coin),
            false => to_coins(tender.due(exact) - self.ahead(coin, |_| true), coin),
        }
    }

    /// How far the refunds of some tenders are ahead: but for those rounded by themselves.
    fn ahead(&self, coin: i64, of: impl Fn(usize) -> bool) -> i64 {
        let tenders = self.tenders.iter().enumerate();
        let together = tenders.filter(|(place, t)| of(*place) && !t.is_small_change(coin));
        together.map(|(_, tender)| tender.ahead()).sum()
    }

    /// The most that anything of the sale is off, that is rounded together.
    pub fn off(&self, coin: i64) -> i64 {
        let small = self.tenders.iter().filter(|tender| tender.is_small_change(coin));
        let small = small.map(|tender| tender.ahead().abs()).max().unwrap_or(0);
        small.max(self.ahead(coin, |_| true).abs())
    }
}

impl Purse {
    /// Rounds the cash that waits: what is due in all so far, in coins, less what came before.
    pub fn in_coins(&mut self, books: &mut BTreeMap<usize, Books>, coin: i64) {
        let waiting = std::mem::take(&mut self.waiting);
        let waits = |at: (usize, usize)| waiting.iter().any(|cash| (cash.sale, cash.place) == at);
        let mut due: i64 = (books.iter())
            .filter(|(sale, _)| waiting.iter().any(|cash| cash.sale == **sale))
            .map(|(sale, books)| -books.ahead(coin, |place| !waits((*sale, place))))
            .sum();
        let mut paid = 0;
        let mut parts: Vec<((usize, usize, bool), i64)> = Vec::new();
        for cash in &waiting {
            let at = (cash.sale, cash.place, cash.carried);
            match parts.iter_mut().find(|part| part.0 == at) {
                Some(part) => part.1 += cash.due,
                None => parts.push((at, cash.due)),
            }
        }
        for ((sale, place, carried), part) in parts {
            due += part;
            let coins = to_coins(due - paid, coin);
            paid += coins;
            let (amount, rounding) = self.of(sale, place, carried);
            let more = coins - *amount;
            *amount += more;
            *rounding += more;
            let tender = &mut books.get_mut(&sale).unwrap().tenders[place];
            tender.refunded += more;
            tender.rounding += more;
        }
    }

    fn of(&mut self, sale: usize, place: usize, carried: bool) -> (&mut i64, &mut i64) {
        if carried {
            let mut all = self.carried.iter_mut();
            let Carried { amount, rounding, .. } =
                all.find(|part| (part.sale, part.tender) == (sale, place)).unwrap();
            return (amount, rounding);
        }
        let cash = |plan: &&mut Planned| {
            (plan.sale, plan.tender, plan.kind) == (sale, place, TenderType::Cash)
        };
        let Planned { amount, rounding, .. } = self.refunds.iter_mut().find(cash).unwrap();
        (amount, rounding)
    }
}

/// The nearest number of coins, half-way up; never less than none.
fn to_coins(due: i64, coin: i64) -> i64 {
    nearest(i128::from(due.max(0)), i128::from(coin)) * coin
}

impl Paid {
    /// The last of a tender with what the sale's own rounding added to it.
    fn due(&self, exact: i64) -> i64 {
        exact + if self.free() == exact { self.paid - self.exact } else { 0 }
    }

    /// Cash that was paid in coins smaller than today's.
    fn is_small_change(&self, coin: i64) -> bool {
        self.kind == TenderType::Cash && self.number > 0 && self.paid % coin != 0
    }

    fn small_change(&self, exact: i64, coin: i64) -> i64 {
        let rest = (self.paid - self.refunded).max(0);
        match self.free() == exact {
            true => rest,
            false => to_coins(exact - self.rounding, coin).min(rest / coin * coin),
        }
    }

    /// How far its refunds are ahead of the exact amounts. Once all is back, what the sale's own
    /// rounding added had to go back, too.
    fn ahead(&self) -> i64 {
        let all = self.exact > 0 && self.free() == 0;
        self.rounding - if all { self.paid - self.exact } else { 0 }
    }
}
