//! Returns: whole, with the answer they were first given.

use super::{each_store, newest_of_each, rows};
use crate::domain::caller::Stores;
use crate::domain::returns::{Return, ReturnStatus, number_of};
use crate::store::match_keys::key;
use crate::store::rows::{Select, col, select_in};
use crate::store::schema::{return_lines, returns, sale_lines, unreceipted_lines};
use crate::store::sql_types::{Id, IdSql};
use crate::store::{MultiBackend, Read, StoreError, returns as stored_returns};
use diesel::sql_types::Text;
use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl, RunQueryDsl,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use std::collections::HashMap;
use uuid::Uuid;

/// Which returns; every filter given must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnFilter {
    /// The stores the caller may see, or the one asked for: of the return, not of the sale.
    pub stores: Stores,
    pub status: Option<ReturnStatus>,
    /// The sale that something came back of.
    pub sale: Option<Uuid>,
    pub operator: Option<String>,
    pub customer: Option<String>,
    /// The article of a line, with a receipt or without.
    pub sku: Option<String>,
    /// The reason of a line.
    pub reason: Option<String>,
    /// The first business date.
    pub from: Option<Date>,
    /// The last business date, included.
    pub to: Option<Date>,
}

impl ReturnFilter {
    /// All returns at these stores.
    pub fn of(stores: Stores) -> ReturnFilter {
        ReturnFilter {
            stores,
            status: None,
            sale: None,
            operator: None,
            customer: None,
            sku: None,
            reason: None,
            from: None,
            to: None,
        }
    }
}

/// How many returns of a reason are looked through at a time.
const OF_REASON: usize = 1_000;

/// The ids of up to `limit` returns, newest first, after the return `after`.
pub fn find(
    read: &mut Read<'_>,
    filter: &ReturnFilter,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<Uuid>, StoreError> {
    let of_sale = filter.sale.map(|sale| of_sale(read, sale)).transpose()?;
    let Some(reason) = &filter.reason else {
        return among(read, filter, of_sale.as_deref(), after, limit);
    };
    // A common reason has most returns, a rare one few: its index is read in the list's order, no
    // further than it takes.
    let (mut found, mut after) = (Vec::new(), after);
    loop {
        let mut some = of_reason(read, reason, after)?;
        let last = some.last().map(|id| id.0);
        let all = some.len() < OF_REASON;
        some.retain(|id| of_sale.as_ref().is_none_or(|of_sale| of_sale.contains(id)));
        found.extend(among(read, filter, Some(&some), None, limit - found.len())?);
        if all || found.len() >= limit {
            return Ok(found);
        }
        after = last;
    }
}

/// The next returns of a reason, newest first.
fn of_reason(
    read: &mut Read<'_>,
    reason: &str,
    after: Option<Uuid>,
) -> Result<Vec<Id>, StoreError> {
    let (before, limit) = (Id(after.unwrap_or(Uuid::max())), rows(OF_REASON));
    let with_receipt = return_lines::table
        .filter(return_lines::reason.eq(reason))
        .filter(return_lines::return_id.lt(before))
        .select(return_lines::return_id)
        .distinct()
        .order(return_lines::return_id.desc())
        .limit(limit);
    let mut found: Vec<Id> = with_receipt.load(read.connection())?;
    let without = unreceipted_lines::table
        .filter(unreceipted_lines::reason.eq(reason))
        .filter(unreceipted_lines::return_id.lt(before))
        .select(unreceipted_lines::return_id)
        .distinct()
        .order(unreceipted_lines::return_id.desc())
        .limit(limit);
    found.extend(without.load::<Id>(read.connection())?);
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.dedup();
    found.truncate(OF_REASON);
    Ok(found)
}

/// The same without the filter by reason: of the returns `known`, where they are known.
fn among(
    read: &mut Read<'_>,
    filter: &ReturnFilter,
    known: Option<&[Id]>,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<Uuid>, StoreError> {
    let leads_to_few = known.is_some()
        || filter.operator.is_some()
        || filter.customer.is_some()
        || filter.sku.is_some();
    let bounds = if leads_to_few { (None, None) } else { made_between(filter.from, filter.to) };
    let query = || query(filter, known, after, bounds, limit);
    match each_store(&filter.stores) {
        Some(stores) if stores.len() != 1 && !leads_to_few => {
            newest_of_each(read, stores, limit, |read, store| {
                query().filter(returns::store.eq(store.to_owned())).load(read.connection())
            })
        }
        stores => {
            let query = match stores {
                None => query(),
                Some([store]) => query().filter(returns::store.eq(store)),
                Some(stores) => query().filter(returns::store.eq_any(stores)),
            };
            let ids: Vec<Id> = query.load(read.connection())?;
            Ok(ids.into_iter().map(|id| id.0).collect())
        }
    }
}

/// All filters but the store's. Conditions on the id stand here only where they say something:
/// PostgreSQL takes any range whose ends it does not know for a narrow one, and would walk it
/// rather than ask for the few of a customer.
fn query<'a>(
    filter: &'a ReturnFilter,
    known: Option<&[Id]>,
    after: Option<Uuid>,
    (first, last): (Option<Uuid>, Option<Uuid>),
    limit: usize,
) -> returns::BoxedQuery<'a, MultiBackend, IdSql> {
    let mut query = returns::table.select(returns::id).into_boxed();
    if let Some(first) = first {
        query = query.filter(returns::id.ge(Id(first)));
    }
    if let Some(before) = [after, last].into_iter().flatten().min() {
        query = query.filter(returns::id.lt(Id(before)));
    }
    if let Some(ids) = known {
        query = query.filter(returns::id.eq_any(ids.to_vec()));
    }
    if let Some(status) = filter.status {
        query = query.filter(returns::status.eq(status.as_str()));
    }
    if let Some(operator) = &filter.operator {
        query = query.filter(returns::operator.eq(operator));
    }
    if let Some(customer) = &filter.customer {
        query = query.filter(returns::customer_key.eq(key(customer)));
    }
    if let Some(sku) = &filter.sku {
        let sold = sale_lines::sale
            .eq(return_lines::sale)
            .and(sale_lines::line.eq(return_lines::sale_line));
        let with_receipt = return_lines::table
            .inner_join(sale_lines::table.on(sold))
            .filter(sale_lines::sku.eq(sku))
            .select(return_lines::return_id);
        let without = unreceipted_lines::table
            .filter(unreceipted_lines::sku.eq(sku))
            .select(unreceipted_lines::return_id);
        query = query.filter(returns::id.eq_any(with_receipt).or(returns::id.eq_any(without)));
    }
    if let Some(from) = filter.from {
        query = query.filter(returns::business_date.ge(from.to_string()));
    }
    if let Some(to) = filter.to {
        query = query.filter(returns::business_date.le(to.to_string()));
    }
    query.order(returns::id.desc()).limit(rows(limit))
}

/// Between which ids the returns of these days lie. A return's business date is its store's
/// calendar day at the very instant that its id is made of, so the list's own order leads to the
/// days: no other index is needed. Two days more on either side are wider than any time zone.
fn made_between(from: Option<Date>, to: Option<Date>) -> (Option<Uuid>, Option<Uuid>) {
    let slack = Span::new().days(2);
    let first = from.and_then(|day| id_at(day.checked_sub(slack).ok()?));
    let last = to.and_then(|day| id_at(day.checked_add(slack).ok()?));
    (first, last)
}

/// The lowest id that can be made on a day, in UTC.
fn id_at(day: Date) -> Option<Uuid> {
    let midnight: Timestamp = day.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let millis = u128::try_from(midnight.as_millisecond()).ok()?;
    Some(Uuid::from_u128(millis << 80))
}

/// The returns that anything of a sale is in, goods or charges: a handful.
fn of_sale(read: &mut Read<'_>, sale: Uuid) -> Result<Vec<Id>, StoreError> {
    let mut found = Vec::new();
    for join in ["return_lines r ON r.sale = u.sale", "return_charges r ON r.sale = u.sale"] {
        let select = Select {
            columns: "r.return_id",
            names: "sale",
            join,
            order: "r.return_id",
            lock: None,
        };
        found.extend(select_in::<IdSql, Id>(read, &select, &[col([sale])])?);
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Returns the store of a return, without loading the return.
pub fn store_of(read: &mut Read<'_>, the_return: Uuid) -> Result<Option<String>, StoreError> {
    let store = returns::table.select(returns::store).filter(returns::id.eq(Id(the_return)));
    Ok(store.first(read.connection()).optional()?)
}

/// Returns the return that has a number which people read, such as `0042-260411-7KQ2M0XZ`.
pub fn of_number(read: &mut Read<'_>, number: &str) -> Result<Option<Uuid>, StoreError> {
    let Some((store, day)) = store_and_day(number) else { return Ok(None) };
    let (Some(first), Some(last)) = made_between(Some(day), Some(day)) else { return Ok(None) };
    let of_days = (returns::table.select(returns::id))
        .filter(returns::store.eq(store))
        .filter(returns::id.between(Id(first), Id(last)));
    let ids: Vec<Id> = of_days.load(read.connection())?;
    Ok(ids.into_iter().map(|id| id.0).find(|id| number_of(store, day, *id) == number))
}

/// The store and the day that a return's number begins with.
fn store_and_day(number: &str) -> Option<(&str, Date)> {
    let (rest, _) = number.rsplit_once('-')?;
    let (store, day) = rest.rsplit_once('-')?;
    Some((store, Date::strptime("%y%m%d", day).ok()?))
}

/// Returns with their documents, in the order of `ids`; what is not there is left out.
pub fn whole(read: &mut Read<'_>, ids: &[Uuid]) -> Result<Vec<(String, Return)>, StoreError> {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut documents = documents(read, &sorted)?;
    let returns = stored_returns::load(read, &sorted, false)?;
    let mut returns: HashMap<Uuid, Return> =
        returns.into_iter().map(|found| (found.id, found)).collect();
    Ok(ids.iter().filter_map(|id| Some((documents.remove(id)?, returns.remove(id)?))).collect())
}

/// The answers that returns were first given.
fn documents(read: &mut Read<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, String>, StoreError> {
    let join = "returns r ON r.id = u.id";
    let select =
        Select { columns: "r.id, r.document", names: "id", join, order: "r.id", lock: None };
    let rows: Vec<(Id, String)> =
        select_in::<(IdSql, Text), _>(read, &select, &[col(ids.iter().copied())])?;
    Ok(rows.into_iter().map(|(id, document)| (id.0, document)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the time zone: the ids made on a business date lie between the bounds of that date.
    #[test]
    fn the_ids_of_a_day_lie_between_its_bounds() {
        for zone in ["Pacific/Kiritimati", "Pacific/Niue", "America/New_York", "UTC"] {
            for at in
                ["2026-03-01T00:00:00Z", "2026-03-01T11:59:59.999Z", "2026-03-01T23:59:59.999Z"]
            {
                let at: Timestamp = at.parse().unwrap();
                let day = at.to_zoned(TimeZone::get(zone).unwrap()).date();
                let millis = u64::try_from(at.as_millisecond()).unwrap();
                let (first, last) = made_between(Some(day), Some(day));
                for random in [[0; 10], [255; 10]] {
                    let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
                    assert!(first < Some(id) && Some(id) < last, "{zone} {at}");
                }
            }
        }
        assert_eq!(made_between(None, None), (None, None));
    }
}
