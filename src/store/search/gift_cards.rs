//! The statement of a card; and all cards with their entries, to be held against each other.

use super::rows;
use crate::domain::gift_cards::{Card, CardEntry};
use crate::store::gift_cards::{ENTRY_COLUMNS, EntryColumns, EntryRow, entry, load};
use crate::store::rows::{Select, col, select_in};
use crate::store::schema::{gift_card_entries as e, gift_cards as c};
use crate::store::sql_types::Id;
use crate::store::{Read, StoreError};
use diesel::sql_types::Text;
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use uuid::Uuid;

/// Up to `limit` entries of a card after the entry of that number, oldest first.
pub fn entries(
    read: &mut Read<'_>,
    card: Uuid,
    after: u32,
    limit: usize,
) -> Result<Vec<CardEntry>, StoreError> {
    let after = i32::try_from(after).unwrap_or(i32::MAX);
    let query = e::table
        .filter(e::card.eq(Id(card)))
        .filter(e::entry.gt(after))
        .order(e::entry)
        .limit(rows(limit));
    let columns = (
        e::card,
        e::entry,
        e::at,
        e::kind,
        e::amount,
        e::balance,
        e::reference,
        e::store,
        e::register,
        e::operator,
        e::reverses,
    );
    let found: Vec<EntryRow> = query.select(columns).load(read.connection())?;
    found.into_iter().map(entry).collect()
}

/// Up to `limit` cards after `after`, by id.
pub fn after(read: &mut Read<'_>, after: Uuid, limit: usize) -> Result<Vec<Card>, StoreError> {
    let query = c::table.filter(c::id.gt(Id(after))).order(c::id).limit(rows(limit));
    let ids: Vec<Id> = query.select(c::id).load(read.connection())?;
    let ids: Vec<Uuid> = ids.into_iter().map(|id| id.0).collect();
    let mut cards = load(read, &ids, false)?;
    cards.sort_unstable_by_key(|card| card.id);
    Ok(cards)
}

/// All entries of these cards, oldest first for each. Ids ascend.
pub fn entries_of(read: &mut Read<'_>, cards: &[Uuid]) -> Result<Vec<CardEntry>, StoreError> {
    let join = "gift_card_entries e ON e.card = u.card";
    let select = Select {
        columns: ENTRY_COLUMNS,
        names: "card",
        join,
        order: "e.card, e.entry",
        lock: None,
    };
    let rows: Vec<EntryRow> =
        select_in::<EntryColumns, _>(read, &select, &[col(cards.iter().copied())])?;
    rows.into_iter().map(entry).collect()
}

/// What the log tells of these cards' movements: card and leaf. Ids ascend.
pub fn logged(read: &mut Read<'_>, cards: &[Uuid]) -> Result<Vec<(String, String)>, StoreError> {
    let select = Select {
        columns: "e.subject_id, e.leaf",
        names: "subject",
        join: "audit_entries e ON e.subject_id = u.subject AND e.event = 'gift_card.moved'",
        order: "e.subject_id, e.store, e.seq",
        lock: None,
    };
    select_in::<(Text, Text), _>(read, &select, &[col(cards.iter().map(Uuid::to_string))])
}
