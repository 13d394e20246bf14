// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sandbox behind a router: in the same process and on a socket, with answers that are lost on the way.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use makegood::pay::sandbox::{Sandbox, router, serve};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tower::ServiceExt as _;

use super::desk::{START, command, items, post, text};

fn sandbox() -> Arc<Sandbox> {
    let sandbox = Sandbox::in_memory(9, Box::new(|| START));
    let payment = json!({ "amount": 5000, "currency": "dkk", "charge": "ch_1" });
    sandbox
        .call(&command("payments", &payment))
        .expect("no journal to fail");
    Arc::new(sandbox)
}

fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime
        .block_on(async { tokio::time::timeout(Duration::from_secs(60), future).await })
        .expect("it ends")
}

fn request(key: &str) -> Request {
    Request::post("/v1/refunds")
        .header("Authorization", "Bearer sk_test_1")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Idempotency-Key", key)
        .body(Body::from("charge=ch_1&amount=100"))
        .expect("a request")
}

#[test]
fn in_the_same_process_a_lost_answer_is_a_body_that_breaks() {
    run(async {
        let sandbox = sandbox();
        let router = router(Arc::clone(&sandbox));
        let plan = json!({ "path": "/v1/refunds", "fault": "lost_answer" });
        sandbox
            .call(&command("faults", &plan))
            .expect("no journal to fail");
        let lost = router
            .clone()
            .oneshot(request("k"))
            .await
            .expect("never fails");
        assert!(to_bytes(lost.into_body(), 100_000).await.is_err());
        let answer = router.oneshot(request("k")).await.expect("never fails");
        assert_eq!(answer.headers()["idempotent-replayed"], "true");
        assert!(answer.headers().contains_key("request-id"));
        let body = to_bytes(answer.into_body(), 100_000).await.expect("a body");
        let refund: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(refund["amount"], 100);
    });
}

#[test]
fn other_methods_and_endless_bodies_are_turned_away() {
    run(async {
        let router = router(sandbox());
        let put = Request::put("/v1/refunds")
            .body(Body::empty())
            .expect("a request");
        assert_eq!(
            router
                .clone()
                .oneshot(put)
                .await
                .expect("never fails")
                .status(),
            404
        );
        let long = vec![b'a'; 6 * 1024 * 1024];
        let post = Request::post("/v1/files")
            .body(Body::from(long))
            .expect("a request");
        assert_eq!(
            router.oneshot(post).await.expect("never fails").status(),
            413
        );
    });
}

/// Serves while `story` runs, which gets the address.
fn served<F: Future<Output = ()>>(sandbox: Arc<Sandbox>, story: impl FnOnce(String) -> F) {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(serve(listener, sandbox, async move {
            stopped.await.ok();
        }));
        story(base).await;
        drop(stop);
        task.await.expect("no panic").expect("it served");
    });
}

fn client() -> reqwest::Client {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .build()
        .expect("a client")
}

async fn ask(client: &reqwest::Client, base: &str) -> reqwest::Result<Value> {
    let request = client
        .post(format!("{base}/v1/refunds"))
        .basic_auth("sk_test_1", Some(""))
        .header("Idempotency-Key", "k")
        .form(&[("charge", "ch_1"), ("amount", "100")]);
    request.send().await?.json().await
}

#[test]
fn on_a_socket_a_lost_answer_is_a_closed_connection_and_others_live_on() {
    let sandbox = sandbox();
    let plan = json!({ "method": "POST", "path": "/v1/refunds", "fault": "lost_answer" });
    sandbox
        .call(&command("faults", &plan))
        .expect("no journal to fail");
    served(Arc::clone(&sandbox), |base| async move {
        let client = client();
        let (first, second) = (client.clone(), self::client());
        let list = || async {
            let request = second
                .get(format!("{base}/v1/refunds"))
                .bearer_auth("sk_test_1");
            let list: Value = request
                .send()
                .await
                .expect("an answer")
                .json()
                .await
                .expect("JSON");
            items(&list).len()
        };
        assert_eq!(list().await, 0);
        let lost = ask(&first, &base).await.expect_err("nothing arrives");
        assert!(!lost.is_timeout() && !lost.is_decode(), "{lost:?}");
        assert_eq!(list().await, 1);
        let refund = ask(&first, &base).await.expect("an answer");
        assert_eq!(refund["object"], "refund");
        assert_eq!(list().await, 1);
    });
}

/// Not a byte: whoever waits for a status must not see one.
#[test]
fn a_lost_answer_leaves_no_trace_on_the_wire() {
    let sandbox = sandbox();
    let plan = json!({ "method": "POST", "path": "/v1/refunds", "fault": "lost_answer" });
    sandbox
        .call(&command("faults", &plan))
        .expect("no journal to fail");
    served(sandbox, |base| async move {
        let address = base.trim_start_matches("http://");
        let mut wire = TcpStream::connect(address).await.expect("a connection");
        let body = "charge=ch_1&amount=100";
        let head = format!(
            "POST /v1/refunds HTTP/1.1\r\nHost: sandbox\r\nAuthorization: Bearer sk_test_1\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        wire.write_all(head.as_bytes()).await.expect("it is sent");
        let mut came = Vec::new();
        // It may end or be reset; both are silence.
        wire.read_to_end(&mut came).await.ok();
        assert_eq!(String::from_utf8_lossy(&came), "");
    });
}

#[test]
fn a_webhook_can_arrive_before_the_answer_of_its_call() {
    let sandbox = sandbox();
    served(Arc::clone(&sandbox), |base| async move {
        let (tell, mut told) = mpsc::unbounded_channel::<String>();
        let shop = axum::Router::new()
            .fallback(
                |State(tell): State<mpsc::UnboundedSender<String>>, request: Request| async move {
                    let body = to_bytes(request.into_body(), 1_000_000)
                        .await
                        .unwrap_or_default();
                    let event: Value = serde_json::from_slice(&body).unwrap_or_default();
                    tell.send(text(&event["type"])).ok();
                },
            )
            .with_state(tell);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let hook = format!("http://{}/", listener.local_addr().expect("an address"));
        let shop = tokio::spawn(async move { axum::serve(listener, shop).await });
        let form = [
            ("url", hook.as_str()),
            ("enabled_events[]", "refund.created"),
        ];
        sandbox
            .call(&post("/v1/webhook_endpoints", &form))
            .expect("no journal to fail");
        let plan =
            json!({ "method": "POST", "path": "/v1/refunds", "fault": "webhook_before_answer" });
        sandbox
            .call(&command("faults", &plan))
            .expect("no journal to fail");
        ask(&client(), &base).await.expect("an answer");
        // The answer is here, so the webhook has been here before it.
        assert_eq!(told.try_recv().as_deref(), Ok("refund.created"));
        shop.abort();
    });
}
