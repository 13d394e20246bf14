// SPDX-License-Identifier: MIT OR Apache-2.0
//! The anchor: one machine or several hold the log against what they remember, and money moves only where it may.

#![expect(
    clippy::unwrap_used,
    reason = "a panic around a test is a failed test with its place"
)]

#[path = "anchor/machine.rs"]
mod machine;
#[path = "support/pg.rs"]
#[expect(dead_code, reason = "not every test file uses all of it")]
mod pg;
#[path = "anchor/program.rs"]
mod program;

use std::fs;
use std::path::Path;

use axum::body::Body;
use axum::http::Request;
use machine::{CLUSTER, Machine, Open, provider, size_in};
use makegood::audit::SigningKey;
use makegood::audit::anchor::Frozen;
use makegood::books::people::{self, NewToken, Role, Scope};
use makegood::hold::{Acceptance, Unacceptable, look};
use makegood::setup::new_id;
use makegood::web::{Web, router};
use serde_json::{Value, json};
use tower::ServiceExt as _;

async fn accepted(open: &Open) -> Acceptance {
    let (store, anchor) = (&open.ready.shop.desk.store, &open.ready.anchor);
    let signer = &open.ready.signer;
    let accepting = Acceptance::of(look(store, anchor, signer).await.unwrap()).unwrap();
    let now = open.ready.shop.clock.now();
    accepting.accept(store, anchor, signer, now).await.unwrap();
    accepting
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_joins_after_the_first_event_works() {
    let url = CLUSTER.database(None).await;
    let first = Machine::new(Some(&url), &provider());
    let one = first.open().await;
    let owed = one.owed("VL-1").await;
    one.sealed().await;
    // No head was signed yet but that of the empty log.
    let second = first.beside();
    let two = second.open().await;
    assert!(two.ready.frozen.is_none(), "{:?}", two.ready.frozen);
    assert_eq!(size_in(&second.anchor()), 0);
    assert!(two.pays(owed).await);
    assert!(one.kept().await);
    let third = first.beside();
    let three = third.open().await;
    assert!(three.ready.frozen.is_none(), "{:?}", three.ready.frozen);
    assert_eq!(size_in(&third.anchor()), size_in(&first.anchor()));
    let owed = three.owed("VL-2").await;
    assert!(three.pays(owed).await);
    // Those who did not sign remember what another has signed.
    assert!(three.kept().await);
    assert!(!two.kept().await);
    assert_eq!(size_in(&second.anchor()), size_in(&third.anchor()));
    assert_eq!(one.mark().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_put_back_is_caught_by_whoever_has_an_anchor_and_held_for_all() {
    let url = CLUSTER.database(None).await;
    let mut first = Machine::new(Some(&url), &provider());
    let one = first.open().await;
    let owed = one.owed("VL-1").await;
    one.kept().await;
    one.close().await;
    let copy = CLUSTER
        .database(Some(url.rsplit('/').next().unwrap()))
        .await;
    let one = first.open().await;
    assert!(one.pays(owed).await);
    one.kept().await;
    one.close().await;

    first.moved(&copy);
    // A machine that joins now cannot know: the money that went out is owed again in these books.
    let second = first.beside();
    let two = second.open().await;
    assert!(two.ready.frozen.is_none());
    let one = first.open().await;
    let older = matches!(one.ready.frozen, Some(Frozen::Older { .. }));
    assert!(older, "{:?}", one.ready.frozen);
    let mark = one.mark().await.unwrap();
    assert_eq!(mark, fs::read_to_string(first.anchor()).unwrap());
    assert!(!one.pays(owed).await);
    assert!(!two.pays(owed).await);
    two.ask("VL-9").await;
    assert!(!two.kept().await, "nothing is signed that is in doubt");
    let told = two.ready.shop.desk.hold.frozen().unwrap();
    assert!(told.contains("`makegood verify --accept`"), "{told}");
    two.close().await;

    // A machine that agrees with these books, and one that joins, let nothing go.
    for machine in [&second, &first.beside()] {
        let open = machine.open().await;
        assert!(open.ready.frozen.is_some());
        assert!(!open.pays(owed).await);
        assert_eq!(open.mark().await.as_deref(), Some(mark.as_str()));
        open.close().await;
    }

    let two = second.open().await;
    let accepting = accepted(&one).await;
    assert_eq!(
        accepting.remembered,
        mark.lines().nth(1).unwrap().parse::<u64>().unwrap()
    );
    assert!(accepting.size < accepting.remembered);
    assert_eq!(one.mark().await, None);
    assert!(!one.pays(owed).await, "it is started again first");
    one.close().await;
    two.kept().await;
    assert_eq!(two.ready.shop.desk.hold.frozen(), None);
    let one = first.open().await;
    assert!(one.ready.frozen.is_none(), "{:?}", one.ready.frozen);
    // The provider knows the refund by its key, so accepting pays nothing twice.
    assert!(one.pays(owed).await);
    assert!(one.kept().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acceptance_overrules_no_machine_that_remembers_more() {
    let url = CLUSTER.database(None).await;
    let mut first = Machine::new(Some(&url), &provider());
    let one = first.open().await;
    one.ask("VL-1").await;
    one.kept().await;
    one.close().await;
    let copy = CLUSTER
        .database(Some(url.rsplit('/').next().unwrap()))
        .await;
    let one = first.open().await;
    let mut second = first.beside();
    let two = second.open().await;
    let mut third = first.beside();
    let three = third.open().await;
    one.ask("VL-2").await;
    one.kept().await;
    three.kept().await;
    one.close().await;
    three.close().await;
    two.ask("VL-3").await;
    two.kept().await;
    two.close().await;
    assert_eq!(size_in(&first.anchor()), size_in(&third.anchor()));
    assert!(size_in(&first.anchor()) < size_in(&second.anchor()));

    for machine in [&mut first, &mut second, &mut third] {
        machine.moved(&copy);
    }
    let one = first.open().await;
    accepted(&one).await;
    one.close().await;
    let three = third.open().await;
    assert!(three.ready.frozen.is_none(), "{:?}", three.ready.frozen);
    assert_eq!(size_in(&third.anchor()), size_in(&first.anchor()));
    let two = second.open().await;
    assert!(
        two.ready.frozen.is_some(),
        "it remembers more than the person was told of"
    );
    assert!(two.mark().await.is_some());
    accepted(&two).await;
    two.close().await;
    let two = second.open().await;
    assert!(two.ready.frozen.is_none(), "{:?}", two.ready.frozen);
}

/// Something that is done to a machine's files.
type Harm = fn(&Path);

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_with_trouble_of_its_own_holds_back_its_own_money_and_nobody_elses() {
    let url = CLUSTER.database(None).await;
    let healthy = Machine::new(Some(&url), &provider());
    let well = healthy.open().await;
    well.ask("VL-0").await;
    well.kept().await;
    let harms: [(&str, Harm, &str); 4] = [
        (
            "unreadable",
            |folder| fs::create_dir(folder.join("audit.anchor")).unwrap(),
            "audit.anchor: ",
        ),
        (
            "malformed",
            |folder| fs::write(folder.join("audit.anchor"), "no checkpoint").unwrap(),
            "audit.anchor: line 1: ",
        ),
        (
            "untrusted",
            |folder| {
                let other = folder.join("other.key");
                let key = SigningKey::create(&other, "makegood.localhost").unwrap();
                let note = key.checkpoint(0, makegood_desk::audit::empty_root());
                fs::write(folder.join("audit.anchor"), note.to_string()).unwrap();
            },
            "not signed with a key that is trusted here",
        ),
        (
            "with another key",
            |folder| {
                fs::remove_file(folder.join("audit.key")).unwrap();
                SigningKey::create(&folder.join("audit.key"), "makegood.localhost").unwrap();
            },
            "give this machine the signing key (`audit.key_file`)",
        ),
    ];
    for (name, harm, told) in harms {
        let owed = well.owed(&format!("VL-{name}")).await;
        let harmed = healthy.beside();
        harm(&harmed.folder);
        let ill = harmed.open().await;
        let why = ill.ready.frozen.as_ref().map(ToString::to_string);
        assert!(
            why.as_ref().is_some_and(|why| why.contains(told)),
            "{name}: {why:?}"
        );
        assert!(!ill.pays(owed).await, "{name}");
        assert_eq!(ill.mark().await, None, "{name}");
        assert!(well.pays(owed).await, "{name}");
        ill.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_damaged_or_rewritten_stops_all_machines_until_it_is_as_it_was() {
    const MENDS: &str = "delete from audit_node; insert into audit_node select * from spare";
    for (what, harm) in [
        ("damaged", "delete from audit_node"),
        ("rewritten", "update audit_node set hash = sha256(hash)"),
    ] {
        let url = CLUSTER.database(None).await;
        let first = Machine::new(Some(&url), &provider());
        let one = first.open().await;
        let two = first.beside();
        let two = two.open().await;
        let owed = one.owed("VL-1").await;
        assert!(one.kept().await);
        one.close().await;
        let spare = "create table spare as select * from audit_node";
        CLUSTER.tell_in(&url, &format!("{spare}; {harm}")).await;
        let one = first.open().await;
        let found = &one.ready.frozen;
        let right = match what {
            "damaged" => matches!(found, Some(Frozen::Damaged(_))),
            _ => matches!(found, Some(Frozen::Rewritten { .. })),
        };
        assert!(right, "{what}: {found:?}");
        let (store, signer) = (&one.ready.shop.desk.store, &one.ready.signer);
        let seen = look(store, &one.ready.anchor, signer).await.unwrap();
        let nothing = Acceptance::of(seen);
        let broken = matches!(nothing, Err(Unacceptable::Broken(_)));
        assert!(broken, "{what}: {nothing:?}");
        assert!(two.is_held(owed).await, "{what}");
        CLUSTER.tell_in(&url, MENDS).await;
        assert!(two.is_held(owed).await, "{what}: nobody has looked yet");
        let three = first.beside();
        let three = three.open().await;
        assert!(
            three.ready.frozen.is_none(),
            "{what}: {:?}",
            three.ready.frozen
        );
        assert_eq!(three.mark().await, None, "{what}");
        assert!(two.pays(owed).await, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_put_back_under_an_open_desk_is_noticed_before_a_head_is_signed() {
    let url = CLUSTER.database(None).await;
    let first = Machine::new(Some(&url), &provider());
    let one = first.open().await;
    one.ask("VL-1").await;
    one.kept().await;
    one.close().await;
    let copy = CLUSTER
        .database(Some(url.rsplit('/').next().unwrap()))
        .await;
    let one = first.open().await;
    one.ask("VL-2").await;
    one.kept().await;
    let mut second = first.beside();
    second.moved(&copy);
    let two = second.open().await;
    let owed = two.owed("VL-3").await;
    assert!(two.ready.frozen.is_none());
    // As if the database of the first were put back to that copy while the second has it open.
    fs::copy(first.anchor(), second.anchor()).unwrap();
    assert!(!two.kept().await);
    assert!(two.mark().await.is_some());
    assert!(!two.pays(owed).await);
    let told = two.ready.shop.desk.hold.frozen().unwrap();
    // It has more events by now than were remembered, and they are others.
    assert!(told.contains("events are others than those"), "{told}");
    assert_eq!(size_in(&second.anchor()), size_in(&first.anchor()));
    // A file that cannot be read for a moment does not stop a desk that is open.
    fs::remove_file(first.anchor()).unwrap();
    one.ask("VL-4").await;
    assert!(one.kept().await);
    assert_eq!(one.ready.shop.desk.hold.frozen(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switch_of_the_settings_holds_one_program_and_ends_with_it() {
    let url = CLUSTER.database(None).await;
    let first = Machine::new(Some(&url), &provider());
    let switched = first.open_with(&["money.kill_switch=true"]).await;
    let other = first.beside();
    let other = other.open().await;
    let (here, there) = (switched.owed("VL-1").await, switched.owed("VL-2").await);
    assert!(!switched.pays(here).await);
    assert!(switched.ready.frozen.is_none());
    assert!(other.pays(there).await);
    assert_eq!(switched.mark().await, None);
    assert_eq!(brakes(&switched, "GET", "").await["frozen"], true);
    assert_eq!(brakes(&other, "GET", "").await["frozen"], false);
    switched.close().await;
    let free = first.open().await;
    assert!(free.pays(here).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_stopped_stays_stopped_whatever_is_started_again() {
    for database in [None, Some(CLUSTER.database(None).await)] {
        let machine = Machine::new(database.as_deref(), &provider());
        let open = machine.open_with(&["money.kill_switch=true"]).await;
        let owed = open.owed("VL-1").await;
        brakes(&open, "POST", "/stop").await;
        open.close().await;
        let open = machine.open().await;
        assert!(open.is_stopped().await);
        assert!(!open.pays(owed).await);
        let told = brakes(&open, "GET", "").await;
        assert_eq!(
            (&told["by_person"], &told["frozen"]),
            (&json!(true), &json!(false))
        );
        brakes(&open, "POST", "/go").await;
        assert!(open.pays(owed).await);
        open.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_one_machine_a_missing_anchor_holds_money_until_a_person_accepts() {
    let machine = Machine::new(None, &provider());
    let open = machine.open().await;
    let over = open.owed("VL-0").await;
    assert!(open.pays(over).await);
    let owed = open.owed("VL-1").await;
    assert!(open.kept().await);
    open.close().await;
    fs::remove_file(machine.anchor()).unwrap();
    let open = machine.open().await;
    let missing = matches!(open.ready.frozen, Some(Frozen::Missing(_)));
    assert!(missing, "{:?}", open.ready.frozen);
    assert!(!open.pays(owed).await);
    // Nothing is wrong with the books, so they are not marked; and letting go what a person stopped changes nothing.
    assert_eq!(open.mark().await, None);
    let told = brakes(&open, "POST", "/go").await;
    assert_eq!(
        (&told["stopped"], &told["by_person"], &told["frozen"]),
        (&json!(true), &json!(false), &json!(true))
    );
    let why = told["frozen_because"].as_str().unwrap();
    assert!(why.contains("`makegood verify --accept`"), "{why}");
    assert!(!open.pays(owed).await);
    // Nor is anybody erased by books that may be in doubt.
    assert_eq!(open.erased().await, 0);
    accepted(&open).await;
    open.close().await;
    let open = machine.open().await;
    assert!(open.ready.frozen.is_none(), "{:?}", open.ready.frozen);
    assert_eq!(open.erased().await, 1);
    assert!(open.pays(owed).await);
    assert!(open.kept().await);
    open.close().await;
}

/// What the interface says of the brakes, asked or told by finance.
async fn brakes(open: &Open, method: &str, place: &str) -> Value {
    let secret = people::random(people::PREFIX).unwrap();
    let (kept, now) = (secret.clone(), open.ready.shop.clock.now());
    let added = open.ready.shop.desk.store.write(move |tx| {
        let kept = kept.clone();
        Box::pin(async move {
            let person = new_id();
            people::add(tx, person, &format!("Finn {person:?}"), Role::Finance, now).await?;
            let token = NewToken {
                id: new_id(),
                name: "Finn".to_owned(),
                scopes: vec![Scope::of_role(Role::Finance)],
                person: Some(person),
                expires_at: None,
            };
            people::add_token(tx, &kept, &token, now).await
        })
    });
    added.await.unwrap();
    let request = Request::builder()
        .method(method)
        .uri(format!("/v1/brakes{place}"))
        .header("authorization", format!("Bearer {}", secret.expose()))
        .header("content-type", "application/json")
        .header("idempotency-key", uuid::Uuid::now_v7().to_string());
    let body = match method {
        "GET" => Body::empty(),
        _ => Body::from(r#"{"reason": "to see"}"#),
    };
    let router = router(Web::new(&open.ready, None));
    let answer = router.oneshot(request.body(body).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20)
        .await
        .unwrap();
    serde_json::from_slice(&body).unwrap()
}
