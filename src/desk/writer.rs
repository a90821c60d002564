//! A writer: takes what waits in the queue, and serves it as one batch in one transaction.

use super::answer::{Render, Rendering, Reply};
use super::queue::{Job, Request, SharedSettings};
use crate::clock::Clock;
use crate::domain::perform::{Command, Context, Done, Outcome, Touched, perform};
use crate::domain::references::References;
use crate::domain::state::{Ids, State};
use crate::store::audit::Audited;
use crate::store::idempotency::{self, Kept};
use crate::store::{Connection, Db, Plans, StoreError, Tx, batch};
use crossbeam_channel::Receiver;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use uuid::Uuid;

/// How often work is done again that another instance was in the way of.
const TRIES: u32 = 4;
/// Commands after which a writer that has nothing to do writes SQLite's log back.
const WRITE_BACK: usize = 256;
/// How long a writer waits before it asks a lost database again.
const RECONNECT: Duration = Duration::from_millis(200);

/// A connection, and what a batch is performed with.
pub struct Writer {
    db: Db,
    connection: Option<Connection>,
    plans: Plans,
    clock: Clock,
    settings: SharedSettings,
    render: Render,
    ids: IdSource,
    references: References,
}

/// Where a batch's ids come from: they are made of time and chance, by the batch's state machine
/// from one seed.
type IdSource = Box<dyn FnMut() -> Ids + Send>;

/// A command, and where its answer is waited for; none where it is waited for in any case.
#[derive(Clone, Copy)]
struct AtHand<'a> {
    request: &'a Request,
    reply: Option<&'a oneshot::Sender<Reply>>,
}

impl AtHand<'_> {
    /// Whether whoever asked was told to come back, or went away.
    fn is_given_up(&self) -> bool {
        self.reply.is_some_and(oneshot::Sender::is_closed)
    }
}

/// Serves batches until the queue is closed and empty.
pub(super) fn serve(
    mut writer: Writer,
    jobs: &Receiver<Job>,
    in_flight: &Mutex<HashSet<Uuid>>,
    limit: usize,
) {
    let mut since_written_back = 0;
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        // No timer: whatever came while the last batch was written is the next one, and a lone
        // command never waits.
        batch.extend(jobs.try_iter().take(limit - 1));
        let batch = still_wanted(batch, in_flight);
        if batch.is_empty() {
            continue;
        }
        let at_hand: Vec<AtHand<'_>> = batch
            .iter()
            .map(|job| AtHand { request: &job.request, reply: Some(&job.reply) })
            .collect();
        let replies = writer.serve_in_order(&at_hand);
        let mut keys = in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        for job in &batch {
            job.request.key.map(|key| keys.remove(&key.id));
        }
        drop(keys);
        since_written_back += batch.len();
        for (job, reply) in batch.into_iter().zip(replies) {
            // Whoever has gone away meanwhile finds the answer under its key.
            let _ = job.reply.send(reply);
        }
        // In a pause, little by little: what is left to a time without pauses is much at once.
        if since_written_back >= WRITE_BACK && jobs.is_empty() {
            writer.write_back();
            since_written_back = 0;
        }
    }
}

/// The jobs that somebody still waits for. Whoever was told to come back, or went away, before the
/// work was begun, is owed none: when a database hangs, work that nobody waits for must not stand
/// before work that somebody does.
fn still_wanted(batch: Vec<Job>, in_flight: &Mutex<HashSet<Uuid>>) -> Vec<Job> {
    let (gone, wanted): (Vec<Job>, Vec<Job>) =
        batch.into_iter().partition(|job| job.reply.is_closed());
    if !gone.is_empty() {
        tracing::debug!(commands = gone.len(), "nobody waits for these commands any more");
        let mut keys = in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        for key in gone.iter().filter_map(|job| job.request.key) {
            keys.remove(&key.id);
        }
    }
    wanted
}

impl Writer {
    pub fn connect(
        db: &Db,
        clock: Clock,
        settings: SharedSettings,
        render: Render,
    ) -> Result<Writer, StoreError> {
        let ids = Box::new(|| Ids::seeded(rand::random()));
        let (connection, plans) = (Some(db.connect()?), Plans::default());
        let references = References::default();
        Ok(Writer { db: db.clone(), connection, plans, clock, settings, render, ids, references })
    }

    /// The same with ids from a source that is asked once for each batch: a simulation foretells
    /// them.
    pub fn with_ids(self, ids: impl FnMut() -> Ids + Send + 'static) -> Writer {
        Writer { ids: Box::new(ids), ..self }
    }

    /// The same with references to customers in the log.
    pub fn with_references(self, references: References) -> Writer {
        Writer { references, ..self }
    }

    /// Writes SQLite's log back into its file. Nobody waits for it to succeed: the database does so
    /// by itself some day.
    fn write_back(&mut self) {
        if let Some(connection) = &mut self.connection
            && let Err(fault) = Db::write_back(connection)
        {
            tracing::debug!(%fault, "the log was not written back");
        }
    }

    /// Serves commands whose answers are always waited for; see [`serve`] for those of the queue.
    pub fn serve(&mut self, batch: &[&Request]) -> Vec<Reply> {
        let batch: Vec<AtHand<'_>> =
            batch.iter().map(|request| AtHand { request, reply: None }).collect();
        self.serve_in_order(&batch)
    }

    /// Serves a batch; what has to be alone in its transaction is served after the others.
    fn serve_in_order(&mut self, batch: &[AtHand<'_>]) -> Vec<Reply> {
        let alone = |at_hand: &AtHand<'_>| is_served_alone(&at_hand.request.command);
        if batch.len() == 1 || !batch.iter().any(alone) {
            return self.serve_together(batch);
        }
        let together: Vec<AtHand<'_>> =
            batch.iter().copied().filter(|at_hand| !alone(at_hand)).collect();
        let mut replies =
            if together.is_empty() { Vec::new() } else { self.serve_together(&together) }
                .into_iter();
        let others: Vec<Option<Reply>> = batch
            .iter()
            .map(|at_hand| if alone(at_hand) { None } else { replies.next() })
            .collect();
        let rest = |(at_hand, reply): (&AtHand<'_>, Option<Reply>)| {
            reply.unwrap_or_else(|| {
                self.serve_together(&[*at_hand]).pop().unwrap_or(Reply::Overloaded)
            })
        };
        batch.iter().zip(others).map(rest).collect()
    }

    /// Serves a batch in one transaction. If it fails as a whole its commands are served one by
    /// one, so that one bad command harms no other.
    fn serve_together(&mut self, batch: &[AtHand<'_>]) -> Vec<Reply> {
        metrics::histogram!("returndesk_batch_size")
            .record(u32::try_from(batch.len()).unwrap_or(u32::MAX));
        let requests: Vec<&Request> = batch.iter().map(|at_hand| at_hand.request).collect();
        match self.attempt(&requests) {
            Ok(replies) => replies,
            Err(fault) => {
                tracing::debug!(%fault, commands = batch.len(), "a batch failed; its commands are served one by one");
                batch.iter().map(|at_hand| self.again(at_hand, &fault)).collect()
            }
        }
    }

    /// Serves a command by itself whose batch failed, where that can do no harm.
    fn again(&mut self, at_hand: &AtHand<'_>, fault: &StoreError) -> Reply {
        match fault {
            StoreError::CommitUnknown(_) if !can_be_done_twice(at_hand.request) => {
                Reply::Trouble(fault.clone())
            }
            // Each try may take as long as the database is patient: nobody's turn comes after they
            // have given up.
            _ if at_hand.is_given_up() => Reply::Trouble(fault.clone()),
            _ => self.alone(at_hand),
        }
    }

    fn alone(&mut self, at_hand: &AtHand<'_>) -> Reply {
        let request = at_hand.request;
        for attempt in 1.. {
            match self.attempt(&[request]).map(|mut replies| replies.pop()) {
                Ok(Some(reply)) => return reply,
                Ok(None) => break,
                Err(fault)
                    if attempt < TRIES
                        && !at_hand.is_given_up()
                        && worth_another_try(&fault, request) =>
                {
                    std::thread::sleep(RECONNECT / 10 * attempt);
                }
                Err(fault) => {
                    tracing::error!(%fault, path = request.path, "a command failed");
                    return Reply::Trouble(fault);
                }
            }
        }
        Reply::Trouble(StoreError::NotFound)
    }

    /// Serves a batch in one transaction. A panic is a bug of ours and the trouble of the commands
    /// at hand alone: the writer goes on with a new connection, whatever state the old one is in.
    fn attempt(&mut self, batch: &[&Request]) -> Result<Vec<Reply>, StoreError> {
        let result = catch_unwind(AssertUnwindSafe(|| self.transact(batch)));
        result.unwrap_or_else(|_| {
            self.connection = None;
            Err(StoreError::Other("a command made the service panic; its log says where".into()))
        })
    }

    fn transact(&mut self, batch: &[&Request]) -> Result<Vec<Reply>, StoreError> {
        let result = match self.connection.take() {
            Some(connection) => Ok(connection),
            None => self.db.connect(),
        }
        .and_then(|connection| {
            let connection = self.connection.insert(connection);
            let known = self.settings.get();
            let now = self.clock.now();
            let (render, references) = (&self.render, &self.references);
            let ids = (self.ids)();
            let served = Db::write(connection, |tx| {
                let batch = Batch::new(tx, batch, now)?;
                let mut state = batch::claim(tx, &batch.touched(), &known, ids, now)?;
                state.references = references.clone();
                serve_in(tx, batch, state, render)
            })?;
            self.plans.used_by(connection);
            Ok(served)
        });
        match result {
            Ok((replies, settings)) => {
                self.settings.offer(settings);
                Ok(replies)
            }
            Err(fault) => {
                // A session that takes no writes may be at a server that has become a standby, or
                // that was read-only when it began: it stays so, and the next one need not.
                if fault.is_connection_lost() || matches!(fault, StoreError::Unwritable(_)) {
                    self.connection = None;
                }
                Err(fault)
            }
        }
    }
}

/// A day end holds its store's audit head from the beginning, all others take it last: beside
/// another command, which may wait for rows, it could be waited for in a ring (decision 0013).
fn is_served_alone(command: &Command) -> bool {
    matches!(command, Command::CloseDay(_))
}

/// Whether a command may be done again after a commit whose answer was lost: a key tells whether it
/// had been kept, and so does a sale's receipt.
fn can_be_done_twice(request: &Request) -> bool {
    request.key.is_some() || matches!(request.command, Command::RecordSale(_))
}

/// Whether doing it again can help, and can do no harm.
fn worth_another_try(fault: &StoreError, request: &Request) -> bool {
    match fault {
        StoreError::CommitUnknown(_) => can_be_done_twice(request),
        // A key or a receipt that another instance took meanwhile: next time it is found.
        StoreError::Unique { .. } | StoreError::ConnectionLost(_) => true,
        fault => fault.is_busy(),
    }
}

type Served = (Vec<Reply>, Arc<crate::domain::settings::Settings>);

/// The middle of the house: perform each in turn on what was claimed, write as sets.
fn serve_in(
    tx: &mut Tx<'_>,
    mut batch: Batch<'_>,
    mut state: State,
    render: &Render,
) -> Result<Audited<Served>, StoreError> {
    for place in 0..batch.requests.len() {
        batch.perform(place, &mut state, render);
    }
    if state.is_spoilt() {
        return Err(StoreError::Other(
            "a command was refused after it had changed something; nothing is kept".into(),
        ));
    }
    batch.answers.sort_by_key(|(key, _)| *key);
    let settings = state.shared_settings();
    let now = batch.now;
    let written = batch::Written { documents: &batch.documents, answers: &batch.answers, now };
    let replies =
        batch.replies.into_iter().map(|reply| reply.unwrap_or(Reply::Overloaded)).collect();
    batch::write(tx, &state, &written, (replies, settings))
}

/// A batch being served.
struct Batch<'a> {
    requests: &'a [&'a Request],
    replies: Vec<Option<Reply>>,
    /// What is to be kept under keys.
    answers: Vec<(Uuid, Kept)>,
    /// Documents of new returns.
    documents: HashMap<Uuid, String>,
    now: Timestamp,
}

impl<'a> Batch<'a> {
    /// Starts a batch: whatever was answered before under its key is answered the same.
    fn new(
        tx: &mut Tx<'_>,
        requests: &'a [&'a Request],
        now: Timestamp,
    ) -> Result<Batch<'a>, StoreError> {
        let mut keys: Vec<Uuid> =
            requests.iter().filter_map(|request| request.key).map(|key| key.id).collect();
        keys.sort_unstable();
        keys.dedup();
        let kept = if keys.is_empty() { HashMap::new() } else { idempotency::find(tx, &keys)? };
        let replay = |request: &&Request| {
            let key = request.key?;
            let (kept, body) = kept.get(&key.id)?;
            Some(Reply::replayed(kept, body, key.digest))
        };
        let replies = requests.iter().map(replay).collect();
        Ok(Batch { requests, replies, answers: Vec::new(), documents: HashMap::new(), now })
    }

    /// What the commands that are not replayed touch.
    fn touched(&self) -> Touched {
        let mut touched = Touched::default();
        let live = self.requests.iter().zip(&self.replies).filter(|(_, reply)| reply.is_none());
        live.for_each(|(request, _)| touched.add(&request.command));
        touched.in_order()
    }

    fn perform(&mut self, place: usize, state: &mut State, render: &Render) {
        if self.replies[place].is_some() {
            return;
        }
        let request = self.requests[place];
        let earlier = request.key.and_then(|key| self.answered_in_this_batch(key.id, key.digest));
        self.replies[place] = Some(earlier.unwrap_or_else(|| self.answer(request, state, render)));
    }

    /// Two requests with one key can meet in a batch when they came through different ways in.
    fn answered_in_this_batch(&self, id: Uuid, digest: [u8; 32]) -> Option<Reply> {
        let (_, kept) = self.answers.iter().find(|(key, _)| *key == id)?;
        let body = match &kept.body {
            idempotency::Body::Text(text) => text,
            idempotency::Body::Return(id) => self.documents.get(id)?,
        };
        Some(Reply::replayed(kept, body, digest))
    }

    fn answer(&mut self, request: &Request, state: &mut State, render: &Render) -> Reply {
        let context = Context {
            caller: &request.caller,
            request_id: request.request_id.as_deref(),
            now: self.now,
        };
        let outcome = perform(state, &request.command, &context);
        let answer = render(&outcome, &Rendering { path: request.path.clone(), now: self.now });
        let of_return = match &outcome {
            Outcome::Done(done) => match &**done {
                Done::Returned(recorded) => Some(recorded.the_return.id),
                _ => None,
            },
            Outcome::Refused(_) => None,
        };
        if let Some(id) = of_return {
            self.documents.insert(id, answer.body.clone());
        }
        if let Some(key) = request.key.filter(|_| answer.is_final()) {
            self.answers.push((key.id, answer.kept(key.digest, of_return)));
        }
        Reply::Done { answer, outcome: Some(outcome), replayed: false }
    }
}
