// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the review of the records found, as the customer is told it.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Pen, texts};
use crate::case::{ClaimKind, Duration, Instant};
use crate::life::Finding;

/// The findings that concern the customer. What concerns other orders, other people or our own bookkeeping stays with us.
pub(super) fn found(pen: &Pen<'_>) -> Vec<String> {
    pen.case
        .findings
        .iter()
        .filter(|finding| concerns(pen, finding))
        .filter_map(|finding| told(pen, finding))
        .collect()
}

/// Whether a finding has to do with what is claimed: a renewal is about a payment, and an account is there or not.
fn concerns(pen: &Pen<'_>, finding: &Finding) -> bool {
    match pen.case.claim().map(|claim| claim.kind) {
        Some(ClaimKind::Renewal) => matches!(
            finding,
            Finding::NothingPaid
                | Finding::RefundedBefore { .. }
                | Finding::DisputeOpen
                | Finding::DisputeLost
        ),
        Some(ClaimKind::AccountFaulty) => !matches!(finding, Finding::Gap { .. }),
        _ => true,
    }
}

fn told(pen: &Pen<'_>, finding: &Finding) -> Option<String> {
    let one = |text, name, at| Some(pen.with(text, &[(name, &pen.day(at))]));
    match finding {
        Finding::StartOverdue { due_at } => one(texts::FOUND_START_OVERDUE, "due", *due_at),
        Finding::StartNotDue { due_at } => one(texts::FOUND_START_NOT_DUE, "due", *due_at),
        Finding::StartInTime { at } => one(texts::FOUND_START_IN_TIME, "at", *at),
        Finding::StartLate { at, due_at } => {
            let (at, due) = apart(pen, *at, *due_at);
            Some(pen.with(texts::FOUND_START_LATE, &[("at", &at), ("due", &due)]))
        }
        Finding::Delivered {
            units_delivered,
            units_dropped,
            units_ordered,
        } => Some(delivered(
            pen,
            *units_delivered,
            *units_dropped,
            *units_ordered,
        )),
        Finding::CountsUnknown => Some(pen.with(texts::FOUND_COUNTS_UNKNOWN, &[])),
        Finding::Behind => Some(pen.with(texts::FOUND_BEHIND, &[])),
        Finding::BelowStart => Some(pen.with(texts::FOUND_BELOW_START, &[])),
        Finding::Gap { from, hours } => {
            let days = pen.number(hours / 24);
            Some(pen.with(
                texts::FOUND_GAP,
                &[("at", &pen.day(*from)), ("days", &days)],
            ))
        }
        Finding::GuaranteeUntil { at } if about_drops(pen) => {
            let text = if *at < pen.now {
                texts::FOUND_GUARANTEE_RAN
            } else {
                texts::FOUND_GUARANTEE_RUNS
            };
            one(text, "at", *at)
        }
        Finding::NothingPaid => Some(pen.with(texts::FOUND_NOTHING_PAID, &[])),
        Finding::RefundedBefore { amount } => {
            Some(pen.with(texts::FOUND_REFUNDED, &[("amount", &pen.amount(*amount))]))
        }
        Finding::DisputeOpen => Some(pen.with(texts::FOUND_DISPUTE_OPEN, &[])),
        Finding::DisputeLost => Some(pen.with(texts::FOUND_DISPUTE_LOST, &[])),
        Finding::LoginSeen => Some(pen.with(texts::FOUND_LOGIN_SEEN, &[])),
        Finding::GuaranteeUntil { .. }
        | Finding::FromTheFuture
        | Finding::AfterClosing
        | Finding::PaymentsDiffer { .. }
        | Finding::ForeignRefund { .. }
        | Finding::RefundsRecent { .. }
        | Finding::SameTrouble { .. } => None,
    }
}

/// Two moments as days, or to the minute where they are the same day.
fn apart(pen: &Pen<'_>, one: Instant, other: Instant) -> (String, String) {
    let days = (pen.day(one), pen.day(other));
    if days.0 != days.1 {
        return days;
    }
    let moment = |at: Instant| {
        let minute = Duration::from_seconds(60).nanoseconds();
        let nanoseconds = at.unix_nanoseconds();
        pen.tongue
            .moment(nanoseconds - nanoseconds.rem_euclid(minute))
    };
    (moment(one), moment(other))
}

/// Whether drops are what the case is about.
fn about_drops(pen: &Pen<'_>) -> bool {
    let dropped = |finding: &Finding| matches!(finding, Finding::Delivered { units_dropped, .. } if *units_dropped > 0);
    pen.case
        .claim()
        .is_some_and(|claim| claim.kind == ClaimKind::Dropped)
        || pen.case.findings.iter().any(dropped)
}

fn delivered(pen: &Pen<'_>, delivered: u64, dropped: u64, ordered: u64) -> String {
    let words = [
        ("ordered", pen.units(ordered)),
        ("delivered", pen.number(delivered)),
        ("dropped", pen.number(dropped)),
    ];
    let words: Vec<(&str, &str)> = words
        .iter()
        .map(|(name, word)| (*name, word.as_str()))
        .collect();
    let mut text = pen.with(
        match delivered {
            0 => texts::FOUND_DELIVERED_NONE,
            _ if ordered == 1 => texts::FOUND_DELIVERED_ONE,
            _ if delivered == ordered => texts::FOUND_DELIVERED_ALL,
            1 => texts::FOUND_DELIVERED_PART_ONE,
            _ => texts::FOUND_DELIVERED_PART,
        },
        &words,
    );
    let fallen = match dropped {
        0 => return text,
        1 => texts::FOUND_DROPPED_ONE,
        _ => texts::FOUND_DROPPED,
    };
    text.push(' ');
    text.push_str(&pen.with(fallen, &words));
    text
}
