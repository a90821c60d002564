//! The log out of the database, page by page: the same log and the same question give the same
//! bytes.
//!
//! Ask within one [`Db::read`](crate::store::Db::read): the file is then of one state of the
//! database, whatever is written meanwhile. Each store's rows are also held against its head, so
//! that a log whose end was cut off is not signed as if it were whole.

use super::csv::CsvWriter;
use super::manifest::{Filter, Format};
use super::ndjson::NdjsonWriter;
use super::tally::ExportError;
use crate::domain::entry::{Chain, Fault, FaultKind, is_store_id};
use crate::identity::note::Signer;
use crate::store::search::entries;
use crate::store::{Read, StoreError, audit};
use std::fmt;
use std::io::{BufWriter, Write};

/// How many entries are in memory at once.
const PAGE: usize = 1_000;

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    pub entries: u64,
    /// The signed note: in NDJSON also the file's last line, for CSV to be written beside the file.
    /// Worth keeping elsewhere, as a checkpoint.
    pub note: String,
}

/// How far an export has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    pub store: &'a str,
    /// Entries written so far, of all stores.
    pub entries: u64,
}

/// Why there is no export. What was written so far has no manifest and verifies as cut.
#[derive(Debug)]
pub enum ExportFault {
    /// The stores asked for cannot be: the text is for whoever asked.
    Filter(String),
    Store(StoreError),
    Export(ExportError),
}

impl fmt::Display for ExportFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExportFault::Filter(why) => f.write_str(why),
            ExportFault::Store(fault) => fault.fmt(f),
            ExportFault::Export(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for ExportFault {}

impl From<StoreError> for ExportFault {
    fn from(fault: StoreError) -> ExportFault {
        ExportFault::Store(fault)
    }
}

impl From<ExportError> for ExportFault {
    fn from(fault: ExportError) -> ExportFault {
        ExportFault::Export(fault)
    }
}

/// Streams the log of the filter's stores into `out`, which need not be buffered: stores in byte
/// order, of each the stretch of its chain from the first entry at or after `from` to the last
/// before `to`, without gaps. Without a list of stores it is all of them with head office's chain,
/// `-`: a filter for callers who may see all.
///
/// An error of `out` ends it, which is also how whoever writes into a closed line gets away;
/// `progress` is told after every page.
pub fn export_log(
    read: &mut Read<'_>,
    format: Format,
    filter: &Filter,
    signer: &Signer,
    out: impl Write,
    mut progress: impl FnMut(Progress<'_>),
) -> Result<Exported, ExportFault> {
    let filter = plain(filter)?;
    entries::wait_for_slow_takers(read)?;
    let (heads, stores) = entries::heads_and_stores(read)?;
    let mut writer = Writer::new(format, BufWriter::new(out))?;
    let mut written = 0;
    for store in stores.iter().filter(|store| filter.covers(store)) {
        hold_against_head(read, store, heads.iter().find(|head| head.store == *store))?;
        let window = [filter.from, filter.to].map(|at| at.map(|at| at.as_microsecond()));
        let Some((first, last)) = stretch(read, store, window)? else { continue };
        writer.begin(before(read, store, first)?);
        let mut after = first - 1;
        while after < last {
            let page = entries::page(read, store, after, last, PAGE)?;
            for entry in &page {
                writer.entry(&entry.stored.leaf, &hash(&entry.stored.hash))?;
            }
            written += page.len() as u64;
            progress(Progress { store, entries: written });
            match page.last() {
                Some(entry) => after = i64::try_from(entry.stored.seq).unwrap_or(i64::MAX),
                None => break,
            }
        }
    }
    let note = writer.finish(signer, filter)?;
    Ok(Exported { entries: written, note })
}

/// The filter with its stores in order, each once.
fn plain(filter: &Filter) -> Result<Filter, ExportFault> {
    let mut filter = filter.clone();
    if let Some(stores) = &mut filter.stores {
        stores.sort_unstable();
        stores.dedup();
        if stores.is_empty() {
            return Err(ExportFault::Filter(
                "An export is of one store at least, or of all.".into(),
            ));
        }
        if let Some(unfit) = stores.iter().find(|store| !is_store_id(store)) {
            return Err(ExportFault::Filter(format!("{unfit:?} cannot be a store.")));
        }
    }
    Ok(filter)
}

/// The first and last seq of a window; the whole chain needs no look at its times.
fn stretch(
    read: &mut Read<'_>,
    store: &str,
    [from, to]: [Option<i64>; 2],
) -> Result<Option<(i64, i64)>, StoreError> {
    match (from, to) {
        (None, None) => Ok(Some((1, i64::MAX))),
        (from, to) => audit::stretch(read, store, from, to),
    }
}

/// What stands before the entry that an export begins with.
fn before(read: &mut Read<'_>, store: &str, first: i64) -> Result<Chain, ExportFault> {
    if first <= 1 {
        return Ok(Chain::new(store));
    }
    let seq = u64::try_from(first - 1).unwrap_or(0);
    match entries::page(read, store, first - 2, first - 1, 1)?.first() {
        Some(entry) => Ok(Chain { store: store.to_owned(), seq, hash: hash(&entry.stored.hash) }),
        None => {
            let detail = format!("it is gone: entry {first} stands in its place");
            Err(damaged(store, seq, FaultKind::Missing, detail))
        }
    }
}

fn hold_against_head(
    read: &mut Read<'_>,
    store: &str,
    head: Option<&Chain>,
) -> Result<(), ExportFault> {
    let (has, found) = match entries::last(read, store)? {
        Some(entry) => (entry.stored.seq, hash(&entry.stored.hash)),
        None => (0, Chain::new(store).hash),
    };
    let Some(head) = head else {
        let detail = "nobody vouches for any entry of this store".to_owned();
        return Err(damaged(store, 1, FaultKind::Inserted, detail));
    };
    let vouched = head.seq;
    match has.cmp(&vouched) {
        std::cmp::Ordering::Less => {
            let detail =
                format!("the log ends with entry {has}; entries up to {vouched} are vouched for");
            Err(damaged(store, has + 1, FaultKind::Truncated, detail))
        }
        std::cmp::Ordering::Greater => {
            let detail = format!("it was added: entries are vouched for up to {vouched} only");
            Err(damaged(store, vouched + 1, FaultKind::Inserted, detail))
        }
        std::cmp::Ordering::Equal if found != head.hash => {
            let detail = "the store's head has another hash than its last entry".to_owned();
            Err(damaged(store, has, FaultKind::HeadMismatch, detail))
        }
        std::cmp::Ordering::Equal => Ok(()),
    }
}

fn damaged(store: &str, seq: u64, kind: FaultKind, detail: String) -> ExportFault {
    let fault = Fault { row: 1, store: store.to_owned(), seq, kind, detail };
    ExportFault::Export(ExportError::Fault(Box::new(fault)))
}

/// A stored hash; one that is no SHA-256 becomes one that no entry has.
pub(super) fn hash(stored: &[u8]) -> [u8; 32] {
    stored.try_into().unwrap_or([0; 32])
}

/// Either of the formats.
enum Writer<W: Write> {
    Ndjson(NdjsonWriter<W>),
    Csv(CsvWriter<W>),
}

impl<W: Write> Writer<W> {
    fn new(format: Format, out: W) -> Result<Writer<W>, ExportError> {
        Ok(match format {
            Format::Ndjson => Writer::Ndjson(NdjsonWriter::new(out)),
            Format::Csv => Writer::Csv(CsvWriter::new(out)?),
        })
    }

    fn begin(&mut self, before: Chain) {
        match self {
            Writer::Ndjson(writer) => writer.begin(before),
            Writer::Csv(writer) => writer.begin(before),
        }
    }

    fn entry(&mut self, leaf: &str, hash: &[u8; 32]) -> Result<(), ExportError> {
        match self {
            Writer::Ndjson(writer) => writer.entry(leaf, hash),
            Writer::Csv(writer) => writer.entry(leaf, hash),
        }
    }

    fn finish(self, signer: &Signer, filter: Filter) -> Result<String, ExportError> {
        match self {
            Writer::Ndjson(writer) => Ok(writer.finish(signer, filter)?.1),
            Writer::Csv(writer) => Ok(writer.finish(signer, filter)?.1),
        }
    }
}
