// SPDX-License-Identifier: MIT OR Apache-2.0
//! One way to write a policy: blocks are laid out afresh, prose stays as it is.
//!
//! A block is laid out from its words alone, so formatting twice changes nothing more. Comments travel with
//! the word that they stand before or behind.

use std::collections::VecDeque;
use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag};

use crate::block;
use crate::lex::{Cursor, Lexeme, Token, lex};
use crate::problem::{Code, Problem, Span};
use crate::text::{Block, BlockKind, split};

/// Longest line that a block is laid out in, where its words allow it.
const WIDTH: usize = 100;

/// How far what belongs to a line above is set in.
const STEP: usize = 4;

/// Formats a policy or a translation. The meaning never changes; prose keeps every byte but white space at the
/// end of lines and blank lines beyond two.
///
/// # Errors
/// A block that cannot be read: what is wrong with it. Nothing is formatted then.
///
/// ```
/// let text = "---\npolicy:p\n---\n## 1 A {#1}\n```rule a\nthen   yes because \"So.\"  when x&&y # both\n```\n";
/// let formatted = makegood_policy::format::format(text).unwrap();
/// assert!(formatted.contains("policy: p\n"));
/// assert!(formatted.contains("```rule a\nwhen x && y  # both\nthen yes\nbecause \"So.\"\n```\n"));
/// assert_eq!(makegood_policy::format::format(&formatted).unwrap(), formatted);
/// ```
pub fn format(text: &str) -> Result<String, Vec<Problem>> {
    let mut problems = Vec::new();
    let document = split(text, 0, &mut problems);
    // Only what is wrong with a block keeps it from being formatted.
    problems.retain(|problem| {
        let block = |block: &Block| block.title_span == problem.span;
        problem.code == Code::Syntax && document.blocks.iter().any(block)
    });
    let translation = document.front("translation_of").is_some();
    let mut blocks = VecDeque::new();
    for block in &document.blocks {
        match block_text(text, block, translation) {
            Ok(Some(body)) => blocks.push_back((block.body, body)),
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let front = text.get(..document.body_start).unwrap_or("");
    Ok(front_matter(front) + &prose(text, document.body_start, blocks))
}

/// The front matter, one space behind each colon and no blank lines.
fn front_matter(text: &str) -> String {
    let mut out = String::new();
    for raw in text.lines().map(str::trim_end) {
        let line = raw.trim_start();
        if line.is_empty() {
            continue;
        }
        if line == "---" || line.starts_with('#') {
            // An indented rule closes nothing, and must not begin to.
            out.push_str(if line == "---" { raw } else { line });
        } else {
            let (entry, comment) = match line.split_once(" #") {
                Some((entry, comment)) => (entry, Some(comment)),
                None => (line, None),
            };
            match entry.split_once(':') {
                Some((key, value)) => {
                    // A value that begins with `#` would be a comment behind a space.
                    let space = if value.trim().starts_with('#') {
                        ""
                    } else {
                        " "
                    };
                    let entry = format!("{}:{space}{}", key.trim(), value.trim());
                    out.push_str(entry.trim_end());
                }
                None => out.push_str(entry.trim_end()),
            }
            if let Some(comment) = comment {
                out.push_str("  #");
                out.push_str(comment);
            }
        }
        out.push('\n');
    }
    out
}

/// The Markdown with its blocks replaced.
fn prose(text: &str, from: usize, mut blocks: VecDeque<(Span, String)>) -> String {
    let body = text.get(from..).unwrap_or("");
    let code: Vec<Range<usize>> = Parser::new_ext(body, crate::text::options())
        .into_offset_iter()
        .filter(|(event, _)| matches!(event, Event::Start(Tag::CodeBlock(_))))
        .map(|(_, range)| range.start.saturating_add(from)..range.end.saturating_add(from))
        .collect();
    // Fences of the policy's own blocks are lines like others.
    let foreign: Vec<&Range<usize>> = code
        .iter()
        .filter(|range| !blocks.iter().any(|(body, _)| range.contains(&body.start)))
        .collect();
    let mut out = String::new();
    let mut at = from;
    let mut blank = 0_u8;
    while at < text.len() {
        if let Some((body, formatted)) = blocks.pop_front_if(|(body, _)| body.start == at) {
            out.push_str(&formatted);
            at = body.end;
            blank = 0;
            continue;
        }
        let rest = text.get(at..).unwrap_or("");
        let end = rest
            .find('\n')
            .map_or(rest.len(), |end| end.saturating_add(1));
        let line = rest.get(..end).unwrap_or(rest);
        let next = rest.get(end..).unwrap_or("").lines().next().unwrap_or("");
        let past = at.saturating_add(end);
        let verbatim = foreign
            .iter()
            .any(|code| code.start < past && at < code.end);
        at = past;
        if verbatim {
            out.push_str(line);
            blank = 0;
            continue;
        }
        blank = if line.trim().is_empty() {
            blank.saturating_add(1)
        } else {
            0
        };
        if blank <= 2 {
            out.push_str(line.trim_end());
            // Two spaces at the end of a line are a line break of Markdown.
            if blank == 0
                && line.trim_end_matches(['\n', '\r']).ends_with("  ")
                && !next.trim().is_empty()
            {
                out.push_str("  ");
            }
            out.push('\n');
        }
    }
    let trimmed = out.trim_end().len();
    if trimmed < out.len() {
        out.truncate(trimmed);
        out.push('\n');
    }
    out
}

/// A block laid out; nothing where it is not in the policy language or stands where its lines cannot be set in.
fn block_text(text: &str, block: &Block, translation: bool) -> Result<Option<String>, Problem> {
    let body = block.body.text(text);
    let lexemes = match block.kind {
        BlockKind::Because => return Ok(None),
        _ => lex(body, 0, block.body.start)?,
    };
    let end = Span::new(0, block.body.end.saturating_sub(1), block.body.end);
    let cursor = || Cursor::new(&lexemes, end);
    let mut texts_only = translation;
    match block.kind {
        BlockKind::Facts => {
            let read = block::facts(&mut cursor(), texts_only);
            if let Err(problem) = read {
                texts_only = true;
                block::facts(&mut cursor(), true).map_err(|_| problem)?;
            }
        }
        BlockKind::Params => drop(block::params(&mut cursor())?),
        BlockKind::Terms => drop(block::terms(&mut cursor())?),
        BlockKind::Assume => drop(block::assumptions(&mut cursor())?),
        BlockKind::Rule => drop(block::rule(&mut cursor(), &block.title, block.title_span)?),
        BlockKind::Test => drop(block::test(&mut cursor(), &block.title, block.title_span)?),
        BlockKind::Because => {}
    }
    let Some(margin) = margin(text, block.body.start) else {
        return Ok(None);
    };
    let (words, rest) = words(body, block.body.start, &lexemes);
    let mut lines = Lines::default();
    match block.kind {
        BlockKind::Facts => facts(&mut lines, &words, texts_only),
        BlockKind::Params => params(&mut lines, &words),
        BlockKind::Terms => terms(&mut lines, &words),
        BlockKind::Assume => assumptions(&mut lines, words),
        BlockKind::Rule => return Ok(Some(rule(lines, words, rest).finish(&margin))),
        BlockKind::Test => test(&mut lines, &words),
        BlockKind::Because => {}
    }
    lines.comments(0, &rest, true);
    Ok(Some(lines.finish(&margin)))
}

/// The white space before each line of a block: as wide as what stands before its fence.
fn margin(text: &str, body: usize) -> Option<String> {
    let above = text.get(..body)?.trim_end_matches(['\n', '\r']);
    let fence = above.lines().next_back().unwrap_or("");
    let before = fence.find("```").or_else(|| fence.find("~~~"))?;
    let before = fence.get(..before)?;
    (!before.contains('\t')).then(|| " ".repeat(before.chars().count()))
}

/// A word of a block as it will be written, with its comments.
#[derive(Clone, Debug)]
struct Word {
    text: String,
    /// Comments on lines of their own before it; an empty one is a blank line.
    before: Vec<String>,
    /// A comment behind it.
    after: Option<String>,
}

impl Word {
    fn has_comment_before(&self) -> bool {
        self.before.iter().any(|line| !line.is_empty())
    }
}

/// The words of a block, and the comments behind the last one.
fn words(body: &str, base: usize, lexemes: &[Lexeme]) -> (Vec<Word>, Vec<String>) {
    let mut out: Vec<Word> = Vec::with_capacity(lexemes.len());
    let mut at = 0;
    for lexeme in lexemes {
        let start = lexeme.span.start.saturating_sub(base);
        let end = lexeme.span.end.saturating_sub(base);
        let before = gap(body.get(at..start).unwrap_or(""), out.last_mut());
        out.push(Word {
            text: spelled(&lexeme.token, body.get(start..end).unwrap_or("")),
            before,
            after: None,
        });
        at = end;
    }
    let rest = gap(body.get(at..).unwrap_or(""), out.last_mut());
    (out, rest)
}

/// Reads the white space and comments between two words.
fn gap(text: &str, word: Option<&mut Word>) -> Vec<String> {
    let mut lines = text.split('\n').map(str::trim);
    let mut out: Vec<String> = Vec::new();
    let first = lines.next().unwrap_or("");
    if !first.is_empty() {
        match word {
            Some(word) => word.after = Some(first.to_owned()),
            None => out.push(first.to_owned()),
        }
    }
    let lines: Vec<&str> = lines.collect();
    // What follows the last line break stands on the next word's own line.
    let whole = lines.len().saturating_sub(1);
    for line in lines.into_iter().take(whole) {
        let twice = line.is_empty() && out.last().is_some_and(String::is_empty);
        if !twice {
            out.push(line.to_owned());
        }
    }
    out
}

/// A word as it is written: one space before a unit, a text on one line.
fn spelled(token: &Token, source: &str) -> String {
    match token {
        Token::Text(_) => {
            let lines = source.split(['\n', '\r', '\t', ' ']);
            let words: Vec<&str> = lines.filter(|word| !word.is_empty()).collect();
            let text = words.join(" ");
            let inner = text
                .strip_prefix('"')
                .and_then(|text| text.strip_suffix('"'))
                .unwrap_or(&text);
            format!("\"{}\"", inner.trim_matches(' '))
        }
        Token::Share(_) | Token::Length(_) | Token::Money(..) if !source.contains('/') => {
            let unit = source
                .find(|c: char| c == '%' || c.is_ascii_alphabetic() || c == ' ')
                .unwrap_or(source.len());
            let (number, unit) = source.split_at(unit);
            format!("{number} {}", unit.trim())
        }
        _ => source.to_owned(),
    }
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

/// Whether a space stands between two words. `roomy` braces have one inside.
fn spaced(before: &str, after: &str, roomy: bool) -> bool {
    let name = before
        .chars()
        .next_back()
        .is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    match (before, after) {
        ("{", _) | (_, "}") => roomy,
        ("(" | "[" | "!" | "..", _) | (_, ")" | "]" | "," | ":" | ".." | ";") => false,
        // A remedy's quantity; a condition's words are set apart.
        (before, "(") => !name || matches!(before, "when" | "implies"),
        _ => true,
    }
}

fn join(words: &[Word], roomy: bool) -> String {
    let mut out = String::new();
    let mut last: Option<&str> = None;
    for word in words {
        if last.is_some_and(|last| spaced(last, &word.text, roomy)) {
            out.push(' ');
        }
        out.push_str(&word.text);
        last = Some(&word.text);
    }
    out
}

/// Whether a comment stands inside a run of words.
fn commented(words: &[Word]) -> bool {
    let last = words.len().saturating_sub(1);
    let inside = |(at, word): (usize, &Word)| {
        (at > 0 && word.has_comment_before()) || (at < last && word.after.is_some())
    };
    words.iter().enumerate().any(inside)
}

fn slice(words: &[Word], range: Range<usize>) -> &[Word] {
    words.get(range).unwrap_or(&[])
}

fn text_at(words: &[Word], at: usize) -> &str {
    words.get(at).map_or("", |word| word.text.as_str())
}

/// The lines of a block as they come about.
#[derive(Default)]
struct Lines {
    done: Vec<String>,
    line: String,
}

impl Lines {
    fn end(&mut self) {
        if !self.line.trim().is_empty() {
            let line = self.line.trim_end().to_owned();
            self.done.push(line);
        }
        self.line.clear();
    }

    fn put(&mut self, indent: usize, text: &str) {
        if self.line.is_empty() {
            self.line = " ".repeat(indent);
        }
        self.line.push_str(text);
    }

    /// A comment behind a word ends the line.
    fn after(&mut self, words: &[Word]) {
        if let Some(comment) = words.last().and_then(|word| word.after.as_ref()) {
            self.line.push_str("  ");
            self.line.push_str(comment);
            self.end();
        }
    }

    /// Comments on lines of their own; blank lines only between entries.
    fn comments(&mut self, indent: usize, lines: &[String], blank: bool) {
        if lines.iter().any(|line| !line.is_empty() || blank) {
            self.end();
        }
        for line in lines {
            if !line.is_empty() {
                self.put(indent, line);
                self.end();
            } else if blank && self.done.last().is_some_and(|line| !line.is_empty()) {
                self.done.push(String::new());
            }
        }
    }

    /// Words that break behind commas where the line is full, and wherever a comment forces it.
    fn fill(&mut self, indent: usize, hang: usize, words: &[Word], roomy: bool) {
        let mut last: Option<&Word> = None;
        for (at, word) in words.iter().enumerate() {
            let forced = last.is_some_and(|last| last.after.is_some())
                || (at > 0 && word.has_comment_before());
            let may = last.is_some_and(|last| last.text == ",") || word.text == "suggesting";
            let space = last.is_some_and(|last| spaced(&last.text, &word.text, roomy));
            if forced {
                self.end();
                self.comments(hang, &word.before, false);
            } else if may {
                let piece = join(slice(words, at..piece_end(words, at)), roomy);
                if chars(&self.line).saturating_add(chars(&piece)) >= WIDTH {
                    self.end();
                }
            }
            if self.line.is_empty() {
                self.put(if at == 0 { indent } else { hang }, "");
            } else if space {
                self.line.push(' ');
            }
            self.line.push_str(&word.text);
            self.after(std::slice::from_ref(word));
            last = Some(word);
        }
    }

    /// Words on lines of their own, their comments before them.
    fn piece(&mut self, indent: usize, hang: usize, words: &[Word]) {
        self.end();
        if let Some(first) = words.first() {
            self.comments(indent, &first.before, false);
        }
        self.fill(indent, hang, words, false);
        self.end();
    }

    fn finish(mut self, margin: &str) -> String {
        self.end();
        while self.done.last().is_some_and(String::is_empty) {
            self.done.pop();
        }
        let mut out = String::new();
        for line in self.done {
            if !line.is_empty() {
                out.push_str(margin);
                out.push_str(&line);
            }
            out.push('\n');
        }
        out
    }
}

/// Where the words end that stay together with the one at a place.
fn piece_end(words: &[Word], at: usize) -> usize {
    let rest = words.iter().enumerate().skip(at);
    let mut ends = rest.filter(|(next, word)| {
        word.text == ","
            || word.after.is_some()
            || text_at(words, next.saturating_add(1)) == "suggesting"
    });
    ends.next()
        .map_or(words.len(), |(next, _)| next.saturating_add(1))
}

/// A `facts` entry: its name and type, and its attributes.
struct Fact<'a> {
    name: &'a str,
    /// The name, the colon, the type.
    head: &'a [Word],
    attributes: Vec<&'a [Word]>,
}

/// Attributes in the order in which they are written.
const ATTRIBUTES: [&str; 11] = [
    "label", "values", "source", "cost", "asked_as", "fixed", "disclose", "advice", "usual", "ask",
    "why",
];

fn rank(attribute: &[Word]) -> usize {
    let name = text_at(attribute, 0);
    let place = ATTRIBUTES.iter().position(|known| *known == name);
    place.unwrap_or(ATTRIBUTES.len())
}

fn closing(words: &[Word], from: usize, sign: &str) -> usize {
    let rest = words.iter().enumerate().skip(from);
    let mut found = rest.filter(|(_, word)| word.text == sign);
    found
        .next()
        .map_or(words.len(), |(at, _)| at.saturating_add(1))
}

fn read_facts(words: &[Word], texts_only: bool) -> Vec<Fact<'_>> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let start = at;
        at = at.saturating_add(2);
        if !texts_only {
            at = type_end(words, at);
        }
        let head = slice(words, start..at);
        let mut attributes = Vec::new();
        while let Some(end) = attribute_end(words, at) {
            attributes.push(slice(words, at..end));
            at = end;
        }
        attributes.sort_by_key(|attribute| rank(attribute));
        out.push(Fact {
            name: text_at(words, start),
            head,
            attributes,
        });
    }
    out
}

fn type_end(words: &[Word], at: usize) -> usize {
    let next = at.saturating_add(1);
    let end = match text_at(words, next) {
        "{" => closing(words, next, "}"),
        "[" => closing(words, next, "]"),
        _ => next,
    };
    // A fact of its own may be called so.
    let optional = text_at(words, end) == "optional";
    end.saturating_add(usize::from(optional))
}

fn attribute_end(words: &[Word], at: usize) -> Option<usize> {
    let (name, colon) = (
        text_at(words, at),
        text_at(words, at.saturating_add(1)) == ":",
    );
    let value = at.saturating_add(2);
    match name {
        "fixed" if !colon => Some(at.saturating_add(1)),
        "values" if colon => Some(closing(words, value, "}")),
        name if colon && ATTRIBUTES.contains(&name) && name != "fixed" => {
            Some(value.saturating_add(1))
        }
        _ => None,
    }
}

fn facts(lines: &mut Lines, words: &[Word], texts_only: bool) {
    let facts = read_facts(words, texts_only);
    let name = facts.iter().map(|fact| chars(fact.name)).max().unwrap_or(0);
    let kind = |fact: &Fact<'_>| join(slice(fact.head, 2..fact.head.len()), true);
    let with_attributes = facts.iter().filter(|fact| !fact.attributes.is_empty());
    let widest = with_attributes
        .map(|fact| chars(&kind(fact)))
        .max()
        .unwrap_or(0);
    let row = |fact: &Fact<'_>| {
        let mut row = format!("{:name$} : {:widest$}", fact.name, kind(fact));
        for (at, attribute) in fact.attributes.iter().enumerate() {
            row.push_str(if at == 0 && texts_only { "" } else { "  " });
            row.push_str(&join(attribute, true));
        }
        row.trim_end().to_owned()
    };
    // Facts that all fit stand in one table; else each stands in several lines.
    let plain = |fact: &Fact<'_>| {
        let all: Vec<Word> = std::iter::once(fact.head)
            .chain(fact.attributes.iter().copied())
            .flatten()
            .cloned()
            .collect();
        !commented(&all) && chars(&row(fact)) <= WIDTH
    };
    let table = facts.iter().all(plain);
    for fact in &facts {
        if let Some(first) = fact.head.first() {
            lines.comments(0, &first.before, true);
        }
        if table {
            lines.put(0, &row(fact));
            let last = fact.attributes.last().copied().unwrap_or(fact.head);
            lines.after(last);
            lines.end();
        } else {
            fact_lines(lines, fact, texts_only);
        }
    }
}

fn fact_lines(lines: &mut Lines, fact: &Fact<'_>, texts_only: bool) {
    head(lines, fact.head);
    if !texts_only {
        lines.end();
    }
    let mut packed = texts_only && !lines.line.is_empty();
    for attribute in &fact.attributes {
        let first = attribute.first();
        if first.is_some_and(Word::has_comment_before) {
            lines.end();
            lines.comments(STEP, first.map_or(&[], |word| &word.before), false);
        }
        let text = join(attribute, true);
        let gap = if packed && lines.line.ends_with(':') {
            " "
        } else {
            "  "
        };
        let full = chars(&lines.line)
            .saturating_add(chars(&text))
            .saturating_add(gap.len());
        let alone = matches!(text_at(attribute, 0), "ask" | "why") || commented(attribute);
        if alone || full > WIDTH {
            lines.end();
        }
        if lines.line.is_empty() {
            braced(lines, STEP, attribute);
        } else {
            lines.line.push_str(gap);
            lines.line.push_str(&text);
            lines.after(attribute);
        }
        packed = false;
        if alone {
            lines.end();
        }
    }
    lines.end();
}

/// `name : type`, the values of a long list on lines of their own.
fn head(lines: &mut Lines, head: &[Word]) {
    let Some((name, rest)) = head.split_first() else {
        return;
    };
    if commented(head) {
        lines.fill(0, STEP, head, true);
        return;
    }
    lines.put(0, &name.text);
    lines.put(0, " ");
    braced(lines, 0, rest);
}

/// Words that may hold a list in braces: on the line if it fits, else the list between lines of its braces.
fn braced(lines: &mut Lines, indent: usize, words: &[Word]) {
    let text = join(words, true);
    let open = words.iter().position(|word| word.text == "{");
    let close = words.iter().position(|word| word.text == "}");
    let start = if lines.line.is_empty() {
        indent
    } else {
        chars(&lines.line)
    };
    let fits = start.saturating_add(chars(&text)) <= WIDTH;
    match (open, close) {
        _ if commented(words) => lines.fill(indent, indent.saturating_add(STEP), words, true),
        (Some(open), Some(close)) if !fits => {
            lines.put(indent, &join(slice(words, 0..open.saturating_add(1)), true));
            lines.end();
            let inner = indent.saturating_add(STEP);
            lines.fill(
                inner,
                inner,
                slice(words, open.saturating_add(1)..close),
                true,
            );
            lines.end();
            lines.put(indent, &join(slice(words, close..words.len()), true));
            lines.after(words);
        }
        _ => {
            lines.put(indent, &text);
            lines.after(words);
        }
    }
}

fn params(lines: &mut Lines, words: &[Word]) {
    let mut entries: Vec<(&[Word], usize, usize)> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let start = at;
        at = at.saturating_add(1);
        if text_at(words, at) == "=" {
            at = at.saturating_add(2);
        }
        let value = at;
        if text_at(words, at) == "label" && text_at(words, at.saturating_add(1)) == ":" {
            at = at.saturating_add(3);
        }
        entries.push((slice(words, start..at), start, value));
    }
    let name = |words: &[Word]| chars(text_at(words, 0));
    let value = |words: &[Word], start: usize, value: usize| {
        join(slice(words, 2..value.saturating_sub(start)), false)
    };
    let names = entries
        .iter()
        .map(|(words, ..)| name(words))
        .max()
        .unwrap_or(0);
    let values = entries
        .iter()
        .map(|(words, start, end)| chars(&value(words, *start, *end)));
    let values = values.max().unwrap_or(0);
    for (words, start, end) in &entries {
        lines.comments(0, words.first().map_or(&[], |word| &word.before), true);
        if commented(words) {
            lines.fill(0, STEP, words, false);
        } else {
            let label = join(slice(words, end.saturating_sub(*start)..words.len()), false);
            let line = if end.saturating_sub(*start) > 1 {
                let value = value(words, *start, *end);
                format!("{:names$} = {value:values$}    {label}", text_at(words, 0))
            } else {
                format!("{:names$} {label}", text_at(words, 0))
            };
            lines.put(0, line.trim_end());
            lines.after(words);
        }
        lines.end();
    }
}

/// A condition as its operators join it.
struct Tree {
    range: Range<usize>,
    parts: Vec<Tree>,
    /// Whether the parts are joined by operators; else one part stands behind `!` or in parentheses.
    joined: bool,
}

/// Reads the condition that begins at a word; the block has been read before, so nothing can be wrong with it.
fn tree(words: &[Word], at: usize) -> Tree {
    joined(words, at, &["implies", "||", "&&"])
}

fn joined(words: &[Word], at: usize, operators: &[&str]) -> Tree {
    let Some((operator, tighter)) = operators.split_first() else {
        return single(words, at);
    };
    let mut parts = vec![joined(words, at, tighter)];
    loop {
        let end = parts.last().map_or(at, |part| part.range.end);
        let again =
            text_at(words, end) == *operator && (*operator != "implies" || parts.len() == 1);
        if !again {
            break;
        }
        parts.push(joined(words, end.saturating_add(1), tighter));
    }
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let end = parts.last().map_or(at, |part| part.range.end);
    Tree {
        range: at..end,
        parts,
        joined: true,
    }
}

fn single(words: &[Word], at: usize) -> Tree {
    let next = at.saturating_add(1);
    let leaf = |end: usize| Tree {
        range: at..end,
        parts: Vec::new(),
        joined: false,
    };
    let wrap = |inner: Tree, end: usize| Tree {
        range: at..end,
        parts: vec![inner],
        joined: false,
    };
    match (text_at(words, at), text_at(words, next)) {
        ("!", _) => {
            let inner = single(words, next);
            let end = inner.range.end;
            wrap(inner, end)
        }
        ("(", _) => {
            let inner = tree(words, next);
            let end = inner.range.end.saturating_add(1);
            wrap(inner, end)
        }
        ("true" | "false", _) => leaf(next),
        (_, "==" | "!=" | "<" | "<=" | ">" | ">=" | "is") => leaf(at.saturating_add(3)),
        (_, "in") if text_at(words, at.saturating_add(2)) == "{" => leaf(closing(words, at, "}")),
        (_, "in") => leaf(at.saturating_add(5)),
        _ => leaf(next),
    }
}

impl Tree {
    /// The condition in lines, broken before its loosest operators. The first line begins at `column`; the others
    /// carry their own white space.
    fn lines(&self, words: &[Word], column: usize) -> Vec<String> {
        let flat = join(slice(words, self.range.clone()), false);
        if column.saturating_add(chars(&flat)) <= WIDTH || self.parts.is_empty() {
            return self.long(words, column, flat);
        }
        let mut out: Vec<String> = Vec::new();
        for (at, part) in self.parts.iter().enumerate() {
            let before = if at > 0 {
                format!("{} ", text_at(words, part.range.start.saturating_sub(1)))
            } else {
                let start = self.range.start..part.range.start;
                join(slice(words, start), false)
            };
            let mut lines = part.lines(words, column.saturating_add(chars(&before)));
            if let Some(first) = lines.first_mut() {
                let margin = if at > 0 {
                    " ".repeat(column)
                } else {
                    String::new()
                };
                *first = format!("{margin}{before}{first}");
            }
            out.append(&mut lines);
        }
        if let (Some(last), Some(part), false) = (out.last_mut(), self.parts.last(), self.joined) {
            last.push_str(&join(slice(words, part.range.end..self.range.end), false));
        }
        out
    }

    /// A test that is too long for a line breaks between the values of its list.
    fn long(&self, words: &[Word], column: usize, flat: String) -> Vec<String> {
        let listed = slice(words, self.range.clone())
            .iter()
            .any(|word| word.text == ",");
        if column.saturating_add(chars(&flat)) <= WIDTH || !listed {
            return vec![flat];
        }
        let mut lines = Lines::default();
        let hang = column.saturating_add(STEP);
        lines.fill(column, hang, slice(words, self.range.clone()), false);
        lines.end();
        if let Some(first) = lines.done.first_mut() {
            *first = first.trim_start().to_owned();
        }
        lines.done
    }
}

/// A condition behind what stands on the line already.
fn condition(lines: &mut Lines, words: &[Word], column: usize) {
    for (at, line) in tree(words, 0).lines(words, column).iter().enumerate() {
        if at > 0 {
            lines.end();
        }
        lines.put(0, line);
    }
    lines.after(words);
    lines.end();
}

fn terms(lines: &mut Lines, words: &[Word]) {
    let mut entries = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let start = at;
        // A translation gives a label and no condition.
        let condition = if text_at(words, at.saturating_add(1)) == "=" {
            tree(words, at.saturating_add(2)).range.end
        } else {
            at.saturating_add(1)
        };
        at = condition;
        if text_at(words, at) == "label" && text_at(words, at.saturating_add(1)) == ":" {
            at = at.saturating_add(3);
        }
        entries.push((start..condition, condition..at));
    }
    let name = |range: &Range<usize>| text_at(words, range.start);
    let names = entries.iter().map(|(range, _)| chars(name(range)));
    let names = names.max().unwrap_or(0);
    for (range, label) in entries {
        let (entry, label) = (slice(words, range.clone()), slice(words, label));
        lines.comments(0, entry.first().map_or(&[], |word| &word.before), true);
        let column = names.saturating_add(3);
        let all = slice(words, range.start..range.end.saturating_add(label.len()));
        if commented(all) {
            lines.fill(0, column, all, false);
        } else if entry.len() == 1 {
            lines.put(0, &format!("{:names$} ", name(&range)));
            lines.fill(0, column, label, false);
        } else {
            lines.put(0, &format!("{:names$} = ", name(&range)));
            condition(lines, slice(entry, 2..entry.len()), column);
            if !label.is_empty() {
                lines.fill(STEP, STEP, label, false);
            }
        }
        lines.end();
    }
}

fn assumptions(lines: &mut Lines, words: Vec<Word>) {
    let words = without(words, &[";"], &mut Vec::new());
    let mut at = 0;
    while at < words.len() {
        let end = tree(&words, at).range.end.max(at.saturating_add(1));
        let entry = slice(&words, at..end);
        lines.comments(0, entry.first().map_or(&[], |word| &word.before), true);
        if commented(entry) {
            lines.fill(0, STEP, entry, false);
        } else {
            implication(lines, entry);
        }
        lines.end();
        at = end;
    }
}

/// `a implies b`, the second on a line of its own where both do not fit.
fn implication(lines: &mut Lines, words: &[Word]) {
    let long = chars(&join(words, false)) > WIDTH;
    let tree = tree(words, 0);
    let split = tree.parts.get(1).map_or(0, |part| part.range.start);
    if !long || text_at(words, split.saturating_sub(1)) != "implies" {
        condition(lines, words, 0);
        return;
    }
    condition(lines, slice(words, 0..split.saturating_sub(1)), 0);
    lines.put(STEP, "implies ");
    let column = STEP.saturating_add(8);
    condition(lines, slice(words, split..words.len()), column);
}

/// Takes words out; their comments go to the next word that stays.
fn without(words: Vec<Word>, signs: &[&str], rest: &mut Vec<String>) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::with_capacity(words.len());
    let mut homeless: Vec<String> = Vec::new();
    for mut word in words {
        if signs.contains(&word.text.as_str()) {
            homeless.append(&mut word.before);
            homeless.extend(word.after);
        } else {
            homeless.append(&mut word.before);
            word.before = std::mem::take(&mut homeless);
            out.push(word);
        }
    }
    homeless.append(rest);
    *rest = homeless;
    out
}

/// The parts of a rule in the order in which they are written, and its exceptions.
#[derive(Default)]
struct Body {
    /// Place in the order, and words.
    parts: Vec<(usize, Vec<Word>)>,
    exceptions: Vec<(Vec<Word>, Body)>,
}

/// Reads a rule's words. Comments at braces, which are written afresh, go to the word that follows.
struct RuleWords {
    words: VecDeque<Word>,
    homeless: Vec<String>,
}

impl RuleWords {
    fn peek(&self, ahead: usize) -> &str {
        self.words.get(ahead).map_or("", |word| word.text.as_str())
    }

    fn take(&mut self) -> Option<Word> {
        let mut word = self.words.pop_front()?;
        self.homeless.append(&mut word.before);
        word.before = std::mem::take(&mut self.homeless);
        Some(word)
    }

    fn take_many(&mut self, count: usize) -> Vec<Word> {
        (0..count).map_while(|_| self.take()).collect()
    }

    fn skip(&mut self) {
        if let Some(mut word) = self.words.pop_front() {
            self.homeless.append(&mut word.before);
            self.homeless.extend(word.after);
        }
    }

    /// As the policy language reads it: an exception right in the rule ends the one before it, one in braces is
    /// nested in what stands before the braces.
    fn body(&mut self, depth: usize) -> Body {
        let mut body = Body::default();
        loop {
            let keyed = self.peek(1) == ":";
            match self.peek(0) {
                "cite" if keyed => body.parts.push((0, self.take_many(3))),
                "overrides" if keyed => {
                    let mut words = self.take_many(3);
                    while self.peek(0) == "," {
                        words.append(&mut self.take_many(2));
                    }
                    body.parts.push((3, words));
                }
                "when" => {
                    let end = tree(self.words.make_contiguous(), 1).range.end;
                    body.parts.push((1, self.take_many(end)));
                }
                "then" => {
                    let end = then_end(self.words.make_contiguous());
                    body.parts.push((2, self.take_many(end)));
                }
                "because" => body.parts.push((4, self.take_many(2))),
                "except" if depth == 0 => self.exception(depth, &mut body),
                "{" => {
                    self.skip();
                    while self.peek(0) == "except" {
                        self.exception(depth, &mut body);
                    }
                    self.skip();
                }
                _ => break,
            }
        }
        body.parts.sort_by_key(|(rank, _)| *rank);
        body
    }

    fn exception(&mut self, depth: usize, body: &mut Body) {
        let head = self.take_many(2);
        let inner = self.body(depth.saturating_add(1));
        body.exceptions.push((head, inner));
    }
}

/// Where the effect ends that begins a run of words with `then`.
fn then_end(words: &[Word]) -> usize {
    if text_at(words, 1) == "judge" {
        return 7;
    }
    let remedies = |mut at: usize| {
        loop {
            at = match text_at(words, at.saturating_add(1)) {
                "(" => closing(words, at, ")"),
                _ => at.saturating_add(1),
            };
            if text_at(words, at) != "," {
                return at;
            }
            at = at.saturating_add(1);
        }
    };
    let mut at = 2;
    if text_at(words, at) == ":" {
        at = remedies(at.saturating_add(1));
    }
    if text_at(words, at) == "suggesting" {
        at = remedies(at.saturating_add(1));
    }
    at
}

fn rule(mut lines: Lines, words: Vec<Word>, mut rest: Vec<String>) -> Lines {
    let mut reader = RuleWords {
        words: words.into(),
        homeless: Vec::new(),
    };
    let body = reader.body(0);
    let mut homeless = reader.homeless;
    homeless.append(&mut rest);
    body_lines(&mut lines, &body, 0, 0);
    lines.comments(0, &homeless, false);
    lines
}

fn body_lines(lines: &mut Lines, body: &Body, indent: usize, depth: usize) {
    for (rank, words) in &body.parts {
        let hang = match rank {
            1 | 2 => indent.saturating_add(5),
            3 => indent.saturating_add(11),
            _ => indent.saturating_add(STEP),
        };
        if *rank != 1 || commented(words) {
            lines.piece(indent, hang, words);
            continue;
        }
        lines.comments(
            indent,
            words.first().map_or(&[], |word| &word.before),
            false,
        );
        lines.put(indent, "when ");
        condition(lines, slice(words, 1..words.len()), hang);
    }
    if body.exceptions.is_empty() {
        return;
    }
    // Exceptions of a rule stand below it; those of an exception need braces to be told from its siblings.
    let inner = if depth > 0 {
        lines.put(indent, "{");
        lines.end();
        indent.saturating_add(STEP)
    } else {
        indent
    };
    for (head, exception) in &body.exceptions {
        lines.piece(inner, inner.saturating_add(STEP), head);
        body_lines(
            lines,
            exception,
            inner.saturating_add(STEP),
            depth.saturating_add(1),
        );
    }
    if depth > 0 {
        lines.put(indent, "}");
        lines.end();
    }
}

fn test(lines: &mut Lines, words: &[Word]) {
    let expect = words
        .iter()
        .position(|word| word.text == "expect")
        .unwrap_or(0);
    for range in [0..expect, expect..words.len()] {
        let part = slice(words, range);
        let hang = chars(text_at(part, 0)).saturating_add(1);
        lines.piece(0, hang, part);
    }
}
