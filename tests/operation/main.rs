//! What whoever runs the service does with it: upgrading from a database of before, backing up,
//! restoring.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // tests, and what they stand on

mod backup;
mod fixture;
mod program;
mod upgrade;
mod write_back;

#[path = "../support/goods.rs"]
mod goods;
#[path = "../support/http.rs"]
mod http;
#[path = "../support/instances.rs"]
mod instances;
#[path = "../support/mod.rs"]
mod support;
