// SPDX-License-Identifier: MIT OR Apache-2.0
//! The refund protocol: promised, sending, unknown or pending, succeeded, and perhaps failed after all.
//!
//! Nothing is sent twice that may have arrived: before every further try the provider's list is read, and a try that nobody can account
//! for is unknown, never failed.

use alloc::string::String;

use crate::amount::Amount;
use crate::approval;
use crate::case::{Duration, Instant};
use crate::event::{CancelWhy, Happened, Todo};
use crate::execution::{
    ProviderListed, ProviderRefund, ProviderRefusal, ProviderSaid, RefundOrder, RefundStatus, key,
};
use crate::handle::Turn;
use crate::input::Actor;
use crate::life::{Command, CommandState, Refund, RefundState, next};
use crate::refusal::{Refusal, Takes, Thing};

/// The longest that the desk waits before it looks at an unknown or pending refund again.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_seconds(3_600);

/// A key protects for so long: providers forget keys after 24 hours, and would pay a second time.
///
/// Source: Stripe, idempotent requests: keys may be pruned once they are 24 hours old.
pub const KEY_AGE_MAX: Duration = Duration::from_seconds(20 * 3_600);

/// A list that shows absence permits a further try for so long; then it is read anew.
pub const ABSENCE_AGE_MAX: Duration = Duration::from_seconds(600);

/// A request that got no answer can still arrive for so long.
pub const ARRIVES_WITHIN: Duration = Duration::from_seconds(3_600);

/// Whether a refund of which nobody knows may be sent again: a list showed just now that it is not there.
///
/// With a key that the provider may have forgotten, earlier tries must be beyond arriving too.
#[must_use]
pub fn may_be_sent_again(refund: &Refund, now: Instant) -> bool {
    let (Some(absent_at), false) = (refund.absent_at, refund.stuck) else {
        return false;
    };
    // A clock that was set back makes a list look as if it came from the future: it is read anew.
    let fresh = absent_at <= now && now.since(absent_at) <= ABSENCE_AGE_MAX;
    let key_protects = refund
        .first_sent_at
        .is_some_and(|first| now.since(first) < KEY_AGE_MAX);
    fresh && (key_protects || cannot_arrive_any_more(refund))
}

/// Whether no try so far can still arrive: there was none, or a list showed absence long enough after the last.
#[must_use]
pub(crate) fn cannot_arrive_any_more(refund: &Refund) -> bool {
    match (refund.sent_at, refund.absent_at) {
        (None, _) => true,
        (Some(sent_at), Some(absent_at)) => absent_at.since(sent_at) >= ARRIVES_WITHIN,
        (Some(_), None) => false,
    }
}

/// The name under which a provider's list shows a refund of ours.
#[must_use]
pub fn reference(refund: &Refund) -> String {
    refund.key.clone()
}

/// What the provider is asked.
#[must_use]
pub fn order(refund: &Refund) -> RefundOrder {
    RefundOrder {
        key: refund.key.clone(),
        reference: reference(refund),
        payment: refund.provider_payment.clone(),
        amount: refund.amount,
        duplicate: false,
    }
}

fn find(turn: &Turn<'_>, no: u32) -> Result<Refund, Refusal> {
    let refund = turn.case.refunds.iter().find(|refund| refund.no == no);
    refund.cloned().ok_or(Refusal::NoSuch {
        what: Thing::Refund,
        no,
    })
}

/// A person undoes a refund that has not been sent.
pub(crate) fn call_back(turn: &mut Turn<'_>, no: u32) -> Result<(), Refusal> {
    let refund = find(turn, no)?;
    turn.takes(Takes::Agent)
        .or_else(|_| turn.takes(Takes::Finance))?;
    match refund.state {
        RefundState::Reserved => {
            let why = CancelWhy::Undone;
            turn.happened(Happened::RefundCancelled { no, why });
            // The decision stands and has been undone in part: a person says what happens instead.
            turn.open_task(Todo::RefundFailed(no));
            Ok(())
        }
        RefundState::Cancelled { .. } => Err(Refusal::AlreadyDone {
            what: Thing::Refund,
            no,
        }),
        _ => Err(Refusal::AlreadySent { no }),
    }
}

/// The shell may send a refund now: for the first time, or again after a list showed that it is not there.
// INVARIANT (sending is written down before the provider is called).
pub(crate) fn send(turn: &mut Turn<'_>, no: u32) -> Result<(), Refusal> {
    let refund = find(turn, no)?;
    let may = match refund.state {
        RefundState::Reserved => true,
        RefundState::Unknown => may_be_sent_again(&refund, turn.situation.now),
        _ => false,
    };
    if !may {
        return Err(Refusal::AlreadySent { no });
    }
    // INVARIANT (no refund while a chargeback is open): read again in the transaction that permits the sending.
    if let Some(open) = turn.situation.records.open_dispute(Some(&refund.payment)) {
        return Err(Refusal::DisputeOpen {
            dispute: open.dispute.id.clone().into_owned(),
        });
    }
    // INVARIANT (no refund of what a lost chargeback took).
    if turn.situation.records.is_overdrawn(&refund.payment) {
        let left = Amount::new(0, refund.amount.currency());
        return Err(Refusal::MoreThanLeft { left });
    }
    if turn.situation.records.frozen {
        return Err(Refusal::OrderFrozen);
    }
    let now = turn.situation.now;
    let from = refund
        .not_before
        .max(refund.again_at.unwrap_or(refund.not_before));
    if now < from {
        return Err(Refusal::NotYet { from });
    }
    if let Some(command) = waits_for(turn, &refund) {
        return Err(Refusal::NotYet {
            from: command.due_at,
        });
    }
    if turn.situation.brakes.stopped {
        return Err(Refusal::MoneyStopped);
    }
    if let Some(until) = turn.situation.brakes.resting.get(&refund.provider)
        && now < *until
    {
        return Err(Refusal::ProviderRests { until: *until });
    }
    let try_no = refund.tries.saturating_add(1);
    turn.happened_by(Actor::System, Happened::RefundSending { no, try_no });
    Ok(())
}

fn waits_for<'t>(turn: &'t Turn<'_>, refund: &Refund) -> Option<&'t Command> {
    let no = refund.after_command?;
    turn.case
        .commands
        .iter()
        .find(|command| command.no == no && !matches!(command.state, CommandState::Done { .. }))
}

/// How long to wait after so many tries: twice as long each time, up to an hour.
fn wait(tries: u32) -> Duration {
    let seconds = 1_i64.checked_shl(tries.min(12)).unwrap_or(4_096);
    Duration::from_seconds(seconds).min(LONGEST_WAIT)
}

/// What the provider said.
pub(crate) fn said(turn: &mut Turn<'_>, no: u32, said: ProviderSaid) -> Result<(), Refusal> {
    let refund = find(turn, no)?;
    if matches!(
        refund.state,
        RefundState::Reserved | RefundState::Cancelled { .. }
    ) {
        // Nobody sent it; whatever was said is about something else, and reconciliation will find it.
        return Err(Refusal::NoSuch {
            what: Thing::Refund,
            no,
        });
    }
    match said {
        ProviderSaid::Refund(report) => report_seen(turn, &refund, report),
        ProviderSaid::Unknown { seen } => unknown(turn, &refund, seen),
        ProviderSaid::Refused { why, words } => refused(turn, &refund, why, words),
    }
    Ok(())
}

/// Nobody knows what became of a try.
fn unknown(turn: &mut Turn<'_>, refund: &Refund, seen: String) {
    if refund.is_over() || matches!(refund.state, RefundState::Pending { .. }) {
        // What is known is not forgotten because a later question got no answer.
        if let (RefundState::Pending { requires_action }, Some(id)) =
            (&refund.state, &refund.provider_refund)
        {
            let pending = Happened::RefundPending {
                no: refund.no,
                provider_refund: id.clone(),
                requires_action: *requires_action,
                again_at: turn.situation.now.plus(LONGEST_WAIT),
            };
            turn.happened_by(Actor::Provider, pending);
        }
        return;
    }
    let again_at = turn.situation.now.plus(wait(refund.tries));
    let no = refund.no;
    turn.happened_by(
        Actor::Provider,
        Happened::RefundUnknown { no, seen, again_at },
    );
    give_up_in_time(turn, no);
}

/// After too many tries or too long a person is asked; the desk goes on looking, and sends no more.
fn give_up_in_time(turn: &mut Turn<'_>, no: u32) {
    let limits = turn.situation.limits;
    let Ok(refund) = find(turn, no) else {
        return;
    };
    let too_long = refund
        .first_sent_at
        .is_some_and(|first| first.plus(limits.unknown_max) <= turn.situation.now);
    if !refund.stuck && (refund.tries >= limits.tries_max || too_long) {
        let due_at = turn.situation.now.plus(limits.support_due);
        turn.happened_by(Actor::System, Happened::RefundStuck { no, due_at });
        turn.open_task(Todo::RefundStuck(no));
    }
}

/// A person has found out that a refund of which nobody knew never left, and the provider's list says so too.
///
/// Whatever else they found they tell as what the provider said.
// INVARIANT (unknown is not failed): a person's word alone does not free money that may have left.
pub(crate) fn never_left(turn: &mut Turn<'_>, no: u32, words: String) -> Result<(), Refusal> {
    let refund = find(turn, no)?;
    if refund.absent_at.is_none() || !cannot_arrive_any_more(&refund) {
        let from = refund.again_at.unwrap_or(turn.situation.now);
        return Err(Refusal::NotYet { from });
    }
    failed(turn, &refund, words);
    Ok(())
}

/// The provider will not.
fn refused(turn: &mut Turn<'_>, refund: &Refund, why: ProviderRefusal, words: String) {
    if refund.is_over() {
        return;
    }
    // Later it may; and what was begun is not undone because a question about it is refused.
    let not_now = why == ProviderRefusal::BalanceInsufficient || refund.provider_refund.is_some();
    // INVARIANT (unknown is not failed): while an earlier try can still arrive, the refusal of a later one proves nothing, and may
    // even be its doing (`AlreadyRefunded`). The list says.
    if not_now || !refund.alone {
        unknown(turn, refund, words);
    } else {
        failed(turn, refund, words);
    }
}

fn failed(turn: &mut Turn<'_>, refund: &Refund, words: String) {
    let no = refund.no;
    let late = matches!(refund.state, RefundState::Succeeded { .. });
    turn.happened_by(Actor::Provider, Happened::RefundFailed { no, words, late });
    turn.end_tasks("", |todo| *todo == Todo::RefundStuck(no));
    if turn.case.closed.is_some() {
        turn.happened_by(Actor::System, Happened::Reopened);
    }
    turn.open_task(Todo::RefundFailed(no));
}

/// A refund as the provider tells it: states move forward only.
fn report_seen(turn: &mut Turn<'_>, refund: &Refund, report: ProviderRefund) {
    let ours = report
        .reference
        .as_deref()
        .is_none_or(|named| named == reference(refund))
        && report.amount == refund.amount
        && report.payment == refund.provider_payment
        && refund
            .provider_refund
            .as_ref()
            .is_none_or(|known| *known == report.id);
    if !ours {
        // It says of another refund, or of this one what cannot be: a person looks, and nothing more is sent.
        let seen = String::from("the provider's answer is about another payment, amount or refund");
        unknown(turn, refund, seen);
        let no = refund.no;
        if !refund.stuck && !refund.is_over() {
            let due_at = turn.situation.now.plus(turn.situation.limits.support_due);
            turn.happened_by(Actor::System, Happened::RefundStuck { no, due_at });
            turn.open_task(Todo::RefundStuck(no));
        }
        return;
    }
    let no = refund.no;
    match (report.status, &refund.state) {
        (_, RefundState::Failed { .. })
        | (RefundStatus::Succeeded, RefundState::Succeeded { .. }) => {}
        (RefundStatus::Pending | RefundStatus::RequiresAction, RefundState::Succeeded { .. }) => {}
        (RefundStatus::Succeeded, _) => {
            let provider_refund = report.id;
            turn.happened_by(
                Actor::Provider,
                Happened::RefundSucceeded {
                    no,
                    provider_refund,
                },
            );
            turn.end_tasks("", |todo| *todo == Todo::RefundStuck(no));
        }
        (RefundStatus::Pending | RefundStatus::RequiresAction, _) => {
            let pending = Happened::RefundPending {
                no,
                provider_refund: report.id,
                requires_action: report.status == RefundStatus::RequiresAction,
                again_at: turn
                    .situation
                    .now
                    .plus(poll_after(turn.situation.now, refund)),
            };
            turn.happened_by(Actor::Provider, pending);
            turn.end_tasks("", |todo| *todo == Todo::RefundStuck(no));
        }
        (RefundStatus::Failed | RefundStatus::Cancelled, _) => {
            let words = report
                .failure
                .unwrap_or_else(|| String::from("the provider gave no reason"));
            failed(turn, refund, words);
        }
    }
}

/// How soon a pending refund is looked at again: soon at first, hourly in the end. Webhooks are quicker, and may be lost.
fn poll_after(now: Instant, refund: &Refund) -> Duration {
    let age = refund
        .first_sent_at
        .map_or(0, |first| now.since(first).nanoseconds());
    let tenth = Duration::from_nanoseconds(age / 10);
    tenth.max(Duration::from_seconds(30)).min(LONGEST_WAIT)
}

/// What the provider's list holds.
pub(crate) fn listed(turn: &mut Turn<'_>, no: u32, listed: ProviderListed) -> Result<(), Refusal> {
    let refund = find(turn, no)?;
    if !matches!(refund.state, RefundState::Sending | RefundState::Unknown) {
        return Ok(());
    }
    match listed {
        ProviderListed::Unknown { seen } => unknown(turn, &refund, seen),
        ProviderListed::All(all) => {
            let name = reference(&refund);
            let ours = all
                .into_iter()
                .find(|report| report.reference.as_deref() == Some(&name));
            match ours {
                Some(report) => report_seen(turn, &refund, report),
                None => {
                    turn.happened_by(Actor::Provider, Happened::RefundAbsent { no });
                    give_up_in_time(turn, no);
                }
            }
        }
    }
    Ok(())
}

/// Finance pays by another provider what the first will not pay.
pub(crate) fn pay_otherwise(turn: &mut Turn<'_>, no: u32, provider: String) -> Result<(), Refusal> {
    let refund = find(turn, no)?;
    turn.takes(Takes::Finance)?;
    let task = Todo::RefundFailed(no);
    if !turn.case.open_tasks().any(|open| open.todo == task) {
        return Err(Refusal::AlreadyDone {
            what: Thing::Refund,
            no,
        });
    }
    // INVARIANT (one decision paid once): what was judged again after this refund was undone covers it already.
    let counted_as_gone = turn.case.standing().is_some_and(|held| {
        held.proposal.no == refund.decision || refund.undone_at > Some(held.at)
    });
    if !counted_as_gone {
        let decision = refund.decision;
        return Err(Refusal::Stale { decision });
    }
    if let Some(open) = turn.situation.records.open_dispute(Some(&refund.payment)) {
        return Err(Refusal::DisputeOpen {
            dispute: open.dispute.id.clone().into_owned(),
        });
    }
    if turn.situation.records.frozen {
        return Err(Refusal::OrderFrozen);
    }
    // INVARIANT (no refund decision before the records are verified): somebody may have found out since.
    approval::verified(&turn.case)?;
    let left = payment_left(turn, &refund);
    if left.minor() < refund.amount.minor() {
        return Err(Refusal::MoreThanLeft { left });
    }
    let new = next(turn.case.refunds.len());
    let what = alloc::format!(
        "{provider}|{}|{}|{}",
        refund.payment,
        refund.amount.minor(),
        refund.amount.currency().code()
    );
    let reserved = Happened::RefundReserved {
        no: new,
        decision: refund.decision,
        payment: refund.payment.clone(),
        provider,
        provider_payment: refund.provider_payment.clone(),
        amount: refund.amount,
        units: refund.units,
        key: key(
            turn.situation.key_secret,
            turn.case.id,
            refund.decision,
            new,
            &what,
        ),
        not_before: turn.situation.now.plus(turn.situation.limits.hold),
        // What the first waited for this one waits for, too, unless that has ended.
        after_command: refund.after_command.filter(|command| {
            let mut commands = turn.case.commands.iter();
            commands.any(|known| known.no == *command && !known.is_over())
        }),
    };
    turn.happened(reserved);
    turn.end_tasks("", |todo| *todo == task);
    Ok(())
}

fn payment_left(turn: &Turn<'_>, refund: &Refund) -> Amount {
    let records = turn.situation.records;
    let found = records
        .payments
        .iter()
        .find(|record| record.payment.id == refund.payment);
    let left = found.map_or(0, |record| {
        record
            .left_minor()
            .saturating_sub(records.lost_minor(&refund.payment))
    });
    // What was exchanged meanwhile stands on no payment, and is given all the same.
    let of_order = records.left().map_or(0, |left| left.minor());
    Amount::new(left.min(of_order), refund.amount.currency())
}
