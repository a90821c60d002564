//! Rows that are part of no sale: which, why, and how to correct them.

use crate::cli::terminal::{counted, grouped, tell};
use crate::wire::online_retail::Reason;
use std::collections::BTreeMap;

/// Passed-over rows by reason, as ranges. A row is counted as spreadsheets do: the header is row 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver(BTreeMap<Reason, Vec<(u32, u32)>>);

impl PassedOver {
    /// Adds a row; those of one reason come in ascending order.
    pub fn add(&mut self, row: u32, reason: Reason) {
        let ranges = self.0.entry(reason).or_default();
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(row) => *last = row,
            _ => ranges.push((row, row)),
        }
    }

    pub fn count(&self) -> u64 {
        self.0.values().map(|ranges| rows(ranges)).sum()
    }

    /// Lists every row with its reason and what to do.
    pub fn tell(&self) {
        self.lines().iter().for_each(|line| tell(line));
    }

    fn lines(&self) -> Vec<String> {
        let line = |(reason, ranges): (&Reason, &Vec<(u32, u32)>)| {
            let (why, what_to_do) = in_words(*reason);
            let noun = if rows(ranges) == 1 { "row" } else { "rows" };
            let count = grouped(rows(ranges));
            format!("  {count} passed over: {why} ({noun} {}). {what_to_do}", listed(ranges))
        };
        self.0.iter().map(line).collect()
    }
}

/// Tells what was read.
pub fn tell_rows(rows: u64, taken: u64, sales: u64) {
    let (taken, sales) = (grouped(taken), counted(sales, "sale", "sales"));
    tell(&format!("{} read, {taken} of them in {sales}.", counted(rows, "row", "rows")));
}

fn rows(ranges: &[(u32, u32)]) -> u64 {
    ranges.iter().map(|(first, last)| u64::from(last - first) + 1).sum()
}

fn listed(ranges: &[(u32, u32)]) -> String {
    let each = ranges.iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    });
    each.collect::<Vec<String>>().join(", ")
}

/// Why a row is passed over, and what to do about it.
fn in_words(reason: Reason) -> (&'static str, &'static str) {
    match reason {
        Reason::Credit => ("credits, which are returns", "Record them with POST /v1/returns."),
        Reason::BadDebt => ("adjustments of bad debts", "They are no sales: nothing to do."),
        Reason::NotAboveZero => (
            "stock corrections (a quantity of zero or less, or a price below zero)",
            "Correct the figures if goods were sold.",
        ),
        Reason::PriceTooFine => {
            ("prices that pounds and pence cannot say", "Write UnitPrice with two decimals.")
        }
        Reason::Quantity => ("a quantity that is no whole number", "Write Quantity as 6."),
        Reason::Price => ("a price that is no number", "Write UnitPrice as 2.55."),
        Reason::Time => (
            "a time that cannot be read",
            "Write InvoiceDate as 2010-12-01 08:26:00 or 12/1/2010 8:26, the month first.",
        ),
        Reason::TooLarge => ("an amount larger than a sale may be", "Correct the figures."),
        Reason::NoInvoice => ("no invoice number", "Fill in InvoiceNo."),
        Reason::TooLate => (
            "rows that came long after the rest of their invoice, which is recorded without them",
            "Sort the file by invoice before the first import.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_listed_by_reason_in_ranges() {
        let mut passed = PassedOver::default();
        for (row, reason) in [
            (2, Reason::Credit),
            (3, Reason::Credit),
            (4, Reason::NoInvoice),
            (5, Reason::Credit),
            (6, Reason::Credit),
            (7, Reason::Credit),
            (9, Reason::Credit),
        ] {
            passed.add(row, reason);
        }
        assert_eq!(passed.count(), 7);
        let credits = "  6 passed over: credits, which are returns (rows 2-3, 5-7, 9). \
                       Record them with POST /v1/returns.";
        let numberless = "  1 passed over: no invoice number (row 4). Fill in InvoiceNo.";
        assert_eq!(passed.lines(), [credits, numberless]);
    }
}
