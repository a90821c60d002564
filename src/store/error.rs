//! What can go wrong between the service and its database, in the kinds that callers act upon.

use diesel::result::{ConnectionError, DatabaseErrorInformation, DatabaseErrorKind, Error};
use std::fmt;

/// A fault of the database, or of the way to it. Refusals are not faults; they are values of the
/// domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// The connection is gone or was never made; nothing of the present transaction is kept.
    /// Connect anew.
    ConnectionLost(String),
    /// The connection went away while committing: the transaction may or may not have been kept.
    CommitUnknown(String),
    /// Another transaction was in the way (lock, deadlock, serialization, time-out). Trying again
    /// may succeed.
    Busy(String),
    /// A unique key is taken. `constraint` is its name on PostgreSQL and its columns
    /// (`table.column`) on SQLite.
    Unique { constraint: String },
    /// A CHECK or NOT NULL is violated: the database's last line of defence. `constraint` is its
    /// name.
    Check { constraint: String },
    /// A row that is referred to is missing. SQLite does not say which, `constraint` is then empty.
    ForeignKey { constraint: String },
    /// A row that may never change was to be changed or deleted.
    AppendOnly(String),
    /// The database takes no writes: disk full, read-only, or the disk fails.
    Unwritable(String),
    /// What is stored cannot be understood, or the file is damaged.
    Corrupt(String),
    /// A row that has to be there is not.
    NotFound,
    /// The address of the database, or what it leads to, cannot be used.
    Configuration(String),
    /// The database's schema is not one that this binary works with.
    Schema(String),
    /// Anything else; the message is the database's.
    Other(String),
}

impl StoreError {
    /// Whether the connection has to be replaced before anything else is tried.
    pub fn is_connection_lost(&self) -> bool {
        matches!(self, StoreError::ConnectionLost(_) | StoreError::CommitUnknown(_))
    }

    /// Whether the same work may succeed when it is simply done again.
    pub fn is_busy(&self) -> bool {
        matches!(self, StoreError::Busy(_))
    }

    /// The same fault, met while committing: where the answer is missing, so is the knowledge of
    /// the outcome.
    ///
    /// A failing disk counts as missing, too: SQLite may find the commit in its write-ahead log
    /// after a crash.
    pub(super) fn at_commit(self) -> Self {
        match self {
            StoreError::ConnectionLost(message) => StoreError::CommitUnknown(message),
            StoreError::Unwritable(message) if message.contains("disk I/O error") => {
                StoreError::CommitUnknown(message)
            }
            known => known,
        }
    }

    /// The kind of a message for which diesel has none. diesel hands on no SQLSTATE, so English
    /// words it is: SQLite knows no other language, and connections to PostgreSQL ask for it.
    fn from_message(message: String) -> Self {
        let has = |words: &[&str]| words.iter().any(|w| message.contains(w));
        match () {
            _ if has(LOST) => StoreError::ConnectionLost(message),
            _ if has(BUSY) => StoreError::Busy(message),
            _ if has(UNWRITABLE) => StoreError::Unwritable(message),
            _ if has(CORRUPT) => StoreError::Corrupt(message),
            _ if has(APPEND_ONLY) => StoreError::AppendOnly(message),
            _ => StoreError::Other(message),
        }
    }

    fn from_database(kind: DatabaseErrorKind, info: &dyn DatabaseErrorInformation) -> Self {
        let constraint = || constraint_of(info);
        match kind {
            DatabaseErrorKind::UniqueViolation => StoreError::Unique { constraint: constraint() },
            DatabaseErrorKind::CheckViolation | DatabaseErrorKind::NotNullViolation => {
                StoreError::Check { constraint: constraint() }
            }
            DatabaseErrorKind::ForeignKeyViolation => {
                StoreError::ForeignKey { constraint: constraint() }
            }
            DatabaseErrorKind::RestrictViolation => StoreError::AppendOnly(full_message(info)),
            DatabaseErrorKind::SerializationFailure => StoreError::Busy(full_message(info)),
            DatabaseErrorKind::ReadOnlyTransaction => StoreError::Unwritable(full_message(info)),
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                StoreError::ConnectionLost(full_message(info))
            }
            _ => StoreError::from_message(full_message(info)),
        }
    }
}

const LOST: &[&str] = &[
    "terminating connection",
    "server closed the connection",
    "no connection to the server",
    "the database system is",
    "too many clients",
    "remaining connection slots",
];
const BUSY: &[&str] = &[
    "database is locked",
    "database table is locked",
    "database schema is locked",
    "deadlock detected",
    "canceling statement due to",
    "could not obtain lock",
    "could not serialize access",
];
const UNWRITABLE: &[&str] = &[
    "database or disk is full",
    "attempt to write a readonly database",
    "disk I/O error",
    "unable to open database file",
    "No space left on device",
    "could not extend file",
    "read-only transaction",
];
const CORRUPT: &[&str] = &[
    "database disk image is malformed",
    "file is not a database",
    "invalid page in block",
    "could not read block",
];
/// What the triggers of this crate say, see `triggers/`.
const APPEND_ONLY: &[&str] = &["is append-only"];

/// PostgreSQL names the constraint; SQLite writes `CHECK constraint failed: name` or
/// `UNIQUE … failed: table.column`.
fn constraint_of(info: &dyn DatabaseErrorInformation) -> String {
    let named = info.constraint_name().or(info.column_name());
    let told = || info.message().split_once(" failed: ").map(|(_, what)| what);
    named.or_else(told).unwrap_or_default().to_owned()
}

fn full_message(info: &dyn DatabaseErrorInformation) -> String {
    match info.details() {
        Some(details) => format!("{} ({details})", info.message()),
        None => info.message().to_owned(),
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(kind, info) => StoreError::from_database(kind, info.as_ref()),
            Error::NotFound => StoreError::NotFound,
            Error::DeserializationError(e) => StoreError::Corrupt(e.to_string()),
            Error::RollbackErrorOnCommit { commit_error, .. } => StoreError::from(*commit_error),
            // A connection in a state that nobody knows is as good as none.
            e @ (Error::BrokenTransactionManager | Error::AlreadyInTransaction) => {
                StoreError::ConnectionLost(e.to_string())
            }
            e => StoreError::Other(e.to_string()),
        }
    }
}

impl From<ConnectionError> for StoreError {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::CouldntSetupConfiguration(e) => StoreError::from(e),
            e @ (ConnectionError::InvalidCString(_) | ConnectionError::InvalidConnectionUrl(_)) => {
                StoreError::Configuration(e.to_string())
            }
            e => StoreError::ConnectionLost(e.to_string().trim_end().to_owned()),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::ConnectionLost(m) => write!(f, "no connection to the database: {m}"),
            StoreError::CommitUnknown(m) => {
                write!(f, "the connection broke while committing, the outcome is unknown: {m}")
            }
            StoreError::Busy(m) => write!(f, "the database is busy: {m}"),
            StoreError::Unique { constraint } => write!(f, "already there: {constraint}"),
            StoreError::Check { constraint } => {
                write!(f, "the database refuses the values: {constraint}")
            }
            StoreError::ForeignKey { constraint } => {
                write!(f, "a row that is referred to is missing: {constraint}")
            }
            StoreError::AppendOnly(m) => write!(f, "refused by the database: {m}"),
            StoreError::Unwritable(m) => write!(f, "the database takes no writes: {m}"),
            StoreError::Corrupt(m) => write!(f, "what is stored cannot be read: {m}"),
            StoreError::NotFound => f.write_str("a row that has to be there is missing"),
            StoreError::Configuration(m) | StoreError::Schema(m) => f.write_str(m),
            StoreError::Other(m) => write!(f, "the database says: {m}"),
        }
    }
}

impl std::error::Error for StoreError {}
