//! Access tokens verified, for every request.
//!
//! Asked in this order: is it a token of this form at all; who says it made it; which key of that
//! issuer; is the signature that key's, by the key's own algorithm; and only then what it claims
//! (RFC 8725).

use super::claims::{self, Claims, Lifetime};
use super::compact;
use super::jwks::VerifyKey;
use super::keys::{Found, KeyStore};
use super::token::{ACCESS_TYPE, OwnNames};
use super::token_error::TokenError;
use super::trusted_issuer::{IssuerKeys, TrustedIssuer};
use super::verified_tokens::VerifiedTokens;
use super::verifier_settings::{SettingsFault, VerifierSettings};
use crate::domain::caller::{Caller, Role, Stores};
use crate::domain::name::{is_name, is_store};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What a verified access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub caller: Caller,
    pub issuer: String,
    pub jti: String,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Verifies access tokens. Share it behind an `Arc`.
pub struct Verifier {
    keys: Arc<KeyStore>,
    names: OwnNames,
    trusted: Vec<IssuerKeys>,
    leeway: SignedDuration,
    verified: VerifiedTokens<Remembered>,
}

#[derive(Clone)]
struct Remembered {
    verified: Verified,
    lifetime: Lifetime,
    /// The trusted issuer's index; none for our own tokens.
    source: Option<usize>,
    generation: u64,
}

impl Verifier {
    /// Reads the trusted issuers' key files.
    pub fn new(
        keys: Arc<KeyStore>,
        settings: VerifierSettings,
        now: Timestamp,
    ) -> Result<Verifier, SettingsFault> {
        settings.check()?;
        let open = |issuer: TrustedIssuer| IssuerKeys::open(issuer, now).map_err(SettingsFault);
        let trusted = settings.trusted.into_iter().map(open).collect::<Result<_, _>>()?;
        let leeway = SignedDuration::from_secs(settings.leeway_seconds.into());
        Ok(Verifier {
            keys,
            names: settings.names,
            trusted,
            leeway,
            verified: VerifiedTokens::new(settings.cache),
        })
    }

    /// Says who calls, or why the token is refused.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Verified, TokenError> {
        if token.len() > compact::MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let hash = Sha256::digest(token).into();
        if let Some(known) = self.verified.get(&hash) {
            if self.generation(known.source, now)? == known.generation {
                known
                    .lifetime
                    .check(now, self.leeway, self.leeway)
                    .inspect_err(|_| self.verified.remove(&hash))?;
                return Ok(known.verified);
            }
            self.verified.remove(&hash);
        }
        let fresh = self.verify_signature(token, now)?;
        self.verified.put(hash, fresh.clone());
        Ok(fresh.verified)
    }

    fn verify_signature(&self, token: &str, now: Timestamp) -> Result<Remembered, TokenError> {
        let parts = compact::parse(token, ACCESS_TYPE)?;
        let source = self.source(&claims::text(&parts.claims, "iss")?)?;
        let (key, generation) = match source {
            None => own_key(&self.keys, &parts.kid)?,
            Some(index) => self.trusted[index].find(&parts.kid, now)?,
        };
        key.verify(parts.algorithm, parts.signed, parts.signature)?;
        let (verified, lifetime) = self.read(&parts.claims, source)?;
        lifetime.check(now, self.leeway, self.leeway)?;
        if verified.caller.roles.is_empty() {
            return Err(TokenError::Insufficient("roles"));
        }
        if verified.caller.stores == Stores::Listed(Vec::new()) {
            return Err(TokenError::Insufficient("stores"));
        }
        Ok(Remembered { verified, lifetime, source, generation })
    }

    fn source(&self, issuer: &str) -> Result<Option<usize>, TokenError> {
        if issuer == self.names.issuer {
            return Ok(None);
        }
        let index = self.trusted.iter().position(|trusted| trusted.issuer.issuer == issuer);
        index.map(Some).ok_or(TokenError::UnknownIssuer)
    }

    fn generation(&self, source: Option<usize>, now: Timestamp) -> Result<u64, TokenError> {
        match source {
            None => Ok(self.keys.generation()?),
            Some(index) => self.trusted[index].generation(now),
        }
    }

    fn read(
        &self,
        claims: &Claims,
        source: Option<usize>,
    ) -> Result<(Verified, Lifetime), TokenError> {
        let (issuer, audience, operator_claim) = match source {
            None => (&self.names.issuer, &self.names.audience, "sub"),
            Some(index) => {
                let trusted = &self.trusted[index].issuer;
                (&trusted.issuer, &trusted.audience, trusted.operator_claim.as_str())
            }
        };
        claims::check_audience(claims, audience)?;
        let (subject, operator) = match operator_claim {
            "sub" => {
                let operator = claims::name(claims, "sub")?;
                (operator.clone(), operator)
            }
            other => (claims::visible(claims, "sub")?, mapped_operator(claims, other)?),
        };
        let lifetime = Lifetime::read(claims)?;
        let caller = Caller {
            subject: format!("{issuer}|{subject}"),
            operator,
            client_id: claims::text(claims, "client_id")?,
            roles: roles(claims)?,
            stores: stores(claims)?,
            register: claims::optional_name(claims, "register")?,
        };
        let jti = claims::text(claims, "jti")?;
        let Lifetime { issued_at, expires_at, .. } = lifetime;
        Ok((Verified { caller, issuer: issuer.clone(), jti, issued_at, expires_at }, lifetime))
    }
}

/// The public half of one of our own keys.
pub(super) fn own_key(keys: &KeyStore, kid: &str) -> Result<(Arc<VerifyKey>, u64), TokenError> {
    match keys.find(kid)? {
        Found::Key(key, generation) => Ok((key, generation)),
        Found::Retired => Err(TokenError::RetiredKey),
        Found::Unknown => Err(TokenError::UnknownKey),
    }
}

/// The employee number in another issuer's claim; some send it as a number.
fn mapped_operator(claims: &Claims, name: &str) -> Result<String, TokenError> {
    match claims.get(name) {
        Some(serde_json::Value::String(text)) if is_name(text) => Ok(text.clone()),
        Some(serde_json::Value::Number(number)) if number.is_u64() => Ok(number.to_string()),
        None => Err(TokenError::ClaimMissing("operator")),
        Some(_) => Err(TokenError::ClaimMalformed("operator")),
    }
}

/// The roles known here, each once; other issuers' tokens carry roles of other systems too.
pub(super) fn roles(claims: &Claims) -> Result<Vec<Role>, TokenError> {
    let mut roles: Vec<Role> =
        claims::texts(claims, "roles")?.iter().filter_map(|name| Role::parse(name)).collect();
    roles.sort();
    roles.dedup();
    Ok(roles)
}

fn stores(claims: &Claims) -> Result<Stores, TokenError> {
    let listed = claims::texts(claims, "stores")?;
    if listed.iter().any(|store| store != "*" && !is_store(store)) {
        return Err(TokenError::ClaimMalformed("stores"));
    }
    Ok(if listed.iter().any(|store| store == "*") { Stores::All } else { Stores::Listed(listed) })
}

#[cfg(test)]
#[path = "verifier_tests.rs"]
mod tests;
