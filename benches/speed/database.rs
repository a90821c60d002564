//! The databases that are measured on, and what is asked of them directly.

use crate::processes;
use crate::service::Folder;
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl};
use returndesk::store::{Connection, Db};
use std::path::PathBuf;
use std::process::Command;

/// A database, empty at first.
pub struct Database {
    pub name: &'static str,
    pub url: String,
    pub postmaster: Option<u32>,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl Database {
    /// A new file in a folder.
    pub fn sqlite(folder: &Folder, name: &str) -> Database {
        let url = format!("sqlite://{}", folder.0.join(format!("{name}.db")).display());
        Database { name: "SQLite", url, postmaster: None }
    }

    /// A new database on a cluster.
    pub fn postgres(cluster: &str, name: &str) -> Database {
        let name = format!("{name}_{}", std::process::id());
        let (place, _) = cluster.rsplit_once('/').expect("a URL with a database");
        let url = format!("{place}/{name}");
        let _ = open(cluster).run(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        open(cluster)
            .run(&format!("CREATE DATABASE {name}"))
            .expect("databases may be made on the cluster");
        let folder = open(&url).word("SELECT current_setting('data_directory') AS word");
        let pid = folder.and_then(|folder| {
            std::fs::read_to_string(PathBuf::from(folder).join("postmaster.pid")).ok()
        });
        let postmaster = pid.and_then(|pid| pid.lines().next()?.parse().ok());
        Database { name: "PostgreSQL", url, postmaster }
    }

    pub fn is_sqlite(&self) -> bool {
        self.url.starts_with("sqlite")
    }

    pub fn db(&self) -> Db {
        Db::open(&self.url).expect("the database opens")
    }

    /// Bytes on disk of everything that is committed.
    pub fn size(&self) -> i64 {
        let bytes = match self.is_sqlite() {
            true => {
                "SELECT p.page_count * s.page_size AS number FROM pragma_page_count p, pragma_page_size s"
            }
            false => "SELECT pg_database_size(current_database()) AS number",
        };
        open(&self.url).number(bytes).expect("a size")
    }

    /// The first text that a query answers.
    pub fn word(&self, query: &str) -> Option<String> {
        open(&self.url).word(query)
    }

    pub fn version(&self) -> String {
        let version = match self.is_sqlite() {
            true => "SELECT sqlite_version() AS word",
            false => "SELECT current_setting('server_version') AS word",
        };
        format!("{} {}", self.name, self.word(version).unwrap_or_default())
    }

    /// Keeps PostgreSQL from analyzing the tables there are.
    pub fn never_analyze(&self) {
        self.run(
            "DO $$ DECLARE t text; BEGIN
               FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
                 EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = false)', t);
               END LOOP; END $$",
        );
    }

    pub fn was_analyzed(&self) -> bool {
        let analyzed = "SELECT COUNT(*) AS number FROM pg_stat_user_tables \
                        WHERE COALESCE(last_analyze, last_autoanalyze) IS NOT NULL";
        open(&self.url).number(analyzed).expect("statistics") > 0
    }

    pub fn run(&self, sql: &str) {
        open(&self.url).run(sql).expect("the statement is right");
    }
}

struct Session(Connection);

fn open(url: &str) -> Session {
    Session(Db::open(url).and_then(|db| db.connect()).expect("the database takes connections"))
}

impl Session {
    fn run(&mut self, sql: &str) -> diesel::QueryResult<()> {
        match &mut self.0 {
            Connection::Postgres(c) => {
                c.batch_execute("SET statement_timeout = 0")?;
                c.batch_execute(sql)
            }
            Connection::Sqlite(c) => c.batch_execute(sql),
        }
    }

    /// The column is called `word`.
    fn word(&mut self, query: &str) -> Option<String> {
        let rows: Vec<Word> = match &mut self.0 {
            Connection::Postgres(c) => diesel::sql_query(query).load(c).ok()?,
            Connection::Sqlite(c) => diesel::sql_query(query).load(c).ok()?,
        };
        rows.into_iter().next().map(|row| row.word)
    }

    fn number(&mut self, query: &str) -> Option<i64> {
        let rows: Vec<Number> = match &mut self.0 {
            Connection::Postgres(c) => diesel::sql_query(query).load(c).ok()?,
            Connection::Sqlite(c) => diesel::sql_query(query).load(c).ok()?,
        };
        rows.first().map(|row| row.number)
    }
}

/// The PostgreSQL of the run: one that was given, or one that lives as long as this value.
pub struct Cluster {
    pub url: String,
    started: bool,
}

impl Cluster {
    /// `tuned`: a server that is started gets the settings that docs/operating.md advises.
    pub fn given_or_started(given: Option<&str>, tuned: bool) -> Cluster {
        let advised =
            || format!("shared_buffers = {}MB\nmax_wal_size = 8GB\n", processes::memory_mib() / 4);
        match given {
            Some(url) => Cluster { url: url.to_owned(), started: false },
            None if tuned => Cluster { url: script("start", &advised()), started: true },
            None => Cluster { url: script("start", ""), started: true },
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.started {
            script("stop", "");
        }
    }
}

/// `scripts/postgres`, with a file of this run's own to remember the server by.
fn script(what: &str, settings: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let state =
        std::env::temp_dir().join(format!("returndesk-bench-postgres.{}", std::process::id()));
    let said = Command::new(format!("{root}/scripts/postgres"))
        .arg(what)
        .env("RETURNDESK_POSTGRES_STATE", state)
        .env("RETURNDESK_POSTGRES_SETTINGS", settings)
        .stderr(std::process::Stdio::inherit())
        .output()
        .expect("scripts/postgres runs");
    assert!(said.status.success(), "scripts/postgres {what} failed");
    String::from_utf8_lossy(&said.stdout).trim().to_owned()
}
