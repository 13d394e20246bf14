// SPDX-License-Identifier: MIT OR Apache-2.0
//! Clauses, versions and languages: the page as people read it.

use crate::problem::Span;

/// What a sentence is tied to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mark {
    /// A rule, or all rules below a prefix such as `drop.*`.
    Rule(String, Span),
    /// Its author says that no rule belongs to it.
    NoRule,
}

impl Mark {
    /// Whether the mark names the rule, by its id or by a prefix.
    ///
    /// ```
    /// use makegood_policy::clause::Mark;
    /// assert!(Mark::Rule("drop.*".into(), Default::default()).names("drop.small"));
    /// assert!(!Mark::NoRule.names("drop.small"));
    /// ```
    #[must_use]
    pub fn names(&self, rule: &str) -> bool {
        match self {
            Self::Rule(pattern, _) => covers(pattern, rule),
            Self::NoRule => false,
        }
    }
}

/// Whether a rule's id is the one given, or lies below a prefix `topic.*`.
pub(crate) fn covers(pattern: &str, rule: &str) -> bool {
    match pattern.strip_suffix(".*") {
        Some(prefix) => rule
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('.')),
        None => pattern == rule,
    }
}

/// A sentence of the page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sentence {
    /// Its words, marks taken out, parameters still in braces.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// What it is tied to.
    pub marks: Vec<Mark>,
    /// The parameters it names.
    pub params: Vec<(String, Span)>,
}

/// A clause: an anchored heading and what stands below it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clause {
    /// Its anchor, by which it is quoted.
    pub id: String,
    /// The level of its heading, 1 to 4.
    pub level: u8,
    /// Its heading.
    pub title: String,
    /// The heading's place.
    pub span: Span,
    /// The place of its text.
    pub body: Span,
    /// Its sentences.
    pub sentences: Vec<Sentence>,
}

/// One language of a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edition {
    /// The language, as in `da` or `en`.
    pub language: String,
    /// The page's title.
    pub title: String,
    /// The clauses in order.
    pub clauses: Vec<Clause>,
    /// The Markdown.
    pub source: String,
    /// Where the Markdown begins, after the front matter.
    pub(crate) body_start: usize,
    /// Names of facts and their values, questions, reasons.
    pub words: Words,
    /// What the page says about each rule, once somebody asked.
    pub(crate) quotes: Quotes,
}

/// Quotes by rule, found in the text once and kept. They follow from the rest of an edition and its policy, so two editions
/// are the same with and without them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quotes(pub std::sync::OnceLock<Vec<String>>);

impl PartialEq for Quotes {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Quotes {}

impl Edition {
    /// A clause by its anchor.
    #[must_use]
    pub fn clause(&self, id: &str) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.id == id)
    }
}

/// What one language calls things, by their names in the policy.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Words {
    /// A fact's label.
    pub labels: std::collections::BTreeMap<String, String>,
    /// A value's label, by fact and value.
    pub values: std::collections::BTreeMap<(String, String), String>,
    /// The question for a fact, by the name under which it is asked.
    pub asks: std::collections::BTreeMap<String, String>,
    /// Why it is asked, in the author's words.
    pub whys: std::collections::BTreeMap<String, String>,
    /// A rule's reason.
    pub because: std::collections::BTreeMap<String, String>,
}
