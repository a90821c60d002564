//! Quantities, in thousandths of a unit, so that goods sold by weight count exactly.

use std::fmt;

/// A quantity in thousandths: `Quantity(1_500)` is 1.5 units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Quantity(pub i64);

impl Quantity {
    pub const ZERO: Quantity = Quantity(0);
    pub const ONE: Quantity = Quantity(1_000);
    /// The largest quantity taken: a thousand million units.
    pub const MAX: Quantity = Quantity(1_000_000_000_000);

    /// Decimals that count; other systems write more of them, as zeros.
    const DECIMALS: usize = 3;

    /// Reads decimal text with up to three decimals, more than zero. Zeros behind them say nothing
    /// and are passed over (`1.70000`). Exponents, signs, spaces and real decimals beyond three are
    /// refused.
    pub fn parse(text: &str) -> Option<Quantity> {
        let (exact, beyond) = match text.find('.').map(|point| point + 1 + Self::DECIMALS) {
            Some(end) => text.split_at_checked(end).unwrap_or((text, "")),
            None => (text, ""),
        };
        if beyond.bytes().any(|digit| digit != b'0') {
            return None;
        }
        let thousandths = super::money::parse_scaled(exact, 3)?;
        (thousandths > 0 && thousandths <= Self::MAX.0).then_some(Quantity(thousandths))
    }

    /// Whole units.
    pub fn units(units: i64) -> Quantity {
        Quantity(units * 1_000)
    }

    pub fn is_whole(self) -> bool {
        self.0 % 1_000 == 0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1_000, self.0 % 1_000);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let decimals = format!("{rest:03}");
        write!(f, "{whole}.{}", decimals.trim_end_matches('0'))
    }
}
