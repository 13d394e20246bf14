// SPDX-License-Identifier: MIT OR Apache-2.0
//! Finding cases by what people remember of them: a number, an address, a name of the provider's, words of a message.
//!
//! Words lie here as codes under a key of the desk's own. Who has the books but not the keys learns no word from them, and who has both
//! could have read the messages anyway. When a person is erased, theirs go too.

use std::collections::BTreeSet;

use makegood_desk::input::Id;
use ring::hmac;

use super::private::{BY_MAIL, BY_REFERENCE};
use super::queue::{self, QueueRow};
use crate::store::{Row, Statement, Trouble, Tx, Value};
use crate::vault::Vault;

crate::statements! {
    /// A word of a case.
    INSERT = "insert into word (word, case_id, person_id) values (?1, ?2, ?3) on conflict do nothing";
    /// The words of a person, forgotten.
    FORGET = "delete from word where person_id = ?1";
    /// Cases with a word.
    WITH = "select case_id from word where word = ?1 limit 5000";
    /// Cases whose order's number begins so.
    BY_ORDER = "select id from desk_case where order_number >= ?1 and order_number < ?2 order by order_number, number desc limit 100";
    /// Cases of a customer, newest first.
    BY_CUSTOMER = "select id from desk_case where customer_id = ?1 order by number desc limit 100";
    /// The case of a refund, by the provider's name for it.
    BY_REFUND = "select case_id from refund where provider_refund = ?1 limit 20";
    /// Cases about a payment, by the provider's name for it.
    BY_PAYMENT = "select c.id from payment p join desk_case c on c.order_number = p.order_number where p.reference = ?1 limit 20";
}

/// Most words of one text that are kept.
const WORDS_MOST: usize = 300;
/// Fewest letters of a word that is kept.
const LETTERS_LEAST: usize = 3;
/// Most words that are looked for.
const ASKED_MOST: usize = 12;

/// The words of a text, each once, in the form in which two spellings are equal.
#[must_use]
pub fn words(text: &str) -> BTreeSet<String> {
    let parts = text.split(|letter: char| !letter.is_alphanumeric());
    parts
        .filter(|part| part.chars().count() >= LETTERS_LEAST)
        .map(str::to_lowercase)
        .take(WORDS_MOST)
        .collect()
}

/// The codes of a text's words.
#[must_use]
pub fn codes(vault: &Vault, text: &str) -> Vec<[u8; 32]> {
    let key = vault.key_for("words");
    words(text).iter().map(|word| code(&key, word)).collect()
}

fn code(key: &hmac::Key, word: &str) -> [u8; 32] {
    let tag = hmac::sign(key, word.as_bytes());
    tag.as_ref().try_into().unwrap_or_default()
}

/// Lets a case be found by words.
///
/// # Errors
/// The store's trouble.
pub fn index(tx: &mut Tx<'_>, codes: &[[u8; 32]], case: Id, person: Id) -> Result<(), Trouble> {
    for code in codes {
        let values = vec![
            Value::from(*code),
            Value::from(case.0),
            Value::from(person.0),
        ];
        tx.queue(&INSERT, values)?;
    }
    Ok(())
}

/// Forgets a person's words.
///
/// # Errors
/// The store's trouble.
pub async fn forget(tx: &mut Tx<'_>, person: Id) -> Result<(), Trouble> {
    tx.run(&FORGET, &[Value::from(person.0)]).await.map(drop)
}

fn ids(rows: &[Row]) -> Result<Vec<Id>, Trouble> {
    rows.iter().map(|row| row.id(0).map(Id)).collect()
}

async fn found(
    tx: &mut Tx<'_>,
    statement: &'static Statement,
    values: &[Value],
) -> Result<Vec<Id>, Trouble> {
    ids(&tx.rows(statement, values).await?)
}

/// Cases that fit what was written, the likeliest first, so many at most.
///
/// # Errors
/// The store's trouble.
pub async fn cases(
    tx: &mut Tx<'_>,
    vault: &Vault,
    text: &str,
    most: usize,
) -> Result<Vec<QueueRow>, Trouble> {
    let text = text.trim();
    // What the store cannot hold is in nothing.
    if text.is_empty() || text.contains('\0') || text.len() > 500 {
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    // Behind everything that begins so, and nothing else that people write in order numbers.
    let behind = format!("{text}\u{10ffff}");
    all.extend(
        found(
            tx,
            &BY_ORDER,
            &[Value::from(text), Value::from(behind.as_str())],
        )
        .await?,
    );
    all.extend(of_customers(tx, vault, text).await?);
    all.extend(found(tx, &BY_REFUND, &[Value::from(text)]).await?);
    all.extend(found(tx, &BY_PAYMENT, &[Value::from(text)]).await?);
    all.extend(with_words(tx, vault, text).await?);
    let (mut seen, mut rows) = (BTreeSet::new(), Vec::new());
    for id in all {
        if rows.len() >= most {
            break;
        }
        if seen.insert(id) {
            rows.extend(queue::one(tx, id).await?);
        }
    }
    Ok(rows)
}

async fn of_customers(tx: &mut Tx<'_>, vault: &Vault, text: &str) -> Result<Vec<Id>, Trouble> {
    let mut customers = found(tx, &BY_REFERENCE, &[Value::from(text)]).await?;
    if text.contains('@') {
        let index = vault.email_index(text);
        customers.extend(found(tx, &BY_MAIL, &[Value::from(index)]).await?);
    }
    let mut all = Vec::new();
    for customer in customers {
        all.extend(found(tx, &BY_CUSTOMER, &[Value::from(customer.0)]).await?);
    }
    Ok(all)
}

/// Cases that have all the words, newest first: a case's name begins with when it was made.
async fn with_words(tx: &mut Tx<'_>, vault: &Vault, text: &str) -> Result<Vec<Id>, Trouble> {
    let mut fit: Option<BTreeSet<Id>> = None;
    for code in codes(vault, text).into_iter().take(ASKED_MOST) {
        let with: BTreeSet<Id> = found(tx, &WITH, &[Value::from(code)])
            .await?
            .into_iter()
            .collect();
        let both = match fit {
            None => with,
            Some(before) => before.intersection(&with).copied().collect(),
        };
        if both.is_empty() {
            return Ok(Vec::new());
        }
        fit = Some(both);
    }
    Ok(fit.unwrap_or_default().into_iter().rev().collect())
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_what_people_would_look_for() {
        let found: Vec<String> =
            words("Hvor er MINE 1.000 følgere? Se https://Example.com/ann-lee, ok")
                .into_iter()
                .collect();
        assert_eq!(
            found,
            [
                "000", "ann", "com", "example", "følgere", "https", "hvor", "lee", "mine"
            ]
        );
    }
}
