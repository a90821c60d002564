//! Recording a sale: once, as sent; and taking back one that was recorded by mistake.

mod voiding;

pub use voiding::{VoidSale, void};

use super::changeover::{self, Changeover};
use super::gift_cards::of_sales;
use super::perform::{Context, Done, Outcome};
use super::refusal::{Fault, Refusal};
use super::sale::Sale;
use super::settings::Store;
use super::state::{NewSale, Receipt, State};
use super::{journal, ledger};
use sha2::{Digest, Sha256};
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

impl RecordSale {
    /// The document with the time spelled otherwise. Of the members named so in canonical JSON, the
    /// sale's own is the last: what follows it has none.
    fn respelled(&self, sold_at: &str) -> String {
        let member = |time: &str| format!("\"sold_at\":\"{time}\"");
        let sent = member(&self.sale.sold_at_as_sent);
        match self.document.rsplit_once(&sent) {
            Some((before, after)) => format!("{before}{}{after}", member(sold_at)),
            None => self.document.clone(),
        }
    }
}

/// The document of the known sale if the command is the same sale again. The same instant spelled
/// otherwise (`19:05:09Z`, `14:05:09-05:00`) is the same.
fn same_document(state: &State, command: &RecordSale, known: &Receipt) -> Option<String> {
    if known.digest == command.digest {
        return Some(command.document.clone());
    }
    let first = &state.book(known.sale)?.sale;
    let document = command.respelled(&first.sold_at_as_sent);
    let same = first.sold_at == command.sale.sold_at;
    (same && Sha256::digest(&document)[..] == known.digest).then_some(document)
}

/// A trading day may begin before midnight and end after it: its date is at most one day from the
/// store's date at the time of the sale.
fn far_from_store(sale: &Sale, store: &Store) -> Option<Fault> {
    let local = store.day(sale.sold_at);
    let day = sale.business_date;
    let near = [local.yesterday(), Ok(local), local.tomorrow()];
    (!near.into_iter().flatten().any(|near| near == day)).then(|| {
        let detail = format!(
            "The business date {day} is more than one day from the time of the sale, {local} at the store."
        );
        Fault::invalid("/business_date", &detail)
    })
}

/// The law by which a sale that was rung up before its currency was replaced is kept in the
/// store's.
fn converted(sale: &Sale, store: &Store, context: &Context<'_>) -> Option<Changeover> {
    let by = changeover::between(sale.currency, store.currency, store.day(context.now))?;
    (sale.business_date < by.on).then_some(by)
}

/// `POST /v1/sales`.
pub fn record(state: &mut State, command: &RecordSale, context: &Context<'_>) -> Outcome {
    let sent = &command.sale;
    let Some(store) = state.settings().store(&sent.store).cloned() else {
        return Refusal::Invalid(vec![Fault::unknown_store(&sent.store)]).into();
    };
    let converted = converted(sent, &store, context);
    if store.currency != sent.currency && converted.is_none() {
        return Refusal::Invalid(vec![Fault::currency("/currency", store.currency)]).into();
    }
    if let Some(fault) = far_from_store(sent, &store) {
        return Refusal::Invalid(vec![fault]).into();
    }
    // A sale that was voided leaves its number to another; sent again, it is still the same sale.
    let known = state.same_receipt(sent);
    let same = |known: &Receipt| Some((known.sale, same_document(state, command, known)?));
    if let Some((sale, document)) = known.iter().find_map(same) {
        let recorded_at = context.now;
        return Done::SaleRecorded { sale, document, recorded_at, known_before: true }.into();
    }
    if let Some(taken) = known.iter().find(|known| !known.voided) {
        journal::sale_refused(state, context, sent, taken.sale);
        return Refusal::ReceiptExists { sale: taken.sale }.into();
    }
    // A coin of the store's currency says nothing of the one before.
    let coin = store.rounds_cash(sent.business_date).filter(|_| converted.is_none());
    let coin = coin.map(|rounding| rounding.step);
    let mut faults: Vec<Fault> =
        sent.rounding_misfit(coin).into_iter().map(|misfit| misfit.fault(sent, "")).collect();
    let in_store_currency = |sale: &Sale| match converted {
        Some(by) => Arc::new(Arc::new(sale.clone()).in_new_currency(by)),
        None => Arc::new(sale.clone()),
    };
    faults.extend(of_sales::faults(state, &in_store_currency(sent), context));
    if !faults.is_empty() {
        return Refusal::Invalid(faults).into();
    }
    let id = state.new_id(context.now);
    let sale = Arc::new(Sale { id, ..sent.clone() });
    journal::sale_recorded(state, context, &sale, command);
    let kept = in_store_currency(&sale);
    state.post(ledger::sold(&kept));
    let document = command.document.clone();
    let new = NewSale {
        sale: id,
        document: document.clone(),
        digest: command.digest,
        recorded_at: context.now,
        rung: 0,
        converted,
    };
    state.add_sale(Arc::clone(&sale), new);
    if let Err(refusal) = of_sales::put_on(state, &kept, context) {
        return refusal.into();
    }
    Done::SaleRecorded { sale: id, document, recorded_at: context.now, known_before: false }.into()
}
