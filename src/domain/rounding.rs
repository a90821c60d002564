//! Cash rounding: where the smallest coins are gone, what is paid in cash is a multiple of a step.
//!
//! By jurisdiction and date, as data (STANDARDS 40). The absolute value is rounded and the sign put
//! back, so that a refund is rounded like the sale it mirrors; only the cash part is rounded, and
//! the difference is recorded apart.

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

const fn halves_down(law: Law) -> Law {
    Law { rounding: CashRounding { step: law.rounding.step, tie: Tie::Down }, ..law }
}

/// In force where it is compulsory or general practice, the earlier steps too: a sale of then is
/// returned by the rule of the day it comes back, but its own rounding was that of its day. Shops
/// of other countries pay to the minor unit, unless the store says otherwise
/// ([`super::settings::Store`]).
///
/// A step of five leaves no tie between whole minor units. Of the others, Chile's law sends five
/// pesos down (Ley 20.956); New Zealand leaves five cents to the shop, and it goes up here as
/// everywhere else. Slovakia takes a total of 0.01 or 0.02 up to 0.05, which is not done here: it
/// would make a refund of one cent five.
const LAWS: &[Law] = &[
    law("AUD", None, date(1992, 2, 1), 5),
    law("CAD", None, date(2013, 2, 4), 5),
    law("CHF", None, date(1983, 1, 1), 5),
    halves_down(law("CLP", None, date(2017, 11, 1), 10)),
    law("CZK", None, date(2003, 11, 1), 50),
    law("CZK", None, date(2008, 9, 1), 100),
    law("DKK", None, date(1989, 7, 1), 25),
    law("DKK", None, date(2008, 10, 1), 50),
    law("EUR", Some("AX"), date(2002, 1, 1), 5),
    law("EUR", Some("BE"), date(2019, 12, 1), 5),
    law("EUR", Some("EE"), date(2025, 1, 1), 5),
    law("EUR", Some("FI"), date(2002, 1, 1), 5),
    law("EUR", Some("IE"), date(2015, 10, 28), 5),
    law("EUR", Some("IT"), date(2018, 1, 1), 5),
    law("EUR", Some("LT"), date(2025, 5, 1), 5),
    law("EUR", Some("NL"), date(2004, 9, 1), 5),
    law("EUR", Some("SK"), date(2022, 7, 1), 5),
    law("HUF", None, date(2008, 3, 1), 500),
    law("ILS", None, date(2008, 1, 1), 10),
    law("MYR", None, date(2008, 4, 1), 5),
    law("NOK", None, date(1993, 3, 1), 50),
    law("NOK", None, date(2012, 5, 1), 100),
    law("NZD", None, date(1990, 4, 30), 5),
    law("NZD", None, date(2006, 10, 31), 10),
    law("SEK", None, date(1985, 7, 1), 10),
    law("SEK", None, date(1992, 10, 1), 50),
    law("SEK", None, date(2010, 10, 1), 100),
];

/// The largest step that a rounding of this currency can be of: that of any law, and at least a
/// tenth of the unit (ten of a currency without decimals), for shops under laws that are not
/// listed.
pub fn largest_step(currency: Currency) -> i64 {
    let tenth = 10_i64.pow(currency.digits().saturating_sub(1).max(1));
    let of_laws =
        LAWS.iter().filter(|law| law.currency == currency.code()).map(|law| law.rounding.step);
    of_laws.max().unwrap_or(tenth).max(tenth)
}

/// How cash of this currency is rounded in a region (`CA-ON`, `FI`) on a day; none where it is paid
/// to the minor unit.
pub fn cash_rounding(currency: Currency, region: &str, on: Date) -> Option<CashRounding> {
    let country = region.split('-').next().unwrap_or(region);
    (LAWS.iter())
        .filter(|law| {
            law.currency == currency.code()
                && law.country.is_none_or(|c| c == country)
                && law.from <= on
        })
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

    /// The published cases, and those of the laws' own examples: Canada, Australia, Switzerland,
    /// Finland, Ireland, New Zealand, Sweden, Norway, Denmark, Chile, Hungary.
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
            ("EUR", "FI", 119, 120),
            ("EUR", "IE-D", 1448, 1450),
            ("NZD", "NZ", 1004, 1000),
            ("NZD", "NZ", 1005, 1010),
            ("NZD", "NZ", 1006, 1010),
            ("SEK", "SE", 1049, 1000),
            ("SEK", "SE", 1050, 1100),
            ("SEK", "SE", 2_204_188, 2_204_200),
            ("NOK", "NO", 29_540, 29_500),
            ("NOK", "NO", 14_880, 14_900),
            ("DKK", "DK", 1024, 1000),
            ("DKK", "DK", 1025, 1050),
            ("DKK", "DK", 1075, 1100),
            ("CLP", "CL", 764, 760),
            ("CLP", "CL", 765, 760),
            ("CLP", "CL", 766, 770),
            ("HUF", "HU", 1_250, 1_500),
            ("HUF", "HU", 1_249, 1_000),
        ];
        for (currency, region, exact, expected) in cases {
            let currency = Currency::parse(currency).unwrap();
            let rounding = cash_rounding(currency, region, date(2026, 3, 1)).unwrap();
            assert_eq!(rounding.round(Minor(exact)), Minor(expected), "{currency:?} {exact}");
            assert_eq!(rounding.round(Minor(-exact)), Minor(-expected), "{currency:?} −{exact}");
        }
    }

    #[test]
    fn coins_have_been_larger_and_smaller() {
        let step = |code: &str, region: &str, on: Date| {
            cash_rounding(Currency::parse(code).unwrap(), region, on).map(|rounding| rounding.step)
        };
        for (code, place, day, expected) in [
            ("NZD", "NZ", date(1990, 4, 29), None),
            ("NZD", "NZ", date(2006, 10, 30), Some(5)),
            ("NZD", "NZ", date(2006, 10, 31), Some(10)),
            ("SEK", "SE", date(1992, 9, 30), Some(10)),
            ("SEK", "SE", date(2010, 9, 30), Some(50)),
            ("SEK", "SE", date(2010, 10, 1), Some(100)),
            ("NOK", "NO", date(2012, 4, 30), Some(50)),
            ("NOK", "SJ", date(2012, 5, 1), Some(100)),
            ("DKK", "GL", date(2008, 9, 30), Some(25)),
            ("DKK", "DK", date(2008, 10, 1), Some(50)),
            ("CZK", "CZ-10", date(2008, 8, 31), Some(50)),
            ("EUR", "AX", date(2002, 1, 1), Some(5)),
            ("EUR", "LT", date(2025, 4, 30), None),
        ] {
            assert_eq!(step(code, place, day), expected, "{code} {place} {day}");
        }
        assert_eq!(largest_step(Currency::parse("SEK").unwrap()), 100);
        let tenths =
            ["USD", "JPY", "KWD", "CLF"].map(|code| largest_step(Currency::parse(code).unwrap()));
        assert_eq!(tenths, [10, 10, 100, 1000]);
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
