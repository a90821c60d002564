//! What came back of a sale before the service knew it: its book begins where the other system left
//! off.

use super::super::allocate::largest_remainder;
use super::super::decide::kit_share;
use super::super::money::Minor;
use super::super::quantity::Quantity;
use super::super::refusal::Fault;
use super::super::sale::{CameBack, ReturnedBefore, Sale};
use super::Book;
use std::sync::Arc;

impl Sale {
    /// Everything in `returned` that does not fit the sale; pointers begin at its entries.
    pub fn unfit_returns(&self) -> Vec<Fault> {
        let mut book = Book::untouched(Arc::new(self.clone()));
        let mut faults = Vec::new();
        for (index, before) in self.returned.iter().enumerate() {
            let at = format!("/returned/{index}");
            faults.extend(
                book.enter_before(before)
                    .into_iter()
                    .map(|fault| Fault { pointer: format!("{at}{}", fault.pointer), ..fault }),
            );
        }
        faults
    }
}

impl Book {
    /// Enters one earlier return, as far as it fits, and tells what does not.
    pub(super) fn enter_before(&mut self, before: &ReturnedBefore) -> Vec<Fault> {
        let mut faults = match &before.what {
            CameBack::Units(lines) => self.units_before(lines),
            CameBack::Money(amount) => self.money_before(*amount, &before.tenders),
        };
        faults.extend(self.tenders_before(&before.tenders));
        faults
    }

    fn units_before(&mut self, lines: &[(u32, Quantity)]) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (index, (number, quantity)) in lines.iter().enumerate() {
            let Some(place) = self.position(*number) else {
                let detail = format!("The sale has no line {number}.");
                faults.push(Fault::invalid(format!("/lines/{index}/line"), &detail));
                continue;
            };
            if self.sale.lines[place].gift_card.is_some() {
                let detail = "This line puts money on a gift card of this service. Record its return here instead.";
                faults.push(Fault::invalid(format!("/lines/{index}/line"), detail));
                continue;
            }
            let line = &mut self.lines[place];
            let (left, sold) = (line.returnable(), line.sold);
            if line.take(*quantity).is_none() {
                let detail =
                    format!("Only {left} of {sold} can still be returned on line {number}.");
                faults.push(Fault::invalid(format!("/lines/{index}/quantity"), &detail));
            }
        }
        self.parts_of_kits_before();
        faults
    }

    /// The parts of a kit came back with it, as they would here. A kit is an earlier line than its
    /// parts.
    fn parts_of_kits_before(&mut self) {
        let sale = Arc::clone(&self.sale);
        for (place, line) in sale.lines.iter().enumerate() {
            let Some(kit) = line.parent_line.and_then(|kit| self.position(kit)) else { continue };
            let (returned, kits) = (self.lines[kit].returned, self.lines[kit].sold);
            let part = &mut self.lines[place];
            let missing = kit_share(part.sold, returned, kits).0 - part.returned.0;
            if missing > 0 {
                part.take(Quantity(missing));
            }
        }
    }

    /// An amount alone is off all lines, in proportion to what is left of each. What it is more
    /// than all of them must have been charges.
    fn money_before(&mut self, amount: Minor, tenders: &[(u32, Minor)]) -> Vec<Fault> {
        let currency = self.sale.currency;
        let told: i64 = tenders.iter().map(|(_, amount)| amount.0).sum();
        if !tenders.is_empty() && told != amount.0 {
            let detail = format!(
                "Tenders add up to {}, but {} came back.",
                Minor(told).format(currency),
                amount.format(currency)
            );
            return vec![Fault::new("/tenders", "does_not_add_up", detail)];
        }
        let left: Vec<Minor> = (self.sale.lines.iter().zip(&self.lines))
            .map(|(line, state)| match line.gift_card {
                Some(_) => Minor::ZERO,
                None => Minor(state.value().0 - state.refunded().0),
            })
            .collect();
        let of_lines: i64 = left.iter().map(|left| left.0).sum();
        let of_charges: i64 = self.charges.iter().map(|charge| charge.left().0).sum();
        if amount.0 > of_lines + of_charges {
            let detail = format!(
                "{} came back, but only {} of the sale can be refunded.",
                amount.format(currency),
                Minor(of_lines + of_charges).format(currency)
            );
            return vec![Fault::new("/amount", "does_not_add_up", detail)];
        }
        let mut rest = (amount.0 - of_lines).max(0);
        for charge in &mut self.charges {
            let of_charge = charge.left().0.min(rest);
            charge.take(Some(Minor(of_charge)));
            rest -= of_charge;
        }
        let shares = largest_remainder(Minor(amount.0.min(of_lines)), &left);
        for (line, share) in self.lines.iter_mut().zip(shares) {
            line.adjust(share);
        }
        Vec::new()
    }

    fn tenders_before(&mut self, tenders: &[(u32, Minor)]) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (index, (number, amount)) in tenders.iter().enumerate() {
            let place = self.sale.tenders.iter().position(|tender| tender.tender == *number);
            let Some(tender) = place.map(|place| &mut self.tenders[place]) else {
                let detail = format!("The sale has no tender {number}.");
                faults.push(Fault::invalid(format!("/tenders/{index}/tender"), &detail));
                continue;
            };
            if *amount > tender.refundable() {
                let currency = self.sale.currency;
                let detail = format!(
                    "{} went back to tender {number}, but only {} of it is left.",
                    amount.format(currency),
                    tender.refundable().format(currency)
                );
                faults.push(Fault::new(
                    format!("/tenders/{index}/amount"),
                    "does_not_add_up",
                    detail,
                ));
                continue;
            }
            tender.refunded.0 += amount.0;
        }
        faults
    }
}
