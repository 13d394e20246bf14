// SPDX-License-Identifier: MIT OR Apache-2.0
//! The program itself, with a backup put back that is too old: frozen, told, accepted, and paid.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use makegood::books::seal::hex;
use makegood::pay::sandbox::call::{Call, Method};
use makegood::pay::sandbox::router;
use makegood::store::backup::backup;
use makegood_desk::input::Id;
use serde_json::{Value, json};

use crate::machine::{Machine, provider};

/// A desk that is served; killed when the test ends before it is asked to end.
struct Served {
    child: Child,
    address: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Program {
    config: PathBuf,
}

impl Program {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_makegood"));
        command.args(words).arg("--config").arg(&self.config);
        command
    }

    fn run(&self, words: &[&str]) -> (Option<i32>, String) {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(words).output().unwrap();
        let said = [stdout, stderr].concat();
        (status.code(), String::from_utf8(said).unwrap())
    }

    fn serve(&self) -> Served {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        let said = fs::File::create(self.config.with_file_name("said")).unwrap();
        let child = command.stdout(Stdio::piped()).stderr(said).spawn();
        let mut child = child.unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().to_owned();
        Served { child, address }
    }

    /// What the desk that was served last said on standard error.
    fn said(&self) -> String {
        fs::read_to_string(self.config.with_file_name("said")).unwrap()
    }

    fn token(&self, name: &str, role: &str) -> String {
        let (code, said) = self.run(&["user", "add", name, "--role", role]);
        assert_eq!(code, Some(0), "{said}");
        let token = said
            .split_whitespace()
            .find(|word| word.starts_with("mgt_"));
        token.unwrap().to_owned()
    }
}

impl Served {
    async fn ask(&self, token: &str, method: &str, place: &str, body: &Value) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let method = method.parse().unwrap();
        let request = client
            .request(method, format!("{}{place}", self.address))
            .bearer_auth(token)
            .header("idempotency-key", uuid::Uuid::now_v7().to_string())
            .header("content-type", "application/json");
        let request = match body {
            Value::Null => request,
            body => request.body(body.to_string()),
        };
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{place}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Asks it to end, as a service manager does.
    fn end(mut self) {
        let number = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &number]).status();
        assert!(told.unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

/// The provider of a test, reachable by a program.
async fn listening(machine: &Machine) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let provider = router(Arc::clone(&machine.sandbox));
    tokio::spawn(async move { axum::serve(listener, provider).await });
    let page = machine.folder.join("config.toml");
    let mut text = fs::read_to_string(&page).unwrap();
    text.push_str(&format!(
        "\n[payments.card]\nkind = \"sandbox\"\napi_base = \"http://{address}\"\nsecret_key = \"sk_test_sandbox\"\nwebhook_secrets = []\n"
    ));
    fs::write(&page, text).unwrap();
}

/// The books when two refunds were promised, and the anchor after one of them was paid. Answers the case of the other.
async fn put_back(machine: &Machine, program: &Program, copy: &Path) -> Id {
    let open = machine.open().await;
    let (paid, owed) = (open.owed("VL-1").await, open.owed("VL-2").await);
    assert!(open.kept().await);
    open.close().await;
    let place = makegood::setup::location(&machine.config(&[]));
    backup(&place, copy).await.unwrap();
    let open = machine.open().await;
    assert!(open.pays(paid).await);
    assert!(open.kept().await);
    open.close().await;
    let copy = copy.to_str().unwrap();
    let (code, said) = program.run(&["restore", "--force", copy]);
    assert_eq!(code, Some(0), "{said}");
    owed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_too_old_is_frozen_and_told_and_pays_once_it_is_accepted() {
    let machine = Machine::new(None, &provider());
    listening(&machine).await;
    let program = Program {
        config: machine.folder.join("config.toml"),
    };
    // There is nothing to accept yet.
    machine.open().await.close().await;
    let (code, said) = program.run(&["verify", "--accept"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nothing to accept"), "{said}");
    let owed = put_back(&machine, &program, &machine.folder.join("backup")).await;
    let case = format!("/v1/cases/case_{}", hex(&owed.0));
    let finance = program.token("Finn", "finance");

    let desk = program.serve();
    assert!(
        program.said().contains("`makegood verify --accept`"),
        "{}",
        program.said()
    );
    let brakes = desk.ask(&finance, "GET", "/v1/brakes", &Value::Null).await;
    assert_eq!(
        (&brakes["stopped"], &brakes["frozen"]),
        (&json!(true), &json!(true))
    );
    let why = brakes["frozen_because"].as_str().unwrap();
    assert!(
        why.contains("older") && why.contains("`makegood verify --accept`"),
        "{why}"
    );
    let reason = json!({"reason": "let it go"});
    let brakes = desk.ask(&finance, "POST", "/v1/brakes/go", &reason).await;
    assert_eq!(brakes["stopped"], true);
    let ready = desk.ask(&finance, "GET", "/readyz", &Value::Null).await;
    assert_eq!(
        (&ready["ready"], &ready["frozen"]),
        (&json!(true), &json!(why))
    );
    // More than a round of the workers later the money still stands.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let read = desk.ask(&finance, "GET", &case, &Value::Null).await;
    assert_eq!(read["refunds"][0]["status"], "reserved");
    // Whoever only looks does so beside the open desk; accepting waits until it is closed.
    let (code, said) = program.run(&["verify"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("`makegood verify --accept`"), "{said}");
    let (code, said) = program.run(&["verify", "--accept", "--yes"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("another process has") && said.contains("stop it"),
        "{said}"
    );
    desk.end();

    let (code, said) = program.run(&["verify"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("`makegood verify --accept`"), "{said}");
    let (code, said) = program.run(&["verify", "--accept"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("remembered: ") && said.contains("`makegood verify --accept --yes`"),
        "{said}"
    );
    let remembered = fs::read_to_string(machine.anchor()).unwrap();
    let (code, said) = program.run(&["verify", "--accept", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("accepted: "), "{said}");
    let before = fs::read_to_string(machine.folder.join("audit.anchor.before")).unwrap();
    assert_eq!(before, remembered);
    let (code, said) = program.run(&["verify"]);
    assert_eq!(
        (code, said.contains("all holds")),
        (Some(0), true),
        "{said}"
    );

    let desk = program.serve();
    assert!(!program.said().contains("no money"), "{}", program.said());
    let brakes = desk.ask(&finance, "GET", "/v1/brakes", &Value::Null).await;
    assert_eq!(
        (&brakes["stopped"], &brakes["frozen_because"]),
        (&json!(false), &Value::Null)
    );
    let begun = Instant::now();
    loop {
        let read = desk.ask(&finance, "GET", &case, &Value::Null).await;
        if read["refunds"][0]["status"] == "succeeded" {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "{read}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for words in [
        &["verify"][..],
        &["case", "list"],
        &["export"],
        &["user", "list"],
    ] {
        let (code, said) = program.run(words);
        assert_eq!(code, Some(0), "{words:?}: {said}");
    }
    desk.end();
    // What was paid before is not paid again: the provider showed it to the desk.
    let listed = Call::new(Method::Get, "/v1/refunds");
    let listed = machine.sandbox.call(&listed).unwrap();
    let listed: Value = serde_json::from_slice(&listed.body).unwrap();
    let amounts = listed["data"].as_array().unwrap().iter();
    let amounts: Vec<_> = amounts.map(|refund| &refund["amount"]).collect();
    assert_eq!(amounts, vec![1248, 1248]);
    let (code, said) = program.run(&["verify"]);
    assert_eq!(
        (code, said.contains("all holds")),
        (Some(0), true),
        "{said}"
    );
}
