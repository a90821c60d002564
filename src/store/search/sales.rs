//! Sales by what a customer has in hand: a receipt, a card, a serial number; or by store and day.

use super::{each_store, newest_of_each, rows};
use crate::domain::book::Book;
use crate::domain::caller::Stores;
use crate::domain::sale::SaleStatus;
use crate::store::match_keys::key;
use crate::store::rows::{Select, col, select_all, select_in};
use crate::store::schema::{
    return_lines, sale_lines, sale_serials, sale_tenders, sale_voids, sales,
};
use crate::store::sql_types::{Id, IdSql};
use crate::store::{MultiBackend, Read, StoreError, sales as stored_sales};
use diesel::dsl::{exists, not};
use diesel::sql_types::Text;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Which sales; every filter given must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleFilter {
    /// The stores the caller may see, or the one asked for.
    pub stores: Stores,
    pub receipt: Option<String>,
    pub register: Option<String>,
    pub external_id: Option<String>,
    pub customer: Option<String>,
    pub card_fingerprint: Option<String>,
    pub sku: Option<String>,
    pub serial_number: Option<String>,
    /// The reason of anything that came back of the sale.
    pub reason: Option<String>,
    pub status: Option<SaleStatus>,
    /// The first business date.
    pub from: Option<Date>,
    /// The last business date, included.
    pub to: Option<Date>,
}

impl SaleFilter {
    /// All sales of these stores.
    pub fn of(stores: Stores) -> SaleFilter {
        SaleFilter {
            stores,
            receipt: None,
            register: None,
            external_id: None,
            customer: None,
            card_fingerprint: None,
            sku: None,
            serial_number: None,
            reason: None,
            status: None,
            from: None,
            to: None,
        }
    }

    /// Whether one index leads to few sales, whatever their stores.
    fn leads_to_few(&self) -> bool {
        let named = [
            &self.receipt,
            &self.external_id,
            &self.customer,
            &self.card_fingerprint,
            &self.sku,
            &self.serial_number,
        ];
        named.iter().any(|filter| filter.is_some())
    }
}

/// How many sales of a reason are looked through at a time.
const OF_REASON: usize = 1_000;

/// The ids of up to `limit` sales, newest first, after the sale `after`.
pub fn find(
    read: &mut Read<'_>,
    filter: &SaleFilter,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<Uuid>, StoreError> {
    let mut before = Id(after.unwrap_or(Uuid::max()));
    let Some(reason) = &filter.reason else {
        return among(read, filter, None, before, limit);
    };
    // A common reason has many sales: its index is read in the list's order, no further than it
    // takes.
    let mut found = Vec::new();
    loop {
        let some = of_reason(read, reason, before)?;
        let back = still_back(read, reason, &some)?;
        if !back.is_empty() {
            found.extend(among(read, filter, Some(&back), before, limit - found.len())?);
        }
        match some.last() {
            Some(last) if some.len() == OF_REASON && found.len() < limit => before = *last,
            _ => return Ok(found),
        }
    }
}

/// The next sales with returned lines of a reason, newest first.
fn of_reason(read: &mut Read<'_>, reason: &str, before: Id) -> Result<Vec<Id>, StoreError> {
    let lines = return_lines::table
        .filter(return_lines::reason.eq(reason))
        .filter(return_lines::sale.lt(before))
        .select(return_lines::sale)
        .distinct()
        .order(return_lines::sale.desc())
        .limit(rows(OF_REASON));
    Ok(lines.load(read.connection())?)
}

/// Those of them of which something is back for the reason: voided returns and those for practice
/// do not count.
fn still_back(read: &mut Read<'_>, reason: &str, among: &[Id]) -> Result<Vec<Id>, StoreError> {
    let select = Select {
        columns: "l.sale",
        names: "sale, reason",
        join: "return_lines l ON l.sale = u.sale AND l.reason = u.reason \
               JOIN returns r ON r.id = l.return_id AND r.status <> 'voided' AND NOT r.training",
        order: "l.sale",
        lock: None,
    };
    let reasons = std::iter::repeat_n(reason, among.len());
    let keys = [col(among.iter().map(|id| id.0)), col(reasons)];
    let mut back: Vec<Id> = select_in::<IdSql, _>(read, &select, &keys)?;
    back.dedup();
    Ok(back)
}

/// The same without the filter by reason: of the sales `known`, where they are known.
fn among(
    read: &mut Read<'_>,
    filter: &SaleFilter,
    known: Option<&[Id]>,
    before: Id,
    limit: usize,
) -> Result<Vec<Uuid>, StoreError> {
    let dated = filter.from.is_some() || filter.to.is_some();
    let leads_to_few = known.is_some() || filter.leads_to_few();
    match each_store(&filter.stores) {
        Some(stores) if stores.len() != 1 && !leads_to_few => {
            by_store(read, filter, stores, before, limit)
        }
        // Days are indexed within stores.
        None if dated && !leads_to_few => {
            let stores = select_all::<Text, String>(read, "SELECT store FROM stores")?;
            by_store(read, filter, &stores, before, limit)
        }
        stores => {
            let mut query = query(filter, known, before, limit);
            query = match stores {
                None => query,
                Some([store]) => query.filter(sales::store.eq(store)),
                Some(stores) => query.filter(sales::store.eq_any(stores)),
            };
            let ids: Vec<Id> = query.load(read.connection())?;
            Ok(ids.into_iter().map(|id| id.0).collect())
        }
    }
}

fn by_store(
    read: &mut Read<'_>,
    filter: &SaleFilter,
    stores: &[String],
    before: Id,
    limit: usize,
) -> Result<Vec<Uuid>, StoreError> {
    newest_of_each(read, stores, limit, |read, store| {
        query(filter, None, before, limit)
            .filter(sales::store.eq(store.to_owned()))
            .load(read.connection())
    })
}

/// All filters but the store's. Sales that are known are all before `before`: PostgreSQL would take
/// the range for narrower than they are.
fn query<'a>(
    filter: &'a SaleFilter,
    known: Option<&[Id]>,
    before: Id,
    limit: usize,
) -> sales::BoxedQuery<'a, MultiBackend, IdSql> {
    let query = sales::table.select(sales::id).into_boxed();
    let mut query = match known {
        Some(ids) => query.filter(sales::id.eq_any(ids.to_vec())),
        None => query.filter(sales::id.lt(before)),
    };
    if let Some(receipt) = &filter.receipt {
        query = query.filter(sales::receipt_key.eq(key(receipt)));
    }
    if let Some(register) = &filter.register {
        query = query.filter(sales::register.eq(register));
    }
    if let Some(external_id) = &filter.external_id {
        query = query.filter(sales::external_id.eq(external_id));
    }
    if let Some(customer) = &filter.customer {
        query = query.filter(sales::customer_key.eq(key(customer)));
    }
    if let Some(fingerprint) = &filter.card_fingerprint {
        let paid = sale_tenders::table.filter(sale_tenders::card_fingerprint.eq(fingerprint));
        query = query.filter(
            sales::id.eq_any(paid.filter(sale_tenders::sale.lt(before)).select(sale_tenders::sale)),
        );
    }
    if let Some(sku) = &filter.sku {
        let sold = sale_lines::table.filter(sale_lines::sku.eq(sku));
        query = query.filter(
            sales::id.eq_any(sold.filter(sale_lines::sale.lt(before)).select(sale_lines::sale)),
        );
    }
    if let Some(serial) = &filter.serial_number {
        let sold = sale_serials::table.filter(sale_serials::serial_key.eq(key(serial)));
        query = query.filter(
            sales::id.eq_any(sold.filter(sale_serials::sale.lt(before)).select(sale_serials::sale)),
        );
    }
    if let Some(status) = filter.status {
        query = of_status(query, status, before);
    }
    if let Some(from) = filter.from {
        query = query.filter(sales::business_date.ge(from.to_string()));
    }
    if let Some(to) = filter.to {
        query = query.filter(sales::business_date.le(to.to_string()));
    }
    query.order(sales::id.desc()).limit(rows(limit))
}

/// Returns the store of a sale, without loading the sale.
pub fn store_of(read: &mut Read<'_>, sale: Uuid) -> Result<Option<String>, StoreError> {
    let store = sales::table.select(sales::store).filter(sales::id.eq(Id(sale)));
    Ok(store.first(read.connection()).optional()?)
}

/// Sales that stand so. Those of which something may be back are found by the returns' lines.
fn of_status<'a>(
    query: sales::BoxedQuery<'a, MultiBackend, IdSql>,
    status: SaleStatus,
    before: Id,
) -> sales::BoxedQuery<'a, MultiBackend, IdSql> {
    let lines = || sale_lines::table.filter(sale_lines::sale.eq(sales::id));
    let back = || exists(lines().filter(sale_lines::returned.gt(0)));
    let kept = || exists(lines().filter(sale_lines::returned.lt(sale_lines::sold)));
    let voided = || exists(sale_voids::table.filter(sale_voids::sale.eq(sales::id)));
    let some_back = || {
        let lines = return_lines::table.filter(return_lines::sale.lt(before));
        sales::id.eq_any(lines.select(return_lines::sale))
    };
    match status {
        SaleStatus::Sold => query.filter(not(back())).filter(not(voided())),
        SaleStatus::PartlyReturned => {
            query.filter(some_back()).filter(back()).filter(kept()).filter(not(voided()))
        }
        SaleStatus::Returned => {
            query.filter(some_back()).filter(back()).filter(not(kept())).filter(not(voided()))
        }
        SaleStatus::Voided => query.filter(sales::id.eq_any(
            sale_voids::table.filter(sale_voids::sale.lt(before)).select(sale_voids::sale),
        )),
    }
}

/// Sales with what has come back of them, the instant they were recorded and their documents, in
/// the order of `ids`. What is not there is left out. Each document is read once.
pub fn with_books(
    read: &mut Read<'_>,
    ids: &[Uuid],
) -> Result<Vec<(Book, Timestamp, String)>, StoreError> {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut books = HashMap::with_capacity(sorted.len());
    let mut kept = HashMap::with_capacity(sorted.len());
    for stored in stored_sales::stored(read, &sorted)? {
        books.insert(stored.id, Book::new(Arc::new(stored.sale()?)));
        kept.insert(stored.id, (stored.recorded_at, stored.document));
    }
    stored_sales::load_progress(read, &sorted, &mut books)?;
    let whole = |id: &Uuid| {
        let (recorded_at, document) = kept.remove(id)?;
        Some((books.remove(id)?, recorded_at, document))
    };
    Ok(ids.iter().filter_map(whole).collect())
}
