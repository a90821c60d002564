//! Databases for tests: every test is written once and runs on both.
//!
//! SQLite always; PostgreSQL where `RETURNDESK_TEST_POSTGRES` holds the URL of a throwaway cluster,
//! on which databases may be made and dropped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // a test may stop where it stands
#![allow(dead_code)] // each test binary uses a part of this

pub mod bodies;
pub mod caller;
pub mod contract;
pub mod shop;

use diesel::connection::SimpleConnection;
use returndesk::store::{Backend, Connection, Db};
use std::path::{Path, PathBuf};
use std::sync::Once;
use uuid::Uuid;

/// A fresh, empty database, removed when dropped.
pub struct TestDb {
    url: String,
    home: Home,
}

enum Home {
    Folder(PathBuf),
    Cluster {
        url: String,
        name: String,
    },
    /// Somebody else's, who also removes it.
    Lent(Backend),
}

impl TestDb {
    /// A database file in a folder of its own below the system's temporary one.
    pub fn sqlite() -> Self {
        let folder = std::env::temp_dir().join(unique_name());
        std::fs::create_dir(&folder).expect("a temporary folder can be made");
        TestDb {
            url: format!("sqlite://{}", folder.join("test.db").display()),
            home: Home::Folder(folder),
        }
    }

    /// A new database on the cluster at `url`.
    pub fn postgres(url: &str) -> Self {
        let name = unique_name();
        on_cluster(url, &format!("CREATE DATABASE {name}"));
        TestDb { url: with_database(url, &name), home: Home::Cluster { url: url.to_owned(), name } }
    }

    /// A database file in this folder, which is somebody else's to remove.
    pub fn sqlite_in(folder: &Path) -> Self {
        let url = format!("sqlite://{}", folder.join("test.db").display());
        TestDb { url, home: Home::Lent(Backend::Sqlite) }
    }

    /// The PostgreSQL database at `url`, which is somebody else's to drop.
    pub fn postgres_at(url: &str) -> Self {
        TestDb { url: url.to_owned(), home: Home::Lent(Backend::Postgres) }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn open(&self) -> Db {
        Db::open(&self.url).expect("the test's database opens")
    }

    pub fn connect(&self) -> Connection {
        self.open().connect().expect("the test's database takes connections")
    }

    pub fn backend(&self) -> Backend {
        match self.home {
            Home::Folder(_) => Backend::Sqlite,
            Home::Cluster { .. } => Backend::Postgres,
            Home::Lent(backend) => backend,
        }
    }

    /// The folder of a SQLite database.
    pub fn folder(&self) -> Option<&Path> {
        match &self.home {
            Home::Folder(folder) => Some(folder),
            Home::Cluster { .. } | Home::Lent(_) => None,
        }
    }

    /// Runs SQL past everything that guards the database, as somebody with access to it could.
    pub fn run_sql(&self, sql: &str) -> diesel::QueryResult<()> {
        self.connect().batch_execute(sql)
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        match &self.home {
            Home::Folder(folder) => drop(std::fs::remove_dir_all(folder)),
            Home::Cluster { url, name } => {
                on_cluster(url, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            }
            Home::Lent(_) => {}
        }
    }
}

/// A fresh database of each kind that is at hand.
pub fn databases() -> Vec<TestDb> {
    let mut databases = vec![TestDb::sqlite()];
    databases.extend(postgres_url().map(|url| TestDb::postgres(&url)));
    databases
}

/// The cluster's URL; whoever has none is warned.
pub fn postgres_url() -> Option<String> {
    static WARNING: Once = Once::new();
    let url = std::env::var("RETURNDESK_TEST_POSTGRES").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        WARNING.call_once(warn_past_the_capture);
    }
    url
}

/// Runs `test` on a fresh database of each kind; the output names the one that it failed on.
pub fn on_each_database(test: impl Fn(&TestDb)) {
    for database in databases() {
        println!("on {:?}: {}", database.backend(), database.url());
        test(&database);
    }
}

fn warn_past_the_capture() {
    not_tested(
        "POSTGRESQL WAS NOT TESTED: RETURNDESK_TEST_POSTGRES is not set; these tests ran on SQLite alone.",
    );
}

/// Straight to standard error: the test harness swallows `eprintln!` of tests that succeed.
pub fn not_tested(why: &str) {
    use std::io::Write;
    let _ = std::io::stderr().write_all(format!("\n*** {why} ***\n\n").as_bytes());
}

fn unique_name() -> String {
    format!("returndesk_test_{}_{}", std::process::id(), Uuid::now_v7().simple())
}

fn on_cluster(url: &str, sql: &str) {
    let db = Db::open(url).expect("RETURNDESK_TEST_POSTGRES is a PostgreSQL URL");
    let mut connection =
        db.connect().expect("the cluster of RETURNDESK_TEST_POSTGRES is reachable");
    connection.batch_execute(sql).expect("databases may be made and dropped on the cluster");
}

/// The cluster's URL with another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, place) = address.split_once("://").expect("a URL");
    let host = place.split('/').next().unwrap_or_default();
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    format!("{scheme}://{host}/{name}{query}")
}
