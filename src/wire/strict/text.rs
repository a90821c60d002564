//! The rules of one string: its format, its length, its characters.

use super::card_number::has_card_number;
use super::free_text::forbidden_character;
use super::pattern::Pattern;
use crate::domain::match_key::unseen_character;
use crate::domain::name::{self, RULE, STORE_RULE};
use crate::domain::quantity::Quantity;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

/// A fault without its place: a code and a sentence that goes on from the field's name.
pub type Complaint = (&'static str, String);

/// The `format`s that schemas of ours use. Amounts and quantities are strings with codes of their
/// own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Free text: looked at for card numbers.
    #[default]
    Free,
    /// Decimal text, `"12.30"`; the currency's digits are checked where the currency is known.
    Amount,
    /// Decimal text or a JSON integer, more than zero, up to three decimals.
    Quantity,
    /// `YYYY-MM-DD`.
    Date,
    /// RFC 3339 with offset.
    DateTime,
    /// A UUID in its 36 characters.
    Uuid,
    /// `receipt`, `customer`, `serial`, `identity`: an identifier that is matched, so two of them
    /// that look the same must be the same. Its digits are no card number.
    Matched,
    /// `gtin`, `sku`, `reference`, `jwt`, `code`: an identifier, whose digits are no card number.
    Coded,
    /// The number of an operator or a register, or the name of a policy: see [`name::is_name`].
    Name,
    /// The number of a store: see [`name::is_store`].
    Store,
}

impl Format {
    pub fn named(name: &str) -> Format {
        match name {
            "amount" => Format::Amount,
            "quantity" => Format::Quantity,
            "date" => Format::Date,
            "date-time" => Format::DateTime,
            "uuid" => Format::Uuid,
            "receipt" | "customer" | "serial" | "identity" => Format::Matched,
            "gtin" | "sku" | "reference" | "jwt" | "code" => Format::Coded,
            "name" => Format::Name,
            "store" => Format::Store,
            _ => Format::Free,
        }
    }
}

/// What a string has to be. Lengths count characters.
#[derive(Clone, Debug, Default)]
pub struct Text {
    pub format: Format,
    pub least: usize,
    pub most: Option<usize>,
    /// The pattern as written, for the message, and made ready, if it is a simple one.
    pub pattern: Option<(String, Option<Pattern>)>,
}

impl Text {
    /// The one thing wrong with the value, if there is one.
    pub fn complain(&self, value: &Value) -> Option<Complaint> {
        match (self.format, value) {
            (Format::Quantity, value) => quantity(value),
            (Format::Amount, value) => amount(value),
            (_, Value::String(text)) => self.length(text).or_else(|| self.content(text)),
            _ => Some(("invalid_value", "must be a text.".into())),
        }
    }

    fn length(&self, text: &str) -> Option<Complaint> {
        let most = self.most.unwrap_or(usize::MAX);
        // A text has at most as many characters as bytes, so most need no counting.
        let too_long = text.len() > most && text.chars().count() > most;
        if too_long {
            return Some(("too_long", format!("is longer than {most} characters.")));
        }
        match self.least {
            0 => None,
            1 if text.is_empty() => Some(("invalid_value", "must not be empty.".into())),
            least if text.len() < least || text.chars().count() < least => {
                Some(("invalid_value", format!("must have at least {least} characters.")))
            }
            _ => None,
        }
    }

    fn content(&self, text: &str) -> Option<Complaint> {
        if let Some((written, Some(pattern))) = &self.pattern
            && !pattern.matches(text)
        {
            return Some(("invalid_value", format!("must have the form {written}.")));
        }
        match self.format {
            Format::Date => {
                (!is_date(text)).then(|| invalid("must be a date, like \"2026-03-01\"."))
            }
            Format::DateTime => (!is_date_time(text)).then(|| {
                invalid("must be a time with offset, like \"2026-03-01T14:05:09-05:00\".")
            }),
            Format::Uuid => (!is_uuid(text))
                .then(|| invalid("must be an id of 36 characters, as an earlier answer gave it.")),
            Format::Name if !name::is_name(text) => Some(no_name(text, RULE)),
            Format::Store if !name::is_store(text) => Some(no_name(text, STORE_RULE)),
            format => free(text, format),
        }
    }
}

fn no_name(text: &str, rule: &str) -> Complaint {
    match name::is_reserved(text) {
        true => ("invalid_value", format!("must not be {text:?}: the service uses that name.")),
        false => ("invalid_value", format!("must have {rule}.")),
    }
}

fn invalid(detail: &str) -> Complaint {
    ("invalid_value", detail.into())
}

/// What is wrong with a text as such, wherever it stands.
pub fn free(text: &str, format: Format) -> Option<Complaint> {
    if let Some(c) = forbidden_character(text) {
        let code_point = u32::from(c);
        return Some((
            "invalid_value",
            format!("contains the character U+{code_point:04X}, which cannot be kept."),
        ));
    }
    if let Some(c) = unseen_character(text).filter(|_| format == Format::Matched) {
        let code_point = u32::from(c);
        let detail = format!(
            "contains the character U+{code_point:04X}, which cannot be seen. Send it as it is printed."
        );
        return Some(("invalid_value", detail));
    }
    let is_free = !matches!(format, Format::Coded | Format::Matched);
    (is_free && has_card_number(text)).then(|| {
        (
            "card_number_refused",
            "looks like it contains a card number, which must not be kept.".into(),
        )
    })
}

fn amount(value: &Value) -> Option<Complaint> {
    let detail = match value {
        Value::String(text) if is_amount(text) => return None,
        Value::String(_) => "must be an amount in plain decimals, like \"12.30\".",
        Value::Number(_) => "must be an amount written as a string, like \"12.30\".",
        _ => "must be an amount, like \"12.30\".",
    };
    Some(("invalid_amount", detail.into()))
}

/// Longer amounts cannot be meant: more than fits the largest one with the most digits of any
/// currency.
const MAX_AMOUNT_LENGTH: usize = 24;

fn is_amount(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.len() <= MAX_AMOUNT_LENGTH && digits(whole) && digits(decimals)
}

fn quantity(value: &Value) -> Option<Complaint> {
    let read = match value {
        Value::String(text) => Quantity::parse(text),
        Value::Number(number) if !number.is_f64() => Quantity::parse(&number.to_string()),
        _ => None,
    };
    read.is_none().then(|| ("invalid_quantity", no_quantity(value).into()))
}

fn no_quantity(value: &Value) -> &'static str {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(&text);
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    match digits(whole) && digits(decimals) && value.is_string() || value.is_i64() {
        true if text.starts_with('-') => {
            "must be above zero. For what is given back on a sale, send the quantity above zero \
             and the line's `kind`."
        }
        true if decimals.trim_end_matches('0').len() > 3 => {
            "has more than three decimals. Round it to three, and state the line's `amount`."
        }
        _ => {
            "must be a number of units above zero, with up to three decimals, like \"2\" or \
             \"0.350\"."
        }
    }
}

/// `YYYY-MM-DD` and a day that exists.
pub fn is_date(text: &str) -> bool {
    shaped(text, "9999-99-99") && text.parse::<Date>().is_ok()
}

/// RFC 3339 §5.6 with an offset or `Z`; jiff reads more than that.
fn is_date_time(text: &str) -> bool {
    let Some((local, rest)) = text.split_at_checked(19) else {
        return false;
    };
    let digits = rest
        .strip_prefix('.')
        .map(|r| r.len() - r.trim_start_matches(|c: char| c.is_ascii_digit()).len());
    let offset = match digits {
        None => rest,
        Some(1..=9) => rest[1..].trim_start_matches(|c: char| c.is_ascii_digit()),
        Some(_) => return false,
    };
    let offset_ok = matches!(offset, "Z" | "z") || is_offset(offset);
    let local_ok = shaped(&local.replace('t', "T"), "9999-99-99T99:99:99");
    local_ok && offset_ok && text.parse::<Timestamp>().is_ok()
}

/// `±hh:mm` up to ±23:59 (RFC 3339 §5.6); jiff reads up to ±25:59.
fn is_offset(text: &str) -> bool {
    let shaped = shaped(text, "+99:99") || shaped(text, "-99:99");
    shaped && &text[1..3] <= "23" && &text[4..6] <= "59"
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// Whether the text has a digit for each 9 of the model and is otherwise the same.
fn shaped(text: &str, model: &str) -> bool {
    let fits = |(t, m): (u8, u8)| if m == b'9' { t.is_ascii_digit() } else { t == m };
    text.len() == model.len() && text.bytes().zip(model.bytes()).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn code(format: &str, value: Value) -> Option<&'static str> {
        let text = Text { format: Format::named(format), ..Text::default() };
        text.complain(&value).map(|(code, _)| code)
    }

    #[test]
    fn formats_take_what_the_contract_says_and_nothing_else() {
        let table: [(&str, &str, Vec<Value>, Vec<Value>); 5] = [
            (
                "amount",
                "invalid_amount",
                vec![json!("12.30"), json!("-0.5"), json!("0"), json!("1500"), json!("1.2345")],
                vec![
                    json!(12.3),
                    json!(12),
                    json!("1e3"),
                    json!("NaN"),
                    json!(" 1"),
                    json!("1 "),
                    json!("+1"),
                    json!("1."),
                    json!(".5"),
                    json!(""),
                    json!("-"),
                    json!("1,5"),
                    json!("٣"),
                    json!(null),
                    json!("0".repeat(25)),
                ],
            ),
            (
                "quantity",
                "invalid_quantity",
                vec![json!("1"), json!(1), json!("0.350"), json!("2.5"), json!(1_000_000)],
                vec![
                    json!(0),
                    json!("0"),
                    json!("0.000"),
                    json!(-1),
                    json!("-1"),
                    json!(1.5),
                    json!("1.2345"),
                    json!("1e2"),
                    json!(""),
                    json!(u64::MAX),
                    json!(true),
                ],
            ),
            (
                "date",
                "invalid_value",
                vec![json!("2026-03-01"), json!("2024-02-29")],
                vec![
                    json!("2026-02-29"),
                    json!("20260301"),
                    json!("2026-3-1"),
                    json!("2026-03-01T00:00:00Z"),
                    json!(""),
                ],
            ),
            (
                "date-time",
                "invalid_value",
                vec![
                    json!("2026-03-01T14:05:09-05:00"),
                    json!("2026-03-01T14:05:09Z"),
                    json!("2026-03-01t14:05:09.123456z"),
                    json!("2026-03-01T14:05:09+23:59"),
                    json!("2026-03-01T14:05:09-23:59"),
                ],
                vec![
                    json!("2026-03-01T14:05:09"),
                    json!("2026-03-01 14:05:09Z"),
                    json!("2026-03-01T14:05Z"),
                    json!("2026-03-01T14:05:09+05"),
                    json!("2026-03-01T14:05:09-05:00[America/New_York]"),
                    json!("2026-02-30T00:00:00Z"),
                    json!("2026-03-01T14:05:09.Z"),
                    json!("2026-03-01T14:05:09+24:00"),
                    json!("2026-03-01T14:05:09-24:00"),
                    json!("2026-03-01T14:05:09+25:59"),
                    json!("2026-03-01T14:05:09+14:60"),
                    json!(1),
                ],
            ),
            (
                "uuid",
                "invalid_value",
                vec![json!("0190d3a0-0000-7000-8000-000000000000")],
                vec![
                    json!("0190d3a0000070008000000000000000"),
                    json!("{0190d3a0-0000-7000-8000-000000000000}"),
                    json!("x"),
                ],
            ),
        ];
        for (format, expected, good, bad) in table {
            for value in good {
                assert_eq!(code(format, value.clone()), None, "{format} {value}");
            }
            for value in bad {
                assert_eq!(code(format, value.clone()), Some(expected), "{format} {value}");
            }
        }
    }

    #[test]
    fn card_numbers_are_refused_except_where_digits_are_the_nature_of_the_field() {
        let card = || json!("4242 4242 4242 4242");
        assert_eq!(code("free", card()), Some("card_number_refused"));
        let coded = ["gtin", "sku", "reference", "jwt", "code"];
        let matched = ["receipt", "customer", "serial", "identity"];
        for format in coded.into_iter().chain(matched) {
            assert_eq!(code(format, card()), None, "{format}");
            assert_eq!(code(format, json!("a\u{1}")), Some("invalid_value"), "{format}");
        }
        for unseen in ["A\u{200b}1", "A\u{202e}1", "A\u{ad}1", "A\t1", "A\u{85}1", "A\u{3164}1"] {
            matched.iter().for_each(|format| {
                assert_eq!(
                    code(format, json!(unseen)),
                    Some("invalid_value"),
                    "{format} {unseen:?}"
                );
            });
            assert_eq!(code("free", json!(unseen)), None, "{unseen:?}");
        }
    }

    #[test]
    fn lengths_count_characters() {
        let text = Text { least: 2, most: Some(3), ..Text::default() };
        let code = |value: &str| text.complain(&json!(value)).map(|(code, _)| code);
        assert_eq!(
            [code("日本語"), code("ab"), code("日"), code("äöüß")],
            [None, None, Some("invalid_value"), Some("too_long")]
        );
    }
}
