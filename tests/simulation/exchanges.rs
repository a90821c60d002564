//! New goods for what comes back, by the service and by the model: what they come to, whose money
//! pays for them, and the sale that they are from then on.

use crate::chance::Chance;
use crate::counter::{line, tax, tender};
use crate::ledger::{Books, Portion};
use crate::tenders::{Purse, in_order};
use crate::terms::Terms;
use crate::typed::{plain, typed};
use crate::verdict::Expected;
use crate::world::{Brought, Known, Made, World};
use returndesk::domain::decision::Decision;
use returndesk::domain::draft::{ExchangeDraft, ExchangeLine};
use returndesk::domain::money::Minor;
use returndesk::domain::returns::Recorded;
use returndesk::domain::sale::{Sale, SaleLine, Tender};
use returndesk::domain::sales::RecordSale;
use returndesk::domain::tender::TenderType;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// What somebody takes instead.
#[derive(Clone, Debug)]
pub struct Goods {
    /// Units, price of each, taxes.
    lines: Vec<(i64, i64, Vec<i64>)>,
    /// Whether prices contain taxes; none: as in the first sale that something comes back of.
    included: Option<bool>,
    receipt: Option<String>,
    payment: Payment,
}

/// How what is due is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Payment {
    Card,
    /// With so much change.
    Cash(i64),
    /// By card, but too much.
    Wrong,
}

/// Money that goes from a tender into the new goods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    pub sale: usize,
    /// Its place.
    pub tender: usize,
    pub kind: TenderType,
    pub amount: i64,
    pub rounding: i64,
}

impl Goods {
    /// `sold`: what was sold so far; numbers of receipts are about that.
    pub fn some(sold: usize, chance: &mut Chance) -> Goods {
        let line = |chance: &mut Chance| {
            let (units, price) = (chance.within(1, 4), chance.within(0, 2_500));
            let taxes = (0..chance.index(3))
                .map(|_| units * price * chance.within(0, 100) / 1_000)
                .collect();
            (units, price, taxes)
        };
        Goods {
            lines: (0..chance.within(1, 4)).map(|_| line(chance)).collect(),
            included: chance.one_in(3).then(|| chance.one_in(2)),
            receipt: chance.one_in(2).then(|| {
                let number = format!("R-{}", sold as i64 + chance.within(-3, 4));
                typed(&number, chance).trim().to_owned()
            }),
            payment: match chance.index(10) {
                0 => Payment::Wrong,
                1..4 => Payment::Cash(chance.pick(&[0, 500])),
                _ => Payment::Card,
            },
        }
    }

    pub fn is_not_paid(&self) -> bool {
        self.payment == Payment::Wrong
    }

    fn worth(&self, included: bool) -> i64 {
        let taxes = |taxes: &[i64]| if included { 0 } else { taxes.iter().sum() };
        self.lines.iter().map(|(units, price, of_line)| units * price + taxes(of_line)).sum()
    }

    pub fn draft(&self, due: i64, coin: i64) -> ExchangeDraft {
        let priced = |line: SaleLine| ExchangeLine {
            line,
            attributes: BTreeMap::new(),
            exchanged_for: None,
            priced: true,
        };
        let lines = self.lines.iter().zip(1..).map(|((units, price, taxes), number)| {
            let mut line = line(number, *units, *price);
            line.taxes =
                taxes.iter().zip(["A", "B"]).map(|(amount, code)| tax(code, *amount)).collect();
            priced(line)
        });
        ExchangeDraft {
            lines: lines.collect(),
            discounts: vec![],
            taxes: Vec::new(),
            charges: Vec::new(),
            tenders: self.paid(due, coin).into_iter().collect(),
            receipt: self.receipt.clone(),
            prices_include_tax: self.included,
            cash_rounding: None,
        }
    }

    fn paid(&self, due: i64, coin: i64) -> Option<Tender> {
        match self.payment {
            Payment::Wrong => Some(tender(1, TenderType::CreditCard, due + 1, 0)),
            _ if due == 0 => None,
            Payment::Card => Some(tender(1, TenderType::CreditCard, due, 0)),
            Payment::Cash(change) => {
                Some(tender(1, TenderType::Cash, in_coins(due, coin) + change, change))
            }
        }
    }

    /// What cash adds to what is due.
    fn rounding(&self, due: i64, coin: i64) -> i64 {
        if matches!(self.payment, Payment::Cash(_)) { in_coins(due, coin) - due } else { 0 }
    }
}

fn in_coins(amount: i64, coin: i64) -> i64 {
    (amount + coin / 2) / coin * coin
}

impl Expected {
    /// What is paid with what comes back, what is left of it to pay out, and what is due.
    pub fn exchange(&mut self, brought: &Brought) {
        let included = self.includes(brought);
        self.exchanged = brought.goods.as_ref().map_or(0, |goods| goods.worth(included));
        let paying = self.credit.min(self.exchanged);
        (self.refund, self.due) = (self.credit - paying, self.exchanged - paying);
    }

    fn first_sale(&self) -> Option<usize> {
        self.first.or_else(|| self.sales().next())
    }

    fn includes(&self, brought: &Brought) -> bool {
        let asked = brought.goods.as_ref().and_then(|goods| goods.included);
        asked.unwrap_or_else(|| self.first_sale().is_some_and(|sale| self.books[&sale].included))
    }
}

impl Purse {
    /// Moves an exact amount of one sale into the new goods: each tender in its turn, whatever it
    /// may be paid back by.
    pub fn carry(&mut self, sale: usize, books: &mut Books, amount: i64, terms: &Terms, coin: i64) {
        let mut left = amount;
        for (place, most) in in_order(books, amount, terms.order) {
            let tender = &books.tenders[place];
            let (kind, exact) = (tender.kind, left.min(most).min(books.open(place)));
            if exact <= 0 {
                continue;
            }
            left -= exact;
            let at = (sale, place);
            let amount = books.take(at, exact, (kind, true), coin, &mut self.waiting);
            let rounding = amount - exact;
            match self.carried.iter_mut().find(|part| (part.sale, part.tender) == (sale, place)) {
                Some(part) => {
                    part.amount += amount;
                    part.rounding += rounding;
                }
                None => self.carried.push(Carried { sale, tender: place, kind, amount, rounding }),
            }
        }
        self.short |= left > 0;
    }
}

impl Made {
    pub fn carried(&self) -> &[Carried] {
        self.taken.as_ref().map_or(&[], |(_, carried)| carried)
    }
}

impl Known {
    /// What cash rounding added to it when it was paid, and not before.
    pub fn own_rounding(&self) -> i64 {
        let own = self.books.tenders.iter().filter(|tender| tender.origin.is_none());
        own.map(|tender| tender.paid - tender.exact).sum()
    }
}

impl World {
    /// The sale that has the number which the new goods are to have.
    pub fn receipt_taken(&self, brought: &Brought) -> Option<Uuid> {
        let receipt = brought.goods.as_ref()?.receipt.as_ref()?;
        let day = self.day_of(brought);
        let same = |known: &&Known| {
            let here = known.store == brought.store && known.sale.register == "7";
            !known.voided
                && here
                && plain(&known.sale.receipt) == plain(receipt)
                && known.sale.business_date == day
        };
        self.sales.iter().find(same).map(|known| known.sale.id)
    }

    /// Every amount of an exchange as it is answered.
    pub fn same_exchange(&self, brought: &Brought, decision: &Decision, expected: &Expected) {
        let told = || format!("{decision:?} expected {expected:?}");
        let totals = &decision.totals;
        let gross = |sale: usize, line: usize, worth: &[i64]| {
            self.sales[sale].books.lines[line].gross(worth)
        };
        let lines: i64 =
            expected.lines.iter().map(|line| gross(line.sale, line.line, &line.worth)).sum();
        let of_charge = |(sale, number, worth): &(usize, u32, Vec<i64>)| {
            self.sales[*sale].books.charge_gross(*number, worth)
        };
        let charges: i64 = expected.charges.iter().map(of_charge).sum();
        assert_eq!(totals.returned.0, lines + charges, "{}", told());
        assert_eq!(
            (totals.exchanged.0, totals.due.0),
            (expected.exchanged, expected.due),
            "{}",
            told()
        );
        let (Some(goods), Some(exchange)) = (&brought.goods, &decision.exchange) else {
            return assert!(brought.goods.is_none() && decision.exchange.is_none());
        };
        assert_eq!(exchange.unpaid.is_some(), goods.is_not_paid(), "{}", told());
        let place = |id: Uuid| self.sales.iter().position(|known| known.sale.id == id).unwrap();
        let part = |carry: &returndesk::domain::refunds::Carry| {
            let (sale, number) = carry.from.unwrap();
            let (sale, amount, rounding) = (place(sale), carry.amount.0, carry.rounding.0);
            let tender = self.sales[sale]
                .books
                .tenders
                .iter()
                .position(|tender| tender.number == number)
                .unwrap();
            Carried { sale, tender, kind: carry.kind, amount, rounding }
        };
        assert_eq!(
            exchange.carried.iter().map(part).collect::<Vec<_>>(),
            expected.carried,
            "{}",
            told()
        );
        let sale = &exchange.sale;
        self.same_tenders(sale, goods, expected);
        let line = |line: &SaleLine| {
            let taxes = line.taxes.iter().map(|tax| tax.amount.0).collect::<Vec<_>>();
            assert_eq!(line.net.0, line.price().0 * line.quantity.0 / 1_000);
            (line.quantity.0 / 1_000, line.price().0, taxes)
        };
        assert_eq!(sale.lines.iter().map(line).collect::<Vec<_>>(), goods.lines);
        assert_eq!(
            (sale.total.0, sale.prices_include_tax),
            (expected.exchanged, expected.includes(brought))
        );
        let buyer = expected.first_sale().and_then(|sale| self.sales[sale].sale.customer.clone());
        assert_eq!(sale.customer, brought.customer.map(str::to_owned).or(buyer));
    }

    /// First what was carried over, in its order, then what is paid on top.
    fn same_tenders(&self, sale: &Sale, goods: &Goods, expected: &Expected) {
        let paid = sale
            .tenders
            .iter()
            .map(|tender| (tender.kind, tender.amount.0, tender.change.0, &tender.reference));
        let reference = |part: &Carried| &self.sales[part.sale].sale.tenders[part.tender].reference;
        let carried =
            expected.carried.iter().map(|part| (part.kind, part.amount, 0, reference(part)));
        let own = goods.paid(expected.due, self.shop.coin);
        let own = own
            .iter()
            .map(|tender| (tender.kind, tender.amount.0, tender.change.0, &tender.reference));
        assert_eq!(paid.collect::<Vec<_>>(), carried.chain(own).collect::<Vec<_>>());
        if !goods.is_not_paid() {
            let carried: i64 = expected.carried.iter().map(|part| part.rounding).sum();
            let rounding = goods.rounding(expected.due, self.shop.coin);
            assert_eq!(sale.cash_rounding.0, carried + rounding);
            let paid: i64 =
                sale.tenders.iter().map(|tender| tender.amount.0 - tender.change.0).sum();
            let all = paid == sale.total.0 + sale.cash_rounding.0;
            assert!(all || expected.short, "{sale:?}");
        }
    }

    /// The new goods as a sale of the shop from now on; in training nothing is sold.
    pub fn take_goods(&mut self, brought: &Brought, recorded: &Recorded, expected: &Expected) {
        let made = &recorded.the_return;
        let Some(goods) = brought.goods.as_ref().filter(|_| !brought.training) else {
            return assert_eq!(made.exchange, None);
        };
        let exchange = made.exchange.as_ref().unwrap();
        let sale = Arc::clone(&self.counter.state.book(exchange.sale).unwrap().sale);
        assert_eq!(sale.receipt, goods.receipt.clone().unwrap_or_else(|| made.number()));
        assert_eq!((&sale.store, sale.sold_at), (&made.store, self.counter.now));
        assert_eq!(sale.business_date, self.day_of(brought));
        assert!(self.sales.iter().all(|known| known.sale.id != sale.id));
        let parts = exchange
            .carried
            .iter()
            .map(|part| (part.amount.0, part.rounding.0))
            .collect::<Vec<_>>();
        assert_eq!(
            parts,
            expected.carried.iter().map(|part| (part.amount, part.rounding)).collect::<Vec<_>>()
        );
        let books = self.new_books(&sale, goods, expected);
        let command =
            RecordSale { sale: Sale::clone(&sale), document: String::new(), digest: [3; 32] };
        self.returns.last_mut().unwrap().taken = Some((self.sales.len(), expected.carried.clone()));
        self.seen_exchanged(expected);
        let known =
            Known { sale, store: brought.store, command, books, exchanged: true, voided: false };
        self.sales.push(known);
        self.compare(self.sales.len() - 1);
    }

    /// Bought today, with money that was paid earlier.
    fn new_books(&self, sale: &Sale, goods: &Goods, expected: &Expected) -> Books {
        let mut books = Books::new(sale);
        let tie = sale.exchange_of.as_ref().unwrap();
        let of = |(sale, line): (usize, usize)| self.sales[sale].books.lines[line].first_bought;
        let of_lines = expected.lines.iter().map(|line| of((line.sale, line.line))).max();
        let of_charges = expected.charges.first().map(|(sale, _, _)| of((*sale, 0)));
        let since = of_lines.or(of_charges).unwrap();
        books.lines.iter_mut().for_each(|line| line.first_bought = since);
        for (place, tender) in books.tenders.iter_mut().enumerate() {
            let told = tie.carried.iter().find(|carried| carried.tender == tender.number);
            let Some(part) = expected.carried.get(place) else {
                tender.exact = tender.paid - goods.rounding(expected.due, self.shop.coin);
                assert_eq!(told, None);
                continue;
            };
            let of = &self.sales[part.sale];
            let from = &of.books.tenders[part.tender];
            tender.exact = part.amount - part.rounding;
            tender.on = from.on;
            tender.origin = from.origin.or(Some((of.sale.id, from.number)));
            assert_eq!(
                told.map(|told| (told.origin, told.rounding)),
                Some((tender.origin, Minor(part.rounding)))
            );
        }
        books
    }

    fn seen_exchanged(&mut self, expected: &Expected) {
        let again = expected.sales().any(|sale| self.sales[sale].exchanged);
        let seen = &mut self.seen;
        seen.exchanged += 1;
        seen.exchanged_again += u64::from(again);
        seen.paid_on_top += u64::from(expected.due > 0);
        seen.paid_out_beside += u64::from(expected.refund > 0);
        seen.carried_parts += u64::from(expected.carried.len() > 1);
    }

    /// Whether the goods taken are as they were sold, and nothing was paid on top that is out of
    /// reach.
    pub fn goods_can_go_back(&self, made: &Made) -> bool {
        let Some((sale, _)) = &made.taken else { return true };
        let books = &self.sales[*sale].books;
        let given = |portions: &[Portion]| {
            portions.iter().filter(|p| p.paid).map(|p| p.given).sum::<i64>() > 0
        };
        let moved = books.lines.iter().any(|line| line.returned > 0 || given(&line.portions))
            || books.tenders.iter().any(|tender| tender.refunded != 0 || tender.lost != 0);
        let by_card =
            |tender: &crate::ledger::Paid| tender.kind != TenderType::Cash && tender.paid > 0;
        !moved && !books.tenders.iter().any(|tender| tender.origin.is_none() && by_card(tender))
    }

    pub fn goods_go_back(&mut self, at: usize) {
        let Some((sale, _)) = self.returns[at].taken else { return };
        self.sales[sale].voided = true;
        self.seen.exchanges_voided += 1;
        assert!(self.counter.state.book(self.sales[sale].sale.id).unwrap().voided_at.is_some());
        self.compare(sale);
    }
}

/// A recorded decision without what was made when it was recorded: id, number and tie of the new
/// sale.
pub fn unmade(recorded: &Decision, checked: &Decision) -> Decision {
    let mut decision = recorded.clone();
    if let (Some(made), Some(meant)) = (&mut decision.exchange, &checked.exchange) {
        let (sale, meant) = (&mut made.sale, &meant.sale);
        (sale.id, sale.receipt) = (meant.id, meant.receipt.clone());
        if let (Some(tie), Some(meant)) = (&mut sale.exchange_of, &meant.exchange_of) {
            (tie.the_return, tie.return_number) = (meant.the_return, meant.return_number.clone());
        }
    }
    decision
}
