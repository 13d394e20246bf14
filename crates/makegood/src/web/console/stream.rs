// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is told to pages while they are open: that a case has moved on, and who else is looking at it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::Uri;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, Stream};
use tokio::sync::watch;

use crate::books::act::WORK;
use crate::books::queue;
use crate::store::{Listener, Value};
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::portal::frame::{chosen, parameter};
use crate::web::portal::say::Say;
use crate::web::refusal::Problem;

crate::statements! {
    /// How many events a case has seen.
    VERSION = "select version from desk_case where number = ?1";
}

/// How often it is looked whether somebody came or went.
const LOOKED_EVERY: Duration = Duration::from_secs(2);
/// The books are asked no more often than this, however much happens.
const CALM: Duration = Duration::from_millis(250);

/// Who is looking at which case, on this process.
#[derive(Debug, Default)]
pub struct Lookers(Mutex<BTreeMap<u64, Vec<(u64, String)>>>);

/// Somebody looking, until this is dropped.
struct Looker {
    web: Arc<Web>,
    number: u64,
    own: u64,
}

impl Lookers {
    fn enter(&self, number: u64, name: &str) -> u64 {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let here = all.entry(number).or_default();
        let own = here
            .iter()
            .map(|(id, _)| *id)
            .max()
            .map_or(1, |last| last.saturating_add(1));
        here.push((own, name.to_owned()));
        own
    }

    fn leave(&self, number: u64, own: u64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = all.get_mut(&number) {
            here.retain(|(id, _)| *id != own);
            if here.is_empty() {
                all.remove(&number);
            }
        }
    }

    /// The names of the others, each once.
    fn others(&self, number: u64, name: &str) -> Vec<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let here = all.get(&number).map(Vec::as_slice).unwrap_or_default();
        let mut names: Vec<String> = here
            .iter()
            .map(|(_, name)| name.clone())
            .filter(|other| other != name && !other.is_empty())
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

impl Drop for Looker {
    fn drop(&mut self) {
        self.web.lookers.leave(self.number, self.own);
    }
}

/// Where a stream stands.
struct Stand {
    looker: Looker,
    name: String,
    say: Say,
    work: Listener,
    ends: watch::Receiver<bool>,
    version: Option<i64>,
    others: Option<Vec<String>>,
    stale: bool,
}

impl Stand {
    /// Waits until something is to be told; nothing more where the desk ends.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if *self.ends.borrow() {
                return None;
            }
            let others = self
                .looker
                .web
                .lookers
                .others(self.looker.number, &self.name);
            if self.others.as_ref() != Some(&others) {
                let first = self.others.is_none() && others.is_empty();
                let words = match others.is_empty() {
                    true => String::new(),
                    false => self.say.one("desk-here-one", "names", others.join(", ")),
                };
                self.others = Some(others);
                if !first {
                    return Some((Ok(Event::default().event("here").data(words)), self));
                }
            }
            if self.stale {
                self.stale = false;
                let version = version(&self.looker.web, self.looker.number).await;
                if version.is_some() && version != self.version {
                    self.version = version;
                    let text = version.unwrap_or_default().to_string();
                    return Some((Ok(Event::default().event("case").data(text)), self));
                }
            }
            tokio::select! {
                heard = self.work.heard() => {
                    heard.ok()?;
                    tokio::time::sleep(CALM).await;
                    self.stale = true;
                }
                _ = self.ends.changed() => return None,
                () = tokio::time::sleep(LOOKED_EVERY) => {}
            }
        }
    }
}

async fn version(web: &Web, number: u64) -> Option<i64> {
    let number = i64::try_from(number).ok()?;
    let row = web
        .desk
        .store
        .read(move |tx| Box::pin(async move { tx.one(&VERSION, &[Value::from(number)]).await }));
    row.await.ok()??.int(0).ok()
}

fn told(stand: Stand) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(stand, Stand::next)
}

/// Hear what happens to a case
///
/// As server-sent events: `case` with its version when it has moved on, `here` with who else is looking.
#[utoipa::path(get, path = "/desk/stream", tag = "Console", operation_id = "desk_stream",
    params(("case" = u64, Query, description = "The number that people call the case by.")),
    responses((status = 200, description = "The events.", content_type = "text/event-stream", body = Object),
        (status = 404, description = "There is no such case (`/problems/not-found`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody)))]
pub async fn stream(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
) -> Result<Response, Problem> {
    let number = parameter(&uri, "case").and_then(|text| text.parse().ok());
    let number: u64 = number.ok_or_else(|| {
        Problem::parameter("case", "`case` is the number that people call a case by")
    })?;
    let known = web
        .desk
        .store
        .read(move |tx| Box::pin(async move { queue::numbered(tx, number).await }));
    if known.await?.is_none() {
        return Err(Problem::no_such("case"));
    }
    let name = caller.token().person_name.clone().unwrap_or_default();
    let language = chosen(&uri).unwrap_or_default();
    let stand = Stand {
        looker: Looker {
            own: web.lookers.enter(number, &name),
            web: Arc::clone(&web),
            number,
        },
        name,
        say: Say::new(language, web.config.merchant.time_zone.clone()),
        work: web.desk.store.listen(WORK),
        ends: web.ends.subscribe(),
        version: None,
        others: None,
        stale: true,
    };
    let alive = KeepAlive::new().interval(Duration::from_secs(20));
    Ok(Sse::new(told(stand)).keep_alive(alive).into_response())
}
