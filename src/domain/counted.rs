//! What deciding a draft looks at beside its sales: the prices of goods without a receipt, units by
//! serial number, and the people whose limits the return counts for.

use super::draft::{Draft, DraftLine, SaleRef};
use super::match_key::MatchKey;
use super::sale::Sale;
use super::settings::Settings;
use super::state::State;
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// What the drafts of a batch have to be loaded with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Store and article of goods without a receipt.
    pub articles: Vec<(String, String)>,
    /// Article and serial number of goods without a receipt.
    pub units: Vec<(String, MatchKey)>,
    /// Store and sale of drafts that name no customer: there the customer of the sale counts.
    unnamed: Vec<(String, SaleRef)>,
    /// Receipt and customer of sales that are recorded in the same batch.
    sold: Vec<(MatchKey, MatchKey)>,
    /// Stores whose policies decide, each with whether goods have a receipt.
    decided_by: BTreeSet<(String, bool)>,
}

impl Counted {
    pub fn draft(&mut self, draft: &Draft) {
        for line in draft.lines.iter().filter(|line| line.sale_line.is_none()) {
            let Some(sku) = &line.sku else { continue };
            self.articles.push((draft.store.clone(), sku.clone()));
            let serial = line.serial_number.as_deref().map(MatchKey::of);
            self.units.extend(serial.map(|serial| (sku.clone(), serial)));
        }
        let bare = draft.lines.iter().any(|line| line.sale_line.is_none());
        let receipted = draft.lines.iter().any(|line| line.sale_line.is_some())
            || !draft.charges.is_empty()
            || draft.sale.is_some();
        for (any, receipt) in [(bare, false), (receipted, true)] {
            self.decided_by.extend(any.then(|| (draft.store.clone(), receipt)));
        }
        if draft.customer.is_none() {
            self.unnamed
                .extend(buyers_of(draft).map(|reference| (draft.store.clone(), reference.clone())));
        }
    }

    pub fn sold(&mut self, sale: &Sale) {
        let sold = |customer: &str| (MatchKey::of(&sale.receipt), MatchKey::of(customer));
        self.sold.extend(sale.customer.as_deref().map(sold));
    }

    /// How far back the limits of any version of the policies look; none where nothing that came
    /// back before is counted.
    pub fn looks_back(&self, settings: &Settings) -> Option<SignedDuration> {
        let days = |(store, receipt): &(String, bool)| {
            let versions = settings.policy_of(settings.store(store)?)?;
            versions.iter().map(|version| version.policy.looks_back(*receipt)).max()
        };
        let days = self.decided_by.iter().filter_map(days).max().filter(|days| *days > 0)?;
        Some(SignedDuration::from_hours(24 * i64::from(days)))
    }

    /// The customers of the sales of drafts that name nobody, once the sales are loaded.
    pub fn customers(&self, state: &State) -> Vec<MatchKey> {
        let of_sale = |(store, reference): &(String, SaleRef)| state.customer_of(reference, store);
        let known = self.unnamed.iter().filter_map(of_sale);
        // A sale of the same batch is not loaded; by an id that is not known, any of them may be
        // meant.
        let means = |reference: &SaleRef, number: &MatchKey| match reference {
            SaleRef::Id(id) => state.book(*id).is_none(),
            other => other.receipt().is_some_and(|receipt| MatchKey::of(receipt) == *number),
        };
        let coming = self
            .sold
            .iter()
            .filter(|(number, _)| self.unnamed.iter().any(|(_, asked)| means(asked, number)));
        known.chain(coming.map(|(_, customer)| customer.clone())).collect()
    }
}

/// The sales whose customers count where the draft names none: those that something comes back of
/// by the buyer's receipt. A gift receipt tells nothing of who holds it.
pub fn buyers_of(draft: &Draft) -> impl Iterator<Item = &SaleRef> {
    let receipted = draft.lines.iter().filter(|line: &&DraftLine| line.sale_line.is_some());
    let of_lines = receipted.filter_map(|line| line.sale.as_ref().or(draft.sale.as_ref()));
    let of_charges =
        draft.charges.iter().filter_map(|charge| charge.sale.as_ref().or(draft.sale.as_ref()));
    of_lines.chain(of_charges).filter(|reference| !reference.is_gift())
}
