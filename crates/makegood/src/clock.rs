// SPDX-License-Identifier: MIT OR Apache-2.0
//! The only clock: everything else is told the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use makegood_desk::case::Instant;

/// Tells the time: the machine's, moved by as much as a demonstration or a test wants.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    moved_seconds: Arc<AtomicI64>,
}

impl Clock {
    /// The time.
    #[must_use]
    pub fn now(&self) -> Instant {
        let moved = i128::from(self.moved_seconds.load(Ordering::Relaxed));
        let now = Timestamp::now().as_nanosecond();
        Instant::from_unix_nanoseconds(now.saturating_add(moved.saturating_mul(1_000_000_000)))
    }

    /// The time as providers and logs want it.
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        timestamp(self.now())
    }

    /// Moves the clock on, for demonstrations and tests.
    pub fn advance(&self, seconds: i64) {
        self.moved_seconds.fetch_add(seconds, Ordering::Relaxed);
    }
}

/// An instant as a timestamp; the ends of time for what lies beyond them.
#[must_use]
pub fn timestamp(at: Instant) -> Timestamp {
    Timestamp::from_nanosecond(at.unix_nanoseconds()).unwrap_or(if at.unix_nanoseconds() < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// A timestamp as an instant.
#[must_use]
pub fn instant(at: Timestamp) -> Instant {
    Instant::from_unix_nanoseconds(at.as_nanosecond())
}
