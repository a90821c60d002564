//! The statement layer, transactions, migrations and error kinds, on both databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // a test may stop where it stands
#![cfg(debug_assertions)] // commits rows without an audit entry, which a release build cannot do

mod support;

use diesel::connection::{InstrumentationEvent, SimpleConnection};
use diesel::migration::MigrationSource;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl, sql_query};
use diesel_migrations::FileBasedMigrations;
use returndesk::store::audit::unaudited_in_tests as kept;
use returndesk::store::migrate::{self, AppendOnly};
use returndesk::store::rows::{self, Col, Select, col};
use returndesk::store::sql_types::IdSql;
use returndesk::store::{Backend, Connection, Db, Id, MultiBackend, StoreError, Tx};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
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

/// A row of `things` with and without values.
type Thing = (Id, i64, Option<i32>, Option<String>, Option<Vec<u8>>, Option<bool>, Option<Id>, Option<i64>);
type ThingSql = (
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
fn things(count: usize) -> Vec<Thing> {
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

fn insert_things(tx: &mut Tx<'_>, things: &[Thing]) -> Result<(), StoreError> {
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
    rows::insert(tx, THINGS, &columns)
}

const SELECT: Select = Select {
    columns: "t.id, t.number, t.small, t.words, t.hash, t.yes, t.other, t.large",
    names: "id",
    join: "things t ON t.id = u.id",
    order: "t.id",
    lock: Some("t"),
};

fn write<T>(c: &mut Connection, work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
    Db::write(c, |tx| work(tx).map(kept))
}

#[test]
fn what_is_written_is_read_back_for_any_number_of_rows() {
    on_each_database(|database| {
        let c = &mut with_schema(database);
        for count in [0, 1, 7, 8, 9, 32, 33, 300] {
            let mut things = things(count);
            things.iter_mut().for_each(|t| t.3 = t.3.take().map(|words| format!("{count}: {words}")));
            write(c, |tx| insert_things(tx, &things)).unwrap();
            let keys = [col(things.iter().map(|t| t.0))];
            let load = |tx: &mut Tx<'_>| rows::select_in::<ThingSql, Thing>(tx, &SELECT, &keys);
            assert_eq!(write(c, load).unwrap(), things, "{count} rows");

            let changed = write(c, |tx| {
                let columns = [keys[0].clone(), col(things.iter().map(|t| t.1 + 1))];
                let set = "number = things.number + u.more, words = NULL";
                rows::update_from(tx, "things", set, "things.id = u.id", "id, more", &columns)
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
            rows::insert_ignore::<(IdSql, BigInt), (Id, i64)>(tx, "things(id, number)", &columns, "id, number")
        })
        .unwrap();
        fresh.sort();
        assert_eq!(fresh, free.iter().map(|t| (t.0, t.1)).collect::<Vec<_>>());
    });
}

#[test]
fn a_statement_is_refused_if_its_columns_differ_in_length() {
    on_each_database(|database| {
        let c = &mut with_schema(database);
        let columns = [col([Uuid::now_v7(), Uuid::now_v7()]), col([1_i64])];
        let refused = write(c, |tx| rows::insert(tx, "things(id, number)", &columns));
        assert_eq!(refused, Err(StoreError::Other("the columns of a statement differ in length".into())));
    });
}

/// PostgreSQL prepares one statement whatever the number of rows, SQLite one for each size of piece: here 1, 2, 8, 32, 64.
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
        let pieces = if database.backend() == Backend::Sqlite { 5 } else { 1 };
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
            assert_eq!(prepared.load(Ordering::SeqCst), 2 * pieces);
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
        let columns = [col((0..32).map(|_| Uuid::now_v7())), col(0..32_i64)];
        rows::select_in::<ThingSql, Thing>(tx, &SELECT, &columns[..1])?;
        let set = "number = things.number + u.more";
        rows::update_from(tx, "things", set, "things.id = u.id", "id, more", &columns)
    })
    .unwrap();
    let texts = texts.lock().unwrap();
    assert_eq!(texts.len(), 2);
    for sql in texts.iter() {
        let plan: Vec<Plan> = sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(&mut database.connect()).unwrap();
        let details: Vec<_> = plan.iter().map(|step| step.detail.as_str()).collect();
        let looked_up = details.iter().any(|d| d.starts_with("SEARCH") && d.contains("(id=?)"));
        assert!(looked_up && !details.contains(&"SCAN things") && !details.contains(&"SCAN t"), "{details:?}");
    }
}

/// Eight writers take 40 each of 100: claimed first, exactly two of them succeed, however they meet.
#[test]
fn nobody_oversells_where_the_claim_comes_first() {
    on_each_database(|database| {
        let c = &mut with_schema(database);
        let id = Id(Uuid::now_v7());
        write(c, |tx| rows::insert(tx, "things(id, number)", &[col([id]), col([100_i64])])).unwrap();
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
                rows::update_from(tx, "things", "number = u.number", "things.id = u.id", "id, number", &columns)?;
                Ok(true)
            })
        };
        let outcomes: Vec<_> = std::thread::scope(|threads| {
            let running: Vec<_> = (0..8).map(|_| threads.spawn(take)).collect();
            running.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|o| **o == Ok(true)).count(), 2);
        assert_eq!(write(c, |tx| rows::select_in::<BigInt, i64>(tx, &claim, &[col([id])])), Ok(vec![20]));
    });
}

fn numbers(c: &mut Connection) -> Vec<i64> {
    #[derive(QueryableByName)]
    struct Number {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    let found: Vec<Number> = sql_query("SELECT number FROM things ORDER BY number").load(c).unwrap();
    found.into_iter().map(|n| n.number).collect()
}

fn insert_number(tx: &mut Tx<'_>, number: i64) -> Result<(), StoreError> {
    rows::insert(tx, "things(id, number)", &[col([Uuid::now_v7()]), col([number])])
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
                assert!(matches!(&outcome, Err(StoreError::Other(m)) if m.contains("aborted")), "{outcome:?}");
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
        write(c, |tx| rows::insert(tx, into, &[col([id]), col([1_i64]), col(["a"])])).unwrap();

        let sqlite = database.backend() == Backend::Sqlite;
        let named = |postgres: &str, lite: &str| (if sqlite { lite } else { postgres }).to_owned();
        let unique = named("things_words", "things.words");
        assert_eq!(write(c, |tx| rows::insert(tx, into, &words("a"))), Err(StoreError::Unique { constraint: unique }));
        let check = StoreError::Check { constraint: "number_is_sold".into() };
        assert_eq!(write(c, |tx| insert_number(tx, -1)), Err(check));
        let null = StoreError::Check { constraint: named("number", "things.number") };
        let columns = [col([Uuid::now_v7()]), Col::Big(vec![None])];
        assert_eq!(write(c, |tx| rows::insert(tx, "things(id, number)", &columns)), Err(null));
        let foreign = StoreError::ForeignKey { constraint: named("parts_thing_fkey", "") };
        let columns = [col([Uuid::now_v7()]), col([1])];
        assert_eq!(write(c, |tx| rows::insert(tx, "parts(thing, part)", &columns)), Err(foreign));
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
        assert!(matches!(&faults[..], [StoreError::Busy(m)] if m.contains("deadlock detected")), "{faults:?}");
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
        assert!(matches!(&lost, Err(e @ StoreError::ConnectionLost(_)) if e.is_connection_lost()), "{lost:?}");
        let still = write(c, |tx| insert_number(tx, 2));
        assert!(matches!(&still, Err(e) if e.is_connection_lost()), "{still:?}");

        let c = &mut database.connect();
        let unknown = write(c, |tx| {
            insert_number(tx, 3)?;
            database.run_sql(end_the_others).unwrap();
            Ok(())
        });
        assert!(matches!(&unknown, Err(e @ StoreError::CommitUnknown(_)) if e.is_connection_lost()), "{unknown:?}");
        assert_eq!(numbers(&mut database.connect()), [0_i64; 0]);
    });
}

#[test]
fn a_server_that_is_not_there_is_a_lost_connection() {
    let away = Db::open("postgres://nobody:secret@127.0.0.1:1/nothing").unwrap().connect();
    match away {
        Err(StoreError::ConnectionLost(message)) => assert!(!message.contains("secret"), "{message}"),
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
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
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

/// A folder of migrations, as diesel reads them.
fn migrations(database: &str, names_and_sql: &[(&str, &str)]) -> (PathBuf, FileBasedMigrations) {
    let folder = std::env::temp_dir().join(format!("returndesk_migrations_{database}_{}", Uuid::now_v7().simple()));
    for (name, sql) in names_and_sql {
        std::fs::create_dir_all(folder.join(name)).unwrap();
        std::fs::write(folder.join(name).join("up.sql"), sql).unwrap();
    }
    let source = FileBasedMigrations::from_path(&folder).unwrap();
    (folder, source)
}

const FIRST: (&str, &str) = ("2026-01-01-000000_things", SCHEMA);
const SECOND: (&str, &str) = (
    "2026-01-02-000000_notes",
    "CREATE TABLE notes (id integer NOT NULL PRIMARY KEY, published_at bigint);
     INSERT INTO notes (id, published_at) VALUES (1, NULL), (2, 5);",
);
const NOTES: [AppendOnly; 1] = [AppendOnly { table: "notes", when: "OLD.published_at IS NOT NULL" }];

#[test]
fn eight_instances_migrate_one_new_database_at_once() {
    on_each_database(|database| {
        let (folder, source) = migrations("eight", &[FIRST, SECOND]);
        let (url, start, source) = (database.url(), Barrier::new(8), &source);
        let migrate = || {
            start.wait();
            let mut c = Db::open(url)?.connect()?;
            migrate::run_from(&mut c, source, &NOTES)
        };
        let applied: Vec<_> = std::thread::scope(|threads| {
            let running: Vec<_> = (0..8).map(|_| threads.spawn(migrate)).collect();
            running.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(applied.iter().all(Result::is_ok), "{applied:?}");
        let mut versions: Vec<_> = applied.into_iter().flat_map(Result::unwrap).collect();
        versions.sort();
        assert_eq!(versions, ["20260101000000", "20260102000000"]);
        std::fs::remove_dir_all(folder).unwrap();
    });
}

#[test]
fn append_only_rows_stay_whoever_asks() {
    on_each_database(|database| {
        let (folder, source) = migrations("triggers", &[FIRST, SECOND]);
        let c = &mut database.connect();
        migrate::run_from(c, &source, &NOTES).unwrap();
        let c2 = &mut database.connect();
        let mut attempt = |sql: &str| c2.batch_execute(sql).map_err(StoreError::from);
        let refused =
            ["UPDATE notes SET published_at = 6 WHERE id = 2", "DELETE FROM notes WHERE id = 2", "DELETE FROM notes"];
        for sql in refused {
            let answer = attempt(sql);
            assert!(
                matches!(&answer, Err(StoreError::AppendOnly(m)) if m.contains("notes is append-only")),
                "{answer:?}"
            );
        }
        match database.backend() {
            Backend::Sqlite => assert!(attempt("INSERT OR REPLACE INTO notes VALUES (2, 9)").is_err()),
            Backend::Postgres => assert!(attempt("TRUNCATE notes").is_err()),
        }
        attempt("UPDATE notes SET published_at = 4 WHERE id = 1").unwrap();
        assert!(attempt("UPDATE notes SET published_at = 3 WHERE id = 1").is_err());

        // Taken away by hand, a trigger is back after the next start; another condition replaces the first.
        attempt(match database.backend() {
            Backend::Sqlite => "DROP TRIGGER notes_no_update",
            Backend::Postgres => "DROP TRIGGER notes_append_only ON notes",
        })
        .unwrap();
        attempt("UPDATE notes SET published_at = 3 WHERE id = 1").unwrap();
        migrate::run_from(c, &source, &NOTES).unwrap();
        assert!(attempt("UPDATE notes SET published_at = 2 WHERE id = 1").is_err());
        migrate::run_from(c, &source, &[AppendOnly { table: "notes", when: "OLD.id = 2" }]).unwrap();
        attempt("UPDATE notes SET published_at = 2 WHERE id = 1").unwrap();
        std::fs::remove_dir_all(folder).unwrap();
    });
}

/// An instance that starts while others serve must not wait for their transactions just to find its triggers in place.
#[test]
fn triggers_in_place_are_left_alone_on_postgres() {
    on_each_database(|database| {
        if database.backend() == Backend::Sqlite {
            return;
        }
        let (folder, source) = migrations("alone", &[FIRST, SECOND]);
        let c = &mut database.connect();
        migrate::run_from(c, &source, &NOTES).unwrap();
        let serving = &mut database.connect();
        serving.batch_execute("BEGIN; UPDATE notes SET published_at = 1 WHERE id = 1").unwrap();
        assert_eq!(migrate::run_from(c, &source, &NOTES), Ok(vec![]));
        std::fs::remove_dir_all(folder).unwrap();
    });
}

#[test]
fn a_failed_migration_leaves_nothing_and_a_newer_schema_is_refused() {
    on_each_database(|database| {
        let c = &mut database.connect();
        let (folder, broken) = migrations("broken", &[FIRST, ("2026-01-03-000000_broken", "CREATE TABLE x (y")]);
        let failed = migrate::run_from(c, &broken, &[]);
        assert!(matches!(&failed, Err(StoreError::Schema(m)) if m.contains("2026-01-03-000000_broken")), "{failed:?}");
        assert!(c.batch_execute("SELECT * FROM things").is_err());
        std::fs::remove_dir_all(folder).unwrap();

        let (folder, newer) = migrations("newer", &[FIRST, SECOND]);
        assert_eq!(migrate::run_from(c, &newer, &NOTES).map(|v| v.len()), Ok(2));
        let (older_folder, older) = migrations("older", &[FIRST]);
        let refused = migrate::run_from(c, &older, &[]);
        assert!(matches!(&refused, Err(StoreError::Schema(m)) if m.contains("newer returndesk")), "{refused:?}");
        [folder, older_folder].iter().for_each(|f| std::fs::remove_dir_all(f).unwrap());
    });
}

#[test]
fn what_is_pending_is_told_without_writing() {
    on_each_database(|database| {
        let reader = &mut database.open().connect_reader().unwrap();
        let all = MigrationSource::<MultiBackend>::migrations(&migrate::MIGRATIONS).unwrap().len();
        assert_eq!(migrate::pending(reader).map(|v| v.len()), Ok(all));
        migrate::run(&mut database.connect()).unwrap();
        assert_eq!(migrate::pending(reader), Ok(vec![]));
    });
}
