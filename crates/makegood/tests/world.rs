// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the world says of money: in any order, doubled, late, about payments that nobody knows yet. Never lost, never twice.

#![expect(
    clippy::unwrap_used,
    reason = "a panic around a test is a failed test with its place"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use makegood::books::act::NotDone;
use makegood::books::check;
use makegood::books::disputes::dispute_seen;
use makegood::books::facts::{self, Explained, Seen, breach_id, explain, refund_seen};
use makegood::books::intake::{Intake, Outcome, line};
use makegood::clock::Clock;
use makegood::config::{Flags, load, write_initial};
use makegood::pay::sandbox::call::{Call, Method};
use makegood::pay::sandbox::{Sandbox, router};
use makegood::pay::stripe::{SecretKey, Settings, Stripe, WebhookSecret};
use makegood::pay::{Dispute, Provider, ProviderEvent, SeenRefund};
use makegood::reconcile::{self, Reconciliation};
use makegood::setup::{self, Ready, new_id};
use makegood::store::{Statement, Value};
use makegood::world::{self, NotTakenIn, Watch};
use makegood_desk::case::{ClaimKind, Duration, Wants};
use makegood_desk::input::{Actor, Door, Id, Input, Language, Request};
use makegood_desk::life::{Case, RefundState, Stage};
use makegood_desk::refusal::Refusal;
use serde_json::{Value as Json, json};

#[path = "support/pg.rs"]
#[expect(dead_code, reason = "not every test file uses all of it")]
mod pg;

const FINANCE: Actor = Actor::Finance(Id([9; 16]));
const AGENT: Actor = Actor::Agent(Id([1; 16]));

mod said {
    makegood::statements! {
        /// How much of a payment went back by other hands.
        FOREIGN = "select foreign_minor from payment where order_number = ?1 and id = 'p1'";
        /// Every refund that nobody here decided, of an order.
        FACTS = "select id, status, amount_minor, cast(case when explained_at is null then 0 else 1 end as bigint) from provider_fact where order_number = ?1 order by id";
        /// Every dispute of an order.
        DISPUTES = "select id, status, provider_status, inquiry, amount_minor, booked, booked_minor from dispute where order_number = ?1 order by id";
        /// All balances.
        BALANCES = "select account, account_of, currency, cast(sum(signed_minor) as bigint) from ledger_entry where source <> 'case' group by account, account_of, currency having sum(signed_minor) <> 0 order by account, account_of, currency";
        /// What happened to the books and to no case.
        LOGGED = "select kind, role, position from event where case_id not in (select id from desk_case) order by no";
        /// Breaches that are open.
        OPEN = "select count(*) from breach where order_number = ?1 and closed_at is null";
        /// The subscription's word.
        SUBSCRIBED = "select status from subscription where order_number = ?1";
        /// Events that wait.
        WAITING = "select count(*) from provider_event where done_at is null";
    }
}

struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("makegood-world-{}", uuid::Uuid::now_v7());
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

struct World {
    ready: Ready,
    sandbox: Arc<Sandbox>,
    stripe: Stripe,
    _folder: Folder,
}

/// Both stores, one after the other, so that every sentence below is said of both.
async fn on_both<F>(story: F)
where
    F: AsyncFn(World),
{
    story(World::new(None).await).await;
    static CLUSTER: std::sync::OnceLock<pg::Cluster> = std::sync::OnceLock::new();
    let cluster = CLUSTER.get_or_init(|| pg::Cluster::start(pg::Durability::None));
    let url = cluster.database(None).await;
    story(World::new(Some(url)).await).await;
}

fn in_process(sandbox: &Arc<Sandbox>) -> Stripe {
    let key = SecretKey::new("sk_test_sandbox").unwrap();
    Stripe::in_process(router(Arc::clone(sandbox)), Settings::new(key)).unwrap()
}

fn new_sandbox(clock: &Clock, seed: u64) -> Arc<Sandbox> {
    let wall = clock.clone();
    Arc::new(Sandbox::in_memory(
        seed,
        Box::new(move || wall.timestamp().as_second()),
    ))
}

impl World {
    async fn new(database: Option<String>) -> Self {
        let folder = Folder::new();
        write_initial(&folder.0, &folder.0).unwrap();
        let flags = Flags {
            config: Some(folder.0.join("config.toml")),
            database,
            set: vec!["desk.undo_seconds=0".to_owned()],
            ..Flags::default()
        };
        let config = load(&flags, &BTreeMap::new()).unwrap().config;
        let clock = Clock::default();
        let sandbox = new_sandbox(&clock, 7);
        let stripe = in_process(&sandbox);
        let within = BTreeMap::from([("card".to_owned(), Provider::Stripe(stripe.clone()))]);
        let ready = setup::open(config, clock, within).await.unwrap();
        Self {
            ready,
            sandbox,
            stripe,
            _folder: folder,
        }
    }

    fn watch(&self) -> Watch {
        Watch {
            shop: Arc::clone(&self.ready.shop),
            daily: None,
        }
    }

    fn bank(&self, method: Method, path: &str, body: Json) -> Json {
        let mut call = Call::new(method, path);
        call.content_type = "application/json".to_owned();
        call.body = body.to_string().into_bytes();
        let answer = self.sandbox.call(&call).unwrap();
        let said: Json = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.status, 200, "{path}: {said}");
        said
    }

    fn post(&self, path: &str, body: Json) -> Json {
        self.bank(Method::Post, path, body)
    }

    /// A payment of EUR 49.90 at the provider.
    fn paid(&self) -> String {
        let made = self.post(
            "/_sandbox/payments",
            json!({"amount": 4990, "currency": "eur"}),
        );
        made["id"].as_str().unwrap().to_owned()
    }

    async fn shown(&self, statement: &'static Statement, values: Vec<Value>) -> Vec<String> {
        let rows = self.ready.shop.desk.store.read(move |tx| {
            let values = values.clone();
            Box::pin(async move { tx.rows(statement, &values).await })
        });
        let row = |row: &makegood::store::Row| {
            (0..row.width())
                .map(|column| match row.value(column).unwrap() {
                    Value::Null => "-".to_owned(),
                    Value::Int(number) => number.to_string(),
                    Value::Text(text) => text.clone(),
                    Value::Bytes(bytes) => format!("{bytes:?}"),
                })
                .collect::<Vec<_>>()
                .join(" ")
        };
        rows.await.unwrap().iter().map(row).collect()
    }

    fn hours_ago(&self, hours: i64) -> String {
        let now = self.ready.shop.clock.timestamp().as_second();
        jiff::Timestamp::from_second(now - hours * 3_600)
            .unwrap()
            .to_string()
    }

    async fn tell(&self, lines: &[Json]) {
        let lines: Vec<_> = lines
            .iter()
            .map(|line| line::read(line.to_string().as_bytes()))
            .collect();
        let intake = Intake {
            store: self.ready.shop.desk.store.clone(),
            vault: Arc::clone(&self.ready.vault),
            providers: Arc::new(BTreeSet::from(["card".to_owned()])),
        };
        let outcomes = intake
            .take(lines, self.ready.shop.clock.now())
            .await
            .unwrap();
        assert!(
            outcomes.iter().all(|outcome| *outcome == Outcome::New),
            "{outcomes:?}"
        );
    }

    /// What becomes of a line.
    async fn takes(&self, told: Json) -> Outcome {
        let intake = Intake {
            store: self.ready.shop.desk.store.clone(),
            vault: Arc::clone(&self.ready.vault),
            providers: Arc::new(BTreeSet::from(["card".to_owned()])),
        };
        let line = line::read(told.to_string().as_bytes());
        let outcomes = intake.take(vec![line], self.ready.shop.clock.now()).await;
        outcomes.unwrap().remove(0)
    }

    /// The shop tells of an order of 1,000 units for EUR 49.90 that was closed after 750, and of its payment.
    async fn told(&self, number: &str, charge: &str) {
        let price = json!({"amount": 4990, "currency": "EUR"});
        let service = json!({"name": "Newsletter sign-ups", "unit": "sign-up", "kind": "standard", "start_within": "PT24H"});
        let at = |hours: i64| self.hours_ago(200 - hours);
        self.tell(&[
            json!({"type": "order", "order": {"number": number, "placed_at": at(0), "quantity": 1000, "price": price, "links": ["https://example.org/p"], "service": service}}),
            json!({"type": "payment", "order": number, "payment": {"id": "p1", "at": at(0), "amount": price, "kind": "one_time"}, "provider": "card", "reference": charge}),
            json!({"type": "log", "order": number, "entry": {"at": at(2), "event": "started", "count": 2310}}),
            json!({"type": "log", "order": number, "entry": {"at": at(90), "event": "count", "count": 3060}}),
            json!({"type": "log", "order": number, "entry": {"at": at(100), "event": "completed"}}),
        ])
        .await;
    }

    async fn order(&self, number: &str) -> String {
        let charge = self.paid();
        self.told(number, &charge).await;
        charge
    }

    async fn asked(&self, order: &str) -> Arc<Case> {
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
        let asked = shop
            .desk
            .request(new_id(), Actor::Customer, shop.clock.now(), request);
        asked.await.unwrap().case
    }

    async fn act(&self, id: Id, by: Actor, input: Input) -> Result<Arc<Case>, NotDone> {
        let shop = &self.ready.shop;
        Ok(shop.desk.act(id, by, shop.clock.now(), input).await?.case)
    }

    async fn accept(&self, case: &Case) -> Result<Arc<Case>, NotDone> {
        let decision = case.decision().unwrap().proposal.no;
        let remainder_minor = None;
        self.act(
            case.id,
            AGENT,
            Input::Accept {
                decision,
                remainder_minor,
            },
        )
        .await
    }

    /// The worker has its turn with a case.
    async fn tended(&self, id: Id) -> Arc<Case> {
        self.ready.shop.tend(id, 1).await;
        self.act(id, Actor::System, Input::Look).await.unwrap()
    }

    /// A case whose refund of EUR 12.48 was paid.
    async fn refunded(&self, order: &str) -> (Id, String) {
        let case = self.asked(order).await;
        self.accept(&case).await.unwrap();
        let case = self.tended(case.id).await;
        let refund = case
            .refunds
            .first()
            .unwrap()
            .provider_refund
            .clone()
            .unwrap();
        (case.id, refund)
    }

    /// Everything that happened at the provider, oldest first.
    async fn events(&self) -> Vec<ProviderEvent> {
        let mut events = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let from = jiff::Timestamp::UNIX_EPOCH;
            let page = self
                .stripe
                .events_since(from, after.as_deref())
                .await
                .said
                .unwrap();
            events.extend(page.items);
            after = page.next;
            if after.is_none() {
                events.reverse();
                return events;
            }
        }
    }

    /// Events come in, in this order, and are worked off.
    async fn heard(&self, events: &[ProviderEvent]) {
        for event in events {
            world::arrived(&self.ready.shop, "card", event)
                .await
                .unwrap();
        }
        let watch = self.watch();
        while watch.round().await.unwrap() > 0 {}
    }

    async fn hear_all(&self) {
        let events = self.events().await;
        self.heard(&events).await;
    }

    fn form(&self, path: &str, form: &str) -> Json {
        let mut call = Call::new(Method::Post, path);
        call.content_type = "application/x-www-form-urlencoded".to_owned();
        call.body = form.as_bytes().to_vec();
        let answer = self.sandbox.call(&call).unwrap();
        let said: Json = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.status, 200, "{path}: {said}");
        said
    }

    /// A person settles the checks that the records left in doubt.
    async fn settled(&self, mut case: Arc<Case>) -> Arc<Case> {
        use makegood_desk::life::{Check, Checked};
        for check in Check::ALL {
            if case.checks[check.place()] == Checked::Doubtful {
                let note = "looked at".to_owned();
                let settle = Input::SettleCheck {
                    check,
                    sound: true,
                    note,
                };
                case = self.act(case.id, AGENT, settle).await.unwrap();
            }
        }
        case
    }

    async fn books_hold(&self) {
        let store = &self.ready.shop.desk.store;
        // PostgreSQL seals in the background.
        while store
            .write(|tx| Box::pin(async move { makegood::books::seal::seal(tx, 1_000).await }))
            .await
            .unwrap()
            > 0
        {}
        let (_, wrong) = store
            .read(|tx| Box::pin(async move { check::all(tx).await }))
            .await
            .unwrap();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_made_in_the_dashboard_stops_the_order_until_finance_explains_it() {
    on_both(async |world| {
        let charge = world.order("VL-1").await;
        let case = world.asked("VL-1").await;
        assert_eq!(case.stage(), Stage::ReadyToDecide);
        let refund = world.post(
            "/_sandbox/refunds",
            json!({"charge": charge, "amount": 500}),
        );
        let refund = refund["id"].as_str().unwrap().to_owned();
        world.hear_all().await;
        world.hear_all().await;

        let order = || vec![Value::from("VL-1")];
        assert_eq!(
            world.shown(&said::FACTS, order()).await,
            [format!("{refund} succeeded 500 0")]
        );
        assert_eq!(world.shown(&said::FOREIGN, order()).await, ["500"]);
        let balances = [
            "provider_balance card EUR -500",
            "provider_unexplained card EUR 500",
        ];
        assert_eq!(world.shown(&said::BALANCES, vec![]).await, balances);
        let case = world.tended(case.id).await;
        let refused = world.accept(&case).await;
        assert!(
            matches!(refused, Err(NotDone::Refused(Refusal::OrderFrozen))),
            "{refused:?}"
        );

        let desk = &world.ready.shop.desk;
        let breach = breach_id("foreign_refund", "card", &refund);
        let now = world.ready.shop.clock.now();
        let not_hers = explain(desk, &breach, AGENT, "it was me", now).await;
        assert!(matches!(
            not_hers,
            Err(NotDone::Refused(Refusal::NotYours { .. }))
        ));
        let no_note = explain(desk, &breach, FINANCE, " ", now).await;
        assert!(matches!(
            no_note,
            Err(NotDone::Refused(Refusal::ReasonMissing))
        ));
        let note = "goodwill, by the shop's owner on the telephone";
        assert_eq!(
            explain(desk, &breach, FINANCE, note, now).await.unwrap(),
            Explained::Done
        );
        assert_eq!(
            explain(desk, &breach, FINANCE, note, now).await.unwrap(),
            Explained::Already
        );
        assert_eq!(
            explain(desk, "nothing", FINANCE, note, now).await.unwrap(),
            Explained::NoSuch
        );

        let balances = ["provider_balance card EUR -500", "refund_expense  EUR 500"];
        assert_eq!(world.shown(&said::BALANCES, vec![]).await, balances);
        let case = world.tended(case.id).await;
        // A person looks whether the records add up again, now that 5.00 went back by other hands.
        let remainder = case.decision().unwrap().proposal.remedies.clone();
        let case = world.settled(case).await;
        let case = world
            .accept(&case)
            .await
            .unwrap_or_else(|why| panic!("{why:?} {remainder:?}"));
        let case = world.tended(case.id).await;
        // 750 of 1,000 came: 12.48 in all, of which 5.00 were paid.
        assert_eq!(case.refunds.first().unwrap().amount.minor(), 748);
        assert!(matches!(
            case.refunds.first().unwrap().state,
            RefundState::Succeeded { .. }
        ));
        // Each refund and each question to finance is a story of its own in the audit log.
        assert_eq!(
            world.shown(&said::LOGGED, vec![]).await,
            [
                "provider_refund_seen provider 1",
                "breach_opened system 1",
                "breach_closed finance 2"
            ]
        );
        world.books_hold().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_the_shops_own_telling_stops_nothing_whichever_is_told_first() {
    on_both(async |world| {
        for (number, shop_first) in [("VL-1", true), ("VL-2", false)] {
            let charge = world.order(number).await;
            let refund = world.post("/_sandbox/refunds", json!({"charge": charge, "amount": 500}));
            let refund = refund["id"].as_str().unwrap();
            let amount = json!({"amount": 500, "currency": "EUR"});
            let told = json!({"type": "refund", "order": number, "id": refund, "refund": {"at": world.hours_ago(1), "amount": amount, "units": 0}});
            if shop_first {
                world.tell(&[told]).await;
                world.hear_all().await;
            } else {
                world.hear_all().await;
                assert_eq!(world.shown(&said::OPEN, vec![Value::from(number)]).await, ["1"]);
                world.tell(&[told]).await;
            }
            let order = vec![Value::from(number)];
            assert_eq!(world.shown(&said::OPEN, order.clone()).await, ["0"], "{number}");
            assert_eq!(world.shown(&said::FOREIGN, order).await, ["500"], "{number}");
            let case = world.asked(number).await;
            let case = world.accept(&case).await.unwrap();
            // It is counted once, not twice.
            assert_eq!(case.refunds.first().unwrap().amount.minor(), 748, "{number}");
        }
        world.books_hold().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_ours_that_fails_late_opens_its_case_again() {
    on_both(async |world| {
        world.order("VL-1").await;
        let (id, refund) = world.refunded("VL-1").await;
        world.hear_all().await;
        assert_eq!(
            world.shown(&said::FACTS, vec![Value::from("VL-1")]).await,
            [""; 0]
        );
        let failed = json!({"status": "failed", "failure_reason": "lost_or_stolen_card"});
        world.post(&format!("/_sandbox/refunds/{refund}"), failed);
        let mut events = world.events().await;
        // Doubled, and the oldest last.
        events.extend(events.clone());
        events.reverse();
        world.heard(&events).await;
        let case = world.act(id, Actor::System, Input::Look).await.unwrap();
        assert!(
            matches!(
                case.refunds.first().unwrap().state,
                RefundState::Failed { late: true, .. }
            ),
            "{:?}",
            case.refunds
        );
        assert!(case.closed.is_none());
        assert_eq!(
            world.shown(&said::OPEN, vec![Value::from("VL-1")]).await,
            ["0"]
        );
        world.books_hold().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_failed_here_and_succeeded_there_is_written_down_whatever_the_cap_says() {
    on_both(async |world| {
        world.order("VL-1").await;
        let (_, refund) = world.refunded("VL-1").await;
        let succeeded = world.stripe.seen_refund(&refund).await.said.unwrap();
        let mut failed = succeeded.clone();
        if let Ok(failed) = &mut failed.refund {
            failed.status = makegood_desk::execution::RefundStatus::Failed;
        }
        let desk = &world.ready.shop.desk;
        let now = world.ready.shop.clock.now();
        assert!(matches!(
            refund_seen(desk, "card", &failed, false, now)
                .await
                .unwrap(),
            Seen::Ours(_)
        ));
        // Perhaps it was fetched before the failure: then looking again would show that.
        let first = refund_seen(desk, "card", &succeeded, false, now)
            .await
            .unwrap();
        assert!(matches!(first, Seen::LookAgain), "{first:?}");
        let second = refund_seen(desk, "card", &succeeded, true, now)
            .await
            .unwrap();
        assert!(matches!(second, Seen::Foreign { .. }), "{second:?}");
        let order = vec![Value::from("VL-1")];
        assert_eq!(world.shown(&said::FOREIGN, order.clone()).await, ["1248"]);
        assert_eq!(world.shown(&said::OPEN, order).await, ["1"]);
        world.books_hold().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chargeback_stops_money_at_once_and_its_end_is_booked_once() {
    on_both(async |world| {
        let charge = world.order("VL-1").await;
        let case = world.asked("VL-1").await;
        let inquiry = json!({"charge": charge, "reason": "product_not_received", "inquiry": true});
        let dispute = world.post("/_sandbox/disputes", inquiry);
        let dispute = dispute["id"].as_str().unwrap().to_owned();
        let moved = |status: &str| {
            world.post(
                &format!("/_sandbox/disputes/{dispute}"),
                json!({"status": status}),
            );
        };
        let shown = async || {
            let rows = world
                .shown(&said::DISPUTES, vec![Value::from("VL-1")])
                .await;
            rows.into_iter().next().unwrap()
        };
        world.hear_all().await;
        // An inquiry takes no money and stops none.
        let said = format!("{dispute} open warning_needs_response 1 4990 nothing 0");
        assert_eq!(shown().await, said);
        assert!(world.tended(case.id).await.disputed.is_none());

        moved("needs_response");
        world.hear_all().await;
        assert_eq!(
            shown().await,
            format!("{dispute} open needs_response 0 4990 taken 4990")
        );
        let case = world.tended(case.id).await;
        assert_eq!(case.disputed.as_deref(), Some(dispute.as_str()));

        moved("lost");
        moved("won");
        world.hear_all().await;
        assert_eq!(shown().await, format!("{dispute} won won 0 4990 won 4990"));
        assert!(world.tended(case.id).await.disputed.is_none());
        // What the provider took, it gave back; its fee it kept.
        assert_eq!(
            world.shown(&said::BALANCES, vec![]).await,
            ["dispute_fees  EUR 1500", "provider_balance card EUR -1500"]
        );
        world.books_hold().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_of_the_shops_telling_is_booked_with_its_fee_until_a_provider_tells_of_it_itself()
{
    on_both(async |world| {
        let charge = world.order("VL-1").await;
        let opened_at = world.hours_ago(20);
        let told = |id: &str, status: &str, fee: Option<u64>| {
            let price = json!({"amount": 4990, "currency": "EUR"});
            let dispute = json!({"id": id, "opened_at": opened_at, "status": status, "amount": price});
            let mut line = json!({"type": "dispute", "order": "VL-1", "dispute": dispute, "payment": "p1", "provider": "bank", "reason": "product_not_received"});
            if let Some(fee) = fee {
                line["fee"] = json!({"amount": fee, "currency": "EUR"});
            }
            line
        };
        let balances = async || world.shown(&said::BALANCES, vec![]).await;
        world.tell(&[told("dp_1", "open", Some(1_500))]).await;
        assert_eq!(
            balances().await,
            ["dispute_fees  EUR 1500", "disputes_held dp_1 EUR 4990", "provider_balance bank EUR -6490"]
        );
        world.books_hold().await;
        for (status, fee, outcome, expected) in [
            ("open", None, Outcome::Same, vec!["dispute_fees  EUR 1500", "disputes_held dp_1 EUR 4990", "provider_balance bank EUR -6490"]),
            ("open", Some(1_700), Outcome::Grown { field: "fee" }, vec!["dispute_fees  EUR 1700", "disputes_held dp_1 EUR 4990", "provider_balance bank EUR -6690"]),
            ("lost", None, Outcome::Grown { field: "dispute.status" }, vec!["dispute_fees  EUR 1700", "dispute_losses  EUR 4990", "provider_balance bank EUR -6690"]),
            ("won", Some(0), Outcome::Grown { field: "dispute.status" }, vec![]),
        ] {
            assert_eq!(world.takes(told("dp_1", status, fee)).await, outcome, "{status}");
            assert_eq!(balances().await, expected, "{status}");
            world.books_hold().await;
        }

        // The provider is connected, and tells of another one: the shop's word does not move it.
        let disputed = json!({"charge": charge, "reason": "product_not_received"});
        let id = world.post("/_sandbox/disputes", disputed)["id"].as_str().unwrap().to_owned();
        assert_eq!(world.takes(told(&id, "lost", None)).await, Outcome::New);
        let before = balances().await;
        assert_eq!(before, ["dispute_losses  EUR 4990", "provider_balance bank EUR -4990"]);
        world.hear_all().await;
        let shown = async || world.shown(&said::DISPUTES, vec![Value::from("VL-1")]).await;
        let stands = shown().await;
        let said = format!("{id} open needs_response 0 4990 lost 4990");
        assert!(stands.contains(&said), "{stands:?}");
        let known = balances().await;
        let still = world.takes(told(&id, "won", Some(0))).await;
        assert!(
            matches!(still, Outcome::Conflict { field: "dispute.status", .. }),
            "{still:?}"
        );
        assert_eq!((shown().await, balances().await), (stands, known));
        world.books_hold().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_ended_at_the_provider_has_ended_in_the_books() {
    on_both(async |world| {
        world.order("VL-1").await;
        let customer = world.form("/v1/customers", "name=Ada");
        let customer = customer["id"].as_str().unwrap();
        let made = world.form(
            "/v1/subscriptions",
            &format!("customer={customer}&default_payment_method=pm_card_visa&items[0][price_data][currency]=eur&items[0][price_data][unit_amount]=900&items[0][price_data][recurring][interval]=month"),
        );
        let id = made["id"].as_str().unwrap().to_owned();
        let told = json!({"type": "subscription", "order": "VL-1", "subscription": {"status": "active"}, "provider": "card", "reference": id});
        world.tell(&[told]).await;
        world.hear_all().await;
        assert_eq!(world.shown(&said::SUBSCRIBED, vec![Value::from("VL-1")]).await, ["active"]);
        world.stripe.cancel_subscription(&id).await;
        world.hear_all().await;
        assert_eq!(world.shown(&said::SUBSCRIBED, vec![Value::from("VL-1")]).await, ["cancelled"]);
    })
    .await;
}

/// A small generator, so that a failing story can be told again by its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % u64::try_from(most).unwrap()).unwrap()
    }

    fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            let other = self.below(last + 1);
            things.swap(last, other);
        }
    }
}

/// Something that a fetch showed at some moment.
#[derive(Clone)]
enum Shown {
    Refund(SeenRefund),
    Dispute(Dispute),
    /// The shop tells of the order only now.
    Order,
}

impl World {
    /// Lives through something at the bank, and answers every picture that a fetch could have taken meanwhile.
    async fn pictures(&self, charge: &str, dice: &mut Dice) -> Vec<Shown> {
        let mut pictures = Vec::new();
        for _ in 0..=dice.below(2) {
            let amount = 100 + dice.below(900);
            if dice.below(3) > 0 {
                self.post("/_sandbox/refund_lives", json!({"status": "pending"}));
            }
            let made = self.post(
                "/_sandbox/refunds",
                json!({"charge": charge, "amount": amount}),
            );
            let id = made["id"].as_str().unwrap().to_owned();
            pictures.push(Shown::Refund(
                self.stripe.seen_refund(&id).await.said.unwrap(),
            ));
            if made["status"] == "pending" {
                let next = ["succeeded", "failed"][dice.below(2)];
                self.post(&format!("/_sandbox/refunds/{id}"), json!({"status": next}));
                pictures.push(Shown::Refund(
                    self.stripe.seen_refund(&id).await.said.unwrap(),
                ));
            }
            if dice.below(3) == 0 {
                let mut call = Call::new(Method::Post, &format!("/_sandbox/refunds/{id}"));
                call.content_type = "application/json".to_owned();
                call.body = br#"{"status": "failed"}"#.to_vec();
                self.sandbox.call(&call).unwrap();
                pictures.push(Shown::Refund(
                    self.stripe.seen_refund(&id).await.said.unwrap(),
                ));
            }
        }
        if dice.below(2) == 0 {
            let inquiry = dice.below(2) == 0;
            let opened =
                json!({"charge": charge, "inquiry": inquiry, "amount": 1000 + dice.below(900)});
            let made = self.post("/_sandbox/disputes", opened);
            let id = made["id"].as_str().unwrap().to_owned();
            pictures.push(Shown::Dispute(self.stripe.dispute(&id).await.said.unwrap()));
            let way = [
                "needs_response",
                "under_review",
                "lost",
                "appeal_needs_response",
                "won",
            ];
            for status in way.into_iter().take(dice.below(way.len() + 1)) {
                self.post(
                    &format!("/_sandbox/disputes/{id}"),
                    json!({"status": status}),
                );
                pictures.push(Shown::Dispute(self.stripe.dispute(&id).await.said.unwrap()));
            }
        }
        pictures
    }

    async fn show(&self, picture: &Shown, number: &str, charge: &str) {
        let desk = &self.ready.shop.desk;
        let now = self.ready.shop.clock.now();
        match picture {
            Shown::Refund(seen) => {
                refund_seen(desk, "card", seen, false, now).await.unwrap();
            }
            Shown::Dispute(dispute) => {
                dispute_seen(desk, "card", dispute, now).await.unwrap();
            }
            Shown::Order => self.told(number, charge).await,
        }
    }

    async fn stands(&self, number: &str) -> Vec<String> {
        let order = || vec![Value::from(number)];
        let mut stands = self.shown(&said::FACTS, order()).await;
        stands.extend(self.shown(&said::DISPUTES, order()).await);
        stands.extend(self.shown(&said::FOREIGN, order()).await);
        stands
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_in_any_order_doubled_stale_and_early_come_to_the_same_books() {
    on_both(async |world| {
        for seed in 0..40 {
            let mut dice = Dice(seed);
            let number = format!("VL-{seed}");
            let charge = world.paid();
            let mut shown = world.pictures(&charge, &mut dice).await;
            // The last picture of each thing is how it is.
            let mut last = BTreeMap::new();
            for picture in &shown {
                match picture {
                    Shown::Refund(seen) => {
                        let status = facts::status_word(seen.refund.as_ref().unwrap().status);
                        last.insert(seen.id.clone(), status.to_owned());
                    }
                    Shown::Dispute(dispute) => {
                        let status = makegood::books::disputes::state_word(&dispute.state);
                        last.insert(dispute.id.clone(), status.to_owned());
                    }
                    Shown::Order => {}
                }
            }
            shown.extend(shown.clone());
            shown.push(Shown::Order);
            dice.shuffle(&mut shown);
            for picture in &shown {
                world.show(picture, &number, &charge).await;
            }
            let stands = world.stands(&number).await;
            let mut gone = 0;
            for (id, status) in &last {
                let row = stands.iter().find(|row| row.starts_with(id.as_str()));
                let row = row.unwrap_or_else(|| panic!("seed {seed}: {id} is lost: {stands:?}"));
                let field = if id.starts_with("re_") { 1 } else { 2 };
                assert_eq!(
                    row.split(' ').nth(field),
                    Some(status.as_str()),
                    "seed {seed}: {row}"
                );
                if id.starts_with("re_") && status != "failed" {
                    gone += row.split(' ').nth(2).unwrap().parse::<i64>().unwrap();
                }
            }
            assert_eq!(
                stands.last(),
                Some(&gone.to_string()),
                "seed {seed}: {stands:?}"
            );
            // Said once more, nothing changes.
            let balances = world.shown(&said::BALANCES, vec![]).await;
            for picture in &shown {
                if !matches!(picture, Shown::Order) {
                    world.show(picture, &number, &charge).await;
                }
            }
            assert_eq!(world.stands(&number).await, stands, "seed {seed}");
            assert_eq!(
                world.shown(&said::BALANCES, vec![]).await,
                balances,
                "seed {seed}"
            );
        }
        world.books_hold().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_refund_told_by_many_at_once_is_written_down_once() {
    on_both(async |world| {
        let charge = world.order("VL-1").await;
        let made = world.post(
            "/_sandbox/refunds",
            json!({"charge": charge, "amount": 500}),
        );
        let seen = world
            .stripe
            .seen_refund(made["id"].as_str().unwrap())
            .await
            .said
            .unwrap();
        let desk = &world.ready.shop.desk;
        let now = world.ready.shop.clock.now();
        let many = (0..16).map(|_| refund_seen(desk, "card", &seen, false, now));
        let all = futures_util::future::join_all(many).await;
        assert!(all.iter().all(Result::is_ok), "{all:?}");
        assert_eq!(
            world.shown(&said::FOREIGN, vec![Value::from("VL-1")]).await,
            ["500"]
        );
        world.books_hold().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_worked_off_once_by_several_that_listen() {
    on_both(async |world| {
        for number in 0..12 {
            let charge = world.order(&format!("VL-{number}")).await;
            world.post(
                "/_sandbox/refunds",
                json!({"charge": charge, "amount": 500}),
            );
        }
        let events = world.events().await;
        for event in events.iter().chain(&events) {
            world::arrived(&world.ready.shop, "card", event)
                .await
                .unwrap();
        }
        let listeners = (0..3).map(|_| async {
            let watch = world.watch();
            while watch.round().await.unwrap() > 0 {}
        });
        futures_util::future::join_all(listeners).await;
        assert_eq!(world.shown(&said::WAITING, vec![]).await, ["0"]);
        for number in 0..12 {
            let order = vec![Value::from(format!("VL-{number}"))];
            assert_eq!(
                world.shown(&said::FOREIGN, order).await,
                ["500"],
                "{number}"
            );
        }
        world.books_hold().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_answer_loses_no_event() {
    on_both(async |world| {
        let charge = world.order("VL-1").await;
        world.post("/_sandbox/refunds", json!({"charge": charge, "amount": 500}));
        let events = world.events().await;
        world.post(
            "/_sandbox/faults",
            json!({"method": "GET", "path": "/v1/*", "nth": 1, "times": 50, "fault": "garbled_answer", "how": "html"}),
        );
        world.heard(&events).await;
        let waiting = world.shown(&said::WAITING, vec![]).await;
        assert_ne!(waiting, ["0"]);
        world.bank(Method::Delete, "/_sandbox/faults", json!({}));
        world.ready.shop.clock.advance(3_700);
        world.heard(&[]).await;
        assert_eq!(world.shown(&said::WAITING, vec![]).await, ["0"]);
        assert_eq!(world.shown(&said::FOREIGN, vec![Value::from("VL-1")]).await, ["500"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_finds_what_no_event_told_and_a_second_one_finds_nothing() {
    on_both(async |world| {
        // One that failed late, one made by other hands, a chargeback, one of a payment that nobody knows.
        world.order("VL-1").await;
        let (id, refund) = world.refunded("VL-1").await;
        world.post(
            &format!("/_sandbox/refunds/{refund}"),
            json!({"status": "failed"}),
        );
        let second = world.order("VL-2").await;
        world.post(
            "/_sandbox/refunds",
            json!({"charge": second, "amount": 500}),
        );
        let third = world.order("VL-3").await;
        world.post("/_sandbox/disputes", json!({"charge": third}));
        let stranger = world.paid();
        world.post(
            "/_sandbox/refunds",
            json!({"charge": stranger, "amount": 700}),
        );
        let fine = world.order("VL-4").await;
        world.refunded("VL-4").await;
        assert_ne!(fine, stranger);
        world.ready.shop.clock.advance(60);

        let reconciliation = Reconciliation {
            shop: &world.ready.shop,
            name: "card",
            stripe: &world.stripe,
        };
        let back = Duration::from_seconds(60 * 86_400);
        let report = reconciliation.run(back).await.unwrap();
        let mut kinds: Vec<&str> = report
            .differences
            .iter()
            .map(|found| found.kind.as_str())
            .collect();
        kinds.sort_unstable();
        assert_eq!(
            kinds,
            [
                "dispute_new",
                "refund_foreign",
                "refund_foreign",
                "refund_moved"
            ],
            "{report}"
        );
        assert_eq!(
            (report.refunds, report.ours, report.disputes),
            (4, 2, 1),
            "{report}"
        );
        assert!(report.events_missed > 0);
        let case = world.act(id, Actor::System, Input::Look).await.unwrap();
        assert!(matches!(
            case.refunds.first().unwrap().state,
            RefundState::Failed { late: true, .. }
        ));

        let again = reconciliation.run(back).await.unwrap();
        assert!(again.differences.is_empty(), "{again}");
        assert_eq!(again.events_missed, 0);
        let kept = reconcile::latest(&world.ready.shop.desk.store, "card", 10)
            .await
            .unwrap();
        assert_eq!(kept, [again, report]);
        world.books_hold().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_of_ours_that_the_provider_does_not_know_stops_the_order_until_it_is_there_again()
{
    on_both(async |world| {
        world.order("VL-1").await;
        world.refunded("VL-1").await;
        world.ready.shop.clock.advance(60);
        let back = Duration::from_seconds(60 * 86_400);
        // The settings name another account: nothing of ours is there.
        let other = in_process(&new_sandbox(&world.ready.shop.clock, 8));
        let wrong = Reconciliation {
            shop: &world.ready.shop,
            name: "card",
            stripe: &other,
        };
        let report = wrong.run(back).await.unwrap();
        assert_eq!(report.differences.len(), 1, "{report}");
        assert_eq!(report.differences.first().unwrap().kind, "refund_missing");
        let order = || vec![Value::from("VL-1")];
        assert_eq!(world.shown(&said::OPEN, order()).await, ["1"]);
        let right = Reconciliation {
            shop: &world.ready.shop,
            name: "card",
            stripe: &world.stripe,
        };
        let report = right.run(back).await.unwrap();
        assert!(report.differences.is_empty(), "{report}");
        assert_eq!(world.shown(&said::OPEN, order()).await, ["0"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_webhooks_are_kept_once_and_others_not_at_all() {
    on_both(async |world| {
        let endpoint = world.form(
            "/v1/webhook_endpoints",
            "url=http://127.0.0.1:1/hooks&enabled_events[0]=*",
        );
        let secret = endpoint["secret"].as_str().unwrap();
        let charge = world.order("VL-1").await;
        world.post(
            "/_sandbox/refunds",
            json!({"charge": charge, "amount": 500}),
        );
        let hooks = world.sandbox.take_webhooks().unwrap();
        assert!(!hooks.is_empty());
        let ours = [WebhookSecret::new(secret).unwrap()];
        let others = [WebhookSecret::new("whsec_somebodyelse").unwrap()];
        let shop = &world.ready.shop;
        for hook in &hooks {
            let sent = (hook.signature.as_str(), hook.body.as_bytes());
            let forged = world::taken_in(shop, "card", &world.stripe, &others, sent).await;
            assert!(matches!(forged, Err(NotTakenIn::NotTaken(_))), "{forged:?}");
            let first = world::taken_in(shop, "card", &world.stripe, &ours, sent).await;
            assert!(first.unwrap());
            let second = world::taken_in(shop, "card", &world.stripe, &ours, sent).await;
            assert!(!second.unwrap());
        }
        world.heard(&[]).await;
        assert_eq!(
            world.shown(&said::FOREIGN, vec![Value::from("VL-1")]).await,
            ["500"]
        );
    })
    .await;
}
