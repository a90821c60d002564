//! What has come back of a charge: shipping, a fee, a deposit.

use super::super::allocate::{half_up, largest_remainder};
use super::super::money::Minor;
use super::super::sale::Charge;

/// The state of one charge. Its values are its amount after discounts, then each tax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeBook {
    pub charge: u32,
    pub(super) values: Vec<Minor>,
    /// Marks the values that are paid: all but the taxes that the amount contains.
    paid: Vec<bool>,
    pub(super) given: Vec<Minor>,
}

/// A part of a charge, and of each of its taxes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChargeParts {
    pub amount: Minor,
    pub taxes: Vec<Minor>,
}

impl ChargeParts {
    /// All taxes of the part.
    pub fn tax(&self) -> Minor {
        Minor(self.taxes.iter().map(|tax| tax.0).sum())
    }

    /// Adds another part of the same charge.
    pub fn add(&mut self, other: &ChargeParts) {
        self.amount.0 += other.amount.0;
        self.taxes.iter_mut().zip(&other.taxes).for_each(|(tax, more)| tax.0 += more.0);
    }
}

impl ChargeBook {
    /// The book of a charge, as it was paid, of which nothing has come back.
    pub fn new(charge: &Charge) -> ChargeBook {
        let taxes = || charge.taxes.iter();
        let values: Vec<Minor> =
            std::iter::once(charge.amount).chain(taxes().map(|tax| tax.amount)).collect();
        ChargeBook {
            charge: charge.charge,
            given: vec![Minor::ZERO; values.len()],
            paid: std::iter::once(true).chain(taxes().map(|tax| !tax.is_contained())).collect(),
            values,
        }
    }

    /// The same charge with what has been given back of each value; none: all of it.
    pub fn restore(&mut self, given: Option<Vec<Minor>>) {
        self.given = given.unwrap_or_else(|| self.values.clone());
    }

    /// Amount and taxes given back so far.
    pub fn given(&self) -> &[Minor] {
        &self.given
    }

    /// What has been given back, taxes included.
    pub fn refunded(&self) -> Minor {
        self.paid_sum(&self.given)
    }

    /// What may still be given back, taxes included.
    pub fn left(&self) -> Minor {
        Minor(self.paid_sum(&self.values).0 - self.refunded().0)
    }

    /// Returns true if something was given back and nothing is left.
    pub fn is_refunded(&self) -> bool {
        self.refunded().is_positive() && self.left().is_zero()
    }

    /// All of the charge.
    pub fn whole(&self) -> ChargeParts {
        ChargeParts { amount: self.values[0], taxes: self.values[1..].to_vec() }
    }

    /// What the customer gets for a part.
    pub fn gross(&self, parts: &ChargeParts) -> Minor {
        Minor(parts.amount.0 + parts.tax().0 - self.contained(parts).0)
    }

    /// Those taxes of a part that its amount contains.
    pub fn contained(&self, parts: &ChargeParts) -> Minor {
        let taxes = parts.taxes.iter().zip(&self.paid[1..]);
        Minor(taxes.filter(|(_, paid)| !**paid).map(|(tax, _)| tax.0).sum())
    }

    /// Gives `amount` back, taxes included, or all that is left: shared over the amount and the
    /// taxes on top as they are left, so that any parts come to the whole of each. Taxes that the
    /// amount contains go with it in proportion. None if more is asked than is left.
    pub fn take(&mut self, amount: Option<Minor>) -> Option<ChargeParts> {
        let asked = amount.unwrap_or(self.left());
        if asked.0 < 0 || asked > self.left() {
            return None;
        }
        let left: Vec<Minor> =
            self.values.iter().zip(&self.given).map(|(v, g)| Minor(v.0 - g.0)).collect();
        let weights: Vec<Minor> = (left.iter().zip(&self.paid))
            .map(|(left, paid)| if *paid { *left } else { Minor::ZERO })
            .collect();
        let mut parts = largest_remainder(asked, &weights);
        let of = i128::from(left[0].0).max(1);
        for place in (1..parts.len()).filter(|place| !self.paid[*place]) {
            let share = i128::from(left[place].0) * i128::from(parts[0].0);
            parts[place] = Minor(half_up(share, of));
        }
        self.given.iter_mut().zip(&parts).for_each(|(given, part)| given.0 += part.0);
        Some(ChargeParts { amount: parts[0], taxes: parts[1..].to_vec() })
    }

    /// Puts back what a void takes back.
    pub fn put_back(&mut self, parts: &ChargeParts) {
        let parts = std::iter::once(&parts.amount).chain(&parts.taxes);
        self.given.iter_mut().zip(parts).for_each(|(given, part)| given.0 -= part.0);
    }

    pub(super) fn paid_sum(&self, values: &[Minor]) -> Minor {
        Minor(values.iter().zip(&self.paid).filter(|(_, paid)| **paid).map(|(v, _)| v.0).sum())
    }
}
