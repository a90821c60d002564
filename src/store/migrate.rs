//! Brings a database to the schema of this binary. See `migrations/README.md` for how a migration
//! is written.
//!
//! Everything happens in one transaction that begins by taking a lock, so that any number of
//! instances may start at once on one database: the first one migrates, the others wait and find
//! nothing left to do. Either all pending migrations and triggers are in place afterwards, or none.

use super::connection::{AnyConnection, MultiBackend};
use super::tx::{Begin, Transaction};
use super::{Connection, StoreError, match_keys};
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

/// The migrations of this binary.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// What a migration does on each of the databases before its `up.sql`.
struct Apart {
    version: &'static str,
    postgres: &'static str,
    sqlite: &'static str,
}

/// The migrations that change what SQLite's `ALTER TABLE` cannot.
const APART: &[Apart] = &[
    Apart {
        version: "20261128000020",
        postgres: include_str!(
            "../../migrations/2026-11-28-000020_receipts_by_register/postgres.sql"
        ),
        sqlite: include_str!("../../migrations/2026-11-28-000020_receipts_by_register/sqlite.sql"),
    },
    Apart {
        version: "20261128000131",
        postgres: include_str!(
            "../../migrations/2026-11-28-000131_numbers_of_returns/postgres.sql"
        ),
        sqlite: include_str!("../../migrations/2026-11-28-000131_numbers_of_returns/sqlite.sql"),
    },
    Apart {
        version: "20261128000110",
        postgres: include_str!("../../migrations/2026-11-28-000110_shifts/postgres.sql"),
        sqlite: include_str!("../../migrations/2026-11-28-000110_shifts/sqlite.sql"),
    },
    Apart {
        version: "20261128000111",
        postgres: include_str!("../../migrations/2026-11-28-000111_chargebacks/postgres.sql"),
        sqlite: include_str!("../../migrations/2026-11-28-000111_chargebacks/sqlite.sql"),
    },
];

/// The tables that the database itself keeps from being changed.
pub const APPEND_ONLY: &[AppendOnly] = &[
    AppendOnly { table: "audit_entries", when: "TRUE" },
    AppendOnly { table: "ledger", when: "TRUE" },
    AppendOnly { table: "day_ends", when: "TRUE" },
    AppendOnly { table: "day_end_sums", when: "TRUE" },
    AppendOnly { table: "sales", when: "TRUE" },
    AppendOnly { table: "return_lines", when: "TRUE" },
    AppendOnly { table: "return_charges", when: "TRUE" },
    AppendOnly { table: "gift_card_entries", when: "TRUE" },
    AppendOnly { table: "unreceipted_lines", when: "TRUE" },
    AppendOnly { table: "return_buyers", when: "TRUE" },
    AppendOnly { table: "exchanges", when: "TRUE" },
    AppendOnly { table: "carried", when: "TRUE" },
    AppendOnly { table: "sale_voids", when: "TRUE" },
    AppendOnly { table: "sale_conversions", when: "TRUE" },
    AppendOnly { table: "policy_versions", when: "OLD.status = 'published'" },
];

/// A table whose rows, once written, stay as they are.
#[derive(Debug, Clone, Copy)]
pub struct AppendOnly {
    pub table: &'static str,
    /// Which rows: a condition on `OLD`, e.g. `OLD.published_at IS NOT NULL`; `TRUE` for all of
    /// them.
    pub when: &'static str,
}

/// Any number will do, as long as every instance and every version takes the same: "returnde" in
/// ASCII.
const LOCK: i64 = 0x7265_7475_726e_6465;

/// Waiting for another instance's migration may take minutes, waiting for its readers may not: a
/// table that somebody waits to alter lets nobody else in. A migration may go through whole tables,
/// which a writer's session avoids.
const BEFORE_LOCK: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '5min';
    SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on;";
const AFTER_LOCK: &str = "SET LOCAL lock_timeout = '10s';";

/// Applies what is missing and answers the versions that were applied.
///
/// # Errors
/// [`StoreError::Schema`] if the database was migrated by a newer binary, or if a migration fails.
pub fn run(connection: &mut Connection) -> Result<Vec<String>, StoreError> {
    run_from(connection, &MIGRATIONS, APPEND_ONLY)
}

/// [`run`] with other migrations and tables than the crate's own.
pub fn run_from(
    connection: &mut Connection,
    source: &impl MigrationSource<MultiBackend>,
    append_only: &[AppendOnly],
) -> Result<Vec<String>, StoreError> {
    // A table that is made anew is dropped: with its foreign keys on, SQLite would first delete its
    // rows. They are looked at when all is done. Inside a transaction they cannot be switched.
    let session = |c: &mut Connection, ms: u32, keys: &str| match c {
        AnyConnection::Sqlite(c) => {
            c.batch_execute(&format!("PRAGMA busy_timeout = {ms}; PRAGMA foreign_keys = {keys};"))
        }
        AnyConnection::Postgres(_) => Ok(()),
    };
    session(connection, 60_000, "OFF")?;
    let applied = run_locked(connection, source, append_only);
    session(connection, 5_000, "ON")?;
    applied
}

fn run_locked(
    connection: &mut Connection,
    source: &impl MigrationSource<MultiBackend>,
    append_only: &[AppendOnly],
) -> Result<Vec<String>, StoreError> {
    let transaction = Transaction::begin(connection, Begin::Write)?;
    let c = &mut *transaction.connection;
    if let AnyConnection::Postgres(c) = c {
        c.batch_execute(&format!(
            "{BEFORE_LOCK} SELECT pg_advisory_xact_lock({LOCK}); {AFTER_LOCK}"
        ))?;
    }
    let missing = missing(source, &applied(c)?, true)?;
    let mut versions = Vec::with_capacity(missing.len());
    // Sets the table of versions up, too.
    c.applied_migrations().map_err(|e| StoreError::Schema(e.to_string()))?;
    for migration in missing {
        let why = |e: String| failed(&*migration, &e);
        let version = migration.name().version().to_string();
        apart(c, &version).map_err(|e| why(e.to_string()))?;
        c.run_migration(&*migration).map_err(|e| why(e.to_string()))?;
        versions.push(version);
    }
    if source.migrations().is_ok_and(|all| all.iter().any(|m| is_keyed(&**m))) {
        match_keys::fill(c)?;
    }
    if versions.iter().any(|version| version == match_keys::VERSION) {
        match_keys::make_unique(c)?;
    }
    if !versions.is_empty() {
        foreign_keys_hold(c)?;
    }
    for table in append_only {
        c.batch_execute(&triggers(c, table))?;
    }
    transaction.commit()?;
    Ok(versions)
}

fn is_keyed(migration: &dyn Migration<MultiBackend>) -> bool {
    migration.name().version().to_string() == match_keys::VERSION
}

/// Runs the part of a migration that is this database's alone.
fn apart(c: &mut Connection, version: &str) -> diesel::QueryResult<()> {
    let Some(part) = APART.iter().find(|part| part.version == version) else { return Ok(()) };
    match c {
        AnyConnection::Postgres(c) => c.batch_execute(part.postgres),
        AnyConnection::Sqlite(c) => c.batch_execute(part.sqlite),
    }
}

/// Looks for rows whose foreign keys lead nowhere, which SQLite lets migrations write.
fn foreign_keys_hold(c: &mut Connection) -> Result<(), StoreError> {
    let AnyConnection::Sqlite(c) = c else { return Ok(()) };
    let lost = "SELECT DISTINCT \"table\" AS word FROM pragma_foreign_key_check";
    let tables = diesel::sql_query(lost).load::<Word>(c)?;
    match tables.first() {
        None => Ok(()),
        Some(Word { word }) => Err(StoreError::Schema(format!(
            "The migration was taken back: rows of {word} refer to others that are missing."
        ))),
    }
}

/// The versions that this binary has and the database lacks, without changing anything: for
/// readiness. The same inside a reader's transaction.
pub fn pending_in(read: &mut super::Read<'_>) -> Result<Vec<String>, StoreError> {
    pending(read.connection())
}

/// The versions that this binary has and the database has not.
pub fn pending(connection: &mut Connection) -> Result<Vec<String>, StoreError> {
    let applied = applied(connection)?;
    Ok(missing(&MIGRATIONS, &applied, false)?
        .iter()
        .map(|m| m.name().version().to_string())
        .collect())
}

/// The source's migrations that are not among `applied`, in order. `strict` refuses a version that
/// the source lacks.
fn missing(
    source: &impl MigrationSource<MultiBackend>,
    applied: &[String],
    strict: bool,
) -> Result<Vec<Box<dyn Migration<MultiBackend>>>, StoreError> {
    let mut known = source.migrations().map_err(|e| StoreError::Schema(e.to_string()))?;
    known.sort_by_key(|m| m.name().version().to_string());
    let unknown =
        applied.iter().find(|a| !known.iter().any(|m| m.name().version().to_string() == **a));
    if let Some(version) = unknown.filter(|_| strict) {
        return Err(StoreError::Schema(format!(
            "The database was migrated by a newer returndesk (it has the migration {version}, which this binary does \
             not know). Start that version or a later one, or restore a backup from before the upgrade."
        )));
    }
    known.retain(|m| !applied.contains(&m.name().version().to_string()));
    Ok(known)
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

/// The versions that the database has; none where it was never migrated.
pub(super) fn applied(connection: &mut Connection) -> Result<Vec<String>, StoreError> {
    let words = |c: &mut Connection, sql: &str| diesel::sql_query(sql).load::<Word>(c);
    let table = match connection {
        AnyConnection::Postgres(_) => {
            "SELECT 'there' AS word WHERE to_regclass('__diesel_schema_migrations') IS NOT NULL"
        }
        AnyConnection::Sqlite(_) => {
            "SELECT 'there' AS word FROM sqlite_master WHERE type = 'table' AND name = '__diesel_schema_migrations'"
        }
    };
    if words(connection, table)?.is_empty() {
        return Ok(Vec::new());
    }
    let versions = words(
        connection,
        "SELECT version AS word FROM __diesel_schema_migrations ORDER BY version",
    )?;
    Ok(versions.into_iter().map(|v| v.word).collect())
}

fn triggers(connection: &Connection, AppendOnly { table, when }: &AppendOnly) -> String {
    let template = match connection {
        AnyConnection::Postgres(_) => include_str!("triggers/postgres.sql"),
        AnyConnection::Sqlite(_) => include_str!("triggers/sqlite.sql"),
    };
    template.replace("{table}", table).replace("{when}", when)
}

fn failed(migration: &dyn Migration<MultiBackend>, why: &str) -> StoreError {
    StoreError::Schema(format!("Migration {} failed and was taken back: {why}", migration.name()))
}
