//! What repricing keeps of units that are back, until the rest of their promotion comes back too
//! (PRODUCT §4, `reprice`).
//!
//! What units are worth is shared as ever; of that, a part is not paid yet. What is paid and what
//! is withheld together are always what would have been paid without repricing, so that the line
//! pays exactly its value in the end.

use super::super::allocate::half_up;
use super::super::money::Minor;
use super::{LineBook, Parts};

impl LineBook {
    /// Remembers that a return of this line was repriced, though it may have withheld nothing.
    pub fn mark_repriced(&mut self) {
        if self.withheld.is_empty() {
            self.withheld = vec![Minor::ZERO; 1 + self.taxes.len()];
        }
    }

    /// Whether a return of this line was repriced.
    pub fn is_repriced(&self) -> bool {
        !self.withheld.is_empty()
    }

    /// What is withheld of the net.
    pub fn net_withheld(&self) -> Minor {
        self.withheld.first().copied().unwrap_or_default()
    }

    /// What the units that are back are worth, net, paid or withheld; money given back while the
    /// goods stay included.
    pub fn net_worth(&self) -> Minor {
        Minor(self.given[0].0 + self.net_withheld().0)
    }

    /// Withholds `net` of what `parts` has just given back, and taxes in proportion: as charged
    /// then, by what is withheld of the line in all, so that they too come back exactly.
    ///
    /// Requires `0 ≤ net ≤ parts.net`.
    pub fn withhold(&mut self, parts: &Parts, net: Minor) -> Parts {
        self.mark_repriced();
        let mut moved = self.shift(net);
        for (moved, tax) in moved[1..].iter_mut().zip(&parts.taxes) {
            moved.0 = moved.0.min(tax.0);
        }
        self.keep(&moved);
        let taxes: Vec<Minor> =
            parts.taxes.iter().zip(&moved[1..]).map(|(tax, kept)| Minor(tax.0 - kept.0)).collect();
        let gross = Minor(parts.gross.0 - self.paid_sum(&moved).0);
        let discount_shares = parts.discount_shares.clone();
        Parts {
            net: Minor(parts.net.0 - moved[0].0),
            taxes,
            discount_shares,
            gross,
            withheld: moved,
            forgone: parts.forgone.clone(),
        }
    }

    /// Pays `net` of what is withheld, and taxes in proportion.
    ///
    /// Requires `0 ≤ net ≤` what is withheld.
    pub fn release(&mut self, net: Minor) -> Parts {
        let mut moved = self.shift(Minor(-net.0));
        moved[1..].iter_mut().for_each(|tax| tax.0 = tax.0.min(0));
        self.keep(&moved);
        let taxes: Vec<Minor> = moved[1..].iter().map(|tax| Minor(-tax.0)).collect();
        let discount_shares = vec![Minor::ZERO; self.discount_shares().len()];
        let gross = Minor(-self.paid_sum(&moved).0);
        let (net, forgone) = (Minor(-moved[0].0), Vec::new());
        Parts { net, taxes, discount_shares, gross, withheld: moved, forgone }
    }

    /// How net and taxes withheld change when `net` more of the net is: each tax stands to its
    /// worth as net to net.
    fn shift(&self, net: Minor) -> Vec<Minor> {
        let (worth, withheld) = (self.net_worth().0, self.net_withheld().0 + net.0);
        let mut moved = vec![net];
        for tax in 1..=self.taxes.len() {
            let known = self.withheld[tax].0;
            let share = i128::from(self.given[tax].0 + known) * i128::from(withheld);
            let upto = if worth > 0 { half_up(share, i128::from(worth)) } else { 0 };
            moved.push(Minor(upto - known));
        }
        moved
    }

    fn keep(&mut self, moved: &[Minor]) {
        for (place, moved) in moved.iter().enumerate() {
            self.given[place].0 -= moved.0;
            self.withheld[place].0 += moved.0;
        }
    }

    /// Takes back what a return withheld or released. A line of which nothing is left withheld or
    /// returned is as new.
    pub(super) fn put_back_withheld(&mut self, taken: &[Minor]) {
        self.withheld.iter_mut().zip(taken).for_each(|(withheld, part)| withheld.0 -= part.0);
        if self.returned.0 == 0 && self.withheld.iter().all(|withheld| withheld.is_zero()) {
            self.withheld.clear();
        }
    }
}
