//! A write broken off at each of its steps: the process killed before and after every statement,
//! the connection cut before and after every message. Whatever was broken off, asking again with
//! the same key gives the one effect.

use crate::proxy::{Cut, Proxy};
use crate::registers::Registers;
use crate::server::Server;
use crate::shop::{Shop, rounds};
use crate::support::on_each_database;
use returndesk::store::Backend;

/// More steps than any write of one return has.
const MANY: usize = 200;

#[test]
fn killed_at_every_step_of_a_write_nothing_is_lost_and_nothing_is_twice() {
    on_each_database(|database| {
        let shop = Shop::on(database);
        let failpoint = shop.home.path().join("failpoint");
        let mut server = Server::run(shop.plan().with("RETURNDESK_FAILPOINT", failpoint.display()));
        let registers = Registers::new(&shop, &[server.address()]);
        for round in 0..rounds(1) {
            let mut killed = 0;
            for step in 1..MANY {
                let key = format!("till-{round}-{step}");
                std::fs::write(&failpoint, step.to_string()).unwrap();
                let heard = registers.ask_once(&key, 1 + step as u32 % 2, 1);
                std::fs::remove_file(&failpoint).unwrap();
                if heard.is_some() {
                    break; // the write has fewer steps: it was done
                }
                server.wait_for_its_end();
                server.restart();
                killed += 1;
                assert!(matches!(registers.bring_back(&key, 1 + step as u32 % 2, 1), 201 | 422));
            }
            println!("killed at {killed} steps");
            assert!(
                (10..MANY - 1).contains(&killed),
                "a return is more statements than {killed} steps"
            );
        }
        registers.judge(&database.open());
    });
}

#[test]
fn cut_at_every_message_of_a_write_nothing_is_lost_and_nothing_is_twice() {
    on_each_database(|database| {
        if database.backend() == Backend::Sqlite {
            return; // has no connection to cut
        }
        let shop = Shop::on(database);
        let (proxy, url) = Proxy::before(database.url());
        let server = Server::run(shop.plan_through(&url));
        let registers = Registers::new(&shop, &[server.address()]);
        for round in 0..rounds(1) {
            for cut in [Cut::Before, Cut::After] {
                let mut made = 0;
                for message in 1..MANY {
                    let key = format!("till-{round}-{cut:?}-{message}");
                    proxy.arm(message, cut);
                    assert!(matches!(
                        registers.bring_back(&key, 1 + message as u32 % 2, 1),
                        201 | 422
                    ));
                    if proxy.disarm() {
                        break;
                    }
                    made += 1;
                }
                println!("cut {cut:?} {made} messages");
                assert!((5..MANY - 1).contains(&made), "a return is more messages than {made}");
            }
        }
        registers.judge(&database.open());
    });
}
