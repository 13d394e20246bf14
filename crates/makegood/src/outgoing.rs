// SPDX-License-Identifier: MIT OR Apache-2.0
//! Webhooks to the merchant's systems: what is sent, what an answer means, and when it is tried again.
//!
//! Standard Webhooks 1.0.0: signed, under 20 kB, only 2xx is a success, 410 switches the endpoint off, 429, 502, 503 and
//! 504 slow it down, and the rest is tried again over three days. What happens next is a pure function of what is
//! known, the outcome, the time and a throw of dice ([`Delivery::after`]); sending is one call ([`Sender::send`]).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use bytes::Bytes;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::guard::{Answer, AnswerBody, NoAnswer, Post, WayOut};
use crate::signing::{KeyRing, SignatureFault};

/// A body is shorter than this. What does not fit is replaced by a link.
pub const PAYLOAD_BELOW: usize = 20_000;

/// How long a receiver has. Standard Webhooks recommends 15 to 30 seconds.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// How much of an answer is read: enough to say what was wrong.
const ANSWER_MOST: usize = 16 << 10;

/// How much of an answer is kept, in characters.
const EXCERPT_MOST: usize = 500;

/// How long after the try before it each try is made. After the last nobody tries by himself.
///
/// Source: Standard Webhooks 1.0.0, "retry schedule".
pub const SCHEDULE: [Duration; 10] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_secs(5 * MINUTE),
    Duration::from_secs(30 * MINUTE),
    Duration::from_secs(2 * HOUR),
    Duration::from_secs(5 * HOUR),
    Duration::from_secs(10 * HOUR),
    Duration::from_secs(14 * HOUR),
    Duration::from_secs(20 * HOUR),
    Duration::from_secs(24 * HOUR),
];

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The longest that a receiver can ask us to wait.
const RETRY_AFTER_MOST: Duration = Duration::from_secs(24 * HOUR);

/// How long a slowed endpoint rests where it does not say.
const REST: Duration = Duration::from_secs(MINUTE);

/// An endpoint that takes nothing for so long is switched off, so that nobody sends into the void for ever.
pub const FAILING_LONGEST: Duration = Duration::from_secs(5 * 24 * HOUR);

/// Something that happened, for whom it concerns.
#[derive(Debug)]
pub struct Message {
    /// Its name, the same at each try, replay and endpoint. No full stop.
    pub id: String,
    /// What happened, as `refund.succeeded`.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// The thing it happened to, as a path of the interface: `/v1/refunds/re_1`.
    pub subject: String,
    /// The thing as it was then, in JSON.
    pub data: Box<RawValue>,
}

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Format {
    /// As Standard Webhooks recommends: `type`, `timestamp`, `data`.
    #[default]
    Standard,
    /// As a CloudEvents 1.0 event in structured mode.
    CloudEvents,
}

impl Format {
    /// All of them, by name.
    pub const ALL: [(&'static str, Self); 2] = [
        ("standard", Self::Standard),
        ("cloudevents", Self::CloudEvents),
    ];

    /// Reads its name.
    #[must_use]
    pub fn read(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, format)| *format)
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Standard => "application/json",
            Self::CloudEvents => "application/cloudevents+json; charset=utf-8",
        })
    }
}

#[derive(Serialize)]
struct StandardPayload<'a, D> {
    r#type: &'a str,
    timestamp: String,
    data: D,
}

/// Source: CloudEvents 1.0.2, JSON event format.
#[derive(Serialize)]
struct CloudEvent<'a, D> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    r#type: &'a str,
    subject: &'a str,
    time: String,
    datacontenttype: &'static str,
    data: D,
}

/// Stands for data that are too long.
#[derive(Serialize)]
struct Link<'a> {
    object: &'static str,
    url: &'a str,
}

impl Message {
    /// The body as it is sent. `source` is the address of this desk.
    #[must_use]
    pub fn payload(&self, format: Format, source: &str) -> Vec<u8> {
        let whole = self.written(format, source, &self.data);
        if whole.len() < PAYLOAD_BELOW {
            return whole;
        }
        // Nothing that happened is ever too long to be told: who wants the rest fetches it.
        self.written(
            format,
            source,
            Link {
                object: "link",
                url: &self.subject,
            },
        )
    }

    fn written(&self, format: Format, source: &str, data: impl Serialize) -> Vec<u8> {
        let written = match format {
            Format::Standard => serde_json::to_vec(&StandardPayload {
                r#type: &self.kind,
                timestamp: self.at.to_string(),
                data,
            }),
            Format::CloudEvents => serde_json::to_vec(&CloudEvent {
                specversion: "1.0",
                id: &self.id,
                source,
                r#type: &self.kind,
                subject: &self.subject,
                time: self.at.to_string(),
                datacontenttype: "application/json",
                data,
            }),
        };
        // Strings and JSON that was read before cannot fail to be written.
        written.unwrap_or_default()
    }
}

/// Which events an endpoint wants: `refund.succeeded`, `refund.*`, `*`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct EventFilter(Vec<String>);

impl EventFilter {
    /// Reads patterns. None at all means: everything.
    ///
    /// # Errors
    /// One is no pattern.
    pub fn read<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut read = Vec::new();
        for pattern in patterns {
            let stem = pattern.strip_suffix(".*").unwrap_or(pattern);
            let words = stem.split('.').all(|word| {
                !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            });
            if pattern != "*" && !words {
                return Err(format!(
                    "`{pattern}` names no events: write `refund.succeeded` for one sort, `refund.*` for all about refunds, `*` for everything"
                ));
            }
            read.push(pattern.to_owned());
        }
        Ok(Self(read))
    }

    /// Whether it wants events of this sort.
    #[must_use]
    pub fn wants(&self, kind: &str) -> bool {
        let fits = |pattern: &String| match pattern.strip_suffix(".*") {
            Some(stem) => kind
                .strip_prefix(stem)
                .is_some_and(|rest| rest.starts_with('.')),
            None => pattern == "*" || pattern == kind,
        };
        self.0.is_empty() || self.0.iter().any(fits)
    }
}

/// A place that events are sent to.
#[derive(Debug)]
pub struct Endpoint {
    /// Its name here.
    pub id: String,
    /// Its URL.
    pub url: String,
    /// What it wants.
    pub filter: EventFilter,
    /// How it wants it.
    pub format: Format,
    /// What is signed with.
    pub keys: KeyRing,
    /// How it is.
    pub health: Health,
}

/// How an endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Health {
    /// Since when nothing got through.
    pub failing_since: Option<Timestamp>,
    /// Until when it asked to be left alone.
    pub rests_until: Option<Timestamp>,
    /// Since when and why nothing is sent there any more.
    pub disabled: Option<(Timestamp, Disabled)>,
}

/// Why an endpoint is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disabled {
    /// It said that it is gone (410).
    Gone,
    /// It took nothing for too long ([`FAILING_LONGEST`]).
    Failing,
    /// Somebody did it by hand.
    ByHand,
}

impl Health {
    /// How it is after a try.
    #[must_use]
    pub fn after(self, outcome: &Outcome, now: Timestamp) -> Self {
        // A late answer does not switch on what was switched off in the meantime.
        if self.disabled.is_some() {
            return self;
        }
        let failing = self.failing_since.unwrap_or(now);
        let too_long = now >= later(failing, FAILING_LONGEST);
        match outcome {
            Outcome::Delivered => Self {
                failing_since: None,
                ..self
            },
            Outcome::Gone => Self {
                disabled: Some((now, Disabled::Gone)),
                ..self
            },
            Outcome::Throttled { .. } | Outcome::Failed(_) => Self {
                failing_since: Some(failing),
                rests_until: self.rest_after(outcome, now),
                disabled: too_long.then_some((now, Disabled::Failing)),
            },
        }
    }

    fn rest_after(self, outcome: &Outcome, now: Timestamp) -> Option<Timestamp> {
        match outcome {
            Outcome::Throttled { retry_after } => {
                let until = later(now, retry_after.unwrap_or(REST));
                Some(self.rests_until.map_or(until, |end| end.max(until)))
            }
            _ => self.rests_until,
        }
    }

    /// As new: somebody switched it on again.
    #[must_use]
    pub fn enabled() -> Self {
        Self::default()
    }
}

/// One message on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The message.
    pub message: String,
    /// The endpoint.
    pub endpoint: String,
    /// How many tries there were since it was begun or begun anew.
    pub tries: u32,
    /// How far it is.
    pub state: DeliveryState,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryState {
    /// To be tried.
    Waiting {
        /// Not before.
        at: Timestamp,
    },
    /// It was taken.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// Nobody tries any more, until somebody asks for it.
    GivenUp {
        /// When.
        at: Timestamp,
        /// Why.
        why: GivenUp,
    },
}

/// Why a delivery is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GivenUp {
    /// All tries were made.
    Exhausted,
    /// The endpoint is switched off.
    EndpointDisabled,
}

/// A throw of dice, from outside, so that what happens next can be replayed: it spreads tries that failed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Jitter(pub u16);

impl Jitter {
    /// A delay, lengthened by up to a tenth.
    fn lengthen(self, delay: Duration) -> Duration {
        // Below 24 hours in milliseconds times 2^16: far from the end of 64 bits.
        let tenth = u64::try_from(delay.as_millis() / 10).unwrap_or(u64::MAX);
        let share = tenth.saturating_mul(u64::from(self.0)) >> 16;
        delay + Duration::from_millis(share)
    }
}

/// What follows from an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// The delivery from now on.
    pub delivery: Delivery,
    /// The endpoint from now on.
    pub health: Health,
}

impl Delivery {
    /// A message to be sent at once.
    #[must_use]
    pub fn new(message: &str, endpoint: &str, now: Timestamp) -> Self {
        Self {
            message: message.to_owned(),
            endpoint: endpoint.to_owned(),
            tries: 0,
            state: DeliveryState::Waiting { at: now },
        }
    }

    /// When it is to be tried; never for one that has ended, or whose endpoint is off.
    #[must_use]
    pub fn due(&self, health: &Health) -> Option<Timestamp> {
        match (self.state, health.disabled) {
            (DeliveryState::Waiting { at }, None) => {
                Some(health.rests_until.map_or(at, |end| end.max(at)))
            }
            _ => None,
        }
    }

    /// What follows from the outcome of a try.
    #[must_use]
    pub fn after(&self, health: Health, outcome: &Outcome, now: Timestamp, jitter: Jitter) -> Next {
        let health = health.after(outcome, now);
        let mut delivery = self.clone();
        // States move forward only. A second answer, from a try that was thought lost, takes back nothing that was taken,
        // and begins nothing anew that was given up.
        let waits = matches!(self.state, DeliveryState::Waiting { .. });
        let taken = matches!(self.state, DeliveryState::Delivered { .. });
        if taken || !(waits || *outcome == Outcome::Delivered) {
            return Next { delivery, health };
        }
        delivery.tries = self.tries.saturating_add(1);
        delivery.state = match outcome {
            Outcome::Delivered => DeliveryState::Delivered { at: now },
            _ if health.disabled.is_some() => DeliveryState::GivenUp {
                at: now,
                why: GivenUp::EndpointDisabled,
            },
            _ => delivery.next_try(outcome, now, jitter),
        };
        Next { delivery, health }
    }

    fn next_try(&self, outcome: &Outcome, now: Timestamp, jitter: Jitter) -> DeliveryState {
        let tries = usize::try_from(self.tries).unwrap_or(usize::MAX);
        let Some(delay) = SCHEDULE.get(tries) else {
            return DeliveryState::GivenUp {
                at: now,
                why: GivenUp::Exhausted,
            };
        };
        let asked = match outcome {
            Outcome::Throttled { retry_after } => retry_after.unwrap_or(REST),
            _ => Duration::ZERO,
        };
        DeliveryState::Waiting {
            at: later(now, jitter.lengthen(asked.max(*delay))),
        }
    }

    /// Gives up what waits for an endpoint that is off.
    #[must_use]
    pub fn dropped(&self, now: Timestamp) -> Self {
        let state = match self.state {
            DeliveryState::Waiting { .. } => DeliveryState::GivenUp {
                at: now,
                why: GivenUp::EndpointDisabled,
            },
            ended => ended,
        };
        Self {
            state,
            ..self.clone()
        }
    }

    /// Begins it anew, because somebody asked for it. The message keeps its name, so a receiver that has it knows it.
    #[must_use]
    pub fn replayed(&self, now: Timestamp) -> Self {
        Self::new(&self.message, &self.endpoint, now)
    }
}

/// A time that much later; the end of time where there is none.
fn later(time: Timestamp, delay: Duration) -> Timestamp {
    time.checked_add(delay).unwrap_or(Timestamp::MAX)
}

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken (2xx).
    Delivered,
    /// The endpoint is gone (410).
    Gone,
    /// The endpoint has too much to do (429, 502, 503, 504).
    Throttled {
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// It was not taken.
    Failed(Failure),
}

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The answer says so.
    Status(u16),
    /// The answer points elsewhere, and the desk does not follow.
    Redirect(u16),
    /// There was no answer.
    NoAnswer(NoAnswer),
    /// It could not be signed.
    Signing(SignatureFault),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "the endpoint answered {status}; only 2xx counts"),
            Self::Redirect(status) => write!(
                f,
                "the endpoint answered {status} and points elsewhere, which is not followed; enter the address that it points to"
            ),
            Self::NoAnswer(no_answer) => no_answer.fmt(f),
            Self::Signing(fault) => fault.fmt(f),
        }
    }
}

impl Outcome {
    /// What an answer, or none, means.
    #[must_use]
    pub fn of(answered: &Result<Answer, NoAnswer>, now: Timestamp) -> Self {
        let answer = match answered {
            Ok(answer) => answer,
            Err(no_answer) => return Self::Failed(Failure::NoAnswer(no_answer.clone())),
        };
        match answer.status {
            // The status is the answer: a body that breaks off takes nothing back.
            200..=299 => Self::Delivered,
            410 => Self::Gone,
            429 | 502 | 503 | 504 => Self::Throttled {
                retry_after: retry_after(&answer.headers, now),
            },
            300..=399 => Self::Failed(Failure::Redirect(answer.status)),
            other => Self::Failed(Failure::Status(other)),
        }
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), up to a day.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = rfc2822::parse(value).ok()?.timestamp();
            Duration::try_from(until.duration_since(now)).ok()?
        }
    };
    Some(wait.min(RETRY_AFTER_MOST))
}

/// A try, as it is told to the merchant.
#[derive(Clone, PartialEq, Eq)]
pub struct Tried {
    /// What came of it.
    pub outcome: Outcome,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// The beginning of the answer, for the page of the endpoint. It may say anything, so it belongs into no log.
    pub excerpt: String,
}

impl fmt::Debug for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tried")
            .field("outcome", &self.outcome)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Sends messages.
#[derive(Clone, Debug)]
pub struct Sender {
    way_out: Arc<WayOut>,
    source: String,
    timeout: Duration,
}

impl Sender {
    /// One that goes by this way out. `source` is the address of this desk, for CloudEvents.
    #[must_use]
    pub fn new(way_out: Arc<WayOut>, source: &str, timeout: Duration) -> Self {
        Self {
            way_out,
            source: source.to_owned(),
            timeout,
        }
    }

    /// Tries once.
    pub async fn send(&self, endpoint: &Endpoint, message: &Message, now: Timestamp) -> Tried {
        let body = message.payload(endpoint.format, &self.source);
        let signed = match endpoint.keys.sign(&message.id, now, &body) {
            Ok(signed) => signed,
            Err(fault) => return Tried::without_answer(Failure::Signing(fault)),
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, endpoint.format.content_type());
        for (name, value) in signed.headers() {
            match HeaderValue::from_str(value) {
                Ok(value) => headers.insert(HeaderName::from_static(name), value),
                Err(_) => return Tried::without_answer(Failure::Signing(SignatureFault::Id)),
            };
        }
        let answered = self.way_out.post(Post {
            url: &endpoint.url,
            headers,
            body: Bytes::from(body),
            timeout: self.timeout,
            answer_most: ANSWER_MOST,
        });
        Tried::of(&answered.await, now)
    }
}

impl Tried {
    fn without_answer(failure: Failure) -> Self {
        Self {
            outcome: Outcome::Failed(failure),
            status: None,
            excerpt: String::new(),
        }
    }

    fn of(answered: &Result<Answer, NoAnswer>, now: Timestamp) -> Self {
        let (status, excerpt) = match answered {
            Ok(answer) => (Some(answer.status), excerpt(&answer.body)),
            Err(_) => (None, String::new()),
        };
        Self {
            outcome: Outcome::of(answered, now),
            status,
            excerpt,
        }
    }
}

/// The beginning of a body as plain text.
fn excerpt(body: &AnswerBody) -> String {
    match body {
        AnswerBody::Whole(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
            plain.take(EXCERPT_MOST).collect()
        }
        AnswerBody::TooLong | AnswerBody::Broken => String::new(),
    }
}
