//! Killed in the middle of its work, twenty times over one database: what was answered is there,
//! once, and stays answered.
//!
//! Twenty times on each database by default; `RETURNDESK_TEST_KILLS` sets another number.
#![cfg(unix)] // the kill is SIGKILL
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // tests, and what they stand on

mod books;
mod load;

#[path = "../support/goods.rs"]
mod goods;
#[path = "../support/http.rs"]
mod http;
#[path = "../support/instances.rs"]
mod instances;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/mod.rs"]
mod support;

use http::Client;
use instances::{Instances, at_once};
use load::Load;
use rand::Rng;
use returndesk::domain::caller::Role;
use serde_json::json;
use server::Server;
use std::time::Duration;
use support::on_each_database;

#[test]
fn what_was_answered_outlives_the_process() {
    let kills: usize =
        std::env::var("RETURNDESK_TEST_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        // One line that lasts, and one that runs out: refusals are answers, too.
        let sales = ["R-1", "R-2", "R-3"].map(|receipt| shop.sell(receipt, &[1_000_000, 60]));
        let token = http::token(&shop.apps[0].service, "1042", &[Role::Cashier]);
        let home = shop.stop();
        let mut server = Server::start(database.url(), home.path());
        let load = Load::new(server.address(), token, &sales);
        let answered = load.run_while(|answers| {
            for _ in 0..kills {
                answers.wait_for_more(10);
                std::thread::sleep(Duration::from_micros(rand::thread_rng().gen_range(0..150_000)));
                server.kill();
                server.restart();
            }
            answers.wait_for_more(10);
        });
        let (asked_again, found_done) = (load.interrupted(), load.found_done());
        load.ask_all_again(&answered);
        server.kill();
        let returns = books::check(database, &answered);
        println!(
            "{:?}: killed {kills} times; {} requests answered, {returns} returns recorded; {asked_again} requests were cut \
             off, {found_done} of them after they had been done",
            database.backend(),
            answered.len()
        );
        assert!(asked_again > 0, "no kill met a request");
    });
}

/// Two processes on one database, SQLite's file among them: locks hold across processes, too.
#[test]
fn of_a_hundred_returns_of_one_unit_at_two_processes_one_succeeds() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        shop.sell("R-1", &[1]);
        let token = http::token(&shop.apps[0].service, "1042", &[Role::Cashier]);
        let home = shop.stop();
        let servers = [0, 1].map(|_| Server::start(database.url(), home.path()));
        let body = json!({ "store": "S1", "register": "7", "sale": { "receipt": "R-1" },
                           "lines": [{ "sale_line": 1, "quantity": "1", "reason": "defective" }] });
        let answers = at_once(100, |i| {
            let mut client = Client::connect(servers[i % 2].address(), &token).unwrap();
            client.post("/v1/returns", &format!("till-{i}"), &body.to_string()).unwrap()
        });
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!((statuses[0], &statuses[1..]), (201, &[422; 99][..]));
        assert_eq!(instances::prove(&database.open()).returns, 1);
    });
}
