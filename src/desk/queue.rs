//! The queue of commands: bounded, served in batches, one answer for each command.

use super::answer::{Render, Reply};
use super::checks::{Checked, Checks};
use super::housekeeping::Housekeeping;
use super::readers::{NotRead, Readers};
use super::writer::{self, Writer};
use crate::clock::Clock;
use crate::domain::caller::Caller;
use crate::domain::draft::Draft;
use crate::domain::perform::Command;
use crate::domain::references::References;
use crate::domain::settings::Settings;
use crate::store::{Backend, Db, StoreError, idempotency};
use crossbeam_channel::{Sender, TrySendError, bounded};
use jiff::SignedDuration;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use tokio::sync::oneshot;
use uuid::Uuid;

/// An idempotency key in use: the caller's, bound to subject and route, and what was sent with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The first half of SHA-256 over subject, route and key.
    pub id: Uuid,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
}

/// A command and who wants it done.
#[derive(Clone, Debug)]
pub struct Request {
    pub command: Command,
    pub caller: Arc<Caller>,
    pub key: Option<Key>,
    pub request_id: Option<String>,
    /// The path asked for.
    pub path: String,
}

/// A request in the queue, and where its answer goes.
pub(super) struct Job {
    pub request: Request,
    pub reply: oneshot::Sender<Reply>,
}

/// How wide the desk is.
#[derive(Clone, Debug)]
pub struct DeskConfig {
    /// 0: one on SQLite, two on PostgreSQL.
    pub writers: usize,
    pub readers: usize,
    pub queue_limit: usize,
    pub batch_limit: usize,
    /// How long answers under idempotency keys are kept.
    pub keep_answers: SignedDuration,
    /// How the log refers to customers.
    pub references: References,
}

/// The way to the database: everything that changes anything goes through [`Desk::submit`].
pub struct Desk {
    queue: RwLock<Option<Sender<Job>>>,
    in_flight: Arc<Mutex<HashSet<Uuid>>>,
    settings: SharedSettings,
    readers: Readers,
    checks: Checks,
    writers: Mutex<Vec<JoinHandle<()>>>,
    housekeeping: Mutex<Option<Housekeeping>>,
    db: Db,
    clock: Clock,
}

/// The settings as last seen, shared by writers and readers.
#[derive(Clone, Default)]
pub struct SharedSettings(Arc<RwLock<Arc<Settings>>>);

impl SharedSettings {
    pub fn get(&self) -> Arc<Settings> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps the newer of the two.
    pub fn offer(&self, settings: Arc<Settings>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if settings.generation > known.generation {
            *known = settings;
        }
    }
}

impl Desk {
    /// Opens the desk: connects the writers and readers, and starts their threads.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub fn open(
        db: Db,
        clock: Clock,
        config: DeskConfig,
        render: Render,
    ) -> Result<Desk, StoreError> {
        let (queue, jobs) = bounded(config.queue_limit.max(1));
        let settings = SharedSettings::default();
        let in_flight = Arc::new(Mutex::new(HashSet::new()));
        let readers = Readers::open(&db, config.readers.max(1), settings.clone())?;
        let mut writers = Vec::new();
        for number in 0..writer_count(&db, config.writers) {
            let writer =
                Writer::connect(&db, clock.clone(), settings.clone(), Arc::clone(&render))?
                    .with_references(config.references.clone());
            let (jobs, in_flight) = (jobs.clone(), Arc::clone(&in_flight));
            let serve = move || writer::serve(writer, &jobs, &in_flight, config.batch_limit.max(1));
            let thread = std::thread::Builder::new().name(format!("writer-{number}")).spawn(serve);
            writers.push(
                thread.map_err(|e| {
                    StoreError::Other(format!("a writer's thread did not start: {e}"))
                })?,
            );
        }
        let housekeeping = Housekeeping::start(db.clone(), clock.clone(), config.keep_answers)?;
        let housekeeping = Mutex::new(Some(housekeeping));
        let (queue, writers) = (RwLock::new(Some(queue)), Mutex::new(writers));
        let checks = Checks::new();
        Ok(Desk { queue, in_flight, settings, readers, checks, writers, housekeeping, db, clock })
    }

    /// Puts a command in the queue and waits for its answer. Never waits for a place: a full queue
    /// says so at once.
    pub async fn submit(&self, request: Request) -> Reply {
        let key = request.key.map(|key| key.id);
        if let Some(id) = key
            && !self.keys().insert(id)
        {
            return Reply::KeyInUse;
        }
        let (reply, answer) = oneshot::channel();
        match self.enqueue(Job { request, reply }) {
            // The writer lets go of the key, also when nobody waits for the answer any more.
            Ok(()) => answer.await.unwrap_or_else(|_| stopped()),
            Err(refused) => {
                key.map(|id| self.keys().remove(&id));
                refused
            }
        }
    }

    /// Decides a draft on the present state of the database, and changes nothing; see
    /// [`Checks::decide`].
    pub async fn check(&self, draft: Draft) -> Result<Checked, NotRead> {
        self.checks.decide(&self.readers, draft, self.clock.now()).await
    }

    /// The answer that was kept under a key, without doing anything.
    pub async fn answered(&self, key: Key) -> Result<Option<Reply>, NotRead> {
        let kept = self
            .readers
            .read(move |read, _| Ok(idempotency::find(read, &[key.id])?.remove(&key.id)))
            .await?;
        Ok(kept.map(|(kept, body)| Reply::replayed(&kept, &body, key.digest)))
    }

    /// The same for a caller that may block: start and stop, the command line, tests.
    pub fn submit_blocking(&self, request: Request) -> Reply {
        let (reply, answer) = oneshot::channel();
        match self.enqueue(Job { request, reply }) {
            Ok(()) => answer.blocking_recv().unwrap_or_else(|_| stopped()),
            Err(refused) => refused,
        }
    }

    fn enqueue(&self, job: Job) -> Result<(), Reply> {
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        let Some(queue) = queue.as_ref() else { return Err(stopped()) };
        metrics::gauge!("returndesk_queue_length")
            .set(u32::try_from(queue.len()).unwrap_or(u32::MAX));
        queue.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => Reply::Overloaded,
            TrySendError::Disconnected(_) => stopped(),
        })
    }

    /// How many commands wait for a writer.
    pub fn waiting(&self) -> usize {
        self.queue.read().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, Sender::len)
    }

    fn keys(&self) -> std::sync::MutexGuard<'_, HashSet<Uuid>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads beside the writers.
    pub fn readers(&self) -> &Readers {
        &self.readers
    }

    /// The settings as last seen; a batch that changes them makes them current before it is
    /// answered.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.get()
    }

    pub fn db(&self) -> &Db {
        &self.db
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Takes no more commands, serves those that wait, and returns when all are answered.
    pub fn close(&self) {
        drop(self.queue.write().unwrap_or_else(PoisonError::into_inner).take());
        drop(self.housekeeping.lock().unwrap_or_else(PoisonError::into_inner).take());
        let writers =
            std::mem::take(&mut *self.writers.lock().unwrap_or_else(PoisonError::into_inner));
        for writer in writers {
            if writer.join().is_err() {
                tracing::error!("a writer had died before the desk was closed");
            }
        }
    }
}

fn writer_count(db: &Db, configured: usize) -> usize {
    match (db.backend(), configured) {
        (Backend::Sqlite, _) => 1,
        (Backend::Postgres, 0) => 2,
        (Backend::Postgres, configured) => configured,
    }
}

fn stopped() -> Reply {
    Reply::Trouble(StoreError::ConnectionLost("The service is stopping.".into()))
}
