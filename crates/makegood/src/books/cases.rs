// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cases in the books: read from their events, and shown in lists by what their rows say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use makegood_desk::case::Instant;
use makegood_desk::input::Id;
use makegood_desk::life::{Case, ClaimHeld};
use makegood_desk::record;

use super::{nanoseconds, stranger};
use crate::store::{Trouble, Tx, Value};
use crate::wire::Word as _;

crate::statements! {
    /// A case's place in the books: its version and its order.
    PLACE = "select version, order_number from desk_case where id = ?1";
    /// The same, so that nobody else changes it meanwhile.
    PLACE_LOCKED = sqlite "select version, order_number from desk_case where id = ?1",
        postgres "select version, order_number from desk_case where id = $1 for update";
    /// A case's events after a position.
    EVENTS = "select record from event where case_id = ?1 and position > ?2 order by position";
    /// The open case of an order and a claim.
    OPEN = "select id from desk_case where open_key = ?1";
    /// The number of a case that is about to be opened.
    NEXT_NUMBER = sqlite "update counter set value = value + 1 where name = 'case' returning value", postgres "select nextval('case_number')";
    /// The case of a number.
    BY_NUMBER = "select id from desk_case where number = ?1";
    /// Cases of an order that are not closed, or owe something.
    OF_ORDER = "select id from desk_case where order_number = ?1";
    /// Takes cases in hand that are due and that nobody else has in hand.
    CLAIM = sqlite "update desk_case set lease_until = ?2, lease_by = ?3 where id in (select id from desk_case where wake_at <= ?1 and (lease_until is null or lease_until < ?1) order by wake_at limit ?4) returning id, look",
        postgres "update desk_case set lease_until = $2, lease_by = $3 where id in (select id from desk_case where wake_at <= $1 and (lease_until is null or lease_until < $1) order by wake_at limit $4 for update skip locked) returning id, look";
    /// Gives a case back, to be looked at again at a moment; or when its own row says, if something was told about it or happened to it
    /// that whoever had it in hand has not seen.
    LET_GO = "update desk_case set lease_until = null, lease_by = null, wake_at = case when look <> ?4 or version <> ?5 then wake_at else ?3 end, look = case when look <> ?4 then look else 0 end where id = ?1 and lease_by = ?2";
    /// Gives back everything that a process had in hand.
    LET_GO_ALL = "update desk_case set lease_until = null, lease_by = null where lease_by = ?1";
    /// Has an order's cases looked at soon: something was told about it.
    WAKE_ORDER = "update desk_case set wake_at = ?2, look = look + 1 where order_number = ?1";
    /// Keeps a case in hand.
    HOLD = "update desk_case set lease_until = ?3 where id = ?1 and lease_by = ?2";
    /// Gives back everything that anybody had in hand: for a store that one process has to itself, when it starts.
    LET_GO_EVERYBODYS = "update desk_case set lease_until = null, lease_by = null where lease_until is not null";
    /// When the next case is due; one that somebody has in hand, when it is free again at the latest.
    NEXT_WAKE = sqlite "select min(at) from (select min(wake_at) as at from desk_case where wake_at is not null and lease_until is null union all select min(max(wake_at, lease_until)) from desk_case where lease_until is not null) as due",
        postgres "select min(at) from (select min(wake_at) as at from desk_case where wake_at is not null and lease_until is null union all select min(greatest(wake_at, lease_until)) from desk_case where lease_until is not null and wake_at is not null) as due";
}

/// The key under which an order has one open case a claim.
#[must_use]
pub fn open_key(order: &str, claim: &ClaimHeld) -> String {
    let account = claim.account.as_deref().unwrap_or_default();
    let payment = claim.payment.as_deref().unwrap_or_default();
    // The lengths keep two different claims from having one key.
    format!(
        "{}:{order}|{}|{}:{account}|{payment}",
        order.len(),
        claim.kind.word(),
        account.len()
    )
}

/// Cases that were read lately, so that the next event need not read all before it.
#[derive(Debug, Default)]
pub struct Shelf {
    cases: Mutex<HashMap<Id, Arc<Case>>>,
}

/// Most cases that are kept at hand.
const SHELF_MOST: usize = 4_096;

impl Shelf {
    fn get(&self, id: Id) -> Option<Arc<Case>> {
        let cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        cases.get(&id).cloned()
    }

    /// Puts a case back as it is now in the books. What is newer stays.
    pub fn put(&self, case: Arc<Case>) {
        let mut cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        if cases.len() >= SHELF_MOST {
            // Which ones go does not matter: they can be read again.
            cases.clear();
        }
        let held = cases.entry(case.id).or_insert_with(|| Arc::clone(&case));
        if held.version < case.version {
            *held = case;
        }
    }
}

/// A case as it stands in the books; nothing if there is none.
///
/// # Errors
/// The store's trouble, or an event that this program cannot read.
pub async fn load(
    tx: &mut Tx<'_>,
    shelf: &Shelf,
    id: Id,
    lock: bool,
) -> Result<Option<Arc<Case>>, Trouble> {
    let place = if lock { &PLACE_LOCKED } else { &PLACE };
    let Some(row) = tx.one(place, &[Value::from(id.0)]).await? else {
        return Ok(None);
    };
    let version = super::count(&row, 0)?;
    let known = shelf.get(id).filter(|case| case.version <= version);
    if let Some(known) = &known
        && known.version == version
    {
        return Ok(Some(Arc::clone(known)));
    }
    let mut case = known.map_or_else(|| Case::new(id), |known| (*known).clone());
    let after = super::whole(case.version)?;
    for row in tx
        .rows(&EVENTS, &[Value::from(id.0), Value::from(after)])
        .await?
    {
        let event = record::read(row.bytes(0)?)
            .map_err(|why| stranger(&format!("an event that cannot be read: {why:?}")))?;
        case.apply(&event);
    }
    if case.version != version {
        return Err(stranger("fewer events than a case says it has seen"));
    }
    Ok(Some(Arc::new(case)))
}

/// The case that people call by a number.
///
/// # Errors
/// The store's trouble.
pub async fn by_number(tx: &mut Tx<'_>, number: u64) -> Result<Option<Id>, Trouble> {
    let row = tx
        .one(&BY_NUMBER, &[Value::from(super::whole(number)?)])
        .await?;
    row.map(|row| row.id(0).map(Id)).transpose()
}

/// The cases of an order.
///
/// # Errors
/// The store's trouble.
pub async fn of_order(tx: &mut Tx<'_>, order: &str) -> Result<Vec<Id>, Trouble> {
    let rows = tx.rows(&OF_ORDER, &[Value::from(order)]).await?;
    rows.iter().map(|row| row.id(0).map(Id)).collect()
}

/// Has an order's cases looked at: something was told about it. Answers how many there are.
///
/// # Errors
/// The store's trouble.
pub async fn wake_order(tx: &mut Tx<'_>, order: &str, now: Instant) -> Result<u64, Trouble> {
    let values = [Value::from(order), Value::from(nanoseconds(now)?)];
    let woken = tx.run(&WAKE_ORDER, &values).await?;
    if woken > 0 {
        tx.notify(super::act::WORK).await?;
    }
    Ok(woken)
}
