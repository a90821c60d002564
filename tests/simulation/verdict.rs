//! What the model expects of a draft: by days, sums and counts alone.

use crate::ledger::{Books, Line};
use crate::terms::{Governed, Terms};
use returndesk::domain::decision::Code;

/// One line asked for.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    pub line: usize,
    /// Thousandths, or money while the goods stay.
    pub quantity: Option<i64>,
    pub money: i64,
    pub opened: bool,
    pub defective: bool,
}

/// A policy's version: number, in force from, terms.
pub type Version = (u32, i64, Terms);

/// What surrounds the lines.
pub struct Scene<'a> {
    /// Seconds, and days, of now and of the sale.
    pub now: i64,
    pub sold_at: i64,
    pub versions: &'a [Version],
    /// The cashier is the customer.
    pub own: bool,
    /// Earlier returns of the customer within thirty days; none where nobody is named.
    pub earlier: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    pub code: Code,
    pub rank: u8,
    pub people: usize,
}

#[derive(Clone, Debug)]
pub struct Expected {
    pub refused: bool,
    pub needed: Vec<Needed>,
    /// Worth, fee and quantity left before, of each line.
    pub lines: Vec<(i64, i64, i64)>,
    pub refund: i64,
    /// (tender, paid out, rounding).
    pub paid: Vec<(usize, i64, i64)>,
    pub books: Books,
}

const DAY: i64 = 86_400;

fn in_force(versions: &[Version], at: i64) -> Option<&Version> {
    versions.iter().filter(|(_, from, _)| *from <= at).max_by_key(|(number, from, _)| (*from, *number))
}

/// (worst so far 0, 1 or 2; fee; what it needs) of a line under one version.
fn judge(terms: &Terms, scene: &Scene<'_>, line: &Line, ask: &Ask, net: i64) -> (u8, i64, Option<Needed>) {
    let age = scene.now.div_euclid(DAY) - scene.sold_at.div_euclid(DAY);
    let late = age > terms.days;
    let helped = late && terms.grace.is_some_and(|grace| age <= terms.days + grace);
    let needed = helped.then_some(Needed { code: Code::WindowExpired, rank: 2, people: 1 });
    let worst = if line.final_sale || (late && !helped) { 2 } else { u8::from(helped) };
    let given = line.portions[0].given;
    let percent = |amount: i64| (amount * terms.fee * 2 + 100) / 200;
    let bears = ask.quantity.is_some() && ask.opened && !ask.defective;
    let fee = if bears { (percent(given + net) - percent(given)).clamp(0, net) } else { 0 };
    (worst, fee, needed)
}

/// Which version governs a line, with its judgement.
fn governing(scene: &Scene<'_>, line: &Line, ask: &Ask, net: i64) -> (Terms, (u8, i64, Option<Needed>)) {
    let now = in_force(scene.versions, scene.now).unwrap();
    let first = || scene.versions.iter().min_by_key(|(number, from, _)| (*from, *number)).unwrap();
    let then = in_force(scene.versions, scene.sold_at).unwrap_or_else(first);
    let by = |version: &Version| (version.2, judge(&version.2, scene, line, ask, net));
    match now.2.governed {
        Governed::Sale => by(then),
        Governed::Return => by(now),
        Governed::Better => {
            let (then, now) = (by(then), by(now));
            if (now.1.0, now.1.1) < (then.1.0, then.1.1) { now } else { then }
        }
    }
}

pub fn expect(books: &Books, scene: &Scene<'_>, asks: &[Ask]) -> Expected {
    let mut all =
        Expected { refused: false, needed: vec![], lines: vec![], refund: 0, paid: vec![], books: books.clone() };
    let mut governing_terms: Vec<Terms> = Vec::new();
    for ask in asks {
        let line = &mut all.books.lines[ask.line];
        let left = line.sold - line.returned;
        let possible = match ask.quantity {
            Some(quantity) => quantity <= left,
            None => ask.money > 0 && ask.money <= line.left(),
        };
        let worth = match ask.quantity {
            Some(quantity) if possible => line.worth(quantity),
            _ => vec![0; line.portions.len()],
        };
        let gross = if ask.quantity.is_none() && possible { ask.money } else { line.gross(&worth) };
        let quantity = ask.quantity.filter(|_| possible);
        let counted = Ask { quantity, ..*ask };
        let (terms, (worst, fee, needed)) = governing(scene, line, &counted, worth[0]);
        // How an adjustment is shared over net and taxes is checked when it is seen.
        if let Some(quantity) = quantity {
            line.take(quantity, &worth);
        }
        all.refused |= !possible || worst == 2;
        all.needed.extend(needed);
        all.lines.push((gross, fee, left));
        all.refund += gross - fee;
        governing_terms.push(terms);
    }
    for terms in governing_terms {
        let (first, second) = terms.tiers;
        let tier = |rank, people| Needed { code: Code::AmountOverLimit, rank, people };
        let limit = Needed { code: Code::VelocityExceeded, rank: 2, people: 1 };
        all.needed.extend((all.refund > second).then(|| tier(2, 2)));
        all.needed.extend((all.refund > first && all.refund <= second).then(|| tier(1, 1)));
        all.needed.extend(scene.earlier.is_some_and(|earlier| earlier + 1 > terms.returns).then_some(limit));
    }
    all.needed.extend(scene.own.then_some(Needed { code: Code::OwnPurchase, rank: 2, people: 1 }));
    match all.books.pay(all.refund) {
        Some(paid) => all.paid = paid,
        None => all.refused = true,
    }
    all
}
