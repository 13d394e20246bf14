// SPDX-License-Identifier: MIT OR Apache-2.0
//! Refusals in their order: where several hold, the most decisive is given. A row out of order is a failing test.

use crate::life::{self, ANNA, BO, FIE, Life, eur};
use makegood_desk::case::{Channel, DisputeStatus};
use makegood_desk::input::{Actor, Door, Input, Override, ProofShows};
use makegood_desk::life::Check;
use makegood_desk::refusal::{Refusal, Takes, Thing};
use makegood_desk::remedy::Outcome;

fn accept(decision: u32, remainder_minor: Option<u64>) -> Input {
    Input::Accept {
        decision,
        remainder_minor,
    }
}

/// Each step takes away what the row before was refused for; so every row is refused although all that follow would be too.
#[test]
fn accepting_is_refused_for_the_most_decisive_reason_first() {
    let mut life = Life::of_a_partial_delivery();
    life.limits.day_minor_max.insert(*b"EUR", 100);
    life.brakes.day_minor = 100;
    life.records.frozen = true;
    life.disputed("dp_1", "p1", DisputeStatus::Open);
    life.does(
        Actor::System,
        Input::Park {
            why: "a fault".to_owned(),
        },
    )
    .expect("it is parked");

    assert_eq!(life.does(BO, accept(9, None)), Err(Refusal::Parked));
    life.case.parked = None;
    let no_such = Refusal::NoSuch {
        what: Thing::Decision,
        no: 9,
    };
    assert_eq!(life.does(Actor::Customer, accept(9, None)), Err(no_such));
    let takes = Refusal::NotYours {
        takes: Takes::Agent,
    };
    assert_eq!(life.does(FIE, accept(1, None)), Err(takes));
    let order = life.records.order.take();
    assert_eq!(life.does(ANNA, accept(1, None)), Err(Refusal::OrderUnknown));
    life.records.order = order;
    let disputed = Refusal::DisputeOpen {
        dispute: "dp_1".to_owned(),
    };
    assert_eq!(life.does(ANNA, accept(1, None)), Err(disputed));
    life.records.disputes.clear();
    assert_eq!(life.does(ANNA, accept(1, None)), Err(Refusal::OrderFrozen));
    life.records.frozen = false;
    let stale = Refusal::StaleRemainder {
        seen_minor: 1,
        left: eur(4_990),
    };
    assert_eq!(life.does(ANNA, accept(1, Some(1))), Err(stale));
    life.records.history.disputes = 1;
    let open = Refusal::NotVerified {
        check: Check::AccountActivity,
    };
    assert_eq!(life.does(ANNA, accept(1, None)), Err(open));
    life.records.history.disputes = 0;
    let total = Refusal::DayTotalReached { most: eur(100) };
    assert_eq!(life.does(ANNA, accept(1, None)), Err(total));
    life.limits.day_minor_max.clear();
    life.does(ANNA, accept(1, Some(4_990)))
        .expect("nothing stands in its way any more");
    let done = Refusal::AlreadyDone {
        what: Thing::Decision,
        no: 1,
    };
    assert_eq!(life.does(ANNA, accept(1, Some(4_990))), Err(done));
}

#[test]
fn sending_is_refused_while_a_chargeback_is_open_whatever_was_permitted_before() {
    let mut life = Life::of_a_partial_delivery();
    life.accepted_by(ANNA).expect("it is accepted");
    life.disputed("dp_1", "p1", DisputeStatus::Open);
    let disputed = Refusal::DisputeOpen {
        dispute: "dp_1".to_owned(),
    };
    assert_eq!(life.sends(1), Err(disputed));
}

#[test]
fn nothing_is_sent_while_the_switch_is_pulled_or_the_provider_rests() {
    let mut life = Life::of_a_partial_delivery();
    life.accepted_by(ANNA).expect("it is accepted");
    life.brakes.stopped = true;
    let until = life::at(60);
    life.brakes.resting.insert("card".to_owned(), until);
    assert_eq!(life.sends(1), Err(Refusal::MoneyStopped));
    life.brakes.stopped = false;
    assert_eq!(life.sends(1), Err(Refusal::ProviderRests { until }));
    life.brakes.resting.clear();
    life.sends(1).expect("nothing stands in its way any more");
}

#[test]
fn no_money_is_decided_before_the_records_are_verified() {
    let mut life = Life::of_a_partial_delivery();
    life.records.history.disputes = 1;
    life.limits.automatic_minor_max.insert(*b"EUR", 10_000);
    life.limits
        .automatic_outcomes
        .insert(Outcome::PartialRefund);
    life.looks();
    assert!(life.case.standing().is_none(), "not even by itself");
    let open = Refusal::NotVerified {
        check: Check::AccountActivity,
    };
    assert_eq!(life.accepted_by(ANNA), Err(open));
    let settle = |sound| Input::SettleCheck {
        check: Check::AccountActivity,
        sound,
        note: "the old chargeback was a bank's mistake".to_owned(),
    };
    life.does(ANNA, settle(true)).expect("a person looked");
    assert!(life.case.standing().is_some(), "then it goes on by itself");
}

#[test]
fn a_second_person_is_never_the_first() {
    let mut life = Life::of_a_partial_delivery();
    life.limits.second_person_above_minor.insert(*b"EUR", 1_000);
    life.looks();
    life.accepted_by(ANNA).expect("it is accepted");
    assert!(life.case.refunds.is_empty(), "nothing is promised yet");
    let approve = |approved, reason: &str| Input::Approve {
        decision: 1,
        approved,
        reason: reason.to_owned(),
    };
    assert_eq!(life.does(ANNA, approve(true, "")), Err(Refusal::SamePerson));
    assert_eq!(
        life.does(BO, approve(false, " ")),
        Err(Refusal::ReasonMissing)
    );
    life.does(BO, approve(true, "")).expect("another person");
    assert_eq!(life.refund(1).amount, eur(1_248));
}

#[test]
fn a_decision_whose_facts_have_changed_is_refused_and_made_anew() {
    let mut life = Life::of_a_partial_delivery();
    life.records.delivery_log.insert(
        2,
        makegood_desk::case::LogEntry {
            at: life::at(21),
            id: None,
            event: makegood_desk::case::Event::Count { count: 3_110 },
        },
    );
    assert_eq!(life.accepted_by(ANNA), Err(Refusal::Stale { decision: 1 }));
    life.looks();
    life.accepted_by(ANNA).expect("the new one");
    assert_eq!(
        life.refund(1).amount,
        eur(998),
        "200 of 1,000 are missing now"
    );
}

#[test]
fn a_door_that_the_merchant_does_not_keep_is_closed() {
    let mut life = Life::of_a_partial_delivery();
    life.limits.doors.remove(&Door::Chat);
    let message = Input::Message {
        door: Door::Chat,
        message: None,
        attachments: Vec::new(),
    };
    let closed = Refusal::ChannelNotOffered { door: Door::Chat };
    assert_eq!(life.does(Actor::Customer, message), Err(closed));
    assert_eq!(Door::Api.channel(), Channel::Form);
}

#[test]
fn an_override_needs_a_clause_a_reason_and_sense() {
    let sensible = Override {
        outcome: Outcome::PartialRefund,
        refund: Some((eur(2_000), 0)),
        credit: None,
        redeliver_units: 0,
        cancel_subscription: false,
        clause: "5.10".to_owned(),
        reason: "goodwill after a long wait".to_owned(),
    };
    let mut life = Life::of_a_partial_delivery();
    let clause = Override {
        clause: "99".to_owned(),
        ..sensible.clone()
    };
    let no_clause = Refusal::NoSuchClause {
        clause: "99".to_owned(),
    };
    assert_eq!(life.does(ANNA, Input::Override(clause)), Err(no_clause));
    let silent = Override {
        reason: "  ".to_owned(),
        ..sensible.clone()
    };
    assert_eq!(
        life.does(ANNA, Input::Override(silent)),
        Err(Refusal::ReasonMissing)
    );
    let dear = Override {
        refund: Some((eur(5_000), 0)),
        ..sensible.clone()
    };
    assert_eq!(
        life.does(ANNA, Input::Override(dear)),
        Err(Refusal::Contradiction)
    );
    let outcome = Override {
        outcome: Outcome::Declined,
        ..sensible.clone()
    };
    assert_eq!(
        life.does(ANNA, Input::Override(outcome)),
        Err(Refusal::Contradiction)
    );
    life.does(ANNA, Input::Override(sensible))
        .expect("it makes sense");
    assert_eq!(life.refund(1).amount, eur(2_000));
}

#[test]
fn a_decision_is_appealed_once_after_it_was_done_and_then_heard_by_a_person() {
    let mut life = Life::of_a_partial_delivery();
    life.limits.automatic_minor_max.insert(*b"EUR", 10_000);
    life.limits
        .automatic_outcomes
        .insert(Outcome::PartialRefund);
    let appeal = || Input::Appeal {
        door: Door::Form,
        message: None,
    };
    assert_eq!(
        life.does(Actor::Customer, appeal()),
        Err(Refusal::NotAppealable)
    );
    life.looks();
    life.sends(1).expect("it was accepted by itself");
    life.is_told(1, makegood_desk::execution::RefundStatus::Succeeded);
    assert!(life.case.closed.is_some());
    life.posts();
    life.does(Actor::Customer, appeal()).expect("the first");
    assert!(life.case.closed.is_none());
    assert!(life.case.standing().is_none(), "nothing goes by itself now");
    life.accepted_by(ANNA).expect("a person heard it");
    life.posts();
    assert!(life.case.closed.is_some());
    assert_eq!(
        life.does(Actor::Customer, appeal()),
        Err(Refusal::NotAppealable)
    );
}

#[test]
fn a_proof_shows_what_it_is_about_or_is_not_accepted() {
    let mut life = Life::of_a_partial_delivery();
    let proof = Input::Proof {
        about: makegood_desk::input::ProofAbout::AudienceStatistics,
        attachment: makegood_desk::input::Digest([5; 32]),
    };
    life.does(Actor::Customer, proof.clone())
        .expect("handed in");
    let again = Refusal::AlreadyDone {
        what: Thing::Proof,
        no: 1,
    };
    assert_eq!(life.does(Actor::Customer, proof), Err(again));
    let judge = |accepted, shows, reason: &str| Input::JudgeProof {
        no: 1,
        accepted,
        shows,
        reason: reason.to_owned(),
    };
    let fault = judge(true, ProofShows::Fault(true), "");
    assert_eq!(life.does(ANNA, fault), Err(Refusal::Contradiction));
    let silent = judge(false, ProofShows::Nothing, "");
    assert_eq!(life.does(ANNA, silent), Err(Refusal::ReasonMissing));
    let share = judge(true, ProofShows::OnTargetMillionths(420_000), "");
    life.does(ANNA, share).expect("it shows a share");
}

#[test]
fn a_stale_acceptance_wants_a_look_and_the_look_proposes_what_the_facts_of_now_say() {
    let mut life = Life::of_a_partial_delivery();
    if let Some(entry) = life.records.delivery_log.get_mut(1) {
        entry.event = makegood_desk::case::Event::Count { count: 3_160 };
    }
    let refused = life.does(ANNA, accept(1, None));
    assert_eq!(refused, Err(Refusal::Stale { decision: 1 }));
    assert!(refused.is_err_and(|refusal| refusal.wants_a_look()));
    life.looks();
    life.accepted_by(ANNA).expect("it is fresh");
    assert_eq!(life.refund(1).amount, eur(749));
    let again = life.does(ANNA, accept(2, None));
    assert!(again.is_err_and(|refusal| !refusal.wants_a_look()));
}
