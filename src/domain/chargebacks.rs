//! Disputes: a customer asked the bank for the money of a tender, and the bank may take it from the
//! shop.
//!
//! While one is open nothing goes back to the tender (PRODUCT §7): else the customer could be paid
//! twice. What has gone back already stays as it is.

use super::journal;
use super::perform::{Context, Done, Outcome};
use super::refusal::{Fault, Refusal};
use super::state::State;
use super::tender::TenderType;
use uuid::Uuid;

/// The bank has opened or closed a dispute on a tender of a sale.
#[derive(Clone, Debug)]
pub struct MarkChargeback {
    pub sale: Uuid,
    /// The tender's number in the sale.
    pub tender: u32,
    pub open: bool,
    /// What the bank calls it.
    pub reference: Option<String>,
    pub note: Option<String>,
}

/// How a tender stands after that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chargeback {
    pub sale: Uuid,
    pub tender: u32,
    pub open: bool,
    pub reference: Option<String>,
}

/// `POST /v1/sales/{id}/tenders/{tender}/chargeback`. Saying the same twice changes nothing, and is
/// noted twice.
pub fn mark(state: &mut State, command: &MarkChargeback, context: &Context<'_>) -> Outcome {
    let book =
        state.book(command.sale).filter(|book| context.caller.stores.contain(&book.sale.store));
    let Some(book) = book else { return Refusal::NotFound { what: "sale" }.into() };
    let Some(place) = book.sale.payments().position(|tender| tender.tender == command.tender)
    else {
        return Refusal::NotFound { what: "tender" }.into();
    };
    if book.sale.tenders[place].kind == TenderType::Cash {
        let detail = "Cash cannot be charged back: no bank stands behind it.";
        return Refusal::Invalid(vec![Fault::invalid("/open", detail)]).into();
    }
    let store = book.sale.store.clone();
    state.with_book(command.sale, |book| book.tenders[place].charged_back = command.open);
    journal::chargebacks::marked(state, context, &store, command);
    let MarkChargeback { sale, tender, open, reference, .. } = command.clone();
    Done::ChargebackMarked(Chargeback { sale, tender, open, reference }).into()
}
