//! Sales looked up by the numbers on their receipts.

use super::rows::{Select, col, select_in};
use super::sales::corrupt;
use super::sql_types::{Id, IdSql};
use super::{Read, StoreError};
use crate::domain::match_key::MatchKey;
use crate::domain::state::{Receipt, ReceiptLookup, State};
use diesel::sql_types::{Binary, Bool, Text};

type Row = (String, String, String, String, Id, Vec<u8>, bool);
type Columns = (Text, Text, Text, Text, IdSql, Binary, Bool);
const COLUMNS: &str =
    "s.receipt_key, s.store, s.register, s.business_date, s.id, s.digest, v.sale IS NOT NULL";
const ORDER: &str = "s.receipt_key, s.store, s.register, s.business_date, s.rung";

/// Looks receipts up: in the stores named, and in all others where those do not know them.
pub fn load(
    read: &mut Read<'_>,
    lookups: &[ReceiptLookup],
    state: &mut State,
) -> Result<(), StoreError> {
    lookups.iter().for_each(|lookup| state.looked_for(lookup.key.clone()));
    let (exact, wide): (Vec<&ReceiptLookup>, Vec<&ReceiptLookup>) = lookups
        .iter()
        .partition(|lookup| lookup.register.is_some() && lookup.business_date.is_some());
    of_register_and_day(read, &exact, state)?;
    of_store(read, &wide, state)?;
    // What other commands look for says nothing of it.
    let elsewhere = lookups.iter().filter(|lookup| lookup.elsewhere);
    let mut unknown: Vec<MatchKey> = elsewhere
        .filter(|lookup| !state.knows_receipt(lookup))
        .map(|lookup| lookup.key.receipt.clone())
        .collect();
    unknown.sort_unstable();
    unknown.dedup();
    anywhere(read, unknown, state)
}

/// Register and day are known of a sale that is recorded: of a number that every register bears
/// every day, this reads one row.
fn of_register_and_day(
    read: &mut Read<'_>,
    lookups: &[&ReceiptLookup],
    state: &mut State,
) -> Result<(), StoreError> {
    if lookups.is_empty() {
        return Ok(());
    }
    let select = Select {
        columns: COLUMNS,
        names: "receipt_key, store, register, business_date",
        join: "sales s ON s.receipt_key = u.receipt_key AND s.store = u.store AND s.register = u.register \
               AND s.business_date = u.business_date LEFT JOIN sale_voids v ON v.sale = s.id",
        order: ORDER,
        lock: None,
    };
    let keys = [
        col(lookups.iter().map(|lookup| lookup.key.receipt.as_str())),
        col(lookups.iter().map(|lookup| lookup.key.store.as_str())),
        col(lookups.iter().map(|lookup| lookup.register.as_deref())),
        col(lookups.iter().map(|lookup| lookup.business_date.map(|day| day.to_string()))),
    ];
    enter(select_in::<Columns, Row>(read, &select, &keys)?, state)
}

fn of_store(
    read: &mut Read<'_>,
    lookups: &[&ReceiptLookup],
    state: &mut State,
) -> Result<(), StoreError> {
    if lookups.is_empty() {
        return Ok(());
    }
    let select = Select {
        columns: COLUMNS,
        names: "receipt_key, store",
        join: "sales s ON s.receipt_key = u.receipt_key AND s.store = u.store \
               LEFT JOIN sale_voids v ON v.sale = s.id",
        order: ORDER,
        lock: None,
    };
    let keys = [
        col(lookups.iter().map(|lookup| lookup.key.receipt.as_str())),
        col(lookups.iter().map(|lookup| lookup.key.store.as_str())),
    ];
    enter(select_in::<Columns, Row>(read, &select, &keys)?, state)
}

fn anywhere(
    read: &mut Read<'_>,
    numbers: Vec<MatchKey>,
    state: &mut State,
) -> Result<(), StoreError> {
    if numbers.is_empty() {
        return Ok(());
    }
    let select = Select {
        columns: COLUMNS,
        names: "receipt_key",
        join: "sales s ON s.receipt_key = u.receipt_key LEFT JOIN sale_voids v ON v.sale = s.id",
        order: ORDER,
        lock: None,
    };
    let keys = [col(numbers.iter().map(MatchKey::as_str))];
    let rows: Vec<Row> = select_in::<Columns, Row>(read, &select, &keys)?;
    let found = rows.into_iter().map(receipt).collect::<Result<Vec<_>, StoreError>>()?;
    for number in numbers {
        let of_number = found.iter().filter(|(other, _)| *other == number);
        let sales = of_number.map(|(_, receipt)| receipt.clone()).collect();
        state.load_receipts_anywhere(number, sales);
    }
    Ok(())
}

fn enter(rows: Vec<Row>, state: &mut State) -> Result<(), StoreError> {
    for row in rows {
        let (number, receipt) = receipt(row)?;
        state.load_receipt(number, receipt);
    }
    Ok(())
}

fn receipt(
    (number, store, register, day, sale, digest, voided): Row,
) -> Result<(MatchKey, Receipt), StoreError> {
    let business_date = day.parse().map_err(|_| corrupt(sale.0, "a date that is none"))?;
    let digest = digest.try_into().map_err(|_| corrupt(sale.0, "a digest that is none"))?;
    Ok((
        MatchKey::stored(number),
        Receipt { store, register, business_date, sale: sale.0, digest, voided },
    ))
}
