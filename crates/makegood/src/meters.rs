// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the program counts and times, for Prometheus: one table of all meters.
//!
//! Whoever counts something uses the name from here: `metrics::counter!(meters::CLAIMS, "channel" => "form")`.
//! Labels hold words from closed lists only, never ids, so that a series is never made by a visitor.

use std::fmt::Write as _;
use std::time::Duration;

use metrics::{Unit, counter, gauge, histogram};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

/// What kind of meter it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Rises and falls, and stands in the books: read when somebody asks ([`crate::books::gauges`]), the same in every process.
    Kept,
    /// How often values lie below each of some bounds.
    Histogram(Bounds),
}

/// The bounds of a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounds {
    /// Half a millisecond to ten seconds: what a person waits for.
    Answers,
    /// One to 256: how many share something.
    Sharers,
}

impl Bounds {
    const fn values(self) -> &'static [f64] {
        match self {
            Self::Answers => &[
                0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
                10.0,
            ],
            Self::Sharers => &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0],
        }
    }
}

/// A meter.
#[derive(Clone, Copy, Debug)]
pub struct Meter {
    /// Its name: `makegood_`, what it is, its unit.
    pub name: &'static str,
    /// What kind it is.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it tells.
    pub help: &'static str,
}

macro_rules! meters {
    ($($constant:ident = $name:literal, $kind:expr, [$($label:literal),*], $help:literal;)*) => {
        $(#[doc = $help] pub const $constant: &str = $name;)*

        /// All meters.
        pub const ALL: &[Meter] = &[
            $(Meter { name: $name, kind: $kind, labels: &[$($label),*], help: $help },)*
        ];
    };
}

meters! {
    BUILD_INFO = "makegood_build_info", Kind::Gauge, ["version"], "Always 1; the label tells the version that runs.";

    HTTP_REQUESTS = "makegood_http_requests_total", Kind::Counter, ["method", "route", "status"], "Requests answered.";
    HTTP_REQUEST_SECONDS = "makegood_http_request_duration_seconds", Kind::Histogram(Bounds::Answers), ["method", "route"], "How long answers took.";
    HTTP_REQUESTS_RUNNING = "makegood_http_requests_running", Kind::Gauge, [], "Requests that are being worked on.";
    HTTP_REQUESTS_LIMITED = "makegood_http_requests_limited_total", Kind::Counter, ["limit"], "Requests turned away because there were too many.";

    CLAIMS = "makegood_claims_received_total", Kind::Counter, ["channel"], "Claims that came in over HTTP.";
    CASES_OPEN = "makegood_cases_open", Kind::Kept, ["stage"], "Cases that are not closed.";
    TASKS_OPEN = "makegood_tasks_open", Kind::Kept, ["team"], "Tasks and questions that wait for people.";
    TASKS_OVERDUE = "makegood_tasks_overdue", Kind::Kept, ["team"], "Tasks and questions past the time at which they were due.";
    WORK_DUE = "makegood_work_due", Kind::Kept, [], "Cases with something to be done now: to pay, to send, to ask.";
    WORK_DUE_OLDEST = "makegood_work_due_oldest_age_seconds", Kind::Kept, [], "How long the oldest of them has been due.";

    REFUNDS_UNKNOWN = "makegood_refunds_unknown", Kind::Kept, ["provider"], "Refunds that were sent and whose end is not known.";
    GRANTED_TODAY = "makegood_granted_today_minor_units", Kind::Kept, ["currency"], "Money granted since midnight (UTC), in minor units.";
    PROVIDER_REQUESTS = "makegood_provider_requests_total", Kind::Counter, ["operation", "result"], "Requests to payment providers, by what they answered.";
    PROVIDER_REQUEST_SECONDS = "makegood_provider_request_duration_seconds", Kind::Histogram(Bounds::Answers), ["operation"], "How long payment providers took to answer.";
    BREAKER_OPEN = "makegood_breaker_open", Kind::Kept, ["provider"], "1 while nothing is sent to a payment provider because it kept failing.";
    MONEY_STOPPED = "makegood_money_stopped", Kind::Kept, ["by"], "1 while no money moves: a person stopped it, the books are in doubt, or this process holds it back.";
    BREACHES = "makegood_breaches_open", Kind::Kept, ["kind"], "What does not agree with the world and waits for finance.";
    RECONCILED_AT = "makegood_reconciled_timestamp_seconds", Kind::Kept, ["provider"], "When the books were last held against the provider's.";
    RECONCILE_DIFFERENCES = "makegood_reconcile_differences_total", Kind::Counter, ["provider"], "Differences found between our books and the provider's.";

    WEBHOOKS_IN = "makegood_webhooks_received_total", Kind::Counter, ["from", "result"], "Webhooks from payment providers and the connector.";
    WEBHOOKS_OUT = "makegood_webhooks_sent_total", Kind::Counter, ["result"], "Tries to deliver webhooks to the merchant's systems.";
    WEBHOOKS_WAITING = "makegood_webhooks_waiting", Kind::Kept, [], "Webhooks not delivered yet.";
    CONNECTOR_REQUESTS = "makegood_connector_requests_total", Kind::Counter, ["command", "result"], "Commands to the fulfilment connector.";
    ORDER_LINES = "makegood_order_lines_total", Kind::Counter, ["result"], "What was told of orders, line by line.";

    STORE_COMMITS = "makegood_store_commits_total", Kind::Counter, [], "Transactions committed.";
    STORE_COMMIT_JOBS = "makegood_store_commit_jobs", Kind::Histogram(Bounds::Sharers), [], "How many changes shared a commit.";
    STORE_RETRIES = "makegood_store_retries_total", Kind::Counter, ["reason"], "Transactions that ran again.";
    ATTACHMENTS = "makegood_attachments_received_total", Kind::Counter, ["kind", "result"], "Attachments received: kept, or why not.";
    ATTACHMENT_BYTES = "makegood_attachments_received_bytes_total", Kind::Counter, [], "Bytes of attachments kept.";
    AUDIT_LEAVES = "makegood_audit_leaves", Kind::Kept, [], "Entries of the audit log.";
    AUDIT_SIGNED_AT = "makegood_audit_signed_timestamp_seconds", Kind::Kept, [], "When a checkpoint of the audit log was last signed.";
}

/// How something stands in the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The meter, by its name.
    pub meter: &'static str,
    /// The word of its label, if it has one.
    pub word: Option<String>,
    /// How much.
    pub value: i64,
}

/// Readings in Prometheus' text form.
#[must_use]
pub fn shown(readings: &[Reading]) -> String {
    let mut out = String::new();
    for meter in ALL.iter().filter(|meter| meter.kind == Kind::Kept) {
        let mut own = readings
            .iter()
            .filter(|reading| reading.meter == meter.name)
            .peekable();
        if own.peek().is_none() {
            continue;
        }
        let name = meter.name;
        let _ = writeln!(out, "# HELP {name} {}\n# TYPE {name} gauge", meter.help);
        for reading in own {
            let label = match (meter.labels.first(), &reading.word) {
                (Some(label), Some(word)) => format!("{{{label}=\"{}\"}}", escaped(word)),
                _ => String::new(),
            };
            let _ = writeln!(out, "{name}{label} {}", reading.value);
        }
        out.push('\n');
    }
    out
}

/// A word as it stands in a label: the settings may name a provider with anything.
fn escaped(word: &str) -> String {
    let word = word.replace('\\', "\\\\").replace('"', "\\\"");
    word.replace('\n', "\\n")
}

/// What has been counted, ready to be read.
#[derive(Clone)]
pub struct Meters(PrometheusHandle);

impl Meters {
    /// Everything in Prometheus' text form, for `/metrics`.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.render()
    }

    /// Puts together what histograms have collected. To be called now and then, or they grow.
    pub fn tidy_up(&self) {
        self.0.run_upkeep();
    }
}

/// Starts counting in this process.
///
/// # Errors
/// It was started before.
pub fn start() -> Result<Meters, String> {
    let (recorder, meters) = recorder()?;
    metrics::set_global_recorder(recorder)
        .map_err(|_| "the meters were started before".to_owned())?;
    describe();
    Ok(meters)
}

/// A recorder with the bounds of every histogram, not in force yet.
///
/// # Errors
/// A bound makes no sense; the tests hold that all do.
pub fn recorder() -> Result<(PrometheusRecorder, Meters), String> {
    let told = |error: BuildError| error.to_string();
    let mut builder = PrometheusBuilder::new();
    for meter in ALL {
        if let Kind::Histogram(bounds) = meter.kind {
            let matcher = Matcher::Full(meter.name.to_owned());
            builder = builder
                .set_buckets_for_metric(matcher, bounds.values())
                .map_err(told)?;
        }
    }
    let recorder = builder.build_recorder();
    let meters = Meters(recorder.handle());
    Ok((recorder, meters))
}

/// Tells the recorder in force what each meter is. Those without labels are there from the start, at zero.
pub fn describe() {
    for meter in ALL {
        let bare = meter.labels.is_empty();
        match meter.kind {
            Kind::Counter => {
                metrics::describe_counter!(meter.name, Unit::Count, meter.help);
                if bare {
                    counter!(meter.name).absolute(0);
                }
            }
            Kind::Gauge => {
                metrics::describe_gauge!(meter.name, Unit::Count, meter.help);
                if bare {
                    gauge!(meter.name).set(0);
                }
            }
            // Written when it is read.
            Kind::Kept => {}
            Kind::Histogram(_) => metrics::describe_histogram!(meter.name, Unit::Count, meter.help),
        }
    }
    gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1);
}

/// Counts and times an answer.
pub fn request_answered(method: &'static str, route: &str, status: u16, took: Duration) {
    counter!(HTTP_REQUESTS, "method" => method, "route" => route.to_owned(), "status" => status.to_string()).increment(1);
    histogram!(HTTP_REQUEST_SECONDS, "method" => method, "route" => route.to_owned()).record(took);
}

/// A request that is being worked on, until this is dropped: also where its caller went away.
#[derive(Debug)]
pub struct Inside(());

impl Inside {
    /// One more.
    #[must_use]
    pub fn enter() -> Self {
        gauge!(HTTP_REQUESTS_RUNNING).increment(1);
        Self(())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        gauge!(HTTP_REQUESTS_RUNNING).decrement(1);
    }
}
