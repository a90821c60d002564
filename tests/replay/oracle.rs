//! Reads the oracle of returns: which sale line each credit line of the public file takes goods
//! back from, worked out apart from this crate. Found at run time in the data folder; nothing of it
//! is copied here.
#![allow(clippy::disallowed_methods)] // tests ask the environment where the data lies

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use flate2::read::GzDecoder;
use jiff::civil::DateTime;
use serde::Deserialize;

/// How a credit line could be matched to what its customer had bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchStatus {
    MatchedFullQty,
    /// Less was left of the purchases than came back.
    MatchedShortQty,
    /// All that was bought had come back before.
    PriorPurchaseExhausted,
    NoPriorPurchaseOfItemKnownCustomer,
    NoPriorPurchaseAtAll,
    NoCustomerId,
}

/// One allocation. A credit line over several sale lines has several; one that matches none has one
/// without a sale. Rows count the public file's data rows from 1; prices are pounds as written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Allocation {
    pub return_row: u32,
    pub return_invoice: String,
    pub stock_code: String,
    pub customer_id: Option<String>,
    #[serde(deserialize_with = "local_time")]
    pub return_time: DateTime,
    pub return_qty: i64,
    pub return_unit_price: String,
    pub match_status: MatchStatus,
    pub sale_row: Option<u32>,
    pub sale_invoice: Option<String>,
    #[serde(deserialize_with = "local_time_if_any")]
    pub sale_time: Option<DateTime>,
    pub sale_qty: Option<i64>,
    /// Units taken back from the sale row by this allocation.
    pub allocated_qty: Option<i64>,
    /// Units of the sale row not yet taken back after it.
    pub sale_qty_remaining_after: Option<i64>,
    pub sale_unit_price: Option<String>,
    pub calendar_days: Option<i64>,
}

fn local_time<'de, D: serde::Deserializer<'de>>(from: D) -> Result<DateTime, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(serde::de::Error::custom)
}

fn local_time_if_any<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Option<DateTime>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        Ok(None)
    } else {
        text.parse().map(Some).map_err(serde::de::Error::custom)
    }
}

/// Reads the oracle's plain CSV, in its order: by credit row, newest sale line first.
pub fn read(source: impl Read) -> Result<Vec<Allocation>, csv::Error> {
    csv::Reader::from_reader(source).into_deserialize().collect()
}

/// Opens a compressed file of the data folder; nothing where it is not there.
pub fn open(name: &str) -> Option<GzDecoder<File>> {
    open_plain(name).map(GzDecoder::new)
}

/// Opens a file of the data folder (`RETURNDESK_DATA`, or `../shared/data` beside the project);
/// nothing where it is not there.
pub fn open_plain(name: &str) -> Option<File> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data"));
    let folder = std::env::var_os("RETURNDESK_DATA").map_or_else(beside, PathBuf::from);
    File::open(folder.join(name)).ok()
}

pub const SALES: &str = "online_retail_open.csv.gz";
pub const ALLOCATIONS: &str = "return_allocations_open.csv.gz";
