// SPDX-License-Identifier: MIT OR Apache-2.0
//! From proposal to decision: what the policy says, what needs no person, who may accept, and who must approve.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::amount::{Amount, Currency};
use crate::case::{CaseFile, CaseProblem};
use crate::decision::Decision;
use crate::event::{CancelWhy, Granted, Happened, Origin, Paper, Proposal, Todo};
use crate::facts::{Asked, Facts};
use crate::handle::Turn;
use crate::input::{Actor, Digest, Limits, Override, Situation};
use crate::life::{Case, Check, CommandState, DecisionState, RefundState, money_of, next};
use crate::record;
use crate::refusal::{Refusal, Takes, Thing};
use crate::remedy::{Outcome, Remedy};
use crate::vocabulary::Word;
use crate::{granting, investigation};

/// What the policy says of a case now.
pub(crate) struct Judged {
    pub(crate) proposal: Proposal,
    pub(crate) missing: Vec<(String, Asked)>,
}

/// Puts the case before the policy.
///
/// `None` while the order or its policy is unknown.
pub(crate) fn judge(turn: &mut Turn<'_>) -> Option<Result<Judged, CaseProblem>> {
    let situation = turn.situation;
    let rulebook = situation.rulebook?;
    let file = match situation.records.case_file(&turn.case, situation.now)? {
        Ok(file) => file,
        Err(problem) => return Some(Err(problem)),
    };
    let decision = rulebook.decide(turn.room, &file);
    let policy = rulebook.policy();
    let rule = decision.rule.map(|rule| policy.rule(rule));
    let mut remedies: Vec<Granted> = decision.result.remedies().map(granted).collect();
    let mut suggestions: Vec<Granted> = decision.suggestions.iter().map(granted).collect();
    let mut outcome = decision.result.outcome;
    let origin = match bounded(turn, &mut remedies) {
        None => Origin::Policy,
        Some(of) => {
            if remedies.iter().any(is_refund) {
                outcome = Outcome::PartialRefund;
            } else if money_of(&remedies).is_none() {
                // Nothing is left to pay: what else could be done is for a person to say.
                outcome = Outcome::Review;
                suggestions.append(&mut remedies);
            }
            Origin::Bounded { of }
        }
    };
    let automatic =
        origin == Origin::Policy && is_automatic(&turn.case, situation, outcome, &remedies);
    let missing = decision
        .missing
        .iter()
        .map(|missing| (missing.name.clone(), missing.ask))
        .collect();
    let proposal = Proposal {
        no: next(turn.case.decisions.len()),
        origin,
        policy: policy.name.clone(),
        version: policy.version.clone(),
        policy_digest: policy.digest.clone(),
        outcome,
        clause: rule.map(|rule| rule.clause.clone()),
        rule: rule.map(|rule| rule.name.clone()),
        suggestions,
        facts: facts_digest(&decision),
        paper: paper(&file),
        automatic,
        remedies,
    };
    Some(Ok(Judged { proposal, missing }))
}

const fn is_refund(remedy: &Granted) -> bool {
    matches!(remedy, Granted::Refund { .. })
}

/// Bounds a refund or an exchange by what the payments bear, and tells what it was; nothing where they bear it.
///
/// The rest is paid in no other way: it was never captured, or it went back already.
// INVARIANT (never more refunded than captured).
fn bounded(turn: &Turn<'_>, remedies: &mut Vec<Granted>) -> Option<Amount> {
    let bears = granting::bears(turn);
    // What is exchanged stands on no payment, and is not worth more than what is left either.
    let left = turn.situation.records.left().map_or(0, |left| left.minor());
    let mut of = None;
    for remedy in remedies.iter_mut() {
        let (amount, most) = match remedy {
            Granted::Refund { amount, .. } => (amount, bears),
            Granted::Exchange { amount, .. } => (amount, left),
            _ => continue,
        };
        if amount.minor() > most {
            of = Some(*amount);
            *amount = Amount::new(most, amount.currency());
        }
    }
    remedies.retain(|remedy| {
        !remedy
            .money()
            .is_some_and(|amount| of.is_some() && amount.is_zero())
    });
    of
}

fn paper(file: &CaseFile<'_>) -> Paper {
    let bytes = record::case_file(file);
    Paper {
        digest: Digest(Sha256::digest(&bytes).into()),
        bytes,
    }
}

/// The facts that a decision rests on, as one number: two decisions with the same rest on the same.
fn facts_digest(decision: &Decision<'_>) -> Digest {
    struct Into(Sha256);
    impl core::fmt::Write for Into {
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            self.0.update(text.as_bytes());
            Ok(())
        }
    }
    let mut into = Into(Sha256::new());
    let facts: &Facts = &decision.facts;
    for (name, word) in Word::ALL {
        let said = match word.said(facts) {
            crate::vocabulary::Said::Known(value, _) => Ok(value),
            crate::vocabulary::Said::Unknown(asked) => Err(asked),
        };
        // Hashing cannot fail.
        let _ = write!(into, "{name}={said:?};");
    }
    if let Some(units) = facts.units() {
        let _ = write!(into, "{units:?}");
    }
    Digest(into.0.finalize().into())
}

/// A remedy in words that outlive the case file.
pub(crate) fn granted(remedy: &Remedy<'_>) -> Granted {
    match *remedy {
        Remedy::Refund(worth) => Granted::Refund {
            amount: worth.amount,
            units: worth.units,
        },
        Remedy::Exchange(worth) => Granted::Exchange {
            amount: worth.amount,
            units: worth.units,
        },
        Remedy::Redeliver { units } => Granted::Redeliver { units },
        Remedy::ReplaceAccount { account } => Granted::ReplaceAccount {
            account: account.to_owned(),
        },
        Remedy::Expedite => Granted::Expedite,
        Remedy::StartManually => Granted::StartManually,
        Remedy::Restart => Granted::Restart,
        Remedy::CancelSubscription => Granted::CancelSubscription,
        Remedy::AcceptDispute { dispute } => Granted::AcceptDispute {
            dispute: dispute.to_owned(),
        },
        Remedy::SubmitEvidence { dispute } => Granted::SubmitEvidence {
            dispute: dispute.to_owned(),
        },
        Remedy::FlagFriendlyFraud => Granted::FlagFriendlyFraud,
    }
}

/// Three letters as a key of limits.
pub(crate) fn code(currency: Currency) -> [u8; 3] {
    <[u8; 3]>::try_from(currency.code().as_bytes()).unwrap_or(*b"XXX")
}

fn at_most(table: &alloc::collections::BTreeMap<[u8; 3], u64>, amount: Amount) -> bool {
    table
        .get(&code(amount.currency()))
        .is_some_and(|most| amount.minor() <= *most)
}

/// Whether a second person has to approve.
fn takes_two(limits: &Limits, remedies: &[Granted]) -> bool {
    money_of(remedies).is_some_and(|money| {
        let above = limits
            .second_person_above_minor
            .get(&code(money.currency()));
        above.is_some_and(|above| money.minor() > *above)
    })
}

/// Whether the merchant's limits let this go without a person.
fn is_automatic(
    case: &Case,
    situation: &Situation<'_>,
    outcome: Outcome,
    remedies: &[Granted],
) -> bool {
    let limits = situation.limits;
    if !limits.automatic_outcomes.contains(&outcome) || outcome == Outcome::Review {
        return false;
    }
    // Whoever does not accept a decision, or that a person closed the case, is heard by a person.
    if case.appeals > 0
        || case.closed_reason.is_some()
        || situation.records.frozen
        || case.disputed.is_some()
    {
        return false;
    }
    match money_of(remedies) {
        None => true,
        Some(money) => {
            at_most(&limits.automatic_minor_max, money)
                && situation.records.history.refunds_recent < limits.automatic_repeats_max
                && !takes_two(limits, remedies)
                && within_totals(situation, money).is_ok()
        }
    }
}

/// Whether the day's totals bear so much more.
fn within_totals(situation: &Situation<'_>, money: Amount) -> Result<(), Refusal> {
    let (limits, brakes) = (situation.limits, situation.brakes);
    let key = code(money.currency());
    let beyond = |so_far: u64, most: u64| so_far.saturating_add(money.minor()) > most;
    if let Some(most) = limits.day_minor_max.get(&key)
        && beyond(brakes.day_minor, *most)
    {
        let most = Amount::new(*most, money.currency());
        return Err(Refusal::DayTotalReached { most });
    }
    if let Some(most) = limits.person_day_minor_max.get(&key)
        && situation.by.person().is_some()
        && beyond(brakes.person_day_minor, *most)
    {
        let most = Amount::new(*most, money.currency());
        return Err(Refusal::PersonTotalReached { most });
    }
    Ok(())
}

/// Whether everything is verified that must be before money is decided.
// INVARIANT (no refund decision before the records are verified).
pub(crate) fn verified(case: &Case) -> Result<(), Refusal> {
    for check in Check::ALL {
        let held = case.checks.get(check.place());
        if !held.is_some_and(|checked| checked.is_verified()) {
            return Err(Refusal::NotVerified { check });
        }
    }
    Ok(())
}

/// Whether the decision that is proposed now will be accepted in this same turn.
pub(crate) fn follows_at_once(turn: &Turn<'_>) -> bool {
    turn.case
        .decision()
        .is_some_and(|held| held.proposal.automatic && verified(&turn.case).is_ok())
}

/// Proposes what the policy says, asks for what is missing, and accepts what needs no person.
pub(crate) fn decide(turn: &mut Turn<'_>) {
    let held = turn.case.decision().map(|held| held.state);
    let judged = match judge(turn) {
        Some(Ok(judged)) => judged,
        Some(Err(_)) | None => {
            // A person sees the records as they are, with what is wrong in them.
            turn.open_task(Todo::Review);
            return;
        }
    };
    if !judged.missing.is_empty() {
        if let Some(DecisionState::Proposed) = held {
            let decision = turn.case.decision().map_or(0, |held| held.proposal.no);
            withdraw(turn, decision);
        }
        investigation::ask(turn, &judged.missing);
        return;
    }
    let same = matches!(held, Some(DecisionState::Proposed))
        && turn
            .case
            .decision()
            .is_some_and(|held| same(&held.proposal, &judged.proposal));
    if !same {
        turn.happened_by(Actor::System, Happened::Proposed(judged.proposal));
    }
    investigation::ended(turn);
    if follows_at_once(turn) {
        let decision = turn.case.decision().map_or(0, |held| held.proposal.no);
        stand(turn, Actor::System, decision);
        return;
    }
    let review = turn
        .case
        .decision()
        .is_some_and(|held| held.proposal.outcome == Outcome::Review);
    let todo = if review { Todo::Review } else { Todo::Accept };
    turn.end_tasks("", |open| {
        matches!(open, Todo::Accept | Todo::Review) && *open != todo
    });
    turn.open_task(todo);
}

/// A decision does not hold any more: nobody is asked to accept, approve or carry it out, and what was not begun is called off.
///
/// What is on its way stays on its way.
pub(crate) fn withdraw(turn: &mut Turn<'_>, decision: u32) {
    turn.happened_by(Actor::System, Happened::Withdrawn { decision });
    let promised: Vec<u32> = turn
        .case
        .refunds
        .iter()
        .filter(|refund| refund.decision == decision && refund.state == RefundState::Reserved)
        .map(|refund| refund.no)
        .collect();
    for no in promised {
        // Only a chargeback undoes a decision that promised money.
        let why = CancelWhy::Disputed;
        turn.happened_by(Actor::System, Happened::RefundCancelled { no, why });
    }
    granting::withdraw_credits(turn, |of| of == decision);
    let given: Vec<u32> = turn
        .case
        .commands
        .iter()
        .filter(|command| command.decision == decision && command.state == CommandState::Given)
        .map(|command| command.no)
        .collect();
    for no in given {
        turn.happened_by(Actor::System, Happened::CommandCancelled { no });
        turn.end_tasks("", |todo| *todo == Todo::Command(no));
    }
    // What could not be done for it is decided anew with everything else.
    turn.end_tasks("", |todo| {
        matches!(
            todo,
            Todo::Accept
                | Todo::Approve
                | Todo::Review
                | Todo::Exchange
                | Todo::RefundFailed(_)
                | Todo::CommandRefused(_)
                | Todo::Dispute(_)
        )
    });
}

/// Whether what the policy says now is not what somebody accepted.
fn is_outdated(accepted: &Proposal, fresh: &Judged) -> bool {
    let now = &fresh.proposal;
    let unchanged = now.outcome == accepted.outcome
        && now.rule == accepted.rule
        && now.remedies == accepted.remedies
        && now.facts == accepted.facts;
    !unchanged || !fresh.missing.is_empty()
}

/// Refuses what rests on facts that have changed. A person's own decision rests on the person.
fn is_fresh(turn: &mut Turn<'_>, proposal: &Proposal) -> Result<(), Refusal> {
    let fresh = match judge(turn) {
        None => return Err(Refusal::NoPolicy),
        Some(Err(problem)) => return Err(Refusal::RecordsBroken { problem }),
        Some(Ok(fresh)) => fresh,
    };
    if proposal.origin.is_policy() && is_outdated(proposal, &fresh) {
        let decision = proposal.no;
        return Err(Refusal::Stale { decision });
    }
    Ok(())
}

/// Withdraws what waits for a second person where facts have changed since the first accepted it.
pub(crate) fn withdraw_outdated(turn: &mut Turn<'_>) {
    let held = turn.case.decision().cloned();
    let Some(held) = held.filter(|held| matches!(held.state, DecisionState::Accepted { .. }))
    else {
        return;
    };
    if matches!(is_fresh(turn, &held.proposal), Err(Refusal::Stale { .. })) {
        withdraw(turn, held.proposal.no);
    }
}

/// Whether two proposals say the same of the same facts.
fn same(one: &Proposal, other: &Proposal) -> bool {
    one.origin == other.origin
        && one.outcome == other.outcome
        && one.rule == other.rule
        && one.remedies == other.remedies
        && one.facts == other.facts
        && one.automatic == other.automatic
}

/// An agent accepts what is proposed.
pub(crate) fn accept(
    turn: &mut Turn<'_>,
    decision: u32,
    remainder_minor: Option<u64>,
) -> Result<(), Refusal> {
    let held = turn
        .case
        .decisions
        .iter()
        .find(|held| held.proposal.no == decision);
    let held = held.cloned().ok_or(Refusal::NoSuch {
        what: Thing::Decision,
        no: decision,
    })?;
    if turn.case.closed.is_some() && matches!(held.state, DecisionState::Proposed) {
        return Err(Refusal::Closed);
    }
    turn.takes(Takes::Agent)?;
    match held.state {
        DecisionState::Proposed => {}
        DecisionState::Accepted { .. } | DecisionState::Standing { .. } => {
            return Err(Refusal::AlreadyDone {
                what: Thing::Decision,
                no: decision,
            });
        }
        DecisionState::Replaced => return Err(Refusal::Stale { decision }),
    }
    may_be_decided(turn, &held.proposal)?;
    is_fresh(turn, &held.proposal)?;
    may_be_paid(turn, &held.proposal.remedies, remainder_minor)?;
    if held.proposal.outcome == Outcome::Review {
        return Err(Refusal::Contradiction);
    }
    accepted(turn, decision, &held.proposal.remedies);
    Ok(())
}

/// What must be so before anything is decided.
fn may_be_decided(turn: &Turn<'_>, proposal: &Proposal) -> Result<(), Refusal> {
    let records = turn.situation.records;
    if records.order.is_none() {
        return Err(Refusal::OrderUnknown);
    }
    if turn.situation.rulebook.is_none() {
        return Err(Refusal::NoPolicy);
    }
    let pays = money_of(&proposal.remedies).is_some();
    if pays {
        // INVARIANT (no refund while a chargeback is open).
        if let Some(open) = records.open_dispute(None) {
            return Err(Refusal::DisputeOpen {
                dispute: open.dispute.id.clone().into_owned(),
            });
        }
        if records.frozen {
            return Err(Refusal::OrderFrozen);
        }
    }
    Ok(())
}

/// What must be so before money is promised.
fn may_be_paid(
    turn: &mut Turn<'_>,
    remedies: &[Granted],
    remainder_minor: Option<u64>,
) -> Result<(), Refusal> {
    let left = remainder(turn.situation);
    if let (Some(seen_minor), Some(left)) = (remainder_minor, left)
        && seen_minor != left.minor()
    {
        return Err(Refusal::StaleRemainder { seen_minor, left });
    }
    let refund = remedies.iter().find_map(|remedy| match remedy {
        Granted::Refund { amount, .. } => Some(*amount),
        _ => None,
    });
    if let Some(money) = money_of(remedies) {
        // The records may have changed since somebody looked.
        investigation::review(turn);
        verified(&turn.case)?;
        within_totals(turn.situation, money)?;
    }
    if let Some(refund) = refund {
        let left = Amount::new(granting::bears(turn), refund.currency());
        if refund.minor() > left.minor() {
            return Err(Refusal::MoreThanLeft { left });
        }
    }
    Ok(())
}

/// What can still go back to the customer of what was paid for the order; nothing while the order is unknown.
#[must_use]
pub fn remainder(situation: &Situation<'_>) -> Option<Amount> {
    situation.records.left()
}

fn accepted(turn: &mut Turn<'_>, decision: u32, remedies: &[Granted]) {
    if takes_two(turn.situation.limits, remedies) {
        turn.happened(Happened::Accepted {
            decision,
            second_person: true,
        });
        turn.end_tasks("", |todo| matches!(todo, Todo::Accept | Todo::Review));
        turn.open_task(Todo::Approve);
    } else {
        stand(turn, turn.situation.by, decision);
    }
}

/// The decision stands: it is told, and carried out.
fn stand(turn: &mut Turn<'_>, by: Actor, decision: u32) {
    turn.happened_by(
        by,
        Happened::Accepted {
            decision,
            second_person: false,
        },
    );
    turn.end_tasks("", |todo| matches!(todo, Todo::Accept | Todo::Review));
    granting::carry_out(turn, decision);
}

/// A second person approves, or not.
pub(crate) fn approve(
    turn: &mut Turn<'_>,
    decision: u32,
    approved: bool,
    reason: String,
) -> Result<(), Refusal> {
    let held = turn
        .case
        .decisions
        .iter()
        .find(|held| held.proposal.no == decision);
    let held = held.cloned().ok_or(Refusal::NoSuch {
        what: Thing::Decision,
        no: decision,
    })?;
    if turn.case.closed.is_some() && !matches!(held.state, DecisionState::Standing { .. }) {
        return Err(Refusal::Closed);
    }
    turn.takes(Takes::Agent)
        .or_else(|_| turn.takes(Takes::Finance))?;
    let accepted_by = match held.state {
        DecisionState::Accepted { by } => by,
        DecisionState::Standing { .. } => {
            return Err(Refusal::AlreadyDone {
                what: Thing::Decision,
                no: decision,
            });
        }
        DecisionState::Proposed => return Err(Refusal::NothingProposed),
        DecisionState::Replaced => return Err(Refusal::Stale { decision }),
    };
    // INVARIANT (never the same person twice).
    if accepted_by.person() == turn.situation.by.person() {
        return Err(Refusal::SamePerson);
    }
    if !approved {
        if reason.trim().is_empty() {
            return Err(Refusal::ReasonMissing);
        }
        turn.happened(Happened::NotApproved { decision, reason });
        turn.end_tasks("", |todo| *todo == Todo::Approve);
        return Ok(());
    }
    may_be_decided(turn, &held.proposal)?;
    is_fresh(turn, &held.proposal)?;
    may_be_paid(turn, &held.proposal.remedies, None)?;
    turn.happened(Happened::Approved { decision });
    turn.end_tasks("", |todo| *todo == Todo::Approve);
    granting::carry_out(turn, decision);
    Ok(())
}

/// An agent decides otherwise, with a reason and a clause.
pub(crate) fn override_with(turn: &mut Turn<'_>, instead: Override) -> Result<(), Refusal> {
    if turn.case.closed.is_some() {
        return Err(Refusal::Closed);
    }
    turn.takes(Takes::Agent)?;
    if matches!(
        turn.case.decision().map(|held| held.state),
        Some(DecisionState::Standing { .. } | DecisionState::Accepted { .. })
    ) {
        let no = turn.case.decision().map_or(0, |held| held.proposal.no);
        return Err(Refusal::AlreadyDone {
            what: Thing::Decision,
            no,
        });
    }
    let proposal = proposal_of(turn, &instead)?;
    may_be_decided(turn, &proposal)?;
    may_be_paid(turn, &proposal.remedies, None)?;
    let (no, remedies) = (proposal.no, proposal.remedies.clone());
    turn.happened(Happened::Proposed(proposal));
    crate::request::end_questions(turn);
    accepted(turn, no, &remedies);
    Ok(())
}

/// A person's decision in the form of a proposal, checked for sense.
fn proposal_of(turn: &Turn<'_>, instead: &Override) -> Result<Proposal, Refusal> {
    let situation = turn.situation;
    let Some(order) = situation.records.order.as_ref() else {
        return Err(Refusal::OrderUnknown);
    };
    let Some(rulebook) = situation.rulebook else {
        return Err(Refusal::NoPolicy);
    };
    let file = match situation.records.case_file(&turn.case, situation.now) {
        None => return Err(Refusal::OrderUnknown),
        Some(Err(problem)) => return Err(Refusal::RecordsBroken { problem }),
        Some(Ok(file)) => file,
    };
    let policy = rulebook.policy();
    let known = policy
        .source()
        .clauses
        .iter()
        .any(|clause| clause.id == instead.clause);
    if !known {
        return Err(Refusal::NoSuchClause {
            clause: instead.clause.clone(),
        });
    }
    if instead.reason.trim().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let price = order.order.price;
    let remedies = remedies_of(instead);
    for money in remedies.iter().filter_map(Granted::money) {
        if money.currency() != price.currency() {
            return Err(Refusal::OtherCurrency {
                order: price.currency(),
                found: money.currency(),
            });
        }
    }
    makes_sense(instead, &remedies, price)?;
    Ok(Proposal {
        no: next(turn.case.decisions.len()),
        origin: Origin::Person {
            reason: instead.reason.clone(),
        },
        policy: policy.name.clone(),
        version: policy.version.clone(),
        policy_digest: policy.digest.clone(),
        outcome: instead.outcome,
        clause: Some(instead.clause.clone()),
        rule: None,
        remedies,
        suggestions: Vec::new(),
        facts: Digest::default(),
        paper: paper(&file),
        automatic: false,
    })
}

fn remedies_of(instead: &Override) -> Vec<Granted> {
    let mut remedies = Vec::new();
    if let Some((amount, units)) = instead.refund {
        remedies.push(Granted::Refund { amount, units });
    }
    if let Some(amount) = instead.credit {
        remedies.push(Granted::Credit { amount });
    }
    if instead.redeliver_units > 0 {
        remedies.push(Granted::Redeliver {
            units: instead.redeliver_units,
        });
    }
    if instead.cancel_subscription {
        remedies.push(Granted::CancelSubscription);
    }
    remedies
}

/// Whether outcome and remedies belong together.
fn makes_sense(instead: &Override, remedies: &[Granted], price: Amount) -> Result<(), Refusal> {
    let refund = instead.refund.map(|(amount, _)| amount);
    let sensible = match instead.outcome {
        Outcome::Refund => refund == Some(price),
        Outcome::PartialRefund => {
            refund.is_some_and(|amount| !amount.is_zero() && amount.minor() < price.minor())
        }
        Outcome::SupportResolution => refund.is_none() && !remedies.is_empty(),
        Outcome::Declined => {
            refund.is_none() && instead.credit.is_none() && instead.redeliver_units == 0
        }
        Outcome::NeedsInformation | Outcome::Review | Outcome::Contest | Outcome::Concede => false,
    };
    let credit_is_something = instead.credit.is_none_or(|amount| !amount.is_zero());
    if sensible && credit_is_something {
        Ok(())
    } else {
        Err(Refusal::Contradiction)
    }
}
