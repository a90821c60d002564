//! Sales and returns in short, for lists that show many.

use super::returns::ReturnView;
use super::sale::SaleView;
use super::texts::Id;
use super::words::{ReturnStatusWord, SaleStatusWord};
use crate::domain::summaries::{ReturnSummary, SaleSummary};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// How much of each entry a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListView {
    /// Everything, as the lookup shows it.
    #[default]
    Full,
    /// A few members, many times faster.
    Summary,
}

/// A sale of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ListedSale {
    /// With `view=full`.
    Full(Box<SaleView>),
    /// With `view=summary`.
    Summary(SaleSummaryView),
}

/// A return of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ListedReturn {
    /// With `view=full`.
    #[schema(value_type = ReturnView)]
    Full(Value),
    /// With `view=summary`.
    Summary(Box<ReturnSummaryView>),
}

/// A sale in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SaleSummary)]
pub struct SaleSummaryView {
    pub id: Id,
    #[schema(example = "0042")]
    pub store: String,
    /// The number on the receipt.
    #[schema(example = "0042-3-20260301-4711")]
    pub receipt: String,
    /// The trading day.
    #[schema(format = "date", example = "2026-03-01")]
    pub business_date: String,
    /// When this service recorded it.
    #[schema(value_type = String, format = "date-time")]
    pub recorded_at: Timestamp,
    /// The customer number; null where nobody is known.
    #[schema(example = "C-77")]
    pub customer: Option<String>,
    pub status: SaleStatusWord,
    /// ISO 4217: the currency of `total` and `refunded`. Of a sale in a currency that was replaced, the
    /// new one from the first return in it on.
    #[schema(example = "USD")]
    pub currency: String,
    /// What was to pay, before cash rounding.
    #[schema(format = "amount", example = "24.50")]
    pub total: String,
    /// What has gone back to its tenders.
    #[schema(format = "amount", example = "12.25")]
    pub refunded: String,
}

impl From<SaleSummary> for SaleSummaryView {
    fn from(sale: SaleSummary) -> SaleSummaryView {
        SaleSummaryView {
            id: Id(sale.id),
            store: sale.store,
            receipt: sale.receipt,
            business_date: sale.business_date,
            recorded_at: sale.recorded_at,
            customer: sale.customer,
            status: sale.status.into(),
            currency: sale.currency.code().to_owned(),
            total: sale.total.format(sale.currency),
            refunded: sale.refunded.format(sale.currency),
        }
    }
}

/// A return in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReturnSummary)]
pub struct ReturnSummaryView {
    pub id: Id,
    /// Short, for people: store, day and eight letters.
    #[schema(example = "0042-260411-7KQ2M0XZ")]
    pub return_number: String,
    pub status: ReturnStatusWord,
    #[schema(example = "0042")]
    pub store: String,
    #[schema(example = "7")]
    pub register: String,
    /// Employee number of the person at the register.
    #[schema(example = "1042")]
    pub operator: String,
    /// The customer number; null where none was named.
    #[schema(example = "C-77")]
    pub customer: Option<String>,
    /// The store's calendar day.
    #[schema(format = "date", example = "2026-04-11")]
    pub business_date: String,
    /// When it was recorded.
    #[schema(value_type = String, format = "date-time")]
    pub recorded_at: Timestamp,
    /// For practice: nothing was taken out of the sale, and no money moves.
    pub training: bool,
    /// ISO 4217.
    #[schema(example = "USD")]
    pub currency: String,
    /// What the customer gets, before cash rounding.
    #[schema(format = "amount", example = "12.25")]
    pub refund: String,
    /// The reasons of its lines, each once.
    #[schema(example = json!(["defective"]))]
    pub reasons: Vec<String>,
}

impl From<ReturnSummary> for ReturnSummaryView {
    fn from(back: ReturnSummary) -> ReturnSummaryView {
        ReturnSummaryView {
            id: Id(back.id),
            return_number: back.return_number,
            status: back.status.into(),
            store: back.store,
            register: back.register,
            operator: back.operator,
            customer: back.customer,
            business_date: back.business_date,
            recorded_at: back.recorded_at,
            training: back.training,
            currency: back.currency.code().to_owned(),
            refund: back.refund.format(back.currency),
            reasons: back.reasons.into_iter().collect(),
        }
    }
}
