//! A request's JSON body, checked completely before a handler sees it.

use super::error::ApiError;
use super::patience::{Patience, too_slow};
use crate::wire::strict::{self, Shape};
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt, StreamExt};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::any::TypeId;
use std::collections::HashMap;
use std::io::Write;
use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::timeout;
use utoipa::ToSchema;

/// A body of this type without faults, and its digest for comparing retries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body<T> {
    pub value: T,
    /// SHA-256 of the body with sorted keys and no spaces: equal for retries that write the same
    /// JSON differently.
    pub digest: [u8; 32],
}

/// The largest body taken, in bytes; in the app's data. 1 MiB if there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimit(pub usize);

impl Default for BodyLimit {
    fn default() -> Self {
        BodyLimit(1 << 20)
    }
}

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limit = req.app_data::<BodyLimit>().copied().unwrap_or_default();
        let acceptable = media_type_is(req.headers(), "application/json")
            .and_then(|()| announced(req.headers(), limit));
        let piece = req.app_data::<Patience>().copied().unwrap_or_default().piece;
        let payload = payload.take();
        async move {
            acceptable?;
            let bytes = collect(payload, limit, piece).await?;
            read(&bytes)
        }
        .boxed_local()
    }
}

/// Reads a body: strict JSON, then all faults of its shape, then the type.
pub fn read<T: DeserializeOwned + ToSchema + 'static>(bytes: &[u8]) -> Result<Body<T>, ApiError> {
    let json = strict::parse(bytes)?;
    let faults = shape::<T>().check(&json);
    if !faults.is_empty() {
        return Err(ApiError::faults(faults));
    }
    let digest = digest(&json);
    let value = serde_json::from_value(json).map_err(|error| {
        ApiError::new("invalid_body", format!("The body does not fit: {error}."))
    })?;
    Ok(Body { value, digest })
}

/// Refuses what is not of this media type, in UTF-8 and uncompressed.
pub fn media_type_is(headers: &HeaderMap, expected: &'static str) -> Result<(), ApiError> {
    let given =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut parts = given.split(';').map(str::trim);
    let matches =
        parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case(expected)) && parts.all(is_utf8);
    let plain = headers.get(header::CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity");
    if matches && plain {
        return Ok(());
    }
    let detail = format!("The body must be {expected} in UTF-8, not compressed.");
    Err(ApiError::new("unsupported_media_type", detail).header(header::ACCEPT, expected))
}

fn is_utf8(parameter: &str) -> bool {
    match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    }
}

/// Refuses by Content-Length before anything is read.
fn announced(headers: &HeaderMap, limit: BodyLimit) -> Result<(), ApiError> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > limit.0 as u64 => Err(too_large(limit)),
        _ => Ok(()),
    }
}

/// A client that stops sending is not waited for: half a body would hold its connection for ever.
pub async fn collect(
    mut payload: Payload,
    BodyLimit(limit): BodyLimit,
    piece: Duration,
) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = timeout(piece, payload.next()).await.map_err(|_| too_slow(piece))? {
        let chunk = chunk.map_err(|_| {
            ApiError::new("bad_request", "The request broke off before its body was complete.")
        })?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(BodyLimit(limit)));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn too_large(BodyLimit(limit): BodyLimit) -> ApiError {
    ApiError::new(
        "body_too_large",
        format!("The body is larger than {limit} bytes, the most that is taken."),
    )
}

/// The shape of a type, made at its first use and kept as long as the process: there are as many as
/// body types.
pub fn shape<T: ToSchema + 'static>() -> &'static Shape {
    static SHAPES: OnceLock<RwLock<HashMap<TypeId, &'static Shape>>> = OnceLock::new();
    let shapes = SHAPES.get_or_init(RwLock::default);
    let known =
        shapes.read().unwrap_or_else(PoisonError::into_inner).get(&TypeId::of::<T>()).copied();
    known.unwrap_or_else(|| {
        let mut shapes = shapes.write().unwrap_or_else(PoisonError::into_inner);
        shapes.entry(TypeId::of::<T>()).or_insert_with(|| Box::leak(Box::new(Shape::of::<T>())))
    })
}

/// SHA-256 of the canonical form. Hashing cannot fail, so neither can writing to the hash.
fn digest(json: &Value) -> [u8; 32] {
    let mut hash = Sha256::new();
    canonical(json, &mut hash).unwrap_or_default();
    hash.finalize().into()
}

/// Depth is bounded by [`strict::parse`].
fn canonical(json: &Value, out: &mut impl Write) -> std::io::Result<()> {
    match json {
        Value::Array(entries) => {
            out.write_all(b"[")?;
            for entry in entries {
                canonical(entry, out)?;
                out.write_all(b",")?;
            }
            out.write_all(b"]")
        }
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            members.sort_by_key(|(key, _)| *key);
            out.write_all(b"{")?;
            for (key, value) in members {
                serde_json::to_writer(&mut *out, key)?;
                out.write_all(b":")?;
                canonical(value, out)?;
                out.write_all(b",")?;
            }
            out.write_all(b"}")
        }
        scalar => Ok(serde_json::to_writer(out, scalar)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_plain_utf8_json_is_taken() {
        let check = |pairs: &[(&str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(name.parse().unwrap(), value.parse().unwrap());
            }
            media_type_is(&headers, "application/json").is_ok()
        };
        for good in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
        ] {
            assert!(check(&[("content-type", good)]), "{good}");
        }
        for bad in [
            "text/json",
            "application/json; charset=latin1",
            "application/jsonx",
            "",
            "application/problem+json",
        ] {
            assert!(!check(&[("content-type", bad)]), "{bad}");
        }
        assert!(!check(&[]));
        assert!(!check(&[("content-type", "application/json"), ("content-encoding", "gzip")]));
    }

    #[test]
    fn the_digest_sees_meaning_not_writing() {
        let of = |text: &str| digest(&serde_json::from_str(text).unwrap());
        assert_eq!(
            of(r#"{"b":[1,"x"],"a":{"d":null,"c":true}}"#),
            of("{ \"a\": {\"c\":true, \"d\":null},\n \"b\":[1,\"\\u0078\"]}")
        );
        let different = [
            json!({"a": "1"}),
            json!({"a": 1}),
            json!({"a": [1]}),
            json!({"b": "1"}),
            json!([["a"], "1"]),
            json!([["a", "1"]]),
        ];
        for (index, one) in different.iter().enumerate() {
            assert!(
                different[index + 1..].iter().all(|other| digest(other) != digest(one)),
                "{one}"
            );
        }
    }
}
