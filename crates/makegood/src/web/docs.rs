// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pages about the interface: its description, the reference made from it, and a page for each kind of problem.

use std::sync::OnceLock;

use axum::extract::Path;
use axum::http::{HeaderMap, Uri, header};
use pulldown_cmark::{Options, Parser};

use super::openapi;
use super::refusal::{KINDS, Kind, no_page};
use super::router::spec;
use super::wire::{Answer, Parameters, html, json_bytes};

/// Read this description
#[utoipa::path(get, path = "/openapi.json", tag = "Help", operation_id = "openapi", responses(
    (status = 200, description = "The description of the interface.", content_type = "application/json", body = Object),
))]
pub async fn description(uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| openapi::text(spec()));
    Ok(json_bytes(text.clone().into_bytes()))
}

/// Read the reference
///
/// A page for people, made from this description. It works offline and without scripts.
#[utoipa::path(get, path = "/docs", tag = "Help", operation_id = "docs", responses(
    (status = 200, description = "The reference.", content_type = "text/html", body = String),
))]
pub async fn page(uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    Ok(html("<!doctype html>".to_owned()))
}

/// List kinds of problems
#[utoipa::path(get, path = "/problems", tag = "Help", operation_id = "problems", responses(
    (status = 200, description = "A page with all kinds.", content_type = "text/html", body = String),
))]
pub async fn problems(uri: Uri, headers: HeaderMap) -> Answer {
    Parameters::of(&uri, &[])?;
    let _ = (headers, KINDS);
    Ok(html("<!doctype html>".to_owned()))
}

/// Read what a kind of problem means
///
/// In Danish or English, as `Accept-Language` has it.
#[utoipa::path(get, path = "/problems/{slug}", tag = "Help", operation_id = "problem", params(
    ("slug" = String, Path, description = "The name of the kind: the last part of a problem's `type`."),
), responses(
    (status = 200, description = "What it means and what to do.", content_type = "text/html", body = String),
    (status = 404, description = "There is no such kind.", content_type = "text/html", body = String),
))]
pub async fn problem(uri: Uri, Path(slug): Path<String>, headers: HeaderMap) -> Answer {
    Parameters::of(&uri, &[])?;
    let _ = headers.get(header::ACCEPT_LANGUAGE);
    let kind: Option<&Kind> = KINDS.iter().find(|kind| kind.slug == slug);
    Ok(match kind {
        Some(kind) => html(rendered(kind.title)),
        None => no_page(rendered("There is no such problem")),
    })
}

fn rendered(markdown: &str) -> String {
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, Parser::new_ext(markdown, Options::ENABLE_TABLES));
    out
}
