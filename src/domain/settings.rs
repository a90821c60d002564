//! Stores, registers, operators and the policies in force: what every decision looks up and few
//! commands change.

use super::caller::{Role, Stores};
use super::match_key::matches;
use super::money::{Currency, Minor};
use super::policies::{PolicyRecord, PolicyStatus};
use super::policy::Version;
use super::rounding::{CashRounding, Tie, cash_rounding};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    pub store: String,
    pub name: String,
    pub time_zone: TimeZone,
    pub currency: Currency,
    /// ISO 3166-2, such as `US-NY`: what law applies.
    pub region: String,
    /// The name of its policy.
    pub policy: String,
    /// The smallest coin that the store pays with, in minor units, where no law says how cash is
    /// rounded: five, for a shop in the United States that has no pennies any more.
    pub cash_rounding: Option<Minor>,
}

impl Store {
    /// How the store rounds cash on a day: by law, else by its own choice, halves up; none: not at
    /// all.
    pub fn rounds_cash(&self, on: Date) -> Option<CashRounding> {
        let own = || self.cash_rounding.map(|step| CashRounding { step: step.0, tie: Tie::Up });
        cash_rounding(self.currency, &self.region, on).or_else(own)
    }

    /// The calendar day at the store.
    pub fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.time_zone.clone()).date()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    pub store: String,
    pub register: String,
    pub name: Option<String>,
    pub active: bool,
}

/// A person whose number and PIN the service itself keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    pub operator: String,
    pub name: String,
    pub roles: Vec<Role>,
    pub stores: Stores,
    /// Argon2id, in PHC form.
    pub pin_hash: Option<String>,
    /// The person's own customer number: nobody handles or approves their own purchase.
    pub customer: Option<String>,
    pub active: bool,
}

/// All settings at one generation; replaced as a whole when any of them changes.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Counts changes; two instances with the same generation have the same settings.
    pub generation: i64,
    pub stores: BTreeMap<String, Arc<Store>>,
    pub registers: BTreeMap<(String, String), Register>,
    pub operators: BTreeMap<String, Arc<Operator>>,
    /// Published versions of each policy, by currency, in order of number.
    pub policies: BTreeMap<String, BTreeMap<Currency, Vec<Version>>>,
    /// All versions, drafts too, as documents.
    pub policy_records: BTreeMap<(String, u32), PolicyRecord>,
}

impl Settings {
    pub fn store(&self, store: &str) -> Option<&Arc<Store>> {
        self.stores.get(store)
    }

    /// Puts a version of a policy in its place; a published one governs from then on.
    pub fn save_policy(&mut self, record: PolicyRecord) {
        if let PolicyStatus::Published { effective_from, .. } = &record.status {
            for (currency, policy) in &*record.compiled {
                let versions = self
                    .policies
                    .entry(record.name.clone())
                    .or_default()
                    .entry(*currency)
                    .or_default();
                versions.retain(|version| version.number != record.number);
                let (number, effective_from, policy) =
                    (record.number, *effective_from, Arc::clone(policy));
                versions.push(Version { number, effective_from, policy });
                versions.sort_by_key(|version| version.number);
            }
        }
        self.policy_records.insert((record.name.clone(), record.number), record);
    }

    /// Published versions of the policy that a store names, in the store's currency.
    pub fn policy_of(&self, store: &Store) -> Option<&[Version]> {
        Some(self.policies.get(&store.policy)?.get(&store.currency)?)
    }

    /// All versions of one policy, in order of number.
    pub fn versions_of(&self, name: &str) -> impl Iterator<Item = &PolicyRecord> {
        let from = (name.to_owned(), 0);
        self.policy_records
            .range(from..)
            .map(|(_, record)| record)
            .take_while(move |record| record.name == name)
    }

    /// Whether an operator is the buyer: nobody handles their own purchase.
    pub fn is_customer(&self, operator: &str, customer: Option<&str>) -> bool {
        let Some(customer) = customer else { return false };
        matches(customer, operator)
            || self.operators.get(operator).is_some_and(|known| {
                known.customer.as_deref().is_some_and(|own| matches(own, customer))
            })
    }
}
