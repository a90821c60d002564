//! `Idempotency-Key`: quoted as an RFC 8941 string, or bare; 1 to 255 printable ASCII characters.

use super::error::ApiError;
use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};
use utoipa::IntoParams;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

/// The name of the header.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The key of a POST that moves money or goods: 400 `idempotency_key_missing` without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredKey(pub String);

/// The key of any other POST that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionalKey(pub Option<String>);

impl FromRequest for RequiredKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let missing = || {
            ApiError::new(
                "idempotency_key_missing",
                "The register must send an Idempotency-Key, so that nothing is done twice.",
            )
        };
        ready(key(req.headers()).and_then(|key| key.ok_or_else(missing)).map(RequiredKey))
    }
}

impl FromRequest for OptionalKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(key(req.headers()).map(OptionalKey))
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let invalid = || {
        ApiError::new(
            "idempotency_key_invalid",
            "The Idempotency-Key must be one of 1 to 255 printable characters, bare or in double quotes.",
        )
    };
    let mut values = headers.get_all(IDEMPOTENCY_KEY);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().ok().and_then(parse).map(Some).ok_or_else(invalid),
        (Some(_), Some(_)) => Err(invalid()),
    }
}

/// The key without its quotes: `"k1"` and `k1` are the same key.
fn parse(value: &str) -> Option<String> {
    let value = value.trim_matches([' ', '\t']);
    let key = match value.strip_prefix('"') {
        Some(quoted) => unquote(quoted)?,
        None => value.to_owned(),
    };
    let printable = key.bytes().all(|b| (0x20..=0x7e).contains(&b));
    (printable && (1..=255).contains(&key.len())).then_some(key)
}

/// The inside of an RFC 8941 string (§4.2.5), after its opening quote.
fn unquote(quoted: &str) -> Option<String> {
    let mut key = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return chars.as_str().is_empty().then_some(key),
            '\\' => key.push(chars.next().filter(|c| matches!(c, '"' | '\\'))?),
            c => key.push(c),
        }
    }
}

impl IntoParams for RequiredKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![documented(Required::True)]
    }
}

impl IntoParams for OptionalKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![documented(Required::False)]
    }
}

fn documented(required: Required) -> Parameter {
    let text =
        ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(257));
    ParameterBuilder::new()
        .name(IDEMPOTENCY_KEY)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some("1 to 255 printable characters, bare or quoted. The same key with the same body gets the first answer again, for 30 days."))
        .schema(Some(text))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_bare_and_quoted() {
        let longest = "k".repeat(255);
        let table: [(&str, Option<&str>); 15] = [
            ("abc-1", Some("abc-1")),
            ("\"abc-1\"", Some("abc-1")),
            (" \"a b\" ", Some("a b")),
            (r#""a\"b\\c""#, Some(r#"a"b\c"#)),
            ("8e03978e-40d5-43dd-bc93-6894a57f9324", Some("8e03978e-40d5-43dd-bc93-6894a57f9324")),
            (&longest, Some(&longest)),
            ("", None),
            ("\"\"", None),
            ("\"open", None),
            ("\"a\" b", None),
            ("\"a\";p=1", None),
            (r#""a\n""#, None),
            ("ä", None),
            ("a\tb", None),
            (&"k".repeat(256), None),
        ];
        for (value, key) in table {
            assert_eq!(parse(value).as_deref(), key, "{value}");
        }
    }

    #[test]
    fn a_repeated_header_is_no_key() {
        let req = actix_web::test::TestRequest::post()
            .append_header((IDEMPOTENCY_KEY, "a"))
            .append_header((IDEMPOTENCY_KEY, "a"))
            .to_http_request();
        assert_eq!(key(req.headers()).unwrap_err().problem().code, "idempotency_key_invalid");
    }
}
