// SPDX-License-Identifier: MIT OR Apache-2.0
//! The connector protocol, version 1, from the desk's side: commands to fulfilment, and what is said about them.
//!
//! A command is a signed POST to one address; which command it is stands in the body, because the signature covers the
//! body and not the path. It is answered at once (`done`, `refused`) or later (`accepted`, and then a signed callback).
//! Whatever does not plainly say one of these is unknown, and unknown is asked again by `status` under the same key:
//! a time-out, a 500 and also a 4xx, because a try before it may have been taken on and its answer lost.
//!
//! For people: `docs/connector.md`. For programs: `docs/connector.openapi.yaml`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use jiff::Timestamp;
use makegood_desk::execution::{CommandKind, CommandOrder, ConnectorSaid};
use ring::digest;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use tower::ServiceExt as _;

use crate::guard::{Answer, AnswerBody, NoAnswer, Post, WayOut};
use crate::meters;
use crate::signing::{KeyRing, SignatureFault, Signed, TOLERANCE, headers_of};

/// The header with the version of the protocol, in commands, answers and callbacks.
pub const VERSION_HEADER: &str = "makegood-connector";
/// The version that is spoken here.
pub const VERSION: &str = "1";

/// How long a connector has for an answer. What takes longer is accepted first and told later.
pub const TIMEOUT: Duration = Duration::from_secs(20);

/// The longest body of a command, an answer or a callback.
pub const BODY_MOST: usize = 64 << 10;

/// How much of a connector's own words is kept, in characters.
const WORDS_MOST: usize = 500;

/// A message of the desk as it is sent. A field that is added makes a new version, so whoever reads it can be strict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandWire {
    /// Its name, or `status`.
    pub command: String,
    /// The idempotency key.
    pub key: String,
    /// The desk's name for it.
    pub reference: String,
    /// The order.
    pub order_number: String,
    /// How many units, of a redelivery.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "units_there"
    )]
    pub units: Option<u64>,
    /// Which account, of a replacement.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "text_there"
    )]
    pub account: Option<String>,
    /// By when it should be done.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "moment")]
    pub due: Option<Timestamp>,
    /// When a status is asked for, so that no two questions are the same message.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "moment")]
    pub asked_at: Option<Timestamp>,
}

/// An answer or a callback as it is sent. Fields that are not known here are for a later version and not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerWire {
    /// The key of the command that it is about.
    pub key: String,
    /// How far the command is.
    pub state: StateWire,
    /// What is added to `done`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why it is `refused`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When that was, in a callback.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "moment")]
    pub at: Option<Timestamp>,
}

/// A text that stands there. `null` is none: what does not apply is left out.
fn text_there<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    String::deserialize(from).map(Some)
}

/// A whole number that stands there. `5.0` is one: JSON has no other way to know.
fn units_there<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let number = serde_json::Number::deserialize(from)?.to_string();
    let whole = number.strip_suffix(".0").unwrap_or(&number).parse();
    whole
        .map(Some)
        .map_err(|_| D::Error::custom("`units` is a whole number"))
}

/// Moments as RFC 3339 writes them.
mod moment {
    use jiff::Timestamp;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde hands fields over by reference")]
    pub(super) fn serialize<S: Serializer>(
        moment: &Option<Timestamp>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match moment {
            Some(moment) => to.collect_str(moment),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let read = String::deserialize(from)?.parse();
        let fault = |_| D::Error::custom("a moment is written as `2026-11-27T10:00:00Z`");
        read.map(Some).map_err(fault)
    }
}

/// How far a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateWire {
    /// Done.
    Done,
    /// Taken on.
    Accepted,
    /// Not done, and it will not be.
    Refused,
    /// Never heard of; only where a status is asked for.
    NotSeen,
}

/// A refusal of the message itself (RFC 9457), as far as it is looked at.
#[derive(Debug, Deserialize)]
struct ProblemWire {
    /// The same words at each occurrence, so nobody's data stand in it; `detail` may say more than a log should know.
    title: Option<String>,
}

/// What is said to the question how far a command is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// This.
    Said(ConnectorSaid),
    /// The connector has not heard of it. Nothing was done, and the command can be sent.
    NeverSeen,
}

/// The way to a connector.
pub enum Transport {
    /// Over HTTP.
    Http {
        /// By this way out.
        way_out: Arc<WayOut>,
        /// To this address.
        url: String,
    },
    /// In this process.
    InProcess(Router),
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http { .. } => "Transport::Http",
            Self::InProcess(_) => "Transport::InProcess",
        })
    }
}

/// A connector, as the desk sees it.
#[derive(Debug)]
pub struct Connector {
    transport: Transport,
    keys: KeyRing,
    timeout: Duration,
}

impl Connector {
    /// A connector behind this way, with these keys in common.
    #[must_use]
    pub fn new(transport: Transport, keys: KeyRing) -> Self {
        Self {
            transport,
            keys,
            timeout: TIMEOUT,
        }
    }

    /// The same with another patience.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The way to it.
    #[must_use]
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Sends a command. Sending it again under its key is harmless; `due` may have moved in between.
    pub async fn send(
        &self,
        order: &CommandOrder,
        due: Option<Timestamp>,
        now: Timestamp,
    ) -> ConnectorSaid {
        let wire = CommandWire {
            command: order.kind.name().to_owned(),
            key: order.key.clone(),
            reference: order.reference.clone(),
            order_number: order.order_number.clone(),
            units: order.units.filter(|_| order.kind == CommandKind::Redeliver),
            account: order
                .account
                .clone()
                .filter(|_| order.kind == CommandKind::Replace),
            due,
            asked_at: None,
        };
        match said(&order.key, &self.post(&wire, now).await) {
            Asked::Said(said) => said,
            Asked::NeverSeen => ConnectorSaid::Unknown {
                seen:
                    "the connector answered a command with `not_seen`, which answers `status` only"
                        .to_owned(),
            },
        }
    }

    /// Asks how far a command is.
    pub async fn ask(&self, order: &CommandOrder, now: Timestamp) -> Asked {
        let wire = CommandWire {
            command: "status".to_owned(),
            key: order.key.clone(),
            reference: order.reference.clone(),
            order_number: order.order_number.clone(),
            units: None,
            account: None,
            due: None,
            asked_at: Some(now),
        };
        said(&order.key, &self.post(&wire, now).await)
    }

    /// Goes on with a command of which nobody knows how far it came: asks, and sends it if it never arrived.
    pub async fn carry_on(
        &self,
        order: &CommandOrder,
        due: Option<Timestamp>,
        now: Timestamp,
    ) -> ConnectorSaid {
        match self.ask(order, now).await {
            Asked::Said(said) => said,
            Asked::NeverSeen => self.send(order, due, now).await,
        }
    }

    async fn post(&self, wire: &CommandWire, now: Timestamp) -> Result<Answer, NoAnswer> {
        let answer = self.exchanged(wire, now).await;
        let result = match &answer {
            Ok(answer) if (200..300).contains(&answer.status) => "answered",
            Ok(_) => "refused",
            Err(_) => "no_answer",
        };
        metrics::counter!(meters::CONNECTOR_REQUESTS, "command" => wire.command.clone(), "result" => result)
            .increment(1);
        answer
    }

    async fn exchanged(&self, wire: &CommandWire, now: Timestamp) -> Result<Answer, NoAnswer> {
        // A command that was read or made here can be written.
        let body = Bytes::from(serde_json::to_vec(wire).unwrap_or_default());
        let headers = signed_headers(&self.keys, &body, now)
            .map_err(|fault| NoAnswer::NotReached(fault.to_string()))?;
        match &self.transport {
            Transport::Http { way_out, url } => {
                way_out
                    .post(Post {
                        url,
                        headers,
                        body,
                        timeout: self.timeout,
                        answer_most: BODY_MOST,
                    })
                    .await
            }
            Transport::InProcess(router) => {
                let answered = call(router.clone(), headers, body);
                match tokio::time::timeout(self.timeout, answered).await {
                    Ok(answered) => answered,
                    Err(_) => Err(NoAnswer::TimedOut),
                }
            }
        }
    }

    /// Reads what a connector sends to `/hooks/connector`: checks the signature over the bytes as they came, then reads them.
    ///
    /// A callback can come twice, late, and before the answer to its command: the key says what it is about.
    ///
    /// # Errors
    /// It is not taken.
    pub fn read_callback(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Callback, CallbackFault> {
        if body.len() > BODY_MOST {
            return Err(CallbackFault::TooLong);
        }
        let signed = headers_of(headers).map_err(CallbackFault::Signature)?;
        let verified = self.keys.verify(&signed, body, now, TOLERANCE);
        verified.map_err(CallbackFault::Signature)?;
        if !speaks_our_version(headers) {
            return Err(CallbackFault::Version);
        }
        let wire = read_wire(body).map_err(CallbackFault::Unreadable)?;
        let at = wire.at;
        let key = wire.key.clone();
        match meaning(wire) {
            Ok(Asked::Said(said)) => Ok(Callback {
                id: signed.id,
                key,
                said,
                at,
            }),
            Ok(Asked::NeverSeen) => Err(CallbackFault::Unreadable(
                "`not_seen` answers `status` only".to_owned(),
            )),
            Err(fault) => Err(CallbackFault::Unreadable(fault.to_owned())),
        }
    }
}

/// Calls a router as a server would.
async fn call(router: Router, headers: HeaderMap, body: Bytes) -> Result<Answer, NoAnswer> {
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::POST;
    *request.headers_mut() = headers;
    let response = match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let (parts, body) = response.into_parts();
    let body = match Limited::new(body, BODY_MOST).collect().await {
        Ok(collected) => AnswerBody::Whole(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => AnswerBody::TooLong,
        Err(_) => AnswerBody::Broken,
    };
    Ok(Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    })
}

/// The headers of a message of this protocol. Its name is made from its body: the same message keeps its name.
pub(crate) fn signed_headers(
    keys: &KeyRing,
    body: &[u8],
    now: Timestamp,
) -> Result<HeaderMap, SignatureFault> {
    let signed: Signed = keys.sign(&message_id(body), now, body)?;
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(VERSION_HEADER, HeaderValue::from_static(VERSION));
    for (name, value) in signed.headers() {
        let value = HeaderValue::from_str(value).map_err(|_| SignatureFault::Id)?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(headers)
}

fn message_id(body: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, body);
    let hex = hash.as_ref().iter().take(16).map(|b| format!("{b:02x}"));
    format!("msg_{}", hex.collect::<String>())
}

/// Whether a message is of our version. Who says nothing speaks it, too.
pub(crate) fn speaks_our_version(headers: &HeaderMap) -> bool {
    let mut versions = headers.get_all(VERSION_HEADER).iter();
    versions.all(|version| version == VERSION)
}

/// What an answer to a command or a question about `key` says, or that it says nothing.
///
/// | answer | meaning |
/// | --- | --- |
/// | 200 or 202, whole, of our version, about this key | what it says |
/// | the same about another key, or unreadable, or cut | unknown |
/// | any other status | unknown |
/// | none | unknown |
#[must_use]
pub fn said(key: &str, answered: &Result<Answer, NoAnswer>) -> Asked {
    match read_answer(key, answered) {
        Ok(asked) => asked,
        Err(seen) => Asked::Said(ConnectorSaid::Unknown { seen }),
    }
}

fn read_answer(key: &str, answered: &Result<Answer, NoAnswer>) -> Result<Asked, String> {
    let answer = answered.as_ref().map_err(NoAnswer::to_string)?;
    let status = answer.status;
    let body = match &answer.body {
        AnswerBody::Whole(body) => body,
        AnswerBody::TooLong => {
            return Err(format!(
                "the connector answered {status} with more than {BODY_MOST} bytes"
            ));
        }
        AnswerBody::Broken => {
            return Err(format!("the connector's answer {status} broke off"));
        }
    };
    if !matches!(status, 200 | 202) {
        return Err(other_status(status, body));
    }
    if !speaks_our_version(&answer.headers) {
        return Err(format!(
            "the connector answers in another version of the protocol than {VERSION}"
        ));
    }
    let wire = read_wire(body)
        .map_err(|fault| format!("the connector's answer cannot be read: {fault}"))?;
    if wire.key != key {
        return Err("the connector's answer is about another command".to_owned());
    }
    meaning(wire).map_err(|fault| format!("the connector's answer cannot be read: {fault}"))
}

/// Reads an answer or a callback. A fault is told by its place and field: the words around it may be anybody's.
fn read_wire(body: &[u8]) -> Result<AnswerWire, String> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let read: Result<AnswerWire, _> = serde_path_to_error::deserialize(&mut json);
    let wire = read.map_err(|error| {
        let path = error.path().to_string();
        let (line, column) = (error.inner().line(), error.inner().column());
        let field = ["key", "state", "note", "why", "at"];
        match field.iter().find(|name| **name == path) {
            Some(name) => format!("`{name}` in line {line}, column {column}"),
            None => format!("line {line}, column {column}; it has to have `key` and `state`"),
        }
    })?;
    let behind = |_| "something stands behind it".to_owned();
    json.end().map_err(behind)?;
    Ok(wire)
}

fn other_status(status: u16, body: &[u8]) -> String {
    let problem: Option<ProblemWire> = serde_json::from_slice(body).ok();
    match problem.and_then(|problem| problem.title) {
        Some(title) => format!("the connector answered {status}: {}", words(&title)),
        None => format!("the connector answered {status}"),
    }
}

fn meaning(wire: AnswerWire) -> Result<Asked, &'static str> {
    Ok(match wire.state {
        StateWire::Done => Asked::Said(ConnectorSaid::Done {
            note: wire.note.map(|note| words(&note)),
        }),
        StateWire::Accepted => Asked::Said(ConnectorSaid::Accepted),
        StateWire::Refused => {
            let why = wire.why.map(|why| words(&why)).unwrap_or_default();
            if why.trim().is_empty() {
                // A refusal ends a promise to a customer; one without a reason may as well be a fault.
                return Err("`refused` comes with `why`");
            }
            Asked::Said(ConnectorSaid::Refused { why })
        }
        StateWire::NotSeen => Asked::NeverSeen,
    })
}

/// Somebody else's words, short and on one line.
fn words(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(WORDS_MOST).collect()
}

/// What a connector told by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// The name of the message. One that was taken already is answered with 200 and not looked at again.
    pub id: String,
    /// The key of the command.
    pub key: String,
    /// What became of it; never unknown.
    pub said: ConnectorSaid,
    /// When, by the connector's clock.
    pub at: Option<Timestamp>,
}

/// Why a callback is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackFault {
    /// It is longer than any is (413).
    TooLong,
    /// It is not signed as it should be (401).
    Signature(SignatureFault),
    /// It is of another version of the protocol (400).
    Version,
    /// It is signed, but says nothing (422).
    Unreadable(String),
}

impl fmt::Display for CallbackFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "a callback has at most {BODY_MOST} bytes"),
            Self::Signature(fault) => fault.fmt(f),
            Self::Version => write!(
                f,
                "this desk speaks version {VERSION} of the connector protocol; set `{VERSION_HEADER}: {VERSION}`"
            ),
            Self::Unreadable(what) => write!(f, "the callback cannot be read: {what}"),
        }
    }
}

impl std::error::Error for CallbackFault {}
