// SPDX-License-Identifier: MIT OR Apache-2.0
//! Requests: how a case is opened, joined, appealed and closed.

use alloc::string::String;
use alloc::vec::Vec;

use crate::approval;
use crate::event::{ClosedWhy, Happened, Todo};
use crate::handle::Turn;
use crate::input::{Actor, Digest, Door, Request};
use crate::life::{Case, ClaimHeld, DecisionState, LetterKind};
use crate::refusal::{Refusal, Takes, Thing};

/// A request opens the case, or joins it.
pub(crate) fn request(turn: &mut Turn<'_>, number: u64, request: Request) -> Result<(), Refusal> {
    let door = request.door;
    open_door(turn, door)?;
    if turn.case.version == 0 {
        turn.happened(Happened::Opened {
            number,
            order: request.order,
            customer: request.customer,
            language: request.language,
            door,
            claim: ClaimHeld {
                kind: request.claim,
                at: turn.situation.now,
                wants: request.wants,
                account: request.account,
                payment: request.payment,
            },
            message: request.message,
            attachments: request.attachments,
        });
        return Ok(());
    }
    // INVARIANT (one open case per order and claim): the store sends a second request for the same here.
    if turn.case.closed.is_some() {
        return Err(Refusal::Closed);
    }
    let held = turn.case.claim().map(|claim| claim.wants);
    // What is wished for can change until it is decided.
    let undecided = !matches!(
        turn.case.decision().map(|held| held.state),
        Some(DecisionState::Standing { .. } | DecisionState::Accepted { .. })
    );
    let wants = Some(request.wants).filter(|wants| undecided && held != Some(*wants));
    turn.happened(Happened::Joined {
        door,
        message: request.message,
        attachments: request.attachments,
        wants,
    });
    Ok(())
}

/// The customer wrote again.
///
/// Whoever writes after the decision, or to a case that is closed, wants to be heard and not to be told of states. So the words are
/// kept, a closed case is open again, somebody reads them, and the customer is told so once for each such task. Nothing that stands is
/// undone by it: a decision is looked at again by an appeal, which whoever reads the words can enter for the customer. Nor is anything
/// paid by itself in a case that a person had closed.
pub(crate) fn message(
    turn: &mut Turn<'_>,
    door: Door,
    message: Option<Digest>,
    attachments: Vec<Digest>,
) -> Result<(), Refusal> {
    open_door(turn, door)?;
    turn.takes(Takes::Customer)?;
    turn.happened(Happened::Joined {
        door,
        message,
        attachments,
        wants: None,
    });
    let decided = matches!(
        turn.case.decision().map(|held| held.state),
        Some(DecisionState::Standing { .. })
    );
    // One of the merchant's people who wrote it down has read it.
    if turn.situation.by.person().is_none() && (decided || turn.case.closed.is_some()) {
        reopen(turn);
        turn.open_task(Todo::Message);
    }
    Ok(())
}

/// One of the merchant's people writes to the customer: their words are a letter, and what waited to be read is answered by it.
pub(crate) fn reply(turn: &mut Turn<'_>, text: Digest) -> Result<(), Refusal> {
    turn.takes(Takes::Agent)?;
    if let Some(reply) = turn.case.replies.iter().find(|reply| reply.text == text) {
        let (what, no) = (Thing::Letter, reply.no);
        return Err(Refusal::AlreadyDone { what, no });
    }
    let no = crate::life::next(turn.case.replies.len());
    turn.happened(Happened::Replied { no, text });
    turn.end_tasks("", |todo| *todo == Todo::Message);
    Ok(())
}

/// Opens a closed case again. What could not be found is looked for once more.
pub(crate) fn reopen(turn: &mut Turn<'_>) {
    let Some(why) = turn.case.closed else {
        return;
    };
    turn.happened_by(Actor::System, Happened::Reopened);
    if why == ClosedWhy::OrderNotFound && turn.situation.records.order.is_none() {
        let due_at = turn.situation.now.plus(turn.situation.limits.shop_due);
        turn.happened_by(Actor::System, Happened::OrderAwaited { due_at });
    }
}

/// The customer does not accept the decision.
pub(crate) fn appeal(
    turn: &mut Turn<'_>,
    door: Door,
    message: Option<Digest>,
) -> Result<(), Refusal> {
    open_door(turn, door)?;
    turn.takes(Takes::Customer)?;
    if !is_appealable(&turn.case) {
        return Err(Refusal::NotAppealable);
    }
    turn.happened(Happened::Appealed { door, message });
    // What they wrote before is read with it.
    turn.end_tasks("", |todo| *todo == Todo::Message);
    Ok(())
}

/// Whether the case can be appealed now: its decision stands and was told, everything granted is done, and nobody has appealed before.
#[must_use]
pub fn is_appealable(case: &Case) -> bool {
    // INVARIANT (one appeal): the second is refused, whatever became of the first.
    case.appeals == 0
        && (case.closed == Some(ClosedWhy::Settled) || only_waits_for_a_reader(case))
        && was_told(case)
        && case.disputed.is_none()
}

/// Whether the decision that stands was told: nobody disagrees with what they have not read.
fn was_told(case: &Case) -> bool {
    case.standing().is_some_and(|held| {
        let decision = held.proposal.no;
        case.letters.iter().any(|letter| {
            letter.kind == LetterKind::Decision { decision } && letter.handed.is_some()
        })
    })
}

/// Whether everything that was decided is done, and the case is open only because the customer wrote again.
fn only_waits_for_a_reader(case: &Case) -> bool {
    case.closed.is_none()
        && case.refunds.iter().all(crate::life::Refund::is_over)
        && case.commands.iter().all(crate::life::Command::is_over)
        && case.open_tasks().all(|task| task.todo == Todo::Message)
}

/// The case ends without a decision, or goes on in another one: then the reason names that.
pub(crate) fn close(turn: &mut Turn<'_>, why: ClosedWhy, reason: String) -> Result<(), Refusal> {
    if turn.case.closed.is_some() {
        return Err(Refusal::Closed);
    }
    turn.takes(Takes::Agent)?;
    if reason.trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    // What was promised is kept: a case whose decision stands closes by itself when all is done.
    if turn.case.standing().is_some() {
        return Err(Refusal::Contradiction);
    }
    // Whoever closes ends everybody's tasks, and money that is on its way must stay with somebody.
    if let Some(refund) = turn.case.refunds.iter().find(|refund| !refund.is_over()) {
        return Err(Refusal::AlreadySent { no: refund.no });
    }
    // Should the case be opened again, nobody may approve what was accepted before.
    let waiting = turn
        .case
        .decision()
        .filter(|held| matches!(held.state, DecisionState::Accepted { .. }));
    if let Some(decision) = waiting.map(|held| held.proposal.no) {
        approval::withdraw(turn, decision);
    }
    leave_nothing(turn);
    turn.happened(Happened::Closed { why, reason });
    Ok(())
}

/// Ends everything that somebody would still do for a case that closes undecided.
pub(crate) fn leave_nothing(turn: &mut Turn<'_>) {
    end_questions(turn);
    let begun: Vec<u32> = turn
        .case
        .commands
        .iter()
        .filter(|command| !command.is_over())
        .map(|command| command.no)
        .collect();
    for no in begun {
        turn.happened_by(Actor::System, Happened::CommandCancelled { no });
    }
    turn.end_tasks("", |_| true);
}

/// Ends every open question: nobody needs the answer any more.
pub(crate) fn end_questions(turn: &mut Turn<'_>) {
    let open: Vec<u32> = turn.case.open_askings().map(|asking| asking.no).collect();
    for no in open {
        turn.happened(Happened::AskingEnded {
            no,
            how: crate::event::AskingEnd::NotNeeded,
        });
    }
}

/// A letter was handed over.
pub(crate) fn letter_handed(turn: &mut Turn<'_>, no: u32, text: Digest) -> Result<(), Refusal> {
    let letter = turn.case.letters.iter().find(|letter| letter.no == no);
    let letter = letter.ok_or(Refusal::NoSuch {
        what: Thing::Letter,
        no,
    })?;
    if letter.handed.is_some() {
        return Err(Refusal::AlreadyDone {
            what: Thing::Letter,
            no,
        });
    }
    turn.happened(Happened::LetterHanded { no, text });
    Ok(())
}

fn open_door(turn: &Turn<'_>, door: Door) -> Result<(), Refusal> {
    if turn.situation.limits.doors.contains(&door) {
        Ok(())
    } else {
        Err(Refusal::ChannelNotOffered { door })
    }
}
