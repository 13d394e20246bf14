// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the program counts and times, for Prometheus: one table of all meters.
//!
//! Whoever counts something uses the name from here: `metrics::counter!(meters::DECISIONS, "outcome" => "refund", "by" => "agent")`.
//! Labels hold words from closed lists only, never ids, so that a series is never made by a visitor.

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
    /// How often values lie below each of some bounds.
    Histogram(Bounds),
}

/// The bounds of a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounds {
    /// Half a millisecond to ten seconds: what a person waits for.
    Answers,
    /// A second to a week: how long a case or a refund takes.
    Cases,
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
            Self::Cases => &[
                1.0, 5.0, 30.0, 60.0, 300.0, 1_800.0, 3_600.0, 21_600.0, 86_400.0, 259_200.0,
                604_800.0,
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

    REQUESTS = "makegood_claims_received_total", Kind::Counter, ["channel"], "Claims received.";
    CASES_OPEN = "makegood_cases_open", Kind::Gauge, ["state"], "Cases that are not closed.";
    DECISIONS = "makegood_decisions_total", Kind::Counter, ["outcome", "by"], "Decisions made, by whom.";
    OVERRIDES = "makegood_decisions_overridden_total", Kind::Counter, [], "Decisions in which an agent departed from the policy.";
    CASE_SECONDS = "makegood_case_duration_seconds", Kind::Histogram(Bounds::Cases), ["outcome"], "Time from a claim to its decision.";
    TASKS_OPEN = "makegood_tasks_open", Kind::Gauge, ["team"], "Tasks that wait for a person.";
    TASKS_OVERDUE = "makegood_tasks_overdue", Kind::Gauge, ["team"], "Tasks past the time at which they were due.";
    LETTERS = "makegood_letters_sent_total", Kind::Counter, ["kind", "result"], "Letters to customers, by how sending ended.";

    REFUNDS = "makegood_refunds_total", Kind::Counter, ["provider", "result"], "Refunds that came to an end: succeeded, failed, cancelled.";
    REFUNDED_MINOR = "makegood_refunded_minor_units_total", Kind::Counter, ["currency"], "Money given back, in minor units.";
    REFUNDS_UNKNOWN = "makegood_refunds_unknown", Kind::Gauge, ["provider"], "Refunds that were sent and whose end is not known.";
    REFUND_SECONDS = "makegood_refund_duration_seconds", Kind::Histogram(Bounds::Cases), ["provider"], "Time from a decision to the provider's confirmation.";
    PROVIDER_REQUESTS = "makegood_provider_requests_total", Kind::Counter, ["provider", "operation", "result"], "Requests to payment providers.";
    PROVIDER_REQUEST_SECONDS = "makegood_provider_request_duration_seconds", Kind::Histogram(Bounds::Answers), ["provider", "operation"], "How long payment providers took to answer.";
    BREAKER_OPEN = "makegood_breaker_open", Kind::Gauge, ["provider"], "1 while nothing is sent to a payment provider because it kept failing.";
    MONEY_STOPPED = "makegood_money_stopped", Kind::Gauge, ["by"], "1 while no money moves: by the kill switch, a daily limit, or frozen books.";
    BREACHES = "makegood_breaches_total", Kind::Counter, ["provider"], "Refunds at a provider that break a limit or that nobody here decided.";
    RECONCILED_AT = "makegood_reconciled_timestamp_seconds", Kind::Gauge, ["provider"], "When the books were last held against the provider's.";
    RECONCILE_DIFFERENCES = "makegood_reconcile_differences_total", Kind::Counter, ["provider"], "Differences found between our books and the provider's.";

    WEBHOOKS_IN = "makegood_webhooks_received_total", Kind::Counter, ["provider", "result"], "Webhooks from payment providers and the connector.";
    WEBHOOKS_OUT = "makegood_webhooks_sent_total", Kind::Counter, ["result"], "Tries to deliver webhooks to the merchant's systems.";
    WEBHOOKS_WAITING = "makegood_webhooks_waiting", Kind::Gauge, [], "Webhooks not delivered yet.";
    CONNECTOR_REQUESTS = "makegood_connector_requests_total", Kind::Counter, ["command", "result"], "Commands to the fulfilment connector.";
    OWED = "makegood_owed", Kind::Gauge, ["kind"], "Payments, letters, questions and commands that are owed.";
    OWED_OLDEST_SECONDS = "makegood_owed_oldest_age_seconds", Kind::Gauge, ["kind"], "How long the oldest of them has been owed.";

    STORE_COMMITS = "makegood_store_commits_total", Kind::Counter, [], "Transactions committed.";
    STORE_COMMIT_SECONDS = "makegood_store_commit_duration_seconds", Kind::Histogram(Bounds::Answers), [], "How long a commit took, until it was durable.";
    STORE_COMMIT_JOBS = "makegood_store_commit_jobs", Kind::Histogram(Bounds::Sharers), [], "How many changes shared a commit.";
    STORE_RETRIES = "makegood_store_retries_total", Kind::Counter, ["reason"], "Transactions that ran again.";
    IMPORT_LINES = "makegood_import_lines_total", Kind::Counter, ["kind", "result"], "Lines imported.";
    ATTACHMENTS = "makegood_attachments_received_total", Kind::Counter, ["kind", "result"], "Attachments received: kept, or why not.";
    ATTACHMENT_BYTES = "makegood_attachments_received_bytes_total", Kind::Counter, [], "Bytes of attachments kept.";
    AUDIT_LEAVES = "makegood_audit_leaves", Kind::Gauge, [], "Entries of the audit log.";
    AUDIT_SIGNED_AT = "makegood_audit_signed_timestamp_seconds", Kind::Gauge, [], "When a checkpoint of the audit log was last signed.";
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
