//! What no text may contain: characters that XML 1.0 forbids, and card numbers.
//!
//! Exports are XML, so what XML cannot carry is refused when it comes in (STANDARDS 8). A card
//! number in a note would bring the shop's database under PCI DSS (STANDARDS 32); last four digits
//! at most.

/// The first character that XML 1.0 (§2.2) does not allow.
pub fn forbidden_character(text: &str) -> Option<char> {
    text.chars().find(|c| {
        !matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
    })
}

/// Digits of a payment card's number (ISO/IEC 7812: up to 19; 13 is the shortest in use).
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

/// Groups shorter than this are dates and the like; a card's number printed in groups has none
/// (4-4-4-4, 4-6-5, 4-6-4).
const SHORTEST_GROUP: usize = 3;

/// Whether the text contains something that is a card number by length and check digit: a run of 13
/// to 19 digits with single spaces or dashes between, as a whole or as some of its longer groups.
pub fn has_card_number(text: &str) -> bool {
    // A reference may be an id of ours, whose digits now and then look like a card's: one in a few
    // thousand would be refused.
    if text.len() < *CARD_DIGITS.start() || is_id(text) {
        return false;
    }
    runs(text).any(|run| run_has_card_number(&run))
}

/// The 36 characters of a UUID: no card's number is written so.
fn is_id(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// A serial number is free to be an IMEI, whose 15 digits always pass the check. IMEIs do not begin
/// with 34 or 37, which is what the cards of 15 digits (American Express) begin with.
pub fn serial_has_card_number(text: &str) -> bool {
    let imei = text.len() == 15
        && text.bytes().all(|b| b.is_ascii_digit())
        && !text.starts_with("34")
        && !text.starts_with("37");
    !imei && has_card_number(text)
}

/// Whether these are 13 to 19 digits of which the last checks the others (Luhn, ISO/IEC 7812-1
/// annex B).
pub fn is_card_number(digits: impl DoubleEndedIterator<Item = u8> + Clone) -> bool {
    if !CARD_DIGITS.contains(&digits.clone().count()) {
        return false;
    }
    let sum: u32 = digits.rev().enumerate().map(|(place, digit)| weigh(place, digit)).sum();
    sum.is_multiple_of(10)
}

fn weigh(place: usize, digit: u8) -> u32 {
    let digit = u32::from(digit - b'0');
    match (place % 2, digit) {
        (0, digit) => digit,
        (_, digit) if digit < 5 => digit * 2,
        (_, digit) => digit * 2 - 9,
    }
}

/// The text's runs: groups of digits that are one space or dash apart.
fn runs(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(|c: char| c.is_ascii_digit())?;
        rest = &rest[start..];
        let mut groups = Vec::new();
        loop {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (group, after) = rest.split_at(end);
            groups.push(group);
            rest = after;
            match after.strip_prefix([' ', '-', '\u{a0}', '\u{2011}']) {
                Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => rest = next,
                _ => return Some(groups),
            }
        }
    })
}

fn run_has_card_number(groups: &[&str]) -> bool {
    if is_card(groups) {
        return true;
    }
    groups.split(|group| group.len() < SHORTEST_GROUP).any(|long| {
        (0..long.len())
            .any(|from| (from + 1..=long.len().min(from + 7)).any(|to| is_card(&long[from..to])))
    })
}

fn is_card(groups: &[&str]) -> bool {
    let length: usize = groups.iter().map(|group| group.len()).sum();
    CARD_DIGITS.contains(&length) && is_card_number(groups.concat().bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn card_numbers_are_found_in_every_usual_form() {
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
            "x4000000000000000006",
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
            "4242  4242  4242  4242 is too far apart to be read as one number",
            "4242.4242.4242.4242",
            "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
        ] {
            assert!(!has_card_number(text), "{text}");
        }
    }

    #[test]
    fn an_imei_is_a_serial_number_and_a_card_is_not() {
        assert!(has_card_number("490154203237518"));
        assert!(!serial_has_card_number("490154203237518"));
        assert!(serial_has_card_number("378282246310005"));
        assert!(serial_has_card_number("4242424242424242"));
    }

    #[test]
    fn xml_forbids_controls_and_noncharacters_only() {
        assert_eq!(forbidden_character("tab\t, line\r\n, naïve, 日本, 👍"), None);
        for bad in ['\0', '\u{b}', '\u{1b}', '\u{fffe}', '\u{ffff}'] {
            assert_eq!(forbidden_character(&format!("a{bad}b")), Some(bad));
        }
    }

    fn check_digit(digits: &str) -> char {
        ('0'..='9').find(|last| is_card_number(format!("{digits}{last}").bytes())).unwrap()
    }

    proptest! {
        #[test]
        fn exactly_one_check_digit_makes_a_card_number(digits in "[0-9]{12,18}") {
            let passing = ('0'..='9').filter(|last| has_card_number(&format!("{digits}{last}"))).count();
            prop_assert_eq!(passing, 1);
        }

        #[test]
        fn a_card_number_is_found_between_words(digits in "[0-9]{12,18}", before in "[a-z ]{0,9}", after in "[a-z ,.]{0,9}") {
            let number = format!("{digits}{}", check_digit(&digits));
            let text = format!("{before}{number}{after}");
            prop_assert!(has_card_number(&text));
        }
    }
}
