//! Public keys that verify: from a JWK set (RFC 7517), each bound to the one algorithm it is for.

use super::token_error::TokenError;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

const MAX_KEYS: usize = 100;
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// A public key and the algorithm it verifies: the key says which, never the token.
pub(super) struct VerifyKey {
    algorithm: Algorithm,
    key: DecodingKey,
}

/// The algorithms that any key here may be for (API §2).
pub(super) fn algorithm_named(name: &str) -> Option<Algorithm> {
    match name {
        "EdDSA" => Some(Algorithm::EdDSA),
        "ES256" => Some(Algorithm::ES256),
        "RS256" => Some(Algorithm::RS256),
        _ => None,
    }
}

impl VerifyKey {
    pub(super) fn ed25519(public: &[u8; 32]) -> VerifyKey {
        VerifyKey { algorithm: Algorithm::EdDSA, key: DecodingKey::from_ed_der(public) }
    }

    /// Checks a signature (base64url) over the signed text.
    pub(super) fn verify(
        &self,
        claimed: Algorithm,
        signed: &str,
        signature: &str,
    ) -> Result<(), TokenError> {
        if claimed != self.algorithm {
            return Err(TokenError::AlgorithmRefused);
        }
        match jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &self.key, self.algorithm)
        {
            Ok(true) => Ok(()),
            _ => Err(TokenError::BadSignature),
        }
    }
}

/// Reads a JWK set. Keys of other kinds and uses are passed over, as RFC 7517 §5 asks; a set in
/// which none is left, or two have one id, is refused with the reasons.
pub(super) fn parse(json: &[u8]) -> Result<HashMap<String, Arc<VerifyKey>>, String> {
    let document: Value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let entries = document.get("keys").and_then(Value::as_array).ok_or("it has no list `keys`")?;
    if entries.len() > MAX_KEYS {
        return Err(format!("it has more than {MAX_KEYS} keys"));
    }
    let mut keys = HashMap::new();
    let mut passed_over = Vec::new();
    for (index, jwk) in entries.iter().enumerate() {
        match read_key(jwk) {
            Ok((kid, key)) => {
                if keys.insert(kid, Arc::new(key)).is_some() {
                    return Err(format!("key {index} has the id of another"));
                }
            }
            Err(why) => passed_over.push(format!("key {index}: {why}")),
        }
    }
    if keys.is_empty() {
        Err(format!("it has no key that can be used ({})", passed_over.join("; ")))
    } else {
        Ok(keys)
    }
}

fn read_key(jwk: &Value) -> Result<(String, VerifyKey), &'static str> {
    let member = |name: &str| jwk.get(name).and_then(Value::as_str);
    let kid = member("kid").filter(|kid| !kid.is_empty()).ok_or("no kid")?;
    if member("use").is_some_and(|usage| usage != "sig") {
        return Err("not for signatures");
    }
    let verifies = |ops: &Vec<Value>| ops.iter().any(|op| op == "verify");
    if jwk.get("key_ops").is_some_and(|ops| !ops.as_array().is_some_and(verifies)) {
        return Err("not for verifying");
    }
    if jwk.get("d").is_some() || jwk.get("k").is_some() {
        return Err("its private half is in the set, so it is no secret");
    }
    let key = match (member("kty"), member("crv")) {
        (Some("OKP"), Some("Ed25519")) => ed25519(jwk)?,
        (Some("EC"), Some("P-256")) => p256(jwk)?,
        (Some("RSA"), _) => rsa(jwk)?,
        _ => return Err("neither Ed25519 nor P-256 nor RSA"),
    };
    if member("alg").is_some_and(|alg| algorithm_named(alg) != Some(key.algorithm)) {
        return Err("for another algorithm than EdDSA, ES256 or RS256");
    }
    Ok((kid.to_owned(), key))
}

fn bytes(jwk: &Value, name: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok()
}

fn ed25519(jwk: &Value) -> Result<VerifyKey, &'static str> {
    let public: [u8; 32] =
        bytes(jwk, "x").and_then(|x| x.try_into().ok()).ok_or("x is not 32 bytes")?;
    match ed25519_dalek::VerifyingKey::from_bytes(&public) {
        Ok(key) if !key.is_weak() => Ok(VerifyKey::ed25519(&public)),
        _ => Err("x is no point that can be trusted"),
    }
}

fn p256(jwk: &Value) -> Result<VerifyKey, &'static str> {
    let (x, y) = (bytes(jwk, "x").ok_or("no x")?, bytes(jwk, "y").ok_or("no y")?);
    if x.len() != 32 || y.len() != 32 {
        return Err("x or y is not 32 bytes");
    }
    // Uncompressed SEC 1 point; whether it lies on the curve is checked with each signature.
    let point = [&[4][..], &x, &y].concat();
    Ok(VerifyKey { algorithm: Algorithm::ES256, key: DecodingKey::from_ec_der(&point) })
}

fn rsa(jwk: &Value) -> Result<VerifyKey, &'static str> {
    let (n, e) = (bytes(jwk, "n").ok_or("no n")?, bytes(jwk, "e").ok_or("no e")?);
    let modulus: Vec<u8> = n.into_iter().skip_while(|byte| *byte == 0).collect();
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if !RSA_BITS.contains(&bits) {
        return Err("not 2048 to 4096 bits");
    }
    Ok(VerifyKey {
        algorithm: Algorithm::RS256,
        key: DecodingKey::from_rsa_raw_components(&modulus, &e),
    })
}
