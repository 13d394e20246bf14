// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is kept up in the background: the audit log sealed and signed, its head remembered outside the store.

use std::sync::Arc;
use std::time::Duration;

use makegood_desk::audit::note::Note;
use tokio::sync::watch;

use crate::audit::SigningKey;
use crate::audit::anchor::{Anchor, Unmoved};
use crate::books::seal;
use crate::clock::Clock;
use crate::crash;
use crate::hold::{self, Hold, Look, Unsettled};
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
    /// What keeps money from moving. While the log is not believed nothing is signed, for what would be signed is in doubt.
    pub hold: Arc<Hold>,
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
    /// Before that the log is held against what is remembered of it: a database may be put back to an older day, or fail over to a copy
    /// that lags behind, while the desk is open.
    ///
    /// # Errors
    /// The store's trouble.
    pub async fn sign(&self) -> Result<Option<Note>, Trouble> {
        let look = hold::look(&self.store, &self.anchor, &self.signer).await?;
        let look = look.of_the_books();
        let known = self.hold.frozen();
        self.hold.note(&look);
        if let Some(why) = self.hold.frozen() {
            if known.is_none() {
                tracing::error!(cause = %why, "no money is moved");
            }
            self.settle(&look).await?;
            return Ok(None);
        }
        self.settle(&look).await?;
        let edge = look.edge;
        if look.signed.is_some_and(|signed| signed >= edge.size()) || edge.size() == 0 {
            return Ok(None);
        }
        let size = crate::books::whole(edge.size())?;
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
            self.not_remembered(&why);
        }
        crash::point!("log.kept");
        Ok(Some(note))
    }

    async fn settle(&self, look: &Look) -> Result<(), Trouble> {
        let now = self.clock.now();
        match look
            .settle(&self.store, &self.anchor, &self.signer, now)
            .await
        {
            Ok(()) => Ok(()),
            Err(Unsettled::Trouble(trouble)) => Err(trouble),
            Err(Unsettled::Anchor(why)) => {
                self.not_remembered(&why);
                Ok(())
            }
        }
    }

    fn not_remembered(&self, why: &Unmoved) {
        tracing::error!(cause = %why, "the head of the audit log is not remembered outside the store");
    }
}
