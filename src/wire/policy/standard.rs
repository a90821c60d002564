//! The policy called `standard`, installed at first start for the currency of the shop.

use super::document::PolicyDocument;
use crate::domain::money::{Currency, Minor};
use crate::domain::policy::{FeeAmount, Policy, Rule};

/// Written in US dollars.
const STANDARD: &str = include_str!("../standard_policy.json");

/// Currencies whose ordinary prices are a power of ten above a dollar's: limits made for dollars
/// are multiplied so that a supervisor is not called for every return. Rough on purpose; a shop
/// sets its own.
const MULTIPLES: &[(&str, i64)] = &[
    ("CLP", 1_000),
    ("COP", 1_000),
    ("CZK", 10),
    ("DKK", 10),
    ("HUF", 100),
    ("IDR", 10_000),
    ("INR", 100),
    ("ISK", 100),
    ("JPY", 100),
    ("KRW", 1_000),
    ("MXN", 10),
    ("NOK", 10),
    ("PYG", 1_000),
    ("SEK", 10),
    ("THB", 10),
    ("UGX", 1_000),
    ("VND", 10_000),
    ("XAF", 100),
    ("XOF", 100),
    ("ZAR", 10),
];

/// The standard policy with its amounts in the digits and the magnitude of a currency: `"200.00"`
/// in USD and EUR, `"20000"` in JPY, `"200.000"` in KWD.
pub fn standard(currency: Currency) -> PolicyDocument {
    let mut policy = in_dollars();
    policy.currency = currency;
    let multiple = MULTIPLES
        .iter()
        .find(|(code, _)| *code == currency.code())
        .map_or(1, |(_, multiple)| *multiple);
    // From hundredths of a dollar to minor units; exact, for the document's amounts are whole
    // dollars.
    let scale =
        |amount: &mut Minor| amount.0 = amount.0 * multiple * 10_i64.pow(currency.digits()) / 100;
    policy.rules.iter_mut().for_each(|rule| each_amount(rule, scale));
    PolicyDocument::from(&policy)
}

#[expect(clippy::expect_used, reason = "the document is part of the program, and a test reads it")]
fn in_dollars() -> Policy {
    let document: PolicyDocument =
        serde_json::from_str(STANDARD).expect("standard_policy.json is a policy document");
    Policy::try_from(&document).expect("standard_policy.json is without faults")
}

fn each_amount(rule: &mut Rule, mut with: impl FnMut(&mut Minor)) {
    if let Some(price) = &mut rule.when.price {
        price.min.iter_mut().chain(&mut price.max).for_each(&mut with);
    }
    let set = &mut rule.set;
    set.cash_limit.iter_mut().for_each(|limit| with(&mut limit.amount));
    set.amount_limit.iter_mut().for_each(|limit| with(&mut limit.amount));
    set.approval.iter_mut().flatten().for_each(|tier| with(&mut tier.over));
    set.velocity.iter_mut().flatten().filter_map(|limit| limit.amount.as_mut()).for_each(&mut with);
    if let Some(FeeAmount::Fixed(amount)) = set.fee.as_mut().map(|fee| &mut fee.amount) {
        with(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::lint;

    fn amounts(code: &str) -> Vec<String> {
        let currency = Currency::parse(code).unwrap();
        let mut policy = Policy::try_from(&standard(currency)).unwrap();
        let mut found = Vec::new();
        policy
            .rules
            .iter_mut()
            .for_each(|rule| each_amount(rule, |amount| found.push(amount.format(currency))));
        found
    }

    #[test]
    fn amounts_have_the_digits_and_magnitude_of_the_currency() {
        assert_eq!(amounts("USD"), ["150.00", "100.00", "200.00", "1000.00", "5000.00"]);
        assert_eq!(amounts("EUR"), amounts("USD"));
        assert_eq!(amounts("JPY"), ["15000", "10000", "20000", "100000", "500000"]);
        assert_eq!(amounts("KWD"), ["150.000", "100.000", "200.000", "1000.000", "5000.000"]);
        assert_eq!(amounts("CLF")[0], "150.0000");
    }

    #[test]
    fn nothing_is_to_be_said_against_it() {
        for code in ["USD", "EUR", "GBP", "JPY", "KWD", "SEK"] {
            let policy = Policy::try_from(&standard(Currency::parse(code).unwrap())).unwrap();
            assert_eq!(lint(&policy), [], "{code}");
        }
    }
}
