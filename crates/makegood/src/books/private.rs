// SPDX-License-Identifier: MIT OR Apache-2.0
//! Texts about or by people, as they lie in the books: sealed under each person's own key, found by the hash of what lies there.

use std::collections::BTreeSet;

use makegood_desk::case::Instant;
use makegood_desk::input::{Digest, Id};

use super::{nanoseconds, search, stranger};
use crate::store::{Row, Trouble, Tx, Value};
use crate::vault::Sealed;

crate::statements! {
    /// Keeps a sealed text.
    KEEP = "insert into private_text (digest, person_id, field, sealed, created_at) values (?1, ?2, ?3, ?4, ?5) on conflict (digest) do nothing";
    /// A sealed text.
    READ = "select person_id, field, sealed from private_text where digest = ?1";
    /// A customer by the index of the mail address.
    BY_MAIL = "select id from customer where mail_index = ?1";
    /// A customer by the shop's name for them.
    BY_REFERENCE = "select id from customer where reference = ?1";
    /// A customer.
    INSERT_CUSTOMER = "insert into customer (id, mail_index, reference, created_at) values (?1, ?2, ?3, ?4) on conflict do nothing";
    /// Adds what is newly known of a customer.
    COMPLETE_CUSTOMER = "update customer set mail_index = coalesce(mail_index, ?2), reference = coalesce(reference, ?3) where id = ?1";
    /// Cases that were closed before a moment, oldest first, with whose they or their orders are; behind those that were looked at.
    EXPIRED = "select c.closed_at, c.id, c.customer_id, o.customer_id from desk_case c left join shop_order o on o.number = c.order_number where c.closed_at < ?1 and (c.closed_at > ?2 or (c.closed_at = ?2 and c.id > ?3)) order by c.closed_at, c.id limit ?4";
    /// Whether a case of a customer, or of an order of theirs, is open or was closed since.
    LATELY = "select 1 from desk_case where customer_id = ?1 and (closed_at is null or closed_at >= ?2) union all select 1 from desk_case c join shop_order o on o.number = c.order_number where o.customer_id = ?1 and (c.closed_at is null or c.closed_at >= ?2) limit 1";
    /// How far expired cases were looked at.
    ERASED_TO = "select value from meta where key = 'privacy.erased_to'";
    /// They were looked at up to there.
    KEEP_ERASED_TO = "insert into meta (key, value) values ('privacy.erased_to', ?1) on conflict (key) do update set value = excluded.value";
    /// The cases of a customer, and of their orders.
    CASES_OF = "select id from desk_case where customer_id = ?1 union select c.id from desk_case c join shop_order o on o.number = c.order_number where o.customer_id = ?1";
    /// The files of a person.
    FILES = "select digest, shown from attachment where person_id = ?1";
    /// Files that no request has named.
    UNNAMED = "select digest, shown from attachment where person_id is null and created_at < ?1 limit ?2";
    /// Forgets such a file.
    FORGET_UNNAMED = "delete from attachment where digest = ?1 and person_id is null";
    /// Forgets the files of a person.
    FORGET_FILES = "delete from attachment where person_id = ?1";
    /// Forgets how a customer is found.
    FORGET = "update customer set mail_index = null, reference = null where id = ?1";
    /// Forgets whose orders theirs were: what is asked about one from now on is asked by somebody new.
    FORGET_ORDERS = "update shop_order set customer_id = null where customer_id = ?1";
}

/// Keeps a sealed text.
///
/// # Errors
/// The store's trouble.
pub async fn keep(
    tx: &mut Tx<'_>,
    person: Id,
    field: &str,
    sealed: &Sealed,
    now: Instant,
) -> Result<(), Trouble> {
    let values = vec![
        Value::from(sealed.hash),
        Value::from(person.0),
        Value::from(field),
        Value::from(sealed.ciphertext.as_slice()),
        Value::from(nanoseconds(now)?),
    ];
    tx.queue(&KEEP, values)
}

/// A sealed text: whose it is, of which field, and its bytes.
///
/// # Errors
/// The store's trouble.
pub async fn read(
    tx: &mut Tx<'_>,
    digest: Digest,
) -> Result<Option<(Id, String, Sealed)>, Trouble> {
    let row = tx.one(&READ, &[Value::from(digest.0)]).await?;
    row.map(|row| {
        let sealed = Sealed {
            ciphertext: row.bytes(2)?.to_vec(),
            hash: digest.0,
        };
        Ok((Id(row.id(0)?), row.text(1)?.to_owned(), sealed))
    })
    .transpose()
}

/// The customer with a mail address (by its index) or the shop's own name for them; a new one with this id where there is none.
///
/// # Errors
/// The store's trouble.
pub async fn customer(
    tx: &mut Tx<'_>,
    new: Id,
    mail_index: Option<[u8; 32]>,
    reference: Option<&str>,
    now: Instant,
) -> Result<Id, Trouble> {
    let mut known = None;
    if let Some(reference) = reference {
        known = tx.one(&BY_REFERENCE, &[Value::from(reference)]).await?;
    }
    if let (None, Some(index)) = (&known, mail_index) {
        known = tx.one(&BY_MAIL, &[Value::from(index)]).await?;
    }
    if let Some(row) = known {
        return row.id(0).map(Id);
    }
    let values = [
        Value::from(new.0),
        Value::from(mail_index),
        Value::from(reference),
        Value::from(nanoseconds(now)?),
    ];
    if tx.run(&INSERT_CUSTOMER, &values).await? == 0 {
        // Somebody wrote the same customer down in the same moment.
        return Err(Trouble::Serialization);
    }
    Ok(new)
}

/// Whom the time has come for, and how far that goes.
#[derive(Clone, Debug, Default)]
pub struct Expired {
    /// Customers, and cases of which nobody knows whose they are.
    pub persons: BTreeSet<Id>,
    /// The last case that was looked at, with when it was closed; nothing if there are no more.
    pub done: Option<(i64, Id)>,
}

/// Looks at so many of the cases that were closed before a moment and were not looked at yet. A customer with a case since then is left
/// to that one.
///
/// # Errors
/// The store's trouble.
pub async fn expired(tx: &mut Tx<'_>, before: Instant, most: i64) -> Result<Expired, Trouble> {
    let before = Value::from(nanoseconds(before)?);
    let (at, id) = match tx.one(&ERASED_TO, &[]).await? {
        None => (i64::MIN, [0; 16]),
        Some(row) => place(row.bytes(0)?)?,
    };
    let values = [
        before.clone(),
        Value::from(at),
        Value::from(id),
        Value::from(most),
    ];
    let mut found = Expired::default();
    for row in tx.rows(&EXPIRED, &values).await? {
        let case = Id(row.id(1)?);
        found.done = Some((row.int(0)?, case));
        let owners = [row.opt_id(2)?, row.opt_id(3)?];
        let owners: Vec<Id> = owners.into_iter().flatten().map(Id).collect();
        if owners.is_empty() {
            found.persons.insert(case);
        }
        for owner in owners {
            let key = [Value::from(owner.0), before.clone()];
            if tx.one(&LATELY, &key).await?.is_none() {
                found.persons.insert(owner);
            }
        }
    }
    Ok(found)
}

fn place(bytes: &[u8]) -> Result<(i64, [u8; 16]), Trouble> {
    let strange = || stranger("a place among the erased that is none");
    let (at, id) = bytes.split_first_chunk().ok_or_else(strange)?;
    Ok((
        i64::from_be_bytes(*at),
        id.try_into().map_err(|_| strange())?,
    ))
}

/// Notes how far expired cases were looked at.
///
/// # Errors
/// The store's trouble.
pub async fn erased_to(tx: &mut Tx<'_>, (at, case): (i64, Id)) -> Result<(), Trouble> {
    let place = [&at.to_be_bytes()[..], &case.0].concat();
    tx.run(&KEEP_ERASED_TO, &[Value::from(place)])
        .await
        .map(drop)
}

/// Under which keys it lies what is known of a customer: their own, and those of their cases, from the time when nobody knew whose they
/// were.
///
/// # Errors
/// The store's trouble.
pub async fn persons_of(tx: &mut Tx<'_>, customer: Id) -> Result<Vec<Id>, Trouble> {
    let cases = tx.rows(&CASES_OF, &[Value::from(customer.0)]).await?;
    let mut persons = vec![customer];
    for row in cases {
        persons.push(Id(row.id(0)?));
    }
    Ok(persons)
}

/// A file: what was sent, and what is shown of it.
pub type File = (Digest, Option<Digest>);

fn files(rows: &[Row]) -> Result<Vec<File>, Trouble> {
    let file = |row: &Row| Ok((Digest(row.digest(0)?), row.opt_digest(1)?.map(Digest)));
    rows.iter().map(file).collect()
}

/// The files of a person.
///
/// # Errors
/// The store's trouble.
pub async fn files_of(tx: &mut Tx<'_>, person: Id) -> Result<Vec<File>, Trouble> {
    files(&tx.rows(&FILES, &[Value::from(person.0)]).await?)
}

/// So many files that were handed in before a moment and that no request has named.
///
/// # Errors
/// The store's trouble.
pub async fn unnamed(tx: &mut Tx<'_>, before: Instant, most: i64) -> Result<Vec<File>, Trouble> {
    let values = [Value::from(nanoseconds(before)?), Value::from(most)];
    files(&tx.rows(&UNNAMED, &values).await?)
}

/// Forgets a file that no request has named.
///
/// # Errors
/// The store's trouble.
pub async fn forget_unnamed(tx: &mut Tx<'_>, file: Digest) -> Result<(), Trouble> {
    tx.run(&FORGET_UNNAMED, &[Value::from(file.0)])
        .await
        .map(drop)
}

/// Forgets how persons are found, which files were theirs, and whose their orders were.
///
/// # Errors
/// The store's trouble.
pub async fn forget(tx: &mut Tx<'_>, persons: &[Id]) -> Result<(), Trouble> {
    for person in persons {
        let key = [Value::from(person.0)];
        tx.run(&FORGET_FILES, &key).await?;
        tx.run(&FORGET, &key).await?;
        tx.run(&FORGET_ORDERS, &key).await?;
        search::forget(tx, *person).await?;
    }
    Ok(())
}
