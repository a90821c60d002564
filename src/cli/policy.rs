//! `returndesk policy`: lint a document, and publish it.
//!
//! The contract lets nobody publish what they wrote. On the command line both people are named, and
//! must differ; the log keeps who drafted and who published.

use super::failure::Failure;
use super::terminal::{counted, print, tell};
use super::{Place, desk, moment, people};
use crate::api::body;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::caller::{Caller, Role};
use crate::domain::perform::{Command, Done};
use crate::domain::policies::{DraftPolicy, PolicyRecord, PublishPolicy};
use crate::domain::policy::{Policy, Severity, lint};
use crate::wire::policy::{self, PolicyDocument};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Say what is wrong or doubtful about a policy document.
    Lint {
        /// The document, JSON
        file: PathBuf,
    },
    /// Publish a policy document as the next version.
    Publish(PublishArgs),
}

#[derive(Args)]
pub struct PublishArgs {
    /// The document, JSON
    file: PathBuf,
    /// The policy it is the next version of
    #[arg(long, env = "RETURNDESK_NAME", default_value = "standard", value_parser = people::number)]
    name: String,
    /// From when it governs, like 2026-05-01T00:00:00-04:00 [default: at once]
    #[arg(long, env = "RETURNDESK_EFFECTIVE_FROM", value_parser = moment::instant)]
    effective_from: Option<Timestamp>,
    /// Employee number of whoever wrote it
    #[arg(long, env = "RETURNDESK_AUTHOR", value_parser = people::number)]
    author: String,
    /// Employee number of whoever publishes it: somebody else
    #[arg(long, env = "RETURNDESK_PUBLISHER", value_parser = people::number)]
    publisher: String,
    #[command(flatten)]
    place: Place,
}

pub fn run(command: PolicyCommand, config: Config, clock: Clock) -> Result<(), Failure> {
    match command {
        PolicyCommand::Lint { file } => {
            checked(&file)?;
            print("Nothing in it stands against publishing.");
            Ok(())
        }
        PolicyCommand::Publish(args) => publish(args, config, clock),
    }
}

/// Reads a document and says what is to be said about it; no if anything must not be published.
fn checked(file: &Path) -> Result<PolicyDocument, Failure> {
    let bytes = std::fs::read(file).map_err(|fault| Failure::file(file, &fault))?;
    let document = match body::read::<PolicyDocument>(&bytes) {
        Ok(body) => body.value,
        Err(refused) => {
            let problem = refused.problem();
            problem
                .errors
                .iter()
                .for_each(|fault| told("fault", &fault.pointer, &fault.code, &fault.detail));
            let shown = if problem.errors.is_empty() {
                format!(": {}", problem.detail)
            } else {
                ".".into()
            };
            return Err(Failure::No(format!("{} is not a policy document{shown}", file.display())));
        }
    };
    let faults = match Policy::try_from(&document) {
        Ok(policy) => linted(&policy),
        Err(faults) => {
            faults
                .iter()
                .for_each(|fault| told("fault", &fault.pointer, fault.code, &fault.detail));
            u64::try_from(faults.len()).unwrap_or(u64::MAX)
        }
    };
    match faults {
        0 => Ok(document),
        faults => Err(Failure::No(format!(
            "{} has {}.",
            file.display(),
            counted(faults, "fault", "faults")
        ))),
    }
}

/// Says every finding, and counts those that cannot be meant.
fn linted(policy: &Policy) -> u64 {
    let mut faults = 0;
    for finding in lint(policy) {
        let weight = match finding.severity {
            Severity::Fault => "fault",
            Severity::Warning => "warning",
        };
        faults += u64::from(finding.severity == Severity::Fault);
        told(
            weight,
            &finding.pointer,
            finding.code,
            &format!("[{}] {}", finding.rule, finding.detail),
        );
    }
    faults
}

fn told(weight: &str, pointer: &str, code: &str, detail: &str) {
    let place = if pointer.is_empty() { "(document)" } else { pointer };
    print(&format!("{weight}: {place}: {detail} ({code})"));
}

fn publish(args: PublishArgs, config: Config, clock: Clock) -> Result<(), Failure> {
    if args.author == args.publisher {
        return Err(Failure::Usage(
            "whoever wrote a policy cannot publish it: name two different people".into(),
        ));
    }
    let document = checked(&args.file)?;
    let config = args.place.over(config);
    let person = |operator: &str| people::named(&config.tokens.issuer, operator, Role::PolicyAdmin);
    let (author, publisher) = (person(&args.author), person(&args.publisher));
    desk::with(config, clock, |app| {
        let drafted = draft(app, &author, &args.name, &document)?;
        let number = drafted.number;
        let command =
            PublishPolicy { name: args.name, number, effective_from: args.effective_from };
        desk::perform(app, &publisher, Command::PublishPolicy(command)).inspect_err(|_| {
            tell(&format!("Version {number} is drafted, and not published."));
        })?;
        let from = args.effective_from.map_or("at once".to_owned(), |from| format!("from {from}"));
        print(&format!("Published version {number} of {}, effective {from}.", drafted.name));
        Ok(())
    })
}

fn draft(
    app: &App,
    author: &Arc<Caller>,
    name: &str,
    document: &PolicyDocument,
) -> Result<PolicyRecord, Failure> {
    let unreadable = |_| Failure::Trouble("the document cannot be compiled".into());
    let command = DraftPolicy {
        name: name.to_owned(),
        document: policy::text(document).into(),
        compiled: policy::compile_document(document).map_err(unreadable)?,
    };
    match desk::perform(app, author, Command::DraftPolicy(Box::new(command)))? {
        Done::PolicyDrafted(record) => Ok(record),
        _ => Err(Failure::Trouble("the draft was answered as something else".into())),
    }
}
