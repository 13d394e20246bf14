// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is kept only so long: once a day old answers are let go, and people whose cases are long closed are erased.
//!
//! A person is erased when every case of theirs was closed `privacy.retention_days` ago; what they sent goes, and the key under which
//! everything about them lies. Amounts, dates and clauses stay, and the audit log still verifies. How far this has come is in the
//! books (`privacy.erased_to`): each day looks only at the cases whose time has come since, a handful at a time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration as Patience;

use makegood_desk::case::{Duration, Instant};
use makegood_desk::input::{Digest, Id};
use tokio::sync::watch;

use crate::blob::{self, Blobs, Shelf};
use crate::books::act::before;
use crate::books::seal::hex;
use crate::books::{answers, private};
use crate::clock::Clock;
use crate::hold::Hold;
use crate::store::{Store, Trouble};
use crate::vault::{Vault, VaultTrouble};
use crate::web::idempotency::KEPT_FOR;

/// How long after the start it is looked first, so that a start is quick.
const FIRST: Patience = Patience::from_secs(60);
/// How often it is looked.
const EVERY: Patience = Patience::from_secs(86_400);
/// How soon it is tried again.
const AGAIN: Patience = Patience::from_secs(600);
/// So many answers go in one commit.
const ANSWERS: i64 = 1_000;
/// So many cases are looked at, or files removed, in one go.
const HANDFUL: i64 = 50;
/// How long a file waits for a request that names it.
const UNNAMED_FOR: Duration = Duration::from_seconds(30 * 86_400);

/// Who lets go of what is old.
pub struct Retention {
    /// The books.
    pub store: Store,
    /// The keys of persons.
    pub vault: Arc<Vault>,
    /// What was handed in.
    pub blobs: Arc<Blobs>,
    /// The clock.
    pub clock: Clock,
    /// What keeps money from moving: nobody is erased by books that are in doubt.
    pub hold: Arc<Hold>,
    /// How long after their last case was closed people are known.
    pub kept_for: Duration,
}

/// What was let go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// Answers that were kept for repeated requests.
    pub answers: u64,
    /// Customers, and cases of which nobody knew whose they were.
    pub persons: u64,
    /// Files that no request ever named.
    pub files: u64,
}

/// Why something was not let go.
#[derive(Debug)]
pub enum NotGone {
    /// The books.
    Trouble(Trouble),
    /// The keys.
    Vault(VaultTrouble),
    /// The files.
    Blobs(blob::Trouble),
}

impl fmt::Display for NotGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trouble(why) => write!(f, "{why}"),
            Self::Vault(why) => write!(f, "{why}"),
            Self::Blobs(why) => write!(f, "{why}"),
        }
    }
}

impl From<Trouble> for NotGone {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<VaultTrouble> for NotGone {
    fn from(trouble: VaultTrouble) -> Self {
        Self::Vault(trouble)
    }
}

impl From<blob::Trouble> for NotGone {
    fn from(trouble: blob::Trouble) -> Self {
        Self::Blobs(trouble)
    }
}

impl Retention {
    /// Looks once a day, until told to stop.
    pub async fn work(self, mut stop: watch::Receiver<bool>) {
        let mut rest = FIRST;
        loop {
            tokio::select! {
                () = tokio::time::sleep(rest) => {}
                _ = stop.wait_for(|ends| *ends) => return,
            }
            // What is being erased when the program ends is erased the next day.
            let round = tokio::select! {
                round = self.round() => round,
                _ = stop.wait_for(|ends| *ends) => return,
            };
            rest = match round {
                Ok(gone) => {
                    let count = gone.persons;
                    tracing::info!(count, "people whose cases are long closed were erased");
                    EVERY
                }
                Err(why) => {
                    tracing::warn!(cause = %why, "what is old could not be let go; it is tried again");
                    AGAIN
                }
            };
        }
    }

    /// Lets go of everything whose time has come.
    ///
    /// # Errors
    /// What could not be; what went before that is gone.
    pub async fn round(&self) -> Result<Gone, NotGone> {
        let now = self.clock.now();
        let mut gone = Gone {
            answers: self.answers(now).await?,
            ..Gone::default()
        };
        if self.hold.frozen().is_some() {
            return Ok(gone);
        }
        gone.persons = self.persons(now).await?;
        gone.files = self.unnamed(now).await?;
        Ok(gone)
    }

    async fn answers(&self, now: Instant) -> Result<u64, Trouble> {
        let old = before(now, KEPT_FOR);
        let mut gone = 0_u64;
        loop {
            let forgotten = self
                .store
                .write(move |tx| Box::pin(async move { answers::forget(tx, old, ANSWERS).await }));
            let forgotten = forgotten.await?;
            gone = gone.saturating_add(forgotten);
            if forgotten < ANSWERS.unsigned_abs() {
                return Ok(gone);
            }
        }
    }

    async fn persons(&self, now: Instant) -> Result<u64, NotGone> {
        let old = before(now, self.kept_for);
        let mut gone = 0_u64;
        loop {
            let batch = self
                .store
                .read(move |tx| Box::pin(async move { private::expired(tx, old, HANDFUL).await }));
            let batch = batch.await?;
            for person in &batch.persons {
                let (person, erasing) = (*person, Erasing::of(self));
                let persons = self
                    .store
                    .read(move |tx| Box::pin(async move { private::persons_of(tx, person).await }));
                erasing.erase(&persons.await?, now).await?;
                gone = gone.saturating_add(1);
            }
            let Some(done) = batch.done else {
                return Ok(gone);
            };
            let advanced = self
                .store
                .write(move |tx| Box::pin(async move { private::erased_to(tx, done).await }));
            advanced.await?;
        }
    }

    async fn unnamed(&self, now: Instant) -> Result<u64, NotGone> {
        let old = before(now, UNNAMED_FOR.min(self.kept_for));
        let mut gone = 0_u64;
        loop {
            let files = self
                .store
                .read(move |tx| Box::pin(async move { private::unnamed(tx, old, HANDFUL).await }));
            let files = files.await?;
            if files.is_empty() {
                return Ok(gone);
            }
            for file in files {
                Erasing::of(self).remove(file).await?;
                let forgotten = self.store.write(move |tx| {
                    Box::pin(async move { private::forget_unnamed(tx, file.0).await })
                });
                forgotten.await?;
                gone = gone.saturating_add(1);
            }
        }
    }
}

/// What erasing a person takes.
#[derive(Clone, Copy)]
pub struct Erasing<'e> {
    /// The books.
    pub store: &'e Store,
    /// The keys of persons.
    pub vault: &'e Vault,
    /// What was handed in.
    pub blobs: &'e Blobs,
}

impl<'e> Erasing<'e> {
    fn of(retention: &'e Retention) -> Self {
        Self {
            store: &retention.store,
            vault: &retention.vault,
            blobs: &retention.blobs,
        }
    }

    /// Erases persons, who are one: a customer, and their cases from the time when nobody knew whose they were.
    ///
    /// # Errors
    /// What could not be erased. Said again, it does the rest.
    pub async fn erase(self, persons: &[Id], now: Instant) -> Result<(), NotGone> {
        self.close(persons, now).await?;
        let persons = persons.to_vec();
        let forgotten = self.store.write(move |tx| {
            let persons = persons.clone();
            Box::pin(async move { private::forget(tx, &persons).await })
        });
        Ok(forgotten.await?)
    }

    /// The part of it that no transaction holds: files, and then keys. [`private::forget`] is the other, and comes after it, so that
    /// a program that ends in between erases all of it next time.
    ///
    /// # Errors
    /// What could not be erased.
    pub async fn close(self, persons: &[Id], now: Instant) -> Result<(), NotGone> {
        for person in persons {
            let person = *person;
            let files = self
                .store
                .read(move |tx| Box::pin(async move { private::files_of(tx, person).await }));
            for file in files.await? {
                self.remove(file).await?;
            }
        }
        for person in persons {
            self.vault.erase(&hex(&person.0), now).await?;
        }
        Ok(())
    }

    async fn remove(self, (original, shown): (Digest, Option<Digest>)) -> Result<(), NotGone> {
        let named = |digest: Digest| blob::Digest::from_bytes(digest.0);
        self.blobs.remove(Shelf::Original, named(original)).await?;
        if let Some(shown) = shown {
            self.blobs.remove(Shelf::Shown, named(shown)).await?;
        }
        Ok(())
    }
}
