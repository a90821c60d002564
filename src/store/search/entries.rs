//! The log page by page, as it is stored, right or wrong: for those who export or verify it.

use super::rows;
use crate::domain::entry::Chain;
use crate::store::audit::{self, Stored};
use crate::store::schema::audit_entries as log;
use crate::store::{Connection, Read, StoreError};
use diesel::connection::SimpleConnection;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use std::collections::BTreeSet;

/// An entry, and what its row says of it beside its leaf: only the leaf is proven, only the columns
/// can be searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    pub stored: Stored,
    /// Microseconds since 1970.
    pub at: i64,
    pub event: String,
    pub subject_id: Option<String>,
}

pub(super) type Row = (String, i64, String, Vec<u8>, i64, String, Option<String>);

impl From<Row> for Logged {
    fn from((store, seq, leaf, hash, at, event, subject_id): Row) -> Logged {
        // A place in the chain that is none stays none.
        let stored = Stored { store, seq: u64::try_from(seq).unwrap_or(0), leaf, hash };
        Logged { stored, at, event, subject_id }
    }
}

pub(super) const COLUMNS: (
    log::store,
    log::seq,
    log::leaf,
    log::hash,
    log::at,
    log::event,
    log::subject_id,
) = (log::store, log::seq, log::leaf, log::hash, log::at, log::event, log::subject_id);

/// Up to `limit` entries of a store's chain with `after < seq <= upto`, in order. Gaps do not end
/// it.
pub fn page(
    read: &mut Read<'_>,
    store: &str,
    after: i64,
    upto: i64,
    limit: usize,
) -> Result<Vec<Logged>, StoreError> {
    let rows: Vec<Row> = log::table
        .filter(log::store.eq(store))
        .filter(log::seq.gt(after))
        .filter(log::seq.le(upto))
        .order(log::seq)
        .limit(rows(limit))
        .select(COLUMNS)
        .load(read.connection())?;
    Ok(rows.into_iter().map(Logged::from).collect())
}

/// The last entry of a store's chain.
pub fn last(read: &mut Read<'_>, store: &str) -> Result<Option<Logged>, StoreError> {
    let row: Option<Row> = log::table
        .filter(log::store.eq(store))
        .order(log::seq.desc())
        .select(COLUMNS)
        .first(read.connection())
        .optional()?;
    Ok(row.map(Logged::from))
}

/// The stores that heads or entries tell of, in byte order: neither can hide a store by being taken
/// away. Asks for one store after the other, which is a look into the index for each, not a walk
/// through the log.
pub fn stores(read: &mut Read<'_>, heads: &[Chain]) -> Result<BTreeSet<String>, StoreError> {
    let mut stores: BTreeSet<String> = heads.iter().map(|head| head.store.clone()).collect();
    let mut next: Option<String> =
        log::table.select(log::store).order(log::store).first(read.connection()).optional()?;
    while let Some(store) = next {
        let after = log::table.select(log::store).filter(log::store.gt(&store)).order(log::store);
        next = after.first(read.connection()).optional()?;
        stores.insert(store);
    }
    Ok(stores)
}

/// The heads of all chains, and the stores of the log.
pub fn heads_and_stores(read: &mut Read<'_>) -> Result<(Vec<Chain>, BTreeSet<String>), StoreError> {
    let heads = audit::heads(read)?;
    let stores = stores(read, &heads)?;
    Ok((heads, stores))
}

/// Lets this transaction wait for whoever takes its pages over a slow line; PostgreSQL would end it
/// after a minute.
pub fn wait_for_slow_takers(read: &mut Read<'_>) -> Result<(), StoreError> {
    match read.connection() {
        Connection::Postgres(c) => {
            Ok(c.batch_execute("SET LOCAL idle_in_transaction_session_timeout = '15min'")?)
        }
        Connection::Sqlite(_) => Ok(()),
    }
}
