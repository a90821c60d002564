//! The words of a return that registers send: reasons, conditions, dispositions, and where the
//! money should go.

use std::fmt;

/// An enum of words that travel as text: `ALL`, `as_str` and `parse` come with it, so that no list
/// is kept twice.
macro_rules! vocabulary {
    ($(#[$about:meta])* $name:ident { $($(#[$word_about:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$word_about])* $word,)+ }

        impl $name {
            /// Every word, in the order of the contract.
            pub const ALL: &'static [$name] = &[$($name::$word,)+];

            /// The word as it travels.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$word => $text,)+ }
            }

            /// Reads the word; nothing for any other text.
            pub fn parse(text: &str) -> Option<$name> {
                match text { $($text => Some($name::$word),)+ _ => None }
            }
        }
    };
}
pub(crate) use vocabulary;

vocabulary! {
    /// The state in which the goods came back.
    Condition {
        Unopened = "unopened",
        Opened = "opened",
        Used = "used",
        Damaged = "damaged",
        Incomplete = "incomplete",
    }
}

vocabulary! {
    /// What happens to the goods (the words of POSLog 6).
    Disposition {
        Undecided = "undecided",
        ReturnToStock = "return_to_stock",
        ReturnToSupplier = "return_to_supplier",
        ReturnToManufacturer = "return_to_manufacturer",
        Repair = "repair",
        Transform = "transform",
        WriteOff = "write_off",
        Waste = "waste",
    }
}

vocabulary! {
    /// Where the customer would like the money; the policy decides whether it may go there.
    RefundTo {
        /// The means of payment of the sale.
        Original = "original",
        StoreCredit = "store_credit",
        GiftCard = "gift_card",
        Cash = "cash",
        Check = "check",
    }
}

/// Why something comes back. Open: a policy may add reasons to the [`Reason::STANDARD`] ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reason(String);

impl Reason {
    /// The reasons every shop has.
    pub const STANDARD: [&'static str; 12] = [
        "defective",
        "damaged",
        "wrong_item",
        "not_as_described",
        "changed_mind",
        "wrong_size",
        "gift",
        "duplicate",
        "late",
        "recall",
        "price_adjustment",
        "other",
    ];
    /// The standard reason that law protects: no restocking fee, no shop's window within the legal
    /// period.
    pub const DEFECTIVE: &'static str = "defective";
    /// The longest reason, in characters.
    pub const MAX_LENGTH: usize = 40;

    /// Reads a well-formed reason: 1 to 40 of `a-z 0-9 _`, a letter first. Whether a policy knows
    /// it is the policy's word.
    pub fn parse(text: &str) -> Option<Reason> {
        let well_formed = text.len() <= Self::MAX_LENGTH
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        well_formed.then(|| Reason(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_standard(&self) -> bool {
        Self::STANDARD.contains(&self.as_str())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_as_itself() {
        assert!(Condition::ALL.iter().all(|w| Condition::parse(w.as_str()) == Some(*w)));
        assert!(Disposition::ALL.iter().all(|w| Disposition::parse(w.as_str()) == Some(*w)));
        assert!(RefundTo::ALL.iter().all(|w| RefundTo::parse(w.as_str()) == Some(*w)));
        assert_eq!(Condition::parse("Opened"), None);
    }

    #[test]
    fn reasons_are_open_but_well_formed() {
        for standard in Reason::STANDARD {
            assert!(
                Reason::parse(standard).is_some_and(|reason| reason.is_standard()),
                "{standard}"
            );
        }
        assert!(Reason::parse("smells_of_smoke").is_some_and(|reason| !reason.is_standard()));
        for malformed in ["", "_x", "9x", "Late", "too late", "späť", &"a".repeat(41)] {
            assert_eq!(Reason::parse(malformed), None, "{malformed}");
        }
    }
}
