//! Quotes: what a check promised, signed, so that the record can tell what changed since.

use super::error::ApiError;
use super::service::Service;
use crate::domain::decision::Decision;
use crate::domain::draft::Quoted;
use crate::domain::money::Minor;
use crate::domain::quantity::Quantity;
use crate::identity::quote::QuoteError;
use crate::wire::returns::ReadReturn;
use serde::{Deserialize, Serialize};

/// What stands in a quote.
#[derive(Debug, Serialize, Deserialize)]
struct Promise {
    /// Exact refund in minor units.
    refund: i64,
    policy: String,
    version: u32,
    /// What could come back of each decided line, in thousandths.
    returnable: Vec<i64>,
    /// SHA-256 of the draft.
    draft: [u8; 32],
}

/// Seals what was decided of a draft.
pub fn seal(service: &Service, read: &ReadReturn, decision: &Decision) -> Result<String, ApiError> {
    let promise = Promise {
        refund: decision.totals.refund.0,
        policy: decision.policy.name.clone(),
        version: decision.policy.version,
        returnable: decision.lines.iter().map(|line| line.returnable.0).collect(),
        draft: read.digest,
    };
    service.quotes.seal(&promise, service.clock.now()).map_err(|fault| ApiError::internal(&fault))
}

/// Opens a quote; one that was not made here, or is too old, is told apart from one that drifted.
pub fn open(service: &Service, quote: &str) -> Result<Quoted, ApiError> {
    let promise: Promise =
        service.quotes.open(quote, service.clock.now()).map_err(|fault| match fault {
            QuoteError::Expired => ApiError::new(
                "quote_invalid",
                "The quote is more than ten minutes old; check again.",
            ),
            QuoteError::Keys(fault) => ApiError::internal(&fault),
            _ => ApiError::new(
                "quote_invalid",
                "This is not a quote of this service; send it unchanged, or check again.",
            ),
        })?;
    Ok(Quoted {
        refund: Minor(promise.refund),
        policy: (promise.policy, promise.version),
        returnable: promise.returnable.into_iter().map(Quantity).collect(),
        draft: promise.draft,
    })
}
