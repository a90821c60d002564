//! What is true about returns. No I/O, no serde, no clock, no SQL.
//!
//! In reading order: the words; a sale and the book of what is left of it; the policy; deciding;
//! the state machine that every command runs through; the log.

pub mod caller;
pub mod match_key;
pub mod money;
pub mod name;
pub mod quantity;
pub mod summaries;
pub mod tender;
pub mod unit_price;
pub mod words;

pub mod allocate;
pub mod book;
pub mod changeover;
pub mod fee_tax;
pub mod ledger;
pub mod misfit;
pub mod rounding;
pub mod sale;
pub mod tie;

pub mod counted;
pub mod decide;
pub mod decision;
pub mod draft;
pub mod policy;
pub mod prices;
pub mod promotion;
pub mod references;
pub mod refunds;
pub mod refusal;
pub mod settings;

pub mod chargebacks;
pub mod day_end;
pub mod directory;
pub mod exchanges;
pub mod gift_cards;
pub mod overrides;
pub mod perform;
pub mod policies;
pub mod registers;
pub mod returns;
pub mod sales;
pub mod sign_in;
pub mod state;

pub mod canonical;
pub mod entry;
pub mod journal;
