//! Money of returns onto cards, bought cards back, and both undone.

use crate::cards::{Card, kind_of};
use crate::ledger::{Line, nearest, shared};
use crate::verdict::{Ask, Expected, Scene};
use crate::world::{Made, World};
use returndesk::domain::gift_cards::CardStatus;
use returndesk::domain::returns::Return;
use uuid::Uuid;

impl World {
    /// Enters what a recorded return moved on cards: bought ones that came back, then refunds from
    /// place `from` on.
    pub fn onto_cards(
        &mut self,
        at: usize,
        made: &Return,
        from: usize,
        onto: Option<Uuid>,
        taken: &[(usize, i64)],
    ) {
        if made.training {
            assert!(made.refunds.iter().all(|refund| refund.card.is_none()));
            return;
        }
        for (card, amount) in taken {
            self.cards[*card].put(-amount);
            if self.cards[*card].balance == 0 {
                self.cards[*card].stands = CardStatus::Void;
            }
            self.moved(at, *card, -amount);
            self.seen.cards_back += 1;
        }
        let before = self.cards.len();
        for refund in &made.refunds[from..] {
            let plan = &refund.plan;
            let kind = kind_of(plan.kind).filter(|_| plan.amount.0 > 0);
            assert_eq!(kind.is_some(), refund.card.is_some(), "{made:?}");
            let (Some(kind), Some(card)) = (kind, &refund.card) else { continue };
            let takes =
                |id: &Uuid| self.card_of(*id).is_some_and(|card| self.cards[card].takes_refunds());
            let paid_with = plan.reference.as_ref().and_then(|text| text.parse().ok());
            let known =
                onto.filter(takes).or(paid_with.filter(takes)).and_then(|id| self.card_of(id));
            let place = known.or_else(|| {
                (before..self.cards.len()).find(|place| self.cards[*place].kind == kind)
            });
            let place = place.unwrap_or_else(|| {
                assert_eq!(self.card_of(card.id), None);
                self.cards.push(Card::new(card.id, kind, Some(made.id)));
                self.cards.len() - 1
            });
            assert_eq!(self.cards[place].id, card.id);
            self.cards[place].put(plan.amount.0);
            let payments = self.cards[place].payments.iter_mut();
            payments.for_each(|payment| payment.since.push((at, plan.amount.0)));
            self.moved(at, place, plan.amount.0);
            self.seen.onto_cards += 1;
        }
        self.compare_cards(at);
    }

    fn moved(&mut self, at: usize, card: usize, amount: i64) {
        *self.returns[at].moved.entry(card).or_default() += amount;
    }

    pub fn compare_cards(&self, at: usize) {
        self.returns[at].moved.keys().for_each(|card| self.compare_card(*card));
    }

    /// Whether what a return put on cards is still there, and the cards that it took can have it
    /// again.
    pub fn cards_can_go_back(&self, made: &Made) -> bool {
        made.moved.iter().all(|(card, moved)| {
            let card = &self.cards[*card];
            *moved <= card.balance && !(*moved < 0 && card.stands == CardStatus::Replaced)
        })
    }

    pub fn cards_go_back(&mut self, at: usize) {
        let made = &self.returns[at];
        for (card, moved) in made.moved.iter().filter(|(_, moved)| **moved != 0) {
            let card = &mut self.cards[*card];
            card.balance -= moved;
            card.moves += 1;
            let payments = card.payments.iter_mut();
            payments.for_each(|payment| payment.since.retain(|(of, _)| *of != at));
            if card.balance == 0 && card.issued_for == Some(made.id) {
                card.stands = CardStatus::Void;
            } else if card.stands == CardStatus::Inactive
                || (*moved < 0 && card.stands == CardStatus::Void)
            {
                card.stands = CardStatus::Active;
            }
        }
        self.compare_cards(at);
    }
}

impl Expected {
    /// A bought card comes back whole, for what was paid less what has been spent. None: a line as
    /// any other.
    pub fn card_back(
        &mut self,
        scene: &Scene<'_>,
        line: &Line,
        ask: &Ask,
    ) -> Option<Option<Vec<i64>>> {
        let (id, face) = line.card?;
        let (place, card) = scene.cards.iter().enumerate().find(|(_, card)| card.id == id).unwrap();
        let left = line.sold - line.returned;
        let Some(units) = ask.quantity else { return Some(None) };
        if units > left {
            return None;
        }
        if units < left || !matches!(card.stands, CardStatus::Active | CardStatus::Inactive) {
            return Some(None);
        }
        let earlier: i64 =
            self.cards.iter().filter(|(of, _)| *of == place).map(|(_, amount)| amount).sum();
        let unspent = face.min(card.balance - earlier).max(0);
        let whole = line.worth(units);
        let paid = line.gross(&whole);
        let amount = (paid - (face - unspent)).max(0).min(unspent);
        if amount <= 0 {
            return Some(None);
        }
        self.cards.push((place, unspent));
        let weights: Vec<i64> =
            line.portions.iter().zip(&whole).map(|(p, w)| if p.paid { *w } else { 0 }).collect();
        let mut worth = shared(amount, &weights);
        for place in 1..=line.taxes {
            if !line.portions[place].paid {
                worth[place] =
                    nearest(i128::from(whole[place]) * i128::from(amount), i128::from(paid.max(1)));
            }
        }
        Some(Some(worth))
    }
}
