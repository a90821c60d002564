//! Currencies that the euro replaced, with their fixed conversion rates, as dated data.
//!
//! The rates are those of Article 1 of Council Regulation (EC) No 2866/98, as amended for each
//! country that followed. Articles 4 and 5 of Council Regulation (EC) No 1103/97 say how they are
//! used: an amount is divided by the full rate of six significant figures, never multiplied by an
//! inverse rate, and the result is rounded to the nearest cent, half-way up.

use super::allocate::half_up;
use super::money::{Currency, Minor};
use jiff::civil::{Date, date};

/// Units of an old currency for one euro, as decimal text of the regulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changeover {
    code: &'static str,
    rate: &'static str,
    /// The first day on which amounts in the old currency are paid in euros. For the currencies of
    /// 1999 and 2001 that is the end of the transitional period (Regulation (EC) No 974/98), until
    /// which shops sold in them.
    pub on: Date,
}

const fn to_euro(code: &'static str, rate: &'static str, on: Date) -> Changeover {
    Changeover { code, rate, on }
}

const EURO: &str = "EUR";

const CHANGEOVERS: &[Changeover] = &[
    to_euro("ATS", "13.7603", date(2002, 1, 1)),
    to_euro("BEF", "40.3399", date(2002, 1, 1)),
    to_euro("DEM", "1.95583", date(2002, 1, 1)),
    to_euro("ESP", "166.386", date(2002, 1, 1)),
    to_euro("FIM", "5.94573", date(2002, 1, 1)),
    to_euro("FRF", "6.55957", date(2002, 1, 1)),
    to_euro("GRD", "340.750", date(2002, 1, 1)),
    to_euro("IEP", "0.787564", date(2002, 1, 1)),
    to_euro("ITL", "1936.27", date(2002, 1, 1)),
    to_euro("LUF", "40.3399", date(2002, 1, 1)),
    to_euro("NLG", "2.20371", date(2002, 1, 1)),
    to_euro("PTE", "200.482", date(2002, 1, 1)),
    to_euro("SIT", "239.640", date(2007, 1, 1)),
    to_euro("CYP", "0.585274", date(2008, 1, 1)),
    to_euro("MTL", "0.429300", date(2008, 1, 1)),
    to_euro("SKK", "30.1260", date(2009, 1, 1)),
    to_euro("EEK", "15.6466", date(2011, 1, 1)),
    to_euro("LVL", "0.702804", date(2014, 1, 1)),
    to_euro("LTL", "3.45280", date(2015, 1, 1)),
    to_euro("HRK", "7.53450", date(2023, 1, 1)),
    to_euro("BGN", "1.95583", date(2026, 1, 1)),
];

/// Returns the changeover by which amounts of one currency are paid in another on a day; none where
/// the law knows none, or not yet.
pub fn between(from: Currency, to: Currency, today: Date) -> Option<Changeover> {
    let law = CHANGEOVERS.iter().find(|law| law.code == from.code())?;
    (to.code() == EURO && today >= law.on).then_some(*law)
}

impl Changeover {
    /// Returns the changeover that replaced a currency by another, whatever the day.
    pub fn known(from: &str, to: &str) -> Option<Changeover> {
        CHANGEOVERS.iter().find(|law| law.code == from && to == EURO).copied()
    }

    /// The old currency.
    pub fn from(&self) -> Option<Currency> {
        Currency::parse(self.code)
    }

    /// The new currency.
    pub fn to(&self) -> Option<Currency> {
        Currency::parse(EURO)
    }

    /// Units of the old currency for one of the new, as the law writes it.
    pub fn rate(&self) -> &'static str {
        self.rate
    }

    /// Converts an amount: divided by the rate, rounded half up; the sign is put back afterwards.
    pub fn convert(&self, amount: Minor) -> Minor {
        let (figures, decimals) = self.figures();
        let digits = self.from().map_or(2, Currency::digits);
        // amount / 10^digits / (figures / 10^decimals), in hundredths.
        let numerator = i128::from(amount.0.unsigned_abs()) * 10_i128.pow(decimals + 2);
        let size = half_up(numerator, figures * 10_i128.pow(digits));
        Minor(if amount.0 < 0 { -size } else { size })
    }

    /// The rate as a whole number, and how many of its digits are decimals.
    fn figures(&self) -> (i128, u32) {
        let (whole, decimals) = self.rate.split_once('.').unwrap_or((self.rate, ""));
        let digits = whole.bytes().chain(decimals.bytes());
        let figures =
            digits.fold(0, |sum, digit| sum * 10 + i128::from(digit.saturating_sub(b'0')));
        (figures, u32::try_from(decimals.len()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::{Decimal, RoundingStrategy};

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    fn in_euro(code: &str, amount: &str) -> String {
        let law = between(currency(code), currency("EUR"), date(2026, 11, 28)).unwrap();
        let amount = Minor::parse(amount, currency(code)).unwrap();
        law.convert(amount).format(currency("EUR"))
    }

    #[test]
    fn amounts_are_divided_by_the_rate_and_rounded_half_up() {
        for (code, amount, euros) in [
            ("BGN", "10.00", "5.11"),
            ("BGN", "20.00", "10.23"),
            ("BGN", "19.56", "10.00"),
            ("BGN", "1.95", "1.00"),
            ("BGN", "0.01", "0.01"),
            ("BGN", "-10.00", "-5.11"),
            ("BGN", "195583.00", "100000.00"),
            ("HRK", "100.00", "13.27"),
            ("HRK", "0.03", "0.00"),
            ("HRK", "0.04", "0.01"),
            ("LTL", "3.45", "1.00"),
            ("LVL", "1.00", "1.42"),
            ("EEK", "15.65", "1.00"),
            ("ITL", "1936", "1.00"),
            ("ITL", "193627", "100.00"),
            ("ESP", "166386", "1000.00"),
            ("DEM", "99.00", "50.62"),
        ] {
            assert_eq!(in_euro(code, amount), euros, "{amount} {code}");
        }
    }

    /// Another program's decimals say the same, for every rate; an exact half goes up.
    #[test]
    fn every_rate_converts_as_decimal_arithmetic_does() {
        for law in CHANGEOVERS {
            let rate: Decimal = law.rate.parse().unwrap();
            let digits = law.from().unwrap().digits();
            for minor in (0..3_000).chain([123_457, 9_999_999, 1_000_000_000_000]) {
                let exact = Decimal::from_i128_with_scale(minor.into(), digits) / rate;
                let euros = exact.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
                let mut cents = euros;
                cents.rescale(2);
                let expected = i64::try_from(cents.mantissa()).unwrap();
                assert_eq!(law.convert(Minor(minor)), Minor(expected), "{minor} {}", law.code);
                assert_eq!(law.convert(Minor(-minor)), Minor(-expected), "-{minor} {}", law.code);
            }
        }
        // No rate of the law has exact halves of a cent among small amounts.
        let made_up = to_euro("BGN", "2.00000", date(2026, 1, 1));
        assert_eq!([1, 2, 3, 5].map(|minor| made_up.convert(Minor(minor)).0), [1, 1, 2, 3]);
    }

    #[test]
    fn each_rate_has_six_figures_and_a_currency_of_its_own() {
        for law in CHANGEOVERS {
            let figures = law.rate.trim_start_matches(['0', '.']).replace('.', "");
            assert_eq!(figures.len(), 6, "{} {}", law.code, law.rate);
            assert_eq!(CHANGEOVERS.iter().filter(|other| other.code == law.code).count(), 1);
            assert_eq!(law.from().unwrap().code(), law.code);
        }
    }

    #[test]
    fn a_changeover_begins_on_its_day_and_leads_to_euros_only() {
        let day = |code: &str, to: &str, on: Date| between(currency(code), currency(to), on);
        for (code, eve, on) in [
            ("BGN", date(2025, 12, 31), date(2026, 1, 1)),
            ("HRK", date(2022, 12, 31), date(2023, 1, 1)),
            ("LTL", date(2014, 12, 31), date(2015, 1, 1)),
        ] {
            assert_eq!(day(code, "EUR", eve), None, "{code}");
            assert_eq!(day(code, "EUR", on).map(|law| law.rate()), Some(rate_of(code)), "{code}");
            assert_eq!(day(code, "USD", on), None, "{code}");
        }
        assert_eq!(day("EUR", "BGN", date(2026, 11, 28)), None);
        assert_eq!(day("USD", "EUR", date(2026, 11, 28)), None);
    }

    fn rate_of(code: &str) -> &'static str {
        match code {
            "BGN" => "1.95583",
            "HRK" => "7.53450",
            _ => "3.45280",
        }
    }
}
