//! The problem responses that every operation of a kind can give, added to the document so that
//! handlers stay short.

use crate::wire::problem::PROBLEM_JSON;
use crate::wire::problem::codes::CODES;
use serde_json::{Map, Value, json};

/// Which problems an operation can give, by what it is and takes.
pub fn statuses(method: &str, path: &str, operation: &Value) -> Vec<u16> {
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let takes = |place: &str| parameters.iter().any(|parameter| parameter["in"] == place);
    let takes_key =
        parameters.iter().any(|parameter| parameter["name"] == super::idempotency::IDEMPOTENCY_KEY);
    let has_body = operation["requestBody"].is_object();
    let is_api = path.starts_with("/v1/");
    let kinds: [(bool, &[u16]); 8] = [
        (is_secured(operation), &[401, 403]),
        (has_body, &[400, 408, 413, 415, 422]),
        (takes("query") || takes_key, &[400]),
        (takes("path"), &[404]),
        (takes_key, &[409, 422]),
        (matches!(method, "put" | "patch"), &[412, 428]),
        (is_api, &[429]),
        (true, &[500, 503]),
    ];
    kinds
        .into_iter()
        .filter(|(applies, _)| *applies)
        .flat_map(|(_, statuses)| statuses.iter().copied())
        .collect()
}

/// The document asks for a bearer token unless an operation says `security(())`.
fn is_secured(operation: &Value) -> bool {
    let requirements = operation["security"].as_array();
    requirements.is_none_or(|list| {
        list.iter().any(|one| one.as_object().is_some_and(|schemes| !schemes.is_empty()))
    })
}

/// Adds what is missing to an operation's responses, and the headers that every answer carries.
pub fn complete(operation: &mut Value, statuses: &[u16]) {
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    for status in statuses {
        let reference = json!({"$ref": format!("#/components/responses/Problem{status}")});
        responses.entry(status.to_string()).or_insert(reference);
    }
    for (status, response) in
        responses.iter_mut().filter(|(_, response)| response["$ref"].is_null())
    {
        response["headers"]["X-Request-Id"] = json!({"$ref": "#/components/headers/XRequestId"});
        let is_problem = status.starts_with(['4', '5']);
        if is_problem && response["content"].is_null() {
            response["content"] = problem_content();
        }
    }
}

/// The shared responses, one for each status of the codes.
pub fn shared() -> Map<String, Value> {
    let mut statuses: Vec<u16> = CODES.iter().map(|meaning| meaning.status).collect();
    statuses.dedup();
    statuses.into_iter().map(|status| (format!("Problem{status}"), response(status))).collect()
}

fn response(status: u16) -> Value {
    let codes = CODES.iter().filter(|meaning| meaning.status == status);
    let lines: Vec<String> =
        codes.map(|meaning| format!("`{}`: {}", meaning.code, meaning.advice)).collect();
    let text =
        |description: &str| json!({"description": description, "schema": {"type": "string"}});
    let mut headers = Map::from_iter([(
        "X-Request-Id".to_owned(),
        json!({"$ref": "#/components/headers/XRequestId"}),
    )]);
    match status {
        401 => {
            drop(headers.insert("WWW-Authenticate".into(), text("How to authenticate (RFC 6750).")))
        }
        405 => drop(headers.insert("Allow".into(), text("The methods that the address takes."))),
        409 | 429 | 503 => drop(headers.insert(
            "Retry-After".into(),
            text("Seconds after which to try again, where trying again helps."),
        )),
        _ => {}
    }
    json!({"description": lines.join("\n\n"), "headers": headers, "content": problem_content()})
}

fn problem_content() -> Value {
    json!({PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}})
}
