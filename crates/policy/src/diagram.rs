// SPDX-License-Identifier: MIT OR Apache-2.0
//! The reduced ordered interval diagram: every question about a policy is a walk through it.
//!
//! A node asks one fact, has a child for each of the fact's cells, and stands only once. Facts are asked
//! in one order on every path. After Strehl and Thiele, *Interval diagrams* (TIK report 40, 1998).

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A node, or a leaf with its content.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub(crate) struct Ref(u32);

const LEAF: u32 = 1 << 31;

impl Ref {
    pub const FALSE: Self = Self(LEAF);
    pub const TRUE: Self = Self(LEAF | 1);

    pub fn leaf(content: u32) -> Self {
        Self(LEAF | content)
    }

    /// A leaf's content.
    pub fn content(self) -> Option<u32> {
        (self.0 & LEAF != 0).then_some(self.0 & !LEAF)
    }
}

/// The diagram outgrew its budget, or its caller would not wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct OverBudget;

/// A quick hash for small keys of our own making. Nothing a stranger can choose reaches it: keys are node numbers.
#[derive(Default, Clone, Copy)]
pub(crate) struct Quick(u64);

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }
    fn write_u32(&mut self, n: u32) {
        self.write_u64(u64::from(n));
    }
    fn write_usize(&mut self, n: usize) {
        self.write_u64(u64::try_from(n).unwrap_or(0));
    }
    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0.rotate_left(5) ^ n).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

pub(crate) type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

/// An index from a node number. On every platform with at least 32-bit addresses this is a no-op.
pub(crate) fn ix(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(LEAF)
}

/// Where diagrams of one policy are built. Levels are the facts in the order in which they are asked.
pub(crate) struct Builder<'a> {
    /// The number of cells of the fact at each level.
    widths: Vec<usize>,
    nodes: Vec<(u32, u32)>,
    kids: Vec<Ref>,
    /// Node numbers by hash of level and children; open addressing, its length a power of two.
    unique: Vec<u32>,
    most_nodes: usize,
    keep_going: &'a dyn Fn() -> bool,
    steps: u32,
}

pub(crate) type Cache = QuickMap<(Ref, Ref), Ref>;

impl<'a> Builder<'a> {
    pub fn new(widths: Vec<usize>, most_nodes: usize, keep_going: &'a dyn Fn() -> bool) -> Self {
        Self {
            widths,
            nodes: Vec::new(),
            kids: Vec::new(),
            unique: vec![LEAF; 1 << 12],
            most_nodes,
            keep_going,
            steps: 0,
        }
    }

    /// How many nodes stand at each level.
    pub fn size_by_level(&self) -> Vec<usize> {
        let mut out = vec![0_usize; self.widths.len()];
        for (level, _) in &self.nodes {
            if let Some(count) = out.get_mut(ix(*level)) {
                *count = count.saturating_add(1);
            }
        }
        out
    }

    /// The level of a node; beyond the last for a leaf.
    pub fn level(&self, at: Ref) -> usize {
        self.nodes
            .get(ix(at.0))
            .map_or(usize::MAX, |(level, _)| ix(*level))
    }

    pub fn width(&self, level: usize) -> usize {
        self.widths.get(level).copied().unwrap_or(0)
    }

    /// The child for a cell; a node below the level is its own child.
    pub fn child(&self, at: Ref, level: usize, cell: usize) -> Ref {
        match self.nodes.get(ix(at.0)) {
            Some((own, offset)) if ix(*own) == level => self
                .kids
                .get(ix(*offset).saturating_add(cell))
                .copied()
                .unwrap_or(at),
            _ => at,
        }
    }

    /// The node with these children; none is made where all children are one.
    pub fn node(&mut self, level: usize, kids: &[Ref]) -> Result<Ref, OverBudget> {
        let Some(first) = kids.first() else {
            return Err(OverBudget);
        };
        if kids.iter().all(|kid| kid == first) {
            return Ok(*first);
        }
        self.steps = self.steps.wrapping_add(1);
        if self.steps & 1023 == 0 && !(self.keep_going)() {
            return Err(OverBudget);
        }
        let level = number(level);
        if self.nodes.len().saturating_mul(2) >= self.unique.len() {
            self.grow();
        }
        let mut slot = self.slot(level, kids);
        loop {
            let found = self.unique.get(slot).copied().unwrap_or(LEAF);
            if found == LEAF {
                break;
            }
            if self.is(found, level, kids) {
                return Ok(Ref(found));
            }
            slot = slot.wrapping_add(1) & self.unique.len().wrapping_sub(1);
        }
        if self.nodes.len() >= self.most_nodes {
            return Err(OverBudget);
        }
        let new = number(self.nodes.len());
        self.nodes.push((level, number(self.kids.len())));
        self.kids.extend_from_slice(kids);
        if let Some(place) = self.unique.get_mut(slot) {
            *place = new;
        }
        Ok(Ref(new))
    }

    fn is(&self, node: u32, level: u32, kids: &[Ref]) -> bool {
        self.nodes.get(ix(node)).is_some_and(|(own, offset)| {
            let start = ix(*offset);
            *own == level && self.kids.get(start..start.saturating_add(kids.len())) == Some(kids)
        })
    }

    fn slot(&self, level: u32, kids: &[Ref]) -> usize {
        let mut hash = Quick::default();
        hash.write_u32(level);
        for kid in kids {
            hash.write_u32(kid.0);
        }
        let hash = hash.finish();
        usize::try_from(hash ^ (hash >> 32)).unwrap_or(0) & self.unique.len().wrapping_sub(1)
    }

    fn grow(&mut self) {
        self.unique = vec![LEAF; self.unique.len().saturating_mul(4)];
        for at in 0..self.nodes.len() {
            let Some((level, offset)) = self.nodes.get(at).copied() else {
                continue;
            };
            let start = ix(offset);
            let width = self.width(ix(level));
            let kids = self
                .kids
                .get(start..start.saturating_add(width))
                .unwrap_or(&[]);
            let mut slot = self.slot(level, kids);
            while self.unique.get(slot) != Some(&LEAF) {
                slot = slot.wrapping_add(1) & self.unique.len().wrapping_sub(1);
            }
            if let Some(place) = self.unique.get_mut(slot) {
                *place = number(at);
            }
        }
    }

    /// True exactly in the cells of a set.
    pub fn test(&mut self, level: usize, cells: u64) -> Result<Ref, OverBudget> {
        let kids: Vec<Ref> = (0..self.width(level))
            .map(|cell| {
                if cells & crate::fact::bit(cell) == 0 {
                    Ref::FALSE
                } else {
                    Ref::TRUE
                }
            })
            .collect();
        self.node(level, &kids)
    }

    /// Joins two diagrams leaf by leaf. `leaf` may answer early, before both have come to a leaf.
    pub fn join(
        &mut self,
        a: Ref,
        b: Ref,
        cache: &mut Cache,
        leaf: &mut impl FnMut(Ref, Ref) -> Option<Ref>,
    ) -> Result<Ref, OverBudget> {
        if let Some(answer) = leaf(a, b) {
            return Ok(answer);
        }
        if let Some(known) = cache.get(&(a, b)) {
            return Ok(*known);
        }
        let level = self.level(a).min(self.level(b));
        let width = self.width(level);
        // A fact has at most 64 cells and a value for "absent".
        let mut kids = [Ref::FALSE; crate::fact::MOST_CELLS];
        for cell in 0..width {
            let kid = self.join(
                self.child(a, level, cell),
                self.child(b, level, cell),
                cache,
                leaf,
            )?;
            if let Some(place) = kids.get_mut(cell) {
                *place = kid;
            }
        }
        let joined = self.node(level, kids.get(..width).unwrap_or(&[]))?;
        cache.insert((a, b), joined);
        Ok(joined)
    }

    pub fn and(&mut self, a: Ref, b: Ref) -> Result<Ref, OverBudget> {
        self.join(a, b, &mut Cache::default(), &mut |a, b| match (a, b) {
            (Ref::FALSE, _) | (_, Ref::FALSE) => Some(Ref::FALSE),
            (Ref::TRUE, other) | (other, Ref::TRUE) => Some(other),
            _ => (a == b).then_some(a),
        })
    }

    pub fn or(&mut self, a: Ref, b: Ref) -> Result<Ref, OverBudget> {
        self.join(a, b, &mut Cache::default(), &mut |a, b| match (a, b) {
            (Ref::TRUE, _) | (_, Ref::TRUE) => Some(Ref::TRUE),
            (Ref::FALSE, other) | (other, Ref::FALSE) => Some(other),
            _ => (a == b).then_some(a),
        })
    }

    /// Where the first holds and the second does not.
    pub fn without(&mut self, a: Ref, b: Ref) -> Result<Ref, OverBudget> {
        self.join(a, b, &mut Cache::default(), &mut |a, b| match (a, b) {
            (Ref::FALSE, _) | (_, Ref::TRUE) => Some(Ref::FALSE),
            (_, Ref::FALSE) => Some(a),
            _ => (a == b).then_some(Ref::FALSE),
        })
    }

    pub fn not(&mut self, a: Ref) -> Result<Ref, OverBudget> {
        self.without(Ref::TRUE, a)
    }

    /// The diagram where one fact's value is given.
    pub fn given(&mut self, a: Ref, level: usize, cell: usize) -> Result<Ref, OverBudget> {
        let mut cache = Cache::default();
        self.given_in(a, level, cell, &mut cache)
    }

    fn given_in(
        &mut self,
        a: Ref,
        level: usize,
        cell: usize,
        cache: &mut Cache,
    ) -> Result<Ref, OverBudget> {
        let own = self.level(a);
        if own > level {
            return Ok(a);
        }
        if own == level {
            return Ok(self.child(a, level, cell));
        }
        if let Some(known) = cache.get(&(a, a)) {
            return Ok(*known);
        }
        let kids = (0..self.width(own))
            .map(|at| self.given_in(self.child(a, own, at), level, cell, cache))
            .collect::<Result<Vec<_>, _>>()?;
        let node = self.node(own, &kids)?;
        cache.insert((a, a), node);
        Ok(node)
    }

    /// Every leaf that can be reached.
    pub fn leaves(&self, root: Ref) -> Vec<Ref> {
        let mut seen = QuickMap::<Ref, ()>::default();
        let mut out = Vec::new();
        let mut pending = vec![root];
        while let Some(at) = pending.pop() {
            if seen.insert(at, ()).is_some() {
                continue;
            }
            if at.content().is_some() {
                out.push(at);
                continue;
            }
            let level = self.level(at);
            pending.extend((0..self.width(level)).map(|cell| self.child(at, level, cell)));
        }
        out.sort_unstable();
        out
    }

    /// Lays a finished diagram out in one flat table, root first.
    pub fn freeze(&self, root: Ref, order: &[usize]) -> Frozen {
        let mut places = QuickMap::<Ref, u32>::default();
        let mut by_level: Vec<Vec<Ref>> = vec![Vec::new(); self.widths.len()];
        let mut pending = vec![root];
        while let Some(at) = pending.pop() {
            if at.content().is_some() || places.insert(at, 0).is_some() {
                continue;
            }
            let level = self.level(at);
            if let Some(list) = by_level.get_mut(level) {
                list.push(at);
            }
            pending.extend((0..self.width(level)).map(|cell| self.child(at, level, cell)));
        }
        // Within a level, nodes stand in the order of their making, which depends on the policy alone.
        let mut end = 0;
        for list in &mut by_level {
            list.sort_unstable();
            for at in list.iter() {
                places.insert(*at, end);
                end = end
                    .saturating_add(1)
                    .saturating_add(number(self.width(self.level(*at))));
            }
        }
        let place = |at: Ref| {
            if at.content().is_some() {
                at.0
            } else {
                places.get(&at).copied().unwrap_or(LEAF)
            }
        };
        let mut table = Vec::with_capacity(ix(end));
        for at in by_level.iter().flatten() {
            let level = self.level(*at);
            table.push(number(order.get(level).copied().unwrap_or(0)));
            table.extend((0..self.width(level)).map(|cell| place(self.child(*at, level, cell))));
        }
        Frozen {
            nodes: by_level.iter().map(Vec::len).sum(),
            table,
            root: place(root),
        }
    }
}

/// A finished diagram: each node is its fact followed by a child for each cell.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Frozen {
    pub table: Vec<u32>,
    pub root: u32,
    pub nodes: usize,
}

impl Frozen {
    /// Gives the leaves other contents.
    pub fn renumber(&mut self, content: impl Fn(u32) -> u32) {
        let new = |at: u32| {
            if at & LEAF != 0 {
                LEAF | content(at & !LEAF)
            } else {
                at
            }
        };
        self.root = new(self.root);
        // A fact's number never carries the leaf's bit, so facts pass unchanged.
        for entry in &mut self.table {
            *entry = new(*entry);
        }
    }

    /// The leaf for known cells, one a fact.
    pub fn walk(&self, cells: &[u8]) -> u32 {
        let mut at = self.root;
        while at & LEAF == 0 {
            let fact = self.table.get(ix(at)).copied().unwrap_or(0);
            let cell = cells.get(ix(fact)).copied().unwrap_or(0);
            at = self
                .table
                .get(ix(at).saturating_add(1).saturating_add(usize::from(cell)))
                .copied()
                .unwrap_or(u32::MAX);
        }
        at & !LEAF
    }

    /// The fact that a node asks; nothing for a leaf.
    pub fn fact(&self, at: u32) -> Option<usize> {
        if at & LEAF == 0 {
            self.table.get(ix(at)).map(|fact| ix(*fact))
        } else {
            None
        }
    }

    /// A node's child for a cell.
    pub fn child(&self, at: u32, cell: usize) -> u32 {
        self.table
            .get(ix(at).saturating_add(1).saturating_add(cell))
            .copied()
            .unwrap_or(u32::MAX)
    }

    /// A node's child for a cell of a fact; a node that asks another fact is its own child.
    pub fn step(&self, at: u32, fact: usize, cell: usize) -> u32 {
        if self.fact(at) == Some(fact) {
            self.child(at, cell)
        } else {
            at
        }
    }

    /// A leaf's content.
    pub fn content(at: u32) -> Option<u32> {
        (at & LEAF != 0).then_some(at & !LEAF)
    }
}

/// The same diagram for one walk at a time: a reference carries the fact that is asked next, and the first facts are not
/// asked one by one but looked up together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Straight {
    /// Children of all nodes. A child is a leaf, or a fact and where its own children begin.
    table: Vec<u32>,
    /// The first facts, each with the distance between its cells in `starts`.
    first: [(u8, u16); FIRST],
    /// Where each combination of the first facts leads.
    starts: Vec<u32>,
}

/// Most facts that are looked up together.
const FIRST: usize = 8;

/// Most combinations of them.
const MOST_STARTS: usize = 1 << 13;

/// How far left a fact stands in a child; below it stands where its children begin.
const FACT: u32 = 23;

impl Straight {
    /// Lays a frozen diagram out for walking; `answer` says what each leaf stands for. Nothing if it is too large for that.
    pub fn new(
        frozen: &Frozen,
        order: &[usize],
        width: &dyn Fn(usize) -> usize,
        answer: &dyn Fn(u32) -> u32,
    ) -> Option<Self> {
        let child = |at: u32| match Frozen::content(at) {
            Some(content) => Some(LEAF | answer(content)),
            None => {
                let fact = u8::try_from(frozen.fact(at)?)
                    .ok()
                    .filter(|fact| *fact < u8::MAX)?;
                let fact = u32::from(fact).checked_shl(FACT)?;
                let begin = at.checked_add(1).filter(|begin| *begin < 1 << FACT)?;
                (fact & LEAF == 0).then_some(fact | begin)
            }
        };
        let mut table = Vec::with_capacity(frozen.table.len());
        while table.len() < frozen.table.len() {
            let fact = frozen.table.get(table.len()).copied().map_or(0, ix);
            table.push(LEAF);
            for _ in 0..width(fact) {
                let entry = frozen.table.get(table.len()).copied()?;
                table.push(child(entry)?);
            }
        }
        let mut straight = Self {
            table,
            first: [(0, 0); FIRST],
            starts: vec![child(frozen.root)?],
        };
        straight.look_up_first(order, width);
        Some(straight)
    }

    fn look_up_first(&mut self, order: &[usize], width: &dyn Fn(usize) -> usize) {
        let mut room = MOST_STARTS;
        let facts = order.iter().take(FIRST).copied();
        let facts = facts.take_while(|fact| {
            room = room.checked_div(width(*fact)).unwrap_or(0);
            room > 0 && u8::try_from(*fact).is_ok()
        });
        for (place, fact) in facts.collect::<Vec<_>>().into_iter().enumerate() {
            // The fact asked later has its cells farther apart, so that what was laid out before stays where it is.
            let stride = self.starts.len();
            let (Some(slot), Ok(number), Ok(far)) = (
                self.first.get_mut(place),
                u8::try_from(fact),
                u16::try_from(stride),
            ) else {
                return;
            };
            *slot = (number, far);
            let asked = u32::from(number);
            let follow = |at: u32, cell: usize| {
                if at & LEAF == 0 && at.wrapping_shr(FACT) == asked {
                    self.table
                        .get(begin(at).wrapping_add(cell))
                        .copied()
                        .unwrap_or(LEAF | NOWHERE)
                } else {
                    at
                }
            };
            let starts =
                (0..width(fact)).flat_map(|cell| self.starts.iter().map(move |at| (*at, cell)));
            self.starts = starts.map(|(at, cell)| follow(at, cell)).collect();
        }
    }

    /// What stands at the leaf for known cells, one a fact; [`NOWHERE`] for cells that no fact has.
    pub fn walk(&self, cells: &[u8]) -> u32 {
        let mut start = 0_usize;
        for (fact, far) in self.first {
            let cell = cells.get(usize::from(fact)).copied().unwrap_or(0);
            start = start.wrapping_add(usize::from(far).wrapping_mul(usize::from(cell)));
        }
        self.follow(start, |fact| cells.get(fact).copied().map(usize::from))
    }

    /// The same where each fact's cell is found when it is asked.
    pub fn walk_by(&self, cell: impl Fn(usize) -> Option<usize>) -> u32 {
        let mut start = 0_usize;
        for (fact, far) in self.first.iter().take_while(|(_, far)| *far > 0) {
            let Some(cell) = cell(usize::from(*fact)) else {
                return NOWHERE;
            };
            start = start.wrapping_add(usize::from(*far).wrapping_mul(cell));
        }
        self.follow(start, cell)
    }

    fn follow(&self, start: usize, cell: impl Fn(usize) -> Option<usize>) -> u32 {
        let Some(at) = self.starts.get(start) else {
            return NOWHERE;
        };
        let mut at = *at;
        while at & LEAF == 0 {
            let Some(cell) = cell(ix(at.wrapping_shr(FACT))) else {
                return NOWHERE;
            };
            let Some(next) = self.table.get(begin(at).wrapping_add(cell)) else {
                return NOWHERE;
            };
            at = *next;
        }
        at & !LEAF
    }
}

/// Where a walk ends that was given cells which no fact has.
pub(crate) const NOWHERE: u32 = !LEAF;

fn begin(at: u32) -> usize {
    ix(at & ((1 << FACT) - 1))
}
