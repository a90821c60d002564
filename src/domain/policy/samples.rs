//! Policies and facts for tests, made by hand and by chance.

use jiff::civil::{Date, date};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::domain::caller::Role;
use crate::domain::money::{Currency, Minor};
use crate::domain::tender::TenderType;
use crate::domain::words::{Condition, Reason};

/// A rule that holds always and sets nothing.
pub fn rule(id: &str) -> Rule {
    Rule { id: id.to_owned(), statutory: false, when: When::default(), set: Settings::default() }
}

/// A policy in US dollars, governed by the sale.
pub fn policy(rules: Vec<Rule>) -> Policy {
    let currency = Currency::parse("USD").unwrap();
    Policy { currency, governed_by: GovernedBy::Sale, reasons: Vec::new(), rules }
}

const WORDS: [&str; 4] = ["a", "b", "c", "d"];
const REGIONS: [&str; 6] = ["DE-BY", "DE", "EU", "US-NY", "US", "FR"];

fn listed<T: Clone + std::fmt::Debug + 'static>(of: Vec<T>) -> impl Strategy<Value = Vec<T>> {
    let most = of.len().min(3);
    prop_oneof![8 => Just(Vec::new()), 1 => subsequence(of, 1..=most)]
}

fn words() -> impl Strategy<Value = Vec<String>> {
    listed(WORDS.map(str::to_owned).to_vec())
}

fn reasons() -> Vec<Reason> {
    ["defective", "late", "other"].into_iter().filter_map(Reason::parse).collect()
}

fn some_flag() -> impl Strategy<Value = Option<bool>> {
    option::weighted(0.15, any::<bool>())
}

fn day() -> impl Strategy<Value = Date> {
    (1..=3i8, 27..=28i8).prop_map(|(month, day)| date(2026, month, day))
}

fn when() -> impl Strategy<Value = When> {
    let lists = (words(), words(), words(), words(), words(), words(), words(), words());
    let choices = (
        listed(REGIONS.map(str::to_owned).to_vec()),
        listed(vec![TenderType::Cash, TenderType::Check, TenderType::GiftCard]),
        listed(reasons()),
        listed(Condition::ALL.to_vec()),
    );
    let price = option::weighted(0.15, (option::of(-2..4i64), option::of(-2..4i64)));
    let bought = option::weighted(0.15, (option::of(day()), option::of(day())));
    let rest = (some_flag(), some_flag(), some_flag(), price, bought);
    (lists, choices, rest).prop_map(|(lists, choices, rest)| {
        let (category, sku, brand, store, channel, customer_class, promotion, flags) = lists;
        let (region, tender, reason, condition) = choices;
        let (receipt, gift_receipt, serialised, price, bought) = rest;
        When {
            category,
            sku,
            brand,
            store,
            region,
            channel,
            customer_class,
            tender,
            reason,
            condition,
            promotion,
            flags,
            receipt,
            gift_receipt,
            serialised,
            price: price.map(|(min, max)| PriceRange { min: min.map(Minor), max: max.map(Minor) }),
            bought: bought.map(|(from, to)| DateRange { from, to }),
        }
    })
}

/// Settings of which each value differs from rule to rule, so that a mix-up shows.
fn settings() -> impl Strategy<Value = Settings> {
    let few = |range: std::ops::Range<u32>| option::weighted(0.3, range);
    (
        few(0..99),
        few(0..99),
        few(0..99),
        few(0..99),
        few(1..99),
        some_flag(),
        some_flag(),
        some_flag(),
    )
        .prop_map(
            |(
                window,
                fee,
                checks,
                approval,
                lowest,
                receipt_required,
                id_required,
                quote_required,
            )| Settings {
                outcome: window
                    .map(|days| if days % 2 == 0 { Outcome::Allow } else { Outcome::Refuse }),
                window: window.map(|days| Window {
                    days,
                    from: WindowFrom::Sale,
                    after: Consequence::Refuse,
                    refuse_after_days: None,
                }),
                extension: fee.map(|days| date(2027, 1, 1 + (days % 28) as i8)),
                fee: fee.map(|units| Fee {
                    amount: FeeAmount::Fixed(Minor(units.into())),
                    conditions: Vec::new(),
                    except_reasons: Vec::new(),
                }),
                check_clears_days: checks,
                approval: approval.map(|over| {
                    vec![ApprovalTier {
                        over: Minor(over.into()),
                        role: Role::Manager,
                        approvers: 1,
                    }]
                }),
                lowest_in_days: lowest,
                receipt_required,
                id_required,
                quote_required,
                ..Settings::default()
            },
        )
}

/// Policies of up to `most` rules over few words, so that rules often hold, collide and shadow each
/// other.
pub fn policies(most: usize) -> impl Strategy<Value = Policy> {
    let rules = vec((prop::bool::weighted(0.2), when(), settings()), 0..=most);
    rules.prop_map(|rules| {
        let numbered = rules.into_iter().enumerate();
        let made = numbered.map(|(n, (statutory, when, set))| Rule {
            id: format!("rule-{n}"),
            statutory,
            when,
            set,
        });
        policy(made.collect())
    })
}

/// Facts that own what [`Facts`] borrows.
#[derive(Clone, Debug)]
pub struct OwnedFacts {
    lists: [Vec<&'static str>; 3],
    texts: [Option<&'static str>; 6],
    tenders: Vec<TenderType>,
    reason: Option<Reason>,
    condition: Option<Condition>,
    flags: [bool; 3],
    price: Option<i64>,
    bought: Option<Date>,
}

impl OwnedFacts {
    pub fn borrow(&self) -> Facts<'_> {
        let [category, promotions, flags] = &self.lists;
        let [sku, brand, store, region, channel, customer_class] = self.texts;
        let [receipt, gift_receipt, serialised] = self.flags;
        Facts {
            category,
            sku,
            brand,
            store,
            region,
            channel,
            customer_class,
            tenders: &self.tenders,
            reason: self.reason.as_ref(),
            condition: self.condition,
            promotions,
            flags,
            receipt,
            gift_receipt,
            serialised,
            price: self.price.map(Minor),
            bought: self.bought,
        }
    }
}

/// Facts over the same few words as [`policies`].
pub fn facts() -> impl Strategy<Value = OwnedFacts> {
    let text = || option::weighted(0.8, select(WORDS.to_vec()));
    let texts =
        (text(), text(), text(), option::weighted(0.8, select(REGIONS.to_vec())), text(), text());
    let list = || subsequence(WORDS.to_vec(), 0..=3);
    let tenders =
        subsequence(vec![TenderType::Cash, TenderType::Check, TenderType::GiftCard], 0..=2);
    let words = (option::of(select(reasons())), option::of(select(Condition::ALL.to_vec())));
    let numbers = (option::weighted(0.8, -3..5i64), option::weighted(0.8, day()));
    ((list(), list(), list()), texts, tenders, words, any::<[bool; 3]>(), numbers).prop_map(
        |(lists, texts, tenders, (reason, condition), flags, (price, bought))| OwnedFacts {
            lists: [lists.0, lists.1, lists.2],
            texts: [texts.0, texts.1, texts.2, texts.3, texts.4, texts.5],
            tenders,
            reason,
            condition,
            flags,
            price,
            bought,
        },
    )
}
