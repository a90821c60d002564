//! What items of one promotion are worth when only some of them come back (PRODUCT §4, `reprice`).
//!
//! What the customer keeps is priced as if bought alone: without the promotion's discount. The rest
//! of what was paid is what the returned units are worth; it is never less than nothing, and never
//! less than what has been paid already.

use super::allocate::cumulative;
use super::book::{Book, LineBook};
use super::money::Minor;
use super::sale::Sale;
use std::collections::BTreeMap;

/// Lines of a sale tied together by promotions, by their places; two promotions on one line are one
/// group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub places: Vec<usize>,
    /// By name, what each line was discounted by it: its own discounts, and its shares of the
    /// sale's.
    promotions: BTreeMap<String, Vec<(usize, Minor)>>,
}

/// What each promotion took off each line, by name and place, as its lines share it. A promotion written on a line that it
/// took nothing off (the item paid for of two for one) belongs to it all the same; a line without a
/// share of a discount of the sale does not.
fn discounts(book: &Book) -> BTreeMap<String, BTreeMap<usize, i64>> {
    let sale: &Sale = &book.sale;
    let mut all: BTreeMap<String, BTreeMap<usize, i64>> = BTreeMap::new();
    let mut add = |promotion: &Option<String>, place: usize, amount: Minor| {
        if let Some(name) = promotion {
            *all.entry(name.clone()).or_default().entry(place).or_default() += amount.0;
        }
    };
    for (place, (line, state)) in sale.lines.iter().zip(&book.lines).enumerate() {
        let own = line.discounts.iter().zip(state.discounts());
        own.for_each(|(discount, off)| add(&discount.promotion, place, *off));
        let shares = sale
            .discounts
            .iter()
            .zip(state.discount_shares())
            .filter(|(_, share)| share.is_positive());
        shares.for_each(|(discount, share)| add(&discount.promotion, place, *share));
    }
    all
}

/// All groups of a sale; none where nothing was sold under a promotion.
pub fn groups(book: &Book) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (name, lines) in discounts(book) {
        let mut group =
            Group { places: lines.keys().copied().collect(), promotions: BTreeMap::new() };
        group.promotions.insert(
            name,
            lines.into_iter().map(|(place, amount)| (place, Minor(amount))).collect(),
        );
        let (tied, apart): (Vec<Group>, Vec<Group>) = groups
            .into_iter()
            .partition(|other| other.places.iter().any(|place| group.places.contains(place)));
        for other in tied {
            group.places.extend(other.places);
            group.promotions.extend(other.promotions);
        }
        group.places.sort_unstable();
        group.places.dedup();
        groups = apart;
        groups.push(group);
    }
    groups.sort_by_key(|group| group.places[0]);
    groups
}

impl Group {
    /// The names of its promotions, for people.
    pub fn name(&self) -> String {
        self.promotions.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// What has to be withheld of the units that are back so far: the discounts of what is kept, as
    /// far as the worth of what is back goes.
    pub fn to_withhold(&self, book: &Book) -> Minor {
        let worth = |places: &mut dyn Iterator<Item = usize>| -> i64 {
            places.map(|p| book.lines[p].net_worth().0).sum()
        };
        let of_promotion = |lines: &Vec<(usize, Minor)>| {
            let kept: i64 =
                lines.iter().map(|(place, off)| kept_discount(&book.lines[*place], *off).0).sum();
            kept.min(worth(&mut lines.iter().map(|(place, _)| *place)))
        };
        let kept: i64 = self.promotions.values().map(of_promotion).sum();
        Minor(kept.min(worth(&mut self.places.iter().copied())).max(0))
    }

    /// What is withheld now.
    pub fn withheld(&self, book: &Book) -> Minor {
        Minor(self.places.iter().map(|place| book.lines[*place].net_withheld().0).sum())
    }

    /// Whether a return of any of its lines was repriced.
    fn is_repriced(&self, book: &Book) -> bool {
        self.places.iter().any(|place| book.lines[*place].is_repriced())
    }
}

/// What was taken off the units that are still out.
fn kept_discount(line: &LineBook, off: Minor) -> Minor {
    Minor(off.0 - cumulative(off, line.returned, line.sold).0)
}

/// Returns what lines of repriced promotions are withheld below nothing: what they withheld has been
/// released since, by a later return.
pub fn released_too_much(book: &Book) -> Minor {
    let of_line = |place: &usize| book.lines[*place].net_withheld().0.min(0);
    let of_group = |group: &Group| group.places.iter().map(of_line).sum::<i64>();
    Minor(-groups(book).iter().filter(|group| group.is_repriced(book)).map(of_group).sum::<i64>())
}

/// What was paid for repriced promotions above what it should be by what is back now.
///
/// A void that would raise it is refused: whoever brings two of three items back and has the first
/// return voided would keep two at the price of three. Below nothing on one line means the same:
/// what it withheld has been released since.
pub fn overpaid(book: &Book) -> Minor {
    let of_group = |group: Group| {
        let too_little = group.to_withhold(book).0 - group.withheld(book).0;
        let negative: i64 =
            group.places.iter().map(|place| book.lines[*place].net_withheld().0.min(0)).sum();
        if group.is_repriced(book) { too_little.max(0) - negative } else { 0 }
    };
    Minor(groups(book).into_iter().map(of_group).sum())
}
