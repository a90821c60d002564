//! The order in which the lines of a draft are decided: by what they are, never by their place, so
//! that the order of the lines in a request changes nothing.

use super::super::draft::{Asked, DraftLine};
use super::super::sale::Sale;
use super::{Deciding, Found};
use std::cmp::Reverse;

impl Deciding<'_> {
    /// Returns the places of the draft's lines in the order in which they are decided: units before
    /// taxes and those before money for goods that stay; a part before its kit, that before the kit that it is itself a
    /// part of; then the earlier sale first, by line, and by all else that is asked.
    pub(super) fn in_order(&self) -> Vec<usize> {
        let lines = &self.draft.lines;
        let mut order: Vec<usize> = (0..lines.len()).collect();
        if order.len() < 2 {
            return order;
        }
        order.sort_by_cached_key(|&index| {
            let asked = &lines[index];
            let sale = self.sale_of(asked);
            let kits = sale.map_or(0, |sale| kits_around(sale, asked.sale_line));
            let (stays, much, taxes) = match &asked.asked {
                Asked::Units(units) => (0, units.0, None),
                Asked::Taxes(taxes) => (1, taxes.units.map_or(0, |units| units.0), Some(taxes)),
                Asked::Money(amount) => (2, amount.0, None),
            };
            let codes = taxes.map(|taxes| taxes.codes.clone());
            // Of lines without a receipt, and of receipts that are not known, there is no sale.
            let sold = sale.map(|s| (s.sold_at, &s.store, &s.receipt, s.business_date, s.id));
            let sold = (sold.is_none(), sold);
            let which = (asked.sale_line, asked.sku.clone());
            let number = (asked.serial_number.is_none(), asked.serial_number.clone());
            let terms = (asked.reason.as_str().to_owned(), asked.condition.as_str());
            let rest =
                (asked.unit_price, asked.disposition.map(|d| d.as_str()), asked.note.clone());
            ((stays, Reverse(kits)), (sold, which), number, (terms, Reverse(much), codes), rest)
        });
        order
    }

    /// The sale that a line of the draft names.
    fn sale_of(&self, asked: &DraftLine) -> Option<&Sale> {
        let reference = asked.sale.as_ref().or(self.draft.sale.as_ref())?;
        let Found::One(id) = self.case.books.find(reference, &self.draft.store) else {
            return None;
        };
        Some(&self.case.books.book(id)?.sale)
    }

    /// Puts the first `decided` lines, taken in another order, back into the draft's; releases stay
    /// at the end.
    pub(super) fn as_in_the_draft(&mut self, decided: usize) {
        let mut order: Vec<usize> = (0..decided).collect();
        order.sort_by_key(|&place| self.lines[place].index);
        if order.is_sorted() {
            return;
        }
        order.extend(decided..self.lines.len());
        self.lines = order.iter().map(|&place| self.lines[place].clone()).collect();
        self.parts = order.iter().map(|&place| self.parts[place].clone()).collect();
        self.resolved = order.iter().map(|&place| self.resolved[place]).collect();
        let moved = |(to, from): (usize, &usize)| Some((to, *self.price_of.get(from)?));
        self.price_of = order.iter().enumerate().filter_map(moved).collect();
    }
}

/// How many kits, one in another, a line is a part of.
fn kits_around(sale: &Sale, number: Option<u32>) -> usize {
    let kit_of = |number: u32| sale.line(number).and_then(|line| line.parent_line);
    let kits = std::iter::successors(number.and_then(kit_of), |kit| kit_of(*kit));
    kits.take(sale.lines.len()).count()
}
