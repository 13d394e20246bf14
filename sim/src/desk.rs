// SPDX-License-Identifier: MIT OR Apache-2.0
//! The real desk, and the thin skin around it in which a planted bug breaks exactly one of its rules.

use makegood_desk::case::Instant;
use makegood_desk::decision::{Rulebook, Workspace};
use makegood_desk::event::Event;
use makegood_desk::handle;
use makegood_desk::input::{Actor, Brakes, Input, Limits, Situation};
use makegood_desk::life::Case;
use makegood_desk::owed::{self, Owed, Timer};
use makegood_desk::records::Records;
use makegood_desk::refusal::Refusal;

use crate::bug::Bug;

/// The desk as the world sees it.
#[derive(Debug)]
pub struct Desk<'w> {
    /// The policy.
    pub rulebook: &'w Rulebook,
    /// Room to decide in.
    pub room: Workspace,
    /// What is broken in it, if anything.
    pub bug: Option<Bug>,
    /// How often it was asked.
    pub handled: u64,
}

const SECRET: &[u8] = b"a secret of the simulation";

impl<'w> Desk<'w> {
    /// The desk with a policy.
    #[must_use]
    pub fn new(rulebook: &'w Rulebook, bug: Option<Bug>) -> Self {
        Self {
            rulebook,
            room: Workspace::default(),
            bug,
            handled: 0,
        }
    }

    /// What comes of an input.
    ///
    /// # Errors
    /// The desk will not.
    #[expect(
        clippy::too_many_arguments,
        reason = "it is what a situation consists of"
    )]
    pub fn handle(
        &mut self,
        case: &Case,
        records: &Records,
        limits: &Limits,
        brakes: &Brakes,
        by: Actor,
        now: Instant,
        input: Input,
    ) -> Result<Vec<Event>, Refusal> {
        self.handled += 1;
        let known = records.order.is_some();
        let situation = Situation {
            now,
            by,
            rulebook: known.then_some(self.rulebook),
            limits,
            records,
            brakes,
            key_secret: SECRET,
        };
        handle::handle(case, &mut self.room, &situation, input)
    }

    /// What the case owes.
    #[must_use]
    pub fn owed(&self, case: &Case, now: Instant) -> Vec<Owed> {
        owed::owed(case, now)
    }

    /// When to look again.
    #[must_use]
    pub fn next_wake(
        &self,
        case: &Case,
        limits: &Limits,
        now: Instant,
    ) -> Option<(Instant, Timer)> {
        owed::next_wake(case, limits, now)
    }
}
