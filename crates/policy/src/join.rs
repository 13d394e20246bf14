// SPDX-License-Identifier: MIT OR Apache-2.0
//! All rules of a policy joined into one diagram: at each leaf stand the rules that win there.

use std::collections::BTreeMap;

use crate::condition::Expr;
use crate::diagram::{Builder, Cache, NOWHERE, OverBudget, Ref, Straight, ix};
use crate::read::{Diagram, Policy};
use crate::rule::{RuleId, Then};

/// Sets of rules, each with a number.
#[derive(Default)]
pub(crate) struct Sets {
    list: Vec<Vec<RuleId>>,
    numbers: BTreeMap<Vec<RuleId>, u32>,
}

impl Sets {
    pub fn number(&mut self, set: Vec<RuleId>) -> u32 {
        if let Some(number) = self.numbers.get(&set) {
            return *number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(0);
        self.list.push(set.clone());
        self.numbers.insert(set, number);
        number
    }

    pub fn get(&self, leaf: Ref) -> &[RuleId] {
        leaf.content()
            .and_then(|content| self.list.get(ix(content)))
            .map_or(&[], Vec::as_slice)
    }
}

/// The parts of the joined diagram, while its builder is alive.
pub(crate) struct Joined<'a> {
    pub builder: Builder<'a>,
    pub sets: Sets,
    /// Fact at each level.
    pub order: Vec<usize>,
    /// The condition of each rule, its ancestors' included.
    pub conditions: Vec<Ref>,
    /// What can be the case at all.
    pub feasible: Ref,
    /// Leaves are sets of winners before anything is judged again; nothing is cut away.
    pub first: Ref,
    /// The same after judging again.
    pub last: Ref,
}

impl Policy {
    /// The facts in the order in which the diagram asks them: those of most rules first, and facts that stand
    /// together in conditions next to each other. A good order keeps the diagram small; any order is correct.
    pub(crate) fn asking_order(&self) -> Vec<usize> {
        let mut weights: Vec<(u64, usize)> = (0..self.facts.len()).map(|at| (0, at)).collect();
        // A rule that wins over many is a gate: its facts are asked early.
        let mut beaten = vec![0_u64; self.rules.len()];
        for exception in self.rules.iter().flat_map(|rule| &rule.exceptions) {
            if let Some(count) = beaten.get_mut(exception.0) {
                *count = count.saturating_add(1);
            }
        }
        for (rule, beaten) in self.rules.iter().zip(beaten) {
            let mut seen = vec![false; self.facts.len()];
            rule.when.tests(&mut |test| {
                if let Some(seen) = seen.get_mut(test.fact.0) {
                    *seen = true;
                }
            });
            let weight = beaten.saturating_mul(2).saturating_add(1);
            for (entry, seen) in weights.iter_mut().zip(&seen) {
                entry.0 = entry.0.saturating_add(if *seen { weight } else { 0 });
            }
        }
        weights.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let rest = weights
            .into_iter()
            .map(|(_, at)| at)
            .filter(|at| !self.order.contains(at));
        self.order.iter().copied().chain(rest).collect()
    }

    /// Joins all rules; nothing if the diagram outgrows the budget.
    pub(crate) fn join<'a>(
        &self,
        keep_going: &'a dyn Fn() -> bool,
    ) -> Result<Joined<'a>, (OverBudget, Vec<(usize, usize)>)> {
        let order = self.asking_order();
        let levels = self.levels(&order);
        let mut builder = Builder::new(self.widths(&order), self.limits.nodes, keep_going);
        let joined = self.join_in(&mut builder, &levels);
        match joined {
            Ok((sets, conditions, feasible, first, last)) => Ok(Joined {
                builder,
                sets,
                order,
                conditions,
                feasible,
                first,
                last,
            }),
            Err(over) => {
                let blame = builder
                    .size_by_level()
                    .into_iter()
                    .zip(&order)
                    .map(|(count, fact)| (count, *fact))
                    .collect();
                Err((over, blame))
            }
        }
    }

    pub(crate) fn join_in(
        &self,
        builder: &mut Builder<'_>,
        levels: &[usize],
    ) -> Result<(Sets, Vec<Ref>, Ref, Ref, Ref), OverBudget> {
        let mut feasible = Ref::TRUE;
        for (assumption, _) in &self.assumptions {
            let holds = condition(builder, levels, assumption)?;
            feasible = builder.and(feasible, holds)?;
        }
        let mut conditions: Vec<Ref> = Vec::with_capacity(self.rules.len());
        for rule in &self.rules {
            let own = condition(builder, levels, &rule.when)?;
            let parent = rule
                .parent
                .and_then(|parent| conditions.get(parent.0))
                .copied()
                .unwrap_or(Ref::TRUE);
            conditions.push(builder.and(parent, own)?);
        }
        let mut sets = Sets::default();
        let none = Ref::leaf(sets.number(Vec::new()));
        let mut wins = Vec::with_capacity(self.rules.len());
        for (at, rule) in self.rules.iter().enumerate() {
            let mut own = conditions.get(at).copied().unwrap_or(Ref::FALSE);
            for exception in &rule.exceptions {
                let theirs = conditions.get(exception.0).copied().unwrap_or(Ref::FALSE);
                own = builder.without(own, theirs)?;
            }
            let leaf = Ref::leaf(sets.number(vec![RuleId(at)]));
            let own = builder.join(own, own, &mut Cache::default(), &mut |a, _| match a {
                Ref::TRUE => Some(leaf),
                Ref::FALSE => Some(none),
                _ => None,
            })?;
            wins.push(own);
        }
        let first = union(builder, &mut sets, &wins, none)?;
        let last = self.judge_again(builder, levels, &mut sets, first)?;
        Ok((sets, conditions, feasible, first, last))
    }

    /// Where a rule says "judge again", puts the leaf that stands there under the changed fact. A case is judged
    /// again once: each rule looks at the first judgement, so the order of the rules does not matter.
    fn judge_again(
        &self,
        builder: &mut Builder<'_>,
        levels: &[usize],
        sets: &mut Sets,
        first: Ref,
    ) -> Result<Ref, OverBudget> {
        let again: Vec<(RuleId, usize, usize)> = self
            .rules
            .iter()
            .enumerate()
            .filter_map(|(at, rule)| {
                let Then::JudgeAgain { fact, value } = &rule.then else {
                    return None;
                };
                let cell = self.facts.get(fact.0)?.cell(*value)?;
                Some((RuleId(at), levels.get(fact.0).copied()?, cell))
            })
            .collect();
        if again.is_empty() {
            return Ok(first);
        }
        let none = Ref::leaf(sets.number(Vec::new()));
        // Another winner beside one that judges again stays: it is an overlap.
        let mut parts = vec![
            builder.join(first, first, &mut Cache::default(), &mut |a, _| {
                a.content()?;
                let mut set = sets.get(a).to_vec();
                set.retain(|id| again.iter().all(|(own, ..)| own != id));
                Some(Ref::leaf(sets.number(set)))
            })?,
        ];
        for (own, level, cell) in &again {
            let there = builder.given(first, *level, *cell)?;
            parts.push(
                builder.join(first, there, &mut Cache::default(), &mut |a, b| {
                    a.content()?;
                    if sets.get(a).contains(own) {
                        b.content().map(|_| b)
                    } else {
                        Some(none)
                    }
                })?,
            );
        }
        union(builder, sets, &parts, none)
    }

    pub(crate) fn build_diagram(&self, keep_going: &dyn Fn() -> bool) -> Option<Diagram> {
        let joined = self.join(keep_going).ok()?;
        let mut winners = Vec::new();
        let mut numbers = BTreeMap::new();
        for leaf in joined.builder.leaves(joined.last) {
            let mut set = joined.sets.get(leaf).to_vec();
            set.sort_by_key(|id| (self.rule(*id).cite, *id));
            numbers.insert(leaf, u32::try_from(winners.len()).unwrap_or(0));
            winners.push(set);
        }
        let mut frozen = joined.builder.freeze(joined.last, &joined.order);
        frozen.renumber(|content| {
            let leaf = Ref::leaf(content);
            numbers.get(&leaf).copied().unwrap_or(content)
        });
        let possible = joined.builder.freeze(joined.feasible, &joined.order);
        let width = |fact: usize| self.facts.get(fact).map_or(1, |def| def.cells.count());
        let best = |leaf: u32| {
            let rule = winners.get(ix(leaf)).and_then(|rules| rules.first());
            rule.and_then(|rule| u32::try_from(rule.0).ok())
                .unwrap_or(NOWHERE)
        };
        let straight = Straight::new(&frozen, &joined.order, &width, &best);
        let straight_possible = Straight::new(&possible, &joined.order, &width, &|leaf| leaf);
        Some(Diagram {
            frozen,
            possible,
            straight,
            straight_possible,
            winners,
            order: joined.order,
        })
    }

    /// A smaller order for the diagram, found by moving each fact to its best place in turn (Rudell's sifting, 1993), and the
    /// nodes it needs. Slow: for publishing, not for deciding. Gives what there is when `keep_going` says stop.
    #[must_use]
    pub fn sifted_order(&self, keep_going: &dyn Fn() -> bool) -> (Vec<&str>, usize) {
        let size = |order: &[usize]| {
            let mut builder = Builder::new(self.widths(order), self.limits.nodes, keep_going);
            let joined = self.join_in(&mut builder, &self.levels(order)).ok()?;
            let (.., last) = joined;
            Some(builder.freeze(last, order).nodes)
        };
        let mut best = self.asking_order();
        let mut least = size(&best).unwrap_or(usize::MAX);
        loop {
            let before = least;
            for fact in 0..self.facts.len() {
                let mut rest: Vec<usize> = best.iter().copied().filter(|at| *at != fact).collect();
                for place in 0..=rest.len() {
                    rest.insert(place, fact);
                    if let Some(nodes) = size(&rest)
                        && nodes < least
                    {
                        least = nodes;
                        best.clone_from(&rest);
                    }
                    rest.remove(place);
                }
            }
            if least == before || !keep_going() {
                break;
            }
        }
        let names = best
            .iter()
            .filter_map(|at| self.facts.get(*at))
            .map(|def| def.name.as_str())
            .collect();
        (names, least)
    }

    pub(crate) fn levels(&self, order: &[usize]) -> Vec<usize> {
        let mut levels = vec![0; self.facts.len()];
        for (level, fact) in order.iter().enumerate() {
            if let Some(place) = levels.get_mut(*fact) {
                *place = level;
            }
        }
        levels
    }

    pub(crate) fn widths(&self, order: &[usize]) -> Vec<usize> {
        order
            .iter()
            .map(|fact| self.facts.get(*fact).map_or(1, |def| def.cells.count()))
            .collect()
    }
}

/// A condition as a diagram.
pub(crate) fn condition(
    builder: &mut Builder<'_>,
    levels: &[usize],
    expr: &Expr,
) -> Result<Ref, OverBudget> {
    match expr {
        Expr::Const(constant) => Ok(if *constant { Ref::TRUE } else { Ref::FALSE }),
        Expr::Test(test) => builder.test(levels.get(test.fact.0).copied().unwrap_or(0), test.cells),
        Expr::Not(inner) => {
            let inner = condition(builder, levels, inner)?;
            builder.not(inner)
        }
        Expr::And(parts) => parts.iter().try_fold(Ref::TRUE, |all, part| {
            let part = condition(builder, levels, part)?;
            builder.and(all, part)
        }),
        Expr::Or(parts) => parts.iter().try_fold(Ref::FALSE, |any, part| {
            let part = condition(builder, levels, part)?;
            builder.or(any, part)
        }),
    }
}

/// Joins the rules' regions pairwise, so that no join is larger than what it makes.
fn union(
    builder: &mut Builder<'_>,
    sets: &mut Sets,
    wins: &[Ref],
    none: Ref,
) -> Result<Ref, OverBudget> {
    match wins {
        [] => Ok(none),
        [one] => Ok(*one),
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            let left = union(builder, sets, left, none)?;
            let right = union(builder, sets, right, none)?;
            builder.join(left, right, &mut Cache::default(), &mut |a, b| {
                if a == none || a == b {
                    return Some(b);
                }
                if b == none {
                    return Some(a);
                }
                a.content()?;
                b.content()?;
                let mut set = sets.get(a).to_vec();
                set.extend_from_slice(sets.get(b));
                set.sort_unstable();
                set.dedup();
                Some(Ref::leaf(sets.number(set)))
            })
        }
    }
}
