// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tokens by which programs ask: what each may do, when it was last used, and no more of it.
//!
//! New ones are made on the machine, with `makegood token create`: what may do everything for ever is not made by a click.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use makegood_desk::case::Instant;

use super::{Tab, tabs};
use crate::books::people::{self, Token};
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::console::frame::{DeskFrame, guarded};
use crate::web::portal::form::Form;
use crate::web::portal::frame::written;
use crate::web::portal::say::Say;
use crate::web::refusal::{Problem, shown_at};
use crate::web::session;
use crate::web::wire::{Answer, name, read_name};

/// A token as the page shows it.
struct Row {
    id: String,
    name: String,
    person: Option<String>,
    scopes: Vec<&'static str>,
    since: String,
    used: Option<String>,
    ends: Option<String>,
    counts: bool,
}

#[derive(Template)]
#[template(path = "desk_tokens.html")]
struct Page {
    frame: DeskFrame,
    tabs: Vec<Tab>,
    tokens: Vec<Row>,
}

fn row(say: &Say, now: Instant, token: Token) -> Row {
    Row {
        id: name("token", token.id),
        counts: token.counts(now),
        scopes: token.scopes.iter().map(|scope| scope.word()).collect(),
        since: say.day(token.created_at),
        used: token.used_at.map(|at| say.moment(at)),
        ends: token.expires_at.map(|at| say.day(at)),
        // A person's own token is called as they are.
        person: token.person_name.filter(|person| *person != token.name),
        name: token.name,
    }
}

async fn put_together(web: &Arc<Web>, frame: DeskFrame) -> Result<Page, Problem> {
    let read = web
        .desk
        .store
        .read(|tx| Box::pin(async move { people::tokens(tx).await }));
    let now = web.clock.now();
    let (counting, over): (Vec<Token>, Vec<Token>) =
        read.await?.into_iter().partition(|token| token.counts(now));
    let say = frame.say.clone();
    let all = counting.into_iter().chain(over);
    Ok(Page {
        tabs: tabs(&say, "/desk/settings/tokens"),
        tokens: all.map(|token| row(&say, now, token)).collect(),
        frame,
    })
}

/// Open the list of tokens
#[utoipa::path(get, path = "/desk/settings/tokens", tag = "Console", operation_id = "desk_tokens",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let frame = DeskFrame::new(&web, &uri, &headers, &caller, "settings", "desk-set-tokens");
    let page = put_together(&web, frame).await?;
    Ok(page.frame.sent(written(&page)?))
}

/// Take a token back
///
/// `do` is `revoke`, with `token`.
#[utoipa::path(post, path = "/desk/settings/tokens", tag = "Console", operation_id = "desk_tokens_change",
    responses((status = 303, description = "It was done; the header `Location` leads back.", headers(("Location" = String))),
        (status = 403, description = "It did not come from the page (`/problems/foreign-site`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody),
        (status = 422, description = "The page, with why it was not done.", content_type = "text/html", body = String)))]
pub async fn change(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    session::from_our_pages(&web, &headers)?;
    let mut frame = DeskFrame::new(&web, &uri, &headers, &caller, "settings", "desk-set-tokens");
    let form = Form::read(&web, request).await?;
    let done = match form.text("do") {
        "revoke" => revoked(&web, form.text("token")).await?,
        _ => Err("desk-form-wrong"),
    };
    match done {
        Ok(()) => {
            let place = "/desk/settings/tokens?told=done";
            Ok(guarded(shown_at(place), frame.say.language))
        }
        Err(why) => {
            frame.amiss = Some(frame.say.t(why));
            let page = put_together(&web, frame).await?;
            Ok(page.frame.amiss(written(&page)?))
        }
    }
}

async fn revoked(web: &Arc<Web>, token: &str) -> Result<Result<(), &'static str>, Problem> {
    let (id, now) = (read_name("token", token)?, web.clock.now());
    let revoked = web
        .desk
        .store
        .write(move |tx| Box::pin(async move { people::revoke(tx, id, now).await }));
    if !revoked.await? {
        return Ok(Err("desk-set-token-gone"));
    }
    web.known.clear();
    Ok(Ok(()))
}
