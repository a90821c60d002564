//! The ledger beside the log, page by page, as it is stored, right or wrong: for those who hold
//! them against each other.

use crate::domain::ledger::{Account, Amounts};
use crate::store::ledger::{AmountColumns, AmountRow, amounts, amounts_of, has_account, sums};
use crate::store::rows::{Select, col, select_all, select_in};
use crate::store::{Read, StoreError};
use diesel::sql_types::{BigInt, Nullable, Text};
use jiff::civil::Date;
use std::collections::HashMap;

/// A movement as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// Microseconds since 1970.
    pub at: i64,
    pub business_date: String,
    pub register: Option<String>,
    pub currency: String,
    pub event: String,
    pub subject_id: String,
    pub amounts: Amounts,
}

/// An entry of the log, and the movement at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub seq: i64,
    pub at: i64,
    pub event: String,
    pub subject_id: Option<String>,
    pub leaf: String,
    pub booked: Option<Booked>,
}

type EntryRow = (i64, i64, String, Option<String>, String);
type EntryColumns = (BigInt, BigInt, Text, Nullable<Text>, Text);
type BookedRow =
    (Option<i64>, Option<String>, Option<String>, Option<String>, Option<String>, Option<String>);
type BookedColumns = (
    Nullable<BigInt>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
);

/// The next 500 entries of a store's chain after `after`, each with its movement if it has one.
pub fn told_after(read: &mut Read<'_>, store: &str, after: i64) -> Result<Vec<Told>, StoreError> {
    let select = Select {
        columns: concat!(
            "e.seq, e.at, e.event, e.subject_id, e.leaf, \
             l.at, l.business_date, l.register, l.currency, l.event, l.subject_id, ",
            amounts!()
        ),
        names: "store, seq",
        join: "audit_entries e ON e.store = u.store AND e.seq > u.seq \
               LEFT JOIN ledger l ON l.store = e.store AND l.seq = e.seq",
        order: "e.seq LIMIT 500",
        lock: None,
    };
    let keys = [col([store]), col([after])];
    type Row = (EntryRow, BookedRow, AmountRow);
    let rows: Vec<Row> =
        select_in::<(EntryColumns, BookedColumns, AmountColumns), _>(read, &select, &keys)?;
    Ok(rows.into_iter().map(|(entry, booked, amounts)| told(entry, booked, amounts)).collect())
}

fn told(
    (seq, at, event, subject_id, leaf): EntryRow,
    booked: BookedRow,
    amounts: AmountRow,
) -> Told {
    let (booked_at, business_date, register, currency, of_event, of_subject) = booked;
    let booked = booked_at.map(|at| Booked {
        at,
        business_date: business_date.unwrap_or_default(),
        register: register.filter(|register| !register.is_empty()),
        currency: currency.unwrap_or_default(),
        event: of_event.unwrap_or_default(),
        subject_id: of_subject.unwrap_or_default(),
        amounts: amounts_of(amounts),
    });
    Told { seq, at, event, subject_id, leaf, booked }
}

/// Movements at places where the log has no entry: store and seq.
pub fn unheard_of(read: &mut Read<'_>) -> Result<Vec<(String, i64)>, StoreError> {
    let query = "SELECT l.store, l.seq FROM ledger l LEFT JOIN audit_entries e ON e.store = l.store AND e.seq = l.seq \
                 WHERE e.seq IS NULL ORDER BY l.store, l.seq LIMIT 20";
    select_all::<(Text, BigInt), _>(read, query)
}

/// The sums of all that was booked about these subjects. Subjects ascend.
pub fn sums_about(
    read: &mut Read<'_>,
    subjects: &[String],
) -> Result<HashMap<String, Amounts>, StoreError> {
    let select = Select {
        columns: concat!("u.subject, ", sums!()),
        names: "subject",
        join: "audit_entries e ON e.subject_id = u.subject JOIN ledger l ON l.store = e.store AND l.seq = e.seq \
               GROUP BY u.subject",
        order: "u.subject",
        lock: None,
    };
    let keys = [col(subjects.iter().map(String::as_str))];
    let rows: Vec<(String, AmountRow)> =
        select_in::<(Text, AmountColumns), _>(read, &select, &keys)?;
    Ok(rows.into_iter().map(|(subject, amounts)| (subject, amounts_of(amounts))).collect())
}

/// The part of these sums that was booked in a currency. Subjects ascend.
pub fn sums_in(
    read: &mut Read<'_>,
    subjects: &[(String, String)],
) -> Result<HashMap<String, Amounts>, StoreError> {
    let select = Select {
        columns: concat!("u.subject, ", sums!()),
        names: "subject, currency",
        join: "audit_entries e ON e.subject_id = u.subject \
               JOIN ledger l ON l.store = e.store AND l.seq = e.seq AND l.currency = u.currency \
               GROUP BY u.subject",
        order: "u.subject",
        lock: None,
    };
    let keys = [
        col(subjects.iter().map(|(subject, _)| subject.as_str())),
        col(subjects.iter().map(|(_, currency)| currency.as_str())),
    ];
    let rows: Vec<(String, AmountRow)> =
        select_in::<(Text, AmountColumns), _>(read, &select, &keys)?;
    Ok(rows.into_iter().map(|(subject, amounts)| (subject, amounts_of(amounts))).collect())
}

/// What each store owes of refunds that are due, or failed and were not replaced: in minor units,
/// owed positive.
pub fn refunds_owed(read: &mut Read<'_>) -> Result<Vec<(String, i64)>, StoreError> {
    let query = "SELECT t.store, CAST(SUM(r.amount) AS bigint) FROM returns t JOIN refunds r ON r.return_id = t.id \
                 WHERE NOT t.training AND t.status = 'completed' AND r.status IN ('due', 'failed') \
                 AND NOT EXISTS (SELECT 1 FROM refunds o WHERE o.return_id = r.return_id AND o.stands_in_for = r.refund) \
                 GROUP BY t.store ORDER BY t.store";
    select_all::<(Text, BigInt), _>(read, query)
}

/// The balance of every account, by store.
pub fn balances(read: &mut Read<'_>) -> Result<Vec<(String, Amounts)>, StoreError> {
    let query =
        concat!("SELECT l.store, ", sums!(), " FROM ledger l GROUP BY l.store ORDER BY l.store");
    let rows: Vec<(String, AmountRow)> = select_all::<(Text, AmountColumns), _>(read, query)?;
    Ok(rows.into_iter().map(|(store, amounts)| (store, amounts_of(amounts))).collect())
}

/// Which movements; every filter given must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovementFilter {
    pub store: String,
    /// With an amount on this account.
    pub account: Option<Account>,
    /// The first business date.
    pub from: Option<Date>,
    /// The last business date, included.
    pub to: Option<Date>,
}

type FoundRow = ((i64, i64, String, String, String, String, String), AmountRow);
type FoundColumns = ((BigInt, BigInt, Text, Text, Text, Text, Text), AmountColumns);

/// Up to 501 movements of a store after the place `after`, in the order of its chain: each with its
/// place.
pub fn find(
    read: &mut Read<'_>,
    filter: &MovementFilter,
    after: i64,
) -> Result<Vec<(i64, Booked)>, StoreError> {
    let select = Select {
        columns: concat!(
            "l.seq, l.at, l.business_date, l.register, l.currency, l.event, l.subject_id, ",
            amounts!()
        ),
        names: "store, seq, first, last, account",
        join: concat!(
            "ledger l ON l.store = u.store AND l.seq > u.seq \
             AND l.business_date >= u.first AND l.business_date <= u.last AND ",
            has_account!()
        ),
        order: "l.seq LIMIT 501",
        lock: None,
    };
    let keys = [
        col([filter.store.as_str()]),
        col([after]),
        col([first_day(filter.from)]),
        col([last_day(filter.to)]),
        col([filter.account.map_or("*", Account::as_str)]),
    ];
    let rows: Vec<FoundRow> = select_in::<FoundColumns, _>(read, &select, &keys)?;
    let booked =
        |((seq, at, business_date, register, currency, event, subject_id), amounts): FoundRow| {
            let register = Some(register).filter(|register| !register.is_empty());
            let amounts = amounts_of(amounts);
            (seq, Booked { at, business_date, register, currency, event, subject_id, amounts })
        };
    Ok(rows.into_iter().map(booked).collect())
}

/// The balances of one store's accounts, with what was booked up to a business date.
pub fn balances_of(
    read: &mut Read<'_>,
    store: &str,
    to: Option<Date>,
) -> Result<Amounts, StoreError> {
    let select = Select {
        columns: sums!(),
        names: "store, last",
        join: "ledger l ON l.store = u.store AND l.business_date <= u.last",
        order: "1",
        lock: None,
    };
    let rows: Vec<AmountRow> =
        select_in::<AmountColumns, _>(read, &select, &[col([store]), col([last_day(to)])])?;
    Ok(rows.into_iter().next().map(amounts_of).unwrap_or_default())
}

/// Before every date, where none is given.
fn first_day(day: Option<Date>) -> String {
    day.map_or_else(|| "0000-00-00".to_owned(), |day| day.to_string())
}

/// After every date, where none is given.
fn last_day(day: Option<Date>) -> String {
    day.map_or_else(|| "9999-99-99".to_owned(), |day| day.to_string())
}
