// SPDX-License-Identifier: MIT OR Apache-2.0
//! The page of a case: what is proposed, what it rests on, one button; and everything that a person needs who decides otherwise.

pub(super) mod parts;
mod ruled;
mod seen;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use makegood_desk::case::{CaseFile, ClaimKind, Instant, LogEntry};
use makegood_desk::decision::Workspace;
use makegood_desk::life::{Case, Checked, DecisionState, Finding};
use makegood_desk::record;
use makegood_policy::fact::Disclose;

use super::frame::DeskFrame;
use super::queue::looking;
use super::words::{due, granted, outcome, stage};
use crate::answer::outcome_word;
use crate::books::queue::{self, Filter, Place, View};
use crate::reasons::{Reasons, edition};
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::portal::curve::{self, Curve};
use crate::web::portal::frame::{parameter, written};
use crate::web::portal::help::once;
use crate::web::portal::say::{Fill, Say};
use crate::web::refusal::Problem;
use crate::web::wire::{Answer, read_name};
use crate::wire::Word as _;
use parts::{
    Asking, Attempt, CheckLine, Choice, Deed, Happening, Item, Neighbour, Payment, ProofLine, Task,
};
pub use parts::{askings, todo};
pub use ruled::{Ruled, ruled};
pub use seen::{Seen, seen};

/// One of the facts at the head of the page.
struct Tile {
    label: String,
    value: String,
    note: String,
    tone: &'static str,
}

/// What is proposed or decided.
#[derive(Default)]
struct Decision {
    no: u32,
    outcome: String,
    grants: Vec<String>,
    suggestions: Vec<String>,
    state: String,
    /// Whether it waits to be accepted, and whether it waits for a second person.
    proposed: bool,
    waits: bool,
    standing: bool,
    because: String,
    steps: Vec<(String, String, bool)>,
    clause: String,
    quote: String,
    version: String,
    version_address: String,
    sufficient: Vec<(String, String)>,
    changes: Vec<String>,
    by_person: String,
    /// A refund that still waits, and can be called back.
    undo: Option<u32>,
    /// What was seen as left, so that another amount by then is noticed.
    remainder: String,
}

#[derive(Template)]
#[template(path = "desk_case.html")]
struct Page {
    frame: DeskFrame,
    number: u64,
    version: u64,
    view: String,
    next: Option<String>,
    order: String,
    service: String,
    stage: String,
    claim: String,
    wants: String,
    channel: String,
    people: Vec<(String, bool)>,
    tiles: Vec<Tile>,
    decision: Option<Decision>,
    clauses: Vec<String>,
    outcomes: Vec<Choice>,
    currency: String,
    askings: Vec<Asking>,
    checks: Vec<CheckLine>,
    /// Whether somebody has to say first what is with the records.
    doubtful: bool,
    /// Whether finance has to explain first what went back by other hands.
    frozen: bool,
    findings: Vec<String>,
    proofs: Vec<ProofLine>,
    tasks: Vec<Task>,
    curve: Option<Curve>,
    judged_at: Option<String>,
    thread: Vec<Item>,
    payments: Vec<Payment>,
    refunds: Vec<Attempt>,
    deeds: Vec<Deed>,
    left: String,
    timeline: Vec<Happening>,
    events: String,
    neighbours: Vec<Neighbour>,
    customer: Option<String>,
    history: String,
    ask_draft: String,
    draft: String,
    /// Standard replies: the address at which one stands in the draft, and its name.
    replies: Vec<(String, String)>,
    /// The customer's messages that can become a case of their own: the number, and when.
    messages: Vec<(usize, String)>,
    claims: Vec<(&'static str, String)>,
    closed: bool,
    parked: Option<String>,
    once: String,
}

/// Open a case
///
/// With what is proposed, what it rests on, and what can be done.
#[utoipa::path(get, path = "/desk/cases/{number}", tag = "Console", operation_id = "desk_case",
    params(("number" = u64, Path, description = "The number that people call the case by.")),
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(number): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let frame = DeskFrame::new(&web, &uri, &headers, &caller, "queue", "desk-case");
    let page = shown(&web, frame, &caller, &number, &uri, String::new()).await?;
    Ok(page.frame.sent(page.html))
}

/// A page that is written out, with what stands around it.
pub struct Shown {
    /// What stands around it.
    pub frame: DeskFrame,
    /// The page.
    pub html: String,
}

/// The page of a case with a draft of what somebody wanted to write.
///
/// # Errors
/// There is no such case, or the store's trouble.
pub async fn shown(
    web: &Arc<Web>,
    frame: DeskFrame,
    caller: &Caller,
    number: &str,
    uri: &Uri,
    draft: String,
) -> Result<Shown, Problem> {
    let number: u64 = number.parse().map_err(|_| Problem::no_such("case"))?;
    let seen = seen(web, number).await?;
    let seen = seen.ok_or_else(|| Problem::no_such("case"))?;
    let view = parameter(uri, "view").filter(|word| View::read(word).is_some());
    let next = next(web, caller, &seen, view.as_deref()).await?;
    let thread = parts::thread(web, &frame.say, &seen).await?;
    let draft = match parameter(uri, "reply").filter(|_| draft.is_empty()) {
        Some(named) => {
            let named = read_name("reply", &named)?;
            parts::standard_reply(&frame.say, &seen, named, &frame.person).unwrap_or_default()
        }
        None => draft,
    };
    let inside = Arc::clone(web);
    let together = tokio::task::spawn_blocking(move || {
        let view = view.unwrap_or_default();
        let page = put_together(&inside, frame, seen, view, next, thread, draft)?;
        let html = written(&page)?;
        Ok(Shown {
            frame: page.frame,
            html,
        })
    });
    together
        .await
        .map_err(|panic| Problem::fault(format!("showing a case failed: {panic}")))?
}

/// The next case of the view from which the reader came.
async fn next(
    web: &Arc<Web>,
    caller: &Caller,
    seen: &Seen,
    view: Option<&str>,
) -> Result<Option<String>, Problem> {
    let Some(view) = view.and_then(View::read) else {
        return Ok(None);
    };
    let looking = looking(web, caller);
    let after = Place {
        due_at: seen.row.due_at,
        number: seen.row.number,
    };
    let own = seen.row.number;
    let found = web.desk.store.read(move |tx| {
        Box::pin(async move {
            let mut rows =
                queue::cases(tx, view, &Filter::default(), looking, Some(after), 1).await?;
            if rows.is_empty() {
                rows = queue::cases(tx, view, &Filter::default(), looking, None, 2).await?;
            }
            Ok(rows
                .into_iter()
                .map(|row| row.number)
                .find(|number| *number != own))
        })
    });
    let number = found.await?;
    Ok(number.map(|number| format!("/desk/cases/{number}?view={}", view.word())))
}

fn put_together(
    web: &Web,
    mut frame: DeskFrame,
    seen: Seen,
    view: String,
    next: Option<String>,
    thread: Vec<Item>,
    draft: String,
) -> Result<Page, Problem> {
    let say = frame.say.clone();
    let case = Arc::clone(&seen.case);
    let now = web.clock.now();
    frame.title = say.one("desk-case-title", "number", case.number.to_string());
    let judged = seen
        .paper
        .as_deref()
        .and_then(|bytes| record::read_case_file(bytes).ok())
        .and_then(|parts| CaseFile::new(parts).ok());
    let order = seen.records.order.as_ref();
    let (curve, judged_at) = match (&judged, order) {
        (Some(judged), _) => {
            let log: Vec<&LogEntry<'_>> = judged.log().map(|(_, entry)| entry).collect();
            let at = say.moment(judged.as_of);
            (curve::draw(&say, &judged.order, &log), Some(at))
        }
        (None, Some(record)) => {
            let log: Vec<&LogEntry<'_>> = seen.records.delivery_log.iter().collect();
            (curve::draw(&say, &record.order, &log), None)
        }
        (None, None) => (None, None),
    };
    let unit = order.map_or("units", |record| record.order.service.unit.as_ref());
    let decision = decision(web, &say, &seen, judged.as_ref(), unit, now);
    let tiles = tiles(&say, &seen, decision.as_ref(), now);
    let currency = order.map_or(String::new(), |record| {
        record.order.price.currency().code().to_owned()
    });
    Ok(Page {
        number: case.number,
        version: case.version,
        view,
        next,
        order: case.order.clone(),
        service: service(&say, &seen),
        stage: stage(&say, case.stage().word()),
        claim: case.claim().map_or(String::new(), |claim| {
            say.t(&format!("claim-{}", word(&claim.kind)))
        }),
        wants: case.claim().map_or(String::new(), |claim| {
            say.t(&format!("wants-{}", word(&claim.wants)))
        }),
        channel: case.door.map_or(String::new(), |door| {
            say.t(&format!("desk-channel-{}", door.word()))
        }),
        people: seen
            .people
            .iter()
            .map(|name| (name.clone(), Some(name) == seen.row.assignee.as_ref()))
            .collect(),
        clauses: clauses(web, &seen),
        outcomes: parts::outcomes(&say),
        currency,
        askings: askings(web, &say, &case, &seen.records, now),
        checks: parts::checks(&say, &case),
        frozen: seen.records.frozen,
        doubtful: case.checks.contains(&Checked::Doubtful),
        findings: parts::findings(&say, &case, unit),
        proofs: parts::proofs(&say, &case),
        tasks: parts::tasks(&say, &case, now),
        curve,
        judged_at,
        thread,
        payments: parts::payments(&say, &seen),
        refunds: parts::attempts(&say, &case),
        deeds: parts::deeds(&say, &case),
        left: seen
            .records
            .left()
            .map_or(String::new(), |left| say.money(left)),
        timeline: parts::timeline(&say, &seen),
        events: say.with("desk-events", &[("count", Fill::Count(seen.events.len()))]),
        neighbours: parts::neighbours(&say, &seen),
        customer: case.customer.map(|id| crate::web::wire::name("cus", id)),
        history: parts::history(&say, &seen),
        ask_draft: parts::ask_draft(web, &seen),
        replies: seen
            .replies
            .iter()
            .map(|reply| {
                (
                    crate::web::wire::name("reply", reply.id),
                    reply.name.clone(),
                )
            })
            .collect(),
        draft,
        messages: case
            .messages
            .iter()
            .enumerate()
            .filter(|(_, (_, text, _))| text.is_some())
            .map(|(place, (at, ..))| (place.saturating_add(1), say.moment(*at)))
            .collect(),
        claims: ClaimKind::ALL
            .iter()
            .map(|word| (*word, say.t(&format!("claim-{word}"))))
            .collect(),
        closed: case.closed.is_some(),
        parked: case.parked.clone(),
        once: once()?,
        tiles,
        decision,
        frame,
    })
}

fn word(word: &impl crate::wire::Word) -> &'static str {
    word.word()
}

fn service(say: &Say, seen: &Seen) -> String {
    let Some(record) = &seen.records.order else {
        return say.t("desk-order-unknown");
    };
    let order = &record.order;
    let units =
        makegood_desk::words::units_words(say.tongue(), order.quantity, &order.service.unit);
    say.with(
        "case-service",
        &[
            ("service", Fill::Words(&order.service.name)),
            ("units", Fill::Words(&units)),
            ("price", Fill::Words(&say.money(order.price))),
        ],
    )
}

/// The clauses that an override may rest on: those of the version that judges the order.
fn clauses(web: &Web, seen: &Seen) -> Vec<String> {
    let order = seen.records.order.as_ref();
    let policies = web.desk.policies.now();
    let book = order.and_then(|record| policies.judging(record.order.placed_at).ok());
    let Some((_, book)) = book else {
        return Vec::new();
    };
    let source = book.policy().source();
    source
        .clauses
        .iter()
        .map(|clause| clause.id.clone())
        .collect()
}

fn decision(
    web: &Web,
    say: &Say,
    seen: &Seen,
    judged: Option<&CaseFile<'_>>,
    unit: &str,
    now: Instant,
) -> Option<Decision> {
    let case = &seen.case;
    let held = case.decision()?;
    let proposal = &held.proposal;
    let version = &proposal.version;
    let mut out = Decision {
        no: proposal.no,
        outcome: outcome(say, outcome_word(proposal.outcome)),
        grants: proposal
            .remedies
            .iter()
            .map(|part| granted(say, unit, part))
            .collect(),
        suggestions: proposal
            .suggestions
            .iter()
            .map(|part| granted(say, unit, part))
            .collect(),
        proposed: matches!(held.state, DecisionState::Proposed),
        waits: matches!(held.state, DecisionState::Accepted { .. }),
        standing: matches!(held.state, DecisionState::Standing { .. }),
        clause: proposal.clause.clone().unwrap_or_default(),
        version: makegood_desk::words::version_words(say.tongue(), version),
        version_address: format!("/policy/{version}?language={}", say.language.code()),
        by_person: match &proposal.origin {
            makegood_desk::event::Origin::Person { reason } => reason.clone(),
            _ => String::new(),
        },
        undo: parts::undo(case, now),
        remainder: seen
            .records
            .left()
            .map_or(String::new(), |left| left.minor().to_string()),
        ..Decision::default()
    };
    out.state = say.t(match (out.proposed, out.waits, out.standing) {
        (true, ..) => "desk-decision-proposed",
        (_, true, _) => "desk-decision-waits",
        (.., true) => "desk-decision-stands",
        _ => "desk-decision-replaced",
    });
    let policies = web.desk.policies.now();
    let mut books = policies.iter();
    let book = books.find(|book| book.policy().version == *version);
    if let Some((book, judged)) = book.zip(judged) {
        explain(&mut out, say, book, judged);
    }
    Some(out)
}

/// Why the policy says so, in the reader's language.
fn explain(
    out: &mut Decision,
    say: &Say,
    book: &makegood_desk::decision::Rulebook,
    judged: &CaseFile<'_>,
) {
    let mut room = Workspace::default();
    let decision = book.decide(&mut room, judged);
    let edition = edition(book.policy(), Some(say.language.code()));
    let reasons = Reasons::of(book, judged, &decision, edition, Disclose::Agent);
    out.because = reasons.because;
    out.quote = reasons.quote;
    out.steps = reasons
        .steps
        .into_iter()
        .map(|step| {
            let label = match step.how.is_empty() {
                true => step.what,
                false => format!("{} = {}", step.what, step.how),
            };
            (label, step.figure, step.result)
        })
        .collect();
    out.sufficient = reasons
        .sufficient
        .into_iter()
        .map(|held| (held.label, held.is))
        .collect();
    out.changes = reasons
        .would_change
        .into_iter()
        .map(|change| change.says)
        .collect();
}

/// The six facts that an agent needs in five seconds.
fn tiles(say: &Say, seen: &Seen, decision: Option<&Decision>, now: Instant) -> Vec<Tile> {
    let case = &seen.case;
    let tile = |label: &str, value: String, note: String, tone: &'static str| Tile {
        label: say.t(label),
        value,
        note,
        tone,
    };
    let (value, note, tone) = match decision {
        Some(decision) => (
            decision
                .grants
                .first()
                .cloned()
                .unwrap_or_else(|| decision.outcome.clone()),
            decision.state.clone(),
            "strong",
        ),
        None => (stage(say, case.stage().word()), missing(say, case), ""),
    };
    let mut out = vec![tile("desk-tile-outcome", value, note, tone)];
    out.extend(
        delivered(say, seen).map(|(value, note)| tile("desk-tile-delivered", value, note, "")),
    );
    let (value, note, tone) = clock(say, case, now);
    out.push(tile("desk-tile-clock", value, note, tone));
    let (value, tone) = match &case.disputed {
        Some(_) => (say.t("desk-yes"), "bad"),
        None => (say.t("desk-no"), ""),
    };
    out.push(tile("desk-tile-chargeback", value, String::new(), tone));
    let (value, tone) = seen
        .row
        .due_at
        .map_or((say.t("desk-nothing-due"), ""), |at| {
            let (words, late) = due(say, now, at);
            (words, if late { "bad" } else { "" })
        });
    out.push(tile("desk-tile-due", value, String::new(), tone));
    let clause = decision.map_or(String::new(), |decision| decision.clause.clone());
    let clause = match clause.is_empty() {
        true => "–".to_owned(),
        false => clause,
    };
    let version = decision.map_or(String::new(), |decision| decision.version.clone());
    out.push(tile("desk-tile-clause", clause, version, ""));
    out
}

/// How many facts are still missing.
fn missing(say: &Say, case: &Case) -> String {
    let count = case
        .open_askings()
        .map(|asking| asking.facts.len())
        .fold(0_usize, usize::saturating_add);
    match count {
        0 => String::new(),
        count => say.with("desk-missing", &[("count", Fill::Count(count))]),
    }
}

fn delivered(say: &Say, seen: &Seen) -> Option<(String, String)> {
    let found = seen
        .case
        .findings
        .iter()
        .find_map(|finding| match finding {
            Finding::Delivered {
                units_delivered,
                units_dropped,
                units_ordered,
            } => Some((*units_delivered, *units_dropped, *units_ordered)),
            _ => None,
        })?;
    let (delivered, dropped, ordered) = found;
    let (delivered, ordered) = (say.whole(delivered), say.whole(ordered));
    let note = match dropped {
        0 => say.t("desk-none-dropped"),
        dropped => say.one("desk-dropped", "units", say.whole(dropped)),
    };
    Some((format!("{delivered} / {ordered}"), note))
}

/// The clock that runs: the guarantee, or the time to start.
fn clock(say: &Say, case: &Case, now: Instant) -> (String, String, &'static str) {
    for finding in &case.findings {
        match finding {
            Finding::GuaranteeUntil { at } => {
                let (words, over) = due(say, now, *at);
                let value = say.one("desk-guarantee-until", "day", say.day(*at));
                return (value, words, if over { "bad" } else { "" });
            }
            Finding::StartOverdue { due_at } => {
                let value = say.one("desk-start-overdue", "day", say.day(*due_at));
                return (value, due(say, now, *due_at).0, "bad");
            }
            Finding::StartNotDue { due_at } => {
                let value = say.one("desk-start-due", "day", say.day(*due_at));
                return (value, due(say, now, *due_at).0, "");
            }
            _ => {}
        }
    }
    (say.t("desk-no-clock"), String::new(), "")
}
