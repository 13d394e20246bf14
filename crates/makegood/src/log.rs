// SPDX-License-Identifier: MIT OR Apache-2.0
//! The program's own log: a line an event, on standard error, without personal data.
//!
//! Only fields that stand in [`FIELDS`] are written, and of other people's code only where it warned, never its text: what is not
//! known to be harmless stays out. What is written is looked through once more for addresses, numbers and secrets ([`scrubbed`]).
//! Messages are fixed texts; whatever varies is a field.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::sync::Mutex;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::{Map, Value as Json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Instrument as _, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};
use uuid::Uuid;

use crate::config::{Log, LogFormat};
use crate::meters;
use crate::policies::obeyed;

/// What may stand in the log, and what it is. Nothing that names a person is among it, and no text that a person wrote.
pub const FIELDS: &[(&str, &str)] = &[
    (
        "request_id",
        "the request, as in the answer's `X-Request-Id`",
    ),
    ("method", "the method of a request"),
    (
        "route",
        "the pattern of a path, such as `/v1/cases/{id}`; never the path itself",
    ),
    ("status", "the status of an answer"),
    ("duration_ms", "how long something took, in milliseconds"),
    ("bytes", "how large something is"),
    ("count", "how many there are"),
    ("attempt", "which try this is, from 1"),
    (
        "delay_ms",
        "how long until something is tried again, in milliseconds",
    ),
    ("case", "the id of a case"),
    ("letter", "the number of a letter in its case"),
    ("mail", "the id of a mail that came in"),
    ("decision", "the id of a decision"),
    ("refund", "the id of a refund of ours"),
    ("dispute", "the id of a dispute of ours"),
    ("task", "the id of a task"),
    (
        "owed",
        "the kind of what is owed: a payment, a letter, a question, a command",
    ),
    ("event", "the name of an event, as in the audit log"),
    ("endpoint", "the id of a webhook endpoint"),
    ("token", "the id of a token; never the token"),
    (
        "provider",
        "the name that the merchant gave a payment provider",
    ),
    (
        "operation",
        "what was asked of a provider, a connector or a store",
    ),
    ("outcome", "how something ended, as a word"),
    ("code", "the code of a refusal or an error"),
    (
        "cause",
        "what the system, a provider or a store said, scrubbed",
    ),
    ("shelf", "a shelf of attachments"),
    ("digest", "the hash of a content"),
    ("worker", "which worker"),
    ("store", "which store"),
    ("migration", "the number of a migration"),
    ("size", "the size of the audit log"),
    ("listen", "the address where the program listens"),
    (
        "file",
        "a file of the program's own: settings, database, keys",
    ),
    ("version", "a version of the program, a policy or a peer"),
    ("signal", "a signal of the system"),
    ("place", "where in the program something happened"),
    (
        "reference",
        "our reference, as a provider or a connector knows it",
    ),
    (
        "differs",
        "which part of an answer is not what was asked for",
    ),
];

/// The crate whose messages are written.
const OURS: &str = "makegood";

/// The log was started before.
#[derive(Debug)]
pub struct StartedTwice;

impl fmt::Display for StartedTwice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the log was started before")
    }
}

impl std::error::Error for StartedTwice {}

/// Starts the log of this process, on standard error.
///
/// # Errors
/// It was started before.
pub fn start(log: &Log) -> Result<(), StartedTwice> {
    tracing::subscriber::set_global_default(subscriber(log, io::stderr())).map_err(|_| StartedTwice)
}

/// A log that writes its lines somewhere else.
pub fn subscriber(
    log: &Log,
    out: impl io::Write + Send + 'static,
) -> impl Subscriber + Send + Sync {
    let level = match log.level {
        "error" => Level::ERROR,
        "warn" => Level::WARN,
        "debug" => Level::DEBUG,
        "trace" => Level::TRACE,
        _ => Level::INFO,
    };
    Registry::default().with(Lines {
        level,
        format: log.format,
        out: Mutex::new(Box::new(out)),
    })
}

struct Lines {
    level: Level,
    format: LogFormat,
    out: Mutex<Box<dyn io::Write + Send>>,
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Lines {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let least = if is_ours(metadata) {
            self.level
        } else {
            self.level.min(Level::WARN)
        };
        *metadata.level() <= least
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id).filter(|span| is_ours(span.metadata())) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let mut line = Fields::default();
        if is_ours(metadata) {
            event.record(&mut line);
        } else {
            // What it says is its own choice of words and values; where it says it is enough to look it up.
            line.message = "other code warns; its text is left out".to_owned();
            line.set("place", metadata.name().into());
        }
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<Fields>() {
                for (name, value) in &fields.values {
                    line.values
                        .entry(name.clone())
                        .or_insert_with(|| value.clone());
                }
            }
        }
        let text = match self.format {
            LogFormat::Json => line.json(metadata),
            LogFormat::Text => line.text(metadata),
        };
        // A log that cannot be written is no reason to stop.
        if let Ok(mut out) = self.out.lock() {
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        }
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    target == OURS
        || target
            .strip_prefix(OURS)
            .is_some_and(|rest| rest.starts_with("::"))
}

/// The fields of a span or an event that may be written.
#[derive(Default)]
struct Fields {
    message: String,
    values: Map<String, Json>,
}

impl Fields {
    fn set(&mut self, name: &str, value: Json) {
        if FIELDS.iter().any(|(known, _)| *known == name) {
            self.values.insert(name.to_owned(), value);
        }
    }

    fn json(&self, metadata: &Metadata<'_>) -> String {
        let mut line = Map::new();
        line.insert("at".to_owned(), now().into());
        line.insert(
            "level".to_owned(),
            metadata.level().as_str().to_lowercase().into(),
        );
        line.insert("target".to_owned(), metadata.target().into());
        line.insert("message".to_owned(), self.message.as_str().into());
        line.extend(self.values.clone());
        format!("{}\n", Json::Object(line))
    }

    fn text(&self, metadata: &Metadata<'_>) -> String {
        let mut line = format!("{} {:>5} {}", now(), metadata.level(), self.message);
        for (name, value) in &self.values {
            let value = match value {
                Json::String(text) if is_plain(text) => text.clone(),
                other => other.to_string(),
            };
            // Writing to a string does not fail.
            let _ = write!(line, " {name}={value}");
        }
        let mut out: String = line
            .chars()
            .map(|c| {
                if obeyed(c) || c == '\n' {
                    '\u{fffd}'
                } else {
                    c
                }
            })
            .collect();
        out.push('\n');
        out
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"' || c == '=')
}

/// The time of a line. It decides nothing, so it does not come from the desk's clock.
fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = scrubbed(&format!("{value:?}"));
        if field.name() == "message" {
            self.message = text;
        } else {
            self.set(field.name(), text.into());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value.into());
    }
}

// ---- The second look --------------------------------------------------------------------------------------------------------

/// What secrets begin with: Stripe's, those of signed webhooks, our own tokens, and what stands before a bearer's.
const SECRETS: [&str; 10] = [
    "sk_", "rk_", "pk_", "whsec_", "whsk_", "mg_", "Bearer", "Basic", "X-Amz-", "eyJ",
];

/// A text without mail addresses, account and card numbers, secrets, and what stands behind `?` in an address.
///
/// ```
/// use makegood::log::scrubbed;
/// assert_eq!(scrubbed("no account for anna@example.com"), "no account for [address]");
/// assert_eq!(scrubbed("card 4242 4242 4242 4242 declined"), "card [number] declined");
/// ```
#[must_use]
pub fn scrubbed(text: &str) -> String {
    let text = without_numbers(&without_queries(text));
    let mut out = String::with_capacity(text.len());
    let mut secret_follows = false;
    for part in text.split_inclusive(is_between) {
        let word = part.trim_end_matches(is_between);
        let rest = part.get(word.len()..).unwrap_or_default();
        if !word.is_empty() {
            let begins = SECRETS.iter().find(|begin| word.starts_with(**begin));
            let announces = matches!(begins, Some(&("Bearer" | "Basic")));
            out.push_str(match begins {
                // What was scrubbed before stays as it is.
                _ if secret_follows && word != "secret" => "[secret]",
                Some(_) if !announces => "[secret]",
                None if is_address(word) => "[address]",
                _ => word,
            });
            secret_follows = announces;
        }
        out.push_str(rest);
    }
    out
}

/// Leaves out what stands behind `?` in addresses of sites.
fn without_queries(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | ')');
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(ends) {
        let word = part.trim_end_matches(ends);
        match word.split_once('?') {
            Some((before, query)) if before.contains("://") && !query.is_empty() => {
                out.push_str(before);
                out.push_str("?…");
                out.push_str(part.get(word.len()..).unwrap_or_default());
            }
            _ => out.push_str(part),
        }
    }
    out
}

fn is_between(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '"' | '\'' | '`' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | ',' | ';' | '='
        )
}

/// A mail address, or an address of a site with a name and a password in it.
fn is_address(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains(|c: char| c.is_alphanumeric())
    })
}

/// Puts a mark in place of numbers of cards (12 to 19 digits that add up), of accounts (IBAN), and of telephones (`+` and 8 digits).
fn without_numbers(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = characters.get(at) {
        let inside = at.checked_sub(1).and_then(|before| characters.get(before));
        let begins = !inside.is_some_and(|before| before.is_alphanumeric());
        let length = if begins {
            number_at(characters.get(at..).unwrap_or_default())
        } else {
            0
        };
        if length > 0 {
            out.push_str("[number]");
            at = at.saturating_add(length);
        } else {
            out.push(*c);
            at = at.saturating_add(1);
        }
    }
    out
}

/// How many characters of a number begin here; none where there is no such number.
fn number_at(rest: &[char]) -> usize {
    let mut signs = String::new();
    let mut length = 0_usize;
    let mut best = 0;
    for c in rest {
        length = length.saturating_add(1);
        match c {
            '+' if signs.is_empty() => signs.push('+'),
            c if c.is_ascii_alphanumeric() => signs.push(c.to_ascii_uppercase()),
            ' ' | '-' if !signs.is_empty() => continue,
            _ => break,
        }
        if signs.len() > 34 {
            break;
        }
        let follows = rest.get(length).is_some_and(|next| next.is_alphanumeric());
        if !follows && (is_card(&signs) || is_account(&signs) || is_telephone(&signs)) {
            best = length;
        }
    }
    best
}

/// The check digit of cards (Luhn).
fn is_card(signs: &str) -> bool {
    let digits: Option<Vec<u32>> = signs.chars().map(|c| c.to_digit(10)).collect();
    let Some(digits) = digits.filter(|digits| (12..=19).contains(&digits.len())) else {
        return false;
    };
    let doubled = |(place, digit): (usize, &u32)| match place % 2 {
        0 => *digit,
        _ => digit * 2 / 10 + digit * 2 % 10,
    };
    digits.iter().rev().enumerate().map(doubled).sum::<u32>() % 10 == 0
}

/// The check digits of an IBAN.
fn is_account(signs: &str) -> bool {
    let bytes = signs.as_bytes();
    let shape = matches!(bytes, [a, b, c, d, ..] if a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_digit() && d.is_ascii_digit());
    if !shape || !(15..=34).contains(&bytes.len()) {
        return false;
    }
    let turned = signs.chars().skip(4).chain(signs.chars().take(4));
    let remainder = turned.filter_map(|c| c.to_digit(36)).fold(0, |sum, value| {
        let shift = if value > 9 { 100 } else { 10 };
        (sum * shift + value) % 97
    });
    remainder == 1
}

fn is_telephone(signs: &str) -> bool {
    signs.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

// ---- Requests ---------------------------------------------------------------------------------------------------------------

/// The header that names a request, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The name of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// The name that the caller gave, where it is one (letters, digits, `-`, `_`, `.`; 64 at most, and no number of a card), else a new
    /// one.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let given = headers
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok());
        let fits = |text: &&str| {
            (1..=64).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
                && scrubbed(text) == **text
        };
        given.filter(fits).map_or_else(
            || Self(format!("req_{}", Uuid::now_v7().simple())),
            |text| Self(text.to_owned()),
        )
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names each request, counts and times it, and writes a line when it is answered. The answer carries the name.
///
/// Handlers find the [`RequestId`] among the request's extensions.
pub async fn requests(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    // A path may hold a secret of a customer's link; its pattern does not.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let method = known_method(request.method().as_str());
    request.extensions_mut().insert(id.clone());
    let span = tracing::info_span!("request", request_id = id.as_str(), method, route);
    let begun = Instant::now();
    let _inside = meters::Inside::enter();
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = begun.elapsed();
    let status = response.status().as_u16();
    meters::request_answered(method, &route, status, took);
    span.in_scope(|| {
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let status = u64::from(status);
        if status >= 500 {
            tracing::error!(status, duration_ms, "request failed");
        } else {
            tracing::info!(status, duration_ms, "request answered");
        }
    });
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// A method that we know; anybody may invent others.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    KNOWN
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}
