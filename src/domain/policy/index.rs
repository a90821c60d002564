//! A policy made ready to be asked thousands of times a second.
//!
//! For every key of `when` that any rule uses, a map from each word to the set of rules that list
//! it; a set is one bit per rule, in order of precedence. The sets of all keys are ANDed, and the
//! lowest bit that also sets an attribute decides it. A policy of hundreds of rules costs a few
//! lookups instead of a scan.

use std::collections::HashMap;

use jiff::civil::Date;

use super::matching::{Facts, ListKey};
use super::resolve::{Resolved, assemble};
use super::rule::{Policy, Rule, When};
use super::settings::Attribute;

/// A set of rules: bit `n` is the rule asked `n`-th.
type Bits = Box<[u64]>;

/// A policy with its index. Holds the document it was made of.
#[derive(Clone, Debug)]
pub struct CompiledPolicy {
    policy: Policy,
    /// Rule numbers in order of precedence.
    order: Vec<usize>,
    lists: Vec<ListIndex>,
    flags: Vec<FlagIndex>,
    ranges: Vec<RangeIndex>,
    /// By [`Attribute`], in the order of its words: the rules that set it.
    sets: Vec<Bits>,
    /// Days that velocity limits look back: those of goods without a receipt, and with one.
    looks_back: [u32; 2],
}

#[derive(Clone, Debug)]
struct ListIndex {
    key: ListKey,
    /// Rules that do not ask for this key.
    free: Bits,
    by_word: HashMap<Box<str>, Bits>,
}

#[derive(Clone, Debug)]
struct FlagIndex {
    fact: fn(&Facts<'_>) -> bool,
    if_false: Bits,
    if_true: Bits,
}

/// A line of numbers cut at every bound; each piece knows its rules.
#[derive(Clone, Debug)]
struct RangeIndex {
    fact: fn(&Facts<'_>) -> Option<i64>,
    /// Rules that hold where the fact is unknown: those that do not ask.
    free: Bits,
    /// Ascending; piece `i` runs up to, and without, `cuts[i]`.
    cuts: Vec<i64>,
    pieces: Vec<Bits>,
}

impl CompiledPolicy {
    /// Builds the index: some milliseconds for a thousand rules.
    pub fn new(policy: Policy) -> CompiledPolicy {
        let order = policy.precedence();
        let rules: Vec<&Rule> = order.iter().map(|number| &policy.rules[*number]).collect();
        let lists =
            ListKey::ALL.into_iter().filter_map(|key| ListIndex::new(key, &rules)).collect();
        let flags = [
            FlagIndex::new(&rules, |when| when.receipt, |facts| facts.receipt),
            FlagIndex::new(&rules, |when| when.gift_receipt, |facts| facts.gift_receipt),
            FlagIndex::new(&rules, |when| when.serialised, |facts| facts.serialised),
        ];
        let ranges = [
            RangeIndex::new(&rules, price_bounds, |facts| facts.price.map(|price| price.0)),
            RangeIndex::new(&rules, date_bounds, |facts| facts.bought.map(day_number)),
        ];
        let flags = flags.into_iter().flatten().collect();
        let ranges = ranges.into_iter().flatten().collect();
        let sets = Attribute::ALL
            .iter()
            .map(|attribute| select(&rules, |rule| rule.set.sets(*attribute)))
            .collect();
        let looks_back = [false, true].map(|receipt| looks_back(&policy, receipt));
        CompiledPolicy { order, lists, flags, ranges, sets, looks_back, policy }
    }

    /// Days that velocity limits of goods with or without a receipt look back at the most; 0 where
    /// no rule counts what came back before.
    pub fn looks_back(&self, receipt: bool) -> u32 {
        self.looks_back[usize::from(receipt)]
    }

    /// The document.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What the policy says of one line; the same as [`Policy::resolve`], in microseconds.
    pub fn resolve(&self, facts: &Facts<'_>) -> Resolved<'_> {
        let holding = self.holding(facts);
        assemble(|attribute| {
            let sets = &self.sets[attribute as usize];
            let (word, bits) = holding
                .iter()
                .zip(sets)
                .map(|(holds, sets)| holds & sets)
                .enumerate()
                .find(|(_, bits)| *bits != 0)?;
            Some(&self.policy.rules[self.order[word * 64 + bits.trailing_zeros() as usize]])
        })
    }

    /// The rules whose `when` holds.
    fn holding(&self, facts: &Facts<'_>) -> Vec<u64> {
        let mut holding = vec![u64::MAX; words_for(self.order.len())];
        let mut of_key = holding.clone();
        for index in &self.lists {
            of_key.copy_from_slice(&index.free);
            index.key.each_fact(facts, |word| {
                if let Some(bits) = index.by_word.get(word) {
                    of_key.iter_mut().zip(bits).for_each(|(all, more)| *all |= more);
                }
            });
            narrow(&mut holding, &of_key);
        }
        for index in &self.flags {
            narrow(
                &mut holding,
                if (index.fact)(facts) { &index.if_true } else { &index.if_false },
            );
        }
        for index in &self.ranges {
            narrow(&mut holding, index.holding((index.fact)(facts)));
        }
        holding
    }
}

fn looks_back(policy: &Policy, receipt: bool) -> u32 {
    let concerned =
        policy.rules.iter().filter(|rule| rule.when.receipt.is_none_or(|asked| asked == receipt));
    let limits = concerned.filter_map(|rule| rule.set.velocity.as_ref()).flatten();
    limits.map(|limit| limit.days).max().unwrap_or(0)
}

fn words_for(rules: usize) -> usize {
    rules.div_ceil(64)
}

fn narrow(holding: &mut [u64], to: &[u64]) {
    holding.iter_mut().zip(to).for_each(|(all, some)| *all &= some);
}

fn select(rules: &[&Rule], which: impl Fn(&Rule) -> bool) -> Bits {
    let mut bits = vec![0; words_for(rules.len())].into_boxed_slice();
    for (place, _) in rules.iter().enumerate().filter(|(_, rule)| which(rule)) {
        bits[place / 64] |= 1 << (place % 64);
    }
    bits
}

impl ListIndex {
    /// None where no rule asks for the key.
    fn new(key: ListKey, rules: &[&Rule]) -> Option<ListIndex> {
        let mut by_word: HashMap<Box<str>, Bits> = HashMap::new();
        for (place, rule) in rules.iter().enumerate() {
            for word in key.listed(&rule.when) {
                let bits = by_word
                    .entry(word.into())
                    .or_insert_with(|| vec![0; words_for(rules.len())].into());
                bits[place / 64] |= 1 << (place % 64);
            }
        }
        let free = select(rules, |rule| key.listed(&rule.when).is_empty());
        (!by_word.is_empty()).then_some(ListIndex { key, free, by_word })
    }
}

impl FlagIndex {
    fn new(
        rules: &[&Rule],
        asked: fn(&When) -> Option<bool>,
        fact: fn(&Facts<'_>) -> bool,
    ) -> Option<FlagIndex> {
        let holding =
            |fact| select(rules, |rule| asked(&rule.when).is_none_or(|asked| asked == fact));
        let used = rules.iter().any(|rule| asked(&rule.when).is_some());
        used.then(|| FlagIndex { fact, if_false: holding(false), if_true: holding(true) })
    }
}

/// A range as `(first inside, first beyond)`, open ends as the ends of `i64`; none where a rule
/// does not ask.
type Bounds = fn(&When) -> Option<(i64, i64)>;

fn price_bounds(when: &When) -> Option<(i64, i64)> {
    when.price.map(|range| {
        let beyond = range.max.map_or(i64::MAX, |max| max.0.saturating_add(1));
        (range.min.map_or(i64::MIN, |min| min.0), beyond)
    })
}

fn date_bounds(when: &When) -> Option<(i64, i64)> {
    when.bought.map(|range| {
        (
            range.from.map_or(i64::MIN, day_number),
            range.to.map_or(i64::MAX, |to| day_number(to).saturating_add(1)),
        )
    })
}

/// A number that orders as dates do, with a gap between months: only the order matters.
fn day_number(date: Date) -> i64 {
    (i64::from(date.year()) * 12 + i64::from(date.month())) * 32 + i64::from(date.day())
}

impl RangeIndex {
    /// None where no rule asks for the range.
    fn new(
        rules: &[&Rule],
        bounds: Bounds,
        fact: fn(&Facts<'_>) -> Option<i64>,
    ) -> Option<RangeIndex> {
        let asked: Vec<(i64, i64)> = rules.iter().filter_map(|rule| bounds(&rule.when)).collect();
        if asked.is_empty() {
            return None;
        }
        let mut cuts: Vec<i64> = asked.iter().flat_map(|(from, beyond)| [*from, *beyond]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        // Within a piece every rule holds or does not, so that its first number speaks for all of
        // it.
        let firsts = std::iter::once(i64::MIN).chain(cuts.iter().copied());
        let inside = |number: i64, rule: &Rule| {
            bounds(&rule.when).is_none_or(|(from, beyond)| {
                from <= number && (number < beyond || beyond == i64::MAX)
            })
        };
        let pieces = firsts.map(|first| select(rules, |rule| inside(first, rule))).collect();
        let free = select(rules, |rule| bounds(&rule.when).is_none());
        Some(RangeIndex { fact, free, cuts, pieces })
    }

    fn holding(&self, fact: Option<i64>) -> &[u64] {
        match fact {
            None => &self.free,
            Some(number) => &self.pieces[self.cuts.partition_point(|cut| *cut <= number)],
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples;
    use super::*;

    proptest! {
        #[test]
        fn the_index_answers_as_the_rules_do(policy in samples::policies(80), all in prop::collection::vec(samples::facts(), 1..20)) {
            let compiled = CompiledPolicy::new(policy.clone());
            for facts in &all {
                prop_assert_eq!(compiled.resolve(&facts.borrow()), policy.resolve(&facts.borrow()));
            }
        }
    }

    #[test]
    fn open_and_extreme_ranges_hold_at_their_ends() {
        use crate::domain::money::Minor;
        use crate::domain::policy::PriceRange;
        let mut rule = samples::rule("any-price");
        rule.when.price = Some(PriceRange { min: None, max: Some(Minor(i64::MAX)) });
        rule.set.check_clears_days = Some(1);
        let compiled = CompiledPolicy::new(samples::policy(vec![rule]));
        for price in [i64::MIN, 0, i64::MAX] {
            let facts = Facts { price: Some(Minor(price)), ..Facts::default() };
            assert_eq!(compiled.resolve(&facts).check_clears_days.rule, "any-price", "{price}");
        }
    }

    #[test]
    fn a_policy_without_rules_is_the_built_in_one() {
        let compiled = CompiledPolicy::new(samples::policy(Vec::new()));
        let resolved = compiled.resolve(&Facts::default());
        assert_eq!((resolved.window.rule, *resolved.receipt_required.value), ("built-in", true));
    }
}
