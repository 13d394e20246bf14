// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a payment provider sends: who is believed, that twice is once, and that money moves on by it.

use axum::body::Body;
use makegood::pay::sandbox::call::{Call, Method};
use makegood::world::Watch;
use ring::hmac;
use serde_json::{Value as Json, json};

use crate::shop::{Answered, Ground, Shop, Visitor};

on_both! {
    only_fresh_events_with_the_providers_signature_are_taken_down,
    a_pending_refund_is_paid_once_the_provider_says_so_and_a_late_failure_takes_it_back,
    what_stands_in_an_event_is_not_believed,
    a_secret_that_is_none_is_told_when_the_desk_is_opened,
}

makegood::statements! {
    TAKEN_DOWN = "select count(*) from provider_event";
}

const SECRET: &str = "whsec_of_today";
const HERE: &str = "/hooks/payments/card";

async fn open(ground: Ground) -> Shop {
    Shop::with(
        ground,
        &[
            "desk.undo_seconds=0",
            "server.rate_visitor_per_minute_max=1000",
            "payments.card.kind=sandbox",
            // The old one holds until the provider has changed over.
            r#"payments.card.webhook_secrets=["whsec_of_yesterday", "whsec_of_today"]"#,
        ],
    )
    .await
}

/// The header as docs.stripe.com/webhooks/signature describes it.
fn signed(secret: &str, at: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let code = hmac::sign(&key, format!("{at}.{body}").as_bytes());
    let digits: String = code
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!(
        "t={at},v1={digits},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39"
    )
}

fn now(shop: &Shop) -> i64 {
    shop.ready.shop.clock.timestamp().as_second()
}

async fn send(shop: &Shop, path: &str, header: Option<&str>, body: &str) -> Answered {
    let stranger = shop.stranger();
    let mut request = stranger
        .request("POST", path)
        .header("content-type", "application/json; charset=utf-8");
    if let Some(header) = header {
        request = request.header("stripe-signature", header);
    }
    stranger
        .ask(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

async fn send_signed(shop: &Shop, body: &str) -> Answered {
    send(shop, HERE, Some(&signed(SECRET, now(shop), body)), body).await
}

async fn taken_down(shop: &Shop) -> i64 {
    let store = &shop.ready.shop.desk.store;
    let read =
        store.read(|tx| Box::pin(async move { tx.one(&TAKEN_DOWN, &[]).await?.unwrap().int(0) }));
    read.await.unwrap()
}

/// The last event of a kind, as the provider itself writes it.
fn event(shop: &Shop, kind: &str) -> String {
    let mut call = Call::new(Method::Get, "/v1/events");
    call.query = format!("type={kind}&limit=1");
    call.authorization = Some("Bearer sk_test_sandbox".to_owned());
    let answer = shop.sandbox.call(&call).unwrap().value();
    answer["data"][0].to_string()
}

async fn work_off(shop: &Shop) {
    let watch = Watch {
        shop: shop.ready.shop.clone(),
        daily: None,
    };
    while watch.round().await.unwrap() > 0 {}
}

/// A case whose refund the provider has taken and not yet paid: its agent, its address, and the provider's name for the refund.
async fn pending(shop: &Shop) -> (Visitor, String, String) {
    shop.order("VL-1").await;
    let (customer, agent) = (shop.customer().await, shop.agent().await);
    let asked = json!({"order": "VL-1", "claim": "incomplete"});
    let case = customer.post("/v1/cases", &asked).await.json();
    let here = format!("/v1/cases/{}", case["id"].as_str().unwrap());
    shop.bank("/_sandbox/refund_lives", &json!({"status": "pending"}));
    let accepted = agent
        .post(&format!("{here}/decisions/1/accept"), &json!({}))
        .await;
    assert_eq!(accepted.status, 200, "{}", accepted.text());
    shop.tend(&case).await;
    let read = agent.get(&here).await.json();
    assert_eq!(read["refunds"][0]["status"], "pending", "{read}");
    let refund = read["refunds"][0]["provider_refund"].as_str().unwrap();
    let refund = refund.to_owned();
    (agent, here, refund)
}

async fn only_fresh_events_with_the_providers_signature_are_taken_down(ground: Ground) {
    let shop = open(ground).await;
    let (_, _, refund) = pending(&shop).await;
    shop.bank(
        &format!("/_sandbox/refunds/{refund}"),
        &json!({"status": "succeeded"}),
    );
    let body = event(&shop, "refund.updated");
    let at = now(&shop);
    let other = body.replace("succeeded", "failed");
    let stolen = signed(SECRET, at, &body);
    let (right, wrong) = (
        Some(stolen.clone()),
        Some(signed("whsec_of_a_stranger", at, &body)),
    );
    let (late, early) = (
        signed(SECRET, at - 310, &body),
        signed(SECRET, at + 310, &body),
    );
    let bare = stolen.replace("v1=", "v9=");
    let table = [
        (
            "no signature",
            HERE,
            None,
            body.as_str(),
            401,
            "signature-not-valid",
        ),
        (
            "not a signature",
            HERE,
            Some("yes".to_owned()),
            &body,
            401,
            "signature-not-valid",
        ),
        (
            "another scheme",
            HERE,
            Some(bare),
            &body,
            401,
            "signature-not-valid",
        ),
        (
            "another secret",
            HERE,
            wrong,
            &body,
            401,
            "signature-not-valid",
        ),
        (
            "too old",
            HERE,
            Some(late),
            &body,
            401,
            "signature-not-valid",
        ),
        (
            "from the future",
            HERE,
            Some(early),
            &body,
            401,
            "signature-not-valid",
        ),
        (
            "another body",
            HERE,
            right.clone(),
            &other,
            401,
            "signature-not-valid",
        ),
        (
            "no such provider",
            "/hooks/payments/bank",
            right.clone(),
            &body,
            404,
            "not-found",
        ),
        (
            "no event",
            HERE,
            Some(signed(SECRET, at, "{}")),
            "{}",
            400,
            "bad-body",
        ),
    ];
    for (what, path, header, body, status, slug) in table {
        let answer = send(&shop, path, header.as_deref(), body).await;
        assert_eq!(
            (answer.status, answer.slug().as_str()),
            (status, slug),
            "{what}: {}",
            answer.text()
        );
        assert!(!answer.text().contains(SECRET), "{what}");
    }
    let long = "x".repeat(600 * 1024);
    assert_eq!(send_signed(&shop, &long).await.slug(), "too-large");
    // What is about real money is none of a test key's, however often it is sent.
    let live = body.replace("\"livemode\":false", "\"livemode\":true");
    assert_ne!(live, body);
    assert_eq!(
        send_signed(&shop, &live).await.json(),
        json!({"new": false})
    );
    assert_eq!(taken_down(&shop).await, 0);

    // Either secret holds while one is being replaced, and the same event twice is one.
    let first = send(
        &shop,
        HERE,
        Some(&signed("whsec_of_yesterday", at, &body)),
        &body,
    )
    .await;
    assert_eq!((first.status, first.json()), (200, json!({"new": true})));
    let again = send_signed(&shop, &body).await;
    assert_eq!((again.status, again.json()), (200, json!({"new": false})));
    assert_eq!(taken_down(&shop).await, 1);
}

async fn a_pending_refund_is_paid_once_the_provider_says_so_and_a_late_failure_takes_it_back(
    ground: Ground,
) {
    let shop = open(ground).await;
    let (agent, here, refund) = pending(&shop).await;
    let at_bank = format!("/_sandbox/refunds/{refund}");
    let told = async |kind: &str| -> Vec<String> {
        let case = agent.get(&here).await.json();
        let letters = case["letters"].as_array().unwrap().clone();
        let of = |letter: &&Json| letter["kind"] == kind;
        letters.iter().filter(of).map(Json::to_string).collect()
    };
    assert_eq!(told("paid").await.len(), 0);

    shop.bank(&at_bank, &json!({"status": "succeeded"}));
    let body = event(&shop, "refund.updated");
    for new in [true, false] {
        assert_eq!(send_signed(&shop, &body).await.json(), json!({"new": new}));
        work_off(&shop).await;
    }
    let paid = agent.get(&here).await.json();
    assert_eq!(
        (
            &paid["stage"],
            &paid["refunds"][0]["status"],
            &paid["left"]["amount"]
        ),
        (&json!("closed"), &json!("succeeded"), &json!(4990 - 1248)),
        "{paid}"
    );
    assert_eq!(told("paid").await.len(), 1, "{paid}");

    let failed = json!({"status": "failed", "failure_reason": "lost_or_stolen_card"});
    shop.bank(&at_bank, &failed);
    let body = event(&shop, "refund.failed");
    assert_eq!(send_signed(&shop, &body).await.json(), json!({"new": true}));
    work_off(&shop).await;
    let back = agent.get(&here).await.json();
    assert_eq!(
        (&back["refunds"][0]["status"], &back["left"]["amount"]),
        (&json!("failed"), &json!(4990)),
        "{back}"
    );
    assert_eq!(told("failed").await.len(), 1, "{back}");
}

async fn what_stands_in_an_event_is_not_believed(ground: Ground) {
    let shop = open(ground).await;
    let (agent, here, refund) = pending(&shop).await;
    let lie = event(&shop, "refund.created").replace("\"pending\"", "\"succeeded\"");
    assert!(lie.contains(&refund) && lie.contains("succeeded"), "{lie}");
    assert_eq!(send_signed(&shop, &lie).await.json(), json!({"new": true}));
    work_off(&shop).await;
    let read = agent.get(&here).await.json();
    assert_eq!(read["refunds"][0]["status"], "pending", "{read}");
}

async fn a_secret_that_is_none_is_told_when_the_desk_is_opened(ground: Ground) {
    let set = [
        "payments.card.kind=sandbox",
        r#"payments.card.webhook_secrets=["sk_live_1"]"#,
    ];
    let why = Shop::opened(ground, &set).await.err().unwrap();
    assert!(
        why.contains("`payments.card.webhook_secrets`: a webhook secret begins with whsec_"),
        "{why}"
    );
}
