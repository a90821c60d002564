//! Operators' PINs, and how they are kept.

use super::keys::{KeyError, KeyStore};
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use std::fmt;
use std::sync::Arc;

const LABEL: &str = "operator pin v1";
/// What hashes begin with that are bound to their operator; those of before are not.
const BOUND: &str = "operator:";

/// The cost of one hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinCost {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl PinCost {
    /// OWASP's parameters for Argon2id (Password Storage Cheat Sheet).
    pub const OWASP: PinCost = PinCost { memory_kib: 19_456, passes: 2, lanes: 1 };
}

/// Hashes and verifies PINs with Argon2id. Takes some tens of milliseconds with the usual cost: not
/// for a thread that answers others.
///
/// A PIN has few possibilities, so a hash alone would be tried through in minutes by who steals the
/// database: what is hashed is the HMAC of operator and PIN under the key directory's secret, which
/// is not in the database. Somebody who can write into the database cannot give one operator
/// another's PIN by copying its hash.
pub struct PinHasher {
    keys: Arc<KeyStore>,
    argon: Argon2<'static>,
    /// The hash of a PIN nobody has, verified for operators that do not exist.
    nobody: String,
}

impl PinHasher {
    pub fn new(keys: Arc<KeyStore>, cost: PinCost) -> Result<PinHasher, PinError> {
        let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, None)
            .map_err(|_| PinError::Cost)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut hasher = PinHasher { keys, argon, nobody: String::new() };
        hasher.nobody = hasher.hash("", "no PIN has letters")?;
        Ok(hasher)
    }

    /// The hash to keep: `operator:`, then PHC text form with a salt of its own.
    pub fn hash(&self, operator: &str, pin: &str) -> Result<String, PinError> {
        let salt = SaltString::generate(&mut OsRng);
        let keyed = self.keyed(&bound(operator, pin))?;
        let hash = self.argon.hash_password(&keyed, &salt).map_err(|_| PinError::Damaged)?;
        Ok(format!("{BOUND}{hash}"))
    }

    /// Returns true if `pin` is the operator's, of which `kept` is the hash. `None`, for an operator
    /// who does not exist or has no PIN, is always false and takes the same time.
    pub fn verify(&self, operator: &str, pin: &str, kept: Option<&str>) -> Result<bool, PinError> {
        let text = kept.unwrap_or(&self.nobody);
        let (keyed, phc) = match text.strip_prefix(BOUND) {
            Some(phc) => (self.keyed(&bound(operator, pin))?, phc),
            None => (self.keyed(pin)?, text),
        };
        let hash = PasswordHash::new(phc).map_err(|_| PinError::Damaged)?;
        let right = match self.argon.verify_password(&keyed, &hash) {
            Ok(()) => true,
            Err(argon2::password_hash::Error::Password) => false,
            Err(_) => return Err(PinError::Damaged),
        };
        Ok(right && kept.is_some())
    }

    fn keyed(&self, text: &str) -> Result<[u8; 32], PinError> {
        Ok(self.keys.hasher().map_err(PinError::Keys)?.hash(LABEL, text))
    }
}

/// A PIN has digits alone: it cannot be read as part of the number before it.
fn bound(operator: &str, pin: &str) -> String {
    format!("{operator}\0{pin}")
}

/// Trouble with hashing; a wrong PIN is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinError {
    Cost,
    /// A kept hash is not one.
    Damaged,
    Keys(KeyError),
}

impl fmt::Display for PinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PinError::Cost => {
                f.write_str("the configured cost of PIN hashes is outside what Argon2 allows")
            }
            PinError::Damaged => {
                f.write_str("a kept PIN hash cannot be read; set the operator's PIN again")
            }
            PinError::Keys(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for PinError {}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;
    use crate::clock::Clock;
    use jiff::Timestamp;

    const QUICK: PinCost = PinCost { memory_kib: 8, passes: 1, lanes: 1 };

    fn hasher(scratch: &Scratch) -> PinHasher {
        let store =
            KeyStore::open_or_create(scratch.path(), &Clock::fixed(Timestamp::UNIX_EPOCH)).unwrap();
        PinHasher::new(Arc::new(store), QUICK).unwrap()
    }

    #[test]
    fn the_right_pin_and_no_other() {
        let scratch = Scratch::new();
        let hasher = hasher(&scratch);
        let (kept, again) =
            (hasher.hash("1042", "2580").unwrap(), hasher.hash("1042", "2580").unwrap());
        assert!(kept.starts_with("operator:$argon2id$v=19$m=8,t=1,p=1$"));
        assert_ne!(kept, again);
        assert_eq!(hasher.verify("1042", "2580", Some(&kept)), Ok(true));
        assert_eq!(hasher.verify("1042", "2581", Some(&kept)), Ok(false));
        assert_eq!(hasher.verify("1042", "", Some(&kept)), Ok(false));
        assert_eq!(hasher.verify("1042", "2580", Some("2580")), Err(PinError::Damaged));
    }

    #[test]
    fn a_hash_copied_to_another_operator_opens_nothing() {
        let scratch = Scratch::new();
        let hasher = hasher(&scratch);
        let kept = hasher.hash("1042", "2580").unwrap();
        assert_eq!(hasher.verify("2001", "2580", Some(&kept)), Ok(false));
        // Nor does a hash that is passed off as one of before.
        let bare = kept.strip_prefix("operator:");
        assert_eq!(hasher.verify("2001", "2580", bare), Ok(false));
    }

    #[test]
    fn a_hash_of_before_still_counts() {
        let scratch = Scratch::new();
        let hasher = hasher(&scratch);
        let salt = SaltString::generate(&mut OsRng);
        let keyed = hasher.keyed("2580").unwrap();
        let kept = hasher.argon.hash_password(&keyed, &salt).unwrap().to_string();
        assert_eq!(hasher.verify("1042", "2580", Some(&kept)), Ok(true));
        assert_eq!(hasher.verify("1042", "2581", Some(&kept)), Ok(false));
    }

    #[test]
    fn nobody_has_no_pin_at_all() {
        let scratch = Scratch::new();
        let hasher = hasher(&scratch);
        assert_eq!(hasher.verify("", "no PIN has letters", None), Ok(false));
        assert_eq!(hasher.verify("1042", "2580", None), Ok(false));
        assert!(
            hasher.nobody.starts_with("operator:$argon2id$v=19$m=8,t=1,p=1$"),
            "costs what a real one costs"
        );
    }

    #[test]
    fn a_hash_is_worth_nothing_without_the_key_directory() {
        let (ours, theirs) = (Scratch::new(), Scratch::new());
        let kept = hasher(&ours).hash("1042", "2580").unwrap();
        assert_eq!(hasher(&ours).verify("1042", "2580", Some(&kept)), Ok(true));
        assert_eq!(hasher(&theirs).verify("1042", "2580", Some(&kept)), Ok(false));
    }
}
