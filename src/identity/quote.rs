//! What a check promised, signed, so that recording can say what changed since (PRODUCT §5).
//!
//! An opaque text for the register: base64url of the JSON, a dot, base64url of its HMAC-SHA-256. It
//! holds for ten minutes. It proves that this service said so; it gives no right.

use super::keyed_hash::KeyedHasher;
use super::keys::{KeyError, KeyStore};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// How long a quote holds.
pub const QUOTE_LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// The longest quote looked at, in bytes.
const MAX_QUOTE_BYTES: usize = 64 * 1024;
const LABEL: &str = "quote v1";

/// Signs quotes and opens them again.
#[derive(Clone)]
pub struct Quotes {
    keys: Arc<KeyStore>,
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    /// Microseconds since 1970 after which the quote is void.
    expires: i64,
    quote: T,
}

impl Quotes {
    pub fn new(keys: Arc<KeyStore>) -> Quotes {
        Quotes { keys }
    }

    /// The quote as text. Fails only where keys cannot be used or the payload has no JSON form.
    pub fn seal<T: Serialize>(&self, quote: &T, now: Timestamp) -> Result<String, QuoteError> {
        let expires = now.as_microsecond().saturating_add(QUOTE_LIFETIME.as_micros() as i64);
        let json =
            serde_json::to_vec(&Envelope { expires, quote }).map_err(|_| QuoteError::Malformed)?;
        let payload = URL_SAFE_NO_PAD.encode(json);
        let mac = self.hasher()?.hash(LABEL, &payload);
        Ok(format!("{payload}.{}", URL_SAFE_NO_PAD.encode(mac)))
    }

    /// The payload of a quote that this service made and that still holds.
    pub fn open<T: DeserializeOwned>(&self, quote: &str, now: Timestamp) -> Result<T, QuoteError> {
        if quote.len() > MAX_QUOTE_BYTES {
            return Err(QuoteError::Malformed);
        }
        let (payload, mac) = quote.split_once('.').ok_or(QuoteError::Malformed)?;
        let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_| QuoteError::Malformed)?;
        if !self.hasher()?.matches(LABEL, payload.as_bytes(), &mac) {
            return Err(QuoteError::Forged);
        }
        let json = URL_SAFE_NO_PAD.decode(payload).map_err(|_| QuoteError::Malformed)?;
        // A quote of another version of the program: signed by us, but no longer understood.
        let envelope: Envelope<T> =
            serde_json::from_slice(&json).map_err(|_| QuoteError::Malformed)?;
        if now.as_microsecond() >= envelope.expires {
            Err(QuoteError::Expired)
        } else {
            Ok(envelope.quote)
        }
    }

    fn hasher(&self) -> Result<KeyedHasher, QuoteError> {
        self.keys.hasher().map_err(QuoteError::Keys)
    }
}

/// Why a quote cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuoteError {
    Malformed,
    Forged,
    Expired,
    Keys(KeyError),
}

impl fmt::Display for QuoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QuoteError::Malformed => f.write_str(
                "This is not a quote that the service understands; check the return again.",
            ),
            QuoteError::Forged => {
                f.write_str("This quote was not made by this service; check the return again.")
            }
            QuoteError::Expired => {
                f.write_str("The quote has expired after 10 minutes; check the return again.")
            }
            QuoteError::Keys(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for QuoteError {}

#[cfg(test)]
mod tests {
    use super::super::scratch::Scratch;
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn opens_what_it_sealed_until_ten_minutes_are_over() {
        let scratch = Scratch::new();
        let start: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let open_store =
            || Arc::new(KeyStore::open_or_create(scratch.path(), &Clock::fixed(start)).unwrap());
        let sealed = Quotes::new(open_store()).seal(&("12.25", 7), start).unwrap();
        let quotes = Quotes::new(open_store()); // another instance with the same keys
        let open = |text: &str, after_micros: i64| {
            let now = Timestamp::from_microsecond(start.as_microsecond() + after_micros).unwrap();
            quotes.open::<(String, u32)>(text, now)
        };

        assert_eq!(open(&sealed, 599_999_999), Ok(("12.25".into(), 7)));
        assert_eq!(open(&sealed, 600_000_000), Err(QuoteError::Expired));

        let (payload, mac) = sealed.split_once('.').unwrap();
        let other = URL_SAFE_NO_PAD.encode(r#"{"expires":9000000000000000,"quote":["99.99",7]}"#);
        assert_eq!(open(&format!("{other}.{mac}"), 0), Err(QuoteError::Forged));
        assert_eq!(open(&format!("{payload}.{}", &mac[..40]), 0), Err(QuoteError::Forged));
        assert_eq!(open(&format!("{payload}."), 0), Err(QuoteError::Forged));
        assert_eq!(open(payload, 0), Err(QuoteError::Malformed));
        assert_eq!(open(&"a".repeat(70_000), 0), Err(QuoteError::Malformed));
        assert_eq!(quotes.open::<bool>(&sealed, start), Err(QuoteError::Malformed));

        let elsewhere = Scratch::new();
        let store = KeyStore::open_or_create(elsewhere.path(), &Clock::fixed(start)).unwrap();
        assert_eq!(
            Quotes::new(Arc::new(store)).open::<(String, u32)>(&sealed, start),
            Err(QuoteError::Forged)
        );
    }
}
