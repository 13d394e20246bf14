// SPDX-License-Identifier: MIT OR Apache-2.0
//! Events as the interface shows them: a kind, who, when, and what exactly. No words of a customer are in them, only hashes.

use makegood_desk::case::Instant;
use makegood_desk::event::{Event, Happened};
use makegood_desk::input::Digest;
use makegood_desk::life::ClaimHeld;
use makegood_desk::record;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::case::{
    ActorOut, about, actor, answer_value, cancel_word, checks, closed_word, deed_word, ended_word,
    finding, proposal, route_word, shows, whom,
};
use super::{Money, file_name, moment, name, unix};
use crate::books::effects::{check_word, team_of, todo_word};
use crate::books::seal::hex;
use crate::wire::Word as _;

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventOut {
    /// `event`.
    #[schema(example = "event")]
    pub object: &'static str,
    /// Its id: its place in the audit log; nothing in the moment before it is sealed there.
    pub id: Option<String>,
    /// When, in seconds since 1970.
    pub created: i64,
    /// The same exactly.
    pub created_at: String,
    /// What kind of thing happened.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The case; nothing where it happened to the books and to no case.
    pub case: Option<String>,
    /// Which event of the case it is, from 1.
    pub position: u64,
    /// By whom.
    pub by: ActorOut,
    /// What exactly; the fields are those of its kind.
    #[schema(value_type = Object)]
    pub data: Value,
}

impl EventOut {
    /// An event of a case, with its place in the audit log.
    #[must_use]
    pub fn of(
        case: makegood_desk::input::Id,
        position: u64,
        leaf: Option<u64>,
        event: &Event,
    ) -> Self {
        Self {
            object: "event",
            id: leaf.map(|leaf| format!("evt_{leaf}")),
            created: unix(event.at),
            created_at: moment(event.at),
            kind: record::kind(&event.what),
            case: (!event.what.is_of_the_books()).then(|| name("case", case)),
            position,
            by: actor(event.by),
            data: data(&event.what, event.at),
        }
    }
}

fn text(digest: &Option<Digest>) -> Option<String> {
    digest.map(|digest| format!("txt_{}", hex(&digest.0)))
}

fn files(digests: &[Digest]) -> Vec<String> {
    digests.iter().map(|digest| file_name(*digest)).collect()
}

fn claim(claim: &ClaimHeld) -> Value {
    json!({
        "kind": claim.kind.word(), "at": moment(claim.at), "wants": claim.wants.word(),
        "account": claim.account, "payment": claim.payment,
    })
}

/// What exactly happened.
#[must_use]
pub fn data(what: &Happened, at: Instant) -> Value {
    match what {
        Happened::Opened {
            number,
            order,
            customer,
            language,
            door,
            claim: held,
            message,
            attachments,
        } => json!({
            "number": number, "order": order, "customer": customer.map(|id| name("cus", id)), "language": language.code(),
            "channel": door.word(), "claim": claim(held), "message": text(message), "attachments": files(attachments),
        }),
        Happened::Joined {
            door,
            message,
            attachments,
            wants,
        } => json!({
            "channel": door.word(), "message": text(message), "attachments": files(attachments), "wants": wants.map(|w| w.word()),
        }),
        Happened::OrderAwaited { due_at } => json!({"due_at": moment(*due_at)}),
        Happened::OrderFound { customer } => {
            json!({"customer": customer.map(|id| name("cus", id))})
        }
        Happened::Investigated {
            checks: held,
            findings,
        } => {
            json!({"checks": checks(held), "findings": findings.iter().map(finding).collect::<Vec<_>>()})
        }
        Happened::CheckSettled { check, sound, note } => {
            json!({"check": check_word(*check), "sound": sound, "note": note})
        }
        Happened::Asked {
            no,
            whom: asked,
            facts,
            due_at,
        } => json!({"no": no, "whom": whom(*asked), "facts": facts, "due_at": moment(*due_at)}),
        Happened::Reminded { no } => json!({"no": no}),
        Happened::AskingEnded { no, how } => json!({"no": no, "ended": ended_word(*how)}),
        Happened::Answered { answer } => {
            json!({"fact": answer.fact(), "value": answer_value(answer)})
        }
        Happened::ProofHandedIn {
            no,
            about: subject,
            attachment,
        } => {
            let (word, account) = about(subject);
            json!({"no": no, "about": word, "account": account, "attachment": file_name(*attachment)})
        }
        Happened::ProofJudged {
            no,
            accepted,
            shows: shown,
            reason,
        } => json!({"no": no, "accepted": accepted, "shows": shows(shown), "reason": reason}),
        Happened::Proposed(held) => json!(proposal(held, at)),
        Happened::Withdrawn { decision } | Happened::Approved { decision } => {
            json!({"decision": decision})
        }
        Happened::Accepted {
            decision,
            second_person,
        } => json!({"decision": decision, "second_person": second_person}),
        Happened::NotApproved { decision, reason } => {
            json!({"decision": decision, "reason": reason})
        }
        Happened::CreditGranted {
            decision,
            amount,
            exchange,
        } => json!({"decision": decision, "amount": Money::from(*amount), "exchange": exchange}),
        Happened::CreditExchanged {
            credit,
            order,
            service,
        } => json!({"credit": credit, "new_order": order, "new_service": service}),
        Happened::CreditWithdrawn { credit } => json!({"credit": credit}),
        Happened::TaskOpened { no, task, due_at } => {
            json!({"no": no, "what": todo_word(task), "team": team_of(task), "due_at": moment(*due_at)})
        }
        Happened::TaskEnded { no, note } => json!({"no": no, "note": note}),
        Happened::DisputeSeen { dispute } => json!({"dispute": dispute}),
        Happened::Appealed { door, message } => {
            json!({"channel": door.word(), "message": text(message)})
        }
        Happened::ProviderRefundSeen {
            provider,
            refund,
            order,
            amount,
            status,
        } => json!({
            "provider": provider,
            "provider_refund": refund,
            "order": order,
            "amount": Money::from(*amount),
            "status": status,
        }),
        Happened::ProviderRefundMoved {
            provider,
            refund,
            status,
        } => json!({"provider": provider, "provider_refund": refund, "status": status}),
        Happened::ProviderRefundMatched {
            provider,
            refund,
            order,
        } => json!({"provider": provider, "provider_refund": refund, "order": order}),
        Happened::BreachOpened {
            kind,
            provider,
            subject,
            order,
        } => {
            json!({"kind": kind, "provider": provider, "subject": subject, "order": order})
        }
        Happened::BreachClosed {
            kind,
            provider,
            subject,
            note,
        } => json!({"kind": kind, "provider": provider, "subject": subject, "note": note}),
        Happened::Replied { no, text } => {
            json!({"no": no, "text": format!("txt_{}", hex(&text.0))})
        }
        Happened::LetterHanded { no, text } => json!({"no": no, "text": hex(&text.0)}),
        Happened::Closed { why, reason } => json!({"why": closed_word(*why), "reason": reason}),
        Happened::Parked { why } => json!({"why": why}),
        Happened::InvestigationEnded
        | Happened::DisputeGone
        | Happened::Reopened
        | Happened::Unparked => json!({}),
        other => money_or_command(other),
    }
}

/// What happened to a refund or a command.
fn money_or_command(what: &Happened) -> Value {
    match what {
        Happened::RefundReserved {
            no,
            decision,
            payment,
            provider,
            provider_payment,
            amount,
            units,
            not_before,
            after_command,
            ..
        } => json!({
            "no": no, "decision": decision, "payment": payment, "provider": provider, "provider_payment": provider_payment,
            "amount": Money::from(*amount), "units": units, "not_before": moment(*not_before), "after_command": after_command,
        }),
        Happened::RefundCancelled { no, why } => json!({"no": no, "why": cancel_word(*why)}),
        Happened::RefundSending { no, try_no } | Happened::CommandSending { no, try_no } => {
            json!({"no": no, "try": try_no})
        }
        Happened::RefundUnknown { no, again_at, .. } => {
            json!({"no": no, "again_at": moment(*again_at)})
        }
        Happened::RefundAbsent { no } | Happened::CommandCancelled { no } => json!({"no": no}),
        Happened::RefundPending {
            no,
            provider_refund,
            requires_action,
            again_at,
        } => json!({
            "no": no, "provider_refund": provider_refund, "requires_action": requires_action, "again_at": moment(*again_at),
        }),
        Happened::RefundSucceeded {
            no,
            provider_refund,
        } => json!({"no": no, "provider_refund": provider_refund}),
        Happened::RefundFailed { no, words, late } => {
            json!({"no": no, "words": words, "late": late})
        }
        Happened::RefundStuck { no, due_at } => json!({"no": no, "due_at": moment(*due_at)}),
        Happened::CommandGiven {
            no,
            decision,
            deed,
            units,
            subject,
            route,
            due_at,
            ..
        } => json!({
            "no": no, "decision": decision, "kind": deed_word(*deed), "units": units, "subject": subject,
            "route": route_word(*route), "due_at": moment(*due_at),
        }),
        Happened::CommandWaiting {
            no,
            accepted,
            again_at,
            ..
        } => {
            json!({"no": no, "accepted": accepted, "again_at": moment(*again_at)})
        }
        Happened::CommandDone { no, note } => json!({"no": no, "note": note}),
        Happened::CommandRefused { no, why } => json!({"no": no, "why": why}),
        _ => json!({}),
    }
}
