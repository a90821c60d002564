//! Checking and recording returns, and what becomes of them.

use super::body::Body;
use super::caller::{Approver, Counter, Reader, Terminal};
use super::card_codes::CardCodes;
use super::error::ApiError;
use super::idempotency::RequiredKey;
use super::limits;
use super::lists::{List, Listing, PageParams, bad_cursor};
use super::path::PathId;
use super::quotes;
use super::request::RequestId;
use super::service::Service;
use super::submit::Origin;
use crate::domain::caller::Caller;
use crate::domain::decision::{Decision, Verdict};
use crate::domain::draft::{Approver as Agreed, Grant};
use crate::domain::journal;
use crate::domain::money::Currency;
use crate::domain::perform::Command;
use crate::domain::refusal::OverrideFault;
use crate::domain::registers;
use crate::domain::returns::{RecordReturn, SettleRefund, VoidReturn};
use crate::domain::summaries::ReturnSummary;
use crate::identity::keyed_hash::KeyedHasher;
use crate::identity::override_token::Override;
use crate::identity::token_error::{Refusal, TokenError};
use crate::store::search::{self, returns::ReturnFilter};
use crate::wire::decision::{CheckView, DecisionView};
use crate::wire::overrides::{OverrideRequest, ReadOverride};
use crate::wire::returns::{
    ReadReturn, ReturnFilterParams, ReturnRequest, ReturnStateView, ReturnView, SettlementRequest,
    VoidRequest, current,
};
use crate::wire::summaries::{ListView, ListedReturn};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use std::sync::Arc;
use uuid::Uuid;

/// The label under which identity documents are hashed.
const ID_DOCUMENT: &str = "identity document";

/// Check a return: may this come back, and for how much? Decides, and changes nothing.
#[utoipa::path(tag = "returns", request_body = ReturnRequest, responses(
    (status = 200, description = "What is decided, with every finding; a quote where it can be recorded.", body = CheckView),
    (status = 404, description = "The store is unknown, or none of the caller's."),
    (status = 409, description = "`receipt_ambiguous`: `sales` lists the sales that have the receipt number. `day_closed`: the trading day that it names is closed at the register.")))]
#[post("/v1/returns/check")]
pub async fn check(
    caller: Counter,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<ReturnRequest>,
) -> Result<HttpResponse, ApiError> {
    service.refused_checks.admit(&caller.subject, service.clock.now())?;
    let read = service.read_return(&caller.0, body.value).await?;
    if let Some(refusal) = registers::of_another(&caller, &read.draft.register) {
        return Err(super::scope::refusal(&refusal));
    }
    let decision = service.decide(&read).await?;
    if decision.verdict == Verdict::Refused {
        service.refused_checks.count(&caller.subject, service.clock.now());
        let note = journal::check_refused(&read.draft, &decision);
        let origin = Origin { req: &req, id, caller: &caller.0, key: None };
        service.submit_plain(&origin, Command::Note(Box::new(note))).await?;
        return Ok(HttpResponse::Ok()
            .json(CheckView { decision: DecisionView::from(&decision), quote: None }));
    }
    let quote = quotes::seal(&service, &read, &decision)?;
    Ok(HttpResponse::Ok()
        .json(CheckView { decision: DecisionView::from(&decision), quote: Some(quote) }))
}

/// Record a return: decides again, and records it if policy and approvals allow. Safe to retry with
/// the same key.
#[utoipa::path(tag = "returns", params(RequiredKey), request_body = ReturnRequest, responses(
    (status = 201, description = "Recorded.", body = ReturnView),
    (status = 404, description = "The store is unknown, or none of the caller's.")))]
#[post("/v1/returns")]
pub async fn record(
    caller: Counter,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<ReturnRequest>,
) -> Result<HttpResponse, ApiError> {
    let digest = body.digest;
    let read = service.read_return(&caller.0, body.value).await?;
    let origin = Origin { req: &req, id, caller: &caller.0, key: Some((key.clone(), digest)) };
    let codes = CardCodes::of(&service, &origin, &key)?;
    let quoted = match read.quote.as_deref().map(|quote| quotes::open(&service, quote)).transpose()
    {
        Ok(quoted) => quoted,
        // A quote ages; the answer that the register waits for, and did not get the first time,
        // does not.
        Err(refused) => return service.replay_or(&origin, &codes, refused).await,
    };
    let (grants, bad_grant) = service.grants(&read.approvals)?;
    let command = RecordReturn {
        draft: read.draft,
        grants,
        bad_grant,
        quoted,
        digest: read.digest,
        expected_refund: read.expected_refund,
        codes: codes.of_return(),
    };
    service.submit_with_codes(origin, Command::RecordReturn(Box::new(command)), &codes).await
}

/// Take a return back, with reversing entries. The return stays; its refunds are voided.
#[utoipa::path(tag = "returns", params(("id" = String, Path, format = "uuid"), RequiredKey), request_body = VoidRequest,
    responses((status = 200, description = "Voided.", body = ReturnStateView)))]
#[post("/v1/returns/{id}/void")]
pub async fn void(
    caller: Approver,
    PathId(of): PathId,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<VoidRequest>,
) -> Result<HttpResponse, ApiError> {
    let command = VoidReturn { id: of, reason: body.value.reason, note: body.value.note };
    let origin = Origin { req: &req, id, caller: &caller.0, key: Some((key, body.digest)) };
    service.submit(origin, Command::VoidReturn(command)).await
}

/// Tell what the payment terminal said of a refund.
#[utoipa::path(tag = "returns", params(("id" = String, Path, format = "uuid"), ("refund" = u32, Path), RequiredKey),
    request_body = SettlementRequest, responses((status = 200, description = "Noted.", body = ReturnStateView)))]
#[post("/v1/returns/{id}/refunds/{refund}/settlement")]
#[allow(clippy::too_many_arguments)] // a handler's signature lists all it needs
pub async fn settle(
    caller: Terminal,
    place: RefundPath,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<SettlementRequest>,
) -> Result<HttpResponse, ApiError> {
    let origin = Origin { req: &req, id, caller: &caller.0, key: Some((key.clone(), body.digest)) };
    let codes = CardCodes::of(&service, &origin, &key)?;
    let fallback = body.value.fallback.as_ref().map(|word| word.0);
    let command = SettleRefund {
        id: place.of,
        refund: place.refund,
        settled: body.value.settled(),
        reference: body.value.reference.clone(),
        fallback,
        codes: fallback.map(|_| codes.new_code(0)).into_iter().collect(),
    };
    service.submit_with_codes(origin, Command::SettleRefund(command), &codes).await
}

/// Read a return as it stands now.
#[utoipa::path(tag = "returns", params(("id" = String, Path, format = "uuid")), responses(
    (status = 200, description = "The return.", body = ReturnView)))]
#[get("/v1/returns/{id}")]
pub async fn show(
    caller: Reader,
    PathId(id): PathId,
    req: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let stores = caller.stores.clone();
    let found = service.desk.readers().read(move |read, _| {
        // A return of another store is not loaded: the time it takes would tell that it exists.
        match search::returns::store_of(read, id)?.is_some_and(|store| stores.contain(&store)) {
            true => search::returns::whole(read, &[id]),
            false => Ok(Vec::new()),
        }
    });
    let found = found.await?.into_iter().next();
    let (document, the_return) = found.ok_or_else(|| ApiError::not_found("return"))?;
    let shown = current(&document, &the_return).map_err(|fault| ApiError::internal(&fault))?;
    super::etag::answer(&req, actix_web::http::StatusCode::OK, &shown)
}

/// List returns, newest first; with `view=summary` each in short.
#[utoipa::path(tag = "returns", params(PageParams, ReturnFilterParams), responses(
    (status = 200, description = "A page.", body = List<ListedReturn>)))]
#[get("/v1/returns")]
pub async fn list(
    caller: Reader,
    Listing { filter, page }: Listing<ReturnFilterParams>,
    service: web::Data<Service>,
) -> Result<List<ListedReturn>, ApiError> {
    let view = filter.view;
    let filter = ReturnFilter {
        stores: super::scope::stores(&caller.stores, filter.store),
        status: filter.status.map(|word| word.0),
        sale: filter.sale.as_deref().and_then(|sale| sale.parse().ok()),
        operator: filter.operator,
        customer: filter.customer,
        sku: filter.sku,
        reason: filter.reason,
        from: filter.from.as_deref().and_then(|day| day.parse().ok()),
        to: filter.to.as_deref().and_then(|day| day.parse().ok()),
    };
    let after = page
        .after
        .as_deref()
        .map(|after| after.parse::<Uuid>().map_err(|_| bad_cursor()))
        .transpose()?;
    let rows = page.rows();
    let shown = match view {
        ListView::Summary => {
            let found = service.desk.readers().read(move |read, _| {
                let ids = search::returns::find(read, &filter, after, rows)?;
                search::summaries::of_returns(read, &ids)
            });
            let listed =
                |back: ReturnSummary| (back.id, ListedReturn::Summary(Box::new(back.into())));
            found.await?.into_iter().map(listed).collect()
        }
        ListView::Full => {
            let found = service.desk.readers().read(move |read, _| {
                let ids = search::returns::find(read, &filter, after, rows)?;
                search::returns::whole(read, &ids)
            });
            let listed = found.await?.into_iter().map(|(document, back)| {
                Ok((back.id, ListedReturn::Full(current(&document, &back)?)))
            });
            let listed: Result<Vec<(Uuid, ListedReturn)>, String> = listed.collect();
            listed.map_err(|fault| ApiError::internal(&fault))?
        }
    };
    Ok(page.list(shown, |(id, _)| id.to_string(), |(_, shown)| shown))
}

impl Service {
    /// Reads a return's body for this caller: its own stores alone, the operator from the token.
    pub async fn read_return(
        &self,
        caller: &Arc<Caller>,
        body: ReturnRequest,
    ) -> Result<ReadReturn, ApiError> {
        limits::of_return(&body, &self.config.limits)?;
        let (currency, hasher) = self.counter(caller, &body.store).await?;
        let hash_id = |text: &str| hasher.hash(ID_DOCUMENT, text);
        body.read(Some(currency), &caller.operator, &hash_id).map_err(super::scope::faults)
    }

    /// The same of a body that asks for an override.
    pub async fn read_override(
        &self,
        caller: &Arc<Caller>,
        body: OverrideRequest,
    ) -> Result<ReadOverride, ApiError> {
        limits::of_return(&body.the_return, &self.config.limits)?;
        let (currency, hasher) = self.counter(caller, &body.the_return.store).await?;
        let hash_id = |text: &str| hasher.hash(ID_DOCUMENT, text);
        body.read(Some(currency), &caller.operator, &hash_id).map_err(super::scope::faults)
    }

    /// What reading a return's body takes: the currency of the caller's store, and the hash for
    /// identity documents.
    async fn counter(
        &self,
        caller: &Caller,
        store: &str,
    ) -> Result<(Currency, KeyedHasher), ApiError> {
        let store = self.store(store).await.filter(|store| caller.stores.contain(&store.store));
        let store = store.ok_or_else(super::scope::unknown_store)?;
        let hasher = self.keys.hasher().map_err(|fault| ApiError::internal(&fault))?;
        Ok((store.currency, hasher))
    }

    /// Decides on the present state of the database.
    pub async fn decide(&self, read: &ReadReturn) -> Result<Decision, ApiError> {
        let decided = self.desk.check(read.draft.clone());
        decided.await?.map_err(|refusal| super::scope::refusal(&refusal))
    }

    /// The grants of override tokens; a token that is no good is told to the log with the attempt.
    #[allow(clippy::type_complexity)]
    fn grants(
        &self,
        tokens: &[String],
    ) -> Result<(Vec<Grant>, Option<(Option<Uuid>, OverrideFault)>), ApiError> {
        let mut grants = Vec::new();
        for token in tokens {
            match self.overrides.verify(token, self.clock.now()) {
                Ok(verified) => match grant(&verified) {
                    Some(grant) => grants.push(grant),
                    None => {
                        return Ok((
                            Vec::new(),
                            Some((Some(verified.id), OverrideFault::Mismatch)),
                        ));
                    }
                },
                Err(TokenError::Expired) => {
                    return Ok((Vec::new(), Some((None, OverrideFault::Expired))));
                }
                Err(fault) if fault.refusal() == Refusal::Unavailable => {
                    return Err(ApiError::new("unavailable", "Keys cannot be read at the moment.")
                        .retry_after(1));
                }
                Err(_) => return Ok((Vec::new(), Some((None, OverrideFault::Invalid)))),
            }
        }
        Ok((grants, None))
    }
}

fn grant(verified: &Override) -> Option<Grant> {
    let bound = &verified.grant;
    let rank =
        verified.approver.roles.iter().filter_map(|role| role.approver_rank()).max().unwrap_or(0);
    Some(Grant {
        id: verified.id,
        approver: Agreed {
            subject: verified.approver.subject.clone(),
            operator: verified.approver.operator.clone(),
            rank,
        },
        store: bound.store.clone(),
        draft: bound.draft,
        operator: bound.operator.clone(),
        sales: bound.sales.iter().map(|sale| sale.parse().ok()).collect::<Option<_>>()?,
        codes: bound
            .codes
            .iter()
            .map(|code| crate::domain::decision::Code::parse(code))
            .collect::<Option<_>>()?,
        max_refund: bound.max_refund,
        currency: bound.currency,
        issued_at: verified.issued_at,
        expires_at: verified.expires_at,
    })
}

/// The return and the number of its refund, from the path.
pub struct RefundPath {
    of: Uuid,
    refund: u32,
}

impl actix_web::FromRequest for RefundPath {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        let part = |name: &str| req.match_info().get(name);
        let of = part("id").and_then(|id| Uuid::try_parse(id).ok());
        let refund = part("refund").and_then(|number| number.parse().ok());
        let path = of.zip(refund).map(|(of, refund)| RefundPath { of, refund });
        std::future::ready(path.ok_or_else(|| ApiError::not_found("refund")))
    }
}
