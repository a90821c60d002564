//! What is asked of a return after it was recorded: settlements, voids, lists.

use crate::wire::summaries::ListView;
use crate::wire::words::{ReturnStatusWord, TenderWord};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// What the payment terminal said of a refund.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"outcome": "settled", "reference": "T-100200"}))]
pub struct SettlementRequest {
    pub outcome: SettlementOutcome,
    /// What the terminal calls the transaction.
    #[serde(default)]
    #[schema(format = "reference", min_length = 1, max_length = 255, example = "T-100200")]
    pub reference: Option<String>,
    /// Where the money goes instead if it failed; one of the refund's `fallbacks`.
    #[serde(default)]
    pub fallback: Option<TenderWord>,
}

/// Whether the money reached the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettlementOutcome {
    Settled,
    Failed,
}

impl SettlementRequest {
    pub fn settled(&self) -> bool {
        self.outcome == SettlementOutcome::Settled
    }
}

/// Takes a return or a sale back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "mistake", "note": "Wrong receipt."}))]
pub struct VoidRequest {
    /// Why, in a word.
    #[schema(min_length = 1, max_length = 64, example = "mistake")]
    pub reason: String,
    /// For people.
    #[serde(default)]
    #[schema(max_length = 500, example = "Wrong receipt.")]
    pub note: Option<String>,
}

/// Which returns to list; each that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReturnFilterParams {
    /// Of this store.
    #[schema(max_length = 32)]
    pub store: Option<String>,
    /// That stand so.
    #[param(value_type = Option<String>)]
    pub status: Option<ReturnStatusWord>,
    /// Of anything in this sale, by its id.
    #[schema(format = "uuid")]
    #[param(format = "uuid")]
    pub sale: Option<String>,
    /// Recorded by this employee number.
    #[schema(max_length = 64)]
    pub operator: Option<String>,
    /// Brought by this customer.
    #[schema(format = "customer", max_length = 64)]
    pub customer: Option<String>,
    /// With this article among its lines.
    #[schema(format = "sku", max_length = 64)]
    pub sku: Option<String>,
    /// With a line of this reason.
    #[schema(max_length = 40)]
    pub reason: Option<String>,
    /// How much of each return is shown: `full`, if left out, or `summary`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    pub view: ListView,
    /// On this business date or later.
    #[schema(format = "date")]
    #[param(format = "date")]
    pub from: Option<String>,
    /// On this business date or earlier.
    #[schema(format = "date")]
    #[param(format = "date")]
    pub to: Option<String>,
}
