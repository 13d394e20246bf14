// SPDX-License-Identifier: MIT OR Apache-2.0
//! The reference connector: the other side of the protocol, in memory, for tests, for the demo and to read.
//!
//! It does nothing to no order; it remembers what it was told to do, once per key, and can be told to fail in every way
//! that a connector can fail.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt as _, Limited};
use jiff::Timestamp;
use makegood_desk::case::WHOLE_MAX;
use makegood_desk::execution::CommandKind;
use serde::Serialize;

use super::connector::{
    AnswerWire, BODY_MOST, CommandWire, StateWire, TIMEOUT, VERSION, VERSION_HEADER,
    signed_headers, speaks_our_version,
};
use crate::guard::{Guard, Internal, Post, WayOut};
use crate::signing::{KeyRing, SigningKey, TOLERANCE, headers_of};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The longest key, order number and account that is taken.
const TEXT_MOST: usize = 255;

/// What goes wrong with the next command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is done, but the answer breaks off.
    LostAnswer,
    /// It is done, but the answer never comes.
    Silence,
    /// It is not done, and the answer is 500.
    ErrorBefore,
    /// It is done, and the answer is 500.
    ErrorAfter,
    /// It never arrives: the answer is 503.
    Unavailable,
    /// It is taken on, and the end is told later.
    Later,
    /// It is refused.
    Refuse(String),
    /// The answer is about another command.
    OtherKey,
    /// The answer is not JSON.
    Garbage,
    /// The answer is longer than any is.
    TooLong,
}

impl std::str::FromStr for Fault {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(match name {
            "lost-answer" => Self::LostAnswer,
            "silence" => Self::Silence,
            "error-before" => Self::ErrorBefore,
            "error-after" => Self::ErrorAfter,
            "unavailable" => Self::Unavailable,
            "later" => Self::Later,
            "refuse" => Self::Refuse("refused as it was asked to".to_owned()),
            "other-key" => Self::OtherKey,
            "garbage" => Self::Garbage,
            "too-long" => Self::TooLong,
            _ => {
                return Err(format!(
                    "`{name}` is no fault; there are lost-answer, silence, error-before, error-after, unavailable, later, refuse, other-key, garbage, too-long"
                ));
            }
        })
    }
}

/// How a command that was taken on ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is done.
    Done,
    /// It is refused after all.
    Refused(String),
}

/// What was done, once per key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The command.
    pub command: String,
    /// The order.
    pub order_number: String,
    /// How many units.
    pub units: Option<u64>,
    /// Which account.
    pub account: Option<String>,
}

/// A callback, signed and ready to be posted to the desk.
#[derive(Clone, Debug)]
pub struct SignedCallback {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// A connector that keeps what it knows in memory.
pub struct ReferenceConnector {
    keys: KeyRing,
    clock: Clock,
    inner: Mutex<Inner>,
}

impl fmt::Debug for ReferenceConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReferenceConnector").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Inner {
    known: BTreeMap<String, Known>,
    effects: Vec<Effect>,
    faults: VecDeque<Fault>,
    /// Whether every command is taken on first and ended later.
    always_later: bool,
}

struct Known {
    since: Timestamp,
    content: CommandWire,
    state: StateWire,
    why: Option<String>,
}

/// A message that is not taken.
#[derive(Debug)]
struct Problem {
    status: StatusCode,
    slug: &'static str,
    title: &'static str,
    detail: String,
}

#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
}

impl Problem {
    fn response(&self) -> Response {
        let body = ProblemBody {
            r#type: format!("urn:makegood:connector:{}", self.slug),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        answer(self.status, "application/problem+json", Body::from(body))
    }
}

fn answer(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(VERSION_HEADER, HeaderValue::from_static(VERSION));
    response
}

impl ReferenceConnector {
    /// A connector that has these keys in common with the desk.
    #[must_use]
    pub fn new(keys: KeyRing, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            keys,
            clock,
            inner: Mutex::default(),
        })
    }

    /// The connector as a service: one address, `/`.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/", post(receive))
            .with_state(Arc::clone(self))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the next command, or the one after those planned already, go wrong.
    pub fn plan(&self, fault: Fault) {
        self.inner().faults.push_back(fault);
    }

    /// What was done so far, in order.
    #[must_use]
    pub fn effects(&self) -> Vec<Effect> {
        self.inner().effects.clone()
    }

    /// Ends a command that was taken on, and gives the callback that tells the desk; nothing if there is none to end.
    pub fn finish(&self, key: &str, ending: &Ending) -> Option<SignedCallback> {
        let mut inner = self.inner();
        let known = inner.known.get_mut(key)?;
        if known.state != StateWire::Accepted {
            return None;
        }
        let effect = match ending {
            Ending::Done => {
                known.state = StateWire::Done;
                Some(Effect::of(&known.content))
            }
            Ending::Refused(why) => {
                known.state = StateWire::Refused;
                known.why = Some(why.clone());
                None
            }
        };
        let told = AnswerWire {
            at: Some((self.clock)()),
            ..known.answer(key)
        };
        inner.effects.extend(effect);
        drop(inner);
        self.signed(&told)
    }

    /// Signs something to be told to the desk.
    #[must_use]
    pub fn signed(&self, told: &AnswerWire) -> Option<SignedCallback> {
        self.again(&Bytes::from(serde_json::to_vec(told).ok()?))
    }

    /// Signs the same body anew, at the time that it is now.
    #[must_use]
    pub fn again(&self, body: &Bytes) -> Option<SignedCallback> {
        let headers = signed_headers(&self.keys, body, (self.clock)()).ok()?;
        Some(SignedCallback {
            headers,
            body: body.clone(),
        })
    }

    /// Takes every command on from now on, instead of doing it at once.
    pub fn always_later(&self) {
        self.inner().always_later = true;
    }

    /// The keys of commands that were taken on until then and have not ended.
    #[must_use]
    pub fn unfinished(&self, until: Timestamp) -> Vec<String> {
        let inner = self.inner();
        let open = inner
            .known
            .iter()
            .filter(|(_, known)| known.state == StateWire::Accepted && known.since <= until);
        open.map(|(key, _)| key.clone()).collect()
    }

    /// Checks a message and reads it: first who sent it, then what it says.
    fn open(&self, headers: &HeaderMap, body: &[u8]) -> Result<CommandWire, Problem> {
        let signed = headers_of(headers);
        let verified =
            signed.and_then(|signed| self.keys.verify(&signed, body, (self.clock)(), TOLERANCE));
        verified.map_err(|fault| Problem {
            status: StatusCode::UNAUTHORIZED,
            slug: "not-signed",
            title: "the message is not signed as it should be",
            detail: fault.to_string(),
        })?;
        if !speaks_our_version(headers) {
            return Err(Problem {
                status: StatusCode::BAD_REQUEST,
                slug: "version",
                title: "the connector does not speak this version of the protocol",
                detail: format!("this connector speaks version {VERSION}"),
            });
        }
        let wire: CommandWire = serde_json::from_slice(body).map_err(|error| Problem {
            status: StatusCode::BAD_REQUEST,
            slug: "unreadable",
            title: "the message cannot be read",
            detail: error.to_string(),
        })?;
        complete(wire)
    }

    /// Answers a message that was opened.
    fn handle(&self, wire: &CommandWire, fault: Option<&Fault>) -> Result<AnswerWire, Problem> {
        let mut inner = self.inner();
        if let Some(known) = inner.known.get(&wire.key) {
            // Compared before anything else: a repeated command gets the first outcome, whatever has changed since.
            if wire.command != "status" {
                known.same(wire)?;
            }
            return Ok(known.answer(&wire.key));
        }
        if wire.command == "status" {
            return Ok(AnswerWire {
                key: wire.key.clone(),
                state: StateWire::NotSeen,
                note: None,
                why: None,
                at: None,
            });
        }
        let (state, why) = match fault {
            Some(Fault::Later) => (StateWire::Accepted, None),
            Some(Fault::Refuse(why)) => (StateWire::Refused, Some(why.clone())),
            None if inner.always_later => (StateWire::Accepted, None),
            _ => (StateWire::Done, None),
        };
        let known = Known {
            since: (self.clock)(),
            content: wire.clone(),
            state,
            why,
        };
        if state == StateWire::Done {
            inner.effects.push(Effect::of(wire));
        }
        let answer = known.answer(&wire.key);
        inner.known.insert(wire.key.clone(), known);
        Ok(answer)
    }
}

impl Effect {
    fn of(wire: &CommandWire) -> Self {
        Self {
            command: wire.command.clone(),
            order_number: wire.order_number.clone(),
            units: wire.units,
            account: wire.account.clone(),
        }
    }
}

impl Known {
    fn answer(&self, key: &str) -> AnswerWire {
        AnswerWire {
            key: key.to_owned(),
            state: self.state,
            note: None,
            why: self.why.clone(),
            at: None,
        }
    }

    /// Whether the same is asked again; else the first field that differs. `due` may move, `reference` is a name only.
    fn same(&self, wire: &CommandWire) -> Result<(), Problem> {
        let (old, new) = (&self.content, wire);
        let fields = [
            ("command", old.command == new.command),
            ("order_number", old.order_number == new.order_number),
            ("units", old.units == new.units),
            ("account", old.account == new.account),
        ];
        match fields.iter().find(|(_, same)| !same) {
            None => Ok(()),
            Some((field, _)) => Err(Problem {
                status: StatusCode::CONFLICT,
                slug: "key-reused",
                title: "the key was used for another command",
                detail: format!("`{field}` differs from the first command under this key"),
            }),
        }
    }
}

/// Checks that a message says all that its command has to, and nothing that belongs to another.
fn complete(wire: CommandWire) -> Result<CommandWire, Problem> {
    let kind = CommandKind::ALL
        .iter()
        .find(|(name, _)| *name == wire.command)
        .map(|(_, kind)| *kind);
    let status = wire.command == "status";
    if kind.is_none() && !status {
        return Err(Problem {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            slug: "unknown-command",
            title: "the connector does not know this command",
            detail: "commands are redeliver, expedite, stop, start, restart, replace and status"
                .to_owned(),
        });
    }
    let redeliver = kind == Some(CommandKind::Redeliver);
    let replace = kind == Some(CommandKind::Replace);
    let text = |text: &str| (1..=TEXT_MOST).contains(&text.chars().count());
    let units = wire
        .units
        .is_none_or(|units| (1..=WHOLE_MAX).contains(&units));
    let rules = [
        (text(&wire.key), "`key` has 1 to 255 signs"),
        (text(&wire.reference), "`reference` has 1 to 255 signs"),
        (
            text(&wire.order_number),
            "`order_number` has 1 to 255 signs",
        ),
        (
            wire.units.is_some() == redeliver,
            "`units` stands in `redeliver`, and nowhere else",
        ),
        (units, "`units` is 1 or more, and below 2^53"),
        (
            wire.account.is_some() == replace,
            "`account` stands in `replace`, and nowhere else",
        ),
        (
            wire.account.as_deref().is_none_or(text),
            "`account` has 1 to 255 signs",
        ),
        (
            wire.asked_at.is_some() == status,
            "`asked_at` stands in `status`, and nowhere else",
        ),
        (
            wire.due.is_none() || !status,
            "`due` does not stand in `status`",
        ),
    ];
    match rules.iter().find(|(holds, _)| !holds) {
        None => Ok(wire),
        Some((_, rule)) => Err(Problem {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            slug: "incomplete",
            title: "the message does not say what its command has to",
            detail: (*rule).to_owned(),
        }),
    }
}

async fn receive(
    State(connector): State<Arc<ReferenceConnector>>,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, BODY_MOST).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(_) => {
            return Problem {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                slug: "too-long",
                title: "the message is too long",
                detail: format!("a message has at most {BODY_MOST} bytes"),
            }
            .response();
        }
    };
    match connector.open(&parts.headers, &body) {
        Ok(wire) => respond(&connector, &wire).await,
        Err(problem) => problem.response(),
    }
}

/// Does what it is told, and goes wrong as it was planned. Questions never do: they are how the desk finds out.
async fn respond(connector: &ReferenceConnector, wire: &CommandWire) -> Response {
    let fault = match wire.command.as_str() {
        "status" => None,
        _ => connector.inner().faults.pop_front(),
    };
    match fault {
        Some(Fault::ErrorBefore) => {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        Some(Fault::Unavailable) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        _ => {}
    }
    let told = match connector.handle(wire, fault.as_ref()) {
        Ok(told) => told,
        Err(problem) => return problem.response(),
    };
    let ok = |body| answer(StatusCode::OK, "application/json", body);
    match fault {
        Some(Fault::ErrorAfter) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Fault::LostAnswer) => ok(Body::from_stream(stream::iter([
            Ok(Bytes::from_static(b"{\"key\"")),
            Err(std::io::Error::other("lost as it was asked to")),
        ]))),
        Some(Fault::Silence) => std::future::pending().await,
        Some(Fault::Garbage) => ok(Body::from("<html>busy</html>")),
        Some(Fault::TooLong) => ok(Body::from(vec![b' '; BODY_MOST + 1])),
        Some(Fault::OtherKey) => ok(written(&AnswerWire {
            key: format!("{}-other", told.key),
            ..told
        })),
        _ => ok(written(&told)),
    }
}

fn written(told: &AnswerWire) -> Body {
    Body::from(serde_json::to_vec(told).unwrap_or_default())
}

/// The reference connector on the command line.
#[derive(Clone, Debug, clap::Args)]
pub struct ConnectorArgs {
    /// Where it listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    pub listen: SocketAddr,
    /// The file with the secret that it has in common with the desk (`whsec_…`)
    #[arg(long, value_name = "FILE")]
    pub secret_file: PathBuf,
    /// Where the desk takes callbacks, as http://127.0.0.1:8080/hooks/connector
    #[arg(long, value_name = "URL")]
    pub callback: Option<String>,
    /// Takes every command on and ends it after so many seconds
    #[arg(long, value_name = "SECONDS", requires = "callback")]
    pub later: Option<u64>,
    /// Lets the next commands go wrong, one fault each: lost-answer, silence, error-before, error-after, unavailable, later, refuse, other-key, garbage, too-long
    #[arg(long, value_name = "FAULT", value_delimiter = ',')]
    pub faults: Vec<Fault>,
}

/// How long after a callback that was not taken it is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How often the reference connector looks for commands to end.
const TICK: Duration = Duration::from_millis(100);

impl ConnectorArgs {
    /// Serves until `stop` is done.
    ///
    /// # Errors
    /// The secret cannot be read, or nobody can listen there.
    pub async fn serve(
        &self,
        clock: Clock,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), String> {
        let file = self.secret_file.display();
        let secret = std::fs::read_to_string(&self.secret_file)
            .map_err(|error| format!("the secret in {file} cannot be read: {error}"))?;
        let key = SigningKey::read(&secret).map_err(|fault| format!("{file}: {fault}"))?;
        let connector = ReferenceConnector::new(KeyRing::new(key), Arc::clone(&clock));
        for fault in &self.faults {
            connector.plan(fault.clone());
        }
        if self.later.is_some() {
            connector.always_later();
        }
        let listener = tokio::net::TcpListener::bind(self.listen)
            .await
            .map_err(|error| format!("nobody can listen on {}: {error}", self.listen))?;
        let told = self.callback.as_ref().map(|url| {
            let delay = Duration::from_secs(self.later.unwrap_or(0));
            tokio::spawn(tell(Arc::clone(&connector), clock, url.clone(), delay))
        });
        let served = axum::serve(listener, connector.router())
            .with_graceful_shutdown(stop)
            .await;
        if let Some(told) = told {
            told.abort();
        }
        served.map_err(|error| format!("the connector stopped: {error}"))
    }
}

/// Ends commands when their time has come and tells the desk, until it has heard.
async fn tell(connector: Arc<ReferenceConnector>, clock: Clock, url: String, delay: Duration) {
    // The address of the desk comes from whoever starts this program, so anywhere will do.
    let anywhere = ["0.0.0.0/0", "::/0"].map(Internal::read);
    let way_out = WayOut::new(Guard {
        allow_insecure: true,
        internal: anywhere.into_iter().flatten().collect(),
        ..Guard::default()
    });
    loop {
        tokio::time::sleep(TICK).await;
        let until = clock().checked_sub(delay).unwrap_or(Timestamp::MIN);
        for key in connector.unfinished(until) {
            let Some(mut callback) = connector.finish(&key, &Ending::Done) else {
                continue;
            };
            while !taken(&way_out, &url, callback.clone()).await {
                tokio::time::sleep(AGAIN_AFTER).await;
                // Each try is signed anew: an old time is not taken.
                if let Some(anew) = connector.again(&callback.body) {
                    callback = anew;
                }
            }
        }
    }
}

async fn taken(way_out: &WayOut, url: &str, callback: SignedCallback) -> bool {
    let answered = way_out.post(Post {
        url,
        headers: callback.headers,
        body: callback.body,
        timeout: TIMEOUT,
        answer_most: BODY_MOST,
    });
    answered
        .await
        .is_ok_and(|answer| (200..300).contains(&answer.status))
}
