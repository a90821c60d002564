//! Redemptions taken back: the money is on the card again, once.

use super::commands::now;
use super::of_sales::is_named;
use super::{At, Card, CardDone, CardEntry, CardMove, CardStatus, Movement, not_found, refused};
use crate::domain::book::Book;
use crate::domain::draft::SaleRef;
use crate::domain::match_key::matches;
use crate::domain::money::Minor;
use crate::domain::perform::{Context, Touched};
use crate::domain::refusal::Refusal;
use crate::domain::settings::Store;
use crate::domain::state::State;
use uuid::Uuid;

/// Puts a redemption back on its card.
#[derive(Clone, Debug)]
pub struct ReverseRedemption {
    pub card: Uuid,
    /// The redemption's number on the card.
    pub entry: u32,
    /// The sale that the redemption names, as far as it can be one.
    pub sale: Option<SaleRef>,
    /// The return that it names by its number. The sale is the new goods of its exchange.
    pub the_return: Option<Uuid>,
    pub at: At,
}

impl ReverseRedemption {
    /// Reads what a redemption names: the id of a sale, or a receipt of the same store.
    pub fn named(entry: &CardEntry) -> Option<SaleRef> {
        let reference = entry.reference.clone()?;
        Some(match Uuid::try_parse(&reference) {
            Ok(id) => SaleRef::Id(id),
            Err(_) => SaleRef::Receipt {
                receipt: reference,
                store: Some(entry.store.clone()),
                register: None,
                business_date: None,
            },
        })
    }

    pub(super) fn touch(&self, touched: &mut Touched) {
        touched.cards.push(self.card);
        touched.statements.push(self.card);
        self.sale.iter().for_each(|sale| touched.sale(sale, &self.at.store));
        touched.returns.extend(self.the_return);
        // It may be the return whose exchange was paid: its new goods are the sale then.
        if let Some(SaleRef::Id(id)) = &self.sale {
            touched.returns.push(*id);
        }
    }
}

/// `…/redemptions/{entry}/reverse`. A frozen or expired card takes its money back, and gives none.
pub(super) fn reverse(
    state: &mut State,
    command: &ReverseRedemption,
    store: &Store,
    context: &Context<'_>,
) -> Result<CardDone, Refusal> {
    let card = state.wallet.card(command.card).ok_or_else(not_found)?.clone();
    card.of_currency(store.currency)?;
    if matches!(card.status, CardStatus::Void | CardStatus::Replaced) {
        let detail = "The card is void or was replaced. Put the amount on the customer's new card.";
        return Err(refused("card_void", detail));
    }
    let is_meant =
        |entry: &&CardEntry| entry.entry == command.entry && entry.kind == CardMove::Redeem;
    let redeemed = state.wallet.statement(command.card).find(is_meant).cloned();
    let redeemed = redeemed.ok_or(Refusal::NotFound { what: "redemption" })?;
    let amount = left_of(state, &card, &redeemed)?;
    let movement = Movement {
        kind: CardMove::Reversal,
        amount,
        reference: redeemed.reference.clone(),
        at: &command.at,
        against: card.kind.clearing(),
        reverses: Some(redeemed.entry),
    };
    let entry = state.move_card(command.card, &movement, context)?;
    Ok(CardDone::Moved { card: now(state, command.card)?, entry, asked: Minor(-redeemed.amount.0) })
}

/// The part of a redemption that can still be put back: no more than what was taken off the card
/// for the same sale and has not been given back since.
fn left_of(state: &State, card: &Card, redeemed: &CardEntry) -> Result<Minor, Refusal> {
    let mut of_card = state.wallet.statement(card.id);
    if of_card.any(|entry| entry.reverses == Some(redeemed.entry)) {
        let detail = "This redemption is reversed already. Its amount is on the card.";
        return Err(refused("redemption_not_reversible", detail));
    }
    let same_sale = |entry: &&CardEntry| {
        // A reversal is of the sale of the redemption, whatever store it was made in.
        let mut all = state.wallet.statement(card.id);
        let reversed = entry.reverses.and_then(|of| all.find(|other| other.entry == of));
        let paid = reversed.unwrap_or(entry);
        let names = paid.reference.as_deref().zip(redeemed.reference.as_deref());
        let alike = names.is_some_and(|(one, other)| matches(one, other));
        entry.kind.pays() && paid.store == redeemed.store && alike
    };
    let (taken, given_back) = match redeemed.reference {
        // It names no sale: whatever returns put on the card since may be for it.
        None => (-redeemed.amount.0, refunded_since(state, card, redeemed)),
        Some(_) => {
            let of_sale = state.wallet.statement(card.id).filter(same_sale);
            (-of_sale.map(|entry| entry.amount.0).sum::<i64>(), given_back(state, card, redeemed))
        }
    };
    let left = Minor((-redeemed.amount.0).min(taken.saturating_sub(given_back)));
    match left.is_positive() {
        true => Ok(left),
        false => Err(refused(
            "redemption_not_reversible",
            "Returns of this sale have given the amount back already. Nothing is left to reverse.",
        )),
    }
}

/// Money given back, by whatever means, on the tenders of its sale that the card paid.
fn given_back(state: &State, card: &Card, redeemed: &CardEntry) -> i64 {
    let reference = redeemed.reference.as_deref().unwrap_or_default();
    let is_meant = |book: &&Book| is_named(reference, &redeemed.store, &book.sale);
    let books = state.books().filter(is_meant);
    let tenders = books.flat_map(|book| book.sale.tenders.iter().zip(&book.tenders));
    let by_card = tenders.filter(|(tender, _)| {
        super::of_sales::paid_with(std::slice::from_ref(tender)).any(|paid| paid == card.id)
    });
    by_card.map(|(_, left)| left.refunded.0).sum()
}

/// Money that returns put on the card after a redemption, but for those that were voided.
fn refunded_since(state: &State, card: &Card, redeemed: &CardEntry) -> i64 {
    let later = || state.wallet.statement(card.id).filter(|entry| entry.entry > redeemed.entry);
    let is_voided = |refund: &CardEntry| {
        let mut voids = later().filter(|entry| entry.kind == CardMove::Void);
        voids.any(|entry| entry.reference == refund.reference)
    };
    let refunds = later().filter(|entry| entry.kind == CardMove::Refund && !is_voided(entry));
    refunds.map(|entry| entry.amount.0).sum()
}
