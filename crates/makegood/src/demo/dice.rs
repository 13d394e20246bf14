// SPDX-License-Identifier: MIT OR Apache-2.0
//! Chance that is the same each time: a seed gives one shop.

/// A generator (SplitMix64): small, and the same on every machine.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From the first number up to, and without, the second.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = u64::try_from(to.saturating_sub(from)).unwrap_or(1).max(1);
        from.saturating_add(i64::try_from(self.roll() % width).unwrap_or(0))
    }

    pub(super) fn one_of<'t, T>(&mut self, things: &'t [T]) -> Option<&'t T> {
        let most = i64::try_from(things.len()).unwrap_or(0);
        usize::try_from(self.between(0, most))
            .ok()
            .and_then(|place| things.get(place))
    }

    /// A name for something that was made at a moment: it sorts by that moment.
    pub(super) fn id(&mut self, at_seconds: i64) -> [u8; 16] {
        let millis = u64::try_from(at_seconds).unwrap_or(0).saturating_mul(1_000);
        let high = (millis << 16) | 0x7000 | (self.roll() & 0x0fff);
        let low = 0x8000_0000_0000_0000 | (self.roll() >> 2);
        ((u128::from(high) << 64) | u128::from(low)).to_be_bytes()
    }
}
