//! Goods without a receipt: whatever was sold and however it comes back, no unit is worth more than
//! the least that was ever paid for one, and the parts are the whole.

use crate::counter::{
    Counter, bare, day, draft, id, line, noon, sale, tax, tender, totalled, with,
};
use proptest::prelude::*;
use returndesk::domain::draft::{Asked, Draft};
use returndesk::domain::money::Minor;
use returndesk::domain::quantity::Quantity;
use returndesk::domain::sale::Sale;
use returndesk::domain::tender::TenderType::Cash;

const RULES: &str = r#"[{"id": "bare", "when": {"receipt": false}, "set": {"price_basis": {"lowest_in_days": 20},
    "fee": {"percent": "7"}, "refund_to": {"*": ["store_credit"]}}}, {"id": "default", "when": {}, "set": {}}]"#;

/// Thousandths sold, price, taxes, discount of the sale in percent, day of March, tax included.
type Shape = (i64, i64, Vec<i64>, i64, i8, bool);

fn shapes() -> impl Strategy<Value = Vec<Shape>> {
    let quantity = prop_oneof![3 => (1i64..7).prop_map(|units| units * 1_000), 1 => 1i64..4_000];
    let one = (
        quantity,
        1i64..3_000,
        prop::collection::vec(0i64..60, 0..=3),
        0i64..60,
        1i8..=19,
        any::<bool>(),
    );
    prop::collection::vec(one, 1..6)
}

fn sold(number: usize, shape: &Shape) -> Sale {
    let (thousandths, price, taxes, off, on, included) = shape;
    let mut goods = with(line(1, 1, *price), |line| {
        line.quantity = Quantity(*thousandths);
        line.net = line.extended();
    });
    let room = if *included { goods.net.0 / 2 / 3 } else { i64::MAX };
    goods.taxes = taxes
        .iter()
        .zip(["A", "B", "C"])
        .map(|(amount, code)| tax(code, (*amount).min(room)))
        .collect();
    let discount = Minor(goods.net.0 * off / 100 / 2);
    with(sale(vec![goods], vec![]), |sale| {
        (sale.id, sale.receipt) = (id(number as u128 + 1), format!("R-{number}"));
        let date = format!("2026-03-{on:02}");
        (sale.business_date, sale.sold_at) = (day(&date), noon(&date));
        sale.prices_include_tax = *included;
        sale.discounts = vec![crate::counter::discount(discount.0, None)];
        totalled(sale);
        sale.tenders = vec![tender(1, Cash, sale.total.0, 0)];
    })
}

fn back(thousandths: i64) -> Draft {
    let line = with(bare("SKU-1", 1), |line| line.asked = Asked::Units(Quantity(thousandths)));
    with(draft(vec![line]), |draft| draft.sale = None)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn no_unit_is_worth_more_than_the_least_that_was_paid(shapes in shapes(), pieces in prop::collection::vec(1i64..5_000, 1..6)) {
        let sales: Vec<Sale> = shapes.iter().enumerate().map(|(number, shape)| sold(number, shape)).collect();
        // What each brought in for so many thousandths, if that was anything; on the 30th, from the
        // 10th on.
        let within = sales.iter().filter(|sale| sale.business_date >= day("2026-03-10") && sale.total.0 > 0);
        let prices: Vec<(i64, i64)> = within.map(|sale| (sale.total.0, sale.lines[0].quantity.0)).collect();
        let mut counter = Counter::open(RULES, sales);
        counter.now = noon("2026-03-30");
        let mut sum = 0;
        for piece in &pieces {
            let Ok(the_return) = counter.record(back(*piece)) else {
                prop_assert!(prices.is_empty());
                return Ok(());
            };
            let line = &the_return.without_receipt[0];
            for (value, units) in &prices {
                let exact = i128::from(*value) * i128::from(*piece);
                prop_assert!(i128::from(line.gross.0) * i128::from(*units) <= exact, "{:?} of {} at {value}/{units}", line, piece);
            }
            let of_reference = shapes[line.price_of.0.as_u128() as usize - 1].5;
            let taxes: i64 = line.taxes.iter().map(|(_, amount)| amount.0).sum();
            prop_assert_eq!(line.gross.0, line.net.0 + if of_reference { 0 } else { taxes });
            let kept: i64 = line.fee_taxes.iter().map(|(_, amount)| amount.0).sum();
            prop_assert_eq!(line.refund.0, line.gross.0 - line.fee.0 - if of_reference { 0 } else { kept });
            prop_assert!(line.fee.0 <= line.net.0 && line.refund.0 >= 0);
            prop_assert_eq!(the_return.refund, line.refund);
            let paid: i64 = the_return.refunds.iter().map(|refund| refund.plan.amount.0).sum();
            prop_assert_eq!(paid, line.refund.0);
            prop_assert!(the_return.refunds.iter().all(|refund| refund.plan.sale.is_none()));
            sum += line.gross.0;
        }
        prop_assert!(!prices.is_empty());
        // In one go it is never less: splitting gains nothing.
        let whole = counter.check(&back(pieces.iter().sum())).unwrap();
        prop_assert!(sum <= whole.lines[0].gross.0);
    }
}
