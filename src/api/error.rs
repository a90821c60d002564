//! The one mapping from what went wrong to an HTTP answer: always `application/problem+json`
//! (STANDARDS 20).

use crate::wire::problem::codes::{self, Meaning};
use crate::wire::problem::{Fault, PROBLEM_JSON, Problem};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use std::fmt;

/// A refusal or a fault on its way out: a problem, and the headers that go with it.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    problem: Box<Problem>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// Seconds after which trying again makes sense, where nothing better is known.
const RETRY_AFTER_SECONDS: u64 = 1;

impl ApiError {
    /// `code` is one of [`codes::CODES`]; `detail` is for the person at the register.
    pub fn new(code: &'static str, detail: impl Into<String>) -> ApiError {
        Problem::new(code, detail).into()
    }

    /// All faults of a body in one answer.
    pub fn faults(faults: Vec<Fault>) -> ApiError {
        Problem::of_faults(faults).into()
    }

    /// What does not exist, or lies outside the caller's stores: `what` is "return", "sale" …
    pub fn not_found(what: &str) -> ApiError {
        ApiError::new("not_found", format!("There is no such {what} in your stores."))
    }

    /// Trouble of ours. What happened goes to the log, not to the caller.
    pub fn internal(cause: &dyn fmt::Display) -> ApiError {
        tracing::error!(%cause, "internal error");
        ApiError::new("internal_error", INTERNAL_DETAIL)
    }

    /// Adds an extension member to the problem, such as `decision`.
    pub fn with(mut self, member: &str, value: serde_json::Value) -> ApiError {
        *self.problem = self.problem.with(member, value);
        self
    }

    /// Sets a header; a value that cannot be one is left out.
    pub fn header(mut self, name: HeaderName, value: &str) -> ApiError {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.retain(|(other, _)| *other != name);
            self.headers.push((name, value));
        }
        self
    }

    pub fn retry_after(self, seconds: u64) -> ApiError {
        self.header(header::RETRY_AFTER, &seconds.to_string())
    }

    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    fn answer(&self, path: &str) -> HttpResponse {
        let problem = self.problem.as_ref().clone().at(path);
        let mut answer = HttpResponse::build(self.status_code());
        self.headers.iter().for_each(|(name, value)| {
            answer.insert_header((name.clone(), value.clone()));
        });
        answer.insert_header((header::CONTENT_TYPE, PROBLEM_JSON)).body(problem.to_bytes())
    }
}

impl From<Box<Problem>> for ApiError {
    fn from(problem: Box<Problem>) -> ApiError {
        ApiError::from(*problem)
    }
}

impl From<Problem> for ApiError {
    /// Adds the headers that a code asks for: who may try with what (RFC 6750 §3), and when again.
    fn from(problem: Problem) -> ApiError {
        let (code, status) = (problem.code.clone(), problem.status);
        let error = ApiError { problem: Box::new(problem), headers: Vec::new() };
        match (code.as_str(), status) {
            (_, 401) => error.header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""),
            ("insufficient_scope", _) => {
                error.header(header::WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\"")
            }
            ("idempotency_key_in_use", _) | (_, 429 | 503) => {
                error.retry_after(RETRY_AFTER_SECONDS)
            }
            ("unsupported_media_type", _) => error.header(header::ACCEPT, "application/json"),
            _ => error,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.problem.code, self.problem.detail)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.answer(&self.problem.instance)
    }
}

const INTERNAL_DETAIL: &str = "Something went wrong on our side. Try again; nothing is done twice with the same Idempotency-Key.";

/// Sees to it that an answer of 4xx or 5xx is a problem that names the path, whoever made it.
/// Problems that were answered as such (a replayed one, say) pass byte for byte.
pub fn settle(
    answer: ServiceResponse<impl MessageBody + 'static>,
    path: &str,
) -> ServiceResponse<BoxBody> {
    let answer = answer.map_into_boxed_body();
    let status = answer.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return answer;
    }
    if let Some(error) = answer.response().error().and_then(|error| error.as_error::<ApiError>()) {
        let settled = error.answer(path);
        return answer.into_response(settled);
    }
    let is_problem =
        answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM_JSON);
    if is_problem {
        return answer;
    }
    let settled = stand_in(answer.response(), path);
    answer.into_response(settled)
}

/// The answer to an error that left the routes without an answer: of a middleware, or after a
/// panic.
pub fn settle_error(error: &actix_web::Error, path: &str) -> HttpResponse {
    match error.as_error::<ApiError>() {
        Some(error) => error.answer(path),
        None => stand_in(&error.error_response(), path),
    }
}

/// The answer after a panic in a handler.
pub fn after_panic(path: &str) -> HttpResponse {
    ApiError::new("internal_error", INTERNAL_DETAIL).answer(path)
}

/// What of a foreign answer's headers still holds for the problem that replaces it.
const KEPT: [HeaderName; 3] = [header::ALLOW, header::RETRY_AFTER, header::WWW_AUTHENTICATE];

fn stand_in(foreign: &HttpResponse, path: &str) -> HttpResponse {
    let Meaning { code, title, .. } = *codes::meaning(codes::for_status(foreign.status().as_u16()));
    let detail = if foreign.status().is_server_error() {
        INTERNAL_DETAIL.to_owned()
    } else {
        format!("{title}.")
    };
    let mut problem = Problem::new(code, detail);
    problem.status = foreign.status().as_u16();
    let kept = KEPT
        .iter()
        .filter_map(|name| Some((name.clone(), foreign.headers().get(name)?.to_str().ok()?)));
    kept.fold(ApiError::from(problem), |error, (name, value)| error.header(name, value))
        .answer(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header_of(error: &ApiError, name: HeaderName) -> Option<String> {
        let answer = error.error_response();
        answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    }

    #[test]
    fn codes_bring_the_headers_they_need() {
        let table = [
            ("invalid_token", header::WWW_AUTHENTICATE, Some("Bearer error=\"invalid_token\"")),
            (
                "insufficient_scope",
                header::WWW_AUTHENTICATE,
                Some("Bearer error=\"insufficient_scope\""),
            ),
            ("approval_required", header::WWW_AUTHENTICATE, None),
            ("idempotency_key_in_use", header::RETRY_AFTER, Some("1")),
            ("receipt_exists", header::RETRY_AFTER, None),
            ("overloaded", header::RETRY_AFTER, Some("1")),
            ("locked_out", header::RETRY_AFTER, Some("1")),
        ];
        for (code, name, value) in table {
            let error = ApiError::from(Problem::new(code, ""));
            assert_eq!(header_of(&error, name).as_deref(), value, "{code}");
        }
        assert_eq!(
            header_of(&ApiError::new("locked_out", "").retry_after(60), header::RETRY_AFTER),
            Some("60".into())
        );
    }
}
