// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a decision that stands to what is owed: money promised to payments, commands given, tasks opened.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::amount::Amount;
use crate::case::{ClaimKind, PaymentKind, Subscription};
use crate::event::{Granted, Happened, Route, Todo};
use crate::execution::{CommandKind, Deed, key};
use crate::handle::Turn;
use crate::input::{Actor, Situation};
use crate::life::{CommandState, CreditState, next};
use crate::refusal::{Refusal, Takes, Thing};

/// Promises and orders everything that a standing decision grants.
pub(crate) fn carry_out(turn: &mut Turn<'_>, decision: u32) {
    let held = turn
        .case
        .decisions
        .iter()
        .find(|held| held.proposal.no == decision);
    let Some(proposal) = held.map(|held| held.proposal.clone()) else {
        return;
    };
    // A subscription ends before its renewal is paid back; if it cannot end, nothing is paid back without a person.
    let mut after_command = None;
    if proposal.remedies.contains(&Granted::CancelSubscription) {
        after_command = cancel_subscription(turn, decision);
    }
    for remedy in &proposal.remedies {
        match remedy {
            Granted::Refund { amount, units } => {
                reserve(turn, decision, *amount, *units, after_command);
            }
            Granted::Exchange { amount, .. } => {
                credit(turn, decision, *amount, true);
                turn.open_task(Todo::Exchange);
            }
            Granted::Credit { amount } => credit(turn, decision, *amount, false),
            Granted::Redeliver { units } => {
                command(turn, decision, CommandKind::Redeliver, *units, None)
            }
            Granted::ReplaceAccount { account } => {
                command(
                    turn,
                    decision,
                    CommandKind::Replace,
                    1,
                    Some(account.clone()),
                );
            }
            Granted::Expedite => command(turn, decision, CommandKind::Expedite, 0, None),
            Granted::StartManually => command(turn, decision, CommandKind::Start, 0, None),
            Granted::Restart => command(turn, decision, CommandKind::Restart, 0, None),
            Granted::CancelSubscription => {}
            Granted::AcceptDispute { dispute } | Granted::SubmitEvidence { dispute } => {
                turn.open_task(Todo::Dispute(dispute.clone()));
            }
            // It stands in the decision, for whoever answers the dispute.
            Granted::FlagFriendlyFraud => {}
        }
    }
}

fn credit(turn: &mut Turn<'_>, decision: u32, amount: Amount, exchange: bool) {
    turn.happened_by(
        Actor::System,
        Happened::CreditGranted {
            decision,
            amount,
            exchange,
        },
    );
}

/// Takes back what is still granted: the customer must not have it from the bank too.
pub(crate) fn withdraw_credits(turn: &mut Turn<'_>, of: impl Fn(u32) -> bool) {
    let granted: Vec<u32> = turn
        .case
        .credits
        .iter()
        .filter(|credit| credit.state == CreditState::Granted && of(credit.decision))
        .map(|credit| credit.no)
        .collect();
    for credit in granted {
        turn.happened_by(Actor::System, Happened::CreditWithdrawn { credit });
    }
}

/// Somebody agreed with the customer on another service at the value that was left: the credit is spent on that order, all of it.
pub(crate) fn exchange(
    turn: &mut Turn<'_>,
    no: u32,
    order: String,
    service: String,
    note: String,
) -> Result<(), Refusal> {
    let what = Thing::Task;
    let task = turn.case.tasks.iter().find(|task| task.no == no);
    let task = task.ok_or(Refusal::NoSuch { what, no })?;
    let is_exchange = task.todo == Todo::Exchange;
    if task.done {
        return Err(Refusal::AlreadyDone { what, no });
    }
    turn.takes(Takes::Agent)?;
    if order.trim().is_empty() || service.trim().is_empty() || note.trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    // The latest: what was exchanged before has its order, or was kept as credit.
    let mut credits = turn.case.credits.iter().rev();
    let credit = credits.find(|credit| credit.exchange && credit.state == CreditState::Granted);
    let Some(credit) = credit.map(|credit| credit.no).filter(|_| is_exchange) else {
        return Err(Refusal::Contradiction);
    };
    turn.happened(Happened::CreditExchanged {
        credit,
        order,
        service,
    });
    turn.happened(Happened::TaskEnded { no, note });
    Ok(())
}

/// A part of a refund, and the payment that bears it.
struct Share {
    payment: String,
    provider: String,
    provider_payment: String,
    minor: u64,
}

/// Promises a refund to the order's payments.
///
/// One payment bears it where one can; else the newest bear it first, each up to what is left of it.
fn reserve(
    turn: &mut Turn<'_>,
    decision: u32,
    amount: Amount,
    units: u64,
    after_command: Option<u32>,
) {
    let shares = shares(
        turn.situation,
        turn.case.claim().map(|claim| claim.kind),
        claimed(turn).as_deref(),
        amount.minor(),
    );
    let promised = shares
        .iter()
        .fold(0, |sum: u64, share| sum.saturating_add(share.minor));
    let mut units_left = units;
    let hold = match turn.situation.by.person() {
        Some(_) => turn.situation.limits.hold,
        None => crate::case::Duration::from_seconds(0),
    };
    let last = shares.len().saturating_sub(1);
    for (place, share) in shares.into_iter().enumerate() {
        let no = next(turn.case.refunds.len());
        let what = format!(
            "{}|{}|{}|{}",
            share.provider,
            share.payment,
            share.minor,
            amount.currency().code()
        );
        // The units go with the last part: a part of a unit cannot be counted.
        let units = if place == last {
            core::mem::take(&mut units_left)
        } else {
            0
        };
        let reserved = Happened::RefundReserved {
            no,
            decision,
            payment: share.payment,
            provider: share.provider,
            provider_payment: share.provider_payment,
            amount: Amount::new(share.minor, amount.currency()),
            units,
            key: key(turn.situation.key_secret, turn.case.id, decision, no, &what),
            not_before: turn.situation.now.plus(hold),
            after_command,
        };
        turn.happened_by(Actor::System, reserved);
    }
    if promised < amount.minor() {
        // INVARIANT (what is granted is placed): nothing is decided that the payments do not bear. Were it so, a person would have to look.
        turn.open_task(Todo::Review);
    }
}

/// How much of a refund the order's payments bear now, in minor units: those that a refund of this claim may be paid from.
pub(crate) fn bears(turn: &Turn<'_>) -> u64 {
    let claim = turn.case.claim().map(|claim| claim.kind);
    let shares = shares(turn.situation, claim, claimed(turn).as_deref(), u64::MAX);
    let all = shares
        .iter()
        .fold(0, |sum: u64, share| sum.saturating_add(share.minor));
    let left = turn.situation.records.left().map_or(0, |left| left.minor());
    all.min(left)
}

/// The payment that a claimed renewal was, by our name.
fn claimed(turn: &Turn<'_>) -> Option<String> {
    let claim = turn.case.claim()?;
    if claim.kind != ClaimKind::Renewal {
        return None;
    }
    let payments = &turn.situation.records.payments;
    let named = claim
        .payment
        .as_ref()
        .filter(|named| payments.iter().any(|known| known.payment.id == **named));
    let latest = payments
        .iter()
        .enumerate()
        .filter(|(_, record)| record.payment.kind == PaymentKind::Renewal)
        .max_by_key(|(place, record)| (record.payment.at, *place));
    named
        .cloned()
        .or_else(|| latest.map(|(_, record)| record.payment.id.clone().into_owned()))
}

fn shares(
    situation: &Situation<'_>,
    claim: Option<ClaimKind>,
    claimed: Option<&str>,
    minor: u64,
) -> Vec<Share> {
    let records = situation.records;
    let mut bearing: Vec<_> = records
        .payments
        .iter()
        .filter(|record| {
            claim != Some(ClaimKind::Renewal) || claimed == Some(record.payment.id.as_ref())
        })
        .map(|record| {
            let lost = records.lost_minor(&record.payment.id);
            (record, record.left_minor().saturating_sub(lost))
        })
        .filter(|(_, left)| *left > 0)
        .collect();
    bearing.sort_by_key(|(record, _)| core::cmp::Reverse(record.payment.at));
    if let Some(place) = bearing.iter().position(|(_, left)| *left >= minor) {
        bearing.swap(0, place);
    }
    let mut rest = minor;
    let mut shares = Vec::new();
    for (record, left) in bearing {
        let minor = left.min(rest);
        if minor == 0 {
            break;
        }
        rest = rest.saturating_sub(minor);
        shares.push(Share {
            payment: record.payment.id.clone().into_owned(),
            provider: record.provider.clone(),
            provider_payment: record.reference.clone(),
            minor,
        });
    }
    shares
}

fn cancel_subscription(turn: &mut Turn<'_>, decision: u32) -> Option<u32> {
    let under_way = turn
        .case
        .commands
        .iter()
        .find(|command| command.deed == Deed::CancelSubscription && !command.is_over());
    if let Some(known) = under_way {
        return Some(known.no);
    }
    let subscription = turn.situation.records.subscription.as_ref();
    // INVARIANT (a subscription is cancelled once): what has ended is not ended again, and nothing waits for it.
    let done = turn.case.commands.iter().any(|command| {
        command.deed == Deed::CancelSubscription
            && matches!(command.state, CommandState::Done { .. })
    });
    if done || subscription.is_some_and(|record| record.status == Subscription::Cancelled) {
        return None;
    }
    let (route, subject) = match subscription {
        Some(record) if !record.reference.is_empty() => (
            Route::Provider,
            Some(format!("{}/{}", record.provider, record.reference)),
        ),
        _ => (Route::Team, None),
    };
    Some(give(
        turn,
        decision,
        Deed::CancelSubscription,
        0,
        subject,
        route,
    ))
}

fn command(
    turn: &mut Turn<'_>,
    decision: u32,
    kind: CommandKind,
    units: u64,
    account: Option<String>,
) {
    // INVARIANT (goods are ordered once): what an earlier decision has begun is not begun again.
    let under_way = turn.case.commands.iter().any(|command| {
        command.deed == Deed::Fulfil(kind) && command.subject == account && !command.is_over()
    });
    if under_way {
        return;
    }
    let route = if turn.situation.limits.connector {
        Route::Connector
    } else {
        Route::Team
    };
    give(turn, decision, Deed::Fulfil(kind), units, account, route);
}

/// Gives a command; where the team carries it out, that is a task.
pub(crate) fn give(
    turn: &mut Turn<'_>,
    decision: u32,
    deed: Deed,
    units: u64,
    subject: Option<String>,
    route: Route,
) -> u32 {
    let no = next(turn.case.commands.len());
    let what = match deed {
        Deed::Fulfil(kind) => kind.name().to_owned(),
        Deed::CancelSubscription => "cancel_subscription".to_owned(),
    };
    let what = format!("{what}|{units}|{}", subject.as_deref().unwrap_or_default());
    let given = Happened::CommandGiven {
        no,
        decision,
        deed,
        units,
        subject,
        route,
        key: key(
            turn.situation.key_secret,
            turn.case.id,
            decision,
            no.saturating_add(1_000_000),
            &what,
        ),
        due_at: turn.situation.now.plus(turn.situation.limits.technical_due),
    };
    turn.happened_by(Actor::System, given);
    if route == Route::Team {
        turn.open_task(Todo::Command(no));
    }
    no
}
