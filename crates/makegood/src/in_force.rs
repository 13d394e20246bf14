// SPDX-License-Identifier: MIT OR Apache-2.0
//! The policy versions that judge: those of the settings, and those that people drafted and approved since.
//!
//! An approved draft comes into force on a later day, so an order that was placed before is judged as it was, and every process on
//! the store has heard of the version long before an order can need it.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;

use crate::books::drafts::{self, Draft};
use crate::policies::{Policies, Sheets, Unusable};
use crate::store::{Store, Trouble};

/// How often a process looks whether another one's people approved a version.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// The versions that judge now.
pub struct InForce {
    fixed: Policies,
    held: RwLock<(usize, Arc<Policies>)>,
}

impl InForce {
    /// Those of the settings alone.
    #[must_use]
    pub fn new(fixed: Policies) -> Self {
        let now = Arc::new(fixed.clone());
        Self {
            fixed,
            held: RwLock::new((0, now)),
        }
    }

    /// The versions as they are known now. Whoever judges takes them once and goes through with it.
    #[must_use]
    pub fn now(&self) -> Arc<Policies> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&held.1)
    }

    /// The versions of the settings.
    #[must_use]
    pub const fn fixed(&self) -> &Policies {
        &self.fixed
    }

    /// Takes approved drafts in beside the versions of the settings.
    ///
    /// # Errors
    /// One cannot be read by this program; then everything stays as it was.
    pub fn take(&self, approved: Vec<Draft>) -> Result<(), Unusable> {
        let count = approved.len();
        let sheets: Vec<Sheets> = approved.into_iter().map(Draft::into_sheets).collect();
        let all = Arc::new(self.fixed.and(sheets)?);
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        *held = (count, all);
        Ok(())
    }

    /// Reads what was approved, where something was since.
    ///
    /// # Errors
    /// The store's trouble. What cannot be read as a policy is told in the log, and leaves everything as it was.
    pub async fn refresh(&self, store: &Store) -> Result<(), Trouble> {
        let known = self.held.read().unwrap_or_else(PoisonError::into_inner).0;
        let read = store.read(move |tx| {
            Box::pin(async move {
                match drafts::approved_count(tx).await? {
                    count if count == known => Ok(None),
                    _ => drafts::approved(tx).await.map(Some),
                }
            })
        });
        if let Some(approved) = read.await?
            && let Err(why) = self.take(approved)
        {
            tracing::error!(cause = %why, "an approved policy version cannot be read; the versions known before go on judging");
        }
        Ok(())
    }

    /// Looks now and then, until told to stop.
    pub async fn watch(self: Arc<Self>, store: Store, mut stopped: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stopped.wait_for(|stopped| *stopped) => return,
            }
            if let Err(trouble) = self.refresh(&store).await {
                tracing::warn!(cause = %trouble, "approved policy versions could not be looked up; they are looked up again");
            }
        }
    }
}
