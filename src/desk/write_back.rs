//! SQLite's write-ahead log is written back into its file beside the writer, which goes on meanwhile (decision 0021).
//! PostgreSQL has processes of its own for that.

use crate::store::{Backend, Connection, Db, StoreError};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::thread::JoinHandle;

/// Commands after which the log is written back.
const COMMANDS: usize = 256;
/// What is committed while the log is written back is left over: less each time, for each time takes less. Only a log that
/// is written back to its end is begun anew instead of growing.
const ROUNDS: usize = 8;

/// The thread that writes back; dropping it stops it.
pub(super) struct WriteBack {
    wanted: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Counts a writer's commands, and says when it is time.
pub(super) struct Tally {
    wanted: Option<Sender<()>>,
    commands: usize,
}

impl WriteBack {
    /// Starts the thread; on PostgreSQL there is none.
    pub(super) fn start(db: &Db) -> Result<WriteBack, StoreError> {
        if db.backend() == Backend::Postgres {
            return Ok(WriteBack { wanted: None, thread: None });
        }
        // One place: whoever finds it taken is served by what is under way or about to begin.
        let (wanted, waiting) = bounded(1);
        let mut connection = db.connect_reader()?;
        let work = move || keep_writing_back(&mut connection, &waiting);
        let thread = std::thread::Builder::new().name("write-back".into()).spawn(work);
        let thread =
            thread.map_err(|e| StoreError::Other(format!("the thread that writes back did not start: {e}")))?;
        Ok(WriteBack { wanted: Some(wanted), thread: Some(thread) })
    }

    pub(super) fn tally(&self) -> Tally {
        Tally { wanted: self.wanted.clone(), commands: 0 }
    }
}

impl Drop for WriteBack {
    fn drop(&mut self) {
        drop(self.wanted.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes back had died");
        }
    }
}

impl Tally {
    pub(super) fn add(&mut self, commands: usize) {
        self.commands += commands;
        if self.commands >= COMMANDS
            && let Some(wanted) = &self.wanted
        {
            let _ = wanted.try_send(());
            self.commands = 0;
        }
    }
}

/// Until all writers have gone. Nobody waits for it to succeed: the writer does so itself when the log has grown long.
fn keep_writing_back(connection: &mut Connection, wanted: &Receiver<()>) {
    for () in wanted {
        for _ in 0..ROUNDS {
            match Db::write_back(connection) {
                Ok(true) => break,
                Ok(false) => {}
                Err(fault) => {
                    tracing::debug!(%fault, "the log was not written back");
                    break;
                }
            }
        }
    }
}
