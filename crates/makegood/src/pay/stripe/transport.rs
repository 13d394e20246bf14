// SPDX-License-Identifier: MIT OR Apache-2.0
//! One exchange with a provider: over the network, or with a router in this process, with the same bytes.

use std::fmt;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// The way to a provider.
#[derive(Clone)]
pub enum Transport {
    /// Over the network.
    Http(reqwest::Client),
    /// A router in this process: the sandbox, and tests.
    InProcess(Router),
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http(_) => "Http",
            Self::InProcess(_) => "InProcess",
        })
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why there is no whole answer. In none of these cases is it known whether the request was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    Unreachable,
    TimedOut,
    CutOff,
    TooLong,
    NotSent,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "no connection",
            Self::TimedOut => "no answer in time",
            Self::CutOff => "the connection was cut before the answer was whole",
            Self::TooLong => "the answer is longer than any answer should be",
            Self::NotSent => "the request could not be put together",
        })
    }
}

/// How long to wait for the whole of an answer, and how long it may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) patience: Duration,
    pub(super) body_bytes: usize,
}

impl Transport {
    /// Over the network, to a server that is `local` (on this machine) or not.
    ///
    /// # Errors
    /// The system's certificates cannot be read.
    pub fn http(local: bool) -> Result<Self, String> {
        // A second installation changes nothing, and says so as an error.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            // A redirect would carry a refund, with its key, to another place.
            .redirect(reqwest::redirect::Policy::none())
            // Whether to send again is decided by `desk`, after a look at the list.
            .retry(reqwest::retry::never())
            .pool_idle_timeout(Duration::from_secs(50))
            .tcp_keepalive(Duration::from_secs(30))
            .https_only(!local);
        let client = if local { client.no_proxy() } else { client };
        client.build().map(Self::Http).map_err(|_| {
            "no TLS client could be made; install the system's certificates (Debian: `apt-get install ca-certificates`)"
                .to_owned()
        })
    }

    pub(super) async fn exchange(
        &self,
        request: Request<Bytes>,
        bounds: Bounds,
    ) -> Result<Answer, Broken> {
        let whole = async {
            match self {
                Self::Http(client) => over_http(client, request, bounds.body_bytes).await,
                Self::InProcess(router) => {
                    in_process(router.clone(), request, bounds.body_bytes).await
                }
            }
        };
        tokio::time::timeout(bounds.patience, whole)
            .await
            .unwrap_or(Err(Broken::TimedOut))
    }
}

async fn over_http(
    client: &reqwest::Client,
    request: Request<Bytes>,
    body_bytes: usize,
) -> Result<Answer, Broken> {
    let request = reqwest::Request::try_from(request).map_err(|_| Broken::NotSent)?;
    let mut response = client.execute(request).await.map_err(|error| {
        if error.is_timeout() {
            Broken::TimedOut
        } else if error.is_connect() {
            Broken::Unreachable
        } else if error.is_builder() {
            Broken::NotSent
        } else {
            Broken::CutOff
        }
    })?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = BytesMut::new();
    while let Some(piece) = response.chunk().await.map_err(|_| Broken::CutOff)? {
        grow(&mut body, &piece, body_bytes)?;
    }
    Ok(Answer {
        status,
        headers,
        body: body.freeze(),
    })
}

async fn in_process(
    router: Router,
    request: Request<Bytes>,
    body_bytes: usize,
) -> Result<Answer, Broken> {
    let response = match router.oneshot(request.map(Body::from)).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let (parts, mut rest) = response.into_parts();
    let mut body = BytesMut::new();
    while let Some(frame) = rest.frame().await {
        if let Ok(piece) = frame.map_err(|_| Broken::CutOff)?.into_data() {
            grow(&mut body, &piece, body_bytes)?;
        }
    }
    Ok(Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.freeze(),
    })
}

fn grow(body: &mut BytesMut, piece: &[u8], body_bytes: usize) -> Result<(), Broken> {
    if body.len() + piece.len() > body_bytes {
        return Err(Broken::TooLong);
    }
    body.extend_from_slice(piece);
    Ok(())
}
