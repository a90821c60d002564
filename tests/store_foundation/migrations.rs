//! Migrations, and the triggers beside them.

use crate::SCHEMA;
use crate::support::on_each_database;
use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel_migrations::FileBasedMigrations;
use returndesk::store::migrate::{self, AppendOnly};
use returndesk::store::{Backend, Db, MultiBackend, StoreError};
use std::path::PathBuf;
use std::sync::Barrier;
use uuid::Uuid;

/// A folder of migrations, as diesel reads them.
fn migrations(database: &str, names_and_sql: &[(&str, &str)]) -> (PathBuf, FileBasedMigrations) {
    let folder = std::env::temp_dir()
        .join(format!("returndesk_migrations_{database}_{}", Uuid::now_v7().simple()));
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
const NOTES: [AppendOnly; 1] =
    [AppendOnly { table: "notes", when: "OLD.published_at IS NOT NULL" }];

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
        let refused = [
            "UPDATE notes SET published_at = 6 WHERE id = 2",
            "DELETE FROM notes WHERE id = 2",
            "DELETE FROM notes",
        ];
        for sql in refused {
            let answer = attempt(sql);
            assert!(
                matches!(&answer, Err(StoreError::AppendOnly(m)) if m.contains("notes is append-only")),
                "{answer:?}"
            );
        }
        match database.backend() {
            Backend::Sqlite => {
                assert!(attempt("INSERT OR REPLACE INTO notes VALUES (2, 9)").is_err())
            }
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
        migrate::run_from(c, &source, &[AppendOnly { table: "notes", when: "OLD.id = 2" }])
            .unwrap();
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
        let (folder, broken) =
            migrations("broken", &[FIRST, ("2026-01-03-000000_broken", "CREATE TABLE x (y")]);
        let failed = migrate::run_from(c, &broken, &[]);
        assert!(
            matches!(&failed, Err(StoreError::Schema(m)) if m.contains("2026-01-03-000000_broken")),
            "{failed:?}"
        );
        assert!(c.batch_execute("SELECT * FROM things").is_err());
        std::fs::remove_dir_all(folder).unwrap();

        let (folder, newer) = migrations("newer", &[FIRST, SECOND]);
        assert_eq!(migrate::run_from(c, &newer, &NOTES).map(|v| v.len()), Ok(2));
        let (older_folder, older) = migrations("older", &[FIRST]);
        let refused = migrate::run_from(c, &older, &[]);
        assert!(
            matches!(&refused, Err(StoreError::Schema(m)) if m.contains("newer returndesk")),
            "{refused:?}"
        );
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
