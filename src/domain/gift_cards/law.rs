//! What the law says of gift cards, as dated data (STANDARDS 34, 35). Practice as we know it, to be
//! confirmed by counsel before a shop relies on it; a line is added with its date when a law
//! changes, and none is edited.

use crate::domain::money::{Currency, Minor};
use jiff::Span;
use jiff::civil::{Date, date};

/// From a day on, in a region: how long a card must be good after its last money, in years. The
/// first of the longest matching region that is in force counts.
struct Expiry {
    region: &'static str,
    from: Date,
    years: i32,
}

/// US: 12 CFR 1005.20(e), in force since 2010-08-22: five years after issue or the last load.
/// Elsewhere the service keeps to the same (PRODUCT §11).
const EXPIRY: &[Expiry] = &[
    Expiry { region: "US", from: date(2010, 8, 22), years: 5 },
    Expiry { region: "", from: Date::MIN, years: 5 },
];

/// From a day on, in a state: a balance below `below` (in minor units of the currency) is paid out
/// in cash when asked for.
struct CashOutLaw {
    region: &'static str,
    from: Date,
    below: i64,
}

/// In US dollars and cents. CA Civ. Code §1749.5; CO: five dollars or less, which is below 5.01.
const CASH_OUT: &[CashOutLaw] = &[
    CashOutLaw { region: "US-CA", from: date(2026, 4, 1), below: 15_00 },
    CashOutLaw { region: "US-CA", from: date(2008, 1, 1), below: 10_00 },
    CashOutLaw { region: "US-CO", from: date(2010, 1, 1), below: 5_01 },
    CashOutLaw { region: "US-MA", from: date(2003, 4, 1), below: 5_00 },
    CashOutLaw { region: "US-ME", from: date(2009, 1, 1), below: 5_00 },
    CashOutLaw { region: "US-MT", from: date(2005, 10, 1), below: 5_00 },
    CashOutLaw { region: "US-NJ", from: date(2012, 8, 1), below: 5_00 },
    CashOutLaw { region: "US-OR", from: date(2015, 1, 1), below: 5_00 },
    CashOutLaw { region: "US-WA", from: date(2004, 7, 1), below: 5_00 },
    CashOutLaw { region: "US-RI", from: date(2007, 1, 1), below: 1_00 },
    CashOutLaw { region: "US-VT", from: date(2006, 1, 1), below: 1_00 },
];

fn applies(law: &str, region: &str) -> bool {
    law.is_empty()
        || region == law
        || region.strip_prefix(law).is_some_and(|rest| rest.starts_with('-'))
}

/// The earliest last day of a card that gets money today. A card that does not expire needs none.
pub fn earliest_expiry(region: &str, today: Date) -> Date {
    let in_force = EXPIRY.iter().filter(|law| applies(law.region, region) && law.from <= today);
    let years = in_force.max_by_key(|law| (law.region.len(), law.from)).map_or(5, |law| law.years);
    today.saturating_add(Span::new().years(years))
}

/// Below which balance cash may be paid out in a region on a day; none where no law asks for it.
pub fn cash_out_below(region: &str, currency: Currency, today: Date) -> Option<Minor> {
    let in_force = CASH_OUT.iter().filter(|law| applies(law.region, region) && law.from <= today);
    let law = in_force.max_by_key(|law| law.from).filter(|_| currency.code() == "USD")?;
    Some(Minor(law.below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cash_is_paid_out_below_the_states_threshold_of_the_day() {
        let below =
            |region, day| cash_out_below(region, Currency::parse("USD").unwrap(), day).map(|m| m.0);
        let table = [
            ("US-CA", date(2026, 3, 31), Some(10_00)),
            ("US-CA", date(2026, 4, 1), Some(15_00)),
            ("US-CO", date(2026, 3, 1), Some(5_01)),
            ("US-MA", date(2026, 3, 1), Some(5_00)),
            ("US-ME", date(2026, 3, 1), Some(5_00)),
            ("US-MT", date(2026, 3, 1), Some(5_00)),
            ("US-NJ", date(2026, 3, 1), Some(5_00)),
            ("US-OR", date(2026, 3, 1), Some(5_00)),
            ("US-WA", date(2026, 3, 1), Some(5_00)),
            ("US-RI", date(2026, 3, 1), Some(1_00)),
            ("US-VT", date(2026, 3, 1), Some(1_00)),
            ("US-NY", date(2026, 3, 1), None),
            ("US-CAX", date(2026, 3, 1), None),
            ("GB", date(2026, 3, 1), None),
        ];
        for (region, day, threshold) in table {
            assert_eq!(below(region, day), threshold, "{region} {day}");
        }
        assert_eq!(
            cash_out_below("US-CA", Currency::parse("EUR").unwrap(), date(2026, 5, 1)),
            None
        );
    }

    #[test]
    fn no_card_expires_before_five_years() {
        for region in ["US", "US-NY", "GB", "DE-BE"] {
            assert_eq!(earliest_expiry(region, date(2026, 3, 1)), date(2031, 3, 1), "{region}");
        }
        assert_eq!(earliest_expiry("US-NY", date(2024, 2, 29)), date(2029, 2, 28));
    }
}
