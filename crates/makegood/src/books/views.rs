// SPDX-License-Identifier: MIT OR Apache-2.0
//! Views of the queue that somebody keeps for themself, each under a name of theirs.

use makegood_desk::case::Instant;
use makegood_desk::input::Id;

use super::{count, nanoseconds};
use crate::store::{Row, Trouble, Tx, Value};

/// Most that somebody keeps.
pub const MOST: i64 = 20;

crate::statements! {
    /// A view behind the others of its person.
    INSERT = "insert into saved_view (staff_id, no, name, query, created_at) select ?1, coalesce(max(no), 0) + 1, ?2, ?3, ?4 from saved_view where staff_id = ?1";
    /// The views of a person, in the order in which they were kept.
    OF_PERSON = "select no, name, query from saved_view where staff_id = ?1 order by no limit 20";
    /// Lets a view go.
    REMOVE = "delete from saved_view where staff_id = ?1 and no = ?2";
}

/// A view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// Its number among those of its person.
    pub no: u64,
    /// What its person calls it.
    pub name: String,
    /// What stands behind the question mark of the queue's address.
    pub query: String,
}

fn view(row: &Row) -> Result<SavedView, Trouble> {
    Ok(SavedView {
        no: count(row, 0)?,
        name: row.text(1)?.to_owned(),
        query: row.text(2)?.to_owned(),
    })
}

/// The views of a person, in the order in which they were kept.
///
/// # Errors
/// The store's trouble.
pub async fn of(tx: &mut Tx<'_>, person: Id) -> Result<Vec<SavedView>, Trouble> {
    let rows = tx.rows(&OF_PERSON, &[Value::from(person.0)]).await?;
    rows.iter().map(view).collect()
}

/// Keeps a view; `false` where there are as many as anybody keeps.
///
/// # Errors
/// The store's trouble.
pub async fn keep(
    tx: &mut Tx<'_>,
    person: Id,
    name: &str,
    query: &str,
    now: Instant,
) -> Result<bool, Trouble> {
    let known = of(tx, person).await?.len();
    if i64::try_from(known).is_ok_and(|known| known >= MOST) {
        return Ok(false);
    }
    let values = [
        Value::from(person.0),
        Value::from(name),
        Value::from(query),
        Value::from(nanoseconds(now)?),
    ];
    tx.run(&INSERT, &values).await?;
    Ok(true)
}

/// Lets a view go; `false` where there is none.
///
/// # Errors
/// The store's trouble.
pub async fn remove(tx: &mut Tx<'_>, person: Id, no: u64) -> Result<bool, Trouble> {
    let Ok(no) = i64::try_from(no) else {
        return Ok(false);
    };
    let values = [Value::from(person.0), Value::from(no)];
    Ok(tx.run(&REMOVE, &values).await? == 1)
}
