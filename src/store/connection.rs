//! One connection type over both databases, and how a session is set up on each.

use super::{Db, StoreError};
use diesel::connection::SimpleConnection;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use std::path::Path;
use std::time::{Duration, Instant};

/// A connection to whichever database the URL named; known elsewhere as `store::Connection`.
// Called `Connection` here, it would clash with diesel's trait inside the code that the derive
// makes.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Write,
    /// Reading by keys, as writers do: checks and lists.
    Lookup,
    /// Reading whole tables: exports, verification.
    Read,
}

/// How long SQLite waits for another writer.
const BUSY: Duration = Duration::from_secs(5);

/// `recursive_triggers`: without it, `INSERT OR REPLACE` deletes rows past the triggers that refuse
/// deletion. `synchronous = FULL`: in WAL mode anything less may lose commits on power loss.
/// `wal_autocheckpoint`: written back every 32 MiB instead of every 4 in a time without pauses, a
/// page that many commits change is written back once (decision 0020).
const SQLITE_SESSION: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA recursive_triggers = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = 8192;
    PRAGMA journal_size_limit = 67108864;";

/// Time-outs free locks that a stuck instance holds. `synchronous_commit` is only ever raised: an
/// operator may have asked for more. `lc_messages` (see `error.rs`) needs a privilege and is left
/// alone where it is missing.
const POSTGRES_SESSION: &str = "
    SET default_transaction_isolation = 'read committed';
    SET lock_timeout = '10s';
    SET statement_timeout = '30s';
    SET idle_in_transaction_session_timeout = '60s';
    SET client_min_messages = 'warning';
    SET TIME ZONE 'UTC';
    SET jit = off;
    SELECT set_config('synchronous_commit', 'on', false)
     WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write');
    DO $$ BEGIN PERFORM set_config('lc_messages', 'C', false);
    EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;";

/// Rows are found by their keys. A statement over one key would be planned anew each time, which
/// takes longer than to run it (decision 0018); [`Plans`] has its plan made anew as tables grow.
const POSTGRES_BY_KEY: &str = "
    SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;";

/// Opens the SQLite database at `path`, an absolute path to a file that exists.
pub(super) fn sqlite(
    path: &Path,
    access: Access,
    mapped_bytes: u64,
) -> Result<AnyConnection, StoreError> {
    let name = path
        .to_str()
        .ok_or_else(|| StoreError::Configuration(format!("{path:?} is not valid UTF-8.")))?;
    let mut connection = SqliteConnection::establish(name)
        .map_err(|e| StoreError::Unwritable(format!("{name} cannot be opened: {e}")))?;
    connection.batch_execute(&format!("PRAGMA busy_timeout = {};", BUSY.as_millis()))?;
    write_ahead_log(&mut connection, name)?;
    connection.batch_execute(SQLITE_SESSION)?;
    connection.batch_execute(&format!("PRAGMA mmap_size = {mapped_bytes};"))?;
    connection.batch_execute(match access {
        // No more: at every commit that sorted pages anew SQLite walks through its whole cache
        // (decision 0021), and what is not in it is in the system's.
        Access::Write => "PRAGMA cache_size = -8192;",
        Access::Lookup | Access::Read => "PRAGMA cache_size = -16384; PRAGMA query_only = ON;",
    })?;
    #[cfg(debug_assertions)]
    super::failpoint::arm(&mut connection);
    Ok(AnyConnection::Sqlite(connection))
}

#[derive(QueryableByName)]
struct JournalMode {
    #[diesel(sql_type = diesel::sql_types::Text)]
    journal_mode: String,
}

/// Turns the write-ahead log on. Where several instances turn it on for a new file, SQLite answers
/// all but one with "locked" at once, whatever the busy time-out: hence the loop.
fn write_ahead_log(connection: &mut SqliteConnection, name: &str) -> Result<(), StoreError> {
    let started = Instant::now();
    loop {
        match diesel::sql_query("PRAGMA journal_mode = WAL").get_result::<JournalMode>(connection) {
            Ok(answer) if answer.journal_mode == "wal" => return Ok(()),
            Ok(answer) => {
                let mode = answer.journal_mode;
                return Err(StoreError::Configuration(format!(
                    "{name} cannot keep a write-ahead log (SQLite offers \"{mode}\"). Is it on a network drive?"
                )));
            }
            Err(e) => match StoreError::from(e) {
                busy if busy.is_busy() && started.elapsed() < BUSY => {
                    std::thread::sleep(Duration::from_millis(20))
                }
                StoreError::Corrupt(m) => return Err(StoreError::Corrupt(format!("{name}: {m}"))),
                StoreError::Unwritable(m) => {
                    return Err(StoreError::Unwritable(format!("{name}: {m}")));
                }
                fault => return Err(fault),
            },
        }
    }
}

impl Db {
    /// Writes SQLite's write-ahead log back into the file, as far as nobody reads it; nothing on
    /// PostgreSQL, which has processes of its own for that. Waits for nobody, and keeps nobody
    /// waiting but who writes through this connection.
    pub fn write_back(connection: &mut AnyConnection) -> Result<(), StoreError> {
        match connection {
            AnyConnection::Sqlite(connection) => {
                Ok(connection.batch_execute("PRAGMA wal_checkpoint(PASSIVE)")?)
            }
            AnyConnection::Postgres(_) => Ok(()),
        }
    }
}

/// The age of a session's plans. PostgreSQL plans by the present size of a table, and keeps a plan
/// until the table is analyzed, which is minutes away in a young shop: a plan made for an empty
/// table would go on reading all of it (decision 0023).
#[derive(Debug, Default)]
pub struct Plans {
    transactions: u32,
}

impl Plans {
    /// Transactions after which plans are renewed at the latest.
    const OLD: u32 = 1_024;

    /// Counts a transaction of the session. Has its statements planned anew after 1, 2, 4, 8, …
    /// transactions, and after every 1,024. A fault is left to the next statement to report.
    pub fn used_by(&mut self, connection: &mut AnyConnection) {
        self.transactions = self.transactions.wrapping_add(1);
        let due =
            self.transactions.is_power_of_two() || self.transactions.is_multiple_of(Self::OLD);
        if due
            && let AnyConnection::Postgres(connection) = connection
            && let Err(fault) = connection.batch_execute("DISCARD PLANS")
        {
            tracing::debug!(%fault, "the plans of a session were not renewed");
        }
    }
}

/// Opens a session with the PostgreSQL server that `url` names.
pub(super) fn postgres(url: &str, access: Access) -> Result<AnyConnection, StoreError> {
    let mut connection = PgConnection::establish(url)?;
    connection.batch_execute(POSTGRES_SESSION)?;
    if access != Access::Write {
        connection.batch_execute("SET default_transaction_read_only = on;")?;
    }
    if access != Access::Read {
        connection.batch_execute(POSTGRES_BY_KEY)?;
    }
    #[cfg(debug_assertions)]
    super::failpoint::arm(&mut connection);
    Ok(AnyConnection::Postgres(connection))
}
