// SPDX-License-Identifier: MIT OR Apache-2.0
//! What happened, and who is told: events, webhook endpoints, signed deliveries and their retries.

use ring::hmac;
use serde_json::{Value, json};

use super::call::Method;
use super::form::Params;
use super::payments::Metadata;
use super::problem::Problem;
use super::table::{Page, Row, list};
use super::world::{API_VERSION, Cause, EVENTS_KEPT, Manner, World, unknown};

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    id: String,
    created: i64,
    kind: &'static str,
    /// `data`, written once: events are many and large.
    data: String,
    cause: Cause,
    pending: u64,
}

/// Who wants to be told.
#[derive(Clone, Debug)]
pub struct Endpoint {
    id: String,
    created: i64,
    url: String,
    wants: Vec<String>,
    secret: String,
    enabled: bool,
    removed: bool,
    description: Option<String>,
    metadata: Metadata,
}

impl Row for Event {
    const NOUN: &'static str = "event";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl Row for Endpoint {
    const NOUN: &'static str = "webhook endpoint";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

/// An event on its way to an endpoint.
#[derive(Clone, Debug)]
pub struct Delivery {
    event: String,
    endpoint: String,
    tries: u32,
    first: i64,
}

/// One webhook, signed and ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// What to report its fate by.
    pub number: u64,
    /// When it was due.
    pub due: i64,
    /// Where to.
    pub url: String,
    /// The type of the event.
    pub kind: &'static str,
    /// The bytes.
    pub body: String,
    /// The header `Stripe-Signature`.
    pub signature: String,
}

/// Stripe goes on for three days.
const RETRIES_END: i64 = 3 * 86_400;
/// Events can be read for thirty days.
const EVENTS_LIVE: i64 = 30 * 86_400;

impl World {
    pub(super) fn event_calls(
        &mut self,
        method: Method,
        segments: &[&str],
        params: Params,
    ) -> Result<Value, Problem> {
        match (method, segments) {
            (Method::Get, ["events"]) => self.list_events(params),
            (Method::Get, ["events", id]) => {
                params.finish()?;
                Ok(self.events.named(id)?.value())
            }
            (Method::Post, ["webhook_endpoints"]) => self.create_endpoint(params),
            (Method::Get, ["webhook_endpoints"]) => self.list_endpoints(params),
            (Method::Get, ["webhook_endpoints", id]) => {
                params.finish()?;
                Ok(self.endpoint(id)?.value())
            }
            (Method::Post, ["webhook_endpoints", id]) => self.update_endpoint(id, params),
            (Method::Delete, ["webhook_endpoints", id]) => {
                params.finish()?;
                self.remove_endpoint(id)
            }
            _ => Err(unknown(method, segments)),
        }
    }

    fn endpoint(&self, id: &str) -> Result<&Endpoint, Problem> {
        let endpoint = self.endpoints.named(id)?;
        if endpoint.removed {
            return Err(Problem::missing(Endpoint::NOUN, id, "id"));
        }
        Ok(endpoint)
    }

    /// Is anybody interested in what happens? If not, nothing need be written.
    pub(super) fn is_watched(&self) -> bool {
        self.events_kept > 0 || self.endpoints.iter().any(|endpoint| !endpoint.removed)
    }

    /// Writes down what happened and sets the webhooks on their way.
    pub(super) fn emit(&mut self, kind: &'static str, object: Value, previous: Option<Value>) {
        let mut data = json!({ "object": object });
        if let Some(previous) = previous {
            data["previous_attributes"] = previous;
        }
        let id = self.random.id("evt");
        let told: Vec<String> = self
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.enabled && !endpoint.removed && endpoint.is_for(kind))
            .map(|endpoint| endpoint.id.clone())
            .collect();
        self.events.add(Event {
            id: id.clone(),
            created: self.now,
            kind,
            data: data.to_string(),
            cause: self.cause.clone(),
            pending: u64::try_from(told.len()).unwrap_or(u64::MAX),
        });
        let is_needed = !told.is_empty() || !self.deliveries.is_empty();
        let needed = if is_needed { EVENTS_KEPT } else { 0 };
        self.events.keep_at_most(self.events_kept.max(needed));
        for endpoint in told {
            self.send_off(&id, &endpoint);
        }
    }

    fn send_off(&mut self, event: &str, endpoint: &str) {
        let copies = if self.manner == Manner::Twice { 2 } else { 1 };
        for _ in 0..copies {
            let number = self.next_delivery;
            self.next_delivery += 1;
            let order = match self.manner {
                // Later numbers go first within the same second.
                Manner::Backwards => BACKWARDS.saturating_sub(number),
                _ => BACKWARDS.saturating_add(number),
            };
            let delivery = Delivery {
                event: event.to_owned(),
                endpoint: endpoint.to_owned(),
                tries: 0,
                first: self.now,
            };
            self.deliveries.insert((self.now, order), delivery);
        }
    }

    /// The webhooks that are due, signed with this moment.
    pub fn webhooks_due(&mut self) -> Vec<Webhook> {
        // What waited so long that its event is forgotten cannot be told any more.
        let events = &self.events;
        self.deliveries
            .retain(|_, delivery| events.get(&delivery.event).is_some());
        self.deliveries
            .range(..=(self.now, u64::MAX))
            .filter_map(|((due, number), delivery)| {
                let endpoint = self.endpoints.get(&delivery.endpoint)?;
                let event = self.events.get(&delivery.event)?;
                let body = event.value().to_string();
                Some(Webhook {
                    number: *number,
                    due: *due,
                    url: endpoint.url.clone(),
                    kind: event.kind,
                    signature: signature(&endpoint.secret, self.now, &body),
                    body,
                })
            })
            .collect()
    }

    /// Whether a webhook arrived; one that did not is tried again later, for three days.
    pub fn webhook_ended(&mut self, due: i64, number: u64, arrived: bool) {
        let Some(mut delivery) = self.deliveries.remove(&(due, number)) else {
            return;
        };
        let pause = 5_i64.saturating_mul(1_i64 << delivery.tries.min(13));
        let next = self.now.saturating_add(pause);
        if arrived || next.saturating_sub(delivery.first) > RETRIES_END {
            if let Some(event) = self.events.get_mut(&delivery.event) {
                event.pending = event.pending.saturating_sub(1);
            }
            return;
        }
        delivery.tries += 1;
        self.deliveries.insert((next, number), delivery);
    }

    fn list_events(&mut self, mut params: Params) -> Result<Value, Problem> {
        let page = Page::take(&mut params)?;
        let mut kinds = params.texts("types")?;
        kinds.extend(params.text("type")?);
        params.ignore(&["delivery_success"]);
        params.finish()?;
        let since = self.now.saturating_sub(EVENTS_LIVE);
        let until = self.seen_until();
        let fits = |row: &Event| {
            (since..=until).contains(&row.created)
                && (kinds.is_empty() || kinds.iter().any(|kind| matches(kind, row.kind)))
        };
        let (rows, more) = self.events.page(&page, None, fits)?;
        let rows = rows.into_iter().map(Event::value).collect();
        Ok(list("/v1/events", rows, more))
    }

    fn create_endpoint(&mut self, mut params: Params) -> Result<Value, Problem> {
        let url = params.required("url")?;
        let known =
            url::Url::parse(&url).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
        if !known {
            let message = "Invalid URL: an explicit scheme (such as https) must be provided.";
            return Err(Problem::unclear("url_invalid", "url", message.to_owned()));
        }
        let wants = params.texts("enabled_events")?;
        if wants.is_empty() {
            let message = "Missing required param: enabled_events.".to_owned();
            return Err(Problem::unclear(
                "parameter_missing",
                "enabled_events",
                message,
            ));
        }
        let mut metadata = Metadata::new();
        params.metadata(&mut metadata)?;
        params.ignore(&["api_version", "connect"]);
        let description = params.text("description")?;
        params.finish()?;
        let secret = self.random.id("whsec");
        let endpoint = Endpoint {
            id: self.random.id("we"),
            created: self.now,
            url,
            wants,
            secret: secret.clone(),
            enabled: true,
            removed: false,
            description,
            metadata,
        };
        let mut value = endpoint.value();
        value["secret"] = secret.into();
        self.endpoints.add(endpoint);
        Ok(value)
    }

    fn update_endpoint(&mut self, id: &str, mut params: Params) -> Result<Value, Problem> {
        let mut next = self.endpoint(id)?.clone();
        params.metadata(&mut next.metadata)?;
        if let Some(url) = params.text("url")? {
            next.url = url;
        }
        let wants = params.texts("enabled_events")?;
        if !wants.is_empty() {
            next.wants = wants;
        }
        if let Some(disabled) = params.flag("disabled")? {
            next.enabled = !disabled;
        }
        params.finish()?;
        let value = next.value();
        *self.endpoints.named_mut(id)? = next;
        Ok(value)
    }

    fn remove_endpoint(&mut self, id: &str) -> Result<Value, Problem> {
        self.endpoint(id)?;
        self.endpoints.named_mut(id)?.removed = true;
        self.deliveries
            .retain(|_, delivery| delivery.endpoint != id);
        Ok(json!({ "id": id, "object": "webhook_endpoint", "deleted": true }))
    }

    fn list_endpoints(&mut self, mut params: Params) -> Result<Value, Problem> {
        let page = Page::take(&mut params)?;
        params.finish()?;
        let (rows, more) = self.endpoints.page(&page, None, |row| !row.removed)?;
        let rows = rows.into_iter().map(Endpoint::value).collect();
        Ok(list("/v1/webhook_endpoints", rows, more))
    }
}

/// The middle of the numbers, so that some can go before and some behind.
const BACKWARDS: u64 = u64::MAX / 2;

/// `charge.*` stands for all that begin so.
fn matches(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(begin) => kind.starts_with(begin),
        None => pattern == kind,
    }
}

/// The header `Stripe-Signature`: `t=…,v1=…`, an HMAC over the time and the raw body.
#[must_use]
pub fn signature(secret: &str, moment: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{moment}.{body}").as_bytes());
    let hex: String = tag
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("t={moment},v1={hex}")
}

impl Endpoint {
    fn is_for(&self, kind: &str) -> bool {
        self.wants.iter().any(|pattern| matches(pattern, kind))
    }

    /// As Stripe shows it: the secret is shown once, when it is made.
    #[must_use]
    pub fn value(&self) -> Value {
        json!({
            "id": self.id,
            "object": "webhook_endpoint",
            "api_version": null,
            "application": null,
            "created": self.created,
            "description": self.description,
            "enabled_events": self.wants,
            "livemode": false,
            "metadata": self.metadata,
            "status": if self.enabled { "enabled" } else { "disabled" },
            "url": self.url,
        })
    }
}

impl Event {
    /// As Stripe shows it.
    #[must_use]
    pub fn value(&self) -> Value {
        let data: Value = serde_json::from_str(&self.data).unwrap_or_default();
        json!({
            "id": self.id,
            "object": "event",
            "api_version": API_VERSION,
            "created": self.created,
            "data": data,
            "livemode": false,
            "pending_webhooks": self.pending,
            "request": { "id": self.cause.request, "idempotency_key": self.cause.key },
            "type": self.kind,
        })
    }
}
