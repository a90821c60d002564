//! Checking and recording, and what becomes of a return afterwards.

mod checking;
mod later;
mod notes;
mod quotes;
mod without_receipt;
