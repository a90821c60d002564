//! Promotions that the register marks on their lines: what they took off one line is off all of
//! them.
//!
//! "Buy two, get one free" is rung up as one line with a discount, as three lines of which one is
//! free, or as two lines. However it is, a unit is worth the same.

use super::super::allocate::largest_remainder;
use super::super::money::Minor;
use super::{Sale, SaleLine, Tax, total_of};
use std::collections::{BTreeSet, HashMap};

/// Where a promotion stands: the places of its lines, and of the discount on each.
type Entries = Vec<(usize, usize)>;

/// The lines' own discounts, with those of marked promotions shared by their lines.
pub(super) struct Shared {
    /// Each own discount of each line.
    pub discounts: Vec<Vec<Minor>>,
    /// Lines that share a discount, by their places.
    pub groups: Vec<BTreeSet<usize>>,
}

impl Shared {
    /// Of each line that shares a promotion, the place of the first line of its group.
    pub fn by_place(&self) -> HashMap<usize, usize> {
        let first = |group: &BTreeSet<usize>| group.first().copied().unwrap_or_default();
        let all = self.groups.iter().map(|group| (first(group), group));
        all.flat_map(|(first, group)| group.iter().map(move |place| (*place, first))).collect()
    }

    /// The net of a line once promotions are shared, before any discount of the sale.
    pub fn net(&self, place: usize, line: &SaleLine) -> Minor {
        let off = total_of(self.discounts[place].iter().copied());
        Minor(line.before_discounts().0 - off.0)
    }

    /// Spreads one promotion over its lines by list price, as far as other discounts left it: so
    /// nothing is discounted below nothing.
    fn share(&mut self, lines: &[SaleLine], entries: &Entries) {
        let off: i64 = entries.iter().map(|(place, at)| self.discounts[*place][*at].0).sum();
        if off == 0 {
            return;
        }
        for (place, at) in entries {
            self.discounts[*place][*at] = Minor::ZERO;
        }
        let mut first: Entries = entries.clone();
        first.dedup_by_key(|(place, _)| *place);
        let lists: Vec<Minor> = first
            .iter()
            .map(|(place, _)| self.net(*place, &lines[*place]).max(Minor::ZERO))
            .collect();
        for ((place, at), share) in first.iter().zip(largest_remainder(Minor(off), &lists)) {
            self.discounts[*place][*at] = share;
        }
        self.group(first.into_iter().map(|(place, _)| place).collect());
    }

    fn group(&mut self, mut group: BTreeSet<usize>) {
        self.groups.retain(|other| {
            let apart = group.is_disjoint(other);
            if !apart {
                group.extend(other);
            }
            apart
        });
        self.groups.push(group);
    }
}

impl Sale {
    /// The lines' own discounts, with those of marked promotions shared by their lines.
    pub(super) fn shared_discounts(&self) -> Shared {
        let amounts = |line: &SaleLine| line.discounts.iter().map(|d| d.amount).collect();
        let discounts = self.lines.iter().map(amounts).collect();
        let mut shared = Shared { discounts, groups: Vec::new() };
        if self.shares_promotions {
            self.marked().iter().for_each(|entries| shared.share(&self.lines, entries));
        }
        shared
    }

    /// The promotions that are marked on some line with a discount of nothing, in the order of the
    /// receipt.
    fn marked(&self) -> Vec<Entries> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut all: Vec<(Entries, bool)> = Vec::new();
        // Bottles and goods given back are no price to discount.
        for (place, line) in self.lines.iter().enumerate().filter(|(_, line)| line.is_goods()) {
            for (at, discount) in line.discounts.iter().enumerate() {
                let Some(name) = discount.promotion.as_deref() else { continue };
                let promotion = *places.entry(name).or_insert(all.len());
                if promotion == all.len() {
                    all.push((Vec::new(), false));
                }
                all[promotion].0.push((place, at));
                all[promotion].1 |= discount.amount.is_zero();
            }
        }
        all.into_iter().filter(|(_, marked)| *marked).map(|(entries, _)| entries).collect()
    }
}

/// Shares the own taxes of lines that share a promotion, each code and rate by itself, in
/// proportion to what was paid: the tax on a price that moves to another line moves with it. It
/// moves to lines that name the tax, and to what was free and names none at all.
pub(super) fn share_taxes(
    group: &BTreeSet<usize>,
    lines: &[SaleLine],
    paid: &[Minor],
    taxes: &mut [Vec<Tax>],
) {
    let free = |place: &usize| lines[*place].net.is_zero() && lines[*place].taxes.is_empty();
    let unnamed: Vec<usize> = group.iter().copied().filter(free).collect();
    for mut pool in pools(group, taxes) {
        for place in &unnamed {
            let (of, at) = pool[0];
            let nothing = Tax { amount: Minor::ZERO, ..taxes[of][at].clone() };
            pool.push((*place, taxes[*place].len()));
            taxes[*place].push(nothing);
        }
        let tax = total_of(pool.iter().map(|(place, at)| taxes[*place][*at].amount));
        let bases: Vec<Minor> = pool.iter().map(|(place, _)| paid[*place]).collect();
        if total_of(bases.iter().copied()).is_positive() {
            for ((place, at), share) in pool.iter().zip(largest_remainder(tax, &bases)) {
                taxes[*place][*at].amount = share;
            }
        }
    }
}

/// Where each tax of a group stands, one list for each code and rate.
fn pools(group: &BTreeSet<usize>, taxes: &[Vec<Tax>]) -> Vec<Entries> {
    let mut pools: Vec<Entries> = Vec::new();
    for place in group {
        for (at, tax) in taxes[*place].iter().enumerate() {
            let same = |pool: &&mut Entries| {
                let (of, first) = pool[0];
                let other = &taxes[of][first];
                (&tax.code, &tax.rate, tax.included) == (&other.code, &other.rate, other.included)
                    && pool.last().is_some_and(|(last, _)| last != place)
            };
            match pools.iter_mut().find(same) {
                Some(pool) => pool.push((*place, at)),
                None => pools.push(vec![(*place, at)]),
            }
        }
    }
    pools
}
