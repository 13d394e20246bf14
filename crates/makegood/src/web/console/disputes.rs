// SPDX-License-Identifier: MIT OR Apache-2.0
//! Disputes: every one that a bank has opened, what is due first first, with the money it holds and whether the customer wrote before.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};

use super::frame::DeskFrame;
use super::words::due;
use crate::books::disputes::{self, DisputeRow};
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::portal::frame::{parameter, written};
use crate::web::portal::say::Say;
use crate::web::wire::Answer;

/// Most that the page shows.
const MOST: i64 = 200;
/// The states that have words of their own; another is shown in the provider's word.
const STATES: [&str; 11] = [
    "open",
    "warning_needs_response",
    "warning_under_review",
    "warning_closed",
    "needs_response",
    "under_review",
    "appeal_needs_response",
    "appeal_under_review",
    "won",
    "lost",
    "prevented",
];
/// The reasons that have words of their own.
///
/// Source: Stripe's dispute object, `reason` (API 2026-10-28).
const REASONS: [&str; 10] = [
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "credit_not_processed",
    "duplicate",
    "fraudulent",
    "unrecognized",
    "general",
    "noncompliant",
    "none",
];

/// A dispute as the page shows it.
pub struct Line {
    /// The provider's name for it.
    pub id: String,
    /// The same, as it stands in an address.
    pub address: String,
    /// Its order, if its payment is known.
    pub order: Option<String>,
    /// The newest case about its order.
    pub case_number: Option<u64>,
    /// What it says.
    pub reason: String,
    /// How far it is.
    pub state: String,
    /// How the money stands.
    pub money: String,
    /// How much is disputed.
    pub amount: String,
    /// What the provider keeps as its fee; empty where nothing.
    pub fee: String,
    /// When the customer first wrote, if that was before.
    pub wrote: Option<String>,
    /// When it was opened.
    pub opened: String,
    /// Until when evidence is taken; empty where nobody waits for it.
    pub due: String,
    /// That is over, or soon.
    pub late: bool,
}

#[derive(Template)]
#[template(path = "desk_disputes.html")]
struct Page {
    frame: DeskFrame,
    over: bool,
    lines: Vec<Line>,
}

/// The words for one of the known, or the word itself as people write it.
fn in_words(say: &Say, known: &[&str], prefix: &str, word: &str) -> String {
    let word = if word.is_empty() { "none" } else { word };
    if known.contains(&word) {
        return say.t(&format!("{prefix}{word}"));
    }
    word.replace('_', " ")
}

/// A name as it stands in an address.
#[must_use]
pub fn encoded(name: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    encoded.replace('+', "%20")
}

/// A dispute in words.
pub fn line(web: &Web, say: &Say, row: DisputeRow) -> Line {
    let answer = [
        "open",
        "warning_needs_response",
        "needs_response",
        "appeal_needs_response",
    ];
    // Once it was answered nobody waits for us, however late it is.
    let asked = row.due_at.filter(|_| answer.contains(&row.state.as_str()));
    let (due, late) = asked
        .map(|at| due(say, web.clock.now(), at))
        .unwrap_or_default();
    Line {
        reason: in_words(say, &REASONS, "desk-dispute-reason-", &row.reason),
        state: in_words(say, &STATES, "desk-dispute-state-", &row.state),
        money: match row.inquiry {
            true => say.t("desk-dispute-money-nothing"),
            false => say.t(&format!("desk-dispute-money-{}", row.money)),
        },
        amount: say.money(row.amount),
        fee: match row.fee.minor() {
            0 => String::new(),
            _ => say.one("desk-dispute-fee", "amount", say.money(row.fee)),
        },
        wrote: row.wrote_at.map(|at| say.day(at)),
        opened: say.day(row.opened_at),
        address: encoded(&row.id),
        id: row.id,
        order: row.order,
        case_number: row.case_number,
        due,
        late,
    }
}

/// Open the disputes
///
/// Every dispute that a bank has opened, by when evidence is due.
#[utoipa::path(get, path = "/desk/disputes", tag = "Console", operation_id = "desk_disputes",
    params(("view" = Option<String>, Query, description = "`over` for those that are decided.")),
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let frame = DeskFrame::new(
        &web,
        &uri,
        &headers,
        &caller,
        "disputes",
        "desk-view-disputes",
    );
    let over = parameter(&uri, "view").is_some_and(|view| view == "over");
    let rows = web
        .desk
        .store
        .read(move |tx| Box::pin(async move { disputes::listed(tx, over, MOST).await }))
        .await?;
    let say = frame.say.clone();
    let lines = rows.into_iter().map(|row| line(&web, &say, row)).collect();
    let page = Page { frame, over, lines };
    Ok(page.frame.sent(written(&page)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use makegood_desk::input::Language;

    #[test]
    fn every_state_reason_and_place_of_the_money_has_words_in_both_languages() {
        for language in [Language::Danish, Language::English] {
            let say = Say::new(language, jiff::tz::TimeZone::UTC);
            let states = STATES.map(|word| format!("desk-dispute-state-{word}"));
            let reasons = REASONS.map(|word| format!("desk-dispute-reason-{word}"));
            let money = ["nothing", "taken", "lost", "won"]
                .map(|word| format!("desk-dispute-money-{word}"));
            for id in states.iter().chain(&reasons).chain(&money) {
                let words = say.t(id);
                assert!(!words.is_empty() && words != *id, "{id} in {language:?}");
            }
            assert_eq!(
                in_words(&say, &REASONS, "", "bank_cannot_process"),
                "bank cannot process"
            );
        }
    }
}
