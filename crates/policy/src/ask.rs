// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which facts can still matter, whom to ask, and why.
//!
//! With the known facts given, the diagram is reduced once more, its leaves being effects. What is left
//! asks exactly the facts that can still change the effect. Facts that are known together ("counts") are
//! tried in each way they can turn out; they matter if two ways leave different diagrams.

use crate::clause::Edition;
use crate::condition::FactId;
use crate::decide::{Answer, Facts, single};
use crate::diagram::{Frozen, QuickMap};
use crate::fact::{Value, bit, bits};
use crate::open::Room;
use crate::read::{Diagram, Policy};
use crate::rule::RuleId;

/// A question that is still open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// The name of what is missing.
    pub name: String,
    /// Who answers, by the policy's `source:`.
    pub who: String,
    /// What the answer costs, in seconds of their time.
    pub cost_seconds: u64,
    /// The question in the language.
    pub ask: String,
    /// Why it is asked: the author's words, if the policy gives them.
    pub why: Option<String>,
}

/// Two worlds that differ in one fact alone and end differently: the reason for asking it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WhyAsk {
    /// What is asked.
    pub name: String,
    /// One value, in words of the policy language, and the rule it leads to.
    pub one: (String, RuleId),
    /// Another value and the rule that it leads to.
    pub other: (String, RuleId),
}

impl Policy {
    /// The questions for what an answer leaves open, grouped by who answers, cheapest first.
    #[must_use]
    pub fn questions(&self, missing: &[String], edition: &Edition) -> Vec<Question> {
        let mut out: Vec<Question> = missing
            .iter()
            .filter_map(|name| {
                let def = self.facts.iter().find(|def| def.asked_as == *name)?;
                Some(Question {
                    name: name.clone(),
                    who: def.source.clone(),
                    cost_seconds: def.cost_seconds,
                    ask: edition.words.asks.get(name).cloned().unwrap_or_default(),
                    why: edition.words.whys.get(name).cloned(),
                })
            })
            .collect();
        let total = |who: &str, list: &[Question]| {
            list.iter()
                .filter(|question| question.who == who)
                .map(|question| question.cost_seconds)
                .fold(0, u64::saturating_add)
        };
        let totals: Vec<u64> = out
            .iter()
            .map(|question| total(&question.who, &out))
            .collect();
        let mut keyed: Vec<(u64, Question)> = totals.into_iter().zip(out.drain(..)).collect();
        keyed.sort_by(|(a, x), (b, y)| {
            (a, &x.who, x.cost_seconds).cmp(&(b, &y.who, y.cost_seconds))
        });
        keyed.into_iter().map(|(_, question)| question).collect()
    }

    /// Two worlds that show why a name is asked: they differ in it alone and end differently.
    #[must_use]
    pub fn why_ask(
        &self,
        facts: &Facts,
        name: &str,
        effect: &mut dyn FnMut(RuleId, &[usize]) -> u64,
    ) -> Option<WhyAsk> {
        let diagram = self.diagram.as_ref()?;
        let flip = flip(self, diagram, facts, &[name], effect, true)?;
        Some(WhyAsk {
            name: name.to_owned(),
            one: (self.side_words(facts, &flip.one), flip.one.rule?),
            other: (self.side_words(facts, &flip.other), flip.other.rule?),
        })
    }

    /// What a world has where it differs from another: a bare value if that is one fact, else each fact with its value.
    fn side_words(&self, facts: &Facts, side: &Side) -> String {
        let ways = side
            .ways
            .iter()
            .filter_map(|(joint, way)| facts.joints.get(*joint)?.ways.get(*way));
        let mut values: Vec<(FactId, Value)> = ways.flatten().copied().collect();
        let own = side
            .cells
            .iter()
            .filter_map(|(at, cell)| Some((FactId(*at), self.facts.get(*at)?.example(*cell)?)));
        if let ([], [(at, cell)]) = (values.as_slice(), side.cells.as_slice()) {
            let value = self.facts.get(*at).and_then(|def| def.example(*cell));
            return value.map_or(String::new(), |value| self.value_name(FactId(*at), value));
        }
        values.extend(own);
        let words: Vec<String> = values
            .into_iter()
            .map(|(id, value)| {
                format!(
                    "{} = {}",
                    self.fact_def(id).name,
                    self.value_name(id, value)
                )
            })
            .collect();
        words.join(", ")
    }
}

fn set(row: &mut [u64], at: usize, cell: usize) {
    if let Some(mask) = row.get_mut(at) {
        *mask = bit(cell);
    }
}

/// The ways in which joint facts can turn out, all combined.
pub(crate) struct Ways<'f> {
    facts: &'f Facts,
}

impl<'f> Ways<'f> {
    pub fn new(facts: &'f Facts) -> Self {
        Self { facts }
    }

    pub fn count(&self) -> usize {
        self.facts
            .joints
            .iter()
            .map(|joint| joint.ways.len())
            .fold(1, usize::saturating_mul)
    }

    fn iter(&self) -> impl Iterator<Item = Vec<usize>> + '_ {
        (0..self.count()).map(|at| self.way(at))
    }

    pub fn way(&self, at: usize) -> Vec<usize> {
        let mut rest = at;
        let digit = |joint: &crate::decide::Joint| {
            let width = joint.ways.len().max(1);
            let digit = rest.checked_rem(width).unwrap_or(0);
            rest = rest.checked_div(width).unwrap_or(0);
            digit
        };
        self.facts.joints.iter().map(digit).collect()
    }

    /// The possible cells of each fact in one way.
    fn row(&self, facts: &Facts, policy: &Policy, way: &[usize]) -> Vec<u64> {
        let mut row = facts.cells.clone();
        self.fill(policy, way, &mut row);
        row
    }

    pub fn fill(&self, policy: &Policy, way: &[usize], row: &mut [u64]) {
        for (joint, chosen) in self.facts.joints.iter().zip(way) {
            for (id, value) in joint.ways.get(*chosen).into_iter().flatten() {
                if let Some(cell) = policy.facts.get(id.0).and_then(|def| def.cell(*value)) {
                    set(row, id.0, cell);
                }
            }
        }
    }
}

/// Room to work in, kept between decisions so that they need not allocate.
#[derive(Clone, Default, Debug)]
pub struct Scratch {
    open: Room,
}

impl Scratch {
    pub(crate) fn decide(
        &mut self,
        policy: &Policy,
        facts: &Facts,
        effect: &mut dyn FnMut(RuleId, &[usize]) -> u64,
    ) -> Answer {
        let Some(diagram) = &policy.diagram else {
            return Answer::Nothing;
        };
        if facts.joints.is_empty()
            && let Some(leaf) = only_leaf(&diagram.frozen, &facts.cells)
            && certainly_possible(diagram, &facts.cells)
        {
            let rules = diagram.winners(leaf);
            return match rules.first() {
                Some(rule) => Answer::Decided {
                    rule: *rule,
                    rules: rules.to_vec(),
                },
                None => Answer::Nothing,
            };
        }
        self.open.answer(policy, diagram, facts, effect)
    }
}

/// Most sets of names that are tried for names that only matter together.
const MOST_SETS: usize = 2_000;

/// The names that can change the effect alone; where none can, those that can with one other, and so on: the
/// assumptions may tie facts together so that no world differs in one of them alone.
pub(crate) fn fewest(names: &[String], flips: &mut dyn FnMut(&[&str]) -> bool) -> Vec<String> {
    let mut tried = 0_usize;
    // Sets of places, ascending, all of one size.
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..names.len() {
        let longer = |set: &Vec<usize>| {
            let next = set.last().map_or(0, |last| last.saturating_add(1));
            (next..names.len())
                .map(|at| [set.as_slice(), &[at]].concat())
                .collect::<Vec<_>>()
        };
        sets = sets.iter().flat_map(longer).collect();
        tried = tried.saturating_add(sets.len());
        if tried > MOST_SETS {
            break;
        }
        let mut found = vec![false; names.len()];
        for set in &sets {
            let words: Vec<&str> = set
                .iter()
                .filter_map(|at| names.get(*at))
                .map(String::as_str)
                .collect();
            if flips(&words) {
                for at in set {
                    if let Some(place) = found.get_mut(*at) {
                        *place = true;
                    }
                }
            }
        }
        if found.contains(&true) {
            return names
                .iter()
                .zip(found)
                .filter(|(_, found)| *found)
                .map(|(name, _)| name.clone())
                .collect();
        }
    }
    names.to_vec()
}

/// Whether the known facts alone say that the case is possible.
fn certainly_possible(diagram: &Diagram, row: &[u64]) -> bool {
    let cell = |fact: usize| single(row.get(fact).copied().unwrap_or(0));
    let straight = diagram.straight_possible.as_ref();
    // It looks some facts up that need not be known.
    straight.is_some_and(|straight| straight.walk_by(cell) == 1)
        || only_leaf(&diagram.possible, row) == Some(1)
}

/// The leaf, where the known facts alone lead to one.
fn only_leaf(frozen: &Frozen, row: &[u64]) -> Option<u32> {
    let mut at = frozen.root;
    while let Some(fact) = frozen.fact(at) {
        at = frozen.child(at, single(row.get(fact).copied().unwrap_or(0))?);
    }
    Frozen::content(at)
}

/// One of two worlds: the rule it ends with, and what it has where it differs from the other.
#[derive(Clone, Default)]
struct Side {
    rule: Option<RuleId>,
    /// Joint facts by place, and the way they turned out.
    ways: Vec<(usize, usize)>,
    /// Other facts and their cells.
    cells: Vec<(usize, usize)>,
}

/// Two possible worlds that differ in some names alone and end differently.
struct Flip {
    one: Side,
    other: Side,
}

/// Finds two possible worlds that differ in the given names alone and end differently; with `decided`, both by a rule.
fn flip(
    policy: &Policy,
    diagram: &Diagram,
    facts: &Facts,
    names: &[&str],
    effect: &mut dyn FnMut(RuleId, &[usize]) -> u64,
    decided: bool,
) -> Option<Flip> {
    let free: Vec<bool> = policy
        .facts
        .iter()
        .map(|def| names.contains(&def.asked_as.as_str()))
        .collect();
    let named = |joint: usize| {
        facts
            .joints
            .get(joint)
            .is_some_and(|joint| names.contains(&joint.name.as_str()))
    };
    let ways = Ways::new(facts);
    let any_named = (0..facts.joints.len()).any(named);
    for (at, way) in ways.iter().enumerate() {
        // Where no joint fact may differ, each way is held against itself alone.
        let (first, count) = if any_named {
            (0, ways.count())
        } else {
            (at, 1)
        };
        for other in ways.iter().skip(first).take(count) {
            let differ: Vec<usize> = (0..way.len())
                .filter(|at| way.get(*at) != other.get(*at))
                .collect();
            if !differ.iter().all(|at| named(*at)) {
                continue;
            }
            let rows = (
                ways.row(facts, policy, &way),
                ways.row(facts, policy, &other),
            );
            let found = differs(
                diagram,
                (&rows.0, &way),
                (&rows.1, &other),
                &free,
                effect,
                decided,
            );
            if let Some(mut flip) = found {
                let chosen = |way: &[usize]| {
                    differ
                        .iter()
                        .filter_map(|at| Some((*at, *way.get(*at)?)))
                        .collect()
                };
                (flip.one.ways, flip.other.ways) = (chosen(&way), chosen(&other));
                return Some(flip);
            }
        }
    }
    None
}

type World<'a> = (&'a [u64], &'a [usize]);

/// Walks two worlds at once that agree in all facts but the free ones and those fixed differently in each; gives the
/// first pair of possible ends that differ in effect.
fn differs(
    diagram: &Diagram,
    a: World<'_>,
    b: World<'_>,
    free: &[bool],
    effect: &mut dyn FnMut(RuleId, &[usize]) -> u64,
    decided: bool,
) -> Option<Flip> {
    let rank = diagram.ranks();
    let mut seen = QuickMap::<((u32, u32), (u32, u32)), ()>::default();
    let root = (diagram.frozen.root, diagram.possible.root);
    let mut pending = vec![(
        root,
        root,
        Flip {
            one: Side::default(),
            other: Side::default(),
        },
    )];
    while let Some((x, y, mut flip)) = pending.pop() {
        let excluded = [x.1, y.1]
            .into_iter()
            .any(|possible| Frozen::content(possible) == Some(0));
        if excluded || seen.insert((x, y), ()).is_some() {
            continue;
        }
        let facts = [
            diagram.frozen.fact(x.0),
            diagram.frozen.fact(y.0),
            diagram.possible.fact(x.1),
            diagram.possible.fact(y.1),
        ];
        let Some(fact) = facts
            .into_iter()
            .flatten()
            .min_by_key(|fact| rank.get(*fact))
        else {
            let end = |at: u32| {
                Frozen::content(at).and_then(|leaf| diagram.winners(leaf).first().copied())
            };
            (flip.one.rule, flip.other.rule) = (end(x.0), end(y.0));
            let differ = match (flip.one.rule, flip.other.rule) {
                (Some(one), Some(two)) => effect(one, a.1) != effect(two, b.1),
                (None, None) => false,
                _ => !decided,
            };
            if differ {
                return Some(flip);
            }
            continue;
        };
        let step = |(at, possible): (u32, u32), cell: usize| {
            (
                diagram.frozen.step(at, fact, cell),
                diagram.possible.step(possible, fact, cell),
            )
        };
        let (mask_a, mask_b) = (
            a.0.get(fact).copied().unwrap_or(0),
            b.0.get(fact).copied().unwrap_or(0),
        );
        let apart = mask_a != mask_b || free.get(fact) == Some(&true);
        for one in bits(mask_a) {
            for two in bits(mask_b).filter(|two| apart || *two == one) {
                let mut flip = Flip {
                    one: flip.one.clone(),
                    other: flip.other.clone(),
                };
                if free.get(fact) == Some(&true) && mask_a.count_ones() > 1 {
                    flip.one.cells.push((fact, one));
                    flip.other.cells.push((fact, two));
                }
                pending.push((step(x, one), step(y, two), flip));
            }
        }
    }
    None
}
