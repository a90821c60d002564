//! What SQLite reaches by itself: prepared statements, one commit per return or one for many, on a
//! connection like the service's.

use crate::database::Database;
use crate::load::Taken;
use crate::samples::Samples;
use crate::shop::{place, scattered};
use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::{LoadQuery, RunQueryDsl};
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};
use returndesk::store::Connection;
use sha2::{Digest, Sha256};
use std::marker::PhantomData;
use std::ops::Range;
use std::time::Instant;

/// A statement by its text, prepared once for a connection; `ST` is the type of what it answers.
struct Plain<'a, ST> {
    sql: &'static str,
    values: &'a [Value<'a>],
    answer: PhantomData<ST>,
}

enum Value<'a> {
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl<ST> QueryId for Plain<'_, ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Plain<'_, ST> {
    type SqlType = ST;
}

impl<ST, C> RunQueryDsl<C> for Plain<'_, ST> {}

impl<ST> QueryFragment<Sqlite> for Plain<'_, ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let mut parts = self.sql.split('?');
        out.push_sql(parts.next().unwrap_or_default());
        for (part, value) in parts.zip(self.values) {
            match value {
                Value::Int(value) => out.push_bind_param::<BigInt, _>(value)?,
                Value::Text(value) => out.push_bind_param::<Text, _>(*value)?,
                Value::Bytes(value) => out.push_bind_param::<Binary, _>(*value)?,
            }
            out.push_sql(part);
        }
        Ok(())
    }
}

fn run(c: &mut SqliteConnection, sql: &'static str, values: &[Value<'_>]) -> QueryResult<usize> {
    Plain::<Integer> { sql, values, answer: PhantomData }.execute(c)
}

fn rows<'a, ST: 'static, R>(
    c: &mut SqliteConnection,
    sql: &'static str,
    values: &'a [Value<'a>],
) -> QueryResult<Vec<R>>
where
    for<'s> Plain<'s, ST>: LoadQuery<'s, SqliteConnection, R>,
{
    RunQueryDsl::<SqliteConnection>::load(Plain::<ST> { sql, values, answer: PhantomData }, c)
}

/// Records one return of each sale of a range, one after the other, so many in a transaction.
pub fn record(
    database: &Database,
    kind: char,
    sales: Range<usize>,
    together: usize,
    samples: &Samples,
) -> Taken {
    let Ok(Connection::Sqlite(mut connection)) = database.db().connect() else {
        panic!("not SQLite")
    };
    let mut latencies = Vec::with_capacity(sales.len());
    let started = Instant::now();
    let numbers: Vec<usize> = (0..sales.len()).collect();
    for numbers in numbers.chunks(together) {
        let began = Instant::now();
        connection.batch_execute("BEGIN IMMEDIATE").expect("the one writer's lock");
        for number in numbers {
            let sale = sales.start + scattered(*number, sales.len());
            one(&mut connection, kind, sale, sales.start + number, samples)
                .expect("a plain return is recorded");
        }
        connection.batch_execute("COMMIT").expect("a commit");
        let micros = u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX);
        latencies.extend(numbers.iter().map(|_| micros));
    }
    Taken::new(started.elapsed().as_secs_f64(), latencies)
}

/// `made` is what the return's id counts by: ids ascend, whatever sale comes back.
fn one(
    c: &mut SqliteConnection,
    kind: char,
    number: usize,
    made: usize,
    samples: &Samples,
) -> QueryResult<()> {
    use Value::{Bytes, Int, Text as T};
    let (store, receipt) = place(kind, number);
    let key: [u8; 32] = Sha256::digest(&receipt).into();
    let key = &key[..16];
    let mut id = 1_900_000_000_000_u64.wrapping_add(made as u64).to_be_bytes()[2..].to_vec();
    id.extend_from_slice(&key[..10]);
    let subject = uuid::Uuid::from_slice(&id).expect("sixteen bytes").to_string();
    let kept: Vec<Vec<u8>> =
        rows::<Binary, _>(c, "SELECT digest FROM idempotency WHERE key = ?", &[Bytes(key)])?;
    assert!(kept.is_empty(), "every key is used once");
    const SALE: &str = "SELECT id, document FROM sales WHERE receipt = ? AND store = ?";
    let found: Vec<(Vec<u8>, String)> =
        rows::<(Binary, Text), _>(c, SALE, &[T(&receipt), T(&store)])?;
    let sale = &found[0].0;
    const LINES: &str =
        "SELECT line, returned, extras FROM sale_lines WHERE sale = ? ORDER BY line";
    let _: Vec<(i32, i64, Option<String>)> =
        rows::<(Integer, BigInt, Nullable<Text>), _>(c, LINES, &[Bytes(sale)])?;
    const TENDERS: &str =
        "SELECT tender, refunded, rounding, charged_back FROM sale_tenders WHERE sale = ?";
    let _: Vec<(i32, i64, i64, bool)> =
        rows::<(Integer, BigInt, BigInt, Bool), _>(c, TENDERS, &[Bytes(sale)])?;
    const LINE: &str =
        "UPDATE sale_lines SET returned = 1000, refunded = ? WHERE sale = ? AND line = ?";
    run(c, LINE, &[Int(1_350), Bytes(sale), Int(1)])?;
    run(c, LINE, &[Int(783), Bytes(sale), Int(2)])?;
    run(
        c,
        "UPDATE sale_tenders SET refunded = 2133, rounding = 0 WHERE sale = ? AND tender = 1",
        &[Bytes(sale)],
    )?;
    const RETURN: &str = "INSERT INTO returns (id, store, register, operator, status, currency, business_date, recorded_at, refund, training, document) VALUES (?, ?, '7', '1042', 'completed', 'USD', '2026-11-22', 1795000000000000, 2133, 0, ?)";
    run(c, RETURN, &[Bytes(&id), T(&store), T(&samples.document)])?;
    const RETURNED: &str = "INSERT INTO return_lines (return_id, line, sale, sale_line, quantity, net, gross, fee, parts, reason) VALUES (?, 1, ?, 1, 1000, 1250, 1350, 0, '100;', 'changed_mind'), (?, 2, ?, 2, 1000, 725, 783, 0, '58;', 'defective')";
    run(c, RETURNED, &[Bytes(&id), Bytes(sale), Bytes(&id), Bytes(sale)])?;
    const REFUND: &str = "INSERT INTO refunds (return_id, refund, kind, sale, sale_tender, reference, amount, rounding, fallbacks, status) VALUES (?, 1, 'credit_card', ?, 1, 'tok_1', 2133, 0, 'store_credit', 'due')";
    run(c, REFUND, &[Bytes(&id), Bytes(sale)])?;
    const KEPT: &str = "INSERT INTO idempotency (key, digest, status, headers, return_id, created_at) VALUES (?, ?, 201, 'content-type: application/json', ?, 1795000000000000)";
    run(c, KEPT, &[Bytes(key), Bytes(&Sha256::digest(key)), Bytes(&id)])?;
    const HEAD: &str = "UPDATE audit_heads SET seq = seq + 1 WHERE store = ? RETURNING seq, hash";
    let head: Vec<(i64, Vec<u8>)> = rows::<(BigInt, Binary), _>(c, HEAD, &[T(&store)])?;
    const ENTRY: &str = "INSERT INTO audit_entries (store, seq, at, event, subject_id, leaf, hash) VALUES (?, ?, 1795000000000000, 'return.recorded', ?, ?, ?)";
    run(c, ENTRY, &[T(&store), Int(head[0].0), T(&subject), T(&samples.leaf), Bytes(&head[0].1)])?;
    const MOVEMENT: &str = "INSERT INTO ledger (store, seq, at, business_date, register, currency, event, subject_id, refunds_payable, returns, tax_returned) VALUES (?, ?, 1795000000000000, '2026-11-22', '7', 'USD', 'return.recorded', ?, -2133, 1975, 158)";
    run(c, MOVEMENT, &[T(&store), Int(head[0].0), T(&subject)]).map(drop)
}
