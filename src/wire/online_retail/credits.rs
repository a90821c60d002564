//! The file's credit documents (`C…`): goods that came back, one line each. The file does not say
//! which sale they are of; that is found by customer and stock code, or not at all.

use std::io::Read;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::row::{self, Document, Raw};
use crate::domain::money::Minor;

/// One line of a credit document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditLine {
    /// The file's data row, from 1.
    pub row: u32,
    /// The document's number, with its `C`.
    pub invoice: String,
    pub stock_code: String,
    /// Nothing when the file names no customer: goods without a receipt.
    pub customer: Option<String>,
    pub time: Timestamp,
    /// Units that came back, above zero.
    pub quantity: i64,
    /// Pence refunded for one unit.
    pub unit_price: Minor,
}

/// Reads the credit lines of the same file, in its order, passing over everything else.
pub struct CreditReader<R: Read> {
    csv: csv::DeserializeRecordsIntoIter<R, Raw>,
    zone: TimeZone,
    row: u32,
    unreadable: u64,
    ended: bool,
}

impl<R: Read> CreditReader<R> {
    /// Reads plain UTF-8 CSV with the public file's header; errors as those of
    /// [`super::Reader::new`].
    pub fn new(source: R) -> Self {
        let csv = row::csv(source).into_deserialize();
        CreditReader { csv, zone: row::london(), row: 0, unreadable: 0, ended: false }
    }

    /// Credit rows passed over because a figure could not be read or nothing came back by them.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    fn credit(&self, raw: Raw) -> Option<CreditLine> {
        let row = raw.goods(&self.zone).ok()?;
        let quantity = row.quantity.checked_neg().filter(|units| *units > 0)?;
        (row.unit_price >= Minor::ZERO).then(|| CreditLine {
            row: self.row,
            invoice: row.invoice,
            stock_code: row.stock_code,
            customer: row.customer,
            time: row.at.timestamp(),
            quantity,
            unit_price: row.unit_price,
        })
    }
}

impl<R: Read> Iterator for CreditReader<R> {
    type Item = Result<CreditLine, csv::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let read = self.csv.next();
            self.row += 1;
            match read? {
                Err(error) => {
                    self.ended = error.is_io_error();
                    return Some(Err(error));
                }
                Ok(raw) if raw.document() == Document::Credit => match self.credit(raw) {
                    Some(line) => return Some(Ok(line)),
                    None => self.unreadable += 1,
                },
                Ok(_) => {}
            }
        }
        None
    }
}
