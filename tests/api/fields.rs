//! Every field of every body goes somewhere: it is sent with a value of its own and found again in
//! the answer, in a lookup or in the log. A field that the OpenAPI document gains fails here until
//! a body of `bodies.rs` sends it, or `listed.rs` says where it goes.

mod bodies;
mod listed;
mod policies;

use crate::support::caller::{Answer, Caller};
use crate::support::on_each_database;
use crate::support::shop::Shop;
use actix_web::http::Method;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use listed::{LISTED, SHOWN_AS};
use returndesk::domain::caller::Role;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The fields of a body by their pointers, with `-` for any place of a list.
#[derive(Default)]
struct Fields(BTreeMap<String, Field>);

#[derive(Default)]
struct Field {
    /// The value that the field has where it is left out.
    default: Option<Value>,
    /// Its value is a word of a list, which other fields may have, too.
    is_word: bool,
}

impl Fields {
    fn of(openapi: &Value, schema: &Value) -> Fields {
        let mut fields = Fields::default();
        fields.add(openapi, schema, "", None);
        fields
    }

    fn add(&mut self, openapi: &Value, schema: &Value, pointer: &str, default: Option<&Value>) {
        let default = schema.get("default").or(default);
        if let Some(target) = schema["$ref"].as_str() {
            let target = openapi.pointer(target.trim_start_matches('#')).unwrap();
            return self.add(openapi, target, pointer, default);
        }
        let forms = ["oneOf", "anyOf", "allOf"].iter().flat_map(|name| schema[name].as_array());
        let forms: Vec<&Value> = forms.flatten().filter(|form| form["type"] != "null").collect();
        let members = schema["properties"].as_object();
        let items = Some(&schema["items"]).filter(|items| items.is_object());
        forms.iter().for_each(|form| self.add(openapi, form, pointer, default));
        for (name, member) in members.into_iter().flatten() {
            // The service tells it; who sends it is refused.
            if member["readOnly"] != true {
                self.add(openapi, member, &format!("{pointer}/{name}"), None);
            }
        }
        items.iter().for_each(|items| self.add(openapi, items, &format!("{pointer}/-"), None));
        if forms.is_empty() && members.is_none() && items.is_none() {
            let field = self.0.entry(pointer.to_owned()).or_default();
            field.default = default.cloned();
            field.is_word |= schema["enum"].is_array();
        }
    }

    /// The field that a value of a body is in: of a map, the map.
    fn at(&self, pointer: &str) -> Option<&str> {
        let within = |field: &&String| {
            pointer
                .strip_prefix(field.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.0.keys().filter(within).max_by_key(|field| field.len()).map(String::as_str)
    }
}

/// Pointers and values of all that a document says.
fn leaves(json: &Value, pointer: &str, found: &mut Vec<(String, Value)>) {
    match json {
        Value::Array(entries) => {
            entries.iter().for_each(|entry| leaves(entry, &format!("{pointer}/-"), found));
        }
        Value::Object(members) => members
            .iter()
            .for_each(|(name, member)| leaves(member, &format!("{pointer}/{name}"), found)),
        Value::Null => {}
        value => {
            // What a token says is said.
            let claims = value.as_str().filter(|text| text.starts_with("eyJ"));
            let claims = claims.and_then(|token| token.split('.').nth(1));
            let claims = claims.and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
            if let Some(claims) = claims.and_then(|json| serde_json::from_slice(&json).ok()) {
                leaves(&claims, pointer, found);
            }
            found.push((pointer.to_owned(), value.clone()));
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether a text can only have come from the field that it was sent in.
fn is_its_own(value: &Value, field: &Field) -> bool {
    let text = value.as_str().unwrap_or_default();
    !field.is_word && text.len() >= 4 && text.chars().any(char::is_alphabetic)
}

/// What is sent to a shop, and which fields of it were found again.
struct Walk<'s> {
    shop: &'s Shop,
    everyone: Caller<'s>,
    keys: usize,
    logged: HashSet<String>,
    /// Of each operation, by method and path.
    fields: BTreeMap<String, Fields>,
    found: BTreeSet<(String, String)>,
    /// Sent and not found: with the values.
    lost: BTreeMap<(String, String), String>,
}

impl<'s> Walk<'s> {
    fn new(shop: &'s Shop) -> Walk<'s> {
        let openapi = shop.nobody().get("/openapi.json").expect(200).body;
        let mut fields = BTreeMap::new();
        for operation in &shop.contract.0 {
            let content = operation.document["requestBody"]["content"].as_object();
            for (kind, body) in content.into_iter().flatten() {
                let name = named(&operation.method, &operation.path, kind);
                fields.insert(name, Fields::of(&openapi, &body["schema"]));
            }
        }
        let everyone = Caller::new(shop, "8888", &Role::ALL, &["*"]);
        let (found, lost, logged) = (BTreeSet::new(), BTreeMap::new(), HashSet::new());
        let mut walk = Walk { shop, everyone, keys: 0, logged, fields, found, lost };
        walk.news();
        walk
    }

    /// Sends a body, and looks for each of its values in the answer, in the lookups and in what the
    /// log has gained. `{id}` and the like of a lookup are members of the answer.
    fn send(&mut self, method: &str, path: &str, body: &Value, lookups: &[&str]) -> Value {
        let everyone = self.everyone.clone();
        self.send_as(&everyone, method, path, "application/json", body, lookups)
    }

    fn send_as(
        &mut self,
        caller: &Caller<'_>,
        method: &str,
        path: &str,
        kind: &str,
        body: &Value,
        lookups: &[&str],
    ) -> Value {
        self.keys += 1;
        let request = caller.request(method.parse::<Method>().unwrap(), path);
        let request = request
            .insert_header(("Content-Type", kind))
            .insert_header(("Idempotency-Key", format!("field-{}", self.keys)))
            .set_payload(body.to_string());
        let answer = self.shop.ask(request);
        assert!([200, 201].contains(&answer.status), "{method} {path}: {answer}\n{body:#}");
        let answer = all_of(&answer);
        let mut said = Vec::new();
        leaves(&answer, "", &mut said);
        for lookup in lookups {
            let shown = self.shop.auditor().get(&filled_in(lookup, &answer)).expect(200).body;
            leaves(&shown, "", &mut said);
        }
        self.news().iter().for_each(|entry| leaves(entry, "", &mut said));
        let operation = self.shop.contract.operation(method, path).unwrap();
        self.look(&named(method, &operation.path, kind), body, &said);
        answer
    }

    /// The entries of the log that were not there before: all that changes anything goes through
    /// [`Walk::send`].
    fn news(&mut self) -> Vec<Value> {
        let entries = self.shop.log().into_iter();
        entries.filter(|entry| self.logged.insert(entry["id"].to_string())).collect()
    }

    fn look(&mut self, operation: &str, body: &Value, said: &[(String, Value)]) {
        let mut sent = Vec::new();
        leaves(body, "", &mut sent);
        for (pointer, value) in &sent {
            let Some(field) = self.fields[operation].at(pointer).map(str::to_owned) else {
                continue; // of a token
            };
            let of = &self.fields[operation].0[&field];
            let default = of.default.clone().unwrap_or(Value::Bool(false));
            if *value == default {
                continue;
            }
            let digest: String =
                Sha256::digest(text(value)).iter().map(|byte| format!("{byte:02x}")).collect();
            let alone = is_its_own(value, of)
                && sent.iter().filter(|(_, other)| other == value).count() == 1;
            let shown_as = SHOWN_AS
                .iter()
                .filter(|(on, from, _)| is_of(operation, on) && *from == field)
                .map(|(_, _, to)| *to);
            let places: Vec<&str> = shown_as.chain([pointer.as_str()]).collect();
            let is_found = said.iter().any(|(place, other)| {
                let same = text(other) == text(value);
                let alone = alone && (same || text(other) == digest);
                alone || same && places.iter().any(|expected| place.ends_with(expected))
            });
            let key = (operation.to_owned(), field);
            if is_found {
                self.found.insert(key);
            } else {
                self.lost.insert(key, text(value));
            }
        }
    }

    /// Ends the test unless each field was found again or is listed, and each one listed was not.
    fn judge(&self) {
        let mut wrong = Vec::new();
        let mut used = BTreeSet::new();
        for (operation, fields) in &self.fields {
            for field in fields.0.keys() {
                let key = (operation.clone(), field.clone());
                let is_found = self.found.contains(&key);
                let listed = LISTED
                    .iter()
                    .position(|(on, pattern, _)| is_of(operation, on) && fits(pattern, field));
                match (is_found, listed) {
                    (false, Some(place)) => drop(used.insert(place)),
                    (false, None) => wrong.push(match self.lost.get(&key) {
                        Some(value) => format!("{operation} {field}: {value:?} went nowhere"),
                        None => format!("{operation} {field}: no body sends it"),
                    }),
                    (true, _) => {}
                }
            }
        }
        let idle = LISTED.iter().enumerate().filter(|(place, _)| !used.contains(place));
        wrong.extend(idle.map(|(_, (on, field, _))| format!("{on} {field}: listed for nothing")));
        assert!(wrong.is_empty(), "{} fields:\n{}", wrong.len(), wrong.join("\n"));
    }
}

/// An operation as it is called here.
fn named(method: &str, path: &str, kind: &str) -> String {
    let lines = if kind == "application/json" { "" } else { " in lines" };
    format!("{method} {path}{lines}")
}

/// Whether an operation is the one, or one of those below a path that ends with `/`.
fn is_of(operation: &str, on: &str) -> bool {
    operation == on || on.ends_with('/') && operation.starts_with(on)
}

/// A pattern is a field; with `*` before, its end, with `*` behind, its beginning.
fn fits(pattern: &str, field: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => field.ends_with(end),
        (_, Some(beginning)) => field.starts_with(beginning),
        _ => field == pattern,
    }
}

/// The answer as JSON; of a stream, a list of its lines.
fn all_of(answer: &Answer) -> Value {
    if answer.body.is_null() {
        answer.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect()
    } else {
        answer.body.clone()
    }
}

fn filled_in(lookup: &str, answer: &Value) -> String {
    let Some((before, rest)) = lookup.split_once('{') else { return lookup.to_owned() };
    let (pointer, after) = rest.split_once('}').unwrap();
    let value = answer.pointer(&format!("/{pointer}")).unwrap_or_else(|| panic!("{answer:#}"));
    format!("{before}{}{after}", text(value))
}

#[test]
fn every_field_of_every_body_is_found_again_or_listed_with_its_reason() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        let mut walk = Walk::new(&shop);
        policies::all(&mut walk);
        bodies::all(&mut walk);
        walk.judge();
    });
}
