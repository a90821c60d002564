//! Disputes on tenders.

use super::body::Body;
use super::caller::Approver;
use super::error::ApiError;
use super::idempotency::RequiredKey;
use super::request::RequestId;
use super::service::Service;
use super::submit::Origin;
use crate::domain::chargebacks::MarkChargeback;
use crate::domain::perform::Command;
use crate::wire::chargebacks::{ChargebackRequest, ChargebackView};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, post, web};
use std::future::{Ready, ready};
use uuid::Uuid;

/// Tell that the bank has opened or closed a dispute on a tender: what it took, what it keeps for
/// that, and how it ended.
///
/// While one is open nothing goes back to the tender. Won, the tender is free again; lost, what the
/// bank took counts as given back on the tender and on the sale. All of it is in the ledger.
#[utoipa::path(tag = "sales", params(("id" = String, Path, format = "uuid"), ("tender" = u32, Path), RequiredKey),
    request_body = ChargebackRequest, responses((status = 200, description = "Noted.", body = ChargebackView)))]
#[post("/v1/sales/{id}/tenders/{tender}/chargeback")]
#[allow(clippy::too_many_arguments)] // a handler's signature lists all it needs
pub async fn mark(
    caller: Approver,
    place: TenderPath,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<ChargebackRequest>,
) -> Result<HttpResponse, ApiError> {
    let ChargebackRequest { open, outcome, amount, fee, reference, note } = body.value;
    let TenderPath { sale, tender } = place;
    let ending = outcome.map(|word| word.0);
    let command = MarkChargeback { sale, tender, open, ending, amount, fee, reference, note };
    let origin = Origin { req: &req, id, caller: &caller.0, key: Some((key, body.digest)) };
    service.submit(origin, Command::MarkChargeback(command)).await
}

/// The sale and the number of its tender, from the path.
pub struct TenderPath {
    sale: Uuid,
    tender: u32,
}

impl FromRequest for TenderPath {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let part = |name: &str| req.match_info().get(name);
        let sale = part("id").and_then(|id| Uuid::try_parse(id).ok());
        let tender = part("tender").and_then(|number| number.parse().ok());
        let path = sale.zip(tender).map(|(sale, tender)| TenderPath { sale, tender });
        ready(path.ok_or_else(|| ApiError::not_found("tender")))
    }
}
