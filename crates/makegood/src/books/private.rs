// SPDX-License-Identifier: MIT OR Apache-2.0
//! Texts about or by people, as they lie in the books: sealed under each person's own key, found by the hash of what lies there.

use makegood_desk::case::Instant;
use makegood_desk::input::{Digest, Id};

use super::nanoseconds;
use crate::store::{Trouble, Tx, Value};
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
