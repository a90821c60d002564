//! What is remembered: connections, transactions, migrations and statements over many rows, on
//! SQLite and PostgreSQL.
//!
//! The way in: [`Db::open`] knows which database, [`Db::connect`] gives a [`Connection`], and work
//! happens inside [`Db::write`] (with a [`Tx`]) or [`Db::read`] (with a [`Read`]). A `Tx` can be
//! used wherever a `Read` is asked for.

pub mod audit;
pub mod batch;
mod columns;
mod connection;
pub mod conversions;
pub mod copies;
pub mod day_ends;
mod db;
mod error;
pub mod exchanges;
#[cfg(debug_assertions)]
mod failpoint;
pub mod gift_cards;
pub mod idempotency;
mod joins;
pub mod ledger;
mod match_keys;
pub mod migrate;
pub mod overrides;
pub mod prices;
mod receipts;
pub mod returns;
pub mod rows;
pub mod sales;
mod schema;
pub mod search;
pub mod settings;
pub mod sign_in;
pub mod sql_types;
mod tx;
pub mod writes;

pub use connection::{AnyConnection as Connection, MultiBackend, Plans};
pub use db::{Backend, Db};
pub use error::StoreError;
pub use sql_types::Id;
pub use tx::{Read, Tx};
