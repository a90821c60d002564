//! The desk without a server in front of it, for commands that change or log something. A service
//! that runs on the same database goes on meanwhile: both claim what they touch.

use super::failure::Failure;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::desk::{Reply, Request};
use crate::domain::caller::Caller;
use crate::domain::canonical::Json;
use crate::domain::entry::Event;
use crate::domain::journal::Note;
use crate::domain::perform::{Command, Done, Outcome};
use crate::wire::problem::Problem;
use std::sync::Arc;

/// Opens the desk for one piece of work, and closes it when that is done.
pub fn with<T>(
    config: Config,
    clock: Clock,
    work: impl FnOnce(&App) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let app = App::open(config, clock)?;
    let result = work(&app);
    app.service.desk.close();
    result
}

/// Has one command performed.
pub fn perform(app: &App, caller: &Arc<Caller>, command: Command) -> Result<Done, Failure> {
    let reply = app.service.desk.submit_blocking(Request {
        command,
        caller: Arc::clone(caller),
        key: None,
        request_id: None,
        path: String::new(),
    });
    match reply {
        Reply::Done { outcome: Some(Outcome::Done(done)), .. } => Ok(*done),
        Reply::Done { answer, .. } => Err(Failure::No(sentences(&answer.body))),
        Reply::Trouble(fault) => Err(fault.into()),
        Reply::KeyReused | Reply::KeyInUse | Reply::Overloaded => {
            Err(Failure::Trouble("The desk is busy; try again in a moment.".into()))
        }
    }
}

/// Tells the log of something that was done beside the desk.
pub fn note(
    app: &App,
    caller: &Arc<Caller>,
    event: Event,
    subject_id: Option<String>,
    data: Json,
) -> Result<(), Failure> {
    let note = Note { store: None, event, subject_id, data };
    perform(app, caller, Command::Note(Box::new(note))).map(|_| ())
}

/// What a refusal says, each fault with its place.
fn sentences(body: &str) -> String {
    let Ok(problem) = serde_json::from_str::<Problem>(body) else {
        return "It was refused.".into();
    };
    let places =
        problem.errors.iter().map(|fault| format!("\n  {}: {}", fault.pointer, fault.detail));
    format!("{} ({}){}", problem.detail, problem.code, places.collect::<String>())
}
