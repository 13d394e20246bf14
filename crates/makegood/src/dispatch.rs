// SPDX-License-Identifier: MIT OR Apache-2.0
//! Events on their way to the merchant's systems: made into deliveries as they are sealed, tried until they are taken.
//!
//! Several processes on one database share the work: what one has in hand, the others pass over.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::sync::watch;

use crate::books::act::WORK;
use crate::books::webhooks::{self, Due};
use crate::clock::Clock;
use crate::meters;
use crate::outgoing::{Jitter, Outcome, Sender};
use crate::store::{Store, Trouble};
use crate::vault::Vault;

/// So many deliveries are taken in hand at once, and tried at once.
const HANDFUL: i64 = 32;
const HANDS: usize = 16;
/// The books are looked at least this often.
const ROUND: Duration = Duration::from_millis(250);
/// How often old deliveries are deleted, in rounds.
const TIDY_ROUNDS: u32 = 14_400;

/// Who sends webhooks.
pub struct Dispatcher {
    /// The books.
    pub store: Store,
    /// Where secrets are sealed.
    pub vault: Arc<Vault>,
    /// What sends.
    pub sender: Sender,
    /// The clock.
    pub clock: Clock,
}

impl Dispatcher {
    /// Sends until told to stop; what is being tried then is finished.
    pub async fn work(&self, mut stop: watch::Receiver<bool>) {
        let mut words = self.store.listen(WORK);
        let mut rounds = 0_u32;
        while !*stop.borrow() {
            let busy = match self.round().await {
                Ok(sent) => sent > 0,
                Err(trouble) => {
                    tracing::warn!(cause = %trouble, "webhooks could not be sent; it is tried again");
                    false
                }
            };
            if rounds.is_multiple_of(TIDY_ROUNDS)
                && let Err(trouble) = self.tidy().await
            {
                tracing::warn!(cause = %trouble, "old webhook deliveries could not be deleted");
            }
            rounds = rounds.wrapping_add(1);
            if !busy {
                tokio::select! {
                    () = tokio::time::sleep(ROUND) => {}
                    heard = words.heard() => if heard.is_err() { return },
                    _ = stop.changed() => {}
                }
            }
        }
    }

    /// Makes deliveries of what was sealed, and tries once what is due. Answers how many were tried.
    ///
    /// # Errors
    /// The store's trouble.
    pub async fn round(&self) -> Result<usize, Trouble> {
        self.make().await?;
        let now = self.clock.now();
        // Looking costs no commit; taking does.
        let next = self
            .store
            .read(move |tx| Box::pin(async move { webhooks::next_due(tx, now).await }));
        if next.await?.is_none_or(|next| next > now) {
            return Ok(0);
        }
        let taken = self
            .store
            .write(move |tx| Box::pin(async move { webhooks::take(tx, HANDFUL, now).await }))
            .await?;
        let count = taken.len();
        let mut tries =
            stream::iter(taken.into_iter().map(|due| self.attempt(due))).buffer_unordered(HANDS);
        while let Some(done) = tries.next().await {
            done?;
        }
        Ok(count)
    }

    async fn make(&self) -> Result<(), Trouble> {
        loop {
            let behind = self
                .store
                .read(|tx| Box::pin(async move { webhooks::any_behind(tx).await }));
            if !behind.await? {
                return Ok(());
            }
            let now = self.clock.now();
            let more = self
                .store
                .write(move |tx| Box::pin(async move { webhooks::make(tx, now).await }));
            if !more.await? {
                return Ok(());
            }
        }
    }

    async fn attempt(&self, due: Due) -> Result<(), Trouble> {
        let endpoint = due.endpoint.open(&self.vault).await?;
        let tried = self
            .sender
            .send(&endpoint, &due.message, self.clock.timestamp())
            .await;
        let result = match tried.outcome {
            Outcome::Delivered => "delivered",
            Outcome::Gone => "gone",
            Outcome::Throttled { .. } => "throttled",
            Outcome::Failed(_) => "failed",
        };
        metrics::counter!(meters::WEBHOOKS_OUT, "result" => result).increment(1);
        let (now, jitter, id) = (self.clock.now(), throw(), due.id);
        self.store
            .write(move |tx| {
                let tried = tried.clone();
                Box::pin(async move { webhooks::tried(tx, id, &tried, jitter, now).await })
            })
            .await
    }

    async fn tidy(&self) -> Result<u64, Trouble> {
        let now = self.clock.now();
        self.store
            .write(move |tx| Box::pin(async move { webhooks::tidy(tx, now).await }))
            .await
    }
}

fn throw() -> Jitter {
    let mut bytes = [0; 2];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => Jitter(u16::from_le_bytes(bytes)),
        // Without chance, tries come together, which is no reason not to make them.
        Err(_) => Jitter::default(),
    }
}
