// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is new in an answer: without what it quotes, and without the signature.
//!
//! Mail programs mark what they quote by `>`, by a line such as "Ada wrote:", by the headers of the mail that is answered, or by a rule.
//! When nothing would be left, everything is kept: a mail that was handed on is all quote.

use super::html::{QUOTED, SIGNED};

/// So many lines are looked at; the rest stays as it is.
const LINES_MOST: usize = 20_000;
/// A line that announces a quote is not longer, with the lines that it was broken into.
const ANNOUNCED_MOST: usize = 400;
/// So many lines can it be broken into.
const ANNOUNCED_LINES: usize = 4;

/// A text with line ends of one kind, and without signs that nobody can see or that turn the writing round.
#[must_use]
pub fn cleaned(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\r' => {
                if signs.peek() != Some(&'\n') {
                    clean.push('\n');
                }
            }
            '\n' | '\t' => clean.push(sign),
            '\u{2028}' | '\u{2029}' => clean.push('\n'),
            sign if !is_seen(sign) => {}
            sign => clean.push(sign),
        }
    }
    clean
}

/// Whether a character can be seen and is not one of those that only turn the writing round, or that are private.
#[must_use]
pub fn is_seen(sign: char) -> bool {
    let hidden = matches!(sign,
        '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}');
    !hidden && !sign.is_control()
}

/// A text without the marks that only [`said`] reads.
#[must_use]
pub fn unmarked(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let unquoted = line.strip_prefix(QUOTED).unwrap_or(line);
        unquoted.strip_prefix(SIGNED).unwrap_or(unquoted)
    });
    tidy(lines)
}

/// What is new in a text.
#[must_use]
pub fn said(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        if at >= LINES_MOST {
            kept.extend(lines.get(at..).unwrap_or_default());
            break;
        }
        if is_rule_of_signature(line, lines.len().saturating_sub(at)) {
            break;
        }
        if line.starts_with(QUOTED) || is_separator(line) || headers_begin(&lines, at) {
            while kept.last().is_some_and(|line| is_rule(line)) {
                kept.pop();
            }
            break;
        }
        if is_quote(line) || line.starts_with(SIGNED) {
            at = at.saturating_add(1);
            continue;
        }
        if let Some(long) = announced(&lines, at) {
            let behind = at.saturating_add(long);
            let next = lines
                .get(behind..)
                .unwrap_or_default()
                .iter()
                .find(|line| !line.trim().is_empty());
            match next {
                // What is quoted is marked line by line, and there may be an answer below.
                Some(next) if is_quote(next) => {
                    at = behind;
                    continue;
                }
                // Nothing is quoted: it is the last line of what was said.
                None if kept.iter().any(|line| !line.trim().is_empty()) => break,
                None => {}
                Some(_) => break,
            }
        }
        if !is_footer(line) {
            kept.push(line);
        }
        at = at.saturating_add(1);
    }
    let said = tidy(kept.into_iter());
    if said.is_empty() {
        unmarked(text)
    } else {
        said
    }
}

/// A line across the page, or nothing.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.chars()
        .all(|sign| matches!(sign, '_' | '-' | '*' | '='))
}

fn is_quote(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// Lines put together, without space at their ends, more than one empty line in a row, and empty lines around.
fn tidy<'l>(lines: impl Iterator<Item = &'l str>) -> String {
    let mut text = String::new();
    let mut empty = 0_u32;
    for line in lines {
        let line = line.trim_end();
        if line.is_empty() {
            empty = empty.saturating_add(1);
            continue;
        }
        if !text.is_empty() {
            text.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        text.push_str(line);
    }
    text
}

/// RFC 3676: two dashes and a space. Many lose the space; then what is below must be short.
fn is_rule_of_signature(line: &str, left: usize) -> bool {
    line == "-- " || (matches!(line.trim_end(), "--" | "—") && left <= 10)
}

/// What telephones write below everything.
fn is_footer(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    const FOOTERS: [&str; 16] = [
        "sent from my ",
        "sent from outlook",
        "sent from yahoo",
        "sent from mail for",
        "sent from proton",
        "sent via ",
        "get outlook for",
        "sendt fra min ",
        "sendt fra outlook",
        "sendt fra mail til",
        "sendt fra yahoo",
        "sendt med ",
        "sendt via ",
        "hent outlook til",
        "hent outlook for",
        "skickat från min ",
    ];
    line.chars().count() <= 80 && FOOTERS.iter().any(|footer| line.starts_with(footer))
}

/// A line that says that below is another mail.
fn is_separator(line: &str) -> bool {
    let line = line.trim();
    let inside = line.trim_matches(['-', '_', '*', ' ', '=']);
    let ruled = line.starts_with("--") || line.starts_with("__") || line.starts_with("==");
    if !ruled || line.len() > 120 {
        return false;
    }
    const SAID: [&str; 12] = [
        "original message",
        "original appointment",
        "oprindelig meddelelse",
        "oprindelig besked",
        "oprindelig aftale",
        "den oprindelige meddelelse",
        "ursprüngliche nachricht",
        "ursprungligt meddelande",
        "opprinnelig melding",
        "oorspronkelijk bericht",
        "message d'origine",
        "mensaje original",
    ];
    let inside = inside.to_lowercase();
    SAID.iter().any(|said| inside.starts_with(said))
}

/// The headers of the mail that is answered, as Outlook writes them: two or more of them, the first of which says from whom.
fn headers_begin(lines: &[&str], at: usize) -> bool {
    const FROM: [&str; 7] = ["from", "fra", "von", "från", "van", "de", "da"];
    const OTHERS: [&str; 22] = [
        "sent",
        "date",
        "to",
        "cc",
        "subject",
        "sendt",
        "dato",
        "til",
        "emne",
        "gesendet",
        "an",
        "betreff",
        "datum",
        "skickat",
        "till",
        "ämne",
        "verzonden",
        "aan",
        "onderwerp",
        "envoyé",
        "objet",
        "à",
    ];
    let Some(first) = lines.get(at) else {
        return false;
    };
    if !header(first).is_some_and(|name| FROM.contains(&name.as_str())) {
        return false;
    }
    let below = lines.get(at.saturating_add(1)..).unwrap_or_default();
    let others = below
        .iter()
        .take(6)
        .filter(|line| header(line).is_some_and(|name| OTHERS.contains(&name.as_str())));
    others.count() >= 2
}

/// The name of a header, which may be set in bold.
fn header(line: &str) -> Option<String> {
    let (name, _) = line.split_once(':')?;
    let name = name.trim_matches(['*', ' ', '\u{a0}']);
    (name.chars().count() <= 12).then(|| name.to_lowercase())
}

/// Whether a quote is announced here, and in how many lines: "On 4 November Ada wrote:".
fn announced(lines: &[&str], at: usize) -> Option<usize> {
    let mut line = String::new();
    for (count, next) in lines.get(at..)?.iter().take(ANNOUNCED_LINES).enumerate() {
        let next = next.trim().trim_start_matches('>').trim();
        if next.is_empty() {
            return None;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(next);
        if line.len() > ANNOUNCED_MOST {
            return None;
        }
        if next.ends_with(':') {
            return announces(&line).then(|| count.saturating_add(1));
        }
    }
    None
}

fn announces(line: &str) -> bool {
    let line = line.to_lowercase().replace(['\u{a0}', '\u{202f}'], " ");
    // A date or an address must be in it: people write "she wrote:" themselves.
    let dated = line.bytes().filter(u8::is_ascii_digit).count() >= 2;
    let addressed = line.contains('@') && line.contains(['<', '(']);
    if !dated && !addressed {
        return false;
    }
    const WROTE: [&str; 11] = [
        " wrote:",
        " writes:",
        " schrieb:",
        " schreef:",
        " skrev:",
        " skriver:",
        " a écrit:",
        " a écrit :",
        " escribió:",
        " ha scritto:",
        " napisał(a):",
    ];
    if WROTE.iter().any(|wrote| line.ends_with(wrote)) {
        return true;
    }
    // "Den 4. nov. 2026 kl. 10.12 skrev Ada <ada@example.com>:", "Am 4.11.2026 schrieb Ada:".
    const BETWEEN: [&str; 5] = [" skrev ", " schrieb ", " schreef ", " wrote ", " skriver "];
    const BEGINS: [&str; 28] = [
        "den ", "d. ", "am ", "op ", "on ", "man", "tir", "ons", "tor", "fre", "lør", "søn", "mon",
        "tue", "wed", "thu", "fri", "sat", "sun", "mån", "tis", "lör", "sön", "0", "1", "2", "3",
        "torsdag",
    ];
    BETWEEN.iter().any(|wrote| line.contains(wrote))
        && BEGINS.iter().any(|begins| line.starts_with(begins))
}
