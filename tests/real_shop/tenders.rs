//! Refunds over the tenders of a sale, in each of the four orders.

use crate::counter::{compiled_for, currency};
use crate::shop::{Chance, made_up, rules, sales, say};
use returndesk::domain::book::{Book, TenderBook};
use returndesk::domain::policy::{Facts, Resolved};
use returndesk::domain::quantity::Quantity;
use returndesk::domain::refunds::{Plan, Redeemed, Terms};
use returndesk::domain::tender::TenderType;
use returndesk::domain::words::RefundTo;
use std::sync::Arc;
use std::time::Instant;

const LISTED: [TenderType; 3] = [TenderType::DebitCard, TenderType::Cash, TenderType::CreditCard];
const ORDERS: [&str; 4] =
    [r#""first""#, r#""last""#, r#""proportional""#, r#"["debit_card", "cash", "credit_card"]"#];
const REFUNDS: usize = 3;

#[test]
fn no_tender_gets_more_than_it_paid_in_any_order_and_a_full_return_pays_all_as_paid() {
    let Some(sales) = sales("paying tenders back") else { return };
    let started = Instant::now();
    let policies = ORDERS.map(|order| compiled_for(&["GBP"], &rules(order)));
    let resolved =
        [0, 1, 2, 3].map(|order| policies[order][&currency("GBP")].resolve(&Facts::default()));
    let (mut tenders, mut plans) = (0, 0);
    for (place, real) in sales.iter().enumerate() {
        let mut book = Book::new(Arc::new(made_up(real, place % 2 == 0)));
        let amounts = amounts(&mut book);
        tenders += book.tenders.len();
        let as_new = book.tenders.clone();
        for (order, policy) in resolved.iter().enumerate() {
            book.tenders.clone_from(&as_new);
            plans += pay(&mut book, &amounts, order, policy);
        }
    }
    say(&format!(
        "{} real sales, {tenders} tenders, {plans} refunds in four orders ({:.1?})",
        sales.len(),
        started.elapsed()
    ));
}

/// What the sale is worth, brought back a part of each line at a time.
fn amounts(book: &mut Book) -> Vec<i64> {
    let mut chance = Chance::of(&book.sale, 4);
    let mut amounts = vec![0; REFUNDS];
    for line in &mut book.lines {
        for (number, amount) in amounts.iter_mut().enumerate() {
            let left = line.returnable().0 / 1_000;
            let units = if number + 1 == REFUNDS { left } else { chance.below(left + 1) };
            *amount += line.take(Quantity::units(units)).unwrap().gross.0;
        }
    }
    assert_eq!(amounts.iter().sum::<i64>(), book.sale.total.0);
    amounts
}

fn pay(book: &mut Book, amounts: &[i64], order: usize, policy: &Resolved<'_>) -> usize {
    let redeemed = Redeemed::new();
    let terms = Terms {
        original_asked: false,
        currency: book.sale.currency,
        refund_to: RefundTo::Original,
        unavailable: &[],
        today: book.sale.business_date,
        cash_rounding: None,
        gift_receipt: false,
        redeemed: &redeemed,
    };
    let (mut back, mut plans) = (0, 0);
    for amount in amounts {
        let mut plan = Plan::default();
        plan.add(book, returndesk::domain::money::Minor(*amount), policy, &terms);
        assert!(plan.findings.is_empty(), "{}: {:?}", book.sale.receipt, plan.findings);
        assert_eq!(plan.refunds.iter().map(|refund| refund.amount.0).sum::<i64>(), *amount);
        plans += plan.refunds.len();
        back += amount;
        check(book, back, order);
    }
    for (tender, paid) in book.tenders.iter().zip(&book.sale.tenders) {
        assert_eq!(tender.refunded, paid.paid(), "{} in order {order}", book.sale.receipt);
    }
    plans
}

/// Where `back` has come to: an order fills tender after tender, or all alike.
fn check(book: &Book, back: i64, order: usize) {
    let mut places: Vec<usize> = (0..book.tenders.len()).collect();
    match order {
        1 => places.reverse(),
        3 => places.sort_by_key(|place| {
            LISTED.iter().position(|kind| *kind == book.sale.tenders[*place].kind)
        }),
        _ => {}
    }
    let mut left = back;
    for place in places {
        let TenderBook { paid, refunded, rounding, .. } = book.tenders[place];
        assert!(
            (0..=paid.0).contains(&refunded.0) && rounding.is_zero(),
            "{}: {:?}",
            book.sale.receipt,
            book.tenders
        );
        if order == 2 {
            let off = i128::from(refunded.0) * i128::from(book.sale.total.0)
                - i128::from(paid.0) * i128::from(back);
            assert!(
                off.abs() <= 3 * i128::from(book.sale.total.0),
                "{}: {:?}",
                book.sale.receipt,
                book.tenders
            );
        } else {
            assert_eq!(refunded.0, left.min(paid.0), "{} in order {order}", book.sale.receipt);
            left -= refunded.0;
        }
    }
}
