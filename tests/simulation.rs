//! The state machine against a model written another way: shops by chance, command by command.
//!
//! `RETURNDESK_SEED` sets the seed of the first shop, `RETURNDESK_COMMANDS` how many commands are performed in all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // functions that only this test calls
#![allow(clippy::disallowed_methods)] // a test's own settings come from the environment

#[path = "simulation/chance.rs"]
mod chance;
mod counter;
#[path = "simulation/ledger.rs"]
mod ledger;
#[path = "simulation/overrides.rs"]
mod overrides;
#[path = "simulation/returns.rs"]
mod returns;
#[path = "simulation/terms.rs"]
mod terms;
#[path = "simulation/verdict.rs"]
mod verdict;
#[path = "simulation/world.rs"]
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use world::{Seen, World};

/// Commands of one shop.
const EPISODE: u64 = 400;

fn set(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
}

#[test]
fn the_service_does_what_the_model_foretells() {
    let (seed, commands) = (set("RETURNDESK_SEED", 20_260_301), set("RETURNDESK_COMMANDS", 100_000));
    let mut total = Seen::default();
    for episode in 0..commands.div_ceil(EPISODE) {
        let seed = seed.wrapping_add(episode);
        let mut world = World::new(seed);
        let played = catch_unwind(AssertUnwindSafe(|| (0..EPISODE).for_each(|_| world.step())));
        if let Err(panic) = played {
            eprintln!("RETURNDESK_SEED={seed}, command {} of its shop", world.seen.commands);
            resume_unwind(panic);
        }
        total.add(world.seen);
    }
    println!("{total:?}");
    total.assert_everything_was_seen();
}

impl Seen {
    fn add(&mut self, other: Seen) {
        self.commands += other.commands;
        self.sales += other.sales;
        self.returned += other.returned;
        self.refused += other.refused;
        self.unapproved += other.unapproved;
        self.by_override += other.by_override;
        self.bad_overrides += other.bad_overrides;
        self.voided += other.voided;
        self.settled += other.settled;
        self.failed += other.failed;
        self.stood_in += other.stood_in;
        self.published += other.published;
    }

    /// A simulation in which something never happens tests nothing of it.
    fn assert_everything_was_seen(&self) {
        let least = self.commands / 2_000;
        let all = [self.sales, self.returned, self.refused, self.unapproved, self.by_override, self.bad_overrides];
        let more = [self.voided, self.settled, self.failed, self.stood_in, self.published];
        assert!(all.into_iter().chain(more).all(|times| times >= least), "{self:?}");
    }
}
