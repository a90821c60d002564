//! Arithmetic of parts: shares that sum to the whole, whatever the order (PRODUCT §6).

use super::money::Minor;
use super::quantity::Quantity;

/// What is refunded of `value` when the returned quantity of `of` goes from `from` to `to`:
/// `round(V·b/n) − round(V·a/n)`, half up. Telescoping: any sequence of partial returns pays
/// exactly `value` in the end.
///
/// Requires `0 ≤ from ≤ to ≤ of`, `of > 0` and `value ≥ 0`.
pub fn step(value: Minor, from: Quantity, to: Quantity, of: Quantity) -> Minor {
    Minor(cumulative(value, to, of).0 - cumulative(value, from, of).0)
}

/// `round(V·b/n)`, half up. Never more than `value`, so the result always fits.
pub fn cumulative(value: Minor, part: Quantity, of: Quantity) -> Minor {
    debug_assert!(value.0 >= 0 && part.0 >= 0 && part <= of);
    if of.0 == 0 {
        return Minor::ZERO;
    }
    Minor(half_up(i128::from(value.0) * i128::from(part.0), i128::from(of.0)))
}

/// `numerator / denominator`, half up, both non-negative, saturating at the largest amount there
/// is.
pub fn half_up(numerator: i128, denominator: i128) -> i64 {
    i64::try_from((2 * numerator + denominator) / (2 * denominator)).unwrap_or(i64::MAX)
}

/// Spreads `amount` over `weights` by largest remainder: every part is its exact share rounded down
/// or up, the parts sum to `amount`, and equal remainders go to the earlier part. Where the weights
/// come to nothing, nothing is spread. A weight below nothing gets a part of the other sign.
pub fn largest_remainder(amount: Minor, weights: &[Minor]) -> Vec<Minor> {
    let total: i128 = weights.iter().map(|w| i128::from(w.0)).sum();
    if total <= 0 {
        return vec![Minor::ZERO; weights.len()];
    }
    let exact = |weight: &Minor| i128::from(amount.0) * i128::from(weight.0);
    let mut parts: Vec<i64> = (weights.iter())
        .map(|w| i64::try_from(exact(w).div_euclid(total)).unwrap_or(i64::MAX))
        .collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|&i| (std::cmp::Reverse(exact(&weights[i]).rem_euclid(total)), i));
    let left = amount.0 - parts.iter().sum::<i64>();
    for &i in by_remainder.iter().take(usize::try_from(left).unwrap_or(0)) {
        parts[i] += 1;
    }
    parts.into_iter().map(Minor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_partial_returns_sum_to_the_value(value in 0i64..10_000_000, steps in prop::collection::vec(1i64..5_000, 1..12)) {
            let of = Quantity(steps.iter().sum());
            let (mut at, mut paid) = (0, 0);
            for units in steps {
                let part = step(Minor(value), Quantity(at), Quantity(at + units), of);
                prop_assert!(part.0 >= 0);
                at += units;
                paid += part.0;
                prop_assert!(paid <= value);
            }
            prop_assert_eq!(paid, value);
        }

        #[test]
        fn spread_parts_sum_and_stay_within_one_unit(amount in 0i64..1_000_000, weights in prop::collection::vec(0i64..100_000, 1..20)) {
            let total: i64 = weights.iter().sum();
            prop_assume!(total > 0 && amount <= total);
            let parts = largest_remainder(Minor(amount), &weights.iter().map(|w| Minor(*w)).collect::<Vec<_>>());
            prop_assert_eq!(parts.iter().map(|p| p.0).sum::<i64>(), amount);
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!(part.0 <= *weight, "a line is never discounted below nothing");
                let exact = i128::from(amount) * i128::from(*weight);
                let (low, high) = (exact / i128::from(total), (exact + i128::from(total) - 1) / i128::from(total));
                prop_assert!(i128::from(part.0) >= low && i128::from(part.0) <= high);
            }
        }
    }

    #[test]
    fn a_cent_over_three_units_is_paid_with_the_middle_one() {
        let of = Quantity::units(3);
        let parts: Vec<i64> = (0..3)
            .map(|a| step(Minor(1), Quantity::units(a), Quantity::units(a + 1), of).0)
            .collect();
        assert_eq!(parts, vec![0, 1, 0]);
    }

    #[test]
    fn equal_remainders_go_to_the_earlier_line() {
        let weights = [Minor(100), Minor(100), Minor(100)];
        assert_eq!(largest_remainder(Minor(100), &weights), vec![Minor(34), Minor(33), Minor(33)]);
        assert_eq!(largest_remainder(Minor(101), &weights), vec![Minor(34), Minor(34), Minor(33)]);
    }
}
