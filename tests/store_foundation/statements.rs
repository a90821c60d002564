//! Statements over many rows: what is written is read back, each is prepared once, and rows are
//! looked up by their keys.

use crate::support::{TestDb, on_each_database};
use crate::{count, numbers, with_schema, write};
use diesel::connection::InstrumentationEvent;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl, sql_query};
use returndesk::store::rows::{self, Select, col};
use returndesk::store::sql_types::IdSql;
use returndesk::store::writes::{self, Update, Write};
use returndesk::store::{Backend, Db, Id, StoreError, Tx};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use uuid::Uuid;

/// A row of `things` with and without values.
pub type Thing =
    (Id, i64, Option<i32>, Option<String>, Option<Vec<u8>>, Option<bool>, Option<Id>, Option<i64>);
pub type ThingSql = (
    IdSql,
    BigInt,
    Nullable<Integer>,
    Nullable<Text>,
    Nullable<Binary>,
    Nullable<Bool>,
    Nullable<IdSql>,
    Nullable<BigInt>,
);

/// Sorted by id; every third value of a nullable column is missing.
pub fn things(count: usize) -> Vec<Thing> {
    let some = |i: usize, offset: usize| !(i + offset).is_multiple_of(3);
    (0..count)
        .map(|i| {
            let n = i as i64;
            (
                Id(Uuid::now_v7()),
                n,
                some(i, 0).then_some(i as i32 - 5),
                some(i, 1).then(|| format!("Stück {i} 'x' \u{1F381}")),
                some(i, 2).then(|| vec![i as u8, 0, 255]),
                some(i, 0).then_some(i % 2 == 0),
                some(i, 1).then(|| Id(Uuid::now_v7())),
                some(i, 2).then_some(i64::MAX - n),
            )
        })
        .collect()
}

const THINGS: &str = "things(id, number, small, words, hash, yes, other, large)";

pub fn insert_things(tx: &mut Tx<'_>, things: &[Thing]) -> Result<(), StoreError> {
    let columns = [
        col(things.iter().map(|t| t.0)),
        col(things.iter().map(|t| t.1)),
        col(things.iter().map(|t| t.2)),
        col(things.iter().map(|t| t.3.as_deref())),
        col(things.iter().map(|t| t.4.as_deref())),
        col(things.iter().map(|t| t.5)),
        col(things.iter().map(|t| t.6)),
        col(things.iter().map(|t| t.7)),
    ];
    writes::insert(tx, THINGS, &columns)
}

pub const SELECT: Select = Select {
    columns: "t.id, t.number, t.small, t.words, t.hash, t.yes, t.other, t.large",
    names: "id",
    join: "things t ON t.id = u.id",
    order: "t.id",
    lock: Some("t"),
};

const NUMBERS: Update = Update { table: "things", key: &["id"], set: &["number"] };

#[test]
fn what_is_written_is_read_back_for_any_number_of_rows() {
    on_each_database(|database| {
        let c = &mut with_schema(database);
        for count in [0, 1, 7, 8, 9, 32, 33, 300] {
            let mut things = things(count);
            things
                .iter_mut()
                .for_each(|t| t.3 = t.3.take().map(|words| format!("{count}: {words}")));
            write(c, |tx| insert_things(tx, &things)).unwrap();
            let keys = [col(things.iter().map(|t| t.0))];
            let load = |tx: &mut Tx<'_>| rows::select_in::<ThingSql, Thing>(tx, &SELECT, &keys);
            assert_eq!(write(c, load).unwrap(), things, "{count} rows");

            let changed = write(c, |tx| {
                let words = col(things.iter().map(|_| None::<&str>));
                let columns = [keys[0].clone(), col(things.iter().map(|t| 2 * t.1 + 1)), words];
                writes::update_rows(tx, &Update { set: &["number", "words"], ..NUMBERS }, &columns)
            });
            assert_eq!(changed, Ok(count));
            things.iter_mut().for_each(|t| (t.1, t.3) = (2 * t.1 + 1, None));
            let unlocked = Select { lock: None, ..SELECT };
            let read = Db::read(c, |r| rows::select_in::<ThingSql, Thing>(r, &unlocked, &keys));
            assert_eq!(read, Ok::<_, StoreError>(things), "{count} rows after the update");
        }
    });
}

#[test]
fn keys_that_are_taken_are_left_out_of_the_answer() {
    on_each_database(|database| {
        let c = &mut with_schema(database);
        let all = things(50);
        let (taken, free): (Vec<_>, Vec<_>) = all.iter().cloned().partition(|t| t.1 % 4 == 0);
        write(c, |tx| insert_things(tx, &taken)).unwrap();
        let columns = [col(all.iter().map(|t| t.0)), col(all.iter().map(|t| t.1))];
        let mut fresh = write(c, |tx| {
            rows::insert_ignore::<(IdSql, BigInt), (Id, i64)>(
                tx,
                "things(id, number)",
                &columns,
                "id, number",
            )
        })
        .unwrap();
        fresh.sort();
        assert_eq!(fresh, free.iter().map(|t| (t.0, t.1)).collect::<Vec<_>>());
    });
}

/// What is to be written in several tables: things, and parts of them.
fn things_and_parts(things: &[Id], parts: &[(Id, i32)]) -> [Write<'static>; 2] {
    let numbers = col(things.iter().map(|_| 7_i64));
    [
        Write::insert("things(id, number)", vec![col(things.iter().copied()), numbers]),
        Write::insert(
            "parts(thing, part)",
            vec![col(parts.iter().map(|p| p.0)), col(parts.iter().map(|p| p.1))],
        ),
    ]
}

/// Parts refer to things that are new in the same statement.
#[test]
fn several_tables_are_written_with_one_statement_on_postgres() {
    on_each_database(|database| {
        let c = &mut with_schema(database);
        let ids = [Id(Uuid::now_v7()), Id(Uuid::now_v7())];
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = asked.clone();
        c.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                record.lock().unwrap().push(query.to_string());
            }
        });
        write(c, |tx| {
            writes::write_all(tx, &things_and_parts(&ids, &[(ids[0], 1), (ids[0], 2), (ids[1], 1)]))
        })
        .unwrap();
        c.set_instrumentation(|_: InstrumentationEvent<'_>| ());
        let asked = asked.lock().unwrap();
        // BEGIN and COMMIT among them; on SQLite one for each row.
        let statements = if database.backend() == Backend::Sqlite { 2 + 5 } else { 2 + 1 };
        assert_eq!(asked.len(), statements, "{asked:?}");
        assert_eq!((count(c, "things"), count(c, "parts")), (2, 3));
        // Where one table alone has rows, and where none has.
        write(c, |tx| writes::write_all(tx, &things_and_parts(&[], &[(ids[1], 2)]))).unwrap();
        write(c, |tx| writes::write_all(tx, &things_and_parts(&[], &[]))).unwrap();
        assert_eq!((count(c, "things"), count(c, "parts")), (2, 4));
    });
}

#[test]
fn rows_that_are_not_there_are_not_updated_in_silence() {
    on_each_database(|database| {
        let c = &mut with_schema(database);
        let [there, gone] = [Id(Uuid::now_v7()), Id(Uuid::now_v7())];
        write(c, |tx| writes::write_all(tx, &things_and_parts(&[there], &[]))).unwrap();
        for parts in [vec![], vec![(there, 1)]] {
            let [_, parts] = things_and_parts(&[], &parts);
            let changed = Write::update(NUMBERS, vec![col([there, gone]), col([8_i64, 8])]);
            let refused = write(c, |tx| writes::write_all(tx, &[parts, changed]));
            assert!(
                matches!(&refused, Err(StoreError::Other(why)) if why.contains("rows")),
                "{refused:?}"
            );
            assert_eq!((numbers(c), count(c, "parts")), (vec![7], 0));
        }
    });
}

#[test]
fn the_first_fault_of_several_tables_leaves_nothing_of_any() {
    on_each_database(|database| {
        let c = &mut with_schema(database);
        let [new, unknown] = [Id(Uuid::now_v7()), Id(Uuid::now_v7())];
        let refused = write(c, |tx| {
            writes::write_all(tx, &things_and_parts(&[new], &[(new, 1), (unknown, 1)]))
        });
        assert!(matches!(refused, Err(StoreError::ForeignKey { .. })), "{refused:?}");
        let refused =
            write(c, |tx| writes::write_all(tx, &things_and_parts(&[new], &[(new, 1), (new, 1)])));
        assert!(matches!(refused, Err(StoreError::Unique { .. })), "{refused:?}");
        assert_eq!((count(c, "things"), count(c, "parts")), (0, 0));
    });
}

#[test]
fn a_statement_is_refused_if_its_columns_differ_in_length() {
    on_each_database(|database| {
        let c = &mut with_schema(database);
        let columns = [col([Uuid::now_v7(), Uuid::now_v7()]), col([1_i64])];
        let refused = write(c, |tx| writes::insert(tx, "things(id, number)", &columns));
        assert_eq!(
            refused,
            Err(StoreError::Other("the columns of a statement differ in length".into()))
        );
        for columns in
            [vec![col([Uuid::now_v7()])], vec![col([Uuid::now_v7()]), col([1_i64]), col([2_i64])]]
        {
            let refused = write(c, |tx| writes::update_rows(tx, &NUMBERS, &columns));
            let told = "an update of things has more or fewer values than columns";
            assert_eq!(refused, Err(StoreError::Other(told.into())));
        }
    });
}

/// PostgreSQL prepares one statement whatever the number of rows; SQLite one for a row to be
/// inserted, and to look rows up one for each size of piece: here 1, 2, 8, 32, 64.
#[test]
fn each_statement_is_prepared_once_for_a_connection() {
    on_each_database(|database| {
        let c = &mut with_schema(database);
        let prepared = Arc::new(AtomicUsize::new(0));
        let counter = prepared.clone();
        c.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::CacheQuery { .. } = event {
                counter.fetch_add(1, Ordering::SeqCst);
            }
        });
        let statements = if database.backend() == Backend::Sqlite { 1 + 5 } else { 1 + 1 };
        for _ in 0..3 {
            for count in [1, 41, 130] {
                let mut things = things(count);
                things.iter_mut().for_each(|t| t.3 = None);
                let keys = [col(things.iter().map(|t| t.0))];
                write(c, |tx| {
                    insert_things(tx, &things)?;
                    rows::select_in::<ThingSql, Thing>(tx, &SELECT, &keys)
                })
                .unwrap();
            }
            assert_eq!(prepared.load(Ordering::SeqCst), statements);
        }
    });
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// SQLite must walk the few keys and look the rows up, never walk the table.
#[test]
fn sqlite_looks_rows_up_by_key() {
    let database = TestDb::sqlite();
    let c = &mut with_schema(&database);
    let texts = Arc::new(Mutex::new(Vec::new()));
    let record = texts.clone();
    c.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::CacheQuery { sql, .. } = event {
            record.lock().unwrap().push(sql.to_owned());
        }
    });
    write(c, |tx| {
        rows::select_in::<ThingSql, Thing>(tx, &SELECT, &[col((0..32).map(|_| Uuid::now_v7()))])?;
        writes::update_rows(tx, &NUMBERS, &[col([Uuid::now_v7()]), col([1_i64])])
    })
    .unwrap();
    let texts = texts.lock().unwrap();
    assert_eq!(texts.len(), 2);
    for sql in texts.iter() {
        let plan: Vec<Plan> =
            sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(&mut database.connect()).unwrap();
        let details: Vec<_> = plan.iter().map(|step| step.detail.as_str()).collect();
        let looked_up = details.iter().any(|d| d.starts_with("SEARCH") && d.contains("(id=?)"));
        assert!(
            looked_up && !details.contains(&"SCAN things") && !details.contains(&"SCAN t"),
            "{details:?}"
        );
    }
}

/// Eight writers take 40 each of 100: claimed first, exactly two of them succeed, however they
/// meet.
#[test]
fn nobody_oversells_where_the_claim_comes_first() {
    on_each_database(|database| {
        let c = &mut with_schema(database);
        let id = Id(Uuid::now_v7());
        write(c, |tx| writes::insert(tx, "things(id, number)", &[col([id]), col([100_i64])]))
            .unwrap();
        let claim = Select { columns: "t.number", ..SELECT };
        let (db, start) = (database.open(), Barrier::new(8));
        let take = || {
            let mut c = db.connect().unwrap();
            start.wait();
            write(&mut c, |tx| {
                let left: Vec<i64> = rows::select_in::<BigInt, i64>(tx, &claim, &[col([id])])?;
                if left[0] < 40 {
                    return Ok(false);
                }
                // Set, not subtracted: without the lock one writer would overwrite the other.
                let columns = [col([id]), col([left[0] - 40])];
                writes::update_rows(tx, &NUMBERS, &columns)?;
                Ok(true)
            })
        };
        let outcomes: Vec<_> = std::thread::scope(|threads| {
            let running: Vec<_> = (0..8).map(|_| threads.spawn(take)).collect();
            running.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|o| **o == Ok(true)).count(), 2);
        assert_eq!(
            write(c, |tx| rows::select_in::<BigInt, i64>(tx, &claim, &[col([id])])),
            Ok(vec![20])
        );
    });
}
