//! Disputes: a customer asked the bank for the money of a tender, and the bank took it from the
//! shop.
//!
//! While one is open nothing goes back to the tender (PRODUCT §7): else the customer could be paid
//! twice. Won, the shop has the money again, and the tender is free. Lost, what the bank took
//! counts as given back on the tender and on the sale. What had gone back before stays as it is:
//! the part that the customer then has twice is told.

use super::book::TenderBook;
use super::money::{Currency, Minor};
use super::perform::{Context, Done, Outcome};
use super::refusal::{Fault, Refusal};
use super::sale::Tender;
use super::state::State;
use super::tender::TenderType;
use super::words::vocabulary;
use super::{journal, ledger};
use uuid::Uuid;

vocabulary! {
    /// How a dispute ended, from the shop's side.
    Ending {
        Won = "won",
        Lost = "lost",
    }
}

/// The bank has opened or closed a dispute on a tender of a sale.
#[derive(Clone, Debug)]
pub struct MarkChargeback {
    pub sale: Uuid,
    /// The tender's number in the sale.
    pub tender: u32,
    pub open: bool,
    /// How it ended; None for one that is closed: won.
    pub ending: Option<Ending>,
    /// What the bank took, as sent; None: all that the tender paid and has not been given back.
    pub amount: Option<String>,
    /// What the bank keeps for the dispute, as sent. With the end: in all.
    pub fee: Option<String>,
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
    /// None while it is open, and where none was.
    pub ending: Option<Ending>,
    pub currency: Currency,
    pub amount: Minor,
    /// Of the amount, what had been given back on the tender already.
    pub overlap: Minor,
    pub fee: Minor,
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
    let (sale, tender, before) =
        (book.sale.clone(), &book.sale.tenders[place], book.tenders[place]);
    if tender.kind == TenderType::Cash {
        let detail = "Cash cannot be charged back: no bank stands behind it.";
        return Refusal::Invalid(vec![Fault::invalid("/open", detail)]).into();
    }
    let (after, marked) = match told(command, tender, before, sale.currency) {
        Ok(told) => told,
        Err(fault) => return Refusal::Invalid(vec![fault]).into(),
    };
    let kind = tender.kind;
    state.with_book(command.sale, |book| book.tenders[place] = after);
    journal::chargebacks::marked(state, context, &sale.store, command, &marked);
    let posting = ledger::charged_back(state, &sale, (kind, &before, &after), context);
    if !posting.amounts.is_empty() {
        state.post(posting);
    }
    Done::ChargebackMarked(Box::new(marked)).into()
}

/// How the tender stands after what is told, and the dispute that it is about.
fn told(
    command: &MarkChargeback,
    tender: &Tender,
    before: TenderBook,
    currency: Currency,
) -> Result<(TenderBook, Chargeback), Fault> {
    let amount = read("/amount", command.amount.as_deref(), currency)?;
    let fee = read("/fee", command.fee.as_deref(), currency)?;
    let mut after = before;
    let mut amount_of_it = before.in_dispute;
    if command.open {
        if command.ending.is_some() {
            let detail =
                "A dispute that is open has no outcome yet. Leave `outcome` out, or close it.";
            return Err(Fault::invalid("/outcome", detail));
        }
        after.open(tender, amount, fee, currency)?;
        amount_of_it = after.in_dispute;
    } else {
        if amount.is_some() {
            let detail =
                "The amount is stated when a dispute is opened. Leave it out to close one.";
            return Err(Fault::invalid("/amount", detail));
        }
        if before.charged_back {
            amount_of_it = before.amount_or_rest();
            after.close(command.ending.unwrap_or(Ending::Won), fee);
        } else if command.ending.is_some() || fee.is_some() {
            let pointer = if command.ending.is_some() { "/outcome" } else { "/fee" };
            let detail = "No dispute is open on this tender. Open one first.";
            return Err(Fault::invalid(pointer, detail));
        }
    }
    let ending =
        (before.charged_back && !command.open).then(|| command.ending.unwrap_or(Ending::Won));
    let left = (before.paid.0 - before.refunded.0 - before.lost.0).max(0);
    let fee_of_it = match after.charged_back {
        true => after.dispute_fee,
        false => Minor(before.dispute_fee.0 + after.bank_fees.0 - before.bank_fees.0),
    };
    let marked = Chargeback {
        sale: command.sale,
        tender: command.tender,
        open: command.open,
        ending,
        currency,
        amount: amount_of_it,
        overlap: Minor((amount_of_it.0 - left).max(0)),
        fee: fee_of_it,
        reference: command.reference.clone(),
    };
    Ok((after, marked))
}

impl TenderBook {
    /// What the open dispute is about. One from before amounts were stated is about all that the
    /// tender paid and has not been given back.
    fn amount_or_rest(&self) -> Minor {
        if self.in_dispute.is_positive() { self.in_dispute } else { self.refundable() }
    }

    fn open(
        &mut self,
        tender: &Tender,
        amount: Option<Minor>,
        fee: Option<Minor>,
        currency: Currency,
    ) -> Result<(), Fault> {
        let states_it = !self.charged_back || (self.in_dispute.is_zero() && amount.is_some());
        if !states_it {
            let other = |stated: Option<Minor>, known: Minor| stated.is_some_and(|is| is != known);
            if other(amount, self.in_dispute) || other(fee, self.dispute_fee) {
                let pointer = if other(amount, self.in_dispute) { "/amount" } else { "/fee" };
                let detail = format!(
                    "A dispute about {}, with a fee of {}, is open on this tender. Close it with \
                     its outcome first.",
                    self.in_dispute.format(currency),
                    self.dispute_fee.format(currency)
                );
                return Err(Fault::invalid(pointer, &detail));
            }
            return Ok(());
        }
        let most = tender.amount.0 - self.lost.0;
        if let Some(amount) = amount.filter(|amount| amount.0 > most) {
            let detail = format!(
                "The bank cannot take {} of a tender that paid {}{}. Check the amount and the \
                 tender.",
                amount.format(currency),
                tender.amount.format(currency),
                match self.lost.is_positive() {
                    true =>
                        format!(", of which it has taken {} before", self.lost.format(currency)),
                    false => String::new(),
                }
            );
            return Err(Fault::new("/amount", "invalid_amount", detail));
        }
        let fee = fee.unwrap_or(self.dispute_fee);
        self.charged_back = true;
        self.in_dispute = amount.unwrap_or_else(|| self.refundable());
        self.bank_fees.0 += fee.0 - self.dispute_fee.0;
        self.dispute_fee = fee;
        Ok(())
    }

    fn close(&mut self, ending: Ending, fee: Option<Minor>) {
        if ending == Ending::Lost {
            self.lost.0 += self.amount_or_rest().0;
        }
        self.bank_fees.0 += fee.map_or(0, |fee| fee.0 - self.dispute_fee.0);
        (self.charged_back, self.in_dispute, self.dispute_fee) = (false, Minor::ZERO, Minor::ZERO);
    }
}

fn read(pointer: &str, text: Option<&str>, currency: Currency) -> Result<Option<Minor>, Fault> {
    let Some(text) = text else { return Ok(None) };
    let amount = Minor::parse(text, currency).filter(|amount| amount.0 >= 0);
    amount.map(Some).ok_or_else(|| {
        let detail = format!(
            "{text:?} is not an amount in {}: plain decimals, at most {} of them, not below nought.",
            currency.code(),
            currency.digits()
        );
        Fault::new(pointer, "invalid_amount", detail)
    })
}
