//! NDJSON: the leaves themselves, one per line, and the signed manifest as the last line.
//!
//! A line is `{"entry":<leaf>,"hash":"<64 lower-case hex digits>"}` byte for byte: no spaces,
//! members in this order, so that the leaf can be cut out and hashed without parsing JSON.

use super::manifest::{Filter, Format};
use super::tally::{ExportError, Tally};
use crate::domain::canonical::Json;
use crate::domain::entry::{Chain, hex, unhex};
use crate::identity::note::Signer;
use std::io::Write;

const ENTRY: &str = "{\"entry\":";
const HASH: &str = ",\"hash\":\"";
const END: &str = "\"}";
/// What stands after the leaf: the hash's member and the line's end.
const TAIL: usize = HASH.len() + 64 + END.len();

/// Writes an export in constant memory. Hand it a buffered writer.
pub struct NdjsonWriter<W> {
    out: W,
    tally: Tally,
}

impl<W: Write> NdjsonWriter<W> {
    pub fn new(out: W) -> NdjsonWriter<W> {
        NdjsonWriter { out, tally: Tally::default() }
    }

    /// Says what stands before the next store's first entry, where that is not its entry 1.
    pub fn begin(&mut self, before: Chain) {
        self.tally.begin(before);
    }

    /// Writes the next entry: stores in byte order, each by seq without gaps. A damaged log is
    /// refused.
    pub fn entry(&mut self, leaf: &str, hash: &[u8; 32]) -> Result<(), ExportError> {
        self.tally.entry(leaf, hash)?;
        let line = format!("{ENTRY}{leaf}{HASH}{}{END}\n", hex(hash));
        self.tally.bytes(line.as_bytes());
        Ok(self.out.write_all(line.as_bytes())?)
    }

    /// Writes the manifest and flushes; the writer, and the note, which is worth keeping elsewhere.
    pub fn finish(mut self, signer: &Signer, filter: Filter) -> Result<(W, String), ExportError> {
        let note = self.tally.sign(Format::Ndjson, filter, signer)?;
        let line = Json::object([("manifest", note.as_str().into())]).write() + "\n";
        self.out.write_all(line.as_bytes())?;
        self.out.flush()?;
        Ok((self.out, note))
    }
}

/// What a line of the file is.
pub(super) enum Content<'a> {
    Entry { leaf: &'a str, hash: [u8; 32] },
    Manifest(String),
    Neither,
}

pub(super) fn read_line(line: &str) -> Content<'_> {
    read_entry(line).or_else(|| read_manifest(line)).unwrap_or(Content::Neither)
}

fn read_entry(line: &str) -> Option<Content<'_>> {
    let rest = line.strip_prefix(ENTRY)?;
    let (leaf, tail) = rest.split_at_checked(rest.len().checked_sub(TAIL)?)?;
    let hash = unhex(tail.strip_prefix(HASH)?.strip_suffix(END)?)?;
    Some(Content::Entry { leaf, hash })
}

fn read_manifest(line: &str) -> Option<Content<'_>> {
    match Json::parse_canonical(line).ok()? {
        Json::Object(members) if members.len() == 1 => {
            members.get("manifest")?.as_text().map(|note| Content::Manifest(note.to_owned()))
        }
        _ => None,
    }
}
