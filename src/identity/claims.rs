//! Reading claims one by one: each has its form, and what lacks it is named.

use super::token_error::TokenError;
use crate::domain::name::is_name;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

pub(super) type Claims = Map<String, Value>;

/// Longest text of one claim, in bytes: it becomes part of keys and of log entries.
const MAX_TEXT_BYTES: usize = 255;
const MAX_LIST: usize = 1_000;
/// The longest that any token may live. A token that was stolen, or whose bearer left, then ends
/// within a day whoever issued it.
pub const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(24);

/// A text that must be there: not empty, not long, and without control characters, which could
/// forge a log line.
pub(super) fn text(claims: &Claims, name: &'static str) -> Result<String, TokenError> {
    optional_text(claims, name)?.ok_or(TokenError::ClaimMissing(name))
}

/// The name of an operator or a register.
pub(super) fn name(claims: &Claims, name: &'static str) -> Result<String, TokenError> {
    optional_name(claims, name)?.ok_or(TokenError::ClaimMissing(name))
}

/// The name of a register, if the token is of one.
pub(super) fn optional_name(
    claims: &Claims,
    name: &'static str,
) -> Result<Option<String>, TokenError> {
    match optional_text(claims, name)? {
        Some(text) if !is_name(&text) => Err(TokenError::ClaimMalformed(name)),
        other => Ok(other),
    }
}

/// The `sub` of an issuer that sends the employee number in another claim: visible ASCII, so that
/// one person has one spelling.
pub(super) fn visible(claims: &Claims, name: &'static str) -> Result<String, TokenError> {
    let text = text(claims, name)?;
    let seen = text.bytes().all(|b| b.is_ascii_graphic());
    if seen { Ok(text) } else { Err(TokenError::ClaimMalformed(name)) }
}

/// A caller's name, `iss|sub`: two texts and a bar.
pub(super) fn subject(claims: &Claims, name: &'static str) -> Result<String, TokenError> {
    match claims.get(name).and_then(Value::as_str).and_then(|subject| subject.split_once('|')) {
        Some((issuer, sub)) if is_plain(issuer) && is_plain(sub) => Ok(format!("{issuer}|{sub}")),
        Some(_) => Err(TokenError::ClaimMalformed(name)),
        None => text(claims, name).and(Err(TokenError::ClaimMalformed(name))),
    }
}

pub(super) fn optional_text(
    claims: &Claims,
    name: &'static str,
) -> Result<Option<String>, TokenError> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if is_plain(text) => Ok(Some(text.clone())),
        Some(_) => Err(TokenError::ClaimMalformed(name)),
    }
}

/// A list of texts; none if the claim is not there.
pub(super) fn texts(claims: &Claims, name: &'static str) -> Result<Vec<String>, TokenError> {
    let items = match claims.get(name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) if items.len() <= MAX_LIST => items,
        Some(_) => return Err(TokenError::ClaimMalformed(name)),
    };
    let plain = |item: &Value| item.as_str().filter(|text| is_plain(text)).map(str::to_owned);
    items.iter().map(plain).collect::<Option<_>>().ok_or(TokenError::ClaimMalformed(name))
}

/// `aud`, a text or a list of them, must name us.
pub(super) fn check_audience(claims: &Claims, ours: &str) -> Result<(), TokenError> {
    let named = match claims.get("aud") {
        None | Some(Value::Null) => return Err(TokenError::ClaimMissing("aud")),
        Some(Value::String(one)) => vec![one.clone()],
        Some(_) => texts(claims, "aud")?,
    };
    if named.iter().any(|audience| audience == ours) {
        Ok(())
    } else {
        Err(TokenError::WrongAudience)
    }
}

pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TEXT_BYTES && !text.chars().any(char::is_control)
}

/// When a token counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetime {
    pub(super) issued_at: Timestamp,
    pub(super) not_before: Option<Timestamp>,
    pub(super) expires_at: Timestamp,
}

impl Lifetime {
    /// Reads `iat`, `exp` and, if there, `nbf`: whole seconds (RFC 7519 allows fractions; none of
    /// the issuers we know sends them, and a fraction could only blur the limits below).
    pub(super) fn read(claims: &Claims) -> Result<Lifetime, TokenError> {
        let issued_at = instant(claims, "iat")?.ok_or(TokenError::ClaimMissing("iat"))?;
        let expires_at = instant(claims, "exp")?.ok_or(TokenError::ClaimMissing("exp"))?;
        if expires_at <= issued_at || expires_at.duration_since(issued_at) > LONGEST_LIFE {
            return Err(TokenError::ClaimMalformed("exp"));
        }
        Ok(Lifetime { issued_at, not_before: instant(claims, "nbf")?, expires_at })
    }

    /// `early` is the leeway for clocks that are behind the issuer's, `late` for an end that has
    /// just passed.
    pub(super) fn check(
        &self,
        now: Timestamp,
        early: SignedDuration,
        late: SignedDuration,
    ) -> Result<(), TokenError> {
        if now.duration_since(self.expires_at) >= late {
            return Err(TokenError::Expired);
        }
        if self.issued_at.duration_since(now) > early {
            return Err(TokenError::IssuedInFuture);
        }
        match self.not_before {
            Some(start) if start.duration_since(now) > early => Err(TokenError::NotYetValid),
            _ => Ok(()),
        }
    }
}

fn instant(claims: &Claims, name: &'static str) -> Result<Option<Timestamp>, TokenError> {
    let Some(value) = claims.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let seconds = value.as_i64().filter(|seconds| *seconds >= 0);
    let instant = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    instant.map(Some).ok_or(TokenError::ClaimMalformed(name))
}
