//! Goods without a receipt, and gift receipts: what they are worth, which rules are asked, where
//! the money goes.

use crate::counter::{
    bare, day, discount, draft, gift, id, line, noon, sale, tax, tender, totalled, units, with,
};
use crate::table::Row;
use returndesk::domain::draft::{Asked, Draft, DraftLine};
use returndesk::domain::money::Minor;
use returndesk::domain::quantity::Quantity;
use returndesk::domain::sale::Sale;
use returndesk::domain::tender::TenderType::{Cash, CreditCard, GiftCard};
use returndesk::domain::words::{Condition, RefundTo};

/// A mug of store 0042 at 10.00 on the 1st, with 0.89 of tax; the same in store 0043 at 3 for 25.00
/// on the 5th.
fn mugs() -> Vec<Sale> {
    let dear = with(line(1, 1, 1000), |line| line.taxes = vec![tax("NY", 89)]);
    let cheap = with(line(1, 3, 1000), |line| {
        line.discounts = vec![discount(500, None)];
        line.net = Minor(2500);
    });
    let elsewhere = with(sale(vec![cheap], vec![tender(1, Cash, 2500, 0)]), |sale| {
        (sale.id, sale.store, sale.receipt) = (id(2), "0043".to_owned(), "R-2".to_owned());
        (sale.business_date, sale.sold_at) = (day("2026-03-05"), noon("2026-03-05"));
    });
    vec![sale(vec![dear], vec![tender(1, CreditCard, 1089, 0)]), elsewhere]
}

fn mug(units: i64) -> DraftLine {
    bare("SKU-1", units)
}

fn numbered(serial: &str) -> DraftLine {
    with(mug(1), |line| line.serial_number = Some(serial.to_owned()))
}

fn no_sale(lines: Vec<DraftLine>) -> Draft {
    with(draft(lines), |draft| draft.sale = None)
}

fn shown(draft: Draft) -> Draft {
    with(draft, |draft| draft.id_hash = Some([9; 32]))
}

fn row(name: &'static str, rules: &'static str, draft: Draft, told: &'static str) -> Row {
    Row {
        name,
        rules,
        sales: mugs(),
        before: vec![],
        disputed: None,
        on: "2026-03-10",
        draft,
        told,
    }
}

/// No receipt is no hindrance: the lowest price of thirty days, as store credit.
const PLAIN: &str = r#"{"id": "bare", "when": {"receipt": false}, "set": {"price_basis": {"lowest_in_days": 30},
    "refund_to": {"*": ["store_credit"]}}},"#;
const FOUR_DAYS: &str =
    r#"{"id": "bare", "when": {"receipt": false}, "set": {"price_basis": {"lowest_in_days": 4}}},"#;
const NINE_DAYS: &str = r#"{"id": "bare", "when": {"receipt": false}, "set": {"price_basis": {"lowest_in_days": 9}}},
    {"id": "unused", "when": {"receipt": false, "sku": ["X"]}, "set": {"price_basis": {"lowest_in_days": 400}}},"#;
const STRICT: &str = r#"{"id": "bare", "when": {"receipt": false}, "set": {"price_basis": {"lowest_in_days": 30},
    "id_required": true, "conditions": ["unopened"], "reasons": ["defective"], "outcome": "needs_approval",
    "fee": {"percent": "10"}, "amount_limit": {"amount": "5.00", "outcome": "refuse"},
    "approval": [{"over": "1.00", "role": "supervisor"}]}},"#;
const LIMITED: &str = r#"{"id": "bare", "when": {"receipt": false}, "set": {"price_basis": {"lowest_in_days": 30},
    "velocity": [{"days": 90, "count": 1, "amount": "20.00", "outcome": "refuse"}]}},"#;
const LIMITED_ALL: &str = r#"{"id": "bare", "when": {"receipt": false}, "set": {"price_basis": {"lowest_in_days": 30}}},
    {"id": "all", "when": {}, "set": {"velocity": [{"days": 90, "count": 1, "outcome": "refuse"}]}},"#;
const CASH: &str = r#"{"id": "bare", "when": {"receipt": false}, "set": {"price_basis": {"lowest_in_days": 30},
    "refund_to": {"*": ["original", "cash", "store_credit"]}, "cash_limit": {"amount": "20.00", "beyond": "store_credit"}}},"#;
const HERE: &str = r#"{"id": "here", "when": {"store": ["0042"]}, "set": {"outcome": "refuse"}},
    {"id": "bare", "when": {"receipt": false}, "set": {"price_basis": {"lowest_in_days": 30}, "refund_to": {"*": ["store_credit"]}}},"#;
const NO_PRICE: &str =
    r#"{"id": "bare", "when": {"receipt": false}, "set": {"receipt_required": false}},"#;
const GIFT: &str = r#"{"id": "gift", "when": {"gift_receipt": true}, "set": {"refund_to": {"*": ["gift_card", "original"]}}},"#;

fn final_mugs() -> Vec<Sale> {
    with(mugs(), |sales| sales[1].lines[0].flags.push("final_sale".to_owned()))
}

fn by_weight() -> Vec<Sale> {
    let cheese = with(line(1, 0, 999), |line| {
        (line.quantity, line.net) = (Quantity(333), Minor(333));
        line.taxes = vec![tax("A", 7), tax("B", 2)];
    });
    vec![sale(vec![cheese], vec![tender(1, Cash, 342, 0)])]
}

/// A phone sold by serial number, and a coupon of 3.00 on the whole sale.
fn phone() -> Vec<Sale> {
    let phone = with(line(1, 1, 10_000), |line| line.serial_numbers = vec!["SN-1".to_owned()]);
    vec![with(sale(vec![phone], vec![tender(1, CreditCard, 9_700, 0)]), |sale| {
        sale.discounts = vec![discount(300, Some("COUPON"))];
        totalled(sale);
    })]
}

fn of_customer(customer: &str, draft: Draft) -> Draft {
    with(draft, |draft| draft.customer = Some(customer.to_owned()))
}

fn bought_by(customer: &str, sales: Vec<Sale>) -> Vec<Sale> {
    with(sales, |sales| sales.iter_mut().for_each(|sale| sale.customer = Some(customer.to_owned())))
}

fn paid_by_gift_card() -> Vec<Sale> {
    vec![sale(vec![line(1, 1, 1000)], vec![tender(1, GiftCard, 1000, 0)])]
}

fn to(refund_to: RefundTo, draft: Draft) -> Draft {
    with(draft, |draft| draft.refund_to = refund_to)
}

#[rustfmt::skip] // a row is read as one
pub fn rows() -> Vec<Row> {
    vec![
        row("one at the lowest price of all stores, rounded down", PLAIN, no_sale(vec![mug(1)]), "
            allowed: 8.33 back
            line SKU-1: 1 for 8.33 = 8.33
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 8.33 on 2026-03-05, is given.
            refund 1: 8.33 store_credit of tender 0"),
        row("three at the lowest price", PLAIN, no_sale(vec![mug(3)]), "
            allowed: 25.00 back
            line SKU-1: 3 for 25.00 = 25.00
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 8.33 on 2026-03-05, is given.
            refund 1: 25.00 store_credit of tender 0"),
        row("four are worth more than were sold at once", PLAIN, no_sale(vec![mug(4)]), "
            allowed: 33.33 back
            line SKU-1: 4 for 33.33 = 33.33
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 8.33 on 2026-03-05, is given.
            refund 1: 33.33 store_credit of tender 0"),
        row("a period that the cheap day lies before", FOUR_DAYS, no_sale(vec![mug(1)]), "
            refused: 0.00 back
            line SKU-1: 0 for 0.00 = 0.00
            - price_unknown by bare: refused
            No sale of this item within the last 4 days is recorded, so its worth is unknown; look the sale up by card or customer."),
        Row { sales: mugs()[..1].to_vec(), ..row("a period that begins with the day of the sale", NINE_DAYS, no_sale(vec![mug(1)]), "
            allowed: 10.89 back
            line SKU-1: 1 for 10.00 NY 0.89 = 10.89
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 9 days, 10.89 with taxes on 2026-03-01, is given.
            refund 1: 10.89 store_credit of tender 0") },
        Row { sales: mugs()[..1].to_vec(), on: "2026-03-11", ..row("a period that begins a day later", NINE_DAYS, no_sale(vec![mug(1)]), "
            refused: 0.00 back
            line SKU-1: 0 for 0.00 = 0.00
            - price_unknown by bare: refused
            No sale of this item within the last 9 days is recorded, so its worth is unknown; look the sale up by card or customer.") },
        row("the register's lower price", PLAIN, no_sale(vec![with(mug(3), |l| l.unit_price = Some(Minor(500).into()))]), "
            allowed: 15.00 back
            line SKU-1: 3 for 15.00 = 15.00
            - receipt_missing by bare: allowed
            Without a receipt: 5.00 as the register says, below the lowest price of the last 30 days, 8.33 on 2026-03-05.
            refund 1: 15.00 store_credit of tender 0"),
        row("the register's higher price", PLAIN, no_sale(vec![with(mug(3), |l| l.unit_price = Some(Minor(5000).into()))]), "
            allowed: 25.00 back
            line SKU-1: 3 for 25.00 = 25.00
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 8.33 on 2026-03-05, is given.
            refund 1: 25.00 store_credit of tender 0"),
        Row { sales: mugs()[..1].to_vec(),
            ..row("with tax, at the register's lower price", PLAIN, no_sale(vec![with(mug(1), |l| l.unit_price = Some(Minor(500).into()))]), "
            allowed: 5.44 back
            line SKU-1: 1 for 5.00 NY 0.44 = 5.44
            - receipt_missing by bare: allowed
            Without a receipt: 5.00 as the register says, below the lowest price of the last 30 days, 10.89 with taxes on 2026-03-01.
            refund 1: 5.44 store_credit of tender 0") },
        row("an article nobody bought", PLAIN, no_sale(vec![bare("X", 1)]), "
            refused: 0.00 back
            line X: 0 for 0.00 = 0.00
            - price_unknown by bare: refused
            No sale of this item within the last 30 days is recorded, so its worth is unknown; look the sale up by card or customer."),
        row("a policy without a price", NO_PRICE, no_sale(vec![mug(1)]), "
            refused: 0.00 back
            line SKU-1: 0 for 0.00 = 0.00
            - price_unknown by bare: refused
            The policy does not say what an item without a receipt is worth."),
        row("every rule at once", STRICT, no_sale(vec![with(mug(1), |l| l.condition = Condition::Used)]), "
            refused: 7.50 back
            line SKU-1: 1 for 8.33 = 8.33 less 0.83
            - id_required by bare: refused
            The policy asks for an identity document; enter its number.
            - condition_not_accepted by bare: refused
            The item is used; accepted: unopened.
            - reason_not_accepted by bare: refused
            \"changed mind\" is not a reason for which this is taken back; accepted: defective.
            - not_returnable by bare: needs_approval manager
            The policy does not take this item back; a manager may.
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 8.33 on 2026-03-05, is given.
            - fee_applied by bare: allowed
            A restocking fee of 0.83 (10 %) is kept.
            of the whole
            - amount_over_limit by bare: refused
            7.50 goes back in all; the limit is 5.00.
            - amount_over_limit by bare: needs_approval supervisor
            7.50 goes back in all; above 1.00 it takes a supervisor.
            refund 1: 7.50 store_credit of tender 0"),
        Row { sales: final_mugs(),
            ..row("the cheapest was a final sale", r#"{"id": "final", "when": {"flags": ["final_sale"]}, "set": {"outcome": "refuse"}},
            {"id": "bare", "when": {"receipt": false}, "set": {"price_basis": {"lowest_in_days": 30}}},"#, no_sale(vec![mug(1)]), "
            refused: 8.33 back
            line SKU-1: 1 for 8.33 = 8.33
            - final_sale by final: refused
            This was a final sale.
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 8.33 on 2026-03-05, is given.
            refund 1: 8.33 store_credit of tender 0") },
        Row { sales: by_weight(),
            ..row("by weight, each part rounded down", PLAIN, no_sale(vec![with(mug(1), |l| l.asked = Asked::Units(Quantity(100)))]), "
            allowed: 1.02 back
            line SKU-1: 0.1 for 1.00 A 0.02 B 0.00 = 1.02
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 10.27 with taxes on 2026-03-01, is given.
            refund 1: 1.02 store_credit of tender 0") },
        Row { sales: phone(),
            ..row("a unit that stands on a receipt", PLAIN, no_sale(vec![numbered("SN-1")]), "
            refused: 97.00 back
            line SKU-1: 1 for 97.00 = 97.00
            - serial_mismatch by service:serial: refused
            Serial number SN-1 was sold on receipt R-1 of store 0042 on 2026-03-01; take it back by that receipt.
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 97.00 on 2026-03-01, is given.
            refund 1: 97.00 store_credit of tender 0") },
        Row { sales: phone(), ..row("without the serial number", PLAIN, no_sale(vec![mug(1)]), "
            refused: 97.00 back
            line SKU-1: 1 for 97.00 = 97.00
            - serial_mismatch by service:serial: refused
            This item is sold by serial number; scan the number of the one coming back.
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 97.00 on 2026-03-01, is given.
            refund 1: 97.00 store_credit of tender 0") },
        Row { sales: phone(),
            ..row("a unit of an older sale, after the coupon", PLAIN, no_sale(vec![numbered("SN-0")]), "
            allowed: 97.00 back
            line SKU-1: 1 for 97.00 = 97.00
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 97.00 on 2026-03-01, is given.
            refund 1: 97.00 store_credit of tender 0") },
        row("one line with receipt, one without", PLAIN, draft(vec![units(1, 1), mug(1)]), "
            allowed: 19.22 back
            line 1: 1 for 10.00 NY 0.89 = 10.89
            line SKU-1: 1 for 8.33 = 8.33
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 8.33 on 2026-03-05, is given.
            refund 1: 10.89 credit_card of tender 1 (ref-1)
            refund 2: 8.33 store_credit of tender 0"),
        Row { sales: vec![sale(vec![line(1, 1, 1_000_000_000_000)], vec![tender(1, CreditCard, 1_000_000_000_000, 0)])],
            ..row("more than any amount", PLAIN, no_sale(vec![mug(999_999_999)]), "
            invalid_value /lines/0/quantity: So many units are worth more than any amount can be.") },
        row("a rule of the store it comes back to", HERE, no_sale(vec![mug(1)]), "
            refused: 8.33 back
            line SKU-1: 1 for 8.33 = 8.33
            - not_returnable by here: refused
            The policy does not take this item back.
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 8.33 on 2026-03-05, is given.
            refund 1: 8.33 store_credit of tender 0"),
        row("a rule of another store", HERE, with(no_sale(vec![mug(1)]), |draft| draft.store = "0043".to_owned()), "
            allowed: 8.33 back
            line SKU-1: 1 for 8.33 = 8.33
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 8.33 on 2026-03-05, is given.
            refund 1: 8.33 store_credit of tender 0"),
        row("money for no goods", PLAIN, no_sale(vec![with(mug(1), |l| l.asked = Asked::Money(Minor(100)))]), "
            invalid_value /lines/0: Name the sale_line of a sale, or the sku and quantity of an item without a receipt."),
        row("cash where the policy pays it, beyond the limit as credit", CASH, no_sale(vec![mug(3)]), "
            allowed: 25.00 back
            line SKU-1: 3 for 25.00 = 25.00
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 8.33 on 2026-03-05, is given.
            of the whole
            - cash_over_limit by bare: allowed
            At most 20.00 can be given in cash; 5.00 goes to store credit instead.
            refund 1: 5.00 store_credit of tender 0
            refund 2: 20.00 cash of tender 0, else store_credit"),
        row("cash where the policy does not pay it", PLAIN, to(RefundTo::Cash, no_sale(vec![mug(1)])), "
            needs_approval: 8.33 back
            line SKU-1: 1 for 8.33 = 8.33
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 8.33 on 2026-03-05, is given.
            of the whole
            - tender_not_allowed by bare: needs_approval manager
            Without a receipt the money goes to store credit, not to cash.
            refund 1: 8.33 cash of tender 0, else store_credit
            to original: allowed 8.33
            to store_credit: allowed 8.33"),
        Row { before: vec![shown(no_sale(vec![mug(1)]))],
            ..row("a second time within the limit's period", LIMITED, shown(no_sale(vec![mug(1)])), "
            refused: 8.33 back
            line SKU-1: 1 for 8.33 = 8.33
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 8.33 on 2026-03-05, is given.
            of the whole
            - velocity_exceeded by bare: refused
            With this one the customer has made 2 returns without receipt, 16.66 in all, within 90 days; the limit is 1 return or 20.00.
            refund 1: 8.33 store_credit of tender 0") },
        Row { before: vec![shown(draft(vec![units(1, 1)]))],
            ..row("a limit on no receipt does not count receipts", LIMITED, shown(no_sale(vec![mug(1)])), "
            allowed: 8.33 back
            line SKU-1: 1 for 8.33 = 8.33
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 8.33 on 2026-03-05, is given.
            refund 1: 8.33 store_credit of tender 0") },
        Row { before: vec![shown(draft(vec![units(1, 1)]))],
            ..row("a limit on all counts receipts", LIMITED_ALL, shown(no_sale(vec![mug(1)])), "
            refused: 8.33 back
            line SKU-1: 1 for 8.33 = 8.33
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 8.33 on 2026-03-05, is given.
            of the whole
            - velocity_exceeded by all: refused
            With this one the customer has made 2 returns, 19.22 in all, within 90 days; the limit is 1 return.
            refund 1: 8.33 store_credit of tender 0") },
        row("too much at once without a receipt", LIMITED, shown(draft(vec![units(1, 1), mug(3)])), "
            refused: 35.89 back
            line 1: 1 for 10.00 NY 0.89 = 10.89
            line SKU-1: 3 for 25.00 = 25.00
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 8.33 on 2026-03-05, is given.
            of the whole
            - velocity_exceeded by bare: refused
            With this one the customer has made 1 return without receipt, 25.00 in all, within 90 days; the limit is 1 return or 20.00.
            refund 1: 10.89 credit_card of tender 1 (ref-1)
            refund 2: 25.00 store_credit of tender 0"),
        row("a limit, and nobody to count for", LIMITED, no_sale(vec![mug(3)]), "
            allowed: 25.00 back
            line SKU-1: 3 for 25.00 = 25.00
            - receipt_missing by bare: allowed
            Without a receipt: the lowest price of the last 30 days, 8.33 on 2026-03-05, is given.
            refund 1: 25.00 store_credit of tender 0"),
        Row { sales: bought_by("C-1", mugs()), before: vec![of_customer("C-1", no_sale(vec![mug(1)]))],
            ..row("the buyer counts where nobody is named", LIMITED_ALL, draft(vec![units(1, 1)]), "
            refused: 10.89 back
            line 1: 1 for 10.00 NY 0.89 = 10.89
            of the whole
            - velocity_exceeded by all: refused
            With this one the customer has made 2 returns, 19.22 in all, within 90 days; the limit is 1 return.
            refund 1: 10.89 credit_card of tender 1 (ref-1)") },
        Row { sales: bought_by("C-1", mugs()), before: vec![of_customer("C-1", no_sale(vec![mug(1)]))],
            ..row("the giver does not count", LIMITED_ALL, gift(vec![units(1, 1)]), "
            allowed: 10.89 back
            line 1: 1 for 10.00 NY 0.89 = 10.89
            refund 1: 10.89 store_credit of tender 1") },
        row("a gift", "", gift(vec![units(1, 1)]), "
            allowed: 10.89 back
            line 1: 1 for 10.00 NY 0.89 = 10.89
            refund 1: 10.89 store_credit of tender 1"),
        row("a gift where the policy pays on a gift card", GIFT, gift(vec![units(1, 1)]), "
            allowed: 10.89 back
            line 1: 1 for 10.00 NY 0.89 = 10.89
            refund 1: 10.89 gift_card of tender 1"),
        row("a gift, and cash asked for", "", to(RefundTo::Cash, gift(vec![units(1, 1)])), "
            needs_approval: 10.89 back
            line 1: 1 for 10.00 NY 0.89 = 10.89
            of the whole
            - tender_not_allowed by default: needs_approval manager
            With a gift receipt the money goes to store credit, not to cash.
            refund 1: 10.89 cash of tender 1, else store_credit
            to original: allowed 10.89
            to store_credit: allowed 10.89"),
        Row { sales: paid_by_gift_card(), ..row("a gift that was paid by gift card", "", gift(vec![units(1, 1)]), "
            allowed: 10.00 back
            line 1: 1 for 10.00 = 10.00
            refund 1: 10.00 store_credit of tender 1") },
        row("by receipt and gift receipt at once", "", draft(vec![units(1, 1), with(units(1, 1), |l| l.sale = gift(vec![]).sale)]), "
            invalid_value /lines/1: One sale is named both by its receipt and by its gift receipt; return by one of them at a time."),
    ]
}
