//! Around every request: its id, its trace, HEAD as GET, security headers, the access log, and the
//! last net under panics.

use super::error::{after_panic, settle, settle_error};
use super::half_read::Chunks;
use super::patience::Patience;
use super::trace::TraceParent;
use crate::clock::Clock;
use crate::wire::strict::card_number::has_card_number;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, HttpResponse};
use futures_util::FutureExt;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;
use tracing::Instrument;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Content of pages: our own files alone, in no foreign frame. Swagger UI sets styles from script.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The request's id: the caller's `X-Request-Id` if it is a harmless one, else a UUIDv7. It stands
/// in the log, on the answer and in the audit event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

impl FromRequest for RequestId {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(req.extensions().get::<RequestId>().cloned().unwrap_or(RequestId("-".into()))))
    }
}

impl RequestId {
    fn of(req: &ServiceRequest) -> RequestId {
        let given = req
            .headers()
            .get(X_REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|id| is_harmless(id));
        RequestId(given.map_or_else(|| new_id(req.app_data::<Clock>()), str::to_owned))
    }
}

fn is_harmless(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        && !has_card_number(id)
}

fn new_id(clock: Option<&Clock>) -> String {
    let now = clock.map_or_else(|| Clock::system().now(), Clock::now);
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanoseconds))
        .to_string()
}

/// What is remembered of a request while its handler has it.
struct Visit {
    id: RequestId,
    trace: Option<TraceParent>,
    method: Method,
    path: String,
    began: Instant,
    /// The body, if it comes in chunks.
    chunks: Option<Chunks>,
}

/// The outermost middleware: `app.wrap(from_fn(request::around))`.
pub async fn around(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let visit = Visit {
        id: RequestId::of(&req),
        trace: TraceParent::of(req.headers()),
        method: req.method().clone(),
        path: req.path().to_owned(),
        began: Instant::now(),
        chunks: Chunks::of(&mut req),
    };
    req.extensions_mut().insert(visit.id.clone());
    if let Some(trace) = &visit.trace {
        req.extensions_mut().insert(trace.clone());
    }
    if visit.method == Method::HEAD {
        req.head_mut().method = Method::GET;
    }
    let trace_id = visit.trace.as_ref().map(TraceParent::trace_id);
    let span = tracing::info_span!("request", request_id = %visit.id.0, trace_id);
    let patience = req.app_data::<Patience>().copied().unwrap_or_default();
    let handled = AssertUnwindSafe(async { next.call(req).await }).catch_unwind();
    let outcome = patience.answer(&visit.path, handled).instrument(span).await;
    // What ran out of time has lost its handler, and with it the request: an error carries the
    // answer.
    let outcome = outcome.unwrap_or_else(|late| Ok(Err(late.into())));
    finish(visit, outcome.map_err(|_panic| ()))
}

fn finish(
    visit: Visit,
    outcome: Result<Result<ServiceResponse<impl MessageBody + 'static>, Error>, ()>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let failed = match outcome {
        Ok(Ok(answer)) => {
            let route = answer.request().match_pattern();
            let mut answer = settle(answer, &visit.path);
            complete(&visit, answer.headers_mut());
            visit.log(route.as_deref(), answer.status().as_u16());
            let answer = visit.without_body_if_head(answer);
            return Ok(answer.map_body(|_, body| visit.with_chunks(body)));
        }
        Ok(Err(error)) => settle_error(&error, &visit.path),
        Err(()) => {
            tracing::error!(request_id = %visit.id.0, "a handler panicked");
            after_panic(&visit.path)
        }
    };
    visit.log(None, failed.status().as_u16());
    Err(visit.as_error(failed))
}

fn complete(visit: &Visit, headers: &mut HeaderMap) {
    if let Ok(id) = HeaderValue::from_str(&visit.id.0) {
        headers.insert(X_REQUEST_ID, id);
    }
    if let Some(trace) =
        visit.trace.as_ref().and_then(|trace| HeaderValue::from_str(trace.as_str()).ok())
    {
        headers.insert(TRACEPARENT, trace);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if visit.path.starts_with("/docs") {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// Statuses that somebody is to be woken for stand alone, the others in their hundreds.
fn kind_of(status: u16) -> &'static str {
    match status {
        401 => "401",
        429 => "429",
        503 => "503",
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

impl Visit {
    /// One line per request. The route's pattern, never the path or query: those may name people.
    fn log(&self, route: Option<&str>, status: u16) {
        metrics::counter!("returndesk_answers_total", "status" => kind_of(status)).increment(1);
        let micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::info!(
            target: "returndesk::access",
            method = %self.method,
            route = route.unwrap_or("-"),
            status,
            micros,
            request_id = %self.id.0,
            trace_id = self.trace.as_ref().map(TraceParent::trace_id),
        );
    }

    /// After an error there is no request left to hang the answer on; the server sends the error's
    /// own answer.
    fn as_error(&self, mut answer: HttpResponse) -> Error {
        complete(self, answer.headers_mut());
        if self.method == Method::HEAD {
            answer = answer.map_body(|_, body| BoxBody::new(Withheld(body.size())));
        }
        let answer = answer.map_body(|_, body| self.with_chunks(body));
        InternalError::from_response("answered by the middleware", answer).into()
    }

    fn with_chunks(&self, body: BoxBody) -> BoxBody {
        match &self.chunks {
            Some(chunks) => chunks.clone().kept_with(body),
            None => body,
        }
    }

    fn without_body_if_head(&self, answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        if self.method != Method::HEAD {
            return answer;
        }
        answer.map_body(|_, body| BoxBody::new(Withheld(body.size())))
    }
}

/// A body of known size of which nothing is sent: what HEAD answers, with GET's Content-Length.
struct Withheld(BodySize);

impl MessageBody for Withheld {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.0
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(None)
    }
}
