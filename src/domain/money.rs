//! Money: integer minor units of one currency. No floats, no wrapping.
//!
//! Digits per currency are ISO 4217's; `STANDARDS` 39.

use std::fmt;

/// An ISO 4217 currency: its three letters and how many decimals its minor unit has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency {
    code: [u8; 3],
    digits: u8,
}

/// Currencies whose minor unit is not a hundredth (ISO 4217 table A.1).
const UNUSUAL_DIGITS: &[(&[u8; 3], u8)] = &[
    (b"BIF", 0),
    (b"CLP", 0),
    (b"DJF", 0),
    (b"GNF", 0),
    (b"ISK", 0),
    (b"JPY", 0),
    (b"KMF", 0),
    (b"KRW", 0),
    (b"PYG", 0),
    (b"RWF", 0),
    (b"UGX", 0),
    (b"UYI", 0),
    (b"VND", 0),
    (b"VUV", 0),
    (b"XAF", 0),
    (b"XOF", 0),
    (b"XPF", 0),
    (b"BHD", 3),
    (b"IQD", 3),
    (b"JOD", 3),
    (b"KWD", 3),
    (b"LYD", 3),
    (b"OMR", 3),
    (b"TND", 3),
    (b"CLF", 4),
    (b"UYW", 4),
];

/// The currencies with hundredths of ISO 4217 list one, as of 2026-11: all that have a minor unit,
/// funds codes included. Metals, the SDR and codes for tests have none and are not here.
const HUNDREDTHS: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL \
BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR \
FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT \
LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK \
NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN \
SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR \
ZMW ZWG";

/// Currencies with hundredths that ISO 4217 has withdrawn (list three). Sales recorded in them stay
/// readable. First those of late, in order: 2025-06, 2026-01, 2021-06, 2023-01, 2023-12, 2024-09;
/// then those that the euro replaced before.
const WITHDRAWN: &str =
    "ANG BGN CUC HRK SLL ZWL ATS CYP DEM EEK FIM FRF IEP LTL LVL MTL NLG SIT SKK";

/// The same of currencies that had no minor unit in ISO 4217.
const WITHDRAWN_WHOLE: &str = "BEF ESP GRD ITL LUF PTE";

impl Currency {
    /// Reads a currency code; none for what ISO 4217 does not list, or never did.
    pub fn parse(code: &str) -> Option<Currency> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        if let Some((_, digits)) = UNUSUAL_DIGITS.iter().find(|(known, _)| **known == bytes) {
            return Some(Currency { code: bytes, digits: *digits });
        }
        // Every document has one: looked for by its place, in steps of a code and its space.
        let listed = |list: &str| list.as_bytes().chunks(4).any(|known| known.starts_with(&bytes));
        if listed(WITHDRAWN_WHOLE) {
            return Some(Currency { code: bytes, digits: 0 });
        }
        (listed(HUNDREDTHS) || listed(WITHDRAWN)).then_some(Currency { code: bytes, digits: 2 })
    }

    /// Every currency there is, and those withdrawn.
    pub fn all() -> impl Iterator<Item = Currency> {
        let unusual = UNUSUAL_DIGITS.iter().filter_map(|(code, _)| std::str::from_utf8(*code).ok());
        let listed = [HUNDREDTHS, WITHDRAWN, WITHDRAWN_WHOLE].into_iter();
        unusual.chain(listed.flat_map(str::split_whitespace)).filter_map(Currency::parse)
    }

    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("XXX")
    }

    /// Decimals of the minor unit: 0 for JPY, 2 for USD, 3 for KWD.
    pub fn digits(self) -> u32 {
        u32::from(self.digits)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount in minor units of a currency that the surrounding document names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Minor(pub i64);

impl Minor {
    pub const ZERO: Minor = Minor(0);
    /// The largest amount taken from outside: far above any sale, far below overflow of a sum.
    pub const MAX: Minor = Minor(1_000_000_000_000_000);

    /// Reads `"12.30"` in a currency's digits, with an optional leading minus. Refuses exponents, a
    /// plus, spaces, more digits than the currency has, and what exceeds [`Minor::MAX`].
    pub fn parse(text: &str, currency: Currency) -> Option<Minor> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let minor = parse_scaled(digits, currency.digits())?;
        if minor > Self::MAX.0 {
            return None;
        }
        Some(Minor(if negative { -minor } else { minor }))
    }

    /// Decimal text with the currency's own number of digits.
    pub fn format(self, currency: Currency) -> String {
        // A return writes a hundred of these, so they are written by hand: from the last digit to
        // the sign, in room for the longest number, its point and its sign.
        let mut text = [b'0'; 24];
        let (mut start, mut left, mut decimals) =
            (text.len(), self.0.unsigned_abs(), currency.digits());
        let mut put = |letter: u8| {
            start -= 1;
            text[start] = letter;
        };
        while decimals > 0 {
            put(digit(&mut left));
            decimals -= 1;
            if decimals == 0 {
                put(b'.');
            }
        }
        put(digit(&mut left));
        while left > 0 {
            put(digit(&mut left));
        }
        if self.0 < 0 {
            put(b'-');
        }
        String::from_utf8_lossy(&text[start..]).into_owned()
    }

    pub fn checked_add(self, other: Minor) -> Option<Minor> {
        self.0.checked_add(other.0).map(Minor)
    }

    pub fn checked_sub(self, other: Minor) -> Option<Minor> {
        self.0.checked_sub(other.0).map(Minor)
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub fn is_positive(self) -> bool {
        self.0 > 0
    }
}

/// Takes the last digit off a number, as a letter.
fn digit(left: &mut u64) -> u8 {
    let last = b'0' + u8::try_from(*left % 10).unwrap_or_default();
    *left /= 10;
    last
}

/// Reads plain decimal text (`"12"`, `"12.5"`) as an integer scaled by `10^digits`.
/// Nothing for signs, exponents, spaces, a bare point, or more decimals than `digits`.
pub fn parse_scaled(text: &str, digits: u32) -> Option<i64> {
    let (whole, decimals) = match text.split_once('.') {
        Some((_, "")) => return None,
        Some((whole, decimals)) => (whole, decimals),
        None => (text, ""),
    };
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty()
        || !all_digits(whole)
        || !all_digits(decimals)
        || decimals.len() > digits as usize
    {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let given = u32::try_from(decimals.len()).ok()?;
    let decimals: i64 = if given == 0 { 0 } else { decimals.parse().ok()? };
    let rest = decimals.checked_mul(10_i64.checked_pow(digits - given)?)?;
    whole.checked_mul(10_i64.checked_pow(digits)?)?.checked_add(rest)
}

/// A sum that notices overflow.
pub fn sum(amounts: impl IntoIterator<Item = Minor>) -> Option<Minor> {
    amounts.into_iter().try_fold(Minor::ZERO, Minor::checked_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    /// Yen, dollars, dinars and unidades de fomento: no decimals to four.
    fn one_of_each() -> Vec<Currency> {
        let currencies: Vec<Currency> =
            ["JPY", "USD", "KWD", "CLF"].into_iter().filter_map(Currency::parse).collect();
        assert_eq!(currencies.iter().map(|c| c.digits()).collect::<Vec<_>>(), [0, 2, 3, 4]);
        currencies
    }

    #[test]
    fn amounts_are_spelled_as_another_program_spells_them_and_read_back() {
        let near = |n: i64| [n.saturating_sub(1), n, n.saturating_add(1)];
        let powers = (0..19).map(|power| 10_i64.pow(power));
        let amounts = powers
            .chain([0, 1_234_567, i64::MAX])
            .flat_map(near)
            .flat_map(|n| [n, -n])
            .chain([i64::MIN]);
        for minor in amounts {
            for currency in one_of_each() {
                let text = Minor(minor).format(currency);
                assert_eq!(
                    text,
                    Decimal::from_i128_with_scale(minor.into(), currency.digits()).to_string()
                );
                let read =
                    Some(Minor(minor)).filter(|_| minor.abs_diff(0) <= Minor::MAX.0.unsigned_abs());
                assert_eq!(Minor::parse(&text, currency), read, "{text}");
            }
        }
    }

    #[test]
    fn text_that_is_no_amount_is_none() {
        let cases = [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "+1",
            "--1",
            "1e3",
            " 1",
            "1 ",
            "1,5",
            "1.2.3",
            "٣",
            "NaN",
            "9223372036854775808",
        ];
        for currency in one_of_each() {
            assert_eq!(cases.map(|text| Minor::parse(text, currency)), [None; 15], "{currency:?}");
        }
        let half = one_of_each().into_iter().map(|currency| Minor::parse("0.5", currency));
        assert_eq!(
            half.collect::<Vec<_>>(),
            [None, Some(Minor(50)), Some(Minor(500)), Some(Minor(5_000))]
        );
        assert_eq!(
            (parse_scaled("1.005", 2), parse_scaled("1.005", 3), parse_scaled("7", 18)),
            (None, Some(1_005), Some(7_000_000_000_000_000_000))
        );
        assert_eq!(parse_scaled("10", 18), None);
    }

    #[test]
    fn a_currency_is_known_by_its_whole_code() {
        let all: Vec<Currency> = Currency::all().collect();
        let words = |list: &str| list.split_whitespace().count();
        let listed: usize = [HUNDREDTHS, WITHDRAWN, WITHDRAWN_WHOLE].map(words).iter().sum();
        assert_eq!(all.len(), listed + UNUSUAL_DIGITS.len());
        for list in [HUNDREDTHS, WITHDRAWN, WITHDRAWN_WHOLE] {
            assert_eq!(list.len() % 4, 3, "a code is three letters and a space");
        }
        assert!(all.iter().all(|currency| Currency::parse(currency.code()) == Some(*currency)));
        for code in ["usd", "US", "USDX", "", "ED ", "D A", "XXX", "XAU", "XDR", "ÄX", "VEF"] {
            assert_eq!(Currency::parse(code), None, "{code}");
        }
    }

    /// ISO 4217 list one of 2026-11 by number of decimals, and what changed of late.
    #[test]
    fn the_table_is_the_current_list() {
        let with = |digits: u32| {
            let all = Currency::all().filter(|currency| currency.digits() == digits);
            let mut codes: Vec<String> = all.map(|currency| currency.code().to_owned()).collect();
            codes.sort_unstable();
            codes.join(" ")
        };
        let none = "BEF BIF CLP DJF ESP GNF GRD ISK ITL JPY KMF KRW LUF PTE PYG RWF UGX UYI VND \
                    VUV XAF XOF XPF";
        assert_eq!([with(0), with(3), with(4)], [none, "BHD IQD JOD KWD LYD OMR TND", "CLF UYW"]);
        let hundredths = Currency::all().filter(|currency| currency.digits() == 2).count();
        assert_eq!(hundredths, 139 + 19, "139 of list one, and those withdrawn");
        for code in ["VED", "VES", "XCG", "ZWG", "SLE", "XAD", "ANG", "BGN", "HRK", "ZWL"] {
            assert_eq!(Currency::parse(code).map(Currency::digits), Some(2), "{code}");
        }
    }
}
