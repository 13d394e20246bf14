// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands to fulfilment, to the keeper of a subscription and to the team: given once, asked after until somebody says what became of them.

use alloc::string::String;
use alloc::vec::Vec;

use crate::case::Duration;
use crate::event::{CancelWhy, Happened, Route, Todo};
use crate::execution::{CommandKind, CommandOrder, ConnectorSaid, Deed, refunds};
use crate::facts::Asked;
use crate::granting::give;
use crate::handle::Turn;
use crate::input::{Actor, Answer};
use crate::life::{Command, CommandState, RefundState};
use crate::refusal::{Refusal, Takes, Thing};

const LONGEST_WAIT: Duration = Duration::from_seconds(3_600);

/// What fulfilment is asked, over the connector; nothing for a command that somebody else carries out.
#[must_use]
pub fn order(command: &Command, order_number: &str) -> Option<CommandOrder> {
    let Deed::Fulfil(kind) = command.deed else {
        return None;
    };
    Some(CommandOrder {
        key: command.key.clone(),
        reference: command.key.clone(),
        order_number: String::from(order_number),
        kind,
        units: Some(command.units).filter(|units| *units > 0 && kind == CommandKind::Redeliver),
        account: command.subject.clone(),
    })
}

fn find(turn: &Turn<'_>, no: u32) -> Result<Command, Refusal> {
    let command = turn.case.commands.iter().find(|command| command.no == no);
    command.cloned().ok_or(Refusal::NoSuch {
        what: Thing::Command,
        no,
    })
}

/// The shell may call whoever carries the command out.
pub(crate) fn send(turn: &mut Turn<'_>, no: u32) -> Result<(), Refusal> {
    let command = find(turn, no)?;
    if command.is_over() {
        return Err(Refusal::AlreadyDone {
            what: Thing::Command,
            no,
        });
    }
    if let Some(from) = command.again_at
        && turn.situation.now < from
    {
        return Err(Refusal::NotYet { from });
    }
    if turn.situation.brakes.stopped {
        return Err(Refusal::MoneyStopped);
    }
    let try_no = command.tries.saturating_add(1);
    turn.happened_by(Actor::System, Happened::CommandSending { no, try_no });
    Ok(())
}

/// What was said of a command.
pub(crate) fn said(turn: &mut Turn<'_>, no: u32, said: ConnectorSaid) -> Result<(), Refusal> {
    let command = find(turn, no)?;
    if command.is_over() {
        // Said twice, or late: what is known stands.
        return Ok(());
    }
    let by = turn.situation.by;
    match said {
        ConnectorSaid::Done { note } => {
            let note = note.unwrap_or_default();
            turn.happened_by(by, Happened::CommandDone { no, note });
            ended(turn, &command, true);
        }
        ConnectorSaid::Refused { why } => {
            turn.happened_by(by, Happened::CommandRefused { no, why });
            ended(turn, &command, false);
        }
        ConnectorSaid::Accepted => waiting(turn, &command, true, String::new()),
        ConnectorSaid::Unknown { seen } => {
            let accepted = matches!(command.state, CommandState::Waiting { accepted: true });
            waiting(turn, &command, accepted, seen);
        }
    }
    Ok(())
}

fn waiting(turn: &mut Turn<'_>, command: &Command, accepted: bool, seen: String) {
    let no = command.no;
    let seconds = 1_i64
        .checked_shl(command.tries.clamp(3, 12))
        .unwrap_or(3_600);
    let again_at = turn
        .situation
        .now
        .plus(Duration::from_seconds(seconds).min(LONGEST_WAIT));
    let by = turn.situation.by;
    turn.happened_by(
        by,
        Happened::CommandWaiting {
            no,
            accepted,
            seen,
            again_at,
        },
    );
    if command.tries >= turn.situation.limits.tries_max {
        turn.open_task(Todo::Command(no));
    }
}

/// What follows from the end of a command.
fn ended(turn: &mut Turn<'_>, command: &Command, done: bool) {
    let no = command.no;
    turn.end_tasks("", |todo| *todo == Todo::Command(no));
    if command.deed == Deed::Fulfil(CommandKind::Stop) && command.decision == 0 {
        // The stop was tried because a fact hung on it.
        let answer = Answer::Stopped(done);
        turn.happened(Happened::Answered { answer });
        return;
    }
    if done {
        return;
    }
    let bound: Vec<u32> = turn
        .case
        .refunds
        .iter()
        .filter(|refund| refund.after_command == Some(no) && refund.state == RefundState::Reserved)
        .map(|refund| refund.no)
        .collect();
    for no in bound {
        let why = CancelWhy::CommandRefused;
        turn.happened_by(Actor::System, Happened::RefundCancelled { no, why });
        // It was granted all the same: finance says whether it is paid in another way.
        turn.open_task(Todo::RefundFailed(no));
    }
    turn.open_task(Todo::CommandRefused(no));
}

/// Tries to stop an order by itself where the decision hangs on nothing else and fulfilment can be reached.
pub(crate) fn go_on(turn: &mut Turn<'_>) {
    if !turn.situation.limits.connector {
        return;
    }
    let mut asked = turn.case.open_askings();
    let (first, second) = (asked.next(), asked.next());
    drop(asked);
    let only_stop = first
        .is_some_and(|only| only.whom == Asked::TechnicalTeam && only.facts == ["stop_result"])
        && second.is_none();
    let is_stop = |command: &Command| command.deed == Deed::Fulfil(CommandKind::Stop);
    if only_stop && !turn.case.commands.iter().any(is_stop) {
        give(
            turn,
            0,
            Deed::Fulfil(CommandKind::Stop),
            0,
            None,
            Route::Connector,
        );
    }
}

/// A person did what a task asked.
pub(crate) fn task_done(turn: &mut Turn<'_>, no: u32, note: String) -> Result<(), Refusal> {
    let task = turn.case.tasks.iter().find(|task| task.no == no).cloned();
    let task = task.ok_or(Refusal::NoSuch {
        what: Thing::Task,
        no,
    })?;
    if task.done {
        return Err(Refusal::AlreadyDone {
            what: Thing::Task,
            no,
        });
    }
    match task.todo {
        // A command is done when it is said to be done; these three end by deciding.
        Todo::Command(command) => {
            turn.takes(Takes::Technical)?;
            let note = Some(note);
            return said(turn, command, ConnectorSaid::Done { note });
        }
        Todo::Accept | Todo::Approve | Todo::Verify(_) => return Err(Refusal::Contradiction),
        Todo::RefundStuck(refund) => {
            turn.takes(Takes::Finance)?;
            if note.trim().is_empty() {
                return Err(Refusal::ReasonMissing);
            }
            return refunds::never_left(turn, refund, note);
        }
        Todo::RefundFailed(_) => turn.takes(Takes::Finance)?,
        Todo::Review => {
            turn.takes(Takes::Agent)?;
            if turn.case.standing().is_none() {
                return Err(Refusal::Contradiction);
            }
        }
        Todo::Dispute(_) | Todo::Exchange | Todo::CommandRefused(_) | Todo::Message => {
            turn.takes(Takes::Agent)?;
        }
    }
    if note.trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    turn.happened(Happened::TaskEnded { no, note });
    Ok(())
}
