//! The manifest of an export: what the service vouches for, as lines that a person can read and a
//! key has signed.
//!
//! ```text
//! returndesk/audit-export v1
//! format ndjson
//! entries 5
//! sha256 <hex of all bytes of the file before the manifest>
//! stores *                              or: stores S01 S02
//! from -                                or an RFC 3339 time, inclusive
//! to -                                  or an RFC 3339 time, exclusive
//! chain S01 1 <hash before> 3 <hash of the last>
//! chain S02 8 <hash before> 9 <hash of the last>
//! ```
//!
//! One `chain` line per store with entries, in byte order: store, first seq, hash before it, last
//! seq, last hash. A store id has no spaces or newlines, so no name can pass for another line. Kept
//! elsewhere, a manifest is a checkpoint: a later export must contain its heads. No time of
//! writing: the same log gives the same manifest.

use crate::domain::entry::{Chain, Span, genesis, hex, is_store_id, timestamp_text, unhex};
use crate::identity::note::{NoteError, Signer, Vkey, open};
use jiff::Timestamp;
use std::fmt::Write;

/// The first line: what kind of note this is.
pub const ORIGIN: &str = "returndesk/audit-export v1";

/// How the entries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Ndjson,
    Csv,
}

impl Format {
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Ndjson => "ndjson",
            Format::Csv => "csv",
        }
    }

    fn parse(name: &str) -> Option<Format> {
        [Format::Ndjson, Format::Csv].into_iter().find(|format| format.as_str() == name)
    }
}

/// What was asked for. Signed too, so that a part of the log cannot pass for the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The stores, in byte order; none for all.
    pub stores: Option<Vec<String>>,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Up to this instant, which is not included.
    pub to: Option<Timestamp>,
}

impl Filter {
    /// Whether the export is of this store, among others.
    pub fn covers(&self, store: &str) -> bool {
        self.stores.as_ref().is_none_or(|stores| stores.iter().any(|s| s == store))
    }

    /// Stores sorted, each once and valid, so that one question has one manifest.
    fn is_plain(&self) -> bool {
        let stores = self.stores.as_deref();
        stores.is_none_or(|s| {
            !s.is_empty() && s.iter().all(|s| is_store_id(s)) && s.is_sorted_by(|a, b| a < b)
        })
    }
}

/// What the service vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    pub format: Format,
    pub entries: u64,
    /// SHA-256 of all bytes of the file before the manifest.
    pub sha256: [u8; 32],
    pub filter: Filter,
    /// What there is of each store, in byte order of the stores; none of them empty.
    pub chains: Vec<Span>,
}

/// Why a manifest cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestError {
    Note(NoteError),
    /// Signed, but not a manifest of this version, or one that contradicts itself.
    Text,
    /// A manifest of a file in another format.
    Format(Format),
}

impl std::fmt::Display for ManifestError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ManifestError::Note(error) => error.fmt(f),
            ManifestError::Format(format) => {
                write!(f, "the manifest is that of a file in format {}", format.as_str())
            }
            ManifestError::Text => {
                write!(f, "the note is signed, but is not a sound manifest of the form {ORIGIN:?}")
            }
        }
    }
}

impl std::error::Error for ManifestError {}

impl From<NoteError> for ManifestError {
    fn from(error: NoteError) -> ManifestError {
        ManifestError::Note(error)
    }
}

impl Manifest {
    /// The text that is signed.
    pub fn text(&self) -> String {
        let stores = self.filter.stores.as_ref().map_or("*".to_owned(), |stores| stores.join(" "));
        let mut text = format!(
            "{ORIGIN}\nformat {}\nentries {}\nsha256 {}\nstores {stores}\nfrom {}\nto {}\n",
            self.format.as_str(),
            self.entries,
            hex(&self.sha256),
            time_text(self.filter.from),
            time_text(self.filter.to),
        );
        for span in &self.chains {
            let (before, last) = (hex(&span.before), hex(&span.last.hash));
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "chain {} {} {before} {} {last}",
                span.store(),
                span.first,
                span.last.seq
            );
        }
        text
    }

    /// Reads the text back; only what [`Manifest::text`] writes.
    pub fn parse(text: &str) -> Option<Manifest> {
        let mut lines = text.split_terminator('\n');
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        value("returndesk/audit-export").filter(|version| *version == "v1")?;
        let format = Format::parse(value("format")?)?;
        let entries = value("entries")?.parse().ok()?;
        let sha256 = unhex(value("sha256")?)?;
        let stores = Some(value("stores")?)
            .filter(|s| *s != "*")
            .map(|s| s.split(' ').map(str::to_owned).collect());
        let filter =
            Filter { stores, from: read_time(value("from")?)?, to: read_time(value("to")?)? };
        let chains = lines.map(read_chain).collect::<Option<Vec<Span>>>()?;
        let manifest = Manifest { format, entries, sha256, filter, chains };
        (manifest.is_sound() && manifest.text() == text).then_some(manifest)
    }

    /// The signed note. The error names a store id or filter that does not fit into it.
    pub fn sign(&self, signer: &Signer) -> Result<String, ManifestError> {
        if !self.is_sound() {
            return Err(ManifestError::Text);
        }
        Ok(signer.sign(&self.text())?)
    }

    /// Reads a signed note, if this key signed it.
    pub fn open(note: &str, vkey: &Vkey) -> Result<Manifest, ManifestError> {
        Manifest::parse(open(note, vkey)?).ok_or(ManifestError::Text)
    }

    /// The last entry of each store: what a later export has to contain.
    pub fn heads(&self) -> impl Iterator<Item = &Chain> {
        self.chains.iter().map(|span| &span.last)
    }

    fn is_sound(&self) -> bool {
        let counted = self.chains.iter().try_fold(0u64, |sum, span| {
            let starts_well =
                span.first > 1 || (span.first == 1 && span.before == genesis(span.store()));
            let fits = is_store_id(span.store())
                && !span.is_empty()
                && starts_well
                && self.filter.covers(span.store());
            fits.then(|| sum.checked_add(span.last.seq - span.first + 1)).flatten()
        });
        let sorted = self.chains.is_sorted_by(|a, b| a.store() < b.store());
        self.filter.is_plain() && sorted && counted == Some(self.entries)
    }
}

fn time_text(at: Option<Timestamp>) -> String {
    at.map_or("-".to_owned(), timestamp_text)
}

fn read_time(text: &str) -> Option<Option<Timestamp>> {
    match text {
        "-" => Some(None),
        text => text.parse().ok().map(Some),
    }
}

fn read_chain(line: &str) -> Option<Span> {
    let parts: Vec<&str> = line.strip_prefix("chain ")?.split(' ').collect();
    let [store, first, before, seq, hash] = parts.as_slice() else {
        return None;
    };
    let last = Chain { store: (*store).to_owned(), seq: seq.parse().ok()?, hash: unhex(hash)? };
    Some(Span { first: first.parse().ok()?, before: unhex(before)?, last })
}
