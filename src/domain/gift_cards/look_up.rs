//! Looking a card up by code and PIN: wrong PINs are counted for each card, so that many registers
//! at once gain nothing.

use super::{CardDone, not_found};
use crate::domain::journal::gift_cards as journal;
use crate::domain::perform::{Context, Done, Outcome};
use crate::domain::sign_in::{AttemptKey, Attempts, LockRule, lock};
use crate::domain::state::State;
use uuid::Uuid;

/// A PIN to be held against a card's.
#[derive(Clone, Debug)]
pub struct LookUpCard {
    pub card: Uuid,
    /// HMAC of code and PIN together; none: no PIN was sent.
    pub pin_hash: Option<[u8; 32]>,
    /// The store at which it was asked for, for the log.
    pub store: String,
    pub rule: LockRule,
}

impl LookUpCard {
    /// The name under which its attempts are counted, among those of operators: no operator's
    /// number has a slash.
    pub fn counted_as(&self) -> AttemptKey {
        (format!("gift-card/{}", self.card), String::new())
    }
}

/// Holds the PIN against the card's. While the card is locked every PIN is wrong: nobody learns
/// that it would be right.
pub(super) fn perform(state: &mut State, command: &LookUpCard, context: &Context<'_>) -> Outcome {
    let Some(card) = state.wallet.card(command.card).cloned() else { return not_found().into() };
    let key = command.counted_as();
    let mut attempts = state.attempts_of(&key);
    let locked = attempts.locked_until.is_some_and(|until| until > context.now);
    if !locked && card.pin_hash.is_none_or(|hash| command.pin_hash == Some(hash)) {
        if attempts.failures > 0 {
            state.set_attempts(key, Attempts { last_at: context.now, ..Attempts::default() });
        }
        return Done::Card(Box::new(CardDone::Found(card))).into();
    }
    if !locked {
        attempts.failures = attempts.failures.saturating_add(1);
        attempts.locked_until =
            lock(attempts.failures, command.rule).map(|length| context.now + length);
        attempts.last_at = context.now;
        state.set_attempts(key, attempts.clone());
    }
    journal::look_up_failed(state, context, &card, &command.store, &attempts);
    not_found().into()
}
