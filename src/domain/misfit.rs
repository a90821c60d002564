//! A sum of a sale that does not hold, as it is told to the register.

use super::refusal::Fault;
use super::sale::{Misfit, Sale, Sum};

impl Misfit {
    /// The fault of a sale whose body stands at `at` (empty: it is the whole body).
    pub fn fault(self, sale: &Sale, at: &str) -> Fault {
        let (pointer, what) = match self.sum {
            Sum::LineNet(index) if sale.lines[index].amount.is_some() => {
                (format!("/lines/{index}/net"), "The amount less the line's discounts")
            }
            Sum::LineNet(index) => (
                format!("/lines/{index}/net"),
                "Unit price times quantity less the line's discounts",
            ),
            Sum::LineTax(index) => (
                format!("/lines/{index}/taxes"),
                "What was paid for the line after all discounts, which contains its taxes,",
            ),
            Sum::ChargeTax(index) => (
                format!("/charges/{index}/taxes"),
                "What was paid for the charge after all discounts, which contains its taxes,",
            ),
            Sum::SaleDiscount(index) => (
                format!("/discounts/{index}/amount"),
                "What there is to discount, which no discount can exceed,",
            ),
            Sum::ReceiptTax(index) => (
                format!("/taxes/{index}/amount"),
                "The largest tax possible on what this one names",
            ),
            Sum::Total if sale.prices_include_tax => {
                ("/total".into(), "Lines less discounts plus charges and added taxes")
            }
            Sum::Total => ("/total".into(), "Lines less discounts plus taxes and charges"),
            Sum::Change(index) => (
                format!("/tenders/{index}/change"),
                "The amount given, which the change cannot exceed,",
            ),
            Sum::PaidOut => (
                "/tenders".into(),
                "What was given back with the receipt, which is the most that can be paid out,",
            ),
            Sum::CashRounding => {
                ("/cash_rounding".into(), "Rounding, which is less than one coin,")
            }
            Sum::Tenders => (
                "/tenders".into(),
                "Total plus cash rounding, which tenders less change must equal,",
            ),
        };
        let (expected, sent) =
            (self.expected.format(sale.currency), self.sent.format(sale.currency));
        Fault::new(
            format!("{at}{pointer}"),
            "does_not_add_up",
            format!("{what} comes to {expected}; sent was {sent}."),
        )
    }
}
