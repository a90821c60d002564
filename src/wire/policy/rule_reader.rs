//! Reading one rule: its name and what it matches on.

use super::document::{PolicyDateRange, PolicyPriceRange, PolicyRule, PolicyWhen};
use super::read::{Reader, limits};
use crate::domain::policy::{BUILT_IN, DateRange, PriceRange, Rule, When};
use crate::domain::tender::TenderType;
use crate::domain::words::Condition;

impl Reader {
    pub(super) fn rule(&mut self, at: &str, rule: &PolicyRule) -> Option<Rule> {
        let id = self.printable(&format!("{at}/id"), &rule.id, limits::ID_LENGTH);
        if rule.id == BUILT_IN {
            self.fault(
                format!("{at}/id"),
                "reserved",
                "Findings use this name where no rule decided.",
            );
        }
        let when = self.when(&format!("{at}/when"), &rule.when);
        let set = self.settings(&format!("{at}/set"), &rule.set);
        Some(Rule { id: id?, statutory: rule.statutory.unwrap_or(false), when, set })
    }

    fn when(&mut self, at: &str, when: &PolicyWhen) -> When {
        When {
            category: self.texts(at, "category", &when.category),
            sku: self.texts(at, "sku", &when.sku),
            brand: self.texts(at, "brand", &when.brand),
            store: self.texts(at, "store", &when.store),
            region: self.texts(at, "region", &when.region),
            channel: self.texts(at, "channel", &when.channel),
            customer_class: self.texts(at, "customer_class", &when.customer_class),
            tender: self.asked(at, "tender", &when.tender, Reader::tender),
            reason: self.asked(at, "reason", &when.reason, Reader::reason),
            condition: self.asked(at, "condition", &when.condition, Reader::condition),
            promotion: self.texts(at, "promotion", &when.promotion),
            flags: self.texts(at, "flags", &when.flags),
            receipt: when.receipt,
            gift_receipt: when.gift_receipt,
            serialised: when.serialised,
            price: when
                .price
                .as_ref()
                .and_then(|range| self.price_range(&format!("{at}/price"), range)),
            bought: when
                .bought
                .as_ref()
                .and_then(|range| self.date_range(&format!("{at}/bought"), range)),
        }
    }

    fn texts(&mut self, at: &str, key: &str, list: &Option<Vec<String>>) -> Vec<String> {
        self.asked(at, key, list, Reader::text)
    }

    fn asked<T: PartialEq>(
        &mut self,
        at: &str,
        key: &str,
        list: &Option<Vec<String>>,
        read: fn(&mut Reader, &str, &str) -> Option<T>,
    ) -> Vec<T> {
        list.as_ref().map_or_else(Vec::new, |list| self.members(&format!("{at}/{key}"), list, read))
    }

    pub(super) fn tender(&mut self, at: &str, text: &str) -> Option<TenderType> {
        self.word(at, text, TenderType::parse, TenderType::ALL.iter().map(|tender| tender.as_str()))
    }

    pub(super) fn condition(&mut self, at: &str, text: &str) -> Option<Condition> {
        self.word(
            at,
            text,
            Condition::parse,
            Condition::ALL.iter().map(|condition| condition.as_str()),
        )
    }

    fn price_range(&mut self, at: &str, range: &PolicyPriceRange) -> Option<PriceRange> {
        self.not_open(at, range.min.is_none() && range.max.is_none());
        let min = range.min.as_ref().map(|min| self.amount(&format!("{at}/min"), min));
        let max = range.max.as_ref().map(|max| self.amount(&format!("{at}/max"), max));
        Some(PriceRange { min: min.flatten(), max: max.flatten() })
    }

    fn date_range(&mut self, at: &str, range: &PolicyDateRange) -> Option<DateRange> {
        self.not_open(at, range.from.is_none() && range.to.is_none());
        let from = range.from.as_ref().map(|from| self.date(&format!("{at}/from"), from));
        let to = range.to.as_ref().map(|to| self.date(&format!("{at}/to"), to));
        Some(DateRange { from: from.flatten(), to: to.flatten() })
    }

    fn not_open(&mut self, at: &str, open: bool) {
        if open {
            self.fault(
                at,
                "range_without_ends",
                "A range needs at least one end; without any it asks for nothing.",
            );
        }
    }
}
