// SPDX-License-Identifier: MIT OR Apache-2.0
//! A repeated request has an exact answer: the same key and content give what was answered first, other content is told apart.
//!
//! The key is taken, the request carried out and its answer kept in one transaction. What is kept of a request are codes over its
//! parts under a secret, so that the first difference can be named and nothing that was said can be read.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use makegood_desk::case::Duration;
use makegood_desk::input::Actor;
use makegood_desk::life::Case;
use makegood_desk::refusal::Refusal;
use ring::hmac;
use serde::de::DeserializeOwned;

use super::Web;
use super::access::{Caller, Key, Route};
use super::refusal::{
    self, KEY_BAD, KEY_MISSING, KEY_REUSED, KEY_RUNNING, MEDIA_TYPE, Problem, SLOW_BODY, TOO_LARGE,
};
use super::wire::{Answer, json_bytes};
use crate::books::answers::{self, Asked};
use crate::crash;
use crate::log::RequestId;
use crate::store::{Trouble, Tx};
use crate::wire::read_body;

/// The header that carries a key.
pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header that tells an answer that was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// How long answers are kept.
pub const KEPT_FOR: Duration = Duration::from_seconds(400 * 86_400);

/// Keys whose requests are being carried out by this process.
#[derive(Clone, Debug, Default)]
pub struct Running(Arc<Mutex<HashSet<(String, String)>>>);

impl Running {
    /// Takes a key while its request runs; nothing if it runs already.
    fn enter(&self, asked: &Asked) -> Option<Turn> {
        let place = (asked.caller.clone(), asked.key.clone());
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(place.clone()).then(|| Turn {
            running: self.clone(),
            place,
        })
    }
}

/// A request that is being carried out, until this is dropped.
#[derive(Debug)]
struct Turn {
    running: Running,
    place: (String, String),
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut running = self
            .running
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        running.remove(&self.place);
    }
}

/// What a request carries beside its words.
pub struct Context {
    /// Who asks.
    pub caller: Caller,
    by: Actor,
    asked: Option<Asked>,
    request_id: String,
    path: String,
    _turn: Option<Turn>,
}

impl Context {
    /// Of a customer, on a page of ours: nobody with a token. A form that is sent twice under one key counts once.
    #[must_use]
    pub fn of_customer(web: &Web, key: Option<&str>, path: &str, said: &[u8]) -> Self {
        let mut context = Self::of_page(web, &Caller::customer(), key, path, said);
        context.by = Actor::Customer;
        context
    }

    /// Of somebody of the merchant, on a page of the console. A form that is sent twice under one key counts once.
    #[must_use]
    pub fn of_page(web: &Web, caller: &Caller, key: Option<&str>, path: &str, said: &[u8]) -> Self {
        let key = key.filter(|key| is_key(key)).map(str::to_owned);
        let asked = key.map(|key| asked(web, caller, key, "POST", path, said));
        Self {
            by: caller.actor(),
            caller: caller.clone(),
            asked,
            request_id: String::new(),
            path: path.to_owned(),
            _turn: None,
        }
    }

    /// Who acts.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        self.by
    }
}

/// Whether a page of ours may have made up a key.
fn is_key(key: &str) -> bool {
    (16..=64).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A body that was read, with what the request carries.
pub struct Told<T> {
    /// What was said.
    pub body: T,
    /// What the request carries.
    pub context: Context,
}

impl<T: DeserializeOwned + Send> FromRequest<Arc<Web>> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let caller = parts.extensions.get::<Caller>().cloned();
        let caller =
            caller.ok_or_else(|| Problem::fault("a route without a caller reads a body"))?;
        let needs = parts
            .extensions
            .get::<&'static Route>()
            .map_or(Key::None, |route| route.key);
        let request_id = parts
            .extensions
            .get::<RequestId>()
            .map_or("", |id| id.as_str())
            .to_owned();
        let key = key_of(&parts.headers)?;
        if key.is_none() && needs == Key::Needed {
            let detail = "send the header `Idempotency-Key` with a text that belongs to this request alone, such as a random UUID, and \
                          send the same one when you repeat it";
            return Err(Problem::new(KEY_MISSING, detail));
        }
        let bytes = read_bytes(web, &parts.headers, body).await?;
        let path = parts.uri.path().to_owned();
        let asked = key.filter(|_| needs != Key::None).map(|key| {
            let whole = parts.uri.path_and_query().map_or("", |path| path.as_str());
            asked(web, &caller, key, parts.method.as_str(), whole, &bytes)
        });
        let body = if bytes.is_empty() { &b"{}"[..] } else { &bytes };
        let body = read_body(body).map_err(Problem::body)?;
        let turn = match &asked {
            None => None,
            Some(asked) => Some(web.running.enter(asked).ok_or_else(|| {
                let detail = "a request with the same key is still running; wait a moment and send it again with the same key";
                Problem::passing(KEY_RUNNING, detail, 1)
            })?),
        };
        Ok(Self {
            body,
            context: Context {
                by: caller.actor(),
                caller,
                asked,
                request_id,
                path,
                _turn: turn,
            },
        })
    }
}

/// The key, quoted as a structured field or bare.
fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let unusable = || {
        let detail = "the header `Idempotency-Key` holds one text of 1 to 255 visible ASCII characters, in quotes or bare";
        Problem::new(KEY_BAD, detail)
    };
    let mut given = headers.get_all(KEY).iter();
    let Some(first) = given.next() else {
        return Ok(None);
    };
    let text = first.to_str().map_err(|_| unusable())?.trim();
    let bare = match text.strip_prefix('"') {
        None => text.to_owned(),
        Some(rest) => rest
            .strip_suffix('"')
            .and_then(unescaped)
            .ok_or_else(unusable)?,
    };
    let quoted = text.starts_with('"');
    let allowed =
        |byte: u8| (byte == b' ' && quoted) || ((0x21..=0x7e).contains(&byte) && byte != b'"');
    let fits = !bare.is_empty() && text.len() <= 255 && bare.bytes().all(allowed);
    if given.next().is_some() || !fits {
        return Err(unusable());
    }
    Ok(Some(bare))
}

/// A structured string without its escapes.
fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => out.push(characters.next().filter(|next| *next == '\\')?),
            '"' => return None,
            c => out.push(c),
        }
    }
    Some(out)
}

/// The body of a request, in JSON and not too large.
pub(super) async fn read_bytes(
    web: &Web,
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<Bytes, Problem> {
    let most = web.config.server.body_bytes_max;
    let read = tokio::time::timeout(
        web.config.server.request_max,
        axum::body::to_bytes(body, most),
    );
    let bytes = match read.await {
        Err(_) => {
            let detail = "the body did not arrive in time; send it again, and faster";
            return Err(Problem::new(SLOW_BODY, detail));
        }
        Ok(Err(error)) => {
            let too_large = std::error::Error::source(&error)
                .is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
            return Err(if too_large {
                Problem::new(
                    TOO_LARGE,
                    format!("the body has more than {most} bytes; send less at once"),
                )
            } else {
                Problem::new(
                    refusal::BAD_BODY,
                    "the body did not arrive whole; send it again",
                )
            });
        }
        Ok(Ok(bytes)) => bytes,
    };
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !bytes.is_empty() && !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(
            MEDIA_TYPE,
            "the body is read as JSON; send `Content-Type: application/json`",
        ));
    }
    Ok(bytes)
}

fn asked(web: &Web, caller: &Caller, key: String, method: &str, path: &str, body: &[u8]) -> Asked {
    let secret = hmac::Key::new(hmac::HMAC_SHA256, web.desk.key_secret.expose().as_bytes());
    let mut code = hmac::Context::with_key(&secret);
    for part in [b"answer", method.as_bytes(), path.as_bytes(), body] {
        code.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        code.update(part);
    }
    Asked {
        caller: caller.name(),
        key,
        method: method.to_owned(),
        path: path.to_owned(),
        fingerprint: code.sign().as_ref().try_into().unwrap_or_default(),
        parts: parts(&secret, body),
    }
}

/// A line for each leaf of a body: its pointer and a code over its value.
fn parts(secret: &hmac::Key, body: &[u8]) -> Vec<u8> {
    fn walk(secret: &hmac::Key, at: &str, value: &serde_json::Value, out: &mut Vec<u8>) {
        let inside = |key: &str| format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        match value {
            serde_json::Value::Object(fields) if !fields.is_empty() => {
                for (key, value) in fields {
                    walk(secret, &inside(key), value, out);
                }
            }
            serde_json::Value::Array(items) if !items.is_empty() => {
                for (index, value) in items.iter().enumerate() {
                    walk(secret, &inside(&index.to_string()), value, out);
                }
            }
            leaf => {
                let code = hmac::sign(secret, leaf.to_string().as_bytes());
                let short = code.as_ref().get(..8).unwrap_or_default();
                out.extend_from_slice(
                    format!("{} {at}\n", crate::books::seal::hex(short)).as_bytes(),
                );
            }
        }
    }
    let mut out = Vec::new();
    if let Ok(value) = serde_json::from_slice(body) {
        walk(secret, "", &value, &mut out);
    }
    out
}

/// The first difference between the request of then and that of now, in words; nothing if they say the same.
fn difference(then: &Asked, now: &Asked) -> Option<(String, String)> {
    if then.fingerprint == now.fingerprint {
        return None;
    }
    if then.method != now.method {
        return Some((
            "method".to_owned(),
            format!("it was {} then, and is {} now", then.method, now.method),
        ));
    }
    if then.path != now.path {
        return Some((
            "path".to_owned(),
            "another address was asked then".to_owned(),
        ));
    }
    let lines = |asked: &Asked| -> Vec<(String, String)> {
        let text = String::from_utf8_lossy(&asked.parts).into_owned();
        let line = |line: &str| {
            line.split_once(' ')
                .map(|(code, at)| (at.to_owned(), code.to_owned()))
        };
        text.lines().filter_map(line).collect()
    };
    let (before, after) = (lines(then), lines(now));
    let find = |list: &[(String, String)], at: &str| {
        list.iter()
            .find(|(here, _)| here == at)
            .map(|(_, code)| code.clone())
    };
    for (at, code) in &after {
        match find(&before, at) {
            Some(old) if old == *code => {}
            Some(_) => return Some((at.clone(), "it holds something else than then".to_owned())),
            None => return Some((at.clone(), "it was not there then".to_owned())),
        }
    }
    let gone = before.iter().find(|(at, _)| find(&after, at).is_none());
    // The same parts in another order, or with other spaces, say the same.
    gone.map(|(at, _)| {
        (
            at.clone(),
            "it was there then, and is missing now".to_owned(),
        )
    })
}

fn reused(then: &Asked, now: &Asked) -> Option<Problem> {
    let (place, how) = difference(then, now)?;
    let shown = if place.is_empty() {
        "the body".to_owned()
    } else {
        format!("`{place}`")
    };
    let detail = format!(
        "this key was used for another request; the first difference is {shown}: {how}. Use a new key for a new request"
    );
    Some(Problem::new(KEY_REUSED, detail).with("difference", place))
}

/// What a job has done.
pub struct Done {
    /// What is answered.
    pub body: Vec<u8>,
    /// The case as it is now, if one was changed.
    pub case: Option<Arc<Case>>,
}

enum Came {
    Fresh(Done),
    Before { status: u16, body: Vec<u8> },
    Differs(Box<Problem>),
}

/// Carries out what a request asks, once. The job may run several times, and takes effect once, together with its answer.
///
/// # Errors
/// Why it is not done.
pub async fn once<F>(web: &Web, context: &Context, job: F) -> Answer
where
    F: for<'t> Fn(&'t mut Tx<'_>) -> BoxFuture<'t, Result<Done, Trouble>> + Send + Sync + 'static,
{
    let job = Arc::new(job);
    let mut tries = 0;
    let came = loop {
        let (asked, job, now) = (context.asked.clone(), Arc::clone(&job), web.clock.now());
        let came = web.desk.store.write(move |tx| {
            let (asked, job) = (asked.clone(), Arc::clone(&job));
            Box::pin(async move {
                let Some(asked) = asked else {
                    return job(tx).await.map(Came::Fresh);
                };
                if let Some(before) = answers::reserve(tx, &asked, now).await? {
                    return before_or_differs(&before, &asked);
                }
                let done = job(tx).await?;
                answers::keep(tx, &asked, refusal::DONE, &done.body).await?;
                crash::point!("answer.kept");
                Ok(Came::Fresh(done))
            })
        });
        match came.await {
            // Somebody else changed the same in the same moment: look again.
            Err(Trouble::Serialization | Trouble::Conflict { .. }) if tries < 5 => tries += 1,
            came => break came,
        }
    };
    match came {
        Ok(Came::Fresh(done)) => {
            crash::point!("answer.durable");
            if let Some(case) = done.case {
                web.desk.shelf.put(case);
            }
            Ok(json_bytes(done.body))
        }
        Ok(Came::Before { status, body }) => Ok(again(status, body)),
        Ok(Came::Differs(problem)) => Err(*problem),
        Err(trouble) => refused(web, context, trouble).await,
    }
}

fn before_or_differs(before: &answers::Kept, asked: &Asked) -> Result<Came, Trouble> {
    if let Some(problem) = reused(&before.asked, asked) {
        return Ok(Came::Differs(Box::new(problem)));
    }
    match &before.answer {
        Some((status, body)) => Ok(Came::Before {
            status: *status,
            body: body.clone(),
        }),
        None => Err(Trouble::Busy),
    }
}

/// The answer that was given before, as it was.
fn again(status: u16, body: Vec<u8>) -> axum::response::Response {
    let media_type = if status == refusal::DONE {
        "application/json"
    } else {
        refusal::MEDIA_TYPE_OF_PROBLEMS
    };
    let mut response = refusal::bytes(status, media_type, body);
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// A refusal of the desk's is an answer too, and is kept: a stray copy of the request does not do later what was refused now.
async fn refused(web: &Web, context: &Context, trouble: Trouble) -> Answer {
    let problem = match trouble.into_refusal::<Refusal>() {
        Ok(refusal) => Problem::from(refusal),
        Err(trouble) => return Err(trouble.into()),
    };
    let Some(asked) = context.asked.clone().filter(|_| problem.lasts()) else {
        return Err(problem);
    };
    let body = problem.body_of(&context.request_id, &context.path);
    let (status, now) = (problem.kind().status.as_u16(), web.clock.now());
    let kept = web.desk.store.write(move |tx| {
        let (asked, body) = (asked.clone(), body.clone());
        Box::pin(async move {
            if let Some(before) = answers::reserve(tx, &asked, now).await? {
                return before_or_differs(&before, &asked).map(Some);
            }
            answers::keep(tx, &asked, status, &body).await?;
            Ok(None)
        })
    });
    match kept.await {
        Ok(None) => Err(problem),
        Ok(Some(Came::Before { status, body })) => Ok(again(status, body)),
        Ok(Some(Came::Differs(other))) => Err(*other),
        Ok(Some(Came::Fresh(_))) => Err(problem),
        // Nothing has happened either way, so the refusal can be told without being kept.
        Err(_) => Err(problem),
    }
}

/// What was answered to the same request before, without carrying anything out.
///
/// # Errors
/// The key belongs to another request, or the store cannot say.
pub async fn peek(
    web: &Web,
    context: &Context,
) -> Result<Option<axum::response::Response>, Problem> {
    let Some(asked) = context.asked.clone() else {
        return Ok(None);
    };
    let kept = web.desk.store.read(move |tx| {
        let asked = asked.clone();
        Box::pin(async move {
            match answers::kept(tx, &asked).await? {
                Some(before) => before_or_differs(&before, &asked).map(Some),
                None => Ok(None),
            }
        })
    });
    match kept.await? {
        Some(Came::Before { status, body }) => Ok(Some(again(status, body))),
        Some(Came::Differs(problem)) => Err(*problem),
        Some(Came::Fresh(_)) | None => Ok(None),
    }
}
