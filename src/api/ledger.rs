//! The ledger for those who have to account for it: movements, and what the accounts come to.

use super::caller::Bookkeeper;
use super::error::ApiError;
use super::lists::{List, Listing, PageParams, bad_cursor};
use super::query::{self, Query};
use super::service::Service;
use crate::domain::ledger::Account;
use crate::domain::money::Currency;
use crate::domain::settings::Store;
use crate::store::search::ledger::{self, Booked, MovementFilter};
use crate::wire::ledger::{BalanceParams, Balances, LedgerFilterParams, MovementView, accounts};
use actix_web::{HttpResponse, get, web};
use jiff::Timestamp;
use jiff::civil::Date;
use std::sync::Arc;

/// Read a store's movements of money, in the order of its log.
#[utoipa::path(tag = "ledger", params(PageParams, LedgerFilterParams), responses(
    (status = 200, description = "A page.", body = List<MovementView>),
    (status = 404, description = "The store is unknown, or none of the caller's.")))]
#[get("/v1/ledger")]
pub async fn list(
    caller: Bookkeeper,
    Listing { filter, page }: Listing<LedgerFilterParams>,
    service: web::Data<Service>,
) -> Result<List<MovementView>, ApiError> {
    let account =
        |name: &str| Account::parse(name).ok_or_else(|| bad("account", "no account of the ledger"));
    let wanted = MovementFilter {
        account: filter.account.as_deref().map(account).transpose()?,
        from: day("from", filter.from.as_deref())?,
        to: day("to", filter.to.as_deref())?,
        store: visible(&service, &caller.stores, &filter.store).await?.store.clone(),
    };
    let after = page
        .after
        .as_deref()
        .map(|after| after.parse().map_err(|_| bad_cursor()))
        .transpose()?
        .unwrap_or(0);
    let store = wanted.store.clone();
    let found =
        service.desk.readers().read(move |read, _| ledger::find(read, &wanted, after)).await?;
    let views = found
        .into_iter()
        .map(|(seq, booked)| view(&store, seq, booked))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(page.list(views, |view| view.seq.to_string(), |view| view))
}

fn view(store: &str, seq: i64, booked: Booked) -> Result<MovementView, ApiError> {
    let currency = Currency::parse(&booked.currency);
    let at = Timestamp::from_microsecond(booked.at).ok();
    let (Some(currency), Some(at)) = (currency, at) else {
        return Err(ApiError::internal(&format!("movement {seq} of store {store} cannot be read")));
    };
    Ok(MovementView {
        store: store.to_owned(),
        seq,
        at,
        business_date: booked.business_date,
        register: booked.register,
        currency: currency.code().to_owned(),
        event: booked.event,
        subject_id: booked.subject_id,
        amounts: accounts(&booked.amounts, currency),
    })
}

/// Read what a store's accounts come to (trial balance): debits and credits are the same.
#[utoipa::path(tag = "ledger", params(BalanceParams), responses(
    (status = 200, description = "The accounts that have a balance.", body = Balances),
    (status = 404, description = "The store is unknown, or none of the caller's.")))]
#[get("/v1/ledger/balances")]
pub async fn balances(
    caller: Bookkeeper,
    Query(asked): Query<BalanceParams>,
    service: web::Data<Service>,
) -> Result<HttpResponse, ApiError> {
    let store = visible(&service, &caller.stores, &asked.store).await?;
    let to = day("to", asked.to.as_deref())?;
    let number = store.store.clone();
    let amounts =
        service.desk.readers().read(move |read, _| ledger::balances_of(read, &number, to)).await?;
    Ok(HttpResponse::Ok().json(Balances::new(&store.store, store.currency, &amounts)))
}

/// A store that the caller may see; outside the token's stores it does not exist.
pub(super) async fn visible(
    service: &Service,
    stores: &crate::domain::caller::Stores,
    number: &str,
) -> Result<Arc<Store>, ApiError> {
    let store = if stores.contain(number) { service.store(number).await } else { None };
    store.ok_or_else(super::scope::unknown_store)
}

/// A business date of a query.
pub(super) fn day(name: &str, text: Option<&str>) -> Result<Option<Date>, ApiError> {
    text.map(|text| text.parse().map_err(|_| bad(name, "no date like 2026-03-01"))).transpose()
}

fn bad(name: &str, why: &str) -> ApiError {
    query::refusal(vec![query::fault(name, &format!("is {why}."))])
}
