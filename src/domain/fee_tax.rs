//! What becomes of the tax when a restocking fee is kept, by jurisdiction and date, as data
//! (STANDARDS 41).
//!
//! Two readings of the law exist. In one the sale is undone in full and the fee is something else,
//! a service without tax: all tax goes back. In the other the sale is undone only as far as money
//! goes back, and the tax on what the shop keeps stays due.

use jiff::civil::{Date, date};

/// What a fee does to the tax that goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeeTax {
    /// All tax goes back; the fee bears none.
    None,
    /// Tax goes back in proportion to net less fee; the part on the fee stays with the shop, which
    /// owes it.
    Proportionate,
}

struct Law {
    /// ISO 3166-2 (`US-CA`) or, for a whole country, ISO 3166-1.
    place: &'static str,
    from: Date,
    treatment: FeeTax,
}

const fn law(place: &'static str, from: Date, treatment: FeeTax) -> Law {
    Law { place, from, treatment }
}

/// California: the retailer refunds the full tax, not merely that on the amount after the
/// restocking charge, which is a service and not taxed (18 CCR § 1655 (a); annotation 490.0223 of
/// 1988-06-24). New York: tax is refunded only as far as the sale is undone, by the price refunded
/// (TSB-A-09(29)S of 2009-07-15; 20 NYCRR § 534.6).
const LAWS: &[Law] = &[
    law("US-CA", date(1988, 6, 24), FeeTax::None),
    law("US-NY", date(2009, 7, 15), FeeTax::Proportionate),
];

/// Where no law is listed. What the shop keeps is what remains of the taxed price, so the tax on it
/// stays due: this never gives back tax that the shop still owes. Under a value-added tax, with
/// prices that include it, the fee is a price like any other and contains its tax.
const ELSEWHERE: FeeTax = FeeTax::Proportionate;

/// How a fee kept in a region (`US-CA`, `DE`) on a day is treated: the region's law before its
/// country's, the latest first.
pub fn fee_tax(region: &str, on: Date) -> FeeTax {
    let country = region.split('-').next().unwrap_or(region);
    let in_force = |place: &str| {
        LAWS.iter()
            .filter(|law| law.place == place && law.from <= on)
            .max_by_key(|law| law.from)
            .map(|law| law.treatment)
    };
    in_force(region).or_else(|| in_force(country)).unwrap_or(ELSEWHERE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn law_has_a_place_and_a_day() {
        assert_eq!(fee_tax("US-CA", date(2026, 3, 1)), FeeTax::None);
        assert_eq!(fee_tax("US-CA", date(1988, 6, 23)), FeeTax::Proportionate);
        for elsewhere in ["US-NY", "US-TX", "US", "DE-BY", "DE", ""] {
            assert_eq!(fee_tax(elsewhere, date(2026, 3, 1)), FeeTax::Proportionate, "{elsewhere}");
        }
    }
}
