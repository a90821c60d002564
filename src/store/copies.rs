//! What backups and restores need of a database: a consistent copy of SQLite's file, PostgreSQL's
//! address in the form that its own programs take, and whether a database is empty.

use super::connection::AnyConnection;
use super::db::Address;
use super::{Db, StoreError, migrate};
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl};
use std::path::Path;

/// PostgreSQL's address without its password, which every user of the machine could read in a list
/// of processes.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    pub url: String,
    pub password: Option<String>,
}

impl Db {
    /// SQLite's file.
    pub fn file(&self) -> Option<&Path> {
        match self.address() {
            Address::Sqlite(path) => Some(path),
            Address::Postgres(_) => None,
        }
    }

    /// PostgreSQL's server, for its own programs.
    pub fn server(&self) -> Option<Server> {
        match self.address() {
            Address::Sqlite(_) => None,
            Address::Postgres(url) => Some(apart(url)),
        }
    }

    /// Writes all of SQLite's database, as it is at one instant, to a file that is empty or not
    /// there. Others go on reading and writing; their write-ahead log is not cut back meanwhile.
    pub fn copy_to(&self, file: &Path) -> Result<(), StoreError> {
        let path = file
            .to_str()
            .ok_or_else(|| StoreError::Configuration(format!("{file:?} is not valid UTF-8.")))?;
        match self.connect()? {
            AnyConnection::Sqlite(mut connection) => {
                diesel::sql_query("VACUUM INTO ?")
                    .bind::<Text, _>(path)
                    .execute(&mut connection)?;
                Ok(())
            }
            AnyConnection::Postgres(_) => {
                Err(StoreError::Configuration("PostgreSQL is copied by pg_dump.".into()))
            }
        }
    }

    /// Whether nothing of this service was ever put into it.
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(migrate::applied(&mut self.connect()?)?.is_empty())
    }
}

#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = Text)]
    told: String,
}

/// What SQLite finds wrong with a file, page by page.
pub fn damage(db: &Db) -> Result<Option<String>, StoreError> {
    match db.connect()? {
        AnyConnection::Sqlite(mut connection) => {
            let sql = "SELECT quick_check AS told FROM pragma_quick_check LIMIT 1";
            let told: Told = diesel::sql_query(sql).get_result(&mut connection)?;
            Ok((told.told != "ok").then_some(told.told))
        }
        AnyConnection::Postgres(_) => Ok(None),
    }
}

/// The password of a URL, from before its `@` or among its parameters, and the URL without it.
fn apart(url: &str) -> Server {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let mut password = None;
    let mut bare = address.to_owned();
    if let Some((scheme, rest)) = address.split_once("://")
        && let Some((user, place)) = rest.rsplit_once('@')
    {
        let (name, secret) =
            user.split_once(':').map_or((user, None), |(name, secret)| (name, Some(secret)));
        password = secret.map(decoded);
        bare = format!("{scheme}://{name}@{place}");
    }
    let mut kept = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.strip_prefix("password=") {
            Some(secret) => password = Some(decoded(secret)),
            None => kept.push(pair),
        }
    }
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    Server { url: bare + &query, password }
}

/// `%41` is `A`; what is no such sign stays as it is.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                at += 3;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_told_apart_from_its_url() {
        let rows = [
            ("postgres://h/d", "postgres://h/d", None),
            (
                "postgres://desk@h:5433/d?sslmode=require",
                "postgres://desk@h:5433/d?sslmode=require",
                None,
            ),
            ("postgres://desk:p%40s%s@h,i/d", "postgres://desk@h,i/d", Some("p@s%s")),
            (
                "postgres://desk:p@ss@h/d?connect_timeout=3",
                "postgres://desk@h/d?connect_timeout=3",
                Some("p@ss"),
            ),
            (
                "postgres://desk@h/d?password=s3%20t&sslmode=prefer",
                "postgres://desk@h/d?sslmode=prefer",
                Some("s3 t"),
            ),
            ("postgres://desk@h/d?password=s3", "postgres://desk@h/d", Some("s3")),
        ];
        for (url, bare, password) in rows {
            let server = apart(url);
            assert_eq!(
                (server.url.as_str(), server.password.as_deref()),
                (bare, password),
                "{url}"
            );
        }
    }
}
