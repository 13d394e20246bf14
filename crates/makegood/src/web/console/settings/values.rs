// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every key of the configuration, what it comes to, and who set it: the file with its line, the environment, a flag, or nobody.
//!
//! Nothing is changed here. The configuration is a file that its owner keeps; a page that wrote into it would be a second owner.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};

use super::{Tab, tabs};
use crate::config::{Line, Origin};
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::console::frame::DeskFrame;
use crate::web::portal::frame::written;
use crate::web::portal::say::{Fill, Say};
use crate::web::wire::Answer;

/// A key as it is shown.
struct Row {
    name: String,
    value: Option<String>,
    origin: String,
    /// Whether somebody set it.
    own: bool,
    /// How it is set from outside the file.
    variable: String,
}

/// Keys that begin alike.
struct Section {
    id: String,
    name: String,
    title: Option<String>,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "desk_settings.html")]
struct Page {
    frame: DeskFrame,
    tabs: Vec<Tab>,
    sections: Vec<Section>,
}

/// The sections whose names stand in the catalogue; those of providers and below others are named by their path alone.
const TITLED: [&str; 14] = [
    "server",
    "store",
    "merchant",
    "desk",
    "money",
    "payments",
    "fulfilment",
    "chat",
    "webhooks",
    "mail",
    "attachments",
    "audit",
    "log",
    "privacy",
];

fn told(say: &Say, origin: Option<&Origin>) -> (String, bool) {
    match origin {
        None => (say.t("desk-set-unset"), false),
        Some(Origin::Default) => (say.t("desk-set-default"), false),
        Some(Origin::File(path, line)) => {
            let (path, line) = (path.display().to_string(), line.to_string());
            let fills = [("file", Fill::Words(&path)), ("line", Fill::Words(&line))];
            (say.with("desk-set-file", &fills), true)
        }
        Some(Origin::Variable(name)) => (say.one("desk-set-variable", "name", name), true),
        Some(Origin::Flag(name)) => (say.one("desk-set-flag", "name", name), true),
    }
}

fn row(say: &Say, line: &Line, name: &str) -> Row {
    let (origin, own) = told(say, line.origin.as_ref());
    Row {
        name: name.to_owned(),
        value: line.value.clone(),
        origin,
        own,
        variable: format!("MAKEGOOD__{}", line.key.to_uppercase().replace('.', "__")),
    }
}

fn sections(say: &Say, lines: &[Line]) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in lines {
        let (above, name) = line.key.rsplit_once('.').unwrap_or(("", &line.key));
        if sections.last().is_none_or(|section| section.name != above) {
            let titled = TITLED.contains(&above);
            sections.push(Section {
                id: above.replace('.', "-"),
                name: above.to_owned(),
                title: titled.then(|| say.t(&format!("desk-set-section-{above}"))),
                rows: Vec::new(),
            });
        }
        if let Some(section) = sections.last_mut() {
            section.rows.push(row(say, line, name));
        }
    }
    sections
}

/// Read the settings
///
/// Every key, its value, and who set it. Secrets are not shown.
#[utoipa::path(get, path = "/desk/settings", tag = "Console", operation_id = "desk_settings",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let frame = DeskFrame::new(&web, &uri, &headers, &caller, "settings", "desk-settings");
    let page = Page {
        tabs: tabs(&frame.say, "/desk/settings"),
        sections: sections(&frame.say, &web.config.lines),
        frame,
    };
    Ok(page.frame.sent(written(&page)?))
}
