//! The house's rules, held by a test: who imports whom, sizes, names, first lines. Every complaint
//! says file, line and rule. The rules themselves are tested beside their code.

mod records;
mod rooms;
mod source;
mod text;

use source::Source;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// One breach of a rule.
pub struct Offence {
    path: String,
    line: usize,
    rule: String,
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.rule)
    }
}

pub fn offence(path: &str, line: usize, rule: &str) -> Offence {
    Offence { path: path.to_owned(), line, rule: rule.to_owned() }
}

/// Folders that hold nothing written by us: build output, the database of somebody's `cargo run`.
const NOT_OURS: &[&str] = &["target", "returndesk-data", "node_modules", "proptest-regressions"];
/// Of the folders whose names begin with a dot (editors', tools') those that are ours.
const OURS: &[&str] = &[".ci", ".github"];

/// Every text file of the project, as (path from the root, text).
fn files() -> Vec<(String, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.sort();
    let told = |path: &PathBuf| {
        path.strip_prefix(&root).ok()?.to_str().map(|name| name.replace('\\', "/"))
    };
    // What is not UTF-8 is not text.
    paths.iter().filter_map(|path| Some((told(path)?, fs::read_to_string(path).ok()?))).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder)
        .map(|entries| entries.flatten().collect())
        .unwrap_or_else(|_| Vec::new());
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let ours = if name.starts_with('.') {
            OURS.contains(&&*name)
        } else {
            !NOT_OURS.contains(&&*name)
        };
        if path.is_dir() && ours {
            walk(&path, found);
        } else if path.is_file() && name != ".git" {
            found.push(path);
        }
    }
}

fn rust_sources() -> Vec<Source> {
    let all = files().into_iter().filter(|(path, _)| path.ends_with(".rs"));
    all.map(|(path, text)| Source::new(&path, &text)).collect()
}

fn assert_tidy(offences: &[Offence]) {
    let list: Vec<String> = offences.iter().map(ToString::to_string).collect();
    assert!(list.is_empty(), "{} to mend:\n{}", list.len(), list.join("\n"));
}

#[test]
fn imports_run_one_way() {
    let sources = rust_sources();
    assert!(
        sources.iter().any(|source| source.path == "src/lib.rs"),
        "the scan does not see the project"
    );
    assert_tidy(&sources.iter().flat_map(rooms::check).collect::<Vec<_>>());
}

#[test]
fn rust_files_are_short_named_explained_and_done() {
    assert_tidy(&rust_sources().iter().flat_map(text::check_rust).collect::<Vec<_>>());
}

#[test]
fn no_file_has_overlong_lines_or_names_folders_of_one_machine() {
    assert_tidy(
        &files().iter().flat_map(|(path, text)| text::check_any(path, text)).collect::<Vec<_>>(),
    );
}

#[test]
fn every_decision_is_numbered_and_listed() {
    let all = files();
    let inside = |path: &str| path.strip_prefix("docs/decisions/").map(str::to_owned);
    let names: Vec<String> = all.iter().filter_map(|(path, _)| inside(path)).collect();
    let readme = all
        .iter()
        .find(|(path, _)| path == "docs/decisions/README.md")
        .map(|(_, text)| text.as_str());
    assert!(names.len() > 1 && readme.is_some(), "docs/decisions has no records or no README.md");
    assert_tidy(&records::check_decisions(&names, readme.unwrap_or_default()));
}

#[test]
fn migrations_have_a_readme() {
    let all = files();
    let inside: Vec<&str> = all
        .iter()
        .map(|(path, _)| path.as_str())
        .filter(|path| path.starts_with("migrations/"))
        .collect();
    let told = inside.is_empty() || inside.contains(&"migrations/README.md");
    assert!(
        told,
        "migrations/README.md:1: is missing; it says how a migration is written and deployed"
    );
}
