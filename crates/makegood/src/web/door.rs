// SPDX-License-Identifier: MIT OR Apache-2.0
//! The door: connections are taken in, and one that takes too long to say what it wants is closed.
//!
//! Whoever opens many connections and sends a byte now and then would otherwise keep everybody else out.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

/// How long to wait where no connection can be taken in, as when the system has no room for more.
const NO_ROOM: Duration = Duration::from_secs(1);

/// Serves until told to stop; requests that are being worked on are finished. A connection may take so long to send the head of a
/// request, and be idle as long.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    head_max: Duration,
    shutdown: impl Future<Output = ()>,
) {
    let open = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, address)) => talk(stream, address, router.clone(), head_max, &open),
            Err(cause) if is_theirs(&cause) => {}
            Err(cause) => {
                tracing::warn!(%cause, "no connection could be taken in; it is tried again");
                tokio::time::sleep(NO_ROOM).await;
            }
        }
    }
    // Nobody is left in the queue of a door that is closed.
    drop(listener);
    open.shutdown().await;
}

/// Answers what comes over a connection, beside everything else.
fn talk(
    stream: TcpStream,
    address: SocketAddr,
    router: Router,
    head_max: Duration,
    open: &GracefulShutdown,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(address));
        let router = router.clone();
        async move {
            let answer: Result<Response, Infallible> = router.oneshot(request).await;
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_max)
        .serve_connection(TokioIo::new(stream), service);
    let connection = open.watch(connection);
    tokio::spawn(async move {
        // A peer that went away or took too long has nobody to be told.
        let _ = connection.await;
    });
}

/// Whether a connection was gone before it was taken in.
fn is_theirs(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
