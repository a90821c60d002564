//! Policies: versions drafted by one person and published by another, linted and compared.

use super::body::Body;
use super::caller::{PolicyWriter, Staff};
use super::error::ApiError;
use super::idempotency::OptionalKey;
use super::limits;
use super::lists::{List, Listing, NoFilter, PageParams};
use super::request::RequestId;
use super::scope;
use super::service::Service;
use super::submit::Origin;
use crate::domain::name::{MAX_LENGTH, is_name};
use crate::domain::perform::Command;
use crate::domain::policies::{DraftPolicy, PolicyRecord};
use crate::domain::policy::{Policy, diff, lint};
use crate::domain::refusal::Fault;
use crate::wire::policies::{
    LintView, PolicyChangeView, PolicyFindingView, PolicyVersionView, PublishBody,
};
use crate::wire::policy::{self, PolicyDocument};
use crate::wire::problem::Problem;
use actix_web::{HttpRequest, HttpResponse, get, post, web};

/// List the versions of a policy, drafts too, oldest first.
#[utoipa::path(tag = "policies", params(("name" = String, Path), PageParams),
    responses((status = 200, description = "A page.", body = List<PolicyVersionView>)))]
#[get("/v1/policies/{name}/versions")]
pub async fn list(
    _caller: Staff,
    Listing { page, .. }: Listing<NoFilter>,
    req: HttpRequest,
    service: web::Data<Service>,
) -> Result<List<PolicyVersionView>, ApiError> {
    let settings = service.settings().await?;
    let name = name(&req)?;
    let after: u32 =
        page.after.as_deref().map_or(Ok(0), str::parse).map_err(|_| super::lists::bad_cursor())?;
    let versions = settings.versions_of(&name).filter(|record| record.number > after);
    let views: Vec<PolicyVersionView> =
        versions.take(page.rows()).map(PolicyVersionView::from).collect();
    if views.is_empty() && after == 0 {
        return Err(ApiError::not_found("policy"));
    }
    Ok(page.list(views, |view| view.version.to_string(), |view| view))
}

/// Draft a new version. Someone else publishes it.
#[utoipa::path(tag = "policies", params(("name" = String, Path), OptionalKey), request_body = PolicyDocument,
    responses((status = 201, description = "Drafted.", body = PolicyVersionView)))]
#[post("/v1/policies/{name}/versions")]
pub async fn draft(
    caller: PolicyWriter,
    OptionalKey(key): OptionalKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<PolicyDocument>,
) -> Result<HttpResponse, ApiError> {
    let name = name(&req)?;
    if !is_name(&name) {
        let detail = format!("The service itself uses {name:?}. Choose another name.");
        return Err(scope::faults(vec![Fault::invalid("", &detail)]));
    }
    limits::policy(body.value.rules.len(), &service.config.limits)?;
    let compiled = policy::compile_document(&body.value).map_err(faults)?;
    let document = policy::text(&body.value).into();
    let command = DraftPolicy { name, document, compiled };
    let origin =
        Origin { req: &req, id, caller: &caller.0, key: key.map(|key| (key, body.digest)) };
    service.submit(origin, Command::DraftPolicy(Box::new(command))).await
}

/// Read a version.
#[utoipa::path(tag = "policies", params(("name" = String, Path), ("version" = u32, Path)),
    responses((status = 200, description = "The version.", body = PolicyVersionView)))]
#[get("/v1/policies/{name}/versions/{version}")]
pub async fn show(
    _caller: Staff,
    req: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let record = service.version(&req, "version").await?;
    super::etag::answer(&req, actix_web::http::StatusCode::OK, &PolicyVersionView::from(&record))
}

/// Publish a version, effective from an instant or at once. Not by its author, and it never changes
/// again.
#[utoipa::path(tag = "policies", params(("name" = String, Path), ("version" = u32, Path), OptionalKey),
    request_body = PublishBody, responses((status = 200, description = "Published.", body = PolicyVersionView)))]
#[post("/v1/policies/{name}/versions/{version}/publish")]
pub async fn publish(
    caller: PolicyWriter,
    OptionalKey(key): OptionalKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<PublishBody>,
) -> Result<HttpResponse, ApiError> {
    let number = number(&req, "version")?;
    let command = body.value.read(&name(&req)?, number).map_err(scope::faults)?;
    let origin =
        Origin { req: &req, id, caller: &caller.0, key: key.map(|key| (key, body.digest)) };
    service.submit(origin, Command::PublishPolicy(command)).await
}

/// Lint a policy: rules that can never apply, contradictions, gaps, limits below law.
#[utoipa::path(tag = "policies", request_body = PolicyDocument,
    responses((status = 200, description = "What there is to say against it.", body = LintView)))]
#[post("/v1/policies/lint")]
pub async fn lint_document(
    _caller: PolicyWriter,
    body: Body<PolicyDocument>,
) -> Result<HttpResponse, ApiError> {
    let policy = Policy::try_from(&body.value).map_err(faults)?;
    let findings: Vec<PolicyFindingView> =
        lint(&policy).iter().map(PolicyFindingView::from).collect();
    Ok(HttpResponse::Ok().json(LintView { findings }))
}

/// Compare two versions of a policy.
#[utoipa::path(tag = "policies", params(("name" = String, Path), ("a" = u32, Path), ("b" = u32, Path)),
    responses((status = 200, description = "What changed from a to b.", body = [PolicyChangeView])))]
#[get("/v1/policies/{name}/versions/{a}/diff/{b}")]
pub async fn compare(
    _caller: Staff,
    req: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let (a, b) = (service.version(&req, "a").await?, service.version(&req, "b").await?);
    let policy = |record: &PolicyRecord| {
        record.compiled.values().next().map(|compiled| compiled.policy().clone())
    };
    let (Some(a), Some(b)) = (policy(&a), policy(&b)) else {
        return Err(ApiError::not_found("policy version"));
    };
    let changes: Vec<PolicyChangeView> = diff(&a, &b).iter().map(PolicyChangeView::from).collect();
    Ok(HttpResponse::Ok().json(changes))
}

impl Service {
    async fn version(&self, req: &HttpRequest, part: &str) -> Result<PolicyRecord, ApiError> {
        let key = (name(req)?, number(req, part)?);
        let found = self.settings().await?.policy_records.get(&key).cloned();
        found.ok_or_else(|| ApiError::not_found("policy version"))
    }
}

fn name(req: &HttpRequest) -> Result<String, ApiError> {
    let name = req.match_info().get("name").unwrap_or_default();
    let well_formed = (1..=MAX_LENGTH).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if well_formed { Ok(name.to_owned()) } else { Err(ApiError::not_found("policy")) }
}

fn number(req: &HttpRequest, part: &str) -> Result<u32, ApiError> {
    let number = req.match_info().get(part).and_then(|number| number.parse().ok());
    number.ok_or_else(|| ApiError::not_found("policy version"))
}

/// Every fault of a policy document, as the problem answer lists them.
fn faults(found: Vec<Fault>) -> ApiError {
    Problem::of_found(&found, "policy_invalid").into()
}
