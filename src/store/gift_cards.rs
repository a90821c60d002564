//! Gift cards and their entries.

use super::rows::{Select, col, select_in};
use super::sales::number;
use super::sql_types::{Id, IdSql};
use super::writes::{Update, insert, update_rows};
use super::{Read, StoreError, Tx};
use crate::domain::gift_cards::of_sales::paid_with;
use crate::domain::gift_cards::{Card, CardEntry, CardKind, CardMove, CardStatus};
use crate::domain::money::{Currency, Minor};
use crate::domain::perform::Touched;
use crate::domain::state::State;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text};
use jiff::Timestamp;
use uuid::Uuid;

fn corrupt(id: Uuid, what: &str) -> StoreError {
    StoreError::Corrupt(format!("gift card {id} is stored with {what}"))
}

/// Loads the cards that commands are about: those they name, those with their codes, those that
/// loaded sales were paid with or sold, and those that returns to be taken back moved. With
/// `claim`, nobody else moves them until this transaction ends.
pub fn load_touched(
    read: &mut Read<'_>,
    touched: &Touched,
    claim: bool,
    state: &mut State,
) -> Result<(), StoreError> {
    let mut ids = touched.cards.clone();
    if !touched.codes.is_empty() {
        ids.extend(of_codes(read, &touched.codes)?);
    }
    ids.extend(of_sales(state));
    ids.extend(touched.statements.iter().copied());
    if !touched.returns.is_empty() {
        let entries = of_returns(read, &touched.returns)?;
        ids.extend(entries.iter().map(|entry| entry.card));
        state.wallet.load_of_returns(entries);
    }
    ids.sort_unstable();
    ids.dedup();
    if !ids.is_empty() {
        load(read, &ids, claim)?.into_iter().for_each(|card| state.wallet.load(card));
    }
    // After the claim: nobody adds to them meanwhile.
    if !touched.statements.is_empty() {
        state.wallet.load_statements(statements(read, &touched.statements)?);
    }
    let paid = state.books().flat_map(|book| paid_with(&book.sale.tenders));
    let paid = paid.chain(touched.paying.iter().copied());
    let mut paid: Vec<Uuid> = paid.filter(|id| state.wallet.card(*id).is_some()).collect();
    if !paid.is_empty() {
        paid.sort_unstable();
        paid.dedup();
        state.wallet.load_payments(payments(read, &paid)?);
    }
    Ok(())
}

/// The cards that loaded sales sold, or were paid with.
fn of_sales(state: &State) -> impl Iterator<Item = Uuid> {
    state.books().flat_map(|book| {
        let sold = book.sale.lines.iter().filter_map(|line| line.gift_card).map(|sold| sold.id);
        paid_with(&book.sale.tenders).chain(sold)
    })
}

/// The cards with these hashes of codes.
pub fn of_codes(read: &mut Read<'_>, hashes: &[[u8; 32]]) -> Result<Vec<Uuid>, StoreError> {
    let join = "gift_cards c ON c.code_hash = u.code_hash";
    let select = Select { columns: "c.id", names: "code_hash", join, order: "c.id", lock: None };
    let rows: Vec<Id> = select_in::<IdSql, _>(read, &select, &[col(hashes.iter())])?;
    Ok(rows.into_iter().map(|id| id.0).collect())
}

type Row = (
    (Id, String, Option<Vec<u8>>, Option<Vec<u8>>, Option<String>, String, String),
    (i64, String, i64, Option<String>, i32, bool, Option<Id>, Option<Id>),
);
type Columns = (
    (IdSql, Text, Nullable<Binary>, Nullable<Binary>, Nullable<Text>, Text, Text),
    (BigInt, Text, BigInt, Nullable<Text>, Integer, Bool, Nullable<IdSql>, Nullable<IdSql>),
);

/// Loads cards; `ids` ascend, which is the order in which they are claimed.
pub fn load(read: &mut Read<'_>, ids: &[Uuid], claim: bool) -> Result<Vec<Card>, StoreError> {
    let select = Select {
        columns: "c.id, c.kind, c.code_hash, c.pin_hash, c.last4, c.store, c.currency, \
                  c.balance, c.status, c.issued_at, c.expires_on, c.entries, c.spent, c.issued_for, c.replaces",
        names: "id",
        join: "gift_cards c ON c.id = u.id",
        order: "c.id",
        lock: claim.then_some("c"),
    };
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, &[col(ids.iter().copied())])?;
    rows.into_iter().map(card).collect()
}

fn card((what, standing): Row) -> Result<Card, StoreError> {
    let (id, kind, code_hash, pin_hash, last4, store, currency) = what;
    let (balance, status, issued_at, expires_on, entries, spent, issued_for, replaces) = standing;
    let id = id.0;
    let hash = |hash: Option<Vec<u8>>| {
        hash.map(TryInto::try_into).transpose().map_err(|_| corrupt(id, "a hash that is none"))
    };
    Ok(Card {
        id,
        kind: CardKind::parse(&kind).ok_or_else(|| corrupt(id, "an unknown kind"))?,
        code_hash: hash(code_hash)?,
        pin_hash: hash(pin_hash)?,
        last4,
        store,
        currency: Currency::parse(&currency).ok_or_else(|| corrupt(id, "an unknown currency"))?,
        balance: Minor(balance),
        status: CardStatus::parse(&status).ok_or_else(|| corrupt(id, "an unknown status"))?,
        issued_at: instant(id, issued_at)?,
        expires_on: expires_on
            .map(|day| day.parse())
            .transpose()
            .map_err(|_| corrupt(id, "a date that is none"))?,
        entries: u32::try_from(entries).unwrap_or(0),
        spent,
        issued_for: issued_for.map(|id| id.0),
        replaces: replaces.map(|id| id.0),
    })
}

fn instant(id: Uuid, micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|_| corrupt(id, "a time that is none"))
}

pub(super) const ENTRY_COLUMNS: &str = "e.card, e.entry, e.at, e.kind, e.amount, e.balance, e.reference, e.store, e.register, e.operator, e.reverses";
pub(super) type EntryRow =
    (Id, i32, i64, String, i64, i64, Option<String>, String, Option<String>, String, Option<i32>);
pub(super) type EntryColumns = (
    IdSql,
    Integer,
    BigInt,
    Text,
    BigInt,
    BigInt,
    Nullable<Text>,
    Text,
    Nullable<Text>,
    Text,
    Nullable<Integer>,
);

pub(super) fn entry(row: EntryRow) -> Result<CardEntry, StoreError> {
    let (card, entry, at, kind, amount, balance, reference, store, register, operator, reverses) =
        row;
    Ok(CardEntry {
        card: card.0,
        entry: u32::try_from(entry).unwrap_or(0),
        at: instant(card.0, at)?,
        kind: CardMove::parse(&kind)
            .ok_or_else(|| corrupt(card.0, "an entry of an unknown kind"))?,
        amount: Minor(amount),
        balance: Minor(balance),
        reference,
        store,
        register,
        operator,
        reverses: reverses.and_then(|entry| u32::try_from(entry).ok()),
    })
}

/// All entries of these cards, in their order.
fn statements(read: &mut Read<'_>, cards: &[Uuid]) -> Result<Vec<CardEntry>, StoreError> {
    let select = Select {
        columns: ENTRY_COLUMNS,
        names: "card",
        join: "gift_card_entries e ON e.card = u.card",
        order: "e.card, e.entry",
        lock: None,
    };
    let keys = [col(cards.iter().copied())];
    let rows: Vec<EntryRow> = select_in::<EntryColumns, _>(read, &select, &keys)?;
    rows.into_iter().map(entry).collect()
}

/// What returns have moved.
fn of_returns(read: &mut Read<'_>, returns: &[Uuid]) -> Result<Vec<CardEntry>, StoreError> {
    let select = Select {
        columns: ENTRY_COLUMNS,
        names: "reference",
        join: "gift_card_entries e ON e.reference = u.reference",
        order: "e.card, e.entry",
        lock: None,
    };
    let keys = [col(returns.iter().map(Uuid::to_string))];
    let rows: Vec<EntryRow> = select_in::<EntryColumns, _>(read, &select, &keys)?;
    rows.into_iter().map(entry).collect()
}

/// What was paid with these cards, in their order.
fn payments(read: &mut Read<'_>, cards: &[Uuid]) -> Result<Vec<CardEntry>, StoreError> {
    let select = Select {
        columns: ENTRY_COLUMNS,
        names: "card",
        join: "gift_card_entries e ON e.card = u.card",
        order: "e.card, e.entry",
        lock: None,
    };
    let keys = [col(cards.iter().copied())];
    let rows: Vec<EntryRow> = select_in::<EntryColumns, _>(read, &select, &keys)?;
    let mut entries: Vec<CardEntry> = rows.into_iter().map(entry).collect::<Result<_, _>>()?;
    entries.retain(|entry| entry.kind.pays());
    Ok(entries)
}

/// Writes new cards as the batch leaves them, what became of those that were there, and all new
/// entries.
pub fn write(tx: &mut Tx<'_>, state: &State) -> Result<(), StoreError> {
    let wallet = &state.wallet;
    // A card after the one that it replaces, which the same batch may have made.
    let mut new: Vec<&Card> = wallet.new.iter().filter_map(|id| wallet.card(*id)).collect();
    while !new.is_empty() {
        let made: Vec<Uuid> = new.iter().map(|card| card.id).collect();
        let (later, now) = new
            .into_iter()
            .partition(|card| card.replaces.is_some_and(|lost| made.contains(&lost)));
        insert_new(tx, now)?;
        new = later;
    }
    let changed: Vec<&Card> = wallet.changed.iter().filter_map(|id| wallet.card(*id)).collect();
    let columns = [
        col(changed.iter().map(|c| c.id)),
        col(changed.iter().map(|c| c.balance.0)),
        col(changed.iter().map(|c| c.status.as_str())),
        col(changed.iter().map(|c| c.expires_on.map(|day| day.to_string()))),
        col(changed.iter().map(|c| number(c.entries))),
        col(changed.iter().map(|c| c.spent)),
    ];
    const CARDS: Update = Update {
        table: "gift_cards",
        key: &["id"],
        set: &["balance", "status", "expires_on", "entries", "spent"],
    };
    update_rows(tx, &CARDS, &columns)?;
    insert_entries(tx, &wallet.entries)
}

/// In order of their codes: whoever inserts one that another instance is inserting waits for it,
/// and two that do so never wait in a ring.
fn insert_new(tx: &mut Tx<'_>, mut new: Vec<&Card>) -> Result<(), StoreError> {
    new.sort_by_key(|card| card.code_hash);
    let columns = [
        col(new.iter().map(|c| c.id)),
        col(new.iter().map(|c| c.kind.as_str())),
        col(new.iter().map(|c| c.code_hash.map(|hash| hash.to_vec()))),
        col(new.iter().map(|c| c.pin_hash.map(|hash| hash.to_vec()))),
        col(new.iter().map(|c| c.last4.as_deref())),
        col(new.iter().map(|c| c.store.as_str())),
        col(new.iter().map(|c| c.currency.code())),
        col(new.iter().map(|c| c.balance.0)),
        col(new.iter().map(|c| c.status.as_str())),
        col(new.iter().map(|c| c.issued_at.as_microsecond())),
        col(new.iter().map(|c| c.expires_on.map(|day| day.to_string()))),
        col(new.iter().map(|c| number(c.entries))),
        col(new.iter().map(|c| c.spent)),
        col(new.iter().map(|c| c.issued_for)),
        col(new.iter().map(|c| c.replaces)),
    ];
    let into = "gift_cards(id, kind, code_hash, pin_hash, last4, store, currency, balance, status, issued_at, \
                expires_on, entries, spent, issued_for, replaces)";
    insert(tx, into, &columns)
}

fn insert_entries(tx: &mut Tx<'_>, entries: &[CardEntry]) -> Result<(), StoreError> {
    let columns = [
        col(entries.iter().map(|e| e.card)),
        col(entries.iter().map(|e| number(e.entry))),
        col(entries.iter().map(|e| e.at.as_microsecond())),
        col(entries.iter().map(|e| e.kind.as_str())),
        col(entries.iter().map(|e| e.amount.0)),
        col(entries.iter().map(|e| e.balance.0)),
        col(entries.iter().map(|e| e.reference.as_deref())),
        col(entries.iter().map(|e| e.store.as_str())),
        col(entries.iter().map(|e| e.register.as_deref())),
        col(entries.iter().map(|e| e.operator.as_str())),
        col(entries.iter().map(|e| e.reverses.map(number))),
    ];
    let into = "gift_card_entries(card, entry, at, kind, amount, balance, reference, store, \
                register, operator, reverses)";
    insert(tx, into, &columns)
}
