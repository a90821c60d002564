//! Debug builds alone: the process ends at a chosen step of a write, so that a test sees what a
//! crash leaves behind.
//!
//! `RETURNDESK_FAILPOINT` names a file. Whenever a writer begins a transaction while the file holds
//! a number, the process aborts at that step of it: every statement is two steps, one before it is
//! sent and one after it was answered, BEGIN and COMMIT among them. Nothing is flushed or closed,
//! as after SIGKILL.

use diesel::Connection;
use diesel::connection::{Instrumentation, InstrumentationEvent};
use std::path::PathBuf;

struct Failpoint {
    file: PathBuf,
    /// Steps to go; `None` where nothing is to happen.
    left: Option<u32>,
}

/// Arms a connection, where the environment says so.
#[allow(clippy::disallowed_methods)] // no setting: no release has it
pub(super) fn arm(connection: &mut impl Connection) {
    if let Some(file) = std::env::var_os("RETURNDESK_FAILPOINT") {
        connection.set_instrumentation(Failpoint { file: file.into(), left: None });
    }
}

impl Instrumentation for Failpoint {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { query, .. } => {
                if query.to_string().starts_with("BEGIN") {
                    self.left = self.wanted();
                }
                self.step();
            }
            InstrumentationEvent::FinishQuery { .. } => self.step(),
            _ => {}
        }
    }
}

impl Failpoint {
    /// The step that the file names. Only the desk's writers are to die: their threads have names.
    fn wanted(&self) -> Option<u32> {
        std::thread::current().name().filter(|name| name.starts_with("writer"))?;
        std::fs::read_to_string(&self.file).ok()?.trim().parse().ok()
    }

    fn step(&mut self) {
        self.left = self.left.and_then(|left| match left {
            0 | 1 => std::process::abort(),
            more => Some(more - 1),
        });
    }
}
