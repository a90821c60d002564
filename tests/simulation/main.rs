//! The state machine against a model written another way: shops by chance, command by command; and
//! the same commands through both databases in batches by chance, which must change nothing.
//!
//! `RETURNDESK_SEED` sets the seed of the first shop, `RETURNDESK_COMMANDS` how many commands are
//! performed in all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // functions that only this test calls
#![allow(clippy::disallowed_methods)] // a test's own settings come from the environment

mod accounts;
mod batches;
mod brought;
mod cards;
mod chance;
mod chargebacks;
mod charges;
mod coins;
#[path = "../counter/mod.rs"]
mod counter;
mod database;
mod day_ends;
mod document;
mod exchanges;
mod exempt;
mod fees;
mod kits;
mod ledger;
mod lower;
mod mixed;
mod onto_cards;
mod overrides;
mod payments;
mod policies;
mod promotions;
mod receipts;
mod returns;
mod sales;
mod seen;
mod settling;
mod sharing;
#[path = "../support/mod.rs"]
mod support;
mod tape;
mod tenders;
mod terms;
mod typed;
mod verdict;
mod world;

use database::through;
use seen::Seen;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use support::TestDb;
use world::{Pace, World};

/// Commands performed in all, unless `RETURNDESK_COMMANDS` says otherwise: bare, through SQLite,
/// through PostgreSQL.
const COMMANDS: [u64; 3] = [450_000, 100_000, 12_000];
/// Commands of one shop.
const EPISODE: u64 = 400;
/// Commands of one database.
const HISTORY: u64 = 5_000;
const SEED: u64 = 20_260_301;

fn set(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
}

/// Plays shops one after the other in as many threads as there are cores, each from its own seed.
/// `play` gets a seed and how many commands; whoever finds a disagreement is told how to meet it
/// again.
fn shops(test: &str, commands: u64, each: u64, play: impl Fn(u64, u64) -> Seen + Sync) -> Seen {
    let (seed, count) = (set("RETURNDESK_SEED", SEED), commands.div_ceil(each));
    let next = AtomicU64::new(0);
    let work = || {
        let mut total = Seen::default();
        loop {
            let episode = next.fetch_add(1, Ordering::Relaxed);
            if episode >= count {
                return total;
            }
            let seed = seed.wrapping_add(episode);
            let count_of_shop = each.min(commands - episode * each);
            let played = catch_unwind(AssertUnwindSafe(|| play(seed, count_of_shop)));
            match played {
                Ok(seen) => total.add(seen),
                Err(panic) => {
                    next.store(count, Ordering::Relaxed);
                    eprintln!(
                        "\nagain: RETURNDESK_SEED={seed} RETURNDESK_COMMANDS={count_of_shop} cargo test --test simulation {test}"
                    );
                    resume_unwind(panic)
                }
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let mut total = Seen::default();
        for thread in threads {
            thread.join().map_or_else(|panic| resume_unwind(panic), |seen| total.add(seen));
        }
        total
    })
}

#[test]
fn the_service_does_what_the_model_foretells() {
    let commands = set("RETURNDESK_COMMANDS", COMMANDS[0]);
    let total = shops("foretells", commands, EPISODE, |seed, commands| {
        let mut world = World::new(seed, Pace::quick());
        world.play(commands);
        world.seen
    });
    println!("{total:?}");
    total.assert_everything_was_seen();
}

#[test]
fn batches_on_sqlite_change_nothing() {
    let commands = set("RETURNDESK_COMMANDS", COMMANDS[1]);
    let total = shops("batches_on_sqlite", commands, HISTORY, |seed, commands| {
        through(&TestDb::sqlite(), seed, commands)
    });
    println!("{total:?}");
    total.assert_batches_were_seen();
}

#[test]
fn batches_on_postgres_change_nothing() {
    let Some(url) = support::postgres_url() else { return };
    let commands = set("RETURNDESK_COMMANDS", COMMANDS[2]);
    let total = shops("batches_on_postgres", commands, HISTORY, |seed, commands| {
        through(&TestDb::postgres(&url), seed, commands)
    });
    println!("{total:?}");
    total.assert_batches_were_seen();
}
