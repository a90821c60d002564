//! Sales: recorded one by one or as a stream, looked up by whatever the customer has at hand.

use super::body::{self, Body, media_type_is};
use super::caller::{Approver, Reader, Till};
use super::error::ApiError;
use super::idempotency::{OptionalKey, RequiredKey};
use super::import::results;
use super::limits;
use super::lists::{List, Listing, PageParams, bad_cursor};
use super::path::PathId;
use super::request::RequestId;
use super::scope;
use super::service::Service;
use super::submit::Origin;
use crate::domain::caller::Stores;
use crate::domain::perform::Command;
use crate::domain::sales::{RecordSale, VoidSale};
use crate::domain::summaries::SaleSummary;
use crate::store::search::{self, sales::SaleFilter};
use crate::wire::returns::VoidRequest;
use crate::wire::sale::{
    ImportResult, NewSale, RecordedSale, SaleFilterParams, SaleView, VoidedSale,
};
use crate::wire::summaries::{ListView, ListedSale};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use uuid::Uuid;

/// Record a sale as the register rang it up. Sending the same sale again changes nothing.
#[utoipa::path(tag = "sales", params(OptionalKey), request_body = NewSale, responses(
    (status = 201, description = "Recorded.", body = RecordedSale),
    (status = 200, description = "Known already, with the same content.", body = RecordedSale),
    (status = 404, description = "The store is unknown, or none of the caller's.")))]
#[post("/v1/sales")]
pub async fn record(
    caller: Till,
    OptionalKey(key): OptionalKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<NewSale>,
) -> Result<HttpResponse, ApiError> {
    let Body { value, digest } = body;
    let command = service.read_sale(&caller, value)?;
    let origin = Origin { req: &req, id, caller: &caller.0, key: key.map(|key| (key, digest)) };
    service.submit(origin, Command::RecordSale(Box::new(command))).await
}

/// Import sales: one JSON object a line, one result a line, in order. A bad line is reported and
/// the rest go on; sending the same file again changes nothing.
#[utoipa::path(tag = "sales", request_body(content = NewSale, content_type = "application/x-ndjson"), responses(
    (status = 200, description = "One result for each line.", body = ImportResult, content_type = "application/x-ndjson")))]
#[post("/v1/sales/import")]
pub async fn import(
    caller: Till,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    lines: web::Payload,
) -> Result<HttpResponse, ApiError> {
    media_type_is(req.headers(), "application/x-ndjson")?;
    let stream = results(service, caller.0, id, lines);
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").streaming(stream))
}

/// Read a sale, and what has come back of it.
#[utoipa::path(tag = "sales", params(("id" = String, Path, format = "uuid")), responses(
    (status = 200, description = "The sale.", body = SaleView)))]
#[get("/v1/sales/{id}")]
pub async fn show(
    caller: Reader,
    PathId(id): PathId,
    req: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let stores = caller.stores.clone();
    let found = service.desk.readers().read(move |read, _| {
        // A sale of another store is not loaded: the time it takes would tell that it exists.
        match search::sales::store_of(read, id)?.is_some_and(|store| stores.contain(&store)) {
            true => search::sales::with_books(read, &[id]),
            false => Ok(Vec::new()),
        }
    });
    let found = found.await?.into_iter().next();
    let (book, recorded_at, document) = found.ok_or_else(|| ApiError::not_found("sale"))?;
    let shown = SaleView::new(&document, &book, recorded_at);
    let shown = shown.map_err(|fault| ApiError::internal(&fault))?;
    super::etag::answer(&req, StatusCode::OK, &shown)
}

/// Take back a sale that was recorded by mistake, on its business day, while nothing of it has come
/// back. Its receipt number can be used again.
#[utoipa::path(tag = "sales", params(("id" = String, Path, format = "uuid"), RequiredKey), request_body = VoidRequest,
    responses((status = 200, description = "Voided.", body = VoidedSale)))]
#[post("/v1/sales/{id}/void")]
pub async fn void(
    caller: Approver,
    PathId(of): PathId,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<VoidRequest>,
) -> Result<HttpResponse, ApiError> {
    let command = VoidSale { id: of, reason: body.value.reason, note: body.value.note };
    let origin = Origin { req: &req, id, caller: &caller.0, key: Some((key, body.digest)) };
    service.submit(origin, Command::VoidSale(command)).await
}

/// Look sales up by receipt, customer, card, article or serial number, newest first.
///
/// With `view=summary` each is shown in short, which is many times faster for long pages.
///
/// In the caller's stores; but a receipt that is presented by its number is found whatever store it
/// is of.
#[utoipa::path(tag = "sales", params(PageParams, SaleFilterParams), responses(
    (status = 200, description = "A page.", body = List<ListedSale>)))]
#[get("/v1/sales")]
pub async fn list(
    caller: Reader,
    Listing { filter, page }: Listing<SaleFilterParams>,
    service: web::Data<Service>,
) -> Result<List<ListedSale>, ApiError> {
    let day = |text: &Option<String>| text.as_deref().and_then(|day| day.parse().ok());
    // Whoever holds the receipt may bring the goods back here, wherever they were bought (STANDARDS 28).
    let seen = if filter.receipt.is_some() { &Stores::All } else { &caller.stores };
    let wanted = SaleFilter {
        stores: scope::stores(seen, filter.store),
        from: day(&filter.from),
        to: day(&filter.to),
        receipt: filter.receipt,
        register: filter.register,
        external_id: filter.external_id,
        customer: filter.customer,
        card_fingerprint: filter.card_fingerprint,
        sku: filter.sku,
        serial_number: filter.serial_number,
        reason: filter.reason,
        status: filter.status.map(|word| word.0),
    };
    let after = page
        .after
        .as_deref()
        .map(|after| after.parse::<Uuid>().map_err(|_| bad_cursor()))
        .transpose()?;
    let rows = page.rows();
    let shown = match filter.view {
        ListView::Summary => {
            let found = service.desk.readers().read(move |read, _| {
                let ids = search::sales::find(read, &wanted, after, rows)?;
                search::summaries::of_sales(read, &ids)
            });
            let listed = |sale: SaleSummary| (sale.id, ListedSale::Summary(sale.into()));
            found.await?.into_iter().map(listed).collect()
        }
        ListView::Full => {
            let found = service.desk.readers().read(move |read, _| {
                let ids = search::sales::find(read, &wanted, after, rows)?;
                search::sales::with_books(read, &ids)
            });
            let listed = found.await?.into_iter().map(|(book, at, document)| {
                let shown = SaleView::new(&document, &book, at)?;
                Ok((book.sale.id, ListedSale::Full(Box::new(shown))))
            });
            let listed: Result<Vec<(Uuid, ListedSale)>, String> = listed.collect();
            listed.map_err(|fault| ApiError::internal(&fault))?
        }
    };
    Ok(page.list(shown, |(id, _)| id.to_string(), |(_, shown)| shown))
}

impl Service {
    /// Reads a sale for this caller: its own stores alone.
    pub fn read_sale(&self, caller: &Till, body: NewSale) -> Result<RecordSale, ApiError> {
        if !caller.stores.contain(&body.store) {
            return Err(scope::unknown_store());
        }
        limits::sale(&body, &self.config.limits)?;
        body.read(self.clock.now(), self.future()).map_err(scope::faults)
    }
}

/// Reads one line of an import like a body.
pub fn read_line(line: &[u8]) -> Result<NewSale, ApiError> {
    Ok(body::read::<NewSale>(line)?.value)
}
