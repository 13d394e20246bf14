// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a case stands, for its customer: one sentence with the amount and the day, what happens next, and four steps.

use std::time::Duration;

use makegood_desk::amount::Amount;
use makegood_desk::case::Instant;
use makegood_desk::event::{ClosedWhy, Granted};
use makegood_desk::facts::Asked;
use makegood_desk::life::{Case, DecisionHeld, DecisionState, RefundState, Stage};
use makegood_desk::remedy::Outcome;

use crate::web::portal::say::{Fill, Say};

/// What sort of news it is, for how it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// We work on it.
    Wait,
    /// The customer is asked.
    Ask,
    /// Money, or what was wished for.
    Good,
    /// A no, or something that did not work.
    Bad,
}

impl Kind {
    /// Its word, as the stylesheet has it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Ask => "ask",
            Self::Good => "good",
            Self::Bad => "bad",
        }
    }
}

/// A step on the way.
pub struct Step {
    /// What it is called.
    pub name: String,
    /// `done`, `now` or `next`.
    pub state: &'static str,
    /// That, in words, for those who do not see it.
    pub said: String,
    /// When it was done.
    pub when: Option<String>,
}

/// How a case stands.
pub struct State {
    /// What sort of news it is.
    pub kind: Kind,
    /// The sentence.
    pub sentence: String,
    /// What happens next.
    pub note: String,
    /// The steps.
    pub steps: Vec<Step>,
}

/// How a case stands, where customers hear from a person within so long.
#[must_use]
pub fn of(say: &Say, case: &Case, answer: Duration) -> State {
    let hours = usize::try_from(answer.as_secs().div_euclid(3_600)).unwrap_or(usize::MAX);
    let (kind, sentence, note) = news(say, case, hours);
    State {
        kind,
        sentence,
        note,
        steps: steps(say, case),
    }
}

fn news(say: &Say, case: &Case, hours: usize) -> (Kind, String, String) {
    let soon = || say.with("note-soon", &[("hours", Fill::Count(hours))]);
    if case.disputed.is_some() {
        return (Kind::Wait, say.t("state-disputed"), say.t("note-disputed"));
    }
    match case.stage() {
        Stage::WaitingForOrder => {
            let sentence = say.one("state-order", "order", &case.order);
            (Kind::Wait, sentence, say.t("note-order"))
        }
        Stage::Investigating => (Kind::Wait, say.t("state-checking"), soon()),
        Stage::WaitingForCustomer => asked(say, case),
        Stage::ReadyToDecide | Stage::WaitingForApproval => {
            (Kind::Wait, say.t("state-deciding"), soon())
        }
        Stage::Parked => (Kind::Wait, say.t("state-parked"), soon()),
        Stage::Remedying => decided(say, case),
        Stage::Closed => closed(say, case),
    }
}

fn asked(say: &Say, case: &Case) -> (Kind, String, String) {
    let open: Vec<_> = case
        .open_askings()
        .filter(|asking| asking.whom == Asked::Customer)
        .collect();
    let count = open.iter().map(|asking| asking.facts.len()).sum();
    let until = open.iter().map(|asking| asking.due_at).min();
    let day = until.map_or(String::new(), |at| say.day(at));
    let fills = [("count", Fill::Count(count)), ("day", Fill::Words(&day))];
    (
        Kind::Ask,
        say.with("state-asked", &fills),
        say.t("note-asked"),
    )
}

fn closed(say: &Say, case: &Case) -> (Kind, String, String) {
    match case.closed {
        Some(ClosedWhy::Unanswered) => (Kind::Bad, say.t("state-unanswered"), say.t("note-again")),
        Some(ClosedWhy::OrderNotFound) => {
            let sentence = say.one("state-no-order", "order", &case.order);
            (Kind::Bad, sentence, say.t("note-no-order"))
        }
        Some(ClosedWhy::ByPerson) if case.standing().is_none() => {
            (Kind::Wait, say.t("state-ended"), say.t("note-again"))
        }
        Some(ClosedWhy::Merged) => (Kind::Wait, say.t("state-merged"), say.t("note-merged")),
        _ => decided(say, case),
    }
}

/// When the decision began to stand.
fn stood_at(held: &DecisionHeld) -> Instant {
    match held.state {
        DecisionState::Standing { at, .. } => at,
        _ => held.at,
    }
}

fn decided(say: &Say, case: &Case) -> (Kind, String, String) {
    let Some(held) = case.standing() else {
        return (Kind::Wait, say.t("state-checking"), String::new());
    };
    let on = say.day(stood_at(held));
    if let Some(news) = money(say, case, held, &on) {
        return news;
    }
    let credit = held
        .proposal
        .remedies
        .iter()
        .find_map(|granted| match granted {
            Granted::Credit { amount } | Granted::Exchange { amount, .. } => Some(*amount),
            _ => None,
        });
    if let Some(amount) = credit {
        let sentence = with_amount(say, "state-credit", amount, &on);
        return (Kind::Good, sentence, say.t("note-credit"));
    }
    let day = [("day", Fill::Words(on.as_str()))];
    match held.proposal.outcome {
        Outcome::SupportResolution => {
            let (sentence, note) = match case.closed {
                Some(_) => ("state-put-right", "note-put-right"),
                None => ("state-putting-right", "note-putting-right"),
            };
            (Kind::Good, say.with(sentence, &day), say.t(note))
        }
        Outcome::Contest | Outcome::Concede => {
            (Kind::Wait, say.t("state-disputed"), say.t("note-disputed"))
        }
        _ => (
            Kind::Bad,
            say.with("state-declined", &day),
            say.t("note-declined"),
        ),
    }
}

fn with_amount(say: &Say, id: &str, amount: Amount, day: &str) -> String {
    let amount = say.money(amount);
    say.with(
        id,
        &[("amount", Fill::Words(&amount)), ("day", Fill::Words(day))],
    )
}

/// The news of a refund, if one was granted.
fn money(say: &Say, case: &Case, held: &DecisionHeld, on: &str) -> Option<(Kind, String, String)> {
    let own = || {
        case.refunds
            .iter()
            .filter(|refund| refund.decision == held.proposal.no)
    };
    let granted: Vec<Amount> = held
        .proposal
        .remedies
        .iter()
        .filter_map(|granted| match granted {
            Granted::Refund { amount, .. } => Some(*amount),
            _ => None,
        })
        .collect();
    let first = granted.first()?;
    let total = granted.iter().map(|amount| amount.minor()).sum();
    let total = Amount::new(total, first.currency());
    if own().any(|refund| {
        matches!(
            refund.state,
            RefundState::Pending {
                requires_action: true
            }
        )
    }) {
        let sentence = with_amount(say, "state-action", total, on);
        return Some((Kind::Ask, sentence, say.t("note-action")));
    }
    if own().any(|refund| matches!(refund.state, RefundState::Failed { .. }))
        && !own().any(|refund| refund.binds())
    {
        let sentence = with_amount(say, "state-failed", total, on);
        return Some((Kind::Bad, sentence, say.t("note-failed")));
    }
    let paid = own().filter_map(|refund| match refund.state {
        RefundState::Succeeded { at } => Some(at),
        _ => None,
    });
    let open = own().any(|refund| refund.binds() && !refund.is_over());
    match paid.max() {
        Some(at) if !open => {
            let sentence = with_amount(say, "state-paid", total, &say.day(at));
            Some((Kind::Good, sentence, say.t("note-paid")))
        }
        _ => {
            let sentence = with_amount(say, "state-approved", total, on);
            Some((Kind::Good, sentence, say.t("note-approved")))
        }
    }
}

fn steps(say: &Say, case: &Case) -> Vec<Step> {
    let decided = case.standing();
    let proposed = case.decision().is_some();
    let over = case.closed.is_some();
    let pays = decided.is_some_and(|held| {
        let mut remedies = held.proposal.remedies.iter();
        remedies.any(|granted| matches!(granted, Granted::Refund { .. }))
    });
    let checked_at = case.decision().map(|held| held.at);
    let paid_at = case.refunds.iter().filter_map(|refund| match refund.state {
        RefundState::Succeeded { at } => Some(at),
        _ => None,
    });
    let ended_at = paid_at.max().or(over.then_some(case.changed_at));
    let last = if pays { "step-paid" } else { "step-done" };
    let all = [
        ("step-received", true, Some(case.opened_at)),
        ("step-checked", proposed, checked_at),
        ("step-decided", decided.is_some(), decided.map(stood_at)),
        (last, over && decided.is_some(), ended_at),
    ];
    let current = all.iter().position(|(_, done, _)| !done).filter(|_| !over);
    let steps = all.into_iter().enumerate();
    steps
        .map(|(place, (name, done, at))| {
            let state = match done {
                true => "done",
                false if current == Some(place) => "now",
                false => "next",
            };
            Step {
                name: say.t(name),
                state,
                said: say.t(match state {
                    "done" => "step-is-done",
                    "now" => "step-is-now",
                    _ => "step-is-next",
                }),
                when: at.filter(|_| done).map(|at| say.short_day(at)),
            }
        })
        .collect()
}
