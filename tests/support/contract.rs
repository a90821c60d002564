//! The OpenAPI document as a judge: every answer that a test gets is one that its operation says it
//! may give.

use super::caller::Answer;
use returndesk::wire::problem::codes::{self, CODES};
use serde_json::Value;

/// One operation of the document.
pub struct Operation {
    pub method: String,
    /// Its pattern, parameters in braces.
    pub path: String,
    pub document: Value,
}

/// All operations, those without parameters in their paths first.
pub struct Contract(pub Vec<Operation>);

impl Contract {
    pub fn of(openapi: &Value) -> Contract {
        let paths = openapi["paths"].as_object().expect("a document with paths");
        let mut operations: Vec<Operation> =
            paths.iter().flat_map(|(path, item)| operations_at(path, item)).collect();
        operations.sort_by_key(|operation| operation.path.matches('{').count());
        Contract(operations)
    }

    /// The operation that a request is for.
    pub fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        let method = if method == "HEAD" { "GET" } else { method };
        self.0.iter().find(|operation| operation.method == method && operation.takes(path))
    }

    /// Ends the test if the answer is not one of those that are described.
    #[track_caller]
    pub fn judge(&self, method: &str, path: &str, answer: &Answer) {
        if answer.status >= 400 && method != "HEAD" {
            let meaning = CODES.iter().find(|meaning| meaning.code == answer.code());
            assert_eq!(
                meaning.map(|meaning| meaning.status),
                Some(answer.status),
                "{method} {path}: {answer}"
            );
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json"),
                "{method} {path}: {answer}"
            );
            assert_eq!(
                answer.body["title"],
                codes::meaning(answer.code()).title,
                "{method} {path}"
            );
            assert_eq!(answer.body["instance"], path, "{method} {path}: {answer}");
        }
        if let Some(operation) = self.operation(method, path) {
            let described =
                operation.document["responses"].as_object().expect("an operation with responses");
            // Of 405 the path is told, of 304 the headers that were sent.
            let known = [304, 405].contains(&answer.status)
                || described.contains_key(&answer.status.to_string());
            assert!(known, "{method} {} does not describe this: {answer}", operation.path);
        }
    }
}

fn operations_at(path: &str, item: &Value) -> Vec<Operation> {
    let methods = ["get", "put", "post", "patch", "delete"]
        .into_iter()
        .filter(|method| item[*method].is_object());
    let operation = |method: &str| Operation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        document: item[method].clone(),
    };
    methods.map(operation).collect()
}

impl Operation {
    fn takes(&self, path: &str) -> bool {
        let (pattern, parts): (Vec<&str>, Vec<&str>) =
            (self.path.split('/').collect(), path.split('/').collect());
        let fits = |(pattern, part): (&&str, &&str)| {
            pattern == part || (pattern.starts_with('{') && !part.is_empty())
        };
        pattern.len() == parts.len() && pattern.iter().zip(&parts).all(fits)
    }

    /// The path with parameters that name nothing.
    pub fn somewhere(&self) -> String {
        let id = "00000000-0000-7000-8000-000000000000";
        let part = |part: &str| match part {
            "{id}" => id.to_owned(),
            "{store}" => "0042".to_owned(),
            "{version}" | "{a}" | "{b}" | "{refund}" => "7".to_owned(),
            other => other.trim_matches(['{', '}']).to_owned(),
        };
        self.path.split('/').map(part).collect::<Vec<_>>().join("/")
    }
}
