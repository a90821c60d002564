//! Gift cards and store credit (API §6).

use super::body::{Body, read as read_body};
use super::bulk_cards;
use super::caller::{Approver, Counter, Reader};
use super::card_codes::{CardCodes, typed, typed_pin};
use super::error::ApiError;
use super::idempotency::RequiredKey;
use super::lists::{List, Listing, NoFilter, PageParams, bad_cursor};
use super::path::PathId;
use super::request::RequestId;
use super::service::Service;
use super::submit::Origin;
use crate::desk::Reply;
use crate::domain::caller::{Caller, Stores};
use crate::domain::gift_cards::{Card, CardCommand, CardDone, Keeping, LookUpCard};
use crate::domain::journal;
use crate::domain::perform::{Command, Done, Outcome};
use crate::domain::refusal::Fault;
use crate::domain::sign_in::LockRule;
use crate::domain::state::HEAD_OFFICE;
use crate::store::{gift_cards as stored, search};
use crate::wire::gift_cards::{
    BulkRequest, CardEntryView, CardMovedView, CardView, CashOutRequest, IssueRequest, KeepRequest,
    LoadRequest, LookupRequest, RedeemRequest, ReplaceRequest, ReverseRequest, TransferRequest,
};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use jiff::SignedDuration;
use uuid::Uuid;

/// Issue a card. Its code is in this answer, and in the answer to the same request sent again; it
/// is kept nowhere.
#[utoipa::path(tag = "gift cards", params(RequiredKey), request_body = IssueRequest, responses(
    (status = 201, description = "Issued; the code is shown this once.", body = CardView),
    (status = 404, description = "The store is unknown, or none of the caller's.")))]
#[post("/v1/gift-cards")]
pub async fn issue(
    caller: Approver,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<IssueRequest>,
) -> Result<HttpResponse, ApiError> {
    let Body { value, digest } = body;
    let origin = Origin { req: &req, id, caller: &caller.0, key: Some((key.clone(), digest)) };
    let codes = CardCodes::of(&service, &origin, &key)?.or_given(value.code.clone())?;
    let command = issue_command(value, &codes)?;
    service.submit_with_codes(origin, Command::GiftCard(Box::new(command)), &codes).await
}

/// The command that a body asks for, with the first of its codes.
pub fn issue_command(body: IssueRequest, codes: &CardCodes) -> Result<CardCommand, ApiError> {
    let pin = body.pin.as_deref().map(|pin| codes.pin_hash(pin));
    body.read(Some(codes.new_code(0)), codes.is_given(), pin).map_err(super::scope::faults)
}

/// Issue many cards: `count` of a kind from a JSON body, or one for each line of an NDJSON body.
/// The answer is streamed, a line for each card with its code; sent again with the same key it is
/// the same, and goes on where it was cut off.
#[utoipa::path(tag = "gift cards", params(RequiredKey), request_body(content(
    (BulkRequest = "application/json"), (IssueRequest = "application/x-ndjson"))), responses(
    (status = 200, description = "A line for each card, or the problem of its line.", body = CardView,
     content_type = "application/x-ndjson")))]
#[post("/v1/gift-cards/bulk")]
pub async fn bulk(
    caller: Approver,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    bulk_cards::answer(caller.0, key, req, id, service, payload).await
}

/// Look a card up by its code, and its PIN if it has one. Unknown code, wrong check letter and
/// wrong PIN are answered alike, and too many of them are slowed down.
#[utoipa::path(tag = "gift cards", request_body = LookupRequest, responses(
    (status = 200, description = "The card.", body = CardView),
    (status = 404, description = "There is no such card, or the PIN is not right."),
    (status = 429, description = "Too many wrong codes or PINs.")))]
#[post("/v1/gift-cards/lookup")]
pub async fn lookup(
    caller: Counter,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<LookupRequest>,
) -> Result<HttpResponse, ApiError> {
    let LookupRequest { code, pin } = body.value;
    service.lookups.admit(&caller.subject, service.clock.now())?;
    let origin = Origin { req: &req, id, caller: &caller.0, key: None };
    let card = match typed(&service, &code)? {
        Some(hash) => service.card_of_code(hash).await?,
        None => None,
    };
    let Some(card) = card else {
        let note = journal::gift_cards::unknown_code(own_store(&caller));
        service.submit_plain(&origin, Command::Note(Box::new(note))).await?;
        return Err(service.look_up_failed(&caller));
    };
    if card.pin_hash.is_none() {
        return Ok(HttpResponse::Ok().json(CardView::new(&card)));
    }
    let pin_hash = pin.map(|pin| typed_pin(&service, &code, &pin)).transpose()?;
    let store = own_store(&caller).unwrap_or_else(|| HEAD_OFFICE.to_owned());
    let look_up = LookUpCard { card: card.id, pin_hash, store, rule: service.lock_rule() };
    let command = Command::GiftCard(Box::new(CardCommand::LookUp(look_up)));
    match service.submit_plain(&origin, command).await? {
        Reply::Done { outcome: Some(Outcome::Done(done)), .. } => match *done {
            Done::Card(found) => match *found {
                CardDone::Found(card) => Ok(HttpResponse::Ok().json(CardView::new(&card))),
                _ => Err(ApiError::internal(&"a lookup was answered as something else")),
            },
            _ => Err(ApiError::internal(&"a lookup was answered as something else")),
        },
        _ => Err(service.look_up_failed(&caller)),
    }
}

/// Read a card as it stands. Its code is not known here.
#[utoipa::path(tag = "gift cards", params(("id" = String, Path, format = "uuid")), responses(
    (status = 200, description = "The card.", body = CardView)))]
#[get("/v1/gift-cards/{id}")]
pub async fn show(
    caller: Reader,
    PathId(id): PathId,
    req: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let card = service.card(&caller, id).await?;
    super::etag::answer(&req, StatusCode::OK, &CardView::new(&card))
}

/// The statement of a card: every movement of its balance, oldest first.
#[utoipa::path(tag = "gift cards", params(("id" = String, Path, format = "uuid"), PageParams), responses(
    (status = 200, description = "A page.", body = List<CardEntryView>)))]
#[get("/v1/gift-cards/{id}/entries")]
pub async fn entries(
    caller: Reader,
    PathId(id): PathId,
    Listing { page, .. }: Listing<NoFilter>,
    service: web::Data<Service>,
) -> Result<List<CardEntryView>, ApiError> {
    let card = service.card(&caller, id).await?;
    let after = page
        .after
        .as_deref()
        .map(|after| after.parse::<u32>().map_err(|_| bad_cursor()))
        .transpose()?;
    let rows = page.rows();
    let after = after.unwrap_or(0);
    let found = service
        .desk
        .readers()
        .read(move |read, _| search::gift_cards::entries(read, id, after, rows))
        .await?;
    Ok(page.list(
        found,
        |entry| entry.entry.to_string(),
        |entry| CardEntryView::new(&entry, card.currency),
    ))
}

/// Pay with a card: takes the amount off it, or with `partial` what is there.
#[utoipa::path(tag = "gift cards", params(("id" = String, Path, format = "uuid"), RequiredKey),
    request_body = RedeemRequest, responses((status = 201, description = "Taken off.", body = CardMovedView)))]
#[post("/v1/gift-cards/{id}/redemptions")]
pub async fn redeem(
    caller: Counter,
    PathId(of): PathId,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<RedeemRequest>,
) -> Result<HttpResponse, ApiError> {
    let origin = Origin { req: &req, id, caller: &caller.0, key: Some((key, body.digest)) };
    let (card, store) = service.acting(&caller, of, body.value.store.as_deref()).await?;
    let command = body.value.read(of, card.currency, store).map_err(super::scope::faults)?;
    service.submit(origin, Command::GiftCard(Box::new(command))).await
}

/// Take a redemption back: its amount is on the card again, or what is left of it after refunds for
/// the same sale. Once.
#[utoipa::path(tag = "gift cards", params(("id" = String, Path, format = "uuid"), ("entry" = u32, Path), RequiredKey),
    request_body = ReverseRequest, responses((status = 201, description = "Put back.", body = CardMovedView)))]
#[post("/v1/gift-cards/{id}/redemptions/{entry}/reverse")]
#[allow(clippy::too_many_arguments)] // a handler's signature lists all it needs
pub async fn reverse(
    caller: Approver,
    PathId(of): PathId,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<ReverseRequest>,
) -> Result<HttpResponse, ApiError> {
    let origin = Origin { req: &req, id, caller: &caller.0, key: Some((key, body.digest)) };
    let (_, store) = service.acting(&caller, of, body.value.store.as_deref()).await?;
    let number = req.match_info().get("entry").and_then(|entry| entry.parse::<u32>().ok());
    let number = number.filter(|number| *number > 0);
    let number = number.ok_or_else(|| ApiError::not_found("redemption"))?;
    let found = service
        .desk
        .readers()
        .read(move |read, _| {
            let found = search::gift_cards::entries(read, of, number - 1, 1)?.pop();
            let Some(redemption) = found.filter(|entry| entry.entry == number) else {
                return Ok(None);
            };
            let named = redemption.reference.as_deref().unwrap_or_default();
            let the_return = search::returns::of_number(read, named)?;
            Ok(Some((redemption, the_return)))
        })
        .await?;
    let (redemption, the_return) = found.ok_or_else(|| ApiError::not_found("redemption"))?;
    let command = body.value.read(&redemption, the_return, store);
    service.submit(origin, Command::GiftCard(Box::new(command))).await
}

/// Put money on a card; the first makes an inactive one active.
#[utoipa::path(tag = "gift cards", params(("id" = String, Path, format = "uuid"), RequiredKey),
    request_body = LoadRequest, responses((status = 201, description = "Put on.", body = CardMovedView)))]
#[post("/v1/gift-cards/{id}/loads")]
pub async fn load(
    caller: Counter,
    PathId(of): PathId,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<LoadRequest>,
) -> Result<HttpResponse, ApiError> {
    let origin = Origin { req: &req, id, caller: &caller.0, key: Some((key, body.digest)) };
    let (card, store) = service.acting(&caller, of, body.value.store.as_deref()).await?;
    let command = body.value.read(of, card.currency, store).map_err(super::scope::faults)?;
    service.submit(origin, Command::GiftCard(Box::new(command))).await
}

/// Pay the balance out in cash, where it is below what the law of the store's state asks for.
#[utoipa::path(tag = "gift cards", params(("id" = String, Path, format = "uuid"), RequiredKey),
    request_body = CashOutRequest, responses((status = 200, description = "Paid out.", body = CardMovedView)))]
#[post("/v1/gift-cards/{id}/cash-out")]
pub async fn cash_out(
    caller: Counter,
    PathId(of): PathId,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<CashOutRequest>,
) -> Result<HttpResponse, ApiError> {
    let origin = Origin { req: &req, id, caller: &caller.0, key: Some((key, body.digest)) };
    let (_, store) = service.acting(&caller, of, body.value.store.as_deref()).await?;
    service.submit(origin, Command::GiftCard(Box::new(body.value.read(of, store)))).await
}

/// Move a balance, or a part of it, to another card of the customer.
#[utoipa::path(tag = "gift cards", params(("id" = String, Path, format = "uuid"), RequiredKey),
    request_body = TransferRequest, responses((status = 201, description = "Moved.", body = CardMovedView)))]
#[post("/v1/gift-cards/{id}/transfers")]
pub async fn transfer(
    caller: Approver,
    PathId(of): PathId,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<TransferRequest>,
) -> Result<HttpResponse, ApiError> {
    let origin = Origin { req: &req, id, caller: &caller.0, key: Some((key, body.digest)) };
    let (card, store) = service.acting(&caller, of, body.value.store.as_deref()).await?;
    let command = body.value.read(of, card.currency, store).map_err(super::scope::faults)?;
    service.submit(origin, Command::GiftCard(Box::new(command))).await
}

/// Replace a lost card: the same balance under a new code, the old one dead.
#[utoipa::path(tag = "gift cards", params(("id" = String, Path, format = "uuid"), RequiredKey),
    request_body = ReplaceRequest, responses(
    (status = 201, description = "The new card; its code is shown this once.", body = CardView)))]
#[post("/v1/gift-cards/{id}/replace")]
pub async fn replace(
    caller: Approver,
    PathId(of): PathId,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<ReplaceRequest>,
) -> Result<HttpResponse, ApiError> {
    let Body { value, digest } = body;
    let origin = Origin { req: &req, id, caller: &caller.0, key: Some((key.clone(), digest)) };
    let (_, store) = service.acting(&caller, of, value.store.as_deref()).await?;
    let codes = CardCodes::of(&service, &origin, &key)?.or_given(value.code.clone())?;
    let pin = value.pin.as_deref().map(|pin| codes.pin_hash(pin));
    let command = value.read(of, Some(codes.new_code(0)), codes.is_given(), pin, store);
    service.submit_with_codes(origin, Command::GiftCard(Box::new(command)), &codes).await
}

/// Freeze a card: it gives no money until it is unfrozen.
#[utoipa::path(tag = "gift cards", params(("id" = String, Path, format = "uuid"), RequiredKey),
    request_body = KeepRequest, responses((status = 200, description = "Frozen.", body = CardView)))]
#[post("/v1/gift-cards/{id}/freeze")]
pub async fn freeze(
    caller: Approver,
    PathId(of): PathId,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<KeepRequest>,
) -> Result<HttpResponse, ApiError> {
    let origin = Origin { req: &req, id, caller: &caller.0, key: Some((key, body.digest)) };
    service.keep(origin, of, Keeping::Freeze, body.value).await
}

/// Unfreeze a card.
#[utoipa::path(tag = "gift cards", params(("id" = String, Path, format = "uuid"), RequiredKey),
    request_body = KeepRequest, responses((status = 200, description = "Unfrozen.", body = CardView)))]
#[post("/v1/gift-cards/{id}/unfreeze")]
pub async fn unfreeze(
    caller: Approver,
    PathId(of): PathId,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<KeepRequest>,
) -> Result<HttpResponse, ApiError> {
    let origin = Origin { req: &req, id, caller: &caller.0, key: Some((key, body.digest)) };
    service.keep(origin, of, Keeping::Unfreeze, body.value).await
}

/// Take an unspent card out of the world.
#[utoipa::path(tag = "gift cards", params(("id" = String, Path, format = "uuid"), RequiredKey),
    request_body = KeepRequest, responses((status = 200, description = "Void.", body = CardView)))]
#[post("/v1/gift-cards/{id}/void")]
pub async fn void(
    caller: Approver,
    PathId(of): PathId,
    RequiredKey(key): RequiredKey,
    req: HttpRequest,
    id: RequestId,
    service: web::Data<Service>,
    body: Body<KeepRequest>,
) -> Result<HttpResponse, ApiError> {
    let origin = Origin { req: &req, id, caller: &caller.0, key: Some((key, body.digest)) };
    service.keep(origin, of, Keeping::Void, body.value).await
}

/// Reads one line of a bulk issue like a body.
pub fn read_line(line: &[u8]) -> Result<Body<IssueRequest>, ApiError> {
    read_body(line)
}

/// The caller's one store, where it has just one.
fn own_store(caller: &Caller) -> Option<String> {
    match &caller.stores {
        Stores::Listed(stores) if stores.len() == 1 => stores.first().cloned(),
        _ => None,
    }
}

impl Service {
    async fn keep(
        &self,
        origin: Origin<'_>,
        of: Uuid,
        keeping: Keeping,
        body: KeepRequest,
    ) -> Result<HttpResponse, ApiError> {
        let (_, store) = self.acting(origin.caller, of, body.store.as_deref()).await?;
        self.submit(origin, Command::GiftCard(Box::new(body.read(of, keeping, store)))).await
    }

    /// A card as the database has it; none for callers without a store of its currency.
    async fn card(&self, caller: &Caller, id: Uuid) -> Result<Card, ApiError> {
        let stores = caller.stores.clone();
        let found = self.desk.readers().read(move |read, settings| {
            let card = stored::load(read, &[id], false)?.pop();
            let takes = |card: &Card| match &stores {
                Stores::All => true,
                Stores::Listed(stores) => {
                    let mut known = stores.iter().filter_map(|store| settings.store(store));
                    known.any(|store| store.currency == card.currency)
                        || stores.contains(&card.store)
                }
            };
            Ok(card.filter(takes))
        });
        found
            .await?
            .ok_or_else(|| ApiError::new("card_not_found", "There is no such card in your stores."))
    }

    async fn card_of_code(&self, hash: [u8; 32]) -> Result<Option<Card>, ApiError> {
        let found = self.desk.readers().read(move |read, _| {
            let ids = stored::of_codes(read, &[hash])?;
            Ok(stored::load(read, &ids, false)?.pop())
        });
        Ok(found.await?)
    }

    /// The card, and the store where something is done with it: the one named, the caller's only
    /// one, or the card's own.
    async fn acting(
        &self,
        caller: &Caller,
        id: Uuid,
        asked: Option<&str>,
    ) -> Result<(Card, String), ApiError> {
        if asked.is_some_and(|store| !caller.stores.contain(store)) {
            return Err(super::scope::unknown_store());
        }
        let card = self.card(caller, id).await?;
        let own = || caller.stores.contain(&card.store).then(|| card.store.clone());
        let store = asked.map(str::to_owned).or_else(|| own_store(caller)).or_else(own);
        let missing =
            || Fault::new("/store", "missing_field", "Say in which of your stores this is done.");
        let store = store.ok_or_else(|| super::scope::faults(vec![missing()]))?;
        Ok((card, store))
    }

    /// Counts the failure against the caller; the answer is the same whatever was wrong.
    fn look_up_failed(&self, caller: &Caller) -> ApiError {
        self.lookups.count(&caller.subject, self.clock.now());
        let problem = crate::domain::gift_cards::not_found();
        let detail = match &problem {
            crate::domain::refusal::Refusal::Card { detail, .. } => detail.clone(),
            _ => String::new(),
        };
        ApiError::new("card_not_found", detail)
    }

    fn lock_rule(&self) -> LockRule {
        let sign_in = &self.config.sign_in;
        let minutes = i64::try_from(sign_in.lock_minutes).unwrap_or(15);
        LockRule { attempts: sign_in.attempts, lock: SignedDuration::from_mins(minutes) }
    }
}
