// SPDX-License-Identifier: MIT OR Apache-2.0
//! The only chance in the world: a small generator whose every number follows from a seed.

/// A stream of numbers that looks random and is not: SplitMix64.
///
/// Source: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
#[derive(Clone, Copy, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The stream of a question: the same words give the same stream, other words another.
    ///
    /// Asking by words, and not from one stream for all, keeps the rest of a story as it was when a part of it is left out.
    #[must_use]
    pub fn of(words: &[u64]) -> Self {
        let mut chance = Self(0x9e37_79b9_7f4a_7c15);
        for word in words {
            chance.0 ^= *word;
            chance.0 = chance.next();
        }
        chance
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `most`; nothing is below nothing, so that gives 0.
    pub const fn below(&mut self, most: u64) -> u64 {
        match self.next().checked_rem(most) {
            Some(number) => number,
            None => 0,
        }
    }

    /// A number from `least` to `most`, both included.
    pub const fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most.saturating_sub(least) + 1)
    }

    /// True once in so many times.
    pub const fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of several.
    ///
    /// # Panics
    /// There are none.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let most = u64::try_from(from.len()).unwrap_or(u64::MAX);
        let place = usize::try_from(self.below(most)).unwrap_or(0);
        from[place]
    }
}

/// A text as a word of a question.
#[must_use]
pub fn word(text: &str) -> u64 {
    // FNV-1a: short, and good enough to tell names apart.
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
