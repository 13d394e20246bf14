// SPDX-License-Identifier: MIT OR Apache-2.0
//! Jobs on their way to the threads of SQLite: what to run, what came of it, who waits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::trouble::Trouble;
use super::{Tx, broken};

/// A job whose kind of answer is forgotten.
pub(super) trait Job: Send {
    /// Runs it. Whether what it did may be kept.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;

    /// Puts a trouble in place of what came of it.
    fn spoil(&mut self, trouble: Trouble);

    /// Tells whoever waits what came of it.
    fn answer(self: Box<Self>);

    /// Whether nobody waits any longer.
    fn is_abandoned(&self) -> bool;
}

struct Typed<T, F> {
    work: F,
    outcome: Result<T, Trouble>,
    answer: oneshot::Sender<Result<T, Trouble>>,
}

/// A job, and where its answer comes.
pub(super) fn job<T, F>(work: F) -> (Box<dyn Job>, oneshot::Receiver<Result<T, Trouble>>)
where
    T: Send + 'static,
    F: for<'t> FnMut(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, Trouble>> + Send + 'static,
{
    let (answer, waits) = oneshot::channel();
    let job = Typed {
        work,
        // What is answered if it is never run.
        outcome: Err(Trouble::Closed),
        answer,
    };
    (Box::new(job), waits)
}

impl<T, F> Job for Typed<T, F>
where
    T: Send + 'static,
    F: for<'t> FnMut(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, Trouble>> + Send + 'static,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        self.outcome = at_once(tx, &mut self.work);
        self.outcome.is_ok()
    }

    fn spoil(&mut self, trouble: Trouble) {
        self.outcome = Err(trouble);
    }

    fn answer(self: Box<Self>) {
        // Nobody may wait any longer, which is their affair.
        let _ = self.answer.send(self.outcome);
    }

    fn is_abandoned(&self) -> bool {
        self.answer.is_closed()
    }
}

/// Runs a job that never waits: on SQLite every statement is answered at once, so one that waits, waits for something else,
/// with everybody behind it.
pub(super) fn at_once<T, F>(tx: &mut Tx<'_>, work: &mut F) -> Result<T, Trouble>
where
    F: for<'t> FnMut(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, Trouble>>,
{
    let polled = catch_unwind(AssertUnwindSafe(|| {
        work(tx)
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
    }));
    match polled {
        Err(_) => Err(Trouble::Panicked),
        Ok(Poll::Pending) => Err(Trouble::misused(
            "a job waited for something that is not in its transaction",
        )),
        Ok(Poll::Ready(Ok(_))) if tx.broken() => Err(broken()),
        Ok(Poll::Ready(outcome)) => outcome,
    }
}
