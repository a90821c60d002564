//! From a handler to the desk and back: the key bound to its caller and route, the answer as it was kept.

use super::error::ApiError;
use super::request::RequestId;
use super::service::Service;
use crate::desk::readers::NotRead;
use crate::desk::{Answer, Key, Reply, Request};
use crate::domain::caller::Caller;
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
    pub async fn submit(&self, origin: Origin<'_>, command: Command) -> Result<HttpResponse, ApiError> {
        let key = origin.key.as_ref().map(|(key, digest)| self.key(&origin, key, *digest));
        let reply = self.desk.submit(self.request(&origin, command, key)).await;
        let (answer, replayed) = answer_of(reply)?;
        Ok(respond(&answer, replayed))
    }

    /// What a request gets that cannot be acted on now, but perhaps could when it was first sent under its key.
    pub async fn replay_or(&self, origin: &Origin<'_>, refused: ApiError) -> Result<HttpResponse, ApiError> {
        let Some((key, digest)) = &origin.key else { return Err(refused) };
        match self.desk.answered(self.key(origin, key, *digest)).await? {
            Some(reply) => answer_of(reply).map(|(answer, replayed)| respond(&answer, replayed)),
            None => Err(refused),
        }
    }

    /// Like [`Service::submit`], for what only the log needs to know, and for steps of a longer act.
    pub async fn submit_plain(&self, origin: &Origin<'_>, command: Command) -> Result<Reply, ApiError> {
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

    /// Keys belong to the caller and the route: nobody meets another's answer under the same key.
    fn key(&self, origin: &Origin<'_>, key: &str, digest: [u8; 32]) -> Key {
        let hash = Sha256::new()
            .chain_update(origin.caller.subject.as_bytes())
            .chain_update([0])
            .chain_update(origin.req.method().as_str())
            .chain_update([0])
            .chain_update(origin.req.path())
            .chain_update([0])
            .chain_update(key)
            .finalize();
        let mut first = [0; 16];
        first.copy_from_slice(&hash[..16]);
        Key { id: Uuid::from_bytes(first), digest }
    }
}

fn answer_of(reply: Reply) -> Result<(Answer, bool), ApiError> {
    match reply {
        Reply::Done { answer, replayed, .. } => Ok((answer, replayed)),
        other => Err(trouble(other)),
    }
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
        Reply::KeyInUse => {
            ApiError::new("idempotency_key_in_use", "The first request with this key is still running.").retry_after(1)
        }
        Reply::Overloaded => overloaded(),
        Reply::Trouble(fault) => unavailable(&fault),
        Reply::Done { .. } => ApiError::internal(&"a reply that is no trouble"),
    }
}

fn overloaded() -> ApiError {
    ApiError::new("overloaded", "Too many requests are waiting; try again with the same key.").retry_after(1)
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
            let detail = "The database is out of reach or takes no writes; try again with the same key.";
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
