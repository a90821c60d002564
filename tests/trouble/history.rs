//! A sale over its life: what came back before, voids, receipts of one number, old currencies.

mod before;
mod changeovers;
mod receipts;
mod voids;

use crate::support::shop::Shop;
use returndesk::export::{ledger, reconcile};

/// Every fault that reconciling finds, and every one of the ledger.
pub fn faults_of_the_books(shop: &Shop) -> Vec<String> {
    let found = shop.app.service.desk.readers().read(|read, _| {
        let mut told = Vec::new();
        reconcile::reconcile(read, |finding| told.push(finding.to_string()))?;
        ledger::check(read, |fault| told.push(fault.to_string()))?;
        Ok(told)
    });
    shop.wait(found).unwrap()
}
