// SPDX-License-Identifier: MIT OR Apache-2.0
//! What others send of their own accord: the connector says how far a command is.

use std::sync::Arc;

use axum::extract::{Request, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::goods::callback::{self, Taken};
use crate::goods::connector::{BODY_MOST, CallbackFault};
use crate::web::Web;
use crate::web::refusal::{BAD_BODY, CONTRADICTION, NOT_FOUND, Problem, SIGNATURE, TOO_LARGE};
use crate::web::wire::{Answer, json};

/// That a callback need not be repeated.
#[derive(Serialize, ToSchema)]
pub struct Heard {
    /// Whether it is about a command of this desk.
    pub known: bool,
}

/// Hear from the connector
///
/// How far a command is, signed as Standard Webhooks prescribes; `docs/connector.md` tells the rest. It is answered once it is
/// durable, and can be repeated.
#[utoipa::path(post, path = "/hooks/connector", tag = "Orders", operation_id = "hear_connector",
    request_body(content = String, content_type = "application/json", description = "A callback of the connector protocol."),
    responses((status = 200, description = "It need not be repeated.", body = Heard),
        (status = 401, description = "It is not signed by the connector (`/problems/signature-not-valid`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody)))]
pub async fn connector(State(web): State<Arc<Web>>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let most = BODY_MOST.saturating_add(1);
    let read = tokio::time::timeout(
        web.config.server.request_max,
        axum::body::to_bytes(body, most),
    );
    let Ok(Ok(bytes)) = read.await else {
        return Err(Problem::new(
            BAD_BODY,
            "the callback did not arrive whole, or is too long; send it again",
        ));
    };
    match callback::take(&web.shop, &parts.headers, &bytes).await {
        Taken::Durable => Ok(json(&Heard { known: true })),
        Taken::Unknown => Ok(json(&Heard { known: false })),
        Taken::NoConnector => Err(Problem::new(
            NOT_FOUND,
            "no connector is set up here; the desk's owner sets `fulfilment.connector_url`",
        )),
        Taken::Refused(fault) => {
            let kind = match fault {
                CallbackFault::TooLong => TOO_LARGE,
                CallbackFault::Signature(_) => SIGNATURE,
                CallbackFault::Version => BAD_BODY,
                CallbackFault::Unreadable(_) => CONTRADICTION,
            };
            Err(Problem::new(kind, fault.to_string()))
        }
        Taken::Trouble(trouble) => Err(trouble.into()),
    }
}
