// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decisions as JSON, in the form of the contract.

use makegood_desk::amount::Currency;
use makegood_desk::case::CaseFile;
use makegood_desk::decision::{Decision, Rulebook};
use makegood_desk::facts::Asked;
use makegood_desk::remedy::{Outcome, Remedy};
use serde::Serialize;

use crate::reasons::Reasons;

/// A decision as it is written.
#[derive(Serialize)]
pub struct Answer<'a> {
    order: &'a str,
    policy: PolicyName<'a>,
    outcome: &'static str,
    clause: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    remedies: Vec<RemedyOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<RemedyOut<'a>>,
    missing: Vec<MissingOut<'a>>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    reasons: Option<ReasonsOut<'a>>,
}

#[derive(Serialize)]
struct PolicyName<'a> {
    id: &'a str,
    version: &'a str,
    digest: &'a str,
}

#[derive(Serialize)]
struct Money {
    amount: u64,
    currency: Code,
}

struct Code(Currency);

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.code())
    }
}

#[derive(Serialize)]
struct RemedyOut<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dispute: Option<&'a str>,
}

#[derive(Serialize)]
struct MissingOut<'a> {
    fact: &'a str,
    ask: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

#[derive(Serialize)]
struct ReasonsOut<'a> {
    facts: &'a serde_json::Map<String, serde_json::Value>,
    because: &'a str,
    quote: &'a str,
    sufficient: &'a [crate::reasons::Held],
    working: &'a [String],
    would_change: &'a [crate::reasons::Change],
}

/// The word for an outcome.
#[must_use]
pub fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Refund => "refund",
        Outcome::PartialRefund => "partial_refund",
        Outcome::SupportResolution => "support_resolution",
        Outcome::Declined => "declined",
        Outcome::NeedsInformation => "needs_information",
        Outcome::Review => "review",
        Outcome::Contest => "contest",
        Outcome::Concede => "concede",
    }
}

/// The word for who is asked.
#[must_use]
pub fn asked_word(asked: Asked) -> &'static str {
    match asked {
        Asked::Customer => "customer",
        Asked::Support => "support",
        Asked::TechnicalTeam => "technical_team",
    }
}

fn remedy_out<'a>(remedy: &Remedy<'a>) -> RemedyOut<'a> {
    let mut out = RemedyOut {
        kind: "",
        units: None,
        amount: None,
        account: None,
        dispute: None,
    };
    match remedy {
        Remedy::Refund(worth) | Remedy::Exchange(worth) => {
            out.kind = if matches!(remedy, Remedy::Refund(_)) {
                "refund"
            } else {
                "exchange"
            };
            out.units = Some(worth.units);
            out.amount = Some(Money {
                amount: worth.amount.minor(),
                currency: Code(worth.amount.currency()),
            });
        }
        Remedy::Redeliver { units } => {
            out.kind = "redeliver";
            out.units = Some(*units);
        }
        Remedy::ReplaceAccount { account } => {
            out.kind = "replace_account";
            out.units = Some(1);
            out.account = Some(account);
        }
        Remedy::Expedite => out.kind = "expedite",
        Remedy::StartManually => out.kind = "start_manually",
        Remedy::Restart => out.kind = "restart",
        Remedy::CancelSubscription => out.kind = "cancel_subscription",
        Remedy::AcceptDispute { dispute } => {
            out.kind = "accept_dispute";
            out.dispute = Some(dispute);
        }
        Remedy::SubmitEvidence { dispute } => {
            out.kind = "submit_evidence";
            out.dispute = Some(dispute);
        }
        Remedy::FlagFriendlyFraud => out.kind = "flag_friendly_fraud",
    }
    out
}

impl<'a> Answer<'a> {
    /// Puts a decision into the contract's form; with reasons where they are given.
    #[must_use]
    pub fn new(
        rulebook: &'a Rulebook,
        case: &'a CaseFile<'a>,
        decision: &'a Decision<'a>,
        reasons: Option<&'a Reasons>,
    ) -> Self {
        let policy = rulebook.policy();
        let rule = decision.rule.map(|rule| policy.rule(rule));
        let question = |name: &str| {
            reasons.and_then(|reasons| {
                reasons
                    .questions
                    .iter()
                    .find(|question| question.name == name)
            })
        };
        let missing = |missing: &'a makegood_desk::decision::Missing| MissingOut {
            fact: &missing.name,
            ask: asked_word(missing.ask),
            question: question(&missing.name).map(|question| question.ask.as_str()),
            why: question(&missing.name).and_then(|question| question.why.as_deref()),
        };
        Self {
            order: &case.order.number,
            policy: PolicyName {
                id: &policy.name,
                version: &policy.version,
                digest: &policy.digest,
            },
            outcome: outcome_word(decision.result.outcome),
            clause: rule.map(|rule| rule.clause.as_str()),
            rule: rule.map(|rule| rule.name.as_str()),
            remedies: decision
                .result
                .remedies()
                .map(|remedy| remedy_out(remedy))
                .collect(),
            suggestions: decision
                .suggestions
                .iter()
                .map(|remedy| remedy_out(remedy))
                .collect(),
            missing: decision.missing.iter().map(missing).collect(),
            reasons: reasons.map(|reasons| ReasonsOut {
                facts: &reasons.facts,
                because: &reasons.because,
                quote: &reasons.quote,
                sufficient: &reasons.sufficient,
                working: &reasons.working,
                would_change: &reasons.would_change,
            }),
        }
    }
}
