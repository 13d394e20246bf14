// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is wrong with a policy, in its author's words.
//!
//! A [`Problem`] says what it found as a lowercase fragment, points at the place in the Markdown,
//! and says what to do about it. [`Problem::render`] draws it with the place underlined.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// Which of a policy's source files a place lies in: 0 is the policy itself, translations follow.
pub type FileIx = usize;

/// A place in a source file, in bytes.
///
/// ```
/// use makegood_policy::problem::Span;
/// let span = Span::new(0, 4, 9);
/// assert_eq!(span.text("the guarantee"), "guara");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileIx,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// A place from `start` up to, not including, `end`.
    #[must_use]
    pub fn new(file: FileIx, start: usize, end: usize) -> Self {
        Self { file, start, end }
    }

    /// From the start of this place to the end of another.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self::new(
            self.file,
            self.start.min(other.start),
            self.end.max(other.end),
        )
    }

    /// The words that stand at this place.
    #[must_use]
    pub fn text(self, source: &str) -> &str {
        source.get(self.start..self.end).unwrap_or("")
    }
}

/// Whether a policy with this problem can decide.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Severity {
    /// The policy cannot be used, or may decide wrongly.
    Error,
    /// The policy decides, but its author should look.
    Warning,
}

/// What kind of problem it is: stable, for programs and for the manual.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Code {
    /// The text cannot be read as the policy language.
    Syntax,
    /// The front matter misses or garbles something.
    FrontMatter,
    /// A limit on size, number or depth is passed.
    Limit,
    /// A character in a block that looks like another, or that turns the text around.
    OddUnicode,
    /// A name that nothing declares.
    Unknown,
    /// A name that is declared twice.
    Twice,
    /// A value or comparison that does not fit the fact's type.
    Type,
    /// A clause, text or reason that a translation misses or has too much.
    Translation,
    /// Definitions, exceptions or second judgements that lead back to themselves.
    Cycle,
    /// Facts for which no rule decides.
    Gap,
    /// Facts for which two rules decide differently.
    Overlap,
    /// Facts for which two rules decide alike.
    Double,
    /// A rule that never decides.
    DeadRule,
    /// A parameter that no live rule and no sentence uses.
    UnusedParameter,
    /// A fact or term that no rule uses.
    Unused,
    /// A test that can never decide.
    IdleTest,
    /// A test that decides otherwise than it says.
    FailedTest,
    /// A sentence that promises something which nothing anchors.
    Unanchored,
    /// A rule that no sentence of the page tells of.
    Untold,
    /// The diagram outgrew its budget: gaps and overlaps are not proved absent.
    NotProved,
}

impl Code {
    /// The stable name, as in `--json`.
    ///
    /// ```
    /// assert_eq!(makegood_policy::problem::Code::DeadRule.name(), "dead-rule");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::FrontMatter => "front-matter",
            Self::Limit => "limit",
            Self::OddUnicode => "odd-unicode",
            Self::Unknown => "unknown-name",
            Self::Twice => "declared-twice",
            Self::Type => "type",
            Self::Translation => "translation",
            Self::Cycle => "cycle",
            Self::Gap => "gap",
            Self::Overlap => "overlap",
            Self::Double => "double",
            Self::DeadRule => "dead-rule",
            Self::UnusedParameter => "unused-parameter",
            Self::Unused => "unused",
            Self::IdleTest => "idle-test",
            Self::FailedTest => "failed-test",
            Self::Unanchored => "unanchored",
            Self::Untold => "untold",
            Self::NotProved => "not-proved",
        }
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::Double
            | Self::UnusedParameter
            | Self::Unused
            | Self::IdleTest
            | Self::Unanchored
            | Self::Untold => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

/// The smallest set of facts that shows a gap or an overlap.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Witness {
    /// Each fact that matters, with the range of values for which the problem stays: name and words.
    pub facts: Vec<(String, String)>,
    /// The rules that nearly apply: id, and the one condition that keeps each away.
    pub near: Vec<(String, String)>,
    /// A `test` block that shows the problem, ready to paste.
    pub test: String,
}

/// One thing that is wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// What kind.
    pub code: Code,
    /// Where in the text.
    pub span: Span,
    /// What was found: a lowercase fragment, names in backticks, no full stop.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Other places that belong to it, each with its own words.
    pub also: Vec<(Span, String)>,
    /// For gaps and overlaps: facts that show it.
    pub witness: Option<Witness>,
}

impl Problem {
    /// A problem at a place, with its remedy.
    ///
    /// ```
    /// use makegood_policy::problem::{Code, Problem, Span};
    /// let problem = Problem::new(Code::Unknown, Span::new(0, 5, 9), "no fact is called `drop`", "declare it in a `facts` block");
    /// assert_eq!(problem.to_string(), "no fact is called `drop`: declare it in a `facts` block");
    /// ```
    pub fn new(
        code: Code,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            code,
            span,
            message: message.into(),
            help: help.into(),
            also: Vec::new(),
            witness: None,
        }
    }

    /// Adds a second place.
    #[must_use]
    pub fn also(mut self, span: Span, words: impl Into<String>) -> Self {
        self.also.push((span, words.into()));
        self
    }

    /// Adds the facts that show it.
    #[must_use]
    pub fn with_witness(mut self, witness: Witness) -> Self {
        self.witness = Some(witness);
        self
    }

    /// Whether the policy cannot be used with it.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.code.severity() == Severity::Error
    }

    /// Draws the problem with its place underlined in the Markdown. `files` are name and text, in the
    /// order in which the policy was given; `colour` adds terminal colours.
    ///
    /// ```
    /// use makegood_policy::problem::{Code, Problem, Span};
    /// let text = "when drop > 3";
    /// let problem = Problem::new(Code::Unknown, Span::new(0, 5, 9), "no fact is called `drop`", "declare it");
    /// let drawn = problem.render(&[("policy.md", text)], false);
    /// assert!(drawn.contains("policy.md:1:6") && drawn.contains("^^^^"));
    /// ```
    #[must_use]
    pub fn render(&self, files: &[(&str, &str)], colour: bool) -> String {
        let level = match self.code.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(&self.message).id(self.code.name()));
        let empty = ("", "");
        let file = |span: Span| *files.get(span.file).unwrap_or(&empty);
        let fit = |span: Span, text: &str| {
            let (start, end) = (floor(text, span.start), floor(text, span.end));
            start..end.max(start)
        };
        let (name, text) = file(self.span);
        let mut main = Snippet::source(text)
            .path(name)
            .annotation(AnnotationKind::Primary.span(fit(self.span, text)));
        for (span, words) in self
            .also
            .iter()
            .filter(|(span, _)| span.file == self.span.file)
        {
            main = main.annotation(
                AnnotationKind::Context
                    .span(fit(*span, text))
                    .label(words.as_str()),
            );
        }
        group = group.element(main);
        for (span, words) in self
            .also
            .iter()
            .filter(|(span, _)| span.file != self.span.file)
        {
            let (name, text) = file(*span);
            group = group.element(
                Snippet::source(text).path(name).annotation(
                    AnnotationKind::Context
                        .span(fit(*span, text))
                        .label(words.as_str()),
                ),
            );
        }
        group = group.element(Level::HELP.message(&self.help));
        let notes = self.witness.as_ref().map(Witness::to_string);
        if let Some(notes) = &notes {
            group = group.element(Level::NOTE.message(notes));
        }
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.render(&[group]).clone()
    }
}

/// The last character boundary at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at = at.saturating_sub(1);
    }
    at
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message, self.help)
    }
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it happens when")?;
        if self.facts.is_empty() {
            write!(f, " anything at all is the case")?;
        }
        for (name, words) in &self.facts {
            write!(f, "\n  {name} is {words}")?;
        }
        if !self.near.is_empty() {
            write!(f, "\nrules that come near:")?;
            for (rule, why) in &self.near {
                write!(f, "\n  {rule}, but {why}")?;
            }
        }
        if !self.test.is_empty() {
            write!(f, "\na test for it:\n{}", self.test)?;
        }
        Ok(())
    }
}
