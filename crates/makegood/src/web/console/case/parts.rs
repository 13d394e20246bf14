// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parts of a case's page, each as the page shows it.

use std::sync::Arc;

use makegood_desk::case::Instant;
use makegood_desk::facts::Asked;
use makegood_desk::input::{Digest, Id, ProofAbout};
use makegood_desk::life::{
    Case, Checked, Command, CommandState, Finding, LetterKind, ProofState, Refund, RefundState,
};
use makegood_desk::records::Records;
use makegood_desk::remedy::Outcome;
use makegood_desk::words::units_words;
use serde_json::Value as Json;

use super::Seen;
use crate::answer::{asked_word, outcome_word};
use crate::books::effects::{check_word, team_of, todo_word};
use crate::books::standard_replies;
use crate::post::{LETTER, MESSAGE, REPLY, letter_word};
use crate::reasons::edition;
use crate::web::Web;
use crate::web::api::notes;
use crate::web::console::words::{due, money, outcome, stage};
use crate::web::portal::case::words_of;
use crate::web::portal::say::{Fill, Say};
use crate::web::refusal::Problem;
use crate::web::wire::case::deed_word;
use crate::web::wire::event::EventOut;
use crate::web::wire::file_name;

/// Most that is shown of what was written.
const THREAD_MOST: usize = 100;

/// Something that can be chosen.
pub struct Choice {
    /// Its word.
    pub word: &'static str,
    /// What it is called.
    pub label: String,
}

/// Something that somebody is asked.
pub struct Asking {
    /// Who, by the word for it.
    pub whom: &'static str,
    /// Who.
    pub who: String,
    /// Until when.
    pub due: String,
    /// Whether that is past.
    pub late: bool,
    /// The questions: the fact, the words, and why it is asked.
    pub questions: Vec<(String, String, String)>,
}

/// A check of the records.
pub struct CheckLine {
    /// Its word.
    pub word: &'static str,
    /// What it is called.
    pub name: String,
    /// How it stands.
    pub state: String,
    /// How that looks.
    pub tone: &'static str,
    /// Whether a person is to settle it.
    pub doubtful: bool,
}

/// Something that was handed in as a proof.
pub struct ProofLine {
    /// Its number.
    pub no: u32,
    /// What it is to show, by its word.
    pub about: &'static str,
    /// What it is to show.
    pub name: String,
    /// The file.
    pub file: String,
    /// When it came.
    pub when: String,
    /// How it stands.
    pub state: String,
    /// Whether somebody has to look at it.
    pub waiting: bool,
}

/// Something that a person has to do.
pub struct Task {
    /// Its number.
    pub no: u32,
    /// What.
    pub what: String,
    /// Whose it is.
    pub team: String,
    /// Until when.
    pub due: String,
    /// Whether that is past.
    pub late: bool,
    /// Whether it ends with a word about what was done.
    pub report: bool,
    /// Whether it ends with another order.
    pub exchange: bool,
}

/// Something that was written.
pub struct Item {
    /// `customer`, `desk`, `person`, `note`.
    pub from: &'static str,
    /// When.
    pub at: Instant,
    /// When, for machines.
    pub machine: String,
    /// When, for people.
    pub when: String,
    /// What it is.
    pub title: String,
    /// Its words.
    pub text: String,
    /// Files that went with it: the name, what to call it, and whether it can be shown.
    pub files: Vec<(String, String, bool)>,
}

/// A payment of the order.
pub struct Payment {
    /// When.
    pub when: String,
    /// How much.
    pub amount: String,
    /// What is left of it.
    pub left: String,
    /// The provider, and its name for it.
    pub provider: String,
}

/// A refund, with what became of it.
pub struct Attempt {
    /// How much.
    pub amount: String,
    /// How it stands.
    pub state: String,
    /// How that looks.
    pub tone: &'static str,
    /// What the provider said.
    pub words: String,
    /// The provider, and its name for it.
    pub provider: String,
    /// Since when.
    pub when: String,
}

/// Something that is done about the order.
pub struct Deed {
    /// What.
    pub what: String,
    /// How it stands.
    pub state: String,
    /// What was said when it ended.
    pub note: String,
}

/// Something that happened.
pub struct Happening {
    /// When, for machines.
    pub machine: String,
    /// When.
    pub when: String,
    /// What.
    pub what: String,
    /// What exactly.
    pub detail: String,
    /// By whom.
    pub by: String,
    /// Its place in the audit log.
    pub leaf: String,
}

/// Another case of the same customer.
pub struct Neighbour {
    /// Its number.
    pub number: u64,
    /// What it is about.
    pub what: String,
    /// Its order.
    pub order: String,
    /// How it stands.
    pub state: String,
}

/// What a person may decide.
pub fn outcomes(say: &Say) -> Vec<Choice> {
    let all = [
        Outcome::PartialRefund,
        Outcome::Refund,
        Outcome::SupportResolution,
        Outcome::Declined,
    ];
    all.iter()
        .map(|known| Choice {
            word: outcome_word(*known),
            label: outcome(say, outcome_word(*known)),
        })
        .collect()
}

/// Who is asked what.
pub fn askings(web: &Web, say: &Say, case: &Case, records: &Records, now: Instant) -> Vec<Asking> {
    let order = records.order.as_ref();
    let policies = web.desk.policies.now();
    let book = order.and_then(|record| policies.judging(record.order.placed_at).ok());
    let open = case.open_askings();
    open.map(|asking| {
        let (due, late) = due(say, now, asking.due_at);
        let whom = asked_word(asking.whom);
        let asked = book.as_ref().map_or_else(Vec::new, |(_, book)| {
            let policy = book.policy();
            policy.questions(&asking.facts, edition(policy, Some(say.language.code())))
        });
        let questions = asking.facts.iter().map(|fact| {
            let words = asked.iter().find(|words| words.name == *fact);
            let ask = words.map_or(String::new(), |words| words.ask.clone());
            let why = words.and_then(|words| words.why.clone());
            (
                fact.clone(),
                if ask.is_empty() { fact.clone() } else { ask },
                why.unwrap_or_default(),
            )
        });
        Asking {
            whom,
            who: say.t(&format!("desk-whom-{whom}")),
            due,
            late,
            questions: questions.collect(),
        }
    })
    .collect()
}

/// How the checks of the records stand.
pub fn checks(say: &Say, case: &Case) -> Vec<CheckLine> {
    let all = makegood_desk::life::Check::ALL.iter().zip(&case.checks);
    all.map(|(check, checked)| {
        let (state, tone) = match checked {
            Checked::NotYet => ("desk-check-not-yet", ""),
            Checked::Sound => ("desk-check-sound", "good"),
            Checked::Doubtful => ("desk-check-doubtful", "ask"),
            Checked::SettledSound => ("desk-check-settled-sound", "good"),
            Checked::SettledUnsound => ("desk-check-settled-unsound", "bad"),
        };
        let word = check_word(*check);
        CheckLine {
            word,
            name: say.t(&format!("desk-check-{word}")),
            state: say.t(state),
            tone,
            doubtful: *checked == Checked::Doubtful,
        }
    })
    .collect()
}

/// What the review of the records found, a sentence each.
pub fn findings(say: &Say, case: &Case, unit: &str) -> Vec<String> {
    case.findings
        .iter()
        .map(|finding| found(say, finding, unit))
        .collect()
}

fn found(say: &Say, finding: &Finding, unit: &str) -> String {
    let day = |id: &str, at: Instant| say.one(id, "day", say.day(at));
    let amount = |id: &str, amount| say.one(id, "amount", say.money(amount));
    match finding {
        Finding::StartOverdue { due_at } => day("desk-found-start-overdue", *due_at),
        Finding::StartNotDue { due_at } => day("desk-found-start-not-due", *due_at),
        Finding::StartLate { at, .. } => day("desk-found-start-late", *at),
        Finding::StartInTime { at } => day("desk-found-start-in-time", *at),
        Finding::Delivered {
            units_delivered,
            units_dropped,
            units_ordered,
        } => {
            let words = |count: u64| say.whole(count);
            say.with(
                "desk-found-delivered",
                &[
                    ("delivered", Fill::Words(&words(*units_delivered))),
                    ("dropped", Fill::Words(&words(*units_dropped))),
                    (
                        "ordered",
                        Fill::Words(&units_words(say.tongue(), *units_ordered, unit)),
                    ),
                ],
            )
        }
        Finding::CountsUnknown => say.t("desk-found-counts-unknown"),
        Finding::Behind => say.t("desk-found-behind"),
        Finding::BelowStart => say.t("desk-found-below-start"),
        Finding::Gap { from, hours } => {
            let hours = say.whole(*hours);
            say.with(
                "desk-found-gap",
                &[
                    ("at", Fill::Words(&say.moment(*from))),
                    ("hours", Fill::Words(&hours)),
                ],
            )
        }
        Finding::FromTheFuture => say.t("desk-found-from-the-future"),
        Finding::AfterClosing => say.t("desk-found-after-closing"),
        Finding::GuaranteeUntil { at } => day("desk-found-guarantee-until", *at),
        Finding::PaymentsDiffer { paid, price } => say.with(
            "desk-found-payments-differ",
            &[
                ("paid", Fill::Words(&say.money(*paid))),
                ("price", Fill::Words(&say.money(*price))),
            ],
        ),
        Finding::NothingPaid => say.t("desk-found-nothing-paid"),
        Finding::RefundedBefore { amount: sum } => amount("desk-found-refunded-before", *sum),
        Finding::ForeignRefund { amount: sum } => amount("desk-found-foreign-refund", *sum),
        Finding::DisputeOpen => say.t("desk-found-dispute-open"),
        Finding::DisputeLost => say.t("desk-found-dispute-lost"),
        Finding::RefundsRecent { count } => counted(say, "desk-found-refunds-recent", *count),
        Finding::SameTrouble { count } => counted(say, "desk-found-same-trouble", *count),
        Finding::LoginSeen => say.t("desk-found-login-seen"),
    }
}

fn counted(say: &Say, id: &str, count: u32) -> String {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    say.with(id, &[("count", Fill::Count(count))])
}

/// What was handed in to prove something.
pub fn proofs(say: &Say, case: &Case) -> Vec<ProofLine> {
    case.proofs()
        .iter()
        .map(|proof| {
            let (about, account) = match &proof.about {
                ProofAbout::AudienceStatistics => ("audience_statistics", None),
                ProofAbout::AccountFault { account } => ("account_fault", Some(account)),
                ProofAbout::Proxy { account } => ("proxy", Some(account)),
                ProofAbout::Other => ("other", None),
            };
            let name = say.t(&format!("desk-proof-{about}"));
            let state = match &proof.state {
                ProofState::Waiting => say.t("desk-proof-waiting"),
                ProofState::Accepted { .. } => say.t("desk-proof-accepted"),
                ProofState::Rejected { reason, .. } => {
                    say.one("desk-proof-rejected", "reason", reason)
                }
            };
            ProofLine {
                no: proof.no,
                about,
                name: account.map_or(name.clone(), |account| format!("{name}: {account}")),
                file: file_name(proof.attachment),
                when: say.moment(proof.at),
                state,
                waiting: matches!(proof.state, ProofState::Waiting),
            }
        })
        .collect()
}

/// What people have to do.
pub fn tasks(say: &Say, case: &Case, now: Instant) -> Vec<Task> {
    use makegood_desk::event::Todo;
    case.open_tasks()
        .map(|task| {
            let (due, late) = due(say, now, task.due_at);
            Task {
                no: task.no,
                what: todo(say, &todo_word(&task.todo)),
                team: say.t(&format!("desk-whom-{}", team_of(&task.todo))),
                due,
                late,
                report: matches!(
                    task.todo,
                    Todo::Command(_)
                        | Todo::RefundStuck(_)
                        | Todo::RefundFailed(_)
                        | Todo::CommandRefused(_)
                        | Todo::Message
                        | Todo::Dispute(_)
                ),
                exchange: matches!(task.todo, Todo::Exchange),
            }
        })
        .collect()
}

/// Something to do, in words, from the word that lists have for it.
pub fn todo(say: &Say, word: &str) -> String {
    let (kind, about) = word.split_once(' ').unwrap_or((word, ""));
    let about = match kind {
        "verify" => say.t(&format!("desk-check-{about}")),
        _ => about.to_owned(),
    };
    say.one(&format!("desk-todo-{kind}"), "about", about)
}

/// What was written by everybody, oldest first.
///
/// # Errors
/// The store's trouble.
pub async fn thread(web: &Arc<Web>, say: &Say, seen: &Seen) -> Result<Vec<Item>, Problem> {
    let case = &seen.case;
    let mut items = Vec::new();
    let item = |from: &'static str, at: Instant, title: String| Item {
        from,
        at,
        machine: say.machine(at),
        when: say.moment(at),
        title,
        text: String::new(),
        files: Vec::new(),
    };
    let past = case.messages.len().saturating_sub(THREAD_MOST);
    for (at, text, digests) in case.messages.iter().skip(past) {
        let mut item = item("customer", *at, say.t("desk-thread-customer"));
        if let Some(digest) = text {
            item.text = words_of(web, *digest, MESSAGE).await?;
        }
        item.files = digests
            .iter()
            .map(|digest| file(say, seen, *digest))
            .collect();
        items.push(item);
    }
    for proof in case.proofs() {
        let mut item = item("customer", proof.at, say.t("desk-thread-proof"));
        item.files.push(file(say, seen, proof.attachment));
        items.push(item);
    }
    let past = case.letters.len().saturating_sub(THREAD_MOST);
    for letter in case.letters.iter().skip(past) {
        // What a person wrote stands there once, as they wrote it.
        if matches!(letter.kind, LetterKind::Reply { .. }) {
            continue;
        }
        if let Some(digest) = letter.handed {
            let title = say.t(&format!("letter-{}", letter_word(letter.kind)));
            let mut item = item("desk", letter.at, title);
            item.text = words_of(web, digest, LETTER).await?;
            items.push(item);
        }
    }
    for reply in &case.replies {
        let by = reply.by.person().and_then(|id| {
            let mut known = seen.names.iter();
            known.find(|(person, _)| *person == id)
        });
        let title = by.map_or_else(|| say.t("desk-thread-person"), |(_, name)| name.clone());
        let mut item = item("person", reply.at, title);
        item.text = words_of(web, reply.text, REPLY).await?;
        items.push(item);
    }
    for read in notes::read(web, case.id).await? {
        let name = read.note.by.unwrap_or_default();
        let mut item = item(
            "note",
            read.note.at,
            say.one("desk-thread-note", "name", name),
        );
        item.text = read.text;
        items.push(item);
    }
    items.sort_by_key(|item| item.at);
    Ok(items)
}

/// A file: its name, what to call it, and whether it can be shown as a picture.
fn file(say: &Say, seen: &Seen, digest: Digest) -> (String, String, bool) {
    let known = seen.files.iter().find(|file| file.digest == digest);
    let called = known.map_or_else(String::new, |file| {
        let kibibytes = say.whole(file.bytes.div_ceil(1_024));
        format!("{} · {kibibytes} KB", file.kind.to_uppercase())
    });
    let picture = known.is_some_and(|file| {
        file.shown.is_some()
            && matches!(file.kind.as_str(), "png" | "jpeg" | "jpg" | "gif" | "webp")
    });
    (file_name(digest), called, picture)
}

/// The payments of the order.
pub fn payments(say: &Say, seen: &Seen) -> Vec<Payment> {
    seen.records
        .payments
        .iter()
        .map(|record| Payment {
            when: say.day(record.payment.at),
            amount: say.money(record.payment.amount),
            left: say.money(crate::books::orders::left(record)),
            provider: format!("{} {}", record.provider, record.reference),
        })
        .collect()
}

/// Refunds, with what the provider said.
pub fn attempts(say: &Say, case: &Case) -> Vec<Attempt> {
    case.refunds
        .iter()
        .map(|refund| attempt(say, refund))
        .collect()
}

fn attempt(say: &Say, refund: &Refund) -> Attempt {
    let (state, tone, words) = match &refund.state {
        RefundState::Reserved => ("reserved", "", String::new()),
        RefundState::Sending => ("sending", "", String::new()),
        RefundState::Unknown => ("unknown", "ask", String::new()),
        RefundState::Pending { .. } => ("pending", "", String::new()),
        RefundState::Succeeded { .. } => ("succeeded", "good", String::new()),
        RefundState::Failed { words, .. } => ("failed", "bad", words.clone()),
        RefundState::Cancelled { .. } => ("cancelled", "", String::new()),
    };
    let name = refund.provider_refund.as_deref().unwrap_or_default();
    Attempt {
        amount: say.money(refund.amount),
        state: say.t(&format!("desk-refund-{state}")),
        tone,
        words,
        provider: format!("{} {name}", refund.provider),
        when: say.moment(refund.reserved_at),
    }
}

/// A refund that still waits to be sent, and can be called back.
pub fn undo(case: &Case, now: Instant) -> Option<u32> {
    let waits =
        |refund: &&Refund| matches!(refund.state, RefundState::Reserved) && refund.not_before > now;
    case.refunds.iter().find(waits).map(|refund| refund.no)
}

/// What is done about the order.
pub fn deeds(say: &Say, case: &Case) -> Vec<Deed> {
    case.commands
        .iter()
        .map(|command| deed(say, command))
        .collect()
}

fn deed(say: &Say, command: &Command) -> Deed {
    let (state, note) = match &command.state {
        CommandState::Given => ("given", String::new()),
        CommandState::Sending => ("sending", String::new()),
        CommandState::Waiting { .. } => ("waiting", String::new()),
        CommandState::Done { note, .. } => ("done", note.clone()),
        CommandState::Refused { why, .. } => ("refused", why.clone()),
        CommandState::Cancelled => ("cancelled", String::new()),
    };
    let units = match command.units {
        0 => String::new(),
        units => format!(" {}", say.whole(units)),
    };
    let what = say.t(&format!("desk-deed-{}", deed_word(command.deed)));
    Deed {
        what: format!("{what}{units}"),
        state: say.t(&format!("desk-command-{state}")),
        note,
    }
}

/// What happened, newest first.
pub fn timeline(say: &Say, seen: &Seen) -> Vec<Happening> {
    let rows = seen.events.iter().rev();
    rows.map(|row| {
        let out = EventOut::of(row.case, row.position, row.leaf, &row.event);
        Happening {
            machine: say.machine(row.event.at),
            when: say.moment(row.event.at),
            what: say.t(&format!("desk-event-{}", out.kind)),
            detail: detail(say, &out.data),
            by: say.t(&format!("desk-by-{}", out.by.role)),
            leaf: row.leaf.map_or(String::new(), |leaf| leaf.to_string()),
        }
    })
    .collect()
}

/// The figures of an event that mean something to a person.
fn detail(say: &Say, data: &Json) -> String {
    let mut parts = Vec::new();
    if let Some(amount) = data.get("amount") {
        let minor = amount.get("amount").and_then(Json::as_u64);
        let code = amount.get("currency").and_then(Json::as_str);
        if let Some((minor, code)) = minor.zip(code) {
            parts.push(money(say, minor, code));
        }
    }
    for name in [
        "clause",
        "reason",
        "note",
        "words",
        "why",
        "fact",
        "provider_refund",
    ] {
        if let Some(text) = data.get(name).and_then(Json::as_str) {
            parts.push(text.to_owned());
        }
    }
    parts.join(" · ")
}

/// The customer's other cases.
pub fn neighbours(say: &Say, seen: &Seen) -> Vec<Neighbour> {
    let rows = seen.others.iter();
    rows.map(|row| Neighbour {
        number: row.number,
        what: say.t(&format!("claim-{}", row.claim)),
        order: row.order.clone(),
        state: match &row.outcome {
            Some(word) => outcome(say, word),
            None => stage(say, &row.stage),
        },
    })
    .collect()
}

/// The customer's standing in a sentence.
pub fn history(say: &Say, seen: &Seen) -> String {
    let history = &seen.records.history;
    let count = |count: u32| Fill::Count(usize::try_from(count).unwrap_or(usize::MAX));
    say.with(
        "desk-history",
        &[
            ("orders", count(history.orders)),
            ("open", count(history.cases_open)),
            ("refunds", count(history.refunds_recent)),
            ("disputes", count(history.disputes)),
        ],
    )
}

/// What to ask the customer, put as a letter would: a draft for whoever writes by hand.
pub fn ask_draft(web: &Web, seen: &Seen) -> String {
    let order = seen.records.order.as_ref();
    let policies = web.desk.policies.now();
    let book = order.and_then(|record| policies.judging(record.order.placed_at).ok());
    let Some((_, book)) = book else {
        return String::new();
    };
    let policy = book.policy();
    let language = edition(policy, Some(seen.case.language.code()));
    let open = seen.case.open_askings();
    let facts: Vec<String> = open
        .filter(|asking| asking.whom == Asked::Customer)
        .flat_map(|asking| asking.facts.iter().cloned())
        .collect();
    let asked = policy.questions(&facts, language).into_iter();
    let lines: Vec<String> = asked
        .filter(|question| !question.ask.is_empty())
        .map(|question| format!("– {}", question.ask))
        .collect();
    lines.join("\n")
}

/// A standard reply's words with this case's fields filled in, in the customer's language.
pub fn standard_reply(say: &Say, seen: &Seen, named: Id, agent: &str) -> Option<String> {
    let mut known = seen.replies.iter();
    let reply = known.find(|reply| reply.id == named)?;
    let case = &seen.case;
    let theirs = Say {
        language: case.language,
        ..say.clone()
    };
    let proposal = case.decision().map(|held| &held.proposal);
    let order = seen.records.order.as_ref();
    let value = |field: &str| match field {
        "case" => Some(format!("MG-{}", case.number)),
        "order" => Some(case.order.clone()),
        "service" => order.map(|record| record.order.service.name.to_string()),
        "outcome" => proposal.map(|proposal| outcome(&theirs, outcome_word(proposal.outcome))),
        "amount" => proposal
            .and_then(|proposal| proposal.remedies.iter().find_map(|part| part.money()))
            .map(|amount| theirs.money(amount)),
        "clause" => proposal.and_then(|proposal| proposal.clause.clone()),
        "agent" => Some(agent.to_owned()),
        _ => None,
    };
    Some(standard_replies::filled(reply.words(case.language), value))
}
