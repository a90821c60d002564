//! Charges that come back alone: the window and the outcome are asked for their sale.

use crate::counter::{units, with};
use crate::goods::{row, shipped, with_charges};
use crate::table::Row;
use returndesk::domain::sale::Sale;

const ASKS: &str = r#"{"id": "short", "when": {}, "set": {"window":
    {"days": 15, "after": "needs_approval", "approval_role": "supervisor", "refuse_after_days": 60}}},"#;
const FINAL: &str =
    r#"{"id": "final", "when": {"flags": ["final_sale"]}, "set": {"outcome": "refuse"}},"#;
const LAMPS: &str = r#"{"id": "lamps", "when": {"sku": ["SKU-1"]}, "set": {"outcome": "refuse"}},"#;

#[rustfmt::skip] // a row is read as one
pub fn rows() -> Vec<Row> {
    let alone = |name, rules, sale: Sale, on, told| Row { rules, on, ..row(name, sale, vec![], with_charges(vec![], &[1]), told) };
    let last = with(shipped(), |sale| sale.lines[0].flags = vec!["final_sale".to_owned()]);
    vec![
        alone("shipping alone on the last day", "", shipped(), "2026-03-31", "
            allowed: 5.44 back
            charge 1: 5.00 = 5.44
            refund 1: 5.44 credit_card of tender 1 (ref-1)"),
        alone("shipping alone after the window", "", shipped(), "2026-04-01", "
            refused: 5.44 back
            charge 1: 5.00 = 5.44
            - window_expired by default: refused
            Bought 31 days ago on 2026-03-01; the window of 30 days closed on 2026-03-31.
            refund 1: 5.44 credit_card of tender 1 (ref-1)"),
        alone("shipping alone in a window that asks", ASKS, shipped(), "2026-03-17", "
            needs_approval: 5.44 back
            charge 1: 5.00 = 5.44
            - window_expired by short: needs_approval supervisor
            Bought 16 days ago on 2026-03-01; the window of 15 days closed on 2026-03-16. A supervisor may approve until 2026-04-30.
            refund 1: 5.44 credit_card of tender 1 (ref-1)"),
        alone("shipping alone of a final sale", FINAL, last, "2026-03-10", "
            refused: 5.44 back
            charge 1: 5.00 = 5.44
            - final_sale by final: refused
            A charge alone goes by the first item of its sale. This was a final sale.
            refund 1: 5.44 credit_card of tender 1 (ref-1)"),
        alone("shipping alone of what is not taken back", LAMPS, shipped(), "2026-03-10", "
            refused: 5.44 back
            charge 1: 5.00 = 5.44
            - not_returnable by lamps: refused
            A charge alone goes by the first item of its sale. The policy does not take this item back.
            refund 1: 5.44 credit_card of tender 1 (ref-1)"),
        Row { on: "2026-04-01", ..row("shipping with goods after the window", shipped(), vec![], with_charges(vec![units(1, 1)], &[1]), "
            refused: 25.44 back
            line 1: 1 for 20.00 = 20.00
            - window_expired by default: refused
            Bought 31 days ago on 2026-03-01; the window of 30 days closed on 2026-03-31.
            charge 1: 5.00 = 5.44
            refund 1: 25.44 credit_card of tender 1 (ref-1)") },
    ]
}

#[test]
fn nothing_comes_back_of_a_voided_sale_by_its_charges() {
    let mut counter =
        crate::counter::Counter::open(&format!("[{}]", crate::table::DEFAULT), vec![shipped()]);
    let now = counter.now;
    counter.state.with_book(crate::counter::id(1), |book| book.voided_at = Some(now));
    let decision = counter.check(&with_charges(vec![], &[1])).unwrap();
    assert_eq!(decision.verdict, returndesk::domain::decision::Verdict::Refused);
    assert_eq!(
        (decision.totals.refund.0, decision.charges.len(), decision.findings.len()),
        (0, 0, 1)
    );
}
