// SPDX-License-Identifier: MIT OR Apache-2.0
//! News of cases for pages that stay open: however many wait, the books are asked once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use makegood_desk::input::Id;
use tokio::sync::watch;

use crate::books::act::WORK;
use crate::store::{Store, Trouble, Value};

crate::statements! {
    /// The last event there is.
    LAST = "select coalesce(max(no), 0) from event";
    /// Which cases have seen events since, and how many each.
    SINCE = "select case_id, max(position), max(no) from event where no > ?1 group by case_id";
}

/// The books are asked no more often than this, however much happens.
const CALM: Duration = Duration::from_millis(100);
/// So long is waited after trouble.
const AFTER_TROUBLE: Duration = Duration::from_secs(1);
/// Events are numbered before they are committed, so some come behind later ones: so many are looked at again.
const AGAIN: i64 = 200;

/// Who waits for news of which case, on this process.
#[derive(Default)]
pub struct News {
    waiting: Mutex<HashMap<Id, watch::Sender<i64>>>,
    begun: OnceLock<()>,
}

impl News {
    /// Hears of a case from now on: each time of how many events it has seen.
    pub fn of(self: &Arc<Self>, store: &Store, case: Id) -> watch::Receiver<i64> {
        if self.begun.set(()).is_ok() {
            let (own, store) = (Arc::clone(self), store.clone());
            tokio::spawn(async move {
                // Until the store is closed: what was missed is told at the next look.
                while let Err(trouble) = own.work(&store).await {
                    tracing::warn!(cause = %trouble, "news could not be looked up; they are looked up again");
                    tokio::time::sleep(AFTER_TROUBLE).await;
                }
            });
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting
            .entry(case)
            .or_insert_with(|| watch::Sender::new(0))
            .subscribe()
    }

    /// How many cases are waited for.
    #[must_use]
    pub fn cases(&self) -> usize {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, sender| sender.receiver_count() > 0);
        waiting.len()
    }

    async fn work(&self, store: &Store) -> Result<(), Trouble> {
        let mut heard = store.listen(WORK);
        let last = store.read(|tx| Box::pin(async move { tx.one(&LAST, &[]).await }));
        let mut last = last.await?.map(|row| row.int(0)).transpose()?.unwrap_or(0);
        loop {
            match heard.heard().await {
                Ok(()) => {}
                Err(Trouble::Closed) => return Ok(()),
                Err(trouble) => return Err(trouble),
            }
            tokio::time::sleep(CALM).await;
            match self.look(store, last).await {
                Ok(seen) => last = last.max(seen),
                Err(Trouble::Closed) => return Ok(()),
                // What was missed is seen at the next look.
                Err(trouble) => {
                    tracing::warn!(cause = %trouble, "news could not be looked up; they are looked up again")
                }
            }
        }
    }

    async fn look(&self, store: &Store, last: i64) -> Result<i64, Trouble> {
        let from = last.saturating_sub(AGAIN).max(0);
        let rows = store
            .read(move |tx| Box::pin(async move { tx.rows(&SINCE, &[Value::from(from)]).await }));
        let mut seen = last;
        let rows = rows.await?;
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, sender| sender.receiver_count() > 0);
        for row in &rows {
            seen = seen.max(row.int(2)?);
            let version = row.int(1)?;
            if let Some(sender) = waiting.get(&Id(row.id(0)?)) {
                sender.send_if_modified(|known| {
                    let newer = *known < version;
                    *known = (*known).max(version);
                    newer
                });
            }
        }
        Ok(seen)
    }
}
