// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is kept up in the background: the audit log sealed and signed, its head remembered outside the store.

use std::sync::Arc;
use std::time::Duration;

use makegood_desk::audit::note::Note;
use tokio::sync::watch;

use crate::audit::SigningKey;
use crate::audit::anchor::Anchor;
use crate::books::seal;
use crate::clock::Clock;
use crate::crash;
use crate::store::{Dialect, Store, Trouble, Value};

/// How often events of PostgreSQL are sealed.
const SEAL_EVERY: Duration = Duration::from_millis(100);
/// How often the head of the log is signed, where it has moved.
const SIGN_EVERY: Duration = Duration::from_secs(1);

/// Who keeps the audit log.
pub struct Keeper {
    /// The store.
    pub store: Store,
    /// What signs.
    pub signer: Arc<SigningKey>,
    /// What remembers.
    pub anchor: Arc<Anchor>,
    /// The clock.
    pub clock: Clock,
    /// Whether the store is frozen: then nothing is signed, for what would be signed is in doubt.
    pub frozen: bool,
}

impl Keeper {
    /// Keeps the log until told to stop, and signs its last head then.
    pub async fn keep(self, mut stop: watch::Receiver<bool>) {
        let mut since_signed = Duration::ZERO;
        loop {
            let ends = *stop.borrow();
            if self.store.dialect() == Dialect::Postgres {
                self.tried("seal", self.seal().await.map(drop));
            }
            if since_signed >= SIGN_EVERY || ends {
                since_signed = Duration::ZERO;
                self.tried("sign", self.sign().await.map(drop));
            }
            if ends {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(SEAL_EVERY) => since_signed += SEAL_EVERY,
                _ = stop.changed() => {}
            }
        }
    }

    fn tried(&self, what: &str, done: Result<(), Trouble>) {
        if let Err(trouble) = done {
            tracing::warn!(cause = %trouble, operation = what, "the audit log could not be kept up; it is tried again");
        }
    }

    /// Seals everything that waits.
    ///
    /// # Errors
    /// The store's trouble.
    pub async fn seal(&self) -> Result<usize, Trouble> {
        let mut sealed = 0;
        loop {
            let more = self
                .store
                .write(|tx| Box::pin(async move { seal::seal(tx, 1_000).await }))
                .await?;
            sealed += more;
            if more < 1_000 {
                return Ok(sealed);
            }
        }
    }

    /// Signs the head of the log where it has moved, and remembers it outside the store.
    ///
    /// # Errors
    /// The store's trouble.
    pub async fn sign(&self) -> Result<Option<Note>, Trouble> {
        if self.frozen {
            return Ok(None);
        }
        let (edge, signed) = self
            .store
            .read(|tx| {
                Box::pin(async move {
                    let edge = seal::frontier(tx).await?;
                    let signed = tx.one(&seal::CHECKPOINT, &[]).await?;
                    let signed = signed.map_or(Ok(0), |row| row.int(0))?;
                    Ok((edge, signed))
                })
            })
            .await?;
        let size = i64::try_from(edge.size()).unwrap_or(i64::MAX);
        if size <= signed {
            return Ok(None);
        }
        let note = self.signer.checkpoint(edge.size(), edge.root());
        let (text, at) = (
            note.to_string(),
            crate::books::nanoseconds(self.clock.now())?,
        );
        self.store
            .write(move |tx| {
                let text = text.clone();
                Box::pin(async move {
                    let values = [Value::from(size), Value::from(text), Value::from(at)];
                    tx.run(&seal::INSERT_CHECKPOINT, &values).await.map(drop)
                })
            })
            .await?;
        crash::point!("log.signed");
        if let Err(why) = self.anchor.advance(&note, &[self.signer.verifier()]) {
            tracing::error!(cause = %why, "the head of the audit log is not remembered outside the store");
        }
        crash::point!("log.kept");
        Ok(Some(note))
    }
}
