//! Numbers that look random and are the same for ever.
//!
//! The generators of `rand` may change what they give with a new version, and the demo's receipts,
//! printed in guides and pinned by tests, would change with them. SplitMix64 (Steele, Lea, Flood 2014)
//! is ten lines and never changes.

/// A SplitMix64 stream.
#[derive(Clone, Debug)]
pub(super) struct SplitMix64(u64);

impl SplitMix64 {
    /// The stream of one topic under a seed: two topics of one seed have nothing to do with each
    /// other.
    pub(super) fn of(seed: u64, topic: u64) -> Self {
        let mut mixed = SplitMix64(seed);
        let seed = mixed.next();
        SplitMix64(SplitMix64(seed ^ topic.wrapping_mul(0xD6E8_FEB8_6659_FD93)).next())
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to `bound` − 1; 0 for a bound of 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(low.abs_diff(high) + 1) as i64
    }

    /// True in so many of a thousand.
    pub(super) fn permille(&mut self, share: u64) -> bool {
        self.below(1000) < share
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of seed 1234567, as published with the algorithm's reference code.
    #[test]
    fn the_stream_is_the_published_one() {
        let mut stream = SplitMix64(1234567);
        let expected =
            [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431];
        assert_eq!([(); 4].map(|()| stream.next()), expected);
    }
}
