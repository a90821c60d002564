//! A Rust file as the rules see it: its code without comments and the insides of literals, line by
//! line.

/// One source file, prepared for the rules.
pub struct Source {
    /// Path from the project's root, with `/`.
    pub path: String,
    /// The file as it is.
    pub text: String,
    /// Every line with comments and the insides of literals blanked out.
    pub code: Vec<String>,
    /// Whether a line belongs to `#[cfg(test)]`.
    pub test: Vec<bool>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        let code: Vec<String> = blank(text).lines().map(str::to_owned).collect();
        let test = match is_test_file(path) {
            true => vec![true; code.len()],
            false => test_lines(&code),
        };
        Source { path: path.to_owned(), text: text.to_owned(), code, test }
    }

    /// The room a file of `src` belongs to: `src/store/db.rs` and `src/store.rs` are of `store`.
    pub fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        Some(
            inside.split_once('/').map_or_else(|| inside.trim_end_matches(".rs"), |(room, _)| room),
        )
    }

    /// How many `super` lead from this file's module to the crate's root: `src/store/db.rs` is
    /// `crate::store::db`.
    pub fn depth(&self) -> usize {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let own = if inside.ends_with("/mod.rs") { 0 } else { 1 };
        inside.matches('/').count() + own
    }

    /// The code's lines with their numbers from 1, those of tests left out.
    pub fn production(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().filter(|(number, _)| !self.test[number - 1])
    }

    /// All of the code's lines with their numbers from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.iter().enumerate().map(|(at, line)| (at + 1, line.as_str()))
    }
}

/// Whether the whole file is for tests: `tests.rs`, `pin_tests.rs`, or within a folder `tests`.
fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.ends_with("_tests.rs") || path.contains("/tests/")
}

/// The names and single signs of a line: `crate::a` is `crate`, `:`, `:`, `a`.
pub fn tokens(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let name = |letter: char| letter.is_alphanumeric() || letter == '_';
        let end = if name(first) {
            rest.find(|letter| !name(letter)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        found.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    found
}

/// `text` with comments and the insides of literals as spaces; every line stays on its line.
pub fn blank(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < letters.len() {
        let end = skipped(&letters, at);
        if end == at {
            out.push(letters[at]);
            at += 1;
        } else {
            out.extend(
                letters[at..end].iter().map(|letter| if *letter == '\n' { '\n' } else { ' ' }),
            );
            at = end;
        }
    }
    out
}

/// Where what begins at `at` ends, if it is a comment or a literal; `at` itself if it is code.
fn skipped(letters: &[char], at: usize) -> usize {
    let next = |ahead: usize| letters.get(at + ahead).copied().unwrap_or('\0');
    let in_name = at > 0 && (letters[at - 1].is_alphanumeric() || letters[at - 1] == '_');
    match letters[at] {
        '/' if next(1) == '/' => seek(letters, at, |letter| letter == '\n'),
        '/' if next(1) == '*' => block_comment(letters, at),
        '"' => quoted(letters, at + 1),
        'r' if !in_name => raw(letters, at + 1).unwrap_or(at),
        'b' | 'c' if !in_name && next(1) == 'r' => raw(letters, at + 2).unwrap_or(at),
        '\'' if next(1) == '\\' => seek(letters, at + 3, |letter| letter == '\'') + 1,
        '\'' if next(2) == '\'' => at + 3,
        _ => at,
    }
    .min(letters.len())
}

fn seek(letters: &[char], from: usize, wanted: impl Fn(char) -> bool) -> usize {
    (from..letters.len()).find(|at| wanted(letters[*at])).unwrap_or(letters.len())
}

fn block_comment(letters: &[char], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0);
    while at < letters.len() {
        match (letters[at], letters.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(letters: &[char], from: usize) -> usize {
    let mut at = from;
    while at < letters.len() && letters[at] != '"' {
        at += if letters[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// The end of `#…"…"#…` that begins at `from`, behind the `r`.
fn raw(letters: &[char], from: usize) -> Option<usize> {
    let open = seek(letters, from, |letter| letter != '#');
    if letters.get(open) != Some(&'"') {
        return None;
    }
    let hashes = open - from;
    let closes = |at: &usize| {
        letters[*at] == '"'
            && letters[at + 1..].iter().take_while(|letter| **letter == '#').count() >= hashes
    };
    Some((open + 1..letters.len()).find(closes).map_or(letters.len(), |at| at + 1 + hashes))
}

/// Marks the item behind each `#[cfg(test)]`: to the end of its braces, or to its semicolon.
fn test_lines(code: &[String]) -> Vec<bool> {
    let mut marks = vec![false; code.len()];
    let mut at = 0;
    while at < code.len() {
        if !code[at].replace(' ', "").contains("#[cfg(test)]") {
            at += 1;
            continue;
        }
        let mut depth = 0;
        loop {
            marks[at] = true;
            let line = code[at].as_str();
            depth += line.matches('{').count() as i32 - line.matches('}').count() as i32;
            let ends = depth == 0 && (line.contains('}') || line.trim_end().ends_with(';'));
            at += 1;
            if ends || at == code.len() {
                break;
            }
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_and_lines_stay() {
        let rows = [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d\n */ e", "a               \n    e"),
            (r#"x("a\"b") y"#, "x(      ) y"),
            ("r\"a\\\" b", "      b"),
            ("r#\"a\"b\"# c", "         c"),
            ("br#\"a\"# c", "        c"),
            ("fn f<'a>(x: &'a str) {'x'; '\\''; '\"'}", "fn f<'a>(x: &'a str) {   ;     ;    }"),
            ("for r in r#type {}", "for r in r#type {}"),
            ("\"never closed", "             "),
        ];
        for (text, expected) in rows {
            assert_eq!(blank(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_only_for_tests_is_told_apart() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() {}\n}\nfn c() {}\n#[cfg(test)]\nmod more;\nfn d() {}\n";
        let source = Source::new("src/store/db.rs", text);
        let kept: Vec<usize> = source.production().map(|(number, _)| number).collect();
        assert_eq!(kept, [1, 6, 9]);
        for path in ["src/store/tests.rs", "src/store/db_tests.rs", "src/store/tests/db.rs"] {
            assert_eq!(Source::new(path, text).production().count(), 0);
        }
    }

    #[test]
    fn a_file_knows_its_room() {
        for (path, room) in
            [("src/store/db.rs", Some("store")), ("src/app.rs", Some("app")), ("tests/x.rs", None)]
        {
            assert_eq!(Source::new(path, "").room(), room);
        }
    }
}
