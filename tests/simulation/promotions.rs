//! The model's promotions: what belongs together, what is broken, and what is kept back until the
//! rest comes.

use crate::fees::{SoFar, fee};
use crate::ledger::{Books, nearest, shared};
use crate::receipts::Found;
use crate::terms::Promotion;
use crate::verdict::{Expected, Returned, Scene, governing};
use crate::world::Brought;
use std::collections::BTreeSet;

/// Lines tied by promotions, each with the names of those.
pub fn ties(books: &Books) -> Vec<(BTreeSet<usize>, BTreeSet<String>)> {
    let mut ties: Vec<(BTreeSet<usize>, BTreeSet<String>)> = Vec::new();
    for (place, line) in books.lines.iter().enumerate() {
        let names: BTreeSet<String> = line.off.iter().map(|(name, _)| name.clone()).collect();
        if names.is_empty() {
            continue;
        }
        let mut tie = (BTreeSet::from([place]), names);
        for other in std::mem::take(&mut ties) {
            if other.1.is_disjoint(&tie.1) {
                ties.push(other);
            } else {
                tie.0.extend(other.0);
                tie.1.extend(other.1);
            }
        }
        ties.push(tie);
    }
    ties.sort_by_key(|(places, _)| places.first().copied());
    ties
}

/// Net worth of the units of a line that are back, withheld or not.
fn worth(books: &Books, place: usize) -> i64 {
    books.lines[place].portions[0].spent()
}

/// What is to be withheld by what is back: the discounts of what is out, as far as the worth of
/// what is back goes.
pub fn due(books: &Books, (places, names): &(BTreeSet<usize>, BTreeSet<String>)) -> i64 {
    let of_name = |name: &String| {
        let mut under = 0;
        let mut out = 0;
        for place in places {
            let line = &books.lines[*place];
            let off: Vec<i64> =
                line.off.iter().filter(|(of, _)| of == name).map(|(_, amount)| *amount).collect();
            if off.is_empty() {
                continue;
            }
            let off: i64 = off.iter().sum();
            out +=
                off - nearest(i128::from(off) * i128::from(line.returned), i128::from(line.sold));
            under += worth(books, *place);
        }
        out.min(under)
    };
    let most: i64 = places.iter().map(|place| worth(books, *place)).sum();
    names.iter().map(of_name).sum::<i64>().min(most).max(0)
}

pub fn held(books: &Books, (places, _): &(BTreeSet<usize>, BTreeSet<String>)) -> i64 {
    places.iter().map(|place| books.lines[*place].portions[0].withheld).sum()
}

/// What repriced promotions were paid too much by what is back.
pub fn overpaid(books: &Books) -> i64 {
    let of_tie = |tie: &(BTreeSet<usize>, BTreeSet<String>)| {
        if !tie.0.iter().any(|place| books.lines[*place].repriced) {
            return 0;
        }
        let negative: i64 =
            tie.0.iter().map(|place| books.lines[*place].portions[0].withheld.min(0)).sum();
        (due(books, tie) - held(books, tie)).max(0) - negative
    };
    ties(books).iter().map(of_tie).sum()
}

/// Whether anything of a line's promotions stays with the customer.
pub fn is_broken(scene: &Scene<'_>, brought: &Brought, sale: usize, place: usize) -> bool {
    let books = &scene.sales[sale].books;
    let tie = ties(books).into_iter().find(|(places, _)| places.contains(&place));
    tie.is_some_and(|(places, _)| {
        places.into_iter().any(|place| stays(scene, brought, sale, place))
    })
}

fn stays(scene: &Scene<'_>, brought: &Brought, sale: usize, place: usize) -> bool {
    let line = &scene.sales[sale].books.lines[place];
    let of_line = |ask: &&crate::verdict::Ask| {
        ask.number == line.number && scene.found[&ask.sale] == Found::One(sale)
    };
    let asked: i64 = brought.asks.iter().filter(of_line).filter_map(|ask| ask.quantity).sum();
    line.sold - line.returned > asked && line.kit.is_none_or(|kit| stays(scene, brought, sale, kit))
}

impl Expected {
    /// Keeps back, or pays, what the promotions of all sales come to now.
    pub fn reprice(&mut self, scene: &Scene<'_>, brought: &Brought) {
        let mut sales: Vec<usize> = self.books.keys().copied().collect();
        // By id, as the service goes through them; a sale's id ascends with its place.
        sales.sort_by_key(|sale| scene.sales[*sale].sale.id);
        for sale in sales {
            for tie in ties(&scene.sales[sale].books) {
                self.reprice_tie(scene, brought, sale, &tie);
            }
        }
    }

    fn reprice_tie(
        &mut self,
        scene: &Scene<'_>,
        brought: &Brought,
        sale: usize,
        tie: &(BTreeSet<usize>, BTreeSet<String>),
    ) {
        let came =
            |line: &Returned| line.sale == sale && line.quantity > 0 && tie.0.contains(&line.line);
        let back: Vec<usize> = (0..self.lines.len()).filter(|at| came(&self.lines[*at])).collect();
        let bears = |at: &usize| {
            let line = &self.lines[*at];
            line.terms.promotion == Promotion::Reprice && !brought.asks[line.ask].defective
        };
        let bearing: Vec<usize> = back.iter().copied().filter(bears).collect();
        let (due, held) = (due(&self.books[&sale], tie), held(&self.books[&sale], tie));
        let Some(last) = back.last() else { return };
        if bearing.is_empty() && held == 0 {
            return;
        }
        if due < held {
            return self.release(scene, brought, sale, tie, (self.lines[*last].ask, held - due));
        }
        let nets: Vec<i64> = bearing.iter().map(|at| self.lines[*at].worth[0]).collect();
        let shares = shared((due - held).min(nets.iter().sum()), &nets);
        for (at, share) in bearing.into_iter().zip(shares) {
            self.withhold(scene, brought, at, share);
        }
    }

    /// Keeps back so much of the net of a line, and of each tax what the net kept back is of the
    /// net in all.
    fn withhold(&mut self, scene: &Scene<'_>, brought: &Brought, at: usize, net: i64) {
        let (sale, place) = (self.lines[at].sale, self.lines[at].line);
        let line = &mut self.books.get_mut(&sale).unwrap().lines[place];
        let mut kept = moved(line, net);
        for (kept, tax) in kept.iter_mut().zip(&self.lines[at].worth).skip(1) {
            *kept = (*kept).min(*tax);
        }
        line.withhold(&kept);
        let returned = &mut self.lines[at];
        returned.worth.iter_mut().zip(&kept).for_each(|(worth, kept)| *worth -= kept);
        returned.withheld = kept;
        self.fees_again(scene, brought, at, (sale, place));
    }

    fn fees_again(
        &mut self,
        scene: &Scene<'_>,
        brought: &Brought,
        from: usize,
        (sale, place): (usize, usize),
    ) {
        let before = &scene.sales[sale].books.lines[place];
        let mut so_far = SoFar::of(before);
        for at in 0..self.lines.len() {
            let line = &mut self.lines[at];
            if (line.sale, line.line) != (sale, place) || !line.taken {
                continue;
            }
            if at >= from {
                let taxed = scene.fee_taxed[scene.sales[sale].store];
                (line.fee, line.fee_taxes) =
                    fee(&line.terms, &brought.asks[line.ask], before, &so_far, line, taxed);
            }
            so_far.add(line);
        }
    }

    /// Pays what need not be withheld any more, where it was.
    fn release(
        &mut self,
        scene: &Scene<'_>,
        brought: &Brought,
        sale: usize,
        tie: &(BTreeSet<usize>, BTreeSet<String>),
        (ask, amount): (usize, i64),
    ) {
        let places: Vec<usize> = tie.0.iter().copied().collect();
        let held: Vec<i64> =
            places.iter().map(|p| self.books[&sale].lines[*p].portions[0].withheld).collect();
        for (place, share) in
            places.into_iter().zip(shared(amount, &held)).filter(|(_, share)| *share > 0)
        {
            let line = &mut self.books.get_mut(&sale).unwrap().lines[place];
            let before = line.clone();
            let mut kept = moved(line, -share);
            kept.iter_mut().skip(1).for_each(|tax| *tax = (*tax).min(0));
            line.withhold(&kept);
            let mut worth = vec![0; line.portions.len()];
            worth.iter_mut().zip(&kept).for_each(|(worth, kept)| *worth = -kept);
            let mut paid = Returned::bare(sale, place, ask, 0, worth, true);
            paid.withheld = kept;
            let (terms, judgement) = governing(scene, brought, (sale, place), &before, &paid);
            (paid.fee, paid.fee_taxes) = judgement.fee;
            (paid.terms, paid.left) = (terms, before.sold - before.returned);
            self.lines.push(paid);
        }
    }
}

/// How what is withheld of net and taxes changes with so much more of the net.
fn moved(line: &crate::ledger::Line, net: i64) -> Vec<i64> {
    let of = &line.portions[0];
    let share = |tax: &crate::ledger::Portion| match of.spent() {
        0 => -tax.withheld,
        worth => {
            nearest(i128::from(tax.spent()) * i128::from(of.withheld + net), i128::from(worth))
                - tax.withheld
        }
    };
    std::iter::once(net).chain(line.portions[1..=line.taxes].iter().map(share)).collect()
}
