//! Where in a body something is, kept as steps and written as a JSON Pointer only when there is a
//! fault to report.

/// One step into a JSON document.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// Writes a pointer's token, with `~` and `/` escaped (RFC 6901 §3).
pub fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    for c in token.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

/// The JSON Pointer of a path; the whole document is the empty string.
pub fn pointer(path: &[Step<'_>]) -> String {
    let mut pointer = String::new();
    for step in path {
        match step {
            Step::Key(key) => push_token(&mut pointer, key),
            Step::Index(index) => push_token(&mut pointer, &index.to_string()),
        }
    }
    pointer
}

/// How a sentence names the place: the last key, shortened if somebody made it long, or "The body".
pub fn name(path: &[Step<'_>]) -> String {
    let key = path.iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(*key),
        Step::Index(_) => None,
    });
    match (key, path.last()) {
        (None, None) => "The body".into(),
        (None, Some(_)) => "Every entry".into(),
        (Some(key), _) => format!("`{}`", shorten(key)),
    }
}

/// At most 64 characters of a name that came from outside, without control characters.
pub fn shorten(key: &str) -> String {
    let mut short: String = key.chars().filter(|c| !c.is_control()).take(64).collect();
    if short.len() < key.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_and_count() {
        let path = [Step::Key("a/b"), Step::Index(0), Step::Key("m~n")];
        assert_eq!(pointer(&path), "/a~1b/0/m~0n");
        assert_eq!(
            serde_json::json!({"a/b": [{"m~n": 1}]}).pointer(&pointer(&path)),
            Some(&1.into())
        );
        assert_eq!(pointer(&[]), "");
        assert_eq!(
            (name(&path), name(&[]), name(&path[..2])),
            ("`m~n`".into(), "The body".into(), "`a/b`".into())
        );
    }
}
