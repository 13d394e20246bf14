// SPDX-License-Identifier: MIT OR Apache-2.0
//! What others send of their own accord: the connector says how far a command is, payment providers what happened to money.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use crate::goods::callback::{self, Taken};
use crate::goods::connector::{BODY_MOST, CallbackFault};
use crate::meters;
use crate::pay::Provider;
use crate::pay::stripe::WebhookSecret;
use crate::pay::stripe::webhook::NotTaken;
use crate::web::Web;
use crate::web::refusal::{
    BAD_BODY, CONTRADICTION, NOT_FOUND, Problem, SIGNATURE, SLOW_BODY, TOO_LARGE,
};
use crate::web::wire::{Answer, json};
use crate::world::{NotTakenIn, taken_in};

/// The bytes as they came: they are what was signed.
pub(super) async fn whole(web: &Web, body: Body, most: usize) -> Result<Bytes, Problem> {
    let read = axum::body::to_bytes(body, most);
    match tokio::time::timeout(web.config.server.request_max, read).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_too_long(&error) => Err(Problem::new(
            TOO_LARGE,
            format!("there are more than {most} bytes; nothing that is read here is so long"),
        )),
        Ok(Err(_)) => Err(Problem::new(
            BAD_BODY,
            "the body did not arrive whole; send it again",
        )),
        Err(_) => Err(Problem::new(
            SLOW_BODY,
            "the body did not arrive in time; send it again, and faster",
        )),
    }
}

fn is_too_long(error: &axum::Error) -> bool {
    std::error::Error::source(error)
        .is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
}

/// Counts what came, by a name of the settings: nobody else's word becomes a series.
pub(super) fn count(from: &str, result: &'static str) {
    metrics::counter!(meters::WEBHOOKS_IN, "from" => from.to_owned(), "result" => result)
        .increment(1);
}

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
    let bytes = whole(&web, body, BODY_MOST.saturating_add(1)).await?;
    let taken = callback::take(&web.shop, &parts.headers, &bytes).await;
    let result = match taken {
        Taken::Durable => Some("taken"),
        Taken::Unknown => Some("unknown"),
        Taken::Refused(_) => Some("refused"),
        Taken::Trouble(_) => Some("failed"),
        Taken::NoConnector => None,
    };
    if let Some(result) = result {
        count("connector", result);
    }
    match taken {
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

/// The most bytes of a provider's event. Stripe's are far below.
const EVENT_MOST: usize = 512 * 1024;

/// That an event of a provider was taken down.
#[derive(Serialize, ToSchema)]
pub struct TakenDown {
    /// Whether it is the first time.
    pub new: bool,
}

/// Hear from a payment provider
///
/// An event, signed by the provider over the bytes as they come. Only its name is believed: what happened is looked up at the provider.
/// It is answered once it is durable, and can be repeated.
#[utoipa::path(post, path = "/hooks/payments/{provider}", tag = "Money", operation_id = "hear_provider",
    params(("provider" = String, Path, description = "The provider, by its name in the settings.")),
    request_body(content = String, content_type = "application/json", description = "An event in the provider's own form."),
    responses((status = 200, description = "It need not be repeated.", body = TakenDown),
        (status = 401, description = "It is not signed by the provider (`/problems/signature-not-valid`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody)))]
pub async fn payments(
    State(web): State<Arc<Web>>,
    Path(name): Path<String>,
    request: Request,
) -> Answer {
    let (parts, body) = request.into_parts();
    let bytes = whole(&web, body, EVENT_MOST).await?;
    let settings = web.config.payments.get(&name);
    let secrets: Vec<WebhookSecret> = settings
        .map_or(&[][..], |settings| settings.webhook_secrets())
        .iter()
        .filter_map(|secret| WebhookSecret::new(secret.expose()).ok())
        .collect();
    let provider = web.shop.providers.get(&name);
    let (Some(Provider::Stripe(stripe)), false) = (provider.map(AsRef::as_ref), secrets.is_empty())
    else {
        return Err(Problem::new(
            NOT_FOUND,
            "no provider of this name sends events here; the desk's owner sets its `webhook_secrets` under `[payments]`",
        ));
    };
    let header = parts.headers.get("stripe-signature");
    let header = header.and_then(|value| value.to_str().ok()).unwrap_or("");
    let taken = taken_in(&web.shop, &name, stripe, &secrets, (header, &bytes)).await;
    let result = match &taken {
        Ok(true) => "taken",
        Ok(false) | Err(NotTakenIn::OtherMode) => "known",
        Err(NotTakenIn::NotTaken(_)) => "refused",
        Err(NotTakenIn::Trouble(_)) => "failed",
    };
    count(&name, result);
    match taken {
        Ok(new) => Ok(json(&TakenDown { new })),
        // What is about the other mode is none of ours, however often it is sent.
        Err(NotTakenIn::OtherMode) => Ok(json(&TakenDown { new: false })),
        Err(NotTakenIn::NotTaken(why @ NotTaken::Unreadable(_))) => {
            Err(Problem::new(BAD_BODY, why.to_string()))
        }
        Err(NotTakenIn::NotTaken(why)) => Err(Problem::new(SIGNATURE, why.to_string())),
        Err(NotTakenIn::Trouble(trouble)) => Err(trouble.into()),
    }
}
