//! What changed from one version of a policy to another, for people. Rules are recognised by their
//! ids.

use std::collections::HashMap;
use std::fmt;

use super::rule::{Policy, Rule};
use super::settings::Attribute;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The rule's id; none for the policy as a whole.
    pub rule: Option<String>,
    pub what: What,
    /// What it was, in words; none where it was not set.
    pub from: Option<String>,
    /// What it is, in words; none where it is not set any more.
    pub to: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Added,
    Removed,
    /// Now stands elsewhere among the rules that stayed; places count from 1.
    Moved,
    /// A member of the document, such as `set.window`, `when.category` or `currency`.
    Changed(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule =
            self.rule.as_deref().map_or_else(|| "policy".to_owned(), |id| format!("rule {id}"));
        let (from, to) =
            (self.from.as_deref().unwrap_or("not set"), self.to.as_deref().unwrap_or("not set"));
        match &self.what {
            What::Added => write!(f, "{rule} added at {to}"),
            What::Removed => write!(f, "{rule} removed from {from}"),
            What::Moved => write!(f, "{rule} moved from {from} to {to}"),
            What::Changed(member) => write!(f, "{rule}: {member} from {from} to {to}"),
        }
    }
}

/// The differences from `old` to `new`: of the policy, of rules removed, then in the order of the
/// new rules. Equal policies have none, and different ones have some.
pub fn diff(old: &Policy, new: &Policy) -> Vec<Change> {
    let mut changes = whole(old, new);
    let old_places = places(old);
    let new_places = places(new);
    let gone =
        old.rules.iter().enumerate().filter(|(_, rule)| !new_places.contains_key(rule.id.as_str()));
    changes.extend(gone.map(|(place, rule)| change(rule, What::Removed, Some(at(place)), None)));
    let moved = moved(new, &old_places);
    for (place, rule) in new.rules.iter().enumerate() {
        let Some(old_place) = old_places.get(rule.id.as_str()).copied() else {
            changes.push(change(rule, What::Added, None, Some(at(place))));
            changes.extend(members(&blank(rule), rule, old, new));
            continue;
        };
        if moved.contains(&place) {
            changes.push(change(rule, What::Moved, Some(at(old_place)), Some(at(place))));
        }
        changes.extend(members(&old.rules[old_place], rule, old, new));
    }
    changes
}

fn change(rule: &Rule, what: What, from: Option<String>, to: Option<String>) -> Change {
    Change { rule: Some(rule.id.clone()), what, from, to }
}

fn at(place: usize) -> String {
    format!("place {}", place + 1)
}

fn places(policy: &Policy) -> HashMap<&str, usize> {
    policy.rules.iter().enumerate().map(|(place, rule)| (rule.id.as_str(), place)).collect()
}

fn blank(rule: &Rule) -> Rule {
    Rule {
        id: rule.id.clone(),
        statutory: false,
        when: Default::default(),
        set: Default::default(),
    }
}

fn whole(old: &Policy, new: &Policy) -> Vec<Change> {
    let reasons = |policy: &Policy| {
        policy.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let given = |text: String| (!text.is_empty()).then_some(text);
    let members = [
        ("currency", Some(old.currency.code().to_owned()), Some(new.currency.code().to_owned())),
        (
            "governed_by",
            Some(old.governed_by.as_str().to_owned()),
            Some(new.governed_by.as_str().to_owned()),
        ),
        ("reasons", given(reasons(old)), given(reasons(new))),
    ];
    let changed = members.into_iter().filter(|(_, from, to)| from != to);
    changed
        .map(|(member, from, to)| Change {
            rule: None,
            what: What::Changed(member.to_owned()),
            from,
            to,
        })
        .collect()
}

/// Each member of a rule in words, so that what reads alike is alike.
fn members(old_rule: &Rule, new_rule: &Rule, old: &Policy, new: &Policy) -> Vec<Change> {
    let mut found = Vec::new();
    let mut compare = |member: String, from: Option<String>, to: Option<String>| {
        if from != to {
            found.push(change(new_rule, What::Changed(member), from, to));
        }
    };
    let statutory = |rule: &Rule| rule.statutory.then(|| "yes".to_owned());
    compare("statutory".to_owned(), statutory(old_rule), statutory(new_rule));
    let (from, to) = (old_rule.when.describe(old.currency), new_rule.when.describe(new.currency));
    let value = |list: &[(&str, String)], key: &str| {
        list.iter().find(|(k, _)| *k == key).map(|(_, text)| text.clone())
    };
    for (key, _) in &from {
        compare(format!("when.{key}"), value(&from, key), value(&to, key));
    }
    for (key, text) in to.iter().filter(|(key, _)| value(&from, key).is_none()) {
        compare(format!("when.{key}"), None, Some(text.clone()));
    }
    for attribute in Attribute::ALL {
        let from = old_rule.set.describe(*attribute, old.currency);
        let to = new_rule.set.describe(*attribute, new.currency);
        compare(format!("set.{}", attribute.as_str()), from, to);
    }
    found
}

/// Places of the rules that moved: the fewest that, taken away, leave the rest in their old order.
fn moved(new: &Policy, old_places: &HashMap<&str, usize>) -> Vec<usize> {
    let stayed: Vec<(usize, usize)> = new
        .rules
        .iter()
        .enumerate()
        .filter_map(|(place, rule)| {
            old_places.get(rule.id.as_str()).map(|old_place| (place, *old_place))
        })
        .collect();
    // The longest ascending run of old places: for each, the longest that ends there and the one
    // before it.
    let mut longest: Vec<(usize, Option<usize>)> = Vec::with_capacity(stayed.len());
    for (n, (_, old_place)) in stayed.iter().enumerate() {
        let before = (0..n)
            .filter(|m| stayed[*m].1 < *old_place)
            .max_by_key(|m| (longest[*m].0, std::cmp::Reverse(*m)));
        longest.push((before.map_or(1, |m| longest[m].0 + 1), before));
    }
    let mut kept = vec![false; stayed.len()];
    let mut next = (0..stayed.len()).max_by_key(|n| (longest[*n].0, std::cmp::Reverse(*n)));
    while let Some(n) = next {
        kept[n] = true;
        next = longest[n].1;
    }
    stayed.iter().zip(kept).filter(|(_, kept)| !kept).map(|((place, _), _)| *place).collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::super::{Consequence, Window, WindowFrom};
    use super::*;
    use proptest::prelude::*;

    fn sentences(old: &Policy, new: &Policy) -> Vec<String> {
        diff(old, new).iter().map(ToString::to_string).collect()
    }

    fn named(ids: &[&str]) -> Policy {
        samples::policy(ids.iter().map(|id| samples::rule(id)).collect())
    }

    #[test]
    fn one_rule_that_moves_is_one_change() {
        let changes = sentences(&named(&["a", "b", "c", "d"]), &named(&["d", "a", "b", "c"]));
        assert_eq!(changes, ["rule d moved from place 4 to place 1"]);
    }

    #[test]
    fn rules_come_go_and_change() {
        let window = |days| Window {
            days,
            from: WindowFrom::Sale,
            after: Consequence::Refuse,
            refuse_after_days: None,
        };
        let mut old = named(&["gone", "default"]);
        old.rules[1].set.window = Some(window(30));
        let mut new = named(&["new", "default"]);
        new.rules[0].when.category = vec!["shoes".to_owned(), "hats".to_owned()];
        new.rules[0].set.id_required = Some(true);
        new.rules[1].set.window = Some(window(1));
        new.governed_by = super::super::GovernedBy::Better;
        let expected = [
            "policy: governed_by from sale to better",
            "rule gone removed from place 1",
            "rule new added at place 1",
            "rule new: when.category from not set to shoes, hats",
            "rule new: set.id_required from not set to yes",
            "rule default: set.window from 30 days from sale, then refused to 1 day from sale, then refused",
        ];
        assert_eq!(sentences(&old, &new), expected);
    }

    proptest! {
        #[test]
        fn no_difference_is_equality(a in samples::policies(6), b in samples::policies(6)) {
            prop_assert!(diff(&a, &a).is_empty());
            prop_assert_eq!(diff(&a, &b).is_empty(), a == b);
        }
    }
}
