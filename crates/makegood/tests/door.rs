// SPDX-License-Identifier: MIT OR Apache-2.0
//! The door: who takes too long to say what they want is shown out, and who has begun is served to the end; a sandbox inside answers beside
//! the desk.

#![expect(
    clippy::unwrap_used,
    reason = "a panic around a test is a failed test with its place"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use makegood::clock::Clock;
use makegood::config::{Flags, load, write_initial};
use makegood::{serve, setup};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Longer than anything here takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

struct Open {
    address: SocketAddr,
    end: oneshot::Sender<()>,
    served: JoinHandle<()>,
    folder: PathBuf,
}

impl Open {
    async fn new() -> Self {
        let name = format!("makegood-door-{}", uuid::Uuid::now_v7());
        let folder = std::env::temp_dir().join(name);
        write_initial(&folder, &folder).unwrap();
        Self::again(folder, &["server.header_seconds_max=1"]).await
    }

    async fn again(folder: PathBuf, set: &[&str]) -> Self {
        let flags = Flags {
            config: Some(folder.join("config.toml")),
            set: set.iter().map(|line| (*line).to_owned()).collect(),
            ..Flags::default()
        };
        let config = load(&flags, &BTreeMap::new()).unwrap().config;
        let ready = setup::open(config, Clock::default(), BTreeMap::new());
        let ready = ready.await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel();
        let end_of = async { ended.await.unwrap() };
        let served = tokio::spawn(serve::open_until(ready, listener, None, end_of));
        Self {
            address,
            end,
            served,
            folder,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn close(self) {
        let folder = self.closed().await;
        let _ = std::fs::remove_dir_all(folder);
    }

    /// Closes it, and leaves what it has kept.
    async fn closed(self) -> PathBuf {
        self.end.send(()).unwrap();
        let ended = tokio::time::timeout(PATIENCE, self.served).await;
        ended.unwrap().unwrap();
        self.folder
    }

    /// Asks the sandbox inside in the provider's dialect: the status and the body.
    async fn sandbox(&self, method: &str, path: &str, form: &str) -> (u16, serde_json::Value) {
        let mut stream = self.connect().await;
        // Basic credentials of `sk_test_sandbox` with an empty password.
        let head = format!(
            "{method} /sandbox/play{path} HTTP/1.1\r\nhost: desk\r\nconnection: close\r\nauthorization: Basic c2tfdGVzdF9zYW5kYm94Og==\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let heard = rest(&mut stream).await;
        let (head, body) = heard.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap())
    }
}

/// Everything that still comes until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let read = stream.read_to_end(&mut heard);
    // A reset is a way of closing too.
    let _ = tokio::time::timeout(PATIENCE, read).await.unwrap();
    String::from_utf8(heard).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_never_ends_its_head_is_closed_and_others_are_served() {
    let desk = Open::new().await;
    // One says nothing, one stops in the middle, one sends a byte now and then for as long as it is let.
    let mut silent = desk.connect().await;
    let mut halved = desk.connect().await;
    halved
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: d")
        .await
        .unwrap();
    let mut drips = desk.connect().await;
    drips.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
    let (mut hears, mut says) = drips.into_split();
    let dripping = tokio::spawn(async move {
        while says.write_all(b"x: y\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut whole = desk.connect().await;
    let head = b"GET /healthz HTTP/1.1\r\nhost: desk\r\nconnection: close\r\n\r\n";
    whole.write_all(head).await.unwrap();
    assert!(rest(&mut whole).await.starts_with("HTTP/1.1 200 OK"));
    for stream in [&mut silent, &mut halved] {
        let heard = rest(stream).await;
        assert!(!heard.contains(" 200 "), "{heard}");
    }
    let mut heard = Vec::new();
    let closed = tokio::time::timeout(PATIENCE, hears.read_to_end(&mut heard)).await;
    let _ = closed.unwrap();
    assert!(!String::from_utf8_lossy(&heard).contains(" 200 "));
    tokio::time::timeout(PATIENCE, dripping)
        .await
        .unwrap()
        .unwrap();
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_used_again_and_let_go_when_the_desk_closes() {
    let desk = Open::new().await;
    let mut stream = desk.connect().await;
    for _ in 0..3 {
        let head = b"GET /healthz HTTP/1.1\r\nhost: desk\r\n\r\n";
        stream.write_all(head).await.unwrap();
        let mut heard = Vec::new();
        while !heard.ends_with(b"}") {
            let mut part = [0; 1024];
            let length = stream.read(&mut part).await.unwrap();
            assert!(length > 0, "{}", String::from_utf8_lossy(&heard));
            heard.extend_from_slice(&part[..length]);
        }
        assert!(heard.starts_with(b"HTTP/1.1 200 OK"));
    }
    // One is idle, and one has said half of what it wants: neither keeps the desk open.
    let mut halved = desk.connect().await;
    halved
        .write_all(b"GET /healthz HTTP/1.1\r\n")
        .await
        .unwrap();
    desk.close().await;
    assert_eq!(rest(&mut stream).await, "");
    assert_eq!(rest(&mut halved).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_inside_answers_beside_the_desk_and_remembers_what_happened() {
    let set = ["payments.play.kind=sandbox"];
    let folder = Open::new().await.closed().await;
    let desk = Open::again(folder, &set).await;
    let form = "amount=4990&currency=dkk&source=tok_visa";
    let (status, charge) = desk.sandbox("POST", "/v1/charges", form).await;
    assert_eq!(status, 200, "{charge}");
    let id = charge["id"].as_str().unwrap().to_owned();
    let refund = format!("charge={id}&amount=990");
    let (status, refund) = desk.sandbox("POST", "/v1/refunds", &refund).await;
    assert_eq!(status, 200, "{refund}");
    let folder = desk.closed().await;
    let desk = Open::again(folder, &set).await;
    let (status, charge) = desk.sandbox("GET", &format!("/v1/charges/{id}"), "").await;
    assert_eq!(
        (status, &charge["amount_refunded"]),
        (200, &serde_json::json!(990)),
        "{charge}"
    );
    desk.close().await;
}
