//! Day ends, and what is not closed yet: summed up under the claim of the store's audit head, so
//! that no movement can come in between.

use super::ledger::{AmountColumns, AmountRow, amount_columns, amounts_of, names, sums};
use super::rows::{Col, Select, col, select_in};
use super::writes::insert;
use super::{Read, StoreError, Tx, audit};
use crate::domain::day_end::{DayEnd, Last, Perpetual, Summed, Till, TillKey, is_over};
use crate::domain::entry::Event;
use crate::domain::ledger::Amounts;
use crate::domain::money::Minor;
use crate::domain::state::State;
use diesel::sql_types::{BigInt, Text};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Before every day: what a till is open from that was never closed.
const NEVER: &str = "";

/// Claims the heads of the stores whose days are to be closed, and loads what is open at each till:
/// at a register's its own, for a store's own day those of all its registers.
pub(super) fn claim(
    tx: &mut Tx<'_>,
    wanted: &[TillKey],
    state: &mut State,
) -> Result<(), StoreError> {
    let stores: BTreeSet<&str> = wanted.iter().map(|key| key.store.as_str()).collect();
    let known: Vec<&str> =
        stores.into_iter().filter(|store| state.settings().store(store).is_some()).collect();
    for (store, head) in audit::claim(tx, &known)? {
        state.load_head(&store, head.seq);
    }
    for store in known {
        let mut tills = last_day_ends(tx, store)?;
        let own = tills.get("").cloned().unwrap_or_default();
        let mine = || wanted.iter().filter(|key| key.store == store);
        for key in mine() {
            tills.entry(key.register.clone()).or_default();
        }
        if mine().any(|key| key.register().is_none()) {
            for register in open_registers(tx, store, &tills)? {
                tills.entry(register).or_default();
            }
        } else {
            tills.retain(|register, _| mine().any(|key| key.register == *register));
        }
        load_open(tx, store, &mut tills)?;
        // After the store's own a register's day has no further shift.
        tills.entry(String::new()).or_insert(own);
        for (register, till) in tills {
            state.load_till(TillKey { store: store.to_owned(), register }, till);
        }
    }
    Ok(())
}

/// Loads how far the days of these drawers and their stores are closed, for returns that name a
/// trading day.
pub(super) fn load_drawers(
    read: &mut Read<'_>,
    drawers: &[TillKey],
    state: &mut State,
) -> Result<(), StoreError> {
    let stores: BTreeSet<&str> = drawers.iter().map(|key| key.store.as_str()).collect();
    for store in stores {
        let mut tills = last_day_ends(read, store)?;
        let own = TillKey::of(store, None);
        for key in drawers.iter().filter(|key| key.store == store).chain([&own]) {
            let till = tills.remove(&key.register).unwrap_or_default();
            state.load_till(key.clone(), till);
        }
    }
    Ok(())
}

/// Looks again once the heads are claimed, when no day can be closed any more: whoever closed the
/// day of a drawer since it was loaded was faster. Done again, the return is refused.
pub(super) fn still_open(tx: &mut Tx<'_>, state: &State) -> Result<(), StoreError> {
    let named = &state.changes.named_days;
    let stores: BTreeSet<&str> = named.iter().map(|(key, _)| key.store.as_str()).collect();
    for store in stores {
        let tills = last_day_ends(tx, store)?;
        let last = |register: &str| tills.get(register).and_then(|till| till.last);
        let closed = |(key, day): &(TillKey, Date)| {
            key.store == store && is_over(last(&key.register), last(""), *day)
        };
        if named.iter().any(closed) {
            return Err(StoreError::Busy("a day was closed meanwhile".to_owned()));
        }
    }
    Ok(())
}

type LastRow = (String, i64, String, i64, i64, i64, i64, i64, i64);
type LastColumns = (Text, BigInt, Text, BigInt, BigInt, BigInt, BigInt, BigInt, BigInt);

/// The last day end of each till of a store, by register.
fn last_day_ends(tx: &mut Read<'_>, store: &str) -> Result<BTreeMap<String, Till>, StoreError> {
    let select = Select {
        columns: "d.register, d.number, d.business_date, d.shift, d.seq, \
                  d.perpetual_sales, d.perpetual_returns, d.perpetual_voided_sales, d.perpetual_voided_returns",
        names: "store",
        join: "day_ends d ON d.store = u.store AND d.number = \
               (SELECT MAX(o.number) FROM day_ends o WHERE o.store = d.store AND o.register = d.register)",
        order: "d.register",
        lock: None,
    };
    let rows: Vec<LastRow> = select_in::<LastColumns, _>(tx, &select, &[col([store])])?;
    let till = |(
        register,
        number,
        day,
        shift,
        seq,
        sales,
        returns,
        voided_sales,
        voided_returns,
    ): LastRow| {
        let corrupt = || {
            StoreError::Corrupt(format!(
                "the last day end of register {register:?} in store {store}"
            ))
        };
        let last = Last {
            number: u64::try_from(number).map_err(|_| corrupt())?,
            business_date: day.parse().map_err(|_| corrupt())?,
            shift: u64::try_from(shift).map_err(|_| corrupt())?,
            seq: u64::try_from(seq).map_err(|_| corrupt())?,
            perpetual: perpetual([sales, returns, voided_sales, voided_returns]),
        };
        Ok((register, Till { last: Some(last), open: BTreeMap::new() }))
    };
    rows.into_iter().map(till).collect()
}

/// Perpetual totals as they are stored.
pub(super) fn perpetual([sales, returns, voided_sales, voided_returns]: [i64; 4]) -> Perpetual {
    Perpetual {
        sales: Minor(sales),
        returns: Minor(returns),
        voided_sales: Minor(voided_sales),
        voided_returns: Minor(voided_returns),
    }
}

/// The registers at which anything was booked since the store's own last day end. One that had its
/// own before is known by that.
fn open_registers(
    tx: &mut Tx<'_>,
    store: &str,
    tills: &BTreeMap<String, Till>,
) -> Result<Vec<String>, StoreError> {
    let own = tills.get("").cloned().unwrap_or_default();
    let [_, seqs, days] = since([("", &own)].into_iter());
    let keys = [col([store]), seqs, days];
    let mut registers = Vec::new();
    for join in [
        "ledger l ON l.store = u.store AND l.seq > u.seq GROUP BY l.register",
        "ledger l ON l.store = u.store AND l.seq <= u.seq AND l.business_date > u.day GROUP BY l.register",
    ] {
        let select = Select {
            columns: "l.register",
            names: "store, seq, day",
            join,
            order: "1",
            lock: None,
        };
        registers.extend(select_in::<Text, String>(tx, &select, &keys)?);
    }
    Ok(registers)
}

/// Registers with the seq and the day of their last day ends.
fn since<'a>(tills: impl Iterator<Item = (&'a str, &'a Till)> + Clone) -> [Col<'a>; 3] {
    let seq = |till: &Till| till.last.map_or(0, |last| i64::try_from(last.seq).unwrap_or(i64::MAX));
    let day = |till: &Till| {
        till.last.map_or_else(|| NEVER.to_owned(), |last| last.business_date.to_string())
    };
    [
        col(tills.clone().map(|(register, _)| register)),
        col(tills.clone().map(|(_, till)| seq(till))),
        col(tills.map(|(_, till)| day(till))),
    ]
}

type OpenRow = (String, String, String, i64, AmountRow);
type OpenColumns = (Text, Text, Text, BigInt, AmountColumns);

/// Sums up what no day end covers yet: what was booked since the last one, and before it for later
/// days.
fn load_open(
    tx: &mut Tx<'_>,
    store: &str,
    tills: &mut BTreeMap<String, Till>,
) -> Result<(), StoreError> {
    let mut open: Vec<OpenRow> = Vec::new();
    {
        let [registers, seqs, days] =
            since(tills.iter().map(|(register, till)| (register.as_str(), till)));
        let keys = [col(tills.keys().map(|_| store)), registers, seqs, days];
        const COLUMNS: &str = concat!("l.register, l.business_date, l.event, COUNT(*), ", sums!());
        for join in [
            "ledger l ON l.store = u.store AND l.register = u.register AND l.seq > u.seq \
             GROUP BY l.register, l.business_date, l.event",
            "ledger l ON l.store = u.store AND l.register = u.register AND l.business_date > u.day AND l.seq <= u.seq \
             GROUP BY l.register, l.business_date, l.event",
        ] {
            let names = "store, register, seq, day";
            let select = Select { columns: COLUMNS, names, join, order: "1, 2, 3", lock: None };
            open.extend(select_in::<OpenColumns, OpenRow>(tx, &select, &keys)?);
        }
        open.extend(closed_registers(tx, store, tills.get(""))?);
    }
    for (register, day, event, movements, amounts) in open {
        let corrupt =
            |what: &str| StoreError::Corrupt(format!("a movement of store {store} has {what}"));
        let day = day.parse().map_err(|_| corrupt("a date that is none"))?;
        let event = Event::parse(&event).ok_or_else(|| corrupt("an unknown event"))?;
        let summed = Summed {
            movements: u64::try_from(movements).unwrap_or(0),
            amounts: amounts_of(amounts),
        };
        let Some(till) = tills.get_mut(&register) else { continue };
        till.open.entry(day).or_default().add(event, &summed);
    }
    Ok(())
}

/// The day ends of registers that the store's own has not taken yet, as what is open for the store.
/// Nothing if the store's own is not asked for.
fn closed_registers(
    tx: &mut Tx<'_>,
    store: &str,
    own: Option<&Till>,
) -> Result<Vec<OpenRow>, StoreError> {
    let Some(own) = own else { return Ok(Vec::new()) };
    let [_, seqs, days] = since([("", own)].into_iter());
    let select = Select {
        columns: concat!(
            "'' AS register, d.business_date, l.event, CAST(SUM(l.movements) AS bigint), ",
            sums!()
        ),
        names: "store, seq, day",
        join: "day_ends d ON d.store = u.store AND d.register <> '' AND (d.business_date > u.day OR d.seq > u.seq) \
               JOIN day_end_sums l ON l.day_end = d.id GROUP BY d.business_date, l.event",
        order: "2, 3",
        lock: None,
    };
    select_in::<OpenColumns, OpenRow>(tx, &select, &[col([store]), seqs, days])
}

const SUMS: &str = concat!("day_end_sums(day_end, event, movements, ", names!(), ")");

/// Writes the day ends of a batch, after their entries.
pub(super) fn insert_new(tx: &mut Tx<'_>, state: &State) -> Result<(), StoreError> {
    let new = &state.changes.day_ends;
    if new.is_empty() {
        return Ok(());
    }
    let big = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let columns = [
        col(new.iter().map(|d| d.id)),
        col(new.iter().map(|d| d.till.store.as_str())),
        col(new.iter().map(|d| d.till.register.as_str())),
        col(new.iter().map(|d| big(d.number))),
        col(new.iter().map(|d| d.business_date.to_string())),
        col(new.iter().map(|d| d.currency.code())),
        col(new.iter().map(|d| d.closed_at.as_microsecond())),
        col(new.iter().map(|d| d.operator.as_str())),
        col(new.iter().map(|d| big(d.from_seq))),
        col(new.iter().map(|d| big(d.seq))),
        col(new.iter().map(|d| d.opening_cash.map(|cash| cash.0))),
        col(new.iter().map(|d| d.counted_cash.map(|cash| cash.0))),
        col(new.iter().map(|d| d.perpetual.sales.0)),
        col(new.iter().map(|d| d.perpetual.returns.0)),
        col(new.iter().map(|d| d.perpetual.voided_sales.0)),
        col(new.iter().map(|d| d.perpetual.voided_returns.0)),
        col(new.iter().map(|d| big(d.shift))),
    ];
    let into = "day_ends(id, store, register, number, business_date, currency, closed_at, operator, from_seq, seq, \
                opening_cash, counted_cash, perpetual_sales, perpetual_returns, perpetual_voided_sales, \
                perpetual_voided_returns, shift)";
    insert(tx, into, &columns)?;
    insert_sums(tx, new)
}

fn insert_sums(tx: &mut Tx<'_>, new: &[DayEnd]) -> Result<(), StoreError> {
    let rows: Vec<(Uuid, Event, &Summed)> = new
        .iter()
        .flat_map(|d| d.sums.0.iter().map(|(event, summed)| (d.id, *event, summed)))
        .collect();
    let mut columns = vec![
        col(rows.iter().map(|(of, _, _)| *of)),
        col(rows.iter().map(|(_, event, _)| event.as_str())),
        col(rows.iter().map(|(_, _, summed)| i64::try_from(summed.movements).unwrap_or(i64::MAX))),
    ];
    let amounts: Vec<&Amounts> = rows.iter().map(|(_, _, summed)| &summed.amounts).collect();
    columns.extend(amount_columns(&amounts));
    insert(tx, SUMS, &columns)
}
