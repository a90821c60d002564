//! Attacks on the service: each is a row with the answer that is wanted, on both databases where a
//! database is concerned.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // a test may stop where it stands

#[path = "../support/mod.rs"]
mod support;

mod doors;
mod names;
mod overrides;
mod registers;
