//! Overrides: issued once, used once.

use super::rows::{Select, col, select_in};
use super::sql_types::{Id, IdSql};
use super::writes::{Update, insert, update_rows};
use super::{Read, StoreError, Tx};
use crate::domain::decision::Code;
use crate::domain::draft::{Approver, Grant};
use crate::domain::money::{Currency, Minor};
use crate::domain::overrides::Override;
use crate::domain::state::State;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
use jiff::Timestamp;
use uuid::Uuid;

type Row = (
    (Id, String, String, String, i32, String, String),
    (i64, String, i64, i64, String, Option<String>, Option<Id>, Option<i64>),
    (Option<Vec<u8>>, Option<String>),
);
type Columns = (
    (IdSql, Text, Text, Text, Integer, Text, Text),
    (BigInt, Text, BigInt, BigInt, Text, Nullable<Text>, Nullable<IdSql>, Nullable<BigInt>),
    (Nullable<Binary>, Nullable<Text>),
);

/// Loads overrides; with `claim`, nobody else uses them until this transaction ends.
pub fn load(read: &mut Read<'_>, ids: &[Uuid], claim: bool) -> Result<Vec<Override>, StoreError> {
    let select = Select {
        columns: "o.id, o.store, o.approver_subject, o.approver_operator, o.approver_rank, o.sales, o.codes, \
                  o.max_refund, o.currency, o.issued_at, o.expires_at, o.reason, o.note, o.used_for, o.used_at, \
                  o.draft_digest, o.operator",
        names: "id",
        join: "overrides o ON o.id = u.id",
        order: "o.id",
        lock: claim.then_some("o"),
    };
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, &[col(ids.iter().copied())])?;
    rows.into_iter()
        .map(|row| one(row).ok_or_else(|| StoreError::Corrupt("an override cannot be read".into())))
        .collect()
}

/// An override of before drafts were bound has no digest: the digest of nothing fits no return.
fn one((bound, rest, shown): Row) -> Option<Override> {
    let (id, store, subject, operator, rank, sales, codes) = bound;
    let (max_refund, currency, issued_at, expires_at, reason, note, used_for, used_at) = rest;
    let grant = Grant {
        id: id.0,
        approver: Approver { subject, operator, rank: u8::try_from(rank).ok()? },
        store,
        sales: sales.split_whitespace().map(|sale| sale.parse().ok()).collect::<Option<_>>()?,
        codes: codes.split_whitespace().map(Code::parse).collect::<Option<_>>()?,
        max_refund: Minor(max_refund),
        draft: shown.0.map_or(Some([0; 32]), |digest| digest.try_into().ok())?,
        operator: shown.1,
        currency: Currency::parse(&currency)?,
        issued_at: Timestamp::from_microsecond(issued_at).ok()?,
        expires_at: Timestamp::from_microsecond(expires_at).ok()?,
    };
    let used_at = match used_at {
        Some(micros) => Some(Timestamp::from_microsecond(micros).ok()?),
        None => None,
    };
    Some(Override { grant, reason, note, used_for: used_for.map(|id| id.0), used_at })
}

/// Writes overrides that were issued, already used in the same batch or not.
pub fn insert_new(tx: &mut Tx<'_>, state: &State) -> Result<(), StoreError> {
    let new: Vec<&Override> =
        state.changes.new_overrides.iter().filter_map(|id| state.override_of(*id)).collect();
    let grants = || new.iter().map(|issued| &issued.grant);
    let words = |all: Vec<String>| all.join(" ");
    let columns = [
        col(grants().map(|g| g.id)),
        col(grants().map(|g| g.store.as_str())),
        col(grants().map(|g| g.approver.subject.as_str())),
        col(grants().map(|g| g.approver.operator.as_str())),
        col(grants().map(|g| i32::from(g.approver.rank))),
        col(grants().map(|g| words(g.sales.iter().map(Uuid::to_string).collect()))),
        col(grants().map(|g| words(g.codes.iter().map(|code| code.as_str().to_owned()).collect()))),
        col(grants().map(|g| g.max_refund.0)),
        col(grants().map(|g| g.currency.code())),
        col(grants().map(|g| g.issued_at.as_microsecond())),
        col(grants().map(|g| g.expires_at.as_microsecond())),
        col(new.iter().map(|issued| issued.reason.as_str())),
        col(new.iter().map(|issued| issued.note.as_deref())),
        col(new.iter().map(|issued| issued.used_for)),
        col(new.iter().map(|issued| issued.used_at.map(|at| at.as_microsecond()))),
        col(grants().map(|g| g.draft.to_vec())),
        col(grants().map(|g| g.operator.as_deref())),
    ];
    let into = "overrides(id, store, approver_subject, approver_operator, approver_rank, sales, codes, \
                max_refund, currency, issued_at, expires_at, reason, note, used_for, used_at, \
                draft_digest, operator)";
    insert(tx, into, &columns)
}

/// Marks overrides as used that were there before the batch.
pub fn update_used(tx: &mut Tx<'_>, state: &State) -> Result<(), StoreError> {
    let changes = &state.changes;
    let old = changes.used_overrides.iter().filter(|id| !changes.new_overrides.contains(id));
    let used: Vec<&Override> = old.filter_map(|id| state.override_of(*id)).collect();
    let columns = [
        col(used.iter().map(|issued| issued.grant.id)),
        col(used.iter().map(|issued| issued.used_for)),
        col(used.iter().map(|issued| issued.used_at.map(|at| at.as_microsecond()))),
    ];
    update_rows(
        tx,
        &Update { table: "overrides", key: &["id"], set: &["used_for", "used_at"] },
        &columns,
    )?;
    Ok(())
}
