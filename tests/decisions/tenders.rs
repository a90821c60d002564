//! Where the money goes: order, substitutes, limits, checks, change, rounding.

use crate::counter::{currency, draft, line, sale, tender, units, with};
use crate::table::Row;
use returndesk::domain::draft::Draft;
use returndesk::domain::money::Minor;
use returndesk::domain::sale::{Sale, Tender};
use returndesk::domain::tender::TenderType::{self, Cash, Check, CreditCard, GiftCard};
use returndesk::domain::words::RefundTo;

/// Ten plates at 20.00, paid so.
fn plates(tenders: Vec<Tender>) -> Sale {
    sale(vec![line(1, 10, 2000)], tenders)
}

fn paid(kind: TenderType) -> Sale {
    plates(vec![tender(1, kind, 20000, 0)])
}

/// 50.00 in cash for 46.00 of it, then a card, then a gift card.
fn split() -> Sale {
    plates(vec![
        tender(1, Cash, 5000, 400),
        tender(2, CreditCard, 11400, 0),
        tender(3, GiftCard, 4000, 0),
    ])
}

/// Three mugs at 3.34 for 10.02 in Toronto: 10.00 in cash, 0.02 of it rounded away.
fn rounded_down() -> Sale {
    toronto(1002, -2)
}

/// 10.03 rounded to 10.05.
fn rounded_up() -> Sale {
    toronto(1003, 2)
}

fn toronto(total: i64, rounding: i64) -> Sale {
    let mugs = with(line(1, 3, 334), |line| line.net = Minor(1002));
    let lid = line(2, 1, total - 1002);
    let mut sale = sale(vec![mugs, lid], vec![tender(1, Cash, 2000, 2000 - total - rounding)]);
    (sale.store, sale.currency, sale.cash_rounding) =
        ("0050".to_owned(), currency("CAD"), Minor(rounding));
    sale
}

fn back(units_back: i64) -> Draft {
    draft(vec![units(1, units_back)])
}

fn to(refund_to: RefundTo, units_back: i64) -> Draft {
    with(back(units_back), |draft| draft.refund_to = refund_to)
}

fn in_toronto(units_back: i64) -> Draft {
    with(back(units_back), |draft| draft.store = "0050".to_owned())
}

fn all_in_toronto() -> Draft {
    with(draft(vec![units(1, 3), units(2, 1)]), |draft| draft.store = "0050".to_owned())
}

fn row(
    name: &'static str,
    rules: &'static str,
    sale: Sale,
    draft: Draft,
    told: &'static str,
) -> Row {
    Row {
        name,
        rules,
        sales: vec![sale],
        before: vec![],
        disputed: None,
        on: "2026-03-10",
        draft,
        told,
    }
}

fn on(day: &'static str, row: Row) -> Row {
    Row { on: day, ..row }
}

fn after(before: Vec<Draft>, row: Row) -> Row {
    Row { before, ..row }
}

const BY_TENDER: &str = r#"{"id": "routes", "when": {}, "set": {"refund_to":
    {"cash": ["cash", "store_credit"], "check": ["check", "store_credit"], "*": ["original", "store_credit"]}}},"#;
const CASH_LIMIT: &str = r#"{"id": "till", "when": {}, "set": {"cash_limit": {"amount": "100.00", "beyond": "store_credit"}}},"#;
const CARD_OR_CASH: &str = r#"{"id": "till", "when": {}, "set": {"refund_to": {"*": ["original", "cash", "store_credit"]},
    "cash_limit": {"amount": "100.00", "beyond": "check"}}},"#;
const CHECK_OR_CASH: &str =
    r#"{"id": "checks", "when": {}, "set": {"refund_to": {"check": ["check", "cash"]}}},"#;
const CHECK_ALONE: &str = r#"{"id": "checks", "when": {}, "set": {"refund_to": {"check": ["check"]}, "check_clears_days": 7}},"#;
const BY_AGE: &str = r#"{"id": "age", "when": {}, "set": {"refund_to": [{"within_days": 8, "to": {"*": ["original"]}},
    {"within_days": 20, "to": {"*": ["store_credit"]}}]}},"#;
const LISTED: &str =
    r#"{"id": "order", "when": {}, "set": {"tender_order": ["gift_card", "cash"]}},"#;
const FIRST: &str = r#"{"id": "order", "when": {}, "set": {"tender_order": "first"}},"#;
const LAST: &str = r#"{"id": "order", "when": {}, "set": {"tender_order": "last"}},"#;
const PROPORTIONAL: &str =
    r#"{"id": "order", "when": {}, "set": {"tender_order": "proportional"}},"#;

#[rustfmt::skip] // a row is read as one
pub fn rows() -> Vec<Row> {
    let unusable = |draft: Draft| with(draft, |draft| draft.unavailable_tenders = vec![1]);
    vec![
        row("gift card, then card, then cash", "", split(), back(8), "
            allowed: 160.00 back
            line 1: 8 for 160.00 = 160.00
            refund 1: 40.00 gift_card of tender 3 (ref-3)
            refund 2: 114.00 credit_card of tender 2 (ref-2)
            refund 3: 6.00 cash of tender 1"),
        row("all of it pays each tender what it paid", "", split(), back(10), "
            allowed: 200.00 back
            line 1: 10 for 200.00 = 200.00
            refund 1: 40.00 gift_card of tender 3 (ref-3)
            refund 2: 114.00 credit_card of tender 2 (ref-2)
            refund 3: 46.00 cash of tender 1"),
        row("in the order listed, others after", LISTED, split(), back(5), "
            allowed: 100.00 back
            line 1: 5 for 100.00 = 100.00
            refund 1: 40.00 gift_card of tender 3 (ref-3)
            refund 2: 46.00 cash of tender 1
            refund 3: 14.00 credit_card of tender 2 (ref-2)"),
        row("first tender first", FIRST, split(), back(3), "
            allowed: 60.00 back
            line 1: 3 for 60.00 = 60.00
            refund 1: 46.00 cash of tender 1
            refund 2: 14.00 credit_card of tender 2 (ref-2)"),
        row("last tender first", LAST, split(), back(3), "
            allowed: 60.00 back
            line 1: 3 for 60.00 = 60.00
            refund 1: 40.00 gift_card of tender 3 (ref-3)
            refund 2: 20.00 credit_card of tender 2 (ref-2)"),
        row("in proportion", PROPORTIONAL, split(), back(1), "
            allowed: 20.00 back
            line 1: 1 for 20.00 = 20.00
            refund 1: 4.60 cash of tender 1
            refund 2: 11.40 credit_card of tender 2 (ref-2)
            refund 3: 4.00 gift_card of tender 3 (ref-3)"),
        after(vec![back(1)], row("in proportion to what is left", PROPORTIONAL, split(), back(9), "
            allowed: 180.00 back
            line 1: 9 for 180.00 = 180.00
            refund 1: 41.40 cash of tender 1
            refund 2: 102.60 credit_card of tender 2 (ref-2)
            refund 3: 36.00 gift_card of tender 3 (ref-3)")),
        row("to store credit as the policy allows", BY_TENDER, paid(CreditCard), to(RefundTo::StoreCredit, 1), "
            allowed: 20.00 back
            line 1: 1 for 20.00 = 20.00
            refund 1: 20.00 store_credit of tender 1, else credit_card"),
        row("to cash against the policy", BY_TENDER, paid(CreditCard), to(RefundTo::Cash, 1), "
            needs_approval: 20.00 back
            line 1: 1 for 20.00 = 20.00
            of the whole
            - tender_not_allowed by routes: needs_approval manager
            Paid by credit card; the policy refunds that to credit card or store credit, not to cash.
            refund 1: 20.00 cash of tender 1, else credit_card, else store_credit
            to original: allowed 20.00
            to store_credit: allowed 20.00"),
        row("a card that cannot be used", BY_TENDER, paid(CreditCard), unusable(back(1)), "
            allowed: 20.00 back
            line 1: 1 for 20.00 = 20.00
            refund 1: 20.00 store_credit of tender 1"),
        row("a card that cannot be used, and nothing else allowed", "", paid(CreditCard), unusable(back(1)), "
            needs_approval: 20.00 back
            line 1: 1 for 20.00 = 20.00
            of the whole
            - tender_not_allowed by default: needs_approval manager
            Tender 1 (credit card) cannot be paid back to, and the policy allows nothing else for it; a manager may give store credit.
            refund 1: 20.00 store_credit of tender 1"),
        row("a tender that the sale does not have", "", paid(CreditCard),
            with(back(1), |draft| draft.unavailable_tenders = vec![4]), "
            invalid_value /unavailable_tenders/0: The sale has no tender 4."),
        row("cash within the limit", CASH_LIMIT, paid(Cash), back(5), "
            allowed: 100.00 back
            line 1: 5 for 100.00 = 100.00
            refund 1: 100.00 cash of tender 1"),
        row("cash beyond the limit", CASH_LIMIT, paid(Cash), back(6), "
            allowed: 120.00 back
            line 1: 6 for 120.00 = 120.00
            of the whole
            - cash_over_limit by till: allowed
            At most 100.00 can be given in cash; 20.00 goes to store credit instead.
            refund 1: 20.00 store_credit of tender 1
            refund 2: 100.00 cash of tender 1"),
        row("a card above the limit never falls back to cash", CARD_OR_CASH, paid(CreditCard), back(6), "
            allowed: 120.00 back
            line 1: 6 for 120.00 = 120.00
            refund 1: 120.00 credit_card of tender 1 (ref-1), else store_credit"),
        row("a card within the limit may fall back to cash", CARD_OR_CASH, paid(CreditCard), back(5), "
            allowed: 100.00 back
            line 1: 5 for 100.00 = 100.00
            refund 1: 100.00 credit_card of tender 1 (ref-1), else cash, else store_credit"),
        row("two cards above the limit together never fall back to cash", CARD_OR_CASH,
            plates(vec![tender(1, CreditCard, 10000, 0), tender(2, CreditCard, 10000, 0)]), back(8), "
            allowed: 160.00 back
            line 1: 8 for 160.00 = 160.00
            refund 1: 100.00 credit_card of tender 1 (ref-1), else store_credit
            refund 2: 60.00 credit_card of tender 2 (ref-2), else store_credit"),
        Row { disputed: Some(1), ..row("a payment in dispute at the bank", "", split(), back(8), "
            refused: 160.00 back
            line 1: 8 for 160.00 = 160.00
            of the whole
            - tender_exhausted by service:tender-cap: refused
            160.00 is to go back, but 74.00 of it is in dispute at the bank, was never paid, or has been refunded already.
            refund 1: 40.00 gift_card of tender 3 (ref-3)
            refund 2: 46.00 cash of tender 1") },
        Row { disputed: Some(1), ..row("a payment in dispute that is not needed", "", split(), back(4), "
            allowed: 80.00 back
            line 1: 4 for 80.00 = 80.00
            refund 1: 40.00 gift_card of tender 3 (ref-3)
            refund 2: 40.00 cash of tender 1") },
        on("2026-03-10", row("a check that has not cleared", BY_TENDER, paid(Check), back(1), "
            allowed: 20.00 back
            line 1: 1 for 20.00 = 20.00
            of the whole
            - tender_not_cleared by built-in: allowed
            The check clears on 2026-03-11; until then the money goes to store credit.
            refund 1: 20.00 store_credit of tender 1")),
        on("2026-03-11", row("a check that has cleared", BY_TENDER, paid(Check), back(1), "
            allowed: 20.00 back
            line 1: 1 for 20.00 = 20.00
            refund 1: 20.00 check of tender 1 (ref-1), else store_credit")),
        on("2026-03-10", row("a check that has not cleared, and cash asked for", CHECK_OR_CASH, paid(Check), to(RefundTo::Cash, 1), "
            needs_approval: 20.00 back
            line 1: 1 for 20.00 = 20.00
            of the whole
            - tender_not_cleared by built-in: needs_approval manager
            The check clears on 2026-03-11; before that a manager has to approve cash.
            refund 1: 20.00 cash of tender 1")),
        on("2026-03-10", row("a check that has not cleared, and cash asked for against the policy", BY_TENDER, paid(Check),
            to(RefundTo::Cash, 1), "
            needs_approval: 20.00 back
            line 1: 1 for 20.00 = 20.00
            of the whole
            - tender_not_allowed by routes: needs_approval manager
            Paid by check; the policy refunds that to check or store credit, not to cash.
            - tender_not_cleared by built-in: needs_approval manager
            The check clears on 2026-03-11; before that a manager has to approve cash.
            refund 1: 20.00 cash of tender 1, else store_credit
            to original: allowed 20.00
            to store_credit: allowed 20.00")),
        on("2026-03-10", row("no cash for a check that has not cleared", CHECK_OR_CASH, paid(Check), back(1), "
            needs_approval: 20.00 back
            line 1: 1 for 20.00 = 20.00
            of the whole
            - tender_not_cleared by built-in: needs_approval manager
            The check clears on 2026-03-11, and the policy allows nothing else for it; a manager may give store credit.
            refund 1: 20.00 store_credit of tender 1")),
        on("2026-03-07", row("a check that has not cleared, and nothing else allowed", CHECK_ALONE, paid(Check), back(1), "
            needs_approval: 20.00 back
            line 1: 1 for 20.00 = 20.00
            of the whole
            - tender_not_cleared by checks: needs_approval manager
            The check clears on 2026-03-08, and the policy allows nothing else for it; a manager may give store credit.
            refund 1: 20.00 store_credit of tender 1")),
        on("2026-03-08", row("the day the check clears", CHECK_ALONE, paid(Check), back(1), "
            allowed: 20.00 back
            line 1: 1 for 20.00 = 20.00
            refund 1: 20.00 check of tender 1 (ref-1)")),
        row("cash rounded down at the sale", "", with(rounded_down(), |sale| { sale.lines.remove(1); }), in_toronto(3), "
            allowed: 10.02 back
            line 1: 3 for 10.02 = 10.02
            refund 1: 10.00 (rounded -0.02) cash of tender 1"),
        row("cash rounded up at the sale", "", rounded_up(), all_in_toronto(), "
            allowed: 10.03 back
            line 1: 3 for 10.02 = 10.02
            line 2: 1 for 0.01 = 0.01
            refund 1: 10.05 (rounded +0.02) cash of tender 1"),
        row("one mug in cash", "", rounded_up(), in_toronto(1), "
            allowed: 3.34 back
            line 1: 1 for 3.34 = 3.34
            refund 1: 3.35 (rounded +0.01) cash of tender 1"),
        after(vec![in_toronto(1)], row("a second mug in cash", "", rounded_up(), in_toronto(1), "
            allowed: 3.34 back
            line 1: 1 for 3.34 = 3.34
            refund 1: 3.35 (rounded +0.01) cash of tender 1")),
        after(vec![in_toronto(1), in_toronto(1)], row("a third mug in cash", "", rounded_up(), in_toronto(1), "
            allowed: 3.34 back
            line 1: 1 for 3.34 = 3.34
            refund 1: 3.30 (rounded -0.04) cash of tender 1")),
        row("change of a voucher rounded", "", with(rounded_up(), |sale| sale.tenders[0].kind = TenderType::Voucher),
            all_in_toronto(), "
            allowed: 10.03 back
            line 1: 3 for 10.02 = 10.02
            line 2: 1 for 0.01 = 0.01
            refund 1: 10.05 (rounded +0.02) voucher of tender 1"),
        row("rounding above what the last cash paid", "", with(rounded_up(), |sale| {
            sale.tenders = vec![tender(1, Cash, 1004, 0), tender(2, Cash, 1, 0)];
        }), all_in_toronto(), "
            allowed: 10.03 back
            line 1: 3 for 10.02 = 10.02
            line 2: 1 for 0.01 = 0.01
            refund 1: 10.04 (rounded +0.02) cash of tender 1
            refund 2: 0.01 cash of tender 2"),
        on("2026-03-09", row("a young sale goes back to its tender", BY_AGE, paid(CreditCard), back(1), "
            allowed: 20.00 back
            line 1: 1 for 20.00 = 20.00
            refund 1: 20.00 credit_card of tender 1 (ref-1)")),
        row("an older sale goes to store credit", BY_AGE, paid(CreditCard), back(1), "
            allowed: 20.00 back
            line 1: 1 for 20.00 = 20.00
            refund 1: 20.00 store_credit of tender 1"),
        on("2026-03-25", row("one older than all steps goes by the last", BY_AGE, paid(CreditCard), back(1), "
            allowed: 20.00 back
            line 1: 1 for 20.00 = 20.00
            refund 1: 20.00 store_credit of tender 1")),
        row("the card asked for where the policy pays store credit", BY_AGE, paid(CreditCard),
            with(back(1), |draft| draft.original_asked = true), "
            needs_approval: 20.00 back
            line 1: 1 for 20.00 = 20.00
            of the whole
            - tender_not_allowed by age: needs_approval manager
            Paid by credit card; the policy refunds that to store credit. A manager may allow credit card.
            refund 1: 20.00 credit_card of tender 1 (ref-1), else store_credit
            to store_credit: allowed 20.00"),
    ]
}
