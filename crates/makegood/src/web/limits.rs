// SPDX-License-Identifier: MIT OR Apache-2.0
//! What keeps one caller from being everybody's trouble: how often, how many at once, how long, and what breaks.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use makegood_desk::input::Id;
use tokio::sync::Semaphore;

use super::Web;
use super::refusal::{OVERLOADED, Problem, TIMED_OUT};
use crate::config::Server;
use crate::meters;

type Limiter<K> = RateLimiter<K, DashMapStateStore<K>, DefaultClock, StateInformationMiddleware>;

/// How many callers are remembered before those who have been quiet are let go.
const REMEMBERED_MOST: usize = 10_000;

/// How often each caller may ask.
pub struct Limits {
    tokens: Limiter<Id>,
    addresses: Limiter<Option<IpAddr>>,
    sign_ins: Limiter<Option<IpAddr>>,
    sign_in_per_minute: u32,
    token_policy: (u32, u32),
    address_policy: (u32, u32),
    room: Arc<Semaphore>,
}

/// How far a caller is.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    limit: &'static str,
    burst: u32,
    per_minute: u32,
    left: u32,
    /// For how long nothing is left.
    wait: Option<u64>,
}

impl Limits {
    /// Those of the settings.
    #[must_use]
    pub fn new(server: &Server) -> Self {
        let address_burst = server.rate_visitor_per_minute_max;
        Self {
            tokens: limiter(server.rate_per_minute_max, server.rate_burst_max),
            addresses: limiter(server.rate_visitor_per_minute_max, address_burst),
            sign_ins: limiter(
                server.rate_sign_in_per_minute_max,
                server.rate_sign_in_per_minute_max,
            ),
            sign_in_per_minute: server.rate_sign_in_per_minute_max,
            token_policy: (server.rate_per_minute_max, server.rate_burst_max),
            address_policy: (server.rate_visitor_per_minute_max, address_burst),
            room: Arc::new(Semaphore::new(server.requests_max)),
        }
    }

    /// One more request with a token.
    ///
    /// # Errors
    /// It is one too many.
    pub fn of_token(&self, token: Id) -> Result<Standing, Box<Over>> {
        asked(&self.tokens, &token, "token", self.token_policy)
    }

    /// One more request from an address.
    ///
    /// # Errors
    /// It is one too many.
    pub fn of_address(&self, address: Option<IpAddr>) -> Result<Standing, Box<Over>> {
        asked(&self.addresses, &address, "address", self.address_policy)
    }

    /// One more attempt to sign in from an address; for how many seconds to wait where it is one too many.
    #[must_use]
    pub fn of_sign_in(&self, address: Option<IpAddr>) -> Option<u64> {
        let policy = (self.sign_in_per_minute, self.sign_in_per_minute);
        let over = asked(&self.sign_ins, &address, "sign_in", policy).err()?;
        Some(over.seconds)
    }
}

fn limiter<K: std::hash::Hash + Eq + Clone>(per_minute: u32, burst: u32) -> Limiter<K> {
    let one = NonZeroU32::MIN;
    let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(one))
        .allow_burst(NonZeroU32::new(burst).unwrap_or(one));
    RateLimiter::dashmap(quota).with_middleware::<StateInformationMiddleware>()
}

fn asked<K: std::hash::Hash + Eq + Clone>(
    limiter: &Limiter<K>,
    key: &K,
    limit: &'static str,
    (per_minute, burst): (u32, u32),
) -> Result<Standing, Box<Over>> {
    if limiter.len() > REMEMBERED_MOST {
        limiter.retain_recent();
    }
    let mut standing = Standing {
        limit,
        burst,
        per_minute,
        left: 0,
        wait: None,
    };
    match limiter.check_key(key) {
        Ok(state) => {
            standing.left = state.remaining_burst_capacity();
            Ok(standing)
        }
        Err(until) => {
            metrics::counter!(meters::HTTP_REQUESTS_LIMITED, "limit" => limit).increment(1);
            let wait = until.wait_time_from(DefaultClock::default().now());
            let seconds = wait.as_secs().saturating_add(1);
            standing.wait = Some(seconds);
            Err(Box::new(Over { standing, seconds }))
        }
    }
}

/// One request too many.
#[derive(Debug)]
pub struct Over {
    standing: Standing,
    seconds: u64,
}

impl Over {
    /// The answer to it.
    #[must_use]
    pub fn into_response(self) -> Response {
        let seconds = i64::try_from(self.seconds).unwrap_or(i64::MAX);
        self.standing
            .noted(Problem::limited(seconds).into_response())
    }
}

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

impl Standing {
    /// The answer with how far its caller is.
    #[must_use]
    pub fn noted(self, mut response: Response) -> Response {
        let (limit, burst, left) = (self.limit, self.burst, self.left);
        // One request comes back every so many seconds; the whole burst within the window.
        let window = u64::from(burst)
            .saturating_mul(60)
            .div_ceil(u64::from(self.per_minute.max(1)))
            .max(1);
        let reset = self
            .wait
            .unwrap_or_else(|| u64::from(60_u32.div_ceil(self.per_minute.max(1))));
        let policy = format!("\"{limit}\";q={burst};w={window}");
        let state = format!("\"{limit}\";r={left};t={reset}");
        for (name, value) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, state)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// How long a request waits for room among those that are worked on.
const PATIENCE: Duration = Duration::from_secs(5);

/// Lets so many requests in at once, ends those that take too long, and answers for those that break.
pub async fn guard(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let room = tokio::time::timeout(PATIENCE, web.limits.room.acquire());
    let Ok(Ok(_room)) = room.await else {
        metrics::counter!(meters::HTTP_REQUESTS_LIMITED, "limit" => "room").increment(1);
        let detail = "too many requests are being worked on; nothing was done with this one; try again in a moment";
        return Problem::passing(OVERLOADED, detail, 2).into_response();
    };
    let long = [
        "/v1/events",
        "/v1/attachments",
        "/v1/orders",
        "/v1/reconciliations",
        "/help",
    ];
    let path = request.uri().path();
    let streams = long.contains(&path) || path.starts_with("/c/");
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    // Reading the body has its own time; this one is for the whole.
    let most = web
        .config
        .server
        .request_max
        .saturating_mul(if streams { 20 } else { 2 });
    let response = match tokio::time::timeout(most, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            let cause = crate::stream::told(panic.as_ref());
            Problem::fault(format!("panicked: {cause}")).into_response()
        }
        Err(_) => {
            let detail = "this took too long and was given up; send it again with the same Idempotency-Key, and it happens once";
            Problem::passing(TIMED_OUT, detail, 5).into_response()
        }
    };
    secured(response)
}

/// The headers that every answer carries.
fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    // Browsers that know the policy above go by it; this is for older ones, and would forbid what it allows.
    let framed_by_nobody = headers
        .get(header::CONTENT_SECURITY_POLICY)
        .and_then(|policy| policy.to_str().ok())
        .is_some_and(|policy| policy.contains("frame-ancestors 'none'"));
    if framed_by_nobody {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    response
}
