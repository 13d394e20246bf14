// SPDX-License-Identifier: MIT OR Apache-2.0
//! Trouble on demand: planned for the n-th call that matches, or by chance with rates and a seed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::call::{Call, Method};
use super::random::Random;

/// What goes wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// It is done, and the connection breaks before the answer.
    LostAnswer,
    /// The connection breaks now, and the call arrives later.
    LateLanding {
        /// After so many seconds of the sandbox's clock.
        #[serde(default = "some_seconds")]
        after: i64,
    },
    /// It waits in vain. Where it lands, its key is in use until then.
    Timeout {
        /// How long the caller is kept waiting before the connection breaks.
        #[serde(default = "half_a_minute")]
        hold_ms: u64,
        /// After so many seconds it is done all the same; without it, never.
        #[serde(default)]
        lands_after: Option<i64>,
    },
    /// A 500 before anything was begun: the next try succeeds.
    #[serde(rename = "error_500_then_success")]
    Error500ThenSuccess,
    /// It is done, the answer is a 500, and the same key gives the same 500.
    #[serde(rename = "error_500_executed")]
    Error500Executed,
    /// Too many calls.
    #[serde(rename = "rate_limit_429")]
    RateLimit429,
    /// The key is said to be in use.
    #[serde(rename = "conflict_409")]
    Conflict409,
    /// Any refusal in Stripe's form.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// `error.type`.
        #[serde(rename = "type", default = "invalid_request")]
        kind: String,
        /// `error.code`.
        #[serde(default)]
        code: Option<String>,
        /// `error.message`.
        #[serde(default)]
        message: String,
    },
    /// It is done, and the answer is not what it should be.
    GarbledAnswer {
        /// In which way.
        #[serde(default)]
        how: Garbling,
    },
    /// A list shows the world as it was so many seconds ago.
    StaleList {
        /// How old.
        #[serde(default = "some_seconds")]
        by: i64,
    },
    /// A search shows the world as it was so many seconds ago.
    StaleSearch {
        /// How old.
        #[serde(default = "some_seconds")]
        by: i64,
    },
    /// The webhooks of the call arrive before its answer.
    WebhookBeforeAnswer,
    /// Each webhook of the call arrives twice.
    DuplicateWebhooks,
    /// The webhooks of the call arrive in the reverse order.
    DisorderedWebhooks,
}

/// Ways to spoil an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Garbling {
    /// It ends in the middle.
    #[default]
    CutShort,
    /// A page of some machine in between.
    Html,
    /// Nothing.
    Empty,
    /// JSON that is no object of Stripe's.
    OtherJson,
}

fn some_seconds() -> i64 {
    60
}

fn half_a_minute() -> u64 {
    30_000
}

fn invalid_request() -> String {
    "invalid_request_error".to_owned()
}

/// A fault that waits for its call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// `GET`, `POST`, `DELETE`; any where it is left out.
    #[serde(default)]
    pub method: Option<String>,
    /// The path; a `*` at its end stands for anything.
    pub path: String,
    /// The fault begins with the n-th call that matches, counted from 1.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many calls it hits.
    #[serde(default = "one")]
    pub times: u64,
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: Fault,
}

fn one() -> u64 {
    1
}

impl Plan {
    fn matches(&self, call: &Call) -> bool {
        let method_fits = self
            .method
            .as_deref()
            .is_none_or(|word| word.eq_ignore_ascii_case(call.method.word()));
        let path_fits = match self.path.strip_suffix('*') {
            Some(begin) => call.path.starts_with(begin),
            None => call.path == self.path,
        };
        method_fits && path_fits
    }
}

/// Faults by chance: how many calls in a thousand meet each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chaos {
    /// The same seed and the same calls meet the same faults.
    #[serde(default)]
    pub seed: u64,
    /// Per thousand calls, by the name of the fault.
    #[serde(default)]
    pub rates: BTreeMap<String, u64>,
}

/// Everything that can go wrong now.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    plans: Vec<Plan>,
    chaos: Option<(Random, Vec<(Fault, u64)>)>,
    met: BTreeMap<String, u64>,
}

impl Faults {
    /// Could a call meet a fault?
    #[must_use]
    pub fn armed(&self) -> bool {
        !self.plans.is_empty() || self.chaos.is_some()
    }

    /// Plans one more.
    pub fn plan(&mut self, plan: Plan) {
        self.plans.push(plan);
    }

    /// What is planned and not met yet.
    #[must_use]
    pub fn planned(&self) -> &[Plan] {
        &self.plans
    }

    /// How often each fault was met.
    #[must_use]
    pub fn met(&self) -> &BTreeMap<String, u64> {
        &self.met
    }

    /// Ends all trouble.
    pub fn clear(&mut self) {
        self.plans.clear();
        self.chaos = None;
    }

    /// Begins trouble by chance.
    ///
    /// # Errors
    /// The name of a fault that does not exist.
    pub fn chaos(&mut self, chaos: &Chaos) -> Result<(), String> {
        let mut rates = Vec::new();
        for (name, rate) in &chaos.rates {
            let named = serde_json::json!({ "fault": name });
            let fault = serde_json::from_value(named).map_err(|_| {
                format!("`{name}` is no fault that can come by chance; see /_sandbox for the names")
            })?;
            rates.push((fault, *rate));
        }
        self.chaos = Some((Random::new(chaos.seed), rates));
        Ok(())
    }

    /// The fault that this call meets.
    pub fn next(&mut self, call: &Call) -> Option<Fault> {
        let fault = self
            .next_planned(call)
            .or_else(|| self.next_by_chance(call))?;
        *self.met.entry(name(&fault)).or_default() += 1;
        Some(fault)
    }

    fn next_planned(&mut self, call: &Call) -> Option<Fault> {
        let mut hit = None;
        for plan in &mut self.plans {
            if !plan.matches(call) {
                continue;
            }
            plan.nth = plan.nth.saturating_sub(1);
            if plan.nth == 0 && hit.is_none() {
                hit = Some(plan.fault.clone());
                plan.nth = 1;
                plan.times = plan.times.saturating_sub(1);
            }
        }
        self.plans.retain(|plan| plan.times > 0);
        hit
    }

    fn next_by_chance(&mut self, call: &Call) -> Option<Fault> {
        let (random, rates) = self.chaos.as_mut()?;
        let mut draw = random.below(1000);
        for (fault, rate) in rates {
            if draw < *rate {
                return suits(fault, call).then(|| fault.clone());
            }
            draw -= *rate;
        }
        None
    }
}

/// A fault of writing cannot hit a reader, and the other way round.
fn suits(fault: &Fault, call: &Call) -> bool {
    match fault {
        Fault::StaleList { .. } => call.method == Method::Get && !call.path.ends_with("/search"),
        Fault::StaleSearch { .. } => call.method == Method::Get && call.path.ends_with("/search"),
        Fault::LateLanding { .. }
        | Fault::Error500Executed
        | Fault::Conflict409
        | Fault::WebhookBeforeAnswer
        | Fault::DuplicateWebhooks
        | Fault::DisorderedWebhooks => call.method != Method::Get,
        _ => true,
    }
}

fn name(fault: &Fault) -> String {
    let value = serde_json::to_value(fault).unwrap_or_default();
    value["fault"].as_str().unwrap_or_default().to_owned()
}
