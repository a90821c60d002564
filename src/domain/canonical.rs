//! Canonical JSON (RFC 8785): one value, one sequence of bytes, so that a hash over it means
//! something.
//!
//! The log's leaves are written with it. Deliberately absent: floats (money is text or minor units)
//! and integers beyond ±(2^53 − 1), which other readers of JSON would round silently (RFC 8785
//! §3.2.2.3, RFC 7493 §2.2).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

mod read;

pub use read::Malformed;

/// The largest integer that every reader of JSON keeps exactly: 2^53 − 1.
pub const MAX_SAFE: i64 = 9_007_199_254_740_991;

/// An integer within ±[`MAX_SAFE`]. Nothing else can be made, so no document can hold a number that
/// rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SafeInt(i64);

impl SafeInt {
    pub fn new(value: i64) -> Option<SafeInt> {
        (-MAX_SAFE..=MAX_SAFE).contains(&value).then_some(SafeInt(value))
    }

    pub fn get(self) -> i64 {
        self.0
    }
}

/// The members of an object. Most names are written in this program, and cost nothing then.
pub type Members = BTreeMap<Cow<'static, str>, Json>;

/// A JSON document without floats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    Null,
    Bool(bool),
    Int(SafeInt),
    Text(String),
    List(Vec<Json>),
    Object(Members),
}

impl Json {
    /// An object of named members; the last of two equal names stays.
    pub fn object<K: Into<Cow<'static, str>>>(
        members: impl IntoIterator<Item = (K, Json)>,
    ) -> Json {
        Json::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// Reads JSON strictly: no duplicate names, no floats, no `-0`, no integer beyond
    /// ±[`MAX_SAFE`], no lone surrogate, nothing after the value. White space and member order are
    /// free.
    pub fn parse(text: &str) -> Result<Json, Malformed> {
        read::parse(text)
    }

    /// Like [`Json::parse`], and the text must be byte for byte what [`Json::write`] makes of the
    /// value.
    pub fn parse_canonical(text: &str) -> Result<Json, Malformed> {
        let value = read::parse(text)?;
        let canonical = value.write();
        if canonical == text {
            return Ok(value);
        }
        let at = canonical.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
        Err(Malformed {
            at,
            why: "is valid JSON, but not in canonical form (RFC 8785) from here on",
        })
    }

    /// The canonical text (RFC 8785 §3.2).
    pub fn write(&self) -> String {
        let mut out = String::new();
        self.write_to(&mut out);
        out
    }

    /// Appends the canonical text to `out`.
    pub fn write_to(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(true) => out.push_str("true"),
            Json::Bool(false) => out.push_str("false"),
            // Writing to a string cannot fail.
            Json::Int(int) => write!(out, "{}", int.0).unwrap_or_default(),
            Json::Text(text) => write_text(text, out),
            Json::List(items) => {
                write_joined(items, ['[', ']'], out, |item, out| item.write_to(out))
            }
            // The map's own order, by code points, is the wanted one but where characters beyond
            // U+FFFF meet those from U+E000 on.
            Json::Object(members) if members.keys().all(|name| name.is_ascii()) => {
                write_joined(members, ['{', '}'], out, write_member);
            }
            Json::Object(members) => write_joined(by_utf16(members), ['{', '}'], out, write_member),
        }
    }

    /// The member of that name, if this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.get(name),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_int(&self) -> Option<i64> {
        match self {
            Json::Int(int) => Some(int.0),
            _ => None,
        }
    }
}

fn write_member((name, value): (&Cow<'static, str>, &Json), out: &mut String) {
    write_text(name, out);
    out.push(':');
    value.write_to(out);
}

/// Members sorted by UTF-16 code units (RFC 8785 §3.2.3).
fn by_utf16(members: &Members) -> Vec<(&Cow<'static, str>, &Json)> {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    sorted
}

fn write_joined<T>(
    items: impl IntoIterator<Item = T>,
    [open, close]: [char; 2],
    out: &mut String,
    mut write: impl FnMut(T, &mut String),
) {
    out.push(open);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(close);
}

/// A string as ECMAScript's `JSON.stringify` writes it (RFC 8785 §3.2.2.2).
pub(super) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    // All that has to be escaped is ASCII, and no byte of a longer character is.
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\')
    {
        out.push_str(&rest[..at]);
        escape(rest.as_bytes()[at], out);
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

fn escape(byte: u8, out: &mut String) {
    match byte {
        b'"' => out.push_str("\\\""),
        b'\\' => out.push_str("\\\\"),
        0x8 => out.push_str("\\b"),
        b'\t' => out.push_str("\\t"),
        b'\n' => out.push_str("\\n"),
        0xc => out.push_str("\\f"),
        b'\r' => out.push_str("\\r"),
        // Writing to a string cannot fail.
        byte => write!(out, "\\u{byte:04x}").unwrap_or_default(),
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Json {
        Json::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Json {
        Json::Text(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Json {
        Json::Bool(value)
    }
}

/// A number where every reader keeps it exactly, its decimal text beyond ±[`MAX_SAFE`].
impl From<i64> for Json {
    fn from(value: i64) -> Json {
        SafeInt::new(value).map_or_else(|| Json::Text(value.to_string()), Json::Int)
    }
}

/// As for `i64`: a number, or its decimal text beyond [`MAX_SAFE`].
impl From<u64> for Json {
    fn from(value: u64) -> Json {
        i64::try_from(value).map_or_else(|_| Json::Text(value.to_string()), Json::from)
    }
}

impl From<u32> for Json {
    fn from(value: u32) -> Json {
        Json::Int(SafeInt(i64::from(value)))
    }
}

impl From<i32> for Json {
    fn from(value: i32) -> Json {
        Json::Int(SafeInt(i64::from(value)))
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Json {
        value.map_or(Json::Null, Into::into)
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(items: Vec<T>) -> Json {
        Json::List(items.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
pub(crate) mod tests;
