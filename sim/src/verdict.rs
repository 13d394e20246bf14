// SPDX-License-Identifier: MIT OR Apache-2.0
//! The end of a story: whether everything came to rest, and the words in which stories are told.

use makegood_desk::event::{Event, Happened};
use makegood_desk::execution::{ProviderSaid, RefundStatus};
use makegood_desk::input::Input;
use makegood_desk::life::RefundState;

use crate::invariants::{Held, Invariant, demand};
use crate::world::World;

/// Whether everything that was begun has ended, and the books tell the truth.
///
/// # Errors
/// It has not, or they do not.
pub fn rests(world: &World<'_>) -> Held {
    world.survives()?;
    let now = world.clock();
    for (no, row) in world.store.cases.iter().enumerate() {
        let case = &row.case;
        for refund in &case.refunds {
            demand(refund.is_over(), Invariant::EverythingRests, || {
                format!(
                    "case {no}: refund {} is still {:?}",
                    refund.no, refund.state
                )
            })?;
        }
        let owed = world.desk.owed(case, now);
        demand(owed.is_empty(), Invariant::EverythingRests, || {
            format!("case {no} owes {owed:?}")
        })?;
        let asked = case.open_askings().next();
        let tasks: Vec<_> = case.open_tasks().map(|task| &task.todo).collect();
        let closed = case.closed.is_some() || case.version == 0;
        demand(closed, Invariant::EverythingRests, || {
            format!(
                "case {no} is {}: asked {asked:?}, tasks {tasks:?}",
                case.stage().word()
            )
        })?;
    }
    money(world)
}

/// What the provider holds is what the books hold.
fn money(world: &World<'_>) -> Held {
    let mut explained = 0_i128;
    for held in &world.provider.refunds {
        let told = &held.told;
        let live = !matches!(told.status, RefundStatus::Failed | RefundStatus::Cancelled);
        let ours = told
            .reference
            .as_ref()
            .and_then(|reference| world.store.by_key.get(reference));
        let booked = ours.is_some_and(|(case, no)| {
            let refunds = &world.store.cases[*case].case.refunds;
            refunds.iter().any(|refund| {
                refund.no == *no
                    && refund.provider_refund.as_deref() == Some(told.id.as_str())
                    && matches!(refund.state, RefundState::Succeeded { .. }) == live
            })
        });
        let mut orders = world.store.orders.iter();
        let foreign = orders.any(|order| order.foreign.contains_key(&told.id));
        let shown = if live { booked || foreign } else { !foreign };
        demand(shown, Invariant::TheBooksShowAllMoney, || {
            format!(
                "{} is {:?}, booked: {booked}, foreign: {foreign}",
                told.id, told.status
            )
        })?;
        if live && booked {
            explained += i128::from(told.amount.minor());
        }
        if let Some(reference) = &told.reference {
            let twice = world.provider.by_reference(reference).count();
            demand(twice == 1, Invariant::OneRefundPerKey, || {
                format!("{reference} was paid {twice} times")
            })?;
        }
    }
    let trial = world.auditor.books.trial();
    demand(trial.is_ok(), Invariant::TheLedgerBalances, || {
        format!("{trial:?}")
    })?;
    let mut balance = 0;
    let mut owed = 0;
    for (account, _, signed) in world.auditor.books.iter() {
        match account.code() {
            "provider_balance" => balance += signed,
            "refunds_owed" => owed += signed,
            _ => {}
        }
    }
    demand(
        balance == -explained && owed == 0,
        Invariant::TheLedgerBalances,
        || {
            format!(
                "the provider gave {explained}, the books say {}; {owed} is owed",
                -balance
            )
        },
    )
}

/// An event in the words of a story.
#[must_use]
pub fn in_words(event: &Event) -> String {
    match &event.what {
        Happened::Proposed(proposal) => format!(
            "proposed {}: {:?} by {:?} {:?}, automatic: {}",
            proposal.no,
            proposal.outcome,
            proposal.rule.as_deref().unwrap_or("a person"),
            proposal.remedies,
            proposal.automatic
        ),
        Happened::Investigated { checks, .. } => format!("investigated: {checks:?}"),
        Happened::RefundReserved {
            no,
            decision,
            payment,
            amount,
            provider,
            ..
        } => format!(
            "refund {no} reserved for decision {decision}: {} of {payment} by {provider}",
            amount.minor()
        ),
        what => format!("{what:?} by {:?}", event.by),
    }
}

/// What a provider said, in the words of a story.
#[must_use]
pub fn said_in_words(said: &ProviderSaid) -> String {
    match said {
        ProviderSaid::Refund(report) => format!("{} is {:?}", report.id, report.status),
        ProviderSaid::Refused { why, .. } => format!("refused, {why:?}"),
        ProviderSaid::Unknown { seen } => format!("nobody knows ({seen})"),
    }
}

/// The name of an input.
#[must_use]
pub fn name_of(input: &Input) -> String {
    let all = format!("{input:?}");
    let end = all.find(" {").unwrap_or(all.len()).min(40);
    match input {
        Input::Override(instead) => format!("Override {:?}", instead.outcome),
        Input::Accept { decision, .. } => format!("Accept {decision}"),
        Input::Approve {
            decision, approved, ..
        } => format!("Approve {decision}: {approved}"),
        _ => all.chars().take(end).collect(),
    }
}

/// The first word of how something is written: its kind.
#[must_use]
pub fn first_word(thing: &impl core::fmt::Debug) -> String {
    let all = format!("{thing:?}");
    let word = |c: char| c.is_alphanumeric();
    let end = all.find(|c| !word(c)).unwrap_or(all.len());
    all.chars().take(end).collect()
}
