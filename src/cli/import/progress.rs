//! Progress of an import: how much is done, how fast, and how long the rest takes.

use super::source::Position;
use crate::cli::terminal::grouped;
use std::time::Duration;

/// Describes the progress after `done` sales: totals, sales a second, percentage and remaining
/// time. A source without a size has no percentage.
pub fn progress(done: u64, elapsed: Duration, position: &Position) -> String {
    let read = position.read();
    let totals = format!("{} done, {} a second", grouped(done), grouped(rate(done, elapsed)));
    let Some(size) = position.size.filter(|_| read > 0) else {
        return format!("{totals}, {} read", bytes(read));
    };
    // A file that grows while it is read is never more than wholly read.
    let left = size.saturating_sub(read);
    let percent = (size - left).saturating_mul(100) / size.max(1);
    let remaining = elapsed.as_secs().saturating_mul(left) / read;
    format!("{totals}, {percent} % of {}, about {} left", bytes(size), duration(remaining))
}

/// Sales a second.
pub fn rate(done: u64, elapsed: Duration) -> u64 {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    done.saturating_mul(1_000) / millis
}

fn bytes(count: u64) -> String {
    match count {
        0..1_000_000 => format!("{} kB", grouped(count.div_ceil(1_000))),
        _ => format!("{} MB", grouped(count.div_ceil(1_000_000))),
    }
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_percentage_and_a_remaining_time() {
        let after = |seconds: u64, read: u64, size: Option<u64>| {
            progress(12_000, Duration::from_secs(seconds), &Position::at(read, size))
        };
        let quarter = "12,000 done, 1,200 a second, 25 % of 40 MB, about 30 s left";
        assert_eq!(after(10, 10_000_000, Some(40_000_000)), quarter);
        let long = "12,000 done, 20 a second, 1 % of 4,000 MB, about 16 h 30 min left";
        assert_eq!(after(600, 40_000_000, Some(4_000_000_000)), long);
        let end = "12,000 done, 1,200 a second, 100 % of 40 kB, about 0 s left";
        assert_eq!(after(10, 40_000, Some(40_000)), end);
        assert_eq!(after(10, 41_000, Some(40_000)), end);
        let minutes = "12,000 done, 600 a second, 10 % of 1 kB, about 3 min left";
        assert_eq!(after(20, 100, Some(1_000)), minutes);
    }

    #[test]
    fn a_pipe_has_none() {
        let piped = progress(5, Duration::ZERO, &Position::at(2_000, None));
        assert_eq!(piped, "5 done, 5,000 a second, 2 kB read");
        let nothing_yet = progress(0, Duration::from_secs(2), &Position::at(0, Some(9)));
        assert_eq!(nothing_yet, "0 done, 0 a second, 0 kB read");
    }
}
