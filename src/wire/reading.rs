//! Reading a body: what a schema cannot say is checked here, and every fault is kept with its
//! place.

use crate::domain::money::{Currency, Minor};
use crate::domain::name::{STORE_RULE, is_store};
use crate::domain::refusal::Fault;
use crate::domain::unit_price::UnitPrice;
use jiff::civil::Date;
use std::collections::HashSet;
use std::fmt::Arguments;

/// Faults listed at most: a large body could otherwise ask for an answer of its own size.
pub const MAX_FAULTS: usize = 100;

/// All amounts of one body together stay below this, so that no sum of them can overflow.
const MAX_OF_BODY: i128 = 100 * Minor::MAX.0 as i128;

/// Which amounts make sense at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Any,
    NotNegative,
    NotPositive,
    Positive,
}

/// A body being read. Amounts and dates are rewritten to their one spelling on the way, so that the
/// same content is the same text afterwards.
#[derive(Debug)]
pub struct Reading {
    currency: Option<Currency>,
    faults: Vec<Fault>,
    amounts_read: bool,
    magnitude: i128,
}

impl Reading {
    /// Without a currency, amounts are passed over: their digits are not known.
    pub fn new(currency: Option<Currency>) -> Reading {
        Reading { currency, faults: Vec::new(), amounts_read: currency.is_some(), magnitude: 0 }
    }

    /// Notes a fault.
    pub fn fault(&mut self, pointer: Arguments<'_>, code: &'static str, detail: impl Into<String>) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault::new(pointer.to_string(), code, detail));
        }
    }

    /// Notes a value that cannot be meant.
    pub fn invalid(&mut self, pointer: Arguments<'_>, detail: impl Into<String>) {
        self.fault(pointer, "invalid_value", detail);
    }

    /// Notes an amount that cannot be meant; sums are not looked at then.
    pub fn bad_amount(&mut self, pointer: Arguments<'_>, detail: impl Into<String>) {
        self.amounts_read = false;
        self.fault(pointer, "invalid_amount", detail);
    }

    /// Reads an amount in the currency's digits, and spells it with all of them. Zero if it is at
    /// fault.
    pub fn amount(&mut self, pointer: Arguments<'_>, text: &mut String, sign: Sign) -> Minor {
        let Some(currency) = self.currency else {
            return Minor::ZERO;
        };
        let Some(amount) = Minor::parse(text, currency) else {
            self.bad_amount(pointer, not_an_amount(text, currency));
            return Minor::ZERO;
        };
        let (range, than) = match sign {
            Sign::Any => (i64::MIN..=i64::MAX, ""),
            Sign::NotNegative => (0..=i64::MAX, "must not be negative"),
            Sign::NotPositive => (i64::MIN..=0, "must not be above zero"),
            Sign::Positive => (1..=i64::MAX, "must be more than zero"),
        };
        if !range.contains(&amount.0) {
            self.bad_amount(
                pointer,
                format!("The amount {} {than} here.", amount.format(currency)),
            );
            return Minor::ZERO;
        }
        self.magnitude += i128::from(amount.0.unsigned_abs());
        *text = amount.format(currency);
        amount
    }

    /// Reads an amount that may be left out.
    pub fn optional_amount(
        &mut self,
        pointer: Arguments<'_>,
        text: &mut Option<String>,
        sign: Sign,
    ) -> Option<Minor> {
        text.as_mut().map(|text| self.amount(pointer, text, sign))
    }

    /// Reads a price of one unit, and spells it with at least the currency's digits.
    pub fn unit_price(
        &mut self,
        pointer: Arguments<'_>,
        text: &mut Option<String>,
    ) -> Option<UnitPrice> {
        let (currency, text) = (self.currency?, text.as_mut()?);
        let Some(price) = UnitPrice::parse(text, currency) else {
            let shown: String = text.chars().take(32).collect();
            let decimals = UnitPrice::DECIMALS;
            self.bad_amount(
                pointer,
                format!("{shown:?} is not a price: plain decimals, at most {decimals} of them."),
            );
            return None;
        };
        if price.is_negative() {
            let detail = "A unit price is never negative. On a sale, send `amount` and `net` below zero for what is given back.";
            self.bad_amount(pointer, detail);
            return None;
        }
        *text = price.format(currency);
        Some(price)
    }

    /// Reads a date.
    pub fn date(&mut self, pointer: Arguments<'_>, text: &str) -> Option<Date> {
        let read = text.parse().ok();
        if read.is_none() {
            self.invalid(pointer, format!("{text:?} is not a date like \"2026-03-01\"."));
        }
        read
    }

    /// Checks a store's id.
    pub fn store(&mut self, pointer: Arguments<'_>, store: &str) {
        if !is_store(store) {
            self.invalid(pointer, format!("A store's number has {STORE_RULE}."));
        }
    }

    /// Checks that numbers people refer to are above zero and there once.
    pub fn numbers(&mut self, list: &str, member: &str, numbers: impl Iterator<Item = u32>) {
        let mut seen = HashSet::new();
        for (index, number) in numbers.enumerate() {
            if number == 0 {
                self.invalid(format_args!("/{list}/{index}/{member}"), "Numbers count from 1.");
            } else if !seen.insert(number) {
                self.invalid(
                    format_args!("/{list}/{index}/{member}"),
                    format!("The number {number} is there twice."),
                );
            }
        }
    }

    /// Whether every amount was read and their sums can be trusted not to overflow.
    pub fn amounts_add_up_safely(&mut self, pointer: Arguments<'_>) -> bool {
        if self.magnitude > MAX_OF_BODY {
            self.bad_amount(
                pointer,
                "The amounts of this body are larger together than this service takes.",
            );
        }
        self.amounts_read
    }

    /// Adds faults found elsewhere.
    pub fn extend(&mut self, faults: impl IntoIterator<Item = Fault>) {
        let room = MAX_FAULTS - self.faults.len();
        self.faults.extend(faults.into_iter().take(room));
    }

    /// Takes over what was read elsewhere, its faults under `at`.
    pub fn include(&mut self, read: Reading, at: &str) {
        self.amounts_read &= read.amounts_read;
        self.magnitude += read.magnitude;
        let there = |fault: Fault| Fault { pointer: format!("{at}{}", fault.pointer), ..fault };
        self.extend(read.faults.into_iter().map(there));
    }

    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// The value if there is no fault.
    pub fn finish<T>(self, value: T) -> Result<T, Vec<Fault>> {
        if self.faults.is_empty() { Ok(value) } else { Err(self.faults) }
    }
}

/// A text that may be left out: an empty one is left out.
pub fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn not_an_amount(text: &str, currency: Currency) -> String {
    let shown: String = text.chars().take(32).collect();
    let example = Minor(1230).format(currency);
    let (digits, code) = (currency.digits(), currency.code());
    let decimals = match digits {
        0 => "no decimals".to_owned(),
        1 => "1 decimal".to_owned(),
        digits => format!("at most {digits} decimals"),
    };
    format!(
        "{shown:?} is not an amount in {code}: plain decimals with {decimals}, like \"{example}\"."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(code: &str, text: &str, sign: Sign) -> (Minor, String, Vec<&'static str>) {
        let mut reading = Reading::new(Currency::parse(code));
        let mut text = text.to_owned();
        let amount = reading.amount(format_args!("/x"), &mut text, sign);
        (
            amount,
            text,
            reading.finish(()).err().into_iter().flatten().map(|fault| fault.code).collect(),
        )
    }

    #[test]
    fn amounts_have_the_currencys_digits_and_one_spelling() {
        assert_eq!(read("USD", "12.3", Sign::NotNegative), (Minor(1230), "12.30".into(), vec![]));
        assert_eq!(read("JPY", "12", Sign::Any), (Minor(12), "12".into(), vec![]));
        assert_eq!(read("KWD", "-0.001", Sign::Any), (Minor(-1), "-0.001".into(), vec![]));
        for (code, text, sign) in [
            ("USD", "1.234", Sign::Any),
            ("JPY", "1.0", Sign::Any),
            ("USD", "-1", Sign::NotNegative),
            ("USD", "0", Sign::Positive),
            ("USD", "99999999999999999999", Sign::Any),
        ] {
            assert_eq!(
                read(code, text, sign),
                (Minor::ZERO, text.into(), vec!["invalid_amount"]),
                "{code} {text}"
            );
        }
        assert_eq!(
            not_an_amount("1.234", Currency::parse("JPY").unwrap()),
            "\"1.234\" is not an amount in JPY: plain decimals with no decimals, like \"1230\"."
        );
    }
}
