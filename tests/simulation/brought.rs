//! What somebody brings to the counter by chance: as a draft, and what the model thinks of it.

use crate::chance::Chance;
use crate::counter::{draft, money, reason, weighed, with};
use crate::exchanges::Goods;
use crate::exempt::Exempt;
use crate::lower::Price;
use crate::receipts::find;
use crate::returns::verdict;
use crate::typed::{plain, typed};
use crate::verdict::{Ask, Choice, Expected, Scene};
use crate::world::{Brought, Known, World};
use jiff::ToSpan;
use jiff::civil::Date;
use returndesk::domain::draft::{Asked, Draft, DraftCharge, Grant, SaleRef, TaxesAsked};
use returndesk::domain::money::Minor;
use returndesk::domain::quantity::Quantity;
use returndesk::domain::words::{Condition, RefundTo};
use std::collections::BTreeMap;

impl World {
    pub fn something(&mut self) -> Brought {
        let some = |world: &mut World| {
            let recent = world.sales.len().min(world.chance.pick(&[1, 40, usize::MAX]));
            world.sales.len() - 1 - world.chance.index(recent)
        };
        let main = some(self);
        let other = if self.chance.one_in(5) { some(self) } else { main };
        let cards = &self.cards[self.cards.len().saturating_sub(8)..];
        let chance = &mut self.chance;
        let card =
            (!cards.is_empty() && chance.one_in(12)).then(|| cards[chance.index(cards.len())].id);
        let adjusting = chance.one_in(6);
        let sales = &self.sales;
        let count = if adjusting { 1 } else { chance.within(1, 4) };
        let asks = (0..count).map(|_| {
            let sale = if chance.one_in(2) { main } else { other };
            ask(&sales[sale], sale, adjusting, chance)
        });
        let asks: Vec<Ask> = asks.collect();
        let mut charges = Vec::new();
        for charge in &sales[main].books.charges {
            let part = chance.one_in(3).then(|| chance.within(1, 900));
            if chance.one_in(2) {
                charges.push((main, charge.number, part));
            }
        }
        let references = [main, other].map(|sale| (sale, reference(&sales[sale], chance)));
        let tender = chance.index(sales[main].books.tenders.len().max(1)) as u32 + 1;
        Brought {
            store: if chance.one_in(4) { chance.index(2) } else { sales[main].store },
            main,
            references: BTreeMap::from(references),
            asks,
            charges,
            customer: chance
                .one_in(3)
                .then(|| chance.pick(&["C-1", "c-1 ", "C-2", "C-3001", " c-3001"])),
            at_register: if chance.one_in(15) { "3001" } else { "1042" },
            refund_to: chance.pick(&[
                RefundTo::Original,
                RefundTo::Original,
                RefundTo::Original,
                RefundTo::Original,
                RefundTo::StoreCredit,
                RefundTo::Cash,
            ]),
            unavailable: if chance.one_in(8) { vec![tender] } else { vec![] },
            card,
            training: chance.one_in(30),
            trading_day: chance.one_in(5).then(|| chance.pick(&[-2, -1, -1, -1, -1, 0, 1, 2])),
            goods: chance.one_in(4).then(|| Goods::some(sales.len(), chance)),
        }
    }

    /// It as a draft, with what the model thinks of it now.
    pub fn foretold(&self, brought: &Brought, grants: &[Grant]) -> (Draft, Expected) {
        let (mut expected, _) = self.expected(brought, brought.refund_to, grants);
        expected.invalid |= brought.trading_day.is_some_and(|distance| distance.abs() > 1);
        let lines = brought.asks.iter().map(|ask| {
            let line = ask
                .quantity
                .map_or_else(|| money(ask.number, ask.money), |units| weighed(ask.number, units));
            with(line, |line| {
                line.unit_price = ask.price.map(|price| price.told(self.shop.code));
                if let Some(Exempt { codes, units }) = ask.exempt.clone() {
                    let units = units.map(Quantity);
                    line.asked = Asked::Taxes(TaxesAsked { codes, units });
                }
                line.condition = if ask.opened { Condition::Opened } else { Condition::Unopened };
                line.reason = reason(if ask.defective { "defective" } else { "changed_mind" });
                line.serial_number.clone_from(&ask.serial);
                line.sale =
                    (ask.sale != brought.main).then(|| brought.references[&ask.sale].clone());
            })
        });
        let charges = brought.charges.iter().map(|(_, charge, part)| DraftCharge {
            sale: None,
            charge: *charge,
            amount: part.map(Minor),
        });
        let draft = with(draft(lines.collect()), |draft| {
            draft.store = self.shop.stores[brought.store].0.to_owned();
            draft.operator = brought.at_register.to_owned();
            draft.customer = brought.customer.map(str::to_owned);
            draft.sale = Some(brought.references[&brought.main].clone());
            draft.charges = charges.collect();
            draft.refund_to = brought.refund_to;
            draft.unavailable_tenders.clone_from(&brought.unavailable);
            draft.refund_card = brought.card;
            draft.training = brought.training;
            draft.business_date = brought.trading_day.map(|distance| self.near_today(distance));
            draft.exchange =
                brought.goods.as_ref().map(|goods| goods.draft(expected.due, self.shop.coin));
        });
        (draft, expected)
    }

    fn near_today(&self, distance: i64) -> Date {
        self.today().checked_add(distance.days()).unwrap()
    }

    /// The trading day that it belongs to.
    pub fn day_of(&self, brought: &Brought) -> Date {
        self.near_today(brought.trading_day.unwrap_or(0))
    }

    /// Whether the trading day that it names can be, and is closed at its register.
    pub fn comes_too_late(&self, brought: &Brought) -> bool {
        let register = (self.shop.stores[brought.store].0.to_owned(), Some("7".to_owned()));
        brought.trading_day.is_some_and(|distance| distance.abs() <= 1)
            && self.days.is_over(&register, self.day_of(brought))
    }

    /// What comes of it, and what would come of it under either version alone: the better verdict
    /// counts, then the more money.
    pub fn expected(
        &self,
        brought: &Brought,
        refund_to: RefundTo,
        grants: &[Grant],
    ) -> (Expected, [Expected; 2]) {
        let mut scene = self.scene();
        let found = |(sale, reference): (&usize, &SaleRef)| {
            (*sale, find(&self.sales, reference, brought.store))
        };
        scene.found = brought.references.iter().map(found).collect();
        let mut under = |choice| {
            scene.choice = choice;
            Expected::of(&scene, brought, refund_to)
        };
        let mut best = under(Choice::EachLine);
        let others = [under(Choice::Then), under(Choice::Now)];
        for other in &others {
            let burden = |of: &Expected| (verdict(of, grants, brought.at_register), -of.worth());
            if burden(other) < burden(&best) {
                best = other.clone();
            }
        }
        (best, others)
    }

    pub fn scene(&self) -> Scene<'_> {
        Scene {
            now: self.counter.now.as_second(),
            versions: &self.versions,
            sales: &self.sales,
            cards: &self.cards,
            coin: self.shop.coin,
            fee_taxed: self.shop.stores.map(|(_, _, taxed)| taxed),
            returns: &self.returns,
            found: BTreeMap::new(),
            choice: Choice::EachLine,
        }
    }
}

fn ask(known: &Known, sale: usize, adjusting: bool, chance: &mut Chance) -> Ask {
    let mut line = chance.index(known.books.lines.len());
    if !known.books.lines[line].goods && !chance.one_in(4) {
        line = 0;
    }
    let model = &known.books.lines[line];
    let left = model.sold - model.returned;
    let some = if chance.one_in(3) { left.max(1) } else { chance.within(1, left.max(1) + 1) };
    let whole = if model.sold % 1_000 == 0 { (some + 999) / 1_000 * 1_000 } else { some };
    let quantity = whole + if chance.one_in(25) { 1_000 } else { 0 };
    let numbered = !model.serials.is_empty() && !adjusting && !chance.one_in(6);
    let serial = numbered.then(|| model.serials[chance.index(model.serials.len())].clone());
    let exempt = (adjusting && chance.one_in(3))
        .then(|| Exempt::some(&known.books, line, quantity, chance))
        .flatten();
    Ask {
        sale,
        number: model.number,
        exempt,
        price: (!adjusting && chance.one_in(6)).then(|| Price::some(model, chance)),
        quantity: (!adjusting).then_some(if numbered && !chance.one_in(8) {
            1_000
        } else {
            quantity
        }),
        money: if adjusting { chance.within(1, model.left().max(1) + 2) } else { 0 },
        opened: chance.one_in(2),
        defective: chance.one_in(4),
        serial,
    }
}

/// By id or by the receipt, which may be told well or badly.
fn reference(known: &Known, chance: &mut Chance) -> SaleRef {
    let sale = &known.sale;
    if chance.one_in(3) {
        return SaleRef::Id(sale.id);
    }
    let receipt = if chance.one_in(40) { "R-0" } else { &sale.receipt };
    let receipt = typed(&plain(receipt).to_uppercase(), chance);
    let store = (!chance.one_in(3)).then(|| sale.store.clone());
    let business_date = (!chance.one_in(3)).then_some(sale.business_date);
    let register = chance.one_in(3).then(|| sale.register.clone());
    SaleRef::Receipt { receipt, store, register, business_date }
}
