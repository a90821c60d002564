//! What is wrong with a body, and where: the members of a problem answer's `errors`.

use serde::{Deserialize, Serialize};

pub use crate::domain::refusal::Fault;

/// A JSON Pointer to a member of what `at` points to.
pub fn below(at: &str, member: &str) -> String {
    format!("{at}/{}", member.replace('~', "~0").replace('/', "~1"))
}

/// A value that is text in the contract, read without complaint whatever it is, so that a number in
/// its place is one fault with a pointer beside the others, and not the end of reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Written {
    Text(String),
    Other(serde_json::Value),
}

impl Written {
    /// The text; nothing where the document has something else.
    pub fn text(&self) -> Option<&str> {
        match self {
            Written::Text(text) => Some(text),
            Written::Other(_) => None,
        }
    }
}

impl From<String> for Written {
    fn from(text: String) -> Written {
        Written::Text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_as_rfc_6901_says() {
        assert_eq!(below("/rules/0/when", "a/b~c"), "/rules/0/when/a~1b~0c");
    }

    #[test]
    fn anything_can_be_written() {
        let read = |json: &str| serde_json::from_str::<Written>(json).unwrap();
        assert_eq!(read(r#""12.30""#).text(), Some("12.30"));
        assert_eq!(read("12.30").text(), None);
        assert_eq!(read("null").text(), None);
    }
}
