//! What the database has in the end, against what the registers were told.

use crate::instances::prove;
use crate::load::Answered;
use crate::support::TestDb;
use diesel::RunQueryDsl;
use std::collections::BTreeSet;

/// Every return that was answered is there once, and nothing else. Answers how many.
pub fn check(database: &TestDb, answered: &[Answered]) -> usize {
    let recorded: Vec<&Answered> = answered.iter().filter(|one| one.answer.status == 201).collect();
    let told: BTreeSet<String> =
        recorded.iter().map(|one| one.answer.json()["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told.len(), recorded.len(), "two keys were answered with one return");
    let units: i64 = recorded.iter().map(|one| one.units).sum();
    assert_eq!(kept(database), told);
    let sum = |sql: &str| number(database, sql);
    assert_eq!(
        sum("SELECT CAST(SUM(returned) AS bigint) AS number FROM sale_lines"),
        units * 1_000
    );
    assert_eq!(
        sum("SELECT CAST(SUM(quantity) AS bigint) AS number FROM return_lines"),
        units * 1_000
    );
    assert_eq!(
        sum("SELECT CAST(COUNT(*) AS bigint) AS number FROM idempotency"),
        answered.len() as i64
    );
    let refused = answered.len() - recorded.len();
    let entries = "SELECT CAST(COUNT(*) AS bigint) AS number FROM audit_entries WHERE event = 'return.refused'";
    assert_eq!(sum(entries), refused as i64);
    assert_eq!(prove(&database.open()).returns, told.len() as u64);
    told.len()
}

fn kept(database: &TestDb) -> BTreeSet<String> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        subject_id: String,
    }
    let sql = "SELECT subject_id FROM audit_entries WHERE event = 'return.recorded'";
    let rows: Vec<Row> = diesel::sql_query(sql).load(&mut database.connect()).unwrap();
    rows.into_iter().map(|row| row.subject_id).collect()
}

fn number(database: &TestDb, sql: &str) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        number: i64,
    }
    diesel::sql_query(sql).get_result::<Row>(&mut database.connect()).unwrap().number
}
