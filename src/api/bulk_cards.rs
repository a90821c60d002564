//! Many cards at once, streamed: each line is a request of its own under a key made of the caller's
//! key and its place. What was cut off is sent again as a whole; what is issued already is answered
//! as it was.

use super::body::{BodyLimit, collect, media_type_is, read as read_body};
use super::card_codes::CardCodes;
use super::error::ApiError;
use super::gift_cards::{issue_command, read_line};
use super::import::lines;
use super::patience::Patience;
use super::request::RequestId;
use super::service::Service;
use super::submit::{self, scope_of};
use crate::desk::{Reply, Request};
use crate::domain::caller::Caller;
use crate::domain::perform::Command;
use crate::wire::gift_cards::{BulkRequest, IssueRequest};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream::{self, Stream, StreamExt};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// Cards that are being issued at once; their answers come in order.
const UNDER_WAY: usize = 64;

/// Whose cards they are, and what their keys and codes are made of.
struct Bulk {
    service: web::Data<Service>,
    caller: Arc<Caller>,
    request_id: String,
    path: String,
    /// The scope of the caller's key: what the key and the code of each line begin with.
    scope: String,
}

/// Issues from a JSON body with a count, or from NDJSON, and streams what becomes of each line.
pub async fn answer(
    caller: Arc<Caller>,
    key: String,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let limits = service.config.limits.clone();
    let patience = Patience::new(&limits);
    let scope = scope_of(&caller, &req, &key);
    let bulk = Bulk { service, caller, request_id: id.0, path: req.path().to_owned(), scope };
    let bulk = Arc::new(bulk);
    let mut answer = HttpResponse::Ok();
    answer.content_type("application/x-ndjson");
    if media_type_is(req.headers(), "application/x-ndjson").is_ok() {
        let lines = lines(payload, limits.import_line_bytes, patience.streamed);
        return Ok(answer.streaming(issued(
            bulk,
            lines.map(|line| {
                line.and_then(|line| read_line(&line)).map(|body| (body.value, body.digest))
            }),
        )));
    }
    media_type_is(req.headers(), "application/json")?;
    let body = read_body::<BulkRequest>(
        &collect(payload.into_inner(), BodyLimit(limits.body_bytes), patience.piece).await?,
    )?;
    let (wanted, digest) = (body.value, body.digest);
    // What is wrong with one is wrong with all: said before anything is issued.
    issue_command(wanted.each(), &CardCodes::derived(&bulk.service, bulk.scope.clone())?)?;
    let count = wanted.count;
    Ok(answer.streaming(issued(
        bulk,
        stream::iter((0..count).map(move |_| Ok((wanted.each(), digest)))),
    )))
}

/// One line out for each line in, in order.
fn issued(
    bulk: Arc<Bulk>,
    wanted: impl Stream<Item = Result<(IssueRequest, [u8; 32]), ApiError>> + 'static,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    wanted
        .enumerate()
        .map(move |(place, wanted)| {
            let bulk = Arc::clone(&bulk);
            async move {
                let line = match wanted {
                    Ok((body, digest)) => bulk.issue(place, body, digest).await,
                    Err(refused) => Err(refused),
                };
                let text = line.unwrap_or_else(|refused| {
                    let problem = refused.problem().clone().at(&bulk.path);
                    String::from_utf8_lossy(&problem.to_bytes()).into_owned()
                });
                Ok(Bytes::from(text + "\n"))
            }
        })
        .buffered(UNDER_WAY)
}

impl Bulk {
    /// The answer of one line, as text.
    async fn issue(
        &self,
        place: usize,
        body: IssueRequest,
        digest: [u8; 32],
    ) -> Result<String, ApiError> {
        let scope = format!("{}\0{place}", self.scope);
        let key = self.service.key_in(&scope, digest)?;
        let codes = CardCodes::derived(&self.service, scope)?.or_given(body.code.clone())?;
        let command = issue_command(body, &codes)?;
        loop {
            let request = Request {
                command: Command::GiftCard(Box::new(command.clone())),
                caller: Arc::clone(&self.caller),
                key: Some(key),
                request_id: Some(self.request_id.clone()),
                path: self.path.clone(),
            };
            match self.service.desk.submit(request).await {
                // A line waits for its place rather than being refused: whoever sent it has nothing
                // better to do.
                Reply::Overloaded => tokio::time::sleep(Duration::from_millis(20)).await,
                Reply::Done { answer, .. } => return Ok(codes.fill(answer.body)),
                other => return Err(submit::trouble(other)),
            }
        }
    }
}
