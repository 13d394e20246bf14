// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is still open: the diagram cut down to what is not known, and the names that can change where it ends.
//!
//! Two cuts. The first walks the rules and the assumptions together, follows each known fact, and keeps what is left as a
//! small diagram of its own: its leaves are those of the rules, or *excluded* where the assumptions leave no world. It is the same
//! for every way in which joint facts can turn out. The second puts one way into it, and effects in the place of rules.
//! Equal diagrams have equal numbers, so two ways that come to the same cost one comparison.

use crate::ask::{Ways, fewest};
use crate::decide::{Answer, Facts, single};
use crate::diagram::{Frozen, QuickMap, ix};
use crate::fact::{MOST_CELLS, bit, bits};
use crate::read::{Diagram, Policy};
use crate::rule::RuleId;

/// Set in the number of a leaf; the rest is its content.
const LEAF: u32 = 1 << 31;
/// No world leads here.
const EXCLUDED: u32 = u32::MAX;

/// Room to work in, kept between decisions.
#[derive(Clone, Default, Debug)]
pub(crate) struct Room {
    /// The possible cells of each fact; of a joint one, those that it has in some way.
    row: Vec<u64>,
    /// The same in one way.
    now: Vec<u64>,
    /// The place of each fact in the order of asking.
    rank: Vec<usize>,
    cut: Nodes,
    ends: Nodes,
    /// What a place in the rules and one in the assumptions were cut down to.
    known: QuickMap<u64, u32>,
    /// What a node of the first cut became in a way, and in which.
    filled: Vec<(u32, u32)>,
    /// The effects seen so far.
    effects: Vec<u64>,
    /// Leaves of the rules that some world reaches.
    leaves: Vec<u32>,
    /// Pairs of places that were held against each other.
    compared: QuickMap<u64, bool>,
}

/// Facts that may differ between two worlds.
type Free = [bool];

/// The children of a node while they are found.
struct Kids {
    kids: [u32; MOST_CELLS],
    count: usize,
}

impl Default for Kids {
    fn default() -> Self {
        Self {
            kids: [EXCLUDED; MOST_CELLS],
            count: 0,
        }
    }
}

impl Kids {
    fn push(&mut self, kid: u32) {
        if let Some(place) = self.kids.get_mut(self.count) {
            *place = kid;
        }
        self.count = self.count.saturating_add(1);
    }

    fn all(&self) -> &[u32] {
        self.kids.get(..self.count).unwrap_or(&self.kids)
    }
}

/// Nodes of diagrams, each once: equal nodes have equal numbers.
#[derive(Clone, Default, Debug)]
struct Nodes {
    /// The fact of each, and where its children begin.
    nodes: Vec<(usize, usize)>,
    kids: Vec<u32>,
    by_content: QuickMap<u64, u32>,
}

impl Nodes {
    fn clear(&mut self) {
        self.nodes.clear();
        self.kids.clear();
        self.by_content.clear();
    }

    fn fact(&self, at: u32) -> Option<usize> {
        if at & LEAF == 0 {
            self.nodes.get(ix(at)).map(|(fact, _)| *fact)
        } else {
            None
        }
    }

    /// A node's child by its place among the fact's possible cells. A node that asks another fact is its own child.
    fn kid(&self, at: u32, fact: usize, place: usize) -> u32 {
        match self.nodes.get(ix(at)) {
            Some((own, first)) if at & LEAF == 0 && *own == fact => self
                .kids
                .get(first.saturating_add(place))
                .copied()
                .unwrap_or(EXCLUDED),
            _ => at,
        }
    }

    /// The node that asks a fact and has these children; where they are all one, that one.
    fn number(&mut self, fact: usize, kids: &Kids) -> u32 {
        let kids = kids.all();
        let one = kids.first().copied().unwrap_or(EXCLUDED);
        if kids.iter().all(|kid| *kid == one) {
            return one;
        }
        let mix =
            |hash: u64, part: u64| (hash.rotate_left(5) ^ part).wrapping_mul(0x517c_c1b7_2722_0a95);
        let mut hash = kids
            .iter()
            .fold(mix(0, u64::try_from(fact).unwrap_or(0)), |hash, kid| {
                mix(hash, u64::from(*kid))
            });
        // Nodes of one hash stand under the numbers that follow it.
        while let Some(at) = self.by_content.get(&hash).copied() {
            if let Some((own, start)) = self.nodes.get(ix(at)).copied()
                && own == fact
                && self.kids.get(start..start.saturating_add(kids.len())) == Some(kids)
            {
                return at;
            }
            hash = hash.wrapping_add(1);
        }
        let at = u32::try_from(self.nodes.len()).unwrap_or(EXCLUDED);
        self.nodes.push((fact, self.kids.len()));
        self.kids.extend_from_slice(kids);
        self.by_content.insert(hash, at);
        at
    }
}

impl Room {
    /// The answer where something that is not known may matter.
    pub fn answer(
        &mut self,
        policy: &Policy,
        diagram: &Diagram,
        facts: &Facts,
        effect: &mut dyn FnMut(RuleId, &[usize]) -> u64,
    ) -> Answer {
        let ways = Ways::new(facts);
        self.prepare(policy, diagram, facts);
        let root = self.cut(diagram, diagram.frozen.root, diagram.possible.root);
        self.filled.clear();
        self.filled.resize(self.cut.nodes.len(), (0, 0));
        self.now.clone_from(&facts.cells);
        let mut roots: Vec<(Vec<usize>, u32)> = Vec::with_capacity(ways.count());
        for at in 0..ways.count() {
            let way = ways.way(at);
            let mut now = std::mem::take(&mut self.now);
            ways.fill(policy, &way, &mut now);
            self.now = now;
            let walk = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1);
            let end = self.fill(diagram, root, walk, &way, effect);
            roots.push((way, end));
        }
        let winners = self.leaves.iter().flat_map(|leaf| diagram.winners(*leaf));
        let mut rules: Vec<RuleId> = winners.copied().collect();
        rules.sort_unstable_by_key(|id| (policy.rule(*id).cite, *id));
        rules.dedup();
        let missing = if self.effects.len() < 2 {
            Vec::new()
        } else {
            self.missing(policy, facts, &roots)
        };
        match rules.first() {
            None => Answer::Nothing,
            Some(rule) if missing.is_empty() => Answer::Decided { rule: *rule, rules },
            Some(_) => Answer::Open { missing, rules },
        }
    }

    fn prepare(&mut self, policy: &Policy, diagram: &Diagram, facts: &Facts) {
        self.row.clone_from(&facts.cells);
        for (id, _) in facts
            .joints
            .iter()
            .flat_map(|joint| joint.ways.iter().flatten())
        {
            if let Some(mask) = self.row.get_mut(id.0) {
                *mask = 0;
            }
        }
        for (id, value) in facts
            .joints
            .iter()
            .flat_map(|joint| joint.ways.iter().flatten())
        {
            let cell = policy.facts.get(id.0).and_then(|def| def.cell(*value));
            if let (Some(mask), Some(cell)) = (self.row.get_mut(id.0), cell) {
                *mask |= bit(cell);
            }
        }
        self.rank.clear();
        self.rank.resize(diagram.order.len(), usize::MAX);
        for (place, fact) in diagram.order.iter().enumerate() {
            if let Some(slot) = self.rank.get_mut(*fact) {
                *slot = place;
            }
        }
        self.cut.clear();
        self.ends.clear();
        self.known.clear();
        self.effects.clear();
        self.leaves.clear();
    }

    /// The fact that is asked first of those that two places ask.
    fn top(&self, one: Option<usize>, other: Option<usize>) -> Option<usize> {
        let rank = |fact: &usize| self.rank.get(*fact).copied();
        [one, other].into_iter().flatten().min_by_key(rank)
    }

    /// Follows what is known from a node on.
    fn follow(&self, frozen: &Frozen, mut at: u32) -> u32 {
        while let Some(fact) = frozen.fact(at)
            && let Some(cell) = single(mask(&self.row, fact))
        {
            at = frozen.child(at, cell);
        }
        at
    }

    /// The first cut: rules and assumptions, known facts followed.
    fn cut(&mut self, diagram: &Diagram, at: u32, possible: u32) -> u32 {
        let possible = self.follow(&diagram.possible, possible);
        if Frozen::content(possible) == Some(0) {
            return EXCLUDED;
        }
        let at = self.follow(&diagram.frozen, at);
        let Some(fact) = self.top(diagram.frozen.fact(at), diagram.possible.fact(possible)) else {
            return LEAF | Frozen::content(at).unwrap_or(0);
        };
        let key = pair(at, possible);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let mut kids = Kids::default();
        for cell in bits(mask(&self.row, fact)) {
            let (at, possible) = (
                diagram.frozen.step(at, fact, cell),
                diagram.possible.step(possible, fact, cell),
            );
            kids.push(self.cut(diagram, at, possible));
        }
        let cut = self.cut.number(fact, &kids);
        self.known.insert(key, cut);
        cut
    }

    /// The second cut: one way, and effects in the place of rules.
    fn fill(
        &mut self,
        diagram: &Diagram,
        at: u32,
        walk: u32,
        way: &[usize],
        effect: &mut dyn FnMut(RuleId, &[usize]) -> u64,
    ) -> u32 {
        if at == EXCLUDED {
            return EXCLUDED;
        }
        let seen = self.filled.get(ix(at)).filter(|(_, seen)| *seen == walk);
        if let Some((end, _)) = seen {
            return *end;
        }
        let Some(fact) = self.cut.fact(at) else {
            return self.end(diagram, at & !LEAF, way, effect);
        };
        let (all, now) = (mask(&self.row, fact), mask(&self.now, fact));
        let mut kids = Kids::default();
        for (place, cell) in bits(all).enumerate() {
            if now & bit(cell) != 0 {
                let kid = self.cut.kid(at, fact, place);
                kids.push(self.fill(diagram, kid, walk, way, effect));
            }
        }
        let end = self.ends.number(fact, &kids);
        if let Some(slot) = self.filled.get_mut(ix(at)) {
            *slot = (end, walk);
        }
        end
    }

    /// The effect at a leaf of the rules.
    fn end(
        &mut self,
        diagram: &Diagram,
        leaf: u32,
        way: &[usize],
        effect: &mut dyn FnMut(RuleId, &[usize]) -> u64,
    ) -> u32 {
        if !self.leaves.contains(&leaf) {
            self.leaves.push(leaf);
        }
        // Several winners that differ are an error of the policy; the first is what a decision would quote.
        let first = diagram.winners(leaf).first();
        let effect = first.map_or(u64::MAX, |rule| effect(*rule, way));
        let place = self.effects.iter().position(|known| *known == effect);
        let place = place.unwrap_or_else(|| {
            self.effects.push(effect);
            self.effects.len().saturating_sub(1)
        });
        LEAF | u32::try_from(place).unwrap_or(0)
    }

    /// INVARIANT (ask what can change it): the names in which alone two possible worlds differ that end differently; where
    /// there is none, those that do so together with the fewest others.
    fn missing(
        &mut self,
        policy: &Policy,
        facts: &Facts,
        roots: &[(Vec<usize>, u32)],
    ) -> Vec<String> {
        let mut asked = vec![false; policy.facts.len()];
        for (fact, _) in &self.ends.nodes {
            if let Some(place) = asked.get_mut(*fact) {
                *place = true;
            }
        }
        let mut names: Vec<String> = Vec::new();
        for (def, _) in policy.facts.iter().zip(&asked).filter(|(_, asked)| **asked) {
            push_new(&mut names, &def.asked_as);
        }
        for joint in facts.joints.iter().filter(|joint| joint.ways.len() > 1) {
            push_new(&mut names, &joint.name);
        }
        let mut distinct: Vec<u32> = roots.iter().map(|(_, root)| *root).collect();
        distinct.sort_unstable();
        distinct.dedup();
        fewest(&names, &mut |names| {
            let named = |name: &str| names.contains(&name);
            let free: Vec<bool> = policy
                .facts
                .iter()
                .map(|def| named(&def.asked_as))
                .collect();
            self.compared.clear();
            if distinct.iter().any(|root| self.differ(*root, *root, &free)) {
                return true;
            }
            let joints: Vec<bool> = facts
                .joints
                .iter()
                .map(|joint| named(&joint.name))
                .collect();
            if !joints.contains(&true) {
                return false;
            }
            if joints.len() == 1 {
                let pairs = distinct.iter().enumerate();
                return pairs.into_iter().any(|(at, one)| {
                    let later = distinct.iter().skip(at.saturating_add(1));
                    later
                        .into_iter()
                        .any(|other| self.differ(*one, *other, &free))
                });
            }
            roots.iter().any(|(way, one)| {
                roots.iter().any(|(other_way, other)| {
                    let agree = way.iter().zip(other_way).zip(&joints);
                    let mut agree = agree.map(|((a, b), named)| *named || a == b);
                    one != other && agree.all(|agree| agree) && self.differ(*one, *other, &free)
                })
            })
        })
    }

    /// Whether two worlds below two places end differently that agree in all facts but the free ones.
    fn differ(&mut self, one: u32, other: u32, free: &Free) -> bool {
        if one == EXCLUDED || other == EXCLUDED {
            return false;
        }
        let Some(fact) = self.top(self.ends.fact(one), self.ends.fact(other)) else {
            return one != other;
        };
        let key = pair(one.min(other), one.max(other));
        if let Some(known) = self.compared.get(&key) {
            return *known;
        }
        let count = mask(&self.now, fact).count_ones();
        let count = usize::try_from(count).unwrap_or(0);
        let apart = free.get(fact) == Some(&true);
        let found = (0..count).any(|a| {
            let range = if apart {
                0..count
            } else {
                a..a.saturating_add(1)
            };
            range.into_iter().any(|b| {
                let (one, other) = (self.ends.kid(one, fact, a), self.ends.kid(other, fact, b));
                self.differ(one, other, free)
            })
        });
        self.compared.insert(key, found);
        found
    }
}

fn mask(row: &[u64], fact: usize) -> u64 {
    row.get(fact).copied().unwrap_or(0)
}

fn pair(one: u32, other: u32) -> u64 {
    (u64::from(one) << 32) | u64::from(other)
}

fn push_new(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}
