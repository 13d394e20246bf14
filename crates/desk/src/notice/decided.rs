// SPDX-License-Identifier: MIT OR Apache-2.0
//! The letter that tells a decision: what, why, by which clause, worked out how, and what happens now.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use makegood_policy::rule::{RuleId, Then};

use super::{Figure, Paragraph, Pen, found, texts};
use crate::amount::Amount;
use crate::approval::granted;
use crate::case::{CaseFile, ClaimKind, Wants};
use crate::decision::{Decision, Rulebook, Workspace};
use crate::event::{Granted, Origin, Proposal};
use crate::life::{Case, DecisionHeld, Finding, Refund};
use crate::records::Records;
use crate::remedy::{Measure, Outcome};
use crate::words::{Text, version_words};
use crate::working::{Step, working};

/// What we decided.
pub(super) fn decision(pen: &mut Pen<'_>, no: u32, judged: Option<&CaseFile<'_>>) {
    pen.subject(texts::SUBJECT_DECISION, &[]);
    let held = pen
        .case
        .decisions
        .iter()
        .find(|held| held.proposal.no == no)
        .cloned();
    let Some(held) = held else {
        return;
    };
    let why = why(pen, &held, judged).unwrap_or_default();
    subject(pen, &held.proposal);
    let intro = if pen.case.appeals > 0 {
        texts::DECISION_AGAIN
    } else {
        texts::DECISION
    };
    pen.text(intro, &[]);
    lead(pen, &held.proposal, &why);
    reason(pen, &held.proposal, &why);
    quote(pen, &held.proposal);
    figures(pen, why.steps);
    let found = found::found(pen);
    pen.list(texts::HEAD_FOUND, found);
    let next = next(pen, &held.proposal);
    pen.steps(texts::HEAD_NOW, next);
    appeal(pen);
}

/// Why it was decided so, as it was when it was decided.
#[derive(Default)]
struct Why {
    because: String,
    steps: Vec<Step>,
    /// What was paid for that of which a part goes back.
    whole: Option<Amount>,
}

fn why(pen: &Pen<'_>, held: &DecisionHeld, judged: Option<&CaseFile<'_>>) -> Option<Why> {
    let rulebook = pen.rulebook?;
    if !held.proposal.origin.is_policy() {
        return None;
    }
    if let Some(file) = judged {
        return why_of(pen, rulebook, file, &held.proposal);
    }
    // The books as they were, as far as they can tell: without what this decision itself promised since.
    let books = before(pen.records, pen.case, held.proposal.no);
    let file = books.case_file(pen.case, held.at)?.ok()?;
    why_of(pen, rulebook, &file, &held.proposal)
}

fn before(records: &Records, case: &Case, decision: u32) -> Records {
    let mut before = records.clone();
    for promised in case.refunds.iter().filter(|own| own.decision == decision) {
        let own = before.refunds.iter().position(|known| {
            known.at == promised.reserved_at
                && known.amount == promised.amount
                && known.units == promised.units
        });
        if let Some(place) = own {
            before.refunds.remove(place);
        }
    }
    before
}

/// Nothing where the file would be decided otherwise: a letter never explains another decision than it tells.
fn why_of(pen: &Pen<'_>, rulebook: &Rulebook, file: &CaseFile<'_>, told: &Proposal) -> Option<Why> {
    let decision = rulebook.decide(&mut Workspace::default(), file);
    let rule = decision.rule?;
    let (policy, edition) = pen.policy()?;
    let remedies: Vec<Granted> = decision.result.remedies().map(granted).collect();
    let same = match told.origin {
        Origin::Bounded { of } => remedies
            .iter()
            .any(|remedy| matches!(remedy, Granted::Refund { amount, .. } if *amount == of)),
        Origin::Policy | Origin::Person { .. } => told.remedies == remedies,
    };
    if told.rule.as_ref() != Some(&policy.rule(rule).name) || !same {
        return None;
    }
    let mut because = policy.because(edition, rule, &decision.row);
    if told.outcome == Outcome::Declined && grants_money(rulebook, rule) {
        // The rule would pay, but nothing is left to pay: its reason alone would promise what does not come.
        because.push(' ');
        because.push_str(texts::COMES_TO_NOTHING.say(pen.tongue));
    }
    Some(Why {
        because,
        steps: working(rulebook, file, &decision, pen.tongue),
        whole: whole(rulebook, &decision),
    })
}

fn grants_money(rulebook: &Rulebook, rule: RuleId) -> bool {
    match &rulebook.policy().rule(rule).then {
        Then::Effect(effect) => effect
            .remedies
            .iter()
            .any(|remedy| matches!(remedy.kind.as_str(), "refund" | "exchange")),
        Then::JudgeAgain { .. } => false,
    }
}

fn whole(rulebook: &Rulebook, decision: &Decision<'_>) -> Option<Amount> {
    let (measure, _): (Measure, _) = rulebook.measured(decision)?;
    Some(measure.whole(&decision.facts.observed))
}

fn subject(pen: &mut Pen<'_>, proposal: &Proposal) {
    for remedy in &proposal.remedies {
        match remedy {
            Granted::Refund { amount, .. } => {
                let amount = pen.amount(*amount);
                return pen.subject(texts::SUBJECT_REFUND, &[("amount", &amount)]);
            }
            Granted::Credit { amount } => {
                let amount = pen.amount(*amount);
                return pen.subject(texts::SUBJECT_CREDIT, &[("amount", &amount)]);
            }
            Granted::Exchange { amount, .. } => {
                let amount = pen.amount(*amount);
                return pen.subject(texts::SUBJECT_EXCHANGE, &[("amount", &amount)]);
            }
            Granted::Redeliver { units } => {
                let units = pen.units(*units);
                return pen.subject(texts::SUBJECT_REDELIVER, &[("units", &units)]);
            }
            Granted::ReplaceAccount { .. } => return pen.subject(texts::SUBJECT_REPLACE, &[]),
            _ => {}
        }
    }
}

fn lead(pen: &mut Pen<'_>, proposal: &Proposal, why: &Why) {
    let mut said: Vec<String> = Vec::new();
    if proposal.outcome == Outcome::Declined {
        said.push(pen.with(no(pen), &[]));
    }
    for remedy in &proposal.remedies {
        said.extend(promise(pen, proposal, remedy, why));
    }
    if !said.is_empty() {
        pen.paragraphs.push(Paragraph::Lead(said.join(" ")));
    }
}

/// What is declined is what was asked for.
fn no(pen: &Pen<'_>) -> Text {
    let Some(claim) = pen.case.claim() else {
        return texts::LEAD_NO_REFUND;
    };
    let not_due = |finding: &Finding| matches!(finding, Finding::StartNotDue { .. });
    let of_delivery = matches!(
        claim.kind,
        ClaimKind::NotStarted
            | ClaimKind::NotReceived
            | ClaimKind::Incomplete
            | ClaimKind::Slow
            | ClaimKind::AutoNotWorking
    );
    match (claim.kind, claim.wants) {
        _ if of_delivery && pen.case.findings.iter().any(not_due) => texts::LEAD_WAIT,
        (ClaimKind::AccountFaulty, Wants::Redelivery) => texts::LEAD_NO_ACCOUNT,
        (_, Wants::Redelivery) => texts::LEAD_NO_REDELIVERY,
        (_, Wants::Exchange) => texts::LEAD_NO_EXCHANGE,
        (_, Wants::Refund) => texts::LEAD_NO_REFUND,
    }
}

fn promise(pen: &Pen<'_>, proposal: &Proposal, remedy: &Granted, why: &Why) -> Option<String> {
    let money = |text: Text, amount: &Amount| pen.with(text, &[("amount", &pen.amount(*amount))]);
    Some(match remedy {
        Granted::Refund { amount, .. } => {
            let price = pen.records.order.as_ref().map(|record| record.order.price);
            let renewal = pen
                .case
                .claim()
                .is_some_and(|claim| claim.kind == ClaimKind::Renewal);
            let is_bounded = matches!(proposal.origin, Origin::Bounded { .. });
            match (proposal.outcome, why.whole.or(price)) {
                (Outcome::Refund, _) if renewal => money(texts::LEAD_RENEWAL, amount),
                (Outcome::Refund, _) => money(texts::LEAD_WHOLE, amount),
                // What is left may be less than that because less was paid.
                (_, Some(whole)) if !is_bounded && amount.minor() < whole.minor() => {
                    let (amount, whole) = (pen.amount(*amount), pen.amount(whole));
                    pen.with(
                        texts::LEAD_PARTIAL,
                        &[("amount", &amount), ("whole", &whole)],
                    )
                }
                _ => money(texts::LEAD_SOME, amount),
            }
        }
        Granted::Exchange { amount, .. } => money(texts::LEAD_EXCHANGE, amount),
        Granted::Credit { amount } => money(texts::LEAD_CREDIT, amount),
        Granted::Redeliver { units } => {
            pen.with(texts::LEAD_REDELIVER, &[("units", &pen.units(*units))])
        }
        Granted::ReplaceAccount { account } => {
            pen.with(texts::LEAD_REPLACE, &[("account", account)])
        }
        Granted::Expedite => {
            let waits = |finding: &Finding| {
                matches!(
                    finding,
                    Finding::StartOverdue { .. } | Finding::StartNotDue { .. }
                )
            };
            let text = if pen.case.findings.iter().any(waits) {
                texts::LEAD_FRONT
            } else {
                texts::LEAD_FASTER
            };
            pen.with(text, &[])
        }
        Granted::StartManually => pen.with(texts::LEAD_START, &[]),
        Granted::Restart => pen.with(texts::LEAD_RESTART, &[]),
        Granted::CancelSubscription => pen.with(texts::LEAD_CANCEL, &[]),
        Granted::AcceptDispute { .. } => pen.with(texts::LEAD_CONCEDE, &[]),
        Granted::SubmitEvidence { .. } => pen.with(texts::LEAD_CONTEST, &[]),
        // A note to ourselves.
        Granted::FlagFriendlyFraud => return None,
    })
}

fn reason(pen: &mut Pen<'_>, proposal: &Proposal, why: &Why) {
    match &proposal.origin {
        Origin::Person { reason } => {
            let reason = sentence(reason);
            pen.text(texts::BY_PERSON, &[("reason", &reason)]);
        }
        Origin::Policy | Origin::Bounded { .. } => {
            if !why.because.is_empty() {
                pen.paragraphs.push(Paragraph::Text(why.because.clone()));
            }
        }
    }
    if let Origin::Bounded { of } = &proposal.origin {
        let of = pen.amount(*of);
        pen.text(texts::BOUNDED, &[("amount", &of)]);
    }
}

/// A person's words as a sentence.
fn sentence(words: &str) -> String {
    let words = words.trim();
    if words.ends_with(['.', '!', '?']) {
        words.to_owned()
    } else {
        format!("{words}.")
    }
}

fn quote(pen: &mut Pen<'_>, proposal: &Proposal) {
    let (Some((policy, edition)), Some(clause)) = (pen.policy(), &proposal.clause) else {
        return;
    };
    let rule = proposal
        .rule
        .as_deref()
        .and_then(|rule| policy.rule_named(rule));
    let words = match rule {
        Some(rule) => alloc::vec![policy.quote(edition, rule)],
        None => policy.clause_text(edition, clause).unwrap_or_default(),
    };
    if words.iter().all(String::is_empty) {
        return;
    }
    let version = version_words(pen.tongue, &proposal.version);
    let source = pen.with(
        texts::QUOTE,
        &[
            ("clause", clause),
            ("page", &edition.title),
            ("version", &version),
        ],
    );
    pen.paragraphs.push(Paragraph::Quote {
        clause: clause.clone(),
        source,
        words,
    });
}

fn figures(pen: &mut Pen<'_>, steps: Vec<Step>) {
    // The same number again is no working.
    if steps.iter().all(|step| {
        steps
            .first()
            .is_some_and(|first| first.figure == step.figure)
    }) {
        return;
    }
    pen.heading(texts::HEAD_WORKING);
    let figure = |step: Step| Figure {
        label: if step.how.is_empty() {
            step.what
        } else {
            format!("{}: {}", step.what, step.how)
        },
        figure: step.figure,
        result: step.result,
    };
    let figures = steps.into_iter().map(figure).collect();
    pen.paragraphs.push(Paragraph::Figures(figures));
}

/// What happens now.
fn next(pen: &Pen<'_>, proposal: &Proposal) -> Vec<String> {
    let cancels = proposal.remedies.contains(&Granted::CancelSubscription);
    let mut steps: Vec<String> = Vec::new();
    for remedy in &proposal.remedies {
        let text = match remedy {
            Granted::Refund { amount, .. } => {
                if cancels {
                    steps.push(pen.with(texts::CANCEL_FIRST, &[]));
                }
                refund(pen, proposal.no, *amount, &mut steps);
                continue;
            }
            Granted::Exchange { .. } => texts::NOW_EXCHANGE,
            Granted::Credit { .. } => texts::NOW_CREDIT,
            Granted::Redeliver { .. } => texts::NOW_REDELIVER,
            Granted::ReplaceAccount { .. } => texts::NOW_REPLACE,
            Granted::Expedite | Granted::StartManually | Granted::Restart => texts::NOW_TOLD,
            Granted::CancelSubscription if steps.is_empty() && !pays(proposal) => texts::NOW_CANCEL,
            Granted::AcceptDispute { .. } => texts::NOW_CONCEDE,
            Granted::SubmitEvidence { .. } => texts::NOW_CONTEST,
            Granted::CancelSubscription | Granted::FlagFriendlyFraud => continue,
        };
        steps.push(pen.with(text, &[]));
    }
    steps
}

fn pays(proposal: &Proposal) -> bool {
    proposal
        .remedies
        .iter()
        .any(|remedy| matches!(remedy, Granted::Refund { .. }))
}

/// The way of the money: over which payments, when it is confirmed, when it can be seen.
fn refund(pen: &Pen<'_>, decision: u32, amount: Amount, steps: &mut Vec<String>) {
    let parts: Vec<&Refund> = pen
        .case
        .refunds
        .iter()
        .filter(|refund| refund.decision == decision)
        .collect();
    let promised = parts
        .iter()
        .fold(0, |sum: u64, part| sum.saturating_add(part.amount.minor()));
    match parts.as_slice() {
        // Nothing can go back the way it came: the rest below is all of it.
        [] => {}
        [one] => {
            let amount = pen.amount(one.amount);
            steps.push(pen.with(texts::SEND_ONE, &[("amount", &amount)]));
        }
        many => {
            let parts: Vec<String> = many.iter().map(|part| part_of(pen, part)).collect();
            let parts = pen.joined(&parts);
            steps.push(pen.with(texts::SEND_MANY, &[("parts", &parts)]));
        }
    }
    if promised < amount.minor() {
        let rest = Amount::new(amount.minor().saturating_sub(promised), amount.currency());
        steps.push(pen.with(texts::SEND_REST, &[("amount", &pen.amount(rest))]));
    }
    if !parts.is_empty() {
        let confirmed = if parts.len() > 1 {
            texts::CONFIRMED_LATER_MANY
        } else {
            texts::CONFIRMED_LATER
        };
        steps.push(pen.with(confirmed, &[]));
        steps.push(pen.with(texts::BANK_TIME, &[]));
    }
}

fn part_of(pen: &Pen<'_>, part: &Refund) -> String {
    let payment = pen
        .records
        .payments
        .iter()
        .find(|record| record.payment.id == part.payment);
    let amount = pen.amount(part.amount);
    match payment {
        Some(record) => {
            let day = pen.day(record.payment.at);
            pen.with(texts::SEND_PART, &[("amount", &amount), ("day", &day)])
        }
        None => pen.with(texts::SEND_PART_UNDATED, &[("amount", &amount)]),
    }
}

/// How to have it looked at again, once. What the bank decides is not for us to look at again.
fn appeal(pen: &mut Pen<'_>) {
    if pen.case.disputed.is_some() {
        return;
    }
    if pen.case.appeals == 0 {
        pen.heading(texts::HEAD_APPEAL);
        pen.text(texts::APPEAL, &[]);
    } else {
        pen.text(texts::FINAL, &[]);
    }
}
