// SPDX-License-Identifier: MIT OR Apache-2.0
//! The page for those who write connectors: its programs are run as they stand there, and the desk talks to them.

#[path = "support/judge.rs"]
#[expect(dead_code, reason = "other tests ask judges a line at a time")]
mod judge;
#[path = "support/receiver.rs"]
#[expect(dead_code, reason = "the tests of webhooks use the rest")]
mod receiver;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use judge::peers;
use makegood::goods::connector::{Asked, Connector, Transport};
use makegood::guard::{Guard, Internal, WayOut};
use makegood::signing::{KeyRing, SigningKey, sign};
use makegood_desk::execution::{CommandKind, CommandOrder, ConnectorSaid};
use receiver::{Manner, Receiver};
use serde_json::{Value, json};

const PAGE: &str = include_str!("../../../docs/connector.md");
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The blocks of code of one language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let after = PAGE.split(fence.as_str()).skip(1);
    after
        .map(|rest| rest.split("```").next().expect("an end"))
        .collect()
}

fn block(language: &str, begins: &str) -> &'static str {
    let all = blocks(language);
    let mut found = all.into_iter().filter(|block| block.starts_with(begins));
    let only = found.next().expect("the block is on the page");
    assert_eq!(found.next(), None, "{begins}");
    only
}

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        // Among the peers, because Node looks for a library in the folders above the file that names it.
        let folder = peers().join(format!("test-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("written");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn python(script: &Path) -> Command {
    let mut command = Command::new(peers().join("venv/bin/python"));
    command.arg(script).env("CONNECTOR_SECRET", SECRET);
    command
}

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(folder: &Folder, port: u16) -> Running {
    let mut command = python(&folder.0.join("connector.py"));
    let command = command.arg(port.to_string()).current_dir(&folder.0);
    let running = Running(
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("python"),
    );
    let reachable = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
    for _ in 0..400 {
        if reachable() {
            return running;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the connector of the page does not listen");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

fn desk(url: String) -> Connector {
    let guard = Guard {
        allow_insecure: true,
        internal: vec![Internal::read("127.0.0.1").expect("an address")],
        ..Guard::default()
    };
    let way_out = Arc::new(WayOut::new(guard));
    let keys = KeyRing::new(SigningKey::read(SECRET).expect("a key"));
    Connector::new(Transport::Http { way_out, url }, keys)
}

fn order(key: &str, kind: CommandKind) -> CommandOrder {
    CommandOrder {
        key: key.to_owned(),
        reference: "cmd_1".to_owned(),
        order_number: "88123".to_owned(),
        kind,
        units: Some(1950),
        account: Some("account-7".to_owned()),
    }
}

#[tokio::test]
async fn the_connector_on_the_page_does_each_command_once_and_survives_its_end() {
    let folder = Folder::new("connector-page");
    folder.write("connector.py", block("python", "# connector.py"));
    let port = free_port();
    let running = start(&folder, port);
    let desk = desk(format!("http://127.0.0.1:{port}/"));
    let done = ConnectorSaid::Done { note: None };
    for (name, kind) in CommandKind::ALL {
        let order = order(name, kind);
        assert_eq!(desk.ask(&order, Timestamp::now()).await, Asked::NeverSeen);
        for _ in 0..2 {
            assert_eq!(desk.send(&order, None, Timestamp::now()).await, done);
        }
    }
    let first = order("redeliver", CommandKind::Redeliver);
    let other = CommandOrder {
        units: Some(7),
        ..first.clone()
    };
    let unknown = |seen: &str| ConnectorSaid::Unknown {
        seen: seen.to_owned(),
    };
    let reused = unknown("the connector answered 409: the key was used for another command");
    assert_eq!(desk.send(&other, None, Timestamp::now()).await, reused);
    let long_ago = Timestamp::from_second(1_700_000_000).expect("a time");
    let unsigned = unknown("the connector answered 401: the message is not signed as it should be");
    assert_eq!(desk.send(&first, None, long_ago).await, unsigned);
    drop(running);
    let _again = start(&folder, port);
    assert_eq!(desk.carry_on(&first, None, Timestamp::now()).await, done);
}

#[tokio::test]
async fn what_the_page_tells_is_taken_by_the_desk() {
    let folder = Folder::new("connector-tell");
    let script = folder.write("tell.py", block("python", "# tell.py"));
    let receiver = Receiver::start(Manner::Status(204)).await;
    let url = receiver.url();
    let arguments = [
        (
            "k1",
            "done",
            "note=by hand",
            ConnectorSaid::Done {
                note: Some("by hand".to_owned()),
            },
        ),
        (
            "k2",
            "refused",
            "why=sold out",
            ConnectorSaid::Refused {
                why: "sold out".to_owned(),
            },
        ),
    ];
    for (key, state, more, _) in &arguments {
        let mut command = python(&script);
        command.args([url.trim_end_matches('/'), key, state, more]);
        let run = tokio::task::spawn_blocking(move || command.status());
        assert!(run.await.expect("it ends").expect("python").success());
    }
    let desk = desk(url);
    for (seen, (key, .., said)) in receiver.seen().iter().zip(arguments) {
        assert_eq!(seen.path, "/hooks/connector");
        let mut headers = HeaderMap::new();
        for (name, value) in &seen.headers {
            let name = HeaderName::try_from(name).expect("a name");
            headers.insert(name, HeaderValue::try_from(value).expect("a value"));
        }
        let told = desk
            .read_callback(&headers, &seen.body, Timestamp::now())
            .expect("taken");
        assert_eq!((told.key.as_str(), told.said), (key, said));
    }
    assert_eq!(receiver.seen().len(), 2);
}

#[test]
fn the_checks_on_the_page_take_what_the_desk_signs_and_nothing_else() {
    let folder = Folder::new("connector-check");
    let key = SigningKey::read(SECRET).expect("a key");
    let other = SigningKey::read("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").expect("a key");
    let now = Timestamp::now();
    let old = Timestamp::from_second(now.as_second() - 400).expect("a time");
    let message = |keys: &[&SigningKey], at, body: &str| -> Value {
        let signed = sign(keys, "msg_1", at, br#"{"key":"k"}"#).expect("signed");
        let headers = signed
            .headers()
            .map(|(name, value)| (name.to_owned(), json!(value)));
        let headers: serde_json::Map<_, _> = headers.into_iter().collect();
        json!({"headers": headers, "body": body})
    };
    let body = r#"{"key":"k"}"#;
    let cases = json!([
        message(&[&key], now, body),
        message(&[&other, &key], now, body),
        message(&[&other], now, body),
        message(&[&key], old, body),
        message(&[&key], now, r#"{"key":"K"}"#),
    ]);
    let wanted = "[true, true, false, false, false]";
    folder.write("cases.json", &cases.to_string());

    folder.write("check.py", block("python", "# check.py"));
    let script = folder.write(
        "run.py",
        "import json, os\nfrom check import check\n\
         cases = json.load(open('cases.json'))\n\
         print([check(os.environ['CONNECTOR_SECRET'], c['headers'], c['body'].encode()) for c in cases])\n",
    );
    let output = python(&script)
        .current_dir(&folder.0)
        .output()
        .expect("python");
    let said = String::from_utf8_lossy(&output.stdout).to_lowercase();
    assert_eq!(
        said.trim(),
        wanted,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    folder.write("check.mjs", block("js", "import"));
    folder.write(
        "run.mjs",
        "import { readFileSync } from 'node:fs';\nimport { check } from './check.mjs';\n\
         const fits = (c) => { try { check(process.env.CONNECTOR_SECRET, c.headers, c.body); return true; } catch { return false; } };\n\
         console.log('[' + JSON.parse(readFileSync('cases.json')).map(fits).join(', ') + ']');\n",
    );
    let node = Command::new("node")
        .arg("run.mjs")
        .env("CONNECTOR_SECRET", SECRET)
        .current_dir(&folder.0)
        .output()
        .expect("node");
    let said = String::from_utf8_lossy(&node.stdout).into_owned();
    assert_eq!(
        said.trim(),
        wanted,
        "{}",
        String::from_utf8_lossy(&node.stderr)
    );
}

#[test]
fn the_page_names_every_command_and_fault() {
    for (name, _) in CommandKind::ALL {
        assert!(PAGE.contains(&format!("| `{name}` |")), "{name}");
    }
    let wrong = "x".parse::<makegood::goods::reference_connector::Fault>();
    let told = wrong.expect_err("no fault");
    let (_, names) = told.split_once("there are ").expect("a list");
    let page = PAGE.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains(names), "{names}");
}
