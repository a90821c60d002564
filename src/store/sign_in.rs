//! Attempts to sign in, counted by operator number, known or not, and by source.

use super::audit::{self, Audited};
use super::rows::{Select, Upsert, col, delete_from, insert_ignore, select_in, upsert_where};
use super::writes::{Update, update_rows};
use super::{StoreError, Tx};
use crate::domain::sign_in::{AttemptKey, Attempts};
use crate::domain::state::State;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use jiff::Timestamp;

const SOURCES: Upsert = Upsert {
    table: "sign_in_sources",
    names: "operator, source, slate, failures, locked_until, last_at, told_at",
    key: "operator, source",
    join: "p.operator = u.operator AND p.source = u.source",
    missing_or_worse: "true",
    set: "slate = excluded.slate, failures = excluded.failures, locked_until = excluded.locked_until, \
          last_at = excluded.last_at, told_at = excluded.told_at",
};

/// Claims operators, each by its row, which is made if there is none; then loads their attempts
/// from these sources.
pub fn claim(
    tx: &mut Tx<'_>,
    operators: &[String],
    sources: &[AttemptKey],
    state: &mut State,
) -> Result<(), StoreError> {
    claim_operators(tx, operators, state)?;
    let columns = [
        col(sources.iter().map(|(operator, _)| operator.as_str())),
        col(sources.iter().map(|(_, source)| source.as_str())),
    ];
    let select = Select {
        columns: "s.operator, s.source, s.slate, s.failures, s.locked_until, s.last_at, s.told_at",
        names: "operator, source",
        join: "sign_in_sources s ON s.operator = u.operator AND s.source = u.source",
        order: "s.operator, s.source",
        lock: None,
    };
    type Row = (String, String, i32, i32, Option<i64>, i64, Option<i64>);
    type Columns = (Text, Text, Integer, Integer, Nullable<BigInt>, BigInt, Nullable<BigInt>);
    let rows: Vec<Row> = select_in::<Columns, _>(tx, &select, &columns)?;
    let instant = |micros: i64| Timestamp::from_microsecond(micros).ok();
    for (operator, source, slate, failures, locked_until, last_at, told_at) in rows {
        if slate != state.slate_of(&operator) {
            continue;
        }
        let attempts = Attempts {
            failures: u32::try_from(failures).unwrap_or(u32::MAX),
            locked_until: locked_until.and_then(instant),
            last_at: instant(last_at).unwrap_or_default(),
            told_at: told_at.and_then(instant),
        };
        state.load_attempts((operator, source), attempts);
    }
    Ok(())
}

fn claim_operators(
    tx: &mut Tx<'_>,
    operators: &[String],
    state: &mut State,
) -> Result<(), StoreError> {
    let names = || col(operators.iter().map(String::as_str));
    let fresh = [names(), col(operators.iter().map(|_| 0_i32))];
    let _: Vec<String> =
        insert_ignore::<Text, _>(tx, "sign_in_attempts(operator, failures)", &fresh, "operator")?;
    let select = Select {
        columns: "a.operator, a.slate",
        names: "operator",
        join: "sign_in_attempts a ON a.operator = u.operator",
        order: "a.operator",
        lock: Some("a"),
    };
    let rows: Vec<(String, i32)> = select_in::<(Text, Integer), _>(tx, &select, &[names()])?;
    rows.into_iter().for_each(|(operator, slate)| state.load_slate(operator, slate));
    Ok(())
}

/// Writes the attempts that a batch changed. Their operators are claimed.
pub fn write(tx: &mut Tx<'_>, state: &State) -> Result<(), StoreError> {
    let changes = &state.changes;
    if !changes.attempts.is_empty() {
        let attempts: Vec<(&AttemptKey, Attempts)> =
            changes.attempts.iter().map(|key| (key, state.attempts_of(key))).collect();
        let micros = |at: Option<Timestamp>| at.map(|at| at.as_microsecond());
        let columns = [
            col(attempts.iter().map(|((operator, _), _)| operator.as_str())),
            col(attempts.iter().map(|((_, source), _)| source.as_str())),
            col(attempts.iter().map(|((operator, _), _)| state.slate_of(operator))),
            col(attempts.iter().map(|(_, a)| i32::try_from(a.failures).unwrap_or(i32::MAX))),
            col(attempts.iter().map(|(_, a)| micros(a.locked_until))),
            col(attempts.iter().map(|(_, a)| a.last_at.as_microsecond())),
            col(attempts.iter().map(|(_, a)| micros(a.told_at))),
        ];
        upsert_where(tx, &SOURCES, &columns)?;
    }
    if !changes.forgiven.is_empty() {
        let columns = [
            col(changes.forgiven.iter().map(String::as_str)),
            col(changes.forgiven.iter().map(|operator| state.slate_of(operator))),
        ];
        let update = Update { table: "sign_in_attempts", key: &["operator"], set: &["slate"] };
        update_rows(tx, &update, &columns)?;
    }
    Ok(())
}

/// Forgets up to a thousand sources without an attempt since `before`, and the rows of operators
/// that nobody employs and nobody tried since. Strangers cannot make the tables grow for ever.
pub fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<Audited<usize>, StoreError> {
    let old = "(operator, source) IN (SELECT s.operator, s.source FROM sign_in_sources s, u \
               WHERE s.last_at < u.before ORDER BY s.last_at LIMIT 1000)";
    let columns = || [col([before.as_microsecond()])];
    let forgotten = delete_from(tx, "sign_in_sources", old, "before", &columns())?;
    let nobody = "operator IN (SELECT a.operator FROM sign_in_attempts a, u \
                  WHERE u.before > 0 AND a.slate = 0 \
                  AND NOT EXISTS (SELECT 1 FROM operators o WHERE o.operator = a.operator) \
                  AND NOT EXISTS (SELECT 1 FROM sign_in_sources s WHERE s.operator = a.operator) \
                  ORDER BY a.operator LIMIT 1000)";
    let unknown = delete_from(tx, "sign_in_attempts", nobody, "before", &columns())?;
    Ok(audit::housekeeping(forgotten.max(unknown)))
}
