//! Taxes that go back while the goods stay.

use super::super::book::{LineBook, Parts};
use super::super::decision::{Code, Finding};
use super::super::draft::TaxesAsked;
use super::super::quantity::Quantity;
use super::super::refusal::Fault;
use super::super::sale::Sale;
use super::Deciding;
use super::kit::with_all_parts;
use super::line::{Taken, too_many};
use std::sync::Arc;

impl Deciding<'_> {
    /// Gives taxes back on a kit that stays: on its line and on all its parts. False where no part
    /// has one of these taxes. A tax that the line and its parts do not have is a fault of the
    /// draft, and so are units of a kit whose parts are taxed: they need lines of their own.
    pub(super) fn taxes_of_kit(
        &mut self,
        index: usize,
        sale: &Arc<Sale>,
        kit: usize,
        taxes: &TaxesAsked,
    ) -> bool {
        let Some(book) = self.books.get(&sale.id) else { return false };
        let places = with_all_parts(sale, kit);
        let on = |place: &usize, codes: &[String]| book.lines[*place].has_tax(codes);
        let unknown = |code: &&String| {
            let one = std::slice::from_ref(*code);
            !places.iter().any(|place| on(place, one))
        };
        let pointer = format!("/lines/{index}");
        if let Some(at) = taxes.codes.iter().position(|code| unknown(&code)) {
            let detail = no_such_tax(sale, book.lines.as_slice(), &places, &taxes.codes[at]);
            self.faults.push(Fault::invalid(format!("{pointer}/tax_only/{at}"), &detail));
            return true;
        }
        let taxed: Vec<usize> = places
            .into_iter()
            .filter(|place| {
                let left = book.lines[*place].taxes_left(&taxes.codes);
                left.is_positive() && !sale.lines[*place].is_gift_card()
            })
            .collect();
        if !taxed.iter().any(|place| *place != kit) {
            return false;
        }
        if taxes.units.is_some() {
            let detail = "The parts of this kit are taxed by themselves. Leave `quantity` out, or name the parts as lines \
                          of their own.";
            self.faults.push(Fault::invalid(format!("{pointer}/quantity"), detail));
            return true;
        }
        for place in taxed {
            let Some(line) = self.books.get_mut(&sale.id).map(|book| &mut book.lines[place]) else {
                return true;
            };
            let before = line.clone();
            let parts = line.give_taxes(&taxes.codes, line.returnable());
            let (quantity, findings, serial) = (Quantity::ZERO, Vec::new(), None);
            let taken = Taken { place, before, quantity, parts, findings, serial };
            self.judge(index, sale.id, sale, taken);
        }
        true
    }
}

/// Gives taxes of a line back, or says why there are none to give.
pub(super) fn give_taxes(line: &mut LineBook, taxes: &TaxesAsked) -> Result<Parts, Finding> {
    let units = taxes.units.unwrap_or(line.returnable());
    if units > line.returnable() || line.returnable() == Quantity::ZERO {
        return Err(too_many(line, units));
    }
    if !line.taxes_left(&taxes.codes).is_positive() {
        let codes = taxes.codes.join(", ");
        let detail = format!("No tax {codes} is left to give back on this line.");
        return Err(Finding::refused(Code::AlreadyReturned, "service:taxes", detail));
    }
    line.give_taxes(&taxes.codes, units).ok_or_else(|| too_many(line, units))
}

/// Says which taxes the register can name.
fn no_such_tax(sale: &Sale, lines: &[LineBook], places: &[usize], code: &str) -> String {
    let number = sale.lines[places[0]].line;
    let mut known: Vec<&str> = (places.iter())
        .flat_map(|place| lines[*place].taxes())
        .map(|tax| tax.code.as_str())
        .collect();
    known.sort_unstable();
    known.dedup();
    match known.as_slice() {
        [] => format!("Line {number} has no taxes."),
        known => format!("Line {number} has no tax {code}. Its taxes are: {}.", known.join(", ")),
    }
}
