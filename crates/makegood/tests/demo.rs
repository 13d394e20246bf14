// SPDX-License-Identifier: MIT OR Apache-2.0
//! The demonstration's shop: every stage is there, and its books hold.

#![expect(
    clippy::unwrap_used,
    reason = "a panic around a test is a failed test with its place"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use makegood::books::check;
use makegood::clock::Clock;
use makegood::config::{Flags, load, write_initial};
use makegood::demo::{self, PROVIDER, Seeded};
use makegood::pay::Provider;
use makegood::pay::sandbox::{Sandbox, router};
use makegood::pay::stripe::{SecretKey, Settings, Stripe};
use makegood::setup::{self, Ready};
use makegood_desk::life::Stage;

struct Folder(std::path::PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn seeded(seed: u64) -> (Ready, Seeded, Folder) {
    let name = format!("makegood-demo-{}", uuid::Uuid::now_v7());
    let folder = Folder(std::env::temp_dir().join(name));
    std::fs::create_dir_all(&folder.0).unwrap();
    write_initial(&folder.0, &folder.0).unwrap();
    let flags = Flags {
        config: Some(folder.0.join("config.toml")),
        set: demo::settings(),
        ..Flags::default()
    };
    let config = load(&flags, &BTreeMap::new()).unwrap().config;
    let clock = Clock::default();
    let wall = clock.clone();
    let wall = Box::new(move || wall.timestamp().as_second());
    let sandbox = Arc::new(Sandbox::in_memory(seed, wall));
    let key = SecretKey::new("sk_test_sandbox").unwrap();
    let stripe = Stripe::in_process(router(Arc::clone(&sandbox)), Settings::new(key)).unwrap();
    let within = BTreeMap::from([(PROVIDER.to_owned(), Provider::Stripe(stripe))]);
    let ready = setup::open(config, clock, within).await.unwrap();
    let seeded = demo::seed(&ready, &sandbox, seed).await.unwrap();
    (ready, seeded, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_story_ends_where_it_says_and_every_stage_is_there() {
    let (ready, seeded, _folder) = seeded(2026).await;
    assert_eq!(seeded.orders, demo::ORDERS);
    let astray: BTreeSet<String> = seeded
        .cases
        .iter()
        .filter(|case| case.stage != case.expected)
        .map(|case| {
            format!(
                "{}: {:?}, and not {:?}",
                case.story, case.stage, case.expected
            )
        })
        .collect();
    assert!(astray.is_empty(), "{astray:#?}");
    let there = demo::by_stage(&seeded);
    for (word, _) in Stage::ALL {
        assert!(there.contains_key(word), "no case is {word}: {there:?}");
    }
    // The numbers rise with the times at which cases were opened.
    let ids: Vec<_> = seeded.cases.iter().map(|case| case.id).collect();
    assert!(ids.is_sorted());
    let (looked, wrong) = ready
        .shop
        .desk
        .store
        .read(|tx| Box::pin(async move { check::all(tx).await }))
        .await
        .unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(looked.cases >= 60, "{looked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_gives_one_shop() {
    let told = |seeded: &Seeded| -> Vec<_> {
        seeded
            .cases
            .iter()
            .map(|case| (case.number, case.order.clone(), case.story, case.stage))
            .collect()
    };
    let (_ready, first, _folder) = seeded(7).await;
    let (_ready, second, _folder) = seeded(7).await;
    assert_eq!(told(&first), told(&second));
    let (_ready, third, _folder) = seeded(8).await;
    assert_ne!(told(&first), told(&third));
}
