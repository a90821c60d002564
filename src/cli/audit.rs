//! `returndesk audit`: the log out of the database as a signed file, and back to proof.

use super::failure::Failure;
use super::terminal::{counted, tell};
use super::verify::VerifyArgs;
use super::{Place, desk, keys, moment, people, verify};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::canonical::Json;
use crate::domain::entry::Event;
use crate::export::csv::manifest_path;
use crate::export::log::{ExportFault, Exported, export_log};
use crate::export::manifest::{Filter, Format};
use crate::identity::note::Signer;
use crate::store::Db;
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum AuditCommand {
    /// Write the log, or a part of it, as a file that can be verified without this service.
    Export(ExportArgs),
    /// Verify an exported file (no database, no network), or the log in a database.
    Verify(VerifyArgs),
}

#[derive(Args)]
pub struct ExportArgs {
    #[arg(long, env = "RETURNDESK_FORMAT", default_value = "ndjson")]
    format: Form,
    /// A store; may be given several times [default: all, and what concerns no single store]
    #[arg(long, env = "RETURNDESK_STORE", value_delimiter = ',', value_parser = people::chain)]
    store: Vec<String>,
    /// From this day on (in UTC), or this instant
    #[arg(long, env = "RETURNDESK_FROM", value_parser = moment::from)]
    from: Option<Timestamp>,
    /// Up to this day and with it (in UTC), or up to this instant
    #[arg(long, env = "RETURNDESK_TO", value_parser = moment::to)]
    to: Option<Timestamp>,
    /// The file to write, or - for stdout; CSV gets its manifest beside it, in FILE.manifest
    #[arg(long, env = "RETURNDESK_OUTPUT", value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Ndjson,
    Csv,
}

pub fn run(command: AuditCommand, config: Config, clock: Clock) -> Result<(), Failure> {
    match command {
        AuditCommand::Export(args) => export(args, config, clock),
        AuditCommand::Verify(args) => verify::run(args, &config),
    }
}

fn export(args: ExportArgs, config: Config, clock: Clock) -> Result<(), Failure> {
    let (format, stdout) = (args.format.format(), args.output == Path::new("-"));
    if stdout && format == Format::Csv {
        return Err(Failure::Usage(
            "CSV needs a file: its manifest is a second one beside it".into(),
        ));
    }
    let filter = args.filter();
    desk::with(args.place.over(config), clock, |app| {
        let signer = keys::signer(&app.service.keys)?;
        let exported = write(app, format, &filter, &signer, &args.output)?;
        note(app, format, &filter, &exported)?;
        if exported.entries == 0 {
            let detail = "the log has no entries of these stores and days: nothing was exported";
            return Err(Failure::No(detail.into()));
        }
        let count = counted(exported.entries, "entry", "entries");
        tell(&format!(
            "Exported {count} to {}.",
            if stdout { "stdout".into() } else { args.output.display().to_string() }
        ));
        tell(&format!("Verify with: returndesk audit verify FILE --key '{}'", signer.vkey()));
        Ok(())
    })
}

/// Writes the file, and beside a CSV file its manifest. What broke off has no manifest, and
/// verifies as cut.
pub fn write(
    app: &App,
    format: Format,
    filter: &Filter,
    signer: &Signer,
    output: &Path,
) -> Result<Exported, Failure> {
    let trouble = |fault| Failure::file(output, &fault);
    let out: Box<dyn Write> = match output == Path::new("-") {
        true => Box::new(stdout().lock()),
        false => Box::new(private_file(output).map_err(trouble)?),
    };
    let mut connection = app.service.desk.db().connect_reader()?;
    let exported = Db::read::<_, ExportFault>(&mut connection, |read| {
        export_log(read, format, filter, signer, out, |_| ())
    })?;
    if format == Format::Csv {
        let beside = manifest_path(output);
        let written =
            private_file(&beside).and_then(|mut file| file.write_all(exported.note.as_bytes()));
        written.map_err(|fault| Failure::file(&beside, &fault))?;
    }
    Ok(exported)
}

/// Creates a file that its owner alone can read (0600): the log names people and amounts. A file
/// that was there already loses what others could do with it.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    Ok(file)
}

/// The export leaves an entry, after it and in head office's chain: the same question about a store
/// gives the same bytes again, as long as nothing happened in that store.
fn note(app: &App, format: Format, filter: &Filter, exported: &Exported) -> Result<(), Failure> {
    let at = |at: Option<Timestamp>| Json::from(at.map(|at| at.to_string()));
    let stores = filter.stores.iter().flatten().map(|store| Json::from(store.as_str()));
    let data = Json::object([
        ("format", Json::from(format.as_str())),
        ("stores", if filter.stores.is_some() { Json::List(stores.collect()) } else { "*".into() }),
        ("from", at(filter.from)),
        ("to", at(filter.to)),
        ("entries", exported.entries.into()),
    ]);
    let caller = people::machine(&app.service.config.tokens.issuer);
    desk::note(app, &caller, Event::AuditExported, None, data)
}

impl ExportArgs {
    fn filter(&self) -> Filter {
        let all = self.store.is_empty() || self.store.iter().any(|store| store == "*");
        let mut stores = self.store.clone();
        stores.sort_unstable();
        stores.dedup();
        Filter { stores: (!all).then_some(stores), from: self.from, to: self.to }
    }
}

impl Form {
    fn format(self) -> Format {
        match self {
            Form::Ndjson => Format::Ndjson,
            Form::Csv => Format::Csv,
        }
    }
}
