// SPDX-License-Identifier: MIT OR Apache-2.0
//! The queue: what is to be done, what is due first first; what is ready within limits is accepted at one go.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use makegood_desk::case::{Duration, Instant};
use makegood_desk::input::{Id, Input};
use serde_json::json;

use super::act::refused_words;
use super::frame::{DeskFrame, guarded};
use super::words::{due, money, outcome, stage};
use crate::books::people::Role;
use crate::books::queue::{self, Looking, Place, QueueRow, View};
use crate::books::{cases, instant, nanoseconds};
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::api::acts::act_with;
use crate::web::idempotency::Context;
use crate::web::portal::form::Form;
use crate::web::portal::frame::{parameter, written};
use crate::web::portal::help::once;
use crate::web::portal::say::{Fill, Say};
use crate::web::refusal::{Problem, shown_at};
use crate::web::session;
use crate::web::wire::Answer;

/// How many cases a page shows.
pub const PAGE: i64 = 50;
/// What is due within so long is due soon.
const SOON: Duration = Duration::from_seconds(3_600);

/// A view in the bar above the list.
struct Tab {
    word: &'static str,
    name: String,
    count: String,
    here: bool,
}

/// A case in the list.
struct Line {
    number: u64,
    address: String,
    what: String,
    service: String,
    stage: String,
    outcome: String,
    money: String,
    due: String,
    late: bool,
    channel: String,
    assignee: String,
    /// What is accepted with it at one go: what stands here, and nothing else.
    choice: Option<String>,
}

#[derive(Template)]
#[template(path = "desk_queue.html")]
struct Page {
    frame: DeskFrame,
    view: &'static str,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    next: Option<String>,
    bulk: bool,
    once: String,
    empty: String,
}

/// With which view somebody begins who asks for none.
fn first_view(role: Option<Role>) -> View {
    match role {
        Some(Role::Technical) => View::Technical,
        Some(Role::Finance) => View::Approvals,
        _ => View::Ready,
    }
}

/// Who looks, now.
pub fn looking(web: &Web, caller: &Caller) -> Looking {
    Looking {
        person: caller.token().person.map(|(person, _)| person),
        soon: web.clock.now().plus(SOON),
    }
}

fn place(text: &str) -> Option<Place> {
    let (due, number) = text.split_once('.')?;
    Some(Place {
        due_at: due.parse::<i64>().ok().map(instant),
        number: number.parse().ok()?,
    })
}

fn place_after(row: &QueueRow) -> Option<String> {
    let due = match row.due_at {
        Some(at) => nanoseconds(at).ok()?.to_string(),
        None => String::new(),
    };
    Some(format!("{due}.{}", row.number))
}

fn line(say: &Say, row: QueueRow, view: View, now: Instant, decides: bool) -> Line {
    let (due, late) = row
        .due_at
        .map_or((String::new(), false), |at| due(say, now, at));
    let seen = row.money.as_ref().map_or(0, |(minor, _)| *minor);
    let ready = decides && row.stage == "ready_to_decide";
    let choice = row
        .outcome
        .as_ref()
        .filter(|_| ready)
        .map(|outcome| format!("{}:{outcome}:{seen}", row.number));
    Line {
        number: row.number,
        address: format!("/desk/cases/{}?view={}", row.number, view.word()),
        what: say.t(&format!("claim-{}", row.claim)),
        service: row.service.unwrap_or_default(),
        // Where all are at one stage, saying so at each is noise.
        stage: match view {
            View::Ready | View::Waiting | View::Approvals | View::Closed | View::Parked
                if row.outcome.is_some() =>
            {
                String::new()
            }
            _ => stage(say, &row.stage),
        },
        outcome: row
            .outcome
            .map_or(String::new(), |word| outcome(say, &word)),
        money: row
            .money
            .map_or(String::new(), |(minor, code)| money(say, minor, &code)),
        due,
        late,
        channel: say.t(&format!("desk-channel-{}", row.channel)),
        assignee: row.assignee.unwrap_or_default(),
        choice,
    }
}

async fn put_together(
    web: &Arc<Web>,
    frame: DeskFrame,
    caller: &Caller,
    uri: &Uri,
) -> Result<Page, Problem> {
    let view = parameter(uri, "view")
        .and_then(|word| View::read(&word))
        .unwrap_or_else(|| first_view(frame.role));
    let search = frame.search.trim().to_owned();
    let after = parameter(uri, "after").and_then(|text| place(&text));
    let looking = looking(web, caller);
    let inside = Arc::clone(web);
    let found = web.desk.store.read(move |tx| {
        let (search, web) = (search.clone(), Arc::clone(&inside));
        Box::pin(async move {
            let counts = queue::counts(tx, looking).await?;
            let most = PAGE.saturating_add(1);
            let rows = if search.is_empty() {
                queue::cases(tx, view, looking, after, most).await?
            } else {
                super::find::cases(tx, &web, &search, PAGE).await?
            };
            Ok((counts, rows))
        })
    });
    let (counts, mut rows) = found.await?;
    let shown = usize::try_from(PAGE).unwrap_or_default();
    let more = rows.len() > shown;
    rows.truncate(shown);
    let next = rows.last().filter(|_| more).and_then(place_after);
    let tabs = View::ALL
        .iter()
        .map(|(word, known)| Tab {
            word,
            name: frame.say.t(&format!("desk-view-{word}")),
            count: counts
                .iter()
                .find(|(counted, _)| counted == known)
                .map_or(String::new(), |(_, count)| frame.say.whole(*count)),
            here: *known == view && frame.search.is_empty(),
        })
        .collect();
    let (now, decides) = (web.clock.now(), frame.decides());
    let lines: Vec<Line> = rows
        .into_iter()
        .map(|row| line(&frame.say, row, view, now, decides))
        .collect();
    let empty = match frame.search.is_empty() {
        true => frame.say.t("desk-queue-empty"),
        false => frame.say.one("desk-search-nothing", "words", &frame.search),
    };
    Ok(Page {
        view: view.word(),
        tabs,
        bulk: lines.iter().any(|line| line.choice.is_some()),
        lines,
        next,
        once: once()?,
        empty,
        frame,
    })
}

/// Open the queue
///
/// What is to be done, what is due first first. `view` chooses what is shown, `search` looks for something.
#[utoipa::path(get, path = "/desk", tag = "Console", operation_id = "desk_queue",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let mut frame = DeskFrame::new(&web, &uri, &headers, &caller, "queue", "desk-queue");
    if let Some(count) = parameter(&uri, "many").and_then(|text| text.parse::<usize>().ok()) {
        let fills = [("count", Fill::Count(count))];
        frame.told = Some(frame.say.with("desk-told-many", &fills));
    }
    let search = frame
        .search
        .trim()
        .trim_start_matches("MG-")
        .trim_start_matches("mg-");
    if let Ok(number) = search.parse::<u64>() {
        let found = web
            .desk
            .store
            .read(move |tx| Box::pin(async move { queue::numbered(tx, number).await }));
        if found.await?.is_some() {
            let place = format!("/desk/cases/{number}");
            return Ok(guarded(shown_at(&place), frame.say.language));
        }
    }
    let page = put_together(&web, frame, &caller, &uri).await?;
    Ok(page.frame.sent(written(&page)?))
}

/// A case that was chosen, with what stood there of it.
struct Chosen {
    number: u64,
    outcome: String,
    minor: u64,
}

fn chosen(text: &str) -> Option<Chosen> {
    let mut parts = text.splitn(3, ':');
    Some(Chosen {
        number: parts.next()?.parse().ok()?,
        outcome: parts.next()?.to_owned(),
        minor: parts.next()?.parse().ok()?,
    })
}

/// Accept what was chosen
///
/// Each decision is accepted by itself, if it still says what the page showed; what was not is told.
#[utoipa::path(post, path = "/desk", tag = "Console", operation_id = "desk_accept_many",
    responses((status = 303, description = "They were; the header `Location` leads back.", headers(("Location" = String))),
        (status = 422, description = "The page, with what was not accepted and why.", content_type = "text/html", body = String)))]
pub async fn accept(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    session::from_our_pages(&web, &headers)?;
    let mut frame = DeskFrame::new(&web, &uri, &headers, &caller, "queue", "desk-queue");
    let form = Form::read(&web, request).await?;
    let (mut done, mut not) = (0_usize, Vec::new());
    for chosen in form.texts("case").filter_map(chosen) {
        match accepted(&web, &caller, form.text("once"), &chosen, &frame.say).await? {
            None => done = done.saturating_add(1),
            Some(why) => not.push(format!("MG-{}: {why}", chosen.number)),
        }
    }
    if not.is_empty() && done > 0 {
        let view = form.text("view");
        let view = View::read(view).unwrap_or_default().word();
        let place = format!("/desk?view={view}&many={done}");
        return Ok(guarded(shown_at(&place), frame.say.language));
    }
    frame.amiss = Some(match not.is_empty() {
        true => frame.say.t("desk-nothing-chosen"),
        false => not.join(" "),
    });
    let page = put_together(&web, frame, &caller, &uri).await?;
    Ok(page.frame.amiss(written(&page)?))
}

/// Accepts one; or why not, in words.
async fn accepted(
    web: &Arc<Web>,
    caller: &Caller,
    key: &str,
    chosen: &Chosen,
    say: &Say,
) -> Result<Option<String>, Problem> {
    let (shelf, number) = (Arc::clone(&web.desk.shelf), chosen.number);
    let found = web.desk.store.read(move |tx| {
        let shelf = Arc::clone(&shelf);
        Box::pin(async move {
            match queue::numbered(tx, number).await? {
                Some(id) => cases::load(tx, &shelf, id, false).await,
                None => Ok(None),
            }
        })
    });
    let held = found.await?;
    let proposal = held
        .as_ref()
        .and_then(|case| case.decision())
        .map(|held| &held.proposal);
    let same = proposal.filter(|proposal| {
        let money: u64 = proposal
            .remedies
            .iter()
            .filter_map(|granted| granted.money())
            .fold(0, |sum, amount| sum.saturating_add(amount.minor()));
        crate::answer::outcome_word(proposal.outcome) == chosen.outcome && money == chosen.minor
    });
    let Some((case, proposal)) = held.as_ref().zip(same) else {
        return Ok(Some(say.t("desk-changed-meanwhile")));
    };
    let (id, decision): (Id, u32) = (case.id, proposal.no);
    let path = format!("/desk/cases/{number}");
    let said = json!({"accept": decision}).to_string().into_bytes();
    let context = Context::of_page(web, caller, Some(&format!("{key}{number}")), &path, &said);
    let input = Input::Accept {
        decision,
        remainder_minor: None,
    };
    match act_with(web, &context, id, input, None).await {
        Ok(_) => Ok(None),
        Err(problem) => refused_words(say, problem).map(Some),
    }
}
