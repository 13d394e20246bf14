// SPDX-License-Identifier: MIT OR Apache-2.0
//! Letters before there is a decision: received, questions, what was found, looked at again, closed.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::{Paragraph, Pen, Question, found, texts};
use crate::case::{ClaimKind, Wants};
use crate::event::{ClosedWhy, Todo};
use crate::facts::Asked;
use crate::input::ProofAbout;
use crate::life::{Asking, Check, Checked, DecisionState, LetterKind, Proof, ProofState};
use crate::words::Text;

/// We have your request.
pub(super) fn received(pen: &mut Pen<'_>) {
    pen.subject(texts::SUBJECT_RECEIVED, &[]);
    if let Some(due) = pen.case.order_due_at {
        pen.text(texts::THANKS, &[]);
        understood(pen);
        pen.lead(texts::ORDER_AWAITED, &[]);
        pen.hear_by(Some(due));
    } else if let Some(apart) = apart(pen) {
        pen.text(texts::THANKS, &[]);
        understood(pen);
        pen.text(apart, &[]);
    } else {
        pen.text(texts::RECEIVED, &[]);
        understood(pen);
        let steps = [texts::WE_LOOK, texts::WE_ASK_ONCE, texts::WE_ANSWER];
        let steps = steps.iter().map(|step| pen.with(*step, &[])).collect();
        pen.steps(texts::HEAD_NOW, steps);
        let due = pen.due();
        pen.hear_by(due);
    }
}

/// What is told in another letter already.
fn apart(pen: &Pen<'_>) -> Option<Text> {
    let owed = |kind: fn(LetterKind) -> bool| {
        let mut letters = pen.case.letters.iter();
        letters.any(|letter| kind(letter.kind) && !letter.dropped)
    };
    if owed(|kind| matches!(kind, LetterKind::Decision { .. })) {
        Some(texts::ANSWER_APART)
    } else if owed(|kind| matches!(kind, LetterKind::Question { .. })) {
        Some(texts::QUESTION_APART)
    } else if owed(|kind| kind == LetterKind::Update) {
        Some(texts::UPDATE_APART)
    } else {
        None
    }
}

/// What we take the customer to say, so that a mistake is seen at once.
fn understood(pen: &mut Pen<'_>) {
    let Some(claim) = pen.case.claim() else {
        return;
    };
    let says = match claim.kind {
        ClaimKind::NotStarted => texts::CLAIM_NOT_STARTED,
        ClaimKind::NotReceived => texts::CLAIM_NOT_RECEIVED,
        ClaimKind::Incomplete => texts::CLAIM_INCOMPLETE,
        ClaimKind::ChangedMind => texts::CLAIM_CHANGED_MIND,
        ClaimKind::NoBenefit => texts::CLAIM_NO_BENEFIT,
        ClaimKind::Quality => texts::CLAIM_QUALITY,
        ClaimKind::Slow => texts::CLAIM_SLOW,
        ClaimKind::Dropped => texts::CLAIM_DROPPED,
        ClaimKind::WrongTarget => texts::CLAIM_WRONG_TARGET,
        ClaimKind::Stop => texts::CLAIM_STOP,
        ClaimKind::AutoNotWorking => texts::CLAIM_AUTO,
        ClaimKind::AccountFaulty => texts::CLAIM_ACCOUNT,
        ClaimKind::Renewal => texts::CLAIM_RENEWAL,
        // There is nothing to repeat.
        ClaimKind::Other => return,
    };
    let says = says.say(pen.tongue);
    // Who wants an order stopped has said what they want.
    if claim.kind == ClaimKind::Stop && claim.wants == Wants::Refund {
        pen.text(texts::UNDERSTOOD_WISH, &[("claim", says)]);
        return;
    }
    let wants = wish(claim.kind, claim.wants).say(pen.tongue);
    pen.text(texts::UNDERSTOOD, &[("claim", says), ("wants", wants)]);
}

/// What is wished for, in words that fit what is wrong: what has not begun cannot come again.
const fn wish(kind: ClaimKind, wants: Wants) -> Text {
    match (wants, kind) {
        (Wants::Refund, _) => texts::WANTS_REFUND,
        (Wants::Exchange, _) => texts::WANTS_EXCHANGE,
        (Wants::Redelivery, ClaimKind::AccountFaulty) => texts::WANTS_ACCOUNT,
        (
            Wants::Redelivery,
            ClaimKind::NotStarted
            | ClaimKind::NotReceived
            | ClaimKind::Slow
            | ClaimKind::AutoNotWorking,
        ) => texts::WANTS_DELIVERY,
        (Wants::Redelivery, _) => texts::WANTS_REDELIVERY,
    }
}

fn asking(pen: &Pen<'_>, no: u32) -> Option<Asking> {
    let asking = pen.case.askings.iter().find(|asking| asking.no == no);
    asking.cloned()
}

fn questions(pen: &Pen<'_>, asking: &Asking) -> Vec<Question> {
    let asked = pen
        .policy()
        .map(|(policy, edition)| policy.questions(&asking.facts, edition));
    let mut questions: Vec<Question> = asked
        .unwrap_or_default()
        .into_iter()
        .filter(|question| !question.ask.is_empty())
        .map(|question| Question {
            ask: question.ask,
            why: question.why,
        })
        .collect();
    if questions.is_empty() {
        questions.push(Question {
            ask: pen.with(texts::QUESTION_OPEN, &[]),
            why: None,
        });
    }
    questions
}

/// We need something from you: all of it in one message.
pub(super) fn question(pen: &mut Pen<'_>, no: u32) {
    pen.subject(texts::SUBJECT_QUESTION, &[]);
    let Some(asking) = asking(pen, no) else {
        return;
    };
    let questions = questions(pen, &asking);
    let count = questions.len().to_string();
    let rejected = rejected(pen, &asking);
    let answered = pen.case.askings.iter().any(|earlier| {
        earlier.whom == Asked::Customer && earlier.no < no && earlier.facts != asking.facts
    });
    let intro = match (answered && rejected.is_empty(), questions.len()) {
        (false, 1) => texts::QUESTION_ONE,
        (false, _) => texts::QUESTION_MANY,
        (true, 1) => texts::QUESTION_LEFT_ONE,
        (true, _) => texts::QUESTION_LEFT_MANY,
    };
    pen.lead(intro, &[("count", &count)]);
    for reason in rejected {
        pen.text(texts::PROOF_REJECTED, &[("reason", &reason)]);
    }
    pen.paragraphs.push(Paragraph::Questions(questions));
    let day = pen.day(asking.due_at);
    pen.text(texts::HOW_TO_ANSWER, &[("day", &day)]);
    if pen
        .case
        .open_askings()
        .any(|other| other.whom != Asked::Customer)
    {
        pen.text(texts::OTHERS_LOOK, &[]);
    }
    pen.text(texts::IF_SILENT, &[]);
    let found = found::found(pen);
    pen.list(texts::HEAD_FOUND, found);
}

/// Why what was handed in before did not answer what is asked again.
fn rejected(pen: &Pen<'_>, asking: &Asking) -> Vec<String> {
    let answers = |proof: &&Proof| {
        let fact = match proof.about {
            ProofAbout::AudienceStatistics => "on_target_share",
            ProofAbout::AccountFault { .. } => "fault_shown",
            ProofAbout::Proxy { .. } => "proxy_used",
            ProofAbout::Other => return false,
        };
        proof.at <= asking.at && asking.facts.iter().any(|asked| asked == fact)
    };
    let reason = |proof: &Proof| match &proof.state {
        ProofState::Rejected { reason, .. } => Some(reason.clone()),
        ProofState::Waiting | ProofState::Accepted { .. } => None,
    };
    pen.case
        .proofs()
        .iter()
        .filter(answers)
        .filter_map(reason)
        .collect()
}

/// We still need it.
pub(super) fn reminder(pen: &mut Pen<'_>, no: u32) {
    pen.subject(texts::SUBJECT_REMINDER, &[]);
    let Some(asking) = asking(pen, no) else {
        return;
    };
    let asked_on = pen.day(asking.at);
    pen.lead(texts::REMINDER, &[("day", &asked_on)]);
    let questions = questions(pen, &asking);
    pen.paragraphs.push(Paragraph::Questions(questions));
    pen.text(texts::UNCLEAR, &[]);
    let day = pen.day(asking.due_at);
    pen.text(texts::HOW_TO_ANSWER, &[("day", &day)]);
    pen.text(texts::IF_SILENT, &[]);
}

/// What we found, and what happens next: the end of every investigation.
pub(super) fn update(pen: &mut Pen<'_>) {
    pen.subject(texts::SUBJECT_UPDATE, &[]);
    let found = found::found(pen);
    let intro = match (found.is_empty(), pen.case.appeals) {
        (true, _) => texts::UPDATE_BARE,
        (false, 0) => texts::UPDATE,
        (false, _) => texts::UPDATE_AGAIN,
    };
    pen.text(intro, &[]);
    let updates = pen.case.letters.iter();
    let again = updates.filter(|letter| letter.kind == LetterKind::Update);
    let accepted = |proof: &Proof| matches!(proof.state, ProofState::Accepted { .. });
    if again.count() > 1 && pen.case.appeals == 0 && pen.case.proofs().iter().any(accepted) {
        pen.text(texts::PROOF_ACCEPTED, &[]);
    }
    pen.list(texts::HEAD_FOUND, found);
    let doing = doing(pen);
    pen.list(texts::HEAD_NOW, doing);
    let of_customer = |asking: &Asking| asking.whom == Asked::Customer;
    if !pen.case.open_askings().any(of_customer) {
        pen.text(texts::NOTHING_TO_DO, &[]);
    }
    let due = pen.due();
    pen.hear_by(due);
}

/// What others than the customer are doing about the case.
fn doing(pen: &Pen<'_>) -> Vec<String> {
    let mut doing: Vec<Text> = Vec::new();
    for asking in pen.case.open_askings() {
        match asking.whom {
            Asked::Customer => {}
            Asked::Support => doing.push(texts::DOING_PROOF),
            Asked::TechnicalTeam => {
                doing.extend(asking.facts.iter().map(|fact| finding_out(pen, fact)))
            }
        }
    }
    for check in Check::ALL {
        if pen.case.checks.get(check.place()) == Some(&Checked::Doubtful) {
            doing.push(match check {
                Check::DeliveryLog => texts::DOING_LOG,
                Check::AccountActivity | Check::InternalRecords => texts::DOING_RECORDS,
            });
        }
    }
    let waits_for_person = pen.case.decision().is_some_and(|held| {
        matches!(
            held.state,
            DecisionState::Proposed | DecisionState::Accepted { .. }
        )
    });
    if waits_for_person || pen.case.open_tasks().any(|task| task.todo == Todo::Review) {
        doing.push(texts::DOING_DECIDE);
    }
    let mut said: Vec<String> = Vec::new();
    for text in doing {
        let text = pen.with(text, &[]);
        if !said.contains(&text) {
            said.push(text);
        }
    }
    said
}

/// What the technical team is finding out. Whether we could deliver again or faster is for us to know until it is decided; and whoever
/// wants the delivery is not told that it may be stopped.
fn finding_out(pen: &Pen<'_>, fact: &str) -> Text {
    let stop = pen
        .case
        .claim()
        .is_some_and(|claim| claim.kind == ClaimKind::Stop);
    match fact {
        "counts" => texts::DOING_COUNTS,
        "pace" => texts::DOING_PACE,
        "stop_result" if stop => texts::DOING_STOP,
        "period_fulfilled" => texts::DOING_PERIOD,
        _ => texts::DOING_OPTIONS,
    }
}

/// The customer does not agree, and a person looks again.
pub(super) fn reopened(pen: &mut Pen<'_>) {
    pen.subject(texts::SUBJECT_REOPENED, &[]);
    pen.lead(texts::REOPENED, &[]);
    pen.text(texts::REOPENED_HOW, &[]);
    let due = pen.due();
    pen.hear_by(due);
}

/// We have what you wrote after the case was decided or closed.
pub(super) fn heard(pen: &mut Pen<'_>, task: u32) {
    pen.subject(texts::SUBJECT_HEARD, &[]);
    let decided = pen.case.standing().is_some();
    pen.lead(
        if decided {
            texts::HEARD_DECIDED
        } else {
            texts::HEARD_OPEN
        },
        &[],
    );
    let task = pen.case.tasks.iter().find(|known| known.no == task);
    let due = task.map(|task| task.due_at).filter(|due| *due > pen.now);
    if let Some(due) = due {
        let day = pen.day(due);
        pen.text(texts::HEARD_BY, &[("day", &day)]);
    }
    // What the bank decides is not for us to look at again.
    if decided && pen.case.disputed.is_none() {
        pen.text(
            if pen.case.appeals == 0 {
                texts::HEARD_APPEAL
            } else {
                texts::FINAL
            },
            &[],
        );
    }
}

/// Closed without a decision.
pub(super) fn closed(pen: &mut Pen<'_>) {
    pen.subject(texts::SUBJECT_CLOSED, &[]);
    let (lead, more) = match pen.case.closed {
        Some(ClosedWhy::Unanswered) => (texts::CLOSED_UNANSWERED, texts::CLOSED_AGAIN),
        Some(ClosedWhy::OrderNotFound) => (texts::CLOSED_NO_ORDER, texts::CLOSED_NUMBER),
        Some(ClosedWhy::Merged) => (texts::CLOSED_MERGED, texts::CLOSED_MERGED_HOW),
        Some(ClosedWhy::ByPerson | ClosedWhy::Settled) | None => {
            (texts::CLOSED_BY_PERSON, texts::CLOSED_ASK)
        }
    };
    pen.lead(lead, &[]);
    pen.text(more, &[]);
}
