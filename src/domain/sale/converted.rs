//! A sale in the currency that replaced its own (docs/money.md, section 1a).
//!
//! Each tender is converted by itself: no tender can give back more than its own payment is worth.
//! What the tenders come to is then spread over the lines and charges by largest remainder, so that
//! goods and money stay equal to the cent.

use super::super::allocate::{half_up, largest_remainder};
use super::super::changeover::Changeover;
use super::super::money::Minor;
use super::super::tie::{Carried, Tie};
use super::{Charge, Discount, Paid, PaidLine, ReceiptTax, Sale, SaleLine, Tax, Tender, total_of};
use std::sync::Arc;

/// What a converted sale was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    pub by: Changeover,
    /// The sale as it was rung up.
    pub as_sold: Arc<Sale>,
    /// What was paid for each line and charge, in the new currency.
    pub(super) paid: Paid,
}

/// The sums that a converted sale keeps.
struct Sums {
    /// Of goods and charges: what can come back.
    worth: Minor,
    /// Of bottles and goods that were given back with the receipt; below zero.
    given_back: Minor,
    cash_rounding: Minor,
}

impl Sale {
    /// Returns the sale in the currency that replaced its own.
    pub fn in_new_currency(self: &Arc<Self>, by: Changeover) -> Sale {
        let Some(currency) = by.to() else { return Sale::clone(self) };
        let as_sold = self.paid();
        let tenders: Vec<Tender> =
            self.tenders.iter().map(|tender| tender_in(tender, by)).collect();
        let sums = self.sums(&as_sold, &tenders, by);
        let paid = spread(&self.lines, &as_sold, &sums, by);
        Sale {
            currency,
            lines: self.lines.iter().map(|line| line_in(line, by)).collect(),
            discounts: discounts_in(&self.discounts, by),
            taxes: (self.taxes.iter())
                .map(|tax| ReceiptTax { tax: tax_in(&tax.tax, by), of: tax.of.clone() })
                .collect(),
            charges: self.charges.iter().map(|charge| charge_in(charge, by)).collect(),
            tenders,
            cash_rounding: sums.cash_rounding,
            total: Minor(sums.worth.0 + sums.given_back.0),
            exchange_of: self.exchange_of.as_ref().map(|tie| tie_in(tie, by)),
            // What came back before is in the balance that was converted.
            returned: Vec::new(),
            converted: Some(Arc::new(Converted { by, as_sold: Arc::clone(self), paid })),
            ..Sale::clone(self)
        }
    }

    fn sums(&self, as_sold: &Paid, tenders: &[Tender], by: Changeover) -> Sums {
        let goods = self.lines.iter().zip(&as_sold.lines).filter(|(line, _)| line.is_goods());
        let of_charges = as_sold.charges.iter().map(Charge::gross);
        let worth = total_of(goods.map(|(_, paid)| paid.gross()).chain(of_charges));
        let positive = |tenders: &[Tender]| -> i64 {
            tenders.iter().map(|tender| tender.paid().0.max(0)).sum()
        };
        // What tenders paid beyond the worth is rounding, or was left by it.
        let beyond = by.convert(Minor(positive(&self.tenders) - worth.0));
        let worth = match worth.is_positive() {
            true => Minor((positive(tenders) - beyond.0).max(0)),
            false => Minor::ZERO,
        };
        let payments = tenders.iter().filter(|tender| !tender.is_in_kind());
        let taken = total_of(payments.map(Tender::paid));
        if self.lines.iter().all(SaleLine::is_goods) {
            let cash_rounding = Minor(taken.0 - worth.0);
            return Sums { worth, given_back: Minor::ZERO, cash_rounding };
        }
        let cash_rounding = by.convert(self.cash_rounding);
        Sums { worth, given_back: Minor(taken.0 - worth.0 - cash_rounding.0), cash_rounding }
    }
}

/// Spreads the worth over nets, added taxes and charges, and what was given back over its lines.
fn spread(lines: &[SaleLine], as_sold: &Paid, sums: &Sums, by: Changeover) -> Paid {
    let mut weights = Weights::default();
    let mut of_goods = Vec::new();
    let mut given_back = Vec::new();
    for (line, paid) in lines.iter().zip(&as_sold.lines) {
        let values = values(paid.net, &paid.taxes);
        if line.is_goods() { &mut of_goods } else { &mut given_back }.extend(values);
    }
    for charge in &as_sold.charges {
        of_goods.extend(values(charge.amount, &charge.taxes));
    }
    weights.goods = largest_remainder(sums.worth, &of_goods).into();
    let turned: Vec<Minor> = given_back.iter().map(|value| Minor(-value.0)).collect();
    let shares = largest_remainder(Minor(-sums.given_back.0), &turned);
    weights.given_back = shares.iter().map(|share| Minor(-share.0)).collect();
    Paid {
        lines: (lines.iter().zip(&as_sold.lines))
            .map(|(line, paid)| {
                let (net, taxes) = weights.next(line.is_goods(), paid.net, &paid.taxes);
                PaidLine {
                    net,
                    taxes,
                    discount_shares: all_in(&paid.discount_shares, by),
                    discounts: all_in(&paid.discounts, by),
                    ..paid.clone()
                }
            })
            .collect(),
        charges: (as_sold.charges.iter())
            .map(|charge| {
                let (amount, taxes) = weights.next(true, charge.amount, &charge.taxes);
                Charge { amount, taxes, ..charge.clone() }
            })
            .collect(),
    }
}

/// What is paid of a price: itself, and the taxes on top of it.
fn values(price: Minor, taxes: &[Tax]) -> impl Iterator<Item = Minor> {
    let on_top = taxes.iter().filter(|tax| !tax.is_contained()).map(|tax| tax.amount);
    std::iter::once(price).chain(on_top)
}

/// Shares that were spread, taken one after the other.
#[derive(Default)]
struct Weights {
    goods: std::collections::VecDeque<Minor>,
    given_back: std::collections::VecDeque<Minor>,
}

impl Weights {
    /// The next price with its taxes. A tax that the price contains stays in proportion to it.
    fn next(&mut self, goods: bool, price: Minor, taxes: &[Tax]) -> (Minor, Vec<Tax>) {
        let shares = if goods { &mut self.goods } else { &mut self.given_back };
        let mut share = || shares.pop_front().unwrap_or_default();
        let converted = share();
        let tax = |tax: &Tax| {
            let amount =
                if tax.is_contained() { part(converted, tax.amount, price) } else { share() };
            Tax { amount, ..tax.clone() }
        };
        (converted, taxes.iter().map(tax).collect())
    }
}

/// `converted · tax / price`, half up; both of one sign.
fn part(converted: Minor, tax: Minor, price: Minor) -> Minor {
    let size = |amount: Minor| i128::from(amount.0.unsigned_abs());
    let part = half_up(size(converted) * size(tax), size(price).max(1));
    Minor(if tax.0 < 0 { -part } else { part })
}

fn all_in(amounts: &[Minor], by: Changeover) -> Vec<Minor> {
    amounts.iter().map(|amount| by.convert(*amount)).collect()
}

fn tender_in(tender: &Tender, by: Changeover) -> Tender {
    let amount = by.convert(tender.amount);
    // So that what it brought in is converted as one amount.
    let change = Minor(amount.0 - by.convert(tender.paid()).0);
    Tender { amount, change, ..tender.clone() }
}

/// A line's own amounts, each by itself: for rules that ask for a price, and for people.
fn line_in(line: &SaleLine, by: Changeover) -> SaleLine {
    let mut converted = line.clone();
    converted.unit_price = None;
    converted.amount = Some(by.convert(line.extended()));
    converted.net = by.convert(line.net);
    converted.discounts = discounts_in(&line.discounts, by);
    converted.taxes = line.taxes.iter().map(|tax| tax_in(tax, by)).collect();
    if let Some(card) = &mut converted.gift_card {
        card.amount = card.amount.map(|amount| by.convert(amount));
    }
    converted
}

fn discounts_in(all: &[Discount], by: Changeover) -> Vec<Discount> {
    let convert =
        |discount: &Discount| Discount { amount: by.convert(discount.amount), ..discount.clone() };
    all.iter().map(convert).collect()
}

fn tax_in(tax: &Tax, by: Changeover) -> Tax {
    Tax { amount: by.convert(tax.amount), ..tax.clone() }
}

fn charge_in(charge: &Charge, by: Changeover) -> Charge {
    let taxes = charge.taxes.iter().map(|tax| tax_in(tax, by)).collect();
    Charge { amount: by.convert(charge.amount), taxes, ..charge.clone() }
}

fn tie_in(tie: &Tie, by: Changeover) -> Tie {
    let carried =
        |carried: &Carried| Carried { rounding: by.convert(carried.rounding), ..*carried };
    Tie { carried: tie.carried.iter().map(carried).collect(), ..tie.clone() }
}
