//! Gift cards: each balance is the sum of its entries, the entries have no gaps, and the log has
//! each of them.

use super::{Finding, Odds, at_odds, text_at};
use crate::domain::gift_cards::{Card, CardEntry, CardMove};
use crate::domain::money::Minor;
use crate::store::search::gift_cards;
use crate::store::{Read, StoreError};
use std::collections::HashMap;
use uuid::Uuid;

/// What is at odds on a page of cards.
pub(super) fn check(read: &mut Read<'_>, page: &[Card]) -> Result<Vec<Finding>, StoreError> {
    let ids: Vec<Uuid> = page.iter().map(|card| card.id).collect();
    let mut entries: HashMap<Uuid, Vec<CardEntry>> = HashMap::new();
    for entry in gift_cards::entries_of(read, &ids)? {
        entries.entry(entry.card).or_default().push(entry);
    }
    let mut logged: HashMap<String, Vec<String>> = HashMap::new();
    for (card, leaf) in gift_cards::logged(read, &ids)? {
        logged.entry(card).or_default().push(leaf);
    }
    let none = Vec::new();
    let mut findings = Vec::new();
    for card in page {
        let of_card = entries.get(&card.id).unwrap_or(&none);
        findings.extend(
            unbalanced(card, of_card).map(|why| at_odds(Odds::Card, "gift card", card.id, &why)),
        );
        let told = logged.remove(&card.id.to_string()).unwrap_or_default();
        findings.extend(
            untold(card, of_card, &told).map(|why| at_odds(Odds::Card, "gift card", card.id, &why)),
        );
    }
    Ok(findings)
}

fn unbalanced(card: &Card, entries: &[CardEntry]) -> Option<String> {
    let mut sum = 0;
    for (entry, number) in entries.iter().zip(1..) {
        sum += entry.amount.0;
        if entry.entry != number || entry.balance.0 != sum {
            return Some(format!("its entry {} does not follow from those before it", entry.entry));
        }
    }
    let spent = entries.iter().any(|entry| entry.kind.spends() && !replaced(card, entry));
    let amount = |minor: i64| Minor(minor).format(card.currency);
    if card.balance.0 != sum {
        Some(format!(
            "it is kept with a balance of {}, its entries come to {}",
            amount(card.balance.0),
            amount(sum)
        ))
    } else if u64::from(card.entries) != entries.len() as u64 {
        Some(format!("it is kept with {} entries and has {}", card.entries, entries.len()))
    } else if spent && !card.spent {
        Some("it is kept as unspent, and by its entries it was used".to_owned())
    } else {
        None
    }
}

/// A lost card's balance that moved to the one that replaces it was not used.
fn replaced(card: &Card, entry: &CardEntry) -> bool {
    card.status == crate::domain::gift_cards::CardStatus::Replaced
        && entry.kind == CardMove::TransferOut
        && entry.balance.is_zero()
}

/// The log tells each entry once, in the same words.
fn untold(card: &Card, entries: &[CardEntry], told: &[String]) -> Option<String> {
    let mut known: HashMap<(String, String, String), i32> = HashMap::new();
    for entry in entries {
        let amount = |minor: Minor| minor.format(card.currency);
        let words = (entry.kind.as_str().to_owned(), amount(entry.amount), amount(entry.balance));
        *known.entry(words).or_default() += 1;
    }
    for leaf in told {
        let word = |name: &str| text_at(leaf, &["data", name]).unwrap_or_default();
        *known.entry((word("move"), word("amount"), word("balance"))).or_default() -= 1;
    }
    let ((kind, amount, _), count) = known.into_iter().find(|(_, count)| *count != 0)?;
    let side = if count > 0 { "that the log does not tell" } else { "only in the log" };
    Some(format!("there is a movement ({kind} {amount}) {side}"))
}
