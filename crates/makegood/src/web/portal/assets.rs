// SPDX-License-Identifier: MIT OR Apache-2.0
//! What pages are drawn with: one stylesheet and one mark, named by their content so that browsers keep them for good.

use std::sync::OnceLock;

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use ring::digest;

use super::policy;
use crate::books::seal::hex;
use crate::web::console::look;
use crate::web::refusal::{self, Problem};
use crate::web::wire::Answer;

/// Something that is sent as it is.
pub struct Asset {
    /// Its name, with a hash of the content.
    pub name: String,
    media_type: &'static str,
    content: String,
}

const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// Names something by its content.
#[must_use]
pub fn named(stem: &str, ending: &str, media_type: &'static str, content: String) -> Asset {
    let hash = digest::digest(&digest::SHA256, content.as_bytes());
    let short = hash.as_ref().get(..8).map(hex).unwrap_or_default();
    Asset {
        name: format!("{stem}-{short}.{ending}"),
        media_type,
        content,
    }
}

fn all() -> &'static [Asset; 2] {
    static ALL: OnceLock<[Asset; 2]> = OnceLock::new();
    ALL.get_or_init(|| {
        let look = include_str!("../pages/look.css");
        // A policy's page is drawn by the room that writes it; in ours, its rules hold inside it alone.
        let style = format!("{look}.policy{{{}}}\n", policy::style());
        [
            named("look", "css", "text/css; charset=utf-8", style),
            named(
                "mark",
                "svg",
                "image/svg+xml",
                include_str!("../pages/mark.svg").to_owned(),
            ),
        ]
    })
}

/// What the chat is drawn with: its stylesheet, the script of its own frame, and the one for the shop's pages.
pub fn chat() -> &'static [Asset; 3] {
    static ALL: OnceLock<[Asset; 3]> = OnceLock::new();
    let script = |stem, text: &str| {
        let media_type = "text/javascript; charset=utf-8";
        named(stem, "js", media_type, text.to_owned())
    };
    ALL.get_or_init(|| {
        let style = include_str!("../pages/chat.css").to_owned();
        [
            named("chat", "css", "text/css; charset=utf-8", style),
            script("chat", include_str!("../pages/chat.js")),
            script("widget", include_str!("../pages/chat_widget.js")),
        ]
    })
}

impl Asset {
    /// As it is sent.
    #[must_use]
    pub fn sent(&self) -> Response {
        let content = self.content.clone().into_bytes();
        refusal::bytes(refusal::DONE, self.media_type, content)
    }
}

/// The address of the stylesheet.
#[must_use]
pub fn look() -> String {
    let [look, _] = all();
    format!("/assets/{}", look.name)
}

/// The address of the mark.
#[must_use]
pub fn mark() -> String {
    let [_, mark] = all();
    format!("/assets/{}", mark.name)
}

/// Read what pages are drawn with
///
/// The name holds a hash of the content, so an answer may be kept for good.
#[utoipa::path(get, path = "/assets/{name}", tag = "Pages", operation_id = "asset",
    params(("name" = String, Path, description = "The name, as a page writes it.")),
    responses((status = 200, description = "The content.", content((String = "text/css"), (String = "text/javascript"), (String = "image/svg+xml")))))]
pub async fn read(Path(name): Path<String>) -> Answer {
    let mut assets = all().iter().chain(look::all()).chain(chat());
    let asset = assets.find(|asset| asset.name == name);
    let asset = asset.ok_or_else(|| Problem::no_such("asset"))?;
    let mut response = asset.sent();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_GOOD));
    Ok(response)
}
