//! A small service as handlers are written, and what every answer of it looks like.

use super::assemble::assemble;
use super::body::{Body, BodyLimit};
use super::error::ApiError;
use super::etag::{self, IfMatchParams, Precondition};
use super::idempotency::RequiredKey;
use super::lists::{List, Listing, PageParams};
use super::openapi::Document;
use super::path::PathId;
use super::query::Query;
use super::request::RequestId;
use crate::clock::Clock;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, get, post, put};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::AppExt;

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewReturn {
    #[schema(min_length = 1, max_length = 32)]
    store: String,
    #[schema(format = "amount")]
    expected_refund: Option<String>,
    #[serde(default)]
    note: String,
}

#[derive(Serialize, ToSchema)]
struct Return {
    key: String,
    store: String,
    digest: String,
    request_id: String,
}

#[derive(Debug, Deserialize, Serialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    store: Option<String>,
    #[schema(format = "date")]
    from: Option<String>,
    count: Option<u32>,
    #[serde(default)]
    status: Vec<String>,
}

/// Record a return.
#[utoipa::path(params(RequiredKey), request_body = NewReturn, responses((status = 201, description = "Recorded.", body = Return)))]
#[post("/v1/returns")]
async fn record(
    RequiredKey(key): RequiredKey,
    id: RequestId,
    body: Body<NewReturn>,
) -> Result<HttpResponse, ApiError> {
    let Body { value, digest } = body;
    if value.store == "closed" {
        return Err(ApiError::new("return_refused", "Final sale.")
            .with("decision", serde_json::json!({"decision": "refused"})));
    }
    let digest = digest[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(HttpResponse::Created().json(Return { key, store: value.store, digest, request_id: id.0 }))
}

/// List returns.
#[utoipa::path(params(PageParams, Filter), responses((status = 200, description = "A page.", body = List<String>)))]
#[get("/v1/returns")]
async fn list(Listing { filter, page }: Listing<Filter>) -> List<String> {
    let first = page
        .after
        .as_deref()
        .and_then(|after| after.parse::<usize>().ok())
        .map_or(0, |after| after + 1);
    let prefix = filter.store.unwrap_or_default();
    page.list((first..5).take(page.rows()).collect(), usize::to_string, |row| {
        format!("{prefix}{row}")
    })
}

/// Read a return.
#[utoipa::path(params(("id" = String, Path, format = "uuid")), responses((status = 200, description = "The return.", body = NewReturn)))]
#[get("/v1/returns/{id}")]
async fn read(req: HttpRequest, PathId(id): PathId) -> Result<HttpResponse, ApiError> {
    etag::answer(&req, StatusCode::OK, &serde_json::json!({"id": id.to_string()}))
}

/// Change a return.
#[utoipa::path(params(("id" = String, Path, format = "uuid"), IfMatchParams), request_body = NewReturn,
    responses((status = 200, description = "Changed.", body = NewReturn)))]
#[put("/v1/returns/{id}")]
async fn change(
    _id: PathId,
    precondition: Precondition,
    body: Body<NewReturn>,
) -> Result<HttpResponse, ApiError> {
    precondition.check(Some("\"1\""))?;
    Ok(HttpResponse::Ok().json(body.value))
}

#[utoipa::path(security(()), params(Filter), responses((status = 200, description = "As read.", body = Filter)))]
#[get("/echo")]
async fn echo(Query(filter): Query<Filter>) -> HttpResponse {
    HttpResponse::Ok().json(filter)
}

#[utoipa::path(security(()), responses((status = 200, description = "Never.")))]
#[get("/panic")]
async fn panics() -> HttpResponse {
    panic!("a secret of the inside")
}

#[utoipa::path(security(()), responses((status = 200, description = "Never.")))]
#[get("/foreign")]
async fn foreign() -> Result<HttpResponse, actix_web::Error> {
    Err(actix_web::error::ErrorBadGateway("a secret of the inside"))
}

/// The app as `app` builds it: routes, then the document, then what surrounds them.
macro_rules! app {
    () => {{
        let (app, openapi) = App::new()
            .into_utoipa_app()
            .app_data(BodyLimit(200))
            .app_data(Clock::fixed("2026-03-01T12:00:00Z".parse().unwrap()))
            .service(record)
            .service(list)
            .service(read)
            .service(change)
            .service(echo)
            .service(panics)
            .service(foreign)
            .split_for_parts();
        let document = Document::complete(&openapi, &[]);
        assemble(app, document)
    }};
}

#[path = "sample_tests.rs"]
mod tests;
