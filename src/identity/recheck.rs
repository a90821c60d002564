//! How often a file is looked at again: once per second, and a few times more when a token names a
//! key that is not known yet. A flood of made-up key ids must not become a flood of file reads
//! (STANDARDS 24).

use jiff::Timestamp;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

const INTERVAL_MICROS: u64 = 1_000_000;
/// Looks out of turn per interval.
const EXTRA_LOOKS: u32 = 5;

pub(super) struct Recheck {
    last_micros: AtomicI64,
    extra_spent: AtomicU32,
}

impl Recheck {
    pub(super) fn new(now: Timestamp) -> Recheck {
        Recheck {
            last_micros: AtomicI64::new(now.as_microsecond()),
            extra_spent: AtomicU32::new(0),
        }
    }

    /// True for one caller per interval. A clock that was set back counts as an interval too.
    pub(super) fn due(&self, now: Timestamp) -> bool {
        let now = now.as_microsecond();
        let last = self.last_micros.load(Ordering::Acquire);
        if now.abs_diff(last) < INTERVAL_MICROS {
            return false;
        }
        let won = self
            .last_micros
            .compare_exchange(last, now, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if won {
            self.extra_spent.store(0, Ordering::Release);
        }
        won
    }

    /// Takes one of the interval's looks out of turn, if any is left.
    pub(super) fn extra(&self) -> bool {
        let spend = |spent: u32| (spent < EXTRA_LOOKS).then_some(spent + 1);
        self.extra_spent.fetch_update(Ordering::AcqRel, Ordering::Acquire, spend).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    #[test]
    fn looks_once_per_second_and_after_the_clock_was_set_back() {
        let recheck = Recheck::new(at(10_000));
        let due: Vec<bool> = [10_000, 10_999, 11_000, 11_001, 12_000, 5_000, 5_500, 6_000]
            .map(|millis| recheck.due(at(millis)))
            .into();
        assert_eq!(due, [false, false, true, false, true, true, false, true]);
    }

    #[test]
    fn looks_out_of_turn_are_few_and_come_back_with_the_next_interval() {
        let recheck = Recheck::new(at(0));
        assert_eq!((0..100).filter(|_| recheck.extra()).count(), 5);
        assert!(recheck.due(at(1_000)));
        assert_eq!((0..100).filter(|_| recheck.extra()).count(), 5);
    }
}
