//! Goods without a receipt: no book of a sale has them, so their lines are held against the return
//! and the log.

use super::{Finding, Odds, at_odds, of_event};
use crate::domain::canonical::Json;
use crate::domain::money::parse_scaled;
use crate::store::search::balance::{self, About};
use crate::store::{Read, StoreError};
use std::collections::HashMap;
use uuid::Uuid;

/// What lines, return and log say of goods without a receipt. Amounts are compared by their digits,
/// whatever the currency.
pub fn check(
    read: &mut Read<'_>,
    ids: &[Uuid],
    entries: &HashMap<String, Vec<About>>,
) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    for (id, lines, kept) in balance::without_receipt(read, ids)? {
        if lines != kept {
            let why = format!(
                "its goods without a receipt come to {lines} minor units, and it is kept with {kept}"
            );
            findings.push(at_odds(Odds::Return, "return", id, &why));
        }
        for entry in of_event(entries, id, "return.recorded") {
            let told = told(&entry.leaf);
            if told != Some(lines) {
                let told = told.map_or("what cannot be read".to_owned(), |told| told.to_string());
                let why = format!(
                    "its goods without a receipt come to {lines} minor units, the log has {told}"
                );
                findings.push(at_odds(Odds::Return, "return", id, &why));
            }
        }
    }
    Ok(findings)
}

/// What the log's entry gives back for goods without a receipt, in minor units; −1 where it has
/// none.
fn told(leaf: &str) -> Option<i64> {
    let json = Json::parse_canonical(leaf).ok()?;
    let Some(Json::List(lines)) = json.get("data")?.get("without_receipt") else { return Some(-1) };
    lines.iter().map(|line| digits(line.get("refund")?.as_text()?)).sum()
}

/// The digits of a decimal text: minor units, since amounts are always written with all the digits
/// of their currency.
fn digits(amount: &str) -> Option<i64> {
    let places = amount.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    parse_scaled(amount, u32::try_from(places).ok()?)
}
