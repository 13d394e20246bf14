// SPDX-License-Identifier: MIT OR Apache-2.0
//! A case as the interface shows it.

use makegood_desk::amount::Amount;
use makegood_desk::event::{CancelWhy, ClosedWhy, Granted, Origin, Proposal, Route};
use makegood_desk::execution::Deed;
use makegood_desk::facts::Asked;
use makegood_desk::input::{Actor, Answer, Id, ProofAbout, ProofShows};
use makegood_desk::life::{
    Asking, Case, Check, Checked, Command, CommandState, Credit, CreditState, DecisionHeld,
    DecisionState, Finding, Letter, Proof, ProofState, Refund, RefundState, Stage, Task,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{Money, file_name, moment, name, part, unix};
use crate::answer::{asked_word, outcome_word};
use crate::books::effects::{check_word, role, team_of, todo_word};
use crate::books::seal::hex;
use crate::post::letter_word;
use crate::web::told::Raw;
use crate::wire::Word as _;

/// A case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Case)]
pub struct CaseOut {
    /// `case`.
    #[schema(example = "case")]
    pub object: &'static str,
    /// Its id.
    #[schema(pattern = "^case_[0-9a-f]{32}$")]
    pub id: String,
    /// The number that people call it by.
    pub number: u64,
    /// When it was opened, in seconds since 1970.
    pub created: i64,
    /// The same exactly.
    pub created_at: String,
    /// When something last happened.
    pub changed_at: String,
    /// How many events it has seen.
    pub version: u64,
    /// The order number that the customer named.
    pub order: String,
    /// Where it is.
    #[schema(value_type = StageWord)]
    pub stage: &'static str,
    /// What is claimed.
    pub claim: ClaimOut,
    /// The customer's language.
    pub language: &'static str,
    /// By which way it came first.
    pub channel: Option<&'static str>,
    /// The customer, if known.
    pub customer: Option<String>,
    /// Why it is closed, if it is: `settled`, `unanswered`, `order_not_found`, `by_person`, `merged`.
    pub closed: Option<&'static str>,
    /// The reason of the person who closed it last, if one did; it stays when the case is opened again.
    pub closed_reason: Option<String>,
    /// Why it is parked, if it is.
    pub parked: Option<String>,
    /// The chargeback that is open.
    pub dispute: Option<String>,
    /// How often it was appealed.
    pub appeals: u32,
    /// The unknown order is awaited until then.
    pub order_due_at: Option<String>,
    /// How the checks of the records stand. No money is decided before all are sound.
    pub checks: Vec<CheckOut>,
    /// What the review of the records found: `finding` names it, the rest are its figures.
    pub findings: Vec<FindingOut>,
    /// What was handed in to prove something.
    pub proofs: Vec<ProofOut>,
    /// Who is asked what.
    pub questions: Vec<QuestionOut>,
    /// What was answered.
    pub answers: Vec<AnswerOut>,
    /// Decisions, oldest first; the last one counts.
    pub decisions: Vec<DecisionOut>,
    /// Refunds.
    pub refunds: Vec<RefundOut>,
    /// What fulfilment, the technical team or the provider does.
    pub commands: Vec<CommandOut>,
    /// Store credit.
    pub credits: Vec<CreditOut>,
    /// What people have to do.
    pub tasks: Vec<TaskOut>,
    /// Letters to the customer.
    pub letters: Vec<LetterOut>,
    /// What the customer wrote and sent; texts are read at their own address.
    pub messages: Vec<MessageOut>,
    /// What the merchant's people wrote to the customer; each is a letter, where its text is read.
    pub replies: Vec<ReplyOut>,
}

/// Stages by their words.
#[derive(ToSchema)]
#[schema(as = Stage, rename_all = "snake_case")]
pub enum StageWord {
    /// The order is not known.
    WaitingForOrder,
    /// The records are being reviewed, or somebody other than the customer is asked.
    Investigating,
    /// The customer is asked.
    WaitingForCustomer,
    /// A decision waits for a person.
    ReadyToDecide,
    /// A decision waits for a second person.
    WaitingForApproval,
    /// What was decided is being done.
    Remedying,
    /// Nothing more is to be done.
    Closed,
    /// A person looks at what broke.
    Parked,
}

/// What is claimed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Claim)]
pub struct ClaimOut {
    /// What is wrong.
    pub kind: &'static str,
    /// When it was claimed.
    pub at: String,
    /// What is wished for.
    pub wants: &'static str,
    /// The account it is about.
    pub account: Option<String>,
    /// The payment it is about.
    pub payment: Option<String>,
}

/// A check of the records.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseCheck)]
pub struct CheckOut {
    /// Which.
    pub check: &'static str,
    /// `not_yet`, `sound`, `doubtful`, `settled_sound`, `settled_unsound`.
    pub state: &'static str,
}

/// Something that the review found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FindingOut {
    /// What.
    pub finding: &'static str,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Map<String, Value>,
}

/// A proof.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Proof)]
pub struct ProofOut {
    /// Its number in the case.
    pub no: u32,
    /// About what: `audience_statistics`, `account_fault`, `proxy`, `other`.
    pub about: &'static str,
    /// About which account.
    pub account: Option<String>,
    /// The file.
    pub attachment: String,
    /// When.
    pub at: String,
    /// `waiting`, `accepted`, `rejected`.
    pub state: &'static str,
    /// What it shows.
    pub shows: Option<Value>,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// Who looked at it.
    pub judged_by: Option<ActorOut>,
}

/// A question to somebody.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Question)]
pub struct QuestionOut {
    /// Its id.
    pub id: String,
    /// Its number in the case.
    pub no: u32,
    /// Who is asked: `customer`, `support`, `technical_team`.
    pub whom: &'static str,
    /// What for.
    pub facts: Vec<FactOut>,
    /// When it was asked.
    pub at: String,
    /// Until when.
    pub due_at: String,
    /// How many reminders were sent.
    pub reminders: u32,
    /// How it ended, if it did: `answered`, `not_needed`, `unanswered`.
    pub ended: Option<&'static str>,
}

/// A fact that is asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AskedFact)]
pub struct FactOut {
    /// Its name.
    pub fact: String,
    /// The question in the words of the policy; left out where the policy is not looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// Why it is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// An answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FactAnswer)]
pub struct AnswerOut {
    /// The fact.
    pub fact: &'static str,
    /// What was answered.
    pub value: Value,
    /// By whom.
    pub by: ActorOut,
    /// When.
    pub at: String,
}

/// Who did something.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Actor)]
pub struct ActorOut {
    /// `system`, `customer`, `shop`, `agent`, `technical`, `finance`, `owner`, `provider`, `connector`.
    pub role: &'static str,
    /// Which person, if it was one of the merchant's.
    pub person: Option<String>,
}

/// A decision.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decision)]
pub struct DecisionOut {
    /// Its number in the case.
    pub no: u32,
    /// `proposed`, `accepted` (waits for a second person), `standing`, `replaced`.
    pub state: &'static str,
    /// When it was proposed.
    pub at: String,
    /// `policy`, or `person` for an override.
    pub origin: &'static str,
    /// Why a person departed from the policy.
    pub reason: Option<String>,
    /// The policy.
    pub policy: PolicyName,
    /// What comes of the case.
    pub outcome: &'static str,
    /// The clause that says so.
    pub clause: Option<String>,
    /// The rule that says so.
    pub rule: Option<String>,
    /// What is granted.
    pub remedies: Vec<RemedyOut>,
    /// What a person may choose from.
    pub suggestions: Vec<RemedyOut>,
    /// Whether it needs no person.
    pub automatic: bool,
    /// Who accepted it.
    pub accepted_by: Option<ActorOut>,
    /// Who approved it.
    pub approved_by: Option<ActorOut>,
    /// The hash of the case file that was judged.
    pub case_file: String,
    /// The policy's decision with its reasons, in the form of `POST /v1/decide`; only where a single case is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub reasons: Option<Raw>,
}

/// A policy by name, version and the digest of its rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyName {
    /// Its name.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The digest of its rules.
    pub digest: String,
}

/// What is granted: as the contract writes a remedy.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Remedy)]
pub struct RemedyOut {
    /// What.
    pub kind: &'static str,
    /// For how many units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<u64>,
    /// How much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Which account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Which dispute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispute: Option<String>,
}

/// A refund.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
pub struct RefundOut {
    /// `refund`.
    #[schema(example = "refund")]
    pub object: &'static str,
    /// Its id.
    #[schema(pattern = "^rf_[0-9a-f]{32}_[1-9][0-9]*$")]
    pub id: String,
    /// Its case.
    pub case: String,
    /// Its number in the case.
    pub no: u32,
    /// When it was promised, in seconds since 1970.
    pub created: i64,
    /// The same exactly.
    pub created_at: String,
    /// Minor units.
    pub amount: u64,
    /// The currency.
    pub currency: String,
    /// For how many units.
    pub units: u64,
    /// `reserved`, `sending`, `unknown`, `pending`, `succeeded`, `failed`, `cancelled`.
    pub status: &'static str,
    /// Whether the customer has to do something before it goes on.
    pub requires_action: bool,
    /// Why it failed or was called back.
    pub failure_reason: Option<String>,
    /// The decision that it carries out.
    pub decision: u32,
    /// The payment.
    pub payment: String,
    /// The payment provider.
    pub provider: String,
    /// The provider's name for the payment.
    pub provider_payment: String,
    /// The provider's name for the refund.
    pub provider_refund: Option<String>,
    /// It is not sent before: until then it can be called back.
    pub not_before: Option<String>,
    /// How often it was sent.
    pub tries: Option<u32>,
    /// Whether a person was asked what became of it.
    pub stuck: Option<bool>,
}

/// Something that is done about the order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Command)]
pub struct CommandOut {
    /// Its id.
    pub id: String,
    /// Its number in the case.
    pub no: u32,
    /// What: `redeliver`, `expedite`, `stop`, `start`, `restart`, `replace`, `cancel_subscription`.
    pub kind: &'static str,
    /// How many units.
    pub units: u64,
    /// Which account or subscription.
    pub subject: Option<String>,
    /// Who does it: `connector`, `team`, `provider`.
    pub route: &'static str,
    /// Until when.
    pub due_at: String,
    /// `given`, `sending`, `waiting`, `done`, `refused`, `cancelled`.
    pub status: &'static str,
    /// What was said when it ended.
    pub note: Option<String>,
    /// The decision that it carries out; 0 where the desk wants to know a fact.
    pub decision: u32,
}

/// Store credit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Credit)]
pub struct CreditOut {
    /// Its number.
    pub no: u32,
    /// The decision that granted it.
    pub decision: u32,
    /// `granted`, `exchanged` or `withdrawn`; what is spent of it at the shop is not known here.
    pub status: &'static str,
    /// Whether something else is to be chosen for it.
    pub exchange: bool,
    /// Of an exchange that was made: the new order.
    pub new_order: Option<String>,
    /// And the service that it is of.
    pub new_service: Option<String>,
    /// Since when.
    pub granted_at: String,
    /// Minor units.
    pub amount: u64,
    /// The currency.
    pub currency: String,
}

/// Something that a person has to do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseTask)]
pub struct TaskOut {
    /// Its id.
    pub id: String,
    /// Its number in the case.
    pub no: u32,
    /// What, with the number or name that it is about.
    pub what: String,
    /// Whose it is: `support`, `technical_team`, `finance`.
    pub team: &'static str,
    /// Since when.
    pub at: String,
    /// Until when.
    pub due_at: String,
    /// Whether it is done.
    pub done: bool,
}

/// A letter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseLetter)]
pub struct LetterOut {
    /// Its id.
    pub id: String,
    /// Its number in the case.
    pub no: u32,
    /// What it says.
    pub kind: &'static str,
    /// Since when it is owed.
    pub at: String,
    /// Whether it was handed over.
    pub sent: bool,
    /// The hash of what was sent.
    pub text: Option<String>,
    /// Nobody needs it any more.
    pub dropped: bool,
}

/// What the customer wrote.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageOut {
    /// When.
    pub at: String,
    /// The id of the text, if there was one.
    pub text: Option<String>,
    /// Files.
    pub attachments: Vec<String>,
}

/// What one of the merchant's people wrote to the customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reply)]
pub struct ReplyOut {
    /// Its number in the case.
    pub no: u32,
    /// When.
    pub at: String,
    /// By whom.
    pub by: ActorOut,
}

impl CaseOut {
    /// A case as it stands, without what only a look into the books tells.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        let id = case.id;
        Self {
            object: "case",
            id: name("case", id),
            number: case.number,
            created: unix(case.opened_at),
            created_at: moment(case.opened_at),
            changed_at: moment(case.changed_at),
            version: case.version,
            order: case.order.clone(),
            stage: case.stage().word(),
            claim: claim(case),
            language: case.language.code(),
            channel: case.door.map(|door| door.word()),
            customer: case.customer.map(|id| name("cus", id)),
            closed: case.closed.map(closed_word),
            closed_reason: case.closed_reason.clone(),
            parked: case.parked.clone(),
            dispute: case.disputed.clone(),
            appeals: case.appeals,
            order_due_at: case.order_due_at.map(moment),
            checks: checks(&case.checks),
            findings: case.findings.iter().map(finding).collect(),
            proofs: case.proofs().iter().map(proof).collect(),
            questions: case
                .askings
                .iter()
                .map(|asking| question(id, asking))
                .collect(),
            answers: case
                .answers()
                .map(|held| AnswerOut {
                    fact: held.answer.fact(),
                    value: answer_value(&held.answer),
                    by: actor(held.by),
                    at: moment(held.at),
                })
                .collect(),
            decisions: case.decisions.iter().map(decision).collect(),
            refunds: case.refunds.iter().map(|held| refund(id, held)).collect(),
            commands: case.commands.iter().map(|held| command(id, held)).collect(),
            credits: case.credits.iter().map(credit).collect(),
            tasks: case.tasks.iter().map(|held| task(id, held)).collect(),
            letters: case.letters.iter().map(|held| letter(id, held)).collect(),
            messages: case
                .messages
                .iter()
                .map(|(at, text, files)| MessageOut {
                    at: moment(*at),
                    text: text.map(|digest| format!("txt_{}", hex(&digest.0))),
                    attachments: files.iter().map(|file| file_name(*file)).collect(),
                })
                .collect(),
            replies: case
                .replies
                .iter()
                .map(|reply| ReplyOut {
                    no: reply.no,
                    at: moment(reply.at),
                    by: actor(reply.by),
                })
                .collect(),
        }
    }
}

fn credit(credit: &Credit) -> CreditOut {
    let (status, new) = match &credit.state {
        CreditState::Granted => ("granted", None),
        CreditState::Exchanged { order, service } => ("exchanged", Some((order, service))),
        CreditState::Withdrawn => ("withdrawn", None),
    };
    CreditOut {
        no: credit.no,
        decision: credit.decision,
        status,
        exchange: credit.exchange,
        new_order: new.map(|(order, _)| order.clone()),
        new_service: new.map(|(_, service)| service.clone()),
        granted_at: moment(credit.at),
        amount: credit.amount.minor(),
        currency: credit.amount.currency().code().to_owned(),
    }
}

fn claim(case: &Case) -> ClaimOut {
    let held = case.claim();
    ClaimOut {
        kind: held.map_or("other", |claim| claim.kind.word()),
        at: moment(held.map_or(case.opened_at, |claim| claim.at)),
        wants: held.map_or("refund", |claim| claim.wants.word()),
        account: held.and_then(|claim| claim.account.clone()),
        payment: held.and_then(|claim| claim.payment.clone()),
    }
}

/// Why a case closed, by its word.
#[must_use]
pub const fn closed_word(why: ClosedWhy) -> &'static str {
    match why {
        ClosedWhy::Settled => "settled",
        ClosedWhy::Unanswered => "unanswered",
        ClosedWhy::OrderNotFound => "order_not_found",
        ClosedWhy::ByPerson => "by_person",
        ClosedWhy::Merged => "merged",
    }
}

/// How the checks stand.
#[must_use]
pub fn checks(checked: &[Checked; 3]) -> Vec<CheckOut> {
    let states = Check::ALL.iter().zip(checked);
    states
        .map(|(check, checked)| CheckOut {
            check: check_word(*check),
            state: match checked {
                Checked::NotYet => "not_yet",
                Checked::Sound => "sound",
                Checked::Doubtful => "doubtful",
                Checked::SettledSound => "settled_sound",
                Checked::SettledUnsound => "settled_unsound",
            },
        })
        .collect()
}

/// Something that the review found.
#[must_use]
pub fn finding(finding: &Finding) -> FindingOut {
    let money = |amount: &Amount| json!(Money::from(*amount));
    let (finding, figures) = match finding {
        Finding::StartOverdue { due_at } => ("start_overdue", json!({"due_at": moment(*due_at)})),
        Finding::StartNotDue { due_at } => ("start_not_due", json!({"due_at": moment(*due_at)})),
        Finding::StartLate { at, due_at } => (
            "start_late",
            json!({"at": moment(*at), "due_at": moment(*due_at)}),
        ),
        Finding::StartInTime { at } => ("start_in_time", json!({"at": moment(*at)})),
        Finding::Delivered {
            units_delivered,
            units_dropped,
            units_ordered,
        } => (
            "delivered",
            json!({"units_delivered": units_delivered, "units_dropped": units_dropped, "units_ordered": units_ordered}),
        ),
        Finding::CountsUnknown => ("counts_unknown", json!({})),
        Finding::Behind => ("behind", json!({})),
        Finding::BelowStart => ("below_start", json!({})),
        Finding::Gap { from, hours } => ("gap", json!({"from": moment(*from), "hours": hours})),
        Finding::FromTheFuture => ("from_the_future", json!({})),
        Finding::AfterClosing => ("after_closing", json!({})),
        Finding::GuaranteeUntil { at } => ("guarantee_until", json!({"at": moment(*at)})),
        Finding::PaymentsDiffer { paid, price } => (
            "payments_differ",
            json!({"paid": money(paid), "price": money(price)}),
        ),
        Finding::NothingPaid => ("nothing_paid", json!({})),
        Finding::RefundedBefore { amount } => ("refunded_before", json!({"amount": money(amount)})),
        Finding::ForeignRefund { amount } => ("foreign_refund", json!({"amount": money(amount)})),
        Finding::DisputeOpen => ("dispute_open", json!({})),
        Finding::DisputeLost => ("dispute_lost", json!({})),
        Finding::RefundsRecent { count } => ("refunds_recent", json!({"count": count})),
        Finding::SameTrouble { count } => ("same_trouble", json!({"count": count})),
        Finding::LoginSeen => ("login_seen", json!({})),
    };
    let figures = match figures {
        Value::Object(figures) => figures,
        _ => Map::new(),
    };
    FindingOut { finding, figures }
}

/// What a proof is about: its word, and the account.
#[must_use]
pub fn about(about: &ProofAbout) -> (&'static str, Option<&str>) {
    match about {
        ProofAbout::AudienceStatistics => ("audience_statistics", None),
        ProofAbout::AccountFault { account } => ("account_fault", Some(account)),
        ProofAbout::Proxy { account } => ("proxy", Some(account)),
        ProofAbout::Other => ("other", None),
    }
}

/// What a proof shows.
#[must_use]
pub fn shows(shows: &ProofShows) -> Value {
    match shows {
        ProofShows::OnTargetMillionths(share) => json!({"on_target_millionths": share}),
        ProofShows::Fault(shown) => json!({"fault": shown}),
        ProofShows::Proxy { used, country } => {
            json!({"proxy_used": used, "proxy_country": country.map(|country| country.code().to_owned())})
        }
        ProofShows::Nothing => json!({}),
    }
}

fn proof(proof: &Proof) -> ProofOut {
    let (word, account) = about(&proof.about);
    let (state, shown, reason, by) = match &proof.state {
        ProofState::Waiting => ("waiting", None, None, None),
        ProofState::Accepted { shows: shown, by } => {
            ("accepted", Some(shows(shown)), None, Some(actor(*by)))
        }
        ProofState::Rejected { reason, by } => {
            ("rejected", None, Some(reason.clone()), Some(actor(*by)))
        }
    };
    ProofOut {
        no: proof.no,
        about: word,
        account: account.map(str::to_owned),
        attachment: file_name(proof.attachment),
        at: moment(proof.at),
        state,
        shows: shown,
        reason,
        judged_by: by,
    }
}

/// How a question ended, by its word.
#[must_use]
pub const fn ended_word(how: makegood_desk::event::AskingEnd) -> &'static str {
    match how {
        makegood_desk::event::AskingEnd::Answered => "answered",
        makegood_desk::event::AskingEnd::NotNeeded => "not_needed",
        makegood_desk::event::AskingEnd::Unanswered => "unanswered",
    }
}

fn question(case: Id, asking: &Asking) -> QuestionOut {
    QuestionOut {
        id: part("ask", case, asking.no),
        no: asking.no,
        whom: whom(asking.whom),
        facts: asking
            .facts
            .iter()
            .map(|fact| FactOut {
                fact: fact.clone(),
                question: None,
                why: None,
            })
            .collect(),
        at: moment(asking.at),
        due_at: moment(asking.due_at),
        reminders: asking.reminders,
        ended: asking.ended.map(ended_word),
    }
}

/// Who is asked, by the word.
#[must_use]
pub fn whom(asked: Asked) -> &'static str {
    asked_word(asked)
}

/// What was answered.
#[must_use]
pub fn answer_value(answer: &Answer) -> Value {
    match answer {
        Answer::RedeliveryPossible(yes)
        | Answer::ExpeditePossible(yes)
        | Answer::Stopped(yes)
        | Answer::PeriodFulfilled(yes) => {
            json!(yes)
        }
        Answer::Counts { start_count, count } => {
            json!({"start_count": start_count, "count": count})
        }
        Answer::UnitsPerDay(units) => json!(units),
    }
}

/// Who did something.
#[must_use]
pub fn actor(actor: Actor) -> ActorOut {
    let (role, person) = role(actor);
    ActorOut {
        role,
        person: person.map(|id| name("person", id)),
    }
}

/// A remedy that was granted.
#[must_use]
pub fn remedy(granted: &Granted) -> RemedyOut {
    let mut out = RemedyOut {
        kind: "",
        units: None,
        amount: None,
        account: None,
        dispute: None,
    };
    match granted {
        Granted::Refund { amount, units } => {
            out.kind = "refund";
            (out.units, out.amount) = (Some(*units), Some(Money::from(*amount)));
        }
        Granted::Exchange { amount, units } => {
            out.kind = "exchange";
            (out.units, out.amount) = (Some(*units), Some(Money::from(*amount)));
        }
        Granted::Credit { amount } => {
            out.kind = "credit";
            out.amount = Some(Money::from(*amount));
        }
        Granted::Redeliver { units } => {
            out.kind = "redeliver";
            out.units = Some(*units);
        }
        Granted::ReplaceAccount { account } => {
            out.kind = "replace_account";
            (out.units, out.account) = (Some(1), Some(account.clone()));
        }
        Granted::Expedite => out.kind = "expedite",
        Granted::StartManually => out.kind = "start_manually",
        Granted::Restart => out.kind = "restart",
        Granted::CancelSubscription => out.kind = "cancel_subscription",
        Granted::AcceptDispute { dispute } => {
            out.kind = "accept_dispute";
            out.dispute = Some(dispute.clone());
        }
        Granted::SubmitEvidence { dispute } => {
            out.kind = "submit_evidence";
            out.dispute = Some(dispute.clone());
        }
        Granted::FlagFriendlyFraud => out.kind = "flag_friendly_fraud",
    }
    out
}

fn decision(held: &DecisionHeld) -> DecisionOut {
    let (state, accepted, approved) = match &held.state {
        DecisionState::Proposed => ("proposed", None, None),
        DecisionState::Accepted { by } => ("accepted", Some(*by), None),
        DecisionState::Standing {
            by, approved_by, ..
        } => ("standing", Some(*by), *approved_by),
        DecisionState::Replaced => ("replaced", None, None),
    };
    let mut out = proposal(&held.proposal, held.at);
    out.state = state;
    out.accepted_by = accepted.map(actor);
    out.approved_by = approved.map(actor);
    out
}

/// A decision as it was proposed at a moment.
#[must_use]
pub fn proposal(proposal: &Proposal, at: makegood_desk::case::Instant) -> DecisionOut {
    let (origin, reason) = match &proposal.origin {
        Origin::Policy => ("policy", None),
        Origin::Person { reason } => ("person", Some(reason.clone())),
        Origin::Bounded { of } => {
            let (minor, currency) = (of.minor(), of.currency());
            let code = currency.code();
            let why = format!(
                "the policy grants {minor} {code} in minor units, and no more is left of the payments"
            );
            ("policy", Some(why))
        }
    };
    DecisionOut {
        no: proposal.no,
        state: "proposed",
        at: moment(at),
        origin,
        reason,
        policy: PolicyName {
            id: proposal.policy.clone(),
            version: proposal.version.clone(),
            digest: proposal.policy_digest.clone(),
        },
        outcome: outcome_word(proposal.outcome),
        clause: proposal.clause.clone(),
        rule: proposal.rule.clone(),
        remedies: proposal.remedies.iter().map(remedy).collect(),
        suggestions: proposal.suggestions.iter().map(remedy).collect(),
        automatic: proposal.automatic,
        accepted_by: None,
        approved_by: None,
        case_file: hex(&proposal.paper.digest.0),
        reasons: None,
    }
}

/// Why a refund was called back, by its word.
#[must_use]
pub const fn cancel_word(why: CancelWhy) -> &'static str {
    match why {
        CancelWhy::Undone => "undone",
        CancelWhy::Disputed => "disputed",
        CancelWhy::CommandRefused => "command_refused",
    }
}

/// A refund.
#[must_use]
pub fn refund(case: Id, refund: &Refund) -> RefundOut {
    let mut requires = false;
    let (status, reason) = match &refund.state {
        RefundState::Reserved => ("reserved", None),
        RefundState::Sending => ("sending", None),
        RefundState::Unknown => ("unknown", None),
        RefundState::Pending { requires_action } => {
            requires = *requires_action;
            ("pending", None)
        }
        RefundState::Succeeded { .. } => ("succeeded", None),
        RefundState::Failed { words, .. } => ("failed", Some(words.clone())),
        RefundState::Cancelled { why } => ("cancelled", Some(cancel_word(*why).to_owned())),
    };
    RefundOut {
        object: "refund",
        id: part("rf", case, refund.no),
        case: name("case", case),
        no: refund.no,
        created: unix(refund.reserved_at),
        created_at: moment(refund.reserved_at),
        amount: refund.amount.minor(),
        currency: refund.amount.currency().code().to_owned(),
        units: refund.units,
        status,
        requires_action: requires,
        failure_reason: reason,
        decision: refund.decision,
        payment: refund.payment.clone(),
        provider: refund.provider.clone(),
        provider_payment: refund.provider_payment.clone(),
        provider_refund: refund.provider_refund.clone(),
        not_before: Some(moment(refund.not_before)),
        tries: Some(refund.tries),
        stuck: Some(refund.stuck),
    }
}

/// What a command does, by its word.
#[must_use]
pub const fn deed_word(deed: Deed) -> &'static str {
    match deed {
        Deed::Fulfil(kind) => kind.name(),
        Deed::CancelSubscription => "cancel_subscription",
    }
}

/// Who carries a command out, by its word.
#[must_use]
pub const fn route_word(route: Route) -> &'static str {
    match route {
        Route::Connector => "connector",
        Route::Team => "team",
        Route::Provider => "provider",
    }
}

fn command(case: Id, command: &Command) -> CommandOut {
    let (status, note) = match &command.state {
        CommandState::Given => ("given", None),
        CommandState::Sending => ("sending", None),
        CommandState::Waiting { .. } => ("waiting", None),
        CommandState::Done { note } => ("done", Some(note.clone())),
        CommandState::Refused { why } => ("refused", Some(why.clone())),
        CommandState::Cancelled => ("cancelled", None),
    };
    CommandOut {
        id: part("cmd", case, command.no),
        no: command.no,
        kind: deed_word(command.deed),
        units: command.units,
        subject: command.subject.clone(),
        route: route_word(command.route),
        due_at: moment(command.due_at),
        status,
        note,
        decision: command.decision,
    }
}

fn task(case: Id, task: &Task) -> TaskOut {
    TaskOut {
        id: part("task", case, task.no),
        no: task.no,
        what: todo_word(&task.todo),
        team: team_of(&task.todo),
        at: moment(task.at),
        due_at: moment(task.due_at),
        done: task.done,
    }
}

fn letter(case: Id, letter: &Letter) -> LetterOut {
    LetterOut {
        id: part("let", case, letter.no),
        no: letter.no,
        kind: letter_word(letter.kind),
        at: moment(letter.at),
        sent: letter.handed.is_some(),
        text: letter.handed.map(|digest| hex(&digest.0)),
        dropped: letter.dropped,
    }
}

/// Stages by their words, for filters.
#[must_use]
pub fn stages() -> Vec<&'static str> {
    Stage::ALL.iter().map(|(word, _)| *word).collect()
}
