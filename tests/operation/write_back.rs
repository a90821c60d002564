//! SQLite's log is written back into its file in pauses, little by little, and does not grow while
//! there are none.

use crate::goods::{back, units};
use crate::instances::{Instances, key};
use crate::support::TestDb;
use returndesk::desk::Reply;
use std::time::{Duration, Instant};

/// Some hundred kilobytes of log for each: written back and begun anew, or three times as long as
/// this in the end.
#[test]
fn the_log_is_begun_anew_while_commands_follow_each_other() {
    const MOST: u64 = 48 << 20;
    let database = TestDb::sqlite();
    let shop = Instances::open_for_business(&database);
    let sale = shop.sell("R-1", &[100_000]);
    let log = database.folder().unwrap().join("test.db-wal");
    for number in 0..1_500 {
        let reply = shop.submit(
            0,
            back(vec![crate::goods::of(sale, units(1, 1))]),
            Some(key(&format!("K-{number}"), "")),
        );
        assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
        let length = std::fs::metadata(&log).map_or(0, |file| file.len());
        assert!(length <= MOST, "after {number} commands the log has {} MiB", length >> 20);
    }
    shop.prove();
}

#[test]
fn what_is_recorded_is_in_the_file_after_a_pause() {
    let database = TestDb::sqlite();
    let shop = Instances::open_for_business(&database);
    let sale = shop.sell("R-1", &[100_000]);
    for number in 0..300 {
        let reply = shop.submit(
            0,
            back(vec![crate::goods::of(sale, units(1, 1))]),
            Some(key(&format!("K-{number}"), "")),
        );
        assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    }
    // The file alone, without its log.
    let started = Instant::now();
    while in_the_file_of(&database) < 200 {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{} returns are in the file",
            in_the_file_of(&database)
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    shop.prove();
}

/// Returns that the file itself holds.
fn in_the_file_of(database: &TestDb) -> usize {
    let folder = database.folder().unwrap();
    let file = std::fs::read(folder.join("test.db")).unwrap();
    let other = TestDb::sqlite();
    std::fs::write(other.folder().unwrap().join("test.db"), file).unwrap();
    let mut connection = other.connect();
    let counted: Result<Vec<Count>, _> = diesel::RunQueryDsl::load(
        diesel::sql_query("SELECT count(*) AS count FROM returns"),
        &mut connection,
    );
    counted.map_or(0, |counted| usize::try_from(counted[0].count).unwrap())
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}
