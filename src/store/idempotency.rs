//! The first answer to each idempotency key, kept in the transaction of its effect.

use super::audit::{self, Audited};
use super::rows::{Select, col, delete_from, select_in};
use super::sql_types::{Id, IdSql};
use super::writes::Write;
use super::{Read, StoreError, Tx};
use diesel::sql_types::{Binary, Integer, Nullable, Text};
use jiff::Timestamp;
use std::collections::HashMap;
use uuid::Uuid;

/// An answer that was given under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// SHA-256 of the request's body.
    pub digest: [u8; 32],
    pub status: u16,
    /// Header lines, `name: value`.
    pub headers: String,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Text(String),
    /// The document of this return: kept once, not twice.
    Return(Uuid),
}

type Row = (Id, Vec<u8>, i32, Option<String>, Option<String>, Option<String>);

/// The answers that these keys have had, bodies included.
pub fn find(
    read: &mut Read<'_>,
    keys: &[Uuid],
) -> Result<HashMap<Uuid, (Kept, String)>, StoreError> {
    let select = Select {
        columns: "i.key, i.digest, i.status, i.headers, i.body, r.document",
        names: "key",
        join: "idempotency i ON i.key = u.key LEFT JOIN returns r ON r.id = i.return_id",
        order: "i.key",
        lock: None,
    };
    type Columns = (IdSql, Binary, Integer, Nullable<Text>, Nullable<Text>, Nullable<Text>);
    let rows: Vec<Row> = select_in::<Columns, _>(read, &select, &[col(keys.iter().copied())])?;
    let kept = |(key, digest, status, headers, body, document): Row| {
        let corrupt =
            || StoreError::Corrupt(format!("the answer kept under key {} cannot be read", key.0));
        let text = body.or(document).ok_or_else(corrupt)?;
        let kept = Kept {
            digest: digest.try_into().map_err(|_| corrupt())?,
            status: u16::try_from(status).map_err(|_| corrupt())?,
            headers: headers.unwrap_or_default(),
            body: Body::Text(text.clone()),
        };
        Ok((key.0, (kept, text)))
    };
    rows.into_iter().map(kept).collect()
}

/// Answers to be kept, in ascending order of their keys. A key that another instance took meanwhile
/// fails the batch: its commands are then run again one by one, and find the other's answer.
pub(super) fn new(answers: &[(Uuid, Kept)], now: Timestamp) -> Write<'_> {
    let text = |kept: &Kept| match &kept.body {
        Body::Text(text) => Some(text.clone()),
        Body::Return(_) => None,
    };
    let of_return = |kept: &Kept| match kept.body {
        Body::Text(_) => None,
        Body::Return(id) => Some(id),
    };
    let columns = vec![
        col(answers.iter().map(|(key, _)| *key)),
        col(answers.iter().map(|(_, kept)| &kept.digest)),
        col(answers.iter().map(|(_, kept)| i32::from(kept.status))),
        col(answers
            .iter()
            .map(|(_, kept)| (!kept.headers.is_empty()).then_some(kept.headers.as_str()))),
        col(answers.iter().map(|(_, kept)| text(kept))),
        col(answers.iter().map(|(_, kept)| of_return(kept))),
        col(answers.iter().map(|_| now.as_microsecond())),
    ];
    Write::insert("idempotency(key, digest, status, headers, body, return_id, created_at)", columns)
}

/// Forgets answers from before an instant, a thousand at the most, and answers how many.
pub fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<Audited<usize>, StoreError> {
    let which = "key IN (SELECT i.key FROM idempotency i, u WHERE i.created_at < u.before ORDER BY i.created_at LIMIT 1000)";
    let forgotten =
        delete_from(tx, "idempotency", which, "before", &[col([before.as_microsecond()])])?;
    Ok(audit::housekeeping(forgotten))
}
