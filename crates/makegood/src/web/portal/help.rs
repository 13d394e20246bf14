// SPDX-License-Identifier: MIT OR Apache-2.0
//! The form by which customers ask for help: what is wrong in their own words first, then only what that claim needs.
//!
//! Nobody can find out here whether an order or an address is known: whatever is named, the answer is the same and takes as long. What
//! follows goes to the address that the shop knows for the order.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use makegood_desk::case::ClaimKind;
use makegood_desk::input::{Id, Language};
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::form::Form;
use super::frame::{Frame, asked_for, chosen, guarded, parameter, sent, written};
use super::say::Fill;
use super::suggest;
use crate::books::orders::{Depth, records};
use crate::books::private;
use crate::store::Value;
use crate::web::Web;
use crate::web::api::cases::{self, NewCase};
use crate::web::idempotency::Context;
use crate::web::refusal::{Problem, amiss_page, shown_at};
use crate::web::session;
use crate::web::wire::{Answer, Mail};
use crate::wire::{Word as _, read_body};

/// However quickly it went, the answer comes no sooner: what is found out about an order takes part of this time, and nobody sees which.
pub(super) const ANSWERED_AFTER: Duration = Duration::from_millis(400);

/// What the first step asks for, as it was written, and what is wrong with it.
#[derive(Clone, Default)]
pub(super) struct Asked {
    pub(super) order: String,
    pub(super) email: String,
    pub(super) words: String,
    pub(super) wrong: Vec<(&'static str, String)>,
}

impl Asked {
    pub(super) fn of(form: &Form, frame: &Frame) -> Self {
        let mut asked = Self {
            order: form.text("order").to_owned(),
            email: form.text("email").to_owned(),
            words: form.text("words").to_owned(),
            wrong: Vec::new(),
        };
        let wrong = [
            (
                "order",
                "help-order-wrong",
                !crate::web::wire::is_line(&asked.order, 200),
            ),
            ("email", "help-email-wrong", !is_mail(&asked.email)),
            ("words", "help-words-wrong", !is_prose(&asked.words)),
        ];
        let wrong = wrong.into_iter().filter(|(.., wrong)| *wrong);
        asked.wrong = wrong
            .map(|(field, text, _)| (field, frame.say.t(text)))
            .collect();
        asked
    }

    /// What is wrong with a field.
    pub(super) fn fault(&self, field: &str) -> Option<&str> {
        self.wrong
            .iter()
            .find(|(known, _)| *known == field)
            .map(|(_, text)| text.as_str())
    }
}

fn is_mail(text: &str) -> bool {
    serde_json::from_value::<Mail>(json!(text)).is_ok()
}

fn is_prose(text: &str) -> bool {
    type Prose = crate::web::wire::Prose<10000>;
    serde_json::from_value::<Prose>(json!(text)).is_ok()
}

/// A claim to choose.
struct Choice {
    word: &'static str,
    label: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "help.html")]
struct First {
    frame: Frame,
    asked: Asked,
    open: bool,
}

#[derive(Template)]
#[template(path = "help_more.html")]
struct Second {
    frame: Frame,
    asked: Asked,
    claims: Vec<Choice>,
    account: String,
    files: Vec<String>,
    kept: String,
    rejected: bool,
    once: String,
    limits: String,
}

#[derive(Template)]
#[template(path = "help_heard.html")]
struct Heard {
    frame: Frame,
    email: String,
    answered: String,
}

fn frame(web: &Web, uri: &Uri, headers: &HeaderMap) -> (Frame, Language) {
    let language = chosen(uri).unwrap_or_else(|| asked_for(web, headers));
    (
        Frame::new(web, uri, language, "help", "help-title"),
        language,
    )
}

/// Arrive
///
/// Leads to the help form, which is what most who come here want.
#[utoipa::path(get, path = "/", tag = "Pages", operation_id = "home",
    responses((status = 303, description = "The header `Location` leads to the help form.", headers(("Location" = String)))))]
pub async fn home() -> Answer {
    Ok(shown_at("/help"))
}

/// Open the help form
///
/// In Danish or English, as `language` or `Accept-Language` has it. `order` fills the order number in.
#[utoipa::path(get, path = "/help", tag = "Pages", operation_id = "help_page",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Answer {
    let (frame, language) = frame(&web, &uri, &headers);
    let asked = Asked {
        order: parameter(&uri, "order").unwrap_or_default(),
        ..Asked::default()
    };
    let open = web.config.desk.channels.contains(&"form");
    let page = First { frame, asked, open };
    Ok(sent(written(&page)?, language))
}

/// Send the help form
///
/// First with what is wrong, then with what that claim needs; files may go with it. The last answer is the same whatever is named.
#[utoipa::path(post, path = "/help", tag = "Pages", operation_id = "send_help",
    responses((status = 200, description = "The next page.", content_type = "text/html", body = String),
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
    let asked = Asked::of(&form, &frame);
    let open = web.config.desk.channels.contains(&"form");
    if !asked.wrong.is_empty() || !open {
        let page = written(&First { frame, asked, open })?;
        return Ok(guarded(amiss_page(page), language));
    }
    let claim = ClaimKind::read(form.text("claim"));
    if let Some(claim) = claim.filter(|_| form.rejected == 0) {
        take_in(&web, &form, &asked, claim, language).await?;
        tokio::time::sleep_until(begun + ANSWERED_AFTER).await;
        let page = Heard {
            answered: answered(&web, &frame),
            email: asked.email,
            frame,
        };
        return Ok(sent(written(&page)?, language));
    }
    let page = second(&web, frame, asked, &form, claim)?;
    let rejected = page.rejected;
    let page = written(&page)?;
    match rejected {
        true => Ok(guarded(amiss_page(page), language)),
        false => Ok(sent(page, language)),
    }
}

pub(super) fn answered(web: &Web, frame: &Frame) -> String {
    let hours = web.config.merchant.answer.as_secs().div_euclid(3_600);
    let hours = usize::try_from(hours).unwrap_or(usize::MAX);
    frame
        .say
        .with("contact-answered", &[("hours", Fill::Count(hours))])
}

fn second(
    web: &Web,
    frame: Frame,
    asked: Asked,
    form: &Form,
    claim: Option<ClaimKind>,
) -> Result<Second, Problem> {
    let suggested = claim.unwrap_or_else(|| suggest::claim(&asked.words)).word();
    let choice = |word: &'static str| Choice {
        word,
        label: frame.say.t(&format!("claim-{word}")),
        chosen: word == suggested,
    };
    // What was suggested stands first: on a telephone the others take some scrolling.
    let mut claims: Vec<Choice> = ClaimKind::ALL.iter().map(|word| choice(word)).collect();
    claims.sort_by_key(|claim| !claim.chosen);
    let limits = &web.config.attachments;
    let files_max = frame.say.whole(u64::from(limits.files_per_case_max));
    let size = frame.say.whole(limits.file_bytes_max.div_euclid(1 << 20));
    Ok(Second {
        claims,
        account: form.text("account").to_owned(),
        kept: frame
            .say
            .with("files-kept", &[("count", Fill::Count(form.files.len()))]),
        files: form.files.clone(),
        rejected: form.rejected > 0,
        once: once()?,
        limits: frame.say.with(
            "files-limits",
            &[
                ("count", Fill::Words(&files_max)),
                ("size", Fill::Words(&size)),
            ],
        ),
        frame,
        asked,
    })
}

/// A key for a form, so that sending it twice counts once.
///
/// # Errors
/// The system gives no random numbers.
pub(in crate::web) fn once() -> Result<String, Problem> {
    let secret = crate::books::people::random("").map_err(Problem::from)?;
    let plain = secret.expose().chars().filter(char::is_ascii_alphanumeric);
    Ok(plain.take(32).collect())
}

/// Whether whoever asks shows what the shop knows of the order's customer.
pub(super) enum Shown {
    /// The address is the customer's.
    Customer(Id),
    /// The order is not known yet: when it comes, so does the one whose it is, and letters go to them.
    NoOrder,
    /// Anything else.
    Stranger,
}

pub(super) async fn shown(web: &Web, order: &str, mail: &str) -> Result<Shown, Problem> {
    let index = web.vault.email_index(mail);
    let order = order.to_owned();
    let found = web.desk.store.read(move |tx| {
        let order = order.clone();
        Box::pin(async move {
            let known = tx.one(&private::BY_MAIL, &[Value::from(index)]).await?;
            let known = known.map(|row| row.id(0).map(Id)).transpose()?;
            let record = records(tx, &order, false, Depth::Money).await?.order;
            Ok((known, record.map(|record| record.customer)))
        })
    });
    Ok(match found.await? {
        (_, None) => Shown::NoOrder,
        (Some(known), Some(Some(owner))) if known == owner => Shown::Customer(known),
        _ => Shown::Stranger,
    })
}

/// Opens the case, by the way that a shop's own program goes; or does nothing, which looks the same.
async fn take_in(
    web: &Arc<Web>,
    form: &Form,
    asked: &Asked,
    claim: ClaimKind,
    language: Language,
) -> Result<(), Problem> {
    take_in_by(web, "form", form, asked, claim, language).await
}

/// The same by a named way.
pub(super) async fn take_in_by(
    web: &Arc<Web>,
    channel: &'static str,
    form: &Form,
    asked: &Asked,
    claim: ClaimKind,
    language: Language,
) -> Result<(), Problem> {
    let customer = match shown(web, &asked.order, &asked.email).await? {
        Shown::Customer(_) => json!({"email": asked.email}),
        Shown::NoOrder => Json::Null,
        Shown::Stranger => return Ok(()),
    };
    let mut body = json!({
        "order": asked.order,
        "claim": claim.word(),
        "description": asked.words,
        "language": language.code(),
        "channel": channel,
        "attachments": form.files,
    });
    let account = form.text("account");
    let optional = [
        ("customer", customer),
        ("wants", json!(form.text("wants"))),
        ("account", json!(account)),
    ];
    for (name, value) in optional {
        if !value.is_null() && value != "" && (name != "account" || needs_account(claim)) {
            body[name] = value;
        }
    }
    let said = body.to_string().into_bytes();
    let read: Result<NewCase, _> = read_body(&said);
    let Ok(body) = read else {
        // What the page offers can be read; whoever writes something else learns nothing from it.
        return Ok(());
    };
    let context = Context::of_customer(web, Some(form.text("once")), "/help", &said);
    match cases::take_in(web, &context, &body).await {
        Ok(_) => Ok(()),
        Err(problem) if problem.kind().status.is_server_error() => Err(problem),
        Err(problem) => {
            tracing::info!(code = problem.kind().slug, "a help form led to no case");
            Ok(())
        }
    }
}

/// Whether a claim is about one of several accounts.
const fn needs_account(claim: ClaimKind) -> bool {
    matches!(claim, ClaimKind::AccountFaulty)
}
