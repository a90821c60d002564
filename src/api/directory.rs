//! Stores, registers and operators: documents with ETags, saved whole.

use super::body::Body;
use super::caller::{Administrator, OperatorReader, Staff};
use super::error::ApiError;
use super::etag::{self, IfMatchParams, Precondition};
use super::lists::{List, Listing, NoFilter, PageParams};
use super::request::RequestId;
use super::scope;
use super::service::Service;
use super::submit::Origin;
use crate::domain::directory::Document;
use crate::domain::entry::{hex, is_store_id};
use crate::domain::perform::Command;
use crate::domain::settings::{Operator, Register, Settings};
use crate::wire::directory::{
    OperatorBody, OperatorView, RegisterBody, RegisterView, StoreBody, StoreView,
};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, put, web};
use std::sync::Arc;

/// Save a store.
#[utoipa::path(tag = "stores", params(("store" = String, Path, description = "The store's number."), IfMatchParams),
    request_body = StoreBody, responses((status = 201, description = "Created.", body = StoreView),
    (status = 200, description = "Changed.", body = StoreView)))]
#[put("/v1/stores/{store}")]
pub async fn save_store(
    caller: Administrator,
    precondition: Precondition,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<StoreBody>,
) -> Result<HttpResponse, ApiError> {
    let store = visible_store(&req, &caller.stores)?;
    let command = body.value.read(&store, precondition.seen()).map_err(scope::faults)?;
    let origin = Origin { req: &req, id, caller: &caller.0, key: None };
    service.submit(origin, Command::SaveStore(Box::new(command))).await
}

/// Read a store.
#[utoipa::path(tag = "stores", params(("store" = String, Path, description = "The store's number.")),
    responses((status = 200, description = "The store.", body = StoreView)))]
#[get("/v1/stores/{store}")]
pub async fn read_store(
    caller: Staff,
    req: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let store = visible_store(&req, &caller.stores)?;
    let found = service.settings().await?.store(&store).cloned();
    let found = found.ok_or_else(|| ApiError::not_found("store"))?;
    tagged(&req, &StoreView::from(&*found), found.digest())
}

/// List stores.
#[utoipa::path(tag = "stores", params(PageParams), responses((status = 200, description = "A page.", body = List<StoreView>)))]
#[get("/v1/stores")]
pub async fn list_stores(
    caller: Staff,
    Listing { page, .. }: Listing<NoFilter>,
    service: web::Data<Service>,
) -> Result<List<StoreView>, ApiError> {
    let settings = service.settings().await?;
    let seen = settings.stores.values().filter(|store| caller.stores.contain(&store.store));
    let after = seen.filter(|store| page.after.as_ref().is_none_or(|after| store.store > *after));
    let views: Vec<StoreView> =
        after.take(page.rows()).map(|store| StoreView::from(&**store)).collect();
    Ok(page.list(views, |view| view.store.clone(), |view| view))
}

/// Save a register of a store.
#[utoipa::path(tag = "stores", params(("store" = String, Path), ("register" = String, Path), IfMatchParams),
    request_body = RegisterBody, responses((status = 201, description = "Created.", body = RegisterView),
    (status = 200, description = "Changed.", body = RegisterView)))]
#[put("/v1/stores/{store}/registers/{register}")]
pub async fn save_register(
    caller: Administrator,
    precondition: Precondition,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<RegisterBody>,
) -> Result<HttpResponse, ApiError> {
    let store = visible_store(&req, &caller.stores)?;
    let command = body
        .value
        .read(&store, part(&req, "register"), precondition.seen())
        .map_err(scope::faults)?;
    let origin = Origin { req: &req, id, caller: &caller.0, key: None };
    service.submit(origin, Command::SaveRegister(command)).await
}

/// Read a register.
#[utoipa::path(tag = "stores", params(("store" = String, Path), ("register" = String, Path)),
    responses((status = 200, description = "The register.", body = RegisterView)))]
#[get("/v1/stores/{store}/registers/{register}")]
pub async fn read_register(
    caller: Staff,
    req: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let store = visible_store(&req, &caller.stores)?;
    let key = (store, part(&req, "register").to_owned());
    let found = service.settings().await?.registers.get(&key).cloned();
    let found = found.ok_or_else(|| ApiError::not_found("register"))?;
    tagged(&req, &RegisterView::from(&found), found.digest())
}

/// List the registers of a store.
#[utoipa::path(tag = "stores", params(("store" = String, Path), PageParams),
    responses((status = 200, description = "A page.", body = List<RegisterView>)))]
#[get("/v1/stores/{store}/registers")]
pub async fn list_registers(
    caller: Staff,
    Listing { page, .. }: Listing<NoFilter>,
    req: HttpRequest,
    service: web::Data<Service>,
) -> Result<List<RegisterView>, ApiError> {
    let store = visible_store(&req, &caller.stores)?;
    let settings = service.settings().await?;
    settings.store(&store).ok_or_else(|| ApiError::not_found("store"))?;
    let of_store = settings.registers.values().filter(|register| register.store == store);
    let after =
        |register: &&Register| page.after.as_ref().is_none_or(|after| register.register > *after);
    let views: Vec<RegisterView> =
        of_store.filter(after).take(page.rows()).map(RegisterView::from).collect();
    Ok(page.list(views, |view| view.register.clone(), |view| view))
}

/// Save an operator: number, name, roles, stores and PIN. Left out, the PIN stays.
#[utoipa::path(tag = "operators", params(("operator" = String, Path, description = "Employee number."), IfMatchParams),
    request_body = OperatorBody, responses((status = 201, description = "Created.", body = OperatorView),
    (status = 200, description = "Changed.", body = OperatorView)))]
#[put("/v1/operators/{operator}")]
pub async fn save_operator(
    caller: Administrator,
    precondition: Precondition,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<OperatorBody>,
) -> Result<HttpResponse, ApiError> {
    let (number, seen, data) =
        (part(&req, "operator").to_owned(), precondition.seen(), service.clone());
    let settings = service.settings().await?;
    if let Some(known) = settings.operators.get(&number) {
        visible_operator(known, &caller.stores)?;
        within(known, &caller.stores)?;
    }
    // Argon2 takes its time and memory: not on a thread that serves others.
    let read = web::block(move || {
        let hash = |pin: &str| data.pins.hash(&number, pin).unwrap_or_default();
        body.value.read(&number, seen, &hash)
    });
    let command = read.await.map_err(|fault| ApiError::internal(&fault))?.map_err(scope::faults)?;
    if command.operator.pin_hash.as_deref() == Some("") {
        return Err(ApiError::internal(&"a PIN could not be hashed"));
    }
    within(&command.operator, &caller.stores)?;
    let origin = Origin { req: &req, id, caller: &caller.0, key: None };
    service.submit(origin, Command::SaveOperator(Box::new(command))).await
}

/// Read an operator. The PIN is never shown.
#[utoipa::path(tag = "operators", params(("operator" = String, Path, description = "Employee number.")),
    responses((status = 200, description = "The operator.", body = OperatorView)))]
#[get("/v1/operators/{operator}")]
pub async fn read_operator(
    caller: OperatorReader,
    req: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let found = service.settings().await?.operators.get(part(&req, "operator")).cloned();
    let found = found.ok_or_else(|| ApiError::not_found("operator"))?;
    visible_operator(&found, &caller.stores)?;
    tagged(&req, &OperatorView::from(&*found), found.digest())
}

/// List operators.
#[utoipa::path(tag = "operators", params(PageParams),
    responses((status = 200, description = "A page.", body = List<OperatorView>)))]
#[get("/v1/operators")]
pub async fn list_operators(
    caller: OperatorReader,
    Listing { page, .. }: Listing<NoFilter>,
    service: web::Data<Service>,
) -> Result<List<OperatorView>, ApiError> {
    let settings = service.settings().await?;
    let seen = settings
        .operators
        .values()
        .filter(|operator| visible_operator(operator, &caller.stores).is_ok());
    let after =
        seen.filter(|operator| page.after.as_ref().is_none_or(|after| operator.operator > *after));
    let views: Vec<OperatorView> =
        after.take(page.rows()).map(|operator| OperatorView::from(&**operator)).collect();
    Ok(page.list(views, |view| view.operator.clone(), |view| view))
}

impl Service {
    /// The settings as the database has them now.
    pub async fn settings(&self) -> Result<Arc<Settings>, ApiError> {
        Ok(self.desk.readers().read(|_, settings| Ok(Arc::clone(settings))).await?)
    }
}

use crate::domain::caller::Stores;

fn part<'a>(req: &'a HttpRequest, name: &str) -> &'a str {
    req.match_info().get(name).unwrap_or_default()
}

/// The store of the path, as far as the caller may see it.
fn visible_store(req: &HttpRequest, stores: &Stores) -> Result<String, ApiError> {
    let store = part(req, "store");
    let seen = is_store_id(store) && stores.contain(store);
    if seen { Ok(store.to_owned()) } else { Err(ApiError::not_found("store")) }
}

/// An operator of other stores alone does not exist for the caller.
fn visible_operator(operator: &Operator, stores: &Stores) -> Result<(), ApiError> {
    let common = match (&operator.stores, stores) {
        (_, Stores::All) | (Stores::All, _) => true,
        (Stores::Listed(theirs), mine) => theirs.iter().any(|store| mine.contain(store)),
    };
    if common { Ok(()) } else { Err(ApiError::not_found("operator")) }
}

/// Nobody gives rights in stores that are not their own, or takes them away there.
fn within(operator: &Operator, stores: &Stores) -> Result<(), ApiError> {
    let allowed = match (&operator.stores, stores) {
        (_, Stores::All) => true,
        (Stores::All, Stores::Listed(_)) => false,
        (Stores::Listed(theirs), mine) => theirs.iter().all(|store| mine.contain(store)),
    };
    if allowed { Ok(()) } else { Err(scope::unknown_store()) }
}

/// A document with the ETag that its digest is.
fn tagged(
    req: &HttpRequest,
    view: &impl serde::Serialize,
    digest: [u8; 32],
) -> Result<HttpResponse, ApiError> {
    etag::answer_tagged(req, StatusCode::OK, view, &format!("\"{}\"", hex(&digest)))
}
