// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the simulation found: lives of cases that once went wrong, told step by step.

#[path = "life/credits.rs"]
mod credits;
#[path = "life/heard.rs"]
mod heard;
#[path = "life/letters.rs"]
mod letters;
mod life;
#[path = "life/refusals.rs"]
mod refusals;

use life::{ANNA, BO, FIE, Life, at, eur, hours};
use makegood_desk::case::{
    ClaimKind, DisputeStatus, Event as Entry, LogEntry, PaymentKind, ServiceKind, Subscription,
    Wants,
};
use makegood_desk::event::{Happened, Origin, Todo};
use makegood_desk::execution::{ConnectorSaid, ProviderRefusal, RefundStatus, refunds};
use makegood_desk::input::{Actor, Door, Input, Language, Override, Request};
use makegood_desk::life::{Check, DecisionState, LetterKind, RefundState};
use makegood_desk::owed::{Owed, next_wake, owed};
use makegood_desk::records::SubscriptionRecord;
use makegood_desk::refusal::{Refusal, Thing};
use makegood_desk::remedy::Outcome;

fn sent() -> Life {
    let mut life = Life::of_a_partial_delivery();
    life.accepted_by(ANNA).expect("it is accepted");
    life.sends(1).expect("it may be sent");
    life
}

#[test]
fn a_refund_that_a_person_is_asked_about_is_looked_at_hourly_and_not_at_once() {
    let mut life = sent();
    life.limits.tries_max = 1;
    life.hears_nothing(1);
    life.waits(hours(1));
    life.lists_nothing(1);
    assert!(life.refund(1).stuck);
    assert_eq!(owed_of_refunds(&life), []);
    life.waits(hours(1));
    life.lists_nothing(1);
    assert_eq!(owed_of_refunds(&life), []);
    let wake = next_wake(&life.case, &life.limits, life.now).map(|(wake, _)| wake);
    assert_eq!(wake, Some(life.now), "letters are owed");
    life.waits(hours(1));
    assert!(matches!(owed_of_refunds(&life)[..], [Owed::List { .. }]));
}

fn owed_of_refunds(life: &Life) -> Vec<Owed> {
    let mut owed = owed(&life.case, life.now);
    owed.retain(|owed| !matches!(owed, Owed::Letter { .. }));
    owed
}

#[test]
fn a_payment_that_others_emptied_ends_the_refund_and_is_not_tried_forever() {
    let mut life = sent();
    life.is_refused(1, ProviderRefusal::AlreadyRefunded);
    assert!(matches!(life.refund(1).state, RefundState::Failed { .. }));
    assert!(
        life.case
            .open_tasks()
            .any(|task| task.todo == Todo::RefundFailed(1))
    );
}

#[test]
fn a_refusal_proves_nothing_while_an_earlier_try_can_still_arrive() {
    for why in [
        ProviderRefusal::AlreadyRefunded,
        ProviderRefusal::NotAllowed,
    ] {
        let mut life = sent();
        life.hears_nothing(1);
        life.waits(hours(0));
        life.lists_nothing(1);
        life.sends(1).expect("a list showed that it is not there");
        life.is_refused(1, why);
        assert_eq!(life.refund(1).state, RefundState::Unknown, "{why:?}");
        life.waits(hours(1));
        life.lists_nothing(1);
        life.sends(1).expect("a list showed that it is not there");
        life.is_refused(1, why);
        assert!(
            matches!(life.refund(1).state, RefundState::Failed { .. }),
            "{why:?}"
        );
    }
}

#[test]
fn an_old_list_permits_no_further_try() {
    let mut life = sent();
    life.hears_nothing(1);
    life.waits(hours(1));
    life.lists_nothing(1);
    life.brakes.stopped = true;
    assert!(life.sends(1).is_err());
    // The brakes stay on for two days. Meanwhile the first try arrives, and the provider forgets its key.
    life.waits(hours(48));
    life.brakes.stopped = false;
    assert!(matches!(owed_of_refunds(&life)[..], [Owed::List { .. }]));
    assert!(life.sends(1).is_err());
    life.lists_nothing(1);
    assert!(life.sends(1).is_ok());
}

#[test]
fn with_a_forgotten_key_nothing_is_sent_while_an_earlier_try_can_arrive() {
    let mut life = sent();
    life.limits.unknown_max = hours(72);
    life.hears_nothing(1);
    life.waits(refunds::KEY_AGE_MAX);
    life.lists_nothing(1);
    life.sends(1).expect("the only try is long past");
    life.hears_nothing(1);
    life.waits(hours(0));
    life.lists_nothing(1);
    assert_eq!(owed_of_refunds(&life), []);
    assert!(life.sends(1).is_err());
    life.waits(hours(1));
    life.lists_nothing(1);
    assert!(life.sends(1).is_ok());
}

#[test]
fn a_pending_refund_that_cannot_be_fetched_is_asked_after_later() {
    let mut life = sent();
    life.is_told(1, RefundStatus::Pending);
    life.waits(hours(1));
    life.is_refused(1, ProviderRefusal::NotAllowed);
    assert_eq!(owed_of_refunds(&life), []);
    let pending = matches!(life.refund(1).state, RefundState::Pending { .. });
    assert!(pending);
}

// Chargebacks.

#[test]
fn what_a_lost_chargeback_took_is_not_paid_back_beside_it() {
    // Of the whole story only the end is heard: the bank gave the money to the customer.
    let mut life = Life::of_nothing_delivered();
    life.limits.hold = hours(1);
    life.accepted_by(ANNA).expect("it is accepted");
    life.disputed("dp_1", "p1", DisputeStatus::Lost);
    life.waits(hours(1));
    assert!(life.sends(1).is_err());
    life.looks();
    assert!(matches!(
        life.refund(1).state,
        RefundState::Cancelled { .. }
    ));
    let decision = life.case.decision().expect("it is decided anew");
    assert_eq!(decision.proposal.outcome, Outcome::Declined);
}

#[test]
fn a_refund_of_which_nobody_knows_is_not_sent_again_after_a_lost_chargeback() {
    let mut life = Life::of_nothing_delivered();
    life.accepted_by(ANNA).expect("it is accepted");
    life.sends(1).expect("it may be sent");
    life.hears_nothing(1);
    life.waits(hours(1));
    life.lists_nothing(1);
    life.disputed("dp_1", "p1", DisputeStatus::Lost);
    assert!(matches!(life.sends(1), Err(Refusal::MoreThanLeft { .. })));
}

#[test]
fn a_chargeback_takes_the_question_from_the_second_person() {
    let mut life = Life::of_a_partial_delivery();
    life.limits.second_person_above_minor = [(*b"EUR", 0)].into();
    life.accepted_by(ANNA)
        .expect("it waits for a second person");
    life.disputed("dp_1", "p1", DisputeStatus::Open);
    life.looks();
    let approvals = life
        .case
        .open_tasks()
        .filter(|task| task.todo == Todo::Approve);
    assert_eq!(approvals.count(), 0);
}

#[test]
fn a_won_chargeback_gives_back_what_it_stopped_even_where_the_case_was_closed() {
    for (status, decided_anew) in [(DisputeStatus::Won, true), (DisputeStatus::Lost, false)] {
        let mut life = Life::of_a_partial_delivery();
        life.disputed("dp_1", "p1", DisputeStatus::Open);
        life.looks();
        life.accepted_by(ANNA).expect("it is contested");
        let answered = life.case.open_tasks().next().expect("a task").no;
        life.task_is_done(BO, answered).expect("it is answered");
        assert!(life.case.closed.is_some());
        life.disputed("dp_1", "p1", status);
        life.looks();
        assert_eq!(life.case.closed.is_none(), decided_anew, "{status:?}");
        let outcome = life.case.decision().map(|held| held.proposal.outcome);
        assert_eq!(
            outcome == Some(Outcome::PartialRefund),
            decided_anew,
            "{status:?}"
        );
    }
}

#[test]
fn each_of_two_chargebacks_is_answered() {
    let mut life = Life::of_a_partial_delivery();
    life.disputed("dp_1", "p1", DisputeStatus::Open);
    life.looks();
    life.accepted_by(ANNA).expect("it is contested");
    life.disputed("dp_2", "p1", DisputeStatus::Open);
    life.disputed("dp_1", "p1", DisputeStatus::Won);
    life.looks();
    life.accepted_by(ANNA).expect("the second is contested too");
    let tasks: Vec<_> = life
        .case
        .open_tasks()
        .map(|task| task.todo.clone())
        .collect();
    assert_eq!(tasks, [Todo::Dispute("dp_2".into())]);
}

#[test]
fn goods_that_are_under_way_are_not_ordered_again_after_a_chargeback() {
    let mut life = Life::of_a_partial_delivery();
    life.limits.connector = true;
    let redeliver = Override {
        outcome: Outcome::SupportResolution,
        refund: None,
        credit: None,
        redeliver_units: 250,
        cancel_subscription: false,
        clause: "5.10".into(),
        reason: "the customer waits".into(),
    };
    life.does(ANNA, Input::Override(redeliver.clone()))
        .expect("it is decided");
    life.does(Actor::System, Input::SendCommand { no: 1 })
        .expect("it is given");
    life.disputed("dp_1", "p1", DisputeStatus::Open);
    life.looks();
    life.disputed("dp_1", "p1", DisputeStatus::Won);
    life.looks();
    life.does(ANNA, Input::Override(redeliver))
        .expect("it is decided again");
    assert_eq!(life.case.commands.len(), 1);
}

// People.

#[test]
fn a_second_person_approves_only_what_the_facts_still_say() {
    let mut life = Life::of_a_partial_delivery();
    life.limits.second_person_above_minor = [(*b"EUR", 0)].into();
    life.accepted_by(ANNA)
        .expect("it waits for a second person");
    let approve = Input::Approve {
        decision: 1,
        approved: true,
        reason: String::new(),
    };
    let last = LogEntry {
        at: at(25),
        id: None,
        event: Entry::Count { count: 3_300 },
    };
    life.records.delivery_log.insert(2, last);
    let refused = life.does(BO, approve);
    assert!(matches!(refused, Err(Refusal::Stale { decision: 1 })));
    life.looks();
    let decision = life.case.decision().expect("it is judged anew");
    assert_eq!(
        (decision.proposal.no, decision.state),
        (2, DecisionState::Proposed)
    );
    let tasks: Vec<_> = life
        .case
        .open_tasks()
        .map(|task| task.todo.clone())
        .collect();
    assert_eq!(tasks, [Todo::Accept]);
}

#[test]
fn nothing_is_approved_in_a_closed_case() {
    let mut life = Life::of_a_partial_delivery();
    life.limits.second_person_above_minor = [(*b"EUR", 0)].into();
    life.accepted_by(ANNA)
        .expect("it waits for a second person");
    let reason = "the customer withdrew".to_owned();
    life.does(ANNA, Input::Close { reason })
        .expect("it is closed");
    let approve = Input::Approve {
        decision: 1,
        approved: true,
        reason: String::new(),
    };
    assert_eq!(life.does(BO, approve), Err(Refusal::Closed));
}

#[test]
fn a_credit_beside_a_refund_counts_for_the_second_person_and_the_day() {
    let mut life = Life::of_a_partial_delivery();
    life.limits.second_person_above_minor = [(*b"EUR", 5_000)].into();
    let mut generous = Override {
        outcome: Outcome::PartialRefund,
        refund: Some((eur(1), 0)),
        credit: Some(eur(5_000)),
        redeliver_units: 0,
        cancel_subscription: false,
        clause: "5.10".into(),
        reason: "as a courtesy".into(),
    };
    life.does(ANNA, Input::Override(generous.clone()))
        .expect("it is decided");
    let state = life.case.decision().map(|held| held.state);
    assert_eq!(state, Some(DecisionState::Accepted { by: ANNA }));

    let mut life = Life::of_a_partial_delivery();
    life.limits.day_minor_max = [(*b"EUR", 5_000)].into();
    let refused = life.does(ANNA, Input::Override(generous.clone()));
    assert!(matches!(refused, Err(Refusal::DayTotalReached { .. })));
    generous.credit = Some(eur(4_999));
    assert!(life.does(ANNA, Input::Override(generous)).is_ok());
}

#[test]
fn records_that_became_doubtful_are_looked_at_before_money_is_decided() {
    let mut life = Life::of_a_partial_delivery();
    life.records.history.disputes = 1;
    let check = Check::AccountActivity;
    assert_eq!(life.accepted_by(ANNA), Err(Refusal::NotVerified { check }));
}

#[test]
fn a_check_that_is_sound_again_asks_nobody() {
    let mut life = Life::of_a_partial_delivery();
    life.records.history.disputes = 1;
    life.looks();
    let verify = Todo::Verify(Check::AccountActivity);
    assert!(life.case.open_tasks().any(|task| task.todo == verify));
    life.records.history.disputes = 0;
    life.looks();
    assert!(!life.case.open_tasks().any(|task| task.todo == verify));
}

#[test]
fn a_check_is_settled_once() {
    let mut life = Life::of_a_partial_delivery();
    life.records.history.disputes = 1;
    life.looks();
    let settle = Input::SettleCheck {
        check: Check::AccountActivity,
        sound: true,
        note: "an old mistake of the bank's".into(),
    };
    life.does(ANNA, settle.clone()).expect("it is settled");
    let again = life.does(ANNA, settle);
    assert!(matches!(
        again,
        Err(Refusal::AlreadyDone {
            what: Thing::Check,
            ..
        })
    ));
}

#[test]
fn what_the_desk_is_stuck_with_stays_with_a_person_until_the_list_says_too_that_it_never_left() {
    let mut life = sent();
    life.limits.tries_max = 1;
    life.hears_nothing(1);
    let task = life.case.open_tasks().next().expect("a person is asked").no;
    assert!(life.task_is_done(FIE, task).is_err());
    life.lists_nothing(1);
    assert!(life.task_is_done(FIE, task).is_err(), "it can still arrive");
    life.waits(hours(1));
    life.lists_nothing(1);
    life.task_is_done(FIE, task).expect("it never left");
    assert!(matches!(life.refund(1).state, RefundState::Failed { .. }));
    let input = Input::PayOtherwise {
        no: 1,
        provider: "bank".into(),
    };
    life.does(FIE, input).expect("it is paid by the bank");
}

#[test]
fn what_was_judged_anew_is_not_paid_by_the_old_decision_too() {
    let mut life = Life::of_a_partial_delivery();
    life.limits.hold = hours(1);
    life.accepted_by(ANNA).expect("it is accepted");
    life.does(BO, Input::CancelRefund { no: 1 })
        .expect("it is called back");
    life.disputed("dp_1", "p1", DisputeStatus::Open);
    life.looks();
    life.disputed("dp_1", "p1", DisputeStatus::Won);
    life.looks();
    life.accepted_by(ANNA).expect("it is accepted anew");
    let input = Input::PayOtherwise {
        no: 1,
        provider: "bank".into(),
    };
    assert!(life.does(FIE, input).is_err());
    let bound = life.case.refunds.iter().filter(|refund| refund.binds());
    assert_eq!(bound.count(), 1);
}

#[test]
fn nobody_disagrees_with_a_decision_that_was_not_told() {
    let mut life = sent();
    life.is_told(1, RefundStatus::Succeeded);
    assert!(life.case.closed.is_some());
    let appeal = Input::Appeal {
        door: Door::Form,
        message: None,
    };
    let untold = life.does(Actor::Customer, appeal.clone());
    assert_eq!(untold, Err(Refusal::NotAppealable));
    life.posts();
    life.does(Actor::Customer, appeal).expect("it was told");
}

#[test]
fn no_more_is_granted_than_was_captured_and_the_decision_says_so() {
    for (paid, outcome, placed) in [
        (4_990, Outcome::Refund, Some(4_990)),
        (4_000, Outcome::PartialRefund, Some(4_000)),
        (0, Outcome::Review, None),
    ] {
        let mut life = Life::of(ServiceKind::Standard);
        life.records.payments[0].payment.amount = eur(paid);
        life.limits.automatic_minor_max = [(*b"EUR", 10_000)].into();
        life.limits.automatic_outcomes = [Outcome::PartialRefund].into();
        life.asks(ClaimKind::NotStarted, Wants::Refund);
        let settle = Input::SettleCheck {
            check: Check::InternalRecords,
            sound: true,
            note: "a voucher for the rest".into(),
        };
        if paid < 4_990 {
            life.does(ANNA, settle).expect("it is settled");
        }
        let proposal = &life.case.decision().expect("it is decided").proposal;
        assert_eq!(proposal.outcome, outcome);
        let bounded = Origin::Bounded { of: eur(4_990) };
        let origin = if paid < 4_990 {
            bounded
        } else {
            Origin::Policy
        };
        assert_eq!((&proposal.origin, proposal.automatic), (&origin, false));
        assert_eq!(life.accepted_by(ANNA).is_ok(), placed.is_some());
        let refunds = life.case.refunds.iter().map(|refund| refund.amount.minor());
        assert_eq!(refunds.collect::<Vec<_>>(), Vec::from_iter(placed));
        let review = life.case.open_tasks().any(|task| task.todo == Todo::Review);
        assert_eq!(
            review,
            placed.is_none(),
            "whoever pays all has no rest to find"
        );
    }
}

#[test]
fn what_comes_back_after_an_appeal_can_be_paid_otherwise() {
    let mut life = sent();
    life.is_told(1, RefundStatus::Succeeded);
    life.posts();
    let appeal = Input::Appeal {
        door: Door::Form,
        message: None,
    };
    life.does(Actor::Customer, appeal).expect("it is appealed");
    life.accepted_by(ANNA).expect("nothing more is due");
    life.waits(hours(1));
    life.is_told(1, RefundStatus::Failed);
    let input = Input::PayOtherwise {
        no: 1,
        provider: "bank".into(),
    };
    life.does(FIE, input)
        .expect("the money was counted as gone, and came back");
}

#[test]
fn a_renewal_whose_subscription_cannot_end_is_with_finance() {
    let mut life = Life::of(ServiceKind::Standard);
    life.records.payments[0].payment.kind = PaymentKind::Renewal;
    life.records.payments[0].payment.fulfilled = Some(false);
    life.records.subscription = Some(SubscriptionRecord {
        status: Subscription::Active,
        provider: "card".into(),
        reference: "sub_1".into(),
    });
    life.asks(ClaimKind::Renewal, Wants::Refund);
    life.accepted_by(ANNA).expect("it is accepted");
    let why = "no such subscription".to_owned();
    let said = ConnectorSaid::Refused { why };
    life.does(Actor::Provider, Input::CommandSaid { no: 1, said })
        .expect("it is heard");
    let input = Input::PayOtherwise {
        no: 1,
        provider: "bank".into(),
    };
    life.does(FIE, input).expect("it is paid by the bank");
}

#[test]
fn a_renewal_that_is_paid_otherwise_still_waits_for_its_subscription_to_end() {
    let mut life = Life::of(ServiceKind::Standard);
    life.records.payments[0].payment.kind = PaymentKind::Renewal;
    life.records.payments[0].payment.fulfilled = Some(false);
    life.records.subscription = Some(SubscriptionRecord {
        status: Subscription::Active,
        provider: "card".into(),
        reference: "sub_1".into(),
    });
    life.asks(ClaimKind::Renewal, Wants::Refund);
    life.accepted_by(ANNA).expect("it is accepted");
    life.does(BO, Input::CancelRefund { no: 1 })
        .expect("it is called back");
    let input = Input::PayOtherwise {
        no: 1,
        provider: "bank".into(),
    };
    life.does(FIE, input).expect("it is paid by the bank");
    assert!(matches!(life.sends(2), Err(Refusal::NotYet { .. })));
    let said = ConnectorSaid::Done { note: None };
    life.does(Actor::Provider, Input::CommandSaid { no: 1, said })
        .expect("it is heard");
    life.sends(2).expect("the subscription has ended");
}

#[test]
fn a_subscription_is_cancelled_once_and_what_is_paid_back_later_does_not_wait_for_it() {
    for told_by_the_books in [false, true] {
        let mut life = Life::of(ServiceKind::Standard);
        life.records.payments[0].payment.kind = PaymentKind::Renewal;
        life.records.payments[0].payment.fulfilled = Some(false);
        let mut subscription = SubscriptionRecord {
            status: Subscription::Active,
            provider: "card".into(),
            reference: "sub_1".into(),
        };
        life.records.subscription = Some(subscription.clone());
        life.asks(ClaimKind::Renewal, Wants::Refund);
        let back = |minor| {
            Input::Override(Override {
                outcome: Outcome::PartialRefund,
                refund: Some((eur(minor), 0)),
                credit: None,
                redeliver_units: 0,
                cancel_subscription: true,
                clause: "5.10".into(),
                reason: "as a courtesy".into(),
            })
        };
        if told_by_the_books {
            subscription.status = Subscription::Cancelled;
            life.records.subscription = Some(subscription);
        } else {
            life.does(ANNA, back(77)).expect("it is decided");
            assert!(life.sends(1).is_err(), "it waits for the cancelling");
            let said = ConnectorSaid::Done { note: None };
            life.does(Actor::Provider, Input::CommandSaid { no: 1, said })
                .expect("it is heard");
            life.sends(1).expect("it may be sent");
            life.is_told(1, RefundStatus::Succeeded);
            life.posts();
            let appeal = Input::Appeal {
                door: Door::Form,
                message: None,
            };
            life.does(Actor::Customer, appeal).expect("it is appealed");
        }
        let commands = life.case.commands.len();
        life.does(BO, back(50)).expect("it is decided");
        assert_eq!(life.case.commands.len(), commands);
        let last = life.case.refunds.last().expect("a refund").no;
        life.sends(last).expect("nothing is waited for");
    }
}

// Letters and questions.

#[test]
fn nobody_is_told_of_money_that_came_back_before_the_letter_was_sent() {
    let mut life = sent();
    life.is_told(1, RefundStatus::Succeeded);
    life.is_told(1, RefundStatus::Failed);
    let owed: Vec<_> = life
        .case
        .letters
        .iter()
        .filter(|letter| letter.is_owed())
        .collect();
    assert!(
        !owed
            .iter()
            .any(|letter| matches!(letter.kind, LetterKind::Paid { .. }))
    );
    assert!(
        owed.iter()
            .any(|letter| matches!(letter.kind, LetterKind::Failed { .. }))
    );
}

/// Accounts with a fault that only the customer can show.
fn asked() -> Life {
    let mut life = Life::of(ServiceKind::Account);
    let account = "account-0";
    life.records.delivery_log = vec![LogEntry {
        at: at(47),
        id: None,
        event: Entry::HandedOver {
            account: account.into(),
        },
    }];
    let request = Request {
        order: "VL-1".into(),
        claim: ClaimKind::AccountFaulty,
        wants: Wants::Refund,
        account: Some(account.into()),
        payment: None,
        door: Door::Form,
        language: Language::Danish,
        customer: None,
        message: None,
        attachments: Vec::new(),
    };
    let input = Input::Request { number: 1, request };
    life.does(Actor::Customer, input).expect("a case is opened");
    life
}

#[test]
fn reminders_that_were_slept_through_are_one() {
    let mut life = asked();
    life.waits(hours(24 * 8));
    for expected in [1, 0, 0] {
        let happened = life.looks();
        let reminders = happened
            .iter()
            .filter(|what| matches!(what, Happened::Reminded { .. }));
        assert_eq!(reminders.count(), expected);
    }
}

#[test]
fn a_case_that_closes_unanswered_leaves_nobody_anything_to_do() {
    let mut life = asked();
    life.records.history.disputes = 1;
    life.looks();
    assert!(life.case.open_tasks().next().is_some());
    life.waits(hours(24 * 14));
    life.looks();
    assert!(life.case.closed.is_some());
    assert!(life.case.open_tasks().next().is_none());
    assert!(life.case.open_askings().next().is_none());
}

#[test]
fn a_case_is_not_closed_while_money_is_on_its_way() {
    let mut life = sent();
    life.hears_nothing(1);
    life.disputed("dp_1", "p1", DisputeStatus::Open);
    life.looks();
    let reason = "enough".to_owned();
    let refused = life.does(ANNA, Input::Close { reason });
    assert_eq!(refused, Err(Refusal::AlreadySent { no: 1 }));
}

#[test]
fn a_closed_case_asks_fulfilment_no_more() {
    let mut life = Life::of_a_partial_delivery();
    life.limits.connector = true;
    let redeliver = Override {
        outcome: Outcome::SupportResolution,
        refund: None,
        credit: None,
        redeliver_units: 250,
        cancel_subscription: false,
        clause: "5.10".into(),
        reason: "the customer waits".into(),
    };
    life.does(ANNA, Input::Override(redeliver))
        .expect("it is decided");
    life.does(Actor::System, Input::SendCommand { no: 1 })
        .expect("it is given");
    life.disputed("dp_1", "p1", DisputeStatus::Open);
    life.looks();
    let reason = "enough".to_owned();
    life.does(ANNA, Input::Close { reason })
        .expect("it is closed");
    assert_eq!(owed_of_refunds(&life), []);
}

#[test]
fn what_waited_for_a_second_person_when_a_case_was_closed_waits_no_more() {
    let mut life = sent();
    life.is_told(1, RefundStatus::Succeeded);
    life.posts();
    let appeal = Input::Appeal {
        door: Door::Form,
        message: None,
    };
    life.does(Actor::Customer, appeal).expect("it is appealed");
    life.limits.second_person_above_minor = [(*b"EUR", 0)].into();
    let courtesy = Override {
        outcome: Outcome::PartialRefund,
        refund: Some((eur(100), 0)),
        credit: None,
        redeliver_units: 0,
        cancel_subscription: false,
        clause: "5.10".into(),
        reason: "as a courtesy".into(),
    };
    life.does(ANNA, Input::Override(courtesy))
        .expect("it waits for a second person");
    let reason = "enough".to_owned();
    life.does(ANNA, Input::Close { reason })
        .expect("it is closed");
    life.is_told(1, RefundStatus::Failed);
    assert!(life.case.closed.is_none(), "the money came back");
    let waits = life.case.decision().map(|held| held.state);
    assert_eq!(waits, Some(DecisionState::Proposed));
}

#[test]
fn what_came_back_before_it_was_judged_anew_is_paid_by_the_new_decision_alone() {
    let mut life = sent();
    life.is_told(1, RefundStatus::Succeeded);
    life.posts();
    let appeal = Input::Appeal {
        door: Door::Form,
        message: None,
    };
    life.does(Actor::Customer, appeal).expect("it is appealed");
    life.is_told(1, RefundStatus::Failed);
    let outcome = life.case.decision().map(|held| held.proposal.outcome);
    assert_eq!(
        outcome,
        Some(Outcome::PartialRefund),
        "it is not counted as gone"
    );
    life.accepted_by(ANNA).expect("the same is due again");
    assert_eq!(life.case.refunds.len(), 2);
    let input = Input::PayOtherwise {
        no: 1,
        provider: "bank".into(),
    };
    assert!(matches!(life.does(FIE, input), Err(Refusal::Stale { .. })));
}

#[test]
fn what_failed_is_not_paid_otherwise_once_somebody_found_the_records_unsound() {
    let mut life = sent();
    life.is_refused(1, ProviderRefusal::NotRefundable);
    let check = Check::InternalRecords;
    let settle = Input::SettleCheck {
        check,
        sound: false,
        note: "the payment is somebody else's".into(),
    };
    life.does(ANNA, settle).expect("it is settled");
    let input = Input::PayOtherwise {
        no: 1,
        provider: "bank".into(),
    };
    assert_eq!(life.does(FIE, input), Err(Refusal::NotVerified { check }));
}

#[test]
fn a_parked_case_is_unparked_once() {
    let mut life = Life::of_a_partial_delivery();
    let why = "something broke".to_owned();
    life.does(Actor::System, Input::Park { why })
        .expect("it is parked");
    life.does(ANNA, Input::Unpark).expect("it goes on");
    let again = life.does(ANNA, Input::Unpark);
    assert!(matches!(
        again,
        Err(Refusal::AlreadyDone {
            what: Thing::Case,
            ..
        })
    ));
}
