// SPDX-License-Identifier: MIT OR Apache-2.0
//! What customers write late, and who reads it.

use makegood_desk::case::{ClaimKind, Country, Event as Entry, LogEntry, ServiceKind, Wants};
use makegood_desk::event::{ClosedWhy, Todo};
use makegood_desk::execution::RefundStatus;
use makegood_desk::input::{Actor, Digest, Door, Input, ProofAbout};
use makegood_desk::life::{DecisionState, LetterKind, Stage};
use makegood_desk::owed::{Timer, next_wake};
use makegood_desk::refusal::Refusal;
use makegood_desk::remedy::Outcome;

use crate::life::{ANNA, BO, Life, at, hours};

fn writes(life: &mut Life, by: Actor) {
    let input = Input::Message {
        door: Door::Email,
        message: Some(Digest([3; 32])),
        attachments: Vec::new(),
    };
    life.does(by, input).expect("it is kept");
}

fn heard(life: &Life) -> usize {
    let heard = |kind| matches!(kind, LetterKind::Heard { .. });
    let letters = life.case.letters.iter();
    letters.filter(|letter| heard(letter.kind)).count()
}

fn todos(life: &Life) -> Vec<Todo> {
    let open = life.case.open_tasks();
    open.map(|task| task.todo.clone()).collect()
}

fn read(life: &mut Life) {
    let task = |life: &Life| {
        let mut open = life.case.open_tasks();
        open.find(|task| task.todo == Todo::Message)
            .map(|task| task.no)
    };
    let no = task(life).expect("somebody is to read it");
    life.task_is_done(BO, no).expect("it is read");
}

/// Paid and closed, and all letters sent.
fn settled() -> Life {
    let mut life = Life::of_a_partial_delivery();
    life.accepted_by(ANNA).expect("it is accepted");
    life.sends(1).expect("it may be sent");
    life.is_told(1, RefundStatus::Succeeded);
    life.posts();
    assert_eq!(life.case.closed, Some(ClosedWhy::Settled));
    life
}

fn closed_by_anna() -> Life {
    let mut life = Life::of_a_partial_delivery();
    let reason = "a friend of a colleague's, trying things out".to_owned();
    life.does(ANNA, Input::Close { reason }).expect("closed");
    life
}

#[test]
fn what_is_written_to_a_closed_case_is_read_by_somebody_and_the_customer_is_told_once() {
    let mut life = settled();
    writes(&mut life, Actor::Customer);
    writes(&mut life, Actor::Shop);
    assert_eq!(life.case.messages.len(), 3);
    assert_eq!(life.case.closed, None);
    assert_eq!(todos(&life), [Todo::Message]);
    assert_eq!(heard(&life), 1);
    read(&mut life);
    assert_eq!(life.case.closed, Some(ClosedWhy::Settled));
    writes(&mut life, Actor::Customer);
    assert_eq!((todos(&life), heard(&life)), (vec![Todo::Message], 2));
}

#[test]
fn what_is_written_while_the_money_is_on_its_way_is_read_too() {
    let mut life = Life::of_a_partial_delivery();
    life.accepted_by(ANNA).expect("it is accepted");
    writes(&mut life, Actor::Customer);
    life.sends(1).expect("it stays on its way");
    life.is_told(1, RefundStatus::Succeeded);
    assert_eq!((life.case.closed, heard(&life)), (None, 1));
    read(&mut life);
    assert_eq!(life.case.closed, Some(ClosedWhy::Settled));
}

#[test]
fn whoever_answers_it_has_read_it_and_the_answer_is_a_letter() {
    let mut life = settled();
    writes(&mut life, Actor::Customer);
    let text = Digest([7; 32]);
    for by in [Actor::Customer, Actor::Shop, Actor::System] {
        let refused = life.does(by, Input::Reply { text });
        assert!(matches!(refused, Err(Refusal::NotYours { .. })), "{by:?}");
    }
    life.does(BO, Input::Reply { text }).expect("it is written");
    assert_eq!(todos(&life), []);
    let replies = &life.case.replies;
    assert_eq!(
        (replies.len(), replies[0].text, replies[0].by),
        (1, text, BO)
    );
    let owed = life.case.letters.iter().filter(|letter| letter.is_owed());
    let kinds: Vec<_> = owed.map(|letter| letter.kind).collect();
    assert!(kinds.contains(&LetterKind::Reply { reply: 1 }), "{kinds:?}");
    // A closed case can be written about, and stays closed.
    assert_eq!(life.case.closed, Some(ClosedWhy::Settled));
    let again = life.does(BO, Input::Reply { text });
    assert!(
        matches!(again, Err(Refusal::AlreadyDone { .. })),
        "{again:?}"
    );
    let text = Digest([8; 32]);
    life.does(ANNA, Input::Reply { text })
        .expect("it is written");
    assert_eq!(life.case.closed, Some(ClosedWhy::Settled));
}

#[test]
fn whoever_reads_it_can_enter_it_as_the_appeal_that_it_is() {
    let mut life = settled();
    writes(&mut life, Actor::Customer);
    let appeal = Input::Appeal {
        door: Door::Email,
        message: None,
    };
    life.does(BO, appeal.clone()).expect("it is appealed");
    assert!(!todos(&life).contains(&Todo::Message));
    assert_eq!(life.does(BO, appeal), Err(Refusal::NotAppealable));
}

#[test]
fn somebody_of_the_merchants_who_writes_it_down_has_read_it() {
    let mut life = settled();
    writes(&mut life, ANNA);
    assert_eq!(life.case.closed, Some(ClosedWhy::Settled));
    assert_eq!((todos(&life), heard(&life)), (vec![], 0));
}

#[test]
fn a_case_that_a_person_closed_is_opened_for_people_and_pays_nothing_by_itself() {
    let mut life = closed_by_anna();
    life.limits.automatic_minor_max = [(*b"EUR", 10_000)].into();
    life.limits.automatic_outcomes = [Outcome::PartialRefund].into();
    writes(&mut life, Actor::Customer);
    let reason = life.case.closed_reason.as_deref();
    assert_eq!(reason, Some("a friend of a colleague's, trying things out"));
    assert_eq!(life.case.stage(), Stage::ReadyToDecide);
    let state = life.case.decision().map(|held| held.state);
    assert_eq!(state, Some(DecisionState::Proposed));
    assert_eq!(life.case.refunds, []);
}

/// Only the customer can show who came, and never did.
fn unanswered() -> Life {
    let mut life = Life::of(ServiceKind::Targeted);
    let order = life.records.order.as_mut().expect("an order");
    order.order.service.target_country = Country::new("DK");
    let entry = |hours, event| LogEntry {
        at: at(hours),
        id: None,
        event,
    };
    life.records.delivery_log = vec![
        entry(1, Entry::Started { count: Some(0) }),
        entry(20, Entry::Count { count: 1_000 }),
        entry(30, Entry::Completed),
    ];
    life.asks(ClaimKind::WrongTarget, Wants::Refund);
    life.waits(hours(24 * 14));
    life.looks();
    assert_eq!(life.case.closed, Some(ClosedWhy::Unanswered));
    life
}

#[test]
fn whoever_sends_at_last_what_was_asked_is_taken_on_from_there() {
    let mut life = unanswered();
    let proof = Input::Proof {
        about: ProofAbout::AudienceStatistics,
        attachment: Digest([5; 32]),
    };
    life.does(Actor::Customer, proof.clone()).expect("taken on");
    assert_eq!(life.case.closed, None);
    let asked = life.case.open_askings().map(|asking| asking.whom);
    assert_eq!(
        asked.collect::<Vec<_>>(),
        [makegood_desk::facts::Asked::Support]
    );
    let mut life = closed_by_anna();
    assert_eq!(life.does(Actor::Customer, proof), Err(Refusal::Closed));
}

#[test]
fn whoever_writes_instead_of_answering_is_read_and_the_case_stays_with_somebody() {
    let mut life = unanswered();
    writes(&mut life, Actor::Customer);
    read(&mut life);
    assert_eq!(todos(&life), [Todo::Review]);
    life.looks();
    assert_eq!(life.case.closed, None);
}

#[test]
fn an_order_that_was_not_found_is_looked_for_once_more_and_the_letter_is_read_before_it_closes() {
    let mut life = Life::of_a_partial_delivery();
    let order = life.records.order.take();
    life.case = makegood_desk::life::Case::new(life.case.id);
    life.asks(ClaimKind::Incomplete, Wants::Refund);
    life.waits(hours(48));
    life.looks();
    assert_eq!(life.case.closed, Some(ClosedWhy::OrderNotFound));
    writes(&mut life, Actor::Customer);
    assert_eq!(life.case.stage(), Stage::WaitingForOrder);
    life.posts();
    life.waits(hours(100));
    life.looks();
    assert_eq!(
        (life.case.closed, todos(&life)),
        (None, vec![Todo::Message])
    );
    let wake = next_wake(&life.case, &life.limits, life.now);
    assert!(!matches!(wake, Some((_, Timer::OrderDue))), "{wake:?}");
    read(&mut life);
    assert_eq!(life.case.closed, Some(ClosedWhy::OrderNotFound));
    // The number was right, and the shop was late.
    writes(&mut life, Actor::Customer);
    life.records.order = order;
    life.looks();
    assert_eq!(life.case.stage(), Stage::ReadyToDecide);
}

#[test]
fn a_parked_case_still_takes_down_what_the_customer_writes() {
    let mut life = settled();
    let why = "something broke".to_owned();
    life.does(Actor::System, Input::Park { why })
        .expect("parked");
    writes(&mut life, Actor::Customer);
    assert_eq!(life.case.stage(), Stage::Parked);
    life.does(BO, Input::Unpark).expect("on its way");
    assert_eq!(todos(&life), [Todo::Message]);
}
