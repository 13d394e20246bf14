// SPDX-License-Identifier: MIT OR Apache-2.0
//! What does not agree with the world and waits for finance: listed, read, and explained.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Uri;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cases::{from, no_place};
use crate::books::facts::{Explained, explain_in};
use crate::books::lists::{self, BreachFilter, BreachRow};
use crate::store::{Trouble, Tx};
use crate::web::Web;
use crate::web::access::person;
use crate::web::idempotency::{Done, Told, once};
use crate::web::refusal::{ALREADY_DONE, Problem};
use crate::web::wire::{
    Answer, Line, List, PAGING, Paging, Parameters, Prose, is_line, json, moment, name, unix,
    written,
};

/// Something that does not agree with the world.
#[derive(Serialize, ToSchema)]
pub struct BreachOut {
    /// `breach`.
    pub object: &'static str,
    /// Its id: what kind, at which provider, about what.
    #[schema(example = "foreign_refund:card:re_1QxA2b")]
    pub id: String,
    /// `foreign_refund` (nobody here decided it), `refund_missing` (the provider does not know ours), `refund_unreadable`,
    /// `transfer_odd` (the bank says something that does not fit).
    #[schema(example = "foreign_refund")]
    pub kind: String,
    /// `open` or `closed`.
    pub status: &'static str,
    /// The payment provider.
    #[schema(example = "card")]
    pub provider: String,
    /// The provider's name for what it is about.
    #[schema(example = "re_1QxA2b")]
    pub subject: String,
    /// The order, whose money stands still while this is open.
    pub order: Option<String>,
    /// The case, if it is about one.
    pub case: Option<String>,
    /// What does not agree, and what to do.
    pub detail: String,
    /// When it was seen, in seconds since 1970.
    pub created: i64,
    /// The same exactly.
    pub created_at: String,
    /// Until when it is to be found out.
    pub due_at: String,
    /// When it was explained.
    pub closed_at: Option<String>,
    /// Who explained it; nobody where the desk found the answer itself.
    pub closed_by: Option<String>,
    /// What was behind it.
    pub reason: Option<String>,
}

/// A page of breaches.
pub type Breaches = List<BreachOut>;

/// What was behind a breach.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BreachReason {
    /// What was behind it, for whoever looks at the books in a year.
    #[schema(
        example = "Mia paid it back in the dashboard on the phone; the customer has written that it arrived."
    )]
    reason: Prose<1000>,
}

fn out(row: BreachRow) -> BreachOut {
    BreachOut {
        object: "breach",
        id: row.id,
        kind: row.kind,
        status: if row.closed_at.is_some() {
            "closed"
        } else {
            "open"
        },
        provider: row.provider,
        subject: row.subject,
        order: row.order,
        case: row.case.map(|case| name("case", case)),
        detail: row.words,
        created: unix(row.opened_at),
        created_at: moment(row.opened_at),
        due_at: moment(row.due_at),
        closed_at: row.closed_at.map(moment),
        closed_by: row.closed_by.map(person),
        reason: row.note,
    }
}

/// List breaches
///
/// Everything that did not agree with the world: refunds that nobody here decided, and ours that the provider does not know. Newest
/// first.
#[utoipa::path(get, path = "/v1/breaches", tag = "Money", operation_id = "list_breaches", params(
    ("status" = Option<String>, Query, description = "`open` or `closed`; both where nothing is said."),
    ("order" = Option<Line<200>>, Query, description = "Those of an order."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many at most; 10 where nothing is said."),
    ("starting_after" = Option<String>, Query, description = "Those after this one, by id."),
    ("ending_before" = Option<String>, Query, description = "Those before this one, by id."),
), responses((status = 200, description = "A page of breaches.", body = Breaches)))]
pub async fn list(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    let known: Vec<&str> = ["status", "order"].into_iter().chain(PAGING).collect();
    let parameters = Parameters::of(&uri, &known)?;
    let paging = Paging::of(&parameters)?;
    let filter = BreachFilter {
        status: parameters.word("status", &["open", "closed"])?,
        order: parameters.line("order", 200)?,
    };
    let from = from(&paging, "the `id` of a breach", |text| {
        Some(text.to_owned())
    })?;
    let most = paging.limit.saturating_add(1);
    let rows = web.desk.store.read(move |tx| {
        let (filter, from) = (filter.clone(), from.clone());
        Box::pin(async move { lists::breaches(tx, &filter, &from, most).await })
    });
    let (rows, more) = paging.page(rows.await?.ok_or_else(no_place)?);
    let data = rows.into_iter().map(out).collect();
    Ok(json(&List::new("/v1/breaches", data, more)))
}

fn no_such() -> Problem {
    Problem::no_such("breach")
}

async fn found(tx: &mut Tx<'_>, id: &str) -> Result<BreachOut, Trouble> {
    let row = lists::breach(tx, id).await?;
    row.map(out).ok_or_else(|| Trouble::refused(no_such()))
}

/// Read a breach
#[utoipa::path(get, path = "/v1/breaches/{id}", tag = "Money", operation_id = "read_breach",
    params(("id" = String, Path, description = "The id of the breach.")),
    responses((status = 200, description = "The breach.", body = BreachOut)))]
pub async fn read(State(web): State<Arc<Web>>, Path(id): Path<String>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    if !is_line(&id, 600) {
        return Err(no_such());
    }
    let breach = web.desk.store.read(move |tx| {
        let id = id.clone();
        Box::pin(async move { found(tx, &id).await })
    });
    Ok(json(&breach.await?))
}

/// Explain a breach
///
/// Ends it, with what was behind it. Money of its order moves again, unless something else about it is open.
#[utoipa::path(post, path = "/v1/breaches/{id}/close", tag = "Money", operation_id = "close_breach", request_body = BreachReason,
    params(("id" = String, Path, description = "The id of the breach.")),
    responses((status = 200, description = "It is explained.", body = BreachOut)))]
pub async fn close(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<BreachReason>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    if !is_line(&id, 600) {
        return Err(no_such());
    }
    let (by, now) = (told.context.actor(), web.clock.now());
    let reason = told.body.reason.0;
    once(&web, &told.context, move |tx| {
        let (id, reason) = (id.clone(), reason.clone());
        Box::pin(async move {
            match explain_in(tx, &id, by, &reason, now).await? {
                Explained::Done => {}
                Explained::NoSuch => return Err(Trouble::refused(no_such())),
                Explained::Already => {
                    let detail =
                        "this was explained before; read the breach for what was behind it";
                    return Err(Trouble::refused(Problem::new(ALREADY_DONE, detail)));
                }
            }
            let body = written(&found(tx, &id).await?);
            Ok(Done { body, case: None })
        })
    })
    .await
}
