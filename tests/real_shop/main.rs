//! Money to the penny over every sale of a real shop: what tests of properties hold of made-up
//! sales, held of these.
//!
//! The domain alone, no database. The data is not part of the project: it is looked for beside it
//! (`../shared/data`) or where `RETURNDESK_DATA` says. It knows no taxes, discounts or second
//! tenders: those are made up, always the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // tests, and what they stand on

#[path = "../counter/mod.rs"]
mod counter;
mod exchanges;
mod ledger;
mod lines;
#[allow(dead_code)] // the sales' file alone is read here
#[path = "../replay/oracle.rs"]
mod oracle;
mod receipts;
mod shop;
mod tenders;
