//! Ids of new records.

use jiff::Timestamp;
use uuid::Uuid;

/// Makes UUIDv7, ascending within a batch, from a seed: the same seed gives the same ids.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    seed: u64,
    count: u16,
}

impl Ids {
    pub fn seeded(seed: u64) -> Ids {
        Ids { seed, count: 0 }
    }

    /// Milliseconds, then a 12-bit counter, then 62 bits of SplitMix64.
    pub(super) fn next(&mut self, now: Timestamp) -> Uuid {
        self.count = self.count.wrapping_add(1);
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = mix(self.seed);
        let counter = self.count.to_be_bytes();
        let tail = mixed.to_be_bytes();
        let random = [
            counter[0], counter[1], tail[0], tail[1], tail[2], tail[3], tail[4], tail[5], tail[6],
            tail[7],
        ];
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
