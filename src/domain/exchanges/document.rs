//! The document of a sale that no register sent: the new goods of an exchange, written like the
//! others (API §3).

use super::super::canonical::Json;
use super::super::draft::{Draft, ExchangeLine};
use super::super::money::{Currency, Minor};
use super::super::sale::{Card, Charge, Discount, ReceiptTax, Sale, SaleLine, Tax, Tender};
use super::super::tie::{Since, Tie};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The sale's document. What no word of the domain says of a line is taken from the draft.
pub fn document(sale: &Sale, draft: &Draft) -> String {
    let money = |amount: Minor| Json::from(amount.format(sale.currency));
    let asked = draft.exchange.iter().flat_map(|exchange| &exchange.lines);
    let lines = sale.lines.iter().zip(asked).map(|(sold, asked)| line(sold, asked, sale.currency));
    let document = [
        ("store", Some(sale.store.as_str().into())),
        ("register", Some(sale.register.as_str().into())),
        ("receipt", Some(sale.receipt.as_str().into())),
        ("business_date", Some(sale.business_date.to_string().into())),
        ("sold_at", Some(sale.sold_at_as_sent.as_str().into())),
        ("operator", text(sale.operator.as_deref())),
        ("channel", Some(sale.channel.as_str().into())),
        ("currency", Some(sale.currency.code().into())),
        ("customer", text(sale.customer.as_deref())),
        ("customer_class", text(sale.customer_class.as_deref())),
        ("prices_include_tax", Some(sale.prices_include_tax.into())),
        ("lines", Some(Json::List(lines.collect()))),
        ("discounts", Some(discounts(&sale.discounts, sale.currency))),
        ("taxes", receipt_taxes(&sale.taxes, sale.currency)),
        ("charges", Some(charges(&sale.charges, sale.currency))),
        ("tenders", Some(Json::List(sale.tenders.iter().map(|t| tender(t, sale)).collect()))),
        ("cash_rounding", Some(money(sale.cash_rounding))),
        ("total", Some(money(sale.total))),
        ("exchange_of", sale.exchange_of.as_ref().map(tie)),
    ];
    present(document).write()
}

fn present<const N: usize>(members: [(&'static str, Option<Json>); N]) -> Json {
    Json::object(members.into_iter().filter_map(|(name, value)| Some((name, value?))))
}

fn text(text: Option<&str>) -> Option<Json> {
    text.map(Json::from)
}

fn texts(all: &[String]) -> Json {
    Json::List(all.iter().map(|text| text.as_str().into()).collect())
}

fn line(sold: &SaleLine, asked: &ExchangeLine, currency: Currency) -> Json {
    present([
        ("line", Some(sold.line.into())),
        ("sku", text(sold.sku.as_deref())),
        ("gtin", text(sold.gtin.as_deref())),
        ("description", text(sold.description.as_deref())),
        ("category", Some(texts(&sold.category))),
        ("brand", text(sold.brand.as_deref())),
        ("quantity", Some(sold.quantity.to_string().into())),
        ("unit_price", sold.unit_price.map(|price| price.format(currency).into())),
        ("amount", sold.amount.map(|amount| amount.format(currency).into())),
        ("discounts", Some(discounts(&sold.discounts, currency))),
        ("net", Some(sold.net.format(currency).into())),
        ("taxes", Some(Json::List(sold.taxes.iter().map(|t| tax(t, currency)).collect()))),
        ("serial_numbers", Some(texts(&sold.serial_numbers))),
        ("attributes", Some(Json::Object(asked.attributes.clone()))),
    ])
}

fn discounts(all: &[Discount], currency: Currency) -> Json {
    let discount = |discount: &Discount| {
        present([
            ("amount", Some(discount.amount.format(currency).into())),
            ("promotion", text(discount.promotion.as_deref())),
            ("description", text(discount.description.as_deref())),
            ("lines", numbers(&discount.of.lines)),
            ("charges", numbers(&discount.of.charges)),
        ])
    };
    Json::List(all.iter().map(discount).collect())
}

/// Taxes of the receipt; left out where there are none.
fn receipt_taxes(all: &[ReceiptTax], currency: Currency) -> Option<Json> {
    let of_receipt = |ReceiptTax { tax, of }: &ReceiptTax| {
        present([
            ("code", Some(tax.code.as_str().into())),
            ("rate", text(tax.rate.as_deref())),
            ("amount", Some(tax.amount.format(currency).into())),
            ("included", tax.included.map(Json::from)),
            ("lines", numbers(&of.lines)),
            ("charges", numbers(&of.charges)),
        ])
    };
    (!all.is_empty()).then(|| Json::List(all.iter().map(of_receipt).collect()))
}

fn charges(all: &[Charge], currency: Currency) -> Json {
    let charge = |charge: &Charge| {
        present([
            ("charge", Some(charge.charge.into())),
            ("type", Some(charge.kind.as_str().into())),
            ("amount", Some(charge.amount.format(currency).into())),
            ("taxes", Some(Json::List(charge.taxes.iter().map(|t| tax(t, currency)).collect()))),
            ("refundable", Some(charge.refundable.into())),
        ])
    };
    Json::List(all.iter().map(charge).collect())
}

fn tax(tax: &Tax, currency: Currency) -> Json {
    present([
        ("code", Some(tax.code.as_str().into())),
        ("rate", text(tax.rate.as_deref())),
        ("amount", Some(tax.amount.format(currency).into())),
        ("included", tax.included.map(Json::from)),
    ])
}

/// The numbers that something names; left out where it names none.
fn numbers(all: &BTreeSet<u32>) -> Option<Json> {
    (!all.is_empty()).then(|| Json::List(all.iter().map(|number| (*number).into()).collect()))
}

fn tender(tender: &Tender, sale: &Sale) -> Json {
    let carried = sale.carried(tender.tender).map(|carried| {
        present([
            ("sale", carried.origin.map(|(sale, _)| sale.to_string().into())),
            ("tender", carried.origin.map(|(_, number)| number.into())),
            ("paid_on", Some(carried.paid_on.to_string().into())),
            ("rounding", Some(carried.rounding.format(sale.currency).into())),
        ])
    });
    present([
        ("tender", Some(tender.tender.into())),
        ("type", Some(tender.kind.as_str().into())),
        ("amount", Some(tender.amount.format(sale.currency).into())),
        ("change", Some(tender.change.format(sale.currency).into())),
        ("reference", text(tender.reference.as_deref())),
        ("card", tender.card.as_ref().map(card)),
        ("carried_from", carried),
    ])
}

fn card(card: &Card) -> Json {
    present([
        ("brand", text(card.brand.as_deref())),
        ("last4", text(card.last4.as_deref())),
        ("fingerprint", text(card.fingerprint.as_deref())),
    ])
}

fn tie(tie: &Tie) -> Json {
    let even = tie.even.iter().map(|even| {
        let Since { bought_on, delivered_on } = even.since;
        present([
            ("line", Some(even.line.into())),
            ("bought_on", Some(bought_on.to_string().into())),
            ("delivered_on", delivered_on.map(|on| on.to_string().into())),
        ])
    });
    let only = tie.exchange_only.iter().map(|line| Json::from(*line));
    present([
        ("return", Some(tie.the_return.to_string().into())),
        ("return_number", Some(tie.return_number.as_str().into())),
        ("sale", tie.first_sale.map(|sale: Uuid| sale.to_string().into())),
        ("bought_on", Some(tie.since.bought_on.to_string().into())),
        ("delivered_on", tie.since.delivered_on.map(|on| on.to_string().into())),
        ("even_lines", (!tie.even.is_empty()).then(|| Json::List(even.collect()))),
        (
            "exchange_only_lines",
            (!tie.exchange_only.is_empty()).then(|| Json::List(only.collect())),
        ),
    ])
}
