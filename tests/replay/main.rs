//! The real shop, replayed: every sale of the public file recorded, every credit line of it brought
//! back.
//!
//! The data is not part of the project: it is looked for beside it (`../shared/data`) or where
//! `RETURNDESK_DATA` says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // tests, and what they stand on

mod counter;
mod ledger;
mod oracle;
mod shop;
mod without_receipt;

#[path = "../support/instances.rs"]
mod instances;
#[path = "../support/mod.rs"]
mod support;

use instances::{Instances, OPEN_POLICY};
use shop::Shop;
use std::time::Instant;
use support::on_each_database;

/// Past the capture of the harness: that the replay did not run has to be seen where everything
/// else succeeds.
fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[test]
fn the_real_shop_replayed() {
    let (Some(sales), Some(allocations)) =
        (oracle::open(oracle::SALES), oracle::open(oracle::ALLOCATIONS))
    else {
        return say(
            "\n*** REAL DATA NOT FOUND: the replay of the real shop did not run. Put the data folder beside \
                    the project (../shared/data) or name it in RETURNDESK_DATA. ***\n",
        );
    };
    let shop = Shop::read(sales, oracle::read(allocations).unwrap());
    on_each_database(|database| {
        let started = Instant::now();
        let desks = Instances::start(database);
        desks.set_up("open", "GBP", OPEN_POLICY);
        let sold = shop.record_sales(&desks);
        let imported = started.elapsed();
        let told = counter::replay(&desks, &shop, &sold);
        let replayed = started.elapsed();
        counter::check_counts(&told);
        ledger::check(&desks, &shop, &told);
        let bare = without_receipt::replay(&desks, &shop);
        let lines = told.counts().into_iter().map(|(what, count)| format!("{count:>8}  {what}\n"));
        let bare = bare.into_iter().map(|(status, (paid, unknown, pence))| {
            format!("{paid:>8}  {status:?}: paid {pence} pence without a receipt, {unknown} of unknown price\n")
        });
        let report: String = shop.report().chain(lines).chain(bare).collect();
        let times = format!("import {imported:.1?}, replay {:.1?}", replayed - imported);
        say(&format!(
            "The real shop on {:?} ({times}, all {:.1?}):\n{report}",
            database.backend(),
            started.elapsed()
        ));
    });
}
