// SPDX-License-Identifier: MIT OR Apache-2.0
//! Letters to the customer, composed from the case: what is said, in which order, in the customer's language.
//!
//! A letter is data: paragraphs of a few kinds, from which plain text is made here and mail, pages and chat next door. It says what the
//! case and the books say and nothing else; the customer's own words are never in it.

mod asked;
mod decided;
mod done;
mod found;
mod page;
pub mod texts;

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use makegood_policy::Policy;
use makegood_policy::clause::Edition;
use makegood_policy::phrase::Tongue;

use crate::amount::Amount;
use crate::case::{CaseFile, Instant};
use crate::decision::Rulebook;
use crate::event::Todo;
use crate::facts::Asked;
use crate::input::Language;
use crate::life::{Case, Letter, LetterKind};
use crate::records::Records;
use crate::words::{Text, amount_words, day_words, units_words};

/// A letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its language.
    pub language: Language,
    /// What it is about, with the case's number.
    pub subject: String,
    /// How it begins.
    pub greeting: String,
    /// What it says.
    pub paragraphs: Vec<Paragraph>,
    /// How it ends.
    pub closing: String,
    /// From whom it is. Whoever knows the shop's name puts it here.
    pub sender: String,
    /// Whether it tells a decision, and so comes with the proof that the decision stands in the log.
    pub proof: bool,
}

impl Notice {
    /// Puts a person's own words in, a paragraph each.
    pub fn says(&mut self, words: &str) {
        let paragraphs = words.split("\n\n").map(str::trim);
        let written = paragraphs.filter(|paragraph| !paragraph.is_empty());
        self.paragraphs
            .extend(written.map(|paragraph| Paragraph::Text(paragraph.to_string())));
    }

    /// Puts whose letter it is, and where the case can be followed, which only whoever knows the shop can say.
    pub fn comes_from(&mut self, shop: &str, address: &str) {
        shop.clone_into(&mut self.sender);
        let tongue = Tongue::of(self.language.code());
        let words = texts::FOLLOW.with(tongue, &[("address", address)]);
        self.paragraphs.push(Paragraph::Text(words));
    }
}

/// A part of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paragraph {
    /// The sentence that matters most.
    Lead(String),
    /// A few sentences.
    Text(String),
    /// What the next parts are about.
    Heading(String),
    /// The words of the policy.
    Quote {
        /// The clause.
        clause: String,
        /// Where the words stand, as half a sentence before them.
        source: String,
        /// The words, a paragraph each.
        words: Vec<String>,
    },
    /// Figures, each with what it is.
    Figures(Vec<Figure>),
    /// Things side by side.
    List(Vec<String>),
    /// Things one after the other.
    Steps(Vec<String>),
    /// What is asked, each with its reason.
    Questions(Vec<Question>),
}

/// A figure of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it is.
    pub label: String,
    /// What it comes to.
    pub figure: String,
    /// Whether it is what the others come to.
    pub result: bool,
}

/// A question of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The question.
    pub ask: String,
    /// Why it is asked.
    pub why: Option<String>,
}

/// A letter in a language, from the case and the books as they are.
///
/// How a decision came about is worked out again from the books; where they have moved on since, that part is left out.
/// [`compose_judged`] takes the case file that was judged and always tells it.
#[must_use]
pub fn compose(
    case: &Case,
    letter: &Letter,
    rulebook: Option<&Rulebook>,
    records: &Records,
    now: Instant,
    language: Language,
) -> Notice {
    compose_judged(case, letter, rulebook, records, None, now, language)
}

/// The same, with the case file that was judged for the decision of which the letter tells.
#[must_use]
pub fn compose_judged(
    case: &Case,
    letter: &Letter,
    rulebook: Option<&Rulebook>,
    records: &Records,
    judged: Option<&CaseFile<'_>>,
    now: Instant,
    language: Language,
) -> Notice {
    let mut pen = Pen {
        tongue: Tongue::of(language.code()),
        case,
        rulebook,
        records,
        now,
        subject: String::new(),
        paragraphs: Vec::new(),
    };
    match letter.kind {
        LetterKind::Received => asked::received(&mut pen),
        LetterKind::Question { asking } => asked::question(&mut pen, asking),
        LetterKind::Reminder { asking, .. } => asked::reminder(&mut pen, asking),
        LetterKind::Update => asked::update(&mut pen),
        LetterKind::Reopened => asked::reopened(&mut pen),
        LetterKind::Closed => asked::closed(&mut pen),
        LetterKind::Heard { task } => asked::heard(&mut pen, task),
        // The words are a person's own, and lie where the desk does not look: whoever sends the letter puts them in.
        LetterKind::Reply { .. } => {
            pen.subject(texts::SUBJECT_REPLY, &[]);
            pen.lead(texts::REPLY, &[]);
        }
        LetterKind::Decision { decision } => decided::decision(&mut pen, decision, judged),
        LetterKind::Paid { refund } => done::paid(&mut pen, refund),
        LetterKind::Failed { refund } => done::failed(&mut pen, refund),
        LetterKind::Done { command } => done::done(&mut pen, command),
        LetterKind::NotDone { command } => done::not_done(&mut pen, command),
        LetterKind::Exchanged { credit } => done::exchanged(&mut pen, credit),
        LetterKind::Disputed => done::disputed(&mut pen),
    }
    let say = |text: Text| text.say(pen.tongue).to_owned();
    Notice {
        language,
        greeting: say(texts::GREETING),
        closing: say(texts::CLOSING),
        sender: say(texts::SENDER),
        proof: matches!(letter.kind, LetterKind::Decision { .. }),
        subject: pen.subject,
        paragraphs: pen.paragraphs,
    }
}

impl Notice {
    /// The letter as plain text, its lines at most 72 characters long.
    #[must_use]
    pub fn to_text(&self) -> String {
        page::text(self)
    }
}

/// A letter being written.
struct Pen<'p> {
    tongue: Tongue,
    case: &'p Case,
    rulebook: Option<&'p Rulebook>,
    records: &'p Records,
    now: Instant,
    subject: String,
    paragraphs: Vec<Paragraph>,
}

impl<'p> Pen<'p> {
    /// A text with words filled in; the order's number can always be named.
    fn with(&self, text: Text, words: &[(&str, &str)]) -> String {
        let mut all = words.to_vec();
        all.push(("order", &self.case.order));
        text.with(self.tongue, &all)
    }

    fn subject(&mut self, text: Text, words: &[(&str, &str)]) {
        let what = self.with(text, words);
        let number = self.case.number.to_string();
        let subject = self.with(texts::SUBJECT, &[("number", &number), ("what", &what)]);
        self.subject = page::loosened(&subject);
    }

    fn lead(&mut self, text: Text, words: &[(&str, &str)]) {
        let text = self.with(text, words);
        self.paragraphs.push(Paragraph::Lead(text));
    }

    fn text(&mut self, text: Text, words: &[(&str, &str)]) {
        let text = self.with(text, words);
        self.paragraphs.push(Paragraph::Text(text));
    }

    fn heading(&mut self, text: Text) {
        let text = text.say(self.tongue).to_owned();
        self.paragraphs.push(Paragraph::Heading(text));
    }

    /// Things side by side under a heading.
    fn list(&mut self, heading: Text, items: Vec<String>) {
        self.several(heading, items, Paragraph::List);
    }

    /// Things one after the other under a heading.
    fn steps(&mut self, heading: Text, items: Vec<String>) {
        self.several(heading, items, Paragraph::Steps);
    }

    /// Nothing where there is nothing to list, and no list of one.
    fn several(
        &mut self,
        heading: Text,
        mut items: Vec<String>,
        list: fn(Vec<String>) -> Paragraph,
    ) {
        if !items.is_empty() {
            self.heading(heading);
        }
        if items.len() > 1 {
            self.paragraphs.push(list(items));
        } else {
            self.paragraphs.extend(items.pop().map(Paragraph::Text));
        }
    }

    fn amount(&self, amount: Amount) -> String {
        held_together(&amount_words(self.tongue, amount))
    }

    fn day(&self, at: Instant) -> String {
        held_together(&day_words(self.tongue, at))
    }

    fn number(&self, count: u64) -> String {
        self.tongue.whole(i128::from(count))
    }

    fn units(&self, count: u64) -> String {
        let order = self.records.order.as_ref();
        let unit = order.map_or("", |record| record.order.service.unit.as_ref());
        held_together(&units_words(self.tongue, count, unit))
    }

    /// The policy of the order, and its words in the language or else in its own.
    fn policy(&self) -> Option<(&'p Policy, &'p Edition)> {
        let policy = self.rulebook?.policy();
        let language = if self.tongue.is_danish() { "da" } else { "en" };
        let edition = policy
            .editions
            .iter()
            .find(|edition| edition.language == language);
        Some((policy, edition.unwrap_or_else(|| policy.source())))
    }

    /// By when everything is due that others than the customer have to do.
    fn due(&self) -> Option<Instant> {
        let askings = self
            .case
            .open_askings()
            .filter(|asking| asking.whom != Asked::Customer)
            .map(|asking| asking.due_at);
        // What follows a decision is told with the decision.
        let tasks = self
            .case
            .open_tasks()
            .filter(|task| {
                matches!(
                    task.todo,
                    Todo::Accept | Todo::Approve | Todo::Verify(_) | Todo::Review
                )
            })
            .map(|task| task.due_at);
        askings.chain(tasks).max()
    }

    /// By when a task is due.
    fn due_of(&self, todo: &Todo) -> Option<Instant> {
        let mut open = self.case.open_tasks();
        open.find(|task| task.todo == *todo).map(|task| task.due_at)
    }

    /// When the customer hears of us again: by a day that somebody has set, or as soon as there is more to say.
    fn hear_by(&mut self, due: Option<Instant>) {
        match due.filter(|due| *due > self.now) {
            Some(due) => {
                let day = self.day(due);
                self.text(texts::HEAR_BY, &[("day", &day)]);
            }
            None => self.text(texts::HEAR_SOON, &[]),
        }
    }

    /// Several things in one sentence: "a, b and c".
    fn joined(&self, parts: &[String]) -> String {
        match parts {
            [first @ .., last] if !first.is_empty() => {
                let and = texts::AND.say(self.tongue);
                [first.join(", ").as_str(), and, last.as_str()].join(" ")
            }
            parts => parts.concat(),
        }
    }
}

/// Words that no line ends between: "2. januar 2026", "49,90 EUR".
fn held_together(words: &str) -> String {
    words.replace(' ', "\u{a0}")
}
