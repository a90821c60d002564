//! The ends of an export's time: an instant, or a day as a whole.
//!
//! A day is one of UTC, for an export may be of stores in several zones; whoever means a store's
//! own day writes the instant with its offset. `--to` takes in the day it names, as people mean it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// From when on: the beginning of the day.
pub fn from(text: &str) -> Result<Timestamp, String> {
    instant(text).or_else(|_| start(day(text)?))
}

/// Up to when, not included: the end of the day.
pub fn to(text: &str) -> Result<Timestamp, String> {
    instant(text).or_else(|_| start(day(text)?.checked_add(1.day()).map_err(|_| unclear())?))
}

/// An instant with its offset, in whole microseconds as everything in the log is.
pub fn instant(text: &str) -> Result<Timestamp, String> {
    let at: Timestamp = text.parse().map_err(|_| unclear())?;
    Timestamp::from_microsecond(at.as_microsecond()).map_err(|_| unclear())
}

fn day(text: &str) -> Result<Date, String> {
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    text.parse().ok().filter(|_| plain).ok_or_else(unclear)
}

fn start(day: Date) -> Result<Timestamp, String> {
    day.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|_| unclear())
}

fn unclear() -> String {
    "write a day like 2026-03-31 or an instant like 2026-03-31T09:00:00-05:00".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_taken_in_whole() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(from("2026-02-28"), Ok(at("2026-02-28T00:00:00Z")));
        assert_eq!(to("2026-02-28"), Ok(at("2026-03-01T00:00:00Z")));
        assert_eq!(to("2026-03-31T09:00:00.1234567-05:00"), Ok(at("2026-03-31T14:00:00.123456Z")));
        for text in [
            "",
            "today",
            "2026-2-3",
            "2026-02-30",
            "20260228",
            "2026-02-28T10:00:00",
            "+002026-02-28",
        ] {
            assert!(from(text).is_err() && to(text).is_err(), "{text}");
        }
    }
}
