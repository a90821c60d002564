//! Which database: the URL's scheme decides, here and nowhere else.

use super::connection::{self, Access, AnyConnection};
use super::error::StoreError;
use std::fmt;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// The database of this service. Cheap to clone; holds no connection.
#[derive(Clone)]
pub struct Db {
    address: Arc<Address>,
    mapped_bytes: u64,
}

/// How much of a SQLite file each connection maps into memory, if nothing else is said.
const MAPPED_BYTES: u64 = 32 << 20;

pub(super) enum Address {
    /// An absolute path.
    Sqlite(PathBuf),
    /// A URL as libpq takes it, password and all: never shown.
    Postgres(String),
}

impl Db {
    /// Reads `url` (`sqlite:///path/to/file.db`, `sqlite://./file.db` or `postgres://…`) and, for
    /// SQLite, makes the file where it is missing, readable by its owner alone. The folder has to
    /// exist: a mistyped path is an error, not a new, empty database. A PostgreSQL server is not
    /// asked yet.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            let path = absolute(path)?;
            create_file(&path)?;
            connection::sqlite(&path, Access::Write, MAPPED_BYTES)?;
            return Ok(Db::at(Address::Sqlite(path)));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            refuse_tls_that_is_not_there(url)?;
            return Ok(Db::at(Address::Postgres(with_defaults(url))));
        }
        Err(StoreError::Configuration(
            "The database's address has to begin with sqlite:// (sqlite:///path/to/file.db) or postgres://.".into(),
        ))
    }

    fn at(address: Address) -> Db {
        Db { address: Arc::new(address), mapped_bytes: MAPPED_BYTES }
    }

    /// The same with another part of a SQLite file mapped into memory by each connection; 0: none.
    /// Each connection's mapping counts by itself in the process's resident memory.
    pub fn with_mapped_bytes(self, mapped_bytes: u64) -> Db {
        Db { mapped_bytes, ..self }
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Which of the two databases this is.
    pub fn backend(&self) -> Backend {
        match *self.address {
            Address::Sqlite(_) => Backend::Sqlite,
            Address::Postgres(_) => Backend::Postgres,
        }
    }

    /// A connection for a writer. Each one is used by one thread.
    pub fn connect(&self) -> Result<AnyConnection, StoreError> {
        self.session(Access::Write)
    }

    /// A connection on which the database refuses every write, for finding rows by their keys: what
    /// walks through a table takes long on it.
    pub fn connect_lookup(&self) -> Result<AnyConnection, StoreError> {
        self.session(Access::Lookup)
    }

    /// A connection on which the database refuses every write.
    pub fn connect_reader(&self) -> Result<AnyConnection, StoreError> {
        self.session(Access::Read)
    }

    fn session(&self, access: Access) -> Result<AnyConnection, StoreError> {
        match &*self.address {
            // SQLite would make a new, empty file, and the service would go on as if nothing had
            // ever been sold.
            Address::Sqlite(path) if !path.exists() => Err(StoreError::Unwritable(format!(
                "The database file {} is gone.",
                path.display()
            ))),
            Address::Sqlite(path) => connection::sqlite(path, access, self.mapped_bytes),
            Address::Postgres(url) => connection::postgres(url, access),
        }
    }
}

/// The database as it may be shown: without password and parameters.
impl fmt::Display for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.address {
            Address::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Address::Postgres(url) => f.write_str(&without_secrets(url)),
        }
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Db({self})")
    }
}

/// The absolute path of the file, whose folder exists. Absolute, so that the working directory no
/// longer matters and no file name is mistaken for one of SQLite's special ones (`:memory:`,
/// `file:…`).
fn absolute(path: &str) -> Result<PathBuf, StoreError> {
    let given = Path::new(path);
    let name = given
        .file_name()
        .filter(|_| !path.ends_with('/') && !path.starts_with(':'))
        .ok_or_else(|| {
            StoreError::Configuration(format!(
                "sqlite://{path} names no file; write sqlite:///path/to/file.db."
            ))
        })?;
    let folder = given.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(|_| {
        StoreError::Configuration(format!(
            "The folder {} of the database does not exist.",
            folder.display()
        ))
    })?;
    Ok(folder.join(name))
}

/// Makes the file (mode 0600, which SQLite's companion files inherit) unless it is there.
fn create_file(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Err(StoreError::Configuration(format!(
            "{} is a folder, not a database file.",
            path.display()
        )));
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(StoreError::Unwritable(format!("{} cannot be made: {e}", path.display()))),
    }
}

/// The value of a parameter in the part of a URL after `?`.
fn parameter<'a>(url: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = url.split_once('?')?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// Whether libpq was linked with TLS, see the features in `Cargo.toml`.
const HAS_TLS: bool = cfg!(feature = "postgres-tls")
    || (cfg!(feature = "system-libpq") && !cfg!(feature = "bundled-libpq"));

fn refuse_tls_that_is_not_there(url: &str) -> Result<(), StoreError> {
    match parameter(url, "sslmode") {
        Some(mode @ ("require" | "verify-ca" | "verify-full")) if !HAS_TLS => {
            Err(StoreError::Configuration(format!(
                "The database's address asks for sslmode={mode}, but this binary was built without TLS to PostgreSQL. \
             Use a build with the feature postgres-tls, or with system-libpq and no default features."
            )))
        }
        _ => Ok(()),
    }
}

/// Adds what an operator rarely thinks of: a name in `pg_stat_activity`, and limits after which a
/// server that no longer answers is given up (seconds, seconds, milliseconds). What the URL says
/// itself stays.
fn with_defaults(url: &str) -> String {
    let defaults = [
        ("fallback_application_name", "returndesk"),
        ("connect_timeout", "10"),
        ("keepalives_idle", "30"),
        ("tcp_user_timeout", "45000"),
    ];
    defaults.iter().filter(|(name, _)| parameter(url, name).is_none()).fold(
        url.to_owned(),
        |url, (name, value)| {
            let separator = if url.contains('?') { '&' } else { '?' };
            format!("{url}{separator}{name}={value}")
        },
    )
}

fn without_secrets(url: &str) -> String {
    let bare = url.split('?').next().unwrap_or_default();
    match bare.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?))) {
        Some((scheme, (user, place))) => {
            let name = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{name}@{place}")
        }
        None => bare.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_used_is_explained() {
        let cases = [
            ("mysql://h/d", "has to begin with"),
            ("returndesk.db", "has to begin with"),
            ("sqlite://", "names no file"),
            ("sqlite:///", "names no file"),
            ("sqlite://:memory:", "names no file"),
            (
                "sqlite:///no/such/folder/x.db",
                "The folder /no/such/folder of the database does not exist",
            ),
            ("sqlite:///tmp/..", "names no file"),
            ("sqlite:///usr/bin", "is a folder"),
        ];
        for (url, message) in cases {
            match Db::open(url) {
                Err(StoreError::Configuration(m)) => assert!(m.contains(message), "{url}: {m}"),
                other => panic!("{url}: {other:?}"),
            }
        }
    }

    #[test]
    fn tls_is_asked_for_only_where_it_is() {
        for mode in ["require", "verify-ca", "verify-full"] {
            let opened = Db::open(&format!("postgres://h/d?connect_timeout=3&sslmode={mode}"));
            assert_eq!(opened.is_ok(), HAS_TLS, "{mode}");
        }
        assert!(Db::open("postgres://h/d?sslmode=prefer").is_ok());
    }

    #[test]
    fn no_password_is_shown_and_no_parameter_overridden() {
        let db = Db::open(
            "postgresql://desk:p@ss@db.example:5433/shop?password=s3cret&connect_timeout=3",
        )
        .unwrap();
        assert_eq!(format!("{db:?}"), "Db(postgresql://desk@db.example:5433/shop)");
        assert_eq!(db.backend(), Backend::Postgres);
        assert_eq!(
            with_defaults("postgres://h/d?connect_timeout=3"),
            "postgres://h/d?connect_timeout=3&fallback_application_name=returndesk&keepalives_idle=30&tcp_user_timeout=45000"
        );
    }
}
