// SPDX-License-Identifier: MIT OR Apache-2.0
//! A conversation: what was written on both sides, how the case stands, what is still asked, and a place to write.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use makegood_desk::input::Door;
use makegood_desk::notice::Paragraph;
use tokio::sync::watch;

use super::{ChatLook, guarded, look, there};
use crate::post::REPLY;
use crate::web::Web;
use crate::web::portal::case::{self, Item, Seen, acted, state, words_of, wrong_with};
use crate::web::portal::form::Form;
use crate::web::portal::frame::{Frame, asked_for, chosen, written};
use crate::web::portal::help::once;
use crate::web::portal::say::Say;
use crate::web::refusal::{Problem, amiss_page, shown_at};
use crate::web::session;
use crate::web::wire::{Answer, html};

#[derive(Template)]
#[template(path = "chat_room.html")]
struct Room {
    frame: Frame,
    look: ChatLook,
    version: u64,
    thread: Vec<Item>,
    state: String,
    note: String,
    asks: Vec<case::Ask>,
    decision: Vec<String>,
    there: String,
    case_address: String,
    stream_address: String,
    draft: String,
    amiss: Option<String>,
    once: String,
}

async fn put_together(
    web: &Arc<Web>,
    mut frame: Frame,
    link: &str,
    seen: Seen,
    amiss: Option<(String, String)>,
) -> Result<Room, Problem> {
    let say = frame.say.clone();
    let held = Arc::clone(&seen.case);
    let thread = thread(web, &say, &seen).await?;
    let state = state::of(&say, &held, web.config.merchant.answer);
    let told = case::spawn_explained(web, &say, seen).await?;
    let decision = told.decision.into_iter().filter_map(|part| match part {
        Paragraph::Lead(text) | Paragraph::Text(text) => Some(text),
        Paragraph::Quote { source, words, .. } => Some(format!("{source}: {}", words.join(" "))),
        _ => None,
    });
    let (amiss, draft) = amiss.unzip();
    frame.title = say.one("case-title", "number", held.number.to_string());
    Ok(Room {
        look: look(),
        version: held.version,
        thread,
        state: state.sentence,
        note: state.note,
        asks: told.asks,
        decision: decision.collect(),
        there: there(web, &say),
        case_address: format!("/c/{link}{}", frame.chosen),
        stream_address: format!("/chat/{link}/stream"),
        draft: draft.unwrap_or_default(),
        amiss,
        once: once()?,
        frame,
    })
}

/// What was written: by the customer, and by people of ours. Letters say at length what the page itself tells in a line.
async fn thread(web: &Arc<Web>, say: &Say, seen: &Seen) -> Result<Vec<Item>, Problem> {
    let mut items = case::thread(web, say, seen).await?;
    items.retain(|item| !item.ours);
    for reply in &seen.case.replies {
        items.push(Item {
            ours: true,
            at: reply.at,
            machine: say.machine(reply.at),
            when: say.moment(reply.at),
            title: say.t("chat-person"),
            text: words_of(web, reply.text, REPLY).await?,
            files: Vec::new(),
        });
    }
    items.sort_by_key(|item| item.at);
    Ok(items)
}

/// Where links stand that do not count, also in the shop's frame.
fn gone(web: &Web, uri: &Uri, headers: &HeaderMap) -> Answer {
    let language = chosen(uri).unwrap_or_else(|| asked_for(web, headers));
    Ok(guarded(web, case::gone(web, uri, headers)?, language))
}

/// Read a conversation
///
/// For the customer who has its link. Links that do not count are answered as at `/c/{link}`.
#[utoipa::path(get, path = "/chat/{link}", tag = "Pages", operation_id = "chat_room",
    params(("link" = String, Path, description = "The signed link.")),
    responses((status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 410, description = "The link does not count.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    Path(link): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let Some(seen) = case::seen(&web, &link).await? else {
        return gone(&web, &uri, &headers);
    };
    let language = chosen(&uri).unwrap_or(seen.case.language);
    let frame = Frame::new(&web, &uri, language, "chat", "chat-title");
    let page = put_together(&web, frame, &link, seen, None).await?;
    Ok(guarded(&web, html(written(&page)?), language))
}

/// Write in a conversation
///
/// With `text`, files, or both. `once` is a name of the message's own: sent again under it, it counts once.
#[utoipa::path(post, path = "/chat/{link}", tag = "Pages", operation_id = "chat_say",
    params(("link" = String, Path, description = "The signed link.")),
    responses((status = 303, description = "It was taken; the header `Location` leads back.", headers(("Location" = String))),
        (status = 403, description = "It did not come from a page of the desk's own (`/problems/foreign-site`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody),
        (status = 410, description = "The link does not count.", content_type = "text/html", body = String),
        (status = 422, description = "The page, with what is to be put right.", content_type = "text/html", body = String)))]
pub async fn send(
    State(web): State<Arc<Web>>,
    Path(link): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    session::from_our_pages(&web, &headers)?;
    let Some(seen) = case::seen(&web, &link).await? else {
        return gone(&web, &uri, &headers);
    };
    let language = chosen(&uri).unwrap_or(seen.case.language);
    let frame = Frame::new(&web, &uri, language, "chat", "chat-title");
    let form = Form::read(&web, request).await?;
    let done = match wrong_with(&form) {
        Some(why) => Err(frame.say.t(why)),
        None => acted(&web, &seen.case, Door::Chat, &form, uri.path(), &frame.say).await?,
    };
    match done {
        Ok(_) => {
            let place = format!("/chat/{link}{}#write", frame.chosen);
            Ok(guarded(&web, shown_at(&place), language))
        }
        Err(why) => {
            let amiss = Some((why, form.text("text").to_owned()));
            let page = put_together(&web, frame, &link, seen, amiss).await?;
            Ok(guarded(&web, amiss_page(written(&page)?), language))
        }
    }
}

/// Where a stream stands.
struct Stand {
    news: watch::Receiver<i64>,
    ends: watch::Receiver<bool>,
    /// What the reader has seen.
    version: i64,
}

impl Stand {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if *self.ends.borrow() {
                return None;
            }
            let news = *self.news.borrow_and_update();
            if news > self.version {
                self.version = news;
                let event = Event::default().event("case").data(news.to_string());
                return Some((Ok(event), self));
            }
            tokio::select! {
                heard = self.news.changed() => heard.ok()?,
                _ = self.ends.changed() => return None,
            }
        }
    }
}

/// Hear what happens in a conversation
///
/// As server-sent events: `case` with how many events it has seen, at once and whenever it has moved on.
#[utoipa::path(get, path = "/chat/{link}/stream", tag = "Pages", operation_id = "chat_stream",
    params(("link" = String, Path, description = "The signed link.")),
    responses((status = 200, description = "The events.", content_type = "text/event-stream", body = Object),
        (status = 410, description = "The link does not count.", content_type = "text/html", body = String)))]
pub async fn stream(
    State(web): State<Arc<Web>>,
    Path(link): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let now = web.clock.now();
    let Some(known) = web.links.read(&link, now) else {
        return gone(&web, &uri, &headers);
    };
    // Before the case is looked at: what happens in between is told rather than missed.
    let news = web.news.of(&web.desk.store, known.case);
    let shelf = Arc::clone(&web.desk.shelf);
    let found = web.desk.store.read(move |tx| {
        let shelf = Arc::clone(&shelf);
        Box::pin(async move {
            if !crate::web::portal::link::counts(tx, known).await? {
                return Ok(None);
            }
            let case = crate::books::cases::load(tx, &shelf, known.case, false).await?;
            Ok(case.map(|case| case.version))
        })
    });
    let Some(version) = found.await? else {
        return gone(&web, &uri, &headers);
    };
    let stand = Stand {
        news,
        ends: web.ends.subscribe(),
        version: i64::try_from(version).unwrap_or(i64::MAX),
    };
    let first = Event::default().event("case").data(version.to_string());
    let first = stream::once(async move { Ok::<_, Infallible>(first) });
    let told = futures_util::StreamExt::chain(first, stream::unfold(stand, Stand::next));
    let alive = KeepAlive::new().interval(Duration::from_secs(25));
    Ok(Sse::new(told).keep_alive(alive).into_response())
}
