//! Is the process alive, is it ready, how is it doing, and with which keys does it sign.

use super::error::ApiError;
use super::service::Service;
use crate::store::migrate;
use crate::telemetry;
use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use std::time::Duration;
use tokio::time::timeout;
use utoipa::ToSchema;

/// How long `/readyz` waits for the database.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// How the service is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or what is missing.
    #[schema(example = "ok")]
    status: &'static str,
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// What the service needs in order to answer, each `ok` or what is the matter.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    #[schema(example = "ok")]
    database: String,
    #[schema(example = "ok")]
    migrations: String,
    #[schema(example = "ok")]
    keys: String,
}

/// Is the process alive.
#[utoipa::path(tag = "operations", security(()), responses((status = 200, description = "Alive.", body = Health)))]
#[get("/healthz")]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// Can it answer: database, migrations, keys.
#[utoipa::path(tag = "operations", security(()), responses((status = 200, description = "Ready.", body = Readiness)))]
#[get("/readyz")]
pub async fn readyz(service: web::Data<Service>) -> Result<HttpResponse, ApiError> {
    // Whoever asks has a time-out of its own, a short one: late is as good as out of reach.
    let asked =
        timeout(READY_WITHIN, service.desk.readers().read(|read, _| migrate::pending_in(read)));
    let pending = asked.await.map_err(|_| ()).and_then(|answer| answer.map_err(|_| ()));
    let told = |result: Result<(), String>| result.map_or_else(|why| why, |()| "ok".to_owned());
    let readiness = Readiness {
        database: told(pending.as_ref().map(|_| ()).map_err(|_| "out of reach".to_owned())),
        migrations: match &pending {
            Ok(pending) if pending.is_empty() => "ok".to_owned(),
            Ok(pending) => format!(
                "{} to apply; start the newest version or run `returndesk migrate`",
                pending.len()
            ),
            Err(_) => "unknown".to_owned(),
        },
        keys: told(service.keys.health().map_err(|fault| {
            // Anybody may ask: what the fault says of files is for the log alone.
            tracing::error!(%fault, "the keys cannot be used");
            "cannot be used; the service's log says why".to_owned()
        })),
    };
    if [&readiness.database, &readiness.migrations, &readiness.keys]
        .iter()
        .all(|part| *part == "ok")
    {
        return Ok(HttpResponse::Ok().json(readiness));
    }
    let parts = serde_json::to_value(&readiness).unwrap_or_default();
    Err(ApiError::new("unavailable", "The service is not ready.")
        .with("readiness", parts)
        .retry_after(1))
}

/// Metrics, in Prometheus' text format.
#[utoipa::path(tag = "operations", security(()), responses((status = 200, description = "Metrics.", body = String, content_type = "text/plain")))]
#[get("/metrics")]
pub async fn metrics(service: web::Data<Service>) -> HttpResponse {
    // As it is now: the last command may have come long ago.
    ::metrics::gauge!("returndesk_queue_length")
        .set(u32::try_from(service.desk.waiting()).unwrap_or(u32::MAX));
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(telemetry::metrics().render())
}

/// The public keys that access tokens are signed with.
#[utoipa::path(tag = "tokens", security(()), responses((status = 200, description = "A JWK Set (RFC 7517).", body = Object)))]
#[get("/.well-known/jwks.json")]
pub async fn jwks(service: web::Data<Service>) -> Result<HttpResponse, ApiError> {
    let keys = service.keys.jwks().map_err(|fault| ApiError::internal(&fault))?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "public, max-age=60")).json(keys))
}
