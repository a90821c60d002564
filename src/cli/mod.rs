//! The command line: one file a command, each a thin way into what the service itself does.
//!
//! Exit status: 0 done, 1 the answer is no, 2 wrong use, 3 trouble. What was asked for goes to
//! stdout, everything said about it to stderr, so that `token`, `audit export` and `keys list` can
//! be piped.
//!
//! Every option can come from the environment. Those that are settings too (`--bind`, `--database`,
//! `--data-dir`) are read there by [`crate::config`] alone, so that an option and its variable
//! cannot disagree about which one wins.

pub mod demo;

mod audit;
mod backup;
mod desk;
mod failure;
mod import;
mod keys;
mod lasting;
mod ledger;
mod migrate;
mod moment;
mod people;
mod policy;
mod restore;
mod serve;
mod terminal;
mod token;
mod verify;

use crate::clock::Clock;
use crate::config::{Config, ConfigError, DEFAULTS, Log};
use crate::telemetry;
use clap::{Args, Parser, Subcommand};
use failure::Failure;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// The service a shop's registers ask when something comes back over the counter.
#[derive(Parser)]
#[command(name = "returndesk", version, max_term_width = 110)]
#[command(after_help = "Exit status: 0 done, 1 the answer is no, 2 wrong use, 3 trouble.")]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Try it: an embedded database, a made-up shop's sales, a walk through check, override, record
    /// and verify; then serve.
    Demo(demo::DemoArgs),
    /// Serve registers, managers and auditors over HTTP.
    Serve {
        /// Address and port to listen on [default: 127.0.0.1:8080] [env: RETURNDESK_BIND]
        #[arg(long)]
        bind: Option<SocketAddr>,
        #[command(flatten)]
        place: Place,
    },
    /// Print an access token, signed with the data directory's key.
    Token(token::TokenArgs),
    /// Record sales from a file, streamed; safe to repeat.
    Import(import::ImportArgs),
    /// Lint and publish return policies.
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Export the audit log, and verify exports or the log in the database.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Check the books: every movement of money against the log, the sales and the returns.
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// List, rotate and retire the keys that sign access tokens.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Copy the database, as it is at one instant, to a file, while the service goes on.
    Backup(backup::BackupArgs),
    /// Put a backup back where no database is, and verify it.
    Restore(restore::RestoreArgs),
    /// Bring the database's schema up to this version. `serve` does so by itself.
    Migrate(Place),
}

/// Where keys and data are.
#[derive(Args, Clone, Debug, Default)]
struct Place {
    /// sqlite:///path/to/file.db or postgres://… [default: a file in the data directory] [env:
    /// RETURNDESK_DATABASE or DATABASE_URL]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Folder of the keys and of the SQLite file [default: ./returndesk-data] [env:
    /// RETURNDESK_DATA_DIR]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl Place {
    /// The settings, with what the command line says over them.
    fn over(self, config: Config) -> Config {
        Config {
            database: self.database.unwrap_or(config.database),
            data_dir: self.data_dir.unwrap_or(config.data_dir),
            ..config
        }
    }
}

/// Runs one command line. The settings are looked at after the line was understood: help needs
/// none.
pub fn run(
    line: impl IntoIterator<Item = OsString>,
    config: Result<Config, ConfigError>,
) -> ExitCode {
    let command = match Line::try_parse_from(line) {
        Ok(line) => line.command,
        Err(error) => {
            // Help that was asked for is an error to clap, and none to us; a closed stdout is not
            // worth a word.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let result = config.map_err(|fault| Failure::Usage(fault.to_string()));
    match result.and_then(|config| obey(command, config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal::tell(&format!("returndesk: {failure}"));
            failure.exit_code()
        }
    }
}

fn obey(command: Command, mut config: Config) -> Result<(), Failure> {
    let clock = Clock::system();
    if let Command::Serve { bind, place } = command {
        config.bind = bind.unwrap_or(config.bind);
        telemetry::init(&config.log);
        return serve::run(place.over(config), clock);
    }
    telemetry::init(&quieter(&config.log));
    match command {
        Command::Serve { .. } => Ok(()),
        Command::Demo(args) => demo::run(args, config, clock),
        Command::Token(args) => token::run(args, config, clock),
        Command::Import(args) => import::run(args, config, clock),
        Command::Policy(command) => policy::run(command, config, clock),
        Command::Audit(command) => audit::run(command, config, clock),
        Command::Ledger(command) => ledger::run(command, config),
        Command::Keys(command) => keys::run(command, config, clock),
        Command::Backup(args) => backup::run(args, config),
        Command::Restore(args) => restore::run(args, config),
        Command::Migrate(place) => migrate::run(place.over(config)),
    }
}

/// The log of a command that says itself what it does: warnings, unless whoever runs it asks for
/// more.
fn quieter(log: &Log) -> Log {
    let usual = DEFAULTS.contains(&format!("filter = \"{}\"", log.filter));
    Log { format: log.format, filter: if usual { "warn".into() } else { log.filter.clone() } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Line::command().debug_assert();
    }

    #[test]
    fn what_the_command_line_says_goes_over_the_settings() {
        let config = || Config { database: "postgres://h/d".into(), ..Config::default() };
        let place = Place { database: None, data_dir: Some("/srv/desk".into()) };
        let merged = place.over(config());
        assert_eq!(
            (merged.database.as_str(), merged.data_dir),
            ("postgres://h/d", PathBuf::from("/srv/desk"))
        );
        assert_eq!(Place::default().over(config()), config());
    }

    #[test]
    fn a_filter_that_was_asked_for_is_kept() {
        let log = |filter: &str| Log { filter: filter.into(), ..Config::default().log };
        assert_eq!(quieter(&log("info")).filter, "warn");
        assert_eq!(quieter(&log("returndesk=debug")).filter, "returndesk=debug");
    }
}
