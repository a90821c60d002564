//! What can be wrong with a log, in words for the person who has to act on it.

use super::chain::hex;
use std::fmt;

/// What kind of harm was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The leaf does not fit its hash.
    Edited,
    /// Entries were deleted.
    Missing,
    /// An entry is there that the chain does not have room for.
    Inserted,
    /// An entry stands in another one's place.
    Swapped,
    /// The stored hash was altered; the leaf is as it was.
    HashMismatch,
    /// The leaf is not an entry as this log writes it.
    NotCanonical,
    /// The end was cut off.
    Truncated,
    /// Every link holds, but the chain is not the one that was vouched for: it was hashed again.
    HeadMismatch,
}

impl FaultKind {
    /// A stable name for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            FaultKind::Edited => "edited",
            FaultKind::Missing => "missing",
            FaultKind::Inserted => "inserted",
            FaultKind::Swapped => "swapped",
            FaultKind::HashMismatch => "hash_mismatch",
            FaultKind::NotCanonical => "not_canonical",
            FaultKind::Truncated => "truncated",
            FaultKind::HeadMismatch => "head_mismatch",
        }
    }
}

/// The first bad entry of a log, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which of the rows given it is, from 1; for what is missing, the row that stands in its
    /// place.
    pub row: u64,
    pub store: String,
    pub seq: u64,
    pub kind: FaultKind,
    pub detail: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "entry {} of store {:?} ({}): {}",
            self.seq,
            self.store,
            self.kind.as_str(),
            self.detail
        )
    }
}

impl std::error::Error for Fault {}

/// The first digits of a hash: enough to compare by eye.
pub(super) fn short(hash: &[u8; 32]) -> String {
    format!("{}…", hex(&hash[..6]))
}

pub(super) fn gap(expected: u64, found: u64) -> String {
    match found - expected {
        1 => format!("it is gone: entry {found} stands in its place"),
        n => format!(
            "{n} entries are gone, {expected} to {}: entry {found} stands in their place",
            found - 1
        ),
    }
}

pub(super) fn edited(stored: &[u8; 32], computed: &[u8; 32]) -> String {
    format!(
        "its stored hash is {}, its content after the entry before it gives {}: it was altered, or the one before it was \
         altered and hashed again",
        short(stored),
        short(computed)
    )
}
