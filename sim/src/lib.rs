// SPDX-License-Identifier: MIT OR Apache-2.0
//! The real desk in a seeded world in which everything goes wrong, looked at after every step.
//!
//! Takes a seed, gives a verdict and a story. Never knows the binary, a real provider or the time of day: the clock is a number,
//! and the same seed is the same story on every machine.
//!
//! The files in the order of the work: [`plan`] (from a seed to a story), [`chance`] (every number follows from the seed),
//! [`desk`] (the real desk in its skin), [`store`], [`worker`], [`provider`], [`fulfilment`], [`shop`], [`people`] (who acts),
//! [`auditor`] (the second bookkeeper), [`invariants`] (what must hold), [`world`] (the clock and what happens next), [`verdict`].

pub mod chance;
pub mod invariants;
pub mod plan;

pub mod desk;
pub mod store;

pub mod fulfilment;
pub mod people;
pub mod provider;
pub mod shop;
pub mod worker;

pub mod auditor;
pub mod verdict;
pub mod world;

pub mod bug;
pub mod shrink;

use std::collections::BTreeSet;
use std::panic::{self, AssertUnwindSafe};

use makegood_desk::decision::Rulebook;
use makegood_desk::vocabulary;
use makegood_policy::{Limits, Sources, read_sources};

use bug::Bug;
use invariants::{Invariant, Violation};
use plan::Plan;
use world::{Verdict, World};

/// The policy that stories are judged by.
///
/// # Panics
/// The built-in policy does not read: its own tests hold that it does.
#[must_use]
pub fn rulebook() -> Rulebook {
    let host = vocabulary::host();
    let reading = read_sources(&Sources {
        policy: (
            "policy.da.md",
            include_str!("../../policies/viplikes/2025-10-02/policy.da.md"),
        ),
        translations: &[],
        host: Some(&host),
        limits: Limits::default(),
        keep_going: &|| true,
    });
    let policy = reading.policy.expect("the built-in policy reads");
    Rulebook::new(policy).expect("the built-in policy fits the desk")
}

/// Lets a plan happen.
#[must_use]
pub fn run(plan: &Plan, rulebook: &Rulebook, bug: Option<Bug>, trace: bool) -> Verdict {
    let world = World::new(plan, rulebook, bug, trace);
    // A panic ends the story, not the simulation.
    panic::catch_unwind(AssertUnwindSafe(|| world.run())).unwrap_or_else(|_| Verdict {
        violation: Some(Violation {
            invariant: Invariant::NothingPanics,
            seen: "a panic, told on the standard error".into(),
        }),
        story: Vec::new(),
        handled: 0,
        steps: 0,
        paid: 0,
        happened: BTreeSet::new(),
    })
}
