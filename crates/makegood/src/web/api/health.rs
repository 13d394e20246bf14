// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether the program lives, whether it can work, and what it has counted.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::IntoResponse as _;
use serde::Serialize;
use utoipa::ToSchema;

use crate::books::{gauges, seal};
use crate::meters::shown;
use crate::store::Trouble;
use crate::web::Web;
use crate::web::refusal::{Problem, UNAVAILABLE, probe};
use crate::web::wire::{Answer, Parameters, json};

/// That the program lives.
#[derive(Serialize, ToSchema)]
pub struct Alive {
    /// `ok`.
    pub status: &'static str,
    /// The version that runs.
    pub version: &'static str,
}

/// Whether the desk can work.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// Whether requests are answered.
    pub ready: bool,
    /// `ok`, or why the store does not answer.
    pub store: String,
    /// Why no money moves, if none does because the store is in doubt. Everything can be read then.
    pub frozen: Option<String>,
}

/// Tell that the program lives
///
/// Looks at nothing else, so that a slow database does not have the program restarted.
#[utoipa::path(get, path = "/healthz", tag = "Health", operation_id = "healthz", responses((status = 200, description = "It lives.", body = Alive)))]
pub async fn healthz(uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    Ok(json(&Alive {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    }))
}

/// Tell whether the desk can work
///
/// The store answers. A frozen store is ready for reading: then `frozen` says why no money moves.
#[utoipa::path(get, path = "/readyz", tag = "Health", operation_id = "readyz", responses(
    (status = 200, description = "It can work.", body = Readiness), (status = 503, description = "The store does not answer.", body = Readiness),
))]
pub async fn readyz(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let looked = web
        .desk
        .store
        .read(|tx| Box::pin(async move { seal::frontier(tx).await.map(drop) }));
    let looked: Result<(), Trouble> = looked.await;
    let readiness = Readiness {
        ready: looked.is_ok(),
        store: looked.map_or_else(
            |_| "the store does not answer".to_owned(),
            |()| "ok".to_owned(),
        ),
        frozen: web.desk.hold.frozen(),
    };
    Ok(probe(readiness.ready, &readiness))
}

/// Read what was counted
///
/// In the text form of Prometheus: what this process counted, and how the books stand.
#[utoipa::path(get, path = "/metrics", tag = "Health", operation_id = "metrics", responses(
    (status = 200, description = "Everything that was counted.", body = String, content_type = "text/plain"),
))]
pub async fn metrics(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let Some(meters) = &web.meters else {
        let detail = "nothing is counted in this process";
        return Err(Problem::passing(UNAVAILABLE, detail, 60));
    };
    let (names, now) = (Arc::clone(&web.provider_names), web.clock.now());
    let held = web.desk.hold.on();
    let read = web.desk.store.read(move |tx| {
        let names = Arc::clone(&names);
        Box::pin(async move {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            gauges::read(tx, &names, held, now).await
        })
    });
    let mut text = meters.text();
    match read.await {
        Ok(readings) => text.push_str(&shown(&readings)),
        // What was counted is worth the more where the store does not answer.
        Err(trouble) => tracing::warn!(cause = %trouble, "how the books stand could not be read"),
    }
    let kind = [("content-type", "text/plain; version=0.0.4; charset=utf-8")];
    Ok((kind, text).into_response())
}
