// SPDX-License-Identifier: MIT OR Apache-2.0
//! The store of wrapped keys that several machines share: a table beside the books.
//!
//! A deleted key stands in old pages and in the write-ahead log of the database until those are written over. It is wrapped there
//! too, so whoever has them needs the master key as well; copies of the table are to be kept as briefly as those of a key file.

use std::collections::BTreeMap;

use makegood_desk::case::Instant;

use super::keys::Found;
use super::{INDEX, MasterKey, VaultTrouble};
use crate::store::{Row, Store, Trouble, Tx, Value};

crate::statements! {
    /// What is known of a person's key.
    PERSON_KEY = "select wrapped from person_key where person = ?1";
    /// Keeps a key that was made; of several who make one at once, the first counts.
    ADD_PERSON_KEY = "insert into person_key (person, wrapped) values (?1, ?2) on conflict (person) do nothing";
    /// Deletes a key, and bars new ones.
    ERASE_PERSON_KEY = "insert into person_key (person, wrapped, erased_at) values (?1, null, ?2) on conflict (person) do update set wrapped = null, erased_at = excluded.erased_at where person_key.wrapped is not null";
    /// All keys, for another master key.
    ALL_PERSON_KEYS = sqlite "select person, wrapped from person_key where wrapped is not null order by person",
        postgres "select person, wrapped from person_key where wrapped is not null order by person for update";
    /// Puts a key in place of the same one that was wrapped otherwise.
    REWRAP_PERSON_KEY = "update person_key set wrapped = ?2 where person = ?1 and wrapped is not null";
}

/// Wrapped keys in a table.
#[derive(Clone)]
pub(super) struct SharedKeys(Store);

impl std::fmt::Debug for SharedKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedKeys(…)")
    }
}

impl SharedKeys {
    pub(super) fn new(store: Store) -> Self {
        Self(store)
    }

    pub(super) async fn find(&self, person: &str) -> Result<Found, Trouble> {
        let person = person.to_owned();
        let found = self.0.read(move |tx| {
            let person = person.clone();
            Box::pin(async move { find(tx, &person).await })
        });
        found.await
    }

    /// The wrapped keys of these persons, with these fresh ones kept where there was none; nothing for a person who was erased.
    ///
    /// They go in in the order of ids, so that two who keep the same ones never wait for each other in a circle.
    pub(super) async fn keep(
        &self,
        fresh: BTreeMap<String, Vec<u8>>,
    ) -> Result<BTreeMap<String, Option<Vec<u8>>>, Trouble> {
        let kept = self.0.write(move |tx| {
            let fresh = fresh.clone();
            Box::pin(async move {
                let mut kept = BTreeMap::new();
                for (person, wrapped) in fresh {
                    let values = [
                        Value::from(person.as_str()),
                        Value::from(wrapped.as_slice()),
                    ];
                    let found = match tx.run(&ADD_PERSON_KEY, &values).await? {
                        0 => find(tx, &person).await?.key(),
                        _ => Some(wrapped),
                    };
                    kept.insert(person, found);
                }
                Ok(kept)
            })
        });
        kept.await
    }

    /// The wrapped index key; this one if there is none yet.
    pub(super) async fn index_or(&self, fresh: Vec<u8>) -> Result<Option<Vec<u8>>, Trouble> {
        let mut kept = self
            .keep(BTreeMap::from([(INDEX.to_owned(), fresh)]))
            .await?;
        Ok(kept.remove(INDEX).flatten())
    }

    pub(super) async fn erase(&self, person: &str, at: Instant) -> Result<bool, Trouble> {
        let at = crate::books::nanoseconds(at)?;
        let person = person.to_owned();
        let erased = self.0.write(move |tx| {
            let person = person.clone();
            Box::pin(async move {
                let had_one = find(tx, &person).await?.key().is_some();
                let values = [Value::from(person), Value::from(at)];
                // Two at once: only one of them finds a key to delete.
                let changed = tx.run(&ERASE_PERSON_KEY, &values).await?;
                Ok(had_one && changed > 0)
            })
        });
        erased.await
    }

    /// Replaces every wrapped key, all or none; says how many.
    pub(super) async fn rewrap(
        &self,
        old: &MasterKey,
        new: &MasterKey,
    ) -> Result<u64, VaultTrouble> {
        let (old, new) = (old.clone(), new.clone());
        let changed = self.0.write(move |tx| {
            let (old, new) = (old.clone(), new.clone());
            Box::pin(async move {
                let rows = tx.rows(&ALL_PERSON_KEYS, &[]).await?;
                let sets = rows.iter().map(|row| rewrapped(row, &old, &new));
                let sets = sets.collect::<Result<Vec<_>, _>>()?;
                let changed = tx.run_each(&REWRAP_PERSON_KEY, &sets).await?;
                Ok(changed.iter().sum())
            })
        });
        changed.await.map_err(VaultTrouble::from)
    }
}

async fn find(tx: &mut Tx<'_>, person: &str) -> Result<Found, Trouble> {
    Ok(match tx.one(&PERSON_KEY, &[Value::from(person)]).await? {
        None => Found::Nothing,
        Some(row) => match row.opt_bytes(0)? {
            Some(wrapped) => Found::Key(wrapped.to_vec()),
            None => Found::Erased,
        },
    })
}

fn rewrapped(row: &Row, old: &MasterKey, new: &MasterKey) -> Result<Vec<Value>, Trouble> {
    let (person, wrapped) = (row.text(0)?, row.bytes(1)?);
    let wrapped = super::Place::Table
        .unwrapped(old.unwrap(person, wrapped))
        .and_then(|key| new.wrap(person, key.expose()))
        .map_err(Trouble::refused)?;
    Ok(vec![Value::from(person), Value::from(wrapped)])
}
