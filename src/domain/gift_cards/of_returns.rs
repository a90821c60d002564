//! Cards and returns: money of a return that goes onto a card, bought cards that come back, and the
//! way back of both.

use super::{At, Card, CardKind, CardMove, CardNow, CardRef, CardStatus, Movement, NewCode};
use crate::domain::decide::CardTaken;
use crate::domain::ledger::Account;
use crate::domain::money::Minor;
use crate::domain::perform::Context;
use crate::domain::refusal::Refusal;
use crate::domain::returns::{Refund, RefundStatus, Return};
use crate::domain::state::State;
use jiff::civil::Date;
use uuid::Uuid;

/// Something done to a return later: it is booked on its own day.
fn at(the_return: &Return) -> At {
    At {
        store: the_return.store.clone(),
        register: Some(the_return.register.clone()),
        operator: Some(the_return.operator.clone()),
        business_date: None,
    }
}

/// The recording itself: booked on the day of the return.
fn at_recording(the_return: &Return) -> At {
    At { business_date: Some(the_return.business_date), ..at(the_return) }
}

/// Moves the cards of a return that is about to be recorded: unspent value off the bought cards
/// that come back, refunds onto cards. Practice moves none.
pub fn record(
    state: &mut State,
    the_return: &mut Return,
    taken: &[CardTaken],
    onto: Option<Uuid>,
    codes: &[NewCode],
    context: &Context<'_>,
) -> Result<(), Refusal> {
    if the_return.training {
        return Ok(());
    }
    let at = at_recording(the_return);
    for CardTaken { card, amount } in taken {
        let reference = Some(the_return.id.to_string());
        let against = Account::GiftCard;
        let movement = Movement {
            kind: CardMove::Return,
            amount: Minor(-amount.0),
            reference,
            at: &at,
            against,
            reverses: None,
        };
        let entry = state.move_card(*card, &movement, context)?;
        if entry.balance.is_zero() {
            state.wallet.change(*card, |card| card.status = CardStatus::Void);
        }
    }
    pay_onto_cards(state, the_return, 0, onto, codes, context)
}

/// Puts each refund of a return from place `from` on that is for a card on its card: the one asked
/// for, the one that was paid with, or a new one of the kind.
pub fn pay_onto_cards(
    state: &mut State,
    the_return: &mut Return,
    from: usize,
    onto: Option<Uuid>,
    codes: &[NewCode],
    context: &Context<'_>,
) -> Result<(), Refusal> {
    if the_return.training {
        return Ok(());
    }
    let at = if from == 0 { at_recording(the_return) } else { at(the_return) };
    let today = state.settings().store(&the_return.store).map(|store| store.day(context.now));
    let today = today.unwrap_or(the_return.business_date);
    let mut made: Vec<(CardKind, CardRef)> = Vec::new();
    let mut free = codes.iter().enumerate();
    for place in from..the_return.refunds.len() {
        let Some((kind, amount)) = for_a_card(&the_return.refunds[place]) else { continue };
        let against = kind.clearing();
        let known = target(state, &the_return.refunds[place], onto, the_return, today);
        let reference = Some(the_return.id.to_string());
        let card = match (known, made.iter().find(|(of, _)| *of == kind)) {
            (Some(card), _) => CardRef { id: card.id, last4: card.last4, now: None },
            (None, Some((_, card))) => card.clone(),
            (None, None) => {
                let card = new_card(state, kind, the_return, free.next(), &at, context)?;
                made.push((kind, card.clone()));
                card
            }
        };
        let fresh = state.wallet.card(card.id).is_some_and(|card| card.entries == 0);
        let kind = if fresh { CardMove::Issue } else { CardMove::Refund };
        state.move_card(
            card.id,
            &Movement { kind, amount, reference, at: &at, against, reverses: None },
            context,
        )?;
        if let Some(store) = state.settings().store(&the_return.store).cloned() {
            state.extend_expiry(card.id, &store, context);
        }
        the_return.refunds[place].card = Some(card);
    }
    tell_balances(state, &mut the_return.refunds[from..]);
    Ok(())
}

fn for_a_card(refund: &Refund) -> Option<(CardKind, Minor)> {
    let open = refund.card.is_none()
        && refund.status == RefundStatus::Settled
        && refund.plan.amount.is_positive();
    CardKind::of(refund.plan.kind).filter(|_| open).map(|kind| (kind, refund.plan.amount))
}

/// The card that is there for a refund. One that is frozen gets the money, too, or freezing it
/// would be for nothing.
fn target(
    state: &State,
    refund: &Refund,
    onto: Option<Uuid>,
    the_return: &Return,
    today: Date,
) -> Option<Card> {
    let paid_with = refund.plan.reference.as_deref().and_then(|text| Uuid::try_parse(text).ok());
    let room = |card: &Card| card.balance.0 <= Minor::MAX.0 - the_return.refund.0;
    let fits = |card: &&Card| card.takes_refund(the_return.currency, today) && room(card);
    let usable = |id: Uuid| state.wallet.card(id).filter(fits);
    onto.and_then(usable).or_else(|| paid_with.and_then(usable)).cloned()
}

fn new_card(
    state: &mut State,
    kind: CardKind,
    the_return: &Return,
    code: Option<(usize, &NewCode)>,
    at: &At,
    context: &Context<'_>,
) -> Result<CardRef, Refusal> {
    let id = state.new_id(context.now);
    let card = Card {
        id,
        kind,
        code_hash: code.map(|(_, code)| code.hash),
        pin_hash: None,
        last4: code.map(|(_, code)| code.last4.clone()),
        store: the_return.store.clone(),
        currency: the_return.currency,
        balance: Minor::ZERO,
        status: CardStatus::Inactive,
        issued_at: context.now,
        expires_on: None,
        entries: 0,
        spent: false,
        issued_for: Some(the_return.id),
        replaces: None,
    };
    let last4 = card.last4.clone();
    state.issue_card(card, at, context);
    let now = Some(CardNow {
        code: code.map(|(place, _)| place),
        balance: Minor::ZERO,
        expires_on: None,
    });
    Ok(CardRef { id, last4, now })
}

/// What the answer says of each card once all refunds are on it.
fn tell_balances(state: &State, refunds: &mut [Refund]) {
    for card in refunds.iter_mut().filter_map(|refund| refund.card.as_mut()) {
        let Some(known) = state.wallet.card(card.id) else { continue };
        let code = card.now.as_ref().and_then(|now| now.code);
        card.now = Some(CardNow { code, balance: known.balance, expires_on: known.expires_on });
    }
}

impl Return {
    /// The return without what only the first answer tells of its cards.
    pub fn kept(&self) -> Return {
        let mut kept = self.clone();
        kept.refunds
            .iter_mut()
            .filter_map(|refund| refund.card.as_mut())
            .for_each(|card| card.now = None);
        kept
    }
}

/// Why the cards of a return stand in the way of its void.
pub fn why_not_voidable(state: &State, the_return: &Return) -> Option<String> {
    for (id, moved) in state.wallet.moved_by_return(the_return.id) {
        let Some(card) = state.wallet.card(id) else { continue };
        let named = card.last4.as_deref().map_or(String::new(), |last4| format!(" …{last4}"));
        let what = card.kind.as_str().replace('_', " ");
        if moved > card.balance {
            let missing = Minor(moved.0 - card.balance.0).format(card.currency);
            let refunded = moved.format(card.currency);
            return Some(format!(
                "{refunded} of this return went to the {what}{named}, and {missing} of it has been used since."
            ));
        }
        if moved.0 < 0 && card.status == CardStatus::Replaced {
            return Some(format!("The {what}{named} that came back was replaced since."));
        }
    }
    None
}

/// Takes what a return put on cards off again, and gives back what it took. Asked
/// [`why_not_voidable`] before.
pub fn void(state: &mut State, the_return: &Return, context: &Context<'_>) -> Result<(), Refusal> {
    let at = at(the_return);
    for (id, moved) in state.wallet.moved_by_return(the_return.id) {
        let reference = Some(the_return.id.to_string());
        let against = state.wallet.card(id).map_or(Account::Suspense, |card| card.kind.clearing());
        let movement = Movement {
            kind: CardMove::Void,
            amount: Minor(-moved.0),
            reference,
            at: &at,
            against,
            reverses: None,
        };
        let entry = state.move_card(id, &movement, context)?;
        state.wallet.change(id, |card| {
            if entry.balance.is_zero() && card.issued_for == Some(the_return.id) {
                card.status = CardStatus::Void;
            } else if moved.0 < 0 && card.status == CardStatus::Void {
                card.status = CardStatus::Active;
            }
        });
    }
    Ok(())
}
