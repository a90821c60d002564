//! Exchanges: one transaction and one net, the new goods a sale like any other, and the money
//! always on its way back to the means that the customer first paid with.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // functions that only these tests call

#[path = "exchanges/chains.rs"]
mod chains;
mod counter;
#[path = "exchanges/even.rs"]
mod even;
#[path = "exchanges/counter.rs"]
mod exchange;
#[path = "exchanges/net.rs"]
mod net;
#[path = "exchanges/payment.rs"]
mod payment;
#[path = "exchanges/random.rs"]
mod random;
#[path = "exchanges/voids.rs"]
mod voids;
#[path = "exchanges/windows.rs"]
mod windows;
