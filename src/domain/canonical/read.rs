//! Reading JSON back, strictly: what the log did not write is refused, not guessed at.

use super::{Json, Members, SafeInt};
use std::fmt;

/// Deeper nesting is refused, so that a hostile document cannot exhaust the stack.
const MAX_DEPTH: usize = 64;

/// Why a text is not JSON as the log writes it, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The byte of the text, from 0.
    pub at: usize,
    pub why: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {})", self.why, self.at)
    }
}

impl std::error::Error for Malformed {}

pub(super) fn parse(text: &str) -> Result<Json, Malformed> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => reader.refuse("has something after the value"),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn refuse<T>(&self, why: &'static str) -> Result<T, Malformed> {
        Err(Malformed { at: self.at, why })
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, Malformed> {
        self.skip_space();
        if depth > MAX_DEPTH {
            return self.refuse("is nested too deeply");
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.int(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(_) => self.refuse("is not JSON here"),
            None => self.refuse("ends too early"),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, Malformed> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return self.refuse("is not JSON here");
        }
        self.at += word.len();
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Json, Malformed> {
        self.at += 1;
        let mut members = Members::new();
        self.skip_space();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return self.refuse("lacks a member name");
            }
            let name = self.string()?;
            if members.contains_key(name.as_str()) {
                return self.refuse("has the same member name twice");
            }
            self.skip_space();
            if !self.take(b':') {
                return self.refuse("lacks a colon");
            }
            members.insert(name.into(), self.value(depth + 1)?);
            self.skip_space();
            if self.take(b'}') {
                return Ok(Json::Object(members));
            }
            if !self.take(b',') {
                return self.refuse("lacks a comma");
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, Malformed> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(Json::List(items));
            }
            if !self.take(b',') {
                return self.refuse("lacks a comma");
            }
        }
    }

    fn int(&mut self) -> Result<Json, Malformed> {
        let rest = &self.text[self.at..];
        let sign = usize::from(rest.starts_with('-'));
        let digits = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
        let literal = &rest[..sign + digits];
        if matches!(rest.as_bytes().get(sign + digits), Some(b'.' | b'e' | b'E')) {
            return self.refuse("has a number that is not an integer");
        }
        if literal == "-0" || (digits > 1 && rest[sign..].starts_with('0')) {
            return self.refuse("has an integer that is not written plainly");
        }
        let Some(int) = literal.parse().ok().and_then(SafeInt::new) else {
            return self.refuse("has an integer beyond ±(2^53 - 1)");
        };
        self.at += literal.len();
        Ok(Json::Int(int))
    }

    fn string(&mut self) -> Result<String, Malformed> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain =
                rest.bytes().take_while(|b| *b >= 0x20 && !matches!(b, b'"' | b'\\')).count();
            out.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(_) => return self.refuse("has a control character in a string"),
                None => return self.refuse("ends within a string"),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Malformed> {
        self.at += 1;
        let letter = self.peek();
        self.at += 1;
        match letter {
            Some(c @ (b'"' | b'\\' | b'/')) => Ok(char::from(c)),
            Some(b'b') => Ok('\u{8}'),
            Some(b't') => Ok('\t'),
            Some(b'n') => Ok('\n'),
            Some(b'f') => Ok('\u{c}'),
            Some(b'r') => Ok('\r'),
            Some(b'u') => self.unicode(),
            _ => {
                self.at -= 1;
                self.refuse("has an unknown escape in a string")
            }
        }
    }

    /// What stands after `\u`: four hex digits, or a surrogate pair of two such escapes.
    fn unicode(&mut self) -> Result<char, Malformed> {
        let first = self.four_hex()?;
        let mut units = vec![first];
        if (0xd800..0xdc00).contains(&first) && self.take(b'\\') && self.take(b'u') {
            units.push(self.four_hex()?);
        }
        match char::decode_utf16(units).collect::<Result<Vec<char>, _>>().as_deref() {
            Ok([c]) => Ok(*c),
            _ => self.refuse("has half a surrogate pair in a string"),
        }
    }

    fn four_hex(&mut self) -> Result<u16, Malformed> {
        let digits = self
            .text
            .as_bytes()
            .get(self.at..self.at + 4)
            .filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let Some(unit) = digits
            .and_then(|d| std::str::from_utf8(d).ok())
            .and_then(|d| u16::from_str_radix(d, 16).ok())
        else {
            return self.refuse("has an escape without four hex digits");
        };
        self.at += 4;
        Ok(unit)
    }
}
