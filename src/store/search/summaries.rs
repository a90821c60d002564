//! Sales and returns as lists show them in short: from columns and sums, no document is read.

use crate::domain::money::{Currency, Minor};
use crate::domain::returns::{ReturnStatus, number_of};
use crate::domain::sale::SaleStatus;
use crate::domain::summaries::{ReturnSummary, SaleSummary};
use crate::store::returns::{corrupt as corrupt_return, instant};
use crate::store::rows::{Col, Select, col, select_in};
use crate::store::sales::{StoredSale, corrupt, stored};
use crate::store::sql_types::{Id, IdSql};
use crate::store::{Read, StoreError, conversions};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// Answers of a query, in the order of `ids`.
fn in_order<T>(ids: &[Uuid], mut found: HashMap<Uuid, T>) -> Vec<T> {
    ids.iter().filter_map(|id| found.remove(id)).collect()
}

fn sorted(ids: &[Uuid]) -> Vec<Uuid> {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

/// Sales in short, in the order of `ids`; each in the currency that its balance is kept in.
pub fn of_sales(read: &mut Read<'_>, ids: &[Uuid]) -> Result<Vec<SaleSummary>, StoreError> {
    let ids_in_order = sorted(ids);
    let keys = [col(ids_in_order.iter().copied())];
    let select = Select {
        columns: "s.id, s.store, s.receipt, s.business_date, s.recorded_at, s.customer, \
                  s.currency, s.total, c.currency",
        names: "id",
        join: "sales s ON s.id = u.id LEFT JOIN sale_conversions c ON c.sale = s.id",
        order: "s.id",
        lock: None,
    };
    type Row = (
        (Id, String, String, String, i64, Option<String>),
        (Option<String>, Option<i64>, Option<String>),
    );
    type Columns = (
        (IdSql, Text, Text, Text, BigInt, Nullable<Text>),
        (Nullable<Text>, Nullable<BigInt>, Nullable<Text>),
    );
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, &keys)?;
    let refunded = refunded(read, &keys)?;
    let statuses = statuses(read, &keys)?;
    let untold = |((id, ..), (currency, total, converted)): &Row| {
        let says = currency.is_some() && total.is_some();
        let in_another = converted.is_some() && converted != currency;
        (!says || in_another).then(|| (id.0, converted.clone()))
    };
    let mut told = totals_of_documents(read, &rows.iter().filter_map(untold).collect())?;
    let mut found = HashMap::new();
    for ((id, store, receipt, business_date, at, customer), (currency, total, _)) in rows {
        let id = id.0;
        let known =
            || currency.zip(total).and_then(|(c, t)| Some((Currency::parse(&c)?, Minor(t))));
        let (currency, total) = (told.remove(&id))
            .or_else(known)
            .ok_or_else(|| corrupt(id, "a currency that is none"))?;
        let recorded_at = instant(id, at)?;
        let refunded = Minor(refunded.get(&id).copied().unwrap_or(0));
        let status = statuses.get(&id).copied().unwrap_or(SaleStatus::Sold);
        let summary = SaleSummary {
            id,
            store,
            receipt,
            business_date,
            recorded_at,
            customer,
            currency,
            total,
            refunded,
            status,
        };
        found.insert(id, summary);
    }
    Ok(in_order(ids, found))
}

fn refunded(read: &mut Read<'_>, keys: &[Col<'_>]) -> Result<HashMap<Uuid, i64>, StoreError> {
    let select = Select {
        columns: "t.sale, CAST(SUM(t.refunded + t.rounded_up) AS bigint)",
        names: "sale",
        join: "sale_tenders t ON t.sale = u.sale GROUP BY t.sale",
        order: "1",
        lock: None,
    };
    let rows: Vec<(Id, i64)> = select_in::<(IdSql, BigInt), _>(read, &select, keys)?;
    Ok(rows.into_iter().map(|(sale, refunded)| (sale.0, refunded)).collect())
}

/// Where sales stand, of which anything is back or that are void.
fn statuses(
    read: &mut Read<'_>,
    keys: &[Col<'_>],
) -> Result<HashMap<Uuid, SaleStatus>, StoreError> {
    let select = Select {
        columns: "l.sale, SUM(CASE WHEN l.returned > 0 THEN 1 ELSE 0 END), \
                  SUM(CASE WHEN l.returned < l.sold THEN 1 ELSE 0 END)",
        names: "sale",
        join: "sale_lines l ON l.sale = u.sale GROUP BY l.sale",
        order: "1",
        lock: None,
    };
    let lines: Vec<(Id, i64, i64)> = select_in::<(IdSql, BigInt, BigInt), _>(read, &select, keys)?;
    let status = |(sale, back, kept): (Id, i64, i64)| match (back, kept) {
        (0, _) => None,
        (_, 0) => Some((sale.0, SaleStatus::Returned)),
        _ => Some((sale.0, SaleStatus::PartlyReturned)),
    };
    let mut statuses: HashMap<Uuid, SaleStatus> = lines.into_iter().filter_map(status).collect();
    let join = "sale_voids v ON v.sale = u.sale";
    let select = Select { columns: "v.sale", names: "sale", join, order: "v.sale", lock: None };
    let voided: Vec<Id> = select_in::<IdSql, _>(read, &select, keys)?;
    statuses.extend(voided.into_iter().map(|sale| (sale.0, SaleStatus::Voided)));
    Ok(statuses)
}

/// Currency and total of sales whose columns do not say them: they were recorded before these were
/// columns, or converted since. Each sale with the currency that it was converted to.
fn totals_of_documents(
    read: &mut Read<'_>,
    sales: &BTreeMap<Uuid, Option<String>>,
) -> Result<HashMap<Uuid, (Currency, Minor)>, StoreError> {
    if sales.is_empty() {
        return Ok(HashMap::new());
    }
    let stored = stored(read, &sales.keys().copied().collect::<Vec<_>>())?;
    let told = |stored: &StoredSale| {
        let mut sale = stored.sale()?;
        if let Some(Some(currency)) = sales.get(&stored.id) {
            let law = conversions::law(&sale, currency)?;
            sale = Arc::new(sale).in_new_currency(law);
        }
        Ok((stored.id, (sale.currency, sale.total)))
    };
    stored.iter().map(told).collect()
}

type ReturnRow =
    ((Id, String, String, String, Option<String>), (String, i64, String, bool, String, i64));
type ReturnColumns =
    ((IdSql, Text, Text, Text, Nullable<Text>), (Text, BigInt, Text, Bool, Text, BigInt));

/// Returns in short, in the order of `ids`.
pub fn of_returns(read: &mut Read<'_>, ids: &[Uuid]) -> Result<Vec<ReturnSummary>, StoreError> {
    let ids_in_order = sorted(ids);
    let keys = [col(ids_in_order.iter().copied())];
    let select = Select {
        columns: "r.id, r.store, r.register, r.operator, r.customer, \
                  r.business_date, r.recorded_at, r.status, r.training, r.currency, r.refund",
        names: "id",
        join: "returns r ON r.id = u.id",
        order: "r.id",
        lock: None,
    };
    let rows: Vec<ReturnRow> = select_in::<ReturnColumns, _>(read, &select, &keys)?;
    let mut reasons = reasons(read, &keys)?;
    let mut found = HashMap::new();
    for row in rows {
        let mut summary = return_summary(row)?;
        summary.reasons = reasons.remove(&summary.id).unwrap_or_default();
        found.insert(summary.id, summary);
    }
    Ok(in_order(ids, found))
}

fn return_summary((who, what): ReturnRow) -> Result<ReturnSummary, StoreError> {
    let (id, store, register, operator, customer) = who;
    let (business_date, recorded_at, status, training, currency, refund) = what;
    let id = id.0;
    let day = business_date.parse().map_err(|_| corrupt_return(id, "a date that is none"))?;
    Ok(ReturnSummary {
        id,
        return_number: number_of(&store, day, id),
        store,
        register,
        operator,
        customer,
        business_date,
        recorded_at: instant(id, recorded_at)?,
        status: ReturnStatus::parse(&status)
            .ok_or_else(|| corrupt_return(id, "an unknown status"))?,
        training,
        currency: Currency::parse(&currency)
            .ok_or_else(|| corrupt_return(id, "an unknown currency"))?,
        refund: Minor(refund),
        reasons: BTreeSet::new(),
    })
}

fn reasons(
    read: &mut Read<'_>,
    keys: &[Col<'_>],
) -> Result<HashMap<Uuid, BTreeSet<String>>, StoreError> {
    let mut reasons: HashMap<Uuid, BTreeSet<String>> = HashMap::new();
    for join in
        ["return_lines l ON l.return_id = u.id", "unreceipted_lines l ON l.return_id = u.id"]
    {
        let select = Select {
            columns: "l.return_id, l.reason",
            names: "id",
            join,
            order: "l.return_id",
            lock: None,
        };
        let rows: Vec<(Id, String)> = select_in::<(IdSql, Text), _>(read, &select, keys)?;
        for (of, reason) in rows {
            reasons.entry(of.0).or_default().insert(reason);
        }
    }
    Ok(reasons)
}
