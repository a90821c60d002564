//! The model's charges: what comes back of each and of its taxes, in parts or whole.

use crate::ledger::{nearest, shared};
use returndesk::domain::sale::Charge as Sold;

/// A charge of a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    pub number: u32,
    pub refundable: bool,
    /// The charge itself, then each tax.
    pub values: Vec<i64>,
    /// Which of them are paid: all but taxes that the charge contains.
    pub paid: Vec<bool>,
    pub given: Vec<i64>,
}

impl Charge {
    pub fn new(sold: &Sold, paid: Vec<(i64, bool)>) -> Charge {
        let (values, paid): (Vec<i64>, Vec<bool>) = paid.into_iter().unzip();
        let given = vec![0; values.len()];
        Charge { number: sold.charge, refundable: sold.refundable, given, values, paid }
    }

    /// What the customer has of such parts.
    pub fn gross(&self, parts: &[i64]) -> i64 {
        parts.iter().zip(&self.paid).filter(|(_, paid)| **paid).map(|(part, _)| part).sum()
    }

    fn left(&self) -> Vec<i64> {
        self.values.iter().zip(&self.given).map(|(value, given)| value - given).collect()
    }

    /// The most that can go back of it, refundable or not.
    pub fn most(&self) -> i64 {
        self.gross(&self.left())
    }

    /// Gives back so much of it, or all that is left: each part by what is left of it. None where
    /// that cannot be.
    pub fn give(&mut self, amount: Option<i64>) -> Option<Vec<i64>> {
        let most = self.most();
        let done = most == 0 && self.gross(&self.given) > 0;
        let asked = amount.unwrap_or(most);
        if !self.refundable || done || asked > most {
            return None;
        }
        Some(self.take(asked))
    }

    /// Gives back so much, whatever it is for.
    pub fn take(&mut self, asked: i64) -> Vec<i64> {
        let left = self.left();
        let weights: Vec<i64> =
            left.iter().zip(&self.paid).map(|(left, paid)| if *paid { *left } else { 0 }).collect();
        let mut parts = shared(asked, &weights);
        for place in (0..parts.len()).filter(|place| !self.paid[*place]) {
            let due = i128::from(left[place]) * i128::from(parts[0]);
            parts[place] = nearest(due, i128::from(left[0].max(1)));
        }
        self.given.iter_mut().zip(&parts).for_each(|(given, part)| *given += part);
        parts
    }

    pub fn put_back(&mut self, parts: &[i64]) {
        self.given.iter_mut().zip(parts).for_each(|(given, part)| *given -= part);
    }
}
