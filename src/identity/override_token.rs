//! Override tokens: what a manager agreed to, bound to what it was agreed for (API §5, STANDARDS 26).
//!
//! A JWT of a `typ` of its own, so that it is never taken for an access token nor the other way
//! round. That it is used once is for the store to hold, by its id; that approver and operator
//! differ is for the domain to decide.

use super::claims::{self, Claims, Lifetime};
use super::compact;
use super::keys::{KeyError, KeyStore};
use super::token::{Minted, OwnNames};
use super::token_error::TokenError;
use super::verifier::{own_key, roles};
use crate::domain::caller::Role;
use crate::domain::entry::{hex, unhex};
use crate::domain::money::{Currency, Minor};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::sync::Arc;
use uuid::Uuid;

/// `typ` of override tokens.
pub const OVERRIDE_TYPE: &str = "override+jwt";
/// The longest life of an override token.
pub const OVERRIDE_LIFETIME: SignedDuration = SignedDuration::from_secs(300);
/// The dot and the characters of an Ed25519 signature.
const SIGNATURE_LENGTH: usize = 87;
/// What the clocks of two instances may differ by. The end has no leeway: five minutes are five
/// minutes.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

/// Who agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    /// As [`Caller::subject`](crate::domain::caller::Caller::subject): `iss|sub`.
    pub subject: String,
    /// The employee number.
    pub operator: String,
    /// The roles held when agreeing.
    pub roles: Vec<Role>,
}

/// What was agreed to, and nothing beyond it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideGrant {
    pub store: String,
    /// SHA-256 of the draft that was approved.
    pub draft: [u8; 32],
    /// The person at the register, if the approver was told.
    pub operator: Option<String>,
    /// Ids of the sales; empty for a return without receipt.
    pub sales: Vec<String>,
    /// The finding codes that are overridden.
    pub codes: Vec<String>,
    /// The most that may be refunded, not negative.
    pub max_refund: Minor,
    pub currency: Currency,
}

/// A verified override.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The override's id: to be used once.
    pub id: Uuid,
    pub approver: Approver,
    pub grant: OverrideGrant,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(Serialize)]
struct OverrideClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    jti: String,
    iat: i64,
    exp: i64,
    approver: &'a str,
    roles: Vec<&'a str>,
    grant: GrantClaims<'a>,
}

#[derive(Serialize)]
struct GrantClaims<'a> {
    store: &'a str,
    draft: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<&'a str>,
    sales: &'a [String],
    codes: &'a [String],
    max_refund: String,
    currency: &'a str,
}

/// Makes and verifies override tokens with our own keys; no other issuer's count.
#[derive(Clone)]
pub struct OverrideTokens {
    keys: Arc<KeyStore>,
    names: OwnNames,
}

impl OverrideTokens {
    pub fn new(keys: Arc<KeyStore>, names: OwnNames) -> OverrideTokens {
        OverrideTokens { keys, names }
    }

    /// Makes the token of the override `id` (a UUIDv7). It counts for `lifetime`, but never more
    /// than five minutes.
    pub fn mint(
        &self,
        id: Uuid,
        approver: &Approver,
        grant: &OverrideGrant,
        lifetime: SignedDuration,
        now: Timestamp,
    ) -> Result<Minted, KeyError> {
        let prepared = self.prepare(id, approver, grant, lifetime, now)?;
        Ok(Minted { token: self.seal(&prepared.token)?, ..prepared })
    }

    /// The same without the signature: what may be kept, for it approves nothing.
    pub fn prepare(
        &self,
        id: Uuid,
        approver: &Approver,
        grant: &OverrideGrant,
        lifetime: SignedDuration,
        now: Timestamp,
    ) -> Result<Minted, KeyError> {
        let iat = now.as_second();
        let exp = iat.saturating_add(lifetime.min(OVERRIDE_LIFETIME).as_secs().max(1));
        let expires_at =
            Timestamp::from_second(exp).map_err(|e| KeyError::Signing(e.to_string()))?;
        let claims = OverrideClaims {
            iss: &self.names.issuer,
            aud: &self.names.audience,
            sub: &approver.subject,
            jti: id.to_string(),
            iat,
            exp,
            approver: &approver.operator,
            roles: approver.roles.iter().map(|role| role.as_str()).collect(),
            grant: GrantClaims::of(grant),
        };
        let token = self.keys.unsigned(OVERRIDE_TYPE, &claims)?;
        // What we would not take back is not handed out: a return of hundreds of sales does not
        // fit.
        if token.len() + SIGNATURE_LENGTH > compact::MAX_TOKEN_BYTES {
            return Err(KeyError::Signing(
                "the override names more sales and findings than a token can hold".to_owned(),
            ));
        }
        Ok(Minted { token, id, expires_at })
    }

    /// Adds the signature to a token that was prepared: each time the same, until its key is
    /// retired.
    pub fn seal(&self, prepared: &str) -> Result<String, KeyError> {
        self.keys.seal(prepared)
    }

    /// Says what was agreed to and by whom, or why the token is refused. `Expired` is a reason of
    /// its own (`override_expired`); the rest say that this is no override of ours.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Override, TokenError> {
        let parts = compact::parse(token, OVERRIDE_TYPE)?;
        if claims::text(&parts.claims, "iss")? != self.names.issuer {
            return Err(TokenError::UnknownIssuer);
        }
        let (key, _) = own_key(&self.keys, &parts.kid)?;
        key.verify(parts.algorithm, parts.signed, parts.signature)?;
        claims::check_audience(&parts.claims, &self.names.audience)?;
        let lifetime = Lifetime::read(&parts.claims)?;
        if lifetime.expires_at.duration_since(lifetime.issued_at) > OVERRIDE_LIFETIME {
            return Err(TokenError::LivesTooLong);
        }
        let found = read(&parts.claims, lifetime)?;
        lifetime.check(now, LEEWAY, SignedDuration::ZERO)?;
        Ok(found)
    }
}

impl<'a> GrantClaims<'a> {
    fn of(grant: &'a OverrideGrant) -> GrantClaims<'a> {
        GrantClaims {
            store: &grant.store,
            draft: hex(&grant.draft),
            operator: grant.operator.as_deref(),
            sales: &grant.sales,
            codes: &grant.codes,
            max_refund: grant.max_refund.format(grant.currency),
            currency: grant.currency.code(),
        }
    }
}

fn read(claims: &Claims, lifetime: Lifetime) -> Result<Override, TokenError> {
    let id =
        Uuid::try_parse(&claims::text(claims, "jti")?).ok().filter(|id| id.get_version_num() == 7);
    let approver = Approver {
        subject: claims::subject(claims, "sub")?,
        operator: claims::text(claims, "approver")?,
        roles: roles(claims)?,
    };
    if approver.roles.is_empty() {
        return Err(TokenError::Insufficient("roles"));
    }
    let grant = claims.get("grant").ok_or(TokenError::ClaimMissing("grant"))?;
    Ok(Override {
        id: id.ok_or(TokenError::ClaimMalformed("jti"))?,
        approver,
        grant: read_grant(grant.as_object().ok_or(TokenError::ClaimMalformed("grant"))?)?,
        issued_at: lifetime.issued_at,
        expires_at: lifetime.expires_at,
    })
}

fn read_grant(grant: &Claims) -> Result<OverrideGrant, TokenError> {
    let currency = Currency::parse(&claims::text(grant, "currency")?)
        .ok_or(TokenError::ClaimMalformed("currency"))?;
    let max_refund = Minor::parse(&claims::text(grant, "max_refund")?, currency)
        .filter(|amount| *amount >= Minor::ZERO);
    let codes = claims::texts(grant, "codes")?;
    if codes.is_empty() {
        return Err(TokenError::ClaimMissing("codes"));
    }
    let draft = unhex(&claims::text(grant, "draft")?);
    Ok(OverrideGrant {
        store: claims::text(grant, "store")?,
        draft: draft.ok_or(TokenError::ClaimMalformed("draft"))?,
        operator: grant.get("operator").map(|_| claims::text(grant, "operator")).transpose()?,
        sales: claims::texts(grant, "sales")?,
        codes,
        max_refund: max_refund.ok_or(TokenError::ClaimMalformed("max_refund"))?,
        currency,
    })
}

#[cfg(test)]
#[path = "override_token_tests.rs"]
mod tests;
