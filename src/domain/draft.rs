//! What a register asks for: the body of a check or a record, read and well formed, not yet
//! decided.

use super::canonical::Members;
use super::decision::Code;
use super::money::{Currency, Minor};
use super::quantity::Quantity;
use super::sale::{Charge, Discount, ReceiptTax, SaleLine, Tender};
use super::unit_price::UnitPrice;
use super::words::{Condition, Disposition, Reason, RefundTo};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

/// How a draft names a sale.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SaleRef {
    Id(Uuid),
    /// A receipt as presented. Without a store it is looked for in the draft's own store first.
    Receipt {
        receipt: String,
        store: Option<String>,
        /// The register that sold: many count their receipts from 1.
        register: Option<String>,
        business_date: Option<Date>,
    },
    /// By its gift receipt: whoever holds it is not the one who paid.
    Gift(Box<SaleRef>),
}

impl SaleRef {
    pub fn is_gift(&self) -> bool {
        matches!(self, SaleRef::Gift(_))
    }

    /// The number of the receipt, where the sale is named by one.
    pub fn receipt(&self) -> Option<&str> {
        match self {
            SaleRef::Id(_) => None,
            SaleRef::Receipt { receipt, .. } => Some(receipt),
            SaleRef::Gift(reference) => reference.receipt(),
        }
    }
}

/// What is asked of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// So many units come back.
    Units(Quantity),
    /// So much money back while the goods stay, taxes included: a price adjustment or goodwill.
    Money(Minor),
    /// Taxes back while the goods stay, such as those of a customer who is exempt.
    Taxes(TaxesAsked),
}

impl Asked {
    /// The codes of the taxes that alone go back; none where goods or money do.
    pub fn tax_only(&self) -> Vec<String> {
        match self {
            Asked::Taxes(taxes) => taxes.codes.clone(),
            Asked::Units(_) | Asked::Money(_) => Vec::new(),
        }
    }
}

/// Taxes to give back by their codes, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxesAsked {
    pub codes: Vec<String>,
    /// The units whose taxes they are; none: all that have not come back.
    pub units: Option<Quantity>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftLine {
    /// None: the draft's own sale, if it names one.
    pub sale: Option<SaleRef>,
    /// None: a return without receipt, by `sku`.
    pub sale_line: Option<u32>,
    pub sku: Option<String>,
    /// The price that the register means to give back for each unit, before the taxes on top.
    pub unit_price: Option<UnitPrice>,
    pub asked: Asked,
    pub reason: Reason,
    pub condition: Condition,
    pub disposition: Option<Disposition>,
    pub serial_number: Option<String>,
    pub note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftCharge {
    pub sale: Option<SaleRef>,
    pub charge: u32,
    /// So much of it, taxes included; none: all that is left.
    pub amount: Option<Minor>,
}

/// A return as asked for. Check and record take the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub store: String,
    pub register: String,
    /// The person at the register, by employee number.
    pub operator: String,
    pub sale: Option<SaleRef>,
    pub lines: Vec<DraftLine>,
    pub charges: Vec<DraftCharge>,
    pub customer: Option<String>,
    /// Keyed hash of the identity document shown; the document's number never comes this far.
    pub id_hash: Option<[u8; 32]>,
    pub refund_to: RefundTo,
    /// The register itself names `original`. Without its word the policy alone says where the money
    /// goes; with it, a manager may let it go to a tender that the policy does not pay back.
    pub original_asked: bool,
    /// The customer's card that refunds to cards go to.
    pub refund_card: Option<Uuid>,
    /// Tenders of the sale that cannot be paid back to, such as a card that was closed.
    pub unavailable_tenders: Vec<u32>,
    pub currency: Option<Currency>,
    /// The trading day it belongs to; none: the store's date.
    pub business_date: Option<Date>,
    pub training: bool,
    /// What the customer takes instead.
    pub exchange: Option<ExchangeDraft>,
}

/// New goods for what comes back, in one transaction with one net amount (PRODUCT §8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeDraft {
    pub lines: Vec<ExchangeLine>,
    /// Discounts of all new goods together.
    pub discounts: Vec<Discount>,
    /// Taxes computed once for the new goods.
    pub taxes: Vec<ReceiptTax>,
    /// Charges of the exchange itself, such as the shipping of a swap.
    pub charges: Vec<Charge>,
    /// What the customer pays on top. Empty while that is not known.
    pub tenders: Vec<Tender>,
    /// The register's number for the new sale; none: the return's number.
    pub receipt: Option<String>,
    /// None: as in the first sale that something comes back of.
    pub prices_include_tax: Option<bool>,
    /// What cash rounding added to the payment, as the register says; none: whatever the payment
    /// shows.
    pub cash_rounding: Option<Minor>,
}

/// One article that the customer takes instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeLine {
    /// As the register rang it up. Its number is its place, from 1.
    pub line: SaleLine,
    /// Facts about the article, as sent.
    pub attributes: Members,
    /// The line of the draft that it replaces evenly, counted from 0: it keeps the price paid.
    pub exchanged_for: Option<usize>,
    /// Whether amounts were sent; those of an even exchange may be left out.
    pub priced: bool,
}

/// What a manager's override allows (API §5): these findings, on this return as the manager saw it,
/// for at most this amount, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub id: Uuid,
    pub approver: Approver,
    pub store: String,
    /// SHA-256 of the draft that was approved, as quotes count it.
    pub draft: [u8; 32],
    /// The person at the register whose return it is. None: the manager asked alone and named
    /// nobody.
    pub operator: Option<String>,
    pub sales: Vec<Uuid>,
    pub codes: Vec<Code>,
    /// The most that what comes back may be worth, paid out or taken in new goods.
    pub max_refund: Minor,
    pub currency: Currency,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Who approves: as known by subject and by employee number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    pub subject: String,
    pub operator: String,
    /// The highest of the approver's roles: supervisor 1, manager 2, district manager 3.
    pub rank: u8,
}

impl Approver {
    /// Whether two approvers are one person: the same subject, or the same employee number.
    pub fn is(&self, other: &Approver) -> bool {
        self.subject == other.subject || self.operator == other.operator
    }
}

/// What a quote promised when the register checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    pub refund: Minor,
    pub policy: (String, u32),
    /// What could still come back of each line, in the order of the draft.
    pub returnable: Vec<Quantity>,
    /// SHA-256 of the draft the quote was made for.
    pub draft: [u8; 32],
}
