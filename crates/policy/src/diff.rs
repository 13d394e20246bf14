// SPDX-License-Identifier: MIT OR Apache-2.0
//! What changes between two versions of a policy.
//!
//! Both are cut at the thresholds of both and joined into one diagram of pairs. If no pair differs, the two decide
//! alike, and that is a proof; otherwise every pair of rules that decide differently is told with facts that show it.
//!
//! ```
//! # let page = |bound: u8| format!("---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {{#1}}\n```facts\nlate : int [0..]\n```\n```rule refuse\nwhen late > {bound} then no because \"\"\n```\n```rule grant\nwhen !(late > {bound}) then yes because \"\"\n```\n");
//! let read = |bound| makegood_policy::read(&page(bound)).policy.unwrap();
//! let diff = makegood_policy::diff::diff(&read(3), &read(4)).unwrap();
//! let change = &diff.changes[0];
//! assert_eq!((change.before.rules[0].as_str(), change.after.rules[0].as_str()), ("refuse", "grant"));
//! assert_eq!((change.when[0].fact.as_str(), change.when[0].words.as_str()), ("late", "4"));
//! assert!(makegood_policy::diff::diff(&read(3), &read(3)).unwrap().is_alike());
//! ```

use std::collections::BTreeMap;
use std::fmt;

use crate::clause::{Edition, Quotes};
use crate::condition::{Expr, FactId, Test, TestOp};
use crate::diagram::{Builder, Cache, Frozen, OverBudget, QuickMap, Ref};
use crate::fact::{Cut, FactDef, Kind, MOST_CELLS, Value, bit, bits};
use crate::join::{Sets, condition};
use crate::phrase::Tongue;
use crate::read::Policy;
use crate::rule::{Effect, Remedy, RuleId, Then};

/// What changes from one version to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diff {
    /// What stands differently in the declarations of facts, and in the assumptions.
    pub notes: Vec<Note>,
    /// Every pair of rules that decide the same case differently, changed outcomes first.
    pub changes: Vec<Change>,
    /// Nodes of the diagram that proves it.
    pub nodes: usize,
}

impl Diff {
    /// Whether both versions decide every case alike that both hold possible: proved.
    #[must_use]
    pub fn is_alike(&self) -> bool {
        self.changes.is_empty()
    }
}

/// A fact or an assumption that stands differently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// Only the new version knows the fact; every value of it is compared.
    Added {
        /// The fact.
        fact: String,
    },
    /// Only the old version knows the fact; every value of it is compared.
    Removed {
        /// The fact.
        fact: String,
    },
    /// The fact has another type: the two are compared as if they were two facts.
    Type {
        /// The fact.
        fact: String,
        /// The old type.
        before: String,
        /// The new type.
        after: String,
    },
    /// Values that only one version knows; cases with them are left out.
    Values {
        /// The fact.
        fact: String,
        /// The old version's own.
        before: Vec<String>,
        /// The new version's own.
        after: Vec<String>,
    },
    /// The fact may lie elsewhere; only what both allow is compared.
    Bounds {
        /// The fact.
        fact: String,
    },
    /// The fact may be absent in one version only; such cases are left out.
    Optional {
        /// The fact.
        fact: String,
        /// In which one.
        side: Side,
    },
    /// One version holds cases possible that the other excludes; they are left out.
    Assumptions {
        /// The version that holds them possible.
        side: Side,
        /// When.
        when: Vec<When>,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { fact } => write!(f, "`{fact}` is new; it was compared with every value"),
            Self::Removed { fact } => {
                write!(f, "`{fact}` is gone; it was compared with every value")
            }
            Self::Type {
                fact,
                before,
                after,
            } => write!(
                f,
                "`{fact}` was {before} and is {after}: compared as two facts"
            ),
            Self::Values {
                fact,
                before,
                after,
            } => {
                let gone = before.iter().map(|value| format!("`{value}` is gone"));
                let new = after.iter().map(|value| format!("`{value}` is new"));
                let all: Vec<String> = gone.chain(new).collect();
                write!(f, "`{fact}`: {}; left out", all.join(", "))
            }
            Self::Bounds { fact } => {
                write!(f, "`{fact}` has other bounds; compared within both")
            }
            Self::Optional { fact, side } => {
                write!(f, "`{fact}` may be absent only {side}; left out")
            }
            Self::Assumptions { side, when } => {
                write!(f, "only {side} it is possible that ")?;
                let when: Vec<String> = when
                    .iter()
                    .map(|when| format!("{} is {}", when.label, when.words))
                    .collect();
                write!(f, "{}; such cases are left out", when.join(" and "))
            }
        }
    }
}

/// One of the two versions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Side {
    /// The first.
    Before,
    /// The second.
    After,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::After => "after",
        })
    }
}

/// What about a decision changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum ChangeKind {
    /// The outcome, what is granted or what is suggested.
    Effect,
    /// Only the clause that is quoted.
    Clause,
}

/// A class of cases that are decided differently: one set of rules wins before, another after.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// What changes.
    pub kind: ChangeKind,
    /// What the first version decides.
    pub before: Decision,
    /// What the second version decides.
    pub after: Decision,
    /// Facts that suffice for it: whatever else is the case, the decision changes like this. There may be other such facts.
    pub when: Vec<When>,
    /// A case of it, with a value of every fact.
    pub example: Vec<Given>,
}

/// What a version decides for a class of cases.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Decision {
    /// The rules that win, the quoted one first; none where no rule covers the case.
    pub rules: Vec<String>,
    /// The clause that is quoted.
    pub clause: Option<String>,
    /// Outcome and remedies, parameters filled in.
    pub effect: Option<String>,
}

/// A fact with the range that it takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct When {
    /// The fact's name.
    pub fact: String,
    /// Its name in words.
    pub label: String,
    /// The range in words.
    pub words: String,
}

/// A fact with a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// The fact's name.
    pub fact: String,
    /// The value as a policy writes it.
    pub value: String,
    /// The version that alone has this fact.
    pub only: Option<Side>,
}

/// Two versions that are too large to compare: nothing is proved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OverBudgetWords {
    /// The budget that did not suffice.
    pub nodes: usize,
    /// The facts that take most of it.
    pub facts: Vec<String>,
}

impl fmt::Display for OverBudgetWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts: Vec<String> = self.facts.iter().map(|fact| format!("`{fact}`")).collect();
        write!(
            f,
            "not proved: comparing takes more than {} nodes, most of them for {}",
            self.nodes,
            facts.join(", ")
        )
    }
}

impl std::error::Error for OverBudgetWords {}

/// Compares two versions, in words of the first one's own language.
///
/// # Errors
/// The diagram of both outgrows the budget.
pub fn diff(a: &Policy, b: &Policy) -> Result<Diff, OverBudgetWords> {
    let language = a.editions.first().map_or("", |edition| &edition.language);
    diff_in(a, b, language, &|| true)
}

/// Compares two versions, in words of a language where they have it; `keep_going` may stop it.
///
/// # Errors
/// The diagram of both outgrows the budget, or `keep_going` says stop.
pub fn diff_in(
    a: &Policy,
    b: &Policy,
    language: &str,
    keep_going: &dyn Fn() -> bool,
) -> Result<Diff, OverBudgetWords> {
    let union = Union::new(a, b)?;
    let lifted = [union.lift(a, Side::Before), union.lift(b, Side::After)];
    let [old, new] = &lifted;
    let order = union.order(a, b);
    let most = a.limits.nodes.saturating_add(b.limits.nodes);
    let mut builder = Builder::new(old.widths(&order), most, keep_going);
    let built = union.build(&mut builder, &old.levels(&order), old, new);
    let Ok(built) = built else {
        return Err(union.blame(&builder, &order, most));
    };
    let frozen = builder.freeze(built.root, &order);
    let words = WordsOf::new(&union, a, b, language);
    let mut notes = union.notes.clone();
    for (side, only) in [
        (Side::Before, built.only_before),
        (Side::After, built.only_after),
    ] {
        let frozen = builder.freeze(only, &order);
        if let Some(row) = witness(&frozen, &union.facts, 1) {
            let when = words.when(&row.cells);
            notes.push(Note::Assumptions { side, when });
        }
    }
    let mut changes: Vec<Change> = built
        .classes
        .into_iter()
        .filter_map(|(class, kind, before, after)| {
            let row = witness(&frozen, &union.facts, class)?;
            Some(Change {
                kind,
                before,
                after,
                when: words.when(&row.cells),
                example: words.given(&row.example),
            })
        })
        .collect();
    changes.sort_by_key(|change| change.kind);
    Ok(Diff {
        notes,
        changes,
        nodes: frozen.nodes,
    })
}

/// The facts of both versions, cut at the thresholds of both.
struct Union {
    facts: Vec<FactDef>,
    /// For each fact the place it has in either version.
    own: Vec<[Option<usize>; 2]>,
    /// The cells that both versions allow.
    allowed: Vec<u64>,
    notes: Vec<Note>,
}

fn at(side: Side) -> usize {
    match side {
        Side::Before => 0,
        Side::After => 1,
    }
}

impl Union {
    fn new(a: &Policy, b: &Policy) -> Result<Self, OverBudgetWords> {
        let mut union = Self {
            facts: Vec::new(),
            own: Vec::new(),
            allowed: Vec::new(),
            notes: Vec::new(),
        };
        let mut matched = vec![false; b.facts.len()];
        for (place, def) in a.facts.iter().enumerate() {
            let other = b.facts.iter().position(|other| other.name == def.name);
            match other.and_then(|at| b.facts.get(at).map(|other| (at, other))) {
                Some((at, other)) if comparable(def, other) => {
                    if let Some(matched) = matched.get_mut(at) {
                        *matched = true;
                    }
                    union.note_differences(def, other);
                    union.add(together(def, other), [Some(place), Some(at)]);
                }
                Some((_, other)) => {
                    union.notes.push(Note::Type {
                        fact: def.name.clone(),
                        before: def.kind.name().to_owned(),
                        after: other.kind.name().to_owned(),
                    });
                    union.add(def.clone(), [Some(place), None]);
                }
                None => {
                    let fact = def.name.clone();
                    union.notes.push(Note::Removed { fact });
                    union.add(def.clone(), [Some(place), None]);
                }
            }
        }
        for (at, def) in b.facts.iter().enumerate() {
            if matched.get(at) == Some(&true) {
                continue;
            }
            if a.facts.iter().all(|other| other.name != def.name) {
                let fact = def.name.clone();
                union.notes.push(Note::Added { fact });
            }
            union.add(def.clone(), [None, Some(at)]);
        }
        union.cut(a, b)?;
        Ok(union)
    }

    fn add(&mut self, def: FactDef, own: [Option<usize>; 2]) {
        self.facts.push(def);
        self.own.push(own);
    }

    fn note_differences(&mut self, a: &FactDef, b: &FactDef) {
        let fact = || a.name.clone();
        if let (Kind::Enum(old), Kind::Enum(new)) = (&a.kind, &b.kind) {
            let without = |list: &[String], other: &[String]| -> Vec<String> {
                list.iter()
                    .filter(|name| !other.contains(name))
                    .cloned()
                    .collect()
            };
            let (before, after) = (without(old, new), without(new, old));
            if !before.is_empty() || !after.is_empty() {
                self.notes.push(Note::Values {
                    fact: fact(),
                    before,
                    after,
                });
            }
        }
        if a.bounds != b.bounds {
            self.notes.push(Note::Bounds { fact: fact() });
        }
        if a.optional != b.optional {
            self.notes.push(Note::Optional {
                fact: fact(),
                side: if a.optional {
                    Side::Before
                } else {
                    Side::After
                },
            });
        }
    }

    /// Where a fact of a version stands among all.
    fn place(&self, side: Side, own: usize) -> usize {
        let found = self
            .own
            .iter()
            .position(|places| places.get(at(side)) == Some(&Some(own)));
        found.unwrap_or(0)
    }

    /// Cuts the facts at the thresholds and bounds of both versions.
    fn cut(&mut self, a: &Policy, b: &Policy) -> Result<(), OverBudgetWords> {
        let mut cuts: Vec<Vec<Cut>> = vec![Vec::new(); self.facts.len()];
        for (policy, side) in [(a, Side::Before), (b, Side::After)] {
            for expr in exprs(policy) {
                self.lift_expr(policy, side, expr)
                    .collect_cuts(&self.facts, &mut cuts);
            }
        }
        for ((def, own), cuts) in self.facts.iter_mut().zip(&self.own).zip(&mut cuts) {
            for def in sides(own, a, b).into_iter().flatten() {
                let (low, high) = def.bounds;
                cuts.extend(low.map(|at| Cut { at, after: false }));
                cuts.extend(high.map(|at| Cut { at, after: true }));
            }
            def.lay_out(std::mem::take(cuts));
        }
        let wide: Vec<String> = self
            .facts
            .iter()
            .filter(|def| def.cells.count() > MOST_CELLS)
            .map(|def| def.name.clone())
            .collect();
        if !wide.is_empty() {
            return Err(OverBudgetWords {
                nodes: a.limits.nodes.saturating_add(b.limits.nodes),
                facts: wide,
            });
        }
        let allowed = self.facts.iter().zip(&self.own).map(|(def, own)| {
            let both = sides(own, a, b);
            let fits = |cell: &usize| {
                let value = def.example(*cell);
                both.iter().flatten().all(|side| {
                    value.is_none_or(|value| side.cell(translate(value, def, side)).is_some())
                })
            };
            bits(def.cells.domain())
                .filter(fits)
                .fold(0, |set, cell| set | bit(cell))
        });
        self.allowed = allowed.collect();
        Ok(())
    }

    /// A version with the facts of both.
    fn lift(&self, policy: &Policy, side: Side) -> Policy {
        let mut lifted = policy.clone();
        lifted.facts.clone_from(&self.facts);
        lifted.diagram = None;
        for rule in &mut lifted.rules {
            rule.when = self.lift_expr(policy, side, &rule.when);
            rule.when.fill_cells(&self.facts);
            if let Then::JudgeAgain { fact, value } = &mut rule.then {
                *value = self.lift_value(policy, side, *fact, *value);
                *fact = FactId(self.place(side, fact.0));
            }
        }
        for (expr, _) in &mut lifted.assumptions {
            *expr = self.lift_expr(policy, side, expr);
            expr.fill_cells(&self.facts);
        }
        lifted
    }

    fn lift_value(&self, policy: &Policy, side: Side, fact: FactId, value: Value) -> Value {
        let own = policy.facts.get(fact.0);
        let def = self.facts.get(self.place(side, fact.0));
        match (own, def) {
            (Some(own), Some(def)) => translate(value, own, def),
            _ => value,
        }
    }

    fn lift_expr(&self, policy: &Policy, side: Side, expr: &Expr) -> Expr {
        let all = |parts: &[Expr]| {
            parts
                .iter()
                .map(|part| self.lift_expr(policy, side, part))
                .collect()
        };
        match expr {
            Expr::Const(constant) => Expr::Const(*constant),
            Expr::Not(inner) => Expr::Not(Box::new(self.lift_expr(policy, side, inner))),
            Expr::And(parts) => Expr::And(all(parts)),
            Expr::Or(parts) => Expr::Or(all(parts)),
            Expr::Test(test) => {
                let value = |value: &Value| self.lift_value(policy, side, test.fact, *value);
                let op = match &test.op {
                    TestOp::Is(compare, constant) => TestOp::Is(*compare, value(constant)),
                    TestOp::In(values) => TestOp::In(values.iter().map(value).collect()),
                    TestOp::Between(low, high) => TestOp::Between(value(low), value(high)),
                    TestOp::Absent => TestOp::Absent,
                };
                Expr::Test(Test {
                    fact: FactId(self.place(side, test.fact.0)),
                    op,
                    cells: 0,
                    span: test.span,
                })
            }
        }
    }

    /// The first version's order of asking, with what only the second knows put where the second asks it.
    fn order(&self, a: &Policy, b: &Policy) -> Vec<usize> {
        let own = |policy: &Policy, side: Side| -> Vec<usize> {
            let order = policy.asking_order();
            order.into_iter().map(|at| self.place(side, at)).collect()
        };
        let mut order = own(a, Side::Before);
        let mut after: Option<usize> = None;
        for fact in own(b, Side::After) {
            let known = order.iter().position(|known| *known == fact);
            let place = known.unwrap_or_else(|| {
                let place = after.map_or(0, |after| after.saturating_add(1));
                order.insert(place, fact);
                place
            });
            after = Some(place);
        }
        order
    }

    fn blame(&self, builder: &Builder<'_>, order: &[usize], nodes: usize) -> OverBudgetWords {
        let mut sizes: Vec<(usize, usize)> = builder
            .size_by_level()
            .into_iter()
            .zip(order.iter().copied())
            .collect();
        sizes.sort_by(|a, b| b.cmp(a));
        let facts = sizes.into_iter().take(3);
        OverBudgetWords {
            nodes,
            facts: facts
                .filter_map(|(_, fact)| self.facts.get(fact))
                .map(|def| def.name.clone())
                .collect(),
        }
    }

    fn build(
        &self,
        builder: &mut Builder<'_>,
        levels: &[usize],
        old: &Policy,
        new: &Policy,
    ) -> Result<Built, OverBudget> {
        let mut within = Ref::TRUE;
        for ((fact, def), allowed) in self.facts.iter().enumerate().zip(&self.allowed) {
            if *allowed != def.cells.domain() {
                let level = levels.get(fact).copied().unwrap_or(0);
                let inside = builder.test(level, *allowed)?;
                within = builder.and(within, inside)?;
            }
        }
        let (sets_a, last_a, possible_a) = judged(old, builder, levels, within)?;
        let (sets_b, last_b, possible_b) = judged(new, builder, levels, within)?;
        let feasible = builder.and(possible_a, possible_b)?;
        let cut = builder.join(
            last_a,
            feasible,
            &mut Cache::default(),
            &mut |a, b| match b {
                Ref::FALSE => Some(nowhere()),
                Ref::TRUE => Some(a),
                _ => None,
            },
        )?;
        let mut classes = Classes {
            policies: [old, new],
            sets: [sets_a, sets_b],
            numbers: BTreeMap::new(),
            list: Vec::new(),
        };
        let root = builder.join(cut, last_b, &mut Cache::default(), &mut |a, b| {
            if a == nowhere() {
                return Some(a);
            }
            a.content()?;
            b.content()?;
            Some(classes.leaf(a, b))
        })?;
        Ok(Built {
            root,
            classes: classes.list,
            only_before: builder.without(possible_a, possible_b)?,
            only_after: builder.without(possible_b, possible_a)?,
        })
    }
}

/// The diagram of pairs. Its leaves: 0 where nothing is compared, 1 where both decide alike, then the classes.
struct Built {
    root: Ref,
    classes: Vec<(u32, ChangeKind, Decision, Decision)>,
    only_before: Ref,
    only_after: Ref,
}

/// A leaf that no set of rules has.
fn nowhere() -> Ref {
    Ref::leaf(1 << 30)
}

const ALIKE: u32 = 1;

/// What a version's rules say, and what it holds possible.
fn judged(
    policy: &Policy,
    builder: &mut Builder<'_>,
    levels: &[usize],
    within: Ref,
) -> Result<(Sets, Ref, Ref), OverBudget> {
    let mut possible = within;
    for (assumption, _) in &policy.assumptions {
        let holds = condition(builder, levels, assumption)?;
        possible = builder.and(possible, holds)?;
    }
    let (sets, _, _, _, last) = policy.join_in(builder, levels)?;
    Ok((sets, last, possible))
}

/// The classes of pairs of leaves.
struct Classes<'a> {
    policies: [&'a Policy; 2],
    sets: [Sets; 2],
    numbers: BTreeMap<(Ref, Ref), Ref>,
    list: Vec<(u32, ChangeKind, Decision, Decision)>,
}

impl Classes<'_> {
    fn leaf(&mut self, a: Ref, b: Ref) -> Ref {
        if let Some(known) = self.numbers.get(&(a, b)) {
            return *known;
        }
        let ([old, new], [sets_a, sets_b]) = (self.policies, &self.sets);
        let (before, after) = (decision(old, sets_a.get(a)), decision(new, sets_b.get(b)));
        let kind = if before.effect != after.effect {
            Some(ChangeKind::Effect)
        } else if before.clause != after.clause {
            Some(ChangeKind::Clause)
        } else {
            None
        };
        let class = kind.map_or(ALIKE, |kind| {
            let class = u32::try_from(self.list.len())
                .unwrap_or(0)
                .saturating_add(2);
            self.list.push((class, kind, before, after));
            class
        });
        self.numbers.insert((a, b), Ref::leaf(class));
        Ref::leaf(class)
    }
}

fn exprs(policy: &Policy) -> impl Iterator<Item = &Expr> {
    let rules = policy.rules.iter().map(|rule| &rule.when);
    rules.chain(policy.assumptions.iter().map(|(expr, _)| expr))
}

fn sides<'p>(own: &[Option<usize>; 2], a: &'p Policy, b: &'p Policy) -> [Option<&'p FactDef>; 2] {
    let [before, after] = *own;
    [
        before.and_then(|at| a.facts.get(at)),
        after.and_then(|at| b.facts.get(at)),
    ]
}

/// Whether values of one fact can be values of the other.
fn comparable(a: &FactDef, b: &FactDef) -> bool {
    let none = crate::fact::CurrencyCode(*b"XXX");
    let currency = a.currency == b.currency || a.currency == none || b.currency == none;
    a.kind.name() == b.kind.name() && (a.kind != Kind::Money || currency)
}

/// A fact that takes the values of both.
fn together(a: &FactDef, b: &FactDef) -> FactDef {
    let mut def = a.clone();
    if let (Kind::Enum(names), Kind::Enum(more)) = (&mut def.kind, &b.kind) {
        for name in more {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    def.optional = a.optional || b.optional;
    def.bounds = (
        a.bounds.0.zip(b.bounds.0).map(|(a, b)| a.min(b)),
        a.bounds.1.zip(b.bounds.1).map(|(a, b)| a.max(b)),
    );
    if def.currency == crate::fact::CurrencyCode(*b"XXX") {
        def.currency = b.currency;
    }
    let usual = b.usual.map(|usual| translate(usual, b, &def));
    def.usual = usual.or(a.usual);
    def
}

/// A value of one fact as a value of another that goes by the same names.
fn translate(value: Value, from: &FactDef, to: &FactDef) -> Value {
    let (Value::Choice(at), Kind::Enum(names)) = (value, &from.kind) else {
        return value;
    };
    let name = names.get(at);
    name.and_then(|name| to.choice(name))
        .unwrap_or(Value::Choice(usize::MAX))
}

fn decision(policy: &Policy, winners: &[RuleId]) -> Decision {
    let mut winners = winners.to_vec();
    winners.sort_by_key(|id| (policy.rule(*id).cite, *id));
    let quoted = winners.first().map(|id| policy.rule(*id));
    Decision {
        clause: quoted.map(|rule| rule.clause.clone()),
        effect: quoted.map(|rule| match &rule.then {
            Then::Effect(effect) => effect_words(policy, effect),
            Then::JudgeAgain { fact, value } => format!(
                "judge again with {} = {}",
                policy.fact_def(*fact).name,
                policy.value_name(*fact, *value)
            ),
        }),
        rules: winners
            .iter()
            .map(|id| policy.rule(*id).name.clone())
            .collect(),
    }
}

/// An effect as a policy writes it, with the values of parameters instead of their names.
fn effect_words(policy: &Policy, effect: &Effect) -> String {
    let remedy = |remedy: &Remedy| {
        let less = remedy.less.as_ref().map_or(String::new(), |name| {
            let value = policy.param(name).map(crate::phrase::literal);
            format!(" less {}", value.unwrap_or_default())
        });
        if remedy.quantities.is_empty() {
            return remedy.kind.clone();
        }
        format!("{}({}{less})", remedy.kind, remedy.quantities.join(" + "))
    };
    let list = |remedies: &[Remedy]| remedies.iter().map(remedy).collect::<Vec<_>>().join(", ");
    let mut out = effect.outcome.clone();
    if !effect.remedies.is_empty() {
        out.push_str(&format!(": {}", list(&effect.remedies)));
    }
    if !effect.suggestions.is_empty() {
        out.push_str(&format!(" suggesting {}", list(&effect.suggestions)));
    }
    out
}

/// Facts that lead to a class.
struct Row {
    /// The cells of each fact that suffice for it; all of the fact's cells where it does not matter.
    cells: Vec<u64>,
    /// One case of it: a cell of each fact.
    example: Vec<usize>,
}

/// The facts that suffice for a class: the cheapest way to it, then without every fact that is not needed, then as wide as it goes.
fn witness(frozen: &Frozen, facts: &[FactDef], class: u32) -> Option<Row> {
    let path = cheapest(frozen, facts, class)?;
    let domain = |fact: usize| facts.get(fact).map_or(0, |def| def.cells.domain());
    let mut row = Row {
        cells: (0..facts.len()).map(domain).collect(),
        example: facts.iter().map(usual_cell).collect(),
    };
    for (fact, cell) in &path {
        if let (Some(cells), Some(example)) = (row.cells.get_mut(*fact), row.example.get_mut(*fact))
        {
            *cells = bit(*cell);
            *example = *cell;
        }
    }
    let needed: Vec<(usize, usize)> = path
        .into_iter()
        .filter(|(fact, _)| !row.widen(*fact, domain(*fact), frozen, class))
        .collect();
    for (fact, cell) in needed {
        if let Some(def) = facts.get(fact) {
            row.grow(fact, cell, def, frozen, class);
        }
    }
    Some(row)
}

impl Row {
    /// Adds cells to a fact if everything stays in the class.
    fn widen(&mut self, fact: usize, more: u64, frozen: &Frozen, class: u32) -> bool {
        let before = self.cells.get(fact).copied().unwrap_or(0);
        if let Some(place) = self.cells.get_mut(fact) {
            *place = before | more;
        }
        let holds = pure(frozen, &self.cells, class);
        if let Some(place) = self.cells.get_mut(fact).filter(|_| !holds) {
            *place = before;
        }
        holds
    }

    /// Adds every cell that stays in the class; ranges grow from where they are, so that they stay one.
    fn grow(&mut self, fact: usize, cell: usize, def: &FactDef, frozen: &Frozen, class: u32) {
        let present = def.cells.domain() & !def.cells.absent.map_or(0, bit);
        if !def.kind.is_ordered() || present & bit(cell) == 0 {
            for other in bits(def.cells.domain()) {
                self.widen(fact, bit(other), frozen, class);
            }
            return;
        }
        for other in (0..cell).rev() {
            if !self.widen(fact, bit(other), frozen, class) {
                break;
            }
        }
        for other in bits(present).filter(|other| *other > cell) {
            if !self.widen(fact, bit(other), frozen, class) {
                break;
            }
        }
    }
}

fn usual_cell(def: &FactDef) -> usize {
    def.usual.and_then(|usual| def.cell(usual)).unwrap_or(0)
}

/// The way to a class with the fewest and most usual facts.
fn cheapest(frozen: &Frozen, facts: &[FactDef], class: u32) -> Option<Vec<(usize, usize)>> {
    let mut known: QuickMap<u32, Option<(u64, usize)>> = QuickMap::default();
    distance(frozen, facts, class, frozen.root, &mut known)?;
    let mut path = Vec::new();
    let mut at = frozen.root;
    while let Some(fact) = frozen.fact(at) {
        let (_, cell) = known.get(&at).copied().flatten()?;
        path.push((fact, cell));
        at = frozen.child(at, cell);
    }
    Some(path)
}

/// How far a class is from a node, and through which cell. As deep as there are facts.
fn distance(
    frozen: &Frozen,
    facts: &[FactDef],
    class: u32,
    at: u32,
    known: &mut QuickMap<u32, Option<(u64, usize)>>,
) -> Option<u64> {
    let Some(fact) = frozen.fact(at) else {
        return (Frozen::content(at) == Some(class)).then_some(0);
    };
    if let Some(known) = known.get(&at) {
        return known.map(|(far, _)| far);
    }
    let def = facts.get(fact)?;
    let usual = def.usual.and_then(|usual| def.cell(usual));
    let mut best: Option<(u64, usize)> = None;
    for cell in bits(def.cells.domain()) {
        let far = distance(frozen, facts, class, frozen.child(at, cell), known);
        let step = match usual {
            Some(usual) if usual == cell => 1,
            Some(_) => 4,
            None => 2,
        };
        if let Some(far) = far.map(|far| far.saturating_add(step))
            && best.is_none_or(|(least, _)| far < least)
        {
            best = Some((far, cell));
        }
    }
    known.insert(at, best);
    best.map(|(far, _)| far)
}

/// Whether everything among these cells that is compared lies in one class.
fn pure(frozen: &Frozen, cells: &[u64], class: u32) -> bool {
    let mut seen = QuickMap::<u32, ()>::default();
    let mut pending = vec![frozen.root];
    while let Some(at) = pending.pop() {
        if seen.insert(at, ()).is_some() {
            continue;
        }
        match (frozen.fact(at), Frozen::content(at)) {
            (Some(fact), _) => {
                let allowed = cells.get(fact).copied().unwrap_or(0);
                pending.extend(bits(allowed).map(|cell| frozen.child(at, cell)));
            }
            (None, Some(content)) if content == class || Ref::leaf(content) == nowhere() => {}
            _ => return false,
        }
    }
    true
}

/// Facts of both versions in words.
struct WordsOf<'a> {
    union: &'a Union,
    tongue: Tongue,
    edition: Edition,
}

impl<'a> WordsOf<'a> {
    fn new(union: &'a Union, a: &Policy, b: &Policy, language: &str) -> Self {
        let edition = |policy: &Policy| {
            let own = policy.editions.iter();
            own.clone()
                .find(|edition| edition.language == language)
                .or(policy.editions.first())
                .cloned()
        };
        // The newer words, and the older where there are none.
        let (old, new) = (edition(a), edition(b));
        let words = old.map(|old| old.words).unwrap_or_default();
        let mut edition = new.unwrap_or_else(|| Edition {
            language: language.to_owned(),
            title: String::new(),
            clauses: Vec::new(),
            source: String::new(),
            body_start: 0,
            words: words.clone(),
            quotes: Quotes::default(),
        });
        for (name, label) in words.labels {
            edition.words.labels.entry(name).or_insert(label);
        }
        for (value, label) in words.values {
            edition.words.values.entry(value).or_insert(label);
        }
        Self {
            union,
            tongue: Tongue::of(&edition.language),
            edition,
        }
    }

    fn when(&self, cells: &[u64]) -> Vec<When> {
        let facts = self.union.facts.iter().zip(cells);
        facts
            .filter(|(def, cells)| **cells != def.cells.domain())
            .map(|(def, cells)| When {
                fact: def.name.clone(),
                label: self
                    .edition
                    .words
                    .labels
                    .get(&def.name)
                    .unwrap_or(&def.name)
                    .clone(),
                words: self.tongue.cells(&self.edition, def, *cells),
            })
            .collect()
    }

    fn given(&self, example: &[usize]) -> Vec<Given> {
        let facts = self.union.facts.iter().zip(&self.union.own).zip(example);
        facts
            .filter_map(|((def, own), cell)| {
                let value = def.example(*cell)?;
                Some(Given {
                    fact: def.name.clone(),
                    value: match (value, &def.kind) {
                        (Value::Choice(at), Kind::Enum(names)) => names.get(at)?.clone(),
                        _ => crate::phrase::literal(value),
                    },
                    only: match own {
                        [Some(_), None] => Some(Side::Before),
                        [None, Some(_)] => Some(Side::After),
                        _ => None,
                    },
                })
            })
            .collect()
    }
}
