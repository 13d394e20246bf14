// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who waits for something to change, and how they are woken.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::trouble::Trouble;

/// Waits for notices on one channel.
///
/// Notices that come while nobody waits are one notice: a listener learns that something happened since it last looked, never
/// how often. After a lost connection it is woken once, because something may have been missed.
#[derive(Debug)]
pub struct Listener {
    heard: watch::Receiver<u64>,
}

impl Listener {
    /// Waits until something has happened since the last time.
    ///
    /// # Errors
    /// The store was closed: nothing will happen any more.
    pub async fn heard(&mut self) -> Result<(), Trouble> {
        self.heard.changed().await.map_err(|_| Trouble::Closed)
    }
}

/// The channels of one store.
#[derive(Debug, Default)]
pub(super) struct Notices {
    channels: Mutex<Option<BTreeMap<String, watch::Sender<u64>>>>,
}

impl Notices {
    pub(super) fn new() -> Self {
        Self {
            channels: Mutex::new(Some(BTreeMap::new())),
        }
    }

    pub(super) fn listen(&self, channel: &str) -> Listener {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = match channels.as_mut() {
            Some(channels) => channels
                .entry(channel.to_owned())
                .or_insert_with(|| watch::Sender::new(0))
                .subscribe(),
            // Closed: the sender goes at once, and the listener is told so.
            None => watch::Sender::new(0).subscribe(),
        };
        Listener { heard }
    }

    pub(super) fn tell(&self, channel: &str) {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = channels.as_ref().and_then(|all| all.get(channel)) {
            sender.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    pub(super) fn tell_all(&self) {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        for sender in channels.iter().flat_map(BTreeMap::values) {
            sender.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    pub(super) fn close(&self) {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        *channels = None;
    }
}
