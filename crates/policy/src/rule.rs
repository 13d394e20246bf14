// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rules with their names resolved: when they hold, what they do, what they give way to.

use crate::condition::{Expr, FactId};
use crate::fact::Value;
use crate::problem::Span;

/// A rule of a policy, by its place: parents before their exceptions, otherwise as in the text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct RuleId(pub(crate) usize);

impl RuleId {
    /// Its place among the policy's rules.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

/// A remedy that a rule grants; the host works out its numbers.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Remedy {
    /// The host's word for it.
    pub kind: String,
    /// The host's quantities that are added up; none for a remedy without a number.
    pub quantities: Vec<String>,
    /// A parameter that is taken off, by name.
    pub less: Option<String>,
}

/// What a rule leads to.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Effect {
    /// The host's word for the outcome.
    pub outcome: String,
    /// What is granted.
    pub remedies: Vec<Remedy>,
    /// What is suggested to the person who looks.
    pub suggestions: Vec<Remedy>,
}

/// What happens where a rule wins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Then {
    /// An outcome.
    Effect(Effect),
    /// The case is judged again as if a fact had another value.
    JudgeAgain {
        /// The fact.
        fact: FactId,
        /// The value it is given.
        value: Value,
    },
}

/// A rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// The anchor of the clause it hangs on.
    pub clause: String,
    /// Among rules that come to the same while something is unknown, the one with the lowest number is quoted.
    pub cite: u32,
    /// Its own condition.
    pub when: Expr,
    /// The rule it is nested in.
    pub parent: Option<RuleId>,
    /// The rules that win over it where their conditions hold: nested in it, or overriding it.
    pub exceptions: Vec<RuleId>,
    /// What it leads to.
    pub then: Then,
    /// Where its id stands.
    pub span: Span,
    /// Where its condition stands.
    pub when_span: Span,
}
