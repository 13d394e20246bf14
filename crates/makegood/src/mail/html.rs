// SPDX-License-Identifier: MIT OR Apache-2.0
//! A page of HTML as words: nothing is run, nothing is fetched, nothing that cannot be seen is read.
//!
//! Quotes become lines with `>`, and what mail programs put in front of a quote becomes [`QUOTED`], so that [`super::trim`] cuts there.

use mail_parser::decoders::html::add_html_token;

/// Stands alone on a line below which a mail program quotes. Private characters of a sender's own are removed before.
pub const QUOTED: char = '\u{f8f0}';
/// Stands before each line of a signature.
pub const SIGNED: char = '\u{f8f1}';

/// So deep a quote is marked.
const QUOTES_MOST: usize = 5;

/// Elements whose words nobody sees.
const UNSEEN: [&str; 9] = [
    "script", "style", "head", "title", "template", "noscript", "object", "svg", "textarea",
];

/// Elements that stand on lines of their own.
const BLOCKS: [&str; 25] = [
    "p",
    "div",
    "br",
    "tr",
    "table",
    "ul",
    "ol",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "blockquote",
    "pre",
    "section",
    "article",
    "header",
    "footer",
    "address",
    "dl",
    "dt",
    "dd",
];

/// What mail programs call an element that begins a quote which it is not around.
const BEGINNING: [&str; 3] = ["divrplyfwdmsg", "appendonsend", "outlookmessageheader"];

/// What they call an element around a quote, or around the line that announces one.
const QUOTING: [&str; 7] = [
    "gmail_attr",
    "moz-cite-prefix",
    "yahoo_quoted",
    "protonmail_quote",
    "zmail_extra",
    "mail-editor-reference-message-container",
    "ms-outlook-mobile-reference-message",
];

/// What they call the element around a signature.
const SIGNING: [&str; 6] = [
    "gmail_signature",
    "gmail_signature_prefix",
    "moz-signature",
    "protonmail_signature_block",
    "ms-outlook-mobile-signature",
    "mobile_signature",
];

/// Elements whose inside is no markup.
const RAW: [&str; 4] = ["script", "style", "title", "textarea"];

/// The words of a page.
#[must_use]
pub fn to_text(page: &str) -> String {
    let mut pen = Pen::default();
    let mut rest = page;
    while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
        let (words, behind) = rest.split_at(at);
        pen.words(words);
        rest = pen.markup(behind);
    }
    pen.words(rest);
    pen.text
}

#[derive(Default)]
struct Pen {
    text: String,
    quotes: usize,
    /// The element whose words are not seen, and how often it was opened within itself.
    unseen: Option<(String, usize)>,
    /// The element around a quote or a signature, the same way, and what it is around.
    around: Option<(String, usize, Around)>,
    /// Whether a space is due before the next word.
    space: bool,
    /// Whether words stand on the line already.
    begun: bool,
    pre: bool,
    /// Where a link leads, and where its words begin.
    link: Option<(String, usize)>,
}

/// What an element is around.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Quote,
    Signature,
}

impl Pen {
    fn words(&mut self, words: &str) {
        if self.unseen.is_some() {
            return;
        }
        let mut rest = words;
        while let Some(sign) = rest.chars().next() {
            if sign == '&'
                && let Some(entity) = entity(rest)
            {
                let mut read = String::new();
                add_html_token(&mut read, entity.as_bytes(), false);
                rest = rest.get(entity.len()..).unwrap_or_default();
                // What was no entity stays as it stands.
                read.chars().for_each(|sign| self.sign(sign));
                continue;
            }
            self.sign(sign);
            rest = rest.get(sign.len_utf8()..).unwrap_or_default();
        }
    }

    fn sign(&mut self, sign: char) {
        if self.pre && sign == '\n' {
            self.end_line();
        } else if sign.is_whitespace() && !(self.pre && sign == ' ') {
            self.space = true;
        } else if super::trim::is_seen(sign) {
            if !self.begun {
                if matches!(self.around, Some((_, _, Around::Signature))) {
                    self.text.push(SIGNED);
                }
                self.text
                    .push_str(&"> ".repeat(self.quotes.min(QUOTES_MOST)));
                self.begun = true;
            } else if self.space {
                self.text.push(' ');
            }
            self.space = false;
            self.text.push(sign);
        }
    }

    fn end_line(&mut self) {
        if self.begun {
            self.text.push('\n');
        }
        (self.begun, self.space) = (false, false);
    }

    /// A line that only [`super::trim`] reads.
    fn mark(&mut self, mark: char) {
        self.end_line();
        self.text.push(mark);
        self.text.push('\n');
    }

    /// Reads a tag or a comment at the beginning of `rest`; gives what is behind it.
    fn markup<'r>(&mut self, rest: &'r str) -> &'r str {
        if let Some(comment) = rest.strip_prefix("<!--") {
            return match comment.split_once("-->") {
                Some((_, behind)) => behind,
                None => "",
            };
        }
        let named = rest.get(1..).and_then(|rest| rest.chars().next());
        let Some('a'..='z' | 'A'..='Z' | '/' | '!' | '?') = named else {
            self.words("<");
            return rest.get(1..).unwrap_or_default();
        };
        let end = tag_end(rest);
        let (tag, behind) = rest.split_at(end);
        let inside = tag.trim_start_matches('<').trim_end_matches('>');
        if let Some(name) = inside.strip_prefix('/') {
            self.close(&name_of(name));
            return behind;
        }
        let name = name_of(inside);
        self.open(&name, inside);
        if RAW.contains(&name.as_str()) {
            return behind_raw(behind, &name);
        }
        behind
    }

    fn open(&mut self, name: &str, tag: &str) {
        if let Some((unseen, depth)) = &mut self.unseen {
            if unseen == name {
                *depth = depth.saturating_add(1);
            }
            return;
        }
        let void = matches!(
            name,
            "br" | "img" | "hr" | "input" | "meta" | "link" | "wbr"
        );
        let style = attribute(tag, "style").unwrap_or_default();
        let style: String = style.to_ascii_lowercase().split_whitespace().collect();
        let hidden = style.contains("display:none") || style.contains("visibility:hidden");
        if !void && !RAW.contains(&name) && (UNSEEN.contains(&name) || hidden) {
            self.unseen = Some((name.to_owned(), 1));
            return;
        }
        if BLOCKS.contains(&name) {
            self.block(name);
        }
        let called = [attribute(tag, "class"), attribute(tag, "id")];
        let called = called.into_iter().flatten().flat_map(|names| {
            let names = names.to_ascii_lowercase();
            names
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        });
        let called: Vec<String> = called.collect();
        let any = |names: &[&str]| {
            let mut called = called.iter();
            called.any(|one| names.contains(&one.strip_prefix("x_").unwrap_or(one)))
        };
        if let Some((around, depth, _)) = &mut self.around {
            if around == name {
                *depth = depth.saturating_add(1);
            }
        } else if any(&BEGINNING) {
            self.mark(QUOTED);
        } else if !void && any(&QUOTING) {
            self.end_line();
            self.quotes = self.quotes.saturating_add(1);
            self.around = Some((name.to_owned(), 1, Around::Quote));
        } else if !void && any(&SIGNING) {
            self.end_line();
            self.around = Some((name.to_owned(), 1, Around::Signature));
        }
        match name {
            "blockquote" => self.quotes = self.quotes.saturating_add(1),
            "pre" => self.pre = true,
            "td" | "th" => self.space = true,
            "img" => {
                if let Some(alt) = attribute(tag, "alt").filter(|alt| alt.len() <= 100) {
                    self.words(alt);
                }
            }
            "a" => {
                let target = attribute(tag, "href").filter(|href| {
                    href.len() <= 500
                        && (href.starts_with("http://") || href.starts_with("https://"))
                });
                self.link = target.map(|href| (href.to_owned(), self.text.len()));
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        if let Some((unseen, depth)) = &mut self.unseen {
            if unseen == name {
                *depth = depth.saturating_sub(1);
                if *depth == 0 {
                    self.unseen = None;
                }
            }
            return;
        }
        if BLOCKS.contains(&name) {
            self.block(name);
        }
        if let Some((around, depth, what)) = &mut self.around
            && around == name
        {
            *depth = depth.saturating_sub(1);
            if *depth == 0 {
                let what = *what;
                self.around = None;
                self.end_line();
                if what == Around::Quote {
                    self.quotes = self.quotes.saturating_sub(1);
                }
            }
        }
        match name {
            "blockquote" => self.quotes = self.quotes.saturating_sub(1),
            "pre" => self.pre = false,
            "a" => self.end_link(),
            _ => {}
        }
    }

    /// Where a link really leads, unless its words say the same.
    fn end_link(&mut self) {
        let Some((target, from)) = self.link.take() else {
            return;
        };
        let bare = target.trim_end_matches('/');
        let bare = bare.split_once("://").map_or(bare, |(_, bare)| bare);
        let said = self.text.get(from..).unwrap_or_default();
        if !said.trim().is_empty() && !said.contains(bare) {
            self.words(" (");
            self.words(&target);
            self.words(")");
        }
    }

    fn block(&mut self, name: &str) {
        let empty_line = name == "p" || (name == "br" && !self.begun);
        self.end_line();
        if empty_line && !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
        if name == "li" {
            self.space = false;
        }
    }
}

/// An entity at the beginning of a text, with its `&` and `;`.
fn entity(text: &str) -> Option<&str> {
    let end = text.bytes().take(33).position(|byte| byte == b';')?;
    let entity = text.get(..=end)?;
    let inside = entity.get(1..end)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'#';
    (!inside.is_empty() && inside.bytes().all(plain)).then_some(entity)
}

/// Where a tag ends: behind its `>`, which does not stand in quotes. A tag that does not end hides the rest, as in a browser.
fn tag_end(rest: &str) -> usize {
    let mut quote = None;
    let mut value = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match (quote, byte) {
            (None, b'>') => return at.saturating_add(1),
            // Only behind `=` does a quote begin a value.
            (None, b'"' | b'\'') if value => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
        value = quote.is_none() && (byte == b'=' || (value && byte.is_ascii_whitespace()));
    }
    rest.len()
}

fn name_of(inside: &str) -> String {
    let end = |sign: char| sign.is_whitespace() || matches!(sign, '/' | '>');
    let name = inside.split(end).next().unwrap_or_default();
    name.chars()
        .take(64)
        .collect::<String>()
        .to_ascii_lowercase()
}

/// The value of an attribute of a tag.
fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    // Longer tags are no mail program's.
    let tag = tag.get(..4_096).unwrap_or(tag);
    let bytes = tag.as_bytes();
    let mut from = 0;
    while let Some(found) = bytes
        .get(from..)?
        .windows(name.len())
        .position(|part| part.eq_ignore_ascii_case(name.as_bytes()))
    {
        let begin = from.checked_add(found)?;
        let end = begin.checked_add(name.len())?;
        from = end;
        let before = begin.checked_sub(1).and_then(|at| bytes.get(at));
        if !before.is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'')) {
            continue;
        }
        let Some(value) = tag.get(end..)?.trim_start().strip_prefix('=') else {
            continue;
        };
        let value = value.trim_start();
        return match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value.get(1..)?.split(quote).next(),
            _ => value.split_whitespace().next(),
        };
    }
    None
}

/// What is behind an element whose inside is no markup.
fn behind_raw<'r>(rest: &'r str, name: &str) -> &'r str {
    let mut from = 0;
    while let Some(found) = rest.get(from..).and_then(|rest| rest.find("</")) {
        let begin = from.saturating_add(found).saturating_add(2);
        let end = begin.saturating_add(name.len());
        let ends = rest
            .as_bytes()
            .get(begin..end)
            .is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()));
        if ends {
            let behind = rest.get(end..).unwrap_or_default();
            return behind.split_once('>').map_or("", |(_, behind)| behind);
        }
        from = begin;
    }
    ""
}
