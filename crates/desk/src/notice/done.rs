// SPDX-License-Identifier: MIT OR Apache-2.0
//! Letters about what became of a decision: paid, failed, done, not done, and stopped by the bank.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Figure, Paragraph, Pen, texts};
use crate::amount::Amount;
use crate::event::{CancelWhy, Todo};
use crate::execution::{CommandKind, Deed};
use crate::life::{Command, Credit, CreditState, Refund, RefundState};
use crate::words::Text;

fn refund(pen: &Pen<'_>, no: u32) -> Option<Refund> {
    let refund = pen.case.refunds.iter().find(|refund| refund.no == no);
    refund.cloned()
}

/// The sum of refunds; nothing where there are none.
fn sum<'r>(refunds: impl Iterator<Item = &'r Refund>) -> Option<Amount> {
    total(refunds.map(|refund| refund.amount))
}

fn total(amounts: impl Iterator<Item = Amount>) -> Option<Amount> {
    amounts.reduce(|sum, amount| {
        Amount::new(
            sum.minor().saturating_add(amount.minor()),
            amount.currency(),
        )
    })
}

/// The money has left.
// INVARIANT (paid only after the provider has confirmed): a refund in any other state is told as what it is.
pub(super) fn paid(pen: &mut Pen<'_>, no: u32) {
    let Some(refund) = refund(pen, no) else {
        return;
    };
    let RefundState::Succeeded { at } = refund.state else {
        return failed(pen, no);
    };
    let amount = pen.amount(refund.amount);
    pen.subject(texts::SUBJECT_PAID, &[("amount", &amount)]);
    pen.lead(texts::PAID, &[("amount", &amount)]);
    let figure = |label: Text, figure: String| Figure {
        label: label.say(pen.tongue).to_owned(),
        figure,
        result: false,
    };
    let mut figures = alloc::vec![
        figure(texts::FIGURE_AMOUNT, amount.clone()),
        figure(texts::FIGURE_DAY, pen.day(at)),
    ];
    let reference = refund.provider_refund.clone();
    figures.extend(reference.map(|reference| figure(texts::FIGURE_REFERENCE, reference)));
    pen.paragraphs.push(Paragraph::Figures(figures));
    together(pen, &refund);
    pen.text(texts::PAID_WHEN, &[]);
}

/// How far a refund over several payments is.
fn together(pen: &mut Pen<'_>, refund: &Refund) {
    let all = || {
        pen.case
            .refunds
            .iter()
            .filter(|other| other.decision == refund.decision && other.binds())
    };
    let open = |other: &&Refund| !matches!(other.state, RefundState::Succeeded { .. });
    let (total, rest) = (sum(all()), sum(all().filter(open)));
    let Some(total) = total.filter(|total| *total != refund.amount) else {
        return;
    };
    let total = pen.amount(total);
    match rest {
        Some(rest) => {
            let rest = pen.amount(rest);
            pen.text(texts::PAID_MORE, &[("total", &total), ("rest", &rest)]);
        }
        None => pen.text(texts::PAID_ALL, &[("total", &total)]),
    }
}

/// The money came back, or never left.
pub(super) fn failed(pen: &mut Pen<'_>, no: u32) {
    let Some(refund) = refund(pen, no) else {
        return;
    };
    pen.subject(texts::SUBJECT_FAILED, &[]);
    let late = matches!(refund.state, RefundState::Failed { late: true, .. });
    let text = if late {
        texts::FAILED_LATE
    } else {
        texts::FAILED
    };
    let amount = pen.amount(refund.amount);
    pen.lead(text, &[("amount", &amount)]);
    pen.text(texts::FAILED_OWED, &[]);
    pen.text(texts::FAILED_HELP, &[]);
    let due = pen.due_of(&Todo::RefundFailed(no));
    pen.hear_by(due);
}

fn command(pen: &Pen<'_>, no: u32) -> Option<Command> {
    let command = pen.case.commands.iter().find(|command| command.no == no);
    command.cloned()
}

/// What was promised is done.
pub(super) fn done(pen: &mut Pen<'_>, no: u32) {
    let Some(command) = command(pen, no) else {
        return;
    };
    let (subject, text) = match command.deed {
        Deed::Fulfil(CommandKind::Redeliver) => {
            (texts::SUBJECT_DONE_REDELIVER, texts::DONE_REDELIVER)
        }
        Deed::Fulfil(CommandKind::Expedite) => (texts::SUBJECT_DONE_EXPEDITE, texts::DONE_EXPEDITE),
        Deed::Fulfil(CommandKind::Stop) => (texts::SUBJECT_DONE_STOP, texts::DONE_STOP),
        Deed::Fulfil(CommandKind::Start) => (texts::SUBJECT_DONE_START, texts::DONE_START),
        Deed::Fulfil(CommandKind::Restart) => (texts::SUBJECT_DONE_RESTART, texts::DONE_RESTART),
        Deed::Fulfil(CommandKind::Replace) => (texts::SUBJECT_DONE_REPLACE, texts::DONE_REPLACE),
        Deed::CancelSubscription => (texts::SUBJECT_DONE_CANCEL, texts::DONE_CANCEL),
    };
    let units = pen.units(command.units);
    let account = command.subject.as_deref().unwrap_or_default();
    let words = [("units", units.as_str()), ("account", account)];
    pen.subject(subject, &words);
    pen.lead(text, &words);
    if let Some(amount) = sum(bound(pen, no).filter(|refund| !refund.is_over())) {
        let amount = pen.amount(amount);
        pen.text(texts::DONE_CANCEL_REFUND, &[("amount", &amount)]);
    }
    if command.deed != Deed::CancelSubscription {
        pen.text(texts::DONE_ASK, &[]);
    }
}

/// The refunds that wait for a command.
fn bound<'p>(pen: &Pen<'p>, command: u32) -> impl Iterator<Item = &'p Refund> + use<'p> {
    pen.case
        .refunds
        .iter()
        .filter(move |refund| refund.after_command == Some(command))
}

/// What was promised cannot be done.
pub(super) fn not_done(pen: &mut Pen<'_>, no: u32) {
    pen.subject(texts::SUBJECT_NOT_DONE, &[]);
    let Some(command) = command(pen, no) else {
        return;
    };
    let text = match command.deed {
        Deed::Fulfil(CommandKind::Redeliver) => texts::NOT_DONE_REDELIVER,
        Deed::Fulfil(CommandKind::Expedite) => texts::NOT_DONE_EXPEDITE,
        Deed::Fulfil(CommandKind::Stop) => texts::NOT_DONE_STOP,
        Deed::Fulfil(CommandKind::Start) => texts::NOT_DONE_START,
        Deed::Fulfil(CommandKind::Restart) => texts::NOT_DONE_RESTART,
        Deed::Fulfil(CommandKind::Replace) => texts::NOT_DONE_REPLACE,
        Deed::CancelSubscription => texts::NOT_DONE_CANCEL,
    };
    let units = pen.units(command.units);
    let account = command.subject.as_deref().unwrap_or_default();
    pen.lead(text, &[("units", &units), ("account", account)]);
    let refused = |refund: &&Refund| {
        refund.state
            == RefundState::Cancelled {
                why: CancelWhy::CommandRefused,
            }
    };
    if let Some(amount) = sum(bound(pen, no).filter(refused)) {
        let amount = pen.amount(amount);
        pen.text(texts::NOT_DONE_REFUND, &[("amount", &amount)]);
    }
    pen.text(texts::NOT_DONE_NEXT, &[]);
    let due = pen.due_of(&Todo::CommandRefused(no));
    pen.hear_by(due);
}

/// What was exchanged is another order now.
pub(super) fn exchanged(pen: &mut Pen<'_>, no: u32) {
    let credit = pen.case.credits.iter().find(|credit| credit.no == no);
    let Some(credit) = credit.cloned() else {
        return;
    };
    let amount = pen.amount(credit.amount);
    let CreditState::Exchanged { order, service } = credit.state else {
        return;
    };
    let words = [
        ("amount", amount.as_str()),
        ("service", &service),
        ("new", &order),
    ];
    pen.subject(texts::SUBJECT_EXCHANGED, &words);
    pen.lead(texts::EXCHANGED, &words);
    pen.text(texts::EXCHANGED_HOW, &words);
    pen.text(texts::DONE_ASK, &[]);
}

/// The bank was asked: what that changes, said once.
pub(super) fn disputed(pen: &mut Pen<'_>) {
    pen.subject(texts::SUBJECT_DISPUTED, &[]);
    pen.lead(texts::DISPUTED, &[]);
    pen.text(texts::DISPUTED_RULES, &[]);
    let held = |refund: &&Refund| {
        refund.state
            == RefundState::Cancelled {
                why: CancelWhy::Disputed,
            }
    };
    let sent = |refund: &&Refund| {
        !matches!(
            refund.state,
            RefundState::Reserved | RefundState::Failed { .. } | RefundState::Cancelled { .. }
        )
    };
    let refunds: Vec<(Text, Option<Amount>)> = alloc::vec![
        (
            texts::DISPUTED_HELD,
            sum(pen.case.refunds.iter().filter(held))
        ),
        (
            texts::DISPUTED_SENT,
            sum(pen.case.refunds.iter().filter(sent))
        ),
    ];
    for (text, amount) in refunds {
        if let Some(amount) = amount {
            let amount = pen.amount(amount);
            pen.text(text, &[("amount", &amount)]);
        }
    }
    let withdrawn = |credit: &&Credit| credit.state == CreditState::Withdrawn;
    let credits = pen.case.credits.iter().filter(withdrawn);
    if let Some(amount) = total(credits.map(|credit| credit.amount)) {
        let amount = pen.amount(amount);
        pen.text(texts::DISPUTED_CREDIT, &[("amount", &amount)]);
    }
    pen.text(texts::DISPUTED_FASTER, &[]);
}
