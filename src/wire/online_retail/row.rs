//! One row of the file: what it is part of, and its figures read exactly.

use jiff::{Zoned, civil::DateTime, tz::TimeZone};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::io::Read;

use super::Reason;
use crate::domain::money::{Currency, Minor};

/// A row as it is written. `Country` is not needed: the shop is one, whoever it sends to.
#[derive(Debug, Deserialize)]
pub(super) struct Raw {
    #[serde(rename = "InvoiceNo")]
    invoice: String,
    #[serde(rename = "StockCode")]
    stock_code: String,
    #[serde(rename = "Description")]
    description: String,
    #[serde(rename = "Quantity")]
    quantity: String,
    #[serde(rename = "InvoiceDate")]
    at: String,
    #[serde(rename = "UnitPrice")]
    unit_price: String,
    #[serde(rename = "CustomerID")]
    customer: String,
}

/// What a row is part of, told by the letter before its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Document {
    Sale,
    Credit,
    BadDebt,
    /// The row names no invoice.
    None,
}

/// A row whose figures could be read; quantity and price still with their signs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Row {
    pub invoice: String,
    pub stock_code: String,
    /// Without the spaces around it; nothing when that leaves nothing.
    pub description: Option<String>,
    pub quantity: i64,
    /// The shop's local time.
    pub at: Zoned,
    /// Pence.
    pub unit_price: Minor,
    pub customer: Option<String>,
}

/// Reads CSV whose header may have white space around its names.
pub(super) fn csv<R: Read>(source: R) -> csv::Reader<R> {
    csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(source)
}

impl Raw {
    pub(super) fn document(&self) -> Document {
        match self.invoice.trim().as_bytes().first() {
            Some(b'C' | b'c') => Document::Credit,
            Some(b'A' | b'a') => Document::BadDebt,
            Some(_) => Document::Sale,
            None => Document::None,
        }
    }

    /// Reads the figures. White space around a cell is not part of it.
    pub(super) fn goods(self, zone: &TimeZone) -> Result<Row, Reason> {
        let at = local_time(self.at.trim()).ok_or(Reason::Time)?;
        let customer = self.customer.trim();
        Ok(Row {
            description: filled(&self.description),
            quantity: units(self.quantity.trim()).ok_or(Reason::Quantity)?,
            at: zone.to_zoned(at).map_err(|_| Reason::Time)?,
            unit_price: pence(self.unit_price.trim())?,
            // The public file writes its numbers as "17850.0" in some editions.
            customer: filled(customer.strip_suffix(".0").unwrap_or(customer)),
            invoice: self.invoice.trim().to_owned(),
            stock_code: self.stock_code.trim().to_owned(),
        })
    }
}

/// Reads `2010-12-01 08:26:00`, or `12/1/2010 8:26` with the month first.
fn local_time(text: &str) -> Option<DateTime> {
    let written = ["%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S"];
    let as_written = || written.iter().find_map(|form| DateTime::strptime(form, text).ok());
    text.parse().ok().or_else(as_written)
}

/// Reads a whole number of units; `6.0` is one, as spreadsheets write it.
fn units(text: &str) -> Option<i64> {
    let whole = match text.split_once('.') {
        Some((whole, zeros)) => {
            let only_zeros = !zeros.is_empty() && zeros.bytes().all(|digit| digit == b'0');
            only_zeros.then_some(whole)?
        }
        None => text,
    };
    whole.parse().ok()
}

impl Row {
    /// Quantity × unit price, in pence: whole units, so nothing is rounded. Nothing beyond
    /// [`Minor::MAX`].
    pub(super) fn net(&self) -> Option<Minor> {
        let net = self.unit_price.0.checked_mul(self.quantity)?;
        (net.abs() <= Minor::MAX.0).then_some(Minor(net))
    }
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Reads pounds as pence; what is finer than a penny is refused, not rounded.
fn pence(text: &str) -> Result<Minor, Reason> {
    let mut pounds = Decimal::from_str_exact(text).map_err(|_| Reason::Price)?.normalize();
    if pounds.scale() > 2 {
        return Err(Reason::PriceTooFine);
    }
    pounds.rescale(2);
    i64::try_from(pounds.mantissa()).map(Minor).map_err(|_| Reason::TooLarge)
}

/// The shop's zone, which the bundled time zone database always holds.
#[expect(clippy::expect_used, reason = "the time zone database is part of the binary")]
pub(super) fn london() -> TimeZone {
    TimeZone::get("Europe/London").expect("the bundled time zone database holds Europe/London")
}

#[expect(clippy::expect_used, reason = "ISO 4217 lists the pound")]
pub(super) fn pounds() -> Currency {
    Currency::parse("GBP").expect("ISO 4217 lists GBP")
}
