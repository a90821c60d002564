//! Another means for a refund that failed.

use super::super::decision::RefundPlan;
use super::super::money::Minor;
use super::super::returns::Return;
use super::super::state::State;
use super::super::tender::TenderType;
use super::payout;
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
    let (Some(rounding), Some(book), Some(number)) =
        (rounding, failed.sale.and_then(|sale| state.book(sale)), failed.sale_tender)
    else {
        return same;
    };
    let Some(place) = book.sale.tenders.iter().position(|t| t.tender == number) else {
        return same;
    };
    let exact = Minor(failed.amount.0 - failed.rounding.0);
    let amount = payout(book, place, exact, Some(rounding));
    RefundPlan { amount, rounding: Minor(amount.0 - exact.0), ..same }
}
