//! The form of a card's code: `GXXX-XXXX-XXXX-XXXX` in Crockford's base 32, a `G`, fourteen random
//! letters (70 bits) and a check letter (Luhn mod 32), so that a slip of the finger is told from an
//! unknown card before anything is looked up.
//!
//! Codes that others printed are taken as given: a GS1 SGCN, `(255)` and 14 to 25 digits, or any
//! text of 8 to 64 letters, digits and `()-./`.

/// Crockford's: no I, L, O or U to misread.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// What our own codes begin with: an others' code of the same length is not taken for one of ours.
const MARK: char = 'G';
const RANDOM: usize = 14;
/// Length without dashes: mark, random letters, check letter.
const LENGTH: usize = RANDOM + 2;
/// A code that others printed.
const GIVEN: std::ops::RangeInclusive<usize> = 8..=64;
/// GS1 General Specifications, application identifier 255: 13 digits and a serial number of up to 12.
const SGCN: std::ops::RangeInclusive<usize> = 14..=25;

/// Makes a code of random bytes, 14 of them used; in groups of four, for people.
pub fn of_random(random: &[u8; 32]) -> String {
    let letters: String =
        random[..RANDOM].iter().map(|byte| letter(usize::from(byte & 31))).collect();
    let body = format!("{MARK}{letters}");
    let check = check_letter(&body).unwrap_or(MARK);
    let whole = format!("{body}{check}");
    let groups: Vec<&str> =
        [0, 4, 8, 12].iter().filter_map(|start| whole.get(*start..start + 4)).collect();
    groups.join("-")
}

/// The one spelling of a code as typed or scanned: what is hashed. None if it cannot be a code: of
/// a form that there is not, or with a check letter that does not check.
pub fn normal(typed: &str) -> Option<String> {
    let bare: String =
        typed.chars().filter(|c| !matches!(c, ' ' | '-')).collect::<String>().to_ascii_uppercase();
    if let Some(digits) = bare.strip_prefix("(255)") {
        let sound =
            SGCN.contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        return sound.then_some(bare);
    }
    let own = spelled(&bare);
    if looks_own(&own) {
        let (body, check) = own.split_at(LENGTH - 1);
        return (check_letter(body).map(String::from).as_deref() == Some(check)).then_some(own);
    }
    let printed = GIVEN.contains(&bare.len())
        && bare
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'(' | b')' | b'.' | b'/'));
    printed.then_some(bare)
}

/// The last four characters, which may be shown. A short code of others does not show half of
/// itself.
pub fn last4(normal: &str) -> String {
    normal.get(normal.len().saturating_sub(4)..).unwrap_or_default().to_owned()
}

/// As Crockford reads it: what is misread most is meant.
fn spelled(bare: &str) -> String {
    bare.chars()
        .map(|c| match c {
            'I' | 'L' => '1',
            'O' => '0',
            c => c,
        })
        .collect()
}

fn looks_own(text: &str) -> bool {
    text.len() == LENGTH && text.starts_with(MARK) && text.bytes().all(|b| ALPHABET.contains(&b))
}

fn letter(value: usize) -> char {
    char::from(ALPHABET[value % 32])
}

/// Luhn mod N over base 32 (ISO/IEC 7812-1 annex B, generalised): finds every single wrong letter,
/// and nearly every two neighbours that changed places.
fn check_letter(body: &str) -> Option<char> {
    let mut sum = 0;
    for (place, c) in body.bytes().rev().enumerate() {
        let value = ALPHABET.iter().position(|known| *known == c)?;
        let weighed = if place % 2 == 0 { value * 2 } else { value };
        sum += weighed / 32 + weighed % 32;
    }
    Some(letter((32 - sum % 32) % 32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_slip_of_one_letter_is_found(random: [u8; 32], place in 1usize..16, by in 1usize..32) {
            let code = of_random(&random);
            let own = normal(&code).unwrap();
            prop_assert_eq!(own.len(), 16);
            prop_assert_eq!(normal(&code.to_lowercase().replace('-', " ")), Some(own.clone()));
            let mut slipped: Vec<u8> = own.bytes().collect();
            let value = ALPHABET.iter().position(|c| *c == slipped[place]).unwrap();
            slipped[place] = ALPHABET[(value + by) % 32];
            prop_assert_eq!(normal(&String::from_utf8(slipped).unwrap()), None);
        }
    }

    #[test]
    fn codes_of_others_are_taken_as_printed() {
        let table = [
            ("(255)12345678901234", Some("(255)12345678901234")),
            ("(255)1234567890123456789012345", Some("(255)1234567890123456789012345")),
            ("(255)1234567890123", None),
            ("(255)12345678901234567890123456", None),
            ("(255)1234567890123A", None),
            ("6006-4912 3456 7890", Some("6006491234567890")),
            ("abcd1234", Some("ABCD1234")),
            ("short", None),
            ("with\u{e4}umlaut", None),
        ];
        for (typed, read) in table {
            assert_eq!(normal(typed).as_deref(), read, "{typed}");
        }
        assert_eq!(last4("ABCD1234"), "1234");
    }

    #[test]
    fn letters_that_are_misread_are_meant() {
        let own = normal(&of_random(&[1; 32])).unwrap();
        assert_eq!(normal(&own.replace('1', "I")), Some(own.clone()));
        assert_eq!(normal(&own.replace('1', "l")), Some(own));
        assert_eq!(
            of_random(&[0; 32]),
            "G000-0000-0000-000G".replace("000G", &of_random(&[0; 32])[15..])
        );
    }
}
