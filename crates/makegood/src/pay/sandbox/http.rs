// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sandbox as a router: HTTP in, HTTP out, and connections that break when they are told to.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::Sandbox;
use super::call::{Answer, Call, Fate, Method};
use super::files;
use super::problem::Problem;

/// The most bytes of a body: a file and its form.
const LARGEST_BODY: usize = files::LARGEST + 64 * 1024;

/// The sandbox as a router, for a socket or for a caller in the same process.
///
/// In the same process, an answer that is lost is a body that cannot be read.
pub fn router(sandbox: Arc<Sandbox>) -> Router {
    Router::new().fallback(answer).with_state(sandbox)
}

async fn answer(State(sandbox): State<Arc<Sandbox>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(method) = Method::of(parts.method.as_str()) else {
        let problem = Problem::unknown_url(parts.method.as_str(), parts.uri.path());
        return told(Answer::json(404, &problem.body("")));
    };
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        let message = format!("The request has more than {LARGEST_BODY} bytes.");
        let problem = Problem::unclear("", "file", message);
        return told(Answer::json(413, &problem.body("")));
    };
    let call = call(method, &parts, &body);
    let answer = match done(&sandbox, call).await {
        Ok(answer) => answer,
        Err(cause) => {
            tracing::error!(%cause, "the sandbox's journal cannot be written; nothing is done until it is started again");
            return told(Answer::json(503, &Problem::server_error().body("")));
        }
    };
    if answer.webhooks_first {
        super::serve::deliver(&sandbox).await;
    }
    if let Fate::Breaks { after_ms } = answer.fate {
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        return broken();
    }
    told(answer)
}

async fn done(sandbox: &Arc<Sandbox>, call: Call) -> io::Result<Answer> {
    if !sandbox.is_durable() {
        return sandbox.call(&call);
    }
    let sandbox = Arc::clone(sandbox);
    tokio::task::spawn_blocking(move || sandbox.call(&call))
        .await
        .map_err(io::Error::other)?
}

fn call(method: Method, parts: &Parts, body: &Bytes) -> Call {
    let text = |name: header::HeaderName| {
        let value: &HeaderValue = parts.headers.get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    Call {
        method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        authorization: text(header::AUTHORIZATION),
        idempotency_key: text(header::HeaderName::from_static("idempotency-key")),
        version: text(header::HeaderName::from_static("stripe-version")),
        content_type: text(header::CONTENT_TYPE).unwrap_or_default(),
        body: body.to_vec(),
    }
}

fn told(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(answer.content_type),
    );
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (
            header::HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(&value),
        ) {
            headers.insert(name, value);
        }
    }
    response
}

/// A body that breaks at once. On a socket not a byte is sent, because the server gives up before it has sent the head.
fn broken() -> Response {
    let reset = Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset));
    Response::new(Body::from_stream(futures_util::stream::iter([reset])))
}
