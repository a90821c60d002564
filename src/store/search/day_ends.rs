//! Day ends as they are stored.

use crate::domain::day_end::{DayEnd, Summed, Sums, TillKey};
use crate::domain::entry::Event;
use crate::domain::money::{Currency, Minor};
use crate::store::day_ends::perpetual;
use crate::store::ledger::{AmountColumns, AmountRow, amounts, amounts_of};
use crate::store::rows::{Select, col, select_in};
use crate::store::sql_types::{Id, IdSql};
use crate::store::{Read, StoreError};
use diesel::sql_types::{BigInt, Nullable, Text};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::HashMap;
use uuid::Uuid;

/// Which day ends; every filter given must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayEndFilter {
    pub store: String,
    pub register: Option<String>,
    /// The first business date.
    pub from: Option<Date>,
    /// The last business date, included.
    pub to: Option<Date>,
}

type Row = (
    (Id, String, String, i64, String, String, i64, String),
    (i64, i64, Option<i64>, Option<i64>, i64, i64, i64, i64, i64),
);
type Columns = (
    (IdSql, Text, Text, BigInt, Text, Text, BigInt, Text),
    (BigInt, BigInt, Nullable<BigInt>, Nullable<BigInt>, BigInt, BigInt, BigInt, BigInt, BigInt),
);
const COLUMNS: &str = "d.id, d.store, d.register, d.number, d.business_date, d.currency, d.closed_at, d.operator, \
                       d.from_seq, d.seq, d.opening_cash, d.counted_cash, \
                       d.perpetual_sales, d.perpetual_returns, d.perpetual_voided_sales, d.perpetual_voided_returns, d.shift";

/// Up to 501 day ends of a store, newest first, before the place `before` in its chain.
pub fn find(
    read: &mut Read<'_>,
    filter: &DayEndFilter,
    before: Option<i64>,
) -> Result<Vec<DayEnd>, StoreError> {
    let select = Select {
        columns: COLUMNS,
        names: "store, seq, register, first, last",
        join: "day_ends d ON d.store = u.store AND d.seq < u.seq AND (u.register = '*' OR d.register = u.register) \
               AND d.business_date >= u.first AND d.business_date <= u.last",
        order: "d.seq DESC LIMIT 501",
        lock: None,
    };
    let day =
        |day: Option<Date>, or: &str| day.map_or_else(|| or.to_owned(), |day| day.to_string());
    let keys = [
        col([filter.store.as_str()]),
        col([before.unwrap_or(i64::MAX)]),
        col([filter.register.as_deref().unwrap_or("*")]),
        col([day(filter.from, "0000-00-00")]),
        col([day(filter.to, "9999-99-99")]),
    ];
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, &keys)?;
    whole(read, rows)
}

/// One day end.
pub fn get(read: &mut Read<'_>, id: Uuid) -> Result<Option<DayEnd>, StoreError> {
    let select = Select {
        columns: COLUMNS,
        names: "id",
        join: "day_ends d ON d.id = u.id",
        order: "d.id",
        lock: None,
    };
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, &[col([id])])?;
    Ok(whole(read, rows)?.pop())
}

/// All day ends of a store, in the order of its chain: one a register, day and shift, for those who check
/// them.
pub fn all_of(read: &mut Read<'_>, store: &str) -> Result<Vec<DayEnd>, StoreError> {
    let join = "day_ends d ON d.store = u.store";
    let select = Select { columns: COLUMNS, names: "store", join, order: "d.seq", lock: None };
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, &[col([store])])?;
    whole(read, rows)
}

fn whole(read: &mut Read<'_>, rows: Vec<Row>) -> Result<Vec<DayEnd>, StoreError> {
    let mut ids: Vec<Uuid> = rows.iter().map(|row| row.0.0.0).collect();
    ids.sort_unstable();
    let mut sums = sums(read, &ids)?;
    rows.into_iter().map(|row| day_end(row, &mut sums)).collect()
}

fn sums(read: &mut Read<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, Sums>, StoreError> {
    let select = Select {
        columns: concat!("l.day_end, l.event, l.movements, ", amounts!()),
        names: "id",
        join: "day_end_sums l ON l.day_end = u.id",
        order: "l.day_end, l.event",
        lock: None,
    };
    type Sum = (Id, String, i64, AmountRow);
    let keys = [col(ids.iter().copied())];
    let rows: Vec<Sum> =
        select_in::<(IdSql, Text, BigInt, AmountColumns), _>(read, &select, &keys)?;
    let mut sums: HashMap<Uuid, Sums> = HashMap::new();
    for (of, event, movements, amounts) in rows {
        let event = Event::parse(&event).ok_or_else(|| corrupt(of.0, "an unknown event"))?;
        let summed = Summed {
            movements: u64::try_from(movements).unwrap_or(0),
            amounts: amounts_of(amounts),
        };
        sums.entry(of.0).or_default().add(event, &summed);
    }
    Ok(sums)
}

fn corrupt(id: Uuid, what: &str) -> StoreError {
    StoreError::Corrupt(format!("day end {id} is stored with {what}"))
}

fn day_end((what, sums): Row, all: &mut HashMap<Uuid, Sums>) -> Result<DayEnd, StoreError> {
    let (Id(id), store, register, number, business_date, currency, closed_at, operator) = what;
    let (
        from_seq,
        seq,
        opening_cash,
        counted_cash,
        sales,
        returns,
        voided_sales,
        voided_returns,
        shift,
    ) = sums;
    let count =
        |number: i64| u64::try_from(number).map_err(|_| corrupt(id, "a number below nought"));
    Ok(DayEnd {
        id,
        till: TillKey { store, register },
        number: count(number)?,
        business_date: business_date.parse().map_err(|_| corrupt(id, "a date that is none"))?,
        shift: count(shift)?,
        currency: Currency::parse(&currency).ok_or_else(|| corrupt(id, "an unknown currency"))?,
        closed_at: Timestamp::from_microsecond(closed_at)
            .map_err(|_| corrupt(id, "a time that is none"))?,
        operator,
        from_seq: count(from_seq)?,
        seq: count(seq)?,
        sums: all.remove(&id).unwrap_or_default(),
        opening_cash: opening_cash.map(Minor),
        counted_cash: counted_cash.map(Minor),
        perpetual: perpetual([sales, returns, voided_sales, voided_returns]),
    })
}
