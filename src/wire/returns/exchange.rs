//! The new goods of an exchange, as a register sends them.

use crate::domain::canonical::{Json, SafeInt};
use crate::domain::draft::{ExchangeDraft, ExchangeLine as Line};
use crate::domain::money::Currency;
use crate::domain::sale::{Charge, LineKind, ReceiptTax as ReceiptTaxOf};
use crate::wire::quantity::WireQuantity;
use crate::wire::reading::{Reading, Sign, filled};
use crate::wire::sale::{
    Numbers, ReceiptDiscount, ReceiptTax, SaleCharge, SaleDiscount, SaleLine, SaleTax, SaleTender,
    check_taxes, goods, is_goods, not_carried, receipt_discounts, receipt_taxes, tenders,
};
use crate::wire::texts::{Attribute, Label, SerialNumber};
use crate::wire::words::LineKindWord;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What the customer takes instead.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Goods taken.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub lines: Vec<ExchangeLine>,
    /// Discounts of all new goods together, on top of those of the lines.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub discounts: Vec<ReceiptDiscount>,
    /// Taxes computed once for the new goods, in place of those of the lines; their shares are told as
    /// `tax_shares` of the lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub taxes: Vec<ReceiptTax>,
    /// Charges among the new goods, such as the shipping of a swap. They become charges of the new
    /// sale and part of its total.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub charges: Vec<SaleCharge>,
    /// How the customer pays what is due. A check tells what is due; recording needs it to the
    /// cent.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub tenders: Vec<SaleTender>,
    /// What cash rounding added to the payment (negative: took off); left out, whatever tenders and
    /// law come to.
    #[serde(default)]
    #[schema(format = "amount", example = "0.00")]
    pub cash_rounding: Option<String>,
    /// The register's receipt number for the new goods; left out, the return's number.
    #[serde(default)]
    #[schema(
        format = "receipt",
        min_length = 1,
        max_length = 64,
        example = "0042-7-20260411-0815"
    )]
    pub receipt: Option<String>,
    /// Whether each new line's `net` contains its taxes; left out, as in the first sale that
    /// something comes back of.
    #[serde(default)]
    pub prices_include_tax: Option<bool>,
}

/// An article that the customer takes instead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeLine {
    /// `goods`, and nothing else: what is given back is part of the return itself, or of a sale.
    #[serde(default = "goods", skip_serializing_if = "is_goods")]
    #[schema(default = "goods")]
    pub kind: LineKindWord,
    /// Without one, `description` is required.
    #[serde(default)]
    #[schema(format = "sku", min_length = 1, max_length = 64, example = "85123B")]
    pub sku: Option<String>,
    #[serde(default)]
    #[schema(format = "gtin", min_length = 1, max_length = 64)]
    pub gtin: Option<String>,
    #[serde(default)]
    #[schema(max_length = 500, example = "Hanging heart, red")]
    pub description: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub category: Vec<Label>,
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64)]
    pub brand: Option<String>,
    pub quantity: WireQuantity,
    /// Price of one unit, with up to six decimals. Required without `amount`, and descriptive beside
    /// it.
    #[serde(default)]
    #[schema(format = "amount", example = "12.50")]
    pub unit_price: Option<String>,
    /// The line's extended price as printed, before its discounts; it counts where it differs from
    /// unit price times quantity.
    #[serde(default)]
    #[schema(format = "amount", example = "12.50")]
    pub amount: Option<String>,
    /// Discounts of the line.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub discounts: Vec<SaleDiscount>,
    /// After the line's discounts.
    #[serde(default)]
    #[schema(format = "amount", example = "12.50")]
    pub net: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub taxes: Vec<SaleTax>,
    #[serde(default)]
    #[schema(max_items = 500)]
    pub serial_numbers: Vec<SerialNumber>,
    /// Facts that rules can ask for.
    #[serde(default)]
    pub attributes: BTreeMap<String, Attribute>,
    /// The line of the return that it replaces evenly, counted from 0: the same item in another
    /// size or colour keeps the price paid. Amounts are left out then, or are those that are given
    /// back for that line.
    #[serde(default)]
    #[schema(example = 0)]
    pub exchanged_for: Option<u32>,
}

impl Exchange {
    /// The domain's exchange; none where nothing is taken.
    pub(super) fn in_domain(
        &mut self,
        currency: Option<Currency>,
        reading: &mut Reading,
    ) -> Option<ExchangeDraft> {
        if self.lines.is_empty() {
            if !self.tenders.is_empty() || !self.charges.is_empty() {
                let detail = "Say which goods are taken: a payment or a charge needs some.";
                reading.fault(format_args!("/exchange/lines"), "missing_field", detail);
            }
            return None;
        }
        reading.numbers(
            "exchange/tenders",
            "tender",
            self.tenders.iter().map(|tender| tender.tender),
        );
        not_carried("/exchange/tenders", &self.tenders, reading);
        let numbers = Numbers {
            lines: (1..).take(self.lines.len()).collect(),
            charges: self.charges.iter().map(|charge| charge.charge).collect(),
        };
        numbers.check_discounts(format_args!("/exchange/discounts"), &self.discounts, reading);
        let read =
            |(index, line): (usize, &mut ExchangeLine)| line.in_domain(index, currency, reading);
        Some(ExchangeDraft {
            lines: self.lines.iter_mut().enumerate().map(read).collect(),
            discounts: receipt_discounts(
                format_args!("/exchange/discounts"),
                &mut self.discounts,
                reading,
            ),
            taxes: self.taxes(currency, reading),
            charges: self.charges(currency, reading),
            tenders: tenders("/exchange/tenders", &mut self.tenders, Sign::NotNegative, reading),
            receipt: filled(self.receipt.clone()),
            prices_include_tax: self.prices_include_tax,
            cash_rounding: reading.optional_amount(
                format_args!("/exchange/cash_rounding"),
                &mut self.cash_rounding,
                Sign::Any,
            ),
        })
    }

    /// Taxes are read where they stand in a sale; their faults are told where they stand here.
    fn taxes(&mut self, currency: Option<Currency>, reading: &mut Reading) -> Vec<ReceiptTaxOf> {
        let mut of_taxes = Reading::new(currency);
        let lines = (1..).zip(self.lines.iter().map(|line| line.taxes.as_slice()));
        let charges = self.charges.iter().map(|charge| (charge.charge, charge.taxes.as_slice()));
        check_taxes(&self.taxes, lines.collect(), charges.collect(), &mut of_taxes);
        let taxes = receipt_taxes(&mut self.taxes, &mut of_taxes);
        reading.include(of_taxes, "/exchange");
        taxes
    }

    /// Charges are read where they stand in a sale; their faults are told where they stand here.
    fn charges(&mut self, currency: Option<Currency>, reading: &mut Reading) -> Vec<Charge> {
        let numbers = self.charges.iter().map(|charge| charge.charge);
        reading.numbers("exchange/charges", "charge", numbers);
        let mut of_charges = Reading::new(currency);
        let charges = self.charges.iter_mut().enumerate();
        let read = charges.map(|(index, charge)| charge.in_domain(index, &mut of_charges));
        let read = read.collect();
        reading.include(of_charges, "/exchange");
        read
    }

    /// What a quote is made for: the goods, not how they are paid or what number they get.
    pub(super) fn quoted(mut self) -> Option<Exchange> {
        self.tenders = Vec::new();
        self.cash_rounding = None;
        self.receipt = None;
        (!self.lines.is_empty()).then_some(self)
    }
}

impl ExchangeLine {
    fn in_domain(
        &mut self,
        index: usize,
        currency: Option<Currency>,
        reading: &mut Reading,
    ) -> Line {
        if !is_goods(&self.kind) {
            let detail = "New goods are goods. Bring back what is given back as a line of the return, \
                          and ring bottles up with a sale.";
            reading.invalid(format_args!("/exchange/lines/{index}/kind"), detail);
        }
        let priced = self.unit_price.is_some()
            || self.amount.is_some()
            || self.net.is_some()
            || !self.taxes.is_empty()
            || !self.discounts.is_empty();
        if priced || self.exchanged_for.is_none() {
            let price = self.unit_price.as_ref().or(self.amount.as_ref());
            for (member, amount) in [("unit_price", price), ("net", self.net.as_ref())] {
                if amount.is_none() {
                    let detail = "Say what it costs; only goods exchanged evenly (`exchanged_for`) go without.";
                    reading.fault(
                        format_args!("/exchange/lines/{index}/{member}"),
                        "missing_field",
                        detail,
                    );
                }
            }
        }
        let mut sold = self.as_sold(index);
        // A sale's line is read where it stands in a sale; its faults are told where it stands
        // here.
        let mut of_line = Reading::new(currency);
        let line = sold.in_domain(index, &mut of_line);
        sold.check(index, &mut of_line);
        reading.include(of_line, "/exchange");
        (self.discounts, self.taxes) = (sold.discounts, sold.taxes);
        (self.unit_price, self.amount) = (sold.unit_price, sold.amount);
        self.net.is_some().then(|| self.net = Some(sold.net));
        let attributes = self.attributes.iter().filter_map(|(name, value)| {
            let known = kept(value);
            if known.is_none() {
                let detail =
                    "A number among the attributes is a whole one here; write others as text.";
                reading.invalid(format_args!("/exchange/lines/{index}/attributes"), detail);
            }
            Some((name.clone().into(), known?))
        });
        let attributes = attributes.collect();
        let exchanged_for = self.exchanged_for.map(|of| usize::try_from(of).unwrap_or(usize::MAX));
        Line { line, attributes, exchanged_for, priced }
    }

    fn as_sold(&self, index: usize) -> SaleLine {
        let amount = |sent: &Option<String>| sent.clone().unwrap_or_else(|| "0".to_owned());
        SaleLine {
            line: u32::try_from(index + 1).unwrap_or(u32::MAX),
            kind: LineKindWord(LineKind::Goods),
            sku: self.sku.clone(),
            gtin: self.gtin.clone(),
            description: self.description.clone(),
            category: self.category.clone(),
            brand: self.brand.clone(),
            quantity: self.quantity,
            unit_price: self.unit_price.clone(),
            amount: self.amount.clone(),
            discounts: self.discounts.clone(),
            net: amount(&self.net),
            taxes: self.taxes.clone(),
            serial_numbers: self.serial_numbers.clone(),
            attributes: self.attributes.clone(),
            parent_line: None,
            delivered_on: None,
            external_id: None,
            gift_card: None,
        }
    }
}

/// An attribute as the new sale's document keeps it, none for a number that is not whole.
fn kept(value: &Attribute) -> Option<Json> {
    Some(match value {
        Attribute::Flag(flag) => (*flag).into(),
        Attribute::Text(text) => text.as_str().into(),
        Attribute::Number(number) => Json::Int(SafeInt::new(number.as_i64()?)?),
    })
}
