//! What was paid for each line and charge of a receipt, as `docs/money.md` tells it in sections 1, 2
//! and 7a.

use crate::ledger::shared;
use returndesk::domain::sale::{Charge, LineKind, Sale, SaleLine, Scope, Tax};
use std::collections::BTreeSet;

/// What was paid for one line.
pub struct Share {
    pub net: i64,
    /// Each tax, own ones first, and whether it is on top of the net.
    pub taxes: Vec<(String, i64, bool)>,
    /// Of each discount of the sale.
    pub told: Vec<i64>,
    /// Each own discount.
    pub own: Vec<i64>,
}

/// Shares of lines, and what was paid for each charge: the charge, then each tax, and whether it is
/// paid beside the others.
pub fn paid(sale: &Sale) -> (Vec<Share>, Vec<Vec<(i64, bool)>>) {
    let (discounts, groups) = promotions(sale);
    let after_own = |(line, own): (&SaleLine, &Vec<i64>)| list(line) - own.iter().sum::<i64>();
    let mut left: Vec<i64> = sale.lines.iter().zip(&discounts).map(after_own).collect();
    left.extend(sale.charges.iter().map(|charge| charge.amount.0));
    let mut told = Vec::new();
    for discount in &sale.discounts {
        let mut bases = named(sale, &discount.of, &left);
        // What was given back bears no discount.
        let back = sale.lines.iter().zip(&mut bases).filter(|(l, _)| l.kind != LineKind::Goods);
        back.for_each(|(_, base)| *base = 0);
        let shares = shared(discount.amount.0, &bases);
        left.iter_mut().zip(&shares).for_each(|(left, share)| *left -= share);
        told.push(shares);
    }
    let on_top = |tax: &Tax, included: bool| !tax.included.unwrap_or(included);
    let own_taxes = |line: &SaleLine| {
        let tax =
            |tax: &Tax| (tax.code.clone(), tax.amount.0, on_top(tax, sale.prices_include_tax));
        line.taxes.iter().map(tax).collect::<Vec<_>>()
    };
    let mut taxes: Vec<_> = sale.lines.iter().map(own_taxes).collect();
    groups.iter().for_each(|group| move_taxes(sale, group, &left, &mut taxes));
    let of_charge = |(charge, left): (&Charge, &i64)| {
        let taxes = charge.taxes.iter().map(|tax| (tax.amount.0, on_top(tax, false)));
        std::iter::once((*left, true)).chain(taxes).collect()
    };
    let left_of_charges = left[sale.lines.len()..].iter();
    let mut charges: Vec<Vec<(i64, bool)>> =
        sale.charges.iter().zip(left_of_charges).map(of_charge).collect();
    for tax in &sale.taxes {
        let mut bases = named(sale, &tax.of, &left);
        if bases.iter().all(|base| *base == 0) {
            let lists = sale.lines.iter().map(list);
            let all: Vec<i64> = lists.chain(sale.charges.iter().map(|c| c.amount.0)).collect();
            bases = named(sale, &tax.of, &all);
        }
        let shares = shared(tax.tax.amount.0, &bases);
        let on_top = on_top(&tax.tax, sale.prices_include_tax);
        for place in (0..sale.lines.len()).filter(|at| tax.of.has_line(sale.lines[*at].line)) {
            taxes[place].push((tax.tax.code.clone(), shares[place], on_top));
        }
        let of_charges = sale.charges.iter().zip(&shares[sale.lines.len()..]);
        for (paid, (charge, share)) in charges.iter_mut().zip(of_charges) {
            tax.of.has_charge(charge.charge).then(|| paid.push((*share, on_top)));
        }
    }
    let share = |(place, (own, taxes))| Share {
        net: left[place],
        taxes,
        told: told.iter().map(|shares| shares[place]).collect(),
        own,
    };
    (discounts.into_iter().zip(taxes).enumerate().map(share).collect(), charges)
}

/// The price on the list: before the line's own discounts.
fn list(line: &SaleLine) -> i64 {
    line.net.0 + line.discounts.iter().map(|discount| discount.amount.0).sum::<i64>()
}

fn named(sale: &Sale, of: &Scope, amounts: &[i64]) -> Vec<i64> {
    let lines = sale.lines.iter().map(|line| of.has_line(line.line));
    let charges = sale.charges.iter().map(|charge| of.has_charge(charge.charge));
    lines
        .chain(charges)
        .zip(amounts)
        .map(|(named, amount)| if named { *amount } else { 0 })
        .collect()
}

/// The lines' own discounts, those of marked promotions shared, and the lines that share.
fn promotions(sale: &Sale) -> (Vec<Vec<i64>>, Vec<BTreeSet<usize>>) {
    let amounts = |line: &SaleLine| line.discounts.iter().map(|d| d.amount.0).collect();
    let mut own: Vec<Vec<i64>> = sale.lines.iter().map(amounts).collect();
    let mut groups: Vec<BTreeSet<usize>> = Vec::new();
    let mut names: Vec<&String> = Vec::new();
    for name in sale.lines.iter().flat_map(|l| &l.discounts).filter_map(|d| d.promotion.as_ref()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names {
        let of_name = |line: &SaleLine| -> Vec<usize> {
            let all = line.discounts.iter().enumerate();
            all.filter(|(_, d)| d.promotion.as_ref() == Some(name)).map(|(at, _)| at).collect()
        };
        let places: Vec<usize> =
            (0..sale.lines.len()).filter(|at| !of_name(&sale.lines[*at]).is_empty()).collect();
        let marked = places.iter().any(|place| {
            of_name(&sale.lines[*place])
                .iter()
                .any(|at| sale.lines[*place].discounts[*at].amount.0 == 0)
        });
        let mut off = 0;
        if marked {
            for place in &places {
                of_name(&sale.lines[*place]).iter().for_each(|at| off += own[*place][*at]);
            }
        }
        if off == 0 {
            continue;
        }
        for place in &places {
            of_name(&sale.lines[*place]).iter().for_each(|at| own[*place][*at] = 0);
        }
        let rest = |place: &usize| list(&sale.lines[*place]) - own[*place].iter().sum::<i64>();
        let shares = shared(off, &places.iter().map(rest).collect::<Vec<_>>());
        for (place, share) in places.iter().zip(shares) {
            own[*place][of_name(&sale.lines[*place])[0]] = share;
        }
        let mut group: BTreeSet<usize> = places.into_iter().collect();
        let (tied, apart) = groups.into_iter().partition(|other| !other.is_disjoint(&group));
        let tied: Vec<BTreeSet<usize>> = tied;
        tied.into_iter().for_each(|other| group.extend(other));
        groups = apart;
        groups.push(group);
    }
    (own, groups)
}

/// Spreads the taxes of lines that share a promotion: each code over the lines that name it and
/// those that were free and name none.
fn move_taxes(
    sale: &Sale,
    group: &BTreeSet<usize>,
    left: &[i64],
    taxes: &mut [Vec<(String, i64, bool)>],
) {
    let free: Vec<usize> = group
        .iter()
        .copied()
        .filter(|place| sale.lines[*place].net.0 == 0 && taxes[*place].is_empty())
        .collect();
    let mut codes: Vec<(String, bool)> = Vec::new();
    for (code, _, on_top) in group.iter().flat_map(|place| &taxes[*place]) {
        if !codes.contains(&(code.clone(), *on_top)) {
            codes.push((code.clone(), *on_top));
        }
    }
    for (code, on_top) in codes {
        free.iter().for_each(|place| taxes[*place].push((code.clone(), 0, on_top)));
        let names = |tax: &&(String, i64, bool)| tax.0 == code && tax.2 == on_top;
        let mut places: Vec<usize> =
            group.iter().copied().filter(|p| taxes[*p].iter().any(|t| names(&t))).collect();
        places.sort_by_key(|place| (free.contains(place), *place));
        let bases: Vec<i64> = places.iter().map(|place| left[*place]).collect();
        let all: i64 =
            places.iter().flat_map(|p| &taxes[*p]).filter(|t| names(t)).map(|t| t.1).sum();
        if bases.iter().sum::<i64>() > 0 {
            for (place, share) in places.iter().zip(shared(all, &bases)) {
                taxes[*place].iter_mut().filter(|tax| tax.0 == code).for_each(|tax| tax.1 = share);
            }
        }
    }
}
