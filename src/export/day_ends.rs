//! Whether day ends hold: numbered without a gap, each movement in exactly one, sums and perpetual
//! totals as booked.

use super::ledger::{Fault, at};
use crate::domain::canonical::Json;
use crate::domain::day_end::{DayEnd, Perpetual, Summed, Sums};
use crate::domain::entry::Event;
use crate::domain::journal::day_end::facts;
use crate::store::search::day_ends;
use crate::store::search::ledger::Told;
use crate::store::{Read, StoreError};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// The day ends of a store, and what its movements come to in each: summed up anew while the chain
/// is walked.
pub(super) struct Days {
    store: String,
    /// By register; the store's own under the empty one.
    tills: BTreeMap<String, Vec<Day>>,
    /// Places of day ends whose entries were met.
    met: BTreeSet<u64>,
    faults: Vec<Fault>,
}

struct Day {
    closed: DayEnd,
    booked: Sums,
}

impl Days {
    pub fn of(read: &mut Read<'_>, store: &str) -> Result<Days, StoreError> {
        let mut tills: BTreeMap<String, Vec<Day>> = BTreeMap::new();
        for closed in day_ends::all_of(read, store)? {
            let register = closed.till.register.clone();
            tills.entry(register).or_default().push(Day { closed, booked: Sums::default() });
        }
        Ok(Days { store: store.to_owned(), tills, met: BTreeSet::new(), faults: Vec::new() })
    }

    /// Sums a movement up where it belongs, and holds the entry of a day end against the day end.
    pub fn take(&mut self, told: &Told) {
        if told.event == Event::DayEndClosed.as_str() {
            self.take_closing(told);
        }
        let Some(booked) = &told.booked else { return };
        // What cannot be read is told by whoever holds movements against the log.
        let (Ok(day), Some(event)) = (booked.business_date.parse(), Event::parse(&booked.event))
        else {
            return;
        };
        let register = booked.register.clone().unwrap_or_default();
        let summed = Summed { movements: 1, amounts: booked.amounts };
        let seq = u64::try_from(told.seq).unwrap_or(0);
        if let Some(day) = covering(self.tills.get_mut(&register), day, seq) {
            day.booked.add(event, &summed);
        }
    }

    fn take_closing(&mut self, told: &Told) {
        let seq = u64::try_from(told.seq).unwrap_or(0);
        let closed =
            self.tills.values().flatten().map(|day| &day.closed).find(|closed| closed.seq == seq);
        let Some(closed) = closed else {
            let why = "the log says that a day was closed, and there is no such day end".to_owned();
            return self.faults.push(at(&self.store, told.seq, None, why));
        };
        let says =
            Json::parse_canonical(&told.leaf).ok().and_then(|leaf| leaf.get("data").cloned());
        if says != Some(as_told(closed, says.as_ref()))
            || told.subject_id != Some(closed.id.to_string())
        {
            let why = "the day end is not the one that the log tells of".to_owned();
            self.faults.push(at(&self.store, told.seq, None, why));
        }
        self.met.insert(seq);
    }

    /// What does not hold, when the whole chain was walked.
    pub fn faults(mut self) -> Vec<Fault> {
        let mut own = self.tills.remove("").unwrap_or_default();
        for closed in self.tills.values().flatten().map(|day| &day.closed) {
            if let Some(day) = covering(Some(&mut own), closed.business_date, closed.seq) {
                day.booked.add_all(&closed.sums);
            }
        }
        // A day end of the store itself is the last word on its day.
        let by_store: Vec<(Date, u64)> =
            own.iter().map(|day| (day.closed.business_date, day.closed.seq)).collect();
        let is_over = |closed: &DayEnd| {
            let over = |(day, seq): &(Date, u64)| {
                *day >= closed.business_date && *seq < closed.seq && closed.shift > 1
            };
            by_store.iter().any(over)
        };
        self.tills.insert(String::new(), own);
        let mut faults = std::mem::take(&mut self.faults);
        for days in self.tills.values() {
            let mut before: Option<&DayEnd> = None;
            for Day { closed, booked } in days {
                let met = self.met.contains(&closed.seq);
                let late = "it is a further shift of a day that its store had closed";
                let why = why_not(before, closed, booked)
                    .or(is_over(closed).then(|| late.to_owned()))
                    .or((!met).then(|| "the log does not tell of it".to_owned()));
                faults.extend(why.map(|why| {
                    let whose = closed
                        .till
                        .register()
                        .map_or_else(String::new, |register| format!(" of register {register}"));
                    let detail = format!("day end {}{whose}: {why}", closed.number);
                    at(&self.store, i64::try_from(closed.seq).unwrap_or(i64::MAX), None, detail)
                }));
                before = Some(closed);
            }
        }
        faults
    }
}

/// What an entry should say of a day end. Entries from before there were shifts say of none: all of
/// those are the first.
fn as_told(closed: &DayEnd, says: Option<&Json>) -> Json {
    let mut facts = facts(closed);
    let says_of_shifts = says.is_some_and(|says| says.get("shift").is_some());
    if closed.shift == 1
        && !says_of_shifts
        && let Json::Object(facts) = &mut facts
    {
        facts.remove("shift");
    }
    facts
}

/// The first day end, at or after a business date, that was closed after a place: dates and places
/// ascend alike.
fn covering(days: Option<&mut Vec<Day>>, day: Date, seq: u64) -> Option<&mut Day> {
    let days = days?;
    let place = days.partition_point(|d| d.closed.business_date < day || d.closed.seq <= seq);
    days.get_mut(place)
}

fn why_not(before: Option<&DayEnd>, closed: &DayEnd, booked: &Sums) -> Option<String> {
    let (number, from_seq) = before.map_or((1, 1), |before| (before.number + 1, before.seq + 1));
    if closed.number != number {
        return Some(format!("its number should be {number}"));
    }
    let same_day = before.filter(|before| before.business_date == closed.business_date);
    if before.is_some_and(|before| before.business_date > closed.business_date)
        || same_day.is_some_and(|before| before.till.register().is_none())
    {
        return Some("its business date is not after the one before".to_owned());
    }
    let shift = same_day.map_or(1, |before| before.shift + 1);
    if closed.shift != shift {
        return Some(format!("it is shift {}, and should be {shift}", closed.shift));
    }
    if closed.from_seq != from_seq {
        return Some(format!("it begins at {}, not at {from_seq}", closed.from_seq));
    }
    if closed.sums != *booked {
        let (kept, booked) = (closed.sums.total().movements, booked.total().movements);
        return Some(format!(
            "its sums are not those of its movements ({kept} kept, {booked} booked)"
        ));
    }
    let perpetual =
        before.map_or(Perpetual::default(), |before| before.perpetual).and(closed.sums.turnover());
    (closed.perpetual != perpetual)
        .then(|| "its perpetual totals are not those before it and its own".to_owned())
}
