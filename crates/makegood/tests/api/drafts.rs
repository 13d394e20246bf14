// SPDX-License-Identifier: MIT OR Apache-2.0
//! A new version of the policy: drafted by one, compared, approved by another, and in force from its day on.

use axum::body::Body;
use makegood::books::people::Role;
use serde_json::Value as Json;

use crate::shop::{Answered, Ground, Shop, Visitor};

on_both! {
    a_draft_is_compared_approved_by_somebody_else_and_judges_from_its_day_on,
    what_is_wrong_with_a_draft_is_told_and_its_text_is_not_lost,
    a_draft_that_was_withdrawn_is_approved_by_nobody,
}

const DANISH: &str = include_str!("../../../../policies/viplikes/2025-10-02/policy.da.md");
const ENGLISH: &str = include_str!("../../../../policies/viplikes/2025-10-02/policy.en.md");
const DRAFTS: &str = "/desk/policy/drafts";

/// The pages as of another day, in which more of a drop is common.
fn pages(version: &str) -> (String, String) {
    let dated =
        |page: &str| page.replacen("version: 2025-10-02", &format!("version: {version}"), 1);
    let danish = DANISH.replacen("small_drop = 10 %", "small_drop = 15 %", 1);
    assert_ne!(danish, DANISH);
    (dated(&danish), dated(ENGLISH))
}

async fn hand_in(visitor: &Visitor, source: &str, translation: &str) -> Answered {
    let mark = "x-a-mark-between-parts-x";
    let mut body = String::new();
    for (name, file, text) in [
        ("source", Some("policy.da.md"), source),
        ("translation", None, translation),
    ] {
        let file = file.map_or(String::new(), |file| format!("; filename=\"{file}\""));
        body.push_str(&format!(
            "--{mark}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{text}\r\n"
        ));
    }
    body.push_str(&format!("--{mark}--\r\n"));
    let request = visitor
        .request("POST", DRAFTS)
        .header("sec-fetch-site", "same-origin")
        .header("accept-language", "en")
        .header(
            "content-type",
            format!("multipart/form-data; boundary={mark}"),
        );
    visitor.ask(request.body(Body::from(body)).unwrap()).await
}

async fn does(visitor: &Visitor, place: &str, act: &str) -> Answered {
    let request = visitor
        .request("POST", place)
        .header("sec-fetch-site", "same-origin")
        .header("accept-language", "en")
        .header("content-type", "application/x-www-form-urlencoded");
    visitor
        .ask(request.body(Body::from(format!("do={act}"))).unwrap())
        .await
}

async fn read(visitor: &Visitor, path: &str) -> String {
    let request = visitor.request("GET", path).header("accept-language", "en");
    let answer = visitor.ask(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

fn place(answer: &Answered) -> String {
    let place = answer.header("location").expect("a place");
    place.split('?').next().unwrap().to_owned()
}

/// A drop of 12 % after the guarantee, ordered in a year.
async fn decided(visitor: &Visitor, year: &str) -> Json {
    let case = include_str!("../../../../examples/cases/drop-after-guarantee.json");
    let case = case
        .replace("2025-", &format!("{year}-"))
        .replace("1400", "1380");
    let answer = visitor
        .post("/v1/decide", &serde_json::from_str(&case).unwrap())
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn a_draft_is_compared_approved_by_somebody_else_and_judges_from_its_day_on(ground: Ground) {
    let shop = Shop::open(ground).await;
    let (agent, owner) = (shop.agent().await, shop.somebody("Olga", Role::Owner).await);
    let (source, translation) = pages("2090-01-31");
    let taken = hand_in(&agent, &source, &translation).await;
    assert_eq!(taken.status, 303, "{}", taken.text());
    let draft = place(&taken);

    let page = read(&agent, &draft).await;
    assert!(
        page.contains("An owner approves it.") && !page.contains("value=\"approve\""),
        "{page}"
    );
    let refused = does(&agent, &draft, "approve").await;
    assert_eq!(refused.status, 422);
    let page = read(&owner, &draft).await;
    assert!(
        page.contains("Agnes") && page.contains("value=\"approve\""),
        "{page}"
    );
    // What changes is the class of drops between the two shares, and nothing else.
    assert!(
        page.contains("from 10 %") || page.contains("10 %"),
        "{page}"
    );
    assert!(!page.contains("Every possible case ends as before"));
    let public = shop.stranger();
    assert_eq!(public.get("/policy/2090-01-31").await.status, 404);

    let approved = does(&owner, &draft, "approve").await;
    assert_eq!(approved.status, 303, "{}", approved.text());
    assert!(
        read(&owner, &draft)
            .await
            .contains("Approved, not yet in force")
    );
    assert_eq!(does(&owner, &draft, "approve").await.status, 422);
    assert_eq!(does(&owner, &draft, "withdraw").await.status, 422);
    let page = read(&public, "/policy/2090-01-31").await;
    assert!(
        page.contains("comes into force on 31 January 2090"),
        "{page}"
    );
    assert!(!read(&public, "/policy").await.contains("class=\"notice\""));

    let (before, after) = (decided(&agent, "2089").await, decided(&agent, "2091").await);
    let ends = |came: &Json| (came["policy"]["version"].clone(), came["outcome"].clone());
    assert_eq!(
        ends(&before),
        ("2025-10-02".into(), "review".into()),
        "{before}"
    );
    assert_eq!(
        ends(&after),
        ("2090-01-31".into(), "declined".into()),
        "{after}"
    );

    // Another start of the program knows it, and so does another process after a look.
    let other = makegood::in_force::InForce::new(shop.ready.shop.desk.policies.fixed().clone());
    assert_eq!(other.now().iter().count(), 1);
    other.refresh(&shop.ready.shop.desk.store).await.unwrap();
    assert_eq!(other.now().iter().count(), 2);
}

async fn what_is_wrong_with_a_draft_is_told_and_its_text_is_not_lost(ground: Ground) {
    let shop = Shop::open(ground).await;
    let owner = shop.somebody("Olga", Role::Owner).await;
    let (source, translation) = pages("2090-01-31");
    let unreadable = source.replacen(
        "when nothing_delivered && below_baseline",
        "when no_such_fact",
        1,
    );
    let renamed = source.replacen("policy: viplikes", "policy: other", 1);
    let renamed_too = translation.replacen("policy: viplikes", "policy: other", 1);
    let (past, past_too) = pages("2020-01-31");
    let (same, same_too) = pages("2025-10-02");
    for (source, translation, told) in [
        (&unreadable, &translation, "no_such_fact"),
        (&renamed, &renamed_too, "Name the policy `viplikes`"),
        (&source, &String::new(), "There is no page in `en`"),
        (&past, &past_too, "is not after today"),
        (&same, &same_too, "There is a version of 2025-10-02 already"),
        (&String::new(), &String::new(), "cannot be read as it is"),
    ] {
        let answer = hand_in(&owner, source, translation).await;
        assert_eq!(answer.status, 422, "{told}");
        let page = answer.text();
        assert!(page.contains(told), "{told}: {page}");
        assert!(source.is_empty() || page.contains("## 2 Sådan beder du om hjælp"));
    }
    assert!(
        read(&owner, DRAFTS)
            .await
            .contains("Nobody has handed in a draft yet")
    );
    // Whoever wrote it does not approve it, owner or not.
    let draft = place(&hand_in(&owner, &source, &translation).await);
    let refused = does(&owner, &draft, "approve").await;
    assert!(refused.status == 422 && refused.text().contains("somebody else approves it"));
}

async fn a_draft_that_was_withdrawn_is_approved_by_nobody(ground: Ground) {
    let shop = Shop::open(ground).await;
    let (agent, owner) = (shop.agent().await, shop.somebody("Olga", Role::Owner).await);
    let (source, translation) = pages("2090-01-31");
    let one = place(&hand_in(&agent, &source, &translation).await);
    let two = place(&hand_in(&agent, &source, &translation).await);
    let other = shop.somebody("Bo", Role::Agent).await;
    assert_eq!(does(&other, &one, "withdraw").await.status, 422);
    assert_eq!(does(&agent, &one, "withdraw").await.status, 303);
    assert_eq!(does(&owner, &one, "approve").await.status, 422);
    assert_eq!(does(&owner, &two, "approve").await.status, 303);
    assert_eq!(shop.ready.shop.desk.policies.now().iter().count(), 2);
    assert_eq!(owner.get("/desk/policy/drafts/draft_00").await.status, 404);
}
