//! `returndesk audit verify`: whether a file, or the log in a database, is what it was.
//!
//! Verifying a file needs the file and the public key alone: no database, no network, no data
//! directory. Verifying a database changes nothing in it, and leaves no entry either: evidence is
//! looked at on a connection on which the database refuses every write, so that whoever verifies
//! needs no right to write.

use super::failure::Failure;
use super::terminal::{counted, print};
use crate::config::Config;
use crate::export::csv::manifest_path;
use crate::export::database::{Examined, Summary, VerifyFault, examine_database};
use crate::export::verify::{Verified, VerifyError, verify_csv, verify_file};
use crate::identity::note::Vkey;
use crate::store::{Connection, Db, StoreError, migrate};
use clap::Args;
use std::fs::File;
use std::io::{BufRead, BufReader, stdin};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct VerifyArgs {
    /// An exported file, or - for NDJSON from stdin
    #[arg(required_unless_present = "database", conflicts_with = "database", requires = "key")]
    file: Option<PathBuf>,
    /// The log's verifier key, as `keys list` and `audit export` show it
    #[arg(long, env = "RETURNDESK_KEY", value_name = "VKEY", value_parser = vkey)]
    key: Option<Vkey>,
    /// An older manifest that was kept elsewhere: what it vouches for must still be there
    #[arg(long, env = "RETURNDESK_CHECKPOINT", value_name = "FILE", requires = "key")]
    checkpoint: Option<PathBuf>,
    /// Verify the log in this database instead of a file
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

pub fn run(args: VerifyArgs, config: &Config) -> Result<(), Failure> {
    let checkpoint = args.checkpoint.as_deref().map(read_checkpoint).transpose()?;
    match (&args.file, &args.key) {
        (Some(file), Some(key)) => {
            let verified = verify_path(file, key, checkpoint.as_deref())?;
            if verified.manifest.entries == 0 {
                let name = file.display();
                return Err(Failure::No(format!(
                    "{name} has no entries: there is nothing to verify"
                )));
            }
            told(&file.display().to_string(), &verified, key);
            Ok(())
        }
        _ => {
            let url = args.database.as_ref().unwrap_or(&config.database);
            let against = checkpoint.as_deref().zip(args.key.as_ref());
            told_database(url, &verify_in(url, against)?, against.is_some());
            Ok(())
        }
    }
}

/// The log in a database, and the tables against it; says what was found.
pub fn database(url: &str) -> Result<(), Failure> {
    told_database(url, &verify_in(url, None)?, false);
    Ok(())
}

fn vkey(text: &str) -> Result<Vkey, String> {
    Vkey::parse(text).map_err(|fault| fault.to_string())
}

/// The note alone, or an NDJSON export whose last line is one.
fn read_checkpoint(file: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(file).map_err(|fault| Failure::file(file, &fault))?;
    let last = text.lines().last().unwrap_or_default();
    let note = serde_json::from_str::<serde_json::Value>(last).ok();
    let note = note.and_then(|line| line.get("manifest")?.as_str().map(str::to_owned));
    Ok(note.unwrap_or(text))
}

/// Verifies a file in either of the formats.
pub fn verify_path(file: &Path, key: &Vkey, checkpoint: Option<&str>) -> Result<Verified, Failure> {
    let trouble = |fault| Failure::file(file, &fault);
    if file == Path::new("-") {
        return verify_file(stdin().lock(), key, checkpoint).map_err(|error| refused(file, error));
    }
    let mut reader = BufReader::with_capacity(1 << 16, File::open(file).map_err(trouble)?);
    let start = reader.fill_buf().map_err(trouble)?;
    let beside = manifest_path(file);
    let is_csv = start.starts_with(b"v,store,")
        || file.extension().is_some_and(|kind| kind == "csv")
        || beside.exists();
    if !is_csv {
        return verify_file(reader, key, checkpoint).map_err(|error| refused(file, error));
    }
    let manifest =
        std::fs::read_to_string(&beside).map_err(|fault| Failure::file(&beside, &fault))?;
    verify_csv(reader, &manifest, key, checkpoint).map_err(|error| refused(file, error))
}

fn refused(file: &Path, error: VerifyError) -> Failure {
    match error {
        VerifyError::Io(fault) => Failure::file(file, &fault),
        error => Failure::No(format!("{} does not hold: {error}", file.display())),
    }
}

fn told(name: &str, verified: &Verified, key: &Vkey) {
    let manifest = &verified.manifest;
    let entries = counted(manifest.entries, "entry", "entries");
    let chains = counted(manifest.chains.len() as u64, "chain", "chains");
    print(&format!(
        "{name} holds: {entries} in {chains}, every link of them, signed by {}.",
        key.name()
    ));
    for span in &manifest.chains {
        print(&format!("  store {}: entries {} to {}", span.store(), span.first, span.last.seq));
    }
    if !verified.not_compared.is_empty() {
        print(&format!(
            "The checkpoint's stores {} are not in this export.",
            verified.not_compared.join(", ")
        ));
    }
}

/// A connection for looking at evidence: to a database that is there, of this version, and that
/// refuses every write.
pub fn reader(url: &str) -> Result<Connection, Failure> {
    // Opening would make a missing file, and an empty log verifies.
    if let Some(path) = url.strip_prefix("sqlite://").filter(|path| !Path::new(path).exists()) {
        return Err(Failure::Usage(format!("there is no database at {path}")));
    }
    let mut connection = Db::open(url)?.connect_reader()?;
    let pending = Db::read::<_, StoreError>(&mut connection, migrate::pending_in)?;
    if !pending.is_empty() {
        let detail = "its schema is older than this program; verify with the version that wrote it, or migrate first";
        return Err(Failure::Trouble(format!("the database cannot be verified: {detail}")));
    }
    Ok(connection)
}

fn verify_in(url: &str, against: Option<(&str, &Vkey)>) -> Result<Summary, Failure> {
    let mut connection = reader(url)?;
    let examined =
        Db::read(&mut connection, |read| examine_database(read, against)).map_err(|fault| {
            match fault {
                VerifyFault::Store(fault) => Failure::from(fault),
                fault => Failure::No(format!("the log does not hold: {fault}")),
            }
        })?;
    if examined.log.entries == 0 {
        return Err(Failure::No("the log is empty: there is nothing to verify".into()));
    }
    tables_agree(&examined)?;
    Ok(examined.log)
}

/// Says if sales, returns and refunds are as the log has them.
fn tables_agree(examined: &Examined) -> Result<(), Failure> {
    let done = &examined.tables;
    if done.findings == 0 {
        let (sales, returns) =
            (counted(done.sales, "sale", "sales"), counted(done.returns, "return", "returns"));
        print(&format!("{sales} and {returns} agree with the log and with each other."));
        return Ok(());
    }
    examined.contradictions.iter().for_each(|finding| print(&finding.to_string()));
    let count = counted(done.findings, "contradiction", "contradictions");
    Err(Failure::No(format!("the log holds, but the tables do not agree with it: {count}")))
}

fn told_database(url: &str, summary: &Summary, checked: bool) {
    let name = if url.starts_with("sqlite://") { url } else { "the database" };
    let entries = counted(summary.entries, "entry", "entries");
    let chains = counted(summary.stores, "chain", "chains");
    print(&format!("The log of {name} holds: {entries} in {chains}, every link of them."));
    for head in &summary.heads {
        print(&format!("  store {}: entries 1 to {}", head.store, head.seq));
    }
    print(match checked {
        true => "Everything that the checkpoint vouches for is there.",
        false => {
            "Without a checkpoint, a log that was rewritten from its beginning holds as well; keep manifests elsewhere."
        }
    });
}
