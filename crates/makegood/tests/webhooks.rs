// SPDX-License-Identifier: MIT OR Apache-2.0
//! Webhooks from the event to the receiver, on both databases: nothing is missed, nothing is sent in clear of what a person wrote.

#![expect(
    clippy::unwrap_used,
    reason = "a panic around a test is a failed test with its place"
)]

#[path = "intake/ground.rs"]
#[expect(dead_code, reason = "the tests of lines use the rest")]
mod ground;
#[path = "support/judge.rs"]
mod judge;
#[path = "support/pg.rs"]
#[expect(dead_code, reason = "only the benchmark waits for a disk")]
mod pg;
#[path = "support/receiver.rs"]
#[expect(dead_code, reason = "the tests of the way out use the rest")]
mod receiver;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ground::Ground;
use judge::Judge;
use makegood::books::act::{Desk, Windows};
use makegood::books::cases::Shelf;
use makegood::books::seal;
use makegood::books::webhooks::{self, EndpointRecord, NewEndpoint};
use makegood::clock::Clock;
use makegood::config::{Flags, load, write_initial};
use makegood::dispatch::Dispatcher;
use makegood::guard::{Guard, Internal, WayOut};
use makegood::in_force::InForce;
use makegood::outgoing::{Disabled, Format, PAYLOAD_BELOW, Sender};
use makegood::policies::Policies;
use makegood::secret::Secret;
use makegood::setup::{self, new_id};
use makegood_desk::case::{ClaimKind, Wants};
use makegood_desk::input::{Actor, Door, Id, Language, Request};
use receiver::{Manner, Receiver};
use serde_json::{Value, json};

struct World {
    ground: Ground,
    desk: Desk,
    clock: Clock,
}

impl World {
    async fn both() -> [Self; 2] {
        Ground::both().await.map(Self::on)
    }

    fn on(ground: Ground) -> Self {
        write_initial(&ground.folder, &ground.folder).unwrap();
        let flags = Flags {
            config: Some(ground.folder.join("config.toml")),
            ..Flags::default()
        };
        let config = load(&flags, &BTreeMap::new()).unwrap().config;
        let desk = Desk {
            store: ground.store.clone(),
            policies: Arc::new(InForce::new(Policies::open(&config.desk.policy).unwrap())),
            limits: Arc::new(setup::limits(&config, false)),
            windows: Windows::default(),
            key_secret: Arc::new(Secret::new("secret")),
            shelf: Arc::new(Shelf::default()),
            hold: Arc::default(),
        };
        Self {
            ground,
            desk,
            clock: Clock::default(),
        }
    }

    /// Somebody asks about an order that nobody knows: several events, sealed.
    async fn event(&self, order: &str) {
        let request = Request {
            order: order.to_owned(),
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
        let now = self.clock.now();
        self.desk
            .request(new_id(), Actor::Customer, now, request)
            .await
            .unwrap();
        let sealed = self
            .ground
            .store
            .write(|tx| Box::pin(async move { seal::seal(tx, 1_000).await }));
        assert!(sealed.await.unwrap() > 0);
    }

    fn dispatcher(&self) -> Dispatcher {
        let guard = Guard {
            allow_insecure: true,
            internal: vec![Internal::read("127.0.0.0/8").unwrap()],
            ..Guard::default()
        };
        Dispatcher {
            store: self.ground.store.clone(),
            vault: Arc::clone(&self.ground.intake.vault),
            sender: Sender::new(
                Arc::new(WayOut::new(guard)),
                "https://desk.example",
                Duration::from_secs(5),
            ),
            clock: self.clock.clone(),
        }
    }

    async fn add(&self, url: &str, kinds: &[&str]) -> (Id, Secret) {
        let kinds: Vec<String> = kinds.iter().map(|&kind| kind.to_owned()).collect();
        let vault = &self.ground.intake.vault;
        let new = NewEndpoint::new(vault, url, &kinds, Format::Standard, self.clock.now())
            .await
            .unwrap();
        let new = Arc::new(new);
        let writing = Arc::clone(&new);
        self.ground
            .store
            .write(move |tx| {
                let new = Arc::clone(&writing);
                Box::pin(async move { new.write(tx).await })
            })
            .await
            .unwrap();
        (new.id, new.secret.clone())
    }

    async fn endpoint(&self, id: Id) -> EndpointRecord {
        let read = self
            .ground
            .store
            .read(move |tx| Box::pin(async move { webhooks::find(tx, id).await }));
        read.await.unwrap().unwrap()
    }

    async fn states(&self, id: Id) -> Vec<(String, u64)> {
        let read = self.ground.store.read(move |tx| {
            Box::pin(async move { webhooks::deliveries(tx, id, None, 1_000).await })
        });
        let mut deliveries = read.await.unwrap();
        deliveries.reverse();
        deliveries
            .into_iter()
            .map(|delivery| (delivery.state, delivery.tries))
            .collect()
    }

    /// Rounds until nothing is due.
    async fn send(&self) {
        while self.dispatcher().round().await.unwrap() > 0 {}
    }
}

fn kinds(receiver: &Receiver) -> Vec<String> {
    let body = |seen: &receiver::Seen| -> Value { serde_json::from_slice(&seen.body).unwrap() };
    let mut all: Vec<(u64, String)> = receiver
        .seen()
        .iter()
        .map(|seen| {
            let leaf = seen.headers["webhook-id"]
                .strip_prefix("evt_")
                .unwrap()
                .parse()
                .unwrap();
            (leaf, body(seen)["type"].as_str().unwrap().to_owned())
        })
        .collect();
    // Several are under way at once.
    all.sort();
    all.into_iter().map(|(_, kind)| kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_sent_once_signed_and_without_a_word_of_a_person() {
    for world in World::both().await {
        let receiver = Receiver::start(Manner::Status(204)).await;
        world.event("VL-0").await;
        let (id, secret) = world.add(&receiver.url(), &[]).await;
        world.event("VL-1").await;
        world.send().await;
        // What was before it was there is not sent to it.
        assert_eq!(kinds(&receiver)[0], "case.opened");
        let count = kinds(&receiver).len();
        assert!(count > 1);
        let mut library = Judge::start("standard_webhooks.py");
        for seen in receiver.seen() {
            let body = String::from_utf8(seen.body.clone()).unwrap();
            assert!(body.len() < PAYLOAD_BELOW);
            let read: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(
                (&read["data"]["order"], &read["data"]["number"]),
                (&json!("VL-1"), &json!(1002))
            );
            let said = library.ask(&json!({"do": "verify", "secret": secret.expose(), "headers": seen.headers, "body": body}));
            assert_eq!(said, json!("fits"));
        }
        world.send().await;
        assert_eq!(
            kinds(&receiver).len(),
            count,
            "what was taken is not sent again"
        );
        assert!(
            world
                .states(id)
                .await
                .iter()
                .all(|(state, tries)| state == "delivered" && *tries == 1)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_gets_what_it_wants_and_no_more() {
    for world in World::both().await {
        let receiver = Receiver::start(Manner::Status(200)).await;
        world
            .add(&receiver.url(), &["case.opened", "refund.*"])
            .await;
        world.event("VL-1").await;
        world.event("VL-2").await;
        world.send().await;
        assert_eq!(kinds(&receiver), ["case.opened", "case.opened"]);
        let vault = &world.ground.intake.vault;
        let (url, kinds, now) = (
            "https://example.org",
            ["Case".to_owned()],
            world.clock.now(),
        );
        let bad = NewEndpoint::new(vault, url, &kinds, Format::Standard, now).await;
        assert!(
            bad.err()
                .unwrap()
                .into_refusal::<String>()
                .unwrap()
                .contains("`Case`")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_is_tried_again_and_a_rest_is_kept() {
    for world in World::both().await {
        let receiver = Receiver::start(Manner::Status(500)).await;
        let (id, _) = world.add(&receiver.url(), &["case.opened"]).await;
        world.event("VL-1").await;
        world.send().await;
        assert_eq!(world.states(id).await, [("waiting".to_owned(), 1)]);
        assert!(world.endpoint(id).await.health.failing_since.is_some());
        receiver.behave(Manner::RetryAfter(503, "3600".to_owned()));
        world.clock.advance(10);
        world.send().await;
        assert_eq!(world.states(id).await, [("waiting".to_owned(), 2)]);
        // It asked to be left alone, also by what comes new.
        receiver.behave(Manner::Status(200));
        world.event("VL-2").await;
        world.clock.advance(1_800);
        world.send().await;
        assert_eq!(receiver.seen().len(), 2);
        world.clock.advance(3_600);
        world.send().await;
        let states = world.states(id).await;
        assert_eq!(
            states,
            [("delivered".to_owned(), 3), ("delivered".to_owned(), 1)]
        );
        assert!(world.endpoint(id).await.health.failing_since.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_switches_off_and_switched_on_again_nothing_is_missing() {
    for world in World::both().await {
        let receiver = Receiver::start(Manner::Status(410)).await;
        let (id, _) = world.add(&receiver.url(), &["case.opened"]).await;
        world.event("VL-1").await;
        world.send().await;
        let gone = world.endpoint(id).await.health.disabled.unwrap();
        assert_eq!(gone.1, Disabled::Gone);
        assert_eq!(world.states(id).await, [("given_up".to_owned(), 1)]);
        world.event("VL-2").await;
        world.send().await;
        assert_eq!(receiver.seen().len(), 1);
        receiver.behave(Manner::Status(200));
        let now = world.clock.now();
        let store = &world.ground.store;
        let switched = store
            .write(move |tx| Box::pin(async move { webhooks::switch(tx, id, true, now).await }));
        assert!(switched.await.unwrap());
        world.send().await;
        // What happened meanwhile comes by itself; what was given up comes when it is asked for.
        assert_eq!(receiver.seen().len(), 2);
        let since = makegood_desk::case::Instant::from_unix_nanoseconds(0);
        let replayed = store.write(move |tx| {
            Box::pin(async move { webhooks::replay_since(tx, id, since, false, now).await })
        });
        assert_eq!(replayed.await.unwrap(), 1);
        world.send().await;
        assert_eq!(receiver.seen().len(), 3);
        // The message keeps its name.
        let names: Vec<_> = receiver
            .seen()
            .iter()
            .map(|seen| seen.headers["webhook-id"].clone())
            .collect();
        assert_eq!(names[0], names[2]);
        let all = store.write(move |tx| {
            Box::pin(async move { webhooks::replay_since(tx, id, since, true, now).await })
        });
        assert_eq!(all.await.unwrap(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_secret_signs_beside_the_new_for_a_day_and_neither_lies_open() {
    for world in World::both().await {
        let receiver = Receiver::start(Manner::Status(200)).await;
        let (id, old) = world.add(&receiver.url(), &["case.opened"]).await;
        let key =
            makegood::signing::SigningKey::new_shared(&ring::rand::SystemRandom::new()).unwrap();
        let new = Secret::new(key.reveal());
        let vault = &world.ground.intake.vault;
        let rotated = webhooks::rotate(&world.ground.store, vault, id, &new, world.clock.now());
        rotated.await.unwrap().unwrap();
        let mut library = Judge::start("standard_webhooks.py");
        let mut fits = |secret: &Secret, seen: &receiver::Seen| {
            let body = String::from_utf8(seen.body.clone()).unwrap();
            library.ask(&json!({"do": "verify", "secret": secret.expose(), "headers": seen.headers, "body": body})) == json!("fits")
        };
        world.event("VL-1").await;
        world.send().await;
        let seen = receiver.seen();
        assert!(fits(&old, &seen[0]) && fits(&new, &seen[0]));
        let signatures =
            |seen: &receiver::Seen| seen.headers["webhook-signature"].split(' ').count();
        assert_eq!(signatures(&seen[0]), 2);
        world.clock.advance(25 * 3_600);
        world.event("VL-2").await;
        world.send().await;
        let seen = receiver.seen();
        // By the clock of the library this one comes from tomorrow, so only the number of signatures is looked at.
        assert_eq!(signatures(&seen[1]), 1);
        let rows = world.ground.rows(&SECRETS).await;
        let makegood::store::Value::Bytes(sealed) = &rows[0][0] else {
            panic!("bytes");
        };
        let text = String::from_utf8_lossy(sealed);
        assert!(!text.contains("whsec") && !text.contains(&new.expose()[6..20]));
    }
}

makegood::statements! {
    /// What lies in the store of the secrets of endpoints.
    SECRETS = "select secrets from webhook_endpoint";
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_share_the_work_send_everything_once() {
    for world in World::both().await {
        let receiver = Receiver::start(Manner::Status(200)).await;
        let (id, _) = world.add(&receiver.url(), &[]).await;
        for order in 0..40 {
            world.event(&format!("VL-{order}")).await;
        }
        let hands = (0..4).map(|_| {
            let dispatcher = world.dispatcher();
            tokio::spawn(async move { while dispatcher.round().await.unwrap() > 0 {} })
        });
        for hand in hands.collect::<Vec<_>>() {
            hand.await.unwrap();
        }
        world.send().await;
        let mut names: Vec<_> = receiver
            .seen()
            .iter()
            .map(|seen| seen.headers["webhook-id"].clone())
            .collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "sent twice");
        assert_eq!(world.states(id).await.len(), count);
        assert!(count >= 80);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_is_kept_for_a_month_and_what_is_removed_is_gone() {
    for world in World::both().await {
        let receiver = Receiver::start(Manner::Status(200)).await;
        let (id, _) = world.add(&receiver.url(), &["case.opened"]).await;
        world.event("VL-1").await;
        world.send().await;
        let store = &world.ground.store;
        for (days, deleted) in [(29, 0), (2, 1)] {
            world.clock.advance(days * 86_400);
            let now = world.clock.now();
            let tidied =
                store.write(move |tx| Box::pin(async move { webhooks::tidy(tx, now).await }));
            assert_eq!(tidied.await.unwrap(), deleted);
        }
        let removed =
            store.write(move |tx| Box::pin(async move { webhooks::remove(tx, id).await }));
        assert!(removed.await.unwrap());
        webhooks::forget(&world.ground.intake.vault, id, world.clock.now())
            .await
            .unwrap();
        let all = store.read(|tx| Box::pin(async move { webhooks::endpoints(tx).await }));
        assert!(all.await.unwrap().is_empty());
    }
}
