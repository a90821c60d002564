//! The log: entries get their place in their store's chain in the transaction of what they tell of.

use super::rows::{Select, col, insert_ignore, select_in};
use super::writes::{Update, Write, write_all};
use super::{Read, StoreError, Tx, ledger};
use crate::domain::entry::{Chain, Leaf, genesis};
use crate::domain::ledger::Movement;
use crate::domain::state::EntryDraft;
use diesel::sql_types::{BigInt, Binary, Text};
use std::collections::BTreeMap;

/// A value whose audit entry was written in the same transaction.
///
/// [`Db::write`](super::Db::write) commits nothing else, and only this file can make one:
/// a write without an audit entry does not compile.
#[derive(Debug)]
#[must_use]
pub struct Audited<T>(T);

impl<T> Audited<T> {
    /// The value, once it is committed.
    pub(super) fn into_value(self) -> T {
        self.0
    }
}

/// Lets tests of the statement layer commit rows that no audit entry is about.
///
/// A release build does not have it, so that nothing that is shipped can lean on it.
#[cfg(debug_assertions)]
#[doc(hidden)]
pub fn unaudited_in_tests<T>(value: T) -> Audited<T> {
    Audited(value)
}

/// Housekeeping that touches no record: forgetting old idempotency answers has nothing to tell.
pub(super) fn housekeeping<T>(value: T) -> Audited<T> {
    Audited(value)
}

/// Extends the chains of the stores concerned by these entries. The heads are the last rows that a
/// batch claims, in order of the store, so that writers that meet here never wait in a ring.
///
/// `movements` are the money that entries tell of: each gets the place of its entry in the ledger.
pub fn append<T>(
    tx: &mut Tx<'_>,
    drafts: &[EntryDraft],
    movements: &[Movement],
    value: T,
) -> Result<Audited<T>, StoreError> {
    if drafts.is_empty() {
        return Ok(Audited(value));
    }
    let mut heads = claim_heads(tx, drafts)?;
    let mut rows: Vec<(&EntryDraft, i64, String, [u8; 32])> = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let head = heads.get_mut(&draft.store).ok_or(StoreError::NotFound)?;
        let leaf = leaf(draft, head.seq + 1).write();
        let hash = head.extend(&leaf);
        rows.push((draft, i64::try_from(head.seq).unwrap_or(i64::MAX), leaf, hash));
    }
    let seqs: Vec<i64> = rows.iter().map(|(_, seq, _, _)| *seq).collect();
    // Stores in order, so that the table grows at one place a store.
    rows.sort_by(|a, b| (&a.0.store, a.1).cmp(&(&b.0.store, b.1)));
    let columns = vec![
        col(rows.iter().map(|(draft, _, _, _)| draft.store.as_str())),
        col(rows.iter().map(|(_, seq, _, _)| *seq)),
        col(rows.iter().map(|(draft, _, _, _)| draft.at.as_microsecond())),
        col(rows.iter().map(|(draft, _, _, _)| draft.event.as_str())),
        col(rows.iter().map(|(draft, _, _, _)| draft.subject_id.as_deref())),
        col(rows.iter().map(|(_, _, leaf, _)| leaf.as_str())),
        col(rows.iter().map(|(_, _, _, hash)| hash)),
    ];
    let entries =
        Write::insert("audit_entries(store, seq, at, event, subject_id, leaf, hash)", columns);
    write_all(tx, &[entries, ledger::new(movements, drafts, &seqs)?, moved_heads(&heads)])?;
    Ok(Audited(value))
}

fn leaf(draft: &EntryDraft, seq: u64) -> Leaf<'_> {
    Leaf {
        store: &draft.store,
        seq,
        id: draft.id,
        at: draft.at,
        event: draft.event,
        actor: draft.actor.as_ref(),
        request_id: draft.request_id.as_deref(),
        subject_id: draft.subject_id.as_deref(),
        data: &draft.data,
    }
}

fn claim_heads(
    tx: &mut Tx<'_>,
    drafts: &[EntryDraft],
) -> Result<BTreeMap<String, Chain>, StoreError> {
    let mut stores: Vec<&str> = drafts.iter().map(|draft| draft.store.as_str()).collect();
    stores.sort_unstable();
    stores.dedup();
    claim(tx, &stores)
}

/// Claims the heads of these stores, each once and in order: nothing is entered in their chains,
/// and nothing booked in their ledgers, until this transaction ends. Where there is no head yet,
/// one at the beginning is made.
pub(super) fn claim(
    tx: &mut Tx<'_>,
    stores: &[&str],
) -> Result<BTreeMap<String, Chain>, StoreError> {
    let mut heads = select_heads(tx, stores)?;
    let missing: Vec<&str> =
        stores.iter().copied().filter(|store| !heads.contains_key(*store)).collect();
    if !missing.is_empty() {
        let columns = [
            col(missing.iter().copied()),
            col(missing.iter().map(|_| 0_i64)),
            col(missing.iter().map(|store| genesis(store))),
        ];
        let _: Vec<String> =
            insert_ignore::<Text, _>(tx, "audit_heads(store, seq, hash)", &columns, "store")?;
        heads = select_heads(tx, stores)?;
    }
    Ok(heads)
}

fn select_heads(tx: &mut Tx<'_>, stores: &[&str]) -> Result<BTreeMap<String, Chain>, StoreError> {
    let select = Select {
        columns: "h.store, h.seq, h.hash",
        names: "store",
        join: "audit_heads h ON h.store = u.store",
        order: "h.store",
        lock: Some("h"),
    };
    let rows: Vec<HeadRow> =
        select_in::<HeadColumns, _>(tx, &select, &[col(stores.iter().copied())])?;
    rows.into_iter().map(head).map(|head| head.map(|head| (head.store.clone(), head))).collect()
}

type HeadRow = (String, i64, Vec<u8>);
type HeadColumns = (Text, BigInt, Binary);

fn head((store, seq, hash): HeadRow) -> Result<Chain, StoreError> {
    let corrupt = || StoreError::Corrupt(format!("the head of store {store}'s log cannot be read"));
    let hash = hash.try_into().map_err(|_| corrupt())?;
    let seq = u64::try_from(seq).map_err(|_| corrupt())?;
    Ok(Chain { store, seq, hash })
}

fn moved_heads(heads: &BTreeMap<String, Chain>) -> Write<'_> {
    let columns = vec![
        col(heads.keys().map(String::as_str)),
        col(heads.values().map(|head| i64::try_from(head.seq).unwrap_or(i64::MAX))),
        col(heads.values().map(|head| &head.hash)),
    ];
    Write::update(Update { table: "audit_heads", key: &["store"], set: &["seq", "hash"] }, columns)
}

/// The heads of all chains, in byte order of their stores.
pub fn heads(read: &mut Read<'_>) -> Result<Vec<Chain>, StoreError> {
    let query = "SELECT store, seq, hash FROM audit_heads";
    let rows: Vec<HeadRow> = super::rows::select_all::<HeadColumns, _>(read, query)?;
    let mut heads: Vec<Chain> = rows.into_iter().map(head).collect::<Result<_, _>>()?;
    // Not by the database: its collation is its own.
    heads.sort_by(|a, b| a.store.cmp(&b.store));
    Ok(heads)
}

/// A stored entry: the row it stands in, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub store: String,
    pub seq: u64,
    pub leaf: String,
    pub hash: Vec<u8>,
}

/// Up to `limit` entries of a store's chain after `after`, in order, as they are stored, right or
/// wrong.
pub fn entries_after(
    read: &mut Read<'_>,
    store: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<Stored>, StoreError> {
    let select = Select {
        columns: "e.store, e.seq, e.leaf, e.hash",
        names: "store, after, upto",
        join: "audit_entries e ON e.store = u.store AND e.seq > u.after AND e.seq <= u.upto",
        order: "e.store, e.seq",
        lock: None,
    };
    let keys = [col([store]), col([after]), col([after.saturating_add(limit)])];
    let rows: Vec<(String, i64, String, Vec<u8>)> =
        select_in::<(Text, BigInt, Text, Binary), _>(read, &select, &keys)?;
    let stored = |(store, seq, leaf, hash): (String, i64, String, Vec<u8>)| Stored {
        store,
        seq: u64::try_from(seq).unwrap_or(0),
        leaf,
        hash,
    };
    Ok(rows.into_iter().map(stored).collect())
}

/// The seqs of the first entry at or after an instant, and of the last before another, for a store.
/// Times ascend along a chain but for clock steps between instances; the stretch is gap-free
/// whatever they do.
pub fn stretch(
    read: &mut Read<'_>,
    store: &str,
    from: Option<i64>,
    to: Option<i64>,
) -> Result<Option<(i64, i64)>, StoreError> {
    let select = Select {
        columns: "MIN(e.seq), MAX(e.seq)",
        names: "store, from_at, to_at",
        join: "audit_entries e ON e.store = u.store AND e.at >= u.from_at AND e.at < u.to_at",
        order: "1",
        lock: None,
    };
    let keys = [col([store]), col([from.unwrap_or(i64::MIN)]), col([to.unwrap_or(i64::MAX)])];
    type Bounds = (diesel::sql_types::Nullable<BigInt>, diesel::sql_types::Nullable<BigInt>);
    let rows: Vec<(Option<i64>, Option<i64>)> = select_in::<Bounds, _>(read, &select, &keys)?;
    Ok(rows.first().and_then(|(first, last)| Some(((*first)?, (*last)?))))
}

/// The stores that have entries, whether or not a head tells of them: rows slipped in without one
/// are found, too.
pub fn stores_with_entries(read: &mut Read<'_>) -> Result<Vec<String>, StoreError> {
    let mut stores: Vec<String> =
        super::rows::select_all::<Text, _>(read, "SELECT store FROM audit_entries GROUP BY store")?;
    stores.sort();
    Ok(stores)
}
