//! Exchanges: which sale a return's new goods became, whose money went into it, and which were
//! taken back.

use super::returns::{corrupt, unsigned};
use super::rows::{Col, Select, col, select_in};
use super::sales::number;
use super::sql_types::{Id, IdSql};
use super::writes::insert;
use super::{Read, StoreError, Tx};
use crate::domain::book::Book;
use crate::domain::exchanges::{CarriedPart, Exchange};
use crate::domain::money::Minor;
use crate::domain::returns::Return;
use crate::domain::state::State;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable};
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// Writes the exchanges of new returns, and the sales that were taken back.
pub fn insert_new(tx: &mut Tx<'_>, state: &State) -> Result<(), StoreError> {
    let new = state.changes.new_returns.iter().filter_map(|id| state.return_of(*id));
    let new: Vec<(&Return, &Exchange)> =
        new.filter_map(|r| Some((r, r.exchange.as_ref()?))).collect();
    if !new.is_empty() {
        let columns = [
            col(new.iter().map(|(r, _)| r.id)),
            col(new.iter().map(|(_, exchange)| exchange.sale)),
        ];
        insert(tx, "exchanges(return_id, sale)", &columns)?;
        insert_carried(tx, &new)?;
    }
    let voided: Vec<&Book> =
        state.changes.voided_sales.iter().filter_map(|sale| state.book(*sale)).collect();
    if voided.is_empty() {
        return Ok(());
    }
    let at = |book: &&Book| book.voided_at.map_or(0, |at| at.as_microsecond());
    let columns = [col(voided.iter().map(|book| book.sale.id)), col(voided.iter().map(at))];
    insert(tx, "sale_voids(sale, voided_at)", &columns)
}

fn insert_carried(tx: &mut Tx<'_>, new: &[(&Return, &Exchange)]) -> Result<(), StoreError> {
    let parts =
        || new.iter().flat_map(|(r, exchange)| exchange.carried.iter().map(|part| (r.id, part)));
    let columns = [
        col(parts().map(|(of, _)| of)),
        col(parts().map(|(_, part)| number(part.into))),
        col(parts().map(|(_, part)| part.from.map(|(sale, _)| sale))),
        col(parts().map(|(_, part)| part.from.map(|(_, tender)| number(tender)))),
        col(parts().map(|(_, part)| part.amount.0)),
        col(parts().map(|(_, part)| part.rounding.0)),
    ];
    insert(tx, "carried(return_id, into_tender, sale, sale_tender, amount, rounding)", &columns)
}

/// The exchanges of returns.
pub fn of_returns(
    read: &mut Read<'_>,
    keys: &[Col<'_>],
) -> Result<HashMap<Uuid, Exchange>, StoreError> {
    let join = "exchanges e ON e.return_id = u.id";
    let select = Select {
        columns: "e.return_id, e.sale",
        names: "id",
        join,
        order: "e.return_id",
        lock: None,
    };
    let rows: Vec<(Id, Id)> = select_in::<(IdSql, IdSql), _>(read, &select, keys)?;
    let exchange = |(of, sale): (Id, Id)| (of.0, Exchange { sale: sale.0, carried: Vec::new() });
    let mut exchanges: HashMap<Uuid, Exchange> = rows.into_iter().map(exchange).collect();
    if exchanges.is_empty() {
        return Ok(exchanges);
    }
    let select = Select {
        columns: "c.return_id, c.into_tender, c.sale, c.sale_tender, c.amount, c.rounding",
        names: "id",
        join: "carried c ON c.return_id = u.id",
        order: "c.return_id, c.into_tender",
        lock: None,
    };
    type Row = (Id, i32, Option<Id>, Option<i32>, i64, i64);
    type Columns = (IdSql, Integer, Nullable<IdSql>, Nullable<Integer>, BigInt, BigInt);
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, keys)?;
    for (of, into, sale, tender, amount, rounding) in rows {
        let exchange = exchanges
            .get_mut(&of.0)
            .ok_or_else(|| corrupt(of.0, "money carried, and no exchange"))?;
        let from = sale.map(|sale| sale.0).zip(tender.map(unsigned));
        let (amount, rounding) = (Minor(amount), Minor(rounding));
        exchange.carried.push(CarriedPart { from, into: unsigned(into), amount, rounding });
    }
    Ok(exchanges)
}

/// Enters in the books of exchanges' sales where the bank disputes the money they were paid with.
/// Asks nothing where no book is of an exchange.
pub fn load_ties(read: &mut Read<'_>, books: &mut HashMap<Uuid, Book>) -> Result<(), StoreError> {
    let mut tied: Vec<Uuid> =
        books.values().filter(|b| b.sale.exchange_of.is_some()).map(|b| b.sale.id).collect();
    if tied.is_empty() {
        return Ok(());
    }
    tied.sort_unstable();
    let origins: BTreeSet<Uuid> = tied
        .iter()
        .flat_map(|sale| &books[sale].sale.exchange_of)
        .flat_map(|tie| &tie.carried)
        .filter_map(|carried| Some(carried.origin?.0))
        .collect();
    let disputed = disputed(read, &origins)?;
    for sale in tied {
        let Some(book) = books.get_mut(&sale) else { continue };
        for (tender, state) in book.sale.tenders.iter().zip(&mut book.tenders) {
            let origin = book.sale.carried(tender.tender).and_then(|carried| carried.origin);
            state.origin_charged_back = origin.is_some_and(|origin| disputed.contains(&origin));
        }
    }
    Ok(())
}

/// The tenders of these sales that the bank disputes, or of which it took what was carried on.
fn disputed(
    read: &mut Read<'_>,
    sales: &BTreeSet<Uuid>,
) -> Result<HashSet<(Uuid, u32)>, StoreError> {
    let select = Select {
        columns: "t.sale, t.tender, t.charged_back OR (t.lost > 0 AND t.carried > 0 \
                  AND t.refunded + t.rounded_up + t.lost > t.paid)",
        names: "sale",
        join: "sale_tenders t ON t.sale = u.sale",
        order: "t.sale, t.tender",
        lock: None,
    };
    type Row = (Id, i32, bool);
    let rows: Vec<Row> =
        select_in::<(IdSql, Integer, Bool), _>(read, &select, &[col(sales.iter().copied())])?;
    Ok(rows
        .into_iter()
        .filter(|row| row.2)
        .map(|(sale, tender, _)| (sale.0, unsigned(tender)))
        .collect())
}
