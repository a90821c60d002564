//! How long anything is waited for: the pieces of a body, and the answer as a whole.
//!
//! A database that hangs, a queue that moves too slowly, a client that sends half a body: each ends
//! with an answer that says when to come back. What was put in the queue may be done nevertheless;
//! asking again with the same key tells.

use super::error::ApiError;
use crate::config::Limits;
use std::time::Duration;

/// Routes that take as long as they do: they walk the whole log. (Imports and exports answer at
/// once, as streams.)
const UNHURRIED: &[&str] = &["/v1/audit/export", "/v1/audit/verify"];

/// Seconds after which asking again makes sense: the queue has moved on by then.
const COME_BACK: u64 = 2;

/// What is waited for, and for how long; in the app's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the next piece of a body.
    pub piece: Duration,
    /// For the next piece of a stream, whose sender may have to make it first.
    pub streamed: Duration,
    /// For an answer, from the head of the request on.
    answer: Duration,
}

impl Patience {
    pub fn new(limits: &Limits) -> Patience {
        Patience {
            piece: Duration::from_secs(limits.client_seconds),
            streamed: Duration::from_secs(limits.keep_alive_seconds),
            answer: Duration::from_secs(limits.answer_seconds),
        }
    }

    /// Waits for the answer of the route at `path`, as long as it may take.
    pub async fn answer<T>(
        self,
        path: &str,
        answer: impl Future<Output = T>,
    ) -> Result<T, ApiError> {
        if UNHURRIED.contains(&path) {
            return Ok(answer.await);
        }
        tokio::time::timeout(self.answer, answer).await.map_err(|_| {
            let detail = "There was no answer in time. Ask again with the same key: it tells whether this was done.";
            ApiError::new("unavailable", detail).retry_after(COME_BACK)
        })
    }
}

impl Default for Patience {
    fn default() -> Patience {
        Patience::new(&crate::config::Config::default().limits)
    }
}

/// What a client hears that stopped in the middle of its request.
pub fn too_slow(waited: Duration) -> ApiError {
    let seconds = waited.as_secs();
    ApiError::new(
        "request_timeout",
        format!("Nothing more of the request came for {seconds} seconds; send it again."),
    )
}
