//! The reading side, on both databases: lists, the log's export and verification, and which indexes
//! are used.
#![cfg(debug_assertions)] // fills tables without audit entries, which a release build cannot do
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // tests, and what they stand on

mod ledger;
mod lists;
mod log;
mod plans;
mod receipts;
mod reconcile;
mod shop;
#[path = "../support/mod.rs"]
mod support;
