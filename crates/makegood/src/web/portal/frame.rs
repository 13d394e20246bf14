// SPDX-License-Identifier: MIT OR Apache-2.0
//! What stands around every page: the bar, the languages, the foot; and the headers that a page is sent with.

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use makegood_desk::input::Language;

use super::assets;
use super::say::Say;
use crate::post::language_of;
use crate::web::Web;
use crate::web::docs::in_language;
use crate::web::refusal::Problem;
use crate::web::wire::html;

/// What pages may do: be drawn with our own stylesheet and pictures, and send their own forms here. No script at all.
pub const ALLOWED: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What a page knows of its place.
pub struct Frame {
    /// What speaks to the reader.
    pub say: Say,
    /// The title of the page.
    pub title: String,
    /// The merchant.
    pub merchant: String,
    /// The stylesheet.
    pub look: String,
    /// The mark.
    pub mark: String,
    /// Where the reader is, of the places in the bar.
    pub here: &'static str,
    /// The page in the other language.
    pub other: Other,
    /// `?language=…` where the reader chose one.
    pub chosen: String,
    /// Whether search engines may list it.
    pub listed: bool,
}

/// The other language.
pub struct Other {
    /// Its code.
    pub code: &'static str,
    /// Its name, in itself.
    pub name: &'static str,
    /// The address of the page in it.
    pub address: String,
}

/// A parameter of an address; what is not known is left alone, for links are passed on with all sorts of marks.
#[must_use]
pub fn parameter(uri: &Uri, wanted: &str) -> Option<String> {
    let query = uri.query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == wanted)
        .map(|(_, value)| value.into_owned())
}

/// The language that a reader chose.
#[must_use]
pub fn chosen(uri: &Uri) -> Option<Language> {
    parameter(uri, "language").and_then(|code| language_of(&code))
}

/// The language that a reader's browser asks for; the desk's own where it asks for none that we have.
#[must_use]
pub fn asked_for(web: &Web, headers: &HeaderMap) -> Language {
    let own = || language_of(web.config.desk.language).unwrap_or_default();
    let wanted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let known = wanted
        .split(',')
        .any(|part| matches!(part.trim().get(..2), Some("da" | "en")));
    if known {
        crate::web::docs::language(headers)
    } else {
        own()
    }
}

impl Frame {
    /// For a page at an address.
    #[must_use]
    pub fn new(web: &Web, uri: &Uri, language: Language, here: &'static str, title: &str) -> Self {
        let say = Say::new(language, web.config.merchant.time_zone.clone());
        let (code, name) = match language {
            Language::Danish => ("en", "English"),
            Language::English => ("da", "Dansk"),
        };
        let title = say.t(title);
        let chosen = chosen(uri).map(|language| format!("?language={}", language.code()));
        Self {
            say,
            title,
            merchant: web.config.merchant.name.clone(),
            look: assets::look(),
            mark: assets::mark(),
            here,
            other: Other {
                code,
                name,
                address: format!("{}?language={code}", uri.path()),
            },
            chosen: chosen.unwrap_or_default(),
            listed: !uri.path().starts_with("/c/"),
        }
    }
}

/// A page that is written out.
///
/// # Errors
/// It cannot be written.
pub fn written(page: &impl Template) -> Result<String, Problem> {
    page.render()
        .map_err(|why| Problem::fault(format!("a page cannot be written: {why}")))
}

/// A page as it is sent.
#[must_use]
pub fn sent(page: String, language: Language) -> Response {
    guarded(html(page), language)
}

/// An answer with the headers of a page.
#[must_use]
pub fn guarded(mut response: Response, language: Language) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(ALLOWED),
    );
    // With `no-referrer` a browser would not tell us either that a form comes from this page.
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    in_language(response, language)
}
