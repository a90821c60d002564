//! What ties the sale of an exchange to the first one. Told by the service, refused in what
//! registers send.

use super::{NewSale, SaleTender};
use crate::domain::money::Currency;
use crate::domain::tie::{Carried, Even, Since, Tie};
use crate::wire::reading::{Reading, Sign};
use crate::wire::texts::Id;
use serde::{Deserialize, Serialize};
use std::fmt::Arguments;
use utoipa::ToSchema;

/// What is said to a register that sends what only the service tells.
pub(super) const NOT_SENT: &str =
    "The service tells this of exchanges that it recorded; leave it out.";

/// The return that a sale's goods were taken for, and the sale that it all began with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeOf {
    #[serde(rename = "return")]
    pub the_return: Id,
    #[schema(min_length = 1, max_length = 64, example = "0042-260411-7KQ2M0XZ")]
    pub return_number: String,
    /// The first sale of the chain; left out where goods came back without a receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale: Option<Id>,
    /// The day of the first purchase of the chain. The goods count from it if the policy's
    /// `exchange_window` is `inherit_all`.
    #[schema(format = "date", example = "2026-03-01")]
    pub bought_on: String,
    /// When the first goods were delivered, if not at the counter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "date", example = "2026-03-04")]
    pub delivered_on: Option<String>,
    /// Lines that replace a returned one evenly, at the price paid; they count from that one's own
    /// day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 500)]
    pub even_lines: Vec<EvenLine>,
    /// Lines taken for goods that could only be exchanged: these can only be exchanged as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 500, example = json!([1]))]
    pub exchange_only_lines: Vec<u32>,
}

/// A line that replaces a returned one evenly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvenLine {
    /// The line's number in this sale.
    #[schema(minimum = 1, example = 1)]
    pub line: u32,
    /// Since when it counts as bought.
    #[schema(format = "date", example = "2026-03-01")]
    pub bought_on: String,
    /// When what it replaces was delivered, if not at the counter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "date", example = "2026-03-04")]
    pub delivered_on: Option<String>,
}

/// Where a tender's money was first paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CarriedFrom {
    /// The sale it was first paid with; left out, with the tender, for money of no tender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale: Option<Id>,
    /// That sale's tender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, example = 1)]
    pub tender: Option<u32>,
    /// The day it was paid.
    #[schema(format = "date", example = "2026-03-01")]
    pub paid_on: String,
    /// What cash rounding had added to it (negative: kept).
    #[schema(format = "amount", example = "0.00")]
    pub rounding: String,
}

/// Refuses tenders that say where their money came from.
pub(in crate::wire) fn not_carried(at: &str, tenders: &[SaleTender], reading: &mut Reading) {
    for (index, _) in tenders.iter().enumerate().filter(|(_, tender)| tender.carried_from.is_some())
    {
        reading.fault(format_args!("{at}/{index}/carried_from"), "unknown_field", NOT_SENT);
    }
}

impl NewSale {
    /// The domain's tie, none where there is none.
    pub(super) fn tie(&mut self, reading: &mut Reading) -> Option<Tie> {
        let carried = (self.tenders.iter_mut().enumerate())
            .filter_map(|(index, tender)| tender.carried(index, reading))
            .collect();
        let tie = self.exchange_of.as_ref()?;
        let at = "/exchange_of";
        let even = |(index, even): (usize, &EvenLine)| {
            let since = since(
                format_args!("{at}/even_lines/{index}"),
                &even.bought_on,
                &even.delivered_on,
                reading,
            )?;
            Some(Even { line: even.line, since })
        };
        Some(Tie {
            the_return: tie.the_return.0,
            return_number: tie.return_number.clone(),
            first_sale: tie.sale.map(|id| id.0),
            even: tie.even_lines.iter().enumerate().filter_map(even).collect(),
            exchange_only: tie.exchange_only_lines.clone(),
            since: since(format_args!("{at}"), &tie.bought_on, &tie.delivered_on, reading)?,
            carried,
        })
    }
}

impl CarriedFrom {
    /// Where a tender's money came from, as it is shown.
    pub fn new(carried: &Carried, currency: Currency) -> CarriedFrom {
        CarriedFrom {
            sale: carried.origin.map(|(sale, _)| Id(sale)),
            tender: carried.origin.map(|(_, number)| number),
            paid_on: carried.paid_on.to_string(),
            rounding: carried.rounding.format(currency),
        }
    }
}

impl SaleTender {
    fn carried(&mut self, index: usize, reading: &mut Reading) -> Option<Carried> {
        let tender = self.tender;
        let from = self.carried_from.as_mut()?;
        let at = format!("/tenders/{index}/carried_from");
        Some(Carried {
            tender,
            origin: from.sale.map(|id| id.0).zip(from.tender),
            rounding: reading.amount(format_args!("{at}/rounding"), &mut from.rounding, Sign::Any),
            paid_on: reading.date(format_args!("{at}/paid_on"), &from.paid_on)?,
        })
    }
}

fn since(
    at: Arguments<'_>,
    bought: &str,
    delivered: &Option<String>,
    reading: &mut Reading,
) -> Option<Since> {
    let delivered_on = match delivered {
        Some(on) => Some(reading.date(format_args!("{at}/delivered_on"), on)?),
        None => None,
    };
    Some(Since { bought_on: reading.date(format_args!("{at}/bought_on"), bought)?, delivered_on })
}
