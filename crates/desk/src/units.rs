// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ordered, delivered, dropped: what the delivery log shows, and what it may be where it shows nothing.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::amount::Ratio;
use crate::case::{CaseFile, Event, ServiceKind, WHOLE_MAX};

/// What arrived and what was lost again: known together or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Counts {
    // INVARIANT (what dropped had arrived): dropped ≤ delivered ≤ ordered, and below the baseline only if all of it dropped.
    /// Units that arrived, at most those ordered.
    pub delivered: u64,
    /// Units lost after arriving.
    pub dropped: u64,
    /// The public counter stands lower than before the order began.
    pub below_baseline: bool,
}

impl Counts {
    /// Nothing arrived, nothing dropped.
    pub const NOTHING: Self = Self {
        delivered: 0,
        dropped: 0,
        below_baseline: false,
    };

    /// What the policy asks about them, after units already refunded are taken off: first from what never arrived, then from what dropped.
    pub const fn units(self, ordered: u64, refunded: u64) -> Units {
        let undelivered = ordered.saturating_sub(self.delivered);
        Units {
            units_delivered: self.delivered,
            units_dropped: self.dropped,
            open_undelivered: undelivered.saturating_sub(refunded),
            open_dropped: self
                .dropped
                .saturating_sub(refunded.saturating_sub(undelivered)),
            below_baseline: self.below_baseline,
        }
    }
}

/// [`Counts`] as the policy sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Units {
    /// Units that arrived.
    pub units_delivered: u64,
    /// Units lost after arriving, refunded or not.
    pub units_dropped: u64,
    /// Units that never arrived and are not refunded.
    pub open_undelivered: u64,
    /// Units that dropped and are not refunded.
    pub open_dropped: u64,
    /// The public counter stands lower than before the order began.
    pub below_baseline: bool,
}

impl Units {
    /// Dropped over delivered; nothing where nothing was delivered.
    pub fn drop_share(&self) -> Ratio {
        Ratio::new(
            u128::from(self.units_dropped),
            u128::from(self.units_delivered),
        )
        .unwrap_or(Ratio::ZERO)
    }
}

/// What the delivery log shows of the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The counts; `None` where the log does not show them.
    pub counts: Option<Counts>,
    /// By which entries of the log, and how.
    pub by: CountedBy,
}

/// How units were counted. Numbers are places of the delivery log in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountedBy {
    /// Nothing started, so nothing arrived.
    NotStarted,
    /// It started, but no count before it is known.
    NoBaseline,
    /// Different accounts handed over, between these entries.
    Accounts(Option<(usize, usize)>),
    /// `delivered` entries, between these.
    Reports {
        /// The first and the last.
        between: (usize, usize),
        /// Their sum, before it is capped at what was ordered.
        sum: u128,
    },
    /// The public counter.
    Counter {
        /// The entry with the baseline.
        baseline_at: usize,
        /// The last sample.
        current_at: usize,
        /// The count before the order began.
        baseline: u64,
        /// The highest count seen since.
        highest: u64,
        /// The count now.
        current: u64,
    },
}

/// Counts what the delivery log shows. `started` says whether the order has begun.
pub fn count(case: &CaseFile, started: bool) -> Counted {
    let ordered = case.order.quantity;
    if case.order.service.kind == ServiceKind::Account {
        return count_accounts(case, ordered);
    }
    let mut reports: Option<((usize, usize), u128)> = None;
    let mut counter: Option<(usize, usize, u64, u64, u64)> = None;
    for (place, entry) in case.log() {
        match (&entry.event, &mut counter) {
            (Event::Delivered { units }, _) => {
                let ((first, _), sum) = reports.unwrap_or(((place, place), 0));
                reports = Some(((first, place), sum.saturating_add(u128::from(*units))));
            }
            (Event::Started { count: Some(count) }, None) => {
                counter = Some((place, place, *count, *count, *count));
            }
            (Event::Count { count }, Some((_, current_at, _, highest, current))) => {
                *current_at = place;
                *highest = (*highest).max(*count);
                *current = *count;
            }
            _ => {}
        }
    }
    if let Some((between, sum)) = reports {
        let delivered = u64::try_from(sum).unwrap_or(u64::MAX).min(ordered);
        let counts = Counts {
            delivered,
            ..Counts::NOTHING
        };
        return Counted {
            counts: Some(counts),
            by: CountedBy::Reports { between, sum },
        };
    }
    if let Some((baseline_at, current_at, baseline, highest, current)) = counter {
        // The baseline is a sample itself, so the highest count is not below it.
        let delivered = highest.saturating_sub(baseline).min(ordered);
        let counts = Counts {
            delivered,
            dropped: delivered.saturating_sub(current.saturating_sub(baseline)),
            below_baseline: current < baseline,
        };
        let by = CountedBy::Counter {
            baseline_at,
            current_at,
            baseline,
            highest,
            current,
        };
        return Counted {
            counts: Some(counts),
            by,
        };
    }
    if started {
        Counted {
            counts: None,
            by: CountedBy::NoBaseline,
        }
    } else {
        Counted {
            counts: Some(Counts::NOTHING),
            by: CountedBy::NotStarted,
        }
    }
}

/// Accounts do not drop: what counts is how many different ones were handed over.
fn count_accounts(case: &CaseFile, ordered: u64) -> Counted {
    let mut between: Option<(usize, usize)> = None;
    let mut accounts = BTreeSet::new();
    for (place, entry) in case.log() {
        if let Event::HandedOver { account } = &entry.event {
            accounts.insert(&**account);
            between = Some((between.map_or(place, |(first, _)| first), place));
        }
    }
    let delivered = u64::try_from(accounts.len())
        .unwrap_or(u64::MAX)
        .min(ordered);
    let counts = Counts {
        delivered,
        ..Counts::NOTHING
    };
    Counted {
        counts: Some(counts),
        by: CountedBy::Accounts(between),
    }
}

/// Where a policy cuts the facts that are counted. For the whole numbers, `t` tells `≤ t` from `> t`;
/// for the share, a ratio tells less, equal and more apart.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cuts<'c> {
    /// Cuts of `units_delivered`.
    pub units_delivered: &'c [u64],
    /// Cuts of `open_undelivered`.
    pub open_undelivered: &'c [u64],
    /// Cuts of `open_dropped`.
    pub open_dropped: &'c [u64],
    /// Cuts of `drop_share`, as numerator and denominator, both below 2^63.
    pub drop_share: &'c [(u64, u64)],
}

/// A few counts that stand for all that are possible.
///
/// Of an order of `ordered` units with `refunded` of them refunded, every combination of cells that any possible counts
/// reach (`units_delivered`, `open_undelivered`, `open_dropped`, `drop_share` by the `cuts`, and `below_baseline`) is reached by one of
/// these; and in each combination they include the least and the most of `open_undelivered`, of `open_dropped` and of their sum.
/// So whatever grows with these quantities takes its extremes here.
///
/// How: for a fixed `delivered` each cell is an interval of `dropped` between two lines. Between two neighbouring crossings of lines
/// the lines keep their order, all quantities are monotone along both coordinates, and the extremes lie in the corners: the first and the last
/// `delivered` at which the interval holds a whole number, each with its least and its most `dropped`.
///
/// ```
/// use makegood_desk::units::{Cuts, worlds};
/// // Three units, none refunded; does it matter whether anything arrived?
/// let few = worlds(3, 0, &Cuts { units_delivered: &[0], ..Cuts::default() });
/// assert!(few.len() <= 8);
/// assert!(few.iter().any(|counts| counts.delivered == 0));
/// ```
pub fn worlds(ordered: u64, refunded: u64, cuts: &Cuts) -> Vec<Counts> {
    let ordered = ordered.min(WHOLE_MAX);
    let refunded = refunded.min(WHOLE_MAX);
    let mut corners = Vec::with_capacity(64);
    push(&mut corners, 0, 0);
    // `open_undelivered` falls to nothing at this many delivered, and `open_dropped` is lessened beyond it.
    let kink = ordered.saturating_sub(refunded);
    let mut ends = Vec::from([kink]);
    ends.extend(cuts.units_delivered);
    // More than `cut` are open while fewer than `kink − cut` have arrived.
    ends.extend(
        cuts.open_undelivered
            .iter()
            .filter_map(|cut| kink.checked_sub(*cut)?.checked_sub(1)),
    );
    for (from, to) in pieces(1, ordered, ends) {
        let lines = lines(from, kink, ordered, refunded, cuts);
        for (from, to) in pieces(from, to, crossings(&lines)) {
            corners_between(from, to, &lines, &mut corners);
        }
    }
    needed(ordered, refunded, cuts, corners)
}

/// Pushes what these numbers can mean: all of it dropped may also mean that the counter stands lower than at the start.
fn push(corners: &mut Vec<Counts>, delivered: u64, dropped: u64) {
    let counts = Counts {
        delivered,
        dropped,
        below_baseline: false,
    };
    corners.push(counts);
    if dropped == delivered {
        corners.push(Counts {
            below_baseline: true,
            ..counts
        });
    }
}

/// `from..=to` in pieces, each of which ends at one of `ends` or at `to`.
fn pieces(from: u64, to: u64, mut ends: Vec<u64>) -> Vec<(u64, u64)> {
    ends.retain(|end| (from..to).contains(end));
    ends.push(to);
    ends.sort_unstable();
    ends.dedup();
    let mut next = from;
    let piece = |end: u64| {
        let piece = (next, end);
        next = end + 1;
        piece
    };
    ends.into_iter().map(piece).collect()
}

/// The line `(slope × delivered + offset) / scale`: cells lie at or below its whole part, or above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    slope: i128,
    offset: i128,
    scale: i128,
}

impl Line {
    const fn whole(slope: i128, offset: i128) -> Self {
        Self {
            slope,
            offset,
            scale: 1,
        }
    }

    /// The greatest whole number at or below the line.
    fn floor(&self, delivered: u64) -> i128 {
        let scaled = self.slope * i128::from(delivered) + self.offset;
        // Most lines are whole; a division of 128 bits is slow.
        if self.scale == 1 {
            scaled
        } else {
            scaled.div_euclid(self.scale)
        }
    }

    /// Which line is higher at this place; exact, by whole parts and then by what is over.
    fn cmp_at(&self, other: &Self, delivered: u64) -> Ordering {
        let over = |line: &Self| {
            line.slope * i128::from(delivered) + line.offset - line.floor(delivered) * line.scale
        };
        let whole = self.floor(delivered).cmp(&other.floor(delivered));
        whole.then_with(|| (over(self) * other.scale).cmp(&(over(other) * self.scale)))
    }

    /// The sum of [`Line::floor`] over `from..=to`.
    fn floor_sum(&self, from: u64, to: u64) -> i128 {
        let count = i128::from(to) - i128::from(from) + 1;
        let start = self.slope * i128::from(from) + self.offset;
        floor_sum(count, self.scale, self.slope, start)
    }
}

/// The sum of `⌊(slope × i + start) / scale⌋` over `0 ≤ i < count`, by the Euclidean algorithm. `slope ≥ 0`.
fn floor_sum(mut count: i128, mut scale: i128, mut slope: i128, start: i128) -> i128 {
    let mut sum = count * start.div_euclid(scale);
    let mut start = start.rem_euclid(scale);
    loop {
        sum += count * (count - 1) / 2 * (slope / scale);
        slope %= scale;
        sum += count * (start / scale);
        start %= scale;
        let top = slope * count + start;
        if top < scale {
            return sum;
        }
        count = top / scale;
        start = top % scale;
        (scale, slope) = (slope, scale);
    }
}

/// The lines that bound the cells of `dropped` for the `delivered` of one piece, beginning with the lowest and ending with the highest.
fn lines(from: u64, kink: u64, ordered: u64, refunded: u64, cuts: &Cuts) -> Vec<Line> {
    // Beyond the kink refunds eat into what dropped: by the units refunded more than never arrived.
    let (slope, shift) = if from > kink {
        (1, i128::from(refunded) - i128::from(ordered))
    } else {
        (0, 0)
    };
    // `dropped` from 0 (above −1) to all that was delivered; the diagonal alone may lie below the baseline.
    let mut lines = Vec::from([
        Line::whole(0, -1),
        Line::whole(1, 0),
        Line::whole(1, -1),
        Line::whole(slope, shift),
    ]);
    for &cut in cuts.open_dropped {
        lines.push(Line::whole(slope, shift + i128::from(cut)));
    }
    for &(numerator, denominator) in cuts.drop_share {
        if denominator == 0 || numerator > denominator {
            continue;
        }
        let (slope, scale) = (i128::from(numerator), i128::from(denominator));
        for offset in [0, -1] {
            lines.push(Line {
                slope,
                offset,
                scale,
            });
        }
    }
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// Where to cut so that no two lines cross within a piece.
fn crossings(lines: &[Line]) -> Vec<u64> {
    let mut ends = Vec::with_capacity(lines.len() * lines.len());
    for (index, one) in lines.iter().enumerate() {
        for other in lines.iter().skip(index + 1) {
            // (s₁ d + o₁) / c₁ = (s₂ d + o₂) / c₂
            let steeper = one.slope * other.scale - other.slope * one.scale;
            let lower = other.offset * one.scale - one.offset * other.scale;
            if steeper != 0 {
                let before = lower.div_euclid(steeper);
                ends.extend(u64::try_from(before));
            }
        }
    }
    ends
}

/// The corners of each cell over `from..=to`, where no two lines cross.
fn corners_between(from: u64, to: u64, lines: &[Line], corners: &mut Vec<Counts>) {
    let mut upwards: Vec<&Line> = lines.iter().collect();
    // Lines that meet at one end are told apart by the other.
    upwards.sort_by(|one, other| one.cmp_at(other, from).then(one.cmp_at(other, to)));
    let diagonal = Line::whole(1, 0);
    for pair in upwards.windows(2) {
        let &[low, high] = pair else { continue };
        if high.floor(from) > diagonal.floor(from) || high.floor(to) > diagonal.floor(to) {
            // More cannot drop than was delivered.
            continue;
        }
        let Some((first, last)) = Between { low, high }.ends(from, to) else {
            continue;
        };
        for delivered in [first, last] {
            for dropped in [low.floor(delivered) + 1, high.floor(delivered)] {
                if let Ok(dropped) = u64::try_from(dropped) {
                    push(corners, delivered, dropped);
                }
            }
        }
    }
}

/// The whole numbers above one line and at or below another.
struct Between<'l> {
    low: &'l Line,
    high: &'l Line,
}

impl Between<'_> {
    /// The first and the last `delivered` in `from..=to` with a whole number between the lines.
    fn ends(&self, from: u64, to: u64) -> Option<(u64, u64)> {
        let holds = |delivered| self.high.floor(delivered) > self.low.floor(delivered);
        if holds(from) && holds(to) {
            return Some((from, to));
        }
        if self.low.scale == 1 && self.high.scale == 1 {
            // Between whole lines the room grows or shrinks evenly, so nothing at both ends is nothing at all.
            return match (holds(from), holds(to)) {
                (true, true) => Some((from, to)),
                (true, false) => Some((from, halve(from, to, |middle| !holds(middle + 1)))),
                (false, true) => Some((halve(from, to, holds), to)),
                (false, false) => None,
            };
        }
        if let Some(step) = self.step_of_one_line() {
            let (first, last) = (from.div_ceil(step).checked_mul(step)?, to / step * step);
            return (first <= last).then_some((first, last));
        }
        // A sliver: its first and its last point are found by halving, because points up to a place can be counted.
        if self.points(from, to) == 0 {
            return None;
        }
        let first = halve(from, to, |middle| self.points(from, middle) > 0);
        let last = halve(from, to, |middle| self.points(middle + 1, to) == 0);
        Some((first, last))
    }

    /// If these are one share line and what is just below it: every which `delivered` has that share exactly.
    fn step_of_one_line(&self) -> Option<u64> {
        let (low, high) = (self.low, self.high);
        let one = low.slope == high.slope && low.scale == high.scale;
        if !one || low.offset != -1 || high.offset != 0 {
            return None;
        }
        let (mut divisor, mut rest) = (high.scale, high.slope);
        while rest != 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        u64::try_from(high.scale / divisor).ok()
    }

    /// How many there are over `from..=to`. No fewer than none at any place, because the lines do not cross.
    fn points(&self, from: u64, to: u64) -> i128 {
        self.high.floor_sum(from, to) - self.low.floor_sum(from, to)
    }
}

/// The first of `from..=to` for which it is so; so for `to`, and for all after the first.
fn halve(from: u64, to: u64, is_so: impl Fn(u64) -> bool) -> u64 {
    let (mut least, mut most) = (from, to);
    while least < most {
        let middle = least + (most - least) / 2;
        if is_so(middle) {
            most = middle;
        } else {
            least = middle + 1;
        }
    }
    least
}

/// Which combination of cells counts fall into: one number per cut, put at the end of `cells`.
fn cell(units: &Units, cuts: &Cuts, cells: &mut Vec<u8>) {
    let mut whole = |value: u64, cuts: &[u64]| {
        cells.extend(cuts.iter().map(|cut| u8::from(value > *cut)));
    };
    whole(units.units_delivered, cuts.units_delivered);
    whole(units.open_undelivered, cuts.open_undelivered);
    whole(units.open_dropped, cuts.open_dropped);
    cells.push(u8::from(units.below_baseline));
    // Nothing delivered is a share of nothing, as if nothing of one unit had dropped.
    let of = u128::from(units.units_delivered.max(1));
    cells.extend(cuts.drop_share.iter().map(|&(numerator, denominator)| {
        let share = u128::from(units.units_dropped) * u128::from(denominator);
        match share.cmp(&(u128::from(numerator) * of)) {
            Ordering::Less => 0,
            Ordering::Equal => 1,
            Ordering::Greater => 2,
        }
    }));
}

/// Of all corners those that are needed: in each combination of cells a few that take all extremes.
fn needed(ordered: u64, refunded: u64, cuts: &Cuts, mut corners: Vec<Counts>) -> Vec<Counts> {
    corners.sort_unstable();
    corners.dedup();
    let mut cells = Vec::with_capacity(corners.len() * 8);
    let mut sized = Vec::with_capacity(corners.len());
    for counts in corners {
        let units = counts.units(ordered, refunded);
        cell(&units, cuts, &mut cells);
        let sum = units.open_undelivered + units.open_dropped;
        sized.push(([units.open_undelivered, units.open_dropped, sum], counts));
    }
    let width = cells.len() / sized.len().max(1);
    let mut found: Vec<(&[u8], [u64; 3], Counts)> = cells
        .chunks_exact(width)
        .zip(sized)
        .map(|(cell, (sizes, counts))| (cell, sizes, counts))
        .collect();
    found.sort_unstable();
    let mut kept = Vec::new();
    for group in found.chunk_by(|one, other| one.0 == other.0) {
        let least = |which: usize| {
            group
                .iter()
                .filter_map(|(_, sizes, _)| sizes.get(which))
                .min()
        };
        let most = |which: usize| {
            group
                .iter()
                .filter_map(|(_, sizes, _)| sizes.get(which))
                .max()
        };
        let wanted = [0, 1, 2].map(|which| [least(which), most(which)]);
        let mut missing = [[true; 2]; 3];
        let takes = |sizes: &[u64; 3], missing: &[[bool; 2]; 3]| {
            let mut taken = 0_usize;
            let ends = wanted.iter().zip(missing).zip(sizes);
            for ((extremes, open), size) in ends {
                for (extreme, open) in extremes.iter().zip(open) {
                    taken += usize::from(*open && *extreme == Some(size));
                }
            }
            taken
        };
        // The one that takes most of what is still missing, until nothing is.
        while let Some((_, sizes, counts)) = group
            .iter()
            .max_by_key(|(_, sizes, _)| takes(sizes, &missing))
            .filter(|(_, sizes, _)| takes(sizes, &missing) > 0)
        {
            kept.push(*counts);
            for ((extremes, open), size) in wanted.iter().zip(&mut missing).zip(sizes) {
                for (extreme, open) in extremes.iter().zip(open) {
                    *open &= *extreme != Some(size);
                }
            }
        }
    }
    kept.sort_unstable();
    kept
}
