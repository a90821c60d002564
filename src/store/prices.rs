//! The lowest prices of each article and day, and what else is asked about goods without a receipt.

use super::rows::{Select, Upsert, col, delete_from, select_in, upsert_where};
use super::sales::{corrupt, number, read_sale};
use super::sql_types::{Id, IdSql};
use super::{Read, StoreError, Tx};
use crate::domain::counted::Counted;
use crate::domain::match_key::MatchKey;
use crate::domain::money::Minor;
use crate::domain::prices::{LowestPrice, Market, SoldUnit, Wanted, keep_lower, of_book};
use crate::domain::quantity::Quantity;
use crate::domain::state::State;
use diesel::sql_types::{BigInt, Bool, Integer, Text};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// Loads what the articles of drafts without a receipt are worth. Nothing is claimed: a price that
/// falls a moment later is the next return's.
pub fn load(
    read: &mut Read<'_>,
    counted: &Counted,
    now: Timestamp,
    state: &mut State,
) -> Result<(), StoreError> {
    if counted.articles.is_empty() {
        return Ok(());
    }
    let settings = state.shared_settings();
    let of = |(store, sku): &(String, String)| Wanted::of(&settings, store, sku, now);
    let wanted: Vec<Wanted> = counted.articles.iter().filter_map(of).collect();
    load_days(read, &wanted, state)?;
    let sales = state.prices.references(&wanted);
    load_sales(read, &sales, state)?;
    load_units(read, &counted.units, state)
}

fn load_days(read: &mut Read<'_>, wanted: &[Wanted], state: &mut State) -> Result<(), StoreError> {
    // Two stores of one market may stand in different days, and ask for different periods.
    let mut since: BTreeMap<(&str, &Market), String> = BTreeMap::new();
    for one in wanted {
        let first = one.since().to_string();
        let known = since.entry((one.sku.as_str(), &one.market)).or_insert_with(|| first.clone());
        *known = first.min(known.clone());
    }
    let mut days: BTreeMap<(&str, &Market), Vec<LowestPrice>> =
        since.keys().map(|key| (*key, Vec::new())).collect();
    let keys = [
        col(since.keys().map(|(sku, _)| *sku)),
        col(since.keys().map(|(_, market)| market.country.as_str())),
        col(since.keys().map(|(_, market)| market.currency.code())),
        col(since.values().map(String::as_str)),
    ];
    let select = Select {
        columns: "p.sku, p.country, p.currency, p.day, p.sale, p.line, p.value, p.sold",
        names: "sku, country, currency, since",
        join: "lowest_prices p ON p.sku = u.sku AND p.country = u.country AND p.currency = u.currency AND p.day >= u.since",
        order: "p.sku, p.country, p.currency, p.day",
        lock: None,
    };
    type Row = ((String, String, String, String), (Id, i32, i64, i64));
    type Columns = ((Text, Text, Text, Text), (IdSql, Integer, BigInt, BigInt));
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, &keys)?;
    for ((sku, country, currency, day), (sale, line, value, sold)) in rows {
        let day = day.parse().map_err(|_| corrupt(sale.0, "a day of a price that is none"))?;
        let line = u32::try_from(line).unwrap_or(0);
        let price =
            LowestPrice { day, sale: sale.0, line, value: Minor(value), sold: Quantity(sold) };
        let of = days
            .iter_mut()
            .find(|((s, m), _)| *s == sku && m.country == country && m.currency.code() == currency);
        of.into_iter().for_each(|(_, days)| days.push(price));
    }
    days.into_iter().for_each(|((sku, market), days)| {
        state.prices.load_days(market.clone(), sku.to_owned(), days)
    });
    Ok(())
}

fn load_sales(read: &mut Read<'_>, ids: &[Uuid], state: &mut State) -> Result<(), StoreError> {
    let select = Select {
        columns: "s.id, s.document, s.shares_promotions",
        names: "id",
        join: "sales s ON s.id = u.id",
        order: "s.id",
        lock: None,
    };
    let rows: Vec<(Id, String, bool)> =
        select_in::<(IdSql, Text, Bool), _>(read, &select, &[col(ids.iter().copied())])?;
    for (id, document, shares) in rows {
        state.prices.load_sale(Arc::new(read_sale(&document, id.0, shares)?));
    }
    Ok(())
}

/// The newest sale on which each unit stands.
fn load_units(
    read: &mut Read<'_>,
    units: &[(String, MatchKey)],
    state: &mut State,
) -> Result<(), StoreError> {
    units
        .iter()
        .for_each(|(sku, serial)| state.prices.load_unit(sku.clone(), serial.clone(), None));
    let select = Select {
        columns: "l.sku, n.serial_key, s.store, s.receipt, s.business_date, s.id",
        names: "sku, serial_key",
        join: "sale_serials n ON n.serial_key = u.serial_key \
               JOIN sale_lines l ON l.sale = n.sale AND l.line = n.line AND l.sku = u.sku \
               JOIN sales s ON s.id = n.sale",
        order: "s.business_date, s.id",
        lock: None,
    };
    let keys = [
        col(units.iter().map(|unit| unit.0.as_str())),
        col(units.iter().map(|unit| unit.1.as_str())),
    ];
    type Row = (String, String, String, String, String, Id);
    let rows: Vec<Row> =
        select_in::<(Text, Text, Text, Text, Text, IdSql), _>(read, &select, &keys)?;
    for (sku, serial, store, receipt, day, sale) in rows {
        let business_date = day.parse().map_err(|_| corrupt(sale.0, "a date that is none"))?;
        let sold = SoldUnit { store, receipt, business_date };
        state.prices.load_unit(sku, MatchKey::stored(serial), Some(sold));
    }
    Ok(())
}

/// Fractions are compared across; as numeric, for the products of large ones are beyond 64 bits.
const LOWER: Upsert = Upsert {
    table: "lowest_prices",
    names: "sku, country, currency, day, sale, line, value, sold",
    key: "sku, country, currency, day",
    join: "p.sku = u.sku AND p.country = u.country AND p.currency = u.currency AND p.day = u.day",
    missing_or_worse: "p.sku IS NULL OR CAST(u.value AS numeric) * p.sold < CAST(p.value AS numeric) * u.sold",
    set: "sale = excluded.sale, line = excluded.line, value = excluded.value, sold = excluded.sold \
          WHERE CAST(excluded.value AS numeric) * lowest_prices.sold < CAST(lowest_prices.value AS numeric) * excluded.sold",
};

/// Takes the prices of voided sales away, and puts the next lowest of their days in their place.
/// A sale with a gift card is left out, as by the migration that made the table.
pub fn forget(tx: &mut Tx<'_>, state: &State) -> Result<(), StoreError> {
    let voided = state.changes.voided_sales.iter().filter_map(|sale| state.book(*sale));
    let mut gone: BTreeSet<(&str, Market, String, Uuid)> = BTreeSet::new();
    for book in voided {
        let Some(store) = state.settings().store(&book.sale.store) else { continue };
        let day = book.sale.business_date.to_string();
        let of_line = |sku| (sku, Market::of(store), day.clone(), book.sale.id);
        gone.extend(of_book(book).into_keys().map(of_line));
    }
    let columns = [
        col(gone.iter().map(|(sku, _, _, _)| *sku)),
        col(gone.iter().map(|(_, market, _, _)| market.country.as_str())),
        col(gone.iter().map(|(_, market, _, _)| market.currency.code())),
        col(gone.iter().map(|(_, _, day, _)| day.as_str())),
        col(gone.iter().map(|(_, _, _, sale)| *sale)),
    ];
    if gone.is_empty() {
        return Ok(());
    }
    const NAMES: &str = "sku, country, currency, day, sale";
    const THESE: &str = "(sku, country, currency, day, sale) IN (SELECT * FROM u)";
    delete_from(tx, "lowest_prices", THESE, NAMES, &columns)?;
    let select = Select {
        columns: "u.sku, u.country, u.currency, u.day, l.sale, l.line, l.value, l.sold",
        names: NAMES,
        join: "sale_lines l ON l.sku = u.sku AND l.value > 0 AND l.sold > 0 \
               JOIN sales s ON s.id = l.sale AND s.business_date = u.day \
                    AND s.document NOT LIKE '%\"gift_card\":%' \
               JOIN stores t ON t.store = s.store AND t.currency = u.currency \
                    AND SUBSTR(t.region, 1, 2) = u.country \
               LEFT JOIN sale_voids v ON v.sale = s.id \
               LEFT JOIN sale_conversions c ON c.sale = s.id \
               WHERE v.sale IS NULL AND c.sale IS NULL",
        order: "u.sku, u.day, l.sale, l.line",
        lock: None,
    };
    type Row = ((String, String, String, String), (Id, i32, i64, i64));
    type Columns = ((Text, Text, Text, Text), (IdSql, Integer, BigInt, BigInt));
    let rows: Vec<Row> = select_in::<Columns, _>(tx, &select, &columns)?;
    let mut next: BTreeMap<(String, String, String, String), LowestPrice> = BTreeMap::new();
    for (of, (sale, line, value, sold)) in rows {
        let day = of.3.parse().map_err(|_| corrupt(sale.0, "a date that is none"))?;
        let line = u32::try_from(line).unwrap_or_default();
        let (value, sold) = (Minor(value), Quantity(sold));
        keep_lower(&mut next, of, LowestPrice { day, sale: sale.0, line, value, sold });
    }
    let columns = [
        col(next.keys().map(|of| of.0.as_str())),
        col(next.keys().map(|of| of.1.as_str())),
        col(next.keys().map(|of| of.2.as_str())),
        col(next.keys().map(|of| of.3.as_str())),
        col(next.values().map(|price| price.sale)),
        col(next.values().map(|price| number(price.line))),
        col(next.values().map(|price| price.value.0)),
        col(next.values().map(|price| price.sold.0)),
    ];
    upsert_where(tx, &LOWER, &columns)?;
    Ok(())
}

/// Keeps the prices of new sales, each only where it is lower than the one known.
pub fn keep(tx: &mut Tx<'_>, state: &State) -> Result<(), StoreError> {
    let mut lowest: BTreeMap<(&str, Market, String), LowestPrice> = BTreeMap::new();
    for book in state.changes.new_sales.iter().filter_map(|new| state.book(new.sale)) {
        let Some(store) = state.settings().store(&book.sale.store) else { continue };
        for (sku, price) in of_book(book) {
            keep_lower(&mut lowest, (sku, Market::of(store), price.day.to_string()), price);
        }
    }
    let columns = [
        col(lowest.keys().map(|(sku, _, _)| *sku)),
        col(lowest.keys().map(|(_, market, _)| market.country.as_str())),
        col(lowest.keys().map(|(_, market, _)| market.currency.code())),
        col(lowest.keys().map(|(_, _, day)| day.as_str())),
        col(lowest.values().map(|price| price.sale)),
        col(lowest.values().map(|price| number(price.line))),
        col(lowest.values().map(|price| price.value.0)),
        col(lowest.values().map(|price| price.sold.0)),
    ];
    upsert_where(tx, &LOWER, &columns)?;
    Ok(())
}
