//! A card's standing: frozen and let go, taken out of the world, replaced when it is lost.

use super::commands::{now, usable};
use super::{At, Card, CardDone, CardMove, CardStatus, Movement, NewCode, not_found, refused};
use crate::domain::journal::gift_cards as journal;
use crate::domain::ledger::Account;
use crate::domain::money::Minor;
use crate::domain::perform::Context;
use crate::domain::refusal::Refusal;
use crate::domain::settings::Store;
use crate::domain::state::State;
use crate::domain::words::vocabulary;
use uuid::Uuid;

vocabulary! {
    /// What becomes of a card's standing.
    Keeping {
        Freeze = "freeze",
        Unfreeze = "unfreeze",
        Void = "void",
    }
}

#[derive(Clone, Debug)]
pub struct KeepCard {
    pub card: Uuid,
    pub keeping: Keeping,
    pub reason: Option<String>,
    pub at: At,
}

/// A lost card: its balance goes to a new code, the old one is dead.
#[derive(Clone, Debug)]
pub struct ReplaceCard {
    pub card: Uuid,
    pub code: Option<NewCode>,
    /// Whether the code came with the request, and was not made for it.
    pub given: bool,
    pub pin_hash: Option<[u8; 32]>,
    pub reason: Option<String>,
    pub at: At,
}

/// Freezes, unfreezes or voids. What stands so already is answered as it stands.
pub fn keep(
    state: &mut State,
    command: &KeepCard,
    context: &Context<'_>,
) -> Result<CardDone, Refusal> {
    let card = state.wallet.card(command.card).ok_or_else(not_found)?.clone();
    if matches!(card.status, CardStatus::Void | CardStatus::Replaced) {
        return Err(gone(&card));
    }
    let status = match command.keeping {
        Keeping::Freeze => CardStatus::Frozen,
        Keeping::Unfreeze if card.status == CardStatus::Frozen => unfrozen(&card),
        Keeping::Unfreeze => card.status,
        Keeping::Void => {
            empty(state, &card, command, context)?;
            CardStatus::Void
        }
    };
    state.wallet.change(command.card, |card| card.status = status);
    journal::kept(state, context, &card, status, command.reason.as_deref(), &command.at);
    Ok(CardDone::Kept(now(state, command.card)?))
}

fn gone(card: &Card) -> Refusal {
    let how = if card.status == CardStatus::Void { "voided" } else { "replaced" };
    refused("card_void", format!("The card was {how} already."))
}

/// What was never sold is not active by being unfrozen.
fn unfrozen(card: &Card) -> CardStatus {
    if card.entries == 0 { CardStatus::Inactive } else { CardStatus::Active }
}

/// Takes off what is on an unspent card.
fn empty(
    state: &mut State,
    card: &Card,
    command: &KeepCard,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    if card.spent {
        let balance = card.balance.format(card.currency);
        let detail =
            format!("Some of the card has been used; {balance} is left on it. Freeze it instead.");
        return Err(refused("card_spent", detail));
    }
    if card.balance.is_positive() {
        let amount = Minor(-card.balance.0);
        let against = card.kind.unexplained();
        let movement = Movement {
            kind: CardMove::Void,
            amount,
            reference: None,
            at: &command.at,
            against,
            reverses: None,
        };
        state.move_card(card.id, &movement, context)?;
    }
    Ok(())
}

/// `…/replace`. A frozen card can be replaced as well: whoever may, has looked into it.
pub fn replace(
    state: &mut State,
    command: &ReplaceCard,
    store: &Store,
    context: &Context<'_>,
) -> Result<CardDone, Refusal> {
    let lost = state.wallet.card(command.card).ok_or_else(not_found)?.clone();
    if lost.status != CardStatus::Frozen {
        usable(state, command.card, store, context)?;
    }
    lost.of_currency(store.currency)?;
    state.wallet.codes_free(command.code.as_slice(), command.given)?;
    let id = state.new_id(context.now);
    let new = Card {
        id,
        code_hash: command.code.as_ref().map(|code| code.hash),
        pin_hash: command.pin_hash,
        last4: command.code.as_ref().map(|code| code.last4.clone()),
        store: store.store.clone(),
        balance: Minor::ZERO,
        status: unfrozen(&lost),
        issued_at: context.now,
        entries: 0,
        replaces: Some(lost.id),
        ..lost.clone()
    };
    let was_spent = lost.spent;
    state.issue_card(new, &command.at, context);
    let mut entry = None;
    if lost.balance.is_positive() {
        let out = Movement {
            kind: CardMove::TransferOut,
            amount: Minor(-lost.balance.0),
            reference: Some(id.to_string()),
            at: &command.at,
            against: Account::Suspense,
            reverses: None,
        };
        state.move_card(lost.id, &out, context)?;
        let into = Movement {
            kind: CardMove::TransferIn,
            amount: lost.balance,
            reference: Some(lost.id.to_string()),
            at: &command.at,
            against: Account::Suspense,
            reverses: None,
        };
        entry = Some(state.move_card(id, &into, context)?);
    }
    state.wallet.change(lost.id, |card| {
        card.status = CardStatus::Replaced;
        card.spent = was_spent;
    });
    journal::kept(
        state,
        context,
        &lost,
        CardStatus::Replaced,
        command.reason.as_deref(),
        &command.at,
    );
    Ok(CardDone::Issued { card: now(state, id)?, entry })
}
