//! Cards that a sale sold or loaded: the recording of the sale puts the money on them.

use super::{At, CardEntry, CardKind, CardMove, CardStatus, Movement};
use crate::domain::ledger::Account;
use crate::domain::match_key::matches;
use crate::domain::money::Minor;
use crate::domain::perform::Context;
use crate::domain::quantity::Quantity;
use crate::domain::refusal::{Fault, Refusal};
use crate::domain::sale::{Sale, SaleLine, Tender};
use crate::domain::state::State;
use crate::domain::words::vocabulary;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use uuid::Uuid;

vocabulary! {
    /// What a line of a sale does with a card.
    CardSale {
        Activate = "activate",
        Load = "load",
    }
}

/// The card that a line of a sale sold or loaded, where it is one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GiftCardSold {
    pub id: Uuid,
    /// What was put on it; none: the line's price before discounts.
    pub amount: Option<Minor>,
    /// None: the first money activates, further money loads.
    pub meant: Option<CardSale>,
}

impl GiftCardSold {
    /// What the line puts on the card.
    pub fn face(&self, line: &SaleLine) -> Minor {
        self.amount.unwrap_or_else(|| line.extended())
    }
}

/// Everything that keeps the cards of a sale from getting their money.
pub fn faults(state: &State, sale: &Sale, context: &Context<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut put: Vec<(Uuid, Minor)> = Vec::new();
    for (index, line) in sale.lines.iter().enumerate() {
        let Some(sold) = line.gift_card else { continue };
        faults.extend(
            fault(state, sale, line, &sold, &put, context).map(|refusal| at_line(index, refusal)),
        );
        put.push((sold.id, sold.face(line)));
    }
    faults
}

fn at_line(index: usize, refusal: Refusal) -> Fault {
    let detail = |fault: &Fault| fault.detail.clone();
    let (code, detail) = match &refusal {
        Refusal::Card { code, detail, .. } => (*code, detail.clone()),
        Refusal::Invalid(faults) => {
            (refusal.code(), faults.first().map(detail).unwrap_or_default())
        }
        other => (other.code(), String::new()),
    };
    Fault::new(format!("/lines/{index}/gift_card/id"), code, detail)
}

fn fault(
    state: &State,
    sale: &Sale,
    line: &SaleLine,
    sold: &GiftCardSold,
    put: &[(Uuid, Minor)],
    context: &Context<'_>,
) -> Option<Refusal> {
    let invalid = |detail: &str| Some(Refusal::Invalid(vec![Fault::invalid("", detail)]));
    let Some(card) = state.wallet.card(sold.id) else {
        return Some(super::refused(
            "card_not_found",
            format!("No card {} is known here.", sold.id),
        ));
    };
    let day = state.settings().store(&sale.store).map(|store| store.day(context.now));
    let unusable = card
        .of_currency(sale.currency)
        .and_then(|()| card.usable(day.unwrap_or(sale.business_date)));
    if let Err(refusal) = unusable {
        return Some(refusal);
    }
    if line.quantity != Quantity::ONE {
        return invalid("One line sells one card: its quantity is 1.");
    }
    let face = sold.face(line);
    if !face.is_positive() {
        return invalid("Nothing is put on the card: say in `amount` how much.");
    }
    let of_lines: i128 =
        put.iter().filter(|(id, _)| *id == sold.id).map(|(_, amount)| i128::from(amount.0)).sum();
    if of_lines + i128::from(card.balance.0) + i128::from(face.0) > i128::from(Minor::MAX.0) {
        return invalid("This is more than a card can hold.");
    }
    let inactive = card.status == CardStatus::Inactive && !put.iter().any(|(id, _)| *id == sold.id);
    match (sold.meant, inactive) {
        (Some(CardSale::Activate), false) => {
            invalid("The card is active already; it can be loaded, not sold again.")
        }
        (Some(CardSale::Load), true) => {
            invalid("The card has not been sold yet; it is activated first.")
        }
        _ => None,
    }
}

/// Puts the money on the cards of a sale that was just recorded.
pub fn put_on(state: &mut State, sale: &Sale, context: &Context<'_>) -> Result<(), Refusal> {
    let at = At {
        store: sale.store.clone(),
        register: Some(sale.register.clone()),
        operator: sale.operator.clone(),
        business_date: None,
    };
    for line in &sale.lines {
        let Some(sold) = line.gift_card else { continue };
        let card = super::commands::now(state, sold.id)?;
        // The account that the sale is booked against, for whatever kind of card.
        let (reference, against) = (Some(sale.id.to_string()), Account::GiftCard);
        state.load_card(&card, sold.face(line), reference, against, &at, context)?;
    }
    Ok(())
}

/// What a sale put on each card of ours.
fn faces(sale: &Sale) -> BTreeMap<Uuid, (Minor, u32)> {
    let mut faces: BTreeMap<Uuid, (Minor, u32)> = BTreeMap::new();
    for (line, sold) in sale.lines.iter().filter_map(|line| Some((line, line.gift_card?))) {
        let face = faces.entry(sold.id).or_default();
        *face = (Minor(face.0.0 + sold.face(line).0), face.1 + 1);
    }
    faces
}

/// Why the cards of a sale stand in the way of its void: those that it sold, and those that paid.
pub fn why_not_voidable(state: &State, sale: &Sale) -> Option<String> {
    sold_and_used(state, sale).or_else(|| payments(state, sale).err())
}

fn sold_and_used(state: &State, sale: &Sale) -> Option<String> {
    faces(sale).into_iter().find_map(|(id, (face, _))| {
        let card = state.wallet.card(id)?;
        let named = card.last4.as_deref().map_or(String::new(), |last4| format!(" …{last4}"));
        let missing = Minor(face.0 - card.balance.0);
        missing.is_positive().then(|| {
            format!(
                "The gift card{named} got {} with this sale, and {} of it has been used since.",
                face.format(card.currency),
                missing.format(card.currency)
            )
        })
    })
}

/// Takes the money of a sale that is voided off its cards again. Asked [`why_not_voidable`] before.
/// A card that this sale alone had put money on can be sold again.
pub fn take_off(state: &mut State, sale: &Sale, context: &Context<'_>) -> Result<(), Refusal> {
    let register = context.caller.register.clone().or(Some(sale.register.clone()));
    let business_date = Some(sale.business_date);
    let at = At { store: sale.store.clone(), register, business_date, operator: None };
    for (id, (face, entries)) in faces(sale) {
        let movement = Movement {
            kind: CardMove::Void,
            amount: Minor(-face.0),
            reverses: None,
            reference: Some(sale.id.to_string()),
            at: &at,
            against: Account::GiftCard,
        };
        let fresh = state
            .wallet
            .card(id)
            .is_some_and(|card| card.entries == entries && card.status == CardStatus::Active);
        state.move_card(id, &movement, context)?;
        if fresh {
            state.wallet.change(id, |card| card.status = CardStatus::Inactive);
        }
    }
    Ok(())
}

/// The redemptions that paid for a sale and still stand. Those that name it or its receipt do; of
/// those that name nothing, the one of the very amount that is missing.
///
/// # Errors
/// A sentence for the cashier, if they cannot all be reversed.
fn payments(state: &State, sale: &Sale) -> Result<Vec<CardEntry>, String> {
    let mut paid: BTreeMap<Uuid, i64> = BTreeMap::new();
    for tender in &sale.tenders {
        if let Some(card) = card_of(tender) {
            *paid.entry(card).or_default() += tender.paid().0;
        }
    }
    let mut all = Vec::new();
    for (id, paid) in paid {
        let Some(card) = state.wallet.card(id) else { continue };
        let named = card.last4.as_deref().map_or(String::new(), |last4| format!(" …{last4}"));
        let off = |entry: &CardEntry| -entry.amount.0;
        let all_of_sale: Vec<_> = state.wallet.payments_of(id, sale).collect();
        let standing = all_of_sale.iter().filter(|(_, reversal)| reversal.is_none());
        let (naming, bare): (Vec<&CardEntry>, Vec<&CardEntry>) =
            standing.map(|(entry, _)| *entry).partition(|entry| entry.reference.is_some());
        // What a person has reversed for this sale already; not what was put right before it, nor
        // what the void of another sale put back.
        let own = Some(sale.id.to_string());
        let undone = |(entry, reversal): &&(&CardEntry, Option<&CardEntry>)| {
            reversal.is_some_and(|reversal| {
                let of_sale = reversal.reference == entry.reference || reversal.reference == own;
                reversal.at >= sale.sold_at && of_sale
            })
        };
        let known = naming.iter().map(|entry| off(entry)).sum::<i64>()
            + all_of_sale.iter().filter(undone).map(|(entry, _)| off(entry)).sum::<i64>();
        let missing = paid - known;
        let fitting: Vec<&CardEntry> =
            bare.into_iter().filter(|entry| off(entry) == missing).collect();
        if fitting.len() > 1 {
            return Err(format!(
                "More than one redemption of gift card{named} may have paid for this sale. Reverse \
                 the right one first, then void the sale."
            ));
        }
        let payments: Vec<CardEntry> = naming.into_iter().chain(fitting).cloned().collect();
        let back: i64 = payments.iter().map(off).sum();
        let out_of_use = matches!(card.status, CardStatus::Void | CardStatus::Replaced);
        if back > 0 && (out_of_use || card.balance.0 > Minor::MAX.0 - back) {
            return Err(format!(
                "Gift card{named} paid for this sale and takes no money back. Take the goods back \
                 as a return instead."
            ));
        }
        all.extend(payments);
    }
    Ok(all)
}

/// Puts what paid for a sale that is voided back on its cards. Asked [`why_not_voidable`] before.
pub fn pay_back(
    state: &mut State,
    sale: &Sale,
    context: &Context<'_>,
) -> Result<Vec<CardEntry>, Refusal> {
    let register = context.caller.register.clone().or(Some(sale.register.clone()));
    let business_date = Some(sale.business_date);
    let at = At { store: sale.store.clone(), register, business_date, operator: None };
    let payments = payments(state, sale).unwrap_or_default();
    let mut reversed = Vec::with_capacity(payments.len());
    for paid in payments {
        let against = super::commands::now(state, paid.card)?.kind.clearing();
        let movement = Movement {
            kind: CardMove::Reversal,
            amount: Minor(-paid.amount.0),
            reverses: Some(paid.entry),
            // One that names nothing is known to be of this sale from now on.
            reference: paid.reference.clone().or_else(|| Some(sale.id.to_string())),
            at: &at,
            against,
        };
        reversed.push(state.move_card(paid.card, &movement, context)?);
    }
    Ok(reversed)
}

/// The cards that something was paid with: the reference of a tender may be the id of one.
pub fn paid_with(tenders: &[Tender]) -> impl Iterator<Item = Uuid> {
    tenders.iter().filter_map(card_of)
}

/// The card that a tender may be: the reference of one paid by card may be the id of one of ours.
pub fn card_of(tender: &Tender) -> Option<Uuid> {
    CardKind::of(tender.kind)?;
    Uuid::try_parse(tender.reference.as_deref()?).ok()
}

/// Returns true if an entry took money off its card for a sale: it names the sale's id, or its
/// receipt in the same store; of an exchange also the return. One that names nothing counts where
/// it was made in that store within a day of the sale.
pub fn is_for(entry: &CardEntry, sale: &Sale) -> bool {
    let same_store = entry.store == sale.store;
    let Some(reference) = entry.reference.as_deref() else {
        let apart = entry.at.duration_since(sale.sold_at).abs();
        return same_store && apart <= SignedDuration::from_hours(24);
    };
    is_named(reference, &entry.store, sale)
}

/// Returns true if a payment in this store names the sale.
pub(super) fn is_named(reference: &str, store: &str, sale: &Sale) -> bool {
    let of_exchange = sale.exchange_of.as_ref().is_some_and(|tie| {
        reference == tie.return_number || Uuid::try_parse(reference) == Ok(tie.the_return)
    });
    Uuid::try_parse(reference) == Ok(sale.id)
        || (store == sale.store && matches(reference, &sale.receipt))
        || of_exchange
}
