//! Prices of one unit, finer than the currency's own digits.

use super::allocate::half_up;
use super::money::{Currency, Minor};
use super::quantity::Quantity;

/// The price of one unit, exactly as a register or another system states it. It describes a line;
/// the line's amounts count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitPrice(i128);

impl UnitPrice {
    /// Decimals of the currency's unit.
    pub const DECIMALS: u32 = 6;
    /// How finely a price is held: in millionths of the minor unit, so that six decimals of any
    /// currency are exact.
    const PER_MINOR: i128 = 1_000_000;

    /// Reads `"6.65833"`: as [`Minor::parse`], with up to six decimals. Trailing zeros beyond them
    /// say nothing and are passed over.
    pub fn parse(text: &str, currency: Currency) -> Option<UnitPrice> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, decimals) = match digits.split_once('.') {
            Some((_, "")) => return None,
            Some((whole, decimals)) => (whole, decimals),
            None => (digits, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let exact = decimals.trim_end_matches('0');
        let given = u32::try_from(exact.len()).ok()?;
        if whole.is_empty() || !all_digits(whole) || !all_digits(decimals) || given > Self::DECIMALS
        {
            return None;
        }
        let decimals: i128 = if given == 0 { 0 } else { exact.parse().ok()? };
        let millionths = (whole.parse::<i128>().ok()?.checked_mul(Self::PER_MINOR)?)
            .checked_add(decimals * 10_i128.pow(Self::DECIMALS - given))?;
        let price = millionths.checked_mul(10_i128.pow(currency.digits()))?;
        let within = price <= i128::from(Minor::MAX.0) * Self::PER_MINOR;
        within.then_some(UnitPrice(if negative { -price } else { price }))
    }

    /// Decimal text with at least the currency's digits, and no zeros beyond those.
    pub fn format(self, currency: Currency) -> String {
        let decimals = (currency.digits() + Self::DECIMALS) as usize;
        let size = self.0.unsigned_abs();
        let text = format!("{size:0>width$}", width = decimals + 1);
        let (whole, decimals) = text.split_at(text.len() - decimals);
        let (own, finer) = decimals.split_at(currency.digits() as usize);
        let finer = finer.trim_end_matches('0');
        let point = if own.is_empty() && finer.is_empty() { "" } else { "." };
        let sign = if self.0 < 0 { "-" } else { "" };
        format!("{sign}{whole}{point}{own}{finer}")
    }

    /// What units come to at this price, half up; none beyond any amount, or below zero.
    pub fn times(self, quantity: Quantity) -> Option<Minor> {
        let exact = self.0.checked_mul(i128::from(quantity.0)).filter(|exact| *exact >= 0)?;
        let amount = half_up(exact, 1_000 * Self::PER_MINOR);
        (amount <= Minor::MAX.0).then_some(Minor(amount))
    }

    /// What units come to at this price, rounded down; none beyond any amount, or below zero.
    pub fn times_down(self, quantity: Quantity) -> Option<Minor> {
        let exact = self.0.checked_mul(i128::from(quantity.0)).filter(|exact| *exact >= 0)?;
        let amount = i64::try_from(exact / (1_000 * Self::PER_MINOR)).ok()?;
        (amount <= Minor::MAX.0).then_some(Minor(amount))
    }

    /// The price in whole minor units, half up: as it is printed.
    pub fn rounded(self) -> Minor {
        self.times(Quantity::ONE).unwrap_or_default()
    }

    pub fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl From<Minor> for UnitPrice {
    fn from(amount: Minor) -> UnitPrice {
        UnitPrice(i128::from(amount.0) * UnitPrice::PER_MINOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(code: &str, text: &str) -> Option<String> {
        let currency = Currency::parse(code).unwrap();
        UnitPrice::parse(text, currency).map(|price| price.format(currency))
    }

    #[test]
    fn prices_are_held_to_six_decimals_of_any_currency() {
        for (code, text, spelled) in [
            ("USD", "12.5", "12.50"),
            ("USD", "6.65833", "6.65833"),
            ("USD", "0.000001", "0.000001"),
            ("USD", "6.6580000000", "6.658"),
            ("USD", "-2.00", "-2.00"),
            ("JPY", "158", "158"),
            ("JPY", "158.9", "158.9"),
            ("JPY", "158.0", "158"),
            ("KWD", "1.5", "1.500"),
            ("CLF", "1.123456", "1.123456"),
            ("USD", "10000000000000", "10000000000000.00"),
        ] {
            assert_eq!(read(code, text).as_deref(), Some(spelled), "{code} {text}");
        }
        for text in ["1.1234567", "", "-", ".5", "1.", "+1", "1e3", "1,5", "1.2.3", "1.2x"] {
            assert_eq!(read("USD", text), None, "{text}");
        }
        assert_eq!(read("USD", "10000000000000.01"), None, "more than any amount");
        assert_eq!(read("USD", &"9".repeat(60)), None);
    }

    #[test]
    fn units_come_to_their_price_half_up() {
        let dollars = Currency::parse("USD").unwrap();
        let times = |price: &str, thousandths: i64| {
            UnitPrice::parse(price, dollars).unwrap().times(Quantity(thousandths))
        };
        assert_eq!(times("6.65833", 3_000), Some(Minor(1997)));
        assert_eq!(times("0.005", 1_000), Some(Minor(1)));
        assert_eq!(times("0.004999", 1_000), Some(Minor(0)));
        assert_eq!(times("7.99", 1_250), Some(Minor(999)));
        assert_eq!(times("10000000000000", Quantity::MAX.0), None);
        assert_eq!(times("-1", 1_000), None);
    }

    #[test]
    fn a_price_is_printed_in_the_currencys_digits() {
        let dollars = Currency::parse("USD").unwrap();
        for (price, printed) in [("6.65833", 666), ("6.65499", 665), ("6.655", 666), ("0", 0)] {
            assert_eq!(UnitPrice::parse(price, dollars).unwrap().rounded(), Minor(printed));
        }
        assert_eq!(UnitPrice::from(Minor(250)).rounded(), Minor(250));
    }
}
