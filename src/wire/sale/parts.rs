//! From a sale's lines, charges and tenders to the domain's; exchanges read theirs with the same
//! functions.

use super::{
    GiftCardSold, ReceiptDiscount, ReceiptTax, SaleCharge, SaleDiscount, SaleLine, SaleTax,
    SaleTender,
};
use crate::domain::gift_cards::of_sales::GiftCardSold as SoldHere;
use crate::domain::match_key::MatchKey;
use crate::domain::money::{Currency, Minor, parse_scaled};
use crate::domain::sale::{
    Card, Charge, Discount, LineKind, ReceiptTax as TaxOfAll, SaleLine as Line, Scope, Tax, Tender,
};
use crate::domain::unit_price::UnitPrice;
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
        let kind = self.kind.0;
        let at = format_args!("/lines/{index}/unit_price");
        let unit_price = reading.unit_price(at, &mut self.unit_price);
        let amount = self.amount.as_mut().map(|amount| {
            line_amount(format_args!("/lines/{index}/amount"), amount, kind, reading)
        });
        let too_much = |price: UnitPrice| price.times(self.quantity.0).is_none();
        if amount.is_none() && unit_price.is_some_and(too_much) {
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
        let net = line_amount(format_args!("/lines/{index}/net"), &mut self.net, kind, reading);
        let of_taxes = if kind == LineKind::Goods { Sign::NotNegative } else { Sign::NotPositive };
        Line {
            line: self.line,
            kind,
            sku: self.sku.clone(),
            gtin: self.gtin.clone(),
            description: self.description.clone(),
            category: self.category.iter().map(|label| label.0.clone()).collect(),
            brand: self.brand.clone(),
            quantity: self.quantity.0,
            unit_price,
            amount,
            discounts: discounts(
                format_args!("/lines/{index}/discounts"),
                &mut self.discounts,
                reading,
            ),
            net,
            taxes: taxes(format_args!("/lines/{index}/taxes"), &mut self.taxes, of_taxes, reading),
            // A unit that was given back was not sold here: its number is kept as sent, and not
            // looked up.
            serial_numbers: (self.serial_numbers.iter())
                .filter(|_| kind == LineKind::Goods)
                .map(|serial| serial.0.clone())
                .collect(),
            flags,
            parent_line: self.parent_line,
            delivered_on: self
                .delivered_on
                .as_deref()
                .and_then(|on| reading.date(format_args!("/lines/{index}/delivered_on"), on)),
            gift_card,
        }
    }

    /// Checks what a line of a sale must state; goods exchanged evenly take their price over.
    pub(super) fn check_priced(&self, index: usize, reading: &mut Reading) {
        if self.unit_price.is_none() && self.amount.is_none() {
            let detail = "State the unit price, or the line's `amount`.";
            reading.fault(format_args!("/lines/{index}/unit_price"), "missing_field", detail);
        }
    }

    pub(in crate::wire) fn check(&self, index: usize, reading: &mut Reading) {
        if self.sku.is_none() && self.description.as_deref().unwrap_or_default().is_empty() {
            let detail = "State the `sku`, or a `description` where there is none.";
            reading.fault(format_args!("/lines/{index}/sku"), "missing_field", detail);
        }
        self.check_given_back(index, reading);
        // One number may be a lot's, of which less than a unit was weighed.
        let units = i128::from(self.quantity.0.0).max(1_000);
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
            if !seen.insert(MatchKey::of(&serial.0)) {
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

impl SaleLine {
    /// What was given back is worth what was paid out for it, and nothing else.
    fn check_given_back(&self, index: usize, reading: &mut Reading) {
        if self.kind.0 == LineKind::Goods {
            return;
        }
        let stated = [
            ("discounts", !self.discounts.is_empty(), "Send what was paid out in `amount`"),
            ("gift_card", self.gift_card.is_some(), "Record the card by its own routes"),
            ("parent_line", self.parent_line.is_some(), "Leave the kit out"),
        ];
        for (member, _, instead) in stated.into_iter().filter(|(_, stated, _)| *stated) {
            let detail =
                format!("Not possible on a line of kind {}. {instead}.", self.kind.0.as_str());
            reading.invalid(format_args!("/lines/{index}/{member}"), detail);
        }
    }
}

/// Reads an amount of a line. Its sign is that of the line's kind, so that no line is below zero by
/// mistake.
fn line_amount(
    at: Arguments<'_>,
    text: &mut String,
    kind: LineKind,
    reading: &mut Reading,
) -> Minor {
    let amount = reading.amount(at, text, Sign::Any);
    if kind == LineKind::Goods && amount < Minor::ZERO {
        let detail = format!(
            "{text} is below zero. For bottles or goods given back, send the line's `kind`: \
             deposit_return or unlinked_return. For money off, send a discount."
        );
        reading.bad_amount(at, detail);
    } else if kind != LineKind::Goods && amount.is_positive() {
        let detail = format!(
            "{text} is above zero. A line of kind {} takes money off: send its amounts below zero.",
            kind.as_str()
        );
        reading.bad_amount(at, detail);
    }
    amount
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
    /// A charge as it is shown.
    pub fn new(charge: &Charge, currency: Currency) -> SaleCharge {
        SaleCharge {
            charge: charge.charge,
            kind: charge.kind.clone(),
            amount: charge.amount.format(currency),
            taxes: charge.taxes.iter().map(|tax| SaleTax::new(tax, currency)).collect(),
            refundable: charge.refundable,
        }
    }

    pub(in crate::wire) fn in_domain(&mut self, index: usize, reading: &mut Reading) -> Charge {
        Charge {
            charge: self.charge,
            kind: self.kind.clone(),
            amount: reading.amount(
                format_args!("/charges/{index}/amount"),
                &mut self.amount,
                Sign::NotNegative,
            ),
            taxes: taxes(
                format_args!("/charges/{index}/taxes"),
                &mut self.taxes,
                Sign::NotNegative,
                reading,
            ),
            refundable: self.refundable,
        }
    }
}

/// Reads tenders at a place of any body.
pub(in crate::wire) fn tenders(
    at: &str,
    tenders: &mut [SaleTender],
    sign: Sign,
    reading: &mut Reading,
) -> Vec<Tender> {
    let read = |(index, tender): (usize, &mut SaleTender)| Tender {
        tender: tender.tender,
        kind: tender.kind.0,
        amount: reading.amount(format_args!("{at}/{index}/amount"), &mut tender.amount, sign),
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
pub(in crate::wire) fn receipt_taxes(
    sent: &mut [ReceiptTax],
    reading: &mut Reading,
) -> Vec<TaxOfAll> {
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
fn taxes(at: Arguments<'_>, sent: &mut [SaleTax], sign: Sign, reading: &mut Reading) -> Vec<Tax> {
    let mut read = Vec::with_capacity(sent.len());
    for (index, tax) in sent.iter_mut().enumerate() {
        rate(format_args!("{at}/{index}/rate"), tax.rate.as_deref(), reading);
        let amount = reading.amount(format_args!("{at}/{index}/amount"), &mut tax.amount, sign);
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
