//! How identifiers that people read and type are compared: receipt numbers, customer numbers,
//! serial numbers, identity documents. They are kept and printed as sent.
//!
//! A key is the text after NFKC, case folding (Unicode 3.13), trimming and collapsing of white
//! space. Letters of other scripts that look like a letter of ASCII (Unicode TS 39: the Cyrillic А)
//! count as that letter, and characters that cannot be seen do not count: intake refuses those, but
//! older records may have them.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use std::borrow::Cow;
use unicode_security::confusable_detection::skeleton;

/// What two spellings of one identifier have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MatchKey(String);

impl MatchKey {
    /// The key of an identifier.
    pub fn of(text: &str) -> MatchKey {
        if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_control()) {
            let spaced = text.split(' ').filter(|word| !word.is_empty());
            let words: Vec<String> = spaced.map(str::to_ascii_lowercase).collect();
            return MatchKey(words.join(" "));
        }
        let folded = folded(text);
        let words: Vec<&str> = folded.split_whitespace().collect();
        MatchKey(words.join(" "))
    }

    /// A key read back from where it was stored.
    pub fn stored(key: String) -> MatchKey {
        MatchKey(key)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

/// Returns true if both texts are the same identifier.
pub fn matches(one: &str, other: &str) -> bool {
    one == other || MatchKey::of(one) == MatchKey::of(other)
}

/// The number of an identity document by its letters and digits alone, in capitals: spaces and
/// hyphens, accents and digits of other scripts do not make another person. Empty if there is
/// neither letter nor digit.
pub fn document_number(text: &str) -> String {
    let bare = DecomposingNormalizer::new_nfkd().normalize(text);
    let bare: String = bare.chars().filter(|c| c.is_alphanumeric()).collect();
    let folded = folded(&plain_digits(&bare));
    folded.chars().map(without_stroke).flat_map(char::to_uppercase).collect()
}

/// A letter with a stroke, such as Ø, as the letter of ASCII below it.
fn without_stroke(c: char) -> char {
    if c.is_ascii() || !c.is_lowercase() {
        return c;
    }
    let letters: String = skeleton(&c.to_string()).filter(|c| c.is_alphanumeric()).collect();
    only_letter(&letters).unwrap_or(c)
}

/// The first character that cannot be seen, or that changes how others are seen: control, format
/// (zero width, direction), line and paragraph separators, and what is ignored by default.
pub fn unseen_character(text: &str) -> Option<char> {
    text.chars().find(|c| is_unseen(*c))
}

fn is_unseen(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    let separates = matches!(
        category,
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    );
    separates || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// The text with the decimal digits of all scripts and forms as those of ASCII.
pub fn plain_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let text = ComposingNormalizer::new_nfkc().normalize(text);
    Cow::Owned(text.chars().map(plain_digit).collect())
}

/// Scripts have their digits in a row of ten (Unicode 4.6): the value is the distance to the first.
fn plain_digit(c: char) -> char {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let is_digit = |c: u32| categories.get32(c) == GeneralCategory::DecimalNumber;
    let code = u32::from(c);
    if c.is_ascii() || !is_digit(code) {
        return c;
    }
    let value = (1..10).take_while(|back| is_digit(code - back)).count();
    char::from_digit(value as u32, 10).unwrap_or(c)
}

/// The text without what cannot be seen, in lower case, with letters of ASCII for those that look
/// like them. Folding may need normalizing again, and the other way round: until nothing changes.
fn folded(text: &str) -> String {
    let (normalizer, mapper) = (ComposingNormalizer::new_nfkc(), CaseMapper::new());
    let once = |text: &str| -> String {
        let seen: String = text.chars().filter(|c| !is_unseen(*c) || c.is_whitespace()).collect();
        let folded = mapper.fold_string(&normalizer.normalize(&seen)).into_owned();
        folded.chars().map(look_alike).collect()
    };
    let (mut before, mut after) = (text.to_owned(), once(text));
    while after != before {
        (before, after) = (after.clone(), once(&after));
    }
    after
}

/// The letter of ASCII, in lower case, that a letter with capitals looks like: as a capital, since
/// numbers are printed in capitals, else as a small letter.
fn look_alike(c: char) -> char {
    if c.is_ascii() || !c.is_lowercase() {
        return c;
    }
    let capital: String = c.to_uppercase().collect();
    let alike = [capital, c.to_string()].into_iter().filter_map(|form| {
        let plain: String = skeleton(&form).collect();
        // I is shown by its skeleton l.
        let letter = if plain == "l" { 'i' } else { only_letter(&plain)? };
        Some(letter.to_ascii_lowercase())
    });
    alike.into_iter().next().unwrap_or(c)
}

fn only_letter(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|c| c.is_ascii_alphabetic() && chars.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_identifier_have_one_key() {
        for (one, other) in [
            ("R-100a", "r-100A"),
            (" R  100 ", "r 100"),
            ("R\u{a0}100", "R\u{3000}100"),
            ("Ｒ-１００", "R-100"),
            ("STRASSE 1", "straße 1"),
            ("ﬁ-1", "FI-1"),
            ("A\u{30a}1", "Å1"),
            ("А-1", "A-1"),   // Cyrillic
            ("Ρ-1", "P-1"),   // Greek
            ("ΙΧ-1", "IX-1"), // Greek
            ("İ1", "i\u{307}1"),
            ("R\u{200b}1", "R1"),
        ] {
            assert!(matches(one, other), "{one} {other}: {:?}", MatchKey::of(one));
        }
        for (one, other) in [
            ("R-1", "R1"),
            ("R-1", "R-l"),
            ("R-0", "R-O"),
            ("R 1", "R1"),
            ("É1", "E1"),
            ("Я-1", "R-1"),
            ("京1", "1"),
        ] {
            assert!(!matches(one, other), "{one} {other}");
        }
    }

    #[test]
    fn an_identity_document_is_its_letters_and_digits() {
        for text in [
            "AB1234",
            "ab-12 34",
            "a b 1 2 3 4",
            "AB‑1234",
            "AB\u{a0}1234",
            "ＡＢ１２３４",
            "AB١٢٣٤",
            "AB۱۲۳۴",
            "АВ1234", // Cyrillic
            "ΑΒ1234", // Greek
            "ÁB1234",
            "AB.1234/",
            "AB①②③④",
        ] {
            assert_eq!(document_number(text), "AB1234", "{text}");
        }
        assert_eq!(document_number("Øł1"), "OL1");
        assert_eq!(document_number(" - "), "");
        assert_ne!(document_number("ЕЮ1234"), document_number("Е1234"));
    }

    #[test]
    fn characters_that_cannot_be_seen_are_named() {
        for c in "\u{0}\t\n\r\u{7f}\u{85}\u{ad}\u{200b}\u{200d}\u{202e}\u{2028}\u{2066}\u{feff}\u{3164}\u{fe0f}\u{e0041}".chars() {
            assert_eq!(unseen_character(&format!("A{c}1")), Some(c));
        }
        assert_eq!(unseen_character("A 1-ß/京 ١\u{a0}é Å"), None);
    }
}
