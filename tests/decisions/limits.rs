//! Limits that add up over one sale: splitting a return changes nothing.

use crate::counter::{draft, line, sale, tender, units, with};
use crate::goods::{row, under};
use crate::table::Row;
use returndesk::domain::draft::{Draft, DraftLine, SaleRef};
use returndesk::domain::sale::Sale;
use returndesk::domain::tender::TenderType::{self, Cash, CreditCard};

/// Four chairs at 75.00.
fn chairs(paid_by: TenderType) -> Sale {
    sale(vec![line(1, 4, 7500)], vec![tender(1, paid_by, 30000, 0)])
}

fn second(sale: Sale) -> Sale {
    with(sale, |sale| (sale.id, sale.receipt) = (crate::counter::id(2), "R-2".to_owned()))
}

fn one() -> Draft {
    draft(vec![units(1, 1)])
}

/// Lines of sales 1 and 2.
fn of_both(first: DraftLine, other: DraftLine) -> Draft {
    let named = |line: DraftLine, number| {
        with(line, |line| line.sale = Some(SaleRef::Id(crate::counter::id(number))))
    };
    with(draft(vec![named(first, 1), named(other, 2)]), |draft| draft.sale = None)
}

const LIMITS: &str = r#"{"id": "till", "when": {}, "set": {"cash_limit": {"amount": "100.00", "beyond": "store_credit"},
    "approval": [{"over": "200.00", "role": "supervisor"}, {"over": "280.00", "role": "manager"}]}},"#;
const AMOUNT: &str = r#"{"id": "most", "when": {}, "set": {"amount_limit": {"amount": "160.00", "outcome": "refuse"}}},"#;
const CARD_OR_CASH: &str = r#"{"id": "till", "when": {}, "set": {"refund_to": {"*": ["original", "cash", "store_credit"]},
    "cash_limit": {"amount": "100.00", "beyond": "store_credit"}}},"#;

#[rustfmt::skip] // a row is read as one
pub fn rows() -> Vec<Row> {
    let two_sales = |row: Row| with(row, |row| row.sales.push(second(chairs(Cash))));
    vec![
        under(LIMITS, row("the second of a sale in cash", chairs(Cash), vec![one()], one(), "
            allowed: 75.00 back
            line 1: 1 for 75.00 = 75.00
            of the whole
            - cash_over_limit by till: allowed
            At most 100.00 can be given in cash; 75.00 was given before. 50.00 goes to store credit instead.
            refund 1: 50.00 store_credit of tender 1
            refund 2: 25.00 cash of tender 1")),
        under(LIMITS, row("a sum above a tier", chairs(CreditCard), vec![one(), one()], one(), "
            needs_approval: 75.00 back
            line 1: 1 for 75.00 = 75.00
            of the whole
            - amount_over_limit by till: needs_approval supervisor
            75.00 goes back now and 150.00 before, 225.00 for this sale; above 200.00 it takes a supervisor.
            refund 1: 75.00 credit_card of tender 1 (ref-1)")),
        under(AMOUNT, row("a sum above the limit", chairs(CreditCard), vec![one(), one()], one(), "
            refused: 75.00 back
            line 1: 1 for 75.00 = 75.00
            of the whole
            - amount_over_limit by most: refused
            75.00 goes back now and 150.00 before, 225.00 for this sale; the limit is 160.00.
            refund 1: 75.00 credit_card of tender 1 (ref-1)")),
        under(CARD_OR_CASH, row("cash stands in for a card within what is left of it", chairs(CreditCard), vec![one()], one(), "
            allowed: 75.00 back
            line 1: 1 for 75.00 = 75.00
            refund 1: 75.00 credit_card of tender 1 (ref-1), else store_credit")),
        two_sales(under(LIMITS, row("each sale has its own sum, and the return one for all", chairs(Cash), vec![one()],
            of_both(units(1, 1), units(1, 1)), "
            allowed: 150.00 back
            line 1: 1 for 75.00 = 75.00
            line 1: 1 for 75.00 = 75.00
            of the whole
            - cash_over_limit by till: allowed
            At most 100.00 can be given in cash; 75.00 was given before. 50.00 goes to store credit instead.
            refund 1: 50.00 store_credit of tender 1
            refund 2: 25.00 cash of tender 1
            refund 3: 75.00 cash of tender 1"))),
    ]
}
