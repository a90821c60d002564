//! Proving a log: every entry against the one before it, and every chain against its head.
//!
//! What the rows alone can show is found row by row. What only a head shows (a cut tail, a chain
//! that was hashed again from some entry on) is found at the end, against heads kept elsewhere: the
//! table of heads, a signed manifest, an older manifest. Someone who can rewrite rows *and* heads
//! is caught by the older manifest alone.

use super::chain::{Chain, Span, genesis, link};
use super::fault::{Fault, FaultKind, edited, gap, short};
use super::heads::{Seen, compare_reach, compare_span};
use super::place;
use super::suspicion::{Question, Suspicion};
use std::collections::{BTreeMap, BTreeSet};

/// One row of the log: where it says it stands, its leaf, its stored hash.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    pub store: &'a str,
    pub seq: u64,
    pub leaf: &'a str,
    pub hash: [u8; 32],
}

/// Takes a log's rows, store after store in byte order, each by seq, and says what is wrong first.
/// Keeps a few hashes and one leaf per store, whatever the length of the log.
#[derive(Debug, Default)]
pub struct Verifier {
    rows: u64,
    seen: Vec<Seen>,
    /// Older heads: at that seq, the chain must have that hash.
    points: BTreeMap<String, Chain>,
    suspicion: Option<Suspicion>,
    /// What stands before the next store's first row.
    told: Option<Chain>,
}

impl Verifier {
    pub fn new() -> Verifier {
        Verifier::default()
    }

    /// A verifier that also demands the heads of an older checkpoint.
    pub fn against(points: impl IntoIterator<Item = Chain>) -> Verifier {
        let points =
            points.into_iter().filter(|p| p.seq > 0).map(|p| (p.store.clone(), p)).collect();
        Verifier { points, ..Verifier::default() }
    }

    /// How many rows were given.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Where a row is expected to stand: what follows the last good one.
    pub fn expected(&self) -> (&str, u64) {
        self.seen.last().map_or(("", 1), |seen| (&seen.last.store, seen.last.seq + 1))
    }

    /// Takes the next row. A fault is remembered, and [`Verifier::finish`] names the first.
    pub fn row(&mut self, row: Row<'_>) {
        self.rows += 1;
        match &mut self.suspicion {
            Some(suspicion) => suspicion.consider(&row),
            None => self.suspicion = self.judge(&row).err(),
        }
    }

    /// Takes the next row of a file, which stands where its leaf says.
    pub fn leaf(&mut self, leaf: &str, hash: [u8; 32]) {
        match place(leaf) {
            Err(why) => self.unreadable(FaultKind::NotCanonical, format!("the entry {why}")),
            Ok((store, seq)) => {
                self.rows += 1;
                let row = Row { store: &store, seq, leaf, hash };
                match &mut self.suspicion {
                    Some(suspicion) => suspicion.consider(&row),
                    None => self.suspicion = self.judge_readable(&row).err(),
                }
            }
        }
    }

    /// Takes a row that cannot be read as an entry at all: it stands where the next one was
    /// expected.
    pub fn unreadable(&mut self, kind: FaultKind, detail: String) {
        self.rows += 1;
        if self.suspicion.is_none() {
            let (store, seq) = self.expected();
            let store = store.to_owned();
            self.suspicion = Some(self.fault(&store, seq, kind, detail).into());
        }
    }

    /// Tells what stands before the next store's first row, where that is known: its chain up to
    /// there.
    pub fn begin_after(&mut self, before: Chain) {
        self.told = Some(before);
    }

    /// Keeps only the older checkpoint's heads of these stores.
    pub fn compare_only(&mut self, wanted: impl Fn(&str) -> bool) {
        self.points.retain(|store, _| wanted(store));
    }

    /// The first bad entry among the rows so far, judged without any head.
    pub fn fault_so_far(&self) -> Option<&Fault> {
        self.suspicion.as_ref().map(|suspicion| &suspicion.fault)
    }

    fn judge(&mut self, row: &Row<'_>) -> Result<(), Suspicion> {
        let (own_store, own_seq) = place(row.leaf).map_err(|why| {
            self.fault(row.store, row.seq, FaultKind::NotCanonical, format!("the entry {why}"))
        })?;
        if (own_store.as_str(), own_seq) != (row.store, row.seq) {
            let detail = format!("its row holds the entry {own_seq} of store {own_store:?}");
            return Err(self.fault(row.store, row.seq, FaultKind::Swapped, detail).into());
        }
        self.judge_readable(row)
    }

    /// Judges a row whose leaf says the same place as the row itself.
    fn judge_readable(&mut self, row: &Row<'_>) -> Result<(), Suspicion> {
        if let Some(current) = self.seen.last().filter(|seen| seen.last.store.as_str() > row.store)
        {
            let store = &current.last.store;
            let detail =
                format!("it stands after entries of store {store:?}, where it does not belong");
            return Err(self.fault(row.store, row.seq, FaultKind::Swapped, detail).into());
        }
        let before = self.before(row);
        if let Some((seq, hash)) = &before {
            self.compare_place(seq + 1, row)?;
            self.compare_link(hash, row)?;
        }
        self.remember(row, before.is_some());
        self.compare_with_point(row)
    }

    /// The seq and hash that stand before a row; nothing where only the end will tell.
    fn before(&mut self, row: &Row<'_>) -> Option<(u64, [u8; 32])> {
        if let Some(seen) = self.seen.last().filter(|seen| seen.last.store == row.store) {
            return Some((seen.last.seq, seen.last.hash));
        }
        match self.told.take().filter(|told| told.store == row.store) {
            Some(told) => Some((told.seq, told.hash)),
            None => (row.seq == 1).then(|| (0, genesis(row.store))),
        }
    }

    fn remember(&mut self, row: &Row<'_>, proven: bool) {
        if let Some(seen) = self.seen.last_mut().filter(|seen| seen.last.store == row.store) {
            seen.last.seq = row.seq;
            seen.last.hash = row.hash;
            seen.last_row = self.rows;
            return;
        }
        self.seen.push(Seen {
            last: Chain { store: row.store.to_owned(), seq: row.seq, hash: row.hash },
            last_row: self.rows,
            first_seq: row.seq,
            first_row: self.rows,
            first_hash: row.hash,
            unproven: (!proven).then(|| row.leaf.to_owned()),
        });
    }

    fn compare_place(&self, expected: u64, row: &Row<'_>) -> Result<(), Suspicion> {
        if row.seq > expected {
            let fault = self.fault(row.store, expected, FaultKind::Missing, gap(expected, row.seq));
            return Err(Suspicion { fault, question: Some(Question::Gap.into()) });
        }
        if row.seq < expected {
            let detail = format!(
                "it stands after entry {}, but the chain already has an entry {}",
                expected - 1,
                row.seq
            );
            return Err(self.fault(row.store, row.seq, FaultKind::Inserted, detail).into());
        }
        Ok(())
    }

    fn compare_link(&self, prev: &[u8; 32], row: &Row<'_>) -> Result<(), Suspicion> {
        let computed = link(prev, row.leaf);
        if computed == row.hash {
            return Ok(());
        }
        let fault = self.fault(row.store, row.seq, FaultKind::Edited, edited(&row.hash, &computed));
        Err(Suspicion { fault, question: Some(Question::Link { prev: *prev, computed }.into()) })
    }

    fn compare_with_point(&self, row: &Row<'_>) -> Result<(), Suspicion> {
        match self
            .points
            .get(row.store)
            .filter(|point| point.seq == row.seq && point.hash != row.hash)
        {
            None => Ok(()),
            Some(point) => {
                let detail = format!(
                    "the checkpoint vouches for hash {} here, the log has {}: this entry or one before it was rewritten \
                     and the chain hashed again",
                    short(&point.hash),
                    short(&row.hash)
                );
                Err(self.fault(row.store, row.seq, FaultKind::HeadMismatch, detail).into())
            }
        }
    }

    fn fault(&self, store: &str, seq: u64, kind: FaultKind, detail: String) -> Fault {
        Fault { row: self.rows, store: store.to_owned(), seq, kind, detail }
    }

    /// Ends the log: nothing, or the first bad entry. `spans` is what someone vouches for, one per
    /// store, those of stores without entries included or not; [`Span::whole`] for a complete log
    /// and its table of heads.
    pub fn finish(self, spans: &[Span]) -> Result<(), Fault> {
        let spans: BTreeMap<&str, &Span> = spans.iter().map(|span| (span.store(), span)).collect();
        let mut faults: Vec<Fault> = self.suspicion.iter().map(|s| s.settle(&spans)).collect();
        let seen: BTreeMap<&str, &Seen> =
            self.seen.iter().map(|seen| (seen.last.store.as_str(), seen)).collect();
        let stores: BTreeSet<&str> = spans
            .keys()
            .chain(seen.keys())
            .copied()
            .chain(self.points.keys().map(String::as_str))
            .collect();
        let mut last_row = 0;
        for store in stores {
            let (seen, span) = (seen.get(store).copied(), spans.get(store).copied());
            faults.extend(compare_span(store, seen, span, last_row));
            faults.extend(
                self.points.get(store).and_then(|point| compare_reach(point, seen, span, last_row)),
            );
            last_row = seen.map_or(last_row, |seen| seen.last_row);
        }
        // The first of equal rows wins: a fault seen in the rows says more than what follows from
        // it.
        let stopped_early = self.suspicion.is_some();
        match faults.into_iter().min_by_key(|fault| fault.row) {
            None => Ok(()),
            // Rows go on after it, so this is a hole and not the end.
            Some(fault) if stopped_early && fault.kind == FaultKind::Truncated => Err(Fault {
                kind: FaultKind::Missing,
                detail: "it is gone: an entry of another store stands in its place".to_owned(),
                ..fault
            }),
            Some(fault) => Err(fault),
        }
    }

    /// Ends a log that nobody vouches for: what its rows alone show.
    pub fn finish_unvouched(self) -> Result<(), Fault> {
        self.suspicion.map_or(Ok(()), |suspicion| Err(suspicion.fault))
    }
}
