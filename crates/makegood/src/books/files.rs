// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files that were handed in, as the books know them: what they are and whose; their contents lie with the attachments.

use makegood_desk::case::Instant;
use makegood_desk::input::{Digest, Id};

use super::{count, nanoseconds};
use crate::store::{Trouble, Tx, Value};

crate::statements! {
    /// Writes a file down.
    INSERT = "insert into attachment (digest, shown, kind, bytes_count, name_digest, person_id, created_at) values (?1, ?2, ?3, ?4, null, null, ?5) on conflict (digest) do nothing";
    /// A file.
    READ = "select shown, kind, bytes_count, person_id from attachment where digest = ?1";
    /// Whose a file is, once somebody hands it in with a request.
    OWN = "update attachment set person_id = ?2 where digest = ?1 and person_id is null";
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The hash of what was sent.
    pub digest: Digest,
    /// The hash of what is shown of it, where something can be shown.
    pub shown: Option<Digest>,
    /// What it is.
    pub kind: String,
    /// How large it is.
    pub bytes: u64,
    /// Whose it is, once that is known.
    pub person: Option<Id>,
}

/// Writes a file down; the same file twice is once.
///
/// # Errors
/// The store's trouble.
pub async fn add(tx: &mut Tx<'_>, file: &File, now: Instant) -> Result<(), Trouble> {
    let values = [
        Value::from(file.digest.0),
        Value::from(file.shown.map(|digest| digest.0)),
        Value::from(file.kind.as_str()),
        Value::from(super::whole(file.bytes)?),
        Value::from(nanoseconds(now)?),
    ];
    tx.run(&INSERT, &values).await.map(drop)
}

/// A file, if there is such a one.
///
/// # Errors
/// The store's trouble.
pub async fn read(tx: &mut Tx<'_>, digest: Digest) -> Result<Option<File>, Trouble> {
    let row = tx.one(&READ, &[Value::from(digest.0)]).await?;
    row.map(|row| {
        Ok(File {
            digest,
            shown: row.opt_digest(0)?.map(Digest),
            kind: row.text(1)?.to_owned(),
            bytes: count(&row, 2)?,
            person: row.opt_id(3)?.map(Id),
        })
    })
    .transpose()
}

/// Says whose a file is, where nobody said so before.
///
/// # Errors
/// The store's trouble.
pub async fn own(tx: &mut Tx<'_>, digest: Digest, person: Id) -> Result<(), Trouble> {
    tx.run(&OWN, &[Value::from(digest.0), Value::from(person.0)])
        .await
        .map(drop)
}
