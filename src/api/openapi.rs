//! The OpenAPI 3.1 document: what the handlers say of themselves, completed with what all of them
//! have in common.

use super::error::ApiError;
use super::responses;
use super::unmatched::Routes;
use crate::wire::problem::codes::CODES;
use crate::wire::problem::{Fault, Problem};
use actix_web::http::header;
use actix_web::web::{self, Bytes, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::fmt::Write;
use utoipa::PartialSchema;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The finished document, ready to serve, and the route table that follows from it.
#[derive(Clone)]
pub struct Document {
    bytes: Bytes,
    etag: String,
    pub routes: Routes,
}

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "patch", "head", "options"];

const INTRODUCTION: &str = "May it come back, and for how much? Registers check and record returns here; managers approve them; \
auditors read the proof.\n\nMoney is a decimal string in the document's currency, times are RFC 3339 with offset. A POST that moves \
money or goods takes an `Idempotency-Key`: the same key with the same body gets the first answer again. Unknown fields and parameters \
are refused, and every fault of a request is listed in one answer.\n\n## Problem codes\n\n| code | status | what to do |\n|---|---|---|\n";

impl Document {
    /// Completes what utoipa collected from the handlers. `others` are routes that the document
    /// does not describe.
    pub fn complete(collected: &utoipa::openapi::OpenApi, others: &[(&str, &[&str])]) -> Document {
        let mut json = serde_json::to_value(collected).unwrap_or_default();
        json["info"] = info();
        json["servers"] = json!([{"url": "/"}]);
        json["security"] = json!([{"bearer": []}]);
        add_components(&mut json["components"]);
        add_responses(&mut json["paths"]);
        name_operations(&mut json["paths"]);
        require_values(&mut json["paths"]);
        sharpen_formats(&mut json);
        let bytes = serde_json::to_vec(&json).unwrap_or_default();
        Document {
            etag: super::etag::of(&bytes),
            bytes: bytes.into(),
            routes: routes(&json["paths"], others),
        }
    }

    /// The document as JSON.
    pub fn json(&self) -> &[u8] {
        &self.bytes
    }

    /// `/openapi.json`, and the browsable reference at `/docs`, which needs nothing from the
    /// internet.
    pub fn serve(&self, config: &mut ServiceConfig) {
        let document = self.clone();
        let json = web::get().to(move |req: HttpRequest| std::future::ready(document.answer(&req)));
        let redirect = web::get().to(|| async {
            HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
        });
        let no_validator = Config::from("/openapi.json").validator_url("none");
        config
            .route("/openapi.json", json)
            .route("/docs", redirect)
            .service(SwaggerUi::new("/docs/{_:.*}").config(no_validator));
    }

    fn answer(&self, req: &HttpRequest) -> Result<HttpResponse, ApiError> {
        let caching =
            [(header::ETAG, self.etag.clone()), (header::CACHE_CONTROL, "no-cache".to_owned())];
        let has_it = req
            .headers()
            .get(header::IF_NONE_MATCH)
            .is_some_and(|tag| tag.as_bytes() == self.etag.as_bytes());
        let mut answer = if has_it { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        caching.into_iter().for_each(|pair| {
            answer.insert_header(pair);
        });
        Ok(if has_it {
            answer.finish()
        } else {
            answer.content_type("application/json").body(self.bytes.clone())
        })
    }
}

/// Routes that the document does not describe, because they are about the document.
pub const ABOUT: [(&str, &[&str]); 3] =
    [("/openapi.json", &["GET"]), ("/docs", &["GET"]), ("/docs/{_:.*}", &["GET"])];

fn info() -> Value {
    let mut description = INTRODUCTION.to_owned();
    for meaning in CODES {
        // Writing to a String cannot fail.
        let _ = writeln!(
            description,
            "| `{}` | {} | {} |",
            meaning.code, meaning.status, meaning.advice
        );
    }
    json!({
        "title": "returndesk", "version": env!("CARGO_PKG_VERSION"), "description": description,
        "license": {"name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE")}
    })
}

fn add_components(components: &mut Value) {
    let bearer = json!({"type": "http", "scheme": "bearer", "bearerFormat": "at+jwt", "description": "An access token (RFC 9068), from `/v1/tokens` or a configured issuer."});
    components["securitySchemes"]["bearer"] = bearer;
    components["schemas"]["Problem"] = serde_json::to_value(Problem::schema()).unwrap_or_default();
    components["schemas"]["Fault"] = serde_json::to_value(Fault::schema()).unwrap_or_default();
    components["responses"] = Value::Object(responses::shared());
    components["headers"]["XRequestId"] = json!({
        "description": "The request's id: yours, if you sent one, else a UUIDv7. It is in the log and in the audit event.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}
    });
}

/// The operations of a document: path, method, operation.
fn operations(paths: &mut Value) -> impl Iterator<Item = (&String, &String, &mut Value)> {
    let items = paths.as_object_mut().into_iter().flatten();
    items.flat_map(|(path, item)| {
        let operations = item.as_object_mut().into_iter().flatten();
        operations
            .filter(|(method, _)| METHODS.contains(&method.as_str()))
            .map(move |(method, operation)| (path, method, operation))
    })
}

fn add_responses(paths: &mut Value) {
    for (path, method, operation) in operations(paths) {
        let statuses = responses::statuses(method, path, operation);
        responses::complete(operation, &statuses);
    }
}

/// Tags by the path's first noun, and operation ids that are unique: `list` of two nouns becomes
/// `sales_list`, `returns_list`.
fn name_operations(paths: &mut Value) {
    let mut taken = HashSet::new();
    let mut repeated = HashSet::new();
    for (_, _, operation) in operations(paths) {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        if !taken.insert(id.clone()) {
            repeated.insert(id);
        }
    }
    for (path, _, operation) in operations(paths) {
        let noun = path
            .split('/')
            .find(|part| !part.is_empty() && *part != "v1")
            .unwrap_or("service")
            .to_owned();
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        if repeated.contains(&id) {
            operation["operationId"] = json!(format!("{}_{id}", noun.replace('-', "_")));
        }
        if operation["tags"].as_array().is_none_or(Vec::is_empty) {
            operation["tags"] =
                json!([if path.starts_with("/v1/") { noun.as_str() } else { "service" }]);
        }
    }
}

/// Query parameters are left out, or have a value.
fn require_values(paths: &mut Value) {
    for (_, _, operation) in operations(paths) {
        let parameters =
            operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
        for schema in parameters
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| &mut parameter["schema"])
        {
            if schema["type"].to_string().contains("string") && schema["enum"].is_null() {
                schema["minLength"] = json!(1);
            }
        }
    }
}

/// Says in JSON Schema what our own formats mean: quantities may be integers, too, and amounts are
/// plain decimals.
fn sharpen_formats(json: &mut Value) {
    match json {
        Value::Array(entries) => entries.iter_mut().for_each(sharpen_formats),
        Value::Object(object) => {
            let format = object.get("format").and_then(Value::as_str).map(str::to_owned);
            match format.as_deref() {
                Some("quantity") => allow_integers(object),
                Some("amount") => add_pattern(object),
                Some("name" | "store") => add_name_pattern(object),
                _ => {}
            }
            object.values_mut().for_each(sharpen_formats);
        }
        _ => {}
    }
}

fn allow_integers(schema: &mut Map<String, Value>) {
    let nullable = schema
        .get("type")
        .and_then(Value::as_array)
        .is_some_and(|types| types.iter().any(|kind| kind == "null"));
    let types =
        if nullable { json!(["string", "integer", "null"]) } else { json!(["string", "integer"]) };
    schema.insert("type".into(), types);
    schema.entry("examples").or_insert_with(|| json!(["1", 2, "0.350"]));
}

fn add_pattern(schema: &mut Map<String, Value>) {
    schema.entry("pattern").or_insert_with(|| json!(r"^-?[0-9]+(\.[0-9]+)?$"));
    schema.entry("examples").or_insert_with(|| json!(["12.30"]));
}

fn add_name_pattern(schema: &mut Map<String, Value>) {
    schema.entry("pattern").or_insert_with(|| json!("^[A-Za-z0-9._-]+$"));
}

fn routes(paths: &Value, others: &[(&str, &[&str])]) -> Routes {
    let described = paths.as_object().into_iter().flatten().map(|(path, item)| {
        let methods = METHODS.iter().filter(|method| item[**method].is_object());
        (path.clone(), methods.map(|method| method.to_uppercase()).collect())
    });
    let others = ABOUT.iter().chain(others).map(|(path, methods)| {
        ((*path).to_owned(), methods.iter().map(|method| (*method).to_owned()).collect())
    });
    Routes::new(described.chain(others))
}
