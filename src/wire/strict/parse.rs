//! Bytes to a JSON value, refusing what is malformed, ambiguous or too deep.

use super::pointer::{push_token, shorten};
use crate::wire::problem::{Fault, Problem};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::RefCell;
use std::fmt;

/// Arrays and objects may lie this deep within each other.
pub const MAX_DEPTH: usize = 32;

/// Returns the text behind a byte order mark, which some programs write before UTF-8.
pub fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)
}

/// Reads one JSON document, with or without a byte order mark. The problem is `malformed_json`, or
/// `duplicate_json_key` with a pointer to the key.
pub fn parse(bytes: &[u8]) -> Result<Value, Box<Problem>> {
    let bytes = without_bom(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Box::new(malformed("The request has no body; a JSON document is expected.")));
    }
    if let Err(broken) = std::str::from_utf8(bytes) {
        let (line, column) = place(&bytes[..broken.valid_up_to()]);
        let detail = format!("The body is not UTF-8 at line {line}, column {column}.");
        return Err(Box::new(malformed(detail)));
    }
    let refusal = RefCell::new(None);
    let seed = Strict { refusal: &refusal, pointer: &RefCell::new(String::new()), depth: 0 };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let parsed = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    parsed.map_err(|error| Box::new(refusal.into_inner().unwrap_or_else(|| described(&error))))
}

fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new("malformed_json", detail)
}

/// The parser's own words without its trailing place, which gets a sentence of the same form as
/// ours.
fn described(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or("not JSON");
    let (line, column) = (error.line(), error.column());
    malformed(format!("The body is not JSON: {what}, at line {line}, column {column}."))
}

/// Line and column (both from 1, the column in bytes) behind these bytes.
fn place(before: &[u8]) -> (usize, usize) {
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
    (line, column)
}

/// Builds a value and keeps track of where it is. The pointer is shared down the tree and cut back
/// on the way up.
#[derive(Clone, Copy)]
struct Strict<'a> {
    refusal: &'a RefCell<Option<Problem>>,
    pointer: &'a RefCell<String>,
    depth: usize,
}

impl Strict<'_> {
    fn refuse<E: serde::de::Error>(&self, problem: Problem) -> E {
        self.refusal.replace(Some(problem));
        E::custom("refused")
    }

    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            let detail = format!("The body is nested more than {MAX_DEPTH} levels deep.");
            return Err(self.refuse(malformed(detail)));
        }
        Ok(Strict { depth: self.depth + 1, ..self })
    }

    fn duplicate<E: serde::de::Error>(&self, key: &str) -> E {
        let detail = format!("The key `{}` is there twice.", shorten(key));
        let mut pointer = self.pointer.borrow().clone();
        push_token(&mut pointer, key);
        let fault = Fault::new("duplicate_json_key", pointer, detail);
        self.refuse(Problem::of_faults(vec![fault]))
    }

    /// Runs `read` one step further in, then steps back.
    fn within<T, E>(&self, token: &str, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let length = self.pointer.borrow().len();
        push_token(&mut self.pointer.borrow_mut(), token);
        let result = read();
        self.pointer.borrow_mut().truncate(length);
        result
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(entry) =
            self.within(&list.len().to_string(), || entries.next_element_seed(inner))?
        {
            list.push(entry);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(self.duplicate(&key));
            }
            let value = self.within(&key, || entries.next_value_seed(inner))?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn refused(body: &[u8]) -> (String, String, Vec<String>) {
        let problem = parse(body).unwrap_err();
        assert_eq!(problem.status, 400);
        (
            problem.code,
            problem.detail,
            problem.errors.into_iter().map(|fault| fault.pointer).collect(),
        )
    }

    #[test]
    fn malformed_bodies_are_refused_with_their_place() {
        let cases: [(&[u8], &str); 9] = [
            (b"", "The request has no body; a JSON document is expected."),
            (b" \n", "The request has no body; a JSON document is expected."),
            (b"{\"a\":1,\n \"b\" 2}", "The body is not JSON: expected `:`, at line 2, column 6."),
            (b"{\"a\":01}", "The body is not JSON: invalid number, at line 1, column 7."),
            (b"{} {}", "The body is not JSON: trailing characters, at line 1, column 4."),
            (b"[NaN]", "The body is not JSON: expected value, at line 1, column 2."),
            (b"[1e999]", "The body is not JSON: number out of range, at line 1, column 6."),
            (
                b"[\"\\ud800\"]",
                "The body is not JSON: unexpected end of hex escape, at line 1, column 9.",
            ),
            (b"[\n\"a\xff\"]", "The body is not UTF-8 at line 2, column 3."),
        ];
        for (body, detail) in cases {
            assert_eq!(refused(body), ("malformed_json".into(), detail.into(), vec![]));
        }
    }

    #[test]
    fn duplicate_keys_are_refused_wherever_they_are() {
        let cases: [(&str, &str); 4] = [
            (r#"{"a":1,"a":1}"#, "/a"),
            (r#"{"lines":[{"net":"1"},{"net":"1","sku":"x","net":"2"}]}"#, "/lines/1/net"),
            (r#"{"x":{"y/z":[],"\u0079/z":0}}"#, "/x/y~1z"),
            (r#"{"a":[[1],{"b":{}}],"c":{"d":0,"d":0}}"#, "/c/d"),
        ];
        for (body, pointer) in cases {
            let (code, _, pointers) = refused(body.as_bytes());
            assert_eq!(
                (code.as_str(), pointers),
                ("duplicate_json_key", vec![pointer.to_owned()]),
                "{body}"
            );
        }
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        let (code, detail, _) = refused(nested(MAX_DEPTH + 1).as_bytes());
        assert_eq!(
            (code.as_str(), detail.as_str()),
            ("malformed_json", "The body is nested more than 32 levels deep.")
        );
        assert_eq!(refused("[".repeat(100_000).as_bytes()).0, "malformed_json");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|map| json!(map))
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_no_fault_reads_as_serde_json_reads_it(value in any_json()) {
            let bytes = serde_json::to_vec_pretty(&value).unwrap();
            prop_assert_eq!(parse(&bytes).ok(), Some(value));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(parse(&bytes).is_ok(), serde_json::from_slice::<Value>(&bytes).is_ok());
        }
    }
}
