//! Disputes: what the bank told, and how the tender stands.

use super::texts::Id;
use crate::domain::chargebacks::Chargeback;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the bank told of a tender.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"open": true, "reference": "CB-20260314-7", "note": "Goods not received, says the customer."}))]
pub struct ChargebackRequest {
    /// Whether the dispute is open: while it is, nothing goes back to the tender.
    pub open: bool,
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
    /// What the bank calls it.
    #[schema(example = "CB-20260314-7")]
    pub reference: Option<String>,
}

impl From<&Chargeback> for ChargebackView {
    fn from(marked: &Chargeback) -> ChargebackView {
        let Chargeback { sale, tender, open, reference } = marked.clone();
        ChargebackView { sale: Id(sale), tender, open, reference }
    }
}
