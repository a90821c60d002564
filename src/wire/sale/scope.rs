//! What discounts and taxes of a whole sale name: lines and charges that are there, each once, and
//! no tax twice on one of them.

use super::{NewSale, ReceiptDiscount};
use crate::wire::reading::Reading;
use std::collections::HashSet;
use std::fmt::Arguments;

/// The numbers that a sale's lines and charges have.
pub(in crate::wire) struct Numbers {
    pub lines: HashSet<u32>,
    pub charges: HashSet<u32>,
}

impl Numbers {
    /// Checks what the discounts at a place name.
    pub fn check_discounts(
        &self,
        at: Arguments<'_>,
        discounts: &[ReceiptDiscount],
        reading: &mut Reading,
    ) {
        for (index, discount) in discounts.iter().enumerate() {
            self.check(format_args!("{at}/{index}"), &discount.lines, &discount.charges, reading);
        }
    }

    fn check(&self, at: Arguments<'_>, lines: &[u32], charges: &[u32], reading: &mut Reading) {
        let all =
            [("lines", "line", lines, &self.lines), ("charges", "charge", charges, &self.charges)];
        for (list, what, named, known) in all {
            let mut seen = HashSet::new();
            for (index, number) in named.iter().enumerate() {
                let at = format_args!("{at}/{list}/{index}");
                if !known.contains(number) {
                    reading.invalid(at, format!("The sale has no {what} {number}."));
                } else if !seen.insert(*number) {
                    reading.invalid(at, format!("The {what} {number} is named twice."));
                }
            }
        }
    }
}

impl NewSale {
    pub(super) fn check_scopes(&self, reading: &mut Reading) {
        let numbers = Numbers {
            lines: self.lines.iter().map(|line| line.line).collect(),
            charges: self.charges.iter().map(|charge| charge.charge).collect(),
        };
        numbers.check_discounts(format_args!("/discounts"), &self.discounts, reading);
        for (index, tax) in self.taxes.iter().enumerate() {
            numbers.check(format_args!("/taxes/{index}"), &tax.lines, &tax.charges, reading);
        }
        self.check_codes(reading);
    }

    /// A tax of the receipt is in place of those of the lines: both of one code would be one tax
    /// charged twice, and nobody could say which of the two is given back.
    fn check_codes(&self, reading: &mut Reading) {
        let own_of_lines =
            self.lines.iter().flat_map(|line| line.taxes.iter().map(|tax| (line.line, &tax.code)));
        let own_of_charges = (self.charges.iter())
            .flat_map(|charge| charge.taxes.iter().map(|tax| (charge.charge, &tax.code)));
        let mut lines: HashSet<(u32, &String)> = own_of_lines.collect();
        let mut charges: HashSet<(u32, &String)> = own_of_charges.collect();
        for (index, tax) in self.taxes.iter().enumerate() {
            let whole = tax.lines.is_empty() && tax.charges.is_empty();
            let all = || self.lines.iter().map(|line| line.line).collect::<Vec<_>>();
            let on_lines = if whole { all() } else { tax.lines.clone() };
            let twice = |(what, number): (&str, u32)| {
                format!(
                    "Tax {} is on {what} {number} already; give each tax once, for the {what} or for \
                     the receipt.",
                    tax.code
                )
            };
            let of_lines = on_lines.iter().filter(|number| !lines.insert((**number, &tax.code)));
            let of_lines = of_lines.map(|number| ("line", *number)).collect::<Vec<_>>();
            let of_charges =
                tax.charges.iter().filter(|number| !charges.insert((**number, &tax.code)));
            let of_charges = of_charges.map(|number| ("charge", *number));
            if let Some(first) = of_lines.into_iter().chain(of_charges).next() {
                reading.invalid(format_args!("/taxes/{index}/code"), twice(first));
            }
        }
    }
}
