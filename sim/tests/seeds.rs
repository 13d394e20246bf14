// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stories in which everything goes wrong, and nothing that must hold is broken.
//!
//! A few hundred here, with every check of the language on; `cargo xtask sim` plays ten thousand at full speed.

use std::collections::BTreeSet;

use makegood_sim::plan::Plan;
use makegood_sim::shrink::Without;

#[test]
fn everything_holds_in_three_hundred_stories() {
    let rulebook = makegood_sim::rulebook();
    for seed in 0..300 {
        let verdict = makegood_sim::run(&Plan::of(seed), &rulebook, None, false);
        if let Some(violation) = verdict.violation {
            panic!(
                "seed {seed} broke {violation}; play it with `cargo run --release -p makegood-sim -- --seed {seed}`"
            );
        }
    }
}

#[test]
fn the_same_seed_is_the_same_story() {
    let rulebook = makegood_sim::rulebook();
    for seed in [3, 58, 1_804] {
        let tell = || makegood_sim::run(&Plan::of(seed), &rulebook, None, true).story;
        let (first, second) = (tell(), tell());
        assert!(first.len() > 10);
        assert_eq!(first, second);
    }
}

#[test]
fn the_stories_reach_everything_that_can_happen() {
    let rulebook = makegood_sim::rulebook();
    let mut happened = BTreeSet::new();
    for seed in 0..400 {
        happened.extend(makegood_sim::run(&Plan::of(seed), &rulebook, None, true).happened);
    }
    let missing: Vec<_> = EVENTS
        .iter()
        .chain(&REFUSALS)
        .filter(|kind| !happened.contains(**kind))
        .collect();
    assert_eq!(missing, [&""; 0]);
}

/// Every kind of event.
const EVENTS: [&str; 46] = [
    "Opened",
    "Joined",
    "OrderAwaited",
    "OrderFound",
    "Investigated",
    "InvestigationEnded",
    "CheckSettled",
    "Asked",
    "Reminded",
    "AskingEnded",
    "Answered",
    "ProofHandedIn",
    "ProofJudged",
    "Proposed",
    "Withdrawn",
    "Accepted",
    "Approved",
    "NotApproved",
    "RefundReserved",
    "RefundCancelled",
    "RefundSending",
    "RefundUnknown",
    "RefundAbsent",
    "RefundPending",
    "RefundSucceeded",
    "RefundFailed",
    "RefundStuck",
    "CommandGiven",
    "CommandSending",
    "CommandWaiting",
    "CommandDone",
    "CommandRefused",
    "CommandCancelled",
    "CreditGranted",
    "CreditExchanged",
    "CreditWithdrawn",
    "TaskOpened",
    "TaskEnded",
    "DisputeSeen",
    "DisputeGone",
    "Appealed",
    "LetterHanded",
    "Closed",
    "Reopened",
    "Parked",
    "Unparked",
];

/// Refusals that only a world full of trouble gives.
const REFUSALS: [&str; 17] = [
    "Parked",
    "AlreadyDone",
    "DisputeOpen",
    "OrderFrozen",
    "Stale",
    "StaleRemainder",
    "NotVerified",
    "SamePerson",
    "NotAppealable",
    "MoreThanLeft",
    "AlreadySent",
    "NotYet",
    "DayTotalReached",
    "ProviderRests",
    "MoneyStopped",
    "Closed",
    "Contradiction",
];

#[test]
fn what_is_left_out_is_read_as_it_is_written() {
    for words in ["", "3,8,lands_late,workers", "12,answer_lost"] {
        let without = Without::read(words).expect("it is read");
        assert_eq!(Without::read(&without.words()), Ok(without));
    }
    assert!(Without::read("no_such_fault").is_err());
}
