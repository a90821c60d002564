//! Which sales to list, and what became of each line of an import.

use crate::wire::problem::Problem;
use crate::wire::summaries::ListView;
use crate::wire::texts::Id;
use crate::wire::words::SaleStatusWord;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which sales to list; each that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SaleFilterParams {
    /// Of this store.
    #[schema(max_length = 32)]
    pub store: Option<String>,
    /// With this number on the receipt.
    #[schema(format = "receipt", max_length = 64)]
    pub receipt: Option<String>,
    /// Rung up at this register.
    #[schema(max_length = 64)]
    pub register: Option<String>,
    /// With this identifier of another system.
    #[schema(max_length = 64)]
    pub external_id: Option<String>,
    /// To this customer.
    #[schema(format = "customer", max_length = 64)]
    pub customer: Option<String>,
    /// Paid with this card, by the payment provider's token for it.
    #[schema(format = "reference", max_length = 255)]
    pub card_fingerprint: Option<String>,
    /// With this article.
    #[schema(format = "sku", max_length = 64)]
    pub sku: Option<String>,
    /// With the unit of this serial number.
    #[schema(format = "serial", max_length = 64)]
    pub serial_number: Option<String>,
    /// Of which something came back for this reason.
    #[schema(max_length = 40)]
    pub reason: Option<String>,
    /// That stand so.
    #[param(value_type = Option<String>)]
    pub status: Option<SaleStatusWord>,
    /// How much of each sale is shown: `full`, if left out, or `summary`.
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

/// What became of one line of an import.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ImportResult {
    /// The line's place in the body, from 1; empty lines are not counted.
    #[schema(example = 1)]
    pub line: usize,
    pub status: ImportStatus,
    /// The sale's id, if it is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Id>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Box<Problem>>,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    Recorded,
    /// Recorded before, with the same content.
    Known,
    Refused,
}

impl ImportResult {
    /// A line that is recorded, now or before.
    pub fn recorded(line: usize, sale: Uuid, known_before: bool) -> ImportResult {
        let status = if known_before { ImportStatus::Known } else { ImportStatus::Recorded };
        ImportResult { line, status, id: Some(Id(sale)), problem: None }
    }

    /// A line that was refused.
    pub fn refused(line: usize, problem: Problem) -> ImportResult {
        ImportResult {
            line,
            status: ImportStatus::Refused,
            id: None,
            problem: Some(Box::new(problem)),
        }
    }

    /// A line whose answer is at hand as text: the problem that it is.
    pub fn answered(line: usize, status: u16, body: &str) -> ImportResult {
        let problem = serde_json::from_str(body).unwrap_or_else(|_| {
            Problem::new(
                "internal_error",
                format!("The line was answered with status {status} and no problem."),
            )
        });
        ImportResult::refused(line, problem)
    }
}
