//! Sales and returns in short, as lists show them.

use super::money::{Currency, Minor};
use super::returns::ReturnStatus;
use super::sale::SaleStatus;
use jiff::Timestamp;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A sale in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleSummary {
    pub id: Uuid,
    pub store: String,
    pub receipt: String,
    pub business_date: String,
    pub recorded_at: Timestamp,
    pub customer: Option<String>,
    pub currency: Currency,
    pub total: Minor,
    /// What has gone back to its tenders.
    pub refunded: Minor,
    pub status: SaleStatus,
}

/// A return in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnSummary {
    pub id: Uuid,
    pub return_number: String,
    pub store: String,
    pub register: String,
    pub operator: String,
    pub customer: Option<String>,
    pub business_date: String,
    pub recorded_at: Timestamp,
    pub status: ReturnStatus,
    pub training: bool,
    pub currency: Currency,
    pub refund: Minor,
    /// Of its lines, each once.
    pub reasons: BTreeSet<String>,
}
