//! Day ends: a register's trading day closed once a shift, a store's own once, numbered without a
//! gap, with totals that never reset.
//!
//! A movement belongs to the first day end of its register, at or after the movement's business
//! date, that was closed after it was booked: exactly one. What comes in after a shift falls into
//! the next one, or into the next day. The store's own day end takes what was done at no register,
//! and the day ends of its registers, by the same rule; after it the day has no further shift.

use super::draft::Draft;
use super::entry::Event;
use super::journal::day_end as journal;
use super::ledger::{Account, Amounts};
use super::money::{Currency, Minor};
use super::perform::{Context, Done, Outcome};
use super::refusal::{Fault, Refusal};
use super::settings::Store;
use super::state::State;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Whose days: a register's, or with an empty register the store's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TillKey {
    pub store: String,
    pub register: String,
}

/// Closes a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseDay {
    pub store: String,
    /// None: the store's own.
    pub register: Option<String>,
    pub business_date: Date,
    /// Which closing of the register's day this is to be; None: the next one.
    pub shift: Option<u64>,
    /// What was in the drawer before the shift's first movement.
    pub opening_cash: Option<Minor>,
    /// What is in it now, by hand.
    pub counted_cash: Option<Minor>,
}

/// What was booked, by the kind of act.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums(pub BTreeMap<Event, Summed>);

/// The movements of one kind of act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summed {
    pub movements: u64,
    pub amounts: Amounts,
}

/// Totals from the first day on. They only ever grow: what was taken back is counted apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Perpetual {
    pub sales: Minor,
    pub returns: Minor,
    /// Sales that were voided, and new goods of exchanges that were taken back.
    pub voided_sales: Minor,
    pub voided_returns: Minor,
}

/// What is known of a till: its last day end, and what is not closed yet, by business date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Till {
    pub last: Option<Last>,
    pub open: BTreeMap<Date, Sums>,
}

/// The last day end of a till.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Last {
    pub number: u64,
    pub business_date: Date,
    pub shift: u64,
    /// The place of its entry in the store's chain.
    pub seq: u64,
    pub perpetual: Perpetual,
}

/// A closed day, or a shift of it. It never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayEnd {
    pub id: Uuid,
    pub till: TillKey,
    /// 1, 2, 3 … for each till.
    pub number: u64,
    pub business_date: Date,
    /// 1, 2, 3 … within a register's day; a store's own has one.
    pub shift: u64,
    pub currency: Currency,
    pub closed_at: Timestamp,
    pub operator: String,
    /// The places in the store's chain that it covers: after the last day end, up to its own entry.
    pub from_seq: u64,
    pub seq: u64,
    pub sums: Sums,
    pub opening_cash: Option<Minor>,
    pub counted_cash: Option<Minor>,
    pub perpetual: Perpetual,
}

impl TillKey {
    pub fn of(store: &str, register: Option<&str>) -> TillKey {
        TillKey { store: store.to_owned(), register: register.unwrap_or_default().to_owned() }
    }

    /// The store's own.
    pub fn own(&self) -> TillKey {
        TillKey::of(&self.store, None)
    }

    /// The drawer of a return.
    pub fn of_draft(draft: &Draft) -> TillKey {
        TillKey { store: draft.store.clone(), register: draft.register.clone() }
    }

    /// The register; none for the store's own.
    pub fn register(&self) -> Option<&str> {
        Some(self.register.as_str()).filter(|register| !register.is_empty())
    }
}

impl Sums {
    pub fn add(&mut self, event: Event, summed: &Summed) {
        let sum = self.0.entry(event).or_default();
        sum.movements = sum.movements.saturating_add(summed.movements);
        sum.amounts.add(&summed.amounts);
    }

    pub fn add_all(&mut self, other: &Sums) {
        other.0.iter().for_each(|(event, summed)| self.add(*event, summed));
    }

    /// All acts together.
    pub fn total(&self) -> Summed {
        let mut total = Summed::default();
        for summed in self.0.values() {
            total.movements = total.movements.saturating_add(summed.movements);
            total.amounts.add(&summed.amounts);
        }
        total
    }

    /// What was sold, came back, and of that was taken back: with charges and taxes, before fees
    /// and rounding.
    pub fn turnover(&self) -> Perpetual {
        let mut turnover = Perpetual::default();
        for (event, Summed { amounts, .. }) in &self.0 {
            match event {
                Event::SaleRecorded | Event::ReturnRecorded | Event::ExchangeRecorded => {
                    turnover.sales.0 += amounts.turnover_sold().0;
                    turnover.returns.0 += amounts.turnover_returned().0;
                }
                Event::ReturnVoided | Event::SaleVoided => {
                    turnover.voided_sales.0 -= amounts.turnover_sold().0;
                    turnover.voided_returns.0 -= amounts.turnover_returned().0;
                }
                // Settlements and cards move money, and sell nothing.
                _ => {}
            }
        }
        turnover
    }
}

impl Perpetual {
    /// These and more.
    pub fn and(self, more: Perpetual) -> Perpetual {
        let sum = |a: Minor, b: Minor| Minor(a.0.saturating_add(b.0));
        Perpetual {
            sales: sum(self.sales, more.sales),
            returns: sum(self.returns, more.returns),
            voided_sales: sum(self.voided_sales, more.voided_sales),
            voided_returns: sum(self.voided_returns, more.voided_returns),
        }
    }

    /// What stayed sold.
    pub fn net(self) -> Minor {
        Minor(self.sales.0 - self.voided_sales.0 - self.returns.0 + self.voided_returns.0)
    }
}

impl DayEnd {
    /// Which shift of the day; a store's own has none.
    pub fn shift(&self) -> Option<u64> {
        self.till.register().map(|_| self.shift)
    }

    /// What should be in the drawer: what was in it before, and what moved.
    pub fn expected_cash(&self) -> Minor {
        let moved = self.sums.total().amounts.of(Account::Cash);
        Minor(self.opening_cash.unwrap_or_default().0.saturating_add(moved.0))
    }

    /// Counted more than expected, or less.
    pub fn difference(&self) -> Option<Minor> {
        self.counted_cash.map(|counted| Minor(counted.0 - self.expected_cash().0))
    }
}

/// The fault of a trading day that is more than a day from the store's date.
pub(super) fn not_near(day: Date, today: Date) -> Option<Fault> {
    let earliest = today.yesterday().unwrap_or(today);
    let latest = today.tomorrow().unwrap_or(today);
    (day < earliest || day > latest).then(|| {
        let detail = format!(
            "The business date {day} is more than a day from the store's date {today}. Check the \
             register's date."
        );
        Fault::invalid("/business_date", &detail)
    })
}

/// Whether nothing can belong to a day of a register any more: a later one is closed, or its last
/// shift with the store's own day.
pub fn is_over(register: Option<Last>, own: Option<Last>, day: Date) -> bool {
    let closed_upto = |last: Option<Last>| last.map(|last| last.business_date);
    match closed_upto(register) {
        Some(closed) if closed == day => closed_upto(own) >= Some(day),
        closed => closed > Some(day),
    }
}

/// Why a return cannot belong to the trading day that it names: the day is closed for its drawer.
pub fn why_not_in(state: &State, draft: &Draft, now: Timestamp) -> Option<Refusal> {
    let day = draft.business_date?;
    let today = state.settings().store(&draft.store)?.day(now);
    if not_near(day, today).is_some() {
        // A fault of the draft, which deciding tells with all others.
        return None;
    }
    let key = TillKey::of_draft(draft);
    is_over(state.last_day_end(&key), state.last_day_end(&key.own()), day).then(|| {
        let detail = format!(
            "{day} is closed at {}. Record the return without a business date: it then belongs to \
             the next day end.",
            whose(&key)
        );
        Refusal::DayEnd { code: "day_closed", detail }
    })
}

/// `POST /v1/day-ends`.
pub fn close(state: &mut State, command: &CloseDay, context: &Context<'_>) -> Outcome {
    let store = state
        .settings()
        .store(&command.store)
        .filter(|_| context.caller.stores.contain(&command.store));
    let Some(store) = store.cloned() else {
        return Refusal::Invalid(vec![Fault::unknown_store(&command.store)]).into();
    };
    let key = TillKey::of(&command.store, command.register.as_deref());
    if let Some(refusal) = why_not(state, &key, command, &store, context) {
        journal::refused(state, context, command, &refusal);
        return refusal.into();
    }
    let day_end = build(state, &key, command, &store, context);
    journal::closed(state, context, &day_end);
    state.close_day(day_end.clone());
    Done::DayClosed(Box::new(day_end)).into()
}

fn why_not(
    state: &State,
    key: &TillKey,
    command: &CloseDay,
    store: &Store,
    context: &Context<'_>,
) -> Option<Refusal> {
    let refusal = |code: &'static str, detail: String| Some(Refusal::DayEnd { code, detail });
    let (whose, day) = (whose(key), command.business_date);
    let today = store.day(context.now);
    if day > today {
        return refusal(
            "day_in_future",
            format!("In store {} it is {today}; {day} has not come yet.", key.store),
        );
    }
    let till = state.till(key);
    if key.register().is_some() && !known(state, key, till) {
        let detail = format!(
            "Store {} has no register {}, and nothing was recorded at one.",
            key.store, key.register
        );
        return Some(Refusal::Invalid(vec![Fault::invalid("/register", &detail)]));
    }
    let last = till.and_then(|till| till.last);
    let own = state.last_day_end(&key.own());
    if let Some(last) = last.filter(|last| last.business_date > day) {
        let detail = format!(
            "{whose} is closed up to {}; what comes in for {day} falls into the next day end.",
            last.business_date
        );
        return refusal("day_closed", sentence(&detail));
    }
    if let Some(own) = own.filter(|_| is_over(last, own, day)) {
        let detail = match key.register() {
            None => format!("{day} of {whose} is closed already, as number {}.", own.number),
            Some(_) => format!(
                "Store {} is closed up to {}, and with it {day} of {whose}; what comes in for it \
                 falls into the next day end.",
                key.store, own.business_date
            ),
        };
        return refusal("day_closed", detail);
    }
    let shift = till.map_or(1, |till| till.next_shift(day));
    match (command.shift, last) {
        (Some(named), Some(last)) if named < shift => {
            let number = last.number.saturating_sub(last.shift.saturating_sub(named));
            let detail =
                format!("Shift {named} of {day} of {whose} is closed already, as number {number}.");
            return refusal("day_closed", detail);
        }
        (Some(named), _) if named > shift => {
            let detail = format!("The next shift of {day} of {whose} is {shift}: close it first.");
            return refusal("day_open", detail);
        }
        _ => {}
    }
    if let Some(earlier) = till.and_then(|till| till.earliest_to_close(day)) {
        let detail = format!(
            "{whose} has movements of {earlier}, which is not closed: close {earlier} first."
        );
        return refusal("day_open", sentence(&detail));
    }
    if key.register().is_none()
        && let Some((register, open, shift)) = state.registers_to_close(&key.store, day)
    {
        let which =
            if shift > 1 { format!("shift {shift} of its {day}") } else { format!("its {day}") };
        let detail = format!(
            "Register {register} has movements of {open} that are not closed: close {which} first."
        );
        return refusal("day_open", detail);
    }
    None
}

fn whose(key: &TillKey) -> String {
    match key.register() {
        Some(register) => format!("register {register}"),
        None => format!("store {}", key.store),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A register of the directory, or one at which something was recorded.
fn known(state: &State, key: &TillKey, till: Option<&Till>) -> bool {
    let listed =
        state.settings().registers.contains_key(&(key.store.clone(), key.register.clone()));
    listed || till.is_some_and(|till| till.last.is_some() || !till.open.is_empty())
}

impl Till {
    /// The first day before this one that has movements and can still be closed.
    fn earliest_to_close(&self, day: Date) -> Option<Date> {
        let closed = self.last.map(|last| last.business_date);
        self.open
            .keys()
            .copied()
            .find(|open| *open < day && closed.is_none_or(|closed| *open > closed))
    }

    /// Which shift of a day is closed next.
    pub(super) fn next_shift(&self, day: Date) -> u64 {
        let same = self.last.filter(|last| last.business_date == day);
        same.map_or(1, |last| last.shift.saturating_add(1))
    }

    /// The first movements up to this day that no day end has taken yet, although one of this day
    /// still could.
    pub(super) fn lacks(&self, day: Date) -> Option<Date> {
        let open = self.open.keys().copied().find(|open| *open <= day)?;
        self.last.is_none_or(|last| last.business_date <= day).then_some(open)
    }
}

fn build(
    state: &mut State,
    key: &TillKey,
    command: &CloseDay,
    store: &Store,
    context: &Context<'_>,
) -> DayEnd {
    let till = state.till(key).cloned().unwrap_or_default();
    let mut sums = Sums::default();
    till.open.range(..=command.business_date).for_each(|(_, of_day)| sums.add_all(of_day));
    let before = till.last.map(|last| last.perpetual).unwrap_or_default();
    DayEnd {
        id: state.new_id(context.now),
        number: till.last.map_or(1, |last| last.number + 1),
        business_date: command.business_date,
        shift: till.next_shift(command.business_date),
        currency: store.currency,
        closed_at: context.now,
        operator: context.caller.operator.clone(),
        from_seq: till.last.map_or(1, |last| last.seq + 1),
        seq: state.next_seq(&key.store),
        perpetual: before.and(sums.turnover()),
        sums,
        opening_cash: command.opening_cash,
        counted_cash: command.counted_cash,
        till: key.clone(),
    }
}
