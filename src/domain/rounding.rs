//! Cash rounding: where the smallest coins are gone, what is paid in cash is a multiple of a step.
//!
//! By jurisdiction and date, as data (STANDARDS 40). The absolute value is rounded and the sign put back, so that a
//! refund is rounded like the sale it mirrors; only the cash part is rounded, and the difference is recorded apart.

use super::money::{Currency, Minor};
use jiff::civil::{Date, date};

/// What becomes of an amount exactly half-way between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    Up,
    Down,
}

/// How cash is rounded at a place from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CashRounding {
    /// In minor units.
    pub step: i64,
    pub tie: Tie,
}

struct Law {
    currency: &'static str,
    /// ISO 3166-1 country; none: wherever the currency is used.
    country: Option<&'static str>,
    from: Date,
    rounding: CashRounding,
}

const fn law(currency: &'static str, country: Option<&'static str>, from: Date, step: i64) -> Law {
    Law { currency, country, from, rounding: CashRounding { step, tie: Tie::Up } }
}

/// In force where it is compulsory or general practice. Shops of other countries pay to the minor unit.
const LAWS: &[Law] = &[
    law("AUD", None, date(1992, 2, 1), 5),
    law("CAD", None, date(2013, 2, 4), 5),
    law("CHF", None, date(1983, 1, 1), 5),
    law("CZK", None, date(2008, 9, 1), 100),
    law("DKK", None, date(2008, 10, 1), 50),
    law("EUR", Some("BE"), date(2019, 12, 1), 5),
    law("EUR", Some("EE"), date(2025, 1, 1), 5),
    law("EUR", Some("FI"), date(2002, 1, 1), 5),
    law("EUR", Some("IE"), date(2015, 10, 28), 5),
    law("EUR", Some("IT"), date(2018, 1, 1), 5),
    law("EUR", Some("LT"), date(2025, 5, 1), 5),
    law("EUR", Some("NL"), date(2004, 9, 1), 5),
    law("EUR", Some("SK"), date(2022, 7, 1), 5),
    law("HUF", None, date(2008, 3, 1), 500),
    law("NOK", None, date(2012, 5, 1), 100),
    law("NZD", None, date(2006, 10, 31), 10),
    law("SEK", None, date(2010, 10, 1), 100),
];

/// How cash of this currency is rounded in a region (`CA-ON`, `FI`) on a day; none where it is paid to the minor unit.
pub fn cash_rounding(currency: Currency, region: &str, on: Date) -> Option<CashRounding> {
    let country = region.split('-').next().unwrap_or(region);
    (LAWS.iter())
        .filter(|law| law.currency == currency.code() && law.country.is_none_or(|c| c == country) && law.from <= on)
        .max_by_key(|law| law.from)
        .map(|law| law.rounding)
}

impl CashRounding {
    /// The nearest multiple of the step: the absolute value rounded, the sign after.
    pub fn round(self, exact: Minor) -> Minor {
        let size = exact.0.unsigned_abs().cast_signed();
        let rest = size.rem_euclid(self.step);
        let up = match self.tie {
            Tie::Up => rest * 2 >= self.step,
            Tie::Down => rest * 2 > self.step,
        };
        let rounded = size - rest + if up { self.step } else { 0 };
        Minor(rounded * exact.0.signum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published cases of Canada, Australia, Switzerland, Finland, New Zealand and Sweden.
    #[test]
    fn rounds_as_published() {
        let cases = [
            ("CAD", "CA-ON", 4787, 4785),
            ("CAD", "CA-ON", 102, 100),
            ("CAD", "CA-ON", 103, 105),
            ("CAD", "CA-ON", 2, 0),
            ("AUD", "AU-NSW", 1007, 1005),
            ("CHF", "CH-ZH", 1008, 1010),
            ("EUR", "FI", 268, 270),
            ("NZD", "NZ", 1006, 1010),
            ("SEK", "SE", 1049, 1000),
            ("SEK", "SE", 1050, 1100),
        ];
        for (currency, region, exact, expected) in cases {
            let currency = Currency::parse(currency).unwrap();
            let rounding = cash_rounding(currency, region, date(2026, 3, 1)).unwrap();
            assert_eq!(rounding.round(Minor(exact)), Minor(expected), "{currency:?} {exact}");
            assert_eq!(rounding.round(Minor(-exact)), Minor(-expected), "{currency:?} −{exact}");
        }
    }

    #[test]
    fn law_has_a_place_and_a_day() {
        let euro = Currency::parse("EUR").unwrap();
        assert_eq!(cash_rounding(euro, "DE-BY", date(2026, 3, 1)), None);
        assert_eq!(cash_rounding(euro, "EE", date(2024, 12, 31)), None);
        assert!(cash_rounding(euro, "EE", date(2025, 1, 1)).is_some());
        assert_eq!(cash_rounding(Currency::parse("USD").unwrap(), "US-NY", date(2026, 3, 1)), None);
    }
}
