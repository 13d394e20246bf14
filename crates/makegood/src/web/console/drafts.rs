// SPDX-License-Identifier: MIT OR Apache-2.0
//! Drafts of policy versions: handed in, held against the version in force, and approved by somebody who did not write them.
//!
//! A version is its day: it judges orders that are placed from then on. So it is approved before that day, and nothing that is decided
//! today changes by it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri};
use makegood_desk::case::Instant;
use makegood_desk::decision::Rulebook;
use makegood_desk::input::Id;
use makegood_policy::Limits;
use makegood_policy::diff::{Change, ChangeKind, Decision, diff_in};
use makegood_policy::version::Date;

use super::frame::{DeskFrame, guarded};
use crate::books::drafts::{self, Approval, Draft};
use crate::policies::{Policies, Unusable, front, until};
use crate::setup::new_id;
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::portal::form::Form;
use crate::web::portal::frame::written;
use crate::web::portal::say::{Fill, Say};
use crate::web::refusal::{Problem, shown_at};
use crate::web::session;
use crate::web::wire::{Answer, name, read_name};

/// How long comparing and checking may take.
const WITHIN: std::time::Duration = std::time::Duration::from_secs(20);
/// Most changes that are shown.
const CHANGES_MOST: usize = 60;

/// A draft in the list.
struct Row {
    address: String,
    version: String,
    state: String,
    author: String,
    when: String,
}

/// A class of cases that are decided otherwise.
struct Changed {
    when: Vec<String>,
    before: String,
    after: String,
    /// Whether the clause alone is another one.
    clause_only: bool,
}

/// Why a draft cannot be taken or approved: the id of a text, and what is filled in.
struct Not(&'static str, String);

#[derive(Template)]
#[template(path = "desk_drafts.html")]
struct ListPage {
    frame: DeskFrame,
    drafts: Vec<Row>,
    source: String,
    translation: String,
    /// What is wrong with what was handed in, each with its place underlined.
    wrong: Vec<String>,
    pinned: bool,
}

#[derive(Template)]
#[template(path = "desk_draft.html")]
struct OnePage {
    frame: DeskFrame,
    version: String,
    state: String,
    history: String,
    problems: Vec<String>,
    against: String,
    alike: bool,
    notes: Vec<String>,
    changes: Vec<Changed>,
    more: String,
    source: String,
    translation: String,
    /// Why the reader cannot approve it, where they cannot.
    not: Option<String>,
    open: bool,
}

fn version_words(say: &Say, version: &str) -> String {
    makegood_desk::words::version_words(say.tongue(), version)
}

fn state(say: &Say, draft: &Draft, now: Instant) -> String {
    let day = Date::parse(&draft.version).map_or(i128::MIN, Date::starts_at);
    say.t(match (draft.approved_at, draft.withdrawn_at) {
        (Some(_), _) if day <= now.unix_nanoseconds() => "desk-draft-in-force",
        (Some(_), _) => "desk-draft-approved",
        (None, Some(_)) => "desk-draft-withdrawn",
        (None, None) => "desk-draft-waits",
    })
}

async fn listed(
    web: &Arc<Web>,
    frame: DeskFrame,
    draft: (String, String),
    wrong: Vec<String>,
) -> Result<ListPage, Problem> {
    let read = web
        .desk
        .store
        .read(|tx| Box::pin(async move { drafts::all(tx).await }));
    let (say, now) = (frame.say.clone(), web.clock.now());
    let rows = read.await?.into_iter().map(|draft| Row {
        address: format!("/desk/policy/drafts/{}", name("draft", draft.id)),
        state: state(&say, &draft, now),
        when: say.moment(draft.created_at),
        author: draft.author.unwrap_or_default(),
        version: version_words(&say, &draft.version),
    });
    Ok(ListPage {
        drafts: rows.collect(),
        source: draft.0,
        translation: draft.1,
        pinned: web.desk.policies.fixed().is_pinned(),
        wrong,
        frame,
    })
}

/// Open the drafts of the policy
#[utoipa::path(get, path = "/desk/policy/drafts", tag = "Console", operation_id = "desk_drafts",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let frame = DeskFrame::new(&web, &uri, &headers, &caller, "policy", "desk-drafts");
    let page = listed(&web, frame, Default::default(), Vec::new()).await?;
    Ok(page.frame.sent(written(&page)?))
}

/// Hand a draft in
///
/// `source` is the page in the policy's own language, `translation` the other one; each as a file or as text.
#[utoipa::path(post, path = "/desk/policy/drafts", tag = "Console", operation_id = "desk_draft_add",
    responses((status = 303, description = "It was taken; the header `Location` leads to it.", headers(("Location" = String))),
        (status = 422, description = "The page, with what is to be put right.", content_type = "text/html", body = String)))]
pub async fn add(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    session::from_our_pages(&web, &headers)?;
    let mut frame = DeskFrame::new(&web, &uri, &headers, &caller, "policy", "desk-drafts");
    let most = Limits::default().bytes.saturating_mul(2);
    let form = Form::read_documents(request, most).await?;
    let pages = (
        form.text("source").to_owned(),
        form.text("translation").to_owned(),
    );
    let draft = Draft {
        id: new_id(),
        version: front(&pages.0, "version").unwrap_or_default().to_owned(),
        source: pages.0.clone(),
        translation: pages.1.clone(),
        created_at: web.clock.now(),
        created_by: caller.token().person.map(|(person, _)| person),
        approved_at: None,
        withdrawn_at: None,
        author: None,
        approver: None,
    };
    let amiss = match read(&web, draft.clone()).await? {
        Ok(book) => fits(&web, &book).map_or(Ok(()), |not| Err((not, Vec::new()))),
        Err(wrong) => Err((Not("desk-draft-not-readable", String::new()), wrong)),
    };
    if let Err((Not(id, fill), wrong)) = amiss {
        frame.amiss = Some(frame.say.one(id, "what", fill));
        let page = listed(&web, frame, pages, wrong).await?;
        return Ok(page.frame.amiss(written(&page)?));
    }
    let place = format!(
        "/desk/policy/drafts/{}?told=drafted",
        name("draft", draft.id)
    );
    let added = web.desk.store.write(move |tx| {
        let draft = draft.clone();
        Box::pin(async move { drafts::add(tx, &draft).await })
    });
    added.await?;
    Ok(guarded(shown_at(&place), frame.say.language))
}

/// Reads a draft as a rulebook, away from the threads that answer; or what is wrong with it, each with its place underlined.
async fn read(web: &Arc<Web>, draft: Draft) -> Result<Result<Box<Rulebook>, Vec<String>>, Problem> {
    let _ = web;
    let reading = tokio::task::spawn_blocking(move || match draft.into_sheets().rulebook() {
        Ok(book) => Ok(Box::new(book)),
        Err(Unusable::Absent(why)) => Err(vec![why]),
        Err(Unusable::Wrong(sheets, problems)) => {
            let drawn = problems.iter().take(20);
            Err(drawn.map(|problem| sheets.drawn(problem, false)).collect())
        }
    });
    reading
        .await
        .map_err(|panic| Problem::fault(format!("reading a draft failed: {panic}")))
}

/// Whether a draft fits the versions there are; or why not.
fn fits(web: &Web, book: &Rulebook) -> Option<Not> {
    let (policies, policy) = (web.desk.policies.now(), book.policy());
    let newest = policies.iter().last()?.policy();
    if policy.name != newest.name {
        return Some(Not("desk-draft-not-same", newest.name.clone()));
    }
    for edition in &newest.editions {
        let language = &edition.language;
        if !policy.editions.iter().any(|own| own.language == *language) {
            return Some(Not("desk-draft-not-translated", language.clone()));
        }
    }
    let Some(day) = Date::parse(&policy.version) else {
        return Some(Not("desk-draft-not-a-day", policy.version.clone()));
    };
    if policies
        .iter()
        .any(|known| known.policy().version == policy.version)
    {
        return Some(Not("desk-draft-not-new", policy.version.clone()));
    }
    (day.starts_at() <= web.clock.now().unix_nanoseconds())
        .then(|| Not("desk-draft-not-later", policy.version.clone()))
}

/// Why somebody cannot approve a draft, if they cannot.
fn not_approved(
    web: &Web,
    caller: &Caller,
    frame: &DeskFrame,
    draft: &Draft,
    book: &Rulebook,
) -> Option<Not> {
    let plain = |id| Some(Not(id, String::new()));
    if !frame.owns() {
        return plain("desk-draft-not-owner");
    }
    let reader = caller.token().person.map(|(person, _)| person);
    if draft.created_by.is_some() && draft.created_by == reader {
        return plain("desk-draft-not-own");
    }
    if web.desk.policies.fixed().is_pinned() {
        return plain("desk-draft-not-pinned");
    }
    if book
        .policy()
        .check(&until(WITHIN))
        .iter()
        .any(makegood_policy::problem::Problem::is_error)
    {
        return plain("desk-draft-not-sound");
    }
    fits(web, book)
}

fn said(decision: &Decision) -> String {
    let clause = decision.clause.as_deref().unwrap_or("–");
    format!("§ {clause}: {}", decision.effect.as_deref().unwrap_or("–"))
}

fn changed(change: &Change) -> Changed {
    Changed {
        when: change
            .when
            .iter()
            .map(|when| format!("{}: {}", when.label, when.words))
            .collect(),
        before: said(&change.before),
        after: said(&change.after),
        clause_only: change.kind == ChangeKind::Clause,
    }
}

/// The version that a draft is held against: the one before its day.
fn before<'p>(policies: &'p Policies, version: &str) -> Option<&'p Rulebook> {
    policies
        .iter()
        .filter(|book| book.policy().version.as_str() < version)
        .last()
}

fn put_together(
    web: &Web,
    caller: &Caller,
    mut frame: DeskFrame,
    draft: Draft,
    book: &Rulebook,
) -> OnePage {
    let say = frame.say.clone();
    frame.title = say.one(
        "desk-draft-of",
        "version",
        version_words(&say, &draft.version),
    );
    let policy = book.policy();
    let problems = policy.check(&until(WITHIN));
    let policies = web.desk.policies.now();
    let older = before(&policies, &draft.version).map(Rulebook::policy);
    let diff = older.and_then(|older| {
        let language = say.language.code();
        diff_in(older, policy, language, &until(WITHIN)).ok()
    });
    let count = diff.as_ref().map_or(0, |diff| diff.changes.len());
    let open = draft.approved_at.is_none() && draft.withdrawn_at.is_none();
    let not = not_approved(web, caller, &frame, &draft, book).filter(|_| open);
    let history = match (&draft.approver, draft.approved_at) {
        (Some(approver), Some(at)) => say.with(
            "desk-draft-approved-by",
            &[
                ("name", Fill::Words(approver)),
                ("at", Fill::Words(&say.moment(at))),
            ],
        ),
        _ => String::new(),
    };
    let written_by = say.with(
        "desk-draft-by",
        &[
            ("name", Fill::Words(draft.author.as_deref().unwrap_or("–"))),
            ("at", Fill::Words(&say.moment(draft.created_at))),
        ],
    );
    OnePage {
        version: version_words(&say, &draft.version),
        state: state(&say, &draft, web.clock.now()),
        history: format!("{written_by} {history}"),
        problems: problems.iter().map(ToString::to_string).collect(),
        against: older.map_or(String::new(), |older| version_words(&say, &older.version)),
        alike: diff
            .as_ref()
            .is_some_and(makegood_policy::diff::Diff::is_alike),
        notes: diff
            .iter()
            .flat_map(|diff| &diff.notes)
            .map(ToString::to_string)
            .collect(),
        changes: diff
            .iter()
            .flat_map(|diff| &diff.changes)
            .take(CHANGES_MOST)
            .map(changed)
            .collect(),
        more: match count.saturating_sub(CHANGES_MOST) {
            0 => String::new(),
            more => say.with("desk-draft-more", &[("count", Fill::Count(more))]),
        },
        not: not.map(|Not(id, fill)| say.one(id, "what", fill)),
        open,
        source: draft.source,
        translation: draft.translation,
        frame,
    }
}

async fn known(web: &Arc<Web>, id: &str) -> Result<Draft, Problem> {
    let id: Id = read_name("draft", id)?;
    let found = web
        .desk
        .store
        .read(move |tx| Box::pin(async move { drafts::one(tx, id).await }));
    found.await?.ok_or_else(|| Problem::no_such("draft"))
}

async fn together(
    web: &Arc<Web>,
    caller: &Caller,
    frame: DeskFrame,
    draft: Draft,
) -> Result<OnePage, Problem> {
    let book = read(web, draft.clone()).await?;
    let book = book.map_err(|_| Problem::fault("a draft that was read before cannot be read"))?;
    let (inside, caller) = (Arc::clone(web), caller.clone());
    let page =
        tokio::task::spawn_blocking(move || put_together(&inside, &caller, frame, draft, &book));
    page.await
        .map_err(|panic| Problem::fault(format!("showing a draft failed: {panic}")))
}

/// Open a draft
///
/// With what its checks say, and every class of cases that it would decide otherwise than the version before it.
#[utoipa::path(get, path = "/desk/policy/drafts/{id}", tag = "Console", operation_id = "desk_draft",
    params(("id" = String, Path, description = "The id of the draft.")),
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn one(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let draft = known(&web, &id).await?;
    let frame = DeskFrame::new(&web, &uri, &headers, &caller, "policy", "desk-drafts");
    let page = together(&web, &caller, frame, draft).await?;
    Ok(page.frame.sent(written(&page)?))
}

/// Approve or withdraw a draft
///
/// `do` is `approve` or `withdraw`. An owner approves what somebody else wrote; whoever wrote it, or an owner, withdraws it.
#[utoipa::path(post, path = "/desk/policy/drafts/{id}", tag = "Console", operation_id = "desk_draft_judge",
    params(("id" = String, Path, description = "The id of the draft.")),
    responses((status = 303, description = "It was done; the header `Location` leads back.", headers(("Location" = String))),
        (status = 422, description = "The page, with why it was not.", content_type = "text/html", body = String)))]
pub async fn judge(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    session::from_our_pages(&web, &headers)?;
    let mut frame = DeskFrame::new(&web, &uri, &headers, &caller, "policy", "desk-drafts");
    let form = Form::read(&web, request).await?;
    let draft = known(&web, &id).await?;
    let done = match form.text("do") {
        "approve" => approve(&web, &caller, &frame, &draft).await?,
        "withdraw" => withdraw(&web, &caller, &frame, &draft).await?,
        _ => Err(Not("desk-form-wrong", String::new())),
    };
    match done {
        Ok(told) => {
            let place = format!("/desk/policy/drafts/{id}?told={told}");
            Ok(guarded(shown_at(&place), frame.say.language))
        }
        Err(Not(text, fill)) => {
            frame.amiss = Some(frame.say.one(text, "what", fill));
            let page = together(&web, &caller, frame, draft).await?;
            Ok(page.frame.amiss(written(&page)?))
        }
    }
}

async fn approve(
    web: &Arc<Web>,
    caller: &Caller,
    frame: &DeskFrame,
    draft: &Draft,
) -> Result<Result<&'static str, Not>, Problem> {
    let book = read(web, draft.clone()).await?;
    let book = book.map_err(|_| Problem::fault("a draft that was read before cannot be read"))?;
    if let Some(not) = not_approved(web, caller, frame, draft, &book) {
        return Ok(Err(not));
    }
    let Some((by, _)) = caller.token().person else {
        return Ok(Err(Not("desk-draft-not-owner", String::new())));
    };
    let (id, version, now) = (draft.id, draft.version.clone(), web.clock.now());
    let approved = web.desk.store.write(move |tx| {
        let version = version.clone();
        Box::pin(async move { drafts::approve(tx, id, &version, by, now).await })
    });
    match approved.await? {
        Approval::Done => {
            web.desk.policies.refresh(&web.desk.store).await?;
            tracing::info!("a policy version was approved");
            Ok(Ok("published"))
        }
        Approval::Over => Ok(Err(Not("desk-draft-not-open", String::new()))),
        Approval::Taken => Ok(Err(Not("desk-draft-not-new", draft.version.clone()))),
    }
}

async fn withdraw(
    web: &Arc<Web>,
    caller: &Caller,
    frame: &DeskFrame,
    draft: &Draft,
) -> Result<Result<&'static str, Not>, Problem> {
    let reader = caller.token().person.map(|(person, _)| person);
    if !frame.owns() && draft.created_by != reader {
        return Ok(Err(Not("desk-not-yours", String::new())));
    }
    let (id, now) = (draft.id, web.clock.now());
    let gone = web
        .desk
        .store
        .write(move |tx| Box::pin(async move { drafts::withdraw(tx, id, now).await }));
    Ok(match gone.await? {
        true => Ok("withdrawn"),
        false => Err(Not("desk-draft-not-open", String::new())),
    })
}
