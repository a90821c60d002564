//! Every route there is: who may, who may not, who sees nothing, and that whatever changes anything
//! is in the log. A new route fails here until it has its rows.

mod mutations;
mod plans;
mod roles;

use crate::support::contract::Contract;
use crate::support::shop::Shop;
use crate::support::{TestDb, on_each_database};
use actix_web::http::Method;
use returndesk::wire::problem::codes::CODES;
use std::collections::BTreeSet;
use std::path::Path;

/// Methods and paths, as they are written in the table of routes.
fn operations(contract: &Contract) -> BTreeSet<(String, String)> {
    contract.0.iter().map(|operation| (operation.method.clone(), operation.path.clone())).collect()
}

/// What the sources say: `#[get("/v1/…")]` above a handler.
fn handlers() -> BTreeSet<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Routes of a made-up service, to test the surroundings of handlers with.
        if !path.is_file() || path.ends_with("sample.rs") {
            continue;
        }
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let attribute =
                line.trim().strip_prefix("#[").and_then(|line| line.strip_suffix("\")]"));
            let Some((method, pattern)) = attribute.and_then(|line| line.split_once("(\"")) else {
                continue;
            };
            if pattern.starts_with('/') {
                found.insert((method.to_uppercase(), pattern.to_owned()));
            }
        }
    }
    found
}

#[test]
fn the_document_has_every_handler_and_every_path_of_it_answers() {
    let db = TestDb::sqlite();
    let shop = Shop::open(&db);
    assert_eq!(operations(&shop.contract), handlers());
    for operation in &shop.contract.0 {
        let parameters = operation.document.get("parameters");
        assert!(parameters.is_none_or(serde_json::Value::is_array), "{}", operation.path);
        let refused = shop.ask(shop.admin().request(Method::DELETE, &operation.somewhere()));
        refused.expect_problem(405, "method_not_allowed");
        let allow = shop.ask(shop.admin().request(Method::DELETE, &operation.somewhere()));
        let allowed: Vec<&str> = allow.header("allow").unwrap().split(", ").collect();
        assert!(allowed.contains(&operation.method.as_str()), "{}: {allowed:?}", operation.path);
        assert_eq!(allowed.contains(&"HEAD"), allowed.contains(&"GET"), "{}", operation.path);
    }
    for none in [
        "/",
        "/v1",
        "/v1/",
        "/v1/returns/",
        "/v1/nothing",
        "/v2/sales",
        "/openapi",
        "/v1/sales/import/x",
    ] {
        shop.admin().get(none).expect_problem(404, "not_found");
    }
}

#[test]
fn every_code_is_described_where_callers_read() {
    let db = TestDb::sqlite();
    let openapi = Shop::open(&db).nobody().get("/openapi.json").expect(200).body;
    let description = openapi["info"]["description"].as_str().unwrap();
    for meaning in CODES {
        let row = format!("| `{}` | {} | {} |", meaning.code, meaning.status, meaning.advice);
        assert!(description.contains(&row), "{row}");
    }
    assert_eq!(openapi["openapi"], "3.1.0");
}

/// The references of a document.
fn references(json: &serde_json::Value, found: &mut BTreeSet<String>) {
    match json {
        serde_json::Value::Array(entries) => {
            entries.iter().for_each(|entry| references(entry, found))
        }
        serde_json::Value::Object(members) => {
            found.extend(members.get("$ref").and_then(|target| target.as_str()).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        _ => {}
    }
}

#[test]
fn the_document_refers_to_nothing_that_it_lacks() {
    let db = TestDb::sqlite();
    let openapi = Shop::open(&db).nobody().get("/openapi.json").expect(200).body;
    let mut found = BTreeSet::new();
    references(&openapi, &mut found);
    assert!(found.len() > 50, "{found:?}");
    let lacking =
        found.iter().filter(|target| openapi.pointer(target.trim_start_matches('#')).is_none());
    assert_eq!(lacking.collect::<Vec<_>>(), [] as [&String; 0]);
}

#[test]
fn whatever_is_of_another_store_does_not_exist() {
    on_each_database(|db| {
        let shop = Shop::open(db);
        for (method, path, body) in mutations::of_one_store(&shop) {
            let request = shop
                .stranger()
                .request(method.parse().unwrap(), &path)
                .insert_header(("Idempotency-Key", "x"));
            let theirs = shop.ask(if method == "GET" { request } else { request.set_json(&body) });
            assert_eq!(theirs.status, 404, "{method} {path}: {theirs}");
        }
        for list in
            ["/v1/returns?store=0042", "/v1/sales?store=0042", "/v1/audit/events?store=0042"]
        {
            assert_eq!(
                shop.stranger().get(list).expect(200).body["items"],
                serde_json::json!([]),
                "{list}"
            );
        }
        shop.stranger().get("/v1/audit/export?store=0042").expect_problem(404, "not_found");
    });
}
