//! From a sale's lines, charges and tenders to the domain's; exchanges read theirs with the same
//! functions.

use super::{
    GiftCardSold, ReceiptDiscount, ReceiptTax, SaleCharge, SaleDiscount, SaleLine, SaleTax,
    SaleTender,
};
use crate::domain::gift_cards::of_sales::GiftCardSold as SoldHere;
use crate::domain::money::{Currency, Minor, parse_scaled};
use crate::domain::sale::{
    Card, Charge, Discount, ReceiptTax as TaxOfAll, SaleLine as Line, Scope, Tax, Tender,
};
use crate::wire::reading::{Reading, Sign};
use crate::wire::strict::card_number::has_card_number;
use crate::wire::texts::Attribute;
use std::collections::HashSet;
use std::fmt::Arguments;

/// Attributes of one line.
const MAX_ATTRIBUTES: usize = 50;
/// Decimals of a tax rate.
const RATE_DECIMALS: u32 = 12;

impl SaleLine {
    pub(in crate::wire) fn in_domain(&mut self, index: usize, reading: &mut Reading) -> Line {
        let unit_price = reading.amount(
            format_args!("/lines/{index}/unit_price"),
            &mut self.unit_price,
            Sign::NotNegative,
        );
        let extended = i128::from(unit_price.0) * i128::from(self.quantity.0.0) / 1_000;
        if extended > i128::from(Minor::MAX.0) {
            let detail = "Unit price times quantity is more than this service takes.";
            reading.bad_amount(format_args!("/lines/{index}/unit_price"), detail);
        }
        let gift_card =
            self.gift_card.as_mut().and_then(|GiftCardSold { id, amount, movement, .. }| {
                let at = format_args!("/lines/{index}/gift_card/amount");
                let amount = reading.optional_amount(at, amount, Sign::NotNegative);
                id.map(|id| SoldHere { id: id.0, amount, meant: movement.map(|word| word.0) })
            });
        let is_true = |(_, value): &(&String, &Attribute)| **value == Attribute::Flag(true);
        let mut flags: Vec<String> =
            self.attributes.iter().filter(is_true).map(|(name, _)| name.clone()).collect();
        // Rules, fees, prices and the ledger ask for the flag, however the register says that a
        // card was sold.
        if self.gift_card.is_some() && !flags.iter().any(|flag| flag == Line::GIFT_CARD) {
            flags.push(Line::GIFT_CARD.to_owned());
        }
        Line {
            line: self.line,
            sku: self.sku.clone(),
            gtin: self.gtin.clone(),
            description: self.description.clone(),
            category: self.category.iter().map(|label| label.0.clone()).collect(),
            brand: self.brand.clone(),
            quantity: self.quantity.0,
            unit_price,
            discounts: discounts(
                format_args!("/lines/{index}/discounts"),
                &mut self.discounts,
                reading,
            ),
            net: reading.amount(
                format_args!("/lines/{index}/net"),
                &mut self.net,
                Sign::NotNegative,
            ),
            taxes: taxes(format_args!("/lines/{index}/taxes"), &mut self.taxes, reading),
            serial_numbers: self.serial_numbers.iter().map(|serial| serial.0.clone()).collect(),
            flags,
            parent_line: self.parent_line,
            delivered_on: self
                .delivered_on
                .as_deref()
                .and_then(|on| reading.date(format_args!("/lines/{index}/delivered_on"), on)),
            gift_card,
        }
    }

    pub(in crate::wire) fn check(&self, index: usize, reading: &mut Reading) {
        let units = i128::from(self.quantity.0.0);
        if self.serial_numbers.len() as i128 * 1_000 > units {
            let detail = format!(
                "There are {} serial numbers for {} units.",
                self.serial_numbers.len(),
                self.quantity.0
            );
            reading.invalid(format_args!("/lines/{index}/serial_numbers"), detail);
        }
        let mut seen = HashSet::new();
        for (place, serial) in self.serial_numbers.iter().enumerate() {
            if !seen.insert(serial.0.as_str()) {
                let detail = "The serial number is there twice.";
                reading.invalid(format_args!("/lines/{index}/serial_numbers/{place}"), detail);
            }
        }
        if self.attributes.len() > MAX_ATTRIBUTES {
            let detail = format!(
                "There are {} attributes; at most {MAX_ATTRIBUTES} are taken.",
                self.attributes.len()
            );
            reading.fault(format_args!("/lines/{index}/attributes"), "too_many", detail);
        }
        self.attributes.iter().for_each(|(name, value)| attribute(index, name, value, reading));
    }
}

fn attribute(index: usize, name: &str, value: &Attribute, reading: &mut Reading) {
    let mut pointer = format!("/lines/{index}/attributes");
    crate::wire::strict::pointer::push_token(&mut pointer, name);
    if name.is_empty() || name.chars().count() > 64 {
        reading.invalid(format_args!("{pointer}"), "An attribute's name has 1 to 64 characters.");
    }
    if matches!(value, Attribute::Number(number) if has_card_number(&number.to_string())) {
        let detail = "The attribute looks like a card number, which must not be kept.";
        reading.fault(format_args!("{pointer}"), "card_number_refused", detail);
    }
    if matches!(value, Attribute::Text(text) if text.chars().count() > 500) {
        reading.fault(
            format_args!("{pointer}"),
            "too_long",
            "The attribute is longer than 500 characters.",
        );
    }
}

impl SaleDiscount {
    /// A discount as it is shown.
    pub fn new(discount: &Discount, currency: Currency) -> SaleDiscount {
        SaleDiscount {
            amount: discount.amount.format(currency),
            promotion: discount.promotion.clone(),
            description: discount.description.clone(),
        }
    }
}

impl SaleTax {
    /// A tax as it is shown.
    pub fn new(tax: &Tax, currency: Currency) -> SaleTax {
        SaleTax {
            code: tax.code.clone(),
            rate: tax.rate.clone(),
            amount: tax.amount.format(currency),
            included: tax.included,
        }
    }
}

impl ReceiptDiscount {
    /// A discount of a sale as it is shown.
    pub fn new(discount: &Discount, currency: Currency) -> ReceiptDiscount {
        let SaleDiscount { amount, promotion, description } = SaleDiscount::new(discount, currency);
        let (lines, charges) = (&discount.of.lines, &discount.of.charges);
        ReceiptDiscount {
            amount,
            promotion,
            description,
            lines: lines.iter().copied().collect(),
            charges: charges.iter().copied().collect(),
        }
    }
}

impl SaleCharge {
    pub(super) fn in_domain(&mut self, index: usize, reading: &mut Reading) -> Charge {
        Charge {
            charge: self.charge,
            kind: self.kind.clone(),
            amount: reading.amount(
                format_args!("/charges/{index}/amount"),
                &mut self.amount,
                Sign::NotNegative,
            ),
            taxes: taxes(format_args!("/charges/{index}/taxes"), &mut self.taxes, reading),
            refundable: self.refundable,
        }
    }
}

/// Reads tenders at a place of any body.
pub(in crate::wire) fn tenders(
    at: &str,
    tenders: &mut [SaleTender],
    reading: &mut Reading,
) -> Vec<Tender> {
    let read = |(index, tender): (usize, &mut SaleTender)| Tender {
        tender: tender.tender,
        kind: tender.kind.0,
        amount: reading.amount(
            format_args!("{at}/{index}/amount"),
            &mut tender.amount,
            Sign::NotNegative,
        ),
        change: reading.amount(
            format_args!("{at}/{index}/change"),
            &mut tender.change,
            Sign::NotNegative,
        ),
        reference: tender.reference.clone(),
        card: tender.card.as_ref().map(|card| Card {
            brand: card.brand.clone(),
            last4: card.last4.clone(),
            fingerprint: card.fingerprint.clone(),
        }),
    };
    tenders.iter_mut().enumerate().map(read).collect()
}

/// Reads discounts at a place of any body.
fn discounts(at: Arguments<'_>, sent: &mut [SaleDiscount], reading: &mut Reading) -> Vec<Discount> {
    let read = |(index, discount): (usize, &mut SaleDiscount)| Discount {
        amount: reading.amount(
            format_args!("{at}/{index}/amount"),
            &mut discount.amount,
            Sign::NotNegative,
        ),
        promotion: discount.promotion.clone(),
        description: discount.description.clone(),
        of: Scope::default(),
    };
    sent.iter_mut().enumerate().map(read).collect()
}

/// Reads discounts of a whole sale at a place of any body.
pub(in crate::wire) fn receipt_discounts(
    at: Arguments<'_>,
    sent: &mut [ReceiptDiscount],
    reading: &mut Reading,
) -> Vec<Discount> {
    let read = |(index, discount): (usize, &mut ReceiptDiscount)| Discount {
        amount: reading.amount(
            format_args!("{at}/{index}/amount"),
            &mut discount.amount,
            Sign::NotNegative,
        ),
        promotion: discount.promotion.clone(),
        description: discount.description.clone(),
        of: scope(&discount.lines, &discount.charges),
    };
    sent.iter_mut().enumerate().map(read).collect()
}

/// Reads taxes of a whole receipt.
pub(super) fn receipt_taxes(sent: &mut [ReceiptTax], reading: &mut Reading) -> Vec<TaxOfAll> {
    let mut read = Vec::with_capacity(sent.len());
    for (index, tax) in sent.iter_mut().enumerate() {
        rate(format_args!("/taxes/{index}/rate"), tax.rate.as_deref(), reading);
        let at = format_args!("/taxes/{index}/amount");
        let amount = reading.amount(at, &mut tax.amount, Sign::Any);
        let (code, rate, included) = (tax.code.clone(), tax.rate.clone(), tax.included);
        let of = scope(&tax.lines, &tax.charges);
        read.push(TaxOfAll { tax: Tax { code, rate, amount, included }, of });
    }
    read
}

fn scope(lines: &[u32], charges: &[u32]) -> Scope {
    Scope { lines: lines.iter().copied().collect(), charges: charges.iter().copied().collect() }
}

/// Reads taxes at a place of any body.
fn taxes(at: Arguments<'_>, sent: &mut [SaleTax], reading: &mut Reading) -> Vec<Tax> {
    let mut read = Vec::with_capacity(sent.len());
    for (index, tax) in sent.iter_mut().enumerate() {
        rate(format_args!("{at}/{index}/rate"), tax.rate.as_deref(), reading);
        let amount =
            reading.amount(format_args!("{at}/{index}/amount"), &mut tax.amount, Sign::NotNegative);
        let (code, rate, included) = (tax.code.clone(), tax.rate.clone(), tax.included);
        read.push(Tax { code, rate, amount, included });
    }
    read
}

fn rate(at: Arguments<'_>, sent: Option<&str>, reading: &mut Reading) {
    if sent.is_some_and(|rate| parse_scaled(rate, RATE_DECIMALS).is_none()) {
        reading.invalid(at, "A rate is a fraction in plain decimals, like \"0.08875\".");
    }
}
