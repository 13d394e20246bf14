// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a connector says later, and where events are sent to.

use axum::body::Body;
use makegood::books::people::Role;
use makegood::signing::{KeyRing, SigningKey};
use ring::rand::SystemRandom;
use serde_json::{Value as Json, json};

use crate::shop::{Answered, Ground, Shop, Visitor};

on_both! {
    what_a_connector_says_later_reaches_the_case_once_and_only_if_it_is_signed,
    an_endpoint_shows_its_secret_once_and_is_looked_after,
}

makegood::statements! {
    GIVEN = "select key from command";
}

/// An order that nobody has begun with, long after it was placed.
async fn overdue(shop: &Shop) {
    let placed =
        (shop.ready.shop.clock.timestamp() - jiff::SignedDuration::from_hours(200)).to_string();
    let service =
        json!({"name": "Likes", "unit": "like", "kind": "standard", "start_within": "PT24H"});
    let money = json!({"amount": 4990, "currency": "EUR"});
    let order = json!({"number": "VL-1", "placed_at": placed, "quantity": 10, "price": money, "links": [], "service": service});
    let told = shop
        .customer()
        .await
        .post("/v1/orders", &json!({"order": order}))
        .await;
    assert_eq!(told.status, 200, "{}", told.text());
}

async fn callback(visitor: &Visitor, keys: &KeyRing, shop: &Shop, body: &Json) -> Answered {
    let body = body.to_string();
    let signed = keys
        .sign("msg_1", shop.ready.shop.clock.timestamp(), body.as_bytes())
        .unwrap();
    let mut request = visitor
        .request("POST", "/hooks/connector")
        .header("content-type", "application/json");
    for (name, value) in signed.headers() {
        request = request.header(name, value);
    }
    visitor.ask(request.body(Body::from(body)).unwrap()).await
}

async fn what_a_connector_says_later_reaches_the_case_once_and_only_if_it_is_signed(
    ground: Ground,
) {
    let key = SigningKey::new_shared(&SystemRandom::new()).unwrap();
    let secret = key.reveal();
    let shop = Shop::with(
        ground,
        &[
            "desk.undo_seconds=0",
            "server.rate_visitor_per_minute_max=1000",
            "webhooks.allow_insecure=true",
            r#"webhooks.allow_networks=["127.0.0.0/8"]"#,
            "fulfilment.connector_url=http://127.0.0.1:9/",
            &format!(r#"fulfilment.connector_secrets=["{secret}"]"#),
        ],
    )
    .await;
    overdue(&shop).await;
    let (customer, agent) = (shop.customer().await, shop.agent().await);
    let asked = json!({"order": "VL-1", "claim": "not_started", "wants": "redelivery"});
    let case = customer.post("/v1/cases", &asked).await.json();
    let here = format!("/v1/cases/{}", case["id"].as_str().unwrap());
    assert_eq!(
        case["decisions"][0]["remedies"][0]["kind"], "expedite",
        "{case}"
    );
    let accepted = agent
        .post(&format!("{here}/decisions/1/accept"), &json!({}))
        .await;
    assert_eq!(accepted.status, 200, "{}", accepted.text());
    // Nobody answers there, so nobody knows how far it is.
    shop.tend(&case).await;
    let given = shop.ready.shop.desk.store.read(|tx| {
        Box::pin(async move {
            tx.one(&GIVEN, &[])
                .await?
                .expect("a command")
                .text(0)
                .map(str::to_owned)
        })
    });
    let given = given.await.unwrap();

    let stranger = shop.stranger();
    let done = json!({"key": given, "state": "done"});
    let strangers = KeyRing::new(SigningKey::new_shared(&SystemRandom::new()).unwrap());
    let answer = callback(&stranger, &strangers, &shop, &done).await;
    assert_eq!(
        (answer.status, answer.slug().as_str()),
        (401, "signature-not-valid")
    );
    let keys = KeyRing::new(key);
    let answer = callback(
        &stranger,
        &keys,
        &shop,
        &json!({"key": "other", "state": "done"}),
    )
    .await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({"known": false}))
    );
    for _ in 0..2 {
        let answer = callback(&stranger, &keys, &shop, &done).await;
        assert_eq!(
            (answer.status, answer.json()),
            (200, json!({"known": true})),
            "{}",
            answer.text()
        );
    }
    shop.seal().await;
    let events = agent.get("/v1/events?limit=1000").await.json();
    let of_kind = |kind: &str| {
        let events = events["data"].as_array().unwrap();
        events.iter().filter(|event| event["type"] == kind).count()
    };
    assert_eq!(of_kind("command_done"), 1, "{events}");
}

async fn an_endpoint_shows_its_secret_once_and_is_looked_after(ground: Ground) {
    let shop = Shop::open(ground).await;
    let owner = shop.somebody("Olga", Role::Owner).await;
    let list = "/v1/webhook_endpoints";
    let inside = owner
        .post(list, &json!({"url": "https://127.0.0.1/"}))
        .await;
    assert_eq!(
        (inside.status, &inside.json()["errors"][0]["pointer"]),
        (400, &json!("/url"))
    );
    let pattern = owner
        .post(
            list,
            &json!({"url": "https://example.org/h", "events": ["Case"]}),
        )
        .await;
    assert_eq!(
        (pattern.status, &pattern.json()["errors"][0]["pointer"]),
        (400, &json!("/events"))
    );
    let made = owner
        .post(
            list,
            &json!({"url": "https://example.org/h", "events": ["case.opened"]}),
        )
        .await
        .json();
    let first = made["secret"].as_str().unwrap().to_owned();
    assert!(first.starts_with("whsec_"));
    let here = format!("{list}/{}", made["id"].as_str().unwrap());
    assert_eq!(owner.get(&here).await.json().get("secret"), None);
    assert_eq!(owner.get(list).await.json()["data"][0]["id"], made["id"]);
    let rotated = owner
        .post(&format!("{here}/rotate"), &json!({}))
        .await
        .json();
    assert_ne!(rotated["secret"], json!(first));
    let off = owner
        .post(&format!("{here}/disable"), &json!({}))
        .await
        .json();
    assert_eq!(
        (&off["status"], &off["disabled_why"]),
        (&json!("disabled"), &json!("by_hand"))
    );
    assert_eq!(
        owner
            .post(&format!("{here}/enable"), &json!({}))
            .await
            .json()["status"],
        "enabled"
    );
    let deliveries = format!(
        "/v1/webhook_deliveries?endpoint={}",
        made["id"].as_str().unwrap()
    );
    assert_eq!(owner.get(&deliveries).await.json()["data"], json!([]));
    let since = owner
        .post(&format!("{here}/replay"), &json!({"since": "2025-10-02"}))
        .await;
    assert_eq!(
        (since.status, &since.json()["errors"][0]["pointer"]),
        (400, &json!("/since"))
    );
    let since = owner
        .post(
            &format!("{here}/replay"),
            &json!({"since": "2025-10-02T00:00:00Z"}),
        )
        .await;
    assert_eq!(since.json(), json!({"replayed": 0}));
    assert_eq!(
        owner
            .post(&format!("{here}/remove"), &json!({}))
            .await
            .json()["removed"],
        true
    );
    assert_eq!(owner.get(&here).await.slug(), "not-found");
}
