//! Many at once: on one unit, one key, one person, one override, from several instances on each
//! database.
//!
//! After each race the log verifies, and books, returns and log agree.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // tests, and what they stand on

mod cards;
mod checks;
mod day_ends;
mod exchanges;
mod held;
mod keys;
mod people;
mod promotions;
mod sales;
mod settings;
mod trouble;

#[path = "../support/goods.rs"]
mod goods;
#[path = "../support/http.rs"]
mod http;
#[path = "../support/instances.rs"]
mod instances;
#[path = "../support/mod.rs"]
mod support;
