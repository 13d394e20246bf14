// SPDX-License-Identifier: MIT OR Apache-2.0
//! Refunds: listed, read, called back, and paid by another way.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Uri;
use makegood_desk::input::{Id, Input};
use serde::Deserialize;
use utoipa::ToSchema;

use super::acts::{Nothing, act};
use super::cases::{from, no_place};
use crate::books::cases;
use crate::books::lists::{self, RefundRow};
use crate::web::Web;
use crate::web::idempotency::Told;
use crate::web::refusal::Problem;
use crate::web::wire::case::{CaseOut, RefundOut, refund};
use crate::web::wire::{
    Answer, Line, List, PAGING, Paging, Parameters, json, moment, name, part, read_part, unix,
};

/// A page of refunds.
pub type Refunds = List<RefundOut>;

/// Another way to pay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OtherWay {
    /// The payment provider, by its name in the settings.
    provider: Line<60>,
}

fn out(row: RefundRow) -> RefundOut {
    RefundOut {
        object: "refund",
        id: part("rf", row.case, row.no),
        case: name("case", row.case),
        no: row.no,
        created: unix(row.reserved_at),
        created_at: moment(row.reserved_at),
        amount: row.minor,
        currency: row.currency,
        units: row.units,
        status: status_of(&row.state),
        requires_action: false,
        failure_reason: None,
        decision: row.decision,
        payment: row.payment,
        provider: row.provider,
        provider_payment: row.provider_payment,
        provider_refund: row.provider_refund,
        not_before: None,
        tries: None,
        stuck: None,
    }
}

/// How far a refund is, by the word of the books.
fn status_of(state: &str) -> &'static str {
    const STATES: [&str; 7] = [
        "reserved",
        "sending",
        "unknown",
        "pending",
        "succeeded",
        "failed",
        "cancelled",
    ];
    STATES
        .into_iter()
        .find(|known| *known == state)
        .unwrap_or("unknown")
}

/// List refunds
///
/// Newest first.
#[utoipa::path(get, path = "/v1/refunds", tag = "Money", operation_id = "list_refunds", params(
    ("order" = Option<Line<200>>, Query, description = "Those of an order."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many at most; 10 where nothing is said."),
    ("starting_after" = Option<String>, Query, description = "Those after this one, by id."),
    ("ending_before" = Option<String>, Query, description = "Those before this one, by id."),
), responses((status = 200, description = "A page of refunds.", body = Refunds)))]
pub async fn list(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    let known: Vec<&str> = ["order"].into_iter().chain(PAGING).collect();
    let parameters = Parameters::of(&uri, &known)?;
    let paging = Paging::of(&parameters)?;
    let order = parameters.line("order", 200)?;
    let from = from(&paging, "the `id` of a refund", |text| {
        read_part("rf", text).ok()
    })?;
    let most = paging.limit.saturating_add(1);
    let rows = web.desk.store.read(move |tx| {
        let (order, from) = (order.clone(), from.clone());
        Box::pin(async move { lists::refunds(tx, order.as_deref(), &from, most).await })
    });
    let (rows, more) = paging.page(rows.await?.ok_or_else(no_place)?);
    Ok(json(&List::new(
        "/v1/refunds",
        rows.into_iter().map(out).collect(),
        more,
    )))
}

/// Read a refund
#[utoipa::path(get, path = "/v1/refunds/{id}", tag = "Money", operation_id = "read_refund",
    params(("id" = String, Path, description = "The id of the refund.")),
    responses((status = 200, description = "The refund.", body = RefundOut)))]
pub async fn read(State(web): State<Arc<Web>>, Path(id): Path<String>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let (case, no) = read_part("rf", &id)?;
    let found = find(&web, case, no)
        .await?
        .ok_or_else(|| Problem::no_such("refund"))?;
    Ok(json(&found))
}

async fn find(web: &Web, id: Id, no: u32) -> Result<Option<RefundOut>, Problem> {
    let shelf = Arc::clone(&web.desk.shelf);
    let case = web.desk.store.read(move |tx| {
        let shelf = Arc::clone(&shelf);
        Box::pin(async move { cases::load(tx, &shelf, id, false).await })
    });
    let case = case.await?;
    Ok(case.and_then(|case| {
        case.refunds
            .iter()
            .find(|held| held.no == no)
            .map(|held| refund(id, held))
    }))
}

/// Call a refund back
///
/// As long as it was not sent.
#[utoipa::path(post, path = "/v1/refunds/{id}/cancel", tag = "Money", operation_id = "cancel_refund", request_body = Nothing,
    params(("id" = String, Path, description = "The id of the refund.")),
    responses((status = 200, description = "The case of the refund.", body = CaseOut)))]
pub async fn cancel(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<Nothing>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let (case, no) = read_part("rf", &id)?;
    act(&web, &told.context, case, Input::CancelRefund { no }).await
}

/// Pay a refund by another way
///
/// Where the provider that took the payment will not pay it back.
#[utoipa::path(post, path = "/v1/refunds/{id}/pay_otherwise", tag = "Money", operation_id = "pay_refund_otherwise", request_body = OtherWay,
    params(("id" = String, Path, description = "The id of the refund.")),
    responses((status = 200, description = "The case of the refund.", body = CaseOut)))]
pub async fn pay_otherwise(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<OtherWay>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let (case, no) = read_part("rf", &id)?;
    let Told { body, context } = told;
    let provider = body.provider.0;
    if !web.config.payments.contains_key(&provider) {
        return Err(Problem::no_provider());
    }
    act(&web, &context, case, Input::PayOtherwise { no, provider }).await
}
