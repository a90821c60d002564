//! Finds payment cards' numbers in free text. A card number in a note would bring the shop's
//! database under PCI DSS (STANDARDS 32); last four digits at most.
//!
//! A number is a card's if a network issues such numbers (prefix and length) and its check digit
//! holds. It is found with any separators and in any script's digits.

use super::issuers::is_issued;
use crate::domain::match_key::plain_digits;

/// Digits of the shortest and the longest number of a card.
const DIGITS: std::ops::RangeInclusive<usize> = 12..=19;

/// Characters between two groups of one number, neither letters nor digits.
const MAX_GAP: usize = 3;

/// Groups shorter than this are dates and the like, unless the whole number is written so.
const SHORTEST_GROUP: usize = 3;

/// Returns true if the text contains a card's number: one group of digits or several that follow
/// each other.
pub fn has_card_number(text: &str) -> bool {
    // An id of ours has digits that now and then look like a card's.
    if text.len() < *DIGITS.start() || is_id(text) {
        return false;
    }
    let text = without_articles(&plain_digits(text));
    runs(&text).iter().any(|run| run_has_card_number(run))
}

/// Returns true for the 36 characters of a UUID: no card's number is written so.
fn is_id(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// Replaces article numbers, so that neither they nor their groups and those of the next one are
/// read as a card's number. One of 13 digits in ten passes a card's check, too.
fn without_articles(text: &str) -> String {
    let is_article = |word: &str| {
        let digits: Vec<u8> = word.bytes().filter(u8::is_ascii_digit).collect();
        matches!(digits.len(), 12 | 13) && is_gtin(&digits)
    };
    let words = text.split_inclusive(char::is_whitespace);
    words.map(|word| if is_article(word) { "x " } else { word }).collect()
}

/// Returns true if the last digit checks the others (GS1 General Specifications 7.9).
fn is_gtin(digits: &[u8]) -> bool {
    let weigh =
        |(place, digit): (usize, &u8)| u32::from(digit - b'0') * if place % 2 == 0 { 1 } else { 3 };
    digits.iter().rev().enumerate().map(weigh).sum::<u32>().is_multiple_of(10)
}

/// The text's runs: groups of digits that are at most [`MAX_GAP`] separators apart.
fn runs(text: &str) -> Vec<Vec<&str>> {
    let mut runs: Vec<Vec<&str>> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let between = &rest[..start];
        let joined = between.chars().count() <= MAX_GAP && !between.contains(char::is_alphanumeric);
        rest = &rest[start..];
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (group, after) = rest.split_at(end);
        match runs.last_mut().filter(|_| joined) {
            Some(run) => run.push(group),
            None => runs.push(vec![group]),
        }
        rest = after;
    }
    runs
}

/// Returns true if the whole run is a card's number, or some of its groups that follow each other:
/// long ones, or short ones of one length.
fn run_has_card_number(run: &[&str]) -> bool {
    let uniform = |groups: &[&str]| {
        let (last, others) = groups.split_last().unwrap_or((&"", &[]));
        others.iter().all(|group| group.len() == others[0].len() && last.len() <= group.len())
    };
    let is_written_so = |groups: &[&str]| {
        groups.iter().all(|group| group.len() >= SHORTEST_GROUP) || uniform(groups)
    };
    is_card(run)
        || (0..run.len())
            .any(|from| starts(&run[from..]).any(|groups| is_written_so(groups) && is_card(groups)))
}

/// The beginnings of the groups that are not longer than a card's number.
fn starts<'r, 't>(groups: &'r [&'t str]) -> impl Iterator<Item = &'r [&'t str]> {
    let mut length = 0;
    let fitting = groups.iter().take_while(move |group| {
        length += group.len();
        length <= *DIGITS.end()
    });
    (1..=fitting.count()).map(|to| &groups[..to])
}

fn is_card(groups: &[&str]) -> bool {
    let length: usize = groups.iter().map(|group| group.len()).sum();
    if !DIGITS.contains(&length) {
        return false;
    }
    let digits = groups.concat().into_bytes();
    is_issued(&digits) && is_checked(&digits)
}

/// Returns true if the last digit checks the others (Luhn, ISO/IEC 7812-1 annex B).
fn is_checked(digits: &[u8]) -> bool {
    let weigh = |(place, digit): (usize, &u8)| match (place % 2, u32::from(digit - b'0')) {
        (0, digit) => digit,
        (_, digit) if digit < 5 => digit * 2,
        (_, digit) => digit * 2 - 9,
    };
    digits.iter().rev().enumerate().map(weigh).sum::<u32>().is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_found_in_every_form() {
        for text in [
            "4242424242424242",
            "card 4242 4242 4242 4242 exp 12/27",
            "4242-4242-4242-4242 123",
            "4242 4242 4242 4242 12 27",
            "3782 822463 10005",
            "(5555555555554444)",
            "6304000000000000",
            "4222222222222",
            "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
            "12 4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
            "x4000000000000000006",
            "4242/4242/4242/4242",
            "4242_4242_4242_4242",
            "4242.4242.4242.4242",
            "4242\n4242\r\n4242\n4242",
            "4242  4242 - 4242, 4242",
            "42 42424 242 4242 42",
            "4242\u{200b}4242\u{200b}4242\u{200b}4242",
            "４２４２４２４２４２４２４２４２",
            "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
            "४२४२ ४२४२ ४२४२ ४२४२",
            "④②④②④②④②④②④②④②④②",
        ] {
            assert!(has_card_number(text), "{text}");
        }
        let id = "42424242-4242-4242-8a00-000000000000";
        assert!(
            !has_card_number(id)
                && has_card_number(&id[..19])
                && has_card_number(&format!("{id} x"))
        );
    }

    #[test]
    fn other_numbers_pass() {
        for text in [
            "",
            "4242424242424241",
            "last four 4242",
            "424242424242",
            "42424242424242424242",
            "2026-03-01 to 2026-03-31",
            "at 12:44:00 2026-11-28, 28.11.2026 13:51",
            // A loyalty number, an ICCID, an IMEI, a provider's reference: no network issues them.
            "9826000012345677",
            "8944110065256270050",
            "490154203237518",
            "8815658961765206",
            // Article numbers whose check digit is a card's, too.
            "Book 4000000000006",
            "ISBN 978-0-306-40615-7 978-0-306-40615-7 978-3-16-148410-0",
        ] {
            assert!(!has_card_number(text), "{text}");
        }
    }
}
