//! Receipts with more on them than what was sold: bottles and goods given back, and what had come
//! back of a sale before the service knew it.

use crate::chance::Chance;
use crate::counter::{line, tax, tender, totalled, with};
use crate::ledger::{Books, nearest, shared};
use returndesk::domain::money::Minor;
use returndesk::domain::quantity::Quantity;
use returndesk::domain::sale::{CameBack, LineKind, ReturnedBefore, Sale};
use returndesk::domain::tender::TenderType;

/// Adds lines of what the customer gave back, paid with less, or paid out.
pub fn give_back(sale: &mut Sale, coin: i64, chance: &mut Chance) {
    if !chance.one_in(5) {
        return;
    }
    let before = sale.clone();
    // A tax of the whole receipt was printed for the goods.
    let goods: Vec<u32> = sale.lines.iter().map(|line| line.line).collect();
    for tax in &mut sale.taxes {
        if tax.of.lines.is_empty() && tax.of.charges.is_empty() {
            tax.of.lines = goods.iter().copied().collect();
        }
    }
    let mut given = 0;
    for _ in 0..chance.within(1, 3) {
        let number = sale.lines.len() as u32 + 1;
        let (units, price) = (chance.within(1, 4), chance.within(0, 60) * 5);
        let taxed = if chance.one_in(3) { chance.within(0, 4) * 5 } else { 0 };
        let mut back = with(line(number, units, price), |line| {
            line.kind = chance.pick(&[
                LineKind::DepositReturn,
                LineKind::DepositReturn,
                LineKind::UnlinkedReturn,
            ]);
            line.net = Minor(-units * price);
        });
        given += units * price;
        if taxed > 0 && taxed <= units * price {
            back.taxes = vec![tax("A", -taxed)];
            given += if sale.prices_include_tax { 0 } else { taxed };
        }
        sale.lines.push(back);
    }
    let mut rest = given;
    for tender in &mut sale.tenders {
        let whole = (tender.amount.0 - tender.change.0) / coin * coin;
        let less = rest.min(whole).max(0);
        tender.amount.0 -= less;
        rest -= less;
    }
    if rest > 0 {
        let number = sale.tenders.len() as u32 + 1;
        let mut out = tender(number, TenderType::Cash, -rest, 0);
        out.reference = None;
        sale.tenders.push(out);
    }
    totalled(sale);
    // The last cash bears what was rounded: it has to be there still.
    let last_cash = sale.tenders.iter().rfind(|tender| tender.kind == TenderType::Cash);
    let rounded_away =
        sale.cash_rounding.0 != 0 && last_cash.is_none_or(|tender| tender.paid().0 < coin);
    if rounded_away || !sale.misfits().is_empty() {
        *sale = before;
        return;
    }
    *sale = sale.clone().with_payment_in_kind();
}

/// What no tender paid, because it was given back: how much, and by what it goes back.
pub fn in_kind(sale: &Sale) -> Option<(TenderType, i64)> {
    let on_top = |line: &returndesk::domain::sale::SaleLine| -> i64 {
        let taxes = line.taxes.iter().filter(|_| !sale.prices_include_tax);
        taxes.map(|tax| tax.amount.0).sum()
    };
    let back = || sale.lines.iter().filter(|line| line.kind != LineKind::Goods);
    let given: i64 = back().map(|line| -line.net.0 - on_top(line)).sum();
    let out: i64 =
        sale.tenders.iter().filter(|t| t.amount.0 < 0).map(|tender| -tender.amount.0).sum();
    let bottles = back().all(|line| line.kind == LineKind::DepositReturn);
    let kind = if bottles { TenderType::Cash } else { TenderType::StoreCredit };
    (given > out).then_some((kind, given - out))
}

/// Taxes of what the customer gave back with a receipt.
pub fn taxes_given_back(sale: &Sale) -> i64 {
    let back = sale.lines.iter().filter(|line| line.kind != LineKind::Goods);
    back.flat_map(|line| &line.taxes).map(|tax| -tax.amount.0).sum()
}

/// Says of a sale what had come back before.
pub fn came_back(sale: &mut Sale, chance: &mut Chance) {
    if !chance.one_in(12) {
        return;
    }
    let books = Books::new(sale);
    let what = if chance.one_in(2) {
        let left: i64 = books.lines.iter().filter(|l| l.card.is_none()).map(|l| l.left()).sum();
        let of_charges: i64 = books.charges.iter().map(|c| c.most()).sum();
        let amount = chance.within(1, left.max(1) + 1) + chance.pick(&[0, 0, of_charges]);
        if amount > left + of_charges {
            return;
        }
        CameBack::Money(Minor(amount))
    } else {
        let line = &books.lines[chance.index(books.lines.len())];
        if line.sold == 0 || line.card.is_some() {
            return;
        }
        let some = chance.within(1, line.sold + 1);
        let units = if line.sold % 1_000 == 0 { (some + 999) / 1_000 * 1_000 } else { some };
        CameBack::Units(vec![(line.number, Quantity(units))])
    };
    let paid = &books.tenders[chance.index(books.tenders.len())];
    let to = match what {
        CameBack::Money(amount) => amount.0,
        CameBack::Units(_) => chance.within(1, 900),
    };
    let named = paid.number > 0 && to <= paid.exact && chance.one_in(2);
    let tenders = if named { vec![(paid.number, Minor(to))] } else { vec![] };
    sale.returned = vec![ReturnedBefore { at: sale.sold_at, what, tenders }];
}

impl Books {
    /// Enters what had come back before, by docs/money.md, section 4a.
    pub fn came_back(&mut self, before: &ReturnedBefore) {
        match &before.what {
            CameBack::Units(lines) => {
                for (number, units) in lines {
                    let line = self.lines.iter_mut().find(|line| line.number == *number).unwrap();
                    let worth = line.worth(units.0);
                    line.take(units.0, &worth);
                }
                self.parts_came_back();
            }
            CameBack::Money(amount) => {
                let left: Vec<i64> = (self.lines.iter())
                    .map(|line| if line.card.is_none() { line.left() } else { 0 })
                    .collect();
                let of_lines = amount.0.min(left.iter().sum());
                for (line, share) in self.lines.iter_mut().zip(shared(of_lines, &left)) {
                    if share > 0 {
                        let worth = line.parts_of_money(share);
                        line.adjust(&worth);
                    }
                }
                let mut rest = amount.0 - of_lines;
                for charge in &mut self.charges {
                    let share = charge.most().min(rest);
                    charge.take(share);
                    rest -= share;
                }
            }
        }
        for (number, amount) in &before.tenders {
            let tender = self.tenders.iter_mut().find(|tender| tender.number == *number).unwrap();
            tender.refunded += amount.0;
        }
    }

    /// Parts of kits are back with them.
    fn parts_came_back(&mut self) {
        for place in 0..self.lines.len() {
            let Some(kit) = self.lines[place].kit else { continue };
            let (back, kits) = (self.lines[kit].returned, self.lines[kit].sold);
            let part = &mut self.lines[place];
            let due = nearest(i128::from(part.sold) * i128::from(back), i128::from(kits));
            let whole = part.sold % 1_000 == 0 && back < kits;
            let due = if whole { due / 1_000 * 1_000 } else { due } - part.returned;
            if due > 0 {
                let worth = part.worth(due);
                part.take(due, &worth);
            }
        }
    }
}
