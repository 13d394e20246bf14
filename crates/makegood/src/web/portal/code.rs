// SPDX-License-Identifier: MIT OR Apache-2.0
//! The way back to a case without its link: order number, e-mail address, and a code that is mailed there.
//!
//! Whatever is named, the page that asks for the code comes, and takes as long: nobody finds out here whether an order or an address is
//! known.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use makegood_desk::input::{Id, Language};
use makegood_desk::notice::{Notice, Paragraph};
use serde_json::json;
use tokio::time::Instant;

use super::form::Form;
use super::frame::{Frame, asked_for, chosen, guarded, sent, written};
use super::help::{ANSWERED_AFTER, Shown, shown};
use super::say::Fill;
use crate::books::codes::{self, LASTS, NewCode};
use crate::setup::new_id;
use crate::web::Web;
use crate::web::access;
use crate::web::refusal::{Problem, amiss_page, shown_at};
use crate::web::session;
use crate::web::wire::{Answer, Mail, is_line, name, read_name};

#[derive(Template)]
#[template(path = "find.html")]
struct Find {
    frame: Frame,
    order: String,
    email: String,
    amiss: Option<String>,
}

#[derive(Template)]
#[template(path = "find_code.html")]
struct Code {
    frame: Frame,
    ticket: String,
    email: String,
    amiss: Option<String>,
    /// Where somebody goes on with the code: `case` or `chat`.
    to: &'static str,
}

fn frame(web: &Web, uri: &Uri, headers: &HeaderMap) -> (Frame, Language) {
    let language = chosen(uri).unwrap_or_else(|| asked_for(web, headers));
    (
        Frame::new(web, uri, language, "find", "find-title"),
        language,
    )
}

/// Open the way back to a case
#[utoipa::path(get, path = "/find", tag = "Pages", operation_id = "find_page",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Answer {
    let (frame, language) = frame(&web, &uri, &headers);
    let page = Find {
        frame,
        order: String::new(),
        email: String::new(),
        amiss: None,
    };
    Ok(sent(written(&page)?, language))
}

/// Ask for a code
///
/// With `order` and `email`. The answer is the same whatever is named; a code is mailed where the shop knows both as one customer's.
#[utoipa::path(post, path = "/find", tag = "Pages", operation_id = "find_send",
    responses((status = 200, description = "The page that asks for the code.", content_type = "text/html", body = String),
        (status = 403, description = "It did not come from a page of the desk's own (`/problems/foreign-site`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody),
        (status = 422, description = "The same page, with what is to be put right.", content_type = "text/html", body = String)))]
pub async fn send(
    State(web): State<Arc<Web>>,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    let begun = Instant::now();
    session::from_our_pages(&web, &headers)?;
    let (frame, language) = frame(&web, &uri, &headers);
    let form = Form::read(&web, request).await?;
    let (order, email) = (form.text("order").to_owned(), form.text("email").to_owned());
    let wrong = [
        ("help-order-wrong", !is_line(&order, 200)),
        (
            "help-email-wrong",
            serde_json::from_value::<Mail>(json!(email)).is_err(),
        ),
    ];
    if let Some((text, _)) = wrong.iter().find(|(_, wrong)| *wrong) {
        let amiss = Some(frame.say.t(text));
        let page = Find {
            frame,
            order,
            email,
            amiss,
        };
        return Ok(guarded(amiss_page(written(&page)?), language));
    }
    let ticket = begin(&web, &order, &email, language).await?;
    tokio::time::sleep_until(begun + ANSWERED_AFTER).await;
    asks(frame, ticket, email, "case")
}

/// The page that asks for the code.
///
/// # Errors
/// It cannot be written.
pub(super) fn asks(frame: Frame, ticket: Id, email: String, to: &'static str) -> Answer {
    let language = frame.say.language;
    let page = Code {
        frame,
        ticket: name("code", ticket),
        email,
        amiss: None,
        to,
    };
    Ok(sent(written(&page)?, language))
}

/// Six figures.
fn figures() -> Result<String, Problem> {
    let secret = crate::books::people::random("").map_err(Problem::from)?;
    let digest = crate::books::people::hash(secret.expose());
    let number = digest.iter().take(8).fold(0_u64, |sum, byte| {
        sum.wrapping_mul(256).wrapping_add(u64::from(*byte))
    });
    Ok(format!("{:06}", number.rem_euclid(1_000_000)))
}

/// Writes a code down and mails it, where the order and the address are one customer's; what the page calls it.
///
/// # Errors
/// The store's trouble.
pub(super) async fn begin(
    web: &Arc<Web>,
    order: &str,
    email: &str,
    language: Language,
) -> Result<Id, Problem> {
    let customer = match shown(web, order, email).await? {
        Shown::Customer(customer) => Some(customer),
        Shown::NoOrder | Shown::Stranger => None,
    };
    let (id, figures) = (new_id(), figures()?);
    let code = NewCode {
        id,
        customer,
        order: order.to_owned(),
        mark: web.links.code_mark(id, &figures),
    };
    let now = web.clock.now();
    let added = web.desk.store.write(move |tx| {
        let code = code.clone();
        Box::pin(async move { codes::add(tx, &code, now).await })
    });
    if let (true, Some(post)) = (added.await?, &web.code_post) {
        let (post, to) = (Arc::clone(post), email.to_owned());
        let notice = letter(web, language, &figures);
        // Nobody waits for the mail server: how long it takes would tell that there is somebody.
        tokio::spawn(async move { post.send_now(&to, &notice).await });
    }
    Ok(id)
}

fn letter(web: &Web, language: Language, figures: &str) -> Notice {
    let say = super::say::Say::new(language, web.config.merchant.time_zone.clone());
    let minutes = LASTS.nanoseconds().div_euclid(60_000_000_000);
    let minutes = usize::try_from(minutes).unwrap_or(15);
    Notice {
        language,
        subject: say.one("code-subject", "code", figures),
        greeting: say.t("code-greeting"),
        paragraphs: vec![
            Paragraph::Lead(say.one("code-lead", "code", figures)),
            Paragraph::Text(say.with("code-lasts", &[("minutes", Fill::Count(minutes))])),
            Paragraph::Text(say.t("code-not-you")),
        ],
        closing: say.t("code-closing"),
        sender: web.config.merchant.name.clone(),
        proof: false,
    }
}

/// Show the code
///
/// With `ticket` and `code`. Leads to the case, or to the chat about it where `to` is `chat`.
#[utoipa::path(post, path = "/find/code", tag = "Pages", operation_id = "find_code",
    responses((status = 303, description = "It fits; the header `Location` leads on.", headers(("Location" = String))),
        (status = 403, description = "It did not come from a page of the desk's own (`/problems/foreign-site`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody),
        (status = 422, description = "The same page; the code does not fit, or counts no more.", content_type = "text/html", body = String)))]
pub async fn enter(
    State(web): State<Arc<Web>>,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    session::from_our_pages(&web, &headers)?;
    let (frame, language) = frame(&web, &uri, &headers);
    let from = access::address(&web, &request);
    let form = Form::read(&web, request).await?;
    let ticket = read_name("code", form.text("ticket"))?;
    let code: String = form
        .text("code")
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let mark = web.links.code_mark(ticket, &code);
    let to = if form.text("to") == "chat" {
        "chat"
    } else {
        "case"
    };
    let now = web.clock.now();
    let tried = match web.limits.of_sign_in(from) {
        Some(_) => None,
        None => {
            let tried = web.desk.store.write(move |tx| {
                Box::pin(async move { codes::tried(tx, ticket, mark, now).await })
            });
            tried.await?
        }
    };
    let again = |frame: Frame, amiss: &str| {
        let page = Code {
            ticket: name("code", ticket),
            email: form.text("email").to_owned(),
            amiss: Some(frame.say.t(amiss)),
            to,
            frame,
        };
        let answer = amiss_page(written(&page)?);
        Ok(match to {
            // In the shop's frame it goes on in the frame.
            "chat" => super::chat::guarded(&web, answer, language),
            _ => guarded(answer, language),
        })
    };
    let Some((customer, order)) = tried else {
        return again(frame, "code-wrong");
    };
    let found = web.desk.store.read(move |tx| {
        let order = order.clone();
        Box::pin(async move { codes::latest(tx, customer, Some(&order)).await })
    });
    let Some(case) = found.await? else {
        return again(frame, "code-no-case");
    };
    let link = web.links.link(case, now);
    let place = match to {
        "chat" => format!("/chat/{link}{}", frame.chosen),
        _ => format!("/c/{link}{}", frame.chosen),
    };
    Ok(guarded(shown_at(&place), language))
}
