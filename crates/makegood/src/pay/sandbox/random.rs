// SPDX-License-Identifier: MIT OR Apache-2.0
//! Chance that can be repeated: numbers and names out of a seed.

/// A small generator (SplitMix64). Not for secrets that guard anything real.
#[derive(Clone, Debug)]
pub struct Random(u64);

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Random {
    /// The sequence of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// The next number below a bound; 0 where the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.number().checked_rem(bound).unwrap_or(0)
    }

    /// A name such as `re_0aB…`: the prefix and 24 letters and digits.
    pub fn id(&mut self, prefix: &str) -> String {
        let mut id = format!("{prefix}_");
        for _ in 0..24 {
            let place = usize::try_from(self.below(62)).unwrap_or(0);
            id.push(char::from(ALPHABET.get(place).copied().unwrap_or(b'0')));
        }
        id
    }
}
