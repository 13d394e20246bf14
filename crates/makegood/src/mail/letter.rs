// SPDX-License-Identifier: MIT OR Apache-2.0
//! A letter as a mail: plain text and HTML, in the customer's language, with the proof of a decision beside it.
//!
//! The same letter gives the same bytes at every try, its name among them, so that a mail system that gets it twice can tell. Nothing
//! that was written elsewhere can begin a header here (`Header`).

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use makegood_desk::notice::{Notice, Paragraph};
use serde::{Deserialize, Serialize};

use super::kind::OWN;

/// What is kept of a letter until its mail has gone out.
#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    /// Its language.
    pub language: String,
    /// What it is about.
    pub subject: String,
    /// The words, plain.
    pub text: String,
    /// The words as a page.
    pub html: String,
}

impl Kept {
    /// What is kept of a letter.
    #[must_use]
    pub fn of(notice: &Notice) -> Self {
        Self {
            language: notice.language.code().to_owned(),
            subject: notice.subject.clone(),
            text: notice.to_text(),
            html: html(notice),
        }
    }
}

/// What stands around a letter.
#[derive(Clone, Debug)]
pub struct Envelope<'e> {
    /// The address that it is from.
    pub from: &'e str,
    /// The name that it is from.
    pub name: &'e str,
    /// To whom it goes.
    pub to: &'e str,
    /// Where answers go.
    pub reply_to: &'e str,
    /// Its name, without angle brackets.
    pub message_id: &'e str,
    /// The names of earlier mails of the case, oldest first.
    pub references: &'e [String],
    /// When it was written.
    pub at: Timestamp,
    /// The proof that its decision stands in the log.
    pub proof: Option<&'e str>,
}

/// The mail of a letter.
#[must_use]
pub fn written(kept: &Kept, envelope: &Envelope<'_>) -> Vec<u8> {
    let mut head = Header::default();
    head.plain("From", &mailbox(envelope.name, envelope.from));
    head.plain("To", &format!("<{}>", bare(envelope.to)));
    head.plain("Reply-To", &format!("<{}>", bare(envelope.reply_to)));
    head.words("Subject", &kept.subject);
    head.plain("Date", &date(envelope.at));
    head.plain("Message-ID", &format!("<{}>", bare(envelope.message_id)));
    let references: Vec<String> = envelope
        .references
        .iter()
        .map(|id| format!("<{}>", bare(id)))
        .collect();
    if let Some(last) = references.last() {
        head.plain("In-Reply-To", last);
        head.plain("References", &references.join("\r\n "));
    }
    // RFC 3834: programs that answer by themselves leave it alone; and Exchange, which has a header of its own for that.
    head.plain("Auto-Submitted", "auto-generated");
    head.plain("X-Auto-Response-Suppress", "OOF, AutoReply");
    head.plain(OWN, "letter");
    head.plain("Content-Language", &bare(&kept.language));
    head.plain("MIME-Version", "1.0");
    // No part can hold it: it is made of the name, which only the desk makes.
    let inner = format!("=_a_{}", boundary(envelope.message_id));
    let outer = format!("=_m_{}", boundary(envelope.message_id));
    let mut body = String::new();
    if envelope.proof.is_some() {
        head.plain(
            "Content-Type",
            &format!("multipart/mixed;\r\n boundary=\"{outer}\""),
        );
        let _ = write!(
            body,
            "--{outer}\r\nContent-Type: multipart/alternative;\r\n boundary=\"{inner}\"\r\n\r\n"
        );
    } else {
        head.plain(
            "Content-Type",
            &format!("multipart/alternative;\r\n boundary=\"{inner}\""),
        );
    }
    for (subtype, words) in [("plain", &kept.text), ("html", &kept.html)] {
        let _ = write!(
            body,
            "--{inner}\r\nContent-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}\r\n",
            quoted_printable(words)
        );
    }
    let _ = write!(body, "--{inner}--\r\n");
    if let Some(proof) = envelope.proof {
        let _ = write!(
            body,
            "\r\n--{outer}\r\nContent-Type: text/plain; charset=utf-8; name=\"proof.txt\"\r\nContent-Disposition: attachment; filename=\"proof.txt\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}--{outer}--\r\n",
            lines_of(&STANDARD.encode(proof))
        );
    }
    format!("{}\r\n{body}", head.0).into_bytes()
}

fn boundary(message_id: &str) -> String {
    message_id
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(48)
        .collect()
}

fn date(at: Timestamp) -> String {
    // RFC 2822 has no year beyond 9999; no letter is written then.
    rfc2822::to_string(&at.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default()
}

/// Headers being written. No value can end its line.
#[derive(Default)]
struct Header(String);

impl Header {
    /// A value of signs that need no encoding. Lines that it is folded into begin with a space.
    fn plain(&mut self, name: &str, value: &str) {
        let safe: Vec<String> = value
            .split("\r\n ")
            .map(|line| {
                let plain = |sign: &char| matches!(sign, ' '..='~');
                line.chars().filter(plain).collect()
            })
            .collect();
        let _ = write!(self.0, "{name}: {}\r\n", safe.join("\r\n "));
    }

    /// A value of any words.
    fn words(&mut self, name: &str, value: &str) {
        let _ = write!(self.0, "{name}: {}\r\n", encoded(value));
    }
}

/// An address or a name without what could end it.
fn bare(text: &str) -> String {
    let plain = |sign: &char| !sign.is_control() && !matches!(sign, '<' | '>' | ' ' | ',' | ';');
    text.chars().filter(plain).collect()
}

fn mailbox(name: &str, address: &str) -> String {
    let address = bare(address);
    if name.trim().is_empty() {
        return format!("<{address}>");
    }
    format!("{} <{address}>", encoded(name))
}

/// Words of a header: as RFC 2047 writes them where they are not plain, each piece short enough for its line.
fn encoded(words: &str) -> String {
    let words: String = words
        .chars()
        .map(|sign| if sign.is_control() { ' ' } else { sign })
        .collect();
    let words = words.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" -_.!/+*".contains(&byte);
    if words.len() <= 60 && words.bytes().all(plain) {
        return words.to_owned();
    }
    let mut pieces: Vec<String> = Vec::new();
    let mut piece = String::new();
    for sign in words.chars() {
        if piece.len().saturating_add(sign.len_utf8()) > 39 {
            pieces.push(std::mem::take(&mut piece));
        }
        piece.push(sign);
    }
    pieces.push(piece);
    let pieces: Vec<String> = pieces
        .iter()
        .map(|piece| format!("=?utf-8?B?{}?=", STANDARD.encode(piece)))
        .collect();
    pieces.join("\r\n ")
}

/// Lines of 76 signs.
fn lines_of(text: &str) -> String {
    let mut lines = String::new();
    for line in text.as_bytes().chunks(76) {
        lines.push_str(&String::from_utf8_lossy(line));
        lines.push_str("\r\n");
    }
    lines
}

fn quoted_printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 5 / 4);
    for (place, line) in text.lines().enumerate() {
        if place > 0 {
            out.push_str("\r\n");
        }
        let mut length = 0_usize;
        let last = line.len().saturating_sub(1);
        for (at, byte) in line.bytes().enumerate() {
            let space_at_end = matches!(byte, b' ' | b'\t') && at == last;
            // A full stop or `From ` at the beginning of a line is changed by some on the way.
            let touchy = length == 0 && (byte == b'.' || line.starts_with("From "));
            let plain = matches!(byte, b' '..=b'~' | b'\t') && byte != b'=';
            let piece = if plain && !space_at_end && !touchy {
                char::from(byte).to_string()
            } else {
                format!("={byte:02X}")
            };
            if length.saturating_add(piece.len()) > 75 {
                out.push_str("=\r\n");
                length = 0;
            }
            length = length.saturating_add(piece.len());
            out.push_str(&piece);
        }
    }
    out
}

const STYLE: &str = "margin:0 0 16px;";

/// A letter as a page. The same words as the plain text, in the same order; no picture, no link, nothing to fetch.
#[must_use]
pub fn html(notice: &Notice) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title></head>\n<body style=\"margin:0;padding:24px;background:#ffffff;color:#1b1f24;font:16px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif\">\n<div style=\"max-width:560px;margin:0 auto\">\n<p style=\"{STYLE}\">{greeting}</p>\n",
        lang = notice.language.code(),
        title = escaped(&notice.subject),
        greeting = escaped(&notice.greeting),
    );
    for paragraph in &notice.paragraphs {
        part(&mut page, paragraph);
    }
    let _ = write!(
        page,
        "<p style=\"margin:24px 0 0\">{}<br>{}</p>\n</div></body></html>\n",
        escaped(&notice.closing),
        escaped(&notice.sender)
    );
    page
}

fn part(page: &mut String, paragraph: &Paragraph) {
    let _ = match paragraph {
        Paragraph::Lead(text) => writeln!(
            page,
            "<p style=\"{STYLE}font-size:18px;font-weight:600\">{}</p>",
            escaped(text)
        ),
        Paragraph::Text(text) => writeln!(page, "<p style=\"{STYLE}\">{}</p>", escaped(text)),
        Paragraph::Heading(text) => writeln!(
            page,
            "<h2 style=\"margin:24px 0 8px;font-size:16px\">{}</h2>",
            escaped(text)
        ),
        Paragraph::Quote { source, words, .. } => {
            let words: Vec<String> = words
                .iter()
                .map(|text| format!("<p style=\"margin:0 0 8px\">{}</p>", escaped(text)))
                .collect();
            writeln!(
                page,
                "<p style=\"margin:0 0 8px\">{}:</p>\n<blockquote style=\"margin:0 0 16px;padding:8px 16px;border-left:3px solid #8a94a3\">{}</blockquote>",
                escaped(source),
                words.concat()
            )
        }
        Paragraph::Figures(figures) => {
            let rows: Vec<String> = figures
                .iter()
                .map(|figure| {
                    let weight = if figure.result { "600" } else { "400" };
                    format!(
                        "<tr style=\"font-weight:{weight}\"><th scope=\"row\" style=\"padding:4px 16px 4px 0;text-align:left;font-weight:inherit\">{}</th><td style=\"padding:4px 0;text-align:right\">{}</td></tr>",
                        escaped(&figure.label),
                        escaped(&figure.figure)
                    )
                })
                .collect();
            writeln!(
                page,
                "<table style=\"margin:0 0 16px;border-collapse:collapse\">{}</table>",
                rows.concat()
            )
        }
        Paragraph::List(items) => list(page, "ul", items),
        Paragraph::Steps(items) => list(page, "ol", items),
        Paragraph::Questions(questions) => {
            let items: Vec<String> = questions
                .iter()
                .map(|question| {
                    let why = question.why.as_ref().map_or_else(String::new, |why| {
                        format!("<br><span style=\"color:#57606a\">{}</span>", escaped(why))
                    });
                    format!(
                        "<li style=\"margin:0 0 8px\">{}{why}</li>",
                        escaped(&question.ask)
                    )
                })
                .collect();
            writeln!(
                page,
                "<ol style=\"{STYLE}padding-left:24px\">{}</ol>",
                items.concat()
            )
        }
    };
}

fn list(page: &mut String, element: &str, items: &[String]) -> std::fmt::Result {
    let items: Vec<String> = items
        .iter()
        .map(|item| format!("<li>{}</li>", escaped(item)))
        .collect();
    writeln!(
        page,
        "<{element} style=\"{STYLE}padding-left:24px\">{}</{element}>",
        items.concat()
    )
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' => safe.push_str("<br>"),
            sign => safe.push(sign),
        }
    }
    safe
}
