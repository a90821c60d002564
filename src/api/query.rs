//! Query parameters, as strict as bodies: unknown ones are refused, and all faults come in one
//! answer.

use super::body::shape;
use super::error::ApiError;
use crate::wire::problem::{Fault, Problem};
use crate::wire::strict::shape::Node;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::future::{Ready, ready};
use utoipa::ToSchema;

/// The query of a route that is not a list; lists take [`super::lists::Listing`].
///
/// The type derives `Deserialize`, `ToSchema` and `IntoParams`, with
/// `#[serde(deny_unknown_fields)]` and `#[into_params(parameter_in = Query)]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(pairs(req).and_then(|pairs| read(pairs, Vec::new())).map(Query))
    }
}

/// The decoded pairs of the query.
pub fn pairs(req: &HttpRequest) -> Result<Vec<(String, String)>, ApiError> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(req.query_string());
    let pairs =
        pairs.map_err(|_| ApiError::new("invalid_parameter", "The query cannot be read."))?;
    Ok(pairs.into_inner())
}

/// Makes the pairs a `T`; `faults` are those already found in parameters of the framework.
pub fn read<T: DeserializeOwned + ToSchema + 'static>(
    pairs: Vec<(String, String)>,
    mut faults: Vec<Fault>,
) -> Result<T, ApiError> {
    let shape = shape::<T>();
    let mut object = Map::new();
    for (name, text) in pairs {
        match (shape.field(&name), object.get_mut(&name)) {
            (None, _) => faults.push(unknown(&name, &shape.field_names())),
            (Some(Node::List { .. }), Some(Value::Array(list))) => list.push(Value::String(text)),
            (Some(_), Some(_)) => faults.push(fault(&name, "is there twice.")),
            // A register that lost the receipt's number must not be shown all sales instead.
            (Some(_), None) if text.is_empty() => {
                faults.push(fault(&name, "is empty; give it a value, or leave it out."))
            }
            (Some(node), None) => match typed(node, text) {
                Ok(value) => drop(object.insert(name, value)),
                Err(rest) => faults.push(fault(&name, rest)),
            },
        }
    }
    let json = Value::Object(object);
    faults.extend(shape.check(&json).into_iter().map(of_body));
    if !faults.is_empty() {
        return Err(refusal(faults));
    }
    serde_json::from_value(json).map_err(|error| {
        ApiError::new("invalid_parameter", format!("The query does not fit: {error}."))
    })
}

/// Texts become what the field is.
fn typed(node: &Node, text: String) -> Result<Value, &'static str> {
    match node {
        Node::Integer { .. } => {
            text.parse::<i64>().map(Value::from).map_err(|_| "must be a whole number.")
        }
        Node::Flag => text.parse::<bool>().map(Value::from).map_err(|_| "must be true or false."),
        Node::List { .. } => Ok(Value::Array(vec![Value::String(text)])),
        _ => Ok(Value::String(text)),
    }
}

/// The answer to a query with these faults.
pub fn refusal(faults: Vec<Fault>) -> ApiError {
    let detail = match faults.as_slice() {
        [one] => one.detail.clone(),
        several => {
            format!("The query has {} faults. The first: {}", several.len(), several[0].detail)
        }
    };
    Problem { errors: faults, ..Problem::new("invalid_parameter", detail) }.into()
}

/// A fault of one parameter; the sentence goes on from its name.
pub fn fault(name: &str, rest: &str) -> Fault {
    let name = crate::wire::strict::pointer::shorten(name);
    Fault::new("invalid_parameter", format!("?{name}"), format!("`{name}` {rest}"))
}

fn unknown(name: &str, known: &[&str]) -> Fault {
    match known {
        [] => fault(name, "is not a parameter here."),
        known => fault(name, &format!("is not a parameter here; there are: {}.", known.join(", "))),
    }
}

fn of_body(found: Fault) -> Fault {
    let name = found.pointer.trim_start_matches('/').split('/').next().unwrap_or("").to_owned();
    Fault::new("invalid_parameter", format!("?{name}"), found.detail)
}
