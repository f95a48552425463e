//! Everything that is random.

use std::hash::{BuildHasher as _, RandomState};

/// A source of noise that depends on nothing but its seed (SplitMix64).
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Another source, with numbers of its own.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    /// A number below this.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % limit).unwrap_or(0)
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// As it stands on a command line.
pub(crate) fn seed(text: &str) -> u64 {
    text.parse().expect("a seed is a number")
}

/// Another one each time.
pub(crate) fn fresh_seed() -> u64 {
    RandomState::new().hash_one(0) % 1_000_000_000
}
