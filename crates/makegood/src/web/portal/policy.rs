// SPDX-License-Identifier: MIT OR Apache-2.0
//! The policy as customers read it: the version in force, and those before it.

use std::sync::{Arc, OnceLock};

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use makegood_desk::decision::Rulebook;
use makegood_policy::page::PageOptions;
use makegood_policy::version::Date;

use super::frame::{Frame, asked_for, chosen, sent, written};
use crate::policies::Policies;
use crate::policy_commands::host_words;
use crate::reasons::edition;
use crate::web::Web;
use crate::web::refusal::Problem;
use crate::web::wire::Answer;

#[derive(Template)]
#[template(path = "policy.html")]
struct Page {
    frame: Frame,
    /// That it is not the one in force now, where it is not.
    note: Option<String>,
    /// Written by the policy's own room, which escapes what it takes in.
    body: String,
}

/// How the policy's own room draws its page.
pub(super) fn style() -> String {
    static STYLE: OnceLock<String> = OnceLock::new();
    let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n## 1 A {#1}\nB. {rule: a}\n```facts\nlate : duration\n```\n```rule a\nwhen late > 1 d then pay because \"\"\n```\n```rule b\nwhen late <= 1 d then declined because \"\"\n```\n";
    STYLE
        .get_or_init(|| {
            let page = makegood_policy::read(text).policy.map(|policy| {
                let edition = policy.source();
                policy.page(edition, &PageOptions::default())
            });
            let page = page.unwrap_or_default();
            let style = between(&page, "<style>", "</style>");
            // What is the page's main part there is a part of ours.
            style.replace("main", ".main")
        })
        .clone()
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    text.split_once(from)
        .and_then(|(_, rest)| rest.rsplit_once(to))
        .map_or("", |(inside, _)| inside)
}

/// Read the policy
///
/// The version that is in force today, as a page for customers. In Danish or English, as `language` or `Accept-Language` has it.
#[utoipa::path(get, path = "/policy", tag = "Pages", operation_id = "policy_page",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn current(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Answer {
    let policies = web.desk.policies.now();
    let newest = in_force(&web, &policies).ok_or_else(|| Problem::no_such("policy"))?;
    shown(&web, &policies, &uri, &headers, newest)
}

/// Read a version of the policy
#[utoipa::path(get, path = "/policy/{version}", tag = "Pages", operation_id = "policy_version_page",
    params(("version" = String, Path, description = "The version.")),
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn earlier(
    State(web): State<Arc<Web>>,
    Path(version): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let policies = web.desk.policies.now();
    let mut all = policies.iter();
    let book = all.find(|book| book.policy().version == version);
    let book = book.ok_or_else(|| Problem::no_such("policy"))?;
    shown(&web, &policies, &uri, &headers, book)
}

/// The version that judges an order of today.
fn in_force<'p>(web: &Web, policies: &'p Policies) -> Option<&'p Rulebook> {
    let judging = policies.judging(web.clock.now()).ok();
    judging.map(|(_, book)| book)
}

fn shown(
    web: &Web,
    policies: &Policies,
    uri: &Uri,
    headers: &HeaderMap,
    book: &Rulebook,
) -> Answer {
    let language = chosen(uri).unwrap_or_else(|| asked_for(web, headers));
    let policy = book.policy();
    let edition = edition(policy, Some(language.code()));
    let mut frame = Frame::new(web, uri, language, "policy", "policy-title");
    let now = in_force(web, policies).map(|book| book.policy().version.as_str());
    let versions = policies.iter().map(|book| book.policy());
    let others = versions
        .filter(|other| other.version != policy.version)
        .map(|other| {
            let version = &other.version;
            let address = format!("/policy/{version}{}", frame.chosen);
            (version.clone(), address)
        });
    let options = PageOptions {
        words: host_words(frame.say.tongue()),
        versions: others.collect(),
        ..PageOptions::default()
    };
    let page = policy.page(edition, &options);
    let inside = between(&page, "<body>", "</body>");
    // The frame has its own way past the bar.
    let body = inside.split_once("<header>").map_or("", |(_, rest)| rest);
    let body = body
        .replacen(
            "<main id=\"page-text\" tabindex=\"-1\">",
            "<div class=\"main\">",
            1,
        )
        .replacen("</main>", "</div>", 1);
    frame.title.clone_from(&edition.title);
    let day = Date::parse(&policy.version).map(|date| frame.say.tongue().day(date.starts_at()));
    let day = day.unwrap_or_else(|| policy.version.clone());
    let note = match now {
        Some(now) if now == policy.version => None,
        Some(now) if now < policy.version.as_str() => {
            Some(frame.say.one("policy-later", "day", day))
        }
        _ => Some(frame.say.one("policy-earlier", "day", day)),
    };
    let page = Page {
        note,
        body: format!("<header>{body}"),
        frame,
    };
    Ok(sent(written(&page)?, language))
}
