// SPDX-License-Identifier: MIT OR Apache-2.0
//! Provider events that came in: each is kept once, and worked off until it is done. One is a name to look up, never a fact.

use makegood_desk::case::{Duration, Instant};

use super::nanoseconds;
use crate::clock;
use crate::pay::{Look, ProviderEvent};
use crate::store::{Trouble, Tx, Value};

/// The channel on which whoever works events off hears that one came.
pub const EVENTS: &str = "makegood_provider_events";

crate::statements! {
    /// Keeps an event that came in, unless it came before.
    KEEP = "insert into provider_event (provider, id, kind, about, object, received_at, again_at, tries, done_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?6, 0, ?7) on conflict do nothing";
    /// Takes events in hand. Nobody else looks at them before the moment given.
    CLAIM = sqlite "update provider_event set again_at = ?2, tries = tries + 1 where rowid in (select rowid from provider_event where done_at is null and again_at <= ?1 order by again_at limit ?3) returning provider, id, about, object, tries",
        postgres "update provider_event set again_at = $2, tries = tries + 1 where (provider, id) in (select provider, id from provider_event where done_at is null and again_at <= $1 order by again_at limit $3 for update skip locked) returning provider, id, about, object, tries";
    /// An event is worked off.
    DONE = "update provider_event set done_at = ?3 where provider = ?1 and id = ?2";
    /// An event is looked at again then.
    AGAIN = "update provider_event set again_at = ?3 where provider = ?1 and id = ?2 and done_at is null";
    /// When the next event is to be looked at.
    NEXT = "select min(again_at) from provider_event where done_at is null";
    /// How many events wait, and since when the oldest does.
    WAITING = "select count(*), min(received_at) from provider_event where done_at is null";
}

/// Whoever takes an event in hand has so long.
const LEASE: Duration = Duration::from_seconds(120);

/// An event in hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InHand {
    /// The provider, by its name in the settings.
    pub provider: String,
    /// The provider's name for the event.
    pub id: String,
    /// What to look at.
    pub look: Look,
    /// How often it was taken in hand.
    pub tries: i64,
}

/// Keeps an event that came in, for whoever answers the provider; answers whether it is new.
///
/// # Errors
/// The store's trouble: then the provider must hear that the event did not arrive.
pub async fn keep(
    tx: &mut Tx<'_>,
    provider: &str,
    event: &ProviderEvent,
    now: Instant,
) -> Result<bool, Trouble> {
    let (about, object) = about(&event.look);
    // What concerns nobody is done when it comes.
    let done = matches!(event.look, Look::Nothing | Look::Invoice(_));
    let at = nanoseconds(now)?;
    let values = [
        Value::from(provider),
        Value::from(event.id.as_str()),
        Value::from(event.kind.as_str()),
        Value::from(about),
        Value::from(object),
        Value::from(at),
        Value::from(done.then_some(at)),
    ];
    let new = tx.run(&KEEP, &values).await? == 1;
    if new && !done {
        tx.notify(EVENTS).await?;
    }
    Ok(new)
}

fn about(look: &Look) -> (&'static str, &str) {
    match look {
        Look::Refund(id) => ("refund", id),
        Look::Payment(id) => ("payment", id),
        Look::Dispute(id) => ("dispute", id),
        Look::Subscription(id) => ("subscription", id),
        Look::Invoice(id) => ("invoice", id),
        Look::Nothing => ("nothing", ""),
    }
}

fn look(about: &str, id: &str) -> Look {
    let id = id.to_owned();
    match about {
        "refund" => Look::Refund(id),
        "payment" => Look::Payment(id),
        "dispute" => Look::Dispute(id),
        "subscription" => Look::Subscription(id),
        "invoice" => Look::Invoice(id),
        _ => Look::Nothing,
    }
}

/// Takes events in hand that wait, at most so many.
///
/// # Errors
/// The store's trouble.
pub async fn take(tx: &mut Tx<'_>, most: i64, now: Instant) -> Result<Vec<InHand>, Trouble> {
    let values = [
        Value::from(nanoseconds(now)?),
        Value::from(nanoseconds(now.plus(LEASE))?),
        Value::from(most),
    ];
    let rows = tx.rows(&CLAIM, &values).await?;
    rows.iter()
        .map(|row| {
            Ok(InHand {
                provider: row.text(0)?.to_owned(),
                id: row.text(1)?.to_owned(),
                look: look(row.text(2)?, row.text(3)?),
                tries: row.int(4)?,
            })
        })
        .collect()
}

/// An event is worked off.
///
/// # Errors
/// The store's trouble.
pub async fn done(tx: &mut Tx<'_>, event: &InHand, now: Instant) -> Result<(), Trouble> {
    let values = [
        Value::from(event.provider.as_str()),
        Value::from(event.id.as_str()),
        Value::from(nanoseconds(now)?),
    ];
    tx.run(&DONE, &values).await.map(drop)
}

/// An event could not be worked off; it is looked at again after a while, twice as long each time, up to an hour.
///
/// # Errors
/// The store's trouble.
pub async fn again(tx: &mut Tx<'_>, event: &InHand, now: Instant) -> Result<(), Trouble> {
    let doubled = 1_i64
        .checked_shl(u32::try_from(event.tries).unwrap_or(u32::MAX).min(12))
        .unwrap_or(3_600);
    let at = now.plus(Duration::from_seconds(doubled.min(3_600)));
    let values = [
        Value::from(event.provider.as_str()),
        Value::from(event.id.as_str()),
        Value::from(nanoseconds(at)?),
    ];
    tx.run(&AGAIN, &values).await.map(drop)
}

/// When the next event is to be looked at.
///
/// # Errors
/// The store's trouble.
pub async fn next(tx: &mut Tx<'_>) -> Result<Option<Instant>, Trouble> {
    let row = tx.one(&NEXT, &[]).await?;
    let at = row.map_or(Ok(None), |row| row.opt_int(0))?;
    Ok(at.map(super::instant))
}

/// How many events wait, and since when the oldest does.
///
/// # Errors
/// The store's trouble.
pub async fn waiting(tx: &mut Tx<'_>) -> Result<(i64, Option<Instant>), Trouble> {
    let row = tx.one(&WAITING, &[]).await?;
    match row {
        Some(row) => Ok((row.int(0)?, row.opt_int(1)?.map(super::instant))),
        None => Ok((0, None)),
    }
}

/// The moment of an event, as the desk tells moments.
#[must_use]
pub fn at(event: &ProviderEvent) -> Instant {
    clock::instant(event.at)
}
