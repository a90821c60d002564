//! How a real shop trades: figures measured on UCI Online Retail 352 (doi:10.24432/C5BW33, CC BY 4.0;
//! invoices before 2011-07-13: 10,198 with priced goods). The figures are kept, the data is not.
//!
//! A table of quantiles holds `(permille, value)`; between two points values are spread evenly. Its
//! last point repeats an earlier quantile, so that one wholesale order of 74,215 pieces does not
//! stand in every demo.

use super::random::SplitMix64;

type Quantiles = [(u64, i64)];

/// Lines of a basket. Measured on UCI Online Retail 352.
#[rustfmt::skip]
pub(super) const BASKET_LINES: &Quantiles = &[
    (0, 1), (100, 1), (101, 2), (200, 4), (300, 8), (400, 11), (500, 15), (600, 19), (700, 24), (800, 33), (900, 51),
    (950, 72), (980, 144), (990, 203), (1000, 203),
];

/// Price of a unit over all lines, in minor units. Measured on UCI Online Retail 352.
#[rustfmt::skip]
pub(super) const UNIT_PRICE: &Quantiles = &[
    (0, 29), (50, 42), (100, 72), (200, 125), (300, 145), (400, 165), (500, 210), (600, 295), (700, 375), (800, 495),
    (900, 795), (950, 995), (980, 1413), (990, 1695), (995, 2079), (999, 3595), (1000, 3595),
];

/// Units of a line. Measured on UCI Online Retail 352.
#[rustfmt::skip]
pub(super) const LINE_UNITS: &Quantiles = &[
    (0, 1), (280, 1), (281, 2), (430, 2), (500, 3), (600, 5), (700, 8), (800, 12), (900, 24), (950, 27), (980, 72),
    (990, 100), (1000, 100),
];

/// Sales of one customer. Measured on UCI Online Retail 352.
#[rustfmt::skip]
pub(super) const VISITS: &Quantiles = &[
    (0, 1), (440, 1), (441, 2), (600, 2), (700, 3), (800, 4), (900, 6), (950, 9), (980, 14), (990, 19), (995, 31),
    (999, 59), (1000, 59),
];

/// Calendar days from a sale to its return. Measured on the matched credit lines of UCI Online
/// Retail 352.
#[rustfmt::skip]
pub(super) const DAYS_TO_RETURN: &Quantiles = &[
    (0, 0), (100, 0), (101, 1), (200, 3), (300, 4), (400, 6), (500, 8), (600, 11), (700, 17), (800, 24), (900, 44),
    (950, 66), (980, 98), (990, 124), (999, 192), (1000, 202),
];

/// Lines of a sale that came back, of those of which any did. Measured on UCI Online Retail 352.
#[rustfmt::skip]
pub(super) const LINES_COMING_BACK: &Quantiles =
    &[(0, 1), (500, 1), (510, 2), (700, 2), (800, 3), (900, 4), (950, 5), (980, 9), (1000, 9)];

/// Share of all lines, in permille, that the most sold so many permille of the products make up.
/// Measured on UCI Online Retail 352.
#[rustfmt::skip]
const LINES_BY_POPULARITY: &[(u64, i64)] = &[
    (0, 0), (58, 5), (98, 10), (161, 20), (297, 50), (451, 100), (645, 200), (772, 300), (859, 400), (916, 500),
    (955, 600), (978, 700), (992, 800), (998, 900), (1000, 1000),
];

/// Sales of each hour of the day, 7 to 20 o'clock. Measured on UCI Online Retail 352.
#[rustfmt::skip]
pub(super) const SALES_BY_HOUR: &[(i8, u64)] = &[
    (7, 21), (8, 286), (9, 758), (10, 1254), (11, 1257), (12, 1591), (13, 1392), (14, 1235), (15, 1220), (16, 663),
    (17, 316), (18, 105), (19, 91), (20, 9),
];

/// Permille of baskets that hold one product on several lines, and of those, at different prices
/// (1,255 of 10,198; 112 of 1,255). Measured on UCI Online Retail 352.
pub(super) const BASKETS_WITH_A_REPEAT: u64 = 123;
pub(super) const REPEATS_AT_ANOTHER_PRICE: u64 = 89;
/// Permille of sales without a known customer (926 of 10,198). Measured on UCI Online Retail 352.
pub(super) const SALES_WITHOUT_CUSTOMER: u64 = 91;
/// Permille of sales of which something came back (1,649 of 10,198). Measured on UCI Online Retail 352.
pub(super) const SALES_COMING_BACK: u64 = 162;
/// Permille of returned lines of which only a part came back (2,296 of 3,503). Measured on UCI
/// Online Retail 352.
pub(super) const RETURNS_OF_A_PART: u64 = 655;

/// A value from a table of quantiles.
pub(super) fn draw(table: &Quantiles, random: &mut SplitMix64) -> i64 {
    at(table, random.below(1_000_000), 1)
}

/// The rank of a product among so many, 0 the most sold.
pub(super) fn popular(products: usize, random: &mut SplitMix64) -> usize {
    let rank = at(LINES_BY_POPULARITY, random.below(1_000_000), products as i64) / 1000;
    (rank as usize).min(products.saturating_sub(1))
}

/// An hour of the day.
pub(super) fn hour(random: &mut SplitMix64) -> i8 {
    let mut left = random.below(SALES_BY_HOUR.iter().map(|(_, sales)| sales).sum());
    for (hour, sales) in SALES_BY_HOUR {
        match left.checked_sub(*sales) {
            Some(rest) => left = rest,
            None => return *hour,
        }
    }
    12
}

/// The value at a millionth of a table, times `scale`, rounded half up.
fn at(table: &Quantiles, millionth: u64, scale: i64) -> i64 {
    let after = table
        .partition_point(|(permille, _)| permille * 1000 <= millionth)
        .clamp(1, table.len() - 1);
    let ((from, low), (to, high)) = (table[after - 1], table[after]);
    let (low, high) = (low * scale, high * scale);
    let (part, whole) = ((millionth - from * 1000) as i64, ((to - from) * 1000) as i64);
    low + (2 * (high - low) * part + whole) / (2 * whole)
}
