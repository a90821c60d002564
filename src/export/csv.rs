//! CSV (RFC 4180, but lines end in `\n`): a column per member of an entry, from which the leaf is
//! built again.
//!
//! An empty field is null; `data` is its canonical JSON. Bytes are exact: a field that a
//! spreadsheet would take for a formula is left as it is, since an altered field would not verify.
//! Open such files as text.
//!
//! The manifest is a companion file, `<name>.manifest`: the signed note over the CSV's own digest.

use super::manifest::{Filter, Format};
use super::tally::{ExportError, Tally};
use crate::domain::canonical::Json;
use crate::domain::entry::{Chain, FORMAT, hex, unhex};
use crate::identity::note::Signer;
use std::io::Write;
use std::path::{Path, PathBuf};

const COLUMNS: [&str; 13] = [
    "v",
    "store",
    "seq",
    "id",
    "at",
    "event",
    "subject",
    "operator",
    "register",
    "request_id",
    "subject_id",
    "data",
    "hash",
];
/// The columns that are members of the leaf's `actor`.
const ACTOR: [&str; 3] = ["subject", "operator", "register"];

/// Writes an export in constant memory. Hand it a buffered writer.
pub struct CsvWriter<W> {
    out: W,
    tally: Tally,
}

impl<W: Write> CsvWriter<W> {
    /// Starts the file with its header.
    pub fn new(out: W) -> Result<CsvWriter<W>, ExportError> {
        let mut writer = CsvWriter { out, tally: Tally::default() };
        writer.put(&header())?;
        Ok(writer)
    }

    /// Says what stands before the next store's first entry, where that is not its entry 1.
    pub fn begin(&mut self, before: Chain) {
        self.tally.begin(before);
    }

    /// Writes the next entry: stores in byte order, each by seq without gaps. A damaged log is
    /// refused.
    pub fn entry(&mut self, leaf: &str, hash: &[u8; 32]) -> Result<(), ExportError> {
        self.tally.entry(leaf, hash)?;
        let Some(record) = record_of(leaf, hash) else {
            let (store, seq) = self.tally.place();
            return Err(ExportError::Column { store, seq });
        };
        self.put(&record)
    }

    /// Flushes; the writer, and the note for the companion file.
    pub fn finish(mut self, signer: &Signer, filter: Filter) -> Result<(W, String), ExportError> {
        let note = self.tally.sign(Format::Csv, filter, signer)?;
        self.out.flush()?;
        Ok((self.out, note))
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        self.tally.bytes(bytes);
        Ok(self.out.write_all(bytes)?)
    }
}

/// Where a CSV file's manifest is kept: `log.csv.manifest` beside `log.csv`.
pub fn manifest_path(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".manifest");
    PathBuf::from(name)
}

/// The header's bytes.
pub(super) fn header() -> Vec<u8> {
    format!("{}\n", COLUMNS.join(",")).into_bytes()
}

/// The leaf and hash of a record, if its bytes are exactly what this module writes.
pub(super) fn read_record(bytes: &[u8]) -> Option<(String, [u8; 32])> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    let record = reader.records().next()?.ok()?;
    let fields: Vec<&str> = record.iter().collect();
    let fields: &[&str; 13] = fields.as_slice().try_into().ok()?;
    let leaf = leaf_of(fields)?;
    let hash = unhex(fields[12])?;
    (record_of(&leaf, &hash)? == bytes).then_some((leaf, hash))
}

/// The record of a leaf; nothing for a leaf that cannot be built again from it.
fn record_of(leaf: &str, hash: &[u8; 32]) -> Option<Vec<u8>> {
    let json = Json::parse_canonical(leaf).ok()?;
    let fields = COLUMNS.map(|column| match column {
        "hash" => hex(hash),
        "data" => json.get("data").map(Json::write).unwrap_or_default(),
        actor if ACTOR.contains(&actor) => {
            json.get("actor").and_then(|a| a.get(actor)).map(plain).unwrap_or_default()
        }
        column => json.get(column).map(plain).unwrap_or_default(),
    });
    if leaf_of(&fields.each_ref().map(String::as_str)).as_deref() != Some(leaf) {
        return None;
    }
    let mut writer = ::csv::WriterBuilder::new().buffer_capacity(1024).from_writer(Vec::new());
    writer.write_record(&fields).ok()?;
    writer.into_inner().ok()
}

/// Text as it is, null as nothing, numbers in digits.
fn plain(value: &Json) -> String {
    match value {
        Json::Text(text) => text.clone(),
        Json::Null => String::new(),
        other => other.write(),
    }
}

fn leaf_of(fields: &[&str; 13]) -> Option<String> {
    let [
        v,
        store,
        seq,
        id,
        at,
        event,
        subject,
        operator,
        register,
        request_id,
        subject_id,
        data,
        _,
    ] = *fields;
    if v != FORMAT.to_string() {
        return None;
    }
    let actor = match (subject, operator, register) {
        ("", "", "") => Json::Null,
        _ => Json::object(ACTOR.into_iter().zip([
            filled(subject),
            filled(operator),
            filled(register),
        ])),
    };
    let leaf = Json::object([
        ("v", Json::from(FORMAT)),
        ("store", store.into()),
        ("seq", Json::from(seq.parse::<u64>().ok()?)),
        ("id", id.into()),
        ("at", at.into()),
        ("event", event.into()),
        ("actor", actor),
        ("request_id", filled(request_id)),
        ("subject_id", filled(subject_id)),
        ("data", Json::parse_canonical(data).ok()?),
    ]);
    Some(leaf.write())
}

fn filled(field: &str) -> Json {
    Some(field).filter(|f| !f.is_empty()).into()
}
