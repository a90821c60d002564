//! Units that come back for less than they are worth: the customer agreed to a lower price.

use super::super::allocate::half_up;
use super::super::money::Minor;
use super::super::quantity::Quantity;
use super::super::unit_price::UnitPrice;
use super::{LineBook, Parts};

impl LineBook {
    /// Takes units back at a price of their own, before the taxes on top, if that is lower than
    /// what was paid for one of the units that are left, rounded down to the minor unit: registers
    /// know a price in minor units, and no cent is lost for that.
    ///
    /// None if more units are asked than are left.
    pub fn take_at(&mut self, quantity: Quantity, price: UnitPrice) -> Option<Parts> {
        if price >= self.price_of_one() {
            return self.take(quantity);
        }
        self.take_for_net(quantity, price.times(quantity)?)
    }

    /// The net of one of the units that are left, rounded down.
    fn price_of_one(&self) -> UnitPrice {
        let (net, units) = (self.left()[0].0, self.returnable().0.max(1));
        let exact = i128::from(net) * i128::from(Quantity::ONE.0) / i128::from(units);
        Minor(i64::try_from(exact).unwrap_or(i64::MAX)).into()
    }

    /// Takes units back for a lower net than they are worth, if it is lower. Each tax goes down
    /// with it. The rest is given to nobody.
    fn take_for_net(&mut self, quantity: Quantity, net: Minor) -> Option<Parts> {
        let whole = self.take(quantity)?;
        if net >= whole.net {
            return Some(whole);
        }
        let lowered = |tax: &Minor| {
            Minor(half_up(i128::from(tax.0) * i128::from(net.0), i128::from(whole.net.0)))
        };
        let mut parts = Parts { net, taxes: whole.taxes.iter().map(lowered).collect(), ..whole };
        let mut forgone = vec![Minor(whole.net.0 - net.0)];
        forgone
            .extend(whole.taxes.iter().zip(&parts.taxes).map(|(all, part)| Minor(all.0 - part.0)));
        parts.gross = Minor(whole.gross.0 - self.paid_sum(&forgone).0);
        self.forgone.resize(forgone.len(), Minor::ZERO);
        self.given.iter_mut().zip(&forgone).for_each(|(given, part)| given.0 -= part.0);
        self.forgone.iter_mut().zip(&forgone).for_each(|(all, part)| all.0 += part.0);
        parts.forgone = forgone;
        Some(parts)
    }

    /// Takes back what a return let go.
    pub(super) fn put_back_forgone(&mut self, taken: &[Minor]) {
        self.forgone.iter_mut().zip(taken).for_each(|(forgone, part)| forgone.0 -= part.0);
        if self.forgone.iter().all(|forgone| forgone.is_zero()) {
            self.forgone.clear();
        }
    }
}
