//! Serial numbers of what comes back: a unit sold with a number needs it, once; the units of a line
//! that were sold without one need none.

use super::super::book::LineBook;
use super::super::decision::{Code, Finding};
use super::super::match_key::matches;
use super::super::quantity::Quantity;

const RULE: &str = "service:serial";

/// Finds what is wrong with the serial number, or the lack of one, of `units` of a line. `sold`
/// are the numbers of the sale's line, `before` is its state before these units.
///
/// The right numbers are never told: someone who brings other goods must not learn them here.
pub(super) fn serial_finding(
    sold: &[String],
    before: &LineBook,
    serial: Option<&str>,
    units: Quantity,
) -> Option<Finding> {
    let Some(serial) = serial else {
        let free = without_number(sold, before);
        return (units > free).then(|| missing(free));
    };
    if is_lot(sold, before) && matches(&sold[0], serial) {
        return None;
    }
    if before.serials_returned.iter().any(|returned| matches(returned, serial)) {
        let detail = format!("The item with serial number {serial} has come back already.");
        return Some(Finding::refused(Code::AlreadyReturned, RULE, detail));
    }
    if sold.is_empty() {
        return None;
    }
    if !sold.iter().any(|known| matches(known, serial)) {
        let detail = format!(
            "Serial number {serial} was not sold on this line. Check the number on the item."
        );
        return Some(mismatch(detail));
    }
    (units != Quantity::ONE).then(|| {
        let detail = "One serial number is one unit; enter a line for each that comes back.";
        mismatch(detail.to_owned())
    })
}

/// Returns the units of a line that can still come back without a number: all that are left, less
/// one for each number that has not come back.
pub(super) fn without_number(sold: &[String], line: &LineBook) -> Quantity {
    let is_back = |number: &str| line.serials_returned.iter().any(|back| matches(back, number));
    let out = sold.iter().filter(|number| !is_back(number)).count();
    let numbered = i64::try_from(out).unwrap_or(i64::MAX).saturating_mul(Quantity::ONE.0);
    Quantity(line.returnable().0.saturating_sub(numbered).max(0))
}

/// Returns true if the one number of a line stands for all of its units: a lot, not an item.
fn is_lot(sold: &[String], line: &LineBook) -> bool {
    sold.len() == 1 && line.sold != Quantity::ONE
}

fn missing(free: Quantity) -> Finding {
    if free == Quantity::ZERO {
        let detail = "This item is sold by serial number; scan the number of the one coming back.";
        return mismatch(detail.to_owned());
    }
    mismatch(format!(
        "Only {free} of these can be returned without a serial number. Scan the numbers of the \
         others, a line for each."
    ))
}

fn mismatch(detail: String) -> Finding {
    Finding::refused(Code::SerialMismatch, RULE, detail)
}
