//! Several instances on one database: starting at once on an empty one, and an old one beside a
//! newer schema.

use crate::http::Client;
use crate::instances::{Folder, prove};
use crate::registers::Registers;
use crate::server::{Plan, Server, free_address};
use crate::shop::Shop;
use crate::support::on_each_database;
use returndesk::store::Backend;

#[test]
fn instances_that_start_at_once_on_an_empty_database_all_serve() {
    on_each_database(|database| {
        let home = Folder::new();
        let plan = Plan::new(database.url(), home.path());
        let servers: Vec<Server> = std::thread::scope(|scope| {
            let starting: Vec<_> =
                (0..4).map(|_| scope.spawn(|| Server::run(plan.clone()))).collect();
            starting.into_iter().map(|server| server.join().unwrap()).collect()
        });
        for server in &servers {
            let ready = Client::connect(server.address(), "").unwrap().get("/readyz").unwrap();
            assert_eq!(ready.status, 200, "{ready:?}");
        }
        drop(servers);
        // One of them made the schema and the standard policy, and the keys were made once.
        prove(&database.open());
        let keys = std::fs::read_dir(home.path().join("keys")).unwrap().flatten();
        let signing =
            keys.filter(|file| file.file_name().to_string_lossy().ends_with(".pem")).count();
        assert_eq!(signing, 2, "one key for tokens, and one for the log");
    });
}

/// During a rolling upgrade the schema is newer than the instances that still run. They go on; none
/// of the old ones starts.
#[test]
fn an_old_instance_goes_on_beside_a_newer_schema_and_starts_on_none() {
    on_each_database(|database| {
        let shop = Shop::on(database);
        let old = Server::run(shop.plan());
        let registers = Registers::new(&shop, &[old.address()]);
        registers.run_while(|| {
            registers.wait_for_more(20);
            // What a migration may do: it only adds.
            let now = if database.backend() == Backend::Sqlite { "CURRENT_TIMESTAMP" } else { "now()" };
            for sql in [
                "ALTER TABLE returns ADD COLUMN of_later text",
                "ALTER TABLE sales ADD COLUMN of_later bigint NOT NULL DEFAULT 7",
                "CREATE TABLE of_later (id uuid PRIMARY KEY NOT NULL)",
                &format!("INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('99990101000001', {now})"),
            ] {
                database.run_sql(sql).unwrap();
            }
            registers.wait_for_more(40);
        });
        assert_eq!(Client::connect(old.address(), "").unwrap().get("/readyz").unwrap().status, 200);
        let ended = shop.plan().spawn(free_address()).wait().unwrap();
        assert_eq!(ended.code(), Some(3), "{}", old.said());
        assert!(
            old.said()
                .contains("migrated by a newer returndesk (it has the migration 99990101000001")
        );
        registers.judge(&database.open());
    });
}
