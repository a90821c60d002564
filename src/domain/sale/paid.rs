//! What was paid for each line and each charge: after the discounts of the whole sale, and with the
//! taxes that were computed once for the receipt.
//!
//! Both are spread by largest remainder, so that the shares sum to what the receipt says, and the
//! same sale is always shared in the same way.

use super::super::allocate::largest_remainder;
use super::super::money::Minor;
use super::promotions::{Shared, share_taxes};
use super::{Charge, Sale, SaleLine, Scope, Tax, taxes_of, total_of};

/// What was paid for everything on a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// One for each line of the sale, in its order.
    pub lines: Vec<PaidLine>,
    /// The sale's charges, their amounts after discounts, their taxes with those of the receipt.
    pub charges: Vec<Charge>,
}

/// What was paid for one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidLine {
    /// After all discounts.
    pub net: Minor,
    /// The line's own taxes, then its shares of the receipt's. Each says if the net contains it.
    pub taxes: Vec<Tax>,
    /// The line's share of each discount of the sale.
    pub discount_shares: Vec<Minor>,
    /// Each own discount of the line, those of marked promotions as the promotion's lines share
    /// them.
    pub discounts: Vec<Minor>,
    /// How many of `taxes` are shares, and as such rounded.
    pub shared_taxes: usize,
    /// The place of the first line that shares a promotion with this one; its own if none does.
    pub group: usize,
}

impl PaidLine {
    /// What was paid in all, with the taxes that the net does not contain.
    pub fn gross(&self) -> Minor {
        Minor(self.net.0 + taxes_of(&self.taxes).0 - contained_of(&self.taxes).0)
    }

    /// The same parts, of which nothing was paid.
    pub fn of_nothing(mut self) -> PaidLine {
        self.net = Minor::ZERO;
        self.taxes.iter_mut().for_each(|tax| tax.amount = Minor::ZERO);
        self.discount_shares.fill(Minor::ZERO);
        self.discounts.fill(Minor::ZERO);
        self
    }
}

impl Tax {
    /// Whether the price contains it, once that is known ([`Paid`]).
    pub fn is_contained(&self) -> bool {
        self.included == Some(true)
    }
}

/// The sum of those taxes that the price contains.
pub fn contained_of(taxes: &[Tax]) -> Minor {
    Minor(taxes.iter().filter(|tax| tax.is_contained()).map(|tax| tax.amount.0).sum())
}

/// Lines, then charges, as amounts that something is spread over.
struct Bases<'a> {
    sale: &'a Sale,
    /// What is left of each line's net and each charge's amount.
    left: Vec<Minor>,
    promotions: Shared,
}

impl<'a> Bases<'a> {
    fn new(sale: &'a Sale) -> Bases<'a> {
        let promotions = sale.shared_discounts();
        let nets = sale.lines.iter().enumerate().map(|(place, line)| promotions.net(place, line));
        let left = nets.chain(sale.charges.iter().map(|charge| charge.amount)).collect();
        Bases { sale, left, promotions }
    }

    /// The own taxes of each line, those of lines that share a promotion as they share them.
    fn own_taxes(&self) -> Vec<Vec<Tax>> {
        let included = self.sale.prices_include_tax;
        let settled = |line: &SaleLine| self.sale.settled(&line.taxes, included);
        let mut taxes: Vec<Vec<Tax>> = self.sale.lines.iter().map(settled).collect();
        for group in &self.promotions.groups {
            share_taxes(group, &self.sale.lines, &self.left, &mut taxes);
        }
        taxes
    }

    /// Amounts of what a discount or tax names; nothing of the rest.
    fn named(&self, of: &Scope, amounts: &[Minor]) -> Vec<Minor> {
        let lines = self.sale.lines.iter().map(|line| of.has_line(line.line));
        let charges = self.sale.charges.iter().map(|charge| of.has_charge(charge.charge));
        let pick = |(named, amount): (bool, &Minor)| if named { *amount } else { Minor::ZERO };
        lines.chain(charges).zip(amounts).map(pick).collect()
    }

    /// What a discount can take off: goods given back and deposits are no price to discount.
    fn discountable(&self, of: &Scope) -> Vec<Minor> {
        self.named(of, &self.left).into_iter().map(|left| left.max(Minor::ZERO)).collect()
    }

    /// Takes the discounts of the sale off, each off what the ones before left.
    fn discount(&mut self) -> Vec<Off> {
        let mut all = Vec::with_capacity(self.sale.discounts.len());
        for discount in &self.sale.discounts {
            let named = self.discountable(&discount.of);
            let shares = largest_remainder(discount.amount, &named);
            self.left.iter_mut().zip(&shares).for_each(|(rest, share)| rest.0 -= share.0);
            all.push(Off { most: total_of(named.into_iter()), shares });
        }
        all
    }

    /// What a tax of the receipt is spread by: what was paid, or the list prices where all of that
    /// was taken off.
    fn taxable(&self, of: &Scope) -> Vec<Minor> {
        let paid = self.named(of, &self.left);
        if paid.iter().any(|paid| !paid.is_zero()) {
            return paid;
        }
        let lists = self.sale.lines.iter().map(SaleLine::before_discounts);
        let charges = self.sale.charges.iter().map(|charge| charge.amount);
        self.named(of, &lists.chain(charges).collect::<Vec<_>>())
    }
}

/// What one discount of the sale took off.
pub(super) struct Off {
    /// What it could take off at most.
    pub most: Minor,
    /// By line, then by charge.
    pub shares: Vec<Minor>,
}

/// As much of a tax as can be on these amounts: none on nothing, none of the other sign, and where
/// some was paid and some paid out, no more than is left, since shares would be beyond all reason.
fn possible(tax: Minor, bases: &[Minor]) -> Minor {
    let total = total_of(bases.iter().copied());
    let mixed = bases.iter().any(|base| base.0 < 0) && bases.iter().any(|base| base.0 > 0);
    match total.0.signum() * tax.0.signum() {
        1 if mixed => Minor(tax.0.clamp(-total.0.abs(), total.0.abs())),
        1 => tax,
        _ => Minor::ZERO,
    }
}

/// Spreads a tax over what was paid, of which some may have been paid out: the shares of that have
/// the other sign.
fn spread(tax: Minor, bases: &[Minor]) -> Vec<Minor> {
    let tax = possible(tax, bases);
    if total_of(bases.iter().copied()) >= Minor::ZERO {
        return largest_remainder(tax, bases);
    }
    let turned: Vec<Minor> = bases.iter().map(|base| Minor(-base.0)).collect();
    largest_remainder(Minor(-tax.0), &turned).iter().map(|part| Minor(-part.0)).collect()
}

impl Sale {
    /// What was paid for each line and charge.
    pub fn paid(&self) -> Paid {
        if let Some(converted) = &self.converted {
            return converted.paid.clone();
        }
        let mut bases = Bases::new(self);
        let offs = bases.discount();
        let groups = bases.promotions.by_place();
        let mut lines: Vec<PaidLine> = (bases.own_taxes().into_iter().enumerate())
            .map(|(place, taxes)| PaidLine {
                net: bases.left[place],
                shared_taxes: if groups.contains_key(&place) { taxes.len() } else { 0 },
                group: groups.get(&place).copied().unwrap_or(place),
                taxes,
                discount_shares: offs.iter().map(|off| off.shares[place]).collect(),
                discounts: bases.promotions.discounts[place].clone(),
            })
            .collect();
        let mut charges: Vec<Charge> = (self.charges.iter().zip(&bases.left[lines.len()..]))
            .map(|(charge, left)| Charge {
                amount: *left,
                taxes: self.settled(&charge.taxes, false),
                ..charge.clone()
            })
            .collect();
        for tax in &self.taxes {
            let included = Some(tax.tax.included.unwrap_or(self.prices_include_tax));
            let parts = spread(tax.tax.amount, &bases.taxable(&tax.of));
            let share = |amount: &Minor| Tax { amount: *amount, included, ..tax.tax.clone() };
            let (of_lines, of_charges) = parts.split_at(lines.len());
            for ((line, sold), part) in lines.iter_mut().zip(&self.lines).zip(of_lines) {
                if tax.of.has_line(sold.line) {
                    line.taxes.push(share(part));
                    line.shared_taxes += 1;
                }
            }
            for (charge, part) in charges.iter_mut().zip(of_charges) {
                tax.of.has_charge(charge.charge).then(|| charge.taxes.push(share(part)));
            }
        }
        Paid { lines, charges }
    }

    /// What was paid for a line.
    pub fn paid_line(&self, number: u32) -> Option<PaidLine> {
        let place = self.lines.iter().position(|line| line.line == number)?;
        Some(self.paid().lines.swap_remove(place))
    }

    /// What was paid for a charge: its amount after discounts, with all its taxes.
    pub fn paid_charge(&self, number: u32) -> Option<Charge> {
        let known = self.charges.iter().any(|charge| charge.charge == number);
        known.then(|| self.paid())?.charges.into_iter().find(|charge| charge.charge == number)
    }

    /// Each discount of the sale spread over the lines, then the charges, that it names, by largest
    /// remainder, in proportion to what the earlier ones left: `shares[discount][place]`.
    /// Deterministic, and nothing is discounted below nothing.
    pub fn discount_shares(&self) -> Vec<Vec<Minor>> {
        self.offs().into_iter().map(|off| off.shares).collect()
    }

    pub(super) fn offs(&self) -> Vec<Off> {
        Bases::new(self).discount()
    }

    /// As much of each tax of the receipt as can be on what it names.
    pub(super) fn possible_taxes(&self) -> Vec<Minor> {
        let mut bases = Bases::new(self);
        bases.discount();
        self.taxes.iter().map(|tax| possible(tax.tax.amount, &bases.taxable(&tax.of))).collect()
    }

    /// Taxes that say by themselves if the price contains them.
    fn settled(&self, taxes: &[Tax], included: bool) -> Vec<Tax> {
        let settle =
            |tax: &Tax| Tax { included: Some(tax.included.unwrap_or(included)), ..tax.clone() };
        taxes.iter().map(settle).collect()
    }
}
