//! Units that come back for a lower price in the model, as `docs/money.md` tells it in section 3a.

use crate::chance::Chance;
use crate::ledger::{Line, nearest};
use returndesk::domain::money::Currency;
use returndesk::domain::unit_price::UnitPrice;

/// The price asked for one unit, in tenths of a minor unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(pub i64);

impl Price {
    /// A price around what was paid, now and then finer than the currency.
    pub fn some(line: &Line, chance: &mut Chance) -> Price {
        let paid = line.portions[0].value * 1_000 / line.sold.max(1);
        let whole = if chance.one_in(3) { paid } else { chance.within(0, paid.max(1) + 2) };
        let finer = if chance.one_in(3) { chance.within(0, 10) } else { 0 };
        Price(whole.min(1_000_000) * 10 + finer)
    }

    pub fn told(self, code: &str) -> UnitPrice {
        let currency = Currency::parse(code).unwrap();
        let scale = 10_i64.pow(currency.digits() + 1);
        let (whole, rest) = (self.0 / scale, self.0 % scale);
        let width = currency.digits() as usize + 1;
        UnitPrice::parse(&format!("{whole}.{rest:0>width$}"), currency).unwrap()
    }

    /// What units come to.
    pub fn of(self, units: i64) -> i64 {
        nearest(i128::from(self.0) * i128::from(units), 10_000)
    }

    /// Whether it is more than was paid, by more than a minor unit for each unit.
    pub fn is_above(self, worth: &[i64], units: i64) -> bool {
        self.of(units) > worth[0] + (units + 999) / 1_000
    }
}

impl Line {
    /// What units give at a price, and what is forgone of net and taxes; nothing if the price is no
    /// lower than what was paid for one of the units left, in whole minor units.
    pub fn worth_at(&self, units: i64, price: Option<Price>) -> (Vec<i64>, Vec<i64>) {
        let whole = self.worth(units);
        let left = self.portions[0].value - self.portions[0].gone();
        let paid = left * 1_000 / (self.sold - self.returned).max(1);
        let net = price.filter(|price| price.0 < paid * 10).map(|price| price.of(units));
        let Some(net) = net.filter(|net| *net < whole[0]) else { return (whole, vec![]) };
        let lower = |part: i64| nearest(i128::from(part) * i128::from(net), i128::from(whole[0]));
        let given = |(place, part): (usize, &i64)| {
            if place <= self.taxes { lower(*part) } else { *part }
        };
        let worth: Vec<i64> = whole.iter().enumerate().map(given).collect();
        let forgone = whole.iter().zip(&worth).map(|(all, part)| all - part);
        let forgone = forgone.take(1 + self.taxes).collect();
        (worth, forgone)
    }

    /// Lets so much go, portion by portion.
    pub fn let_go(&mut self, forgone: &[i64]) {
        self.portions.iter_mut().zip(forgone).for_each(|(portion, part)| portion.forgone += part);
    }
}
