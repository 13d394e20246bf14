// SPDX-License-Identifier: MIT OR Apache-2.0
//! The store of wrapped keys: a SQLite file of its own.
//!
//! Deleted keys are overwritten (`secure_delete`), and the journal is cut to nothing after each commit; there is no
//! write-ahead log, in which old pages would live on. Backups of the main database do not contain this file.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use makegood_desk::case::Instant;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use tokio::sync::oneshot;

use crate::crash;

use super::{INDEX, Place, VaultTrouble};

/// The form of the file. A newer program counts it up when an older one would misread it.
const VERSION: i64 = 1;

const TABLES: &str = "
    -- A key is gone exactly when its person was erased. The row stays, so that no new key is made.
    create table if not exists person_key (
        person text primary key,
        wrapped blob,
        erased_at_us integer,
        check ((wrapped is null) = (erased_at_us is not null))
    ) strict, without rowid;
";

/// What is known of a person's key.
pub(super) enum Found {
    /// The key, wrapped.
    Key(Vec<u8>),
    /// It was deleted.
    Erased,
    /// There was none.
    Nothing,
}

impl Found {
    /// The key, if there is one.
    pub(super) fn key(self) -> Option<Vec<u8>> {
        match self {
            Self::Key(wrapped) => Some(wrapped),
            Self::Erased | Self::Nothing => None,
        }
    }
}

/// Fresh keys that wait to be written down, and who waits for them.
type Waiting = (
    BTreeMap<String, Vec<u8>>,
    oneshot::Sender<Result<Kept, VaultTrouble>>,
);

/// The wrapped keys of persons as they are in the file; nothing for one who was erased.
type Kept = BTreeMap<String, Option<Vec<u8>>>;

/// Wrapped keys in a SQLite file.
#[derive(Debug)]
pub(super) struct SqliteKeys {
    path: PathBuf,
    connection: Mutex<Connection>,
    waiting: Mutex<Vec<Waiting>>,
}

impl SqliteKeys {
    pub(super) fn open(path: &Path) -> Result<Self, VaultTrouble> {
        // SQLite would make a file that others can read.
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(path)
            .map_err(|cause| VaultTrouble::File(path.to_owned(), cause))?;
        let failed = |cause| VaultTrouble::Store(path.to_owned(), cause);
        let (connection, version) = connect(path).map_err(failed)?;
        if version > VERSION {
            return Err(VaultTrouble::Newer(path.to_owned()));
        }
        connection.execute_batch(TABLES).map_err(failed)?;
        connection
            .pragma_update(None, "user_version", VERSION)
            .map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            connection: Mutex::new(connection),
            waiting: Mutex::default(),
        })
    }

    fn failed(&self, cause: rusqlite::Error) -> VaultTrouble {
        VaultTrouble::Store(self.path.clone(), cause)
    }

    /// A thread that panicked has left no half of a transaction behind, so its lock is taken up.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn place(&self) -> Place {
        Place::File(self.path.clone())
    }

    fn find(&self, person: &str) -> Result<Found, VaultTrouble> {
        find(&self.connection(), person).map_err(|cause| self.failed(cause))
    }

    /// What is known of a person's key. Looking is quick, unless somebody is just writing: then the wait is done elsewhere.
    pub(super) async fn look(self: &Arc<Self>, person: &str) -> Result<Found, VaultTrouble> {
        if let Some(connection) = self.idle() {
            return find(&connection, person).map_err(|cause| self.failed(cause));
        }
        let (keys, person) = (Arc::clone(self), person.to_owned());
        let looked = tokio::task::spawn_blocking(move || keys.find(&person));
        looked.await.unwrap_or(Err(VaultTrouble::Interrupted))
    }

    /// The connection, if nobody has it.
    fn idle(&self) -> Option<MutexGuard<'_, Connection>> {
        match self.connection.try_lock() {
            Ok(connection) => Some(connection),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// As [`SqliteKeys::keep`], away from the threads that serve, because it waits for the disk; those who come while the disk is
    /// busy share the next wait.
    pub(super) async fn keep_apart(
        self: &Arc<Self>,
        fresh: BTreeMap<String, Vec<u8>>,
    ) -> Result<Kept, VaultTrouble> {
        let (answer, kept) = oneshot::channel();
        let first = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push((fresh, answer));
            waiting.len() == 1
        };
        if first {
            let keys = Arc::clone(self);
            tokio::task::spawn_blocking(move || keys.keep_waiting());
        }
        kept.await.unwrap_or(Err(VaultTrouble::Interrupted))
    }

    /// Writes down everything that waits once the connection is free, in one transaction.
    fn keep_waiting(&self) {
        let mut connection = self.connection();
        let waiting = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *waiting)
        };
        let all = waiting.iter().flat_map(|(fresh, _)| fresh.clone());
        match keep(&mut connection, all.collect()) {
            Ok(kept) => {
                for (fresh, answer) in waiting {
                    let own = fresh.into_keys().map(|person| {
                        let key = kept.get(&person).cloned().flatten();
                        (person, key)
                    });
                    // Nobody may wait any longer, which is their affair.
                    let _ = answer.send(Ok(own.collect()));
                }
            }
            // What is wrong may be wrong with one of them only.
            Err(_) => {
                for (fresh, answer) in waiting {
                    let kept = keep(&mut connection, fresh).map_err(|cause| self.failed(cause));
                    let _ = answer.send(kept);
                }
            }
        }
    }

    /// The wrapped keys of these persons, with these fresh ones kept where there was none; nothing for a person who was erased.
    fn keep(&self, fresh: BTreeMap<String, Vec<u8>>) -> Result<Kept, VaultTrouble> {
        keep(&mut self.connection(), fresh).map_err(|cause| self.failed(cause))
    }

    /// The wrapped index key; this one if there is none yet.
    pub(super) fn index_or(&self, fresh: &[u8]) -> Result<Vec<u8>, VaultTrouble> {
        let mut kept = self.keep(BTreeMap::from([(INDEX.to_owned(), fresh.to_vec())]))?;
        let damaged = || VaultTrouble::Damaged(self.place());
        kept.remove(INDEX).flatten().ok_or_else(damaged)
    }

    /// As [`SqliteKeys::erase`], away from the threads that serve.
    pub(super) async fn erase_apart(
        self: &Arc<Self>,
        person: &str,
        at: Instant,
    ) -> Result<bool, VaultTrouble> {
        let (keys, person) = (Arc::clone(self), person.to_owned());
        let erased = tokio::task::spawn_blocking(move || keys.erase(&person, at));
        erased.await.unwrap_or(Err(VaultTrouble::Interrupted))
    }

    fn erase(&self, person: &str, at: Instant) -> Result<bool, VaultTrouble> {
        let at = i64::try_from(at.unix_nanoseconds() / 1_000).unwrap_or(i64::MAX);
        let failed = |cause| self.failed(cause);
        let mut connection = self.connection();
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let had_one = matches!(find(&transaction, person).map_err(failed)?, Found::Key(_));
        transaction
            .execute(
                "insert into person_key (person, wrapped, erased_at_us) values (?1, null, ?2)
                 on conflict (person) do update set wrapped = null, erased_at_us = excluded.erased_at_us
                 where wrapped is not null",
                params![person, at],
            )
            .map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(had_one)
    }

    /// Replaces every wrapped key, all or none; says how many.
    pub(super) fn rewrap(
        &self,
        wrap: impl Fn(&str, &[u8]) -> Result<Vec<u8>, VaultTrouble>,
    ) -> Result<u64, VaultTrouble> {
        let failed = |cause| self.failed(cause);
        let mut connection = self.connection();
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let (mut changed, mut after) = (0, None::<String>);
        while let Some((person, wrapped)) = next(&transaction, after.as_deref()).map_err(failed)? {
            let wrapped = wrap(&person, &wrapped)?;
            transaction
                .prepare_cached("update person_key set wrapped = ?2 where person = ?1")
                .and_then(|mut update| update.execute(params![person, wrapped]))
                .map_err(failed)?;
            changed += 1;
            after = Some(person);
        }
        transaction.commit().map_err(failed)?;
        Ok(changed)
    }
}

fn connect(path: &Path) -> rusqlite::Result<(Connection, i64)> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "truncate")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "secure_delete", "on")?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok((connection, version))
}

fn keep(connection: &mut Connection, fresh: BTreeMap<String, Vec<u8>>) -> rusqlite::Result<Kept> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut kept = BTreeMap::new();
    for (person, wrapped) in fresh {
        let found = match find(&transaction, &person)? {
            Found::Nothing => {
                insert(&transaction, &person, &wrapped)?;
                Some(wrapped)
            }
            found => found.key(),
        };
        kept.insert(person, found);
    }
    crash::point!("key.before_commit");
    transaction.commit()?;
    crash::point!("key.committed");
    Ok(kept)
}

fn find(connection: &Connection, person: &str) -> rusqlite::Result<Found> {
    let row = connection
        .prepare_cached("select wrapped from person_key where person = ?1")?
        .query_row([person], |row| row.get::<_, Option<Vec<u8>>>(0))
        .optional()?;
    Ok(match row {
        Some(Some(wrapped)) => Found::Key(wrapped),
        Some(None) => Found::Erased,
        None => Found::Nothing,
    })
}

fn insert(connection: &Connection, person: &str, wrapped: &[u8]) -> rusqlite::Result<()> {
    connection
        .prepare_cached("insert into person_key (person, wrapped) values (?1, ?2)")?
        .execute(params![person, wrapped])
        .map(drop)
}

/// The first key behind this person, in the order of ids.
fn next(
    connection: &Connection,
    after: Option<&str>,
) -> rusqlite::Result<Option<(String, Vec<u8>)>> {
    connection
        .prepare_cached(
            "select person, wrapped from person_key
             where wrapped is not null and (?1 is null or person > ?1) order by person limit 1",
        )?
        .query_row([after], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}
