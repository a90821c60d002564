//! Searches: lists that people page through, by filters that come and go.
//!
//! Every list goes on after a *position*, the key of the row that was answered last, and never by
//! counting rows: what is added meanwhile neither moves nor repeats anything. Sales and returns
//! come newest first, by their ids, which are made of time (UUIDv7); entries of the log come oldest
//! first, see [`events`].
//!
//! A list over several stores asks each store for its newest rows and merges them: an index in the
//! order of the list exists for one store only, and a database that is given a list of stores would
//! sort all that they have.

pub mod balance;
pub mod day_ends;
pub mod entries;
pub mod events;
pub mod gift_cards;
pub mod ledger;
pub mod returns;
pub mod sales;
pub mod summaries;

use super::sql_types::Id;
use super::{Read, StoreError};
use crate::domain::caller::Stores;
use diesel::QueryResult;
use uuid::Uuid;

/// The ids that queries answer, one query a store, newest first.
fn newest_of_each(
    read: &mut Read<'_>,
    stores: &[String],
    limit: usize,
    mut ask: impl FnMut(&mut Read<'_>, &str) -> QueryResult<Vec<Id>>,
) -> Result<Vec<Uuid>, StoreError> {
    let mut newest: Vec<Uuid> = Vec::new();
    for store in stores {
        newest.extend(ask(read, store)?.into_iter().map(|id| id.0));
        newest.sort_unstable_by(|a, b| b.cmp(a));
        newest.dedup();
        newest.truncate(limit);
    }
    Ok(newest)
}

/// The stores to ask one by one; nothing where one query can ask them all.
fn each_store(stores: &Stores) -> Option<&[String]> {
    match stores {
        Stores::All => None,
        Stores::Listed(stores) => Some(stores),
    }
}

/// A limit as SQL takes it.
fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
