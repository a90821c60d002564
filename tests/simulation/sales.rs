//! Sales, and the same again.

use crate::cards::Card;
use crate::chance::Chance;
use crate::counter::made_up::{LineShape, SaleShape, TenderShape};
use crate::document;
use crate::ledger::{Books, Portion};
use crate::mixed::{came_back, give_back};
use crate::typed::{plain, typed};
use crate::world::{Known, World};
use jiff::ToSpan;
use returndesk::domain::gift_cards::CardStatus;
use returndesk::domain::gift_cards::of_sales::GiftCardSold;
use returndesk::domain::money::Minor;
use returndesk::domain::perform::{Command, Done, Outcome};
use returndesk::domain::quantity::Quantity;
use returndesk::domain::refusal::Refusal;
use returndesk::domain::sale::{LineKind, ReceiptTax, Sale, SaleLine, Scope, Tax};
use returndesk::domain::sales::{RecordSale, VoidSale};
use returndesk::domain::tender::TenderType;
use returndesk::domain::unit_price::UnitPrice;
use std::sync::Arc;

impl World {
    pub fn sell(&mut self) {
        if !self.sales.is_empty() && self.chance.one_in(8) {
            return self.sell_again();
        }
        let number = self.sales.len() as u128 + 1;
        let (sale, store) = self.rung_up(number);
        let command = match self.tape {
            Some(_) => document::command(&sale),
            None => RecordSale { sale, document: String::new(), digest: digest(number) },
        };
        let sent = &command.sale;
        let same = |known: &&Known| {
            let (known, sent) = (&known.sale, &command.sale);
            (&known.store, &known.register, plain(&known.receipt), known.business_date)
                == (&sent.store, &sent.register, plain(&sent.receipt), sent.business_date)
        };
        let same = |known: &&Known| !known.voided && same(known);
        let taken = self.sales.iter().find(same).map(|known| known.sale.id);
        let bad = taken.is_none() && self.bad_cards(sent);
        match self.perform(&Command::RecordSale(Box::new(command.clone())), bad) {
            Outcome::Refused(refusal) if bad => assert!(matches!(*refusal, Refusal::Invalid(_))),
            Outcome::Refused(refusal) => {
                assert_eq!(Some(*refusal), taken.map(|sale| Refusal::ReceiptExists { sale }));
                self.seen.receipts_taken += 1;
            }
            Outcome::Done(done) => {
                assert!(taken.is_none() && !bad);
                let Done::SaleRecorded { sale: id, known_before: false, .. } = *done else {
                    panic!("{done:?}")
                };
                let sale = Arc::new(Sale { id, ..sent.clone() });
                for (line, card) in sale
                    .lines
                    .iter()
                    .zip(Books::new(&sale).lines)
                    .filter_map(|(l, b)| Some((l, b.card?)))
                {
                    let place = self.card_of(card.0).unwrap();
                    self.cards[place].put(card.1);
                    self.compare_card(place);
                    assert!(line.gift_card.is_some());
                    self.seen.cards_sold += 1;
                }
                self.sales.push(Known {
                    books: Books::new(&sale),
                    store,
                    sale,
                    command,
                    exchanged: false,
                    voided: false,
                });
                let known = self.sales.last().unwrap();
                assert_eq!(known.own_rounding(), known.sale.cash_rounding.0, "{:?}", known.sale);
                let known = &known.sale;
                let kinds = |kind| u64::from(known.lines.iter().any(|line| line.kind == kind));
                self.seen.bottles += kinds(LineKind::DepositReturn);
                self.seen.given_back += kinds(LineKind::UnlinkedReturn);
                self.seen.back_before += u64::from(!known.returned.is_empty());
                self.seen.sales += 1;
            }
        }
    }

    /// Whether a card cannot be sold or loaded.
    fn bad_cards(&self, sale: &Sale) -> bool {
        Books::new(sale).lines.iter().filter_map(|line| line.card).any(|(id, face)| {
            let card = self.card_of(id).unwrap();
            self.cards[card].usable().is_err() || face <= 0
        })
    }

    /// A sale of today, and which store it is of.
    fn rung_up(&mut self, number: u128) -> (Sale, usize) {
        let chance = &mut self.chance;
        let line = |chance: &mut Chance| LineShape {
            thousandths: if chance.one_in(4) {
                chance.within(1, 4_000)
            } else {
                chance.within(1, 7) * 1_000
            },
            price: chance.within(0, 2_500),
            off: if chance.one_in(3) { chance.within(0, 101) } else { 0 },
            taxes: (0..chance.index(4)).map(|_| chance.within(0, 100)).collect(),
        };
        let kinds: &[usize] = if self.shop.coin == 1 { &[0, 1, 1, 2, 3] } else { &[0, 0, 1, 3] };
        let tender = |chance: &mut Chance| TenderShape {
            kind: chance.pick(kinds),
            weight: chance.within(1, 50),
            change: 0,
        };
        let charged = chance.one_in(5);
        let shape = SaleShape {
            place: self.shop.place,
            included: chance.one_in(2),
            lines: (0..chance.within(1, 5)).map(|_| line(chance)).collect(),
            off: (0..chance.index(3)).map(|_| chance.within(0, 25)).collect(),
            charges: (0..if charged { chance.within(1, 3) } else { 0 })
                .map(|_| (chance.within(0, 900), chance.within(0, 90)))
                .collect(),
            tenders: (0..chance.within(1, 4)).map(|_| tender(chance)).collect(),
        };
        let mut sale = shape.build(number);
        (sale.sold_at, sale.sold_at_as_sent) = (self.counter.now, self.counter.now.to_string());
        sale.business_date = self.counter.now.to_zoned(jiff::tz::TimeZone::UTC).date();
        if chance.one_in(3) {
            // A till that went on past midnight, or was cut off; or whose clock is ahead.
            sale.business_date =
                sale.business_date.checked_add(chance.within(-1, 2).days()).unwrap();
        }
        // The register of exchanges most often: their numbers and those of sales meet there.
        sale.register = chance.pick(&["3", "7", "7", "8"]).to_owned();
        let store = chance.index(2);
        sale.store = self.shop.stores[store].0.to_owned();
        // Registers count on their own: two stores, and two days, may have a number in common.
        sale.receipt = format!("R-{}", number - (number / 3).min(chance.index(3) as u128 * 2));
        sale.receipt = typed(&sale.receipt, chance).trim().to_owned();
        sale.customer = chance
            .one_in(6)
            .then(|| chance.pick(&["C-3001", "1042", "C-1", "\u{ff43}-1"]).to_owned());
        sale.charges.iter_mut().for_each(|charge| charge.refundable = !chance.one_in(5));
        sale.lines
            .iter_mut()
            .filter(|_| chance.one_in(15))
            .for_each(|line| line.flags.push("final_sale".to_owned()));
        for line in &mut sale.lines {
            if chance.one_in(8) {
                numbered(line, chance);
            }
        }
        kits(&mut sale, chance);
        promotions(&mut sale, chance);
        printed(&mut sale, chance);
        let recent = &self.cards[self.cards.len().saturating_sub(8)..];
        cards(&mut sale, recent, chance);
        give_back(&mut sale, self.shop.coin, chance);
        came_back(&mut sale, chance);
        assert_eq!(sale.misfits(), vec![]);
        (sale, store)
    }

    /// One of the last sales taken back, or what stands in the way.
    pub fn void_a_sale(&mut self) {
        let recent = self.sales.len().min(self.chance.pick(&[1, 3, 40]));
        let place = self.sales.len() - 1 - self.chance.index(recent);
        let possible = self.can_be_voided(place);
        let id = self.sales[place].sale.id;
        let command = VoidSale { id, reason: "mistake".to_owned(), note: None };
        match self.perform(&Command::VoidSale(command), false) {
            Outcome::Refused(refusal) => {
                assert!(
                    !possible && matches!(*refusal, Refusal::SaleNotVoidable { .. }),
                    "{refusal:?}"
                );
                self.seen.sales_not_voided += 1;
            }
            Outcome::Done(done) => {
                assert!(possible, "{done:?}");
                self.sales[place].voided = true;
                self.seen.sales_voided += 1;
                self.take_off_cards(place);
            }
        }
        self.compare(place);
    }

    /// Whether a sale is of today, as it was rung up, and its cards still have what it put on them.
    fn can_be_voided(&self, place: usize) -> bool {
        let Known { sale, books, exchanged, voided, .. } = &self.sales[place];
        let given = |portions: &[Portion]| portions.iter().any(|p| p.paid && p.given != 0);
        let untouched = books.lines.iter().all(|line| line.returned == 0 && !given(&line.portions))
            && books.tenders.iter().all(|tender| tender.refunded == 0 && tender.lost == 0)
            && books.tenders.iter().all(|tender| !tender.disputed)
            && books.charges.iter().all(|charge| charge.given.iter().all(|given| *given == 0));
        let there = self
            .put_on_cards(place)
            .into_iter()
            .all(|(card, amount, _)| self.cards[card].balance >= amount);
        !voided && !exchanged && sale.business_date == self.today() && untouched && there
    }

    /// Cards that a sale put money on: how much, and by how many lines.
    fn put_on_cards(&self, place: usize) -> Vec<(usize, i64, u32)> {
        let mut all: Vec<(usize, i64, u32)> = Vec::new();
        for (id, face) in self.sales[place].books.lines.iter().filter_map(|line| line.card) {
            let card = self.card_of(id).unwrap();
            match all.iter_mut().find(|(of, _, _)| *of == card) {
                Some(known) => (known.1, known.2) = (known.1 + face, known.2 + 1),
                None => all.push((card, face, 1)),
            }
        }
        all
    }

    /// A card that only this sale had put money on can be sold again.
    fn take_off_cards(&mut self, place: usize) {
        for (at, amount, lines) in self.put_on_cards(place) {
            let card = &mut self.cards[at];
            let fresh = card.moves == lines && card.stands == CardStatus::Active;
            card.balance -= amount;
            card.moves += 1;
            if fresh {
                card.stands = CardStatus::Inactive;
            }
            self.compare_card(at);
        }
    }

    /// The same once more is known; another sale under the same number is refused.
    fn sell_again(&mut self) {
        let place = self.chance.index(self.sales.len());
        let mut command = self.sales[place].command.clone();
        // Goods taken in an exchange were never sent as a sale.
        let other = self.chance.one_in(2) || self.sales[place].exchanged;
        if self.sales[place].voided {
            // Its number is free: whoever rings it up again makes a sale like any other.
            return;
        }
        if other {
            command.digest[31] ^= 1;
            command.document.push(' ');
        }
        let known = self.sales[place].sale.id;
        match self.perform(&Command::RecordSale(Box::new(command)), !other) {
            Outcome::Done(done) => {
                assert!(
                    !other
                        && matches!(*done, Done::SaleRecorded { sale, known_before: true, .. } if sale == known)
                );
            }
            Outcome::Refused(refusal) => {
                assert!(other && *refusal == Refusal::ReceiptExists { sale: known })
            }
        }
        self.compare(place);
    }
}

/// As tills print it: one tax for several lines and charges, and discounts that name what they are
/// off. The total stays what it is.
fn printed(sale: &mut Sale, chance: &mut Chance) {
    for line in &mut sale.lines {
        if chance.one_in(5) {
            // The amount counts; what stands beside it is descriptive, or missing.
            line.amount = Some(line.extended());
            let sixths = UnitPrice::parse("1.333333", sale.currency);
            line.unit_price = chance.pick(&[line.unit_price, Some(Minor(1).into()), sixths, None]);
        }
    }
    let before = sale.clone();
    if chance.one_in(3) {
        tax_of_the_receipt(sale, chance);
    }
    for discount in 0..sale.discounts.len() {
        if chance.one_in(3) {
            let of = scope(sale, chance);
            sale.discounts[discount].of = of;
        }
    }
    if !sale.misfits().is_empty() {
        *sale = before;
    }
}

/// Takes one code off all lines and, where it is on top, off charges, and prints its sum.
fn tax_of_the_receipt(sale: &mut Sale, chance: &mut Chance) {
    let code = chance.pick(&["A", "B", "C"]);
    let mut amount = 0;
    let mut of = Scope::default();
    let mut take = |taxes: &mut Vec<Tax>| {
        let had = taxes.len();
        amount += taxes.iter().filter(|tax| tax.code == code).map(|tax| tax.amount.0).sum::<i64>();
        taxes.retain(|tax| tax.code != code);
        taxes.len() < had
    };
    for line in &mut sale.lines {
        if take(&mut line.taxes) {
            of.lines.insert(line.line);
        }
    }
    let charges = if sale.prices_include_tax { &mut [][..] } else { &mut sale.charges[..] };
    for charge in charges {
        if take(&mut charge.taxes) {
            of.charges.insert(charge.charge);
        }
    }
    if of == Scope::default() {
        return;
    }
    let all = of.lines.len() == sale.lines.len() && of.charges.is_empty();
    let of = if all { Scope::default() } else { of };
    sale.taxes.push(ReceiptTax { tax: crate::counter::tax(code, amount), of });
}

/// Some lines and charges; none of them is all lines.
fn scope(sale: &Sale, chance: &mut Chance) -> Scope {
    let lines = sale.lines.iter().map(|line| line.line).filter(|_| chance.one_in(2)).collect();
    let charges = sale.charges.iter().map(|of| of.charge).filter(|_| chance.one_in(2)).collect();
    Scope { lines, charges }
}

fn digest(number: u128) -> [u8; 32] {
    let mut digest = [7; 32];
    digest[..16].copy_from_slice(&number.to_be_bytes());
    digest
}

/// A line of whole units, each with a number of its own; or some of them.
fn numbered(line: &mut SaleLine, chance: &mut Chance) {
    if line.quantity.0 % 1_000 == 0 {
        line.serial_numbers =
            (0..line.quantity.0 / 1_000).map(|unit| format!("S-{}-{unit}", line.line)).collect();
        // Not every unit was scanned; one number for several is a lot's.
        if chance.one_in(3) {
            line.serial_numbers.truncate(chance.within(1, line.quantity.0 / 1_000 + 1) as usize);
        }
    }
}

/// Later lines as parts of the first, or of one another.
fn kits(sale: &mut Sale, chance: &mut Chance) {
    if !chance.one_in(5) {
        return;
    }
    for place in 1..sale.lines.len() {
        if !chance.one_in(3) {
            let kit = chance.index(place);
            sale.lines[place].parent_line = Some(sale.lines[kit].line);
            if chance.one_in(2) {
                sale.lines[place].serial_numbers.clear();
            }
        }
    }
}

/// A line may sell or load a card, and a tender be one.
fn cards(sale: &mut Sale, known: &[Card], chance: &mut Chance) {
    if known.is_empty() {
        return;
    }
    let fits = |line: &&mut SaleLine| line.quantity == Quantity::ONE && line.parent_line.is_none();
    if let Some(line) = sale.lines.iter_mut().find(fits).filter(|_| chance.one_in(3)) {
        let amount = chance.one_in(3).then(|| Minor(chance.within(1, 4_000)));
        line.gift_card =
            Some(GiftCardSold { id: chance_of(known, chance).id, amount, meant: None });
        // As the wire reads it: a line that sold a card says so to the rules.
        line.flags.push(SaleLine::GIFT_CARD.to_owned());
        line.serial_numbers.clear();
    }
    for tender in sale.tenders.iter_mut().filter(|tender| tender.kind == TenderType::GiftCard) {
        tender.reference = chance.one_in(2).then(|| chance_of(known, chance).id.to_string());
    }
}

fn chance_of<'a>(known: &'a [Card], chance: &mut Chance) -> &'a Card {
    &known[chance.index(known.len())]
}

/// Names for the discounts of lines and of the sale; a line that nothing was taken off may belong
/// to one, too.
fn promotions(sale: &mut Sale, chance: &mut Chance) {
    let name = |chance: &mut Chance| {
        chance.pick(&[None, Some("A"), Some("A"), Some("B")]).map(str::to_owned)
    };
    for line in &mut sale.lines {
        if line.discounts.is_empty() && chance.one_in(6) {
            line.discounts.push(crate::counter::discount(0, None));
        }
        line.discounts.iter_mut().for_each(|discount| discount.promotion = name(chance));
    }
    for discount in &mut sale.discounts {
        discount.promotion = if chance.one_in(3) { name(chance) } else { None };
    }
}
