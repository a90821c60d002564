//! Gift cards and store credit: what is on each, by the service and by the model.

use crate::payments::Payment;
use crate::world::World;
use jiff::SignedDuration;
use returndesk::domain::gift_cards::{
    At, CardCommand, CardDone, CardEntry, CardKind, CardMove, CardStatus, CashOut, IssueCard,
    KeepCard, Keeping, LoadCard, LookUpCard, NewCode, RedeemCard, ReplaceCard, TransferCard,
};
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::sign_in::LockRule;
use returndesk::domain::tender::TenderType;
use uuid::Uuid;

/// A card as the model knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub id: Uuid,
    pub kind: CardKind,
    /// How often its balance has moved.
    pub moves: u32,
    pub balance: i64,
    pub stands: CardStatus,
    /// Something of it has been had.
    pub spent: bool,
    pub issued_for: Option<Uuid>,
    /// What was paid with it.
    pub payments: Vec<Payment>,
    pub pin: Option<u8>,
    /// Wrong PINs since the last right one, and until when all are wrong.
    pub wrong: u32,
    pub locked_until: i64,
}

pub type Refused = &'static str;

impl Card {
    pub fn new(id: Uuid, kind: CardKind, issued_for: Option<Uuid>) -> Card {
        Card {
            id,
            kind,
            moves: 0,
            balance: 0,
            stands: CardStatus::Inactive,
            spent: false,
            issued_for,
            payments: vec![],
            pin: None,
            wrong: 0,
            locked_until: 0,
        }
    }

    pub fn put(&mut self, amount: i64) {
        self.balance += amount;
        self.moves += 1;
        if self.stands == CardStatus::Inactive {
            self.stands = CardStatus::Active;
        }
    }

    pub fn usable(&self) -> Result<(), Refused> {
        match self.stands {
            CardStatus::Active | CardStatus::Inactive => Ok(()),
            CardStatus::Frozen => Err("card_frozen"),
            CardStatus::Void | CardStatus::Replaced => Err("card_void"),
        }
    }

    /// Whether money of a return can go onto it.
    pub fn takes_refunds(&self) -> bool {
        matches!(self.stands, CardStatus::Active | CardStatus::Frozen)
    }

    fn spend(&mut self, amount: i64) -> Result<(), Refused> {
        if amount > self.balance || amount <= 0 {
            return Err("insufficient_balance");
        }
        self.put(-amount);
        self.spent = true;
        Ok(())
    }
}

impl World {
    pub fn card_of(&self, id: Uuid) -> Option<usize> {
        self.cards.iter().position(|card| card.id == id)
    }

    /// One of the last cards.
    fn a_card(&mut self) -> usize {
        let recent = self.cards.len().min(10);
        self.cards.len() - 1 - self.chance.index(recent)
    }

    /// Something done with a card.
    pub fn handle_a_card(&mut self) {
        if self.cards.is_empty() || self.chance.one_in(5) {
            return self.issue();
        }
        let (at, card) = (self.at_a_store(), self.a_card());
        let (id, amount) = (self.cards[card].id, self.chance.within(1, 3_000));
        let (command, foretold) = match self.chance.within(0, 15) {
            0..2 => (
                CardCommand::Load(LoadCard {
                    card: id,
                    amount: Minor(amount),
                    reference: None,
                    at,
                }),
                { self.on(card, |card| card.usable().map(|()| card.put(amount))) },
            ),
            2..6 => {
                let (partial, sale) = (self.chance.one_in(2), self.sale_of_card(id));
                let (now, store) = (self.counter.now.as_second(), at.store.clone());
                let reference = sale.clone();
                let command =
                    RedeemCard { card: id, amount: Minor(amount), partial, reference, at };
                let redeem = |card: &mut Card| {
                    card.usable()?;
                    let amount = if partial { amount.min(card.balance) } else { amount };
                    card.spend(amount)?;
                    let (entry, reversed, since) = (card.moves, None, vec![]);
                    let payment = Payment { entry, at: now, store, sale, amount, reversed, since };
                    card.payments.push(payment);
                    Ok(())
                };
                (CardCommand::Redeem(command), self.on(card, redeem))
            }
            6 => {
                let below = self.cash_below(&at.store);
                let cash_out = |card: &mut Card| {
                    card.usable()?;
                    match card.balance {
                        balance if balance <= 0 => Err("insufficient_balance"),
                        balance if balance < below => card.spend(balance),
                        _ => Err("cash_out_not_allowed"),
                    }
                };
                (CardCommand::CashOut(CashOut { card: id, at }), self.on(card, cash_out))
            }
            7..9 => self.transfer(card, amount, at),
            9 => return self.replace(card, at),
            10..12 => {
                let paid = (0..self.cards.len()).rev().take(60);
                let paid: Vec<usize> =
                    paid.filter(|at| !self.cards[*at].payments.is_empty()).collect();
                let card = if paid.is_empty() { card } else { self.chance.pick(&paid) };
                let (command, foretold) = self.reverse(card, at);
                let outcome = self.perform(&Command::GiftCard(Box::new(command)), false);
                return self.same_card(&outcome, foretold);
            }
            12 => {
                let tries = self.chance.within(1, 5);
                return (0..tries).for_each(|_| self.look_up(card, at.store.clone()));
            }
            _ => {
                let keeping = self.chance.pick(&[
                    Keeping::Freeze,
                    Keeping::Unfreeze,
                    Keeping::Unfreeze,
                    Keeping::Void,
                ]);
                let command = KeepCard { card: id, keeping, reason: None, at };
                (CardCommand::Keep(command), self.on(card, |card| keep(card, keeping)))
            }
        };
        let outcome = self.perform(&Command::GiftCard(Box::new(command)), false);
        self.same_card(&outcome, foretold);
    }

    /// A copy of a card changed: or why it is not.
    fn on(
        &self,
        card: usize,
        change: impl FnOnce(&mut Card) -> Result<(), Refused>,
    ) -> Result<Vec<Card>, Refused> {
        let mut card = self.cards[card].clone();
        change(&mut card).map(|()| vec![card])
    }

    /// A PIN held against a card's: wrong ones are counted for each card, and lock it for a while.
    fn look_up(&mut self, at: usize, store: String) {
        let pin = self.chance.pick(&[None, Some(1), Some(2), Some(2)]);
        let rule = LockRule { attempts: 2, lock: SignedDuration::from_mins(1) };
        let pin_hash = pin.map(|pin| [pin; 32]);
        let now = self.counter.now.as_second();
        let card = &mut self.cards[at];
        let locked = now < card.locked_until;
        let right = !locked && (card.pin.is_none() || card.pin == pin);
        if right {
            (card.wrong, card.locked_until) = (0, 0);
        } else if !locked {
            card.wrong += 1;
            if card.wrong >= 2 {
                card.locked_until = now + (60 << (card.wrong - 2).min(11)).min(86_400);
            }
        }
        let command = LookUpCard { card: card.id, pin_hash, store, rule };
        let command = Command::GiftCard(Box::new(CardCommand::LookUp(command)));
        match self.perform(&command, right) {
            Outcome::Refused(refusal) => {
                assert!(!right && refusal.code() == "card_not_found", "{refusal:?}");
                self.seen.pins_wrong += 1;
                self.seen.pins_locked += u64::from(locked);
            }
            Outcome::Done(done) => {
                assert!(right, "{done:?}");
                let Done::Card(done) = *done else { panic!("{done:?}") };
                assert!(matches!(*done, CardDone::Found(card) if card.id == self.cards[at].id));
                self.seen.pins_right += 1;
            }
        }
    }

    fn at_a_store(&mut self) -> At {
        let store = self.shop.stores[self.chance.index(2)].0.to_owned();
        let register = (!self.chance.one_in(4)).then(|| "7".to_owned());
        At { store, register, operator: None, business_date: None }
    }

    /// California pays small balances out, from April 2026 on larger ones.
    fn cash_below(&self, store: &str) -> i64 {
        let april = self.counter.now.as_second() >= 1_775_001_600;
        match self.shop.stores.iter().find(|(number, _, _)| *number == store) {
            Some((_, "US-CA", _)) => 1_000 + i64::from(april) * 500,
            _ => 0,
        }
    }

    fn transfer(
        &mut self,
        from: usize,
        amount: i64,
        at: At,
    ) -> (CardCommand, Result<Vec<Card>, Refused>) {
        let (to, all) = (self.a_card(), self.chance.one_in(2));
        let command = TransferCard {
            from: self.cards[from].id,
            to: self.cards[to].id,
            amount: (!all).then_some(Minor(amount)),
            at,
        };
        let (mut giver, mut taker) = (self.cards[from].clone(), self.cards[to].clone());
        let mut moved = || {
            giver.usable()?;
            if from == to {
                return Err("invalid_value");
            }
            taker.usable()?;
            if giver.kind != taker.kind {
                return Err("invalid_value");
            }
            let amount = if all { giver.balance } else { amount };
            giver.spend(amount)?;
            taker.put(amount);
            Ok(())
        };
        let moved = moved();
        (CardCommand::Transfer(command), moved.map(|()| vec![giver, taker]))
    }

    fn new_code(&mut self) -> (NewCode, bool) {
        let taken = !self.codes.is_empty() && self.chance.one_in(15);
        let number = if taken {
            self.codes[self.chance.index(self.codes.len())]
        } else {
            self.chance.next()
        };
        let mut hash = [9; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        (NewCode { hash, last4: format!("{:04}", number % 10_000) }, taken)
    }

    fn issue(&mut self) {
        let at = self.at_a_store();
        let (code, taken) = self.new_code();
        let kind =
            self.chance.pick(&[CardKind::GiftCard, CardKind::GiftCard, CardKind::StoreCredit]);
        let amount = if self.chance.one_in(2) { 0 } else { self.chance.within(1, 4_000) };
        let currency = crate::counter::currency(self.shop.code);
        let (amount, code) = (Minor(amount), Some(code));
        let pin = self.chance.pick(&[None, Some(1), Some(2)]);
        let issue = IssueCard {
            kind,
            amount,
            currency,
            at,
            code,
            given: true,
            pin_hash: pin.map(|pin| [pin; 32]),
            expires_on: None,
        };
        let outcome = self.perform(&Command::GiftCard(Box::new(CardCommand::Issue(issue))), false);
        let mut card = Card { pin, ..Card::new(Uuid::nil(), kind, None) };
        if amount.0 > 0 {
            card.put(amount.0);
        }
        self.same_new_card(&outcome, if taken { Err("invalid_value") } else { Ok(card) });
    }

    fn replace(&mut self, lost: usize, at: At) {
        let (code, taken) = self.new_code();
        let code = Some(code);
        let old = self.cards[lost].clone();
        let pin = self.chance.pick(&[None, Some(1), Some(2)]);
        let (card, pin_hash) = (old.id, pin.map(|pin| [pin; 32]));
        let command = ReplaceCard { card, code, given: true, pin_hash, reason: None, at };
        let outcome =
            self.perform(&Command::GiftCard(Box::new(CardCommand::Replace(command))), false);
        let usable = if old.stands == CardStatus::Frozen { Ok(()) } else { old.usable() };
        let foretold =
            usable.and(if taken { Err("invalid_value") } else { Ok(()) }).map(|()| Card {
                id: Uuid::nil(),
                payments: vec![],
                pin,
                wrong: 0,
                locked_until: 0,
                moves: u32::from(old.balance > 0),
                stands: if old.moves == 0 { CardStatus::Inactive } else { CardStatus::Active },
                ..old.clone()
            });
        if foretold.is_ok() {
            let lost = &mut self.cards[lost];
            lost.moves += u32::from(lost.balance > 0);
            (lost.balance, lost.stands) = (0, CardStatus::Replaced);
        }
        self.same_new_card(&outcome, foretold);
        self.compare_card(lost);
    }

    fn same_new_card(&mut self, outcome: &Outcome, foretold: Result<Card, Refused>) {
        match (outcome, foretold) {
            (Outcome::Refused(refusal), Err(code)) => assert_eq!(refusal.code(), code),
            (Outcome::Done(done), Ok(card)) => {
                let Done::Card(done) = &**done else { panic!("{done:?}") };
                let CardDone::Issued { card: made, .. } = &**done else { panic!("{done:?}") };
                assert_eq!(self.card_of(made.id), None);
                let hash = made.code_hash.unwrap();
                self.codes.push(u64::from_be_bytes(hash[..8].try_into().unwrap()));
                self.cards.push(Card { id: made.id, ..card });
                self.compare_card(self.cards.len() - 1);
                self.seen.cards += 1;
            }
            other => panic!("{other:?}"),
        }
    }

    fn same_card(&mut self, outcome: &Outcome, foretold: Result<Vec<Card>, Refused>) {
        match (outcome, foretold) {
            (Outcome::Refused(refusal), Err(code)) => {
                assert_eq!(refusal.code(), code);
                self.seen.cards_refused += 1;
            }
            (Outcome::Done(done), Ok(cards)) => {
                let Done::Card(done) = &**done else { panic!("{done:?}") };
                let reversed = |entry: &CardEntry| entry.kind == CardMove::Reversal;
                let reversal = matches!(&**done, CardDone::Moved { entry, .. } if reversed(entry));
                self.seen.payments_reversed += u64::from(reversal);
                for card in cards {
                    let place = self.card_of(card.id).unwrap();
                    self.cards[place] = card;
                    self.compare_card(place);
                }
                self.seen.cards_moved += 1;
            }
            other => panic!("{other:?}"),
        }
    }

    pub fn compare_card(&self, place: usize) {
        let model = &self.cards[place];
        let card = self.counter.state.wallet.card(model.id).unwrap();
        assert_eq!((card.kind, card.issued_for), (model.kind, model.issued_for));
        assert_eq!((card.balance.0, card.entries), (model.balance, model.moves));
        assert_eq!((card.status, card.spent), (model.stands, model.spent));
        assert!(model.balance >= 0);
    }
}

fn keep(card: &mut Card, keeping: Keeping) -> Result<(), Refused> {
    if matches!(card.stands, CardStatus::Void | CardStatus::Replaced) {
        return Err("card_void");
    }
    match keeping {
        Keeping::Freeze => card.stands = CardStatus::Frozen,
        Keeping::Unfreeze if card.stands == CardStatus::Frozen => {
            card.stands = if card.moves == 0 { CardStatus::Inactive } else { CardStatus::Active };
        }
        Keeping::Unfreeze => {}
        Keeping::Void if card.spent => return Err("card_spent"),
        Keeping::Void => {
            card.moves += u32::from(card.balance > 0);
            (card.balance, card.stands) = (0, CardStatus::Void);
        }
    }
    Ok(())
}

/// The kind of card that a means of payment goes onto.
pub fn kind_of(means: TenderType) -> Option<CardKind> {
    match means {
        TenderType::GiftCard => Some(CardKind::GiftCard),
        TenderType::StoreCredit => Some(CardKind::StoreCredit),
        _ => None,
    }
}
