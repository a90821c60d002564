//! The book of a sale: what has come back of each line, and what has gone back to each tender.
//!
//! The sale itself never changes; this is all that does. Amounts returned are computed from here
//! alone, so that any sequence of partial returns, voids and price adjustments pays exactly the
//! value of the line, never a cent more.

mod before;
mod charge;
mod converted;
mod forgone;
mod taxes;
mod withheld;

#[cfg(test)]
mod tests;

pub use charge::{ChargeBook, ChargeParts};
pub use converted::Opening;

use super::allocate::{cumulative, largest_remainder};
use super::money::Minor;
use super::quantity::Quantity;
use super::sale::{PaidLine, Sale, Tax};
use super::tender::TenderType;
use jiff::Timestamp;
use std::sync::Arc;

/// A sale and what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    pub sale: Arc<Sale>,
    /// One for each line of the sale, in its order.
    pub lines: Vec<LineBook>,
    /// One for each tender of the sale, in its order.
    pub tenders: Vec<TenderBook>,
    /// One for each charge of the sale, in its order.
    pub charges: Vec<ChargeBook>,
    /// When it was voided, by itself or with its exchange: nothing of it can come back.
    pub voided_at: Option<Timestamp>,
    /// How many returns have taken of its lines, voided ones included: each has its number.
    pub returns: i64,
}

/// The state of one line. `values` are the parts that are paid back separately: the net after the
/// sale's discounts, then each tax, then each share of a sale-level discount (told, not paid: it is
/// already off the net).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineBook {
    pub sold: Quantity,
    pub returned: Quantity,
    /// Serial numbers that have come back.
    pub serials_returned: Vec<String>,
    /// The line's taxes, its shares of the receipt's among them.
    taxes: Arc<[Tax]>,
    /// The line's own discounts, as the lines of a promotion share them.
    discounts: Arc<[Minor]>,
    values: Vec<Minor>,
    /// Where the sharing starts: 0 and the full values, or the point of the last price adjustment.
    base: Base,
    /// What has been given back of each value so far.
    given: Vec<Minor>,
    /// What repricing keeps for now of the net and of each tax of units that are back; empty where
    /// no return was repriced.
    withheld: Vec<Minor>,
    /// What nobody gets of the net and of each tax of units that came back for a lower price; empty
    /// where all came back for what they were worth.
    forgone: Vec<Minor>,
}

/// From `quantity` on, `left` is shared by the units that remain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    pub quantity: Quantity,
    pub left: Vec<Minor>,
}

/// The parts of one amount taken from a line.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Parts {
    pub net: Minor,
    pub taxes: Vec<Minor>,
    pub discount_shares: Vec<Minor>,
    /// What the customer gets: net, and the taxes unless the net contains them.
    pub gross: Minor,
    /// What repricing withheld of the net and of each tax, which `net` and `taxes` are already
    /// less; below nothing where it is released. Empty where the return was not repriced.
    pub withheld: Vec<Minor>,
    /// What is not given of the net and of each tax since a lower price was asked, which `net` and
    /// `taxes` are already less. Empty where that is nothing.
    pub forgone: Vec<Minor>,
}

/// The state of one tender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TenderBook {
    /// Amount less change; nothing where it was paid out.
    pub paid: Minor,
    /// Paid back so far, settled or not; failed refunds are taken off again. At most what was paid
    /// and what cash rounding added.
    pub refunded: Minor,
    /// Of `refunded`, what cash rounding added (or, negative, kept).
    pub rounding: Minor,
    /// Paid out in cash, exact: whatever the tender is.
    pub in_cash: Minor,
    /// Gone into the new goods of exchanges, exact: not given back to the customer.
    pub carried: Minor,
    /// The bank has an open dispute on this tender.
    pub charged_back: bool,
    /// What it took for the open dispute.
    pub in_dispute: Minor,
    /// What it keeps for the open dispute besides.
    pub dispute_fee: Minor,
    /// What it took in disputes that were lost: the customer has it.
    pub lost: Minor,
    /// What it kept for all disputes, the open one's included.
    pub bank_fees: Minor,
    /// The money came from a tender of the first sale that the bank disputes, or of which it took
    /// what had been carried on.
    pub origin_charged_back: bool,
}

/// A line's change of state as it is stored when it is out of the ordinary: a price adjustment, or
/// serial numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineExtras {
    pub base: Option<Base>,
    pub given: Option<Vec<Minor>>,
    pub serials_returned: Vec<String>,
    pub withheld: Vec<Minor>,
    pub forgone: Vec<Minor>,
}

impl LineBook {
    /// The book of a line of which nothing has come back.
    pub fn new(sold: Quantity, paid: PaidLine) -> LineBook {
        let mut values = vec![paid.net];
        values.extend(paid.taxes.iter().map(|tax| tax.amount));
        values.extend(paid.discount_shares);
        LineBook {
            sold,
            returned: Quantity::ZERO,
            serials_returned: Vec::new(),
            taxes: paid.taxes.into(),
            discounts: paid.discounts.into(),
            base: Base { quantity: Quantity::ZERO, left: values.clone() },
            given: vec![Minor::ZERO; values.len()],
            withheld: Vec::new(),
            forgone: Vec::new(),
            values,
        }
    }

    /// The same line with what has been stored of it.
    pub fn restore(mut self, returned: Quantity, extras: LineExtras) -> LineBook {
        self.returned = returned;
        self.serials_returned = extras.serials_returned;
        self.withheld = extras.withheld;
        self.forgone = extras.forgone;
        if let Some(base) = extras.base {
            self.base = base;
        }
        self.given = match extras.given {
            Some(given) => given,
            None => {
                self.values.iter().map(|value| cumulative(*value, returned, self.sold)).collect()
            }
        };
        self
    }

    /// What must be stored beside the returned quantity: nothing for a line returned in the
    /// ordinary way.
    pub fn extras(&self) -> LineExtras {
        let unusual = self.base.quantity != Quantity::ZERO || self.base.left != self.values;
        let adjusted = unusual || !self.withheld.is_empty() || !self.forgone.is_empty();
        LineExtras {
            base: adjusted.then(|| self.base.clone()),
            given: adjusted.then(|| self.given.clone()),
            serials_returned: self.serials_returned.clone(),
            withheld: self.withheld.clone(),
            forgone: self.forgone.clone(),
        }
    }

    /// What may still come back.
    pub fn returnable(&self) -> Quantity {
        Quantity(self.sold.0 - self.returned.0)
    }

    /// What the customer paid for the line, taxes and sale-level discounts included.
    pub fn value(&self) -> Minor {
        self.paid_sum(&self.values)
    }

    /// What has been given back of it.
    pub fn refunded(&self) -> Minor {
        self.paid_sum(&self.given)
    }

    /// What can still be given back while the goods stay.
    pub fn adjustable(&self) -> Minor {
        self.paid_sum(&self.left())
    }

    /// Net paid for the whole line, after all discounts.
    pub fn net_value(&self) -> Minor {
        self.values[0]
    }

    /// Net given back so far.
    pub fn net_given(&self) -> Minor {
        self.given[0]
    }

    /// Each tax of the whole line.
    pub fn tax_values(&self) -> &[Minor] {
        &self.values[1..1 + self.taxes.len()]
    }

    /// Each tax given back so far.
    pub fn taxes_given(&self) -> &[Minor] {
        &self.given[1..1 + self.taxes.len()]
    }

    /// The line's share of each discount of the whole sale.
    pub fn discount_shares(&self) -> &[Minor] {
        &self.values[1 + self.taxes.len()..]
    }

    /// The line's taxes, its shares of the receipt's among them.
    pub fn taxes(&self) -> &[Tax] {
        &self.taxes
    }

    /// The line's own discounts, as the lines of a promotion share them.
    pub fn discounts(&self) -> &[Minor] {
        &self.discounts
    }

    /// Amounts of the line's taxes with the taxes' codes; none for none.
    pub fn with_codes(&self, amounts: &[Minor]) -> Vec<(String, Minor)> {
        self.taxes.iter().map(|tax| tax.code.clone()).zip(amounts.iter().copied()).collect()
    }

    /// Of amounts of the line's taxes, the sum of those that are on top of the net.
    pub fn added(&self, amounts: &[Minor]) -> Minor {
        let on_top = self.taxes.iter().zip(amounts).filter(|(tax, _)| !tax.is_contained());
        Minor(on_top.map(|(_, amount)| amount.0).sum())
    }

    /// What the customer gets of net and taxes, which stand first among `values`: a tax that the
    /// net contains is in it already, and a discount's share is off it.
    fn paid_sum(&self, values: &[Minor]) -> Minor {
        Minor(values[0].0 + self.added(&values[1..]).0)
    }

    /// Spreads `amount` over what is paid of `values`, net and added taxes, by largest remainder.
    /// A tax that the net contains goes down in proportion to it; a discount share is not given
    /// twice.
    fn portion(&self, amount: Minor, values: &[Minor]) -> Vec<Minor> {
        let contained = |tax: &Tax| tax.is_contained();
        let mut weights = vec![values[0]];
        weights.extend(
            self.taxes
                .iter()
                .zip(&values[1..])
                .map(|(tax, value)| if contained(tax) { Minor::ZERO } else { *value }),
        );
        let mut parts = largest_remainder(amount, &weights);
        let (net, whole) = (i128::from(parts[0].0), i128::from(values[0].0).max(1));
        for (place, _) in self.taxes.iter().enumerate().filter(|(_, tax)| contained(tax)) {
            let share = i128::from(values[1 + place].0) * net;
            parts[1 + place] = Minor(super::allocate::half_up(share, whole));
        }
        parts.resize(self.values.len(), Minor::ZERO);
        parts
    }

    /// Takes `quantity` more units back and tells what they are worth.
    /// None if that is more than is left; the caller has then a finding to make.
    pub fn take(&mut self, quantity: Quantity) -> Option<Parts> {
        let to = Quantity(self.returned.0.checked_add(quantity.0)?);
        if quantity.0 < 0 || to > self.sold {
            return None;
        }
        let (from, of) = (self.since_base(self.returned), self.since_base(self.sold));
        let upto = self.since_base(to);
        let worth: Vec<Minor> = (self.base.left.iter())
            .map(|left| Minor(cumulative(*left, upto, of).0 - cumulative(*left, from, of).0))
            .collect();
        self.returned = to;
        Some(self.give(worth))
    }

    /// Takes units back for less than they are worth: what is not given of them is given to nobody.
    /// None if more units or more money are asked than are left.
    pub fn take_for(&mut self, quantity: Quantity, amount: Minor) -> Option<Parts> {
        let before = self.clone();
        let whole = self.take(quantity)?;
        if amount.0 < 0 || amount > whole.gross {
            *self = before;
            return None;
        }
        let all = self.flatten(&whole);
        let worth = self.portion(amount, &all);
        let left = before.base_left_after(&all, self.returned);
        self.given = before.given;
        self.base = Base { quantity: self.returned, left };
        Some(self.give(worth))
    }

    /// What the units still to come share once `taken` is off: by what was to be shared, not by
    /// what was given.
    fn base_left_after(&self, taken: &[Minor], returned: Quantity) -> Vec<Minor> {
        debug_assert!(returned >= self.returned);
        let (from, of) = (self.since_base(self.returned), self.since_base(self.sold));
        let rest = |(left, taken): (&Minor, &Minor)| {
            Minor(left.0 - cumulative(*left, from, of).0 - taken.0)
        };
        self.base.left.iter().zip(taken).map(rest).collect()
    }

    fn since_base(&self, quantity: Quantity) -> Quantity {
        Quantity(quantity.0 - self.base.quantity.0)
    }

    /// Gives `amount` back while the goods stay: capped by what is left, and shared over net and
    /// taxes as they are left. Later returns share the rest. None if more is asked than is left.
    pub fn adjust(&mut self, amount: Minor) -> Option<Parts> {
        let left = self.left();
        if amount.0 <= 0 || amount > self.paid_sum(&left) {
            return None;
        }
        let worth = self.portion(amount, &left);
        self.base = Base {
            quantity: self.returned,
            left: left.iter().zip(&worth).map(|(l, w)| Minor(l.0 - w.0)).collect(),
        };
        Some(self.give(worth))
    }

    /// Puts back what a void or a lapsed return had taken. The sharing then starts anew from what
    /// is given and returned, so that what remains is paid exactly however returns and voids
    /// alternate.
    pub fn put_back(&mut self, quantity: Quantity, parts: &Parts) {
        self.returned = Quantity(self.returned.0 - quantity.0);
        let taken = self.flatten(parts);
        self.given.iter_mut().zip(&taken).for_each(|(given, part)| given.0 -= part.0);
        self.put_back_withheld(&parts.withheld);
        self.put_back_forgone(&parts.forgone);
        let left = self.left();
        let untouched =
            |value: &Minor| Minor(value.0 - cumulative(*value, self.returned, self.sold).0);
        self.base = if self.values.iter().map(untouched).eq(left.iter().copied()) {
            Base { quantity: Quantity::ZERO, left: self.values.clone() }
        } else {
            Base { quantity: self.returned, left }
        };
    }

    /// Of each value, what the units still out are worth: neither given back nor withheld nor
    /// forgone.
    fn left(&self) -> Vec<Minor> {
        let mut left: Vec<Minor> = self
            .values
            .iter()
            .zip(&self.given)
            .map(|(all, given)| Minor(all.0 - given.0))
            .collect();
        for kept in [&self.withheld, &self.forgone] {
            left.iter_mut().zip(kept).for_each(|(left, kept)| left.0 -= kept.0);
        }
        left
    }

    fn give(&mut self, worth: Vec<Minor>) -> Parts {
        self.given.iter_mut().zip(&worth).for_each(|(given, part)| given.0 += part.0);
        let taxes_end = 1 + self.taxes.len();
        Parts {
            net: worth[0],
            taxes: worth[1..taxes_end].to_vec(),
            discount_shares: worth[taxes_end..].to_vec(),
            gross: self.paid_sum(&worth),
            withheld: Vec::new(),
            forgone: Vec::new(),
        }
    }

    fn flatten(&self, parts: &Parts) -> Vec<Minor> {
        let mut all = vec![parts.net];
        all.extend(&parts.taxes);
        all.extend(&parts.discount_shares);
        all
    }
}

impl Book {
    /// The book of a sale as it was recorded: only what came back before is back.
    pub fn new(sale: Arc<Sale>) -> Book {
        let mut book = Book::untouched(Arc::clone(&sale));
        for before in &sale.returned {
            // Intake has refused what does not fit.
            book.enter_before(before);
        }
        book
    }

    fn untouched(sale: Arc<Sale>) -> Book {
        let paid = sale.paid();
        let charges = paid.charges.iter().map(ChargeBook::new).collect();
        let lines = (sale.lines.iter().zip(paid.lines))
            .map(|(line, paid)| match line.is_goods() {
                true => LineBook::new(line.quantity, paid),
                // What is no goods sold nothing, and is worth nothing here.
                false => LineBook::new(Quantity::ZERO, paid.of_nothing()),
            })
            .collect();
        let tenders = sale
            .tenders
            .iter()
            .map(|t| TenderBook { paid: t.paid().max(Minor::ZERO), ..TenderBook::default() })
            .collect();
        Book { lines, tenders, charges, voided_at: None, returns: 0, sale }
    }

    /// What was given back to the customer on this sale so far, exact, by whatever means, or by the
    /// bank. Money that went into new goods was not.
    pub fn given_back(&self) -> Minor {
        let out = |tender: &TenderBook| {
            tender.refunded.0 - tender.rounding.0 - tender.carried.0 + tender.lost.0
        };
        Minor(self.tenders.iter().map(out).sum())
    }

    /// Of what was given back, the part in cash.
    pub fn given_in_cash(&self) -> Minor {
        Minor(self.tenders.iter().map(|tender| tender.in_cash.0).sum())
    }

    /// Returns true if goods, money or a charge of the sale went back to the customer.
    pub fn something_is_back(&self) -> bool {
        let of_lines = |line: &LineBook| line.returned.0 > 0 || line.refunded().is_positive();
        self.lines.iter().any(of_lines)
            || self.tenders.iter().any(|tender| tender.refunded.0 != 0 || tender.lost.0 != 0)
            || self.charges.iter().any(|charge| charge.refunded().is_positive())
    }

    /// Where a line number stands in `lines`.
    pub fn position(&self, line: u32) -> Option<usize> {
        self.sale.lines.iter().position(|l| l.line == line)
    }

    /// Where a charge's number stands in `charges`.
    pub fn charge(&self, number: u32) -> Option<usize> {
        self.charges.iter().position(|charge| charge.charge == number)
    }

    /// Where a tender's number stands in `tenders`.
    pub fn tender(&self, number: u32) -> Option<usize> {
        self.sale.tenders.iter().position(|tender| tender.tender == number)
    }
}

impl TenderBook {
    /// Whether the bank disputes this money, here or where it was first paid.
    pub fn disputed(&self) -> bool {
        self.charged_back || self.origin_charged_back
    }

    /// Enters a refund by these means; taken back where `amount` and `rounding` are negated.
    pub fn refund(&mut self, means: TenderType, amount: Minor, rounding: Minor) {
        self.refunded.0 += amount.0;
        self.rounding.0 += rounding.0;
        if means == TenderType::Cash {
            self.in_cash.0 += amount.0 - rounding.0;
        }
    }

    /// Enters money that goes into new goods; taken back where both are negated.
    pub fn carry(&mut self, amount: Minor, rounding: Minor) {
        self.refunded.0 += amount.0;
        self.rounding.0 += rounding.0;
        self.carried.0 += amount.0 - rounding.0;
    }

    /// What may still go back to this tender. A tender paid out (as change above the amount) has
    /// nothing to give.
    pub fn refundable(&self) -> Minor {
        Minor((self.paid.0 - self.refunded.0 - self.lost.0).max(0))
    }

    /// What has left the tender, exact: refunded, carried on, and taken by the bank, for good or
    /// for now.
    pub fn exact_out(&self) -> Minor {
        Minor(self.refunded.0 - self.rounding.0 + self.taken().0)
    }

    /// What the bank took, for good or for now.
    pub fn taken(&self) -> Minor {
        Minor(self.lost.0 + self.in_dispute.0)
    }

    /// What the bank took beyond all that was left.
    fn overlap(&self) -> i64 {
        (self.refunded.0 + self.taken().0 - self.paid.0).clamp(0, self.taken().0)
    }

    /// What the customer has twice: refunded, and from the bank. What was carried on is kept back
    /// where it was carried to.
    pub fn twice(&self) -> Minor {
        Minor((self.overlap() - self.carried.0).max(0))
    }

    /// Whether what was carried from this tender gives nothing back: the bank disputes it, or took
    /// it.
    pub fn keeps_back_what_was_carried(&self) -> bool {
        self.charged_back || (self.overlap() > 0 && self.carried.is_positive())
    }
}
