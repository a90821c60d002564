//! Entries of the log by what they tell of.
//!
//! Two orders, both oldest first and stable while entries are added:
//!
//! | asked for | order | good for |
//! |---|---|---|
//! | one store | its chain (`seq`) | following a store's log: nothing is ever passed over |
//! | several stores, or all | `at`, store (bytes), `seq` | what happened when, across the shop |
//!
//! Across stores an entry that another instance writes a moment later may be dated a moment
//! earlier: whoever follows the log to its end, and must miss nothing, follows its stores one by
//! one. A [`Place`] is a position in either order.

use super::entries::{COLUMNS, Logged, Row};
use super::rows;
use crate::domain::caller::Stores;
use crate::domain::entry::Event;
use crate::store::rows::{Select, col, select_in};
use crate::store::schema::audit_entries as log;
use crate::store::{MultiBackend, Read, StoreError, audit};
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, RunQueryDsl};
use jiff::Timestamp;

/// Which entries; every filter given must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFilter {
    /// The stores the caller may see, or the one asked for. Head office's chain, `-`, is a store
    /// among others here: it is in `All`, and whoever has not all stores is not to be given it.
    pub stores: Stores,
    pub event: Option<Event>,
    /// The id of what the entry is about.
    pub subject_id: Option<String>,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Up to this instant, which is not included.
    pub to: Option<Timestamp>,
}

/// Where an entry stands, in either order. Ordered as lists over several stores are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Microseconds since 1970.
    pub at: i64,
    pub store: String,
    pub seq: i64,
}

impl Logged {
    /// The position of what comes after this entry.
    pub fn place(&self) -> Place {
        let seq = i64::try_from(self.stored.seq).unwrap_or(i64::MAX);
        Place { at: self.at, store: self.stored.store.clone(), seq }
    }
}

/// Up to `limit` entries after the position `after`.
pub fn find(
    read: &mut Read<'_>,
    filter: &EventFilter,
    after: Option<&Place>,
    limit: usize,
) -> Result<Vec<Logged>, StoreError> {
    match &filter.stores {
        Stores::Listed(stores) if stores.len() == 1 => {
            of_chain(read, filter, &stores[0], after, limit)
        }
        Stores::Listed(stores) => of_stores(read, filter, stores, after, limit),
        Stores::All => {
            let stores: Vec<String> =
                audit::heads(read)?.into_iter().map(|head| head.store).collect();
            of_stores(read, filter, &stores, after, limit)
        }
    }
}

/// One store's chain, in its order.
fn of_chain(
    read: &mut Read<'_>,
    filter: &EventFilter,
    store: &str,
    after: Option<&Place>,
    limit: usize,
) -> Result<Vec<Logged>, StoreError> {
    let (mut first, mut last) = (1, i64::MAX);
    // Times ascend along the chain, more or less: the stretch that holds them all keeps the rest
    // from being walked.
    if filter.from.is_some() || filter.to.is_some() {
        match audit::stretch(read, store, micros(filter.from), micros(filter.to))? {
            None => return Ok(Vec::new()),
            Some(stretch) => (first, last) = stretch,
        }
    }
    let after = after.map_or(0, |place| place.seq).max(first - 1);
    let query = query(filter, store).filter(log::seq.gt(after)).filter(log::seq.le(last));
    let rows: Vec<Row> =
        query.order(log::seq).limit(rows(limit)).select(COLUMNS).load(read.connection())?;
    Ok(rows.into_iter().map(Logged::from).collect())
}

/// The first places of each store, merged; then the entries of those that are left.
fn of_stores(
    read: &mut Read<'_>,
    filter: &EventFilter,
    stores: &[String],
    after: Option<&Place>,
    limit: usize,
) -> Result<Vec<Logged>, StoreError> {
    let mut places: Vec<Place> = Vec::new();
    for store in stores {
        let mut query = query(filter, store);
        if let Some(after) = after {
            query = match store.as_str().cmp(after.store.as_str()) {
                std::cmp::Ordering::Less => query.filter(log::at.gt(after.at)),
                std::cmp::Ordering::Greater => query.filter(log::at.ge(after.at)),
                std::cmp::Ordering::Equal => {
                    // The first condition alone bounds the walk through the index.
                    let later = log::at.gt(after.at).or(log::seq.gt(after.seq));
                    query.filter(log::at.ge(after.at)).filter(later)
                }
            };
        }
        let query = query.order((log::at, log::seq)).limit(rows(limit)).select((log::at, log::seq));
        let found: Vec<(i64, i64)> = query.load(read.connection())?;
        places.extend(found.into_iter().map(|(at, seq)| Place { at, store: store.clone(), seq }));
        places.sort_unstable();
        places.dedup();
        places.truncate(limit);
    }
    load(read, places)
}

/// All filters but the position.
fn query<'a>(filter: &'a EventFilter, store: &str) -> log::BoxedQuery<'a, MultiBackend> {
    let mut query = log::table.filter(log::store.eq(store.to_owned())).into_boxed();
    if let Some(event) = filter.event {
        query = query.filter(log::event.eq(event.as_str()));
    }
    if let Some(subject) = &filter.subject_id {
        query = query.filter(log::subject_id.eq(subject));
    }
    if let Some(from) = micros(filter.from) {
        query = query.filter(log::at.ge(from));
    }
    if let Some(to) = micros(filter.to) {
        query = query.filter(log::at.lt(to));
    }
    query
}

fn micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(|at| at.as_microsecond())
}

/// The entries at these places, in the order of the places.
fn load(read: &mut Read<'_>, places: Vec<Place>) -> Result<Vec<Logged>, StoreError> {
    let select = Select {
        columns: "e.store, e.seq, e.leaf, e.hash, e.at, e.event, e.subject_id",
        names: "store, seq",
        join: "audit_entries e ON e.store = u.store AND e.seq = u.seq",
        order: "e.store, e.seq",
        lock: None,
    };
    let keys = [col(places.iter().map(|p| p.store.as_str())), col(places.iter().map(|p| p.seq))];
    type Columns = (Text, BigInt, Text, Binary, BigInt, Text, Nullable<Text>);
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, &keys)?;
    let mut found: Vec<Logged> = rows.into_iter().map(Logged::from).collect();
    found.sort_by_cached_key(Logged::place);
    Ok(found)
}
