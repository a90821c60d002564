//! Codes of new cards: derived, never kept (docs/decisions/0012).
//!
//! The code is an HMAC, with the service's secret, over the caller, the route, the text of the
//! Idempotency-Key and a number. Of all that only half of a digest is stored, so nothing that is
//! kept brings a code back, and the same request sent again derives the same code again.

use super::error::ApiError;
use super::service::Service;
use super::submit::{Origin, scope_of};
use crate::domain::gift_cards::{NewCode, code};
use crate::identity::keyed_hash::KeyedHasher;
use crate::wire::gift_cards::code_placeholder;

/// The label under which codes are hashed, to be found again.
const CODE: &str = "gift-card";
/// The label under which a code and its PIN are hashed.
const PIN: &str = "gift-card-pin";
/// The label under which codes are derived.
const DERIVED: &str = "gift-card-code";

/// Codes that one request may bring forth.
const OF_ONE_REQUEST: usize = 2;

/// The codes of one request: derived from it, or the one that came with it.
pub struct CardCodes {
    hasher: KeyedHasher,
    /// The scope of the request's key.
    scope: String,
    given: Option<String>,
}

impl CardCodes {
    /// Codes that are derived from a request and its key.
    pub fn of(service: &Service, origin: &Origin<'_>, key: &str) -> Result<CardCodes, ApiError> {
        CardCodes::derived(service, scope_of(origin.caller, origin.req, key))
    }

    /// Codes that are derived from the scope of a key, which nobody else can have.
    pub fn derived(service: &Service, scope: String) -> Result<CardCodes, ApiError> {
        Ok(CardCodes { hasher: hasher(service)?, scope, given: None })
    }

    /// The same with the code that came with the request, if one did.
    pub fn or_given(mut self, given: Option<String>) -> Result<CardCodes, ApiError> {
        if given.as_deref().is_some_and(|given| code::normal(given).is_none()) {
            let detail = "This is no code that can be issued: 8 to 64 letters, digits and ()-./, or (255) and 14 to \
                          25 digits; and one of ours with its check letter right.";
            let fault = crate::wire::problem::Fault::new("invalid_value", "/code", detail);
            return Err(ApiError::faults(vec![fault]));
        }
        self.given = given;
        Ok(self)
    }

    pub fn is_given(&self) -> bool {
        self.given.is_some()
    }

    /// The request's code of this number, as it is shown.
    fn shown(&self, number: usize) -> String {
        match &self.given {
            Some(given) => given.clone(),
            None => {
                code::of_random(&self.hasher.hash(DERIVED, &format!("{}\0{number}", self.scope)))
            }
        }
    }

    /// What the domain may know of the request's code of this number.
    pub fn new_code(&self, number: usize) -> NewCode {
        let normal = code::normal(&self.shown(number)).unwrap_or_default();
        NewCode { hash: self.hasher.hash(CODE, &normal), last4: code::last4(&normal) }
    }

    /// The codes that a return may need.
    pub fn of_return(&self) -> Vec<NewCode> {
        (0..OF_ONE_REQUEST).map(|number| self.new_code(number)).collect()
    }

    /// The hash of a PIN for the request's first code.
    pub fn pin_hash(&self, pin: &str) -> [u8; 32] {
        let normal = code::normal(&self.shown(0)).unwrap_or_default();
        self.hasher.hash(PIN, &format!("{normal}\0{pin}"))
    }

    /// Fills the codes in where a kept answer has their places.
    pub fn fill(&self, mut body: String) -> String {
        for number in 0..OF_ONE_REQUEST {
            let place = format!("\"code\":\"{}\"", code_placeholder(number));
            if body.contains(&place) {
                let shown = serde_json::to_string(&self.shown(number)).unwrap_or_default();
                body = body.replace(&place, &format!("\"code\":{shown}"));
            }
        }
        body
    }
}

/// The hash of a code as typed; none if it cannot be a code, which is found before anything is
/// looked up.
pub fn typed(service: &Service, text: &str) -> Result<Option<[u8; 32]>, ApiError> {
    let hasher = hasher(service)?;
    Ok(code::normal(text).map(|normal| hasher.hash(CODE, &normal)))
}

/// The hash of a PIN together with the code that was typed.
pub fn typed_pin(service: &Service, text: &str, pin: &str) -> Result<[u8; 32], ApiError> {
    let normal = code::normal(text).unwrap_or_default();
    Ok(hasher(service)?.hash(PIN, &format!("{normal}\0{pin}")))
}

fn hasher(service: &Service) -> Result<KeyedHasher, ApiError> {
    service.keys.hasher().map_err(|fault| ApiError::internal(&fault))
}
