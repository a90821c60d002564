//! A sale as a register sends it (API §3), as it is kept, and as it is shown.
//!
//! What is kept is the *document*: the body with every default filled in, members that are left out
//! or null absent, amounts in all digits of the currency, quantities in their shortest decimals,
//! `T` and `Z` of the time in capitals, keys in order of code points, no spaces. So the same
//! content gives the same document however it was written, and the SHA-256 of it tells a retry from
//! another sale; a retry may spell the time otherwise. Everything else, the time's offset included,
//! stays as sent.

mod listed;
mod parts;
mod read;
mod returned;
mod scope;
mod tie;
mod view;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tie_tests;

pub use listed::{ImportResult, ImportStatus, SaleFilterParams};
pub(super) use parts::{receipt_discounts, receipt_taxes, tenders};
pub use read::read_document;
pub use returned::{ReturnedBefore, ReturnedLine, ReturnedTender};
pub(super) use scope::{Numbers, check_taxes};
pub(super) use tie::not_carried;
pub use tie::{CarriedFrom, EvenLine, ExchangeOf};
pub use view::{
    RecordedSale, SaleChargeView, SaleLineView, SaleTenderView, SaleView, VoidedSale, recorded,
};

use super::quantity::WireQuantity;
use super::texts::{Attribute, Id, Label, SerialNumber};
use super::words::{CardSaleWord, LineKindWord, TenderWord};
use crate::domain::sale::LineKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A sale, as the register rang it up. Amounts are kept as sent and must add up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "store": "0042", "register": "3", "receipt": "0042-3-20260301-4711", "business_date": "2026-03-01",
    "sold_at": "2026-03-01T14:05:09-05:00", "operator": "1042", "channel": "store", "currency": "USD", "customer": "C-77",
    "prices_include_tax": false,
    "lines": [{
        "line": 1, "sku": "85123A", "gtin": "05012345678900", "description": "Hanging heart", "category": ["gifts", "decor"],
        "quantity": "2", "unit_price": "12.50",
        "discounts": [{"amount": "2.50", "promotion": "SPRING", "description": "10 % off"}],
        "net": "22.50", "taxes": [{"code": "NY", "rate": "0.08875", "amount": "2.00"}],
        "serial_numbers": [], "attributes": {"final_sale": false}
    }],
    "tenders": [
        {"tender": 1, "type": "credit_card", "amount": "20.00", "reference": "tok_9f",
         "card": {"brand": "visa", "last4": "4242", "fingerprint": "fp_1"}},
        {"tender": 2, "type": "cash", "amount": "4.50"}
    ],
    "total": "24.50"
}))]
pub struct NewSale {
    /// The store that sold.
    #[schema(format = "store", min_length = 1, max_length = 32, example = "0042")]
    pub store: String,
    /// The register that rang it up.
    #[schema(format = "name", min_length = 1, max_length = 64, example = "3")]
    pub register: String,
    /// The number on the receipt; unique together with store, register and business date.
    #[schema(
        format = "receipt",
        min_length = 1,
        max_length = 64,
        example = "0042-3-20260301-4711"
    )]
    pub receipt: String,
    /// The store's trading day, `YYYY-MM-DD`; at most one day from the store's date at
    /// `sold_at`.
    #[schema(format = "date", example = "2026-03-01")]
    pub business_date: String,
    /// When it was sold, RFC 3339 with the store's offset.
    #[schema(format = "date-time", example = "2026-03-01T14:05:09-05:00")]
    pub sold_at: String,
    /// Employee number of the person at the register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "name", min_length = 1, max_length = 64, example = "1042")]
    pub operator: Option<String>,
    /// Where it was sold, such as `store` (the default) or `online`.
    #[serde(default = "in_store")]
    #[schema(min_length = 1, max_length = 64, example = "store", default = "store")]
    pub channel: String,
    /// The currency of every amount, ISO 4217.
    #[schema(min_length = 3, max_length = 3, example = "USD")]
    pub currency: String,
    /// The buyer's customer number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "customer", min_length = 1, max_length = 64, example = "C-77")]
    pub customer: Option<String>,
    /// What kind of customer the buyer is; rules can ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 64, example = "member")]
    pub customer_class: Option<String>,
    /// Whether each line's `net` contains its taxes; a tax can say otherwise of itself.
    #[serde(default)]
    pub prices_include_tax: bool,
    /// What was sold.
    #[schema(min_items = 1, max_items = 5000)]
    pub lines: Vec<SaleLine>,
    /// Discounts of the whole sale, or of the lines and charges that they name, on top of those of
    /// the lines.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub discounts: Vec<ReceiptDiscount>,
    /// Taxes computed once for the receipt, in place of those of the lines. Each is spread over
    /// what it names, in proportion to what was paid, by largest remainder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub taxes: Vec<ReceiptTax>,
    /// Shipping, fees, deposits.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub charges: Vec<SaleCharge>,
    /// How it was paid. A sale of nothing has none.
    #[schema(max_items = 50)]
    pub tenders: Vec<SaleTender>,
    /// What rounding added to `total` (negative: took off), less than one coin: tenders less change
    /// = total + cash_rounding. Also rounding without cash, as some systems have it.
    #[serde(default = "nothing")]
    #[schema(format = "amount", example = "0.00", default = "0")]
    pub cash_rounding: String,
    /// The exact total, before rounding: lines less discounts plus charges, and plus taxes unless
    /// prices include them. Below zero where more was given back with the receipt than was bought.
    #[schema(format = "amount", example = "24.50")]
    pub total: String,
    /// What came back before this service knew the sale: it cannot come back again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub returned: Vec<ReturnedBefore>,
    /// What another system calls the sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 64, example = "SO-100417")]
    pub external_id: Option<String>,
    /// Told by the service of the new goods of an exchange; never sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub exchange_of: Option<ExchangeOf>,
}

/// One line of a sale.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaleLine {
    /// The line's number, from 1, there once.
    #[schema(minimum = 1, example = 1)]
    pub line: u32,
    /// `goods`, unless something was given back with the receipt. Such a line has quantity and unit
    /// price like any other, and `amount`, `net` and taxes below zero. It bears no discount and
    /// cannot come back.
    #[serde(default = "goods", skip_serializing_if = "is_goods")]
    #[schema(default = "goods")]
    pub kind: LineKindWord,
    /// The shop's own article number. Without one, `description` is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "sku", min_length = 1, max_length = 64, example = "85123A")]
    pub sku: Option<String>,
    /// Global Trade Item Number, as scanned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "gtin", min_length = 1, max_length = 64, example = "05012345678900")]
    pub gtin: Option<String>,
    /// As printed on the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, example = "Hanging heart")]
    pub description: Option<String>,
    /// Categories, from wide to narrow.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub category: Vec<Label>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 64, example = "Acme")]
    pub brand: Option<String>,
    /// How many units were sold.
    pub quantity: WireQuantity,
    /// Price of one unit, with up to six decimals. Required without `amount`, and descriptive beside
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "amount", example = "12.50")]
    pub unit_price: Option<String>,
    /// The line's extended price as printed, before its own discounts. It counts where it differs
    /// from unit price times quantity (a label with its price, three for 25.00). Left out: unit
    /// price times quantity, rounded half up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "amount", example = "25.00")]
    pub amount: Option<String>,
    /// The line's own discounts, for the whole line.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub discounts: Vec<SaleDiscount>,
    /// The extended price (`amount`, or unit price times quantity) less the line's own discounts;
    /// before any discount of the whole sale.
    #[schema(format = "amount", example = "22.50")]
    pub net: String,
    /// Taxes of the line as charged.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub taxes: Vec<SaleTax>,
    /// Serial numbers of the units sold; no more than units.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub serial_numbers: Vec<SerialNumber>,
    /// Facts that rules can ask for; those that are `true` are the item's flags, such as
    /// `final_sale`. At most 50.
    #[serde(default)]
    pub attributes: BTreeMap<String, Attribute>,
    /// The earlier line of the kit that this line is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, example = 1)]
    pub parent_line: Option<u32>,
    /// When the customer got the goods, if not at the counter; windows can count from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "date", example = "2026-03-04")]
    pub delivered_on: Option<String>,
    /// What another system calls the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 64, example = "SO-100417-1")]
    pub external_id: Option<String>,
    /// The line sold or loaded a gift card. With the `id` of a card known here the money is put on
    /// it as the sale is recorded; without, it is kept as a fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift_card: Option<GiftCardSold>,
}

/// The gift card that a line sold or loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiftCardSold {
    /// The card's id here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Id>,
    /// `activate`: the card is sold, and must be inactive; `load`: it must be active. Left out: as
    /// the card stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub movement: Option<CardSaleWord>,
    /// Last four characters of the card's code; never the code itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 4, max_length = 4, example = "7Q2M")]
    pub last4: Option<String>,
    /// What was put on the card; left out, the line's price before discounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "amount", example = "50.00")]
    pub amount: Option<String>,
}

/// A discount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaleDiscount {
    /// What was taken off; not negative.
    #[schema(format = "amount", example = "2.50")]
    pub amount: String,
    /// The promotion that gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 64, example = "SPRING")]
    pub promotion: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, example = "10 % off")]
    pub description: Option<String>,
}

/// A discount of the sale. Naming neither lines nor charges, it is off all lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptDiscount {
    /// What was taken off; not negative.
    #[schema(format = "amount", example = "9.95")]
    pub amount: String,
    /// The promotion that gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 64, example = "FREESHIP")]
    pub promotion: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, example = "Free shipping")]
    pub description: Option<String>,
    /// Numbers of the lines that it is off; with it, or with `charges`, of nothing else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(min_items = 1, max_items = 5000)]
    pub lines: Vec<u32>,
    /// Numbers of the charges that it is off, such as free shipping.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(min_items = 1, max_items = 50, example = json!([1]))]
    pub charges: Vec<u32>,
}

/// A tax computed once for the receipt. Naming neither lines nor charges, it is on all lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptTax {
    /// The shop's code for the tax; none of the lines that it is on has a tax of this code already.
    #[schema(min_length = 1, max_length = 64, example = "NY")]
    pub code: String,
    /// The rate as a fraction, in decimals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 16, example = "0.08875")]
    pub rate: Option<String>,
    /// The tax of all that it is on together; negative only where more was paid out than paid.
    #[schema(format = "amount", example = "1.97")]
    pub amount: String,
    /// Whether the prices contain it; left out, as `prices_include_tax` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub included: Option<bool>,
    /// Numbers of the lines that it is on; with it, or with `charges`, on nothing else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(min_items = 1, max_items = 5000, example = json!([1, 2]))]
    pub lines: Vec<u32>,
    /// Numbers of the charges that it is on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(min_items = 1, max_items = 50)]
    pub charges: Vec<u32>,
}

/// A tax as charged; refunds never ask for today's rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaleTax {
    /// The shop's code for the tax.
    #[schema(min_length = 1, max_length = 64, example = "NY")]
    pub code: String,
    /// The rate as a fraction, in decimals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 16, example = "0.08875")]
    pub rate: Option<String>,
    /// The tax of the whole line or charge; not negative, but on a line of what was given back not
    /// above zero.
    #[schema(format = "amount", example = "2.00")]
    pub amount: String,
    /// Whether the price contains it. Left out: of a line, as `prices_include_tax` says; of a
    /// charge, that it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub included: Option<bool>,
}

/// Shipping, a fee or a deposit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaleCharge {
    /// The charge's number, from 1, there once.
    #[schema(minimum = 1, example = 1)]
    pub charge: u32,
    /// What it is for, such as `shipping`.
    #[serde(rename = "type")]
    #[schema(min_length = 1, max_length = 64, example = "shipping")]
    pub kind: String,
    /// Before taxes, also where prices include them; only a tax that says `included` is in it.
    #[schema(format = "amount", example = "4.90")]
    pub amount: String,
    /// Taxes of the charge, on top of the amount unless they say that they are `included`.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub taxes: Vec<SaleTax>,
    /// Whether it can be given back, as a whole or in parts.
    pub refundable: bool,
}

/// A means of payment used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaleTender {
    /// The tender's number, from 1, there once.
    #[schema(minimum = 1, example = 1)]
    pub tender: u32,
    #[serde(rename = "type")]
    pub kind: TenderWord,
    /// What was given. Below zero: what was paid out, where more was given back with the receipt
    /// than was bought.
    #[schema(format = "amount", example = "20.00")]
    pub amount: String,
    /// What was handed back in cash from it; at most the amount.
    #[serde(default = "nothing")]
    #[schema(format = "amount", example = "0.00", default = "0")]
    pub change: String,
    /// The payment provider's token or the voucher's number, to pay back with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "reference", min_length = 1, max_length = 255, example = "tok_9f")]
    pub reference: Option<String>,
    /// What may be kept of a card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<SaleCard>,
    /// Told by the service of money that came from an earlier sale by an exchange; never sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub carried_from: Option<CarriedFrom>,
}

/// What may be kept of a payment card: never its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaleCard {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 64, example = "visa")]
    pub brand: Option<String>,
    /// The last four digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 4, max_length = 4, example = "4242")]
    pub last4: Option<String>,
    /// The payment provider's token for the same card over all its payments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(format = "reference", min_length = 1, max_length = 255, example = "fp_1")]
    pub fingerprint: Option<String>,
}

fn in_store() -> String {
    "store".into()
}

pub(super) fn goods() -> LineKindWord {
    LineKindWord(LineKind::Goods)
}

pub(super) fn is_goods(kind: &LineKindWord) -> bool {
    kind.0 == LineKind::Goods
}

fn nothing() -> String {
    "0".into()
}
