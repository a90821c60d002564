//! The cards that a batch has loaded, and what it has changed of them. A balance changes in one
//! place: `State::move_card`.

use super::{Card, CardEntry, CardMove, CardStatus, NewCode, of_sales};
use crate::domain::journal::gift_cards as journal;
use crate::domain::ledger::{self, Account};
use crate::domain::money::Minor;
use crate::domain::perform::Context;
use crate::domain::refusal::{Fault, Refusal};
use crate::domain::sale::Sale;
use crate::domain::state::State;
use jiff::civil::Date;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Cards in memory.
#[derive(Clone, Debug, Default)]
pub struct Wallet {
    cards: HashMap<Uuid, Card>,
    codes: HashMap<[u8; 32], Uuid>,
    /// Entries of returns that are taken back, loaded; new ones are among `entries`.
    of_returns: Vec<CardEntry>,
    /// All entries of cards whose redemptions are to be reversed, loaded.
    statements: Vec<CardEntry>,
    /// Payments by cards that loaded sales name, loaded; new ones are among `entries`.
    payments: Vec<CardEntry>,
    pub new: Vec<Uuid>,
    pub changed: BTreeSet<Uuid>,
    /// New entries, in the order they were made.
    pub entries: Vec<CardEntry>,
    revision: u64,
}

/// Where something is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    pub store: String,
    pub register: Option<String>,
    /// The person at the register; none: the caller.
    pub operator: Option<String>,
    /// The trading day that it is booked on; none: the store's date.
    pub business_date: Option<Date>,
}

/// A balance to be moved.
#[derive(Clone, Debug)]
pub struct Movement<'a> {
    pub kind: CardMove,
    /// Signed.
    pub amount: Minor,
    pub reference: Option<String>,
    pub at: &'a At,
    /// The account on the other side of what is owed to the card's holder.
    pub against: Account,
    /// The redemption that it takes back, by its number.
    pub reverses: Option<u32>,
}

impl Wallet {
    /// Takes up a card that the store has.
    pub fn load(&mut self, card: Card) {
        if let Some(hash) = card.code_hash {
            self.codes.insert(hash, card.id);
        }
        self.cards.insert(card.id, card);
    }

    /// Takes up entries of returns.
    pub fn load_of_returns(&mut self, entries: Vec<CardEntry>) {
        self.of_returns = entries;
    }

    /// Takes up all entries of some cards.
    pub fn load_statements(&mut self, entries: Vec<CardEntry>) {
        self.statements = entries;
    }

    /// All entries of a card whose statement was loaded, in their order, with those made since.
    pub fn statement(&self, card: Uuid) -> impl Iterator<Item = &CardEntry> {
        self.statements.iter().chain(&self.entries).filter(move |entry| entry.card == card)
    }

    /// Takes up payments by cards.
    pub fn load_payments(&mut self, entries: Vec<CardEntry>) {
        self.payments = entries;
    }

    /// What was taken off a card for a sale; none for a card that is not ours.
    pub fn redeemed(&self, id: Uuid, sale: &Sale) -> Option<Minor> {
        self.card(id)?;
        let all = || self.payments.iter().chain(&self.entries).filter(|entry| entry.card == id);
        // A payment that was reversed is of the sale of the payment.
        let first = |entry: &&CardEntry| {
            let reversed = entry.reverses.and_then(|of| all().find(|other| other.entry == of));
            of_sales::is_for(reversed.unwrap_or(entry), sale)
        };
        let of_sale = all().filter(|entry| entry.kind.pays()).filter(first);
        Some(Minor(-of_sale.map(|entry| entry.amount.0).sum::<i64>()))
    }

    /// The redemptions of a card that are for a sale, each with what reversed it.
    pub fn payments_of(
        &self,
        id: Uuid,
        sale: &Sale,
    ) -> impl Iterator<Item = (&CardEntry, Option<&CardEntry>)> {
        let all = move || self.payments.iter().chain(&self.entries).filter(move |e| e.card == id);
        let redeemed = all().filter(|entry| entry.kind == CardMove::Redeem);
        let of_sale = redeemed.filter(|entry| of_sales::is_for(entry, sale));
        of_sale.map(move |paid| (paid, all().find(|other| other.reverses == Some(paid.entry))))
    }

    /// Goes up with every change of a card.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn card(&self, id: Uuid) -> Option<&Card> {
        self.cards.get(&id)
    }

    /// The card that bears a code.
    pub fn by_code(&self, hash: &[u8; 32]) -> Option<&Card> {
        self.cards.get(self.codes.get(hash)?)
    }

    /// Enters a card that has just been made.
    pub fn add(&mut self, card: Card) {
        self.revision += 1;
        self.new.push(card.id);
        self.load(card);
    }

    /// Changes a card's standing, not its balance.
    pub fn change(&mut self, id: Uuid, change: impl FnOnce(&mut Card)) -> Option<Card> {
        let card = self.cards.get_mut(&id)?;
        self.revision += 1;
        change(card);
        if !self.new.contains(&id) {
            self.changed.insert(id);
        }
        Some(card.clone())
    }

    /// What the entries of a return come to, card by card, in the order of their ids.
    pub fn moved_by_return(&self, the_return: Uuid) -> Vec<(Uuid, Minor)> {
        let reference = the_return.to_string();
        let mut sums: std::collections::BTreeMap<Uuid, i64> = std::collections::BTreeMap::new();
        let all = self.of_returns.iter().chain(&self.entries);
        // What a register named as the reference of a redemption or a load is its own affair.
        let of_return = |entry: &&CardEntry| {
            entry.kind.is_of_returns() && entry.reference.as_deref() == Some(&reference)
        };
        for entry in all.filter(of_return) {
            *sums.entry(entry.card).or_default() += entry.amount.0;
        }
        sums.into_iter()
            .filter(|(_, sum)| *sum != 0)
            .map(|(card, sum)| (card, Minor(sum)))
            .collect()
    }

    /// What a return took off the bought cards that came back with it.
    pub fn taken_by_return(&self, the_return: Uuid) -> Minor {
        let reference = the_return.to_string();
        let all = self.of_returns.iter().chain(&self.entries);
        let taken = all
            .filter(|e| e.kind == CardMove::Return && e.reference.as_deref() == Some(&reference));
        Minor(-taken.map(|entry| entry.amount.0).sum::<i64>())
    }

    /// Whether these codes are free; a taken one is a key that was used before, or a code that was
    /// given twice.
    pub fn codes_free(&self, codes: &[NewCode], given: bool) -> Result<(), Refusal> {
        match codes.iter().any(|code| self.codes.contains_key(&code.hash)) {
            false => Ok(()),
            true if given => {
                let detail = "This code is taken by another card.";
                Err(Refusal::Invalid(vec![Fault::invalid("/code", detail)]))
            }
            true => {
                let detail = "This Idempotency-Key issued a card long ago; use a new one.";
                Err(Refusal::Invalid(vec![Fault::new(
                    String::new(),
                    "idempotency_key_reused",
                    detail,
                )]))
            }
        }
    }
}

impl State {
    /// Moves a balance: one entry on the card, one in the log. Everything that changes a balance
    /// comes through here.
    ///
    /// # Errors
    /// More is to be taken than there is, or the card is not loaded; nothing has changed then.
    pub fn move_card(
        &mut self,
        id: Uuid,
        movement: &Movement<'_>,
        context: &Context<'_>,
    ) -> Result<CardEntry, Refusal> {
        let card = self.wallet.card(id).ok_or_else(super::not_found)?;
        let balance = card
            .balance
            .checked_add(movement.amount)
            .filter(|sum| (0..=Minor::MAX.0).contains(&sum.0));
        let Some(balance) = balance else {
            return Err(match movement.amount.0 < 0 {
                true => card.too_little(Some(Minor(-movement.amount.0))),
                false => {
                    let detail = "This is more than a card can hold.";
                    Refusal::Invalid(vec![Fault::new("/amount", "invalid_amount", detail)])
                }
            });
        };
        let entry = CardEntry {
            card: id,
            entry: card.entries + 1,
            at: context.now,
            kind: movement.kind,
            amount: movement.amount,
            balance,
            reference: movement.reference.clone(),
            store: movement.at.store.clone(),
            register: movement.at.register.clone().or_else(|| context.caller.register.clone()),
            operator: movement
                .at
                .operator
                .clone()
                .unwrap_or_else(|| context.caller.operator.clone()),
            reverses: movement.reverses,
        };
        let moved = self.wallet.change(id, |card| {
            card.balance = balance;
            card.entries = entry.entry;
            card.spent |= movement.kind.spends();
            if card.status == CardStatus::Inactive {
                card.status = CardStatus::Active;
            }
        });
        self.wallet.entries.push(entry.clone());
        if let Some(card) = moved {
            journal::moved(self, context, &card, &entry);
            let posting = ledger::card_moved(self, &card, &entry, movement);
            self.post(posting);
        }
        Ok(entry)
    }
}
