//! Serial numbers: units sold with one need it, units sold without one do not.

use crate::counter::{draft, line, units, weighed, with};
use crate::goods::{by_card, row};
use crate::table::Row;
use returndesk::domain::draft::DraftLine;
use returndesk::domain::money::Minor;
use returndesk::domain::quantity::Quantity;
use returndesk::domain::sale::Sale;

/// Five boxes of one lot.
fn lot() -> Sale {
    by_card(vec![with(line(1, 5, 1200), |line| line.serial_numbers = vec!["L-77".to_owned()])])
}

/// Three phones, of which two were scanned.
fn partly_scanned() -> Sale {
    let serials = ["SP-0", "SP-1"].map(str::to_owned).to_vec();
    by_card(vec![with(line(1, 3, 1000), |line| line.serial_numbers = serials)])
}

/// Less than a kilogram of one lot.
fn weighed_lot() -> Sale {
    let cheese = with(line(1, 1, 2000), |line| {
        (line.quantity, line.net) = (Quantity(500), Minor(1000));
        line.serial_numbers = vec!["L-1".to_owned()];
    });
    by_card(vec![cheese])
}

fn numbered(line: DraftLine, number: &str) -> DraftLine {
    with(line, |line| line.serial_number = Some(number.to_owned()))
}

#[rustfmt::skip] // a row is read as one
pub fn rows() -> Vec<Row> {
    vec![
        row("some of a lot by its number", lot(), vec![], draft(vec![numbered(units(1, 3), "L-77")]), "
            allowed: 36.00 back
            line 1: 3 for 36.00 = 36.00
            refund 1: 36.00 credit_card of tender 1 (ref-1)"),
        row("some of a lot without a number", lot(), vec![], draft(vec![units(1, 3)]), "
            allowed: 36.00 back
            line 1: 3 for 36.00 = 36.00
            refund 1: 36.00 credit_card of tender 1 (ref-1)"),
        row("the rest of a lot by its number again", lot(), vec![draft(vec![numbered(units(1, 3), "L-77")])],
            draft(vec![numbered(units(1, 2), "L-77")]), "
            allowed: 24.00 back
            line 1: 2 for 24.00 = 24.00
            refund 1: 24.00 credit_card of tender 1 (ref-1)"),
        row("all of a lot without its number", lot(), vec![], draft(vec![units(1, 5)]), "
            refused: 60.00 back
            line 1: 5 for 60.00 = 60.00
            - serial_mismatch by service:serial: refused
            Only 4 of these can be returned without a serial number. Scan the numbers of the others, a line for each.
            refund 1: 60.00 credit_card of tender 1 (ref-1)"),
        row("part of a weighed lot", weighed_lot(), vec![], draft(vec![numbered(weighed(1, 250), "L-1")]), "
            allowed: 5.00 back
            line 1: 0.25 for 5.00 = 5.00
            refund 1: 5.00 credit_card of tender 1 (ref-1)"),
        row("the unit that was not scanned", partly_scanned(), vec![], draft(vec![units(1, 1)]), "
            allowed: 10.00 back
            line 1: 1 for 10.00 = 10.00
            refund 1: 10.00 credit_card of tender 1 (ref-1)"),
        row("the unit that was not scanned, after the others",
            partly_scanned(), vec![draft(vec![numbered(units(1, 1), "SP-0"), numbered(units(1, 1), "SP-1")])],
            draft(vec![units(1, 1)]), "
            allowed: 10.00 back
            line 1: 1 for 10.00 = 10.00
            refund 1: 10.00 credit_card of tender 1 (ref-1)"),
        row("all of them at once, in any order",
            partly_scanned(), vec![],
            draft(vec![units(1, 1), numbered(units(1, 1), "SP-1"), numbered(units(1, 1), "SP-0")]), "
            allowed: 30.00 back
            line 1: 1 for 10.00 = 10.00
            line 1: 1 for 10.00 = 10.00
            line 1: 1 for 10.00 = 10.00
            refund 1: 30.00 credit_card of tender 1 (ref-1)"),
        row("more without a number than were sold so", partly_scanned(), vec![draft(vec![units(1, 1)])],
            draft(vec![units(1, 1)]), "
            refused: 10.00 back
            line 1: 1 for 10.00 = 10.00
            - serial_mismatch by service:serial: refused
            This item is sold by serial number; scan the number of the one coming back.
            refund 1: 10.00 credit_card of tender 1 (ref-1)"),
        row("a number that was not sold there", partly_scanned(), vec![], draft(vec![numbered(units(1, 1), "SP-9")]), "
            refused: 10.00 back
            line 1: 1 for 10.00 = 10.00
            - serial_mismatch by service:serial: refused
            Serial number SP-9 was not sold on this line. Check the number on the item.
            refund 1: 10.00 credit_card of tender 1 (ref-1)"),
    ]
}
