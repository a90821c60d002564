//! What both writers keep of an export while it streams by: digest, count, and each store's stretch
//! of chain.
//!
//! The chain is verified on the way out: the service never signs a log that does not hold.

use super::manifest::{Filter, Format, Manifest, ManifestError};
use crate::domain::entry::{Chain, Fault, Span, Verifier, genesis};
use crate::identity::note::Signer;
use sha2::{Digest, Sha256};
use std::{fmt, io};

/// Why an export ended early. What was written so far has no manifest and verifies as cut.
#[derive(Debug)]
pub enum ExportError {
    Io(io::Error),
    /// The log itself is damaged: the first bad entry.
    Fault(Box<Fault>),
    /// The first entry given of a store is not its entry 1, and nobody said what stands before it.
    Unbegun {
        store: String,
        seq: u64,
    },
    /// The entry has members that the format has no column for.
    Column {
        store: String,
        seq: u64,
    },
    Manifest(ManifestError),
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExportError::Io(error) => write!(f, "the export cannot be written: {error}"),
            ExportError::Fault(fault) => write!(f, "the log is damaged and is not signed: {fault}"),
            ExportError::Unbegun { store, seq } => {
                write!(
                    f,
                    "the export of store {store:?} starts with entry {seq} without the hash before it"
                )
            }
            ExportError::Column { store, seq } => {
                write!(
                    f,
                    "entry {seq} of store {store:?} does not fit into the columns; export it as ndjson"
                )
            }
            ExportError::Manifest(error) => write!(f, "the manifest cannot be signed: {error}"),
        }
    }
}

impl std::error::Error for ExportError {}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> ExportError {
        ExportError::Io(error)
    }
}

impl From<ManifestError> for ExportError {
    fn from(error: ManifestError) -> ExportError {
        ExportError::Manifest(error)
    }
}

#[derive(Default)]
pub(super) struct Tally {
    digest: Sha256,
    verifier: Verifier,
    begun: Option<Chain>,
    chains: Vec<Span>,
}

impl Tally {
    /// Says what stands before the next store's first entry.
    pub fn begin(&mut self, before: Chain) {
        self.verifier.begin_after(before.clone());
        self.begun = Some(before);
    }

    /// Takes bytes into the digest, before they are written.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
    }

    /// Takes an entry into the count and the chains, and verifies it.
    pub fn entry(&mut self, leaf: &str, hash: &[u8; 32]) -> Result<(), ExportError> {
        self.verifier.leaf(leaf, *hash);
        if let Some(fault) = self.verifier.fault_so_far() {
            return Err(ExportError::Fault(Box::new(fault.clone())));
        }
        let (store, seq) = self.place();
        if let Some(span) = self.chains.last_mut().filter(|span| span.store() == store) {
            (span.last.seq, span.last.hash) = (seq, *hash);
            return Ok(());
        }
        let before = match self.begun.take().filter(|begun| begun.store == store) {
            Some(begun) => begun.hash,
            None if seq == 1 => genesis(&store),
            None => return Err(ExportError::Unbegun { store, seq }),
        };
        self.chains.push(Span { first: seq, before, last: Chain { store, seq, hash: *hash } });
        Ok(())
    }

    /// Where the entry taken last stands.
    pub fn place(&self) -> (String, u64) {
        let (store, next) = self.verifier.expected();
        (store.to_owned(), next - 1)
    }

    pub fn manifest(self, format: Format, filter: Filter) -> Manifest {
        let sha256 = self.digest.finalize().into();
        Manifest { format, entries: self.verifier.rows(), sha256, filter, chains: self.chains }
    }

    pub fn sign(
        self,
        format: Format,
        filter: Filter,
        signer: &Signer,
    ) -> Result<String, ExportError> {
        Ok(self.manifest(format, filter).sign(signer)?)
    }
}
