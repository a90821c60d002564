//! The restocking fee of one line, and the tax that is kept with it.

use super::super::allocate::half_up;
use super::super::book::{LineBook, Parts};
use super::super::decision::{Code, Finding};
use super::super::draft::{Asked, DraftLine};
use super::super::fee_tax::{FeeTax, fee_tax};
use super::super::money::Minor;
use super::super::policy::{Fee, FeeAmount, Resolved, Set};
use super::super::quantity::Quantity;
use super::super::sale::{Sale, SaleLine};
use super::super::words::Reason;
use super::Deciding;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

/// What has come back of a line before, and what comes back of it now: fees go by sums, so that
/// splitting a return changes nothing.
pub(super) struct Step<'s> {
    pub sale: &'s Sale,
    pub place: usize,
    /// What the line is worth in all.
    pub line: &'s LineBook,
    pub before: Before,
    pub quantity: Quantity,
    pub parts: &'s Parts,
}

/// What came back before.
#[derive(Clone)]
pub(super) struct Before {
    pub quantity: Quantity,
    pub net: Minor,
    pub taxes: Vec<Minor>,
}

impl Before {
    pub(super) fn of(line: &LineBook) -> Before {
        Before {
            quantity: line.returned,
            net: line.net_given(),
            taxes: line.taxes_given().to_vec(),
        }
    }

    /// Counts what a step brought.
    pub(super) fn add(&mut self, quantity: Quantity, parts: &Parts) {
        self.quantity.0 += quantity.0;
        self.net.0 += parts.net.0;
        self.taxes.iter_mut().zip(&parts.taxes).for_each(|(sum, tax)| sum.0 += tax.0);
    }
}

/// What is kept of a line.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub fee: Minor,
    /// Of each tax of the line; empty where nothing of any is kept.
    pub taxes: Vec<Minor>,
    pub told: Finding,
}

impl Kept {
    /// What the customer gets less than `parts.gross`: the fee, and its taxes unless it contains
    /// them.
    pub(super) fn in_all(&self, line: &LineBook) -> i64 {
        self.fee.0 + line.added(&self.taxes).0
    }
}

impl Deciding<'_> {
    /// The fee by the sums of net or quantity, and its taxes by the law of the place of sale.
    pub(super) fn fee(
        &self,
        resolved: &Resolved<'_>,
        asked: &DraftLine,
        step: &Step<'_>,
    ) -> Option<Kept> {
        let Set { value: fee, rule } = resolved.fee?;
        if !matches!(asked.asked, Asked::Units(_))
            || !bears_fee(fee, &step.sale.lines[step.place], asked)
        {
            return None;
        }
        let (after, told) = (
            step.before.net.0 + step.parts.net.0,
            match fee.amount {
                FeeAmount::Percent(percent) => format!("{percent} %"),
                FeeAmount::Fixed(each) => format!("{} each", each.format(self.currency)),
            },
        );
        let amount = match fee.amount {
            FeeAmount::Percent(percent) => {
                percent_of(percent, after) - percent_of(percent, step.before.net.0)
            }
            FeeAmount::Fixed(each) => {
                each_of(each, step.after().0) - each_of(each, step.before.quantity.0)
            }
        };
        let amount = Minor(amount.clamp(0, step.parts.net.0));
        // Taken by sums of its own: where a step's fee is rounded to nothing, its tax may not be.
        let taxes = match self.fee_tax_of(step.sale) {
            FeeTax::Proportionate => fee_taxes(fee.amount, step),
            FeeTax::None => Vec::new(),
        };
        let tax: i64 = taxes.iter().map(|tax| tax.0).sum();
        let added = step.line.added(&taxes).0;
        let money = |amount: i64| Minor(amount).format(self.currency);
        let with_tax = match (tax - added, added) {
            (0, 0) => " is".to_owned(),
            (contained, 0) => format!(", {} tax included, is", money(contained)),
            (0, added) => format!(" and {} tax on it are", money(added)),
            (contained, added) => {
                format!(", {} tax included, and {} tax on it are", money(contained), money(added))
            }
        };
        let detail = format!(
            "A restocking fee of {} ({told}){with_tax} kept.",
            amount.format(self.currency)
        );
        let kept = || Kept {
            fee: amount,
            taxes: if tax > 0 { taxes } else { Vec::new() },
            told: Finding::noted(Code::FeeApplied, rule, detail),
        };
        (amount.is_positive() || tax > 0).then(kept)
    }

    /// The law of the place where the tax was charged; of the store at hand if that one is not
    /// known.
    fn fee_tax_of(&self, sale: &Sale) -> FeeTax {
        let sold_at = self.case.settings.store(&sale.store).map(|store| store.region.as_str());
        fee_tax(sold_at.unwrap_or(&self.store.region), self.today)
    }
}

impl Step<'_> {
    fn after(&self) -> Quantity {
        Quantity(self.before.quantity.0 + self.quantity.0)
    }
}

/// The part of each tax that is on the fee: percent of the tax as of the net; of a fixed fee as the
/// fee is to the line's net. By sums, and never more than the tax that comes back now.
fn fee_taxes(fee: FeeAmount, step: &Step<'_>) -> Vec<Minor> {
    let net = step.line.net_value().0;
    let upto = |tax_given: Minor, tax_value: Minor, units: Quantity| match fee {
        FeeAmount::Percent(percent) => percent_of(percent, tax_given.0),
        FeeAmount::Fixed(_) if net == 0 => 0,
        FeeAmount::Fixed(each) => {
            let fees = each_of(each, units.0).min(net);
            half_up(i128::from(tax_value.0) * i128::from(fees), i128::from(net))
        }
    };
    let known = step.before.taxes.iter().zip(step.line.tax_values()).zip(&step.parts.taxes);
    known
        .map(|((before, value), now)| {
            let after = upto(Minor(before.0 + now.0), *value, step.after());
            Minor((after - upto(*before, *value, step.before.quantity)).clamp(0, now.0))
        })
        .collect()
}

/// Nothing is kept of what is defective, nor of the value on a gift card, whatever the policy says
/// of fees.
fn bears_fee(fee: &Fee, line: &SaleLine, asked: &DraftLine) -> bool {
    let spared = asked.reason.as_str() == Reason::DEFECTIVE || line.is_gift_card();
    !spared && fee.applies(Some(asked.condition), Some(&asked.reason))
}

/// So much a unit, for thousandths of a unit, half up.
fn each_of(each: Minor, thousandths: i64) -> i64 {
    half_up(i128::from(each.0) * i128::from(thousandths), 1_000)
}

/// Percent of an amount, half up.
fn percent_of(percent: Decimal, amount: i64) -> i64 {
    (Decimal::from(amount) * percent / Decimal::ONE_HUNDRED)
        .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
        .to_i64()
        .unwrap_or(i64::MAX)
}
