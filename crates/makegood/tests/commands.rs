// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands as somebody types them, on the program itself: signing in with a link, and listening to what happens.

#![expect(
    clippy::unwrap_used,
    reason = "a panic around a test is a failed test with its place"
)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver as Lines, channel};
use std::time::Duration;

use makegood::signing::{KeyRing, Signed, SigningKey};
use serde_json::{Value as Json, json};

#[path = "support/receiver.rs"]
#[expect(
    dead_code,
    reason = "one that takes everything is all that is asked for here"
)]
mod receiver;

use receiver::{Manner, Receiver};

/// How long a program that hangs is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A desk of its own in a folder, reached at an address.
struct Desk {
    folder: PathBuf,
    address: SocketAddr,
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn makegood(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_makegood"));
    command.args(arguments).stdin(Stdio::null());
    // What whoever runs the tests has set is not meant here.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MAKEGOOD_") {
            command.env_remove(name);
        }
    }
    command
}

impl Desk {
    fn new() -> Self {
        let folder =
            std::env::temp_dir().join(format!("makegood-commands-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&folder).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        let desk = Self { folder, address };
        let data = desk.folder.display().to_string();
        desk.says(&["init", "--data", &data]);
        desk
    }

    fn at(&self) -> [String; 4] {
        let page = self.folder.join("config.toml").display().to_string();
        [
            "--config".to_owned(),
            page,
            "--listen".to_owned(),
            self.address.to_string(),
        ]
    }

    /// What a command prints, and whether it ended well.
    fn said(&self, arguments: &[&str]) -> (bool, String) {
        let output = makegood(arguments).args(self.at()).output().unwrap();
        let bytes = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(bytes).unwrap())
    }

    fn says(&self, arguments: &[&str]) -> String {
        let (well, text) = self.said(arguments);
        assert!(well, "{arguments:?}: {text}");
        text
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// A program that runs until it is stopped, and the lines that it prints.
struct Running {
    child: Child,
    lines: Lines<String>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// The first line from here on that holds some words.
    fn line_with(&self, words: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("no line with `{words}`"));
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Presses Ctrl-C; answers whether it ended well, and what it complained of.
    fn interrupt(mut self) -> (bool, String) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
        let mut complaints = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut complaints)
            .unwrap();
        (self.child.wait().unwrap().success(), complaints)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn word_of<'t>(text: &'t str, part: &str) -> &'t str {
    let word = text.split_whitespace().find(|word| word.contains(part));
    word.unwrap_or_else(|| panic!("no `{part}` in {text}"))
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    builder.timeout(PATIENCE).build().unwrap()
}

fn token_file(desk: &Desk, token: &str) -> PathBuf {
    let path = desk.folder.join("token");
    std::fs::write(&path, format!("{token}\n")).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_from_the_terminal_signs_in_at_the_desk() {
    let desk = Desk::new();
    let added = desk.says(&["user", "add", "Olga", "--role", "owner"]);
    let first = word_of(&added, "/sign-in/").to_owned();
    let second = desk.says(&["user", "link", "Olga"]);
    let (well, why) = desk.said(&["user", "link", "Nobody"]);
    assert!(
        !well && why.contains("`Nobody` has no access") && why.contains("makegood user list"),
        "{why}"
    );
    desk.says(&["user", "add", "Gone", "--role", "agent"]);
    desk.says(&["user", "disable", "Gone"]);
    assert!(!desk.said(&["user", "link", "Gone"]).0);

    let mut serve = makegood(&["serve"]);
    let open = Running::start(serve.args(desk.at()));
    open.line_with("The desk is open");
    for link in [first.as_str(), second.trim()] {
        assert!(link.starts_with(&desk.url("/sign-in/mgl_")), "{link}");
        let page = client().get(link).send().await.unwrap();
        assert!(page.text().await.unwrap().contains("Olga"));
        let form = client().post(link).header("sec-fetch-site", "same-origin");
        let entered = form.send().await.unwrap();
        assert_eq!(entered.status(), 303);
        let cookie = entered.headers()["set-cookie"].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let list = client()
            .get(desk.url("/v1/webhook_endpoints"))
            .header("cookie", cookie);
        assert_eq!(list.send().await.unwrap().status(), 200);
    }
    let (well, complaints) = open.interrupt();
    assert!(well, "{complaints}");
}

#[test]
fn the_demonstration_prints_a_link() {
    let demo = makegood(&["demo", "--once", "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    let said = String::from_utf8(demo.stdout).unwrap();
    assert!(demo.status.success(), "{said}");
    let link = word_of(&said, "/sign-in/");
    assert!(
        link.starts_with("http://127.0.0.1:") && link.contains("/sign-in/mgl_"),
        "{said}"
    );
}

/// Somebody asks about an order; answers the case's number.
async fn asked(desk: &Desk, token: &str, order: &str) -> Json {
    let body = json!({"order": order, "claim": "incomplete"}).to_string();
    let request = client()
        .post(desk.url("/v1/cases"))
        .bearer_auth(token)
        .header("content-type", "application/json")
        .header("idempotency-key", order);
    let answer = request.body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

fn signed(receiver: &Receiver, at: usize, secret: &str) -> Json {
    let seen = receiver.seen()[at].clone();
    let header = |name: &str| seen.headers[name].clone();
    let signature = Signed {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
    };
    let keys = KeyRing::new(SigningKey::read(secret).unwrap());
    let now = jiff::Timestamp::now();
    keys.verify(&signature, &seen.body, now, Duration::from_secs(300))
        .unwrap();
    assert_eq!(seen.path, "/hooks?of=mine");
    serde_json::from_slice(&seen.body).unwrap()
}

fn listen(desk: &Desk, receiver: &Receiver, token: &Path, more: &[&str]) -> Running {
    let to = format!("{}hooks?of=mine", receiver.url());
    let token = token.display().to_string();
    let mut command = makegood(&[
        "webhook",
        "listen",
        "--forward-to",
        &to,
        "--token-file",
        &token,
    ]);
    Running::start(command.args(more).args(desk.at()))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_heard_signed_by_whoever_listens_and_nothing_is_left_behind() {
    let desk = Desk::new();
    let token = |scope: &str| {
        desk.says(&["token", "create", scope, "--scope", scope])
            .trim()
            .to_owned()
    };
    let (shop, reader, owner) = (token("shop"), token("read"), token("admin"));
    let mut serve = makegood(&["serve"]);
    let open = Running::start(serve.args(desk.at()));
    open.line_with("The desk is open");
    let before = asked(&desk, &shop, "VL-1").await;
    let receiver = Receiver::start(Manner::Status(204)).await;
    let file = token_file(&desk, &reader);

    let listening = listen(&desk, &receiver, &file, &["--event", "case.opened"]);
    let secret = word_of(&listening.line_with("Signed with"), "whsec_").to_owned();
    listening.line_with("Ctrl-C ends it");
    let now = asked(&desk, &shop, "VL-2").await;
    let line = listening.line_with("case.opened");
    assert!(
        line.contains("evt_") && line.ends_with("-> 204 taken"),
        "{line}"
    );
    // What was there before is not told, and of what happened only what was asked for.
    let told = signed(&receiver, 0, &secret);
    assert_eq!(
        (&told["type"], &told["data"]["case"], &told["data"]["order"]),
        (&json!("case.opened"), &now["id"], &json!("VL-2"))
    );
    receiver.behave(Manner::Status(410));
    asked(&desk, &shop, "VL-3").await;
    let line = listening.line_with("case.opened");
    assert!(
        line.ends_with("-> 410 gone: a real endpoint would be switched off"),
        "{line}"
    );
    let (well, complaints) = listening.interrupt();
    assert!(well && complaints.is_empty(), "{complaints}");
    assert_eq!(receiver.seen().len(), 2);

    // From the beginning, with a secret of one's own.
    receiver.behave(Manner::Status(200));
    let own = desk.folder.join("secret");
    std::fs::write(&own, &secret).unwrap();
    let own = own.display().to_string();
    let again = [
        "--after",
        "start",
        "--secret-file",
        &own,
        "--event",
        "case.opened",
    ];
    let listening = listen(&desk, &receiver, &file, &again);
    listening.line_with("case.opened");
    assert_eq!(signed(&receiver, 2, &secret)["data"]["case"], before["id"]);
    assert!(listening.interrupt().0);

    let endpoints = client()
        .get(desk.url("/v1/webhook_endpoints"))
        .bearer_auth(&owner);
    let endpoints = endpoints.send().await.unwrap().text().await.unwrap();
    let endpoints: Json = serde_json::from_str(&endpoints).unwrap();
    assert_eq!(endpoints["data"], json!([]));

    // A token that is none is told at once.
    let file = token_file(&desk, "mgt_none");
    let to = receiver.url();
    let arguments = [
        "webhook",
        "listen",
        "--forward-to",
        &to,
        "--token-file",
        &file.display().to_string(),
    ];
    let (well, why) = desk.said(&arguments);
    assert!(!well && why.contains("the token is not valid"), "{why}");
    let (well, why) = desk.said(&["webhook", "listen", "--forward-to", &to]);
    assert!(!well && why.contains("set MAKEGOOD_TOKEN"), "{why}");
    let (well, why) = desk.said(&[
        "webhook",
        "listen",
        "--forward-to",
        "hooks",
        "--token-file",
        "x",
    ]);
    assert!(!well, "{why}");
    assert!(open.interrupt().0);
}
