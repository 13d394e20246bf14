// SPDX-License-Identifier: MIT OR Apache-2.0
//! Chance that can be had again: the same seed gives the same choices.

/// A row of numbers that look random.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The row of this seed, apart from other rows of the same seed.
    #[must_use]
    pub fn new(seed: u64, row: u64) -> Self {
        let mut chance = Self(seed ^ row.wrapping_mul(0xA076_1D64_78BD_642F));
        chance.number();
        chance
    }

    /// The next number (SplitMix64).
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one.
    pub fn below(&mut self, end: u64) -> u64 {
        self.number().checked_rem(end).unwrap_or(0)
    }

    /// Whether something happens that happens so many times in a hundred.
    pub fn percent(&mut self, times: u64) -> bool {
        self.below(100) < times
    }

    /// One of these.
    ///
    /// # Panics
    /// There is none.
    pub fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        let length = u64::try_from(of.len()).unwrap_or(u64::MAX);
        let place = usize::try_from(self.below(length)).unwrap_or(0);
        of.get(place).expect("there is one")
    }
}
