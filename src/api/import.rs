//! Importing sales as a stream: lines in, results out in their order, many under way at once.

use super::caller::Till;
use super::error::ApiError;
use super::patience::{Patience, too_slow};
use super::request::RequestId;
use super::sales::read_line;
use super::service::Service;
use crate::desk::{Reply, Request};
use crate::domain::caller::Caller;
use crate::domain::match_key::MatchKey;
use crate::domain::perform::{Command, Done, Outcome};
use crate::domain::sales::RecordSale;
use crate::wire::sale::ImportResult;
use crate::wire::strict::without_bom;
use actix_web::web::{self, Bytes, BytesMut};
use futures_util::stream::{self, Stream, StreamExt};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Lines that are being recorded at once: enough to fill the batches of two writers.
const UNDER_WAY: usize = 128;

/// One result for each line of the body, in its order.
pub fn results(
    service: web::Data<Service>,
    caller: Arc<Caller>,
    id: RequestId,
    body: web::Payload,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let limit = service.config.limits.import_line_bytes;
    let patience = Patience::new(&service.config.limits).streamed;
    let numbered = lines(body, limit, patience).enumerate().map(|(index, line)| (index + 1, line));
    record_lines(service, caller, id.0, numbered).map(|result| {
        let mut text = serde_json::to_vec(&result).unwrap_or_default();
        text.push(b'\n');
        Ok(Bytes::from(text))
    })
}

/// Records numbered lines, and answers in their order what became of each. The command line's
/// import does the same.
pub fn record_lines(
    service: web::Data<Service>,
    caller: Arc<Caller>,
    request_id: String,
    lines: impl Stream<Item = (usize, Result<Bytes, ApiError>)>,
) -> impl Stream<Item = ImportResult> {
    let mut turns = Turns::default();
    let begin = move |(line, bytes): (usize, Result<Bytes, ApiError>)| {
        let sale = bytes.and_then(|bytes| read_line(&bytes));
        let command = sale.and_then(|sale| service.read_sale(&Till(Arc::clone(&caller)), sale));
        let turn = turns.take(command.as_ref().ok());
        record_line(service.clone(), Arc::clone(&caller), request_id.clone(), line, command, turn)
    };
    lines.map(begin).buffered(UNDER_WAY)
}

/// Of two lines with the same receipt the first is the one that counts: with several writers, two
/// under way at once could overtake each other, so the second waits until the first is done.
#[derive(Default)]
struct Turns {
    /// Store and receipt of the last lines, and what ends with the line.
    last: VecDeque<(String, MatchKey, Option<oneshot::Receiver<()>>)>,
}

/// A line's turn: after the line before it with the same receipt, if that is still under way.
struct Turn {
    after: Option<oneshot::Receiver<()>>,
    /// Dropped when the line is done, which the next one hears.
    _done: oneshot::Sender<()>,
}

impl Turns {
    fn take(&mut self, sale: Option<&RecordSale>) -> Turn {
        let (done, heard) = oneshot::channel();
        let (store, receipt) = sale
            .map(|sale| (sale.sale.store.clone(), MatchKey::of(&sale.sale.receipt)))
            .unwrap_or_default();
        // A line that is refused before the queue waits for nobody.
        let before = self
            .last
            .iter_mut()
            .rev()
            .find(|last| sale.is_some() && (&last.0, &last.1) == (&store, &receipt));
        let after = before.and_then(|(_, _, heard)| heard.take());
        if self.last.len() == UNDER_WAY {
            self.last.pop_front();
        }
        self.last.push_back((store, receipt, Some(heard)));
        Turn { after, _done: done }
    }
}

/// Records one line; whatever is wrong with it stands in its result.
async fn record_line(
    service: web::Data<Service>,
    caller: Arc<Caller>,
    request_id: String,
    line: usize,
    command: Result<RecordSale, ApiError>,
    mut turn: Turn,
) -> ImportResult {
    let command = match command {
        Ok(command) => Command::RecordSale(Box::new(command)),
        Err(refused) => return ImportResult::refused(line, refused.problem().clone()),
    };
    if let Some(before) = turn.after.take() {
        // Nothing is ever sent: what ends is the line.
        let _ = before.await;
    }
    // A line waits for its place in the queue rather than being refused: the sender has nothing
    // better to do.
    loop {
        let request = Request {
            command: command.clone(),
            caller: Arc::clone(&caller),
            key: None,
            request_id: Some(request_id.clone()),
            path: "/v1/sales/import".into(),
        };
        match service.desk.submit(request).await {
            Reply::Overloaded => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            Reply::Done { outcome: Some(Outcome::Done(done)), answer, .. } => {
                return match *done {
                    Done::SaleRecorded { sale, known_before, .. } => {
                        ImportResult::recorded(line, sale, known_before)
                    }
                    _ => ImportResult::answered(line, answer.status, &answer.body),
                };
            }
            Reply::Done { answer, .. } => {
                return ImportResult::answered(line, answer.status, &answer.body);
            }
            other => {
                return ImportResult::refused(
                    line,
                    super::submit::trouble(other).problem().clone(),
                );
            }
        }
    }
}

/// The lines of a body as they come; empty ones are passed over. A line over the limit is refused,
/// and the rest goes on.
pub fn lines(
    body: web::Payload,
    limit: usize,
    patience: Duration,
) -> impl Stream<Item = Result<Bytes, ApiError>> {
    struct Reading {
        body: web::Payload,
        held: BytesMut,
        /// Inside a line that was over the limit: nothing is kept until it ends.
        skipping: bool,
        ended: bool,
    }
    let start = Reading { body, held: BytesMut::new(), skipping: false, ended: false };
    stream::unfold(start, move |mut reading| async move {
        loop {
            if let Some(end) = reading.held.iter().position(|byte| *byte == b'\n') {
                let line = reading.held.split_to(end + 1).freeze();
                if std::mem::take(&mut reading.skipping) {
                    continue;
                }
                if end > limit {
                    return Some((Err(too_long(limit)), reading));
                }
                let line = line.slice(..end);
                if is_empty(&line) {
                    continue;
                }
                return Some((Ok(line), reading));
            }
            if reading.held.len() > limit && !reading.skipping {
                reading.skipping = true;
                reading.held.clear();
                return Some((Err(too_long(limit)), reading));
            }
            if reading.skipping {
                reading.held.clear();
            }
            if reading.ended {
                let rest = std::mem::take(&mut reading.held).freeze();
                let nothing = reading.skipping || is_empty(&rest);
                return if nothing { None } else { Some((Ok(rest), reading)) };
            }
            let Ok(next) = timeout(patience, reading.body.next()).await else {
                reading.ended = true;
                reading.held.clear();
                return Some((Err(too_slow(patience)), reading));
            };
            match next {
                Some(Ok(more)) => reading.held.extend_from_slice(&more),
                Some(Err(fault)) => {
                    reading.ended = true;
                    reading.held.clear();
                    let detail = format!(
                        "The body broke off: {fault}. What came before is recorded; send the rest again."
                    );
                    return Some((Err(ApiError::new("bad_request", detail)), reading));
                }
                None => reading.ended = true,
            }
        }
    })
}

/// Returns true for a line of white space, with or without a byte order mark.
fn is_empty(line: &[u8]) -> bool {
    without_bom(line).iter().all(u8::is_ascii_whitespace)
}

fn too_long(limit: usize) -> ApiError {
    ApiError::new("body_too_large", format!("The line is longer than {limit} bytes."))
}
