//! What discounts and taxes of a whole sale name: lines and charges that are there, each once, and
//! no tax twice on one of them.

use super::{NewSale, ReceiptDiscount, ReceiptTax, SaleTax};
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
        let lines = self.lines.iter().map(|line| (line.line, line.taxes.as_slice()));
        let charges = self.charges.iter().map(|charge| (charge.charge, charge.taxes.as_slice()));
        check_taxes(&self.taxes, lines.collect(), charges.collect(), reading);
    }
}

/// Checks what taxes of a receipt name, and that none is there twice. A tax of the receipt is in
/// place of those of the lines: both of one code would be one tax charged twice, and nobody could
/// say which of the two is given back. `lines` and `charges` are those of the receipt, each with its
/// own taxes.
pub(in crate::wire) fn check_taxes(
    taxes: &[ReceiptTax],
    lines: Vec<(u32, &[SaleTax])>,
    charges: Vec<(u32, &[SaleTax])>,
    reading: &mut Reading,
) {
    let numbers = Numbers {
        lines: lines.iter().map(|(number, _)| *number).collect(),
        charges: charges.iter().map(|(number, _)| *number).collect(),
    };
    for (index, tax) in taxes.iter().enumerate() {
        numbers.check(format_args!("/taxes/{index}"), &tax.lines, &tax.charges, reading);
    }
    let own = |all: &[(u32, &[SaleTax])]| -> HashSet<(u32, String)> {
        let of_one = |(number, taxes): &(u32, &[SaleTax])| -> Vec<(u32, String)> {
            taxes.iter().map(|tax| (*number, tax.code.clone())).collect()
        };
        all.iter().flat_map(of_one).collect()
    };
    let (mut on_lines, mut on_charges) = (own(&lines), own(&charges));
    for (index, tax) in taxes.iter().enumerate() {
        let whole = tax.lines.is_empty() && tax.charges.is_empty();
        let all = || lines.iter().map(|(number, _)| *number).collect::<Vec<_>>();
        let named = if whole { all() } else { tax.lines.clone() };
        let twice = |(what, number): (&str, u32)| {
            format!(
                "Tax {} is on {what} {number} already; give each tax once, for the {what} or for \
                 the receipt.",
                tax.code
            )
        };
        let of_lines = named.iter().filter(|number| !on_lines.insert((**number, tax.code.clone())));
        let of_lines = of_lines.map(|number| ("line", *number)).collect::<Vec<_>>();
        let of_charges = tax.charges.iter();
        let of_charges =
            of_charges.filter(|number| !on_charges.insert((**number, tax.code.clone())));
        let of_charges = of_charges.map(|number| ("charge", *number));
        if let Some(first) = of_lines.into_iter().chain(of_charges).next() {
            reading.invalid(format_args!("/taxes/{index}/code"), twice(first));
        }
    }
}
