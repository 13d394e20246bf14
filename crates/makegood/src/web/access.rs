// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who may do what: one table of all routes with the scopes that each takes, and the check that stands before every handler.
//!
//! A route that is not in the table is not served. A token with the scope `admin` may do everything.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use makegood_desk::case::{Duration, Instant};
use makegood_desk::input::{Actor, Id};

use super::console::entry;
use super::refusal::{BAD_TOKEN, NO_TOKEN, Problem, SESSION_OVER};
use super::wire::name;
use super::{Web, session};
use crate::books::act::before;
use crate::books::people::{self, PREFIX, Scope, Token};
use crate::books::seal::hex;
use crate::store::{Statement, Trouble, Value};

/// Whether a request carries an `Idempotency-Key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// It changes nothing, or nothing twice.
    None,
    /// It may.
    Taken,
    /// It must.
    Needed,
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody.
    All,
    /// Whoever has a token with one of these scopes, or with `admin`.
    Scopes(&'static [Scope]),
}

/// A route of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// The pattern of its path.
    pub path: &'static str,
    /// Who may use it.
    pub who: Who,
    /// Whether it takes a key.
    pub key: Key,
}

const fn open(path: &'static str) -> Route {
    Route {
        method: "GET",
        path,
        who: Who::All,
        key: Key::None,
    }
}

const fn told(path: &'static str) -> Route {
    Route {
        method: "POST",
        path,
        who: Who::All,
        key: Key::None,
    }
}

const fn get(path: &'static str, scopes: &'static [Scope]) -> Route {
    Route {
        method: "GET",
        path,
        who: Who::Scopes(scopes),
        key: Key::None,
    }
}

const fn post(path: &'static str, key: Key, scopes: &'static [Scope]) -> Route {
    Route {
        method: "POST",
        path,
        who: Who::Scopes(scopes),
        key,
    }
}

const ANYBODY: &[Scope] = &[
    Scope::Shop,
    Scope::Agent,
    Scope::Technical,
    Scope::Finance,
    Scope::Read,
];
const PEOPLE: &[Scope] = &[Scope::Agent, Scope::Technical, Scope::Finance, Scope::Read];
const STAFF: &[Scope] = &[Scope::Agent, Scope::Technical, Scope::Finance];
const FOR_CUSTOMERS: &[Scope] = &[Scope::Shop, Scope::Agent];
const SHOP: &[Scope] = &[Scope::Shop];
const AGENTS: &[Scope] = &[Scope::Agent];
const TECHNICAL: &[Scope] = &[Scope::Agent, Scope::Technical];
const FINANCE: &[Scope] = &[Scope::Finance];
const MONEY: &[Scope] = &[Scope::Agent, Scope::Finance];
const BOOKS: &[Scope] = &[Scope::Finance, Scope::Read];
const OWNER: &[Scope] = &[];

/// Every route, with who may use it.
pub static ROUTES: &[Route] = &[
    open("/healthz"),
    open("/readyz"),
    open("/openapi.json"),
    open("/docs"),
    open("/problems"),
    open("/problems/{slug}"),
    open("/assets/{name}"),
    open("/policy"),
    open("/policy/{version}"),
    open("/contact"),
    open("/"),
    open("/help"),
    told("/help"),
    open("/c/{link}"),
    told("/c/{link}"),
    open("/c/{link}/proof"),
    open("/find"),
    told("/find"),
    told("/find/code"),
    open("/chat.js"),
    open("/chat"),
    told("/chat"),
    open("/chat/{link}"),
    told("/chat/{link}"),
    open("/chat/{link}/stream"),
    post("/v1/cases/{id}/links", Key::None, FOR_CUSTOMERS),
    get("/desk", PEOPLE),
    post("/desk", Key::None, STAFF),
    get("/desk/cases/{number}", PEOPLE),
    post("/desk/cases/{number}", Key::None, STAFF),
    get("/desk/tasks", PEOPLE),
    post("/desk/tasks", Key::None, STAFF),
    get("/desk/disputes", PEOPLE),
    get("/desk/disputes/{id}", PEOPLE),
    post("/desk/disputes/{id}", Key::None, STAFF),
    get("/desk/orders", PEOPLE),
    post("/desk/orders", Key::None, OWNER),
    get("/desk/orders/{number}", PEOPLE),
    get("/desk/customers/{id}", PEOPLE),
    get("/desk/policy", PEOPLE),
    get("/desk/policy/drafts", STAFF),
    post("/desk/policy/drafts", Key::None, STAFF),
    get("/desk/policy/drafts/{id}", STAFF),
    post("/desk/policy/drafts/{id}", Key::None, STAFF),
    get("/desk/reports", PEOPLE),
    get("/desk/reports/{name}", PEOPLE),
    get("/desk/stream", PEOPLE),
    get("/desk/me", STAFF),
    post("/desk/me", Key::None, STAFF),
    get("/desk/settings", OWNER),
    get("/desk/settings/people", OWNER),
    post("/desk/settings/people", Key::None, OWNER),
    get("/desk/settings/replies", OWNER),
    post("/desk/settings/replies", Key::None, OWNER),
    get("/desk/settings/webhooks", OWNER),
    post("/desk/settings/webhooks", Key::None, OWNER),
    get("/desk/settings/tokens", OWNER),
    post("/desk/settings/tokens", Key::None, OWNER),
    get("/desk/prove", STAFF),
    post("/desk/prove", Key::None, STAFF),
    open("/sign-in"),
    told("/sign-in"),
    open("/sign-in/{link}"),
    told("/sign-in/{link}"),
    told("/sign-out"),
    post("/v1/sign_in_links", Key::None, OWNER),
    get("/metrics", BOOKS),
    post("/v1/cases", Key::Needed, FOR_CUSTOMERS),
    get("/v1/cases", ANYBODY),
    get("/v1/cases/{id}", ANYBODY),
    post("/v1/cases/{id}/messages", Key::Needed, FOR_CUSTOMERS),
    post("/v1/cases/{id}/replies", Key::Needed, AGENTS),
    post("/v1/cases/{id}/notes", Key::Needed, STAFF),
    get("/v1/cases/{id}/notes", STAFF),
    post("/v1/cases/{id}/assign", Key::Taken, STAFF),
    post("/v1/cases/{id}/merge", Key::Needed, AGENTS),
    post("/v1/cases/{id}/split", Key::Needed, AGENTS),
    post("/v1/cases/{id}/proofs", Key::Needed, FOR_CUSTOMERS),
    post("/v1/cases/{id}/proofs/{no}/judge", Key::Taken, AGENTS),
    post("/v1/cases/{id}/answers", Key::Taken, TECHNICAL),
    post("/v1/cases/{id}/checks/{check}", Key::Taken, AGENTS),
    post("/v1/cases/{id}/decisions/{no}/accept", Key::Needed, AGENTS),
    post("/v1/cases/{id}/decisions/{no}/approve", Key::Needed, MONEY),
    post("/v1/cases/{id}/override", Key::Needed, AGENTS),
    post("/v1/cases/{id}/appeal", Key::Needed, FOR_CUSTOMERS),
    post("/v1/cases/{id}/close", Key::Taken, AGENTS),
    post("/v1/cases/{id}/unpark", Key::Taken, AGENTS),
    post("/v1/cases/{id}/tasks/{no}/done", Key::Taken, STAFF),
    post("/v1/orders", Key::None, SHOP),
    get("/v1/orders/{number}", ANYBODY),
    post("/v1/orders/{number}/payments", Key::None, SHOP),
    post("/v1/orders/{number}/subscription", Key::None, SHOP),
    post("/v1/orders/{number}/refunds", Key::None, SHOP),
    post("/v1/orders/{number}/disputes", Key::None, SHOP),
    post("/v1/orders/{number}/contacts", Key::None, SHOP),
    post("/v1/orders/{number}/log", Key::None, SHOP),
    told("/hooks/connector"),
    told("/hooks/payments/{provider}"),
    told("/hooks/mail"),
    get("/v1/mail", AGENTS),
    get("/v1/mail/{id}", AGENTS),
    post("/v1/mail/{id}/assign", Key::None, AGENTS),
    get("/v1/cases/{id}/mail", FOR_CUSTOMERS),
    post("/v1/webhook_endpoints", Key::None, OWNER),
    get("/v1/webhook_endpoints", OWNER),
    get("/v1/webhook_endpoints/{id}", OWNER),
    post("/v1/webhook_endpoints/{id}/rotate", Key::None, OWNER),
    post("/v1/webhook_endpoints/{id}/enable", Key::None, OWNER),
    post("/v1/webhook_endpoints/{id}/disable", Key::None, OWNER),
    post("/v1/webhook_endpoints/{id}/remove", Key::None, OWNER),
    post("/v1/webhook_endpoints/{id}/replay", Key::None, OWNER),
    get("/v1/webhook_messages", ANYBODY),
    get("/v1/webhook_deliveries", OWNER),
    post("/v1/webhook_deliveries/{id}/replay", Key::None, OWNER),
    get("/v1/refunds", ANYBODY),
    get("/v1/refunds/{id}", ANYBODY),
    post("/v1/refunds/{id}/cancel", Key::Needed, MONEY),
    post("/v1/refunds/{id}/pay_otherwise", Key::Needed, FINANCE),
    get("/v1/tasks", ANYBODY),
    get("/v1/events", ANYBODY),
    get("/v1/events/{id}", ANYBODY),
    get("/v1/letters/{id}", FOR_CUSTOMERS),
    get("/v1/texts/{id}", FOR_CUSTOMERS),
    get("/v1/ledger/balances", BOOKS),
    get("/v1/ledger/entries", BOOKS),
    get("/v1/customers/{id}", FOR_CUSTOMERS),
    post("/v1/customers/{id}/erase", Key::Taken, OWNER),
    post("/v1/attachments", Key::None, FOR_CUSTOMERS),
    get("/v1/attachments/{id}", FOR_CUSTOMERS),
    post("/v1/decide", Key::None, ANYBODY),
    get("/v1/policies", ANYBODY),
    get("/v1/policies/{version}/{language}", ANYBODY),
    get("/v1/brakes", ANYBODY),
    post("/v1/brakes/stop", Key::Taken, FINANCE),
    post("/v1/brakes/go", Key::Taken, FINANCE),
    get("/v1/breaches", BOOKS),
    get("/v1/breaches/{id}", BOOKS),
    post("/v1/breaches/{id}/close", Key::Taken, FINANCE),
    get("/v1/transfers", BOOKS),
    get("/v1/transfers/{id}", BOOKS),
    post("/v1/transfers/{id}/payee", Key::Taken, FINANCE),
    post("/v1/transfers/{id}/confirm", Key::Needed, FINANCE),
    post("/v1/transfer_batches", Key::Needed, FINANCE),
    get("/v1/transfer_batches", BOOKS),
    get("/v1/transfer_batches/{id}", BOOKS),
    get("/v1/transfer_batches/{id}/{form}", FINANCE),
    post("/v1/reconciliations", Key::Taken, FINANCE),
    get("/v1/reconciliations", BOOKS),
    get("/v1/reconciliations/{id}", BOOKS),
    get("/v1/audit/checkpoint", ANYBODY),
    get("/v1/audit/proof", ANYBODY),
];

/// The route of a method and a pattern.
#[must_use]
pub fn route(method: &str, path: &str) -> Option<&'static Route> {
    ROUTES
        .iter()
        .find(|route| route.method == method && route.path == path)
}

impl Route {
    /// Whether a token with these scopes may use it.
    #[must_use]
    pub fn lets(&self, scopes: &[Scope]) -> bool {
        match self.who {
            Who::All => true,
            Who::Scopes(allowed) => scopes
                .iter()
                .any(|scope| *scope == Scope::Admin || allowed.contains(scope)),
        }
    }

    /// The scopes that may use it, `admin` last; nothing where everybody may.
    #[must_use]
    pub fn scopes(&self) -> Vec<Scope> {
        match self.who {
            Who::All => Vec::new(),
            Who::Scopes(allowed) => allowed.iter().copied().chain([Scope::Admin]).collect(),
        }
    }
}

/// Whoever asks, known by a token or by the session of their browser.
#[derive(Clone, Debug)]
pub struct Caller(Arc<Token>);

impl Caller {
    /// Customers on our pages, who show no token.
    pub(super) fn customer() -> Self {
        Self(Arc::new(Token {
            id: Id([0; 16]),
            name: "customer".to_owned(),
            scopes: Vec::new(),
            person: None,
            person_name: None,
            created_at: Instant::from_unix_nanoseconds(0),
            expires_at: None,
            used_at: None,
            revoked_at: None,
            language: None,
            keys: true,
            session: None,
        }))
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.0.actor()
    }

    /// The person, or the program where none holds the token: what keys of requests belong to.
    #[must_use]
    pub fn name(&self) -> String {
        match self.0.person {
            Some((person, _)) => name("person", person),
            None => name("token", self.0.id),
        }
    }

    /// The same, having proved at a moment who they are.
    #[must_use]
    pub fn proved_at(&self, now: Instant) -> Self {
        let mut token = Token::clone(&self.0);
        token.session = token.session.map(|_| Some(now));
        Self(Arc::new(token))
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &Token {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::fault("a route without a caller asks for one"))
    }
}

/// For how long a token that was looked up is believed: one that is taken back is refused after so long.
const BELIEVED: Duration = Duration::from_seconds(2);
/// Most tokens that are remembered.
const REMEMBERED_MOST: usize = 4_096;

/// Tokens that were looked up lately.
#[derive(Debug, Default)]
pub struct Known(Mutex<HashMap<[u8; 32], LookedUp>>);

/// When a token was looked up, and what was found.
type LookedUp = (Instant, Option<Arc<Token>>);

impl Known {
    fn get(&self, hash: &[u8; 32], now: Instant) -> Option<Option<Arc<Token>>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, token) = known.get(hash)?;
        let age = now.since(*at);
        (age >= Duration::from_seconds(0) && age < BELIEVED).then(|| token.clone())
    }

    /// Forgets what was found, so that it is looked up anew.
    pub(super) fn forget(&self, hash: &[u8; 32]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(hash);
    }

    /// Forgets everything that was found: somebody has changed.
    pub(super) fn clear(&self) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.clear();
    }

    fn put(&self, hash: [u8; 32], now: Instant, token: Option<Arc<Token>>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_MOST {
            known.clear();
        }
        known.insert(hash, (now, token));
    }
}

/// Checks who asks, whether they may, and how often they asked.
pub async fn check(State(web): State<Arc<Web>>, mut request: Request, next: Next) -> Response {
    let pattern = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let method = if request.method() == Method::HEAD {
        "GET"
    } else {
        request.method().as_str()
    };
    let Some(pattern) = pattern else {
        return visitor(&web, request, next).await;
    };
    let Some(route) = route(method, &pattern) else {
        if ROUTES.iter().any(|route| route.path == pattern) {
            // The address is known, the method is not: the router says so, with those that it knows.
            return next.run(request).await;
        }
        return Problem::no_route().into_response();
    };
    request.extensions_mut().insert(route);
    if route.who == Who::All {
        return visitor(&web, request, next).await;
    }
    match known(&web, request.method(), request.headers()).await {
        Ok(caller) => {
            if !route.lets(&caller.0.scopes) {
                return Problem::scope(&route.scopes()).into_response();
            }
            let standing = match web.limits.of_token(caller.0.id) {
                Ok(standing) => standing,
                Err(over) => return over.into_response(),
            };
            request.extensions_mut().insert(caller);
            standing.noted(next.run(request).await)
        }
        // Whoever guesses tokens runs into the limit of visitors.
        Err(_) if is_page(&request) => entry::led(&request),
        Err(problem) => match web.limits.of_address(address(&web, &request)) {
            Ok(standing) => standing.noted(problem.into_response()),
            Err(over) => over.into_response(),
        },
    }
}

/// Whether a browser wants to show a page of the console: whoever is not known is led to where they can say who they are.
fn is_page(request: &Request) -> bool {
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept.and_then(|value| value.to_str().ok());
    let path = request.uri().path();
    request.method() == Method::GET
        && (path == "/desk" || path.starts_with("/desk/"))
        && accept.is_some_and(|accept| accept.contains("text/html"))
}

async fn visitor(web: &Web, request: Request, next: Next) -> Response {
    // What a page is drawn with is no question, and without it nobody could read that they asked too often.
    if request.uri().path().starts_with("/assets/") {
        return next.run(request).await;
    }
    match web.limits.of_address(address(web, &request)) {
        Ok(standing) => standing.noted(next.run(request).await),
        Err(over) => over.into_response(),
    }
}

/// Where a request comes from, as far as that can be believed.
#[must_use]
pub fn address(web: &Web, request: &Request) -> Option<IpAddr> {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip())?;
    let trusted = |address: IpAddr| {
        web.config
            .server
            .trusted_proxies
            .iter()
            .any(|network| network.contains(address))
    };
    if !trusted(peer) {
        return Some(peer);
    }
    // The last address that no proxy of ours has added is the one that they saw.
    let mut seen = peer;
    let forwarded = request.headers().get_all("x-forwarded-for").iter().rev();
    let parts = forwarded
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.rsplit(','));
    for part in parts {
        let Ok(address) = part.trim().parse() else {
            break;
        };
        seen = address;
        if !trusted(seen) {
            break;
        }
    }
    Some(seen)
}

/// The caller whose token a request shows, or whose session its cookie does.
async fn known(web: &Web, method: &Method, headers: &HeaderMap) -> Result<Caller, Problem> {
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = shown.next() else {
        return match session::shown(web, headers) {
            Some(secret) => signed_in(web, method, headers, &secret).await,
            None => {
                let detail = "send the header `Authorization: Bearer mgt_…`; `makegood token create` makes a token";
                Err(Problem::new(NO_TOKEN, detail))
            }
        };
    };
    let invalid = || {
        let detail = "the token is not valid: it is not known, has run out, or was taken back; `makegood token create` makes a new one";
        Problem::new(BAD_TOKEN, detail)
    };
    let text = value.to_str().map_err(|_| invalid())?;
    let (scheme, token) = text.trim().split_once(' ').ok_or_else(invalid)?;
    let token = token.trim();
    if shown.next().is_some()
        || !scheme.eq_ignore_ascii_case("bearer")
        || !token.starts_with(PREFIX)
        || token.len() > 100
    {
        return Err(invalid());
    }
    found(web, token, &TOKENS).await?.ok_or_else(invalid)
}

/// The caller whose browser has a session. What changes something must come from our own pages.
async fn signed_in(
    web: &Web,
    method: &Method,
    headers: &HeaderMap,
    secret: &str,
) -> Result<Caller, Problem> {
    let caller = found(web, secret, &SESSIONS).await?.ok_or_else(|| {
        let detail = "the session is over: it was ended, or nobody used it for long; sign in again with a new link, which the desk's \
                      owner makes with `makegood user link`";
        Problem::new(SESSION_OVER, detail)
    })?;
    if !matches!(*method, Method::GET | Method::HEAD) {
        session::from_our_pages(web, headers)?;
    }
    Ok(caller)
}

/// A sort of secret by which callers are known.
struct Sort {
    used: &'static Statement,
    /// A use is noted this often.
    noted_every: Duration,
    session: bool,
}

static TOKENS: Sort = Sort {
    used: &people::USED,
    noted_every: Duration::from_seconds(3_600),
    session: false,
};
static SESSIONS: Sort = Sort {
    used: &people::SESSION_USED,
    noted_every: Duration::from_seconds(300),
    session: true,
};

async fn found(web: &Web, secret: &str, sort: &'static Sort) -> Result<Option<Caller>, Problem> {
    let now = web.clock.now();
    // What is looked up is the hash, so how long it takes tells nothing about the secret.
    let hash = people::hash(secret);
    let token = match web.known.get(&hash, now) {
        Some(token) => token,
        None => {
            let token = looked_up(web, sort, hash, now).await?;
            web.known.put(hash, now, token.clone());
            token
        }
    };
    Ok(token.filter(|token| token.counts(now)).map(Caller))
}

async fn looked_up(
    web: &Web,
    sort: &'static Sort,
    hash: [u8; 32],
    now: Instant,
) -> Result<Option<Arc<Token>>, Trouble> {
    let store = &web.desk.store;
    let token = store
        .read(move |tx| {
            Box::pin(async move {
                match sort.session {
                    true => people::session(tx, hash).await,
                    false => people::shown(tx, hash).await,
                }
            })
        })
        .await?;
    let stale = token.as_ref().is_some_and(|token| {
        token.counts(now)
            && token
                .used_at
                .is_none_or(|used| now.since(used) >= sort.noted_every)
    });
    if stale {
        let before = crate::books::nanoseconds(before(now, sort.noted_every))?;
        let at = crate::books::nanoseconds(now)?;
        let noted = store.write(move |tx| {
            let values = [Value::from(hash), Value::from(at), Value::from(before)];
            Box::pin(async move { tx.run(sort.used, &values).await })
        });
        // Nobody waits for a note about when a token was used.
        if let Err(trouble) = noted.await {
            tracing::warn!(cause = %trouble, "the use of a token could not be noted");
        }
    }
    Ok(token.map(Arc::new))
}

/// The person of an id, for people who read it.
#[must_use]
pub fn person(id: Id) -> String {
    format!("person_{}", hex(&id.0))
}
