// SPDX-License-Identifier: MIT OR Apache-2.0
//! What happened, over all cases, in the order of the audit log: a page at a time, or as a stream of lines.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use futures_util::stream;

use crate::books::lists::{self, EventRow};
use crate::store::Trouble;
use crate::web::Web;
use crate::web::refusal::Problem;
use crate::web::wire::event::EventOut;
use crate::web::wire::{Answer, List, Parameters, json, written};

/// A page of events.
pub type Events = List<EventOut>;

/// How many events are read at once for a stream.
const HANDFUL: i64 = 500;

/// The place in the audit log that an id names.
pub(super) fn leaf(id: &str) -> Option<i64> {
    let digits = id.strip_prefix("evt_")?;
    let leaf = digits.parse::<i64>().ok()?;
    (leaf >= 0 && leaf.to_string() == digits).then_some(leaf)
}

fn out(row: &EventRow) -> EventOut {
    EventOut::of(row.case, row.position, row.leaf, &row.event)
}

async fn page(web: &Web, from: i64, most: i64) -> Result<Vec<EventRow>, Trouble> {
    web.desk
        .store
        .read(move |tx| Box::pin(async move { lists::events(tx, from, most).await }))
        .await
}

/// List events
///
/// Oldest first, in the order of the audit log, in which an event has its place a moment after it happened. With `Accept: application/x-ndjson` all that there are, an event a line.
#[utoipa::path(get, path = "/v1/events", tag = "Events", operation_id = "list_events", params(
    ("after" = Option<String>, Query, description = "Those after this one, by id; all from the beginning where nothing is said."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 1000, description = "How many at most on a page; 100 where nothing is said."),
), responses((status = 200, description = "A page of events, or a stream of them.", content(
    (Events = "application/json"), (EventOut = "application/x-ndjson"),
))))]
pub async fn list(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Answer {
    let parameters = Parameters::of(&uri, &["after", "limit"])?;
    let after = parameters.read("after", "the `id` of an event", leaf)?;
    let from = after.map_or(0, |leaf| leaf.saturating_add(1));
    let limit = parameters.number("limit", 1, 1000)?;
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if accept.contains("application/x-ndjson") {
        return Ok(streamed(web, from, limit));
    }
    let limit = limit.unwrap_or(100);
    let mut rows = page(&web, from, limit.saturating_add(1)).await?;
    let most = usize::try_from(limit).unwrap_or_default();
    let more = rows.len() > most;
    rows.truncate(most);
    Ok(json(&List::new(
        "/v1/events",
        rows.iter().map(out).collect(),
        more,
    )))
}

/// Lines of events, read by the handful as fast as the reader takes them.
fn streamed(web: Arc<Web>, from: i64, limit: Option<i64>) -> axum::response::Response {
    let lines = stream::unfold(Some((web, from, limit)), |state| async move {
        let (web, from, left) = state?;
        let most = left.map_or(HANDFUL, |left| left.min(HANDFUL));
        match page(&web, from, most).await {
            Err(trouble) => {
                tracing::warn!(cause = %trouble, "a stream of events broke off");
                Some((
                    Err(std::io::Error::other("the events cannot be read on")),
                    None,
                ))
            }
            Ok(rows) => {
                let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
                let mut text = Vec::new();
                for row in &rows {
                    text.extend(written(&out(row)));
                    text.push(b'\n');
                }
                let left = left.map(|left| left.saturating_sub(count));
                let next = rows
                    .last()
                    .and_then(|row| row.leaf)
                    .and_then(|leaf| i64::try_from(leaf).ok());
                let goes_on = count == most && left != Some(0);
                let state = next
                    .filter(|_| goes_on)
                    .map(|leaf| (web, leaf.saturating_add(1), left));
                Some((Ok(Bytes::from(text)), state))
            }
        }
    });
    let mut response = Body::from_stream(lines).into_response();
    let kind = axum::http::HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// Read an event
#[utoipa::path(get, path = "/v1/events/{id}", tag = "Events", operation_id = "read_event",
    params(("id" = String, Path, description = "The id of the event.")),
    responses((status = 200, description = "The event.", body = EventOut)))]
pub async fn read(State(web): State<Arc<Web>>, Path(id): Path<String>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let leaf = leaf(&id).ok_or_else(|| Problem::no_such("event"))?;
    let rows = page(&web, leaf, 1).await?;
    let row = rows
        .first()
        .filter(|row| row.leaf.and_then(|found| i64::try_from(found).ok()) == Some(leaf));
    Ok(json(&out(row.ok_or_else(|| Problem::no_such("event"))?)))
}
