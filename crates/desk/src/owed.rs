// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a case owes the world, computed from the case and never remembered beside it: after a crash the answer is the same.

use alloc::string::String;
use alloc::vec::Vec;

use crate::case::{Duration, Instant};
use crate::event::{Route, Todo};
use crate::execution::{CommandOrder, RefundOrder, commands, refunds};
use crate::facts::Asked;
use crate::input::Limits;
use crate::life::{Asking, Case, Command, CommandState, LetterKind, Refund, RefundState, Task};

/// Something that the shell has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owed {
    /// Ask the desk whether this refund may be sent, and then send it.
    Send {
        /// Which.
        no: u32,
        /// The provider.
        provider: String,
        /// What it is asked.
        order: RefundOrder,
    },
    /// Read the provider's list of the payment's refunds.
    List {
        /// Which refund is looked for.
        no: u32,
        /// The provider.
        provider: String,
        /// Its name for the payment.
        payment: String,
    },
    /// Ask the provider for a refund by its name.
    Fetch {
        /// Which.
        no: u32,
        /// The provider.
        provider: String,
        /// Its name for the refund.
        refund: String,
    },
    /// Ask the desk whether this command may be given, and then give it.
    Command {
        /// Which.
        no: u32,
        /// What fulfilment is asked.
        order: CommandOrder,
        /// Whether it was given before and is only asked after.
        ask_only: bool,
    },
    /// Ask the desk whether this subscription may be cancelled, and then cancel it.
    CancelSubscription {
        /// Which command.
        no: u32,
        /// The provider.
        provider: String,
        /// Its name for the subscription.
        subscription: String,
    },
    /// Hand a letter over.
    Letter {
        /// Which.
        no: u32,
        /// What it says.
        kind: LetterKind,
    },
}

/// Why a case is to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Something is owed.
    Owed,
    /// A promised refund has waited long enough for an undo.
    Hold,
    /// A refund or command is asked after again.
    Again,
    /// The customer is reminded.
    Reminder,
    /// A question lapses.
    Lapse,
    /// The shop's answer about the order is due.
    OrderDue,
}

/// Everything that the case owes at a moment, in the order in which it came up. A parked case owes nothing.
#[must_use]
pub fn owed(case: &Case, now: Instant) -> Vec<Owed> {
    let mut owed = Vec::new();
    if case.parked.is_some() {
        return owed;
    }
    owed.extend(
        case.letters
            .iter()
            .filter(|letter| letter.is_owed())
            .map(|letter| Owed::Letter {
                no: letter.no,
                kind: letter.kind,
            }),
    );
    owed.extend(
        case.commands
            .iter()
            .filter_map(|command| of_command(case, command, now)),
    );
    owed.extend(
        case.refunds
            .iter()
            .filter_map(|refund| of_refund(case, refund, now)),
    );
    owed
}

fn of_refund(case: &Case, refund: &Refund, now: Instant) -> Option<Owed> {
    let (no, provider) = (refund.no, refund.provider.clone());
    let due = refund.again_at.is_none_or(|again| again <= now);
    let list = Owed::List {
        no,
        provider: provider.clone(),
        payment: refund.provider_payment.clone(),
    };
    let send = Owed::Send {
        no,
        provider: provider.clone(),
        order: refunds::order(refund),
    };
    match &refund.state {
        RefundState::Reserved => {
            (refund.not_before <= now && !waits(case, refund) && due).then_some(send)
        }
        // The program ended while it was sending: what became of it is in the list.
        RefundState::Sending => Some(list),
        RefundState::Unknown if refunds::may_be_sent_again(refund, now) => Some(send),
        RefundState::Unknown => due.then_some(list),
        RefundState::Pending { .. } => due.then(|| Owed::Fetch {
            no,
            provider,
            refund: refund.provider_refund.clone().unwrap_or_default(),
        }),
        RefundState::Succeeded { .. }
        | RefundState::Failed { .. }
        | RefundState::Cancelled { .. } => None,
    }
}

fn waits(case: &Case, refund: &Refund) -> bool {
    refund.after_command.is_some_and(|no| {
        case.commands
            .iter()
            .any(|command| command.no == no && !matches!(command.state, CommandState::Done { .. }))
    })
}

fn of_command(case: &Case, command: &Command, now: Instant) -> Option<Owed> {
    if command.is_over() || command.again_at.is_some_and(|again| now < again) {
        return None;
    }
    match command.route {
        Route::Team => None,
        Route::Connector => Some(Owed::Command {
            no: command.no,
            order: commands::order(command, &case.order)?,
            ask_only: !matches!(command.state, CommandState::Given),
        }),
        Route::Provider => {
            let (provider, subscription) = command.subject.as_deref()?.split_once('/')?;
            Some(Owed::CancelSubscription {
                no: command.no,
                provider: provider.into(),
                subscription: subscription.into(),
            })
        }
    }
}

/// When the customer is to be reminded next: those that were slept through are past, and one stands for them all.
pub(crate) fn next_reminder(asking: &Asking, limits: &Limits) -> Option<Instant> {
    let at = |after: &Duration| asking.at.plus(*after);
    let later = limits.reminders.iter().map(at);
    later.filter(|at| *at > asking.reminded_at).min()
}

/// When the case is to be looked at again, and why; nothing if only the world can move it.
#[must_use]
pub fn next_wake(case: &Case, limits: &Limits, now: Instant) -> Option<(Instant, Timer)> {
    if case.parked.is_some() {
        return None;
    }
    if !owed(case, now).is_empty() {
        return Some((now, Timer::Owed));
    }
    let mut wakes: Vec<(Instant, Timer)> = Vec::new();
    for refund in &case.refunds {
        match refund.state {
            RefundState::Reserved if !waits(case, refund) => {
                let from = refund
                    .again_at
                    .unwrap_or(refund.not_before)
                    .max(refund.not_before);
                wakes.push((from, Timer::Hold));
            }
            RefundState::Unknown | RefundState::Pending { .. } => {
                wakes.extend(refund.again_at.map(|at| (at, Timer::Again)));
            }
            _ => {}
        }
    }
    for command in case.commands.iter().filter(|command| !command.is_over()) {
        wakes.extend(command.again_at.map(|at| (at, Timer::Again)));
    }
    if case.closed.is_none() {
        // Somebody reads first what the customer wrote.
        let read = |task: &Task| task.todo == Todo::Message;
        if !case.open_tasks().any(read) {
            wakes.extend(case.order_due_at.map(|at| (at, Timer::OrderDue)));
        }
        for asking in case
            .open_askings()
            .filter(|asking| asking.whom == Asked::Customer)
        {
            wakes.push((asking.due_at, Timer::Lapse));
            wakes.extend(next_reminder(asking, limits).map(|at| (at, Timer::Reminder)));
        }
    }
    wakes.into_iter().min()
}
