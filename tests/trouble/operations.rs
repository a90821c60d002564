//! Operations: files, day ends, the money of cards and banks.

mod disputes;
mod import;
mod reversals;
mod trading_days;
