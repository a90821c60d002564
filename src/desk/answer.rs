//! What goes back to a caller: an answer as it is kept and sent, or why there is none.

use crate::domain::perform::Outcome;
use crate::store::StoreError;
use crate::store::idempotency::{Body, Kept};
pub use crate::wire::answer::Answer;
use jiff::Timestamp;
use std::sync::Arc;
use uuid::Uuid;

/// Renders outcomes: given from outside, for what a problem looks like is not the desk's to know.
pub type Render = Arc<dyn Fn(&Outcome, &Rendering) -> Answer + Send + Sync>;

/// What rendering needs beside the outcome.
pub struct Rendering {
    /// The path asked for, for the problem's `instance`.
    pub path: String,
    pub now: Timestamp,
}

/// What a submitted command is told.
#[derive(Debug)]
pub enum Reply {
    Done {
        answer: Answer,
        outcome: Option<Outcome>,
        replayed: bool,
    },
    /// The key was used for another body (422).
    KeyReused,
    /// The first request with this key is still running (409).
    KeyInUse,
    /// The queue is full: come back in a moment (503).
    Overloaded,
    /// The database could not be reached or refused; nothing was kept, or with `CommitUnknown`
    /// nobody knows (503, 500).
    Trouble(StoreError),
}

impl Reply {
    /// What was answered before under a key, to a request with this digest.
    pub(super) fn replayed(kept: &Kept, body: &str, digest: [u8; 32]) -> Reply {
        match kept.digest == digest {
            true => Reply::Done {
                answer: Answer::restored(kept, body.to_owned()),
                outcome: None,
                replayed: true,
            },
            false => Reply::KeyReused,
        }
    }
}

impl Answer {
    /// Whether an answer is final for its key: who may not, comes too often or meets a fault may
    /// try again with it (STANDARDS 21).
    pub fn is_final(&self) -> bool {
        !matches!(self.status, 401 | 403 | 429 | 500..)
    }

    /// As it is kept; the answer of a recorded return is kept as the return's own document.
    pub fn kept(&self, digest: [u8; 32], of_return: Option<Uuid>) -> Kept {
        let headers: Vec<String> =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let body = of_return.map_or_else(|| Body::Text(self.body.clone()), Body::Return);
        Kept { digest, status: self.status, headers: headers.join("\n"), body }
    }

    /// An answer that was kept.
    pub fn restored(kept: &Kept, body: String) -> Answer {
        let headers = kept.headers.lines().filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Answer { status: kept.status, headers, body }
    }
}
