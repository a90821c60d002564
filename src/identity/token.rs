//! Access tokens (RFC 9068) made here, for operators and registers of our own.
//! [`verifier`](super::verifier) is where they, and those of other issuers, are verified.

use super::keys::{KeyError, KeyStore};
use crate::domain::caller::{Role, Stores};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::sync::Arc;
use uuid::{NoContext, Uuid};

/// `typ` of access tokens.
pub const ACCESS_TYPE: &str = "at+jwt";
/// What the service calls itself in its own tokens. The same for all instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnNames {
    pub issuer: String,
    pub audience: String,
}

/// For whom an access token is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessGrant {
    /// The employee number, or the register's name for a register's own token: becomes `sub`.
    pub operator: String,
    pub client_id: String,
    pub roles: Vec<Role>,
    pub stores: Stores,
    pub register: Option<String>,
    /// How long it counts.
    pub lifetime: SignedDuration,
}

/// A token just made. Without `Debug`: it must not reach a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Minted {
    pub token: String,
    pub id: Uuid,
    pub expires_at: Timestamp,
}

#[derive(Serialize)]
struct AccessClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    jti: String,
    iat: i64,
    exp: i64,
    roles: Vec<&'a str>,
    stores: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    register: Option<&'a str>,
}

/// Makes access tokens with the key directory's active key.
#[derive(Clone)]
pub struct Minter {
    keys: Arc<KeyStore>,
    names: OwnNames,
}

impl Minter {
    pub fn new(keys: Arc<KeyStore>, names: OwnNames) -> Minter {
        Minter { keys, names }
    }

    /// Makes a token that counts from now, in whole seconds. A lifetime under a second is taken as
    /// one second.
    pub fn mint(&self, grant: &AccessGrant, now: Timestamp) -> Result<Minted, KeyError> {
        let id = new_id(now);
        let iat = now.as_second();
        let exp = iat.saturating_add(grant.lifetime.as_secs().max(1));
        let expires_at =
            Timestamp::from_second(exp).map_err(|e| KeyError::Signing(e.to_string()))?;
        let stores = match &grant.stores {
            Stores::All => vec!["*"],
            Stores::Listed(stores) => stores.iter().map(String::as_str).collect(),
        };
        let claims = AccessClaims {
            iss: &self.names.issuer,
            aud: &self.names.audience,
            sub: &grant.operator,
            client_id: &grant.client_id,
            jti: id.to_string(),
            iat,
            exp,
            roles: grant.roles.iter().map(|role| role.as_str()).collect(),
            stores,
            register: grant.register.as_deref(),
        };
        Ok(Minted { token: self.keys.sign(ACCESS_TYPE, &claims)?, id, expires_at })
    }
}

/// A UUIDv7 of the given instant.
pub(super) fn new_id(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos))
}
