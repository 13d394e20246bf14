// SPDX-License-Identifier: MIT OR Apache-2.0
//! Pages about the interface: its description, the reference made from it, and a page for each kind of problem.

use std::fmt::Write as _;
use std::sync::OnceLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use makegood_desk::input::Language;
use pulldown_cmark::{Options, Parser};
use serde_json::Value;

use super::openapi;
use super::portal::{assets, frame};
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
    static PAGE: OnceLock<String> = OnceLock::new();
    let page = PAGE.get_or_init(|| reference(&serde_json::to_value(spec()).unwrap_or_default()));
    Ok(frame::sent(page.clone(), Language::English))
}

/// List kinds of problems
///
/// In Danish or English, as `Accept-Language` has it.
#[utoipa::path(get, path = "/problems", tag = "Help", operation_id = "problems", responses(
    (status = 200, description = "A page with all kinds.", content_type = "text/html", body = String),
))]
pub async fn problems(uri: Uri, headers: HeaderMap) -> Answer {
    Parameters::of(&uri, &[])?;
    let language = language(&headers);
    let title = match language {
        Language::Danish => "Problemer, og hvad man gør ved dem",
        Language::English => "Problems, and what to do about them",
    };
    let mut body = format!("<h1>{title}</h1>\n<ul>\n");
    for kind in KINDS {
        let text = Text::of(kind.slug, language).unwrap_or_default();
        let (slug, status) = (kind.slug, kind.status.as_u16());
        let _ = writeln!(
            body,
            "<li><a href=\"/problems/{slug}\">{}</a> <span class=\"soft\">{status}</span></li>",
            escaped(&text.title)
        );
    }
    body.push_str("</ul>\n");
    Ok(frame::sent(whole(language, title, &body), language))
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
    let language = language(&headers);
    let (back, none) = match language {
        Language::Danish => ("Alle problemer", "Det problem findes ikke"),
        Language::English => ("All problems", "There is no such problem"),
    };
    let back = format!("<p class=\"soft\"><a href=\"/problems\">{back}</a></p>\n");
    let kind: Option<&Kind> = KINDS.iter().find(|kind| kind.slug == slug);
    let found = kind.and_then(|kind| Text::of(kind.slug, language).map(|text| (kind, text)));
    let response = match found {
        Some((kind, text)) => {
            let facts = format!(
                "<p class=\"soft\"><code>{}</code> · {}</p>",
                kind.slug,
                kind.status.as_u16()
            );
            let title = escaped(&text.title);
            let body = format!("{back}<h1>{title}</h1>\n{facts}\n{}", rendered(&text.body));
            html(whole(language, &text.title, &body))
        }
        None => no_page(whole(language, none, &format!("{back}<h1>{none}</h1>"))),
    };
    Ok(frame::guarded(response, language))
}

/// The words about a kind of problem.
#[derive(Default)]
struct Text {
    title: String,
    body: String,
}

impl Text {
    /// Those that stand in the page of a language under the kind's name.
    fn of(slug: &str, language: Language) -> Option<Self> {
        let all = match language {
            Language::Danish => include_str!("pages/problems.da.md"),
            Language::English => include_str!("pages/problems.en.md"),
        };
        let section = all.split("\n# ").find_map(|section| {
            let section = section.strip_prefix("# ").unwrap_or(section);
            section
                .split_once('\n')
                .filter(|(name, _)| *name == slug)
                .map(|(_, text)| text)
        })?;
        let (title, body) = section.trim_start().strip_prefix("## ")?.split_once('\n')?;
        Some(Self {
            title: title.to_owned(),
            body: body.to_owned(),
        })
    }
}

/// What a kind of problem is called, and what it means: the head and the first paragraph of its page.
pub(super) fn said_of(slug: &str, language: Language) -> Option<(String, String)> {
    let text = Text::of(slug, language)?;
    let first = text
        .body
        .split("\n\n")
        .find(|part| !part.trim().is_empty())?;
    Some((text.title, first.trim().replace('`', "")))
}

/// The language that a reader would rather have; Danish where nothing else is said.
pub(super) fn language(headers: &HeaderMap) -> Language {
    let wanted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut best = (0, Language::Danish);
    for part in wanted.split(',') {
        let (tag, weight) = part
            .split_once(';')
            .map_or((part, ""), |(tag, weight)| (tag, weight));
        let known = match tag.trim().get(..2) {
            Some("da") => Language::Danish,
            Some("en") => Language::English,
            _ => continue,
        };
        // Thousandths: `q=0.9` is 900.
        let digits: String = weight
            .trim()
            .strip_prefix("q=0.")
            .unwrap_or_default()
            .chars()
            .take(3)
            .collect();
        let weight = match weight.trim() {
            "" | "q=1" | "q=1.0" | "q=1.00" | "q=1.000" => 1_000,
            _ => format!("{digits:0<3}").parse().unwrap_or(0),
        };
        if weight > best.0 {
            best = (weight, known);
        }
    }
    best.1
}

pub(super) fn in_language(mut response: Response, language: Language) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(language.code()),
    );
    headers.insert(header::VARY, HeaderValue::from_static("accept-language"));
    response
}

/// Markdown as HTML.
pub(super) fn rendered(markdown: &str) -> String {
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, Parser::new_ext(markdown, Options::ENABLE_TABLES));
    out
}

pub(super) fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// A page that needs nothing from elsewhere but the desk's own stylesheet.
pub(super) fn whole(language: Language, title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{} · Makegood</title>\n<link rel=\"icon\" href=\"{}\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"{}\">\n<main>\n{body}\n</main>\n</html>\n",
        language.code(),
        escaped(title),
        assets::mark(),
        assets::look()
    )
}

// ---- The reference ----------------------------------------------------------------------------------------------------------

fn text_at<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn items<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn fields<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value
        .get(key)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// The page made from the description.
fn reference(api: &Value) -> String {
    let page = Reference { api };
    let mut body = format!(
        "<h1>{}</h1>\n{}",
        escaped(text_at(api, "/info/title")),
        rendered(text_at(api, "/info/description"))
    );
    body.push_str("<p><a href=\"/openapi.json\">OpenAPI 3.1</a> · <a href=\"/problems\">Problems</a> · <a href=\"#objects\">Objects</a></p>\n");
    let tags: Vec<(&str, &str)> = items(api, "tags")
        .map(|tag| (text_at(tag, "/name"), text_at(tag, "/description")))
        .collect();
    body.push_str("<nav class=\"index\" aria-label=\"Contents\">\n");
    for (tag, _) in &tags {
        let _ = write!(body, "<h2><a href=\"#{tag}\">{tag}</a></h2>\n<ul>\n");
        for (method, path, operation) in page.operations(tag) {
            let (id, summary) = (
                text_at(operation, "/operationId"),
                escaped(text_at(operation, "/summary")),
            );
            let _ = writeln!(
                body,
                "<li><a href=\"#{id}\">{summary}</a> <span class=\"soft\">{method} {}</span></li>",
                escaped(path)
            );
        }
        body.push_str("</ul>\n");
    }
    body.push_str("</nav>\n");
    for (tag, words) in &tags {
        let _ = write!(
            body,
            "<h2 id=\"{tag}\">{tag}</h2>\n<p>{}</p>\n",
            escaped(words)
        );
        for (method, path, operation) in page.operations(tag) {
            page.operation(&mut body, &method, path, operation);
        }
    }
    body.push_str("<h2 id=\"objects\">Objects</h2>\n");
    for (name, schema) in fields(
        api.pointer("/components").unwrap_or(&Value::Null),
        "schemas",
    ) {
        page.object(&mut body, name, schema);
    }
    whole(Language::English, "Interface", &body)
}

struct Reference<'a> {
    api: &'a Value,
}

impl Reference<'_> {
    /// The operations of a part of the interface.
    fn operations(&self, tag: &str) -> Vec<(String, &String, &Value)> {
        let all = fields(self.api, "paths").flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| (method.to_uppercase(), path, operation))
        });
        all.filter(|(_, _, operation)| text_at(operation, "/tags/0") == tag)
            .collect()
    }

    fn operation(&self, out: &mut String, method: &str, path: &str, operation: &Value) {
        let (id, summary) = (
            text_at(operation, "/operationId"),
            escaped(text_at(operation, "/summary")),
        );
        let _ = write!(
            out,
            "<section class=\"act\" id=\"{id}\">\n<h3>{summary}</h3>\n<p class=\"way\"><span class=\"{method}\">{method}</span> {}</p>\n{}",
            escaped(path),
            rendered(text_at(operation, "/description"))
        );
        let parameters: Vec<[String; 3]> = items(operation, "parameters")
            .map(|parameter| {
                let needed = parameter.get("required").and_then(Value::as_bool) == Some(true);
                let place = text_at(parameter, "/in");
                [
                    format!("<code>{}</code>", escaped(text_at(parameter, "/name"))),
                    format!("{place}{}", if needed { "" } else { ", optional" }),
                    rendered(text_at(parameter, "/description")),
                ]
            })
            .collect();
        table(out, "Parameters", ["Name", "Where", "What"], &parameters);
        for (kind, content) in operation
            .pointer("/requestBody")
            .into_iter()
            .flat_map(|body| fields(body, "content"))
        {
            let schema = content.get("schema").unwrap_or(&Value::Null);
            let rows = self.rows(self.resolved(schema));
            table(
                out,
                &format!("Body, <code>{}</code>", escaped(kind)),
                ["Field", "Type", "What"],
                &rows,
            );
        }
        self.responses(out, operation);
        out.push_str("</section>\n");
    }

    fn responses(&self, out: &mut String, operation: &Value) {
        let mut problems = String::new();
        for (status, response) in fields(operation, "responses") {
            let words = escaped(text_at(response, "/description"));
            if status.starts_with('2') {
                let types: Vec<String> = fields(response, "content")
                    .map(|(kind, content)| {
                        let schema = content.get("schema").unwrap_or(&Value::Null);
                        format!(
                            "{} <span class=\"soft\">{}</span>",
                            type_of(schema),
                            escaped(kind)
                        )
                    })
                    .collect();
                let _ = writeln!(
                    out,
                    "<p><strong>{status}</strong> {words} {}</p>",
                    types.join(", ")
                );
            } else {
                let _ = writeln!(
                    problems,
                    "<li><strong>{status}</strong> {}</li>",
                    linked(&words)
                );
            }
        }
        let _ = write!(
            out,
            "<details><summary>Problems</summary>\n<ul>\n{problems}</ul>\n</details>\n"
        );
    }

    /// The schema that a reference names.
    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let to = text_at(schema, "/$ref");
        to.strip_prefix('#')
            .and_then(|pointer| self.api.pointer(pointer))
            .unwrap_or(schema)
    }

    /// A line for each field of an object, with those of the objects that it is put together from.
    fn rows(&self, schema: &Value) -> Vec<[String; 3]> {
        let mut rows = Vec::new();
        for part in items(schema, "allOf") {
            rows.extend(self.rows(self.resolved(part)));
        }
        let needed: Vec<&str> = items(schema, "required")
            .filter_map(Value::as_str)
            .collect();
        for (name, field) in fields(schema, "properties") {
            let optional = if needed.contains(&name.as_str()) {
                ""
            } else {
                ", optional"
            };
            let words = [
                text_at(field, "/description"),
                text_at(self.resolved(field), "/description"),
            ];
            let words = words
                .into_iter()
                .find(|words| !words.is_empty())
                .unwrap_or_default();
            rows.push([
                format!("<code>{}</code>", escaped(name)),
                format!("{}{optional}", self.type_in_full(field)),
                rendered(words),
            ]);
        }
        rows
    }

    /// A type; of a small one, such as a bounded text, what it is rather than its name.
    fn type_in_full(&self, schema: &Value) -> String {
        let resolved = self.resolved(schema);
        let small = resolved.get("properties").is_none() && resolved.get("allOf").is_none();
        if small {
            type_of(resolved)
        } else {
            type_of(schema)
        }
    }

    fn object(&self, out: &mut String, name: &str, schema: &Value) {
        let rows = self.rows(schema);
        if rows.is_empty() {
            return;
        }
        let words = rendered(text_at(schema, "/description"));
        let _ = write!(
            out,
            "<section class=\"act\" id=\"object-{0}\">\n<h3>{0}</h3>\n{words}",
            escaped(name)
        );
        table(out, "", ["Field", "Type", "What"], &rows);
        out.push_str("</section>\n");
    }
}

fn table(out: &mut String, title: &str, heads: [&str; 3], rows: &[[String; 3]]) {
    if rows.is_empty() {
        return;
    }
    if !title.is_empty() {
        let _ = writeln!(out, "<h4>{title}</h4>");
    }
    let heads: String = heads
        .iter()
        .map(|head| format!("<th scope=\"col\">{head}</th>"))
        .collect();
    let _ = write!(
        out,
        "<div class=\"scroll\" tabindex=\"0\"><table>\n<tr>{heads}</tr>\n"
    );
    for [one, two, three] in rows {
        let _ = writeln!(out, "<tr><td>{one}</td><td>{two}</td><td>{three}</td></tr>");
    }
    out.push_str("</table></div>\n");
}

/// A type in a few words.
fn type_of(schema: &Value) -> String {
    if let Some(name) = text_at(schema, "/$ref")
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
    {
        return format!("<a href=\"#object-{0}\">{0}</a>", escaped(name));
    }
    let alternatives: Vec<String> = items(schema, "oneOf")
        .filter(|part| text_at(part, "/type") != "null")
        .map(type_of)
        .collect();
    if !alternatives.is_empty() {
        return alternatives.join(" or ");
    }
    let words: Vec<&str> = items(schema, "enum").filter_map(Value::as_str).collect();
    if !words.is_empty() {
        // Of the currencies, the first few are enough to see what is meant.
        let shown: Vec<String> = words
            .iter()
            .take(16)
            .map(|word| format!("<code>{}</code>", escaped(word)))
            .collect();
        let more = if words.len() > 16 { " …" } else { "" };
        return format!("{}{more}", shown.join(" "));
    }
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or("any"),
        _ => "any",
    };
    let most = schema.get("maxLength").and_then(Value::as_u64);
    match (kind, most) {
        ("array", _) => format!(
            "list of {}",
            type_of(schema.get("items").unwrap_or(&Value::Null))
        ),
        ("string", Some(most)) => format!("text of up to {most} characters"),
        ("string", None) => "text".to_owned(),
        ("integer", _) => "whole number".to_owned(),
        ("boolean", _) => "yes or no".to_owned(),
        (other, _) => other.to_owned(),
    }
}

/// The kinds of problems of a status, each a link to its page.
fn linked(words: &str) -> String {
    let mut out = Vec::new();
    for part in words.split("; ") {
        let kind = part
            .strip_suffix("`)")
            .and_then(|part| part.split_once(" (`"));
        match kind {
            Some((title, page)) => out.push(format!("<a href=\"{page}\">{title}</a>")),
            None => out.push(part.to_owned()),
        }
    }
    out.join(" · ")
}
