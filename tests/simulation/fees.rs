//! The model's restocking fees: by what has come back in all, less what was kept before.

use crate::ledger::{Line, nearest};
use crate::terms::{Fee, Terms};
use crate::verdict::{Ask, Returned};

/// Units, and what was given for net and taxes.
#[derive(Clone, Debug)]
pub struct SoFar {
    pub units: i64,
    pub given: Vec<i64>,
}

impl SoFar {
    pub fn of(line: &Line) -> SoFar {
        SoFar {
            units: line.returned,
            given: line.portions.iter().map(|portion| portion.given).collect(),
        }
    }

    pub fn add(&mut self, line: &Returned) {
        self.units += line.quantity;
        self.given.iter_mut().zip(&line.worth).for_each(|(given, worth)| *given += worth);
    }
}

/// The fee on what comes back now, and what is kept of each tax with it.
pub fn fee(
    terms: &Terms,
    ask: &Ask,
    line: &Line,
    before: &SoFar,
    now: &Returned,
    taxed: bool,
) -> (i64, Vec<i64>) {
    let nothing = || (0, vec![0; line.taxes]);
    if ask.quantity.is_none() || !ask.opened || ask.defective || line.card.is_some() {
        return nothing();
    }
    let after = before.units + now.quantity;
    let in_all = |place: usize, given: i64, units: i64| match terms.fee {
        Fee::Percent(percent) => nearest(i128::from(given) * i128::from(percent), 100),
        Fee::Each(each) => {
            let fees = nearest(i128::from(each) * i128::from(units), 1_000);
            let net = line.portions[0].value;
            match place {
                0 => fees,
                _ if net == 0 => 0,
                _ => nearest(
                    i128::from(line.portions[place].value) * i128::from(fees.min(net)),
                    i128::from(net),
                ),
            }
        }
    };
    let kept = |place: usize| {
        let (given, worth) = (before.given[place], now.worth[place]);
        (in_all(place, given + worth, after) - in_all(place, given, before.units)).clamp(0, worth)
    };
    let taxes = (1..=line.taxes).map(|place| if taxed { kept(place) } else { 0 }).collect();
    (kept(0), taxes)
}
