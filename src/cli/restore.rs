//! `returndesk restore`: a backup back into a place where no database is, and the proof that it
//! holds.

use super::failure::Failure;
use super::terminal::{print, tell};
use super::{Place, backup, verify};
use crate::app;
use crate::config::Config;
use crate::identity::key_copy;
use crate::store::{Db, StoreError, migrate};
use clap::Args;
use std::fs::{File, OpenOptions};
use std::io::{Read, copy};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How SQLite's files and PostgreSQL's archives begin.
const SQLITE: &[u8] = b"SQLite format 3\0";
const ARCHIVE: &[u8] = b"PGDMP";

#[derive(Args)]
pub struct RestoreArgs {
    /// What `backup` wrote
    file: PathBuf,
    /// Put this copy of the keys into the data directory, too
    #[arg(long, env = "RETURNDESK_KEYS", value_name = "DIR")]
    keys: Option<PathBuf>,
    /// PostgreSQL's program, of the version of the pg_dump that wrote the backup or a later one
    #[arg(
        long,
        env = "RETURNDESK_PG_RESTORE",
        value_name = "PROGRAM",
        default_value = "pg_restore"
    )]
    pg_restore: PathBuf,
    #[command(flatten)]
    place: Place,
}

pub fn run(args: RestoreArgs, config: Config) -> Result<(), Failure> {
    let config = args.place.clone().over(config);
    let mut start = Vec::new();
    let opened = File::open(&args.file).and_then(|file| file.take(16).read_to_end(&mut start));
    opened.map_err(|fault| Failure::file(&args.file, &fault))?;
    let is_postgres = config.database.starts_with("postgres");
    match () {
        _ if start == SQLITE && !is_postgres => into_file(&args.file, &config)?,
        _ if start.starts_with(ARCHIVE) && is_postgres => into_server(&args, &config)?,
        _ if start == SQLITE || start.starts_with(ARCHIVE) => {
            let why =
                "is a backup of the other database; backups do not move data from one to the other";
            return Err(Failure::Usage(format!("{} {why}", args.file.display())));
        }
        _ => {
            return Err(Failure::Usage(format!(
                "{} is no backup of this service",
                args.file.display()
            )));
        }
    }
    restore_keys(args.keys.as_deref(), &config)?;
    prove(&config)
}

/// Copies the file to where the service looks for it, if nothing is there.
fn into_file(backup: &Path, config: &Config) -> Result<(), Failure> {
    let own = config.data_dir.join(app::DATABASE_FILE);
    let target = config.database.strip_prefix("sqlite://").map_or(own, PathBuf::from);
    let beside = |ending: &str| PathBuf::from(format!("{}{ending}", target.display()));
    // A log of another database beside the file would be taken for its own.
    if let Some(there) =
        ["", "-wal", "-shm", "-journal"].map(beside).into_iter().find(|path| path.exists())
    {
        let why = "is there; stop the service and move it away first: nothing is overwritten";
        return Err(Failure::Usage(format!("{} {why}", there.display())));
    }
    if config.database.is_empty() {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&config.data_dir);
        made.map_err(|fault| Failure::file(&config.data_dir, &fault))?;
    }
    let part = beside(".part");
    let _ = std::fs::remove_file(&part);
    let copied = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).and_then(
        |mut to| {
            copy(&mut File::open(backup)?, &mut to)?;
            to.sync_all()
        },
    );
    copied.map_err(|fault| Failure::file(&part, &fault))?;
    backup::keep(&part, &target)
}

fn into_server(args: &RestoreArgs, config: &Config) -> Result<(), Failure> {
    let db = Db::open(&config.database)?;
    if !db.is_empty()? {
        let why = "has data of this service; restore into an empty one: nothing is overwritten";
        return Err(Failure::Usage(format!("database {db} {why}")));
    }
    let Some(server) = db.server() else { return Ok(()) };
    let mut command = Command::new(&args.pg_restore);
    command.args([
        "--no-owner",
        "--no-privileges",
        "--exit-on-error",
        "--single-transaction",
        "--no-password",
    ]);
    backup::of_postgres(command.arg(&args.file).arg("--dbname"), &args.pg_restore, &server)
}

fn restore_keys(keys: Option<&Path>, config: &Config) -> Result<(), Failure> {
    let own = config.data_dir.join("keys");
    match keys {
        Some(folder) => {
            key_copy::copy(folder, &own)?;
            print(&format!("Keys are in {}.", own.display()));
        }
        None if own.exists() => {}
        None => tell(&format!(
            "There are no keys in {}. Put your copy there (--keys DIR) before you serve: new ones know no PIN and no token.",
            own.display()
        )),
    }
    Ok(())
}

/// Shows that what was restored holds; what is older than this program is brought up to date by
/// whoever serves it.
fn prove(config: &Config) -> Result<(), Failure> {
    let db = app::open_database(config)?;
    let pending = Db::read::<_, StoreError>(&mut db.connect_reader()?, migrate::pending_in)?;
    if !pending.is_empty() {
        print(
            "Restored. Its schema is older than this program: run `returndesk migrate`, then `returndesk audit verify`.",
        );
        return Ok(());
    }
    let url = match (config.database.is_empty(), db.file()) {
        (true, Some(file)) => format!("sqlite://{}", file.display()),
        _ => config.database.clone(),
    };
    verify::database(&url)?;
    tell(
        "What was recorded after the backup is not in it: see \"After a restore\" in docs/operating.md.",
    );
    Ok(())
}
