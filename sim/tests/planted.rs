// SPDX-License-Identifier: MIT OR Apache-2.0
//! Each planted bug is found by the invariant that it breaks: a simulation that finds nothing must be able to find something.

use std::collections::BTreeSet;

use makegood_sim::bug::Bug;
use makegood_sim::invariants::Invariant as I;
use makegood_sim::plan::Plan;
use makegood_sim::shrink::{Without, shrink};

/// Each bug, the invariant that finds it, and within how many seeds.
const TABLE: [(Bug, I, u64); 58] = [
    (Bug::ReadsNoDisputeAgain, I::NoSendWhileDisputed, 1_000),
    (Bug::ForgetsLostDisputes, I::NoSendOfWhatADisputeTook, 1_000),
    (Bug::SendsOnTheBrakes, I::NoSendOnTheBrakes, 1_000),
    (Bug::SendsWhileFrozen, I::NoSendOnTheBrakes, 2_000),
    (Bug::TimeoutIsFailed, I::UnknownIsNotFailed, 1_000),
    (Bug::ConflictIsFailed, I::UnknownIsNotFailed, 1_000),
    (Bug::RefusalIsFinal, I::UnknownIsNotFailed, 2_000),
    (Bug::PersonsWordIsFinal, I::UnknownIsNotFailed, 2_000),
    (Bug::NewKeyPerTry, I::OneKeyPerRefund, 1_000),
    (Bug::KeyOverTheAmountOnly, I::OneRefundPerKey, 1_000),
    (Bug::ListsNothing, I::ListedBeforeSentAgain, 1_000),
    (Bug::UnreadListIsEmpty, I::ListedBeforeSentAgain, 1_000),
    (Bug::OldListIsGoodEnough, I::ListedBeforeSentAgain, 2_000),
    (Bug::PendingIsPaid, I::TheBooksShowAllMoney, 1_000),
    (Bug::AdoptsForeign, I::TheBooksShowAllMoney, 2_000),
    (Bug::ForgetsLateFailure, I::TheLedgerBalances, 1_000),
    (Bug::StatusGoesBack, I::StatesMoveForward, 4_000),
    (Bug::CallsBeforeWriting, I::WrittenDownBeforeCalled, 1_000),
    (Bug::CommitsOnOldReads, I::NeverMoreThanCaptured, 2_000),
    (Bug::ForgetsReservation, I::NeverMoreThanCaptured, 1_000),
    (Bug::ReleasesTwice, I::TheBooksShowAllMoney, 1_000),
    (Bug::PromisesTwice, I::OneDecisionPaidOnce, 1_000),
    (Bug::PromisesMore, I::OneDecisionPaidOnce, 1_000),
    (Bug::CreditsTwice, I::OneDecisionPaidOnce, 1_000),
    (Bug::ForgetsCredits, I::NeverMoreThanCaptured, 6_000),
    (Bug::ForgetsForeign, I::TheBooksShowAllMoney, 1_000),
    (Bug::PaysTheOldDecision, I::MoneyByAStandingDecision, 6_000),
    (Bug::TellsPaidEarly, I::NoPaidLetterBefore, 1_000),
    (Bug::TellsPaidAfterFailure, I::NoPaidLetterBefore, 3_000),
    (Bug::TellsTwice, I::ALetterIsOwedOnce, 1_000),
    (Bug::ForgetsLetters, I::NothingSpins, 1_000),
    (Bug::OnePersonIsEnough, I::NeverTheSamePerson, 1_000),
    (Bug::SamePersonTwice, I::NeverTheSamePerson, 1_000),
    (Bug::AcceptsOldFacts, I::DecidedOnFacts, 1_000),
    (Bug::ApprovesOldFacts, I::DecidedOnFacts, 4_000),
    (Bug::SkipsTheChecks, I::VerifiedBeforeMoney, 1_000),
    (Bug::ForgetsTheDay, I::WithinTheDaysTotal, 2_000),
    (Bug::AppealsForEver, I::OneAppeal, 1_000),
    (Bug::ClosesWithMoneyMoving, I::SomebodyHasIt, 2_000),
    (Bug::LeavesTasks, I::TasksCanBeDone, 1_000),
    (Bug::LeavesQuestions, I::SomebodyHasIt, 1_000),
    (Bug::OrdersGoodsAgain, I::GoodsOnce, 2_000),
    (Bug::LosesAnEvent, I::ReplayGivesTheSame, 1_000),
    (Bug::RemembersWhatIsOwed, I::OwedSurvivesACrash, 1_000),
    (Bug::TriesAtOnce, I::NothingSpins, 1_000),
    (Bug::AsksForEver, I::NothingSpins, 1_000),
    (Bug::NeverAsksAgain, I::EverythingRests, 1_000),
    (Bug::NobodyIsAsked, I::SomebodyHasIt, 1_000),
    (Bug::AcceptsTwice, I::TwiceIsOnce, 1_000),
    (Bug::ReadsNoLateMessage, I::SomebodyHasIt, 1_000),
    (Bug::LeavesItStale, I::StaleIsJudgedAnew, 1_000),
    (Bug::AppealsUntold, I::ToldBeforeAppealed, 1_000),
    (Bug::OverridesForgetCredits, I::NeverMoreThanCaptured, 6_000),
    (Bug::PromisesLess, I::GrantedIsPlaced, 1_000),
    (Bug::ExchangesTwice, I::TheLedgerBalances, 1_000),
    (Bug::LeavesTheCredit, I::NoCreditWhileDisputed, 1_000),
    (Bug::CancelsAgain, I::CancelledOnce, 4_000),
    (Bug::PaysBeforeCancelling, I::CancelledBeforePaid, 1_000),
];

#[test]
fn every_planted_bug_is_found_by_its_invariant() {
    let rulebook = makegood_sim::rulebook();
    let missed: Vec<String> = std::thread::scope(|scope| {
        let halves = TABLE.chunks(TABLE.len().div_ceil(4));
        let hunts: Vec<_> = halves
            .map(|half| {
                let rulebook = &rulebook;
                scope.spawn(move || {
                    let missed = half.iter().filter(|(bug, invariant, most)| {
                        !(0..*most).any(|seed| {
                            let verdict =
                                makegood_sim::run(&Plan::of(seed), rulebook, Some(*bug), false);
                            let found = verdict.violation;
                            found.is_some_and(|violation| violation.invariant == *invariant)
                        })
                    });
                    let missed = missed.map(|(bug, invariant, most)| {
                        format!(
                            "{} within {most} seeds by `{}`",
                            bug.word(),
                            invariant.name()
                        )
                    });
                    missed.collect::<Vec<_>>()
                })
            })
            .collect();
        let hunts = hunts.into_iter();
        hunts
            .flat_map(|hunt| hunt.join().expect("no panic"))
            .collect()
    });
    assert_eq!(missed, [""; 0]);
}

#[test]
fn every_bug_has_a_row() {
    let rows: BTreeSet<Bug> = TABLE.iter().map(|(bug, ..)| *bug).collect();
    let all: BTreeSet<Bug> = Bug::ALL.iter().map(|(_, bug)| *bug).collect();
    assert_eq!(rows, all);
}

#[test]
fn a_shortened_story_still_breaks_and_needs_what_it_keeps() {
    let rulebook = makegood_sim::rulebook();
    let bug = Some(Bug::UnreadListIsEmpty);
    let broken = I::ListedBeforeSentAgain;
    let breaks = |plan: &Plan| {
        let verdict = makegood_sim::run(plan, &rulebook, bug, false);
        verdict
            .violation
            .is_some_and(|violation| violation.invariant == broken)
    };
    let seed = (0..1_000)
        .find(|seed| breaks(&Plan::of(*seed)))
        .expect("it is found");
    let plan = Plan::of(seed);
    let least = shrink(&plan, &rulebook, bug, broken, &Without::default());
    let short = least.of(&plan);
    assert!(breaks(&short));
    assert!(short.acts.len() < plan.acts.len());
    for act in &short.acts {
        let mut less = least.clone();
        less.acts.insert(act.no);
        assert!(!breaks(&less.of(&plan)), "it does not need act {}", act.no);
    }
}
