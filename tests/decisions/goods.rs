//! What a line is worth and how much of it is left: quantities, serial numbers, kits, charges,
//! prices.

use crate::counter::{
    discount, draft, line, money, reason, sale, tax, tender, totalled, units, weighed, with,
};
use crate::table::Row;
use returndesk::domain::draft::{Draft, DraftCharge, DraftLine, SaleRef};
use returndesk::domain::money::Minor;
use returndesk::domain::quantity::Quantity;
use returndesk::domain::sale::{Charge, Sale, SaleLine};
use returndesk::domain::tender::TenderType::CreditCard;
use returndesk::domain::words::Condition;

pub fn by_card(lines: Vec<SaleLine>) -> Sale {
    let mut sale = sale(lines, vec![tender(1, CreditCard, 0, 0)]);
    sale.tenders[0].amount = sale.total;
    sale
}

/// Three glasses for 10.00 and 0.89 of tax.
pub fn glasses() -> Sale {
    by_card(vec![with(line(1, 3, 334), |line| {
        (line.discounts, line.net) = (vec![discount(2, Some("THREE"))], Minor(1000));
        line.taxes = vec![tax("NY", 89)];
    })])
}

fn phones() -> Sale {
    let serials = ["SN-A", "SN-B"].map(str::to_owned).to_vec();
    by_card(vec![with(line(1, 2, 50000), |line| line.serial_numbers = serials)])
}

/// Two kits for 5.00 with three parts each for 2.00 a piece, and a sack of feed sold with them by
/// weight.
pub fn kits() -> Sale {
    let part = with(line(2, 6, 200), |line| line.parent_line = Some(1));
    let feed = with(line(3, 1, 400), |line| {
        (line.quantity, line.net, line.parent_line) = (Quantity(2_500), Minor(1000), Some(1));
    });
    by_card(vec![line(1, 2, 500), part, feed])
}

/// A lamp for 20.00, 5.00 for shipping with 0.44 tax, and 1.00 for wrapping that is not refunded.
pub fn shipped() -> Sale {
    let charge = |number, kind: &str, amount, taxes, refundable| Charge {
        charge: number,
        kind: kind.to_owned(),
        amount: Minor(amount),
        taxes,
        refundable,
    };
    let mut sale = by_card(vec![line(1, 1, 2000)]);
    sale.charges = vec![
        charge(1, "shipping", 500, vec![tax("NY", 44)], true),
        charge(2, "wrapping", 100, vec![], false),
    ];
    totalled(&mut sale);
    sale.tenders[0].amount = sale.total;
    sale
}

fn charge(number: u32) -> DraftCharge {
    DraftCharge { sale: None, charge: number, amount: None }
}

pub fn with_charges(lines: Vec<DraftLine>, charges: &[u32]) -> Draft {
    with(draft(lines), |draft| {
        draft.charges = charges.iter().map(|number| charge(*number)).collect()
    })
}

fn serial(number: Option<&str>) -> DraftLine {
    with(units(1, 1), |line| line.serial_number = number.map(str::to_owned))
}

fn priced(units_back: i64, price: i64) -> Draft {
    draft(vec![with(units(1, units_back), |line| line.unit_price = Some(Minor(price).into()))])
}

pub fn opened(units_back: i64, why: &str) -> Draft {
    draft(vec![with(units(1, units_back), |line| {
        (line.condition, line.reason) = (Condition::Opened, reason(why))
    })])
}

pub fn row(
    name: &'static str,
    sale: Sale,
    before: Vec<Draft>,
    draft: Draft,
    told: &'static str,
) -> Row {
    Row {
        name,
        rules: "",
        sales: vec![sale],
        before,
        disputed: None,
        on: "2026-03-10",
        draft,
        told,
    }
}

pub fn under(rules: &'static str, row: Row) -> Row {
    Row { rules, ..row }
}

const TIER: &str = r#"{"id": "tiers", "when": {}, "set": {"approval": [{"over": "5.00", "role": "supervisor"}]}},"#;

#[rustfmt::skip] // a row is read as one
pub fn rows() -> Vec<Row> {
    let of_two = |first: DraftLine, second: DraftLine| {
        let named =
            |line: DraftLine, number| with(line, |line| line.sale = Some(SaleRef::Id(crate::counter::id(number))));
        with(draft(vec![named(first, 1), named(second, 2)]), |draft| draft.sale = None)
    };
    let second = |sale: Sale| with(sale, |sale| (sale.id, sale.receipt) = (crate::counter::id(2), "R-2".to_owned()));
    vec![
        row(
            "one of three",
            glasses(),
            vec![],
            draft(vec![units(1, 1)]),
            "
            allowed: 3.63 back
            line 1: 1 for 3.33 NY 0.30 = 3.63
            refund 1: 3.63 credit_card of tender 1 (ref-1)",
        ),
        row(
            "the second of three",
            glasses(),
            vec![draft(vec![units(1, 1)])],
            draft(vec![units(1, 1)]),
            "
            allowed: 3.63 back
            line 1: 1 for 3.34 NY 0.29 = 3.63
            refund 1: 3.63 credit_card of tender 1 (ref-1)",
        ),
        row(
            "the third of three",
            glasses(),
            vec![draft(vec![units(1, 2)])],
            draft(vec![units(1, 1)]),
            "
            allowed: 3.63 back
            line 1: 1 for 3.33 NY 0.30 = 3.63
            refund 1: 3.63 credit_card of tender 1 (ref-1)",
        ),
        row(
            "four of three",
            glasses(),
            vec![],
            draft(vec![units(1, 4)]),
            "
            refused: 0.00 back
            line 1: 0 for 0.00 NY 0.00 = 0.00
            - quantity_exceeded by service:quantity: refused
            4 are to come back, but only 3 were sold.",
        ),
        row(
            "two of one left",
            glasses(),
            vec![draft(vec![units(1, 2)])],
            draft(vec![units(1, 2)]),
            "
            refused: 0.00 back
            line 1: 0 for 0.00 NY 0.00 = 0.00
            - quantity_exceeded by service:quantity: refused
            2 are to come back, but of 3 sold only 1 is left.",
        ),
        row(
            "nothing left",
            glasses(),
            vec![draft(vec![units(1, 3)])],
            draft(vec![units(1, 1)]),
            "
            refused: 0.00 back
            line 1: 0 for 0.00 NY 0.00 = 0.00
            - already_returned by service:quantity: refused
            All 3 of this line have come back already.",
        ),
        row(
            "the same line twice",
            glasses(),
            vec![],
            draft(vec![units(1, 2), units(1, 2)]),
            "
            refused: 7.26 back
            line 1: 2 for 6.67 NY 0.59 = 7.26
            line 1: 0 for 0.00 NY 0.00 = 0.00
            - quantity_exceeded by service:quantity: refused
            2 are to come back, but of 3 sold only 1 is left.
            refund 1: 7.26 credit_card of tender 1 (ref-1)",
        ),
        row(
            "a register's price rounded up",
            glasses(),
            vec![],
            priced(1, 334),
            "
            allowed: 3.63 back
            line 1: 1 for 3.33 NY 0.30 = 3.63
            refund 1: 3.63 credit_card of tender 1 (ref-1)",
        ),
        row(
            "a register's price for three, rounded up",
            glasses(),
            vec![],
            priced(3, 334),
            "
            allowed: 10.89 back
            line 1: 3 for 10.00 NY 0.89 = 10.89
            refund 1: 10.89 credit_card of tender 1 (ref-1)",
        ),
        row(
            "a register's price above what was paid",
            glasses(),
            vec![],
            priced(1, 400),
            "
            refused: 3.63 back
            line 1: 1 for 3.33 NY 0.30 = 3.63
            - price_above_paid by service:paid-cap: refused
            4.00 is asked for 1, but 3.33 was paid.
            refund 1: 3.63 credit_card of tender 1 (ref-1)",
        ),
        row(
            "money back while the goods stay",
            glasses(),
            vec![],
            draft(vec![money(1, 300)]),
            "
            allowed: 3.00 back
            line 1: 0 for 2.75 NY 0.25 = 3.00
            refund 1: 3.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "what is left after an adjustment",
            glasses(),
            vec![draft(vec![money(1, 300)])],
            draft(vec![units(1, 2)]),
            "
            allowed: 5.26 back
            line 1: 2 for 4.83 NY 0.43 = 5.26
            refund 1: 5.26 credit_card of tender 1 (ref-1)",
        ),
        row(
            "the rest after an adjustment",
            glasses(),
            vec![draft(vec![money(1, 300)]), draft(vec![units(1, 2)])],
            draft(vec![units(1, 1)]),
            "
            allowed: 2.63 back
            line 1: 1 for 2.42 NY 0.21 = 2.63
            refund 1: 2.63 credit_card of tender 1 (ref-1)",
        ),
        row(
            "more money than is left",
            glasses(),
            vec![draft(vec![units(1, 2)])],
            draft(vec![money(1, 400)]),
            "
            refused: 0.00 back
            line 1: 0 for 0.00 NY 0.00 = 0.00
            - price_above_paid by service:paid-cap: refused
            4.00 is asked back on this line, but only 3.63 of it is left.",
        ),
        row(
            "a serial number",
            phones(),
            vec![],
            draft(vec![serial(Some("SN-A"))]),
            "
            allowed: 500.00 back
            line 1: 1 for 500.00 = 500.00
            refund 1: 500.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "no serial number",
            phones(),
            vec![],
            draft(vec![serial(None)]),
            "
            refused: 500.00 back
            line 1: 1 for 500.00 = 500.00
            - serial_mismatch by service:serial: refused
            This item is sold by serial number; scan the number of the one coming back.
            refund 1: 500.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "another serial number",
            phones(),
            vec![],
            draft(vec![serial(Some("SN-C"))]),
            "
            refused: 500.00 back
            line 1: 1 for 500.00 = 500.00
            - serial_mismatch by service:serial: refused
            Serial number SN-C was not sold on this line. Check the number on the item.
            refund 1: 500.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "a serial number that came back",
            phones(),
            vec![draft(vec![serial(Some("SN-A"))])],
            draft(vec![serial(Some("SN-A"))]),
            "
            refused: 500.00 back
            line 1: 1 for 500.00 = 500.00
            - already_returned by service:serial: refused
            The item with serial number SN-A has come back already.
            refund 1: 500.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "a serial number twice at once",
            phones(),
            vec![],
            draft(vec![serial(Some("SN-A")), serial(Some("SN-A"))]),
            "
            refused: 1000.00 back
            line 1: 1 for 500.00 = 500.00
            line 1: 1 for 500.00 = 500.00
            - already_returned by service:serial: refused
            The item with serial number SN-A has come back already.
            refund 1: 1000.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "two units under one serial number",
            phones(),
            vec![],
            draft(vec![with(serial(Some("SN-A")), |line| line.asked = units(1, 2).asked)]),
            "
            refused: 1000.00 back
            line 1: 2 for 1000.00 = 1000.00
            - serial_mismatch by service:serial: refused
            One serial number is one unit; enter a line for each that comes back.
            refund 1: 1000.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "a kit brings its parts",
            kits(),
            vec![],
            draft(vec![units(1, 1)]),
            "
            allowed: 16.00 back
            line 1: 1 for 5.00 = 5.00
            line 2: 3 for 6.00 = 6.00
            line 3: 1.25 for 5.00 = 5.00
            refund 1: 16.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "a part alone",
            kits(),
            vec![],
            draft(vec![units(2, 1)]),
            "
            allowed: 2.00 back
            line 2: 1 for 2.00 = 2.00
            refund 1: 2.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "a kit after a part",
            kits(),
            vec![draft(vec![units(2, 1)])],
            draft(vec![units(1, 1)]),
            "
            allowed: 14.00 back
            line 1: 1 for 5.00 = 5.00
            line 2: 2 for 4.00 = 4.00
            line 3: 1.25 for 5.00 = 5.00
            refund 1: 14.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "the last kit brings the rest",
            kits(),
            vec![draft(vec![units(2, 1)]), draft(vec![units(1, 1)])],
            draft(vec![units(1, 1)]),
            "
            allowed: 16.00 back
            line 1: 1 for 5.00 = 5.00
            line 2: 3 for 6.00 = 6.00
            line 3: 1.25 for 5.00 = 5.00
            refund 1: 16.00 credit_card of tender 1 (ref-1)",
        ),
        row(
            "goods by weight",
            kits(),
            vec![],
            draft(vec![weighed(3, 333)]),
            "
            allowed: 1.33 back
            line 3: 0.333 for 1.33 = 1.33
            refund 1: 1.33 credit_card of tender 1 (ref-1)",
        ),
        row(
            "shipping with the goods",
            shipped(),
            vec![],
            with_charges(vec![units(1, 1)], &[1]),
            "
            allowed: 25.44 back
            line 1: 1 for 20.00 = 20.00
            charge 1: 5.00 = 5.44
            refund 1: 25.44 credit_card of tender 1 (ref-1)",
        ),
        row(
            "shipping alone",
            shipped(),
            vec![],
            with_charges(vec![], &[1]),
            "
            allowed: 5.44 back
            charge 1: 5.00 = 5.44
            refund 1: 5.44 credit_card of tender 1 (ref-1)",
        ),
        row(
            "shipping once more",
            shipped(),
            vec![with_charges(vec![], &[1])],
            with_charges(vec![], &[1]),
            "
            refused: 0.00 back
            charge 1: 0.00 = 0.00
            - already_returned by service:charge: refused
            The shipping charge was already refunded.",
        ),
        row(
            "shipping twice at once",
            shipped(),
            vec![],
            with_charges(vec![], &[1, 1]),
            "
            refused: 5.44 back
            charge 1: 5.00 = 5.44
            charge 1: 0.00 = 0.00
            - already_returned by service:charge: refused
            The shipping charge was already refunded.
            refund 1: 5.44 credit_card of tender 1 (ref-1)",
        ),
        row(
            "a charge that is not refunded",
            shipped(),
            vec![],
            with_charges(vec![], &[2]),
            "
            refused: 0.00 back
            charge 2: 0.00 = 0.00
            - not_returnable by service:charge: refused
            The wrapping charge is not refundable.",
        ),
        row(
            "a charge that the sale does not have",
            shipped(),
            vec![],
            with_charges(vec![], &[3]),
            "
            invalid_value /charges/0/charge: The sale has no charge 3.",
        ),
        under(
            TIER,
            row(
                "shipping alone above a tier",
                shipped(),
                vec![],
                with_charges(vec![], &[1]),
                "
            needs_approval: 5.44 back
            charge 1: 5.00 = 5.44
            of the whole
            - amount_over_limit by tiers: needs_approval supervisor
            5.44 goes back in all; above 5.00 it takes a supervisor.
            refund 1: 5.44 credit_card of tender 1 (ref-1)",
            ),
        ),
        Row {
            sales: vec![glasses(), second(shipped())],
            ..row(
                "two sales in one return",
                glasses(),
                vec![],
                of_two(units(1, 3), units(1, 1)),
                "
            allowed: 30.89 back
            line 1: 3 for 10.00 NY 0.89 = 10.89
            line 1: 1 for 20.00 = 20.00
            refund 1: 10.89 credit_card of tender 1 (ref-1)
            refund 2: 20.00 credit_card of tender 1 (ref-1)",
            )
        },
    ]
}
