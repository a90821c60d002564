//! Inserts and updates: of many rows, and on PostgreSQL of several tables, in one statement.
//!
//! PostgreSQL gets all rows of a [`Write`], or of several ([`write_all`]), in one statement, for
//! each costs a way to the server and back (decision 0022). SQLite gets one row a statement: with
//! more it copies every page before it changes it, in case a later row fails (decision 0021). The
//! texts are few, for the reason given in [`rows`](super::rows).

use super::columns::Col;
use super::rows::height;
use super::{Connection, StoreError, Tx};
use diesel::QueryResult;
use diesel::pg::{Pg, PgConnection};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::RunQueryDsl;
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;

/// Rows of one table that are new, or changed.
pub struct Write<'a> {
    what: What,
    columns: Vec<Col<'a>>,
}

#[derive(Clone, Copy)]
enum What {
    /// `table(column, …)`, in the order of the columns.
    Insert(&'static str),
    Update(Update),
}

/// An update of rows that are found by their keys.
#[derive(Debug, Clone, Copy)]
pub struct Update {
    pub table: &'static str,
    /// The columns of the key; their values come first.
    pub key: &'static [&'static str],
    /// The columns that are set, in the order of their values.
    pub set: &'static [&'static str],
}

impl<'a> Write<'a> {
    /// New rows; `into` is `table(column, …)`, in the order of `columns`.
    pub fn insert(into: &'static str, columns: Vec<Col<'a>>) -> Write<'a> {
        Write { what: What::Insert(into), columns }
    }

    /// Changed rows; `columns` hold the key's values, then those that are set.
    pub fn update(update: Update, columns: Vec<Col<'a>>) -> Write<'a> {
        Write { what: What::Update(update), columns }
    }

    fn part(&self) -> Part<'_> {
        Part { what: self.what, columns: &self.columns, row: 0 }
    }
}

/// Inserts all rows. `into` is `table(column, …)`, in the order of `columns`.
///
/// # Errors
/// Besides the database's: [`StoreError::Other`] if fewer rows arrived than were given.
pub fn insert(tx: &mut Tx<'_>, into: &'static str, columns: &[Col<'_>]) -> Result<(), StoreError> {
    let part = Part { what: What::Insert(into), columns, row: 0 };
    let written = write_one(tx, part)?;
    all_written(written, height(columns)?, part)
}

/// Updates rows, and answers how many were found. `columns` hold the key's values, then those that
/// are set.
pub fn update_rows(
    tx: &mut Tx<'_>,
    update: &Update,
    columns: &[Col<'_>],
) -> Result<usize, StoreError> {
    write_one(tx, Part { what: What::Update(*update), columns, row: 0 })
}

/// Writes rows of several tables, no two of them the same one. A place always gives the same writes
/// in the same order, those without rows, too: on PostgreSQL they are one statement, whose text is
/// made once. Foreign keys are looked at when all are written.
///
/// # Errors
/// Besides the database's: [`StoreError::Other`] if fewer rows were written than were given.
pub fn write_all(tx: &mut Tx<'_>, writes: &[Write<'_>]) -> Result<(), StoreError> {
    let heights = writes
        .iter()
        .map(|write| height(&write.columns))
        .collect::<Result<Vec<usize>, StoreError>>()?;
    let filled = heights.iter().filter(|height| **height > 0).count();
    match tx.connection() {
        Connection::Postgres(c) if filled > 1 => {
            let written: i64 = RunQueryDsl::<PgConnection>::get_result(Together(writes), c)?;
            let given: usize = heights.iter().sum();
            match usize::try_from(written) {
                Ok(written) if written == given => Ok(()),
                _ => Err(StoreError::Other(format!(
                    "{written} of {given} rows of a batch were written"
                ))),
            }
        }
        _ => writes.iter().zip(heights).try_for_each(|(write, height)| {
            let written = write_one(tx, write.part())?;
            all_written(written, height, write.part())
        }),
    }
}

fn all_written(written: usize, given: usize, part: Part<'_>) -> Result<(), StoreError> {
    if written == given {
        return Ok(());
    }
    let (What::Insert(table) | What::Update(Update { table, .. })) = part.what;
    Err(StoreError::Other(format!("{written} of {given} rows were written into {table}")))
}

fn write_one(tx: &mut Tx<'_>, part: Part<'_>) -> Result<usize, StoreError> {
    let height = height(part.columns)?;
    // PostgreSQL says so itself; SQLite would be given the values that fit.
    if let What::Update(Update { table, key, set }) = part.what
        && part.columns.len() != key.len() + set.len()
    {
        return Err(StoreError::Other(format!(
            "an update of {table} has more or fewer values than columns"
        )));
    }
    match tx.connection() {
        Connection::Postgres(_) if height == 0 => Ok(0),
        Connection::Postgres(c) => Ok(part.execute(c)?),
        Connection::Sqlite(c) => {
            let mut written = 0;
            for row in 0..height {
                written += Part { row, ..part }.execute(c)?;
            }
            Ok(written)
        }
    }
}

/// A statement on one table: with all rows on PostgreSQL, with one on SQLite.
#[derive(Clone, Copy)]
struct Part<'s> {
    what: What,
    columns: &'s [Col<'s>],
    row: usize,
}

impl QueryId for Part<'_> {
    type QueryId = ();
    // The SQL differs from value to value of this type: cached by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C> RunQueryDsl<C> for Part<'_> {}

impl QueryFragment<Pg> for Part<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        all_rows(self.what, self.columns, &mut out)
    }
}

/// PostgreSQL's statement with all rows.
fn all_rows<'b>(
    what: What,
    columns: &'b [Col<'_>],
    out: &mut AstPass<'_, 'b, Pg>,
) -> QueryResult<()> {
    match what {
        What::Insert(into) => {
            words(out, &["INSERT INTO ", into, " SELECT * FROM unnest("]);
            bind_all(columns, out)?;
            out.push_sql(")");
        }
        What::Update(Update { table, key, set }) => {
            words(out, &["UPDATE ", table]);
            for (i, name) in set.iter().enumerate() {
                words(out, &[if i == 0 { " SET " } else { ", " }, name, " = u.", name]);
            }
            out.push_sql(" FROM unnest(");
            bind_all(columns, out)?;
            for (i, name) in key.iter().chain(set).enumerate() {
                words(out, &[if i == 0 { ") AS u(" } else { "," }, name]);
            }
            for (i, name) in key.iter().enumerate() {
                // Not simply `=`: PostgreSQL could then read the whole table in the key's order,
                // and does where it takes the table for small (decision 0023).
                let (before, equals, after) = match i {
                    0 => (") WHERE ", " = ANY (ARRAY[u.", "])"),
                    _ => (" AND ", " = u.", ""),
                };
                words(out, &[before, table, ".", name, equals, name, after]);
            }
        }
    }
    Ok(())
}

impl QueryFragment<Sqlite> for Part<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        match self.what {
            What::Insert(into) => {
                words(&mut out, &["INSERT INTO ", into, " VALUES "]);
                for (i, column) in self.columns.iter().enumerate() {
                    out.push_sql(if i == 0 { "(" } else { "," });
                    column.bind_one(self.row, &mut out)?;
                }
                out.push_sql(")");
            }
            What::Update(Update { table, key, set }) => {
                let (keys, values) = self.columns.split_at(key.len());
                words(&mut out, &["UPDATE ", table]);
                for (i, (name, column)) in set.iter().zip(values).enumerate() {
                    words(&mut out, &[if i == 0 { " SET " } else { ", " }, name, " = "]);
                    column.bind_one(self.row, &mut out)?;
                }
                for (i, (name, column)) in key.iter().zip(keys).enumerate() {
                    words(&mut out, &[if i == 0 { " WHERE " } else { " AND " }, name, " = "]);
                    column.bind_one(self.row, &mut out)?;
                }
            }
        }
        Ok(())
    }
}

/// Writes to several tables in one statement of PostgreSQL; it answers how many rows were written
/// in all.
struct Together<'s>(&'s [Write<'s>]);

impl QueryId for Together<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Together<'_> {
    type SqlType = BigInt;
}

impl<C> RunQueryDsl<C> for Together<'_> {}

impl QueryFragment<Pg> for Together<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (i, write) in self.0.iter().enumerate() {
            words(&mut out, &[if i == 0 { "WITH w" } else { ", w" }, &i.to_string(), " AS ("]);
            all_rows(write.what, &write.columns, &mut out)?;
            out.push_sql(" RETURNING 1)");
        }
        for i in 0..self.0.len() {
            words(
                &mut out,
                &[
                    if i == 0 { " SELECT " } else { " + " },
                    "(SELECT count(*) FROM w",
                    &i.to_string(),
                    ")",
                ],
            );
        }
        Ok(())
    }
}

fn words<DB: diesel::backend::Backend>(out: &mut AstPass<'_, '_, DB>, words: &[&str]) {
    words.iter().for_each(|word| out.push_sql(word));
}

fn bind_all<'b>(columns: &'b [Col<'_>], out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    for (i, column) in columns.iter().enumerate() {
        out.push_sql(if i == 0 { "" } else { "," });
        column.bind_all(out)?;
    }
    Ok(())
}
