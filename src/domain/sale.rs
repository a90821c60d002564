//! A sale as the register rang it up: facts, kept as sent, checked that they add up (PRODUCT §3).

mod converted;
mod paid;
mod promotions;

use super::allocate::half_up;
use super::gift_cards::of_sales::GiftCardSold;
use super::money::{Currency, Minor, sum};
use super::quantity::Quantity;
use super::rounding::largest_step;
use super::tender::TenderType;
use super::tie::Tie;
use super::unit_price::UnitPrice;
use super::words::vocabulary;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

pub use converted::Converted;
pub use paid::{Paid, PaidLine, contained_of};

/// What was bought. Amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sale {
    pub id: Uuid,
    pub store: String,
    pub register: String,
    /// The number on paper, as printed; unique with store, register and business date.
    pub receipt: String,
    /// The store's trading day.
    pub business_date: Date,
    pub sold_at: Timestamp,
    /// The same as the register wrote it.
    pub sold_at_as_sent: String,
    pub operator: Option<String>,
    pub channel: String,
    pub currency: Currency,
    pub customer: Option<String>,
    pub customer_class: Option<String>,
    /// With it, a line's `net` contains its taxes, unless they say otherwise themselves.
    pub prices_include_tax: bool,
    pub lines: Vec<SaleLine>,
    /// Discounts of the whole sale, or of what they name, on top of those of the lines.
    pub discounts: Vec<Discount>,
    /// Taxes computed once for the receipt, on top of those of lines and charges.
    pub taxes: Vec<ReceiptTax>,
    pub charges: Vec<Charge>,
    /// What was paid with, and last the [`Tender::IN_KIND`] of a mixed receipt.
    pub tenders: Vec<Tender>,
    /// What cash rounding added to the exact total: tenders less change = total + cash rounding.
    pub cash_rounding: Minor,
    /// The exact total, before cash rounding.
    pub total: Minor,
    /// What ties it to the first sale if it is the new goods of an exchange.
    pub exchange_of: Option<Tie>,
    /// Whether the lines of a marked promotion share its discounts; sales recorded before that rule
    /// keep each discount on its line, so that their units stay worth what they were.
    pub shares_promotions: bool,
    /// What came back before the service knew the sale.
    pub returned: Vec<ReturnedBefore>,
    /// What another system calls it.
    pub external_id: Option<String>,
    /// The sale as it was rung up, where this is the same sale in the currency that replaced its
    /// own.
    pub converted: Option<Arc<Converted>>,
}

/// What came back of a sale elsewhere, before the service knew it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnedBefore {
    pub at: Timestamp,
    pub what: CameBack,
    /// What went back to each tender; empty where that is not known.
    pub tenders: Vec<(u32, Minor)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CameBack {
    /// Units of lines.
    Units(Vec<(u32, Quantity)>),
    /// An amount of the sale as a whole.
    Money(Minor),
}

vocabulary! {
    /// What a line of a receipt is.
    LineKind {
        /// Something that was sold.
        Goods = "goods",
        /// Bottles or other packaging given back: their deposit is paid out.
        DepositReturn = "deposit_return",
        /// Goods given back on a mixed receipt, recorded by the till without their sale.
        UnlinkedReturn = "unlinked_return",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleLine {
    pub line: u32,
    pub kind: LineKind,
    /// Lines of other systems may have a description alone.
    pub sku: Option<String>,
    pub gtin: Option<String>,
    pub description: Option<String>,
    pub category: Vec<String>,
    pub brand: Option<String>,
    pub quantity: Quantity,
    /// Descriptive where `amount` is stated; one of the two always is.
    pub unit_price: Option<UnitPrice>,
    /// The extended price before the line's own discounts, where the register stated it.
    pub amount: Option<Minor>,
    pub discounts: Vec<Discount>,
    /// After the line's own discounts, before any discount of the whole sale.
    pub net: Minor,
    pub taxes: Vec<Tax>,
    pub serial_numbers: Vec<String>,
    /// Attributes that are true of the item, such as `final_sale`.
    pub flags: Vec<String>,
    /// The kit that this line is a part of.
    pub parent_line: Option<u32>,
    pub delivered_on: Option<Date>,
    /// The gift card of ours that the line sold or loaded.
    pub gift_card: Option<GiftCardSold>,
}

vocabulary! {
    /// What has become of a sale.
    SaleStatus {
        /// Nothing of it is back.
        Sold = "sold",
        PartlyReturned = "partly_returned",
        /// Every unit is back.
        Returned = "returned",
        /// Taken back with the exchange it is of.
        Voided = "voided",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discount {
    pub amount: Minor,
    pub promotion: Option<String>,
    pub description: Option<String>,
    /// What a discount of the sale is off; a line's own is off that line.
    pub of: Scope,
}

/// The lines and charges that a discount or tax of the sale names; naming none, it is of all lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    pub lines: BTreeSet<u32>,
    pub charges: BTreeSet<u32>,
}

/// A tax as charged then; refunds never ask for today's rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tax {
    pub code: String,
    /// Decimal text such as `0.08875`; kept for the auditor, not computed with.
    pub rate: Option<String>,
    pub amount: Minor,
    /// Whether the price contains it; none: as the sale says of its lines, and for a charge's own
    /// tax that it does not.
    pub included: Option<bool>,
}

/// A tax computed once for all that it is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptTax {
    pub tax: Tax,
    pub of: Scope,
}

/// Shipping, a fee or a deposit, refunded at most once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    pub charge: u32,
    pub kind: String,
    pub amount: Minor,
    pub taxes: Vec<Tax>,
    pub refundable: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tender {
    pub tender: u32,
    pub kind: TenderType,
    /// Below zero: paid out, for more was given back with the receipt than was bought.
    pub amount: Minor,
    /// Handed back in cash from this tender.
    pub change: Minor,
    pub reference: Option<String>,
    pub card: Option<Card>,
}

/// What may be kept of a card: never its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub brand: Option<String>,
    pub last4: Option<String>,
    /// A token of the payment provider for the same card.
    pub fingerprint: Option<String>,
}

/// Which sum of a sale does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// Unit price × quantity less the line's discounts, for the line at this index.
    LineNet(usize),
    /// Taxes that the price is said to contain, for the line at this index.
    LineTax(usize),
    /// Taxes that the amount is said to contain, for the charge at this index.
    ChargeTax(usize),
    /// The discount of the sale at this index, against what it is taken off.
    SaleDiscount(usize),
    /// The tax of the receipt at this index, against what can be on what it names.
    ReceiptTax(usize),
    /// Lines less discounts plus charges and taxes.
    Total,
    /// Change, for the tender at this index.
    Change(usize),
    /// Tenders less change, against total and cash rounding.
    Tenders,
    /// Money paid out, against what was given back with the receipt.
    PaidOut,
    /// Rounding: less than one coin.
    CashRounding,
}

/// A sum that does not hold: what it should come to, and what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfit {
    pub sum: Sum,
    pub expected: Minor,
    pub sent: Minor,
}

impl Tender {
    /// What the tender brought in: amount less change.
    pub fn paid(&self) -> Minor {
        Minor(self.amount.0 - self.change.0)
    }

    /// The number of the tender that stands for what was given back with a mixed receipt and paid
    /// part of its goods. Registers number theirs from 1.
    pub const IN_KIND: u32 = 0;

    pub fn is_in_kind(&self) -> bool {
        self.tender == Tender::IN_KIND
    }
}

impl Scope {
    pub fn has_line(&self, number: u32) -> bool {
        self.lines.contains(&number) || (self.lines.is_empty() && self.charges.is_empty())
    }

    pub fn has_charge(&self, number: u32) -> bool {
        self.charges.contains(&number)
    }
}

impl Charge {
    /// Amount and taxes together; a tax that the amount contains is in it already.
    pub fn gross(&self) -> Minor {
        Minor(self.amount.0 + taxes_of(&self.taxes).0 - contained_of(&self.taxes).0)
    }
}

impl SaleLine {
    /// The extended price before the line's own discounts: as stated, else unit price × quantity,
    /// half up. Below zero for what was given back.
    pub fn extended(&self) -> Minor {
        self.amount.or_else(|| self.rung_up()).unwrap_or_default()
    }

    /// Unit price × quantity, half up, with the sign of the line's kind.
    fn rung_up(&self) -> Option<Minor> {
        let size = self.unit_price?.times(self.quantity)?;
        Some(if self.is_goods() { size } else { Minor(-size.0) })
    }

    /// The price of one unit, in whole minor units: the stated one; where `amount` says something
    /// else, what that comes to for one unit, half up.
    pub fn price(&self) -> Minor {
        match (self.unit_price, self.amount) {
            (Some(price), amount) if amount.is_none() || amount == self.rung_up() => {
                price.rounded()
            }
            _ => {
                let exact = i128::from(self.extended().0.max(0)) * 1_000;
                Minor(half_up(exact, i128::from(self.quantity.0.max(1))))
            }
        }
    }

    /// Returns false for what was given back with the receipt: it is below zero, bears no discount
    /// of the whole sale, and cannot come back.
    pub fn is_goods(&self) -> bool {
        self.kind == LineKind::Goods
    }

    /// What the line was rung up for before its own discounts.
    pub fn before_discounts(&self) -> Minor {
        Minor(self.net.0 + total_of(self.discounts.iter().map(|discount| discount.amount)).0)
    }

    /// The flag of a line that sold or loaded a gift card, of ours or of another's.
    pub const GIFT_CARD: &str = "gift_card";

    /// Whether the line's worth is value on a gift card: owed to its holder, no price of goods, and
    /// without fees.
    pub fn is_gift_card(&self) -> bool {
        self.gift_card.is_some() || self.has_flag(SaleLine::GIFT_CARD)
    }

    pub fn has_flag(&self, flag: &str) -> bool {
        self.flags.iter().any(|f| f == flag)
    }

    pub fn promotions(&self) -> impl Iterator<Item = &str> {
        self.discounts.iter().filter_map(|d| d.promotion.as_deref())
    }
}

impl Sale {
    pub fn line(&self, number: u32) -> Option<&SaleLine> {
        self.lines.iter().find(|line| line.line == number)
    }

    /// Every sum of the sale that does not hold; empty when it adds up.
    pub fn misfits(&self) -> Vec<Misfit> {
        let mut misfits: Vec<Misfit> = Vec::new();
        let mut expect = |sum: Sum, expected: Minor, sent: Minor| {
            if expected != sent {
                misfits.push(Misfit { sum, expected, sent });
            }
        };
        for (index, line) in self.lines.iter().enumerate() {
            let discounts: i64 = line.discounts.iter().map(|d| d.amount.0).sum();
            let expected = Minor(line.extended().0 - discounts);
            // How a scale's price is rounded is the register's own business: one minor unit either
            // way.
            let weighed = line.amount.is_none()
                && !line.quantity.is_whole()
                && (expected.0 - line.net.0).abs() == 1;
            expect(Sum::LineNet(index), if weighed { line.net } else { expected }, line.net);
        }
        self.spread_misfits(&mut expect);
        expect(Sum::Total, self.parts_total(), self.total);
        for (index, tender) in self.payments().enumerate() {
            let most = tender.amount.max(Minor::ZERO);
            expect(Sum::Change(index), tender.change.min(most), tender.change);
        }
        let paid = total_of(self.payments().map(Tender::paid));
        expect(Sum::Tenders, Minor(self.total.0 + self.cash_rounding.0), paid);
        let paid_out = self.paid_out();
        expect(Sum::PaidOut, paid_out.min(self.given_back()), paid_out);
        misfits
    }

    /// The rounding as a fault, if it is as much as a coin: else money could be called rounding,
    /// and be refunded as such. `coin` is the smallest that the store pays with on the day, none
    /// where that is the minor unit. Cash may also be rounded by the coins of other days.
    pub fn rounding_misfit(&self, coin: Option<i64>) -> Option<Misfit> {
        let in_cash =
            |tender: &Tender| tender.kind == TenderType::Cash || tender.change.is_positive();
        let of_place = coin.map_or(1, |coin| (coin - 1).max(1));
        let most = match self.payments().any(in_cash) {
            true => of_place.max(largest_step(self.currency) - 1),
            false => of_place,
        };
        let expected = Minor(self.cash_rounding.0.clamp(-most, most));
        let sent = self.cash_rounding;
        (expected != sent).then_some(Misfit { sum: Sum::CashRounding, expected, sent })
    }

    /// What was really paid with, or paid out by.
    pub fn payments(&self) -> impl Iterator<Item = &Tender> {
        self.tenders.iter().filter(|tender| !tender.is_in_kind())
    }

    /// What lines that are no goods took off the total, with their taxes: not negative.
    fn given_back(&self) -> Minor {
        if self.lines.iter().all(SaleLine::is_goods) {
            return Minor::ZERO;
        }
        let paid = self.paid().lines;
        let back = self.lines.iter().zip(&paid).filter(|(line, _)| !line.is_goods());
        Minor(-total_of(back.map(|(_, paid)| paid.gross())).0)
    }

    /// What tenders below zero paid out, before rounding.
    fn paid_out(&self) -> Minor {
        let out: i64 = self.payments().map(|tender| (-tender.amount.0).max(0)).sum();
        let rounding = if self.rounds_what_it_paid_out() { self.cash_rounding.0 } else { 0 };
        Minor(out + rounding)
    }

    /// Returns true if the sale's rounding is part of what was paid out: where cash was, and none
    /// was taken in.
    pub fn rounds_what_it_paid_out(&self) -> bool {
        let is_cash = |tender: &Tender| tender.kind == TenderType::Cash;
        let out = |tender: &&Tender| tender.amount < Minor::ZERO;
        let taken = |tender: &&Tender| tender.paid().is_positive();
        let cash_taken = (self.payments().filter(taken))
            .any(|tender| is_cash(tender) || tender.change.is_positive());
        let cash_out = self.payments().filter(out).any(is_cash);
        let only_out = self.payments().any(|t| out(&t)) && !self.payments().any(|t| taken(&t));
        !cash_taken && (cash_out || only_out)
    }

    /// The sale with the part of its goods that no tender paid, because it was given back with the
    /// same receipt, as a tender of its own: a full return pays that out too. A deposit is worth
    /// cash; goods whose sale is not known are worth the shop's credit, as without a receipt.
    #[must_use]
    pub fn with_payment_in_kind(mut self) -> Sale {
        let amount = Minor(self.given_back().0 - self.paid_out().0);
        if amount.is_positive() {
            let unlinked = self.lines.iter().any(|line| line.kind == LineKind::UnlinkedReturn);
            self.tenders.push(Tender {
                tender: Tender::IN_KIND,
                kind: if unlinked { TenderType::StoreCredit } else { TenderType::Cash },
                amount,
                change: Minor::ZERO,
                reference: None,
                card: None,
            });
        }
        self
    }

    /// Sums of what is spread: no discount takes off more than there is, no price contains more
    /// taxes than it is, and no tax is on nothing.
    fn spread_misfits(&self, expect: &mut impl FnMut(Sum, Minor, Minor)) {
        for (index, (discount, off)) in self.discounts.iter().zip(self.offs()).enumerate() {
            expect(Sum::SaleDiscount(index), discount.amount.min(off.most), discount.amount);
        }
        for (index, (tax, most)) in self.taxes.iter().zip(self.possible_taxes()).enumerate() {
            expect(Sum::ReceiptTax(index), most, tax.tax.amount);
        }
        let paid = self.paid();
        // Lines that share a promotion are one price: the tax of one may be all that is taxed.
        let mut prices: BTreeMap<usize, (Minor, Minor, usize)> = BTreeMap::new();
        for line in &paid.lines {
            let price = prices.entry(line.group).or_default();
            price.0.0 += line.net.0;
            price.1.0 += contained_of(&line.taxes).0;
            price.2 += line.shared_taxes;
        }
        for (index, (price, contained, shares)) in prices {
            expect(Sum::LineTax(index), most_contained(price, contained, shares), contained);
        }
        for (index, (charge, sold)) in paid.charges.iter().zip(&self.charges).enumerate() {
            let shares = charge.taxes.len() - sold.taxes.len();
            let contained = contained_of(&charge.taxes);
            let most = most_contained(charge.amount, contained, shares);
            expect(Sum::ChargeTax(index), most, contained);
        }
    }

    /// What the total should be: lines less discounts plus charges and added taxes.
    pub fn parts_total(&self) -> Minor {
        let discounts = total_of(self.discounts.iter().map(|discount| discount.amount));
        let lines = self.lines.iter().map(|line| {
            Minor(line.net.0 + self.added(line.taxes.iter(), self.prices_include_tax).0)
        });
        let charges = self
            .charges
            .iter()
            .map(|charge| Minor(charge.amount.0 + self.added(charge.taxes.iter(), false).0));
        let of_receipt = self.added(self.taxes.iter().map(|tax| &tax.tax), self.prices_include_tax);
        Minor(total_of(lines.chain(charges)).0 + of_receipt.0 - discounts.0)
    }

    /// Those taxes that are on top of the price.
    fn added<'t>(&self, taxes: impl Iterator<Item = &'t Tax>, included: bool) -> Minor {
        let on_top = |tax: &&Tax| !tax.included.unwrap_or(included);
        total_of(taxes.filter(on_top).map(|tax| tax.amount))
    }
}

/// As much of `contained` taxes as a price can contain: all of it, one minor unit more for each
/// share that was rounded up, and nothing where there is no price.
fn most_contained(price: Minor, contained: Minor, shares: usize) -> Minor {
    let rounded = i64::try_from(shares).unwrap_or(0);
    match price.0 {
        0 => Minor::ZERO,
        price if price > 0 => Minor(contained.0.clamp(0, price + rounded)),
        price => Minor(contained.0.clamp(price - rounded, 0)),
    }
}

/// The sum of taxes. Intake bounds every amount and the number of them, so this cannot overflow.
pub fn taxes_of(taxes: &[Tax]) -> Minor {
    total_of(taxes.iter().map(|tax| tax.amount))
}

fn total_of(amounts: impl Iterator<Item = Minor>) -> Minor {
    sum(amounts).unwrap_or(Minor(i64::MAX))
}
