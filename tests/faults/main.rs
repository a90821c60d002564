//! Broken on purpose: processes killed, connections cut, servers restarted and failed over, disks
//! full, clients slow; and from what registers asked and heard it is shown that nothing was paid
//! twice and nothing that was answered got lost.
//!
//! The short form runs in the suite; `scripts/faults` runs the long one (`RETURNDESK_TEST_ROUNDS`).
#![cfg(unix)] // signals, limits of processes
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // tests, and what they stand on

mod clients;
mod clocks;
mod disks;
mod planted;
mod proxy;
mod registers;
mod servers;
mod shop;
mod steps;
mod together;
mod waiting;

#[path = "../support/card_checker.rs"]
mod card_checker;
#[path = "../support/checker.rs"]
mod checker;
#[path = "../support/goods.rs"]
mod goods;
#[path = "../support/history.rs"]
mod history;
#[path = "../support/http.rs"]
mod http;
#[path = "../support/instances.rs"]
mod instances;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/mod.rs"]
mod support;
