//! The ledger as it is read over HTTP: movements, and what the accounts come to.

use crate::domain::ledger::{Account, Amounts};
use crate::domain::money::{Currency, Minor};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which movements are wanted; all that are given must hold.
#[derive(Debug, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LedgerFilterParams {
    #[schema(max_length = 32)]
    pub store: String,
    /// Only movements with an amount on this account, such as `cash` or `refunds_payable`.
    #[schema(max_length = 32)]
    pub account: Option<String>,
    /// From this business date on.
    #[schema(format = "date")]
    pub from: Option<String>,
    /// Up to this business date, and with it.
    #[schema(format = "date")]
    pub to: Option<String>,
}

/// Whose accounts are wanted.
#[derive(Debug, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BalanceParams {
    #[schema(max_length = 32)]
    pub store: String,
    /// With what was booked up to this business date, and with it; left out, with everything.
    #[schema(format = "date")]
    pub to: Option<String>,
}

/// An amount on an account: debits positive, credits negative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AccountAmount {
    #[schema(example = "cash")]
    pub account: String,
    #[schema(format = "amount", example = "12.25")]
    pub amount: String,
}

/// A movement of money: its amounts come to nought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Movement)]
pub struct MovementView {
    #[schema(example = "0042")]
    pub store: String,
    /// The place in the store's log of the entry that tells of the same act.
    pub seq: i64,
    /// RFC 3339.
    #[schema(value_type = String, format = "date-time")]
    pub at: Timestamp,
    #[schema(format = "date", example = "2026-03-01")]
    pub business_date: String,
    /// Null: at no register.
    #[schema(example = "3")]
    pub register: Option<String>,
    /// ISO 4217.
    #[schema(example = "USD")]
    pub currency: String,
    /// The log's name of the act.
    #[schema(example = "sale.recorded")]
    pub event: String,
    /// The id of what it is about: a sale, a return.
    pub subject_id: String,
    pub amounts: Vec<AccountAmount>,
}

/// A store's accounts (trial balance): debits and credits are the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Balances {
    #[schema(example = "0042")]
    pub store: String,
    /// ISO 4217.
    #[schema(example = "USD")]
    pub currency: String,
    pub accounts: Vec<BalanceView>,
    /// All debit balances together.
    #[schema(format = "amount", example = "24.50")]
    pub debits: String,
    /// All credit balances together.
    #[schema(format = "amount", example = "24.50")]
    pub credits: String,
}

/// What an account comes to, on one of its sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Balance)]
pub struct BalanceView {
    #[schema(example = "cash")]
    pub account: String,
    #[schema(format = "amount", example = "4.50")]
    pub debit: String,
    #[schema(format = "amount", example = "0.00")]
    pub credit: String,
}

/// The accounts that have an amount, in the order of the chart of accounts.
pub fn accounts(amounts: &Amounts, currency: Currency) -> Vec<AccountAmount> {
    let shown = |(account, amount): (Account, Minor)| AccountAmount {
        account: account.as_str().to_owned(),
        amount: amount.format(currency),
    };
    amounts.iter().map(shown).collect()
}

impl Balances {
    pub fn new(store: &str, currency: Currency, amounts: &Amounts) -> Balances {
        let sides = |amount: Minor| (Minor(amount.0.max(0)), Minor((-amount.0).max(0)));
        let sum = |side: fn((Minor, Minor)) -> Minor| {
            Minor(
                amounts
                    .iter()
                    .fold(0_i64, |sum, (_, amount)| sum.saturating_add(side(sides(amount)).0)),
            )
        };
        let row = |(account, amount): (Account, Minor)| {
            let (debit, credit) = sides(amount);
            let (debit, credit) = (debit.format(currency), credit.format(currency));
            BalanceView { account: account.as_str().to_owned(), debit, credit }
        };
        Balances {
            store: store.to_owned(),
            currency: currency.code().to_owned(),
            accounts: amounts.iter().map(row).collect(),
            debits: sum(|sides| sides.0).format(currency),
            credits: sum(|sides| sides.1).format(currency),
        }
    }
}
