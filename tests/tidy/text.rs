//! What every file keeps to: sizes, names, first lines, and nothing half-done or of one developer's
//! machine.

use crate::source::{Source, tokens};
use crate::{Offence, offence};

/// Lines of a Rust file at most; most are far shorter.
const LONGEST_FILE: usize = 600;
/// Letters of a line at most; rustfmt leaves long literals alone.
const LONGEST_LINE: usize = 140;
/// Names that say nothing of what a module is for.
const EMPTY_NAMES: &[&str] = &["utils", "common", "helpers", "types", "manager"];
/// Macros that mean "not done yet".
const UNDONE: &[&str] = &["todo", "unimplemented", "dbg"];
/// Folders that exist on one machine only. In two parts, so that this file does not offend.
const MACHINE_FOLDERS: &[&str] =
    &[concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/Use", "rs/")];

/// Offences that a Rust file commits as a text.
pub fn check_rust(source: &Source) -> Vec<Offence> {
    let mut found = Vec::new();
    let length = source.text.lines().count();
    if length > LONGEST_FILE {
        let rule =
            format!("{length} lines; {LONGEST_FILE} at most, find the seam and split the file");
        found.push(offence(&source.path, LONGEST_FILE + 1, &rule));
    }
    let begins_with_doc = source.text.trim_start().starts_with("//!");
    if source.path.starts_with("src/") && !begins_with_doc {
        found.push(offence(
            &source.path,
            1,
            "a file begins with a //! comment that says what it is for",
        ));
    }
    found.extend(empty_names(source));
    for (line, code) in source.lines() {
        let words = tokens(code);
        let undone = words.windows(2).find(|pair| UNDONE.contains(&pair[0]) && pair[1] == "!");
        if let Some(pair) = undone {
            found.push(offence(&source.path, line, &format!("{}! is not done", pair[0])));
        }
    }
    found
}

fn empty_names(source: &Source) -> Vec<Offence> {
    let rule = |name: &str| format!("a module named {name} does not say what it is for");
    let path_parts = source.path.trim_end_matches(".rs").split('/');
    let by_path = path_parts
        .filter(|part| EMPTY_NAMES.contains(part))
        .map(|part| offence(&source.path, 1, &rule(part)));
    let by_word = source.lines().flat_map(|(line, code)| {
        let words = tokens(code);
        let named =
            words.windows(2).filter(|pair| pair[0] == "mod" && EMPTY_NAMES.contains(&pair[1]));
        named.map(|pair| offence(&source.path, line, &rule(pair[1]))).collect::<Vec<_>>()
    });
    by_path.chain(by_word).collect()
}

/// Endings of files whose lines are read as code; prose, data and Cargo's lists of features may
/// have long lines.
const CODE: &[&str] = &["rs", "toml", "sql", "sh", "js", "css"];

/// Offences that any text of the project can commit.
pub fn check_any(path: &str, text: &str) -> Vec<Offence> {
    let ending = path.rsplit('.').next().unwrap_or(path);
    let script = path.starts_with("scripts/") || path.starts_with(".ci/");
    let code = (script || CODE.contains(&ending)) && path != "Cargo.toml";
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let long = line.chars().count();
        // A sentence for a person is not broken to please a column: only the code beside it counts.
        if long - letters_of_literals(line) > LONGEST_LINE && code {
            found.push(offence(
                path,
                at + 1,
                &format!("{long} letters in a line; {LONGEST_LINE} at most"),
            ));
        }
        for folder in MACHINE_FOLDERS.iter().filter(|folder| names_folder(line, folder)) {
            found.push(offence(
                path,
                at + 1,
                &format!("names a folder of one machine ({folder}…)"),
            ));
        }
    }
    found
}

/// Letters inside the text literals of a line.
fn letters_of_literals(line: &str) -> usize {
    // JSON in a literal: all of the line is one.
    if line.contains("r#\"") || line.contains("\\\"") {
        return line.chars().count();
    }
    line.split('"').skip(1).step_by(2).map(|literal| literal.chars().count()).sum()
}

/// Whether `folder` begins a path in `line`, and is not the middle of a longer one.
fn names_folder(line: &str, folder: &str) -> bool {
    let begins = |at: usize| {
        !line[..at].ends_with(|before: char| before.is_alphanumeric() || "_-.})".contains(before))
    };
    line.match_indices(folder).any(|(at, _)| begins(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(path: &str, text: &str) -> Vec<String> {
        check_rust(&Source::new(path, text)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_rust_file_that_breaks_a_rule_is_told_where() {
        let rows = [
            (
                "src/a.rs",
                "fn f() {}",
                "src/a.rs:1: a file begins with a //! comment that says what it is for",
            ),
            ("src/a.rs", "//! A.\nfn f() { todo!() }", "src/a.rs:2: todo! is not done"),
            ("tests/a.rs", "\n\ndbg!(1);", "tests/a.rs:3: dbg! is not done"),
            (
                "src/a.rs",
                "//! A.\nmod utils;",
                "src/a.rs:2: a module named utils does not say what it is for",
            ),
            (
                "src/a/types.rs",
                "//! A.",
                "src/a/types.rs:1: a module named types does not say what it is for",
            ),
        ];
        for (path, text, told) in rows {
            assert_eq!(rust(path, text), [told]);
        }
        let long = format!("//! A.\n{}", "\n".repeat(LONGEST_FILE));
        assert_eq!(
            rust("src/a.rs", &long),
            ["src/a.rs:601: 601 lines; 600 at most, find the seam and split the file"]
        );
        assert_eq!(
            rust("src/a.rs", "//! todo!() is a word here.\nconst A: &str = \"dbg!()\";"),
            [""; 0]
        );
    }

    #[test]
    fn long_lines_and_folders_of_one_machine_are_found_in_any_file() {
        let told = |path: &str, text: &str| {
            check_any(path, text).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let long = "x".repeat(LONGEST_LINE + 1);
        assert_eq!(
            told("scripts/test", &long),
            ["scripts/test:1: 141 letters in a line; 140 at most"]
        );
        assert_eq!(told("README.md", &long), [""; 0]);
        assert_eq!(told("src/x.rs", &format!("    say(\"{long}\");")), [""; 0]);
        assert_eq!(told("src/x.rs", &format!("    {long} \"short\"")).len(), 1);
        for folder in MACHINE_FOLDERS {
            let rule = format!("README.md:2: names a folder of one machine ({folder}…)");
            assert_eq!(told("README.md", &format!("\ncd {folder}me/project")), [rule]);
            assert_eq!(told("README.md", &format!("https://example.org/v1{folder}me")), [""; 0]);
        }
    }
}
