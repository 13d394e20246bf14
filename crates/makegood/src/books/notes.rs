// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the merchant's people write for each other at a case, and whose work the case is. Neither changes what is decided.

use makegood_desk::case::Instant;
use makegood_desk::input::{Digest, Id};

use super::{instant, nanoseconds};
use crate::store::{Row, Trouble, Tx, Value};

crate::statements! {
    /// A note behind the others of its case.
    INSERT = "insert into case_note (case_id, no, staff_id, text_digest, at) select ?1, coalesce(max(no), 0) + 1, ?2, ?3, ?4 from case_note where case_id = ?1";
    /// The notes of a case, oldest first, with who wrote them.
    OF_CASE = "select n.no, n.text_digest, n.at, s.name from case_note n left join staff s on s.id = n.staff_id where n.case_id = ?1 order by n.no limit 500";
    /// Whose work a case is.
    ASSIGN = "update desk_case set assigned_to = ?2 where id = ?1";
}

/// The field under which a note is sealed.
pub const NOTE: &str = "note";

/// A note.
#[derive(Clone, Debug)]
pub struct Note {
    /// Its number in the case.
    pub no: i64,
    /// Its words, under the customer's key.
    pub text: Digest,
    /// When it was written.
    pub at: Instant,
    /// By whom; nobody for a program.
    pub by: Option<String>,
}

fn note(row: &Row) -> Result<Note, Trouble> {
    Ok(Note {
        no: row.int(0)?,
        text: Digest(row.digest(1)?),
        at: instant(row.int(2)?),
        by: row.opt_text(3)?.map(str::to_owned),
    })
}

/// Writes a note down. Its words are kept before.
///
/// # Errors
/// The store's trouble.
pub async fn add(
    tx: &mut Tx<'_>,
    case: Id,
    by: Option<Id>,
    text: Digest,
    now: Instant,
) -> Result<(), Trouble> {
    let values = [
        Value::from(case.0),
        Value::from(by.map(|id| id.0)),
        Value::from(text.0),
        Value::from(nanoseconds(now)?),
    ];
    tx.run(&INSERT, &values).await.map(drop)
}

/// The notes of a case, oldest first.
///
/// # Errors
/// The store's trouble.
pub async fn of_case(tx: &mut Tx<'_>, case: Id) -> Result<Vec<Note>, Trouble> {
    let rows = tx.rows(&OF_CASE, &[Value::from(case.0)]).await?;
    rows.iter().map(note).collect()
}

/// Says whose work a case is; nobody's in particular without a person.
///
/// # Errors
/// The store's trouble.
pub async fn assign(tx: &mut Tx<'_>, case: Id, to: Option<Id>) -> Result<(), Trouble> {
    let values = [Value::from(case.0), Value::from(to.map(|id| id.0))];
    tx.run(&ASSIGN, &values).await.map(drop)
}
