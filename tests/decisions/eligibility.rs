//! Whether a line may come back: receipt, window, outcome, reason, condition, identity, and whose
//! version governs.

use crate::counter::{day, discount, draft, id, line, noon, reason, sale, tender, units, with};
use crate::table::Row;
use returndesk::domain::draft::{Draft, DraftLine, SaleRef};
use returndesk::domain::sale::Sale;
use returndesk::domain::tender::TenderType::CreditCard;
use returndesk::domain::words::Condition;

/// One lamp for 20.00, by card, on 2026-03-01.
fn lamp() -> Sale {
    sale(vec![line(1, 1, 2000)], vec![tender(1, CreditCard, 2000, 0)])
}

fn flagged(flag: &str) -> Sale {
    with(lamp(), |sale| sale.lines[0].flags.push(flag.to_owned()))
}

fn because(word: &str) -> Draft {
    draft(vec![with(units(1, 1), |line| line.reason = reason(word))])
}

fn receipt(number: &str) -> Draft {
    let reference = SaleRef::Receipt {
        receipt: number.to_owned(),
        store: None,
        register: None,
        business_date: None,
    };
    with(draft(vec![units(1, 1)]), |draft| draft.sale = Some(reference))
}

fn without_receipt() -> DraftLine {
    with(units(1, 1), |line| (line.sale_line, line.sku) = (None, Some("SKU-1".to_owned())))
}

fn row(
    name: &'static str,
    rules: &'static str,
    on: &'static str,
    draft: Draft,
    told: &'static str,
) -> Row {
    Row { name, rules, sales: vec![lamp()], before: vec![], disputed: None, on, draft, told }
}

fn of(sale: Sale, row: Row) -> Row {
    Row { sales: vec![sale], ..row }
}

const ELECTRONICS: &str = r#"{"id": "short", "when": {}, "set": {"window":
    {"days": 15, "after": "needs_approval", "approval_role": "supervisor", "refuse_after_days": 60}}},"#;
const HOLIDAYS: &str = r#"{"id": "holidays", "when": {"bought": {"from": "2026-02-01", "to": "2026-03-01"}},
    "set": {"extension": {"until": "2026-05-31"}}},"#;
const LAW: &str = r#"{"id": "law", "statutory": true, "when": {"reason": ["defective"]}, "set": {"outcome": "allow",
    "window": {"days": 730, "from": "delivery", "after": "refuse"}}},
    {"id": "final", "when": {"flags": ["final_sale"]}, "set": {"outcome": "refuse"}},"#;

#[rustfmt::skip] // a row is read as one
pub fn rows() -> Vec<Row> {
    let lines = |line: DraftLine| draft(vec![line]);
    let delivered = |row| of(with(lamp(), |sale| sale.lines[0].delivered_on = Some(day("2026-03-08"))), row);
    vec![
        row("the last day of the window", "", "2026-03-31", draft(vec![units(1, 1)]), "
            allowed: 20.00 back
            line 1: 1 for 20.00 = 20.00
            refund 1: 20.00 credit_card of tender 1 (ref-1)"),
        row("the day after the window", "", "2026-04-01", draft(vec![units(1, 1)]), "
            refused: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - window_expired by default: refused
            Bought 31 days ago on 2026-03-01; the window of 30 days closed on 2026-03-31.
            refund 1: 20.00 credit_card of tender 1 (ref-1)"),
        row("one day is said as one", r#"{"id": "same-day", "when": {}, "set": {"window": {"days": 1, "after": "refuse"}}},"#,
            "2026-03-03", draft(vec![units(1, 1)]), "
            refused: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - window_expired by same-day: refused
            Bought 2 days ago on 2026-03-01; the window of 1 day closed on 2026-03-02.
            refund 1: 20.00 credit_card of tender 1 (ref-1)"),
        row("a window that asks", ELECTRONICS, "2026-03-17", draft(vec![units(1, 1)]), "
            needs_approval: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - window_expired by short: needs_approval supervisor
            Bought 16 days ago on 2026-03-01; the window of 15 days closed on 2026-03-16. A supervisor may approve until 2026-04-30.
            refund 1: 20.00 credit_card of tender 1 (ref-1)"),
        row("the last day on which asking helps", ELECTRONICS, "2026-04-30", draft(vec![units(1, 1)]), "
            needs_approval: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - window_expired by short: needs_approval supervisor
            Bought 60 days ago on 2026-03-01; the window of 15 days closed on 2026-03-16. A supervisor may approve until 2026-04-30.
            refund 1: 20.00 credit_card of tender 1 (ref-1)"),
        row("the day after asking helps", ELECTRONICS, "2026-05-01", draft(vec![units(1, 1)]), "
            refused: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - window_expired by short: refused
            Bought 61 days ago on 2026-03-01; the window of 15 days closed on 2026-03-16.
            refund 1: 20.00 credit_card of tender 1 (ref-1)"),
        row("an extension", HOLIDAYS, "2026-05-31", draft(vec![units(1, 1)]), "
            allowed: 20.00 back
            line 1: 1 for 20.00 = 20.00
            refund 1: 20.00 credit_card of tender 1 (ref-1)"),
        row("after an extension", HOLIDAYS, "2026-06-01", draft(vec![units(1, 1)]), "
            refused: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - window_expired by default: refused
            Bought 92 days ago on 2026-03-01; the window of 30 days, extended, closed on 2026-05-31.
            refund 1: 20.00 credit_card of tender 1 (ref-1)"),
        delivered(row("a window from delivery", r#"{"id": "week", "when": {}, "set":
            {"window": {"days": 7, "from": "delivery", "after": "refuse"}}},"#, "2026-03-15", draft(vec![units(1, 1)]), "
            allowed: 20.00 back
            line 1: 1 for 20.00 = 20.00
            refund 1: 20.00 credit_card of tender 1 (ref-1)")),
        delivered(row("after a window from delivery", r#"{"id": "week", "when": {}, "set":
            {"window": {"days": 7, "from": "delivery", "after": "refuse"}}},"#, "2026-03-16", draft(vec![units(1, 1)]), "
            refused: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - window_expired by week: refused
            Delivered 8 days ago on 2026-03-08; the window of 7 days closed on 2026-03-15.
            refund 1: 20.00 credit_card of tender 1 (ref-1)")),
        of(flagged("final_sale"), row("law lifts window and final sale", LAW, "2027-03-01", because("defective"), "
            allowed: 20.00 back
            line 1: 1 for 20.00 = 20.00
            refund 1: 20.00 credit_card of tender 1 (ref-1)")),
        of(flagged("final_sale"), row("law's own window ends", LAW, "2028-03-01", because("defective"), "
            refused: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - window_expired by law: refused
            Bought 731 days ago on 2026-03-01; the window of 730 days closed on 2028-02-29.
            refund 1: 20.00 credit_card of tender 1 (ref-1)")),
        of(flagged("final_sale"), row("a final sale", LAW, "2026-04-15", because("changed_mind"), "
            refused: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - final_sale by final: refused
            This was a final sale.
            - window_expired by default: refused
            Bought 45 days ago on 2026-03-01; the window of 30 days closed on 2026-03-31.
            refund 1: 20.00 credit_card of tender 1 (ref-1)")),
        of(flagged("final_sale"), row("a final sale that a manager may take", r#"{"id": "final", "when": {"flags": ["final_sale"]},
            "set": {"outcome": "needs_approval"}},"#, "2026-03-10", because("changed_mind"), "
            needs_approval: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - final_sale by final: needs_approval manager
            This was a final sale; a manager may take it back.
            refund 1: 20.00 credit_card of tender 1 (ref-1)")),
        row("an item that is not taken back", r#"{"id": "food", "when": {"sku": ["SKU-1"]}, "set": {"outcome": "refuse"}},"#,
            "2026-03-10", because("changed_mind"), "
            refused: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - not_returnable by food: refused
            The policy does not take this item back.
            refund 1: 20.00 credit_card of tender 1 (ref-1)"),
        row("an item that is taken back by approval", r#"{"id": "food", "when": {"sku": ["SKU-1"]},
            "set": {"outcome": "needs_approval"}},"#, "2026-03-10", because("changed_mind"), "
            needs_approval: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - not_returnable by food: needs_approval manager
            The policy does not take this item back; a manager may.
            refund 1: 20.00 credit_card of tender 1 (ref-1)"),
        row("an item for exchange only", r#"{"id": "swimwear", "when": {}, "set": {"outcome": "exchange_only"}},"#,
            "2026-03-10", because("changed_mind"), "
            refused: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - exchange_only by swimwear: refused
            This item can be exchanged, but not refunded.
            refund 1: 20.00 credit_card of tender 1 (ref-1)"),
        row("a condition that is not accepted", r#"{"id": "sealed", "when": {}, "set": {"conditions": ["unopened", "damaged"]}},"#,
            "2026-03-10", lines(with(units(1, 1), |line| line.condition = Condition::Opened)), "
            refused: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - condition_not_accepted by sealed: refused
            The item is opened; accepted: unopened, damaged.
            refund 1: 20.00 credit_card of tender 1 (ref-1)"),
        row("a reason that is not accepted", r#"{"id": "strict", "when": {}, "set": {"reasons": ["defective", "wrong_item"]}},"#,
            "2026-03-10", because("changed_mind"), "
            refused: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - reason_not_accepted by strict: refused
            \"changed mind\" is not a reason for which this is taken back; accepted: defective, wrong item.
            refund 1: 20.00 credit_card of tender 1 (ref-1)"),
        row("a reason that nobody knows", "", "2026-03-10", because("smells_odd"), "
            refused: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - reason_not_accepted by service:reasons: refused
            \"smells odd\" is not a reason that the policy knows.
            refund 1: 20.00 credit_card of tender 1 (ref-1)"),
        row("identity asked for", r#"{"id": "papers", "when": {}, "set": {"id_required": true}},"#,
            "2026-03-10", because("changed_mind"), "
            refused: 20.00 back
            line 1: 1 for 20.00 = 20.00
            - id_required by papers: refused
            The policy asks for an identity document; enter its number.
            refund 1: 20.00 credit_card of tender 1 (ref-1)"),
        row("identity shown", r#"{"id": "papers", "when": {}, "set": {"id_required": true}},"#,
            "2026-03-10", with(because("changed_mind"), |draft| draft.id_hash = Some([1; 32])), "
            allowed: 20.00 back
            line 1: 1 for 20.00 = 20.00
            refund 1: 20.00 credit_card of tender 1 (ref-1)"),
        row("a receipt that nobody knows", "", "2026-03-10", receipt("R-9"), "
            refused: 0.00 back
            line 1: 0 for 0.00 = 0.00
            - receipt_not_found by service:receipt: refused
            No sale with receipt R-9 is known; check the number, the store and the date."),
        row("a sale that nobody knows", "", "2026-03-10", with(because("gift"), |draft| draft.sale = Some(SaleRef::Id(id(9)))), "
            refused: 0.00 back
            line 1: 0 for 0.00 = 0.00
            - receipt_not_found by service:receipt: refused
            No sale 00000000-0000-0000-0000-000000000009 is known."),
        row("no receipt", r#"{"id": "no-receipt", "when": {"receipt": false}, "set": {"receipt_required": true}},"#,
            "2026-03-10", lines(without_receipt()), "
            refused: 0.00 back
            line SKU-1: 0 for 0.00 = 0.00
            - receipt_missing by no-receipt: refused
            Without a receipt this cannot be taken back; look the sale up by card or by customer."),
        row("every finding at once", r#"{"id": "strict", "when": {}, "set": {"conditions": ["unopened"], "reasons": ["defective"],
            "id_required": true, "outcome": "exchange_only"}},"#, "2026-05-01",
            lines(with(units(1, 3), |line| line.condition = Condition::Used)), "
            refused: 0.00 back
            line 1: 0 for 0.00 = 0.00
            - quantity_exceeded by service:quantity: refused
            3 are to come back, but only 1 was sold.
            - exchange_only by strict: refused
            This item can be exchanged, but not refunded.
            - window_expired by default: refused
            Bought 61 days ago on 2026-03-01; the window of 30 days closed on 2026-03-31.
            - id_required by strict: refused
            The policy asks for an identity document; enter its number.
            - condition_not_accepted by strict: refused
            The item is used; accepted: unopened.
            - reason_not_accepted by strict: refused
            \"changed mind\" is not a reason for which this is taken back; accepted: defective."),
        row("a quote is needed", r#"{"id": "quoted", "when": {}, "set": {"quote_required": true}},"#,
            "2026-03-10", because("gift"), "
            quote required by quoted"),
        of(with(lamp(), |sale| {
            sale.lines.push(line(2, 1, 2000));
            sale.lines.iter_mut().for_each(|line| (line.discounts, line.net.0) = (vec![discount(1000, Some("BOGO"))], 1000));
        }), row("a promotion that comes back whole", r#"{"id": "bogo", "when": {"promotion": ["BOGO"]},
            "set": {"promotion": "refuse"}},"#, "2026-03-10", because("changed_mind"), "
            refused: 10.00 back
            line 1: 1 for 10.00 = 10.00
            - not_returnable by bogo: refused
            Bought under promotion BOGO: all of its items come back together, or none.
            refund 1: 10.00 credit_card of tender 1 (ref-1)")),
        of(with(lamp(), |sale| (sale.store, sale.receipt) = ("0043".to_owned(), "R-43".to_owned())),
            row("a sale of another store", "", "2026-03-10", because("changed_mind"), "
            allowed: 20.00 back
            line 1: 1 for 20.00 = 20.00
            refund 1: 20.00 credit_card of tender 1 (ref-1)")),
        of(with(lamp(), |sale| sale.sold_at = noon("2026-03-01")),
            row("a line that the sale does not have", "", "2026-03-10", lines(units(2, 1)), "
            invalid_value /lines/0/sale_line: Receipt R-1 has no line 2.")),
    ]
}
