//! What the log says of exchanges: what was taken for what, and whose money paid for it.

use super::super::canonical::Json;
use super::super::decision::Totals;
use super::super::entry::Event;
use super::super::exchanges::{CarriedPart, Exchanged};
use super::super::perform::Context;
use super::super::returns::Return;
use super::super::state::State;
use super::money;
use uuid::Uuid;

/// The new goods of a return were handed over.
pub fn recorded(
    state: &mut State,
    context: &Context<'_>,
    the_return: &Return,
    exchanged: &Exchanged,
    totals: &Totals,
) {
    let (sale, currency) = (&exchanged.sale, the_return.currency);
    let carried = the_return.exchange.iter().flat_map(|exchange| &exchange.carried);
    let part = |part: &CarriedPart| {
        Json::object([
            ("sale", part.from.map(|(sale, _)| sale.to_string()).into()),
            ("sale_tender", part.from.map_or(Json::Null, |(_, tender)| tender.into())),
            ("tender", part.into.into()),
            ("amount", money(part.amount, currency)),
            ("rounding", money(part.rounding, currency)),
        ])
    };
    let even = sale.lines.iter().zip(&exchanged.exchanged_for).filter_map(|(line, of)| {
        let of = u32::try_from((*of)?).unwrap_or(u32::MAX);
        Some(Json::object([("line", line.line.into()), ("returned", of.into())]))
    });
    let first_sale = sale.exchange_of.as_ref().and_then(|tie| tie.first_sale);
    let data = Json::object([
        ("return_number", Json::from(the_return.number())),
        ("sale", sale.id.to_string().into()),
        ("receipt", sale.receipt.as_str().into()),
        ("first_sale", first_sale.map(|sale: Uuid| sale.to_string()).into()),
        ("currency", currency.code().into()),
        ("exchanged", money(totals.exchanged, currency)),
        ("refund", money(totals.refund, currency)),
        ("due", money(totals.due, currency)),
        ("carried", Json::List(carried.map(part).collect())),
        ("even", Json::List(even.collect())),
    ]);
    state.note(
        context,
        &the_return.store,
        Event::ExchangeRecorded,
        Some(the_return.id.to_string()),
        data,
    );
}

/// The new goods were taken back with the return they were taken for.
pub fn voided(state: &mut State, context: &Context<'_>, the_return: &Return) {
    let Some(exchange) = &the_return.exchange else { return };
    let Some(book) = state.book(exchange.sale) else { return };
    let sale = &book.sale;
    let data = Json::object([
        ("receipt", Json::from(sale.receipt.as_str())),
        ("return", the_return.id.to_string().into()),
        ("currency", the_return.currency.code().into()),
        ("total", money(sale.total, the_return.currency)),
    ]);
    state.note(
        context,
        &the_return.store,
        Event::SaleVoided,
        Some(exchange.sale.to_string()),
        data,
    );
}
