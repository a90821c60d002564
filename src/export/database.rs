//! Verifying the log where it lives: every entry of every store against the one before it and
//! against the heads.
//!
//! The rows' own columns are looked at, too. Only leaves are hashed, but searches and exports go by
//! the columns: an entry whose row says another time than its leaf could be kept out of what an
//! auditor is shown.

use super::log::hash;
use super::manifest::{Manifest, ManifestError};
use super::reconcile::{Finding, Reconciled, reconcile};
use crate::domain::entry::{Chain, Entry, Fault, FaultKind, Row, Span, Verifier};
use crate::identity::note::Vkey;
use crate::store::search::entries::{self, Logged};
use crate::store::{Read, StoreError};
use std::fmt;

/// How many entries are in memory at once.
const PAGE: usize = 1_000;

/// A log that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Stores with entries, head office's chain among them.
    pub stores: u64,
    pub entries: u64,
    /// The last entry of every chain, in byte order of the stores.
    pub heads: Vec<Chain>,
}

/// Why a log does not hold, or cannot be read.
#[derive(Debug)]
pub enum VerifyFault {
    Store(StoreError),
    /// The older manifest cannot be trusted.
    Checkpoint(ManifestError),
    /// The first bad entry.
    Entry(Box<Fault>),
}

impl fmt::Display for VerifyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VerifyFault::Store(fault) => fault.fmt(f),
            VerifyFault::Checkpoint(error) => write!(f, "the checkpoint: {error}"),
            VerifyFault::Entry(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for VerifyFault {}

impl From<StoreError> for VerifyFault {
    fn from(fault: StoreError) -> VerifyFault {
        VerifyFault::Store(fault)
    }
}

/// A log that holds, and its tables held against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    pub log: Summary,
    pub tables: Reconciled,
    /// The first contradictions; `tables.findings` counts all of them.
    pub contradictions: Vec<Finding>,
}

/// Contradictions that are named one by one.
const NAMED: usize = 20;

/// Verifies all chains, and then holds the tables against the log. This is the one verification of
/// a database, for the command line and for HTTP.
pub fn examine_database(
    read: &mut Read<'_>,
    checkpoint: Option<(&str, &Vkey)>,
) -> Result<Examined, VerifyFault> {
    let log = verify_database(read, checkpoint)?;
    let mut contradictions = Vec::new();
    let tables = reconcile(read, |finding| {
        if contradictions.len() < NAMED {
            contradictions.push(finding);
        }
    })?;
    Ok(Examined { log, tables, contradictions })
}

/// Verifies all chains, in memory that grows with the number of stores alone. `checkpoint` is the
/// note of an older export and the key it is signed with: its heads must be in the log, which is
/// what finds a log that was rewritten together with its heads. Ask within one
/// [`Db::read`](crate::store::Db::read).
pub fn verify_database(
    read: &mut Read<'_>,
    checkpoint: Option<(&str, &Vkey)>,
) -> Result<Summary, VerifyFault> {
    let manifest = checkpoint.map(|(note, vkey)| Manifest::open(note, vkey)).transpose();
    let manifest = manifest.map_err(VerifyFault::Checkpoint)?;
    let mut verifier = Verifier::against(manifest.iter().flat_map(Manifest::heads).cloned());
    let (heads, stores) = entries::heads_and_stores(read)?;
    let mut misfit = None;
    for store in &stores {
        verify_chain(read, store, &mut verifier, &mut misfit)?;
    }
    let entries = verifier.rows();
    let spans: Vec<Span> = heads.iter().cloned().map(Span::whole).collect();
    let fault =
        [verifier.finish(&spans).err(), misfit].into_iter().flatten().min_by_key(|fault| fault.row);
    match fault {
        Some(fault) => Err(VerifyFault::Entry(Box::new(fault))),
        None => {
            let heads: Vec<Chain> = heads.into_iter().filter(|head| head.seq > 0).collect();
            Ok(Summary { stores: heads.len() as u64, entries, heads })
        }
    }
}

fn verify_chain(
    read: &mut Read<'_>,
    store: &str,
    verifier: &mut Verifier,
    misfit: &mut Option<Fault>,
) -> Result<(), StoreError> {
    // Below the first entry, too: a row that should not be there is one to be found.
    let mut after = i64::MIN;
    loop {
        let page = entries::page(read, store, after, i64::MAX, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = i64::try_from(last.stored.seq).unwrap_or(i64::MAX);
        for entry in &page {
            let stored = &entry.stored;
            let row = Row {
                store: &stored.store,
                seq: stored.seq,
                leaf: &stored.leaf,
                hash: hash(&stored.hash),
            };
            verifier.row(row);
            if misfit.is_none() {
                *misfit = column_fault(entry, verifier.rows());
            }
        }
    }
}

/// What a row's columns say otherwise than its leaf. A leaf that cannot be read is the verifier's
/// to name.
fn column_fault(row: &Logged, number: u64) -> Option<Fault> {
    let entry = Entry::parse(&row.stored.leaf).ok()?;
    let (at, event) = (entry.at.as_microsecond(), entry.event.as_str());
    let column = match () {
        () if at != row.at => "time",
        () if event != row.event => "event",
        () if entry.subject_id.as_deref()
            != row.subject_id.as_deref().filter(|id| !id.is_empty()) =>
        {
            "subject"
        }
        () => return None,
    };
    Some(Fault {
        row: number,
        store: row.stored.store.clone(),
        seq: row.stored.seq,
        kind: FaultKind::Edited,
        detail: format!(
            "the {column} by which it is searched for is not the one that it states: the row was altered"
        ),
    })
}
