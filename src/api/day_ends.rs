//! Day ends: closing a register's or a store's trading day, and reading the days that are closed.

use super::body::Body;
use super::caller::{Approver, DayReader};
use super::error::ApiError;
use super::idempotency::RequiredKey;
use super::ledger::{day, visible};
use super::lists::{List, Listing, PageParams, bad_cursor};
use super::path::PathId;
use super::request::RequestId;
use super::scope;
use super::service::Service;
use super::submit::Origin;
use crate::domain::perform::Command;
use crate::store::search::day_ends::{self, DayEndFilter};
use crate::wire::day_ends::{DayEndFilterParams, DayEndRequest, DayEndView};
use actix_web::{HttpRequest, HttpResponse, get, post, web};

/// Close a day: of a register, once a shift, or of the store itself once its registers are closed.
/// In the order of days.
///
/// What was booked up to that business date and is not closed yet is summed up, and numbered
/// without a gap. What comes in after a shift falls into the next one; after the store's own day
/// end its day has no further shift, and what comes in falls into the next day.
#[utoipa::path(tag = "day-ends", params(RequiredKey), request_body = DayEndRequest, responses(
    (status = 201, description = "Closed.", body = DayEndView),
    (status = 404, description = "The store is unknown, or none of the caller's.")))]
#[post("/v1/day-ends")]
pub async fn close(
    caller: Approver,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<DayEndRequest>,
) -> Result<HttpResponse, ApiError> {
    let Body { value, digest } = body;
    let store = visible(&service, &caller.stores, &value.store).await?;
    let command = value.read(Some(store.currency)).map_err(scope::faults)?;
    let origin = Origin { req: &req, id, caller: &caller.0, key: Some((key, digest)) };
    service.submit(origin, Command::CloseDay(command)).await
}

/// List a store's day ends and those of its registers, newest first.
#[utoipa::path(tag = "day-ends", params(PageParams, DayEndFilterParams), responses(
    (status = 200, description = "A page.", body = List<DayEndView>),
    (status = 404, description = "The store is unknown, or none of the caller's.")))]
#[get("/v1/day-ends")]
pub async fn list(
    caller: DayReader,
    Listing { filter, page }: Listing<DayEndFilterParams>,
    service: web::Data<Service>,
) -> Result<List<DayEndView>, ApiError> {
    let wanted = DayEndFilter {
        from: day("from", filter.from.as_deref())?,
        to: day("to", filter.to.as_deref())?,
        store: visible(&service, &caller.stores, &filter.store).await?.store.clone(),
        register: filter.register,
    };
    let before =
        page.after.as_deref().map(|after| after.parse().map_err(|_| bad_cursor())).transpose()?;
    let found =
        service.desk.readers().read(move |read, _| day_ends::find(read, &wanted, before)).await?;
    Ok(page.list(found, |closed| closed.seq.to_string(), |closed| DayEndView::from(&closed)))
}

/// Read a day end.
#[utoipa::path(tag = "day-ends", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, description = "The day end.", body = DayEndView)))]
#[get("/v1/day-ends/{id}")]
pub async fn show(
    caller: DayReader,
    PathId(of): PathId,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let found = service.desk.readers().read(move |read, _| day_ends::get(read, of)).await?;
    let found = found.filter(|closed| caller.stores.contain(&closed.till.store));
    let found = found.ok_or_else(|| ApiError::not_found("day end"))?;
    Ok(HttpResponse::Ok().json(DayEndView::from(&found)))
}
