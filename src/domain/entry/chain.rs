//! The hash chain of one store: every entry's hash covers the one before it.
//!
//! `genesis(store) = SHA-256("returndesk audit chain v1\n" ‖ store)`,
//! `link(prev, leaf) = SHA-256(0x01 ‖ prev ‖ leaf)`.

use sha2::{Digest, Sha256};

/// What stands before a store's first entry.
pub fn genesis(store: &str) -> [u8; 32] {
    Sha256::new().chain_update(b"returndesk audit chain v1\n").chain_update(store).finalize().into()
}

/// The hash of the entry with this leaf, after the entry (or genesis) with hash `prev`.
pub fn link(prev: &[u8; 32], leaf: &str) -> [u8; 32] {
    Sha256::new().chain_update([1]).chain_update(prev).chain_update(leaf).finalize().into()
}

/// A store's chain up to and including one entry: its head, or the state before some entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub store: String,
    /// How many entries there are; the last one's seq.
    pub seq: u64,
    /// The last entry's hash; genesis if there is none.
    pub hash: [u8; 32],
}

impl Chain {
    /// The chain of a store without entries.
    pub fn new(store: &str) -> Chain {
        Chain { store: store.to_owned(), seq: 0, hash: genesis(store) }
    }

    /// Appends the entry with this leaf, whose seq must be `self.seq + 1`; its hash.
    pub fn extend(&mut self, leaf: &str) -> [u8; 32] {
        self.hash = link(&self.hash, leaf);
        self.seq += 1;
        self.hash
    }
}

/// A stretch of a store's chain as someone vouches for it: where it starts, and where it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The seq of the first entry; one more than `last.seq` if the stretch is empty.
    pub first: u64,
    /// The hash that stands before the first entry.
    pub before: [u8; 32],
    pub last: Chain,
}

impl Span {
    /// All entries of a store up to its head.
    pub fn whole(head: Chain) -> Span {
        Span { first: 1, before: genesis(&head.store), last: head }
    }

    pub fn store(&self) -> &str {
        &self.last.store
    }

    pub fn is_empty(&self) -> bool {
        self.first > self.last.seq
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Reads 64 lower-case hexadecimal digits; one spelling only, so that a file cannot be changed
/// unseen.
pub fn unhex(text: &str) -> Option<[u8; 32]> {
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}
