//! Once an hour, what may be forgotten is forgotten: answers under idempotency keys after their
//! thirty days, attempts to sign in after two.

use crate::clock::Clock;
use crate::domain::sign_in;
use crate::store::{self, Db, StoreError, idempotency};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use jiff::SignedDuration;
use std::thread::JoinHandle;
use std::time::Duration;

const PAUSE: Duration = Duration::from_secs(3_600);
/// The pause after a fault: the database may be restarting.
const AFTER_FAULT: Duration = Duration::from_secs(60);

/// The housekeeper's thread; dropping it stops it.
pub(super) struct Housekeeping {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Housekeeping {
    /// Starts it, keeping answers for `keep`.
    pub(super) fn start(
        db: Db,
        clock: Clock,
        keep: SignedDuration,
    ) -> Result<Housekeeping, StoreError> {
        let (stop, stopped) = bounded(0);
        let work = move || keep_house(&db, &clock, keep, &stopped);
        let thread = std::thread::Builder::new().name("housekeeping".into()).spawn(work);
        let thread = thread.map_err(|e| {
            StoreError::Other(format!("the housekeeper's thread did not start: {e}"))
        })?;
        Ok(Housekeeping { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Housekeeping {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the housekeeper had died");
        }
    }
}

fn keep_house(db: &Db, clock: &Clock, keep: SignedDuration, stopped: &Receiver<()>) {
    loop {
        let pause = match forget(db, clock, keep) {
            Ok(forgotten) => {
                tracing::debug!(forgotten, "old keys and attempts are forgotten");
                PAUSE
            }
            Err(fault) => {
                tracing::warn!(%fault, "old keys and attempts could not be forgotten");
                AFTER_FAULT
            }
        };
        match stopped.recv_timeout(pause) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => return,
        }
    }
}

/// Forgets in small steps, so that no register waits for it.
pub fn forget(db: &Db, clock: &Clock, keep: SignedDuration) -> Result<usize, StoreError> {
    let (answers, attempts) = (clock.now() - keep, clock.now() - sign_in::KEPT);
    let mut connection = db.connect()?;
    let mut forgotten = 0;
    loop {
        let some = Db::write(&mut connection, |tx| idempotency::forget(tx, answers))?
            + Db::write(&mut connection, |tx| store::sign_in::forget(tx, attempts))?;
        if some == 0 {
            return Ok(forgotten);
        }
        forgotten += some;
    }
}
