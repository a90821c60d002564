//! The model's way of money back to tenders: each in its turn, by the first means that is open.

use crate::coins::Waiting;
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
    pub waiting: Vec<Waiting>,
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
        for (place, most) in in_order(books, amount, terms.order) {
            let exact = left.min(most).min(books.open(place));
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
        let (means, fallbacks) = self.means(&books.tenders[at.1], terms, around);
        let mut in_cash = exact;
        if let Some(limit) = terms.cash_limit.filter(|_| means == TenderType::Cash) {
            in_cash = exact.min((limit - cash).max(0));
            if in_cash < exact {
                self.hand_out(at, books, exact - in_cash, TenderType::StoreCredit, &[], around);
            }
        }
        if in_cash > 0 {
            self.hand_out(at, books, in_cash, means, &fallbacks, around);
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
        books: &mut Books,
        exact: i64,
        kind: TenderType,
        fallbacks: &[TenderType],
        around: &Circumstances<'_>,
    ) {
        let at = (sale, place);
        let amount = books.take(at, exact, (kind, false), around.coin, &mut self.waiting);
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
        let exact = |refund: &Planned| refund.amount - refund.rounding;
        let total: i64 = self.refunds.iter().map(exact).sum();
        for refund in &mut self.refunds {
            let most = total.max(given(refund.sale));
            if limit.is_some_and(|limit| most > limit) {
                refund.fallbacks.retain(|kind| *kind != TenderType::Cash);
            }
        }
    }
}

impl Paid {
    /// What has gone: back, into other goods, or to the bank.
    fn gone(&self) -> i64 {
        self.refunded - self.rounding + self.in_dispute + self.lost
    }

    /// What is left of it.
    fn left(&self) -> i64 {
        let most = self.redeemed.unwrap_or(i64::MAX / 2);
        self.free().min(most - self.gone()).max(0)
    }

    /// Of its exact part, what has not gone.
    pub fn free(&self) -> i64 {
        (self.exact.max(0) - self.gone()).max(0)
    }

    /// Of what the bank took, that which had gone before.
    fn again(&self) -> i64 {
        let taken = self.in_dispute + self.lost;
        taken.min((self.refunded + taken - self.paid).max(0))
    }

    /// The same, where the customer has it as money.
    pub fn twice(&self) -> i64 {
        (self.again() - self.carried).max(0)
    }

    /// Whether the goods that its money went into give nothing back of it.
    pub fn stops(&self) -> bool {
        self.disputed || (self.carried > 0 && self.again() > 0)
    }
}

impl Books {
    /// What may go back of a tender now: nothing that the bank disputes, and what the customer has
    /// twice of one tender is kept of the others.
    pub fn open(&self, place: usize) -> i64 {
        let tender = &self.tenders[place];
        if tender.disputed || tender.stopped {
            return 0;
        }
        match self.tenders.iter().map(Paid::twice).sum::<i64>() {
            0 => tender.left(),
            twice => {
                let all = self.tenders.iter().filter(|tender| !tender.stopped).map(Paid::left);
                tender.left().min((all.sum::<i64>() - twice).max(0))
            }
        }
    }
}

/// Places in their turn, each with the most it is to give.
pub fn in_order(books: &Books, amount: i64, order: Order) -> Vec<(usize, i64)> {
    let by_tender = books.tenders.iter().filter(|tender| tender.number > 0).count();
    let mut order = of_tenders(books, by_tender, amount, order);
    // What was paid with what came back goes back last, whatever the order.
    order.extend((by_tender..books.tenders.len()).map(|place| (place, amount)));
    order
}

fn of_tenders(books: &Books, count: usize, amount: i64, order: Order) -> Vec<(usize, i64)> {
    let tenders = &books.tenders[..count];
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
            let free: Vec<i64> = all.clone().map(|place| books.open(place)).collect();
            all.zip(shared(amount.min(free.iter().sum()), &free)).collect()
        }
    }
}
