//! What one customer brings to the register.

use std::collections::HashSet;

use super::catalogue::{Kind, Product, choose};
use super::measured::{
    BASKET_LINES, BASKETS_WITH_A_REPEAT, LINE_UNITS, REPEATS_AT_ANOTHER_PRICE, draw,
};
use super::random::SplitMix64;
use super::ticket::{Discount, Line, Ticket};

/// Permille of sales in the spring promotion, of their lines that it is for, and of sales with the
/// club's discount.
const PROMOTED_SALES: u64 = 150;
const PROMOTED_LINES: u64 = 300;
const CLUB_SALES: u64 = 50;
const PARTS_OF_A_KIT: usize = 3;
/// Postage, in cents.
const SHIPPING: i64 = 795;

/// Fills a basket and prices it; `sent` when the goods are sent to the customer.
pub(super) fn fill(products: &[Product], sent: bool, random: &mut SplitMix64) -> Ticket {
    let mut lines = Vec::new();
    let mut inside = HashSet::new();
    let wanted = draw(BASKET_LINES, random) as usize;
    while lines.len() < wanted {
        let kits = wanted - lines.len() > PARTS_OF_A_KIT;
        let product = choose(products, kits, random);
        if !inside.insert(product) {
            continue;
        }
        match products[product].kind {
            Kind::Kit => kit(&products[product], products, &mut inside, &mut lines, random),
            _ => lines.push(line(&products[product], random)),
        }
    }
    if wanted > 1 && random.permille(BASKETS_WITH_A_REPEAT) {
        repeat(&mut lines, random);
    }
    if random.permille(PROMOTED_SALES) {
        promote(&mut lines, random);
    }
    let mut ticket = Ticket { lines, discount: 0, shipping: sent.then_some(SHIPPING) };
    if random.permille(CLUB_SALES) {
        ticket.discount = (ticket.net() + 5) / 10;
    }
    ticket
}

fn line(product: &Product, random: &mut SplitMix64) -> Line {
    let (quantity, serials) = match product.kind {
        Kind::Weighed => (10 * random.between(8, 240), vec![]),
        Kind::Serial => (1_000, vec![format!("SN{:010}", random.below(10_000_000_000))]),
        Kind::Piece | Kind::Kit => (1_000 * draw(LINE_UNITS, random), vec![]),
    };
    Line {
        product: product.clone(),
        quantity,
        unit_price: product.price,
        discount: None,
        serials,
        parent: None,
    }
}

/// A kit's own line at 0.00, and its parts under it, which carry the money: each part can come back
/// at its price.
fn kit(
    kit: &Product,
    products: &[Product],
    inside: &mut HashSet<usize>,
    lines: &mut Vec<Line>,
    random: &mut SplitMix64,
) {
    let quantity = 1_000 * random.between(1, 3);
    let number = lines.len() as u32 + 1;
    lines.push(Line { quantity, ..line(kit, random) });
    while lines.len() < number as usize + PARTS_OF_A_KIT {
        let part = choose(products, false, random);
        if products[part].kind == Kind::Piece && inside.insert(part) {
            lines.push(Line { quantity, parent: Some(number), ..line(&products[part], random) });
        }
    }
}

/// Puts a thing of the basket through once more, now and then at a price that was lowered
/// meanwhile.
fn repeat(lines: &mut [Line], random: &mut SplitMix64) {
    let pieces: Vec<usize> = (0..lines.len()).filter(|&line| lines[line].is_plain()).collect();
    if pieces.len() < 2 {
        return;
    }
    let (first, second) = (random.pick(&pieces[..pieces.len() - 1]), pieces[pieces.len() - 1]);
    let product = lines[first].product.clone();
    let lowered = random.permille(REPEATS_AT_ANOTHER_PRICE);
    let unit_price = if lowered { product.price - product.price / 5 } else { product.price };
    lines[second] = Line { unit_price, ..line(&product, random) };
}

fn promote(lines: &mut [Line], random: &mut SplitMix64) {
    let percent = random.pick(&[10, 15, 20]);
    for line in lines.iter_mut().filter(|line| line.is_plain()) {
        let amount = (line.gross() * percent + 50) / 100;
        if random.permille(PROMOTED_LINES) && amount > 0 {
            line.discount = Some(Discount {
                amount,
                promotion: "SPRING",
                description: format!("{percent} % off"),
            });
        }
    }
}

impl Line {
    /// A thing by the piece that is no part of a kit.
    fn is_plain(&self) -> bool {
        self.product.kind == Kind::Piece && self.parent.is_none()
    }
}
