// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the simulation found: lives of cases that once went wrong, told step by step.

#[path = "life/letters.rs"]
mod letters;
mod life;
#[path = "life/refusals.rs"]
mod refusals;

use life::{ANNA, Life, at, hours};
use makegood_desk::event::{Happened, Todo};
use makegood_desk::execution::{ProviderRefusal, refunds};
use makegood_desk::life::RefundState;
use makegood_desk::owed::{Owed, Timer, next_wake, owed};

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
    life.is_told(1, makegood_desk::execution::RefundStatus::Pending);
    life.waits(hours(1));
    life.is_refused(1, ProviderRefusal::NotAllowed);
    assert_eq!(owed_of_refunds(&life), []);
    let pending = matches!(life.refund(1).state, RefundState::Pending { .. });
    assert!(pending);
}
