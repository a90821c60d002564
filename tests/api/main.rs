//! The service as its callers meet it: requests in, answers out, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // a test may stop where it stands

#[path = "../support/mod.rs"]
mod support;

mod chargebacks;
mod directory;
mod errors;
mod exchanges;
mod fields;
mod gift_cards;
mod idempotency;
mod import;
mod ledger;
mod lists;
mod log;
mod overrides;
mod policies;
mod reports;
mod returns;
mod sales;
mod sign_in;
mod smoke;
mod tokens;
mod tracing;
mod walk;
