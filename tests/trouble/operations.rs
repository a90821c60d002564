//! Operations: files, day ends, the money of cards and banks.

mod import;
mod trading_days;
