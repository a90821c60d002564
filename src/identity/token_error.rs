//! Why a token was refused: precise for the audit log, uniform for the caller.

use super::keys::KeyError;
use std::fmt;

/// What the HTTP answer may depend on; everything finer is for the log alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 401, `error="invalid_token"`.
    Invalid,
    /// 403, `error="insufficient_scope"`: the token is good, but gives no right here.
    Insufficient,
    /// 503: the keys cannot be read, so nothing can be said about the token.
    Unavailable,
}

/// Why a token was refused. Never holds any text of the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenError {
    TooLong,
    /// Not three parts of base64url, or a part that is not what it should be.
    Malformed,
    /// A header or claim member, at any depth, that is there twice.
    DuplicateMember,
    /// A header that would bring its own key, or make the token something else than a signed one.
    HeaderForbidden(&'static str),
    CriticalHeader,
    /// `typ` is missing or another one.
    WrongType,
    /// The algorithm is not EdDSA, ES256 or RS256, or not the one of the key.
    AlgorithmRefused,
    KeyIdMissing,
    UnknownIssuer,
    UnknownKey,
    RetiredKey,
    BadSignature,
    ClaimMissing(&'static str),
    ClaimMalformed(&'static str),
    WrongAudience,
    Expired,
    NotYetValid,
    IssuedInFuture,
    /// An override token whose life is longer than one may be.
    LivesTooLong,
    /// The token is good, but names no role that is known here, or no store.
    Insufficient(&'static str),
    /// The key set cannot be used; why, for the operator of the service.
    KeysUnavailable(String),
}

impl TokenError {
    /// A stable word for the audit log, such as `expired` or `claim_missing:exp`.
    pub fn reason(&self) -> String {
        let word = match self {
            TokenError::HeaderForbidden(name) => return format!("header_forbidden:{name}"),
            TokenError::ClaimMissing(name) => return format!("claim_missing:{name}"),
            TokenError::ClaimMalformed(name) => return format!("claim_malformed:{name}"),
            TokenError::Insufficient(name) => return format!("insufficient:{name}"),
            TokenError::TooLong => "too_long",
            TokenError::Malformed => "malformed",
            TokenError::DuplicateMember => "duplicate_member",
            TokenError::CriticalHeader => "critical_header",
            TokenError::WrongType => "wrong_type",
            TokenError::AlgorithmRefused => "algorithm_refused",
            TokenError::KeyIdMissing => "key_id_missing",
            TokenError::UnknownIssuer => "unknown_issuer",
            TokenError::UnknownKey => "unknown_key",
            TokenError::RetiredKey => "retired_key",
            TokenError::BadSignature => "bad_signature",
            TokenError::WrongAudience => "wrong_audience",
            TokenError::Expired => "expired",
            TokenError::NotYetValid => "not_yet_valid",
            TokenError::IssuedInFuture => "issued_in_future",
            TokenError::LivesTooLong => "lives_too_long",
            TokenError::KeysUnavailable(_) => "keys_unavailable",
        };
        word.to_owned()
    }

    pub fn refusal(&self) -> Refusal {
        match self {
            TokenError::Insufficient(_) => Refusal::Insufficient,
            TokenError::KeysUnavailable(_) => Refusal::Unavailable,
            _ => Refusal::Invalid,
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenError::KeysUnavailable(detail) => write!(f, "token refused: {detail}"),
            _ => write!(f, "token refused: {}", self.reason()),
        }
    }
}

impl std::error::Error for TokenError {}

impl From<KeyError> for TokenError {
    fn from(error: KeyError) -> TokenError {
        TokenError::KeysUnavailable(error.to_string())
    }
}
