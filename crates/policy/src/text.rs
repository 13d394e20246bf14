// SPDX-License-Identifier: MIT OR Apache-2.0
//! Markdown into front matter, clauses, sentences and blocks, each with its place.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::clause::{Clause, Mark, Sentence};
use crate::problem::{Code, FileIx, Problem, Span};

/// What a fenced block is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BlockKind {
    Facts,
    Params,
    Terms,
    Assume,
    Rule,
    Test,
    Because,
}

impl BlockKind {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "facts" => Self::Facts,
            "params" => Self::Params,
            "terms" => Self::Terms,
            "assume" => Self::Assume,
            "rule" => Self::Rule,
            "test" => Self::Test,
            "because" => Self::Because,
            _ => return None,
        })
    }
}

/// A fenced block of the policy language.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Block {
    pub kind: BlockKind,
    /// What stands behind the kind: a rule's id, a test's name.
    pub title: String,
    pub title_span: Span,
    /// The text between the fences.
    pub body: Span,
    /// The clause it stands in: its place among the clauses, if any heading with an anchor came before.
    pub clause: Option<usize>,
}

/// A policy's file, taken apart.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Document {
    pub front: Vec<(String, String, Span)>,
    pub front_span: Span,
    pub clauses: Vec<Clause>,
    pub blocks: Vec<Block>,
    /// Where the Markdown begins, after the front matter.
    pub body_start: usize,
}

impl Document {
    /// A value of the front matter.
    pub fn front(&self, key: &str) -> Option<(&str, Span)> {
        self.front
            .iter()
            .find(|(name, ..)| name == key)
            .map(|(_, value, span)| (value.as_str(), *span))
    }
}

/// The Markdown dialect of policies.
pub(crate) fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES
}

/// Takes a file apart. Never fails; what is wrong goes to `problems`.
pub(crate) fn split(source: &str, file: FileIx, problems: &mut Vec<Problem>) -> Document {
    let mut document = Document::default();
    document.body_start = front_matter(source, file, &mut document, problems);
    let body = source.get(document.body_start..).unwrap_or("");
    let mut splitter = Splitter {
        source,
        file,
        document,
        problems,
        prose: None,
        heading: None,
        anchors: BTreeMap::new(),
    };
    let base = splitter.document.body_start;
    for (event, range) in Parser::new_ext(body, options()).into_offset_iter() {
        splitter.event(
            event,
            range.start.saturating_add(base)..range.end.saturating_add(base),
        );
    }
    let end = source.len();
    if let Some(clause) = splitter.document.clauses.last_mut() {
        clause.body.end = end;
    }
    splitter.document
}

/// Reads `---` … `---` at the top: flat `key: value` lines. Gives the byte after it.
fn front_matter(
    source: &str,
    file: FileIx,
    document: &mut Document,
    problems: &mut Vec<Problem>,
) -> usize {
    let missing = |problems: &mut Vec<Problem>, end| {
        problems.push(Problem::new(
            Code::FrontMatter,
            Span::new(file, 0, end),
            "the front matter is missing or never closed",
            "begin the file with `---`, then `policy:`, `version:` and `language:`, each on a line, then `---`",
        ));
    };
    let mut seen = BTreeSet::new();
    let mut lines = source.split_inclusive('\n');
    let first = lines.next().unwrap_or("");
    if first.trim_end() != "---" {
        missing(problems, first.trim_end().len());
        return 0;
    }
    let mut at = first.len();
    for line in lines {
        let start = at;
        at = at.saturating_add(line.len());
        let text = line.trim_end();
        if text == "---" {
            document.front_span = Span::new(file, 0, first.trim_end().len());
            return at;
        }
        let text = text.split(" #").next().unwrap_or(text).trim_end();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let span = Span::new(file, start, start.saturating_add(text.len()));
        match text.split_once(':') {
            Some((key, value)) => {
                let key = key.trim().to_owned();
                if !seen.insert(key.clone()) {
                    problems.push(Problem::new(
                        Code::Twice,
                        span,
                        format!("`{key}` is given twice"),
                        "keep one of the two lines",
                    ));
                }
                document
                    .front
                    .push((key, value.trim().trim_matches('"').to_owned(), span));
            }
            None => problems.push(Problem::new(
                Code::FrontMatter,
                span,
                "a line that is no `key: value`",
                "write the key, a colon and the value",
            )),
        }
    }
    missing(problems, first.trim_end().len());
    0
}

struct Splitter<'a> {
    source: &'a str,
    file: FileIx,
    document: Document,
    problems: &'a mut Vec<Problem>,
    /// The place of the paragraph, item or cell being read.
    prose: Option<Range<usize>>,
    heading: Option<(Option<String>, HeadingLevel, String, Range<usize>)>,
    /// The anchors so far, and where each was first used.
    anchors: BTreeMap<String, Span>,
}

impl Splitter<'_> {
    fn span(&self, range: &Range<usize>) -> Span {
        Span::new(self.file, range.start, range.end)
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::Heading { level, id, .. }) => {
                self.heading = Some((id.map(|id| id.to_string()), level, String::new(), range))
            }
            Event::End(TagEnd::Heading(_)) => self.end_heading(),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                self.end_prose();
                self.block(&info, range);
            }
            Event::Start(Tag::Paragraph | Tag::Item | Tag::TableCell) => {
                self.end_prose();
                self.prose = Some(range.start..range.start);
            }
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableCell) => self.end_prose(),
            Event::Text(text) | Event::Code(text) if self.heading.is_some() => {
                if let Some((_, _, title, _)) = &mut self.heading {
                    title.push_str(&text);
                }
            }
            Event::Text(_)
            | Event::Code(_)
            | Event::End(TagEnd::Link | TagEnd::Strong | TagEnd::Emphasis) => {
                if let Some(prose) = &mut self.prose {
                    prose.start = if prose.end == prose.start {
                        range.start
                    } else {
                        prose.start.min(range.start)
                    };
                    prose.end = prose.end.max(range.end);
                }
            }
            _ => {}
        }
    }

    fn end_heading(&mut self) {
        let Some((id, level, title, range)) = self.heading.take() else {
            return;
        };
        if let Some(clause) = self.document.clauses.last_mut() {
            clause.body.end = range.start;
        }
        let span = self.span(&range);
        let Some(id) = id else {
            if level != HeadingLevel::H1 {
                self.problems.push(Problem::new(
                    Code::FrontMatter,
                    span,
                    "a heading without an anchor",
                    "add one, as in `## 5.4 Drops {#5.4}`: clauses are quoted by it",
                ));
            }
            return;
        };
        if let Some(first) = self.anchors.get(&id) {
            let problem = Problem::new(
                Code::Twice,
                span,
                format!("the anchor `{id}` is used twice"),
                "give each clause its own",
            );
            self.problems.push(problem.also(*first, "first used here"));
        }
        self.anchors.entry(id.clone()).or_insert(span);
        let level = match level {
            HeadingLevel::H1 => 1,
            HeadingLevel::H2 => 2,
            HeadingLevel::H3 => 3,
            _ => 4,
        };
        let body = Span::new(self.file, range.end, range.end);
        self.document.clauses.push(Clause {
            id,
            level,
            title: title.trim().to_owned(),
            span,
            body,
            sentences: Vec::new(),
        });
    }

    fn block(&mut self, info: &str, range: Range<usize>) {
        let word = info.split_whitespace().next().unwrap_or("");
        let Some(kind) = BlockKind::parse(word) else {
            return;
        };
        let text = self.source.get(range.clone()).unwrap_or("");
        let first = text
            .find('\n')
            .map_or(text.len(), |at| at.saturating_add(1));
        let title = info
            .trim()
            .strip_prefix(word)
            .unwrap_or("")
            .trim()
            .to_owned();
        let title_at = text
            .get(..first)
            .and_then(|line| line.find(&title))
            .filter(|_| !title.is_empty())
            .unwrap_or(0);
        let title_start = range.start.saturating_add(title_at);
        let title_span = if title.is_empty() {
            Span::new(
                self.file,
                range.start,
                range
                    .start
                    .saturating_add(text.get(..first).unwrap_or("").trim_end().len()),
            )
        } else {
            Span::new(
                self.file,
                title_start,
                title_start.saturating_add(title.len()),
            )
        };
        let inner = text.get(first..).unwrap_or("");
        let last_line = inner
            .trim_end()
            .rfind('\n')
            .map_or(0, |at| at.saturating_add(1));
        let closed = inner.get(last_line..).is_some_and(|line| {
            let fence = line.trim();
            fence.len() >= 3
                && (fence.bytes().all(|b| b == b'`') || fence.bytes().all(|b| b == b'~'))
        });
        let end = if closed { last_line } else { inner.len() };
        if !closed {
            self.problems.push(Problem::new(
                Code::Syntax,
                title_span,
                "a block that is never closed",
                "end it with a line of three backticks",
            ));
        }
        let start = range.start.saturating_add(first);
        let body = Span::new(self.file, start, start.saturating_add(end));
        let clause = self.document.clauses.len().checked_sub(1);
        self.document.blocks.push(Block {
            kind,
            title,
            title_span,
            body,
            clause,
        });
    }

    fn end_prose(&mut self) {
        let Some(range) = self.prose.take() else {
            return;
        };
        if range.is_empty() {
            return;
        }
        let sentences = sentences(self.source, self.file, range, self.problems);
        if let Some(clause) = self.document.clauses.last_mut() {
            clause.sentences.extend(sentences);
        }
    }
}

/// Splits a paragraph into sentences with their marks.
fn sentences(
    source: &str,
    file: FileIx,
    range: Range<usize>,
    problems: &mut Vec<Problem>,
) -> Vec<Sentence> {
    let text = source.get(range.clone()).unwrap_or("");
    let bytes = text.as_bytes();
    let last_close = text.rfind('}');
    let mut out = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < bytes.len() {
        let ends = matches!(bytes.get(at), Some(b'.' | b'!' | b'?'))
            && bytes
                .get(at.saturating_add(1))
                .is_none_or(u8::is_ascii_whitespace);
        at = at.saturating_add(1);
        if !ends {
            continue;
        }
        // Marks right after the full stop still belong to the sentence.
        let mut end = at;
        loop {
            let rest = text.get(end..).unwrap_or("");
            let trimmed = rest.trim_start();
            let is_mark = trimmed.starts_with("{rule") || trimmed.starts_with("{no-rule");
            // Beyond the last brace nothing is looked for, so that open marks cost no more than closed ones.
            if !is_mark || last_close.is_none_or(|last| end > last) {
                break;
            }
            let Some(close) = trimmed.find('}') else {
                break;
            };
            end = end
                .saturating_add(rest.len().saturating_sub(trimmed.len()))
                .saturating_add(close)
                .saturating_add(1);
        }
        let next = text.get(end..).unwrap_or("").trim_start().chars().next();
        // "f.eks. kan" goes on; a new sentence begins with a capital, a figure, a mark or a picture.
        if end == at && next.is_some_and(|c| c.is_lowercase()) {
            continue;
        }
        out.push(sentence(text, start..end, range.start, file, problems));
        start = end;
        at = end;
    }
    if !text.get(start..).unwrap_or("").trim().is_empty() {
        out.push(sentence(
            text,
            start..text.len(),
            range.start,
            file,
            problems,
        ));
    }
    out
}

fn sentence(
    text: &str,
    range: Range<usize>,
    base: usize,
    file: FileIx,
    problems: &mut Vec<Problem>,
) -> Sentence {
    let raw = text.get(range.clone()).unwrap_or("");
    let lead = raw.len().saturating_sub(raw.trim_start().len());
    let start = base.saturating_add(range.start).saturating_add(lead);
    let span = Span::new(file, start, start.saturating_add(raw.trim().len()));
    let mut marks = Vec::new();
    let mut params = Vec::new();
    let mut words = String::new();
    let mut rest = raw;
    let mut open_told = false;
    while let Some(open) = rest.find('{') {
        words.push_str(rest.get(..open).unwrap_or(""));
        let inside = rest.get(open.saturating_add(1)..).unwrap_or("");
        let close = inside.find(['{', '}']);
        let Some(close) = close.filter(|at| inside.as_bytes().get(*at) == Some(&b'}')) else {
            words.push('{');
            let before = std::mem::replace(&mut rest, inside);
            if std::mem::replace(&mut open_told, true) {
                continue;
            }
            let here = base
                .saturating_add(range.end)
                .saturating_sub(before.len())
                .saturating_add(open);
            problems.push(Problem::new(
                Code::Syntax,
                Span::new(file, here, here.saturating_add(1)),
                "a brace that is never closed",
                "close it with `}`",
            ));
            continue;
        };
        let content = inside.get(..close).unwrap_or("").trim();
        let here = base.saturating_add(range.end).saturating_sub(inside.len());
        let place = Span::new(file, here, here.saturating_add(close));
        if content == "no-rule" {
            marks.push(Mark::NoRule);
            words.truncate(words.trim_end().len());
        } else if let Some(ids) = content.strip_prefix("rule:") {
            let mut at = place
                .start
                .saturating_add(inside.find(':').unwrap_or(0))
                .saturating_add(1);
            for id in ids.split(',') {
                let start = at.saturating_add(id.len().saturating_sub(id.trim_start().len()));
                let id_place = Span::new(file, start, start.saturating_add(id.trim().len()));
                marks.push(Mark::Rule(id.trim().to_owned(), id_place));
                at = at.saturating_add(id.len()).saturating_add(1);
            }
            words.truncate(words.trim_end().len());
        } else {
            params.push((content.to_owned(), place));
            words.push('{');
            words.push_str(content);
            words.push('}');
        }
        rest = inside.get(close.saturating_add(1)..).unwrap_or("");
    }
    words.push_str(rest);
    Sentence {
        text: words.split_whitespace().collect::<Vec<_>>().join(" "),
        span,
        marks,
        params,
    }
}
