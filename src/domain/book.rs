//! The book of a sale: what has come back of each line, and what has gone back to each tender.
//!
//! The sale itself never changes; this is all that does. Amounts returned are computed from here
//! alone, so that any sequence of partial returns, voids and price adjustments pays exactly the
//! value of the line, never a cent more.

mod withheld;

use super::allocate::{cumulative, largest_remainder};
use super::money::Minor;
use super::quantity::Quantity;
use super::sale::{Sale, SaleLine};
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
    /// Numbers of the charges that have been refunded.
    pub charges_refunded: Vec<u32>,
    /// When it was taken back with the exchange that it was taken in: nothing of it can come back.
    pub voided_at: Option<Timestamp>,
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
    /// How many of `values` are paid: the net, and the taxes unless the net contains them.
    paid_parts: usize,
    taxes: usize,
    values: Vec<Minor>,
    /// Where the sharing starts: 0 and the full values, or the point of the last price adjustment.
    base: Base,
    /// What has been given back of each value so far.
    given: Vec<Minor>,
    /// What repricing keeps for now of the net and of each tax of units that are back; empty where
    /// no return was repriced.
    withheld: Vec<Minor>,
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
}

/// The state of one tender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TenderBook {
    /// Amount less change.
    pub paid: Minor,
    /// Paid back so far, settled or not; failed refunds are taken off again.
    pub refunded: Minor,
    /// Of `refunded`, what cash rounding added (or, negative, kept).
    pub rounding: Minor,
    /// The bank has an open dispute on this tender.
    pub charged_back: bool,
    /// The bank has an open dispute on the tender of the first sale that this one's money came
    /// from.
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
}

impl LineBook {
    /// The book of a line of which nothing has come back.
    pub fn new(line: &SaleLine, discount_shares: Vec<Minor>, prices_include_tax: bool) -> LineBook {
        let off: i64 = discount_shares.iter().map(|share| share.0).sum();
        let mut values = vec![Minor(line.net.0 - off)];
        values.extend(line.taxes.iter().map(|tax| tax.amount));
        let paid_parts = if prices_include_tax { 1 } else { values.len() };
        values.extend(discount_shares);
        LineBook {
            sold: line.quantity,
            returned: Quantity::ZERO,
            serials_returned: Vec::new(),
            paid_parts,
            taxes: line.taxes.len(),
            base: Base { quantity: Quantity::ZERO, left: values.clone() },
            given: vec![Minor::ZERO; values.len()],
            withheld: Vec::new(),
            values,
        }
    }

    /// The same line with what has been stored of it.
    pub fn restore(mut self, returned: Quantity, extras: LineExtras) -> LineBook {
        self.returned = returned;
        self.serials_returned = extras.serials_returned;
        self.withheld = extras.withheld;
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
        let adjusted = unusual || !self.withheld.is_empty();
        LineExtras {
            base: adjusted.then(|| self.base.clone()),
            given: adjusted.then(|| self.given.clone()),
            serials_returned: self.serials_returned.clone(),
            withheld: self.withheld.clone(),
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
        &self.values[1..1 + self.taxes]
    }

    /// Each tax given back so far.
    pub fn taxes_given(&self) -> &[Minor] {
        &self.given[1..1 + self.taxes]
    }

    /// The line's share of each discount of the whole sale.
    pub fn discount_shares(&self) -> &[Minor] {
        &self.values[1 + self.taxes..]
    }

    /// Whether the net contains the taxes.
    pub fn net_contains_taxes(&self) -> bool {
        self.taxes > 0 && self.paid_parts == 1
    }

    fn paid_sum(&self, values: &[Minor]) -> Minor {
        Minor(values.iter().take(self.paid_parts).map(|v| v.0).sum())
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
        let mut worth = largest_remainder(amount, &all[..self.paid_parts]);
        for part in &all[self.paid_parts..1 + self.taxes] {
            let share = i128::from(part.0) * i128::from(amount.0);
            worth.push(Minor(super::allocate::half_up(share, i128::from(whole.gross.0).max(1))));
        }
        worth.resize(self.values.len(), Minor::ZERO);
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
        let mut worth = largest_remainder(amount, &left[..self.paid_parts]);
        // Taxes that the net contains go down in proportion to it; a discount share is not given
        // twice.
        for part in &left[self.paid_parts..1 + self.taxes] {
            let share = i128::from(part.0) * i128::from(amount.0);
            worth.push(Minor(super::allocate::half_up(share, i128::from(left[0].0))));
        }
        worth.resize(self.values.len(), Minor::ZERO);
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
        let left = self.left();
        let untouched =
            |value: &Minor| Minor(value.0 - cumulative(*value, self.returned, self.sold).0);
        self.base = if self.values.iter().map(untouched).eq(left.iter().copied()) {
            Base { quantity: Quantity::ZERO, left: self.values.clone() }
        } else {
            Base { quantity: self.returned, left }
        };
    }

    /// Of each value, what the units still out are worth: neither given back nor withheld.
    fn left(&self) -> Vec<Minor> {
        let withheld = self.withheld.iter().copied().chain(std::iter::repeat(Minor::ZERO));
        let taken = self.given.iter().zip(withheld).map(|(given, withheld)| given.0 + withheld.0);
        self.values.iter().zip(taken).map(|(value, taken)| Minor(value.0 - taken)).collect()
    }

    fn give(&mut self, worth: Vec<Minor>) -> Parts {
        self.given.iter_mut().zip(&worth).for_each(|(given, part)| given.0 += part.0);
        let taxes_end = 1 + self.taxes;
        Parts {
            net: worth[0],
            taxes: worth[1..taxes_end].to_vec(),
            discount_shares: worth[taxes_end..].to_vec(),
            gross: self.paid_sum(&worth),
            withheld: Vec::new(),
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
    /// The book of a sale that nothing has come back of.
    pub fn new(sale: Arc<Sale>) -> Book {
        let shares = sale.discount_shares();
        let lines = (sale.lines.iter().enumerate())
            .map(|(i, line)| {
                let of_line = shares.iter().map(|of_discount| of_discount[i]).collect();
                LineBook::new(line, of_line, sale.prices_include_tax)
            })
            .collect();
        let tenders = sale
            .tenders
            .iter()
            .map(|t| TenderBook { paid: t.paid(), ..TenderBook::default() })
            .collect();
        Book { lines, tenders, charges_refunded: Vec::new(), voided_at: None, sale }
    }

    /// Where a line number stands in `lines`.
    pub fn position(&self, line: u32) -> Option<usize> {
        self.sale.lines.iter().position(|l| l.line == line)
    }
}

impl TenderBook {
    /// Whether the bank disputes this money, here or where it was first paid.
    pub fn disputed(&self) -> bool {
        self.charged_back || self.origin_charged_back
    }

    /// What may still go back to this tender. A tender paid out (as change above the amount) has
    /// nothing to give.
    pub fn refundable(&self) -> Minor {
        Minor((self.paid.0 - self.refunded.0).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sale::Tax;
    use super::*;
    use proptest::prelude::*;

    fn line(units: i64, net: i64, taxes: &[i64]) -> SaleLine {
        SaleLine {
            line: 1,
            sku: "A".into(),
            gtin: None,
            description: None,
            category: vec![],
            brand: None,
            quantity: Quantity::units(units),
            unit_price: Minor(net),
            discounts: vec![],
            net: Minor(net),
            taxes: taxes
                .iter()
                .map(|t| Tax { code: "T".into(), rate: None, amount: Minor(*t) })
                .collect(),
            serial_numbers: vec![],
            flags: vec![],
            parent_line: None,
            delivered_on: None,
            gift_card: None,
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Take(i64),
        Adjust(i64),
        /// Take back what the step with this number gave.
        Void(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => (1i64..4).prop_map(Step::Take),
            1 => (1i64..500).prop_map(Step::Adjust),
            2 => (0usize..20).prop_map(Step::Void),
        ];
        prop::collection::vec(step, 1..30)
    }

    proptest! {
        /// Whatever returns, price adjustments and voids have gone before: nothing is ever
        /// over-refunded, and once all units are back exactly the value of the line has been paid,
        /// part by part.
        #[test]
        fn every_sequence_pays_exactly_the_value(units in 1i64..8, net in 0i64..3_000, off in 0i64..300,
                taxes in prop::collection::vec(0i64..300, 0..3), included: bool, steps in steps()) {
            let off = off.min(net);
            let line = line(units, net, &taxes);
            if included && taxes.iter().sum::<i64>() > net - off { return Ok(()); }
            let mut book = LineBook::new(&line, vec![Minor(off)], included);
            let value = net - off + if included { 0 } else { taxes.iter().sum::<i64>() };
            prop_assert_eq!(book.value(), Minor(value));
            let mut given: Vec<Option<(Quantity, Parts)>> = vec![];
            let mut paid = 0;
            for step in steps {
                match step {
                    Step::Take(n) => {
                        let q = Quantity::units(n);
                        if let Some(parts) = book.take(q) { paid += parts.gross.0; given.push(Some((q, parts))); }
                    }
                    Step::Adjust(a) => if let Some(parts) = book.adjust(Minor(a)) {
                        prop_assert_eq!(parts.gross, Minor(a));
                        paid += a;
                        given.push(Some((Quantity::ZERO, parts)));
                    },
                    Step::Void(n) => if let Some((q, parts)) = given.get_mut(n).and_then(Option::take) {
                        book.put_back(q, &parts);
                        paid -= parts.gross.0;
                    },
                }
                prop_assert_eq!(book.refunded(), Minor(paid));
                prop_assert!(paid >= 0 && paid <= value, "{} of {}", paid, value);
                // What is stored is all there is to know.
                let fresh = LineBook::new(&line, vec![Minor(off)], included);
                prop_assert_eq!(&fresh.restore(book.returned, book.extras()), &book);
            }
            if book.returnable() > Quantity::ZERO {
                paid += book.take(book.returnable()).unwrap().gross.0;
                prop_assert_eq!(paid, value);
            }
        }
    }
}
