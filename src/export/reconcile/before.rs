//! What came back before the service knew its sales: the documents say it, and the books begin there.

use crate::domain::book::Book;
use crate::store::search::balance::{Before, ChargesBefore, KeptSale};
use crate::wire;
use std::sync::Arc;

/// Of lines, tenders and charges, for those sales of a page that have any.
#[derive(Default)]
pub(super) struct BeforeSales {
    pub lines: Before,
    pub tenders: Before,
    pub charges: ChargesBefore,
}

impl BeforeSales {
    pub(super) fn of(page: &[KeptSale]) -> BeforeSales {
        let mut all = BeforeSales::default();
        // Most sales have none: not worth reading.
        for kept in page.iter().filter(|kept| kept.document.contains("\"returned\":")) {
            // A document that cannot be read is told with its digest.
            if let Ok(sale) = wire::sale::read_document(&kept.document, kept.id) {
                all.add(&Book::new(Arc::new(sale)));
            }
        }
        all
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
