//! Migrations, and the triggers beside them.

use crate::SCHEMA;
use crate::support::on_each_database;
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::sql_types::BigInt;
use diesel::{QueryableByName, RunQueryDsl};
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

/// The migrations before a version.
struct Before(&'static str);

impl MigrationSource<MultiBackend> for Before {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<MultiBackend>>>> {
        let mut all: Vec<Box<dyn Migration<MultiBackend>>> = migrate::MIGRATIONS.migrations()?;
        all.retain(|migration| migration.name().version().to_string().as_str() < self.0);
        Ok(all)
    }
}

/// Tables that SQLite makes anew for shifts and chargebacks keep their rows and their guards.
#[test]
fn day_ends_and_movements_of_before_are_kept() {
    on_each_database(|database| {
        let c = &mut database.connect();
        migrate::run_from(c, &Before("20261128000110"), &[]).unwrap();
        let entry = |seq: u8| format!("('S1', {seq}, 5, 'x', NULL, '{{}}', '')");
        let day_end = |id: u8, seq: u8, number: u8, more: &str| {
            format!(
                "('0190d3a0-0000-7000-8000-00000000000{id}', 'S1', '3', {number}, '2026-03-09',
                'USD', 7, '1500', {seq}, {seq}, 100, NULL, 1, 2, 3, 4{more})"
            )
        };
        c.batch_execute(&format!(
            "INSERT INTO audit_entries VALUES {}, {}, {};
             INSERT INTO ledger (store, seq, at, business_date, register, currency, event, subject_id, cash, suspense)
             VALUES ('S1', 1, 5, '2026-03-09', '3', 'USD', 'sale.recorded', 'x', 1000, -1000);
             INSERT INTO day_ends VALUES {};
             INSERT INTO day_end_sums (day_end, event, movements, cash, suspense)
             VALUES ('0190d3a0-0000-7000-8000-000000000001', 'sale.recorded', 1, 1000, -1000);",
            entry(1), entry(2), entry(3), day_end(1, 2, 1, "")
        ))
        .unwrap();
        migrate::run(c).unwrap();
        let found = |sql: &str| {
            let rows = diesel::sql_query(sql).get_result::<Found>(&mut database.connect());
            rows.map(|row| row.found).unwrap_or_else(|e| panic!("{sql}: {e}"))
        };
        let kept = "SELECT COUNT(*) AS found FROM day_ends d JOIN day_end_sums s ON s.day_end = d.id
            JOIN ledger l ON l.store = d.store AND l.cash = s.cash AND l.suspense = s.suspense
            WHERE d.shift = 1 AND d.number = 1 AND d.opening_cash = 100 AND d.counted_cash IS NULL
            AND d.perpetual_voided_returns = 4 AND d.from_seq = 2 AND s.movements = 1 AND s.cash = 1000
            AND s.chargeback_fees IS NULL AND l.subject_id = 'x' AND l.register = '3' AND l.at = 5";
        assert_eq!(found(kept), 1);
        let c = &mut database.connect();
        let movement = |seq: u8, back: i64| {
            format!("INSERT INTO ledger (store, seq, at, business_date, register, currency, event, subject_id,
                credit_card, chargebacks_receivable, chargeback_losses, chargeback_fees)
                VALUES ('S1', {seq}, 5, '2026-03-09', '', 'USD', 'chargeback.marked', 'x', -35, 20, {back}, 5)")
        };
        let close = |id: u8, number: u8, shift: u8| {
            format!("INSERT INTO day_ends VALUES {}", day_end(id, 3, number, &format!(", {shift}")))
        };
        for (sql, words) in [
            (movement(2, 9), "ledger_balanced"),
            (close(2, 2, 1), "business_date"),
            (close(2, 1, 2), "number"),
            ("UPDATE day_ends SET shift = 2".to_owned(), "is append-only"),
            ("DELETE FROM day_end_sums".to_owned(), "is append-only"),
            ("UPDATE ledger SET register = '4'".to_owned(), "is append-only"),
        ] {
            let refused = c.batch_execute(&sql).unwrap_err().to_string();
            assert!(
                refused.contains(words) || refused.contains("day_ends_once"),
                "{sql}: {refused}"
            );
        }
        c.batch_execute(&movement(2, 10)).unwrap();
        c.batch_execute(&close(2, 2, 2)).unwrap();
    });
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    found: i64,
}
