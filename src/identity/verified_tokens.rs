//! Tokens whose signature was checked already, so that a register's next request costs a look-up.
//!
//! Kept by SHA-256 of the token, never the token itself. Bounded: two halves, the older thrown away
//! when the younger is full; what is in use moves to the younger.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

pub(super) type TokenHash = [u8; 32];

pub(super) struct VerifiedTokens<V> {
    half: usize,
    halves: Mutex<Halves<V>>,
}

struct Halves<V> {
    young: HashMap<TokenHash, V>,
    old: HashMap<TokenHash, V>,
}

impl<V: Clone> VerifiedTokens<V> {
    /// A cache of at most `capacity` tokens; 0 keeps none.
    pub(super) fn new(capacity: usize) -> Self {
        let halves = Halves { young: HashMap::new(), old: HashMap::new() };
        VerifiedTokens { half: capacity / 2, halves: Mutex::new(halves) }
    }

    pub(super) fn get(&self, hash: &TokenHash) -> Option<V> {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = halves.young.get(hash) {
            return Some(value.clone());
        }
        let value = halves.old.remove(hash)?;
        halves.put(*hash, value.clone(), self.half);
        Some(value)
    }

    pub(super) fn put(&self, hash: TokenHash, value: V) {
        self.halves.lock().unwrap_or_else(PoisonError::into_inner).put(hash, value, self.half);
    }

    pub(super) fn remove(&self, hash: &TokenHash) {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        halves.young.remove(hash);
        halves.old.remove(hash);
    }
}

impl<V> Halves<V> {
    fn put(&mut self, hash: TokenHash, value: V, half: usize) {
        if half == 0 {
            return;
        }
        if self.young.len() >= half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_bounded_and_keeps_what_is_used() {
        let cache = VerifiedTokens::new(10);
        let hash = |n: u32| std::array::from_fn(|i| n.to_be_bytes()[i % 4]);
        for n in 0..1_000 {
            cache.put(hash(n), n);
            assert_eq!(cache.get(&hash(0)), Some(0));
            let halves = cache.halves.lock().unwrap();
            assert!(halves.young.len() + halves.old.len() <= 10);
        }
        assert_eq!(cache.get(&hash(1)), None);
        cache.remove(&hash(0));
        assert_eq!(cache.get(&hash(0)), None);
    }
}
