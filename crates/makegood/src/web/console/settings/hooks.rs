// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where events are sent: how each endpoint is, what was sent there lately, and sending it again.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use makegood_desk::case::Instant;

use super::{Tab, tabs};
use crate::books::webhooks::{self as books, DeliveryRecord, EndpointRecord, why_word};
use crate::clock::instant;
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::console::frame::{DeskFrame, guarded};
use crate::web::portal::form::Form;
use crate::web::portal::frame::written;
use crate::web::portal::say::Say;
use crate::web::refusal::{Problem, shown_at};
use crate::web::session;
use crate::web::wire::{Answer, name, read_name};

/// How many deliveries of each endpoint are shown.
const SHOWN: i64 = 20;

/// A delivery as the page shows it.
struct Sent {
    id: String,
    event: String,
    kind: String,
    state: String,
    bad: bool,
    tries: u64,
    when: String,
    answer: String,
}

/// An endpoint as the page shows it.
struct Row {
    id: String,
    url: String,
    kinds: String,
    state: String,
    on: bool,
    bad: bool,
    sent: Vec<Sent>,
}

#[derive(Template)]
#[template(path = "desk_webhooks.html")]
struct Page {
    frame: DeskFrame,
    tabs: Vec<Tab>,
    endpoints: Vec<Row>,
}

fn sent(say: &Say, record: DeliveryRecord) -> Sent {
    let status = record.last_status.map(|status| status.to_string());
    let parts = [status, record.last_words];
    let answer: Vec<String> = parts.into_iter().flatten().collect();
    Sent {
        id: name("wd", record.id),
        event: format!("evt_{}", record.leaf),
        kind: record.kind,
        state: say.t(&format!("desk-set-sent-{}", record.state)),
        bad: record.state == "given_up",
        tries: record.tries,
        when: say.moment(record.changed_at),
        answer: answer.join(" · "),
    }
}

/// How an endpoint is, in words; and whether that is a trouble.
fn state(say: &Say, record: &EndpointRecord) -> (String, bool) {
    let health = &record.health;
    let on = |at: jiff::Timestamp| -> Instant { instant(at) };
    match (health.disabled, health.failing_since) {
        (Some((at, why)), _) => {
            let id = format!("desk-set-off-{}", why_word(why));
            (say.one(&id, "at", say.moment(on(at))), true)
        }
        (None, Some(since)) => (
            say.one("desk-set-failing", "at", say.moment(on(since))),
            true,
        ),
        (None, None) => (say.t("desk-set-well"), false),
    }
}

fn row(say: &Say, record: EndpointRecord, deliveries: Vec<DeliveryRecord>) -> Row {
    let (state, bad) = state(say, &record);
    Row {
        id: name("we", record.id),
        url: record.url,
        kinds: match record.kinds.is_empty() {
            true => "*".to_owned(),
            false => record.kinds.join(" "),
        },
        state,
        on: record.health.disabled.is_none(),
        bad,
        sent: deliveries
            .into_iter()
            .map(|record| sent(say, record))
            .collect(),
    }
}

async fn put_together(web: &Arc<Web>, frame: DeskFrame) -> Result<Page, Problem> {
    let read = web.desk.store.read(|tx| {
        Box::pin(async move {
            let mut out = Vec::new();
            for endpoint in books::endpoints(tx).await? {
                let deliveries = books::deliveries(tx, endpoint.id, None, SHOWN).await?;
                out.push((endpoint, deliveries));
            }
            Ok(out)
        })
    });
    let say = frame.say.clone();
    let rows = read.await?.into_iter();
    Ok(Page {
        tabs: tabs(&say, "/desk/settings/webhooks"),
        endpoints: rows
            .map(|(endpoint, deliveries)| row(&say, endpoint, deliveries))
            .collect(),
        frame,
    })
}

/// Open the list of webhook endpoints
///
/// With what was sent to each lately.
#[utoipa::path(get, path = "/desk/settings/webhooks", tag = "Console", operation_id = "desk_webhooks",
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
        "desk-set-webhooks",
    );
    let page = put_together(&web, frame).await?;
    Ok(page.frame.sent(written(&page)?))
}

/// Send something again, or switch an endpoint on or off
///
/// `do` is `replay` (with `delivery`), `enable` or `disable` (with `endpoint`).
#[utoipa::path(post, path = "/desk/settings/webhooks", tag = "Console", operation_id = "desk_webhooks_change",
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
    let mut frame = DeskFrame::new(
        &web,
        &uri,
        &headers,
        &caller,
        "settings",
        "desk-set-webhooks",
    );
    let form = Form::read(&web, request).await?;
    let done = match form.text("do") {
        "replay" => replayed(&web, form.text("delivery")).await?,
        "enable" => switched(&web, form.text("endpoint"), true).await?,
        "disable" => switched(&web, form.text("endpoint"), false).await?,
        _ => false,
    };
    if done {
        let place = "/desk/settings/webhooks?told=done";
        return Ok(guarded(shown_at(place), frame.say.language));
    }
    frame.amiss = Some(frame.say.t("desk-form-wrong"));
    let page = put_together(&web, frame).await?;
    Ok(page.frame.amiss(written(&page)?))
}

async fn replayed(web: &Arc<Web>, delivery: &str) -> Result<bool, Problem> {
    let (id, now) = (read_name("wd", delivery)?, web.clock.now());
    let replayed = web
        .desk
        .store
        .write(move |tx| Box::pin(async move { books::replay(tx, id, now).await }));
    Ok(replayed.await?)
}

async fn switched(web: &Arc<Web>, endpoint: &str, on: bool) -> Result<bool, Problem> {
    let (id, now) = (read_name("we", endpoint)?, web.clock.now());
    let switched = web
        .desk
        .store
        .write(move |tx| Box::pin(async move { books::switch(tx, id, on, now).await }));
    Ok(switched.await?)
}
