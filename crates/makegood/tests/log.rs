// SPDX-License-Identifier: MIT OR Apache-2.0
//! What stands in the program's log, and above all what does not.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Extension;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::from_fn;
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::stream;
use makegood::blob::{Blobs, CaseHas, Declared};
use makegood::clock::Clock;
use makegood::config::{self, AttachmentPlace, Attachments, Flags, Log, LogFormat, S3};
use makegood::log::{self, FIELDS, RequestId, scrubbed};
use makegood::secret::Secret;
use makegood::vault::{MasterKey, Vault};
use serde_json::Value;

/// What must not be found: each is unlike anything that the program says by itself.
const PLANTED: &[&str] = &[
    "anna.plantedsen",
    "Plantedgade",
    "planted-token",
    "sk_live_planted",
    "whsec_planted",
    "4242424242424242",
    "DK5000400440116243",
    "planted_secret",
    "planted letter",
];

/// Events of these tests that stand for the program's own.
const OURS: &str = "makegood::flows";

const ADDRESS: &str = "anna.plantedsen@example.com";

/// Somebody.
#[derive(Debug)]
#[expect(dead_code, reason = "read by Debug alone")]
struct Customer {
    name: &'static str,
    street: &'static str,
}

/// Lines as they are written.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("nobody panicked").clone()).expect("text")
    }

    fn objects(&self) -> Vec<Value> {
        let read =
            |line: &str| serde_json::from_str(line).unwrap_or_else(|why| panic!("{line}: {why}"));
        self.text().lines().map(read).collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const fn everything(format: LogFormat) -> Log {
    Log {
        level: "trace",
        format,
    }
}

/// A handler that is as careless as a handler can be.
async fn careless(
    Extension(id): Extension<RequestId>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let customer = Customer {
        name: ADDRESS,
        street: "Plantedgade 7",
    };
    let body = String::from_utf8_lossy(&body).into_owned();
    tracing::info!(target: OURS, email = ADDRESS, customer = ?customer, ?headers, body, count = 3, "claim received");
    tracing::debug!(target: OURS, name_of_customer = ADDRESS, "claim read");
    let cause = io::Error::other(format!(
        "no room for <{ADDRESS}>, card 4242 4242 4242 4242, key sk_live_planted, DK50 0040 0440 1162 43"
    ));
    tracing::warn!(target: OURS, %cause, code = "no_room", "claim refused");
    let cause: &(dyn std::error::Error + 'static) = &cause;
    tracing::warn!(target: OURS, cause, "claim refused");
    let inner = tracing::debug_span!(target: OURS, "inner",
        case = "case_1",
        customer = ADDRESS,
        refund = tracing::field::Empty
    );
    inner.in_scope(|| {
        inner.record("refund", "re_1");
        tracing::trace!(target: OURS, attempt = 2, ok = true, "refund tried");
    });
    // Other people's code, which says what it likes.
    tracing::error!(target: "other_people", email = ADDRESS, "a letter to {ADDRESS}");
    tracing::info!(target: "makegoods", "a letter to {ADDRESS}");
    (StatusCode::IM_A_TEAPOT, id.as_str().to_owned())
}

/// Requests with personal data wherever one can hold it; attachments, storage and settings in trouble.
async fn flows(folder: &Path) {
    let app = Router::new()
        .route("/v1/cases/{id}", post(careless))
        .route(
            "/fails",
            get(|| async { StatusCode::INTERNAL_SERVER_ERROR }),
        )
        .layer(from_fn(log::requests));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let address = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let answer = client
        .post(address(&format!("/v1/cases/{ADDRESS}?q=planted-token")))
        .header("authorization", "Bearer sk_live_planted")
        .header("cookie", "session=planted-token")
        .header("x-request-id", "shop-17")
        .body(format!(
            "{{\"email\": \"{ADDRESS}\", \"text\": \"planted letter\"}}"
        ))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 418);
    assert_eq!(answer.headers()["x-request-id"], "shop-17");
    assert_eq!(answer.text().await.expect("a body"), "shop-17");
    for (path, id) in [
        ("/fails", "4242424242424242"),
        ("/planted-token", "planted letter"),
    ] {
        let answer = client
            .get(address(path))
            .header("x-request-id", id)
            .send()
            .await
            .expect("an answer");
        let given = answer.headers()["x-request-id"]
            .to_str()
            .expect("text")
            .to_owned();
        assert!(given.starts_with("req_") && given.len() == 36, "{given}");
    }
    attachments(folder, port).await;
    settings(folder);
    server.abort();
}

async fn attachments(folder: &Path, port: u16) {
    let limits = |place| Attachments {
        place,
        file_bytes_max: 1 << 20,
        case_bytes_max: 1 << 20,
        files_per_case_max: 9,
        image_pixels_max: 1 << 20,
    };
    let storage = S3 {
        endpoint: format!("http://127.0.0.1:{port}")
            .parse()
            .expect("an address"),
        bucket: "desk".to_owned(),
        region: "eu-north-1".to_owned(),
        prefix: String::new(),
        access_key: Secret::new("AKplanted-token"),
        secret_key: Secret::new("planted_secret"),
        session_token: Some(Secret::new("planted-token")),
    };
    let master = MasterKey::generate().expect("random numbers");
    let vault = Vault::open(&folder.join("files.sqlite"), master).expect("a vault");
    let vault = Arc::new(vault);
    for place in [
        AttachmentPlace::Folder(folder.join("attachments")),
        AttachmentPlace::S3(Box::new(storage)),
    ] {
        let limits = limits(place);
        let blobs = Blobs::open(&limits, Arc::clone(&vault), Clock::default());
        let blobs = blobs.await.expect("a place");
        for (content, media_type) in [
            ("planted letter", "text/plain"),
            ("planted letter", "image/png"),
            ("\u{0}planted letter", ""),
        ] {
            let content = stream::iter([Ok::<_, io::Error>(Bytes::copy_from_slice(
                content.as_bytes(),
            ))]);
            let declared = Declared {
                name: "anna.plantedsen.txt",
                media_type,
            };
            let put = blobs.put(content, declared, CaseHas::default()).await;
            if let Err(why) = put {
                tracing::warn!(target: OURS, code = why.code(), cause = %why, "attachment refused");
            }
        }
    }
}

fn settings(folder: &Path) {
    let file = folder.join("config.toml");
    let page = "[store]\ndatabase = \"mysql://desk:planted_secret@db\"\n[payments.card]\nkind = \"stripe\"\nsecret_key = [\"sk_live_planted\"]\nwebhook_secrets = \"whsec_planted\"\n";
    fs::write(&file, page).expect("a file");
    let flags = Flags {
        config: Some(file),
        ..Flags::default()
    };
    let problems = config::load(&flags, &BTreeMap::new()).expect_err("problems");
    tracing::error!(target: OURS, cause = %problems, "the configuration has faults");
}

fn folder(name: &str) -> std::path::PathBuf {
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("log-{name}-{}", std::process::id()));
    fs::create_dir_all(&path).expect("a folder");
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_personal_data_and_no_secret_is_in_the_log_at_any_level() {
    let lines = Lines::default();
    let subscriber = log::subscriber(&everything(LogFormat::Json), lines.clone());
    // For all threads, those of blocking work too. Nothing else in this file does that.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let folder = folder("flows");
    flows(&folder).await;
    fs::remove_dir_all(folder).unwrap();
    let text = lines.text();
    for planted in PLANTED {
        assert!(!text.contains(planted), "{planted}\n{text}");
    }
    let objects = lines.objects();
    let find = |message: &str| {
        let found = objects.iter().find(|line| line["message"] == message);
        found.unwrap_or_else(|| panic!("{message}\n{text}"))
    };
    let keys = |line: &Value| {
        line.as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let received = find("claim received");
    assert_eq!(
        keys(received),
        "at count level message method request_id route target"
    );
    assert_eq!(received["request_id"], "shop-17");
    assert_eq!(received["route"], "/v1/cases/{id}");
    let answered = find("request answered");
    assert_eq!(
        (&answered["status"], &answered["method"], &answered["level"]),
        (&418.into(), &"POST".into(), &"info".into())
    );
    let tried = find("refund tried");
    assert_eq!(
        (
            &tried["case"],
            &tried["refund"],
            &tried["attempt"],
            &tried["request_id"]
        ),
        (
            &"case_1".into(),
            &"re_1".into(),
            &2.into(),
            &"shop-17".into()
        )
    );
    assert_eq!(
        find("claim refused")["cause"],
        "no room for <[address]>, card [number], key [secret], [number]"
    );
    let foreign = find("other code warns; its text is left out");
    assert_eq!(
        keys(foreign),
        "at level message method place request_id route target"
    );
    let failed = find("request failed");
    assert_eq!(
        (&failed["status"], &failed["route"], &failed["level"]),
        (&500.into(), &"/fails".into(), &"error".into())
    );
    assert!(
        objects
            .iter()
            .any(|line| line["status"] == 404 && line["route"] == "none")
    );
}

/// The same flows, written down by a log that knows no list: there the planted words are. So the test above can fail.
#[test]
fn a_log_without_a_list_would_have_told_everything() {
    let lines = Lines::default();
    let writer = lines.clone();
    let plain = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let folder = folder("plain");
    tracing::subscriber::with_default(plain, || runtime.block_on(flows(&folder)));
    fs::remove_dir_all(folder).unwrap();
    let text = lines.text();
    for planted in [
        "anna.plantedsen",
        "Plantedgade",
        "planted-token",
        "sk_live_planted",
        "planted letter",
    ] {
        assert!(text.contains(planted), "{planted}");
    }
}

#[test]
fn the_level_says_what_is_written_and_of_other_code_only_warnings_are() {
    let told = |level: &'static str| {
        let lines = Lines::default();
        let log = Log {
            level,
            format: LogFormat::Json,
        };
        tracing::subscriber::with_default(log::subscriber(&log, lines.clone()), || {
            tracing::error!("e");
            tracing::warn!("w");
            tracing::info!("i");
            tracing::debug!("d");
            tracing::trace!("t");
            tracing::error!(target: "other", "oe");
            tracing::info!(target: "other", "oi");
        });
        let words = lines
            .objects()
            .into_iter()
            .map(|line| line["message"].as_str().unwrap().chars().next().unwrap());
        words.collect::<String>()
    };
    // This test's own target is `log`, which is other people's code to the program.
    assert_eq!(told("trace"), "ooo");
    let ours = |level: &'static str| {
        let lines = Lines::default();
        let log = Log {
            level,
            format: LogFormat::Json,
        };
        tracing::subscriber::with_default(log::subscriber(&log, lines.clone()), || {
            tracing::error!(target: "makegood", "e");
            tracing::warn!(target: "makegood::run", "w");
            tracing::info!(target: "makegood::run", "i");
            tracing::debug!(target: "makegood::run", "d");
            tracing::trace!(target: "makegood::run", "t");
        });
        lines
            .objects()
            .iter()
            .map(|line| line["message"].as_str().unwrap().to_owned())
            .collect::<String>()
    };
    assert_eq!(
        ["error", "warn", "info", "debug", "trace"].map(ours),
        ["e", "ew", "ewi", "ewid", "ewidt"]
    );
}

#[test]
fn a_line_for_people_is_one_line_whatever_stands_in_it() {
    let lines = Lines::default();
    tracing::subscriber::with_default(
        log::subscriber(&everything(LogFormat::Text), lines.clone()),
        || {
            tracing::info!(target: "makegood", status = 200_u64, cause = "two\nlines \u{1b}[2J = \"x\"", store = "sqlite", "it happened");
        },
    );
    let text = lines.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    let line = text.trim_end();
    let (at, rest) = line.split_once("  INFO ").unwrap();
    assert!(at.len() == 24 && at.ends_with('Z'), "{at}");
    assert_eq!(
        rest,
        r#"it happened cause="two\nlines \u001b[2J = \"x\"" status=200 store=sqlite"#
    );
}

#[test]
fn what_must_not_be_read_is_scrubbed_and_what_must_be_is_not() {
    let table = [
        (
            "no account for anna@example.com",
            "no account for [address]",
        ),
        (
            "<anna@example.com>, \"bo@example.dk\"",
            "<[address]>, \"[address]\"",
        ),
        (
            "postgres://desk:secret@db/desk is away",
            "[address] is away",
        ),
        ("a @ b", "a @ b"),
        ("card 4242424242424242", "card [number]"),
        ("card 4242-4242-4242-4242.", "card [number]."),
        (
            "reference 1000 2000 3000 4001",
            "reference 1000 2000 3000 4001",
        ),
        ("to DK50 0040 0440 1162 43 today", "to [number] today"),
        ("to DK5000400440116244", "to DK5000400440116244"),
        ("call +45 12 34 56 78", "call [number]"),
        ("sk_live_abc and whsec_abc", "[secret] and [secret]"),
        ("key=sk_live_abc", "key=[secret]"),
        (
            "Authorization: Bearer abc.def",
            "Authorization: Bearer [secret]",
        ),
        (
            "at https://s3.example/b?X-Amz-Signature=1&email=anna",
            "at https://s3.example/b?…",
        ),
        ("eyJhbGciOi.eyJ", "[secret]"),
        (
            "os error 13 at 2025-10-02T10:00:00Z",
            "os error 13 at 2025-10-02T10:00:00Z",
        ),
        (
            "refund re_3MmlLrLkdIwHu7ix0 of pi_123",
            "refund re_3MmlLrLkdIwHu7ix0 of pi_123",
        ),
        (
            "0195a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b",
            "0195a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b",
        ),
        (
            "took 123456 ms, 1000000 rows",
            "took 123456 ms, 1000000 rows",
        ),
        ("", ""),
    ];
    for (text, out) in table {
        assert_eq!(scrubbed(text), out);
        assert_eq!(scrubbed(out), out, "twice");
    }
}

#[test]
fn a_request_keeps_the_name_that_it_came_with_if_it_is_one() {
    let of = |id: Option<&str>| {
        let mut headers = HeaderMap::new();
        if let Some(id) = id {
            headers.insert("x-request-id", HeaderValue::from_str(id).unwrap());
        }
        RequestId::of(&headers).as_str().to_owned()
    };
    assert_eq!(of(Some("shop-17_a.b")), "shop-17_a.b");
    let long = "a".repeat(65);
    for wrong in [
        None,
        Some(""),
        Some("a b"),
        Some("a@b"),
        Some(long.as_str()),
        Some("4242424242424242"),
        Some("sk_live_1"),
    ] {
        let id = of(wrong);
        assert!(
            id.starts_with("req_") && Some(id.as_str()) != wrong,
            "{wrong:?}"
        );
    }
    assert_ne!(of(None), of(None));
}

/// Every call of the log in the program: its message is a fixed text, and its fields stand in the list. Values are shown by `%`, never
/// by `?`, which prints whatever is in them.
#[test]
fn every_line_that_the_program_can_write_keeps_to_the_list() {
    let mut calls = 0;
    let mut folders = vec![
        Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where")).join("src"),
    ];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                for call in calls_in(&text) {
                    calls += 1;
                    if let Some(why) = wrong(&call) {
                        panic!("{}: {why}: {call:?}", path.display());
                    }
                }
            }
        }
    }
    assert!(calls >= 3, "{calls}");
    // And the judge sees what it is there to see.
    for (text, fault) in [
        ("tracing::info!(\"a {b}\")", "its message is put together"),
        (
            "tracing::info!(email = x, \"a\")",
            "`email` is not in the list",
        ),
        (
            "tracing::info!(%cause, customer, \"a\")",
            "`customer` is not in the list",
        ),
        (
            "tracing::warn!(cause = ?x, \"a\")",
            "`?` prints whatever is in it",
        ),
        (
            "tracing::info_span!(\"a\", ?case)",
            "`?` prints whatever is in it",
        ),
    ] {
        assert_eq!(wrong(&calls_in(text)[0]).as_deref(), Some(fault), "{text}");
    }
}

/// The arguments of each call of a macro of `tracing`.
fn calls_in(text: &str) -> Vec<Vec<String>> {
    let begins = text.match_indices("tracing::").filter_map(|(at, _)| {
        let rest = &text[at + "tracing::".len()..];
        let (name, rest) = rest.split_once("!(")?;
        let known = ["trace", "debug", "info", "warn", "error", "event", "span"];
        known
            .contains(&name.trim_end_matches("_span"))
            .then_some(rest)
    });
    begins.map(arguments).collect()
}

fn arguments(text: &str) -> Vec<String> {
    let mut arguments = vec![String::new()];
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            _ => {}
        }
        arguments.last_mut().expect("one at least").push(c);
    }
    let trimmed = arguments.iter().map(|argument| argument.trim().to_owned());
    trimmed.filter(|argument| !argument.is_empty()).collect()
}

fn wrong(call: &[String]) -> Option<String> {
    call.iter().find_map(|argument| {
        if argument.starts_with('"') {
            return argument
                .contains('{')
                .then(|| "its message is put together".to_owned());
        }
        let (name, value) = argument.split_once('=').unwrap_or((argument, argument));
        if value.trim().starts_with('?') {
            return Some("`?` prints whatever is in it".to_owned());
        }
        let name = name.trim().trim_start_matches('%');
        let known = FIELDS.iter().any(|(field, _)| *field == name) || name.contains(':');
        (!known).then(|| format!("`{name}` is not in the list"))
    })
}
