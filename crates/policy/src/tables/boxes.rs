// SPDX-License-Identifier: MIT OR Apache-2.0
//! A condition as a sum of few, large boxes.

use std::collections::BTreeMap;

use crate::condition::{Expr, FactId};
use crate::read::Policy;

/// The cells of each fact, a bit each; a fact that is left out may have any value.
pub(super) type Area = BTreeMap<FactId, u64>;

/// Boxes that may overlap; a case lies in the region if it lies in one of them.
pub(super) type Region = Vec<Area>;

/// Most boxes while a condition is laid out; no person reads as many rows.
const MOST_BOXES: usize = 400;
/// Most steps that one question about boxes may take; beyond them, a box is kept as it is.
const MOST_STEPS: usize = 2_000;

/// The region in which a condition holds; nothing if it takes too many boxes.
pub(super) fn region(policy: &Policy, condition: &Expr) -> Option<Region> {
    let layout = Layout { policy };
    let mut region = layout.lay_out(condition, true)?;
    layout.widen(&mut region);
    layout.thin_out(&mut region);
    layout.merge(&mut region);
    Some(region)
}

struct Layout<'a> {
    policy: &'a Policy,
}

impl Layout<'_> {
    fn domain(&self, fact: FactId) -> u64 {
        self.policy.fact_def(fact).cells.domain()
    }

    fn cells(&self, area: &Area, fact: FactId) -> u64 {
        area.get(&fact)
            .copied()
            .unwrap_or_else(|| self.domain(fact))
    }

    /// Where the condition holds, or where it does not.
    fn lay_out(&self, condition: &Expr, holds: bool) -> Option<Region> {
        match condition {
            Expr::Const(constant) => Some(if *constant == holds {
                vec![Area::new()]
            } else {
                Vec::new()
            }),
            Expr::Test(test) => {
                let domain = self.domain(test.fact);
                let cells = if holds { test.cells } else { !test.cells } & domain;
                Some(match cells {
                    0 => Vec::new(),
                    all if all == domain => vec![Area::new()],
                    some => vec![Area::from([(test.fact, some)])],
                })
            }
            Expr::Not(inner) => self.lay_out(inner, !holds),
            Expr::And(parts) if holds => self.both(parts, holds),
            Expr::Or(parts) if !holds => self.both(parts, holds),
            Expr::And(parts) | Expr::Or(parts) => self.either(parts, holds),
        }
    }

    fn either(&self, parts: &[Expr], holds: bool) -> Option<Region> {
        let mut region = Region::new();
        for part in parts {
            region.extend(self.lay_out(part, holds)?);
            self.merge(&mut region);
            self.within_limits(&region)?;
        }
        Some(region)
    }

    fn both(&self, parts: &[Expr], holds: bool) -> Option<Region> {
        let mut region = vec![Area::new()];
        for part in parts {
            let part = self.lay_out(part, holds)?;
            let pairs = region.iter().flat_map(|a| part.iter().map(move |b| (a, b)));
            let mut product: Region = pairs.filter_map(|(a, b)| self.meet(a, b)).collect();
            self.within_limits(&product)?;
            self.merge(&mut product);
            region = product;
        }
        Some(region)
    }

    fn within_limits(&self, region: &Region) -> Option<()> {
        (region.len() <= MOST_BOXES).then_some(())
    }

    /// What two boxes have in common.
    fn meet(&self, a: &Area, b: &Area) -> Option<Area> {
        let mut out = a.clone();
        for (fact, cells) in b {
            let cells = self.cells(a, *fact) & cells;
            if cells == 0 {
                return None;
            }
            out.insert(*fact, cells);
        }
        Some(out)
    }

    /// Whether the first box holds the second.
    fn holds(&self, large: &Area, small: &Area) -> bool {
        large
            .iter()
            .all(|(fact, cells)| self.cells(small, *fact) & !cells == 0)
    }

    /// Drops boxes inside others, and joins two boxes that differ in one fact alone, until nothing changes.
    fn merge(&self, region: &mut Region) {
        let mut at = 0;
        while at < region.len() {
            let Some(current) = region.get(at).cloned() else {
                return;
            };
            let partner = (0..region.len())
                .filter(|other| *other != at)
                .find_map(|other| {
                    let joined = self.join(&current, region.get(other)?)?;
                    Some((other, joined))
                });
            match partner {
                Some((other, joined)) => {
                    // The joined box takes the place of the earlier one and is looked at again.
                    let (first, second) = (at.min(other), at.max(other));
                    region.remove(second);
                    if let Some(place) = region.get_mut(first) {
                        *place = joined;
                    }
                    at = first;
                    // What stood before it may join it now.
                    if first > 0 {
                        at = 0;
                    }
                }
                None => at = at.saturating_add(1),
            }
        }
    }

    /// Two boxes as one, where that is exact.
    fn join(&self, a: &Area, b: &Area) -> Option<Area> {
        if self.holds(a, b) {
            return Some(a.clone());
        }
        if self.holds(b, a) {
            return Some(b.clone());
        }
        let mut facts = a.keys().chain(b.keys());
        let differs = |fact: &&FactId| self.cells(a, **fact) != self.cells(b, **fact);
        let fact = *facts.find(differs)?;
        if facts.any(|other| *other != fact && differs(&other)) {
            return None;
        }
        let cells = self.cells(a, fact) | self.cells(b, fact);
        Some(self.with(a, fact, cells))
    }

    fn with(&self, area: &Area, fact: FactId, cells: u64) -> Area {
        let mut out = area.clone();
        if cells == self.domain(fact) {
            out.remove(&fact);
        } else {
            out.insert(fact, cells);
        }
        out
    }

    /// Lets each box take every value that stays inside the region.
    fn widen(&self, region: &mut Region) {
        for at in 0..region.len() {
            let Some(mut area) = region.get(at).cloned() else {
                return;
            };
            let facts: Vec<FactId> = area.keys().copied().collect();
            for fact in facts {
                let mut cells = self.cells(&area, fact);
                for cell in crate::fact::bits(self.domain(fact) & !cells) {
                    let slice = self.with(&area, fact, crate::fact::bit(cell));
                    if self.is_covered(&slice, region, None) {
                        cells |= crate::fact::bit(cell);
                    }
                }
                area = self.with(&area, fact, cells);
            }
            if let Some(place) = region.get_mut(at) {
                *place = area;
            }
        }
    }

    /// Drops boxes that the others cover together, narrow ones first.
    fn thin_out(&self, region: &mut Region) {
        let mut places: Vec<usize> = (0..region.len()).collect();
        let width = |at: &usize| region.get(*at).map_or(0, Area::len);
        places.sort_by_key(|at| std::cmp::Reverse((width(at), *at)));
        let mut dropped = vec![false; region.len()];
        for at in places {
            let Some(area) = region.get(at) else { continue };
            if let Some(place) = dropped.get_mut(at) {
                *place = true;
            }
            if !self.is_covered(area, region, Some(&dropped))
                && let Some(place) = dropped.get_mut(at)
            {
                *place = false;
            }
        }
        let mut kept = dropped.iter().map(|dropped| !dropped);
        region.retain(|_| kept.next().unwrap_or(true));
    }

    /// Whether the boxes that are left cover an area. "No" where the question takes too long.
    fn is_covered(&self, area: &Area, region: &Region, dropped: Option<&[bool]>) -> bool {
        let left = region.iter().enumerate().filter(|(at, _)| {
            dropped.is_none_or(|dropped| !dropped.get(*at).copied().unwrap_or(false))
        });
        let left: Vec<&Area> = left.map(|(_, area)| area).collect();
        let mut pending = vec![area.clone()];
        for _ in 0..MOST_STEPS {
            let Some(area) = pending.pop() else {
                return true;
            };
            if left.iter().any(|large| self.holds(large, &area)) {
                continue;
            }
            // A box that holds a part: the rest of the area, fact by fact, is still to be covered.
            let Some(part) = left.iter().find(|part| self.meet(part, &area).is_some()) else {
                return false;
            };
            let mut inside = area;
            for (fact, cells) in *part {
                let own = self.cells(&inside, *fact);
                if own & !cells != 0 {
                    pending.push(self.with(&inside, *fact, own & !cells));
                    inside = self.with(&inside, *fact, own & cells);
                }
            }
        }
        false
    }
}
