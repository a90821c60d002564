//! Trouble that users of other systems reported: each case, and its neighbours, answered right on
//! both databases. One file a subject.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // a test may stop where it stands

#[path = "../support/mod.rs"]
mod support;

mod amounts;
mod decisions;
mod history;
mod money;
mod operations;
mod taxes;
mod texts;
