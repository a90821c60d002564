//! Attempts to sign in, counted for each operator number, known or not.

use super::rows::{Select, col, insert_ignore, select_in};
use super::writes::{Update, update_rows};
use super::{StoreError, Tx};
use crate::domain::sign_in::Attempts;
use crate::domain::state::State;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use jiff::Timestamp;

/// Claims and loads the attempts of operators; who has none yet gets a row to be claimed.
pub fn claim(tx: &mut Tx<'_>, operators: &[String], state: &mut State) -> Result<(), StoreError> {
    let names = || col(operators.iter().map(String::as_str));
    let fresh = [names(), col(operators.iter().map(|_| 0_i32))];
    let _: Vec<String> =
        insert_ignore::<Text, _>(tx, "sign_in_attempts(operator, failures)", &fresh, "operator")?;
    let select = Select {
        columns: "a.operator, a.failures, a.locked_until",
        names: "operator",
        join: "sign_in_attempts a ON a.operator = u.operator",
        order: "a.operator",
        lock: Some("a"),
    };
    type Row = (String, i32, Option<i64>);
    let rows: Vec<Row> =
        select_in::<(Text, Integer, Nullable<BigInt>), _>(tx, &select, &[names()])?;
    for (operator, failures, locked_until) in rows {
        let failures = u32::try_from(failures).unwrap_or(u32::MAX);
        let locked_until = locked_until.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        state.load_attempts(operator, Attempts { failures, locked_until });
    }
    Ok(())
}

/// Writes the attempts that a batch changed; whoever changes them has claimed them.
pub fn update(tx: &mut Tx<'_>, state: &State) -> Result<(), StoreError> {
    let changed = &state.changes.attempts;
    let attempts: Vec<(&String, Attempts)> =
        changed.iter().map(|name| (name, state.attempts_of(name))).collect();
    let columns = [
        col(attempts.iter().map(|(name, _)| name.as_str())),
        col(attempts.iter().map(|(_, a)| i32::try_from(a.failures).unwrap_or(i32::MAX))),
        col(attempts.iter().map(|(_, a)| a.locked_until.map(|until| until.as_microsecond()))),
    ];
    const ATTEMPTS: Update = Update {
        table: "sign_in_attempts",
        key: &["operator"],
        set: &["failures", "locked_until"],
    };
    update_rows(tx, &ATTEMPTS, &columns)?;
    Ok(())
}
