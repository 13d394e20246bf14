// SPDX-License-Identifier: MIT OR Apache-2.0
//! A sandbox that remembers: what was answered is there again, however its process ended.

use std::path::{Path, PathBuf};

use makegood::pay::sandbox::Sandbox;
use makegood::pay::sandbox::call::{Answer, Call, Method};
use serde_json::{Value, json};

use super::desk::{START, command, post};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("makegood-sandbox-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("journal.ndjson")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn open(path: &Path, at: i64) -> Sandbox {
    Sandbox::with_journal(path, 5, Box::new(move || at)).expect("a journal")
}

fn call(sandbox: &Sandbox, call: &Call) -> Answer {
    sandbox.call(call).expect("a disk")
}

fn get(sandbox: &Sandbox, target: &str) -> Value {
    call(sandbox, &Call::new(Method::Get, target)).value()
}

/// Plays a story with keys, faults, lives, disputes and webhooks in it, and gives what there is to see.
fn play(sandbox: &Sandbox) {
    let ok = |one: &Call| {
        let answer = call(sandbox, one);
        assert_eq!(answer.status, 200, "{}", answer.value());
        answer.value()
    };
    ok(&post(
        "/v1/webhook_endpoints",
        &[("url", "http://127.0.0.1:9/"), ("enabled_events[]", "*")],
    ));
    let payment = json!({ "amount": 5000, "currency": "dkk", "charge": "ch_1", "card": "pm_card_pendingRefund" });
    ok(&command("payments", &payment));
    ok(&command(
        "chaos",
        &json!({ "seed": 3, "rates": { "lost_answer": 300, "late_landing": 300 } }),
    ));
    for turn in 0..20 {
        let key = format!("k{}", turn % 7);
        let form = [("charge", "ch_1"), ("amount", "100"), ("metadata[å]", "ø")];
        call(sandbox, &post("/v1/refunds", &form).keyed(&key));
        get(sandbox, "/v1/refunds");
    }
    // A stranger's call leaves no trace, also not when the journal is read again.
    let mut stranger = post("/v1/refunds", &[("charge", "ch_1"), ("amount", "100")]);
    stranger.authorization = None;
    assert_eq!(call(sandbox, &stranger).status, 401);
    sandbox.take_webhooks().expect("a disk");
    call(sandbox, &Call::new(Method::Delete, "/_sandbox/faults"));
    ok(&command(
        "payments",
        &json!({ "amount": 700, "currency": "eur", "charge": "ch_2" }),
    ));
    ok(&command("disputes", &json!({ "charge": "ch_2" })));
    ok(&command("clock", &json!({ "advance": 10 })));
}

fn all(sandbox: &Sandbox) -> Vec<Value> {
    let targets = [
        "/_sandbox/dump",
        "/_sandbox/clock",
        "/v1/refunds?limit=100",
        "/v1/charges",
        "/v1/disputes",
        "/v1/events?limit=100",
        "/v1/balance",
        "/v1/webhook_endpoints",
    ];
    targets.iter().map(|target| get(sandbox, target)).collect()
}

#[test]
fn what_was_answered_is_there_after_the_process_is_gone() {
    let folder = Folder::new("again");
    let first = open(&folder.file(), START);
    play(&first);
    let before = all(&first);
    let again = open(&folder.file(), START);
    assert_eq!(all(&again), before);
    assert_eq!(all(&open(&folder.file(), START + 3600)), {
        drop(again);
        let late = open(&folder.file(), START + 3600);
        all(&late)
    });
    let form = [("charge", "ch_1"), ("amount", "100"), ("metadata[å]", "ø")];
    let answer = call(
        &open(&folder.file(), START),
        &post("/v1/refunds", &form).keyed("k1"),
    );
    assert!(
        answer
            .headers
            .contains(&("Idempotent-Replayed", "true".to_owned()))
    );
}

/// A process can die in the middle of a line: the line was not answered, and all before it was.
#[test]
fn wherever_the_file_is_torn_it_opens_and_goes_on() {
    let folder = Folder::new("torn");
    play(&open(&folder.file(), START));
    let whole = std::fs::read(folder.file()).expect("a file");
    let step = (whole.len() / 150).max(1);
    for length in (0..=whole.len()).step_by(step) {
        std::fs::write(folder.file(), &whole[..length]).expect("a disk");
        let torn = open(&folder.file(), START);
        let answer = call(
            &torn,
            &command(
                "payments",
                &json!({ "amount": 1, "currency": "dkk", "charge": "ch_9" }),
            ),
        );
        assert_eq!(answer.status, 200, "torn at {length}");
        let seen = get(&torn, "/_sandbox/dump");
        assert_eq!(
            get(&open(&folder.file(), START), "/_sandbox/dump"),
            seen,
            "torn at {length}"
        );
    }
}

#[test]
fn a_file_that_is_no_journal_is_left_alone() {
    let folder = Folder::new("other");
    for text in [
        "{\"makegood_sandbox\":99,\"seed\":1}\n",
        "hello\n",
        "{\"makegood_sandbox\":1,\"seed\":1}\n{\"call\":5}\n",
    ] {
        std::fs::write(folder.file(), text).expect("a disk");
        let cause =
            Sandbox::with_journal(&folder.file(), 5, Box::new(|| START)).expect_err("no journal");
        assert!(
            cause.to_string().contains("remove it to begin anew"),
            "{cause}"
        );
        assert_eq!(
            std::fs::read_to_string(folder.file()).expect("a file"),
            text
        );
    }
}
