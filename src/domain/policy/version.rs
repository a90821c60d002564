//! Which published version of a policy governs a return.

use std::sync::Arc;

use jiff::Timestamp;

use super::index::CompiledPolicy;
use super::rule::GovernedBy;

/// A published version: immutable, in force from its moment until a later one's.
#[derive(Clone, Debug)]
pub struct Version {
    pub number: u32,
    pub effective_from: Timestamp,
    pub policy: Arc<CompiledPolicy>,
}

/// The version, or the two of which the better for the customer counts.
#[derive(Clone, Copy, Debug)]
pub enum Governing<'v> {
    One(&'v Version),
    Better { at_sale: &'v Version, at_return: &'v Version },
}

/// The version in force at a moment: of those effective by then the latest, and of two effective at
/// once the higher number. None before the first.
pub fn in_force(versions: &[Version], at: Timestamp) -> Option<&Version> {
    versions
        .iter()
        .filter(|version| version.effective_from <= at)
        .max_by_key(|version| (version.effective_from, version.number))
}

/// Which version governs, by the `governed_by` of the one in force at the return.
///
/// An item sold before the first version took effect is governed by that first one; an item whose
/// sale is not known, by the one in force at the return. None if no version is in force yet: then
/// nothing may be decided.
pub fn governing(
    versions: &[Version],
    sold_at: Option<Timestamp>,
    returned_at: Timestamp,
) -> Option<Governing<'_>> {
    let at_return = in_force(versions, returned_at)?;
    let Some(sold_at) = sold_at else {
        return Some(Governing::One(at_return));
    };
    let first = || versions.iter().min_by_key(|version| (version.effective_from, version.number));
    let at_sale = in_force(versions, sold_at).or_else(first)?;
    Some(match at_return.policy.policy().governed_by {
        GovernedBy::Return => Governing::One(at_return),
        GovernedBy::Sale => Governing::One(at_sale),
        GovernedBy::Better if at_sale.number == at_return.number => Governing::One(at_return),
        GovernedBy::Better => Governing::Better { at_sale, at_return },
    })
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn version(number: u32, effective_from: i64, governed_by: GovernedBy) -> Version {
        let mut policy = samples::policy(vec![samples::rule("default")]);
        policy.governed_by = governed_by;
        Version {
            number,
            effective_from: at(effective_from),
            policy: Arc::new(CompiledPolicy::new(policy)),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn numbers(governing: Option<Governing<'_>>) -> Vec<u32> {
        match governing {
            None => vec![],
            Some(Governing::One(version)) => vec![version.number],
            Some(Governing::Better { at_sale, at_return }) => {
                vec![at_sale.number, at_return.number]
            }
        }
    }

    #[test]
    fn the_latest_effective_by_then_is_in_force() {
        use GovernedBy::Sale;
        // Version 3 was published for an earlier moment than version 2; 4 and 5 take effect at
        // once.
        let versions = [
            version(1, 10, Sale),
            version(2, 30, Sale),
            version(3, 20, Sale),
            version(5, 40, Sale),
            version(4, 40, Sale),
        ];
        let number = |second| in_force(&versions, at(second)).map(|version| version.number);
        let seen = [9, 10, 19, 20, 30, 39, 40, 99].map(number);
        assert_eq!(seen, [None, Some(1), Some(1), Some(3), Some(2), Some(2), Some(5), Some(5)]);
    }

    #[test]
    fn the_newest_in_force_says_whether_sale_or_return_counts() {
        use GovernedBy::{Better, Return, Sale};
        let table: [(GovernedBy, Option<i64>, i64, &[u32]); 9] = [
            (Sale, Some(15), 25, &[1]),
            (Sale, Some(20), 25, &[2]),
            (Sale, Some(5), 25, &[1]),
            (Sale, None, 25, &[2]),
            (Sale, Some(5), 9, &[]),
            (Return, Some(15), 25, &[2]),
            (Better, Some(15), 25, &[1, 2]),
            (Better, Some(22), 25, &[2]),
            (Better, None, 25, &[2]),
        ];
        for (governed_by, sold, returned, expected) in table {
            let versions = [version(1, 10, Return), version(2, 20, governed_by)];
            let found = numbers(governing(&versions, sold.map(at), at(returned)));
            assert_eq!(found, expected, "{governed_by:?} sold {sold:?} back {returned}");
        }
    }
}
