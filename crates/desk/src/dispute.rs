// SPDX-License-Identifier: MIT OR Apache-2.0
//! Chargebacks as they enter a case: money stops at once, and a won one frees it again by a fresh decision.

use alloc::vec::Vec;

use crate::approval::withdraw;
use crate::case::DisputeStatus;
use crate::event::{CancelWhy, ClosedWhy, Happened};
use crate::granting::withdraw_credits;
use crate::handle::Turn;
use crate::input::Actor;
use crate::life::{DecisionState, RefundState};
use crate::remedy::Outcome;

/// Looks whether a chargeback is open or was lost, and stops or frees what hangs on it.
pub(crate) fn look(turn: &mut Turn<'_>) {
    let open = turn
        .situation
        .records
        .open_dispute(None)
        .map(|record| record.dispute.id.clone().into_owned());
    match (open, turn.case.disputed.clone()) {
        // Each is answered for itself: the next one too, where several are open.
        (Some(dispute), known) if known.as_deref() != Some(dispute.as_str()) => stop(turn, dispute),
        (None, Some(dispute)) => gone(turn, &dispute),
        _ => {}
    }
    call_back_what_was_taken(turn);
}

fn stop(turn: &mut Turn<'_>, dispute: alloc::string::String) {
    turn.happened_by(Actor::Provider, Happened::DisputeSeen { dispute });
    if turn.case.closed.is_some() {
        turn.happened_by(Actor::System, Happened::Reopened);
    }
    call_back(turn, |_| true);
    withdraw_credits(turn, |_| true);
    // Whatever was decided before is judged anew by clause 6; what is on its way stays on its way.
    let decision = turn
        .case
        .decision()
        .map(|held| (held.proposal.no, held.state));
    if let Some((decision, state)) = decision
        && !matches!(state, DecisionState::Replaced)
    {
        withdraw(turn, decision);
    }
}

/// What was contested or conceded is over; what is owed now is decided afresh.
fn gone(turn: &mut Turn<'_>, dispute: &str) {
    turn.happened_by(Actor::Provider, Happened::DisputeGone);
    let answer = turn.case.decision().filter(|held| {
        matches!(held.proposal.outcome, Outcome::Contest | Outcome::Concede)
            && held.state != DecisionState::Replaced
    });
    let Some(decision) = answer.map(|held| held.proposal.no) else {
        return;
    };
    let lost =
        turn.situation.records.disputes.iter().any(|record| {
            record.dispute.id == dispute && record.dispute.status == DisputeStatus::Lost
        });
    match turn.case.closed {
        None => {}
        // What the chargeback stopped is owed again; where it was lost, the bank has given the money.
        Some(ClosedWhy::Settled) if !lost => {
            turn.happened_by(Actor::System, Happened::Reopened);
        }
        Some(_) => return,
    }
    withdraw(turn, decision);
}

/// Promises that a lost chargeback has left no money for are called back, and decided anew.
// INVARIANT (no refund of what a lost chargeback took): read again where a sending is permitted.
fn call_back_what_was_taken(turn: &mut Turn<'_>) {
    let records = turn.situation.records;
    let called = call_back(turn, |payment| records.is_overdrawn(payment));
    let standing = turn.case.standing().map(|held| held.proposal.no);
    if let Some(decision) = standing.filter(|decision| called.contains(decision)) {
        withdraw(turn, decision);
    }
}

/// Calls back what was promised and not sent of such payments; gives the decisions that promised it.
fn call_back(turn: &mut Turn<'_>, of: impl Fn(&str) -> bool) -> Vec<u32> {
    let promised: Vec<(u32, u32)> = turn
        .case
        .refunds
        .iter()
        .filter(|refund| refund.state == RefundState::Reserved && of(&refund.payment))
        .map(|refund| (refund.no, refund.decision))
        .collect();
    for (no, _) in &promised {
        let (no, why) = (*no, CancelWhy::Disputed);
        turn.happened_by(Actor::System, Happened::RefundCancelled { no, why });
    }
    promised.into_iter().map(|(_, decision)| decision).collect()
}
