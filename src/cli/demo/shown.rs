//! JSON as the demo prints it: in the order it came, short things on one line, long ones cut, what
//! is empty left out.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

const WIDTH: usize = 110;
/// Longer texts (tokens, quotes, digests) are cut.
const LONGEST_TEXT: usize = 160;
/// Tokens and the like have no spaces, and nobody reads them.
const LONGEST_WORD: usize = 44;
/// Longer lists are cut.
const LONGEST_LIST: usize = 4;
/// Members of answers that say what the request said, or what nobody misses in a walk.
const LEFT_OUT: [&str; 13] = [
    "type",
    "instance",
    "title",
    "evaluated_at",
    "index",
    "reason",
    "condition",
    "disposition",
    "policy_version",
    "training",
    "rounding",
    "fallbacks",
    "exchanged",
];

/// A value whose members stay in their order.
enum Shown {
    Scalar(String),
    List(Vec<Shown>),
    Object(Vec<(String, Shown)>),
}

/// The document on as few lines as it can be read on; the text as it is if it is no JSON.
pub fn shown(text: &str) -> String {
    serde_json::from_str::<Shown>(text).map_or_else(|_| text.to_owned(), |value| value.lines(0))
}

/// The same of an answer, its lesser members left out, but `type` where it says how money is
/// refunded.
pub fn answer(text: &str) -> String {
    let value = serde_json::from_str::<Shown>(text).map(|value| value.without(&LEFT_OUT));
    value.map_or_else(|_| text.to_owned(), |value| value.lines(0))
}

impl Shown {
    fn without(self, names: &[&str]) -> Shown {
        match self {
            Shown::Scalar(text) => Shown::Scalar(text),
            Shown::List(entries) => {
                Shown::List(entries.into_iter().map(|entry| entry.without(names)).collect())
            }
            Shown::Object(members) => {
                let is_refund = members.iter().any(|(name, _)| name == "sale_tender");
                let stays = |name: &str| !names.contains(&name) || (is_refund && name == "type");
                let members = members.into_iter().filter(|(name, _)| stays(name));
                Shown::Object(members.map(|(name, value)| (name, value.without(names))).collect())
            }
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Shown::Scalar(text) => text == "null",
            Shown::List(entries) => entries.is_empty(),
            Shown::Object(members) => members.is_empty(),
        }
    }

    fn on_one_line(&self) -> String {
        match self {
            Shown::Scalar(text) => text.clone(),
            Shown::List(entries) => {
                let entries: Vec<String> = entries.iter().map(Shown::on_one_line).collect();
                format!("[{}]", entries.join(", "))
            }
            Shown::Object(members) => {
                let members: Vec<String> = members
                    .iter()
                    .map(|(name, value)| format!("\"{name}\": {}", value.on_one_line()))
                    .collect();
                format!("{{ {} }}", members.join(", "))
            }
        }
    }

    fn lines(&self, indent: usize) -> String {
        let line = self.on_one_line();
        if line.chars().count() + indent <= WIDTH {
            return line;
        }
        let inner = indent + 2;
        let (open, entries, close): (_, Vec<String>, _) = match self {
            Shown::Scalar(text) => return text.clone(),
            Shown::List(entries) => {
                ("[", entries.iter().map(|entry| entry.lines(inner)).collect(), "]")
            }
            Shown::Object(members) => (
                "{",
                members
                    .iter()
                    .map(|(name, value)| format!("\"{name}\": {}", value.lines(inner)))
                    .collect(),
                "}",
            ),
        };
        let margin = " ".repeat(inner);
        format!(
            "{open}\n{margin}{}\n{}{close}",
            entries.join(&format!(",\n{margin}")),
            " ".repeat(indent)
        )
    }
}

fn cut(text: &str) -> String {
    let most = if text.contains(' ') { LONGEST_TEXT } else { LONGEST_WORD };
    match text.chars().count() > most {
        true => format!("\"{}…\"", text.chars().take(most).collect::<String>().trim_end()),
        false => serde_json::Value::from(text).to_string(),
    }
}

impl<'de> Deserialize<'de> for Shown {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Shown, D::Error> {
        from.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Shown;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Shown, E> {
        Ok(Shown::Scalar("null".into()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Shown, E> {
        Ok(Shown::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Shown, E> {
        Ok(Shown::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Shown, E> {
        Ok(Shown::Scalar(value.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Shown, E> {
        Ok(Shown::Scalar(cut(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Shown, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = from.next_element()? {
            entries.push(entry);
        }
        let more = entries.len().saturating_sub(LONGEST_LIST);
        if more > 0 {
            entries.truncate(LONGEST_LIST);
            entries.push(Shown::Scalar(format!("… {more} more")));
        }
        Ok(Shown::List(entries))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Shown, A::Error> {
        let mut members: Vec<(String, Shown)> = Vec::new();
        while let Some((name, value)) = from.next_entry::<String, Shown>()? {
            if !value.is_empty() {
                members.push((name, value));
            }
        }
        Ok(Shown::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_stays_and_what_is_long_or_empty_goes() {
        assert_eq!(
            shown(r#"{"b":1,"a":[],"c":null,"d":["x",true]}"#),
            r#"{ "b": 1, "d": ["x", true] }"#
        );
        assert_eq!(shown("[1,2,3,4,5,6]"), "[1, 2, 3, 4, … 2 more]");
        let token = "e".repeat(200);
        assert_eq!(shown(&format!("\"{token}\"")), format!("\"{}…\"", "e".repeat(44)));
        let sentence = "word ".repeat(20);
        let long = format!(r#"{{"a":"{sentence}","b":"{sentence}"}}"#);
        assert_eq!(
            shown(&long),
            format!("{{\n  \"a\": \"{sentence}\",\n  \"b\": \"{sentence}\"\n}}")
        );
        assert_eq!(shown("no JSON"), "no JSON");
    }

    #[test]
    fn an_answer_loses_its_lesser_members() {
        let problem = r#"{"type":"https://x","title":"No","code":"c","refunds":[{"type":"cash","sale_tender":1,"rounding":"0.00"}]}"#;
        assert_eq!(
            answer(problem),
            r#"{ "code": "c", "refunds": [{ "type": "cash", "sale_tender": 1 }] }"#
        );
    }
}
