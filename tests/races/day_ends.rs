//! Days closed while others sell and take back: each movement is in exactly one day end, and nobody
//! waits in a ring.

use crate::goods::{self, back, of, sale, units};
use crate::held::no_deadlocks;
use crate::instances::{Instances, at_once};
use crate::support::on_each_database;
use jiff::civil::{Date, date};
use returndesk::desk::Reply;
use returndesk::domain::day_end::{CloseDay, DayEnd};
use returndesk::domain::draft::Draft;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::refusal::Refusal;

fn close(
    shop: &Instances<'_>,
    instance: usize,
    register: Option<&str>,
    business_date: Date,
    shift: Option<u64>,
) -> Result<DayEnd, String> {
    let command = CloseDay {
        store: "S1".into(),
        register: register.map(str::to_owned),
        business_date,
        shift,
        opening_cash: None,
        counted_cash: None,
    };
    match shop.submit(instance, Command::CloseDay(command), None) {
        Reply::Done { outcome: Some(Outcome::Done(done)), .. } => match *done {
            Done::DayClosed(day_end) => Ok(*day_end),
            other => panic!("{other:?}"),
        },
        Reply::Done { outcome: Some(Outcome::Refused(refusal)), .. } => match *refusal {
            Refusal::DayEnd { code, detail } => Err(format!("{code}: {detail}")),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

const DAYS: i8 = 20;

fn day(number: i8) -> Date {
    date(2026, 3, number)
}

/// Twelve at once: sales of one day at register 3, returns at register 7, and two who close the
/// first shift of each of register 3's days: one of them wins.
#[test]
fn every_movement_is_in_exactly_one_day_end() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let first = shop.sell("R-1", &[200]);
        let today = jiff::Timestamp::now()
            .to_zoned(jiff::tz::TimeZone::get("Europe/London").unwrap())
            .date();
        let closed: Vec<Vec<Result<DayEnd, String>>> = at_once(12, |i| match i {
            0 | 1 => (1..=DAYS).map(|n| close(&shop, i, Some("3"), day(n), Some(1))).collect(),
            2..7 => {
                for n in 0..20 {
                    let command = sale(&format!("R-{i}-{n}"), &[1, 2], None);
                    let reply = shop.submit(i + n, Command::RecordSale(Box::new(command)), None);
                    assert!(
                        matches!(reply, Reply::Done { outcome: Some(Outcome::Done(_)), .. }),
                        "{reply:?}"
                    );
                }
                Vec::new()
            }
            _ => {
                for n in 0..20 {
                    let reply = shop.submit(i + n, back(vec![of(first, units(1, 1))]), None);
                    assert!(
                        matches!(reply, Reply::Done { outcome: Some(Outcome::Done(_)), .. }),
                        "{reply:?}"
                    );
                }
                Vec::new()
            }
        });
        // Each shift once, whoever closed it; the other was told so.
        let mut won: Vec<&DayEnd> =
            closed.iter().flatten().filter_map(|told| told.as_ref().ok()).collect();
        won.sort_by_key(|day_end| day_end.number);
        assert!(won.iter().all(|day_end| day_end.shift == 1), "{won:?}");
        let numbers: Vec<(u64, Date)> =
            won.iter().map(|day_end| (day_end.number, day_end.business_date)).collect();
        assert!(
            numbers.iter().zip(1..).all(|((number, _), expected)| *number == expected),
            "{numbers:?}"
        );
        assert!(numbers.is_sorted_by_key(|(_, day)| *day), "{numbers:?}");
        let refused: Vec<&String> =
            closed.iter().flatten().filter_map(|told| told.as_ref().err()).collect();
        assert!(refused.iter().all(|why| why.starts_with("day_closed: ")), "{refused:?}");
        assert_eq!(won.len() + refused.len(), 2 * DAYS as usize);

        // What is left is closed today; then the store's days, one by one.
        let last = [
            close(&shop, 0, Some("3"), today, None).unwrap(),
            close(&shop, 1, Some("7"), today, None).unwrap(),
        ];
        let movements = |day_end: &DayEnd| day_end.sums.total().movements;
        let sold: u64 =
            won.iter().map(|day_end| movements(day_end)).sum::<u64>() + movements(&last[0]);
        assert_eq!((sold, movements(&last[1])), (101, 100));
        let mut days: Vec<Date> =
            won.iter().filter(|d| movements(d) > 0).map(|d| d.business_date).collect();
        days.push(today);
        let own: Vec<DayEnd> =
            days.into_iter().map(|on| close(&shop, 0, None, on, None).unwrap()).collect();
        assert_eq!(own.iter().map(movements).sum::<u64>(), 201);
        let totals = own.last().unwrap().perpetual;
        assert_eq!((totals.sales.0, totals.returns.0), (200 * 135 + 100 * 3 * 135, 100 * 135));
        assert_eq!(totals.sales.0, last[0].perpetual.sales.0);
        assert_eq!(shop.prove().movements, 201);
        no_deadlocks(shop);
    });
}

/// Returns go on while their own register's day is closed: what the day end has is all that was
/// booked before it.
#[test]
fn a_day_is_closed_in_the_midst_of_a_hundred_returns() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let sold = shop.sell("R-1", &[200]);
        shop.done(back(vec![of(sold, units(1, 1))]));
        let today = jiff::Timestamp::now()
            .to_zoned(jiff::tz::TimeZone::get("Europe/London").unwrap())
            .date();
        let closed = at_once(21, |i| {
            if i == 20 {
                return Some(close(&shop, i, Some("7"), today, None).unwrap());
            }
            for n in 0..5 {
                let reply = shop.submit(i + n, back(vec![of(sold, units(1, 1))]), None);
                assert!(
                    matches!(reply, Reply::Done { outcome: Some(Outcome::Done(_)), .. }),
                    "{reply:?}"
                );
            }
            None
        });
        let day_end = closed.into_iter().flatten().next().unwrap();
        assert!((1..=101).contains(&day_end.sums.total().movements), "{day_end:?}");
        // Summed up anew from the movements before its entry, it is the same.
        assert_eq!(shop.prove().movements, 102);
        no_deadlocks(shop);
    });
}

/// Returns that name yesterday while yesterday is closed, shift by shift and then for the store:
/// whichever is recorded is in one of its shifts, and all others are refused.
#[test]
fn a_day_that_returns_name_is_closed_in_their_midst() {
    on_each_database(|database| {
        let shop = Instances::open_for_business(database);
        let sold = shop.sell("R-1", &[200]);
        let today = jiff::Timestamp::now()
            .to_zoned(jiff::tz::TimeZone::get("Europe/London").unwrap())
            .date();
        let yesterday = today.yesterday().unwrap();
        let named = || {
            let draft = Draft {
                business_date: Some(yesterday),
                ..goods::draft(vec![of(sold, units(1, 1))])
            };
            goods::record(draft)
        };
        shop.done(named());
        for register in [Some("3"), None] {
            close(&shop, 0, register, day(1), None).unwrap();
        }
        let told = at_once(13, |i| {
            if i == 12 {
                // Until the store's own is closed, what came meanwhile needs another shift.
                let mut shifts = Vec::new();
                loop {
                    shifts.push(close(&shop, i, Some("7"), yesterday, None).unwrap());
                    match close(&shop, i, None, yesterday, None) {
                        Ok(own) => return (0, Some((shifts, own))),
                        Err(why) => assert!(why.starts_with("day_open: "), "{why}"),
                    }
                }
            }
            let recorded = (0..8).filter(|n| match shop.submit(i + n, named(), None) {
                Reply::Done { outcome: Some(Outcome::Done(_)), .. } => true,
                Reply::Done { outcome: Some(Outcome::Refused(refusal)), .. } => {
                    assert_eq!(refusal.code(), "day_closed");
                    false
                }
                other => panic!("{other:?}"),
            });
            (recorded.count() as u64, None)
        });
        let recorded: u64 = told.iter().map(|(recorded, _)| recorded).sum();
        let (shifts, own) = told.into_iter().find_map(|(_, closed)| closed).unwrap();
        let movements: u64 = shifts.iter().map(|shift| shift.sums.total().movements).sum();
        assert_eq!((movements, own.sums.total().movements), (recorded + 1, recorded + 1));
        assert!(
            shifts.iter().zip(1..).all(|(end, n)| (end.number, end.shift) == (n, n)),
            "{shifts:?}"
        );
        shop.prove();
        no_deadlocks(shop);
    });
}
