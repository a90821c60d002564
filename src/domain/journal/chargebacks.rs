//! What the log says of disputes.

use super::super::canonical::Json;
use super::super::chargebacks::{Chargeback, Ending, MarkChargeback};
use super::super::entry::Event;
use super::super::perform::Context;
use super::super::state::State;
use super::{money, reference};

/// A dispute on a tender was opened or closed.
pub fn marked(
    state: &mut State,
    context: &Context<'_>,
    store: &str,
    command: &MarkChargeback,
    marked: &Chargeback,
) {
    let data = Json::object([
        ("tender", command.tender.into()),
        ("open", command.open.into()),
        ("outcome", marked.ending.map(Ending::as_str).into()),
        ("amount", money(marked.amount, marked.currency)),
        ("overlap", money(marked.overlap, marked.currency)),
        ("fee", money(marked.fee, marked.currency)),
        ("reference", command.reference.as_deref().into()),
        ("note_sha256", reference(command.note.as_deref())),
    ]);
    state.note(context, store, Event::ChargebackMarked, Some(command.sale.to_string()), data);
}
