//! Recording a sale: once, as sent.

use super::gift_cards::of_sales;
use super::perform::{Context, Done, Outcome};
use super::refusal::{Fault, Refusal};
use super::sale::Sale;
use super::state::{NewSale, State};
use super::{journal, ledger};
use std::sync::Arc;

/// A sale to be kept. Its sums have been checked; whether its store and receipt allow it is decided
/// here.
#[derive(Clone, Debug)]
pub struct RecordSale {
    /// Its id is given when it is recorded.
    pub sale: Sale,
    /// The sale as sent, in canonical JSON.
    pub document: String,
    /// SHA-256 of the document.
    pub digest: [u8; 32],
}

/// `POST /v1/sales`.
pub fn record(state: &mut State, command: &RecordSale, context: &Context<'_>) -> Outcome {
    let sent = &command.sale;
    let Some(store) = state.settings().store(&sent.store).cloned() else {
        return Refusal::Invalid(vec![Fault::unknown_store(&sent.store)]).into();
    };
    if store.currency != sent.currency {
        return Refusal::Invalid(vec![Fault::currency("/currency", store.currency)]).into();
    }
    // A sale that was voided leaves its number to another; sent again, it is still the same sale.
    let known = state.same_receipt(sent);
    if let Some(same) = known.iter().find(|known| known.digest == command.digest) {
        let document = command.document.clone();
        let (sale, recorded_at) = (same.sale, context.now);
        return Done::SaleRecorded { sale, document, recorded_at, known_before: true }.into();
    }
    if let Some(taken) = known.iter().find(|known| !known.voided) {
        journal::sale_refused(state, context, sent, taken.sale);
        return Refusal::ReceiptExists { sale: taken.sale }.into();
    }
    let faults = of_sales::faults(state, sent, context);
    if !faults.is_empty() {
        return Refusal::Invalid(faults).into();
    }
    let id = state.new_id(context.now);
    let sale = Arc::new(Sale { id, ..sent.clone() });
    journal::sale_recorded(state, context, &sale, command);
    state.post(ledger::sold(&sale));
    let document = command.document.clone();
    let new = NewSale {
        sale: id,
        document: document.clone(),
        digest: command.digest,
        recorded_at: context.now,
        rung: 0,
    };
    state.add_sale(Arc::clone(&sale), new);
    if let Err(refusal) = of_sales::put_on(state, &sale, context) {
        return refusal.into();
    }
    Done::SaleRecorded { sale: id, document, recorded_at: context.now, known_before: false }.into()
}
