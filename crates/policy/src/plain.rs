// SPDX-License-Identifier: MIT OR Apache-2.0
//! A second, plain evaluator: reads the rules one by one, without cells and without the diagram.
//!
//! It judges the diagram in tests, and decides by itself where a diagram outgrew its budget.

use std::collections::BTreeMap;

use crate::condition::FactId;
use crate::decide::{Answer, Facts};
use crate::fact::{Value, bits};
use crate::read::Policy;
use crate::rule::{RuleId, Then};

/// Most ways to fill in the unknown that are tried one by one.
const MOST_WAYS: usize = 100_000;

/// The rules that win for known values, best quoted first; nothing where the assumptions exclude the values.
///
/// ```
/// # let policy = makegood_policy::read("---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```facts\nlate : int\n```\n```rule a\nwhen late > 3 then yes because \"\" \n```\n```rule b\nwhen late <= 3 then no because \"\"\n```\n").policy.unwrap();
/// use makegood_policy::fact::Value;
/// let winners = makegood_policy::plain::winners(&policy, &|_| Value::Int(4)).unwrap();
/// assert_eq!(policy.rule(winners[0]).name, "a");
/// ```
#[must_use]
pub fn winners(policy: &Policy, value: &dyn Fn(FactId) -> Value) -> Option<Vec<RuleId>> {
    if !policy
        .assumptions
        .iter()
        .all(|(expr, _)| expr.holds(&|id| value(id)))
    {
        return None;
    }
    let first = winners_once(policy, value);
    let mut out: Vec<RuleId> = Vec::new();
    for id in first {
        match &policy.rule(id).then {
            Then::Effect(_) => out.push(id),
            Then::JudgeAgain {
                fact,
                value: changed,
            } => {
                let again =
                    winners_once(policy, &|id| if id == *fact { *changed } else { value(id) });
                out.extend(again);
            }
        }
    }
    out.sort_by_key(|id| (policy.rule(*id).cite, *id));
    out.dedup();
    Some(out)
}

fn winners_once(policy: &Policy, value: &dyn Fn(FactId) -> Value) -> Vec<RuleId> {
    let holds = |id: RuleId| {
        let chain = std::iter::successors(Some(id), |id| policy.rule(*id).parent);
        chain
            .map(|id| policy.rule(id))
            .all(|rule| rule.when.holds(&|id| value(id)))
    };
    (0..policy.rules.len())
        .map(RuleId)
        .filter(|id| {
            holds(*id)
                && !policy
                    .rule(*id)
                    .exceptions
                    .iter()
                    .any(|exception| holds(*exception))
        })
        .collect()
}

/// The rule that decides for a cell of each fact: any value of a cell stands for all of them.
pub(crate) fn decide_cells(policy: &Policy, cells: &[u8]) -> Option<RuleId> {
    let value = |id: FactId| {
        let cell = cells.get(id.0).copied().map_or(0, usize::from);
        let def = policy.facts.get(id.0);
        def.and_then(|def| def.example(cell))
            .unwrap_or(Value::Absent)
    };
    winners(policy, &value)?.first().copied()
}

/// Decides by trying every way to fill in what is unknown, a typical value for each cell.
pub(crate) fn decide(
    policy: &Policy,
    facts: &Facts,
    effect: &mut dyn FnMut(RuleId, &[usize]) -> u64,
) -> Answer {
    let mut worlds: Vec<(Vec<Option<Value>>, Vec<usize>)> =
        vec![(facts.values.clone(), Vec::new())];
    for joint in &facts.joints {
        let fill = |(values, way): &(Vec<Option<Value>>, Vec<usize>)| {
            let chosen = joint.ways.iter().enumerate().map(|(at, pairs)| {
                let (mut values, mut way) = (values.clone(), way.clone());
                for (id, value) in pairs {
                    if let Some(place) = values.get_mut(id.0) {
                        *place = Some(*value);
                    }
                }
                way.push(at);
                (values, way)
            });
            chosen.collect::<Vec<_>>()
        };
        worlds = worlds.iter().flat_map(fill).collect();
    }
    for (at, def) in policy.facts.iter().enumerate() {
        let examples: Vec<Value> = bits(facts.mask(at))
            .filter_map(|cell| def.example(cell))
            .collect();
        let mut next = Vec::new();
        for (values, way) in worlds {
            if values.get(at).copied().flatten().is_some() {
                next.push((values, way));
                continue;
            }
            for example in &examples {
                let mut values = values.clone();
                if let Some(place) = values.get_mut(at) {
                    *place = Some(*example);
                }
                next.push((values, way.clone()));
            }
        }
        worlds = next;
        if worlds.len() > MOST_WAYS {
            return everything_open(policy, facts);
        }
    }
    compare(policy, facts, &worlds, effect)
}

/// Too much is unknown to try every way: ask for all of it.
fn everything_open(policy: &Policy, facts: &Facts) -> Answer {
    let mut missing: Vec<String> = Vec::new();
    for (at, def) in policy.facts.iter().enumerate() {
        if facts.values.get(at).copied().flatten().is_none() && !missing.contains(&def.asked_as) {
            missing.push(def.asked_as.clone());
        }
    }
    Answer::Open {
        missing,
        rules: Vec::new(),
    }
}

/// A world that is possible, and where it ends: nothing where no rule decides.
struct Ended<'w> {
    values: &'w [Option<Value>],
    way: &'w [usize],
    effect: Option<u64>,
}

fn compare(
    policy: &Policy,
    facts: &Facts,
    worlds: &[(Vec<Option<Value>>, Vec<usize>)],
    effect: &mut dyn FnMut(RuleId, &[usize]) -> u64,
) -> Answer {
    let mut ended: Vec<Ended<'_>> = Vec::new();
    let mut rules: Vec<RuleId> = Vec::new();
    for (values, way) in worlds {
        let value = |id: FactId| values.get(id.0).copied().flatten().unwrap_or(Value::Absent);
        let Some(winners) = winners(policy, &value) else {
            continue;
        };
        let effect = winners.first().map(|first| effect(*first, way));
        ended.push(Ended {
            values,
            way,
            effect,
        });
        rules.extend(winners);
    }
    rules.sort_by_key(|id| (policy.rule(*id).cite, *id));
    rules.dedup();
    let Some(rule) = rules.first() else {
        return Answer::Nothing;
    };
    let first = ended.first().and_then(|world| world.effect);
    if ended.iter().all(|world| world.effect == first) {
        return Answer::Decided { rule: *rule, rules };
    }
    let names = unknown_names(policy, facts);
    let missing = crate::ask::fewest(&names, &mut |names| flips(policy, facts, &ended, names));
    Answer::Open { missing, rules }
}

fn in_joint(facts: &Facts, fact: usize) -> bool {
    let mut ways = facts.joints.iter().flat_map(|joint| &joint.ways);
    ways.any(|way| way.iter().any(|(id, _)| id.0 == fact))
}

fn unknown_names(policy: &Policy, facts: &Facts) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let open = |at: usize| facts.mask(at).count_ones() > 1 && !in_joint(facts, at);
    let own = policy
        .facts
        .iter()
        .enumerate()
        .filter(|(at, _)| open(*at))
        .map(|(_, def)| &def.asked_as);
    for name in own.chain(facts.joints.iter().map(|joint| &joint.name)) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Whether two worlds that differ in the given names alone end differently.
fn flips(policy: &Policy, facts: &Facts, ended: &[Ended<'_>], names: &[&str]) -> bool {
    let named = |name: &str| names.contains(&name);
    let kept: Vec<usize> = policy
        .facts
        .iter()
        .enumerate()
        .filter(|(at, def)| !in_joint(facts, *at) && !named(&def.asked_as))
        .map(|(at, _)| at)
        .collect();
    let mut ends: BTreeMap<String, Option<u64>> = BTreeMap::new();
    ended.iter().any(|world| {
        let values: Vec<Option<Value>> = kept
            .iter()
            .map(|at| world.values.get(*at).copied().flatten())
            .collect();
        let ways = world.way.iter().zip(&facts.joints);
        let ways: Vec<usize> = ways
            .filter(|(_, joint)| !named(&joint.name))
            .map(|(way, _)| *way)
            .collect();
        let first = *ends
            .entry(format!("{values:?} {ways:?}"))
            .or_insert(world.effect);
        first != world.effect
    })
}
