//! What came back before the service knew its sales: the documents say it, and the books begin there.
//! Where a balance was converted to another currency, it begins with what the conversion found.

use crate::domain::book::{Book, Opening};
use crate::store::conversions::KeptConversion;
use crate::store::search::balance::{Before, ChargesBefore, KeptSale};
use crate::wire;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Of lines, tenders and charges, for those sales of a page that have any.
#[derive(Default)]
pub(super) struct BeforeSales {
    pub lines: Before,
    pub tenders: Before,
    /// Of tenders, what went out in cash and into new goods.
    pub means: Before,
    pub charges: ChargesBefore,
}

impl BeforeSales {
    pub(super) fn of(page: &[KeptSale], converted: &HashMap<Uuid, KeptConversion>) -> BeforeSales {
        let mut all = BeforeSales::default();
        converted.iter().for_each(|(sale, kept)| all.add_opening(*sale, &kept.opening));
        let own = page.iter().filter(|kept| !converted.contains_key(&kept.id));
        // Most sales have none: not worth reading.
        for kept in own.filter(|kept| kept.document.contains("\"returned\":")) {
            // A document that cannot be read is told with its digest.
            if let Ok(sale) = wire::sale::read_document(&kept.document, kept.id) {
                all.add(&Book::new(Arc::new(sale)));
            }
        }
        all
    }

    fn add_opening(&mut self, sale: Uuid, opening: &Opening) {
        let key = |number: u32| (sale, i32::try_from(number).unwrap_or(i32::MAX));
        for (number, units, money) in &opening.lines {
            self.lines.insert(key(*number), (units.0, money.0));
        }
        for (number, [refunded, rounding, in_cash, carried]) in &opening.tenders {
            self.tenders.insert(key(*number), (refunded.0, rounding.0));
            self.means.insert(key(*number), (in_cash.0, carried.0));
        }
        for (number, given) in &opening.charges {
            self.charges.insert(key(*number), given.iter().map(|given| given.0).collect());
        }
    }

    fn add(&mut self, book: &Book) {
        let sale = &book.sale;
        let key = |number: u32| (sale.id, i32::try_from(number).unwrap_or(i32::MAX));
        for (line, state) in sale.lines.iter().zip(&book.lines) {
            self.lines.insert(key(line.line), (state.returned.0, state.refunded().0));
        }
        for (tender, state) in sale.tenders.iter().zip(&book.tenders) {
            self.tenders.insert(key(tender.tender), (state.refunded.0, state.rounding.0));
        }
        for charge in &book.charges {
            let given = charge.given().iter().map(|given| given.0).collect();
            self.charges.insert(key(charge.charge), given);
        }
    }
}
