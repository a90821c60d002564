//! Strong ETags, and the preconditions of changing a document (RFC 9110 §13; 428 is RFC 6585).

use super::error::ApiError;
use crate::domain::directory::Seen;
use crate::domain::entry::unhex;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::future::{Ready, ready};
use utoipa::IntoParams;

/// A strong ETag, quotes included: 128 bits of the SHA-256 of the bytes.
pub fn of(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash[..16]))
}

/// The ETag of a document as it would be answered.
pub fn of_document(document: &impl Serialize) -> String {
    of(&serde_json::to_vec(document).unwrap_or_default())
}

/// Answers a document with its ETag; 304 to a GET that has it already.
pub fn answer(
    req: &HttpRequest,
    status: StatusCode,
    document: &impl Serialize,
) -> Result<HttpResponse, ApiError> {
    let bytes = serde_json::to_vec(document).map_err(|error| ApiError::internal(&error))?;
    let etag = of(&bytes);
    respond(req, status, bytes, etag)
}

/// The same with an ETag that is known from elsewhere, quotes included.
pub fn answer_tagged(
    req: &HttpRequest,
    status: StatusCode,
    document: &impl Serialize,
    etag: &str,
) -> Result<HttpResponse, ApiError> {
    let bytes = serde_json::to_vec(document).map_err(|error| ApiError::internal(&error))?;
    respond(req, status, bytes, etag.to_owned())
}

fn respond(
    req: &HttpRequest,
    status: StatusCode,
    bytes: Vec<u8>,
    etag: String,
) -> Result<HttpResponse, ApiError> {
    let has_it =
        req.method().is_safe() && matches_any(req.headers(), header::IF_NONE_MATCH, &etag, weakly);
    if has_it {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, etag)).finish());
    }
    Ok(HttpResponse::build(status)
        .insert_header((header::ETAG, etag))
        .content_type("application/json")
        .body(bytes))
}

/// What the caller believes about the document it changes. Documented as `params(IfMatchParams)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Precondition {
    headers: Vec<(HeaderName, Vec<String>)>,
}

/// For the documentation of PUT and PATCH.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)]
pub struct IfMatchParams {
    /// The ETag of the document that is changed; required once it exists.
    #[param(rename = "If-Match")]
    if_match: Option<String>,
}

impl FromRequest for Precondition {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let kept = [header::IF_MATCH, header::IF_NONE_MATCH];
        let headers = kept.map(|name| (name.clone(), tags(req.headers(), &name))).into();
        ready(Ok(Precondition { headers }))
    }
}

impl Precondition {
    /// What the caller says it has seen, for a command that compares when it is performed.
    pub fn seen(&self) -> Seen {
        let if_match = &self.headers[0].1;
        if if_match.is_empty() {
            return Seen::Nothing;
        }
        if if_match.iter().any(|tag| tag == "*") {
            return Seen::Anything;
        }
        // Our ETags are digests in hexadecimal; any other is of no document, and so is stale.
        let digest = |tag: &String| unhex(tag.trim_matches('"'));
        Seen::This(if_match.iter().find_map(digest).unwrap_or_default())
    }

    /// Whether a document with this ETag may be changed; without one it is created, for which
    /// nothing is required.
    pub fn check(&self, current: Option<&str>) -> Result<(), ApiError> {
        let (if_match, if_none_match) = (&self.headers[0].1, &self.headers[1].1);
        let stale = || {
            ApiError::new(
                "precondition_failed",
                "Somebody changed this meanwhile. Read it again and repeat the change.",
            )
        };
        match current {
            None if if_match.is_empty() => Ok(()),
            None => Err(stale()),
            Some(etag) if if_none_match.iter().any(|tag| tag == "*" || weakly(tag, etag)) => {
                Err(stale())
            }
            Some(_) if if_match.is_empty() => {
                let detail = "Send If-Match with the ETag of the document that you read, so that nobody's change is lost.";
                Err(ApiError::new("precondition_required", detail))
            }
            Some(etag) if if_match.iter().any(|tag| tag == "*" || tag == etag) => Ok(()),
            Some(_) => Err(stale()),
        }
    }
}

/// The weak comparison (RFC 9110 §8.8.3.2).
fn weakly(tag: &str, etag: &str) -> bool {
    tag.strip_prefix("W/").unwrap_or(tag) == etag
}

fn matches_any(
    headers: &HeaderMap,
    name: HeaderName,
    etag: &str,
    same: fn(&str, &str) -> bool,
) -> bool {
    tags(headers, &name).iter().any(|tag| tag == "*" || same(tag, etag))
}

/// The tags of a header. Ours contain no commas, so a split at commas loses none of them.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers.get_all(name).filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().to_owned())
        .filter(|tag| !tag.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    async fn check(headers: &[(&str, &str)], current: Option<&str>) -> Option<u16> {
        let req = headers
            .iter()
            .fold(TestRequest::put(), |req, header| req.append_header(*header))
            .to_http_request();
        let precondition = Precondition::extract(&req).await.unwrap();
        precondition.check(current).err().map(|error| error.problem().status)
    }

    #[actix_web::test]
    async fn changes_need_the_current_etag() {
        let now = Some("\"now\"");
        assert_eq!(check(&[("If-Match", "\"now\"")], now).await, None);
        assert_eq!(check(&[("If-Match", "\"old\", \"now\"")], now).await, None);
        assert_eq!(check(&[("If-Match", "*")], now).await, None);
        assert_eq!(check(&[], now).await, Some(428));
        assert_eq!(check(&[("If-Match", "\"old\"")], now).await, Some(412));
        assert_eq!(check(&[("If-Match", "W/\"now\"")], now).await, Some(412));
        assert_eq!(check(&[("If-None-Match", "*")], now).await, Some(412));
        assert_eq!(check(&[], None).await, None);
        assert_eq!(check(&[("If-None-Match", "*")], None).await, None);
        assert_eq!(check(&[("If-Match", "\"now\"")], None).await, Some(412));
    }

    #[actix_web::test]
    async fn a_get_that_has_the_document_is_told_so() {
        let document = serde_json::json!({"a": 1});
        let etag = of_document(&document);
        let status = |req: TestRequest| {
            answer(&req.to_http_request(), StatusCode::OK, &document).unwrap().status().as_u16()
        };
        assert_eq!(etag.len(), 24);
        assert_eq!(status(TestRequest::get()), 200);
        assert_eq!(
            status(TestRequest::get().insert_header(("If-None-Match", format!("W/{etag}")))),
            304
        );
        assert_eq!(status(TestRequest::get().insert_header(("If-None-Match", "\"other\""))), 200);
        assert_eq!(status(TestRequest::put().insert_header(("If-None-Match", etag.clone()))), 200);
    }
}
