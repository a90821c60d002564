//! A database that does not answer, or not fast enough: nobody waits for ever, whoever is turned
//! away hears when to come back, the service says how it is, and goes on where it stopped.

use crate::http::{Answer, Client};
use crate::proxy::Proxy;
use crate::registers::Registers;
use crate::server::Server;
use crate::shop::Shop;
use crate::support::{TestDb, on_each_database};
use diesel::connection::SimpleConnection;
use returndesk::store::{Backend, Connection};
use std::net::SocketAddr;
use std::sync::mpsc;

/// What keeps a database from answering, until it is dropped.
enum Hold {
    /// Another process has SQLite's one lock.
    Locked(Connection),
    /// Nothing reaches PostgreSQL any more, and nothing comes back.
    Stalled(Proxy),
}

impl Hold {
    fn start(database: &TestDb, proxy: Option<Proxy>) -> Hold {
        match proxy {
            Some(proxy) => {
                proxy.stall(true);
                Hold::Stalled(proxy)
            }
            None => {
                let mut connection = database.connect();
                connection.batch_execute("BEGIN IMMEDIATE").unwrap();
                Hold::Locked(connection)
            }
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        match self {
            Hold::Locked(connection) => connection.batch_execute("ROLLBACK").unwrap(),
            Hold::Stalled(proxy) => proxy.stall(false),
        }
    }
}

/// A shop served through whatever a hold needs.
fn serve(shop: &Shop, database: &TestDb, settings: &[(&str, usize)]) -> (Server, Option<Proxy>) {
    let (proxy, url) = match database.backend() {
        Backend::Sqlite => (None, database.url().to_owned()),
        Backend::Postgres => {
            let (proxy, url) = Proxy::before(database.url());
            (Some(proxy), url)
        }
    };
    let plan =
        settings.iter().fold(shop.plan_through(&url), |plan, (name, value)| plan.with(name, value));
    (Server::run(plan), proxy)
}

fn get(address: SocketAddr, shop: &Shop, path: &str) -> Answer {
    Client::connect(address, &shop.token).unwrap().get(path).unwrap()
}

#[track_caller]
fn turned_away(answer: &Answer, code: &str) {
    assert_eq!((answer.status, answer.json()["code"].as_str()), (503, Some(code)), "{answer:?}");
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
}

#[test]
fn nobody_waits_for_ever_for_a_database_that_does_not_answer() {
    on_each_database(|database| {
        let shop = Shop::on(database);
        let (server, proxy) = serve(&shop, database, &[("RETURNDESK_LIMITS_ANSWER_SECONDS", 2)]);
        let registers = Registers::new(&shop, &[server.address()]);
        registers.bring_back("till-before", 1, 1);
        let hold = Hold::start(database, proxy);
        std::thread::scope(|scope| {
            for number in 0..20 {
                let registers = &registers;
                scope.spawn(move || {
                    let answer = registers
                        .ask_once(&format!("till-{number}"), 1, 1)
                        .expect("an answer in good time");
                    turned_away(&answer, "unavailable");
                });
            }
        });
        // Meanwhile it says how it is; on SQLite reads do not even notice.
        let reads = if database.backend() == Backend::Sqlite { 200 } else { 503 };
        let paths =
            [("/healthz", 200), ("/metrics", 200), ("/readyz", reads), ("/v1/returns", reads)];
        for (path, status) in paths {
            assert_eq!(get(server.address(), &shop, path).status, status, "{path}");
        }
        drop(hold);
        for number in 0..20 {
            assert_eq!(registers.bring_back(&format!("till-{number}"), 1, 1), 201);
        }
        assert_eq!(get(server.address(), &shop, "/readyz").status, 200);
        registers.judge(&database.open());
    });
}

#[test]
fn whoever_finds_the_queue_full_hears_so_at_once() {
    const ASKING: usize = 40;
    /// What finds a place: five in the queue, and one in the writer's hands.
    const PLACES: usize = 6;
    on_each_database(|database| {
        let shop = Shop::on(database);
        let narrow = [
            ("RETURNDESK_DESK_QUEUE_LIMIT", PLACES - 1),
            ("RETURNDESK_DESK_BATCH_LIMIT", 1),
            ("RETURNDESK_DESK_WRITERS", 1),
        ];
        let (server, proxy) = serve(&shop, database, &narrow);
        let registers = Registers::new(&shop, &[server.address()]);
        let hold = Hold::start(database, proxy);
        let (tell, told) = mpsc::channel();
        std::thread::scope(|scope| {
            for number in 0..ASKING {
                let (tell, registers) = (tell.clone(), &registers);
                scope.spawn(move || tell.send(registers.ask_once(&format!("till-{number}"), 1, 1)));
            }
            // These hear while nothing moves: they need not wait for the database.
            for answer in told.iter().take(ASKING - PLACES) {
                turned_away(&answer.expect("an answer"), "overloaded");
            }
            assert_eq!(get(server.address(), &shop, "/healthz").status, 200);
            assert!(
                String::from_utf8(get(server.address(), &shop, "/metrics").body)
                    .unwrap()
                    .contains("queue_length")
            );
            drop(hold);
            let mut rest: Vec<u16> =
                told.iter().take(PLACES).map(|answer| answer.expect("an answer").status).collect();
            rest.sort_unstable();
            // The place in the writer's hands is free once it has taken the first, which may be
            // after all have asked.
            assert_eq!(rest[..PLACES - 1], [201; PLACES - 1]);
            assert!(matches!(rest[PLACES - 1], 201 | 503), "{rest:?}");
        });
        // Nobody who was turned away has lost the key, and the service is as fast as before: how
        // soon, and how fast, is told and not judged.
        let recovered = std::time::Instant::now();
        registers.run_while(|| {
            registers.wait_for_more(1);
            let first = recovered.elapsed();
            registers.wait_for_more(100);
            println!(
                "{:?}: after the queue was full, answers again after {first:.0?}, 100 after {:.0?}",
                database.backend(),
                recovered.elapsed()
            );
        });
        registers.judge(&database.open());
    });
}
