// SPDX-License-Identifier: MIT OR Apache-2.0
//! A shop for tests: its desk in a folder of its own, orders, and visitors with and without tokens.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use makegood::books::people::{self, NewToken, Role, Scope};
use makegood::clock::Clock;
use makegood::config::{Flags, load, write_initial};
use makegood::keep::Keeper;
use makegood::pay::Provider;
use makegood::pay::sandbox::call::{Call, Method};
use makegood::pay::sandbox::{Sandbox, router as sandbox_router};
use makegood::pay::stripe::{SecretKey, Settings, Stripe};
use makegood::setup::{self, Ready, new_id};
use makegood::store::{Location, Options, Store};
use makegood::web::{Web, router};
use makegood_desk::input::Id;
use serde_json::{Value as Json, json};
use tokio::sync::OnceCell;
use tower::ServiceExt as _;

use crate::pg::{Cluster, Durability};

/// Which database a shop keeps its books in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    Sqlite,
    Postgres,
}

/// One server for all tests of this file.
static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(Durability::None));
/// A database with the product's tables, to be copied: that is quicker than making them again.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// The address of a database of its own on the server.
async fn database() -> String {
    let template = TEMPLATE.get_or_init(|| async {
        let url = CLUSTER.database(None).await;
        let location = Location::Postgres(url.clone());
        let store = Store::open(&location, Options::default()).await.unwrap();
        store.close().await;
        url.rsplit('/').next().unwrap().to_owned()
    });
    CLUSTER.database(Some(template.await)).await
}

/// A folder that goes when the test does.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub struct Shop {
    pub ready: Ready,
    pub router: Router,
    pub sandbox: Arc<Sandbox>,
    _folder: Folder,
}

/// Somebody who asks.
#[derive(Clone)]
pub struct Visitor {
    router: Router,
    token: Option<String>,
}

/// What was answered.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answered {
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The kind of problem, by the last part of its type; `-` for an answer as wished.
    pub fn slug(&self) -> String {
        if self.status < 400 {
            return "-".to_owned();
        }
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.text()
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        for needed in ["title", "detail", "instance", "request_id"] {
            assert!(
                problem[needed]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{needed}: {problem}"
            );
        }
        problem["type"]
            .as_str()
            .unwrap()
            .strip_prefix("/problems/")
            .unwrap()
            .to_owned()
    }
}

impl Shop {
    pub async fn open(ground: Ground) -> Self {
        Self::with(
            ground,
            &[
                "desk.undo_seconds=0",
                "server.rate_burst_max=100000",
                "server.rate_per_minute_max=100000",
                "server.rate_visitor_per_minute_max=100000",
                "server.rate_sign_in_per_minute_max=1000",
            ],
        )
        .await
    }

    pub async fn with(ground: Ground, set: &[&str]) -> Self {
        Self::opened(ground, set).await.unwrap()
    }

    /// A shop, or why it cannot be opened with these settings.
    pub async fn opened(ground: Ground, set: &[&str]) -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("makegood-api-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&path).unwrap();
        let folder = Folder(path);
        write_initial(&folder.0, &folder.0).unwrap();
        let mut set: Vec<String> = set.iter().map(|&set| set.to_owned()).collect();
        if ground == Ground::Postgres {
            set.push(format!("store.database={}", database().await));
        }
        let flags = Flags {
            config: Some(folder.0.join("config.toml")),
            set,
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
        let stripe =
            Stripe::in_process(sandbox_router(Arc::clone(&sandbox)), Settings::new(key)).unwrap();
        let within = BTreeMap::from([("card".to_owned(), Provider::Stripe(stripe))]);
        let opened = setup::open(config, clock, within).await;
        let ready = opened.map_err(|why| why.to_string())?;
        let (_, meters) = makegood::meters::recorder().unwrap();
        let router = router(Web::new(&ready, Some(meters)));
        Ok(Self {
            ready,
            router,
            sandbox,
            _folder: folder,
        })
    }

    /// Who keeps the audit log.
    pub fn keeper(&self) -> Keeper {
        Keeper {
            store: self.ready.shop.desk.store.clone(),
            signer: self.ready.signer.clone(),
            anchor: self.ready.anchor.clone(),
            clock: self.ready.shop.clock.clone(),
            hold: self.ready.shop.desk.hold.clone(),
        }
    }

    /// Gives events their places in the audit log: SQLite does so in each commit, PostgreSQL a moment later.
    pub async fn seal(&self) {
        self.keeper().seal().await.unwrap();
    }

    /// Somebody without a token.
    pub fn stranger(&self) -> Visitor {
        Visitor {
            router: self.router.clone(),
            token: None,
        }
    }

    /// Whoever shows this text for a token.
    pub fn showing(&self, token: &str) -> Visitor {
        Visitor {
            router: self.router.clone(),
            token: Some(token.to_owned()),
        }
    }

    /// The shop's own program, which speaks for customers.
    pub async fn customer(&self) -> Visitor {
        self.token("shop", &[Scope::Shop], None).await.1
    }

    /// An agent.
    pub async fn agent(&self) -> Visitor {
        self.somebody("Agnes", Role::Agent).await
    }

    /// Somebody of the merchant.
    pub async fn somebody(&self, name: &str, role: Role) -> Visitor {
        let id = self.person(name, role).await;
        self.token(name, &[Scope::of_role(role)], Some(id)).await.1
    }

    /// The text of a token that somebody holds.
    pub async fn token_of(&self, name: &str, role: Role) -> String {
        let id = self.person(name, role).await;
        self.new_token(name, &[Scope::of_role(role)], Some(id))
            .await
            .1
    }

    /// Somebody of the merchant, without a token.
    pub async fn person(&self, name: &str, role: Role) -> Id {
        let id = new_id();
        let (named, now) = (name.to_owned(), self.ready.shop.clock.now());
        let store = &self.ready.shop.desk.store;
        store
            .write(move |tx| {
                let name = named.clone();
                Box::pin(async move { people::add(tx, id, &name, role, now).await })
            })
            .await
            .unwrap();
        id
    }

    /// A token with scopes: its id, and whoever shows it.
    pub async fn token(&self, name: &str, scopes: &[Scope], person: Option<Id>) -> (Id, Visitor) {
        let (id, text) = self.new_token(name, scopes, person).await;
        (id, self.showing(&text))
    }

    async fn new_token(&self, name: &str, scopes: &[Scope], person: Option<Id>) -> (Id, String) {
        let secret = people::random(people::PREFIX).unwrap();
        let new = NewToken {
            id: new_id(),
            name: name.to_owned(),
            scopes: scopes.to_vec(),
            person,
            expires_at: None,
        };
        let (id, now) = (new.id, self.ready.shop.clock.now());
        let text = secret.expose().clone();
        self.ready
            .shop
            .desk
            .store
            .write(move |tx| {
                let (secret, new) = (secret.clone(), new.clone());
                Box::pin(async move { people::add_token(tx, &secret, &new, now).await })
            })
            .await
            .unwrap();
        (id, text)
    }

    /// What the bank, the customer or the merchant's own people do at the payment provider.
    pub fn bank(&self, path: &str, body: &Json) -> Json {
        let mut call = Call::new(Method::Post, path);
        call.content_type = "application/json".to_owned();
        call.body = body.to_string().into_bytes();
        let answer = self.sandbox.call(&call).unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.value());
        answer.value()
    }

    /// An order of 1,000 units for EUR 49.90 that was closed after 750.
    ///
    /// Answers the payment provider's name for its payment.
    pub async fn order(&self, number: &str) -> String {
        let payment = json!({"amount": 4990, "currency": "eur"});
        let charge = self.bank("/_sandbox/payments", &payment)["id"].clone();
        let charge = charge.as_str().unwrap().to_owned();
        self.order_paid_by(number, "card", &charge).await;
        charge
    }

    /// The same, paid by a certain payment.
    pub async fn order_paid_by(&self, number: &str, provider: &str, reference: &str) {
        let now = self.ready.shop.clock.timestamp();
        let hours = |hours: i64| (now - jiff::SignedDuration::from_hours(200 - hours)).to_string();
        let money = json!({"amount": 4990, "currency": "EUR"});
        let service = json!({"name": "Newsletter sign-ups", "unit": "sign-up", "kind": "standard", "start_within": "PT24H"});
        let order = json!({"number": number, "placed_at": hours(0), "quantity": 1000, "price": money, "links": [], "service": service});
        let payment = json!({"id": "p1", "at": hours(0), "amount": money, "kind": "one_time"});
        let lines = [
            json!({"type": "order", "order": order}),
            json!({"type": "payment", "order": number, "payment": payment, "provider": provider, "reference": reference}),
            json!({"type": "log", "order": number, "entry": {"at": hours(2), "event": "started", "count": 2310}}),
            json!({"type": "log", "order": number, "entry": {"at": hours(90), "event": "count", "count": 3060}}),
            json!({"type": "log", "order": number, "entry": {"at": hours(100), "event": "completed"}}),
        ];
        let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let told = self
            .customer()
            .await
            .post_text("/v1/orders", "application/x-ndjson", &lines)
            .await;
        assert_eq!(
            told.text().matches(r#""result":"new""#).count(),
            5,
            "{}",
            told.text()
        );
    }

    /// Does what a case owes.
    pub async fn tend(&self, case: &Json) {
        let digits = case["id"].as_str().unwrap().strip_prefix("case_").unwrap();
        let mut id = [0; 16];
        for (at, byte) in id.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16).unwrap();
        }
        Arc::clone(&self.ready.shop).tend(Id(id), 1).await;
    }
}

impl Visitor {
    pub async fn ask(&self, request: Request<Body>) -> Answered {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        Answered {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: axum::body::to_bytes(body, usize::MAX)
                .await
                .unwrap()
                .to_vec(),
        }
    }

    /// The same where the answer goes on.
    pub async fn open(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(path);
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answered {
        self.ask(self.request("GET", path).body(Body::empty()).unwrap())
            .await
    }

    /// Posts a body under a key of its own.
    pub async fn post(&self, path: &str, body: &Json) -> Answered {
        self.post_as(path, &uuid::Uuid::now_v7().to_string(), body)
            .await
    }

    /// Posts a body under a key.
    pub async fn post_as(&self, path: &str, key: &str, body: &Json) -> Answered {
        let request = self
            .request("POST", path)
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        self.ask(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    /// Posts a text as it is.
    pub async fn post_text(&self, path: &str, kind: &str, body: &str) -> Answered {
        let request = self
            .request("POST", path)
            .header("content-type", kind)
            .header("idempotency-key", "k");
        self.ask(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }
}
