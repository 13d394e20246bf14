// SPDX-License-Identifier: MIT OR Apache-2.0
//! How to reach the merchant: the official ways, and what to do before a bank is asked.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};

use super::frame::{Frame, asked_for, chosen, sent, written};
use super::say::Fill;
use crate::web::Web;
use crate::web::wire::Answer;

#[derive(Template)]
#[template(path = "contact.html")]
struct Page {
    frame: Frame,
    form: bool,
    chat: bool,
    email: Option<String>,
    phone: Option<String>,
    website: Option<String>,
    /// When a person answers, in words.
    answered: String,
}

/// Read how to reach the merchant
///
/// The official ways, and what to do before a payment is disputed. In Danish or English, as `language` or `Accept-Language` has it.
#[utoipa::path(get, path = "/contact", tag = "Pages", operation_id = "contact_page",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Answer {
    let language = chosen(&uri).unwrap_or_else(|| asked_for(&web, &headers));
    let frame = Frame::new(&web, &uri, language, "contact", "contact-title");
    let merchant = &web.config.merchant;
    let hours = merchant.answer.as_secs().div_euclid(3_600);
    let hours = usize::try_from(hours).unwrap_or(usize::MAX);
    let answered = frame
        .say
        .with("contact-answered", &[("hours", Fill::Count(hours))]);
    let page = Page {
        chat: web.config.desk.channels.contains(&"chat"),
        form: web.config.desk.channels.contains(&"form"),
        email: merchant.email.clone(),
        phone: merchant.phone.clone(),
        website: merchant.website.as_ref().map(ToString::to_string),
        answered,
        frame,
    };
    Ok(sent(written(&page)?, language))
}
