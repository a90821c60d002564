//! A sale as the register rang it up: facts, kept as sent, checked that they add up (PRODUCT §3).

mod paid;

use super::allocate::half_up;
use super::gift_cards::of_sales::GiftCardSold;
use super::money::{Currency, Minor, sum};
use super::quantity::Quantity;
use super::rounding::largest_step;
use super::tender::TenderType;
use super::tie::Tie;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeSet;
use uuid::Uuid;

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
    /// Unit price × quantity, half up, as the register should have rung it.
    pub fn extended(&self) -> Minor {
        Minor(half_up(i128::from(self.unit_price.0) * i128::from(self.quantity.0), 1_000))
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
            let weighed = !line.quantity.is_whole() && (expected.0 - line.net.0).abs() == 1;
            expect(Sum::LineNet(index), if weighed { line.net } else { expected }, line.net);
        }
        self.spread_misfits(&mut expect);
        expect(Sum::Total, self.parts_total(), self.total);
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
        for (index, (line, sold)) in paid.lines.iter().zip(&self.lines).enumerate() {
            let shares = line.taxes.len() - sold.taxes.len();
            let contained = contained_of(&line.taxes);
            expect(Sum::LineTax(index), most_contained(line.net, contained, shares), contained);
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
