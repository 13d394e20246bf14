// SPDX-License-Identifier: MIT OR Apache-2.0
//! The chat: the same case as everywhere else, told as a conversation. What is known, asked and decided is told by itself, from the case
//! and the policy; everything else a person answers.
//!
//! Whoever comes from the shop's own page with a token is known at once. Whoever names an order and an address may write at once, and
//! reads on after showing the code that was mailed there: nobody finds out here whether either is known.

mod room;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use makegood_desk::input::{Id, Language};
use serde_json::json;
use tokio::time::Instant;

use super::code;
use super::form::Form;
use super::frame::{Frame, asked_for, chosen, parameter, written};
use super::help::{ANSWERED_AFTER, Asked, once, take_in_by};
use super::say::{Fill, Say};
use super::suggest;
use super::vouch::{self, Vouched};
use crate::books::orders::{Depth, records};
use crate::books::{codes, private};
use crate::store::Value;
use crate::web::Web;
use crate::web::api::cases::{self, NewCase};
use crate::web::docs::in_language;
use crate::web::idempotency::Context;
use crate::web::refusal::{Problem, amiss_page, shown_at};
use crate::web::session;
use crate::web::wire::{Answer, html};
use crate::wire::{Word as _, read_body};

pub use room::{
    __path_page as __path_room, __path_send as __path_say, __path_stream, page as room,
    send as say, stream,
};

/// The way by which the words of a chat come.
const CHANNEL: &str = "chat";

crate::statements! {
    /// Whose the cases about an order are.
    ASKED_BY = "select distinct customer_id from desk_case where order_number = ?1 and customer_id is not null";
}

#[derive(Template)]
#[template(path = "chat.html")]
struct Start {
    frame: Frame,
    look: ChatLook,
    asked: Asked,
    token: String,
    vouched: bool,
    there: String,
    open: bool,
    once: String,
}

/// What the chat is drawn with beside the common stylesheet.
struct ChatLook {
    style: String,
    script: String,
}

fn look() -> ChatLook {
    let [style, script, _] = super::assets::chat();
    ChatLook {
        style: format!("/assets/{}", style.name),
        script: format!("/assets/{}", script.name),
    }
}

/// An answer with the headers of a page of the chat: the sites of the settings may show it in a frame, and nobody else.
pub(super) fn guarded(web: &Web, mut response: Response, language: Language) -> Response {
    let sites = match web.config.chat_sites.is_empty() {
        true => "'none'".to_owned(),
        false => web.config.chat_sites.join(" "),
    };
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors {sites}"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    in_language(response, language)
}

fn frame(web: &Web, uri: &Uri, headers: &HeaderMap) -> (Frame, Language) {
    let language = chosen(uri).unwrap_or_else(|| asked_for(web, headers));
    (
        Frame::new(web, uri, language, "chat", "chat-title"),
        language,
    )
}

/// Whether somebody is there, and what to expect where nobody is.
fn there(web: &Web, say: &Say) -> String {
    let merchant = &web.config.merchant;
    let now = web.clock.timestamp().to_zoned(merchant.time_zone.clone());
    match merchant.opening_hours.opens(&now) {
        None => say.t("chat-there"),
        Some(opens) => {
            let at = say.moment(crate::clock::instant(opens.timestamp()));
            say.with("chat-not-there", &[("at", Fill::Words(&at))])
        }
    }
}

/// Fetch the script for your own site
///
/// One tag puts the chat on a page of the shop's: it draws a button and, when that is pressed, this desk's own page in a frame.
#[utoipa::path(get, path = "/chat.js", tag = "Pages", operation_id = "chat_script",
    responses((status = 200, description = "The script.", content_type = "text/javascript", body = String)))]
pub async fn script() -> Answer {
    let [_, _, widget] = super::assets::chat();
    let mut response = widget.sent();
    let headers = response.headers_mut();
    // Its address stays, so that a shop writes it down once; what it holds may change.
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=300"),
    );
    headers.insert(
        header::HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    Ok(response)
}

/// Open the chat
#[utoipa::path(get, path = "/chat", tag = "Pages", operation_id = "chat_page",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Answer {
    let (frame, language) = frame(&web, &uri, &headers);
    let asked = Asked {
        order: parameter(&uri, "order").unwrap_or_default(),
        ..Asked::default()
    };
    let page = start(&web, frame, asked, String::new(), None)?;
    Ok(guarded(&web, html(written(&page)?), language))
}

fn start(
    web: &Web,
    frame: Frame,
    asked: Asked,
    token: String,
    vouched: Option<&Vouched>,
) -> Result<Start, Problem> {
    Ok(Start {
        look: look(),
        asked,
        vouched: vouched.is_some(),
        token,
        there: there(web, &frame.say),
        open: web.config.desk.channels.contains(&CHANNEL),
        once: once()?,
        frame,
    })
}

/// Begin to chat
///
/// With a `token` of the shop's, or with `order` and `email`; and with `words`. Leads into the conversation where the token says who it
/// is; else asks for the code that was mailed, whatever was named.
#[utoipa::path(post, path = "/chat", tag = "Pages", operation_id = "chat_begin",
    responses((status = 200, description = "The page that asks for the code.", content_type = "text/html", body = String),
        (status = 303, description = "The header `Location` leads into the conversation.", headers(("Location" = String))),
        (status = 403, description = "It did not come from a page of the desk's own (`/problems/foreign-site`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody),
        (status = 422, description = "The same page, with what is to be put right.", content_type = "text/html", body = String)))]
pub async fn begin(
    State(web): State<Arc<Web>>,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    let begun = Instant::now();
    session::from_our_pages(&web, &headers)?;
    let (frame, language) = frame(&web, &uri, &headers);
    let form = Form::read(&web, request).await?;
    let token = form.text("token").to_owned();
    let now = web.clock.now();
    let vouched = vouch::read(&web.config.merchant.token_secrets, &token, now);
    if let Some(vouched) = vouched {
        return known(&web, frame, &form, token, vouched).await;
    }
    let asked = Asked::of(&form, &frame);
    // A token that ran out brings nobody in, and its page asks as if there were none.
    if !asked.wrong.is_empty() || !web.config.desk.channels.contains(&CHANNEL) || !token.is_empty()
    {
        let asked = if token.is_empty() {
            asked
        } else {
            Asked {
                wrong: Vec::new(),
                ..asked
            }
        };
        let page = start(&web, frame, asked, String::new(), None)?;
        return Ok(guarded(&web, amiss_page(written(&page)?), language));
    }
    let claim = suggest::claim(&asked.words);
    take_in_by(&web, CHANNEL, &form, &asked, claim, language).await?;
    let ticket = code::begin(&web, &asked.order, &asked.email, language).await?;
    tokio::time::sleep_until(begun + ANSWERED_AFTER).await;
    let answer = code::asks(frame, ticket, asked.email, "chat")?;
    Ok(guarded(&web, answer, language))
}

/// The customer whom the shop calls so, if the desk knows one.
async fn customer(web: &Web, reference: &str) -> Result<Option<Id>, Problem> {
    let reference = reference.to_owned();
    let found = web.desk.store.read(move |tx| {
        let values = [Value::from(reference.clone())];
        Box::pin(async move { tx.one(&private::BY_REFERENCE, &values).await })
    });
    Ok(found.await?.map(|row| row.id(0).map(Id)).transpose()?)
}

/// Somebody for whom the shop vouches: on into the conversation there is, or into one that begins with their words.
async fn known(
    web: &Arc<Web>,
    frame: Frame,
    form: &Form,
    token: String,
    vouched: Vouched,
) -> Answer {
    let language = frame.say.language;
    let words = form.text("words").to_owned();
    // What the shop vouches for is not overridden by what a form says.
    let order = vouched.order.clone();
    let order = order.unwrap_or_else(|| form.text("order").to_owned());
    let case = match words.is_empty() {
        true => continued(web, &vouched).await?,
        false => opened(web, form, &vouched, &order, &words, language).await?,
    };
    match case {
        Ok(Some(case)) => {
            let link = web.links.link(case, web.clock.now());
            let place = format!("/chat/{link}{}", frame.chosen);
            Ok(guarded(web, shown_at(&place), language))
        }
        Ok(None) => {
            let asked = Asked {
                order,
                words,
                ..Asked::default()
            };
            let page = start(web, frame, asked, token, Some(&vouched))?;
            Ok(guarded(web, html(written(&page)?), language))
        }
        Err(field) => {
            let text = frame.say.t(match field {
                "order" => "chat-order-wrong",
                _ => "help-words-wrong",
            });
            let asked = Asked {
                order,
                words,
                wrong: vec![(field, text)],
                ..Asked::default()
            };
            let page = start(web, frame, asked, token, Some(&vouched))?;
            Ok(guarded(web, amiss_page(written(&page)?), language))
        }
    }
}

/// The conversation of somebody that there is already.
async fn continued(
    web: &Web,
    vouched: &Vouched,
) -> Result<Result<Option<Id>, &'static str>, Problem> {
    let Some(customer) = customer(web, &vouched.reference).await? else {
        return Ok(Ok(None));
    };
    let order = vouched.order.clone();
    let found = web.desk.store.read(move |tx| {
        let order = order.clone();
        Box::pin(async move { codes::latest(tx, customer, order.as_deref()).await })
    });
    Ok(Ok(found.await?))
}

/// Whether somebody may ask about an order: the shop vouches for both together, or the order is known as theirs; and nobody else has
/// asked about it.
async fn may_ask(web: &Web, vouched: &Vouched, order: &str) -> Result<bool, Problem> {
    let own = customer(web, &vouched.reference).await?;
    let named = vouched.order.as_deref() == Some(order);
    let order = order.to_owned();
    let found = web.desk.store.read(move |tx| {
        let order = order.clone();
        Box::pin(async move {
            let record = records(tx, &order, false, Depth::Money).await?.order;
            let owner = record.and_then(|record| record.customer);
            let others = tx.rows(&ASKED_BY, &[Value::from(order.as_str())]).await?;
            let others = others.iter().map(|row| row.id(0).map(Id));
            Ok((owner, others.collect::<Result<Vec<Id>, _>>()?))
        })
    });
    let (owner, asked_by) = found.await?;
    let is_own = |other: &Id| own == Some(*other);
    let theirs = match &owner {
        Some(owner) => is_own(owner),
        None => named,
    };
    Ok(theirs && asked_by.iter().all(is_own))
}

/// A conversation that begins, or goes on, with what somebody writes; or the field that is to be put right.
async fn opened(
    web: &Arc<Web>,
    form: &Form,
    vouched: &Vouched,
    order: &str,
    words: &str,
    language: Language,
) -> Result<Result<Option<Id>, &'static str>, Problem> {
    // An order that nobody knows and one of somebody else are answered alike.
    if !crate::web::wire::is_line(order, 200) || !may_ask(web, vouched, order).await? {
        return Ok(Err("order"));
    }
    let body = json!({
        "order": order,
        "claim": suggest::claim(words).word(),
        "description": words,
        "customer": {"reference": vouched.reference},
        "language": language.code(),
        "channel": CHANNEL,
        "attachments": form.files,
    });
    let said = body.to_string().into_bytes();
    let read: Result<NewCase, _> = read_body(&said);
    let Ok(body) = read else {
        return Ok(Err("words"));
    };
    let context = Context::of_customer(web, Some(form.text("once")), "/chat", &said);
    let answer = match cases::take_in(web, &context, &body).await {
        Ok(answer) => answer,
        Err(problem) if problem.kind().status.is_server_error() => return Err(problem),
        Err(problem) => {
            tracing::info!(code = problem.kind().slug, "a chat led to no case");
            return Ok(Err("order"));
        }
    };
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await;
    let bytes = bytes.map_err(|why| Problem::fault(format!("an answer cannot be read: {why}")))?;
    let case = serde_json::from_slice::<serde_json::Value>(&bytes).ok();
    // Whatever came of it, nobody is let into a case of somebody else.
    let own = customer(web, &vouched.reference).await?;
    let own = own.map(|id| crate::web::wire::name("cus", id));
    let id = case
        .as_ref()
        .filter(|case| own.is_some() && case["customer"].as_str() == own.as_deref())
        .and_then(|case| case["id"].as_str())
        .and_then(|id| crate::web::wire::read_name("case", id).ok());
    Ok(Ok(id))
}
