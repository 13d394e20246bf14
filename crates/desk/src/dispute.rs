// SPDX-License-Identifier: MIT OR Apache-2.0
//! Chargebacks as they enter a case: money stops at once, and a won one frees it again by a fresh decision.

use alloc::vec::Vec;

use crate::event::{CancelWhy, Happened, Todo};
use crate::handle::Turn;
use crate::input::Actor;
use crate::life::{DecisionState, RefundState};

/// Looks whether a chargeback is open, and stops or frees what hangs on it.
pub(crate) fn look(turn: &mut Turn<'_>) {
    let open = turn
        .situation
        .records
        .open_dispute(None)
        .map(|record| record.dispute.id.clone().into_owned());
    match (open, turn.case.disputed.is_some()) {
        (Some(dispute), false) => stop(turn, dispute),
        (None, true) => {
            turn.happened_by(Actor::Provider, Happened::DisputeGone);
            turn.end_tasks("", |todo| matches!(todo, Todo::Dispute(_)));
            // What was contested or conceded is over; what is owed now is decided afresh.
            withdraw_dispute_decision(turn);
        }
        _ => {}
    }
}

fn stop(turn: &mut Turn<'_>, dispute: alloc::string::String) {
    turn.happened_by(Actor::Provider, Happened::DisputeSeen { dispute });
    if turn.case.closed.is_some() {
        turn.happened_by(Actor::System, Happened::Reopened);
    }
    let promised: Vec<u32> = turn
        .case
        .refunds
        .iter()
        .filter(|refund| refund.state == RefundState::Reserved)
        .map(|refund| refund.no)
        .collect();
    for no in promised {
        let why = CancelWhy::Disputed;
        turn.happened_by(Actor::System, Happened::RefundCancelled { no, why });
    }
    // Whatever was decided before is judged anew by clause 6; what is on its way stays on its way.
    let decision = turn
        .case
        .decision()
        .map(|held| (held.proposal.no, held.state));
    if let Some((decision, state)) = decision
        && !matches!(state, DecisionState::Replaced)
    {
        turn.happened_by(Actor::System, Happened::Withdrawn { decision });
    }
}

fn withdraw_dispute_decision(turn: &mut Turn<'_>) {
    let held = turn
        .case
        .decision()
        .map(|held| (held.proposal.no, held.proposal.outcome));
    if let Some((decision, outcome)) = held
        && matches!(
            outcome,
            crate::remedy::Outcome::Contest | crate::remedy::Outcome::Concede
        )
    {
        turn.happened_by(Actor::System, Happened::Withdrawn { decision });
    }
}
