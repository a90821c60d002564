//! What was paid with a card, and taken back: by docs/money.md, sections 9a and 12.

use crate::cards::{Card, Refused};
use crate::typed::{plain, typed};
use crate::world::World;
use returndesk::domain::draft::SaleRef;
use returndesk::domain::gift_cards::{At, CardCommand, CardStatus, ReverseRedemption};
use returndesk::domain::sale::{Sale, Tender};
use returndesk::domain::tender::TenderType;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A redemption: its number on the card, when in seconds, where, and what for if it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub entry: u32,
    pub at: i64,
    pub store: String,
    pub sale: Option<String>,
    pub amount: i64,
    /// Taken back, with so much.
    pub reversed: Option<i64>,
    /// What returns have put on the card since, return by return.
    pub since: Vec<(usize, i64)>,
}

impl Payment {
    fn left(&self) -> i64 {
        self.amount - self.reversed.unwrap_or(0)
    }

    /// Whether it paid for a sale.
    fn is_for(&self, sale: &Sale) -> bool {
        let here = self.store == sale.store;
        let day = (self.at - sale.sold_at.as_second()).abs() <= 86_400;
        match &self.sale {
            None => here && day,
            Some(named) => self.names(named, sale),
        }
    }

    fn names(&self, named: &str, sale: &Sale) -> bool {
        let here = self.store == sale.store;
        named == sale.id.to_string() || (here && plain(named) == plain(&sale.receipt))
    }
}

/// Of each tender of a sale, the most that goes back of it: of a card of the shop what was redeemed.
pub fn redeemed(cards: &[Card], sale: &Sale) -> Vec<Option<i64>> {
    let mut before: BTreeMap<Uuid, i64> = BTreeMap::new();
    let of = |tender: &Tender| {
        let by_card = tender.kind == TenderType::GiftCard && sale.carried(tender.tender).is_none();
        let card = cards.iter().find(|known| by_card && is_of(tender, known.id))?;
        let paid = card.payments.iter().filter(|payment| payment.is_for(sale));
        let before = before.entry(card.id).or_default();
        let all: i64 = paid.map(Payment::left).sum();
        let here = (all - *before).clamp(0, (tender.amount.0 - tender.change.0).max(0));
        *before += here;
        Some(here)
    };
    sale.tenders.iter().map(of).collect()
}

fn is_of(tender: &Tender, card: Uuid) -> bool {
    tender.reference.as_ref().and_then(|text| text.parse().ok()) == Some(card)
}

impl World {
    /// A late sale that says it was paid with this card, by its id or receipt.
    pub fn sale_of_card(&mut self, card: Uuid) -> Option<String> {
        let names = |known: &&crate::world::Known| {
            let mut named = known.sale.tenders.iter().filter_map(|t| t.reference.as_deref());
            named.any(|text| text == card.to_string())
        };
        let sale = &self.sales.iter().rev().take(60).find(names)?.sale;
        let (receipt, id) = (sale.receipt.clone(), sale.id);
        match self.chance.index(4) {
            0 => None,
            1 => Some(typed(&plain(&receipt), &mut self.chance)),
            _ => Some(id.to_string()),
        }
    }

    /// A redemption of a card taken back, and what is foretold of it.
    pub fn reverse(&mut self, card: usize, at: At) -> (CardCommand, Result<Vec<Card>, Refused>) {
        let known = &self.cards[card];
        let last = known.payments.last().map_or(1, |payment| payment.entry);
        let entry = match self.chance.index(6) {
            0 => self.chance.within(1, 6) as u32,
            1 => known.payments.first().map_or(1, |payment| payment.entry),
            _ => last,
        };
        let payment = known.payments.iter().find(|payment| payment.entry == entry).cloned();
        let sale = payment.as_ref().and_then(|payment| {
            let named = payment.sale.clone()?;
            Some(named.parse().map_or_else(
                |_| SaleRef::Receipt {
                    receipt: named.clone(),
                    store: Some(payment.store.clone()),
                    register: None,
                    business_date: None,
                },
                SaleRef::Id,
            ))
        });
        let foretold = self.reversed(card, payment.as_ref());
        let card = known.id;
        (
            CardCommand::Reverse(ReverseRedemption { card, entry, sale, the_return: None, at }),
            foretold,
        )
    }

    fn reversed(&self, card: usize, payment: Option<&Payment>) -> Result<Vec<Card>, Refused> {
        let mut known = self.cards[card].clone();
        if matches!(known.stands, CardStatus::Void | CardStatus::Replaced) {
            return Err("card_void");
        }
        let payment = payment.ok_or("not_found")?;
        let (taken, given) = match &payment.sale {
            None => (payment.amount, payment.since.iter().map(|(_, amount)| amount).sum()),
            Some(named) => {
                let same = |other: &&Payment| {
                    let also = other.sale.as_ref().is_some_and(|sale| plain(sale) == plain(named));
                    also && other.store == payment.store
                };
                let taken = known.payments.iter().filter(same).map(Payment::left).sum();
                (taken, self.given_back_on(known.id, named, payment))
            }
        };
        let left = payment.amount.min(taken - given);
        if payment.reversed.is_some() || left <= 0 {
            return Err("redemption_not_reversible");
        }
        known.put(left);
        let mut payments = known.payments.iter_mut();
        payments.find(|of| of.entry == payment.entry).unwrap().reversed = Some(left);
        Ok(vec![known])
    }

    /// What has gone back on the tenders of a sale that a card paid.
    fn given_back_on(&self, card: Uuid, named: &str, payment: &Payment) -> i64 {
        let meant = self.sales.iter().filter(|known| payment.names(named, &known.sale));
        let tenders = meant.flat_map(|known| known.sale.tenders.iter().zip(&known.books.tenders));
        let paid = tenders
            .filter(|(tender, _)| tender.kind == TenderType::GiftCard && is_of(tender, card));
        paid.map(|(_, left)| left.refunded).sum()
    }
}
