// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a request is not answered as wished: the only file that knows a status code, and the sentences for callers.
//!
//! Inside, refusals and troubles have not heard of HTTP. Here each becomes a *problem* (RFC 9457): a kind with a page of its own, a
//! sentence in the caller's words with what helps, and data for programs. Personal data and secrets are in none of them.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use makegood_desk::amount::Amount;
use makegood_desk::case::Instant;
use makegood_desk::refusal::{Refusal, Takes, Thing};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::wire::moment;
use crate::blob::{self, Rejected};
use crate::books::act::NotDone;
use crate::books::effects::check_word;
use crate::books::people::Scope;
use crate::books::transfers::Undone;
use crate::log::RequestId;
use crate::retention::NotGone;
use crate::store::Trouble;
use crate::stream::Undecided;
use crate::vault::VaultTrouble;
use crate::wire::WireError;
use crate::world::NotSeen;

/// A kind of problem: each has a page at `/problems/{slug}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name, which does not change.
    pub slug: &'static str,
    /// Its status.
    pub status: StatusCode,
    /// What it is, for people.
    pub title: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $status:ident $slug:literal, $title:literal;)+) => {
        $(#[doc = $title] pub const $name: Kind = Kind { slug: $slug, status: StatusCode::$status, title: $title };)+

        /// Every kind of problem.
        pub const KINDS: &[Kind] = &[$($name),+];
    };
}

kinds! {
    BAD_BODY = BAD_REQUEST "bad-body", "The body cannot be read";
    BAD_PARAMETER = BAD_REQUEST "bad-parameter", "A parameter cannot be read";
    KEY_MISSING = BAD_REQUEST "idempotency-key-missing", "This request needs an Idempotency-Key";
    KEY_BAD = BAD_REQUEST "idempotency-key-unusable", "The Idempotency-Key cannot be used";
    NO_TOKEN = UNAUTHORIZED "no-token", "This needs a token";
    SIGNATURE = UNAUTHORIZED "signature-not-valid", "The signature is not valid";
    BAD_TOKEN = UNAUTHORIZED "token-not-valid", "The token is not valid";
    SESSION_OVER = UNAUTHORIZED "session-over", "The session is over";
    FOREIGN_SITE = FORBIDDEN "foreign-site", "This came from another site";
    NOT_ALLOWED = FORBIDDEN "not-allowed", "The token may not do this";
    STEP_UP = FORBIDDEN "prove-who-you-are", "This takes a fresh proof of who you are";
    NOT_YOURS = FORBIDDEN "takes-somebody-else", "This takes somebody else";
    SAME_PERSON = FORBIDDEN "takes-a-second-person", "This takes a second person";
    NOT_FOUND = NOT_FOUND "not-found", "There is no such thing";
    METHOD = METHOD_NOT_ALLOWED "method-not-allowed", "This address does not know the method";
    SLOW_BODY = REQUEST_TIMEOUT "body-too-slow", "The body took too long to arrive";
    KEY_RUNNING = CONFLICT "idempotency-key-in-use", "The same request is still running";
    PARKED = CONFLICT "case-parked", "The case waits for a person";
    TOLD_OTHERWISE = CONFLICT "told-otherwise", "The books say something else";
    CLOSED = CONFLICT "case-closed", "The case is closed";
    ALREADY_DONE = CONFLICT "already-done", "This was done already";
    ORDER_UNKNOWN = CONFLICT "order-unknown", "The order is not known";
    NO_POLICY = CONFLICT "no-policy-in-force", "No policy was in force";
    RECORDS_BROKEN = CONFLICT "records-contradict", "The records contradict each other";
    DISPUTE_OPEN = CONFLICT "chargeback-open", "A chargeback is open";
    ORDER_FROZEN = CONFLICT "order-frozen", "A foreign refund is unexplained";
    NOTHING_PROPOSED = CONFLICT "nothing-proposed", "There is no decision to accept";
    STALE = CONFLICT "decision-stale", "The facts have changed since";
    STALE_REMAINDER = CONFLICT "remainder-stale", "Another amount is left";
    FACT_MISSING = CONFLICT "fact-missing", "A fact is missing";
    NOT_VERIFIED = CONFLICT "records-not-verified", "The records are not verified";
    NOT_APPEALABLE = CONFLICT "not-appealable", "This cannot be appealed";
    MORE_THAN_LEFT = CONFLICT "more-than-left", "More than is left";
    NOT_ASKED = CONFLICT "not-asked", "Nobody asked for this";
    ALREADY_SENT = CONFLICT "refund-already-sent", "The refund is on its way";
    NOT_YET = CONFLICT "not-yet", "It is not yet time";
    DAY_TOTAL = CONFLICT "day-total-reached", "The total of the day is reached";
    PERSON_TOTAL = CONFLICT "person-total-reached", "Your total of the day is reached";
    PROVIDER_RESTS = CONFLICT "provider-rests", "The payment provider rests";
    TRANSFER_NOT_SENT = CONFLICT "transfer-not-sent", "The transfer has not gone to the bank";
    COMPARING = CONFLICT "comparison-running", "The books are being compared already";
    MONEY_STOPPED = CONFLICT "money-stopped", "Money is stopped";
    ERASED = GONE "person-erased", "The person was erased";
    TOO_LARGE = PAYLOAD_TOO_LARGE "too-large", "This is too large";
    MEDIA_TYPE = UNSUPPORTED_MEDIA_TYPE "media-type", "The body is of another kind than is read here";
    KEY_REUSED = UNPROCESSABLE_ENTITY "idempotency-key-reused", "The Idempotency-Key belongs to another request";
    CHANNEL = UNPROCESSABLE_ENTITY "channel-not-offered", "Requests are not accepted this way";
    NO_CLAUSE = UNPROCESSABLE_ENTITY "no-such-clause", "The policy has no such clause";
    REASON = UNPROCESSABLE_ENTITY "reason-missing", "A reason is missing";
    OTHER_CURRENCY = UNPROCESSABLE_ENTITY "other-currency", "The order has another currency";
    CONTRADICTION = UNPROCESSABLE_ENTITY "contradiction", "The parts do not fit together";
    UNDECIDED = UNPROCESSABLE_ENTITY "case-file-undecided", "The case file cannot be decided";
    UNPAYABLE = UNPROCESSABLE_ENTITY "transfer-unpayable", "A transfer cannot be paid so";
    ATTACHMENT = UNPROCESSABLE_ENTITY "attachment-not-accepted", "The file is not accepted";
    NO_FILE = UNPROCESSABLE_ENTITY "no-such-file", "A file was never handed in";
    LIMITED = TOO_MANY_REQUESTS "too-many-requests", "Too many requests";
    FAULT = INTERNAL_SERVER_ERROR "fault", "The program failed";
    UNAVAILABLE = SERVICE_UNAVAILABLE "unavailable", "The desk cannot do this at the moment";
    PROVIDER_SILENT = SERVICE_UNAVAILABLE "provider-silent", "The payment provider does not say all";
    OUTCOME_UNKNOWN = SERVICE_UNAVAILABLE "outcome-unknown", "It may have happened or not";
    OVERLOADED = SERVICE_UNAVAILABLE "overloaded", "The desk has too much to do";
    MEANWHILE = SERVICE_UNAVAILABLE "changed-meanwhile", "Somebody changed the same";
    TIMED_OUT = SERVICE_UNAVAILABLE "timed-out", "This took too long";
}

/// A place in a request, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Place {
    /// The JSON pointer to a place in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The name of a parameter or a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// A word for the sort of fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// What is wrong, and what to write instead.
    pub detail: String,
}

/// A problem, as it becomes an answer.
#[derive(Clone, Debug)]
pub struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    kind: Kind,
    detail: String,
    errors: Vec<Place>,
    more: Map<String, Value>,
    retry_after_seconds: Option<i64>,
    /// What the log is told beside the kind; nothing that a caller wrote.
    cause: Option<String>,
    /// Whether the same request has the same answer for good: it was the desk that said no.
    lasts: bool,
}

/// A problem on the wire, for the description of the interface.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem, title = "Problem")]
pub struct ProblemBody {
    /// The address of a page that tells what it means and what to do.
    #[serde(rename = "type")]
    #[schema(example = "/problems/decision-stale")]
    pub kind: String,
    /// What it is, in a few words.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// What is wrong with this request, and what helps.
    pub detail: String,
    /// The path that was asked.
    pub instance: String,
    /// The name of the request, for those who look into it.
    pub request_id: String,
    /// Places in the request, where the problem lies in some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Place>,
    /// Data of this kind of problem: `decision`, `left`, `clause`, `fact`, `check`, `dispute`, `until`, `scopes`, `difference` …
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Problem {
    /// A problem of a kind.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            more: Map::new(),
            retry_after_seconds: None,
            cause: None,
            lasts: false,
        }))
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Whether the same request gets the same answer for good.
    #[must_use]
    pub const fn lasts(&self) -> bool {
        self.0.lasts
    }

    /// With data for programs.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.more.insert(name.to_owned(), value.into());
        self
    }

    fn after(mut self, seconds: i64) -> Self {
        self.0.retry_after_seconds = Some(seconds.max(1));
        self
    }

    fn because(mut self, cause: impl ToString) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// A body that cannot be read.
    #[must_use]
    pub fn body(error: WireError) -> Self {
        let mut problem = Self::new(BAD_BODY, error.detail.clone());
        problem.0.errors.push(Place {
            pointer: Some(error.pointer),
            parameter: None,
            code: Some(error.kind.slug()),
            detail: error.detail,
        });
        problem
    }

    /// A parameter that cannot be read.
    #[must_use]
    pub fn parameter(name: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let mut problem = Self::new(BAD_PARAMETER, detail.clone());
        problem.0.errors.push(Place {
            pointer: None,
            parameter: Some(name.to_owned()),
            code: None,
            detail,
        });
        problem
    }

    /// There is no such thing, or none that the caller may know of: both look the same.
    #[must_use]
    pub fn no_such(what: &str) -> Self {
        Self::new(
            NOT_FOUND,
            format!("there is no such {what}; look whether its id is whole"),
        )
    }

    /// A file that a request names is none.
    #[must_use]
    pub fn no_file() -> Self {
        let detail = "a file that this request names was never handed in; send it to `/v1/attachments` first";
        Self::new(NO_FILE, detail)
    }

    /// A payment provider that a request names is none.
    #[must_use]
    pub fn no_provider() -> Self {
        let detail = "`provider` is no payment provider of the settings; write the name of a section `[payments.NAME]`";
        Self::body(WireError {
            kind: crate::wire::Fault::UnknownWord,
            detail: detail.to_owned(),
            pointer: "/provider".to_owned(),
        })
    }

    /// A body that should be a form is none.
    #[must_use]
    pub fn no_form() -> Self {
        Self::new(
            MEDIA_TYPE,
            "files are sent as a form; send `Content-Type: multipart/form-data` with one part, `file`",
        )
    }

    /// A form that is not as it should be.
    #[must_use]
    pub fn bad_form() -> Self {
        Self::new(
            BAD_BODY,
            "the form has one part, `file`, and arrives whole; send it again so",
        )
    }

    /// Somebody changed the same in the same moment.
    #[must_use]
    pub fn meanwhile() -> Self {
        let detail = "others kept changing the same, and nothing was done; try again with the same Idempotency-Key";
        Self::passing(MEANWHILE, detail, 1)
    }

    /// There is nothing at an address.
    #[must_use]
    pub fn no_route() -> Self {
        Self::new(
            NOT_FOUND,
            "there is nothing at this address; `/docs` lists all that there is",
        )
    }

    /// An address does not know a method.
    #[must_use]
    pub fn no_method() -> Self {
        Self::new(
            METHOD,
            "this address does not know the method; the header `Allow` lists those that it knows",
        )
    }

    /// A token does not have the scope that something takes.
    #[must_use]
    pub fn scope(takes: &[Scope]) -> Self {
        let words: Vec<&str> = takes.iter().map(|scope| scope.word()).collect();
        let detail = format!(
            "this takes a token with one of the scopes {}; ask for such a token, or let somebody who has one do it",
            words.join(", ")
        );
        Self::new(NOT_ALLOWED, detail).with("scopes", words)
    }

    /// Too many requests of one caller.
    #[must_use]
    pub fn limited(seconds: i64) -> Self {
        let detail = format!(
            "there were too many requests; wait {} s, and spread what is left",
            seconds.max(1)
        );
        Self::new(LIMITED, detail).after(seconds)
    }

    /// Something that passes by itself.
    #[must_use]
    pub fn passing(kind: Kind, detail: &str, seconds: i64) -> Self {
        Self::new(kind, detail).after(seconds)
    }

    /// A fault of the program's own.
    #[must_use]
    pub fn fault(cause: impl ToString) -> Self {
        let detail = "the program failed at this request, which is its own fault; nothing was changed by it. Try again, and if it \
                      stays so, tell whoever runs the desk the `request_id`";
        Self::new(FAULT, detail).because(cause)
    }

    /// What goes over the wire.
    #[must_use]
    pub fn body_of(&self, request: &str, path: &str) -> Vec<u8> {
        let body = ProblemBody {
            kind: format!("/problems/{}", self.0.kind.slug),
            title: self.0.kind.title.to_owned(),
            status: self.0.kind.status.as_u16(),
            detail: self.0.detail.clone(),
            instance: path.to_owned(),
            request_id: request.to_owned(),
            errors: self.0.errors.clone(),
            more: self.0.more.clone(),
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }

    fn log(&self) {
        let code = self.0.kind.slug;
        match &self.0.cause {
            Some(cause) if self.0.kind.status.is_server_error() => {
                tracing::error!(code, cause, "a request met a problem of the desk's own");
            }
            _ => tracing::debug!(code, "a request met a problem"),
        }
    }
}

/// The media type of problems.
pub const MEDIA_TYPE_OF_PROBLEMS: &str = "application/problem+json";

/// An answer whose bytes are known.
#[must_use]
pub fn bytes(status: u16, media_type: &'static str, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, body).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// The status of an answer as wished.
pub const DONE: u16 = 200;

/// The answer of a probe: ready or not.
#[must_use]
pub fn probe(ready: bool, body: &impl Serialize) -> Response {
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(body)).into_response()
}

/// A page that is not there.
#[must_use]
pub fn no_page(page: String) -> Response {
    (StatusCode::NOT_FOUND, axum::response::Html(page)).into_response()
}

/// A page that tells that something counts no more.
#[must_use]
pub fn gone_page(page: String) -> Response {
    (StatusCode::GONE, axum::response::Html(page)).into_response()
}

/// A page that asks for something to be put right.
#[must_use]
pub fn amiss_page(page: String) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, axum::response::Html(page)).into_response()
}

/// A page that asks to wait, and says for how many seconds to programs.
#[must_use]
pub fn waits_page(page: String, seconds: u64) -> Response {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let mut response = (status, axum::response::Html(page)).into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Leads a browser to the page that shows what came of a form.
#[must_use]
pub fn shown_at(place: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(place) = HeaderValue::from_str(place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// Leads a browser on to another page.
#[must_use]
pub fn elsewhere(path: &'static str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response()
}

impl IntoResponse for Problem {
    /// The body comes later, from [`told`], which knows the name and the path of the request.
    fn into_response(self) -> Response {
        let mut response = self.0.kind.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes problems out with the name and the path of the request.
pub async fn told(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let id = request
        .extensions()
        .get::<RequestId>()
        .map_or_else(String::new, |id| id.as_str().to_owned());
    let mut response = next.run(request).await;
    // What the router says by itself has no words yet.
    if response.extensions().get::<Problem>().is_none()
        && response.status() == StatusCode::METHOD_NOT_ALLOWED
    {
        response.extensions_mut().insert(Problem::no_method());
    }
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    problem.log();
    let mut out = bytes(
        problem.0.kind.status.as_u16(),
        MEDIA_TYPE_OF_PROBLEMS,
        problem.body_of(&id, &path),
    );
    for (name, value) in response.headers() {
        if !matches!(*name, header::CONTENT_LENGTH | header::CONTENT_TYPE) {
            out.headers_mut().insert(name, value.clone());
        }
    }
    let headers = out.headers_mut();
    if let Some(seconds) = problem.0.retry_after_seconds {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if problem.0.kind.status == StatusCode::UNAUTHORIZED {
        let challenge = if problem.0.kind == BAD_TOKEN {
            "Bearer realm=\"makegood\", error=\"invalid_token\""
        } else {
            "Bearer realm=\"makegood\""
        };
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static(challenge),
        );
    }
    out
}

fn money(amount: Amount) -> Value {
    json!({"amount": amount.minor(), "currency": amount.currency().code()})
}

fn plain(amount: Amount) -> String {
    format!(
        "{} minor units of {}",
        amount.minor(),
        amount.currency().code()
    )
}

fn thing(what: Thing) -> &'static str {
    match what {
        Thing::Case => "case",
        Thing::Proof => "proof",
        Thing::Decision => "decision",
        Thing::Refund => "refund",
        Thing::Command => "command",
        Thing::Letter => "letter",
        Thing::Task => "task",
        Thing::Check => "check",
        Thing::Answer => "answer",
    }
}

fn takes_words(takes: Takes) -> &'static str {
    match takes {
        Takes::Agent => "an agent or the owner",
        Takes::Technical => "somebody of the technical team, an agent or the owner",
        Takes::Finance => "somebody of finance or the owner",
        Takes::Customer => "the customer, the shop for them, an agent or the owner",
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let mut problem = refused(refusal);
        problem.0.lasts = true;
        problem
    }
}

/// The one table of refusals. A new one does not compile until somebody has thought about its sentence.
fn refused(refusal: Refusal) -> Problem {
    fn of(kind: Kind, detail: impl Into<String>) -> Problem {
        Problem::new(kind, detail)
    }
    match refusal {
        Refusal::Parked => of(PARKED, "something broke at this case, and it waits for a person; an agent looks at it and unparks it"),
        Refusal::NoSuchCase => Problem::no_such("case"),
        Refusal::ChannelNotOffered { door } => of(
            CHANNEL,
            format!("requests by `{}` are not accepted here; use one of the channels that the merchant has set up", door.word()),
        )
        .with("channel", door.word()),
        Refusal::NoSuch { what, no } => {
            of(NOT_FOUND, format!("the case has no {} {no}; read the case again", thing(what))).with(thing(what), no)
        }
        Refusal::Closed => of(CLOSED, "the case is closed; a new request opens a new one, and a decision can be appealed once"),
        Refusal::NotYours { takes } => {
            of(NOT_YOURS, format!("this takes {}; use the token of such a person", takes_words(takes)))
        }
        Refusal::AlreadyDone { what, no } => {
            of(ALREADY_DONE, format!("this was done already with {} {no}; read the case again", thing(what))).with(thing(what), no)
        }
        Refusal::OrderUnknown => of(ORDER_UNKNOWN, "the order is not known to the desk yet; send the order first"),
        Refusal::NoPolicy => of(NO_POLICY, "no version of the policy was in force when the order was placed; an agent decides by hand"),
        Refusal::RecordsBroken { problem } => of(
            RECORDS_BROKEN,
            "the records of the order contradict each other; correct what was sent about the order, its payments and its log",
        )
        .because(format!("{problem:?}")),
        Refusal::DisputeOpen { dispute } => of(
            DISPUTE_OPEN,
            "a chargeback is open, and all money of the payment stands still until the bank has decided; answer the chargeback first",
        )
        .with("dispute", dispute),
        Refusal::OrderFrozen => of(
            ORDER_FROZEN,
            "the payment provider shows a refund of this order that nobody here decided; finance explains it first",
        ),
        Refusal::NothingProposed => of(NOTHING_PROPOSED, "there is no decision to accept at the moment; read the case again"),
        Refusal::Stale { decision } => of(
            STALE,
            format!("the facts have changed since decision {decision} was proposed; read the case again and look at the new one"),
        )
        .with("decision", decision),
        Refusal::StaleRemainder { seen_minor, left } => of(
            STALE_REMAINDER,
            format!("you saw {seen_minor} minor units left, and there are {}; read the case again", plain(left)),
        )
        .with("seen", seen_minor)
        .with("left", money(left)),
        Refusal::FactMissing { fact } => {
            of(FACT_MISSING, format!("the fact `{fact}` can still change the decision and is not known; it is asked for")).with("fact", fact)
        }
        Refusal::NotVerified { check } => {
            let check = check_word(check);
            of(NOT_VERIFIED, format!("no money is decided before the check `{check}` is settled; settle it first")).with("check", check)
        }
        Refusal::SamePerson => of(SAME_PERSON, "a second person has to approve, and it cannot be the one who accepted; let a colleague do it"),
        Refusal::NotAppealable => of(NOT_APPEALABLE, "a decision can be appealed once, after it was told and carried out"),
        Refusal::NoSuchClause { clause } => {
            of(NO_CLAUSE, "the policy of this order has no such clause; name one of those that `/v1/policies` lists").with("clause", clause)
        }
        Refusal::ReasonMissing => of(REASON, "a reason has to be given; write one that a colleague understands in a year"),
        Refusal::OtherCurrency { order, found } => of(
            OTHER_CURRENCY,
            format!("the order is in {}, and the amount in {}; give the amount in the currency of the order", order.code(), found.code()),
        ),
        Refusal::MoreThanLeft { left } => {
            of(MORE_THAN_LEFT, format!("{} are left of the order and its payments; read the case again", plain(left))).with("left", money(left))
        }
        Refusal::Contradiction => of(CONTRADICTION, "what was asked makes no sense for this outcome or at this stage; read the case again"),
        Refusal::NotAsked { fact } => {
            of(NOT_ASKED, format!("nobody asks for the fact `{fact}` at the moment; read the open questions of the case")).with("fact", fact)
        }
        Refusal::AlreadySent { no } => {
            of(ALREADY_SENT, format!("refund {no} is on its way and cannot be called back any more")).with("refund", no)
        }
        Refusal::NotYet { from } => {
            of(NOT_YET, format!("it is not yet time; try again from {}", moment(from))).with("from", moment(from))
        }
        Refusal::DayTotalReached { most } => of(
            DAY_TOTAL,
            format!("no more than {} may leave a day, and that is reached; finance raises the limit, or it waits for tomorrow", plain(most)),
        )
        .with("most", money(most)),
        Refusal::PersonTotalReached { most } => of(
            PERSON_TOTAL,
            format!("one person may grant {} a day, and that is reached; let a colleague do it, or it waits for tomorrow", plain(most)),
        )
        .with("most", money(most)),
        Refusal::ProviderRests { until } => {
            of(PROVIDER_RESTS, format!("the payment provider failed too often and rests until {}", moment(until))).with("until", moment(until))
        }
        Refusal::MoneyStopped => of(
            MONEY_STOPPED,
            "money is stopped: somebody pulled the switch, or the store is older than the audit log remembers; `/v1/brakes` says which",
        ),
    }
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        let told = trouble.to_string();
        match trouble {
            Trouble::Refused(reason) => match reason.downcast::<Refusal>() {
                Ok(refusal) => Self::from(*refusal),
                Err(reason) => match reason.downcast::<Self>() {
                    Ok(problem) => *problem,
                    Err(_) => Self::fault(told),
                },
            },
            Trouble::Serialization | Trouble::Busy | Trouble::Full | Trouble::Unavailable { .. } | Trouble::Closed => {
                Self::passing(UNAVAILABLE, "nothing was changed; try again in a moment with the same Idempotency-Key", 1).because(told)
            }
            Trouble::OutcomeUnknown => Self::passing(
                OUTCOME_UNKNOWN,
                "the store went away while the change was being written; send the same request again with the same Idempotency-Key, \
                 and it happens once",
                1,
            )
            .because(told),
            Trouble::Conflict { .. }
            | Trouble::Check { .. }
            | Trouble::Reference
            | Trouble::Corrupt { .. }
            | Trouble::Taken { .. }
            | Trouble::Newer { .. }
            | Trouble::Behind { .. }
            | Trouble::InTheWay { .. }
            | Trouble::Elsewhere { .. }
            | Trouble::Misused { .. }
            | Trouble::Panicked => Self::fault(told),
        }
    }
}

impl From<NotDone> for Problem {
    fn from(not_done: NotDone) -> Self {
        match not_done {
            NotDone::Refused(refusal) => refusal.into(),
            NotDone::Trouble(trouble) => trouble.into(),
        }
    }
}

impl From<Undone> for Problem {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::NotDone(not_done) => not_done.into(),
            Undone::Wrong(why) => Self::new(UNPAYABLE, why),
        }
    }
}

impl From<NotSeen> for Problem {
    fn from(not_seen: NotSeen) -> Self {
        match not_seen {
            NotSeen::Trouble(trouble) => trouble.into(),
            NotSeen::NoProvider => Self::no_provider(),
            NotSeen::Unread(unread) => {
                let detail = "the payment provider did not say all that was asked; what it said until then is taken down; try again later";
                Self::passing(PROVIDER_SILENT, detail, 60).because(unread)
            }
        }
    }
}

impl From<VaultTrouble> for Problem {
    fn from(trouble: VaultTrouble) -> Self {
        match trouble {
            VaultTrouble::Erased => Self::new(
                ERASED,
                "the person was erased, and what was said about them can be read by nobody any more",
            ),
            VaultTrouble::Unknown => Self::no_such("text"),
            VaultTrouble::Store(..)
            | VaultTrouble::Shared(_)
            | VaultTrouble::File(..)
            | VaultTrouble::Interrupted
            | VaultTrouble::Random => Self::passing(
                UNAVAILABLE,
                "the store of keys does not answer; nothing was changed; try again in a moment",
                1,
            )
            .because(trouble),
            VaultTrouble::Altered
            | VaultTrouble::Damaged(_)
            | VaultTrouble::OtherMaster(_)
            | VaultTrouble::Newer(_)
            | VaultTrouble::Open(_)
            | VaultTrouble::NotMaster(_) => Self::fault(trouble),
        }
    }
}

impl From<NotGone> for Problem {
    fn from(why: NotGone) -> Self {
        match why {
            NotGone::Trouble(trouble) => trouble.into(),
            NotGone::Vault(trouble) => trouble.into(),
            NotGone::Blobs(trouble) => trouble.into(),
        }
    }
}

impl From<Rejected> for Problem {
    fn from(rejected: Rejected) -> Self {
        let told = rejected.to_string();
        let code = rejected.code();
        let kind = match rejected {
            Rejected::TooLarge { .. }
            | Rejected::CaseFull { .. }
            | Rejected::TooManyFiles { .. } => TOO_LARGE,
            Rejected::Empty
            | Rejected::NotAccepted { .. }
            | Rejected::Contradicts { .. }
            | Rejected::Broken { .. }
            | Rejected::TooManyPixels { .. } => ATTACHMENT,
            Rejected::Interrupted => BAD_BODY,
            Rejected::Trouble(trouble) => return trouble.into(),
        };
        Self::new(kind, told).with("code", code)
    }
}

impl From<blob::Trouble> for Problem {
    fn from(trouble: blob::Trouble) -> Self {
        match trouble {
            blob::Trouble::Absent(_) => Self::no_such("attachment"),
            blob::Trouble::Erased(_) => VaultTrouble::Erased.into(),
            blob::Trouble::Damaged(_) => Self::fault(trouble),
            blob::Trouble::Unavailable(_) => Self::passing(
                UNAVAILABLE,
                "files cannot be kept or read at the moment; try again",
                5,
            )
            .because(trouble),
        }
    }
}

impl From<Undecided> for Problem {
    fn from(undecided: Undecided) -> Self {
        if undecided.kind == "internal" {
            return Self::fault(undecided.detail);
        }
        let kind = if undecided.kind == "no_version" {
            UNDECIDED
        } else {
            BAD_BODY
        };
        let mut problem = Self::new(kind, undecided.detail.clone());
        problem.0.errors.push(Place {
            pointer: Some(undecided.pointer),
            parameter: None,
            code: Some(undecided.kind),
            detail: undecided.detail,
        });
        problem
    }
}

/// How many seconds there are until an instant.
#[must_use]
pub fn seconds_until(now: Instant, then: Instant) -> i64 {
    i64::try_from(then.since(now).nanoseconds().div_euclid(1_000_000_000)).unwrap_or(i64::MAX)
}
