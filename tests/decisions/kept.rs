//! What the shop keeps: fees with their taxes by jurisdiction, and discounts of promotions that are
//! broken.

use crate::counter::{
    currency, discount, draft, line, reason, sale, tax, tender, totalled, units, with,
};
use crate::table::Row;
use returndesk::domain::draft::Draft;
use returndesk::domain::money::Minor;
use returndesk::domain::sale::{Sale, SaleLine};
use returndesk::domain::tender::TenderType::CreditCard;
use returndesk::domain::words::Condition;

const TENTH: &str = r#"{"id": "restock", "when": {}, "set": {"fee": {"percent": "10"}}},"#;
const REPRICE: &str = r#"{"id": "broken", "when": {}, "set": {"promotion": "reprice"}},"#;
const REPRICE_WITH_FEE: &str =
    r#"{"id": "broken", "when": {}, "set": {"promotion": "reprice", "fee": {"percent": "10"}}},"#;
const PRORATE: &str = r#"{"id": "broken", "when": {}, "set": {"promotion": "prorate"}},"#;
const REFUSE: &str = r#"{"id": "broken", "when": {}, "set": {"promotion": "refuse"}},"#;

fn at(store: &str, code: &str, included: bool, lines: Vec<SaleLine>) -> Sale {
    let mut made = sale(lines, vec![tender(1, CreditCard, 0, 0)]);
    (made.store, made.currency, made.prices_include_tax) =
        (store.to_owned(), currency(code), included);
    totalled(&mut made);
    made.tenders[0].amount = made.total;
    made
}

/// A drill for 100.00 and 8.88 of tax.
fn drill() -> SaleLine {
    with(line(1, 1, 10_000), |line| line.taxes = vec![tax("ST", 888)])
}

fn back_at(store: &str) -> Draft {
    with(draft(vec![units(1, 1)]), |draft| draft.store = store.to_owned())
}

/// Two bowls for the price of one: 10.00 and 0.80 of tax, the second bowl for nothing.
fn bowls() -> Sale {
    let bowl = |number, off: i64| {
        with(line(number, 1, 1000), |line| {
            (line.discounts, line.net) = (vec![discount(off, Some("BOGO"))], Minor(1000 - off));
            line.taxes = vec![tax("NY", (1000 - off) * 8 / 100)];
        })
    };
    at("0042", "USD", false, vec![bowl(1, 0), bowl(2, 1000)])
}

/// The same, recorded when each discount stayed on its line.
fn before_the_rule() -> Sale {
    with(bowls(), |sale| sale.shares_promotions = false)
}

fn bowl(number: u32) -> Draft {
    draft(vec![units(number, 1)])
}

fn row(
    rules: &'static str,
    name: &'static str,
    sale: Sale,
    before: Vec<Draft>,
    draft: Draft,
    told: &'static str,
) -> Row {
    Row { name, rules, sales: vec![sale], before, disputed: None, on: "2026-03-10", draft, told }
}

pub fn rows() -> Vec<Row> {
    let mut rows = fees();
    rows.extend(promotions());
    rows
}

#[rustfmt::skip] // a row is read as one
fn fees() -> Vec<Row> {
    let vat = with(line(1, 1, 11_900), |line| line.taxes = vec![tax("VAT", 1_900)]);
    let levy = with(tax("LEVY", 100), |tax| tax.included = Some(false));
    let levied = with(vat.clone(), |line| line.taxes.push(levy));
    vec![
        row(TENTH, "New York keeps the tax on the fee", at("0042", "USD", false, vec![drill()]), vec![], back_at("0042"), "
            allowed: 97.99 back
            line 1: 1 for 100.00 ST 8.88 = 108.88 less 10.00 ST 0.89
            - fee_applied by restock: allowed
            A restocking fee of 10.00 (10 %) and 0.89 tax on it are kept.
            refund 1: 97.99 credit_card of tender 1 (ref-1)",
        ),
        row(TENTH, "California gives all tax back", at("0044", "USD", false, vec![drill()]), vec![], back_at("0044"), "
            allowed: 98.88 back
            line 1: 1 for 100.00 ST 8.88 = 108.88 less 10.00
            - fee_applied by restock: allowed
            A restocking fee of 10.00 (10 %) is kept.
            refund 1: 98.88 credit_card of tender 1 (ref-1)",
        ),
        row(TENTH, "sold in California, back in New York", at("0044", "USD", false, vec![drill()]), vec![], back_at("0042"), "
            allowed: 98.88 back
            line 1: 1 for 100.00 ST 8.88 = 108.88 less 10.00
            - fee_applied by restock: allowed
            A restocking fee of 10.00 (10 %) is kept.
            refund 1: 98.88 credit_card of tender 1 (ref-1)",
        ),
        row(TENTH, "a fee in a price with one tax in it and one on top", at("0060", "EUR", true, vec![levied]), vec![], back_at("0060"), "
            allowed: 108.00 back
            line 1: 1 for 119.00 VAT 19.00 LEVY 1.00 = 120.00 less 11.90 VAT 1.90 LEVY 0.10
            - fee_applied by restock: allowed
            A restocking fee of 11.90 (10 %), 1.90 tax included, and 0.10 tax on it are kept.
            refund 1: 108.00 credit_card of tender 1 (ref-1)",
        ),
        row(TENTH, "a fee in a price that includes tax includes its tax", at("0060", "EUR", true, vec![vat]), vec![], back_at("0060"), "
            allowed: 107.10 back
            line 1: 1 for 119.00 VAT 19.00 = 119.00 less 11.90 VAT 1.90
            - fee_applied by restock: allowed
            A restocking fee of 11.90 (10 %), 1.90 tax included, is kept.
            refund 1: 107.10 credit_card of tender 1 (ref-1)",
        ),
    ]
}

#[rustfmt::skip] // a row is read as one
fn promotions() -> Vec<Row> {
    vec![
        row(PRORATE, "two for one in proportion: half the price each", bowls(), vec![], bowl(1), "
            allowed: 5.40 back
            line 1: 1 for 5.00 NY 0.40 = 5.40
            refund 1: 5.40 credit_card of tender 1 (ref-1)",
        ),
        row(PRORATE, "two for one in proportion: the free one is no other", bowls(), vec![], bowl(2), "
            allowed: 5.40 back
            line 2: 1 for 5.00 NY 0.40 = 5.40
            refund 1: 5.40 credit_card of tender 1 (ref-1)",
        ),
        row(PRORATE, "two for one of before the rule: each at its own price", before_the_rule(), vec![], bowl(1), "
            allowed: 10.80 back
            line 1: 1 for 10.00 NY 0.80 = 10.80
            refund 1: 10.80 credit_card of tender 1 (ref-1)",
        ),
        row(REFUSE, "two for one, all or none", bowls(), vec![], bowl(1), "
            refused: 5.40 back
            line 1: 1 for 5.00 NY 0.40 = 5.40
            - not_returnable by broken: refused
            Bought under promotion BOGO: all of its items come back together, or none.
            refund 1: 5.40 credit_card of tender 1 (ref-1)",
        ),
        row(REPRICE, "two for one: the one kept is paid for", bowls(), vec![], bowl(1), "
            allowed: 0.00 back
            line 1: 1 for 0.00 NY 0.00 = 0.00
            - promotion_repriced by broken: allowed
            Bought under promotion BOGO, of which items are kept: 5.00 of their discount is withheld until they come back too.",
        ),
        row(REPRICE, "two for one: the free one brings nothing", bowls(), vec![], bowl(2), "
            allowed: 0.00 back
            line 2: 1 for 0.00 NY 0.00 = 0.00
            - promotion_repriced by broken: allowed
            Bought under promotion BOGO, of which items are kept: 5.00 of their discount is withheld until they come back too.",
        ),
        row(REPRICE, "two for one: the other one comes back too", bowls(), vec![bowl(1)], bowl(2), "
            allowed: 10.80 back
            line 2: 1 for 5.00 NY 0.40 = 5.40
            line 1: 0 for 5.00 NY 0.40 = 5.40
            - promotion_repriced by broken: allowed
            5.00 of promotion BOGO was withheld when this line came back, and is paid now.
            refund 1: 10.80 credit_card of tender 1 (ref-1)",
        ),
        row(REPRICE, "two for one of before the rule: the other one comes back too", before_the_rule(), vec![bowl(1)], bowl(2), "
            allowed: 10.80 back
            line 2: 1 for 0.00 NY 0.00 = 0.00
            line 1: 0 for 10.00 NY 0.80 = 10.80
            - promotion_repriced by broken: allowed
            10.00 of promotion BOGO was withheld when this line came back, and is paid now.
            refund 1: 10.80 credit_card of tender 1 (ref-1)",
        ),
        row(REPRICE, "two for one: both at once", bowls(), vec![], draft(vec![units(1, 1), units(2, 1)]), "
            allowed: 10.80 back
            line 1: 1 for 5.00 NY 0.40 = 5.40
            line 2: 1 for 5.00 NY 0.40 = 5.40
            refund 1: 10.80 credit_card of tender 1 (ref-1)",
        ),
        row(REPRICE_WITH_FEE, "a fee is of what is paid: nothing yet", bowls(), vec![], bowl(1), "
            allowed: 0.00 back
            line 1: 1 for 0.00 NY 0.00 = 0.00
            - promotion_repriced by broken: allowed
            Bought under promotion BOGO, of which items are kept: 5.00 of their discount is withheld until they come back too.",
        ),
        row(REPRICE_WITH_FEE, "a fee is of what is paid: the withheld too, once it is", bowls(), vec![bowl(1)], bowl(2), "
            allowed: 9.72 back
            line 2: 1 for 5.00 NY 0.40 = 5.40 less 0.50 NY 0.04
            - fee_applied by broken: allowed
            A restocking fee of 0.50 (10 %) and 0.04 tax on it are kept.
            line 1: 0 for 5.00 NY 0.40 = 5.40 less 0.50 NY 0.04
            - fee_applied by broken: allowed
            A restocking fee of 0.50 (10 %) and 0.04 tax on it are kept.
            - promotion_repriced by broken: allowed
            5.00 of promotion BOGO was withheld when this line came back, and is paid now.
            refund 1: 9.72 credit_card of tender 1 (ref-1)",
        ),
        row(REPRICE, "no discount is taken back for what is defective", bowls(), vec![],
            draft(vec![with(units(1, 1), |line| (line.condition, line.reason) = (Condition::Opened, reason("defective")))]), "
            allowed: 5.40 back
            line 1: 1 for 5.00 NY 0.40 = 5.40
            refund 1: 5.40 credit_card of tender 1 (ref-1)",
        ),
    ]
}
