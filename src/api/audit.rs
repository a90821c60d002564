//! The log for auditors: read, exported as a stream, verified where it lives.

use super::body::Body;
use super::caller::AuditReader;
use super::error::ApiError;
use super::lists::{List, Listing, PageParams, bad_cursor};
use super::patience::Patience;
use super::query::{self, Query};
use super::request::RequestId;
use super::scope;
use super::service::Service;
use super::submit::Origin;
use crate::desk::{Reply, Request};
use crate::domain::caller::{Caller, Stores};
use crate::domain::canonical::Json;
use crate::domain::entry::Event;
use crate::domain::journal::Note;
use crate::domain::perform::Command;
use crate::export::database::{Examined, VerifyFault, examine_database};
use crate::export::log::{ExportFault, Exported, export_log};
use crate::export::manifest::{Filter, Format};
use crate::identity::note::Signer;
use crate::store::search::events::{self, EventFilter, Place};
use crate::store::{Db, StoreError};
use crate::wire::audit::{
    AuditEvent, AuditKey, EventFilterParams, ExportParams, Verification, VerificationFault,
    VerifyRequest, instant,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use futures_util::stream;
use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// The name in the log key's verification key.
pub const LOG_NAME: &str = "returndesk";
/// Exports under way at once; each has a connection and a thread of its own.
const EXPORTS: usize = 4;
/// Pieces of an export that wait for a slow reader.
const PIECES: usize = 16;

/// Read the log: of one store in the order of its chain, of several by time.
#[utoipa::path(tag = "audit", params(PageParams, EventFilterParams), responses(
    (status = 200, description = "A page.", body = List<AuditEvent>)))]
#[get("/v1/audit/events")]
pub async fn list(
    caller: AuditReader,
    Listing { filter, page }: Listing<EventFilterParams>,
    service: web::Data<Service>,
) -> Result<List<AuditEvent>, ApiError> {
    let event = filter
        .event
        .as_deref()
        .map(|name| Event::parse(name).ok_or_else(|| bad("event", "no event of the log")));
    let wanted = EventFilter {
        stores: scope::stores(&caller.stores, filter.store),
        event: event.transpose()?,
        subject_id: filter.subject,
        from: filter.from.as_deref().map(|text| time("from", text)).transpose()?,
        to: filter.to.as_deref().map(|text| end("to", text)).transpose()?,
    };
    let after =
        page.after.as_deref().map(|after| place(after).ok_or_else(bad_cursor)).transpose()?;
    let rows = page.rows();
    let found = service
        .desk
        .readers()
        .read(move |read, _| events::find(read, &wanted, after.as_ref(), rows))
        .await?;
    Ok(page.list(
        found,
        |logged| {
            let Place { at, store, seq } = logged.place();
            format!("{at} {seq} {store}")
        },
        |logged| AuditEvent::new(&logged.stored.leaf, &logged.stored.hash),
    ))
}

fn place(text: &str) -> Option<Place> {
    let mut parts = text.splitn(3, ' ');
    let (at, seq) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(Place { at, store: parts.next()?.to_owned(), seq })
}

fn bad(name: &str, why: &str) -> ApiError {
    query::refusal(vec![query::fault(name, &format!("is {why}."))])
}

fn time(name: &str, text: &str) -> Result<jiff::Timestamp, ApiError> {
    instant(text).ok_or_else(|| bad(name, "no day and no instant with an offset"))
}

/// The end of a window: an instant that is not included, or a day that is.
fn end(name: &str, text: &str) -> Result<jiff::Timestamp, ApiError> {
    let next = text.parse::<jiff::civil::Date>().ok().and_then(|day| day.tomorrow().ok());
    time(name, &next.map_or_else(|| text.to_owned(), |day| day.to_string()))
}

/// Export the log as a stream: every entry with its hash, and a signed manifest as the last line of
/// NDJSON.
///
/// The manifest of a CSV export is answered by the same request with `manifest=true`.
#[utoipa::path(tag = "audit", params(ExportParams), responses(
    (status = 200, description = "The export; with `manifest=true` its manifest, as plain text.", content(
        (String = "application/x-ndjson"), (String = "text/csv"), (String = "text/plain"))),
    (status = 404, description = "The store is none of the caller's.")))]
#[get("/v1/audit/export")]
pub async fn export(
    caller: AuditReader,
    Query(asked): Query<ExportParams>,
    id: RequestId,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let format = if asked.is_csv() { Format::Csv } else { Format::Ndjson };
    let filter = Filter {
        stores: match scope::stores(&caller.stores, asked.store.clone()) {
            Stores::All => None,
            Stores::Listed(stores) if stores.is_empty() => {
                return Err(ApiError::not_found("store"));
            }
            Stores::Listed(stores) => Some(stores),
        },
        from: asked.from.as_deref().map(|text| time("from", text)).transpose()?,
        to: asked.to.as_deref().map(|text| end("to", text)).transpose()?,
    };
    let permit = admit()?;
    let job =
        Export { service: service.clone(), caller: caller.0, id: id.0, format, filter, permit };
    if asked.wants_manifest() {
        let exported = web::block(move || job.run(io::sink()))
            .await
            .map_err(|fault| ApiError::internal(&fault))?;
        let exported = exported.map_err(|fault| ApiError::internal(&fault))?;
        return Ok(HttpResponse::Ok()
            .content_type("text/plain; charset=utf-8")
            .body(exported.note));
    }
    let (sender, rest) = mpsc::channel(PIECES);
    let pieces = Pieces::new(sender.clone(), Patience::new(&service.config.limits).streamed);
    // Until the entry is on disk the answer does not end: nobody has a whole export that the log
    // does not know of.
    let run = move || {
        // A fault cuts the stream: a file without its manifest verifies as cut, so nobody takes it
        // for whole.
        if let Err(fault) = job.run(pieces) {
            tracing::warn!(%fault, "an export broke off");
        }
        drop(sender);
    };
    let thread = std::thread::Builder::new().name("export".into()).spawn(run);
    thread.map_err(|fault| ApiError::internal(&fault))?;
    let media_type = match format {
        Format::Ndjson => "application/x-ndjson",
        Format::Csv => "text/csv; charset=utf-8",
    };
    let body = stream::unfold(rest, |mut rest| async move {
        rest.recv().await.map(|piece| (Ok::<_, Infallible>(piece), rest))
    });
    Ok(HttpResponse::Ok().content_type(media_type).streaming(body))
}

fn exports() -> &'static Arc<Semaphore> {
    static EXPORTING: std::sync::LazyLock<Arc<Semaphore>> =
        std::sync::LazyLock::new(|| Arc::new(Semaphore::new(EXPORTS)));
    &EXPORTING
}

/// Admits one more export or verification. Each reads the whole log: more of them at once would take
/// the disk and the processor from the registers.
fn admit() -> Result<OwnedSemaphorePermit, ApiError> {
    Arc::clone(exports()).try_acquire_owned().map_err(|_| {
        let detail = "Several exports or verifications are running. Try again when they are done.";
        ApiError::new("overloaded", detail).retry_after(30)
    })
}

/// An export to be run on a thread of its own.
struct Export {
    service: web::Data<Service>,
    caller: Arc<Caller>,
    id: String,
    format: Format,
    filter: Filter,
    #[allow(dead_code)] // held until the export is done
    permit: OwnedSemaphorePermit,
}

impl Export {
    /// Exports, and then notes it in head office's chain: asked again, the export of a store has
    /// the same bytes.
    fn run(self, out: impl Write) -> Result<Exported, ExportFault> {
        let signer =
            signer(&self.service).map_err(|why| ExportFault::Store(StoreError::Other(why)))?;
        let mut connection = self.service.desk.db().connect_reader()?;
        let exported = Db::read(&mut connection, |read| {
            export_log(read, self.format, &self.filter, &signer, out, |_| {})
        })?;
        let data = Json::object([
            (
                "format",
                Json::from(match self.format {
                    Format::Ndjson => "ndjson",
                    Format::Csv => "csv",
                }),
            ),
            ("entries", exported.entries.into()),
            (
                "stores",
                self.filter
                    .stores
                    .clone()
                    .map_or(Json::Null, |s| Json::List(s.into_iter().map(Json::from).collect())),
            ),
        ]);
        let reply = self.service.desk.submit_blocking(Request {
            command: Command::Note(Box::new(Note {
                store: None,
                event: Event::AuditExported,
                subject_id: None,
                data,
            })),
            caller: Arc::clone(&self.caller),
            key: None,
            request_id: Some(self.id.clone()),
            path: "/v1/audit/export".into(),
        });
        match reply {
            Reply::Done { .. } => Ok(exported),
            _ => Err(ExportFault::Store(StoreError::Other(
                "the export could not be noted in the log".into(),
            ))),
        }
    }
}

/// Pieces of an export on their way into the answer's body. An export holds a connection and one of
/// few places: it does not wait for ever for whoever stopped reading.
struct Pieces {
    to: mpsc::Sender<Bytes>,
    patience: Duration,
    clock: Handle,
}

impl Pieces {
    /// For the thread that exports; to be called where the answer is served.
    fn new(to: mpsc::Sender<Bytes>, patience: Duration) -> Pieces {
        Pieces { to, patience, clock: Handle::current() }
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent =
            self.clock.block_on(self.to.send_timeout(Bytes::copy_from_slice(bytes), self.patience));
        sent.map(|()| bytes.len()).map_err(|fault| match fault {
            SendTimeoutError::Closed(_) => io::Error::new(
                io::ErrorKind::BrokenPipe,
                "whoever asked for the export has gone away",
            ),
            SendTimeoutError::Timeout(_) => {
                let why = format!(
                    "nothing of the export was read for {} seconds",
                    self.patience.as_secs()
                );
                io::Error::new(io::ErrorKind::TimedOut, why)
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Signs manifests with the log's own key.
pub fn signer(service: &Service) -> Result<Signer, String> {
    let key = service.keys.log_key().map_err(|fault| fault.to_string())?;
    Signer::new(LOG_NAME, key).map_err(|fault| fault.to_string())
}

/// The key that manifests are signed with: keep it, and verify exports with it and nothing else.
#[utoipa::path(tag = "audit", responses((status = 200, description = "The verification key.", body = AuditKey)))]
#[get("/v1/audit/key")]
pub async fn verification_key(
    _caller: AuditReader,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let signer = signer(&service).map_err(|fault| ApiError::internal(&fault))?;
    Ok(HttpResponse::Ok().json(AuditKey { vkey: signer.vkey().to_string() }))
}

/// Verify the log where it lives, and the tables against it, as `returndesk audit verify --database`
/// does. For auditors of all stores.
#[utoipa::path(tag = "audit", request_body = VerifyRequest, responses(
    (status = 200, description = "Whether it holds, and if not the first bad entry.", body = Verification)))]
#[post("/v1/audit/verify")]
pub async fn verify(
    caller: AuditReader,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<VerifyRequest>,
) -> Result<HttpResponse, ApiError> {
    if caller.stores != Stores::All {
        return Err(ApiError::new(
            "insufficient_scope",
            "The whole log is verified by an auditor of all stores.",
        ));
    }
    let signer = signer(&service).map_err(|fault| ApiError::internal(&fault))?;
    let (vkey, checkpoint) = (signer.vkey().clone(), body.value.checkpoint);
    let data = service.clone();
    let permit = admit()?;
    let examined = web::block(move || {
        let _running = permit;
        let mut connection = data.desk.db().connect_reader()?;
        Db::read(&mut connection, |read| {
            examine_database(read, checkpoint.as_deref().map(|note| (note, &vkey)))
        })
    });
    let examined = examined.await.map_err(|fault| ApiError::internal(&fault))?;
    let verification = match examined {
        Ok(Examined { log, tables, contradictions }) => Verification {
            verified: tables.findings == 0,
            stores: Some(log.stores),
            entries: Some(log.entries),
            contradictions: tables.findings,
            named: contradictions.iter().map(ToString::to_string).collect(),
            fault: None,
        },
        Err(VerifyFault::Entry(fault)) => Verification {
            verified: false,
            stores: None,
            entries: None,
            contradictions: 0,
            named: Vec::new(),
            fault: Some(VerificationFault {
                store: fault.store.clone(),
                seq: fault.seq,
                kind: fault.kind.as_str().to_owned(),
                detail: fault.detail.clone(),
            }),
        },
        Err(VerifyFault::Checkpoint(fault)) => {
            return Err(ApiError::new("invalid_value", fault.to_string()));
        }
        Err(VerifyFault::Store(fault)) => {
            return Err(crate::desk::readers::NotRead::Trouble(fault).into());
        }
    };
    let data = Json::object([
        ("verified", Json::from(verification.verified)),
        ("entries", verification.entries.unwrap_or(0).into()),
        ("contradictions", verification.contradictions.into()),
    ]);
    let note = Note { store: None, event: Event::AuditVerified, subject_id: None, data };
    let origin = Origin { req: &req, id, caller: &caller.0, key: None };
    service.submit_plain(&origin, Command::Note(Box::new(note))).await?;
    Ok(HttpResponse::Ok().json(verification))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn an_export_that_nobody_reads_is_broken_off() {
        let (to, mut rest) = mpsc::channel(1);
        let mut pieces = Pieces::new(to, Duration::from_millis(100));
        let thread = std::thread::spawn(move || [pieces.write(b"first"), pieces.write(b"second")]);
        while !thread.is_finished() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let [first, second] = thread.join().unwrap();
        assert_eq!(first.unwrap(), 5, "one piece has its place");
        assert_eq!(second.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(
            (rest.recv().await.unwrap(), rest.recv().await),
            (Bytes::from_static(b"first"), None)
        );
    }

    #[actix_web::test]
    async fn an_export_ends_with_whoever_asked_for_it() {
        let (to, rest) = mpsc::channel(1);
        let mut pieces = Pieces::new(to, Duration::from_secs(60));
        drop(rest);
        let written = web::block(move || pieces.write(b"first")).await.unwrap();
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
