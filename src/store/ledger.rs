//! The ledger's rows: one a movement, one column an account, at the place of its entry in the log.

use super::StoreError;
use super::rows::{Col, col};
use super::writes::Write;
use crate::domain::ledger::{Account, Amounts, Movement};
use crate::domain::state::EntryDraft;
use diesel::sql_types::{BigInt, Nullable};

/// Texts and types over all accounts, so that their names stand in one list of this room; a test
/// holds it against [`Account::ALL`]. Nested, for diesel's tuples are not that long.
macro_rules! accounts {
    ($first:ident $($one:ident)*; $second:ident $($two:ident)*) => {
        /// `cash, credit_card, …`
        macro_rules! names {
            () => { concat!(stringify!($first) $(, ", ", stringify!($one))*,
                ", ", stringify!($second) $(, ", ", stringify!($two))*) };
        }

        /// The columns of movements `l`.
        macro_rules! amounts {
            () => { concat!("l.", stringify!($first) $(, ", l.", stringify!($one))*,
                ", l.", stringify!($second) $(, ", l.", stringify!($two))*) };
        }
        pub(super) use {amounts, names};

        /// Their sums.
        macro_rules! sums {
            () => { concat!("CAST(SUM(l.", stringify!($first), ") AS bigint)"
                $(, ", CAST(SUM(l.", stringify!($one), ") AS bigint)")*,
                ", CAST(SUM(l.", stringify!($second), ") AS bigint)"
                $(, ", CAST(SUM(l.", stringify!($two), ") AS bigint)")*) };
        }
        pub(super) use sums;

        /// Whether a movement has an amount on the account that `u` names; for `*`, whether it is
        /// one.
        macro_rules! has_account {
            () => { concat!("CASE u.account WHEN '", stringify!($first), "' THEN l.", stringify!($first)
                $(, " WHEN '", stringify!($one), "' THEN l.", stringify!($one))*,
                " WHEN '", stringify!($second), "' THEN l.", stringify!($second)
                $(, " WHEN '", stringify!($two), "' THEN l.", stringify!($two))*, " ELSE 1 END IS NOT NULL") };
        }
        pub(super) use has_account;

        /// The accounts of a row as they are read.
        pub(super) type AmountRow = ((of!($first) $(, of!($one))*), (of!($second) $(, of!($two))*));
        pub(super) type AmountColumns = ((sql!($first) $(, sql!($one))*), (sql!($second) $(, sql!($two))*));

        pub(super) fn amounts_of((($first $(, $one)*), ($second $(, $two)*)): AmountRow) -> Amounts {
            Amounts::from_columns([$first $(, $one)*, $second $(, $two)*].map(Option::unwrap_or_default))
        }
    };
}
macro_rules! of {
    ($name:ident) => { Option<i64> };
}
macro_rules! sql {
    ($name:ident) => { Nullable<BigInt> };
}
accounts! {
    cash credit_card debit_card bank_check gift_card store_credit voucher store_account ebt bnpl mobile_wallet loyalty
    other_tender chargebacks_receivable;
    gift_card_liability store_credit_liability refunds_payable sales charges tax returns charges_returned tax_returned
    fees goodwill rounding chargeback_losses chargeback_fees suspense
}

const INTO: &str = concat!(
    "ledger(store, seq, at, business_date, register, currency, event, subject_id, ",
    names!(),
    ")"
);

/// The movements of a batch, to be written; `seqs` are the places that its entries were given.
///
/// # Errors
/// Besides the database's: [`StoreError::Other`] for a movement whose debits are not its credits.
/// The batch is rolled back: what cannot be booked has not happened.
pub(super) fn new<'a>(
    movements: &'a [Movement],
    entries: &'a [EntryDraft],
    seqs: &[i64],
) -> Result<Write<'a>, StoreError> {
    if let Some(wrong) = movements.iter().find(|movement| movement.posting.amounts.imbalance() != 0)
    {
        let entry = &entries[wrong.entry];
        return Err(StoreError::Other(format!(
            "the movement of {} {} in store {} does not balance: {:?}",
            entry.event.as_str(),
            entry.subject_id.as_deref().unwrap_or_default(),
            entry.store,
            wrong.posting
        )));
    }
    let mut rows: Vec<(&EntryDraft, i64, &Movement)> = movements
        .iter()
        .map(|movement| (&entries[movement.entry], seqs[movement.entry], movement))
        .collect();
    rows.sort_by(|a, b| (&a.0.store, a.1).cmp(&(&b.0.store, b.1)));
    let posting = || rows.iter().map(|(_, _, movement)| &movement.posting);
    let mut columns = vec![
        col(rows.iter().map(|(entry, _, _)| entry.store.as_str())),
        col(rows.iter().map(|(_, seq, _)| *seq)),
        col(rows.iter().map(|(entry, _, _)| entry.at.as_microsecond())),
        col(posting().map(|p| p.business_date.to_string())),
        col(posting().map(|p| p.register.as_deref().unwrap_or_default())),
        col(posting().map(|p| p.currency.code())),
        col(rows.iter().map(|(entry, _, _)| entry.event.as_str())),
        col(rows.iter().map(|(entry, _, _)| entry.subject_id.as_deref().unwrap_or_default())),
    ];
    let amounts: Vec<&Amounts> = posting().map(|p| &p.amounts).collect();
    columns.extend(amount_columns(&amounts));
    Ok(Write::insert(INTO, columns))
}

/// The columns of the accounts, in their order; what a row has no part in is NULL.
pub(super) fn amount_columns(rows: &[&Amounts]) -> Vec<Col<'static>> {
    let column = |account: &Account| {
        col(rows.iter().map(|row| Some(row.of(*account).0).filter(|a| *a != 0)))
    };
    Account::ALL.iter().map(column).collect()
}
