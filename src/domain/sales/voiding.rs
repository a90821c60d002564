//! Taking back a sale that was recorded by mistake: on its business day, while nothing of it has
//! come back, with reversing entries.

use super::super::book::Book;
use super::super::gift_cards::of_sales;
use super::super::perform::{Context, Done, Outcome};
use super::super::refusal::Refusal;
use super::super::state::State;
use super::super::{journal, ledger};
use std::sync::Arc;
use uuid::Uuid;

/// A sale to be taken back.
#[derive(Clone, Debug)]
pub struct VoidSale {
    pub id: Uuid,
    pub reason: String,
    pub note: Option<String>,
}

/// `POST /v1/sales/{id}/void`.
pub fn void(state: &mut State, command: &VoidSale, context: &Context<'_>) -> Outcome {
    let known = state.book(command.id);
    let visible = |book: &&Book| context.caller.stores.contain(&book.sale.store);
    let Some(book) = known.filter(visible) else {
        return Refusal::NotFound { what: "sale" }.into();
    };
    let sale = Arc::clone(&book.sale);
    let reason = why_not(state, book, context).or_else(|| of_sales::why_not_voidable(state, &sale));
    if let Some(detail) = reason {
        let refusal = Refusal::SaleNotVoidable { detail };
        journal::sale_void_refused(state, context, &sale, &refusal);
        return refusal.into();
    }
    state.void_sale(sale.id, context.now);
    journal::sale_voided(state, context, &sale, command);
    state.post(ledger::sale_taken_back(&sale, context));
    if let Err(refusal) = of_sales::take_off(state, &sale, context) {
        return refusal.into();
    }
    match of_sales::pay_back(state, &sale, context) {
        Ok(reversed) => Done::SaleVoided { sale, voided_at: context.now, reversed }.into(),
        Err(refusal) => refusal.into(),
    }
}

fn why_not(state: &State, book: &Book, context: &Context<'_>) -> Option<String> {
    let sale = &book.sale;
    let store = state.settings().store(&sale.store)?;
    if let Some(at) = book.voided_at {
        return Some(format!("The sale was already voided on {}.", store.day(at)));
    }
    if let Some(tie) = &sale.exchange_of {
        return Some(format!(
            "The sale is the new goods of return {}. Void that return instead.",
            tie.return_number
        ));
    }
    let today = store.day(context.now);
    if today != sale.business_date {
        return Some(format!(
            "A sale can be voided only on its business day, {}; today is {today}. Take the goods back as a return.",
            sale.business_date
        ));
    }
    if book.tenders.iter().any(|tender| tender.lost.is_positive()) {
        let why = "The bank has taken back a payment of this sale. Leave the sale as it is.";
        return Some(why.to_owned());
    }
    if book.something_is_back() {
        return Some("Part of this sale was already returned. Void its returns first.".to_owned());
    }
    book.tenders
        .iter()
        .any(|tender| tender.disputed())
        .then(|| "The bank disputes a payment of this sale. Close the dispute first.".to_owned())
}
