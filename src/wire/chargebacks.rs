//! Disputes: what the bank told, and how the tender stands.

use super::texts::Id;
use super::words::EndingWord;
use crate::domain::chargebacks::Chargeback;
use crate::domain::money::Minor;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the bank told of a tender.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"open": true, "amount": "20.00", "fee": "15.00", "reference": "CB-20260314-7",
    "note": "Goods not received, says the customer."}))]
pub struct ChargebackRequest {
    /// Whether the dispute is open: while it is, nothing goes back to the tender.
    pub open: bool,
    /// How it ended, when it is closed. Left out: won.
    #[serde(default)]
    pub outcome: Option<EndingWord>,
    /// What the bank took, in the sale's currency; at most what the tender paid. Stated when the
    /// dispute is opened; left out, all that the tender paid and that has not been given back.
    #[serde(default)]
    #[schema(format = "amount", example = "20.00")]
    pub amount: Option<String>,
    /// What the bank keeps for the dispute besides. When it is closed: in all, so that a fee that
    /// was given back is `0.00`; left out, it stays as it was.
    #[serde(default)]
    #[schema(format = "amount", example = "15.00")]
    pub fee: Option<String>,
    /// What the bank calls it.
    #[serde(default)]
    #[schema(format = "reference", min_length = 1, max_length = 255, example = "CB-20260314-7")]
    pub reference: Option<String>,
    /// For people.
    #[serde(default)]
    #[schema(max_length = 500, example = "Goods not received, says the customer.")]
    pub note: Option<String>,
}

/// How a tender stands with the bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Chargeback)]
pub struct ChargebackView {
    pub sale: Id,
    /// The tender's number in the sale.
    #[schema(example = 1)]
    pub tender: u32,
    /// Whether a dispute is open.
    pub open: bool,
    /// How it ended; null while it is open, and where none was.
    pub outcome: Option<EndingWord>,
    /// ISO 4217, the sale's.
    #[schema(example = "USD")]
    pub currency: String,
    /// What the bank took for it.
    #[schema(format = "amount", example = "20.00")]
    pub amount: String,
    /// Of the amount, what had been given back on the tender already: the customer has it twice
    /// unless the dispute is won.
    #[schema(format = "amount", example = "0.00")]
    pub overlap: String,
    /// What the bank keeps for it besides.
    #[schema(format = "amount", example = "15.00")]
    pub fee: String,
    /// What the bank calls it.
    #[schema(example = "CB-20260314-7")]
    pub reference: Option<String>,
}

impl From<&Chargeback> for ChargebackView {
    fn from(marked: &Chargeback) -> ChargebackView {
        let text = |amount: Minor| amount.format(marked.currency);
        ChargebackView {
            sale: Id(marked.sale),
            tender: marked.tender,
            open: marked.open,
            outcome: marked.ending.map(EndingWord),
            currency: marked.currency.code().to_owned(),
            amount: text(marked.amount),
            overlap: text(marked.overlap),
            fee: text(marked.fee),
            reference: marked.reference.clone(),
        }
    }
}
