//! Taxes back while the goods stay in the model, as `docs/money.md` tells it in section 4b.

use crate::chance::Chance;
use crate::ledger::{Books, Line, nearest};
use crate::verdict::{Expected, Returned, Scene};
use crate::world::Brought;

/// The taxes asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exempt {
    pub codes: Vec<String>,
    /// Thousandths; none: all that are left.
    pub units: Option<i64>,
}

impl Exempt {
    /// Some taxes of a line and of what is with it; none where there are none.
    pub fn some(books: &Books, place: usize, units: i64, chance: &mut Chance) -> Option<Exempt> {
        let lines = books.family(place).into_iter().map(|place| &books.lines[place]);
        let mut codes: Vec<String> = lines.flat_map(|line| line.codes.clone()).collect();
        codes.sort();
        codes.dedup();
        let one = chance.index(codes.len().max(1));
        if chance.one_in(2) && one < codes.len() {
            codes = vec![codes.swap_remove(one)];
        }
        if chance.one_in(30) {
            codes.push("NONE".to_owned());
        }
        let units = chance.one_in(2).then_some(units);
        (!codes.is_empty()).then_some(Exempt { codes, units })
    }
}

impl Line {
    fn exempt_left(&self, codes: &[String]) -> i64 {
        self.named(codes)
            .map(|place| self.portions[place].value - self.portions[place].gone())
            .sum()
    }

    /// Places of the named taxes among the portions.
    fn named(&self, codes: &[String]) -> impl Iterator<Item = usize> {
        (1..=self.taxes).filter(|place| codes.contains(&self.codes[place - 1]))
    }

    /// What the named taxes of units give: all that is left, or the tax on the price of so many, as
    /// far as it is left. What is in the price is off it.
    fn worth_of_taxes(&self, codes: &[String], units: i64) -> Vec<i64> {
        let out = self.sold - self.returned;
        let gone_of = |place: usize| self.portions[place].gone();
        let value = |place: usize| self.portions[place].value;
        let inside = || (1..=self.taxes).filter(|place| !self.portions[*place].paid);
        let price = value(0) - inside().map(value).sum::<i64>();
        let gone = gone_of(0) - inside().map(gone_of).sum::<i64>();
        let of_units = nearest(i128::from(price - gone) * i128::from(units), i128::from(out));
        let mut worth = vec![0; self.portions.len()];
        for place in self.named(codes) {
            let left = value(place) - gone_of(place);
            let (part, of) = if price == 0 { (units, self.sold) } else { (of_units, price) };
            let tax = nearest(i128::from(value(place)) * i128::from(part), i128::from(of));
            worth[place] = if units == out { left } else { tax.min(left) };
            worth[0] += if self.portions[place].paid { 0 } else { worth[place] };
        }
        worth
    }
}

impl Expected {
    /// Taxes of a line that stays, and of what is with it.
    pub fn give_taxes(
        &mut self,
        scene: &Scene<'_>,
        brought: &Brought,
        (sale, place): (usize, usize),
        at: usize,
        exempt: &Exempt,
    ) {
        let Exempt { codes, units } = exempt;
        let books = &self.books[&sale];
        let family = books.family(place);
        let has = |code: &String| family.iter().any(|of| books.lines[*of].codes.contains(code));
        if !codes.iter().all(has) {
            self.invalid = true;
            return;
        }
        let taxed = |of: &usize| {
            let line = &books.lines[*of];
            line.card.is_none() && line.exempt_left(codes) > 0
        };
        let taxed: Vec<usize> = family.into_iter().filter(taxed).collect();
        let with_parts = taxed.iter().any(|of| *of != place);
        if with_parts && units.is_some() {
            self.invalid = true;
            return;
        }
        let lines = if with_parts { taxed } else { vec![place] };
        for of in lines {
            let before = self.books[&sale].lines[of].clone();
            let out = before.sold - before.returned;
            let units = units.unwrap_or(out);
            let taken =
                before.card.is_none() && units <= out && out > 0 && before.exempt_left(codes) > 0;
            let mut worth = vec![0; before.portions.len()];
            if taken {
                worth = before.worth_of_taxes(codes, units);
                self.books.get_mut(&sale).unwrap().lines[of].adjust(&worth);
            }
            self.refused |= !taken;
            let line = Returned::bare(sale, of, at, 0, worth, taken);
            self.enter(scene, brought, (sale, of), &before, line);
        }
    }
}
