// SPDX-License-Identifier: MIT OR Apache-2.0
//! All rules of a policy joined into one diagram: at each leaf stand the rules that win there.

use std::collections::BTreeMap;

use crate::condition::Expr;
use crate::diagram::{Builder, Cache, NOWHERE, OverBudget, Ref, ix};
use crate::fact::bits;
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
        let number = u32::try_from(self.list.len()).unwrap_or(NOWHERE);
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
    /// Level of each fact.
    pub levels: Vec<usize>,
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
    fn asking_order(&self) -> Vec<usize> {
        let mut weights: Vec<(u64, usize)> = (0..self.facts.len()).map(|at| (0, at)).collect();
        for rule in &self.rules {
            let mut seen = vec![false; self.facts.len()];
            rule.when.tests(&mut |test| {
                if let Some(seen) = seen.get_mut(test.fact.0) {
                    *seen = true;
                }
            });
            // A rule that overrides many is a gate: its facts are asked early.
            let beaten = self
                .rules
                .iter()
                .filter(|other| {
                    other
                        .exceptions
                        .iter()
                        .any(|id| self.rule(*id).name == rule.name)
                })
                .count();
            let weight = u64::try_from(beaten)
                .unwrap_or(0)
                .saturating_mul(2)
                .saturating_add(1);
            for (entry, seen) in weights.iter_mut().zip(&seen) {
                entry.0 = entry.0.saturating_add(if *seen { weight } else { 0 });
            }
        }
        weights.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        weights.into_iter().map(|(_, at)| at).collect()
    }

    /// Joins all rules; nothing if the diagram outgrows the budget.
    pub(crate) fn join<'a>(
        &self,
        keep_going: &'a dyn Fn() -> bool,
    ) -> Result<Joined<'a>, (OverBudget, Vec<(usize, usize)>)> {
        let order = self.asking_order();
        let mut levels = vec![0; self.facts.len()];
        for (level, fact) in order.iter().enumerate() {
            if let Some(place) = levels.get_mut(*fact) {
                *place = level;
            }
        }
        let widths = order
            .iter()
            .map(|fact| self.facts.get(*fact).map_or(1, |def| def.cells.count()))
            .collect();
        let mut builder = Builder::new(widths, self.limits.nodes, keep_going);
        let joined = self.join_in(&mut builder, &levels);
        match joined {
            Ok((sets, conditions, feasible, first, last)) => Ok(Joined {
                builder,
                sets,
                levels,
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

    #[expect(
        clippy::type_complexity,
        reason = "the parts of one value, put together at the only call"
    )]
    fn join_in(
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

    /// Where a rule says "judge again", puts the leaf that stands there under the changed fact.
    fn judge_again(
        &self,
        builder: &mut Builder<'_>,
        levels: &[usize],
        sets: &mut Sets,
        first: Ref,
    ) -> Result<Ref, OverBudget> {
        let mut again = first;
        for (at, rule) in self.rules.iter().enumerate() {
            let Then::JudgeAgain { fact, value } = &rule.then else {
                continue;
            };
            let Some(cell) = self.facts.get(fact.0).and_then(|def| def.cell(*value)) else {
                continue;
            };
            let level = levels.get(fact.0).copied().unwrap_or(0);
            let there = builder.given(first, level, cell)?;
            let own = RuleId(at);
            again = builder.join(again, there, &mut Cache::default(), &mut |a, b| {
                if a.content().is_none() {
                    return None;
                }
                let here = sets.get(a);
                if !here.contains(&own) {
                    return Some(a);
                }
                // Another winner beside the one that judges again stays: it is an overlap.
                let others: Vec<RuleId> = here.iter().copied().filter(|id| *id != own).collect();
                b.content()?;
                let mut set = sets.get(b).to_vec();
                set.extend(others);
                set.sort_unstable();
                set.dedup();
                Some(Ref::leaf(sets.number(set)))
            })?;
        }
        Ok(again)
    }

    pub(crate) fn build_diagram(&self, keep_going: &dyn Fn() -> bool) -> Option<Diagram> {
        let mut joined = self.join(keep_going).ok()?;
        let Joined {
            builder,
            sets,
            order,
            feasible,
            last,
            ..
        } = &mut joined;
        let root = builder
            .join(
                *last,
                *feasible,
                &mut Cache::default(),
                &mut |a, b| match b {
                    Ref::FALSE => Some(Ref::NOWHERE),
                    Ref::TRUE => Some(a),
                    _ => None,
                },
            )
            .ok()?;
        let mut winners = Vec::new();
        let mut numbers = BTreeMap::new();
        for leaf in builder
            .leaves(root)
            .into_iter()
            .filter(|leaf| *leaf != Ref::NOWHERE)
        {
            let mut set = sets.get(leaf).to_vec();
            set.sort_by_key(|id| (self.rule(*id).cite, *id));
            numbers.insert(leaf, u32::try_from(winners.len()).unwrap_or(0));
            winners.push(set);
        }
        let mut frozen = builder.freeze(root, order);
        frozen.renumber(|content| numbers.get(&Ref::leaf(content)).copied().unwrap_or(content));
        Some(Diagram {
            frozen,
            winners,
            order: order.clone(),
        })
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

/// The winners at a leaf of a frozen diagram; nothing where the assumptions exclude it.
pub(crate) fn winners(diagram: &Diagram, content: u32) -> Option<&[RuleId]> {
    if content == NOWHERE {
        None
    } else {
        Some(diagram.winners.get(ix(content)).map_or(&[], Vec::as_slice))
    }
}

/// The cells of a set as facts are asked; kept here so that callers need no bit arithmetic.
pub(crate) fn cells(set: u64) -> impl Iterator<Item = usize> {
    bits(set)
}
