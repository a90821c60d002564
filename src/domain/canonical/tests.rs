//! Canonical JSON against another implementation, and what is refused.

use super::*;
use proptest::prelude::*;

/// Any document the log can hold, with the characters that writers of JSON get wrong.
pub fn any_json() -> impl Strategy<Value = Json> {
    let text = any_text();
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        (-MAX_SAFE..=MAX_SAFE).prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any_text().prop_map(Json::Text),
    ];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::List),
            prop::collection::btree_map(text.clone(), inner, 0..6).prop_map(Json::object),
        ]
    })
}

fn any_text() -> impl Strategy<Value = String> + Clone {
    let odd = prop::sample::select(
        "\"\\/\u{0}\u{8}\t\n\u{b}\u{c}\r\u{1f}\u{7f}\u{2028}\u{e000}\u{ffff}😀𐀀é"
            .chars()
            .collect::<Vec<_>>(),
    );
    let letter = prop_oneof![odd, prop::char::range('a', 'f'), any::<char>()];
    prop::collection::vec(letter, 0..8).prop_map(|chars| chars.into_iter().collect())
}

fn as_serde(value: &Json) -> serde_json::Value {
    match value {
        Json::Null => serde_json::Value::Null,
        Json::Bool(b) => (*b).into(),
        Json::Int(int) => int.get().into(),
        Json::Text(text) => text.as_str().into(),
        Json::List(items) => items.iter().map(as_serde).collect(),
        Json::Object(members) => serde_json::Value::Object(
            members.iter().map(|(name, value)| (name.to_string(), as_serde(value))).collect(),
        ),
    }
}

proptest! {
    #[test]
    fn writes_what_another_implementation_writes(value in any_json()) {
        let theirs = serde_json_canonicalizer::to_string(&as_serde(&value)).unwrap();
        prop_assert_eq!(value.write(), theirs);
    }

    #[test]
    fn what_is_written_reads_back(value in any_json()) {
        prop_assert_eq!(Json::parse_canonical(&value.write()), Ok(value));
    }

    #[test]
    fn reads_what_others_write_otherwise(value in any_json()) {
        let pretty = serde_json::to_string_pretty(&as_serde(&value)).unwrap();
        prop_assert_eq!(Json::parse(&pretty), Ok(value));
    }

    #[test]
    fn never_panics_and_never_takes_what_another_reader_refuses(text in "[\\[\\]{}:,\"\\\\u0-9a-f.eE+-]{0,24}|\\PC{0,16}") {
        if let Ok(value) = Json::parse(&text) {
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), as_serde(&value));
        }
    }
}

#[test]
fn sorts_names_by_utf16_as_the_rfc_shows() {
    // RFC 8785 §3.2.3, without its float.
    let names = ["\u{20ac}", "\r", "\u{fb33}", "1", "😀", "\u{80}", "ö"];
    let value = Json::object(names.map(|name| (name, Json::Null)));
    let expected = "{\"\\r\":null,\"1\":null,\"\u{80}\":null,\"ö\":null,\"€\":null,\"😀\":null,\"\u{fb33}\":null}";
    assert_eq!(value.write(), expected);
}

#[test]
fn an_integer_that_would_round_is_text() {
    assert_eq!(Json::from(MAX_SAFE).write(), "9007199254740991");
    assert_eq!(Json::from(MAX_SAFE + 1).write(), "\"9007199254740992\"");
    assert_eq!(Json::from(i64::MIN).write(), "\"-9223372036854775808\"");
    assert_eq!(Json::from(u64::MAX).write(), "\"18446744073709551615\"");
}

#[test]
fn refuses_what_the_log_never_writes() {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let refused = [
        "",
        " ",
        "1.0",
        "1e3",
        "-0",
        "-",
        "01",
        "+1",
        "9007199254740992",
        "-9007199254740992",
        "1 2",
        "{}x",
        "[1,]",
        "{,}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "{a:1}",
        "{\"a\" 1}",
        "[1 2]",
        "\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\ud800\"",
        "\"\\ud800\\n\"",
        "\"\n\"",
        "tru",
        "nul",
        "NaN",
        "'a'",
        "\u{feff}1",
        deep.as_str(),
    ];
    for text in refused {
        assert!(Json::parse(text).is_err(), "{text:?} was taken");
    }
}

#[test]
fn canonical_reading_refuses_other_spellings() {
    for text in
        ["{ }", " 1", "1\n", "{\"b\":1,\"a\":2}", "\"\\u0041\"", "\"\\/\"", "\"\\u000A\"", "[1, 2]"]
    {
        assert!(Json::parse(text).is_ok(), "{text:?} is JSON");
        assert!(Json::parse_canonical(text).is_err(), "{text:?} was taken as canonical");
    }
}
