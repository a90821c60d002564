//! The log as others want it: streamed, signed, and verifiable without this service.
//!
//! The formats, so that anyone can write a verifier of their own:
//!
//! - NDJSON ([`ndjson`]): one line `{"entry":<leaf>,"hash":"<64 hex digits>"}` per entry, by store
//!   (byte order) and seq; then one last line `{"manifest":"<signed note>"}`. Every line ends in
//!   `\n`.
//! - CSV ([`csv`]): a header, one record per entry in the same order; the signed note is a file of
//!   its own beside it.
//! - The signed note ([`manifest`]) counts the entries, holds the SHA-256 of all bytes before it,
//!   the filter, and for every store the hash before its first entry and its last one's.
//!
//! The leaf is the entry's RFC 8785 text, its hash `SHA-256(0x01 ‖ hash before it ‖ leaf)`. The
//! same log gives the same bytes. What one store exports is a stretch of its chain without gaps,
//! also where a time filter chose it.

pub mod csv;
pub mod database;
mod day_ends;
pub mod ledger;
pub mod log;
pub mod manifest;
pub mod ndjson;
pub mod reconcile;
pub mod verify;

mod lines;
mod tally;

pub use tally::ExportError;

#[cfg(test)]
mod tests;
