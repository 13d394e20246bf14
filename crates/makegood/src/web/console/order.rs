// SPDX-License-Identifier: MIT OR Apache-2.0
//! Orders: found by their number, with the log, the curve, the money and the cases about them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri};
use makegood_desk::case::{Event, LogEntry};
use makegood_desk::records::Records;
use makegood_desk::words::units_words;

use super::frame::{DeskFrame, guarded};
use super::words::{outcome, stage};
use crate::books::intake::{Outcome, line};
use crate::books::lists::{self, CaseFilter, CaseRow, From};
use crate::books::orders::{Depth, records};
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::api::orders::intake;
use crate::web::portal::curve::{self, Curve};
use crate::web::portal::form::Form;
use crate::web::portal::frame::{parameter, written};
use crate::web::portal::help::once;
use crate::web::portal::say::{Fill, Say};
use crate::web::refusal::{Problem, shown_at};
use crate::web::session;
use crate::web::wire::{Answer, name};

#[derive(Template)]
#[template(path = "desk_orders.html")]
struct Find {
    frame: DeskFrame,
    number: String,
    amiss: bool,
    import: Option<Import>,
}

/// Lines that somebody wants to take in, and what would become of them.
#[derive(Default)]
struct Import {
    text: String,
    /// How many are taken, were there before, and are not taken.
    counts: Option<(String, String, String)>,
    taken: bool,
    wrong: Vec<(String, String)>,
    once: String,
}

/// A case about the order.
pub struct About {
    /// Its number.
    pub number: u64,
    /// What it is about.
    pub what: String,
    /// How it stands.
    pub state: String,
    /// When it was opened.
    pub when: String,
}

#[derive(Template)]
#[template(path = "desk_order.html")]
struct Page {
    frame: DeskFrame,
    facts: Vec<(String, String)>,
    links: Vec<String>,
    curve: Option<Curve>,
    log: Vec<(String, String, String)>,
    payments: Vec<(String, String, String, String)>,
    left: String,
    cases: Vec<About>,
    customer: Option<String>,
}

/// Look for an order
#[utoipa::path(get, path = "/desk/orders", tag = "Console", operation_id = "desk_orders",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn find(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let frame = DeskFrame::new(&web, &uri, &headers, &caller, "orders", "desk-orders");
    let number = parameter(&uri, "order").unwrap_or_default();
    let number = number.trim().to_owned();
    if !number.is_empty() && known(&web, &number).await?.0.order.is_some() {
        let encoded: String = url::form_urlencoded::byte_serialize(number.as_bytes()).collect();
        let place = format!("/desk/orders/{}", encoded.replace('+', "%20"));
        return Ok(guarded(shown_at(&place), frame.say.language));
    }
    let amiss = !number.is_empty();
    let import = frame.owns().then(Import::default);
    let page = Find {
        frame,
        number,
        amiss,
        import,
    };
    Ok(page.frame.sent(written(&page)?))
}

/// Take orders in
///
/// Lines as `POST /v1/orders` has them. First it is shown what would become of each; taken in they are when `do` is `take`.
#[utoipa::path(post, path = "/desk/orders", tag = "Console", operation_id = "desk_import",
    responses((status = 200, description = "The page, with what becomes of the lines.", content_type = "text/html", body = String)))]
pub async fn import(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    session::from_our_pages(&web, &headers)?;
    let frame = DeskFrame::new(&web, &uri, &headers, &caller, "orders", "desk-orders");
    let form = Form::read(&web, request).await?;
    let text = form.text("lines").to_owned();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let read: Vec<_> = lines
        .iter()
        .map(|text| line::read(text.as_bytes()))
        .collect();
    let (intake, now) = (intake(&web), web.clock.now());
    let taken = form.text("do") == "take" && !read.is_empty();
    let outcomes = match taken {
        true => intake.take(read, now).await?,
        false => intake.look(read, now).await?,
    };
    let page = Find {
        import: Some(became(&frame.say, text, &outcomes, taken)?),
        frame,
        number: String::new(),
        amiss: false,
    };
    Ok(page.frame.sent(written(&page)?))
}

fn became(say: &Say, text: String, outcomes: &[Outcome], taken: bool) -> Result<Import, Problem> {
    let (mut new, mut same, mut wrong) = (0_u64, 0_u64, Vec::new());
    for (at, outcome) in outcomes.iter().enumerate() {
        let line = u64::try_from(at).unwrap_or(u64::MAX).saturating_add(1);
        let place = say.whole(line);
        match outcome {
            Outcome::New | Outcome::Grown { .. } => new = new.saturating_add(1),
            Outcome::Same => same = same.saturating_add(1),
            Outcome::Conflict { field, .. } => {
                wrong.push((place, say.one("desk-import-conflict", "field", *field)));
            }
            Outcome::Wrong(why) => wrong.push((place, format!("{} {}", why.pointer, why.detail))),
        }
    }
    let not = u64::try_from(wrong.len()).unwrap_or(u64::MAX);
    Ok(Import {
        counts: Some((say.whole(new), say.whole(same), say.whole(not))),
        text: if taken { String::new() } else { text },
        once: once()?,
        taken,
        wrong,
    })
}

/// What the books say of an order, and the cases about it.
///
/// # Errors
/// The store's trouble.
pub async fn known(web: &Arc<Web>, number: &str) -> Result<(Records, Vec<CaseRow>), Problem> {
    if number.contains('\0') {
        return Ok((Records::default(), Vec::new()));
    }
    let (number, now) = (number.to_owned(), web.clock.now());
    let found = web.desk.store.read(move |tx| {
        let number = number.clone();
        Box::pin(async move {
            let depth = Depth::Whole {
                refunds_since: now,
                trouble_since: now,
                claim: "",
            };
            let books = records(tx, &number, false, depth).await?;
            let filter = CaseFilter {
                order: Some(number),
                ..CaseFilter::default()
            };
            let cases = lists::cases(tx, &filter, &From::Start, 100).await?;
            Ok((books, cases.unwrap_or_default()))
        })
    });
    Ok(found.await?)
}

/// Cases as a page beside them shows them.
#[must_use]
pub fn about(say: &Say, cases: Vec<CaseRow>) -> Vec<About> {
    let rows = cases.into_iter();
    rows.map(|row| About {
        number: row.number,
        what: say.t(&format!("claim-{}", row.claim)),
        state: match &row.outcome {
            Some(word) => outcome(say, word),
            None => stage(say, &row.stage),
        },
        when: say.day(row.opened_at),
    })
    .collect()
}

fn logged(say: &Say, entry: &LogEntry<'_>) -> (String, String, String) {
    let number = |count: &Option<u64>| count.map_or(String::new(), |count| say.whole(count));
    let (word, figure) = match &entry.event {
        Event::Started { count } => ("started", number(count)),
        Event::Delivered { units } => ("delivered", say.whole(*units)),
        Event::Count { count } => ("count", say.whole(*count)),
        Event::Completed => ("completed", String::new()),
        Event::StopRequested => ("stop_requested", String::new()),
        Event::Stopped => ("stopped", String::new()),
        Event::StopFailed => ("stop_failed", String::new()),
        Event::Redelivery { units } => ("redelivery", say.whole(*units)),
        Event::HandedOver { account } => ("handed_over", account.to_string()),
        Event::Login { account } => ("login", account.to_string()),
    };
    (say.machine(entry.at), say.moment(entry.at), {
        let words = say.t(&format!("desk-log-{word}"));
        match figure.is_empty() {
            true => words,
            false => format!("{words}: {figure}"),
        }
    })
}

fn facts(say: &Say, books: &Records) -> Vec<(String, String)> {
    let Some(record) = &books.order else {
        return Vec::new();
    };
    let order = &record.order;
    let service = &order.service;
    let length = |long: makegood_desk::case::Duration| say.tongue().length(long.nanoseconds());
    let units = units_words(say.tongue(), order.quantity, &service.unit);
    vec![
        (
            service.name.to_string(),
            say.with(
                "case-service",
                &[
                    ("service", Fill::Words(&service.name)),
                    ("units", Fill::Words(&units)),
                    ("price", Fill::Words(&say.money(order.price))),
                ],
            ),
        ),
        (say.t("desk-placed"), say.moment(order.placed_at)),
        (say.t("desk-start-within"), length(service.start_within)),
        (say.t("desk-guarantee"), length(service.guarantee)),
    ]
}

/// Open an order
#[utoipa::path(get, path = "/desk/orders/{number}", tag = "Console", operation_id = "desk_order",
    params(("number" = String, Path, description = "The order number.")),
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(number): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let mut frame = DeskFrame::new(&web, &uri, &headers, &caller, "orders", "desk-orders");
    let (books, cases) = known(&web, &number).await?;
    let Some(record) = books.order.clone() else {
        let page = Find {
            frame,
            number,
            amiss: true,
            import: None,
        };
        return Ok(page.frame.sent(written(&page)?));
    };
    let say = frame.say.clone();
    frame.title = say.one("desk-order-title", "order", &number);
    let log: Vec<&LogEntry<'_>> = books.delivery_log.iter().collect();
    let page = Page {
        facts: facts(&say, &books),
        links: record.order.links.iter().map(ToString::to_string).collect(),
        curve: curve::draw(&say, &record.order, &log),
        log: log.iter().map(|entry| logged(&say, entry)).collect(),
        payments: books
            .payments
            .iter()
            .map(|held| {
                (
                    say.day(held.payment.at),
                    format!("{} {}", held.provider, held.reference),
                    say.money(held.payment.amount),
                    say.money(crate::books::orders::left(held)),
                )
            })
            .collect(),
        left: books.left().map_or(String::new(), |left| say.money(left)),
        cases: about(&say, cases),
        customer: record.customer.map(|id| name("cus", id)),
        frame,
    };
    Ok(page.frame.sent(written(&page)?))
}
