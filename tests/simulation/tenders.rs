//! The model's way of money back to tenders: each in its turn, by the first means that is open.

use crate::exchanges::Carried;
use crate::ledger::{Books, Paid, shared};
use crate::terms::{Order, Terms};
use crate::verdict::Needed;
use returndesk::domain::decision::Code;
use returndesk::domain::tender::TenderType;
use returndesk::domain::words::RefundTo;

/// What surrounds the money of one return.
#[derive(Clone, Copy)]
pub struct Circumstances<'a> {
    /// The coin that cash is rounded to.
    pub coin: i64,
    pub refund_to: RefundTo,
    pub unavailable: &'a [u32],
    /// Today, in days from 1970.
    pub today: i64,
}

/// A refund as foretold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    pub sale: usize,
    pub tender: usize,
    pub kind: TenderType,
    pub amount: i64,
    pub rounding: i64,
    pub fallbacks: Vec<TenderType>,
}

/// The money of one return.
#[derive(Clone, Debug, Default)]
pub struct Purse {
    pub refunds: Vec<Planned>,
    pub carried: Vec<Carried>,
    pub needed: Vec<Needed>,
    /// Something could not be paid.
    pub short: bool,
    cash: i64,
}

impl Purse {
    /// Pays an exact amount of one sale under one set of terms.
    pub fn pay(
        &mut self,
        sale: usize,
        books: &mut Books,
        amount: i64,
        terms: &Terms,
        around: &Circumstances<'_>,
    ) {
        let mut left = amount;
        for (place, most) in in_order(&books.tenders, amount, terms.order) {
            let exact = left.min(most).min(books.tenders[place].free());
            if exact > 0 {
                left -= exact;
                self.pay_one((sale, place), books, exact, terms, around);
            }
        }
        self.short |= left > 0;
    }

    fn pay_one(
        &mut self,
        at: (usize, usize),
        books: &mut Books,
        exact: i64,
        terms: &Terms,
        around: &Circumstances<'_>,
    ) {
        let cash = self.cash.max(books.cash());
        let tender = &mut books.tenders[at.1];
        let (means, fallbacks) = self.means(tender, terms, around);
        let mut in_cash = exact;
        if let Some(limit) = terms.cash_limit.filter(|_| means == TenderType::Cash) {
            in_cash = exact.min((limit - cash).max(0));
            if in_cash < exact {
                self.hand_out(at, tender, exact - in_cash, TenderType::StoreCredit, &[], around);
            }
        }
        if in_cash > 0 {
            self.hand_out(at, tender, in_cash, means, &fallbacks, around);
        }
    }

    /// By what the money goes, and by what else it may.
    fn means(
        &mut self,
        tender: &Paid,
        terms: &Terms,
        around: &Circumstances<'_>,
    ) -> (TenderType, Vec<TenderType>) {
        let uncleared =
            tender.kind == TenderType::Check && around.today < tender.on + terms.check_days;
        let closed = around.unavailable.contains(&tender.number) || uncleared;
        let allowed = terms.means(tender.kind);
        let open = |means: &TenderType| match *means == tender.kind {
            true => !closed,
            false => !(uncleared && *means == TenderType::Cash),
        };
        let open: Vec<TenderType> = allowed.iter().copied().filter(open).collect();
        let manager = |code| Needed { code, rank: 2, people: 1 };
        let asked = match around.refund_to {
            RefundTo::Original => None,
            RefundTo::StoreCredit => Some(TenderType::StoreCredit),
            RefundTo::GiftCard => Some(TenderType::GiftCard),
            RefundTo::Cash => Some(TenderType::Cash),
            RefundTo::Check => Some(TenderType::Check),
        };
        let Some(means) = asked.or(open.first().copied()) else {
            let code = if uncleared { Code::TenderNotCleared } else { Code::TenderNotAllowed };
            self.needed.push(manager(code));
            return (TenderType::StoreCredit, vec![]);
        };
        if !allowed.contains(&means) {
            self.needed.push(manager(Code::TenderNotAllowed));
        }
        if uncleared && matches!(means, TenderType::Cash | TenderType::Check) {
            self.needed.push(manager(Code::TenderNotCleared));
        }
        (means, open.into_iter().filter(|other| *other != means).collect())
    }

    fn hand_out(
        &mut self,
        (sale, place): (usize, usize),
        tender: &mut Paid,
        exact: i64,
        kind: TenderType,
        fallbacks: &[TenderType],
        around: &Circumstances<'_>,
    ) {
        let amount = tender.payout(exact, kind, around.coin);
        tender.give(kind, amount, amount - exact);
        self.cash += if kind == TenderType::Cash { exact } else { 0 };
        let known =
            self.refunds.iter_mut().find(|r| (r.sale, r.tender, r.kind) == (sale, place, kind));
        match known {
            Some(refund) => {
                refund.amount += amount;
                refund.rounding += amount - exact;
            }
            None => {
                let fallbacks = fallbacks.to_vec();
                self.refunds.push(Planned {
                    sale,
                    tender: place,
                    kind,
                    amount,
                    rounding: amount - exact,
                    fallbacks,
                });
            }
        }
    }

    /// Cash stands in for nothing where not everything, of the return and of the sale so far, could
    /// be had in cash.
    pub fn close(&mut self, limit: Option<i64>, given: impl Fn(usize) -> i64) {
        let total: i64 = self.refunds.iter().map(|refund| refund.amount).sum();
        for refund in &mut self.refunds {
            let most = total.max(given(refund.sale));
            if limit.is_some_and(|limit| most > limit) {
                refund.fallbacks.retain(|kind| *kind != TenderType::Cash);
            }
        }
    }
}

impl Paid {
    /// What is handed out for an exact amount: cash in coins, what earlier ones were rounded by
    /// made up for; the last of it all that is left, where coins can pay it.
    pub fn payout(&self, exact: i64, means: TenderType, coin: i64) -> i64 {
        let rest = (self.paid - self.refunded).max(0);
        let last = self.refunded - self.rounding + exact == self.exact.max(0);
        if means != TenderType::Cash || coin == 1 {
            return if last { rest } else { exact.min(rest) };
        }
        let in_coins = rest / coin * coin;
        let odd = self.kind == TenderType::Cash && self.paid % coin != 0;
        if last && (in_coins == rest || odd) {
            return rest;
        }
        let due = (exact - self.rounding).max(0);
        ((due + coin / 2) / coin * coin).min(in_coins)
    }

    /// Of its exact part, what has not gone back.
    pub fn free(&self) -> i64 {
        (self.exact.max(0) - (self.refunded - self.rounding)).max(0)
    }
}

/// Places in their turn, each with the most it is to give.
pub fn in_order(tenders: &[Paid], amount: i64, order: Order) -> Vec<(usize, i64)> {
    let all = 0..tenders.len();
    let each = |places: Vec<usize>| places.into_iter().map(|place| (place, amount)).collect();
    match order {
        Order::First => each(all.collect()),
        Order::Last => each(all.rev().collect()),
        Order::CardsFirst => {
            let is_card = |place: &usize| tenders[*place].kind == TenderType::CreditCard;
            each(
                all.clone()
                    .filter(is_card)
                    .chain(all.clone().filter(|place| !is_card(place)))
                    .collect(),
            )
        }
        Order::Proportional => {
            let free: Vec<i64> = tenders.iter().map(Paid::free).collect();
            all.zip(shared(amount.min(free.iter().sum()), &free)).collect()
        }
    }
}
