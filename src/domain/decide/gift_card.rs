//! A bought gift card comes back: up to what is unspent of it, and never more than was paid for it
//! (PRODUCT §7).
//!
//! Face f, of which u is unspent, sold for V: spending is held against what was paid first, so V −
//! (f − u) goes back. A card of 50 that was sold for 40 and of which 10 are spent is worth 30: who
//! paid full price gets what is left on it, and a discount cannot be turned into money.

use super::super::book::Parts;
use super::super::decision::{Code, Finding};
use super::super::draft::Asked;
use super::super::gift_cards::{Card, CardStatus};
use super::super::money::Minor;
use super::super::quantity::Quantity;
use super::super::refusal::Fault;
use super::super::sale::Sale;
use super::Deciding;
use uuid::Uuid;

/// What is taken off a card because it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardTaken {
    pub card: Uuid,
    /// What the line had put on it and is unspent.
    pub amount: Minor,
}

const RULE: &str = "service:gift-card";

impl Deciding<'_> {
    /// Takes a bought card back, where the line at `place` of the sale is one; none where it is
    /// not. The findings say what is spent.
    pub(super) fn take_card(
        &mut self,
        sale: &Sale,
        place: usize,
        asked: &Asked,
    ) -> Option<(Quantity, Option<Parts>, Vec<Finding>)> {
        let line = &sale.lines[place];
        let sold = line.gift_card?;
        // What the card's sale put on it was checked when it was recorded: the card is there.
        let card = self.case.books.card(sold.id)?;
        let refused = |detail: String| Some((Quantity::ZERO, None, vec![not_returnable(detail)]));
        let &Asked::Units(units) = asked else {
            return refused(
                "Money of a gift card goes back by returning the card, not while it stays.".into(),
            );
        };
        let book = self.books.get_mut(&sale.id)?;
        let returnable = book.lines[place].returnable();
        if units > returnable {
            // Said like of any other goods.
            return None;
        }
        if units < returnable {
            return refused("A card comes back whole: the quantity is 1.".into());
        }
        if let Some(why) = out_of_use(card) {
            return refused(why);
        }
        if card.currency != self.currency {
            return refused(format!(
                "The balance of the card is in {}, and is not converted to {}. Let the customer keep \
                 the card, and ask the head office.",
                card.currency.code(),
                self.currency.code()
            ));
        }
        let earlier: i64 = self
            .cards
            .iter()
            .filter(|taken| taken.card == card.id)
            .map(|taken| taken.amount.0)
            .sum();
        let (face, paid) = (sold.face(line), book.lines[place].value());
        let unspent = Minor(face.0.min(card.balance.0 - earlier).max(0));
        let worth = Minor(paid.0 - (face.0 - unspent.0)).max(Minor::ZERO).min(unspent);
        let left = unspent.format(self.currency);
        if !worth.is_positive() {
            return refused(format!(
                "The unspent balance of the card is {left}; nothing of what was paid is left."
            ));
        }
        let parts = book.lines[place].take_for(units, worth);
        let mut findings = Vec::new();
        if unspent < face || worth < paid {
            let (worth, face) = (worth.format(self.currency), face.format(self.currency));
            let detail =
                format!("The unspent balance is {left} of {face}; {worth} goes back for it.");
            findings.push(Finding::noted(Code::NotReturnable, RULE, detail));
        }
        if parts.is_some() {
            self.cards.push(CardTaken { card: card.id, amount: unspent });
        }
        Some((units, parts, findings))
    }

    /// A card that refunds are to go to must be there and usable.
    pub(super) fn known_refund_card(&mut self) {
        let Some(id) = self.draft.refund_card else { return };
        let fault = |code, detail: String| Fault::new("/refund_card", code, detail);
        let fault = match self.case.books.card(id) {
            None => fault("card_not_found", format!("No card {id} is known here.")),
            Some(card) if card.currency != self.currency => {
                fault("wrong_currency", format!("The card is in {}.", card.currency.code()))
            }
            Some(card)
                if card.takes_refund(self.currency, self.today)
                    && card.status == CardStatus::Active =>
            {
                return;
            }
            Some(card) if card.status == CardStatus::Frozen => {
                fault("card_frozen", "The card is frozen.".into())
            }
            Some(card) if card.status == CardStatus::Active => {
                fault("card_expired", "The card has expired.".into())
            }
            Some(_) => fault(
                "card_void",
                "The card is not in use; leave it out, and a new one is issued.".into(),
            ),
        };
        self.faults.push(fault);
    }
}

fn out_of_use(card: &Card) -> Option<String> {
    match card.status {
        CardStatus::Frozen => {
            Some("The card is frozen; a supervisor can unfreeze it after looking into it.".into())
        }
        CardStatus::Replaced => {
            Some("The card was replaced; its balance is on another one.".into())
        }
        CardStatus::Void => Some("The card was voided.".into()),
        CardStatus::Inactive | CardStatus::Active => None,
    }
}

fn not_returnable(detail: String) -> Finding {
    Finding::refused(Code::NotReturnable, RULE, detail)
}
