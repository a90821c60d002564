//! Voids in the right order: money that was given back while the goods stayed lowers what the units
//! of later returns are worth. Without it, those units were paid too little.

use super::{Return, ReturnStatus, ReturnedLine};
use crate::domain::state::State;
use jiff::Timestamp;
use uuid::Uuid;

/// When something came back: returns of one batch in the order of their ids.
type Moment = (Timestamp, Uuid, u32);

/// Names the return that has to be voided before this one, if there is any: a later one whose units
/// share what a price adjustment left, where the void would leave something else to share.
pub fn void_first(state: &State, the_return: &Return) -> Option<String> {
    // Practice took nothing from the lines.
    if the_return.training {
        return None;
    }
    let last = the_return.lines.iter().filter_map(|line| shares_later(state, the_return, line));
    let (_, first) = last.max_by_key(|(moment, _)| *moment)?;
    Some(format!(
        "Items of return {} were paid for a price that counts on this return. Void return {} first.",
        first.number(),
        first.number()
    ))
}

/// Returns true if nothing that stands came back of the sale after this return.
pub fn is_newest(state: &State, the_return: &Return, sale: Uuid) -> bool {
    let own = (the_return.recorded_at, the_return.id);
    let later = |other: &Return| {
        other.status == ReturnStatus::Completed
            && !other.training
            && (other.recorded_at, other.id) > own
            && other.lines.iter().any(|line| line.sale == sale)
    };
    !state.returns().any(later)
}

/// The last return of units that this line of a return, and an adjustment at or after it, had an
/// effect on.
fn shares_later<'s>(
    state: &'s State,
    the_return: &Return,
    line: &ReturnedLine,
) -> Option<(Moment, &'s Return)> {
    let own = moment(the_return, line);
    let later = || later_on(state, the_return, line).filter(move |(at, _, _)| *at > own);
    let adjusted = match goods_stay(line) {
        true => own,
        false => later().filter(|(_, _, line)| goods_stay(line)).map(|(at, _, _)| at).min()?,
    };
    let units = later().filter(|(at, _, line)| *at > adjusted && line.quantity.0 > 0);
    units.map(|(at, of, _)| (at, of)).max_by_key(|(at, _)| *at)
}

/// What other returns that stand took of the same line of a sale.
fn later_on<'s>(
    state: &'s State,
    the_return: &Return,
    line: &ReturnedLine,
) -> impl Iterator<Item = (Moment, &'s Return, &'s ReturnedLine)> {
    let (own, place) = (the_return.id, (line.sale, line.sale_line));
    let stands = move |other: &&Return| {
        other.id != own && other.status == ReturnStatus::Completed && !other.training
    };
    let of_line = move |line: &&ReturnedLine| (line.sale, line.sale_line) == place;
    state.returns().filter(stands).flat_map(move |other| {
        other.lines.iter().filter(of_line).map(move |line| (moment(other, line), other, line))
    })
}

fn moment(of: &Return, line: &ReturnedLine) -> Moment {
    (of.recorded_at, of.id, line.line)
}

/// Money while the goods stay; not what repricing withheld and pays later.
fn goods_stay(line: &ReturnedLine) -> bool {
    line.quantity.0 == 0 && line.parts.withheld.is_empty()
}
