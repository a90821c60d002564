//! Kits: what comes back with the line that it is a part of.
//!
//! Parts that a draft names are taken before the kits that would bring them: a kit then brings what
//! is missing of its share.

use super::super::allocate::{cumulative, largest_remainder};
use super::super::book::{Book, LineBook};
use super::super::decision::{Code, Finding};
use super::super::draft::Asked;
use super::super::match_key::matches;
use super::super::money::Minor;
use super::super::quantity::Quantity;
use super::super::sale::Sale;
use super::Deciding;
use super::line::Taken;
use super::serial::without_number;
use std::sync::Arc;
use uuid::Uuid;

impl Deciding<'_> {
    /// Returns true if a kit without a price of its own had no part left before this return: units
    /// of it would be an empty box.
    pub(super) fn is_empty_kit(&self, sale: Uuid, place: usize) -> bool {
        let book = self.case.books.book(sale);
        book.is_some_and(|book| is_bare_kit(book, place) && all_parts_back(book, place))
    }

    /// Returns how many kits are back, by their parts, once `returned` units of the kit's own line
    /// are. A kit without a price of its own that came back part by part is back, though its line
    /// was never named: the next unit is another kit.
    pub(super) fn kits_back(&self, sale: &Sale, place: usize, returned: Quantity) -> Quantity {
        let Some(book) = self.case.books.book(sale.id).filter(|book| is_bare_kit(book, place))
        else {
            return returned;
        };
        let (kit, now) = (&book.lines[place], returned.0 - book.lines[place].returned.0);
        let by_parts = parts(sale, place).map(|part| whole_kits(&book.lines[part], kit.sold));
        let before = by_parts.min().unwrap_or_default().max(kit.returned.0);
        Quantity((before + now).min(kit.sold.0))
    }

    /// Spreads money back over a kit that stays: over its line and its parts, by what is left of
    /// each. False where the line is no kit, or all of its price is on its own line.
    pub(super) fn adjust_kit(
        &mut self,
        index: usize,
        sale: &Arc<Sale>,
        kit: usize,
        amount: Minor,
    ) -> bool {
        let places = with_all_parts(sale, kit);
        let Some(book) = self.books.get(&sale.id) else { return false };
        let left: Vec<Minor> = (places.iter())
            .map(|&place| match sale.lines[place].is_gift_card() {
                true => Minor::ZERO,
                false => book.lines[place].adjustable().max(Minor::ZERO),
            })
            .collect();
        let total = Minor(left.iter().map(|left| left.0).sum());
        if total == left[0] || sale.lines[kit].is_gift_card() {
            return false;
        }
        if amount > total {
            let findings = vec![self.more_than_left(amount, total)];
            self.adjust_part(index, sale, kit, None, findings);
            return true;
        }
        for (place, share) in places.into_iter().zip(largest_remainder(amount, &left)) {
            if share.is_positive() {
                self.adjust_part(index, sale, place, Some(share), Vec::new());
            }
        }
        true
    }

    /// Gives money back on one line of a kit that stays.
    fn adjust_part(
        &mut self,
        index: usize,
        sale: &Arc<Sale>,
        place: usize,
        share: Option<Minor>,
        findings: Vec<Finding>,
    ) {
        let Some(line) = self.books.get_mut(&sale.id).map(|book| &mut book.lines[place]) else {
            return;
        };
        let before = line.clone();
        let parts = share.and_then(|share| line.adjust(share));
        let taken =
            Taken { place, before, quantity: Quantity::ZERO, parts, findings, serial: None };
        self.judge(index, sale.id, sale, taken);
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
        let sold = sale.lines[kit].quantity;
        for place in parts(sale, kit) {
            let Some(book) = self.books.get_mut(&sale_id) else { return };
            let line = &book.lines[place];
            let share = kit_share(line.sold, returned, sold);
            let quantity = Quantity((share.0 - line.returned.0).max(0));
            if quantity == Quantity::ZERO {
                continue;
            }
            let before = line.clone();
            match self.take_card(sale, place, &Asked::Units(quantity)) {
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
    /// of the answer, so that a void finds them. Fewer come without one, as far as units were sold
    /// without; of those sold with one nobody knows which it is.
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
        let is_back = |serial: &str| line.serials_returned.iter().any(|back| matches(back, serial));
        let left = sold.iter().filter(|serial| all && !is_back(serial));
        let mut findings = Vec::new();
        if !all && quantity > without_number(sold, line) {
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

/// The places of a kit's own parts.
fn parts(sale: &Sale, kit: usize) -> impl Iterator<Item = usize> {
    let number = sale.lines[kit].line;
    (0..sale.lines.len()).filter(move |&place| sale.lines[place].parent_line == Some(number))
}

/// The places of a kit, of its parts, and of theirs.
pub(super) fn with_all_parts(sale: &Sale, kit: usize) -> Vec<usize> {
    let mut places = vec![kit];
    let mut next = 0;
    while let Some(&place) = places.get(next) {
        places.extend(parts(sale, place));
        next += 1;
    }
    places
}

/// Returns true for a kit whose price is all on its parts.
fn is_bare_kit(book: &Book, place: usize) -> bool {
    book.lines[place].value().is_zero() && parts(&book.sale, place).next().is_some()
}

fn all_parts_back(book: &Book, kit: usize) -> bool {
    parts(&book.sale, kit).all(|part| {
        book.lines[part].returnable() == Quantity::ZERO
            || (is_bare_kit(book, part) && all_parts_back(book, part))
    })
}

/// How many of so many kits a part has come back of, whole ones only.
fn whole_kits(part: &LineBook, kits: Quantity) -> i64 {
    let exact = i128::from(part.returned.0) * i128::from(kits.0) / i128::from(part.sold.0.max(1));
    let exact = i64::try_from(exact).unwrap_or(kits.0);
    if kits.is_whole() { exact - exact.rem_euclid(1_000) } else { exact }
}

/// What of a part is back once `returned` of `kits` are: whole units are never split.
pub fn kit_share(part: Quantity, returned: Quantity, kits: Quantity) -> Quantity {
    if returned >= kits {
        return part;
    }
    let exact = cumulative(Minor(part.0), returned, kits).0;
    Quantity(if part.is_whole() { exact - exact.rem_euclid(1_000) } else { exact })
}
