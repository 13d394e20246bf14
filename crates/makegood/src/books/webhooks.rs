// SPDX-License-Identifier: MIT OR Apache-2.0
//! Webhooks in the books: where events are sent to, what is on its way there, and what became of it.
//!
//! Deliveries are made from sealed events, in the order of the audit log. An event has its place there once, and none comes later
//! under an earlier place, so an endpoint that remembers where it is misses nothing.

use std::fmt;

use jiff::Timestamp;
use makegood_desk::case::{Duration, Instant};
use makegood_desk::event::Happened;
use makegood_desk::input::Id;
use makegood_desk::record;
use ring::rand::SystemRandom;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::seal::hex;
use super::{amount, count, instant, nanoseconds, stranger, whole};
use crate::answer::outcome_word;
use crate::clock::{self, timestamp};
use crate::outgoing::{
    Delivery, DeliveryState, Disabled, Endpoint, EventFilter, Failure, Format, GivenUp, Health,
    Jitter, Message, Outcome, Tried,
};
use crate::secret::Secret;
use crate::setup::new_id;
use crate::signing::{KeyRing, SigningKey};
use crate::store::{Row, Store, Trouble, Tx, Value};
use crate::vault::{Sealed, Vault};

crate::statements! {
    /// A new endpoint, for everything that is sealed from now on.
    INSERT_ENDPOINT = "insert into webhook_endpoint (id, url, kinds, form, secrets, next_leaf, created_at) values (?1, ?2, ?3, ?4, ?5, (select coalesce(max(leaf) + 1, 0) from event), ?6)";
    /// All endpoints.
    ENDPOINTS = "select id, url, kinds, form, secrets, next_leaf, created_at, failing_since, rests_until, disabled_at, disabled_why from webhook_endpoint order by created_at, id";
    /// An endpoint.
    ENDPOINT = "select id, url, kinds, form, secrets, next_leaf, created_at, failing_since, rests_until, disabled_at, disabled_why from webhook_endpoint where id = ?1";
    /// An endpoint, so that nobody else changes it meanwhile.
    ENDPOINT_LOCKED = sqlite "select id, url, kinds, form, secrets, next_leaf, created_at, failing_since, rests_until, disabled_at, disabled_why from webhook_endpoint where id = ?1",
        postgres "select id, url, kinds, form, secrets, next_leaf, created_at, failing_since, rests_until, disabled_at, disabled_why from webhook_endpoint where id = $1 for update";
    /// The next endpoint for which events were sealed, if nobody else looks after it.
    BEHIND = sqlite "select id, url, kinds, form, secrets, next_leaf, created_at, failing_since, rests_until, disabled_at, disabled_why from webhook_endpoint where disabled_at is null and next_leaf < (select coalesce(max(leaf) + 1, 0) from event) order by next_leaf limit 1",
        postgres "select id, url, kinds, form, secrets, next_leaf, created_at, failing_since, rests_until, disabled_at, disabled_why from webhook_endpoint where disabled_at is null and next_leaf < (select coalesce(max(leaf) + 1, 0) from event) order by next_leaf limit 1 for update skip locked";
    /// Whether there is such a one, without a lock.
    ANY_BEHIND = "select count(*) from webhook_endpoint where disabled_at is null and next_leaf < (select coalesce(max(leaf) + 1, 0) from event)";
    /// Sealed events from a place on, with their cases.
    SEALED_EVENTS = "select e.leaf, e.case_id, e.position, e.at, e.kind, e.role, e.record, c.number, c.order_number from event e left join desk_case c on c.id = e.case_id where e.leaf >= ?1 order by e.leaf limit ?2";
    /// How much a refund is, and of which payment.
    REFUND_TOLD = "select amount_minor, currency, payment_id from refund where case_id = ?1 and no = ?2";
    /// Something that is to be sent to an endpoint.
    INSERT_DELIVERY = "insert into webhook_delivery (id, endpoint_id, leaf, kind, body, state, tries, next_at, created_at, changed_at) values (?1, ?2, ?3, ?4, ?5, 'waiting', 0, ?6, ?6, ?6) on conflict (endpoint_id, leaf) do nothing";
    /// How far an endpoint has come.
    ADVANCE = "update webhook_endpoint set next_leaf = ?2 where id = ?1";
    /// When the next delivery is due.
    NEXT_DELIVERY = "select min(d.next_at) from webhook_delivery d join webhook_endpoint w on w.id = d.endpoint_id where d.next_at is not null and w.disabled_at is null and (w.rests_until is null or w.rests_until <= ?1)";
    /// Takes due deliveries in hand: for whoever else looks, they are due again after a while.
    TAKE_DELIVERIES = sqlite "update webhook_delivery set next_at = ?2 where id in (select d.id from webhook_delivery d join webhook_endpoint w on w.id = d.endpoint_id where d.next_at <= ?1 and w.disabled_at is null and (w.rests_until is null or w.rests_until <= ?1) order by d.next_at, d.leaf limit ?3) returning id, endpoint_id, body, tries",
        postgres "update webhook_delivery set next_at = $2 where id in (select d.id from webhook_delivery d join webhook_endpoint w on w.id = d.endpoint_id where d.next_at <= $1 and w.disabled_at is null and (w.rests_until is null or w.rests_until <= $1) order by d.next_at, d.leaf limit $3 for update of d skip locked) returning id, endpoint_id, body, tries";
    /// A delivery, so that nobody else changes it meanwhile.
    DELIVERY_LOCKED = sqlite "select endpoint_id, state, tries, next_at, changed_at from webhook_delivery where id = ?1",
        postgres "select endpoint_id, state, tries, next_at, changed_at from webhook_delivery where id = $1 for update";
    /// What became of a try.
    KEEP_DELIVERY = "update webhook_delivery set state = ?2, tries = ?3, next_at = ?4, last_status = ?5, last_words = ?6, changed_at = ?7 where id = ?1";
    /// How an endpoint is.
    KEEP_HEALTH = "update webhook_endpoint set failing_since = ?2, rests_until = ?3, disabled_at = ?4, disabled_why = ?5 where id = ?1";
    /// Gives up what waits for an endpoint that is switched off.
    GIVE_UP = "update webhook_delivery set state = 'given_up', next_at = null, last_words = ?2, changed_at = ?3 where endpoint_id = ?1 and state = 'waiting'";
    /// Other secrets, in place of those that were read.
    KEEP_SECRETS = "update webhook_endpoint set secrets = ?2 where id = ?1 and secrets = ?3";
    /// An endpoint that is gone.
    DELETE_ENDPOINT = "delete from webhook_endpoint where id = ?1";
    /// With what was sent to it.
    DELETE_ITS_DELIVERIES = "delete from webhook_delivery where endpoint_id = ?1";
    /// Deliveries that ended long ago.
    DELETE_OLD_DELIVERIES = "delete from webhook_delivery where created_at < ?1 and state <> 'waiting'";
    /// Begins a delivery anew.
    REPLAY_ONE = "update webhook_delivery set state = 'waiting', tries = 0, next_at = ?2, changed_at = ?2 where id = ?1";
    /// Begins deliveries of an endpoint anew: those that were given up, or all, from a moment on.
    REPLAY_SINCE = "update webhook_delivery set state = 'waiting', tries = 0, next_at = ?3, changed_at = ?3 where endpoint_id = ?1 and created_at >= ?2 and (state = 'given_up' or (?4 = 1 and state = 'delivered'))";
    /// Deliveries of an endpoint, newest first, older than a place.
    DELIVERIES = "select id, leaf, kind, body, state, tries, next_at, last_status, last_words, created_at, changed_at from webhook_delivery where endpoint_id = ?1 and leaf < ?2 order by leaf desc limit ?3";
}

/// So many events are made into deliveries in one transaction.
const EVENTS: i64 = 500;
/// A delivery that a process died with is free again after this: longer than any try takes.
const IN_HAND: Duration = Duration::from_seconds(90);
/// How long deliveries that ended are kept.
pub const KEPT: Duration = Duration::from_seconds(30 * 86_400);
/// How long an old secret still signs beside the new one.
pub const OVERLAP: Duration = Duration::from_seconds(24 * 3_600);

/// The field under which secrets are sealed.
const SECRETS: &str = "webhook_secrets";

/// The name of an endpoint in the key store.
fn keeper(id: Id) -> String {
    format!("webhook {}", hex(&id.0))
}

/// An endpoint as it stands in the books.
pub struct EndpointRecord {
    /// Which.
    pub id: Id,
    /// Its URL.
    pub url: String,
    /// Which events it wants, as patterns; none: all.
    pub kinds: Vec<String>,
    /// How they are written.
    pub form: Format,
    /// Since when it is there.
    pub created_at: Instant,
    /// How it is.
    pub health: Health,
    next_leaf: i64,
    secrets: Vec<u8>,
}

impl fmt::Debug for EndpointRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointRecord")
            .field("id", &hex(&self.id.0))
            .field("health", &self.health)
            .finish_non_exhaustive()
    }
}

/// A secret as it lies under the seal.
#[derive(Serialize, Deserialize)]
struct HeldSecret {
    key: String,
    until: Option<i64>,
}

fn at(moment: Option<i64>) -> Option<Timestamp> {
    moment.map(|moment| timestamp(instant(moment)))
}

fn kept(moment: Option<Timestamp>) -> Result<Option<i64>, Trouble> {
    moment
        .map(|moment| nanoseconds(clock::instant(moment)))
        .transpose()
}

const WHY: [(&str, Disabled); 3] = [
    ("gone", Disabled::Gone),
    ("failing", Disabled::Failing),
    ("by_hand", Disabled::ByHand),
];

/// Why an endpoint is switched off, by a word.
#[must_use]
pub fn why_word(why: Disabled) -> &'static str {
    WHY.iter()
        .find(|(_, known)| *known == why)
        .map_or("by_hand", |(word, _)| word)
}

/// How an endpoint wants events written, by a word.
#[must_use]
pub fn form_word(form: Format) -> &'static str {
    Format::ALL
        .iter()
        .find(|(_, known)| *known == form)
        .map_or("standard", |(word, _)| word)
}

fn endpoint(row: &Row) -> Result<EndpointRecord, Trouble> {
    let disabled = match (at(row.opt_int(9)?), row.opt_text(10)?) {
        (Some(at), why) => {
            let found = WHY.iter().find(|(word, _)| Some(*word) == why);
            Some((at, found.map_or(Disabled::ByHand, |(_, why)| *why)))
        }
        _ => None,
    };
    Ok(EndpointRecord {
        id: Id(row.id(0)?),
        url: row.text(1)?.to_owned(),
        kinds: row.text(2)?.split_whitespace().map(str::to_owned).collect(),
        form: Format::read(row.text(3)?)
            .ok_or_else(|| stranger("a form of webhooks that nobody knows"))?,
        secrets: row.bytes(4)?.to_vec(),
        next_leaf: row.int(5)?,
        created_at: instant(row.int(6)?),
        health: Health {
            failing_since: at(row.opt_int(7)?),
            rests_until: at(row.opt_int(8)?),
            disabled,
        },
    })
}

fn unavailable(why: impl fmt::Display) -> Trouble {
    Trouble::Unavailable {
        why: why.to_string(),
    }
}

fn filter(kinds: &[String]) -> Result<EventFilter, Trouble> {
    EventFilter::read(kinds.iter().map(String::as_str))
        .map_err(|_| stranger("a pattern that is none"))
}

impl EndpointRecord {
    /// The endpoint, ready to be sent to.
    ///
    /// # Errors
    /// Its secrets cannot be unsealed.
    pub async fn open(&self, vault: &Vault) -> Result<Endpoint, Trouble> {
        let mut keys = KeyRing::default();
        for held in self.unsealed(vault).await? {
            let key = SigningKey::read(&held.key).map_err(|_| stranger("a secret that is none"))?;
            keys.add(key, at(held.until));
        }
        Ok(Endpoint {
            id: hex(&self.id.0),
            url: self.url.clone(),
            filter: filter(&self.kinds)?,
            format: self.form,
            keys,
            health: self.health,
        })
    }

    async fn unsealed(&self, vault: &Vault) -> Result<Vec<HeldSecret>, Trouble> {
        let sealed = Sealed {
            hash: ring::digest::digest(&ring::digest::SHA256, &self.secrets)
                .as_ref()
                .try_into()
                .unwrap_or_default(),
            ciphertext: self.secrets.clone(),
        };
        let opened = vault
            .open_field(&keeper(self.id), SECRETS, &sealed)
            .await
            .map_err(unavailable)?;
        serde_json::from_slice(opened.expose()).map_err(|_| stranger("secrets that are none"))
    }
}

async fn seal_secrets(vault: &Vault, id: Id, secrets: &[HeldSecret]) -> Result<Vec<u8>, Trouble> {
    let text = Secret::new(json!(secrets).to_string());
    let sealed = vault
        .seal(&keeper(id), SECRETS, text.expose().as_bytes())
        .await;
    sealed.map(|sealed| sealed.ciphertext).map_err(unavailable)
}

/// A new endpoint that is about to be written down, and its secret, which is shown once.
pub struct NewEndpoint {
    /// Which.
    pub id: Id,
    /// What signs.
    pub secret: Secret,
    values: Vec<Value>,
}

impl NewEndpoint {
    /// Makes a secret for an endpoint and seals it. Whether its URL may be sent to is checked before.
    ///
    /// # Errors
    /// A pattern is none, in words; or there is no randomness, or the key store cannot be used.
    pub async fn new(
        vault: &Vault,
        url: &str,
        kinds: &[String],
        form: Format,
        now: Instant,
    ) -> Result<Self, Trouble> {
        EventFilter::read(kinds.iter().map(String::as_str)).map_err(Trouble::refused)?;
        let key = SigningKey::new_shared(&SystemRandom::new()).map_err(unavailable)?;
        let (id, secret) = (new_id(), Secret::new(key.reveal()));
        let held = HeldSecret {
            key: secret.expose().clone(),
            until: None,
        };
        let sealed = seal_secrets(vault, id, &[held]).await?;
        let values = vec![
            Value::from(id.0),
            Value::from(url),
            Value::from(kinds.join(" ")),
            Value::from(form_word(form)),
            Value::from(sealed),
            Value::from(nanoseconds(now)?),
        ];
        Ok(Self { id, secret, values })
    }

    /// Writes it down: events that are sealed from now on are sent to it.
    ///
    /// # Errors
    /// The store's trouble.
    pub async fn write(&self, tx: &mut Tx<'_>) -> Result<(), Trouble> {
        tx.run(&INSERT_ENDPOINT, &self.values).await.map(drop)
    }
}

/// All endpoints, oldest first.
///
/// # Errors
/// The store's trouble.
pub async fn endpoints(tx: &mut Tx<'_>) -> Result<Vec<EndpointRecord>, Trouble> {
    tx.rows(&ENDPOINTS, &[])
        .await?
        .iter()
        .map(endpoint)
        .collect()
}

/// An endpoint.
///
/// # Errors
/// The store's trouble.
pub async fn find(tx: &mut Tx<'_>, id: Id) -> Result<Option<EndpointRecord>, Trouble> {
    let row = tx.one(&ENDPOINT, &[Value::from(id.0)]).await?;
    row.as_ref().map(endpoint).transpose()
}

/// Takes a new secret into use; those before sign beside it for a day. Nothing where there is no such endpoint.
///
/// The key store is asked between reading and writing, never inside a transaction.
///
/// # Errors
/// The trouble of the store or the key store.
pub async fn rotate(
    store: &Store,
    vault: &Vault,
    id: Id,
    new: &Secret,
    now: Instant,
) -> Result<Option<()>, Trouble> {
    for _ in 0..5 {
        let read = store.read(move |tx| Box::pin(async move { find(tx, id).await }));
        let Some(before) = read.await? else {
            return Ok(None);
        };
        let secrets = rotated(before.unsealed(vault).await?, new, now)?;
        let sealed = seal_secrets(vault, id, &secrets).await?;
        let values = [
            Value::from(id.0),
            Value::from(sealed),
            Value::from(before.secrets),
        ];
        let kept = store.write(move |tx| {
            let values = values.clone();
            Box::pin(async move { tx.run(&KEEP_SECRETS, &values).await })
        });
        // Somebody else rotated in the same moment: their new secret is an old one now.
        if kept.await? == 1 {
            return Ok(Some(()));
        }
    }
    Err(Trouble::Serialization)
}

fn rotated(
    mut secrets: Vec<HeldSecret>,
    new: &Secret,
    now: Instant,
) -> Result<Vec<HeldSecret>, Trouble> {
    let (now_at, until) = (nanoseconds(now)?, nanoseconds(now.plus(OVERLAP))?);
    secrets.retain(|held| held.until.is_none_or(|end| end > now_at) && held.key != *new.expose());
    for held in &mut secrets {
        held.until = Some(held.until.map_or(until, |end| end.min(until)));
    }
    let key = new.expose().clone();
    secrets.insert(0, HeldSecret { key, until: None });
    Ok(secrets)
}

/// Switches an endpoint off by hand, or on again: then everything that happened meanwhile is sent. `false` where there is none.
///
/// # Errors
/// The store's trouble.
pub async fn switch(tx: &mut Tx<'_>, id: Id, on: bool, now: Instant) -> Result<bool, Trouble> {
    let Some(row) = tx.one(&ENDPOINT_LOCKED, &[Value::from(id.0)]).await? else {
        return Ok(false);
    };
    let before = endpoint(&row)?.health;
    let after = match (on, before.disabled) {
        (true, _) => Health::enabled(),
        (false, Some(_)) => before,
        (false, None) => Health {
            disabled: Some((timestamp(now), Disabled::ByHand)),
            ..before
        },
    };
    keep_health(tx, id, &after, now).await?;
    Ok(true)
}

/// Takes an endpoint away with everything that was sent to it. `false` where there is none. Its key is erased after.
///
/// # Errors
/// The store's trouble.
pub async fn remove(tx: &mut Tx<'_>, id: Id) -> Result<bool, Trouble> {
    tx.run(&DELETE_ITS_DELIVERIES, &[Value::from(id.0)]).await?;
    Ok(tx.run(&DELETE_ENDPOINT, &[Value::from(id.0)]).await? == 1)
}

/// Erases the key of an endpoint that was taken away.
///
/// # Errors
/// The key store cannot be written.
pub async fn forget(vault: &Vault, id: Id, now: Instant) -> Result<(), Trouble> {
    vault
        .erase(&keeper(id), now)
        .await
        .map(drop)
        .map_err(unavailable)
}

async fn keep_health(
    tx: &mut Tx<'_>,
    id: Id,
    health: &Health,
    now: Instant,
) -> Result<(), Trouble> {
    let (disabled_at, why) = match health.disabled {
        Some((at, why)) => (Some(at), Some(why_word(why))),
        None => (None, None),
    };
    let values = [
        Value::from(id.0),
        Value::from(kept(health.failing_since)?),
        Value::from(kept(health.rests_until)?),
        Value::from(kept(disabled_at)?),
        Value::from(why),
    ];
    tx.run(&KEEP_HEALTH, &values).await?;
    if why.is_some() {
        let words = "the endpoint is switched off";
        let values = [
            Value::from(id.0),
            Value::from(words),
            Value::from(nanoseconds(now)?),
        ];
        tx.run(&GIVE_UP, &values).await?;
    }
    Ok(())
}

// ---- From events to deliveries ----------------------------------------------------------------------------------------------

/// Whether an endpoint has events before it.
///
/// # Errors
/// The store's trouble.
pub async fn any_behind(tx: &mut Tx<'_>) -> Result<bool, Trouble> {
    let row = tx.one(&ANY_BEHIND, &[]).await?;
    Ok(row.map_or(Ok(0), |row| row.int(0))? > 0)
}

/// Makes deliveries for the endpoint that is furthest behind, of the next events. `false` where no endpoint has events before it.
///
/// # Errors
/// The store's trouble.
pub async fn make(tx: &mut Tx<'_>, now: Instant) -> Result<bool, Trouble> {
    let Some(row) = tx.one(&BEHIND, &[]).await? else {
        return Ok(false);
    };
    let to = endpoint(&row)?;
    let wanted = filter(&to.kinds)?;
    let values = [Value::from(to.next_leaf), Value::from(EVENTS)];
    let events = tx.rows(&SEALED_EVENTS, &values).await?;
    let (mut rows, mut next) = (Vec::new(), to.next_leaf);
    for event in &events {
        let leaf = event.int(0)?;
        next = leaf.saturating_add(1);
        let kind = format!("case.{}", event.text(4)?);
        if !wanted.wants(&kind) {
            continue;
        }
        let body = body(tx, event, &kind).await?;
        rows.push(vec![
            Value::from(new_id().0),
            Value::from(to.id.0),
            Value::from(leaf),
            Value::from(kind),
            Value::from(body.to_string()),
            Value::from(nanoseconds(now)?),
        ]);
    }
    if events.is_empty() {
        return Ok(false);
    }
    tx.run_each(&INSERT_DELIVERY, &rows).await?;
    tx.run(&ADVANCE, &[Value::from(to.id.0), Value::from(next)])
        .await?;
    Ok(true)
}

/// What is told of the events of the audit log from a place on, for those who fetch it.
///
/// # Errors
/// The store's trouble, or an event that this program cannot read.
pub async fn messages(tx: &mut Tx<'_>, from: i64, most: i64) -> Result<Vec<Json>, Trouble> {
    let events = tx
        .rows(&SEALED_EVENTS, &[Value::from(from), Value::from(most)])
        .await?;
    let mut messages = Vec::new();
    for event in &events {
        let kind = format!("case.{}", event.text(4)?);
        messages.push(body(tx, event, &kind).await?);
    }
    Ok(messages)
}

/// What is told of an event: what happened to which case, and nothing that a person wrote.
async fn body(tx: &mut Tx<'_>, event: &Row, kind: &str) -> Result<Json, Trouble> {
    let case = event.id(1)?;
    let happened = record::read(event.bytes(6)?)
        .map_err(|why| stranger(&format!("an event that cannot be read: {why:?}")))?;
    let id = format!("evt_{}", event.int(0)?);
    // What happened to the books happened to no case.
    let number = event.opt_int(7)?;
    let order = match &happened.what {
        Happened::ProviderRefundSeen { order, .. } | Happened::BreachOpened { order, .. } => {
            order.clone()
        }
        Happened::ProviderRefundMatched { order, .. } => Some(order.clone()),
        _ => event.opt_text(8)?.map(str::to_owned),
    };
    let mut data = json!({
        "event": id,
        "case": number.map(|_| format!("case_{}", hex(&case))),
        "number": number,
        "order": order,
        "kind": event.text(4)?,
        "by": event.text(5)?,
    });
    if let Some(no) = refund_no(&happened.what)
        && let Some(refund) = tx
            .one(&REFUND_TOLD, &[Value::from(case), Value::from(no)])
            .await?
    {
        let money = amount(&refund, 0)?;
        data["refund"] = json!({
            "no": no,
            "amount": {"amount": money.minor(), "currency": money.currency().code()},
            "payment": refund.text(2)?,
        });
    }
    if let Happened::Proposed(proposal) = &happened.what {
        data["decision"] = json!({
            "no": proposal.no,
            "outcome": outcome_word(proposal.outcome),
            "clause": proposal.clause,
        });
    }
    let created = timestamp(instant(event.int(3)?));
    Ok(json!({"id": id, "type": kind, "created": created.to_string(), "data": data}))
}

fn refund_no(what: &Happened) -> Option<u32> {
    match what {
        Happened::RefundReserved { no, .. }
        | Happened::RefundCancelled { no, .. }
        | Happened::RefundSending { no, .. }
        | Happened::RefundUnknown { no, .. }
        | Happened::RefundAbsent { no }
        | Happened::RefundPending { no, .. }
        | Happened::RefundSucceeded { no, .. }
        | Happened::RefundFailed { no, .. }
        | Happened::RefundStuck { no, .. } => Some(*no),
        _ => None,
    }
}

// ---- On their way -----------------------------------------------------------------------------------------------------------

/// A delivery that is to be tried now.
pub struct Due {
    /// Which.
    pub id: Id,
    /// Where to.
    pub endpoint: EndpointRecord,
    /// What.
    pub message: Message,
}

/// The parts of a body that a message is made of.
#[derive(Deserialize)]
struct Body {
    id: String,
    r#type: String,
    created: String,
    data: Box<serde_json::value::RawValue>,
}

/// When the next delivery is due.
///
/// # Errors
/// The store's trouble.
pub async fn next_due(tx: &mut Tx<'_>, now: Instant) -> Result<Option<Instant>, Trouble> {
    let row = tx
        .one(&NEXT_DELIVERY, &[Value::from(nanoseconds(now)?)])
        .await?;
    Ok(row.map_or(Ok(None), |row| row.opt_int(0))?.map(instant))
}

/// Takes up to so many due deliveries in hand.
///
/// # Errors
/// The store's trouble.
pub async fn take(tx: &mut Tx<'_>, most: i64, now: Instant) -> Result<Vec<Due>, Trouble> {
    let values = [
        Value::from(nanoseconds(now)?),
        Value::from(nanoseconds(now.plus(IN_HAND))?),
        Value::from(most),
    ];
    let mut due = Vec::new();
    for row in tx.rows(&TAKE_DELIVERIES, &values).await? {
        let Some(endpoint) = find(tx, Id(row.id(1)?)).await? else {
            continue;
        };
        let body: Body =
            serde_json::from_str(row.text(2)?).map_err(|_| stranger("a message that is none"))?;
        let subject = body.id.clone();
        let at = body
            .created
            .parse()
            .map_err(|_| stranger("a message without a moment"))?;
        due.push(Due {
            id: Id(row.id(0)?),
            endpoint,
            message: Message {
                id: body.id,
                kind: body.r#type,
                at,
                subject: format!("/v1/events/{subject}"),
                data: body.data,
            },
        });
    }
    Ok(due)
}

/// Writes down what came of a try, for the delivery and for its endpoint.
///
/// # Errors
/// The store's trouble.
pub async fn tried(
    tx: &mut Tx<'_>,
    id: Id,
    tried: &Tried,
    jitter: Jitter,
    now: Instant,
) -> Result<(), Trouble> {
    let Some(row) = tx.one(&DELIVERY_LOCKED, &[Value::from(id.0)]).await? else {
        return Ok(());
    };
    let to = Id(row.id(0)?);
    let Some(kept_endpoint) = tx.one(&ENDPOINT_LOCKED, &[Value::from(to.0)]).await? else {
        return Ok(());
    };
    let before = endpoint(&kept_endpoint)?.health;
    let changed = timestamp(instant(row.int(4)?));
    let delivery = Delivery {
        message: String::new(),
        endpoint: String::new(),
        tries: u32::try_from(row.int(2)?).unwrap_or(u32::MAX),
        state: match row.text(1)? {
            "delivered" => DeliveryState::Delivered { at: changed },
            "given_up" => DeliveryState::GivenUp {
                at: changed,
                why: GivenUp::Exhausted,
            },
            _ => DeliveryState::Waiting { at: changed },
        },
    };
    let next = delivery.after(before, &tried.outcome, timestamp(now), jitter);
    let (state, next_at) = match next.delivery.state {
        DeliveryState::Waiting { at } => ("waiting", Some(at)),
        DeliveryState::Delivered { .. } => ("delivered", None),
        DeliveryState::GivenUp { .. } => ("given_up", None),
    };
    let values = [
        Value::from(id.0),
        Value::from(state),
        Value::from(next.delivery.tries),
        Value::from(kept(next_at)?),
        Value::from(tried.status.map(i32::from)),
        Value::from(words(tried)),
        Value::from(nanoseconds(now)?),
    ];
    tx.run(&KEEP_DELIVERY, &values).await?;
    if next.health != before {
        keep_health(tx, to, &next.health, now).await?;
    }
    Ok(())
}

/// What came of a try, in words; the beginning of the answer where it says no.
fn words(tried: &Tried) -> Option<String> {
    let why = match &tried.outcome {
        Outcome::Delivered => return None,
        Outcome::Gone => "the endpoint says that it is gone (410)".to_owned(),
        Outcome::Throttled { .. } => "the endpoint has too much to do".to_owned(),
        Outcome::Failed(failure @ Failure::Status(_)) if !tried.excerpt.is_empty() => {
            format!("{failure}: {}", tried.excerpt)
        }
        Outcome::Failed(failure) => failure.to_string(),
    };
    Some(why.replace('\0', " "))
}

/// Begins a delivery anew; `false` where there is none.
///
/// # Errors
/// The store's trouble.
pub async fn replay(tx: &mut Tx<'_>, id: Id, now: Instant) -> Result<bool, Trouble> {
    let values = [Value::from(id.0), Value::from(nanoseconds(now)?)];
    Ok(tx.run(&REPLAY_ONE, &values).await? == 1)
}

/// Begins the deliveries of an endpoint anew that were made since a moment: those that were given up, or also those that were
/// taken. Answers how many.
///
/// # Errors
/// The store's trouble.
pub async fn replay_since(
    tx: &mut Tx<'_>,
    endpoint: Id,
    since: Instant,
    also_taken: bool,
    now: Instant,
) -> Result<u64, Trouble> {
    let values = [
        Value::from(endpoint.0),
        Value::from(nanoseconds(since)?),
        Value::from(nanoseconds(now)?),
        Value::from(also_taken),
    ];
    tx.run(&REPLAY_SINCE, &values).await
}

/// Deletes deliveries that ended long ago. Answers how many.
///
/// # Errors
/// The store's trouble.
pub async fn tidy(tx: &mut Tx<'_>, now: Instant) -> Result<u64, Trouble> {
    let before = nanoseconds(now)?.saturating_sub(super::length(KEPT)?);
    tx.run(&DELETE_OLD_DELIVERIES, &[Value::from(before)]).await
}

/// A delivery as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// Which.
    pub id: Id,
    /// The event's place in the audit log.
    pub leaf: u64,
    /// What happened.
    pub kind: String,
    /// What is sent.
    pub body: String,
    /// `waiting`, `delivered` or `given_up`.
    pub state: String,
    /// How many tries there were.
    pub tries: u64,
    /// When the next is.
    pub next_at: Option<Instant>,
    /// The status of the last answer.
    pub last_status: Option<i64>,
    /// Why it was not taken.
    pub last_words: Option<String>,
    /// When it was made.
    pub created_at: Instant,
    /// When something last became of it.
    pub changed_at: Instant,
}

/// The deliveries of an endpoint, newest first, before a place in the audit log.
///
/// # Errors
/// The store's trouble.
pub async fn deliveries(
    tx: &mut Tx<'_>,
    endpoint: Id,
    before: Option<u64>,
    most: i64,
) -> Result<Vec<DeliveryRecord>, Trouble> {
    let before = before.map_or(Ok(i64::MAX), whole)?;
    let values = [
        Value::from(endpoint.0),
        Value::from(before),
        Value::from(most),
    ];
    let rows = tx.rows(&DELIVERIES, &values).await?;
    let read = |row: &Row| {
        Ok(DeliveryRecord {
            id: Id(row.id(0)?),
            leaf: count(row, 1)?,
            kind: row.text(2)?.to_owned(),
            body: row.text(3)?.to_owned(),
            state: row.text(4)?.to_owned(),
            tries: count(row, 5)?,
            next_at: row.opt_int(6)?.map(instant),
            last_status: row.opt_int(7)?,
            last_words: row.opt_text(8)?.map(str::to_owned),
            created_at: instant(row.int(9)?),
            changed_at: instant(row.int(10)?),
        })
    };
    rows.iter().map(read).collect()
}
