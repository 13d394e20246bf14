// SPDX-License-Identifier: MIT OR Apache-2.0
//! Standard replies, as the owner keeps them: what each is called, its words in both languages, and the fields that a case fills in.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};

use super::{Tab, tabs};
use crate::books::standard_replies::{self, FIELDS, StandardReply, unknown_field};
use crate::setup::new_id;
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::console::frame::{DeskFrame, guarded};
use crate::web::portal::form::Form;
use crate::web::portal::frame::written;
use crate::web::refusal::{Problem, shown_at};
use crate::web::session;
use crate::web::wire::{Answer, is_line, name, read_name};

/// Most characters of a name.
const NAME_MOST: usize = 80;
/// Most characters of the words.
const WORDS_MOST: usize = 4_000;

/// A reply as the page shows it.
#[derive(Default)]
struct Row {
    id: String,
    name: String,
    danish: String,
    english: String,
}

#[derive(Template)]
#[template(path = "desk_replies.html")]
struct Page {
    frame: DeskFrame,
    tabs: Vec<Tab>,
    replies: Vec<Row>,
    /// What somebody wanted to write down and has to put right.
    draft: Row,
    fields: Vec<(String, String)>,
}

async fn put_together(web: &Arc<Web>, frame: DeskFrame, draft: Row) -> Result<Page, Problem> {
    let read = web
        .desk
        .store
        .read(|tx| Box::pin(async move { standard_replies::all(tx).await }));
    let say = frame.say.clone();
    let replies = read.await?.into_iter().map(|reply| Row {
        id: name("reply", reply.id),
        name: reply.name,
        danish: reply.danish,
        english: reply.english,
    });
    let field = |field: &str| {
        (
            format!("{{{field}}}"),
            say.t(&format!("desk-reply-field-{field}")),
        )
    };
    Ok(Page {
        tabs: tabs(&say, "/desk/settings/replies"),
        replies: replies.collect(),
        fields: FIELDS.map(field).into(),
        draft,
        frame,
    })
}

/// Open the list of standard replies
#[utoipa::path(get, path = "/desk/settings/replies", tag = "Console", operation_id = "desk_replies",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let frame = DeskFrame::new(
        &web,
        &uri,
        &headers,
        &caller,
        "settings",
        "desk-set-replies",
    );
    let page = put_together(&web, frame, Row::default()).await?;
    Ok(page.frame.sent(written(&page)?))
}

/// Write a standard reply down, or let one go
///
/// `do` is `keep` (with `name`, `danish` and `english`, and `reply` where it is known already) or `remove` (with `reply`).
#[utoipa::path(post, path = "/desk/settings/replies", tag = "Console", operation_id = "desk_replies_change",
    responses((status = 303, description = "It was done; the header `Location` leads back.", headers(("Location" = String))),
        (status = 403, description = "It did not come from the page (`/problems/foreign-site`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody),
        (status = 422, description = "The page, with what is to be put right.", content_type = "text/html", body = String)))]
pub async fn change(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    session::from_our_pages(&web, &headers)?;
    let mut frame = DeskFrame::new(
        &web,
        &uri,
        &headers,
        &caller,
        "settings",
        "desk-set-replies",
    );
    let form = Form::read(&web, request).await?;
    let done = match form.text("do") {
        "keep" => keep(&web, &caller, &form, &frame).await?,
        "remove" => remove(&web, form.text("reply")).await?,
        _ => Err(frame.say.t("desk-form-wrong")),
    };
    match done {
        Ok(()) => {
            let place = "/desk/settings/replies?told=done";
            Ok(guarded(shown_at(place), frame.say.language))
        }
        Err(why) => {
            frame.amiss = Some(why);
            let draft = Row {
                id: form.text("reply").to_owned(),
                name: form.text("name").to_owned(),
                danish: form.text("danish").to_owned(),
                english: form.text("english").to_owned(),
            };
            let page = put_together(&web, frame, draft).await?;
            Ok(page.frame.amiss(written(&page)?))
        }
    }
}

async fn keep(
    web: &Arc<Web>,
    caller: &Caller,
    form: &Form,
    frame: &DeskFrame,
) -> Result<Result<(), String>, Problem> {
    let say = &frame.say;
    let (called, danish, english) = (form.text("name"), form.text("danish"), form.text("english"));
    if !is_line(called, NAME_MOST) {
        return Ok(Err(say.t("desk-reply-name-wrong")));
    }
    if danish.is_empty() && english.is_empty() {
        return Ok(Err(say.t("desk-text-missing")));
    }
    for words in [danish, english] {
        if words.chars().count() > WORDS_MOST || words.contains('\0') {
            return Ok(Err(say.t("desk-reply-words-wrong")));
        }
        if let Some(field) = unknown_field(words) {
            return Ok(Err(say.one("desk-reply-field-wrong", "field", field)));
        }
    }
    let id = match form.text("reply") {
        "" => new_id(),
        known => read_name("reply", known)?,
    };
    let reply = StandardReply {
        id,
        name: called.to_owned(),
        danish: danish.to_owned(),
        english: english.to_owned(),
        changed_at: web.clock.now(),
    };
    let by = caller.token().person.map(|(person, _)| person);
    let kept = web.desk.store.write(move |tx| {
        let reply = reply.clone();
        Box::pin(async move { standard_replies::keep(tx, &reply, by).await })
    });
    Ok(match kept.await? {
        true => Ok(()),
        false => Err(say.one("desk-reply-taken", "name", called)),
    })
}

async fn remove(web: &Arc<Web>, reply: &str) -> Result<Result<(), String>, Problem> {
    let id = read_name("reply", reply)?;
    let gone = web
        .desk
        .store
        .write(move |tx| Box::pin(async move { standard_replies::remove(tx, id).await }));
    gone.await?;
    Ok(Ok(()))
}
