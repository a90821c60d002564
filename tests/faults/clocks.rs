//! A clock that steps back and forth under load, as clocks do that are set by hand or by a network.

use crate::http::{self, Served};
use crate::instances::{OPEN_POLICY, config};
use crate::registers::Registers;
use crate::shop::{Shop, rounds};
use crate::support::on_each_database;
use jiff::SignedDuration;
use rand::Rng;
use returndesk::app::App;
use returndesk::clock::Clock;
use returndesk::domain::caller::Role;
use std::time::Duration;

#[test]
fn a_clock_that_steps_back_costs_nothing() {
    assert!(OPEN_POLICY.contains("36500"), "no window closes while the clock is moved");
    on_each_database(|database| {
        let mut shop = Shop::on(database);
        // Later than everything that was set up, whichever way it steps.
        let noon = Clock::system().now() + SignedDuration::from_hours(48);
        let clock = Clock::fixed(noon);
        let app = App::build(config(database, shop.home.path()), clock.clone()).unwrap();
        // A token of before all that happens: it is neither of the future nor worn out at any of
        // these hours.
        clock.set(noon - SignedDuration::from_hours(12));
        let roles = [Role::Cashier, Role::Manager, Role::Auditor];
        shop.token = http::token_for(&app.service, "1042", &roles, SignedDuration::from_hours(24));
        clock.set(noon);
        let served = Served::start(&app);
        let registers = Registers::new(&shop, &[served.address]);
        registers.run_while(|| {
            for _ in 0..20 * rounds(1) {
                registers.wait_for_more(5);
                let hours = rand::thread_rng().gen_range(-11..=11);
                clock.set(noon + SignedDuration::from_hours(hours));
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        clock.set(noon + SignedDuration::from_hours(11));
        registers.judge(&database.open());
        drop(served);
        app.stop();
    });
}
