//! Taxes that go back while the goods stay: the customer turns out to be exempt.

use super::super::allocate::half_up;
use super::super::money::Minor;
use super::super::quantity::Quantity;
use super::{Base, LineBook, Parts};

impl LineBook {
    /// Returns what is left of the taxes with these codes.
    pub fn taxes_left(&self, codes: &[String]) -> Minor {
        let left = self.left();
        Minor(self.named(codes).map(|place| left[1 + place].0).sum())
    }

    /// Returns true if a tax of the line has one of these codes.
    pub fn has_tax(&self, codes: &[String]) -> bool {
        self.named(codes).next().is_some()
    }

    /// Gives the named taxes of `units` back while the goods stay: all that is left of each for all
    /// units that are left, else the part that is on the price of so many, and never more than is
    /// left. A tax that the net contains lowers the net. Later returns share the rest.
    ///
    /// None if more units are asked than are left.
    pub fn give_taxes(&mut self, codes: &[String], units: Quantity) -> Option<Parts> {
        if units.0 < 0 || units > self.returnable() {
            return None;
        }
        let left = self.left();
        let mut worth = vec![Minor::ZERO; left.len()];
        let places: Vec<usize> = self.named(codes).collect();
        for place in places {
            let tax = match units == self.returnable() {
                true => left[1 + place],
                false => self.tax_of_units(place, units, &left).min(left[1 + place]),
            };
            worth[1 + place] = tax;
            if self.taxes[place].is_contained() {
                worth[0].0 += tax.0;
            }
        }
        self.base = Base {
            quantity: self.returned,
            left: left.iter().zip(&worth).map(|(left, worth)| Minor(left.0 - worth.0)).collect(),
        };
        Some(self.give(worth))
    }

    /// The tax on the price of `units` of what is left: as the whole tax is to the whole price. The
    /// price is without the taxes in it, so that no earlier return of taxes has changed it.
    fn tax_of_units(&self, place: usize, units: Quantity, left: &[Minor]) -> Minor {
        let share = |amount: i128, part: i64, whole: i64| {
            Minor(half_up(amount * i128::from(part), i128::from(whole)))
        };
        let tax = i128::from(self.values[1 + place].0);
        let (whole, of_left) = (self.without_taxes(&self.values), self.without_taxes(left));
        if whole.is_zero() {
            return share(tax, units.0, self.sold.0);
        }
        let price = share(i128::from(of_left.0), units.0, self.returnable().0);
        share(tax, price.0, whole.0)
    }

    /// The net of `values` without the taxes that it contains.
    fn without_taxes(&self, values: &[Minor]) -> Minor {
        let taxes = self.taxes.iter().zip(&values[1..]).filter(|(tax, _)| tax.is_contained());
        Minor(values[0].0 - taxes.map(|(_, amount)| amount.0).sum::<i64>())
    }

    /// The places of the line's taxes that have one of these codes.
    fn named(&self, codes: &[String]) -> impl Iterator<Item = usize> {
        let known = self.taxes.iter().enumerate();
        known.filter(|(_, tax)| codes.contains(&tax.code)).map(|(place, _)| place)
    }
}
