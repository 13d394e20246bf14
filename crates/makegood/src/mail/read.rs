// SPDX-License-Identifier: MIT OR Apache-2.0
//! A mail as it came, read: who, about what, the words, and the files. Any bytes give a mail.
//!
//! Parts are taken apart here, with a bound on everything, because a mail nests as deep as its sender likes; the headers of each part
//! and their encodings are read by `mail-parser`.

use std::fmt;
use std::sync::LazyLock;

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::{Address, ContentType, HeaderName, HeaderValue, Message, MessageParser};

use super::html;
use super::kind::{self, Kind};
use super::trim;

/// How much of a mail is read.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes of a mail; the rest is not looked at.
    pub bytes: usize,
    /// Bytes of the headers of a part.
    pub head_bytes: usize,
    /// Parts, containers among them.
    pub parts: usize,
    /// How deep they nest.
    pub depth: usize,
    /// Files.
    pub files: usize,
    /// Bytes of the words.
    pub text_bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            bytes: 40 << 20,
            head_bytes: 128 << 10,
            parts: 200,
            depth: 12,
            files: 50,
            text_bytes: 256 << 10,
        }
    }
}

/// Something about a mail that a person should know who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// It is longer than is read.
    TooLong,
    /// It nests deeper than is read.
    TooDeep,
    /// It has more parts than are read.
    TooManyParts,
    /// It has more files than are kept.
    TooManyFiles,
    /// The words are longer than is kept.
    TextCut,
    /// A part is not encoded as it says.
    Encoding,
    /// A charset is unknown or a character is none of it.
    Charset,
    /// It has no headers.
    NoHeaders,
}

impl Flaw {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::TooDeep => "too_deep",
            Self::TooManyParts => "too_many_parts",
            Self::TooManyFiles => "too_many_files",
            Self::TextCut => "text_cut",
            Self::Encoding => "encoding",
            Self::Charset => "charset",
            Self::NoHeaders => "no_headers",
        }
    }
}

/// A file that came with a mail.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// The name that the sender gave it, without folders and control characters.
    pub name: String,
    /// What the sender says it is. What it is, its bytes tell.
    pub media_type: String,
    /// Whether it is shown within the words.
    pub inline: bool,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({}, {} bytes)", self.media_type, self.bytes.len())
    }
}

/// A mail.
#[derive(Clone, Default)]
pub struct Mail {
    /// Its name, without the angle brackets.
    pub message_id: Option<String>,
    /// The names of the mails it says it answers, nearest first.
    pub answers: Vec<String>,
    /// Who it says it is from. Anybody can write anything there.
    pub from: Option<String>,
    /// All addresses that it was sent or handed on to, as the headers say.
    pub to: Vec<String>,
    /// What it is about.
    pub subject: String,
    /// All its words.
    pub text: String,
    /// What is new in them: without what is quoted and without the signature.
    pub said: String,
    /// The files.
    pub files: Vec<File>,
    /// Whether an invitation or another part of a calendar is among them.
    pub calendar: bool,
    /// What sort of mail it is.
    pub kind: Kind,
    /// What is wrong with it.
    pub flaws: Vec<Flaw>,
}

/// Without anything personal.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("kind", &self.kind.word())
            .field("files", &self.files)
            .field("flaws", &self.flaws)
            .finish_non_exhaustive()
    }
}

static PARSER: LazyLock<MessageParser> = LazyLock::new(MessageParser::default);

/// Reads a mail. `null_sender` tells that its envelope named nobody to answer to, as that of every report of a mail system.
#[must_use]
pub fn read(raw: &[u8], null_sender: bool, bounds: &Bounds) -> Mail {
    let mut reader = Reader {
        bounds,
        parts: 0,
        files: Vec::new(),
        reports: Vec::new(),
        calendar: false,
        flaws: Vec::new(),
    };
    let cut = raw.get(..bounds.bytes);
    if cut.is_some_and(|cut| cut.len() < raw.len()) {
        reader.flaw(Flaw::TooLong);
    }
    let raw = cut.unwrap_or(raw);
    let (head, _) = split(raw, bounds.head_bytes);
    let fields = Fields::read(head);
    if fields.0.is_empty() {
        reader.flaw(Flaw::NoHeaders);
    }
    let words = reader.part(raw, 0, "text/plain");
    let mut text = String::new();
    for word in words {
        let word = match word {
            Words::Plain(words) => words,
            Words::Html(page) => html::to_text(&page),
        };
        if !text.is_empty() && !word.trim().is_empty() {
            text.push('\n');
        }
        text.push_str(&word);
    }
    if shorten(&mut text, bounds.text_bytes) {
        reader.flaw(Flaw::TextCut);
    }
    let head = in_utf8(head);
    let parsed = PARSER.parse_headers(head.as_bytes());
    let parsed = parsed.as_ref();
    let seen = kind::Seen {
        fields: &fields,
        null_sender: null_sender || fields.first("return-path").is_some_and(|path| path == "<>"),
        reports: &reader.reports,
        text: &text,
    };
    let kind = kind::of(&seen);
    let said = trim::said(&text);
    Mail {
        message_id: fields.first("message-id").and_then(|id| ids(id).next()),
        answers: answers(&fields),
        from: parsed
            .and_then(Message::from)
            .and_then(|from| addresses(from).next()),
        to: recipients(parsed, &fields),
        subject: parsed
            .and_then(Message::subject)
            .map(one_line)
            .unwrap_or_default(),
        text: trim::unmarked(&text),
        said,
        files: reader.files,
        calendar: reader.calendar,
        kind,
        flaws: reader.flaws,
    }
}

/// Headers as they stand there, unfolded: their names in small letters, and their words.
#[derive(Debug, Default)]
pub struct Fields(Vec<(String, String)>);

/// So many headers are looked at.
const FIELDS_MOST: usize = 1_000;

impl Fields {
    /// Reads headers, up to the first empty line.
    #[must_use]
    pub fn read(head: &[u8]) -> Self {
        let head = in_utf8(head);
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in head.lines() {
            if line.trim().is_empty() {
                break;
            }
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                if fields.len() == FIELDS_MOST {
                    break;
                }
                let name = name.trim();
                if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()) {
                    fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
                }
            }
        }
        Self(fields)
    }

    /// The first header of this name, which is written in small letters.
    #[must_use]
    pub fn first<'f>(&'f self, name: &'f str) -> Option<&'f str> {
        self.all(name).next()
    }

    /// All headers of this name.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        let fits = move |(known, _): &&(String, String)| known == name;
        self.0.iter().filter(fits).map(|(_, value)| value.as_str())
    }
}

/// Names of mails, as they stand between angle brackets.
pub fn ids(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split('<').skip(1).filter_map(|part| {
        let (id, _) = part.split_once('>')?;
        let id: String = id.chars().filter(|sign| !sign.is_whitespace()).collect();
        (1..=998).contains(&id.len()).then_some(id)
    })
}

/// So many names of earlier mails are looked at.
const ANSWERS_MOST: usize = 50;

fn answers(fields: &Fields) -> Vec<String> {
    let direct = fields.first("in-reply-to").into_iter().flat_map(ids);
    let mut all: Vec<String> = direct.collect();
    let mut thread: Vec<String> = fields
        .first("references")
        .into_iter()
        .flat_map(ids)
        .collect();
    thread.reverse();
    all.extend(thread);
    all.truncate(ANSWERS_MOST);
    all
}

fn addresses<'a>(list: &'a Address<'_>) -> impl Iterator<Item = String> + 'a {
    let addresses = list.iter().filter_map(|one| one.address.as_deref());
    addresses.map(one_line).filter(|one| one.contains('@'))
}

/// So many recipients are looked at.
const RECIPIENTS_MOST: usize = 200;

fn recipients(parsed: Option<&Message<'_>>, fields: &Fields) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    if let Some(parsed) = parsed {
        for list in [parsed.to(), parsed.cc(), parsed.resent_to()] {
            all.extend(list.into_iter().flat_map(addresses));
        }
    }
    for name in [
        "delivered-to",
        "x-original-to",
        "envelope-to",
        "x-forwarded-to",
        "x-envelope-to",
    ] {
        for value in fields.all(name) {
            let bare = value.trim_matches(['<', '>', ' ']);
            if bare.contains('@') {
                all.push(one_line(bare));
            }
        }
    }
    all.truncate(RECIPIENTS_MOST);
    all
}

/// Words without line ends and other control characters.
fn one_line(text: &str) -> String {
    let plain = |sign: char| if sign.is_control() { ' ' } else { sign };
    let line: String = text.chars().map(plain).take(998).collect();
    line.trim().to_owned()
}

enum Words {
    Plain(String),
    Html(String),
}

impl Words {
    fn is_blank(&self) -> bool {
        match self {
            Self::Plain(text) => text.trim().is_empty(),
            Self::Html(page) => html::to_text(page).trim().is_empty(),
        }
    }
}

/// A part of a report of a mail system.
#[derive(Debug)]
pub struct Report {
    /// What it is: `message/delivery-status`, `message/rfc822`, `text/rfc822-headers`, or `multipart/report; …`.
    pub media_type: String,
    /// The first of its bytes.
    pub bytes: Vec<u8>,
}

/// So much of a part of a report is looked at.
const REPORT_BYTES: usize = 64 << 10;

struct Reader<'b> {
    bounds: &'b Bounds,
    parts: usize,
    files: Vec<File>,
    reports: Vec<Report>,
    calendar: bool,
    flaws: Vec<Flaw>,
}

impl Reader<'_> {
    fn flaw(&mut self, flaw: Flaw) {
        if !self.flaws.contains(&flaw) {
            self.flaws.push(flaw);
        }
    }

    /// Takes a part apart; `default` is what it is if it does not say.
    fn part(&mut self, raw: &[u8], depth: usize, default: &str) -> Vec<Words> {
        if self.parts == self.bounds.parts {
            self.flaw(Flaw::TooManyParts);
            return Vec::new();
        }
        self.parts = self.parts.saturating_add(1);
        let (head, body) = split(raw, self.bounds.head_bytes);
        let head = in_utf8(head);
        let parsed = PARSER.parse_headers(head.as_bytes());
        let about = About::of(parsed.as_ref(), default);
        if let Some(boundary) = &about.boundary {
            if depth == self.bounds.depth {
                self.flaw(Flaw::TooDeep);
                self.file(&about, body.to_vec());
                return Vec::new();
            }
            return self.several(&about, boundary, body, depth.saturating_add(1));
        }
        self.leaf(&about, body)
    }

    fn several(&mut self, about: &About, boundary: &str, body: &[u8], depth: usize) -> Vec<Words> {
        if about.media_type == "multipart/report" {
            self.reports.push(Report {
                media_type: format!("multipart/report; {}", about.report_type),
                bytes: Vec::new(),
            });
        }
        let default = if about.media_type == "multipart/digest" {
            "message/rfc822"
        } else {
            "text/plain"
        };
        let parts = parts(body, boundary.as_bytes());
        if parts.is_empty() {
            // It says that it has parts and has none: its words are worth more than its word.
            self.flaw(Flaw::Encoding);
            return self.leaf(
                &About {
                    media_type: "text/plain".to_owned(),
                    ..About::default()
                },
                body,
            );
        }
        let alternative = about.media_type == "multipart/alternative";
        let mut said: Vec<Vec<Words>> = Vec::new();
        for part in parts {
            if self.parts == self.bounds.parts {
                self.flaw(Flaw::TooManyParts);
                break;
            }
            said.push(self.part(part, depth, default));
        }
        if !alternative {
            return said.into_iter().flatten().collect();
        }
        // The same thing said twice: the plain way if there are words in it.
        let plain = said.iter().position(|words| {
            words
                .iter()
                .any(|words| matches!(words, Words::Plain(_)) && !words.is_blank())
        });
        let any = || {
            said.iter()
                .rposition(|words| words.iter().any(|words| !words.is_blank()))
        };
        match plain.or_else(any) {
            Some(at) => said.swap_remove(at),
            None => Vec::new(),
        }
    }

    fn leaf(&mut self, about: &About, body: &[u8]) -> Vec<Words> {
        let media_type = about.media_type.as_str();
        if matches!(
            media_type,
            "message/delivery-status"
                | "message/global-delivery-status"
                | "message/disposition-notification"
                | "text/rfc822-headers"
                | "message/rfc822"
                | "message/global"
        ) {
            let bytes = about.decoded(body.get(..REPORT_BYTES).unwrap_or(body)).0;
            self.reports.push(Report {
                media_type: media_type.to_owned(),
                bytes,
            });
        }
        if matches!(
            media_type,
            "application/pgp-signature"
                | "application/pkcs7-signature"
                | "application/x-pkcs7-signature"
        ) {
            return Vec::new();
        }
        let (bytes, sound) = about.decoded(body);
        if !sound {
            self.flaw(Flaw::Encoding);
        }
        if media_type == "text/calendar" {
            self.calendar = true;
        }
        let words = matches!(media_type, "text/plain" | "text/html") && !about.is_file;
        if !words {
            self.file(about, bytes);
            return Vec::new();
        }
        let (mut text, sound) = in_charset(&bytes, &about.charset);
        if !sound {
            self.flaw(Flaw::Charset);
        }
        // A page has more bytes than words.
        let most = self.bounds.text_bytes.saturating_mul(8);
        if shorten(&mut text, most) {
            self.flaw(Flaw::TextCut);
        }
        let text = trim::cleaned(&text);
        vec![if media_type == "text/html" {
            Words::Html(text)
        } else {
            Words::Plain(text)
        }]
    }

    fn file(&mut self, about: &About, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        if self.files.len() == self.bounds.files {
            self.flaw(Flaw::TooManyFiles);
            return;
        }
        let name = if about.name.is_empty() {
            let ending = match about.media_type.as_str() {
                "message/rfc822" | "message/global" => "eml",
                "text/calendar" => "ics",
                "image/png" => "png",
                "image/jpeg" => "jpg",
                "text/html" => "html",
                kind if kind.starts_with("text/") => "txt",
                _ => "bin",
            };
            format!("file-{}.{ending}", self.files.len().saturating_add(1))
        } else {
            about.name.clone()
        };
        self.files.push(File {
            name,
            media_type: about.media_type.clone(),
            inline: about.inline,
            bytes,
        });
    }
}

/// What the headers of a part say of it.
#[derive(Default)]
struct About {
    media_type: String,
    boundary: Option<String>,
    report_type: String,
    charset: String,
    encoding: String,
    name: String,
    is_file: bool,
    inline: bool,
}

impl About {
    fn of(parsed: Option<&Message<'_>>, default: &str) -> Self {
        let mut about = Self {
            media_type: default.to_owned(),
            ..Self::default()
        };
        let Some(parsed) = parsed else {
            return about;
        };
        let kind = parsed
            .header(HeaderName::ContentType)
            .and_then(HeaderValue::as_content_type);
        let disposition = parsed
            .header(HeaderName::ContentDisposition)
            .and_then(HeaderValue::as_content_type);
        let attribute = |of: Option<&ContentType<'_>>, name: &str| {
            of.and_then(|of| of.attribute(name))
                .map(str::to_owned)
                .unwrap_or_default()
        };
        if let Some(kind) = kind {
            let sub = kind.subtype().unwrap_or("plain");
            let media_type = format!("{}/{sub}", kind.ctype()).to_ascii_lowercase();
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/+-._".contains(&byte);
            if media_type.len() <= 127 && media_type.bytes().all(plain) {
                about.media_type = media_type;
            }
            if about.media_type.starts_with("multipart/") {
                about.boundary = kind.attribute("boundary").map(str::to_owned);
                about.report_type = attribute(Some(kind), "report-type").to_ascii_lowercase();
                if about.boundary.as_ref().is_none_or(String::is_empty) {
                    about.boundary = None;
                    about.media_type = "text/plain".to_owned();
                }
            }
            about.charset = attribute(Some(kind), "charset");
        }
        let name = attribute(disposition, "filename");
        let name = if name.is_empty() {
            attribute(kind, "name")
        } else {
            name
        };
        about.name = file_name(&name);
        let says = disposition.map(|of| of.ctype().to_ascii_lowercase());
        about.is_file = match says.as_deref() {
            Some("attachment") => true,
            Some("inline") => false,
            _ => !about.name.is_empty(),
        };
        about.inline = says.as_deref() == Some("inline")
            || (says.is_none() && parsed.header(HeaderName::ContentId).is_some());
        about.encoding = parsed
            .header(HeaderName::ContentTransferEncoding)
            .and_then(HeaderValue::as_text)
            .map(|text| text.trim().to_ascii_lowercase())
            .unwrap_or_default();
        about
    }

    /// The bytes of a part, and whether they were encoded as it says.
    fn decoded(&self, body: &[u8]) -> (Vec<u8>, bool) {
        match self.encoding.as_str() {
            "base64" => from_base64(body),
            "quoted-printable" => from_quoted_printable(body),
            "" | "7bit" | "8bit" | "binary" => (body.to_vec(), true),
            _ => (body.to_vec(), false),
        }
    }
}

/// The last part of a path, without what no file name should have, and not longer than file systems take.
fn file_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let odd = |sign: char| {
        sign.is_control()
            || matches!(sign, '<' | '>' | ':' | '"' | '|' | '?' | '*')
            // Signs that turn the direction of writing make `gpj.exe` look like another file.
            || matches!(sign, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut name: String = name.chars().filter(|sign| !odd(*sign)).collect();
    shorten(&mut name, 200);
    name.trim_matches(['.', ' ']).to_owned()
}

/// Headers and body: the body begins behind the first empty line. Without one everything is headers, if it begins like them.
fn split(raw: &[u8], most: usize) -> (&[u8], &[u8]) {
    let mut at = 0;
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end.saturating_add(1));
        let line = rest.get(..end).unwrap_or(rest);
        let next = at.saturating_add(end);
        if line.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            let head = raw.get(..at).unwrap_or_default();
            return (
                head.get(..most).unwrap_or(head),
                raw.get(next..).unwrap_or_default(),
            );
        }
        let folded = line.starts_with(b" ") || line.starts_with(b"\t");
        // The first line of an mbox, or words where headers should be.
        let header = memchr::memchr(b':', line).is_some_and(|colon| {
            let name = line.get(..colon).unwrap_or_default();
            !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
        });
        if !folded && !header && !line.starts_with(b"From ") {
            let head = raw.get(..at).unwrap_or_default();
            return (
                head.get(..most).unwrap_or(head),
                raw.get(at..).unwrap_or_default(),
            );
        }
        at = next;
    }
    (raw.get(..most).unwrap_or(raw), b"")
}

/// What stands between the boundaries of a body. A last part that is not ended is one too.
fn parts<'r>(body: &'r [u8], boundary: &[u8]) -> Vec<&'r [u8]> {
    let mark = [b"--", boundary].concat();
    let mut found = Vec::new();
    let mut begins: Option<usize> = None;
    let mut at = 0;
    while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end.saturating_add(1));
        let line = rest.get(..end).unwrap_or(rest);
        let next = at.saturating_add(end);
        if let Some(behind) = line.strip_prefix(mark.as_slice()) {
            let behind = behind.trim_ascii_end();
            if behind.is_empty() || behind == b"--" {
                if let Some(begin) = begins {
                    found.push(without_end(body.get(begin..at).unwrap_or_default()));
                }
                begins = behind.is_empty().then_some(next);
                if begins.is_none() {
                    return found;
                }
            }
        }
        at = next;
    }
    if let Some(last) = begins.and_then(|begin| body.get(begin..)) {
        found.push(last);
    }
    found
}

/// The line end before a boundary belongs to the boundary.
fn without_end(part: &[u8]) -> &[u8] {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}

/// Decodes what can be decoded, and says whether that was all.
fn from_base64(body: &[u8]) -> (Vec<u8>, bool) {
    let mut bytes = Vec::with_capacity(body.len() / 4 * 3);
    let (mut held, mut bits, mut sound) = (0_u32, 0_u32, true);
    for byte in body {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                (held, bits) = (0, 0);
                continue;
            }
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            _ => {
                sound = false;
                continue;
            }
        };
        held = (held << 6) | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits).to_le_bytes()[0]);
            held &= (1 << bits) - 1;
        }
    }
    (bytes, sound)
}

/// Decodes what can be decoded, and says whether that was all.
fn from_quoted_printable(body: &[u8]) -> (Vec<u8>, bool) {
    let mut bytes = Vec::with_capacity(body.len());
    let mut sound = true;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let (line, end): (&[u8], &[u8]) = match line.strip_suffix(b"\n") {
            Some(line) => match line.strip_suffix(b"\r") {
                Some(line) => (line, b"\r\n"),
                None => (line, b"\n"),
            },
            None => (line, b""),
        };
        let mut rest = line.trim_ascii_end();
        let mut soft = false;
        while let Some((byte, behind)) = rest.split_first() {
            rest = behind;
            if *byte != b'=' {
                bytes.push(*byte);
                continue;
            }
            if behind.is_empty() {
                soft = true;
                break;
            }
            let decoded = behind.split_at_checked(2).and_then(|(pair, behind)| {
                let byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
                pair.iter()
                    .all(u8::is_ascii_hexdigit)
                    .then_some((byte, behind))
            });
            match decoded {
                Some((byte, behind)) => {
                    bytes.push(byte);
                    rest = behind;
                }
                None => {
                    sound = false;
                    bytes.push(b'=');
                }
            }
        }
        if !soft {
            bytes.extend_from_slice(end);
        }
    }
    (bytes, sound)
}

/// Bytes of whom nobody said in which charset they are: UTF-8 if they are that, else what most mail of old was in.
fn in_utf8(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => match charset_decoder(b"windows-1252") {
            Some(decode) => decode(bytes),
            None => String::from_utf8_lossy(bytes).into_owned(),
        },
    }
}

/// Words in their charset, and whether all could be read.
fn in_charset(bytes: &[u8], charset: &str) -> (String, bool) {
    let charset = charset.trim().trim_matches(['"', '\'']);
    let named_utf8 = matches!(
        charset.to_ascii_lowercase().as_str(),
        "" | "utf-8" | "utf8" | "us-ascii" | "ascii" | "unicode-1-1-utf-8"
    );
    if named_utf8 {
        let text = in_utf8(bytes);
        let sound = std::str::from_utf8(bytes).is_ok();
        return (text, sound || charset.is_empty());
    }
    match charset_decoder(charset.as_bytes()) {
        Some(decode) => {
            let text = decode(bytes);
            let sound = !text.contains(char::REPLACEMENT_CHARACTER);
            (text, sound)
        }
        None => (in_utf8(bytes), false),
    }
}

/// Shortens a text to so many bytes, at a character; says whether it did.
pub(super) fn shorten(text: &mut String, most: usize) -> bool {
    if text.len() <= most {
        return false;
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.truncate(end);
    true
}
