//! What the log says of registers that may not act.

use super::super::canonical::Json;
use super::super::entry::Event;
use super::super::perform::Context;
use super::super::state::State;

/// A sale, a return, an override or a card was asked for at a register that may not act.
pub fn refused(
    state: &mut State,
    context: &Context<'_>,
    store: &str,
    register: &str,
    code: &'static str,
) {
    let data = Json::object([("register", Json::from(register)), ("code", code.into())]);
    state.note(context, store, Event::RegisterRefused, Some(register.to_owned()), data);
}
