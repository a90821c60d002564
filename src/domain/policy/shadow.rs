//! When one rule holds wherever another does.

use super::law::region_and_around;
use super::matching::ListKey;
use super::rule::{DateRange, PriceRange, Rule, When};
use super::settings::Attribute;

impl When {
    /// Whether this certainly holds for all facts for which `narrower` does.
    pub(super) fn covers(&self, narrower: &When) -> bool {
        let flag = |asked: Option<bool>, of: Option<bool>| asked.is_none() || asked == of;
        ListKey::ALL.iter().all(|key| list_covers(*key, self, narrower))
            && flag(self.receipt, narrower.receipt)
            && flag(self.gift_receipt, narrower.gift_receipt)
            && flag(self.serialised, narrower.serialised)
            && self.price.is_none_or(|range| {
                narrower.price.is_some_and(|within| price_covers(range, within))
            })
            && self.bought.is_none_or(|range| {
                narrower.bought.is_some_and(|within| date_covers(range, within))
            })
    }
}

fn list_covers(key: ListKey, wider: &When, narrower: &When) -> bool {
    let (wide, narrow) = (key.listed(wider), key.listed(narrower));
    let holds = |word: &&str| match key {
        ListKey::Region => region_and_around(word).any(|around| wide.contains(&around)),
        _ => wide.contains(word),
    };
    wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(holds))
}

fn price_covers(wider: PriceRange, narrower: PriceRange) -> bool {
    wider.min.is_none_or(|min| narrower.min.is_some_and(|n| min <= n))
        && wider.max.is_none_or(|max| narrower.max.is_some_and(|n| n <= max))
}

fn date_covers(wider: DateRange, narrower: DateRange) -> bool {
    wider.from.is_none_or(|from| narrower.from.is_some_and(|n| from <= n))
        && wider.to.is_none_or(|to| narrower.to.is_some_and(|n| n <= to))
}

/// The first rule asked before `asked_before` that decides the attribute wherever `when` holds.
pub(super) fn decided_before<'p>(
    asked_before: &[&'p Rule],
    when: &When,
    attribute: Attribute,
) -> Option<&'p Rule> {
    asked_before
        .iter()
        .find(|earlier| earlier.set.sets(attribute) && earlier.when.covers(when))
        .copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples;

    proptest! {
        #[test]
        fn a_rule_that_covers_another_holds_where_it_holds(policy in samples::policies(30), facts in samples::facts()) {
            let facts = facts.borrow();
            for narrower in policy.rules.iter().filter(|rule| rule.when.holds(&facts)) {
                for wider in policy.rules.iter().filter(|rule| rule.when.covers(&narrower.when)) {
                    prop_assert!(wider.when.holds(&facts), "{} covers {}", wider.id, narrower.id);
                }
            }
        }
    }
}
