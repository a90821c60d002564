//! Sales whose balance is kept in the currency that replaced their own, and what had come back of
//! them before.

use super::rows::{Select, col, select_in};
use super::sales::{corrupt, number, rounded_up, write_extras};
use super::sql_types::{Id, IdSql};
use super::writes::{Update, insert, update_rows};
use super::{Read, StoreError, Tx};
use crate::domain::book::{Book, Opening};
use crate::domain::changeover::Changeover;
use crate::domain::money::Minor;
use crate::domain::quantity::Quantity;
use crate::domain::sale::Sale;
use crate::domain::state::State;
use diesel::sql_types::{Bool, Text};
use std::collections::HashMap;
use uuid::Uuid;

/// A conversion as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptConversion {
    pub currency: String,
    /// The sale was booked in the new currency.
    pub when_recorded: bool,
    pub opening: Opening,
}

/// Writes the conversions of a batch, and the balances that they are of as a whole: value and
/// refunds of a line change together, or the database would refuse one of them.
pub fn write(tx: &mut Tx<'_>, state: &State) -> Result<(), StoreError> {
    let changes = &state.changes;
    if changes.converted.is_empty() {
        return Ok(());
    }
    let all: Vec<(&Book, &Opening)> = (changes.converted.iter())
        .filter_map(|(sale, opening)| Some((state.book(*sale)?, opening)))
        .collect();
    let is_new = |sale: Uuid| changes.new_sales.iter().any(|new| new.sale == sale);
    let columns = [
        col(all.iter().map(|(book, _)| book.sale.id)),
        col(all.iter().map(|(book, _)| book.sale.currency.code())),
        col(all.iter().map(|(book, _)| is_new(book.sale.id))),
        col(all.iter().map(|(_, opening)| write_opening(opening))),
    ];
    insert(tx, "sale_conversions(sale, currency, when_recorded, opening)", &columns)?;
    let old = || all.iter().map(|(book, _)| *book).filter(|book| !is_new(book.sale.id));
    let lines = || old().flat_map(|b| b.sale.lines.iter().zip(&b.lines).map(move |l| (b, l)));
    let columns = [
        col(lines().map(|(b, _)| b.sale.id)),
        col(lines().map(|(_, (line, _))| number(line.line))),
        col(lines().map(|(_, (_, state))| state.value().0)),
        col(lines().map(|(_, (_, state))| state.returned.0)),
        col(lines().map(|(_, (_, state))| state.refunded().0)),
        col(lines().map(|(_, (_, state))| write_extras(&state.extras()))),
    ];
    const LINES: Update = Update {
        table: "sale_lines",
        key: &["sale", "line"],
        set: &["value", "returned", "refunded", "extras"],
    };
    update_rows(tx, &LINES, &columns)?;
    let tenders = || old().flat_map(|b| b.sale.tenders.iter().zip(&b.tenders).map(move |t| (b, t)));
    let columns = [
        col(tenders().map(|(b, _)| b.sale.id)),
        col(tenders().map(|(_, (tender, _))| number(tender.tender))),
        col(tenders().map(|(_, (_, state))| state.paid.0)),
        col(tenders().map(|(_, (_, state))| state.refunded.0 - rounded_up(state))),
        col(tenders().map(|(_, (_, state))| state.rounding.0 - rounded_up(state))),
        col(tenders().map(|(_, (_, state))| rounded_up(state))),
        col(tenders().map(|(_, (_, state))| state.in_cash.0)),
        col(tenders().map(|(_, (_, state))| state.carried.0)),
        col(tenders().map(|(_, (_, state))| state.in_dispute.0)),
        col(tenders().map(|(_, (_, state))| state.dispute_fee.0)),
        col(tenders().map(|(_, (_, state))| state.lost.0)),
        col(tenders().map(|(_, (_, state))| state.bank_fees.0)),
    ];
    const TENDERS: Update = Update {
        table: "sale_tenders",
        key: &["sale", "tender"],
        set: &[
            "paid",
            "refunded",
            "rounding",
            "rounded_up",
            "in_cash",
            "carried",
            "in_dispute",
            "dispute_fee",
            "lost",
            "bank_fees",
        ],
    };
    update_rows(tx, &TENDERS, &columns)?;
    Ok(())
}

/// The conversions of these sales. Ids ascend.
pub fn of_sales(
    read: &mut Read<'_>,
    sales: &[Uuid],
) -> Result<HashMap<Uuid, KeptConversion>, StoreError> {
    let select = Select {
        columns: "c.sale, c.currency, c.when_recorded, c.opening",
        names: "sale",
        join: "sale_conversions c ON c.sale = u.sale",
        order: "c.sale",
        lock: None,
    };
    type Row = (Id, String, bool, String);
    let rows: Vec<Row> =
        select_in::<(IdSql, Text, Bool, Text), _>(read, &select, &[col(sales.iter().copied())])?;
    let kept = |(sale, currency, when_recorded, opening): Row| {
        let opening = read_opening(&opening)
            .ok_or_else(|| corrupt(sale.0, "an opening balance that cannot be read"))?;
        Ok((sale.0, KeptConversion { currency, when_recorded, opening }))
    };
    rows.into_iter().map(kept).collect()
}

/// The book of a sale whose balance is kept in another currency, without what has come back.
pub(super) fn converted(book: &Book, currency: &str) -> Result<Book, StoreError> {
    Ok(book.in_new_currency(law(&book.sale, currency)?))
}

/// The changeover that replaced a sale's currency by another.
pub(super) fn law(sale: &Sale, currency: &str) -> Result<Changeover, StoreError> {
    let law = Changeover::known(sale.currency.code(), currency);
    law.ok_or_else(|| corrupt(sale.id, "a currency that did not replace its own"))
}

fn write_opening(opening: &Opening) -> String {
    let list = |items: Vec<(u32, Vec<i64>)>| {
        let item = |(number, values): &(u32, Vec<i64>)| {
            let values: Vec<String> = values.iter().map(i64::to_string).collect();
            format!("{number}={}", values.join(":"))
        };
        items.iter().map(item).collect::<Vec<_>>().join(",")
    };
    let minor = |all: &[Minor]| all.iter().map(|amount| amount.0).collect::<Vec<_>>();
    let lines = opening.lines.iter().map(|(n, units, money)| (*n, vec![units.0, money.0]));
    let tenders = opening.tenders.iter().map(|(n, amounts)| (*n, minor(amounts)));
    let charges = opening.charges.iter().map(|(n, amounts)| (*n, minor(amounts)));
    [list(lines.collect()), list(tenders.collect()), list(charges.collect())].join(";")
}

fn read_opening(text: &str) -> Option<Opening> {
    let mut sections = text.split(';').map(|section| {
        let items = section.split(',').filter(|item| !item.is_empty());
        items.map(read_item).collect::<Option<Vec<_>>>()
    });
    let mut next = || sections.next()?;
    let line = |(number, values): (u32, Vec<Minor>)| match values[..] {
        [units, money] => Some((number, Quantity(units.0), money)),
        _ => None,
    };
    let tender = |(number, values): (u32, Vec<Minor>)| Some((number, values.try_into().ok()?));
    Some(Opening {
        lines: next()?.into_iter().map(line).collect::<Option<_>>()?,
        tenders: next()?.into_iter().map(tender).collect::<Option<_>>()?,
        charges: next()?,
    })
}

fn read_item(item: &str) -> Option<(u32, Vec<Minor>)> {
    let (number, values) = item.split_once('=')?;
    let values = values.split(':').map(|value| value.parse().ok().map(Minor));
    Some((number.parse().ok()?, values.collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_balance_is_read_as_it_was_written() {
        let opening = Opening {
            lines: vec![(1, Quantity(1_500), Minor(511)), (3, Quantity(0), Minor(0))],
            tenders: vec![(0, [1, -2, 3, 4].map(Minor)), (2, [0; 4].map(Minor))],
            charges: vec![(7, vec![Minor(5), Minor(1)])],
        };
        let text = write_opening(&opening);
        assert_eq!(text, "1=1500:511,3=0:0;0=1:-2:3:4,2=0:0:0:0;7=5:1");
        assert_eq!(read_opening(&text), Some(opening));
        assert_eq!(read_opening(";;"), Some(Opening::default()));
        for wrong in ["", ";", "1=2;;", "1=2:x;;", ";1=2:3:4;", ";;1"] {
            assert_eq!(read_opening(wrong), None, "{wrong}");
        }
    }
}
