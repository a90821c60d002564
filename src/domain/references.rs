//! References to people in the log: who has the key finds a person's entries, nobody reads the
//! person off them.

use super::canonical::Json;
use super::entry::hex;
use std::fmt;
use std::sync::Arc;

/// Makes references: a keyed hash that is given from outside, since the key is not the domain's.
#[derive(Clone, Default)]
pub struct References(Option<Arc<Hash>>);

/// None where the key cannot be read.
type Hash = dyn Fn(&str) -> Option<[u8; 32]> + Send + Sync;

impl References {
    pub fn new(hash: impl Fn(&str) -> Option<[u8; 32]> + Send + Sync + 'static) -> References {
        References(Some(Arc::new(hash)))
    }

    /// The reference to a customer: the first half of the hash, in hexadecimal digits. Null where
    /// nobody is named or there is no key.
    pub fn customer(&self, customer: Option<&str>) -> Json {
        let hash = self.0.as_ref().zip(customer).and_then(|(hash, customer)| hash(customer));
        hash.map(|hash| hex(&hash[..16])).into()
    }
}

impl fmt::Debug for References {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("References")
    }
}
