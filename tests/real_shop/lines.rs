//! Lines brought back in any parts.

use crate::shop::{Chance, half_up, made_up, sales, say};
use returndesk::domain::book::{Book, LineBook, Parts};
use returndesk::domain::money::Minor;
use returndesk::domain::quantity::Quantity;
use std::sync::Arc;
use std::time::Instant;

/// Of each line: net, each tax and each share of the coupon come to what was charged, and on the
/// way to what the units that are back are worth, never half a penny off.
#[test]
fn each_line_in_any_parts_pays_its_value_its_taxes_and_its_share_of_a_coupon_exactly() {
    let Some(sales) = sales("bringing lines back in parts") else { return };
    let started = Instant::now();
    let (mut lines, mut takes) = (0, 0);
    for real in sales {
        for included in [true, false] {
            let sale = made_up(real, included);
            let mut chance = Chance::of(&sale, 2 + u64::from(included));
            let book = Book::new(Arc::new(sale));
            let shares: i64 =
                book.lines.iter().flat_map(LineBook::discount_shares).map(|share| share.0).sum();
            assert_eq!(
                shares,
                book.sale.discounts.iter().map(|off| off.amount.0).sum::<i64>(),
                "{}",
                book.sale.receipt
            );
            for (place, line) in book.lines.iter().enumerate() {
                takes += in_parts(&book, place, line.clone(), &mut chance);
                lines += 1;
            }
        }
    }
    say(&format!(
        "{} real sales, {lines} lines with taxes included or added, brought back in {takes} parts ({:.1?})",
        sales.len(),
        started.elapsed()
    ));
}

fn in_parts(book: &Book, place: usize, mut line: LineBook, chance: &mut Chance) -> usize {
    let sold = &book.sale.lines[place];
    let off: Vec<i64> = line.discount_shares().iter().map(|share| share.0).collect();
    let mut values = vec![sold.net.0 - off.iter().sum::<i64>()];
    values.extend(sold.taxes.iter().map(|tax| tax.amount.0));
    values.extend(off);
    let added: i64 = if book.sale.prices_include_tax {
        0
    } else {
        sold.taxes.iter().map(|tax| tax.amount.0).sum()
    };
    let (mut left, mut back, mut takes) = (sold.quantity.0 / 1_000, 0, 0);
    let (mut paid, mut gross) = (vec![0; values.len()], 0);
    while left > 0 {
        // Up to half of it at a time, the rest in the end: no line takes hundreds of steps.
        let units = if takes > 5 { left } else { 1 + chance.below(left.min(1 + left / 2)) };
        let parts = line.take(Quantity::units(units)).unwrap();
        (left, back, takes) = (left - units, back + units, takes + 1);
        gross += parts.gross.0;
        for ((paid, part), value) in paid.iter_mut().zip(flat(&parts)).zip(&values) {
            assert!(part >= 0);
            *paid += part;
            assert_eq!(
                *paid,
                half_up(value * back, sold.quantity.0 / 1_000),
                "{}: {sold:?}",
                book.sale.receipt
            );
        }
    }
    assert_eq!(paid, values, "{}: {sold:?}", book.sale.receipt);
    assert_eq!(gross, values[0] + added, "{}: {sold:?}", book.sale.receipt);
    assert_eq!((line.refunded(), line.returnable()), (line.value(), Quantity::ZERO));
    assert_eq!(line.take(Quantity::units(1)), None, "nothing comes back twice");
    takes
}

fn flat(parts: &Parts) -> impl Iterator<Item = i64> {
    let all = [parts.net]
        .into_iter()
        .chain(parts.taxes.iter().copied())
        .chain(parts.discount_shares.iter().copied());
    all.map(|Minor(part)| part)
}
