//! The new goods of an exchange, as a decision and a recorded return show them.

use crate::domain::exchanges::Exchanged;
use crate::domain::money::Currency;
use crate::domain::sale::{PaidLine, SaleLine as Line, Tender};
use crate::wire::sale::{
    CarriedFrom, ReceiptDiscount, SaleCard, SaleCharge, SaleDiscount, SaleTax, SaleTender,
};
use crate::wire::texts::Id;
use crate::wire::words::TenderWord;
use serde::Serialize;
use utoipa::ToSchema;

/// The new goods: what they come to, and what pays for them.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Exchanged)]
pub struct ExchangeView {
    /// The sale that they became; left out in a check and in training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale: Option<Id>,
    /// Its number on paper.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "receipt", example = "0042-260411-7KQ2M0XZ")]
    pub receipt: Option<String>,
    /// Whether each line's `net` contains its taxes.
    pub prices_include_tax: bool,
    pub lines: Vec<ExchangedLineView>,
    /// Discounts of all new goods together.
    pub discounts: Vec<ReceiptDiscount>,
    /// Charges of the exchange, such as shipping; left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<SaleCharge>,
    /// What pays for them: money of the goods that came back, then what the customer pays.
    pub tenders: Vec<SaleTender>,
    /// What cash rounding added to `total`: tenders less change = total + cash_rounding, once all
    /// is paid.
    #[schema(format = "amount", example = "0.00")]
    pub cash_rounding: String,
    /// Taxes included.
    #[schema(format = "amount", example = "13.61")]
    pub total: String,
}

/// A line of new goods.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ExchangedLine)]
pub struct ExchangedLineView {
    /// The line's number in the new sale.
    #[schema(example = 1)]
    pub line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "sku", example = "85123B")]
    pub sku: Option<String>,
    pub description: Option<String>,
    #[schema(example = "1")]
    pub quantity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "amount", example = "12.50")]
    pub unit_price: Option<String>,
    /// The extended price where it was stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "amount", example = "12.50")]
    pub amount: Option<String>,
    pub discounts: Vec<SaleDiscount>,
    #[schema(format = "amount", example = "12.50")]
    pub net: String,
    pub taxes: Vec<SaleTax>,
    /// The line's shares of taxes computed once for the new goods; left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tax_shares: Vec<SaleTax>,
    /// The line of the return that it replaces evenly, at the price paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 0)]
    pub exchanged_for: Option<usize>,
}

impl ExchangeView {
    pub(super) fn new(exchanged: &Exchanged, currency: Currency) -> ExchangeView {
        let sale = &exchanged.sale;
        let paid = sale.paid().lines;
        let lines = sale.lines.iter().zip(&exchanged.exchanged_for).zip(&paid);
        ExchangeView {
            sale: Some(Id(sale.id)).filter(|_| !sale.id.is_nil()),
            receipt: Some(sale.receipt.clone()).filter(|receipt| !receipt.is_empty()),
            prices_include_tax: sale.prices_include_tax,
            lines: lines
                .map(|((line, of), paid)| ExchangedLineView::new(line, *of, paid, currency))
                .collect(),
            discounts: sale
                .discounts
                .iter()
                .map(|discount| ReceiptDiscount::new(discount, currency))
                .collect(),
            charges: sale.charges.iter().map(|c| SaleCharge::new(c, currency)).collect(),
            tenders: sale.tenders.iter().map(|t| tender(t, exchanged, currency)).collect(),
            cash_rounding: sale.cash_rounding.format(currency),
            total: sale.total.format(currency),
        }
    }
}

impl ExchangedLineView {
    fn new(
        line: &Line,
        exchanged_for: Option<usize>,
        paid: &PaidLine,
        currency: Currency,
    ) -> ExchangedLineView {
        let shares = paid.taxes.iter().skip(line.taxes.len());
        ExchangedLineView {
            line: line.line,
            sku: line.sku.clone(),
            description: line.description.clone(),
            quantity: line.quantity.to_string(),
            unit_price: line.unit_price.map(|price| price.format(currency)),
            amount: line.amount.map(|amount| amount.format(currency)),
            discounts: line
                .discounts
                .iter()
                .map(|discount| SaleDiscount::new(discount, currency))
                .collect(),
            net: line.net.format(currency),
            taxes: line.taxes.iter().map(|tax| SaleTax::new(tax, currency)).collect(),
            tax_shares: shares.map(|tax| SaleTax::new(tax, currency)).collect(),
            exchanged_for,
        }
    }
}

fn tender(tender: &Tender, exchanged: &Exchanged, currency: Currency) -> SaleTender {
    let card = tender.card.as_ref().map(|card| SaleCard {
        brand: card.brand.clone(),
        last4: card.last4.clone(),
        fingerprint: card.fingerprint.clone(),
    });
    SaleTender {
        tender: tender.tender,
        kind: TenderWord(tender.kind),
        amount: tender.amount.format(currency),
        change: tender.change.format(currency),
        reference: tender.reference.clone(),
        card,
        carried_from: exchanged
            .sale
            .carried(tender.tender)
            .map(|carried| CarriedFrom::new(carried, currency)),
    }
}
