//! Backed up while it is written to, restored elsewhere, verified, and served again.

use crate::goods::{back, of, units};
use crate::instances::{self, Folder, Instances, key, prove, told};
use crate::program::{Ran, run_with};
use crate::support::{TestDb, on_each_database};
use returndesk::app::App;
use returndesk::clock::Clock;
use returndesk::domain::caller::Role;
use returndesk::store::Backend;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use uuid::Uuid;

/// Whether PostgreSQL's own programs are at hand; without them there is nothing to test there.
fn can_back_up(database: &TestDb) -> bool {
    let has = |program: &str| std::process::Command::new(program).arg("--version").output().is_ok();
    let can = database.backend() == Backend::Sqlite || has("pg_dump") && has("pg_restore");
    if !can {
        crate::support::not_tested("NO BACKUP OF POSTGRESQL WAS TRIED: pg_dump is not on the PATH");
    }
    can
}

/// A place to restore to: a database of the same kind in which nothing is, and its data directory.
struct Place {
    database: TestDb,
    home: Folder,
}

impl Place {
    fn like(database: &TestDb) -> Place {
        let home = Folder::new();
        let database = match database.backend() {
            Backend::Sqlite => TestDb::sqlite_in(home.path()),
            Backend::Postgres => {
                TestDb::postgres(&std::env::var("RETURNDESK_TEST_POSTGRES").unwrap())
            }
        };
        Place { database, home }
    }

    fn restore(&self, file: &Path, more: &[&str]) -> Ran {
        let restore = ["restore", file.to_str().unwrap(), "--database", self.database.url()];
        run_with(self.home.path(), &[&restore[..], more].concat())
    }
}

fn backup(shop: &Instances<'_>, home: &Path, file: &Path, more: &[&str]) -> Ran {
    let backup = ["backup", "--output", file.to_str().unwrap(), "--database", shop.database.url()];
    run_with(home, &[&backup[..], more].concat())
}

fn record(shop: &Instances<'_>, sale: Uuid, name: &str) {
    let reply = shop.submit(0, back(vec![of(sale, units(1, 1))]), Some(key(name, "body")));
    assert_eq!(told(&reply), "recorded", "{name}");
}

#[test]
fn a_backup_made_under_load_is_whole_and_goes_on_elsewhere() {
    on_each_database(|database| {
        if !can_back_up(database) {
            return;
        }
        let shop = Instances::open_for_business(database);
        let sale = shop.sell("R-1", &[100_000]);
        (0..20).for_each(|n| record(&shop, sale, &format!("before-{n}")));
        let home = shop.apps[0].service.config.data_dir.clone();
        let kept = Folder::new();
        let (file, keys) = (kept.path().join("backup"), kept.path().join("keys"));
        let (enough, meanwhile) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for thread in 0..2 {
                let (shop, enough, meanwhile) = (&shop, &enough, &meanwhile);
                scope.spawn(move || {
                    for n in (0..).take_while(|_| !enough.load(Ordering::SeqCst)) {
                        record(shop, sale, &format!("meanwhile-{thread}-{n}"));
                        meanwhile.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            while meanwhile.load(Ordering::SeqCst) < 10 {
                std::thread::yield_now();
            }
            let ran = backup(&shop, &home, &file, &["--keys", keys.to_str().unwrap()]);
            enough.store(true, Ordering::SeqCst);
            assert_eq!(ran.status, 0, "{ran:?}");
        });
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&keys), mode(&keys.join("secret"))), (0o600, 0o700, 0o600));
        let mut left: Vec<_> = std::fs::read_dir(kept.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["backup", "keys"], "nothing is left beside it");
        let place = Place::like(database);
        let restored = place.restore(&file, &["--keys", keys.to_str().unwrap()]).gives(0);
        assert!(restored.out.contains("agree with the log and with each other"), "{restored:?}");
        let (there, all) = (prove(&place.database.open()).returns, shop.prove().returns);
        assert!((30..=all).contains(&there), "{there} of {all} returns are in the backup");
        // It goes on: with the keys of before, the answers of before, and what is left of the sale.
        let again =
            App::build(instances::config(&place.database, place.home.path()), Clock::system())
                .unwrap();
        let again = Instances { database: &place.database, apps: vec![again], home: None };
        let token = crate::http::token(&shop.apps[0].service, "1042", &[Role::Cashier]);
        assert!(again.apps[0].service.verifier.verify(&token, Clock::system().now()).is_ok());
        let replayed =
            again.submit(0, back(vec![of(sale, units(1, 1))]), Some(key("before-7", "body")));
        assert_eq!(told(&replayed), "replayed 201");
        record(&again, sale, "afterwards");
        assert_eq!(again.prove().returns, there + 1);
    });
}

#[test]
fn nothing_is_overwritten_and_nothing_else_is_restored() {
    on_each_database(|database| {
        if !can_back_up(database) {
            return;
        }
        let shop = Instances::open_for_business(database);
        let home = shop.apps[0].service.config.data_dir.clone();
        let kept = Folder::new();
        let file = kept.path().join("backup");
        backup(&shop, &home, &file, &[]).gives(0);
        let again = backup(&shop, &home, &file, &[]).gives(2);
        assert!(again.err.contains("is there already"), "{again:?}");
        // Over what is there.
        let into_itself = ["restore", file.to_str().unwrap(), "--database", database.url()];
        let over = run_with(&home, &into_itself).gives(2);
        assert!(over.err.contains("nothing is overwritten"), "{over:?}");
        let place = Place::like(database);
        let keys = home.join("keys");
        place.restore(&file, &["--keys", keys.to_str().unwrap()]).gives(0);
        let other = Place::like(database);
        let (from, into) = (place.home.path().join("keys"), other.home.path().join("keys"));
        std::fs::create_dir(&into).unwrap();
        std::fs::set_permissions(&into, std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::write(into.join("secret"), "of another shop").unwrap();
        let over = other.restore(&file, &["--keys", from.to_str().unwrap()]).gives(3);
        assert!(over.err.contains("no key is ever overwritten"), "{over:?}");
        // Something else, something cut short, and the other database's.
        let other = Place::like(database);
        let text = kept.path().join("text");
        std::fs::write(&text, "INSERT INTO returns").unwrap();
        assert!(other.restore(&text, &[]).gives(2).err.contains("is no backup of this service"));
        let whole = std::fs::read(&file).unwrap();
        let cut = kept.path().join("cut");
        std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
        let ran = other.restore(&cut, &[]);
        assert!(matches!(ran.status, 1 | 3), "{ran:?}");
        let url = if database.backend() == Backend::Sqlite {
            "postgres://h/d".to_owned()
        } else {
            format!("sqlite://{}", cut.display())
        };
        let foreign =
            run_with(&home, &["restore", file.to_str().unwrap(), "--database", &url]).gives(2);
        assert!(foreign.err.contains("is a backup of the other database"), "{foreign:?}");
        // No database, no backup.
        let nowhere = format!("sqlite://{}", kept.path().join("none.db").display());
        let none = run_with(
            &home,
            &[
                "backup",
                "--output",
                kept.path().join("x").to_str().unwrap(),
                "--database",
                &nowhere,
            ],
        );
        assert!(none.gives(2).err.contains("there is no database"));
        assert!(!kept.path().join("none.db").exists() && !kept.path().join("x").exists());
    });
}

/// Whoever alters a backup is found out when it is restored.
#[test]
fn a_backup_that_was_altered_does_not_hold() {
    let database = TestDb::sqlite();
    let shop = Instances::open_for_business(&database);
    let sale = shop.sell("R-1", &[10]);
    record(&shop, sale, "till-1");
    let (kept, home) = (Folder::new(), shop.apps[0].service.config.data_dir.clone());
    let file = kept.path().join("test.db");
    backup(&shop, &home, &file, &[]).gives(0);
    TestDb::sqlite_in(kept.path()).run_sql("UPDATE sale_lines SET returned = 0").unwrap();
    let ran = Place::like(&database).restore(&file, &[]).gives(1);
    assert!(ran.err.contains("the tables do not agree"), "{ran:?}");
}
