// SPDX-License-Identifier: MIT OR Apache-2.0
//! The doctor finds what is wrong: each thing is broken here, and found with what mends it.

#![expect(
    clippy::unwrap_used,
    reason = "a panic around a test is a failed test with its place"
)]

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use makegood::clock::Clock;
use makegood::config::{Flags, load, write_initial};
use makegood::doctor::{Check, Examination, State, examine};
use makegood::keep::Keeper;
use makegood::setup::{self, Ready, new_id};
use makegood_desk::case::{ClaimKind, Duration, Instant, Wants};
use makegood_desk::input::{Actor, Door, Id, Input, Language, Request};

struct Desk {
    folder: PathBuf,
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Desk {
    /// A desk that was set up and has never been used.
    async fn new() -> Self {
        let name = format!("makegood-doctor-{}", uuid::Uuid::now_v7());
        let folder = std::env::temp_dir().join(name);
        let desk = Self { folder };
        write_initial(&desk.folder, &desk.folder).unwrap();
        let ready = desk.opened().await;
        ready.shop.desk.store.close().await;
        desk
    }

    fn flags(&self, set: &[&str]) -> Flags {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        Flags {
            config: Some(self.folder.join("config.toml")),
            listen: Some(port.to_string()),
            set: set.iter().map(|&set| set.to_owned()).collect(),
            ..Flags::default()
        }
    }

    async fn opened(&self) -> Ready {
        let config = load(&self.flags(&[]), &BTreeMap::new()).unwrap().config;
        setup::open(config, Clock::default(), BTreeMap::new())
            .await
            .unwrap()
    }

    /// Somebody asks at a moment, and the audit log is signed after it.
    async fn used_at(&self, now: Instant) -> Id {
        let ready = self.opened().await;
        let request = Request {
            order: "VL-1".to_owned(),
            claim: ClaimKind::Incomplete,
            wants: Wants::Refund,
            account: None,
            payment: None,
            door: Door::Form,
            language: Language::English,
            customer: None,
            message: None,
            attachments: Vec::new(),
        };
        let asked = ready
            .shop
            .desk
            .request(new_id(), Actor::Customer, now, request)
            .await;
        let id = asked.unwrap().case.id;
        let keeper = Keeper {
            store: ready.shop.desk.store.clone(),
            signer: ready.signer.clone(),
            anchor: ready.anchor.clone(),
            clock: ready.shop.clock.clone(),
            hold: ready.shop.desk.hold.clone(),
        };
        keeper.sign().await.unwrap();
        ready.shop.desk.store.close().await;
        id
    }

    async fn examined(&self, set: &[&str]) -> Examination {
        examine(&self.flags(set), false).await
    }

    async fn found(&self, set: &[&str], name: &str) -> Check {
        let seen = self.examined(set).await;
        let worst = seen.checks.iter().filter(|check| check.name == name);
        let rank = |check: &&Check| match check.state {
            State::Ok => 0,
            State::Skipped => 1,
            State::Warning => 2,
            State::Problem => 3,
        };
        let worst = worst.max_by_key(rank).cloned();
        worst.unwrap_or_else(|| panic!("`{name}` was not looked at: {seen:#?}"))
    }

    async fn problem(&self, set: &[&str], name: &str, remedy: &str) {
        let found = self.found(set, name).await;
        assert_eq!(found.state, State::Problem, "{found}");
        assert!(found.remedy.as_deref().unwrap().contains(remedy), "{found}");
    }

    async fn warning(&self, set: &[&str], name: &str, words: &str) {
        let found = self.found(set, name).await;
        assert_eq!(found.state, State::Warning, "{found}");
        assert!(found.found.contains(words), "{found}");
        assert!(found.remedy.is_some(), "{found}");
    }
}

fn now() -> Instant {
    Clock::default().now()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_desk_and_a_used_one_are_well() {
    let desk = Desk::new().await;
    let seen = desk.examined(&[]).await;
    assert!(seen.is_well(), "{seen:#?}");
    desk.used_at(now()).await;
    let seen = desk.examined(&[]).await;
    assert!(seen.is_well(), "{seen:#?}");
    let numbers: Vec<usize> = seen.checks.iter().map(|check| check.no).collect();
    assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>());
    assert_eq!(seen.of("audit log").unwrap().state, State::Ok);
    // Every mark that is not `ok` says what to do, and the whole is JSON.
    for check in &seen.checks {
        assert_eq!(
            check.remedy.is_some(),
            check.state == State::Warning,
            "{check}"
        );
    }
    assert!(
        serde_json::to_string(&seen)
            .unwrap()
            .contains("\"state\":\"ok\"")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_and_policies_that_cannot_be_used_are_found() {
    let desk = Desk::new().await;
    desk.problem(&["desk.undo_seconds=soon"], "settings", "config show")
        .await;
    desk.problem(
        &["desk.policy=/nowhere/policy.md"],
        "policy",
        "policy check",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_can_read_is_found_and_mended() {
    let desk = Desk::new().await;
    let key = desk.folder.join("master.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&desk.folder, fs::Permissions::from_mode(0o755)).unwrap();
    desk.problem(&[], "data folder", "chmod 600").await;
    let seen = examine(&desk.flags(&[]), true).await;
    assert_eq!(seen.of("data folder").unwrap().state, State::Ok);
    assert_eq!(
        fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(desk.examined(&[]).await.is_well());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_gone_are_found() {
    let desk = Desk::new().await;
    fs::remove_file(desk.folder.join("master.key")).unwrap();
    desk.problem(&[], "master key", "put the file back").await;
    let desk = Desk::new().await;
    desk.problem(&["audit.origin=another.example"], "log key", "audit.origin")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_gone_or_damaged_is_found() {
    let desk = Desk::new().await;
    for name in [
        "makegood.sqlite",
        "makegood.sqlite-wal",
        "makegood.sqlite-shm",
    ] {
        let _ = fs::remove_file(desk.folder.join(name));
    }
    desk.problem(&[], "store", "makegood").await;
    fs::write(desk.folder.join("makegood.sqlite"), vec![7; 8_192]).unwrap();
    desk.problem(&[], "store", "restore").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_in_use_is_looked_at_beside_its_user() {
    let desk = Desk::new().await;
    desk.used_at(now()).await;
    let ready = desk.opened().await;
    for mend in [false, true] {
        let seen = examine(&desk.flags(&[]), mend).await;
        assert!(seen.is_well(), "{seen:#?}");
        for name in ["store", "anchor", "money", "work", "audit log"] {
            assert_eq!(seen.of(name).unwrap().state, State::Ok, "{name}");
        }
    }
    // And its user goes on as before.
    let asked = ready
        .shop
        .desk
        .store
        .write(|tx| Box::pin(async move { tx.notify("x").await }));
    asked.await.unwrap();
    ready.shop.desk.store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_does_not_agree_with_its_anchor_is_found() {
    let desk = Desk::new().await;
    desk.used_at(now()).await;
    let config = load(&desk.flags(&[]), &BTreeMap::new()).unwrap().config;
    fs::remove_file(&config.audit.anchor_file).unwrap();
    desk.problem(&[], "anchor", "verify").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_behind_the_books_is_found() {
    let desk = Desk::new().await;
    desk.used_at(now().plus(Duration::from_seconds(86_400)))
        .await;
    desk.problem(&[], "clock", "timedatectl").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_people_is_found() {
    let desk = Desk::new().await;
    let id = desk.used_at(now()).await;
    let ready = desk.opened().await;
    let why = "something broke".to_owned();
    let park = Input::Park { why };
    ready
        .shop
        .desk
        .act(id, Actor::System, now(), park)
        .await
        .unwrap();
    ready.shop.desk.store.close().await;
    desk.warning(&[], "work", "parked").await;
    desk.warning(&[], "audit log", "signed").await;
    desk.warning(&["money.kill_switch=true"], "money", "kill_switch")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn providers_that_cannot_be_asked_are_found() {
    let desk = Desk::new().await;
    desk.warning(&[], "providers", "none").await;
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let page = desk.folder.join("config.toml");
    let mut text = fs::read_to_string(&page).unwrap();
    text.push_str(&format!(
        "\n[payments.card]\nkind = \"sandbox\"\napi_base = \"http://{free}\"\nsecret_key = \"sk_test_sandbox\"\nwebhook_secrets = []\n"
    ));
    fs::write(&page, text).unwrap();
    desk.problem(&[], "providers", "payments.card").await;
    desk.warning(&[], "webhooks", "secret").await;
    desk.warning(&[], "comparison", "never").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fulfilment_that_does_not_answer_is_found() {
    let desk = Desk::new().await;
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let page = desk.folder.join("config.toml");
    let mut text = fs::read_to_string(&page).unwrap();
    text.push_str(&format!(
        "\n[fulfilment]\nconnector_url = \"http://{free}/\"\nconnector_secrets = [\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"]\n"
    ));
    fs::write(&page, text).unwrap();
    desk.problem(&[], "fulfilment", "connector").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attachments_that_cannot_be_written_are_found() {
    let desk = Desk::new().await;
    let config = load(&desk.flags(&[]), &BTreeMap::new()).unwrap().config;
    let makegood::config::AttachmentPlace::Folder(folder) = config.attachments.place else {
        panic!("a folder");
    };
    let _ = fs::remove_dir_all(&folder);
    fs::write(&folder, "a file where the folder should be").unwrap();
    desk.problem(&[], "attachments", "attachments").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_found() {
    let desk = Desk::new().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let flags = Flags {
        listen: Some(taken.local_addr().unwrap().to_string()),
        ..desk.flags(&[])
    };
    let seen = examine(&flags, false).await;
    assert_eq!(seen.of("port").unwrap().state, State::Warning);
}
