//! Laws of identifiers and card numbers: one key for all spellings of one identifier, and every
//! card's number found in whatever form, while numbers of other kinds pass.

use proptest::prelude::*;
use returndesk::domain::match_key::{MatchKey, document_number, matches, unseen_character};
use returndesk::wire::strict::card_number::has_card_number;

/// Numbers that the networks publish for tests.
const TEST_CARDS: &[&str] = &[
    "4242424242424242",
    "4111111111111111",
    "4222222222222",
    "4000000000000000006",
    "5555555555554444",
    "2223003122003222",
    "2720990000000007",
    "378282246310005",
    "341111111111111",
    "30569309025904",
    "36006666333344",
    "38520000023237",
    "6011111111111117",
    "6011000990139424",
    "6445644564456445",
    "3530111333300000",
    "3566002020360505",
    "6200000000000005",
    "6304000000000000",
    "6759649826438453",
    "6799990100000000019",
    "5019555544445555",
    "9792030394440796",
    "2200000000000004",
    "6073849700004947",
];

/// Zeros of scripts that write decimal digits: ASCII, Arabic, Persian, Devanagari, Thai, fullwidth.
const ZEROS: &[char] = &['0', '٠', '۰', '०', '๐', '０'];

fn in_script(digits: &str, zero: char) -> String {
    let digit = |c: char| char::from_u32(zero as u32 + c.to_digit(10).unwrap()).unwrap();
    digits.chars().map(digit).collect()
}

fn luhn(digits: &str) -> bool {
    let value = |(place, c): (usize, char)| {
        let digit = c.to_digit(10).unwrap() * (1 + place as u32 % 2);
        digit / 10 + digit % 10
    };
    digits.chars().rev().enumerate().map(value).sum::<u32>() % 10 == 0
}

/// The digits with one more that makes the check of payment cards hold.
fn with_luhn(digits: &str) -> String {
    let all = (0..10).map(|last| format!("{digits}{last}"));
    all.into_iter().find(|number| luhn(number)).unwrap()
}

/// Twelve digits with the check digit of an EAN-13.
fn with_gtin(digits: &str) -> String {
    let weigh = |(place, c): (usize, char)| c.to_digit(10).unwrap() * [1, 3][place % 2];
    format!("{digits}{}", (10 - digits.chars().enumerate().map(weigh).sum::<u32>() % 10) % 10)
}

proptest! {
    #[test]
    fn a_key_of_a_key_is_the_key(text in "\\PC{0,24}") {
        let key = MatchKey::of(&text);
        prop_assert_eq!(MatchKey::of(key.as_str()), key);
    }

    #[test]
    fn a_key_has_no_capitals_no_spaces_around_and_nothing_unseen(text in "[\\PC\u{200b}\u{202e}\t]{0,24}") {
        let key = MatchKey::of(&text);
        let key = key.as_str();
        prop_assert_eq!(key.trim(), key);
        prop_assert!(!key.contains("  "));
        prop_assert_eq!(unseen_character(key), None);
        prop_assert!(!key.chars().any(|c| c.is_ascii_uppercase()));
    }

    #[test]
    fn case_width_and_spaces_make_no_other_identifier(
        words in prop::collection::vec("[A-Z0-9./-]{1,6}", 1..4), spaces in "[ \u{a0}\u{3000}]{1,3}"
    ) {
        let text = words.join(" ");
        let wide = |c: char| if c == ' ' { c } else { char::from_u32(c as u32 + 0xfee0).unwrap() };
        for spelled in [
            text.to_lowercase(),
            text.chars().map(wide).collect(),
            format!("{spaces}{}{spaces}", words.join(&spaces)),
        ] {
            prop_assert!(matches(&text, &spelled), "{text:?} {spelled:?}");
        }
    }

    #[test]
    fn identifiers_of_other_letters_or_digits_differ(one in "[a-z0-9-]{1,8}", other in "[a-z0-9-]{1,8}") {
        prop_assert_eq!(matches(&one, &other), one == other);
    }

    #[test]
    fn a_document_is_its_letters_and_digits(
        parts in prop::collection::vec("[A-Z0-9]{1,4}", 1..4), zero in 0..ZEROS.len(), gap in "[ ./_\u{2011}-]{1,2}"
    ) {
        let number = parts.concat();
        let foreign: String = number.chars().map(|c| match c.to_digit(10) {
            Some(digit) => char::from_u32(ZEROS[zero] as u32 + digit).unwrap(),
            None => c,
        }).collect();
        for spelled in [parts.join(&gap), number.to_lowercase(), foreign] {
            prop_assert_eq!(document_number(&spelled), number.clone(), "{}", spelled);
        }
        prop_assert_eq!(document_number(&document_number(&number)), number);
    }

    #[test]
    fn every_test_card_is_found_in_every_form(
        card in 0..TEST_CARDS.len(), zero in 0..ZEROS.len(), group in 1..6_usize,
        gap in "[ ./_,:\u{a0}\u{2011}\r\n\t|*-]{0,3}", before in "([a-z ]{0,6}[a-z] ?)?", after in "( ?[a-z][a-z ]{0,6})?"
    ) {
        let digits: Vec<char> = in_script(TEST_CARDS[card], ZEROS[zero]).chars().collect();
        let groups: Vec<String> = digits.chunks(group).map(|group| group.iter().collect()).collect();
        let text = format!("{before}{}{after}", groups.join(&gap));
        prop_assert!(has_card_number(&text), "{text:?}");
    }

    #[test]
    fn a_card_with_a_wrong_digit_passes(card in 0..TEST_CARDS.len(), by in 1..10_u32) {
        let (start, last) = TEST_CARDS[card].split_at(TEST_CARDS[card].len() - 1);
        let wrong = (last.parse::<u32>().unwrap() + by) % 10;
        let number = format!("{start}{wrong}");
        prop_assert!(!has_card_number(&number), "{}", number);
    }

    #[test]
    fn article_numbers_pass(digits in "[0-9]{12}", more in "97[89][0-9]{9}") {
        let (ean, isbn) = (with_gtin(&digits), with_gtin(&more));
        let hyphened = format!("{}-{}-{}-{}", &isbn[..3], &isbn[3..4], &isbn[4..12], &isbn[12..]);
        for text in [ean.clone(), isbn.clone(), format!("ISBN {hyphened}"), format!("{ean} {isbn} {hyphened} {ean}")] {
            prop_assert!(!has_card_number(&text), "{text}");
        }
    }

    #[test]
    fn numbers_of_devices_and_loyalty_cards_pass(
        imei in "(01|35|86|99)[0-9]{12}", iccid in "89[0-9]{16}", loyalty in "(98[0-57-9]|7[0-9]{2})[0-9]{12}"
    ) {
        for number in [imei, iccid, loyalty] {
            let number = with_luhn(&number);
            prop_assert!(!has_card_number(&number), "{number}");
        }
    }
}
