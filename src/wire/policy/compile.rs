//! From a stored document to policies that decisions can ask.

use super::document::PolicyDocument;
use super::standard::standard;
use crate::domain::money::Currency;
use crate::domain::policies::ByCurrency;
use crate::domain::policy::{CompiledPolicy, Policy};
use crate::wire::fault::Fault;
use std::sync::{Arc, LazyLock};

/// The document of the standard policy, as it is stored.
pub fn standard_text(currency: Currency) -> String {
    text(&standard(currency))
}

/// A document as it is stored and hashed: canonical JSON.
pub fn text(document: &PolicyDocument) -> String {
    // A value sorts its keys, and the document has no floats: this is RFC 8785.
    serde_json::to_value(document).map(|value| value.to_string()).unwrap_or_default()
}

/// Reads a stored document and makes it ready to be asked.
pub fn compile(document: &str) -> Result<Arc<ByCurrency>, Vec<Fault>> {
    static STANDARD: LazyLock<(String, Arc<ByCurrency>)> =
        LazyLock::new(|| (dollars_text(), everywhere()));
    if document == STANDARD.0 {
        return Ok(Arc::clone(&STANDARD.1));
    }
    let broken = |e: serde_json::Error| {
        vec![Fault::new(
            String::new(),
            "invalid_body",
            format!("The document cannot be read: {e}."),
        )]
    };
    let document: PolicyDocument = serde_json::from_str(document).map_err(broken)?;
    compile_document(&document)
}

/// The same of a document just read.
pub fn compile_document(document: &PolicyDocument) -> Result<Arc<ByCurrency>, Vec<Fault>> {
    let policy = Policy::try_from(document)?;
    let (currency, compiled) = (policy.currency, Arc::new(CompiledPolicy::new(policy)));
    Ok(Arc::new(ByCurrency::from([(currency, compiled)])))
}

fn dollars_text() -> String {
    Currency::parse("USD").map(standard_text).unwrap_or_default()
}

/// The standard policy is a shop's first, wherever the shop is: one for each currency.
fn everywhere() -> Arc<ByCurrency> {
    let one = |currency: Currency| {
        Some((currency, Arc::new(CompiledPolicy::new(Policy::try_from(&standard(currency)).ok()?))))
    };
    Arc::new(Currency::all().filter_map(one).collect())
}
