//! The prefixes and lengths of payment cards' numbers, network by network.
//!
//! Source: the networks' own public BIN tables and ISO/IEC 7812-1, as of 2026-11. The first digits
//! of a number (its IIN) name its issuer's network. Major industry 8 is telecommunications, 89 are
//! SIM cards (ITU-T E.118): of those only the ranges that UnionPay and RuPay took are listed.

/// Numbers of one network: a range of prefixes, written with equally many digits, and the lengths
/// that occur.
pub struct Range {
    pub from: &'static str,
    pub to: &'static str,
    pub lengths: &'static [usize],
}

const fn range(from: &'static str, to: &'static str, lengths: &'static [usize]) -> Range {
    Range { from, to, lengths }
}

const UP_TO_19: &[usize] = &[16, 17, 18, 19];
const DINERS: &[usize] = &[14, 16, 17, 18, 19];
const MAESTRO: &[usize] = &[12, 13, 14, 15, 16, 17, 18, 19];

pub const RANGES: &[Range] = &[
    // Visa; 13 digits are no longer issued.
    range("4", "4", &[13, 16, 19]),
    // Mastercard.
    range("51", "55", &[16]),
    range("2221", "2720", &[16]),
    // American Express.
    range("34", "34", &[15]),
    range("37", "37", &[15]),
    // Diners Club. Not with 15 digits, which are IMEIs of satellite phones.
    range("300", "305", DINERS),
    range("3095", "3095", DINERS),
    range("36", "36", DINERS),
    range("38", "39", DINERS),
    // Discover.
    range("6011", "6011", UP_TO_19),
    range("644", "649", UP_TO_19),
    range("65", "65", UP_TO_19),
    // JCB, with its first numbers.
    range("3528", "3589", UP_TO_19),
    range("1800", "1800", &[15]),
    range("2131", "2131", &[15]),
    // UnionPay, and China T-Union.
    range("62", "62", UP_TO_19),
    range("810", "817", UP_TO_19),
    range("31", "31", &[19]),
    // Maestro: the ranges with short numbers, then the rest.
    range("5018", "5018", MAESTRO),
    range("5020", "5020", MAESTRO),
    range("5038", "5038", MAESTRO),
    range("5893", "5893", MAESTRO),
    range("6304", "6304", MAESTRO),
    range("6390", "6390", MAESTRO),
    range("6759", "6759", MAESTRO),
    range("6761", "6763", MAESTRO),
    range("50", "50", UP_TO_19),
    range("56", "58", UP_TO_19),
    range("67", "67", UP_TO_19),
    // Switch and Solo, InterPayment.
    range("633110", "633110", UP_TO_19),
    range("6333", "6334", UP_TO_19),
    range("636", "636", UP_TO_19),
    // Mir; Borica.
    range("2200", "2205", UP_TO_19),
    // RuPay and others of India; Hipercard, Cabal and others of Latin America.
    range("60", "60", UP_TO_19),
    range("81", "82", &[16]),
    // Elo, beside its parts of other ranges.
    range("627780", "627780", &[16]),
    // Troy; Napas; Uzcard; Humo; GPN.
    range("9792", "9792", &[16]),
    range("9704", "9704", &[16, 19]),
    range("8600", "8600", &[16]),
    range("9860", "9860", &[16]),
    range("1946", "1946", &[16]),
];

/// Returns true if a network issues cards with numbers that begin and are as long as this one.
pub fn is_issued(digits: &[u8]) -> bool {
    RANGES.iter().any(|Range { from, to, lengths }| {
        let begins = digits.get(..from.len());
        begins.is_some_and(|begins| from.as_bytes() <= begins && begins <= to.as_bytes())
            && lengths.contains(&digits.len())
    })
}
