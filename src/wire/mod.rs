//! JSON and CSV forms of the domain's words. Imports the domain alone: store, desk, api and cli
//! read and write them alike.

pub mod answer;
pub mod audit;
pub mod chargebacks;
pub mod day_ends;
pub mod decision;
pub mod directory;
pub mod extended;
pub mod fault;
pub mod gift_cards;
pub mod ledger;
pub mod online_retail;
pub mod overrides;
pub mod policies;
pub mod policy;
pub mod problem;
pub mod quantity;
pub mod reading;
pub mod returns;
pub mod sale;
pub mod strict;
pub mod summaries;
pub mod texts;
pub mod tokens;
pub mod words;
