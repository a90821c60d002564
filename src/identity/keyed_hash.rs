//! Hashes that only who holds the key directory's secret can make: a gift-card code or the number
//! of an ID document is found again by its hash, and a stolen database does not give the numbers
//! away to guessing.

use hmac::{Hmac, Mac};
use sha2::Sha256;

type HmacSha256 = Hmac<Sha256>;

/// HMAC-SHA-256 with a key per label, derived from the secret: `HMAC(HMAC(secret, label), text)`.
/// Labels keep purposes apart: the same text under two labels has unrelated hashes.
#[derive(Clone)]
pub struct KeyedHasher {
    secret: [u8; 32],
}

impl KeyedHasher {
    pub(super) fn new(secret: [u8; 32]) -> KeyedHasher {
        KeyedHasher { secret }
    }

    /// The hash of `text` for the purpose that `label` names.
    pub fn hash(&self, label: &str, text: &str) -> [u8; 32] {
        self.mac(label, text.as_bytes()).finalize().into_bytes().into()
    }

    /// Whether `hash` is that of `text`, in a time that does not tell how much of it is right.
    pub fn matches(&self, label: &str, text: &[u8], hash: &[u8]) -> bool {
        self.mac(label, text).verify_slice(hash).is_ok()
    }

    fn mac(&self, label: &str, text: &[u8]) -> HmacSha256 {
        let derived = keyed(&self.secret).chain_update(label.as_bytes()).finalize().into_bytes();
        keyed(&derived.into()).chain_update(text)
    }
}

fn keyed(key: &[u8; 32]) -> HmacSha256 {
    // HMAC takes keys of any length (RFC 2104): this cannot fail.
    <HmacSha256 as Mac>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes any key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_hmac_with_a_key_derived_by_label() {
        // Computed apart: python3 -c "import hmac;h=lambda k,m:hmac.new(k,m,'sha256').digest();
        // print(h(h(bytes(range(32)),b'gift-card'),b'6035-1234').hex())"
        let hash =
            KeyedHasher::new(std::array::from_fn(|i| i as u8)).hash("gift-card", "6035-1234");
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "2a363a656b590ba5a43128c05142dfa0d7458dd0854766f1a6f5a67c9fdd1a53");
    }

    #[test]
    fn label_text_and_secret_all_count() {
        let hasher = KeyedHasher::new([7; 32]);
        let hash = hasher.hash("gift-card", "1");
        assert!(hasher.matches("gift-card", b"1", &hash));
        assert!(!hasher.matches("id-document", b"1", &hash));
        assert!(!hasher.matches("gift-card", b"2", &hash));
        assert!(!hasher.matches("gift-card", b"1", &hash[..31]));
        assert!(!KeyedHasher::new([8; 32]).matches("gift-card", b"1", &hash));
    }
}
