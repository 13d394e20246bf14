// SPDX-License-Identifier: MIT OR Apache-2.0
//! The provider's whole state, and the way of a call through it.
//!
//! Pure: the same seed, calls and times give the same state, which is why a journal of calls is enough to bring it back.

use std::collections::{BTreeMap, HashMap, VecDeque};

use ring::digest;
use serde_json::Value;

use super::billing::{Invoice, InvoicePayment, Price, Subscription};
use super::call::{Answer, Call, Fate, Method};
use super::disputes::Dispute;
use super::events::{Delivery, Endpoint, Event};
use super::faults::{Fault, Faults, Garbling};
use super::files::File;
use super::form::Params;
use super::money::Transaction;
use super::payments::{Charge, Customer, Intent};
use super::problem::Problem;
use super::random::Random;
use super::refunds::{Life, Refund};
use super::table::Table;
use super::{control, expand};

/// The version of Stripe's interface that is spoken.
pub const API_VERSION: &str = "2026-10-28.endive";
/// After so many seconds a key is forgotten, and the same call is done again.
pub const KEY_LIVES: i64 = 24 * 60 * 60;
/// So many events are kept, where nothing else was asked for.
pub const EVENTS_KEPT: usize = 10_000;

/// What will happen by itself.
#[derive(Clone, Debug)]
pub enum Due {
    /// A call that was late arrives.
    Lands(Box<Call>),
    /// A refund goes on.
    RefundMoves {
        /// Its name.
        refund: String,
        /// To where.
        life: Life,
    },
    /// A card whose payments are disputed.
    Disputed {
        /// The payment.
        charge: String,
        /// Why.
        reason: &'static str,
        /// Whether the bank only asks.
        inquiry: bool,
    },
    /// The time for evidence is over.
    EvidenceOver {
        /// The dispute.
        dispute: String,
    },
    /// A subscription's next period begins.
    Renews {
        /// Its name.
        subscription: String,
    },
}

/// What is kept under an idempotency key.
#[derive(Clone, Debug)]
struct Kept {
    at: i64,
    path: String,
    print: [u8; 32],
    /// Nothing while the call is under way.
    answer: Option<(u16, Vec<u8>, String)>,
}

/// How the events of a call are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// Once, in order.
    #[default]
    Plain,
    /// Each twice.
    Twice,
    /// The last one first.
    Backwards,
}

/// Which call the events are told to come from.
#[derive(Clone, Debug, Default)]
pub struct Cause {
    /// `request.id`.
    pub request: Option<String>,
    /// `request.idempotency_key`.
    pub key: Option<String>,
}

/// The provider.
#[derive(Debug)]
pub struct World {
    pub(super) random: Random,
    readers: Random,
    /// The sandbox's time, in seconds since 1970.
    pub(super) now: i64,
    wall: i64,
    offset: i64,
    frozen: Option<i64>,
    due: BTreeMap<(i64, u64), Due>,
    next_due: u64,
    keys: HashMap<String, Kept>,
    key_ages: VecDeque<(i64, String)>,
    pub(super) faults: Faults,
    pub(super) stale_by: i64,
    pub(super) manner: Manner,
    pub(super) cause: Cause,
    pub(super) lives: VecDeque<Life>,
    pub(super) customers: Table<Customer>,
    pub(super) intents: Table<Intent>,
    pub(super) charges: Table<Charge>,
    pub(super) refunds: Table<Refund>,
    pub(super) disputes: Table<Dispute>,
    pub(super) files: Table<File>,
    pub(super) prices: Table<Price>,
    pub(super) subscriptions: Table<Subscription>,
    pub(super) invoices: Table<Invoice>,
    pub(super) invoice_payments: Table<InvoicePayment>,
    pub(super) transactions: Table<Transaction>,
    pub(super) balance: BTreeMap<String, i64>,
    pub(super) balance_rule: Option<super::money::WhenShort>,
    pub(super) endpoints: Table<Endpoint>,
    pub(super) events: Table<Event>,
    pub(super) events_kept: usize,
    pub(super) deliveries: BTreeMap<(i64, u64), Delivery>,
    pub(super) next_delivery: u64,
}

impl World {
    /// An empty world.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            readers: Random::new(!seed),
            now: 0,
            wall: 0,
            offset: 0,
            frozen: None,
            due: BTreeMap::new(),
            next_due: 0,
            keys: HashMap::new(),
            key_ages: VecDeque::new(),
            faults: Faults::default(),
            stale_by: 0,
            manner: Manner::Plain,
            cause: Cause::default(),
            lives: VecDeque::new(),
            customers: Table::default(),
            intents: Table::default(),
            charges: Table::default(),
            refunds: Table::default(),
            disputes: Table::default(),
            files: Table::default(),
            prices: Table::default(),
            subscriptions: Table::default(),
            invoices: Table::default(),
            invoice_payments: Table::default(),
            transactions: Table::default(),
            balance: BTreeMap::new(),
            balance_rule: None,
            endpoints: Table::default(),
            events: Table::default(),
            events_kept: EVENTS_KEPT,
            deliveries: BTreeMap::new(),
            next_delivery: 0,
        }
    }

    /// The sandbox's time.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.now
    }

    /// Whether this call can leave a trace, so that a journal must know it.
    #[must_use]
    pub fn must_keep(&self, call: &Call) -> bool {
        let is_ours = call.path.starts_with("/_sandbox") || admit(call).is_ok();
        is_ours && (call.method != Method::Get || self.faults.armed())
    }

    /// Lets time pass up to this moment of the clock on the wall, and does what fell due.
    pub fn pass_to(&mut self, wall: i64) {
        self.wall = self.wall.max(wall);
        let until = self.frozen.unwrap_or(self.wall.saturating_add(self.offset));
        while let Some(entry) = self.due.first_entry()
            && entry.key().0 <= until
        {
            let ((at, _), due) = entry.remove_entry();
            self.now = self.now.max(at);
            self.fall_due(due);
        }
        self.now = self.now.max(until);
    }

    /// Stops the clock at a moment that is not past.
    ///
    /// # Errors
    /// When the moment is past.
    pub(super) fn stop_at(&mut self, moment: i64) -> Result<(), String> {
        if moment < self.now {
            return Err(format!(
                "the clock stands at {} and only goes forward",
                self.now
            ));
        }
        self.frozen = Some(moment);
        self.pass_to(self.wall);
        Ok(())
    }

    /// Moves the clock on, whether it stands or runs.
    pub(super) fn advance(&mut self, seconds: i64) {
        match &mut self.frozen {
            Some(moment) => *moment = moment.saturating_add(seconds.max(0)),
            None => self.offset = self.offset.saturating_add(seconds.max(0)),
        }
        self.pass_to(self.wall);
    }

    /// Lets the clock run again from where it stands.
    pub(super) fn run_on(&mut self) {
        if let Some(moment) = self.frozen.take() {
            self.offset = moment.saturating_sub(self.wall);
        }
    }

    /// Does something later.
    pub(super) fn later(&mut self, at: i64, due: Due) {
        self.due.insert((at, self.next_due), due);
        self.next_due += 1;
    }

    fn fall_due(&mut self, due: Due) {
        self.cause = Cause::default();
        self.manner = Manner::Plain;
        match due {
            Due::Lands(call) => {
                let request = self.random.id("req");
                self.keyed(&call, &request, false, true);
            }
            Due::RefundMoves { refund, life } => self.refund_moves(&refund, &life),
            Due::Disputed {
                charge,
                reason,
                inquiry,
            } => {
                self.open_dispute(&charge, None, reason, inquiry).ok();
            }
            Due::EvidenceOver { dispute } => self.evidence_over(&dispute),
            Due::Renews { subscription } => {
                self.renew(&subscription, &[], None).ok();
            }
        }
    }

    /// One call, from its arrival to its answer.
    pub fn call(&mut self, wall: i64, call: &Call) -> Answer {
        self.pass_to(wall);
        self.cause = Cause::default();
        self.manner = Manner::Plain;
        if call.path.starts_with("/_sandbox") {
            return control::answer(self, call);
        }
        let request = if self.must_keep(call) {
            self.random.id("req")
        } else {
            self.readers.id("req")
        };
        let mut answer = match admit(call) {
            Ok(()) => self.through_faults(call, &request),
            Err(problem) => said(&problem, &request),
        };
        let version = call.version.as_deref().unwrap_or(API_VERSION);
        answer.headers.push(("Stripe-Version", version.to_owned()));
        answer.headers.push(("Request-Id", request));
        if let Some(key) = &call.idempotency_key
            && !key.contains(['\r', '\n'])
        {
            answer.headers.push(("Idempotency-Key", key.clone()));
        }
        answer
    }

    fn through_faults(&mut self, call: &Call, request: &str) -> Answer {
        let Some(fault) = self.faults.next(call) else {
            return self.keyed(call, request, false, false);
        };
        match fault {
            Fault::LateLanding { after } => {
                let at = self.now.saturating_add(after);
                self.later(at, Due::Lands(Box::new(call.clone())));
                Answer::none(0)
            }
            Fault::Timeout {
                hold_ms,
                lands_after,
            } => {
                if let Some(after) = lands_after {
                    self.begin(call, self.now.saturating_add(after));
                }
                Answer::none(hold_ms.min(120_000))
            }
            Fault::Error500ThenSuccess => said(&Problem::server_error(), request),
            Fault::RateLimit429 => said(&Problem::rate_limited(), request),
            Fault::Conflict409 => {
                let key = call.idempotency_key.as_deref().unwrap_or_default();
                said(&Problem::key_in_use(key), request)
            }
            Fault::Refuse {
                status,
                kind,
                code,
                message,
            } => {
                let mut problem = Problem::unclear("", "", message);
                problem.status = status;
                problem.kind = kind.into();
                problem.code = code.map(Into::into);
                said(&problem, request)
            }
            other => self.done_with_fault(&other, call, request),
        }
    }

    /// The faults that let the call be done.
    fn done_with_fault(&mut self, fault: &Fault, call: &Call, request: &str) -> Answer {
        self.manner = match fault {
            Fault::DuplicateWebhooks => Manner::Twice,
            Fault::DisorderedWebhooks => Manner::Backwards,
            _ => Manner::Plain,
        };
        let is_search = call.path.ends_with("/search");
        self.stale_by = match fault {
            Fault::StaleList { by } if !is_search => *by,
            Fault::StaleSearch { by } if is_search => *by,
            _ => 0,
        };
        let fails = *fault == Fault::Error500Executed;
        let mut answer = self.keyed(call, request, fails, false);
        self.stale_by = 0;
        match fault {
            Fault::LostAnswer => answer.fate = Fate::Breaks { after_ms: 0 },
            Fault::WebhookBeforeAnswer => answer.webhooks_first = true,
            Fault::GarbledAnswer { how } => garble(&mut answer, *how),
            _ => {}
        }
        answer
    }

    /// Marks a key as being worked on, and the work as coming.
    fn begin(&mut self, call: &Call, until: i64) {
        if let (Some(key), Ok(params)) = (&call.idempotency_key, read(call))
            && self.kept(key).is_none()
        {
            self.keep(key, call, fingerprint(&params), None);
        }
        self.later(until, Due::Lands(Box::new(call.clone())));
    }

    fn kept(&self, key: &str) -> Option<&Kept> {
        let kept = self.keys.get(key)?;
        (self.now.saturating_sub(kept.at) < KEY_LIVES).then_some(kept)
    }

    fn keep(
        &mut self,
        key: &str,
        call: &Call,
        print: [u8; 32],
        answer: Option<(u16, Vec<u8>, String)>,
    ) {
        while let Some((at, old)) = self.key_ages.front()
            && self.now.saturating_sub(*at) >= KEY_LIVES
        {
            if self.keys.get(old).is_some_and(|kept| kept.at == *at) {
                self.keys.remove(old);
            }
            self.key_ages.pop_front();
        }
        let at = self.kept(key).map_or(self.now, |kept| kept.at);
        let kept = Kept {
            at,
            path: call.path.clone(),
            print,
            answer,
        };
        if self
            .keys
            .insert(key.to_owned(), kept)
            .is_none_or(|old| old.at != at)
        {
            self.key_ages.push_back((at, key.to_owned()));
        }
    }

    /// The call under its idempotency key: done, or answered from what is kept.
    ///
    /// `fails`: it is done and the answer is a 500 all the same. `landing`: it is the very call that holds its key.
    fn keyed(&mut self, call: &Call, request: &str, fails: bool, landing: bool) -> Answer {
        let params = match read(call) {
            Ok(params) => params,
            Err(problem) => return said(&problem, request),
        };
        let key = call
            .idempotency_key
            .as_deref()
            .filter(|_| call.method == Method::Post);
        let Some(key) = key else {
            return self.perform(call, params, request, fails).0;
        };
        if key.chars().count() > 255 || key.is_empty() {
            let message = "Idempotency keys have between 1 and 255 characters.".to_owned();
            return said(&Problem::unclear("", "", message), request);
        }
        let print = fingerprint(&params);
        if let Some(kept) = self.kept(key) {
            if let Some(answer) = from_kept(kept, key, call, print, request) {
                return answer;
            }
            if !landing {
                return said(&Problem::key_in_use(key), request);
            }
        }
        let (answer, begun) = self.perform(call, params, request, fails);
        if begun {
            let kept = (answer.status, answer.body.clone(), request.to_owned());
            self.keep(key, call, print, Some(kept));
        } else if landing {
            self.keys.remove(key);
        }
        answer
    }

    /// Does it, and says whether it had begun.
    fn perform(
        &mut self,
        call: &Call,
        params: Params,
        request: &str,
        fails: bool,
    ) -> (Answer, bool) {
        self.cause = Cause {
            request: Some(request.to_owned()),
            key: call.idempotency_key.clone(),
        };
        let outcome = self.route(call, params);
        let begun = outcome
            .as_ref()
            .map_or_else(|problem| problem.begun, |_| true);
        let answer = match outcome {
            _ if fails => said(&Problem::server_error(), request),
            Ok(value) => Answer::json(200, &value),
            Err(problem) => said(&problem, request),
        };
        (answer, begun)
    }

    fn route(&mut self, call: &Call, mut params: Params) -> Result<Value, Problem> {
        let wanted = params.texts("expand")?;
        expand::check(&wanted)?;
        let segments: Vec<&str> = call.path.trim_matches('/').split('/').skip(1).collect();
        let value = match segments.as_slice() {
            ["refunds", ..] => self.refund_calls(call.method, &segments, params),
            ["disputes", ..] => self.dispute_calls(call.method, &segments, params),
            ["charges" | "payment_intents" | "customers", ..] => {
                self.payment_calls(call.method, &segments, params)
            }
            [
                "subscriptions" | "invoices" | "invoice_payments" | "prices" | "products",
                ..,
            ] => self.billing_calls(call.method, &segments, params),
            ["files", ..] => self.file_calls(call.method, &segments, params),
            ["balance" | "balance_transactions", ..] => {
                self.money_calls(call.method, &segments, params)
            }
            ["events" | "webhook_endpoints", ..] => {
                self.event_calls(call.method, &segments, params)
            }
            _ => Err(unknown(call.method, &segments)),
        }?;
        Ok(expand::expand(self, value, &wanted))
    }
}

/// No endpoint of ours.
pub(super) fn unknown(method: Method, segments: &[&str]) -> Problem {
    Problem::unknown_url(method.word(), &format!("/v1/{}", segments.join("/")))
}

fn said(problem: &Problem, request: &str) -> Answer {
    let mut answer = Answer::json(problem.status, &problem.body(request));
    if problem.status == 401 {
        let challenge = "Basic realm=\"Stripe\"".to_owned();
        answer.headers.push(("WWW-Authenticate", challenge));
    }
    if problem.status == 409 {
        answer
            .headers
            .push(("Stripe-Should-Retry", "true".to_owned()));
    }
    answer
}

fn from_kept(
    kept: &Kept,
    key: &str,
    call: &Call,
    print: [u8; 32],
    request: &str,
) -> Option<Answer> {
    if kept.path != call.path {
        let problem = Problem::key_reused(key, Some((&call.path, &kept.path)));
        return Some(said(&problem, request));
    }
    if kept.print != print {
        return Some(said(&Problem::key_reused(key, None), request));
    }
    let (status, body, first) = kept.answer.as_ref()?;
    let mut answer = Answer::json(*status, &Value::Null);
    answer.body.clone_from(body);
    answer
        .headers
        .push(("Idempotent-Replayed", "true".to_owned()));
    answer.headers.push(("Original-Request", first.clone()));
    Some(answer)
}

fn garble(answer: &mut Answer, how: Garbling) {
    match how {
        Garbling::CutShort => answer.body.truncate(answer.body.len() / 2),
        Garbling::Html => {
            answer.content_type = "text/html";
            answer.body = b"<html><body><h1>Welcome to the proxy</h1></body></html>".to_vec();
        }
        Garbling::Empty => answer.body.clear(),
        Garbling::OtherJson => answer.body = b"{\"ok\":true}".to_vec(),
    }
}

/// Whose call is it, and in which dialect?
fn admit(call: &Call) -> Result<(), Problem> {
    let key = secret_key(call.authorization.as_deref()).ok_or_else(|| {
        Problem::unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').".to_owned(),
        )
    })?;
    if !["sk_test_", "rk_test_"]
        .iter()
        .any(|begin| key.starts_with(begin))
    {
        let shown: String = key.chars().take(8).collect();
        return Err(Problem::unauthorized(format!(
            "Invalid API Key provided: {shown}***. The sandbox takes any key that begins with sk_test_"
        )));
    }
    match &call.version {
        Some(version) if !is_version(version) => Err(Problem::unclear(
            "",
            "",
            format!("Invalid Stripe API version: {version}"),
        )),
        _ => Ok(()),
    }
}

fn secret_key(authorization: Option<&str>) -> Option<String> {
    use base64::Engine as _;
    let (scheme, rest) = authorization?.split_once(' ')?;
    let key = if scheme.eq_ignore_ascii_case("bearer") {
        rest.trim().to_owned()
    } else if scheme.eq_ignore_ascii_case("basic") {
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(rest.trim())
            .ok()?;
        let text = String::from_utf8(bytes).ok()?;
        text.split(':').next()?.to_owned()
    } else {
        return None;
    };
    (!key.is_empty()).then_some(key)
}

/// `2026-10-28.endive`, or a date alone.
fn is_version(text: &str) -> bool {
    let date = text.split('.').next().unwrap_or_default();
    date.parse::<jiff::civil::Date>().is_ok()
}

fn read(call: &Call) -> Result<Params, Problem> {
    let mut params = Params::default();
    params.read(call.query.as_bytes())?;
    if call.content_type.starts_with("multipart/form-data") {
        params.read_parts(&call.content_type, &call.body)?;
    } else {
        params.read(&call.body)?;
    }
    Ok(params)
}

fn fingerprint(params: &Params) -> [u8; 32] {
    let print = digest::digest(&digest::SHA256, &params.canonical());
    print.as_ref().try_into().unwrap_or([0; 32])
}
