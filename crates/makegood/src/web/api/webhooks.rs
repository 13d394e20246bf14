// SPDX-License-Identifier: MIT OR Apache-2.0
//! Webhook endpoints: where events are sent to, with which secret, and what became of them.
//!
//! A secret is shown once, when it is made; answers here are not kept, so nobody finds it again.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Uri;
use makegood_desk::case::Instant;
use makegood_desk::input::Id;
use ring::rand::SystemRandom;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::books::webhooks::{self as books, DeliveryRecord, EndpointRecord, NewEndpoint};
use crate::clock;
use crate::outgoing::Format;
use crate::secret::Secret;
use crate::signing::SigningKey;
use crate::web::Web;
use crate::web::idempotency::Told;
use crate::web::refusal::Problem;
use crate::web::wire::{Answer, Few, Line, List, Parameters, json, moment, name, read_name, unix};
use crate::wire::{Fault, WireError, Written as _};

/// A new endpoint.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhookEndpoint {
    /// Where to send. Addresses inside networks are refused unless the settings allow them.
    url: Line<2000>,
    /// Which events, as `case.refund_succeeded`, `case.*` or `*`; all where nothing is said.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 100)]
    events: Few<Line<100>, 100>,
    /// `standard` (Standard Webhooks; what is meant where nothing is said) or `cloudevents`.
    format: Option<Line<20>>,
}

/// Where events are sent to.
#[derive(Serialize, ToSchema)]
pub struct WebhookEndpoint {
    /// `webhook_endpoint`.
    pub object: &'static str,
    /// Its id.
    pub id: String,
    /// Where to.
    pub url: String,
    /// Which events; all where the list is empty.
    pub events: Vec<String>,
    /// How they are written.
    pub format: &'static str,
    /// `enabled` or `disabled`.
    pub status: &'static str,
    /// Why it is switched off: `gone` (it answered 410), `failing` (it took nothing for five days) or `by_hand`.
    pub disabled_why: Option<&'static str>,
    /// Since when it is switched off.
    pub disabled_at: Option<String>,
    /// Since when nothing got through.
    pub failing_since: Option<String>,
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// The same exactly.
    pub created_at: String,
    /// What signs, as Standard Webhooks writes it. Only where it is made: it is never shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub secret: Option<String>,
}

/// All endpoints.
pub type WebhookEndpoints = List<WebhookEndpoint>;

/// An event on its way to an endpoint.
#[derive(Serialize, ToSchema)]
pub struct WebhookDelivery {
    /// `webhook_delivery`.
    pub object: &'static str,
    /// Its id.
    pub id: String,
    /// The event.
    pub event: String,
    /// What happened.
    pub r#type: String,
    /// `waiting`, `delivered` or `given_up`.
    pub status: String,
    /// How many tries there were.
    pub tries: u64,
    /// When the next is made, if one is.
    pub next_at: Option<String>,
    /// The status of the last answer.
    pub last_status: Option<i64>,
    /// Why it was not taken.
    pub last_words: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// When something last became of it.
    pub changed_at: String,
}

/// A page of deliveries.
pub type WebhookDeliveries = List<WebhookDelivery>;

/// Which deliveries are begun anew.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaySince {
    /// Those made since then, as an instant with its zone.
    since: Line<40>,
    /// Whether also those that were taken; else only those that were given up.
    #[serde(default)]
    all: bool,
}

/// That something is done.
#[derive(Serialize, ToSchema)]
pub struct Replayed {
    /// How many deliveries were begun anew.
    pub replayed: u64,
}

/// That an endpoint is gone.
#[derive(Serialize, ToSchema)]
pub struct Removed {
    /// The endpoint.
    pub id: String,
    /// `true`.
    pub removed: bool,
}

/// Nothing is said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NothingSaid {}

fn out(record: &EndpointRecord, secret: Option<&Secret>) -> WebhookEndpoint {
    let health = &record.health;
    WebhookEndpoint {
        object: "webhook_endpoint",
        id: name("we", record.id),
        url: record.url.clone(),
        events: record.kinds.clone(),
        format: books::form_word(record.form),
        status: if health.disabled.is_some() {
            "disabled"
        } else {
            "enabled"
        },
        disabled_why: health.disabled.map(|(_, why)| books::why_word(why)),
        disabled_at: health.disabled.map(|(at, _)| at.to_string()),
        failing_since: health.failing_since.map(|at| at.to_string()),
        created: unix(record.created_at),
        created_at: moment(record.created_at),
        secret: secret.map(|secret| secret.expose().clone()),
    }
}

fn bad(pointer: &str, detail: String) -> Problem {
    Problem::body(WireError {
        kind: Fault::BadValue,
        detail,
        pointer: pointer.to_owned(),
    })
}

fn no_endpoint() -> Problem {
    Problem::no_such("webhook endpoint")
}

fn endpoint_id(text: &str) -> Result<Id, Problem> {
    read_name("we", text).map_err(|_| no_endpoint())
}

async fn found(web: &Web, id: Id) -> Result<EndpointRecord, Problem> {
    let read = web
        .desk
        .store
        .read(move |tx| Box::pin(async move { books::find(tx, id).await }));
    read.await?.ok_or_else(no_endpoint)
}

/// Add a webhook endpoint
///
/// Events that are written down from now on are sent there, signed with the secret that is answered here and never again.
#[utoipa::path(post, path = "/v1/webhook_endpoints", tag = "Webhooks", operation_id = "create_webhook_endpoint",
    request_body = NewWebhookEndpoint, responses((status = 200, description = "The endpoint, with its secret.", body = WebhookEndpoint)))]
pub async fn create(State(web): State<Arc<Web>>, told: Told<NewWebhookEndpoint>) -> Answer {
    let NewWebhookEndpoint {
        url,
        events,
        format,
    } = told.body;
    if let Err(refusal) = web.way_out.guard().check_url(&url.0) {
        return Err(bad("/url", format!("`url`: {refusal}")));
    }
    let form = match format {
        None => Format::Standard,
        Some(word) => Format::read(&word.0).ok_or_else(|| {
            bad(
                "/format",
                "`format` is none; write `standard` or `cloudevents`".to_owned(),
            )
        })?,
    };
    let kinds: Vec<String> = events.0.into_iter().map(|pattern| pattern.0).collect();
    let now = web.clock.now();
    let made = NewEndpoint::new(&web.vault, &url.0, &kinds, form, now).await;
    let new = made.map_err(|trouble| match trouble.into_refusal::<String>() {
        Ok(why) => bad("/events", why),
        Err(trouble) => trouble.into(),
    })?;
    let new = Arc::new(new);
    let writing = Arc::clone(&new);
    web.desk
        .store
        .write(move |tx| {
            let new = Arc::clone(&writing);
            Box::pin(async move { new.write(tx).await })
        })
        .await?;
    Ok(json(&out(&found(&web, new.id).await?, Some(&new.secret))))
}

/// List webhook endpoints
#[utoipa::path(get, path = "/v1/webhook_endpoints", tag = "Webhooks", operation_id = "list_webhook_endpoints",
    responses((status = 200, description = "All of them.", body = WebhookEndpoints)))]
pub async fn list(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let all = web
        .desk
        .store
        .read(|tx| Box::pin(async move { books::endpoints(tx).await }))
        .await?;
    let data: Vec<WebhookEndpoint> = all.iter().map(|record| out(record, None)).collect();
    Ok(json(&List::new("/v1/webhook_endpoints", data, false)))
}

/// Read a webhook endpoint
#[utoipa::path(get, path = "/v1/webhook_endpoints/{id}", tag = "Webhooks", operation_id = "read_webhook_endpoint",
    params(("id" = String, Path, description = "Its id.")),
    responses((status = 200, description = "The endpoint.", body = WebhookEndpoint)))]
pub async fn read(State(web): State<Arc<Web>>, Path(id): Path<String>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    Ok(json(&out(&found(&web, endpoint_id(&id)?).await?, None)))
}

/// Take a new secret into use
///
/// The old one signs beside it for a day, so that the receiver has time to learn the new one.
#[utoipa::path(post, path = "/v1/webhook_endpoints/{id}/rotate", tag = "Webhooks", operation_id = "rotate_webhook_secret",
    params(("id" = String, Path, description = "Its id.")), request_body = NothingSaid,
    responses((status = 200, description = "The endpoint, with its new secret.", body = WebhookEndpoint)))]
pub async fn rotate(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    _: Told<NothingSaid>,
) -> Answer {
    let id = endpoint_id(&id)?;
    let key = SigningKey::new_shared(&SystemRandom::new()).map_err(Problem::fault)?;
    let secret = Secret::new(key.reveal());
    let rotated = books::rotate(&web.desk.store, &web.vault, id, &secret, web.clock.now());
    rotated.await?.ok_or_else(no_endpoint)?;
    Ok(json(&out(&found(&web, id).await?, Some(&secret))))
}

async fn switch(web: &Web, id: &str, on: bool) -> Answer {
    let (id, now) = (endpoint_id(id)?, web.clock.now());
    let switched = web
        .desk
        .store
        .write(move |tx| Box::pin(async move { books::switch(tx, id, on, now).await }));
    if !switched.await? {
        return Err(no_endpoint());
    }
    Ok(json(&out(&found(web, id).await?, None)))
}

/// Switch an endpoint on again
///
/// What happened in the meantime is sent, too.
#[utoipa::path(post, path = "/v1/webhook_endpoints/{id}/enable", tag = "Webhooks", operation_id = "enable_webhook_endpoint",
    params(("id" = String, Path, description = "Its id.")), request_body = NothingSaid,
    responses((status = 200, description = "The endpoint.", body = WebhookEndpoint)))]
pub async fn enable(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    _: Told<NothingSaid>,
) -> Answer {
    switch(&web, &id, true).await
}

/// Switch an endpoint off
///
/// What waits for it is given up, and can be replayed.
#[utoipa::path(post, path = "/v1/webhook_endpoints/{id}/disable", tag = "Webhooks", operation_id = "disable_webhook_endpoint",
    params(("id" = String, Path, description = "Its id.")), request_body = NothingSaid,
    responses((status = 200, description = "The endpoint.", body = WebhookEndpoint)))]
pub async fn disable(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    _: Told<NothingSaid>,
) -> Answer {
    switch(&web, &id, false).await
}

/// Remove an endpoint
///
/// With its secrets and with what was sent to it.
#[utoipa::path(post, path = "/v1/webhook_endpoints/{id}/remove", tag = "Webhooks", operation_id = "remove_webhook_endpoint",
    params(("id" = String, Path, description = "Its id.")), request_body = NothingSaid,
    responses((status = 200, description = "It is gone.", body = Removed)))]
pub async fn remove(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    _: Told<NothingSaid>,
) -> Answer {
    let (gone, now) = (endpoint_id(&id)?, web.clock.now());
    let removed = web
        .desk
        .store
        .write(move |tx| Box::pin(async move { books::remove(tx, gone).await }));
    if !removed.await? {
        return Err(no_endpoint());
    }
    books::forget(&web.vault, gone, now).await?;
    Ok(json(&Removed { id, removed: true }))
}

/// Send an endpoint everything again since a moment
///
/// What was given up; with `all`, also what was taken. A message keeps its id, so a receiver that has it knows it. Deliveries are kept
/// for 30 days.
#[utoipa::path(post, path = "/v1/webhook_endpoints/{id}/replay", tag = "Webhooks", operation_id = "replay_webhooks",
    params(("id" = String, Path, description = "Its id.")), request_body = ReplaySince,
    responses((status = 200, description = "How many are sent again.", body = Replayed)))]
pub async fn replay_since(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    told: Told<ReplaySince>,
) -> Answer {
    let id = found(&web, endpoint_id(&id)?).await?.id;
    let ReplaySince { since, all } = told.body;
    let since = Instant::read(&since.0)
        .map_err(|instead| bad("/since", format!("`since` is none; write {instead}")))?;
    if crate::books::nanoseconds(since).is_err() {
        return Err(bad(
            "/since",
            "`since` lies before 1678 or after 2261; correct the year".to_owned(),
        ));
    }
    let now = web.clock.now();
    let replayed = web.desk.store.write(move |tx| {
        Box::pin(async move { books::replay_since(tx, id, since, all, now).await })
    });
    Ok(json(&Replayed {
        replayed: replayed.await?,
    }))
}

impl From<DeliveryRecord> for WebhookDelivery {
    fn from(record: DeliveryRecord) -> Self {
        Self {
            object: "webhook_delivery",
            id: name("wd", record.id),
            event: format!("evt_{}", record.leaf),
            r#type: record.kind,
            status: record.state,
            tries: record.tries,
            next_at: record.next_at.map(|at| clock::timestamp(at).to_string()),
            last_status: record.last_status,
            last_words: record.last_words,
            created_at: moment(record.created_at),
            changed_at: moment(record.changed_at),
        }
    }
}

/// What an endpoint is told of an event.
#[derive(Serialize, ToSchema)]
pub struct WebhookMessage {
    /// The event, and the name of the message.
    #[schema(example = "evt_17")]
    pub id: String,
    /// What happened.
    #[schema(example = "case.refund_succeeded")]
    pub r#type: String,
    /// When.
    #[schema(example = "2026-11-26T01:47:26Z")]
    pub timestamp: String,
    /// To which case, with the refund or the decision if it is about one. Nothing that a person wrote stands here.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

/// A page of messages.
pub type WebhookMessages = List<WebhookMessage>;

/// Fetch what endpoints are told
///
/// The same messages, for programs that cannot be reached from here; oldest first. `makegood webhook listen` follows them.
#[utoipa::path(get, path = "/v1/webhook_messages", tag = "Webhooks", operation_id = "list_webhook_messages", params(
    ("after" = Option<String>, Query, description = "Those of events after this one, by id; all from the beginning where nothing is said."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many at most; 10 where nothing is said."),
), responses((status = 200, description = "A page of messages.", body = WebhookMessages)))]
pub async fn messages(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    let parameters = Parameters::of(&uri, &["after", "limit"])?;
    let after = parameters.read("after", "the `id` of an event", super::events::leaf)?;
    let from = after.map_or(0, |leaf| leaf.saturating_add(1));
    let limit = parameters.number("limit", 1, 100)?.unwrap_or(10);
    let most = limit.saturating_add(1);
    let store = &web.desk.store;
    let read = store.read(move |tx| Box::pin(async move { books::messages(tx, from, most).await }));
    let mut told = read.await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = told.len() > limit;
    told.truncate(limit);
    let text = |message: &serde_json::Value, part: &str| {
        let text = message.get(part).and_then(serde_json::Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let shown = told.into_iter().map(|mut message| WebhookMessage {
        id: text(&message, "id"),
        r#type: text(&message, "type"),
        timestamp: text(&message, "created"),
        data: message
            .get_mut("data")
            .map(serde_json::Value::take)
            .unwrap_or_default(),
    });
    Ok(json(&List::new(
        "/v1/webhook_messages",
        shown.collect(),
        more,
    )))
}

/// List what was sent to an endpoint
///
/// Newest first.
#[utoipa::path(get, path = "/v1/webhook_deliveries", tag = "Webhooks", operation_id = "list_webhook_deliveries", params(
    ("endpoint" = String, Query, description = "The endpoint, by its id."),
    ("before" = Option<String>, Query, description = "Those of events before this one, by id."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many at most; 10 where nothing is said."),
), responses((status = 200, description = "A page of deliveries.", body = WebhookDeliveries),
    (status = 404, description = "There is no such endpoint (`/problems/not-found`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody)))]
pub async fn deliveries(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    let parameters = Parameters::of(&uri, &["endpoint", "before", "limit"])?;
    let endpoint = parameters.get("endpoint").map(endpoint_id).transpose()?;
    let endpoint = endpoint.ok_or_else(|| {
        Problem::parameter(
            "endpoint",
            "`endpoint` is missing; name the `id` of a webhook endpoint",
        )
    })?;
    let leaf = |id: &str| {
        let digits = id.strip_prefix("evt_")?;
        let leaf = digits
            .parse::<u64>()
            .ok()
            .filter(|leaf| i64::try_from(*leaf).is_ok())?;
        (leaf.to_string() == digits).then_some(leaf)
    };
    let before = parameters.read("before", "the `id` of an event", leaf)?;
    let limit = parameters.number("limit", 1, 100)?.unwrap_or(10);
    let endpoint = found(&web, endpoint).await?.id;
    let most = limit.saturating_add(1);
    let read = web.desk.store.read(move |tx| {
        Box::pin(async move { books::deliveries(tx, endpoint, before, most).await })
    });
    let mut rows = read.await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let data: Vec<WebhookDelivery> = rows.into_iter().map(Into::into).collect();
    Ok(json(&List::new("/v1/webhook_deliveries", data, more)))
}

/// Send a message again
#[utoipa::path(post, path = "/v1/webhook_deliveries/{id}/replay", tag = "Webhooks", operation_id = "replay_webhook",
    params(("id" = String, Path, description = "The id of the delivery.")), request_body = NothingSaid,
    responses((status = 200, description = "It is sent again.", body = Replayed)))]
pub async fn replay(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    _: Told<NothingSaid>,
) -> Answer {
    let no_delivery = || Problem::no_such("webhook delivery");
    let id = read_name("wd", &id).map_err(|_| no_delivery())?;
    let now = web.clock.now();
    let replayed = web
        .desk
        .store
        .write(move |tx| Box::pin(async move { books::replay(tx, id, now).await }));
    match replayed.await? {
        true => Ok(json(&Replayed { replayed: 1 })),
        false => Err(no_delivery()),
    }
}
