//! What was performed on the bare state machine, command by command, to be performed again another
//! way.

use jiff::Timestamp;
use returndesk::domain::caller::Caller;
use returndesk::domain::perform::{Command, Outcome};
use returndesk::domain::state::{EntryDraft, Ids};
use std::sync::Arc;

/// One command, and what came of it.
pub struct Step {
    /// Commands of one moment have the same time, and may be served together.
    pub moment: u64,
    pub now: Timestamp,
    pub caller: Arc<Caller>,
    /// What the next ids were to be made of before it was performed.
    pub ids: Ids,
    pub command: Command,
    pub outcome: Outcome,
}

#[derive(Default)]
pub struct Tape {
    pub steps: Vec<Step>,
    /// What the log was told.
    pub entries: Vec<EntryDraft>,
}
