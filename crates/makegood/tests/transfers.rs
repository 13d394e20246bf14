// SPDX-License-Identifier: MIT OR Apache-2.0
//! Refunds by bank transfer: from the decision over the payment file to the bank's statement, once.

#![expect(
    clippy::unwrap_used,
    reason = "a panic around a test is a failed test with its place"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use makegood::books::check;
use makegood::books::facts;
use makegood::books::intake::{Intake, line};
use makegood::books::seal::seal;
use makegood::books::transfers::{self, Bank, Payee, Taken, Undone};
use makegood::clock::Clock;
use makegood::config::{Flags, load, write_initial};
use makegood::pay::manual::account::Iban;
use makegood::pay::manual::batch::Payer;
use makegood::setup::{self, Ready, new_id};
use makegood::store::Statement;
use makegood_desk::case::{ClaimKind, Wants};
use makegood_desk::input::{Actor, Door, Id, Input, Language, Request};
use makegood_desk::life::{Case, RefundState};
use serde_json::json;

#[path = "support/pg.rs"]
#[expect(dead_code, reason = "not every test file uses all of it")]
mod pg;

mod stopped {
    makegood::statements! {
        /// Somebody stops all money.
        STOP = "insert into meta (key, value) values ('money.stopped', null)";
        /// They let it go.
        GO = "delete from meta where key = 'money.stopped'";
    }
}

struct Folder(std::path::PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct World {
    ready: Ready,
    _folder: Folder,
}

async fn on_both<F>(story: F)
where
    F: AsyncFn(World),
{
    static CLUSTER: std::sync::OnceLock<pg::Cluster> = std::sync::OnceLock::new();
    story(World::new(None).await).await;
    let cluster = CLUSTER.get_or_init(|| pg::Cluster::start(pg::Durability::None));
    story(World::new(Some(cluster.database(None).await)).await).await;
}

fn payer() -> Payer {
    Payer {
        name: "Example ApS".to_owned(),
        iban: Iban::new("DK50 0040 0440 1162 43").unwrap(),
        bic: None,
    }
}

fn payee(iban: &str) -> Payee {
    Payee {
        name: "Mia Hansen".to_owned(),
        iban: Some(iban.to_owned()),
        bic: None,
        number: None,
        bank: None,
    }
}

const MIA: &str = "DE89 3704 0044 0532 0130 00";

impl World {
    async fn new(database: Option<String>) -> Self {
        let name = format!("makegood-transfers-{}", uuid::Uuid::now_v7());
        let folder = Folder(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&folder.0).unwrap();
        write_initial(&folder.0, &folder.0).unwrap();
        let page = folder.0.join("config.toml");
        let mut text = std::fs::read_to_string(&page).unwrap();
        text.push_str("\n[payments.bank]\nkind = \"manual\"\naccount_holder = \"Example ApS\"\naccount_iban = \"DK5000400440116243\"\n");
        std::fs::write(&page, text).unwrap();
        let flags = Flags {
            config: Some(page),
            database,
            set: vec!["desk.undo_seconds=0".to_owned()],
            ..Flags::default()
        };
        let config = load(&flags, &BTreeMap::new()).unwrap().config;
        let ready = setup::open(config, Clock::default(), BTreeMap::new())
            .await
            .unwrap();
        Self {
            ready,
            _folder: folder,
        }
    }

    fn bank(&self) -> Bank<'_> {
        Bank {
            desk: &self.ready.shop.desk,
            vault: &self.ready.vault,
            name: "bank",
        }
    }

    fn now(&self) -> makegood_desk::case::Instant {
        self.ready.shop.clock.now()
    }

    /// A case in which EUR 12.48 go back by bank; with the transfer's name.
    async fn owed(&self, number: &str) -> (Id, String) {
        let hours_ago = |hours: i64| {
            let now = self.ready.shop.clock.timestamp().as_second();
            jiff::Timestamp::from_second(now - hours * 3_600)
                .unwrap()
                .to_string()
        };
        let price = json!({"amount": 4990, "currency": "EUR"});
        let service = json!({"name": "Newsletter sign-ups", "unit": "sign-up", "kind": "standard", "start_within": "PT24H"});
        let lines = [
            json!({"type": "order", "order": {"number": number, "placed_at": hours_ago(200), "quantity": 1000, "price": price, "links": ["https://example.org/p"], "service": service}}),
            json!({"type": "payment", "order": number, "payment": {"id": "p1", "at": hours_ago(200), "amount": price, "kind": "one_time"}, "provider": "bank", "reference": format!("giro {number}")}),
            json!({"type": "log", "order": number, "entry": {"at": hours_ago(198), "event": "started", "count": 2310}}),
            json!({"type": "log", "order": number, "entry": {"at": hours_ago(110), "event": "count", "count": 3060}}),
            json!({"type": "log", "order": number, "entry": {"at": hours_ago(100), "event": "completed"}}),
        ];
        let shop = &self.ready.shop;
        let intake = Intake {
            store: shop.desk.store.clone(),
            vault: Arc::clone(&self.ready.vault),
            providers: Arc::new(BTreeSet::from(["bank".to_owned()])),
        };
        let lines = lines
            .iter()
            .map(|line| line::read(line.to_string().as_bytes()));
        intake.take(lines.collect(), self.now()).await.unwrap();
        let request = Request {
            order: number.to_owned(),
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
        let asked = shop
            .desk
            .request(new_id(), Actor::Customer, self.now(), request);
        let id = asked.await.unwrap().case.id;
        let accept = Input::Accept {
            decision: 1,
            remainder_minor: None,
        };
        shop.desk
            .act(id, Actor::Agent(Id([1; 16])), self.now(), accept)
            .await
            .unwrap();
        let case = self.tended(id).await;
        let refund = case.refunds.first().unwrap();
        assert!(
            matches!(refund.state, RefundState::Pending { .. }),
            "{refund:?}"
        );
        (id, refund.provider_refund.clone().unwrap())
    }

    async fn tended(&self, id: Id) -> Arc<Case> {
        self.ready.shop.tend(id, 1).await;
        let looked = self
            .ready
            .shop
            .desk
            .act(id, Actor::System, self.now(), Input::Look)
            .await;
        looked.unwrap().case
    }

    async fn tell(&self, statement: &'static Statement) {
        let told = self
            .ready
            .shop
            .desk
            .store
            .write(move |tx| Box::pin(async move { tx.run(statement, &[]).await.map(drop) }));
        told.await.unwrap();
    }

    async fn exported(&self) -> Vec<(String, String)> {
        let day = jiff::civil::date(2026, 12, 1);
        let files = self.bank().export(&payer(), day, self.now()).await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        files
            .into_iter()
            .map(|file| (file.name, text(file.bytes)))
            .collect()
    }

    async fn stated(&self, rows: &str) -> Vec<Taken> {
        let text = format!("transfer,state,amount,currency,on,reason\n{rows}\n");
        self.bank()
            .import(text.as_bytes(), self.now())
            .await
            .unwrap()
    }

    async fn books_hold(&self) {
        let store = &self.ready.shop.desk.store;
        while store
            .write(|tx| Box::pin(async move { seal(tx, 1_000).await }))
            .await
            .unwrap()
            > 0
        {}
        let read = store.read(|tx| Box::pin(async move { check::all(tx).await }));
        let (_, wrong) = read.await.unwrap();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_goes_to_the_bank_once_and_the_statement_closes_its_case() {
    on_both(async |world| {
        let (id, transfer) = world.owed("VL-1").await;
        // Nobody has said where the money goes.
        assert!(world.exported().await.is_empty());
        let bank = world.bank();
        let wrong = bank
            .payee(&transfer, &payee("DE00 1234"), world.now())
            .await;
        assert!(matches!(wrong, Err(Undone::Wrong(_))));
        let unknown = bank.payee("MG0", &payee(MIA), world.now()).await;
        assert!(matches!(unknown, Err(Undone::Wrong(_))));
        bank.payee(&transfer, &payee(MIA), world.now())
            .await
            .unwrap();
        let early = bank.confirm(&transfer, world.now()).await;
        assert!(matches!(early, Err(Undone::Wrong(_))));

        let files = world.exported().await;
        let endings: Vec<&str> = files
            .iter()
            .filter_map(|(name, _)| name.split('.').next_back())
            .collect();
        assert_eq!(endings, ["xml", "csv"]);
        for (_, text) in &files {
            assert!(text.contains(&transfer) && text.contains("12.48"), "{text}");
            assert!(text.contains("DE89370400440532013000"), "{text}");
        }
        // It goes out once; the same files can be had again.
        assert!(world.exported().await.is_empty());
        let late = bank.payee(&transfer, &payee(MIA), world.now()).await;
        assert!(matches!(late, Err(Undone::Wrong(_))));
        let batches = bank.batches().await.unwrap();
        let (batch, currency, _) = batches.first().unwrap();
        assert_eq!(currency, "EUR");
        let mut again = bank.files(batch).await.unwrap();
        again.reverse();
        let again: Vec<_> = again
            .into_iter()
            .map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap()))
            .collect();
        assert_eq!(again, files);

        let taken = world
            .stated(&format!(
                "{transfer},paid,12.48,EUR,2026-12-01,\nX1,paid,1.00,EUR,,"
            ))
            .await;
        assert!(
            matches!(&taken[..], [Taken::Paid { .. }, Taken::Foreign]),
            "{taken:?}"
        );
        let taken = world
            .stated(&format!("{transfer},paid,12.48,EUR,2026-12-01,"))
            .await;
        assert_eq!(taken, [Taken::Known(transfer.clone())]);
        let case = world.tended(id).await;
        assert!(matches!(
            case.refunds.first().unwrap().state,
            RefundState::Succeeded { .. }
        ));
        assert!(case.closed.is_some());

        // A week later the receiving bank sends it back.
        let taken = world
            .stated(&format!("{transfer},returned,12.48,EUR,2026-12-08,AC04"))
            .await;
        assert!(matches!(&taken[..], [Taken::Returned { .. }]), "{taken:?}");
        let case = world.tended(id).await;
        assert!(
            matches!(
                case.refunds.first().unwrap().state,
                RefundState::Failed { late: true, .. }
            ),
            "{:?}",
            case.refunds
        );
        assert!(case.closed.is_none());
        world.books_hold().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_does_not_fit_changes_nothing_and_asks_finance() {
    on_both(async |world| {
        let (id, transfer) = world.owed("VL-1").await;
        world
            .bank()
            .payee(&transfer, &payee(MIA), world.now())
            .await
            .unwrap();
        world.exported().await;
        let taken = world.stated(&format!("{transfer},paid,99.00,EUR,,")).await;
        assert!(matches!(&taken[..], [Taken::Odd { .. }]), "{taken:?}");
        let case = world.tended(id).await;
        assert!(matches!(
            case.refunds.first().unwrap().state,
            RefundState::Pending { .. }
        ));
        let store = &world.ready.shop.desk.store;
        let open = store.read(|tx| Box::pin(async move { facts::breaches(tx, 10).await }));
        let open = open.await.unwrap();
        assert_eq!(open.first().unwrap().kind, "transfer_odd");
        assert_eq!(open.first().unwrap().case, Some(id));
        // A person looks at the account and says so.
        let confirmed = world.bank().confirm(&transfer, world.now()).await.unwrap();
        assert!(matches!(confirmed, Taken::Paid { .. }), "{confirmed:?}");
        world.books_hold().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_money_is_stopped_no_file_is_drawn_up_for_the_bank() {
    on_both(async |world| {
        let (_, id) = world.owed("VL-1").await;
        let (payer, day) = (payer(), jiff::civil::date(2026, 12, 1));
        world
            .bank()
            .payee(&id, &payee(MIA), world.now())
            .await
            .unwrap();
        world.tell(&stopped::STOP).await;
        let held = world.bank().export(&payer, day, world.now()).await;
        let told = held.map(|files| files.len()).unwrap_err().to_string();
        assert!(told.contains("no money moves"), "{told}");
        assert!(world.bank().batches().await.unwrap().is_empty());
        world.tell(&stopped::GO).await;
        assert!(!world.exported().await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_export_at_once_send_a_transfer_once() {
    on_both(async |world| {
        for number in 0..6 {
            let (_, transfer) = world.owed(&format!("VL-{number}")).await;
            world
                .bank()
                .payee(&transfer, &payee(MIA), world.now())
                .await
                .unwrap();
        }
        let (bank, payer) = (world.bank(), payer());
        let day = jiff::civil::date(2026, 12, 1);
        let both = [
            bank.export(&payer, day, world.now()),
            bank.export(&payer, day, world.now()),
        ];
        let done = futures_util::future::join_all(both).await;
        assert!(done.iter().any(Result::is_ok));
        assert_eq!(bank.batches().await.unwrap().len(), 1);
        let store = &world.ready.shop.desk.store;
        let all = store.read(|tx| Box::pin(async move { transfers::all(tx, "bank", true).await }));
        let all = all.await.unwrap();
        assert_eq!(all.len(), 6);
        assert!(
            all.iter()
                .all(|owed| owed.status.as_deref() == Some("exported")),
            "{all:?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_the_bank_adds_nothing_to_the_log() {
    on_both(async |world| {
        let (id, _) = world.owed("VL-1").await;
        let before = world.tended(id).await.version;
        for _ in 0..5 {
            world.ready.shop.clock.advance(2 * 3_600);
            world.ready.shop.tend(id, 0).await;
        }
        assert_eq!(world.tended(id).await.version, before);
    })
    .await;
}
