//! Reads the public "Online Retail" file (UCI Machine Learning Repository 352, CC BY 4.0,
//! doi:10.24432/C5BW33) as sales in the form of `POST /v1/sales`: a real shop's half year for
//! imports, replays and measurements.
//!
//! One CSV row becomes one line, so that a return can name the line it is about. What the decisions
//! on odd rows are:
//! - credits (`C…`) and bad debts (`A…`) are no sales; [`CreditReader`] reads the credits.
//! - a quantity or price below zero, or a quantity of zero, is a stock correction: passed over.
//! - a price of three decimals cannot be said in pounds and pence: passed over, the rest of its
//!   invoice stays.
//! - a price of zero is taken, net 0.00; an invoice that comes to 0.00 has no tender.
//! - cells are read without the white space around them; times as `2010-12-01 08:26:00` and as the
//!   public file itself writes them, `12/1/2010 8:26`, the month first.
//! - exact repetitions of a row stay separate lines: nothing tells a retry from two scans, and what
//!   was paid is known.
//! - an invoice with two timestamps was sold at the first.
//! - an empty description is left out; unusual stock codes are taken as they are written.

mod credits;
mod row;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::io::Read;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::domain::money::{Currency, Minor};
pub use credits::{CreditLine, CreditReader};
use row::{Document, Raw, Row};

/// The columns that a file must have; `Country` is not read.
pub const COLUMNS: [&str; 7] =
    ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"];

/// What the file does not say.
#[derive(Clone, Debug)]
pub struct Options {
    /// The store that every sale is of.
    pub store: String,
    /// How many invoices may be open at once. The rows of an invoice are not always adjacent (two
    /// tills sell in the same minute); the oldest is closed when one more begins. Memory is this
    /// many invoices, and the number of each that was closed.
    pub open_invoices: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { store: "UK1".to_owned(), open_invoices: 1_024 }
    }
}

/// Why a row is not part of a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A row of a credit document.
    Credit,
    /// A row of a bad-debt adjustment.
    BadDebt,
    /// A quantity of zero or less, or a price below zero, on something that is not a credit.
    NotAboveZero,
    /// A price of more than two decimals.
    PriceTooFine,
    /// A quantity that is not a whole number.
    Quantity,
    /// A price that is not a number.
    Price,
    /// A time in none of the forms that are read, or one that does not exist.
    Time,
    /// An amount beyond what a sale may hold.
    TooLarge,
    /// No invoice number.
    NoInvoice,
    /// A row of an invoice that was already given away as a sale.
    TooLate,
}

/// A row that was passed over. `row` counts the file's data rows from 1, the header not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub row: u32,
    pub reason: Reason,
}

/// One invoice: the body of `POST /v1/sales`, and which file row became which line of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    pub sale: Value,
    /// `(row, line)`: the file's data row, from 1, and the sale's line number, from 1.
    pub rows: Vec<(u32, u32)>,
}

/// What was read so far. Rows count when they are read, sales and value when the sale is given out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub rows: u64,
    pub rows_taken: u64,
    pub sales: u64,
    /// The sales' totals, in pence.
    pub value: Minor,
    pub skipped: BTreeMap<Reason, u64>,
    /// Rows taken that repeat an earlier row of their invoice in everything.
    pub repeated_rows: u64,
    /// Invoices whose rows carry more than one time.
    pub invoices_with_two_times: u64,
    /// Invoices that come to 0.00.
    pub invoices_of_nothing: u64,
    pub rows_without_description: u64,
    pub rows_at_zero_price: u64,
}

/// An invoice whose rows are still being read.
struct Open {
    invoice: String,
    rows: Vec<(u32, Row)>,
}

/// Reads invoices from CSV as a stream of sales, in the order of their first rows.
pub struct Reader<R: Read> {
    csv: csv::DeserializeRecordsIntoIter<R, Raw>,
    options: Options,
    zone: TimeZone,
    currency: Currency,
    open: VecDeque<Open>,
    closed: HashSet<String>,
    skipped: Vec<Skipped>,
    summary: Summary,
    row: u32,
    ended: bool,
}

impl<R: Read> Reader<R> {
    /// Reads plain UTF-8 CSV with the public file's header. Errors are the CSV's own: a row with
    /// too few fields is one error and reading goes on; a failing source ends the stream after its
    /// error.
    pub fn new(source: R, options: Options) -> Self {
        Reader {
            csv: row::csv(source).into_deserialize(),
            options,
            zone: row::london(),
            currency: row::pounds(),
            open: VecDeque::new(),
            closed: HashSet::new(),
            skipped: Vec::new(),
            summary: Summary::default(),
            row: 0,
            ended: false,
        }
    }

    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The columns that the file lacks. Reads its first row.
    pub fn missing_columns(&mut self) -> Result<Vec<&'static str>, csv::Error> {
        let present = self.csv.reader_mut().headers()?;
        let lacks = |column: &&'static str| !present.iter().any(|name| name == *column);
        Ok(COLUMNS.into_iter().filter(lacks).collect())
    }

    /// The data row read last, from 1.
    pub fn row(&self) -> u32 {
        self.row
    }

    /// The rows passed over since this was last asked.
    pub fn take_skipped(&mut self) -> Vec<Skipped> {
        std::mem::take(&mut self.skipped)
    }

    fn skip(&mut self, reason: Reason) {
        *self.summary.skipped.entry(reason).or_default() += 1;
        self.skipped.push(Skipped { row: self.row, reason });
    }

    /// Puts a row to its invoice; gives out the oldest invoice if this one is one too many.
    fn take(&mut self, raw: Raw) -> Option<Open> {
        let row = match raw.document() {
            Document::Credit => return self.pass(Reason::Credit),
            Document::BadDebt => return self.pass(Reason::BadDebt),
            Document::None => return self.pass(Reason::NoInvoice),
            Document::Sale => match raw.goods(&self.zone) {
                Ok(row) => row,
                Err(reason) => return self.pass(reason),
            },
        };
        if row.quantity <= 0 || row.unit_price < Minor::ZERO {
            return self.pass(Reason::NotAboveZero);
        }
        if row.net().is_none() {
            return self.pass(Reason::TooLarge);
        }
        if let Some(open) = self.open.iter_mut().rev().find(|open| open.invoice == row.invoice) {
            open.rows.push((self.row, row));
            return None;
        }
        if self.closed.contains(&row.invoice) {
            return self.pass(Reason::TooLate);
        }
        self.open.push_back(Open { invoice: row.invoice.clone(), rows: vec![(self.row, row)] });
        if self.open.len() <= self.options.open_invoices.max(1) {
            return None;
        }
        self.open.pop_front()
    }

    fn pass(&mut self, reason: Reason) -> Option<Open> {
        self.skip(reason);
        None
    }

    fn close(&mut self, open: Open) -> Imported {
        self.closed.insert(open.invoice.clone());
        let total = Minor(open.rows.iter().filter_map(|(_, row)| row.net()).map(|net| net.0).sum());
        self.count(&open, total);
        let rows = open.rows.iter().zip(1..).map(|((row, _), line)| (*row, line)).collect();
        Imported { sale: self.sale(&open, total), rows }
    }

    fn count(&mut self, open: &Open, total: Minor) {
        let mut seen = HashSet::new();
        let times: HashSet<_> = open.rows.iter().map(|(_, row)| row.at.timestamp()).collect();
        let summary = &mut self.summary;
        summary.sales += 1;
        summary.rows_taken += open.rows.len() as u64;
        summary.value = Minor(summary.value.0.saturating_add(total.0));
        summary.invoices_with_two_times += u64::from(times.len() > 1);
        summary.invoices_of_nothing += u64::from(total.is_zero());
        for (_, row) in &open.rows {
            summary.repeated_rows += u64::from(!seen.insert(row));
            summary.rows_without_description += u64::from(row.description.is_none());
            summary.rows_at_zero_price += u64::from(row.unit_price.is_zero());
        }
    }

    fn sale(&self, open: &Open, total: Minor) -> Value {
        let first = &open.rows[0].1;
        let lines: Vec<Value> =
            open.rows.iter().zip(1..).map(|((_, row), line)| self.line(row, line)).collect();
        // The file does not say how an invoice was paid, so the tender claims no more than that it
        // was.
        let tender = json!({ "tender": 1, "type": "other", "amount": total.format(self.currency),
            "reference": open.invoice });
        let mut sale = json!({
            "store": self.options.store, "register": "1", "receipt": open.invoice, "operator": "0",
            "business_date": first.at.date().to_string(),
            "sold_at": first.at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            "channel": "online", "currency": self.currency.code(), "prices_include_tax": false,
            "lines": lines, "total": total.format(self.currency),
            "tenders": if total.is_zero() { vec![] } else { vec![tender] },
        });
        if let Some(customer) = &first.customer {
            sale["customer"] = json!(customer);
        }
        sale
    }

    fn line(&self, row: &Row, line: u32) -> Value {
        let mut value = json!({
            "line": line, "sku": row.stock_code, "quantity": row.quantity.to_string(),
            "unit_price": row.unit_price.format(self.currency),
            "net": row.net().unwrap_or_default().format(self.currency), "taxes": [],
        });
        if let Some(description) = &row.description {
            value["description"] = json!(description);
        }
        value
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Imported, csv::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            match self.csv.next() {
                None => self.ended = true,
                Some(Err(error)) => {
                    self.row += 1;
                    self.ended = error.is_io_error();
                    return Some(Err(error));
                }
                Some(Ok(raw)) => {
                    self.row += 1;
                    self.summary.rows += 1;
                    if let Some(open) = self.take(raw) {
                        return Some(Ok(self.close(open)));
                    }
                }
            }
        }
        let open = self.open.pop_front()?;
        Some(Ok(self.close(open)))
    }
}
