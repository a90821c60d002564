//! Restocking fees: of what, how much, and who pays none.

use crate::counter::{draft, line, units, weighed, with};
use crate::goods::{by_card, glasses, kits, opened, row, under};
use crate::table::Row;

const FIFTEEN_PERCENT: &str = r#"{"id": "restock", "when": {}, "set": {"fee":
    {"percent": "15", "conditions": ["opened"], "except_reasons": ["wrong_item"]}}},"#;
const TWO_EACH: &str = r#"{"id": "restock", "when": {}, "set": {"fee": {"fixed": "2.00"}}},"#;

pub fn rows() -> Vec<Row> {
    vec![
        under(
            FIFTEEN_PERCENT,
            row(
                "a fee in percent",
                glasses(),
                vec![],
                opened(1, "changed_mind"),
                "
            allowed: 3.08 back
            line 1: 1 for 3.33 NY 0.30 = 3.63 less 0.50 NY 0.05
            - fee_applied by restock: allowed
            A restocking fee of 0.50 (15 %) and 0.05 tax on it are kept.
            refund 1: 3.08 credit_card of tender 1 (ref-1)",
            ),
        ),
        under(
            FIFTEEN_PERCENT,
            row(
                "a fee for the rest adds up to the fee of all",
                glasses(),
                vec![opened(1, "changed_mind")],
                opened(2, "changed_mind"),
                "
            allowed: 6.18 back
            line 1: 2 for 6.67 NY 0.59 = 7.26 less 1.00 NY 0.08
            - fee_applied by restock: allowed
            A restocking fee of 1.00 (15 %) and 0.08 tax on it are kept.
            refund 1: 6.18 credit_card of tender 1 (ref-1)",
            ),
        ),
        under(
            FIFTEEN_PERCENT,
            row(
                "no fee for an unopened one",
                glasses(),
                vec![],
                draft(vec![units(1, 1)]),
                "
            allowed: 3.63 back
            line 1: 1 for 3.33 NY 0.30 = 3.63
            refund 1: 3.63 credit_card of tender 1 (ref-1)",
            ),
        ),
        under(
            FIFTEEN_PERCENT,
            row(
                "no fee for a reason excepted",
                glasses(),
                vec![],
                opened(1, "wrong_item"),
                "
            allowed: 3.63 back
            line 1: 1 for 3.33 NY 0.30 = 3.63
            refund 1: 3.63 credit_card of tender 1 (ref-1)",
            ),
        ),
        under(
            FIFTEEN_PERCENT,
            row(
                "no fee on what is defective",
                glasses(),
                vec![],
                opened(1, "defective"),
                "
            allowed: 3.63 back
            line 1: 1 for 3.33 NY 0.30 = 3.63
            refund 1: 3.63 credit_card of tender 1 (ref-1)",
            ),
        ),
        under(
            TWO_EACH,
            row(
                "a fee for each",
                glasses(),
                vec![],
                opened(2, "changed_mind"),
                "
            allowed: 2.90 back
            line 1: 2 for 6.67 NY 0.59 = 7.26 less 4.00 NY 0.36
            - fee_applied by restock: allowed
            A restocking fee of 4.00 (2.00 each) and 0.36 tax on it are kept.
            refund 1: 2.90 credit_card of tender 1 (ref-1)",
            ),
        ),
        under(
            TWO_EACH,
            row(
                "a fee never above what it is taken from",
                by_card(vec![line(1, 1, 150)]),
                vec![],
                opened(1, "changed_mind"),
                "
            allowed: 0.00 back
            line 1: 1 for 1.50 = 1.50 less 1.50
            - fee_applied by restock: allowed
            A restocking fee of 1.50 (2.00 each) is kept.",
            ),
        ),
        under(
            TWO_EACH,
            row(
                "a fee by weight",
                kits(),
                vec![draft(vec![weighed(3, 500)])],
                draft(vec![weighed(3, 750)]),
                "
            allowed: 1.50 back
            line 3: 0.75 for 3.00 = 3.00 less 1.50
            - fee_applied by restock: allowed
            A restocking fee of 1.50 (2.00 each) is kept.
            refund 1: 1.50 credit_card of tender 1 (ref-1)",
            ),
        ),
        under(
            FIFTEEN_PERCENT,
            row(
                "no fee on a gift card's value",
                by_card(vec![with(line(1, 1, 5000), |line| {
                    line.flags = vec!["gift_card".to_owned()]
                })]),
                vec![],
                opened(1, "changed_mind"),
                "
            allowed: 50.00 back
            line 1: 1 for 50.00 = 50.00
            refund 1: 50.00 credit_card of tender 1 (ref-1)",
            ),
        ),
    ]
}
