// SPDX-License-Identifier: MIT OR Apache-2.0
//! Codes that a customer is mailed to show who they are: six figures, for a quarter of an hour, tried a few times and used once.

use makegood_desk::case::{Duration, Instant};
use makegood_desk::input::Id;

use super::nanoseconds;
use crate::store::{Trouble, Tx, Value};

/// A code counts for so long.
pub const LASTS: Duration = Duration::from_seconds(15 * 60);
/// How often a code may be tried.
const TRIES_MOST: i64 = 5;
/// How many codes a customer is sent within an hour.
const SENT_MOST: i64 = 5;

crate::statements! {
    /// A new code; of nobody where whoever asked is nobody's customer.
    INSERT = "insert into entry_code (id, customer_id, order_number, mark, created_at, expires_at, tries) values (?1, ?2, ?3, ?4, ?5, ?6, 0)";
    /// How many a customer was sent since a moment.
    SENT = "select count(*) from entry_code where customer_id = ?1 and created_at > ?2";
    /// One more try of a code that counts.
    TRY = "update entry_code set tries = tries + 1 where id = ?1 and used_at is null and expires_at > ?2 and tries < ?3";
    /// What a code is of.
    READ = "select customer_id, order_number, mark from entry_code where id = ?1";
    /// Uses a code.
    USE = "update entry_code set used_at = ?2 where id = ?1 and used_at is null";
    /// Lets go of codes that ran out long ago.
    FORGET = "delete from entry_code where expires_at < ?1";
    /// The case of a customer about an order, an open one first; of any order where none is named.
    LATEST = "select id from desk_case where customer_id = ?1 and coalesce(?2, order_number) = order_number order by (closed_at is not null), opened_at desc limit 1";
}

/// A code that somebody asked for.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// What the page calls it.
    pub id: Id,
    /// Whose it is.
    pub customer: Option<Id>,
    /// About which order.
    pub order: String,
    /// What the code is known again by.
    pub mark: [u8; 32],
}

/// Writes a code down; `false` where its customer was sent too many, or there is none.
///
/// # Errors
/// The store's trouble.
pub async fn add(tx: &mut Tx<'_>, code: &NewCode, now: Instant) -> Result<bool, Trouble> {
    let mut sends = false;
    if let Some(customer) = code.customer {
        let hour = super::act::before(now, Duration::from_seconds(3_600));
        let values = [Value::from(customer.0), Value::from(nanoseconds(hour)?)];
        let row = tx.one(&SENT, &values).await?;
        let sent = row.map(|row| row.int(0)).transpose()?.unwrap_or(0);
        sends = sent < SENT_MOST;
    }
    let values = [
        Value::from(code.id.0),
        Value::from(code.customer.map(|id| id.0)),
        Value::from(code.order.as_str()),
        Value::from(code.mark),
        Value::from(nanoseconds(now)?),
        Value::from(nanoseconds(now.plus(LASTS))?),
    ];
    tx.run(&INSERT, &values).await?;
    let old = super::act::before(now, Duration::DAY);
    tx.run(&FORGET, &[Value::from(nanoseconds(old)?)]).await?;
    Ok(sends)
}

/// Tries a code: whose it is and about which order, where it fits.
///
/// # Errors
/// The store's trouble.
pub async fn tried(
    tx: &mut Tx<'_>,
    id: Id,
    mark: [u8; 32],
    now: Instant,
) -> Result<Option<(Id, String)>, Trouble> {
    let now = Value::from(nanoseconds(now)?);
    let values = [Value::from(id.0), now.clone(), Value::from(TRIES_MOST)];
    if tx.run(&TRY, &values).await? == 0 {
        return Ok(None);
    }
    let Some(row) = tx.one(&READ, &[Value::from(id.0)]).await? else {
        return Ok(None);
    };
    let Some(customer) = row.opt_id(0)? else {
        return Ok(None);
    };
    if row.digest(2)? != mark {
        return Ok(None);
    }
    let order = row.text(1)?.to_owned();
    tx.run(&USE, &[Value::from(id.0), now]).await?;
    Ok(Some((Id(customer), order)))
}

/// The case of a customer about an order, an open one first; about any of theirs where none is named.
///
/// # Errors
/// The store's trouble.
pub async fn latest(
    tx: &mut Tx<'_>,
    customer: Id,
    order: Option<&str>,
) -> Result<Option<Id>, Trouble> {
    let values = [
        Value::from(customer.0),
        Value::from(order.map(str::to_owned)),
    ];
    let row = tx.one(&LATEST, &values).await?;
    row.map(|row| row.id(0).map(Id)).transpose()
}
