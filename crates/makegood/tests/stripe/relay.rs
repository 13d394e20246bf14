// SPDX-License-Identifier: MIT OR Apache-2.0
//! A router that hands each request on to a server and keeps what was said, so that the adapter runs unchanged in between; and an inbox for webhooks.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, Response, header};
use axum::routing::post;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// One exchange.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub method: Method,
    pub path: String,
    /// The fields as they were sent, in the address or in the body.
    pub form: String,
    pub status: u16,
    pub answer: String,
    pub violations: Option<String>,
}

/// What was said so far.
pub type Kept = Arc<Mutex<Vec<Exchange>>>;

/// How a request is changed on its way.
pub type Change = fn(&Method, String) -> String;

/// A client for servers on this machine.
pub fn client() -> reqwest::Client {
    // A second installation changes nothing, and says so as an error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build();
    client.expect("a client")
}

/// Hands requests on to `address`. With `fields_in_body`, those of a DELETE travel in its body.
pub fn to(address: String, fields_in_body: bool, change: Change) -> (Router, Kept) {
    let kept = Kept::default();
    let shared = Arc::clone(&kept);
    let client = client();
    let router = Router::new().fallback(move |request: Request| {
        let (client, address, kept) = (client.clone(), address.clone(), Arc::clone(&shared));
        async move { hand_on(&client, &address, fields_in_body, change, request, &kept).await }
    });
    (router, kept)
}

async fn hand_on(
    client: &reqwest::Client,
    address: &str,
    fields_in_body: bool,
    change: Change,
    request: Request,
    kept: &Kept,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let sent = to_bytes(body, 1 << 20).await.expect("a body");
    let sent = String::from_utf8(sent.to_vec()).expect("UTF-8");
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let path = parts.uri.path().to_owned();
    let in_address =
        parts.method == Method::GET || (parts.method == Method::DELETE && !fields_in_body);
    let form = change(&parts.method, if sent.is_empty() { query } else { sent });
    let url = if in_address && !form.is_empty() {
        format!("{address}{path}?{form}")
    } else {
        format!("{address}{path}")
    };
    let mut headers = parts.headers;
    headers.remove(header::HOST);
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::CONTENT_TYPE);
    let mut onward = client.request(parts.method.clone(), url).headers(headers);
    if !in_address {
        onward = onward
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.clone());
    }
    let response = onward.send().await.expect("the peer answers");
    let status = response.status();
    let violations = response
        .headers()
        .get("sl-violations")
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let answer = response.text().await.expect("a text");
    kept.lock().expect("no panic").push(Exchange {
        method: parts.method,
        path,
        form,
        status: status.as_u16(),
        answer: answer.clone(),
        violations,
    });
    Response::builder()
        .status(status)
        .body(Body::from(answer))
        .expect("an answer")
}

/// Where webhooks arrive: header and body of each.
pub struct Inbox {
    pub address: String,
    receiver: mpsc::UnboundedReceiver<(String, Bytes)>,
    server: JoinHandle<std::io::Result<()>>,
}

/// Opens an inbox on this machine.
pub async fn inbox() -> Inbox {
    let (sender, receiver) = mpsc::unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    let keep = move |headers: HeaderMap, body: Bytes| {
        let sender = sender.clone();
        async move {
            let header = headers["stripe-signature"].to_str().expect("a header");
            let _ = sender.send((header.to_owned(), body));
        }
    };
    let router = Router::new().route("/", post(keep));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    Inbox {
        address,
        receiver,
        server,
    }
}

impl Inbox {
    /// The next one, which comes soon or the test has failed.
    pub async fn next(&mut self) -> (String, Bytes) {
        let patience = std::time::Duration::from_secs(30);
        let next = tokio::time::timeout(patience, self.receiver.recv()).await;
        next.expect("a webhook comes").expect("it is open")
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}
