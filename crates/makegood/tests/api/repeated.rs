// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same request again: one effect, the same answer, and a difference by its name.

use serde_json::{Value, json};

use crate::shop::{Ground, Shop};

on_both! {
    the_same_key_has_the_same_answer_and_other_content_is_told_apart,
    a_refusal_is_an_answer_too,
    eight_of_the_same_at_once_have_one_effect,
    a_key_that_is_needed_is_asked_for_and_one_that_is_none_is_refused,
}

async fn the_same_key_has_the_same_answer_and_other_content_is_told_apart(ground: Ground) {
    let shop = Shop::open(ground).await;
    shop.order("VL-1").await;
    let customer = shop.customer().await;
    let body = json!({"order": "VL-1", "claim": "incomplete", "customer": {"email": "ann@example.com"}, "description": "750 only"});
    let first = customer.post_as("/v1/cases", "key-1", &body).await;
    assert_eq!(
        (first.status, first.header("idempotent-replayed")),
        (200, None)
    );
    let with = |name: &str, value: Value| {
        let mut other = body.clone();
        other[name] = value;
        other
    };
    let spaced = serde_json::to_string_pretty(&body).unwrap();
    let again = [
        customer.post_as("/v1/cases", "key-1", &body).await,
        customer.post_as("/v1/cases", "\"key-1\"", &body).await,
        {
            let request = customer
                .request("POST", "/v1/cases")
                .header("content-type", "application/json; charset=utf-8");
            customer
                .ask(
                    request
                        .header("idempotency-key", "key-1")
                        .body(spaced.into())
                        .unwrap(),
                )
                .await
        },
    ];
    for again in again {
        assert_eq!(
            (again.status, again.header("idempotent-replayed")),
            (200, Some("true")),
            "{}",
            again.text()
        );
        assert_eq!(again.body, first.body);
    }
    let case = first.json()["id"].as_str().unwrap().to_owned();
    let message = format!("/v1/cases/{case}/messages");
    let table = [
        ("/v1/cases", with("claim", json!("slow")), "/claim"),
        ("/v1/cases", with("wants", json!("redelivery")), "/wants"),
        (
            "/v1/cases",
            with("customer", json!({"email": "bo@example.com"})),
            "/customer/email",
        ),
        (
            "/v1/cases",
            json!({"order": "VL-1", "claim": "incomplete", "customer": {"email": "ann@example.com"}}),
            "/description",
        ),
        (message.as_str(), json!({"text": "hello"}), "path"),
    ];
    for (path, other, difference) in table {
        let answer = customer.post_as(path, "key-1", &other).await;
        assert_eq!(
            (answer.status, answer.slug().as_str()),
            (422, "idempotency-key-reused"),
            "{difference}"
        );
        assert_eq!(answer.json()["difference"], difference);
        assert!(!answer.text().contains("ann@"), "{}", answer.text());
    }
    // The key of somebody else is another key.
    let other = shop
        .customer()
        .await
        .post_as("/v1/cases", "key-1", &body)
        .await;
    assert_eq!(
        (other.status, other.header("idempotent-replayed")),
        (200, None)
    );
    assert_eq!(
        customer.get(&format!("/v1/cases/{case}")).await.json()["messages"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

async fn a_refusal_is_an_answer_too(ground: Ground) {
    let shop = Shop::open(ground).await;
    shop.order("VL-1").await;
    let (customer, agent) = (shop.customer().await, shop.agent().await);
    let case = customer
        .post(
            "/v1/cases",
            &json!({"order": "VL-1", "claim": "incomplete"}),
        )
        .await
        .json();
    let accept = format!(
        "/v1/cases/{}/decisions/1/accept",
        case["id"].as_str().unwrap()
    );
    let stale = json!({"remainder": 1});
    let first = agent.post_as(&accept, "k", &stale).await;
    assert_eq!(first.slug(), "remainder-stale");
    let again = agent.post_as(&accept, "k", &stale).await;
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (409, Some("true"))
    );
    assert_eq!(again.body, first.body);
    assert_eq!(
        agent
            .post_as(&accept, "k2", &json!({"remainder": 4990}))
            .await
            .status,
        200
    );
}

async fn eight_of_the_same_at_once_have_one_effect(ground: Ground) {
    let shop = Shop::open(ground).await;
    shop.order("VL-1").await;
    let (customer, agent) = (shop.customer().await, shop.agent().await);
    let case = customer
        .post(
            "/v1/cases",
            &json!({"order": "VL-1", "claim": "incomplete"}),
        )
        .await
        .json();
    let here = format!("/v1/cases/{}", case["id"].as_str().unwrap());
    let accept = format!("{here}/decisions/1/accept");
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (agent, accept) = (agent.clone(), accept.clone());
        running.spawn(async move {
            agent
                .post_as(&accept, "once", &json!({"remainder": 4990}))
                .await
        });
    }
    let mut bodies = Vec::new();
    while let Some(answer) = running.join_next().await {
        let answer = answer.unwrap();
        match answer.status {
            200 => bodies.push(answer.body),
            _ => assert_eq!(answer.slug(), "idempotency-key-in-use"),
        }
    }
    let last = agent
        .post_as(&accept, "once", &json!({"remainder": 4990}))
        .await;
    assert!(!bodies.is_empty() && bodies.iter().all(|body| *body == last.body));
    assert_eq!(
        agent.get(&here).await.json()["refunds"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

async fn a_key_that_is_needed_is_asked_for_and_one_that_is_none_is_refused(ground: Ground) {
    let shop = Shop::open(ground).await;
    let customer = shop.customer().await;
    let body = json!({"order": "VL-1", "claim": "incomplete"}).to_string();
    let bare = customer
        .request("POST", "/v1/cases")
        .header("content-type", "application/json");
    assert_eq!(
        customer
            .ask(bare.body(body.clone().into()).unwrap())
            .await
            .slug(),
        "idempotency-key-missing"
    );
    let long = "k".repeat(256);
    for key in ["", "\"", "\"open", "a\"b", "\"a\\b\"", "\u{e6}", &long] {
        let request = customer
            .request("POST", "/v1/cases")
            .header("content-type", "application/json")
            .header("idempotency-key", key.as_bytes());
        let answer = customer
            .ask(request.body(body.clone().into()).unwrap())
            .await;
        assert_eq!(answer.slug(), "idempotency-key-unusable", "{key}");
    }
}
