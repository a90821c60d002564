//! Kits with their parts in one draft, in either order; kits within kits; parts sold by serial
//! number.

use crate::counter::{draft, line, money, units, with};
use crate::goods::{by_card, kits, row};
use crate::table::Row;
use returndesk::domain::draft::DraftLine;
use returndesk::domain::sale::Sale;

/// Two cases for 100.00, each with two sets for 10.00, each with three pens for 1.00.
fn nested() -> Sale {
    let set = with(line(2, 4, 1000), |line| line.parent_line = Some(1));
    let pen = with(line(3, 12, 100), |line| line.parent_line = Some(2));
    by_card(vec![line(1, 2, 10000), set, pen])
}

/// Two sets without a price of their own: a plate for 30.00 and a cup for 20.00 in each.
fn priced_on_parts() -> Sale {
    let part = |number, price| with(line(number, 2, price), |line| line.parent_line = Some(1));
    by_card(vec![line(1, 2, 0), part(2, 3000), part(3, 2000)])
}

/// Two bundles for 5.00, each with a phone for 500.00 that is sold by its serial number.
fn bundles() -> Sale {
    let serials = ["SN-A", "SN-B"].map(str::to_owned).to_vec();
    by_card(vec![
        line(1, 2, 500),
        with(line(2, 2, 50000), |line| {
            (line.parent_line, line.serial_numbers) = (Some(1), serials)
        }),
    ])
}

fn phone(serial: &str) -> DraftLine {
    with(units(2, 1), |line| line.serial_number = Some(serial.to_owned()))
}

#[rustfmt::skip] // a row is read as one
pub fn rows() -> Vec<Row> {
    vec![
        row(
            "a part and its kit",
            kits(),
            vec![],
            draft(vec![units(2, 1), units(1, 1)]),
            "
            allowed: 16.00 back
            line 2: 1 for 2.00 = 2.00
            line 1: 1 for 5.00 = 5.00
            line 2: 2 for 4.00 = 4.00
            line 3: 1.25 for 5.00 = 5.00
            refund 1: 16.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "a kit and its part",
            kits(),
            vec![],
            draft(vec![units(1, 1), units(2, 1)]),
            "
            allowed: 16.00 back
            line 1: 1 for 5.00 = 5.00
            line 2: 2 for 4.00 = 4.00
            line 3: 1.25 for 5.00 = 5.00
            line 2: 1 for 2.00 = 2.00
            refund 1: 16.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "a kit and more of its part than it brings",
            kits(),
            vec![],
            draft(vec![units(1, 1), units(2, 5)]),
            "
            allowed: 20.00 back
            line 1: 1 for 5.00 = 5.00
            line 3: 1.25 for 5.00 = 5.00
            line 2: 5 for 10.00 = 10.00
            refund 1: 20.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "all kits and all of a part",
            kits(),
            vec![],
            draft(vec![units(1, 2), units(2, 6)]),
            "
            allowed: 32.00 back
            line 1: 2 for 10.00 = 10.00
            line 3: 2.5 for 10.00 = 10.00
            line 2: 6 for 12.00 = 12.00
            refund 1: 32.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "a case, a set of it and a pen of that",
            nested(),
            vec![],
            draft(vec![units(1, 1), units(2, 1), units(3, 1)]),
            "
            allowed: 126.00 back
            line 1: 1 for 100.00 = 100.00
            line 2: 1 for 10.00 = 10.00
            line 3: 3 for 3.00 = 3.00
            line 2: 1 for 10.00 = 10.00
            line 3: 2 for 2.00 = 2.00
            line 3: 1 for 1.00 = 1.00
            refund 1: 126.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "a pen, a set with it and the case of that",
            nested(),
            vec![],
            draft(vec![units(3, 1), units(2, 1), units(1, 1)]),
            "
            allowed: 126.00 back
            line 3: 1 for 1.00 = 1.00
            line 2: 1 for 10.00 = 10.00
            line 3: 2 for 2.00 = 2.00
            line 1: 1 for 100.00 = 100.00
            line 2: 1 for 10.00 = 10.00
            line 3: 3 for 3.00 = 3.00
            refund 1: 126.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "all kits with parts sold by serial number",
            bundles(),
            vec![],
            draft(vec![units(1, 2)]),
            "
            allowed: 1010.00 back
            line 1: 2 for 10.00 = 10.00
            line 2: 1 for 500.00 = 500.00
            line 2: 1 for 500.00 = 500.00
            refund 1: 1010.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "one of two kits, and which part is not said",
            bundles(),
            vec![],
            draft(vec![units(1, 1)]),
            "
            refused: 505.00 back
            line 1: 1 for 5.00 = 5.00
            line 2: 1 for 500.00 = 500.00
            - serial_mismatch by service:serial: refused
            This part of the kit is sold by serial number; enter it as a line of its own, with the number coming back.
            refund 1: 505.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "one of two kits, and its part by number",
            bundles(),
            vec![],
            draft(vec![units(1, 1), phone("SN-B")]),
            "
            allowed: 505.00 back
            line 1: 1 for 5.00 = 5.00
            line 2: 1 for 500.00 = 500.00
            refund 1: 505.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "a kit of which all parts are back",
            priced_on_parts(),
            vec![draft(vec![units(2, 2)]), draft(vec![units(3, 2)])],
            draft(vec![units(1, 1)]),
            "
            refused: 0.00 back
            line 1: 0 for 0.00 = 0.00
            - already_returned by service:quantity: refused
            All parts of this kit have come back already; the kit itself has no price.",
        ),
        row(
            "a kit after the parts of the other one",
            priced_on_parts(),
            vec![draft(vec![units(2, 1)]), draft(vec![units(3, 1)])],
            draft(vec![units(1, 1)]),
            "
            allowed: 50.00 back
            line 1: 1 for 0.00 = 0.00
            line 2: 1 for 30.00 = 30.00
            line 3: 1 for 20.00 = 20.00
            refund 1: 50.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "a kit with a price of its own, after its parts",
            kits(),
            vec![draft(vec![units(2, 6)]), draft(vec![crate::counter::weighed(3, 2_500)])],
            draft(vec![units(1, 2)]),
            "
            allowed: 10.00 back
            line 1: 2 for 10.00 = 10.00
            refund 1: 10.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "money for a kit that stays, by the value of its parts",
            priced_on_parts(),
            vec![],
            draft(vec![money(1, 1000)]),
            "
            allowed: 10.00 back
            line 2: 0 for 6.00 = 6.00
            line 3: 0 for 4.00 = 4.00
            refund 1: 10.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "money for a kit that stays, by what is left of its parts",
            priced_on_parts(),
            vec![draft(vec![units(2, 2)])],
            draft(vec![money(1, 1000)]),
            "
            allowed: 10.00 back
            line 3: 0 for 10.00 = 10.00
            refund 1: 10.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "more money for a kit than is left",
            priced_on_parts(),
            vec![draft(vec![units(2, 2)])],
            draft(vec![money(1, 4001)]),
            "
            refused: 0.00 back
            line 1: 0 for 0.00 = 0.00
            - price_above_paid by service:paid-cap: refused
            40.01 is asked back on this line, but only 40.00 of it is left.",
        ),
        row(
            "the last kit after a part by number",
            bundles(),
            vec![draft(vec![phone("SN-B"), units(1, 1)])],
            draft(vec![units(1, 1)]),
            "
            allowed: 505.00 back
            line 1: 1 for 5.00 = 5.00
            line 2: 1 for 500.00 = 500.00
            refund 1: 505.00 credit_card of tender 1 (ref-1)",
        ),
    ]
}

#[test]
fn the_order_of_the_lines_changes_nothing() {
    let asked = [units(1, 1), units(2, 1), units(3, 1)];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let brought = orders.map(|order| {
        let mut counter =
            crate::counter::Counter::open(&format!("[{}]", crate::table::DEFAULT), vec![nested()]);
        counter.now = crate::counter::noon("2026-03-10");
        let lines = order.map(|place| asked[place].clone()).to_vec();
        let decision = counter.check(&draft(lines)).unwrap();
        assert!(decision.lines.is_sorted_by_key(|line| line.index));
        let mut told: Vec<_> = (decision.lines.iter())
            .map(|line| (line.sale_line, order[line.index], line.quantity, line.refund))
            .collect();
        told.sort();
        told
    });
    assert!(brought.iter().all(|one| *one == brought[0]), "{brought:#?}");
}

/// Which numbers came back is kept with the return: voiding it must find them.
#[test]
fn a_kit_brings_the_serial_numbers_that_are_left() {
    let mut counter =
        crate::counter::Counter::open(&format!("[{}]", crate::table::DEFAULT), vec![bundles()]);
    counter.record(draft(vec![phone("SN-B"), units(1, 1)])).unwrap();
    let rest = counter.record(draft(vec![units(1, 1)])).unwrap();
    assert_eq!(counter.book(1).lines[1].serials_returned, ["SN-B", "SN-A"]);
    let numbers: Vec<_> = rest.lines.iter().map(|line| line.serial_number.as_deref()).collect();
    assert_eq!(numbers, [None, Some("SN-A")]);
}
