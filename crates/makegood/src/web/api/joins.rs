// SPDX-License-Identifier: MIT OR Apache-2.0
//! Cases that turn out to be one, and one that turns out to be two.
//!
//! Merging moves what the customer wrote and sent into another case of theirs and ends this one without a decision; both happen, or
//! neither. Splitting asks anew, in the customer's words, about another order or with another claim.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Uri;
use makegood_desk::input::{Digest, Door, Id, Input};
use makegood_desk::life::Case;
use makegood_desk::refusal::Refusal;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::cases::{self as door, NewCase, within};
use super::notes::noted;
use super::people::opened;
use crate::books::cases;
use crate::post::MESSAGE;
use crate::store::Trouble;
use crate::web::Web;
use crate::web::idempotency::{Context, Done, REPLAYED, Told, once};
use crate::web::refusal::Problem;
use crate::web::wire::case::CaseOut;
use crate::web::wire::{Answer, ClaimWord, Count, Line, Parameters, name, read_name, written};
use crate::wire::{Fault, WireError, Word as _};

/// Where a case goes on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeIn {
    /// The id of the other case. It must be open, and of the same customer.
    into: Line<40>,
}

/// What becomes a case of its own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitIn {
    /// Which of the customer's messages, from 1.
    message: Count,
    /// The order that it is about.
    order: Line<200>,
    /// What is wrong.
    claim: ClaimWord,
}

/// Why cases cannot be put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Apart {
    /// There is no such other case.
    Unknown,
    /// They are one and the same.
    Same,
    /// They are not of one customer, or nobody knows whose they are.
    Strangers,
    /// The other one is closed.
    Closed,
}

impl Apart {
    fn problem(self) -> Problem {
        let detail = match self {
            Self::Unknown => "`into` is no case here; write the id of one",
            Self::Same => "`into` is this case itself; write the id of another one",
            Self::Strangers => {
                "`into` is a case of another customer, or nobody knows whose: only cases of one known customer are put together"
            }
            Self::Closed => {
                "`into` is closed; write the id of an open case, or merge the other way round"
            }
        };
        Problem::body(WireError {
            kind: Fault::BadValue,
            detail: detail.to_owned(),
            pointer: "/into".to_owned(),
        })
    }
}

/// Put a case together with another one
///
/// What the customer wrote and sent goes over to the other case; this one ends without a decision, and the customer is told.
#[utoipa::path(post, path = "/v1/cases/{id}/merge", tag = "Work", operation_id = "merge_case", request_body = MergeIn,
    params(("id" = String, Path, description = "The id of the case that ends.")),
    responses((status = 200, description = "The case that goes on.", body = CaseOut)))]
pub async fn merge(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<MergeIn>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("case", &id)?;
    let Ok(into) = read_name("case", &told.body.into.0) else {
        return Err(Apart::Unknown.problem());
    };
    match merged(&web, &told.context, id, into).await? {
        Ok(answer) => Ok(answer),
        Err(apart) => Err(apart.problem()),
    }
}

/// Moves what the customer wrote and sent, and ends the case; or says why not.
///
/// # Errors
/// The desk's refusal, or the store's trouble. Nothing has happened then.
pub(in crate::web) async fn merged(
    web: &Arc<Web>,
    context: &Context,
    id: Id,
    into: Id,
) -> Result<Result<axum::response::Response, Apart>, Problem> {
    let shelf = Arc::clone(&web.desk.shelf);
    let both = web.desk.store.read(move |tx| {
        let shelf = Arc::clone(&shelf);
        Box::pin(async move {
            let one = cases::load(tx, &shelf, id, false).await?;
            Ok((one, cases::load(tx, &shelf, into, false).await?))
        })
    });
    let (one, other) = both.await?;
    let one = one.ok_or_else(|| Problem::no_such("case"))?;
    let apart = match &other {
        None => Some(Apart::Unknown),
        Some(_) if id == into => Some(Apart::Same),
        Some(other) if one.customer.is_none() || one.customer != other.customer => {
            Some(Apart::Strangers)
        }
        // A form that is sent again finds this one closed, and is answered as before.
        Some(other) if other.closed.is_some() => Some(Apart::Closed),
        Some(_) => None,
    };
    if let Some(apart) = apart {
        return Ok(Err(apart));
    }
    let (desk, by, now) = (web.desk.clone(), context.actor(), web.clock.now());
    let limits = (
        web.config.attachments.files_per_case_max,
        web.config.attachments.case_bytes_max,
    );
    let answer = once(web, context, move |tx| {
        let desk = desk.clone();
        Box::pin(async move {
            let refused = |trouble| match crate::books::act::NotDone::from(trouble) {
                crate::books::act::NotDone::Refused(refusal) => {
                    Trouble::refused::<Refusal>(refusal)
                }
                crate::books::act::NotDone::Trouble(trouble) => trouble,
            };
            let one = cases::load(tx, &desk.shelf, id, true).await?;
            let one = one.ok_or_else(|| Trouble::refused(Problem::no_such("case")))?;
            let mut goes_on = None;
            for input in moved(&one) {
                let acted = desk.act_in(tx, into, by, now, input).await;
                goes_on = Some(acted.map_err(refused)?.case);
            }
            let goes_on = match goes_on {
                Some(case) => case,
                None => cases::load(tx, &desk.shelf, into, false)
                    .await?
                    .ok_or_else(|| Trouble::refused(Problem::no_such("case")))?,
            };
            within(tx, &goes_on, limits).await?;
            let ending = Input::Merge {
                into: format!("MG-{}", goes_on.number),
            };
            let acted = desk.act_in(tx, id, by, now, ending).await;
            acted.map_err(refused)?;
            Ok(Done {
                body: written(&CaseOut::of(&goes_on)),
                case: Some(goes_on),
            })
        })
    })
    .await?;
    Ok(Ok(answer))
}

/// What the customer wrote and sent, as the other case hears it.
fn moved(case: &Case) -> Vec<Input> {
    let door = case.door.unwrap_or(Door::Api);
    let heard = |message: Option<Digest>, attachments: Vec<Digest>| Input::Message {
        door,
        message,
        attachments,
    };
    let messages = case
        .messages
        .iter()
        .filter(|(_, text, files)| text.is_some() || !files.is_empty())
        .map(|(_, text, files)| heard(*text, files.clone()));
    let proofs: Vec<Digest> = case.proofs().iter().map(|proof| proof.attachment).collect();
    let proofs = (!proofs.is_empty()).then(|| heard(None, proofs));
    messages.chain(proofs).collect()
}

/// Make a case of its own of a message
///
/// The customer's words ask anew, about the order and with the claim that are named. A note at this case says which came of it.
#[utoipa::path(post, path = "/v1/cases/{id}/split", tag = "Work", operation_id = "split_case", request_body = SplitIn,
    params(("id" = String, Path, description = "The id of the case.")),
    responses((status = 200, description = "The other case.", body = CaseOut)))]
pub async fn split(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<SplitIn>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("case", &id)?;
    let SplitIn {
        message,
        order,
        claim,
    } = told.body;
    let done = split_off(&web, &told.context, id, message.0, &order.0, claim.0.word()).await?;
    done.map(|(answer, _)| answer).ok_or_else(|| {
        Problem::body(WireError {
            kind: Fault::BadValue,
            detail: "`message` is none of this case's messages with words; they are counted from 1"
                .to_owned(),
            pointer: "/message".to_owned(),
        })
    })
}

/// Asks anew in a message's words: the answer, and the other case's number. Nothing where there is no such message.
///
/// # Errors
/// There is no such case, what is asked is refused, or the store's trouble.
pub(in crate::web) async fn split_off(
    web: &Arc<Web>,
    context: &Context,
    id: Id,
    message: u64,
    order: &str,
    claim: &str,
) -> Result<Option<(axum::response::Response, u64)>, Problem> {
    let shelf = Arc::clone(&web.desk.shelf);
    let found = web.desk.store.read(move |tx| {
        let shelf = Arc::clone(&shelf);
        Box::pin(async move { cases::load(tx, &shelf, id, false).await })
    });
    let case = found.await?.ok_or_else(|| Problem::no_such("case"))?;
    let place = usize::try_from(message)
        .ok()
        .and_then(|no| no.checked_sub(1));
    let Some((_, Some(text), files)) = place.and_then(|place| case.messages.get(place)) else {
        return Ok(None);
    };
    let words = opened(web, *text, MESSAGE).await?.unwrap_or_default();
    let body = json!({
        "order": order,
        "claim": claim,
        "description": words,
        "language": case.language.code(),
        "channel": case.door.unwrap_or(Door::Api).word(),
        "attachments": files.iter().map(|file| crate::web::wire::file_name(*file)).collect::<Vec<_>>(),
    });
    let body: NewCase =
        crate::wire::read_body(body.to_string().as_bytes()).map_err(Problem::body)?;
    let answer = door::take_in(web, context, &body).await?;
    let again = answer.headers().contains_key(REPLAYED);
    let (parts, bytes) = answer.into_parts();
    let bytes = axum::body::to_bytes(bytes, usize::MAX).await;
    let bytes = bytes.map_err(|why| Problem::fault(format!("an answer cannot be read: {why}")))?;
    let number = serde_json::from_slice::<serde_json::Value>(&bytes)
        .ok()
        .and_then(|said| said["number"].as_u64())
        .unwrap_or_default();
    if !again {
        let note = format!("→ MG-{number} ({order})");
        let text = serde_json::from_value(json!(note));
        let text =
            text.map_err(|why| Problem::fault(format!("a note cannot be written: {why}")))?;
        let path = format!("/v1/cases/{}/notes", name("case", id));
        let context = Context::of_page(web, &context.caller, None, &path, &[]);
        noted(web, &context, id, &text).await?;
    }
    let answer = axum::response::Response::from_parts(parts, bytes.into());
    Ok(Some((answer, number)))
}
