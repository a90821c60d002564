//! Another means for a refund that failed.

use super::super::decision::RefundPlan;
use super::super::money::Minor;
use super::super::returns::{Refund, RefundStatus, Return};
use super::super::state::State;
use super::super::tender::TenderType;
use super::coins;
use jiff::Timestamp;

/// The failed refund by another means: cash is rounded as if it had been planned, by all that has
/// gone back of the tender.
pub fn in_other_means(
    state: &State,
    the_return: &Return,
    failed: &RefundPlan,
    kind: TenderType,
    now: Timestamp,
) -> RefundPlan {
    let same = RefundPlan { kind, ..failed.clone() };
    let store = state.settings().store(&the_return.store);
    let rounding = store
        .filter(|_| kind == TenderType::Cash)
        .and_then(|store| store.rounds_cash(store.day(now)));
    let Some(rounding) = rounding else { return same };
    let exact = Minor(failed.amount.0 - failed.rounding.0);
    let amount = match failed.sale.zip(failed.sale_tender) {
        Some((sale, number)) => {
            let book = state.book(sale);
            let place = book.and_then(|book| book.tender(number));
            let (Some(book), Some(place)) = (book, place) else { return same };
            coins::alone(book, place, exact, rounding)
        }
        None => Minor(coins::coins(exact.0 - before(the_return), rounding)),
    };
    RefundPlan { amount, rounding: Minor(amount.0 - exact.0), ..same }
}

/// What the return's other cash for goods without a receipt was rounded by.
fn before(the_return: &Return) -> i64 {
    let counts = |refund: &&Refund| {
        refund.plan.sale.is_none()
            && refund.plan.kind == TenderType::Cash
            && refund.status == RefundStatus::Settled
    };
    the_return.refunds.iter().filter(counts).map(|refund| refund.plan.rounding.0).sum()
}
