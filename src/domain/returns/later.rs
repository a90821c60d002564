//! Voids in the right order: money that was given back while the goods stayed lowers what the units
//! of later returns are worth. Without it, those units were paid too little.

use super::{Return, ReturnStatus, ReturnedLine};
use crate::domain::state::State;
use std::cmp::Ordering;
use uuid::Uuid;

/// A line of a return.
type Taken<'s> = (&'s Return, &'s ReturnedLine);

/// Names the return that has to be voided before this one, if there is any: a later one whose units
/// share what a price adjustment left, where the void would leave something else to share.
pub fn void_first(state: &State, the_return: &Return) -> Option<String> {
    // Practice took nothing from the lines.
    if the_return.training {
        return None;
    }
    let last = the_return.lines.iter().filter_map(|line| shares_later(state, the_return, line));
    let (first, _) = last.max_by(order)?;
    Some(format!(
        "Items of return {} were paid for a price that counts on this return. Void return {} first.",
        first.number(),
        first.number()
    ))
}

/// Returns true if nothing that stands came back of the sale after this return.
pub fn is_newest(state: &State, the_return: &Return, sale: Uuid) -> bool {
    let of_sale = |of: &Return| of.lines.iter().find(|line| line.sale == sale).cloned();
    let Some(own) = of_sale(the_return) else { return true };
    let later = |other: &Return| {
        other.id != the_return.id
            && other.status == ReturnStatus::Completed
            && !other.training
            && of_sale(other)
                .is_some_and(|line| order(&(other, &line), &(the_return, &own)).is_gt())
    };
    !state.returns().any(later)
}

/// The last return of units that this line of a return, and an adjustment at or after it, had an
/// effect on.
fn shares_later<'s>(
    state: &'s State,
    the_return: &'s Return,
    line: &'s ReturnedLine,
) -> Option<Taken<'s>> {
    let own = (the_return, line);
    let later = || later_on(state, the_return, line).filter(move |of| order(of, &own).is_gt());
    let adjusted = match goods_stay(line) {
        true => own,
        false => later().filter(|(_, line)| goods_stay(line)).min_by(order)?,
    };
    let units = later().filter(|of| order(of, &adjusted).is_gt() && of.1.quantity.0 > 0);
    units.max_by(order)
}

/// What other returns that stand took of the same line of a sale.
fn later_on<'s>(
    state: &'s State,
    the_return: &Return,
    line: &ReturnedLine,
) -> impl Iterator<Item = Taken<'s>> {
    let (own, place) = (the_return.id, (line.sale, line.sale_line));
    let stands = move |other: &&Return| {
        other.id != own && other.status == ReturnStatus::Completed && !other.training
    };
    let of_line = move |line: &&ReturnedLine| (line.sale, line.sale_line) == place;
    state
        .returns()
        .filter(stands)
        .flat_map(move |other| other.lines.iter().filter(of_line).map(move |line| (other, line)))
}

/// Which of two lines of one sale came back first: by the numbers that their returns got while the
/// sale was claimed. A return of an older version has none, and is placed by its time.
fn order(a: &Taken<'_>, b: &Taken<'_>) -> Ordering {
    let numbers = a.1.nth.zip(b.1.nth).map(|(a, b)| a.cmp(&b));
    let time = || (a.0.recorded_at, a.0.id).cmp(&(b.0.recorded_at, b.0.id));
    numbers.unwrap_or_else(time).then(a.1.line.cmp(&b.1.line))
}

/// Money while the goods stay; not what repricing withheld and pays later.
fn goods_stay(line: &ReturnedLine) -> bool {
    line.quantity.0 == 0 && line.parts.withheld.is_empty()
}
