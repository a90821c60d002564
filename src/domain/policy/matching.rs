//! What a rule is matched against, and when it holds. This is the definition; the index only
//! answers faster.

use jiff::civil::Date;

use super::law::region_and_around;
use super::rule::{DateRange, PriceRange, When};
use crate::domain::money::Minor;
use crate::domain::tender::TenderType;
use crate::domain::words::{Condition, Reason};

/// What is known of a line that comes back. What is not known satisfies no rule that asks for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts<'a> {
    pub category: &'a [&'a str],
    pub sku: Option<&'a str>,
    pub brand: Option<&'a str>,
    pub store: Option<&'a str>,
    pub region: Option<&'a str>,
    pub channel: Option<&'a str>,
    pub customer_class: Option<&'a str>,
    /// The tender types of the sale.
    pub tenders: &'a [TenderType],
    pub reason: Option<&'a Reason>,
    pub condition: Option<Condition>,
    /// Promotions of the line and of the whole sale.
    pub promotions: &'a [&'a str],
    /// Names of the line's attributes that are true.
    pub flags: &'a [&'a str],
    pub receipt: bool,
    pub gift_receipt: bool,
    pub serialised: bool,
    /// Unit price in minor units.
    pub price: Option<Minor>,
    /// Store-local calendar date of the sale.
    pub bought: Option<Date>,
}

/// The keys of `when` that take a list of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListKey {
    Category,
    Sku,
    Brand,
    Store,
    Region,
    Channel,
    CustomerClass,
    Tender,
    Reason,
    Condition,
    Promotion,
    Flags,
}

impl ListKey {
    pub const ALL: [ListKey; 12] = [
        ListKey::Category,
        ListKey::Sku,
        ListKey::Brand,
        ListKey::Store,
        ListKey::Region,
        ListKey::Channel,
        ListKey::CustomerClass,
        ListKey::Tender,
        ListKey::Reason,
        ListKey::Condition,
        ListKey::Promotion,
        ListKey::Flags,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            ListKey::Category => "category",
            ListKey::Sku => "sku",
            ListKey::Brand => "brand",
            ListKey::Store => "store",
            ListKey::Region => "region",
            ListKey::Channel => "channel",
            ListKey::CustomerClass => "customer_class",
            ListKey::Tender => "tender",
            ListKey::Reason => "reason",
            ListKey::Condition => "condition",
            ListKey::Promotion => "promotion",
            ListKey::Flags => "flags",
        }
    }

    /// What a rule lists under this key; nothing where it does not ask.
    pub fn listed(self, when: &When) -> Vec<&str> {
        match self {
            ListKey::Category => borrow(&when.category),
            ListKey::Sku => borrow(&when.sku),
            ListKey::Brand => borrow(&when.brand),
            ListKey::Store => borrow(&when.store),
            ListKey::Region => borrow(&when.region),
            ListKey::Channel => borrow(&when.channel),
            ListKey::CustomerClass => borrow(&when.customer_class),
            ListKey::Tender => when.tender.iter().map(|tender| tender.as_str()).collect(),
            ListKey::Reason => when.reason.iter().map(Reason::as_str).collect(),
            ListKey::Condition => {
                when.condition.iter().map(|condition| condition.as_str()).collect()
            }
            ListKey::Promotion => borrow(&when.promotion),
            ListKey::Flags => borrow(&when.flags),
        }
    }

    /// Calls `with` for every word of the facts that a member of the list may equal.
    pub fn each_fact<'a>(self, facts: &Facts<'a>, mut with: impl FnMut(&'a str)) {
        match self {
            ListKey::Category => facts.category.iter().copied().for_each(with),
            ListKey::Sku => facts.sku.into_iter().for_each(with),
            ListKey::Brand => facts.brand.into_iter().for_each(with),
            ListKey::Store => facts.store.into_iter().for_each(with),
            ListKey::Region => facts.region.into_iter().flat_map(region_and_around).for_each(with),
            ListKey::Channel => facts.channel.into_iter().for_each(with),
            ListKey::CustomerClass => facts.customer_class.into_iter().for_each(with),
            ListKey::Tender => facts.tenders.iter().for_each(|tender| with(tender.as_str())),
            ListKey::Reason => facts.reason.into_iter().for_each(|reason| with(reason.as_str())),
            ListKey::Condition => {
                facts.condition.into_iter().for_each(|condition| with(condition.as_str()))
            }
            ListKey::Promotion => facts.promotions.iter().copied().for_each(with),
            ListKey::Flags => facts.flags.iter().copied().for_each(with),
        }
    }
}

fn borrow(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

impl When {
    /// Whether every key given holds for these facts.
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        let flag = |asked: Option<bool>, fact: bool| asked.is_none_or(|asked| asked == fact);
        ListKey::ALL.iter().all(|key| list_holds(*key, self, facts))
            && flag(self.receipt, facts.receipt)
            && flag(self.gift_receipt, facts.gift_receipt)
            && flag(self.serialised, facts.serialised)
            && self.price.is_none_or(|range| facts.price.is_some_and(|price| range.contains(price)))
            && self.bought.is_none_or(|range| facts.bought.is_some_and(|date| range.contains(date)))
    }
}

fn list_holds(key: ListKey, when: &When, facts: &Facts<'_>) -> bool {
    let listed = key.listed(when);
    let mut found = listed.is_empty();
    key.each_fact(facts, |fact| found |= listed.contains(&fact));
    found
}

impl PriceRange {
    pub fn contains(&self, price: Minor) -> bool {
        self.min.is_none_or(|min| min <= price) && self.max.is_none_or(|max| price <= max)
    }

    /// Whether no price can lie in it.
    pub fn is_empty(&self) -> bool {
        matches!((self.min, self.max), (Some(min), Some(max)) if min > max)
    }
}

impl DateRange {
    pub fn contains(&self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date) && self.to.is_none_or(|to| date <= to)
    }

    /// Whether no day can lie in it.
    pub fn is_empty(&self) -> bool {
        matches!((self.from, self.to), (Some(from), Some(to)) if from > to)
    }
}
