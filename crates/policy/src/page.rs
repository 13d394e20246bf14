// SPDX-License-Identifier: MIT OR Apache-2.0
//! The published page of a policy: one HTML file that stands alone, and the words of a clause as plain text.
//!
//! An author's text never becomes markup that Markdown did not make: raw HTML is shown as text, links keep
//! harmless schemes only, a picture is replaced by its description, and the page itself forbids scripts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use pulldown_cmark::{
    CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd, TextMergeWithOffset, html,
};

use crate::block::{ExpectAst, TestAst};
use crate::clause::{Clause, Edition, Sentence};
use crate::condition::{self, Ask, Compare, Cond, Const, FactId};
use crate::fact::{Disclose, FactDef, Kind, Value};
use crate::lex::{Cursor, Token, lex};
use crate::phrase::Tongue;
use crate::problem::Span;
use crate::read::Policy;
use crate::rule::{Effect, Remedy, Rule, RuleId, Then};
use crate::version::Date;

/// What a page shows beside the policy's own text.
///
/// ```
/// use makegood_policy::page::PageOptions;
/// let mut options = PageOptions::default();
/// options.languages.push(("da".into(), "../da/".into()));
/// options.words.outcomes.insert("declined".into(), "No".into());
/// assert!(!options.prose_only);
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PageOptions {
    /// The same version in other languages: language and address.
    pub languages: Vec<(String, String)>,
    /// Earlier versions: day and address.
    pub versions: Vec<(String, String)>,
    /// What the host's words are called in the page's language.
    pub words: HostWords,
    /// Leaves out how the clauses are decided.
    pub prose_only: bool,
}

/// What the host's words are called in one language. A word that is missing is shown with spaces for its `_`.
///
/// A remedy may say with `{}` where its quantity stands, as in `refund of {}`; else the quantity follows it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HostWords {
    /// Outcomes.
    pub outcomes: BTreeMap<String, String>,
    /// Remedies.
    pub remedies: BTreeMap<String, String>,
    /// Quantities; one that is a fact's name too is called by the fact's label.
    pub quantities: BTreeMap<String, String>,
    /// Where facts come from.
    pub sources: BTreeMap<String, String>,
}

impl Policy {
    /// The page that customers read, in one language: an HTML file that needs nothing else and runs no script.
    ///
    /// ```
    /// # let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\ntitle: Returns\n---\n## 1 Late parcels {#1}\nWe pay if it comes more than {most} late. {rule: late.pay}\n```facts\nlate : duration  label: \"the delay\"\n```\n```params\nmost = 30 d\n```\n```rule late.pay\nwhen late > most\nthen pay\nbecause \"It was late.\"\n```\n```rule late.not\nwhen late <= most\nthen declined\nbecause \"It was not late.\"\n```\n";
    /// let policy = makegood_policy::read(text).policy.unwrap();
    /// let page = policy.page(&policy.editions[0], &Default::default());
    /// assert!(page.contains("<h1>Returns</h1>") && page.contains("<section id=\"1\""));
    /// assert!(page.contains("more than <data class=\"param\" value=\"30 d\">30 days</data> late.</p>"));
    /// assert!(page.contains("<time datetime=\"2026-01-01\">1 January 2026</time>"));
    /// ```
    #[must_use]
    pub fn page(&self, edition: &Edition, options: &PageOptions) -> String {
        let prose = Prose::of(self, edition);
        let mut writer = Writer {
            say: Say::new(self, edition, &options.words),
            options,
            prose: &prose,
            out: String::new(),
            waiting: Vec::new(),
            links: Vec::new(),
            owed: vec![None],
            open: Vec::new(),
            depth: 0,
        };
        writer.head();
        writer.contents();
        writer.body();
        writer.foot();
        writer.out
    }

    /// A clause as plain text, a paragraph or list item each: no marks, no Markdown, parameters filled in.
    ///
    /// ```
    /// # let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n## 1 Late {#1}\nWe *always* pay after {most}. {rule: a}\n```facts\nlate : duration\n```\n```params\nmost = 30 d\n```\n```rule a\nwhen late > most then pay because \"\"\n```\n```rule b\nwhen late <= most then declined because \"\"\n```\n";
    /// let policy = makegood_policy::read(text).policy.unwrap();
    /// let clause = policy.clause_text(&policy.editions[0], "1");
    /// assert_eq!(clause.unwrap(), ["We always pay after 30 days."]);
    /// ```
    #[must_use]
    pub fn clause_text(&self, edition: &Edition, id: &str) -> Option<Vec<String>> {
        let clause = edition.clause(id)?;
        Some(Prose::of(self, edition).plain(clause.body.start..clause.body.end))
    }

    /// What the page says about a rule: the sentences of its clause that are marked with it, by its id or else
    /// by a prefix, as plain text. Where none is marked, the clause's first sentence.
    ///
    /// ```
    /// # let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n## 1 Late {#1}\nHello. We pay after {most}. {rule: a}\n```facts\nlate : duration\n```\n```params\nmost = 30 d\n```\n```rule a\nwhen late > most then pay because \"\"\n```\n```rule b\nwhen late <= most then declined because \"\"\n```\n";
    /// let policy = makegood_policy::read(text).policy.unwrap();
    /// let rule = policy.rule_named("a").unwrap();
    /// assert_eq!(policy.quote(&policy.editions[0], rule), "We pay after 30 days.");
    /// ```
    #[must_use]
    pub fn quote(&self, edition: &Edition, rule: RuleId) -> String {
        // Reading the page's Markdown takes longer than deciding a case, so it is read once for all rules.
        if !self.editions.iter().any(|own| std::ptr::eq(own, edition)) {
            return self.find_quote(edition, &Prose::of(self, edition), rule);
        }
        let quotes = edition.quotes.0.get_or_init(|| {
            let prose = Prose::of(self, edition);
            let rules = (0..self.rules.len()).map(RuleId);
            rules
                .map(|rule| self.find_quote(edition, &prose, rule))
                .collect()
        });
        quotes.get(rule.0).cloned().unwrap_or_default()
    }

    fn find_quote(&self, edition: &Edition, prose: &Prose<'_>, rule: RuleId) -> String {
        let rule = self.rule(rule);
        let Some(clause) = edition.clause(&rule.clause) else {
            return String::new();
        };
        let text = |sentence: &Sentence| {
            prose
                .plain(sentence.span.start..sentence.span.end)
                .join(" ")
        };
        let marked = |exact: bool| -> Vec<String> {
            let tells = |sentence: &&Sentence| {
                sentence.marks.iter().any(|mark| match mark {
                    crate::clause::Mark::Rule(pattern, _) if exact => *pattern == rule.name,
                    mark => !exact && mark.names(&rule.name),
                })
            };
            clause.sentences.iter().filter(tells).map(text).collect()
        };
        let mut found = marked(true);
        if found.is_empty() {
            found = marked(false);
        }
        if found.is_empty() {
            found.extend(clause.sentences.first().map(text));
        }
        found.join(" ")
    }
}

/// Text for HTML, also inside quotation marks.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// An anchor as a link to it.
fn fragment(id: &str) -> String {
    let mut out = String::from("#");
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Whether following a link can do no more than open a page, a letter or a call.
fn harmless(address: &str) -> bool {
    // Browsers skip white space and control characters inside a scheme.
    let seen: String = address.chars().filter(|c| *c > ' ').collect();
    match seen.find([':', '/', '?', '#']) {
        Some(at) if seen.get(at..).is_some_and(|rest| rest.starts_with(':')) => {
            let scheme = seen.get(..at).unwrap_or("").to_ascii_lowercase();
            matches!(scheme.as_str(), "http" | "https" | "mailto" | "tel")
        }
        _ => true,
    }
}

/// A name of the policy language as words.
fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// Stands for every byte inside braces while Markdown is read. A control character means nothing to Markdown.
const BLANK: char = '\u{1}';

/// A pair of braces in prose.
struct Slot {
    /// Its place, braces included.
    range: Range<usize>,
    /// The parameter that it names; nothing for a mark.
    param: Option<String>,
}

/// A piece of text around braces.
enum Part<'t> {
    Text(&'t str),
    Mark,
    Param(&'t str),
}

/// The Markdown of an edition, braces blanked out: no `_` or `*` of a rule's id begins an emphasis, and every
/// byte keeps its place.
struct Prose<'a> {
    policy: &'a Policy,
    tongue: Tongue,
    masked: String,
    slots: Vec<Slot>,
    /// Where the Markdown begins in the file.
    base: usize,
}

impl<'a> Prose<'a> {
    fn of(policy: &'a Policy, edition: &Edition) -> Self {
        let body = edition.source.get(edition.body_start..).unwrap_or("");
        let mut prose = Self {
            policy,
            tongue: Tongue::of(&edition.language),
            masked: String::with_capacity(body.len()),
            slots: Vec::new(),
            base: edition.body_start,
        };
        let code: Vec<Range<usize>> = Parser::new_ext(body, crate::text::options())
            .into_offset_iter()
            .filter(|(event, _)| matches!(event, Event::Start(Tag::CodeBlock(_))))
            .map(|(_, range)| range)
            .collect();
        let mut at = 0;
        while let Some(open) = body.get(at..).and_then(|rest| rest.find('{')) {
            let open = at.saturating_add(open);
            prose.keep(body.get(at..open).unwrap_or(""));
            at = if code.iter().any(|range| range.contains(&open)) {
                prose.keep("{");
                open.saturating_add(1)
            } else {
                prose.slot(body, open)
            };
        }
        prose.keep(body.get(at..).unwrap_or(""));
        prose
    }

    fn keep(&mut self, text: &str) {
        self.masked
            .extend(text.chars().map(|c| if c == BLANK { ' ' } else { c }));
    }

    /// Blanks out the braces that open here if they hold a mark or a parameter. Gives where to go on.
    fn slot(&mut self, body: &str, open: usize) -> usize {
        let inside = body.get(open.saturating_add(1)..).unwrap_or("");
        let text = inside.split('}').next().unwrap_or("");
        let name = text.trim();
        let mark = name == "no-rule" || name.starts_with("rule:");
        let one_paragraph = !text.contains("\n\n") && text.len() < inside.len();
        if !one_paragraph || !(mark || self.policy.params.contains_key(name)) {
            self.keep("{");
            return open.saturating_add(1);
        }
        self.masked.push('{');
        self.masked.extend(std::iter::repeat_n(BLANK, text.len()));
        self.masked.push('}');
        let end = open.saturating_add(text.len()).saturating_add(2);
        self.slots.push(Slot {
            range: open..end,
            param: (!mark).then(|| name.to_owned()),
        });
        end
    }

    /// Text of the Markdown as read, taken apart at its braces.
    fn parts<'t>(&'t self, text: &'t str, range: &Range<usize>) -> Vec<Part<'t>> {
        let first = self
            .slots
            .partition_point(|slot| slot.range.start < range.start);
        let mut slots = self.slots.get(first..).unwrap_or(&[]).iter();
        let mut out = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find("{\u{1}") {
            let Some(slot) = slots.next() else { break };
            let close = rest
                .get(open..)
                .and_then(|tail| tail.find('}'))
                .unwrap_or(0);
            out.push(Part::Text(rest.get(..open).unwrap_or("")));
            out.push(slot.param.as_deref().map_or(Part::Mark, Part::Param));
            let next = open.saturating_add(close).saturating_add(1);
            rest = rest.get(next..).unwrap_or("");
        }
        out.push(Part::Text(rest));
        out
    }

    fn value(&self, param: &str) -> String {
        self.policy
            .params
            .get(param)
            .map_or_else(|| spaced(param), |param| self.tongue.param(param))
    }

    /// Adds text to plain words, parameters filled in and marks gone.
    fn push_plain(&self, out: &mut String, text: &str, range: &Range<usize>) {
        for part in self.parts(text, range) {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Mark => out.truncate(out.trim_end().len()),
                Part::Param(name) => out.push_str(&self.value(name)),
            }
        }
    }

    /// The paragraphs, items and rows of a part of the file as plain text.
    fn plain(&self, within: Range<usize>) -> Vec<String> {
        let within = within.start.saturating_sub(self.base)..within.end.saturating_sub(self.base);
        let mut out = vec![String::new()];
        let mut code = false;
        let events = Parser::new_ext(&self.masked, crate::text::options()).into_offset_iter();
        for (event, range) in events {
            if range.end <= within.start || range.start >= within.end {
                continue;
            }
            let line = match out.last_mut() {
                Some(line) => line,
                None => continue,
            };
            match event {
                Event::Start(Tag::CodeBlock(_)) => code = true,
                Event::End(TagEnd::CodeBlock) => code = false,
                _ if code => {}
                Event::Text(text)
                | Event::Code(text)
                | Event::Html(text)
                | Event::InlineHtml(text) => {
                    let (text, range) = overlap(&text, &range, &within);
                    self.push_plain(line, text, &range);
                }
                Event::SoftBreak | Event::HardBreak => line.push(' '),
                Event::End(TagEnd::TableCell) => line.push_str(" · "),
                Event::Start(Tag::Paragraph | Tag::Item | Tag::HtmlBlock | Tag::Heading { .. })
                | Event::End(
                    TagEnd::Paragraph
                    | TagEnd::Item
                    | TagEnd::HtmlBlock
                    | TagEnd::Heading(_)
                    | TagEnd::TableRow
                    | TagEnd::TableHead,
                ) => out.push(String::new()),
                _ => {}
            }
        }
        out.iter()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .map(|line| line.trim_end_matches(" ·").to_owned())
            .filter(|line| !line.is_empty())
            .collect()
    }

    /// A heading's words.
    fn title(&self, title: &str) -> String {
        let mut out = String::new();
        let mut rest = title;
        while let Some((before, inside)) = rest.split_once('{') {
            out.push_str(before);
            let (name, after) = inside.split_once('}').unwrap_or((inside, ""));
            let name = name.trim();
            if name == "no-rule" || name.starts_with("rule:") {
                out.truncate(out.trim_end().len());
            } else {
                out.push_str(&self.value(name));
            }
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// The part of a text that lies in a range. A text that Markdown changed (an entity) is taken whole.
fn overlap<'t>(
    text: &'t str,
    range: &Range<usize>,
    within: &Range<usize>,
) -> (&'t str, Range<usize>) {
    if text.len() != range.len() {
        let inside = within.contains(&range.start);
        return (if inside { text } else { "" }, range.clone());
    }
    let start = range.start.max(within.start);
    let end = range.end.min(within.end).max(start);
    let from = start.saturating_sub(range.start);
    let to = end.saturating_sub(range.start);
    (text.get(from..to).unwrap_or(""), start..end)
}

/// The page's own words.
struct Texts {
    skip: &'static str,
    updated: &'static str,
    contents: &'static str,
    languages: &'static str,
    earlier: &'static str,
    link_to: &'static str,
    table: &'static str,
    how: &'static str,
    behind: &'static str,
    of_clause: &'static str,
    when: &'static str,
    when_all: &'static str,
    when_any: &'static str,
    all: &'static str,
    any: &'static str,
    none: &'static str,
    not_all: &'static str,
    and: &'static str,
    or: &'static str,
    not: &'static str,
    none_of: &'static str,
    always: &'static str,
    never: &'static str,
    then: &'static str,
    because: &'static str,
    except: &'static str,
    yields: &'static str,
    suggests: &'static str,
    again_as_if: &'static str,
    less: &'static str,
    facts: &'static str,
    source: &'static str,
    limits: &'static str,
    terms: &'static str,
    assumed: &'static str,
    examples: &'static str,
    asks: &'static str,
    unknown: &'static str,
    exists: &'static str,
    missing: &'static str,
    hidden: &'static str,
    version: &'static str,
}

const DANISH: Texts = Texts {
    skip: "Spring til teksten",
    updated: "Sidst opdateret",
    contents: "Indhold",
    languages: "Sprog",
    earlier: "Tidligere udgaver",
    link_to: "Link til punkt",
    table: "Tabel",
    how: "Sådan afgøres det",
    behind: "Det bygger afgørelserne på",
    of_clause: "punkt",
    when: "Når",
    when_all: "Når alt dette gælder",
    when_any: "Når et af disse gælder",
    all: "alt dette:",
    any: "mindst et af disse:",
    none: "intet af dette:",
    not_all: "ikke alt dette på én gang:",
    and: "og",
    or: "eller",
    not: "ikke",
    none_of: "ingen af disse:",
    always: "altid",
    never: "aldrig",
    then: "Så",
    because: "Fordi",
    except: "Undtagen",
    yields: "Viger for",
    suggests: "Forslag til medarbejderen:",
    again_as_if: "Sagen bedømmes igen, som om",
    less: "minus",
    facts: "Oplysninger",
    source: "fra",
    limits: "Grænser",
    terms: "Begreber",
    assumed: "Det gælder altid",
    examples: "Eksempler, som reglerne er prøvet med",
    asks: "Vi spørger om",
    unknown: "ukendt",
    exists: "findes",
    missing: "findes ikke",
    hidden: "en oplysning, vi ikke viser",
    version: "udgave",
};

const ENGLISH: Texts = Texts {
    skip: "Skip to the text",
    updated: "Last updated",
    contents: "Contents",
    languages: "Languages",
    earlier: "Earlier versions",
    link_to: "Link to clause",
    table: "Table",
    how: "How this is decided",
    behind: "What the decisions are built on",
    of_clause: "clause",
    when: "When",
    when_all: "When all of this holds",
    when_any: "When one of these holds",
    all: "all of this:",
    any: "at least one of these:",
    none: "none of this:",
    not_all: "not all of this at once:",
    and: "and",
    or: "or",
    not: "not",
    none_of: "none of these:",
    always: "always",
    never: "never",
    then: "Then",
    because: "Because",
    except: "Except",
    yields: "Gives way to",
    suggests: "Suggested to our staff:",
    again_as_if: "The case is judged again as if",
    less: "less",
    facts: "Facts",
    source: "from",
    limits: "Limits",
    terms: "Terms",
    assumed: "What always holds",
    examples: "Examples that the rules are tested with",
    asks: "We ask about",
    unknown: "unknown",
    exists: "exists",
    missing: "does not exist",
    hidden: "a fact that we do not show",
    version: "version",
};

/// Says facts, conditions and effects in HTML, in the words of one edition.
struct Say<'a> {
    policy: &'a Policy,
    edition: &'a Edition,
    words: &'a HostWords,
    tongue: Tongue,
    texts: &'static Texts,
    values: BTreeMap<String, Value>,
}

impl<'a> Say<'a> {
    fn new(policy: &'a Policy, edition: &'a Edition, words: &'a HostWords) -> Self {
        let tongue = Tongue::of(&edition.language);
        Self {
            policy,
            edition,
            words,
            tongue,
            texts: if tongue.is_danish() {
                &DANISH
            } else {
                &ENGLISH
            },
            values: policy
                .params
                .iter()
                .map(|(name, param)| (name.clone(), param.value))
                .collect(),
        }
    }

    /// The policy's own text, in which rules and terms stand.
    fn source(&self) -> Option<&'a Edition> {
        self.policy.editions.first()
    }

    fn label(&self, name: &str) -> String {
        let label = self.edition.words.labels.get(name);
        escape(label.map_or(&spaced(name), |label| label))
    }

    fn param(&self, name: &str) -> String {
        let Some(param) = self.policy.params.get(name) else {
            return escape(name);
        };
        let title = self.edition.words.labels.get(name);
        let title = title.map_or(String::new(), |label| {
            format!(" title=\"{}\"", escape(label))
        });
        format!(
            "<data class=\"param\" value=\"{}\"{title}>{}</data>",
            escape(&crate::phrase::literal(param.value)),
            escape(&self.tongue.param(param))
        )
    }

    /// A reason; its facts differ from case to case, so a gap with the fact's label stands for each.
    fn reason(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, inside)) = rest.split_once('{') {
            out.push_str(&escape(before));
            let Some((name, after)) = inside.split_once('}') else {
                out.push('{');
                rest = inside;
                break;
            };
            let name = name.trim();
            if self.values.contains_key(name) {
                out.push_str(&self.param(name));
            } else {
                let label = self.label(name);
                let _ = write!(
                    out,
                    "<span class=\"gap\" role=\"img\" aria-label=\"{label}\" title=\"{label}\">…</span>"
                );
            }
            rest = after;
        }
        out + &escape(rest)
    }

    /// A condition of the policy's text, as it is written: terms keep their names.
    fn written(&self, span: Span) -> Option<Cond> {
        let text = span.text(&self.source()?.source);
        let words = lex(text, 0, span.start).ok()?;
        condition::parse(&mut Cursor::new(&words, span)).ok()
    }

    fn fact(&self, name: &str) -> Option<&'a FactDef> {
        let id: FactId = self.policy.fact(name)?;
        Some(self.policy.fact_def(id))
    }

    fn constant(&self, def: &FactDef, constant: &Const) -> String {
        if let Token::Word(word) = &constant.token
            && def.choice(word).is_none()
            && self.values.contains_key(word)
        {
            return self.param(word);
        }
        match condition::value_for(def, constant, &self.values) {
            Ok(value) => escape(&self.tongue.value(self.edition, def, value)),
            Err(_) => escape(constant.span.text(self.source().map_or("", |e| &e.source))),
        }
    }

    fn list(&self, def: &FactDef, constants: &[Const]) -> String {
        let parts: Vec<String> = constants.iter().map(|c| self.constant(def, c)).collect();
        match parts.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            [first @ .., last] => format!("{} {} {last}", first.join(", "), self.texts.or),
        }
    }

    /// What a comparison is called: "at most", "before".
    fn compare(&self, def: &FactDef, compare: Compare) -> &'static str {
        let time = def.kind == Kind::Instant;
        let danish = self.tongue.is_danish();
        match (compare, time, danish) {
            (Compare::Equal, ..) => "",
            (Compare::NotEqual, _, true) => "ikke ",
            (Compare::NotEqual, _, false) => "not ",
            (Compare::Less, true, true) => "før ",
            (Compare::Less, true, false) => "before ",
            (Compare::AtMost, true, true) => "senest ",
            (Compare::AtMost, true, false) => "no later than ",
            (Compare::More, true, true) => "efter ",
            (Compare::More, true, false) => "after ",
            (Compare::AtLeast, true, true) => "tidligst ",
            (Compare::AtLeast, true, false) => "no earlier than ",
            (Compare::Less, false, true) => "under ",
            (Compare::Less, false, false) => "less than ",
            (Compare::AtMost, false, true) => "højst ",
            (Compare::AtMost, false, false) => "at most ",
            (Compare::More, false, true) => "over ",
            (Compare::More, false, false) => "more than ",
            (Compare::AtLeast, false, true) => "mindst ",
            (Compare::AtLeast, false, false) => "at least ",
        }
    }

    /// One test, or its contrary.
    fn test(&self, name: &str, ask: &Ask, holds: bool) -> String {
        let not = if holds {
            String::new()
        } else {
            format!("{} ", self.texts.not)
        };
        let Some(def) = self.fact(name) else {
            let id = escape(name);
            return format!(
                "{not}<a class=\"term\" href=\"#term-{id}\">{}</a>",
                self.label(name)
            );
        };
        if def.disclose == Disclose::Never {
            return self.texts.hidden.to_owned();
        }
        let words = match ask {
            Ask::Holds if holds || !def.optional => {
                escape(&self.tongue.value(self.edition, def, Value::Bool(holds)))
            }
            Ask::Holds => {
                let yes = self.tongue.value(self.edition, def, Value::Bool(true));
                format!("{not}{}", escape(&yes))
            }
            Ask::Is(compare, constant) => {
                let (not, compare) = match contrary(*compare) {
                    // An absent value is neither more nor less, so only equality turns around for it.
                    Some(contrary) if !holds && (!def.optional || equality(*compare)) => {
                        ("", contrary)
                    }
                    _ => (not.as_str(), *compare),
                };
                let value = self.constant(def, constant);
                format!("{not}{}{value}", self.compare(def, compare))
            }
            Ask::In(list) if holds => self.list(def, list),
            Ask::In(list) => format!("{} {}", self.texts.none_of, self.list(def, list)),
            Ask::Between(low, high) => format!(
                "{not}{}{} {} {}{}",
                self.compare(def, Compare::AtLeast),
                self.constant(def, low),
                self.texts.and,
                self.compare(def, Compare::AtMost),
                self.constant(def, high)
            ),
            Ask::Absent | Ask::Present if (*ask == Ask::Present) == holds => {
                self.texts.exists.to_owned()
            }
            Ask::Absent | Ask::Present => self.texts.missing.to_owned(),
        };
        format!("<span class=\"fact\">{}:</span> {words}", self.label(name))
    }

    /// A condition that fits in one line: a test or its contrary, or a constant.
    fn leaf(&self, cond: &Cond) -> Option<String> {
        match cond {
            Cond::Const(yes) => Some(
                (if *yes {
                    self.texts.always
                } else {
                    self.texts.never
                })
                .to_owned(),
            ),
            Cond::Test { name, ask, .. } => Some(self.test(name, ask, true)),
            Cond::Not(inner) => match &**inner {
                Cond::Test { name, ask, .. } => Some(self.test(name, ask, false)),
                Cond::Not(inner) => self.leaf(inner),
                _ => None,
            },
            Cond::And(_) | Cond::Or(_) => None,
        }
    }

    fn items(&self, parts: &[Cond]) -> String {
        let items = parts
            .iter()
            .map(|part| format!("<li>{}</li>", self.cond(part)));
        format!("<ul>{}</ul>", items.collect::<String>())
    }

    /// A condition inside another.
    fn cond(&self, cond: &Cond) -> String {
        if let Some(leaf) = self.leaf(cond) {
            return leaf;
        }
        let (cond, holds) = match cond {
            Cond::Not(inner) => (&**inner, false),
            cond => (cond, true),
        };
        let (parts, lead, joint) = match (cond, holds) {
            (Cond::And(parts), true) => (parts, self.texts.all, Some(self.texts.and)),
            (Cond::And(parts), false) => (parts, self.texts.not_all, None),
            (Cond::Or(parts), true) => (parts, self.texts.any, Some(self.texts.or)),
            (Cond::Or(parts), false) => (parts, self.texts.none, None),
            (cond, _) => return self.cond(cond),
        };
        let leaves: Option<Vec<String>> = parts.iter().map(|part| self.leaf(part)).collect();
        if let (Some(joint), Some([a, b])) = (joint, leaves.as_deref()) {
            return format!("{a} <em>{joint}</em> {b}");
        }
        format!("{lead}{}", self.items(parts))
    }

    /// A whole condition: the words before it and itself.
    fn whole(&self, cond: &Cond) -> (&'static str, String) {
        match cond {
            Cond::And(parts) => (self.texts.when_all, self.items(parts)),
            Cond::Or(parts) => (self.texts.when_any, self.items(parts)),
            cond => (self.texts.when, format!("<p>{}</p>", self.cond(cond))),
        }
    }

    fn host(words: &BTreeMap<String, String>, word: &str) -> String {
        words.get(word).cloned().unwrap_or_else(|| spaced(word))
    }

    fn remedy(&self, remedy: &Remedy) -> String {
        let name = escape(&Self::host(&self.words.remedies, &remedy.kind));
        if remedy.quantities.is_empty() {
            return name.replace("{}", "").trim().to_owned();
        }
        let quantity = |word: &String| match self.words.quantities.get(word) {
            Some(words) => escape(words),
            None => self.label(word),
        };
        let mut quantities: String = remedy
            .quantities
            .iter()
            .map(quantity)
            .collect::<Vec<_>>()
            .join(&format!(" {} ", self.texts.and));
        if let Some(less) = &remedy.less {
            let _ = write!(quantities, " {} {}", self.texts.less, self.param(less));
        }
        if name.contains("{}") {
            name.replacen("{}", &quantities, 1)
        } else {
            format!("{name}: {quantities}")
        }
    }

    fn effect(&self, effect: &Effect) -> String {
        let outcome = capital(&Self::host(&self.words.outcomes, &effect.outcome));
        let mut out = format!("<p><strong>{}</strong></p>", escape(&outcome));
        let list = |out: &mut String, remedies: &[Remedy]| {
            let items = remedies
                .iter()
                .map(|r| format!("<li>{}</li>", self.remedy(r)));
            let _ = write!(out, "<ul>{}</ul>", items.collect::<String>());
        };
        if !effect.remedies.is_empty() {
            list(&mut out, &effect.remedies);
        }
        if !effect.suggestions.is_empty() {
            let _ = write!(out, "<p>{}</p>", self.texts.suggests);
            list(&mut out, &effect.suggestions);
        }
        out
    }

    fn then(&self, then: &Then) -> String {
        match then {
            Then::Effect(effect) => self.effect(effect),
            Then::JudgeAgain { fact, value } => {
                let def = self.policy.fact_def(*fact);
                let value = escape(&self.tongue.value(self.edition, def, *value));
                format!(
                    "<p>{} <span class=\"fact\">{}:</span> {value}</p>",
                    self.texts.again_as_if,
                    self.label(&def.name)
                )
            }
        }
    }

    /// A rule with the exceptions nested in it.
    fn rule(&self, out: &mut String, id: RuleId) {
        let rule = self.policy.rule(id);
        let name = escape(&rule.name);
        let _ = write!(
            out,
            "<div class=\"rule\" id=\"rule-{name}\"><p class=\"name\">{name}</p><dl>"
        );
        let row = |out: &mut String, term: &str, words: &str| {
            let _ = write!(out, "<dt>{term}</dt><dd>{words}</dd>");
        };
        let (lead, when) = self.written(rule.when_span).map_or_else(
            || (self.texts.when, String::new()),
            |cond| self.whole(&cond),
        );
        row(out, lead, &when);
        row(out, self.texts.then, &self.then(&rule.then));
        let because = self.edition.words.because.get(&rule.name);
        if let Some(because) = because.filter(|text| !text.is_empty()) {
            row(
                out,
                self.texts.because,
                &format!("<p>{}</p>", self.reason(because)),
            );
        }
        let (nested, over): (Vec<RuleId>, Vec<RuleId>) = rule
            .exceptions
            .iter()
            .partition(|other| self.policy.rule(**other).parent == Some(id));
        if !over.is_empty() {
            row(out, self.texts.yields, &self.links(&over));
        }
        if !nested.is_empty() {
            let _ = write!(out, "<dt>{}</dt><dd>", self.texts.except);
            for id in nested {
                self.rule(out, id);
            }
            out.push_str("</dd>");
        }
        out.push_str("</dl></div>");
    }

    fn links(&self, rules: &[RuleId]) -> String {
        let link = |id: &RuleId| {
            let name = escape(&self.policy.rule(*id).name);
            format!("<a href=\"#rule-{name}\">{name}</a>")
        };
        let links: Vec<String> = rules.iter().map(link).collect();
        format!("<p class=\"rules\">{}</p>", links.join(", "))
    }

    /// A fact: its label, its values, and where it comes from.
    fn declared(&self, def: &FactDef) -> String {
        let values: Vec<String> = match &def.kind {
            Kind::Bool => vec![Value::Bool(true), Value::Bool(false)],
            Kind::Enum(names) => (0..names.len()).map(Value::Choice).collect(),
            _ => Vec::new(),
        }
        .into_iter()
        .map(|value| escape(&self.tongue.value(self.edition, def, value)))
        .collect();
        let mut notes = Vec::new();
        if !values.is_empty() {
            notes.push(values.join(" / "));
        }
        if !def.source.is_empty() {
            let source = escape(&Self::host(&self.words.sources, &def.source));
            notes.push(format!("{} {source}", self.texts.source));
        }
        format!(
            "<dt>{}</dt><dd>{}</dd>",
            self.label(&def.name),
            notes.join("; ")
        )
    }

    fn example(&self, test: &TestAst) -> Option<String> {
        let mut given = Vec::new();
        for (name, _, constant) in &test.given {
            let def = self.fact(name)?;
            if def.disclose == Disclose::Never {
                return None;
            }
            let value = constant
                .as_ref()
                .map_or_else(|| self.texts.unknown.to_owned(), |c| self.constant(def, c));
            given.push(format!(
                "<span class=\"fact\">{}:</span> {value}",
                self.label(name)
            ));
        }
        let expect = match &test.expect {
            ExpectAst::Ask(names) => {
                let names: Vec<String> = names.iter().map(|(name, _)| self.label(name)).collect();
                format!("{}: {}", self.texts.asks, names.join(", "))
            }
            ExpectAst::Outcome { name, clause, .. } => {
                let outcome = capital(&Self::host(&self.words.outcomes, name));
                let clause = clause.as_ref().map_or(String::new(), |id| {
                    let link = fragment(id);
                    format!(
                        " (<a href=\"{link}\">{} {}</a>)",
                        self.texts.of_clause,
                        escape(id)
                    )
                });
                format!("<strong>{}</strong>{clause}", escape(&outcome))
            }
        };
        Some(format!("<li>{} → {expect}</li>", given.join("; ")))
    }
}

fn contrary(compare: Compare) -> Option<Compare> {
    Some(match compare {
        Compare::Equal => Compare::NotEqual,
        Compare::NotEqual => Compare::Equal,
        Compare::Less => Compare::AtLeast,
        Compare::AtLeast => Compare::Less,
        Compare::More => Compare::AtMost,
        Compare::AtMost => Compare::More,
    })
}

fn equality(compare: Compare) -> bool {
    matches!(compare, Compare::Equal | Compare::NotEqual)
}

struct Writer<'a> {
    say: Say<'a>,
    options: &'a PageOptions,
    prose: &'a Prose<'a>,
    out: String,
    /// Markdown that waits to be turned into HTML.
    waiting: Vec<Event<'a>>,
    /// For each open link, whether it is kept.
    links: Vec<bool>,
    /// The clauses (none: the text before the first) whose rules are still to be shown.
    owed: Vec<Option<&'a Clause>>,
    /// The levels of the open sections.
    open: Vec<u8>,
    /// How many quotations, lists and items are open.
    depth: usize,
}

impl<'a> Writer<'a> {
    fn put(&mut self, html: &str) {
        self.out.push_str(html);
    }

    fn head(&mut self) {
        let edition = self.say.edition;
        let (language, title) = (escape(&edition.language), escape(&edition.title));
        let mut alternates = String::new();
        for (other, address) in self.options.languages.iter().filter(|(_, a)| harmless(a)) {
            let _ = writeln!(
                alternates,
                "<link rel=\"alternate\" hreflang=\"{}\" href=\"{}\">",
                escape(other),
                escape(address)
            );
        }
        let _ = write!(
            self.out,
            "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n{alternates}\
             <style>{STYLE}</style>\n</head>\n<body>\n\
             <a class=\"skip\" href=\"#page-text\">{}</a>\n<header>\n<h1>{title}</h1>\n<div class=\"meta\"><p>{} {}</p>",
            self.say.texts.skip,
            self.say.texts.updated,
            self.day(&self.say.policy.version)
        );
        self.languages();
        self.put("</div>\n</header>\n<div class=\"frame\">\n");
    }

    fn day(&self, version: &str) -> String {
        let words = Date::parse(version).map_or_else(
            || version.to_owned(),
            |date| self.say.tongue.day(date.starts_at()),
        );
        format!(
            "<time datetime=\"{}\">{}</time>",
            escape(version),
            escape(&words)
        )
    }

    fn languages(&mut self) {
        if self.options.languages.is_empty() {
            return;
        }
        let own = escape(&self.say.edition.language);
        let _ = write!(
            self.out,
            "<nav class=\"languages\" aria-label=\"{}\"><ul><li><span aria-current=\"true\">{}</span></li>",
            self.say.texts.languages,
            escape(language_name(&self.say.edition.language))
        );
        for (language, address) in &self.options.languages {
            let code = escape(language);
            if code != own && harmless(address) {
                let _ = write!(
                    self.out,
                    "<li><a lang=\"{code}\" hreflang=\"{code}\" href=\"{}\">{}</a></li>",
                    escape(address),
                    escape(language_name(language))
                );
            }
        }
        self.put("</ul></nav>");
    }

    fn contents(&mut self) {
        let contents = self.say.texts.contents;
        let _ = write!(
            self.out,
            "<nav class=\"contents\" aria-labelledby=\"page-contents\">\n<h2 id=\"page-contents\">{contents}</h2>\n"
        );
        let mut open: Vec<u8> = Vec::new();
        for clause in &self.say.edition.clauses {
            while open.last().is_some_and(|level| *level > clause.level) {
                open.pop();
                self.put("</li></ol>");
            }
            if open.last() == Some(&clause.level) {
                self.put("</li>\n<li>");
            } else {
                open.push(clause.level);
                self.put("<ol>\n<li>");
            }
            let (number, title) = self.numbered(clause, &self.prose.title(&clause.title));
            let link = fragment(&clause.id);
            let _ = write!(
                self.out,
                "<a href=\"{link}\">{number}<span>{}</span></a>",
                escape(&title)
            );
        }
        for _ in open {
            self.put("</li></ol>");
        }
        self.put("\n</nav>\n");
    }

    /// The anchor at the head of a title as its number, and the rest.
    fn numbered(&self, clause: &Clause, title: &str) -> (String, String) {
        let rest = title
            .strip_prefix(clause.id.as_str())
            .filter(|rest| rest.starts_with([' ', '.']) && !clause.id.is_empty());
        match rest {
            Some(rest) => (
                format!("<span class=\"number\">{}</span> ", escape(&clause.id)),
                rest.trim_start_matches('.').trim_start().to_owned(),
            ),
            None => (String::new(), title.to_owned()),
        }
    }

    fn body(&mut self) {
        self.put("<main id=\"page-text\" tabindex=\"-1\">\n");
        let prose = self.prose;
        let parser = Parser::new_ext(&prose.masked, crate::text::options());
        let mut events = TextMergeWithOffset::new(parser.into_offset_iter());
        while let Some((event, range)) = events.next() {
            match event {
                Event::Start(Tag::Heading { level, id, .. }) => {
                    let mut inner = Vec::new();
                    for (event, range) in events.by_ref() {
                        if matches!(event, Event::End(TagEnd::Heading(_))) {
                            break;
                        }
                        inner.push((event, range));
                    }
                    self.heading(level, id.as_deref(), inner);
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if of_policy(&info) => {
                    for (event, _) in events.by_ref() {
                        if event == Event::End(TagEnd::CodeBlock) {
                            break;
                        }
                    }
                }
                event => self.event(event, &range),
            }
        }
        self.end_prose();
        for _ in 0..self.open.len() {
            self.put("</section>\n");
        }
        self.put("</main>\n</div>\n");
    }

    /// Turns what waits into HTML.
    fn flush(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        html::push_html(&mut self.out, waiting.into_iter());
    }

    fn end_prose(&mut self) {
        self.flush();
        for clause in std::mem::take(&mut self.owed) {
            if !self.options.prose_only {
                self.how(clause);
            }
        }
    }

    fn html(&mut self, html: impl Into<String>) {
        self.waiting.push(Event::Html(html.into().into()));
    }

    /// Lets through what is harmless, braces filled in.
    fn event(&mut self, event: Event<'a>, range: &Range<usize>) {
        match event {
            Event::Text(text) => self.text(&text, range),
            Event::Html(text) | Event::InlineHtml(text) => self.text(&text, range),
            Event::Code(text) => {
                let mut plain = String::new();
                self.prose.push_plain(&mut plain, &text, range);
                self.waiting.push(Event::Code(plain.into()));
            }
            Event::Start(Tag::HtmlBlock) => self.html("<p>"),
            Event::End(TagEnd::HtmlBlock) => self.html("</p>\n"),
            // A page that stands alone loads no pictures; their description is text that follows by itself.
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => {}
            Event::Start(Tag::Link { ref dest_url, .. }) => {
                let keep = harmless(dest_url);
                self.links.push(keep);
                if keep {
                    self.waiting.push(event);
                }
            }
            Event::End(TagEnd::Link) => {
                if self.links.pop() == Some(true) {
                    self.waiting.push(event);
                }
            }
            Event::Start(Tag::Table(_)) => {
                let table = self.say.texts.table;
                self.html(format!(
                    "<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"{table}\">"
                ));
                self.waiting.push(event);
            }
            Event::End(TagEnd::Table) => {
                self.waiting.push(event);
                self.html("</div>\n");
            }
            event => {
                match &event {
                    Event::Start(Tag::BlockQuote(_) | Tag::List(_) | Tag::Item) => {
                        self.depth = self.depth.saturating_add(1)
                    }
                    Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item) => {
                        self.depth = self.depth.saturating_sub(1)
                    }
                    _ => {}
                }
                self.waiting.push(event);
            }
        }
    }

    fn text(&mut self, text: &str, range: &Range<usize>) {
        let prose = self.prose;
        for part in prose.parts(text, range) {
            match part {
                Part::Text(text) => self.waiting.push(Event::Text(text.to_owned().into())),
                Part::Param(name) => {
                    let html = self.say.param(name);
                    self.waiting.push(Event::InlineHtml(html.into()));
                }
                Part::Mark => self.unspace(),
            }
        }
    }

    /// Takes away the white space before a mark.
    fn unspace(&mut self) {
        while let Some(last) = self.waiting.last_mut() {
            match last {
                Event::SoftBreak | Event::HardBreak => {}
                Event::Text(text) if text.trim_end().is_empty() => {}
                Event::Text(text) => {
                    *text = text.trim_end().to_owned().into();
                    return;
                }
                _ => return,
            }
            self.waiting.pop();
        }
    }

    fn heading(
        &mut self,
        level: HeadingLevel,
        id: Option<&str>,
        inner: Vec<(Event<'a>, Range<usize>)>,
    ) {
        let edition = self.say.edition;
        let clause = id.and_then(|id| edition.clause(id));
        // A clause in a quotation or list cannot hold the sections that follow it.
        let section = clause.filter(|_| self.depth == 0);
        if section.is_some() {
            self.end_prose();
        }
        self.owed.extend(clause.map(Some));
        let outer = std::mem::take(&mut self.waiting);
        for (event, range) in inner {
            self.event(event, &range);
        }
        let mut inside = String::new();
        html::push_html(
            &mut inside,
            std::mem::replace(&mut self.waiting, outer).into_iter(),
        );
        match (section, clause) {
            (Some(clause), _) => self.section(clause, inside.trim()),
            (None, Some(clause)) => self.html(format!(
                "<p id=\"{}\"><strong>{}</strong></p>\n",
                escape(&clause.id),
                inside.trim()
            )),
            // The title of the page stands above already.
            (None, None) if inside.trim() == escape(&edition.title) => {}
            (None, None) => {
                let level = self.level(heading_level(level));
                self.html(format!("<h{level}>{}</h{level}>\n", inside.trim()));
            }
        }
    }

    /// The level at which a heading is shown: the page's title alone is of the first.
    fn level(&self, level: u8) -> u8 {
        let clauses = &self.say.edition.clauses;
        let down = u8::from(clauses.iter().any(|clause| clause.level == 1));
        level.saturating_add(down).clamp(2, 6)
    }

    fn section(&mut self, clause: &'a Clause, inside: &str) {
        while self.open.last().is_some_and(|open| *open >= clause.level) {
            self.open.pop();
            self.put("</section>\n");
        }
        self.open.push(clause.level);
        let level = self.level(clause.level);
        let id = escape(&clause.id);
        // The number at the head of the title is set apart, unless Markdown changed it.
        let number = format!("{id} ");
        let heading = match inside.strip_prefix(&number) {
            Some(rest) if !id.is_empty() => {
                format!("<span class=\"number\">{id}</span> <span>{rest}</span>")
            }
            _ => inside.to_owned(),
        };
        let _ = writeln!(
            self.out,
            "<section id=\"{id}\">\n<div class=\"head\"><h{level}>{heading}</h{level}><a class=\"anchor\" href=\"{}\" aria-label=\"{} {id}\">#</a></div>",
            fragment(&clause.id),
            self.say.texts.link_to
        );
    }

    /// How a clause is decided, behind a line that opens.
    fn how(&mut self, clause: Option<&Clause>) {
        let id = clause.map(|clause| clause.id.as_str());
        let say = &self.say;
        let mut inside = String::new();
        let belongs = |rule: &Rule| rule.parent.is_none() && Some(rule.clause.as_str()) == id;
        let rules = say.policy.rules().iter().enumerate();
        for (at, _) in rules.filter(|(_, rule)| belongs(rule)) {
            say.rule(&mut inside, RuleId(at));
        }
        let title = if inside.is_empty() {
            say.texts.behind
        } else {
            say.texts.how
        };
        self.parts(&mut inside, id);
        if inside.is_empty() {
            return;
        }
        let of = clause.map_or(String::new(), |clause| {
            format!(
                "<span class=\"unseen\"> ({} {})</span>",
                self.say.texts.of_clause,
                escape(&clause.id)
            )
        });
        let _ = writeln!(
            self.out,
            "<details class=\"how\"><summary>{title}{of}</summary><div class=\"inside\">{inside}</div></details>"
        );
    }

    /// Facts, limits, terms, assumptions and tests that stand in a clause.
    fn parts(&self, out: &mut String, id: Option<&str>) {
        let say = &self.say;
        let here = |span: Span| {
            let clauses = say.source().map_or(&[][..], |source| &source.clauses);
            let inside =
                |clause: &&Clause| (clause.body.start..clause.body.end).contains(&span.start);
            clauses.iter().find(inside).map(|clause| clause.id.as_str()) == id
        };
        for (title, tag, items) in [
            (say.texts.facts, "dl", say.facts_where(&here)),
            (say.texts.limits, "dl", say.limits_where(&here)),
            (say.texts.terms, "dl", say.terms_where(&here)),
            (say.texts.assumed, "ul", say.assumptions_where(&here)),
        ] {
            if !items.is_empty() {
                let _ = write!(out, "<p class=\"part\">{title}</p><{tag}>{items}</{tag}>");
            }
        }
        let examples = say.policy.tests.iter().filter(|test| here(test.span));
        let examples: String = examples.filter_map(|test| say.example(test)).collect();
        if !examples.is_empty() {
            let _ = write!(
                out,
                "<details><summary>{}</summary><ul>{examples}</ul></details>",
                say.texts.examples
            );
        }
    }

    fn foot(&mut self) {
        self.put("<footer>\n");
        if !self.options.versions.is_empty() {
            let _ = write!(
                self.out,
                "<nav aria-labelledby=\"page-earlier\"><h2 id=\"page-earlier\">{}</h2><ul>",
                self.say.texts.earlier
            );
            for (version, address) in self.options.versions.iter().filter(|(_, a)| harmless(a)) {
                let day = self.day(version);
                let _ = write!(
                    self.out,
                    "<li><a href=\"{}\">{day}</a></li>",
                    escape(address)
                );
            }
            self.put("</ul></nav>\n");
        }
        let policy = self.say.policy;
        let _ = write!(
            self.out,
            "<p>{}, {} {}<br><code>{}</code></p>\n</footer>\n</body>\n</html>\n",
            escape(&policy.name),
            self.say.texts.version,
            escape(&policy.version),
            escape(&policy.digest)
        );
    }
}

impl Say<'_> {
    fn facts_where(&self, here: &dyn Fn(Span) -> bool) -> String {
        let facts = self.policy.facts().map(|(_, def)| def);
        facts
            .filter(|def| here(def.span) && def.disclose != Disclose::Never)
            .map(|def| self.declared(def))
            .collect()
    }

    fn limits_where(&self, here: &dyn Fn(Span) -> bool) -> String {
        let mut params: Vec<_> = self.policy.params.iter().collect();
        params.retain(|(_, param)| here(param.span));
        params.sort_by_key(|(_, param)| param.span);
        params
            .into_iter()
            .map(|(name, _)| format!("<dt>{}</dt><dd>{}</dd>", self.label(name), self.param(name)))
            .collect()
    }

    fn terms_where(&self, here: &dyn Fn(Span) -> bool) -> String {
        let mut terms: Vec<_> = self.policy.terms.iter().collect();
        terms.retain(|(_, (_, span))| here(*span));
        terms.sort_by_key(|(_, (_, span))| *span);
        terms
            .into_iter()
            .map(|(name, (cond, _))| {
                format!(
                    "<dt id=\"term-{}\">{}</dt><dd>{}</dd>",
                    escape(name),
                    self.label(name),
                    self.cond(cond)
                )
            })
            .collect()
    }

    /// What always holds; nothing that names a fact which nobody may hear of.
    fn assumptions_where(&self, here: &dyn Fn(Span) -> bool) -> String {
        let spans = self.policy.assumptions.iter().map(|(_, span)| *span);
        let written = spans
            .filter(|span| here(*span))
            .filter_map(|span| self.written(span));
        written
            .filter(|cond| {
                let mut shown = true;
                cond.names(&mut |name| {
                    let hidden = |def: &FactDef| def.disclose == Disclose::Never;
                    shown &= !self.fact(name).is_some_and(hidden);
                });
                shown
            })
            .map(|cond| format!("<li>{}</li>", self.assumption(&cond)))
            .collect()
    }

    /// "If a, then b" where it is written as `a implies b`.
    fn assumption(&self, cond: &Cond) -> String {
        let (if_, then) = if self.tongue.is_danish() {
            ("Hvis", "så")
        } else {
            ("If", "then")
        };
        match cond {
            Cond::Or(parts) => match parts.as_slice() {
                [Cond::Not(when), what] => {
                    format!("{if_} {}, {then} {}", self.cond(when), self.cond(what))
                }
                _ => self.cond(cond),
            },
            cond => self.cond(cond),
        }
    }
}

/// Whether a fenced block is the policy language.
fn of_policy(info: &str) -> bool {
    matches!(
        info.split_whitespace().next(),
        Some("facts" | "params" | "terms" | "assume" | "rule" | "test" | "because")
    )
}

fn heading_level(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// A language in its own words.
fn language_name(code: &str) -> &str {
    match code {
        "da" => "Dansk",
        "en" => "English",
        "sv" => "Svenska",
        "no" | "nb" => "Norsk",
        "fi" => "Suomi",
        "is" => "Íslenska",
        "de" => "Deutsch",
        "fr" => "Français",
        "es" => "Español",
        "it" => "Italiano",
        "nl" => "Nederlands",
        "pl" => "Polski",
        other => other,
    }
}

/// Measure, scale and colours of the page. Every pair of colours has a contrast of at least 4.5 to 1.
const STYLE: &str = "\
:root{color-scheme:light dark;--paper:#fdfcf9;--ink:#1f1d1a;--soft:#5f5a52;--line:#e2ddd2;--card:#f5f2ea;--mark:#0b5d52;--lit:#e3f0ec}\
@media(prefers-color-scheme:dark){:root{--paper:#171614;--ink:#e9e5dc;--soft:#a9a297;--line:#35322d;--card:#1f1d1a;--mark:#7ed3c1;--lit:#1c3430}}\
*{box-sizing:border-box}\
html{font:clamp(1rem,.96rem + .2vw,1.125rem)/1.62 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;font-variant-numeric:tabular-nums;background:var(--paper);color:var(--ink);text-size-adjust:100%;-webkit-text-size-adjust:100%;scroll-padding-top:1.5rem}\
@media(prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}\
body{margin:0 auto;padding:0 clamp(1rem,4vw,3rem) 4rem;max-width:66rem;overflow-wrap:break-word}\
a{color:var(--mark);text-decoration-thickness:.06em;text-underline-offset:.18em}\
a:hover{text-decoration-thickness:.12em}\
:focus-visible{outline:3px solid var(--mark);outline-offset:3px;border-radius:2px}\
main:focus{outline:0}\
.skip{position:absolute;left:1rem;top:-6rem;padding:.5rem 1rem;background:var(--mark);color:var(--paper);z-index:1}\
.skip:focus{top:1rem}\
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}\
h1,h2,h3,h4,h5,h6{line-height:1.22;font-weight:650;letter-spacing:-.012em;text-wrap:balance;margin:0}\
h1{font-size:clamp(2rem,1.5rem + 2.4vw,3.1rem);letter-spacing:-.025em;line-height:1.1}\
header{padding:clamp(2.5rem,8vw,5.5rem) 0 1.75rem;border-bottom:1px solid var(--line)}\
.meta{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem 2rem;margin-top:1rem;color:var(--soft)}\
.meta p{margin:0}\
nav ul,nav ol{list-style:none;margin:0;padding:0}\
nav li{margin:0}\
.languages ul{display:flex;flex-wrap:wrap;gap:1rem}\
.languages [aria-current]{color:var(--ink);font-weight:600}\
.contents{padding:1.75rem 0;font-size:.9rem;line-height:1.4}\
.contents h2,footer h2{font-size:.8rem;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin-bottom:.6rem}\
.contents a{display:flex;gap:.6rem;padding:.28rem 0;color:inherit;text-decoration:none}\
.contents a:hover span:last-child{text-decoration:underline}\
.contents ol ol{padding-left:1.25rem}\
.contents ol ol a{color:var(--soft)}\
.contents ol ol a:hover{color:inherit}\
.contents .number{min-width:.7rem;color:var(--soft);white-space:nowrap}\
.contents ol ol .number{min-width:2.2rem}\
main{max-width:40rem;padding-top:.5rem}\
main>section{padding-top:2.5rem}\
section section{padding-top:2rem}\
.head{display:flex;align-items:baseline;gap:.5rem;margin-bottom:.7rem}\
h2{font-size:1.6rem}\
h3{font-size:1.2rem}\
h4,h5,h6{font-size:1rem}\
.head>:first-child:has(.number){display:flex;gap:.55em}\
.head .number{color:var(--mark);font-weight:500}\
.anchor{text-decoration:none;color:var(--soft);padding:0 .4rem;line-height:1.5;min-width:1.5rem;text-align:center}\
@media(hover:hover){.anchor{opacity:0}.head:hover .anchor,.anchor:focus-visible{opacity:1}}\
section:target>.head{background:var(--lit);box-shadow:0 0 0 .5rem var(--lit);border-radius:1px}\
p,ul,ol,dl,blockquote{margin:0 0 .9rem}\
ul,ol{padding-left:1.3rem}\
li{margin:.2rem 0}\
li::marker{color:var(--soft)}\
blockquote{border-left:3px solid var(--line);padding-left:1rem;color:var(--soft)}\
.param{font-weight:600;white-space:nowrap}\
code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}\
pre{white-space:pre-wrap;background:var(--card);padding:1rem;border-radius:6px}\
.table{overflow-x:auto;margin:0 0 1rem}\
table{border-collapse:collapse;min-width:100%}\
th,td{text-align:left;vertical-align:top;padding:.45rem 1rem .45rem 0;border-bottom:1px solid var(--line)}\
th{font-weight:600;border-bottom-color:var(--soft)}\
details{margin:1.1rem 0 0}\
summary{cursor:pointer;color:var(--mark);font-size:.92rem;font-weight:550;width:fit-content;padding:.15rem 0}\
.how[open]{background:var(--card);border-radius:10px;padding:.6rem clamp(.75rem,3vw,1.4rem) 1.1rem;margin-inline:calc(-1*clamp(.5rem,3vw,1.4rem))}\
.inside{font-size:.9rem;line-height:1.5;padding-top:.4rem}\
.inside ul{margin:0;padding-left:1.1rem}\
.inside li{margin:0 0 .15rem}\
.inside p{margin:0}\
.rule{border-top:1px solid var(--line);padding:.9rem 0 .3rem}\
.rule .rule{border-top:0;border-left:2px solid var(--line);padding:0 0 0 .9rem;margin:.3rem 0 .8rem}\
.rule .name{color:var(--soft);font:.85em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere;margin-bottom:.3rem}\
.rule:target>.name{background:var(--lit);color:var(--ink)}\
.inside dl{display:grid;grid-template-columns:minmax(0,8.5rem) minmax(0,1fr);gap:.35rem 1rem;margin:0 0 .6rem}\
.inside dt{color:var(--soft)}\
.inside dd{margin:0}\
.inside dt:target{background:var(--lit);color:var(--ink)}\
.rule .rule>dl{grid-template-columns:minmax(0,1fr);gap:0}\
.rule .rule>dl>dd{margin-bottom:.4rem}\
.fact{color:var(--soft)}\
.rules{font-size:.92em}\
.part{border-top:1px solid var(--line);padding-top:.9rem;margin:.7rem 0 .4rem!important;font-weight:600}\
.gap{border-bottom:1px dotted var(--soft);padding:0 .3em;cursor:help}\
footer{margin-top:4rem;padding-top:1.5rem;border-top:1px solid var(--line);color:var(--soft);font-size:.85rem}\
footer nav{margin-bottom:1.5rem}\
@media(min-width:62rem){.frame{display:grid;grid-template-columns:17rem minmax(0,40rem);gap:4rem}.contents{position:sticky;top:0;align-self:start;max-height:100vh;overflow-y:auto;padding:2.9rem .5rem 2rem 0;margin-left:-.25rem;padding-left:.25rem}}\
@media(max-width:34rem){.inside dl{grid-template-columns:minmax(0,1fr);gap:0}.inside dd{margin-bottom:.5rem}}\
@media print{html{font-size:10.5pt;background:none;color:#000}body{max-width:none;padding:0}header{padding-top:0}.contents,.skip,.anchor,.languages,.how:not([open]),footer nav{display:none}.how[open]{background:none;border:1px solid #999;margin-inline:0}h1,h2,h3,h4,.head{break-after:avoid}.rule,li{break-inside:avoid}main{max-width:none}a{color:inherit}}";
