//! Issuing a card, and moving money on and off it.

use super::keep::{self, KeepCard, ReplaceCard};
use super::look_up::{self, LookUpCard};
use super::reversal::{self, ReverseRedemption};
use super::{
    At, Card, CardDone, CardKind, CardMove, CardStatus, Movement, NewCode, law, not_found,
};
use crate::domain::journal::gift_cards as journal;
use crate::domain::ledger::Account;
use crate::domain::money::{Currency, Minor};
use crate::domain::perform::{Context, Done, Outcome, Touched};
use crate::domain::refusal::{Fault, Refusal};
use crate::domain::settings::Store;
use crate::domain::state::State;
use jiff::civil::Date;
use std::sync::Arc;
use uuid::Uuid;

/// What somebody wants done with cards.
#[derive(Clone, Debug)]
pub enum CardCommand {
    Issue(IssueCard),
    Load(LoadCard),
    Redeem(RedeemCard),
    Reverse(ReverseRedemption),
    CashOut(CashOut),
    Transfer(TransferCard),
    Replace(ReplaceCard),
    Keep(KeepCard),
    LookUp(LookUpCard),
}

/// A new card. Without an amount it is inactive: to be sold.
#[derive(Clone, Debug)]
pub struct IssueCard {
    pub kind: CardKind,
    pub amount: Minor,
    pub currency: Currency,
    pub at: At,
    pub code: Option<NewCode>,
    /// Whether the code came with the request, and was not made for it.
    pub given: bool,
    pub pin_hash: Option<[u8; 32]>,
    pub expires_on: Option<Date>,
}

/// Money onto a card.
#[derive(Clone, Debug)]
pub struct LoadCard {
    pub card: Uuid,
    pub amount: Minor,
    pub reference: Option<String>,
    pub at: At,
}

/// A purchase paid by a card.
#[derive(Clone, Debug)]
pub struct RedeemCard {
    pub card: Uuid,
    pub amount: Minor,
    /// Take what is there, if it is less.
    pub partial: bool,
    pub reference: Option<String>,
    pub at: At,
}

/// The whole balance in cash, where the law asks for it.
#[derive(Clone, Debug)]
pub struct CashOut {
    pub card: Uuid,
    pub at: At,
}

/// A balance, or a part of it, onto another card of the customer.
#[derive(Clone, Debug)]
pub struct TransferCard {
    pub from: Uuid,
    pub to: Uuid,
    /// None: all of it.
    pub amount: Option<Minor>,
    pub at: At,
}

impl CardCommand {
    /// Adds what it touches.
    pub fn touch(&self, touched: &mut Touched) {
        let code = |code: &Option<NewCode>| code.iter().map(|code| code.hash).collect::<Vec<_>>();
        match self {
            CardCommand::Issue(issue) => touched.codes.extend(code(&issue.code)),
            CardCommand::Load(load) => touched.cards.push(load.card),
            CardCommand::Redeem(redeem) => touched.cards.push(redeem.card),
            CardCommand::Reverse(reverse) => reverse.touch(touched),
            CardCommand::CashOut(cash_out) => touched.cards.push(cash_out.card),
            CardCommand::Transfer(transfer) => touched.cards.extend([transfer.from, transfer.to]),
            CardCommand::Replace(replace) => {
                touched.cards.push(replace.card);
                touched.codes.extend(code(&replace.code));
            }
            CardCommand::Keep(keep) => touched.cards.push(keep.card),
            CardCommand::LookUp(look_up) => {
                touched.cards.push(look_up.card);
                let key = look_up.counted_as();
                touched.operators.push(key.0.clone());
                touched.attempts.push(key);
            }
        }
    }

    /// The place it is done at; none of a look-up, which moves nothing.
    pub fn at(&self) -> Option<&At> {
        match self {
            CardCommand::Issue(issue) => Some(&issue.at),
            CardCommand::Load(load) => Some(&load.at),
            CardCommand::Redeem(redeem) => Some(&redeem.at),
            CardCommand::Reverse(reverse) => Some(&reverse.at),
            CardCommand::CashOut(cash_out) => Some(&cash_out.at),
            CardCommand::Transfer(transfer) => Some(&transfer.at),
            CardCommand::Replace(replace) => Some(&replace.at),
            CardCommand::Keep(keep) => Some(&keep.at),
            CardCommand::LookUp(_) => None,
        }
    }

    /// The store it is done in.
    fn store(&self) -> &str {
        match self {
            CardCommand::LookUp(look_up) => &look_up.store,
            other => other.at().map_or("", |at| &at.store),
        }
    }

    /// The card it is about, if it is there already.
    fn card(&self) -> Option<Uuid> {
        match self {
            CardCommand::Issue(_) => None,
            CardCommand::Load(load) => Some(load.card),
            CardCommand::Redeem(redeem) => Some(redeem.card),
            CardCommand::Reverse(reverse) => Some(reverse.card),
            CardCommand::CashOut(cash_out) => Some(cash_out.card),
            CardCommand::Transfer(transfer) => Some(transfer.from),
            CardCommand::Replace(replace) => Some(replace.card),
            CardCommand::Keep(keep) => Some(keep.card),
            CardCommand::LookUp(look_up) => Some(look_up.card),
        }
    }

    /// What the log calls an attempt.
    fn attempt(&self) -> &'static str {
        match self {
            CardCommand::Issue(_) => "issue",
            CardCommand::Load(_) => "load",
            CardCommand::Redeem(_) => "redeem",
            CardCommand::Reverse(_) => "reverse",
            CardCommand::CashOut(_) => "cash_out",
            CardCommand::Transfer(_) => "transfer",
            CardCommand::Replace(_) => "replace",
            CardCommand::Keep(keep) => keep.keeping.as_str(),
            CardCommand::LookUp(_) => "lookup",
        }
    }
}

/// Performs one of them. A refused attempt is in the log.
pub fn perform(state: &mut State, command: &CardCommand, context: &Context<'_>) -> Outcome {
    if let CardCommand::LookUp(command) = command {
        return look_up::perform(state, command, context);
    }
    let done = acting_store(state, command.store(), context).and_then(|store| match command {
        CardCommand::Issue(command) => issue(state, command, &store, context),
        CardCommand::Load(command) => load(state, command, &store, context),
        CardCommand::Redeem(command) => redeem(state, command, &store, context),
        CardCommand::Reverse(command) => reversal::reverse(state, command, &store, context),
        CardCommand::CashOut(command) => cash_out(state, command, &store, context),
        CardCommand::Transfer(command) => transfer(state, command, &store, context),
        CardCommand::Replace(command) => keep::replace(state, command, &store, context),
        CardCommand::Keep(command) => keep::keep(state, command, context),
        CardCommand::LookUp(_) => Err(not_found()),
    });
    match done {
        Ok(done) => Done::Card(Box::new(done)).into(),
        Err(refusal) => {
            journal::refused(
                state,
                context,
                command.store(),
                command.card(),
                command.attempt(),
                refusal.code(),
            );
            refusal.into()
        }
    }
}

/// A card is taken in any store of its currency; the store that takes it must be the caller's.
fn acting_store(state: &State, store: &str, context: &Context<'_>) -> Result<Arc<Store>, Refusal> {
    let known = state.settings().store(store).filter(|_| context.caller.stores.contain(store));
    known.cloned().ok_or_else(|| Refusal::Invalid(vec![Fault::unknown_store(store)]))
}

/// A card that can be used in this store today.
pub(super) fn usable(
    state: &State,
    id: Uuid,
    store: &Store,
    context: &Context<'_>,
) -> Result<Card, Refusal> {
    let card = state.wallet.card(id).ok_or_else(not_found)?;
    card.of_currency(store.currency)?;
    card.usable(store.day(context.now))?;
    Ok(card.clone())
}

/// The card as it stands after a movement.
pub(super) fn now(state: &State, id: Uuid) -> Result<Card, Refusal> {
    state.wallet.card(id).cloned().ok_or_else(not_found)
}

fn issue(
    state: &mut State,
    command: &IssueCard,
    store: &Store,
    context: &Context<'_>,
) -> Result<CardDone, Refusal> {
    if command.currency != store.currency {
        return Err(Refusal::Invalid(vec![Fault::currency("/currency", store.currency)]));
    }
    let today = store.day(context.now);
    let earliest = law::earliest_expiry(&store.region, today);
    if command.expires_on.is_some_and(|last| last < earliest) {
        let detail = format!("A card is good until {earliest} at least, or does not expire.");
        return Err(Refusal::Invalid(vec![Fault::invalid("/expires_on", &detail)]));
    }
    state.wallet.codes_free(command.code.as_slice(), command.given)?;
    let id = state.new_id(context.now);
    let card = Card {
        id,
        kind: command.kind,
        code_hash: command.code.as_ref().map(|code| code.hash),
        pin_hash: command.pin_hash,
        last4: command.code.as_ref().map(|code| code.last4.clone()),
        store: store.store.clone(),
        currency: command.currency,
        balance: Minor::ZERO,
        status: CardStatus::Inactive,
        issued_at: context.now,
        expires_on: command.expires_on,
        entries: 0,
        spent: false,
        issued_for: None,
        replaces: None,
    };
    state.issue_card(card, &command.at, context);
    let against = command.kind.unexplained();
    let movement = Movement {
        kind: CardMove::Issue,
        amount: command.amount,
        reference: None,
        at: &command.at,
        against,
        reverses: None,
    };
    let entry = match command.amount.is_positive() {
        true => Some(state.move_card(id, &movement, context)?),
        false => None,
    };
    Ok(CardDone::Issued { card: now(state, id)?, entry })
}

fn load(
    state: &mut State,
    command: &LoadCard,
    store: &Store,
    context: &Context<'_>,
) -> Result<CardDone, Refusal> {
    let card = usable(state, command.card, store, context)?;
    let (reference, against) = (command.reference.clone(), card.kind.unexplained());
    let entry = state.load_card(&card, command.amount, reference, against, &command.at, context)?;
    Ok(CardDone::Moved { card: now(state, command.card)?, entry, asked: command.amount })
}

fn redeem(
    state: &mut State,
    command: &RedeemCard,
    store: &Store,
    context: &Context<'_>,
) -> Result<CardDone, Refusal> {
    let card = usable(state, command.card, store, context)?;
    let amount = if command.partial { command.amount.min(card.balance) } else { command.amount };
    if amount > card.balance || !amount.is_positive() {
        return Err(card.too_little((!command.partial).then_some(command.amount)));
    }
    let reference = command.reference.clone();
    let against = card.kind.clearing();
    let movement = Movement {
        kind: CardMove::Redeem,
        amount: Minor(-amount.0),
        reference,
        at: &command.at,
        against,
        reverses: None,
    };
    let entry = state.move_card(command.card, &movement, context)?;
    Ok(CardDone::Moved { card: now(state, command.card)?, entry, asked: command.amount })
}

fn cash_out(
    state: &mut State,
    command: &CashOut,
    store: &Store,
    context: &Context<'_>,
) -> Result<CardDone, Refusal> {
    let card = usable(state, command.card, store, context)?;
    if !card.balance.is_positive() {
        return Err(card.too_little(None));
    }
    let balance = card.balance.format(card.currency);
    match law::cash_out_below(&store.region, card.currency, store.day(context.now)) {
        Some(below) if card.balance < below => {}
        Some(below) => {
            let below = below.format(card.currency);
            let detail = format!(
                "Here a balance below {below} is paid out in cash; {balance} is on the card."
            );
            return Err(super::refused("cash_out_not_allowed", detail));
        }
        None => {
            let detail = format!(
                "The law of {} asks for no cash; the {balance} stay on the card.",
                store.region
            );
            return Err(super::refused("cash_out_not_allowed", detail));
        }
    }
    let amount = Minor(-card.balance.0);
    let (at, against) = (&command.at, Account::Cash);
    let movement =
        Movement { kind: CardMove::CashOut, amount, reference: None, at, against, reverses: None };
    let entry = state.move_card(command.card, &movement, context)?;
    Ok(CardDone::Moved { card: now(state, command.card)?, entry, asked: card.balance })
}

fn transfer(
    state: &mut State,
    command: &TransferCard,
    store: &Store,
    context: &Context<'_>,
) -> Result<CardDone, Refusal> {
    let from = usable(state, command.from, store, context)?;
    let fault =
        |pointer: &str, detail: &str| Err(Refusal::Invalid(vec![Fault::invalid(pointer, detail)]));
    if command.to == command.from {
        return fault("/to", "A balance is moved to another card, not to the same.");
    }
    let to = usable(state, command.to, store, context)?;
    if to.kind != from.kind {
        return fault("/to", "Gift cards go to gift cards, and store credit goes to store credit.");
    }
    let amount = command.amount.unwrap_or(from.balance);
    if amount > from.balance || !amount.is_positive() {
        return Err(from.too_little(command.amount));
    }
    if to.balance.checked_add(amount).is_none_or(|sum| sum > Minor::MAX) {
        return fault("/to", "This is more than a card can hold.");
    }
    let out = Movement {
        kind: CardMove::TransferOut,
        amount: Minor(-amount.0),
        reference: Some(to.id.to_string()),
        at: &command.at,
        against: Account::Suspense,
        reverses: None,
    };
    let entry = state.move_card(from.id, &out, context)?;
    let reference = Some(from.id.to_string());
    let into = Movement {
        kind: CardMove::TransferIn,
        amount,
        reference,
        at: &command.at,
        against: Account::Suspense,
        reverses: None,
    };
    state.move_card(to.id, &into, context)?;
    state.extend_expiry(to.id, store, context);
    Ok(CardDone::Moved { card: now(state, from.id)?, entry, asked: amount })
}

impl State {
    /// Enters a new card and tells the log.
    pub(super) fn issue_card(&mut self, card: Card, at: &At, context: &Context<'_>) {
        self.wallet.add(card.clone());
        journal::issued(self, context, &card, at);
    }

    /// Puts money on a usable card; the first makes an inactive one active. Its expiry is put off
    /// as the law asks.
    pub(super) fn load_card(
        &mut self,
        card: &Card,
        amount: Minor,
        reference: Option<String>,
        against: Account,
        at: &At,
        context: &Context<'_>,
    ) -> Result<super::CardEntry, Refusal> {
        let kind =
            if card.status == CardStatus::Inactive { CardMove::Activate } else { CardMove::Load };
        let entry = self.move_card(
            card.id,
            &Movement { kind, amount, reference, at, against, reverses: None },
            context,
        )?;
        if let Some(store) = self.settings().store(&at.store).cloned() {
            self.extend_expiry(card.id, &store, context);
        }
        Ok(entry)
    }

    /// A card that got money is good for the time that the law asks for; never shorter than it was.
    pub(super) fn extend_expiry(&mut self, card: Uuid, store: &Store, context: &Context<'_>) {
        let earliest = law::earliest_expiry(&store.region, store.day(context.now));
        let sooner = |card: &Card| card.expires_on.is_some_and(|last| last < earliest);
        if self.wallet.card(card).is_some_and(sooner) {
            self.wallet.change(card, |card| card.expires_on = Some(earliest));
        }
    }
}
