// SPDX-License-Identifier: MIT OR Apache-2.0
//! Facts to decision, three-valued and exact.
//!
//! What is unknown is a set of possible values. If every way to fill it in comes to the same effect, that
//! is the decision, whatever else is unknown; otherwise the answer is exactly the facts that can still change it.

use std::fmt;

use crate::ask::Scratch;
use crate::clause::Edition;
use crate::condition::FactId;
use crate::diagram::{NOWHERE, ix};
use crate::fact::{FactDef, Kind, Value, bit, bits};
use crate::read::Policy;
use crate::rule::{Rule, RuleId, Then};

/// Why a fact could not be set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BadFact {
    /// The policy declares no such fact.
    Unknown(String),
    /// The value does not fit the fact's type or bounds.
    Value(String),
}

impl fmt::Display for BadFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "no fact is called `{name}`"),
            Self::Value(name) => write!(f, "the value does not fit `{name}`"),
        }
    }
}

impl std::error::Error for BadFact {}

/// Facts that are known or unknown together, with the ways in which they can turn out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Joint {
    /// The name under which they are asked.
    pub name: String,
    /// Each way: every fact of the group with its value.
    pub ways: Vec<Vec<(FactId, Value)>>,
}

/// What is known about a case. A new one knows nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    pub(crate) cells: Vec<u64>,
    pub(crate) values: Vec<Option<Value>>,
    pub(crate) joints: Vec<Joint>,
}

impl Facts {
    /// The possible cells of a fact, a bit each.
    pub(crate) fn mask(&self, fact: usize) -> u64 {
        self.cells.get(fact).copied().unwrap_or(0)
    }

    /// The known value of a fact.
    #[must_use]
    pub fn value(&self, fact: FactId) -> Option<Value> {
        self.values.get(fact.0).copied().flatten()
    }

    /// Whether a fact is known.
    #[must_use]
    pub fn is_known(&self, fact: FactId) -> bool {
        self.value(fact).is_some()
    }
}

/// What a policy says to a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// A rule decides.
    Decided {
        /// The rule that is quoted.
        rule: RuleId,
        /// Every rule that some way to fill in the unknown leads to, the quoted one first.
        rules: Vec<RuleId>,
    },
    /// What is unknown can still change the outcome.
    Open {
        /// Exactly the names that can, in the order in which asking pays best.
        missing: Vec<String>,
        /// Every rule that can still be reached.
        rules: Vec<RuleId>,
    },
    /// No rule covers the facts, or they contradict the policy's assumptions.
    Nothing,
}

impl Policy {
    /// A fact by its name.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<FactId> {
        self.fact_ids.get(name).copied()
    }

    /// A fact's declaration.
    ///
    /// # Panics
    /// The id comes from another policy.
    #[must_use]
    pub fn fact_def(&self, id: FactId) -> &FactDef {
        match self.facts.get(id.0) {
            Some(def) => def,
            None => panic!("a fact of another policy"),
        }
    }

    /// All facts.
    pub fn facts(&self) -> impl Iterator<Item = (FactId, &FactDef)> {
        self.facts
            .iter()
            .enumerate()
            .map(|(at, def)| (FactId(at), def))
    }

    /// The edition in the policy's own language.
    ///
    /// # Panics
    /// Never: a policy that was read has one.
    #[must_use]
    pub fn source(&self) -> &Edition {
        match self.editions.first() {
            Some(edition) => edition,
            None => panic!("a policy without a text"),
        }
    }

    /// All rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// A rule.
    ///
    /// # Panics
    /// The id comes from another policy.
    #[must_use]
    pub fn rule(&self, id: RuleId) -> &Rule {
        match self.rules.get(id.0) {
            Some(rule) => rule,
            None => panic!("a rule of another policy"),
        }
    }

    /// A rule by its name.
    #[must_use]
    pub fn rule_named(&self, name: &str) -> Option<RuleId> {
        self.rules
            .iter()
            .position(|rule| rule.name == name)
            .map(RuleId)
    }

    /// A parameter's value.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<Value> {
        self.params.get(name).map(|param| param.value)
    }

    /// A case of which nothing is known yet.
    ///
    /// ```
    /// # let policy = makegood_policy::read("---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```facts\nlate : bool\n```\n```rule a\nwhen late then yes because \"\" \n```\n```rule b\nwhen !late then no because \"\"\n```\n").policy.unwrap();
    /// use makegood_policy::decide::Answer;
    /// let mut facts = policy.nothing_known();
    /// assert!(matches!(policy.decide(&facts), Answer::Open { missing, .. } if missing == ["late"]));
    /// policy.set(&mut facts, "late", "true").unwrap();
    /// assert!(matches!(policy.decide(&facts), Answer::Decided { rule, .. } if policy.rule(rule).name == "a"));
    /// ```
    #[must_use]
    pub fn nothing_known(&self) -> Facts {
        Facts {
            cells: self.facts.iter().map(|def| def.cells.domain).collect(),
            values: vec![None; self.facts.len()],
            joints: Vec::new(),
        }
    }

    /// Sets a fact from text, as it would be written in a test.
    ///
    /// # Errors
    /// The fact is unknown to the policy, or the text is no value of it.
    pub fn set(&self, facts: &mut Facts, name: &str, text: &str) -> Result<(), BadFact> {
        let id = self
            .fact(name)
            .ok_or_else(|| BadFact::Unknown(name.to_owned()))?;
        let value = self
            .parse_value(id, text)
            .ok_or_else(|| BadFact::Value(name.to_owned()))?;
        self.know(facts, id, value)
    }

    /// Reads a value of a fact from text.
    #[must_use]
    pub fn parse_value(&self, id: FactId, text: &str) -> Option<Value> {
        let words = crate::lex::lex(text, 0, 0).ok()?;
        let [word] = words.as_slice() else {
            return None;
        };
        let constant = crate::condition::Const {
            token: word.token.clone(),
            span: word.span,
        };
        let params = self
            .params
            .iter()
            .map(|(name, param)| (name.clone(), param.value))
            .collect();
        crate::condition::value_for(self.fact_def(id), &constant, &params).ok()
    }

    /// Sets a fact.
    ///
    /// # Errors
    /// The value does not fit the fact's type or bounds.
    pub fn know(&self, facts: &mut Facts, id: FactId, value: Value) -> Result<(), BadFact> {
        let def = self.fact_def(id);
        let cell = def
            .cell(value)
            .ok_or_else(|| BadFact::Value(def.name.clone()))?;
        if let (Some(mask), Some(place)) = (facts.cells.get_mut(id.0), facts.values.get_mut(id.0)) {
            *mask = bit(cell);
            *place = Some(value);
        }
        Ok(())
    }

    /// Makes a fact unknown again; only `present` values are possible where it cannot be absent in this case.
    pub fn forget(&self, facts: &mut Facts, id: FactId, present: bool) {
        let cells = &self.fact_def(id).cells;
        let absent = cells.absent.filter(|_| present).map_or(0, bit);
        if let (Some(mask), Some(place)) = (facts.cells.get_mut(id.0), facts.values.get_mut(id.0)) {
            *mask = cells.domain & !absent;
            *place = None;
        }
    }

    /// Says how facts that are unknown together can turn out. Facts of a way that the policy does not know are left out by the caller.
    pub fn together(&self, facts: &mut Facts, joint: Joint) {
        facts.joints.push(joint);
    }

    /// Decides. Two rules come to the same when their outcomes and remedies are the same; the clause may differ.
    #[must_use]
    pub fn decide(&self, facts: &Facts) -> Answer {
        let effects = self.effect_numbers();
        self.decide_in(&mut Scratch::default(), facts, &mut |rule, _| {
            effects.get(rule.0).copied().unwrap_or(0)
        })
    }

    /// Decides where the host says what each rule comes to: `effect` gives equal numbers for equal outcomes and
    /// remedies. Its second argument says which way each [`Joint`] turned out, by place.
    pub fn decide_in(
        &self,
        scratch: &mut Scratch,
        facts: &Facts,
        effect: &mut dyn FnMut(RuleId, &[usize]) -> u64,
    ) -> Answer {
        if self.diagram.is_none() {
            return crate::plain::decide(self, facts, effect);
        }
        scratch.decide(self, facts, effect)
    }

    /// The rule that decides for facts that are all known, a cell each; nothing where no rule does or the assumptions exclude the facts.
    #[must_use]
    pub fn decide_known(&self, cells: &[u8]) -> Option<RuleId> {
        let Some(diagram) = &self.diagram else {
            return crate::plain::decide_cells(self, cells);
        };
        let possible = match &diagram.straight_possible {
            Some(straight) => straight.walk(cells),
            None => diagram.possible.walk(cells),
        };
        if possible != 1 {
            return None;
        }
        self.decide_possible(cells)
    }

    /// The same for facts that are known to be possible: one walk through the diagram and nothing else.
    #[must_use]
    pub fn decide_possible(&self, cells: &[u8]) -> Option<RuleId> {
        let Some(diagram) = &self.diagram else {
            return crate::plain::decide_cells(self, cells);
        };
        match &diagram.straight {
            Some(straight) => numbered(straight.walk(cells)),
            None => diagram.winners(diagram.frozen.walk(cells)).first().copied(),
        }
    }

    /// The same from values, one a fact in the order of declaration. Only the facts that the case comes to are looked at.
    ///
    /// ```
    /// # let policy = makegood_policy::read("---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```facts\ndays : int [0..]\n```\n```rule a\nwhen days > 14 then no because \"\" \n```\n```rule b\nwhen days <= 14 then yes because \"\"\n```\n").policy.unwrap();
    /// use makegood_policy::fact::Value;
    /// let rule = policy.decide_values(&[Value::Int(14)]).unwrap();
    /// assert_eq!(policy.rule(rule).name, "b");
    /// ```
    #[must_use]
    pub fn decide_values(&self, values: &[Value]) -> Option<RuleId> {
        let cell = |fact: usize| self.facts.get(fact)?.cell(values.get(fact).copied()?);
        if let Some(straight) = self
            .diagram
            .as_ref()
            .and_then(|diagram| diagram.straight.as_ref())
        {
            return numbered(straight.walk_by(cell));
        }
        let cells =
            (0..self.facts.len()).map(|fact| cell(fact).and_then(|cell| u8::try_from(cell).ok()));
        self.decide_possible(&cells.collect::<Option<Vec<u8>>>()?)
    }

    /// A number for each rule's effect, equal where outcome and remedies are.
    pub(crate) fn effect_numbers(&self) -> Vec<u64> {
        let mut seen: Vec<&Then> = Vec::new();
        let mut out = Vec::with_capacity(self.rules.len());
        for rule in &self.rules {
            let same = |then: &&Then| match (then, &rule.then) {
                (Then::Effect(a), Then::Effect(b)) => {
                    (&a.outcome, &a.remedies) == (&b.outcome, &b.remedies)
                }
                (a, b) => **a == *b,
            };
            let at = seen.iter().position(same).unwrap_or_else(|| {
                seen.push(&rule.then);
                seen.len().saturating_sub(1)
            });
            out.push(u64::try_from(at).unwrap_or(0));
        }
        out
    }

    /// How many nodes the diagram has; nothing if it outgrew its budget.
    #[must_use]
    pub fn diagram_size(&self) -> Option<usize> {
        self.diagram.as_ref().map(|diagram| diagram.frozen.nodes)
    }

    /// What a value is called in the policy language.
    #[must_use]
    pub fn value_name(&self, id: FactId, value: Value) -> String {
        let def = self.fact_def(id);
        match (value, &def.kind) {
            (Value::Choice(at), Kind::Enum(names)) => names.get(at).cloned().unwrap_or_default(),
            _ => crate::phrase::literal(value),
        }
    }
}

/// A rule by the number that a leaf has for it.
fn numbered(leaf: u32) -> Option<RuleId> {
    (leaf != NOWHERE).then(|| RuleId(ix(leaf)))
}

/// The single cell of a set, if it holds just one.
pub(crate) fn single(set: u64) -> Option<usize> {
    if set.count_ones() == 1 {
        bits(set).next()
    } else {
        None
    }
}
