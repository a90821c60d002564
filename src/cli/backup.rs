//! `returndesk backup`: the database as it is at one instant, in one file, while the service goes
//! on.
//!
//! SQLite is copied by itself (`VACUUM INTO`) and the copy is verified: every page, every link of
//! the log, and the tables against it. PostgreSQL is copied by its own `pg_dump`; that copy is
//! verified where it is restored. Keys are secret and live apart from the data, so they are copied
//! to another place, and only when asked for.

use super::failure::Failure;
use super::terminal::{counted, grouped, print, tell};
use super::{Place, verify};
use crate::app;
use crate::config::Config;
use crate::identity::key_copy;
use crate::store::Db;
use crate::store::copies::{self, Server};
use clap::Args;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[derive(Args)]
pub struct BackupArgs {
    /// The file to write; one that is there is never overwritten
    #[arg(long, env = "RETURNDESK_OUTPUT", value_name = "FILE")]
    output: PathBuf,
    /// Copy the keys, too: to this folder, which is made. Secret; keep it apart from the data
    #[arg(long, env = "RETURNDESK_KEYS", value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Do not verify the copy of an SQLite database
    #[arg(long)]
    unverified: bool,
    /// PostgreSQL's program, of the server's version or a later one
    #[arg(long, env = "RETURNDESK_PG_DUMP", value_name = "PROGRAM", default_value = "pg_dump")]
    pg_dump: PathBuf,
    #[command(flatten)]
    place: Place,
}

pub fn run(args: BackupArgs, config: Config) -> Result<(), Failure> {
    let config = args.place.over(config);
    let db = existing(&config)?;
    if args.output.exists() {
        return Err(Failure::Usage(format!(
            "{} is there already; name a new file",
            args.output.display()
        )));
    }
    // Under another name until it is whole: a backup that was cut short must not look like one.
    let mut part = args.output.clone().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    write(&db, &part, &args.pg_dump, args.unverified)
        .inspect_err(|_| drop(std::fs::remove_file(&part)))?;
    keep(&part, &args.output)?;
    let bytes =
        std::fs::metadata(&args.output).map_err(|fault| Failure::file(&args.output, &fault))?.len();
    print(&format!("Database {db} is in {}: {} bytes.", args.output.display(), grouped(bytes)));
    match &args.keys {
        Some(folder) => {
            let files = key_copy::copy(&config.data_dir.join("keys"), folder)?;
            let files = counted(files as u64, "file", "files");
            print(&format!(
                "Keys are in {}: {files}. Keep them secret, and apart from the data.",
                folder.display()
            ));
        }
        None => tell(
            "Keys are not in it. Without a copy of them (--keys DIR) no PIN and no older token is good after a loss.",
        ),
    }
    Ok(())
}

/// The database of the settings, which has to be there: a mistyped name would make an empty one,
/// and back that up.
fn existing(config: &Config) -> Result<Db, Failure> {
    let own = config.data_dir.join(app::DATABASE_FILE);
    let file = config.database.strip_prefix("sqlite://").map(Path::new);
    let file = file.or_else(|| config.database.is_empty().then_some(own.as_path()));
    match file.filter(|file| !file.exists()) {
        Some(missing) => {
            Err(Failure::Usage(format!("there is no database at {}", missing.display())))
        }
        None => Ok(app::open_database(config)?),
    }
}

fn write(db: &Db, part: &Path, pg_dump: &Path, unverified: bool) -> Result<(), Failure> {
    // What was left of a backup that was cut short.
    let _ = std::fs::remove_file(part);
    // Made here, so that nobody else may read it at any moment.
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(part);
    made.map_err(|fault| Failure::file(part, &fault))?;
    match db.server() {
        Some(server) => dump(&server, part, pg_dump),
        None => {
            db.copy_to(part)?;
            if unverified { Ok(()) } else { prove(part) }
        }
    }
}

fn dump(server: &Server, part: &Path, pg_dump: &Path) -> Result<(), Failure> {
    let mut command = Command::new(pg_dump);
    command
        .args(["--format=custom", "--no-owner", "--no-privileges", "--no-password", "--file"])
        .arg(part);
    of_postgres(command.arg("--dbname"), pg_dump, server)
}

/// Runs one of PostgreSQL's programs, whose next argument is the database. The password goes by the
/// environment, which other users cannot see.
pub fn of_postgres(command: &mut Command, program: &Path, server: &Server) -> Result<(), Failure> {
    command.arg(&server.url).stdin(Stdio::null());
    if let Some(password) = &server.password {
        command.env("PGPASSWORD", password);
    }
    let name = program.display();
    let output = command.output().map_err(|fault| {
        Failure::Trouble(format!(
            "{name} cannot be run: {fault}. It comes with PostgreSQL's client programs."
        ))
    })?;
    match output.status.success() {
        true => Ok(()),
        false => Err(Failure::Trouble(format!(
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        ))),
    }
}

/// The copy itself is looked at, not what it was made from.
fn prove(part: &Path) -> Result<(), Failure> {
    let url = format!("sqlite://{}", part.display());
    if let Some(damage) = copies::damage(&Db::open(&url)?)? {
        return Err(Failure::No(format!("the copy is damaged: {damage}")));
    }
    verify::database(&url)
}

/// On disk, and then under its name.
pub fn keep(part: &Path, name: &Path) -> Result<(), Failure> {
    let synced = File::open(part).and_then(|file| file.sync_all());
    synced.map_err(|fault| Failure::file(part, &fault))?;
    std::fs::rename(part, name).map_err(|fault| Failure::file(name, &fault))?;
    let folder =
        name.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|fault| Failure::file(folder, &fault))
}
