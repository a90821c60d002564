//! Day ends: the body that closes a day, and the answer (API §9).

use super::ledger::{AccountAmount, accounts};
use super::reading::{Reading, Sign};
use super::texts::Id;
use crate::domain::day_end::{CloseDay, DayEnd, Perpetual, Summed};
use crate::domain::ledger::Account;
use crate::domain::money::{Currency, Minor};
use crate::domain::refusal::Fault;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Closes a day of a register, or a shift of it, or the day of the store itself once its registers
/// are closed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"store": "0042", "register": "3", "business_date": "2026-03-01", "opening_cash": "100.00",
    "counted_cash": "104.50"}))]
pub struct DayEndRequest {
    #[schema(format = "store", min_length = 1, max_length = 32, example = "0042")]
    pub store: String,
    /// Left out or null: the store's own day.
    #[serde(default)]
    #[schema(format = "name", min_length = 1, max_length = 64, example = "3")]
    pub register: Option<String>,
    /// The trading day to close: every day with movements, one after the other.
    #[schema(format = "date", example = "2026-03-01")]
    pub business_date: String,
    /// Which closing of the register's day this is, where it is closed several times: 1, 2, 3 …
    /// Left out: the next one. Named, it cannot be closed twice. A register's only.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 999, example = 1)]
    pub shift: Option<u64>,
    /// What was in the drawer before the shift; a register's only.
    #[serde(default)]
    #[schema(format = "amount", example = "100.00")]
    pub opening_cash: Option<String>,
    /// What was counted in the drawer at the end; a register's only.
    #[serde(default)]
    #[schema(format = "amount", example = "104.50")]
    pub counted_cash: Option<String>,
}

/// Which day ends are wanted.
#[derive(Debug, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DayEndFilterParams {
    #[schema(max_length = 32)]
    pub store: String,
    /// One register's; left out, all of them and the store's own.
    #[schema(max_length = 64)]
    pub register: Option<String>,
    /// From this business date on.
    #[schema(format = "date")]
    pub from: Option<String>,
    /// Up to this business date, and with it.
    #[schema(format = "date")]
    pub to: Option<String>,
}

/// A closed day, or a shift of it. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DayEnd)]
pub struct DayEndView {
    pub id: Id,
    #[schema(example = "0042")]
    pub store: String,
    /// Null: the store's own day.
    #[schema(example = "3")]
    pub register: Option<String>,
    /// 1, 2, 3 … for each register and each store, without a gap.
    #[schema(example = 1)]
    pub number: u64,
    #[schema(format = "date", example = "2026-03-01")]
    pub business_date: String,
    /// 1, 2, 3 … within a register's day. Null: the store's own day, which is closed once.
    #[schema(example = 1)]
    pub shift: Option<u64>,
    /// ISO 4217.
    #[schema(example = "USD")]
    pub currency: String,
    /// RFC 3339.
    #[schema(value_type = String, format = "date-time")]
    pub closed_at: Timestamp,
    /// Who closed it.
    #[schema(example = "2001")]
    pub operator: String,
    /// Places in the store's chain that were looked at for what no earlier day end covers; the last
    /// is its own entry.
    pub from_seq: u64,
    pub to_seq: u64,
    /// Movements that it covers.
    pub movements: u64,
    pub cash: DrawerView,
    pub totals: DayTotals,
    /// What was booked, by the kind of act: tenders, taxes, fees and rounding apart.
    pub acts: Vec<ActView>,
    /// From the first day on, never reset.
    pub perpetual: PerpetualView,
}

/// The drawer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DrawerView {
    #[schema(format = "amount", example = "100.00")]
    pub opening: Option<String>,
    /// What came in less what went out.
    #[schema(format = "amount", example = "4.50")]
    pub moved: String,
    /// `opening` and `moved`: what should be in it.
    #[schema(format = "amount", example = "104.50")]
    pub expected: String,
    #[schema(format = "amount", example = "104.50")]
    pub counted: Option<String>,
    /// `counted` less `expected`: more than there should be is positive.
    #[schema(format = "amount", example = "0.00")]
    pub difference: Option<String>,
}

/// The day in a few sums, taxes and charges included where nothing else is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DayTotals {
    #[schema(format = "amount", example = "24.50")]
    pub sales: String,
    /// Before fees.
    #[schema(format = "amount", example = "12.25")]
    pub returns: String,
    /// New goods of exchanges that were taken back.
    #[schema(format = "amount", example = "0.00")]
    pub voided_sales: String,
    /// Returns taken back.
    #[schema(format = "amount", example = "0.00")]
    pub voided_returns: String,
    /// `sales` less `voided_sales`, less `returns`, and `voided_returns`.
    #[schema(format = "amount", example = "12.25")]
    pub net: String,
    /// Taxes charged less taxes given back.
    #[schema(format = "amount", example = "1.00")]
    pub taxes: String,
    /// Fees kept of returns.
    #[schema(format = "amount", example = "0.00")]
    pub fees: String,
    /// What cash rounding brought in.
    #[schema(format = "amount", example = "0.00")]
    pub rounding: String,
}

/// One kind of act: how many, and what they moved on each account, debits positive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActView {
    /// The log's name of it.
    #[schema(example = "sale.recorded")]
    pub event: String,
    pub movements: u64,
    pub accounts: Vec<AccountAmount>,
}

/// Totals since the first day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PerpetualView {
    #[schema(format = "amount", example = "1204.50")]
    pub sales: String,
    #[schema(format = "amount", example = "112.25")]
    pub returns: String,
    #[schema(format = "amount", example = "0.00")]
    pub voided_sales: String,
    #[schema(format = "amount", example = "0.00")]
    pub voided_returns: String,
    #[schema(format = "amount", example = "1092.25")]
    pub net: String,
}

impl DayEndRequest {
    /// Reads the body; without a currency the store is unknown, and amounts are passed over.
    pub fn read(mut self, currency: Option<Currency>) -> Result<CloseDay, Vec<Fault>> {
        let mut reading = Reading::new(currency);
        reading.store(format_args!("/store"), &self.store);
        let business_date = reading.date(format_args!("/business_date"), &self.business_date);
        let opening_cash = reading.optional_amount(
            format_args!("/opening_cash"),
            &mut self.opening_cash,
            Sign::NotNegative,
        );
        let counted_cash = reading.optional_amount(
            format_args!("/counted_cash"),
            &mut self.counted_cash,
            Sign::NotNegative,
        );
        let cash = [("opening_cash", &self.opening_cash), ("counted_cash", &self.counted_cash)];
        for (name, _) in
            cash.into_iter().filter(|(_, cash)| cash.is_some() && self.register.is_none())
        {
            reading.invalid(
                format_args!("/{name}"),
                "Cash is counted at registers, when their days are closed.",
            );
        }
        if self.shift.is_some() && self.register.is_none() {
            reading.invalid(
                format_args!("/shift"),
                "Registers have shifts. Close the store's own day without one, once all its \
                 registers are closed.",
            );
        }
        let read = reading.finish(business_date)?;
        let business_date = read.ok_or_else(Vec::new)?;
        Ok(CloseDay {
            store: self.store,
            register: self.register,
            business_date,
            shift: self.shift,
            opening_cash,
            counted_cash,
        })
    }
}

impl From<&DayEnd> for DayEndView {
    fn from(closed: &DayEnd) -> DayEndView {
        let total = closed.sums.total();
        DayEndView {
            id: Id(closed.id),
            store: closed.till.store.clone(),
            register: closed.till.register().map(str::to_owned),
            number: closed.number,
            business_date: closed.business_date.to_string(),
            shift: closed.shift(),
            currency: closed.currency.code().to_owned(),
            closed_at: closed.closed_at,
            operator: closed.operator.clone(),
            from_seq: closed.from_seq,
            to_seq: closed.seq,
            movements: total.movements,
            cash: drawer(closed, &total),
            totals: totals(closed, &total),
            acts: closed
                .sums
                .0
                .iter()
                .map(|(event, summed)| ActView {
                    event: event.as_str().to_owned(),
                    movements: summed.movements,
                    accounts: accounts(&summed.amounts, closed.currency),
                })
                .collect(),
            perpetual: perpetual(closed.perpetual, closed.currency),
        }
    }
}

fn drawer(closed: &DayEnd, total: &Summed) -> DrawerView {
    let text = |amount: Minor| amount.format(closed.currency);
    DrawerView {
        opening: closed.opening_cash.map(text),
        moved: text(total.amounts.of(Account::Cash)),
        expected: text(closed.expected_cash()),
        counted: closed.counted_cash.map(text),
        difference: closed.difference().map(text),
    }
}

fn totals(closed: &DayEnd, total: &Summed) -> DayTotals {
    let text = |amount: Minor| amount.format(closed.currency);
    let turnover = closed.sums.turnover();
    let credit = |accounts: &[Account]| {
        Minor(accounts.iter().map(|account| -total.amounts.of(*account).0).sum())
    };
    DayTotals {
        sales: text(turnover.sales),
        returns: text(turnover.returns),
        voided_sales: text(turnover.voided_sales),
        voided_returns: text(turnover.voided_returns),
        net: text(turnover.net()),
        taxes: text(credit(&[Account::Tax, Account::TaxReturned])),
        fees: text(credit(&[Account::Fees])),
        rounding: text(credit(&[Account::Rounding])),
    }
}

fn perpetual(totals: Perpetual, currency: Currency) -> PerpetualView {
    PerpetualView {
        sales: totals.sales.format(currency),
        returns: totals.returns.format(currency),
        voided_sales: totals.voided_sales.format(currency),
        voided_returns: totals.voided_returns.format(currency),
        net: totals.net().format(currency),
    }
}
