// SPDX-License-Identifier: MIT OR Apache-2.0
//! Answers that are kept under the key of their request, in the transaction of what the request did: the same request gets the
//! same answer, and no crash comes between the two.

use makegood_desk::case::Instant;

use super::nanoseconds;
use crate::store::{Trouble, Tx, Value};

crate::statements! {
    /// Takes a key for a request.
    RESERVE = "insert into kept_answer (caller, key, method, path, fingerprint, request, created_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7) on conflict (caller, key) do nothing";
    /// What a key was taken for, and what was answered.
    KEPT = "select method, path, fingerprint, request, status, answer from kept_answer where caller = ?1 and key = ?2";
    /// What is answered from now on.
    KEEP = "update kept_answer set status = ?3, answer = ?4 where caller = ?1 and key = ?2";
    /// Lets go of what is old.
    FORGET = "delete from kept_answer where (caller, key) in (select caller, key from kept_answer where created_at < ?1 order by created_at limit ?2)";
}

/// A request that carries a key.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who asks: the same key of somebody else is another key.
    pub caller: String,
    /// The key.
    pub key: String,
    /// The method.
    pub method: String,
    /// The path, with its parameters.
    pub path: String,
    /// A code over all of it.
    pub fingerprint: [u8; 32],
    /// A code over each part of the body, so that a difference can be named without keeping what was said.
    pub parts: Vec<u8>,
}

/// What a key was taken for before.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The request of then.
    pub asked: Asked,
    /// The status and the body that were answered; nothing while the answer is being made elsewhere.
    pub answer: Option<(u16, Vec<u8>)>,
}

/// What was kept under the key of a request, if something was.
///
/// # Errors
/// The store's trouble.
pub async fn kept(tx: &mut Tx<'_>, asked: &Asked) -> Result<Option<Kept>, Trouble> {
    let place = [
        Value::from(asked.caller.as_str()),
        Value::from(asked.key.as_str()),
    ];
    let Some(row) = tx.one(&KEPT, &place).await? else {
        return Ok(None);
    };
    let status = row
        .opt_int(4)?
        .and_then(|status| u16::try_from(status).ok());
    let body = row.opt_bytes(5)?.map(<[u8]>::to_vec);
    Ok(Some(Kept {
        asked: Asked {
            caller: asked.caller.clone(),
            key: asked.key.clone(),
            method: row.text(0)?.to_owned(),
            path: row.text(1)?.to_owned(),
            fingerprint: row.digest(2)?,
            parts: row.opt_bytes(3)?.unwrap_or_default().to_vec(),
        },
        answer: status.zip(body),
    }))
}

/// Takes the key of a request; what it was taken for before, if it was.
///
/// # Errors
/// The store's trouble.
pub async fn reserve(
    tx: &mut Tx<'_>,
    asked: &Asked,
    now: Instant,
) -> Result<Option<Kept>, Trouble> {
    let values = [
        Value::from(asked.caller.as_str()),
        Value::from(asked.key.as_str()),
        Value::from(asked.method.as_str()),
        Value::from(asked.path.as_str()),
        Value::from(asked.fingerprint),
        Value::from(asked.parts.as_slice()),
        Value::from(nanoseconds(now)?),
    ];
    if tx.run(&RESERVE, &values).await? == 1 {
        return Ok(None);
    }
    kept(tx, asked).await
}

/// Keeps the answer to a request whose key was taken.
///
/// # Errors
/// The store's trouble.
pub async fn keep(tx: &mut Tx<'_>, asked: &Asked, status: u16, body: &[u8]) -> Result<(), Trouble> {
    let values = vec![
        Value::from(asked.caller.as_str()),
        Value::from(asked.key.as_str()),
        Value::from(i64::from(status)),
        Value::from(body),
    ];
    tx.queue(&KEEP, values)
}

/// Lets go of answers that were given before a moment, so many at most. Answers how many there were.
///
/// # Errors
/// The store's trouble.
pub async fn forget(tx: &mut Tx<'_>, before: Instant, most: i64) -> Result<u64, Trouble> {
    let values = [Value::from(nanoseconds(before)?), Value::from(most)];
    tx.run(&FORGET, &values).await
}
