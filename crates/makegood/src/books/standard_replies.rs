// SPDX-License-Identifier: MIT OR Apache-2.0
//! Standard replies: what the merchant's people write again and again, in both languages, with fields that each case fills in.

use makegood_desk::case::Instant;
use makegood_desk::input::{Id, Language};

use super::{instant, nanoseconds};
use crate::store::{Row, Trouble, Tx, Value};

crate::statements! {
    /// A new one; nothing where the name is taken.
    INSERT = "insert into standard_reply (id, name, text_da, text_en, changed_at, changed_by) values (?1, ?2, ?3, ?4, ?5, ?6) on conflict do nothing";
    /// Other words.
    UPDATE = "update standard_reply set name = ?2, text_da = ?3, text_en = ?4, changed_at = ?5, changed_by = ?6 where id = ?1";
    /// Lets one go.
    REMOVE = "delete from standard_reply where id = ?1";
    /// All of them, by name.
    ALL_NAMED = "select id, name, text_da, text_en, changed_at from standard_reply order by name limit 200";
    /// Whether another one is called so.
    CALLED = "select id from standard_reply where name = ?1";
}

/// What a reply may leave to the case: each stands in braces.
pub const FIELDS: [&str; 7] = [
    "case", "order", "service", "outcome", "amount", "clause", "agent",
];

/// A standard reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandardReply {
    /// Which.
    pub id: Id,
    /// What colleagues call it.
    pub name: String,
    /// Its words in Danish.
    pub danish: String,
    /// Its words in English.
    pub english: String,
    /// When it was last changed.
    pub changed_at: Instant,
}

impl StandardReply {
    /// Its words in a language; in the other one where it is not written in this.
    #[must_use]
    pub fn words(&self, language: Language) -> &str {
        let (own, other) = match language {
            Language::Danish => (&self.danish, &self.english),
            Language::English => (&self.english, &self.danish),
        };
        if own.is_empty() { other } else { own }
    }
}

/// The first field that no case could fill in.
///
/// ```
/// use makegood::books::standard_replies::unknown_field;
/// assert_eq!(unknown_field("About {case}: {amount}"), None);
/// assert_eq!(unknown_field("Dear {nme}"), Some("nme"));
/// ```
#[must_use]
pub fn unknown_field(words: &str) -> Option<&str> {
    let opened = words.split('{').skip(1);
    opened
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .find(|name| !FIELDS.contains(name))
}

/// The words with each field filled in; what the case does not know stands as a gap that is seen.
///
/// ```
/// use makegood::books::standard_replies::filled;
/// let known = |name: &str| (name == "case").then(|| "MG-7".to_owned());
/// assert_eq!(filled("{case}: {amount}. {odd}", known), "MG-7: ____. {odd}");
/// ```
#[must_use]
pub fn filled(words: &str, known: impl Fn(&str) -> Option<String>) -> String {
    let mut out = words.to_owned();
    for name in FIELDS {
        let mark = format!("{{{name}}}");
        if out.contains(&mark) {
            let value = known(name).filter(|value| !value.is_empty());
            out = out.replace(&mark, value.as_deref().unwrap_or("____"));
        }
    }
    out
}

fn reply(row: &Row) -> Result<StandardReply, Trouble> {
    Ok(StandardReply {
        id: Id(row.id(0)?),
        name: row.text(1)?.to_owned(),
        danish: row.text(2)?.to_owned(),
        english: row.text(3)?.to_owned(),
        changed_at: instant(row.int(4)?),
    })
}

/// All of them, by name.
///
/// # Errors
/// The store's trouble.
pub async fn all(tx: &mut Tx<'_>) -> Result<Vec<StandardReply>, Trouble> {
    tx.rows(&ALL_NAMED, &[]).await?.iter().map(reply).collect()
}

/// Writes one down, new or with other words; `false` where another one is called so.
///
/// # Errors
/// The store's trouble.
pub async fn keep(tx: &mut Tx<'_>, reply: &StandardReply, by: Option<Id>) -> Result<bool, Trouble> {
    let named = tx.one(&CALLED, &[Value::from(reply.name.as_str())]).await?;
    let named = named.map(|row| row.id(0)).transpose()?;
    if named.is_some_and(|known| known != reply.id.0) {
        return Ok(false);
    }
    let values = [
        Value::from(reply.id.0),
        Value::from(reply.name.as_str()),
        Value::from(reply.danish.as_str()),
        Value::from(reply.english.as_str()),
        Value::from(nanoseconds(reply.changed_at)?),
        Value::from(by.map(|id| id.0)),
    ];
    if tx.run(&UPDATE, &values).await? == 0 {
        return Ok(tx.run(&INSERT, &values).await? == 1);
    }
    Ok(true)
}

/// Lets one go; `false` where there is none.
///
/// # Errors
/// The store's trouble.
pub async fn remove(tx: &mut Tx<'_>, id: Id) -> Result<bool, Trouble> {
    Ok(tx.run(&REMOVE, &[Value::from(id.0)]).await? == 1)
}
