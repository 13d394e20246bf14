// SPDX-License-Identifier: MIT OR Apache-2.0
//! A payment provider of our own that speaks Stripe's HTTP dialect, for demonstrations and tests.
//!
//! It keeps Stripe's rules (one refund a key, never more back than came in, no refund of a chargeback, evidence submitted once), and it
//! makes trouble on demand. Nothing in it moves money. The state is pure and seeded ([`world::World`]); time comes in with each call.

pub mod call;
pub mod http;
pub mod serve;
pub mod world;

mod billing;
mod control;
mod disputes;
mod events;
mod expand;
mod faults;
mod files;
mod form;
mod journal;
mod money;
mod payments;
mod problem;
mod random;
mod refunds;
mod table;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

pub use events::{Webhook, signature};
pub use http::router;
pub use serve::{SandboxArgs, post, serve};

use call::{Answer, Call};
use journal::{Entry, Journal};
use world::World;

/// Tells the time on the wall, in seconds since 1970.
pub type Wall = Box<dyn Fn() -> i64 + Send + Sync>;

/// A sandbox that several callers share.
pub struct Sandbox {
    inner: Mutex<Inner>,
    wall: Wall,
    /// Something happened: there may be webhooks to send.
    changed: Notify,
    posting: serve::Posting,
}

struct Inner {
    world: World,
    journal: Option<Journal>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Sandbox")
    }
}

impl Sandbox {
    /// A sandbox that ends with its process.
    #[must_use]
    pub fn in_memory(seed: u64, wall: Wall) -> Self {
        Self::of(World::new(seed), None, wall)
    }

    /// A sandbox that remembers: what it has answered is on the disk.
    ///
    /// # Errors
    /// When the journal cannot be read or written.
    pub fn with_journal(path: &Path, seed: u64, wall: Wall) -> io::Result<Self> {
        let (journal, world) = Journal::open(path, seed)?;
        Ok(Self::of(world, Some(journal), wall))
    }

    fn of(world: World, journal: Option<Journal>, wall: Wall) -> Self {
        Self {
            inner: Mutex::new(Inner { world, journal }),
            wall,
            changed: Notify::new(),
            posting: serve::Posting::default(),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call, answered.
    ///
    /// # Errors
    /// When the journal does not take the call: then it is not done.
    pub fn call(&self, call: &Call) -> io::Result<Answer> {
        let mut inner = self.inner();
        let at = (self.wall)();
        let Inner { world, journal } = &mut *inner;
        if let Some(journal) = journal
            && world.must_keep(call)
        {
            journal.keep(at, &Entry::Call(call))?;
        }
        let answer = world.call(at, call);
        drop(inner);
        self.changed.notify_one();
        Ok(answer)
    }

    /// Does it keep a journal, so that a call waits for the disk?
    #[must_use]
    pub fn is_durable(&self) -> bool {
        self.inner().journal.is_some()
    }

    /// The webhooks that are due, for a caller that sends them itself and reports with [`Sandbox::webhook_ended`].
    #[must_use]
    pub fn webhooks_due(&self) -> Vec<Webhook> {
        let mut inner = self.inner();
        inner.world.pass_to((self.wall)());
        inner.world.webhooks_due()
    }

    /// Whether a webhook arrived; if not, it is tried again later.
    ///
    /// # Errors
    /// When the journal does not take it.
    pub fn webhook_ended(&self, webhook: &Webhook, arrived: bool) -> io::Result<()> {
        let mut inner = self.inner();
        let at = (self.wall)();
        let Inner { world, journal } = &mut *inner;
        let (due, number) = (webhook.due, webhook.number);
        if let Some(journal) = journal {
            let entry = Entry::Webhook {
                due,
                number,
                arrived,
            };
            journal.keep(at, &entry)?;
        }
        world.pass_to(at);
        world.webhook_ended(due, number, arrived);
        Ok(())
    }

    /// Takes the webhooks that are due, as if they had arrived: for tests in the same process.
    ///
    /// # Errors
    /// When the journal does not take it.
    pub fn take_webhooks(&self) -> io::Result<Vec<Webhook>> {
        let due = self.webhooks_due();
        for webhook in &due {
            self.webhook_ended(webhook, true)?;
        }
        Ok(due)
    }
}
