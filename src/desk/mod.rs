//! The desk: the queue of commands, the writers that serve it in batches, and the readers beside
//! it.
//!
//! [`queue`] is the middle of the house. A command waits with all others that came while the last
//! batch was being written; a writer takes them together, claims what they touch, performs each in
//! turn, writes everything as sets in one transaction and answers when it is on disk
//! (docs/decisions/0001).

pub mod answer;
pub mod checks;
pub mod housekeeping;
pub mod install;
pub mod queue;
pub mod readers;
pub mod writer;

pub use answer::{Answer, Reply};
pub use queue::{Desk, DeskConfig, Key, Request};
pub use writer::Writer;
