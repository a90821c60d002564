//! Who may import whom: the rooms of the crate, and the libraries that belong to some of them.

use crate::source::{Source, tokens};
use crate::{Offence, offence};

/// Every part of the crate and what of the crate it may name beside itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &[]),
    ("config", &[]),
    ("telemetry", &["config"]),
    ("wire", &["domain"]),
    ("identity", &["domain", "wire", "clock", "config"]),
    ("store", &["domain", "wire", "clock", "config"]),
    ("desk", &["domain", "wire", "store", "clock", "config"]),
    ("export", &["domain", "wire", "identity", "store"]),
    (
        "api",
        &["domain", "wire", "identity", "store", "desk", "export", "clock", "config", "telemetry"],
    ),
    (
        "app",
        &[
            "domain",
            "wire",
            "identity",
            "store",
            "desk",
            "export",
            "api",
            "clock",
            "config",
            "telemetry",
        ],
    ),
    (
        "cli",
        &[
            "domain",
            "wire",
            "identity",
            "store",
            "desk",
            "export",
            "api",
            "app",
            "clock",
            "config",
            "telemetry",
        ],
    ),
];

/// Libraries that the pure room must not know, each first word of a path.
const NOT_IN_DOMAIN: &[&str] = &[
    "serde",
    "serde_json",
    "diesel",
    "actix_web",
    "tokio",
    "tracing",
    "metrics",
    "csv",
    "toml",
    "rand",
];

/// Doors to the outside in the standard library.
const NOT_PURE: &[&str] = &["fs", "net", "env", "process", "thread", "io"];

/// Libraries that only one room names, with the rooms that may.
const OWNED: &[(&str, &[&str])] = &[
    ("diesel", &["store"]),
    ("diesel_migrations", &["store"]),
    ("libsqlite3_sys", &["store"]),
    ("pq_sys", &["store"]),
    ("actix_web", &["api", "app", "cli"]),
    ("utoipa_actix_web", &["api", "app"]),
    ("clap", &["cli", "main"]),
];

/// Rooms whose money and quantities no binary fraction may touch.
const NO_FLOATS: &[&str] = &["domain", "wire", "store", "desk"];

/// All offences of one file against the import rules.
pub fn check(source: &Source) -> Vec<Offence> {
    let Some(room) = source.room() else { return Vec::new() };
    if room == "lib" || room == "main" {
        return Vec::new();
    }
    let mut found = imports_of_rooms(source, room);
    found.extend(libraries(source, room));
    found
}

fn imports_of_rooms(source: &Source, room: &str) -> Vec<Offence> {
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == room) else {
        return vec![offence(
            &source.path,
            1,
            &format!("{room} is not a room; tests/tidy/rooms.rs lists them"),
        )];
    };
    let mut found = Vec::new();
    for (line, named) in named_rooms(source) {
        if named != room && is_room(&named) && !allowed.contains(&named.as_str()) {
            let may = if allowed.is_empty() {
                "nothing of the crate".to_owned()
            } else {
                allowed.join(", ")
            };
            found.push(offence(
                &source.path,
                line,
                &format!("{room} imports {named}; it may import {may}"),
            ));
        }
    }
    found
}

fn is_room(name: &str) -> bool {
    MAY_IMPORT.iter().any(|(room, _)| *room == name)
}

/// What follows each `crate::`, and each chain of `super::` long enough to reach the crate's root.
fn named_rooms(source: &Source) -> Vec<(usize, String)> {
    let mut supers = 0;
    let mut found = Vec::new();
    for (root, line, name) in firsts(source.lines()) {
        supers = if root == "super" { supers + 1 } else { 0 };
        // A test module inside the file is one deeper; there the name is the room's own, which is
        // no offence.
        if matches!(root, "crate" | "returndesk") || supers >= source.depth() {
            found.push((line, name.clone()));
        }
        supers = if name == "super" { supers } else { 0 };
    }
    found
}

/// For every `root::name` and every `root::{name, …}` of the code: root, line and name.
fn firsts<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Vec<(&'a str, usize, String)> {
    let all: Vec<(usize, &str)> = lines
        .flat_map(|(number, line)| tokens(line).into_iter().map(move |token| (number, token)))
        .collect();
    let is = |at: usize, wanted: &str| all.get(at).is_some_and(|(_, token)| *token == wanted);
    let mut found = Vec::new();
    for (at, (line, root)) in all.iter().enumerate() {
        if !is(at + 1, ":") || !is(at + 2, ":") {
            continue;
        }
        if is(at + 3, "{") {
            found.extend(
                first_names(&all[at + 4..]).into_iter().map(|(line, name)| (*root, line, name)),
            );
        } else if let Some((_, name)) = all.get(at + 3) {
            found.push((*root, *line, (*name).to_owned()));
        }
    }
    found
}

/// The first name of every path in a group whose brace has just been opened.
fn first_names(tokens: &[(usize, &str)]) -> Vec<(usize, String)> {
    let (mut depth, mut fresh, mut found) = (1, true, Vec::new());
    for (line, token) in tokens {
        match *token {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 1 => fresh = true,
            name if fresh => {
                found.push((*line, name.to_owned()));
                fresh = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    found
}

/// Libraries where they do not belong, and floats where money is. Tests may: vectors are read from
/// files of JSON.
fn libraries(source: &Source, room: &str) -> Vec<Offence> {
    let mut found = Vec::new();
    for (line, code) in source.production() {
        let words = tokens(code);
        let mut say = |rule: String| found.push(offence(&source.path, line, &rule));
        for (at, word) in words.iter().enumerate() {
            // `diesel::x`, `use diesel`, not a field or a function of that name.
            let starts_path =
                !matches!(at.checked_sub(1).map(|before| words[before]), Some(":" | "."));
            let library = starts_path
                && (words.get(at + 1..at + 3) == Some(&[":", ":"])
                    || at > 0 && words[at - 1] == "use");
            if library && room == "domain" && NOT_IN_DOMAIN.contains(word) {
                say(format!("domain is pure: it does not know {word}"));
            } else if library
                && OWNED.iter().any(|(name, rooms)| name == word && !rooms.contains(&room))
            {
                say(format!("{room} does not name {word}; tests/tidy/rooms.rs says whose it is"));
            }
            // serde offers what it reads as f64; a visitor that refuses it must name it.
            let visitor = words.contains(&"visit_f64");
            // The bounds of a JSON Schema are floats in utoipa; no amount has any.
            let bounds = source.path.ends_with("wire/strict/shape.rs");
            if NO_FLOATS.contains(&room) && matches!(*word, "f32" | "f64") && !visitor && !bounds {
                say(format!("no floats in {room}: money is minor units, rates are rust_decimal"));
            }
        }
    }
    if room == "domain" {
        let doors = firsts(source.production())
            .into_iter()
            .filter(|(root, _, name)| *root == "std" && is_door(name));
        found.extend(doors.map(|(_, line, door)| {
            offence(&source.path, line, &format!("domain is pure: it does not know std::{door}"))
        }));
    }
    found
}

fn is_door(name: &str) -> bool {
    NOT_PURE.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, text: &str) -> Vec<String> {
        check(&Source::new(path, text)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_import_against_the_direction_is_named_with_its_line() {
        let rows = [
            (
                "src/domain/money.rs",
                "use crate::wire::Money;",
                "domain imports wire; it may import nothing of the crate",
            ),
            (
                "src/wire/sale.rs",
                "fn f(x: crate::store::Db) {}",
                "wire imports store; it may import domain",
            ),
            (
                "src/wire/mod.rs",
                "use super::store::Db;",
                "wire imports store; it may import domain",
            ),
            (
                "src/telemetry.rs",
                "use crate::{config::Log, app::App};",
                "telemetry imports app; it may import config",
            ),
            (
                "src/wire/sale.rs",
                "use super::super::store::Db;",
                "wire imports store; it may import domain",
            ),
            ("src/extras/mod.rs", "", "extras is not a room; tests/tidy/rooms.rs lists them"),
        ];
        for (path, text, rule) in rows {
            assert_eq!(told(path, text), [format!("{path}:1: {rule}")]);
        }
        let group = "use crate::{\n    domain::{money::Minor, quantity},\n    desk::Queue,\n};\n";
        let rule =
            "src/store/db.rs:3: store imports desk; it may import domain, wire, clock, config";
        assert_eq!(told("src/store/db.rs", group), [rule]);
    }

    #[test]
    fn imports_with_the_direction_and_mere_words_pass() {
        let rows = [
            (
                "src/store/db.rs",
                "use crate::{clock::Clock, domain::money};\nuse diesel::prelude::*;\nuse super::tx::Tx;",
            ),
            ("src/wire/sale.rs", "// crate::store::Db\nconst A: &str = \"use crate::store;\";"),
            ("src/cli/serve.rs", "use crate::app::App;"),
            ("src/domain/policy/index.rs", "use super::super::money::Minor;\nuse super::wire::X;"),
            (
                "src/domain/money.rs",
                "mod tests {\n    use super::*;\n    use super::super::quantity::Quantity;\n}",
            ),
            ("src/wire/json.rs", "fn visit_f64<E>(self, value: f64) -> Result<(), E> {"),
            ("src/domain/sale.rs", "fn f(io: u8, serde: u8) { self.diesel(); }\nuse std::fmt;"),
            (
                "src/domain/sale.rs",
                "#[cfg(test)]\nmod tests {\n    use serde_json::Value;\n    fn f(x: f64) {}\n}",
            ),
            ("src/export/csv.rs", "fn share() -> f64 { 1.0 }"),
        ];
        for (path, text) in rows {
            assert_eq!(told(path, text), [""; 0], "{path}");
        }
    }

    #[test]
    fn libraries_and_floats_stay_where_they_belong() {
        let rows = [
            (
                "src/domain/sale.rs",
                "use serde::Serialize;",
                "domain is pure: it does not know serde",
            ),
            (
                "src/domain/sale.rs",
                "#[derive(serde::Serialize)]",
                "domain is pure: it does not know serde",
            ),
            (
                "src/domain/sale.rs",
                "use std::{fmt, fs};",
                "domain is pure: it does not know std::fs",
            ),
            (
                "src/domain/sale.rs",
                "let x = std::net::lookup();",
                "domain is pure: it does not know std::net",
            ),
            (
                "src/desk/queue.rs",
                "use diesel::prelude::*;",
                "desk does not name diesel; tests/tidy/rooms.rs says whose it is",
            ),
            (
                "src/wire/sale.rs",
                "use actix_web::web;",
                "wire does not name actix_web; tests/tidy/rooms.rs says whose it is",
            ),
            (
                "src/desk/sale.rs",
                "let x = 3 as f64;",
                "no floats in desk: money is minor units, rates are rust_decimal",
            ),
        ];
        for (path, text, rule) in rows {
            assert_eq!(told(path, text), [format!("{path}:1: {rule}")]);
        }
    }
}
