//! Verifying an exported file: needs the file and the public key, no database and no network.
//!
//! Every link, the order, every store's start and head, the digest and the signature are checked,
//! line by line, in memory that grows with the number of stores and not with the log. With a
//! checkpoint (an older manifest that was kept elsewhere), each of its heads must be in the file:
//! that is what finds a log that was rewritten or cut by someone who could also have it signed
//! again.

use super::csv;
use super::lines::{Line, Lines, Spoilt};
use super::manifest::{Format, Manifest, ManifestError};
use super::ndjson::{Content, read_line};
use crate::domain::entry::{Fault, FaultKind, Verifier};
use crate::identity::note::Vkey;
use sha2::{Digest, Sha256};
use std::{fmt, io, io::BufRead};

/// A file that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What was vouched for, and is so: entries, filter, each store's first and last entry.
    pub manifest: Manifest,
    /// Stores of the checkpoint that this export, by its signed filter, is not about.
    pub not_compared: Vec<String>,
}

/// Why a file does not hold.
#[derive(Debug)]
pub enum VerifyError {
    Io(io::Error),
    /// The first bad entry. `line` counts from 1; in CSV, records, the header being the first.
    Fault {
        line: u64,
        fault: Box<Fault>,
    },
    /// A line that is neither an entry's nor the manifest's place.
    Shape {
        line: u64,
        why: &'static str,
    },
    /// The manifest cannot be trusted; all that the entries alone can show holds. `line`: where it
    /// is in the file.
    Manifest {
        line: Option<u64>,
        error: ManifestError,
    },
    /// The older manifest cannot be trusted, or is about other stores.
    Checkpoint(Option<ManifestError>),
    /// Every entry holds, and yet the bytes are not those that were signed.
    Digest,
}

impl VerifyError {
    /// The first line that is wrong, where there is one.
    pub fn line(&self) -> Option<u64> {
        match self {
            VerifyError::Fault { line, .. } | VerifyError::Shape { line, .. } => Some(*line),
            VerifyError::Manifest { line, .. } => *line,
            VerifyError::Io(_) | VerifyError::Checkpoint(_) | VerifyError::Digest => None,
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VerifyError::Io(error) => write!(f, "the file cannot be read: {error}"),
            VerifyError::Fault { line, fault } => write!(f, "line {line}: {fault}"),
            VerifyError::Shape { line, why } => write!(f, "line {line}: {why}"),
            VerifyError::Manifest { line: Some(line), error } => {
                write!(f, "line {line}, the manifest: {error}")
            }
            VerifyError::Manifest { line: None, error } => write!(f, "the manifest: {error}"),
            VerifyError::Checkpoint(Some(error)) => write!(f, "the checkpoint: {error}"),
            VerifyError::Checkpoint(None) => {
                f.write_str("the checkpoint is about none of the stores of this export")
            }
            VerifyError::Digest => {
                f.write_str("the file's bytes are not those that the manifest was signed over")
            }
        }
    }
}

impl std::error::Error for VerifyError {}

impl From<io::Error> for VerifyError {
    fn from(error: io::Error) -> VerifyError {
        VerifyError::Io(error)
    }
}

/// Verifies an NDJSON export, whose last line is its manifest. `checkpoint` is the note of an older
/// manifest.
pub fn verify_file(
    reader: impl BufRead,
    vkey: &Vkey,
    checkpoint: Option<&str>,
) -> Result<Verified, VerifyError> {
    let mut file = Reading::new(Format::Ndjson, vkey, checkpoint)?;
    let mut lines = Lines::new(reader);
    let mut note = None;
    while let Some(line) = lines.line()? {
        if note.is_some() {
            file.trailing = true;
            break;
        }
        match line.text.map(read_line) {
            Ok(Content::Entry { leaf, hash }) => {
                file.digest.update(line.bytes);
                file.verifier.leaf(leaf, hash);
            }
            Ok(Content::Manifest(text)) => note = Some(text),
            Ok(Content::Neither) => {
                file.unreadable(&line, "the line is neither an entry nor the manifest")
            }
            Err(_) => file.unreadable(&line, ""),
        }
    }
    match note {
        Some(note) => file.judge(&note, vkey),
        None => Err(file.cut()),
    }
}

/// Verifies a CSV export against the note of its companion file.
pub fn verify_csv(
    reader: impl BufRead,
    manifest: &str,
    vkey: &Vkey,
    checkpoint: Option<&str>,
) -> Result<Verified, VerifyError> {
    let mut file = Reading::new(Format::Csv, vkey, checkpoint)?;
    let mut lines = Lines::new(reader);
    let header = csv::header();
    if lines.line()?.is_none_or(|line| line.bytes != header) {
        return Err(VerifyError::Shape {
            line: 1,
            why: "the header is not that of an audit export",
        });
    }
    file.digest.update(header);
    while let Some(line) = lines.record()? {
        file.digest.update(line.bytes);
        match line.text.ok().and_then(|_| csv::read_record(line.bytes)) {
            Some((leaf, hash)) => file.verifier.leaf(&leaf, hash),
            None => file
                .unreadable(&line, "the record is not written as an audit export writes entries"),
        }
    }
    file.judge(manifest, vkey)
}

/// What is known of a file while it is read.
struct Reading {
    format: Format,
    verifier: Verifier,
    digest: Sha256,
    checkpoint: Option<Manifest>,
    /// Something follows the manifest.
    trailing: bool,
}

impl Reading {
    fn new(format: Format, vkey: &Vkey, checkpoint: Option<&str>) -> Result<Reading, VerifyError> {
        let checkpoint = checkpoint.map(|note| Manifest::open(note, vkey)).transpose();
        let checkpoint = checkpoint.map_err(|error| VerifyError::Checkpoint(Some(error)))?;
        let verifier = Verifier::against(checkpoint.iter().flat_map(Manifest::heads).cloned());
        Ok(Reading { format, verifier, digest: Sha256::new(), checkpoint, trailing: false })
    }

    fn unreadable(&mut self, line: &Line<'_>, why: &str) {
        let (kind, why) = match line.text {
            Err(Spoilt::Cut) => (FaultKind::Truncated, "the file is cut within this line"),
            Err(Spoilt::NotUtf8) => (FaultKind::NotCanonical, "the line is not UTF-8 text"),
            Ok(_) => (FaultKind::NotCanonical, why),
        };
        self.verifier.unreadable(kind, why.to_owned());
    }

    /// The line of a row: CSV has a header before them.
    fn line_of(&self, row: u64) -> u64 {
        row + u64::from(self.format == Format::Csv)
    }

    fn fault(&self, fault: Fault) -> VerifyError {
        VerifyError::Fault { line: self.line_of(fault.row), fault: Box::new(fault) }
    }

    /// A file without a manifest.
    fn cut(self) -> VerifyError {
        if let Some(fault) = self.verifier.fault_so_far() {
            return self.fault(fault.clone());
        }
        let (store, seq) = self.verifier.expected();
        self.fault(Fault {
            row: self.verifier.rows() + 1,
            store: store.to_owned(),
            seq,
            kind: FaultKind::Truncated,
            detail: "the file ends without its manifest: it was cut, or is still being written"
                .to_owned(),
        })
    }

    fn judge(mut self, note: &str, vkey: &Vkey) -> Result<Verified, VerifyError> {
        let manifest_line = (self.format == Format::Ndjson).then(|| self.verifier.rows() + 1);
        let manifest = match open_manifest(note, vkey, self.format) {
            Ok(manifest) => manifest,
            // Without a signature, what the entries alone show is still worth saying first.
            Err(error) => match self.verifier.fault_so_far() {
                Some(fault) => return Err(self.fault(fault.clone())),
                None => {
                    return Err(VerifyError::Manifest { line: manifest_line, error });
                }
            },
        };
        let not_compared = self.narrow(&manifest)?;
        let line_of_first = self.line_of(0);
        let digest: [u8; 32] = self.digest.finalize().into();
        self.verifier.finish(&manifest.chains).map_err(|fault| VerifyError::Fault {
            line: line_of_first + fault.row,
            fault: Box::new(fault),
        })?;
        if self.trailing {
            let line = manifest_line.unwrap_or_default() + 1;
            return Err(VerifyError::Shape {
                line,
                why: "something follows the manifest, which must be the last line",
            });
        }
        if digest != manifest.sha256 {
            return Err(VerifyError::Digest);
        }
        Ok(Verified { manifest, not_compared })
    }

    /// Leaves the checkpoint's heads of stores that the export is not about; the stores left out.
    fn narrow(&mut self, manifest: &Manifest) -> Result<Vec<String>, VerifyError> {
        let Some(checkpoint) = &self.checkpoint else {
            return Ok(Vec::new());
        };
        let stores = || checkpoint.heads().map(|head| head.store.as_str());
        let left_out: Vec<String> =
            stores().filter(|s| !manifest.filter.covers(s)).map(str::to_owned).collect();
        if !left_out.is_empty() && left_out.len() == stores().count() {
            return Err(VerifyError::Checkpoint(None));
        }
        self.verifier.compare_only(|store| manifest.filter.covers(store));
        Ok(left_out)
    }
}

fn open_manifest(note: &str, vkey: &Vkey, format: Format) -> Result<Manifest, ManifestError> {
    let manifest = Manifest::open(note, vkey)?;
    if manifest.format == format {
        Ok(manifest)
    } else {
        Err(ManifestError::Format(manifest.format))
    }
}
