//! A sale as it is shown: as sent, with what has come back of it since.

use super::{NewSale, SaleCharge, SaleLine, SaleTax, SaleTender};
use crate::domain::book::{Book, TenderBook};
use crate::domain::gift_cards::CardEntry;
use crate::domain::money::{Currency, Minor};
use crate::domain::quantity::Quantity;
use crate::domain::sale::{Sale, Tax};
use crate::wire::extended::Extended;
use crate::wire::texts::Id;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A sale with what has come back of it.
pub type SaleView = Extended<NewSale, SaleState>;
/// A line of a sale with what has come back of it.
pub type SaleLineView = Extended<SaleLine, SaleLineState>;
/// A tender of a sale with what has gone back to it.
pub type SaleTenderView = Extended<SaleTender, SaleTenderState>;
/// A charge of a sale and whether it has been refunded.
pub type SaleChargeView = Extended<SaleCharge, SaleChargeState>;
/// A sale as just recorded: as sent, with its id.
pub type RecordedSale = Extended<NewSale, SaleRecord>;

/// What the service knows of a sale beside what was sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Sale)]
pub struct SaleState {
    /// UUIDv7.
    pub id: Id,
    /// When this service recorded it.
    #[schema(value_type = String, format = "date-time")]
    pub recorded_at: Timestamp,
    /// What was sold, and what has come back of it.
    pub lines: Vec<SaleLineView>,
    /// Shipping, fees, deposits.
    pub charges: Vec<SaleChargeView>,
    /// How it was paid, and what has gone back.
    pub tenders: Vec<SaleTenderView>,
    /// When it was voided, by itself or with the exchange it is of; left out where it was not.
    #[schema(value_type = Option<String>, format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voided_at: Option<Timestamp>,
    /// The currency that has replaced the sale's: what has gone back (`refunded`,
    /// `refunded_amount`) is in it. Left out where the sale's own still counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub converted: Option<ConvertedSale>,
}

/// A sale in the currency that replaced its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConvertedSale {
    #[schema(example = "EUR")]
    pub currency: String,
    /// Units of the sale's currency for one of this, as fixed by law.
    #[schema(example = "1.95583")]
    pub rate: String,
    /// The total in this currency.
    #[schema(format = "amount", example = "10.23")]
    pub total: String,
}

impl ConvertedSale {
    fn of(sale: &Sale) -> Option<ConvertedSale> {
        let by = sale.converted.as_ref()?.by;
        Some(ConvertedSale {
            currency: sale.currency.code().to_owned(),
            rate: by.rate().to_owned(),
            total: sale.total.format(sale.currency),
        })
    }
}

/// What has come back of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SoldLine)]
pub struct SaleLineState {
    /// Units that have come back.
    #[schema(example = "1")]
    pub returned_quantity: String,
    /// Units that still can.
    #[schema(example = "1")]
    pub returnable_quantity: String,
    /// The line's shares of the receipt's taxes; absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tax_shares: Vec<SaleTax>,
}

/// What has gone back to a tender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PaidTender)]
pub struct SaleTenderState {
    /// Paid back so far, settled or on its way.
    #[schema(format = "amount", example = "0.00")]
    pub refunded: String,
    /// The bank has an open dispute on it: nothing goes back to it. Absent where there is none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub charged_back: bool,
    /// What the bank took and kept for disputes on it; absent where it did neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chargebacks: Option<TenderChargebacks>,
}

/// What disputes on a tender come to so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TenderChargebacks {
    /// Taken for the open dispute.
    #[schema(format = "amount", example = "20.00")]
    pub in_dispute: String,
    /// Taken in disputes that were lost: it counts as given back.
    #[schema(format = "amount", example = "0.00")]
    pub lost: String,
    /// Kept by the bank for all disputes.
    #[schema(format = "amount", example = "15.00")]
    pub fees: String,
}

impl TenderChargebacks {
    fn of(tender: &TenderBook, currency: Currency) -> Option<TenderChargebacks> {
        let sums = [tender.in_dispute, tender.lost, tender.bank_fees];
        let [in_dispute, lost, fees] = sums.map(|sum: Minor| sum.format(currency));
        let some = sums.iter().any(|sum| !sum.is_zero());
        some.then_some(TenderChargebacks { in_dispute, lost, fees })
    }
}

/// Whether a charge has gone back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PaidCharge)]
pub struct SaleChargeState {
    /// Whether all of it has been refunded.
    pub refunded: bool,
    /// What has been refunded of it, taxes included.
    #[schema(format = "amount", example = "0.00")]
    pub refunded_amount: String,
    /// The charge's shares of the receipt's taxes; absent where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tax_shares: Vec<SaleTax>,
}

/// What recording adds to a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RecordedSale)]
pub struct SaleRecord {
    /// UUIDv7.
    pub id: Id,
    /// When it was recorded; left out where the sale was known before.
    #[schema(value_type = Option<String>, format = "date-time")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<Timestamp>,
}

impl SaleView {
    /// Shows a sale from its document and its book; the error is for the service's log.
    pub fn new(document: &str, book: &Book, recorded_at: Timestamp) -> Result<SaleView, String> {
        let sent: NewSale = serde_json::from_str(document).map_err(|error| error.to_string())?;
        if sent.lines.len() != book.lines.len()
            || sent.tenders.len() != book.sale.payments().count()
        {
            return Err(format!("the book of sale {} is not of its document", book.sale.id));
        }
        let currency = book.sale.currency;
        // The receipt's own amounts stay in its own currency.
        let as_sold = book.sale.converted.as_ref().map_or(&*book.sale, |of| &*of.as_sold);
        let (paid, sold_in) = (as_sold.paid(), as_sold.currency);
        let with_state = sent.lines.iter().zip(&book.lines).zip(&paid.lines);
        let lines = with_state.map(|((line, state), paid)| Extended {
            of: line.clone(),
            more: SaleLineState {
                returned_quantity: state.returned.to_string(),
                returnable_quantity: match book.voided_at {
                    Some(_) => Quantity::ZERO.to_string(),
                    None => state.returnable().to_string(),
                },
                tax_shares: shares(&paid.taxes, line.taxes.len(), sold_in),
            },
        });
        let tenders = sent.tenders.iter().zip(&book.tenders).map(|(tender, state)| Extended {
            of: tender.clone(),
            more: SaleTenderState {
                refunded: state.refunded.format(currency),
                charged_back: state.charged_back,
                chargebacks: TenderChargebacks::of(state, currency),
            },
        });
        let of_charges = paid.charges.iter().zip(&book.charges);
        let charges = sent.charges.iter().zip(of_charges).map(|(charge, (paid, state))| Extended {
            of: charge.clone(),
            more: SaleChargeState {
                refunded: state.is_refunded(),
                refunded_amount: state.refunded().format(currency),
                tax_shares: shares(&paid.taxes, charge.taxes.len(), sold_in),
            },
        });
        let more = SaleState {
            id: Id(book.sale.id),
            recorded_at,
            lines: lines.collect(),
            charges: charges.collect(),
            tenders: tenders.collect(),
            voided_at: book.voided_at,
            converted: ConvertedSale::of(&book.sale),
        };
        Ok(Extended { of: sent, more })
    }
}

/// The shares of the receipt's taxes, which stand after the `own` ones.
fn shares(taxes: &[Tax], own: usize, currency: Currency) -> Vec<SaleTax> {
    taxes.iter().skip(own).map(|tax| SaleTax::new(tax, currency)).collect()
}

/// A sale that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct VoidedSale {
    pub id: Id,
    #[schema(example = "0042")]
    pub store: String,
    #[schema(example = "3")]
    pub register: String,
    /// The number that is free again.
    #[schema(example = "0042-3-20260301-4711")]
    pub receipt: String,
    #[schema(format = "date", example = "2026-03-01")]
    pub business_date: String,
    #[schema(format = "amount", example = "24.50")]
    pub total: String,
    #[schema(example = "USD")]
    pub currency: String,
    #[schema(value_type = String, format = "date-time")]
    pub voided_at: Timestamp,
    /// What gift cards and store credit had paid, back on them. Left out where none had.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reversed: Vec<ReversedPayment>,
}

/// What a card had paid for a sale, put back on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReversedPayment {
    pub card: Id,
    /// The number of the entry that puts it back.
    #[schema(example = 3)]
    pub entry: u32,
    /// The number of the redemption that it reverses.
    #[schema(example = 2)]
    pub reverses: Option<u32>,
    #[schema(format = "amount", example = "20.00")]
    pub amount: String,
    /// The card's balance after it.
    #[schema(format = "amount", example = "50.00")]
    pub balance: String,
}

impl ReversedPayment {
    fn new(entry: &CardEntry, currency: Currency) -> ReversedPayment {
        ReversedPayment {
            card: Id(entry.card),
            entry: entry.entry,
            reverses: entry.reverses,
            amount: entry.amount.format(currency),
            balance: entry.balance.format(currency),
        }
    }
}

impl VoidedSale {
    pub fn new(sale: &Sale, voided_at: Timestamp, reversed: &[CardEntry]) -> VoidedSale {
        VoidedSale {
            id: Id(sale.id),
            store: sale.store.clone(),
            register: sale.register.clone(),
            receipt: sale.receipt.clone(),
            business_date: sale.business_date.to_string(),
            total: sale.total.format(sale.currency),
            currency: sale.currency.code().to_owned(),
            voided_at,
            reversed: reversed.iter().map(|of| ReversedPayment::new(of, sale.currency)).collect(),
        }
    }
}

/// The JSON of a [`RecordedSale`], from its document as it is: imports answer thousands of them.
pub fn recorded(id: Uuid, document: &str, recorded_at: Option<Timestamp>) -> String {
    let record = serde_json::to_string(&SaleRecord { id: Id(id), recorded_at }).unwrap_or_default();
    let (open, rest) = (record.trim_end_matches('}'), document.trim_start_matches('{'));
    format!("{open},{rest}")
}
