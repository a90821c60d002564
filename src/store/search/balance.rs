//! Sums over what is stored, to be held against each other: what has come back of a sale against
//! its returns, and both against the log. Each asks for a page of sales or returns, with a fixed
//! number of statements.

use super::rows;
use crate::domain::book::TenderBook;
use crate::domain::ledger::{self, Amounts};
use crate::domain::money::Minor;
use crate::domain::tender::TenderType;
use crate::store::rows::{Select, col, select_in};
use crate::store::schema::{audit_entries as log, returns, sales};
use crate::store::sql_types::{Id, IdSql};
use crate::store::{Read, StoreError};
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, RunQueryDsl};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A line, tender or charge of a sale whose state is not the sum of the returns that count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbalanced {
    pub sale: Uuid,
    /// The number of the line, tender or charge.
    pub number: i32,
    /// What the sale's side says: of a line returned and refunded, of a tender refunded and
    /// rounding, of a charge what was refunded in parts, and how often the whole.
    pub kept: (i64, i64),
    /// What the returns add up to.
    pub summed: (i64, i64),
}

type Row = (Id, i32, i64, i64, i64, i64);
type Columns = (IdSql, Integer, BigInt, BigInt, BigInt, BigInt);

/// By sale and the number of a line or tender: what came back before the service knew the
/// sale.
pub type Before = HashMap<(Uuid, i32), (i64, i64)>;

/// The same of charges: what came back of each and of its taxes.
pub type ChargesBefore = HashMap<(Uuid, i32), Vec<i64>>;

fn plus((a, b): (i64, i64), before: Option<&(i64, i64)>) -> (i64, i64) {
    let (more, rest) = before.copied().unwrap_or_default();
    (a.saturating_add(more), b.saturating_add(rest))
}

fn unbalanced(
    read: &mut Read<'_>,
    sales: &[Uuid],
    before: &Before,
    columns: &'static str,
    join: &'static str,
) -> Result<Vec<Unbalanced>, StoreError> {
    let select = Select { columns, names: "sale", join, order: "1, 2", lock: None };
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, &[col(sales.iter().copied())])?;
    let differs = |(sale, number, kept, more, summed, more_summed): Row| Unbalanced {
        sale: sale.0,
        number,
        kept: (kept, more),
        summed: plus((summed, more_summed), before.get(&(sale.0, number))),
    };
    Ok(rows.into_iter().map(differs).filter(|found| found.kept != found.summed).collect())
}

/// Lines of these sales: units and money against the returns that are completed or waiting for
/// approval, practice left out.
pub fn lines(
    read: &mut Read<'_>,
    sales: &[Uuid],
    before: &Before,
) -> Result<Vec<Unbalanced>, StoreError> {
    let columns = "l.sale, l.line, l.returned, l.refunded, \
         CAST(COALESCE(SUM(CASE WHEN t.id IS NOT NULL THEN r.quantity ELSE 0 END), 0) AS bigint), \
         CAST(COALESCE(SUM(CASE WHEN t.id IS NOT NULL THEN r.gross ELSE 0 END), 0) AS bigint)";
    let join = "sale_lines l ON l.sale = u.sale \
         LEFT JOIN sale_conversions c ON c.sale = l.sale \
         LEFT JOIN return_lines r ON r.sale = l.sale AND r.sale_line = l.line \
         LEFT JOIN returns t ON t.id = r.return_id AND t.status IN ('completed', 'pending_approval') AND NOT t.training \
              AND t.currency = COALESCE(c.currency, t.currency) \
         GROUP BY l.sale, l.line, l.returned, l.refunded";
    unbalanced(read, sales, before, columns, join)
}

/// Tenders of these sales: against the refunds that neither failed nor were voided, practice left
/// out, and against the money that was carried from them into the new goods of exchanges. A refund
/// is found through the goods or charges that it is for; [`stray_refunds`] finds those that are for
/// none.
///
/// The second list is of tenders whose money went out by other means than is kept: in cash, and
/// into new goods.
pub fn tenders(
    read: &mut Read<'_>,
    sales: &[Uuid],
    before: &Before,
    means_before: &Before,
) -> Result<[Vec<Unbalanced>; 2], StoreError> {
    let mut returns = Vec::new();
    for join in ["return_lines r ON r.sale = u.sale", "return_charges r ON r.sale = u.sale"] {
        let select = Select { columns: "r.return_id", names: "sale", join, order: "1", lock: None };
        returns.extend(select_in::<IdSql, Id>(read, &select, &[col(sales.iter().copied())])?);
    }
    returns.sort_unstable();
    returns.dedup();
    let mut summed: HashMap<(Id, i32), (i64, i64)> = HashMap::new();
    let mut by_means: HashMap<(Id, i32), (i64, i64)> = HashMap::new();
    let refunds = refunds_of(read, &returns)?;
    let carried = carried_from(read, sales)?.into_iter().map(|gone| (gone, "carried".to_owned()));
    for ((sale, tender, amount, rounding), means) in refunds.into_iter().chain(carried) {
        let sum = summed.entry((sale, tender)).or_default();
        *sum = (sum.0.saturating_add(amount), sum.1.saturating_add(rounding));
        let exact = |of: &str| if means == of { amount.saturating_sub(rounding) } else { 0 };
        let sum = by_means.entry((sale, tender)).or_default();
        *sum = (sum.0.saturating_add(exact("cash")), sum.1.saturating_add(exact("carried")));
    }
    let columns = "p.sale, p.tender, p.refunded + p.rounded_up, p.rounding + p.rounded_up, \
         p.in_cash, p.carried";
    let select = Select {
        columns,
        names: "sale",
        join: "sale_tenders p ON p.sale = u.sale",
        order: "1, 2",
        lock: None,
    };
    for (before, sums) in [(before, &mut summed), (means_before, &mut by_means)] {
        for ((sale, tender), gone) in before {
            let sum = sums.entry((Id(*sale), *tender)).or_default();
            *sum = plus(*sum, Some(gone));
        }
    }
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, &[col(sales.iter().copied())])?;
    let differing = |kept: fn(&Row) -> (i64, i64), summed: &HashMap<(Id, i32), (i64, i64)>| {
        let held = |row: &Row| Unbalanced {
            sale: row.0.0,
            number: row.1,
            kept: kept(row),
            summed: summed.get(&(row.0, row.1)).copied().unwrap_or_default(),
        };
        rows.iter().map(held).filter(|found| found.kept != found.summed).collect()
    };
    Ok([differing(|row| (row.2, row.3), &summed), differing(|row| (row.4, row.5), &by_means)])
}

/// Sale, tender, amount, rounding.
type Gone = (Id, i32, i64, i64);

/// The refunds of these returns that count, each with its means.
fn refunds_of(read: &mut Read<'_>, returns: &[Id]) -> Result<Vec<(Gone, String)>, StoreError> {
    let select = Select {
        columns: "r.sale, r.sale_tender, r.amount, r.rounding, r.kind",
        names: "id",
        join: "returns t ON t.id = u.id AND NOT t.training \
               JOIN refunds r ON r.return_id = t.id AND r.sale_tender IS NOT NULL AND r.status NOT IN ('failed', 'voided') \
               LEFT JOIN sale_conversions c ON c.sale = r.sale \
               WHERE t.currency = COALESCE(c.currency, t.currency)",
        order: "r.return_id, r.refund",
        lock: None,
    };
    type Columns = ((IdSql, Integer, BigInt, BigInt), Text);
    select_in::<Columns, _>(read, &select, &[col(returns.iter().copied())])
}

/// The money of these sales that went into new goods and was not taken back.
fn carried_from(read: &mut Read<'_>, sales: &[Uuid]) -> Result<Vec<Gone>, StoreError> {
    let select = Select {
        columns: "c.sale, c.sale_tender, c.amount, c.rounding",
        names: "sale",
        join: "carried c ON c.sale = u.sale JOIN returns t ON t.id = c.return_id AND t.status <> 'voided' \
               LEFT JOIN sale_conversions v ON v.sale = c.sale \
               WHERE t.currency = COALESCE(v.currency, t.currency)",
        order: "c.return_id, c.into_tender",
        lock: None,
    };
    select_in::<(IdSql, Integer, BigInt, BigInt), _>(read, &select, &[col(sales.iter().copied())])
}

/// Money carried by these returns that is not what the tender of the new sale is worth: return and
/// that tender. The new tender is none of the new sale's, or of another amount; or the sale it left
/// has nothing come back with the return.
pub fn stray_carried(
    read: &mut Read<'_>,
    returns: &[Uuid],
) -> Result<Vec<(Uuid, i32)>, StoreError> {
    let select = Select {
        columns: "c.return_id, c.into_tender",
        names: "id",
        join: "carried c ON c.return_id = u.id \
               JOIN exchanges e ON e.return_id = c.return_id \
               LEFT JOIN sale_tenders t ON t.sale = e.sale AND t.tender = c.into_tender AND t.paid = c.amount \
               LEFT JOIN return_lines l ON l.return_id = c.return_id AND l.sale = c.sale \
               LEFT JOIN return_charges r ON r.return_id = c.return_id AND r.sale = c.sale \
               WHERE t.sale IS NULL OR (c.sale IS NOT NULL AND l.sale IS NULL AND r.sale IS NULL)",
        order: "1, 2",
        lock: None,
    };
    let rows: Vec<(Id, i32)> =
        select_in::<(IdSql, Integer), _>(read, &select, &[col(returns.iter().copied())])?;
    Ok(rows.into_iter().map(|(id, into)| (id.0, into)).collect())
}

/// Sales of exchanges of these returns that are taken back while the return is not, or the other
/// way round.
pub fn half_voided(read: &mut Read<'_>, returns: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
    let select = Select {
        columns: "e.return_id, e.sale",
        names: "id",
        join: "exchanges e ON e.return_id = u.id JOIN returns t ON t.id = e.return_id \
               LEFT JOIN sale_voids v ON v.sale = e.sale \
               WHERE (t.status = 'voided') <> (v.sale IS NOT NULL)",
        order: "1",
        lock: None,
    };
    let rows: Vec<(Id, Id)> =
        select_in::<(IdSql, IdSql), _>(read, &select, &[col(returns.iter().copied())])?;
    Ok(rows.into_iter().map(|(id, sale)| (id.0, sale.0)).collect())
}

/// Refunds of these returns to the tenders of sales that the returns have nothing of: return and
/// refund.
pub fn stray_refunds(
    read: &mut Read<'_>,
    returns: &[Uuid],
) -> Result<Vec<(Uuid, i32)>, StoreError> {
    let select = Select {
        columns: "r.return_id, r.refund",
        names: "id",
        join: "refunds r ON r.return_id = u.id AND r.sale IS NOT NULL \
               LEFT JOIN return_lines l ON l.return_id = r.return_id AND l.sale = r.sale \
               LEFT JOIN return_charges c ON c.return_id = r.return_id AND c.sale = r.sale \
               WHERE l.sale IS NULL AND c.sale IS NULL",
        order: "1, 2",
        lock: None,
    };
    let rows: Vec<(Id, i32)> =
        select_in::<(IdSql, Integer), _>(read, &select, &[col(returns.iter().copied())])?;
    Ok(rows.into_iter().map(|(id, refund)| (id.0, refund)).collect())
}

/// What these returns gave back for goods without a receipt: by their lines, and as they say
/// themselves.
pub fn without_receipt(
    read: &mut Read<'_>,
    returns: &[Uuid],
) -> Result<Vec<(Uuid, i64, i64)>, StoreError> {
    let select = Select {
        columns: "r.id, CAST(COALESCE(SUM(l.refund), -1) AS bigint), COALESCE(r.without_receipt, -1)",
        names: "id",
        join: "returns r ON r.id = u.id LEFT JOIN unreceipted_lines l ON l.return_id = r.id \
               GROUP BY r.id, r.without_receipt",
        order: "1",
        lock: None,
    };
    let rows: Vec<(Id, i64, i64)> =
        select_in::<(IdSql, BigInt, BigInt), _>(read, &select, &[col(returns.iter().copied())])?;
    Ok(rows.into_iter().map(|(id, lines, kept)| (id.0, lines, kept)).collect())
}

/// Charges of these sales: what was given back of each and of its taxes, against the returns that
/// count. Charges of before parts were kept say only that all came back, and their returns too.
pub fn charges(
    read: &mut Read<'_>,
    sales: &[Uuid],
    before: &ChargesBefore,
) -> Result<Vec<Unbalanced>, StoreError> {
    let keys = [col(sales.iter().copied())];
    let select = Select {
        columns: "c.sale, c.charge, c.given, c.refunded",
        names: "sale",
        join: "sale_charges c ON c.sale = u.sale",
        order: "c.sale, c.charge",
        lock: None,
    };
    type Kept = (Id, i32, Option<String>, bool);
    let kept: Vec<Kept> =
        select_in::<(IdSql, Integer, Nullable<Text>, Bool), _>(read, &select, &keys)?;
    let select = Select {
        columns: "r.sale, r.charge, r.parts",
        names: "sale",
        join: "return_charges r ON r.sale = u.sale JOIN returns t ON t.id = r.return_id \
               AND t.status IN ('completed', 'pending_approval') AND NOT t.training \
               LEFT JOIN sale_conversions c ON c.sale = r.sale \
               WHERE t.currency = COALESCE(c.currency, t.currency)",
        order: "r.sale, r.charge, r.return_id",
        lock: None,
    };
    type Returned = (Id, i32, Option<String>);
    let returned: Vec<Returned> =
        select_in::<(IdSql, Integer, Nullable<Text>), _>(read, &select, &keys)?;
    let mut summed: HashMap<(Id, i32), GivenBack> = HashMap::new();
    for (sale, charge, parts) in returned {
        summed.entry((sale, charge)).or_default().add(parts.as_deref());
    }
    let mut unbalanced = Vec::new();
    for (sale, number, given, refunded) in kept {
        let mut book = GivenBack::default();
        if refunded {
            book.add(given.as_deref());
        }
        let mut returns = summed.remove(&(sale, number)).unwrap_or_default();
        before.get(&(sale.0, number)).into_iter().for_each(|parts| returns.add_parts(parts));
        if book.differs(&returns) {
            let (kept, summed) = (book.told(), returns.told());
            unbalanced.push(Unbalanced { sale: sale.0, number, kept, summed });
        }
    }
    Ok(unbalanced)
}

/// What has come back of a charge: whole, so many times, or in parts.
#[derive(Default)]
struct GivenBack {
    whole: i64,
    parts: Vec<i64>,
}

impl GivenBack {
    fn add(&mut self, parts: Option<&str>) {
        let Some(parts) = parts else { return self.whole += 1 };
        let parts: Vec<i64> =
            parts.split(',').map(|part| part.parse().unwrap_or(i64::MIN)).collect();
        self.add_parts(&parts);
    }

    fn add_parts(&mut self, parts: &[i64]) {
        self.parts.resize(self.parts.len().max(parts.len()), 0);
        self.parts.iter_mut().zip(parts).for_each(|(sum, part)| *sum = sum.saturating_add(*part));
    }

    fn differs(&self, other: &GivenBack) -> bool {
        let longest = self.parts.len().max(other.parts.len());
        let part = |of: &GivenBack, place: usize| of.parts.get(place).copied().unwrap_or(0);
        self.whole != other.whole
            || (0..longest).any(|place| part(self, place) != part(other, place))
    }

    /// Minor units in parts, and how often the whole.
    fn told(&self) -> (i64, i64) {
        (self.parts.iter().fold(0, |sum, part| sum.saturating_add(*part)), self.whole)
    }
}

/// A sale as kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSale {
    pub id: Uuid,
    pub store: String,
    pub document: String,
    pub digest: Vec<u8>,
    /// By which rule its promotions are shared.
    pub shares_promotions: bool,
}

/// Up to `limit` sales after `after`, by id.
pub fn sales_after(
    read: &mut Read<'_>,
    after: Uuid,
    limit: usize,
) -> Result<Vec<KeptSale>, StoreError> {
    let query = sales::table.filter(sales::id.gt(Id(after))).order(sales::id).limit(rows(limit));
    let columns =
        (sales::id, sales::store, sales::document, sales::digest, sales::shares_promotions);
    type Row = (Id, String, String, Vec<u8>, bool);
    let rows: Vec<Row> = query.select(columns).load(read.connection())?;
    let kept = |(id, store, document, digest, shares_promotions): Row| KeptSale {
        id: id.0,
        store,
        document,
        digest,
        shares_promotions,
    };
    Ok(rows.into_iter().map(kept).collect())
}

/// Which of these sales were voided. Ids ascend.
pub fn voided(read: &mut Read<'_>, sales: &[Uuid]) -> Result<HashSet<Uuid>, StoreError> {
    let join = "sale_voids v ON v.sale = u.sale";
    let select = Select { columns: "v.sale", names: "sale", join, order: "v.sale", lock: None };
    let rows: Vec<Id> = select_in::<IdSql, _>(read, &select, &[col(sales.iter().copied())])?;
    Ok(rows.into_iter().map(|id| id.0).collect())
}

/// What the disputes on tenders of these sales come to.
pub fn disputes(read: &mut Read<'_>, sales: &[Uuid]) -> Result<HashMap<Uuid, Amounts>, StoreError> {
    let join = "sale_tenders t ON t.sale = u.sale \
                AND (t.in_dispute <> 0 OR t.lost <> 0 OR t.bank_fees <> 0)";
    let columns = "t.sale, t.kind, t.in_dispute, t.lost, t.bank_fees";
    let select = Select { columns, names: "sale", join, order: "t.sale, t.tender", lock: None };
    type Row = (Id, String, i64, i64, i64);
    type Columns = (IdSql, Text, BigInt, BigInt, BigInt);
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, &[col(sales.iter().copied())])?;
    let mut all: HashMap<Uuid, Amounts> = HashMap::new();
    for (sale, kind, in_dispute, lost, bank_fees) in rows {
        let kind = TenderType::parse(&kind).ok_or_else(|| {
            StoreError::Corrupt(format!("sale {} has a tender of no kind", sale.0))
        })?;
        let (in_dispute, lost, bank_fees) = (Minor(in_dispute), Minor(lost), Minor(bank_fees));
        let tender = TenderBook { in_dispute, lost, bank_fees, ..TenderBook::default() };
        all.entry(sale.0).or_default().add(&ledger::disputes(kind, &tender));
    }
    Ok(all)
}

/// What of a return the log tells, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptReturn {
    pub id: Uuid,
    pub store: String,
    pub status: String,
    pub currency: String,
    /// Minor units.
    pub refund: i64,
}

/// Up to `limit` returns after `after`, by id.
pub fn returns_after(
    read: &mut Read<'_>,
    after: Uuid,
    limit: usize,
) -> Result<Vec<KeptReturn>, StoreError> {
    let query =
        returns::table.filter(returns::id.gt(Id(after))).order(returns::id).limit(rows(limit));
    let columns =
        (returns::id, returns::store, returns::status, returns::currency, returns::refund);
    let rows: Vec<(Id, String, String, String, i64)> =
        query.select(columns).load(read.connection())?;
    let kept = |(id, store, status, currency, refund): (Id, String, String, String, i64)| {
        KeptReturn { id: id.0, store, status, currency, refund }
    };
    Ok(rows.into_iter().map(kept).collect())
}

/// An entry about a sale or a return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    pub subject_id: String,
    pub store: String,
    pub event: String,
    pub leaf: String,
}

/// The entries that say of these subjects that they were recorded or voided. Subjects ascend.
pub fn entries_about(read: &mut Read<'_>, subjects: &[String]) -> Result<Vec<About>, StoreError> {
    let select = Select {
        columns: "e.subject_id, e.store, e.event, e.leaf",
        names: "subject",
        join: "audit_entries e ON e.subject_id = u.subject \
               AND e.event IN ('sale.recorded', 'sale.voided', 'return.recorded', 'return.voided')",
        order: "e.subject_id, e.store, e.seq",
        lock: None,
    };
    type Row = (String, String, String, String);
    let rows: Vec<Row> = select_in::<(Text, Text, Text, Text), _>(
        read,
        &select,
        &[col(subjects.iter().map(String::as_str))],
    )?;
    let about = |(subject_id, store, event, leaf): Row| About { subject_id, store, event, leaf };
    Ok(rows.into_iter().map(about).collect())
}

/// Up to `limit` entries of a chain after `after` that say a sale or a return was recorded: seq,
/// event, subject.
pub fn recordings_after(
    read: &mut Read<'_>,
    store: &str,
    after: i64,
    limit: usize,
) -> Result<Vec<(i64, String, Option<String>)>, StoreError> {
    let query = log::table
        .filter(log::store.eq(store))
        .filter(log::seq.gt(after))
        .filter(log::event.eq("sale.recorded").or(log::event.eq("return.recorded")));
    let query =
        query.order(log::seq).limit(rows(limit)).select((log::seq, log::event, log::subject_id));
    Ok(query.load(read.connection())?)
}

/// Which of these ids are there, among sales or among returns. Ids ascend.
pub fn present(
    read: &mut Read<'_>,
    event: &str,
    ids: &[Uuid],
) -> Result<HashSet<Uuid>, StoreError> {
    let join = if event == "sale.recorded" {
        "sales s ON s.id = u.id"
    } else {
        "returns s ON s.id = u.id"
    };
    let select = Select { columns: "s.id", names: "id", join, order: "s.id", lock: None };
    let rows: Vec<Id> = select_in::<IdSql, _>(read, &select, &[col(ids.iter().copied())])?;
    Ok(rows.into_iter().map(|id| id.0).collect())
}
