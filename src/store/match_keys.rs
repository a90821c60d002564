//! Fills in the keys by which identifiers are matched, where rows have none: those of before the
//! keys, and those that an older instance wrote during a rolling upgrade.

use super::connection::AnyConnection;
use super::{Connection, StoreError};
use crate::domain::match_key::MatchKey;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};

/// The key of an identifier, as it is stored.
pub fn key(text: &str) -> String {
    MatchKey::of(text).into_string()
}

/// The migration that adds the keys.
pub const VERSION: &str = "20261128000030";

/// A column of identifiers and that of their keys.
struct Keyed {
    table: &'static str,
    text: &'static str,
    key: &'static str,
}

const RECEIPTS: Keyed = Keyed { table: "sales", text: "receipt", key: "receipt_key" };

const OTHERS: &[Keyed] = &[
    Keyed { table: "sales", text: "customer", key: "customer_key" },
    Keyed { table: "sale_serials", text: "serial_number", key: "serial_key" },
    Keyed { table: "returns", text: "customer", key: "customer_key" },
    Keyed { table: "return_buyers", text: "customer", key: "customer_key" },
];

/// Identifiers that are read at once.
const PAGE: usize = 1_000;

/// Fills in every key that is missing. The triggers that keep sales and buyers as they are are off
/// meanwhile; the caller switches them on again.
pub fn fill(c: &mut Connection) -> Result<(), StoreError> {
    fill_receipts(c)?;
    OTHERS.iter().try_for_each(|keyed| fill_column(c, keyed))
}

/// Receipt numbers that two older sales bear in two spellings stay two sales: they are numbered
/// like those that were rung up again.
fn fill_receipts(c: &mut Connection) -> Result<(), StoreError> {
    if is_filled(c, &RECEIPTS)? {
        return Ok(());
    }
    c.batch_execute("DROP INDEX IF EXISTS sales_receipt_key_once")?;
    fill_column(c, &RECEIPTS)?;
    unlocked(c, "sales", |c| {
        c.batch_execute("DROP INDEX IF EXISTS sales_receipt_once")?;
        c.batch_execute(
            "UPDATE sales SET rung = n.rung FROM (
                 SELECT id, CAST(ROW_NUMBER() OVER (
                     PARTITION BY receipt_key, store, register, business_date ORDER BY rung, id
                 ) - 1 AS integer) AS rung FROM sales
             ) n WHERE n.id = sales.id AND n.rung <> sales.rung",
        )
    })?;
    make_unique(c)
}

/// Makes the unique key of receipts, where it is not there.
pub fn make_unique(c: &mut Connection) -> Result<(), StoreError> {
    Ok(c.batch_execute(
        "DROP INDEX IF EXISTS sales_receipt_once;
         CREATE UNIQUE INDEX IF NOT EXISTS sales_receipt_key_once
         ON sales (receipt_key, store, register, business_date, rung)",
    )?)
}

fn is_filled(c: &mut Connection, Keyed { table, text, key }: &Keyed) -> Result<bool, StoreError> {
    let missing = format!(
        "SELECT {text} AS word FROM {table} WHERE {key} IS NULL AND {text} IS NOT NULL LIMIT 1"
    );
    Ok(words(c, &missing)?.is_empty())
}

fn fill_column(c: &mut Connection, keyed: &Keyed) -> Result<(), StoreError> {
    if is_filled(c, keyed)? {
        return Ok(());
    }
    let Keyed { table, text, key } = keyed;
    // Printable ASCII is most of it, and needs nothing but small letters.
    let plain = match c {
        AnyConnection::Postgres(_) => format!(
            "UPDATE {table} SET {key} = lower({text} COLLATE \"C\")
             WHERE {key} IS NULL AND ({text} COLLATE \"C\") ~ '^[!-~]+$'"
        ),
        AnyConnection::Sqlite(_) => format!(
            "UPDATE {table} SET {key} = lower({text})
             WHERE {key} IS NULL AND {text} <> '' AND {text} NOT GLOB '*[^!-~]*'"
        ),
    };
    let page = format!(
        "SELECT DISTINCT {text} AS word FROM {table}
         WHERE {key} IS NULL AND {text} IS NOT NULL LIMIT {PAGE}"
    );
    let one = format!("UPDATE {table} SET {key} = $1 WHERE {text} = $2 AND {key} IS NULL");
    unlocked(c, table, |c| {
        c.batch_execute(&plain)?;
        loop {
            let page = words(c, &page)?;
            if page.is_empty() {
                return Ok(());
            }
            for text in page {
                let key = MatchKey::of(&text);
                let update = sql_query(&one).bind::<Text, _>(key.as_str());
                update.bind::<Text, _>(&text).execute(c)?;
            }
        }
    })
}

/// Changes a table whose rows are never changed otherwise.
fn unlocked(
    c: &mut Connection,
    table: &str,
    change: impl FnOnce(&mut Connection) -> diesel::QueryResult<()>,
) -> Result<(), StoreError> {
    let (off, on) = match c {
        AnyConnection::Postgres(_) => (
            format!("ALTER TABLE {table} DISABLE TRIGGER USER"),
            format!("ALTER TABLE {table} ENABLE TRIGGER USER"),
        ),
        // Made again with those of all tables.
        AnyConnection::Sqlite(_) => {
            (format!("DROP TRIGGER IF EXISTS {table}_no_update"), String::new())
        }
    };
    c.batch_execute(&off)?;
    change(c)?;
    Ok(c.batch_execute(&on)?)
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

fn words(c: &mut Connection, sql: &str) -> diesel::QueryResult<Vec<String>> {
    let words: Vec<Word> = sql_query(sql).load(c)?;
    Ok(words.into_iter().map(|word| word.word).collect())
}
