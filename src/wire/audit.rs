//! The log as it is read over HTTP (API §8).

use crate::domain::entry::hex;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// Which entries are wanted; all that are given must hold.
#[derive(Debug, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventFilterParams {
    /// One store's chain; `-` is the one of what belongs to no single store.
    #[schema(max_length = 32)]
    pub store: Option<String>,
    /// Such as `return.recorded`.
    #[schema(max_length = 64)]
    pub event: Option<String>,
    /// The id of what the entry is about: a sale, a return, an override.
    #[schema(max_length = 128)]
    pub subject: Option<String>,
    /// From this instant (RFC 3339) or day (UTC) on.
    #[schema(max_length = 40)]
    pub from: Option<String>,
    /// Up to this instant, which is not included, or this day (UTC), which is.
    #[schema(max_length = 40)]
    pub to: Option<String>,
}

/// What is to be exported.
#[derive(Debug, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportParams {
    /// `ndjson` (the default) or `csv`.
    #[param(inline)]
    pub format: Option<ExportFormat>,
    /// One store; left out, all that the caller may see.
    #[schema(max_length = 32)]
    pub store: Option<String>,
    /// From this instant (RFC 3339) or day (UTC) on.
    #[schema(max_length = 40)]
    pub from: Option<String>,
    /// Up to this instant, which is not included, or this day (UTC), which is.
    #[schema(max_length = 40)]
    pub to: Option<String>,
    /// `true`: only the signed manifest of that export, to be kept beside a CSV file or as a
    /// checkpoint.
    pub manifest: Option<bool>,
}

/// A form of the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    Ndjson,
    Csv,
}

impl ExportParams {
    pub fn is_csv(&self) -> bool {
        self.format == Some(ExportFormat::Csv)
    }

    pub fn wants_manifest(&self) -> bool {
        self.manifest == Some(true)
    }
}

/// Reads an instant with offset, or a day as its beginning in UTC.
pub fn instant(text: &str) -> Option<Timestamp> {
    let day =
        || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse().ok().or_else(day)
}

/// One entry of the log: its leaf, which is what is hashed, and the hash that binds it to the one
/// before.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AuditEvent {
    /// The canonical JSON of the entry (RFC 8785), as an object.
    #[schema(value_type = Object)]
    pub entry: Value,
    /// SHA-256 of 0x01, the hash before, and the canonical text, in hexadecimal.
    #[schema(example = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    pub hash: String,
}

impl AuditEvent {
    /// A leaf that is no JSON is shown as the text it is: an auditor is not kept from a damaged
    /// entry.
    pub fn new(leaf: &str, hash: &[u8]) -> AuditEvent {
        let entry = serde_json::from_str(leaf).unwrap_or_else(|_| Value::from(leaf));
        AuditEvent { entry, hash: hex(hash) }
    }
}

/// The key that manifests are verified with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditKey {
    /// C2SP signed-note verification key.
    #[schema(example = "returndesk+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    pub vkey: String,
}

/// Asks for the log to be verified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct VerifyRequest {
    /// The manifest of an older export: whatever it vouches for must still be there.
    #[serde(default)]
    #[schema(format = "jwt", max_length = 1000000)]
    pub checkpoint: Option<String>,
}

/// The result of a verification: true only if the log and all tables hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Verification {
    pub verified: bool,
    /// Chains that were verified.
    pub stores: Option<u64>,
    /// Entries that were verified.
    pub entries: Option<u64>,
    /// Contradictions between the tables (sales, returns, cards, ledger …) and the log.
    pub contradictions: u64,
    /// The first 20 of them, a sentence each.
    pub named: Vec<String>,
    /// The first bad entry.
    pub fault: Option<VerificationFault>,
}

/// An entry that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerificationFault {
    pub store: String,
    pub seq: u64,
    #[schema(example = "edited")]
    pub kind: String,
    pub detail: String,
}
