// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a rule decided: the facts it took, one sufficient reason, and the nearest changes that would end differently.
//!
//! A *sufficient reason* is a set of facts, each with a range, such that whatever else were the case the same rules would
//! decide; none of them can be left out. After Huang, Izza, Ignatiev and Marques-Silva, *On efficiently explaining
//! graph-based classifiers* (KR 2021), and Ji and Darwiche, *A new class of explanations for classifiers with non-binary features* (2023).

use std::cell::RefCell;

use crate::clause::Edition;
use crate::condition::FactId;
use crate::decide::{Facts, single};
use crate::diagram::{Frozen, QuickMap};
use crate::fact::{Disclose, bit, bits};
use crate::phrase::Tongue;
use crate::read::{Diagram, Policy};
use crate::rule::{RuleId, Then};

/// A fact of a reason, with the range of values for which the reason holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    /// The fact.
    pub fact: FactId,
    /// The cells of that range, a bit each.
    pub cells: u64,
}

/// A change of facts that would change the outcome.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The facts that would be otherwise, each with the values that would do it.
    pub facts: Vec<Held>,
    /// The rule that would decide then.
    pub rule: RuleId,
}

impl Policy {
    /// The facts that are asked on the way to the decision, in the order of asking.
    #[must_use]
    pub fn trace(&self, facts: &Facts) -> Vec<FactId> {
        let Some(diagram) = &self.diagram else {
            return self.facts().map(|(id, _)| id).collect();
        };
        let row = possible_row(self, facts);
        let mut asked = vec![false; self.facts.len()];
        let mut seen = QuickMap::<u32, ()>::default();
        let mut pending = vec![diagram.frozen.root];
        while let Some(at) = pending.pop() {
            let Some(fact) = diagram.frozen.fact(at) else {
                continue;
            };
            if seen.insert(at, ()).is_some() {
                continue;
            }
            if let Some(place) = asked.get_mut(fact) {
                *place = true;
            }
            pending.extend(bits(mask(&row, fact)).map(|cell| diagram.frozen.child(at, cell)));
        }
        diagram
            .order
            .iter()
            .filter(|fact| asked.get(**fact) == Some(&true))
            .map(|fact| FactId(*fact))
            .collect()
    }

    /// One sufficient reason for ending at one of `rules`: facts that cannot be left out, with ranges as wide as can be.
    ///
    /// ```
    /// # let policy = makegood_policy::read("---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```facts\nlate : int\npaid : bool\n```\n```rule a\nwhen late > 3 && paid then yes because \"\" \n```\n```rule b\nwhen !(late > 3 && paid) then no because \"\"\n```\n").policy.unwrap();
    /// let mut facts = policy.nothing_known();
    /// policy.set(&mut facts, "late", "2").unwrap();
    /// policy.set(&mut facts, "paid", "true").unwrap();
    /// let reason = policy.reason(&facts, &[policy.rule_named("b").unwrap()]);
    /// // Whether it was paid does not matter: at most 3 days late is reason enough.
    /// assert_eq!(reason.len(), 1);
    /// let edition = &policy.editions[0];
    /// let words = makegood_policy::phrase::Tongue::of("en").cells(edition, policy.fact_def(reason[0].fact), reason[0].cells);
    /// assert_eq!(words, "at most 3");
    /// ```
    #[must_use]
    pub fn reason(&self, facts: &Facts, rules: &[RuleId]) -> Vec<Held> {
        let Some(diagram) = &self.diagram else {
            return Vec::new();
        };
        let mut row = possible_row(self, facts);
        let trace = self.trace(facts);
        for (at, def) in self.facts.iter().enumerate() {
            if !trace.contains(&FactId(at)) {
                free(&mut row, at, def.cells.domain);
            }
        }
        let ends = Ends::new(diagram);
        let holds = |row: &[u64]| ends.all_within(row, rules);
        if !holds(&row) {
            return Vec::new();
        }
        // Facts that the rules do not name themselves go first: what is left is what a person would say.
        let named = |fact: FactId| rules.iter().any(|rule| self.names(*rule, fact));
        let (own, others): (Vec<FactId>, Vec<FactId>) =
            trace.into_iter().partition(|fact| named(*fact));
        let mut kept = Vec::new();
        for fact in others.into_iter().rev().chain(own.into_iter().rev()) {
            let domain = self.fact_def(fact).cells.domain;
            let before = mask(&row, fact.0);
            free(&mut row, fact.0, domain);
            if !holds(&row) {
                free(&mut row, fact.0, before);
                kept.push(fact);
            }
        }
        for fact in &kept {
            self.widen(*fact, &mut row, &holds);
        }
        let order = |fact: &FactId| diagram.order.iter().position(|at| *at == fact.0);
        kept.sort_by_key(order);
        kept.into_iter()
            .map(|fact| Held {
                fact,
                cells: mask(&row, fact.0),
            })
            .collect()
    }

    /// Whether a rule, or one it is nested in, names a fact in its condition.
    fn names(&self, rule: RuleId, fact: FactId) -> bool {
        let mut found = false;
        for id in std::iter::successors(Some(rule), |id| self.rule(*id).parent) {
            self.rule(id)
                .when
                .tests(&mut |test| found |= test.fact == fact);
        }
        found
    }

    /// Adds cells to a fact's range while the reason still holds: neighbours for ordered facts, any value for others.
    pub(crate) fn widen(&self, fact: FactId, row: &mut [u64], holds: &impl Fn(&[u64]) -> bool) {
        let def = self.fact_def(fact);
        let attempt = |cell: usize, row: &mut [u64]| {
            let before = mask(row, fact.0);
            free(row, fact.0, before | bit(cell));
            let ok = holds(row);
            if !ok {
                free(row, fact.0, before);
            }
            ok
        };
        let present = def.cells.domain & !def.cells.absent.map_or(0, bit);
        if !def.kind.is_ordered() {
            // A value that could not be here would be true to say and odd to read.
            for cell in bits(def.cells.domain) {
                let mut alone = row.to_vec();
                free(&mut alone, fact.0, bit(cell));
                if self.is_possible(&alone) {
                    attempt(cell, row);
                }
            }
            return;
        }
        let range: Vec<usize> = bits(mask(row, fact.0) & present).collect();
        let (Some(first), Some(last)) = (range.first().copied(), range.last().copied()) else {
            return;
        };
        for cell in (0..first).rev() {
            if !attempt(cell, row) {
                break;
            }
        }
        for cell in bits(present).filter(|cell| *cell > last) {
            if !attempt(cell, row) {
                break;
            }
        }
    }

    /// Whether the assumptions leave anything of these cells.
    fn is_possible(&self, row: &[u64]) -> bool {
        self.diagram
            .as_ref()
            .is_some_and(|diagram| leads_to_yes(&diagram.possible, row))
    }

    /// The nearest changes that would end with another outcome than `rule`'s, nearest first, at most `most`: one fact alone where
    /// that is possible, otherwise the fewest together. Facts that are fixed, that must not be advised, or that `audience` must not hear of stay as they are.
    #[must_use]
    pub fn nearest_changes(
        &self,
        facts: &Facts,
        rule: RuleId,
        audience: Disclose,
        most: usize,
    ) -> Vec<Change> {
        let Some(diagram) = &self.diagram else {
            return Vec::new();
        };
        let row = possible_row(self, facts);
        let other = |id: RuleId| self.outcome(id) != self.outcome(rule);
        let ends = Ends::new(diagram);
        let mut there = row.clone();
        let mut out: Vec<(usize, Change)> = Vec::new();
        for fact in self
            .trace(facts)
            .into_iter()
            .filter(|fact| self.may_change(*fact, audience))
        {
            let now = mask(&row, fact.0);
            let domain = self.fact_def(fact).cells.domain;
            for cell in bits(domain & !now) {
                there.clone_from(&row);
                free(&mut there, fact.0, bit(cell));
                let Some(end) = ends.only(&there).filter(|end| other(*end)) else {
                    continue;
                };
                let steps = single(now).map_or(1, |now| now.abs_diff(cell));
                match out.iter_mut().find(|(_, change)| {
                    change.rule == end
                        && matches!(change.facts.as_slice(), [held] if held.fact == fact)
                }) {
                    Some((near, change)) => {
                        *near = steps.min(*near);
                        change
                            .facts
                            .iter_mut()
                            .for_each(|held| held.cells |= bit(cell));
                    }
                    None => out.push((
                        steps,
                        Change {
                            facts: vec![Held {
                                fact,
                                cells: bit(cell),
                            }],
                            rule: end,
                        },
                    )),
                }
            }
        }
        if out.is_empty()
            && let Some(change) = self.fewest_changes(diagram, &row, audience, &other)
        {
            out.push((0, change));
        }
        out.sort_by_key(|(steps, change)| (*steps, change.rule));
        out.into_iter()
            .map(|(_, change)| change)
            .take(most)
            .collect()
    }

    fn outcome(&self, rule: RuleId) -> Option<&str> {
        match &self.rule(rule).then {
            Then::Effect(effect) => Some(&effect.outcome),
            Then::JudgeAgain { .. } => None,
        }
    }

    fn may_change(&self, fact: FactId, audience: Disclose) -> bool {
        let def = self.fact_def(fact);
        !def.fixed && def.advice && def.disclose <= audience
    }

    /// The fewest facts that would have to be otherwise, by one dynamic programme over the diagram.
    fn fewest_changes(
        &self,
        diagram: &Diagram,
        row: &[u64],
        audience: Disclose,
        other: &impl Fn(RuleId) -> bool,
    ) -> Option<Change> {
        let mut search = Search {
            policy: self,
            diagram,
            row,
            audience,
            rank: diagram.ranks(),
            best: QuickMap::default(),
        };
        let root = (diagram.frozen.root, diagram.possible.root);
        // No change at all: what is unknown may end otherwise, and comes to the same all the same.
        search.cost(root, other).filter(|cost| *cost > 0)?;
        let mut at = root;
        let mut changed = Vec::new();
        loop {
            let Some(fact) = search.top(at) else {
                let rule = Frozen::content(at.0)
                    .and_then(|leaf| diagram.winners(leaf).first().copied())?;
                return Some(Change {
                    facts: changed,
                    rule,
                });
            };
            let (_, cell) = search.best.get(&at).copied().flatten()?;
            if mask(row, fact) & bit(cell) == 0 {
                changed.push(Held {
                    fact: FactId(fact),
                    cells: bit(cell),
                });
            }
            at = search.step(at, fact, cell);
        }
    }

    /// A rule's reason in a language, its facts and parameters filled in. A fact that is not known is called unknown.
    ///
    /// ```
    /// # let policy = makegood_policy::read("---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```params\nmost = 3\n```\n```facts\nlate : int\n```\n```rule a\nwhen late > most then yes because \"{late} days is more than {most}.\"\n```\n").policy.unwrap();
    /// let mut facts = policy.nothing_known();
    /// policy.set(&mut facts, "late", "5").unwrap();
    /// assert_eq!(policy.because(&policy.editions[0], policy.rule_named("a").unwrap(), &facts), "5 days is more than 3.");
    /// ```
    #[must_use]
    pub fn because(&self, edition: &Edition, rule: RuleId, facts: &Facts) -> String {
        let template = edition
            .words
            .because
            .get(&self.rule(rule).name)
            .map_or("", String::as_str);
        let tongue = Tongue::of(&edition.language);
        fill(template, &mut |name| {
            if let Some(param) = self.params.get(name) {
                return Some(tongue.param(param));
            }
            let id = self.fact(name)?;
            let words = match facts.value(id) {
                Some(value) => tongue.value(edition, self.fact_def(id), value),
                None => (if tongue.is_danish() {
                    "et ukendt antal"
                } else {
                    "an unknown number of"
                })
                .to_owned(),
            };
            Some(words)
        })
    }
}

/// Replaces each `{name}` that `word` knows.
pub(crate) fn fill(template: &str, word: &mut dyn FnMut(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, inside)) = rest.split_once('{') {
        out.push_str(before);
        match inside.split_once('}') {
            Some((name, after)) => {
                match word(name.trim()) {
                    Some(text) => out.push_str(&text),
                    None => {
                        out.push('{');
                        out.push_str(name);
                        out.push('}');
                    }
                }
                rest = after;
            }
            None => {
                out.push('{');
                rest = inside;
            }
        }
    }
    out.push_str(rest);
    out
}

pub(crate) fn mask(row: &[u64], fact: usize) -> u64 {
    row.get(fact).copied().unwrap_or(0)
}

pub(crate) fn free(row: &mut [u64], fact: usize, cells: u64) {
    if let Some(place) = row.get_mut(fact) {
        *place = cells;
    }
}

/// The possible cells of each fact; facts that are unknown together take those of all their ways.
fn possible_row(policy: &Policy, facts: &Facts) -> Vec<u64> {
    let mut row = facts.cells.clone();
    for joint in &facts.joints {
        for (id, _) in joint.ways.iter().flatten() {
            free(&mut row, id.0, 0);
        }
        for (id, value) in joint.ways.iter().flatten() {
            let cell = policy.fact_def(*id).cell(*value).map_or(0, bit);
            let before = mask(&row, id.0);
            free(&mut row, id.0, before | cell);
        }
    }
    row
}

/// Whether all possible ends satisfy a test; stops at the first that does not.
pub(crate) fn every_end(
    diagram: &Diagram,
    row: &[u64],
    test: &mut dyn FnMut(&[RuleId]) -> bool,
) -> bool {
    Ends::new(diagram).every(row, test)
}

/// Walks to all possible ends, many times over one diagram.
struct Ends<'d> {
    diagram: &'d Diagram,
    rank: Vec<usize>,
    /// Kept between walks so that they need not allocate.
    room: RefCell<EndsRoom>,
}

#[derive(Default)]
struct EndsRoom {
    seen: QuickMap<(u32, u32), ()>,
    pending: Vec<(u32, u32)>,
}

impl<'d> Ends<'d> {
    fn new(diagram: &'d Diagram) -> Self {
        Self {
            diagram,
            rank: diagram.ranks(),
            room: RefCell::default(),
        }
    }

    /// Whether all possible ends satisfy a test; stops at the first that does not.
    fn every(&self, row: &[u64], test: &mut dyn FnMut(&[RuleId]) -> bool) -> bool {
        let diagram = self.diagram;
        let rank = |fact: usize| self.rank.get(fact).copied().unwrap_or(usize::MAX);
        // A test that walks itself finds new room.
        let mut room = self.room.take();
        room.seen.clear();
        room.pending.clear();
        room.pending
            .push((diagram.frozen.root, diagram.possible.root));
        let mut all = true;
        while let Some((at, possible)) = room.pending.pop() {
            // What is known is followed at once; only where the way parts is it worth remembering that one was there.
            let possible = follow(&diagram.possible, row, possible);
            if Frozen::content(possible) == Some(0) {
                continue;
            }
            let at = follow(&diagram.frozen, row, at);
            let fact = match (diagram.frozen.fact(at), diagram.possible.fact(possible)) {
                (Some(one), Some(other)) if rank(other) < rank(one) => other,
                (Some(one), _) => one,
                (None, Some(other)) => other,
                (None, None) => {
                    if Frozen::content(at).is_some_and(|leaf| test(diagram.winners(leaf))) {
                        continue;
                    }
                    all = false;
                    break;
                }
            };
            if room.seen.insert((at, possible), ()).is_none() {
                for cell in bits(mask(row, fact)) {
                    let at = diagram.frozen.step(at, fact, cell);
                    room.pending
                        .push((at, diagram.possible.step(possible, fact, cell)));
                }
            }
        }
        self.room.replace(room);
        all
    }

    /// Whether every possible end lies among the rules.
    fn all_within(&self, row: &[u64], rules: &[RuleId]) -> bool {
        self.every(row, &mut |winners| {
            winners.first().is_some_and(|rule| rules.contains(rule))
        })
    }

    /// The rule of the only possible end; nothing if there are several, or none.
    fn only(&self, row: &[u64]) -> Option<RuleId> {
        let mut found: Option<RuleId> = None;
        let one = self.every(row, &mut |winners| match (winners.first(), found) {
            (Some(rule), None) => {
                found = Some(*rule);
                true
            }
            (Some(rule), Some(before)) => *rule == before,
            (None, _) => false,
        });
        if one { found } else { None }
    }
}

/// Whether the leaf 1 can be reached.
fn leads_to_yes(frozen: &Frozen, row: &[u64]) -> bool {
    let mut seen = QuickMap::<u32, ()>::default();
    let mut pending = vec![frozen.root];
    while let Some(at) = pending.pop() {
        let at = follow(frozen, row, at);
        let Some(fact) = frozen.fact(at) else {
            if Frozen::content(at) == Some(1) {
                return true;
            }
            continue;
        };
        if seen.insert(at, ()).is_none() {
            pending.extend(bits(mask(row, fact)).map(|cell| frozen.child(at, cell)));
        }
    }
    false
}

/// Follows what is known from a node on.
fn follow(frozen: &Frozen, row: &[u64], mut at: u32) -> u32 {
    while let Some(fact) = frozen.fact(at)
        && let Some(cell) = single(mask(row, fact))
    {
        at = frozen.child(at, cell);
    }
    at
}

type Place = (u32, u32);

struct Search<'a> {
    policy: &'a Policy,
    diagram: &'a Diagram,
    row: &'a [u64],
    audience: Disclose,
    rank: Vec<usize>,
    /// The least cost from a place and the cell that has it; nothing where no change helps.
    best: QuickMap<Place, Option<(usize, usize)>>,
}

impl Search<'_> {
    fn top(&self, at: Place) -> Option<usize> {
        [
            self.diagram.frozen.fact(at.0),
            self.diagram.possible.fact(at.1),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|fact| self.rank.get(*fact))
    }

    fn step(&self, at: Place, fact: usize, cell: usize) -> Place {
        (
            self.diagram.frozen.step(at.0, fact, cell),
            self.diagram.possible.step(at.1, fact, cell),
        )
    }

    fn cost(&mut self, at: Place, other: &impl Fn(RuleId) -> bool) -> Option<usize> {
        if Frozen::content(at.1) == Some(0) {
            return None;
        }
        let Some(fact) = self.top(at) else {
            let end = Frozen::content(at.0).and_then(|leaf| self.diagram.winners(leaf).first());
            return end.is_some_and(|rule| other(*rule)).then_some(0);
        };
        if let Some(known) = self.best.get(&at) {
            return known.map(|(cost, _)| cost);
        }
        let now = mask(self.row, fact);
        let may = self.policy.may_change(FactId(fact), self.audience);
        let mut best: Option<(usize, usize)> = None;
        for cell in bits(self.policy.fact_def(FactId(fact)).cells.domain) {
            let stays = now & bit(cell) != 0;
            if !stays && !may {
                continue;
            }
            let Some(below) = self.cost(self.step(at, fact, cell), other) else {
                continue;
            };
            let cost = below.saturating_add(usize::from(!stays));
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, cell));
            }
        }
        self.best.insert(at, best);
        best.map(|(cost, _)| cost)
    }
}
