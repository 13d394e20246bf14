// SPDX-License-Identifier: MIT OR Apache-2.0
//! Investigation: the records are reviewed, what is missing is asked for, and what comes back is taken down.

use alloc::string::String;
use alloc::vec::Vec;

use crate::amount::Amount;
use crate::case::{CaseFile, Event, Instant};
use crate::event::{AskingEnd, ClosedWhy, Happened, Todo};
use crate::facts::{Asked, DisputeState, Facts, Pace, Start, State};
use crate::handle::Turn;
use crate::input::{Actor, Answer, Digest, ProofAbout, ProofShows};
use crate::life::{Check, Checked, Finding, ProofState, next};
use crate::owed::next_reminder;
use crate::records::Records;
use crate::refusal::{Refusal, Takes, Thing};
use crate::{approval, request};

/// Nothing reported for so long while an order runs is told as a gap.
const GAP_HOURS: i128 = 72;
const HOUR_NANOSECONDS: i128 = 3_600_000_000_000;

/// Whether there is an order to look at; asks the shop while there is none.
pub(crate) fn order_is_known(turn: &mut Turn<'_>) -> bool {
    let known = turn.situation.records.order.as_ref();
    if let Some(record) = known {
        if turn.case.order_due_at.is_some() {
            let customer = record.customer;
            turn.happened_by(Actor::Shop, Happened::OrderFound { customer });
        }
        return true;
    }
    if turn.case.closed.is_some() {
        return false;
    }
    match turn.case.order_due_at {
        None => {
            let due_at = turn.situation.now.plus(turn.situation.limits.shop_due);
            turn.happened_by(Actor::System, Happened::OrderAwaited { due_at });
        }
        // What the customer wrote is read first: it may say which order is meant.
        Some(_) if is_to_be_read(turn) => {}
        Some(due_at) if due_at <= turn.situation.now => turn.happened_by(
            Actor::System,
            Happened::Closed {
                why: ClosedWhy::OrderNotFound,
                reason: String::new(),
            },
        ),
        Some(_) => {}
    }
    false
}

/// Whether somebody has still to read what the customer wrote last.
fn is_to_be_read(turn: &Turn<'_>) -> bool {
    let mut open = turn.case.open_tasks();
    open.any(|task| task.todo == Todo::Message)
}

/// Reviews the records and notes what was found where that is new.
pub(crate) fn review(turn: &mut Turn<'_>) {
    let situation = turn.situation;
    let found = match situation.records.case_file(&turn.case, situation.now) {
        Some(Ok(file)) => {
            let facts = Facts::of(&file);
            Some((
                findings(situation.records, &file, &facts),
                checks(situation.records, &file, &facts),
            ))
        }
        // Records that contradict each other are for a person; `approval` says where.
        Some(Err(_)) => Some((
            Vec::new(),
            [Checked::Sound, Checked::Sound, Checked::Doubtful],
        )),
        None => None,
    };
    let Some((findings, fresh)) = found else {
        return;
    };
    let mut checks = turn.case.checks;
    for (held, fresh) in checks.iter_mut().zip(fresh) {
        // What a person settled stays settled.
        if !matches!(held, Checked::SettledSound | Checked::SettledUnsound) {
            *held = fresh;
        }
    }
    if findings != turn.case.findings || checks != turn.case.checks {
        turn.happened_by(Actor::System, Happened::Investigated { checks, findings });
    }
    for check in Check::ALL {
        let held = turn.case.checks.get(check.place()).copied();
        if held == Some(Checked::Doubtful) {
            turn.open_task(Todo::Verify(check));
        } else {
            turn.end_tasks("", |todo| *todo == Todo::Verify(check));
        }
    }
}

/// How the records stand by themselves.
fn checks(records: &Records, file: &CaseFile<'_>, facts: &Facts) -> [Checked; 3] {
    let sound = |sound: bool| {
        if sound {
            Checked::Sound
        } else {
            Checked::Doubtful
        }
    };
    let mut in_log = Vec::new();
    log_findings(file, facts, &mut in_log);
    let log_sound = !in_log
        .iter()
        .any(|finding| matches!(finding, Finding::FromTheFuture | Finding::AfterClosing));
    let paid = paid(records, file);
    // A subscription's price is that of one period; what was paid for several is more.
    let pays = records.subscription.is_some() || paid >= file.order.price.minor();
    let internal_sound = !records.frozen && !records.payments.is_empty() && pays;
    [
        sound(log_sound),
        sound(records.history.disputes == 0),
        sound(internal_sound),
    ]
}

fn paid(records: &Records, file: &CaseFile<'_>) -> u64 {
    records
        .payments
        .iter()
        .filter(|record| record.payment.at <= file.as_of)
        .fold(0, |sum: u64, record| {
            sum.saturating_add(record.payment.amount.minor())
        })
}

/// What the records show that a person would want to know, in the order in which they would ask.
fn findings(records: &Records, file: &CaseFile<'_>, facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let seen = &facts.observed;
    let due_at = seen.start_deadline;
    let begun = seen.first_start.map(|(_, at)| at);
    found.push(match (facts.start.value, begun) {
        (Start::Overdue, _) => Finding::StartOverdue { due_at },
        (Start::Late, Some(at)) => Finding::StartLate { at, due_at },
        (Start::InTime, Some(at)) => Finding::StartInTime { at },
        _ => Finding::StartNotDue { due_at },
    });
    match facts.units() {
        Some(units) => {
            found.push(Finding::Delivered {
                units_delivered: units.units_delivered,
                units_dropped: units.units_dropped,
                units_ordered: file.order.quantity,
            });
            if units.below_baseline {
                found.push(Finding::BelowStart);
            }
        }
        None => found.push(Finding::CountsUnknown),
    }
    if facts.pace.known() == Some(Some(Pace::Behind)) {
        found.push(Finding::Behind);
    }
    if let Some(at) = seen.guarantee_end {
        found.push(Finding::GuaranteeUntil { at });
    }
    log_findings(file, facts, &mut found);
    if facts.login_seen.value {
        found.push(Finding::LoginSeen);
    }
    money_findings(records, file, facts, &mut found);
    found
}

fn money_findings(records: &Records, file: &CaseFile<'_>, facts: &Facts, found: &mut Vec<Finding>) {
    let price = file.order.price;
    let amount = |minor| Amount::new(minor, price.currency());
    let paid = paid(records, file);
    if records.payments.is_empty() {
        found.push(Finding::NothingPaid);
    } else if records.subscription.is_none() && paid != price.minor() {
        found.push(Finding::PaymentsDiffer {
            paid: amount(paid),
            price,
        });
    }
    let refunded = u64::try_from(facts.observed.balance.refunded_minor).unwrap_or(u64::MAX);
    if refunded > 0 {
        found.push(Finding::RefundedBefore {
            amount: amount(refunded),
        });
    }
    let foreign = records.payments.iter().fold(0, |sum: u64, record| {
        sum.saturating_add(record.foreign_minor)
    });
    if foreign > 0 {
        found.push(Finding::ForeignRefund {
            amount: amount(foreign),
        });
    }
    match facts.dispute.value {
        DisputeState::Open => found.push(Finding::DisputeOpen),
        DisputeState::Lost => found.push(Finding::DisputeLost),
        DisputeState::None => {}
    }
    if records.history.refunds_recent > 0 {
        found.push(Finding::RefundsRecent {
            count: records.history.refunds_recent,
        });
    }
    if records.history.same_trouble > 0 {
        found.push(Finding::SameTrouble {
            count: records.history.same_trouble,
        });
    }
}

/// What is odd in the delivery log: the longest silence while the order ran, and entries where none can be.
fn log_findings(file: &CaseFile<'_>, facts: &Facts, found: &mut Vec<Finding>) {
    let closed_at = facts.observed.closing.map(|(_, at)| at);
    let mut last: Option<Instant> = None;
    let mut longest: Option<(Instant, i128)> = None;
    let mut silence = |from: Instant, to: Instant| {
        let hours = to.since(from).nanoseconds() / HOUR_NANOSECONDS;
        if hours >= GAP_HOURS && longest.is_none_or(|(_, known)| known < hours) {
            longest = Some((from, hours));
        }
    };
    let mut after_closing = false;
    for (_, entry) in file.log() {
        let works = matches!(
            entry.event,
            Event::Started { .. } | Event::Delivered { .. } | Event::HandedOver { .. }
        );
        after_closing |= works && closed_at.is_some_and(|closed| entry.at > closed);
        if closed_at.is_none_or(|closed| entry.at <= closed) {
            if let Some(last) = last {
                silence(last, entry.at);
            }
            last = Some(entry.at);
        }
    }
    if let (Some(last), State::InProgress) = (last, facts.state.value) {
        silence(last, file.as_of);
    }
    if let Some((from, hours)) = longest {
        found.push(Finding::Gap {
            from,
            hours: u64::try_from(hours).unwrap_or(u64::MAX),
        });
    }
    if file.delivery_log.iter().any(|entry| entry.at > file.as_of) {
        found.push(Finding::FromTheFuture);
    }
    if after_closing {
        found.push(Finding::AfterClosing);
    }
}

/// Asks for what is missing, each of whom the policy names once, and ends the questions that nobody needs answered any more.
pub(crate) fn ask(turn: &mut Turn<'_>, missing: &[(String, Asked)]) {
    for whom in [Asked::Customer, Asked::TechnicalTeam, Asked::Support] {
        let facts: Vec<String> = missing
            .iter()
            .filter(|(_, ask)| *ask == whom)
            .map(|(fact, _)| fact.clone())
            .collect();
        let held = turn.case.open_askings().find(|asking| asking.whom == whom);
        let (same, no) = (
            held.is_some_and(|asking| asking.facts == facts),
            held.map(|asking| asking.no),
        );
        if same {
            continue;
        }
        if let Some(no) = no {
            let how = if facts.is_empty() {
                AskingEnd::Answered
            } else {
                AskingEnd::NotNeeded
            };
            turn.happened_by(Actor::System, Happened::AskingEnded { no, how });
        }
        if facts.is_empty() {
            continue;
        }
        if has_lapsed(turn, whom, &facts) {
            turn.open_task(Todo::Review);
            continue;
        }
        let limits = turn.situation.limits;
        let due = match whom {
            Asked::Customer => limits.customer_due,
            Asked::TechnicalTeam => limits.technical_due,
            Asked::Support => limits.support_due,
        };
        let asked = Happened::Asked {
            no: next(turn.case.askings.len()),
            whom,
            facts,
            due_at: turn.situation.now.plus(due),
        };
        turn.happened_by(Actor::System, asked);
    }
    lapse(turn);
    if !turn.case.updated && !missing.iter().any(|(_, whom)| *whom == Asked::Customer) {
        // Who is asked something is told what was found with the question.
        turn.happened_by(Actor::System, Happened::InvestigationEnded);
    }
}

/// Whether the same was asked before and never answered: a person decides then, nobody asks again.
fn has_lapsed(turn: &Turn<'_>, whom: Asked, facts: &[String]) -> bool {
    turn.case.askings.iter().any(|asking| {
        asking.whom == whom && asking.facts == facts && asking.ended == Some(AskingEnd::Unanswered)
    })
}

/// Reminds the customer, and ends what nobody answered in time.
fn lapse(turn: &mut Turn<'_>) {
    let now = turn.situation.now;
    let limits = turn.situation.limits;
    let open: Vec<_> = turn
        .case
        .open_askings()
        .filter(|asking| asking.whom == Asked::Customer)
        .cloned()
        .collect();
    for asking in open {
        if asking.due_at <= now {
            let no = asking.no;
            let how = AskingEnd::Unanswered;
            turn.happened_by(Actor::System, Happened::AskingEnded { no, how });
            let money_moves = turn.case.refunds.iter().any(|refund| !refund.is_over());
            if limits.unanswered_closes && !money_moves && !is_to_be_read(turn) {
                request::leave_nothing(turn);
                turn.happened_by(
                    Actor::System,
                    Happened::Closed {
                        why: ClosedWhy::Unanswered,
                        reason: String::new(),
                    },
                );
            } else {
                turn.open_task(Todo::Review);
            }
            continue;
        }
        if next_reminder(&asking, limits).is_some_and(|due| due <= now) {
            // One reminder, however many were slept through.
            let no = asking.no;
            turn.happened_by(Actor::System, Happened::Reminded { no });
        }
    }
}

/// Takes down an answer of the technical team, or of whoever knows.
pub(crate) fn answer(turn: &mut Turn<'_>, answer: Answer) -> Result<(), Refusal> {
    if turn.case.closed.is_some() {
        return Err(Refusal::Closed);
    }
    if !matches!(turn.situation.by, Actor::Connector | Actor::Shop) {
        turn.takes(Takes::Technical)?;
    }
    let fact = answer.fact();
    let held = turn.case.answers().find(|held| held.answer.fact() == fact);
    if held.is_some_and(|held| held.answer == answer) {
        return Err(Refusal::AlreadyDone {
            what: Thing::Answer,
            no: 0,
        });
    }
    let asked = |asking: &crate::life::Asking| asking.facts.iter().any(|asked| asked == fact);
    if !turn.case.askings.iter().any(asked) {
        return Err(Refusal::NotAsked {
            fact: String::from(fact),
        });
    }
    turn.happened(Happened::Answered { answer });
    Ok(())
}

/// Takes down a proof.
pub(crate) fn proof(
    turn: &mut Turn<'_>,
    about: ProofAbout,
    attachment: Digest,
) -> Result<(), Refusal> {
    // Whoever sends at last what we asked for has what we said: that we take it from there.
    let late = turn.case.closed == Some(ClosedWhy::Unanswered);
    if turn.case.closed.is_some() && !late {
        return Err(Refusal::Closed);
    }
    turn.takes(Takes::Customer)?;
    let same = |proof: &&crate::life::Proof| proof.attachment == attachment && proof.about == about;
    if let Some(known) = turn.case.proofs().iter().find(same) {
        return Err(Refusal::AlreadyDone {
            what: Thing::Proof,
            no: known.no,
        });
    }
    let no = next(turn.case.proofs().len());
    request::reopen(turn);
    turn.happened(Happened::ProofHandedIn {
        no,
        about,
        attachment,
    });
    Ok(())
}

/// Takes down what somebody saw in a proof.
pub(crate) fn judge_proof(
    turn: &mut Turn<'_>,
    no: u32,
    accepted: bool,
    shows: ProofShows,
    reason: String,
) -> Result<(), Refusal> {
    let proof = turn.case.proofs().iter().find(|proof| proof.no == no);
    let proof = proof.ok_or(Refusal::NoSuch {
        what: Thing::Proof,
        no,
    })?;
    if turn.case.closed.is_some() {
        return Err(Refusal::Closed);
    }
    turn.takes(Takes::Agent)?;
    let as_asked = matches!(
        (&proof.about, &shows),
        (
            ProofAbout::AudienceStatistics,
            ProofShows::OnTargetMillionths(0..=1_000_000)
        ) | (ProofAbout::AccountFault { .. }, ProofShows::Fault(_))
            | (ProofAbout::Proxy { .. }, ProofShows::Proxy { .. })
            | (ProofAbout::Other, ProofShows::Nothing)
    );
    if accepted && !as_asked {
        return Err(Refusal::Contradiction);
    }
    if !accepted && reason.trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let state = if accepted {
        ProofState::Accepted {
            shows: shows.clone(),
            by: turn.situation.by,
        }
    } else {
        ProofState::Rejected {
            reason: reason.clone(),
            by: turn.situation.by,
        }
    };
    if proof.state == state {
        return Err(Refusal::AlreadyDone {
            what: Thing::Proof,
            no,
        });
    }
    turn.happened(Happened::ProofJudged {
        no,
        accepted,
        shows,
        reason,
    });
    Ok(())
}

/// A person says how the records stand.
pub(crate) fn settle_check(
    turn: &mut Turn<'_>,
    check: Check,
    sound: bool,
    note: String,
) -> Result<(), Refusal> {
    if turn.case.closed.is_some() {
        return Err(Refusal::Closed);
    }
    turn.takes(Takes::Agent)?;
    if note.trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let settled = if sound {
        Checked::SettledSound
    } else {
        Checked::SettledUnsound
    };
    if turn.case.checks.get(check.place()) == Some(&settled) {
        return Err(Refusal::AlreadyDone {
            what: Thing::Check,
            no: u32::try_from(check.place()).unwrap_or(0),
        });
    }
    turn.happened(Happened::CheckSettled { check, sound, note });
    turn.end_tasks("", |todo| *todo == Todo::Verify(check));
    if !sound {
        turn.open_task(Todo::Review);
    }
    Ok(())
}

/// Ends the questions when a decision can be made, and tells what was found where no decision follows at once.
pub(crate) fn ended(turn: &mut Turn<'_>) {
    request::end_questions(turn);
    if !turn.case.updated && !approval::follows_at_once(turn) {
        turn.happened_by(Actor::System, Happened::InvestigationEnded);
    }
}
