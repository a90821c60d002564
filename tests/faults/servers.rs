//! PostgreSQL restarted under load, failed over to a replica that had every commit, and turned
//! read-only for a while.

use crate::proxy::Proxy;
use crate::registers::Registers;
use crate::server::Server;
use crate::shop::{Shop, rounds};
use crate::support::{TestDb, databases, not_tested};
use diesel::connection::SimpleConnection;
use returndesk::store::{Backend, Db};
use std::path::PathBuf;
use std::process::Command;

/// A server of the test's own, which may be stopped and started.
struct Cluster(PathBuf);

impl Cluster {
    /// Starts one, where the tests have PostgreSQL at all.
    fn start() -> Option<(Cluster, String)> {
        if std::env::var("RETURNDESK_TEST_POSTGRES").unwrap_or_default().is_empty() {
            not_tested("SERVERS WERE NOT RESTARTED: RETURNDESK_TEST_POSTGRES is not set");
            return None;
        }
        let name = format!("returndesk-cluster-{}-{:x}", std::process::id(), rand::random::<u32>());
        let cluster = Cluster(std::env::temp_dir().join(name));
        match cluster.told("start") {
            Ok(url) => Some((cluster, url)),
            Err(why) => {
                not_tested(&format!(
                    "SERVERS WERE NOT RESTARTED: none of the test's own can be started: {why}"
                ));
                None
            }
        }
    }

    fn told(&self, command: &str) -> Result<String, String> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/postgres");
        let output = Command::new(script)
            .args(command.split(' '))
            .env("RETURNDESK_POSTGRES_STATE", &self.0)
            .output();
        let output = output.unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    #[track_caller]
    fn does(&self, command: &str) -> String {
        self.told(command).unwrap_or_else(|why| panic!("{command}: {why}"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.told("stop");
    }
}

#[test]
fn connections_cut_under_load_cost_nothing() {
    for database in databases().iter().filter(|database| database.backend() == Backend::Postgres) {
        let shop = Shop::on(database);
        let (proxy, url) = Proxy::before(database.url());
        let server = Server::run(shop.plan_through(&url));
        let registers = Registers::new(&shop, &[server.address()]);
        registers.run_while(|| {
            for _ in 0..20 * rounds(1) {
                registers.wait_for_more(3);
                proxy.cut_all();
            }
            registers.wait_for_more(10);
        });
        registers.judge(&database.open());
    }
}

#[test]
fn a_server_restarted_under_load_costs_nothing() {
    let Some((cluster, url)) = Cluster::start() else { return };
    let database = TestDb::postgres_at(&url);
    let shop = Shop::on(&database);
    let server = Server::run(shop.plan());
    let registers = Registers::new(&shop, &[server.address()]);
    registers.run_while(|| {
        for round in 0..rounds(1) {
            registers.wait_for_more(30);
            // As after a crash, and as on maintenance.
            cluster.does(if round % 2 == 0 { "restart immediate" } else { "restart fast" });
            registers.wait_for_more(30);
        }
    });
    registers.judge(&database.open());
}

#[test]
fn failed_over_to_a_synchronous_replica_nothing_answered_is_lost() {
    for round in 0..rounds(1) {
        let Some((cluster, first)) = Cluster::start() else { return };
        let database = TestDb::postgres_at(&first);
        let shop = Shop::on(&database);
        let second = cluster.does("standby");
        // A client finds the server that writes by a list of both, or behind an address that moves.
        let (proxy, moving) = Proxy::before(&first);
        let by_list = round % 2 == 0;
        let way = if by_list { both(&first, &second) } else { moving };
        let server = Server::run(shop.plan_through(&way));
        let registers = Registers::new(&shop, &[server.address()]);
        registers.run_while(|| {
            registers.wait_for_more(50);
            cluster.does("crash");
            cluster.does("promote");
            proxy.lead_to(place(&second).parse().unwrap());
            registers.wait_for_more(50);
        });
        registers.judge(&Db::open(&second).unwrap());
    }
}

/// `host:port` of a URL.
fn place(url: &str) -> &str {
    url.split_once('@').unwrap().1.split_once('/').unwrap().0
}

/// One URL for whichever of the two takes writes.
fn both(first: &str, second: &str) -> String {
    let list = format!("{},{}", place(first), place(second));
    format!(
        "{}?target_session_attrs=read-write&connect_timeout=2",
        first.replace(place(first), &list)
    )
}

/// What an operator does when a disk fills up, or a standby is found under the old address: nothing
/// can be written for a while. When it can again, it is, without a restart.
#[test]
fn a_server_that_takes_no_writes_for_a_while_is_written_to_again() {
    for database in databases().iter().filter(|database| database.backend() == Backend::Postgres) {
        let shop = Shop::on(database);
        let server = Server::run(shop.plan().with("RETURNDESK_DESK_WRITERS", 1));
        let registers = Registers::new(&shop, &[server.address()]);
        registers.bring_back("till-before", 1, 1);
        let read_only = |on: bool| {
            let name = database.url().rsplit('/').next().unwrap();
            let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                          WHERE datname = current_database() AND pid <> pg_backend_pid()";
            let sql = format!("ALTER DATABASE {name} SET default_transaction_read_only = {on}");
            // Sessions keep what they began with: those that are there end when it begins, and not
            // when it is over.
            let sql = if on {
                format!("{sql}; {others}")
            } else {
                format!("SET transaction_read_only = off; {sql}")
            };
            database
                .connect()
                .batch_execute(&format!("SET default_transaction_read_only = off; {sql}"))
                .unwrap();
        };
        read_only(true);
        let answer = registers.ask_once("till-meanwhile", 1, 1).expect("an answer");
        assert_eq!((answer.status, answer.json()["code"].as_str()), (503, Some("unavailable")));
        assert!(answer.header("retry-after").is_some());
        read_only(false);
        assert_eq!(registers.bring_back("till-meanwhile", 1, 1), 201);
        registers.judge(&database.open());
    }
}
