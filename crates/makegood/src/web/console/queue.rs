// SPDX-License-Identifier: MIT OR Apache-2.0
//! The queue: what is to be done, what is due first first; what is ready within limits is accepted at one go.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use makegood_desk::case::{ClaimKind, Duration, Instant};
use makegood_desk::input::{Id, Input};
use serde_json::json;
use url::form_urlencoded;

use super::act::refused_words;
use super::frame::{DeskFrame, guarded};
use super::words::{due, money, outcome, stage};
use crate::answer::outcome_word;
use crate::books::people::{self, Role};
use crate::books::queue::{self, Filter, Looking, Place, QueueRow, View};
use crate::books::views::{self, SavedView};
use crate::books::{cases, instant, nanoseconds};
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::api::acts::act_with;
use crate::web::api::notes::assigned;
use crate::web::idempotency::Context;
use crate::web::portal::form::Form;
use crate::web::portal::frame::{parameter, written};
use crate::web::portal::help::once;
use crate::web::portal::say::{Fill, Say};
use crate::web::refusal::{Problem, shown_at};
use crate::web::session;
use crate::web::wire::Answer;
use crate::wire::Word as _;

/// How many cases a page shows.
pub const PAGE: i64 = 50;
/// What is due within so long is due soon.
const SOON: Duration = Duration::from_seconds(3_600);

/// A view in the bar above the list.
struct Tab {
    address: String,
    name: String,
    count: String,
    here: bool,
    /// The number of a view that somebody keeps for themself.
    own: Option<u64>,
}

/// What is shown: a view of the desk's, and which of its cases.
#[derive(Clone, Default)]
struct Shape {
    view: View,
    filter: Filter,
    search: String,
}

/// Something that a list can be narrowed to.
struct Pick {
    word: String,
    label: String,
    here: bool,
}

/// The form that narrows a list.
struct Narrow {
    claims: Vec<Pick>,
    channels: Vec<Pick>,
    services: Vec<Pick>,
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
    /// What it is chosen as: its number, and what stands here, for nothing else is accepted at one go.
    choice: String,
    ready: bool,
}

#[derive(Template)]
#[template(path = "desk_queue.html")]
struct Page {
    frame: DeskFrame,
    /// What stands behind the question mark of the list's address.
    query: String,
    view: &'static str,
    tabs: Vec<Tab>,
    /// The form that narrows the list, where it was asked for.
    narrow: Option<Narrow>,
    narrowed: bool,
    lines: Vec<Line>,
    next: Option<String>,
    /// Whether the reader accepts, and whether the reader gives cases to people.
    bulk: bool,
    gives: bool,
    people: Vec<String>,
    once: String,
    empty: String,
}

const CHANNELS: [&str; 4] = ["form", "chat", "email", "api"];

impl Shape {
    fn of(uri: &Uri, role: Option<Role>) -> Self {
        let word = |name: &str| {
            let text = parameter(uri, name)?.trim().to_owned();
            (!text.is_empty() && text.chars().count() <= 200 && !text.contains('\0'))
                .then_some(text)
        };
        Self {
            view: parameter(uri, "view")
                .and_then(|word| View::read(&word))
                .unwrap_or_else(|| first_view(role)),
            filter: Filter {
                claim: word("claim").filter(|word| ClaimKind::read(word).is_some()),
                channel: word("channel").filter(|word| CHANNELS.contains(&word.as_str())),
                service: word("service"),
            },
            search: word("search").unwrap_or_default(),
        }
    }

    /// The same as an address says it: only what is known, in one order.
    fn query(&self) -> String {
        let mut out = form_urlencoded::Serializer::new(String::new());
        out.append_pair("view", self.view.word());
        let filter = [
            ("claim", &self.filter.claim),
            ("channel", &self.filter.channel),
            ("service", &self.filter.service),
        ];
        for (name, word) in filter {
            if let Some(word) = word {
                out.append_pair(name, word);
            }
        }
        if !self.search.is_empty() {
            out.append_pair("search", &self.search);
        }
        out.finish()
    }
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
    let ready = decides && row.stage == "ready_to_decide" && row.outcome.is_some();
    let proposed = row.outcome.as_deref().filter(|_| ready).unwrap_or_default();
    Line {
        number: row.number,
        address: format!("/desk/cases/{}?view={}", row.number, view.word()),
        choice: format!("{}:{proposed}:{seen}", row.number),
        ready,
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
    }
}

/// What the books say for a page.
struct Found {
    counts: Vec<(View, u64)>,
    rows: Vec<QueueRow>,
    own: Vec<SavedView>,
    people: Vec<String>,
    services: Vec<String>,
}

async fn found(
    web: &Arc<Web>,
    shape: &Shape,
    looking: Looking,
    after: Option<Place>,
    narrow: bool,
) -> Result<Found, Problem> {
    let (inside, shape) = (Arc::clone(web), shape.clone());
    let found = web.desk.store.read(move |tx| {
        let (shape, web) = (shape.clone(), Arc::clone(&inside));
        Box::pin(async move {
            let most = PAGE.saturating_add(1);
            let rows = if shape.search.is_empty() {
                queue::cases(tx, shape.view, &shape.filter, looking, after, most).await?
            } else {
                super::find::cases(tx, &web, &shape.search, PAGE).await?
            };
            let there = people::all(tx).await?.into_iter();
            let there = there.filter(|person| person.disabled_at.is_none());
            Ok(Found {
                counts: queue::counts(tx, looking).await?,
                rows,
                own: match looking.person {
                    Some(person) => views::of(tx, person).await?,
                    None => Vec::new(),
                },
                people: there.map(|person| person.name).collect(),
                services: match narrow {
                    true => queue::services(tx).await?,
                    false => Vec::new(),
                },
            })
        })
    });
    Ok(found.await?)
}

/// The desk's views, and behind them those that the reader keeps.
fn tabs(say: &Say, shape: &Shape, counts: &[(View, u64)], own: Vec<SavedView>) -> Vec<Tab> {
    let query = shape.query();
    let kept = own.iter().any(|view| view.query == query);
    let plain = shape.search.is_empty() && !kept;
    let desks = View::ALL.iter().map(|(word, known)| Tab {
        address: format!("/desk?view={word}"),
        name: say.t(&format!("desk-view-{word}")),
        count: counts
            .iter()
            .find(|(counted, _)| counted == known)
            .map_or(String::new(), |(_, count)| say.whole(*count)),
        here: *known == shape.view && plain,
        own: None,
    });
    let own = own.into_iter().map(|view| Tab {
        here: view.query == query,
        address: format!("/desk?{}", view.query),
        name: view.name,
        count: String::new(),
        own: Some(view.no),
    });
    desks.chain(own).collect()
}

fn narrow(say: &Say, shape: &Shape, services: Vec<String>) -> Narrow {
    let picks = |words: &[&str], id: &str, chosen: &Option<String>| {
        let pick = |word: &&str| Pick {
            here: chosen.as_deref() == Some(*word),
            word: (*word).to_owned(),
            label: say.t(&format!("{id}-{word}")),
        };
        words.iter().map(pick).collect()
    };
    let filter = &shape.filter;
    let services = services.into_iter().map(|name| Pick {
        here: filter.service.as_ref() == Some(&name),
        label: name.clone(),
        word: name,
    });
    Narrow {
        claims: picks(ClaimKind::ALL, "claim", &filter.claim),
        channels: picks(&CHANNELS, "desk-channel", &filter.channel),
        services: services.collect(),
    }
}

async fn put_together(
    web: &Arc<Web>,
    frame: DeskFrame,
    caller: &Caller,
    uri: &Uri,
) -> Result<Page, Problem> {
    let shape = Shape::of(uri, frame.role);
    let after = parameter(uri, "after").and_then(|text| place(&text));
    let opened = parameter(uri, "narrow").is_some();
    let mut found = found(web, &shape, looking(web, caller), after, opened).await?;
    let shown = usize::try_from(PAGE).unwrap_or_default();
    let more = found.rows.len() > shown;
    found.rows.truncate(shown);
    let next = found.rows.last().filter(|_| more).and_then(place_after);
    let (now, decides) = (web.clock.now(), frame.decides());
    let lines: Vec<Line> = found
        .rows
        .into_iter()
        .map(|row| line(&frame.say, row, shape.view, now, decides))
        .collect();
    let empty = match shape.search.is_empty() {
        true => frame.say.t("desk-queue-empty"),
        false => frame.say.one("desk-search-nothing", "words", &shape.search),
    };
    Ok(Page {
        query: shape.query(),
        view: shape.view.word(),
        tabs: tabs(&frame.say, &shape, &found.counts, found.own),
        narrow: opened.then(|| narrow(&frame.say, &shape, found.services)),
        narrowed: !shape.filter.is_empty(),
        bulk: lines.iter().any(|line| line.ready),
        gives: decides && !lines.is_empty(),
        people: found.people,
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
    for (name, id) in [("many", "desk-told-many"), ("given", "desk-told-given")] {
        if let Some(count) = parameter(&uri, name).and_then(|text| text.parse::<usize>().ok()) {
            frame.told = Some(frame.say.with(id, &[("count", Fill::Count(count))]));
        }
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

/// What came of a form of the queue.
enum Came {
    /// It was done; where to go.
    Done(String),
    /// It was not, or not wholly, and why.
    Not(String),
}

/// Do something with what was chosen
///
/// `do` is `accept` (each decision by itself, if it still says what the page showed), `assign` (to `person`), `keep` (the list that is
/// shown, as a view of one's own called `name`) or `forget` (such a view, by its number `own`).
#[utoipa::path(post, path = "/desk", tag = "Console", operation_id = "desk_many",
    responses((status = 303, description = "It was; the header `Location` leads back.", headers(("Location" = String))),
        (status = 422, description = "The page, with what was not done and why.", content_type = "text/html", body = String)))]
pub async fn many(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    session::from_our_pages(&web, &headers)?;
    let mut frame = DeskFrame::new(&web, &uri, &headers, &caller, "queue", "desk-queue");
    let form = Form::read(&web, request).await?;
    let shape = Shape::of(&uri, frame.role);
    let came = match form.text("do") {
        "assign" => give(&web, &caller, &form, &shape, &frame).await?,
        "keep" => keep(&web, &caller, form.text("name"), &shape, &frame).await?,
        "forget" => forget(&web, &caller, form.text("own")).await?,
        _ => accept(&web, &caller, &form, &shape, &frame).await?,
    };
    match came {
        Came::Done(place) => Ok(guarded(shown_at(&place), frame.say.language)),
        Came::Not(why) => {
            frame.amiss = Some(why);
            let page = put_together(&web, frame, &caller, &uri).await?;
            Ok(page.frame.amiss(written(&page)?))
        }
    }
}

/// Where a list leads back to, or what of it was not done.
fn told_of(shape: &Shape, told: &str, done: usize, not: &[String], nothing: String) -> Came {
    match (not.is_empty(), done) {
        (true, 0) => Came::Not(nothing),
        (true, done) => Came::Done(format!("/desk?{}&{told}={done}", shape.query())),
        (false, _) => Came::Not(not.join(" ")),
    }
}

async fn accept(
    web: &Arc<Web>,
    caller: &Caller,
    form: &Form,
    shape: &Shape,
    frame: &DeskFrame,
) -> Result<Came, Problem> {
    let say = &frame.say;
    if !frame.decides() {
        return Ok(Came::Not(say.t("desk-not-yours")));
    }
    let (mut done, mut not) = (0_usize, Vec::new());
    let ready = form.texts("case").filter_map(chosen);
    for chosen in ready.filter(|chosen| !chosen.outcome.is_empty()) {
        match accepted(web, caller, form.text("once"), &chosen, say).await? {
            None => done = done.saturating_add(1),
            Some(why) => not.push(format!("MG-{}: {why}", chosen.number)),
        }
    }
    let nothing = say.t("desk-nothing-chosen");
    Ok(told_of(shape, "many", done, &not, nothing))
}

/// Gives what was chosen to somebody, or to nobody in particular.
async fn give(
    web: &Arc<Web>,
    caller: &Caller,
    form: &Form,
    shape: &Shape,
    frame: &DeskFrame,
) -> Result<Came, Problem> {
    let say = &frame.say;
    let person = Some(form.text("person")).filter(|name| !name.is_empty());
    let (mut done, mut not) = (0_usize, Vec::new());
    for chosen in form.texts("case").filter_map(chosen) {
        let number = chosen.number;
        let found = web
            .desk
            .store
            .read(move |tx| Box::pin(async move { queue::numbered(tx, number).await }));
        let Some(id) = found.await? else {
            continue;
        };
        let (key, path) = (
            format!("{}g{number}", form.text("once")),
            format!("/desk/cases/{number}"),
        );
        let said = json!({"assign": person}).to_string().into_bytes();
        let context = Context::of_page(web, caller, Some(&key), &path, &said);
        match assigned(web, &context, id, person.map(str::to_owned)).await {
            Ok(_) => done = done.saturating_add(1),
            Err(problem) => not.push(format!("MG-{number}: {}", refused_words(say, problem)?)),
        }
    }
    let nothing = say.t("desk-nothing-chosen");
    Ok(told_of(shape, "given", done, &not, nothing))
}

/// Keeps the list that is shown as a view of the reader's own.
async fn keep(
    web: &Arc<Web>,
    caller: &Caller,
    called: &str,
    shape: &Shape,
    frame: &DeskFrame,
) -> Result<Came, Problem> {
    let say = &frame.say;
    let Some((person, _)) = caller.token().person else {
        return Ok(Came::Not(say.t("desk-not-yours")));
    };
    if !crate::web::wire::is_line(called, 40) {
        return Ok(Came::Not(say.t("desk-view-name-wrong")));
    }
    let (called, query, now) = (called.to_owned(), shape.query(), web.clock.now());
    let place = format!("/desk?{query}&told=kept");
    let kept = web.desk.store.write(move |tx| {
        let (called, query) = (called.clone(), query.clone());
        Box::pin(async move { views::keep(tx, person, &called, &query, now).await })
    });
    Ok(match kept.await? {
        true => Came::Done(place),
        false => Came::Not(say.t("desk-view-too-many")),
    })
}

async fn forget(web: &Arc<Web>, caller: &Caller, no: &str) -> Result<Came, Problem> {
    let known = caller.token().person.zip(no.parse::<u64>().ok());
    if let Some(((person, _), no)) = known {
        let gone = web
            .desk
            .store
            .write(move |tx| Box::pin(async move { views::remove(tx, person, no).await }));
        gone.await?;
    }
    Ok(Came::Done("/desk?told=done".to_owned()))
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
        outcome_word(proposal.outcome) == chosen.outcome && money == chosen.minor
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
