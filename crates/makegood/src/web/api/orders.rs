// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the shop tells of its orders: one thing at a time, or a batch of any length, answered line by line.
//!
//! Whatever is told twice is told once, by its own key, so none of this takes an `Idempotency-Key`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::books::intake::line::{Kind, Wrong, read_as};
use crate::books::intake::stream::answers;
use crate::books::intake::{Intake, Outcome};
use crate::books::orders::{Depth, records};
use crate::web::Web;
use crate::web::idempotency::read_bytes;
use crate::web::refusal::{Problem, TOLD_OTHERWISE};
use crate::web::wire::order::{
    ContactIn, DisputeIn, EntryIn, LineOut, OrderIn, OrderOut, PaymentIn, RefundIn, SubscriptionIn,
};
use crate::web::wire::{Answer, Parameters, json};
use crate::wire::{Fault, WireError};

/// So many bytes of answers are kept for a sender who reads none before all is sent; then no more is read of the body.
const UNREAD_MOST: usize = 8 << 20;

/// What takes orders in.
pub(in crate::web) fn intake(web: &Web) -> Intake {
    Intake {
        store: web.desk.store.clone(),
        vault: Arc::clone(&web.vault),
        providers: Arc::clone(&web.provider_names),
    }
}

fn unreadable(wrong: Wrong) -> Problem {
    let detail = match wrong.detail.strip_prefix("the line ") {
        Some(rest) => format!("the body {rest}"),
        None => wrong.detail,
    };
    Problem::body(WireError {
        kind: Fault::BadValue,
        detail,
        pointer: wrong.pointer,
    })
}

fn said(outcome: &Outcome) -> Result<LineOut, Problem> {
    let field = match outcome {
        Outcome::New | Outcome::Same => None,
        Outcome::Grown { field } => Some(*field),
        Outcome::Conflict { field, kept, given } => {
            let detail = outcome.detail().unwrap_or_default();
            let mut problem = Problem::new(TOLD_OTHERWISE, detail).with("field", *field);
            if let (Some(kept), Some(given)) = (kept, given) {
                problem = problem
                    .with("kept", kept.clone())
                    .with("given", given.clone());
            }
            return Err(problem);
        }
        Outcome::Wrong(wrong) => return Err(unreadable(wrong.clone())),
    };
    Ok(LineOut {
        object: "line",
        line: None,
        result: outcome.word(),
        field,
    })
}

async fn told(
    web: &Web,
    headers: &HeaderMap,
    body: Body,
    kind: Kind,
    number: Option<&str>,
) -> Result<LineOut, Problem> {
    let bytes = read_bytes(web, headers, body).await?;
    let line = read_as(&bytes, kind, number).map_err(unreadable)?;
    let outcomes = intake(web).take(vec![Ok(line)], web.clock.now()).await?;
    let outcome = outcomes
        .first()
        .ok_or_else(|| Problem::fault("a line without an outcome"))?;
    said(outcome)
}

async fn one(web: &Web, request: Request, kind: Kind, number: &str) -> Answer {
    let (parts, body) = request.into_parts();
    Parameters::of(&parts.uri, &[])?;
    Ok(json(
        &told(web, &parts.headers, body, kind, Some(number)).await?,
    ))
}

/// Tell of an order, or of many things
///
/// With `Content-Type: application/x-ndjson`, a batch of any length: each line is an object with a `type` (`order`, `payment`,
/// `subscription`, `refund`, `dispute`, `contact` or `log`), the number of its `order` (of an order: the order itself), and
/// what the other addresses here take. Each line is answered by a line, in the same order, once it is durable; a broken line does
/// not stop the rest. Read the answers while you send: where megabytes of them wait, no more is read of the batch.
#[utoipa::path(post, path = "/v1/orders", tag = "Orders", operation_id = "tell_order",
    request_body(content((OrderIn = "application/json"), (String = "application/x-ndjson")), description = "An order, or a batch."),
    responses((status = 200, description = "What became of it; of a batch, a line for each line.",
        content((LineOut = "application/json"), (LineOut = "application/x-ndjson")))))]
pub async fn tell(State(web): State<Arc<Web>>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    Parameters::of(&parts.uri, &[])?;
    let kind = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = kind
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if essence.eq_ignore_ascii_case("application/x-ndjson") {
        return Ok(batch(&web, body));
    }
    Ok(json(
        &told(&web, &parts.headers, body, Kind::Order, None).await?,
    ))
}

fn batch(web: &Web, body: Body) -> Response {
    let answers = answers(intake(web), web.clock.clone(), body.into_data_stream());
    let (sender, receiver) = mpsc::unbounded_channel::<(Bytes, OwnedSemaphorePermit)>();
    // Many programs read no answer before they have sent everything: some room keeps both sides from waiting for each other.
    tokio::spawn(async move {
        let room = Arc::new(Semaphore::new(UNREAD_MOST));
        let mut answers = std::pin::pin!(answers);
        while let Some(said) = answers.next().await {
            let size = u32::try_from(said.len().min(UNREAD_MOST)).unwrap_or(u32::MAX);
            let Ok(permit) = Arc::clone(&room).acquire_many_owned(size).await else {
                return;
            };
            if sender.send((said, permit)).is_err() {
                // Nobody is there any more to be answered.
                return;
            }
        }
    });
    let stream = stream::unfold(receiver, |mut receiver| async move {
        let (said, _room) = receiver.recv().await?;
        Some((Ok::<_, std::convert::Infallible>(said), receiver))
    });
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson")];
    (headers, Body::from_stream(stream)).into_response()
}

/// Read an order
///
/// With all that the books say of it.
#[utoipa::path(get, path = "/v1/orders/{number}", tag = "Orders", operation_id = "read_order",
    params(("number" = String, Path, description = "The order number.")),
    responses((status = 200, description = "The order.", body = OrderOut)))]
pub async fn read(State(web): State<Arc<Web>>, Path(number): Path<String>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    // What the store cannot hold is no order.
    if number.contains('\0') {
        return Err(Problem::no_such("order"));
    }
    let now = web.clock.now();
    let read = web.desk.store.read(move |tx| {
        let number = number.clone();
        Box::pin(async move {
            let depth = Depth::Whole {
                refunds_since: now,
                trouble_since: now,
                claim: "",
            };
            records(tx, &number, false, depth).await
        })
    });
    let books = read.await?;
    let order = OrderOut::of(&books).ok_or_else(|| Problem::no_such("order"))?;
    Ok(json(&order))
}

macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $id:literal, $kind:ident, $body:ident;)+) => {$(
        $(#[$doc])*
        #[utoipa::path(post, path = $path, tag = "Orders", operation_id = $id,
            params(("number" = String, Path, description = "The order number. The order itself may be told later.")),
            request_body = $body,
            responses((status = 200, description = "What became of it.", body = LineOut)))]
        pub async fn $name(State(web): State<Arc<Web>>, Path(number): Path<String>, request: Request) -> Answer {
            one(&web, request, Kind::$kind, &number).await
        }
    )+};
}

parts! {
    /// Tell of a payment
    ///
    /// That a period was delivered in full can be added later; everything else stays as it was told first.
    payment, "/v1/orders/{number}/payments", "tell_payment", Payment, PaymentIn;
    /// Tell of a subscription
    ///
    /// An active one can end; one that ended stays so.
    subscription, "/v1/orders/{number}/subscription", "tell_subscription", Subscription, SubscriptionIn;
    /// Tell of a refund by other ways
    ///
    /// One that was paid before the desk was there, or beside it.
    refund, "/v1/orders/{number}/refunds", "tell_refund", Refund, RefundIn;
    /// Tell of a chargeback
    ///
    /// At a provider that is not connected. It goes on from `open` to `lost` or `won`, and from `lost` to `won`.
    dispute, "/v1/orders/{number}/disputes", "tell_dispute", Dispute, DisputeIn;
    /// Tell that the customer wrote
    contact, "/v1/orders/{number}/contacts", "tell_contact", Contact, ContactIn;
    /// Tell what fulfilment reports
    ///
    /// Entries may come late, doubled and in any order. One without an `id` is known by all that it says.
    log, "/v1/orders/{number}/log", "tell_log", Log, EntryIn;
}
