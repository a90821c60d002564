//! A sale as the register adds it up: lines, the share of a discount on the whole, tax, charges and
//! the total.

use serde_json::{Value, json};

use super::catalogue::Product;
use super::people::CURRENCY;
use super::tenders::Payment;
use crate::domain::money::{Currency, Minor};
use crate::domain::quantity::Quantity;

/// New York City's combined rate of 8.875 %, in thousandths of a percent.
const TAX_RATE: i64 = 8_875;
const TAX_RATE_TEXT: &str = "0.08875";

/// One line. Amounts are cents, the quantity thousandths.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub product: Product,
    pub quantity: i64,
    pub unit_price: i64,
    pub discount: Option<Discount>,
    pub serials: Vec<String>,
    /// The line of the kit that this is a part of.
    pub parent: Option<u32>,
}

#[derive(Clone, Debug)]
pub(super) struct Discount {
    pub amount: i64,
    pub promotion: &'static str,
    pub description: String,
}

/// Everything of a sale but how it was paid. Amounts are cents.
#[derive(Clone, Debug)]
pub(super) struct Ticket {
    pub lines: Vec<Line>,
    /// Taken off the whole sale.
    pub discount: i64,
    /// What sending the goods costs, before tax.
    pub shipping: Option<i64>,
}

impl Line {
    /// Unit price × quantity, rounded half up.
    pub(super) fn gross(&self) -> i64 {
        (self.unit_price * self.quantity + 500) / 1000
    }

    /// After the line's own discount, before any of the whole sale.
    pub(super) fn net(&self) -> i64 {
        self.gross() - self.discount.as_ref().map_or(0, |discount| discount.amount)
    }
}

impl Ticket {
    pub(super) fn net(&self) -> i64 {
        self.lines.iter().map(Line::net).sum()
    }

    /// The tax of each line: of its net less its share of the discount on the whole.
    fn taxes(&self) -> Vec<i64> {
        let nets: Vec<i64> = self.lines.iter().map(Line::net).collect();
        nets.iter().zip(shares(self.discount, &nets)).map(|(net, share)| tax(net - share)).collect()
    }

    pub(super) fn total(&self) -> i64 {
        let shipping = self.shipping.map_or(0, |amount| amount + tax(amount));
        self.net() - self.discount + self.taxes().iter().sum::<i64>() + shipping
    }

    /// The sale's body without its head (store, receipt, time, people), which is the caller's to
    /// fill in.
    pub(super) fn body(&self, payments: &[Payment]) -> Value {
        let lines: Vec<Value> = self
            .lines
            .iter()
            .zip(self.taxes())
            .zip(1..)
            .map(|((line, tax), number)| line.body(number, tax))
            .collect();
        let tenders: Vec<Value> =
            payments.iter().zip(1..).map(|(payment, number)| payment.body(number)).collect();
        let mut body = json!({ "currency": CURRENCY, "prices_include_tax": false, "lines": lines, "tenders": tenders,
            "total": dollars(self.total()) });
        if self.discount > 0 {
            body["discounts"] =
                json!([{ "amount": dollars(self.discount), "promotion": "CLUB10" }]);
        }
        if let Some(amount) = self.shipping {
            body["charges"] = json!([{ "charge": 1, "type": "shipping", "amount": dollars(amount),
                "taxes": taxes(tax(amount)), "refundable": true }]);
        }
        body
    }
}

impl Line {
    fn body(&self, number: u32, tax: i64) -> Value {
        let product = &self.product;
        let mut body = json!({
            "line": number, "sku": product.sku, "gtin": product.gtin, "description": product.name,
            "category": product.category, "quantity": Quantity(self.quantity).to_string(),
            "unit_price": dollars(self.unit_price), "net": dollars(self.net()), "taxes": taxes(tax),
        });
        if let Some(Discount { amount, promotion, description }) = &self.discount {
            let discount = json!({ "amount": dollars(*amount), "promotion": promotion, "description": description });
            body["discounts"] = json!([discount]);
        }
        if !self.serials.is_empty() {
            body["serial_numbers"] = json!(self.serials);
        }
        if product.final_sale {
            body["attributes"] = json!({ "final_sale": true });
        }
        if let Some(parent) = self.parent {
            body["parent_line"] = json!(parent);
        }
        body
    }
}

/// Tax on an amount, rounded half up to the cent.
fn tax(amount: i64) -> i64 {
    (amount * TAX_RATE + 50_000) / 100_000
}

fn taxes(amount: i64) -> Value {
    json!([{ "code": "NY", "rate": TAX_RATE_TEXT, "amount": dollars(amount) }])
}

/// Spreads an amount over weights by largest remainder; of equal remainders, the earlier line's
/// goes first.
fn shares(amount: i64, weights: &[i64]) -> Vec<i64> {
    let whole: i64 = weights.iter().sum();
    if whole == 0 {
        return vec![0; weights.len()];
    }
    let mut shares: Vec<i64> = weights.iter().map(|weight| amount * weight / whole).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&line| std::cmp::Reverse(amount * weights[line] % whole));
    let left = amount - shares.iter().sum::<i64>();
    for &line in order.iter().take(left as usize) {
        shares[line] += 1;
    }
    shares
}

/// Cents as the contract writes dollars.
#[expect(clippy::expect_used, reason = "ISO 4217 lists the dollar")]
pub(super) fn dollars(cents: i64) -> String {
    Minor(cents).format(Currency::parse(CURRENCY).expect("ISO 4217 lists USD"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_discount_is_spread_whole_and_by_largest_remainder() {
        assert_eq!(shares(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(shares(10, &[999, 1, 0]), [10, 0, 0]);
        assert_eq!(shares(5, &[300, 300, 400]), [2, 1, 2]);
        assert_eq!(shares(7, &[0, 0]), [0, 0]);
    }

    #[test]
    fn tax_is_rounded_half_up() {
        // 22.50 at 8.875 % is 1.996875; 4.00 is 0.355.
        assert_eq!((tax(2250), tax(400), tax(0)), (200, 36, 0));
    }
}
