//! Statements over many rows at once: one statement loads what a whole batch needs. Those that
//! write are in [`writes`](super::writes), but for some that are of no use without what they find.
//!
//! The rows come as columns ([`Col`]) and go to the database as a table `u`:
//!
//! | | PostgreSQL | SQLite |
//! |---|---|---|
//! | `u` | `unnest($1, $2, …)` over arrays: the same SQL for any number of rows | `VALUES (?, ?), …` in pieces of 64, 32, 16, … 1 rows |
//! | order | as given | as given |
//!
//! Both forms have few distinct texts, and the text is the key of diesel's statement cache: each is
//! prepared once for a connection (tested in `tests/store_foundation.rs`). The cache has no bound,
//! which is why every piece of SQL here is `&'static str`: text made at run time would fill it. The
//! statements go to diesel's own connections, not through its enum over them, which would walk
//! every fragment three times as often.

pub use super::columns::{Col, col};
use super::joins;
use super::{Connection, Read, StoreError, Tx};
use diesel::QueryResult;
use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::{LoadQuery, RunQueryDsl};
use diesel::sql_types::Integer;
use diesel::sqlite::{Sqlite, SqliteConnection};
use std::marker::PhantomData;
use std::ops::Range;

/// Inserts the rows whose keys are free and answers `returning` (one column or a few) of those rows
/// alone, in no order that can be relied on. Waits for other transactions that are inserting the
/// same keys: sort the rows by key, so that two of them never wait for each other.
pub fn insert_ignore<'a, ST: 'static, R>(
    tx: &mut Tx<'_>,
    into: &'static str,
    columns: &'a [Col<'a>],
    returning: &'static str,
) -> Result<Vec<R>, StoreError>
where
    for<'s> Rows<'s, ST>: LoadQuery<'s, PgConnection, R> + LoadQuery<'s, SqliteConnection, R>,
{
    let statement = Statement {
        postgres: [
            &["INSERT INTO ", into, " SELECT * FROM unnest("],
            &[") ON CONFLICT DO NOTHING RETURNING ", returning],
        ],
        sqlite: [
            &["INSERT INTO ", into, " VALUES "],
            &[" ON CONFLICT DO NOTHING RETURNING ", returning],
        ],
    };
    load(tx, &statement, columns)
}

/// Inserts or updates the rows `u(names)`: where the key `on` is free, or `lower` holds between `u`
/// and the row `p` that is there. Rows that change nothing are neither written nor locked. Sort the
/// rows by key, each once, so that two writers never wait for each other.
pub struct Upsert {
    /// The table, and its columns in the order given.
    pub table: &'static str,
    pub names: &'static str,
    /// The columns of the key, and how `u` and `p` are joined by it.
    pub key: &'static str,
    pub join: &'static str,
    /// A row that is not there, or is to be written over.
    pub missing_or_worse: &'static str,
    /// `SET …`, and on which condition between `excluded` and the table.
    pub set: &'static str,
}

/// See [`Upsert`].
pub fn upsert_where(
    tx: &mut Tx<'_>,
    upsert: &Upsert,
    columns: &[Col<'_>],
) -> Result<usize, StoreError> {
    let Upsert { table, names, key, join, missing_or_worse, set } = *upsert;
    let statement = Statement {
        postgres: [
            &["INSERT INTO ", table, "(", names, ") SELECT u.* FROM unnest("],
            &[
                ") AS u(",
                names,
                ") LEFT JOIN LATERAL (SELECT * FROM ",
                table,
                " p WHERE ",
                join,
                " OFFSET 0) p ON true WHERE ",
                missing_or_worse,
                " ON CONFLICT (",
                key,
                ") DO UPDATE SET ",
                set,
            ],
        ],
        sqlite: [
            &["WITH u(", names, ") AS (VALUES "],
            &[
                ") INSERT INTO ",
                table,
                "(",
                names,
                ") SELECT u.* FROM u LEFT JOIN ",
                table,
                " p ON ",
                join,
                " WHERE ",
                missing_or_worse,
                " ON CONFLICT (",
                key,
                ") DO UPDATE SET ",
                set,
            ],
        ],
    };
    execute(tx, &statement, columns)
}

/// Deletes the rows of `table` that `u(names)` leads to by the condition `which`, and answers how
/// many.
pub fn delete_from(
    tx: &mut Tx<'_>,
    table: &'static str,
    which: &'static str,
    names: &'static str,
    columns: &[Col<'_>],
) -> Result<usize, StoreError> {
    let statement = Statement {
        postgres: [
            &["WITH u AS (SELECT * FROM unnest("],
            &[") AS u(", names, ")) DELETE FROM ", table, " WHERE ", which],
        ],
        sqlite: [
            &["WITH u(", names, ") AS (VALUES "],
            &[") DELETE FROM ", table, " WHERE ", which],
        ],
    };
    execute(tx, &statement, columns)
}

/// All rows of a query without parameters, for the few that are asked rarely.
pub fn select_all<ST: 'static, R>(
    read: &mut Read<'_>,
    query: &'static str,
) -> Result<Vec<R>, StoreError>
where
    for<'s> Rows<'s, ST>: LoadQuery<'s, PgConnection, R> + LoadQuery<'s, SqliteConnection, R>,
{
    // One row of keys that nothing is joined by, so that the statement is cached like the others.
    let statement = Statement {
        postgres: [&["WITH u(one) AS (SELECT * FROM unnest("], &[")) ", query]],
        sqlite: [&["WITH u(one) AS (VALUES "], &[") ", query]],
    };
    let keys = [col([1_i32])];
    load(read, &statement, &keys)
}

/// A query for the rows that keys `u(names)` lead to:
/// `SELECT columns FROM u JOIN join ORDER BY order`.
#[derive(Debug, Clone, Copy)]
pub struct Select {
    /// What is selected, e.g. `l.sale_id, l.line, l.returned`.
    pub columns: &'static str,
    /// The names of the key's columns, e.g. `sale_id`.
    pub names: &'static str,
    /// What the keys are joined with: `sale_lines l ON l.sale_id = u.sale_id`, further ones after
    /// `JOIN` or `LEFT JOIN`, then `WHERE` or `GROUP BY`. Every table is looked up by what stands
    /// before it, in this order.
    pub join: &'static str,
    /// The order, e.g. `l.sale_id, l.line`. With a `LIMIT` at its end, of rows that one key leads
    /// to, the first table is read in this order and no further.
    pub order: &'static str,
    /// The alias whose rows are locked until the transaction ends (`FOR NO KEY UPDATE` on
    /// PostgreSQL; on SQLite a writing transaction is the only one anyway). Without a lock the rows
    /// may be stale when they are written.
    pub lock: Option<&'static str>,
}

/// Loads the rows that the keys lead to. Keys are given sorted and without duplicates: a key given
/// twice answers twice, rows are locked in the order of the keys, and SQLite orders within each
/// piece of keys only.
pub fn select_in<'a, ST: 'static, R>(
    read: &mut Read<'_>,
    select: &Select,
    keys: &'a [Col<'a>],
) -> Result<Vec<R>, StoreError>
where
    for<'s> Rows<'s, ST>: LoadQuery<'s, PgConnection, R> + LoadQuery<'s, SqliteConnection, R>,
{
    let Select { columns, names, join, order, lock: _ } = *select;
    let mut looked_up = vec![") AS u(", names, ")"];
    joins::push_lookups(&mut looked_up, select);
    looked_up.extend([" ORDER BY ", order]);
    let statement = Statement {
        postgres: [&["SELECT ", columns, " FROM unnest("], &looked_up],
        // CROSS JOIN keeps SQLite from walking the table and looking each row up among the keys.
        sqlite: [
            &["WITH u(", names, ") AS (VALUES "],
            &[") SELECT ", columns, " FROM u CROSS JOIN ", join, " ORDER BY ", order],
        ],
    };
    load(read, &statement, keys)
}

/// The words before and after the rows, on each database.
struct Statement<'s> {
    postgres: [&'s [&'static str]; 2],
    sqlite: [&'s [&'static str]; 2],
}

/// A statement with the rows that it is about; `ST` is the SQL type of what it answers. Public only
/// because it stands in the bounds of the functions above.
pub struct Rows<'s, ST> {
    statement: &'s Statement<'s>,
    columns: &'s [Col<'s>],
    range: Range<usize>,
    answer: PhantomData<ST>,
}

impl<ST> QueryId for Rows<'_, ST> {
    type QueryId = ();
    // The SQL differs from value to value of this type: cached by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Rows<'_, ST> {
    type SqlType = ST;
}

impl<ST, C> RunQueryDsl<C> for Rows<'_, ST> {}

impl<ST> QueryFragment<Pg> for Rows<'_, ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let [before, after] = self.statement.postgres;
        before.iter().for_each(|words| out.push_sql(words));
        for (i, column) in self.columns.iter().enumerate() {
            out.push_sql(if i == 0 { "" } else { "," });
            column.bind_all(&mut out)?;
        }
        after.iter().for_each(|words| out.push_sql(words));
        Ok(())
    }
}

impl<ST> QueryFragment<Sqlite> for Rows<'_, ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let [before, after] = self.statement.sqlite;
        before.iter().for_each(|words| out.push_sql(words));
        for row in self.range.clone() {
            out.push_sql(if row == self.range.start { "(" } else { "),(" });
            for (i, column) in self.columns.iter().enumerate() {
                out.push_sql(if i == 0 { "" } else { "," });
                column.bind_one(row, &mut out)?;
            }
        }
        out.push_sql(")");
        after.iter().for_each(|words| out.push_sql(words));
        Ok(())
    }
}

/// How many rows the columns hold.
pub(super) fn height(columns: &[Col<'_>]) -> Result<usize, StoreError> {
    let height = columns.first().map_or(0, Col::len);
    match columns.iter().all(|column| column.len() == height) {
        true => Ok(height),
        false => Err(StoreError::Other("the columns of a statement differ in length".into())),
    }
}

/// SQLite's pieces: powers of two, so that there are few statements to prepare, and few to run for
/// any number of rows.
fn pieces(height: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let size = [64, 32, 16, 8, 4, 2, 1].into_iter().find(|size| start + size <= height)?;
        start += size;
        Some(start - size..start)
    })
}

fn execute(
    read: &mut Read<'_>,
    statement: &Statement<'_>,
    columns: &[Col<'_>],
) -> Result<usize, StoreError> {
    let height = height(columns)?;
    let rows = |range| Rows::<Integer> { statement, columns, range, answer: PhantomData };
    let mut changed = 0;
    match read.connection() {
        Connection::Postgres(c) if height > 0 => changed = rows(0..height).execute(c)?,
        Connection::Postgres(_) => {}
        Connection::Sqlite(c) => {
            for piece in pieces(height) {
                changed += rows(piece).execute(c)?;
            }
        }
    }
    Ok(changed)
}

fn load<ST: 'static, R>(
    read: &mut Read<'_>,
    statement: &Statement<'_>,
    columns: &[Col<'_>],
) -> Result<Vec<R>, StoreError>
where
    for<'s> Rows<'s, ST>: LoadQuery<'s, PgConnection, R> + LoadQuery<'s, SqliteConnection, R>,
{
    let height = height(columns)?;
    let rows = |range| Rows::<ST> { statement, columns, range, answer: PhantomData };
    let mut answers = Vec::with_capacity(height);
    match read.connection() {
        Connection::Postgres(c) if height > 0 => answers = rows(0..height).load(c)?,
        Connection::Postgres(_) => {}
        Connection::Sqlite(c) => {
            for piece in pieces(height) {
                answers.extend(RunQueryDsl::<SqliteConnection>::load(rows(piece), c)?);
            }
        }
    }
    Ok(answers)
}
