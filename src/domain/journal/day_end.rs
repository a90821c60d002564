//! What the log says of day ends: every sum, so that a closed day is proven like any other entry.

use super::{chain, money};
use crate::domain::canonical::Json;
use crate::domain::day_end::{CloseDay, DayEnd, Perpetual, Summed};
use crate::domain::entry::Event;
use crate::domain::money::{Currency, Minor};
use crate::domain::perform::Context;
use crate::domain::refusal::Refusal;
use crate::domain::state::State;

pub fn closed(state: &mut State, context: &Context<'_>, day_end: &DayEnd) {
    let (store, id) = (day_end.till.store.clone(), day_end.id.to_string());
    state.note(context, &store, Event::DayEndClosed, Some(id), facts(day_end));
}

/// What an entry says of a closed day.
pub fn facts(day_end: &DayEnd) -> Json {
    let currency = day_end.currency;
    let optional =
        |amount: Option<Minor>| amount.map_or(Json::Null, |amount| money(amount, currency));
    let acts = day_end.sums.0.iter().map(|(event, summed)| (event.as_str(), act(summed, currency)));
    Json::object([
        ("number", day_end.number.into()),
        ("register", day_end.till.register().into()),
        ("business_date", day_end.business_date.to_string().into()),
        ("shift", day_end.shift().into()),
        ("currency", currency.code().into()),
        ("from_seq", day_end.from_seq.into()),
        ("opening_cash", optional(day_end.opening_cash)),
        ("expected_cash", money(day_end.expected_cash(), currency)),
        ("counted_cash", optional(day_end.counted_cash)),
        ("acts", Json::object(acts)),
        ("perpetual", perpetual(day_end.perpetual, currency)),
    ])
}

fn act(summed: &Summed, currency: Currency) -> Json {
    let amounts =
        summed.amounts.iter().map(|(account, amount)| (account.as_str(), money(amount, currency)));
    Json::object([("movements", summed.movements.into()), ("amounts", Json::object(amounts))])
}

fn perpetual(totals: Perpetual, currency: Currency) -> Json {
    Json::object([
        ("sales", money(totals.sales, currency)),
        ("returns", money(totals.returns, currency)),
        ("voided_sales", money(totals.voided_sales, currency)),
        ("voided_returns", money(totals.voided_returns, currency)),
    ])
}

pub fn refused(state: &mut State, context: &Context<'_>, command: &CloseDay, refusal: &Refusal) {
    let store = chain(state, &command.store);
    let data = Json::object([
        ("register", command.register.as_deref().into()),
        ("business_date", command.business_date.to_string().into()),
        ("shift", command.shift.into()),
        ("code", refusal.code().into()),
    ]);
    state.note(context, &store, Event::DayEndRefused, None, data);
}
