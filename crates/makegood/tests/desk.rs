// SPDX-License-Identifier: MIT OR Apache-2.0
//! The desk on its store, with the sandbox for a provider: requests become refunds, exactly once.

#![expect(
    clippy::unwrap_used,
    reason = "a panic around a test is a failed test with its place"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use makegood::books::act::{Acted, NotDone};
use makegood::books::intake::{Intake, Outcome, line};
use makegood::clock::Clock;
use makegood::config::write_initial;
use makegood::config::{Flags, load};
use makegood::pay::Provider;
use makegood::pay::sandbox::call::{Call, Method};
use makegood::pay::sandbox::{Sandbox, router};
use makegood::pay::stripe::{SecretKey, Settings, Stripe};
use makegood::setup::{self, Ready, new_id};
use makegood::store::Statement;
use makegood_desk::case::{ClaimKind, Wants};
use makegood_desk::input::{Actor, Door, Id, Input, Language, Request};
use makegood_desk::life::{Case, RefundState, Stage};
use serde_json::json;

static PROOFS: Statement = Statement {
    name: "PROOFS",
    sqlite: "select proof from letter where proof is not null",
    postgres: "",
    many: None,
};

struct World {
    ready: Ready,
    sandbox: Arc<Sandbox>,
    _folder: tempfolder::Folder,
}

mod tempfolder {
    pub struct Folder(pub std::path::PathBuf);
    impl Folder {
        pub fn new() -> Self {
            let name = format!("makegood-desk-{}", uuid::Uuid::now_v7());
            let path = std::env::temp_dir().join(name);
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }
    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

impl World {
    async fn new(set: &[&str]) -> Self {
        let folder = tempfolder::Folder::new();
        write_initial(&folder.0, &folder.0).unwrap();
        let flags = Flags {
            config: Some(folder.0.join("config.toml")),
            set: set.iter().map(|&set| set.to_owned()).collect(),
            ..Flags::default()
        };
        let config = load(&flags, &BTreeMap::new()).unwrap().config;
        let clock = Clock::default();
        let wall = clock.clone();
        let sandbox = Arc::new(Sandbox::in_memory(
            7,
            Box::new(move || wall.timestamp().as_second()),
        ));
        let key = SecretKey::new("sk_test_sandbox").unwrap();
        let stripe = Stripe::in_process(router(Arc::clone(&sandbox)), Settings::new(key)).unwrap();
        let within = BTreeMap::from([("card".to_owned(), Provider::Stripe(stripe))]);
        let ready = setup::open(config, clock, within).await.unwrap();
        Self {
            ready,
            sandbox,
            _folder: folder,
        }
    }

    /// An order of 1,000 units for EUR 49.90 that was closed after 750.
    async fn order(&self, number: &str) {
        let mut call = Call::new(Method::Post, "/_sandbox/payments");
        call.content_type = "application/json".to_owned();
        call.body = br#"{"amount": 4990, "currency": "eur"}"#.to_vec();
        let answer = self.sandbox.call(&call).unwrap();
        let made: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let call = made["id"].as_str().unwrap().to_owned();
        let now = self.ready.shop.clock.timestamp();
        let hours = |hours: i64| (now - jiff::SignedDuration::from_hours(200 - hours)).to_string();
        let money = json!({"amount": 4990, "currency": "EUR"});
        let service = json!({"name": "Newsletter sign-ups", "unit": "sign-up", "kind": "standard", "start_within": "PT24H"});
        let order = json!({"number": number, "placed_at": hours(0), "quantity": 1000, "price": money, "links": [], "service": service});
        let payment = json!({"id": "p1", "at": hours(0), "amount": money, "kind": "one_time"});
        let lines = [
            json!({"type": "order", "order": order}),
            json!({"type": "payment", "order": number, "payment": payment, "provider": "card", "reference": call}),
            json!({"type": "log", "order": number, "entry": {"at": hours(2), "event": "started", "count": 2310}}),
            json!({"type": "log", "order": number, "entry": {"at": hours(90), "event": "count", "count": 3060}}),
            json!({"type": "log", "order": number, "entry": {"at": hours(100), "event": "completed"}}),
        ];
        let lines = lines
            .iter()
            .map(|line| line::read(line.to_string().as_bytes()))
            .collect();
        let intake = Intake {
            store: self.ready.shop.desk.store.clone(),
            vault: Arc::clone(&self.ready.vault),
            providers: Arc::new(self.ready.shop.providers.keys().cloned().collect()),
        };
        let outcomes = intake
            .take(lines, self.ready.shop.clock.now())
            .await
            .unwrap();
        assert_eq!(outcomes, vec![Outcome::New; 5]);
    }

    fn request(&self, order: &str) -> Request {
        Request {
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
        }
    }

    async fn ask(&self, order: &str) -> Acted {
        let request = self.request(order);
        let shop = &self.ready.shop;
        shop.desk
            .request(new_id(), Actor::Customer, shop.clock.now(), request)
            .await
            .unwrap()
    }

    async fn act(&self, id: Id, by: Actor, input: Input) -> Result<Arc<Case>, NotDone> {
        let shop = &self.ready.shop;
        Ok(shop.desk.act(id, by, shop.clock.now(), input).await?.case)
    }

    async fn tend(&self, id: Id) -> Arc<Case> {
        self.ready.shop.tend(id, 1).await;
        self.act(id, Actor::System, Input::Look).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partial_delivery_is_decided_accepted_and_paid_to_the_cent() {
    let world = World::new(&["desk.undo_seconds=0"]).await;
    world.order("VL-1").await;
    let asked = world.ask("VL-1").await;
    let id = asked.case.id;
    assert_eq!(
        asked.case.stage(),
        Stage::ReadyToDecide,
        "{:#?}",
        asked.events
    );
    let agent = Actor::Agent(Id([1; 16]));
    let input = Input::Accept {
        decision: 1,
        remainder_minor: Some(4990),
    };
    let case = world.act(id, agent, input.clone()).await.unwrap();
    assert_eq!(case.stage(), Stage::Remedying);
    assert!(matches!(
        world.act(id, agent, input).await,
        Err(NotDone::Refused(
            makegood_desk::refusal::Refusal::AlreadyDone { .. }
        ))
    ));
    let case = world.tend(id).await;
    assert!(
        matches!(case.refunds[0].state, RefundState::Succeeded { .. }),
        "{:?}",
        case.refunds
    );
    assert_eq!(case.refunds[0].amount.minor(), 1248);
    assert_eq!(case.stage(), Stage::Closed);
    let case = world.tend(id).await;
    assert!(
        case.letters.iter().all(|letter| !letter.is_owed()),
        "{:?}",
        case.letters
    );
}

/// As many tasks at once as there are seats, all with the same wish.
async fn at_once<T: Send + 'static>(
    seats: usize,
    wish: impl Fn() -> std::pin::Pin<Box<dyn Future<Output = T> + Send>>,
) -> Vec<T> {
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..seats {
        running.spawn(wish());
    }
    running.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_who_accept_the_same_decision_at_once_exactly_one_does() {
    let world = Arc::new(World::new(&["desk.undo_seconds=3600"]).await);
    for round in 0..25 {
        let number = format!("VL-{round}");
        world.order(&number).await;
        let id = world.ask(&number).await.case.id;
        let answers = at_once(8, || {
            let world = Arc::clone(&world);
            Box::pin(async move {
                let agent = Actor::Agent(Id([1; 16]));
                let input = Input::Accept {
                    decision: 1,
                    remainder_minor: Some(4990),
                };
                world.act(id, agent, input).await.is_ok()
            })
        })
        .await;
        assert_eq!(answers.iter().filter(|won| **won).count(), 1, "{answers:?}");
    }
    let (_, wrong) = world
        .ready
        .shop
        .desk
        .store
        .read(|tx| Box::pin(async move { makegood::books::check::all(tx).await }))
        .await
        .unwrap();
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_cases_that_would_take_sixty_each_of_a_hundred_one_is_refused() {
    let world = Arc::new(World::new(&["desk.undo_seconds=3600"]).await);
    for round in 0..25 {
        let number = format!("VL-{round}");
        world.order(&number).await;
        let mut ids = Vec::new();
        for claim in [ClaimKind::Quality, ClaimKind::Other] {
            let shop = &world.ready.shop;
            let request = Request {
                claim,
                ..world.request(&number)
            };
            let asked = shop
                .desk
                .request(new_id(), Actor::Customer, shop.clock.now(), request)
                .await
                .unwrap();
            ids.push(asked.case.id);
        }
        let mut running = tokio::task::JoinSet::new();
        for id in ids {
            let world = Arc::clone(&world);
            running.spawn(async move {
                let eur = makegood_desk::amount::Currency::new("EUR", 2).unwrap();
                let input = Input::Override(makegood_desk::input::Override {
                    outcome: makegood_desk::remedy::Outcome::PartialRefund,
                    refund: Some((makegood_desk::amount::Amount::new(2994, eur), 600)),
                    credit: None,
                    redeliver_units: 0,
                    cancel_subscription: false,
                    clause: "5.10".to_owned(),
                    reason: "goodwill".to_owned(),
                });
                world.act(id, Actor::Agent(Id([1; 16])), input).await
            });
        }
        let answers = running.join_all().await;
        let won = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(won, 1, "{answers:?}");
        for answer in answers {
            if let Err(NotDone::Refused(refusal)) = answer {
                let short = matches!(
                    refusal,
                    makegood_desk::refusal::Refusal::MoreThanLeft { .. }
                );
                assert!(short, "{refusal:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_letter_carries_the_proof_that_the_decision_stands_in_the_log() {
    let world = World::new(&["desk.undo_seconds=0"]).await;
    world.order("VL-1").await;
    let id = world.ask("VL-1").await.case.id;
    let input = Input::Accept {
        decision: 1,
        remainder_minor: None,
    };
    world
        .act(id, Actor::Agent(Id([1; 16])), input)
        .await
        .unwrap();
    world.tend(id).await;
    let proofs = world
        .ready
        .shop
        .desk
        .store
        .read(|tx| Box::pin(async move { tx.rows(&PROOFS, &[]).await }))
        .await
        .unwrap();
    assert_eq!(proofs.len(), 1);
    let keys = [world.ready.signer.verifier()];
    let text = proofs[0].text(0).unwrap();
    let proven = makegood::audit::verify::verify_proof(text, &keys, None).unwrap();
    let leaf = makegood_desk::audit::Leaf::from_bytes(&proven.leaf).unwrap();
    let event = makegood_desk::record::read(leaf.record).unwrap();
    assert!(matches!(
        event.what,
        makegood_desk::event::Happened::Accepted { decision: 1, .. }
    ));
}
