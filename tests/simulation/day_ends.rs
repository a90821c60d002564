//! Day ends: the model keeps every movement by itself, and finds for each day end those that no
//! other has taken.

use crate::world::World;
use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan, tz::TimeZone};
use returndesk::domain::day_end::{CloseDay, DayEnd};
use returndesk::domain::entry::Event;
use returndesk::domain::ledger::{Account, Movement};
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::state::{Changes, EntryDraft};
use std::collections::{BTreeMap, BTreeSet};

/// A store's own till has no register.
pub type Whose = (String, Option<String>);
/// How many movements, and what they come to by account.
type Counted = (u64, [i64; Account::COUNT]);

#[derive(Default)]
pub struct Days {
    /// How long each store's chain is.
    entries: BTreeMap<String, u64>,
    moved: Vec<Moved>,
    /// Where anything ever moved.
    known: BTreeSet<Whose>,
    /// Every day closed, in order, as the service told of it.
    pub ends: Vec<DayEnd>,
}

/// A movement, and the day ends that took it.
struct Moved {
    whose: Whose,
    day: Date,
    event: Event,
    amounts: [i64; Account::COUNT],
    /// Its register's; nothing that was done at no register ever has one.
    taken: Option<usize>,
    /// Its store's.
    by_store: Option<usize>,
}

impl Days {
    /// Takes up what a command noted and moved.
    fn file(&mut self, changes: &Changes) {
        changes
            .entries
            .iter()
            .for_each(|entry| *self.entries.entry(entry.store.clone()).or_default() += 1);
        let from = self.moved.len();
        self.moved
            .extend(changes.movements.iter().map(|movement| moved(movement, &changes.entries)));
        self.known.extend(self.moved[from..].iter().map(|moved| moved.whose.clone()));
    }

    /// The last day that was closed of a till, with how many there were.
    fn last(&self, whose: &Whose) -> (usize, Option<&DayEnd>) {
        let mine = || self.ends.iter().filter(|end| of(end) == *whose);
        (mine().count(), mine().next_back())
    }

    /// Whether nothing can belong to a day of a register any more: it has closed a later day, or
    /// the store has closed this one after the register's last shift.
    pub fn is_over(&self, whose: &Whose, day: Date) -> bool {
        match self.closed_upto(whose) {
            None => false,
            Some(closed) if closed == day => self.has_closed(&whose.0, day),
            Some(closed) => closed > day,
        }
    }

    /// Whether a store's own day end of a day, or of a later one, is there.
    fn has_closed(&self, store: &str, day: Date) -> bool {
        self.ends.iter().any(|end| of(end) == (store.to_owned(), None) && end.business_date >= day)
    }

    /// How many shifts of a day a till has closed.
    fn shifts(&self, whose: &Whose, day: Date) -> u64 {
        self.ends.iter().filter(|end| of(end) == *whose && end.business_date == day).count() as u64
    }

    fn closed_upto(&self, whose: &Whose) -> Option<Date> {
        self.last(whose).1.map(|end| end.business_date)
    }

    /// What no day end of a till has taken, and the days it belongs to.
    fn open(&self, whose: &Whose) -> Vec<(usize, Date)> {
        let day = |moved: &Moved| match whose.1 {
            Some(_) => (moved.whose == *whose && moved.taken.is_none()).then_some(moved.day),
            None if moved.whose.0 != whose.0 || moved.by_store.is_some() => None,
            None if moved.whose.1.is_none() => Some(moved.day),
            None => moved.taken.map(|end| self.ends[end].business_date),
        };
        self.moved
            .iter()
            .enumerate()
            .filter_map(|(place, moved)| Some((place, day(moved)?)))
            .collect()
    }

    fn registers(&self, store: &str) -> Vec<Whose> {
        self.known
            .iter()
            .filter(|(of, register)| of == store && register.is_some())
            .cloned()
            .collect()
    }

    /// The first day of a till that has to be closed next.
    fn next(&self, whose: &Whose) -> Option<Date> {
        let closed = self.closed_upto(whose);
        self.open(whose)
            .into_iter()
            .map(|(_, day)| day)
            .filter(|day| closed.is_none_or(|closed| *day > closed))
            .min()
    }

    /// Whether a register has anything up to a day that a day end of that day would take.
    fn lacks(&self, whose: &Whose, upto: Date) -> bool {
        self.closed_upto(whose).is_none_or(|closed| closed <= upto)
            && self.open(whose).iter().any(|(_, day)| *day <= upto)
    }

    /// Why a day, or the shift of it that is named, cannot be closed.
    fn fault(
        &self,
        whose: &Whose,
        day: Date,
        shift: Option<u64>,
        today: Date,
    ) -> Option<&'static str> {
        let unknown = whose.1.is_some() && !self.known.contains(whose);
        let lacking = || self.registers(&whose.0).iter().any(|register| self.lacks(register, day));
        match () {
            () if day > today => Some("day_in_future"),
            () if unknown => Some("invalid_value"),
            () if self.is_over(whose, day) => Some("day_closed"),
            () if shift.is_some_and(|shift| shift <= self.shifts(whose, day)) => Some("day_closed"),
            () if shift.is_some_and(|shift| shift > self.shifts(whose, day) + 1) => {
                Some("day_open")
            }
            () if self.next(whose).is_some_and(|first| first < day) => Some("day_open"),
            () if whose.1.is_none() && lacking() => Some("day_open"),
            () => None,
        }
    }

    /// Gives a new day end what is open up to its day: by kind of act.
    fn take(&mut self, whose: &Whose, day: Date) -> BTreeMap<Event, Counted> {
        let mut sums: BTreeMap<Event, Counted> = BTreeMap::new();
        for (place, _) in self.open(whose).into_iter().filter(|(_, of)| *of <= day) {
            let end = self.ends.len();
            let moved = &mut self.moved[place];
            let taken = if whose.1.is_some() { &mut moved.taken } else { &mut moved.by_store };
            assert_eq!(taken.replace(end), None);
            let (count, amounts) = sums.entry(moved.event).or_insert((0, [0; Account::COUNT]));
            *count += 1;
            (0..Account::COUNT).for_each(|account| amounts[account] += moved.amounts[account]);
        }
        sums
    }

    /// Totals over everything that a till's day ends ever took: sold, returned, and voided of both.
    fn perpetual(&self, whose: &Whose) -> [i64; 4] {
        let mut totals = [0; 4];
        let taken = |moved: &&Moved| match whose.1 {
            Some(_) => moved.whose == *whose && moved.taken.is_some(),
            None => moved.whose.0 == whose.0 && moved.by_store.is_some(),
        };
        for moved in self.moved.iter().filter(taken) {
            let sum = |accounts: &[Account]| {
                accounts.iter().map(|a| moved.amounts[*a as usize]).sum::<i64>()
            };
            let sold = -sum(&[Account::Sales, Account::Charges, Account::Tax]);
            let back = [
                Account::Returns,
                Account::ChargesReturned,
                Account::TaxReturned,
                Account::Goodwill,
            ];
            let (made, undone) = match moved.event {
                Event::SaleRecorded | Event::ReturnRecorded | Event::ExchangeRecorded => (1, 0),
                Event::ReturnVoided | Event::SaleVoided => (0, -1),
                _ => (0, 0),
            };
            let of_it = [made * sold, made * sum(&back), undone * sold, undone * sum(&back)];
            (0..4).for_each(|which| totals[which] += of_it[which]);
        }
        totals
    }
}

fn moved(movement: &Movement, entries: &[EntryDraft]) -> Moved {
    let (entry, posting) = (&entries[movement.entry], &movement.posting);
    let mut amounts = [0; Account::COUNT];
    posting.amounts.iter().for_each(|(account, amount)| amounts[account as usize] = amount.0);
    Moved {
        whose: (entry.store.clone(), posting.register.clone()),
        day: posting.business_date,
        event: entry.event,
        amounts,
        taken: None,
        by_store: None,
    }
}

fn of(end: &DayEnd) -> Whose {
    (end.till.store.clone(), end.till.register().map(str::to_owned))
}

impl World {
    /// What a command moved has to be booked where and when it was done.
    pub fn file(&mut self, command: &Command, changes: &Changes) {
        let today = self.today();
        for movement in &changes.movements {
            let (event, posting) = (changes.entries[movement.entry].event, &movement.posting);
            let day = match command {
                Command::RecordSale(command) if event == Event::SaleRecorded => {
                    command.sale.business_date
                }
                Command::RecordReturn(command) => command.draft.business_date.unwrap_or(today),
                _ => today,
            };
            let at_seven = Some("7".to_owned());
            let register = match command {
                Command::RecordSale(command) => Some(command.sale.register.clone()),
                Command::GiftCard(_) => posting.register.clone().filter(|register| register == "7"),
                // The caller is at no register: it is done in the drawer of the sale, or in none.
                Command::VoidSale(command) => self.register_of(command.id),
                Command::MarkChargeback(_) => None,
                _ => at_seven,
            };
            assert_eq!((&posting.register, posting.business_date), (&register, day), "{command:?}");
        }
        self.days.file(changes);
    }

    fn register_of(&self, sale: uuid::Uuid) -> Option<String> {
        let known = self.sales.iter().find(|known| known.sale.id == sale);
        known.map(|known| known.sale.register.clone())
    }

    pub fn today(&self) -> Date {
        self.counter.now.to_zoned(TimeZone::UTC).date()
    }

    /// Somebody closes something: a day by chance, the next one of a register, or all of a store.
    pub fn close_days(&mut self) {
        let store = self.shop.stores[self.chance.index(2)].0.to_owned();
        let register = self
            .chance
            .pick(&[None, Some("3"), Some("7"), Some("8"), Some("9")])
            .map(str::to_owned);
        let whose = (store.clone(), register);
        match self.chance.within(0, 3) {
            0 => {
                let near = self
                    .days
                    .closed_upto(&whose)
                    .filter(|_| self.chance.one_in(2))
                    .unwrap_or(self.today());
                let day = near.checked_add(self.chance.within(-3, 3).days()).unwrap();
                self.close(&whose, day);
            }
            1 => {
                let last = self.days.closed_upto(&whose).filter(|_| self.chance.one_in(2));
                let day = last.or(self.days.next(&whose)).unwrap_or(self.today());
                self.close(&whose, day);
            }
            _ => (0..self.chance.pick(&[1, 1, 2, 30])).for_each(|_| self.close_store(&store)),
        }
    }

    /// The next day of a store that can be closed, of its registers first.
    fn close_store(&mut self, store: &str) {
        let own = (store.to_owned(), None);
        let registers = self.days.registers(store);
        let all = || registers.iter().chain([&own]);
        let Some(day) = all().filter_map(|whose| self.days.next(whose)).min() else { return };
        for whose in all() {
            let wanted =
                whose.1.is_none() || self.days.open(whose).iter().any(|(_, open)| *open <= day);
            if wanted {
                self.close(whose, day);
            }
            // A shift change, at which nothing need have happened.
            if wanted && whose.1.is_some() && self.chance.one_in(8) {
                self.close(whose, day);
            }
        }
    }

    fn close(&mut self, whose: &Whose, day: Date) {
        let chance = &mut self.chance;
        let mut cash = || chance.one_in(2).then(|| Minor(chance.within(0, 50_000)));
        let (opening_cash, counted_cash) = (cash(), cash());
        let (store, register) = whose.clone();
        let next = self.days.shifts(whose, day) + 1;
        let near = next.saturating_add_signed(self.chance.within(-1, 2)).max(1);
        let named = [None, None, Some(next), Some(near)];
        let shift = self.chance.pick(&named).filter(|_| whose.1.is_some());
        let length = self.days.entries.get(&store).copied().unwrap_or(0);
        // As a database would: whoever closes a day has claimed the chain's head.
        self.counter.state.load_head(&store, length);
        let command =
            CloseDay { store, register, business_date: day, shift, opening_cash, counted_cash };
        let fault = self.days.fault(whose, day, shift, self.today());
        match self.perform(&Command::CloseDay(command), false) {
            Outcome::Refused(refusal) => {
                assert_eq!(Some(refusal.code()), fault, "{whose:?} {day}: {refusal:?}");
                self.seen.closed_out_of_turn += 1;
            }
            Outcome::Done(done) => {
                assert_eq!(fault, None, "{whose:?} {day}: {done:?}");
                let Done::DayClosed(end) = *done else { panic!("{done:?}") };
                assert_eq!(
                    (end.business_date, end.opening_cash, end.counted_cash),
                    (day, opening_cash, counted_cash)
                );
                self.same_day_end(whose, *end, length + 1);
            }
        }
    }

    fn same_day_end(&mut self, whose: &Whose, end: DayEnd, seq: u64) {
        let (before, last) = self.days.last(whose);
        let from = last.map_or(1, |last| last.seq + 1);
        assert_eq!(
            (of(&end), end.number, end.from_seq, end.seq),
            (whose.clone(), before as u64 + 1, from, seq)
        );
        assert_eq!(
            (end.closed_at, end.operator.as_str()),
            (self.counter.now, crate::counter::CASHIER)
        );
        assert_eq!(end.currency.code(), self.shop.code);
        assert_eq!(end.shift, self.days.shifts(whose, end.business_date) + 1);
        self.seen.further_shifts += u64::from(end.shift > 1);
        let late = self.days.open(whose).iter().any(|(_, of)| *of < end.business_date);
        let sums = self.days.take(whose, end.business_date);
        let told = end.sums.0.iter().map(|(event, summed)| {
            (
                *event,
                (summed.movements, std::array::from_fn(|a| summed.amounts.of(Account::ALL[a]).0)),
            )
        });
        assert_eq!(told.collect::<BTreeMap<Event, Counted>>(), sums, "{end:?}");
        let drawer = sums.values().map(|(_, amounts)| amounts[Account::Cash as usize]).sum::<i64>();
        let cash = end.opening_cash.map_or(0, |cash| cash.0) + drawer;
        assert_eq!(end.expected_cash().0, cash);
        assert_eq!(
            end.difference().map(|difference| difference.0),
            end.counted_cash.map(|counted| counted.0 - cash)
        );
        let totals = end.perpetual;
        let told = [totals.sales, totals.returns, totals.voided_sales, totals.voided_returns]
            .map(|total| total.0);
        assert_eq!(told, self.days.perpetual(whose), "{end:?}");
        assert_eq!(totals.net().0, told[0] - told[1] - told[2] + told[3]);
        self.seen.days_closed += 1;
        self.seen.stores_closed += u64::from(whose.1.is_none() && !sums.is_empty());
        self.seen.came_late += u64::from(late);
        self.days.ends.push(end);
    }

    /// Closes everything there is: the day ends have all that was ever moved, each of it once.
    pub fn close_everything(&mut self) {
        self.counter.now += SignedDuration::from_hours(3 * 24);
        for (store, _, _) in self.shop.stores {
            let own = (store.to_owned(), None);
            while self
                .days
                .registers(store)
                .iter()
                .chain([&own])
                .any(|whose| self.days.next(whose).is_some())
            {
                self.close_store(store);
            }
            // What came late for the last day that was closed.
            for whose in self.days.registers(store).iter().chain([&own]) {
                self.close(whose, self.today());
            }
        }
        let (mut of_stores, mut of_registers) = ([0; Account::COUNT], [0; Account::COUNT]);
        for end in &self.days.ends {
            let into =
                if end.till.register().is_some() { &mut of_registers } else { &mut of_stores };
            let all = end.sums.0.values().flat_map(|summed| summed.amounts.iter());
            all.for_each(|(account, amount)| into[account as usize] += amount.0);
        }
        for account in Account::ALL {
            assert_eq!(of_stores[*account as usize], self.accounts.of(*account).0, "{account:?}");
            let elsewhere = self.days.moved.iter().filter(|moved| moved.whose.1.is_none());
            let elsewhere: i64 = elsewhere.map(|moved| moved.amounts[*account as usize]).sum();
            assert_eq!(
                of_registers[*account as usize] + elsewhere,
                of_stores[*account as usize],
                "{account:?}"
            );
        }
    }
}
