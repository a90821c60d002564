//! The way in: extractors that refuse early and completely, one mapping from refusal or fault to an
//! HTTP answer, and the document that describes it.
//!
//! A handler lists what it needs in its signature. Extractors are tried in that order, so who is
//! calling comes first.

pub mod bulk_cards;
pub mod caller;
pub mod card_codes;
pub mod import;
pub mod limits;
pub mod quotes;
pub mod scope;
pub mod service;
pub mod submit;

pub mod audit;
pub mod chargebacks;
pub mod day_ends;
pub mod directory;
pub mod gift_cards;
pub mod ledger;
pub mod operations;
pub mod overrides;
pub mod policies;
pub mod returns;
pub mod sales;
pub mod sign_in;

pub mod assemble;
pub mod body;
pub mod error;
pub mod etag;
pub mod half_read;
pub mod idempotency;
pub mod lists;
pub mod openapi;
pub mod path;
pub mod patience;
pub mod query;
pub mod request;
pub mod responses;
pub mod trace;
pub mod unmatched;

#[cfg(test)]
mod sample;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error, web};
use body::BodyLimit;
use openapi::Document;
use service::Service;
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

/// The route table: every route there is, in the order of the contract.
pub fn routes(table: &mut ServiceConfig<'_>) {
    table
        .service(sign_in::token)
        .service(operations::jwks)
        .service(sales::import)
        .service(sales::record)
        .service(sales::list)
        .service(sales::void)
        .service(sales::show)
        .service(chargebacks::mark)
        .service(returns::check)
        .service(returns::record)
        .service(returns::list)
        .service(returns::show)
        .service(returns::void)
        .service(returns::settle)
        .service(overrides::issue)
        .service(gift_cards::issue)
        .service(gift_cards::bulk)
        .service(gift_cards::lookup)
        .service(gift_cards::show)
        .service(gift_cards::entries)
        .service(gift_cards::redeem)
        .service(gift_cards::reverse)
        .service(gift_cards::load)
        .service(gift_cards::cash_out)
        .service(gift_cards::transfer)
        .service(gift_cards::replace)
        .service(gift_cards::freeze)
        .service(gift_cards::unfreeze)
        .service(gift_cards::void)
        .service(policies::lint_document)
        .service(policies::list)
        .service(policies::draft)
        .service(policies::compare)
        .service(policies::publish)
        .service(policies::show)
        .service(directory::list_stores)
        .service(directory::save_store)
        .service(directory::read_store)
        .service(directory::list_registers)
        .service(directory::save_register)
        .service(directory::read_register)
        .service(directory::list_operators)
        .service(directory::save_operator)
        .service(directory::read_operator)
        .service(day_ends::close)
        .service(day_ends::list)
        .service(day_ends::show)
        .service(ledger::list)
        .service(ledger::balances)
        .service(audit::list)
        .service(audit::export)
        .service(audit::verification_key)
        .service(audit::verify)
        .service(operations::healthz)
        .service(operations::readyz)
        .service(operations::metrics);
}

/// The app of one worker thread: routes, their document, and what surrounds them all.
pub fn app(
    service: web::Data<Service>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let limit = BodyLimit(service.config.limits.body_bytes);
    let patience = patience::Patience::new(&service.config.limits);
    let clock = service.clock.clone();
    let (app, openapi): (App<_>, _) = App::new()
        .into_utoipa_app()
        .app_data(service)
        .app_data(limit)
        .app_data(patience)
        .app_data(clock)
        .configure(routes)
        .split_for_parts();
    assemble::assemble(app, Document::complete(&openapi, &[]))
}
