// SPDX-License-Identifier: MIT OR Apache-2.0
//! Store credit: granted, exchanged for another order, taken back when the bank is asked, and never given twice.

use makegood_desk::case::{ClaimKind, DisputeStatus, Event as Entry, LogEntry, ServiceKind, Wants};
use makegood_desk::event::{ClosedWhy, Todo};
use makegood_desk::input::{Actor, Door, Input, Override};
use makegood_desk::life::{CreditState, LetterKind};
use makegood_desk::refusal::{Refusal, Takes, Thing};
use makegood_desk::remedy::Outcome;

use crate::life::{ANNA, BO, FIE, Life, at, eur};

/// Stopped with 600 of 1,000 missing, and exchanged: EUR 29.94 of EUR 49.90.
fn exchanged() -> Life {
    let mut life = Life::of(ServiceKind::Standard);
    let entry = |hours, event| LogEntry {
        at: at(hours),
        id: None,
        event,
    };
    life.records.delivery_log = vec![
        entry(1, Entry::Started { count: Some(100) }),
        entry(20, Entry::Count { count: 500 }),
        entry(30, Entry::Stopped),
    ];
    life.asks(ClaimKind::Stop, Wants::Exchange);
    life.accepted_by(ANNA).expect("it is exchanged");
    life
}

fn task(life: &Life) -> u32 {
    let mut open = life.case.open_tasks();
    let task = open.find(|task| task.todo == Todo::Exchange);
    task.expect("somebody agrees with the customer").no
}

fn exchange(no: u32, order: &str) -> Input {
    Input::Exchange {
        no,
        order: order.to_owned(),
        service: "Newsletter sign-ups".to_owned(),
        note: "agreed on the telephone".to_owned(),
    }
}

fn back(refund: Option<u64>, credit: Option<u64>) -> Input {
    Input::Override(Override {
        outcome: match refund {
            Some(_) => Outcome::PartialRefund,
            None => Outcome::SupportResolution,
        },
        refund: refund.map(|minor| (eur(minor), 0)),
        credit: credit.map(eur),
        redeliver_units: 0,
        cancel_subscription: false,
        clause: "5.10".into(),
        reason: "as a courtesy".into(),
    })
}

fn appeals(life: &mut Life) {
    life.posts();
    let appeal = Input::Appeal {
        door: Door::Form,
        message: None,
    };
    life.does(Actor::Customer, appeal).expect("it is appealed");
}

#[test]
fn an_exchange_names_the_new_order_and_its_service_and_is_made_once() {
    let mut life = exchanged();
    let no = task(&life);
    let takes = Takes::Agent;
    assert_eq!(
        life.does(FIE, exchange(no, "VL-2")),
        Err(Refusal::NotYours { takes })
    );
    assert_eq!(
        life.does(BO, exchange(no, " ")),
        Err(Refusal::ReasonMissing)
    );
    life.does(BO, exchange(no, "VL-2")).expect("it is made");
    let state = CreditState::Exchanged {
        order: "VL-2".to_owned(),
        service: "Newsletter sign-ups".to_owned(),
    };
    let credit = &life.case.credits[0];
    assert_eq!((credit.amount, &credit.state), (eur(2_994), &state));
    assert_eq!(life.case.closed, Some(ClosedWhy::Settled));
    let told = LetterKind::Exchanged { credit: 1 };
    let letters = life.case.letters.iter();
    assert_eq!(letters.filter(|letter| letter.kind == told).count(), 1);
    let what = Thing::Task;
    assert_eq!(
        life.does(BO, exchange(no, "VL-3")),
        Err(Refusal::AlreadyDone { what, no })
    );
}

#[test]
fn another_task_is_no_exchange() {
    let mut life = Life::of_a_partial_delivery();
    let no = life.case.open_tasks().next().expect("a task").no;
    assert_eq!(
        life.does(BO, exchange(no, "VL-2")),
        Err(Refusal::Contradiction)
    );
}

#[test]
fn what_was_exchanged_or_credited_is_not_paid_back_by_a_person_beside_it() {
    let mut life = exchanged();
    let no = task(&life);
    life.task_is_done(BO, no).expect("kept as credit for later");
    appeals(&mut life);
    let left = eur(4_990 - 2_994);
    assert_eq!(
        life.does(ANNA, back(Some(2_000), None)),
        Err(Refusal::MoreThanLeft { left })
    );
    life.does(ANNA, back(None, Some(996))).expect("a credit");
    assert_eq!(life.records.left(), Some(eur(1_000)));
}

#[test]
fn a_credit_counts_as_money_given_back_when_the_policy_is_asked_again() {
    for (credit, due) in [(1_000, Some(248)), (1_248, None)] {
        let mut life = Life::of_a_partial_delivery();
        life.does(ANNA, back(None, Some(credit))).expect("granted");
        appeals(&mut life);
        life.accepted_by(BO).expect("it is judged anew");
        let refunds = life.case.refunds.iter().map(|refund| refund.amount.minor());
        assert_eq!(refunds.collect::<Vec<_>>(), Vec::from_iter(due), "{credit}");
    }
}

#[test]
fn the_bank_takes_a_credit_that_was_not_spent_and_what_was_spent_stays_spent() {
    for spent in [false, true] {
        let mut life = exchanged();
        if spent {
            let no = task(&life);
            life.does(BO, exchange(no, "VL-2")).expect("it is made");
        }
        life.disputed("dp_1", "p1", DisputeStatus::Open);
        life.looks();
        let withdrawn = life.case.credits[0].state == CreditState::Withdrawn;
        assert_eq!(withdrawn, !spent);
        let open = life.case.open_tasks();
        assert_eq!(open.filter(|task| task.todo == Todo::Exchange).count(), 0);
        life.disputed("dp_1", "p1", DisputeStatus::Won);
        life.looks();
        let proposal = &life.case.decision().expect("it is judged anew").proposal;
        let again = makegood_desk::life::money_of(&proposal.remedies);
        assert_eq!(again, (!spent).then(|| eur(2_994)));
    }
}
