//! What the log says of gift cards: ids, amounts and the last four characters, never a code or a
//! PIN.

use super::{HEAD_OFFICE, chain, money, reference};
use crate::domain::canonical::Json;
use crate::domain::entry::Event;
use crate::domain::gift_cards::{At, Card, CardEntry, CardStatus};
use crate::domain::journal::Note;
use crate::domain::perform::Context;
use crate::domain::sign_in::Attempts;
use crate::domain::state::State;
use uuid::Uuid;

/// A new card, nothing on it yet.
pub fn issued(state: &mut State, context: &Context<'_>, card: &Card, at: &At) {
    let data = Json::object([
        ("kind", card.kind.as_str().into()),
        ("last4", card.last4.as_deref().into()),
        ("currency", card.currency.code().into()),
        ("expires_on", card.expires_on.map(|day| day.to_string()).into()),
        ("pin", card.pin_hash.is_some().into()),
        ("return", card.issued_for.map(|id| id.to_string()).into()),
        ("replaces", card.replaces.map(|id| id.to_string()).into()),
        ("register", at.register.as_deref().into()),
    ]);
    state.note(context, &at.store, Event::GiftCardIssued, Some(card.id.to_string()), data);
}

/// One entry of a card.
pub fn moved(state: &mut State, context: &Context<'_>, card: &Card, entry: &CardEntry) {
    let mut data = vec![
        ("entry", entry.entry.into()),
        ("move", entry.kind.as_str().into()),
        ("amount", money(entry.amount, card.currency)),
        ("balance", money(entry.balance, card.currency)),
        ("currency", card.currency.code().into()),
        ("reference", entry.reference.as_deref().into()),
        ("register", entry.register.as_deref().into()),
        ("operator", entry.operator.as_str().into()),
    ];
    data.extend(entry.reverses.map(|reversed| ("reverses", reversed.into())));
    let data = Json::object(data);
    state.note(
        context,
        &entry.store.clone(),
        Event::GiftCardMoved,
        Some(card.id.to_string()),
        data,
    );
}

/// A card's standing changed.
pub fn kept(
    state: &mut State,
    context: &Context<'_>,
    card: &Card,
    status: CardStatus,
    reason: Option<&str>,
    at: &At,
) {
    let data = Json::object([
        ("from", card.status.as_str().into()),
        ("to", status.as_str().into()),
        ("reason_sha256", reference(reason)),
        ("register", at.register.as_deref().into()),
    ]);
    state.note(context, &at.store, Event::GiftCardChanged, Some(card.id.to_string()), data);
}

/// An attempt that was not carried out.
pub fn refused(
    state: &mut State,
    context: &Context<'_>,
    store: &str,
    card: Option<Uuid>,
    attempt: &'static str,
    code: &'static str,
) {
    // Nobody writes into the log of a store that is not theirs.
    let store = if context.caller.stores.contain(store) {
        chain(state, store)
    } else {
        HEAD_OFFICE.to_owned()
    };
    let data = Json::object([("attempt", Json::from(attempt)), ("code", code.into())]);
    state.note(context, &store, Event::GiftCardRefused, card.map(|id| id.to_string()), data);
}

/// A wrong PIN.
pub fn look_up_failed(
    state: &mut State,
    context: &Context<'_>,
    card: &Card,
    store: &str,
    attempts: &Attempts,
) {
    let store = chain(state, store);
    let locked = attempts.locked_until.filter(|until| *until > context.now);
    let data = Json::object([
        ("failures", attempts.failures.into()),
        ("locked_until", locked.map(|until| until.to_string()).into()),
    ]);
    state.note(context, &store, Event::GiftCardLookupFailed, Some(card.id.to_string()), data);
}

/// A code that no card has: which code is not told.
pub fn unknown_code(store: Option<String>) -> Note {
    let data = Json::object([("code", Json::from("card_not_found"))]);
    Note { store, event: Event::GiftCardLookupFailed, subject_id: None, data }
}
