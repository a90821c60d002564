//! One row of the file: what it is part of, and its figures read exactly.

use jiff::{Zoned, civil::DateTime, tz::TimeZone};
use rust_decimal::Decimal;
use serde::Deserialize;

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

impl Raw {
    pub(super) fn document(&self) -> Document {
        match self.invoice.as_bytes().first() {
            Some(b'C' | b'c') => Document::Credit,
            Some(b'A' | b'a') => Document::BadDebt,
            _ => Document::Sale,
        }
    }

    pub(super) fn goods(self, zone: &TimeZone) -> Result<Row, Reason> {
        let at: DateTime = self.at.parse().map_err(|_| Reason::Unreadable)?;
        Ok(Row {
            description: filled(&self.description),
            quantity: self.quantity.parse().map_err(|_| Reason::Unreadable)?,
            at: zone.to_zoned(at).map_err(|_| Reason::Unreadable)?,
            unit_price: pence(&self.unit_price)?,
            // The public file writes its numbers as "17850.0" in some editions.
            customer: filled(self.customer.strip_suffix(".0").unwrap_or(&self.customer)),
            invoice: self.invoice,
            stock_code: self.stock_code,
        })
    }
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
    let mut pounds = Decimal::from_str_exact(text).map_err(|_| Reason::Unreadable)?.normalize();
    if pounds.scale() > 2 {
        return Err(Reason::PriceTooFine);
    }
    pounds.rescale(2);
    i64::try_from(pounds.mantissa()).map(Minor).map_err(|_| Reason::Unreadable)
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
