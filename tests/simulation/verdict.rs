//! What the model expects of a draft: by days, sums and counts alone.

use crate::cards::Card;
use crate::chargebacks::stopped;
use crate::exchanges::Carried;
use crate::exempt::Exempt;
use crate::kits::in_order;
use crate::ledger::{Books, Line};
use crate::lower::Price;
use crate::payments::redeemed;
use crate::receipts::Found;
use crate::tenders::{Circumstances, Planned, Purse};
use crate::terms::{Governed, Promotion, Terms};
use crate::typed::plain;
use crate::world::{Brought, Known, Made};
use returndesk::domain::decision::Code;
use returndesk::domain::gift_cards::CardStatus;
use returndesk::domain::words::RefundTo;
use std::collections::BTreeMap;

/// One line asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The sale that is meant; what is named may lead to another.
    pub sale: usize,
    pub number: u32,
    /// Thousandths, or money while the goods stay.
    pub quantity: Option<i64>,
    pub money: i64,
    /// Taxes alone, while the goods stay.
    pub exempt: Option<Exempt>,
    /// The price for each unit.
    pub price: Option<Price>,
    pub opened: bool,
    pub defective: bool,
    pub serial: Option<String>,
}

/// A policy's version: number, in force from, terms.
pub type Version = (u32, i64, Terms);

/// What surrounds the lines.
pub struct Scene<'a> {
    /// Seconds from 1970.
    pub now: i64,
    pub versions: &'a [Version],
    pub sales: &'a [Known],
    pub cards: &'a [Card],
    pub coin: i64,
    /// Which stores of the shop keep the tax on fees.
    pub fee_taxed: [bool; 2],
    pub returns: &'a [Made],
    /// Where each sale's reference leads.
    pub found: BTreeMap<usize, Found>,
    /// Of two versions, the one that is asked.
    pub choice: Choice,
}

/// Which version is asked where the better one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// For each line the one that is better for it.
    EachLine,
    Then,
    Now,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    pub code: Code,
    pub rank: u8,
    pub people: usize,
}

/// What comes back of one line.
#[derive(Clone, Debug)]
pub struct Returned {
    pub sale: usize,
    pub line: usize,
    /// Which ask brought it.
    pub ask: usize,
    pub quantity: i64,
    /// What it gives, portion by portion, and what is withheld of it.
    pub worth: Vec<i64>,
    pub withheld: Vec<i64>,
    /// What nobody gets of net and taxes.
    pub forgone: Vec<i64>,
    pub fee: i64,
    pub fee_taxes: Vec<i64>,
    pub left: i64,
    pub terms: Terms,
    /// Whether anything was taken at all.
    pub taken: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The draft itself cannot be meant.
    pub invalid: bool,
    pub refused: bool,
    pub needed: Vec<Needed>,
    pub lines: Vec<Returned>,
    /// (sale, charge, what it gives).
    pub charges: Vec<(usize, u32, Vec<i64>)>,
    /// What all that comes back is worth, paid out or taken in new goods.
    pub credit: i64,
    /// What the new goods of an exchange come to.
    pub exchanged: i64,
    pub due: i64,
    pub refund: i64,
    pub refunds: Vec<Planned>,
    /// What goes into the new goods.
    pub carried: Vec<Carried>,
    /// Cards that come back, and what is taken off each.
    pub cards: Vec<(usize, i64)>,
    /// The books of all sales that were found, as they would be.
    pub books: BTreeMap<usize, Books>,
    /// Some of the money is of no tender.
    pub short: bool,
    /// Terms of lines and charges.
    pub terms: Vec<Terms>,
    /// The sale of what was looked at first.
    pub first: Option<usize>,
}

pub const DAY: i64 = 86_400;

pub fn in_force(versions: &[Version], at: i64) -> Option<&Version> {
    versions
        .iter()
        .filter(|(_, from, _)| *from <= at)
        .max_by_key(|(number, from, _)| (*from, *number))
}

/// How a line is judged under one set of terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// 0, 1 (with approval) or 2 (not at all).
    worst: u8,
    needed: Option<Needed>,
    pub fee: (i64, Vec<i64>),
}

impl Expected {
    pub fn of(scene: &Scene<'_>, brought: &Brought, refund_to: RefundTo) -> Expected {
        let mut all = Expected::default();
        for at in in_order(scene, brought) {
            all.ask(scene, brought, at);
        }
        let asked = all.lines.len();
        if !all.invalid {
            all.reprice(scene, brought);
        }
        for (sale, number, part) in &brought.charges {
            all.charge(scene, *sale, *number, *part);
        }
        let strange = |number: &u32| {
            !all.books.values().any(|books| books.tenders.iter().any(|t| t.number == *number))
        };
        all.invalid |= brought.card.is_some_and(|id| {
            !scene.cards.iter().any(|card| card.id == id && card.stands == CardStatus::Active)
        });
        all.invalid |= !all.books.is_empty() && brought.unavailable.iter().any(strange);
        if all.invalid {
            return all;
        }
        let first = all.sales().next();
        all.first = first;
        all.money(scene, brought, refund_to);
        all.whole(scene, brought);
        all.lines[..asked].sort_by_key(|line| line.ask);
        all
    }

    /// The sale that a reference leads to, its books opened.
    fn open(&mut self, scene: &Scene<'_>, meant: usize) -> Option<usize> {
        match scene.found[&meant] {
            Found::One(sale) => {
                self.books.entry(sale).or_insert_with(|| {
                    let mut books = scene.sales[sale].books.clone();
                    let redeemed = redeemed(scene.cards, &scene.sales[sale].sale);
                    books.tenders.iter_mut().zip(redeemed).for_each(|(t, most)| t.redeemed = most);
                    books.tenders.iter_mut().for_each(|t| t.stopped = stopped(scene.sales, t));
                    books
                });
                Some(sale)
            }
            Found::None => {
                self.refused = true;
                None
            }
            Found::Several => {
                self.invalid = true;
                None
            }
        }
    }

    fn ask(&mut self, scene: &Scene<'_>, brought: &Brought, at: usize) {
        let ask = &brought.asks[at];
        let Some(sale) = self.open(scene, ask.sale) else { return };
        if scene.sales[sale].voided {
            self.refused = true;
            return;
        }
        let books = self.books.get_mut(&sale).unwrap();
        let Some(place) = books.lines.iter().position(|line| line.number == ask.number) else {
            self.invalid = true;
            return;
        };
        if !books.lines[place].goods {
            self.refused = true;
            return;
        }
        if let Some(exempt) = &ask.exempt {
            return self.give_taxes(scene, brought, (sale, place), at, exempt);
        }
        let before = books.lines[place].clone();
        let card = self.card_back(scene, &before, ask);
        if card.is_none()
            && ask.quantity.is_none()
            && self.adjust_kit(scene, brought, (sale, place), at)
        {
            return;
        }
        let empty = scene.sales[sale].books.is_empty(place);
        let line = &mut self.books.get_mut(&sale).unwrap().lines[place];
        let (mut quantity, mut worth, mut taken) = (0, vec![0; line.portions.len()], true);
        let mut forgone = vec![];
        match ask.quantity {
            asked if card.is_some() => match card.flatten() {
                Some(of_card) => {
                    (quantity, worth) = (asked.unwrap(), of_card);
                    line.take(quantity, &worth);
                    self.refused |= ask.price.is_some_and(|price| price.of(quantity) < worth[0]);
                }
                None => taken = false,
            },
            Some(asked) if asked <= line.sold - line.returned && !empty => {
                quantity = asked;
                (worth, forgone) = line.worth_at(asked, ask.price);
                let above = ask.price.is_some_and(|price| price.is_above(&worth, asked));
                self.refused |= above;
                line.let_go(&forgone);
                self.refused |= !serial_fits(line, ask);
                line.take(asked, &worth);
                line.serials_back.extend(ask.serial.clone());
            }
            None if ask.money > 0 && ask.money <= line.left() => {
                worth = line.parts_of_money(ask.money);
                line.adjust(&worth);
            }
            _ => taken = false,
        }
        self.refused |= !taken;
        self.enter(
            scene,
            brought,
            (sale, place),
            &before,
            Returned { forgone, ..Returned::bare(sale, place, at, quantity, worth, taken) },
        );
        if quantity > 0 {
            let first = &scene.sales[sale].books;
            let now = self.books[&sale].lines[place].returned;
            let back = match first.is_bare(place) {
                true => first.kits_back(place) + now - first.lines[place].returned,
                false => now,
            };
            let back = back.min(before.sold);
            self.kit(scene, brought, (sale, place), at, back);
        }
    }

    pub fn enter(
        &mut self,
        scene: &Scene<'_>,
        brought: &Brought,
        (sale, place): (usize, usize),
        before: &Line,
        mut line: Returned,
    ) {
        let (terms, judgement) = governing(scene, brought, (sale, place), before, &line);
        self.refused |= judgement.worst == 2;
        self.needed.extend(judgement.needed);
        (line.fee, line.fee_taxes) = judgement.fee;
        line.left = before.sold - before.returned;
        line.terms = terms;
        self.lines.push(line);
    }

    fn charge(&mut self, scene: &Scene<'_>, meant: usize, number: u32, part: Option<i64>) {
        let Some(sale) = self.open(scene, meant) else { return };
        if scene.sales[sale].voided {
            self.refused = true;
            return;
        }
        let known = self.lines.iter().find(|line| line.sale == sale).map(|line| line.terms);
        let (terms, worst, needed) =
            known.map_or_else(|| alone(scene, sale), |terms| (terms, 0, None));
        let Some(charge) = self.books.get_mut(&sale).unwrap().charge(number) else {
            self.invalid = true;
            return;
        };
        let given = charge.give(part);
        self.refused |= given.is_none() || worst == 2;
        let worth = given.unwrap_or_else(|| vec![0; charge.values.len()]);
        self.needed.extend(needed);
        self.charges.push((sale, number, worth));
        self.terms.push(terms);
    }

    /// The money of each sale under the same terms together, lines first.
    fn money(&mut self, scene: &Scene<'_>, brought: &Brought, refund_to: RefundTo) {
        let of_lines = self
            .lines
            .iter()
            .map(|line| (line.sale, line.terms, line.refund(&self.books[&line.sale])));
        let of_charges =
            self.charges.iter().zip(&self.terms).map(|((sale, number, worth), terms)| {
                (*sale, *terms, self.books[sale].charge_gross(*number, worth))
            });
        let mut sums: Vec<(usize, Terms, i64)> = Vec::new();
        for (sale, terms, amount) in of_lines.chain(of_charges) {
            match sums.iter_mut().find(|(of, under, _)| *of == sale && under.pays_like(&terms)) {
                Some((_, _, sum)) => *sum += amount,
                None => sums.push((sale, terms, amount)),
            }
        }
        let today = scene.now.div_euclid(DAY);
        let around =
            Circumstances { coin: scene.coin, refund_to, unavailable: &brought.unavailable, today };
        let mut purse = Purse::default();
        self.credit = sums.iter().map(|(_, _, amount)| amount).sum();
        self.exchange(brought);
        let mut out = self.refund;
        for (sale, terms, amount) in &mut sums {
            let paid = out.min(*amount);
            purse.pay(*sale, self.books.get_mut(sale).unwrap(), paid, terms, &around);
            out -= paid;
            *amount -= paid;
        }
        for (sale, terms, rest) in sums {
            purse.carry(sale, self.books.get_mut(&sale).unwrap(), rest, &terms, scene.coin);
        }
        purse.in_coins(&mut self.books, scene.coin);
        let of_all = self.lines.iter().map(|line| line.terms).chain(self.terms.iter().copied());
        let limit = of_all.filter_map(|terms| terms.cash_limit).min();
        purse.close(limit, |sale| self.books[&sale].given());
        self.refused |= purse.short;
        self.short = purse.short;
        self.needed.extend(purse.needed);
        self.refunds = purse.refunds;
        self.carried = purse.carried;
    }

    /// Limits of the whole.
    fn whole(&mut self, scene: &Scene<'_>, brought: &Brought) {
        let of_charges = self.charges.iter().map(|charge| charge.0).zip(self.terms.clone());
        let of_lines = self.lines.iter().map(|line| (line.sale, line.terms));
        let all: Vec<(usize, Terms)> = of_charges.chain(of_lines).collect();
        self.terms = all.iter().map(|(_, terms)| *terms).collect();
        let earlier = self.earlier(scene, brought);
        for (sale, terms) in &all {
            // What a sale has given with all its returns, where that is more than this one.
            let back = self.refund.max(self.books[sale].given());
            let refund = self.refund;
            let (first, second) = terms.tiers;
            let tier = |rank, people| Needed { code: Code::AmountOverLimit, rank, people };
            let limit = Needed { code: Code::VelocityExceeded, rank: 2, people: 1 };
            self.refused |= terms.most.is_some_and(|most| back > most);
            self.needed.extend((back > second).then(|| tier(2, 2)));
            self.needed.extend((back > first && back <= second).then(|| tier(1, 1)));
            if let Some((count, amount)) = earlier {
                self.refused |= terms.returned.is_some_and(|most| amount + refund > most);
                self.needed.extend((count + 1 > terms.returns).then_some(limit));
            }
        }
        let operator = brought.at_register;
        let buyers = self.books.keys().map(|sale| scene.sales[*sale].sale.customer.as_deref());
        let own = buyers
            .chain([brought.customer])
            .flatten()
            .any(|customer| is_customer(operator, customer));
        self.needed.extend(own.then_some(Needed { code: Code::OwnPurchase, rank: 2, people: 1 }));
    }

    /// Whose limits this counts for: the customer named, or else whoever bought.
    pub fn people(&self, scene: &Scene<'_>, brought: &Brought) -> Vec<String> {
        let buyers = self.books.keys().filter_map(|sale| scene.sales[*sale].sale.customer.as_ref());
        let buyers = || buyers.map(|buyer| plain(buyer)).collect();
        brought.customer.map_or_else(buyers, |named| vec![plain(named)])
    }

    /// Their returns within thirty days, and what those came to; none where nobody is known.
    fn earlier(&self, scene: &Scene<'_>, brought: &Brought) -> Option<(i64, i64)> {
        let people = self.people(scene, brought);
        let theirs = scene.returns.iter().filter(|made| {
            let counts = !made.voided && !made.training && made.at > scene.now - 30 * DAY;
            counts && made.people.iter().any(|person| people.contains(person))
        });
        let sums = theirs.fold((0, 0), |(count, sum), made| (count + 1, sum + made.refund));
        (!people.is_empty()).then_some(sums)
    }

    /// What the customer has of it: what is paid out, or else what is still due, below nothing.
    pub fn worth(&self) -> i64 {
        self.refund - self.due
    }

    /// The sales that anything comes back of.
    pub fn sales(&self) -> impl Iterator<Item = usize> {
        self.lines.iter().map(|line| line.sale).chain(self.charges.iter().map(|(sale, _, _)| *sale))
    }
}

/// Operator 3001 is customer C-3001; and whoever gives an employee number as the customer's is that
/// employee.
pub fn is_customer(operator: &str, customer: &str) -> bool {
    let customer = plain(customer);
    customer == operator || (operator == "3001" && customer == "c-3001")
}

/// What is sold by number comes back by it: one at a time, each once. A lot's number is for all of
/// its units, and units that were sold without one need none.
fn serial_fits(line: &Line, ask: &Ask) -> bool {
    let lot = line.serials.len() == 1 && line.sold != 1_000;
    match &ask.serial {
        None => ask.quantity.unwrap() <= line.without_number(),
        Some(serial) if lot && *serial == line.serials[0] => true,
        Some(serial) if line.serials_back.contains(serial) => false,
        Some(serial) => {
            line.serials.is_empty()
                || (line.serials.contains(serial) && ask.quantity == Some(1_000))
        }
    }
}

impl Returned {
    pub fn bare(
        sale: usize,
        line: usize,
        ask: usize,
        quantity: i64,
        worth: Vec<i64>,
        taken: bool,
    ) -> Returned {
        let (withheld, fee_taxes) = (vec![], vec![]);
        let terms = Terms::NONE;
        Returned {
            sale,
            line,
            ask,
            quantity,
            worth,
            withheld,
            forgone: vec![],
            fee: 0,
            fee_taxes,
            left: 0,
            terms,
            taken,
        }
    }

    pub fn refund(&self, books: &Books) -> i64 {
        let on_fee: i64 = if books.included { 0 } else { self.fee_taxes.iter().sum() };
        books.lines[self.line].gross(&self.worth) - self.fee - on_fee
    }
}

/// The version of the day of sale, or the first.
fn then<'a>(scene: &'a Scene<'_>, sale: usize) -> &'a Version {
    let first = || scene.versions.iter().min_by_key(|(number, from, _)| (*from, *number)).unwrap();
    in_force(scene.versions, scene.sales[sale].sale.sold_at.as_second()).unwrap_or_else(first)
}

/// What a charge falls under that comes back alone, and what is found: as for the first line of its
/// sale.
fn alone(scene: &Scene<'_>, sale: usize) -> (Terms, u8, Option<Needed>) {
    let (now, then) = (in_force(scene.versions, scene.now).unwrap(), then(scene, sale));
    let by = |version: &Version| {
        let first = &scene.sales[sale].books.lines[0];
        let bought = first.bought(version.2.exchange);
        let (late, needed) = in_time(&version.2, scene, bought);
        let worst = if first.final_sale { 2 } else { late };
        (version.2.at(scene.now.div_euclid(DAY) - bought), worst, needed)
    };
    match now.2.governed {
        Governed::Sale => by(then),
        Governed::Return => by(now),
        Governed::Better => match scene.choice {
            Choice::Then => by(then),
            Choice::Now => by(now),
            Choice::EachLine => {
                let (then, now) = (by(then), by(now));
                if now.1 < then.1 { now } else { then }
            }
        },
    }
}

/// How badly what was bought on a day is late: not, for a manager, or beyond.
fn in_time(terms: &Terms, scene: &Scene<'_>, bought: i64) -> (u8, Option<Needed>) {
    let age = scene.now.div_euclid(DAY) - bought;
    let late = age > terms.days;
    let helped = late && terms.grace.is_some_and(|grace| age <= terms.days + grace);
    let needed = helped.then_some(Needed { code: Code::WindowExpired, rank: 2, people: 1 });
    (if late && !helped { 2 } else { u8::from(helped) }, needed)
}

/// Which version governs a line, with its judgement.
pub fn governing(
    scene: &Scene<'_>,
    brought: &Brought,
    at: (usize, usize),
    before: &Line,
    line: &Returned,
) -> (Terms, Judgement) {
    let (now, then) = (in_force(scene.versions, scene.now).unwrap(), then(scene, at.0));
    let by = |version: &Version| {
        let age = scene.now.div_euclid(DAY) - before.bought(version.2.exchange);
        (version.2.at(age), judge(&version.2, scene, brought, at, before, line))
    };
    let burden = |(terms, judgement): &(Terms, Judgement)| {
        (judgement.worst, terms.promotion == Promotion::Reprice, judgement.fee.0)
    };
    match now.2.governed {
        Governed::Sale => by(then),
        Governed::Return => by(now),
        Governed::Better => match scene.choice {
            Choice::Then => by(then),
            Choice::Now => by(now),
            Choice::EachLine => {
                let (then, now) = (by(then), by(now));
                if burden(&now) < burden(&then) { now } else { then }
            }
        },
    }
}

fn judge(
    terms: &Terms,
    scene: &Scene<'_>,
    brought: &Brought,
    (sale, place): (usize, usize),
    before: &Line,
    line: &Returned,
) -> Judgement {
    let known = &scene.sales[sale];
    let ask = &brought.asks[line.ask];
    let (late, needed) = in_time(terms, scene, before.bought(terms.exchange));
    let broken = terms.promotion == Promotion::Refuse
        && ask.quantity.is_some()
        && crate::promotions::is_broken(scene, brought, sale, place);
    let worst = if before.final_sale || broken { 2 } else { late };
    let so_far = crate::fees::SoFar::of(before);
    let fee = crate::fees::fee(terms, ask, before, &so_far, line, scene.fee_taxed[known.store]);
    Judgement { worst, needed, fee }
}
