//! A sale as the register rang it up: facts, kept as sent, checked that they add up (PRODUCT §3).

use super::allocate::{half_up, largest_remainder};
use super::gift_cards::of_sales::GiftCardSold;
use super::money::{Currency, Minor, sum};
use super::quantity::Quantity;
use super::rounding::largest_step;
use super::tender::TenderType;
use super::tie::Tie;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

/// What was bought. Amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sale {
    pub id: Uuid,
    pub store: String,
    pub register: String,
    /// The number on paper, unique with store, register and business date.
    pub receipt: String,
    /// The store's trading day.
    pub business_date: Date,
    pub sold_at: Timestamp,
    pub operator: Option<String>,
    pub channel: String,
    pub currency: Currency,
    pub customer: Option<String>,
    pub customer_class: Option<String>,
    /// With it, a line's `net` contains its taxes.
    pub prices_include_tax: bool,
    pub lines: Vec<SaleLine>,
    /// Discounts of the whole sale, on top of those of the lines.
    pub discounts: Vec<Discount>,
    pub charges: Vec<Charge>,
    pub tenders: Vec<Tender>,
    /// What cash rounding added to the exact total: tenders less change = total + cash rounding.
    pub cash_rounding: Minor,
    /// The exact total, before cash rounding.
    pub total: Minor,
    /// What ties it to the first sale if it is the new goods of an exchange.
    pub exchange_of: Option<Tie>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleLine {
    pub line: u32,
    pub sku: String,
    pub gtin: Option<String>,
    pub description: Option<String>,
    pub category: Vec<String>,
    pub brand: Option<String>,
    pub quantity: Quantity,
    pub unit_price: Minor,
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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discount {
    pub amount: Minor,
    pub promotion: Option<String>,
    pub description: Option<String>,
}

/// A tax as charged then; refunds never ask for today's rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tax {
    pub code: String,
    /// Decimal text such as `0.08875`; kept for the auditor, not computed with.
    pub rate: Option<String>,
    pub amount: Minor,
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
    /// Taxes that `net` is said to contain, for the line at this index.
    LineTax(usize),
    /// The discounts of the whole sale, against the lines they are taken off.
    SaleDiscounts,
    /// Lines less discounts plus charges and taxes.
    Total,
    /// Change, for the tender at this index.
    Change(usize),
    /// Tenders less change, against total and cash rounding.
    Tenders,
    /// Cash rounding: less than one step, and only where cash changed hands.
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
}

impl Charge {
    /// Amount and taxes together.
    pub fn gross(&self) -> Minor {
        Minor(self.amount.0 + taxes_of(&self.taxes).0)
    }
}

impl SaleLine {
    /// Unit price × quantity, half up, as the register should have rung it.
    pub fn extended(&self) -> Minor {
        Minor(half_up(i128::from(self.unit_price.0) * i128::from(self.quantity.0), 1_000))
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

    /// Each discount of the sale spread over the lines by largest remainder, in proportion to what
    /// the earlier ones left of each line's net: `shares[discount][line]`. Deterministic, and no
    /// line is discounted below nothing.
    pub fn discount_shares(&self) -> Vec<Vec<Minor>> {
        let mut left: Vec<Minor> = self.lines.iter().map(|line| line.net).collect();
        let mut shares = Vec::with_capacity(self.discounts.len());
        for discount in &self.discounts {
            let parts = largest_remainder(discount.amount, &left);
            left.iter_mut().zip(&parts).for_each(|(rest, part)| rest.0 -= part.0);
            shares.push(parts);
        }
        shares
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
            let weighed = !line.quantity.is_whole() && (expected.0 - line.net.0).abs() == 1;
            expect(Sum::LineNet(index), if weighed { line.net } else { expected }, line.net);
            let taxes = taxes_of(&line.taxes);
            if self.prices_include_tax && taxes > line.net {
                expect(Sum::LineTax(index), line.net, taxes);
            }
        }
        let (nets, discounts) = (self.nets(), self.discounted());
        expect(Sum::SaleDiscounts, discounts.min(nets), discounts);
        expect(Sum::Total, self.sum_of_parts(nets, discounts), self.total);
        for (index, tender) in self.tenders.iter().enumerate() {
            expect(Sum::Change(index), tender.change.min(tender.amount), tender.change);
        }
        let paid = total_of(self.tenders.iter().map(Tender::paid));
        expect(Sum::Tenders, Minor(self.total.0 + self.cash_rounding.0), paid);
        expect(Sum::CashRounding, self.plausible_rounding(), self.cash_rounding);
        misfits
    }

    /// The cash rounding, as far as it can be one: else money could be called rounding, and be
    /// refunded as such.
    fn plausible_rounding(&self) -> Minor {
        let in_cash =
            |tender: &Tender| tender.kind == TenderType::Cash || tender.change.is_positive();
        if self.exchange_of.is_some() {
            // The service's own: money of earlier sales brings its rounding along.
            return self.cash_rounding;
        }
        let most =
            if self.tenders.iter().any(in_cash) { largest_step(self.currency) - 1 } else { 0 };
        Minor(self.cash_rounding.0.clamp(-most, most))
    }

    /// What the total should be: lines less discounts plus charges and added taxes.
    pub fn parts_total(&self) -> Minor {
        self.sum_of_parts(self.nets(), self.discounted())
    }

    fn nets(&self) -> Minor {
        total_of(self.lines.iter().map(|line| line.net))
    }

    fn discounted(&self) -> Minor {
        total_of(self.discounts.iter().map(|d| d.amount))
    }

    fn sum_of_parts(&self, nets: Minor, discounts: Minor) -> Minor {
        let added_taxes = match self.prices_include_tax {
            true => Minor::ZERO,
            false => total_of(self.lines.iter().map(|line| taxes_of(&line.taxes))),
        };
        let charges = total_of(self.charges.iter().map(Charge::gross));
        Minor(nets.0 - discounts.0 + added_taxes.0 + charges.0)
    }
}

/// The sum of taxes. Intake bounds every amount and the number of them, so this cannot overflow.
pub fn taxes_of(taxes: &[Tax]) -> Minor {
    total_of(taxes.iter().map(|tax| tax.amount))
}

fn total_of(amounts: impl Iterator<Item = Minor>) -> Minor {
    sum(amounts).unwrap_or(Minor(i64::MAX))
}
