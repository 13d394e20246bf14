// SPDX-License-Identifier: MIT OR Apache-2.0
//! Drafts of policy versions: written by one person, approved by another, and from a later day on in force.

use makegood_desk::case::Instant;
use makegood_desk::input::Id;

use super::{instant, nanoseconds, stranger};
use crate::policies::{Sheet, Sheets, front};
use crate::store::{Row, Trouble, Tx, Value};

crate::statements! {
    /// A new draft.
    INSERT = "insert into policy_draft (id, version, source, translation, created_at, created_by) values (?1, ?2, ?3, ?4, ?5, ?6)";
    /// One draft.
    ONE = "select d.id, d.version, d.source, d.translation, d.created_at, d.created_by, d.approved_at, d.withdrawn_at, c.name, a.name from policy_draft d left join staff c on c.id = d.created_by left join staff a on a.id = d.approved_by where d.id = ?1";
    /// All drafts, newest first.
    ALL_DRAFTS = "select d.id, d.version, d.source, d.translation, d.created_at, d.created_by, d.approved_at, d.withdrawn_at, c.name, a.name from policy_draft d left join staff c on c.id = d.created_by left join staff a on a.id = d.approved_by order by d.created_at desc limit 50";
    /// Those that were approved.
    APPROVED = "select d.id, d.version, d.source, d.translation, d.created_at, d.created_by, d.approved_at, d.withdrawn_at, c.name, a.name from policy_draft d left join staff c on c.id = d.created_by left join staff a on a.id = d.approved_by where d.approved_at is not null order by d.version";
    /// How many were.
    APPROVED_COUNT = "select count(*) from policy_draft where approved_at is not null";
    /// Whether another one of this version was.
    APPROVED_VERSION = "select count(*) from policy_draft where approved_at is not null and version = ?1";
    /// Approves a draft that nobody approved or withdrew yet.
    APPROVE = "update policy_draft set approved_at = ?2, approved_by = ?3 where id = ?1 and approved_at is null and withdrawn_at is null";
    /// Withdraws a draft that nobody approved.
    WITHDRAW = "update policy_draft set withdrawn_at = ?2 where id = ?1 and approved_at is null and withdrawn_at is null";
}

/// A draft of a policy version.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Which.
    pub id: Id,
    /// The version: the day from which it is in force.
    pub version: String,
    /// The page in the policy's own language.
    pub source: String,
    /// Its translation; empty where there is none.
    pub translation: String,
    /// When it was written down.
    pub created_at: Instant,
    /// By whom.
    pub created_by: Option<Id>,
    /// When it was approved.
    pub approved_at: Option<Instant>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Instant>,
    /// The name of whoever wrote it down.
    pub author: Option<String>,
    /// The name of whoever approved it.
    pub approver: Option<String>,
}

impl Draft {
    /// Its pages as files, the policy first.
    #[must_use]
    pub fn into_sheets(self) -> Sheets {
        let sheet = |text: String| Sheet {
            name: format!("policy.{}.md", front(&text, "language").unwrap_or("md")),
            text,
            path: None,
        };
        Sheets {
            policy: sheet(self.source),
            translations: match self.translation.is_empty() {
                true => Vec::new(),
                false => vec![sheet(self.translation)],
            },
            cases: None,
            asked_language: None,
        }
    }
}

fn draft(row: &Row) -> Result<Draft, Trouble> {
    Ok(Draft {
        id: Id(row.id(0)?),
        version: row.text(1)?.to_owned(),
        source: row.text(2)?.to_owned(),
        translation: row.text(3)?.to_owned(),
        created_at: instant(row.int(4)?),
        created_by: row.opt_id(5)?.map(Id),
        approved_at: row.opt_int(6)?.map(instant),
        withdrawn_at: row.opt_int(7)?.map(instant),
        author: row.opt_text(8)?.map(str::to_owned),
        approver: row.opt_text(9)?.map(str::to_owned),
    })
}

/// Writes a draft down.
///
/// # Errors
/// The store's trouble.
pub async fn add(tx: &mut Tx<'_>, new: &Draft) -> Result<(), Trouble> {
    let values = [
        Value::from(new.id.0),
        Value::from(new.version.as_str()),
        Value::from(new.source.as_str()),
        Value::from(new.translation.as_str()),
        Value::from(nanoseconds(new.created_at)?),
        Value::from(new.created_by.map(|id| id.0)),
    ];
    tx.run(&INSERT, &values).await.map(drop)
}

/// One draft.
///
/// # Errors
/// The store's trouble.
pub async fn one(tx: &mut Tx<'_>, id: Id) -> Result<Option<Draft>, Trouble> {
    let row = tx.one(&ONE, &[Value::from(id.0)]).await?;
    row.as_ref().map(draft).transpose()
}

/// The drafts, newest first.
///
/// # Errors
/// The store's trouble.
pub async fn all(tx: &mut Tx<'_>) -> Result<Vec<Draft>, Trouble> {
    tx.rows(&ALL_DRAFTS, &[]).await?.iter().map(draft).collect()
}

/// Those that were approved, oldest version first.
///
/// # Errors
/// The store's trouble.
pub async fn approved(tx: &mut Tx<'_>) -> Result<Vec<Draft>, Trouble> {
    tx.rows(&APPROVED, &[]).await?.iter().map(draft).collect()
}

/// How many were.
///
/// # Errors
/// The store's trouble.
pub async fn approved_count(tx: &mut Tx<'_>) -> Result<usize, Trouble> {
    let row = tx.one(&APPROVED_COUNT, &[]).await?;
    let row = row.ok_or_else(|| stranger("a count without a row"))?;
    usize::try_from(row.int(0)?).map_err(|_| stranger("fewer than no drafts"))
}

/// What came of an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// It is approved.
    Done,
    /// It was approved or withdrawn before.
    Over,
    /// Another draft of the same version was approved.
    Taken,
}

/// Approves a draft.
///
/// # Errors
/// The store's trouble.
pub async fn approve(
    tx: &mut Tx<'_>,
    id: Id,
    version: &str,
    by: Id,
    now: Instant,
) -> Result<Approval, Trouble> {
    let row = tx.one(&APPROVED_VERSION, &[Value::from(version)]).await?;
    if row.map(|row| row.int(0)).transpose()?.unwrap_or(0) > 0 {
        let known = one(tx, id).await?;
        let own = known.is_some_and(|known| known.approved_at.is_some());
        return Ok(if own { Approval::Over } else { Approval::Taken });
    }
    let values = [
        Value::from(id.0),
        Value::from(nanoseconds(now)?),
        Value::from(by.0),
    ];
    Ok(match tx.run(&APPROVE, &values).await? {
        1 => Approval::Done,
        _ => Approval::Over,
    })
}

/// Withdraws a draft; `false` where it was approved or withdrawn before.
///
/// # Errors
/// The store's trouble.
pub async fn withdraw(tx: &mut Tx<'_>, id: Id, now: Instant) -> Result<bool, Trouble> {
    let values = [Value::from(id.0), Value::from(nanoseconds(now)?)];
    Ok(tx.run(&WITHDRAW, &values).await? == 1)
}
