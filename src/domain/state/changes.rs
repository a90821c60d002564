//! The changes of a batch, as the store writes them.

use super::super::book::{Book, Opening};
use super::super::canonical::Json;
use super::super::changeover::Changeover;
use super::super::day_end::{DayEnd, TillKey};
use super::super::entry::{Actor, Event};
use super::super::ledger::Movement;
use super::super::sign_in::AttemptKey;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What the store is to write.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    pub new_sales: Vec<NewSale>,
    /// Sales that were taken back.
    pub voided_sales: BTreeSet<Uuid>,
    /// Lines, tenders and charges of books that changed, by their places; the sale itself never
    /// does.
    pub lines: BTreeSet<(Uuid, usize)>,
    pub tenders: BTreeSet<(Uuid, usize)>,
    pub charges: BTreeSet<(Uuid, usize)>,
    /// Balances that are now kept in the currency that replaced the sale's own, with what had come
    /// back before.
    pub converted: BTreeMap<Uuid, Opening>,
    pub new_returns: Vec<Uuid>,
    pub changed_returns: BTreeSet<Uuid>,
    pub new_overrides: Vec<Uuid>,
    pub used_overrides: BTreeSet<Uuid>,
    pub attempts: BTreeSet<AttemptKey>,
    /// Operators whose attempts of before do not count any more.
    pub forgiven: BTreeSet<String>,
    pub stores: BTreeSet<String>,
    pub registers: BTreeSet<(String, String)>,
    pub operators: BTreeSet<String>,
    pub policies: BTreeSet<(String, u32)>,
    pub entries: Vec<EntryDraft>,
    /// The money that entries tell of.
    pub movements: Vec<Movement>,
    pub day_ends: Vec<DayEnd>,
    /// Trading days that returns named, by drawer.
    pub named_days: Vec<(TillKey, Date)>,
}

impl Changes {
    /// Notes what differs between two states of a book. What changes and changes back is written
    /// all the same.
    pub(super) fn book(&mut self, before: &Book, after: &Book) {
        let sale = after.sale.id;
        if let (None, Some(converted)) = (&before.sale.converted, &after.sale.converted) {
            let opening = before.in_new_currency(converted.by).opening();
            self.converted.entry(sale).or_insert(opening);
        }
        let lines = (0..after.lines.len()).filter(|&i| before.lines[i] != after.lines[i]);
        self.lines.extend(lines.map(|place| (sale, place)));
        let tenders = (0..after.tenders.len()).filter(|&i| before.tenders[i] != after.tenders[i]);
        self.tenders.extend(tenders.map(|place| (sale, place)));
        let charges = (0..after.charges.len()).filter(|&i| before.charges[i] != after.charges[i]);
        self.charges.extend(charges.map(|place| (sale, place)));
    }
}

/// A sale to be kept, as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSale {
    pub sale: Uuid,
    pub document: String,
    pub digest: [u8; 32],
    pub recorded_at: Timestamp,
    /// How many sales of this receipt number were voided before; given as it is added.
    pub rung: u32,
    /// The law by which its balance is kept in the store's currency, where that has replaced the
    /// sale's.
    pub converted: Option<Changeover>,
}

/// An entry of the log that has no place in its chain yet.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryDraft {
    pub store: String,
    pub id: Uuid,
    pub at: Timestamp,
    pub event: Event,
    pub actor: Option<Actor>,
    pub request_id: Option<String>,
    pub subject_id: Option<String>,
    pub data: Json,
}
