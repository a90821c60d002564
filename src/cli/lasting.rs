//! How long a token lasts, as people write it: `30m`, `8h`, `1d`.

use crate::identity::claims::LONGEST_LIFE;
use jiff::SignedDuration;

/// Reads a whole number and its unit: seconds, minutes, hours or days.
pub fn parse(text: &str) -> Result<SignedDuration, String> {
    let unclear = || "write a whole number and a unit: 90s, 30m, 8h or 1d".to_owned();
    let split =
        text.len().checked_sub(1).filter(|end| text.is_char_boundary(*end)).ok_or_else(unclear)?;
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(unclear()),
    };
    if !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(unclear());
    }
    let number: i64 = number.parse().map_err(|_| unclear())?;
    let lasting = number.checked_mul(seconds).map(SignedDuration::from_secs).ok_or_else(unclear)?;
    match lasting {
        lasting if lasting < SignedDuration::from_secs(1) => {
            Err("a token has to last a second at least".into())
        }
        lasting if lasting > LONGEST_LIFE => Err("a token lasts a day at most (1d or 24h)".into()),
        lasting => Ok(lasting),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_anything_else_is_refused() {
        let good = [("90s", 90), ("30m", 1_800), ("8h", 28_800), ("1d", 86_400), ("24h", 86_400)];
        for (text, seconds) in good {
            assert_eq!(parse(text), Ok(SignedDuration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "8",
            "h",
            "8 h",
            "-8h",
            "+8h",
            "8H",
            "1.5h",
            "0s",
            "25h",
            "2d",
            "99999999999999999999d",
            "8µ",
            "8é",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
