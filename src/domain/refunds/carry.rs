//! Money that stays in the shop: what came back pays for the new goods of an exchange (PRODUCT §8).
//!
//! Each part leaves the tender it was paid with, as a refund does, and becomes a tender of the new
//! sale of the same kind, with the same reference and card. So whatever is brought back later, of
//! the old sale or of the new one and however long the chain, goes to the means the customer first
//! paid with, and none gives more than it paid.

use super::super::book::Book;
use super::super::money::Minor;
use super::super::policy::Resolved;
use super::super::sale::{Card, Tender};
use super::super::tender::TenderType;
use super::super::tie::Carried;
use super::{Into, Plan, Terms, capacity, shares};
use jiff::civil::Date;
use uuid::Uuid;

/// A part of the money that is carried into the new sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carry {
    /// The sale and tender that it leaves; none for money that is of no tender.
    pub from: Option<(Uuid, u32)>,
    /// The sale and tender that the customer paid first.
    pub origin: Option<(Uuid, u32)>,
    /// The day of that payment.
    pub paid_on: Date,
    pub kind: TenderType,
    pub reference: Option<String>,
    pub card: Option<Card>,
    /// What the new tender is worth.
    pub amount: Minor,
    /// What cash rounding adds to the exact amount (negative: keeps). `amount − rounding` is exact.
    pub rounding: Minor,
}

impl Plan {
    /// Carries `amount`, exact, from the tenders of a sale in the order they would be paid back,
    /// and enters it in the book. No means has to be usable, or a check cleared: nothing is paid
    /// out.
    pub fn carry(
        &mut self,
        book: &mut Book,
        amount: Minor,
        policy: &Resolved<'_>,
        terms: &Terms<'_>,
    ) {
        let mut left = amount;
        for (place, most) in shares(book, amount, policy.tender_order.value, terms.redeemed) {
            let exact = Minor(left.0.min(most.0).min(capacity(book, place, terms.redeemed).0));
            if exact.is_positive() {
                self.move_over(book, place, exact, terms);
                left.0 -= exact.0;
            }
        }
        if left.is_positive() {
            self.exhausted(book, amount, left, terms);
        }
        if terms.gift_receipt {
            self.carried
                .iter_mut()
                .filter(|c| c.from.is_some_and(|(sale, _)| sale == book.sale.id))
                .for_each(Carry::give);
        }
    }

    /// Carries money that is of no tender, as the shop's own credit.
    pub fn carry_credit(&mut self, amount: Minor, terms: &Terms<'_>) {
        if amount.is_positive() {
            self.carried.push(Carry {
                from: None,
                origin: None,
                paid_on: terms.today,
                kind: TenderType::StoreCredit,
                reference: None,
                card: None,
                amount,
                rounding: Minor::ZERO,
            });
        }
    }

    fn move_over(&mut self, book: &mut Book, place: usize, exact: Minor, terms: &Terms<'_>) {
        let paid_with = book.sale.tenders[place].clone();
        // Cash is carried in coins there are, so that what is carried and what is left can both be
        // paid out one day.
        let from = Some((book.sale.id, paid_with.tender));
        let known = self.carried.iter().position(|carry| carry.from == from);
        let into = Into::Carried(known.unwrap_or(self.carried.len()));
        let amount = self.take(book, place, exact, (paid_with.kind, into), terms);
        let rounding = Minor(amount.0 - exact.0);
        match known.map(|known| &mut self.carried[known]) {
            Some(carry) => {
                carry.amount.0 += amount.0;
                carry.rounding.0 += rounding.0;
            }
            None => {
                let before = book.sale.carried(paid_with.tender);
                self.carried.push(Carry {
                    from,
                    origin: before.map_or(from, |carried| carried.origin),
                    paid_on: book.sale.paid_on(paid_with.tender),
                    kind: paid_with.kind,
                    reference: paid_with.reference,
                    card: paid_with.card,
                    amount,
                    rounding,
                });
            }
        }
    }
}

impl Carry {
    /// What was a gift is its holder's own credit from now on: nothing of it goes back to the
    /// giver's tender.
    fn give(&mut self) {
        (self.origin, self.kind, self.reference, self.card) =
            (None, TenderType::StoreCredit, None, None);
    }

    /// The tender of the new sale, under this number.
    pub fn tender(&self, number: u32) -> Tender {
        Tender {
            tender: number,
            kind: self.kind,
            amount: self.amount,
            change: Minor::ZERO,
            reference: self.reference.clone(),
            card: self.card.clone(),
        }
    }

    /// Where that tender's money came from.
    pub fn carried(&self, number: u32) -> Carried {
        Carried {
            tender: number,
            origin: self.origin,
            paid_on: self.paid_on,
            rounding: self.rounding,
        }
    }
}
