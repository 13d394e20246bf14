// SPDX-License-Identifier: MIT OR Apache-2.0
//! What arrives at a case becomes events, or a refusal. Nothing is changed here and nothing is sent.

use alloc::string::ToString;
use alloc::vec::Vec;

use crate::decision::Workspace;
use crate::event::{ClosedWhy, Event, Happened, Todo};
use crate::input::{Actor, Input, Situation};
use crate::life::{Case, Credit, DecisionState, Refund, next};
use crate::refusal::{Refusal, Takes, Thing};
use crate::{approval, dispute, execution, investigation, request};

/// Decides what comes of an input: the events to write down, in order.
///
/// The same case, situation and input give the same events, so a command that was interrupted can be given again.
///
/// # Errors
/// Why the desk will not, the most decisive reason first. Nothing has happened then.
pub fn handle(
    case: &Case,
    room: &mut Workspace,
    situation: &Situation<'_>,
    input: Input,
) -> Result<Vec<Event>, Refusal> {
    let mut turn = Turn {
        case: case.clone(),
        room,
        situation,
        events: Vec::new(),
    };
    if case.parked.is_some() && !input.is_for_a_parked_case() {
        return Err(Refusal::Parked);
    }
    if case.version == 0 && !matches!(input, Input::Request { .. }) {
        return Err(Refusal::NoSuchCase);
    }
    match input {
        Input::Request { number, request } => request::request(&mut turn, number, request)?,
        Input::Message {
            door,
            message,
            attachments,
        } => request::message(&mut turn, door, message, attachments)?,
        Input::Appeal { door, message } => request::appeal(&mut turn, door, message)?,
        Input::Reply { text } => request::reply(&mut turn, text)?,
        Input::Close { reason } => request::close(&mut turn, ClosedWhy::ByPerson, reason)?,
        Input::Merge { into } => request::close(&mut turn, ClosedWhy::Merged, into)?,
        Input::Look => {}
        Input::Proof { about, attachment } => {
            investigation::proof(&mut turn, about, attachment)?;
        }
        Input::JudgeProof {
            no,
            accepted,
            shows,
            reason,
        } => investigation::judge_proof(&mut turn, no, accepted, shows, reason)?,
        Input::Answer(answer) => investigation::answer(&mut turn, answer)?,
        Input::SettleCheck { check, sound, note } => {
            investigation::settle_check(&mut turn, check, sound, note)?;
        }
        Input::Accept {
            decision,
            remainder_minor,
        } => approval::accept(&mut turn, decision, remainder_minor)?,
        Input::Override(instead) => approval::override_with(&mut turn, instead)?,
        Input::Approve {
            decision,
            approved,
            reason,
        } => approval::approve(&mut turn, decision, approved, reason)?,
        Input::CancelRefund { no } => execution::refunds::call_back(&mut turn, no)?,
        Input::SendRefund { no } => execution::refunds::send(&mut turn, no)?,
        Input::RefundSaid { no, said } => execution::refunds::said(&mut turn, no, said)?,
        Input::RefundListed { no, listed } => execution::refunds::listed(&mut turn, no, listed)?,
        Input::PayOtherwise { no, provider } => {
            execution::refunds::pay_otherwise(&mut turn, no, provider)?;
        }
        Input::SendCommand { no } => execution::commands::send(&mut turn, no)?,
        Input::CommandSaid { no, said } => execution::commands::said(&mut turn, no, said)?,
        Input::TaskDone { no, note } => execution::commands::task_done(&mut turn, no, note)?,
        Input::Exchange {
            no,
            order,
            service,
            note,
        } => crate::granting::exchange(&mut turn, no, order, service, note)?,
        Input::LetterHanded { no, text } => request::letter_handed(&mut turn, no, text)?,
        Input::Park { why } => {
            turn.happened(Happened::Parked { why });
            return Ok(turn.events);
        }
        Input::Unpark => {
            turn.takes(Takes::Agent)?;
            if turn.case.parked.is_none() {
                let (what, no) = (Thing::Case, 0);
                return Err(Refusal::AlreadyDone { what, no });
            }
            turn.happened(Happened::Unparked);
        }
    }
    if !turn.may_go_on() {
        return Ok(turn.events);
    }
    // What came back in this turn is not gone any more, although the books were read before.
    let (undone, withdrawn) = (turn.undone(), turn.withdrawn());
    if undone.is_empty() && withdrawn.is_empty() {
        turn.go_on();
        return Ok(turn.events);
    }
    let records = situation.records.without(&undone, &withdrawn);
    let situation = Situation {
        records: &records,
        ..*situation
    };
    let mut turn = Turn {
        case: turn.case,
        room: turn.room,
        situation: &situation,
        events: turn.events,
    };
    turn.go_on();
    Ok(turn.events)
}

impl Input {
    /// What a parked case still hears: what the world says of money that is on its way, the customer, and the person who unparks it.
    const fn is_for_a_parked_case(&self) -> bool {
        matches!(
            self,
            Self::Unpark
                | Self::Park { .. }
                | Self::RefundSaid { .. }
                | Self::RefundListed { .. }
                | Self::CommandSaid { .. }
                | Self::LetterHanded { .. }
                | Self::Message { .. }
                | Self::Reply { .. }
        )
    }
}

/// One input being handled: the case as it would be, and the events that make it so.
pub(crate) struct Turn<'t> {
    pub(crate) case: Case,
    pub(crate) room: &'t mut Workspace,
    pub(crate) situation: &'t Situation<'t>,
    pub(crate) events: Vec<Event>,
}

impl Turn<'_> {
    /// Notes an event by whoever acts.
    pub(crate) fn happened(&mut self, what: Happened) {
        self.happened_by(self.situation.by, what);
    }

    /// Notes an event by somebody else: what the desk does by itself after a person acted.
    pub(crate) fn happened_by(&mut self, by: Actor, what: Happened) {
        let event = Event {
            at: self.situation.now,
            by,
            what,
        };
        self.case.apply(&event);
        self.events.push(event);
    }

    /// Whether the case goes on by itself: it does where the order is known and nothing has ended or stopped it.
    fn may_go_on(&mut self) -> bool {
        if self.case.parked.is_some() || !investigation::order_is_known(self) {
            return false;
        }
        dispute::look(self);
        self.case.closed.is_none()
    }

    /// The refunds that failed or were called back in this turn.
    fn undone(&self) -> Vec<Refund> {
        let undone = |event: &Event| match event.what {
            Happened::RefundFailed { no, .. } | Happened::RefundCancelled { no, .. } => Some(no),
            _ => None,
        };
        let numbers = self.events.iter().filter_map(undone);
        let refund = |no| self.case.refunds.iter().find(move |refund| refund.no == no);
        numbers.filter_map(refund).cloned().collect()
    }

    /// The credits that were taken back in this turn.
    fn withdrawn(&self) -> Vec<Credit> {
        let numbers = self.events.iter().filter_map(|event| match event.what {
            Happened::CreditWithdrawn { credit } => Some(credit),
            _ => None,
        });
        let credit = |no| self.case.credits.iter().find(move |credit| credit.no == no);
        numbers.filter_map(credit).cloned().collect()
    }

    /// Goes on by itself as far as nobody has to be asked: reviews, asks, proposes, and does what needs no person.
    fn go_on(&mut self) {
        approval::withdraw_outdated(self);
        let decided = matches!(
            self.case.decision().map(|held| held.state),
            Some(DecisionState::Standing { .. } | DecisionState::Accepted { .. })
        );
        if !decided {
            investigation::review(self);
            approval::decide(self);
        }
        execution::commands::go_on(self);
        execution::settle(self);
    }

    /// Refuses whoever may not do this.
    pub(crate) fn takes(&self, takes: Takes) -> Result<(), Refusal> {
        let by = self.situation.by;
        let may = match takes {
            Takes::Agent => matches!(by, Actor::Agent(_) | Actor::Owner(_)),
            Takes::Technical => {
                matches!(by, Actor::Technical(_) | Actor::Agent(_) | Actor::Owner(_))
            }
            Takes::Finance => matches!(by, Actor::Finance(_) | Actor::Owner(_)),
            Takes::Customer => matches!(
                by,
                Actor::Customer | Actor::Shop | Actor::Agent(_) | Actor::Owner(_)
            ),
        };
        if may {
            Ok(())
        } else {
            Err(Refusal::NotYours { takes })
        }
    }

    /// Opens a task unless the same is open already.
    pub(crate) fn open_task(&mut self, task: Todo) {
        if self.case.open_tasks().any(|open| open.todo == task) {
            return;
        }
        let due = match task {
            Todo::Command(_) => self.situation.limits.technical_due,
            _ => self.situation.limits.support_due,
        };
        let no = next(self.case.tasks.len());
        let due_at = self.situation.now.plus(due);
        self.happened_by(Actor::System, Happened::TaskOpened { no, task, due_at });
    }

    /// Ends open tasks that fit.
    pub(crate) fn end_tasks(&mut self, note: &str, fits: impl Fn(&Todo) -> bool) {
        let ended: Vec<u32> = self
            .case
            .open_tasks()
            .filter(|task| fits(&task.todo))
            .map(|task| task.no)
            .collect();
        for no in ended {
            let note = note.to_string();
            self.happened(Happened::TaskEnded { no, note });
        }
    }
}
