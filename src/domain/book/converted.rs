//! The balance of a sale in the currency that replaced its own, from the day of the changeover on.
//!
//! What came back before keeps its part of each value, so that what is left is what the rest of the
//! goods are worth; and the tenders have just that left.

use super::super::allocate::{cumulative, half_up};
use super::super::changeover::Changeover;
use super::super::money::Minor;
use super::super::quantity::Quantity;
use super::{Base, Book, ChargeBook, LineBook, TenderBook};
use std::sync::Arc;

/// What had come back when a balance was converted, in the new currency: of each line units and
/// money, of each tender refunded, rounding, in cash and carried, of each charge what was given;
/// each with its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    pub lines: Vec<(u32, Quantity, Minor)>,
    pub tenders: Vec<(u32, [Minor; 4])>,
    pub charges: Vec<(u32, Vec<Minor>)>,
}

impl Book {
    /// Returns the balance in the currency that replaced the sale's own.
    pub fn in_new_currency(&self, by: Changeover) -> Book {
        let mut book = Book::untouched(Arc::new(self.sale.in_new_currency(by)));
        (book.voided_at, book.returns) = (self.voided_at, self.returns);
        book.lines.iter_mut().zip(&self.lines).for_each(|(line, before)| line.go_on(before));
        book.charges.iter_mut().zip(&self.charges).for_each(|(charge, before)| {
            charge.go_on(before);
        });
        for (tender, before) in book.tenders.iter_mut().zip(&self.tenders) {
            *tender = TenderBook {
                paid: tender.paid,
                refunded: by.convert(before.refunded),
                rounding: by.convert(before.rounding),
                in_cash: by.convert(before.in_cash),
                carried: by.convert(before.carried),
                in_dispute: by.convert(before.in_dispute),
                dispute_fee: by.convert(before.dispute_fee),
                lost: by.convert(before.lost),
                bank_fees: by.convert(before.bank_fees),
                ..*before
            };
        }
        let beyond = by.convert(Minor(self.money_left() - self.worth_left()));
        book.balance(book.worth_left() + beyond.0 - book.money_left());
        book
    }

    /// What had come back, as the conversion found it.
    pub fn opening(&self) -> Opening {
        let tender = |t: &TenderBook| [t.refunded, t.rounding, t.in_cash, t.carried];
        Opening {
            lines: (self.sale.lines.iter().zip(&self.lines))
                .map(|(line, state)| (line.line, state.returned, state.refunded()))
                .collect(),
            tenders: (self.sale.tenders.iter().zip(&self.tenders))
                .map(|(paid, state)| (paid.tender, tender(state)))
                .collect(),
            charges: self.charges.iter().map(|c| (c.charge, c.given.clone())).collect(),
        }
    }

    /// What all that is back was worth in the currency that the sale was rung up in; none for a
    /// sale that was not converted.
    pub fn back_as_sold(&self) -> Option<Minor> {
        let converted = self.sale.converted.as_ref()?;
        let as_sold = Book::untouched(Arc::clone(&converted.as_sold));
        let of_lines =
            self.lines.iter().zip(&as_sold.lines).map(|(line, as_sold)| match line.is_by_units() {
                true => as_sold.clone().take(line.returned).map_or(0, |parts| parts.gross.0),
                false => proportion(as_sold.value(), line.refunded(), line.value()).0,
            });
        let of_charges = self.charges.iter().zip(&as_sold.charges);
        let of_charges = of_charges
            .map(|(charge, as_sold)| proportion(as_sold.all(), charge.refunded(), charge.all()).0);
        Some(Minor(of_lines.chain(of_charges).sum()))
    }

    /// What may still come back of lines and charges.
    fn worth_left(&self) -> i64 {
        let lines = self.lines.iter().map(|line| line.value().0 - line.refunded().0);
        lines.chain(self.charges.iter().map(|charge| charge.left().0)).sum()
    }

    /// What the tenders have left.
    fn money_left(&self) -> i64 {
        self.tenders.iter().map(|tender| tender.refundable().0).sum()
    }

    /// Leaves so much more on the tenders (negative: less), by what they had given back: that was
    /// paid in the old currency, and its worth in the new one is a matter of a cent for each. Where
    /// that cannot be, the lines of which a part is back are worth so much less (negative: more).
    fn balance(&mut self, mut more: i64) {
        for tender in &mut self.tenders {
            let rest = tender.paid.0 - tender.refunded.0;
            let now = match tender.refunded.is_positive() {
                true => more.clamp(-rest.max(0), tender.refunded.0),
                false => 0,
            };
            tender.refunded.0 -= now;
            more -= now;
        }
        for line in self.lines.iter_mut().filter(|line| line.given[0].is_positive()) {
            let left = line.left()[0].0;
            let now = if left > 0 { more.clamp(-line.given[0].0, left) } else { 0 };
            if now != 0 {
                line.given[0].0 += now;
                line.base = Base { quantity: line.returned, left: line.left() };
                more -= now;
            }
        }
    }
}

impl LineBook {
    /// Returns true if what was given back of the line is what its units are worth. A cent apart is
    /// not money for goods that stay, but the trace of a conversion or of a void.
    fn is_by_units(&self) -> bool {
        let worth: Vec<Minor> = (self.values.iter())
            .map(|value| cumulative(*value, self.returned, self.sold))
            .collect();
        (self.refunded().0 - self.paid_sum(&worth).0).abs() <= 1
    }

    /// Enters what had come back of the same line before its values were converted.
    pub(super) fn go_on(&mut self, before: &LineBook) {
        self.returned = before.returned;
        self.serials_returned.clone_from(&before.serials_returned);
        let ordinary = before.base.quantity == Quantity::ZERO
            && before.base.left == before.values
            && before.withheld.is_empty()
            && before.forgone.is_empty();
        if ordinary {
            let given = |value: &Minor| cumulative(*value, self.returned, self.sold);
            self.given = self.values.iter().map(given).collect();
            return;
        }
        let of_values = |parts: &[Minor], values: &[Minor]| -> Vec<Minor> {
            let values = before.values.iter().zip(values);
            parts.iter().zip(values).map(|(part, (was, is))| proportion(*is, *part, *was)).collect()
        };
        self.given = of_values(&before.given, &self.values);
        self.withheld = of_values(&before.withheld, &self.values);
        self.forgone = of_values(&before.forgone, &self.values);
        self.base = Base { quantity: self.returned, left: self.left() };
    }
}

impl ChargeBook {
    fn go_on(&mut self, before: &ChargeBook) {
        let values = self.values.iter().zip(&before.values);
        let given = values.zip(&before.given).map(|((is, was), part)| proportion(*is, *part, *was));
        self.given = given.collect();
    }

    fn all(&self) -> Minor {
        self.paid_sum(&self.values)
    }
}

/// `value · part / whole`, half up: all of it for the whole, nothing where there is none.
fn proportion(value: Minor, part: Minor, whole: Minor) -> Minor {
    let product = i128::from(value.0) * i128::from(part.0);
    match whole.is_positive() && product > 0 {
        true => Minor(half_up(product, i128::from(whole.0))),
        false => Minor::ZERO,
    }
}
