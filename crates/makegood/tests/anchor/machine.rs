// SPDX-License-Identifier: MIT OR Apache-2.0
//! Machines that share a provider, and a database or not: each has a folder of its own with its anchor.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use makegood::books::act::{Acted, NotDone};
use makegood::books::intake::{Intake, Outcome, line};
use makegood::clock::Clock;
use makegood::config::{Config, Flags, load, write_initial};
use makegood::keep::Keeper;
use makegood::pay::Provider;
use makegood::pay::sandbox::call::{Call, Method};
use makegood::pay::sandbox::{Sandbox, router};
use makegood::pay::stripe::{SecretKey, Settings, Stripe};
use makegood::retention::Retention;
use makegood::setup::{self, Ready, new_id};
use makegood_desk::case::{ClaimKind, Duration, Wants};
use makegood_desk::input::{Actor, Door, Id, Input, Language, Request};
use makegood_desk::life::RefundState;
use makegood_desk::refusal::Refusal;
use serde_json::json;

use crate::pg::{Cluster, Durability};

pub static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(Durability::None));

mod said {
    makegood::statements! {
        /// The mark.
        MARK = "select value from meta where key = 'store.frozen'";
        /// What a person stopped.
        STOPPED = "select key from meta where key = 'money.stopped'";
    }
}

/// A provider that all machines of a test use.
pub fn provider() -> Arc<Sandbox> {
    let wall = Clock::default();
    let wall = Box::new(move || wall.timestamp().as_second());
    Arc::new(Sandbox::in_memory(7, wall))
}

/// A machine: its folder, and where its books are.
pub struct Machine {
    pub folder: PathBuf,
    database: Option<String>,
    pub sandbox: Arc<Sandbox>,
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Machine {
    /// A new one with keys of its own.
    pub fn new(database: Option<&str>, sandbox: &Arc<Sandbox>) -> Self {
        let name = format!("makegood-anchor-{}", uuid::Uuid::now_v7());
        let folder = std::env::temp_dir().join(name);
        write_initial(&folder, &folder).unwrap();
        Self {
            folder,
            database: database.map(str::to_owned),
            sandbox: Arc::clone(sandbox),
        }
    }

    /// A new one with the keys of this one, on the same database.
    pub fn beside(&self) -> Self {
        let other = Self::new(self.database.as_deref(), &self.sandbox);
        for key in ["master.key", "audit.key"] {
            fs::copy(self.folder.join(key), other.folder.join(key)).unwrap();
        }
        other
    }

    /// The same machine, whose settings name another database.
    pub fn moved(&mut self, database: &str) {
        self.database = Some(database.to_owned());
    }

    pub fn config(&self, set: &[&str]) -> Config {
        let mut set: Vec<String> = set.iter().map(|&set| set.to_owned()).collect();
        set.push("desk.undo_seconds=0".to_owned());
        let flags = Flags {
            config: Some(self.folder.join("config.toml")),
            database: self.database.clone(),
            set,
            ..Flags::default()
        };
        load(&flags, &BTreeMap::new()).unwrap().config
    }

    pub fn anchor(&self) -> PathBuf {
        self.folder.join("audit.anchor")
    }

    pub async fn open(&self) -> Open {
        self.open_with(&[]).await
    }

    pub async fn open_with(&self, set: &[&str]) -> Open {
        let key = SecretKey::new("sk_test_sandbox").unwrap();
        let provider = router(Arc::clone(&self.sandbox));
        let stripe = Stripe::in_process(provider, Settings::new(key)).unwrap();
        let within = BTreeMap::from([("card".to_owned(), Provider::Stripe(stripe))]);
        let ready = setup::open(self.config(set), Clock::default(), within)
            .await
            .unwrap();
        Open {
            ready,
            sandbox: Arc::clone(&self.sandbox),
        }
    }
}

/// The desk of a machine, open.
pub struct Open {
    pub ready: Ready,
    sandbox: Arc<Sandbox>,
}

impl Open {
    pub fn keeper(&self) -> Keeper {
        Keeper {
            store: self.ready.shop.desk.store.clone(),
            signer: Arc::clone(&self.ready.signer),
            anchor: Arc::clone(&self.ready.anchor),
            clock: self.ready.shop.clock.clone(),
            hold: Arc::clone(&self.ready.shop.desk.hold),
        }
    }

    /// What happened is sealed, its head signed and remembered. Whether a head was signed.
    pub async fn kept(&self) -> bool {
        self.keeper().seal().await.unwrap();
        self.keeper().sign().await.unwrap().is_some()
    }

    pub async fn sealed(&self) {
        self.keeper().seal().await.unwrap();
    }

    pub async fn close(self) {
        self.ready.shop.desk.store.close().await;
    }

    /// Somebody asks about an order that nobody knows: some events.
    pub async fn ask(&self, order: &str) -> Acted {
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
        let shop = &self.ready.shop;
        let now = shop.clock.now();
        let asked = shop
            .desk
            .request(new_id(), Actor::Customer, now, request)
            .await;
        asked.unwrap()
    }

    /// An order of 1,000 units for EUR 49.90 that was closed after 750; the case is decided and accepted, and EUR 12.48 are owed.
    pub async fn owed(&self, number: &str) -> Id {
        self.order(number).await;
        let id = self.ask(number).await.case.id;
        let input = Input::Accept {
            decision: 1,
            remainder_minor: None,
        };
        self.act(id, Actor::Agent(Id([1; 16])), input).await;
        id
    }

    async fn order(&self, number: &str) {
        let mut call = Call::new(Method::Post, "/_sandbox/payments");
        call.content_type = "application/json".to_owned();
        call.body = br#"{"amount": 4990, "currency": "eur"}"#.to_vec();
        let answer = self.sandbox.call(&call).unwrap();
        let made: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let now = self.ready.shop.clock.timestamp();
        let hours = |hours: i64| (now - jiff::SignedDuration::from_hours(200 - hours)).to_string();
        let money = json!({"amount": 4990, "currency": "EUR"});
        let service = json!({"name": "Newsletter sign-ups", "unit": "sign-up", "kind": "standard", "start_within": "PT24H"});
        let order = json!({"number": number, "placed_at": hours(0), "quantity": 1000, "price": money, "links": [], "service": service});
        let payment = json!({"id": "p1", "at": hours(0), "amount": money, "kind": "one_time"});
        let lines = [
            json!({"type": "order", "order": order}),
            json!({"type": "payment", "order": number, "payment": payment, "provider": "card", "reference": made["id"]}),
            json!({"type": "log", "order": number, "entry": {"at": hours(2), "event": "started", "count": 2310}}),
            json!({"type": "log", "order": number, "entry": {"at": hours(90), "event": "count", "count": 3060}}),
            json!({"type": "log", "order": number, "entry": {"at": hours(100), "event": "completed"}}),
        ];
        let lines = lines
            .iter()
            .map(|line| line::read(line.to_string().as_bytes()));
        let intake = Intake {
            store: self.ready.shop.desk.store.clone(),
            vault: Arc::clone(&self.ready.vault),
            providers: Arc::new(self.ready.shop.providers.keys().cloned().collect()),
        };
        let outcomes = intake
            .take(lines.collect(), self.ready.shop.clock.now())
            .await;
        assert_eq!(outcomes.unwrap(), vec![Outcome::New; 5]);
    }

    async fn act(&self, id: Id, by: Actor, input: Input) -> Acted {
        let shop = &self.ready.shop;
        let acted = shop.desk.act(id, by, shop.clock.now(), input).await;
        acted.unwrap()
    }

    /// Whether the money of a case leaves, once this machine has done what it would do.
    pub async fn pays(&self, id: Id) -> bool {
        self.ready.shop.tend(id, 1).await;
        let case = self.act(id, Actor::System, Input::Look).await.case;
        match &case.refunds[0].state {
            RefundState::Succeeded { .. } => true,
            RefundState::Reserved => false,
            other => panic!("{other:?}"),
        }
    }

    /// Whether a refund is refused because money is stopped. Unlike [`Open::pays`] this writes no letter.
    pub async fn is_held(&self, id: Id) -> bool {
        let shop = &self.ready.shop;
        let send = Input::SendRefund { no: 1 };
        let sent = shop
            .desk
            .act(id, Actor::System, shop.clock.now(), send)
            .await;
        matches!(sent, Err(NotDone::Refused(Refusal::MoneyStopped)))
    }

    /// How many people are erased, if nobody is remembered once their last case is closed.
    pub async fn erased(&self) -> u64 {
        let retention = Retention {
            store: self.ready.shop.desk.store.clone(),
            vault: Arc::clone(&self.ready.vault),
            blobs: Arc::clone(&self.ready.blobs),
            clock: self.ready.shop.clock.clone(),
            hold: Arc::clone(&self.ready.shop.desk.hold),
            kept_for: Duration::from_seconds(0),
        };
        retention.round().await.unwrap().persons
    }

    /// What the mark in the books says, if there is one.
    pub async fn mark(&self) -> Option<String> {
        let read = self.ready.shop.desk.store.read(|tx| {
            Box::pin(async move {
                let row = tx.one(&said::MARK, &[]).await?;
                row.map(|row| Ok(String::from_utf8_lossy(row.bytes(0)?).into_owned()))
                    .transpose()
            })
        });
        read.await.unwrap()
    }

    /// Whether a person stopped all money.
    pub async fn is_stopped(&self) -> bool {
        let read =
            self.ready.shop.desk.store.read(|tx| {
                Box::pin(async move { Ok(tx.one(&said::STOPPED, &[]).await?.is_some()) })
            });
        read.await.unwrap()
    }
}

/// The size of the head that a file remembers.
pub fn size_in(anchor: &Path) -> u64 {
    let text = fs::read_to_string(anchor).unwrap();
    text.lines().nth(1).unwrap().parse().unwrap()
}
