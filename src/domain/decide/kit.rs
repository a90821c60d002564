//! Kits: what comes back with the line that it is a part of.
//!
//! Parts that a draft names are taken before the kits that would bring them, so that the order of
//! its lines changes nothing: a kit then brings what is missing of its share.

use super::super::allocate::cumulative;
use super::super::decision::{Code, Finding};
use super::super::draft::Asked;
use super::super::money::Minor;
use super::super::quantity::Quantity;
use super::super::sale::Sale;
use super::line::Taken;
use super::{Deciding, Found};
use std::cmp::Reverse;
use std::sync::Arc;
use uuid::Uuid;

impl Deciding<'_> {
    /// The draft's lines as they are decided: a part before its kit, that before the kit that it is
    /// itself a part of, and otherwise as they stand.
    pub(super) fn parts_first(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.draft.lines.len()).collect();
        if order.len() > 1 {
            order.sort_by_cached_key(|&index| Reverse(self.kits_around(index)));
        }
        order
    }

    /// How many kits, one in another, a line of the draft is a part of.
    fn kits_around(&self, index: usize) -> usize {
        let asked = &self.draft.lines[index];
        let sale = || {
            let reference = asked.sale.as_ref().or(self.draft.sale.as_ref())?;
            let Found::One(id) = self.case.books.find(reference, &self.draft.store) else {
                return None;
            };
            Some(&self.case.books.book(id)?.sale)
        };
        let (Some(number), Some(sale)) = (asked.sale_line, sale()) else { return 0 };
        let kit_of = |number: u32| sale.line(number).and_then(|line| line.parent_line);
        std::iter::successors(kit_of(number), |kit| kit_of(*kit)).take(sale.lines.len()).count()
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

    /// Parts of a kit come back with it in proportion; whole units only, all of them with the last
    /// of the kit.
    pub(super) fn kit_parts(
        &mut self,
        index: usize,
        sale_id: Uuid,
        sale: &Arc<Sale>,
        kit: usize,
        returned: Quantity,
    ) {
        let (kit_line, sold) = (sale.lines[kit].line, sale.lines[kit].quantity);
        for place in 0..sale.lines.len() {
            if sale.lines[place].parent_line != Some(kit_line) {
                continue;
            }
            let Some(book) = self.books.get_mut(&sale_id) else { return };
            let line = &book.lines[place];
            let share = kit_share(line.sold, returned, sold);
            let quantity = Quantity((share.0 - line.returned.0).max(0));
            if quantity == Quantity::ZERO {
                continue;
            }
            let before = line.clone();
            match self.take_card(sale, place, Asked::Units(quantity)) {
                Some((quantity, parts, findings)) => {
                    let taken = Taken { place, before, quantity, parts, findings, serial: None };
                    self.judge(index, sale_id, sale, taken);
                }
                None => self.take_part(index, sale_id, sale, place, quantity),
            }
            let Some(after) = self.books.get(&sale_id).map(|book| book.lines[place].returned)
            else {
                return;
            };
            self.kit_parts(index, sale_id, sale, place, after);
        }
    }

    /// Takes units of a part. All that is left of it takes its serial numbers along, each on a line
    /// of the answer, so that a void finds them; of fewer nobody knows which.
    fn take_part(
        &mut self,
        index: usize,
        sale_id: Uuid,
        sale: &Arc<Sale>,
        place: usize,
        quantity: Quantity,
    ) {
        let sold = &sale.lines[place].serial_numbers;
        let Some(line) = self.books.get(&sale_id).map(|book| &book.lines[place]) else { return };
        let all = quantity == line.returnable();
        let left = sold.iter().filter(|serial| all && !line.serials_returned.contains(serial));
        let mut findings = Vec::new();
        if !all && !sold.is_empty() {
            findings.push(Finding::refused(
                Code::SerialMismatch,
                "service:serial",
                NAME_IT.to_owned(),
            ));
        }
        let numbered = usize::try_from(quantity.0 / Quantity::ONE.0).unwrap_or_default();
        let mut pieces: Vec<_> =
            left.take(numbered).map(|serial| (Quantity::ONE, Some(serial.clone()))).collect();
        let rest = Quantity(quantity.0 - pieces.iter().map(|(units, _)| units.0).sum::<i64>());
        pieces.extend((rest > Quantity::ZERO).then_some((rest, None)));
        for (quantity, serial) in pieces {
            let Some(line) = self.books.get_mut(&sale_id).map(|book| &mut book.lines[place]) else {
                return;
            };
            let before = line.clone();
            let parts = line.take(quantity);
            line.serials_returned.extend(serial.clone());
            let taken = Taken {
                place,
                before,
                quantity,
                parts,
                findings: std::mem::take(&mut findings),
                serial,
            };
            self.judge(index, sale_id, sale, taken);
        }
    }
}

const NAME_IT: &str = "This part of the kit is sold by serial number; enter it as a line of its own, with the number coming back.";

/// What of a part is back once `returned` of `kits` are: whole units are never split.
fn kit_share(part: Quantity, returned: Quantity, kits: Quantity) -> Quantity {
    if returned >= kits {
        return part;
    }
    let exact = cumulative(Minor(part.0), returned, kits).0;
    Quantity(if part.is_whole() { exact - exact.rem_euclid(1_000) } else { exact })
}
