//! Sales known by the numbers on their receipts.
//!
//! A number is unique per store, register and business day: many registers count from 1 each. A
//! sale that was voided leaves its number to the sale that is rung up in its place.

use super::super::decide::Found;
use super::super::draft::SaleRef;
use super::super::match_key::MatchKey;
use super::super::sale::Sale;
use super::State;
use jiff::civil::Date;
use std::cmp::Reverse;
use uuid::Uuid;

/// Sales that are loaded, and listed to the register, for one receipt number that is ambiguous.
const LISTED: usize = 20;

/// A receipt number, however it is typed: several sales of a store may bear it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReceiptKey {
    pub store: String,
    pub receipt: MatchKey,
}

impl ReceiptKey {
    pub fn new(store: &str, receipt: &str) -> ReceiptKey {
        ReceiptKey { store: store.to_owned(), receipt: MatchKey::of(receipt) }
    }
}

/// A sale known by its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub store: String,
    pub register: String,
    pub business_date: Date,
    pub sale: Uuid,
    /// SHA-256 of the sale as sent, to tell a retry from another sale.
    pub digest: [u8; 32],
    pub voided: bool,
}

/// Which sales bear a receipt number: what is none may be any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReceiptLookup {
    pub key: ReceiptKey,
    pub register: Option<String>,
    pub business_date: Option<Date>,
    /// Where the store does not know the receipt, the others are asked.
    pub elsewhere: bool,
}

impl ReceiptLookup {
    /// The lookup of a sale that is to be recorded: only its own register and day.
    pub fn of_sale(sale: &Sale) -> ReceiptLookup {
        ReceiptLookup {
            key: ReceiptKey::new(&sale.store, &sale.receipt),
            register: Some(sale.register.clone()),
            business_date: Some(sale.business_date),
            elsewhere: false,
        }
    }

    /// The lookup of a reference in a draft of the store `own`; none for a reference by id.
    pub fn of(reference: &SaleRef, own: &str) -> Option<ReceiptLookup> {
        match reference {
            SaleRef::Gift(reference) => ReceiptLookup::of(reference, own),
            SaleRef::Id(_) => None,
            SaleRef::Receipt { receipt, store, register, business_date } => Some(ReceiptLookup {
                key: ReceiptKey::new(store.as_deref().unwrap_or(own), receipt),
                register: register.clone(),
                business_date: *business_date,
                elsewhere: store.is_none(),
            }),
        }
    }

    /// Returns true if a sale of this receipt number is of the register and day looked for.
    fn means(&self, receipt: &Receipt) -> bool {
        self.register.as_ref().is_none_or(|register| *register == receipt.register)
            && self.business_date.is_none_or(|day| day == receipt.business_date)
    }
}

impl State {
    /// Notes that a receipt number was looked for in a store.
    pub fn looked_for(&mut self, key: ReceiptKey) {
        self.receipts.entry(key).or_default();
    }

    /// Enters a sale that bears a receipt number which was looked for in its store.
    pub fn load_receipt(&mut self, number: MatchKey, receipt: Receipt) {
        let key = ReceiptKey { store: receipt.store.clone(), receipt: number };
        let known = self.receipts.entry(key).or_default();
        if known.iter().all(|other| other.sale != receipt.sale) {
            known.push(receipt);
        }
    }

    pub fn load_receipts_anywhere(&mut self, number: MatchKey, sales: Vec<Receipt>) {
        self.anywhere.insert(number, sales);
    }

    /// Returns true if a receipt that was looked for in a store is known there.
    pub fn knows_receipt(&self, lookup: &ReceiptLookup) -> bool {
        self.here(lookup).next().is_some()
    }

    /// The sales that lookups lead to, whose books are needed.
    pub fn sales_of_receipts(&self, lookups: &[ReceiptLookup]) -> Vec<Uuid> {
        lookups.iter().flat_map(|lookup| self.newest(lookup)).map(|found| found.sale).collect()
    }

    /// The sales recorded before with the receipt number, store, register and day of this one.
    pub fn same_receipt(&self, sale: &Sale) -> Vec<Receipt> {
        let lookup = ReceiptLookup::of_sale(sale);
        let standing =
            |receipt: &Receipt| Receipt { voided: self.is_voided(receipt), ..receipt.clone() };
        self.here(&lookup).map(standing).collect()
    }

    /// How many sales bore the receipt number of this one before: all of them were voided.
    pub(super) fn times_rung(&self, sale: &Sale) -> u32 {
        u32::try_from(self.here(&ReceiptLookup::of_sale(sale)).count()).unwrap_or(u32::MAX)
    }

    pub(super) fn add_receipt(&mut self, sale: &Sale, digest: [u8; 32]) {
        let receipt = Receipt {
            store: sale.store.clone(),
            register: sale.register.clone(),
            business_date: sale.business_date,
            sale: sale.id,
            digest,
            voided: false,
        };
        let number = MatchKey::of(&sale.receipt);
        self.anywhere.entry(number.clone()).or_default().push(receipt.clone());
        self.load_receipt(number, receipt);
    }

    /// The sale that a lookup means. A sale that was voided is meant only where no other is.
    pub(super) fn look_up(&self, lookup: &ReceiptLookup) -> Found {
        let newest = self.newest(lookup);
        let standing: Vec<Uuid> =
            newest.iter().filter(|found| !self.is_voided(found)).map(|found| found.sale).collect();
        match (standing.as_slice(), newest.first()) {
            ([], None) => Found::None,
            ([], Some(voided)) => Found::One(voided.sale),
            ([one], _) => Found::One(*one),
            _ => Found::Several(standing),
        }
    }

    /// The sales of a lookup: those that stand first, then the newest.
    fn newest<'a>(&'a self, lookup: &'a ReceiptLookup) -> Vec<&'a Receipt> {
        let mut found: Vec<&Receipt> = self.here(lookup).collect();
        if found.is_empty() && lookup.elsewhere {
            let all = self.anywhere.get(&lookup.key.receipt).into_iter().flatten();
            found = all.filter(|receipt| lookup.means(receipt)).collect();
        }
        found.sort_by_key(|receipt| {
            (self.is_voided(receipt), Reverse((receipt.business_date, receipt.sale)))
        });
        found.truncate(LISTED);
        found
    }

    fn here<'a>(&'a self, lookup: &'a ReceiptLookup) -> impl Iterator<Item = &'a Receipt> {
        let of_store = self.receipts.get(&lookup.key).into_iter().flatten();
        of_store.filter(|receipt| lookup.means(receipt))
    }

    /// The book was read under its lock: it knows of a void that the lookup was too early for.
    fn is_voided(&self, receipt: &Receipt) -> bool {
        receipt.voided || self.book(receipt.sale).is_some_and(|book| book.voided_at.is_some())
    }
}
