//! Exchanges recorded: the new goods become a sale that can itself be returned, tied to the first
//! one (PRODUCT §8).

mod document;

use super::book::Book;
use super::decision::Decision;
use super::draft::Draft;
use super::journal;
use super::money::Minor;
use super::perform::Context;
use super::refunds::Carry;
use super::refusal::{Fault, Refusal};
use super::returns::Return;
use super::sale::{Sale, Tender};
use super::sales::RecordSale;
use super::state::{NewSale, State};
use super::tender::TenderType;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;

pub use document::document;

/// The new goods of a decision: what they come to, and what pays for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchanged {
    /// The sale that they become: first the tenders carried over, then what the customer pays. Its
    /// id, its tie to the return, and where the register gave none its receipt, are made when it is
    /// recorded.
    pub sale: Sale,
    /// For each line, the line of the draft that it replaces evenly.
    pub exchanged_for: Vec<Option<usize>>,
    /// Where the money comes from that the new goods are paid with, in the order of their tenders.
    pub carried: Vec<Carry>,
    /// What is missing of the customer's payment, or wrong with it.
    pub unpaid: Option<Fault>,
}

/// What a recorded return knows of its exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The sale of the new goods.
    pub sale: Uuid,
    pub carried: Vec<CarriedPart>,
}

/// Money that went from a tender into the new sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CarriedPart {
    /// The sale and tender that it left; none for money that is of no tender.
    pub from: Option<(Uuid, u32)>,
    /// The new sale's tender.
    pub into: u32,
    pub amount: Minor,
    pub rounding: Minor,
}

/// Why an exchange that the policy allows cannot be recorded as sent: it is not paid, or its
/// receipt is taken.
pub fn against(state: &State, decision: &Decision) -> Option<Refusal> {
    let exchanged = decision.exchange.as_deref()?;
    if let Some(fault) = &exchanged.unpaid {
        return Some(Refusal::Invalid(vec![fault.clone()]));
    }
    let sale = &exchanged.sale;
    let named = !sale.receipt.is_empty();
    let taken = state.same_receipt(sale).into_iter().find(|known| named && !known.voided)?;
    Some(Refusal::ReceiptExists { sale: taken.sale })
}

/// Records the new goods of a return that was just made. In training nothing is sold.
pub fn record(
    state: &mut State,
    context: &Context<'_>,
    draft: &Draft,
    decision: &mut Decision,
    the_return: &mut Return,
) {
    let Some(exchanged) = decision.exchange.as_deref_mut().filter(|_| !the_return.training) else {
        return;
    };
    let sale = &mut exchanged.sale;
    sale.id = state.new_id(context.now);
    if sale.receipt.is_empty() {
        sale.receipt = the_return.number();
    }
    if let Some(tie) = &mut sale.exchange_of {
        (tie.the_return, tie.return_number) = (the_return.id, the_return.number());
    }
    let into = sale.tenders.iter().map(|tender| tender.tender);
    let part = |(carry, into): (&Carry, u32)| CarriedPart {
        from: carry.from,
        into,
        amount: carry.amount,
        rounding: carry.rounding,
    };
    let carried = exchanged.carried.iter().zip(into).map(part).collect();
    the_return.exchange = Some(Exchange { sale: sale.id, carried });
    let document = document(sale, draft);
    let digest = Sha256::digest(&document).into();
    let command = RecordSale { sale: sale.clone(), document: document.clone(), digest };
    journal::sale_recorded(state, context, sale, &command);
    journal::exchanges::recorded(state, context, the_return, exchanged, &decision.totals);
    let (sale, recorded_at) = (exchanged.sale.id, context.now);
    let new = NewSale { sale, document, digest, recorded_at, rung: 0, converted: None };
    state.add_sale(Arc::new(exchanged.sale.clone()), new);
}

/// Why the exchange of a return cannot be taken back: its goods have moved on, or its payment is
/// out of reach.
pub fn why_not_voidable(state: &State, the_return: &Return) -> Option<String> {
    let book = state.book(the_return.exchange.as_ref()?.sale)?;
    let receipt = &book.sale.receipt;
    if book.something_is_back() {
        return Some(format!(
            "Goods taken in this exchange (receipt {receipt}) have come back or been exchanged again. Void that first."
        ));
    }
    let own = |tender: &&Tender| book.sale.carried(tender.tender).is_none();
    let gone = book
        .sale
        .tenders
        .iter()
        .filter(own)
        .find(|t| t.kind != TenderType::Cash && t.amount.is_positive())?;
    Some(format!(
        "{} was paid on top by {}, which cannot be called back from here. Take the goods of receipt {receipt} back as a \
         return instead.",
        gone.paid().format(the_return.currency),
        gone.kind.as_str().replace('_', " ")
    ))
}

/// Takes the new goods of a voided return back, and the money carried into them to where it came
/// from.
pub fn put_back(state: &mut State, voided: &Return, now: Timestamp) {
    let Some(exchange) = &voided.exchange else { return };
    let mut sales: Vec<Uuid> =
        exchange.carried.iter().filter_map(|part| part.from).map(|(sale, _)| sale).collect();
    sales.sort_unstable();
    sales.dedup();
    for sale in sales {
        state.with_book(sale, |book| exchange.put_back_carried(book));
    }
    state.void_sale(exchange.sale, now);
}

impl Exchange {
    /// Puts what was carried from a sale back on its tenders.
    pub fn put_back_carried(&self, book: &mut Book) {
        for part in &self.carried {
            let Some((sale, number)) = part.from else { continue };
            if let Some(place) = book.tender(number).filter(|_| sale == book.sale.id) {
                book.tenders[place].carry(Minor(-part.amount.0), Minor(-part.rounding.0));
            }
        }
    }
}
