//! From a handler to the desk and back: the key bound to its caller and route, the answer as it was
//! kept.

use super::card_codes::CardCodes;
use super::error::ApiError;
use super::request::RequestId;
use super::service::Service;
use crate::desk::readers::NotRead;
use crate::desk::{Answer, Key, Reply, Request};
use crate::domain::caller::Caller;
use crate::domain::entry::hex;
use crate::domain::perform::Command;
use crate::store::StoreError;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// Where a command comes from.
pub struct Origin<'a> {
    pub req: &'a HttpRequest,
    pub id: RequestId,
    pub caller: &'a Arc<Caller>,
    /// The idempotency key and the digest of the body sent with it.
    pub key: Option<(String, [u8; 32])>,
}

impl Service {
    /// Puts a command in the queue and answers what came of it, when it is on disk.
    pub async fn submit(
        &self,
        origin: Origin<'_>,
        command: Command,
    ) -> Result<HttpResponse, ApiError> {
        let (answer, replayed) = self.answered_to(&origin, command).await?;
        Ok(respond(&answer, replayed))
    }

    /// The same for a command that may issue gift cards: their codes are filled into the answer on
    /// its way out.
    pub async fn submit_with_codes(
        &self,
        origin: Origin<'_>,
        command: Command,
        codes: &CardCodes,
    ) -> Result<HttpResponse, ApiError> {
        let (answer, replayed) = self.answered_to(&origin, command).await?;
        Ok(respond(&Answer { body: codes.fill(answer.body), ..answer }, replayed))
    }

    /// The same for an override: its token, which is kept without its signature, is signed on the
    /// way out.
    pub async fn submit_override(
        &self,
        origin: Origin<'_>,
        command: Command,
    ) -> Result<HttpResponse, ApiError> {
        let (mut answer, replayed) = self.answered_to(&origin, command).await?;
        if let Some(prepared) = prepared_token(&answer) {
            let token = self.overrides.seal(prepared).map_err(|fault| {
                tracing::info!(%fault, "an override token could not be signed");
                let detail = "The approval can no longer be shown. Ask for a new one.";
                ApiError::new("override_expired", detail)
            })?;
            answer.body = answer.body.replacen(prepared, &token, 1);
        }
        Ok(respond(&answer, replayed))
    }

    async fn answered_to(
        &self,
        origin: &Origin<'_>,
        command: Command,
    ) -> Result<(Answer, bool), ApiError> {
        let key =
            origin.key.as_ref().map(|(key, digest)| self.key(origin, key, *digest)).transpose()?;
        answer_of(self.desk.submit(self.request(origin, command, key)).await)
    }

    /// What a request gets that cannot be acted on now, but perhaps could when it was first sent
    /// under its key.
    pub async fn replay_or(
        &self,
        origin: &Origin<'_>,
        codes: &CardCodes,
        refused: ApiError,
    ) -> Result<HttpResponse, ApiError> {
        let Some((key, digest)) = &origin.key else { return Err(refused) };
        match self.desk.answered(self.key(origin, key, *digest)?).await? {
            Some(reply) => answer_of(reply).map(|(answer, replayed)| {
                respond(&Answer { body: codes.fill(answer.body), ..answer }, replayed)
            }),
            None => Err(refused),
        }
    }

    /// Like [`Service::submit`], for what only the log needs to know, and for steps of a longer
    /// act.
    pub async fn submit_plain(
        &self,
        origin: &Origin<'_>,
        command: Command,
    ) -> Result<Reply, ApiError> {
        match self.desk.submit(self.request(origin, command, None)).await {
            done @ Reply::Done { .. } => Ok(done),
            other => Err(trouble(other)),
        }
    }

    fn request(&self, origin: &Origin<'_>, command: Command, key: Option<Key>) -> Request {
        Request {
            command,
            caller: Arc::clone(origin.caller),
            key,
            request_id: Some(origin.id.0.clone()),
            path: origin.req.path().to_owned(),
        }
    }

    fn key(&self, origin: &Origin<'_>, key: &str, digest: [u8; 32]) -> Result<Key, ApiError> {
        self.key_in(&scope_of(origin.caller, origin.req, key), digest)
    }

    /// What the answer to a request is kept under: the first half of SHA-256 over the key's scope.
    /// The body's digest is kept under a secret key: a body may hold a PIN or the number of an
    /// identity document, and those are few enough to be guessed from a plain digest.
    pub fn key_in(&self, scope: &str, digest: [u8; 32]) -> Result<Key, ApiError> {
        let hasher = self.keys.hasher().map_err(|fault| ApiError::internal(&fault))?;
        let mut id = [0; 16];
        id.copy_from_slice(&Sha256::digest(scope)[..16]);
        Ok(Key { id: Uuid::from_bytes(id), digest: hasher.hash("request-body", &hex(&digest)) })
    }
}

/// Returns the scope of an idempotency key: the caller, the method, the route and its ids. Nobody
/// meets another's answer, or card, under the same key.
pub fn scope_of(caller: &Caller, req: &HttpRequest, key: &str) -> String {
    format!("{}\0{}\0{}\0{key}", caller.subject, req.method(), route_of(req))
}

/// Returns the matched route with its ids as they are read. An address has many spellings
/// (`/v1/%72eturns`, an id in capitals); a retry in another one is still the same request.
fn route_of(req: &HttpRequest) -> String {
    let Some(pattern) = req.match_pattern() else { return req.path().to_owned() };
    req.match_info().iter().fold(pattern, |route, (name, value)| {
        let value = Uuid::try_parse(value).map_or_else(|_| value.to_owned(), |id| id.to_string());
        route.replace(&format!("{{{name}}}"), &value)
    })
}

fn answer_of(reply: Reply) -> Result<(Answer, bool), ApiError> {
    match reply {
        Reply::Done { answer, replayed, .. } => Ok((answer, replayed)),
        other => Err(trouble(other)),
    }
}

/// The token without signature of an override that was issued. Answers that an older version kept
/// have it whole.
fn prepared_token(answer: &Answer) -> Option<&str> {
    let rest = answer.body.strip_prefix("{\"token\":\"").filter(|_| answer.status == 201)?;
    let (token, _) = rest.split_once('"')?;
    (token.matches('.').count() == 1).then_some(token)
}

/// An answer as it was rendered by the batch, to the byte.
pub fn respond(answer: &Answer, replayed: bool) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for (name, value) in &answer.headers {
        response.insert_header((name.as_str(), value.as_str()));
    }
    if replayed {
        response.insert_header(("Idempotent-Replayed", "true"));
    }
    response.body(answer.body.clone())
}

/// Why a command has no answer of its own.
pub fn trouble(reply: Reply) -> ApiError {
    match reply {
        Reply::KeyReused => ApiError::new(
            "idempotency_key_reused",
            "This Idempotency-Key was used for something else; use a new one for a new request.",
        ),
        Reply::KeyInUse => ApiError::new(
            "idempotency_key_in_use",
            "The first request with this key is still running.",
        )
        .retry_after(1),
        Reply::Overloaded => overloaded(),
        Reply::Trouble(fault) => unavailable(&fault),
        Reply::Done { .. } => ApiError::internal(&"a reply that is no trouble"),
    }
}

fn overloaded() -> ApiError {
    ApiError::new("overloaded", "Too many requests are waiting; try again with the same key.")
        .retry_after(1)
}

/// Policy, key or log unavailable: refuse, never let through (STANDARDS 31).
fn unavailable(fault: &StoreError) -> ApiError {
    match fault {
        StoreError::Other(_)
        | StoreError::Check { .. }
        | StoreError::ForeignKey { .. }
        | StoreError::Corrupt(_)
        | StoreError::AppendOnly(_) => ApiError::internal(fault),
        fault => {
            tracing::error!(%fault, "the database did not take a command");
            let detail =
                "The database is out of reach or takes no writes; try again with the same key.";
            ApiError::new("unavailable", detail).retry_after(1)
        }
    }
}

impl From<NotRead> for ApiError {
    fn from(not_read: NotRead) -> ApiError {
        match not_read {
            NotRead::Overloaded => overloaded(),
            NotRead::Trouble(fault) => unavailable(&fault),
        }
    }
}
