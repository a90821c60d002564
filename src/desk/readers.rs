//! Readers: threads with a connection each, beside the writers. No connection is held across an
//! await.

use super::queue::SharedSettings;
use crate::domain::settings::Settings;
use crate::store::{Connection, Db, Plans, Read, StoreError, batch};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::oneshot;

/// How many reads may wait: more are told to come back.
pub(super) const WAITING: usize = 4_096;

pub(super) type Work = Box<dyn FnOnce(&mut Reader) + Send>;

/// What is asked of one state of the database and the settings of that state.
pub(super) type Reading<T> = dyn Fn(&mut Read<'_>, &Arc<Settings>) -> Result<T, StoreError> + Send;

/// The reading side of the desk.
pub struct Readers {
    work: Sender<Work>,
}

/// Why a read has no answer.
#[derive(Debug)]
pub enum NotRead {
    Overloaded,
    Trouble(StoreError),
}

impl From<StoreError> for NotRead {
    fn from(fault: StoreError) -> NotRead {
        NotRead::Trouble(fault)
    }
}

/// One reading thread's connection.
pub(super) struct Reader {
    db: Db,
    connection: Option<Connection>,
    plans: Plans,
    settings: SharedSettings,
}

impl Readers {
    pub(super) fn open(
        db: &Db,
        count: usize,
        settings: SharedSettings,
    ) -> Result<Readers, StoreError> {
        let (work, waiting): (Sender<Work>, Receiver<Work>) = bounded(WAITING);
        for number in 0..count {
            let connection = Some(db.connect_lookup()?);
            let (db, settings) = (db.clone(), settings.clone());
            let mut reader = Reader { db, connection, plans: Plans::default(), settings };
            let waiting = waiting.clone();
            let serve = move || waiting.iter().for_each(|work| work(&mut reader));
            let thread = std::thread::Builder::new().name(format!("reader-{number}")).spawn(serve);
            thread
                .map_err(|e| StoreError::Other(format!("a reader's thread did not start: {e}")))?;
        }
        Ok(Readers { work })
    }

    /// Reads one state of the database, with the settings of that state.
    pub async fn read<T, F>(&self, work: F) -> Result<T, NotRead>
    where
        T: Send + 'static,
        F: Fn(&mut Read<'_>, &Arc<Settings>) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.enqueue(Box::new(move |reader| {
            // Whoever has given up meanwhile is owed no work: what is left goes to those who still
            // wait.
            if !reply.is_closed() {
                let _ = reply.send(reader.read(&work));
            }
        }))?;
        answer.await.map_err(|_| stopped())?.map_err(NotRead::Trouble)
    }

    /// The same for a caller that may block.
    pub fn read_blocking<T, F>(&self, work: F) -> Result<T, NotRead>
    where
        T: Send + 'static,
        F: Fn(&mut Read<'_>, &Arc<Settings>) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.enqueue(Box::new(move |reader| {
            // Whoever has given up meanwhile is owed no work: what is left goes to those who still
            // wait.
            if !reply.is_closed() {
                let _ = reply.send(reader.read(&work));
            }
        }))?;
        answer.blocking_recv().map_err(|_| stopped())?.map_err(NotRead::Trouble)
    }

    pub(super) fn enqueue(&self, work: Work) -> Result<(), NotRead> {
        self.work.try_send(work).map_err(|refused| match refused {
            TrySendError::Full(_) => NotRead::Overloaded,
            TrySendError::Disconnected(_) => stopped(),
        })
    }
}

pub(super) fn stopped() -> NotRead {
    NotRead::Trouble(StoreError::ConnectionLost("The readers have stopped.".into()))
}

impl Reader {
    /// Reads; a connection that turns out to be lost is replaced once.
    pub(super) fn read<T>(&mut self, work: &Reading<T>) -> Result<T, StoreError> {
        let mut attempt = || match self.attempt(work) {
            Err(fault) if fault.is_connection_lost() => self.attempt(work),
            result => result,
        };
        // A panic is a fault of one question, not the end of the reader.
        let answer = catch_unwind(AssertUnwindSafe(&mut attempt));
        answer.unwrap_or_else(|_| {
            self.connection = None;
            Err(StoreError::Other("a read panicked; the log of the service says where".into()))
        })
    }

    fn attempt<T>(&mut self, work: &Reading<T>) -> Result<T, StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.db.connect_lookup()?,
        };
        let connection = self.connection.insert(connection);
        let known = self.settings.get();
        let result = Db::read(connection, |read| {
            let settings = batch::current_settings(read, &known, false)?;
            Ok((work(read, &settings)?, settings))
        });
        match result {
            Ok((value, settings)) => {
                self.plans.used_by(connection);
                self.settings.offer(settings);
                Ok(value)
            }
            Err(fault) => {
                if StoreError::is_connection_lost(&fault) {
                    self.connection = None;
                }
                Err(fault)
            }
        }
    }
}
