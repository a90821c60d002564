//! Kits in the model: what they bring, money back on them, and the order in which lines are looked
//! at.

use crate::ledger::shared;
use crate::receipts::Found;
use crate::verdict::{Ask, Expected, Returned, Scene};
use crate::world::Brought;

impl Expected {
    /// Money for a kit that stays goes to its line and to its parts, by what is left of each.
    pub fn adjust_kit(
        &mut self,
        scene: &Scene<'_>,
        brought: &Brought,
        (sale, kit): (usize, usize),
        at: usize,
    ) -> bool {
        let (books, money) = (&self.books[&sale], brought.asks[at].money);
        let family = books.family(kit);
        let left = |place: &usize| match books.lines[*place].card {
            Some(_) => 0,
            None => books.lines[*place].left(),
        };
        let left: Vec<i64> = family.iter().map(left).collect();
        let total: i64 = left.iter().sum();
        if total == left[0] {
            return false;
        }
        let fits = money > 0 && money <= total;
        self.refused |= !fits;
        let shares = if fits { shared(money, &left) } else { vec![0; left.len()] };
        for (place, share) in family.into_iter().zip(shares) {
            if share == 0 && (fits || place != kit) {
                continue;
            }
            let before = self.books[&sale].lines[place].clone();
            let worth =
                if fits { before.parts_of_money(share) } else { vec![0; before.portions.len()] };
            if fits {
                self.books.get_mut(&sale).unwrap().lines[place].adjust(&worth);
            }
            let line = Returned::bare(sale, place, at, 0, worth, fits);
            self.enter(scene, brought, (sale, place), &before, line);
        }
        true
    }

    /// Parts come back with their kit: as many as of the kit, whole ones where they are whole.
    pub fn kit(
        &mut self,
        scene: &Scene<'_>,
        brought: &Brought,
        (sale, kit): (usize, usize),
        at: usize,
        back: i64,
    ) {
        let books = &self.books[&sale];
        let sold = books.lines[kit].sold;
        for place in 0..books.lines.len() {
            let before = self.books[&sale].lines[place].clone();
            if before.kit != Some(kit) {
                continue;
            }
            let due = crate::ledger::nearest(
                i128::from(before.sold) * i128::from(back),
                i128::from(sold),
            );
            let whole = before.sold % 1_000 == 0 && back < sold;
            let quantity = if whole { due / 1_000 * 1_000 } else { due } - before.returned;
            if quantity <= 0 {
                continue;
            }
            let all = quantity == before.sold - before.returned;
            let left =
                before.serials.iter().filter(|serial| all && !before.serials_back.contains(serial));
            let left: Vec<String> = left.take((quantity / 1_000) as usize).cloned().collect();
            self.refused |= !all && quantity > before.without_number();
            let one_by_one = left.iter().map(|serial| (1_000, Some(serial.clone())));
            let rest = quantity - 1_000 * left.len() as i64;
            for (quantity, serial) in one_by_one.chain((rest > 0).then_some((rest, None))) {
                let before = self.books[&sale].lines[place].clone();
                let worth = before.worth(quantity);
                let line = &mut self.books.get_mut(&sale).unwrap().lines[place];
                line.take(quantity, &worth);
                line.serials_back.extend(serial);
                let line = Returned::bare(sale, place, at, quantity, worth, true);
                self.enter(scene, brought, (sale, place), &before, line);
            }
            let back = self.books[&sale].lines[place].returned;
            self.kit(scene, brought, (sale, place), at, back);
        }
    }
}

/// The order in which what is asked for is looked at: by what it is, wherever it stands.
pub fn in_order(scene: &Scene<'_>, brought: &Brought) -> Vec<usize> {
    let mut order: Vec<usize> = (0..brought.asks.len()).collect();
    order.sort_by_key(|at| {
        let ask = &brought.asks[*at];
        let kits = std::cmp::Reverse(kits_around(scene, ask));
        let sale = match scene.found[&ask.sale] {
            Found::One(sale) => {
                let sale = &scene.sales[sale].sale;
                let number = (sale.store.clone(), sale.receipt.clone(), sale.business_date);
                (false, Some((sale.sold_at, number, sale.id)))
            }
            _ => (true, None),
        };
        let number = (ask.serial.is_none(), ask.serial.clone());
        // "changed_mind" before "defective", "opened" before "unopened".
        let terms = (ask.defective, !ask.opened);
        let exempt = ask.exempt.as_ref();
        let of_taxes = exempt.map(|exempt| exempt.units.unwrap_or(0));
        let much = std::cmp::Reverse(ask.quantity.or(of_taxes).unwrap_or(ask.money));
        let codes = exempt.map(|exempt| exempt.codes.clone());
        let stays = (ask.quantity.is_none(), exempt.is_none());
        (stays, kits, sale, ask.number, number, (terms, much, codes, ask.price))
    });
    order
}

/// How many kits, one in another, what is asked for is a part of.
fn kits_around(scene: &Scene<'_>, ask: &Ask) -> usize {
    let Found::One(sale) = scene.found[&ask.sale] else { return 0 };
    let lines = &scene.sales[sale].books.lines;
    let place = lines.iter().position(|line| line.number == ask.number);
    std::iter::successors(place, |place| lines[*place].kit).count()
}
