//! A compact JWT taken apart, strictly, before anything in it is believed (RFC 7515, RFC 8725).
//!
//! Libraries of JSON take the last of two equal members, or the first; a token that two readers
//! understand differently is refused here, at any depth.

use super::jwks::algorithm_named;
use super::token_error::TokenError;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::fmt;

/// The longest token looked at, in bytes.
pub(super) const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Headers that name or bring a key of the token's own choice, or make it an encrypted or nested
/// one.
const FORBIDDEN_HEADERS: [&str; 9] =
    ["jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "enc", "zip", "cty"];

/// The parts of a token, none of them trusted yet.
pub(super) struct Unverified<'t> {
    pub(super) algorithm: Algorithm,
    pub(super) kid: String,
    pub(super) claims: Map<String, Value>,
    pub(super) signed: &'t str,
    pub(super) signature: &'t str,
}

/// Takes a token of the given `typ` apart.
pub(super) fn parse<'t>(token: &'t str, typ: &str) -> Result<Unverified<'t>, TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::TooLong);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
    // A third dot is no letter of base64url and falls in the decoding.
    let header = json_object(header)?;
    refuse_headers(&header)?;
    if !header.get("typ").and_then(Value::as_str).is_some_and(|found| is_type(found, typ)) {
        return Err(TokenError::WrongType);
    }
    let algorithm = header.get("alg").and_then(Value::as_str).and_then(algorithm_named);
    let algorithm = algorithm.ok_or(TokenError::AlgorithmRefused)?;
    let kid = header.get("kid").and_then(Value::as_str).ok_or(TokenError::KeyIdMissing)?.to_owned();
    Ok(Unverified { algorithm, kid, claims: json_object(claims)?, signed, signature })
}

fn refuse_headers(header: &Map<String, Value>) -> Result<(), TokenError> {
    if let Some(name) = FORBIDDEN_HEADERS.into_iter().find(|name| header.contains_key(*name)) {
        return Err(TokenError::HeaderForbidden(name));
    }
    // No extension is understood, so whatever is critical is not.
    if header.contains_key("crit") { Err(TokenError::CriticalHeader) } else { Ok(()) }
}

/// Media types compare without regard to case, and may leave `application/` out (RFC 7515 §4.1.9).
fn is_type(found: &str, typ: &str) -> bool {
    let found = found.to_ascii_lowercase();
    found.strip_prefix("application/").unwrap_or(&found) == typ
}

fn json_object(part: &str) -> Result<Map<String, Value>, TokenError> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)?;
    let duplicate = Cell::new(false);
    let mut reader = serde_json::Deserializer::from_slice(&json);
    let value =
        Strict(&duplicate).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    match value {
        Ok(Value::Object(members)) => Ok(members),
        _ if duplicate.get() => Err(TokenError::DuplicateMember),
        _ => Err(TokenError::Malformed),
    }
}

/// Reads any JSON value and stops at the first member that is there twice.
#[derive(Clone, Copy)]
struct Strict<'a>(&'a Cell<bool>);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = items.next_key::<String>()? {
            if members.contains_key(&name) {
                self.0.set(true);
                return Err(A::Error::custom("duplicate member"));
            }
            members.insert(name, items.next_value_seed(self)?);
        }
        Ok(Value::Object(members))
    }
}
