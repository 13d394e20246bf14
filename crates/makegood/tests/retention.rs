// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is kept only so long is gone after it, and not before.

#![expect(
    clippy::unwrap_used,
    reason = "a panic around a test is a failed test with its place"
)]

#[path = "support/pg.rs"]
#[expect(dead_code, reason = "not every test file uses all of it")]
mod pg;
#[path = "api/shop.rs"]
#[expect(dead_code, reason = "not every test file uses all of it")]
mod shop;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use makegood::books::{check, private};
use makegood::config::AttachmentPlace;
use makegood::retention::{Gone, Retention};
use makegood::setup;
use serde_json::{Value, json};
use shop::{Ground, Shop, Visitor};

const DAY: i64 = 86_400;

async fn on_both(story: impl AsyncFn(Shop)) {
    for ground in [Ground::Sqlite, Ground::Postgres] {
        let set = [
            "desk.undo_seconds=0",
            "privacy.retention_days=1000",
            "server.rate_burst_max=100000",
            "server.rate_per_minute_max=100000",
        ];
        story(Shop::with(ground, &set).await).await;
    }
}

fn retention(shop: &Shop) -> Retention {
    let ready = &shop.ready;
    Retention {
        store: ready.shop.desk.store.clone(),
        vault: Arc::clone(&ready.vault),
        blobs: Arc::clone(&ready.blobs),
        clock: ready.shop.clock.clone(),
        hold: Arc::clone(&ready.shop.desk.hold),
        kept_for: setup::long(ready.config.privacy.retention),
    }
}

/// How many days pass, and what is gone then.
async fn after(shop: &Shop, days: i64) -> Gone {
    shop.ready.shop.clock.advance(days * DAY);
    retention(shop).round().await.unwrap()
}

/// Hands a text in as a file.
async fn file(customer: &Visitor, text: &str) -> String {
    let form = format!(
        "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"count.txt\"\r\ncontent-type: text/plain\r\n\r\n{text}\r\n--b--\r\n"
    );
    let kept = customer
        .post_text("/v1/attachments", "multipart/form-data; boundary=b", &form)
        .await;
    kept.json()["id"].as_str().unwrap().to_owned()
}

/// Somebody asks, and attaches a file with their words in it.
async fn asks(shop: &Shop, order: &str, named: Option<&str>) -> Value {
    let customer = shop.customer().await;
    let words = format!("I am {}.", named.unwrap_or("nobody"));
    let file = file(&customer, &format!("{words} ({order})")).await;
    let mut body =
        json!({"order": order, "claim": "incomplete", "description": words, "attachments": [file]});
    if let Some(name) = named {
        body["customer"] = json!({"email": format!("{name}@example.com")});
    }
    customer.post("/v1/cases", &body).await.json()
}

async fn closed(shop: &Shop, agent: &Visitor, case: &Value) {
    let here = format!("/v1/cases/{}", case["id"].as_str().unwrap());
    let accept = format!("{here}/decisions/1/accept");
    assert_eq!(agent.post(&accept, &json!({})).await.status, 200);
    shop.tend(case).await;
    assert_eq!(agent.get(&here).await.json()["stage"], "closed");
}

/// All files of attachments, by what is in them where it can be read.
fn on_disk(shop: &Shop) -> Vec<PathBuf> {
    let AttachmentPlace::Folder(root) = &shop.ready.config.attachments.place else {
        panic!("a folder");
    };
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path),
            }
        }
    }
    found
}

async fn wrong(shop: &Shop) -> Vec<String> {
    let all = shop
        .ready
        .shop
        .desk
        .store
        .read(|tx| Box::pin(async move { check::all(tx).await }));
    all.await.unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_erased_so_long_after_their_last_case_was_closed() {
    on_both(async |shop| {
        let agent = shop.agent().await;
        for order in ["VL-1", "VL-2", "VL-3", "VL-4"] {
            shop.order(order).await;
        }
        let (ann, nobody) = (
            asks(&shop, "VL-1", Some("ann")).await,
            asks(&shop, "VL-2", None).await,
        );
        let (ben, open) = (
            asks(&shop, "VL-3", Some("ben")).await,
            asks(&shop, "VL-4", Some("ben")).await,
        );
        assert_eq!(ben["customer"], open["customer"]);
        for case in [&ann, &nobody, &ben] {
            closed(&shop, &agent, case).await;
        }
        assert_eq!(on_disk(&shop).len(), 8);
        assert_eq!(after(&shop, 999).await.persons, 0);
        assert_eq!(after(&shop, 2).await.persons, 2);
        assert_eq!(on_disk(&shop).len(), 4);
        let status = async |case: &Value| {
            let text = case["messages"][0]["text"].as_str().unwrap();
            let file = case["messages"][0]["attachments"][0].as_str().unwrap();
            let text = agent.get(&format!("/v1/texts/{text}")).await.slug();
            (
                text,
                agent.get(&format!("/v1/attachments/{file}")).await.slug(),
            )
        };
        let erased = || ("person-erased".to_owned(), "not-found".to_owned());
        let kept = || ("-".to_owned(), "-".to_owned());
        assert_eq!(status(&ann).await, erased());
        assert_eq!(status(&nobody).await, erased());
        assert_eq!((status(&ben).await, status(&open).await), (kept(), kept()));
        let customer = format!("/v1/customers/{}", ann["customer"].as_str().unwrap());
        assert_eq!(agent.get(&customer).await.json()["erased"], true);
        assert_eq!(after(&shop, 1).await.persons, 0);

        // Whoever was erased may come back, as somebody new.
        let again = asks(&shop, "VL-1", Some("ann")).await;
        assert_ne!(again["customer"], ann["customer"]);
        shop.tend(&again).await;
        let here = format!("/v1/cases/{}", again["id"].as_str().unwrap());
        assert_eq!(agent.get(&here).await.json()["letters"][0]["sent"], true);

        // The last case of the other is over, and a thousand days later so is the memory of them.
        let close = format!("/v1/cases/{}/close", open["id"].as_str().unwrap());
        let gone = agent
            .post(&close, &json!({"reason": "settled on the telephone"}))
            .await;
        assert_eq!(gone.status, 200, "{}", gone.text());
        assert_eq!(after(&shop, 1001).await.persons, 1);
        assert_eq!(
            (status(&ben).await, status(&open).await),
            (erased(), erased())
        );
        assert_eq!(wrong(&shop).await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_are_looked_at_a_handful_at_a_time_and_each_once() {
    on_both(async |shop| {
        let agent = shop.agent().await;
        for order in ["VL-1", "VL-2", "VL-3"] {
            shop.order(order).await;
            closed(&shop, &agent, &asks(&shop, order, None).await).await;
        }
        shop.ready.shop.clock.advance(DAY);
        let now = shop.ready.shop.clock.now();
        let store = &shop.ready.shop.desk.store;
        let mut seen = Vec::new();
        loop {
            let batch = store
                .read(move |tx| Box::pin(async move { private::expired(tx, now, 2).await }))
                .await
                .unwrap();
            assert!(batch.persons.len() <= 2);
            seen.extend(batch.persons);
            let Some(done) = batch.done else { break };
            store
                .write(move |tx| Box::pin(async move { private::erased_to(tx, done).await }))
                .await
                .unwrap();
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_nobody_names_go_after_a_month() {
    on_both(async |shop| {
        let customer = shop.customer().await;
        file(&customer, "nobody names this").await;
        assert_eq!(on_disk(&shop).len(), 2);
        assert_eq!(after(&shop, 29).await, Gone::default());
        assert_eq!(after(&shop, 2).await.files, 1);
        assert_eq!(on_disk(&shop).len(), 0);
        assert_eq!(after(&shop, 0).await, Gone::default());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_to_repeated_requests_are_kept_for_400_days() {
    on_both(async |shop| {
        shop.order("VL-1").await;
        let customer = shop.customer().await;
        let body = json!({"order": "VL-1", "claim": "incomplete"});
        let first = customer.post_as("/v1/cases", "once", &body).await.json();
        assert_eq!(after(&shop, 399).await.answers, 0);
        let replayed = customer.post_as("/v1/cases", "once", &body).await;
        assert_eq!(replayed.header("idempotent-replayed"), Some("true"));
        assert_eq!(replayed.json()["id"], first["id"]);
        assert_eq!(after(&shop, 2).await.answers, 1);
        let anew = customer.post_as("/v1/cases", "once", &body).await;
        assert_eq!(
            (anew.status, anew.header("idempotent-replayed")),
            (200, None)
        );
    })
    .await;
}
