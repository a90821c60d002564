//! The statement layer, transactions, migrations and error kinds, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // a test may stop where it stands
#![cfg(debug_assertions)] // commits rows without an audit entry, which a release build cannot do

mod migrations;
mod statements;
#[path = "../support/mod.rs"]
mod support;

use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use returndesk::store::audit::unaudited_in_tests as kept;
use returndesk::store::rows::{self, Col, Select, col};
use returndesk::store::writes;
use returndesk::store::{Backend, Connection, Db, StoreError, Tx};
use statements::{SELECT, Thing, ThingSql, insert_things, things};
use std::sync::Barrier;
use support::{TestDb, on_each_database};
use uuid::Uuid;

const SCHEMA: &str = "
    CREATE TABLE things (
        id uuid NOT NULL PRIMARY KEY, number bigint NOT NULL, small integer, words text, hash bytea, yes boolean,
        other uuid, large bigint, CONSTRAINT number_is_sold CHECK (number >= 0));
    CREATE UNIQUE INDEX things_words ON things (words);
    CREATE TABLE parts (thing uuid NOT NULL REFERENCES things (id), part integer NOT NULL, PRIMARY KEY (thing, part));";

fn with_schema(database: &TestDb) -> Connection {
    let mut connection = database.connect();
    connection.batch_execute(SCHEMA).unwrap();
    connection
}

fn write<T>(
    c: &mut Connection,
    work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    Db::write(c, |tx| work(tx).map(kept))
}

fn count(c: &mut Connection, table: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    sql_query(format!("SELECT count(*) AS count FROM {table}"))
        .get_result::<Count>(c)
        .unwrap()
        .count
}

fn numbers(c: &mut Connection) -> Vec<i64> {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    let found: Vec<Number> =
        sql_query("SELECT number FROM things ORDER BY number").load(c).unwrap();
    found.into_iter().map(|n| n.number).collect()
}

fn insert_number(tx: &mut Tx<'_>, number: i64) -> Result<(), StoreError> {
    writes::insert(tx, "things(id, number)", &[col([Uuid::now_v7()]), col([number])])
}

#[test]
fn a_transaction_that_fails_or_panics_leaves_nothing_and_the_connection_usable() {
    on_each_database(|database| {
        let c = &mut with_schema(database);
        let refused: Result<(), _> = write(c, |tx| {
            insert_number(tx, 1)?;
            Err(StoreError::NotFound)
        });
        assert_eq!(refused, Err(StoreError::NotFound));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            write(c, |tx| -> Result<(), StoreError> {
                insert_number(tx, 2)?;
                panic!("on purpose")
            })
        }));
        assert!(panicked.is_err());
        write(c, |tx| insert_number(tx, 3)).unwrap();
        assert_eq!(numbers(c), [3]);
    });
}

/// On PostgreSQL, COMMIT after a failed statement rolls back and says nothing.
#[test]
fn a_swallowed_error_never_passes_for_a_commit() {
    on_each_database(|database| {
        let c = &mut with_schema(database);
        let outcome = write(c, |tx| {
            insert_number(tx, 1)?;
            assert!(insert_number(tx, -1).is_err());
            Ok(())
        });
        match database.backend() {
            Backend::Postgres => {
                assert!(
                    matches!(&outcome, Err(StoreError::Other(m)) if m.contains("aborted")),
                    "{outcome:?}"
                );
                assert_eq!(numbers(c), [0_i64; 0]);
            }
            Backend::Sqlite => assert_eq!((outcome, numbers(c)), (Ok(()), vec![1])),
        }
        write(c, |tx| insert_number(tx, 5)).unwrap();
        assert_eq!(numbers(c).last(), Some(&5));
    });
}

#[test]
fn a_read_sees_one_state_and_a_reader_writes_nothing() {
    on_each_database(|database| {
        let writer = &mut with_schema(database);
        let thing = things(1);
        let keys = [col([thing[0].0])];
        let unlocked = Select { lock: None, ..SELECT };
        let reader = &mut database.open().connect_reader().unwrap();
        Db::read(reader, |r| -> Result<(), StoreError> {
            assert_eq!(rows::select_in::<ThingSql, Thing>(r, &unlocked, &keys)?, []);
            write(writer, |tx| insert_things(tx, &thing))?;
            assert_eq!(rows::select_in::<ThingSql, Thing>(r, &unlocked, &keys)?, []);
            Ok(())
        })
        .unwrap();
        let now = Db::read(reader, |r| rows::select_in::<ThingSql, Thing>(r, &unlocked, &keys));
        assert_eq!(now, Ok::<_, StoreError>(thing));
        let refused = write(reader, |tx| insert_number(tx, 1));
        assert!(matches!(refused, Err(StoreError::Unwritable(_))), "{refused:?}");
    });
}

#[test]
fn violations_have_kinds_and_name_what_was_violated() {
    on_each_database(|database| {
        let c = &mut with_schema(database);
        let id = Uuid::now_v7();
        let words = |words: &'static str| [col([Uuid::now_v7()]), col([1_i64]), col([words])];
        let into = "things(id, number, words)";
        write(c, |tx| writes::insert(tx, into, &[col([id]), col([1_i64]), col(["a"])])).unwrap();

        let sqlite = database.backend() == Backend::Sqlite;
        let named = |postgres: &str, lite: &str| (if sqlite { lite } else { postgres }).to_owned();
        let unique = named("things_words", "things.words");
        assert_eq!(
            write(c, |tx| writes::insert(tx, into, &words("a"))),
            Err(StoreError::Unique { constraint: unique })
        );
        let check = StoreError::Check { constraint: "number_is_sold".into() };
        assert_eq!(write(c, |tx| insert_number(tx, -1)), Err(check));
        let null = StoreError::Check { constraint: named("number", "things.number") };
        let columns = [col([Uuid::now_v7()]), Col::Big(vec![None])];
        assert_eq!(write(c, |tx| writes::insert(tx, "things(id, number)", &columns)), Err(null));
        let foreign = StoreError::ForeignKey { constraint: named("parts_thing_fkey", "") };
        let columns = [col([Uuid::now_v7()]), col([1])];
        assert_eq!(write(c, |tx| writes::insert(tx, "parts(thing, part)", &columns)), Err(foreign));
        assert_eq!(numbers(c), [1]);
    });
}

/// Somebody else holds the lock for longer than this connection waits.
#[test]
fn waiting_too_long_is_busy() {
    on_each_database(|database| {
        let (holder, waiter) = (&mut with_schema(database), &mut database.connect());
        let things = things(1);
        let keys = [col([things[0].0])];
        write(holder, |tx| insert_things(tx, &things)).unwrap();
        waiter
            .batch_execute(match database.backend() {
                Backend::Sqlite => "PRAGMA busy_timeout = 50",
                Backend::Postgres => "SET lock_timeout = '50ms'",
            })
            .unwrap();
        let outcome = write(holder, |tx| {
            rows::select_in::<ThingSql, Thing>(tx, &SELECT, &keys)?;
            Ok(write(waiter, |tx| rows::select_in::<ThingSql, Thing>(tx, &SELECT, &keys)))
        });
        let waited = outcome.unwrap();
        assert!(matches!(waited, Err(StoreError::Busy(_))), "{waited:?}");
        assert!(write(waiter, |tx| rows::select_in::<ThingSql, Thing>(tx, &SELECT, &keys)).is_ok());
    });
}

/// Two transactions lock two rows in opposite order: PostgreSQL ends one of them.
#[test]
fn a_deadlock_is_busy() {
    on_each_database(|database| {
        if database.backend() == Backend::Sqlite {
            return; // its writers wait for each other from the beginning
        }
        let things = things(2);
        write(&mut with_schema(database), |tx| insert_things(tx, &things)).unwrap();
        let both_hold_one = Barrier::new(2);
        let lock_both = |first: usize, second: usize| {
            let mut c = database.connect();
            write(&mut c, |tx| {
                rows::select_in::<ThingSql, Thing>(tx, &SELECT, &[col([things[first].0])])?;
                both_hold_one.wait();
                rows::select_in::<ThingSql, Thing>(tx, &SELECT, &[col([things[second].0])])
            })
        };
        let (one, other) = std::thread::scope(|threads| {
            let one = threads.spawn(|| lock_both(0, 1));
            (lock_both(1, 0), one.join().unwrap())
        });
        let faults: Vec<_> = [one, other].into_iter().filter_map(Result::err).collect();
        assert!(
            matches!(&faults[..], [StoreError::Busy(m)] if m.contains("deadlock detected")),
            "{faults:?}"
        );
    });
}

#[test]
fn a_connection_that_the_server_ends_is_known_as_lost_and_in_commit_as_unknown() {
    on_each_database(|database| {
        if database.backend() == Backend::Sqlite {
            return;
        }
        let end_the_others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                               WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let c = &mut with_schema(database);
        let lost = write(c, |tx| {
            insert_number(tx, 1)?;
            database.run_sql(end_the_others).unwrap();
            insert_number(tx, 2)
        });
        assert!(
            matches!(&lost, Err(e @ StoreError::ConnectionLost(_)) if e.is_connection_lost()),
            "{lost:?}"
        );
        let still = write(c, |tx| insert_number(tx, 2));
        assert!(matches!(&still, Err(e) if e.is_connection_lost()), "{still:?}");

        let c = &mut database.connect();
        let unknown = write(c, |tx| {
            insert_number(tx, 3)?;
            database.run_sql(end_the_others).unwrap();
            Ok(())
        });
        assert!(
            matches!(&unknown, Err(e @ StoreError::CommitUnknown(_)) if e.is_connection_lost()),
            "{unknown:?}"
        );
        assert_eq!(numbers(&mut database.connect()), [0_i64; 0]);
    });
}

#[test]
fn a_server_that_is_not_there_is_a_lost_connection() {
    let away = Db::open("postgres://nobody:secret@127.0.0.1:1/nothing").unwrap().connect();
    match away {
        Err(StoreError::ConnectionLost(message)) => {
            assert!(!message.contains("secret"), "{message}")
        }
        other => panic!("{:?}", other.err()),
    }
}

#[test]
fn a_sqlite_file_is_its_owners_alone_and_not_made_twice() {
    let database = TestDb::sqlite();
    let c = &mut with_schema(&database);
    write(c, |tx| insert_number(tx, 7)).unwrap();
    let folder = database.folder().unwrap();
    #[cfg(unix)]
    for entry in std::fs::read_dir(folder).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            entry.file_name()
        );
    }
    assert_eq!(numbers(&mut database.connect()), [7]);

    let db = database.open();
    std::fs::remove_file(folder.join("test.db")).unwrap();
    assert!(matches!(db.connect().err(), Some(StoreError::Unwritable(m)) if m.contains("is gone")));
    let other = TestDb::sqlite();
    let text = "not a database at all, but long enough to be looked at. ".repeat(40);
    std::fs::write(other.folder().unwrap().join("test.db"), text).unwrap();
    let damaged = Db::open(other.url());
    assert!(matches!(&damaged, Err(StoreError::Corrupt(_))), "{damaged:?}");
}

#[test]
fn a_full_disk_is_told_from_other_faults() {
    let c = &mut with_schema(&TestDb::sqlite());
    c.batch_execute("PRAGMA max_page_count = 12").unwrap();
    let full = (0..100).map(|_| things(50)).try_for_each(|mut batch| {
        batch.iter_mut().for_each(|t| t.3 = None);
        write(c, |tx| insert_things(tx, &batch))
    });
    assert_eq!(full, Err(StoreError::Unwritable("database or disk is full".into())));
}
