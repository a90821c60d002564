//! Who is at the counter, how much and how often: own purchases, limits, tiers, velocity.

use crate::counter::{draft, id, line, sale, tender, units, with};
use crate::table::Row;
use returndesk::domain::draft::{Draft, SaleRef};
use returndesk::domain::sale::Sale;
use returndesk::domain::tender::TenderType::CreditCard;

/// Thirty chairs at 50.00 by card.
fn chairs() -> Sale {
    sale(vec![line(1, 30, 5000)], vec![tender(1, CreditCard, 150_000, 0)])
}

fn back(units_back: i64) -> Draft {
    draft(vec![units(1, units_back)])
}

fn of_customer(customer: &str, units_back: i64) -> Draft {
    with(back(units_back), |draft| draft.customer = Some(customer.to_owned()))
}

fn row(name: &'static str, rules: &'static str, draft: Draft, told: &'static str) -> Row {
    Row {
        name,
        rules,
        sales: vec![chairs()],
        before: vec![],
        disputed: None,
        on: "2026-03-10",
        draft,
        told,
    }
}

fn after(before: Vec<Draft>, row: Row) -> Row {
    Row { before, ..row }
}

const TIERS: &str = r#"{"id": "tiers", "when": {}, "set": {"approval": [{"over": "200.00", "role": "supervisor"},
    {"over": "1000.00", "role": "district_manager", "approvers": 2}]}},"#;
const LIMIT: &str = r#"{"id": "limit", "when": {}, "set": {"amount_limit": {"amount": "500.00", "outcome": "refuse"}}},"#;
const ASKING: &str = r#"{"id": "limit", "when": {}, "set": {"amount_limit": {"amount": "500.00", "outcome": "needs_approval",
    "approval_role": "district_manager"}}},"#;
const COUNT: &str = r#"{"id": "often", "when": {}, "set": {"velocity": [{"days": 90, "count": 2, "outcome": "needs_approval",
    "approval_role": "manager"}]}},"#;
const AMOUNT: &str = r#"{"id": "much", "when": {}, "set": {"velocity": [{"days": 2, "count": 9, "amount": "150.00",
    "outcome": "refuse"}]}},"#;

#[rustfmt::skip] // a row is read as one
pub fn rows() -> Vec<Row> {
    let bought_by = |customer: &str, row: Row| {
        let theirs = with(chairs(), |sale| sale.customer = Some(customer.to_owned()));
        Row { sales: vec![theirs], ..row }
    };
    let twice = || vec![of_customer("C-77", 1), of_customer("C-77", 1)];
    vec![
        row("up to a tier", TIERS, back(4), "
            allowed: 200.00 back
            line 1: 4 for 200.00 = 200.00
            refund 1: 200.00 credit_card of tender 1 (ref-1)"),
        row("above a tier", TIERS, back(5), "
            needs_approval: 250.00 back
            line 1: 5 for 250.00 = 250.00
            of the whole
            - amount_over_limit by tiers: needs_approval supervisor
            250.00 goes back in all; above 200.00 it takes a supervisor.
            refund 1: 250.00 credit_card of tender 1 (ref-1)"),
        row("above the highest tier", TIERS, back(21), "
            needs_approval: 1050.00 back
            line 1: 21 for 1050.00 = 1050.00
            of the whole
            - amount_over_limit by tiers: needs_approval district_manager ×2
            1050.00 goes back in all; above 1000.00 it takes 2 district managers.
            refund 1: 1050.00 credit_card of tender 1 (ref-1)"),
        row("up to the limit", LIMIT, back(10), "
            allowed: 500.00 back
            line 1: 10 for 500.00 = 500.00
            refund 1: 500.00 credit_card of tender 1 (ref-1)"),
        row("above the limit", LIMIT, back(11), "
            refused: 550.00 back
            line 1: 11 for 550.00 = 550.00
            of the whole
            - amount_over_limit by limit: refused
            550.00 goes back in all; the limit is 500.00.
            refund 1: 550.00 credit_card of tender 1 (ref-1)"),
        row("above a limit that asks", ASKING, back(11), "
            needs_approval: 550.00 back
            line 1: 11 for 550.00 = 550.00
            of the whole
            - amount_over_limit by limit: needs_approval district_manager
            550.00 goes back in all; the limit is 500.00.
            refund 1: 550.00 credit_card of tender 1 (ref-1)"),
        bought_by("1042", row("the cashier's own purchase by number", "", back(1), "
            needs_approval: 50.00 back
            line 1: 1 for 50.00 = 50.00
            of the whole
            - own_purchase by service:own-purchase: needs_approval manager
            Operator 1042 is the customer here; a manager has to approve.
            refund 1: 50.00 credit_card of tender 1 (ref-1)")),
        bought_by("C-3001", row("a manager's own purchase by customer", "", with(back(1), |draft| draft.operator = "3001".to_owned()), "
            needs_approval: 50.00 back
            line 1: 1 for 50.00 = 50.00
            of the whole
            - own_purchase by service:own-purchase: needs_approval manager
            Operator 3001 is the customer here; a manager has to approve.
            refund 1: 50.00 credit_card of tender 1 (ref-1)")),
        row("the cashier as the customer named", "", of_customer("1042", 1), "
            needs_approval: 50.00 back
            line 1: 1 for 50.00 = 50.00
            of the whole
            - own_purchase by service:own-purchase: needs_approval manager
            Operator 1042 is the customer here; a manager has to approve.
            refund 1: 50.00 credit_card of tender 1 (ref-1)"),
        after(twice(), row("once too often", COUNT, of_customer("C-77", 1), "
            needs_approval: 50.00 back
            line 1: 1 for 50.00 = 50.00
            of the whole
            - velocity_exceeded by often: needs_approval manager
            With this one the customer has made 3 returns, 150.00 in all, within 90 days; the limit is 2 returns.
            refund 1: 50.00 credit_card of tender 1 (ref-1)")),
        after(twice(), row("another customer", COUNT, of_customer("C-78", 1), "
            allowed: 50.00 back
            line 1: 1 for 50.00 = 50.00
            refund 1: 50.00 credit_card of tender 1 (ref-1)")),
        after(twice(), row("nobody named", COUNT, back(1), "
            allowed: 50.00 back
            line 1: 1 for 50.00 = 50.00
            refund 1: 50.00 credit_card of tender 1 (ref-1)")),
        after(twice(), row("too much within the period", AMOUNT, of_customer("C-77", 2), "
            refused: 100.00 back
            line 1: 2 for 100.00 = 100.00
            of the whole
            - velocity_exceeded by much: refused
            With this one the customer has made 3 returns, 200.00 in all, within 2 days; the limit is 9 returns or 150.00.
            refund 1: 100.00 credit_card of tender 1 (ref-1)")),
        after(twice(), row("just enough within the period", AMOUNT, of_customer("C-77", 1), "
            allowed: 50.00 back
            line 1: 1 for 50.00 = 50.00
            refund 1: 50.00 credit_card of tender 1 (ref-1)")),
        after(vec![with(back(1), |draft| draft.id_hash = Some([9; 32])), with(back(1), |draft| draft.id_hash = Some([9; 32]))],
            row("once too often by identity", COUNT, with(of_customer("C-79", 1), |draft| draft.id_hash = Some([9; 32])), "
            needs_approval: 50.00 back
            line 1: 1 for 50.00 = 50.00
            of the whole
            - velocity_exceeded by often: needs_approval manager
            With this one the customer has made 3 returns, 150.00 in all, within 90 days; the limit is 2 returns.
            refund 1: 50.00 credit_card of tender 1 (ref-1)")),
        row("a store that nobody knows", "", with(back(1), |draft| draft.store = "0999".to_owned()), "
            unknown_store /store: Store 0999 is not known here; an admin adds it first."),
        row("another store's currency", "", with(back(1), |draft| draft.store = "0050".to_owned()), "
            currency_mismatch /lines/0: Currencies never mix: the store or sale uses USD."),
        row("by a receipt that nobody knows in a store named", "", with(back(1), |draft| draft.sale = Some(SaleRef::Receipt {
            receipt: "R-1".to_owned(), store: Some("0043".to_owned()), register: None, business_date: None })), "
            refused: 0.00 back
            line 1: 0 for 0.00 = 0.00
            - receipt_not_found by service:receipt: refused
            No sale with receipt R-1 is known; check the number, the store and the date."),
        row("by the sale's id", "", with(back(1), |draft| draft.sale = Some(SaleRef::Id(id(1)))), "
            allowed: 50.00 back
            line 1: 1 for 50.00 = 50.00
            refund 1: 50.00 credit_card of tender 1 (ref-1)"),
    ]
}
